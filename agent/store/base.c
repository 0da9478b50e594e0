/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base.c - SQLite, opened with care, and statements whose errors are told once. */
#include "store_p.h"
#include "behov/file.h"
#include "behov/json.h"
#include "behov/log.h"
#include "behov/step.h"
#include "behov/text.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUSY_MS 10000

/* What whoever reads the log can do about it; "" = we do not know. */
static const char *
way_out(const struct base *base)
{
	switch (base->db ? sqlite3_errcode(base->db) & 0xff : SQLITE_NOMEM) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return ": another program holds it, see 'fuser' of that file, and run this again";
	case SQLITE_FULL:
	case SQLITE_IOERR:
		return ": see that its disk is there and has room, and run this again";
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
		return ": see who may write there, and how its disk is mounted";
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return ": put back its last good copy";
	default:
		return "";
	}
}

static int
base_error(const struct base *base, struct error *err, const char *doing)
{
	return error_set(err, ERROR_STORE, "cannot %s the %s '%s': %s%s", doing, base->what, base->path,
			 base->db ? sqlite3_errmsg(base->db) : "out of memory", way_out(base));
}

int
base_run(struct base *base, const char *sql, struct error *err)
{
	return sqlite3_exec(base->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : base_error(base, err, "use");
}

/* The folder with its links followed, the file itself without: SQLite refuses links anywhere in the path. */
static char *
real_path(const char *path, const char *what, struct error *err)
{
	char *copy = strdup(path), *again = strdup(path), *folder, *out = NULL;
	struct arena *mem = arena_open();

	if (!copy || !again)
		abort();
	folder = realpath(dirname(copy), NULL);
	if (!folder)
		error_sys(err, ERROR_STORE, "cannot find the folder of the %s '%s'", what, path);
	else
		out = strdup(arena_print(mem, "%s/%s", strcmp(folder, "/") == 0 ? "" : folder, basename(again)));
	free(folder);
	free(copy);
	free(again);
	arena_close(mem);
	return out;
}

/* Made by us, so that it never exists with another mode than ours; what SQLite lays beside it gets the same. */
static int
make_file(const char *path, bool fresh, const char *what, struct error *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | (fresh ? O_EXCL : 0), 0640), rc;

	if (fd < 0)
		return error_sys(err, ERROR_STORE, "cannot %s the %s '%s'", fresh ? "make" : "open", what, path);
	rc = file_share(fd, path, false, err);
	close(fd);
	return rc;
}

/* civil_day(moment): the day in the zone, as everywhere else; null for null. */
static void
civil_day(sqlite3_context *context, int count, sqlite3_value **values)
{
	day_t day = count == 1 && sqlite3_value_type(values[0]) == SQLITE_INTEGER ? clock_day(sqlite3_value_int64(values[0])) : DAY_NONE;

	if (day == DAY_NONE)
		sqlite3_result_null(context);
	else
		sqlite3_result_int(context, day);
}

static int
set_up(struct base *base, bool write, bool alone, struct error *err)
{
	static const struct { int option, value; } settings[] = {
		{ SQLITE_DBCONFIG_DEFENSIVE, 1 }, { SQLITE_DBCONFIG_DQS_DDL, 0 }, { SQLITE_DBCONFIG_DQS_DML, 0 },
		{ SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 }, { SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0 },
		{ SQLITE_DBCONFIG_ENABLE_FKEY, 1 }, { SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 }, { SQLITE_DBCONFIG_ENABLE_VIEW, 0 },
	};

	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++)
		if (sqlite3_db_config(base->db, settings[i].option, settings[i].value, NULL) != SQLITE_OK)
			return base_error(base, err, "set up");
	if (sqlite3_create_function(base->db, "civil_day", 1, SQLITE_UTF8 | SQLITE_DIRECTONLY, NULL, civil_day, NULL, NULL) != SQLITE_OK)
		return base_error(base, err, "set up");
	sqlite3_busy_timeout(base->db, BUSY_MS);
	/* Who may write nowhere else lays nothing in a file of its own, either. */
	if ((!write || alone) && base_run(base, "pragma temp_store = memory", err) < 0)
		return -1;
	/* Extra: without a WAL the journal's removal is what commits, and is there after a power loss when the folder was synced. */
	if (base_run(base, write ? "pragma synchronous = extra; pragma secure_delete = on; pragma cell_size_check = on"
				 : "pragma query_only = on; pragma cell_size_check = on", err) < 0)
		return -1;
	/* Locked for as long as it is read, one in WAL mode is refused before its -shm is mapped: who cuts that off would
	 * end us by SIGBUS. */
	if (alone && !write && base_run(base, "pragma locking_mode = exclusive", err) < 0)
		return -1;
	/* Of the page's hands, of which there are twenty, each would keep two megabytes of pages that the system has already.
	 * Last, as it is the first to look into the file. */
	return !write || alone ? base_run(base, "pragma cache_size = -512", err) : 0;
}

/* The -wal, emptied, and the -shm stay when we close: another account, which may read and make no files, needs them. */
static int
set_journal(struct base *base, bool alone, struct error *err)
{
	int stays = 1;

	if (alone)
		return base_run(base, "pragma journal_mode = delete", err);
	if (sqlite3_file_control(base->db, NULL, SQLITE_FCNTL_PERSIST_WAL, &stays) != SQLITE_OK)
		return base_error(base, err, "set up");
	return base_run(base, "pragma journal_mode = wal; pragma journal_size_limit = 0", err);
}

int
base_pragma(struct base *base, const char *name, long long *out, struct error *err)
{
	struct arena *mem = arena_open();
	struct query q;
	int rc = query_open(base, &q, arena_print(mem, "pragma %s", name), err);

	arena_close(mem);
	if (rc < 0)
		return -1;
	*out = query_row(&q, err) ? column_number(&q, 0) : 0;
	return query_close(&q, err);
}

/* Steps of the schema that this file has not taken yet, each in one transaction with its number. */
static int
migrate(struct base *base, bool write, const struct schema *schema, struct error *err)
{
	struct arena *mem;
	long long version, application, pages;
	int rc = 0;

	if (base_pragma(base, "user_version", &version, err) < 0 || base_pragma(base, "application_id", &application, err) < 0 ||
	    base_pragma(base, "page_count", &pages, err) < 0)
		return -1;
	if ((version || pages > 1) && application != schema->application)
		return error_set(err, ERROR_STORE, "'%s' is not a %s of behov: it is left alone", base->path, base->what);
	if (version > schema->version)
		return error_set(err, ERROR_STORE, "the %s '%s' has schema %lld, newer than this program's %d: use the newer "
				 "program", base->what, base->path, version, schema->version);
	if (version < schema->version && !write)
		return error_set(err, ERROR_STORE, "the %s '%s' has schema %lld, older than this program's %d: '%s' "
				 "brings it up to date", base->what, base->path, version, schema->version,
				 schema->alone ? "behov serve" : "behov run");
	if (write && set_journal(base, schema->alone, err) < 0)
		return -1;
	if (version && version < schema->version)
		log_info("the %s '%s' has schema %lld and is brought to %d, which may take minutes; ended before, it goes on the next time",
			 base->what, base->path, version, schema->version);
	mem = arena_open();
	for (; version < schema->version && rc == 0; version++) {
		rc = base_run(base, "begin immediate", err);
		for (const char *const *part = schema->steps[version]; *part && rc == 0; part++)
			rc = base_run(base, *part, err);
		if (rc == 0)
			rc = base_run(base, arena_print(mem, "pragma application_id = %d; pragma user_version = %lld; commit",
							schema->application, version + 1), err);
		if (rc < 0)
			sqlite3_exec(base->db, "rollback", NULL, NULL, NULL);
	}
	arena_close(mem);
	return rc;
}

/* What is read and written together; says nothing to one that is there already. */
static int
set_page(struct base *base, int bytes, struct error *err)
{
	char sql[40];

	snprintf(sql, sizeof(sql), "pragma page_size = %d", bytes);
	return base_run(base, sql, err);
}

int
base_open(const char *path, bool write, bool fresh, const struct schema *schema, struct base *out, struct error *err)
{
	int flags = SQLITE_OPEN_NOFOLLOW | (schema->single ? SQLITE_OPEN_NOMUTEX : SQLITE_OPEN_FULLMUTEX) | (write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY);

	*out = (struct base){ .what = schema->what, .path = real_path(path, schema->what, err) };
	if (!out->path)
		return -1;
	if (write && make_file(out->path, fresh, schema->what, err) < 0)
		goto fail;
	if (sqlite3_open_v2(out->path, &out->db, flags, NULL) != SQLITE_OK) {
		base_error(out, err, "open");
		goto fail;
	}
	if ((schema->page && set_page(out, schema->page, err) < 0) || set_up(out, write, schema->alone, err) < 0)
		goto fail;
	if (migrate(out, write, schema, err) == 0)
		return 0;
fail:
	base_close(out);
	return -1;
}

void
base_close(struct base *base)
{
	for (size_t i = 0; i < KEPT_MOST; i++)
		sqlite3_finalize(base->kept[i].statement);
	if (base->db)
		sqlite3_close(base->db);
	free(base->path);
	base->db = NULL;
	base->path = NULL;
}

/* ------------------------------------------------------------------ statements */

int
query_open(struct base *base, struct query *q, const char *sql, struct error *err)
{
	*q = (struct query){ .base = base };
	if (sqlite3_prepare_v2(base->db, sql, -1, &q->statement, NULL) != SQLITE_OK)
		return base_error(base, err, "ask");
	return 0;
}

int
query_again(struct base *base, struct query *q, const char *sql, struct error *err)
{
	struct kept_query *kept = base->kept;

	while (kept < base->kept + KEPT_MOST && kept->sql && kept->sql != sql)
		kept++;
	if (kept == base->kept + KEPT_MOST || kept->busy)
		return query_open(base, q, sql, err);
	if (!kept->statement) {
		if (sqlite3_prepare_v3(base->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &kept->statement, NULL) != SQLITE_OK)
			return base_error(base, err, "ask");
		kept->sql = sql;
	}
	kept->busy = true;
	*q = (struct query){ .base = base, .statement = kept->statement, .kept = kept };
	return 0;
}

bool
query_row(struct query *q, struct error *err)
{
	int rc;

	if (q->failed) {
		base_error(q->base, err, "ask");
		return false;
	}
	rc = sqlite3_step(q->statement);
	if (rc == SQLITE_ROW)
		return true;
	if (rc != SQLITE_DONE) {
		q->failed = true;
		base_error(q->base, err, sqlite3_stmt_readonly(q->statement) ? "read" : "write to");
	}
	return false;
}

int
query_close(struct query *q, struct error *err)
{
	(void)err;
	if (q->kept) {                  /* what went wrong has been told when it was stepped */
		sqlite3_reset(q->statement);
		sqlite3_clear_bindings(q->statement);
		q->kept->busy = false;
	} else {
		sqlite3_finalize(q->statement);
	}
	q->statement = NULL;
	return q->failed ? -1 : 0;
}

int
query_done(struct store *store, struct query *q, struct error *err)
{
	while (query_row(q, err))
		;
	if (query_close(q, err) < 0)
		return -1;
	if (store && !store->within)
		step("write");
	return 0;
}

static void
bound(struct query *q, int rc)
{
	if (rc != SQLITE_OK)
		q->failed = true;
}

void
bind_text(struct query *q, const char *text)
{
	struct arena *mem;

	q->bound++;
	if (!text || text_is_utf8(text, strlen(text))) {
		bound(q, text ? sqlite3_bind_text(q->statement, q->bound, text, -1, SQLITE_TRANSIENT)
			      : sqlite3_bind_null(q->statement, q->bound));
		return;
	}
	mem = arena_open();
	bound(q, sqlite3_bind_text(q->statement, q->bound, name_show(mem, text), -1, SQLITE_TRANSIENT));
	arena_close(mem);
}

void
bind_number(struct query *q, long long number)
{
	bound(q, sqlite3_bind_int64(q->statement, ++q->bound, number));
}

void
bind_moment(struct query *q, int64_t moment)
{
	if (moment == INT64_MIN)
		bind_text(q, NULL);
	else
		bind_number(q, moment);
}

void
bind_day(struct query *q, day_t day)
{
	if (day == DAY_NONE)
		bind_text(q, NULL);
	else
		bind_number(q, day);
}

void
bind_bytes(struct query *q, const void *bytes, size_t len)
{
	bound(q, sqlite3_bind_blob64(q->statement, ++q->bound, bytes, len, SQLITE_TRANSIENT));
}

void
bind_lent(struct query *q, const void *bytes, size_t len)
{
	bound(q, sqlite3_bind_blob64(q->statement, ++q->bound, bytes, len, SQLITE_STATIC));
}

const char *
column_text(struct arena *mem, struct query *q, int column)
{
	const unsigned char *text = sqlite3_column_text(q->statement, column);
	size_t len = (size_t)sqlite3_column_bytes(q->statement, column);
	char *copy = text ? arena_copy(mem, text, len) : NULL;

	/* We never write a NUL: what somebody hid behind one is shown, so that no hash of the text agrees with it. */
	for (size_t i = 0; copy && i < len; i++)
		copy[i] = copy[i] ? copy[i] : '?';
	return copy;
}

const char *
column_lent(struct arena *mem, struct query *q, int column)
{
	const char *text = (const char *)sqlite3_column_text(q->statement, column);

	return text && strlen(text) != (size_t)sqlite3_column_bytes(q->statement, column) ? column_text(mem, q, column) : text;
}

long long column_number(struct query *q, int column) { return sqlite3_column_int64(q->statement, column); }
bool column_null(struct query *q, int column) { return sqlite3_column_type(q->statement, column) == SQLITE_NULL; }

int64_t
column_moment(struct query *q, int column)
{
	return column_null(q, column) ? INT64_MIN : sqlite3_column_int64(q->statement, column);
}

day_t
column_day(struct query *q, int column)
{
	return column_null(q, column) ? DAY_NONE : (day_t)sqlite3_column_int64(q->statement, column);
}

/* ------------------------------------------------------------------ lists and words */

char *
texts_json(struct arena *mem, const char **texts, int count)
{
	json_t *array = json_array();
	char *out;

	for (int i = 0; i < count; i++)
		json_array_append_new(array, json_string(text_is_utf8(texts[i], strlen(texts[i])) ? texts[i]
								 : name_show(mem, texts[i])));
	out = json_canonical(mem, array);
	json_decref(array);
	return out;
}

int
texts_read(struct arena *mem, const char *text, const char ***out, int *count, struct error *err)
{
	json_t *array = NULL;

	*out = NULL;
	*count = 0;
	if (!text)
		return 0;
	if (json_read(text, strlen(text), &array, err) < 0)
		return error_in(err, "reading a list in the store");
	*out = arena_array(mem, const char *, json_array_size(array) + 1);
	for (size_t i = 0; i < json_array_size(array); i++)
		(*out)[(*count)++] = arena_text(mem, json_string_value(json_array_get(array, i)));
	json_decref(array);
	return 0;
}

int
word_index(const char *word, const char *const *words, int count, struct error *err)
{
	for (int i = 0; word && i < count; i++)
		if (strcmp(word, words[i]) == 0)
			return i;
	return error_set(err, ERROR_STORE, "the store holds the unknown word '%s'", word ? word : "");
}
