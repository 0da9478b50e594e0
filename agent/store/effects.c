/* SPDX-License-Identifier: GPL-3.0-or-later */
/* effects.c - the journal of what apply did, and the rows of the audit chain. */
#include "store_p.h"

static const char *const effect_word[] = { "intended", "done", "failed", "undone" };

static int
effect_id(struct store *store, const struct effect *e, long long *id, struct error *err)
{
	static const char sql[] = "select id from effect where proposal = ? and act = ? and number = ?";
	struct query q;

	*id = 0;
	if (query_again(&store->base, &q, sql, err) < 0)
		return -1;
	bind_text(&q, e->proposal);
	bind_text(&q, e->act);
	bind_number(&q, e->number);
	if (query_row(&q, err))
		*id = column_number(&q, 0);
	return query_close(&q, err);
}

int
store_effect_intend(struct store *store, const struct effect *e, long long *id, struct error *err)
{
	static const char sql[] = "insert into effect (proposal, act, number, target, state, before, after, note, intended)"
				  " values (?, ?, ?, ?, 'intended', ?, ?, ?, ?) on conflict (proposal, act, number) do nothing";
	struct query q;

	if (query_again(&store->base, &q, sql, err) < 0)
		return -1;
	bind_text(&q, e->proposal);
	bind_text(&q, e->act);
	bind_number(&q, e->number);
	bind_text(&q, e->target);
	bind_text(&q, e->before);
	bind_text(&q, e->after);
	bind_text(&q, e->note);
	bind_moment(&q, e->intended);
	if (query_done(store, &q, err) < 0)
		return -1;
	*id = sqlite3_last_insert_rowid(store->base.db);
	return sqlite3_changes(store->base.db) ? 0 : effect_id(store, e, id, err);
}

int
store_effect_end(struct store *store, long long id, enum effect_state state, const char *after, const char *note,
		 int64_t now, struct error *err)
{
	static const char sql[] = "update effect set state = ?, after = ?, note = ?, ended = ? where id = ?";
	struct query q;

	if (query_again(&store->base, &q, sql, err) < 0)
		return -1;
	bind_text(&q, effect_word[state]);
	bind_text(&q, after);
	bind_text(&q, note);
	bind_moment(&q, now);
	bind_number(&q, id);
	return query_done(store, &q, err);
}

int
store_effect_forget(struct store *store, long long id, struct error *err)
{
	struct query q;

	if (query_open(&store->base, &q, "delete from effect where id = ? and state = 'intended'", err) < 0)
		return -1;
	bind_number(&q, id);
	return query_done(store, &q, err);
}

#define EFFECT "select id, proposal, act, number, target, state, before, after, note, intended, ended from effect where "

/* Of one proposal by its index, which "? is null or …" would not use: there are as many effects as files that were ever moved. */
int
store_effects(struct arena *mem, struct store *store, const char *proposal, const char *act, struct effects *out,
	      struct error *err)
{
	static const char one[] = EFFECT "proposal = ?1 and (?2 is null or act = ?2) order by act, number";
	static const char all[] = EFFECT "?1 is null and (?2 is null or act = ?2) order by proposal, act, number";
	struct query q;
	int rc = 0;

	*out = (struct effects){ 0 };
	if (query_again(&store->base, &q, proposal ? one : all, err) < 0)
		return -1;
	bind_text(&q, proposal);
	bind_text(&q, act);
	while (rc == 0 && query_row(&q, err)) {
		int state = word_index(column_text(mem, &q, 5), effect_word, 4, err);

		rc = state < 0 ? -1 : 0;
		if (rc == 0)
			*arena_push(mem, &out->list) = (struct effect){
				column_number(&q, 0), column_text(mem, &q, 1), column_text(mem, &q, 2), column_number(&q, 3),
				column_text(mem, &q, 4), (enum effect_state)state, column_text(mem, &q, 6),
				column_text(mem, &q, 7), column_text(mem, &q, 8), column_moment(&q, 9), column_moment(&q, 10) };
	}
	return query_close(&q, err) < 0 || rc < 0 ? -1 : 0;
}

int
store_begun(struct store *store, const char *proposal, bool *out, struct error *err)
{
	static const char sql[] = "select 1 from effect where proposal = ? and state in ('intended', 'done') limit 1";
	struct query q;

	if (query_again(&store->base, &q, sql, err) < 0)
		return -1;
	bind_text(&q, proposal);
	*out = query_row(&q, err);
	return query_close(&q, err);
}

/* ------------------------------------------------------------------ the audit chain */

int
store_audit_add(struct store *store, const struct audit_row *row, struct error *err)
{
	static const char sql[] = "insert into audit (seq, at, actor, event, payload_digest, prev, hash) values (?, ?, ?, ?, ?, ?, ?)";
	static const char payload[] = "insert into audit_payload (seq, salt, payload) values (?, ?, ?)";
	struct query q;

	if (query_again(&store->base, &q, sql, err) < 0)
		return -1;
	bind_number(&q, row->seq);
	bind_text(&q, row->at);
	bind_text(&q, row->actor);
	bind_text(&q, row->event);
	bind_text(&q, row->payload_digest);
	bind_text(&q, row->prev);
	bind_text(&q, row->hash);
	if (query_done(NULL, &q, err) < 0)
		return -1;
	if (!row->payload)
		return 0;
	if (query_again(&store->base, &q, payload, err) < 0)
		return -1;
	bind_number(&q, row->seq);
	bind_text(&q, row->salt);
	bind_text(&q, row->payload);
	return query_done(NULL, &q, err);
}

#define AUDIT "select a.seq, at, actor, event, payload_digest, prev, hash, salt, payload from audit a" \
	      " left join audit_payload p on p.seq = a.seq "

static struct audit_row
read_audit(struct arena *mem, struct query *q)
{
	return (struct audit_row){ column_number(q, 0), column_text(mem, q, 1), column_text(mem, q, 2),
				   column_text(mem, q, 3), column_text(mem, q, 4), column_text(mem, q, 5),
				   column_text(mem, q, 6), column_text(mem, q, 7), column_text(mem, q, 8) };
}

static int
one_audit(struct arena *mem, struct query *q, struct audit_row *out, struct error *err)
{
	*out = (struct audit_row){ 0 };
	if (query_row(q, err))
		*out = read_audit(mem, q);
	return query_close(q, err);
}

int
store_audit_last(struct arena *mem, struct store *store, struct audit_row *out, struct error *err)
{
	static const char sql[] = AUDIT "order by a.seq desc limit 1";
	struct query q;

	return query_again(&store->base, &q, sql, err) < 0 ? -1 : one_audit(mem, &q, out, err);
}

int
store_audit_before(struct arena *mem, struct store *store, const char *at, struct audit_row *out, struct error *err)
{
	struct query q;

	if (!at)
		return store_audit_last(mem, store, out, err);
	if (query_open(&store->base, &q, AUDIT "where a.seq = (select max(seq) from audit where at < ?)", err) < 0)
		return -1;
	bind_text(&q, at);
	return one_audit(mem, &q, out, err);
}

int
store_audit_about(struct arena *mem, struct store *store, const char *event, const char *proposal, struct audit_row *out,
		  struct error *err)
{
	struct query q;

	if (query_open(&store->base, &q, AUDIT "where event = ? and json_extract(payload, '$.proposal') = ? order by a.seq desc limit 1",
		       err) < 0)
		return -1;
	bind_text(&q, event);
	bind_text(&q, proposal);
	return one_audit(mem, &q, out, err);
}

int
store_audit_at(struct arena *mem, struct store *store, long long seq, struct audit_row *out, struct error *err)
{
	struct query q;

	if (query_open(&store->base, &q, AUDIT "where a.seq = ?", err) < 0)
		return -1;
	bind_number(&q, seq);
	return one_audit(mem, &q, out, err);
}

static struct audit_row
lend_audit(struct arena *mem, struct query *q)
{
	return (struct audit_row){ column_number(q, 0), column_lent(mem, q, 1), column_lent(mem, q, 2),
				   column_lent(mem, q, 3), column_lent(mem, q, 4), column_lent(mem, q, 5),
				   column_lent(mem, q, 6), column_lent(mem, q, 7), column_lent(mem, q, 8) };
}

/* Closes the query. */
static int
each_audit(struct query *q, int (*each)(void *self, const struct audit_row *row, struct error *err), void *self, struct error *err)
{
	struct arena *mem = arena_open();
	int rc = 0;

	while (rc == 0 && query_row(q, err)) {
		struct audit_row row = lend_audit(mem, q);

		rc = each(self, &row, err);
	}
	arena_close(mem);
	return query_close(q, err) < 0 || rc < 0 ? -1 : 0;
}

int
store_audit_each(struct store *store, long long from, int (*each)(void *self, const struct audit_row *row, struct error *err),
		 void *self, struct error *err)
{
	struct query q;

	if (query_open(&store->base, &q, AUDIT "where a.seq > ? order by a.seq", err) < 0)
		return -1;
	bind_number(&q, from);
	return each_audit(&q, each, self, err);
}

int
store_audit_events(struct store *store, const char *event, int (*each)(void *self, const struct audit_row *row, struct error *err), void *self,
		   struct error *err)
{
	struct query q;

	if (query_open(&store->base, &q, AUDIT "where event = ? order by a.seq", err) < 0)
		return -1;
	bind_text(&q, event);
	return each_audit(&q, each, self, err);
}
