/* SPDX-License-Identifier: GPL-3.0-or-later */
/* inbox.c - the page's own database: sessions, codes sent, and decisions nobody has verified yet. */
#include "store_p.h"
#include "behov/inbox.h"
#include "behov/step.h"

#include <unistd.h>

struct inbox { struct base base; };

static const char *const schema_1[] = {
	"create table session (id text primary key, letter text not null, token text, nonce text, code_hash text,"
	"  made integer not null, code_sent integer, proved integer, seen integer, tries integer not null) strict;"
	"create table code (id integer primary key, letter text not null, at integer not null) strict;"
	"create table decision (id integer primary key autoincrement, token text not null, proposal text not null,"
	"  version text, verdict text not null, reason text, until integer, at integer not null, proof text) strict",
	NULL };
static const char *const *const steps[] = { schema_1 };
static const struct schema schema = { "inbox", 0x62656869, 1, steps };

int
inbox_open(const char *path, bool write, struct inbox **out, struct error *err)
{
	struct inbox *inbox;

	*out = NULL;
	if (!write && access(path, F_OK) < 0)
		return 0;
	inbox = calloc(1, sizeof(*inbox));
	if (!inbox)
		abort();
	if (base_open(path, write, false, &schema, &inbox->base, err) < 0) {
		free(inbox);
		return -1;
	}
	*out = inbox;
	return 0;
}

void
inbox_close(struct inbox *inbox)
{
	if (!inbox)
		return;
	base_close(&inbox->base);
	free(inbox);
}

int
inbox_session(struct arena *mem, struct inbox *inbox, const char *id, struct session *out, bool *found,
	      struct error *err)
{
	struct query q;

	*found = false;
	if (query_open(&inbox->base, &q, "select id, letter, token, nonce, code_hash, made, code_sent, proved, seen, tries"
		       " from session where id = ?", err) < 0)
		return -1;
	bind_text(&q, id);
	if (query_row(&q, err)) {
		*found = true;
		*out = (struct session){
			.id = column_text(mem, &q, 0), .letter = column_text(mem, &q, 1), .token = column_text(mem, &q, 2),
			.nonce = column_text(mem, &q, 3), .code_hash = column_text(mem, &q, 4), .made = column_moment(&q, 5),
			.code_sent = column_moment(&q, 6), .proved = column_moment(&q, 7), .seen = column_moment(&q, 8),
			.tries = (int)column_number(&q, 9) };
	}
	return query_close(&q, err);
}

int
inbox_session_put(struct inbox *inbox, const struct session *s, struct error *err)
{
	struct query q;

	if (query_open(&inbox->base, &q, "insert or replace into session (id, letter, token, nonce, code_hash, made, code_sent,"
		       " proved, seen, tries) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", err) < 0)
		return -1;
	bind_text(&q, s->id);
	bind_text(&q, s->letter);
	bind_text(&q, s->token);
	bind_text(&q, s->nonce);
	bind_text(&q, s->code_hash);
	bind_moment(&q, s->made);
	bind_moment(&q, s->code_sent);
	bind_moment(&q, s->proved);
	bind_moment(&q, s->seen);
	bind_number(&q, s->tries);
	return query_done(NULL, &q, err);
}

int
inbox_session_end(struct inbox *inbox, const char *id, struct error *err)
{
	struct query q;

	if (query_open(&inbox->base, &q, "delete from session where id = ?", err) < 0)
		return -1;
	bind_text(&q, id);
	return query_done(NULL, &q, err);
}

int
inbox_sessions_expire(struct inbox *inbox, int64_t before, struct error *err)
{
	struct query q;

	if (query_open(&inbox->base, &q, "delete from session where made < ?", err) < 0)
		return -1;
	bind_moment(&q, before);
	return query_done(NULL, &q, err);
}

int
inbox_code_count(struct inbox *inbox, const char *letter, int64_t since, long long *out, struct error *err)
{
	struct query q;

	*out = 0;
	if (query_open(&inbox->base, &q, "select count(*) from code where letter = ? and at >= ?", err) < 0)
		return -1;
	bind_text(&q, letter);
	bind_moment(&q, since);
	if (query_row(&q, err))
		*out = column_number(&q, 0);
	return query_close(&q, err);
}

int
inbox_code_note(struct inbox *inbox, const char *letter, int64_t at, struct error *err)
{
	struct query q;

	if (query_open(&inbox->base, &q, "insert into code (letter, at) values (?, ?)", err) < 0)
		return -1;
	bind_text(&q, letter);
	bind_moment(&q, at);
	return query_done(NULL, &q, err);
}

static int
add_decision(struct inbox *inbox, const struct inbox_decision *d, struct error *err)
{
	struct query q;

	if (query_open(&inbox->base, &q, "insert into decision (token, proposal, version, verdict, reason, until, at, proof)"
		       " values (?, ?, ?, ?, ?, ?, ?, ?)", err) < 0)
		return -1;
	bind_text(&q, d->token);
	bind_text(&q, d->proposal);
	bind_text(&q, d->version);
	bind_text(&q, d->verdict);
	bind_text(&q, d->reason);
	bind_day(&q, d->until);
	bind_moment(&q, d->at);
	bind_text(&q, d->proof);
	return query_done(NULL, &q, err);
}

int
inbox_decisions_add(struct inbox *inbox, const struct inbox_decision *list, size_t count, struct error *err)
{
	int rc = base_run(&inbox->base, "begin immediate", err);

	if (rc < 0)
		return -1;
	for (size_t i = 0; i < count && rc == 0; i++)
		rc = add_decision(inbox, &list[i], err);
	if (rc == 0)
		rc = base_run(&inbox->base, "commit", err);
	if (rc < 0)
		sqlite3_exec(inbox->base.db, "rollback", NULL, NULL, NULL);
	else
		step("inbox");
	return rc;
}

int
inbox_decisions(struct arena *mem, struct inbox *inbox, long long after, struct inbox_decisions *out,
		struct error *err)
{
	struct query q;

	*out = (struct inbox_decisions){ 0 };
	if (!inbox)
		return 0;
	if (query_open(&inbox->base, &q, "select id, token, proposal, version, verdict, reason, until, at, proof from decision"
		       " where id > ? order by id", err) < 0)
		return -1;
	bind_number(&q, after);
	while (query_row(&q, err))
		*arena_push(mem, &out->list) = (struct inbox_decision){
			column_number(&q, 0), column_text(mem, &q, 1), column_text(mem, &q, 2), column_text(mem, &q, 3),
			column_text(mem, &q, 4), column_text(mem, &q, 5), column_day(&q, 6), column_moment(&q, 7),
			column_text(mem, &q, 8) };
	return query_close(&q, err);
}
