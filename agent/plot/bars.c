/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bars.c - bars: upright, or lying where the names below them would not have room; each series in a panel of its own. */
#include "plot_p.h"

#include <math.h>

#define UNIT     24.0                   /* what the unit takes */
#define NAME     20.0                   /* what the name of a panel takes */
#define GAP      14.0                   /* between panels */
#define ROW      24.0                   /* of a lying bar */
#define UPRIGHT  24                     /* more bars than this stand upright: they are moments, and not each needs its label */
#define LATEST 0x1f5a44u
#define EARLIER 0x6f8f82u
#define MISSING "–"

struct bars {
	struct drawing *d;
	const struct plot *plot;
	struct scale scale;
	double left, right;
	double *x;                      /* the middle of each */
};

static const char *
said(const struct bars *b, double value)
{
	return plot_value(value) ? scale_value(b->d->mem, &b->scale, value) : MISSING;
}

/* Where each bar says its value, no step needs to be shown. */
static void
tighten(struct scale *s)
{
	if (s->most > s->least) {
		s->low = s->least;
		s->high = s->most;
	}
}

static double
widest_value(const struct bars *b)
{
	double widest = 0;

	for (int s = 0; s < b->plot->series_count; s++)
		for (int i = 0; i < b->plot->x_count; i++)
			widest = fmax(widest, words_wide(said(b, b->plot->series[s].values[i]), PLOT_SMALL, true));
	return widest;
}

static double
widest_label(const struct plot *plot)
{
	double widest = 0;

	for (int i = 0; i < plot->x_count; i++)
		widest = fmax(widest, words_wide(plot->x[i], PLOT_SMALL, false));
	return widest;
}

/* The plan is that of the first series. */
static const double *
plan_of(const struct bars *b, int series)
{
	return series == 0 ? b->plot->plan : NULL;
}

/* Under the name of its panel.  How far down it reaches. */
static double
draw_panel_name(const struct bars *b, int series, double y)
{
	if (b->plot->series_count < 2)
		return y;
	draw_words(b->d, 0, y + 13, SIDE_FROM, PLOT_WORDS, true, PLOT_INK,
		   words_fit(b->d->mem, b->plot->series[series].name, b->d->width, PLOT_WORDS, true, NULL));
	return y + NAME;
}

static unsigned
colour_of(const struct bars *b, int i)
{
	return i == b->plot->x_count - 1 ? LATEST : EARLIER;
}

/* ------------------------------------------------------------------ upright */

struct panel { double top, bottom, slot; bool all; };   /* all: each bar says its value */

static int
highest_of(const struct plot *plot, const double *values)
{
	int highest = -1;

	for (int i = 0; i < plot->x_count; i++)
		if (plot_value(values[i]) && (highest < 0 || values[i] >= values[highest]))
			highest = i;
	return highest;
}

static void
draw_upright_value(const struct bars *b, const struct panel *p, const double *values, int i)
{
	double y = plot_value(values[i]) ? scale_y(&b->scale, p->top, p->bottom, values[i]) : scale_y(&b->scale, p->top, p->bottom, 0);
	double wide = words_wide(said(b, values[i]), PLOT_SMALL, true), x = fmax(fmin(b->x[i], b->d->width - wide / 2), wide / 2);

	y += values[i] < 0 ? 14 : -5;
	if (b->plot->plan)              /* over the line of the plan */
		draw_box(b->d, x - wide / 2 - 2, y - 10, wide + 4, 12, 0xffffff);
	draw_words(b->d, x, y, SIDE_AROUND, PLOT_SMALL, i == b->plot->x_count - 1,
		   plot_value(values[i]) ? PLOT_INK : PLOT_QUIET, said(b, values[i]));
}

/* Where there is no room for all: the highest, and the last when it is far enough from that. */
static void
draw_upright_values(const struct bars *b, const struct panel *p, const double *values)
{
	int last = b->plot->x_count - 1, highest = highest_of(b->plot, values);

	for (int i = 0; p->all && i <= last; i++)
		draw_upright_value(b, p, values, i);
	if (p->all || highest < 0)
		return;
	draw_upright_value(b, p, values, highest);
	if ((last - highest) * p->slot > widest_value(b) + 12 && plot_value(values[last]))
		draw_upright_value(b, p, values, last);
}

static void
draw_upright_plan(const struct bars *b, const struct panel *p, const double *plan)
{
	int last = -1;

	for (int i = 0; i < b->plot->x_count; i++) {
		double y;

		if (!plot_value(plan[i]))
			continue;
		y = scale_y(&b->scale, p->top, p->bottom, plan[i]);
		draw_line(b->d, b->x[i] - p->slot / 2, y, b->x[i] + p->slot / 2, y, PLOT_INK, 1.2);
		last = i;
	}
	if (last >= 0)
		draw_words(b->d, b->right + 6, scale_y(&b->scale, p->top, p->bottom, plan[last]) + 4, SIDE_FROM, PLOT_SMALL, false, PLOT_QUIET,
			   arena_print(b->d->mem, "Plan %s", said(b, plan[last])));
}

static void
draw_upright_panel(const struct bars *b, const struct panel *p, int series)
{
	const double *values = b->plot->series[series].values;
	double zero = scale_y(&b->scale, p->top, p->bottom, 0), wide = fmax(fmin(p->slot * 0.7, 56), fmin(p->slot, 1));

	if (!p->all)
		draw_steps(b->d, &b->scale, b->left, b->right, p->top, p->bottom);
	for (int i = 0; i < b->plot->x_count; i++) {
		double y = plot_value(values[i]) ? scale_y(&b->scale, p->top, p->bottom, values[i]) : zero;

		if (plot_value(values[i]) && values[i] != 0)
			draw_box(b->d, b->x[i] - wide / 2, fmin(y, zero), wide, fmax(fabs(y - zero), 1), colour_of(b, i));
	}
	draw_line(b->d, b->left, zero, b->right, zero, PLOT_AXIS, 1);
	if (plan_of(b, series))
		draw_upright_plan(b, p, plan_of(b, series));
	draw_upright_values(b, p, values);
}

static double
plan_wide(const struct bars *b)
{
	double widest = 0;

	for (int i = 0; b->plot->plan && i < b->plot->x_count; i++)
		if (plot_value(b->plot->plan[i]))
			widest = fmax(widest, words_wide(said(b, b->plot->plan[i]), PLOT_SMALL, false) + words_wide("Plan ", PLOT_SMALL, false) + 8);
	return widest;
}

/* The width of a bar with its part of the room between them. */
static double
set_upright(struct bars *b, bool all)
{
	int count = b->plot->x_count;
	double slot;

	b->left = all ? 0 : steps_wide(b->d->mem, &b->scale) + 10;
	b->right = b->d->width - plan_wide(b);
	slot = fmin((b->right - b->left) / count, 120);
	b->right = b->left + slot * count;
	b->x = arena_array(b->d->mem, double, (size_t)count);
	for (int i = 0; i < count; i++)
		b->x[i] = b->left + slot * (i + 0.5);
	return slot;
}

static void
draw_upright(struct bars *b, bool all)
{
	double y = UNIT, high = b->plot->series_count > 1 ? 72 : 150;
	struct panel p = { .slot = set_upright(b, all), .all = all };

	if (all)
		tighten(&b->scale);
	for (int i = 0; i < b->plot->series_count; i++) {
		p.top = draw_panel_name(b, i, y) + 16;
		p.bottom = p.top + high;
		draw_upright_panel(b, &p, i);
		y = p.bottom + GAP + (b->scale.low < 0 ? 14 : 0);
	}
	draw_labels(b->d, b->plot, b->x, p.bottom + (b->scale.low < 0 ? 14 : 0), b->d->width);
	b->d->height = y + 10;
}

/* ------------------------------------------------------------------ lying */

static double
scale_x(const struct bars *b, double value)
{
	return b->left + (value - b->scale.low) / (b->scale.high - b->scale.low) * (b->right - b->left);
}

static void
draw_lying_bar(const struct bars *b, int series, int i, double y)
{
	double value = b->plot->series[series].values[i], zero = scale_x(b, 0), x = plot_value(value) ? scale_x(b, value) : zero;
	const double *plan = plan_of(b, series);
	double end = fmax(x, zero);

	draw_words(b->d, 0, y + 16, SIDE_FROM, PLOT_SMALL, false, PLOT_INK,
		   words_fit(b->d->mem, b->plot->x[i], b->left - 10 - (b->scale.low < 0 ? widest_value(b) : 0), PLOT_SMALL, false, NULL));
	if (plot_value(value) && value != 0)
		draw_box(b->d, fmin(x, zero), y + 4, fmax(fabs(x - zero), 1), ROW - 8, LATEST);
	if (plan && plot_value(plan[i])) {
		double at = scale_x(b, plan[i]);

		draw_line(b->d, at, y + 1, at, y + ROW - 1, PLOT_INK, 1.4);
		end = at > end && at < end + words_wide(said(b, value), PLOT_SMALL, true) + 12 ? at : end;
	}
	if (value < 0)
		draw_words(b->d, x - 6, y + 16, SIDE_UPTO, PLOT_SMALL, true, PLOT_INK, said(b, value));
	else
		draw_words(b->d, end + 6, y + 16, SIDE_FROM, PLOT_SMALL, true, plot_value(value) ? PLOT_INK : PLOT_QUIET, said(b, value));
}

/* Over the plan of the first bar that has one. */
static double
draw_lying_plan(const struct bars *b, int series, double y)
{
	const double *plan = plan_of(b, series);

	for (int i = 0; plan && i < b->plot->x_count; i++) {
		double at = plot_value(plan[i]) ? scale_x(b, plan[i]) : 0, half = words_wide("Plan", PLOT_SMALL, false) / 2;

		if (!plot_value(plan[i]))
			continue;
		draw_words(b->d, fmin(at, b->d->width - half), y + 12, SIDE_AROUND, PLOT_SMALL, false, PLOT_QUIET, "Plan");
		if (i > 0)
			draw_line(b->d, at, y + 16, at, y + 16 + ROW * i, PLOT_AXIS, 0.5);
		return y + 16;
	}
	return y;
}

static void
draw_lying(struct bars *b)
{
	double y = UNIT, value = widest_value(b), start;

	tighten(&b->scale);
	b->left = fmin(widest_label(b->plot) + 12, b->d->width * 0.42) + (b->scale.low < 0 ? value + 6 : 0);
	b->right = b->d->width - value - 10;
	for (int s = 0; s < b->plot->series_count; s++) {
		y = draw_lying_plan(b, s, draw_panel_name(b, s, y));
		start = y;
		for (int i = 0; i < b->plot->x_count; i++, y += ROW)
			draw_lying_bar(b, s, i, y);
		draw_line(b->d, scale_x(b, 0), start, scale_x(b, 0), y, PLOT_AXIS, 1);
		y += GAP;
	}
	b->d->height = y - GAP + 4;
}

/* ------------------------------------------------------------------ */

void
draw_bars(struct drawing *d, const struct plot *plot)
{
	struct bars b = { .d = d, .plot = plot };
	double slot;

	scale_of(plot, plot->series_count > 1 ? 2 : 3, false, &b.scale);
	draw_words(d, 0, 13, SIDE_FROM, PLOT_SMALL, false, PLOT_QUIET,
		   words_fit(d->mem, scale_unit(d->mem, &b.scale, plot->unit), d->width, PLOT_SMALL, false, NULL));
	slot = set_upright(&b, true);
	if (plot->x_count <= UPRIGHT && widest_label(plot) + 10 > slot)
		draw_lying(&b);
	else
		draw_upright(&b, widest_value(&b) + 6 <= slot);
}
