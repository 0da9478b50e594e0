/* SPDX-License-Identifier: GPL-3.0-or-later */
/* need.c - what a person has, and whether the clauses of a role ask for that person: yes, no, or not known. */
#include "reconcile_p.h"
#include "behov/text.h"

void
need_absent(struct work *w)
{
	w->absent = arena_array(w->mem, bool, ATTRIBUTE_MOST + 1);
	for (int i = 0; i < w->in->rules->attribute_count; i++) {
		w->absent[i] = true;
		for (uint32_t a = 0; a < w->s->account_count && w->absent[i]; a++)
			w->absent[i] = !w->s->accounts[a].values || !w->s->accounts[a].values[i];
	}
}

static enum truth
holds(const struct work *w, const struct account *a, const struct condition *c)
{
	if (w->absent[c->attribute] || a->unknown >> c->attribute & 1)
		return UNKNOWN;
	for (const struct value *v = a->values[c->attribute]; v; v = v->more)
		for (int i = 0; i < c->count; i++)
			if (text_glob(c->globs[i], v->folded))
				return YES;
	return NO;
}

static enum truth
all_of(const struct work *w, const struct account *a, const struct condition *c, int count)
{
	enum truth all = YES;

	for (int i = 0; i < count; i++) {
		enum truth one = holds(w, a, &c[i]);
		if (one == NO)
			return NO;
		if (one == UNKNOWN)
			all = UNKNOWN;
	}
	return all;
}

enum truth
need_clause(const struct work *w, const struct account *a, const struct clause *c)
{
	day_t today = clock_day(w->in->now);
	enum truth all, none = NO;

	if ((c->from != DAY_NONE && today < c->from) || (c->to != DAY_NONE && today > c->to))
		return NO;
	all = all_of(w, a, c->all, c->alls);
	if (c->nones)
		none = all_of(w, a, c->none, c->nones);
	if (all == NO || none == YES)
		return NO;
	return all == UNKNOWN || none == UNKNOWN ? UNKNOWN : YES;
}

static enum truth
needs(const struct work *w, const struct account *a, const struct role *role)
{
	enum truth any = role->need_count ? NO : UNKNOWN;

	for (int i = 0; i < role->need_count; i++) {
		enum truth one = need_clause(w, a, &role->needs[i]);
		if (one == YES)
			return YES;
		if (one == UNKNOWN)
			any = UNKNOWN;
	}
	return any;
}

bool
work_excess(struct work *w, uint32_t a, uint32_t r)
{
	return get(at(w, w->access, a), r) && !get(at(w, w->need, a), r) && !get(at(w, w->unsure, a), r);
}

void
work_have(struct work *w, uint32_t a, uint64_t *set)
{
	memset(set, 0, w->words * sizeof(*set));
	for (uint32_t u = w->up_first[node(w, a)]; u < w->up_first[node(w, a) + 1]; u++)
		for (uint32_t k = 0; !w->cut[w->up[u]] && k < w->words; k++)
			set[k] |= at(w, w->reach, w->from[w->up[u]])[k];
}

void
work_judge(struct work *w, uint32_t a)
{
	const struct account *who = &w->s->accounts[a];

	work_have(w, a, at(w, w->access, a));
	for (uint32_t r = 0; r < w->role_count; r++) {
		enum truth t = needs(w, who, w->roles[r]);
		if (t == YES)
			put(at(w, w->need, a), r);
		if (t == UNKNOWN)
			put(at(w, w->unsure, a), r);
	}
	for (size_t i = 0; i < w->in->exception_count; i++) {
		const struct exception *x = &w->in->exceptions[i];
		for (uint32_t r = 0; strcmp(x->key, who->key) == 0 && r < w->role_count; r++)
			if (strcmp(x->role, w->roles[r]->id) == 0 && strcmp(x->system, w->roles[r]->system->id) == 0)
				put(at(w, w->unsure, a), r);
	}
}
