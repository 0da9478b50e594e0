/* SPDX-License-Identifier: GPL-3.0-or-later */
/* access.c - who could read what, by which need, and what is special about accounts: intervals, written when they change. */
#include "store_p.h"

static const char *
need_key(struct arena *mem, const struct grant *g, const struct ground *ground)
{
	const struct clause *c = ground->clause;
	const char *fields[] = { ground_word[ground->kind], c ? g->role->system->id : NULL, c ? g->role->id : NULL, c ? c->text : NULL,
				 c ? c->why : NULL, c ? c->since : NULL };

	return fact_key(mem, fields, 6);
}

/* Where a clause stands may change every day; what it says makes it another one. */
static int
put_need(struct arena *mem, struct store *store, const struct grant *g, const struct ground *ground, long long *id, struct error *err)
{
	static const char sql[] = "insert into need (key, kind, system, role, text, why, since, place) values (?, ?, ?, ?, ?, ?, ?, ?)"
				  " on conflict (key) do update set place = excluded.place returning id";
	const struct clause *c = ground->clause;
	struct query q;

	if (query_again(&store->base, &q, sql, err) < 0)
		return -1;
	bind_text(&q, need_key(mem, g, ground));
	bind_text(&q, ground_word[ground->kind]);
	bind_text(&q, c ? g->role->system->id : NULL);
	bind_text(&q, c ? g->role->id : NULL);
	bind_text(&q, c ? c->text : NULL);
	bind_text(&q, c ? c->why : NULL);
	bind_text(&q, c ? c->since : NULL);
	bind_text(&q, c ? place_text(mem, c->at) : NULL);
	while (query_row(&q, err))
		*id = column_number(&q, 0);
	return query_close(&q, err);
}

static int
open_grant(struct store *store, const struct grant *g, long long need, int64_t now, struct error *err)
{
	static const char sql[] = "insert into access_grant (system, role, key, account, via, first_seen, need, need_since, added,"
				  "  added_by) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (system, role, key, via) where last_seen is null"
				  " do update set account = excluded.account, need = excluded.need,"
				  "  need_since = case when need is excluded.need then need_since else excluded.need_since end"
				  "  where need is not excluded.need or account is not excluded.account";
	struct query q;

	if (query_again(&store->base, &q, sql, err) < 0)
		return -1;
	bind_text(&q, g->role->system->id);
	bind_text(&q, g->role->id);
	bind_text(&q, g->who->key);
	bind_text(&q, g->who->name);
	bind_text(&q, g->via->dn);
	bind_moment(&q, now);
	bind_moment(&q, need ? need : INT64_MIN);
	bind_moment(&q, need ? now : INT64_MIN);
	bind_moment(&q, g->came ? g->came->moment : INT64_MIN);
	bind_text(&q, g->came ? g->came->by : NULL);
	return query_done(NULL, &q, err);
}

static bool
touches(const struct unclear *u, const char *system, const char *role, const char *key)
{
	if (!u->access)
		return false;
	/* Which group of a role a grant runs through is not stored by key: an unclear group touches all. */
	return (!u->system || strcmp(u->system, system) == 0) && (!u->role || strcmp(u->role, role) == 0) &&
	       (!u->key || strcmp(u->key, key) == 0);
}

static bool
unclear(const struct plan *plan, const char *system, const char *role, const char *key)
{
	for (size_t i = 0; i < plan->unclear.count; i++)
		if (touches(&plan->unclear.items[i], system, role, key))
			return true;
	return false;
}

struct ended { long long id; const char *system, *role, *key; };

static int
close_grants(struct arena *mem, struct store *store, const struct plan *plan, int64_t now, struct error *err)
{
	LIST(struct ended) gone = { 0 };
	struct night last;
	struct query q;

	if (store_night_last(mem, store, "run", false, &last, err) < 0 ||
	    query_open(&store->base, &q, "select id, system, role, key from access_grant where last_seen is null and"
		       " system || char(10) || role || char(10) || key || char(10) || via not in (select key from temp.tonight)",
		       err) < 0)
		return -1;
	while (query_row(&q, err))
		*arena_push(mem, &gone) = (struct ended){ column_number(&q, 0), column_text(mem, &q, 1),
							  column_text(mem, &q, 2), column_text(mem, &q, 3) };
	if (query_close(&q, err) < 0)
		return -1;
	for (size_t i = 0; i < gone.count; i++) {
		if (unclear(plan, gone.items[i].system, gone.items[i].role, gone.items[i].key))
			continue;
		if (query_open(&store->base, &q, "update access_grant set last_seen = max(first_seen, ?) where id = ?", err) < 0)
			return -1;
		bind_moment(&q, last.id ? last.started : now);
		bind_number(&q, gone.items[i].id);
		if (query_done(NULL, &q, err) < 0)
			return -1;
	}
	return 0;
}

static int
put_grants(struct arena *mem, struct store *store, const struct plan *plan, int64_t now, struct error *err)
{
	long long *needs = arena_array(mem, long long, plan->grounds.count + 1);

	if (fact_start(store, err) < 0 ||
	    base_run(&store->base, "drop table if exists temp.before; create temp table before as select id, need, need_since from access_grant"
		     " where last_seen is null and need is not null", err) < 0)
		return -1;
	for (size_t i = 0; i < plan->grants.count; i++) {
		const struct grant *g = &plan->grants.items[i];
		const struct ground *ground = g->ground < plan->grounds.count ? &plan->grounds.items[g->ground] : NULL;

		if (ground && !needs[g->ground] && put_need(mem, store, g, ground, &needs[g->ground], err) < 0)
			return -1;
		if (open_grant(store, g, ground ? needs[g->ground] : 0, now, err) < 0 ||
		    fact_note(store, arena_print(mem, "%s\n%s\n%s\n%s", g->role->system->id, g->role->id, g->who->key, g->via->dn), err) < 0)
			return -1;
	}
	if (fact_keep(store, "insert into need_past select b.id, b.need, b.need_since, ? from temp.before b join access_grant g on g.id = b.id"
			 " where g.need is not b.need", now, err) < 0)
		return -1;
	return plan->access_judged ? close_grants(mem, store, plan, now, err) : 0;
}

int
store_grants_put(struct store *store, const struct plan *plan, int64_t now, struct error *err)
{
	return fact_put(store, plan, now, put_grants, err);
}

int
store_grants_of(struct arena *mem, struct store *store, const struct grant_filter *filter, int64_t from, int64_t to,
		struct grants *out, struct error *err)
{
	const char *const words[] = { filter->who, filter->system, filter->role };
	struct query q;

	*out = (struct grants){ 0 };
	/* Only what is asked for: "? is null or …" would look at all grants that there are, for each exception of a quarter. */
	if (query_open(&store->base, &q, arena_print(mem, "select system, role, account, key, via, first_seen, last_seen from access_grant"
						     " where first_seen < ?1 and (last_seen is null or last_seen >= ?2)%s%s%s"
						     " order by system, role, account, via, first_seen",
						     filter->who ? " and (key = ?3 or account = ?3 collate nocase)" : "", filter->system ? " and system = ?" : "",
						     filter->role ? " and role = ?" : ""), err) < 0)
		return -1;
	bind_number(&q, to);
	bind_number(&q, from);
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (words[i])
			bind_text(&q, words[i]);
	while (query_row(&q, err))
		*arena_push(mem, &out->list) = (struct held_grant){
			column_text(mem, &q, 0), column_text(mem, &q, 1), column_text(mem, &q, 2), column_text(mem, &q, 3),
			column_text(mem, &q, 4), column_moment(&q, 5), column_moment(&q, 6) };
	return query_close(&q, err);
}

int
store_needs(struct arena *mem, struct store *store, struct stored_needs *out, struct error *err)
{
	struct query q;

	*out = (struct stored_needs){ 0 };
	if (query_open(&store->base, &q, "select id, kind, system, role, text, why, since, place from need order by id", err) < 0)
		return -1;
	while (query_row(&q, err)) {
		int kind = word_index(column_text(mem, &q, 1), ground_word, GROUNDS, err);

		if (kind < 0) {
			query_close(&q, err);
			return -1;
		}
		*arena_push(mem, &out->list) = (struct stored_need){
			column_number(&q, 0), (enum ground_kind)kind, column_text(mem, &q, 2), column_text(mem, &q, 3), column_text(mem, &q, 4),
			column_text(mem, &q, 5), column_text(mem, &q, 6), column_text(mem, &q, 7) };
	}
	return query_close(&q, err);
}

/* What is in the index alone is read from there: the rest of a row costs as much again. */
#define THEN(what) "case when need_since > ?3 or need_since is null then (select p." what " from need_past p where p.access_grant = access_grant.id" \
		   " and p.until > ?3 order by p.until limit 1) else need"
#define SPAN "select system, role, account, key, first_seen, last_seen," THEN("need") " end," THEN("since") "_since end"
#define SPAN_REST ", via, added, added_by"

int
store_access_each(struct store *store, const struct access_filter *filter, int (*each)(void *self, const struct access_span *span, struct error *err),
		  void *self, struct error *err)
{
	struct arena *mem = arena_open();
	struct query q;
	int rc = 0;

	if (query_open(&store->base, &q, arena_print(mem, "%s%s from access_grant where first_seen < ?1 and (last_seen is null or last_seen >= ?2)%s"
						     " order by system, role, account, key, first_seen", SPAN, filter->brief ? "" : SPAN_REST,
						     filter->system ? " and system = ?4" : ""), err) < 0) {
		arena_close(mem);
		return -1;
	}
	bind_number(&q, filter->to);
	bind_number(&q, filter->from);
	bind_number(&q, filter->then ? filter->then : INT64_MAX);
	if (filter->system)
		bind_text(&q, filter->system);
	while (rc == 0 && query_row(&q, err)) {
		struct access_span span = {
			.system = column_lent(mem, &q, 0), .role = column_lent(mem, &q, 1), .account = column_lent(mem, &q, 2),
			.key = column_lent(mem, &q, 3), .first_seen = column_moment(&q, 4), .last_seen = column_moment(&q, 5),
			.need = column_null(&q, 6) ? 0 : column_number(&q, 6), .need_since = column_moment(&q, 7), .added = INT64_MIN };

		if (!filter->brief) {
			span.via = column_lent(mem, &q, 8);
			span.added = column_moment(&q, 9);
			span.added_by = column_lent(mem, &q, 10);
		}
		rc = each(self, &span, err);
	}
	arena_close(mem);
	return query_close(&q, err) < 0 || rc < 0 ? -1 : 0;
}

/* An interval that ended later, or has not, was open then all the same. */
int
store_access_mark(struct arena *mem, struct store *store, int64_t before, const char **out, struct error *err)
{
	struct query q;

	*out = "";
	if (query_open(&store->base, &q, "select count(*), coalesce(sum(first_seen), 0), coalesce(sum(min(coalesce(last_seen, ?1), ?1)), 0)"
		       " from access_grant where first_seen < ?1", err) < 0)
		return -1;
	bind_moment(&q, before);
	if (query_row(&q, err))
		*out = arena_print(mem, "%lld %lld %lld", column_number(&q, 0), column_number(&q, 1), column_number(&q, 2));
	return query_close(&q, err);
}

/* ------------------------------------------------------------------ what is special about accounts */

static int
open_mark(struct store *store, const struct account_mark *m, int64_t now, struct error *err)
{
	struct query q;

	if (query_open(&store->base, &q, "insert into account_mark (kind, system, role, key, account, note, day, first_seen)"
		       " values (?, ?, ?, ?, ?, ?, ?, ?) on conflict (kind, system, role, key) where last_seen is null"
		       " do update set account = excluded.account, note = excluded.note, day = excluded.day", err) < 0)
		return -1;
	bind_text(&q, mark_word[m->kind]);
	bind_text(&q, m->system ? m->system : "");
	bind_text(&q, m->role ? m->role : "");
	bind_text(&q, m->who->key);
	bind_text(&q, m->who->name);
	bind_text(&q, m->note);
	bind_day(&q, m->day);
	bind_moment(&q, now);
	return query_done(NULL, &q, err);
}

/* What was not seen tonight because nothing could be seen stays. */
static int
put_marks(struct arena *mem, struct store *store, const struct plan *plan, int64_t now, struct error *err)
{
	struct night last;
	struct query q;

	if (!plan->access_judged)
		return 0;
	if (fact_start(store, err) < 0 || store_night_last(mem, store, "run", false, &last, err) < 0 ||
	    base_run(&store->base, "drop table if exists temp.before; create temp table before as select id, note, day from account_mark"
		     " where last_seen is null", err) < 0)
		return -1;
	for (size_t i = 0; i < plan->marks.count; i++) {
		const struct account_mark *m = &plan->marks.items[i];

		if (open_mark(store, m, now, err) < 0 ||
		    fact_note(store, arena_print(mem, "%s\n%s\n%s\n%s", mark_word[m->kind], m->system ? m->system : "", m->role ? m->role : "",
						 m->who->key), err) < 0)
			return -1;
	}
	if (fact_keep(store, "insert into mark_past select b.id, b.note, b.day, ? from temp.before b join account_mark m on m.id = b.id"
			 " where m.note is not b.note or m.day is not b.day", now, err) < 0 ||
	    query_open(&store->base, &q, "update account_mark set last_seen = max(first_seen, ?) where last_seen is null and"
		       " kind || char(10) || system || char(10) || role || char(10) || key not in (select key from temp.tonight)", err) < 0)
		return -1;
	bind_moment(&q, last.id ? last.started : now);
	return query_done(NULL, &q, err);
}

int
store_marks_put(struct store *store, const struct plan *plan, int64_t now, struct error *err)
{
	return fact_put(store, plan, now, put_marks, err);
}

int
store_marks_each(struct store *store, int64_t from, int64_t to, int (*each)(void *self, const struct stored_mark *mark, struct error *err),
		 void *self, struct error *err)
{
	struct arena *mem = arena_open();
	struct query q;
	int rc = 0;

	/* SQLite gives the columns of the row that has the min() */
	if (query_open(&store->base, &q, "select kind, system, role, account, key, iif(p.mark is null, m.note, p.note), iif(p.mark is null, m.day, p.day),"
		       "  first_seen, last_seen from account_mark m left join (select mark, note, day, min(until) from mark_past where until > ?2"
		       "  group by mark) p on p.mark = m.id"
		       " where first_seen < ?1 and (last_seen is null or last_seen >= ?2) order by kind, account, key, system, role, first_seen",
		       err) < 0) {
		arena_close(mem);
		return -1;
	}
	bind_number(&q, to);
	bind_number(&q, from);
	while (rc == 0 && query_row(&q, err)) {
		int kind = word_index(column_lent(mem, &q, 0), mark_word, MARKS, err);
		struct stored_mark mark = {
			(enum mark_kind)kind, column_lent(mem, &q, 1), column_lent(mem, &q, 2), column_lent(mem, &q, 3), column_lent(mem, &q, 4),
			column_lent(mem, &q, 5), column_day(&q, 6), column_moment(&q, 7), column_moment(&q, 8) };

		rc = kind < 0 ? -1 : each(self, &mark, err);
	}
	arena_close(mem);
	return query_close(&q, err) < 0 || rc < 0 ? -1 : 0;
}
