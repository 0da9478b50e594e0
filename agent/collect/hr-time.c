/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hr-time.c - whether an employment is in force: two dates as HR systems write them, both days included. */
#include "hr_p.h"

/* "2026-01-05", "20260105", or the first with a midnight behind it; anything else, a zone too, is not guessed at. */
static bool
read_date(const char *text, day_t *out)
{
	char day[11];
	size_t len = strlen(text);

	if (len == 8 && strspn(text, "0123456789") == 8)
		snprintf(day, sizeof(day), "%.4s-%.2s-%.2s", text, text + 4, text + 6);
	else if (len == 10 || (len == 19 && (text[10] == 'T' || text[10] == ' ') && strcmp(text + 11, "00:00:00") == 0))
		snprintf(day, sizeof(day), "%.10s", text);
	else
		return false;
	*out = day_parse(day);
	return *out != DAY_NONE;
}

enum hr_force
hr_force(const char *from, const char *to, day_t today)
{
	day_t first = INT32_MIN + 1, last = INT32_MAX;

	from += strspn(from, " ");
	to += strspn(to, " ");
	if ((*from && !read_date(from, &first)) || (*to && !read_date(to, &last)) || first > last)
		return FORCE_UNREADABLE;
	return today < first ? FORCE_LATER : today > last ? FORCE_ENDED : FORCE_NOW;
}
