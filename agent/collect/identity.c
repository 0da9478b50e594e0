/* SPDX-License-Identifier: GPL-3.0-or-later */
/* identity.c - SIDs and GUIDs as texts. */
#include "collect_p.h"

#include <ctype.h>

static bool
sid_written(const char *s, size_t len)
{
	if (len < 7 || len > 190 || strncmp(s, "S-1-", 4) != 0 || s[len - 1] == '-')
		return false;
	for (size_t i = 4; i < len; i++)
		if (!isdigit((unsigned char)s[i]) && (s[i] != '-' || s[i - 1] == '-'))
			return false;
	return true;
}

char *
sid_text(struct arena *mem, const char *bytes, size_t len)
{
	const unsigned char *b = (const unsigned char *)bytes;
	uint64_t authority = 0;
	char *out;

	if (sid_written(bytes, len))
		return arena_copy(mem, bytes, len);
	if (len < 8 || b[0] != 1 || b[1] > 15 || len != 8 + 4 * (size_t)b[1])
		return NULL;
	for (int i = 2; i < 8; i++)
		authority = authority << 8 | b[i];
	out = arena_print(mem, "S-1-%llu", (unsigned long long)authority);
	for (const unsigned char *p = b + 8; p < b + len; p += 4)
		out = arena_print(mem, "%s-%lu", out, (unsigned long)p[0] | (unsigned long)p[1] << 8
				  | (unsigned long)p[2] << 16 | (unsigned long)p[3] << 24);
	return out;
}

char *
guid_text(struct arena *mem, const char *bytes, size_t len)
{
	const unsigned char *b = (const unsigned char *)bytes;
	char *out;

	if (len == 16)          /* the first three fields are little-endian */
		return arena_print(mem, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
				   b[3], b[2], b[1], b[0], b[5], b[4], b[7], b[6], b[8], b[9],
				   b[10], b[11], b[12], b[13], b[14], b[15]);
	if (len != 36)
		return NULL;
	out = arena_copy(mem, bytes, len);
	for (int i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? out[i] != '-' : !isxdigit((unsigned char)out[i]))
			return NULL;
		out[i] = (char)tolower((unsigned char)out[i]);
	}
	return out;
}
