/* SPDX-License-Identifier: GPL-3.0-or-later */
/* row-names.c - what a proposal, a system, a series and a person are called on the page. */
#include "decide_p.h"

#include <behov/json.h>

void
rows_put(json_t *object, const char *key, const char *text)
{
	struct arena *mem = arena_open();

	json_put(object, key, text ? text_straight(mem, text) : NULL);
	arena_close(mem);
}

/* What a person calls a group: the first value of its DN, "CN=APP-X,OU=…" -> "APP-X". */
const char *
rows_dn(struct arena *mem, const char *dn)
{
	const char *equals = dn ? strchr(dn, '=') : NULL;
	size_t len = 0;

	if (!equals)
		return dn;
	for (equals++; equals[len] && equals[len] != ','; len++)
		if (equals[len] == '\\' && equals[len + 1])
			len++;
	return arena_copy(mem, equals, len);
}

const char *
rows_system(const struct rules *rules, const char *id)
{
	const struct system *s = id ? rules_system(rules, id) : NULL;

	return s && s->name ? s->name : id ? id : "";
}

const char *
rows_role(const struct rules *rules, const char *system, const char *id)
{
	const struct role *role = system && id ? rules_role(rules, system, id) : NULL;

	return role && role->name ? role->name : id ? id : "";
}

const char *
rows_series(const struct rules *rules, const char *id)
{
	const struct series *s = id ? rules_series(rules, id) : NULL;

	return s && s->name ? s->name : id ? id : "";
}

const char *
rows_share(const struct rules *rules, const char *id)
{
	const struct share *s = id ? rules_share(rules, id) : NULL;

	return s && s->name ? s->name : id ? id : "";
}

static const char *
person_name(const struct proposal *p)
{
	return p->display && *p->display ? p->display : p->account ? p->account : "";
}

/* A series without batches has one proposal for each day on which something is due. */
static const char *
batch_name(const struct request *r, const struct proposal *p)
{
	if (p->batch && *p->batch)
		return p->batch;
	return arena_print(r->mem, p->kind == KIND_DELIVER ? say(r, "%s att lämna från %s") : say(r, "%s att gallra från %s"),
			   rows_series(r->server->rules, p->series), p->due == DAY_NONE ? "" : day_text(r->mem, p->due));
}

const char *
rows_count(const struct request *r, long long files)
{
	return arena_print(r->mem, files == 1 ? say(r, "%s fil") : say(r, "%s filer"), text_count(r->mem, files));
}

const char *
rows_name(const struct request *r, const struct proposal *p)
{
	const struct rules *rules = r->server->rules;
	struct arena *mem = r->mem;

	switch (p->kind) {
	case KIND_REMOVE_MEMBER:
		return arena_print(mem, say(r, "%s – %s i %s"), person_name(p), rows_role(rules, p->system, p->role),
				   rows_system(rules, p->system));
	case KIND_CUT_NESTING:
		return arena_print(mem, say(r, "Gruppen %s – %s i %s"), rows_dn(mem, p->member),
				   rows_role(rules, p->system, p->role), rows_system(rules, p->system));
	case KIND_DESTROY:
	case KIND_DELIVER:
		break;
	}
	return arena_print(mem, "%s – %s", batch_name(r, p), rows_count(r, p->files));
}

const char *
rows_short(const struct request *r, const struct proposal *p)
{
	switch (p->kind) {
	case KIND_REMOVE_MEMBER:
		return person_name(p);
	case KIND_CUT_NESTING:
		return rows_dn(r->mem, p->member);
	case KIND_DESTROY:
	case KIND_DELIVER:
		break;
	}
	return batch_name(r, p);
}
