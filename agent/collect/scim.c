/* SPDX-License-Identifier: GPL-3.0-or-later */
/* scim.c - the accounts and groups of a SCIM 2.0 service (RFC 7643, 7644), all pages of them or none. */
#include "collect_p.h"

#include <behov/fetch.h>
#include <behov/json.h>
#include <behov/log.h>
#include <behov/step.h>

#define PAGE 200
#define PAGE_MOST ((size_t)64 << 20)
#define ALL_MOST 2000000                /* accounts or groups of one system */

struct service { struct arena *mem; const struct accounts *from; scim_ask *ask; void *self; struct error *err; };

static int
refuse(struct service *s, const char *what, const char *why)
{
	return error_set(s->err, ERROR_SOURCE, "'%s/%s': %s", fetch_shown(s->mem, s->from->scim), what, why);
}

static int
ask(struct service *s, const char *what, long long start, json_t **out)
{
	char *bytes;
	size_t len;

	if (stop_asked())
		return error_set(s->err, ERROR_STOPPED, "asked to stop while accounts were read");
	if (s->ask(s->self, s->mem, arena_print(s->mem, "%s?startIndex=%lld&count=%d", what, start, PAGE), &bytes, &len, s->err) < 0)
		return -1;
	return json_read(bytes, len, out, s->err) < 0 ? error_in(s->err, "reading '%s/%s'", fetch_shown(s->mem, s->from->scim), what) : 0;
}

/* RFC 7644 3.4.2: how many there are in all, and which part of them this is. */
static int
check_page(struct service *s, const char *what, const json_t *page, long long start, long long *total, const json_t **list)
{
	const json_t *said = json_object_get(page, "totalResults"), *from = json_object_get(page, "startIndex");

	*list = json_object_get(page, "Resources");
	if (!json_is_integer(said) || json_integer_value(said) < 0 || json_integer_value(said) > ALL_MOST)
		return refuse(s, what, "a page that does not say how many there are in all");
	if (*total >= 0 && json_integer_value(said) != *total)
		return refuse(s, what, "the number of all changed while it was read");
	if (from && (!json_is_integer(from) || json_integer_value(from) != start))
		return refuse(s, what, "another page came than was asked for");
	if (*list && !json_is_array(*list))
		return refuse(s, what, "a page whose Resources are no list");
	*total = json_integer_value(said);
	return 0;
}

/* All of them, each to `take` once.  `seen`: ids; one that comes twice means that pages overlap, and that others are missing. */
static int
each(struct service *s, const char *what, json_t *seen, int (*take)(struct service *s, const json_t *one, const char *id, void *self),
     void *self)
{
	long long total = -1, got = 0;
	int rc = 0;

	do {
		json_t *page = NULL;
		const json_t *list = NULL;

		rc = ask(s, what, got + 1, &page);
		if (rc == 0)
			rc = check_page(s, what, page, got + 1, &total, &list);
		if (rc == 0 && json_array_size(list) == 0 && got < total)
			rc = refuse(s, what, "it ends before all have come");
		for (size_t i = 0; rc == 0 && i < json_array_size(list); i++) {
			const json_t *one = json_array_get(list, i);
			const char *id = json_text(one, "id");

			if (!id || !*id)
				rc = refuse(s, what, "one without an id");
			else if (json_object_get(seen, id))
				rc = refuse(s, what, arena_print(s->mem, "'%s' comes twice", id));
			else if (json_object_set_new(seen, id, json_true()) < 0 || ++got > total)
				rc = refuse(s, what, "more come than there are");
			else
				rc = take(s, one, id, self);
		}
		json_decref(page);
	} while (rc == 0 && got < total);
	return rc;
}

/* ------------------------------------------------------------------ users */

struct users { json_t *seen, *names, *groups; struct listing *out; };

static const char *
mail_of(const json_t *user)
{
	const json_t *list = json_object_get(user, "emails");
	const char *first = NULL;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *one = json_array_get(list, i);

		if (json_is_true(json_object_get(one, "primary")) && json_text(one, "value"))
			return json_text(one, "value");
		first = first ? first : json_text(one, "value");
	}
	return first;
}

/* Its name in `names`; null for one that is shut. */
static int
take_user(struct service *s, const json_t *user, const char *id, void *self)
{
	struct users *u = self;
	const char *name = s->from->match == MATCH_MAIL ? mail_of(user)
			   : json_text(user, s->from->match == MATCH_EMPLOYEE ? "externalId" : "userName");
	bool shut = json_is_false(json_object_get(user, "active"));

	if (!json_text(user, "userName"))
		return refuse(s, "Users", arena_print(s->mem, "'%s' has no userName", id));
	u->out->inactive += shut;
	/* Without what it is matched by it belongs to nobody; its own name is all there is to show. */
	json_object_set_new(u->names, id, shut ? json_null() : json_string(name ? name : json_text(user, "userName")));
	return 0;
}

/* ------------------------------------------------------------------ groups */

static int
take_group_name(struct service *s, const json_t *group, const char *id, void *self)
{
	struct users *u = self;

	if (!json_text(group, "displayName") || !*json_text(group, "displayName"))
		return refuse(s, "Groups", arena_print(s->mem, "'%s' has no displayName", id));
	json_object_set_new(u->groups, id, json_deep_copy(group));
	return 0;
}

static int
take_members(struct service *s, const json_t *group, struct users *u)
{
	const json_t *members = json_object_get(group, "members");
	const char *role = arena_text(s->mem, json_text(group, "displayName"));

	if (members && !json_is_array(members))
		return refuse(s, "Groups", "members that are no list");
	for (size_t i = 0; i < json_array_size(members); i++) {
		const char *id = json_text(json_array_get(members, i), "value");
		const json_t *user = id ? json_object_get(u->names, id) : NULL, *inner = id ? json_object_get(u->groups, id) : NULL;

		if (!user && !inner)
			return refuse(s, "Groups", arena_print(s->mem, "'%s' has a member that is no account and no group", role));
		if (json_is_null(user))
			continue;
		*arena_push(s->mem, &u->out->rows) = (struct listed){
			arena_text(s->mem, user ? json_string_value(user) : json_text(inner, "displayName")), role, !user };
	}
	return 0;
}

int
scim_list(struct arena *mem, const struct accounts *from, scim_ask *fetch, void *self, struct listing *out, struct error *err)
{
	struct service s = { .mem = mem, .from = from, .ask = fetch, .self = self, .err = err };
	struct users u = { json_object(), json_object(), json_object(), out };
	json_t *seen = json_object(), *group;
	const char *id;
	int rc = each(&s, "Users", u.seen, take_user, &u);

	if (rc == 0)
		rc = each(&s, "Groups", seen, take_group_name, &u);
	json_object_foreach(u.groups, id, group)
		rc = rc == 0 ? take_members(&s, group, &u) : rc;
	if (rc == 0 && json_object_size(u.names) && json_object_size(u.groups) && !out->rows.count && !out->inactive)
		rc = refuse(&s, "Groups", "not one group says who its members are");
	json_decref(seen);
	json_decref(u.seen);
	json_decref(u.names);
	json_decref(u.groups);
	return rc;
}

static int
over_https(void *self, struct arena *mem, const char *query, char **bytes, size_t *len, struct error *err)
{
	const struct accounts *from = self;
	const char *slash = *from->scim && from->scim[strlen(from->scim) - 1] == '/' ? "" : "/";
	struct fetch how = { .url = arena_print(mem, "%s%s%s", from->scim, slash, query), .token_file = from->token_file,
			     .ca_file = from->ca_file, .timeout = 120, .most = PAGE_MOST };

	return fetch_url(mem, &how, bytes, len, err);
}

int
scim_read(struct arena *mem, const struct accounts *from, struct listing *out, struct error *err)
{
	return scim_list(mem, from, over_https, (void *)from, out, err);
}
