/* SPDX-License-Identifier: GPL-3.0-or-later */
/* members.c - what stands in the groups of roles and is no person: principals of elsewhere, and those that anybody is. */
#include "reconcile_p.h"

static void
tell(struct work *w, const char *kind, uint32_t r, const char *account, const char *text)
{
	*arena_push(w->mem, &w->plan->findings) = (struct finding){ .kind = kind, .system = w->roles[r]->system->id,
								    .role = w->roles[r]->id, .account = account, .text = text };
}

/* One finding for all foreign members of a role, and one for each principal that anybody is. */
void
members_tell(struct work *w)
{
	uint32_t *foreign = arena_array(w->mem, uint32_t, (size_t)w->role_count + 1);
	const char **first = arena_array(w->mem, const char *, (size_t)w->role_count + 1);

	for (uint32_t a = 0; a < w->s->account_count; a++) {
		const struct account *who = &w->s->accounts[a];
		const char *name = who->sid ? who->sid : who->name;

		if (who->class != ACCOUNT_EVERYBODY && who->class != ACCOUNT_FOREIGN)
			continue;
		for (uint32_t i = 0; i < w->access[a].count; i++) {
			uint32_t r = w->access[a].items[i];

			if (who->class == ACCOUNT_EVERYBODY) {
				bits_put(&w->open, r);
				tell(w, "unbounded-access", r, name, arena_print(w->mem, "%s är öppen för alla som loggar in (%s)",
										 tell_role(w, r), name));
			} else if (!foreign[r]++ || strcmp(name, first[r]) < 0) {
				first[r] = name;
			}
		}
	}
	for (uint32_t r = 0; r < w->role_count; r++)
		if (foreign[r])
			tell(w, "foreign-member", r, first[r], arena_print(w->mem, "%s har %u medlemmar från domäner som vi inte "
				"läser, den första är %s: vilka det är vet vi inte", tell_role(w, r), foreign[r], first[r]));
}

/* ------------------------------------------------------------------ moments of edges */

static const struct edge_moment *
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
	return low < count && list[low].edge == edge ? &list[low] : NULL;
}

const struct edge_moment *
members_came(const struct work *w, uint32_t edge)
{
	return moment_of(w->s->added.items, w->s->added.count, edge);
}

int64_t
members_added(const struct work *w, uint32_t edge)
{
	const struct edge_moment *m = members_came(w, edge);

	return m ? m->moment : INT64_MIN;
}

int64_t
members_ends(const struct work *w, uint32_t edge)
{
	const struct edge_moment *m = moment_of(w->s->ends.items, w->s->ends.count, edge);

	return m ? m->moment : INT64_MIN;
}
