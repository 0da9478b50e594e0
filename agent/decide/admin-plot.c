/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * admin-plot.c - nights as bars, with what is wanted as a line, and words where they belong.
 *
 * Places are percentages and heights are pixels, so that words keep their size on any screen.  Nothing is told by colour alone: a
 * night with gaps is hollow.  Where nothing is known there is no bar, and the line that bars stand on is broken; a bar of nothing
 * stands on it.
 */
#include "admin_p.h"

#include <math.h>

#define TOP 26                          /* pixels above the highest bar, for its word */
#define HIGH 90                         /* pixels of the highest bar */
#define WIDE 80                         /* percent: what is left is for the word of the last bar, */
#define WIDE_TARGET 68                  /* and for that of the target */
#define APART 15                        /* pixels between two words, one below the other */

struct drawing {
	struct request *r;
	const struct admin_plot *p;
	size_t wide, marked, last, known;       /* marked: the highest, or the lowest where that is the worst */
	double most;
};

/* "12.50%" of all, without a comma whatever the locale. */
static const char *
percent(const struct drawing *d, size_t part, size_t of)
{
	size_t hundredths = part * d->wide * 100 / of;

	return arena_print(d->r->mem, "%zu.%02zu%%", hundredths / 100, hundredths % 100);
}

static const char *
word(const struct drawing *d, double value)
{
	return d->p->word(d->r, d->p->self, value);
}

static long long
high(const struct drawing *d, double value)
{
	return d->most > 0 ? (long long)(value * HIGH / d->most) : 0;
}

static void
put_pixels(json_t *o, const char *key, long long n)
{
	json_object_set_new(o, key, json_integer(n));
}

static json_t *
bar(const struct drawing *d, size_t at)
{
	const struct admin_point *point = &d->p->points[at];
	struct arena *mem = d->r->mem;
	json_t *o = json_object();

	json_put(o, "x", percent(d, at * 5, d->p->count * 5));
	json_put(o, "width", percent(d, 4, d->p->count * 5));
	put_pixels(o, "y", TOP + HIGH - high(d, point->value));
	put_pixels(o, "height", high(d, point->value));
	json_object_set_new(o, "hollow", json_boolean(!point->complete));
	json_put(o, "text", arena_print(mem, point->complete ? "%s: %s" : say(d->r, "%s: %s, med luckor"),
					day_text(mem, clock_day(point->at)), word(d, point->value)));
	return o;
}

/* The line that they stand on, in as many pieces as there are between nights of which nothing is known. */
static json_t *
ground(const struct drawing *d)
{
	json_t *list = json_array();
	size_t count = d->p->count;

	for (size_t from = 0, to; from < count; from = to) {
		json_t *o;

		for (to = from; to < count && !isnan(d->p->points[to].value); to++)
			;
		if (to == from) {
			to++;
			continue;
		}
		o = json_object();
		json_put(o, "from", percent(d, from, count));
		json_put(o, "to", percent(d, to, count));
		json_array_append_new(list, o);
	}
	return list;
}

static void
put_word(json_t *list, const char *x, long long y, const char *anchor, const char *text)
{
	json_t *o = json_object();

	json_put(o, "x", x);
	put_pixels(o, "y", y);
	json_put(o, "anchor", anchor);
	json_put(o, "text", text);
	json_array_append_new(list, o);
}

/* Above the bar, and above the line of the target where that would go through it. */
static void
put_marked(const struct drawing *d, json_t *list)
{
	const struct admin_plot *p = d->p;
	struct request *r = d->r;
	double value = p->points[d->marked].value;
	long long y = TOP + HIGH - high(d, value) - 8;
	bool left = d->marked * 2 < p->count;
	const char *text = word(d, value);

	if (p->target > 0) {
		long long line = TOP + HIGH - high(d, p->target);

		if (line > y - APART && line < y + 6)
			y = line - 6;
	}
	text = p->lowest ? arena_print(r->mem, say(r, "lägst %s"), text) : arena_print(r->mem, say(r, "högst %s"), text);
	put_word(list, percent(d, d->marked * 5 + (left ? 0 : 4), p->count * 5), y, left ? "start" : "end", text);
}

/* The highest (or lowest) is written above its bar, towards the middle; the last beside its own, and the target beside its line. */
static void
put_words(const struct drawing *d, json_t *list)
{
	const struct admin_plot *p = d->p;
	struct request *r = d->r;
	double marked = p->points[d->marked].value, latest = p->points[d->last].value;
	long long last = TOP + HIGH - high(d, latest) + 4, target;

	if (marked < latest || marked > latest)
		put_marked(d, list);
	put_word(list, percent(d, 61, 60), last, "start", word(d, p->points[d->last].value));
	if (isnan(p->target))
		return;
	target = TOP + HIGH - high(d, p->target) + 4;
	if (llabs(target - last) < APART)
		target = target <= last && last - APART > 0 ? last - APART : last + APART;
	put_word(list, percent(d, 61, 60), target, "start", arena_print(r->mem, say(r, "mål %s"), word(d, p->target)));
}

static void
look(struct drawing *d)
{
	const struct admin_plot *p = d->p;

	for (size_t i = 0; i < p->count; i++) {
		if (isnan(p->points[i].value))
			continue;
		d->last = i;
		d->most = fmax(d->most, p->points[i].value);
		if (!d->known++ || (p->lowest ? p->points[i].value < p->points[d->marked].value : p->points[i].value > p->points[d->marked].value))
			d->marked = i;
	}
	if (d->known && p->target > d->most)    /* not when there is none */
		d->most = p->target;
}

static const char *
said(const struct drawing *d)
{
	const struct admin_plot *p = d->p;
	struct arena *mem = d->r->mem;

	if (!d->known)
		return say(d->r, "Inga nätter än.");
	if (d->known == 1)
		return arena_print(mem, say(d->r, "En natt, %s: %s."), day_text(mem, clock_day(p->points[d->last].at)), word(d, p->points[d->last].value));
	return arena_print(mem, p->lowest ? say(d->r, "%zu nätter från %s till %s. Lägst %s, senast %s.")
				: say(d->r, "%zu nätter från %s till %s. Högst %s, senast %s."), d->known,
			   day_text(mem, clock_day(p->points[0].at)), day_text(mem, clock_day(p->points[d->last].at)),
			   word(d, p->points[d->marked].value), word(d, p->points[d->last].value));
}

json_t *
admin_plot(struct request *r, const struct admin_plot *p)
{
	struct drawing d = { .r = r, .p = p, .wide = isnan(p->target) ? WIDE : WIDE_TARGET };
	json_t *o = json_object(), *bars = json_array(), *words = json_array();
	const char *first = p->count ? day_text(r->mem, clock_day(p->points[0].at)) : "";

	look(&d);
	for (size_t i = 0; i < p->count; i++)
		if (!isnan(p->points[i].value))
			json_array_append_new(bars, bar(&d, i));
	if (d.known)
		put_words(&d, words);
	json_put(o, "id", p->id);
	json_put(o, "title", p->title);
	json_put(o, "said", said(&d));
	json_put(o, "end", percent(&d, 1, 1));
	put_pixels(o, "base", TOP + HIGH);
	put_pixels(o, "below", TOP + HIGH + 18);
	put_pixels(o, "all", TOP + HIGH + 24);
	json_object_set_new(o, "wanted", d.known && p->target > 0 ? json_integer(TOP + HIGH - high(&d, p->target)) : json_null());
	json_put(o, "from", first);
	json_put(o, "to", p->count > 1 ? day_text(r->mem, clock_day(p->points[p->count - 1].at)) : "");
	json_object_set_new(o, "ground", ground(&d));
	json_object_set_new(o, "bars", bars);
	json_object_set_new(o, "words", words);
	return o;
}
