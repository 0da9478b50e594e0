/* SPDX-License-Identifier: GPL-3.0-or-later */
/* retain_p.h - what the files of the retain room share. */
#ifndef BEHOV_RETAIN_P_H
#define BEHOV_RETAIN_P_H

#include "behov/retain.h"
#include <stdlib.h>
#include <string.h>

enum token_kind { TOKEN_BYTE, TOKEN_ONE, TOKEN_ANY, TOKEN_YEAR, TOKEN_DATE, TOKEN_CASE };
struct token { unsigned char kind; char byte; }; /* enum token_kind; of {year} and {date} byte is NUL when it dates nothing */
struct part { bool deep, plain, cased; const char *text; struct token *tokens; size_t count; };

/* One pattern, of a series or of a hold, as components. */
struct pattern {
	struct part *parts;
	size_t count, batch;            /* batch: so many components make the batch's folder; 0 = none */
	bool fold;
	const struct where *where;
	const char **names;             /* folded when `fold`; NULL when any name will do, as the two below */
	size_t *endings;                /* how long is what follows the '*' of a name that is no more than that, or 0 */
	const char **after;             /* of clock superseded: what follows {version} in each; names[] is then what goes before */
	struct tally *tally;            /* of the series; NULL for a hold */
	const struct hold *hold;
	const struct event *event;
	const char **cases;             /* folded and sorted: those that a hold or a list of cases names */
	size_t case_count;
};

/* A case of a list: folded; closed DAY_NONE: open, or not known; spared: one bit for each series that spares from the list. */
struct known_case { const char *name; day_t closed; uint64_t spared; };
struct case_file {
	const struct case_list *list;
	bool known, doubtful;           /* it could be read; some of it could not */
	struct known_case *items;       /* sorted */
	size_t count;
};

/* "So far this path has matched so many components of this pattern": what a folder hands down. */
struct cell {
	const struct pattern *pattern;
	size_t pos, batch_len;
	day_t date;                     /* the latest captured */
	const char *case_name;          /* one of pattern->cases, or NULL: none of them */
	bool counts;                    /* of a file that was judged: cell_counts(), */
	day_t anchor;                   /* from then */
};
struct cells {
	struct cell *items;
	size_t count, room;
	bool whole;                     /* only those are kept that have matched their pattern to its end */
};

#define FOLDERS_TOLD 5                  /* folders that are named */

/* Files that something is told of, and the first few of the folders they lie in. */
struct told { const char *paths[FOLDERS_TOLD]; int count; long long files; };
/* Of a series that counts from an event: nobody has told one, or it is older than the file. */
enum untold { UNTOLD_LACKING, UNTOLD_YOUNGER };

/* What one share has of one series. */
struct tally {
	const struct series *series;
	long long files, weighed, bytes;
	long long overdue;              /* should have gone by now ("senast") */
	day_t overdue_since;
	int spare_bit;
	const struct case_file *cases;  /* NULL: its clock needs none */
	unsigned long memo_folder;      /* of memo.c: the folder that it counted last, */
	long long memo_files, memo_weighed, memo_bytes; /* and the files there */
	struct told *untold;            /* two, as enum untold; NULL: nothing of the kind was met */
	day_t from, to;                 /* its records = { from; to; } as days; DAY_NONE: open */
	struct { day_t anchor, due, latest; } last;     /* files of one folder are mostly of one day */
	bool used;
	bool cases_hidden;              /* of split.c: what was not seen may be of any case */
	struct loser *lost;             /* of losers.c: where it lost last */
};

/* Why a batch is not proposed as a whole. */
enum against { AGAINST_NOTHING, AGAINST_HOLD, AGAINST_PRESERVED, AGAINST_NO_DECISION, AGAINST_OTHER, AGAINST_NO_DATE, AGAINST_UNREAD,
	       AGAINST_YOUNGER };

struct batch {
	struct batch *next;
	struct tally *tally;
	const char *path;               /* bytes, "" = none */
	day_t due, latest;
	enum against against;
	struct { unsigned long folder; day_t latest; enum against against; } memo;      /* as above, of the last folder */
	size_t number, count;           /* its place among all; so many records lie in the pile */
	bool received;                  /* originals of what an e-archive has, by these receipts: */
	LIST(const struct receipt_note *) receipts;
	struct loser *losers;           /* the other series that its records match */
	struct { day_t latest; enum against against; bool hidden; } kin;       /* of split.c: of all folders of its case */
};

/* What has been counted on a share. */
struct counts { long long files, folders, weighed, bytes, ungoverned, held, inert, no_anchor; };

struct inside { struct batch *batch; };

/* Of input.events: something that it is about is there; and where a file was met last. */
struct seen_event { bool met; unsigned long folder; };

struct state {
	struct state *above;
	struct cells cells;
	struct inside *insides;
	size_t inside_count, inside_room;
	struct counts before;           /* of a folder in the root: what had been counted until then */
	size_t len;                     /* of its path */
	bool utf8;                      /* its path is */
};

/* What a name says of a version: a number (1, 2.10), a year, a date; WILD: something else that stands there. */
enum version_kind { VERSION_WILD, VERSION_NUMBER, VERSION_YEAR, VERSION_DATE };
#define VERSION_PARTS 4
struct version { enum version_kind kind; long parts[VERSION_PARTS]; };

/* A file of the folder at hand that is a version of something: what its name is without the version. */
struct edition {
	const struct pattern *pattern;
	const char *key, *name;
	struct version version;
	day_t day;                      /* when it came; DAY_NONE: not known */
	bool doubtful;                  /* the order of all with this key is not sure */
};

enum outcome { OUT_HELD, OUT_PRESERVED, OUT_DELIVER, OUT_DESTROY, OUT_INERT, OUT_UNGOVERNED };

struct verdict {
	enum outcome outcome;
	const struct cell *winner;
	day_t anchor, due;              /* DAY_NONE: not known */
	const struct hold *hold;
	const struct received *received;        /* an e-archive has it: it goes, when that is due */
	day_t waits;                    /* until then an e-archive must have had it; DAY_NONE: that is nothing to wait for */
};

#define BUCKETS 65536
#define TOPS_MOST 50                    /* folders of a root that are told of one by one */

struct retain {
	struct arena *mem, *scratch;
	struct retain_input input;
	day_t today, oldest, newest;    /* an anchor outside oldest..newest is not believed */
	const struct share *share;
	struct tally *tallies;
	LIST(struct pattern *) patterns;
	LIST(const char *) cases;       /* that holds and lists name, folded, sorted, each once */
	struct case_file *files;        /* as input.rules->cases */
	LIST(struct gap) gaps;          /* of lists of cases; told once */
	struct state *top, *spare;      /* spare: what folders before needed, for those that come */
	struct cells found;             /* of the file asked about last: whole */
	struct { const struct state *state; const char *name; size_t len; } asked;     /* where the name lies; NULL = none */
	struct {                        /* of the folder at hand: what is judged when all of it is listed */
		struct arena *mem;      /* NULL: none */
		LIST(struct entry) waiting;
		LIST(struct edition) editions;  /* sorted */
		bool known;             /* all that lies there was seen, */
		bool crowded;           /* which was too much to be kept */
	} folder;
	bool cut;                       /* the share was not read to its end */
	bool supersedes;                /* a series of the share counts from the next version */
	struct consent approved;        /* apply; else its anchor is DAY_NONE */
	struct seen_event *events;
	struct pile *pile;              /* records of what is due */
	struct batch **buckets;
	LIST(struct batch *) all;
	struct {                        /* of tops.c: the folders of the root */
		struct arena *mem;      /* of their names; or NULL */
		struct stock items[2 * TOPS_MOST], rest;        /* rest.folder NULL: none yet */
		size_t count;
	} tops;
	struct counts n;
	struct {                        /* of memo.c: what the files of this folder have done */
		unsigned long folder;
		struct counts before;
		day_t until, ahead;     /* ahead: of the last date that was not believed */
		LIST(struct tally *) tallies;
		LIST(struct batch *) batches;
		LIST(struct { struct tally *tally; enum untold why; size_t len; long long files; }) untold;    /* len: of the path that is named */
		LIST(size_t) events;    /* that a file here is about */
		LIST(unsigned char) bytes;
	} memo;
	struct visitor visitor;
};

/* How cases are compared: folded, and whatever stands where a name of a file can have no '/' is one: "KS 2019/7", "ks 2019-7". */
char *case_key(struct arena *mem, const char *name);
void pattern_clock(struct pattern *p, enum series_clock clock);
struct pattern *pattern_make(struct arena *mem, const char *path, bool fold);
size_t pattern_prefix(const struct pattern *p, const char *prefix, struct arena *mem);
/* Nothing of that pattern has been matched yet. */
void cells_begin(struct cells *out, const struct pattern *pattern);
/* `name` is the next component of a path, whose length with it is path_len; `out` is emptied first. */
void cells_step(struct arena *mem, const struct cell *in, size_t count, const char *name, size_t path_len,
		struct cells *out);
bool pattern_names(struct arena *scratch, const struct pattern *p, const char *name, size_t len);

void cases_read(struct retain *r);
const struct case_file *cases_of(const struct retain *r, const struct series *s);
int cases_bit(const struct retain *r, const struct series *series);
/* NULL: it is not in the list. */
const struct known_case *cases_find(const struct case_file *f, const char *name);

/* "10 år" */
const char *period_text(struct arena *mem, struct period period);
/* "2017 + 10 år från kalenderårets slut = 2028-01-01" */
const char *sum_text(struct arena *mem, const struct series *s, day_t from_day, day_t due);

/* versions.c: what a file was superseded by can be told when all of its folder is listed. */
enum look { LOOK_UNKNOWN, LOOK_NEWEST, LOOK_SUPERSEDED };
bool versions_match(const struct pattern *p, const char *name);
bool versions_concern(const struct retain *r);          /* r->found */
/* False: there are too many, and it is judged by itself. */
bool versions_wait(struct retain *r, const struct entry *entry);
/* Of all that wait, below a folder with these cells. */
void versions_read(struct retain *r, const struct cell *cells, size_t count, size_t path_len, bool complete);
void versions_drop(struct retain *r);
enum look versions_look(const struct retain *r, const struct pattern *p, const char *name, const struct edition **newer);

/* judge.c: what is in r->found is what matches the file. */
void renew_scratch(struct retain *r);   /* nothing in it is needed after the call that put it there */
void match_file(struct retain *r, const struct cell *cells, size_t count, const char *name, size_t len, size_t path_len);
bool is_spared(const struct cell *c);
void judge(struct retain *r, const char *folder, const struct entry *entry, struct verdict *out);    /* entry NULL: not stat'ed */
const struct hold *hold_met(struct retain *r);  /* the first that covers it, or NULL */

/* anchor.c */
bool is_of_file(const struct series *s);        /* the file itself dates the record */
bool cell_counts(struct retain *r, const struct cell *cell, const struct entry *entry, day_t *anchor);
day_t cell_due(const struct cell *cell, day_t anchor);

/* happened.c.  Of what has happened to what is in r->found the last; NULL: none. */
const struct event *last_event(const struct retain *r, const struct series *s);
bool came_after(const struct retain *r, const struct series *s, const struct entry *entry);
day_t happened(const struct retain *r, const struct series *s, const struct entry *entry);
void told_add(struct retain *r, struct told *told, const char *folder, long long files);
struct told *untold_of(struct retain *r, struct tally *t, enum untold why);
void note_untold(struct retain *r, const struct verdict *v, const char *path, const struct entry *entry);
void tell_untold(struct retain *r, const struct tally *t, struct plan *plan);
void events_start(struct retain *r);
void events_enter(struct retain *r, const struct state *s);
void events_file(struct retain *r, const struct state *s);
void tell_events(struct retain *r, const char *const *gaps, size_t count, struct plan *plan);

/* visit.c */
struct visitor visitor_of(struct retain *r);
void judge_waiting(struct retain *r, struct state *s, const char *path, bool complete);
void states_drop(struct retain *r);

void cells_start(struct retain *r, struct cells *out);
void batches_drop(struct retain *r);
/* The other series that this file matches, which was put into the batch just now. */
void losers_note(struct retain *r, struct batch *b, const struct entry *e, const struct verdict *v);
/* "others": the series that lost in the batch, how many of its files they match, and why they lost. */
void losers_tell(struct arena *mem, const struct batch *b, json_t *evidence);
struct batch *batch_get(struct retain *r, struct tally *tally, const char *path, size_t len, day_t due);
struct batch *batch_get_received(struct retain *r, struct tally *tally, const char *path, size_t len, day_t due);

/* split.c: batches of one case are told of each other, and of what could not be seen. */
void split_join(struct retain *r, const char *const *gaps, size_t count);
bool split_by_case(const struct pattern *p);    /* is its series decided case by case, wherever the case lies? */

/* received.c: the last delivery that has the file as it is now, and that was answered; NULL: none. */
const struct received *received_as(struct retain *r, const struct series *series, const char *folder, const struct entry *entry);
void received_note(struct retain *r, struct batch *b, const struct received *received);
/* "kvittens den 2026-12-04 + 6 månader = 2027-06-04" */
const char *received_text(struct retain *r, const struct series *s, day_t from_day, day_t due);
const char *received_proof(struct retain *r, const struct batch *b);
json_t *received_json(struct arena *mem, const struct batch *b);

/* pile.c: records of all batches, in any order. */
struct pile *pile_open(void);
void pile_close(struct pile *pile);             /* NULL is allowed */
void pile_add(struct pile *pile, size_t batch, const struct record *record);
/* The next record of that batch in order of paths, each path once; its path is good until the next call.  When one has been taken
 * nothing is added any more, and what is left of the batches before it is passed over.  False: there are no more. */
bool pile_take(struct pile *pile, size_t batch, struct record *out);

void tops_start(struct retain *r);
/* A folder of the root was left; `before`: what had been counted when it was entered. */
void tops_add(struct retain *r, const char *folder, const struct counts *before);
void tops_tell(struct retain *r, struct plan *plan);
void tops_drop(struct retain *r);

void memo_start(struct retain *r);
void memo_until(struct retain *r, day_t day);
void memo_ahead(struct retain *r, day_t day);
void memo_tally(struct retain *r, struct tally *t, const struct entry *e);
void memo_untold(struct retain *r, struct tally *t, enum untold why, size_t len);
void batch_wait(struct retain *r, struct batch *b, day_t due);
void batch_block(struct retain *r, struct batch *b, enum against against);
const char *against_text(enum against against);
/* Could the pattern match anything below the folder? */
bool reaches(struct retain *r, const struct pattern *p, const char *folder);
void find(struct plan *plan, struct arena *mem, const char *kind, const struct share *share, const struct series *series,
	  const char *text);
void on_listed(void *self, void *state, const char *path, bool complete, struct memo *out);
bool on_recall(void *self, void *state, const char *path, const void *bytes, size_t len);
const char *memo_judged(struct retain *r);
const char *memo_registers(struct retain *r);

/* ------------------------------------------------------------------ reasons.c: in words, for explain */

#define YOUNGER "filen är yngre än det som har hänt: den skrevs eller skapades senare"
/* What a list of cases tells of a path counts, and not that the path could be read as something else. */
bool is_told_better(const struct retain *r, const struct cell *c);
/* Why no date is known. */
const char *reason_no_date(struct retain *r, const struct cell *c, const struct entry *entry);
const char *reason_event(struct retain *r, const struct event *e);
/* What its time is counted from; NULL where that is told otherwise, or not known. */
const char *reason_counted(struct retain *r, const struct cell *c, const struct entry *entry, day_t anchor);
/* Why another series decides; NULL: this one does, or none does. */
const char *reason_lost(struct retain *r, const struct cell *c, bool counts, day_t anchor, day_t due, const struct verdict *v);
/* That it is for other names. */
const char *reason_name(struct retain *r, const struct cell *c);

#endif
