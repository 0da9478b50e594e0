/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reconcile.c - access against need: places the roles, judges each person, and plans what may go. */
#include "reconcile_p.h"

/* A group of a role, by its number. */
struct listed { uint32_t group, role; };

static int
by_group(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;

	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	return (x->role > y->role) - (x->role < y->role);
}

static void
tell_absent(struct work *w, uint32_t r, const char *group)
{
	const struct role *role = w->roles[r];

	w->role_unknown[r] = true;
	tell_trouble(w, "group-absent", role->system, role, group, arena_print(w->mem, "Gruppen '%s' finns inte i katalogen", group));
	*(struct gap *)arena_push(w->mem, &w->plan->gaps) = (struct gap){
		"role", w->labels[r], NULL, arena_print(w->mem, "gruppen '%s' finns inte", group) };
}

/* w->own: where each role is listed. */
static void
place_roles(struct work *w)
{
	LIST(struct listed) all = { 0 };

	for (uint32_t r = 0; r < w->role_count; r++) {
		const struct role *role = w->roles[r];

		for (int i = 0; i < role->group_count; i++) {
			long g = snapshot_group(w->s, role->groups[i]);
			if (g < 0) {
				tell_absent(w, r, role->groups[i]);
				continue;
			}
			*(struct listed *)arena_push(w->mem, &all) = (struct listed){ (uint32_t)g, r };
			w->role_unknown[r] = w->role_unknown[r] || w->maybe[g];
		}
		if (w->role_unknown[r])
			*(struct unclear *)arena_push(w->mem, &w->plan->unclear) =
				(struct unclear){ .access = true, .system = role->system->id, .role = role->id };
	}
	if (all.count > 1)
		qsort(all.items, all.count, sizeof(*all.items), by_group);
	for (size_t i = 0; i < all.count; i++) {
		bits_put(&w->roles_here, all.items[i].role);
		if (i + 1 == all.count || all.items[i + 1].group != all.items[i].group)
			w->own[all.items[i].group] = bits_take(w->mem, &w->roles_here);
	}
}

static void
count_roles(struct work *w)
{
	const struct rules *rules = w->in->rules;
	size_t most = 1;

	for (size_t i = 0; i < rules->system_count; i++)
		most += (size_t)rules->systems[i].role_count;
	w->roles = arena_array(w->mem, const struct role *, most);
	w->labels = arena_array(w->mem, const char *, most);
	w->clauses = arena_array(w->mem, json_t *, most);
	w->role_unknown = arena_array(w->mem, bool, most);
	for (size_t i = 0; i < rules->system_count; i++)
		for (int k = 0; k < rules->systems[i].role_count; k++) {
			w->labels[w->role_count] = arena_print(w->mem, "%s/%s", rules->systems[i].id, rules->systems[i].roles[k].id);
			w->roles[w->role_count++] = &rules->systems[i].roles[k];
		}
}

void
work_prepare(struct work *w)
{
	size_t groups = (size_t)w->s->group_count + 1, accounts = (size_t)w->s->account_count + 1;

	count_roles(w);
	w->maybe = arena_array(w->mem, bool, groups);
	w->cuttable = arena_array(w->mem, bool, groups);
	w->asked = arena_array(w->mem, bool, groups);
	w->unregistered = arena_array(w->mem, bool, groups);
	w->own = arena_array(w->mem, struct set, groups);
	w->reach = arena_array(w->mem, struct set, groups);
	w->certain = arena_array(w->mem, struct set, groups);
	w->access = arena_array(w->mem, struct set, accounts);
	w->excess = arena_array(w->mem, struct set, accounts);
	w->roles_here = bits_open(w->mem, w->role_count);
	w->open = bits_open(w->mem, w->role_count);
	graph_link(w);
	graph_spread(w);
	place_roles(w);
	reach_all(w);
	needs_open(w);
	graph_cuttable(w);
	people_kept(w);
}

/* The edges that are approved already are gone for us. */
static void
cut_approved(struct work *w)
{
	for (size_t i = 0; i < w->in->cut_count; i++) {
		uint32_t e = graph_edge(w, w->in->cuts[i].member, w->in->cuts[i].group);

		if (e != NOWHERE)
			cut_edge(w, e, true);
	}
	if (w->cuts)
		reach_all(w);
}

static void
find_excess(struct work *w)
{
	for (uint32_t a = 0; a < w->s->account_count; a++)
		if (is_person(w, a))
			w->excess[a] = people_excess(w, a);
}

/* The edges that are approved, as they would be proposed tonight: what an approval must be good for may be more by now. */
static void
judge_going(struct work *w)
{
	size_t first = w->plan->proposals.count;

	for (size_t i = 0; i < w->in->cut_count; i++) {
		uint32_t e = graph_edge(w, w->in->cuts[i].member, w->in->cuts[i].group);

		if (e == NOWHERE || w->cut[e])
			continue;
		*arena_push(w->mem, &w->chosen) = e;
		cut_edge(w, e, true);
	}
	if (!w->chosen.count)
		return;
	find_excess(w);
	evidence_all(w);
	for (size_t i = first; i < w->plan->proposals.count; i++)
		*arena_push(w->mem, &w->plan->going) = w->plan->proposals.items[i];
	w->plan->proposals.count = first;
	w->chosen.count = 0;
}

static void
judge_people(struct work *w)
{
	people_access(w);
	tell_grants(w);
	judge_going(w);
	cut_approved(w);
	if (w->cuts)
		people_access(w);
	find_excess(w);
	members_tell(w);
	findings_tell(w);
	marks_tell(w);
	tell_conflicts(w);
	planner_cut(w);
	structural_tell(w);
	tell_people(w);
}

static void
forget_clauses(struct work *w)
{
	for (uint32_t r = 0; r < w->role_count; r++)
		json_decref(w->clauses[r]);
}

int
reconcile_all(struct arena *mem, const struct reconcile_input *in, struct plan *plan, struct error *err)
{
	struct work w = { .mem = mem, .in = in, .s = in->snapshot, .plan = plan };

	(void)err;
	for (size_t i = 0; i < in->snapshot->gaps.count; i++)
		*(struct gap *)arena_push(mem, &plan->gaps) = in->snapshot->gaps.items[i];
	for (size_t i = 0; i < in->snapshot->findings.count; i++)
		*arena_push(mem, &plan->findings) = in->snapshot->findings.items[i];
	if (!in->snapshot->complete) {
		*(struct unclear *)arena_push(mem, &plan->unclear) = (struct unclear){ .access = true };
		plan->access_judged = false;
		return 0;
	}
	work_prepare(&w);
	for (uint32_t g = 0; g < w.s->group_count; g++)
		if (w.maybe[g])
			*(struct unclear *)arena_push(mem, &plan->unclear) =
				(struct unclear){ .access = true, .group = w.s->groups[g].key };
	judge_people(&w);
	forget_clauses(&w);
	plan->access.groups = w.s->group_count;
	plan->access.memberships = w.s->edge_count;
	plan->access.systems = (long long)in->rules->system_count;
	plan->access.roles = w.role_count;
	plan->access_judged = true;
	plan_sort(plan);
	return 0;
}

struct set
reconcile_who(struct arena *mem, const struct reconcile_input *in, const struct role *role, bool *all)
{
	struct arena *scratch = arena_open();
	struct plan plan = { 0 };
	struct work w = { .mem = scratch, .in = in, .s = in->snapshot, .plan = &plan };
	struct bits who = bits_open(scratch, in->snapshot->account_count);
	struct set out;

	work_prepare(&w);
	*all = true;
	for (uint32_t r = 0; r < w.role_count; r++)
		*all &= w.roles[r] != role || !w.role_unknown[r];
	for (uint32_t a = 0; a < w.s->account_count; a++) {
		struct set has = people_have(&w, a);

		for (uint32_t i = 0; i < has.count; i++)
			if (w.roles[has.items[i]] == role)
				bits_put(&who, a);
	}
	out = bits_take(mem, &who);
	plan_free(&plan);
	arena_close(scratch);
	return out;
}
