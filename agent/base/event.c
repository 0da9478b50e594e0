/* SPDX-License-Identifier: GPL-3.0-or-later */
/* event.c - what must hold of an event that somebody tells, on the command line or on the page. */
#include "behov/nouns.h"
#include "behov/text.h"
#include <string.h>

const char *const event_fault_text[] = {
	[EVENT_FINE] = "",
	[EVENT_SERIES] = "there is no series of that name that counts from an event",
	[EVENT_SHARE] = "the series does not lie on that share",
	[EVENT_PATH] = "the path is no folder below the share: 'Avtal/Bolaget', without '..', '{' or a '/' first or last, in at most 4000 bytes",
	[EVENT_DATE] = "the date is none like 2024-06-30, or before 1900",
	[EVENT_AHEAD] = "the date lies ahead: what has not happened yet is told when it has",
	[EVENT_WHY] = "what has happened must be said, in at most 1000 characters and no others than letters, blanks and ends of lines",
};

/* Components that can be there; of a pattern "**" alone in one. */
static bool
is_path(const char *path, bool literal)
{
	size_t len = strlen(path);

	if (!len || len > EVENT_PATH_MOST || !text_is_utf8(path, len) || strpbrk(path, literal ? "{}*?" : "{}"))
		return false;
	for (const char *c = path;; c++) {
		size_t n = strcspn(c, "/");

		if (!n || (n == 1 && *c == '.') || (n == 2 && strncmp(c, "..", 2) == 0))
			return false;
		for (size_t i = 0; i < n; i++)
			if ((unsigned char)c[i] < ' ' || c[i] == 127 || (n != 2 && strncmp(c + i, "**", 2) == 0))
				return false;
		c += n;
		if (!*c)
			return true;
	}
}

bool
series_lies_on(const struct series *s, const char *share)
{
	for (int i = 0; i < s->where_count; i++)
		if (s->where[i].share && (strcmp(s->where[i].share, "*") == 0 || strcmp(s->where[i].share, share) == 0))
			return true;
	return false;
}

enum event_fault
event_check(const struct rules *rules, const struct event *e, day_t today, bool literal)
{
	const struct series *s = rules_series(rules, e->series);

	if (!s || s->clock != CLOCK_EVENT || s->action == ACTION_PRESERVE)
		return EVENT_SERIES;
	if (!rules_share(rules, e->share) || !series_lies_on(s, e->share))
		return EVENT_SHARE;
	if (!e->path || !is_path(e->path, literal))
		return EVENT_PATH;
	if (e->date == DAY_NONE || e->date < day_make(1900, 1, 1))
		return EVENT_DATE;
	if (e->date > today)
		return EVENT_AHEAD;
	if (!text_is_words(e->why) || !e->why || e->why[strspn(e->why, " \t\r\n")] == '\0')
		return EVENT_WHY;
	return EVENT_FINE;
}
