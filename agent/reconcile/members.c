/* SPDX-License-Identifier: GPL-3.0-or-later */
/* members.c - what stands in the groups of roles and is no person: principals of elsewhere, and those that anybody is. */
#include "reconcile_p.h"

static void
tell(struct work *w, uint32_t a, uint32_t r)
{
	const struct account *who = &w->s->accounts[a];
	const struct role *role = w->roles[r];
	const char *system = role->system->name ? role->system->name : role->system->id;
	bool anybody = who->class == ACCOUNT_EVERYBODY;

	*arena_push(w->mem, &w->plan->findings) = (struct finding){
		.kind = anybody ? "unbounded-access" : "foreign-member", .system = role->system->id, .role = role->id,
		.account = who->sid ? who->sid : who->name, .text = anybody ? arena_print(w->mem,
			"%s: rollen %s är öppen för alla som loggar in (%s)", system, role->name ? role->name : role->id, who->sid) : arena_print(w->mem,
			"%s: i rollen %s finns %s från en annan domän, som vi inte läser: vem det är och vilka som ingår "
			"vet vi inte", system, role->name ? role->name : role->id, who->sid ? who->sid : who->name),
	};
}

void
members_tell(struct work *w)
{
	w->open = arena_array(w->mem, uint64_t, w->words);
	for (uint32_t a = 0; a < w->s->account_count; a++) {
		enum account_class class = w->s->accounts[a].class;
		uint64_t *set;

		if (class != ACCOUNT_EVERYBODY && class != ACCOUNT_FOREIGN)
			continue;
		set = at(w, w->access, a);
		work_have(w, a, set);
		for (uint32_t r = 0; r < w->role_count; r++) {
			if (!get(set, r))
				continue;
			tell(w, a, r);
			if (class == ACCOUNT_EVERYBODY)
				put(w->open, r);
		}
	}
}

/* ------------------------------------------------------------------ moments of edges */

static int64_t
moment_of(const struct edge_moment *list, size_t count, uint32_t edge)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (list[middle].edge < edge)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && list[low].edge == edge ? list[low].moment : INT64_MIN;
}

int64_t
members_added(const struct work *w, uint32_t edge)
{
	return moment_of(w->s->added.items, w->s->added.count, edge);
}

const char *
members_stay(const struct work *w, uint32_t a, uint32_t r)
{
	int64_t last = INT64_MIN;

	for (uint32_t u = w->up_first[node(w, a)]; u < w->up_first[node(w, a) + 1]; u++) {
		uint32_t e = w->up[u];
		int64_t ends;

		if (w->cut[e] || !get(at(w, w->reach, w->from[e]), r))
			continue;
		if (!w->s->edges[e].timed)
			return "Åtkomsten följer med ett medlemskap som inte kan tas bort utan att annan åtkomst påverkas.";
		ends = moment_of(w->s->ends.items, w->s->ends.count, e);
		last = ends > last ? ends : last;
	}
	return arena_print(w->mem, "Medlemskapet är tidsbegränsat och upphör av sig självt %s.",
			   last == INT64_MIN ? "" : day_text(w->mem, clock_day(last)));
}
