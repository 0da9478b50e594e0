/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scan.h - walks a registered share without being led astray.
 *
 * In:      a share, a visitor, a number of hands.
 * Out:     calls to the visitor; gaps; counts.
 * Promise: opens nothing for writing, follows no symbolic link, crosses no mount (openat2 BENEATH, NO_SYMLINKS, NO_XDEV;
 *          component-wise O_NOFOLLOW where openat2 is missing), never enters the quarantine, never opens a file but the
 *          marker.  A share that is not there, whose marker is missing or names another share, or that is another
 *          file system than was adopted, is one gap and no visit.  Whatever could not be read is a gap with its path.
 *          No more is asked at once, or in a second, than the share allows, and no folder is begun outside its window:
 *          where that ended it is one gap.
 *          A share on SMB is listed by helpers, processes of the program behov-smb; all of this holds there, too: reparse
 *          points are not followed, and one whose server leads a folder into itself is a gap.
 */
#ifndef BEHOV_SCAN_H
#define BEHOV_SCAN_H

#include "nouns.h"

struct scan_result {
	bool visited;                   /* false: the whole share is a gap */
	bool complete;                  /* no gap anywhere in it */
	bool cut;                       /* its window closed before all of it was read */
	bool marked;                    /* the marker was there and names this share */
	long long folders, files, bytes;        /* bytes: of stat'ed files */
	long long listed;               /* of the folders: the others are as they were */
	bool another;                   /* it was not visited, for most folders of the root are not those of last night: */
	long long root_was, root_left;  /* so many were in the root, and so many of them still are */
	long long requests;             /* opened, listed, stat'ed: what the file server was asked */
	LIST(struct gap) gaps;
};

struct scan_how {
	int hands;                      /* how many may ask at once; 0: two to four, as there are processors */
	int64_t now;
	bool full;                      /* every folder is listed, every file's size asked for */
	bool other_root;                /* the root may look like another share's */
	struct index *index;            /* else those that are as they were are not, but each at least weekly; NULL: full */
};
/* The visitor is called by one thread, in the same order however many hands there are.  -1 only for failures of ours, or when
 * asked to stop. */
int scan_share(struct arena *mem, const struct share *share, const struct scan_how *how, const struct visitor *visitor,
	       struct scan_result *out, struct error *err);

/* The files of one folder below the share, times and sizes with them; without going into what lies below it.
 * complete: there is nothing in it that could not be seen. */
struct seen_folder { LIST(struct entry) list; bool complete, missing; };        /* missing: -1 as there is no such folder on the share */
int scan_folder(struct arena *mem, const struct share *share, const char *path, struct seen_folder *out, struct error *err);

/* For who asks the share for more than its folders, at the pace it is registered with. */
struct scan_turns;
struct scan_turns *scan_turns(struct arena *mem, const struct share *share);
/* Before each request, by any thread: waits for its turn.  False: the share's window is closed. */
bool scan_turn(struct scan_turns *turns);

/* The program that lists shares on SMB for us, or NULL when it is nowhere. */
const char *scan_helper(struct arena *mem);

/* `behov share adopt ID`: writes the marker once; refuses when another is there. */
int scan_adopt(const struct share *share, struct error *err);
/* As identity = "filesystem" knows a share again: kept by who adopts it.  NULL with err where nothing tells. */
char *scan_filesystem(struct arena *mem, const struct share *share, struct error *err);
/* Opens the share's root and checks its marker, or its file system: a descriptor, or -1.  For apply, too: see DESIGN 8. */
int scan_open_root(const struct share *share, struct error *err);

#endif
