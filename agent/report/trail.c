/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trail.c - one proposal, or the list of a quarter, from end to end: what it rested on, who decided, what was done, and the rows of the chain that say so. */
#include "report_p.h"

/* ------------------------------------------------------------------ what was decided and done */

static int
put_decisions(struct arena *mem, struct store *store, const char *id, json_t *out, struct error *err)
{
	json_t *rows = put_list(out, "decisions");
	struct decisions all;

	if (store_decisions(mem, store, id, INT64_MIN, &all, err) < 0)
		return -1;
	for (size_t i = 0; i < all.list.count; i++) {
		const struct decision *d = &all.list.items[i];
		json_t *o = json_object(), *proof = NULL;

		json_put(o, "verdict", verdict_word[d->verdict]);
		json_put(o, "name", d->name);
		json_put(o, "version", d->version);
		put_moment(mem, o, "at", d->at);
		json_put(o, "reason", d->reason);
		put_day(mem, o, "until", d->until);
		json_put(o, "source", d->source);
		if (d->proof && json_read(d->proof, strlen(d->proof), &proof, NULL) == 0)
			json_object_set_new(o, "proof", proof);
		json_put(o, "refused", d->refused);
		json_array_append_new(rows, o);
	}
	return 0;
}

static int
put_questions(struct arena *mem, struct store *store, const char *id, json_t *out, struct error *err)
{
	json_t *rows = put_list(out, "questions");
	struct questions all;

	if (store_questions(mem, store, &(struct question_filter){ .proposal = id }, &all, err) < 0)
		return -1;
	for (size_t i = 0; i < all.list.count; i++) {
		const struct question *q = &all.list.items[i];
		json_t *o = json_object();

		json_put(o, "kind", question_word[q->kind]);
		json_put(o, "by", q->by_name);
		put_moment(mem, o, "at", q->at);
		json_put(o, "text", q->text);
		json_put(o, "name", q->name);
		json_put(o, "advice", q->answered == INT64_MIN ? NULL : advice_word[q->advice]);
		json_put(o, "answer", q->answer);
		put_moment(mem, o, "answered", q->answered);
		json_array_append_new(rows, o);
	}
	return 0;
}

/* A batch may have a million: what failed or went back is always there, of the rest the first of each act, which are of the same files. */
#define EFFECTS_SHOWN 100

static int
put_effects(struct arena *mem, struct store *store, const char *id, json_t *out, struct error *err)
{
	static const char *const words[] = { "intended", "done", "failed", "undone" };
	json_t *rows = put_list(out, "effects"), *counts = json_object();
	struct effects all;
	long long shown = 0;

	json_object_set_new(out, "effect_counts", counts);
	if (store_effects(mem, store, id, NULL, &all, err) < 0)
		return -1;
	for (size_t i = 0; i < all.list.count; i++) {
		const struct effect *e = &all.list.items[i];
		const char *what = arena_print(mem, "%s %s", e->act, words[e->state]);
		json_t *o;

		if (i && strcmp(e->act, all.list.items[i - 1].act) != 0)        /* they are sorted by act, and number of the file */
			shown = 0;
		put_number(counts, what, json_number(counts, what, 0) + 1);
		if (e->state == EFFECT_DONE && shown >= EFFECTS_SHOWN)
			continue;
		shown += e->state == EFFECT_DONE;
		o = json_object();
		json_put(o, "act", e->act);
		json_put(o, "target", e->target);
		json_put(o, "state", words[e->state]);
		json_put(o, "before", e->before);
		json_put(o, "after", e->after);
		json_put(o, "note", e->note);
		put_moment(mem, o, "intended", e->intended);
		put_moment(mem, o, "ended", e->ended);
		json_array_append_new(rows, o);
	}
	return 0;
}

/* The protocol of what was destroyed, where one has been issued. */
static int
put_protocol(struct arena *mem, struct store *store, const char *id, json_t *out, struct error *err)
{
	struct protocols all;

	json_put(out, "protocol", NULL);
	if (store_protocols(mem, store, id, false, &all, err) < 0)
		return -1;
	for (size_t i = 0; i < all.list.count; i++)
		if (strcmp(all.list.items[i].proposal, id) == 0)
			json_put(out, "protocol", all.list.items[i].dnr);
	return 0;
}

/* ------------------------------------------------------------------ the chain */

struct seeking { json_t *proposals; };

void
trail_row(json_t *rows, const struct audit_row *row, json_t *payload)
{
	json_t *o = json_object();

	put_number(o, "seq", row->seq);
	json_put(o, "at", row->at);
	json_put(o, "actor", row->actor);
	json_put(o, "event", row->event);
	json_put(o, "hash", row->hash);
	json_object_set(o, "payload", payload);
	json_array_append_new(rows, o);
}

/* Most rows are about others: they are not read as JSON. */
static int
seek_row(void *self, const struct audit_row *row, struct error *err)
{
	struct seeking *s = self;
	json_t *payload = NULL, *p;
	size_t i;

	(void)err;
	json_array_foreach(s->proposals, i, p) {
		const char *id = json_text(p, "id");

		if (!row->payload || !strstr(row->payload, id))
			continue;
		if (!payload && json_read(row->payload, strlen(row->payload), &payload, NULL) < 0)
			break;
		if (json_text(payload, "proposal") && strcmp(json_text(payload, "proposal"), id) == 0)
			trail_row(json_object_get(p, "chain"), row, payload);
	}
	json_decref(payload);
	return 0;
}

static int
put_chain(struct arena *mem, const struct report_input *in, json_t *out, struct error *err)
{
	json_t *o = json_object();
	struct audit_result chain;

	json_object_set_new(out, "chain", o);
	if (store_audit_each(in->store, 0, seek_row, &(struct seeking){ json_object_get(out, "proposals") }, err) < 0 ||
	    audit_judge(mem, &in->rules->conf, in->store, &chain, err) < 0)
		return -1;
	put_number(o, "rows", chain.rows);
	json_put(o, "head", chain.head);
	put_number(o, "broken", chain.broken);
	json_put(o, "why", chain.why);
	put_number(o, "sealed", chain.sealed);
	json_put(o, "unsealed", chain.unsealed);
	return 0;
}

/* ------------------------------------------------------------------ the door */

/* Who holds a gallringsprotokoll has its dnr: that is its batch. */
static int
batch_of(struct arena *mem, const struct report_input *in, const char *dnr, const char **what, struct error *err)
{
	struct protocols list;

	if (store_protocols(mem, in->store, dnr, false, &list, err) < 0)
		return -1;
	*what = list.list.count ? list.list.items[0].proposal : dnr;
	return 0;
}

static int
put_one(struct arena *mem, const struct report_input *in, const struct stored *s, json_t *rows, struct error *err)
{
	json_t *row;

	if (proposal_row(mem, in->store, s, true, &row, err) < 0)
		return -1;
	json_array_append_new(rows, row);
	put_list(row, "chain");
	return put_decisions(mem, in->store, s->id, row, err) < 0 || put_questions(mem, in->store, s->id, row, err) < 0 ||
	       put_effects(mem, in->store, s->id, row, err) < 0 ? -1 : put_protocol(mem, in->store, s->id, row, err);
}

int
report_trail(struct arena *mem, const struct report_input *in, const char *what, json_t **out, struct error *err)
{
	struct stored_list list;
	json_t *rows;
	int rc = 0;

	*out = NULL;
	if (batch_of(mem, in, what, &what, err) < 0 || store_proposals(mem, in->store, &(struct proposal_filter){ .about = what }, &list, err) < 0)
		return -1;
	*out = json_object();
	put_moment(mem, *out, "now", in->now);
	rows = put_list(*out, "proposals");
	for (size_t i = 0; i < list.list.count && rc == 0; i++)
		rc = put_one(mem, in, &list.list.items[i], rows, err);
	stored_free(&list);
	if (rc == 0)
		rc = trail_review(mem, in, what, put_list(*out, "reviews"), err);
	if (rc == 0 && !json_array_size(rows) && !json_array_size(json_object_get(*out, "reviews")))
		rc = error_set(err, ERROR_USAGE, "'%s' is neither a proposal (behov proposals) nor an account that one has been about, nor the dnr of a "
			       "gallringsprotokoll, nor the list of a quarter (2026Q3@SYSTEM)", what);
	if (rc == 0)
		rc = put_chain(mem, in, *out, err);
	if (rc < 0) {
		json_decref(*out);
		*out = NULL;
	}
	return rc;
}

/* ------------------------------------------------------------------ for a terminal */

static void
add_rests_on(struct arena *mem, const json_t *p, struct text *t)
{
	const json_t *evidence = json_object_get(p, "evidence"), *clauses = json_object_get(evidence, "clauses");
	const json_t *decision = json_object_get(evidence, "decision");

	text_print(t, "  varför: %s\n  regel: %s\n", plain(mem, json_text(p, "why")), plain(mem, json_text(p, "rule")));
	for (size_t i = 0; i < json_array_size(clauses); i++) {
		const json_t *c = json_array_get(clauses, i);

		text_print(t, "  behov: %s\n    (%s; %s, %s; %s)\n", plain(mem, json_text(c, "text")), plain(mem, json_text(c, "why")),
			   plain(mem, json_text(c, "by")), plain(mem, json_text(c, "since")), plain(mem, json_text(c, "rule")));
	}
	if (decision)
		text_print(t, "  gallringsbeslut: %s, %s %s\n", plain(mem, json_text(decision, "dnr")), plain(mem, json_text(decision, "body")),
			   plain(mem, json_text(decision, "date")));
	if (json_text(evidence, "calculation"))
		text_print(t, "  uträkning: %s\n", plain(mem, json_text(evidence, "calculation")));
	if (json_text(p, "manifest"))
		text_print(t, "  fillista: %s (%s)\n", json_text(p, "manifest"), text_many(mem, json_number(p, "files", 0), "fil", "filer"));
}

#define WORDED(word, ours, theirs) worded((word), (ours), (theirs), sizeof(ours) / sizeof(*(ours)))

const char *
trail_source(const json_t *decision)
{
	static const char *const ours[] = { "page", "command line" }, *const theirs[] = { "sidan", "kommandoraden" };

	return WORDED(json_text(decision, "source"), ours, theirs);
}

const char *
trail_proof(const json_t *proof)
{
	static const char *const ours[] = { "code", "ldap", "proxy" }, *const theirs[] = { "engångskod", "lösenord", "organisationens inloggning" };

	return WORDED(json_text(proof, "kind"), ours, theirs);
}

static void
add_answers(struct arena *mem, const json_t *p, struct text *t)
{
	const json_t *list = json_object_get(p, "decisions"), *proof;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *d = json_array_get(list, i);

		proof = json_object_get(d, "proof");
		text_print(t, "  %s  %s: %s%s%s (%s%s%s)", local(mem, json_text(d, "at")), plain(mem, json_text(d, "name")),
			   plain(mem, worded(json_text(d, "verdict"), verdict_word, verdict_text, VERDICTS)), json_text(d, "until") ? " till " : "",
			   json_text(d, "until") ? json_text(d, "until") : "", plain(mem, trail_source(d)),
			   json_text(proof, "kind") ? ", " : "", json_text(proof, "kind") ? plain(mem, trail_proof(proof)) : "");
		if (json_text(d, "reason"))
			text_print(t, ": %s", plain(mem, text_line(mem, json_text(d, "reason"))));
		if (json_text(d, "refused"))
			text_print(t, " [räknas inte: %s]", plain(mem, refusal_told(json_text(d, "refused"))));
		text_char(t, '\n');
	}
	list = json_object_get(p, "questions");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *q = json_array_get(list, i);

		text_print(t, "  %s  %s frågade %s: %s\n", local(mem, json_text(q, "at")), plain(mem, json_text(q, "by")),
			   plain(mem, json_text(q, "name")), plain(mem, json_text(q, "text")));
		if (json_text(q, "answered"))
			text_print(t, "  %s  %s svarade: %s\n", local(mem, json_text(q, "answered")), plain(mem, json_text(q, "name")),
				   plain(mem, json_text(q, "answer")));
	}
}

/* "gallrad", "gallrad, misslyckades" */
static const char *
effect_shown(struct arena *mem, const char *act, const char *state)
{
	static const char *const acts[] = { "remove", "export", "quarantine", "unlink", "restore", "deliver", "package", "webhook" };
	static const char *const said[] = { "borttagen ur gruppen", "lagd i en LDIF-fil", "flyttad till karantän", "gallrad", "återlagd",
					    "kopierad till leveransen", "leveransen paketerad", "lagd som ärende" };
	static const char *const states[] = { "intended", "done", "failed", "undone" };
	static const char *const ended[] = { ", påbörjat", "", ", misslyckades", ", ångrat" };

	return arena_print(mem, "%s%s", WORDED(act, acts, said), WORDED(state, states, ended));
}

/* "quarantine done" as it is counted. */
static const char *
count_shown(struct arena *mem, const char *what)
{
	const char *space = strrchr(what, ' ');

	return space ? effect_shown(mem, arena_print(mem, "%.*s", (int)(space - what), what), space + 1) : what;
}

/* Each file, group or package on a line of its own, with all that was done to it in the order of time. */
static void
add_targets(struct arena *mem, const json_t *list, struct text *t)
{
	json_t *targets = json_object(), *said;
	const json_t *e;
	const char *target;
	size_t i;

	json_array_foreach(list, i, e) {
		const char *of = json_text(e, "target") ? json_text(e, "target") : "", *note = json_text(e, "note");
		const char *before = json_text(targets, of);
		const char *one = arena_print(mem, "%s  %s%s%s", local(mem, json_text(e, json_text(e, "ended") ? "ended" : "intended")),
					      effect_shown(mem, json_text(e, "act"), json_text(e, "state")), note && strcmp(note, of) != 0 ? ": " : "",
					      note && strcmp(note, of) != 0 ? note : "");

		json_put(targets, of, before ? arena_print(mem, "%s; %s", before, one) : one);
	}
	json_object_foreach(targets, target, said)
		text_print(t, "  %s%s%s\n", plain(mem, json_string_value(said)), *target ? ": " : "", *target ? plain(mem, target) : "");
	json_decref(targets);
}

static void
add_effects(struct arena *mem, const json_t *p, struct text *t)
{
	json_t *counts = json_object_get(p, "effect_counts"), *count;
	const char *what;

	json_object_foreach(counts, what, count)
		text_print(t, "  sammanlagt %s: %s\n", plain(mem, count_shown(mem, what)), text_count(mem, json_integer_value(count)));
	if (json_text(p, "protocol"))
		text_print(t, "  gallringsprotokoll: %s\n", plain(mem, json_text(p, "protocol")));
	add_targets(mem, json_object_get(p, "effects"), t);
}

static void
add_rows(struct arena *mem, const json_t *p, struct text *t)
{
	const json_t *list = json_object_get(p, "chain");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *row = json_array_get(list, i);
		const char *dnr = json_text(json_object_get(row, "payload"), "protocol");
		const char *reason = json_text(json_object_get(row, "payload"), "reason");

		text_print(t, "  rad %lld  %s  %s  %s%s%s  %s\n", json_number(row, "seq", 0), local(mem, json_text(row, "at")),
			   plain(mem, json_text(row, "actor")), plain(mem, json_text(row, "event")), dnr ? " " : "", dnr ? plain(mem, dnr) : "",
			   json_text(row, "hash"));
		if (reason)
			text_print(t, "      skäl: %s\n", plain(mem, reason));
	}
}

/* A heading, and what comes under it; nothing is said to be nothing. */
static void
add_part(struct arena *mem, const char *title, void (*add)(struct arena *mem, const json_t *p, struct text *t), const json_t *p,
	 struct text *t)
{
	size_t before;

	text_print(t, "\n%s\n", title);
	before = t->len;
	add(mem, p, t);
	if (t->len == before)
		text_add(t, "  inget\n");
}

static void
add_proposal(struct arena *mem, const json_t *p, struct text *t)
{
	text_print(t, "Förslag %s: %s", json_text(p, "id"), plain(mem, worded(json_text(p, "kind"), kind_word, kind_text, KIND_DELIVER + 1)));
	if (json_text(p, "system"))
		text_print(t, " %s/%s %s\n  ur %s\n", plain(mem, json_text(p, "system")), plain(mem, json_text(p, "role")),
			   plain(mem, json_text(p, "account") ? json_text(p, "account") : json_text(p, "member")), plain(mem, json_text(p, "group")));
	else
		text_print(t, " %s@%s %s\n", plain(mem, json_text(p, "series")), plain(mem, json_text(p, "share")),
			   plain(mem, json_text(p, "batch")));
	text_print(t, "  läge: %s, sedan %s; öppnat %s; version %s\n", worded(json_text(p, "state"), state_word, state_text, STATE_SUPERSEDED + 1), local(mem, json_text(p, "since")),
		   local(mem, json_text(p, "opened")), json_text(p, "version"));
	add_part(mem, "Vad det vilar på", add_rests_on, p, t);
	add_part(mem, "Vad som beslutades", add_answers, p, t);
	add_part(mem, "Vad som utfördes", add_effects, p, t);
	add_part(mem, "Rader i kedjan", add_rows, p, t);
	text_char(t, '\n');
}

static void
add_review(struct arena *mem, const json_t *review, struct text *t)
{
	text_print(t, "Behörighetslistan för %s, %s\n", plain(mem, json_text(review, "system")), plain(mem, json_text(review, "quarter")));
	add_part(mem, "Som den lades fram", trail_add_lists, review, t);
	add_part(mem, "Vem som har granskat den", trail_add_given, review, t);
	add_part(mem, "Rader i kedjan", add_rows, review, t);
	text_char(t, '\n');
}

char *
report_trail_text(struct arena *mem, const json_t *trail)
{
	const json_t *list = json_object_get(trail, "proposals"), *chain = json_object_get(trail, "chain");
	struct text t;
	char *out;

	text_open(&t, (size_t)64 << 20);
	for (size_t i = 0; i < json_array_size(list); i++)
		add_proposal(mem, json_array_get(list, i), &t);
	list = json_object_get(trail, "reviews");
	for (size_t i = 0; i < json_array_size(list); i++)
		add_review(mem, json_array_get(list, i), &t);
	if (json_number(chain, "broken", 0))
		text_print(&t, "KEDJAN ÄR BRUTEN vid rad %lld: %s\n", json_number(chain, "broken", 0), json_text(chain, "why"));
	else
		text_print(&t, "Kedjan är hel: %lld rader, huvud %s\n", json_number(chain, "rows", 0), json_text(chain, "head"));
	if (json_text(chain, "unsealed"))
		text_print(&t, "Den är inte prövad mot undertecknade huvuden: %s\n", json_text(chain, "unsealed"));
	else
		text_print(&t, "Undertecknad till och med rad %lld\n", json_number(chain, "sealed", 0));
	out = arena_copy(mem, t.data, t.len);
	text_close(&t);
	return out;
}
