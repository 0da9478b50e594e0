/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plot.h - a plot, as SVG and in a PDF.
 *
 * In:      values, their labels, and what one sees in them.
 * Promise: read in grey as well as in colour, without a legend; a value that is missing is a gap, never a zero.
 */
#ifndef BEHOV_PLOT_H
#define BEHOV_PLOT_H

#include "text.h"

struct plot_series { const char *name; const double *values; };         /* x_count of them; NAN = no value */

struct plot {
	const char *id, *title, *unit;
	const char *says;               /* in one sentence, what one sees */
	enum plot_kind { PLOT_LINES, PLOT_BARS } kind;
	const char *const *x;           /* labels */
	int x_count;
	const struct plot_series *series;
	int series_count;
	const double *plan;             /* x_count of them, or NULL */
};

struct pdf;

/*
 * Two drawings of it, of which a page shows one: class "plot wide" (680 units) and "plot narrow" (340, for phones).  The page needs
 *     .plot.narrow { display: none; }
 *     @media screen and (max-width: 40rem) { .plot.wide { display: none; } .plot.narrow { display: block; } }
 * No script, no style, nothing from elsewhere; ids are t-ID, d-ID, and the same with n- before them.
 */
void plot_svg(struct arena *mem, const struct plot *plot, struct text *out);
/* Adds it as a picture with its title above and what one sees below.  The plot is borrowed until pdf_make() has returned. */
void plot_pdf(struct arena *mem, struct pdf *doc, const struct plot *plot);

#endif
