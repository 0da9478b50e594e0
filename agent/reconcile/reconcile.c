/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reconcile.c - access against need: places the roles, judges each person, and plans what may go. */
#include "reconcile_p.h"
#include "behov/json.h"

const char *
work_label(const struct work *w, uint32_t r)
{
	return arena_print(w->mem, "%s/%s", w->roles[r]->system->id, w->roles[r]->id);
}

static void
place_role(struct work *w, uint32_t r)
{
	const struct role *role = w->roles[r];

	for (int i = 0; i < role->group_count; i++) {
		long g = snapshot_group(w->s, role->groups[i]);
		if (g >= 0) {
			put(at(w, w->own, (uint32_t)g), r);
			w->role_unknown[r] = w->role_unknown[r] || w->maybe[g];
			continue;
		}
		w->role_unknown[r] = true;
		work_finding(w, "group-absent", role->system, role, role->groups[i],
			 arena_print(w->mem, "Gruppen '%s' finns inte i katalogen", role->groups[i]));
		*(struct gap *)arena_push(w->mem, &w->plan->gaps) = (struct gap){
			"role", work_label(w, r), NULL, arena_print(w->mem, "gruppen '%s' finns inte", role->groups[i]) };
	}
	if (w->role_unknown[r])
		*(struct unclear *)arena_push(w->mem, &w->plan->unclear) =
			(struct unclear){ .access = true, .system = role->system->id, .role = role->id };
}

void
work_prepare(struct work *w)
{
	const struct rules *rules = w->in->rules;
	size_t groups = (size_t)w->s->group_count + 1, people = (size_t)w->s->account_count + 1, most = 1;

	for (size_t i = 0; i < rules->system_count; i++)
		most += (size_t)rules->systems[i].role_count;
	w->roles = arena_array(w->mem, const struct role *, most);
	for (size_t i = 0; i < rules->system_count; i++)
		for (int k = 0; k < rules->systems[i].role_count; k++)
			w->roles[w->role_count++] = &rules->systems[i].roles[k];
	w->words = w->role_count / 64 + 1;
	w->role_unknown = arena_array(w->mem, bool, most);
	w->maybe = arena_array(w->mem, bool, groups);
	w->cuttable = arena_array(w->mem, bool, groups);
	w->own = arena_array(w->mem, uint64_t, groups * w->words);
	w->reach = arena_array(w->mem, uint64_t, groups * w->words);
	w->certain = arena_array(w->mem, uint64_t, groups * w->words);
	w->need = arena_array(w->mem, uint64_t, people * w->words);
	w->unsure = arena_array(w->mem, uint64_t, people * w->words);
	w->access = arena_array(w->mem, uint64_t, people * w->words);
	graph_link(w);
	graph_spread(w);
	for (uint32_t r = 0; r < w->role_count; r++)
		place_role(w, r);
	work_reach(w);
	graph_cuttable(w);
	need_absent(w);
}

static void
judge_people(struct work *w)
{
	uint64_t *left = arena_array(w->mem, uint64_t, w->words);

	for (uint32_t a = 0; a < w->s->account_count; a++)
		if (w->s->accounts[a].class == ACCOUNT_PERSON) {
			tell_grants(w, a);
			w->plan->access.people++;
		}
	graph_cut(w);
	work_reach(w);
	for (uint32_t a = 0; a < w->s->account_count; a++)
		if (w->s->accounts[a].class == ACCOUNT_PERSON)
			work_judge(w, a);
	members_tell(w);
	tell_systems(w);
	planner_cut(w);
	for (uint32_t a = 0; a < w->s->account_count; a++)
		if (w->s->accounts[a].class == ACCOUNT_PERSON) {
			work_have(w, a, left);
			tell_person(w, a, left);
		}
	tell_sizes(w);
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
	plan->access.groups = w.s->group_count;
	plan->access.memberships = w.s->edge_count;
	plan->access.systems = (long long)in->rules->system_count;
	plan->access.roles = w.role_count;
	plan->access_judged = true;
	plan_sort(plan);
	return 0;
}

/* ------------------------------------------------------------------ why */

static json_t *
explain_role(struct work *w, uint32_t a, uint32_t r)
{
	static const char *const word[] = { [NO] = "no", [YES] = "yes", [UNKNOWN] = "unknown" };
	json_t *o = json_object(), *clauses = json_array();
	const struct role *role = w->roles[r];

	for (int i = 0; i < role->need_count; i++) {
		json_t *one = json_object();
		json_put(one, "text", role->needs[i].text);
		json_put(one, "rule", place_text(w->mem, role->needs[i].at));
		json_put(one, "holds", word[need_clause(w, &w->s->accounts[a], &role->needs[i])]);
		json_array_append_new(clauses, one);
	}
	json_put(o, "system", role->system->id);
	json_put(o, "role", role->id);
	json_object_set_new(o, "clauses", clauses);
	json_object_set_new(o, "access", json_boolean(get(at(w, w->access, a), r)));
	json_put(o, "need", get(at(w, w->need, a), r) ? "yes" : get(at(w, w->unsure, a), r) ? "unknown" : "no");
	json_put(o, "verdict", work_excess(w, a, r) ? "excess" : get(at(w, w->access, a), r) ? "keep" : "none");
	return o;
}

int
reconcile_explain(struct arena *mem, const struct reconcile_input *in, const char *account, const char *system,
		  const char *role, json_t **out, struct error *err)
{
	struct plan plan = { 0 };
	struct work w = { .mem = mem, .in = in, .s = in->snapshot, .plan = &plan };
	long a = snapshot_account(in->snapshot, account);
	json_t *roles;

	if (a < 0)
		return error_set(err, ERROR_USAGE, a == -2 ? "more than one account is called '%s'" :
				 "no account is called '%s'", account);
	work_prepare(&w);
	graph_cut(&w);
	work_reach(&w);
	work_judge(&w, (uint32_t)a);
	roles = json_array();
	for (uint32_t r = 0; r < w.role_count; r++)
		if (strcmp(w.roles[r]->system->id, system) == 0 && (!role || strcmp(w.roles[r]->id, role) == 0))
			json_array_append_new(roles, explain_role(&w, (uint32_t)a, r));
	*out = json_object();
	json_put(*out, "account", w.s->accounts[a].name);
	json_object_set_new(*out, "complete", json_boolean(in->snapshot->complete));
	json_object_set_new(*out, "roles", roles);
	return 0;
}
