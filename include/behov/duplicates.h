/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * duplicates.h - files that are alike, among those that no series covers: told, and nothing more.
 *
 * In:      a walk over the share (as a visitor for scan), and a descriptor of its root.
 * Out:     groups of files with the same size and the same SHA-256; what was not compared, and why.
 * Promise: only regular files of which others have the size are opened: for reading, beneath the root (openat2 BENEATH,
 *          NO_SYMLINKS, NO_XDEV), without a trace in their times; none that lies offline, none that is larger than a bound, and no
 *          more bytes than a bound; nothing faster or later than the share allows.  Names of one file are no duplicates.  A file that changes while it is read is left out, one
 *          that cannot be read is counted and told.  What is alike is no proposal: which of them is the record nobody here knows.
 */
#ifndef BEHOV_DUPLICATES_H
#define BEHOV_DUPLICATES_H

#include "nouns.h"

#define DUPLICATES_FILE_MOST (UINT64_C(4) << 30)
#define DUPLICATES_READ_MOST (UINT64_C(256) << 30)

struct duplicates;
struct duplicates_input {
	const struct share *share;
	const struct visitor *below;    /* its enter() and leave() are called, and nothing else of it */
	const struct series *(*governs)(void *self, void *state, const char *path, const struct entry *entry);
	uint64_t file_most, read_most;  /* bytes */
	int hands;                      /* that read; 0: one */
	bool (*turn)(void *self);       /* before each request, by any thread: waits until it may go; false: nothing more may be asked */
	void *turns;                    /* its self */
};

/* Files with the same content. */
struct alike {
	uint64_t size;
	size_t count;
	const char *digest;             /* "sha256:…" */
	const char **paths;             /* escaped, sorted; the first of them when there are very many */
	size_t path_count;
};

struct duplicates_result {
	LIST(struct alike) groups;      /* those that take most room first; when there are very many, not all */
	long long group_count, files;   /* of all: files that are like another */
	uint64_t bytes;                 /* that would not be needed if there were one of each */
	long long looked, links;        /* files that no series covers; other names of a file that is counted already */
	uint64_t read;                  /* bytes */
	/* Files that have another's size, and were not compared: */
	long long large, offline;       /* as they should not be */
	long long unread, changed, traced, beyond;      /* could not be read, changed meanwhile, not without a trace, beyond a bound, or later than one may */
	LIST(struct gap) gaps;          /* the first of those that could not be read */
};

struct duplicates *duplicates_open(struct arena *mem, const struct duplicates_input *in);
const struct visitor *duplicates_visitor(struct duplicates *duplicates);
/* When the share has been walked.  root is borrowed. */
int duplicates_find(struct duplicates *duplicates, int root, struct duplicates_result *out, struct error *err);
void duplicates_close(struct duplicates *duplicates);

/* `behov duplicates SHARE --json`, conf/schema/duplicates.schema.json; gaps: of the walk.  Caller owns. */
json_t *duplicates_json(struct arena *mem, const struct share *share, const struct duplicates_result *result, const struct gap *gaps,
			size_t gap_count, int64_t now);
char *duplicates_text(struct arena *mem, const struct share *share, const struct duplicates_result *result, const struct gap *gaps,
		      size_t gap_count);

#endif
