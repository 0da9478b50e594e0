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
	uint64_t *carries;              /* roles that it leads to */
	uint32_t part;                  /* union-find */
	uint32_t next;                  /* of the same part, END after the last */
};

struct exact {
	struct work *w;
	LIST(struct one) ones;
	LIST(uint32_t) people;          /* who is below, edge by edge */
	uint32_t *part_of;              /* account -> the first edge it is below, or END */
	uint64_t *all, *sure;           /* what somebody would have */
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

/* What somebody reaches by the edges that are not cut just now. */
static void
reach_now(struct exact *x, uint32_t a)
{
	struct work *w = x->w;

	memset(x->all, 0, w->words * sizeof(*x->all));
	memset(x->sure, 0, w->words * sizeof(*x->sure));
	for (uint32_t u = w->up_first[node(w, a)]; u < w->up_first[node(w, a) + 1]; u++)
		if (!w->cut[w->up[u]])
			x->steps += graph_add(w, w->from[w->up[u]], x->all, x->sure);
}

static uint64_t
over(const struct work *w, uint32_t a, uint32_t k)
{
	return at(w, w->access, a)[k] & ~at(w, w->need, a)[k] & ~at(w, w->unsure, a)[k];
}

static const uint32_t *
below(const struct exact *x, const struct one *one)
{
	return x->people.items + one->people_first;
}

/* Everybody below a group, into x->people; false: not only people, too many of them, or nobody knows who. */
static bool
find_below(struct exact *x, uint32_t m, bool *many)
{
	struct work *w = x->w;
	uint32_t count = 0;
	size_t first = x->people.count;

	w->stamp++;
	w->queue[count++] = m;
	w->seen[m] = w->stamp;
	for (uint32_t i = 0; i < count; i++) {
		const struct group *g = &w->s->groups[w->queue[i]];
		for (uint32_t k = g->first; k < g->first + g->count; k++) {
			const struct edge *e = &w->s->edges[k];
			uint32_t n = e->is_group ? e->member : node(w, e->member);
			if (w->cut[k] || w->seen[n] == w->stamp || (e->is_group && !w->s->groups[n].security))
				continue;
			w->seen[n] = w->stamp;
			if (e->is_group)
				w->queue[count++] = n;
			else if (w->s->accounts[e->member].class != ACCOUNT_PERSON)
				return false;
			else
				*arena_push(w->mem, &x->people) = e->member;
		}
	}
	*many = x->people.count - first > PEOPLE_MOST;
	return x->people.count > first;
}

/* ------------------------------------------------------------------ which edges might go */

/* Whoever is below loses nothing that is needed when this edge alone goes: otherwise it never can. */
static bool
is_safe_alone(struct exact *x, const struct one *one)
{
	struct work *w = x->w;
	bool safe = x->steps < STEPS_ALL;

	w->cut[one->edge] = true;
	for (uint32_t i = 0; i < one->people_count && safe; i++) {
		uint32_t a = below(x, one)[i];
		reach_now(x, a);
		for (uint32_t k = 0; k < w->words && safe; k++)
			safe = !(one->carries[k] & ~over(w, a, k) & ~x->sure[k]);
	}
	w->cut[one->edge] = false;
	return safe;
}

/* Does it carry excess, and nothing else?  1 some, 2 nothing else, 0 none. */
static int
judge_load(const struct exact *x, const struct one *one)
{
	const struct work *w = x->w;
	bool some = false, only = true;

	for (uint32_t i = 0; i < one->people_count; i++)
		for (uint32_t k = 0; k < w->words; k++) {
			some |= (one->carries[k] & over(w, below(x, one)[i], k)) != 0;
			only &= (one->carries[k] & ~over(w, below(x, one)[i], k)) == 0;
		}
	return some ? 1 + only : 0;
}

static bool
is_open(const struct work *w, uint32_t e)
{
	const struct edge *edge = &w->s->edges[e];

	if (w->cut[e] || edge->primary || edge->timed || !w->cuttable[w->from[e]])
		return false;
	return edge->is_group ? !w->maybe[edge->member] && w->s->groups[edge->member].security
			      : w->s->accounts[edge->member].class == ACCOUNT_PERSON;
}

static void
add_edge(struct exact *x, uint32_t e)
{
	struct work *w = x->w;
	const struct edge *edge = &w->s->edges[e];
	struct one one = { .edge = e, .people_first = (uint32_t)x->people.count, .carries = at(w, w->reach, w->from[e]),
			   .part = (uint32_t)x->ones.count };
	bool many = false, known = true;
	int load;

	if (edge->is_group)
		known = find_below(x, edge->member, &many);
	else
		*arena_push(w->mem, &x->people) = edge->member;
	one.people_count = (uint32_t)x->people.count - one.people_first;
	load = known ? judge_load(x, &one) : 0;
	if (load == 2 || (load == 1 && !many && is_safe_alone(x, &one)))
		*(struct one *)arena_push(w->mem, &x->ones) = one;
	else
		x->people.count = one.people_first;
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

/* What the cuts of `mask` would take from somebody. */
static uint64_t
taken(const struct trial *t, uint32_t i, uint64_t mask, uint32_t k)
{
	uint64_t roles = 0;

	for (uint64_t left = mask & t->under[i]; left; left &= left - 1)
		roles |= t->x->ones.items[t->ones[__builtin_ctzll(left)]].carries[k];
	return roles;
}

/* How much excess is gone by the cuts of `mask`; -1: something else goes with it. */
static long long
worth(struct trial *t, uint64_t mask)
{
	struct exact *x = t->x;
	long long gone = 0;

	for (uint32_t i = 0; i < t->people_count; i++) {
		reach_now(x, t->people[i]);
		for (uint32_t k = 0; k < x->w->words; k++) {
			uint64_t extra = over(x->w, t->people[i], k);

			if (taken(t, i, mask, k) & ~extra & ~x->sure[k])
				return -1;
			gone += __builtin_popcountll(extra & ~x->all[k]);
		}
	}
	return gone;
}

/* What is the most that could go if all from `next` on went, too? */
static long long
bound(struct trial *t, uint32_t next)
{
	struct work *w = t->x->w;
	long long gone = 0;

	for (uint32_t i = next; i < t->one_count; i++)
		w->cut[t->x->ones.items[t->ones[i]].edge] = true;
	for (uint32_t i = 0; i < t->people_count; i++) {
		reach_now(t->x, t->people[i]);
		for (uint32_t k = 0; k < w->words; k++)
			gone += __builtin_popcountll(over(w, t->people[i], k) & ~t->x->all[k]);
	}
	for (uint32_t i = next; i < t->one_count; i++)
		w->cut[t->x->ones.items[t->ones[i]].edge] = false;
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
	w->cut[e] = true;
	try_cuts(t, next + 1, mask | UINT64_C(1) << next, count + 1);
	w->cut[e] = false;
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

static void
propose_one(struct exact *x, const struct one *one)
{
	struct work *w = x->w;
	uint64_t *roles = arena_array(w->mem, uint64_t, w->words);
	long long people = 0;

	for (uint32_t i = 0; i < one->people_count; i++) {
		bool some = false;
		for (uint32_t k = 0; k < w->words; k++) {
			roles[k] |= one->carries[k] & over(w, below(x, one)[i], k);
			some |= (one->carries[k] & over(w, below(x, one)[i], k)) != 0;
		}
		people += some;
	}
	evidence_propose(w, one->edge, roles, people, one->people_count - people);
}

void
exact_cut(struct work *w)
{
	struct exact x = { .w = w, .all = arena_array(w->mem, uint64_t, w->words), .sure = arena_array(w->mem, uint64_t, w->words) };
	LIST(uint32_t) chosen = { 0 };
	struct trial t;

	x.part_of = arena_array(w->mem, uint32_t, (size_t)w->s->account_count + 1);
	memset(x.part_of, 0xff, ((size_t)w->s->account_count + 1) * sizeof(*x.part_of));
	for (uint32_t e = 0; e < w->s->edge_count; e++)
		if (is_open(w, e))
			add_edge(&x, e);
	join(&x);
	for (uint32_t i = 0; i < x.ones.count; i++) {
		if (part(&x, i) != i || x.steps > STEPS_ALL || !gather(&x, i, &t))
			continue;
		try_cuts(&t, 0, 0, 0);
		for (uint32_t k = 0; k < t.one_count && x.steps <= t.end; k++)
			if (t.best >> k & 1)
				*arena_push(w->mem, &chosen) = t.ones[k];
	}
	for (size_t i = 0; i < chosen.count; i++)
		propose_one(&x, &x.ones.items[chosen.items[i]]);
	for (size_t i = 0; i < chosen.count; i++)
		w->cut[x.ones.items[chosen.items[i]].edge] = true;
	if (chosen.count)
		work_reach(w);
}
