/* SPDX-License-Identifier: GPL-3.0-or-later */
/* scale.c - the steps of an axis, numbers as Swedes write them, and how wide a text is. */
#include "plot_p.h"

#include <math.h>
#include <utf8proc.h>

#define MOST  1e15                      /* a double still tells each whole number from the next */
#define CUT   0.15                      /* lines that differ by less than this part of their height may leave zero out */

bool
plot_value(double value)
{
	return isfinite(value) && fabs(value) <= MOST;
}

/* ------------------------------------------------------------------ the steps */

struct reach { double low, high; bool any, whole; };

static void
reach_for(struct reach *r, const double *values, int count)
{
	for (int i = 0; values && i < count; i++) {
		double v = values[i];

		if (!plot_value(v))
			continue;
		r->low = r->any && r->low < v ? r->low : v;
		r->high = r->any && r->high > v ? r->high : v;
		r->whole &= v == floor(v);
		r->any = true;
	}
}

/* 1, 2 or 5 times a power of ten, at least that. */
static double
nice(double least)
{
	double ten = pow(10, floor(log10(least)));

	return least <= ten ? ten : least <= 2 * ten ? 2 * ten : least <= 5 * ten ? 5 * ten : 10 * ten;
}

static void
shown_in(struct scale *s, double most)
{
	static const struct { double size; const char *word; } many[] = { { 1e12, "biljoner" }, { 1e9, "miljarder" }, { 1e6, "miljoner" } };

	s->divide = 1;
	for (size_t i = 0; i < sizeof(many) / sizeof(*many); i++)
		if (most >= many[i].size && s->divide < many[i].size) {
			s->divide = many[i].size;
			s->word = many[i].word;
		}
	s->decimals = (int)ceil(-log10(s->step / s->divide) - 1e-9);
	s->decimals = s->decimals < 0 ? 0 : s->decimals > 9 ? 9 : s->decimals;
}

bool
scale_of(const struct plot *plot, int steps, bool cut, struct scale *out)
{
	struct reach r = { .whole = true };
	double low, high;

	for (int i = 0; i < plot->series_count; i++)
		reach_for(&r, plot->series[i].values, plot->x_count);
	reach_for(&r, plot->plan, plot->x_count);
	if (!r.any)
		return false;
	low = r.low;
	high = r.high;
	*out = (struct scale){ .cut = cut && low > 0 && high > low && high - low < CUT * high };
	if (low > 0 && !out->cut)
		low = 0;
	if (high < 0)
		high = 0;
	out->least = low;
	out->most = high;
	if (high <= low)
		high = low + 1;
	out->step = nice((high - low) / steps);
	if (r.whole && out->step < 1)
		out->step = 1;
	out->low = floor(low / out->step + 1e-9) * out->step;
	out->high = ceil(high / out->step - 1e-9) * out->step;
	shown_in(out, fmax(fabs(r.low), fabs(r.high)));
	return true;
}

/* ------------------------------------------------------------------ numbers */

/* "1 234,5" of 1234.5: blanks that are not broken (U+00A0), a comma, a true minus (U+2212). */
static const char *
number(struct arena *mem, double value, int decimals, bool trim)
{
	char digits[64];
	struct text t;
	const char *out;
	size_t whole;

	snprintf(digits, sizeof(digits), "%.*f", decimals, fabs(value));
	if (trim && strchr(digits, '.')) {
		size_t len = strlen(digits);

		while (digits[len - 1] == '0')
			digits[--len] = '\0';
		if (digits[len - 1] == '.')
			digits[--len] = '\0';
	}
	whole = strcspn(digits, ".");
	text_open(&t, 256);
	if (value < 0 && strspn(digits, "0.") < strlen(digits))
		text_add(&t, "\xe2\x88\x92");
	for (size_t i = 0; digits[i]; i++) {
		if (i && i < whole && (whole - i) % 3 == 0)
			text_add(&t, "\xc2\xa0");
		text_char(&t, digits[i] == '.' ? ',' : digits[i]);
	}
	out = arena_copy(mem, t.data, t.len);
	text_close(&t);
	return out;
}

const char *
scale_step(struct arena *mem, const struct scale *s, double value)
{
	return number(mem, value / s->divide, s->decimals, false);
}

const char *
scale_value(struct arena *mem, const struct scale *s, double value)
{
	double shown = value / s->divide;
	int decimals = 0, least = s->decimals;

	if (s->word) {             /* three figures that count, or as many as the steps have */
		decimals = fabs(shown) >= 100 ? 0 : fabs(shown) >= 10 ? 1 : 2;
		decimals = decimals > least ? decimals : least;
	} else if (shown != floor(shown)) {
		decimals = least + 1;
	}
	return number(mem, shown, decimals, true);
}

const char *
scale_unit(struct arena *mem, const struct scale *s, const char *unit)
{
	const char *out = s->word ? s->word : "";

	if (unit && *unit)
		out = arena_print(mem, "%s%s%s", out, *out ? " " : "", unit);
	if (s->cut)
		out = arena_print(mem, "%s%saxeln börjar vid %s", out, *out ? "; " : "", scale_step(mem, s, s->low));
	return out;
}

/* ------------------------------------------------------------------ words */

/* Helvetica's, in thousandths of its size; Arial and Liberation Sans are as wide. */
static const short ascii_wide[95] = {
	278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556, 556, 556, 556,
	278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667,
	611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833,
	556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
};

/* Of others an upper limit, so that what is taken for two labels with room between them is that. */
static double
character_wide(utf8proc_int32_t c)
{
	if (c >= 0x20 && c < 0x7f)
		return ascii_wide[c - 0x20];
	if (c == 0xa0)
		return 278;
	if (utf8proc_category(c) == UTF8PROC_CATEGORY_LL && c < 0x180)
		return 611;
	return c < 0x180 ? 800 : 1100;
}

double
words_wide(const char *text, double size, bool strong)
{
	double wide = 0;
	utf8proc_int32_t c;

	for (utf8proc_ssize_t len; *text && (len = utf8proc_iterate((const utf8proc_uint8_t *)text, -1, &c)) > 0; text += len)
		wide += character_wide(c);
	return wide * size / 1000 * (strong ? 1.1 : 1);
}

/* How many bytes of it go into the width. */
static size_t
fits(const char *text, double width, double size, bool strong)
{
	double room = width * 1000 / size / (strong ? 1.1 : 1);
	size_t at = 0;
	utf8proc_int32_t c;

	for (utf8proc_ssize_t len; text[at] && (len = utf8proc_iterate((const utf8proc_uint8_t *)text + at, -1, &c)) > 0; at += (size_t)len) {
		room -= character_wide(c);
		if (room < 0)
			break;
	}
	return at;
}

const char *
words_fit(struct arena *mem, const char *text, double width, double size, bool strong, const char **rest)
{
	size_t len = fits(text, width, size, strong), blank = len;

	if (rest)
		*rest = NULL;
	if (!text[len])
		return text;
	while (blank && text[blank] != ' ')
		blank--;
	if (rest && blank) {
		*rest = text + blank + 1;
		return arena_copy(mem, text, blank);
	}
	len = fits(text, width - words_wide("…", size, strong), size, strong);
	return arena_print(mem, "%.*s…", (int)len, text);
}
