/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * structural.c - what nobody needs and cannot be cut cleanly: why it stays, who would lose what, and what a person could do instead.
 *
 * On the way from somebody to a role the first edge that might be cut is the one that holds it.  What would be lost by it is
 * what speaks against it; whoever would lose it could be put in the group directly first.
 */
#include "reconcile_p.h"

#define NAMES_MOST 5
#define STEPS_ALL 50000000LL            /* groups looked at to say who would lose what; after that it is not said */

/* A role that stays with somebody because of that edge. */
struct stay { uint32_t edge, account, role; };

struct structural_work {
	struct work *w;
	LIST(struct stay) stays;
	struct bits sure, lost;
	struct set carried;
	LIST(uint32_t) losers;
	uint8_t *idle;                  /* edge: 1 yes, 2 no, 0 not asked yet */
	long long steps;
};

/* ------------------------------------------------------------------ which edge holds it */

/* NOWHERE: nothing on that way might be cut. */
static uint32_t
holding_edge(struct work *w, uint32_t u, uint32_t r)
{
	uint32_t count = graph_path(w, w->up_group[u], r);

	if (w->cuttable[w->up_group[u]])
		return w->s->edges[w->up[u]].primary ? NOWHERE : w->up[u];
	for (uint32_t i = 1; i < count; i++)
		if (w->cuttable[w->way[i]] && !w->maybe[w->way[i - 1]])
			return graph_between(w, true, w->way[i - 1], w->way[i]);
	return NOWHERE;
}

static const char *
group_name(const struct work *w, uint32_t e)
{
	return w->s->groups[graph_group(w, e)].name;
}

static bool
is_all_excess(void *self, uint32_t a)
{
	struct structural_work *x = self;

	return set_within(x->carried, x->w->excess[a]);
}

/* Does an edge carry nothing but what is too much, whoever is below it?  Then it is another way that the role stays by. */
static bool
is_idle(struct structural_work *x, uint32_t e)
{
	struct work *w = x->w;
	const struct edge *edge = &w->s->edges[e];

	if (x->idle[e])
		return x->idle[e] == 1;
	(void)graph_climb(w, graph_group(w, e), false, &w->roles_here);
	x->carried = bits_take(w->mem, &w->roles_here);
	x->idle[e] = (edge->is_group ? graph_below(w, edge->member, BELOW_NOW, is_all_excess, x) : is_all_excess(x, edge->member)) ? 1 : 2;
	return x->idle[e] == 1;
}

/* A way that the role stays by, and not one that might as well go; u: the first of it. */
static const char *
why_this_way(struct structural_work *x, uint32_t a, uint32_t r, uint32_t u)
{
	struct work *w = x->w;
	const char *first = w->s->groups[w->up_group[u]].name;
	uint32_t e;

	if (w->s->edges[w->up[u]].primary)
		return arena_print(w->mem, "%s är kontots primära grupp, som inte kan lämnas.", first);
	e = holding_edge(w, u, r);
	if (e == NOWHERE)
		return arena_print(w->mem, "%s är ingen grupp som får ändras: den är inte till för behörighet, hör till ett behov, leder till "
				   "något som inte är registrerat eller kunde inte läsas helt.", first);
	if (w->s->edges[e].timed)
		return arena_print(w->mem, "%s ligger i %s, men det är tidsbegränsat och upphör av sig självt.",
				   w->s->groups[w->s->edges[e].member].name, group_name(w, e));
	if (is_idle(x, e))
		return NULL;
	*(struct stay *)arena_push(w->mem, &x->stays) = (struct stay){ e, a, r };
	if (w->s->edges[e].is_group)
		return arena_print(w->mem, "%s ligger i %s, och någon i %s behöver vad %s ger.", w->s->groups[w->s->edges[e].member].name,
				   group_name(w, e), w->s->groups[w->s->edges[e].member].name, group_name(w, e));
	return arena_print(w->mem, "%s ger också annat, som behövs.", group_name(w, e));
}

/* Why a role stays, in a sentence about the first way that it stays by; when it ends by itself, about the one that ends last. */
static const char *
why_it_stays(struct structural_work *x, uint32_t a, uint32_t r)
{
	struct work *w = x->w;
	int64_t last = INT64_MIN;
	const char *why = NULL;
	bool timed = false;

	for (uint32_t u = w->up_first[node(w, a)]; u < w->up_first[node(w, a) + 1] && !why; u++) {
		if (w->cut[w->up[u]] || !set_has(w->reach[w->up_group[u]], r))
			continue;
		if (w->s->edges[w->up[u]].timed) {
			int64_t ends = members_ends(w, w->up[u]);
			last = ends > last ? ends : last;
			timed = true;
			continue;
		}
		why = why_this_way(x, a, r, u);
	}
	if (why)
		return why;
	if (!timed)
		return "Vägarna dit hänger ihop med så mycket annat att alla inte kunde prövas tillsammans.";
	return arena_print(w->mem, "Medlemskapet är tidsbegränsat och upphör av sig självt %s.",
			   last == INT64_MIN ? "" : day_text(w->mem, clock_day(last)));
}

/* ------------------------------------------------------------------ who would lose what */

static bool
add_loser(void *self, uint32_t a)
{
	struct structural_work *x = self;
	struct work *w = x->w;
	bool loses = false;

	if (set_within(x->carried, w->excess[a]))
		return true;
	bits_clear(&x->sure);
	x->steps += people_climb(w, a, true, &x->sure);
	for (uint32_t i = 0; i < x->carried.count; i++)
		if (!bits_has(&x->sure, x->carried.items[i]) && !set_has(w->excess[a], x->carried.items[i])) {
			bits_put(&x->lost, x->carried.items[i]);
			loses = true;
		}
	if (loses)
		*arena_push(w->mem, &x->losers) = a;
	return x->steps <= STEPS_ALL;
}

static const char *
roles_text(const struct work *w, struct set roles)
{
	const char *text = "";

	for (uint32_t i = 0; i < roles.count && i < NAMES_MOST; i++)
		text = arena_print(w->mem, "%s%s%s i %s", text, i ? ", " : "", w->roles[roles.items[i]]->name,
				   w->roles[roles.items[i]]->system->name);
	return roles.count > NAMES_MOST ? arena_print(w->mem, "%s och %u till", text, roles.count - NAMES_MOST) : text;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *
losers_text(struct structural_work *x)
{
	struct work *w = x->w;
	const char **names = arena_array(w->mem, const char *, x->losers.count + 1), *text = "";

	for (size_t i = 0; i < x->losers.count; i++)
		names[i] = w->s->accounts[x->losers.items[i]].name;
	qsort(names, x->losers.count, sizeof(*names), by_name);
	for (size_t i = 0; i < x->losers.count && i < NAMES_MOST; i++)
		text = arena_print(w->mem, "%s%s%s", text, i ? ", " : "", names[i]);
	return x->losers.count > NAMES_MOST ? arena_print(w->mem, "%s och %zu till", text, x->losers.count - NAMES_MOST) : text;
}

/* Would those who lose something have it again in the group itself?  Not when it leads to other things than they need. */
static void
tell_edge(struct structural_work *x, const struct stay *first, size_t count, struct set roles)
{
	struct work *w = x->w;
	const struct edge *edge = &w->s->edges[first->edge];
	uint32_t g = graph_group(w, first->edge);
	const struct role *role = w->roles[first->role];
	const char *member = edge->is_group ? w->s->groups[edge->member].name : w->s->accounts[edge->member].name, *text;
	struct set lost;

	x->losers.count = 0;
	(void)graph_climb(w, g, false, &w->roles_here);
	x->carried = bits_take(w->mem, &w->roles_here);
	cut_edge(w, first->edge, true);
	if (edge->is_group)
		(void)graph_below(w, edge->member, BELOW_NOW, add_loser, x);
	else
		(void)add_loser(x, edge->member);
	cut_edge(w, first->edge, false);
	lost = bits_take(w->mem, &x->lost);
	if (x->steps > STEPS_ALL || !x->losers.count)
		return;
	text = edge->is_group ?
		arena_print(w->mem, "%s ligger i %s. Genom det har %zu %s %s utan behov, men %zu skulle förlora %s: %s. Lägg dem direkt i %s, "
			    "och ta sedan bort %s därifrån.", member, w->s->groups[g].name, count, count == 1 ? "person" : "personer",
			    roles_text(w, roles), x->losers.count, roles_text(w, lost), losers_text(x), w->s->groups[g].name, member) :
		arena_print(w->mem, "%s har %s utan behov genom %s, men skulle också förlora %s. Ge det på annan väg, och ta sedan bort %s ur %s.",
			    member, roles_text(w, roles), w->s->groups[g].name, roles_text(w, lost), member, w->s->groups[g].name);
	*arena_push(w->mem, &w->plan->findings) = (struct finding){ .kind = edge->is_group ? "nesting-stays" : "membership-stays",
		.system = role->system->id, .role = role->id, .account = edge->is_group ? NULL : member, .group = w->s->groups[g].dn, .text = text };
}

static int
by_edge(const void *a, const void *b)
{
	const struct stay *x = a, *y = b;

	if (x->edge != y->edge)
		return x->edge < y->edge ? -1 : 1;
	if (x->account != y->account)
		return x->account < y->account ? -1 : 1;
	return (x->role > y->role) - (x->role < y->role);
}

static void
tell_edges(struct structural_work *x)
{
	size_t end;

	if (x->stays.count > 1)
		qsort(x->stays.items, x->stays.count, sizeof(*x->stays.items), by_edge);
	for (size_t i = 0; i < x->stays.count; i = end) {
		size_t people = 0;

		for (end = i; end < x->stays.count && x->stays.items[end].edge == x->stays.items[i].edge; end++) {
			people += end == i || x->stays.items[end].account != x->stays.items[end - 1].account;
			bits_put(&x->w->roles_here, x->stays.items[end].role);
		}
		tell_edge(x, &x->stays.items[i], people, bits_take(x->w->mem, &x->w->roles_here));
	}
}

void
structural_tell(struct work *w)
{
	struct structural_work x = { .w = w, .sure = bits_open(w->mem, w->role_count), .lost = bits_open(w->mem, w->role_count),
				     .idle = arena_array(w->mem, uint8_t, (size_t)w->s->edge_count + 1) };

	for (uint32_t a = 0; a < w->s->account_count; a++) {
		struct set excess = w->excess[a], left = excess.count ? people_have(w, a) : excess;

		w->plan->access.excess += excess.count;
		for (uint32_t i = 0; i < excess.count; i++) {
			const struct role *role = w->roles[excess.items[i]];

			if (set_has(left, excess.items[i]))
				*(struct structural *)arena_push(w->mem, &w->plan->structural) = (struct structural){
					role->system->id, role->id, w->s->accounts[a].name, people_via(w, a, excess.items[i]),
					why_it_stays(&x, a, excess.items[i]) };
		}
	}
	tell_edges(&x);
}
