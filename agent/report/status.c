/* SPDX-License-Identifier: GPL-3.0-or-later */
/* status.c - the last night, what waits, what could not be seen: one look in the morning. */
#include "report_p.h"

#include "behov/measure.h"

static json_t *
night_json(struct arena *mem, const struct night *night)
{
	json_t *o = json_object(), *summary = NULL;
	struct error err = { 0 };

	put_number(o, "id", night->id);
	json_put(o, "state", night->state);
	put_moment(mem, o, "started", night->started);
	put_moment(mem, o, "finished", night->finished);
	json_object_set_new(o, "complete", json_boolean(night->complete));
	json_put(o, "rules", night->rules);
	if (night->summary && json_read(night->summary, strlen(night->summary), &summary, &err) == 0)
		json_object_set_new(o, "summary", summary);
	else
		json_object_set_new(o, "summary", json_null());
	return o;
}

static int
put_counts(struct arena *mem, const struct report_input *in, json_t *out, struct error *err)
{
	struct stored_list list;
	json_t *waiting = json_object();

	json_object_set_new(out, "waiting", waiting);
	if (store_proposals(mem, in->store, &(struct proposal_filter){ .brief = true }, &list, err) < 0)
		return -1;
	for (int s = STATE_OPEN; s <= STATE_FAILED; s++)
		put_number(waiting, state_word[s], 0);
	for (size_t i = 0; i < list.list.count; i++) {
		const struct stored *s = &list.list.items[i];

		if (s->state > STATE_FAILED)
			continue;
		put_number(waiting, state_word[s->state], json_number(waiting, state_word[s->state], 0) + 1);
	}
	stored_free(&list);
	return 0;
}

static int
put_facts(struct arena *mem, const struct report_input *in, json_t *out, struct error *err)
{
	json_t *gaps = put_list(out, "gaps"), *findings = put_list(out, "findings");
	struct facts facts;

	if (store_facts(mem, in->store, &facts, err) < 0)
		return -1;
	for (size_t i = 0; i < facts.gaps.count; i++) {
		const struct missed *m = &facts.gaps.items[i];
		json_t *o = json_object();

		json_put(o, "what", m->gap.what);
		json_put(o, "id", m->gap.id);
		json_put(o, "path", m->gap.path);
		json_put(o, "text", m->gap.text);
		put_moment(mem, o, "since", m->first_seen);
		json_array_append_new(gaps, o);
	}
	for (size_t i = 0; i < facts.findings.count; i++) {
		const struct noted *n = &facts.findings.items[i];
		json_t *o = json_object();

		json_put(o, "kind", n->finding.kind);
		json_put(o, "text", n->finding.text);
		put_moment(mem, o, "since", n->first_seen);
		json_array_append_new(findings, o);
	}
	return 0;
}

static int
put_rest(struct arena *mem, const struct report_input *in, json_t *out, struct error *err)
{
	json_t *unsent = put_list(out, "unsent"), *audit = json_object();
	struct audit_result chain;
	struct letters letters;
	struct holds holds;

	json_object_set_new(out, "audit", audit);
	if (store_letters_unsent(mem, in->store, &letters, err) < 0 || store_holds(mem, in->store, false, &holds, err) < 0 ||
	    audit_judge(mem, &in->rules->conf, in->store, &chain, err) < 0)
		return -1;
	for (size_t i = 0; i < letters.list.count; i++) {
		const struct letter *l = &letters.list.items[i];
		json_t *o = json_object();

		json_put(o, "to", store_is_hidden(l->display) ? l->display : l->mail);
		json_put(o, "problem", letters.list.items[i].problem);
		put_moment(mem, o, "created", letters.list.items[i].created);
		json_array_append_new(unsent, o);
	}
	put_number(out, "holds", (long long)holds.list.count);
	put_number(audit, "rows", chain.rows);
	json_put(audit, "head", chain.head);
	put_number(audit, "broken", chain.broken);
	json_put(audit, "why", chain.why);
	put_number(audit, "sealed", chain.sealed);
	json_put(audit, "unsealed", chain.unsealed);
	return 0;
}

int
report_status(struct arena *mem, const struct report_input *in, json_t **out, struct error *err)
{
	static const char *const mode[] = { "observe", "propose", "apply" };
	struct night night;

	*out = json_object();
	put_moment(mem, *out, "now", in->now);
	json_put(*out, "organisation", in->rules->conf.organisation);
	json_put(*out, "mode", mode[in->rules->conf.mode]);
	json_object_set_new(*out, "test_store", json_boolean(store_is_test(in->store)));
	if (store_night_last(mem, in->store, "run", false, &night, err) < 0)
		goto fail;
	json_object_set_new(*out, "night", night.id ? night_json(mem, &night) : json_null());
	if (put_counts(mem, in, *out, err) == 0 && status_goals(mem, in, *out, err) == 0 && put_facts(mem, in, *out, err) == 0 && put_rest(mem, in, *out, err) == 0)
		return 0;
fail:
	json_decref(*out);
	*out = NULL;
	return -1;
}

/* What the night saw of each directory. */
static void
add_sources(struct arena *mem, const json_t *summary, struct text *t)
{
	json_t *rows = certificate_rows(mem, json_is_object(summary) ? json_canonical(mem, summary) : NULL);
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
		text_print(t, "  %s: %s; inte sett: %s%s%s\n", json_text(row, "source"), json_text(row, "seen"),
			   json_text(row, "unseen"), json_text(row, "server") ? "; " : "",
			   json_text(row, "server") ? json_text(row, "server") : "");
	json_decref(rows);
}

/* ", det äldsta sedan 12 dagar"; of one alone ", sedan 12 dagar" */
static const char *
age(struct arena *mem, const json_t *status, const char *state, long long count, const char *oldest_one)
{
	const char *oldest = json_text(json_object_get(status, "oldest"), state);
	int64_t since, now;
	long long days;

	if (!oldest || clock_parse(oldest, &since) < 0 || clock_parse(json_text(status, "now"), &now) < 0)
		return "";
	days = clock_day(now) - clock_day(since);
	if (days < 1)
		return "";
	return arena_print(mem, ", %s%s %s", count == 1 ? "" : oldest_one, count == 1 ? "sedan" : " sedan", text_many(mem, days, "dag", "dagar"));
}

static void
add_waiting(struct arena *mem, const json_t *status, const char *state, const char *one, const char *more, struct text *t)
{
	long long count = json_number(json_object_get(status, "waiting"), state, 0);

	text_print(t, "  %6lld %s%s\n", count, count == 1 ? one : more, age(mem, status, state, count, "det äldsta"));
}

char *
report_status_text(struct arena *mem, const json_t *status)
{
	static const struct { const char *key, *word, *one; } rows[] = {
		{ "open", "väntar på svar", NULL }, { "braked", "bromsade", "bromsat" }, { "queued", "väntar på sin tur", NULL },
		{ "asked", "väntar på råd", NULL }, { "held", "med gallringsstopp", NULL }, { "wrong-owner", "söker ägare", NULL },
		{ "scheduled", "godkända, inte utförda än", "godkänt, inte utfört än" }, { "exported", "på arbetslista, i LDIF eller hos e-arkivet", NULL },
		{ "quarantined", "i karantän, ej gallrade", "i karantän, ej gallrat" }, { "kept", "behålls", NULL }, { "done", "gjorda", "gjort" },
		{ "failed", "misslyckade", "misslyckat" } };
	const json_t *night = json_object_get(status, "night");
	const json_t *list, *audit = json_object_get(status, "audit");
	long long unreviewed = json_number(status, "unreviewed", 0);
	struct text t;
	char *out;

	text_open(&t, (size_t)64 << 20);
	text_print(&t, "%s, läge \"%s\"%s\n", json_text(status, "organisation"), json_text(status, "mode"),
		   json_is_true(json_object_get(status, "test_store")) ? ", provlager" : "");
	if (json_is_object(night))
		text_print(&t, "Senaste natten: %s, %s\n", local(mem, json_text(night, "started")),
			   json_is_true(json_object_get(night, "complete")) ? "fullständig" : "med luckor");
	else
		text_add(&t, "Ingen natt har körts.\n");
	add_sources(mem, json_object_get(night, "summary"), &t);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		add_waiting(mem, status, rows[i].key, rows[i].one ? rows[i].one : rows[i].word, rows[i].word, &t);
	list = json_object_get(status, "braked");
	for (size_t i = 0; i < json_array_size(list); i++)
		text_print(&t, "  broms: %s\n", measure_brake_text(mem, json_text(json_array_get(list, i), "scope"),
								    json_text(json_array_get(list, i), "kind"),
								    json_number(json_array_get(list, i), "proposals", 0)));
	list = json_object_get(status, "gaps");
	for (size_t i = 0; i < json_array_size(list); i++)
		text_print(&t, "  lucka: %s %s: %s\n", json_text(json_array_get(list, i), "what"),
			   plain(mem, json_text(json_array_get(list, i), "id")),
			   plain(mem, json_text(json_array_get(list, i), "text")));
	list = json_object_get(status, "unsent");
	for (size_t i = 0; i < json_array_size(list); i++)
		text_print(&t, "  inte skickat: %s: %s\n", plain(mem, json_text(json_array_get(list, i), "to")),
			   plain(mem, json_text(json_array_get(list, i), "problem")));
	if (unreviewed)
		text_print(&t, "  %6lld %s väntar på granskning%s\n", unreviewed, unreviewed == 1 ? "behörighetslista" : "behörighetslistor",
			   age(mem, status, "unreviewed", unreviewed, "den äldsta"));
	text_print(&t, "  iakttagelser: %zu, gallringsstopp: %lld\n", json_array_size(json_object_get(status, "findings")),
		   json_number(status, "holds", 0));
	if (json_number(audit, "broken", 0))
		text_print(&t, "  KEDJAN ÄR BRUTEN vid rad %lld: %s\n", json_number(audit, "broken", 0), json_text(audit, "why"));
	else
		text_print(&t, "  kedjan är hel: %lld rader\n", json_number(audit, "rows", 0));
	if (json_text(audit, "unsealed"))
		text_print(&t, "  kedjan är inte prövad mot undertecknade huvuden: %s\n", json_text(audit, "unsealed"));
	else
		text_print(&t, "  undertecknad till och med rad %lld\n", json_number(audit, "sealed", 0));
	status_goals_text(mem, status, &t);
	out = arena_copy(mem, t.data, t.len);
	text_close(&t);
	return out;
}
