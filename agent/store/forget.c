/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * forget.c - names of files that are gone, of series whose evidence is a digest: out of the journal, the manifests and the samples
 * that owners were shown.
 *
 * What is deleted leaves traces: where a page was split, a copy of a row lies on in the part of it that is free, and secure_delete
 * does not reach it.  So the whole file is written anew, and its WAL emptied; until that has been done a mark in the store says so,
 * and which of the two is left.
 */
#include "store_p.h"
#include "behov/log.h"
#include "behov/step.h"

#include <libgen.h>
#include <sys/statvfs.h>

#define MARK      SCRUB_VALUE
#define MARK_ALL  "yes"
#define MARK_WAL  "wal"                 /* it has been written anew, and somebody was reading an older part of the WAL */
#define SPARE     (4ll << 20)           /* for those who write to that disk meanwhile */
#define MEGABYTE  1000000ll

int
store_protocols_named(struct arena *mem, struct store *store, struct protocols *out, struct error *err)
{
	struct query q;

	*out = (struct protocols){ 0 };
	if (query_open(&store->base, &q, "select proposal, dnr from protocol where nameless = 1 and forgotten is null order by id", err) < 0)
		return -1;
	while (query_row(&q, err))
		*arena_push(mem, &out->list) = (struct protocol){ .proposal = column_text(mem, &q, 0), .dnr = column_text(mem, &q, 1) };
	return query_close(&q, err);
}

/* ------------------------------------------------------------------ what goes */

/* A file of it lies in quarantine, or may: it can come back, and must be known by its name then. */
#define ASIDE "exists (select 1 from effect m where m.proposal = p.id and m.act = 'quarantine' and m.number > 0" \
	" and m.state in ('intended', 'done') and not exists (select 1 from effect u where u.proposal = p.id and u.act = 'unlink'" \
	" and u.number = m.number and u.state = 'done'))"

/* One whose list of files was issued under their names: that list is a record, and can be written again. */
#define NAMED "exists (select 1 from protocol t where t.proposal = p.id and t.nameless is not 1)"

/* Files of it are gone, and its protocol is to come: it is made of the list.  As store_protocols_due(), and sooner. */
#define UNTOLD "(p.kind = 'destroy' and not exists (select 1 from protocol t where t.proposal = p.id) and exists (select 1 from effect u" \
	" where u.proposal = p.id and u.act in ('unlink', 'by-hand') and u.state = 'done'))"

/* So many of a batch's files went that way. */
#define FILES_THAT(acts) "(select count(*) from proposal d join effect f on f.proposal = d.id where (d.series, d.share, d.batch) =" \
	" (p.series, p.share, p.batch) and f.act in (" acts ") and f.number > 0 and f.state = 'done')"

/* A delivery whose originals are not all gone: by its list the receipt is known to be about those that are left. */
#define HALF "(p.kind = 'deliver' and " FILES_THAT("'deliver'") " > " FILES_THAT("'unlink', 'by-hand'") ")"

/* The batch of ?1, whatever was proposed of it and when. */
#define BATCH "(p.id = ?1 or (p.series, p.share, p.batch) in (select series, share, batch from proposal where id = ?1))"

static int
run_about(struct store *store, const char *sql, const char *proposal, long long *changed, struct error *err)
{
	struct query q;

	if (query_open(&store->base, &q, sql, err) < 0)
		return -1;
	bind_text(&q, proposal);
	if (query_done(NULL, &q, err) < 0)
		return -1;
	*changed += sqlite3_changes(store->base.db);
	return 0;
}

/* The same name stands in what was meant, done and put back, of this proposal and those before it. */
static int
forget_targets(struct store *store, const char *proposal, long long *changed, struct error *err)
{
	return run_about(store, "update effect set target = null where act in ('quarantine', 'unlink', 'restore', 'by-hand')"
			 " and proposal in (select p.id from proposal p where " BATCH " and not " NAMED ") and target in"
			 " (select target from effect where proposal = ?1 and act in ('unlink', 'by-hand') and state = 'done')", proposal,
			 changed, err);
}

static int
is_over(struct arena *mem, struct store *store, const char *proposal, bool *out, struct error *err)
{
	struct query q;

	if (query_open(&store->base, &q, arena_print(mem, "select 1 from proposal p where p.id = ? and not (true%s) and not " ASIDE,
						     states_in(mem, STATES_LIVE, "p.state")), err) < 0)
		return -1;
	bind_text(&q, proposal);
	*out = query_row(&q, err);
	return query_close(&q, err);
}

/* Of all proposals of the batch that are over; but not what one that needs it has, too. */
static int
forget_lists(struct arena *mem, struct store *store, const char *proposal, long long *changed, struct error *err)
{
	const char *needs = arena_print(mem, "((true%s) or " ASIDE " or " NAMED " or " UNTOLD " or " HALF ")",
					states_in(mem, STATES_LIVE, "p.state"));
	const char *over = arena_print(mem, "from proposal p where " BATCH " and not %s", needs);
	const char *lists = arena_print(mem, "in (select p.manifest %s) and digest not in (select p.manifest from proposal p"
					" where p.manifest is not null and %s)", over, needs);

	return run_about(store, arena_print(mem, "delete from manifest_frame where manifest in (select digest from manifest where digest %s)",
					    lists), proposal, changed, err) < 0 ||
	       run_about(store, arena_print(mem, "delete from manifest where digest %s", lists), proposal, changed, err) < 0 ||
	       run_about(store, arena_print(mem, "update proposal set evidence = json_remove(evidence, '$.sample') where"
					    " json_extract(evidence, '$.sample') is not null and id in (select p.id %s)", over), proposal,
			 changed, err) < 0 ? -1 : 0;
}

static int
note_forgotten(struct store *store, const char *proposal, int64_t now, struct error *err)
{
	struct query q;

	if (query_open(&store->base, &q, "update protocol set forgotten = ? where proposal = ?", err) < 0)
		return -1;
	bind_moment(&q, now);
	bind_text(&q, proposal);
	return query_done(NULL, &q, err);
}

int
store_names_forget(struct store *store, const char *proposal, int64_t now, bool *over, struct error *err)
{
	struct arena *mem = arena_open();
	long long changed = 0;
	int rc = -1;

	if (forget_targets(store, proposal, &changed, err) < 0 || is_over(mem, store, proposal, over, err) < 0 ||
	    (*over && (forget_lists(mem, store, proposal, &changed, err) < 0 || note_forgotten(store, proposal, now, err) < 0)) ||
	    (changed && store_set(store, MARK, MARK_ALL, err) < 0))
		goto out;
	rc = 0;
out:
	arena_close(mem);
	return rc < 0 ? error_in(err, "forgetting the names of '%s'", proposal) : 0;
}

/* ------------------------------------------------------------------ and its traces */

/* What is in use of it lies there twice more for a while: in a file of its own, and in the WAL. */
static int
has_room(struct store *store, struct error *err)
{
	struct statvfs fs;
	long long pages, unused, size, wanted, room;

	if (base_pragma(&store->base, "page_count", &pages, err) < 0 || base_pragma(&store->base, "freelist_count", &unused, err) < 0 ||
	    base_pragma(&store->base, "page_size", &size, err) < 0)
		return -1;
	wanted = (pages - unused) * (2 * size + 24) + SPARE;    /* the WAL has 24 bytes more for each page */
	if (statvfs(store->base.path, &fs) < 0)
		return error_sys(err, ERROR_STORE, "cannot see how much room is on the disk of '%s'", store->base.path);
	room = (long long)((unsigned long long)fs.f_bavail * fs.f_frsize);
	if (room < wanted)
		return error_set(err, ERROR_STORE, "that takes %lld MB on the disk of '%s' for a while, and %lld MB are free: make room there, "
				 "and run this again", wanted / MEGABYTE + 1, store->base.path, room / MEGABYTE);
	log_info("store is written anew bytes=%lld", (pages - unused) * size);
	return 0;
}

/* Beside the store: where all of it may lie for a while, and we may write. */
static int
write_anew(struct store *store, struct error *err)
{
	struct arena *mem;
	int rc;

	if (has_room(store, err) < 0)
		return -1;
	mem = arena_open();
	sqlite3_temp_directory = sqlite3_mprintf("%s", dirname(arena_text(mem, store->base.path)));
	arena_close(mem);
	if (!sqlite3_temp_directory)
		abort();
	rc = base_run(&store->base, "vacuum", err);
	sqlite3_free(sqlite3_temp_directory);
	sqlite3_temp_directory = NULL;
	if (rc == 0)
		step("scrub");
	return rc < 0 ? -1 : store_set(store, MARK, MARK_WAL, err);
}

/* *done: nobody was reading an older part of it just then. */
static int
empty_wal(struct store *store, bool *done, struct error *err)
{
	struct query q;

	if (query_open(&store->base, &q, "pragma wal_checkpoint(truncate)", err) < 0)
		return -1;
	*done = query_row(&q, err) && column_number(&q, 0) == 0;
	return query_close(&q, err);
}

int
store_names_scrub(struct store *store, bool *done, struct error *err)
{
	struct arena *mem = arena_open();
	const char *mark = NULL;
	struct query q;
	int rc = store_get(mem, store, MARK, &mark, err);
	bool anew = mark && strcmp(mark, MARK_WAL) != 0, marked = mark != NULL;

	arena_close(mem);
	*done = true;
	if (rc < 0 || !marked)
		return rc;
	if ((anew && write_anew(store, err) < 0) || empty_wal(store, done, err) < 0)
		return error_in(err, "writing the store anew without the names of what is gone");
	if (!*done)
		return 0;
	if (query_open(&store->base, &q, "delete from value where name = '" MARK "'", err) < 0)
		return -1;
	return query_done(store, &q, err);
}
