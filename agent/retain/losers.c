/* SPDX-License-Identifier: GPL-3.0-or-later */
/* losers.c - the other series that the files of a batch match: how many of them, and why another one decides. */
#include "retain_p.h"
#include "behov/json.h"
#include "behov/text.h"

#define TOLD 8                          /* series, those with the most files; of the others only how many */

/* One series that lost in one batch. */
struct loser {
	struct loser *next;
	struct batch *batch;
	struct tally *tally;
	size_t file;                    /* the last that was counted: a file may match a series in several ways */
	long long files, years;         /* years: of them, those that are of other years than the series is valid for */
	day_t due;                      /* the latest that it would have given; DAY_NONE: none */
};

/* Files come folder by folder: mostly it is the one that this series lost last. */
static struct loser *
loser_get(struct retain *r, struct batch *b, struct tally *t)
{
	struct loser *l = t->lost;

	if (l && l->batch == b)
		return l;
	for (l = b->losers; l && l->tally != t; l = l->next)
		;
	if (!l) {
		l = arena_new(r->mem, struct loser);
		*l = (struct loser){ .next = b->losers, .batch = b, .tally = t, .due = DAY_NONE };
		b->losers = l;
	}
	t->lost = l;
	return l;
}

/* Of a file that was put into the batch just now. */
void
losers_note(struct retain *r, struct batch *b, const struct entry *e, const struct verdict *v)
{
	size_t file = b->count;

	if (!e->stated || v->due == DAY_NONE || v->due > r->today)
		return;
	for (size_t i = 0; i < r->found.count; i++) {
		const struct cell *c = &r->found.items[i];
		struct loser *l;
		day_t anchor, due;
		bool counts;

		if (!c->pattern->tally || c->pattern->tally == b->tally)
			continue;
		l = loser_get(r, b, c->pattern->tally);
		counts = cell_counts(r, c, e, &anchor);
		due = counts ? cell_due(c, anchor) : DAY_NONE;
		if (due != DAY_NONE && (l->due == DAY_NONE || due > l->due))
			l->due = due;
		if (l->file == file)
			continue;
		l->file = file;
		l->files++;
		l->years += !counts;
	}
}

static const char *
why(struct arena *mem, const struct batch *b, const struct loser *l)
{
	const struct series *winner = b->tally->series, *s = l->tally->series;

	if (l->years == l->files)
		return "gäller handlingar från andra år";
	if (!s->decided)
		return "saknar beslut och förstör därför ingenting";
	if (s->action != winner->action)
		return "leverans går före gallring";
	if (l->due == DAY_NONE)
		return "ger inget datum";
	if (l->due >= b->latest)
		return arena_print(mem, "%s räcker till samma dag", period_text(mem, s->keep));
	return arena_print(mem, "%s räcker till %s, och det senaste datumet gäller", period_text(mem, s->keep), day_text(mem, l->due));
}

static int
by_files(const void *a, const void *b)
{
	const struct loser *x = *(struct loser *const *)a, *y = *(struct loser *const *)b;

	if (x->files != y->files)
		return x->files < y->files ? 1 : -1;
	return strcmp(x->tally->series->id, y->tally->series->id);
}

void
losers_tell(struct arena *mem, const struct batch *b, json_t *evidence)
{
	LIST(struct loser *) list = { 0 };
	json_t *told = json_array();

	for (struct loser *l = b->losers; l; l = l->next)
		*arena_push(mem, &list) = l;
	if (list.count > 1)
		qsort(list.items, list.count, sizeof *list.items, by_files);
	for (size_t i = 0; i < list.count && i < TOLD; i++) {
		const struct series *s = list.items[i]->tally->series;
		json_t *one = json_object();

		json_put(one, "series", s->id);
		json_put(one, "name", s->name ? s->name : s->id);
		json_object_set_new(one, "files", json_integer(list.items[i]->files));
		json_put(one, "why", why(mem, b, list.items[i]));
		json_array_append_new(told, one);
	}
	json_object_set_new(evidence, "others", told);
	json_object_set_new(evidence, "others_more", json_integer((json_int_t)(list.count > TOLD ? list.count - TOLD : 0)));
}
