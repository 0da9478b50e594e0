/* SPDX-License-Identifier: GPL-3.0-or-later */
/* facts.c - findings and gaps of the last night, and of nights before. */
#include "store_p.h"
#include "behov/digest.h"

const char *
fact_key(struct arena *mem, const char *const *fields, size_t count)
{
	unsigned char sum[DIGEST_SIZE];
	struct digest *d = digest_open();

	for (size_t i = 0; i < count; i++)
		digest_field(d, fields[i]);
	digest_close(d, sum);
	return digest_hex(mem, sum, 16);
}

int
fact_start(struct store *store, struct error *err)
{
	return base_run(&store->base, "create temp table if not exists tonight (key text primary key); delete from temp.tonight",
			err);
}

int
fact_note(struct store *store, const char *key, struct error *err)
{
	static const char sql[] = "insert or ignore into temp.tonight (key) values (?)";
	struct query q;

	if (query_again(&store->base, &q, sql, err) < 0)
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
	const char *key = fact_key(mem, fields, 8);
	struct query q;

	if (fact_note(store, key, err) < 0 ||
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
	const char *key = fact_key(mem, fields, 4);
	struct query q;

	if (fact_note(store, key, err) < 0 ||
	    query_open(&store->base, &q, "insert into gap (key, what, id, path, text, first_seen) values (?, ?, ?, ?, ?, ?)"
		       " on conflict (key) do nothing", err) < 0)
		return -1;
	bind_text(&q, key);
	for (size_t i = 0; i < 4; i++)
		bind_text(&q, fields[i]);
	bind_moment(&q, now);
	return query_done(NULL, &q, err);
}

int
fact_keep(struct store *store, const char *sql, int64_t now, struct error *err)
{
	struct query q;

	if (query_open(&store->base, &q, sql, err) < 0)
		return -1;
	bind_moment(&q, now);
	return query_done(NULL, &q, err);
}

static int
put_facts(struct arena *mem, struct store *store, const struct plan *plan, int64_t now, struct error *err)
{
	if (fact_start(store, err) < 0)
		return -1;
	for (size_t i = 0; i < plan->findings.count; i++)
		if (put_finding(mem, store, &plan->findings.items[i], now, err) < 0)
			return -1;
	for (size_t i = 0; i < plan->gaps.count; i++)
		if (put_gap(mem, store, &plan->gaps.items[i], now, err) < 0)
			return -1;
	return fact_keep(store, "insert into finding_past select kind, system, role, share, series, account, grp, text, first_seen, ?1 from finding"
			 " where first_seen < ?1 and key not in (select key from temp.tonight)", now, err) < 0 ||
	       fact_keep(store, "insert into gap_past select what, id, path, text, first_seen, ?1 from gap"
			 " where first_seen < ?1 and key not in (select key from temp.tonight)", now, err) < 0 ? -1
	     : base_run(&store->base, "delete from finding where key not in (select key from temp.tonight);"
			"delete from gap where key not in (select key from temp.tonight)", err);
}

int
fact_put(struct store *store, const struct plan *plan, int64_t now,
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
	return fact_put(store, plan, now, put_facts, err);
}

int
store_facts_then(struct arena *mem, struct store *store, int64_t moment, struct facts *out, struct error *err)
{
	struct query q;

	*out = (struct facts){ 0 };
	if (query_open(&store->base, &q, "select kind, system, role, share, series, account, grp, text, first_seen from finding"
		       " where first_seen <= ?1 union all select kind, system, role, share, series, account, grp, text, first_seen"
		       " from finding_past where first_seen <= ?1 and until > ?1"
		       " order by 1, 2, 3, 4, 5, 6, 7, 8", err) < 0)
		return -1;
	bind_number(&q, moment);
	while (query_row(&q, err))
		*arena_push(mem, &out->findings) = (struct noted){
			{ column_text(mem, &q, 0), column_text(mem, &q, 1), column_text(mem, &q, 2), column_text(mem, &q, 3),
			  column_text(mem, &q, 4), column_text(mem, &q, 5), column_text(mem, &q, 6), column_text(mem, &q, 7) },
			column_moment(&q, 8) };
	if (query_close(&q, err) < 0 ||
	    query_open(&store->base, &q, "select what, id, path, text, first_seen from gap where first_seen <= ?1 union all"
		       " select what, id, path, text, first_seen from gap_past where first_seen <= ?1 and until > ?1 order by 1, 2, 3, 4", err) < 0)
		return -1;
	bind_number(&q, moment);
	while (query_row(&q, err))
		*arena_push(mem, &out->gaps) = (struct missed){
			{ column_text(mem, &q, 0), column_text(mem, &q, 1), column_text(mem, &q, 2), column_text(mem, &q, 3) },
			column_moment(&q, 4) };
	return query_close(&q, err);
}

int
store_facts(struct arena *mem, struct store *store, struct facts *out, struct error *err)
{
	return store_facts_then(mem, store, INT64_MAX, out, err);
}
