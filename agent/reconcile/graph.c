/* SPDX-License-Identifier: GPL-3.0-or-later */
/* graph.c - groups in groups: who stands where, what is above and below, and where an edge may be cut. */
#include "reconcile_p.h"

const char *
graph_member(const struct work *w, uint32_t e)
{
	const struct edge *edge = &w->s->edges[e];

	return edge->is_group ? w->s->groups[edge->member].key : w->s->accounts[edge->member].key;
}

/* The groups' edges lie one group after another: the first that ends after it. */
uint32_t
graph_group(const struct work *w, uint32_t e)
{
	uint32_t low = 0, high = w->s->group_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct group *g = &w->s->groups[middle];

		if (g->first + g->count <= e)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* ------------------------------------------------------------------ by key */

static const char *account_key(const struct work *w, uint32_t i) { return w->s->accounts[i].key; }
static const char *group_key(const struct work *w, uint32_t i) { return w->s->groups[i].key; }

/* Both stand in the order of their keys. */
static uint32_t
find_key(const struct work *w, const char *(*key_of)(const struct work *w, uint32_t i), uint32_t count, const char *key)
{
	uint32_t low = 0, high = count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (strcmp(key_of(w, middle), key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && strcmp(key_of(w, low), key) == 0 ? low : NOWHERE;
}

uint32_t
graph_account(const struct work *w, const char *key)
{
	return find_key(w, account_key, w->s->account_count, key);
}

static uint32_t
find_group(const struct work *w, const char *key)
{
	return find_key(w, group_key, w->s->group_count, key);
}

/* Accounts stand before groups, each by number. */
static uint64_t
place(bool is_group, uint32_t member)
{
	return (uint64_t)is_group << 32 | member;
}

uint32_t
graph_between(const struct work *w, bool is_group, uint32_t member, uint32_t to)
{
	const struct group *g = &w->s->groups[to];
	uint32_t low = g->first, high = g->first + g->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct edge *e = &w->s->edges[middle];

		if (place(e->is_group, e->member) < place(is_group, member))
			low = middle + 1;
		else
			high = middle;
	}
	return low < g->first + g->count && w->s->edges[low].member == member && w->s->edges[low].is_group == is_group ? low : NOWHERE;
}

uint32_t
graph_edge(const struct work *w, const char *member, const char *group)
{
	uint32_t g = find_group(w, group), who, e = NOWHERE;

	if (g == NOWHERE)
		return NOWHERE;
	who = graph_account(w, member);
	if (who != NOWHERE)
		e = graph_between(w, false, who, g);
	who = e == NOWHERE ? find_group(w, member) : NOWHERE;
	return who == NOWHERE ? e : graph_between(w, true, who, g);
}

/* ------------------------------------------------------------------ links */

static uint32_t
member_node(const struct work *w, const struct edge *e)
{
	return e->is_group ? e->member : node(w, e->member);
}

void
graph_link(struct work *w)
{
	const struct snapshot *s = w->s;
	size_t groups = (size_t)s->group_count + 1, nodes = (size_t)s->group_count + s->account_count;
	LIST(uint32_t) nestings = { 0 };

	w->up = arena_array(w->mem, uint32_t, (size_t)s->edge_count + 1);
	w->up_group = arena_array(w->mem, uint32_t, (size_t)s->edge_count + 1);
	w->up_first = arena_array(w->mem, uint32_t, nodes + 2);
	w->cut = arena_array(w->mem, bool, (size_t)s->edge_count + 1);
	w->above = (struct walk){ arena_array(w->mem, uint32_t, groups), arena_array(w->mem, uint32_t, groups), 0 };
	w->below = (struct walk){ arena_array(w->mem, uint32_t, groups), arena_array(w->mem, uint32_t, nodes + 1), 0 };
	w->before = arena_array(w->mem, uint32_t, groups);
	w->way = arena_array(w->mem, uint32_t, groups);
	for (uint32_t e = 0; e < s->edge_count; e++)
		w->up_first[member_node(w, &s->edges[e]) + 2]++;
	for (size_t i = 1; i <= nodes; i++)
		w->up_first[i + 1] += w->up_first[i];
	/* up_first[n + 1] is where the next of n goes; when all are laid it is where n + 1 begins. */
	for (uint32_t g = 0; g < s->group_count; g++)
		for (uint32_t e = s->groups[g].first; e < s->groups[g].first + s->groups[g].count; e++) {
			uint32_t to = w->up_first[member_node(w, &s->edges[e]) + 1]++;

			w->up[to] = e;
			w->up_group[to] = g;
			if (s->edges[e].is_group)
				*arena_push(w->mem, &nestings) = e;
		}
	w->nestings = (struct set){ nestings.items, (uint32_t)nestings.count };
}

/* ------------------------------------------------------------------ walks */

static void
start(struct walk *walk, size_t nodes)
{
	if (++walk->stamp)
		return;
	memset(walk->seen, 0, nodes * sizeof(*walk->seen));
	walk->stamp = 1;
}

static bool
is_new(struct walk *walk, uint32_t n)
{
	if (walk->seen[n] == walk->stamp)
		return false;
	walk->seen[n] = walk->stamp;
	return true;
}

uint32_t
graph_climb(struct work *w, uint32_t g, bool sure, struct bits *out)
{
	struct walk *walk = &w->above;
	uint32_t count = 0;

	if (!w->s->groups[g].security || (sure && w->s->groups[g].unknown))
		return 1;
	start(walk, w->s->group_count);
	(void)is_new(walk, g);
	walk->queue[count++] = g;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t n = walk->queue[i];

		bits_add(out, w->own[n]);
		for (uint32_t u = w->up_first[n]; u < w->up_first[n + 1]; u++) {
			const struct group *to = &w->s->groups[w->up_group[u]];

			if (!is_cut(w, w->up[u]) && to->security && !(sure && (to->unknown || ends(w, w->up[u]))) && is_new(walk, w->up_group[u]))
				walk->queue[count++] = w->up_group[u];
		}
	}
	return count;
}

bool
graph_below(struct work *w, uint32_t g, enum extent how, bool (*visit)(void *self, uint32_t account), void *self)
{
	struct walk *walk = &w->below;
	uint32_t count = 0;

	start(walk, (size_t)w->s->group_count + w->s->account_count);
	(void)is_new(walk, g);
	walk->queue[count++] = g;
	for (uint32_t i = 0; i < count; i++) {
		const struct group *from = &w->s->groups[walk->queue[i]];

		for (uint32_t e = from->first; e < from->first + from->count; e++) {
			const struct edge *edge = &w->s->edges[e];

			if (how == BELOW_NOW && (is_cut(w, e) || (edge->is_group && !w->s->groups[edge->member].security)))
				continue;
			if (!is_new(walk, member_node(w, edge)))
				continue;
			if (edge->is_group)
				walk->queue[count++] = edge->member;
			else if (!visit(self, edge->member))
				return false;
		}
	}
	return true;
}

uint32_t
graph_path(struct work *w, uint32_t g, uint32_t r)
{
	struct walk *walk = &w->above;
	uint32_t count = 0, end = 0, n = 1;

	start(walk, w->s->group_count);
	(void)is_new(walk, g);
	walk->queue[count++] = g;
	for (end = 0; end < count && !set_has(w->own[walk->queue[end]], r); end++)
		for (uint32_t u = w->up_first[walk->queue[end]]; u < w->up_first[walk->queue[end] + 1]; u++) {
			uint32_t to = w->up_group[u];

			if (is_cut(w, w->up[u]) || !w->s->groups[to].security || !is_new(walk, to))
				continue;
			w->before[count] = end;
			walk->queue[count++] = to;
		}
	if (end == count)
		end = 0;
	for (uint32_t i = end; i; i = w->before[i])
		n++;
	for (uint32_t i = end, to = n; to; i = w->before[i])
		w->way[--to] = walk->queue[i];
	return n;
}

/* Marks all that the marked are in, or all that is in them, whatever kind of group it is. */
static void
spread(struct work *w, bool *marked, bool upward)
{
	uint32_t count = 0, *queue = w->above.queue;

	for (uint32_t g = 0; g < w->s->group_count; g++)
		if (marked[g])
			queue[count++] = g;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t g = queue[i], first = upward ? w->up_first[g] : w->s->groups[g].first;
		uint32_t end = upward ? w->up_first[g + 1] : first + w->s->groups[g].count;

		for (uint32_t k = first; k < end; k++) {
			uint32_t to = upward ? w->up_group[k] : w->s->edges[k].member;

			if ((!upward && !w->s->edges[k].is_group) || marked[to])
				continue;
			marked[to] = true;
			queue[count++] = to;
		}
	}
}

void
graph_spread(struct work *w)
{
	for (uint32_t g = 0; g < w->s->group_count; g++)
		w->maybe[g] = w->s->groups[g].unknown;
	spread(w, w->maybe, true);
}

/* ------------------------------------------------------------------ where to cut */

static bool
below(const char *dn, const char *base)
{
	size_t n = dn ? strlen(dn) : 0, m = base ? strlen(base) : 0;

	return n > m && m && strcmp(dn + n - m, base) == 0 && dn[n - m - 1] == ',' &&
	       (n - m < 2 || dn[n - m - 2] != '\\');
}

static bool
is_access_group(struct work *w, uint32_t g, char **bases)
{
	struct arena *mem;
	const char *dn;
	bool yes = w->own[g].count != 0;

	if (yes || !bases[0])
		return yes;
	mem = arena_open();
	dn = dn_key(mem, w->s->groups[g].dn);
	for (int b = 0; bases[b] && !yes; b++)
		yes = below(dn, bases[b]);
	arena_close(mem);
	return yes;
}

/* Where edges may be cut: access groups that lead only to what is registered, that no need names, and whose members we know. */
void
graph_cuttable(struct work *w)
{
	const struct conf *conf = &w->in->rules->conf;
	bool *bad = arena_array(w->mem, bool, (size_t)w->s->group_count + 1);
	char **bases = arena_array(w->mem, char *, (size_t)conf->directory.access_group_count + 1);
	long long giving = 0, registered = 0;
	int count = 0;

	for (int b = 0; b < conf->directory.access_group_count; b++) {
		bases[count] = dn_key(w->mem, conf->directory.access_groups[b]);
		count += bases[count] != NULL;
	}
	for (uint32_t g = 0; g < w->s->group_count; g++) {
		bool access = is_access_group(w, g, bases);

		w->unregistered[g] = access && !w->reach[g].count;
		if (access && w->s->groups[g].security && w->s->groups[g].count) {
			giving++;
			registered += w->reach[g].count > 0;
		}
		bad[g] = !w->reach[g].count || w->asked[g] || !access;
	}
	w->plan->access.giving = giving;
	w->plan->access.registered = registered;
	spread(w, bad, false);
	for (uint32_t g = 0; g < w->s->group_count; g++)
		w->cuttable[g] = !bad[g] && !w->s->groups[g].unknown;
}
