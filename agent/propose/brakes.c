/* SPDX-License-Identifier: GPL-3.0-or-later */
/* brakes.c - too much at once is stopped: what is opened in a scope, what leaves it, and what a new series begins with. */
#include "propose_p.h"

static long long
units(const struct proposal *p)
{
	return p->kind == KIND_REMOVE_MEMBER ? 1 : p->kind == KIND_CUT_NESTING ? p->accounts : p->files;
}

/* More than the floor and more than the ratio. */
static bool
brake_trips(const struct conf *conf, long long count, long long of)
{
	return count > conf->brake.count && (double)count > conf->brake.ratio * (double)of;
}

static long long
size_of(const struct plan *plan, const char *scope)
{
	for (size_t i = 0; i < plan->sizes.count; i++)
		if (strcmp(plan->sizes.items[i].scope, scope) == 0)
			return plan->sizes.items[i].of;
	return 0;
}

void
propose_brakes(struct arena *mem, const struct conf *conf, struct plan *plan)
{
	for (size_t i = 0; i < plan->sizes.count; i++) {
		const char *scope = plan->sizes.items[i].scope;
		long long of = plan->sizes.items[i].of, opened = 0;

		for (size_t k = 0; k < plan->proposals.count; k++)
			if (strcmp(plan->proposals.items[k].scope, scope) == 0)
				opened += units(&plan->proposals.items[k]);
		if (brake_trips(conf, opened, of))
			*arena_push(mem, &plan->brakes) = (struct brake){ .scope = scope, .opened = opened, .of = of };
	}
}

/* ------------------------------------------------------------------ what is opened tonight */

/* What is asked already and only changes counts by what it grows. */
static void
count_units(struct opening *o)
{
	bool was_asked = o->old && o->old->state != STATE_KEPT;

	o->units = units(o->p) - (was_asked ? units(&o->old->p) : 0);
	if (o->units < 0)
		o->units = 0;
}

/* The first opening of each scope stands for it. */
static bool
is_first(const struct work *w, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (!w->openings.items[i].later &&
		    strcmp(w->openings.items[i].p->scope, w->openings.items[at].p->scope) == 0)
			return false;
	return !w->openings.items[at].later;
}

void
brake_openings(struct work *w)
{
	for (size_t i = 0; i < w->openings.count; i++)
		count_units(&w->openings.items[i]);
	for (size_t i = 0; i < w->openings.count; i++) {
		const char *scope = w->openings.items[i].p->scope;
		long long of = size_of(w->plan, scope), opened = 0;
		bool tripped;

		if (!is_first(w, i))
			continue;
		for (size_t k = i; k < w->openings.count; k++)
			if (!w->openings.items[k].later && strcmp(w->openings.items[k].p->scope, scope) == 0)
				opened += w->openings.items[k].units;
		tripped = brake_trips(&w->in->rules->conf, opened, of);
		if (tripped)
			*arena_push(w->mem, &w->plan->brakes) = (struct brake){ .scope = scope, .opened = opened, .of = of };
		for (size_t k = i; k < w->openings.count; k++) {
			struct opening *o = &w->openings.items[k];
			if (strcmp(o->p->scope, scope) == 0)    /* a changed content releases no brake */
				o->braked = (tripped && o->units) || (o->old && o->old->state == STATE_BRAKED);
		}
	}
}

/* ------------------------------------------------------------------ a new series begins with its oldest */

static int
by_due(const void *a, const void *b)
{
	const struct proposal *x = (*(struct opening *const *)a)->p, *y = (*(struct opening *const *)b)->p;
	int c = strcmp(x->batch ? x->batch : "", y->batch ? y->batch : "");

	if (x->due != y->due)
		return x->due < y->due ? -1 : 1;
	return c ? c : strcmp(x->key, y->key);
}

/* Has anything of the scope ever been answered? */
static int
is_new(struct work *w, const char *scope, bool *out, struct error *err)
{
	struct stored_list list = { 0 };
	struct proposal_filter answered = { .scope = scope, .brief = true, .states = STATES_GOING | STATES(STATE_KEPT) | STATES(STATE_HELD) |
					    STATES(STATE_DONE) | STATES(STATE_FAILED) };

	if (store_proposals(w->mem, w->in->store, &answered, &list, err) < 0)
		return -1;
	*out = list.list.count == 0;
	stored_free(&list);
	return 0;
}

/* How many of the scope are asked about already and are so tonight, too. */
static long long
asked_in(const struct work *w, const char *scope)
{
	long long n = 0;

	for (size_t i = 0; i < w->live.list.count; i++) {
		const struct stored *s = &w->live.list.items[i];
		if (STATES(s->state) & STATES_ASKED && texts_equal(s->p.scope, scope) &&
		    (w->seen[i] || is_touched(w, &s->p)))
			n++;
	}
	return n;
}

/* The oldest ones, until one more would trip the brake; none while some wait for an answer. */
static long long
open_oldest(struct work *w, struct opening **list, size_t count, long long asked)
{
	long long sum = 0, of = size_of(w->plan, list[0]->p->scope), opened = 0;

	qsort(list, count, sizeof(*list), by_due);
	for (size_t i = 0; i < count; i++) {
		sum += units(list[i]->p);
		list[i]->later = asked || (i && (list[i - 1]->later || brake_trips(&w->in->rules->conf, sum, of)));
		opened += !list[i]->later;
	}
	return opened;
}

/* In steps from its first night until a night that leaves nothing for later: the marker says that some was left. */
static int
in_steps(struct work *w, const char *scope, const char *marker, bool *out, struct error *err)
{
	const char *left = NULL;

	if (store_get(w->mem, w->in->store, marker, &left, err) < 0)
		return -1;
	*out = left && *left;
	return *out ? 0 : is_new(w, scope, out, err);
}

static int
leave_marker(struct work *w, const char *marker, bool left, struct error *err)
{
	const char *before = NULL;

	if (store_get(w->mem, w->in->store, marker, &before, err) < 0)
		return -1;
	return (before && *before) == left ? 0 : store_set(w->in->store, marker, left ? "left" : "", err);
}

/* "Postlistor på Gemensam öppnas stegvis, de äldsta först: …" */
static const char *
stepwise_text(const struct work *w, const struct proposal *first, long long waits, long long later)
{
	const struct series *series = rules_series(w->in->rules, first->series);
	const struct share *share = rules_share(w->in->rules, first->share);
	const char *when = waits == 1 ? "när den har besvarats" : "när de har besvarats";

	return arena_print(w->mem, "%s på %s öppnas stegvis, de äldsta först: %s väntar på svar, %s öppnas %s.",
			   series ? series->name : first->series, share ? share->name : first->share,
			   text_many(w->mem, waits, "omgång", "omgångar"), text_count(w->mem, later), when);
}

static int
step_scope(struct work *w, const struct proposal *first, struct error *err)
{
	struct opening **list = arena_array(w->mem, struct opening *, w->openings.count + 1);
	const char *marker = arena_print(w->mem, "steps:%s", first->scope);
	long long asked = asked_in(w, first->scope), opened;
	size_t count = 0;
	bool steps = false;

	if (in_steps(w, first->scope, marker, &steps, err) < 0)
		return -1;
	if (!steps)
		return 0;
	for (size_t i = 0; i < w->openings.count; i++)
		if (!w->openings.items[i].old && strcmp(w->openings.items[i].p->scope, first->scope) == 0)
			list[count++] = &w->openings.items[i];
	opened = open_oldest(w, list, count, asked);
	if (opened < (long long)count)
		tell_finding(w, &(struct finding){
			.kind = "series-opened-stepwise", .series = first->series, .share = first->share,
			.text = stepwise_text(w, first, asked + opened, (long long)count - opened) });
	return leave_marker(w, marker, opened < (long long)count, err);
}

int
open_stepwise(struct work *w, struct error *err)
{
	for (size_t i = 0; i < w->openings.count; i++) {
		const struct proposal *p = w->openings.items[i].p;
		bool first = is_files(p) && !w->openings.items[i].old;

		for (size_t k = 0; k < i && first; k++)
			first = w->openings.items[k].old || strcmp(w->openings.items[k].p->scope, p->scope) != 0;
		if (first && step_scope(w, p, err) < 0)
			return -1;
	}
	return 0;
}

/* ------------------------------------------------------------------ what leaves tonight */

static long long
live_in(const struct work *w, const char *scope)
{
	long long n = 0;

	for (size_t i = 0; i < w->live.list.count; i++)
		n += texts_equal(w->live.list.items[i].p.scope, scope);
	return n;
}

/*
 * A scope that loses most of its proposals at once may be a reading that went wrong without our seeing it: they stay
 * until a second night says the same.  The marker holds the day of the first.
 */
static int
may_leave(struct work *w, const char *scope, long long count, bool *out, struct error *err)
{
	const char *name = arena_print(w->mem, "leaving:%s", scope), *first = NULL;
	bool tripped = brake_trips(&w->in->rules->conf, count, live_in(w, scope));
	day_t day;

	if (store_get(w->mem, w->in->store, name, &first, err) < 0)
		return -1;
	day = day_parse(first);
	*out = !tripped || (day != DAY_NONE && day < w->today);
	if (*out)                       /* nothing to remember any longer */
		return day == DAY_NONE ? 0 : store_set(w->in->store, name, "", err);
	*arena_push(w->mem, &w->plan->gaps) = (struct gap){ "withdrawals", scope, NULL,
		arena_print(w->mem, "%lld of %lld proposals would be withdrawn at once; believed when another night says the "
			    "same", count, live_in(w, scope)) };
	return day == DAY_NONE ? store_set(w->in->store, name, day_text(w->mem, w->today), err) : 0;
}

static bool
is_leaving(const struct work *w, const char *scope)
{
	for (size_t i = 0; i < w->leaving.count; i++)
		if (strcmp(w->leaving.items[i]->p.scope, scope) == 0)
			return true;
	return false;
}

/* A night in which nothing leaves a scope takes the marker of an earlier one away. */
static int
forget_markers(struct work *w, struct error *err)
{
	for (size_t i = 0; i < w->plan->sizes.count; i++) {
		const char *scope = w->plan->sizes.items[i].scope, *first = NULL;
		const char *name = arena_print(w->mem, "leaving:%s", scope);

		if (is_leaving(w, scope))
			continue;
		if (store_get(w->mem, w->in->store, name, &first, err) < 0 ||
		    (first && *first && store_set(w->in->store, name, "", err) < 0))
			return -1;
	}
	return 0;
}

int
brake_leaving(struct work *w, struct error *err)
{
	__typeof__(w->leaving) stay = { 0 };
	bool *done = arena_array(w->mem, bool, w->leaving.count + 1);

	if (forget_markers(w, err) < 0)
		return -1;
	for (size_t i = 0; i < w->leaving.count; i++) {
		const char *scope = w->leaving.items[i]->p.scope;
		long long count = 0;
		bool go = false;

		if (done[i])
			continue;
		for (size_t k = i; k < w->leaving.count; k++)
			count += strcmp(w->leaving.items[k]->p.scope, scope) == 0;
		if (may_leave(w, scope, count, &go, err) < 0)
			return -1;
		for (size_t k = i; k < w->leaving.count; k++) {
			if (strcmp(w->leaving.items[k]->p.scope, scope) != 0)
				continue;
			done[k] = true;
			if (go)
				*arena_push(w->mem, &stay) = w->leaving.items[k];
			else
				w->out->held++;
		}
	}
	w->leaving.items = stay.items;
	w->leaving.count = stay.count;
	w->leaving.room = stay.room;
	return 0;
}
