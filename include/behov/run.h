/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * run.h - the order of the phases, and what the verbs ask of them.
 */
#ifndef BEHOV_RUN_H
#define BEHOV_RUN_H

#include "apply.h"
#include "audit.h"
#include "take.h"
#include "propose.h"
#include "version.h"

struct run_options {
	int hands;                      /* 0 = as many as make sense */
	bool full;                      /* every folder is listed, though it be as it was */
	int64_t now;
};

/* Register has been read: collect, reconcile, scan and retain fill the plan.  Changes nothing anywhere. */
int run_plan(struct arena *mem, const struct rules *rules, const struct run_options *how, struct plan *plan,
	     struct error *err);
/*
 * What the rules in `edited` would open and withdraw against those in force.  Directory and shares are read once for each.
 * Caller owns *out (conf/schema/compare.schema.json).
 */
int run_compare(struct arena *mem, const struct rules *rules, const struct rules *edited, const struct run_options *how, json_t **out,
		struct error *err);
char *run_compare_table(struct arena *mem, const json_t *difference);
/* The plan as a table for people. */
char *run_table(struct arena *mem, const struct plan *plan);

/* One night, from the inbox to the mails. */
struct night_result {
	struct take_result decided;
	struct propose_result proposed;
	struct plan plan;               /* plan_free() */
	const struct audit_result *chain;       /* as the night found it; NULL = it could not be read */
	double began;                   /* clock_spent() */
	long long letters, sent, unsent, braked;        /* braked: all that wait for a release */
	long long queued;               /* all that wait for their turn */
};
/*
 * Promise: two nights never overlap; what is decided about tonight is published in one transaction, so a night that
 * fails or is killed leaves the last good one standing.
 */
int run_night(struct arena *mem, const struct rules *rules, const struct run_options *how, struct night_result *out,
	      struct error *err);
char *run_night_table(struct arena *mem, const struct night_result *night);

/* What was approved and has had its grace is carried out, on a fresh read of everything. */
int run_apply(struct arena *mem, const struct rules *rules, const struct run_options *how, struct apply_result *out,
	      struct error *err);
char *run_apply_table(struct arena *mem, const struct apply_result *done);
int run_restore(struct arena *mem, const struct rules *rules, const struct run_options *how, const char *id,
		const char *by, const char *reason, struct error *err);

/*
 * The store for a verb that writes: locked against other writers, its clock checked.  A real store takes no --now, no
 * clock before its last run, and none more than 7 days after it until `behov store clock` has confirmed it (confirm).
 */
struct desk { struct store *store; int lock; };
int run_desk_open(struct arena *mem, const struct rules *rules, int64_t now, bool confirm, struct desk *out,
		  struct error *err);
void run_desk_close(struct desk *desk);
/* "/abs/behov.db" */
const char *run_store_path(const struct rules *rules);

/* `what` is SYSTEM or SYSTEM/ROLE.  Caller owns *out. */
int run_explain_access(struct arena *mem, const struct rules *rules, const struct run_options *how, const char *account,
		       const char *what, json_t **out, struct error *err);
/* Who had what on a day, as our own nights saw it; account and what (SYSTEM or SYSTEM/ROLE) may be NULL = all. */
int run_explain_past(struct arena *mem, const struct rules *rules, const struct run_options *how, day_t day, const char *account,
		     const char *what, json_t **out, struct error *err);
/* A draft of needs, as a rules file: of SYSTEM all roles, one after another. */
int run_suggest(struct arena *mem, const struct rules *rules, const struct run_options *how, const char *what, char **out,
		struct error *err);
/* What lies on a share, with drafts of series that fit, as a rules file.  complete: without a gap. */
int run_suggest_retention(struct arena *mem, const struct rules *rules, const struct run_options *how, const char *share, char **out,
			  bool *complete, struct error *err);
/* Files of a share that are alike, as JSON (the caller's) or as text.  complete: all was compared that should be. */
int run_duplicates(struct arena *mem, const struct rules *rules, const struct run_options *how, const char *share, bool as_json,
		   json_t **json, char **text, bool *complete, struct error *err);
int run_explain_file(struct arena *mem, const struct rules *rules, const struct run_options *how, const char *path,
		     json_t **out, struct error *err);
int run_adopt(const struct rules *rules, const char *share, struct error *err);

#endif
