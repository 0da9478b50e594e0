/* SPDX-License-Identifier: GPL-3.0-or-later */
/* utf16.c - an export in UTF-16, as Windows tools write it, becomes UTF-8. */
#include "collect_p.h"

/* ldifde -u writes UTF-16LE. */
int
utf16_read(struct arena *mem, const char *name, char **bytes, size_t *len, struct error *err)
{
	const unsigned char *b = (const unsigned char *)*bytes;
	char *out, *to;

	if (*len >= 3 && !memcmp(b, "\xef\xbb\xbf", 3)) {
		*bytes += 3;
		*len -= 3;
	}
	if (*len >= 2 && b[0] == 0xfe && b[1] == 0xff)
		return error_set(err, ERROR_SOURCE, "%s:1: big-endian UTF-16 is not read", name);
	if (*len < 2 || b[0] != 0xff || b[1] != 0xfe)
		return 0;
	if (*len % 2)
		return error_set(err, ERROR_SOURCE, "'%s' ends inside a UTF-16 character", name);
	out = to = arena_many(mem, *len / 2 + 1, 3);
	for (size_t i = 2; i < *len; i += 2) {
		uint32_t c = (uint32_t)b[i] | (uint32_t)b[i + 1] << 8;

		if (c >= 0xd800 && c < 0xe000) {
			uint32_t low = i + 3 < *len ? (uint32_t)b[i + 2] | (uint32_t)b[i + 3] << 8 : 0;

			if (c >= 0xdc00 || low < 0xdc00 || low >= 0xe000)
				return error_set(err, ERROR_SOURCE, "'%s' holds broken UTF-16", name);
			c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
			i += 2;
			*to++ = (char)(0xf0 | c >> 18);
			*to++ = (char)(0x80 | (c >> 12 & 63));
			*to++ = (char)(0x80 | (c >> 6 & 63));
			*to++ = (char)(0x80 | (c & 63));
		} else if (c >= 0x800) {
			*to++ = (char)(0xe0 | c >> 12);
			*to++ = (char)(0x80 | (c >> 6 & 63));
			*to++ = (char)(0x80 | (c & 63));
		} else if (c >= 0x80) {
			*to++ = (char)(0xc0 | c >> 6);
			*to++ = (char)(0x80 | (c & 63));
		} else {
			*to++ = (char)c;
		}
	}
	*bytes = out;
	*len = (size_t)(to - out);
	return 0;
}
