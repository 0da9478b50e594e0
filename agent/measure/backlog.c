/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * backlog.c - what apply may carry out now, and how long that will take it.
 *
 * A run takes of everything, of each scope and of each owner no more than its brake allows (apply/brake.c): the one that needs
 * most runs says how many it will be.  How long lies between two runs is what lay between the last ones, on average.
 */
#include "measure_p.h"

#include "behov/json.h"

#include <limits.h>
#include <string.h>

#define DAY_SECONDS 86400

struct tally { const char *kind, *name; bool files; long long sum, of; };
struct owned { const char *owner, *scope; bool files; };
struct tallies_of_runs {
	struct arena *mem;
	const struct conf *conf;
	const json_t *sizes;            /* SIZES_VALUE, or NULL */
	LIST(struct tally) list;
	LIST(struct owned) owned;
};

static struct tally *
tally_of(struct tallies_of_runs *t, const char *kind, const char *name, bool files, long long of)
{
	struct tally *one;

	for (size_t i = 0; i < t->list.count; i++) {
		one = &t->list.items[i];
		if (one->files == files && strcmp(one->kind, kind) == 0 && strcmp(one->name, name) == 0)
			return one;
	}
	one = arena_push(t->mem, &t->list);
	*one = (struct tally){ kind, arena_text(t->mem, name), files, 0, of };
	return one;
}

static long long
size_of(const struct tallies_of_runs *t, const char *scope)
{
	return json_number(t->sizes, scope, 0);
}

static long long
size_of_all(const struct tallies_of_runs *t, bool files)
{
	json_t *all = (json_t *)(uintptr_t)t->sizes, *of;       /* jansson's iterators are not const; nothing is changed */
	const char *scope, *kind = files ? "series:" : "system:";
	long long sum = 0;

	json_object_foreach(all, scope, of)
		sum += strncmp(scope, kind, strlen(kind)) == 0 ? json_integer_value(of) : 0;
	return sum;
}

/* How large all is that an owner answers for: the scopes of it that are met here. */
static struct tally *
tally_of_owner(struct tallies_of_runs *t, const struct proposal *p, bool files)
{
	const char *owner = p->owner ? p->owner : "-";
	struct tally *one = tally_of(t, "owner", owner, files, 0);

	for (size_t i = 0; i < t->owned.count; i++) {
		const struct owned *o = &t->owned.items[i];
		if (o->files == files && strcmp(o->owner, owner) == 0 && strcmp(o->scope, p->scope) == 0)
			return one;
	}
	*arena_push(t->mem, &t->owned) = (struct owned){ one->name, arena_text(t->mem, p->scope), files };
	one->of += size_of(t, p->scope);
	return one;
}

/* False when one run may never take as much as that one is. */
static bool
count_in(struct tallies_of_runs *t, const struct proposal *p, bool files)
{
	long long n = proposal_units(p);

	if (n > conf_apply_most(t->conf, files, size_of_all(t, files)) || n > conf_apply_most(t->conf, files, size_of(t, p->scope)))
		return false;
	tally_of(t, "all", "", files, size_of_all(t, files))->sum += n;
	tally_of(t, "scope", p->scope, files, size_of(t, p->scope))->sum += n;
	tally_of_owner(t, p, files)->sum += n;
	return true;
}

static long long
runs_of(const struct tallies_of_runs *t)
{
	long long most = 0;

	for (size_t i = 0; i < t->list.count; i++) {
		const struct tally *one = &t->list.items[i];
		long long limit = conf_apply_most(t->conf, one->files, one->of), runs;

		runs = limit == LLONG_MAX || limit < 1 ? one->sum > 0 : (one->sum + limit - 1) / limit;
		most = runs > most ? runs : most;
	}
	return most;
}

static int64_t
between_runs(const json_t *applied)
{
	const json_t *runs = json_object_get(applied, "runs");
	size_t count = json_array_size(runs);
	int64_t all;

	if (count < 2)
		return DAY_SECONDS;
	all = json_integer_value(json_array_get(runs, count - 1)) - json_integer_value(json_array_get(runs, 0));
	return all > 0 ? all / (int64_t)(count - 1) : 0;
}

int
backlog_count(struct arena *mem, const struct measure_input *in, const struct stored_list *all, struct measured *out, struct error *err)
{
	struct tallies_of_runs t = { .mem = mem, .conf = &in->rules->conf };
	const char *text = NULL;
	json_t *sizes = NULL;

	if (store_get(mem, in->store, SIZES_VALUE, &text, err) < 0 || (text && json_read(text, strlen(text), &sizes, err) < 0))
		return -1;
	t.sizes = sizes;
	for (size_t i = 0; i < all->list.count; i++) {
		const struct stored *s = &all->list.items[i];
		bool files = s->p.kind == KIND_DESTROY || s->p.kind == KIND_DELIVER;

		if ((s->state != STATE_SCHEDULED && s->state != STATE_QUARANTINED) || s->go_at > in->now)
			continue;
		*(files ? &out->backlog.files : &out->backlog.memberships) += proposal_units(&s->p);
		out->backlog.stuck += !count_in(&t, &s->p, files);
	}
	out->backlog.runs = runs_of(&t);
	out->backlog.seconds = in->rules->conf.mode != MODE_APPLY || out->backlog.stuck ? -1 :
			       out->backlog.runs * between_runs(out->applied);
	json_decref(sizes);
	return 0;
}
