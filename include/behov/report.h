/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report.h - the quarter, the status, the list of proposals: what people and other programs read.
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

/* "2026Q3" -> conf.work/rapport/2026Q3.html and .csv; *folder says where.  Caller owns *json (the same as JSON). */
int report_quarter(struct arena *mem, const struct report_input *in, const char *quarter, const char **html,
		   const char **csv, json_t **json, struct error *err);
/* The last night, what waits, gaps, findings, holds, letters that could not be sent.  Caller owns. */
int report_status(struct arena *mem, const struct report_input *in, json_t **out, struct error *err);
/* states 0 = live ones.  Caller owns. */
int report_proposals(struct arena *mem, const struct report_input *in, unsigned states, json_t **out,
		     struct error *err);
/* One proposal (id, or key: all its episodes), or all about an account: evidence, decisions, what was done, rows of the chain. */
int report_trail(struct arena *mem, const struct report_input *in, const char *what, json_t **out, struct error *err);
char *report_trail_text(struct arena *mem, const json_t *trail);
/* Status and proposals as text for a terminal. */
char *report_status_text(struct arena *mem, const json_t *status);
char *report_proposals_text(struct arena *mem, const json_t *proposals);

#endif
