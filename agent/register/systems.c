/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * systems.c - reads systems: their roles, who needs those, and which of them may not meet in one person.
 */
#include "register_p.h"

static int
find_attribute(struct reader *r, const config_setting_t *at, const char *name)
{
	const char *known = "";

	for (size_t i = 0; i < r->attributes.count; i++) {
		if (strcmp(r->attributes.items[i].name, name) == 0)
			return (int)i;
		known = arena_print(r->mem, "%s%s%s", known, i ? ", " : "", r->attributes.items[i].name);
	}
	complain(r, at, "'%s' is not an attribute that a need may use; known are %s", name, known);
	return -1;
}

/* Adds one condition to out, and its words to *text. */
static bool
read_condition(struct reader *r, const config_setting_t *group, config_setting_t *at, struct condition *out,
	       const char **text)
{
	const char *name = config_setting_name(at), **globs;
	int attribute = find_attribute(r, at, name), count = get_texts(r, group, name, &globs);

	if (attribute < 0)
		return false;
	if (count == 0) {
		complain(r, at, "'%s' has no value to compare with", name);
		return false;
	}
	*text = arena_print(r->mem, "%s%s%s = ", *text, **text ? " och " : "", name);
	for (int i = 0; i < count; i++) {
		*text = arena_print(r->mem, "%s%s\"%s\"", *text, i ? " eller " : "", globs[i]);
		globs[i] = text_fold(r->mem, globs[i]);
	}
	*out = (struct condition){ .attribute = attribute, .globs = globs, .count = count };
	return true;
}

static bool
is_evidence(const char *name)
{
	static const char *const words[] = { "why", "by", "since", "valid", "not" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(words[i], name) == 0)
			return true;
	return false;
}

static int
read_conditions(struct reader *r, config_setting_t *group, bool top, struct condition **out, const char **text)
{
	int length = config_setting_length(group), count = 0;

	*out = arena_array(r->mem, struct condition, (size_t)length + 1);
	*text = "";
	for (int i = 0; i < length; i++) {
		config_setting_t *at = config_setting_get_elem(group, (unsigned)i);

		if (top && is_evidence(config_setting_name(at)))
			continue;
		if (read_condition(r, group, at, &(*out)[count], text))
			count++;
	}
	return count;
}

static void
read_valid(struct reader *r, config_setting_t *at, struct clause *c)
{
	static const char *const keys[] = { "from", "to", NULL };
	config_setting_t *valid = get_group(r, at, "valid", OPTIONAL);

	c->from = c->to = DAY_NONE;
	if (!valid)
		return;
	check_keys(r, valid, keys);
	c->from = day_parse(get_date(r, valid, "from", OPTIONAL));
	c->to = day_parse(get_date(r, valid, "to", OPTIONAL));
	if (c->from != DAY_NONE && c->to != DAY_NONE && c->from > c->to)
		complain(r, valid, "'from' is after 'to'");
}

static void
read_clause(struct reader *r, config_setting_t *at, struct clause *c)
{
	config_setting_t *none = get_group(r, at, "not", OPTIONAL);
	const char *not_text;

	c->at = place_of(r, at);
	c->why = get_text(r, at, "why", REQUIRED);
	c->by = get_text(r, at, "by", REQUIRED);
	c->since = get_date(r, at, "since", REQUIRED);
	read_valid(r, at, c);
	c->alls = read_conditions(r, at, true, &c->all, &c->text);
	if (c->alls == 0)
		complain(r, at, "this need asks for no attribute, so it would match everybody");
	if (!none)
		return;
	c->nones = read_conditions(r, none, false, &c->none, &not_text);
	if (c->nones == 0)
		complain(r, none, "'not' is empty");
	c->text = arena_print(r->mem, "%s och inte (%s)", c->text, not_text);
}

static void
read_role(struct reader *r, config_setting_t *at, struct role *role)
{
	static const char *const keys[] = { "id", "name", "groups", "needs", "dormant", NULL };
	config_setting_t *needs = get_groups(r, at, "needs");

	check_keys(r, at, keys);
	role->at = place_of(r, at);
	role->id = get_id(r, at);
	role->name = get_text(r, at, "name", OPTIONAL);
	if (!role->name)
		role->name = role->id;
	role->group_count = get_texts(r, at, "groups", &role->groups);
	if (role->group_count == 0)
		complain(r, at, "role '%s' has no groups", role->id);
	role->dormant = get_text(r, at, "dormant", OPTIONAL);
	get_days(r, at, "dormant", 0);
	role->need_count = list_count(needs);
	role->needs = arena_array(r->mem, struct clause, (size_t)role->need_count + 1);
	for (int i = 0; i < role->need_count; i++)
		read_clause(r, list_item(needs, i), &role->needs[i]);
}

static int
compare_roles(const void *a, const void *b)
{
	return strcmp(((const struct role *)a)->id, ((const struct role *)b)->id);
}

static void
read_roles(struct reader *r, config_setting_t *at, struct system *s)
{
	config_setting_t *roles = get_groups(r, at, "roles");

	s->role_count = list_count(roles);
	s->roles = arena_array(r->mem, struct role, (size_t)s->role_count + 1);
	for (int i = 0; i < s->role_count; i++)
		read_role(r, list_item(roles, i), &s->roles[i]);
	qsort(s->roles, (size_t)s->role_count, sizeof(*s->roles), compare_roles);
	for (int i = 1; i < s->role_count; i++)
		if (strcmp(s->roles[i - 1].id, s->roles[i].id) == 0)
			complain_at(r, s->roles[i].at, "role '%s' is written twice", s->roles[i].id);
}

static void
read_conflicts(struct reader *r, config_setting_t *at, struct system *s)
{
	static const char *const keys[] = { "roles", "why", NULL };
	config_setting_t *list = get_groups(r, at, "conflicts");

	s->conflict_count = list_count(list);
	s->conflicts = arena_array(r->mem, struct conflict, (size_t)s->conflict_count + 1);
	for (int i = 0; i < s->conflict_count; i++) {
		config_setting_t *one = list_item(list, i);
		struct conflict *c = &s->conflicts[i];

		check_keys(r, one, keys);
		c->at = place_of(r, one);
		c->why = get_text(r, one, "why", REQUIRED);
		c->count = get_texts(r, one, "roles", &c->roles);
		if (c->count < 2)
			complain(r, one, "a conflict needs two roles or more");
	}
}

/* Accounts that the system keeps itself: its roles' groups are names of that list, and never of a directory. */
static void
read_accounts(struct reader *r, config_setting_t *system, struct system *s)
{
	static const char *const keys[] = { "csv", "scim", "account", "role", "match", "token-file", "ca-file", NULL };
	static const char *const matches[] = { "account", "mail", "employeeID", NULL };
	config_setting_t *at = get_group(r, system, "accounts", OPTIONAL);
	struct accounts *a = &s->accounts;

	if (!at)
		return;
	check_keys(r, at, keys);
	a->csv = get_text(r, at, "csv", OPTIONAL);
	a->scim = get_text(r, at, "scim", OPTIONAL);
	if (!a->csv == !a->scim)
		complain(r, at, "accounts come from one of 'csv' and 'scim'");
	if (a->csv && strncmp(a->csv, "https://", 8) != 0)
		a->csv = get_path(r, at, "csv", NULL);
	if (a->scim && strncmp(a->scim, "https://", 8) != 0 && !is_loopback(a->scim))
		complain(r, at, "'%s' is no address of a SCIM service: https://…", a->scim);
	a->account = get_text(r, at, "account", a->csv ? REQUIRED : OPTIONAL);
	a->role = get_text(r, at, "role", a->csv ? REQUIRED : OPTIONAL);
	a->match = (enum accounts_match)get_word(r, at, "match", matches, MATCH_ACCOUNT);
	a->token_file = get_secret(r, at, "token-file");
	a->ca_file = get_path(r, at, "ca-file", NULL);
	if (s->apply != APPLY_MANUAL)
		complain(r, at, "accounts of its own: apply must be \"manual\"");
	for (int i = 0; i < s->role_count; i++)
		for (int g = 0; g < s->roles[i].group_count; g++)
			s->roles[i].groups[g] = accounts_group(r->mem, s->id, s->roles[i].groups[g]);
}

void
read_system(struct reader *r, config_setting_t *at)
{
	static const char *const keys[] = { "id", "name", "unit", "owner", "deputies", "class", "critical",
		"analysis", "apply", "accounts", "roles", "conflicts", NULL };
	static const char *const modes[] = { "ldif", "ldap", "manual", "webhook", NULL };
	struct system *s = arena_push(r->mem, &r->systems);
	int apply;

	check_keys(r, at, keys);
	s->at = place_of(r, at);
	s->id = get_id(r, at);
	s->name = get_text(r, at, "name", OPTIONAL);
	if (!s->name)
		s->name = s->id;
	s->unit = get_text(r, at, "unit", OPTIONAL);
	s->owner = get_text(r, at, "owner", OPTIONAL);
	if (s->owner && !*s->owner)
		s->owner = NULL;
	s->deputy_count = get_texts(r, at, "deputies", &s->deputies);
	s->class = get_class(r, at);
	s->critical = get_bool(r, at, "critical", false);
	s->analysis = get_text(r, at, "analysis", OPTIONAL);
	apply = get_word(r, at, "apply", modes, config_setting_get_member(at, "accounts") ? APPLY_MANUAL : APPLY_LDIF);
	if (apply == 3)
		complain(r, at, "apply = \"webhook\" is not supported yet");
	s->apply = apply == 3 ? APPLY_LDIF : (enum apply_mode)apply;
	read_roles(r, at, s);
	read_accounts(r, at, s);
	read_conflicts(r, at, s);
}
