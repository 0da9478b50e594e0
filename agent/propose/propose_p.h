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
	long long units;                /* what it adds to what is asked: people or files */
	bool later, braked;
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
	LIST(struct opening) openings;
	LIST(const struct stored *) leaving;
};

bool is_files(const struct proposal *p);
bool texts_equal(const char *a, const char *b);  /* NULL equals NULL */
/* More than the floor and more than the ratio. */
bool brake_trips(const struct conf *conf, long long count, long long of);
void tell_finding(struct work *w, const struct finding *finding);
/* One row in the audit chain about a stored proposal. */
int note_stored(struct work *w, const char *event, const struct stored *s, const char *why, struct error *err);
int move_stored(struct work *w, const struct stored *s, enum happening what, const char *why, struct error *err);

/* compare.c: tonight's against the stored one. */
enum content { CONTENT_SAME, CONTENT_FEWER, CONTENT_OTHER };
int compare_content(struct work *w, const struct stored *old, const struct proposal *p, enum content *out, struct error *err);
/* Is it under what could not be seen tonight? */
bool is_touched(const struct work *w, const struct proposal *p);
/* Has apply begun with it?  Ended half way it is still scheduled, and only apply can bring it to its end. */
int is_under_way(struct work *w, const struct stored *s, bool *out, struct error *err);
/* Is the membership gone from the directory? */
enum truth edge_gone(const struct snapshot *s, const struct proposal *p);
/* Writes what is shown and who is asked, when it differs from what is stored. */
int refresh_stored(struct work *w, const struct stored *old, struct proposal *p, enum content how, struct error *err);
/* Stores its manifest, under its digest. */
int put_manifest(struct work *w, struct proposal *p, struct error *err);

/* brakes.c */
int open_stepwise(struct work *w, struct error *err);
void brake_openings(struct work *w);
/* Takes from w->leaving what may not leave tonight. */
int brake_leaving(struct work *w, struct error *err);

#endif
