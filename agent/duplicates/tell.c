/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tell.c - files that are alike, for people and as JSON. */
#include "duplicates_p.h"
#include "behov/json.h"
#include "behov/text.h"

#include <string.h>

#define TEXT_MOST (16u << 20)
#define GROUPS_TOLD 50
#define PATHS_TOLD 10
#define GAPS_TOLD 20

static json_t *
gaps_json(const struct duplicates_result *r, const struct gap *gaps, size_t count)
{
	json_t *all = json_array();

	for (size_t i = 0; i < count + r->gaps.count; i++) {
		const struct gap *g = i < count ? &gaps[i] : &r->gaps.items[i - count];
		json_t *one = json_object();

		json_put(one, "what", g->what);
		json_put(one, "path", g->path);
		json_put(one, "text", g->text);
		json_array_append_new(all, one);
	}
	return all;
}

static json_t *
group_json(const struct alike *a)
{
	json_t *paths = json_array();

	for (size_t i = 0; i < a->path_count; i++)
		json_array_append_new(paths, json_string(a->paths[i]));
	return json_pack("{s:I, s:I, s:s, s:o}", "size", (json_int_t)a->size, "files", (json_int_t)a->count, "digest", a->digest, "paths", paths);
}

json_t *
duplicates_json(struct arena *mem, const struct share *share, const struct duplicates_result *r, const struct gap *gaps, size_t count, int64_t now)
{
	json_t *groups = json_array();

	for (size_t i = 0; i < r->groups.count; i++)
		json_array_append_new(groups, group_json(&r->groups.items[i]));
	return json_pack("{s:s, s:s, s:I, s:{s:I, s:I, s:I}, s:I, s:I, s:{s:I, s:I, s:I, s:I, s:I, s:I}, s:o, s:o}", "share", share->id, "now",
			 clock_text(mem, now), "looked", (json_int_t)r->looked, "alike", "groups", (json_int_t)r->group_count, "files",
			 (json_int_t)r->files, "bytes", (json_int_t)r->bytes, "links", (json_int_t)r->links, "read", (json_int_t)r->read,
			 "not_compared", "large", (json_int_t)r->large, "offline", (json_int_t)r->offline, "unread", (json_int_t)r->unread,
			 "changed", (json_int_t)r->changed, "traced", (json_int_t)r->traced, "beyond", (json_int_t)r->beyond, "groups", groups,
			 "gaps", gaps_json(r, gaps, count));
}

static void
tell_left_out(struct arena *mem, struct text *t, const struct duplicates_result *r)
{
	const struct { long long files; const char *why; } left[] = {
		{ r->links, "är andra namn på en fil som redan är räknad (hårda länkar)" },
		{ r->large, "är större än vad som jämförs" },
		{ r->offline, "ligger på band eller i moln, eller tar ingen plats: de öppnas inte" },
		{ r->changed, "ändrades medan de lästes, eller efter att filytan gicks igenom" },
		{ r->traced, "kan inte läsas utan att deras tid för läsning ändras: de öppnas inte" },
		{ r->beyond, "återstod när gränsen för hur mycket som läses var nådd, eller filytans tidsfönster stängdes" },
		{ r->unread, "kunde inte läsas" },
	};

	for (size_t i = 0; i < sizeof(left) / sizeof(*left); i++)
		if (left[i].files)
			text_print(t, "  %s %s.\n", text_count(mem, left[i].files), left[i].why);
}

static void
tell_group(struct arena *mem, struct text *t, const struct alike *a)
{
	text_print(t, "\n  %s filer med vardera %s\n", text_count(mem, (long long)a->count), text_size(mem, (long long)a->size));
	for (size_t i = 0; i < a->path_count && i < PATHS_TOLD; i++)
		text_print(t, "      %s\n", a->paths[i]);
	if (a->count > PATHS_TOLD)
		text_print(t, "      och %s till\n", text_count(mem, (long long)(a->count - PATHS_TOLD)));
}

static void
tell_gaps(struct text *t, const struct gap *gaps, size_t count)
{
	for (size_t i = 0; i < count && i < GAPS_TOLD; i++)
		text_print(t, "  LUCKA: %s%s%s\n", gaps[i].path ? gaps[i].path : "", gaps[i].path ? ": " : "", gaps[i].text);
	if (count > GAPS_TOLD)
		text_print(t, "  och %zu %s till\n", count - GAPS_TOLD, count - GAPS_TOLD == 1 ? "lucka" : "luckor");
}

char *
duplicates_text(struct arena *mem, const struct share *share, const struct duplicates_result *r, const struct gap *gaps, size_t count)
{
	struct text t;
	char *out;

	text_open(&t, TEXT_MOST);
	text_print(&t, "Filytan %s (%s): filer som är lika varandra, av de %s som ingen serie omfattar.\n\n", share->name, share->id,
		   text_count(mem, r->looked));
	if (r->files)
		text_print(&t, "%s filer är lika varandra, i %s: med en av varje skulle %s räcka mindre.\n"
			   "Vilken av dem som är handlingen vet ingen här, och inget av detta är ett förslag till gallring.\n",
			   text_count(mem, r->files), text_many(mem, r->group_count, "grupp", "grupper"), text_size(mem, (long long)r->bytes));
	else
		text_add(&t, count + r->gaps.count ? "I det som kunde läsas fanns inga filer som är lika varandra.\n" :
			 "Inga filer är lika varandra.\n");
	tell_left_out(mem, &t, r);
	tell_gaps(&t, gaps, count);
	tell_gaps(&t, r->gaps.items, r->gaps.count);
	for (size_t i = 0; i < r->groups.count && i < GROUPS_TOLD; i++)
		tell_group(mem, &t, &r->groups.items[i]);
	if (r->group_count > GROUPS_TOLD)
		text_print(&t, "\n  och %s till, som tar mindre plats\n", text_many(mem, r->group_count - GROUPS_TOLD, "grupp", "grupper"));
	out = arena_text(mem, t.data);
	text_close(&t);
	return out;
}
