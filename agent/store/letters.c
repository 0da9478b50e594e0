/* SPDX-License-Identifier: GPL-3.0-or-later */
/* letters.c - who was written to, about what, and whether it was sent. */
#include "store_p.h"

static int
add_rows(struct store *store, const struct letter *l, struct error *err)
{
	struct query q;

	if (query_open(&store->base, &q, "insert into letter (id, kind, key, name, display, mail, token_hash, created, expires,"
		       " sent, problem, tries, next) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (id) do nothing", err) < 0)
		return -1;
	bind_text(&q, l->id);
	bind_text(&q, l->kind);
	bind_text(&q, l->key);
	bind_text(&q, l->name);
	bind_text(&q, l->display);
	bind_text(&q, l->mail);
	bind_text(&q, l->token_hash);
	bind_moment(&q, l->created);
	bind_moment(&q, l->expires);
	bind_moment(&q, l->sent);
	bind_text(&q, l->problem);
	bind_number(&q, l->tries);
	bind_moment(&q, l->next ? l->next : INT64_MIN);
	if (query_done(NULL, &q, err) < 0)
		return -1;
	if (!sqlite3_changes(store->base.db))
		return 0;
	for (int i = 0; i < l->proposal_count; i++) {
		if (query_open(&store->base, &q, "insert into letter_about (letter, number, proposal) values (?, ?, ?)", err) < 0)
			return -1;
		bind_text(&q, l->id);
		bind_number(&q, i);
		bind_text(&q, l->proposals[i]);
		if (query_done(NULL, &q, err) < 0)
			return -1;
	}
	return 0;
}

int
store_letter_add(struct store *store, const struct letter *letter, struct error *err)
{
	bool own = !store->within;
	int rc = own ? store_begin(store, err) : 0;

	if (rc == 0)
		rc = add_rows(store, letter, err);
	if (own && rc == 0)
		rc = store_commit(store, err);
	if (own && rc < 0)
		store_rollback(store);
	return rc;
}

int
store_letter_sent(struct store *store, const char *id, int64_t now, const char *problem, struct error *err)
{
	struct query q;

	if (query_open(&store->base, &q, "update letter set sent = ?, problem = ? where id = ?", err) < 0)
		return -1;
	bind_moment(&q, now);
	bind_text(&q, problem);
	bind_text(&q, id);
	return query_done(store, &q, err);
}

int
store_letter_refused(struct store *store, const char *id, int tries, int64_t next, const char *problem, struct error *err)
{
	struct query q;

	if (query_open(&store->base, &q, "update letter set tries = ?, next = ?, problem = ? where id = ?", err) < 0)
		return -1;
	bind_number(&q, tries);
	bind_moment(&q, next);
	bind_text(&q, problem);
	bind_text(&q, id);
	return query_done(store, &q, err);
}

static int
read_about(struct arena *mem, struct store *store, struct letter *l, struct error *err)
{
	LIST(const char *) ids = { 0 };
	struct query q;

	if (query_open(&store->base, &q, "select proposal from letter_about where letter = ? order by number", err) < 0)
		return -1;
	bind_text(&q, l->id);
	while (query_row(&q, err))
		*arena_push(mem, &ids) = column_text(mem, &q, 0);
	l->proposals = ids.items;
	l->proposal_count = (int)ids.count;
	return query_close(&q, err);
}

#define COLUMNS "select id, kind, key, name, display, mail, token_hash, created, expires, sent, problem, tries, next from letter "
static int
read_letters(struct arena *mem, struct query *q, struct letters *out, struct error *err)
{
	*out = (struct letters){ 0 };
	while (query_row(q, err))
		*arena_push(mem, &out->list) = (struct letter){
			.id = column_text(mem, q, 0), .kind = column_text(mem, q, 1), .key = column_text(mem, q, 2),
			.name = column_text(mem, q, 3), .display = column_text(mem, q, 4), .mail = column_text(mem, q, 5),
			.token_hash = column_text(mem, q, 6), .created = column_moment(q, 7), .expires = column_moment(q, 8),
			.sent = column_moment(q, 9), .problem = column_text(mem, q, 10), .tries = (int)column_number(q, 11),
			.next = column_null(q, 12) ? 0 : column_number(q, 12) };
	return query_close(q, err);
}

int
store_letters_unsent(struct arena *mem, struct store *store, struct letters *out, struct error *err)
{
	struct query q;

	if (query_open(&store->base, &q, COLUMNS "where sent is null order by created, id", err) < 0 || read_letters(mem, &q, out, err) < 0)
		return -1;
	for (size_t i = 0; i < out->list.count; i++)
		if (read_about(mem, store, &out->list.items[i], err) < 0)
			return -1;
	return 0;
}

int
store_letter_about(struct arena *mem, struct store *store, const char *key, const char *proposal, struct letters *out,
		   struct error *err)
{
	struct query q;

	if (query_open(&store->base, &q, COLUMNS "where key = ? and id in (select letter from letter_about where proposal = ?)"
		       " order by created desc, id limit 1", err) < 0)
		return -1;
	bind_text(&q, key);
	bind_text(&q, proposal);
	return read_letters(mem, &q, out, err);
}

int
store_letter_last(struct arena *mem, struct store *store, const char *key, struct letters *out, struct error *err)
{
	struct query q;

	if (query_open(&store->base, &q, COLUMNS "where key = ? and kind in ('digest', 'reminder') order by created desc, id limit 1",
		       err) < 0)
		return -1;
	bind_text(&q, key);
	return read_letters(mem, &q, out, err);
}

int
store_letter_by_token(struct arena *mem, struct store *store, const char *token_hash, struct letters *out,
		      struct error *err)
{
	struct query q;

	if (query_open(&store->base, &q, COLUMNS "where token_hash = ?", err) < 0)
		return -1;
	bind_text(&q, token_hash);
	return read_letters(mem, &q, out, err);
}
