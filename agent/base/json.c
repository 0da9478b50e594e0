/* SPDX-License-Identifier: GPL-3.0-or-later */
/* json.c - canonical text, and reading that refuses what is ambiguous. */
#include <behov/json.h>

static char *dump(struct arena *mem, const json_t *value, size_t flags, const char *end)
{
	char *text = json_dumps(value, flags | JSON_SORT_KEYS | JSON_ENCODE_ANY), *out;

	if (!text)
		abort();        /* out of memory, or a text that is not UTF-8: both are bugs here */
	out = arena_print(mem, "%s%s", text, end);
	free(text);
	return out;
}

char *json_canonical(struct arena *mem, const json_t *value)
{
	return dump(mem, value, JSON_COMPACT, "");
}

char *json_pretty(struct arena *mem, const json_t *value)
{
	return dump(mem, value, JSON_INDENT(2), "\n");
}

int json_read(const char *text, size_t len, json_t **out, struct error *err)
{
	json_error_t why;
	json_t *value = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);

	if (!value)
		return error_set(err, ERROR_SOURCE, "not JSON: line %d: %s", why.line, why.text);
	*out = value;
	return 0;
}

const char *json_text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

long long json_number(const json_t *object, const char *key, long long otherwise)
{
	const json_t *value = json_object_get(object, key);

	return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

void json_put(json_t *object, const char *key, const char *text)
{
	json_t *value = text ? json_string(text) : json_null();

	if (!value || json_object_set_new(object, key, value) < 0)
		abort();        /* a text that is not UTF-8 should have gone through name_show() */
}
