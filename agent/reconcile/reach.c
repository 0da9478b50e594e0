/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reach.c - the roles that each group leads to.
 *
 * Groups that lead to each other in a ring lead to the same (Tarjan, SIAM J. Comput. 1(2), 1972: rings come out above before
 * below, so that one union for each is enough).  A group that adds nothing to what one above it leads to shares its list.
 */
#include "reconcile_p.h"

struct reach {
	struct work *w;
	bool sure;                      /* only by groups that are known wholly */
	struct set *out;
	uint32_t *order, *low;          /* when it was met, 0 never; the earliest that it leads to */
	uint32_t *next;                 /* where to go on above it */
	uint32_t *path, deep;           /* from where we began to where we are */
	uint32_t *open, open_count;     /* met, and its ring not known yet */
	bool *is_open;
	uint32_t met;
};

static bool
counts(const struct reach *x, uint32_t g)
{
	return x->w->s->groups[g].security && !(x->sure && x->w->s->groups[g].unknown);
}

static bool
leads(const struct reach *x, uint32_t u)
{
	return !is_cut(x->w, x->w->up[u]) && !(x->sure && ends(x->w, x->w->up[u])) && counts(x, x->w->up_group[u]);
}

static void
meet(struct reach *x, uint32_t g)
{
	x->order[g] = x->low[g] = ++x->met;
	x->next[g] = x->w->up_first[g];
	x->path[x->deep++] = g;
	x->open[x->open_count++] = g;
	x->is_open[g] = true;
}

/* What the ring leads to: what its groups are listed in, and what is above it.  The largest part is looked for first. */
static struct set
unite(struct reach *x, const uint32_t *ring, uint32_t count)
{
	struct work *w = x->w;
	struct set most = { NULL, 0 };
	bool enough = true;

	for (uint32_t i = 0; i < count; i++) {
		if (w->own[ring[i]].count > most.count)
			most = w->own[ring[i]];
		for (uint32_t u = w->up_first[ring[i]]; u < w->up_first[ring[i] + 1]; u++)
			if (leads(x, u) && x->out[w->up_group[u]].count > most.count)
				most = x->out[w->up_group[u]];
	}
	for (uint32_t i = 0; i < count && enough; i++) {
		enough = set_within(w->own[ring[i]], most);
		for (uint32_t u = w->up_first[ring[i]]; u < w->up_first[ring[i] + 1] && enough; u++)
			enough = !leads(x, u) || set_within(x->out[w->up_group[u]], most);
	}
	if (enough)
		return most;
	for (uint32_t i = 0; i < count; i++) {
		bits_add(&w->roles_here, w->own[ring[i]]);
		for (uint32_t u = w->up_first[ring[i]]; u < w->up_first[ring[i] + 1]; u++)
			if (leads(x, u))
				bits_add(&w->roles_here, x->out[w->up_group[u]]);
	}
	return bits_take(w->mem, &w->roles_here);
}

/* All above it is done: when it is where a ring was entered, the ring is whole. */
static void
leave(struct reach *x, uint32_t g)
{
	uint32_t first = x->open_count;
	struct set all;

	x->deep--;
	if (x->deep && x->low[g] < x->low[x->path[x->deep - 1]])
		x->low[x->path[x->deep - 1]] = x->low[g];
	if (x->low[g] != x->order[g])
		return;
	while (x->open[--first] != g)
		;
	all = unite(x, x->open + first, x->open_count - first);
	while (x->open_count > first) {
		uint32_t one = x->open[--x->open_count];

		x->is_open[one] = false;
		x->out[one] = all;
	}
}

static void
go_up(struct reach *x, uint32_t from)
{
	meet(x, from);
	while (x->deep) {
		uint32_t g = x->path[x->deep - 1];

		if (x->next[g] == x->w->up_first[g + 1]) {
			leave(x, g);
			continue;
		}
		uint32_t u = x->next[g]++, to = x->w->up_group[u];
		if (!leads(x, u))
			continue;
		if (!x->order[to])
			meet(x, to);
		else if (x->is_open[to] && x->order[to] < x->low[g])
			x->low[g] = x->order[to];
	}
}

static void
reach(struct work *w, bool sure, struct set *out)
{
	size_t n = (size_t)w->s->group_count + 1;
	struct arena *scratch = arena_open();
	struct reach x = { .w = w, .sure = sure, .out = out, .order = arena_array(scratch, uint32_t, n),
			   .low = arena_array(scratch, uint32_t, n), .next = arena_array(scratch, uint32_t, n),
			   .path = arena_array(scratch, uint32_t, n), .open = arena_array(scratch, uint32_t, n),
			   .is_open = arena_array(scratch, bool, n) };

	memset(out, 0, n * sizeof(*out));
	for (uint32_t g = 0; g < w->s->group_count; g++)
		if (!x.order[g] && counts(&x, g))
			go_up(&x, g);
	arena_close(scratch);
}

void
reach_all(struct work *w)
{
	w->all_known = true;
	for (uint32_t g = 0; g < w->s->group_count && w->all_known; g++)
		w->all_known = !w->s->groups[g].unknown;
	for (uint32_t e = 0; e < w->s->edge_count && w->all_known; e++)
		w->all_known = !ends(w, e);
	reach(w, false, w->reach);
	if (w->all_known)
		memcpy(w->certain, w->reach, ((size_t)w->s->group_count + 1) * sizeof(*w->certain));
	else
		reach(w, true, w->certain);
}
