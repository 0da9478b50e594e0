/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hr-key.c - a personnummer as the key of HR: what stands for it is an HMAC, and the number itself is overwritten. */
#include "hr_p.h"

#include <behov/digest.h>
#include <behov/file.h>

int
hr_secret_open(struct arena *mem, const struct conf *conf, struct hr_secret *out, struct error *err)
{
	out->year = day_year(clock_day(clock_now()));
	return file_key(mem, conf->hr.key_file, &out->key, &out->len, err);
}

/* Only digits, and the signs that may stand between them; plus: somebody who turns a hundred this year, or has. */
static size_t
digits(const char *text, char out[12], bool *plus)
{
	size_t used = 0;

	*plus = false;
	for (const char *p = text; *p; p++) {
		if (*p >= '0' && *p <= '9') {
			if (used == 12)
				return 0;
			out[used++] = *p;
		} else if (*p == '+') {
			*plus = true;
		} else if (*p != '-' && *p != ' ') {
			return 0;
		}
	}
	return used;
}

/* Twelve digits, the century too: the last one that is not to come, and with a plus the one before. */
bool
hr_personnummer(const char *text, int year, char out[13])
{
	char some[12];
	bool plus;
	size_t count = digits(text, some, &plus);
	int born;

	if (count != 10 && count != 12)
		return false;
	memcpy(out + 12 - count, some, count);
	out[12] = '\0';
	if (count == 10) {
		born = (some[0] - '0') * 10 + some[1] - '0';
		born = year - (year - born) % 100 - (plus ? 100 : 0);
		out[0] = (char)('0' + born / 1000 % 10);
		out[1] = (char)('0' + born / 100 % 10);
	}
	explicit_bzero(some, sizeof(some));
	return true;
}

/* Keys that are no personnummer are hidden as they are written. */
const char *
hr_hide(struct arena *mem, const struct hr_secret *secret, char *text)
{
	unsigned char mac[DIGEST_SIZE];
	char number[13] = "";
	bool known = hr_personnummer(text, secret->year, number);

	if (!*text)
		return text;
	digest_hmac(secret->key, secret->len, known ? number : text, strlen(known ? number : text), mac);
	explicit_bzero(text, strlen(text));
	explicit_bzero(number, sizeof(number));
	return digest_hex(mem, mac, sizeof(mac));
}
