/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pdf.c - a drawing on a page of a PDF. */
#include "plot_p.h"
#include "behov/pdf.h"

#include <cairo.h>
#include <math.h>
#include <stdlib.h>

#define ACROSS 470.0                    /* points: about what the text of a page takes */

static void
colour(cairo_t *cairo, unsigned rgb)
{
	cairo_set_source_rgb(cairo, (rgb >> 16) / 255.0, (rgb >> 8 & 0xff) / 255.0, (rgb & 0xff) / 255.0);
}

static void
dash(cairo_t *cairo, const char *text)
{
	double lengths[8];
	int count = 0;
	char *end;

	for (; text && *text && count < 8; text = end)
		lengths[count++] = strtod(text, &end);
	cairo_set_dash(cairo, lengths, count, 0);
}

static void
put_stroke(struct pdf_canvas *canvas, const struct shape *s)
{
	cairo_t *cairo = canvas->cairo;

	dash(cairo, s->dash);
	cairo_set_line_width(cairo, s->stroke);
	cairo_set_line_join(cairo, CAIRO_LINE_JOIN_ROUND);
	cairo_new_path(cairo);          /* words have left a point */
	for (size_t i = 0; i < s->count; i++)
		cairo_line_to(cairo, s->at[2 * i], s->at[2 * i + 1]);
	cairo_stroke(cairo);
	cairo_set_dash(cairo, NULL, 0, 0);
}

static void
put_box(struct pdf_canvas *canvas, const struct shape *s)
{
	cairo_rectangle(canvas->cairo, s->at[0], s->at[1], s->at[2], s->at[3]);
	cairo_fill(canvas->cairo);
}

static void
put_dot(struct pdf_canvas *canvas, const struct shape *s)
{
	cairo_t *cairo = canvas->cairo;

	cairo_new_path(cairo);
	cairo_arc(cairo, s->at[0], s->at[1], s->at[2], 0, 2 * M_PI);
	if (!s->hollow) {
		cairo_fill(cairo);
		return;
	}
	colour(cairo, 0xffffff);
	cairo_fill_preserve(cairo);
	colour(cairo, s->colour);
	cairo_set_line_width(cairo, s->stroke);
	cairo_stroke(cairo);
}

static void
put_words(struct pdf_canvas *canvas, const struct shape *s)
{
	static const enum pdf_side side[] = { PDF_FROM, PDF_AROUND, PDF_UPTO };

	pdf_canvas_text(canvas, s->at[0], s->at[1], side[s->side], s->size, s->strong, s->text);
}

static void
put_drawing(struct pdf_canvas *canvas, void *data)
{
	static void (*const put[])(struct pdf_canvas *, const struct shape *) = { put_stroke, put_box, put_dot, put_words };
	const struct drawing *d = data;
	double scale = fmin(canvas->width / d->width, canvas->height / d->height);

	cairo_scale(canvas->cairo, scale, scale);
	for (size_t i = 0; i < d->shapes.count; i++) {
		colour(canvas->cairo, d->shapes.items[i].colour);
		put[d->shapes.items[i].kind](canvas, &d->shapes.items[i]);
	}
}

void
plot_pdf(struct arena *mem, struct pdf *doc, const struct plot *plot)
{
	struct drawing *d = plot_draw(mem, plot, PLOT_WIDE);

	pdf_heading(doc, 3, plot->title);
	pdf_picture(doc, &(struct pdf_picture){
		.alt = plot->says && *plot->says ? arena_print(mem, "%s. %s", plot->title, plot->says) : plot->title,
		.caption = plot->says, .height = d->height * ACROSS / PLOT_WIDE, .draw = put_drawing, .data = d });
}
