/* SPDX-License-Identifier: GPL-3.0-or-later */
/* facts.c - findings and gaps of the last night, and who could read what, as intervals. */
#include "store_p.h"
#include "behov/digest.h"

static const char *
key_of(struct arena *mem, const char *const *fields, size_t count)
{
	unsigned char sum[DIGEST_SIZE];
	struct digest *d = digest_open();

	for (size_t i = 0; i < count; i++)
		digest_field(d, fields[i]);
	digest_close(d, sum);
	return digest_hex(mem, sum, 16);
}

/* Rows that are not in tonight's list go; tonight's keys stand in a table of this connection. */
static int
start_keys(struct store *store, struct error *err)
{
	return base_run(&store->base, "create temp table if not exists tonight (key text primary key); delete from temp.tonight",
			err);
}

static int
note_key(struct store *store, const char *key, struct error *err)
{
	struct query q;

	if (query_open(&store->base, &q, "insert or ignore into temp.tonight (key) values (?)", err) < 0)
		return -1;
	bind_text(&q, key);
	while (query_row(&q, err))
		;
	return query_close(&q, err);
}

static int
put_finding(struct arena *mem, struct store *store, const struct finding *f, int64_t now, struct error *err)
{
	const char *fields[] = { f->kind, f->system, f->role, f->share, f->series, f->account, f->group, f->text };
	const char *key = key_of(mem, fields, 8);
	struct query q;

	if (note_key(store, key, err) < 0 ||
	    query_open(&store->base, &q, "insert into finding (key, kind, system, role, share, series, account, grp, text,"
		       " first_seen) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (key) do nothing", err) < 0)
		return -1;
	bind_text(&q, key);
	for (size_t i = 0; i < 8; i++)
		bind_text(&q, fields[i]);
	bind_moment(&q, now);
	return query_done(NULL, &q, err);
}

static int
put_gap(struct arena *mem, struct store *store, const struct gap *g, int64_t now, struct error *err)
{
	const char *fields[] = { g->what, g->id, g->path, g->text };
	const char *key = key_of(mem, fields, 4);
	struct query q;

	if (note_key(store, key, err) < 0 ||
	    query_open(&store->base, &q, "insert into gap (key, what, id, path, text, first_seen) values (?, ?, ?, ?, ?, ?)"
		       " on conflict (key) do nothing", err) < 0)
		return -1;
	bind_text(&q, key);
	for (size_t i = 0; i < 4; i++)
		bind_text(&q, fields[i]);
	bind_moment(&q, now);
	return query_done(NULL, &q, err);
}

static int
put_facts(struct arena *mem, struct store *store, const struct plan *plan, int64_t now, struct error *err)
{
	if (start_keys(store, err) < 0)
		return -1;
	for (size_t i = 0; i < plan->findings.count; i++)
		if (put_finding(mem, store, &plan->findings.items[i], now, err) < 0)
			return -1;
	for (size_t i = 0; i < plan->gaps.count; i++)
		if (put_gap(mem, store, &plan->gaps.items[i], now, err) < 0)
			return -1;
	return base_run(&store->base, "delete from finding where key not in (select key from temp.tonight);"
			"delete from gap where key not in (select key from temp.tonight)", err);
}

/* Several changes as one: within the caller's transaction, or in one of their own. */
static int
as_one(struct store *store, const struct plan *plan, int64_t now,
       int (*work)(struct arena *, struct store *, const struct plan *, int64_t, struct error *), struct error *err)
{
	struct arena *mem = arena_open();
	bool own = !store->within;
	int rc = own ? store_begin(store, err) : 0;

	if (rc == 0)
		rc = work(mem, store, plan, now, err);
	if (own && rc == 0)
		rc = store_commit(store, err);
	if (own && rc < 0)
		store_rollback(store);
	arena_close(mem);
	return rc;
}

int
store_facts_put(struct store *store, const struct plan *plan, int64_t now, struct error *err)
{
	return as_one(store, plan, now, put_facts, err);
}

int
store_facts(struct arena *mem, struct store *store, struct facts *out, struct error *err)
{
	struct query q;

	*out = (struct facts){ 0 };
	if (query_open(&store->base, &q, "select kind, system, role, share, series, account, grp, text, first_seen from finding"
		       " order by kind, system, role, share, series, account, grp, text", err) < 0)
		return -1;
	while (query_row(&q, err))
		*arena_push(mem, &out->findings) = (struct noted){
			{ column_text(mem, &q, 0), column_text(mem, &q, 1), column_text(mem, &q, 2), column_text(mem, &q, 3),
			  column_text(mem, &q, 4), column_text(mem, &q, 5), column_text(mem, &q, 6), column_text(mem, &q, 7) },
			column_moment(&q, 8) };
	if (query_close(&q, err) < 0 ||
	    query_open(&store->base, &q, "select what, id, path, text, first_seen from gap order by what, id, path, text", err) < 0)
		return -1;
	while (query_row(&q, err))
		*arena_push(mem, &out->gaps) = (struct missed){
			{ column_text(mem, &q, 0), column_text(mem, &q, 1), column_text(mem, &q, 2), column_text(mem, &q, 3) },
			column_moment(&q, 4) };
	return query_close(&q, err);
}

/* ------------------------------------------------------------------ grants */

static int
open_grant(struct store *store, const struct grant *g, int64_t now, struct error *err)
{
	struct query q;

	if (query_open(&store->base, &q, "insert into access_grant (system, role, key, account, via, first_seen)"
		       " values (?, ?, ?, ?, ?, ?) on conflict (system, role, key, via) where last_seen is null do nothing", err) < 0)
		return -1;
	bind_text(&q, g->role->system->id);
	bind_text(&q, g->role->id);
	bind_text(&q, g->who->key);
	bind_text(&q, g->who->name);
	bind_text(&q, g->via->dn);
	bind_moment(&q, now);
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
	if (start_keys(store, err) < 0)
		return -1;
	for (size_t i = 0; i < plan->grants.count; i++) {
		const struct grant *g = &plan->grants.items[i];

		if (open_grant(store, g, now, err) < 0 ||
		    note_key(store, arena_print(mem, "%s\n%s\n%s\n%s", g->role->system->id, g->role->id, g->who->key, g->via->dn), err) < 0)
			return -1;
	}
	return plan->access_judged ? close_grants(mem, store, plan, now, err) : 0;
}

int
store_grants_put(struct store *store, const struct plan *plan, int64_t now, struct error *err)
{
	return as_one(store, plan, now, put_grants, err);
}

int
store_grants_of(struct arena *mem, struct store *store, const struct grant_filter *filter, int64_t from, int64_t to,
		struct grants *out, struct error *err)
{
	struct query q;

	*out = (struct grants){ 0 };
	if (query_open(&store->base, &q, "select system, role, account, key, via, first_seen, last_seen from access_grant"
		       " where first_seen < ?1 and (last_seen is null or last_seen >= ?2)"
		       " and (?3 is null or key = ?3 or account = ?3 collate nocase) and (?4 is null or system = ?4)"
		       " and (?5 is null or role = ?5) order by system, role, account, via, first_seen", err) < 0)
		return -1;
	bind_number(&q, to);
	bind_number(&q, from);
	bind_text(&q, filter->who);
	bind_text(&q, filter->system);
	bind_text(&q, filter->role);
	while (query_row(&q, err))
		*arena_push(mem, &out->list) = (struct held_grant){
			column_text(mem, &q, 0), column_text(mem, &q, 1), column_text(mem, &q, 2), column_text(mem, &q, 3),
			column_text(mem, &q, 4), column_moment(&q, 5), column_moment(&q, 6) };
	return query_close(&q, err);
}

int
store_grants(struct arena *mem, struct store *store, int64_t from, int64_t to, struct grants *out, struct error *err)
{
	return store_grants_of(mem, store, &(struct grant_filter){ NULL, NULL, NULL }, from, to, out, err);
}
