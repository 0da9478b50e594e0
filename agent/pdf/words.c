/* SPDX-License-Identifier: GPL-3.0-or-later */
/* words.c - text from outside, so that it can do no harm on paper. */
#include "pdf_p.h"

#include <utf8proc.h>

#define INSTEAD "\xef\xbf\xbd"          /* U+FFFD */
#define PILED 2                         /* marks on one letter; more of them would lie over the lines above and below */

/* Those that Unicode calls "default ignorable" and others that show nothing: a name with them is not the name it looks like. */
static bool hidden(utf8proc_int32_t c)
{
	static const utf8proc_int32_t from_to[][2] = {
		{ 0x34f, 0x34f }, { 0x115f, 0x1160 }, { 0x17b4, 0x17b5 }, { 0x180b, 0x180f }, { 0x2000, 0x200f },
		{ 0x2028, 0x202e }, { 0x205f, 0x206f }, { 0x2800, 0x2800 }, { 0x3000, 0x3000 }, { 0x3164, 0x3164 },
		{ 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff }, { 0xffa0, 0xffa0 }, { 0x1d173, 0x1d17a }, { 0xe0000, 0xe0fff },
	};

	for (size_t i = 0; i < sizeof(from_to) / sizeof(*from_to); i++)
		if (c >= from_to[i][0] && c <= from_to[i][1])
			return true;
	return c == 0xad || c == 0x61c;
}

static bool is_mark(utf8proc_category_t category)
{
	return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_ME;
}

/* What stands for a character: NULL when it may stand for itself. */
static const char *instead(const FcCharSet *has, const char *at, utf8proc_int32_t c, bool lines, int *piled, char shown[16])
{
	utf8proc_category_t category = utf8proc_category(c);

	*piled = is_mark(category) ? *piled + 1 : 0;
	if (c == '\n')
		return lines ? NULL : " ";
	if (c == '\t')
		return " ";
	if (category == UTF8PROC_CATEGORY_CC || text_turn(at) || *piled > PILED)
		return INSTEAD;
	if (!hidden(c) && FcCharSetHasChar(has, (FcChar32)c))
		return NULL;
	snprintf(shown, 16, "‹U+%04X›", (unsigned)c);
	return shown;
}

/* Printable ASCII, as most of it is. */
static bool is_plain(const char *raw, size_t max)
{
	size_t len = 0;

	while (raw[len] >= 0x20 && raw[len] < 0x7f && len <= max)
		len++;
	return !raw[len] && len <= max;
}

const char *words_clean(struct arena *mem, const FcCharSet *has, const char *raw, size_t max, bool lines)
{
	const utf8proc_uint8_t *at = (const utf8proc_uint8_t *)raw;
	size_t left = strnlen(raw, max * 4 + 4);
	bool changed = false;
	int piled = 0;
	struct text out;

	if (is_plain(raw, max))
		return raw;
	text_open(&out, max * 16 + 16);
	for (size_t shown = 0; left; shown++) {
		utf8proc_int32_t c;
		utf8proc_ssize_t len = utf8proc_iterate(at, (utf8proc_ssize_t)left, &c);
		char number[16];
		const char *other = len < 1 ? INSTEAD : instead(has, (const char *)at, c, lines, &piled, number);

		if (shown == max) {
			text_add(&out, "…");
			changed = true;
			break;
		}
		if (other)
			text_add(&out, other);
		else
			text_bytes(&out, (const char *)at, (size_t)len);
		changed |= other != NULL;
		at += len < 1 ? 1 : len;
		left -= len < 1 ? 1 : (size_t)len;
	}
	raw = changed ? arena_copy(mem, out.data, out.len) : raw;
	text_close(&out);
	return raw;
}
