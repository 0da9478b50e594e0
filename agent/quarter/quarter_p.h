/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * quarter_p.h - the quarterly access review while it is made: what was read once, and the parts that are made of it.
 *
 * What is out of scope (--owner, --system) never gets past is_mine(): no part asks the store by itself for what it has not asked that.
 */
#ifndef QUARTER_P_H
#define QUARTER_P_H

#include "behov/certificate.h"
#include "behov/document.h"
#include "behov/quarter.h"
#include "behov/tell.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DAY INT64_C(86400)

/*
 * [from, to) is the quarter; what was done counts until `end`, which is `to`, or what the store knows when the quarter is not over yet.
 * before and last: when those nights began whose pictures are compared; INT64_MIN = there is none.
 */
struct span {
	int year, number;
	int64_t from, to, end, before, last;
	bool so_far, first;             /* first: before is the first night that there is, in this quarter */
};

/* A decision that counts, and what it was about. */
struct answer {
	const struct decision *d;
	const struct stored *on;
	long long days;                 /* from when they were asked */
	int together;                   /* so many were saved at once */
};

/* Why somebody is in the list of who has a role. */
enum change { CHANGE_NONE, CHANGE_NEW, CHANGE_GONE, CHANGE_BACK, CHANGE_PASSED };
#define CHANGES (CHANGE_PASSED + 1)
extern const char *const change_word[];         /* "oförändrad", "ny", … */

/* Somebody in one role, of all their intervals. */
struct person {
	const char *system, *role, *account, *key, *via, *added_by;
	int64_t since, added, until;    /* until: of who is gone, the last night that saw them; else INT64_MIN */
	long long need;                 /* id, 0 = not known */
	enum change change;
};

/* What of a role the page says of people by name. */
struct named { const char *account, *via; int64_t since, until; long long need; enum change change; };
struct role_sum {
	const char *id;
	long long people, before, change[CHANGES], grounds[GROUNDS + 1];        /* the last ground: not known */
	LIST(struct named) changed, same;
};
struct system_sum {
	const char *id;
	const struct system *rules;     /* NULL: it stands in the rules no more */
	LIST(struct role_sum) roles;
	long long people, before;       /* different people, whatever their roles */
	long long access, change[CHANGES];
	int64_t named;                  /* how many changes are told by name */
};

struct week { long long came, went; };
#define WEEKS 14                        /* a quarter touches at most so many */

struct night_facts { const struct night *night; json_t *summary; };    /* summary: owned; NULL when it cannot be read */

struct quarter {
	struct arena *mem;
	const struct report_input *in;
	const struct quarter_what *what;
	struct span span;
	bool *system_mine, *series_mine, *share_mine;  /* by place in the rules */
	struct stored_list *all;        /* proposals that were alive in the quarter, whoever they are of */
	LIST(const struct stored *) mine;       /* in scope, by kind and id */
	const struct stored **by_id;    /* the same, by id alone */
	enum state *said;               /* beside by_id: what answers up to the end have made of it; STATE_OPEN = nothing */
	int64_t *said_at;               /* when the last of them was given; INT64_MIN = none is known */
	struct audit_row head;          /* the last row of the chain up to the end that is not about a report; seq 0 = none */
	int64_t known;                  /* when the last thing happened that the store knows of, after the end, too; INT64_MIN = nothing has */
	struct past_states then, before_then;   /* what proposals were at the end, and when the quarter began, that are something else now */
	struct decisions given;         /* in the quarter */
	LIST(struct answer) answers;    /* in scope, that count */
	struct stored_needs needs;
	LIST(struct system_sum) systems;
	struct week weeks[WEEKS];
	long long people, people_before, access, access_before, change[CHANGES];
	bool same_named;                /* few enough: who has not changed is told by name */
	int lines;                      /* of each system so many changes, and half as many of anything else, are told one by one */
	struct nights nights;           /* of the quarter, and those before that are compared with */
	LIST(struct night_facts) facts; /* those that were published, in order */
	const struct night_facts *last, *before;
	struct facts now;               /* findings and gaps of the last night, in scope */
	int64_t past_since;             /* what was so before is remembered from that night on; INT64_MIN = always */
	long long unseen;               /* gaps out of scope */
	LIST(struct document_list) lists;
	LIST(struct plot) plots;
	json_t *page;
	json_t *by_system;              /* id -> its part of the page; owned */
};

/* What a system's part of the page tells line by line. */
enum told { TOLD_REMOVED, TOLD_KEPT, TOLD_WAITING, TOLD_GOING, TOLD_ACCOUNTS, TOLD_FINDINGS };
#define TOLDS (TOLD_FINDINGS + 1)

/* ------------------------------------------------------------------ read.c */

int quarter_read(struct quarter *q, struct error *err);
/* Of one that is over by the clock, and no more than who has what and by which need is read from. */
int quarter_read_over(struct quarter *q, struct error *err);
void quarter_forget(struct quarter *q);
bool is_whole(const struct quarter *q);         /* nothing is out of scope */
bool is_mine(const struct quarter *q, const char *system, const char *series, const char *share);
bool proposal_is_mine(const struct quarter *q, const struct proposal *p);
long mine_at(const struct quarter *q, const char *id);          /* in by_id, or -1 */
bool within(const struct quarter *q, int64_t moment);
static inline bool is_access(const struct proposal *p) { return p->kind == KIND_REMOVE_MEMBER || p->kind == KIND_CUT_NESTING; }
/* What it was at the end of the quarter, as far as that can be told from what was decided. */
enum state state_then(const struct quarter *q, const struct stored *s);
/* What the store remembers that it was at the end, when that is something else than now; NULL when it does not. */
const struct past_state *past_then(const struct quarter *q, const struct stored *s);
/* The same of when the quarter began; else what it is now. */
enum state state_before(const struct quarter *q, const struct stored *s, int64_t *since);
/* Since when it was that; when it came into a later state only after the end, since it was answered. */
int64_t since_then(const struct quarter *q, const struct stored *s);
/* Whole days until the end, never below 0. */
long long days_since(const struct quarter *q, int64_t moment);
/* What a night's summary says: of a path of keys, "review", "access"; NAN when it is not there. */
double night_number(const json_t *summary, const char *group, const char *key);

/* ------------------------------------------------------------------ words.c: as people read it */

/* Borrowed when nothing in it has to be shown otherwise: no control characters, nothing that turns the text around it. */
const char *straight(struct arena *mem, const char *raw);
/* The same of what somebody wrote, in one line; NULL stays so. */
const char *written(struct arena *mem, const char *raw);
const char *system_name(const struct quarter *q, const char *id);
const char *role_name(const struct quarter *q, const char *system, const char *role);
const char *series_name(const struct quarter *q, const char *id);
const char *share_name(const struct quarter *q, const char *id);
/* "Eva Berg (eva.berg)", a group, or a folder. */
const char *who_of(struct arena *mem, const struct proposal *p);
/* What it is about: the system and role, or the series. */
const char *where_of(const struct quarter *q, const struct proposal *p);
const char *state_said(enum state state);
const char *need_said(struct arena *mem, const struct quarter *q, long long need);
const struct stored_need *need_of(const struct quarter *q, long long id);
const char *day_of(struct arena *mem, int64_t moment);          /* "2026-08-01"; NULL when there is none */
const char *number_text(struct arena *mem, long long n);        /* digits */
const char *people_text(struct arena *mem, long long n);        /* "1 person", "1 234 personer" */
/* "1 konto har kvar", "12 konton har kvar". */
const char *many(struct arena *mem, long long n, const char *one, const char *more);

/* ------------------------------------------------------------------ lists.c */

/* A list of rows that are kept: made, filled row by row (cells are borrowed), and added to the document. */
struct kept_rows { struct arena *mem; int count; LIST(const char *const *) rows; };
struct kept_rows *rows_keep(struct quarter *q, const char *id, const char *title, const struct document_column *columns, int count);
void rows_add(struct kept_rows *rows, const char *const *cells);
#define COLUMNS(array) (array), (int)(sizeof(array) / sizeof(*(array)))

/* ------------------------------------------------------------------ the parts, in the order of the page; fill() in quarter.c calls them */

/* quarter.c: page one, and all of it.  Returns 0 with *out to be freed, or -1 with *err filled and nothing to free. */
int quarter_document(struct arena *mem, const struct report_input *in, const struct quarter_what *what, struct document *out,
		     struct error *err);
/* A line of page one.  tone: "red", "act", "note" or "good"; detail, link may be NULL. */
void conclude(struct quarter *q, const char *tone, const char *text, const char *detail, const char *link);

/* access.c: who has what.  Reads it, into q->systems; then the list that streams. */
int access_measure(struct quarter *q, struct error *err);
void access_list(struct quarter *q);
/* Calls each() for everybody in each role, in scope, sorted by system, role and account; brief: without via, added and added_by. */
int access_people(struct quarter *q, bool brief, int (*each)(void *self, const struct person *p, struct error *err), void *self, struct error *err);

/* systems.c */
int put_systems(struct quarter *q, struct error *err);
/* A line of a system's part; beyond some they are counted only.  A system that has no part is not told of. */
void tell_system(struct quarter *q, const char *system, enum told what, const char *text, const char *detail);
void system_answered(struct quarter *q, const char *system);    /* once */
/* Concludes what nobody has answered; what nothing was told of goes. */
void systems_end(struct quarter *q);

/* reviews.c: who has reviewed which list; after put_systems(). */
int put_reviews(struct quarter *q, struct error *err);
/* decisions.c: what was decided, and what is kept by decision. */
int put_decisions(struct quarter *q, struct error *err);
int put_kept(struct quarter *q, struct error *err);
/* waiting.c: what is not done, and what is back or was open before. */
void put_waiting(struct quarter *q);
int put_again(struct quarter *q, struct error *err);
/* accounts.c */
int put_accounts(struct quarter *q, struct error *err);
/* gallring.c, and of it stock.c: what a night's summary (JSON text, or NULL) says of what lies on the shares, a row each: name, files, size,
 * ungoverned, held; parts (its series) and folders are rows of the same kind.  Caller owns. */
int put_gallring(struct quarter *q, struct error *err);
json_t *stock_rows(struct arena *mem, const struct rules *rules, const char *summary);
/* changes.c: what the nights remark on, and what changed around the reviews. */
int put_findings(struct quarter *q, struct error *err);
int put_changes(struct quarter *q, struct error *err);
/* proof.c: what the report rests on. */
int put_proof(struct quarter *q, struct error *err);
/* plots.c */
void put_plots(struct quarter *q);

#endif
