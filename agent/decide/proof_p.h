/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * proof_p.h - what goes with a decision to prove who made it: as the page writes it, and as the night believes it.
 *
 * The page writes what it saw; who has taken the page over writes what they like, of any kind.  What the night can hold it
 * against is the letter, the clock and the configuration, and so that is what it does.
 */
#ifndef PROOF_P_H
#define PROOF_P_H

#include "behov/decide.h"

#define PROOF_FRESH (15 * 60)           /* seconds: destruction is approved by who has just proved who they are */

/* Of whom, how and when; as JSON. */
struct proof_said {
	const char *kind;               /* proof_word */
	const char *session, *form;
	const struct letter *letter;
	int64_t code_sent, proved;
};
const char *proof_write(struct arena *mem, const struct proof_said *said);

/* Why the proof of a decision that somebody made with that letter does not hold, or NULL.  *kind and *proved as it says. */
const char *proof_check(const struct conf *conf, const struct inbox_decision *d, const struct letter *letter, enum proof_kind *kind,
			int64_t *proved);

/* What approving this takes beyond a session that is proved. */
enum proof_lack { PROOF_SUFFICES, PROOF_OLD, PROOF_WEAK };
enum proof_lack proof_lacks(const struct conf *conf, const struct proposal *p, enum proof_kind kind, int64_t proved, int64_t at);

/* The kind a word names, or -1. */
int proof_of(const char *word);

#endif
