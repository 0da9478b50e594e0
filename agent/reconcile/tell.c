/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tell.c - what the plan tells beside proposals: who has what, what is missing, what stays, conflicts and findings. */
#include "reconcile_p.h"

void
tell_grants(struct work *w, uint32_t a)
{
	const struct account *who = &w->s->accounts[a];

	for (uint32_t r = 0; r < w->role_count; r++)
		for (uint32_t u = w->up_first[node(w, a)]; u < w->up_first[node(w, a) + 1]; u++)
			if (get(at(w, w->reach, w->from[w->up[u]]), r) && !w->cut[w->up[u]]) {
				struct grant *g = arena_push(w->mem, &w->plan->grants);
				*g = (struct grant){ w->roles[r]->system->id, w->roles[r]->id, who->name, who->key,
						     w->s->groups[w->from[w->up[u]]].dn };
				break;
			}
}

void
tell_person(struct work *w, uint32_t a, const uint64_t *left)
{
	const struct account *who = &w->s->accounts[a];

	for (uint32_t r = 0; r < w->role_count; r++) {
		const char *system = w->roles[r]->system->id, *role = w->roles[r]->id, *via = NULL;
		bool has = get(at(w, w->access, a), r), unsure = get(at(w, w->unsure, a), r);
		for (uint32_t u = w->up_first[node(w, a)]; u < w->up_first[node(w, a) + 1]; u++)
			if (!via && get(at(w, w->reach, w->from[w->up[u]]), r))
				via = w->s->groups[w->from[w->up[u]]].dn;
		if (work_excess(w, a, r))
			w->plan->access.excess++;
		if (work_excess(w, a, r) && get(left, r))
			*(struct structural *)arena_push(w->mem, &w->plan->structural) = (struct structural){
				system, role, who->name, via, members_stay(w, a, r) };
		if (!has && !get(w->open, r) && get(at(w, w->need, a), r) && !w->role_unknown[r] && !unsure)
			*(struct missing *)arena_push(w->mem, &w->plan->missing) =
				(struct missing){ system, role, who->name };
		if (unsure && has)
			*(struct unclear *)arena_push(w->mem, &w->plan->unclear) =
				(struct unclear){ .access = true, .system = system, .role = role, .key = who->key };
	}
}

void
work_finding(struct work *w, const char *kind, const struct system *s, const struct role *r, const char *group,
	 const char *text)
{
	*(struct finding *)arena_push(w->mem, &w->plan->findings) =
		(struct finding){ .kind = kind, .system = s->id, .role = r ? r->id : NULL, .group = group, .text = text };
}

static long
role_index(const struct work *w, const struct system *system, const char *name)
{
	for (uint32_t r = 0; r < w->role_count; r++)
		if ((w->roles[r]->system == system && strcmp(w->roles[r]->id, name) == 0) ||
		    strcmp(work_label(w, r), name) == 0)
			return (long)r;
	return -1;
}

static void
tell_conflicts(struct work *w, const struct system *system, const struct conflict *c)
{
	for (uint32_t a = 0; a < w->s->account_count; a++) {
		const char **held = arena_array(w->mem, const char *, (size_t)c->count + 1);
		int n = 0;
		for (int i = 0; i < c->count && w->s->accounts[a].class == ACCOUNT_PERSON; i++) {
			long r = role_index(w, system, c->roles[i]);
			if (r >= 0 && get(at(w, w->access, a), (uint32_t)r))
				held[n++] = work_label(w, (uint32_t)r);
		}
		if (n > 1)
			*(struct clash *)arena_push(w->mem, &w->plan->conflicts) = (struct clash){
				system->id, w->s->accounts[a].name, c->why, held, n, c->at };
	}
}

static void
govern(struct work *w, const struct system *s)
{
	const char *name = s->name ? s->name : s->id;

	if (!s->owner || !*s->owner)
		work_finding(w, "system-without-owner", s, NULL, NULL, arena_print(w->mem, "%s saknar ägare", name));
	if (s->class.konfidentialitet < 0 || s->class.riktighet < 0 || s->class.tillganglighet < 0)
		work_finding(w, "system-without-class", s, NULL, NULL, arena_print(w->mem, "%s saknar klassning", name));
	if (s->critical && (!s->analysis || !*s->analysis))
		work_finding(w, "critical-without-analysis", s, NULL, NULL,
			 arena_print(w->mem, "%s är samhällsviktigt men saknar systemsäkerhetsanalys", name));
	for (int i = 0; i < s->role_count; i++)
		if (!s->roles[i].need_count)
			work_finding(w, "role-without-needs", s, &s->roles[i], NULL,
				 arena_print(w->mem, "%s: rollen %s har inget skrivet behov", name, s->roles[i].id));
	for (int i = 0; i < s->conflict_count; i++)
		tell_conflicts(w, s, &s->conflicts[i]);
}

void
tell_systems(struct work *w)
{
	for (size_t i = 0; i < w->in->rules->system_count; i++)
		govern(w, &w->in->rules->systems[i]);
}

void
tell_sizes(struct work *w)
{
	for (size_t i = 0; i < w->in->rules->system_count; i++) {
		const char *id = w->in->rules->systems[i].id;
		long long of = 0;
		for (size_t k = 0; k < w->plan->grants.count; k++)
			of += strcmp(w->plan->grants.items[k].system, id) == 0;
		(void)arena_push(w->mem, &w->plan->sizes);
		w->plan->sizes.items[w->plan->sizes.count - 1].scope = arena_print(w->mem, "system:%s", id);
		w->plan->sizes.items[w->plan->sizes.count - 1].of = of;
	}
}
