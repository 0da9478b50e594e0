/* SPDX-License-Identifier: GPL-3.0-or-later */
/* brake.c - how much one run may take: of everything, of a scope, of what one owner answers for. */
#include "apply_p.h"
#include "behov/json.h"
#include "behov/measure.h"

/* What one run has taken of something, and how much there is of it. */
struct tally { const char *what; enum brake_act act; long long used, of; };
struct owned { const char *what, *scope; enum brake_act act; };
/* A scope, and when what this run met of it first is due: it is the oldest. */
struct opened { const char *scope; day_t due; bool open; };
struct brakes {
	json_t *sizes;                  /* SIZES_VALUE; NULL = no night has said */
	LIST(struct tally) tallies;
	LIST(struct owned) owned;
	LIST(struct opened) opened;
};

int
brake_open(struct apply *a)
{
	const char *text = NULL;

	a->brakes = arena_new(a->mem, struct brakes);
	*a->brakes = (struct brakes){ 0 };
	if (store_get(a->mem, a->in->store, SIZES_VALUE, &text, a->err) < 0)
		return -1;
	if (text && json_read(text, strlen(text), &a->brakes->sizes, a->err) < 0)
		return error_in(a->err, "how large each scope is");
	return 0;
}

void
brake_close(struct apply *a)
{
	if (a->brakes)
		json_decref(a->brakes->sizes);
	a->brakes = NULL;
}

static long long
size_of(const struct apply *a, const char *scope)
{
	return json_integer_value(json_object_get(a->brakes->sizes, scope));
}

/* All that there is of its kind. */
static long long
size_of_all(const struct apply *a, enum brake_act act)
{
	const char *scope, *kind = act == BRAKE_REMOVE ? "system:" : "series:";
	json_t *of;
	long long sum = 0;

	json_object_foreach(a->brakes->sizes, scope, of)
		sum += strncmp(scope, kind, 7) == 0 ? json_integer_value(of) : 0;
	return sum;
}

static long long
most(const struct apply *a, const struct tally *t)
{
	return conf_apply_most(a->conf, t->act != BRAKE_REMOVE, t->of);
}

static struct tally *
tally_of(struct apply *a, const char *what, enum brake_act act, long long of)
{
	struct tally *t;

	for (size_t i = 0; i < a->brakes->tallies.count; i++) {
		t = &a->brakes->tallies.items[i];
		if (t->act == act && strcmp(t->what, what) == 0)
			return t;
	}
	t = arena_push(a->mem, &a->brakes->tallies);
	*t = (struct tally){ .what = what, .act = act, .of = of };
	return t;
}

/* How large all is that an owner answers for is nowhere written: what this run came upon of it stands for that. */
static const char *
owner_of(struct apply *a, const struct stored *s, enum brake_act act)
{
	const char *what = arena_print(a->mem, "ägaren %s", s->p.owner ? s->p.owner : "-");
	struct owned *o;

	for (size_t i = 0; i < a->brakes->owned.count; i++) {
		o = &a->brakes->owned.items[i];
		if (o->act == act && strcmp(o->what, what) == 0 && strcmp(o->scope, s->p.scope) == 0)
			return o->what;
	}
	o = arena_push(a->mem, &a->brakes->owned);
	*o = (struct owned){ .what = what, .scope = s->p.scope, .act = act };
	tally_of(a, what, act, 0)->of += size_of(a, s->p.scope);
	return what;
}

/* Of a series that nothing has been carried out of before, only the oldest goes in this run. */
static int
is_too_new(struct apply *a, const struct stored *s, bool *out)
{
	struct proposal_filter before = { .scope = s->p.scope, .brief = true, .states = STATES(STATE_QUARANTINED) |
					  STATES(STATE_EXPORTED) | STATES(STATE_DONE) };
	struct stored_list list = { 0 };
	struct opened *o = NULL;

	for (size_t i = 0; i < a->brakes->opened.count && !o; i++)
		if (strcmp(a->brakes->opened.items[i].scope, s->p.scope) == 0)
			o = &a->brakes->opened.items[i];
	if (!o) {
		if (store_proposals(a->mem, a->in->store, &before, &list, a->err) < 0)
			return -1;
		o = arena_push(a->mem, &a->brakes->opened);
		*o = (struct opened){ .scope = s->p.scope, .due = s->p.due, .open = list.list.count > 0 };
		stored_free(&list);
	}
	*out = !o->open && day_year(s->p.due) > day_year(o->due);
	return 0;
}

static const char *
too_many(struct apply *a, const char *const keys[3], enum brake_act act, long long n)
{
	for (int i = 0; i < 3; i++) {
		const struct tally *t = tally_of(a, keys[i], act, 0);

		if (n > most(a, t) - t->used)
			return arena_print(a->mem, BRAKED_NOTE "det blir fler än %lld %s i en och samma körning för %s", most(a, t),
					   act == BRAKE_REMOVE ? "medlemskap" : "filer", keys[i]);
	}
	return NULL;
}

int
brake_take(struct apply *a, const struct stored *s, enum brake_act act, bool begun, const char **why)
{
	const char *const keys[3] = { "allt", s->p.scope, owner_of(a, s, act) };
	long long n = proposal_units(&s->p);
	bool new = false;

	tally_of(a, keys[0], act, size_of_all(a, act));
	tally_of(a, keys[1], act, size_of(a, s->p.scope));
	if (act == BRAKE_MOVE && !begun && is_too_new(a, s, &new) < 0)
		return -1;
	*why = begun ? NULL : new ? BRAKED_NOTE "inget i serien har gallrats förut, och det äldsta går först" : too_many(a, keys, act, n);
	for (int i = 0; i < 3 && !*why; i++)
		tally_of(a, keys[i], act, 0)->used += n;
	return 0;
}

int
brake_holds(struct apply *a, struct stored *s, const char *why)
{
	a->out->braked++;
	a->out->left--;                 /* apply_left() counts it there */
	return apply_left(a, s, why);
}
