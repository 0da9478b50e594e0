/* SPDX-License-Identifier: GPL-3.0-or-later */
/* graph.c - groups in groups: what each leads up to, what of it is certain, and where an edge may be cut. */
#include "reconcile_p.h"

const char *
work_member(const struct work *w, uint32_t e)
{
	const struct edge *edge = &w->s->edges[e];

	return edge->is_group ? w->s->groups[edge->member].key : w->s->accounts[edge->member].key;
}

void
graph_link(struct work *w)
{
	const struct snapshot *s = w->s;
	size_t nodes = (size_t)s->group_count + s->account_count;
	uint32_t *next = arena_array(w->mem, uint32_t, nodes + 1);

	w->from = arena_array(w->mem, uint32_t, (size_t)s->edge_count + 1);
	w->up = arena_array(w->mem, uint32_t, (size_t)s->edge_count + 1);
	w->up_first = arena_array(w->mem, uint32_t, nodes + 1);
	w->cut = arena_array(w->mem, bool, (size_t)s->edge_count + 1);
	w->queue = arena_array(w->mem, uint32_t, nodes + 1);
	w->seen = arena_array(w->mem, uint32_t, nodes + 1);
	for (uint32_t g = 0; g < s->group_count; g++)
		for (uint32_t e = s->groups[g].first; e < s->groups[g].first + s->groups[g].count; e++) {
			w->from[e] = g;
			w->up_first[(s->edges[e].is_group ? s->edges[e].member : node(w, s->edges[e].member)) + 1]++;
		}
	for (size_t i = 0; i < nodes; i++)
		w->up_first[i + 1] += w->up_first[i];
	memcpy(next, w->up_first, (nodes + 1) * sizeof(*next));
	for (uint32_t e = 0; e < s->edge_count; e++)
		w->up[next[s->edges[e].is_group ? s->edges[e].member : node(w, s->edges[e].member)]++] = e;
}

static int
by_cut(const void *a, const void *b)
{
	const struct cut *x = a, *y = b;
	int c = strcmp(x->member, y->member);

	return c ? c : strcmp(x->group, y->group);
}

void
graph_cut(struct work *w)
{
	size_t n = w->in->cut_count;
	struct cut *cuts = n ? arena_copy(w->mem, w->in->cuts, n * sizeof(*cuts)) : NULL;

	if (!n)
		return;
	qsort(cuts, n, sizeof(*cuts), by_cut);
	for (uint32_t e = 0; e < w->s->edge_count; e++) {
		struct cut one = { work_member(w, e), w->s->groups[w->from[e]].key };
		w->cut[e] = bsearch(&one, cuts, n, sizeof(*cuts), by_cut) != NULL;
	}
}

/* Everything a group leads up to, itself first, into w->queue.  `only` leaves out what gives no access or is unsure. */
enum only { ALL, ACCESS, CERTAIN };
static uint32_t
climb(struct work *w, uint32_t g, enum only only)
{
	uint32_t count = 0;

	w->stamp++;
	w->queue[count++] = g;
	w->seen[g] = w->stamp;
	for (uint32_t i = 0; i < count; i++)
		for (uint32_t u = w->up_first[w->queue[i]]; u < w->up_first[w->queue[i] + 1]; u++) {
			uint32_t to = w->from[w->up[u]];
			const struct group *group = &w->s->groups[to];
			if (w->seen[to] == w->stamp || (only != ALL && (w->cut[w->up[u]] || !group->security)) ||
			    (only == CERTAIN && group->unknown))
				continue;
			w->seen[to] = w->stamp;
			w->queue[count++] = to;
		}
	return count;
}

static void
climb_roles(struct work *w, uint32_t g, uint64_t *set, enum only only)
{
	const struct group *group = &w->s->groups[g];
	uint32_t count;

	memset(set, 0, w->words * sizeof(*set));
	if (!group->security || (only == CERTAIN && group->unknown))
		return;
	count = climb(w, g, only);
	for (uint32_t i = 0; i < count; i++)
		for (uint32_t k = 0; k < w->words; k++)
			set[k] |= at(w, w->own, w->queue[i])[k];
}

uint32_t
graph_add(struct work *w, uint32_t g, uint64_t *all, uint64_t *sure)
{
	uint32_t count, seen;

	if (!w->s->groups[g].security)
		return 1;
	count = climb(w, g, ACCESS);
	for (uint32_t i = 0; i < count; i++)
		for (uint32_t k = 0; k < w->words; k++)
			all[k] |= at(w, w->own, w->queue[i])[k];
	seen = count;
	count = w->s->groups[g].unknown ? 0 : climb(w, g, CERTAIN);
	for (uint32_t i = 0; i < count; i++)
		for (uint32_t k = 0; k < w->words; k++)
			sure[k] |= at(w, w->own, w->queue[i])[k];
	return seen + count;
}

void
work_reach(struct work *w)
{
	for (uint32_t g = 0; g < w->s->group_count; g++) {
		climb_roles(w, g, at(w, w->reach, g), ACCESS);
		climb_roles(w, g, at(w, w->certain, g), CERTAIN);
	}
}

void
graph_spread(struct work *w)
{
	for (uint32_t g = 0; g < w->s->group_count; g++) {
		uint32_t count = w->s->groups[g].unknown ? climb(w, g, ALL) : 0;
		for (uint32_t i = 0; i < count; i++)
			w->maybe[w->queue[i]] = true;
	}
}

static bool
below(const char *dn, const char *base)
{
	size_t n = dn ? strlen(dn) : 0, m = base ? strlen(base) : 0;

	return n > m && m && strcmp(dn + n - m, base) == 0 && dn[n - m - 1] == ',' &&
	       (n - m < 2 || dn[n - m - 2] != '\\');
}

static bool
is_role_group(struct work *w, uint32_t g)
{
	for (uint32_t k = 0; k < w->words; k++)
		if (at(w, w->own, g)[k])
			return true;
	return false;
}

/* Where edges may be cut: access groups that lead only to what is registered, and whose members we know. */
void
graph_cuttable(struct work *w)
{
	const struct conf *conf = &w->in->rules->conf;
	bool *good = arena_array(w->mem, bool, (size_t)w->s->group_count + 1);

	for (uint32_t g = 0; g < w->s->group_count; g++) {
		const char *dn = dn_key(w->mem, w->s->groups[g].dn);
		good[g] = is_role_group(w, g);
		for (int b = 0; b < conf->directory.access_group_count && !good[g]; b++)
			good[g] = below(dn, dn_key(w->mem, conf->directory.access_groups[b]));
	}
	for (uint32_t g = 0; g < w->s->group_count; g++) {
		uint32_t count = climb(w, g, ALL);
		bool ok = !w->s->groups[g].unknown;
		for (uint32_t i = 0; i < count && ok; i++) {
			bool role = false;
			for (uint32_t k = 0; k < w->words; k++)
				role = role || at(w, w->reach, w->queue[i])[k];
			ok = good[w->queue[i]] && role;
		}
		w->cuttable[g] = ok;
	}
}
