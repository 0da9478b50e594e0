/* SPDX-License-Identifier: GPL-3.0-or-later */
/* take_p.h - what taking decisions and verifying them share. */
#ifndef TAKE_P_H
#define TAKE_P_H

#include "behov/take.h"

#define TAKE_WORD_MOST 200              /* bytes of a token, an id, a version */
#define TAKE_TEXT_MOST INBOX_TEXT_MOST  /* bytes of a reason, a proof */

struct taking {
	struct arena *mem;              /* of the row at hand */
	const struct rules *rules;
	struct store *store;
	int64_t now, before;            /* before: when the inbox was read last, INT64_MIN = never */
	struct take_result *out;
	long long left;                 /* refusals that were not stored: there were too many */
	struct letter letter;           /* whose token it is; key NULL when nobody's */
	enum proof_kind kind;           /* of the row's proof, once it holds */
	int64_t proved;
	struct stored_list list;        /* the proposal, or empty */
	const char *words;              /* the reason of the row at hand, as it came: see words_read() */
};

/* UTF-8 and no longer than that. */
bool take_fits(const char *text, size_t most);
/* Why a row of the inbox does not count, or NULL. */
int take_fault(struct taking *t, const struct inbox_decision *d, const char **fault, struct error *err);
/* Why it does not, whatever it says: no such letter, no good proof. */
const char *take_letter_fault(struct taking *t, const struct inbox_decision *d);
/* What may be stored of a text nobody has vouched for; NULL for NULL. */
const char *take_tame(struct arena *mem, const char *text, size_t most);

/* proof.c */
/* Why the proof of a decision that somebody made with that letter does not hold, or NULL.  *kind and *proved as it says. */
const char *proof_check(const struct conf *conf, const struct inbox_decision *d, const struct letter *letter, enum proof_kind *kind,
			int64_t *proved);

/* stop.c: sets a gallringsstopp, with its row in the chain; or has who decides named in the one that stands for the same.
 * why: all its reasons. */
struct stopped { bool joined; const char *why; };
int stop_set(struct arena *mem, struct store *store, const struct stored *s, const struct decision *d, int64_t now, struct stopped *out,
	     struct error *err);
/* Is that one of those who are named in the one that stands? */
int stop_is_by(struct arena *mem, struct store *store, const struct proposal *p, const char *name, bool *out, struct error *err);

/* answers.c: what follows from an answer that is neither yes nor no. */
int take_answer(struct taking *t, const struct stored *s, const struct decision *d, struct error *err);
/* The question that the words of an advice are about, if it is open and that person's; id 0 = there is none. */
int take_question(struct arena *mem, struct store *store, const char *proposal, const char *key, long long number,
		  struct question *out, struct error *err);

/* happened.c */
int take_event_fault(struct taking *t, const struct inbox_decision *d, const char **fault, struct error *err);
/* Into the store, with its row in the chain: as it is, or as refused. */
int take_event(struct taking *t, const struct inbox_decision *d, const char *fault, struct error *err);

/* reviewed.c */
int take_review_fault(struct taking *t, const struct inbox_decision *d, const char **fault, struct error *err);
/* Into the store, with its row in the chain: as it is, or as refused. */
int take_review(struct taking *t, const struct inbox_decision *d, const char *fault, struct error *err);

/* Has apply begun with it?  Then it is too late for words: what was done is restored, by the administrator. */
int take_under_way(struct taking *t, const struct stored *s, bool *out, struct error *err);
/* Has each seat an approval of this version, and are they of as many people as it needs? */
int take_all_approved(struct taking *t, const struct stored *s, bool *out, struct error *err);

#endif
