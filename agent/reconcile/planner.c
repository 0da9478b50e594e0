/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * planner.c - which edges may go.
 *
 * Where few edges hang together the best cuts are found by trying (exact.c).  What is left: nestings are taken one after another,
 * those that carry most that is too much first, each when nobody below loses anything else around what is cut already; then the
 * edges of one person are chosen jointly, exactly (most excess, then fewest edges) up to SEARCH candidates, greedily above.
 * Guaranteed: no access that is needed or unknown is taken.
 * Not guaranteed, in a part too large to try: that as much excess goes as could, by as few edges; what stays is told as structural.
 */
#include "reconcile_p.h"

#define SEARCH 12
#define CHOICES 4096                     /* edges of one person that are looked at together */
#define STEPS_ALL 100000000LL        /* groups looked at for nestings; then only those are cut that nobody needs */

/* ------------------------------------------------------------------ groups in groups */

struct nesting { uint32_t edge; long long gain; };
struct nestings { struct work *w; LIST(struct nesting) might, list; struct bits sure; long long steps; };
struct below { struct nestings *n; struct set roles; long long gain; };

/* What somebody below would lose is too much for them, or is left to them with certainty. */
static bool
loses_nothing(void *self, uint32_t a)
{
	struct below *b = self;
	struct nestings *n = b->n;
	struct set excess = n->w->excess[a];

	/* A service account or a computer has no excess: its need is written nowhere, so we take nothing. */
	if (!set_within(b->roles, excess)) {
		if (n->steps > STEPS_ALL)
			return false;
		bits_clear(&n->sure);
		n->steps += people_climb(n->w, a, true, &n->sure);
	}
	for (uint32_t i = 0; i < b->roles.count; i++) {
		if (set_has(excess, b->roles.items[i]))
			b->gain++;
		else if (!bits_has(&n->sure, b->roles.items[i]))
			return false;
	}
	return true;
}

static struct set
carried(struct work *w, uint32_t e)
{
	(void)graph_climb(w, graph_group(w, e), false, &w->roles_here);
	return bits_take(w->mem, &w->roles_here);
}

static bool
may_cut(const struct work *w, uint32_t e)
{
	const struct edge *edge = &w->s->edges[e];
	uint32_t g = graph_group(w, e);

	return !w->cut[e] && !edge->timed && !w->maybe[edge->member] && w->cuttable[g] && w->s->groups[edge->member].security &&
	       w->reach[g].count;
}

/* May it go, around what is cut already, and would something go with it that is too much? */
static bool
may_go(struct nestings *n, uint32_t e, struct nesting *out)
{
	struct work *w = n->w;
	struct below b = { .n = n };
	bool yes;

	if (!may_cut(w, e))
		return false;
	b.roles = carried(w, e);
	cut_edge(w, e, true);
	yes = b.roles.count && graph_below(w, w->s->edges[e].member, BELOW_NOW, loses_nothing, &b) && b.gain;
	cut_edge(w, e, false);
	*out = (struct nesting){ e, b.gain };
	return yes;
}

static int
by_gain(const void *a, const void *b)
{
	const struct nesting *x = a, *y = b;

	if (x->gain != y->gain)
		return x->gain > y->gain ? -1 : 1;
	return (x->edge > y->edge) - (x->edge < y->edge);
}

/* Takes nestings out of the graph; they are proposed when it is known which of them matter. */
static void
cut_nestings(struct nestings *n)
{
	struct work *w = n->w;
	struct nesting one;

	for (uint32_t i = 0; i < w->nestings.count; i++)
		if (may_go(n, w->nestings.items[i], &one))
			*(struct nesting *)arena_push(w->mem, &n->might) = one;
	if (n->might.count > 1)
		qsort(n->might.items, n->might.count, sizeof(one), by_gain);
	for (size_t i = 0; i < n->might.count; i++)
		if (may_go(n, n->might.items[i].edge, &one)) {
			*(struct nesting *)arena_push(w->mem, &n->list) = one;
			cut_edge(w, one.edge, true);
		}
	if (n->list.count)
		reach_all(w);
}

/* Has somebody those roles, as things are now? */
static bool
has_already(void *self, uint32_t a)
{
	struct below *b = self;

	return set_within(b->roles, people_have(b->n->w, a));
}

/* A nesting that another cut has made harmless is put back: nothing is cut for nothing. */
static void
choose_nestings(struct nestings *n)
{
	struct work *w = n->w;

	for (size_t i = 0; i < n->list.count; i++) {
		struct nesting *one = &n->list.items[i];
		struct below b = { .n = n, .roles = carried(w, one->edge) };

		if (graph_below(w, w->s->edges[one->edge].member, BELOW_NOW, has_already, &b))
			cut_edge(w, one->edge, false);
		else
			*arena_push(w->mem, &w->chosen) = one->edge;
	}
}

/* ------------------------------------------------------------------ people in groups */

/* The edges of one person that might go, and rows of bits over the roles that they lead to (of which some are too much). */
struct choice {
	uint32_t edge[CHOICES], count, words;
	bool gone[CHOICES];             /* as it is just now tried */
	struct set roles;
	uint64_t *over, *all, *sure;    /* all, sure: of the edges that stay in any case, then of each that might go */
	size_t room;                    /* words taken for them */
	uint64_t *memory;
};

static uint64_t *row(const struct choice *c, uint64_t *rows, uint32_t i) { return rows + (size_t)i * c->words; }

static void
mark(const struct choice *c, uint64_t *out, struct set roles)
{
	for (uint32_t i = 0, k = 0; i < c->roles.count && k < roles.count; i++) {
		while (k < roles.count && roles.items[k] < c->roles.items[i])
			k++;
		if (k < roles.count && roles.items[k] == c->roles.items[i])
			out[i / 64] |= UINT64_C(1) << (i % 64);
	}
}

/* How much excess goes when those that are `gone` go; -1 when something else would go with it. */
static int
gain(const struct choice *c)
{
	int gone = 0;

	for (uint32_t k = 0; k < c->words; k++) {
		uint64_t lost = 0, left = c->all[k], sure = c->sure[k];

		for (uint32_t i = 0; i < c->count; i++) {
			if (c->gone[i]) {
				lost |= row(c, c->all, i + 1)[k];
				continue;
			}
			left |= row(c, c->all, i + 1)[k];
			sure |= row(c, c->sure, i + 1)[k];
		}
		if (lost & ~c->over[k] & ~sure)
			return -1;
		gone += __builtin_popcountll(lost & c->over[k] & ~left);
	}
	return gone;
}

/* One after another; then those back that take nothing. */
static void
search_many(struct choice *c)
{
	int most;

	for (uint32_t i = 0; i < c->count; i++) {
		c->gone[i] = true;
		c->gone[i] = gain(c) >= 0;
	}
	most = gain(c);
	for (uint32_t i = 0; i < c->count; i++)
		if (c->gone[i]) {
			c->gone[i] = false;
			c->gone[i] = gain(c) != most;
		}
}

static void
choose(struct choice *c, uint64_t mask)
{
	for (uint32_t i = 0; i < c->count; i++)
		c->gone[i] = mask >> i & 1;
}

static void
search(struct choice *c)
{
	uint64_t best = 0;
	int most = 0;

	memset(c->gone, 0, c->count * sizeof(*c->gone));
	if (c->count > SEARCH) {
		search_many(c);
		return;
	}
	for (uint64_t mask = 1; mask < UINT64_C(1) << c->count; mask++) {
		int one;

		choose(c, mask);
		one = gain(c);
		if (one > most || (one == most && one > 0 && __builtin_popcountll(mask) < __builtin_popcountll(best))) {
			most = one;
			best = mask;
		}
	}
	choose(c, best);
}

static bool
may_leave(const struct work *w, uint32_t u, uint32_t a)
{
	const struct edge *edge = &w->s->edges[w->up[u]];

	return w->cuttable[w->up_group[u]] && !is_cut(w, w->up[u]) && !edge->primary && !edge->timed &&
	       set_meets(w->reach[w->up_group[u]], w->excess[a]);
}

/* From *u on; afterwards it is where to go on, when there were more of them than we look at together. */
static void
find_choices(struct work *w, uint32_t a, uint32_t *u, struct choice *c)
{
	c->count = 0;
	for (; *u < w->up_first[node(w, a) + 1] && c->count < CHOICES; ++*u)
		if (may_leave(w, *u, a)) {
			c->edge[c->count++] = w->up[*u];
			bits_add(&w->roles_here, w->reach[w->up_group[*u]]);
		}
	c->roles = bits_take(w->mem, &w->roles_here);
}

static void
fill_rows(struct work *w, uint32_t a, struct choice *c)
{
	size_t rows = c->count + 1u, need;
	uint32_t next = 0;

	c->words = (c->roles.count + 63) / 64;
	need = (2 * rows + 1) * c->words;
	if (need > c->room) {
		c->room = 2 * need;
		c->memory = arena_array(w->mem, uint64_t, c->room);
	}
	memset(c->memory, 0, need * sizeof(*c->memory));
	c->over = c->memory;
	c->all = c->over + c->words;
	c->sure = c->all + rows * c->words;
	mark(c, c->over, w->excess[a]);
	for (uint32_t u = w->up_first[node(w, a)]; u < w->up_first[node(w, a) + 1]; u++) {
		bool might_go = next < c->count && c->edge[next] == w->up[u];
		uint32_t i = might_go ? ++next : 0;

		if (is_cut(w, w->up[u]))
			continue;
		mark(c, row(c, c->all, i), w->reach[w->up_group[u]]);
		if (!ends(w, w->up[u]))
			mark(c, row(c, c->sure, i), w->certain[w->up_group[u]]);
	}
}

static void
remove_some(struct work *w, uint32_t a, struct choice *c)
{
	fill_rows(w, a, c);
	search(c);
	for (uint32_t i = 0; i < c->count; i++) {
		if (!c->gone[i])
			continue;
		*arena_push(w->mem, &w->chosen) = c->edge[i];
		cut_edge(w, c->edge[i], true);
	}
}

static void
remove_member(struct work *w, uint32_t a, struct choice *c)
{
	uint32_t u = w->up_first[node(w, a)];

	while (u < w->up_first[node(w, a) + 1]) {
		find_choices(w, a, &u, c);
		if (c->count)
			remove_some(w, a, c);
	}
}

void
planner_cut(struct work *w)
{
	struct nestings n = { .w = w };
	struct choice c = { .count = 0 };

	exact_cut(w);
	n.sure = bits_open(w->mem, w->role_count);
	cut_nestings(&n);
	for (uint32_t a = 0; a < w->s->account_count; a++)
		if (w->excess[a].count)
			remove_member(w, a, &c);
	choose_nestings(&n);
	evidence_all(w);
}
