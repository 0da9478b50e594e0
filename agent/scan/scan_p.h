/* SPDX-License-Identifier: GPL-3.0-or-later */
/* scan_p.h - what the files of the scan room share. */
#ifndef BEHOV_SCAN_P_H
#define BEHOV_SCAN_P_H

#include "behov/hands.h"
#include "behov/index.h"
#include "behov/scan.h"
#include <stdatomic.h>
#include <sys/types.h>

/* Which file system a root lies on, and which folder of it: "ext 4f9e3691fb5c086d 2".  NULL with err where nothing tells that
 * stays the same from one mount to the next. */
char *filesystem_of(struct arena *mem, int root, struct error *err);

/* As scan_open_root(); *marked: the marker was there and names this share. */
int root_open(const struct share *share, bool *marked, struct error *err);
enum marker { MARKER_OURS, MARKER_MISSING, MARKER_WRONG };
bool marker_names(const char *text, const char *id);    /* is that what the marker of this share says? */
int marker_allows(const struct share *share, enum marker found, struct error *err);     /* -1 with err when it does not */

/* ------------------------------------------------------------------ pace.c: what a share asks us to spare */

/* Shared by all threads that ask one share. */
struct pace {
	int64_t step;                   /* nanoseconds between two requests; 0: as they come */
	atomic_llong next;              /* when the next one may go */
};
void pace_open(struct pace *p, const struct share *share);
/* Before each request: waits for its turn, or until we are asked to stop. */
void pace_wait(struct pace *p);
static inline void
pace(struct pace *p)
{
	if (p && p->step)
		pace_wait(p);
}
/* When a request that comes at `now` may go. */
long long pace_turn(struct pace *p, long long now);
/* May a folder be begun now? */
bool pace_within(const struct share *share, int64_t moment);
/* "20:00-06:00" */
char *pace_window(struct arena *mem, const struct share *share);
/* This thread's reading of disks gives way to that of others, where the system can do that. */
void pace_idle(void);

/* ------------------------------------------------------------------ folder.c: the slow calls, for any thread */

/* Where folders are opened from.  What turns out to be missing is not asked for again. */
struct beneath {
	struct smb *smb;                /* or NULL */
	int root;
	dev_t dev;
	struct pace *pace;
	struct hands *hands;            /* which share the questions about one folder; or NULL */
	atomic_bool no_openat2, no_noatime;
	atomic_bool over;               /* the share's window has closed: what hands have not begun is left */
};

/* One name of a listing: `name` is in the folder's own memory. */
struct listed {
	size_t name;                    /* where in folder.names */
	int error;                      /* of stat; 0 */
	bool ask;                       /* it is to be asked about */
	struct entry entry;             /* its name not filled */
};

/* A folder below one that is known, with none below itself. */
struct leaf { const char *name; struct mark was; bool same; };

/*
 * A folder, and so much of its listing as is read at a time.  Filled by folder_read() again and again until `last`.
 * What is asked about what lies in it may be shared: by then the listing stays as it is, and each question is one hand's.
 * Promise: its descriptor is open from the first reading on, as long as there may be something to ask it.
 */
struct folder {
	char *path;
	size_t path_room;
	struct pace *pace;              /* NULL until it is read */
	long long requests;             /* that were made for it: counted here, since threads that share a number wait for each other */
	int fd;                         /* -1: not open yet, or not to be opened */
	bool stat_all;                  /* wanted: times and sizes of every file */
	bool weigh;                     /* wanted: the size of every file, if it has to be listed */
	bool known;                     /* wanted: no listing, if it is as it was */
	bool same;                      /* it is: and so it was not listed */
	long long id;                   /* in the index; -1: it is not there */
	struct mark was, mark;          /* as it was; as it was before it was listed */
	struct leaf *leaves;            /* wanted, if it is as it was: whether these are, too */
	size_t leaf_count;
	bool share;                     /* wanted: questions are left for folder_ask_on() */
	size_t questions;               /* so many were left: of the leaves, if it is as it was, or of the list */
	atomic_size_t next_asked;       /* where the next one is looked for */
	atomic_llong asked;             /* by those that share them; not yet in `requests` */
	bool last;                      /* nothing more comes */
	bool done;                      /* read, and nobody's but the owner's */
	int open_error, list_error;
	const char *why;                /* better words for open_error; or NULL */
	struct listed *list;
	size_t count, room;
	char *names;
	size_t names_len, names_room;
	bool folders;                   /* there may be one in the list */
	struct below *below;            /* the walk's: the folders that lie in it, when all of them are known; or NULL */
	struct folder *next;            /* the walk's, of those that it keeps for later */
};

/* Before each request for it. */
void folder_turn(struct folder *f);
int folder_open(struct beneath *b, const char *path);           /* a descriptor, or -1 with errno */
/* Fills entry; -1 with errno when it could not, or when the name is something else by now. */
int folder_ask(int dir, struct entry *entry);
void folder_read(struct beneath *b, struct folder *f);
/* What is left of the questions, by as many threads as like; when we are asked to stop, not all of them.  Then, by one thread,
 * what there is to do when all have come back. */
void folder_ask_on(const struct beneath *b, struct folder *f);
void folder_asked(struct folder *f);
struct listed *folder_add(struct folder *f, const char *name, size_t len, unsigned char type);
/* For another: of what it held only the room is left. */
void folder_renew(struct folder *f);
void folder_close(struct folder *f);

/* ------------------------------------------------------------------ smb.c: the same, for a share that is not mounted */

/* Finds the server, is let in and reads the marker.  NULL with err.  Lives in `mem`; borrows the share. */
struct smb *smb_open(struct arena *mem, const struct share *share, bool *marked, struct error *err);
void smb_read(struct smb *smb, struct folder *f);       /* as folder_read(), by any thread; always `last` */
void smb_close(struct smb *smb);

#endif
