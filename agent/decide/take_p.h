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
	enum proof_kind kind;           /* of the row's proof, once it holds */
	int64_t proved;
	struct stored_list list;        /* the proposal, or empty */
	const char *words;              /* the reason of the row at hand, as it came: see words_read() */
};

/* UTF-8 and no longer than that. */
bool take_fits(const char *text, size_t most);
/* The verdict a word names, or -1. */
int take_verdict(const char *word);
/* Why a row of the inbox does not count, or NULL. */
int take_fault(struct taking *t, const struct inbox_decision *d, const char **fault, struct error *err);
/* Why it does not, whatever it says: no such letter, no good proof. */
const char *take_letter_fault(struct taking *t, const struct inbox_decision *d);
/* What may be stored of a text nobody has vouched for; NULL for NULL. */
const char *take_tame(struct arena *mem, const char *text, size_t most);

/* words.c: what goes with a verdict. */
struct words {
	const char *to;                 /* ask: an account name or an address */
	const char *text;               /* a reason, a question, an advice */
	day_t until;                    /* keep, hold, later */
	enum advice advice;             /* advise */
	long long question;             /* advise: its number */
};
enum words_fault {
	WORDS_FINE, WORDS_UNREADABLE, WORDS_NO_REASON, WORDS_NO_HOLD_REASON, WORDS_PAST, WORDS_NO_NAME, WORDS_BAD_NAME,
	WORDS_NO_QUESTION, WORDS_NO_RULE, WORDS_LATER, WORDS_NO_ADVICE, WORDS_FAULTS
};
extern const char *const words_fault_text[WORDS_FAULTS];
/* At most 1,000 characters; and so many (or NULL) that are lines, tabs and letters alone. */
bool words_have_room(const char *text);
bool words_are_text(const char *text);
enum words_fault words_check(enum verdict verdict, const struct words *words, int64_t at);
/* As the reason of a row of the inbox, and back; a reason that holds none of it gives empty words. */
const char *words_pack(struct arena *mem, enum verdict verdict, const struct words *words);
struct words words_read(struct arena *mem, enum verdict verdict, const char *reason, day_t until);
#define LATER_DAYS 30                   /* so far off may a reminder be */

/* stop.c: the gallringsstopp that covers what a proposal is about, and no more than that can be named.  Its id is empty. */
int stop_of(struct arena *mem, struct store *store, const struct proposal *p, struct hold *out, struct error *err);
/* Sets it, with its row in the chain; or has who decides named in the one that stands for the same.  why: all its reasons. */
struct stopped { bool joined; const char *why; };
int stop_set(struct arena *mem, struct store *store, const struct stored *s, const struct decision *d, int64_t now, struct stopped *out,
	     struct error *err);
/* Is that one of those who are named in the one that stands? */
int stop_is_by(struct arena *mem, struct store *store, const struct proposal *p, const char *name, bool *out, struct error *err);

/* answers.c: what follows from an answer that is neither yes nor no. */
int take_answer(struct taking *t, const struct stored *s, const struct decision *d, struct error *err);
/* Is it the account that the coordinator's name leads to? */
int take_is_coordinator(struct arena *mem, struct store *store, const struct rules *rules, const char *key, bool *out,
			struct error *err);
/* The question that the words of an advice are about, if it is open and that person's; id 0 = there is none. */
int take_question(struct arena *mem, struct store *store, const char *proposal, const char *key, long long number,
		  struct question *out, struct error *err);

/* happened.c: what somebody says has happened.  Theirs to say: who owns the series or the share, or is a deputy, and whose
 * account has not changed in the last seven days. */
struct whose { struct arena *mem; struct store *store; const char *key; int64_t now; };
int take_owns(const struct whose *who, const struct series *series, const struct share *share, bool *out, struct error *err);
bool take_is_event(const struct inbox_decision *d);
int take_event_fault(struct taking *t, const struct inbox_decision *d, const char **fault, struct error *err);
/* Into the store, with its row in the chain: as it is, or as refused. */
int take_event(struct taking *t, const struct inbox_decision *d, const char *fault, struct error *err);
/* "SERIES@SHARE", path, day and what it was. */
struct event take_event_of(struct arena *mem, const struct inbox_decision *d);

/* reviewed.c: who has gone through the list of a quarter, and says so.  Theirs to say: see store_reviewers(). */
bool take_is_review(const struct inbox_decision *d);
int take_review_fault(struct taking *t, const struct inbox_decision *d, const char **fault, struct error *err);
/* Into the store, with its row in the chain: as it is, or as refused. */
int take_review(struct taking *t, const struct inbox_decision *d, const char *fault, struct error *err);
/* "QUARTER@SYSTEM", taken apart and put together. */
struct reviewed { const char *quarter, *system; };
struct reviewed take_reviewed(struct arena *mem, const char *proposal);
const char *take_review_name(struct arena *mem, const char *quarter, const char *system);

/* When the last night that was published began: what was said to be done before that, and is not done, was seen not to be.
 * INT64_MIN = there was none. */
int take_looked(struct arena *mem, struct store *store, int64_t *out, struct error *err);
/* Has apply begun with it?  Then it is too late for words: what was done is restored, by the administrator. */
int take_under_way(struct taking *t, const struct stored *s, bool *out, struct error *err);
/* Has each seat an approval of this version, and are they of as many people as it needs? */
int take_all_approved(struct taking *t, const struct stored *s, bool *out, struct error *err);

#endif
