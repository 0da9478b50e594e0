/* SPDX-License-Identifier: GPL-3.0-or-later */
/* certificate.c - what a night saw of each directory, as people read it: what was asked, what came, what could not be seen. */
#include "behov/certificate.h"
#include "behov/json.h"
#include "behov/text.h"

/* For a terminal, too: control characters become '?'. */
static const char *
plain(struct arena *mem, const char *text)
{
	char *copy = arena_text(mem, text ? text : "-");

	text_plain(copy);
	return copy;
}

static const char *
count(struct arena *mem, const json_t *one, const char *key)
{
	return text_count(mem, json_number(one, key, 0));
}

/* "1,2 s" */
static const char *
took(struct arena *mem, const json_t *one)
{
	long long ms = json_number(one, "milliseconds", -1);

	return ms < 0 ? NULL : arena_print(mem, "%lld,%lld s", ms / 1000, ms % 1000 / 100);
}

/* What was not seen, in words. */
static const char *
unseen(struct arena *mem, const json_t *one)
{
	static const char *const words[][2] = {
		{ "hidden", "medlemmar som läskontot inte får se" }, { "dangling", "medlemmar som inte leder någonstans" },
		{ "unreadable", "värden som inte är text" }, { "references", "hänvisningar till andra servrar (följs inte)" },
	};
	const char *all = NULL;

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		long long n = json_number(one, words[i][0], 0) - (i == 1 ? json_number(one, "hidden", 0) : 0);

		if (n > 0)
			all = arena_print(mem, "%s%s%s: %s", all ? all : "", all ? "; " : "", words[i][1], text_count(mem, n));
	}
	return all ? all : "inget";
}

static const char *
server(struct arena *mem, const json_t *one)
{
	const json_t *who = json_object_get(one, "server"), *usn = json_object_get(one, "highestCommittedUSN");
	const char *name = json_text(who, "dnsHostName") ? json_text(who, "dnsHostName") : json_text(one, "address"), *database = json_text(who, "invocationId"), *out = name;

	if (name && json_text(usn, "before"))
		out = arena_print(mem, "%s, ändring %s till %s", name, json_text(usn, "before"), json_text(usn, "after"));
	return out && database ? arena_print(mem, "%s, databas %s", out, database) : out;
}

json_t *
certificate_rows(struct arena *mem, const char *summary)
{
	json_t *all = NULL, *rows = json_array();
	const json_t *one;
	struct error err = { 0 };
	size_t i;

	if (!summary || json_read(summary, strlen(summary), &all, &err) < 0)
		return rows;
	json_array_foreach(json_object_get(json_object_get(all, "certificate"), "sources"), i, one) {
		json_t *row = json_object();

		json_put(row, "source", json_text(one, "system")
			 ? arena_print(mem, "Kontolistan för %s: %s", json_text(one, "system"), plain(mem, json_text(one, "source")))
			 : arena_print(mem, "Katalogen %s", plain(mem, json_text(one, "source"))));
		json_put(row, "base", plain(mem, json_text(one, "base")));
		json_put(row, "server", server(mem, one) ? plain(mem, server(mem, one)) : NULL);
		json_put(row, "seen", arena_print(mem, "%s poster: %s personer, %s grupper, %s medlemskap", count(mem, one, "entries"),
						  count(mem, one, "people"), count(mem, one, "groups"), count(mem, one, "memberships")));
		json_put(row, "unseen", unseen(mem, one));
		json_put(row, "asked", json_text(one, "filter") ? arena_print(mem, "%s, %s sidor, %s delar", plain(mem, json_text(one, "filter")),
									     count(mem, one, "pages"), count(mem, one, "ranges")) : NULL);
		json_put(row, "took", took(mem, one));
		json_array_append_new(rows, row);
	}
	json_decref(all);
	return rows;
}

const char *
certificate_digest(struct arena *mem, const char *summary)
{
	json_t *all = NULL;
	struct error err = { 0 };
	const char *out = NULL;

	if (summary && json_read(summary, strlen(summary), &all, &err) == 0)
		out = arena_text(mem, json_text(json_object_get(all, "certificate"), "digest"));
	json_decref(all);
	return out;
}
