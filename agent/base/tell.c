/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tell.c - what is told as JSON, and the same for a terminal. */
#include <behov/tell.h>

void
put_moment(struct arena *mem, json_t *object, const char *key, int64_t moment)
{
	json_put(object, key, moment == INT64_MIN ? NULL : clock_text(mem, moment));
}

void
put_day(struct arena *mem, json_t *object, const char *key, day_t day)
{
	json_put(object, key, day_text(mem, day));
}

void
put_number(json_t *object, const char *key, long long number)
{
	json_object_set_new(object, key, json_integer((json_int_t)number));
}

json_t *
put_list(json_t *object, const char *key)
{
	json_t *list = json_array();

	json_object_set_new(object, key, list);
	return list;
}

const char *
plain(struct arena *mem, const char *text)
{
	char *copy = arena_text(mem, text ? text : "-");

	text_plain(copy);
	return copy;
}

const char *
worded(const char *word, const char *const *ours, const char *const *theirs, size_t count)
{
	for (size_t i = 0; word && i < count; i++)
		if (ours[i] && strcmp(word, ours[i]) == 0)
			return theirs[i];
	return word ? word : "-";
}

const char *
in_column(struct arena *mem, const char *text, int width)
{
	for (const char *p = text; *p; p++)
		width -= ((unsigned char)*p & 0xc0) != 0x80;
	return arena_print(mem, "%s%*s", text, width < 0 ? 2 : width + 2, "");
}

const char *
local(struct arena *mem, const char *moment)
{
	int64_t at;

	return moment && clock_parse(moment, &at) == 0 ? clock_local(mem, at) : plain(mem, moment);
}
