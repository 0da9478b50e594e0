/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * row-why.c - a reason that all in a group have is said once, and in each row only what is special about that one.
 *
 *     Kim Holm har Handläggare i Treserva men uppfyller inget skrivet behov: titel är Kock.
 *     Sara Ek  har Handläggare i Treserva men uppfyller inget skrivet behov.
 *             '---------------- for the group: common() -----------------'
 *
 * The texts are the night's own, in Swedish: nothing is known of them here but where they are equal.
 */
#include "decide_p.h"

#include <behov/json.h>

/* What follows the name; NULL where the reason does not begin with it. */
static const char *
rest_of(const json_t *row)
{
	const char *why = json_text(row, "why"), *who = json_text(row, "who");
	size_t len = who ? strlen(who) : 0;

	return why && len && strncmp(why, who, len) == 0 && why[len] == ' ' ? why + len : NULL;
}

/* Could the sentence end there, or go on with what is special? */
static bool
may_end(const json_t *rows, size_t at)
{
	for (size_t i = 0; i < json_array_size(rows); i++) {
		const char *rest = rest_of(json_array_get(rows, i)) + at;

		if (strcmp(rest, ".") != 0 && strncmp(rest, ": ", 2) != 0)
			return false;
	}
	return true;
}

/* So many bytes of what follows the name are common to all; 0 = there is no such thing. */
static size_t
common(const json_t *rows)
{
	const char *first = rest_of(json_array_get(rows, 0));
	size_t len = first ? strlen(first) : 0;

	for (size_t i = 1; i < json_array_size(rows) && len; i++) {
		const char *rest = rest_of(json_array_get(rows, i));

		len = rest ? len : 0;
		while (len && strncmp(first, rest, len) != 0)
			len--;
	}
	while (len && !may_end(rows, len))
		len--;
	return len;
}

/* "titel är Kock." as a sentence of its own. */
static const char *
sentence(struct arena *mem, const char *text)
{
	char *out = arena_text(mem, text);

	if (*out >= 'a' && *out <= 'z')
		*out = (char)(*out - 'a' + 'A');
	else if (*out == '\xc3' && (out[1] == '\xa5' || out[1] == '\xa4' || out[1] == '\xb6'))       /* å, ä, ö */
		out[1] = (char)(out[1] - 32);
	return out;
}

void
rows_share_why(struct request *r, json_t *group)
{
	const json_t *rows = json_object_get(group, "rows");
	size_t len = json_array_size(rows) > 1 ? common(rows) : 0;

	json_put(group, "why", len ? arena_print(r->mem, "%.*s.", (int)len - 1, rest_of(json_array_get(rows, 0)) + 1) : NULL);
	for (size_t i = 0; i < json_array_size(rows) && len; i++) {
		json_t *row = json_array_get(rows, i);
		const char *rest = rest_of(row) + len;

		json_put(row, "why", *rest == ':' ? sentence(r->mem, rest + 2) : NULL);
	}
}
