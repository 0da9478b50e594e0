/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * apply.h - what was approved, one journaled step at a time.  The only room that removes a membership or a file.
 *
 * In:      proposals that are scheduled (or quarantined) and whose time has come, and eyes: what only other phases can
 *          see, given by run.c.
 * Out:     the directory, the shares, the store.
 * Promise: exactly one function unlinks a file, exactly one removes memberships, exactly one ends a record of our own.
 *          Each effect: intent in the store, the check made just now, the act, step(name), the result in the store; a group of
 *          them in one commit each, and our own records of a batch all in one.  Ended anywhere and started again, it comes to the same end.  No run takes more than its brake allows, the oldest files first.  What does not hold any longer is left alone, and said.
 */
#ifndef BEHOV_APPLY_H
#define BEHOV_APPLY_H

#include "store.h"

/* Has `behov share probe` shown that files can be put aside on a share, as it is now (root: its descriptor)? */
enum proven { PROVEN_NOT_YET, PROVEN_BAD, PROVEN_GOOD };

/* How apply sees what it may not open itself. */
struct apply_eyes {
	void *self;
	/* A descriptor of the share's root, its marker checked just now; or -1. */
	int (*open_root)(void *self, const struct share *share, struct error *err);
	/* Judged anew on this moment's rules and holds: NULL when the record may still go as it was approved, else why not.
	 * `path` is its original path below the share (bytes), `entry` what stat says of it now. */
	const char *(*objection)(void *self, const struct share *share, const char *path, const struct entry *entry,
				 const struct consent *approved);
	/*
	 * Access, on a fresh read of the directory: fills safe[i] for each proposal, judging all that are safe together.
	 * why[i] says what stands in the way of those that are not: one that asks for more of an approval than when it was
	 * approved is not, unless it was begun.  list[i].dn and group_dn are what the two are
	 * called now, unseen that there is no such edge.
	 */
	int (*judge)(void *self, struct arena *mem, struct stored *list, size_t count, bool *safe, const char **why,
		     struct error *err);
	/* For a share that files are to be put aside on; -1 with err when nobody can say. */
	int (*proven)(void *self, const struct share *share, int root, enum proven *out, struct error *err);
	/* Before each request for content to a share: waits for its turn.  False: its window is closed.  NULL: at once. */
	bool (*turn)(void *self, const struct share *share);
};

struct apply_input {
	const struct rules *rules;
	struct store *store;
	const struct apply_eyes *eyes;
	int64_t now;
};

/* left: why is in its note; braked: it would be more than one run may take (conf.apply_brake), and waits for another. */
struct apply_result { long long removed, exported, quarantined, unlinked, waiting, left, braked, failed, packaged; };
int apply_all(struct arena *mem, const struct apply_input *in, struct apply_result *out, struct error *err);
/* `behov share probe ID`: what apply relies on, tried with files of our own below SHARE_QUARANTINE. */
struct probe_check { const char *what, *why; };         /* why: NULL = good */
struct probed {
	LIST(struct probe_check) checks;
	bool good;
	const char *seen;               /* by what it is known that the share is still the one that was tried; NULL: by nothing */
};
void apply_probe(struct arena *mem, const struct share *share, int root, struct probed *out);
/* What `seen` would be now; NULL when there is no marker. */
char *apply_probe_seen(struct arena *mem, const struct share *share, int root);
/* `behov restore ID`: what was journaled is put back, nothing else.  Who and why stand in its note and in the chain. */
int apply_restore(struct arena *mem, const struct apply_input *in, const char *id, const char *by, const char *reason, struct error *err);

/*
 * Delivery to an e-archive: what was approved is copied, never moved, into DELIVERY/ID/ below conf.work, a package as E-ARK SIP
 * 2.1.0 says (with E-ARK CSIP 2.1.0 it is FGS Paketstruktur 2.0: Riksarkivet, http://xml.ra.se/e-arkiv/, valid from 2023-03-30;
 * the requirements by number: https://earkcsip.dilcis.eu and https://earksip.dilcis.eu), and the same as DELIVERY/ID.tar.
 * The originals stay.  The proposal is exported until somebody registers what the e-archive answers.
 */
struct receipt {
	const char *number;             /* as the e-archive calls it */
	day_t date;
	const char *sums;               /* a file with the SHA-256 of what it has, a line each; or NULL */
	const char *by;
};
/* Done.  With sums: each file of the package must be among them, as often as it is in it.  *compared: so many were. */
int apply_receipt(struct arena *mem, const struct apply_input *in, const char *id, const struct receipt *receipt,
		  long long *compared, struct error *err);
/* The e-archive does not take it: failed, and the night asks anew. */
int apply_refused(struct arena *mem, const struct apply_input *in, const char *id, const char *by, const char *reason,
		  struct error *err);
/* What waits for a receipt, for people. */
int apply_deliveries(struct arena *mem, const struct apply_input *in, char **out, struct error *err);

#endif
