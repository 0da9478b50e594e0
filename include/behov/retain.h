/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * retain.h - entries against series: what is due, in batches; what is held; what no rule covers.
 *
 * In:      rules (series), holds in force, a share, and the stream of entries (as a visitor for scan).
 * Out:     adds to the plan: destroy and deliver proposals (owner fields left empty), findings, gaps, unclear, counts.
 * Promise: judged in this order: hold, preserve, deliver, destroy where the latest due date wins; what an e-archive has of a
 *          series that delivers is destroyed when its time after the receipt has passed, and not before; a draft (no decision)
 *          blocks but never destroys; no anchor, no due date; a whole batch with one member that is held, preserved,
 *          ungoverned or unreadable is not proposed.
 */
#ifndef BEHOV_RETAIN_H
#define BEHOV_RETAIN_H

#include "nouns.h"

struct retain;

struct retain_input {
	const struct rules *rules;
	const struct hold *holds;       /* those in force: from the store, and those in rules not yet in it */
	size_t hold_count;
	const struct event *events;     /* of rules and store */
	size_t event_count;
	const struct received *received;        /* what an e-archive has: sorted by share and path */
	size_t received_count;
	int64_t now;
};

/* Compiles the series once for all shares. */
struct retain *retain_open(struct arena *mem, const struct retain_input *in, struct error *err);
/* A visitor for one share, good until the next call or retain_close(). */
const struct visitor *retain_share(struct retain *retain, const struct share *share);
/* The share was walked: gaps decide which of its batches may be proposed. Adds to the plan. */
int retain_finish(struct retain *retain, const struct share *share, const struct gap *gaps, size_t gap_count,
		  bool visited, struct plan *plan, struct error *err);
void retain_close(struct retain *retain);

/*
 * Asked between enter() and leave() of that visitor, with the state that enter() gave, in the place of wants_stat() and file():
 * the series that wins for the file, which may be a draft; NULL when none covers it.  Nothing is counted or put in a batch.
 */
const struct series *retain_governs(struct retain *retain, void *state, const char *path, const struct entry *entry);

/* `behov explain PATH`: every series that matches, winner and losers, holds, the calculation in words. Caller owns. */
int retain_explain(struct retain *retain, const struct share *share, const char *path, const struct entry *entry,
		   json_t **out, struct error *err);

/* Does the file count from a newer version?  Then what lies in its folder must be shown before it is judged alone: all its
 * files, stat'ed; complete: nothing there could not be seen.  Good until another folder or share is shown. */
bool retain_needs_folder(struct retain *retain, const struct share *share, const char *path);
void retain_folder(struct retain *retain, const struct share *share, const char *folder, const struct entry *list, size_t count,
		   bool complete);

/* One record, judged anew by today's rules and holds: NULL when it may go as it was approved, else why not (Swedish, in the
 * arena of retain_open()).  For apply, before the rename and before the unlink.  `entry` is what stat says of it now.
 * What a newer version superseded counts from the anchor of then, as long as there is a newer one.  It may be another by now: the
 * one that came next was superseded, too, and lies in quarantine.  What belongs to a whole volume by now goes with no other. */
const char *retain_objection(struct retain *retain, const struct share *share, const char *path,
			     const struct entry *entry, const struct consent *approved);

/* Does one of its holds cover the path, by any way that the rules read it now? */
bool retain_is_held(struct retain *retain, const struct share *share, const char *path);

/* Is a record held, by any way DESIGN 4 names?  For apply, before the rename and before the unlink. The reason or NULL. */
const char *retain_held(const struct hold *holds, size_t count, const char *share, const char *path, const char *series,
			const char *case_name);

#endif
