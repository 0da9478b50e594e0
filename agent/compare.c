/* SPDX-License-Identifier: GPL-3.0-or-later */
/* compare.c - `plan --rules DIR`: what an edit of the rules would open and withdraw before it is in force. */
#include "run_p.h"
#include <behov/json.h>

#include <stdlib.h>

/* In one plan and not in the other, or in both and judged by other words. */
struct difference { LIST(const struct proposal *) opened, withdrawn, changed; };

static int by_key(const void *a, const void *b)
{
	const struct proposal *const *x = a, *const *y = b;

	return strcmp((*x)->key, (*y)->key);
}

static const struct proposal **sorted(struct arena *mem, const struct plan *plan)
{
	const struct proposal **all = arena_array(mem, const struct proposal *, plan->proposals.count + 1);

	for (size_t i = 0; i < plan->proposals.count; i++)
		all[i] = &plan->proposals.items[i];
	if (plan->proposals.count)
		qsort(all, plan->proposals.count, sizeof(*all), by_key);
	return all;
}

static const struct proposal *find(const struct proposal **all, size_t count, const struct proposal *p)
{
	const struct proposal *const *found = count ? bsearch(&p, all, count, sizeof(*all), by_key) : NULL;

	return found ? *found : NULL;
}

static void compare(struct arena *mem, const struct plan *now, const struct plan *then, struct difference *out)
{
	const struct proposal **is = sorted(mem, now), **will = sorted(mem, then);

	for (size_t i = 0; i < then->proposals.count; i++) {
		const struct proposal *p = &then->proposals.items[i], *was = find(is, now->proposals.count, p);

		if (!was)
			*arena_push(mem, &out->opened) = p;
		else if (strcmp(was->version, p->version) != 0)
			*arena_push(mem, &out->changed) = p;
	}
	for (size_t i = 0; i < now->proposals.count; i++)
		if (!find(will, then->proposals.count, &now->proposals.items[i]))
			*arena_push(mem, &out->withdrawn) = &now->proposals.items[i];
}

static json_t *list_json(const struct proposal *const *items, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, proposal_json(items[i], 0));
	return list;
}

static int by_missing(const void *a, const void *b)
{
	const struct missing *x = a, *y = b;
	int c = strcmp(x->system, y->system);

	if (c == 0)
		c = strcmp(x->role, y->role);
	return c ? c : strcmp(x->account, y->account);
}

/* Who misses what in `a` and not in `b`. */
static json_t *missing_json(struct arena *mem, const struct plan *a, const struct plan *b)
{
	struct missing *other = arena_array(mem, struct missing, b->missing.count + 1);
	json_t *list = json_array();

	if (b->missing.count)
		memcpy(other, b->missing.items, b->missing.count * sizeof(*other));
	qsort(other, b->missing.count, sizeof(*other), by_missing);
	for (size_t i = 0; i < a->missing.count; i++) {
		const struct missing *m = &a->missing.items[i];

		if (!bsearch(m, other, b->missing.count, sizeof(*other), by_missing))
			json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "system", m->system, "role", m->role, "account",
							      m->account));
	}
	return list;
}

int run_compare(struct arena *mem, const struct rules *rules, const struct rules *edited, const struct run_options *how, json_t **out,
		struct error *err)
{
	struct plan now = { 0 }, then = { 0 };
	struct difference d = { 0 };
	int rc = -1;

	if (run_plan(mem, rules, how, &now, err) < 0 || run_plan(mem, edited, how, &then, err) < 0)
		goto out;
	compare(mem, &now, &then, &d);
	*out = json_pack("{s:s, s:s, s:b, s:o, s:o, s:o, s:o, s:o}", "now", clock_text(mem, how->now), "rules", edited->conf.rules,
			 "complete", now.gaps.count == 0 && then.gaps.count == 0,
			 "opened", list_json(d.opened.items, d.opened.count), "withdrawn", list_json(d.withdrawn.items, d.withdrawn.count),
			 "changed", list_json(d.changed.items, d.changed.count), "missing", missing_json(mem, &then, &now),
			 "not_missing", missing_json(mem, &now, &then));
	rc = *out ? 0 : error_set(err, ERROR_SOURCE, "the rules folder's name is not UTF-8");
out:
	plan_free(&now);
	plan_free(&then);
	return rc;
}
