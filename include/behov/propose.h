/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * propose.h - today against yesterday: proposals opened, changed, withdrawn; who is asked; brakes.
 *
 * In:      a plan (sorted), the snapshot it was made of, the rules, yesterday's store.
 * Out:     the store, within the transaction the caller has begun; every change of state in the audit chain.
 * Promise: the same plan twice changes nothing the second time.  What is live in the store and touched by plan->unclear
 *          (or whose half was not judged) is neither withdrawn nor superseded.  Nobody is asked about their own access.
 *          Silence brings more people into a seat (ladder.c) and does nothing else.  Nobody is newly asked more than
 *          conf.weekly in seven days (ration.c), but for who has answered most; the rest is queued, the riskiest first.
 *          What was approved by who has no seat any longer is open again.  What somebody has approved, and asks for more
 *          tonight than it did then, is superseded and asked about anew; what asks for less, or as much, is not.
 */
#ifndef BEHOV_PROPOSE_H
#define BEHOV_PROPOSE_H

#include "store.h"

/* What a person should have taken away, and that is not proposed tonight: which of its files are gone from where they lay. */
struct handled {
	const char *proposal;           /* id */
	bool known;                     /* each of their folders could be read to its end, or is gone itself */
	const bool *gone, *left;        /* by number of the manifest, from 1; left: the work list said that it may not go, and it is not counted as gone */
	long long count, gone_count;
};

struct propose_input {
	const struct rules *rules;
	const struct snapshot *snapshot;
	struct plan *plan;              /* approvers and owner are filled, findings and brakes added */
	struct store *store;
	const struct handled *handled;
	size_t handled_count;
	int64_t now;
};

struct propose_result {
	long long opened, same, changed, withdrawn, braked;
	long long held;                 /* touched by a gap */
	long long undone;               /* scheduled, and who approved has left */
	long long queued, turned;       /* of those opened or changed, into the queue; out of it */
};

/*
 * Who is asked about each proposal tonight.  With store NULL (verb plan) nothing is pinned or compared with a pin.
 * Where nobody can be asked for a system or a series there is a finding, and `needs` is more than the approvers: it can
 * never be approved.  Without a complete snapshot nobody is looked up: owner and approvers stay empty.
 */
int propose_owners(struct arena *mem, const struct propose_input *in, struct error *err);
/* Who can review each system's list, into REVIEWERS_VALUE.  Without a complete snapshot it stays as it was. */
int propose_reviewers(struct arena *mem, const struct propose_input *in, struct error *err);
/* Every proposal counts as newly opened: what `plan` shows. */
void propose_brakes(struct arena *mem, const struct conf *conf, struct plan *plan);
/* After propose_owners(). */
int propose_all(struct arena *mem, const struct propose_input *in, struct propose_result *out, struct error *err);
/*
 * After propose_all(): who is asked gets a name, what waits too long or for nobody is closed, and proposals wait for what
 * is open.  Promise: nobody is asked who is not one person in service with an address, the asker, who it is about, or
 * somebody with protected identity, and the asker is told no more than that it was nobody who can be asked.
 */
int propose_questions(struct arena *mem, const struct propose_input *in, struct error *err);
/* `behov decide release SCOPE`: braked ones are in the queue then, or open where there is room for them. */
struct released { long long all, opened; };
int propose_release(const struct rules *rules, struct store *store, const char *scope, const char *by, const char *reason, int64_t now,
		    struct released *out, struct error *err);

#endif
