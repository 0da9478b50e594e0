/* SPDX-License-Identifier: GPL-3.0-or-later */
/* speak.c - looks a text up in the catalogs of conf/po/, which msgfmt made and the program carries inside it. */
#include "behov/speak.h"

#include <endian.h>
#include <stdint.h>
#include <string.h>

/* As in templates.c.  languages.list is made by the Makefile: one LANGUAGE(symbol, "tag", "catalog") a line. */
#define LANGUAGE(symbol, tag, file)                                                                \
	__asm__(".pushsection .rodata\n" #symbol ":\n.incbin \"" file "\"\n" #symbol "_end:\n.popsection\n"); \
	extern const unsigned char symbol[] __attribute__((visibility("hidden")));                \
	extern const unsigned char symbol##_end[] __attribute__((visibility("hidden")));
#include "languages.list"
#undef LANGUAGE

static const struct language languages[] = {
	{ "sv", NULL, NULL },
#define LANGUAGE(symbol, tag, file) { tag, symbol, symbol##_end },
#include "languages.list"
#undef LANGUAGE
};
#define LANGUAGES (sizeof(languages) / sizeof(*languages))

/* A .mo is 32-bit numbers, here with the low byte first: MAGIC, 0, how many texts, where the table of originals is, and
 * that of translations.  A table has (length, offset) for each text; originals are sorted, and all end in a NUL. */
#define MAGIC 0x950412deu
#define HEAD (7 * 4)

static uint32_t
number(const struct language *l, size_t at)
{
	uint32_t value;

	memcpy(&value, l->from + at, sizeof(value));
	return le32toh(value);
}

/* table: 12 for originals, 16 for translations. */
static const char *
entry(const struct language *l, size_t table, size_t i, size_t *len)
{
	size_t at = number(l, table) + 8 * i;

	*len = number(l, at);
	return (const char *)l->from + number(l, at + 4);
}

static int
compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int order = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return order ? order : (a_len > b_len) - (a_len < b_len);
}

const char *
speak_bytes(const struct language *l, const char *text, size_t len)
{
	size_t low = 0, high = l && l->from ? number(l, 8) : 0;

	if (!len)
		return NULL;            /* that is where a catalog has its header */
	while (low < high) {
		size_t middle = low + (high - low) / 2, found_len;
		const char *found = entry(l, 12, middle, &found_len);
		int order = compare(text, len, found, found_len);

		if (order == 0)
			return entry(l, 16, middle, &found_len);
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

const char *
speak(const struct language *l, const char *text)
{
	const char *found = text ? speak_bytes(l, text, strlen(text)) : NULL;

	return found ? found : text;
}

const struct language *
speak_languages(size_t *count)
{
	*count = LANGUAGES;
	return languages;
}

const struct language *
speak_language(const char *tag)
{
	for (size_t i = 0; i < LANGUAGES; i++)
		if (!tag || strcmp(languages[i].tag, tag) == 0)
			return &languages[i];
	return NULL;
}

/* ------------------------------------------------------------------ is it whole? */

static bool
has_table(const struct language *l, size_t table, size_t count)
{
	size_t size = (size_t)(l->to - l->from), at = number(l, table);

	if (at > size || count > (size - at) / 8)
		return false;
	for (size_t i = 0; i < count; i++) {
		size_t len = number(l, at + 8 * i), start = number(l, at + 8 * i + 4);

		if (start >= size || len >= size - start || l->from[start + len] != '\0')
			return false;
	}
	return true;
}

bool
speak_is_whole(const struct language *l)
{
	size_t count, len, before_len = 0;
	const char *before = "", *text;

	if (!l->from || l->to - l->from < HEAD || number(l, 0) != MAGIC || number(l, 4) >> 16 != 0)
		return false;
	count = number(l, 8);
	if (!has_table(l, 12, count) || !has_table(l, 16, count))
		return false;
	for (size_t i = 0; i < count; i++) {
		text = entry(l, 12, i, &len);
		if (i && compare(before, before_len, text, len) >= 0)
			return false;
		before = text;
		before_len = len;
	}
	return true;
}

int
speak_check(struct error *err)
{
	for (size_t i = 1; i < LANGUAGES; i++)
		if (!speak_is_whole(&languages[i]))
			return error_set(err, ERROR_CONFIG, "the catalog '%s' that behov was built with is broken", languages[i].tag);
	return 0;
}
