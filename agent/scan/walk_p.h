/* SPDX-License-Identifier: GPL-3.0-or-later */
/* walk_p.h - what the files that walk a share have in common. */
#ifndef BEHOV_WALK_P_H
#define BEHOV_WALK_P_H

#include "scan_p.h"
#include "behov/hands.h"
#include "behov/text.h"
#include <dirent.h>
#include <limits.h>

/* Of a folder to be entered: it is known to be as it was, or it has to be looked at. */
enum { SAME = 1, LOOK };

/* The folders that lie in one, to be entered in this order. */
struct below {
	char *todo;                     /* names, each with its NUL, and before it SAME or LOOK */
	size_t len, room, next;
	long long unkept;               /* those that were too many */
	struct folder **ahead;          /* those from `next` on that are read, in turn; NULL: none yet */
	size_t ahead_count, ahead_next; /* ahead_next: where in todo the first one stands that is not read ahead */
};

/* A folder on the way down.  It is listed to its end before its first child is entered: only names of folders are kept. */
struct frame {
	size_t path_len;                /* of w->path that is this folder */
	struct below *below;            /* NULL while it is listed */
	void *state;
	uint64_t ino;                   /* on SMB: which folder it is */
	long long id, parent;           /* in the index */
	struct seen *seen;              /* to be written there when all below it has been; or NULL */
	long long unseen;               /* files that could not be stat'ed */
	bool complete;
};

/* A share as it is walked.  It is the walking thread's alone; hands see no more of it than the folders that they are given. */
struct walk {
	struct arena *mem;
	const struct share *share;
	const struct visitor *visitor;
	struct scan_result *out;
	struct index *index;            /* NULL: all folders are listed, and none is remembered */
	LIST(const char *) names;       /* of remember.c */
	bool full;
	day_t today;
	int64_t settled;                /* what changed after that may have changed again within one tick of the server's clock */
	struct beneath beneath;
	struct pace pace;
	bool cut;                       /* its window has closed: nothing more is begun */
	struct hands *hands;            /* NULL: none */
	size_t window, taken;           /* folders: at most so many of one, and so many that are not read yet; so many have been taken */
	size_t ahead, ahead_most;       /* of all: each holds a descriptor, and we may have only so many */
	size_t unread;                  /* of them that are out with the hands */
	struct folder *spare;           /* not in use */
	size_t spares;
	bool stat_ahead;                /* most files of the folder before were asked about */
	bool learned;                   /* that is no guess: a folder below the root had files */
	char path[PATH_MAX + NAME_MAX + 2];
	struct frame *frames;
	size_t depth, room;
	long long seen;
};

void walk_gap(struct walk *w, const char *path, const char *text);

/* ------------------------------------------------------------------ ahead.c: folders are read by hands, before their turn */

/* Of a hand: self is w->beneath, the job a folder.  When asked to stop it is left unread, or not asked about. */
void ahead_work(void *self, void *job);
/* Of those that ask on about what lies in a folder that another reads; and of the last of them. */
void ahead_help(void *self, void *job);
void ahead_helped(void *self, void *job);
/* A folder to be read, below that whose path begins `above`: what the index has of it is looked up. */
struct folder *ahead_folder(struct walk *w, const char *above, size_t len, long long parent, const char *name, bool stat_all);
/* It, or more of it, is read; now: the walk waits for it. */
void ahead_start(struct walk *w, struct folder *f, bool now);
/* All hands ask about those of its list that are marked, so many; the walk waits for them.  Not 0. */
void ahead_ask(struct walk *w, struct folder *f, size_t questions);
/* Keeps the hands busy with the folders that come next. */
void ahead_fill(struct walk *w);
/* Until it is read; the hands are kept busy meanwhile. */
void ahead_need(struct walk *w, struct folder *f);
struct folder *ahead_take(struct walk *w, struct below *b);
void ahead_drop(struct walk *w, struct below *b);       /* with those that are read; NULL is allowed */
void ahead_close(struct walk *w, struct folder *f);     /* waits for it, and drops what is below it */
void ahead_end(struct walk *w);                         /* of the walk */

/* ------------------------------------------------------------------ list.c: one folder, as it was read */

/* A folder below is kept, to be entered when this one has been listed: SAME or LOOK. */
void list_keep(struct below *b, char how, const char *name);
/* Puts those of what was read of a folder into its `below`. */
void list_folders(struct walk *w, struct folder *folder);
/* Reads what came of a folder, in one way or the other. -1 only when asked to stop. */
int list_folder(struct walk *w, struct frame *f, const char *name, struct folder *folder);

/* ------------------------------------------------------------------ remember.c: what last night left */

/* Fills what is wanted of a folder that is to be read. */
void memory_look_up(struct walk *w, struct folder *f, long long parent, const char *name);
/* It was listed: the visitor is told, and it is remembered. */
void memory_listed(struct walk *w, struct frame *f, const char *name, const struct folder *folder, long long files);
/* It is as it was: the visitor is told that instead.  False: it has to be listed. */
bool memory_recall(struct walk *w, struct frame *f, const char *name, struct folder *folder);
/* The same for its `below`: the folders that lie in it are those of last night. */
void memory_folders(struct walk *w, struct folder *folder);
/* The root, before the walk.  True: it is empty. */
bool memory_root(struct walk *w);
/* So many folders are gone from the root that it may be another share. */
bool memory_is_another(const struct walk *w);

#endif
