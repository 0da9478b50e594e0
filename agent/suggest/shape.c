/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shape.c - what a name is built of: years, dates, numbers of cases, and text; and the pattern that such names share.
 */
#include "survey_p.h"

#include <string.h>

#define YEAR_LEAST 1900
#define YEAR_MOST 2100
#define CASE_LETTERS 6                  /* "KS", "MBN", "SOCIAL" */
#define CASE_DIGITS 6

/* One part of a name, and how long it is. */
struct found { unsigned shape; size_t len; };

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t
digits(const char *at)
{
	return strspn(at, "0123456789");
}

static int
number(const char *at, size_t len)
{
	int n = 0;

	while (len--)
		n = n * 10 + (*at++ - '0');
	return n;
}

static bool
is_year(const char *at)
{
	return number(at, 4) >= YEAR_LEAST && number(at, 4) <= YEAR_MOST;
}

static bool
is_day(const char *year, const char *month, const char *dom)
{
	return is_year(year) && day_make(number(year, 4), number(month, 2), number(dom, 2)) != DAY_NONE;
}

/* 2019-03-01, 20190301 */
static size_t
date_at(const char *at)
{
	if (digits(at) == 8)
		return is_day(at, at + 4, at + 6) ? 8 : 0;
	if (digits(at) == 4 && at[4] == '-' && digits(at + 5) == 2 && at[7] == '-' && digits(at + 8) == 2)
		return is_day(at, at + 5, at + 8) ? 10 : 0;
	return 0;
}

/* 850312-1234, 19850312-1234, 198503121234; the day of a samordningsnummer is 60 more. */
static size_t
person_at(const char *at)
{
	size_t n = digits(at), birth = n == 12 || n == 8 ? 8 : n == 10 || n == 6 ? 6 : 0, len = n;
	int month, day;

	if (n == 6 || n == 8) {
		if ((at[n] != '-' && at[n] != '+') || digits(at + n + 1) != 4)
			return 0;
		len = n + 5;
	}
	if (!birth || (birth == 8 && !is_year(at)))
		return 0;
	month = number(at + birth - 4, 2);
	day = number(at + birth - 2, 2);
	return month >= 1 && month <= 12 && ((day >= 1 && day <= 31) || (day >= 61 && day <= 91)) ? len : 0;
}

/* 2019-123, 2019_0042; but 2019-03 is a month, and 2019-2020 two years. */
static size_t
running_at(const char *at)
{
	size_t n;

	if (digits(at) != 4 || !is_year(at) || !at[4] || !strchr("-_", at[4]))
		return 0;
	n = digits(at + 5);
	if (n == 0 || n > CASE_DIGITS || (n == 4 && is_year(at + 5)))
		return 0;
	if (n == 2 && number(at + 5, 2) >= 1 && number(at + 5, 2) <= 12)
		return 0;
	return 5 + n;
}

static bool
is_capital(const char *at, size_t *len)
{
	*len = (unsigned char)*at == 0xc3 ? 2 : 1;      /* Å, Ä, Ö */
	return *len == 2 ? strchr("\x84\x85\x96", at[1]) && at[1] : *at >= 'A' && *at <= 'Z';
}

/* KS-2021-0042, KS 2021-42, BN_2019_7: here a month's number is a case's, too. */
static size_t
case_at(const char *at)
{
	size_t start = 0, len, letters = 0, n;

	while (is_capital(at + start, &len)) {
		start += len;
		letters++;
	}
	if (!letters)
		return running_at(at);
	if (letters > CASE_LETTERS)
		return 0;
	start += at[start] && strchr("-_ ", at[start]);
	if (digits(at + start) != 4 || !is_year(at + start) || !at[start + 4] || !strchr("-_ ", at[start + 4]))
		return 0;
	n = digits(at + start + 5);
	return n >= 1 && n <= CASE_DIGITS ? start + 5 + n : 0;
}

/* `first`: nothing that belongs to a word or a number stands before it. */
static struct found
find_at(const char *at, bool first)
{
	size_t len = 0;

	if (!first || (!is_digit(*at) && !is_capital(at, &len)))
		return (struct found){ 0, 0 };
	if ((len = person_at(at)))
		return (struct found){ SHAPE_PERSON, len };
	if ((len = date_at(at)))
		return (struct found){ SHAPE_DATE, len };
	if ((len = case_at(at)))
		return (struct found){ SHAPE_CASE, len };
	if (digits(at) == 4 && is_year(at))
		return (struct found){ SHAPE_YEAR, 4 };
	return (struct found){ 0, 0 };
}

static bool
is_of_word(const char *name, const char *at)
{
	unsigned char c = at > name ? (unsigned char)at[-1] : ' ';

	return c >= 0x80 || is_digit((char)c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* A year may stand against letters: "Budget2019". */
static struct found
find(const char *name, const char *at)
{
	struct found f = find_at(at, !is_of_word(name, at));

	if (!f.len && at > name && !is_digit(at[-1]) && digits(at) == 4 && is_year(at))
		f = (struct found){ SHAPE_YEAR, 4 };
	return f;
}

unsigned
shape_of(const char *name)
{
	unsigned shape = 0;

	for (const char *at = name; *at;) {
		struct found f = find(name, at);

		shape |= f.shape;
		at += f.len ? f.len : is_digit(*at) ? digits(at) : 1;
	}
	return shape;
}

/* ------------------------------------------------------------------ patterns */

/* A character as a pattern has it.  What would mean something there, cannot be shown, or is no UTF-8 is '?': any one. */
static size_t
add_plain(struct arena *mem, struct text *t, const char *at)
{
	unsigned char c = (unsigned char)*at;
	size_t len = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
	char one[5] = { 0 };

	if (strnlen(at, len) < len || !text_is_utf8(at, len))
		len = 1;
	memcpy(one, at, len);
	if (strchr("*?{}", *at) || (*at != '%' && strcmp(name_show(mem, one), one) != 0))
		text_char(t, '?');
	else
		text_bytes(t, at, len);
	return len;
}

static const char *
word_of(unsigned shape)
{
	return shape == SHAPE_YEAR ? "{year}" : shape == SHAPE_DATE ? "{date}" : shape == SHAPE_CASE ? "{case}" : "*";
}

/* What follows a date or a case tells them apart, and not what they are: "{case} *". */
static void
add_rest(struct text *t, const char *rest)
{
	if (*rest && strchr(" -_.,", *rest))
		text_char(t, *rest++);
	if (*rest)
		text_char(t, '*');
}

static bool
is_month(const char *at)
{
	return *at && strchr("-_ .", *at) && digits(at + 1) == 2 && !at[3] && number(at + 1, 2) >= 1 && number(at + 1, 2) <= 12;
}

static unsigned
add_parts(struct arena *mem, struct text *t, const char *name)
{
	unsigned shape = 0;

	for (const char *at = name; *at;) {
		struct found f = find(name, at);

		if (!f.len) {
			at += add_plain(mem, t, at);
			continue;
		}
		shape |= f.shape;
		at += f.len;
		text_add(t, word_of(f.shape));
		if (f.shape != SHAPE_YEAR || is_month(at)) {
			add_rest(t, at);
			break;
		}
	}
	return shape;
}

const char *
shape_pattern(struct arena *mem, const char *name, unsigned *shape)
{
	struct text t;
	char *out;

	*shape = 0;
	if (digits(name) == strlen(name) && !find(name, name).len) {
		*shape = SHAPE_NUMBER;
		return "*";
	}
	text_open(&t, 4096);
	*shape = add_parts(mem, &t, name);
	out = arena_text(mem, t.data);
	text_close(&t);
	/* Numbers of people stand in no rule, and a draft's placeholder is refused where it stands. */
	if (*shape & SHAPE_PERSON)
		return "*";
	if (strncmp(out, "ANGE-", 5) == 0)
		*out = '?';
	/* Two stars are any number of folders. */
	for (char *at = out; (at = strstr(at, "**"));)
		memmove(at, at + 1, strlen(at));
	return out;
}
