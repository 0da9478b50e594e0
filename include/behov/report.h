/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report.h - the status, the list of proposals, the trail of one, and whether a report is as it was made.
 *
 * In:      the store (read only) and the rules.
 * Out:     files below conf.work, or text and JSON in the arena.
 * Promise: the same store gives the same bytes (now is printed, too); every text from outside is quoted for its place.
 */
#ifndef BEHOV_REPORT_H
#define BEHOV_REPORT_H

#include "audit.h"

struct report_input {
	const struct rules *rules;
	struct store *store;
	int64_t now;
};

/* Is a file, whatever it is called now, a report as it was made?  found: the first row of the chain that made it; else the last that made one
 * of its name, row 0 = none did.  later: a row that made another of its name after it. */
struct report_check {
	const char *file, *digest;              /* as it is now */
	bool found;
	long long row, later, disposed;         /* disposed: rows about reports whose payload is gone */
	const char *at, *later_at, *actor, *format, *made_as, *was;     /* was: the digest that the row has */
	const char *quarter, *night, *rules, *seen, *chain_head;        /* what it was made of */
	long long chain_rows;
	struct audit_result chain;
};
/* Against the chain of a store, or (store NULL) an export of one; seals as for audit_verify(). */
int report_verify(struct arena *mem, struct store *store, const char *export, const struct seals *seals, const char *path, struct report_check *out,
		  struct error *err);
json_t *report_check_json(const struct report_check *check);            /* caller owns */
const char *report_check_text(struct arena *mem, const struct report_check *check);
/* 0 when it is as it was made, in a chain that is whole. */
int report_check_judge(const struct report_check *check, struct error *err);
/* The last night, what waits, gaps, findings, holds, letters that could not be sent.  Caller owns. */
int report_status(struct arena *mem, const struct report_input *in, json_t **out, struct error *err);
/* states 0 = live ones.  Caller owns. */
int report_proposals(struct arena *mem, const struct report_input *in, unsigned states, json_t **out,
		     struct error *err);
/* One proposal (id, the dnr of its protocol, or key: all its episodes), or all about an account: evidence, decisions, what was done, rows of the chain. */
int report_trail(struct arena *mem, const struct report_input *in, const char *what, json_t **out, struct error *err);
char *report_trail_text(struct arena *mem, const json_t *trail);
/* Status and proposals as text for a terminal. */
char *report_status_text(struct arena *mem, const json_t *status);
char *report_proposals_text(struct arena *mem, const json_t *proposals);

#endif
