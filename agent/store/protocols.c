/* SPDX-License-Identifier: GPL-3.0-or-later */
/* protocols.c - gallringsprotokoll: which are due, their numbers, and what became of each file that they tell of. */
#include "store_p.h"

/* ------------------------------------------------------------------ what became of each file */

static const char *const effect_word[] = { "intended", "done", "failed", "undone" };

/* "… "nlink":"2" …" of what stat said; 1 when it does not say. */
static long
links(const char *after)
{
	const char *at = after ? strstr(after, "\"nlink\":\"") : NULL;
	long n = at ? strtol(at + 9, NULL, 10) : 1;

	return n < 1 ? 1 : n;
}

static int
read_disposal(struct arena *mem, struct query *q, struct disposal *out, struct error *err)
{
	bool ended = !column_null(q, 5);
	int moved = word_index(column_lent(mem, q, 1), effect_word, 4, err), gone = ended ? word_index(column_lent(mem, q, 5), effect_word, 4, err) : 0;

	if (moved < 0 || gone < 0)
		return -1;
	*out = (struct disposal){
		.number = column_number(q, 0), .moved = (enum effect_state)moved, .checked = column_moment(q, 2),
		.moved_at = column_moment(q, 3), .moved_note = column_lent(mem, q, 4), .gone = (enum effect_state)gone,
		.checked_again = column_moment(q, 6), .gone_at = column_moment(q, 7), .gone_note = column_lent(mem, q, 8),
		.links = links(column_lent(mem, q, 9)), .by_hand = column_number(q, 10) != 0,
	};
	return 0;
}

int
store_disposals(struct store *store, const char *proposal, int (*each)(void *self, const struct disposal *d, struct error *err),
		void *self, struct error *err)
{
	struct arena *mem = arena_open();
	struct query q;
	/* What a person took away was never in our quarantine: there is the night that saw that it is gone. */
	int rc = query_open(&store->base, &q, "select m.number, m.state, m.intended, m.ended, m.note, u.state, u.intended, u.ended, u.note,"
			    " u.after, 0 from effect m left join effect u on u.proposal = m.proposal and u.act = 'unlink' and u.number = m.number"
			    " where m.proposal = ?1 and m.act = 'quarantine'"
			    " union all select number, state, null, null, note, state, intended, ended, note, null, 1 from effect"
			    " where proposal = ?1 and act = 'by-hand' order by 1", err);

	if (rc < 0)
		goto out;
	bind_text(&q, proposal);
	while (rc == 0 && query_row(&q, err)) {
		struct disposal d;

		rc = read_disposal(mem, &q, &d, err);
		if (rc == 0)
			rc = each(self, &d, err);
	}
	if (query_close(&q, err) < 0)
		rc = -1;
out:
	arena_close(mem);
	return rc;
}

/* ------------------------------------------------------------------ the protocols */

int
store_protocols_due(struct arena *mem, struct store *store, struct ended_batches *out, struct error *err)
{
	struct query q;

	*out = (struct ended_batches){ 0 };
	if (query_open(&store->base, &q, "select p.id, (select max(ended) from effect where proposal = p.id and"
		       "  act in ('unlink', 'by-hand') and state = 'done') as gone from proposal p where p.kind = 'destroy' and p.state not in ('scheduled', 'quarantined')"
		       " and not exists (select 1 from protocol where proposal = p.id) and gone is not null order by gone, p.id", err) < 0)
		return -1;
	while (query_row(&q, err))
		*arena_push(mem, &out->list) = (struct ended_batch){ column_text(mem, &q, 0), column_moment(&q, 1) };
	return query_close(&q, err);
}

int
store_protocol_next(struct store *store, int year, long long *out, struct error *err)
{
	struct query q;

	*out = 0;
	if (query_open(&store->base, &q, "select coalesce(max(number), 0) + 1 from protocol where year = ?", err) < 0)
		return -1;
	bind_number(&q, year);
	if (query_row(&q, err))
		*out = column_number(&q, 0);
	return query_close(&q, err);
}

int
store_protocol_add(struct store *store, const struct protocol *p, struct error *err)
{
	struct query q;

	if (query_open(&store->base, &q, "insert into protocol (proposal, year, number, dnr, digest, body, at, nameless)"
		       " values (?, ?, ?, ?, ?, ?, ?, ?)",
		       err) < 0)
		return -1;
	bind_text(&q, p->proposal);
	bind_number(&q, p->year);
	bind_number(&q, p->number);
	bind_text(&q, p->dnr);
	bind_text(&q, p->digest);
	bind_text(&q, p->body);
	bind_moment(&q, p->at);
	bind_number(&q, p->nameless);
	return query_done(store, &q, err);
}

int
store_protocol_written(struct store *store, const char *proposal, int64_t now, struct error *err)
{
	struct query q;

	if (query_open(&store->base, &q, "update protocol set written = ? where proposal = ? and written is null", err) < 0)
		return -1;
	bind_moment(&q, now);
	bind_text(&q, proposal);
	return query_done(store, &q, err);
}

#define PROTOCOL "select proposal, dnr, year, number, digest, body, at, written, nameless from protocol "

static struct protocol
read_protocol(struct arena *mem, struct query *q)
{
	return (struct protocol){ column_text(mem, q, 0), column_text(mem, q, 1), (int)column_number(q, 2), column_number(q, 3),
				  column_text(mem, q, 4), column_text(mem, q, 5), column_moment(q, 6), !column_null(q, 7),
				  column_number(q, 8) != 0 };
}

int
store_protocols(struct arena *mem, struct store *store, const char *what, bool unwritten, struct protocols *out, struct error *err)
{
	struct query q;

	*out = (struct protocols){ 0 };
	if (query_open(&store->base, &q, what ? PROTOCOL "where (proposal = ?1 or dnr = ?1) and (not ?2 or written is null) order by id"
					      : PROTOCOL "where ?1 is null and (not ?2 or written is null) order by id", err) < 0)
		return -1;
	bind_text(&q, what);
	bind_number(&q, unwritten);
	while (query_row(&q, err))
		*arena_push(mem, &out->list) = read_protocol(mem, &q);
	return query_close(&q, err);
}

int
store_protocol_last(struct arena *mem, struct store *store, struct protocol *out, struct error *err)
{
	struct query q;

	*out = (struct protocol){ 0 };
	if (query_open(&store->base, &q, PROTOCOL "order by id desc limit 1", err) < 0)
		return -1;
	if (query_row(&q, err))
		*out = read_protocol(mem, &q);
	return query_close(&q, err);
}
