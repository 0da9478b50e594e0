/* SPDX-License-Identifier: GPL-3.0-or-later */
/* take_p.h - what taking decisions and verifying them share. */
#ifndef TAKE_P_H
#define TAKE_P_H

#include "behov/decide.h"

#define TAKE_WORD_MOST 200              /* bytes of a token, an id, a version */
#define TAKE_TEXT_MOST INBOX_TEXT_MOST  /* bytes of a reason, a proof */

struct taking {
	struct arena *mem;              /* of the row at hand */
	const struct rules *rules;
	struct store *store;
	int64_t now, before;            /* before: when the inbox was read last, INT64_MIN = never */
	struct decide_result *out;
	long long left;                 /* refusals that were not stored: there were too many */
	struct letter letter;           /* whose token it is; key NULL when nobody's */
	struct stored_list list;        /* the proposal, or empty */
};

/* UTF-8 and no longer than that. */
bool take_fits(const char *text, size_t most);
/* The verdict a word names, or -1. */
int take_verdict(const char *word);
/* Why a row of the inbox does not count, or NULL. */
int take_fault(struct taking *t, const struct inbox_decision *d, const char **fault, struct error *err);
/* Has apply begun with it?  Then it is too late for words: what was done is restored, by the administrator. */
int take_under_way(struct taking *t, const struct stored *s, bool *out, struct error *err);
/* Has everyone who is asked approved this version, and are they as many as it needs? */
int take_all_approved(struct taking *t, const struct stored *s, bool *out, struct error *err);

#endif
