/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * inbox.h - the page's own database: sessions, and decisions that have not been verified yet.
 *
 * serve writes it and may write nothing else; run and apply read it.  Nothing in it is believed: take_inbox() checks
 * each decision against the store.  SQLite, as the store.
 */
#ifndef BEHOV_INBOX_H
#define BEHOV_INBOX_H

#include "nouns.h"

struct inbox;

/* `write` makes it (mode 0640, or as file_share() says) when it does not exist; reading one that does not exist gives *out NULL and 0.
 * Who reads does not trust who writes: a link, a FIFO, a folder, a file above INBOX_MOST bytes, or what we read kept in
 * anything but the tables that we make, is an error; so is not being able to tell whether it exists. */
#define INBOX_MOST ((long long)256 << 20)
int inbox_open(const char *path, bool write, struct inbox **out, struct error *err);
void inbox_close(struct inbox *inbox);          /* NULL is allowed */

/* A browser that followed a link, or (account) an administrator's.  Moments INT64_MIN = not yet. */
struct session {
	const char *id;                 /* hex SHA-256 of the cookie */
	const char *letter;             /* id; "" where nobody came by a link */
	const char *token;              /* raw, from the link: goes with each decision; NULL with an account */
	const char *nonce;              /* in every form of this session */
	const char *code_hash;          /* NULL = none was sent */
	int64_t made, code_sent, proved, seen;
	int tries;                      /* wrong codes since code_sent */
	const char *kind;               /* how it was proved: proof_word, or NULL */
	int64_t used;                   /* when the code that proved it was sent */
	const char *account;            /* key of the administrator who looks at /status, or NULL */
};
int inbox_session(struct arena *mem, struct inbox *inbox, const char *id, struct session *out, bool *found,
		  struct error *err);
int inbox_session_put(struct inbox *inbox, const struct session *session, struct error *err);
int inbox_session_end(struct inbox *inbox, const char *id, struct error *err);
/* Sessions made before that moment go. */
int inbox_sessions_expire(struct inbox *inbox, int64_t before, struct error *err);
/* Codes mailed for a letter since a moment: a limit, so that nobody's mailbox is flooded and nobody guesses for long.
 * Under names of their own, passwords tried and links asked for are counted, too: see prove.c and wish.c of the page. */
int inbox_code_count(struct inbox *inbox, const char *letter, int64_t since, long long *out, struct error *err);
int inbox_code_note(struct inbox *inbox, const char *letter, int64_t at, struct error *err);
/* One that was noted at that moment is not counted after all. */
int inbox_code_forget(struct inbox *inbox, const char *letter, int64_t at, struct error *err);
/* Those mailed before that moment go. */
int inbox_codes_expire(struct inbox *inbox, int64_t before, struct error *err);

/* Somebody has asked for a new link: who they say that they are, an account name or an address, and nothing is known of them. */
#define WISH_MOST 254                   /* bytes; of a longer one, one byte more than that is read */
#define WISHES_MOST 20000               /* are read, the last ones: more than an honest page writes in a week */
struct inbox_wish { const char *who; int64_t at; };
struct inbox_wishes { LIST(struct inbox_wish) list; };
int inbox_wish_add(struct inbox *inbox, const char *who, int64_t at, struct error *err);
/* Changes nothing that anybody reads, and takes as long. */
int inbox_wish_pass(struct inbox *inbox, const char *who, int64_t at, struct error *err);
/* How often since then; who NULL: all of them. */
int inbox_wish_count(struct inbox *inbox, const char *who, int64_t since, long long *out, struct error *err);
/* Those asked before that moment go. */
int inbox_wishes_expire(struct inbox *inbox, int64_t before, struct error *err);
/* Those asked from one moment to another, the last first; inbox NULL gives none. */
int inbox_wishes(struct arena *mem, struct inbox *inbox, int64_t since, int64_t until, struct inbox_wishes *out, struct error *err);

/* What somebody decided on the page, with what proves that it was them.  The first line of the reason of an "ask" is who, and of
 * an "advise" the advice and the question's number; what they say follows.
 * Or said has happened: verdict INBOX_EVENT, proposal "SERIES@SHARE", version the path, until the day, and reason what it was. */
#define INBOX_EVENT "event"
/* Or has reviewed a list: verdict INBOX_REVIEW, proposal "QUARTER@SYSTEM", version the list's digest, and reason their remarks or NULL. */
#define INBOX_REVIEW "review"
struct inbox_decision {
	long long id;                   /* ascending */
	long long mark;                 /* made from all that is in the row: what the store knows it by, never 0 */
	const char *token;              /* raw, from the link */
	const char *proposal, *version, *verdict, *reason;      /* verdict_word */
	day_t until;
	int64_t at;
	const char *proof;              /* JSON text: how the person proved who they are, when, in which session */
};
struct inbox_decisions { LIST(struct inbox_decision) list; };
/* All of them or none: one transaction. */
int inbox_decisions_add(struct inbox *inbox, const struct inbox_decision *list, size_t count, struct error *err);
int inbox_decisions_end(struct inbox *inbox, const long long *ids, size_t count, struct error *err);
#define INBOX_TEXT_MOST 4000            /* bytes of one text: of a longer one, one byte more than that is read */
/* Those with a higher id than `after` and a moment not before `since`, in order of id, at most `most`; 0 = no such limit.
 * An id says only in which order: who has broken into serve chooses it. */
struct inbox_filter {
	long long after;
	int64_t since;
	long long most;
	const char *token;              /* by that link only; NULL = any */
	const char *proposals;          /* a JSON array of their ids; NULL = any */
};
/* inbox NULL gives none. */
int inbox_decisions(struct arena *mem, struct inbox *inbox, const struct inbox_filter *filter,
		    struct inbox_decisions *out, struct error *err);

#endif
