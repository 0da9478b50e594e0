/* SPDX-License-Identifier: GPL-3.0-or-later */
/* inbox.c - the page's own database: sessions, codes sent, and decisions nobody has verified yet. */
#include "store_p.h"
#include "behov/digest.h"
#include "behov/inbox.h"
#include "behov/step.h"

#include <errno.h>
#include <pthread.h>
#include <sys/stat.h>

struct inbox { struct base base; };

/*
 * Who writes shuts the others out while a change reaches the disk, and SQLite lets them ask again after pauses that grow.
 * The hands of one process take turns here instead, so that none of them is ever told that it is busy; whoever wants to
 * write comes first, and the one other process that reads it has SQLite's own patience.
 */
static pthread_rwlock_t turn = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;

#define DECISION                                                                                                       \
	"decision (id integer primary key autoincrement, token text not null, proposal text not null,"                 \
	"  version text, verdict text not null, reason text, until integer, at integer not null, proof text) strict"

/* Links that somebody has asked for. */
#define WISH "wish (id integer primary key autoincrement, who text not null, at integer not null) strict"

static const char *const schema_1[] = {
	"create table session (id text primary key, letter text not null, token text, nonce text, code_hash text,"
	"  made integer not null, code_sent integer, proved integer, seen integer, tries integer not null) strict;"
	"create table code (id integer primary key, letter text not null, at integer not null) strict;"
	"create table " DECISION,
	NULL };
static const char *const schema_2[] = {
	"alter table session add column kind text;"
	"alter table session add column used integer;"
	"alter table session add column account text;"
	"create table " WISH,
	NULL };
static const char *const *const steps[] = { schema_1, schema_2 };
static const struct schema schema = { "inbox", 0x62656869, 2, true, steps, false, 0 };

/* Is there something that we dare to open?  A FIFO would hold us up for ever. */
static int
examine(const char *path, bool *there, struct error *err)
{
	struct stat st;

	*there = lstat(path, &st) == 0;
	if (!*there)
		return errno == ENOENT ? 0 : error_sys(err, ERROR_STORE, "cannot look at the inbox '%s'", path);
	if (!S_ISREG(st.st_mode))
		return error_set(err, ERROR_STORE, "the inbox '%s' is not a file: who has put something else there?", path);
	if (st.st_size > INBOX_MOST)
		return error_set(err, ERROR_STORE, "the inbox '%s' is larger than %lld bytes: see what 'behov serve' wrote, and "
				 "move it away", path, INBOX_MOST);
	return 0;
}

/* Any other way of keeping what we read (a view, columns that are computed) could make us work for ever. */
static int
is_ours(struct base *base, struct error *err)
{
	bool ours = false;
	struct query q;

	if (query_open(base, &q, "select count(*) from sqlite_schema where type = 'table' and (name, sql) in"
		       " (values ('decision', 'CREATE TABLE ' || ?), ('wish', 'CREATE TABLE ' || ?))", err) < 0)
		return -1;
	bind_text(&q, DECISION);
	bind_text(&q, WISH);
	ours = query_row(&q, err) && column_number(&q, 0) == 2;
	if (query_close(&q, err) < 0)
		return -1;
	return ours ? 0 : error_set(err, ERROR_STORE, "the inbox '%s' was not made by this program", base->path);
}

/* SQLite opens what lies beside it, too. */
static int
examine_all(const char *path, bool *there, struct error *err)
{
	struct arena *mem = arena_open();
	bool beside;
	int rc = examine(path, there, err);

	if (rc == 0 && *there)
		rc = examine(arena_print(mem, "%s-journal", path), &beside, err);
	if (rc == 0 && *there)
		rc = examine(arena_print(mem, "%s-wal", path), &beside, err);
	arena_close(mem);
	return rc;
}

int
inbox_open(const char *path, bool write, struct inbox **out, struct error *err)
{
	struct inbox *inbox;
	bool there = true;

	*out = NULL;
	if (!write && examine_all(path, &there, err) < 0)
		return -1;
	if (!there)
		return 0;
	inbox = calloc(1, sizeof(*inbox));
	if (!inbox)
		abort();
	if (base_open(path, write, false, &schema, &inbox->base, err) < 0) {
		free(inbox);
		return -1;
	}
	/* Who only reads asks for all of it, and need not know of these. */
	if (write ? base_run(&inbox->base, "create index if not exists decision_token on decision (token);"
			     "create index if not exists decision_proposal on decision (proposal)", err) < 0
		  : is_ours(&inbox->base, err) < 0) {
		inbox_close(inbox);
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

/* ------------------------------------------------------------------ in turn */

static int
ask(struct inbox *inbox, struct query *q, const char *sql, struct error *err)
{
	pthread_rwlock_rdlock(&turn);
	if (query_open(&inbox->base, q, sql, err) == 0)
		return 0;
	pthread_rwlock_unlock(&turn);
	return -1;
}

static int
told(struct query *q, struct error *err)
{
	int rc = query_close(q, err);

	pthread_rwlock_unlock(&turn);
	return rc;
}

static int
change(struct inbox *inbox, struct query *q, const char *sql, struct error *err)
{
	pthread_rwlock_wrlock(&turn);
	if (query_open(&inbox->base, q, sql, err) == 0)
		return 0;
	pthread_rwlock_unlock(&turn);
	return -1;
}

static int
changed(struct query *q, struct error *err)
{
	int rc = query_done(NULL, q, err);

	pthread_rwlock_unlock(&turn);
	return rc;
}

/* The same, of what somebody waits for. */
static int
written(struct query *q, struct error *err)
{
	int rc = changed(q, err);

	if (rc == 0)
		step("inbox");
	return rc;
}

/* ------------------------------------------------------------------ sessions, codes, decisions */

int
inbox_session(struct arena *mem, struct inbox *inbox, const char *id, struct session *out, bool *found,
	      struct error *err)
{
	struct query q;

	*found = false;
	if (ask(inbox, &q, "select id, letter, token, nonce, code_hash, made, code_sent, proved, seen, tries, kind, used, account"
		       " from session where id = ?", err) < 0)
		return -1;
	bind_text(&q, id);
	if (query_row(&q, err)) {
		*found = true;
		*out = (struct session){
			.id = column_text(mem, &q, 0), .letter = column_text(mem, &q, 1), .token = column_text(mem, &q, 2),
			.nonce = column_text(mem, &q, 3), .code_hash = column_text(mem, &q, 4), .made = column_moment(&q, 5),
			.code_sent = column_moment(&q, 6), .proved = column_moment(&q, 7), .seen = column_moment(&q, 8),
			.tries = (int)column_number(&q, 9), .kind = column_text(mem, &q, 10), .used = column_moment(&q, 11),
			.account = column_text(mem, &q, 12) };
	}
	return told(&q, err);
}

int
inbox_session_put(struct inbox *inbox, const struct session *s, struct error *err)
{
	struct query q;

	if (change(inbox, &q, "insert or replace into session (id, letter, token, nonce, code_hash, made, code_sent,"
		       " proved, seen, tries, kind, used, account) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", err) < 0)
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
	bind_text(&q, s->kind);
	bind_moment(&q, s->used);
	bind_text(&q, s->account);
	return written(&q, err);
}

int
inbox_session_end(struct inbox *inbox, const char *id, struct error *err)
{
	struct query q;

	if (change(inbox, &q, "delete from session where id = ?", err) < 0)
		return -1;
	bind_text(&q, id);
	return changed(&q, err);
}

int
inbox_sessions_expire(struct inbox *inbox, int64_t before, struct error *err)
{
	struct query q;

	if (change(inbox, &q, "delete from session where made < ?", err) < 0)
		return -1;
	bind_moment(&q, before);
	return changed(&q, err);
}

int
inbox_code_count(struct inbox *inbox, const char *letter, int64_t since, long long *out, struct error *err)
{
	struct query q;

	*out = 0;
	if (ask(inbox, &q, "select count(*) from code where letter = ? and at >= ?", err) < 0)
		return -1;
	bind_text(&q, letter);
	bind_moment(&q, since);
	if (query_row(&q, err))
		*out = column_number(&q, 0);
	return told(&q, err);
}

int
inbox_code_note(struct inbox *inbox, const char *letter, int64_t at, struct error *err)
{
	struct query q;

	if (change(inbox, &q, "insert into code (letter, at) values (?, ?)", err) < 0)
		return -1;
	bind_text(&q, letter);
	bind_moment(&q, at);
	return written(&q, err);
}

int
inbox_code_forget(struct inbox *inbox, const char *letter, int64_t at, struct error *err)
{
	struct query q;

	if (change(inbox, &q, "delete from code where id = (select max(id) from code where letter = ? and at = ?)", err) < 0)
		return -1;
	bind_text(&q, letter);
	bind_moment(&q, at);
	return changed(&q, err);
}

int
inbox_codes_expire(struct inbox *inbox, int64_t before, struct error *err)
{
	struct query q;

	if (change(inbox, &q, "delete from code where at < ?", err) < 0)
		return -1;
	bind_moment(&q, before);
	return changed(&q, err);
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
	int rc;

	pthread_rwlock_wrlock(&turn);
	rc = base_run(&inbox->base, "begin immediate", err);
	for (size_t i = 0; i < count && rc == 0; i++)
		rc = add_decision(inbox, &list[i], err);
	if (rc == 0)
		rc = base_run(&inbox->base, "commit", err);
	if (rc < 0)
		sqlite3_exec(inbox->base.db, "rollback", NULL, NULL, NULL);
	pthread_rwlock_unlock(&turn);
	if (rc == 0)
		step("inbox");
	return rc;
}

static int
end_decision(struct inbox *inbox, long long id, struct error *err)
{
	struct query q;

	if (query_open(&inbox->base, &q, "delete from decision where id = ?", err) < 0)
		return -1;
	bind_number(&q, id);
	return query_done(NULL, &q, err);
}

int
inbox_decisions_end(struct inbox *inbox, const long long *ids, size_t count, struct error *err)
{
	int rc;

	if (!count)
		return 0;
	pthread_rwlock_wrlock(&turn);
	rc = base_run(&inbox->base, "begin immediate", err);
	for (size_t i = 0; i < count && rc == 0; i++)
		rc = end_decision(inbox, ids[i], err);
	if (rc == 0)
		rc = base_run(&inbox->base, "commit", err);
	if (rc < 0)
		sqlite3_exec(inbox->base.db, "rollback", NULL, NULL, NULL);
	pthread_rwlock_unlock(&turn);
	return rc;
}

/* 63 bits of a digest: nobody finds another row with the mark of an honest one. */
static long long
mark(const struct inbox_decision *d)
{
	const char *const texts[] = { d->token, d->proposal, d->version, d->verdict, d->reason, d->proof };
	const long long numbers[] = { d->id, d->until, d->at };
	unsigned char sum[DIGEST_SIZE];
	struct digest *digest = digest_open();
	unsigned long long out;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		digest_field(digest, texts[i]);
	digest_add(digest, numbers, sizeof(numbers));
	digest_close(digest, sum);
	memcpy(&out, sum, sizeof(out));
	return (long long)(out & INT64_MAX) ? (long long)(out & INT64_MAX) : 1;
}

/* As bytes, because a text may hold a NUL; one byte more than fits, so that too long stays too long. */
#define SHORT(column) "substr(cast(" column " as blob), 1, 4001)"

int
inbox_decisions(struct arena *mem, struct inbox *inbox, const struct inbox_filter *filter,
		struct inbox_decisions *out, struct error *err)
{
	struct query q;

	_Static_assert(INBOX_TEXT_MOST == 4000, "SHORT() takes one byte more");
	*out = (struct inbox_decisions){ 0 };
	if (!inbox)
		return 0;
	if (ask(inbox, &q, arena_print(mem, "select id, " SHORT("token") ", " SHORT("proposal") ", " SHORT("version") ", "
				       SHORT("verdict") ", " SHORT("reason") ", until, at, " SHORT("proof") " from decision"
				       " where id > ?1 and (?2 = 0 or at >= ?2)%s%s order by id limit ?3",
				       filter->token ? " and token = ?4" : "",
				       filter->proposals ? " and proposal in (select value from json_each(?5))" : ""), err) < 0)
		return -1;
	bind_number(&q, filter->after);
	bind_number(&q, filter->since);
	bind_number(&q, filter->most ? filter->most : -1);
	if (filter->token || filter->proposals)
		bind_text(&q, filter->token);
	if (filter->proposals)
		bind_text(&q, filter->proposals);
	while (query_row(&q, err)) {
		struct inbox_decision *d = arena_push(mem, &out->list);

		*d = (struct inbox_decision){
			.id = column_number(&q, 0), .token = column_text(mem, &q, 1), .proposal = column_text(mem, &q, 2),
			.version = column_text(mem, &q, 3), .verdict = column_text(mem, &q, 4), .reason = column_text(mem, &q, 5),
			.until = column_day(&q, 6), .at = column_moment(&q, 7), .proof = column_text(mem, &q, 8) };
		d->mark = mark(d);
	}
	return told(&q, err);
}

/* ------------------------------------------------------------------ links asked for */

/* The row with the number 0 is of nobody. */
static int
put_wish(struct inbox *inbox, bool pass, const char *who, int64_t at, struct error *err)
{
	struct query q;

	if (change(inbox, &q, "insert or replace into wish (id, who, at) values (case when ? then 0 else null end, ?, ?)", err) < 0)
		return -1;
	bind_number(&q, pass);
	bind_text(&q, who);
	bind_moment(&q, at);
	return written(&q, err);
}

int
inbox_wish_add(struct inbox *inbox, const char *who, int64_t at, struct error *err)
{
	return put_wish(inbox, false, who, at, err);
}

int
inbox_wish_pass(struct inbox *inbox, const char *who, int64_t at, struct error *err)
{
	return put_wish(inbox, true, who, at, err);
}

int
inbox_wish_count(struct inbox *inbox, const char *who, int64_t since, long long *out, struct error *err)
{
	struct query q;

	*out = 0;
	if (ask(inbox, &q, "select count(*) from wish where id > 0 and at >= ?2 and (?1 is null or who = ?1)", err) < 0)
		return -1;
	bind_text(&q, who);
	bind_moment(&q, since);
	if (query_row(&q, err))
		*out = column_number(&q, 0);
	return told(&q, err);
}

int
inbox_wishes_expire(struct inbox *inbox, int64_t before, struct error *err)
{
	struct query q;

	if (change(inbox, &q, "delete from wish where at < ?", err) < 0)
		return -1;
	bind_moment(&q, before);
	return changed(&q, err);
}

int
inbox_wishes(struct arena *mem, struct inbox *inbox, int64_t since, int64_t until, struct inbox_wishes *out, struct error *err)
{
	struct query q;

	*out = (struct inbox_wishes){ 0 };
	if (!inbox)
		return 0;
	if (ask(inbox, &q, "select substr(cast(who as blob), 1, ?1), at from wish where id > 0 and at between ?2 and ?3"
		       " order by at desc, id desc limit ?4", err) < 0)
		return -1;
	bind_number(&q, WISH_MOST + 1);
	bind_moment(&q, since);
	bind_moment(&q, until);
	bind_number(&q, WISHES_MOST);
	while (query_row(&q, err))
		*arena_push(mem, &out->list) = (struct inbox_wish){ .who = column_text(mem, &q, 0), .at = column_moment(&q, 1) };
	return told(&q, err);
}
