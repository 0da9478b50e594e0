/* SPDX-License-Identifier: GPL-3.0-or-later */
/* index.c - last night's folders: loaded a share at a time, and written as they are listed. */
#include "store_p.h"
#include "behov/index.h"
#include "behov/log.h"
#include "behov/number.h"
#include "behov/step.h"
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef BATCH
#define BATCH 20000                     /* folders between two commits */
#endif
#define IDS_MOST (1ll << 31)

static const char *const schema_1[] = {
	"create table share (number integer primary key, id text not null unique, judged text not null, registers text not null,"
	"  files integer not null, folders integer not null, at integer not null) strict;"
	"create table folder (share integer not null, parent integer not null, name blob not null, id integer not null,"
	"  ino integer not null, mtime integer not null, mtime_ns integer not null, ctime integer not null, ctime_ns integer not null,"
	"  listed integer not null, until integer not null, files integer not null, registers integer not null, memo blob not null,"
	"  primary key (share, parent, name)) strict, without rowid",
	NULL };
/* One value instead of seven: half a million folders are as many bytes less for each that SQLite needs to tell values apart. */
static const char *const schema_2[] = {
	"drop table folder;"
	"create table folder (share integer not null, parent integer not null, name blob not null, id integer not null,"
	"  until integer not null, registers integer not null, mark blob not null, memo blob not null,"
	"  primary key (share, parent, name)) strict, without rowid",
	NULL };
static const char *const *const steps[] = { schema_1, schema_2 };
static const struct schema schema = { "memory of folders", 0x62656866, 2, false, steps, true, 16384 };

/* A folder takes less than a hundred bytes: a share may have half a million. */
struct row {
	struct mark mark;
	uint32_t parent, id, files, name, memo, memo_len;       /* name, memo: where in bytes */
	day_t listed, until;
};
struct below { size_t first, count; };

struct index {
	struct base base;
	bool write, failed;
	long long number, next_id;
	struct index_total last;
	struct row *rows;                       /* by parent and name */
	size_t count, room;
	char *bytes;
	size_t len, bytes_room;
	struct query put, gone;
	long long written;
};

bool
mark_same(const struct mark *a, const struct mark *b)
{
	return a->ino == b->ino && a->mtime_s == b->mtime_s && a->mtime_ns == b->mtime_ns && a->ctime_s == b->ctime_s &&
	       a->ctime_ns == b->ctime_ns;
}

/* From here on nothing is known and nothing is written: folders are listed, and the night is as good. */
static void
give_up(struct index *x, const struct error *err)
{
	if (!x->failed)
		log_warn("every folder is listed, for the memory of last night cannot be used (it may be deleted): %s", err->text);
	x->failed = true;
	x->count = 0;
}

static void
unload(struct index *x)
{
	free(x->rows);
	free(x->bytes);
	x->rows = NULL;
	x->bytes = NULL;
	x->count = x->room = x->len = x->bytes_room = 0;
}

/* Somebody deleted the memory, and not what belongs to it: SQLite would take it for that of the new one. */
static void
clean_up(const char *path)
{
	struct arena *mem = arena_open();

	unlink(arena_print(mem, "%s-wal", path));
	unlink(arena_print(mem, "%s-shm", path));
	arena_close(mem);
}

struct index *
index_open(const char *path, bool write)
{
	struct index *x = calloc(1, sizeof(*x));
	struct error err = { 0 };
	struct stat st;

	if (!x)
		abort();
	x->write = write;
	if (lstat(path, &st) < 0 && errno == ENOENT) {
		if (!write) {
			free(x);
			return NULL;
		}
		clean_up(path);
	}
	if (base_open(path, write, false, &schema, &x->base, &err) == 0)
		return x;
	give_up(x, &err);
	free(x);
	return NULL;
}

static void
close_writers(struct index *x)
{
	struct error err = { 0 };

	if (x->put.statement)
		query_close(&x->put, &err);
	if (x->gone.statement)
		query_close(&x->gone, &err);
}

void
index_commit(struct index *x)
{
	struct error err = { 0 };

	if (!x || !x->write || x->failed || !x->written)
		return;
	if (base_run(&x->base, "commit", &err) < 0) {
		sqlite3_exec(x->base.db, "rollback", NULL, NULL, NULL);
		give_up(x, &err);
	}
	x->written = 0;
	step("folders");
}

void
index_close(struct index *x)
{
	if (!x)
		return;
	close_writers(x);
	index_commit(x);
	unload(x);
	base_close(&x->base);
	free(x);
}

/* ------------------------------------------------------------------ loading */

static void *
grow(void *at, size_t count, size_t size)
{
	void *more = reallocarray(at, count, size);

	if (!more)
		abort();                /* as arena_take(): without memory there is no honest way on */
	return more;
}

static uint32_t
keep(struct index *x, const void *bytes, size_t len)
{
	size_t at = x->len;

	if (x->len + len + 1 > x->bytes_room) {
		x->bytes_room = x->bytes_room * 3 / 2 + len + 4096;
		x->bytes = grow(x->bytes, x->bytes_room, 1);
	}
	if (len)
		memcpy(x->bytes + at, bytes, len);
	x->bytes[at + len] = '\0';
	x->len += len + 1;
	return (uint32_t)at;
}

static bool
in_range(long long n, long long most)
{
	return n >= 0 && n <= most;
}

/* A folder's times are mostly one: the second is told as what it differs by. */
static size_t
put_mark(unsigned char *to, const struct seen *seen)
{
	const struct mark *m = &seen->mark;
	size_t len = number_put(to, m->ino);

	len += number_put(to + len, number_folded((uint64_t)m->mtime_s));
	len += number_put(to + len, m->mtime_ns);
	len += number_put(to + len, number_folded((uint64_t)m->ctime_s - (uint64_t)m->mtime_s));
	len += number_put(to + len, number_folded((uint64_t)m->ctime_ns - (uint64_t)m->mtime_ns));
	len += number_put(to + len, number_folded((uint64_t)(int64_t)seen->listed));
	return len + number_put(to + len, (uint64_t)seen->files);
}

static bool
get_mark(const void *bytes, size_t len, struct row *r)
{
	struct numbers in = { .at = bytes, .end = len ? (const unsigned char *)bytes + len : bytes };
	struct mark *m = &r->mark;

	m->ino = number_get(&in);
	m->mtime_s = (int64_t)number_unfolded(number_get(&in));
	m->mtime_ns = (uint32_t)number_get(&in);
	m->ctime_s = (int64_t)((uint64_t)m->mtime_s + number_unfolded(number_get(&in)));
	m->ctime_ns = (uint32_t)(m->mtime_ns + number_unfolded(number_get(&in)));
	r->listed = (day_t)(int64_t)number_unfolded(number_get(&in));
	r->files = (uint32_t)number_get(&in);
	return len && !in.broken && in.at == in.end;
}

static const void *
column_bytes(struct query *q, int column, size_t *len)
{
	const void *bytes = sqlite3_column_blob(q->statement, column);

	*len = (size_t)sqlite3_column_bytes(q->statement, column);
	return bytes;
}

/* Those below one parent come together, in order of their names. */
static int
load_row(struct index *x, struct query *q, bool good, bool registers_good, struct error *err)
{
	size_t name_len, mark_len, memo_len;
	const void *name = column_bytes(q, 1, &name_len), *mark = column_bytes(q, 5, &mark_len), *memo = column_bytes(q, 6, &memo_len);
	long long parent = column_number(q, 0), id = column_number(q, 2);
	struct row row = { .parent = (uint32_t)parent, .id = (uint32_t)id, .until = (day_t)column_number(q, 3) }, *r;

	if (!in_range(parent, IDS_MOST) || !in_range(id, IDS_MOST) || id <= parent || x->len + name_len + memo_len > UINT32_MAX / 2 ||
	    (name_len && memchr(name, '\0', name_len)) || !get_mark(mark, mark_len, &row))
		return error_set(err, ERROR_STORE, "'%s' does not hold what we wrote", x->base.path);
	if (x->count == x->room) {
		x->room = x->room ? x->room * 3 / 2 : 1024;
		x->rows = grow(x->rows, x->room, sizeof(*x->rows));
	}
	r = &x->rows[x->count];
	*r = row;
	if (!good || (column_number(q, 4) && !registers_good))
		r->until = 0;
	r->name = keep(x, name, name_len);
	r->memo_len = (uint32_t)memo_len;
	r->memo = keep(x, memo, memo_len);
	x->next_id = id >= x->next_id ? id + 1 : x->next_id;
	x->count++;
	return 0;
}

static int
load_rows(struct index *x, bool good, bool registers_good, struct error *err)
{
	struct query q;
	int rc = 0;

	if (query_open(&x->base, &q, "select parent, name, id, until, registers, mark, memo from folder where share = ?"
		       " order by parent, name", err) < 0)
		return -1;
	bind_number(&q, x->number);
	while (rc == 0 && query_row(&q, err))
		rc = load_row(x, &q, good, registers_good, err);
	return query_close(&q, err) < 0 ? -1 : rc;
}

/* Its row, with what it was judged under: *good says whether that is as now. */
static int
load_share(struct index *x, const char *share, const char *judged, const char *registers, bool *good, bool *registers_good,
	   struct error *err)
{
	struct query q;

	x->number = 0;
	x->last = (struct index_total){ 0, 0, 0 };
	*good = *registers_good = false;
	if (query_open(&x->base, &q, "select number, judged = ?, registers = ?, files, folders, at from share where id = ?", err) < 0)
		return -1;
	bind_text(&q, judged);
	bind_text(&q, registers);
	bind_text(&q, share);
	if (query_row(&q, err)) {
		x->number = column_number(&q, 0);
		*good = column_number(&q, 1);
		*registers_good = column_number(&q, 2);
		x->last = (struct index_total){ column_number(&q, 3), column_number(&q, 4), column_number(&q, 5) };
	}
	return query_close(&q, err);
}

/* Both as they were at one moment: beside a plan a night may write, under other rules, what this one would take for its own. */
static int
load(struct index *x, const char *share, const char *judged, const char *registers, bool *good, bool *registers_good,
     struct error *err)
{
	struct error late = { 0 };
	int rc = base_run(&x->base, "begin", err);

	if (rc < 0)
		return -1;
	rc = load_share(x, share, judged, registers, good, registers_good, err);
	if (rc == 0 && !x->failed)
		rc = load_rows(x, *good, *registers_good, err);
	if (base_run(&x->base, "commit", rc < 0 ? &late : err) < 0)
		return -1;
	return rc;
}

/* Memos that are good no more are marked so before the new digests are written, in one transaction. */
static int
renew_share(struct index *x, const char *share, const char *judged, const char *registers, bool good, struct error *err)
{
	struct query q;

	if (base_run(&x->base, "begin immediate", err) < 0)
		return -1;
	if (query_open(&x->base, &q, "insert into share (id, judged, registers, files, folders, at) values (?, ?, ?, 0, 0, 0)"
		       " on conflict (id) do update set judged = excluded.judged, registers = excluded.registers", err) < 0)
		goto fail;
	bind_text(&q, share);
	bind_text(&q, judged);
	bind_text(&q, registers);
	if (query_done(NULL, &q, err) < 0)
		goto fail;
	if (!x->number)
		x->number = sqlite3_last_insert_rowid(x->base.db);
	if (query_open(&x->base, &q, good ? "update folder set until = 0 where share = ? and registers and until <> 0"
					  : "update folder set until = 0 where share = ? and until <> 0", err) < 0)
		goto fail;
	bind_number(&q, x->number);
	if (query_done(NULL, &q, err) < 0 || base_run(&x->base, "commit", err) < 0)
		goto fail;
	return 0;
fail:
	sqlite3_exec(x->base.db, "rollback", NULL, NULL, NULL);
	return -1;
}

static int
open_writers(struct index *x, struct error *err)
{
	close_writers(x);
	if (query_open(&x->base, &x->put, "insert or replace into folder (share, parent, name, id, until, registers, mark, memo)"
		       " values (?, ?, ?, ?, ?, ?, ?, ?)", err) < 0)
		return -1;
	return query_open(&x->base, &x->gone, "delete from folder where share = ? and parent = ? and name = ?", err);
}

void
index_share(struct index *x, const char *share, const char *judged, const char *registers)
{
	struct error err = { 0 };
	bool good, registers_good;
	int rc;

	index_commit(x);
	unload(x);
	x->next_id = 1;
	rc = load(x, share, judged, registers, &good, &registers_good, &err);
	if (x->failed)                  /* what cannot be written can be compared with all the same */
		return;
	if (rc < 0 ||
	    (x->write && !(good && registers_good) && renew_share(x, share, judged, registers, good, &err) < 0) ||
	    (x->write && open_writers(x, &err) < 0))
		give_up(x, &err);
}

/* ------------------------------------------------------------------ looking */

void
index_last(const struct index *x, struct index_total *out)
{
	*out = x->last;
}

static void
show(const struct index *x, const struct row *r, struct seen *out)
{
	*out = (struct seen){
		.name = x->bytes + r->name, .id = r->id, .mark = r->mark, .listed = r->listed, .until = r->until,
		.files = r->files, .memo = { .bytes = x->bytes + r->memo, .len = r->memo_len },
	};
}

/* The first row from `first` on whose parent is not before that. */
static size_t
parent_at(const struct index *x, size_t first, long long parent)
{
	size_t to = x->count;

	while (first < to) {
		size_t middle = first + (to - first) / 2;

		if (x->rows[middle].parent < parent)
			first = middle + 1;
		else
			to = middle;
	}
	return first;
}

/* Numbers of folders are never used again, so nothing is as long as they are high. */
static struct below
below(const struct index *x, long long parent)
{
	size_t first = parent_at(x, 0, parent);

	return (struct below){ first, parent_at(x, first, parent + 1) - first };
}

static const struct row *
find(const struct index *x, long long parent, const char *name)
{
	struct below b = below(x, parent);
	size_t from = b.first, to = from + b.count;

	while (from < to) {
		size_t middle = from + (to - from) / 2;
		int order = strcmp(x->bytes + x->rows[middle].name, name);

		if (order == 0)
			return &x->rows[middle];
		if (order < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return NULL;
}

bool
index_find(const struct index *x, long long parent, const char *name, struct seen *out)
{
	const struct row *r = find(x, parent, name);

	if (r)
		show(x, r, out);
	return r;
}

bool
index_child(const struct index *x, long long parent, size_t number, struct seen *out)
{
	size_t at = parent_at(x, 0, parent) + number;

	if (at >= x->count || x->rows[at].parent != parent)
		return false;
	show(x, &x->rows[at], out);
	return true;
}

/* ------------------------------------------------------------------ writing */

/* The next one is part of a transaction, which is committed now and then. */
static void
write_one(struct index *x, struct query *q)
{
	struct error err = { 0 };

	if (!x->written && base_run(&x->base, "begin immediate", &err) < 0) {
		give_up(x, &err);
		return;
	}
	x->written++;
	while (query_row(q, &err))
		;
	if (q->failed) {
		sqlite3_exec(x->base.db, "rollback", NULL, NULL, NULL);
		x->written = 0;
		give_up(x, &err);
		return;
	}
	sqlite3_reset(q->statement);
	q->bound = 0;
	if (x->written >= BATCH)
		index_commit(x);
}

long long
index_put(struct index *x, long long parent, const struct seen *seen)
{
	const struct row *was = find(x, parent, seen->name);
	struct query *q = &x->put;
	unsigned char mark[7 * NUMBER_MOST];
	long long id;

	if (x->failed || !x->write)
		return was ? (long long)was->id : -1;
	id = seen->id ? seen->id : was ? was->id : x->next_id++;
	if (was && was->until == 0 && seen->until == 0 && mark_same(&was->mark, &seen->mark))
		return id;              /* nobody will trust it anyway */
	bind_number(q, x->number);
	bind_number(q, parent);
	bind_lent(q, seen->name, strlen(seen->name));
	bind_number(q, id);
	bind_number(q, seen->until);
	bind_number(q, seen->memo.registers);
	bind_lent(q, mark, put_mark(mark, seen));
	bind_lent(q, seen->memo.len ? seen->memo.bytes : "", seen->memo.len);
	write_one(x, q);
	return id;
}

/* Itself first: a folder that is there without those below it would hide them. */
void
index_forget(struct index *x, long long parent, const struct seen *seen)
{
	struct seen child;

	if (x->failed || !x->write)
		return;
	bind_number(&x->gone, x->number);
	bind_number(&x->gone, parent);
	bind_lent(&x->gone, seen->name, strlen(seen->name));
	write_one(x, &x->gone);
	for (size_t i = 0; index_child(x, seen->id, i, &child); i++)
		index_forget(x, seen->id, &child);
}

void
index_complete(struct index *x, const struct index_total *total)
{
	struct error err = { 0 };
	struct query q;

	index_commit(x);
	if (x->failed || !x->write)
		return;
	if (query_open(&x->base, &q, "update share set files = ?, folders = ?, at = ? where number = ?", &err) == 0) {
		bind_number(&q, total->files);
		bind_number(&q, total->folders);
		bind_moment(&q, total->at);
		bind_number(&q, x->number);
		if (query_done(NULL, &q, &err) == 0)
			return;
	}
	give_up(x, &err);
}
