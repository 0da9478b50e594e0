/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * admin_p.h - what the files of /status share: pages that administrators read, and that change nothing.
 *
 * What may be named is as in letters: people, files and folders of what has a class below 3, and of nothing else.
 */
#ifndef ADMIN_P_H
#define ADMIN_P_H

#include "decide_p.h"

#include <behov/json.h>
#include <behov/measure.h>

#define ADMIN_ROWS 50                   /* on a page */
#define ADMIN_UNNAMED N_("Namnges inte här (klass 3, eller ingen klass)")

/* The data of a page; title is said in the language of who reads; here: which of them it is ("arbete"). */
json_t *admin_page(struct request *r, const char *title, const char *here);
/* Which rows of `total` are on this page, as ?fran= says; sets "earlier", "later", "shown" of data, links with `query` in front. */
struct admin_rows { size_t from, to; };
struct admin_rows admin_pager(struct request *r, json_t *data, const char *path, const char *query, size_t total);
/* NULL when there is none. */
const char *admin_argument(struct request *r, const char *name);

bool admin_may_name(int konfidentialitet);
/* "12 dagar", with "old" and "age" in the row. */
void admin_age(struct request *r, json_t *row, int64_t since);
/* May the text of that gap be shown?  It can name a folder or a file, or speak of a role's people. */
bool admin_may_tell(struct request *r, const struct gap *gap);
const char *admin_gap_word(const char *what);
void admin_count(struct request *r, json_t *o, const char *key, long long n);

/* Nights as bars: those of which nothing is known have a value that is NAN.  title: in the language of who reads. */
struct admin_point { int64_t at; double value; bool complete; };
struct admin_plot {
	const char *id, *title;
	const struct admin_point *points;
	size_t count;
	double target;                  /* a line across them; NAN = none */
	bool lowest;                    /* the worst of them is the lowest, not the highest */
	const char *(*word)(struct request *r, const void *self, double value);
	const void *self;
};
/* The data of admin-plot.html. */
json_t *admin_plot(struct request *r, const struct admin_plot *plot);
/* A row of admin-wanted.html. */
json_t *admin_goal(struct request *r, const struct goal *goal);

int admin_goals(struct request *r, struct error *err);
int admin_overview(struct request *r, struct error *err);
int admin_work(struct request *r, struct error *err);
int admin_facts(struct request *r, struct error *err);
int admin_owners(struct request *r, struct error *err);
int admin_holds(struct request *r, struct error *err);
int admin_letters(struct request *r, struct error *err);
int admin_nights(struct request *r, struct error *err);
int admin_night(struct request *r, struct error *err);

#endif
