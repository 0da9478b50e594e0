/* SPDX-License-Identifier: GPL-3.0-or-later */
/* safe.c - may these edges go, all together, on a fresh reading?  Asked just before they are cut. */
#include "reconcile_p.h"

struct held { uint64_t *all, *sure; };

/* What somebody has by edges that are not cut: all of it, and what is carried with certainty. */
static void
hold_both(const struct work *w, uint32_t a, struct held *out)
{
	memset(out->all, 0, w->words * sizeof(*out->all));
	memset(out->sure, 0, w->words * sizeof(*out->sure));
	for (uint32_t u = w->up_first[node(w, a)]; u < w->up_first[node(w, a) + 1]; u++)
		for (uint32_t k = 0; !w->cut[w->up[u]] && k < w->words; k++) {
			out->all[k] |= at(w, w->reach, w->from[w->up[u]])[k];
			out->sure[k] |= at(w, w->certain, w->from[w->up[u]])[k];
		}
}

/* Says which access that is needed, or of which the need is not known, somebody loses; NULL when none. */
static const char *
loses(struct work *w, uint32_t a, const struct held *before, struct held *now)
{
	bool person = w->s->accounts[a].class == ACCOUNT_PERSON;

	hold_both(w, a, now);
	for (uint32_t r = 0; r < w->role_count; r++) {
		bool lost = (get(before->all, r) && !get(now->all, r)) || (get(before->sure, r) && !get(now->sure, r));

		if (lost && (!person || get(at(w, w->need, a), r) || get(at(w, w->unsure, a), r)))
			return arena_print(w->mem, "%s skulle förlora %s, som %s", w->s->accounts[a].name, work_label(w, r),
					   !person ? "inget skrivet behov kan bedöma" :
					   get(at(w, w->need, a), r) ? "behövs" : "kanske behövs");
	}
	return NULL;
}

static const char *
somebody_loses(struct work *w, const struct held *before, struct held *now)
{
	const char *why = NULL;

	for (uint32_t a = 0; a < w->s->account_count && !why; a++)
		why = loses(w, a, &before[a], now);
	return why;
}

/* What speaks against an edge by itself. */
static const char *
uncuttable(const struct work *w, uint32_t e)
{
	const struct edge *edge = &w->s->edges[e];

	if (edge->primary)
		return "medlemskapet är en primär grupp";
	if (!w->cuttable[w->from[e]])
		return "gruppen, eller en grupp som den leder till, är inte registrerad eller kunde inte läsas helt";
	if (edge->is_group && w->maybe[edge->member])
		return "den nästlade gruppens medlemmar kunde inte läsas helt";
	return NULL;
}

/* The edges in the order of the cuts; one that is not there is UINT32_MAX. */
static uint32_t *
edges_of(struct work *w, const struct reconcile_input *in)
{
	uint32_t *edges = arena_array(w->mem, uint32_t, in->cut_count + 1);

	for (size_t i = 0; i < in->cut_count; i++) {
		edges[i] = UINT32_MAX;
		for (uint32_t e = 0; e < w->s->edge_count; e++)
			if (strcmp(w->s->groups[w->from[e]].key, in->cuts[i].group) == 0 &&
			    strcmp(work_member(w, e), in->cuts[i].member) == 0)
				edges[i] = e;
	}
	return edges;
}

static void
judge_safe(struct work *w, const uint32_t *edges, bool *safe, const char **why)
{
	size_t n = w->in->cut_count;
	struct held *before = arena_array(w->mem, struct held, (size_t)w->s->account_count + 1), now;

	now = (struct held){ arena_array(w->mem, uint64_t, w->words), arena_array(w->mem, uint64_t, w->words) };
	for (uint32_t a = 0; a < w->s->account_count; a++) {
		work_judge(w, a);
		before[a] = (struct held){ arena_array(w->mem, uint64_t, w->words), arena_array(w->mem, uint64_t, w->words) };
		hold_both(w, a, &before[a]);
	}
	for (size_t i = 0; i < n; i++) {
		why[i] = edges[i] == UINT32_MAX ? NULL : uncuttable(w, edges[i]);
		safe[i] = !why[i];
		if (safe[i] && edges[i] != UINT32_MAX)
			w->cut[edges[i]] = true;
	}
	work_reach(w);
	if (!somebody_loses(w, before, &now))
		return;
	/* Not all of them together: one after another, each around those that are safe before it. */
	memset(w->cut, 0, (size_t)w->s->edge_count * sizeof(*w->cut));
	work_reach(w);
	for (size_t i = 0; i < n; i++) {
		if (!safe[i] || edges[i] == UINT32_MAX)
			continue;
		w->cut[edges[i]] = true;
		work_reach(w);
		why[i] = somebody_loses(w, before, &now);
		safe[i] = !why[i];
		w->cut[edges[i]] = safe[i];
	}
	work_reach(w);
}

int
reconcile_safe(struct arena *mem, const struct reconcile_input *in, bool *safe, const char **why, struct error *err)
{
	struct plan plan = { 0 };
	struct work w = { .mem = mem, .in = in, .s = in->snapshot, .plan = &plan };

	(void)err;
	if (!in->snapshot->complete) {
		for (size_t i = 0; i < in->cut_count; i++) {
			safe[i] = false;
			why[i] = "katalogen kunde inte läsas helt";
		}
		return 0;
	}
	work_prepare(&w);
	judge_safe(&w, edges_of(&w, in), safe, why);
	return 0;
}
