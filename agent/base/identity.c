/* SPDX-License-Identifier: GPL-3.0-or-later */
/* identity.c - SIDs (MS-DTYP 2.4.2) and GUIDs (MS-DTYP 2.3.4) as texts. */
#include <behov/identity.h>

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static bool
sid_written(const char *s, size_t len)
{
	if (len < 7 || len >= SID_MOST || strncmp(s, "S-1-", 4) != 0 || s[len - 1] == '-')
		return false;
	for (size_t i = 4; i < len; i++)
		if (!isdigit((unsigned char)s[i]) && (s[i] != '-' || s[i - 1] == '-'))
			return false;
	return true;
}

static char *
put_number(char *to, uint64_t n)
{
	char digits[20];
	size_t at = sizeof(digits);

	for (; n >= 10; n /= 10)
		digits[--at] = (char)('0' + n % 10);
	digits[--at] = (char)('0' + n);
	memcpy(to, digits + at, sizeof(digits) - at);
	return to + sizeof(digits) - at;
}

const char *
sid_text(const char *bytes, size_t len, char out[SID_MOST])
{
	const unsigned char *b = (const unsigned char *)bytes;
	uint64_t authority = 0;
	char *to = out;

	if (sid_written(bytes, len)) {
		memcpy(out, bytes, len);
		out[len] = '\0';
		return out;
	}
	if (len < 12 || b[0] != 1 || b[1] > 15 || len != 8 + 4 * (size_t)b[1])
		return NULL;
	for (int i = 2; i < 8; i++)
		authority = authority << 8 | b[i];
	memcpy(to, "S-1-", 4);
	to = put_number(to + 4, authority);
	for (const unsigned char *p = b + 8; p < b + len; p += 4) {
		*to++ = '-';
		to = put_number(to, (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24);
	}
	*to = '\0';
	return out;
}

const char *
guid_text(const char *bytes, size_t len, char out[GUID_MOST])
{
	static const int order[16] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };
	static const char hex[] = "0123456789abcdef";
	char *to = out;

	if (len != 16 && len != 36)
		return NULL;
	for (int i = 0; len == 16 && i < 16; i++) {     /* the first three fields are little-endian */
		unsigned char byte = (unsigned char)bytes[order[i]];

		if (i == 4 || i == 6 || i == 8 || i == 10)
			*to++ = '-';
		*to++ = hex[byte >> 4];
		*to++ = hex[byte & 15];
	}
	for (int i = 0; len == 36 && i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? bytes[i] != '-' : !isxdigit((unsigned char)bytes[i]))
			return NULL;
		*to++ = (char)tolower((unsigned char)bytes[i]);
	}
	*to = '\0';
	return out;
}
