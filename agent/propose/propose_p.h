/* SPDX-License-Identifier: GPL-3.0-or-later */
/* propose_p.h - what the files of this room share. */
#ifndef PROPOSE_P_H
#define PROPOSE_P_H

#include "behov/propose.h"
#include "behov/audit.h"
#include "behov/json.h"
#include "behov/text.h"
#include <stdlib.h>
#include <string.h>

/* A proposal that is to be stored as a new episode, in the place of another or as the first of its key. */
struct opening {
	struct proposal *p;
	const struct stored *old;       /* superseded by it, or NULL */
	const char *why;                /* it takes the place of old; NULL: the content is another */
	long long units;                /* what it adds to what is asked: people or files */
	bool later, braked, queued;
};

/* One that is in the queue since another night, as it is stored now. */
struct queued { const struct stored *old; struct stored now; };

/* ration.c: by what the queue is sorted. */
struct risk { bool hand; int class; bool access, pressing; day_t due; const char *key; };
void risk_of(const struct rules *rules, const struct proposal *p, day_t today, struct risk *out);
int by_risk(const struct risk *a, const struct risk *b);

/* How many more each may be asked tonight. */
struct quota { const char *key; long long open, lately, room; };
struct ration { struct arena *mem; const struct conf *conf; LIST(struct quota) quotas; };
int ration_open(struct arena *mem, const struct conf *conf, struct store *store, int64_t now, struct ration *out,
		struct error *err);
/* Is it its turn?  Then it takes its room. */
bool ration_take(struct ration *r, const struct proposal *p);

/* Somebody whose turn it may be in a seat: a name as written, and why it is asked. */
struct turn { const char *name, *as; };
struct turns { LIST(struct turn) list; bool names; };  /* names: as what does not matter, and once in a row is enough */

/* owners.c: whose turn it is. */
struct asking {
	struct arena *mem;
	const struct propose_input *in;
	const struct declined_list *declined;   /* who has said that it is not theirs; or NULL */
	bool unfilled;                  /* of the proposal at hand */
};

/* Somebody who has not answered for so long that administrators are told. */
struct silent {
	const struct approver *who;
	long long count;
	int64_t since;                  /* of the oldest */
	const struct stored *last;      /* the one that was counted last */
};

struct work {
	struct arena *mem;
	const struct propose_input *in;
	struct propose_result *out;
	struct plan *plan;
	day_t today;
	bool owners_known;              /* the directory told who people are tonight */
	long long unasked;              /* not opened, because it is not known whom to ask */
	struct stored_list live;
	struct stored **by_key;
	bool *seen;                     /* live.items[i] is in tonight's plan */
	bool *moved;                    /* something has happened to live.items[i] tonight */
	LIST(struct silent) silent;
	LIST(struct opening) openings;
	LIST(const struct stored *) leaving;
	LIST(struct queued) queue;
	struct declined_list declined;
};

bool is_files(const struct proposal *p);
bool texts_equal(const char *a, const char *b);  /* NULL equals NULL */
void tell_finding(struct work *w, const struct finding *finding);
/* One row in the audit chain about a stored proposal. */
int note_stored(struct work *w, const char *event, const struct stored *s, const char *why, struct error *err);
int move_stored(struct work *w, const struct stored *s, enum happening what, const char *why, struct error *err);

/* compare.c: tonight's against the stored one. */
/* Has the e-archive given its receipt for all of these files, as they are now? */
int is_delivered(struct work *w, const struct proposal *p, bool *out, struct error *err);
enum content { CONTENT_SAME, CONTENT_FEWER, CONTENT_OTHER };
int compare_content(struct work *w, const struct stored *old, const struct proposal *p, enum content *out, struct error *err);
/* Is it under what could not be seen tonight? */
bool is_touched(const struct work *w, const struct proposal *p);
/* *why: what has been approved of the stored one falls, as tonight's asks for more; else NULL. */
int outgrown(struct work *w, const struct stored *old, const struct proposal *p, const char **why, struct error *err);
/* Do the files of it rest on the decision that they were asked about with? */
bool is_decided_so(const struct work *w, const struct stored *old);
/* Has apply begun with it?  Ended half way it is still scheduled, and only apply can bring it to its end. */
int is_under_way(struct work *w, const struct stored *s, bool *out, struct error *err);
/* Is the membership gone from the directory? */
enum truth edge_gone(const struct snapshot *s, const struct proposal *p);
/* Its number in the snapshot, edge_count when it is not seen there. */
uint32_t edge_of(const struct snapshot *s, const struct proposal *p);
/* regrant.c: a finding for each membership that we removed and that is there again; what proposes it anew says so, too. */
int tell_regrants(struct work *w, struct error *err);
/* Writes what is shown and who is asked, when it differs from what is stored.  *now: as it is stored then; may be NULL. */
int refresh_stored(struct work *w, const struct stored *old, struct proposal *p, enum content how, struct stored *now,
		   struct error *err);
/* Stores its manifest, under its digest. */
int put_manifest(struct work *w, struct proposal *p, struct error *err);

/* owners.c: somebody who can be asked, or NULL. */
bool propose_in_service(const struct account *a);
const struct account *owner_person(const struct snapshot *s, const char *name);
/* Fills owner and approvers, and has `needs` above them when a seat stays empty. */
void ask_about(struct asking *a, struct proposal *p);
/* Those whose turn it may be in a seat, in order, the coordinator last. */
void turns_of_seat(struct asking *a, const struct proposal *p, int seat, struct turns *out);
/* The seat of the second person where two are needed. */
int second_seat(const struct proposal *p);
struct approver *approver_add(struct asking *a, struct proposal *p, int seat, const struct account *who, const char *as);
/* The same account or the same mailbox. */
bool approver_is(const struct approver *a, const struct account *who);
bool is_own_access(const struct proposal *p, const struct account *who);
void approvers_sort(struct proposal *p);

/* ladder.c: who sits in the seats of an open proposal beside those whose turn it is tonight. */
int go_on_asking(struct work *w, const struct stored *old, struct proposal *p, struct error *err);
/* A finding for each who does not answer. */
void tell_silence(struct work *w);
/* Have all approved who must, as it is tonight?  Else it is asked again. */
int recheck_scheduled(struct work *w, const struct stored *s, struct error *err);
bool is_undone_now(const struct work *w, const struct stored *s);

/* opening.c: after what leaves tonight has left, which makes room. */
int open_all(struct work *w, struct error *err);

/* absent.c: a finding for each that somebody has said they carried out, and that is there still. */
int tell_all_undone(struct work *w, struct error *err);
/* What is not proposed, and what of it is clearly seen: see the table in propose.c. */
int close_absent(struct work *w, struct error *err);

/* brakes.c */
int open_stepwise(struct work *w, struct error *err);
void brake_openings(struct work *w);
/* Takes from w->leaving what may not leave tonight. */
int brake_leaving(struct work *w, struct error *err);

#endif
