/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_p.h - what the files of the store share: a database, and statements that are short to write.
 *
 *     struct query q;
 *     if (query_open(db, &q, "select name from pin where key = ?", err) < 0)
 *             return -1;
 *     bind_text(&q, key);
 *     while (query_row(&q, err))
 *             … column_text(mem, &q, 0) …
 *     return query_close(&q, err);            -1 when anything went wrong on the way
 */
#ifndef STORE_P_H
#define STORE_P_H

#include "behov/store.h"
#include <sqlite3.h>

/* A statement that is asked for each of many thousands, and so is not read anew each time. */
#define KEPT_MOST 16
struct kept_query { const char *sql; sqlite3_stmt *statement; bool busy; };

struct base {
	sqlite3 *db;
	struct kept_query kept[KEPT_MOST];
	const char *what;               /* "store" or "inbox", for errors */
	char *path;
};

struct store {
	struct base base;
	bool test, within;              /* within: between begin and commit */
};

struct query {
	struct base *base;
	sqlite3_stmt *statement;
	struct kept_query *kept;        /* it goes back there; NULL: it ends with us */
	int bound;
	bool failed;
};

/* Opens (or makes, mode 0640 or as file_share() says) a database with our settings, brought up to `schema`; application id says whose it is. */
struct schema {
	const char *what;
	int application, version;
	bool alone;                     /* readers trust no file beside it: no WAL, and so no memory shared with who writes */
	const char *const *const *steps;        /* for each version what brings it there: statements, NULL last */
	bool single;                    /* one thread has it: SQLite need not lock itself at each call */
	int page;                       /* bytes of each page of a new one; 0: SQLite's own 4,096 */
};
int base_open(const char *path, bool write, bool fresh, const struct schema *schema, struct base *out,
	      struct error *err);
void base_close(struct base *base);
int base_run(struct base *base, const char *sql, struct error *err);
/* The number that a pragma gives. */
int base_pragma(struct base *base, const char *name, long long *out, struct error *err);

int query_open(struct base *base, struct query *q, const char *sql, struct error *err);
/* As above; the text of the statement is known by where it stands, and outlives the base. */
int query_again(struct base *base, struct query *q, const char *sql, struct error *err);
bool query_row(struct query *q, struct error *err);
int query_close(struct query *q, struct error *err);
/* One that gives no rows: steps it, closes it, and marks the end of a change outside a transaction. */
int query_done(struct store *store, struct query *q, struct error *err);

/* Bound in the order of the question marks.  A text that is not UTF-8 is bound as name_show() shows it; NULL is null. */
void bind_text(struct query *q, const char *text);
void bind_number(struct query *q, long long number);
/* INT64_MIN and DAY_NONE become null. */
void bind_moment(struct query *q, int64_t moment);
void bind_day(struct query *q, day_t day);
void bind_bytes(struct query *q, const void *bytes, size_t len);
/* The same, borrowed: they must stay until the statement has run. */
void bind_lent(struct query *q, const void *bytes, size_t len);

const char *column_text(struct arena *mem, struct query *q, int column);
/* The same without a copy, good until the next row; mem takes only what had a NUL inside. */
const char *column_lent(struct arena *mem, struct query *q, int column);
long long column_number(struct query *q, int column);
int64_t column_moment(struct query *q, int column);
day_t column_day(struct query *q, int column);
bool column_null(struct query *q, int column);

/* proposals.c: " and COLUMN in ('open', …)", or "" for all. */
const char *states_in(struct arena *mem, unsigned states, const char *column);

/*
 * facts.c: tonight's rows, against those that stand.  The keys of tonight's are noted in a table of this connection ("temp.tonight"),
 * and rows whose key is not there go.  All of it is one change: within the caller's transaction, or in one of its own.
 */
const char *fact_key(struct arena *mem, const char *const *fields, size_t count);
int fact_start(struct store *store, struct error *err);
int fact_note(struct store *store, const char *key, struct error *err);
/*
 * What stood there until tonight, and is gone or stands there otherwise now, by one insert with one moment: asking for each costs as much
 * again as writing it.  The same night again finds what it has written itself, which was never seen.
 */
int fact_keep(struct store *store, const char *sql, int64_t now, struct error *err);
int fact_put(struct store *store, const struct plan *plan, int64_t now,
	     int (*work)(struct arena *, struct store *, const struct plan *, int64_t, struct error *), struct error *err);

/* A value that says that what was deleted has left traces in the file: store_names_scrub() writes it anew. */
#define SCRUB_VALUE "names-to-scrub"

/* manifest.c: those that an older schema holds in one piece are put into frames. */
int manifests_split(struct store *store, struct error *err);

/* A list of texts as a JSON array, and back. */
char *texts_json(struct arena *mem, const char **texts, int count);
int texts_read(struct arena *mem, const char *text, const char ***out, int *count, struct error *err);

/* Index of a word in words[0..count-1], or -1 with err: the store holds something we never wrote. */
int word_index(const char *word, const char *const *words, int count, struct error *err);

#endif
