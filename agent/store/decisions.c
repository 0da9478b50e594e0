/* SPDX-License-Identifier: GPL-3.0-or-later */
/* decisions.c - what people decided: decisions, exceptions, pins, holds, activations. */
#include "store_p.h"

const char *const verdict_word[] = { "approve", "keep", "undo", "ask", "rule", "not-mine", "hold", "later", "advise", "done", NULL };

const char *const verdict_text[VERDICTS] = { "godkänt", "behålls", "ångrat", "frågat en kollega", "frågat om regeln", "inte deras",
					     "gallringsstopp", "senare", "råd", "sagt utfört" };

int
store_decision_add(struct store *store, const struct decision *d, struct error *err)
{
	struct query q;

	if (query_open(&store->base, &q, "insert into decision (proposal, version, key, name, verdict, reason, until, at,"
		       " source, inbox, proof, refused) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", err) < 0)
		return -1;
	bind_text(&q, d->proposal);
	bind_text(&q, d->version);
	bind_text(&q, d->key);
	bind_text(&q, d->name);
	bind_text(&q, verdict_word[d->verdict]);
	bind_text(&q, d->reason);
	bind_day(&q, d->until);
	bind_moment(&q, d->at);
	bind_text(&q, d->source);
	if (d->inbox)
		bind_number(&q, d->inbox);
	else
		bind_text(&q, NULL);
	bind_text(&q, d->proof);
	bind_text(&q, d->refused);
	return query_done(store, &q, err);
}

#define DECISION                                                                                                       \
	"select d.id, d.proposal, d.version, d.key, d.name, d.verdict, d.reason, d.until, d.at, d.source, d.inbox, d.proof," \
	" d.refused from decision d "

static int
read_decisions(struct arena *mem, struct query *q, struct decisions *out, struct error *err)
{
	int rc = 0;

	while (rc == 0 && query_row(q, err)) {
		int verdict = word_index(column_text(mem, q, 5), verdict_word, VERDICTS, err);

		rc = verdict < 0 ? -1 : 0;
		if (rc == 0)
			*arena_push(mem, &out->list) = (struct decision){
				column_number(q, 0), column_text(mem, q, 1), column_text(mem, q, 2),
				column_text(mem, q, 3), column_text(mem, q, 4), (enum verdict)verdict,
				column_text(mem, q, 6), column_day(q, 7), column_moment(q, 8), column_text(mem, q, 9),
				column_number(q, 10), column_text(mem, q, 11), column_text(mem, q, 12) };
	}
	return query_close(q, err) < 0 || rc < 0 ? -1 : 0;
}

int
store_decisions(struct arena *mem, struct store *store, const char *proposal, int64_t since, struct decisions *out,
		struct error *err)
{
	struct query q;

	*out = (struct decisions){ 0 };
	/* Only what is asked for: "? is null or …" would look at all that were ever made, and so would the order of their numbers. */
	if (query_open(&store->base, &q, arena_print(mem, DECISION "where true%s%s order by %sd.id", proposal ? " and d.proposal = ?" : "",
						     since == INT64_MIN ? "" : " and d.at >= ?", proposal ? "" : "+"), err) < 0)
		return -1;
	if (proposal)
		bind_text(&q, proposal);
	if (since != INT64_MIN)
		bind_moment(&q, since);
	return read_decisions(mem, &q, out, err);
}

int
store_decisions_asked(struct arena *mem, struct store *store, const char *approver, unsigned states, struct decisions *out,
		      struct error *err)
{
	struct query q;

	*out = (struct decisions){ 0 };
	if (query_open(&store->base, &q, arena_print(mem, DECISION "where d.proposal in (select a.proposal from approver a"
						     " join proposal p on p.id = a.proposal where a.key = ?%s) order by d.proposal, d.id",
						     states_in(mem, states, "coalesce(p.state, '')")), err) < 0)
		return -1;
	bind_text(&q, approver);
	return read_decisions(mem, &q, out, err);
}

int
store_decision_taken(struct store *store, long long mark, bool *out, struct error *err)
{
	struct query q;

	*out = false;
	if (query_open(&store->base, &q, "select 1 from decision where inbox = ?1 union all select 1 from event where inbox = ?1"
		       " union all select 1 from review where inbox = ?1", err) < 0)
		return -1;
	bind_number(&q, mark);
	*out = query_row(&q, err);
	return query_close(&q, err);
}

/* ------------------------------------------------------------------ not mine */

int
store_declined_add(struct store *store, const struct declined *d, struct error *err)
{
	struct query q;

	if (query_open(&store->base, &q, "insert into declined (proposal_key, key, duty, at) values (?, ?, ?, ?)"
		       " on conflict (proposal_key, key, duty) do nothing", err) < 0)
		return -1;
	bind_text(&q, d->proposal_key);
	bind_text(&q, d->key);
	bind_text(&q, d->as);
	bind_moment(&q, d->at);
	return query_done(store, &q, err);
}

int
store_declined_end(struct store *store, const struct declined *d, struct error *err)
{
	struct query q;

	if (query_open(&store->base, &q, "delete from declined where proposal_key = ? and key = ? and duty = ?", err) < 0)
		return -1;
	bind_text(&q, d->proposal_key);
	bind_text(&q, d->key);
	bind_text(&q, d->as);
	return query_done(store, &q, err);
}

int
store_declined(struct arena *mem, struct store *store, const char *key, struct declined_list *out, struct error *err)
{
	struct query q;

	*out = (struct declined_list){ 0 };
	if (query_open(&store->base, &q, "select proposal_key, key, duty, at from declined where ?1 is null or key = ?1"
		       " order by proposal_key, key, duty", err) < 0)
		return -1;
	bind_text(&q, key);
	while (query_row(&q, err))
		*arena_push(mem, &out->list) = (struct declined){ column_text(mem, &q, 0), column_text(mem, &q, 1),
								  column_text(mem, &q, 2), column_moment(&q, 3) };
	return query_close(&q, err);
}

bool
declined_has(const struct declined_list *all, const char *proposal_key, const char *key, const char *as)
{
	for (size_t i = 0; i < all->list.count; i++) {
		const struct declined *d = &all->list.items[i];

		if (as && strcmp(d->proposal_key, proposal_key) == 0 && strcmp(d->key, key) == 0 && strcmp(d->as, as) == 0)
			return true;
	}
	return false;
}

bool
declined_all(const struct declined_list *all, const struct proposal *p, const char *key)
{
	bool some = false;

	for (size_t i = 0; i < p->approvers.count; i++) {
		const struct approver *a = &p->approvers.items[i];

		if (strcmp(a->key, key) != 0)
			continue;
		if (!declined_has(all, p->key, key, a->as))
			return false;
		some = true;
	}
	return some;
}

/* ------------------------------------------------------------------ exceptions */

int
store_exception_add(struct store *store, const struct kept *k, struct error *err)
{
	struct query q;

	if (query_open(&store->base, &q, "insert into exception (system, role, key, account, reason, who, proposal, until, at)"
		       " values (?, ?, ?, ?, ?, ?, ?, ?, ?)", err) < 0)
		return -1;
	bind_text(&q, k->system);
	bind_text(&q, k->role);
	bind_text(&q, k->key);
	bind_text(&q, k->account);
	bind_text(&q, k->reason);
	bind_text(&q, k->by);
	bind_text(&q, k->proposal);
	bind_day(&q, k->until);
	bind_moment(&q, k->at);
	return query_done(store, &q, err);
}

int
store_exceptions(struct arena *mem, struct store *store, day_t day, struct kept_list *out, struct error *err)
{
	struct query q;

	*out = (struct kept_list){ 0 };
	if (query_open(&store->base, &q, "select system, role, key, account, reason, who, proposal, until, at from exception"
		       " where until is null or until > ? order by system, role, key, id", err) < 0)
		return -1;
	bind_number(&q, day);
	while (query_row(&q, err))
		*arena_push(mem, &out->list) = (struct kept){
			column_text(mem, &q, 0), column_text(mem, &q, 1), column_text(mem, &q, 2), column_text(mem, &q, 3),
			column_text(mem, &q, 4), column_text(mem, &q, 5), column_text(mem, &q, 6), column_day(&q, 7),
			column_moment(&q, 8) };
	return query_close(&q, err);
}

/* ------------------------------------------------------------------ pins */

int
store_pin(struct arena *mem, struct store *store, const char *name, struct pin *out, bool *found, struct error *err)
{
	struct query q;

	*found = false;
	if (query_open(&store->base, &q, "select name, key, mail, since, changed from pin where name = ?", err) < 0)
		return -1;
	bind_text(&q, name);
	if (query_row(&q, err)) {
		*found = true;
		*out = (struct pin){ column_text(mem, &q, 0), column_text(mem, &q, 1), column_text(mem, &q, 2),
				     column_moment(&q, 3), column_moment(&q, 4) };
	}
	return query_close(&q, err);
}

int
store_pin_put(struct store *store, const struct pin *pin, struct error *err)
{
	struct query q;

	if (query_open(&store->base, &q, "insert into pin (name, key, mail, since, changed) values (?, ?, ?, ?, ?)"
		       " on conflict (name) do update set key = excluded.key, mail = excluded.mail, changed = excluded.changed",
		       err) < 0)
		return -1;
	bind_text(&q, pin->name);
	bind_text(&q, pin->key);
	bind_text(&q, pin->mail);
	bind_moment(&q, pin->since);
	bind_moment(&q, pin->changed);
	return query_done(store, &q, err);
}

/* ------------------------------------------------------------------ holds */

int
store_hold_add(struct store *store, const struct hold *h, bool from_rules, int64_t now, struct error *err)
{
	struct query q;

	if (query_open(&store->base, &q, "insert into hold (id, share, path, series, case_name, reason, who, since, from_rules, at)"
		       " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (id) do nothing", err) < 0)
		return -1;
	bind_text(&q, h->id);
	bind_text(&q, h->share);
	bind_text(&q, h->path);
	bind_text(&q, h->series);
	bind_text(&q, h->case_name);
	bind_text(&q, h->reason);
	bind_text(&q, h->by);
	bind_text(&q, h->since);
	bind_number(&q, from_rules);
	bind_moment(&q, now);
	return query_done(store, &q, err);
}

int
store_hold_join(struct store *store, const char *id, const char *by, const char *reason, struct error *err)
{
	struct query q;

	if (query_open(&store->base, &q, "update hold set who = coalesce(who || ', ', '') || ?, reason = coalesce(reason || '; ', '') || ?"
		       " where id = ? and lifted is null", err) < 0)
		return -1;
	bind_text(&q, by);
	bind_text(&q, reason);
	bind_text(&q, id);
	return query_done(store, &q, err);
}

bool
hold_is_of(const struct hold *hold, const char *proposal_key)
{
	size_t prefix = strlen(STOP_PREFIX), len = strlen(proposal_key);

	return strncmp(hold->id, STOP_PREFIX, prefix) == 0 && strncmp(hold->id + prefix, proposal_key, len) == 0 &&
	       hold->id[prefix + len] == '-';
}

int
store_hold_lift(struct store *store, const char *id, int64_t now, const char *by, const char *why, struct error *err)
{
	struct query q;

	if (query_open(&store->base, &q, "update hold set lifted = ?, lifted_by = ?, lifted_why = ?"
		       " where id = ? and lifted is null", err) < 0)
		return -1;
	bind_moment(&q, now);
	bind_text(&q, by);
	bind_text(&q, why);
	bind_text(&q, id);
	return query_done(store, &q, err);
}

int
store_holds(struct arena *mem, struct store *store, bool all, struct holds *out, struct error *err)
{
	struct query q;

	*out = (struct holds){ 0 };
	if (query_open(&store->base, &q, "select id, share, path, series, case_name, reason, who, since, at, lifted, lifted_by,"
		       " lifted_why, from_rules from hold where ? or lifted is null order by id", err) < 0)
		return -1;
	bind_number(&q, all);
	while (query_row(&q, err))
		*arena_push(mem, &out->list) = (struct stored_hold){
			.hold = { .id = column_text(mem, &q, 0), .share = column_text(mem, &q, 1),
				  .path = column_text(mem, &q, 2), .series = column_text(mem, &q, 3),
				  .case_name = column_text(mem, &q, 4), .reason = column_text(mem, &q, 5),
				  .by = column_text(mem, &q, 6), .since = column_text(mem, &q, 7) },
			.set = column_moment(&q, 8), .lifted = column_moment(&q, 9), .lifted_by = column_text(mem, &q, 10),
			.lifted_why = column_text(mem, &q, 11), .from_rules = column_number(&q, 12) != 0 };
	return query_close(&q, err);
}

/* ------------------------------------------------------------------ activations */

int
store_series_activate(struct store *store, const struct activation *a, struct error *err)
{
	struct query q;

	if (query_open(&store->base, &q, "insert into activation (series, digest, who, at) values (?, ?, ?, ?) on conflict (series)"
		       " do update set digest = excluded.digest, who = excluded.who, at = excluded.at", err) < 0)
		return -1;
	bind_text(&q, a->series);
	bind_text(&q, a->digest);
	bind_text(&q, a->by);
	bind_moment(&q, a->at);
	return query_done(store, &q, err);
}

int
store_series_active(struct arena *mem, struct store *store, const char *series, struct activation *out, bool *found,
		    struct error *err)
{
	struct query q;

	*found = false;
	if (query_open(&store->base, &q, "select series, digest, who, at from activation where series = ?", err) < 0)
		return -1;
	bind_text(&q, series);
	if (query_row(&q, err)) {
		*found = true;
		*out = (struct activation){ column_text(mem, &q, 0), column_text(mem, &q, 1), column_text(mem, &q, 2),
					    column_moment(&q, 3) };
	}
	return query_close(&q, err);
}
