/* SPDX-License-Identifier: GPL-3.0-or-later */
/* anchor.c - from when a file counts by one series, and on which day it may go. */
#include "retain_p.h"

/* The end of the fiscal year that {year} names. */
static day_t
fiscal_anchor(const struct series *s, day_t captured)
{
	day_t day;

	if (captured == DAY_NONE)
		return DAY_NONE;
	day = day_make(day_year(captured) + (s->fiscal.named_by_start && (s->fiscal.month != 12 || s->fiscal.day != 31)), 1, 1);
	return day_fiscal_end(day, s->fiscal.month, s->fiscal.day);
}

/* Since there has been a newer one; a record that was written itself since then counts from when it was. */
static day_t
superseded(const struct retain *r, const struct cell *cell, const struct entry *entry)
{
	const struct edition *newer;
	day_t own = entry && entry->stated ? clock_day(entry->mtime_s) : DAY_NONE;

	if (own == DAY_NONE || versions_look(r, cell->pattern, entry->name, &newer) != LOOK_SUPERSEDED || newer->day == DAY_NONE)
		return DAY_NONE;
	if (r->approved.anchor != DAY_NONE && strcmp(cell->pattern->tally->series->id, r->approved.series) == 0)
		return r->approved.anchor;
	return own > newer->day ? own : newer->day;
}

static day_t
cell_anchor(struct retain *r, const struct cell *cell, const struct entry *entry)
{
	const struct tally *t = cell->pattern->tally;
	const struct series *s = t->series;
	const struct known_case *known = t->cases && cell->case_name ? cases_find(t->cases, cell->case_name) : NULL;
	day_t day = cell->date;

	switch (s->clock) {
	case CLOCK_MODIFIED:
		day = entry && entry->stated ? clock_day(entry->mtime_s) : DAY_NONE;
		break;
	case CLOCK_CREATED:
		day = entry && entry->stated && entry->btime_s != INT64_MIN ? clock_day(entry->btime_s) : DAY_NONE;
		break;
	case CLOCK_CASE_CLOSED:
		day = known ? known->closed : DAY_NONE;
		break;
	case CLOCK_FISCAL_YEAR:
		day = fiscal_anchor(s, day);
		break;
	case CLOCK_EVENT:
		day = happened(r, s, entry);
		break;
	case CLOCK_SUPERSEDED:
		day = superseded(r, cell, entry);
		break;
	default:
		break;
	}
	/* Whether a case is spared is not known when the list has not told of it. */
	if (t->cases && !known)
		return DAY_NONE;
	if (day > r->newest)
		memo_ahead(r, day);
	return day < r->oldest || day > r->newest ? DAY_NONE : day;
}

/* Is the record one of those years that the series is valid for?  An unknown year counts: it may be. */
bool
cell_counts(struct retain *r, const struct cell *cell, const struct entry *entry, day_t *anchor)
{
	const struct tally *t = cell->pattern->tally;

	*anchor = cell_anchor(r, cell, entry);
	return *anchor == DAY_NONE || ((t->from == DAY_NONE || *anchor >= t->from) &&
				       (t->to == DAY_NONE || *anchor <= t->to));
}

bool
is_of_file(const struct series *s)
{
	return s->clock == CLOCK_MODIFIED || s->clock == CLOCK_CREATED || s->clock == CLOCK_SUPERSEDED;
}

static day_t
due_after(const struct series *s, day_t anchor, struct period period)
{
	if (s->count_from == COUNT_FISCAL_END)
		anchor = day_fiscal_end(anchor, s->fiscal.month, s->fiscal.day);
	return day_due(anchor, period, s->count_from);
}

day_t
cell_due(const struct cell *cell, day_t anchor)
{
	struct tally *t = cell->pattern->tally;

	if (anchor == DAY_NONE)
		return DAY_NONE;
	if (t->last.anchor != anchor) {
		t->last.anchor = anchor;
		t->last.due = due_after(t->series, anchor, t->series->keep);
		t->last.latest = t->series->latest.count <= 0 ? DAY_NONE : due_after(t->series, anchor, t->series->latest);
	}
	return t->last.due;
}
