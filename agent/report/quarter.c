/* SPDX-License-Identifier: GPL-3.0-or-later */
/* quarter.c - the quarterly access review: a page to read and sign, and the rows it rests on as CSV. */
#include "report_p.h"
#include "behov/file.h"
#include "behov/log.h"
#include "behov/template.h"

#include <errno.h>
#include <sys/stat.h>

#define REPORT_MOST ((size_t)256 << 20)

struct span { int64_t from, to, end; bool so_far; };   /* [from, to); end: the moment that "now" means in it */

/* A decision, and what it was about. */
struct answer { const struct decision *d; const struct stored *on; };

struct quarter {
	struct arena *mem;
	const struct report_input *in;
	struct span span;
	struct stored_list all;         /* every proposal */
	LIST(struct answer) answers;    /* those given in the period that count */
	struct grants grants;           /* who has access at the end */
};

static int
read_span(const char *text, int64_t now, struct span *out, struct error *err)
{
	int year = 0, quarter = 0, used = 0;
	day_t from, to;

	if (strlen(text) != 6 || sscanf(text, "%4dQ%1d%n", &year, &quarter, &used) != 2 || used != 6 || quarter < 1 || quarter > 4 ||
	    year < 1970 || year > 9998)
		return error_set(err, ERROR_USAGE, "'%s' is not a quarter like 2026Q3", text);
	from = day_make(year, 3 * quarter - 2, 1);
	to = quarter == 4 ? day_make(year + 1, 1, 1) : day_make(year, 3 * quarter + 1, 1);
	*out = (struct span){ clock_midnight(from), clock_midnight(to), clock_midnight(to), false };
	if (now < out->from)
		return error_set(err, ERROR_USAGE, "quarter '%s' has not begun", text);
	out->so_far = now < out->to;
	if (out->so_far)
		out->end = now + 1;
	return 0;
}

static bool
within(const struct quarter *q, int64_t moment)
{
	return moment >= q->span.from && moment < q->span.end;
}

static int
by_id(const void *a, const void *b)
{
	return strcmp((*(const struct stored *const *)a)->id, (*(const struct stored *const *)b)->id);
}

static int
read_answers(struct quarter *q, struct error *err)
{
	size_t count = q->all.list.count;
	const struct stored **sorted = arena_array(q->mem, const struct stored *, count + 1);
	struct decisions given;

	if (store_decisions(q->mem, q->in->store, NULL, q->span.from, &given, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		sorted[i] = &q->all.list.items[i];
	if (count)
		qsort(sorted, count, sizeof(*sorted), by_id);
	for (size_t i = 0; i < given.list.count; i++) {
		const struct decision *d = &given.list.items[i];
		const struct stored one = { .id = d->proposal }, *key = &one, **on;

		on = count && !d->refused && within(q, d->at) ? bsearch(&key, sorted, count, sizeof(*sorted), by_id) : NULL;
		if (on)
			*arena_push(q->mem, &q->answers) = (struct answer){ d, *on };
	}
	return 0;
}

static const char *
what_of(struct arena *mem, const struct proposal *p)
{
	if (p->kind == KIND_REMOVE_MEMBER)
		return arena_print(mem, "%s (%s) ur rollen %s", p->display ? p->display : p->account, p->account, p->role);
	if (p->kind == KIND_CUT_NESTING)
		return arena_print(mem, "gruppen %s ur %s (%s personer)", p->member, p->group, text_count(mem, p->accounts));
	return arena_print(mem, "%s i %s: %s filer", *p->batch ? p->batch : "allt", p->share, text_count(mem, p->files));
}

/* ------------------------------------------------------------------ systems */

static long long
people_in(const struct quarter *q, const char *system, const char *role)
{
	const char *last = NULL;
	long long count = 0;

	for (size_t i = 0; i < q->grants.list.count; i++) {
		const struct held_grant *g = &q->grants.list.items[i];

		if (strcmp(g->system, system) != 0 || (role && strcmp(g->role, role) != 0))
			continue;
		if (!last || !g->account || strcmp(last, g->account) != 0)
			count++;
		last = g->account;
	}
	return count;
}

static json_t *
roles_json(const struct quarter *q, const struct system *system)
{
	json_t *roles = json_array();

	for (int i = 0; i < system->role_count; i++) {
		json_t *o = json_object();

		json_put(o, "name", system->roles[i].name ? system->roles[i].name : system->roles[i].id);
		put_number(o, "people", people_in(q, system->id, system->roles[i].id));
		put_number(o, "needs", system->roles[i].need_count);
		json_array_append_new(roles, o);
	}
	return roles;
}

/* The proposals of a system or series that were opened or changed state in the period, counted by what became of them. */
static json_t *
became(const struct quarter *q, const char *system, const char *series)
{
	static const char *const word[] = { "väntar", "bromsade", "väntar på sin tur", "väntar på råd", "gallringsstopp", "söker ägare", "godkända",
					    "på arbetslista", "i karantän", "behålls", "gjorda", "misslyckade", "återtagna", "ersatta" };
	long long count[STATE_SUPERSEDED + 1] = { 0 }, files[STATE_SUPERSEDED + 1] = { 0 };
	json_t *rows = json_array();

	for (size_t i = 0; i < q->all.list.count; i++) {
		const struct stored *s = &q->all.list.items[i];
		const char *mine = system ? s->p.system : s->p.series;

		if (!mine || strcmp(mine, system ? system : series) != 0 || s->opened >= q->span.end ||
		    (!within(q, s->opened) && !within(q, s->since) && !(STATES(s->state) & STATES_LIVE)))
			continue;
		count[s->state]++;
		files[s->state] += s->p.files;
	}
	for (int s = STATE_OPEN; s <= STATE_SUPERSEDED; s++) {
		json_t *o;

		if (!count[s])
			continue;
		o = json_object();
		json_put(o, "word", word[s]);
		put_number(o, "count", count[s]);
		json_put(o, "files", series ? arena_print(q->mem, ", %s filer", text_count(q->mem, files[s])) : NULL);
		json_array_append_new(rows, o);
	}
	return rows;
}

static json_t *
decisions_json(const struct quarter *q, const char *system, const char *series)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < q->answers.count; i++) {
		const struct decision *d = q->answers.items[i].d;
		const struct stored *s = q->answers.items[i].on;
		const char *mine = system ? s->p.system : s->p.series;
		json_t *o;

		if (!mine || strcmp(mine, system ? system : series) != 0)
			continue;
		o = json_object();
		json_put(o, "what", what_of(q->mem, &s->p));
		json_put(o, "verdict", verdict_text[d->verdict]);
		json_put(o, "who", d->name ? d->name : "-");
		json_put(o, "at", clock_local(q->mem, d->at));
		json_put(o, "reason", d->reason);
		json_put(o, "until", day_text(q->mem, d->until));
		json_array_append_new(rows, o);
	}
	return rows;
}

static const char *
class_text(struct arena *mem, const struct class *c)
{
	if (c->konfidentialitet < 0)
		return "saknas";
	return arena_print(mem, "K%d R%d T%d", c->konfidentialitet, c->riktighet, c->tillganglighet);
}

static int
put_systems(const struct quarter *q, json_t *out, struct error *err)
{
	json_t *systems = put_list(out, "systems");

	for (size_t i = 0; i < q->in->rules->system_count; i++) {
		const struct system *s = &q->in->rules->systems[i];
		const char *owner;
		json_t *o;

		if (store_shown(q->mem, q->in->store, s->owner, &owner, err) < 0)
			return -1;
		o = json_object();
		json_put(o, "name", s->name ? s->name : s->id);
		json_put(o, "unit", s->unit);
		json_put(o, "owner", owner && *owner ? owner : "saknas");
		json_put(o, "class", class_text(q->mem, &s->class));
		json_object_set_new(o, "critical", json_boolean(s->critical));
		put_number(o, "people", people_in(q, s->id, NULL));
		json_object_set_new(o, "roles", roles_json(q, s));
		json_object_set_new(o, "became", became(q, s->id, NULL));
		json_object_set_new(o, "decisions", decisions_json(q, s->id, NULL));
		json_array_append_new(systems, o);
	}
	return 0;
}

static json_t *
series_json(const struct quarter *q)
{
	static const char *const action[] = { "gallras", "bevaras", "levereras" };
	json_t *list = json_array();

	for (size_t i = 0; i < q->in->rules->series_count; i++) {
		const struct series *s = &q->in->rules->series[i];
		json_t *o = json_object();

		json_put(o, "name", s->name ? s->name : s->id);
		json_put(o, "action", action[s->action]);
		json_put(o, "decision", s->decided ? arena_print(q->mem, "%s, %s, %s", s->decision.dnr, s->decision.date,
								 s->decision.body) : "saknas (utkast)");
		json_object_set_new(o, "became", became(q, NULL, s->id));
		json_object_set_new(o, "decisions", decisions_json(q, NULL, s->id));
		json_array_append_new(list, o);
	}
	return list;
}

/* ------------------------------------------------------------------ the rest */

/* Those that stand in the rules. */
static void
put_written(const struct quarter *q, json_t *rows, day_t day)
{
	for (size_t i = 0; i < q->in->rules->system_count; i++)
		for (int k = 0; k < q->in->rules->systems[i].role_count; k++) {
			const struct role *role = &q->in->rules->systems[i].roles[k];

			for (int n = 0; n < role->keep_count; n++) {
				const struct keep *keep = &role->keeps[n];
				json_t *o = json_object();

				if (day <= keep->until) {
					json_put(o, "who", keep->who);
					json_put(o, "role", arena_print(q->mem, "%s/%s", role->system->id, role->id));
					json_put(o, "reason", keep->why);
					json_put(o, "by", arena_print(q->mem, "%s, %s", keep->by, place_text(q->mem, keep->at)));
					json_put(o, "until", arena_print(q->mem, "t.o.m. %s", day_text(q->mem, keep->until)));
					json_array_append(rows, o);
				}
				json_decref(o);
			}
		}
}

static int
put_exceptions(const struct quarter *q, json_t *out, struct error *err)
{
	json_t *rows = put_list(out, "exceptions");
	struct kept_list kept;

	if (store_exceptions(q->mem, q->in->store, clock_day(q->span.end - 1), &kept, err) < 0)
		return -1;
	for (size_t i = 0; i < kept.list.count; i++) {
		const struct kept *k = &kept.list.items[i];
		json_t *o = json_object();

		json_put(o, "who", k->account ? k->account : k->key);
		json_put(o, "role", arena_print(q->mem, "%s/%s", k->system, k->role));
		json_put(o, "reason", k->reason ? k->reason : "-");
		json_put(o, "by", k->by ? k->by : "-");
		json_put(o, "until", k->until == DAY_NONE ? "tills vidare" : day_text(q->mem, k->until));
		json_array_append_new(rows, o);
	}
	put_written(q, rows, clock_day(q->span.end - 1));
	return 0;
}

static int
put_holds(const struct quarter *q, json_t *out, struct error *err)
{
	json_t *rows = put_list(out, "holds");
	struct holds holds;

	if (store_holds(q->mem, q->in->store, true, &holds, err) < 0)
		return -1;
	for (size_t i = 0; i < holds.list.count; i++) {
		const struct stored_hold *h = &holds.list.items[i];
		json_t *o = json_object();

		if (h->set >= q->span.end || (h->lifted != INT64_MIN && h->lifted < q->span.from)) {
			json_decref(o);
			continue;
		}
		json_put(o, "id", h->hold.id);
		json_put(o, "what", arena_print(q->mem, "%s%s%s", h->hold.share ? h->hold.share : "alla ytor", h->hold.path ? "/" : "",
						h->hold.path ? h->hold.path : ""));
		json_put(o, "reason", h->hold.reason ? h->hold.reason : "-");
		json_put(o, "set", clock_local(q->mem, h->set));
		json_put(o, "lifted", h->lifted == INT64_MIN ? NULL : arena_print(q->mem, "hävt %s av %s: %s",
			 clock_local(q->mem, h->lifted), h->lifted_by ? h->lifted_by : "-", h->lifted_why ? h->lifted_why : "-"));
		json_array_append_new(rows, o);
	}
	return 0;
}

static int
put_facts(const struct quarter *q, json_t *out, struct error *err)
{
	json_t *gaps = put_list(out, "gaps"), *findings = put_list(out, "findings");
	struct facts facts;

	if (store_facts(q->mem, q->in->store, &facts, err) < 0)
		return -1;
	for (size_t i = 0; i < facts.gaps.count; i++) {
		const struct missed *m = &facts.gaps.items[i];
		json_t *o = json_object();

		json_put(o, "text", arena_print(q->mem, "%s %s: %s", m->gap.what, m->gap.id ? m->gap.id : "", m->gap.text));
		json_put(o, "since", clock_local(q->mem, m->first_seen));
		json_array_append_new(gaps, o);
	}
	for (size_t i = 0; i < facts.findings.count; i++) {
		const struct noted *n = &facts.findings.items[i];
		json_t *o = json_object();

		json_put(o, "text", n->finding.text);
		json_put(o, "since", clock_local(q->mem, n->first_seen));
		json_array_append_new(findings, o);
	}
	return 0;
}

static int
put_proof(const struct quarter *q, json_t *out, struct error *err)
{
	long long complete = 0, gaps = 0, failed = 0;
	const struct night *last = NULL;
	struct audit_result chain;
	struct nights nights;

	if (audit_judge(q->mem, &q->in->rules->conf, q->in->store, &chain, err) < 0 ||
	    store_nights(q->mem, q->in->store, "run", q->span.from, q->span.end, &nights, err) < 0)
		return -1;
	for (size_t i = 0; i < nights.list.count; i++) {
		const struct night *n = &nights.list.items[i];
		bool published = strcmp(n->state, "published") == 0;

		complete += published && n->complete;
		gaps += published && !n->complete;
		failed += !published;
		last = published ? n : last;
	}
	put_number(out, "nights", complete + gaps + failed);
	put_number(out, "nights_gaps", gaps);
	put_number(out, "nights_failed", failed);
	json_put(out, "last_night", last ? clock_local(q->mem, last->started) : "ingen");
	json_object_set_new(out, "last_complete", json_boolean(last && last->complete));
	json_object_set_new(out, "sources", certificate_rows(q->mem, last ? last->summary : NULL));
	json_object_set_new(out, "shares", stock_rows(q->mem, q->in->rules, last ? last->summary : NULL));
	json_put(out, "seen_digest", last ? certificate_digest(q->mem, last->summary) : NULL);
	put_number(out, "chain_rows", chain.rows);
	json_put(out, "chain_head", chain.head ? chain.head : "-");
	json_put(out, "chain_sealed", chain.unsealed ? arena_print(q->mem, "inte prövad mot undertecknade huvuden: %s", chain.unsealed)
						      : arena_print(q->mem, "undertecknad till och med rad %lld", chain.sealed));
	json_put(out, "chain_broken", chain.broken ? arena_print(q->mem, "Kedjan är bruten vid rad %lld: %s", chain.broken,
								 chain.why) : NULL);
	return 0;
}

/* ------------------------------------------------------------------ the files */

static const char *
decided_about(const struct quarter *q, const struct held_grant *g)
{
	const char *said = "";

	for (size_t i = 0; i < q->answers.count; i++) {
		const struct decision *d = q->answers.items[i].d;
		const struct stored *s = q->answers.items[i].on;

		if (d->verdict == VERDICT_ASK || d->verdict == VERDICT_RULE || d->verdict == VERDICT_LATER || d->verdict == VERDICT_ADVISE)
			continue;
		if (s->p.system && strcmp(s->p.system, g->system) == 0 && strcmp(s->p.role, g->role) == 0 && s->p.guid &&
		    strcmp(s->p.guid, g->key) == 0)
			said = arena_print(q->mem, "%s av %s", verdict_text[d->verdict], d->name ? d->name : "-");
	}
	return said;
}

static int
write_csv(const struct quarter *q, const char *path, struct error *err)
{
	struct text t;
	int rc;

	text_open(&t, REPORT_MOST);
	text_add(&t, "\xef\xbb\xbfSystem;Roll;Konto;Via;Sedd sedan;Beslut i kvartalet\r\n");
	for (size_t i = 0; i < q->grants.list.count; i++) {
		const struct held_grant *h = &q->grants.list.items[i];
		const char *cells[] = { h->system, h->role, h->account ? h->account : h->key, h->via,
					clock_local(q->mem, h->first_seen), decided_about(q, h) };

		for (size_t k = 0; k < 6; k++) {
			if (k)
				text_char(&t, ';');
			csv_cell(&t, cells[k]);
		}
		text_add(&t, "\r\n");
	}
	rc = t.full ? error_set(err, ERROR_SOURCE, "the report is too long") : file_write(path, t.data, t.len, err);
	text_close(&t);
	return rc;
}

static int
write_html(const json_t *data, const char *path, struct error *err)
{
	struct text t;
	int rc;

	text_open(&t, REPORT_MOST);
	rc = template_named("report-quarter.html", data, &t, err);
	if (rc == 0)
		rc = file_write(path, t.data, t.len, err);
	text_close(&t);
	return rc;
}

/* Where run and apply are two accounts of one group, both write there: then both write in what is made there. */
static void
share_folder(const char *work, const char *made)
{
	struct stat st;

	if (stat(work, &st) == 0 && st.st_mode & S_IWGRP && chmod(made, st.st_mode & (S_ISGID | 0770)) < 0)
		log_warn("'%s' is for its owner alone: %s", made, strerror(errno));
}

int
report_folder(struct arena *mem, const char *work, const char *name, const char **out, struct error *err)
{
	*out = arena_print(mem, "%s/%s", work, name);
	if (mkdir(work, 0750) < 0 && errno != EEXIST)
		return error_sys(err, ERROR_SOURCE, "cannot make the folder '%s'", work);
	if (mkdir(*out, 0750) == 0)
		share_folder(work, *out);
	else if (errno != EEXIST)
		return error_sys(err, ERROR_SOURCE, "cannot make the folder '%s'", *out);
	return 0;
}

static int
fill(struct quarter *q, const char *name, json_t *out, struct error *err)
{
	const struct rules *rules = q->in->rules;

	json_put(out, "organisation", rules->conf.organisation);
	json_put(out, "quarter", name);
	json_put(out, "from", day_text(q->mem, clock_day(q->span.from)));
	json_put(out, "to", day_text(q->mem, clock_day(q->span.to - 1)));
	json_object_set_new(out, "so_far", json_boolean(q->span.so_far));
	json_put(out, "made", clock_local(q->mem, q->in->now));
	json_put(out, "rules", rules->digest);
	put_number(out, "grants", (long long)q->grants.list.count);
	json_object_set_new(out, "series", series_json(q));
	return put_systems(q, out, err) < 0 || put_exceptions(q, out, err) < 0 || put_holds(q, out, err) < 0 || put_facts(q, out, err) < 0 ||
	       put_proof(q, out, err) < 0 ? -1 : 0;
}

int
report_quarter(struct arena *mem, const struct report_input *in, const char *name, const char **html, const char **csv,
	       json_t **json, struct error *err)
{
	struct quarter q = { .mem = mem, .in = in };
	const char *folder;
	int rc = -1;

	*json = NULL;
	if (read_span(name, in->now, &q.span, err) < 0 || report_folder(mem, in->rules->conf.work, "rapport", &folder, err) < 0 ||
	    store_proposals(mem, in->store, &(struct proposal_filter){ 0 }, &q.all, err) < 0)
		return -1;
	*json = json_object();
	*html = arena_print(mem, "%s/%s.html", folder, name);
	*csv = arena_print(mem, "%s/%s.csv", folder, name);
	if (read_answers(&q, err) == 0 &&
	    store_grants(mem, in->store, q.span.end - 1, q.span.end, &q.grants, err) == 0 && fill(&q, name, *json, err) == 0 &&
	    write_csv(&q, *csv, err) == 0 && write_html(*json, *html, err) == 0)
		rc = 0;
	stored_free(&q.all);
	if (rc < 0) {
		json_decref(*json);
		*json = NULL;
	}
	return rc;
}
