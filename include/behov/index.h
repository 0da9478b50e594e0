/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * index.h - what each folder of a share was when it was listed, so that one which is still so need not be listed again.
 *
 * A memory of its own beside the store, which may be deleted at any time: then everything is listed.  Of each folder it
 * holds what it was (inode, mtime and ctime: POSIX lets whatever makes, removes or renames something in a folder change
 * them), and the memo that the judge wants to be told instead of the files.
 * Promise: no trouble with it is trouble of the night: it is warned about, and folders are listed.  What is written is
 *          committed every few thousand folders, so that a night that is killed is gone on with.
 */
#ifndef BEHOV_INDEX_H
#define BEHOV_INDEX_H

#include "nouns.h"

struct index;

/* NULL when there is none to look at (!write), or it cannot be used. */
struct index *index_open(const char *path, bool write);
void index_close(struct index *index);          /* NULL is allowed */

/* What a folder was: the same when nothing in it has come, gone or been renamed since. */
struct mark { uint64_t ino; int64_t mtime_s, ctime_s; uint32_t mtime_ns, ctime_ns; };
bool mark_same(const struct mark *a, const struct mark *b);

/* A folder as it was seen. */
struct seen {
	const char *name;               /* bytes; "" for the root */
	long long id;                   /* what its folders have as their parent */
	struct mark mark;
	day_t listed, until;            /* the memo is good before `until`; 0: never */
	long long files;
	struct memo memo;
};

/*
 * Loads a share.  What was judged under something else (rules, holds: `judged`), or, if it depends on lists of cases, under
 * other lists (`registers`), is good no more.
 */
void index_share(struct index *index, const char *share, const char *judged, const char *registers);
/* What the last complete night saw, and when; 0 when there was none. */
struct index_total { long long files, folders; int64_t at; };
void index_last(const struct index *index, struct index_total *out);
/* The folder of that name below a parent, as last night left it; false: not seen.  The root is "" below 0. */
bool index_find(const struct index *index, long long parent, const char *name, struct seen *out);
/* Those below a parent, in order of their names' bytes: the `number`th, from 0; false: there are no more. */
bool index_child(const struct index *index, long long parent, size_t number, struct seen *out);

/* A folder was listed and is remembered: its id.  seen->id is 0, or what was answered for it earlier tonight. */
long long index_put(struct index *index, long long parent, const struct seen *seen);
/* A folder and all below it are gone. */
void index_forget(struct index *index, long long parent, const struct seen *seen);
/* What was put and forgotten is safe.  NULL is allowed. */
void index_commit(struct index *index);
/* All of the share was read without a gap: what the next nights are compared with. */
void index_complete(struct index *index, const struct index_total *total);

#endif
