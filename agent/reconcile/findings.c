/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * findings.c - what is odd about access and about the rules, and that a person should see to.
 *
 * One finding for each role and kind, with how many they are and the first few names: nobody reads four hundred lines.
 */
#include "reconcile_p.h"

#define NAMES_MOST 5

/* Somebody, of a role. */
struct noted { uint32_t role; const char *name; };
struct notes { LIST(struct noted) list; };

static int
by_role_and_name(const void *a, const void *b)
{
	const struct noted *x = a, *y = b;

	if (x->role != y->role)
		return x->role < y->role ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* "anna, bo och 3 till" */
static const char *
first_names(const struct work *w, const struct noted *list, size_t count)
{
	const char *text = "";

	for (size_t i = 0; i < count && i < NAMES_MOST; i++)
		text = arena_print(w->mem, "%s%s%s", text, i ? ", " : "", list[i].name);
	return count > NAMES_MOST ? arena_print(w->mem, "%s och %zu till", text, count - NAMES_MOST) : text;
}

static void
note(struct work *w, struct notes *to, uint32_t r, const char *name)
{
	*(struct noted *)arena_push(w->mem, &to->list) = (struct noted){ r, name };
}

/* For each role that somebody was noted for.  `one` and `many` are what comes between the role and the names. */
static void
tell_notes(struct work *w, const char *kind, struct notes *notes, const char *one, const char *many)
{
	size_t end;

	if (notes->list.count > 1)
		qsort(notes->list.items, notes->list.count, sizeof(*notes->list.items), by_role_and_name);
	for (size_t i = 0; i < notes->list.count; i = end) {
		const struct noted *first = &notes->list.items[i];
		const char *names;

		for (end = i; end < notes->list.count && notes->list.items[end].role == first->role; end++)
			;
		names = first_names(w, first, end - i);
		tell_trouble(w, kind, w->roles[first->role]->system, w->roles[first->role], NULL,
			     end - i == 1 ? arena_print(w->mem, "%s %s: %s", tell_role(w, first->role), one, names) :
			     arena_print(w->mem, "%s har %zu %s: %s", tell_role(w, first->role), end - i, many, names));
	}
}

/* ------------------------------------------------------------------ accounts that have roles */

struct accounts_noted { struct notes disabled, expired, services, dormant; };

static void
note_person(struct work *w, struct accounts_noted *to, uint32_t a, bool logons_known, const int *dormant)
{
	const struct account *who = &w->s->accounts[a];

	for (uint32_t i = 0; i < w->access[a].count; i++) {
		uint32_t r = w->access[a].items[i];

		if (who->disabled)
			note(w, &to->disabled, r, who->name);
		else if (who->expired)
			note(w, &to->expired, r, who->name);
		else if (logons_known && dormant[r] && marks_dormant(w, who, dormant[r]))
			note(w, &to->dormant, r, who->name);
	}
}

static void
tell_dormant(struct work *w, struct notes *notes, const int *days)
{
	int late = w->s->sync_days ? w->s->sync_days : 14;
	struct notes one = { 0 };

	/* The limit is the role's own, so each role's line is its own. */
	for (size_t i = 0; i < notes->list.count; i++) {
		uint32_t r = notes->list.items[i].role;

		*(struct noted *)arena_push(w->mem, &one.list) = notes->list.items[i];
		if (i + 1 < notes->list.count && notes->list.items[i + 1].role == r)
			continue;
		tell_notes(w, "dormant-member", &one,
			   arena_print(w->mem, "har någon som inte har loggat in på %d dagar (uppgiften kan släpa %d dagar)", days[r], late),
			   arena_print(w->mem, "personer som inte har loggat in på %d dagar (uppgiften kan släpa %d dagar)", days[r], late));
		one.list.count = 0;
	}
}

static void
tell_accounts(struct work *w)
{
	struct accounts_noted to = { 0 };
	struct notes left = { 0 };
	int *dormant = marks_dormant_days(w);
	bool logons_known = marks_logons_known(w);

	for (uint32_t a = 0; a < w->s->account_count; a++) {
		const struct account *who = &w->s->accounts[a];

		if (is_person(w, a)) {
			note_person(w, &to, a, logons_known, dormant);
			if (who->left && !who->disabled && !who->expired)
				note(w, &left, 0, who->name);
		} else if ((who->class == ACCOUNT_SERVICE || who->class == ACCOUNT_GMSA) && !who->manager) {
			for (uint32_t i = 0; i < w->access[a].count; i++)
				note(w, &to.services, w->access[a].items[i], who->name);
		}
	}
	tell_notes(w, "disabled-member", &to.disabled, "har ett avstängt konto", "avstängda konton");
	tell_notes(w, "expired-member", &to.expired, "har ett konto vars giltighet har gått ut", "konton vars giltighet har gått ut");
	tell_notes(w, "service-without-owner", &to.services, "har ett servicekonto som ingen ansvarar för",
		   "servicekonton som ingen ansvarar för");
	if (to.dormant.list.count > 1)
		qsort(to.dormant.list.items, to.dormant.list.count, sizeof(struct noted), by_role_and_name);
	tell_dormant(w, &to.dormant, dormant);
	if (left.list.count > 1)
		qsort(left.list.items, left.list.count, sizeof(struct noted), by_role_and_name);
	if (left.list.count)
		*arena_push(w->mem, &w->plan->findings) = (struct finding){ .kind = "left-enabled", .text = arena_print(w->mem,
			"%zu %s har slutat men har konton som inte är avstängda: %s", left.list.count,
			left.list.count == 1 ? "person" : "personer", first_names(w, left.list.items, left.list.count)) };
}

/* ------------------------------------------------------------------ groups */

/* People directly in a role's group, where most of those who have the role have it through groups in that group. */
static void
tell_bypass(struct work *w, uint32_t r, uint32_t g)
{
	const struct group *group = &w->s->groups[g];
	uint32_t people = 0, groups = 0, through = 0;
	struct noted *direct = arena_array(w->mem, struct noted, (size_t)group->count + 1);
	const char *one = NULL;

	for (uint32_t e = group->first; e < group->first + group->count; e++) {
		const struct edge *edge = &w->s->edges[e];

		if (is_cut(w, e))
			continue;
		if (edge->is_group && w->s->groups[edge->member].security) {
			groups++;
			through += w->s->groups[edge->member].count;
			one = one ? one : w->s->groups[edge->member].name;
		} else if (!edge->is_group && is_person(w, edge->member)) {
			direct[people++].name = w->s->accounts[edge->member].name;
		}
	}
	if (!groups || !people || people >= through)
		return;
	qsort(direct, people, sizeof(*direct), by_role_and_name);
	tell_trouble(w, "direct-member", w->roles[r]->system, w->roles[r], group->dn, arena_print(w->mem,
		"%s ges genom grupper i %s, som %s, men %u %s ligger direkt i den: %s", tell_role(w, r), group->name, one, people,
		people == 1 ? "person" : "personer", first_names(w, direct, people)));
}

static uint64_t
members_hash(const struct work *w, uint32_t g)
{
	uint64_t h = w->s->groups[g].count;

	for (uint32_t e = w->s->groups[g].first; e < w->s->groups[g].first + w->s->groups[g].count; e++) {
		h = (h ^ (w->s->edges[e].member * 2u + w->s->edges[e].is_group)) * UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 29;
	}
	return h;
}

static bool
same_members(const struct work *w, uint32_t x, uint32_t y)
{
	const struct group *a = &w->s->groups[x], *b = &w->s->groups[y];

	if (a->count != b->count || a->unknown || b->unknown)
		return false;
	for (uint32_t i = 0; i < a->count; i++) {
		const struct edge *e = &w->s->edges[a->first + i], *f = &w->s->edges[b->first + i];

		if (e->member != f->member || e->is_group != f->is_group)
			return false;
	}
	return true;
}

struct alike { uint64_t hash; uint32_t group; };

static int
by_hash(const void *a, const void *b)
{
	const struct alike *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return (x->group > y->group) - (x->group < y->group);
}

/* Two groups of roles with the very same members; of fewer than three it says nothing. */
static void
tell_alike(struct work *w)
{
	LIST(struct alike) all = { 0 };

	for (uint32_t g = 0; g < w->s->group_count; g++)
		if (w->own[g].count && w->s->groups[g].count > 2)
			*(struct alike *)arena_push(w->mem, &all) = (struct alike){ members_hash(w, g), g };
	if (all.count > 1)
		qsort(all.items, all.count, sizeof(*all.items), by_hash);
	for (size_t i = 1; i < all.count; i++) {
		uint32_t g = all.items[i - 1].group, other = all.items[i].group, r = w->own[g].items[0];

		if (all.items[i].hash == all.items[i - 1].hash && same_members(w, g, other))
			tell_trouble(w, "groups-alike", w->roles[r]->system, w->roles[r], w->s->groups[g].dn,
				     arena_print(w->mem, "Grupperna %s och %s har samma %u medlemmar: behövs båda?", w->s->groups[g].name,
						 w->s->groups[other].name, w->s->groups[g].count));
	}
}

static void
tell_groups(struct work *w)
{
	LIST(struct noted) strange = { 0 };

	for (uint32_t g = 0; g < w->s->group_count; g++) {
		const struct group *group = &w->s->groups[g];

		for (uint32_t i = 0; i < w->own[g].count; i++) {
			uint32_t r = w->own[g].items[i];

			if (!group->count && !group->unknown)
				tell_trouble(w, "empty-group", w->roles[r]->system, w->roles[r], group->dn,
					     arena_print(w->mem, "%s: gruppen %s är tom", tell_role(w, r), group->name));
			tell_bypass(w, r, g);
		}
		if (w->unregistered[g] && group->security && group->count)
			*(struct noted *)arena_push(w->mem, &strange) = (struct noted){ 0, group->name };
	}
	tell_alike(w);
	if (strange.count > 1)
		qsort(strange.items, strange.count, sizeof(*strange.items), by_role_and_name);
	if (strange.count)
		*arena_push(w->mem, &w->plan->findings) = (struct finding){ .kind = "unregistered-group", .text = arena_print(w->mem,
			"%zu %s behörighet utan att höra till något registrerat system: %s", strange.count,
			strange.count == 1 ? "grupp ger" : "grupper ger", first_names(w, strange.items, strange.count)) };
}

/* ------------------------------------------------------------------ rules */

/* Nobody decides on their own access, so somebody else must be there who can. */
static void
tell_alone(struct work *w, const struct system *s)
{
	long owner = s->owner && !s->deputy_count ? snapshot_account(w->s, s->owner) : -1;

	for (uint32_t i = 0; owner >= 0 && i < w->access[owner].count; i++)
		if (w->roles[w->access[owner].items[i]]->system == s) {
			tell_trouble(w, "owner-alone", s, w->roles[w->access[owner].items[i]], NULL,
				     arena_print(w->mem, "%s har ägaren själv, och ingen ersättare finns som kan besluta om det",
						 tell_role(w, w->access[owner].items[i])));
			return;
		}
}

static void
govern(struct work *w, const struct system *s)
{
	const char *name = s->name ? s->name : s->id;

	if (!s->owner || !*s->owner)
		tell_trouble(w, "system-without-owner", s, NULL, NULL, arena_print(w->mem, "%s saknar ägare", name));
	if (s->class.konfidentialitet < 0 || s->class.riktighet < 0 || s->class.tillganglighet < 0)
		tell_trouble(w, "system-without-class", s, NULL, NULL, arena_print(w->mem, "%s saknar klassning", name));
	if (s->critical && (!s->analysis || !*s->analysis))
		tell_trouble(w, "critical-without-analysis", s, NULL, NULL,
			     arena_print(w->mem, "%s är samhällsviktigt men saknar systemsäkerhetsanalys", name));
	tell_alone(w, s);
	for (int i = 0; i < s->role_count; i++)
		if (!s->roles[i].need_count)
			tell_trouble(w, "role-without-needs", s, &s->roles[i], NULL,
				     arena_print(w->mem, "%s: rollen %s har inget skrivet behov", name, s->roles[i].id));
}

/* Of few people it says nothing that everybody needs a role. */
#define EVERYBODY_LEAST 10

static void
tell_needs(struct work *w)
{
	long long people = 0, *need = arena_array(w->mem, long long, (size_t)w->role_count + 1);

	for (uint32_t a = 0; a < w->s->account_count; a++)
		people += is_person(w, a) && !w->s->accounts[a].left;
	needs_count(w, need);
	for (uint32_t r = 0; r < w->role_count; r++)
		if (people >= EVERYBODY_LEAST && need[r] == people)
			tell_trouble(w, "need-matches-everybody", w->roles[r]->system, w->roles[r], NULL, arena_print(w->mem,
				"%s: det skrivna behovet stämmer på alla %lld personer, så ingen kan ha den i onödan", tell_role(w, r), people));
	needs_tell_unused(w);
}

void
findings_tell(struct work *w)
{
	for (size_t i = 0; i < w->in->rules->system_count; i++)
		govern(w, &w->in->rules->systems[i]);
	tell_needs(w);
	tell_accounts(w);
	tell_groups(w);
}
