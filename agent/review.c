/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * review.c - what the quarterly review wants to know of each night, and that no later night can tell: counts, and which rules were
 * others than the night before.
 */
#include "run_p.h"
#include <behov/digest.h>
#include <behov/json.h>
#include <behov/propose.h>

/* ------------------------------------------------------------------ counts */

static json_t *
grounds_json(const struct plan *plan)
{
	long long count[GROUNDS] = { 0 };
	json_t *o = json_object();

	for (size_t i = 0; i < plan->grants.count; i++)
		if (plan->grants.items[i].ground < plan->grounds.count)
			count[plan->grounds.items[plan->grants.items[i].ground].kind]++;
	for (int kind = 0; kind < GROUNDS; kind++)
		json_object_set_new(o, ground_word[kind], json_integer(count[kind]));
	return o;
}

static json_t *
marks_json(const struct plan *plan)
{
	long long count[MARKS] = { 0 };
	json_t *o = json_object();

	for (size_t i = 0; i < plan->marks.count; i++)
		count[plan->marks.items[i].kind]++;
	for (int kind = 0; kind < MARKS; kind++)
		json_object_set_new(o, mark_word[kind], json_integer(count[kind]));
	return o;
}

static json_t *
due_of(json_t *due, const struct proposal *p)
{
	json_t *one;
	size_t i;

	json_array_foreach(due, i, one)
		if (strcmp(json_text(one, "series"), p->series) == 0 && strcmp(json_text(one, "share"), p->share) == 0)
			return one;
	one = json_pack("{s:s, s:s, s:i, s:i}", "series", p->series, "share", p->share, "files", 0, "batches", 0);
	json_array_append_new(due, one);
	return one;
}

/* What is due, whatever has been decided about it. */
static json_t *
due_json(const struct plan *plan)
{
	json_t *due = json_array();

	for (size_t i = 0; i < plan->proposals.count; i++) {
		const struct proposal *p = &plan->proposals.items[i];
		json_t *one;

		if (p->kind != KIND_DESTROY && p->kind != KIND_DELIVER)
			continue;
		one = due_of(due, p);
		json_object_set_new(one, "files", json_integer(json_number(one, "files", 0) + p->files));
		json_object_set_new(one, "batches", json_integer(json_number(one, "batches", 0) + 1));
	}
	return due;
}

static json_t *
late_json(struct arena *mem, const struct plan *plan)
{
	json_t *late = json_array();

	for (size_t i = 0; i < plan->late.count; i++) {
		const struct late *l = &plan->late.items[i];
		json_t *one = json_pack("{s:s, s:s, s:I}", "series", l->series, "share", l->share, "files", (json_int_t)l->files);

		json_put(one, "since", day_text(mem, l->since));
		json_array_append_new(late, one);
	}
	return late;
}

/* ------------------------------------------------------------------ rules */

static void
add_texts(struct digest *d, const char *const *texts, int count)
{
	for (int i = 0; i < count; i++)
		digest_field(d, texts[i]);
	digest_field(d, NULL);
}

static void
add_role(struct arena *mem, struct digest *d, const struct role *role)
{
	digest_field(d, role->id);
	add_texts(d, role->groups, role->group_count);
	digest_field(d, role->dormant);
	for (int i = 0; i < role->need_count; i++) {
		digest_field(d, role->needs[i].text);
		digest_field(d, day_text(mem, role->needs[i].from));
		digest_field(d, day_text(mem, role->needs[i].to));
	}
	for (int i = 0; i < role->keep_count; i++) {
		digest_field(d, role->keeps[i].who);
		digest_field(d, day_text(mem, role->keeps[i].until));
	}
}

/* Over what is said of it, not over where it stands. */
static const char *
system_digest(struct arena *mem, const struct system *s)
{
	unsigned char sum[DIGEST_SIZE];
	struct digest *d = digest_open();

	digest_field(d, s->owner);
	add_texts(d, s->deputies, s->deputy_count);
	digest_field(d, arena_print(mem, "%d %d %d %d %d %d", s->class.konfidentialitet, s->class.riktighet, s->class.tillganglighet,
				    s->class.sparbarhet, s->critical, (int)s->apply));
	digest_field(d, s->analysis);
	for (int i = 0; i < s->role_count; i++)
		add_role(mem, d, &s->roles[i]);
	for (int i = 0; i < s->conflict_count; i++)
		add_texts(d, s->conflicts[i].roles, s->conflicts[i].count);
	digest_close(d, sum);
	return digest_hex(mem, sum, 8);
}

/* Each part by its digest, on the first night that goes by these rules; else nothing, and they are those of the night before. */
static json_t *
rules_json(struct arena *mem, const struct rules *rules, const struct night *last)
{
	json_t *o;

	if (last->id && last->rules && rules->digest && strcmp(last->rules, rules->digest) == 0)
		return json_null();
	o = json_object();
	for (size_t i = 0; i < rules->system_count; i++)
		json_put(o, arena_print(mem, "system:%s", rules->systems[i].id), system_digest(mem, &rules->systems[i]));
	for (size_t i = 0; i < rules->series_count; i++)
		json_put(o, arena_print(mem, "series:%s", rules->series[i].id),
			 arena_print(mem, "%.16s", series_digest(mem, &rules->series[i])));
	return o;
}

int
review_json(struct arena *mem, const struct rules *rules, struct store *store, const struct plan *plan, json_t **out, struct error *err)
{
	struct night last;

	*out = NULL;
	if (store_night_last(mem, store, "run", false, &last, err) < 0)
		return -1;
	*out = json_object();
	json_object_set_new(*out, "access", plan->access_judged ? json_integer((json_int_t)plan->grants.count) : json_null());
	json_object_set_new(*out, "grounds", plan->access_judged ? grounds_json(plan) : json_null());
	json_object_set_new(*out, "marks", plan->access_judged ? marks_json(plan) : json_null());
	json_object_set_new(*out, "due", due_json(plan));
	json_object_set_new(*out, "late", late_json(mem, plan));
	json_object_set_new(*out, "rules", rules_json(mem, rules, &last));
	return 0;
}
