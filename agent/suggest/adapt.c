/* SPDX-License-Identifier: GPL-3.0-or-later */
/* adapt.c - a draft of the library as a series for a folder that is there: where it lies, and from what its time is counted. */
#include "survey_p.h"

#include <string.h>

#define BELOW_MOST 4                    /* levels below a folder in which captures are looked for */

/* Where the records of a folder lie, with what their path says. */
struct lie {
	const char *where, *batch;      /* batch NULL: no folder has the capture */
	long long covered;              /* files */
	bool found;
};

struct adapted {
	struct survey *survey;
	const struct series *draft;
	struct node *node;
	struct lie lie;
	enum series_clock clock;
	const char *cases;              /* or NULL */
	LIST(const char *) notes;       /* what is otherwise than in the draft: to be decided, too */
};

static const char *const clocks[] = { [CLOCK_MODIFIED] = "modified", [CLOCK_PATH_YEAR] = "path-year", [CLOCK_PATH_DATE] = "path-date",
				      [CLOCK_CREATED] = "created", [CLOCK_CASE_CLOSED] = "case-closed", [CLOCK_FISCAL_YEAR] = "fiscal-year",
				      [CLOCK_EVENT] = "event", [CLOCK_SUPERSEDED] = "superseded" };

static const struct node *
with_shape(const struct node *n, unsigned shape)
{
	while (n && !(n->parent && strstr(n->name, shape == SHAPE_YEAR ? "{year}" : shape == SHAPE_DATE ? "{date}" : "{case}")))
		n = n->parent;
	return n;
}

/* Of those below that have the capture, the one in which most files lie. */
static void
look_below(const struct node *n, unsigned shape, int levels, const struct node **best)
{
	for (const struct node *c = n->first; c && levels; c = c->next) {
		if (with_shape(c, shape) == c && (!*best || c->all.files > (*best)->all.files))
			*best = c;
		look_below(c, shape, levels - 1, best);
	}
}

static int
bit(unsigned shape)
{
	return shape == SHAPE_YEAR ? 0 : shape == SHAPE_DATE ? 1 : 2;
}

static struct lie
lie_plain(struct arena *mem, const struct node *n)
{
	return (struct lie){ .where = arena_print(mem, "%s/**", node_path(mem, n, false)), .covered = n->all.files };
}

/* In a folder above or below, or in the names of most files.  A case is a folder: as a part of a file's name it could be another's. */
static struct lie
lie_with(struct arena *mem, const struct node *n, unsigned shape)
{
	const struct node *at = with_shape(n, shape), *below = NULL;
	struct lie lie = lie_plain(mem, n);

	if (at) {
		lie.batch = node_path(mem, at, false);
		lie.found = true;
		return lie;
	}
	look_below(n, shape, BELOW_MOST, &below);
	if (below && 2 * below->all.files >= n->all.files) {
		lie.batch = node_path(mem, below, false);
		return (struct lie){ arena_print(mem, "%s/**", lie.batch), lie.batch, below->all.files, true };
	}
	if (shape == SHAPE_CASE || 2 * n->all.shaped[bit(shape)] < n->all.files)
		return lie;
	return (struct lie){ arena_print(mem, "%s/**/*%s*", node_path(mem, n, false), shape == SHAPE_YEAR ? "{year}" : "{date}"), NULL,
			     n->all.shaped[bit(shape)], true };
}

static void
note(struct adapted *a, const char *text)
{
	*arena_push(a->survey->mem, &a->notes) = text;
}

static bool
try(struct adapted *a, unsigned shape, enum series_clock clock, const char *otherwise)
{
	struct lie lie = lie_with(a->survey->mem, a->node, shape);

	if (!lie.found)
		return false;
	a->lie = lie;
	a->clock = clock;
	if (otherwise)
		note(a, otherwise);
	return true;
}

static void
adapt_case(struct adapted *a)
{
	const struct rules *rules = a->survey->input.rules;

	if (!try(a, SHAPE_CASE, CLOCK_EVENT, NULL)) {
		a->lie = lie_plain(a->survey->mem, a->node);
		a->clock = CLOCK_EVENT;
		note(a, "räknas från: utkastet räknar från avslutat ärende, men inga mappar här heter som ärenden: nu från en events-rad");
	} else if (rules->case_count == 1) {
		a->clock = CLOCK_CASE_CLOSED;
		a->cases = rules->cases[0].id;
		note(a, "räknas från: listan över ärenden är den enda som finns i reglerna: gäller den dessa");
	} else {
		note(a, "räknas från: utkastet räknar från avslutat ärende: skriv clock = case-closed och cases; nu från en events-rad");
	}
}

/* What it is counted from must be there: else it is counted from something that is, and told. */
static void
adapt_clock(struct adapted *a)
{
	static const char *const by_date = "räknas från: utkastet räknar från ett årtal, men här står datum";
	static const char *const by_year = "räknas från: utkastet räknar från ett datum, men här står bara årtal";
	unsigned any = a->draft->where_count && strstr(a->draft->where[0].path, "{case}") ? SHAPE_CASE : SHAPE_YEAR;

	a->clock = a->draft->clock;
	if (a->draft->action == ACTION_PRESERVE)
		a->lie = lie_plain(a->survey->mem, a->node);
	else if (a->draft->cases || a->draft->clock == CLOCK_CASE_CLOSED)
		adapt_case(a);
	else if (a->draft->clock == CLOCK_PATH_YEAR || a->draft->clock == CLOCK_FISCAL_YEAR) {
		if (try(a, SHAPE_YEAR, a->clock, NULL) || (a->clock == CLOCK_PATH_YEAR && try(a, SHAPE_DATE, CLOCK_PATH_DATE, by_date)))
			return;
		a->lie = lie_plain(a->survey->mem, a->node);
		a->clock = CLOCK_MODIFIED;
		note(a, "räknas från: utkastet räknar från ett årtal, men det saknas i namnen här: nu från senaste ändring");
	} else if (a->draft->clock == CLOCK_PATH_DATE) {
		if (try(a, SHAPE_DATE, a->clock, NULL) || try(a, SHAPE_YEAR, CLOCK_PATH_YEAR, by_year))
			return;
		a->lie = lie_plain(a->survey->mem, a->node);
		a->clock = CLOCK_MODIFIED;
		note(a, "räknas från: utkastet räknar från ett datum, men det saknas i namnen här: nu från senaste ändring");
	} else if (!a->draft->batch_path || !try(a, any, a->clock, NULL)) {
		a->lie = lie_plain(a->survey->mem, a->node);
	}
}

/* ------------------------------------------------------------------ as text */

/* What ends a line or a group stands against what is before it. */
static void
trim(struct text *t)
{
	while (t->len && t->data[t->len - 1] == ' ')
		t->data[--t->len] = '\0';
}

static void
next_line(struct text *t)
{
	trim(t);
	text_add(t, "\n\t  ");
}

static void
end_group(struct text *t, const char *end)
{
	trim(t);
	text_add(t, end);
}

static void
add_text(struct text *t, const char *key, const char *value)
{
	if (!value)
		return;
	text_print(t, "%s = ", key);
	draft_string(t, value);
	text_add(t, ";  ");
}

static void
add_list(struct text *t, const char *key, const char *const *list, size_t count, const char *const *more, size_t more_count)
{
	text_print(t, "%s = ( ", key);
	for (size_t i = 0; i < count + more_count; i++) {
		text_add(t, i ? ",\n\t\t     " : "");
		draft_string(t, i < count ? list[i] : more[i - count]);
	}
	text_add(t, " );");
}

static const char *
period(struct arena *mem, struct period p)
{
	static const char *const units[] = { [DAY_DAYS] = "day", [DAY_MONTHS] = "month", [DAY_YEARS] = "year" };

	return arena_print(mem, "%d %s%s", p.count, units[p.unit], p.count == 1 ? "" : "s");
}

static void
add_where(struct adapted *a, struct text *t)
{
	const struct where *w = a->draft->where_count ? &a->draft->where[0] : NULL;

	next_line(t);
	text_add(t, "where = ( { ");
	add_text(t, "share", a->survey->input.share->id);
	add_text(t, "path", a->lie.where);
	if (w && w->name_count)
		add_list(t, "name", w->names, (size_t)w->name_count, NULL, 0);
	end_group(t, " } );");
}

static void
add_clock(struct adapted *a, struct text *t)
{
	static const char *const froms[] = { [COUNT_YEAR_END] = "year-end", [COUNT_MONTH_END] = "month-end", [COUNT_DAY] = "day",
					     [COUNT_FISCAL_END] = "fiscal-year-end" };
	const struct series *d = a->draft;
	struct arena *mem = a->survey->mem;

	if (d->action == ACTION_PRESERVE)
		return;
	add_text(t, "keep", period(mem, d->keep));
	if (d->latest.count > 0)
		add_text(t, "latest", period(mem, d->latest));
	if (d->after_receipt.count > 0)
		add_text(t, "after-receipt", period(mem, d->after_receipt));
	add_text(t, "clock", clocks[a->clock]);
	add_text(t, "count-from", froms[d->count_from]);
	if (a->clock == CLOCK_FISCAL_YEAR || d->count_from == COUNT_FISCAL_END) {
		next_line(t);
		text_print(t, "fiscal-year = { ends = \"%02d-%02d\";  named = \"%s\"; };", d->fiscal.month, d->fiscal.day,
			   d->fiscal.named_by_start ? "start" : "end");
	}
	if (!a->cases)
		return;
	next_line(t);
	add_text(t, "cases", a->cases);
	if (d->spare.column) {
		next_line(t);
		text_add(t, "spare = { ");
		add_text(t, "column", d->spare.column);
		add_list(t, "values", d->spare.values, (size_t)d->spare.count, NULL, 0);
		end_group(t, " };");
	}
}

static void
add_notes(struct adapted *a, struct text *t)
{
	struct arena *mem = a->survey->mem;
	long long outside = a->node->all.files - a->lie.covered;

	if (a->draft->spare.column && !a->cases)
		note(a, "urval: utkastet undantar ärenden ur en lista (spare), som saknas här: inget undantas");
	if (a->draft->batch_path && !a->lie.batch)
		note(a, "omfattning: utkastet samlar handlingarna i mappar som beslutas var för sig (batch); sådana finns inte här");
	if (outside > 0)
		note(a, arena_print(mem, "omfattning: %s i mappen ligger inte som mönstret säger", text_many(mem, outside, "fil", "filer")));
	if (!a->draft->decide_count && !a->notes.count)
		return;
	next_line(t);
	add_list(t, "decide", a->draft->decide, (size_t)a->draft->decide_count, a->notes.items, a->notes.count);
}

/* No decision: that is somebody else's to write. */
void
adapt_series(struct survey *s, struct text *t, const struct fit *fit, const char *id)
{
	static const char *const actions[] = { [ACTION_DESTROY] = "destroy", [ACTION_PRESERVE] = "preserve", [ACTION_DELIVER] = "deliver" };
	const struct series *d = fit->draft;
	struct adapted a = { .survey = s, .draft = d, .node = fit->node };

	adapt_clock(&a);
	text_add(t, "\t{ ");
	add_text(t, "id", id);
	add_text(t, "code", d->code);
	add_text(t, "name", d->name);
	if (d->source_count) {
		next_line(t);
		add_list(t, "source", d->sources, (size_t)d->source_count, NULL, 0);
	}
	add_notes(&a, t);
	if (d->law) {
		next_line(t);
		add_text(t, "law", d->law);
	}
	if (d->year_from || d->year_to) {
		next_line(t);
		text_add(t, "records = {");
		if (d->year_from)
			text_print(t, " from = %d;", d->year_from);
		if (d->year_to)
			text_print(t, " to = %d;", d->year_to);
		text_add(t, " };");
	}
	add_where(&a, t);
	next_line(t);
	add_text(t, "action", actions[d->action]);
	add_clock(&a, t);
	if (d->batch_path && a.lie.batch && d->action != ACTION_PRESERVE) {
		next_line(t);
		text_add(t, "batch = { ");
		add_text(t, "path", a.lie.batch);
		text_print(t, "whole = %s; };", d->whole ? "true" : "false");
	}
	if (d->evidence_digest) {
		next_line(t);
		add_text(t, "evidence", "digest");
	}
	end_group(t, " }");
}
