/* SPDX-License-Identifier: GPL-3.0-or-later */
/* row-access.c - what a proposal about access rests on: the person, the way to the role, the needs that are written. */
#include "decide_p.h"

#include <behov/json.h>

static const char *const clause_keys[] = { "text", "why", "by", "since", "rule" };

json_t *
rows_pick(const json_t *from, const char *const *keys, size_t count)
{
	json_t *o = json_object();

	for (size_t i = 0; i < count; i++)
		rows_put(o, keys[i], json_text(from, keys[i]));
	return o;
}

json_t *
rows_clauses(const struct proposal *p)
{
	const json_t *list = json_object_get(p->evidence, "clauses");
	json_t *out = json_array();

	for (size_t i = 0; i < json_array_size(list); i++)
		json_array_append_new(out, rows_pick(json_array_get(list, i), clause_keys, sizeof(clause_keys) / sizeof(*clause_keys)));
	return out;
}

static const char *
moment(struct arena *mem, const char *text)
{
	int64_t at;

	return text && clock_parse(text, &at) == 0 ? day_text(mem, clock_day(at)) : NULL;
}

static json_t *
names(struct arena *mem, const char *const *dns, int count)
{
	json_t *out = json_array();

	for (int i = 0; i < count; i++) {
		json_t *one = json_object();
		rows_put(one, "name", rows_dn(mem, dns[i]));
		rows_put(one, "dn", dns[i]);
		json_object_set_new(one, "more", json_boolean(i + 1 < count));
		json_array_append_new(out, one);
	}
	return out;
}

static json_t *
also(struct request *r, const struct proposal *p)
{
	json_t *out = json_array();

	for (int i = 0; i < p->also_count; i++) {
		const char *slash = strchr(p->also[i], '/');
		const char *system = slash ? arena_copy(r->mem, p->also[i], (size_t)(slash - p->also[i])) : p->also[i];
		json_t *one = json_object();
		rows_put(one, "text", arena_print(r->mem, say(r, "%s i %s"),
						  rows_role(r->server->rules, system, slash ? slash + 1 : ""),
						  rows_system(r->server->rules, system)));
		json_array_append_new(out, one);
	}
	return out;
}

json_t *
rows_access(struct request *r, const struct proposal *p)
{
	const json_t *person = json_object_get(p->evidence, "person");
	json_t *o = json_object();

	rows_put(o, "account", p->account);
	json_object_set_new(o, "nesting", json_boolean(p->kind == KIND_CUT_NESTING));
	rows_put(o, "accounts", text_count(r->mem, p->accounts));
	rows_put(o, "title", json_text(person, "title"));
	rows_put(o, "department", json_text(person, "department"));
	rows_put(o, "manager", rows_dn(r->mem, json_text(person, "manager")));
	json_object_set_new(o, "disabled", json_boolean(json_is_true(json_object_get(person, "disabled"))));
	rows_put(o, "last_logon", moment(r->mem, json_text(p->evidence, "last_logon")));
	rows_put(o, "days", arena_print(r->mem, "%lld", json_number(p->evidence, "last_logon_days", 14)));
	rows_put(o, "added", moment(r->mem, json_text(p->evidence, "added")));
	rows_put(o, "group", rows_dn(r->mem, p->group));
	rows_put(o, "dn", p->group);
	json_object_set_new(o, "path", names(r->mem, p->path, p->path_count));
	json_object_set_new(o, "long", json_boolean(p->path_count > 1));
	json_object_set_new(o, "also", also(r, p));
	json_object_set_new(o, "more", json_boolean(p->also_count > 0));
	json_object_set_new(o, "by_hand", json_boolean(p->by_hand));
	return o;
}
