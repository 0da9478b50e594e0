/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * run.h - the order of the phases, and what the verbs ask of them.
 */
#ifndef BEHOV_RUN_H
#define BEHOV_RUN_H

#include "nouns.h"

#define BEHOV_VERSION "0.1"

struct run_options {
	int hands;                      /* 0 = as many as make sense */
	int64_t now;
};

/* Register has been read: collect, reconcile, scan and retain fill the plan.  Changes nothing anywhere. */
int run_plan(struct arena *mem, const struct rules *rules, const struct run_options *how, struct plan *plan,
	     struct error *err);
/* The plan as a table for people. */
char *run_table(struct arena *mem, const struct plan *plan);

/* `what` is SYSTEM or SYSTEM/ROLE.  Caller owns *out. */
int run_explain_access(struct arena *mem, const struct rules *rules, const struct run_options *how, const char *account,
		       const char *what, json_t **out, struct error *err);
int run_explain_file(struct arena *mem, const struct rules *rules, const struct run_options *how, const char *path,
		     json_t **out, struct error *err);
int run_adopt(const struct rules *rules, const char *share, struct error *err);

#endif
