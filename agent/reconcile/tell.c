/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tell.c - what the plan tells beside proposals: who has what, what is missing, what is not known, and conflicts. */
#include "reconcile_p.h"

/* "Treserva: rollen Handläggare" */
const char *
tell_role(const struct work *w, uint32_t r)
{
	const struct role *role = w->roles[r];

	return arena_print(w->mem, "%s: rollen %s", role->system->name ? role->system->name : role->system->id,
			   role->name ? role->name : role->id);
}

/* What brakes measure against: how much access each system gives.  end: role -> where its grants end. */
static void
tell_sizes(struct work *w, const uint32_t *end)
{
	uint32_t r = 0;

	for (size_t i = 0; i < w->in->rules->system_count; i++) {
		const struct system *s = &w->in->rules->systems[i];
		uint32_t first = r ? end[r - 1] : 0;

		r += (uint32_t)s->role_count;
		(void)arena_push(w->mem, &w->plan->sizes);
		w->plan->sizes.items[w->plan->sizes.count - 1].scope = arena_print(w->mem, "system:%s", s->id);
		w->plan->sizes.items[w->plan->sizes.count - 1].of = (r ? end[r - 1] : 0) - first;
	}
}

/* plan.grounds: first the clauses, as needs_clauses() has them, then one of each kind that names none. */
static uint32_t
tell_grounds(struct work *w)
{
	const struct clause *const *clauses;
	uint32_t count = needs_clauses(w, &clauses);

	for (uint32_t i = 0; i < count; i++)
		*arena_push(w->mem, &w->plan->grounds) = (struct ground){ GROUND_CLAUSE, clauses[i] };
	for (int kind = GROUND_KEPT; kind < GROUNDS; kind++)
		*arena_push(w->mem, &w->plan->grounds) = (struct ground){ (enum ground_kind)kind, NULL };
	return count;
}

static uint32_t
ground_of(struct work *w, uint32_t a, uint32_t r, uint32_t clauses)
{
	const struct profile *p = needs_of(w, a);
	enum ground_kind kind = GROUND_NONE;

	for (uint32_t low = 0, high = p->need.count; low < high; ) {
		uint32_t middle = low + (high - low) / 2;

		if (p->need.items[middle] == r)
			return p->by[middle];
		if (p->need.items[middle] < r)
			low = middle + 1;
		else
			high = middle;
	}
	if (people_keep(w, a, r))
		kind = GROUND_KEPT;
	else if (people_unsure(w, a, r))
		kind = w->roles[r]->need_count ? GROUND_UNKNOWN : GROUND_UNWRITTEN;
	return clauses + (uint32_t)(kind - GROUND_KEPT);
}

/* Role by role, and in each by account: as the plan is sorted.  How: by the first of their groups that leads there. */
void
tell_grants(struct work *w)
{
	uint32_t *next = arena_array(w->mem, uint32_t, (size_t)w->role_count + 1), *done = arena_array(w->mem, uint32_t, (size_t)w->role_count + 1);
	uint32_t clauses = tell_grounds(w);
	struct grant *all;
	size_t count = 0;

	for (uint32_t a = 0; a < w->s->account_count; a++)
		for (uint32_t i = 0; is_person(w, a) && i < w->access[a].count; i++)
			next[w->access[a].items[i]]++;
	for (uint32_t r = 0; r < w->role_count; r++) {
		uint32_t of = next[r];

		next[r] = (uint32_t)count;
		count += of;
	}
	all = arena_array(w->mem, struct grant, count + 1);
	for (uint32_t a = 0; a < w->s->account_count; a++) {
		if (!is_person(w, a))
			continue;
		w->plan->access.people++;
		for (uint32_t u = w->up_first[node(w, a)]; w->access[a].count && u < w->up_first[node(w, a) + 1]; u++) {
			struct set reach = w->reach[w->up_group[u]];

			for (uint32_t i = 0; i < reach.count; i++) {
				uint32_t r = reach.items[i];

				if (done[r] == a + 1)
					continue;
				done[r] = a + 1;
				all[next[r]++] = (struct grant){ w->roles[r], &w->s->accounts[a], &w->s->groups[w->up_group[u]],
								 members_came(w, w->up[u]), ground_of(w, a, r, clauses) };
			}
		}
	}
	w->plan->grants.items = all;
	w->plan->grants.count = w->plan->grants.room = count;
	tell_sizes(w, next);
}

static void
tell_missing(struct work *w, uint32_t a)
{
	struct set need = needs_of(w, a)->need;

	if (set_within(need, w->access[a]))
		return;
	for (uint32_t i = 0; i < need.count; i++) {
		uint32_t r = need.items[i];

		if (!set_has(w->access[a], r) && !bits_has(&w->open, r) && !w->role_unknown[r])
			*(struct missing *)arena_push(w->mem, &w->plan->missing) =
				(struct missing){ w->roles[r]->system->id, w->roles[r]->id, w->s->accounts[a].name };
	}
}

static void
tell_unclear(struct work *w, uint32_t a)
{
	struct set has = w->access[a];

	for (uint32_t i = 0; i < has.count; i++)
		if (people_unsure(w, a, has.items[i]))
			*(struct unclear *)arena_push(w->mem, &w->plan->unclear) = (struct unclear){
				.access = true, .system = w->roles[has.items[i]]->system->id, .role = w->roles[has.items[i]]->id,
				.key = w->s->accounts[a].key };
}

void
tell_people(struct work *w)
{
	for (uint32_t a = 0; a < w->s->account_count; a++) {
		if (!is_person(w, a))
			continue;
		tell_missing(w, a);
		tell_unclear(w, a);
	}
}

void
tell_trouble(struct work *w, const char *kind, const struct system *s, const struct role *r, const char *group,
	 const char *text)
{
	*(struct finding *)arena_push(w->mem, &w->plan->findings) =
		(struct finding){ .kind = kind, .system = s->id, .role = r ? r->id : NULL, .group = group, .text = text };
}

static uint32_t
role_number(const struct work *w, const struct system *system, const char *name)
{
	for (uint32_t r = 0; r < w->role_count; r++)
		if ((w->roles[r]->system == system && strcmp(w->roles[r]->id, name) == 0) || strcmp(w->labels[r], name) == 0)
			return r;
	return NOWHERE;
}

static int
count_of(struct set roles, struct set of)
{
	int count = 0;

	for (uint32_t i = 0; i < of.count && roles.count > 1; i++)
		count += set_has(roles, of.items[i]);
	return count;
}

/* Rules that contradict each other: who needs both of what may not meet in one person. */
static void
tell_contradiction(struct work *w, const struct system *system, const struct conflict *c, const char *both, long long people)
{
	if (people)
		tell_trouble(w, "needs-conflict", system, NULL, NULL, arena_print(w->mem,
			     "%s: %lld %s har skrivna behov av flera av %s, som inte får förenas (%s)", system->name ? system->name : system->id,
			     people, people == 1 ? "person" : "personer", both, place_text(w->mem, c->at)));
}

static void
tell_conflict(struct work *w, const struct system *system, const struct conflict *c)
{
	long long contradictions = 0;
	const char *both = "";
	struct set of;

	for (int i = 0; i < c->count; i++) {
		uint32_t r = role_number(w, system, c->roles[i]);

		if (r == NOWHERE)
			continue;
		bits_put(&w->roles_here, r);
		both = arena_print(w->mem, "%s%s%s", both, *both ? " och " : "", w->labels[r]);
	}
	of = bits_take(w->mem, &w->roles_here);
	for (uint32_t a = 0; a < w->s->account_count; a++) {
		const char **held = NULL;
		int n = 0;

		if (!is_person(w, a))
			continue;
		contradictions += count_of(needs_of(w, a)->need, of) > 1;
		if (count_of(w->access[a], of) < 2)
			continue;
		held = arena_array(w->mem, const char *, of.count);
		for (uint32_t i = 0; i < of.count; i++)
			if (set_has(w->access[a], of.items[i]))
				held[n++] = w->labels[of.items[i]];
		*(struct clash *)arena_push(w->mem, &w->plan->conflicts) = (struct clash){
			system->id, w->s->accounts[a].name, c->why, held, n, c->at };
		marks_conflict(w, &w->plan->conflicts.items[w->plan->conflicts.count - 1], a);
	}
	tell_contradiction(w, system, c, both, contradictions);
}

void
tell_conflicts(struct work *w)
{
	for (size_t i = 0; i < w->in->rules->system_count; i++)
		for (int k = 0; k < w->in->rules->systems[i].conflict_count; k++)
			tell_conflict(w, &w->in->rules->systems[i], &w->in->rules->systems[i].conflicts[k]);
}
