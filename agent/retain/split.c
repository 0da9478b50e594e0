/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * split.c - a case whose papers lie in several folders: each folder is a batch, and none of them goes before all of the case may.
 *
 *     batch = { path = "Akter/?/{case}"; whole = true; }    Akter/V/KS 2019-7 and Akter/W/KS 2019-7 are one case
 *
 * What {year} or {date} says before it belongs to its name: number 12 of 2015 is not number 12 of 2016.
 */
#include "retain_p.h"
#include "behov/text.h"

/* A pattern of a series that is decided case by case, and which component says the case. */
struct sign { const struct pattern *pattern; size_t at; struct sign *next; };

/* Of one batch, or of what could not be seen (batch NULL). */
struct folder_of_case { const char *key; struct batch *batch; bool hidden; };

static bool
is_dated(const struct part *part)
{
	for (size_t i = 0; i < part->count; i++)
		if (part->tokens[i].kind == TOKEN_YEAR || part->tokens[i].kind == TOKEN_DATE)
			return true;
	return false;
}

/* Beside {case} only letters: what it stands for can be read in one way. */
static bool
says_case(const struct part *part)
{
	size_t others = 0;

	for (size_t i = 0; i < part->count; i++)
		others += part->tokens[i].kind != TOKEN_BYTE;
	return part->cased && others == 1;
}

/* After a "**" nobody knows which component is which. */
static bool
find_sign(const struct pattern *p, size_t *at)
{
	if (!p->tally || !p->tally->series->whole)
		return false;
	for (*at = 0; *at < p->batch && !p->parts[*at].deep; (*at)++)
		if (says_case(&p->parts[*at]))
			return true;
	return false;
}

bool
split_by_case(const struct pattern *p)
{
	size_t at;

	return find_sign(p, &at);
}

/* What {case} stands for in that component, as a key; NULL: the component is another one. */
static const char *
case_of(struct arena *mem, const struct pattern *p, const struct part *part, const char *name)
{
	const char *as = p->fold ? text_fold(mem, name) : name;
	size_t len = strlen(as), before = 0, after;

	while (part->tokens[before].kind == TOKEN_BYTE)
		before++;
	after = part->count - before - 1;
	if (len <= before + after)
		return NULL;
	for (size_t i = 0; i < before; i++)
		if (as[i] != part->tokens[i].byte)
			return NULL;
	for (size_t i = 0; i < after; i++)
		if (as[len - after + i] != part->tokens[before + 1 + i].byte)
			return NULL;
	return case_key(mem, arena_copy(mem, as + before, len - before - after));
}

/* Which case of the series a path lies in; NULL: in none, or not that deep. */
static const char *
key_in(struct retain *r, const struct sign *sign, const char *path)
{
	const struct pattern *p = sign->pattern;
	const char *key = arena_print(r->mem, "%zu", (size_t)(p->tally - r->tallies)), *found;

	for (size_t i = 0; *path; i++) {
		size_t len = strcspn(path, "/");
		const char *name = arena_copy(r->mem, path, len);

		if (i == sign->at) {
			found = case_of(r->mem, p, &p->parts[i], name);
			return found ? arena_print(r->mem, "%s/%s", key, found) : NULL;
		}
		if (is_dated(&p->parts[i]))
			key = arena_print(r->mem, "%s/%s", key, text_fold(r->mem, name));
		path += len + (path[len] == '/');
	}
	return NULL;
}

static struct sign **
find_signs(struct retain *r, bool *any)
{
	struct sign **signs = arena_array(r->mem, struct sign *, r->input.rules->series_count + 1);
	size_t at;

	*any = false;
	for (size_t i = 0; i < r->patterns.count; i++) {
		const struct pattern *p = r->patterns.items[i];

		if (find_sign(p, &at)) {
			struct sign **of = &signs[p->tally - r->tallies], *sign = arena_new(r->mem, struct sign);

			*sign = (struct sign){ p, at, *of };
			*of = sign;
			*any = true;
		}
	}
	return signs;
}

static int
by_key(const void *a, const void *b)
{
	return strcmp(((const struct folder_of_case *)a)->key, ((const struct folder_of_case *)b)->key);
}

/* Each waits for the newest record of all, and for what stands in the way of any. */
static void
join(struct folder_of_case *all, size_t count)
{
	day_t latest = DAY_NONE;
	enum against against = AGAINST_NOTHING;
	bool hidden = false;

	for (size_t i = 0; i < count; i++) {
		const struct batch *b = all[i].batch;

		hidden |= all[i].hidden;
		latest = b && b->latest > latest ? b->latest : latest;
		against = b && b->against && (!against || b->against < against) ? b->against : against;
	}
	for (size_t i = 0; i < count; i++) {
		struct batch *b = all[i].batch;

		if (!b)
			continue;
		b->kin.latest = latest > b->kin.latest ? latest : b->kin.latest;
		b->kin.against = b->kin.against ? b->kin.against : against;
		b->kin.hidden |= hidden;
	}
}

/* Could any case of the series have papers in there?  A gap that says which case it is of hides that one only. */
static bool
hides_any(struct retain *r, const struct sign *signs, const char *gap)
{
	for (; signs; signs = signs->next)
		if (!key_in(r, signs, gap) && (r->cut || reaches(r, signs->pattern, gap)))
			return true;
	return false;
}

void
split_join(struct retain *r, const char *const *gaps, size_t count)
{
	LIST(struct folder_of_case) all = { 0 };
	bool any;
	struct sign **signs = find_signs(r, &any);

	for (size_t i = 0; any && i < r->all.count; i++) {
		struct batch *b = r->all.items[i];
		const struct sign *sign = b->received || !*b->path ? NULL : signs[b->tally - r->tallies];

		for (; sign; sign = sign->next) {
			const char *key = key_in(r, sign, b->path);

			if (key)
				*arena_push(r->mem, &all) = (struct folder_of_case){ key, b, false };
		}
	}
	for (size_t s = 0; s < r->input.rules->series_count; s++) {
		r->tallies[s].cases_hidden = false;
		for (size_t i = 0; any && i < count; i++) {
			r->tallies[s].cases_hidden |= hides_any(r, signs[s], gaps[i]);
			for (const struct sign *sign = signs[s]; sign; sign = sign->next) {
				const char *key = key_in(r, sign, gaps[i]);

				if (key)
					*arena_push(r->mem, &all) = (struct folder_of_case){ key, NULL, true };
			}
		}
	}
	if (all.count > 1)
		qsort(all.items, all.count, sizeof *all.items, by_key);
	for (size_t i = 0, run; i < all.count; i += run) {
		for (run = 1; i + run < all.count && strcmp(all.items[i].key, all.items[i + run].key) == 0; run++)
			;
		if (run > 1)
			join(all.items + i, run);
	}
}
