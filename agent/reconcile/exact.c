/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * exact.c - the best cuts, by trying, where few edges hang together.
 *
 * Edges hang together when somebody is below both.  Of each such part the set of cuts is found that takes away the most
 * excess and nobody's needed or unknown access, and of those the one with the fewest edges, earlier edges first.  A part that
 * is too large, or takes too long to try, is left as it is to planner.c, and so are parts without groups in groups.
 */
#include "reconcile_p.h"

#define END UINT32_MAX
#define EDGES_MOST 24
#define PEOPLE_MOST 64
#define STEPS_MOST 300000               /* groups that are looked at for one part, again and again */
#define STEPS_ALL (100LL * STEPS_MOST)  /* and for all of them */

struct one {                            /* an edge that might go */
	uint32_t edge, people_first, people_count;
	struct set carries;             /* roles that it leads to */
	uint32_t part;                  /* union-find */
	uint32_t next;                  /* of the same part, END after the last */
};

struct exact {
	struct work *w;
	LIST(struct one) ones;
	LIST(uint32_t) people;          /* who is below, edge by edge; accounts that are no people may lose nothing */
	uint32_t *part_of;              /* account -> the first edge it is below, or END */
	struct bits all, sure;          /* what somebody would have */
	long long steps;
};

struct trial {
	struct exact *x;
	uint32_t ones[EDGES_MOST], people[PEOPLE_MOST], one_count, people_count;
	uint64_t under[PEOPLE_MOST];    /* person of the part -> edges that it is below */
	uint64_t best;
	long long most, end;            /* x->steps may come as far as that */
	uint32_t fewest;
};

/* ------------------------------------------------------------------ who would have what */

/* What somebody reaches by the edges that are not cut just now; gives what of it is certain. */
static const struct bits *
reach_now(struct exact *x, uint32_t a)
{
	struct work *w = x->w;

	bits_clear(&x->all);
	bits_clear(&x->sure);
	x->steps += people_climb(w, a, false, &x->all);
	if (!w->all_known)
		x->steps += people_climb(w, a, true, &x->sure);
	return w->all_known ? &x->all : &x->sure;
}

/* How much of what is too much somebody would not have any more. */
static long long
count_gone(const struct exact *x, uint32_t a)
{
	struct set excess = x->w->excess[a];
	long long gone = 0;

	for (uint32_t i = 0; i < excess.count; i++)
		gone += !bits_has(&x->all, excess.items[i]);
	return gone;
}

/* All of `roles` is too much for them, or left to them with certainty. */
static bool
may_lose(const struct exact *x, uint32_t a, struct set roles, const struct bits *sure)
{
	for (uint32_t i = 0; i < roles.count; i++)
		if (!bits_has(sure, roles.items[i]) && !set_has(x->w->excess[a], roles.items[i]))
			return false;
	return true;
}

static const uint32_t *
below(const struct exact *x, const struct one *one)
{
	return x->people.items + one->people_first;
}

/* ------------------------------------------------------------------ which edges might go */

/* Whoever is below loses nothing that is needed when this edge alone goes: otherwise it never can. */
static bool
is_safe_alone(struct exact *x, const struct one *one)
{
	struct work *w = x->w;
	bool safe = x->steps < STEPS_ALL;

	cut_edge(w, one->edge, true);
	for (uint32_t i = 0; i < one->people_count && safe; i++) {
		uint32_t a = below(x, one)[i];

		safe = may_lose(x, a, one->carries, reach_now(x, a));
	}
	cut_edge(w, one->edge, false);
	return safe;
}

/* Does it carry what is too much for somebody, and nothing else to anybody? */
struct load { struct exact *x; struct set carries; uint32_t people; bool some, only; };

/* Of many people we only want to know whether it is too much for all of them. */
static bool
add_load(void *self, uint32_t a)
{
	struct load *l = self;
	struct exact *x = l->x;

	*arena_push(x->w->mem, &x->people) = a;
	l->people++;
	l->some |= set_meets(l->carries, x->w->excess[a]);
	l->only &= set_within(l->carries, x->w->excess[a]);
	return l->only || l->people <= PEOPLE_MOST;
}

static bool
is_open(const struct work *w, uint32_t e, uint32_t g)
{
	const struct edge *edge = &w->s->edges[e];

	if (!w->cuttable[g] || w->cut[e] || edge->primary || edge->timed)
		return false;
	return edge->is_group ? !w->maybe[edge->member] && w->s->groups[edge->member].security : is_person(w, edge->member);
}

static void
add_edge(struct exact *x, uint32_t e, uint32_t g)
{
	struct work *w = x->w;
	const struct edge *edge = &w->s->edges[e];
	struct one one = { .edge = e, .people_first = (uint32_t)x->people.count, .carries = w->reach[g] };
	struct load l = { .x = x, .carries = one.carries, .only = true };
	bool known = edge->is_group ? graph_below(w, edge->member, BELOW_NOW, add_load, &l) : add_load(&l, edge->member);

	one.people_count = l.people;
	if (known && l.some && (l.only || (l.people <= PEOPLE_MOST && is_safe_alone(x, &one))))
		*(struct one *)arena_push(w->mem, &x->ones) = one;
	else
		x->people.count = one.people_first;
}

static int
by_edge(const void *a, const void *b)
{
	const struct one *x = a, *y = b;

	return (x->edge > y->edge) - (x->edge < y->edge);
}

/* Nestings, and what leads those who are below them to what is too much for them: the rest hangs together with no nesting. */
static void
find_edges(struct exact *x)
{
	struct work *w = x->w;
	size_t nestings;
	bool *done;

	for (uint32_t i = 0; i < w->nestings.count; i++) {
		uint32_t e = w->nestings.items[i], g = graph_group(w, e);

		if (is_open(w, e, g))
			add_edge(x, e, g);
	}
	nestings = x->ones.count;
	done = nestings ? arena_array(w->mem, bool, w->s->account_count) : NULL;
	for (size_t i = 0; i < nestings; i++)
		for (uint32_t k = 0; k < x->ones.items[i].people_count && x->ones.items[i].people_count <= PEOPLE_MOST; k++) {
			uint32_t a = below(x, &x->ones.items[i])[k];

			for (uint32_t u = w->up_first[node(w, a)]; u < w->up_first[node(w, a) + 1] && !done[a]; u++)
				if (is_open(w, w->up[u], w->up_group[u]) && set_meets(w->reach[w->up_group[u]], w->excess[a]))
					add_edge(x, w->up[u], w->up_group[u]);
			done[a] = true;
		}
	if (x->ones.count > 1)
		qsort(x->ones.items, x->ones.count, sizeof(*x->ones.items), by_edge);
	for (uint32_t i = 0; i < x->ones.count; i++)
		x->ones.items[i].part = i;
}

/* ------------------------------------------------------------------ what hangs together */

static uint32_t
part(struct exact *x, uint32_t i)
{
	while (x->ones.items[i].part != i)
		i = x->ones.items[i].part = x->ones.items[x->ones.items[i].part].part;
	return i;
}

/* The first of a part stands for it. */
static void
unite(struct exact *x, uint32_t i, uint32_t k)
{
	uint32_t a = part(x, i), b = part(x, k);

	x->ones.items[a > b ? a : b].part = a > b ? b : a;
}

static void
join(struct exact *x)
{
	uint32_t *last = arena_array(x->w->mem, uint32_t, x->ones.count + 1);

	x->part_of = arena_array(x->w->mem, uint32_t, (size_t)x->w->s->account_count + 1);
	memset(x->part_of, 0xff, ((size_t)x->w->s->account_count + 1) * sizeof(*x->part_of));
	for (uint32_t i = 0; i < x->ones.count; i++)
		for (uint32_t k = 0; k < x->ones.items[i].people_count; k++) {
			uint32_t *first = &x->part_of[below(x, &x->ones.items[i])[k]];
			if (*first == END)
				*first = i;
			else
				unite(x, i, *first);
		}
	for (uint32_t i = 0; i < x->ones.count; i++) {
		uint32_t root = part(x, i);

		x->ones.items[i].next = END;
		if (root != i)
			x->ones.items[last[root]].next = i;
		last[root] = i;
	}
}

/* ------------------------------------------------------------------ the trial */

/* Nothing that the cuts of `mask` take from somebody is needed. */
static bool
is_safe(const struct trial *t, uint32_t i, uint64_t mask, const struct bits *sure)
{
	bool safe = true;

	for (uint64_t left = mask & t->under[i]; left && safe; left &= left - 1)
		safe = may_lose(t->x, t->people[i], t->x->ones.items[t->ones[__builtin_ctzll(left)]].carries, sure);
	return safe;
}

/* How much excess is gone by the cuts of `mask`; -1: something else goes with it. */
static long long
worth(struct trial *t, uint64_t mask)
{
	long long gone = 0;

	for (uint32_t i = 0; i < t->people_count; i++) {
		if (!is_safe(t, i, mask, reach_now(t->x, t->people[i])))
			return -1;
		gone += count_gone(t->x, t->people[i]);
	}
	return gone;
}

/* What is the most that could go if all from `next` on went, too? */
static long long
bound(struct trial *t, uint32_t next)
{
	long long gone = 0;

	for (uint32_t i = next; i < t->one_count; i++)
		cut_edge(t->x->w, t->x->ones.items[t->ones[i]].edge, true);
	for (uint32_t i = 0; i < t->people_count; i++) {
		(void)reach_now(t->x, t->people[i]);
		gone += count_gone(t->x, t->people[i]);
	}
	for (uint32_t i = next; i < t->one_count; i++)
		cut_edge(t->x->w, t->x->ones.items[t->ones[i]].edge, false);
	return gone;
}

static void
try_cuts(struct trial *t, uint32_t next, uint64_t mask, uint32_t count)
{
	struct work *w = t->x->w;
	long long gone = worth(t, mask), most;
	uint32_t e;

	if (gone < 0 || t->x->steps > t->end)
		return;
	if (gone > t->most || (gone == t->most && count < t->fewest)) {
		t->most = gone;
		t->fewest = count;
		t->best = mask;
	}
	most = next < t->one_count ? bound(t, next) : gone;
	if (most == gone || most < t->most || (most == t->most && count + 1 >= t->fewest))
		return;
	e = t->x->ones.items[t->ones[next]].edge;
	cut_edge(w, e, true);
	try_cuts(t, next + 1, mask | UINT64_C(1) << next, count + 1);
	cut_edge(w, e, false);
	try_cuts(t, next + 1, mask, count);
}

/* ------------------------------------------------------------------ part by part */

static bool
add_person(struct trial *t, uint32_t a, uint64_t edge)
{
	uint32_t i = 0;

	while (i < t->people_count && t->people[i] != a)
		i++;
	if (i == PEOPLE_MOST)
		return false;
	t->people[i] = a;
	t->people_count += i == t->people_count;
	t->under[i] |= edge;
	return true;
}

/* The part whose root is `root`; false: it is not for us. */
static bool
gather(struct exact *x, uint32_t root, struct trial *t)
{
	bool nested = false;

	*t = (struct trial){ .x = x, .end = x->steps + STEPS_MOST };
	for (uint32_t i = root; i != END; i = x->ones.items[i].next) {
		const struct one *one = &x->ones.items[i];

		if (t->one_count == EDGES_MOST)
			return false;
		for (uint32_t k = 0; k < one->people_count; k++)
			if (!add_person(t, below(x, one)[k], UINT64_C(1) << t->one_count))
				return false;
		nested |= x->w->s->edges[one->edge].is_group;
		t->ones[t->one_count++] = i;
	}
	return nested;
}

void
exact_cut(struct work *w)
{
	struct exact x = { .w = w, .all = bits_open(w->mem, w->role_count), .sure = bits_open(w->mem, w->role_count) };
	LIST(uint32_t) chosen = { 0 };
	struct trial t;

	find_edges(&x);
	if (!x.ones.count)
		return;
	join(&x);
	for (uint32_t i = 0; i < x.ones.count; i++) {
		if (part(&x, i) != i || x.steps > STEPS_ALL || !gather(&x, i, &t))
			continue;
		try_cuts(&t, 0, 0, 0);
		for (uint32_t k = 0; k < t.one_count && x.steps <= t.end; k++)
			if (t.best >> k & 1)
				*arena_push(w->mem, &chosen) = t.ones[k];
	}
	for (size_t i = 0; i < chosen.count; i++) {
		*arena_push(w->mem, &w->chosen) = x.ones.items[chosen.items[i]].edge;
		cut_edge(w, x.ones.items[chosen.items[i]].edge, true);
	}
	if (chosen.count)
		reach_all(w);
}
