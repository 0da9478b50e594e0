/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * systems.c - reads systems: their roles, their accounts, and which roles may not meet in one person.
 */
#include "register_p.h"

static void
read_role(struct reader *r, config_setting_t *at, struct role *role)
{
	static const char *const keys[] = { "id", "name", "groups", "needs", "exceptions", "dormant", NULL };

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
	read_needs(r, at, role);
	read_exceptions(r, at, role);
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
	apply = get_word(r, at, "apply", modes, setting_of(r, at, "accounts") ? APPLY_MANUAL : APPLY_LDIF);
	if (apply == APPLY_WEBHOOK && !r->rules->conf.webhook.url)
		complain(r, at, "apply = \"webhook\" needs webhook = { url = …; secret-file = …; } in the configuration");
	s->apply = (enum apply_mode)apply;
	read_roles(r, at, s);
	read_accounts(r, at, s);
	read_conflicts(r, at, s);
}
