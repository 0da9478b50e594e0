/* SPDX-License-Identifier: GPL-3.0-or-later */
/* form.c - reads application/x-www-form-urlencoded, and refuses what a browser never sends. */
#include "decide_p.h"

static int
nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Undoes '+' and %XX. NULL when it is broken or holds what no text has. */
static const char *
decode(struct arena *mem, const char *raw, size_t len)
{
	char *out = arena_take(mem, len + 1);
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)raw[i];
		if (c == '%') {
			int high = len - i > 2 ? nibble(raw[i + 1]) : -1, low = len - i > 2 ? nibble(raw[i + 2]) : -1;
			if (high < 0 || low < 0)
				return NULL;
			c = (unsigned char)(high * 16 + low);
			i += 2;
		} else if (c == '+') {
			c = ' ';
		}
		if ((c < ' ' && c != '\t' && c != '\r' && c != '\n') || c == 127)
			return NULL;
		out[n++] = (char)c;
	}
	out[n] = '\0';
	return text_is_utf8(out, n) ? out : NULL;
}

static int
add(struct arena *mem, const char *pair, size_t len, struct form *out)
{
	const char *equals = memchr(pair, '=', len);
	size_t name_len = equals ? (size_t)(equals - pair) : len;
	struct field field = {
		.name = decode(mem, pair, name_len),
		.value = equals ? decode(mem, equals + 1, len - name_len - 1) : "",
	};

	if (!field.name || !field.value || !*field.name || out->fields.count == FORM_MOST)
		return -1;
	*arena_push(mem, &out->fields) = field;
	return 0;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct field *)a)->name, ((const struct field *)b)->name);
}

/* -1 when a name is there twice. */
static int
sort(struct arena *mem, struct form *form)
{
	size_t count = form->fields.count;

	if (!count)
		return 0;
	form->by_name = arena_array(mem, struct field, count);
	memcpy(form->by_name, form->fields.items, count * sizeof(struct field));
	qsort(form->by_name, count, sizeof(struct field), by_name);
	for (size_t i = 1; i < count; i++)
		if (strcmp(form->by_name[i - 1].name, form->by_name[i].name) == 0)
			return -1;
	return 0;
}

int
form_parse(struct arena *mem, const char *body, size_t len, struct form *out)
{
	size_t start = 0;

	while (start < len) {
		const char *amp = memchr(body + start, '&', len - start);
		size_t end = amp ? (size_t)(amp - body) : len;
		if (add(mem, body + start, end - start, out) < 0)
			return -1;
		start = end + 1;
	}
	return sort(mem, out);
}

const char *
form_get(const struct form *form, const char *name)
{
	const struct field wanted = { .name = name }, *found = NULL;

	if (form->by_name)
		found = bsearch(&wanted, form->by_name, form->fields.count, sizeof(struct field), by_name);
	return found ? found->value : "";
}

bool
form_has(const struct form *form, const char *name)
{
	for (size_t i = 0; i < form->fields.count; i++)
		if (strcmp(form->fields.items[i].name, name) == 0)
			return true;
	return false;
}
