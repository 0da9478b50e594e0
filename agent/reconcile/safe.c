/* SPDX-License-Identifier: GPL-3.0-or-later */
/* safe.c - may these edges go, all together, on a fresh reading?  Asked just before they are cut. */
#include "reconcile_p.h"

struct safe {
	struct work *w;
	struct bits before, before_sure, all, sure;     /* of one account */
	LIST(uint32_t) below;           /* who may lose something */
	bool *is_below;                 /* account */
};

static bool
add_below(void *self, uint32_t a)
{
	struct safe *x = self;

	if (!x->is_below[a])
		*arena_push(x->w->mem, &x->below) = a;
	x->is_below[a] = true;
	return true;
}

/* Who is below an edge, in the order of their numbers, into x->below. */
static void
find_below(struct safe *x, uint32_t e)
{
	const struct edge *edge = &x->w->s->edges[e];

	if (!edge->is_group)
		(void)add_below(x, edge->member);
	else if (x->w->s->groups[edge->member].security)
		(void)graph_below(x->w, edge->member, BELOW_NOW, add_below, x);
}

static int
by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* What an account has: before any cut, and now. */
static void
hold_both(struct safe *x, uint32_t a)
{
	struct work *w = x->w;

	bits_clear(&x->before);
	bits_clear(&x->before_sure);
	bits_clear(&x->all);
	bits_clear(&x->sure);
	for (uint32_t u = w->up_first[node(w, a)]; u < w->up_first[node(w, a) + 1]; u++) {
		uint32_t g = w->up_group[u];

		bits_add(&x->before, w->reach[g]);
		if (!ends(w, w->up[u]))
			bits_add(&x->before_sure, w->certain[g]);
	}
	(void)people_climb(w, a, false, &x->all);
	(void)people_climb(w, a, true, &x->sure);
}

/* Says which access that is needed, or of which the need is not known, somebody loses; NULL when none. */
static const char *
loses(struct safe *x, uint32_t a)
{
	struct work *w = x->w;
	bool person = is_person(w, a);

	hold_both(x, a);
	for (uint32_t r = 0; r < w->role_count; r++) {
		bool lost = (bits_has(&x->before, r) && !bits_has(&x->all, r)) ||
			    (bits_has(&x->before_sure, r) && !bits_has(&x->sure, r));

		if (lost && (!person || people_need(w, a, r) || people_unsure(w, a, r) || people_keep(w, a, r)))
			return arena_print(w->mem, "%s skulle förlora %s, som %s", w->s->accounts[a].name, w->labels[r],
					   !person ? "inget skrivet behov kan bedöma" :
					   people_need(w, a, r) ? "behövs" : people_keep(w, a, r) ? "behålls enligt ett undantag" :
					   "kanske behövs");
	}
	return NULL;
}

/* Of those who are in x->below, which is empty afterwards. */
static const char *
somebody_loses(struct safe *x)
{
	const char *why = NULL;

	if (x->below.count > 1)
		qsort(x->below.items, x->below.count, sizeof(*x->below.items), by_number);
	for (size_t i = 0; i < x->below.count; i++) {
		why = why ? why : loses(x, x->below.items[i]);
		x->is_below[x->below.items[i]] = false;
	}
	x->below.count = 0;
	return why;
}

/* What speaks against an edge by itself. */
static const char *
uncuttable(const struct work *w, uint32_t e)
{
	const struct edge *edge = &w->s->edges[e];

	if (edge->primary)
		return "medlemskapet är en primär grupp";
	if (!w->cuttable[graph_group(w, e)])
		return "gruppen, eller en grupp som den leder till, är inte registrerad eller kunde inte läsas helt";
	if (edge->is_group && w->maybe[edge->member])
		return "den nästlade gruppens medlemmar kunde inte läsas helt";
	return NULL;
}

static void
judge(struct safe *x, uint32_t *edges, bool *safe, const char **why)
{
	struct work *w = x->w;
	size_t n = w->in->cut_count;

	for (size_t i = 0; i < n; i++) {
		edges[i] = graph_edge(w, w->in->cuts[i].member, w->in->cuts[i].group);
		why[i] = edges[i] == NOWHERE ? NULL : uncuttable(w, edges[i]);
		safe[i] = !why[i];
		if (safe[i] && edges[i] != NOWHERE)
			find_below(x, edges[i]);
	}
	for (size_t i = 0; i < n; i++)
		if (safe[i] && edges[i] != NOWHERE)
			cut_edge(w, edges[i], true);
	if (!somebody_loses(x))
		return;
	/* Not all of them together: one after another, each around those that are safe before it. */
	for (size_t i = 0; i < n; i++)
		if (edges[i] != NOWHERE)
			cut_edge(w, edges[i], false);
	for (size_t i = 0; i < n; i++) {
		if (!safe[i] || edges[i] == NOWHERE)
			continue;
		find_below(x, edges[i]);
		cut_edge(w, edges[i], true);
		why[i] = somebody_loses(x);
		safe[i] = !why[i];
		cut_edge(w, edges[i], safe[i]);
	}
}

/* ------------------------------------------------------------------ and is it what was approved? */

/* What those below an edge lose by it, as the edges that are safe are cut. */
static struct set
lost_by(struct safe *x, uint32_t e, struct set below)
{
	struct work *w = x->w;
	struct set carried = w->reach[graph_group(w, e)];

	for (uint32_t i = 0; i < below.count; i++) {
		hold_both(x, below.items[i]);
		for (uint32_t k = 0; k < carried.count; k++)
			if (bits_has(&x->before, carried.items[k]) && !bits_has(&x->all, carried.items[k]))
				bits_put(&w->roles_here, carried.items[k]);
	}
	return bits_take(w->mem, &w->roles_here);
}

static void
set_cuts(struct work *w, const uint32_t *edges, const bool *safe, bool on)
{
	for (size_t i = 0; i < w->in->cut_count; i++)
		if (safe[i] && edges[i] != NOWHERE)
			cut_edge(w, edges[i], on);
}

/* Those below each edge, as things are before any of them goes. */
static struct set *
all_below(struct safe *x, const uint32_t *edges, const bool *safe)
{
	struct work *w = x->w;
	struct set *below = arena_array(w->mem, struct set, w->in->cut_count + 1);

	set_cuts(w, edges, safe, false);
	for (size_t i = 0; i < w->in->cut_count; i++) {
		if (!safe[i] || edges[i] == NOWHERE || !w->in->cuts[i].approved)
			continue;
		find_below(x, edges[i]);
		below[i] = (struct set){ x->below.items, (uint32_t)x->below.count };
		for (size_t k = 0; k < x->below.count; k++)
			x->is_below[x->below.items[k]] = false;
		x->below = (__typeof__(x->below)){ 0 };
	}
	set_cuts(w, edges, safe, true);
	return below;
}

/* Whose group leads to more by now, whose system is of a higher class, who is protected: they were approved as less than that. */
static void
refuse_more(struct safe *x, const uint32_t *edges, bool *safe, const char **why)
{
	struct set *below = all_below(x, edges, safe);

	for (size_t i = 0; i < x->w->in->cut_count; i++) {
		struct proposal now = { .konfidentialitet = 0 };
		struct set roles;

		if (!below[i].count)
			continue;
		roles = lost_by(x, edges[i], below[i]);
		if (!roles.count)
			continue;
		evidence_weigh(x->w, edges[i], roles, &now);
		why[i] = proposal_asks_more(x->w->in->cuts[i].approved, &now);
		safe[i] = !why[i];
	}
}

int
reconcile_safe(struct arena *mem, const struct reconcile_input *in, bool *safe, bool *there, const char **why,
	       struct error *err)
{
	struct plan plan = { 0 };
	struct work w = { .mem = mem, .in = in, .s = in->snapshot, .plan = &plan };
	struct safe x = { .w = &w };
	uint32_t *edges;

	(void)err;
	if (!in->snapshot->complete) {
		for (size_t i = 0; i < in->cut_count; i++) {
			if (there)
				there[i] = false;
			safe[i] = false;
			why[i] = "katalogen kunde inte läsas helt";
		}
		return 0;
	}
	work_prepare(&w);
	x.before = bits_open(mem, w.role_count);
	x.before_sure = bits_open(mem, w.role_count);
	x.all = bits_open(mem, w.role_count);
	x.sure = bits_open(mem, w.role_count);
	x.is_below = arena_array(mem, bool, (size_t)w.s->account_count + 1);
	edges = arena_array(mem, uint32_t, in->cut_count + 1);
	judge(&x, edges, safe, why);
	refuse_more(&x, edges, safe, why);
	for (size_t i = 0; i < in->cut_count && there; i++)
		there[i] = edges[i] != NOWHERE;
	return 0;
}
