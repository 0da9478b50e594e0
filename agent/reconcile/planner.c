/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * planner.c - which edges may go.
 *
 * Where few edges hang together the best cuts are found by trying (exact.c).  What is left: a nesting is cut only when
 * everybody below it is certainly in excess in all that it leads to, and the edges of one person are then chosen jointly,
 * exactly (most excess, then fewest edges) up to SEARCH candidates, greedily above.
 * Guaranteed: no access that is needed or unknown is taken.
 * Not guaranteed, in a part too large to try: that as much excess goes as could; what stays is told as structural.
 */
#include "reconcile_p.h"

#define SEARCH 12
#define CHOICES 64

/* ------------------------------------------------------------------ groups in groups */

struct nesting { uint32_t edge; long long people; struct set roles; };
struct nestings { struct work *w; LIST(struct nesting) list; };
struct below { struct work *w; struct set roles; long long people; };

/* A service account or a computer below: its need is written nowhere, so we take nothing. */
static bool
is_too_much(void *self, uint32_t a)
{
	struct below *b = self;

	b->people++;
	return is_person(b->w, a) && set_within(b->roles, b->w->excess[a]);
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

/* Takes a nesting out of the graph when everybody certainly below it is in excess in all that it leads to. */
static void
try_nesting(struct nestings *n, uint32_t e)
{
	struct work *w = n->w;
	struct below b = { .w = w };

	if (!may_cut(w, e))
		return;
	b.roles = carried(w, e);
	if (!b.roles.count || !graph_below(w, w->s->edges[e].member, is_too_much, &b) || !b.people)
		return;
	*(struct nesting *)arena_push(w->mem, &n->list) = (struct nesting){ e, b.people, b.roles };
	cut_edge(w, e, true);
}

/* Has somebody those roles, as things are now? */
static bool
has_already(void *self, uint32_t a)
{
	struct below *b = self;

	return set_within(b->roles, people_have(b->w, a));
}

/* A nesting that another cut has made harmless is put back: nothing is cut for nothing. */
static void
propose_nestings(struct nestings *n)
{
	struct work *w = n->w;

	for (size_t i = 0; i < n->list.count; i++) {
		struct nesting *one = &n->list.items[i];
		struct below b = { .w = w, .roles = carried(w, one->edge) };

		if (graph_below(w, w->s->edges[one->edge].member, has_already, &b))
			cut_edge(w, one->edge, false);
		else
			evidence_propose(w, one->edge, one->roles, one->people, 0);
	}
}

/* ------------------------------------------------------------------ people in groups */

/* The edges of one person that might go, and rows of bits over the roles that they lead to (of which some are too much). */
struct choice {
	uint32_t edge[CHOICES], count, words;
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

/* How much excess goes when `mask` goes; -1 when something else would go with it. */
static int
gain(const struct choice *c, uint64_t mask)
{
	int gone = 0;

	for (uint32_t k = 0; k < c->words; k++) {
		uint64_t lost = 0, left = c->all[k], sure = c->sure[k];

		for (uint32_t i = 0; i < c->count; i++) {
			if (mask >> i & 1) {
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

static uint64_t
search(const struct choice *c)
{
	uint64_t best = 0;
	int most = 0;

	if (c->count > SEARCH) {
		for (uint32_t i = 0; i < c->count; i++)
			if (gain(c, best | UINT64_C(1) << i) >= 0)
				best |= UINT64_C(1) << i;
		most = gain(c, best);
		for (uint32_t i = 0; i < c->count; i++)
			if (best >> i & 1 && gain(c, best & ~(UINT64_C(1) << i)) == most)
				best &= ~(UINT64_C(1) << i);
		return best;
	}
	for (uint64_t mask = 1; mask < UINT64_C(1) << c->count; mask++) {
		int one = gain(c, mask);
		if (one > most || (one == most && one > 0 && __builtin_popcountll(mask) < __builtin_popcountll(best))) {
			most = one;
			best = mask;
		}
	}
	return best;
}

static bool
may_leave(const struct work *w, uint32_t u, uint32_t a)
{
	const struct edge *edge = &w->s->edges[w->up[u]];

	return w->cuttable[w->up_group[u]] && !is_cut(w, w->up[u]) && !edge->primary && !edge->timed &&
	       set_meets(w->reach[w->up_group[u]], w->excess[a]);
}

static void
find_choices(struct work *w, uint32_t a, struct choice *c)
{
	c->count = 0;
	for (uint32_t u = w->up_first[node(w, a)]; u < w->up_first[node(w, a) + 1] && c->count < CHOICES; u++)
		if (may_leave(w, u, a)) {
			c->edge[c->count++] = w->up[u];
			bits_add(&w->roles_here, w->reach[w->up_group[u]]);
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
		mark(c, row(c, c->sure, i), w->certain[w->up_group[u]]);
	}
}

static void
remove_member(struct work *w, uint32_t a, struct choice *c)
{
	uint64_t best;

	find_choices(w, a, c);
	if (!c->count)
		return;
	fill_rows(w, a, c);
	best = search(c);
	for (uint32_t i = 0; i < c->count; i++) {
		struct set reach = w->reach[graph_group(w, c->edge[i])];

		if (!(best >> i & 1))
			continue;
		for (uint32_t k = 0; k < reach.count; k++)
			if (set_has(w->excess[a], reach.items[k]))
				bits_put(&w->roles_here, reach.items[k]);
		evidence_propose(w, c->edge[i], bits_take(w->mem, &w->roles_here), 1, 0);
		cut_edge(w, c->edge[i], true);
	}
}

void
planner_cut(struct work *w)
{
	struct nestings n = { .w = w };
	struct choice c = { .count = 0 };

	exact_cut(w);
	for (uint32_t i = 0; i < w->nestings.count; i++)
		try_nesting(&n, w->nestings.items[i]);
	if (n.list.count)
		reach_all(w);
	for (uint32_t a = 0; a < w->s->account_count; a++)
		if (w->excess[a].count)
			remove_member(w, a, &c);
	propose_nestings(&n);
}
