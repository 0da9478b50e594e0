/* SPDX-License-Identifier: GPL-3.0-or-later */
/* people.c - what somebody has, needs, and has too much. */
#include "reconcile_p.h"

/* The lists that lead somewhere, united; one that is enough is shared. */
struct set
people_have(struct work *w, uint32_t a)
{
	struct set first = { NULL, 0 };
	bool many = false;

	for (uint32_t u = w->up_first[node(w, a)]; u < w->up_first[node(w, a) + 1]; u++) {
		struct set one = w->reach[w->up_group[u]];

		if (!one.count || one.items == first.items || is_cut(w, w->up[u]))
			continue;
		if (!first.count) {
			first = one;
			continue;
		}
		if (!many)
			bits_add(&w->roles_here, first);
		many = true;
		bits_add(&w->roles_here, one);
	}
	return many ? bits_take(w->mem, &w->roles_here) : first;
}

uint32_t
people_climb(struct work *w, uint32_t a, bool sure, struct bits *out)
{
	uint32_t steps = 0;

	for (uint32_t u = w->up_first[node(w, a)]; u < w->up_first[node(w, a) + 1]; u++)
		if (w->reach[w->up_group[u]].count && !is_cut(w, w->up[u]) && !(sure && ends(w, w->up[u])))
			steps += graph_climb(w, w->up_group[u], sure, out);
	return steps;
}

const char *
people_via(const struct work *w, uint32_t a, uint32_t r)
{
	for (uint32_t u = w->up_first[node(w, a)]; u < w->up_first[node(w, a) + 1]; u++)
		if (!w->cut[w->up[u]] && set_has(w->reach[w->up_group[u]], r))
			return w->s->groups[w->up_group[u]].dn;
	return NULL;
}

void
people_access(struct work *w)
{
	for (uint32_t a = 0; a < w->s->account_count; a++)
		w->access[a] = people_have(w, a);
}

/* ------------------------------------------------------------------ exceptions */

static int
by_account(const void *a, const void *b)
{
	const struct kept *x = a, *y = b;

	if (x->account != y->account)
		return x->account < y->account ? -1 : 1;
	return (x->role > y->role) - (x->role < y->role);
}

static void
keep_one(struct work *w, uint32_t r, const struct keep *k)
{
	const struct role *role = w->roles[r];
	long a = snapshot_account(w->s, k->who);

	if (clock_day(w->in->now) > k->until)
		return;
	if (a >= 0)
		*(struct kept *)arena_push(w->mem, &w->kept) = (struct kept){ (uint32_t)a, r };
	else
		tell_trouble(w, "exception-unknown", role->system, role, NULL, arena_print(w->mem,
			     a == -2 ? "Undantaget för '%s' (%s) kan gälla flera konton, och gäller därför inget" :
			     "Undantaget för '%s' (%s) gäller ett konto som inte finns", k->who, place_text(w->mem, k->at)));
}

/* Written in rules, or decided by owners. */
void
people_kept(struct work *w)
{
	for (uint32_t r = 0; r < w->role_count; r++)
		for (int i = 0; i < w->roles[r]->keep_count; i++)
			keep_one(w, r, &w->roles[r]->keeps[i]);
	for (size_t i = 0; i < w->in->exception_count; i++) {
		const struct exception *x = &w->in->exceptions[i];
		uint32_t a = graph_account(w, x->key);

		for (uint32_t r = 0; a != NOWHERE && r < w->role_count; r++)
			if (strcmp(x->role, w->roles[r]->id) == 0 && strcmp(x->system, w->roles[r]->system->id) == 0)
				*(struct kept *)arena_push(w->mem, &w->kept) = (struct kept){ a, r };
	}
	if (w->kept.count > 1)
		qsort(w->kept.items, w->kept.count, sizeof(*w->kept.items), by_account);
}

bool
people_keep(const struct work *w, uint32_t a, uint32_t r)
{
	struct kept one = { a, r };

	return w->kept.count && bsearch(&one, w->kept.items, w->kept.count, sizeof(one), by_account);
}

/* ------------------------------------------------------------------ needs */

bool
people_need(struct work *w, uint32_t a, uint32_t r)
{
	return set_has(needs_of(w, a)->need, r);
}

bool
people_unsure(struct work *w, uint32_t a, uint32_t r)
{
	return (!w->roles[r]->need_count && !w->s->accounts[a].left) || set_has(needs_of(w, a)->unsure, r);
}

struct set
people_excess(struct work *w, uint32_t a)
{
	const struct profile *p = needs_of(w, a);
	struct set has = w->access[a];

	if (set_within(has, p->need))
		return (struct set){ NULL, 0 };
	for (uint32_t i = 0; i < has.count; i++)
		if (!set_has(p->need, has.items[i]) && !people_unsure(w, a, has.items[i]) && !people_keep(w, a, has.items[i]))
			bits_put(&w->roles_here, has.items[i]);
	return bits_take(w->mem, &w->roles_here);
}
