/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test-power.c - the power goes at any moment, and of what was not synced anything may be lost: what the store or the inbox has
 * said is there is there, and nothing is there by half.
 *
 * A VFS of ours stands before that of the system and notes each write, sync and removal.  After each of them the files are put
 * together as a disk could have them then: all that was synced, and of the rest each write whole, torn or not at all.  SEED=
 * chooses which.
 */
#include "check.h"
#include "behov/audit.h"
#include "behov/inbox.h"
#include "behov/json.h"
#include "behov/store.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TRANSACTIONS 14
#define SECTOR 512
#define MOST ((size_t)4 << 20)          /* bytes of a file */

/* ------------------------------------------------------------------ what was asked of the disk */

enum part { PART_MAIN, PART_WAL, PART_JOURNAL, PARTS };
static const char *const endings[PARTS] = { "", "-wal", "-journal" };

enum deed { DEED_WRITE, DEED_TRUNCATE, DEED_SYNC, DEED_REMOVE, DEED_TOLD };
struct op {
	enum deed deed;
	enum part part;
	size_t at, len;                 /* of TRUNCATE: its new length; of TOLD: which transaction was said to be there */
	bool synced;                    /* REMOVE: the folder was, too */
	unsigned char *bytes;
};
static struct op ops[20000];
static size_t op_count;
static bool noting;

static void
note(struct op op)
{
	if (!noting)
		return;
	CHECK(op_count < sizeof(ops) / sizeof(*ops));
	ops[op_count++] = op;
}

/* ------------------------------------------------------------------ the VFS */

struct file { sqlite3_file head; int part; sqlite3_file *real; };     /* part: -1 = of no interest */
static sqlite3_vfs *system_vfs, ours;
#define REAL(f) (((struct file *)(f))->real)
#define CALL(f, method, ...) (REAL(f)->pMethods->method(REAL(f), __VA_ARGS__))

static int f_read(sqlite3_file *f, void *out, int len, sqlite3_int64 at) { return CALL(f, xRead, out, len, at); }
static int f_size(sqlite3_file *f, sqlite3_int64 *out) { return CALL(f, xFileSize, out); }
static int f_lock(sqlite3_file *f, int how) { return CALL(f, xLock, how); }
static int f_unlock(sqlite3_file *f, int how) { return CALL(f, xUnlock, how); }
static int f_reserved(sqlite3_file *f, int *out) { return CALL(f, xCheckReservedLock, out); }
static int f_control(sqlite3_file *f, int op, void *arg) { return CALL(f, xFileControl, op, arg); }
static int f_sector(sqlite3_file *f) { (void)f; return SECTOR; }
static int f_traits(sqlite3_file *f) { (void)f; return 0; }             /* it promises nothing */
static int f_shm_map(sqlite3_file *f, int n, int size, int more, void volatile **out) { return CALL(f, xShmMap, n, size, more, out); }
static int f_shm_lock(sqlite3_file *f, int at, int n, int how) { return CALL(f, xShmLock, at, n, how); }
static void f_shm_barrier(sqlite3_file *f) { REAL(f)->pMethods->xShmBarrier(REAL(f)); }
static int f_shm_unmap(sqlite3_file *f, int remove) { return CALL(f, xShmUnmap, remove); }

static int
f_close(sqlite3_file *f)
{
	int rc = REAL(f)->pMethods->xClose(REAL(f));

	free(REAL(f));
	return rc;
}

static int
f_write(sqlite3_file *f, const void *bytes, int len, sqlite3_int64 at)
{
	struct file *file = (struct file *)f;

	if (file->part >= 0 && noting) {
		struct op op = { .deed = DEED_WRITE, .part = (enum part)file->part, .at = (size_t)at, .len = (size_t)len, .bytes = malloc((size_t)len) };

		memcpy(op.bytes, bytes, op.len);
		note(op);
	}
	return CALL(f, xWrite, bytes, len, at);
}

static int
f_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	if (((struct file *)f)->part >= 0)
		note((struct op){ .deed = DEED_TRUNCATE, .part = (enum part)((struct file *)f)->part, .len = (size_t)size });
	return CALL(f, xTruncate, size);
}

static int
f_sync(sqlite3_file *f, int flags)
{
	if (((struct file *)f)->part >= 0)
		note((struct op){ .deed = DEED_SYNC, .part = (enum part)((struct file *)f)->part });
	return CALL(f, xSync, flags);
}

static const sqlite3_io_methods methods = {
	.iVersion = 2, .xClose = f_close, .xRead = f_read, .xWrite = f_write, .xTruncate = f_truncate, .xSync = f_sync, .xFileSize = f_size,
	.xLock = f_lock, .xUnlock = f_unlock, .xCheckReservedLock = f_reserved, .xFileControl = f_control, .xSectorSize = f_sector,
	.xDeviceCharacteristics = f_traits, .xShmMap = f_shm_map, .xShmLock = f_shm_lock, .xShmBarrier = f_shm_barrier,
	.xShmUnmap = f_shm_unmap,
};

static int
v_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out)
{
	struct file *file = (struct file *)f;
	int rc;

	(void)vfs;
	*file = (struct file){ .part = flags & SQLITE_OPEN_MAIN_DB ? PART_MAIN : flags & SQLITE_OPEN_WAL ? PART_WAL :
			       flags & SQLITE_OPEN_MAIN_JOURNAL ? PART_JOURNAL : -1,
			       .real = calloc(1, (size_t)system_vfs->szOsFile) };
	rc = system_vfs->xOpen(system_vfs, name, file->real, flags, out);
	if (rc == SQLITE_OK)
		file->head.pMethods = &methods;
	else
		free(file->real);
	return rc;
}

static int
v_remove(sqlite3_vfs *vfs, const char *name, int synced)
{
	size_t len = strlen(name);

	(void)vfs;
	for (enum part p = PART_WAL; p < PARTS; p++)
		if (len > strlen(endings[p]) && strcmp(name + len - strlen(endings[p]), endings[p]) == 0)
			note((struct op){ .deed = DEED_REMOVE, .part = p, .synced = synced });
	return system_vfs->xDelete(system_vfs, name, synced);
}

/* ------------------------------------------------------------------ what a disk may have after so many of them */

struct image { unsigned char *bytes; size_t len; bool there; };

static void
take(struct image *i, const struct op *op, size_t from, size_t until)
{
	if (op->deed == DEED_REMOVE) {
		i->there = false;
		i->len = 0;
		return;
	}
	i->there = true;
	if (op->deed == DEED_TRUNCATE) {
		i->len = op->len < i->len ? op->len : i->len;
		return;
	}
	CHECK(op->at + until <= MOST);
	if (op->at + until > i->len)
		memset(i->bytes + i->len, 0, op->at + until - i->len);
	memcpy(i->bytes + op->at + from, op->bytes + from, until - from);
	if (op->at + until > i->len)
		i->len = op->at + until;
}

/* What was never synced: whole, torn, or not at all. */
static void
maybe(struct image *i, const struct op *op)
{
	long fate = random() % 3;

	if (fate == 0)
		return;
	if (op->deed != DEED_WRITE || fate == 1) {
		take(i, op, 0, op->len);
		return;
	}
	for (size_t from = 0; from < op->len; from += SECTOR)
		if (random() % 2)
			take(i, op, from, from + SECTOR < op->len ? from + SECTOR : op->len);
}

/* Up to the last sync of that part it is certain, after it nothing is. */
static void
picture(enum part part, size_t count, const struct image *start, struct image *out)
{
	size_t certain = 0;

	*out = (struct image){ .bytes = out->bytes, .len = start->len, .there = start->there };
	memcpy(out->bytes, start->bytes, start->len);
	for (size_t i = 0; i < count; i++)
		if (ops[i].part == part && (ops[i].deed == DEED_SYNC || (ops[i].deed == DEED_REMOVE && ops[i].synced)))
			certain = i + 1;
	for (size_t i = 0; i < count; i++) {
		if (ops[i].part != part || ops[i].deed == DEED_SYNC || ops[i].deed == DEED_TOLD)
			continue;
		if (i < certain)
			take(out, &ops[i], 0, ops[i].len);
		else
			maybe(out, &ops[i]);
	}
}

static char folder[] = "/tmp/behov-power-XXXXXX";
static struct arena *mem;
static struct error err;
static struct image starts[PARTS], pictures[PARTS];

static const char *at(const char *name) { return arena_print(mem, "%s/%s", folder, name); }

static void
read_part(const char *name, enum part part, struct image *out)
{
	FILE *in = fopen(arena_print(mem, "%s%s", at(name), endings[part]), "rbe");

	out->there = in != NULL;
	out->len = in ? fread(out->bytes, 1, MOST, in) : 0;
	if (in)
		fclose(in);
}

static void
write_part(const char *name, enum part part, const struct image *i)
{
	const char *path = arena_print(mem, "%s%s", at(name), endings[part]);
	FILE *out;

	unlink(path);
	if (!i->there)
		return;
	out = fopen(path, "wbe");
	CHECK(out && fwrite(i->bytes, 1, i->len, out) == i->len);
	if (out)
		fclose(out);
}

static void
sweep(const char *name)
{
	for (enum part p = PART_MAIN; p < PARTS; p++)
		unlink(arena_print(mem, "%s%s", at(name), endings[p]));
	unlink(arena_print(mem, "%s-shm", at(name)));
}

/* ------------------------------------------------------------------ the power goes */

/* What a database says after its power went: so many transactions are there; -1: it is broken, or has half of one. */
typedef long counted(const char *path);

static void
begin(const char *name)
{
	mem = arena_open();
	err = (struct error){ 0 };
	for (enum part p = PART_MAIN; p < PARTS; p++)
		read_part(name, p, &starts[p]);
	sqlite3_vfs_register(&ours, 1);
	op_count = 0;
	noting = true;
}

static void
told(long number)
{
	note((struct op){ .deed = DEED_TOLD, .part = PARTS, .len = (size_t)number });
}

static void
end(const char *name, counted *count)
{
	long sure = 0, lost = 0, broken = 0, more = 0;

	noting = false;
	sqlite3_vfs_register(system_vfs, 1);
	for (size_t n = 0; n <= op_count; n++) {
		long found;

		if (n && ops[n - 1].deed == DEED_TOLD)
			sure = (long)ops[n - 1].len;
		for (enum part p = PART_MAIN; p < PARTS; p++) {
			picture(p, n, &starts[p], &pictures[p]);
			write_part("after", p, &pictures[p]);
		}
		found = count(at("after"));
		broken += found < 0;
		lost += found >= 0 && found < sure;
		more += found > sure;
		sweep("after");
	}
	CHECK(sure == TRANSACTIONS && op_count > 100);
	CHECK(broken == 0);
	CHECK(lost == 0);
	CHECK(more > 0);                /* else the power never went between a commit and its word */
	for (size_t i = 0; i < op_count; i++)
		free(ops[i].bytes);
	sweep(name);
	arena_close(mem);
}

/* ------------------------------------------------------------------ the store */

static long
in_the_store(const char *path)
{
	const char *a = NULL, *b = NULL;
	struct audit_result chain;
	struct error why = { 0 };
	struct store *store;
	long out = -1;

	if (store_open(path, STORE_WRITE, &store, &why) < 0)
		return -1;
	if (store_get(mem, store, "a", &a, &why) == 0 && store_get(mem, store, "b", &b, &why) == 0 &&
	    audit_verify(mem, store, NULL, &chain, &why) == 0 && !chain.broken) {
		long number = a ? strtol(a, NULL, 10) : 0;

		out = number == (b ? strtol(b, NULL, 10) : 0) && chain.rows == number ? number : -1;
	}
	store_close(store);
	return out;
}

static void
what_the_store_has_committed_is_there_and_nothing_is_by_half(void)
{
	struct store *store;

	mem = arena_open();
	CHECK(store_open(at("db"), STORE_WRITE, &store, &err) == 0);
	store_close(store);
	arena_close(mem);
	begin("db");
	CHECK(store_open(at("db"), STORE_WRITE, &store, &err) == 0);
	for (long n = 1; n <= TRANSACTIONS; n++) {
		const char *number = arena_print(mem, "%ld", n);
		json_t *payload = json_pack("{s:s}", "number", number);

		CHECK(store_begin(store, &err) == 0 && store_set(store, "a", number, &err) == 0 &&
		      audit_add(store, 1767571200 + n, "test", "written", payload, &err) == 0 && store_set(store, "b", number, &err) == 0 &&
		      store_commit(store, &err) == 0);
		told(n);
		json_decref(payload);
		if (n % 5 == 0) {       /* what lies in the WAL goes into the database, and the WAL is made empty */
			store_close(store);
			CHECK(store_open(at("db"), STORE_WRITE, &store, &err) == 0);
		}
	}
	store_close(store);
	end("db", in_the_store);
}

/* ------------------------------------------------------------------ the inbox */

static long
in_the_inbox(const char *path)
{
	struct inbox_decisions found = { 0 };
	struct error why = { 0 };
	struct inbox *inbox;
	long out = -1;

	if (inbox_open(path, true, &inbox, &why) < 0)
		return -1;
	if (inbox_decisions(mem, inbox, &(struct inbox_filter){ 0 }, &found, &why) == 0 && found.list.count % 2 == 0)
		out = (long)found.list.count / 2;
	inbox_close(inbox);
	return out;
}

static void
what_the_page_has_thanked_for_is_there_all_of_it_or_nothing(void)
{
	struct inbox *inbox;

	mem = arena_open();
	CHECK(inbox_open(at("box"), true, &inbox, &err) == 0);
	inbox_close(inbox);
	arena_close(mem);
	begin("box");
	CHECK(inbox_open(at("box"), true, &inbox, &err) == 0);
	for (long n = 1; n <= TRANSACTIONS; n++) {
		const struct inbox_decision two[2] = {
			{ .token = "t", .proposal = "p", .version = "v", .verdict = "keep", .reason = "r", .until = DAY_NONE, .at = n, .proof = "{}" },
			{ .token = "t", .proposal = "q", .version = "v", .verdict = "undo", .until = DAY_NONE, .at = n, .proof = "{}" },
		};

		CHECK(inbox_decisions_add(inbox, two, 2, &err) == 0);
		told(n);
	}
	inbox_close(inbox);
	end("box", in_the_inbox);
}

int
main(void)
{
	const char *seed = getenv("SEED");
	unsigned number = seed ? (unsigned)strtoul(seed, NULL, 10) : (unsigned)getpid();

	if (!mkdtemp(folder))
		return 1;
	printf("# seed %u\n", number);
	srandom(number);
	system_vfs = sqlite3_vfs_find(NULL);
	ours = *system_vfs;
	ours.zName = "power";
	ours.szOsFile = (int)sizeof(struct file);
	ours.xOpen = v_open;
	ours.xDelete = v_remove;
	for (enum part p = PART_MAIN; p < PARTS; p++) {
		starts[p].bytes = malloc(MOST);
		pictures[p].bytes = malloc(MOST);
	}
	TEST(what_the_store_has_committed_is_there_and_nothing_is_by_half);
	TEST(what_the_page_has_thanked_for_is_there_all_of_it_or_nothing);
	for (enum part p = PART_MAIN; p < PARTS; p++) {
		free(starts[p].bytes);
		free(pictures[p].bytes);
	}
	rmdir(folder);
	return check_done();
}
