/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * suggest.h - from who has a role today to who may need it, and from what lies on a share to how long it may: drafts for a
 * person to judge.
 *
 * In:      a snapshot that was read with all known attributes, and who has the role.
 * Out:     few, short clauses (one to three attributes each), what each covers and whom it would add, and who is left outside.
 * Promise: nothing is put in force.  The same snapshot gives the same bytes.
 *
 * How: a clause is worth as many as it covers of those who have the role, less those it would add, less what it costs to say it:
 * the more clauses could have been tried, the more must agree before one is believed (Rissanen 1978, minimum description length).
 * The best is taken, then the best of what is left, until none is worth its cost.
 */
#ifndef BEHOV_SUGGEST_H
#define BEHOV_SUGGEST_H

#include "nouns.h"
#include "set.h"

struct suggest_input {
	const struct rules *rules;      /* attribute_count: all that was read */
	const struct snapshot *snapshot;
	const struct role *role;
	struct set has;                 /* accounts that have the role today; only people count */
	bool all;                       /* no others can have it */
	int64_t now;
};

/* One attribute, and words of which one must match. */
struct suggested { int attribute; const char **words; int count; };
struct suggestion {
	struct suggested conditions[3];
	int count;
	long long covers, adds;         /* of those who have the role; who have it not */
};
struct suggestions {
	LIST(struct suggestion) list;   /* what covers most first */
	struct set people, outside, added;      /* accounts: who was looked at; has it, and no clause; a clause, and has it not */
	long long have;
	int longest;                    /* clauses of more attributes were not tried: there are too many of them */
};

void suggest_role(struct arena *mem, const struct suggest_input *in, struct suggestions *out);
/*
 * A dokumenthanteringsplan as CSV, into drafts of series: without a place and without a decision.  NULL with err when it cannot be
 * read; what a row says that could mean two things is a comment with its line, and counted in *refused.
 */
char *suggest_handbook(struct arena *mem, const char *name, const char *bytes, size_t len, long long *refused, struct error *err);
/*
 * What lies on a share, for who writes its first retention rules: gathered by a visitor for scan, which asks another visitor's
 * owner (retain) which series governs each file.
 */
struct survey;
struct survey_input {
	const struct rules *rules;      /* names of series that are taken, lists of cases */
	const struct share *share;
	const struct series *drafts;    /* to be compared with what is found; may be none */
	size_t draft_count;
	bool drafts_missing, drafts_broken;     /* there is no library; some of it could not be read */
	const struct visitor *below;    /* its enter() and leave() are called, and nothing else of it */
	const struct series *(*governs)(void *self, void *state, const char *path, const struct entry *entry);
	int64_t now;
};
struct survey *suggest_survey(struct arena *mem, const struct survey_input *in);
const struct visitor *suggest_survey_visitor(struct survey *survey);
/*
 * What was found, and drafts of series that fit, as a rules file with comments: nothing in it has a decision.  Once, when the share
 * has been walked; visited false: it was not.
 */
char *suggest_retention(struct survey *survey, bool visited, const struct gap *gaps, size_t gap_count);
void suggest_survey_close(struct survey *survey);
/* A rules file with comments: `needs = { ... };` that can be put in rules/ when a person has read it; `listed`: one of several in a list. */
char *suggest_text(struct arena *mem, const struct suggest_input *in, const struct suggestions *suggestions, bool listed);

#endif
