/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * language.c - in which language somebody reads the page: what they chose, else what their browser asks for.
 *
 * The choice is a form on each page, or a button of the form that has what was typed, and a cookie that names nothing but a
 * language.
 */
#include "decide_p.h"

#include <behov/json.h>

#include <strings.h>

#define COOKIE "sprak"
#define COOKIE_SECONDS (365 * 86400)

/* ------------------------------------------------------------------ what a browser asks for */

/* "1", "0.8", "0.835", in thousandths; -1: it is nothing of the kind. */
static int
weight(const char *text, size_t len)
{
	int value = 0, digits = 0;

	if (len == 0 || len > 5 || (*text != '0' && *text != '1') || (len > 1 && text[1] != '.'))
		return -1;
	value = *text - '0';
	for (size_t i = 2; i < len; i++, digits++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		value = value * 10 + text[i] - '0';
	}
	for (; digits < 3; digits++)
		value *= 10;
	return value <= 1000 ? value : -1;
}

/* Of one range with its weight, "en-GB;q=0.8": how much it wants that language; 0: not at all. */
static int
wants(const char *range, size_t len, const struct language *l)
{
	size_t tag = strlen(l->tag), name = 0, at;

	while (name < len && !strchr("; \t", range[name]))
		name++;
	if (name < tag || strncasecmp(range, l->tag, tag) != 0 || (name > tag && range[tag] != '-'))
		return 0;
	for (at = name; at < len && strchr("; \t", range[at]);)
		at++;
	if (at == len)
		return 1000;
	if (len - at < 2 || strncasecmp(range + at, "q=", 2) != 0)
		return 0;
	return weight(range + at + 2, len - at - 2);
}

/* How much a whole Accept-Language wants it: the range that says most. */
static int
wanted(const char *accept, const struct language *l)
{
	int most = 0;

	while (*accept) {
		const char *range = accept + strspn(accept, ", \t");
		size_t len = strcspn(range, ","), trimmed = len;
		int value;

		while (trimmed && strchr(" \t", range[trimmed - 1]))
			trimmed--;
		value = trimmed ? wants(range, trimmed, l) : 0;
		most = value > most ? value : most;
		accept = range + len;
	}
	return most;
}

/* Who wants two as much gets `otherwise` of them, and who wants none of ours, too. */
const struct language *
language_asked(const char *accept, const struct language *otherwise)
{
	size_t count;
	const struct language *all = speak_languages(&count), *best = otherwise;
	int most = accept ? wanted(accept, otherwise) : 0;

	for (size_t i = 0; i < count && accept; i++) {
		int value = wanted(accept, &all[i]);

		if (value > most) {
			most = value;
			best = &all[i];
		}
	}
	return best;
}

const struct language *
language_of(const struct request *r)
{
	const char *chosen = MHD_lookup_connection_value(r->connection, MHD_COOKIE_KIND, COOKIE);
	const char *accept = MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, "Accept-Language");
	const struct language *l = chosen ? speak_language(chosen) : NULL;

	return l ? l : language_asked(accept, speak_language(r->server->rules->conf.language));
}

/* ------------------------------------------------------------------ what somebody chooses */

static json_t *
others(const struct request *r)
{
	json_t *list = json_array();
	size_t count;
	const struct language *all = speak_languages(&count);

	for (size_t i = 0; i < count; i++) {
		json_t *one;
		if (&all[i] == r->language)
			continue;
		one = json_object();
		json_put(one, "tag", all[i].tag);
		/* TRANSLATORS: the button that chooses your language, in that language: "In English" */
		json_put(one, "call", speak(&all[i], "På svenska"));
		json_array_append_new(list, one);
	}
	return list;
}

/* After a form there is nothing to come back to: what was typed would be lost. */
void
language_put(struct request *r, json_t *data)
{
	json_put(data, "language", r->language->tag);
	json_put(data, "target", r->target);
	json_object_set_new(data, "languages", strcmp(r->method, "POST") == 0 ? json_array() : others(r));
	json_object_set_new(data, "takes_along", json_false());
}

void
language_put_form(struct request *r, json_t *data)
{
	json_object_set_new(data, "languages", others(r));
	json_object_set_new(data, "takes_along", json_true());
}

bool
language_take(struct request *r)
{
	const struct language *chosen = speak_language(form_get(&r->form, "sprak"));

	if (!chosen)
		return false;
	r->language = chosen;
	r->set_cookie = arena_print(r->mem, COOKIE "=%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%d%s", chosen->tag,
				    COOKIE_SECONDS, r->server->https ? "; Secure" : "");
	return true;
}

int
language_choose(struct request *r)
{
	language_take(r);
	r->status = 303;
	r->location = form_get(&r->form, "till");
	/* Nowhere but on this page: "//example.org" is another site. */
	if (!guard_target(r->location) || r->location[1] == '/')
		r->location = "/";
	return 0;
}
