/* SPDX-License-Identifier: GPL-3.0-or-later */
/* entries.h - files: what was seen of them, and who walks with scan to judge them (see nouns.h). */
#ifndef BEHOV_ENTRIES_H
#define BEHOV_ENTRIES_H

#include "clock.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What stat told.  Times in seconds and nanoseconds; btime_s INT64_MIN where the file system has none. */
struct entry {
	const char *name;               /* bytes, the last component */
	unsigned char type;             /* DT_REG, DT_DIR, DT_LNK, … as getdents or stat said */
	bool stated;                    /* what follows is filled */
	uint64_t size, ino, dev;
	uint32_t nlink;
	int64_t mtime_s, ctime_s, btime_s;
	uint32_t mtime_ns, ctime_ns, btime_ns;
};

/*
 * A sum of sizes.  They are what a file system says, and two sparse files may say more than a number holds: then it goes round, as that of a
 * manifest does, which is compared with it.  Subtracting goes the same way.
 */
static inline long long
sizes_add(long long sum, uint64_t size)
{
	return (long long)((unsigned long long)sum + size);
}

/* What came of a folder's files, for its judge alone to read, so that they need not be asked about again. */
struct memo {
	const void *bytes;
	size_t len;
	day_t until;                    /* the first day on which it may be otherwise, though nothing changes; 0: no day is safe */
	bool registers;                 /* it depends on lists of cases */
};

/*
 * scan walks, somebody else judges: run.c hands retain's judge to scan as a visitor.  One thread calls all of these.
 * `path` is bytes below the share's root, "" for the root, no leading or trailing '/'.
 * In wants_stat() and file() it is the folder's; the file is path + "/" + name.
 */
struct visitor {
	void *self;
	/* A folder is about to be listed.  Gives the state its children will get, in *state.  False: do not go in. */
	bool (*enter)(void *self, const char *path, void *above, void **state);
	/* Must this file be stat'ed before file() is called?  That follows at once, with the name where it lies, or not at all, and
	 * then this may be asked again. */
	bool (*wants_stat)(void *self, void *state, const char *path, const char *name);
	void (*file)(void *self, void *state, const char *path, const struct entry *entry);
	/* The folder was listed wholly (complete), or not: then a gap was stored. */
	void (*leave)(void *self, void *state, const char *path, bool complete);
	bool wants_most;                /* a guess, for speed: most files will have to be stat'ed */
	/*
	 * Its own files have all been told of, its folders not yet entered: gives what recall() wants to hear instead on a night
	 * when nothing in it has changed.  Good until the next call.  NULL: this visitor wants all folders listed.  Called for
	 * each folder that was listed, whether anything is remembered or not.
	 */
	void (*listed)(void *self, void *state, const char *path, bool complete, struct memo *out);
	/* Between enter() and leave(), in place of wants_stat(), file() and listed().  False, and nothing done: not understood. */
	bool (*recall)(void *self, void *state, const char *path, const void *bytes, size_t len);
	const char *judged, *registers; /* under what its memos are true: digests */
};

/* One record in a batch. */
struct record {
	const char *path;               /* bytes, below the share */
	uint64_t size, ino, dev;
	int64_t mtime_s, ctime_s, btime_s;
	uint32_t mtime_ns, ctime_ns, btime_ns;
	uint32_t nlink;
	day_t anchor, due;
};

/* What was approved of a record: the series it goes by, and from when that counts.  volume: the path of the whole batch it goes with (bytes);
 * NULL: it goes by itself. */
struct consent { const char *series; day_t anchor; const char *volume; };

/* What an e-archive answered about a delivery, as the chain has it; and a file of it, as it was when it was copied. */
struct receipt_note { const char *proposal, *number, *sums; day_t day; long long compared; };
struct received { const char *series, *share; struct record record; const struct receipt_note *by; };

#endif
