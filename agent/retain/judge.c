/* SPDX-License-Identifier: GPL-3.0-or-later */
/* judge.c - what the rules say about one file: held, preserved, delivered, destroyed, or nothing. */
#include "retain_p.h"
#include "behov/text.h"

void
renew_scratch(struct retain *r)
{
	if (arena_used(r->scratch) <= 1 << 16)  /* so little is at hand, and not a new page from the system each time */
		return;
	arena_close(r->scratch);
	r->scratch = arena_open();
}

/* Fills r->found with the cells that match the file wholly. */
void
match_file(struct retain *r, const struct cell *cells, size_t count, const char *name, size_t len, size_t path_len)
{
	size_t kept = 0;

	renew_scratch(r);
	cells_step(r->scratch, cells, count, name, path_len, &r->found);
	for (size_t i = 0; i < r->found.count; i++)
		if (pattern_names(r->scratch, r->found.items[i].pattern, name, len)) {
			if (kept != i)
				r->found.items[kept] = r->found.items[i];
			kept++;
		}
	r->found.count = kept;
}

/* What a list of cases tells of a path, counts, and not that the path could be read as something else. */
bool
is_told_better(const struct retain *r, const struct cell *c)
{
	if (!c->pattern->tally->cases || (c->case_name && cases_find(c->pattern->tally->cases, c->case_name)))
		return false;
	for (size_t i = 0; i < r->found.count; i++) {
		const struct cell *other = &r->found.items[i];

		if (other->pattern == c->pattern && other->case_name && cases_find(c->pattern->tally->cases, other->case_name))
			return true;
	}
	return false;
}

bool
is_spared(const struct cell *c)
{
	const struct tally *t = c->pattern->tally;
	const struct known_case *known = t->series->spare.column && c->case_name ? cases_find(t->cases, c->case_name) : NULL;

	return known && known->spared >> t->spare_bit & 1;
}

static bool
same_fold(struct arena *mem, const char *a, const char *b)
{
	return a && b && strcmp(text_fold(mem, a), text_fold(mem, b)) == 0;
}

static bool
hold_meets(struct retain *r, const struct hold *h)
{
	bool path = !h->path, series = !h->series, named = !h->case_name;

	if (h->share && !same_fold(r->scratch, h->share, r->share->id))
		return false;
	for (size_t i = 0; i < r->found.count; i++) {
		const struct cell *c = &r->found.items[i];

		path |= c->pattern->hold == h;
		if (!c->pattern->tally)
			continue;
		series |= h->series && same_fold(r->scratch, h->series, c->pattern->tally->series->id);
		named |= h->case_name && c->case_name && strcmp(case_key(r->scratch, h->case_name), c->case_name) == 0;
	}
	return path && series && named;
}

static int
rank(const struct series *s)
{
	if (s->action == ACTION_PRESERVE)
		return OUT_PRESERVED;
	if (s->action == ACTION_DELIVER)
		return OUT_DELIVER;
	return s->decided ? OUT_DESTROY : OUT_INERT;
}

/* The enum is in the order of judgement; within one outcome an unknown or later due date wins. */
static bool
beats(enum outcome outcome, day_t due, const struct verdict *v)
{
	if (!v->winner || outcome != v->outcome)
		return !v->winner || outcome < v->outcome;
	if (v->due == DAY_NONE)
		return false;
	return due == DAY_NONE || due > v->due;
}

const struct hold *
hold_met(struct retain *r)
{
	for (size_t i = 0; i < r->input.hold_count; i++)
		if (hold_meets(r, &r->input.holds[i]))
			return &r->input.holds[i];
	return NULL;
}

/* To be delivered, and delivered it is: then it goes when its time after the receipt has passed. */
static void
judge_received(struct retain *r, const char *folder, const struct entry *entry, struct verdict *v)
{
	const struct series *s = v->winner ? v->winner->pattern->tally->series : NULL;
	const struct received *got;
	day_t due;

	if (v->outcome != OUT_DELIVER || !s->decided || !s->after_receipt.count || !entry || !entry->stated)
		return;
	got = received_as(r, s, folder, entry);
	due = got ? day_add(got->by->day, s->after_receipt) : DAY_NONE;
	if (due != DAY_NONE && due > r->today)
		v->waits = due;
	if (due == DAY_NONE || due > r->today)
		return;
	v->outcome = OUT_DESTROY;
	v->received = got;
	v->anchor = got->by->day;
	v->due = due;
}

void
judge(struct retain *r, const char *folder, const struct entry *entry, struct verdict *out)
{
	*out = (struct verdict){ .outcome = OUT_UNGOVERNED, .anchor = DAY_NONE, .due = DAY_NONE, .waits = DAY_NONE };
	for (size_t i = 0; i < r->found.count; i++) {
		struct cell *c = &r->found.items[i];
		enum outcome outcome;
		day_t due;

		if (!c->pattern->tally)
			continue;
		c->counts = cell_counts(r, c, entry, &c->anchor);
		if (!c->counts || is_told_better(r, c))
			continue;
		due = cell_due(c, c->anchor);
		outcome = is_spared(c) ? OUT_PRESERVED : (enum outcome)rank(c->pattern->tally->series);
		if (!beats(outcome, due, out))
			continue;
		out->outcome = outcome;
		out->winner = c;
		out->anchor = c->anchor;
		out->due = due;
	}
	judge_received(r, folder, entry, out);
	out->hold = hold_met(r);
	if (out->hold)
		out->outcome = OUT_HELD;
}
