/* SPDX-License-Identifier: GPL-3.0-or-later */
/* json.c - canonical text, and reading that refuses what is ambiguous. */
#include <behov/json.h>
#include <behov/text.h>

#include <stdint.h>

static char *dump(struct arena *mem, const json_t *value, size_t flags, const char *end)
{
	char *text = json_dumps(value, flags | JSON_SORT_KEYS | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15)), *out;

	if (!text)
		abort();        /* out of memory, or a text that is not UTF-8: both are bugs here */
	out = arena_print(mem, "%s%s", text, end);
	free(text);
	return out;
}

/* ------------------------------------------------------------------ RFC 8785 */

/* jansson writes \u001F where RFC 8785 asks for \u001f, so texts are written here. */
void json_put_text(struct text *t, const char *p, size_t len)
{
	const char *end = p + len, *from = p;

	text_char(t, '"');
	for (; p < end; p++) {
		static const char plain[] = "\b\t\n\f\r\"\\", as[] = "btnfr\"\\";
		const char *at;

		if ((unsigned char)*p >= 0x20 && *p != '"' && *p != '\\')
			continue;
		text_bytes(t, from, (size_t)(p - from));
		from = p + 1;
		at = *p ? strchr(plain, *p) : NULL;
		if (at)
			text_bytes(t, (const char[]){ '\\', as[at - plain] }, 2);
		else
			text_print(t, "\\u%04x", (unsigned)*p);
	}
	text_bytes(t, from, (size_t)(p - from));
	text_char(t, '"');
}

static void put_text(struct text *t, const json_t *value)
{
	json_put_text(t, json_string_value(value), json_string_length(value));
}

bool json_has_real(const json_t *value)
{
	json_t *all = (json_t *)(uintptr_t)value;       /* jansson's iterators are not const; nothing is changed */
	const char *key;
	json_t *one;
	size_t i;

	if (json_is_real(value))
		return true;
	json_object_foreach(all, key, one)
		if (json_has_real(one))
			return true;
	json_array_foreach(all, i, one)
		if (json_has_real(one))
			return true;
	return false;
}

/* Keys are sorted by their UTF-16 units: characters beyond U+FFFF (surrogates, D800..) stand before U+E000. */
static int unit(unsigned char c)
{
	return c == 0xee || c == 0xef ? c + 0x10 : c;
}

static int by_unit(const void *a, const void *b)
{
	const unsigned char *x = *(const unsigned char *const *)a, *y = *(const unsigned char *const *)b;

	while (*x && *x == *y) {
		x++;
		y++;
	}
	return unit(*x) - unit(*y);
}

static void put_value(struct arena *mem, struct text *t, const json_t *value);

static void put_object(struct arena *mem, struct text *t, const json_t *object)
{
	size_t count = json_object_size(object), i = 0;
	const char **keys = arena_array(mem, const char *, count);
	json_t *all = (json_t *)(uintptr_t)object;      /* jansson's iterators are not const; nothing is changed */
	const char *key;
	json_t *value;

	json_object_foreach(all, key, value)
		keys[i++] = key;
	qsort(keys, count, sizeof(*keys), by_unit);
	text_char(t, '{');
	for (i = 0; i < count; i++) {
		json_t *name = json_string(keys[i]);

		if (i)
			text_char(t, ',');
		put_text(t, name);
		text_char(t, ':');
		put_value(mem, t, json_object_get(object, keys[i]));
		json_decref(name);
	}
	text_char(t, '}');
}

static void put_list(struct arena *mem, struct text *t, const json_t *list)
{
	text_char(t, '[');
	for (size_t i = 0; i < json_array_size(list); i++) {
		if (i)
			text_char(t, ',');
		put_value(mem, t, json_array_get(list, i));
	}
	text_char(t, ']');
}

static void put_value(struct arena *mem, struct text *t, const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT: put_object(mem, t, value); break;
	case JSON_ARRAY: put_list(mem, t, value); break;
	case JSON_STRING: put_text(t, value); break;
	case JSON_INTEGER: text_print(t, "%lld", (long long)json_integer_value(value)); break;
	case JSON_TRUE: text_add(t, "true"); break;
	case JSON_FALSE: text_add(t, "false"); break;
	case JSON_NULL: text_add(t, "null"); break;
	case JSON_REAL: abort();        /* two machines may write a real in two ways: what is hashed holds none */
	}
}

char *json_canonical(struct arena *mem, const json_t *value)
{
	struct text t;
	char *out;

	text_open(&t, SIZE_MAX / 2);
	put_value(mem, &t, value);
	out = arena_copy(mem, t.data, t.len);
	text_close(&t);
	return out;
}

/* ------------------------------------------------------------------ the rest */

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
	json_t *value;

	if (text && !text_is_utf8(text, strlen(text))) {        /* from outside: shown escaped, never our end */
		struct arena *mem = arena_open();

		value = json_string(name_show(mem, text));
		arena_close(mem);
	} else {
		value = text ? json_string(text) : json_null();
	}
	if (!value || json_object_set_new(object, key, value) < 0)
		abort();        /* out of memory */
}
