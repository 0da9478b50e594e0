/* SPDX-License-Identifier: GPL-3.0-or-later */
/* apply_p.h - what the files of the apply room share. */
#ifndef BEHOV_APPLY_P_H
#define BEHOV_APPLY_P_H

#include "behov/apply.h"
#include "behov/digest.h"
#include <errno.h>

struct apply {
	struct arena *mem;
	const struct apply_input *in;
	const struct conf *conf;
	struct apply_result *out;
	struct brakes *brakes;
	struct error *err;
};

struct batch;

/* ------------------------------------------------------------------ proof.c: what must be true before something goes */

/*
 * What must have been found true just now before something is taken away.  The three functions that take away (a file, a membership, a record of our own) demand one,
 * whole; they end the process rather than act without: not an assert, which a build can leave out.  Its inside is
 * known in proof.c alone, and is filled there by asking (the store, the eyes, the brake, the file); only proof_edge()
 * believes its caller, who has found both by their keys on the server that is about to be told.  One proof is about one
 * proposal, and what it says of one thing in it is good for one act.
 */
struct proof;
struct proof *proof_open(struct apply *a, struct stored *s);
/* *yes: its decisions are enough for the version that it has. */
int proof_decided(struct proof *p, bool *yes);
/* The run's brake, asked once for all of the proposal.  *why: it waits for another run, which has been told. */
enum brake_act { BRAKE_REMOVE, BRAKE_MOVE, BRAKE_UNLINK };
int proof_brake(struct proof *p, enum brake_act act, bool begun, const char **why);
/* Access: which of them are safe together; flat[i] is what proofs[i] is about.  why[i] NULL: it is. */
int proof_judge(struct apply *a, struct stored *flat, struct proof *const *proofs, size_t count, const char **why,
		struct error *err);
/* The edge as it is called now, and it is there. */
void proof_edge(struct proof *p, const char *group, const char *member);
/* What lies in quarantine under that number is what was approved.  False with errno. */
bool proof_file(struct proof *p, struct batch *b, size_t number, struct entry *now);
/* YES: a record of ours is as it was approved.  UNKNOWN: there can be none of that name.  -1: it cannot be looked at. */
int proof_own(struct proof *p, struct batch *b, size_t number, struct entry *now, enum truth *same);
/* batch_objection(), and what it says is remembered. */
const char *proof_objection(struct proof *p, struct batch *b, size_t number, struct entry *now);
/* For the three that take away: returns when all of it is proven of that thing, by the name it was seen under. */
void proof_spend(struct proof *p, const char *thing);

/* ------------------------------------------------------------------ brake.c: how much one run may take */

int brake_open(struct apply *a);
void brake_close(struct apply *a);
/* *why NULL: it is counted and may go.  What has been begun goes on. */
int brake_take(struct apply *a, const struct stored *s, enum brake_act act, bool begun, const char **why);
/* It stays as it is, and why is said: as apply_left(), but it is the brake that holds it. */
int brake_holds(struct apply *a, struct stored *s, const char *why);

/* ------------------------------------------------------------------ apply.c: states */

/* What happens to it, with its row in the audit chain, in one transaction.  note NULL = none. */
int apply_move(struct apply *a, struct stored *s, enum happening what, int64_t go_at, const char *note);
/* As above, inside a transaction of the caller's. */
int apply_move_in(struct apply *a, struct stored *s, enum happening what, int64_t go_at, day_t until, const char *note,
		  const char *actor);
/* What the chain says of that; the caller's. */
json_t *apply_told(const struct stored *s, enum state state, const char *note);
/* It stays as it is, and why is said once: in its note, the log and the chain. */
int apply_left(struct apply *a, struct stored *s, const char *why);
/* As above, inside a transaction of the caller's. */
int apply_left_in(struct apply *a, struct stored *s, const char *why);
/* Its only effect of an act, or NULL. */
int apply_effect(struct apply *a, const char *id, const char *act, struct effect **out);
/* Writes what will be done; *id is its row. */
int apply_intend(struct apply *a, const char *proposal, const char *act, long long number, const char *target,
		 const char *before, long long *id);
int apply_end(struct apply *a, long long id, enum effect_state state, const char *after, const char *note);
/* *due: its time has come, and a night has been published since: the grace period was not slept through. */
int apply_due(struct apply *a, const struct stored *s, bool *due);
/* *yes: its decisions are enough for the version that it has. */
int apply_decided(struct apply *a, const struct stored *s, bool *yes);

/* ------------------------------------------------------------------ access.c, removal.c, directory.c */

int access_apply(struct apply *a, struct stored *const *list, size_t count);
/* A removal over LDAP: decided, judged, and let through by the brake. */
struct removal { struct stored *s; struct proof *proof; };
/* On one connection, in the order of their groups. */
int directory_remove_all(struct apply *a, struct removal *list, size_t count);
/* Adds back what was journaled.  -1 when it could not, and nothing is changed in the store then. */
int directory_restore(struct apply *a, struct stored *s);

/* ------------------------------------------------------------------ webhook.c: what a ticket system is asked for */

/* One question each.  What is not taken stays scheduled, and a later run asks again. */
int webhook_send_all(struct apply *a, struct stored *const *list, size_t count);

/* ------------------------------------------------------------------ ldif.c: what other people carry out */

/* One LDIF file with all of them. */
int export_ldif(struct apply *a, struct stored *const *list, size_t count);
/* A work list for somebody who removes a membership by hand. */
int export_by_hand(struct apply *a, struct stored *s);
/* A work list of files, each looked at just now. */
int export_files(struct batch *b);
/* We were ended after the file was written: *done when it has been recorded now. */
int export_finish(struct apply *a, struct stored *s, bool *done);

/* ------------------------------------------------------------------ walk.c: to a file without being led astray */

/* The folder `path` below root, "" for root itself; -1 with errno. */
int walk_folder(int root, const char *path);
/* The folder that holds the file `path`, and its last component; -1 with errno. */
int walk_parent(struct arena *mem, int root, const char *path, const char **name);
/* What stat says of a regular file on the file system `dev`; -1 with errno (WALK_OTHER: it is something else). */
#define WALK_OTHER EMEDIUMTYPE          /* which no file system says */
int walk_look(int folder, const char *name, uint64_t dev, struct entry *out);
/* Every regular file (or what may be one) in `path` and below: each() gets its path below root.  -1 with errno when
 * not all could be seen. */
int walk_each(struct arena *mem, int root, const char *path, void (*each)(void *self, const char *path), void *self);
/* It is the share that fails, or has no room, and not the file: nothing is known of it, and another run can have it. */
bool walk_lost(int why);
/* May this be the path of a record?  No empty, "." or ".." component, not ours. */
bool walk_sane(const char *path);

/* ------------------------------------------------------------------ batch.c, files.c, unlink.c, restore.c */

/* One approved batch, its share opened, its journal read. */
struct batch {
	struct arena *mem;
	struct apply *a;
	struct stored *s;
	const struct share *share;
	const struct series *series;    /* NULL: not in the rules any longer */
	struct record *records;         /* number n of the journal is records[n - 1] */
	const char *volume;             /* of a whole batch its path (bytes); NULL = none, or one that cannot be read */
	size_t count;
	struct effect **moved, **gone;  /* by number, NULL = none; acts "quarantine" and "unlink" */
	struct copied *given;           /* number n of what an e-archive was given is given[n - 1]; NULL = it is not about that */
	char *block;                    /* to read that into */
	uint64_t dev;
	int root, quarantine, folder;   /* the share, SHARE_QUARANTINE in it, the proposal's folder in that; -1 = not open */
	const char *lost;               /* the share went away under us, and why: what was meant stays meant; NULL = it is there */
};

/* 0 and *why NULL: open.  0 and *why: it must be left, and why.  batch_close() in any case. */
int batch_open(struct apply *a, struct stored *s, struct batch *b, const char **why);
void batch_close(struct batch *b);
/* The proposal's folder in the quarantine; made when `make`.  0 with *why, and errno, when it cannot be had. */
int batch_folder(struct batch *b, bool make, const char **why);
/* walk_lost(), and then b->lost says so. */
bool batch_lost(struct batch *b, int why);
/* Of one that is lost: it stays as it is, and the next run goes on. */
int batch_leave(struct batch *b);
/* "00000012" */
const char *batch_name(struct batch *b, size_t number);
/* Identity: what a rename keeps. */
bool batch_same(const struct record *r, const struct entry *now);
/* Content and times, ctime with them: it is what it was when it was approved, and where it was. */
bool batch_as_approved(const struct batch *b, const struct record *r, const struct entry *now);
/* As JSON, for the journal. */
char *batch_stat(struct arena *mem, const struct entry *e);
/* NULL, or why the record may not go (any longer). */
const char *batch_objection(struct batch *b, size_t number, struct entry *now);

/* Every folder of a whole batch is listed again: who has put a file there since has not been asked.  NULL, or why it may not go. */
const char *batch_census(struct batch *b);

/* The series is activated as it is written now, and the decisions are enough for what it is now; else *why. */
int batch_proven(struct batch *b, struct proof *proof, const char **why);

int files_apply(struct apply *a, struct stored *s);

/* own.c: what behov itself keeps.  Decided, activated and let through by the brake. */
int own_apply(struct batch *b, struct proof *proof);
/* Quarantined: holds put back, and when its time has come, the end. */
int unlink_apply(struct apply *a, struct stored *s);
/* What an earlier run has destroyed and could not say any more is said now.  The proposal's folder in quarantine is open. */
int unlink_settle(struct batch *b);
/* One file back to where it was: effect UNDONE.  *why NULL, or why it is still in quarantine. */
int restore_file(struct batch *b, size_t number, const char *note, const char **why);
/* Is the file at its old place already?  Then we were ended after it was put back. */
bool restore_is_back(struct batch *b, size_t number, struct entry *now);
/* The journal says that it is in quarantine, or may be. */
bool batch_aside(const struct batch *b, size_t number);
bool batch_any_aside(const struct batch *b);
/* All that is in quarantine; *stuck: how many could not be put back. */
int restore_batch(struct batch *b, const char *note, long long *stuck);
/* The proposal's folder in quarantine, when nothing is left in it. */
void restore_tidy(struct batch *b);

/* ------------------------------------------------------------------ deliver.c: a package for the e-archive */

/* A file of the batch: not copied yet, copied with that sum, or left out and why. */
struct copied { enum { COPY_NOT, COPY_DONE, COPY_DROPPED } state; unsigned char sum[DIGEST_SIZE]; const char *why; };

#define DELIVER_ACT "deliver"                   /* in the journal: each record of it, with its sum */
#define PACKAGE_ACT "package"                   /* … and the whole */
#define DELIVERY_FOLDER "leverans"              /* below conf.work */
#define DELIVERY_DATA "representations/rep1/data"
#define DELIVERY_BLOCK ((size_t)1 << 20)        /* is read at once */

struct delivery {
	struct batch *b;
	int work, root;                 /* DELIVERY_FOLDER; the package in it, under way or whole; -1 = not open */
	bool whole;                     /* it is a package already: what is left is to say so */
	struct copied *files;           /* by number */
	size_t copied, dropped;
	size_t spoiled;                 /* a copy that is not what was copied any longer; 0 = none */
	unsigned long long bytes;       /* of those copied */
	char *block;
	const char *made;               /* the folder of the last copy, with its slash */
	struct decisions given;         /* on the proposal */
	unsigned char mets[DIGEST_SIZE], tar[DIGEST_SIZE];
};

int deliver_apply(struct batch *b);
/* The sum that the journal has of a record; false: none. */
bool deliver_sum(const struct effect *e, unsigned char sum[DIGEST_SIZE]);
/* All of it, or -1 with errno. */
int deliver_write(int fd, const void *bytes, size_t len);
/* A file to be read; -1 with errno. */
int deliver_open(int parent, const char *leaf);

/* ------------------------------------------------------------------ delivered.c: the content of originals */

/* Of a batch of what e-archives have given receipts of: what they were given. */
int delivered_recall(struct batch *b);
/* NULL: it is that, or the batch is none of those; else why not.  It is read; what it is may change afterwards. */
const char *delivered_differs(struct batch *b, size_t number, int folder, const char *name);

/* ------------------------------------------------------------------ sip.c, mime.c: what the package says of itself */

/* One file of the package that is not a record. */
struct sheet {
	const char *path;               /* below the package */
	unsigned char sum[DIGEST_SIZE];
	unsigned long long size;
};
enum { SHEET_METS, SHEET_DESCRIPTION, SHEET_PREMIS, SHEET_SCHEMA, SHEET_README, SHEETS };
/* Writes them all, METS.xml last.  -1 with errno. */
int sip_write(const struct delivery *d, struct sheet sheets[SHEETS]);
/* By what its name ends in; "application/octet-stream" when that says nothing. */
const char *mime_type(const char *path);
/* A path as the URL that leads there, for xlink:href: each byte but letters, digits and -._~/ as %XX. */
char *url_path(struct arena *mem, const char *path);

/* ------------------------------------------------------------------ xml.c: an XML file under way */

struct xml;
/* Makes `path` below folder, in the place of what is there.  NULL with errno. */
struct xml *xml_open(int folder, const char *path);
void xml_start(struct xml *x, const char *element);
void xml_end(struct xml *x);
/* value NULL: nothing is written.  What XML cannot hold is written as name_show() does. */
void xml_set(struct xml *x, const char *attribute, const char *value);
void xml_text(struct xml *x, const char *value);
/* <element>value</element> */
void xml_put(struct xml *x, const char *element, const char *value);
/* Ends what is open.  -1 with errno when not all of it could be written. */
int xml_close(struct xml *x, struct sheet *out);

/* ------------------------------------------------------------------ tar.c: the same as one file */

/* Writes DELIVERY_FOLDER/ID.tar; each record is held against its sum on the way.  0 with *why when one is another, -1 with errno. */
int tar_write(struct delivery *d, const struct sheet sheets[SHEETS], const char **why);

#endif
