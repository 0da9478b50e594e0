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

/* ------------------------------------------------------------------ groups in groups */

/* Everybody certainly below M is in excess in all that G leads to; counts them, 0 when the nesting must stay. */
static long long
nesting(struct work *w, uint32_t e)
{
	uint32_t m = w->s->edges[e].member, count = 0;
	const uint64_t *roles = at(w, w->reach, w->from[e]);
	long long people = 0;

	if (w->cut[e] || w->s->edges[e].timed || w->maybe[m] || !w->cuttable[w->from[e]] || !w->s->groups[m].security)
		return 0;
	w->stamp++;
	w->queue[count++] = m;
	w->seen[m] = w->stamp;
	for (uint32_t i = 0; i < count; i++) {
		const struct group *g = &w->s->groups[w->queue[i]];
		for (uint32_t k = g->first; k < g->first + g->count; k++) {
			const struct edge *x = &w->s->edges[k];
			uint32_t n = x->is_group ? x->member : node(w, x->member);
			if (w->cut[k] || w->seen[n] == w->stamp || (x->is_group && !w->s->groups[n].security))
				continue;
			w->seen[n] = w->stamp;
			if (x->is_group) {
				w->queue[count++] = n;
				continue;
			}
			/* A service account or a computer below: its need is written nowhere, so we take nothing. */
			if (w->s->accounts[x->member].class != ACCOUNT_PERSON)
				return 0;
			people++;
			for (uint32_t r = 0; r < w->role_count; r++)
				if (get(roles, r) && !work_excess(w, x->member, r))
					return 0;
		}
	}
	return people;
}

/* Chooses nestings and takes them out of the graph; they are proposed when it is known which of them matter. */
static void
cut_nestings(struct work *w)
{
	for (uint32_t e = 0; e < w->s->edge_count; e++) {
		long long people = w->s->edges[e].is_group ? nesting(w, e) : 0;
		const uint64_t *roles = at(w, w->reach, w->from[e]);
		bool any = false;

		for (uint32_t k = 0; k < w->words; k++)
			any = any || roles[k];
		if (!people || !any)
			continue;
		*(struct nested *)arena_push(w->mem, &w->nested) = (struct nested){
			.edge = e, .people = people,
			.roles = arena_copy(w->mem, roles, w->words * sizeof(*roles)),
		};
		w->cut[e] = true;
		work_reach(w);
	}
}

/* What each person has now, one after another. */
static uint64_t *
have_all(struct work *w)
{
	uint64_t *all = arena_array(w->mem, uint64_t, (size_t)w->s->account_count * w->words);

	for (uint32_t a = 0; a < w->s->account_count; a++)
		if (w->s->accounts[a].class == ACCOUNT_PERSON)
			work_have(w, a, at(w, all, a));
	return all;
}

/* A nesting that another cut has made harmless is put back: nothing is cut for nothing. */
static void
propose_nestings(struct work *w)
{
	size_t size = (size_t)w->s->account_count * w->words * sizeof(uint64_t);
	uint64_t *before = w->nested.count ? have_all(w) : NULL;

	for (size_t i = 0; i < w->nested.count; i++) {
		struct nested *n = &w->nested.items[i];

		w->cut[n->edge] = false;
		work_reach(w);
		if (memcmp(before, have_all(w), size) == 0)
			continue;
		w->cut[n->edge] = true;
		work_reach(w);
		evidence_propose(w, n->edge, n->roles, n->people, 0);
	}
}

/* ------------------------------------------------------------------ people in groups */

struct choice { uint32_t edge[64]; uint32_t count; };

/* How much excess goes when `mask` goes; -1 when something else would go with it. */
static int
gain(struct work *w, uint32_t a, const struct choice *c, uint64_t mask)
{
	int gone = 0;

	for (uint32_t k = 0; k < w->words; k++) {
		uint64_t lost = 0, left = 0, sure = 0, over;
		for (uint32_t i = 0; i < c->count; i++)
			if (mask >> i & 1)
				lost |= at(w, w->reach, w->from[c->edge[i]])[k];
		for (uint32_t u = w->up_first[node(w, a)]; u < w->up_first[node(w, a) + 1]; u++) {
			bool out = w->cut[w->up[u]];
			for (uint32_t i = 0; i < c->count && !out; i++)
				out = c->edge[i] == w->up[u] && mask >> i & 1;
			if (out)
				continue;
			left |= at(w, w->reach, w->from[w->up[u]])[k];
			sure |= at(w, w->certain, w->from[w->up[u]])[k];
		}
		over = at(w, w->access, a)[k] & ~at(w, w->need, a)[k] & ~at(w, w->unsure, a)[k];
		if (lost & ~over & ~sure)
			return -1;
		gone += __builtin_popcountll(lost & over & ~left);
	}
	return gone;
}

static uint64_t
search(struct work *w, uint32_t a, const struct choice *c)
{
	uint64_t best = 0;
	int most = 0;

	if (c->count > SEARCH) {
		for (uint32_t i = 0; i < c->count; i++)
			if (gain(w, a, c, best | UINT64_C(1) << i) >= 0)
				best |= UINT64_C(1) << i;
		most = gain(w, a, c, best);
		for (uint32_t i = 0; i < c->count; i++)
			if (best >> i & 1 && gain(w, a, c, best & ~(UINT64_C(1) << i)) == most)
				best &= ~(UINT64_C(1) << i);
		return best;
	}
	for (uint64_t mask = 1; mask < UINT64_C(1) << c->count; mask++) {
		int one = gain(w, a, c, mask);
		if (one > most || (one == most && one > 0 && __builtin_popcountll(mask) < __builtin_popcountll(best))) {
			most = one;
			best = mask;
		}
	}
	return best;
}

static void
remove_members(struct work *w, uint32_t a)
{
	struct choice c = { .count = 0 };
	uint64_t best, *roles = arena_array(w->mem, uint64_t, w->words);

	for (uint32_t u = w->up_first[node(w, a)]; u < w->up_first[node(w, a) + 1] && c.count < 64; u++) {
		uint32_t e = w->up[u];
		bool over = false;
		for (uint32_t r = 0; r < w->role_count; r++)
			over = over || (get(at(w, w->reach, w->from[e]), r) && work_excess(w, a, r));
		if (over && !w->cut[e] && !w->s->edges[e].primary && !w->s->edges[e].timed && w->cuttable[w->from[e]])
			c.edge[c.count++] = e;
	}
	best = c.count ? search(w, a, &c) : 0;
	for (uint32_t i = 0; i < c.count; i++) {
		if (!(best >> i & 1))
			continue;
		memset(roles, 0, w->words * sizeof(*roles));
		for (uint32_t r = 0; r < w->role_count; r++)
			if (get(at(w, w->reach, w->from[c.edge[i]]), r) && work_excess(w, a, r))
				put(roles, r);
		evidence_propose(w, c.edge[i], roles, 1, 0);
	}
	for (uint32_t i = 0; i < c.count; i++)
		w->cut[c.edge[i]] = w->cut[c.edge[i]] || best >> i & 1;
}

void
planner_cut(struct work *w)
{
	exact_cut(w);
	cut_nestings(w);
	for (uint32_t a = 0; a < w->s->account_count; a++)
		if (w->s->accounts[a].class == ACCOUNT_PERSON)
			remove_members(w, a);
	propose_nestings(w);
}
