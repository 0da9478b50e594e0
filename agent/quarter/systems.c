/* SPDX-License-Identifier: GPL-3.0-or-later */
/* systems.c - each system: whose, how sensitive, its roles, who has them by which need, and what is new. */
#include "quarter_p.h"

/* ------------------------------------------------------------------ roles */

static int
by_need_and_name(const void *a, const void *b)
{
	const struct named *x = a, *y = b;

	return x->need != y->need ? (x->need > y->need) - (x->need < y->need) : strcmp(x->account, y->account);
}

/* Who has not changed, under the need they have it by. */
static json_t *
same_json(const struct quarter *q, struct role_sum *r)
{
	json_t *rows = json_array();
	size_t end;

	if (!q->same_named)
		return rows;
	if (r->same.count > 1)
		qsort(r->same.items, r->same.count, sizeof(*r->same.items), by_need_and_name);
	for (size_t i = 0; i < r->same.count; i = end) {
		const struct stored_need *need = need_of(q, r->same.items[i].need);
		json_t *o = json_object();
		struct text t;

		text_open(&t, 1 << 24);
		for (end = i; end < r->same.count && r->same.items[end].need == r->same.items[i].need; end++)
			text_print(&t, "%s%s", end > i ? ", " : "", straight(q->mem, r->same.items[end].account));
		json_put(o, "need", need_said(q->mem, q, r->same.items[i].need));
		json_put(o, "place", need ? straight(q->mem, need->place) : NULL);
		json_put(o, "people", t.data);
		put_number(o, "count", (long long)(end - i));
		json_array_append_new(rows, o);
		text_close(&t);
	}
	return rows;
}

static json_t *
changes_json(const struct quarter *q, const struct role_sum *r)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < r->changed.count; i++) {
		const struct named *n = &r->changed.items[i];
		bool gone = n->until != INT64_MIN;
		json_t *o = json_object();

		json_put(o, "who", straight(q->mem, n->account));
		json_put(o, "change", change_word[n->change]);
		json_put(o, "day", gone && n->change != CHANGE_PASSED ? arena_print(q->mem, "(sågs senast %s)", day_of(q->mem, n->until))
			 : day_of(q->mem, gone ? n->until : n->since));
		json_put(o, "need", need_said(q->mem, q, n->need));
		json_array_append_new(rows, o);
	}
	return rows;
}

static json_t *
role_json(const struct quarter *q, const struct role *role, struct role_sum *r)
{
	json_t *o = json_object();

	json_put(o, "name", straight(q->mem, role && role->name ? role->name : role ? role->id : r->id));
	put_number(o, "people", r->people);
	put_number(o, "before", r->before);
	put_number(o, "added", r->change[CHANGE_NEW]);
	put_number(o, "removed", r->change[CHANGE_GONE]);
	put_number(o, "back", r->change[CHANGE_BACK]);
	put_number(o, "passed", r->change[CHANGE_PASSED]);
	put_number(o, "needs", role ? role->need_count : 0);
	put_number(o, "without", r->grounds[GROUND_NONE] + r->grounds[GROUND_UNWRITTEN]);
	json_object_set_new(o, "changes", changes_json(q, r));
	json_object_set_new(o, "has_changes", json_boolean(r->changed.count > 0));
	json_object_set_new(o, "same", same_json(q, r));
	json_object_set_new(o, "has_same", json_boolean(q->same_named && r->same.count > 0));
	json_put(o, "same_count", r->change[CHANGE_NONE] ? people_text(q->mem, r->change[CHANGE_NONE]) : NULL);
	return o;
}

static struct role_sum *
role_of(struct system_sum *sum, const char *id)
{
	for (size_t i = 0; sum && i < sum->roles.count; i++)
		if (strcmp(sum->roles.items[i].id, id) == 0)
			return &sum->roles.items[i];
	return NULL;
}

static json_t *
roles_json(const struct quarter *q, const struct system *system, struct system_sum *sum)
{
	json_t *roles = json_array();

	for (int i = 0; system && i < system->role_count; i++) {
		struct role_sum none = { .id = system->roles[i].id }, *r = role_of(sum, system->roles[i].id);

		json_array_append_new(roles, role_json(q, &system->roles[i], r ? r : &none));
	}
	for (size_t i = 0; sum && i < sum->roles.count; i++) {
		struct role_sum *r = &sum->roles.items[i];

		if (!system || !rules_role(q->in->rules, system->id, r->id))
			json_array_append_new(roles, role_json(q, NULL, r));
	}
	return roles;
}

/* ------------------------------------------------------------------ systems */

static const char *
class_text(struct arena *mem, const struct class *c)
{
	if (c->konfidentialitet < 0)
		return NULL;
	return arena_print(mem, "K%d R%d T%d%s", c->konfidentialitet, c->riktighet, c->tillganglighet,
			   c->sparbarhet < 0 ? "" : arena_print(mem, " S%d", c->sparbarhet));
}

static int
put_owner(struct quarter *q, json_t *o, const struct system *s, struct error *err)
{
	const char *owner = NULL, *deputies = NULL, *one;

	if (s && store_shown(q->mem, q->in->store, s->owner, &owner, err) < 0)
		return -1;
	for (int i = 0; s && i < s->deputy_count; i++) {
		if (store_shown(q->mem, q->in->store, s->deputies[i], &one, err) < 0)
			return -1;
		deputies = arena_print(q->mem, "%s%s%s", deputies ? deputies : "", deputies ? ", " : "", one);
	}
	json_put(o, "owner", owner && *owner ? straight(q->mem, owner) : NULL);
	json_put(o, "deputies", straight(q->mem, deputies));
	return 0;
}

static json_t *
told_json(void)
{
	static const char *const titles[TOLDS] = { "Borttaget efter beslut", "Behålls efter beslut", "Väntar på svar", "Godkänt men inte genomfört",
						   "Konton att känna till", "Iakttagelser" };
	json_t *list = json_array();

	for (int i = 0; i < TOLDS; i++)
		json_array_append_new(list, json_pack("{s:s, s:[], s:i, s:n}", "title", titles[i], "rows", "count", 0, "more"));
	return list;
}

static int
put_system(struct quarter *q, json_t *list, const char *id, const struct system *s, struct system_sum *sum, struct error *err)
{
	json_t *o = json_object();
	long long told = 0;

	json_array_append_new(list, o);
	json_object_set(q->by_system, id, o);
	json_put(o, "id", straight(q->mem, id));
	json_put(o, "anchor", arena_print(q->mem, "system-%zu", json_array_size(list)));
	json_put(o, "name", straight(q->mem, s && s->name ? s->name : id));
	json_put(o, "unit", s ? straight(q->mem, s->unit) : NULL);
	json_put(o, "class", s ? class_text(q->mem, &s->class) : NULL);
	json_object_set_new(o, "critical", json_boolean(s && s->critical));
	json_put(o, "analysis", s && s->analysis && *s->analysis ? straight(q->mem, s->analysis) : NULL);
	json_object_set_new(o, "registered", json_boolean(s != NULL));
	json_put(o, "caption", arena_print(q->mem, "%s (%s förut), %s, %s", people_text(q->mem, sum ? sum->people : 0),
					   text_count(q->mem, sum ? sum->before : 0),
					   many(q->mem, sum ? sum->change[CHANGE_NEW] : 0, "ny behörighet", "nya behörigheter"),
					   many(q->mem, sum ? sum->change[CHANGE_GONE] : 0, "borttagen", "borttagna")));
	put_number(o, "people", sum ? sum->people : 0);
	put_number(o, "before", sum ? sum->before : 0);
	put_number(o, "added", sum ? sum->change[CHANGE_NEW] : 0);
	put_number(o, "removed", sum ? sum->change[CHANGE_GONE] : 0);
	put_number(o, "back", sum ? sum->change[CHANGE_BACK] : 0);
	put_number(o, "passed", sum ? sum->change[CHANGE_PASSED] : 0);
	put_number(o, "answers", 0);
	json_object_set_new(o, "roles", roles_json(q, s, sum));
	for (size_t i = 0; sum && i < sum->roles.count; i++)
		told += (long long)sum->roles.items[i].changed.count;
	json_put(o, "more", sum && sum->named > told ? text_count(q->mem, sum->named - told) : NULL);
	json_object_set_new(o, "told", told_json());
	return put_owner(q, o, s, err);
}

static struct system_sum *
sum_of(struct quarter *q, const char *id)
{
	size_t low = 0, high = q->systems.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int c = strcmp(q->systems.items[middle].id, id);

		if (c == 0)
			return &q->systems.items[middle];
		if (c < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

int
put_systems(struct quarter *q, struct error *err)
{
	const struct rules *r = q->in->rules;
	json_t *list = put_list(q->page, "systems");

	q->by_system = json_object();
	for (size_t i = 0; i < r->system_count; i++)
		if (is_mine(q, r->systems[i].id, NULL, NULL) &&
		    put_system(q, list, r->systems[i].id, &r->systems[i], sum_of(q, r->systems[i].id), err) < 0)
			return -1;
	for (size_t i = 0; i < q->systems.count; i++)
		if (!q->systems.items[i].rules && put_system(q, list, q->systems.items[i].id, NULL, &q->systems.items[i], err) < 0)
			return -1;
	return 0;
}

/* ------------------------------------------------------------------ line by line */

void
tell_system(struct quarter *q, const char *system, enum told what, const char *text, const char *detail)
{
	json_t *part = json_array_get(json_object_get(system ? json_object_get(q->by_system, system) : NULL, "told"), (size_t)what), *o;
	long long count = json_number(part, "count", 0);

	if (!part)
		return;
	put_number(part, "count", count + 1);
	if (count >= q->lines / 2) {
		json_put(part, "more", text_count(q->mem, count + 1 - q->lines / 2));
		return;
	}
	o = json_object();
	json_put(o, "text", text);
	json_put(o, "detail", detail);
	json_array_append_new(json_object_get(part, "rows"), o);
}

/* What waits there, and nobody has answered any of it in the quarter. */
static void
conclude_silent(struct quarter *q)
{
	const char *names = NULL;
	long long silent = 0;
	const json_t *system;
	size_t i;

	json_array_foreach(json_object_get(q->page, "systems"), i, system) {
		const json_t *waiting = json_array_get(json_object_get(system, "told"), TOLD_WAITING);

		if (!json_number(waiting, "count", 0) || json_number(system, "answers", 0))
			continue;
		if (++silent <= 5)
			names = arena_print(q->mem, "%s%s%s", names ? names : "", names ? ", " : "", json_text(system, "name"));
	}
	if (silent)
		conclude(q, "red", arena_print(q->mem, "I %s har ingen svarat på det som väntar.", many(q->mem, silent, "system", "system")),
			 arena_print(q->mem, "%s%s.", names, silent > 5 ? " med flera" : ""), "#system");
}

void
system_answered(struct quarter *q, const char *system)
{
	json_t *part = system ? json_object_get(q->by_system, system) : NULL;

	if (part)
		put_number(part, "answers", json_number(part, "answers", 0) + 1);
}

void
systems_end(struct quarter *q)
{
	const json_t *system;
	size_t i;

	conclude_silent(q);
	json_array_foreach(json_object_get(q->page, "systems"), i, system) {
		json_t *told = json_object_get(system, "told");

		for (size_t k = json_array_size(told); k-- > 0; )
			if (!json_number(json_array_get(told, k), "count", 0))
				json_array_remove(told, k);
	}
}
