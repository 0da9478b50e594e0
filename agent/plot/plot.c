/* SPDX-License-Identifier: GPL-3.0-or-later */
/* plot.c - a plot as a drawing: lines over time, each with its name at its end. */
#include "plot_p.h"

#include <math.h>

#define LEAD   16.0                     /* from one line of a name to the next */
#define APART  6.0                      /* between two names */
#define OUT    14.0                     /* from the last point to its name */
#define FEW    16                       /* points: each is shown as a dot */
#define UNIT   24.0                     /* what the unit over the axis takes */
#define BELOW  24.0                     /* what the labels under it take */

/* Dark enough to be read on white, each; what two share in grey their dashes tell apart. */
static const struct { unsigned colour; const char *dash; double stroke; } looks[] = {
	{ 0x1f5a44, NULL, 2.6 }, { 0xa34a00, "9 4", 2.2 }, { 0x1b5fa8, "2.5 3", 2.4 }, { 0x1d2321, "12 3 3 3", 1.8 },
	{ 0x8b1a55, NULL, 1.4 }, { 0x5f6a64, "5 2.5", 2.2 }, { 0x5b3a96, "1.5 4", 2.6 }, { 0x00696b, "14 4 2 4 2 4", 1.8 },
};
#define LOOKS (sizeof(looks) / sizeof(*looks))

/* ------------------------------------------------------------------ what a drawing is made of */

static struct shape *
add(struct drawing *d, enum shape_kind kind, size_t count, unsigned colour)
{
	struct shape *s = arena_push(d->mem, &d->shapes);

	s->kind = kind;
	s->count = count;
	s->colour = colour;
	return s;
}

static const double *
numbers(struct drawing *d, const double *from, size_t count)
{
	return arena_copy(d->mem, from, count * sizeof(*from));
}

static void
draw_stroke(struct drawing *d, const double *at, size_t count, unsigned colour, double stroke, const char *dash)
{
	struct shape *s = add(d, SHAPE_STROKE, count, colour);

	s->at = numbers(d, at, 2 * count);
	s->stroke = stroke;
	s->dash = dash;
}

void
draw_line(struct drawing *d, double x1, double y1, double x2, double y2, unsigned colour, double stroke)
{
	draw_stroke(d, (double[]){ x1, y1, x2, y2 }, 2, colour, stroke, NULL);
}

void
draw_box(struct drawing *d, double x, double y, double width, double height, unsigned colour)
{
	add(d, SHAPE_BOX, 0, colour)->at = numbers(d, (double[]){ x, y, width, height }, 4);
}

static void
draw_dot(struct drawing *d, double x, double y, double radius, unsigned colour, bool hollow)
{
	struct shape *s = add(d, SHAPE_DOT, 0, colour);

	s->at = numbers(d, (double[]){ x, y, radius }, 3);
	s->hollow = hollow;
	s->stroke = 1.6;
}

void
draw_words(struct drawing *d, double x, double y, enum plot_side side, double size, bool strong, unsigned colour, const char *text)
{
	struct shape *s = add(d, SHAPE_WORDS, 0, colour);

	s->at = numbers(d, (double[]){ x, y }, 2);
	s->text = text;
	s->side = side;
	s->size = size;
	s->strong = strong;
}

/* Bytes that are not UTF-8 are shown escaped; what would turn or hide the text around it is not in it. */
static const char *
clean(struct arena *mem, const char *raw)
{
	char *text = text_straight(mem, !raw ? "" : text_is_utf8(raw, strlen(raw)) ? raw : name_show(mem, raw));

	for (char *c = text; *c; c++)
		*c = (unsigned char)*c < 0x20 || *c == 0x7f ? ' ' : *c;
	return text;
}

/* ------------------------------------------------------------------ the axes */

double
scale_y(const struct scale *s, double top, double bottom, double value)
{
	return bottom - (value - s->low) / (s->high - s->low) * (bottom - top);
}

static int
steps_of(const struct scale *s)
{
	return (int)round((s->high - s->low) / s->step);
}

double
steps_wide(struct arena *mem, const struct scale *s)
{
	double widest = 0;

	for (int i = 0; i <= steps_of(s); i++)
		widest = fmax(widest, words_wide(scale_step(mem, s, s->low + i * s->step), PLOT_SMALL, false));
	return widest;
}

void
draw_steps(struct drawing *d, const struct scale *s, double left, double right, double top, double bottom)
{
	for (int i = 0; i <= steps_of(s); i++) {
		double value = s->low + i * s->step, y = scale_y(s, top, bottom, value);
		bool base = fabs(value) < s->step / 2;

		draw_line(d, left, y, right, y, base ? PLOT_AXIS : PLOT_GRID, 1);
		draw_words(d, left - 8, y + 4, SIDE_UPTO, PLOT_SMALL, false, PLOT_QUIET, scale_step(d->mem, s, value));
	}
}

/* Where a label stands that is to be around x, and stay within 0 .. right. */
struct stand { double from, to; };

static struct stand
stand_of(const char *text, double x, double right)
{
	double half = words_wide(text, PLOT_SMALL, false) / 2;

	x = fmin(x, right - half);
	x = fmax(x, half);
	return (struct stand){ x - half, x + half };
}

/* Do the labels of every so many, from the last backwards, stand apart? */
static bool
apart(const struct plot *plot, const double *x, double right, int every)
{
	struct stand after = { INFINITY, INFINITY };

	for (int i = plot->x_count - 1; i >= 0; i -= every) {
		struct stand one = stand_of(plot->x[i], x[i], right);

		if (one.to + 10 > after.from)
			return false;
		after = one;
	}
	return true;
}

void
draw_labels(struct drawing *d, const struct plot *plot, const double *x, double y, double right)
{
	int every = 1;

	while (every < plot->x_count && !apart(plot, x, right, every))
		every++;
	for (int i = plot->x_count - 1; i >= 0; i -= every) {
		struct stand p = stand_of(plot->x[i], x[i], right);

		if (every > 1)
			draw_line(d, x[i], y, x[i], y + 4, PLOT_AXIS, 1);
		draw_words(d, (p.from + p.to) / 2, y + 17, SIDE_AROUND, PLOT_SMALL, false, PLOT_QUIET, plot->x[i]);
	}
}

/* ------------------------------------------------------------------ names at the ends of lines */

struct name {
	const char *value, *first, *second;     /* "34" "Öppna" / "förslag"; value NULL: there is none */
	unsigned colour;
	int last;                               /* its last value, -1: it has none */
	double x, y;                            /* where that stands */
	double high, top;                       /* of the name itself */
};

/* What it takes of a width that is at most `most`. */
static double
set_name(struct arena *mem, struct name *n, const char *text, double most)
{
	double value = n->value ? words_wide(n->value, PLOT_WORDS, true) + 5 : 0;
	const char *rest;

	if (value + words_wide("Mmmmm", PLOT_WORDS, false) > most) {            /* a long number has a line of its own */
		n->first = "";
		n->second = words_fit(mem, text, most, PLOT_WORDS, false, NULL);
	} else {
		n->first = words_fit(mem, text, most - value, PLOT_WORDS, false, &rest);
		n->second = rest ? words_fit(mem, rest, most, PLOT_WORDS, false, NULL) : NULL;
	}
	n->high = n->second ? 2 * LEAD : LEAD;
	return fmax(value + words_wide(n->first, PLOT_WORDS, false), n->second ? words_wide(n->second, PLOT_WORDS, false) : 0);
}

static int
by_height(const void *a, const void *b)
{
	const struct name *x = a, *y = b;

	return x->y != y->y ? (x->y < y->y ? -1 : 1) : x < y ? -1 : x > y;
}

/* Some names that touch each other, as one: the middle of it would like to be at `wish` / count. */
struct pile { size_t first, count; double high, wish, top; };

static void
settle(struct pile *p, double top, double bottom)
{
	p->top = p->wish / (double)p->count;
	p->top = fmax(fmin(p->top, bottom - p->high), top);
}

/* Each as near to its line as the others let it; in their order, so that nothing that leads to them crosses. */
static void
spread(struct arena *mem, struct name *names, size_t count, double top, double bottom)
{
	struct pile *piles = arena_array(mem, struct pile, count + 1), *last = piles;

	for (size_t i = 0; i < count; i++) {
		*last = (struct pile){ i, 1, names[i].high + APART, names[i].y - (names[i].high + APART) / 2, 0 };
		settle(last, top, bottom);
		for (; last > piles && last[-1].top + last[-1].high > last->top; last--) {
			last[-1].wish += last->wish - (double)last->count * last[-1].high;
			last[-1].high += last->high;
			last[-1].count += last->count;
			settle(&last[-1], top, bottom);
		}
		last++;
	}
	for (struct pile *p = piles; p < last; p++) {
		double y = p->top;

		for (size_t i = p->first; i < p->first + p->count; i++) {
			names[i].top = y + APART / 2;
			y += names[i].high + APART;
		}
	}
}

static void
draw_name(struct drawing *d, const struct name *n, double x, double right)
{
	double base = n->top + 12, after = x;

	if (n->value) {
		draw_words(d, x, base, SIDE_FROM, PLOT_WORDS, true, n->colour, n->value);
		after += words_wide(n->value, PLOT_WORDS, true) + 5;
		if (n->x < right - 1 || fabs(n->top + n->high / 2 - n->y) > 5)
			draw_stroke(d, (double[]){ n->x + 5, n->y, fmax(right + 3, n->x + 5), n->y, x - 4, n->top + LEAD / 2 }, 3, PLOT_AXIS, 0.8,
				    n->x < right - 1 ? "1 3" : NULL);
	}
	if (*n->first)
		draw_words(d, after, base, SIDE_FROM, PLOT_WORDS, false, n->colour, n->first);
	if (n->second)
		draw_words(d, x, base + LEAD, SIDE_FROM, PLOT_WORDS, false, n->colour, n->second);
}

/* ------------------------------------------------------------------ lines */

struct lines {
	struct drawing *d;
	const struct plot *plot;
	struct scale scale;
	double left, right, top, bottom;
	double *x;
	struct name *names;             /* of each series, and of the plan */
	size_t name_count;
};

static int
last_of(const double *values, int count)
{
	int last = count - 1;

	while (last >= 0 && !plot_value(values[last]))
		last--;
	return last;
}

static double
add_name(struct lines *l, const char *text, const double *values, unsigned colour, double most)
{
	struct name *n = &l->names[l->name_count++];
	int last = last_of(values, l->plot->x_count);

	*n = (struct name){ .colour = last < 0 ? PLOT_QUIET : colour, .last = last, .y = last < 0 ? l->scale.low : values[last] };
	if (last >= 0)
		n->value = scale_value(l->d->mem, &l->scale, values[last]);
	else
		text = arena_print(l->d->mem, "%s: inga uppgifter", text);
	return set_name(l->d->mem, n, text, most);
}

/* The widest of them. */
static double
add_names(struct lines *l, double most)
{
	const struct plot *plot = l->plot;
	double widest = 0;

	l->names = arena_array(l->d->mem, struct name, (size_t)plot->series_count + 1);
	for (int i = 0; i < plot->series_count; i++)
		widest = fmax(widest, add_name(l, plot->series[i].name, plot->series[i].values, looks[(size_t)i % LOOKS].colour, most));
	if (plot->plan)
		widest = fmax(widest, add_name(l, "Plan", plot->plan, PLOT_QUIET, most));
	return widest;
}

static void
set_places(struct lines *l)
{
	struct drawing *d = l->d;
	double most = d->width < PLOT_WIDE ? d->width * 0.36 : d->width * 0.28, least = d->width < PLOT_WIDE ? 150 : 190, all = 0;
	double widest = add_names(l, most);
	int count = l->plot->x_count;

	for (size_t i = 0; i < l->name_count; i++)
		all += l->names[i].high + APART;
	l->left = steps_wide(d->mem, &l->scale) + 10;
	l->right = d->width - widest - OUT - 2;
	l->top = UNIT + 6;
	l->bottom = l->top + fmax(least, all);
	d->height = l->bottom + BELOW;
	l->x = arena_array(d->mem, double, (size_t)count);
	for (int i = 0; i < count; i++)
		l->x[i] = count == 1 ? (l->left + l->right) / 2 : l->left + 6 + (l->right - l->left - 12) * i / (count - 1);
	for (size_t i = 0; i < l->name_count; i++) {
		struct name *n = &l->names[i];

		n->y = scale_y(&l->scale, l->top, l->bottom, n->y);
		n->x = n->last < 0 ? l->right : l->x[n->last];
	}
}

/* What stands together is a line; what stands alone is a dot.  Dots lead across what is missing, so that one sees where it went. */
static void
draw_values(struct lines *l, const double *values, unsigned colour, double stroke, const char *dash)
{
	int count = l->plot->x_count, used = 0;
	double *at = arena_array(l->d->mem, double, 2 * (size_t)count + 2), before[2] = { 0 };
	bool gap = false;

	for (int i = 0; i <= count; i++) {
		if (i < count && plot_value(values[i])) {
			at[2 * used] = l->x[i];
			at[2 * used++ + 1] = scale_y(&l->scale, l->top, l->bottom, values[i]);
			if (gap)
				draw_stroke(l->d, (double[]){ before[0], before[1], at[0], at[1] }, 2, colour, 1, "1 4");
			gap = false;
			continue;
		}
		if (used > 1)
			draw_stroke(l->d, at, (size_t)used, colour, stroke, dash);
		else if (used == 1)
			draw_dot(l->d, at[0], at[1], 2.6, colour, false);
		if (used)
			memcpy(before, &at[2 * (used - 1)], sizeof(before));
		gap |= used > 0;
		used = 0;
	}
}

static void
draw_dots(struct lines *l, int series)
{
	const double *values = l->plot->series[series].values;
	unsigned colour = looks[(size_t)series % LOOKS].colour;
	int last = last_of(values, l->plot->x_count);

	for (int i = 0; i <= last; i++)
		if (plot_value(values[i]) && (i == last || l->plot->x_count <= FEW))
			draw_dot(l->d, l->x[i], scale_y(&l->scale, l->top, l->bottom, values[i]), i == last ? 4 : 2.4, colour, series % 2);
}

static void
draw_lines(struct drawing *d, const struct plot *plot)
{
	struct lines l = { .d = d, .plot = plot };

	scale_of(plot, 4, true, &l.scale);
	set_places(&l);
	draw_words(d, 0, 13, SIDE_FROM, PLOT_SMALL, false, PLOT_QUIET,
		   words_fit(d->mem, scale_unit(d->mem, &l.scale, plot->unit), d->width, PLOT_SMALL, false, NULL));
	draw_steps(d, &l.scale, l.left, l.right, l.top, l.bottom);
	draw_labels(d, plot, l.x, l.bottom, d->width);
	if (plot->plan)
		draw_values(&l, plot->plan, PLOT_QUIET, 1, NULL);
	for (int i = 0; i < plot->series_count; i++) {
		draw_values(&l, plot->series[i].values, looks[(size_t)i % LOOKS].colour, looks[(size_t)i % LOOKS].stroke, looks[(size_t)i % LOOKS].dash);
		draw_dots(&l, i);
	}
	qsort(l.names, l.name_count, sizeof(*l.names), by_height);
	spread(d->mem, l.names, l.name_count, l.top - 6, l.bottom + 6);
	for (size_t i = 0; i < l.name_count; i++)
		draw_name(d, &l.names[i], l.right + OUT, l.right - 6);
}

/* ------------------------------------------------------------------ */

static struct plot *
clean_plot(struct arena *mem, const struct plot *plot)
{
	struct plot *out = arena_new(mem, struct plot);
	const char **x = arena_array(mem, const char *, (size_t)plot->x_count + 1);
	struct plot_series *series = arena_array(mem, struct plot_series, (size_t)plot->series_count + 1);

	*out = *plot;
	for (int i = 0; i < plot->x_count; i++)
		x[i] = clean(mem, plot->x[i]);
	for (int i = 0; i < plot->series_count; i++)
		series[i] = (struct plot_series){ clean(mem, plot->series[i].name), plot->series[i].values };
	out->x = x;
	out->series = series;
	out->unit = clean(mem, plot->unit);
	return out;
}

static void
draw_nothing(struct drawing *d)
{
	d->height = 72;
	draw_line(d, 0, 60, d->width, 60, PLOT_AXIS, 1);
	draw_words(d, d->width / 2, 40, SIDE_AROUND, PLOT_WORDS, false, PLOT_QUIET, "Inga uppgifter");
}

struct drawing *
plot_draw(struct arena *mem, const struct plot *plot, double width)
{
	struct drawing *d = arena_new(mem, struct drawing);
	struct scale scale;

	d->mem = mem;
	d->width = width;
	if (plot->x_count < 1 || !scale_of(plot, 4, false, &scale))
		draw_nothing(d);
	else if (plot->kind == PLOT_BARS)
		draw_bars(d, clean_plot(mem, plot));
	else
		draw_lines(d, clean_plot(mem, plot));
	return d;
}
