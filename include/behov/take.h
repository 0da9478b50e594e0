/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * take.h - what was decided on the page counts when it has been verified here; and what the page must know of that rule.
 *
 * serve cannot forge a decision of somebody who is not there, because a decision carries the raw token of a link, and the store
 * knows only its hash.  What goes with a decision (its words, its proof of person) is made by the page and judged by the night:
 * one rule for both.
 */
#ifndef BEHOV_TAKE_H
#define BEHOV_TAKE_H

#include "inbox.h"
#include "store.h"

/* unread: why the inbox, or the rest of it, could not be read, or NULL.  Then an undo may lie there that nobody has seen:
 * nothing may be carried out. */
struct take_result { long long taken, refused, approved, kept, undone; const char *unread; };
/* Verifies what lies in the inbox, in the store, each in a transaction of its own with its row in the audit chain.
 * A decision that does not hold is stored with why, and never counts. */
int take_inbox(struct arena *mem, const struct rules *rules, struct store *store, int64_t now,
	       struct take_result *out, struct error *err);
/* From the command line: keep, undo, hold, or that it is done; never approve. */
int take_by_hand(struct arena *mem, const struct rules *rules, struct store *store, const struct decision *d,
		 int64_t now, struct error *err);

/* ------------------------------------------------------------------ of whom, and how sure */

#define PROOF_FRESH (15 * 60)           /* seconds: destruction is approved by who has just proved who they are */

/* Of whom, how and when; as JSON. */
struct proof_said {
	const char *kind;               /* proof_word */
	const char *session, *form;
	const struct letter *letter;
	int64_t code_sent, proved;
};
const char *proof_write(struct arena *mem, const struct proof_said *said);

/* What approving this takes beyond a session that is proved. */
enum proof_lack { PROOF_SUFFICES, PROOF_OLD, PROOF_WEAK };
enum proof_lack proof_lacks(const struct conf *conf, const struct proposal *p, enum proof_kind kind, int64_t proved, int64_t at);

/* The kind a word names, or -1. */
int proof_of(const char *word);

/* ------------------------------------------------------------------ what goes with an answer */

/* The verdict a word names, or -1. */
int take_verdict(const char *word);
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
enum words_fault words_check(enum verdict verdict, const struct words *words, int64_t at);
/* As the reason of a row of the inbox, and back; a reason that holds none of it gives empty words. */
const char *words_pack(struct arena *mem, enum verdict verdict, const struct words *words);
struct words words_read(struct arena *mem, enum verdict verdict, const char *reason, day_t until);
#define LATER_DAYS 30                   /* so far off may a reminder be */

/* ------------------------------------------------------------------ what may be said, and by whom */

/* The gallringsstopp that covers what a proposal is about, and no more than that can be named.  Its id is empty. */
int stop_of(struct arena *mem, struct store *store, const struct proposal *p, struct hold *out, struct error *err);
/* Is it the account that the coordinator's name leads to? */
int take_is_coordinator(struct arena *mem, struct store *store, const struct rules *rules, const char *key, bool *out,
			struct error *err);
/* What somebody says has happened is theirs to say: who owns the series or the share, or is a deputy, and whose
 * account has not changed in the last seven days. */
struct whose { struct arena *mem; struct store *store; const char *key; int64_t now; };
int take_owns(const struct whose *who, const struct series *series, const struct share *share, bool *out, struct error *err);
bool take_is_event(const struct inbox_decision *d);
/* "SERIES@SHARE", path, day and what it was. */
struct event take_event_of(struct arena *mem, const struct inbox_decision *d);
/* Who has gone through the list of a quarter, and says so.  Theirs to say: see store_reviewers(). */
bool take_is_review(const struct inbox_decision *d);
/* "QUARTER@SYSTEM", taken apart and put together. */
struct reviewed { const char *quarter, *system; };
struct reviewed take_reviewed(struct arena *mem, const char *proposal);
const char *take_review_name(struct arena *mem, const char *quarter, const char *system);
/* When the last night that was published began: what was said to be done before that, and is not done, was seen not to be.
 * INT64_MIN = there was none. */
int take_looked(struct arena *mem, struct store *store, int64_t *out, struct error *err);

#endif
