/* SPDX-License-Identifier: GPL-3.0-or-later */
/* compile.c - the rules as one share needs them: patterns of its series, of holds, and of what has happened there. */
#include "retain_p.h"
#include "behov/text.h"

static void
add_hold(struct retain *r, const struct hold *hold)
{
	struct pattern *p;

	if (!hold->path)
		return;
	p = pattern_make(r->mem, arena_print(r->mem, "%s/**", hold->path), true);
	p->hold = hold;
	*arena_push(r->mem, &r->patterns) = p;
}

static void
add_event(struct retain *r, const struct event *event)
{
	struct pattern *p;

	if (strcmp(event->share, r->share->id) != 0)
		return;
	p = pattern_make(r->mem, arena_print(r->mem, "%s/**", event->path), r->share->fold);
	p->event = event;
	*arena_push(r->mem, &r->patterns) = p;
}

static void
add_where(struct retain *r, struct tally *tally, const struct where *where, bool fold)
{
	struct pattern *p = pattern_make(r->mem, where->path, fold);

	pattern_clock(p, tally->series->clock);
	p->where = where;
	p->tally = tally;
	p->cases = r->cases.items;
	p->case_count = r->cases.count;
	if (tally->series->batch_path)
		p->batch = pattern_prefix(p, tally->series->batch_path, r->mem);
	*arena_push(r->mem, &r->patterns) = p;
	if (!where->name_count)
		return;
	p->names = arena_array(r->mem, const char *, (size_t)where->name_count);
	for (int i = 0; i < where->name_count; i++)
		p->names[i] = fold ? text_fold(r->mem, where->names[i]) : where->names[i];
	if (tally->series->clock == CLOCK_SUPERSEDED) {
		p->after = arena_array(r->mem, const char *, (size_t)where->name_count);
		for (int i = 0; i < where->name_count; i++) {
			const char *at = strstr(p->names[i], "{version}");

			p->after[i] = at + strlen("{version}");
			p->names[i] = arena_copy(r->mem, p->names[i], (size_t)(at - p->names[i]));
		}
	}
	p->endings = arena_array(r->mem, size_t, (size_t)where->name_count);
	for (int i = 0; i < where->name_count; i++)
		p->endings[i] = text_glob_ending(p->names[i]);
}

/* What behov itself keeps is meant by who names it.  What preserves is meant for all. */
static bool
means(const struct series *s, const struct where *where, const struct share *share)
{
	return strcmp(where->share, share->id) == 0 || (strcmp(where->share, "*") == 0 && (!share->own || s->action == ACTION_PRESERVE));
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* All cases that a hold or a list names. */
static void
note_cases(struct retain *r)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->input.hold_count; i++)
		if (r->input.holds[i].case_name)
			*arena_push(r->mem, &r->cases) = case_key(r->mem, r->input.holds[i].case_name);
	for (size_t i = 0; i < r->input.rules->case_count; i++)
		for (size_t k = 0; k < r->files[i].count; k++)
			*arena_push(r->mem, &r->cases) = r->files[i].items[k].name;
	if (r->cases.count > 1)
		qsort(r->cases.items, r->cases.count, sizeof(*r->cases.items), by_text);
	for (size_t i = 0; i < r->cases.count; i++)
		if (!kept || strcmp(r->cases.items[kept - 1], r->cases.items[i]) != 0)
			r->cases.items[kept++] = r->cases.items[i];
	r->cases.count = kept;
}

void
cells_start(struct retain *r, struct cells *out)
{
	for (size_t i = 0; i < r->patterns.count; i++)
		cells_begin(out, r->patterns.items[i]);
}

struct retain *
retain_open(struct arena *mem, const struct retain_input *in, struct error *err)
{
	struct retain *r = arena_new(mem, struct retain);

	r->mem = mem;
	r->scratch = arena_open();
	r->input = *in;
	r->today = clock_day(in->now);
	if (r->today == DAY_NONE) {
		error_set(err, ERROR_USAGE, "the clock shows a day out of range");
		retain_close(r);
		return NULL;
	}
	cases_read(r);
	note_cases(r);
	r->approved.anchor = DAY_NONE;
	r->oldest = day_make(1900, 1, 1);
	r->newest = day_make(day_year(r->today) + 1, 12, 31);
	r->visitor = visitor_of(r);
	return r;
}

const struct visitor *
retain_share(struct retain *r, const struct share *share)
{
	const struct rules *rules = r->input.rules;

	states_drop(r);
	batches_drop(r);
	versions_drop(r);
	r->asked.name = NULL;
	r->found.whole = true;
	r->share = share;
	r->patterns.count = 0;
	r->all.count = 0;
	tops_start(r);
	events_start(r);
	r->pile = pile_open();
	memset(&r->n, 0, sizeof r->n);
	r->buckets = arena_array(r->mem, struct batch *, BUCKETS);
	r->tallies = arena_array(r->mem, struct tally, rules->series_count + 1);
	for (size_t i = 0; i < rules->series_count; i++) {
		const struct series *s = &rules->series[i];

		r->tallies[i] = (struct tally){ .series = s, .last = { DAY_NONE, DAY_NONE, DAY_NONE },
			.cases = cases_of(r, s), .spare_bit = cases_bit(r, s),
			.from = s->year_from ? day_make(s->year_from, 1, 1) : DAY_NONE,
			.to = s->year_to ? day_make(s->year_to, 12, 31) : DAY_NONE };
		for (int k = 0; k < s->where_count; k++)
			if (means(s, &s->where[k], share))
				add_where(r, &r->tallies[i], &s->where[k], share->fold || s->action == ACTION_PRESERVE);
	}
	for (size_t i = 0; i < r->input.hold_count; i++)
		add_hold(r, &r->input.holds[i]);
	for (size_t i = 0; i < r->input.event_count; i++)
		add_event(r, &r->input.events[i]);
	r->visitor.wants_most = r->supersedes = false;
	for (size_t i = 0; i < r->patterns.count; i++)
		r->supersedes |= r->patterns.items[i]->after != NULL;
	for (size_t i = 0; i < r->patterns.count; i++)
		r->visitor.wants_most |= r->patterns.items[i]->tally && is_of_file(r->patterns.items[i]->tally->series);
	return &r->visitor;
}

void
retain_close(struct retain *r)
{
	if (!r)
		return;
	states_drop(r);
	batches_drop(r);
	versions_drop(r);
	tops_drop(r);
	free(r->found.items);
	arena_close(r->scratch);
	r->scratch = NULL;
	r->found = (struct cells){ 0 };
}
