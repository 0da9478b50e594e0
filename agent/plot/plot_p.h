/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plot_p.h - a plot as a drawing: the same lines, bars and words for SVG and for PDF.
 *
 *     plot.c   which kind, and lines: where they go, and their names at their ends
 *     bars.c   bars, upright or lying
 *     scale.c  the steps of an axis, numbers as Swedes write them, how wide a text is
 *     svg.c    the drawing as SVG
 *     pdf.c    the same on a page of a PDF
 *
 * Read in grey as well as in colour: each series has its shade and its dashes, and its name beside it, so no legend.  A value that is
 * missing is a gap that dots lead across, never a zero; one that is no number or beyond 10^15 is missing.  Title and `says` are for who shows the plot to
 * write beside it; they are in the SVG for those who do not see it.
 */
#ifndef PLOT_P_H
#define PLOT_P_H

#include "behov/plot.h"

/* ------------------------------------------------------------------ the drawing */

#define PLOT_WIDE   680.0
#define PLOT_NARROW 340.0
#define PLOT_INK   0x1d2321u
#define PLOT_QUIET 0x55605bu
#define PLOT_AXIS  0x7c8781u
#define PLOT_GRID  0xdde2deu
#define PLOT_SMALL 12.0                 /* the size of words, in units */
#define PLOT_WORDS 13.0

struct shape {
	enum shape_kind { SHAPE_STROKE, SHAPE_BOX, SHAPE_DOT, SHAPE_WORDS } kind;
	const double *at;               /* STROKE: x, y of `count` points; BOX: x, y, width, height; DOT: x, y, radius; WORDS: x, y of the base line */
	size_t count;
	unsigned colour;
	double stroke;                  /* how thick */
	const char *dash;               /* "8 4"; NULL: whole */
	bool hollow;                    /* DOT: a ring */
	const char *text;
	enum plot_side { SIDE_FROM, SIDE_AROUND, SIDE_UPTO } side;
	double size;
	bool strong;
};

struct drawing {
	struct arena *mem;
	double width, height;           /* from 0,0 downwards */
	LIST(struct shape) shapes;      /* in the order in which they are drawn */
};

/* Lives in mem, with clean copies of all words. */
struct drawing *plot_draw(struct arena *mem, const struct plot *plot, double width);

void draw_line(struct drawing *d, double x1, double y1, double x2, double y2, unsigned colour, double stroke);
void draw_box(struct drawing *d, double x, double y, double width, double height, unsigned colour);
/* Words of PLOT_WORDS or PLOT_SMALL. */
void draw_words(struct drawing *d, double x, double y, enum plot_side side, double size, bool strong, unsigned colour, const char *text);

/* ------------------------------------------------------------------ scale.c */

struct scale {
	double low, high, step;         /* of the axis: whole steps */
	double least, most;             /* of the values, or zero */
	double divide;                  /* values are shown in 1, millions, … of the unit */
	const char *word;               /* "miljoner"; NULL when divide is 1 */
	int decimals;                   /* of a step, when shown */
	bool cut;                       /* the axis does not begin at zero */
};

bool plot_value(double value);                  /* is it one? */
/* Of all values and the plan.  steps: about how many; cut: may it begin elsewhere than at zero?  False: there is no value. */
bool scale_of(const struct plot *plot, int steps, bool cut, struct scale *out);
const char *scale_step(struct arena *mem, const struct scale *s, double value);         /* "1 500", "0,25" */
const char *scale_value(struct arena *mem, const struct scale *s, double value);        /* "1 234,5" */
/* "miljoner byte; axeln börjar vid 12": what stands over the axis. */
const char *scale_unit(struct arena *mem, const struct scale *s, const char *unit);

double words_wide(const char *text, double size, bool strong);
/* As much of it as goes into the width, with … when that is not all; *rest: what follows, when `more` is allowed (broken at a blank). */
const char *words_fit(struct arena *mem, const char *text, double width, double size, bool strong, const char **rest);

/* ------------------------------------------------------------------ plot.c, bars.c */

/* Below the axis: as many labels of x as have room, the last one always. */
void draw_labels(struct drawing *d, const struct plot *plot, const double *x, double y, double right);
/* Lines across at each step, with their numbers up to `left`. */
void draw_steps(struct drawing *d, const struct scale *s, double left, double right, double top, double bottom);
double steps_wide(struct arena *mem, const struct scale *s);
double scale_y(const struct scale *s, double top, double bottom, double value);
void draw_bars(struct drawing *d, const struct plot *plot);

#endif
