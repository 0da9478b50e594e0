/* SPDX-License-Identifier: GPL-3.0-or-later */
/* events.c - what people say has happened: added, withdrawn, never deleted. */
#include "store_p.h"

/* Its number is its place in the row of all that came. */
static int
next_id(struct arena *mem, struct store *store, const char **id, struct error *err)
{
	struct query q;

	*id = NULL;
	if (query_open(&store->base, &q, "select count(*) + 1 from event", err) < 0)
		return -1;
	if (query_row(&q, err))
		*id = arena_print(mem, "h%lld", column_number(&q, 0));
	return query_close(&q, err);
}

int
store_event_add(struct arena *mem, struct store *store, const struct stored_event *e, const char **id, struct error *err)
{
	struct query q;

	if (next_id(mem, store, id, err) < 0 ||
	    query_open(&store->base, &q, "insert into event (id, series, share, path, date, why, key, who, at, source, inbox, proof,"
		       " refused) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", err) < 0)
		return -1;
	bind_text(&q, *id);
	bind_text(&q, e->event.series);
	bind_text(&q, e->event.share);
	bind_text(&q, e->event.path);
	bind_day(&q, e->event.date);
	bind_text(&q, e->event.why);
	bind_text(&q, e->key);
	bind_text(&q, e->event.by);
	bind_moment(&q, e->set);
	bind_text(&q, e->source);
	if (e->inbox)
		bind_number(&q, e->inbox);
	else
		bind_text(&q, NULL);
	bind_text(&q, e->proof);
	bind_text(&q, e->refused);
	return query_done(store, &q, err);
}

int
store_event_withdraw(struct store *store, const char *id, int64_t now, const char *by, const char *why, struct error *err)
{
	struct query q;

	if (query_open(&store->base, &q, "update event set withdrawn = ?, withdrawn_by = ?, withdrawn_why = ?"
		       " where id = ? and withdrawn is null and refused is null", err) < 0)
		return -1;
	bind_moment(&q, now);
	bind_text(&q, by);
	bind_text(&q, why);
	bind_text(&q, id);
	return query_done(store, &q, err);
}

int
store_events(struct arena *mem, struct store *store, bool all, struct stored_events *out, struct error *err)
{
	struct query q;

	*out = (struct stored_events){ 0 };
	if (query_open(&store->base, &q, "select id, series, share, path, date, why, key, who, at, source, withdrawn, withdrawn_by,"
		       " withdrawn_why from event where refused is null and (? or withdrawn is null) order by rowid", err) < 0)
		return -1;
	bind_number(&q, all);
	while (query_row(&q, err))
		*arena_push(mem, &out->list) = (struct stored_event){
			.event = { .id = column_text(mem, &q, 0), .series = column_text(mem, &q, 1), .share = column_text(mem, &q, 2),
				   .path = column_text(mem, &q, 3), .date = column_day(&q, 4), .why = column_text(mem, &q, 5),
				   .by = column_text(mem, &q, 7) },
			.key = column_text(mem, &q, 6), .set = column_moment(&q, 8), .source = column_text(mem, &q, 9),
			.withdrawn = column_moment(&q, 10), .withdrawn_by = column_text(mem, &q, 11),
			.withdrawn_why = column_text(mem, &q, 12) };
	return query_close(&q, err);
}
