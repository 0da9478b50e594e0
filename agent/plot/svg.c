/* SPDX-License-Identifier: GPL-3.0-or-later */
/* svg.c - a drawing as SVG that stands in a page: words as words, and nothing from elsewhere. */
#include "plot_p.h"

#include <math.h>

static void
attribute(struct text *out, const char *name, double value)
{
	double shown = round(value * 10) / 10;

	text_print(out, shown == floor(shown) ? " %s=\"%.0f\"" : " %s=\"%.1f\"", name, shown + 0.0);
}

static void
add_stroke(struct text *out, const struct shape *s)
{
	text_add(out, "<polyline fill=\"none\" points=\"");
	for (size_t i = 0; i < s->count; i++)
		text_print(out, "%s%.1f,%.1f", i ? " " : "", s->at[2 * i], s->at[2 * i + 1]);
	text_print(out, "\" stroke=\"#%06x\"", s->colour);
	attribute(out, "stroke-width", s->stroke);
	if (s->dash)
		text_print(out, " stroke-dasharray=\"%s\"", s->dash);
	text_add(out, " stroke-linejoin=\"round\"/>\n");
}

static void
add_box(struct text *out, const struct shape *s)
{
	text_add(out, "<rect");
	attribute(out, "x", s->at[0]);
	attribute(out, "y", s->at[1]);
	attribute(out, "width", s->at[2]);
	attribute(out, "height", s->at[3]);
	text_print(out, " fill=\"#%06x\"/>\n", s->colour);
}

static void
add_dot(struct text *out, const struct shape *s)
{
	text_add(out, "<circle");
	attribute(out, "cx", s->at[0]);
	attribute(out, "cy", s->at[1]);
	attribute(out, "r", s->at[2]);
	if (!s->hollow) {
		text_print(out, " fill=\"#%06x\"/>\n", s->colour);
		return;
	}
	text_print(out, " fill=\"#ffffff\" stroke=\"#%06x\"", s->colour);
	attribute(out, "stroke-width", s->stroke);
	text_add(out, "/>\n");
}

static void
add_words(struct text *out, const struct shape *s)
{
	static const char *const anchor[] = { "", " text-anchor=\"middle\"", " text-anchor=\"end\"" };

	text_add(out, "<text");
	attribute(out, "x", s->at[0]);
	attribute(out, "y", s->at[1]);
	attribute(out, "font-size", s->size);
	text_print(out, "%s%s fill=\"#%06x\">", anchor[s->side], s->strong ? " font-weight=\"bold\"" : "", s->colour);
	html_text(out, s->text);
	text_add(out, "</text>\n");
}

static void
add_drawing(struct arena *mem, const struct plot *plot, const char *class, const char *before, double width, struct text *out)
{
	static void (*const put[])(struct text *, const struct shape *) = { add_stroke, add_box, add_dot, add_words };
	const struct drawing *d = plot_draw(mem, plot, width);

	text_print(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"plot %s\" role=\"img\" aria-labelledby=\"%st-", class, before);
	html_text(out, plot->id);
	text_print(out, " %sd-", before);
	html_text(out, plot->id);
	text_print(out, "\" viewBox=\"0 0 %.0f %.0f\" width=\"100%%\" font-family=\"Liberation Sans, Arial, Helvetica, sans-serif\">\n<title id=\"%st-",
		   d->width, ceil(d->height), before);
	html_text(out, plot->id);
	text_add(out, "\">");
	html_text(out, plot->title);
	text_print(out, "</title>\n<desc id=\"%sd-", before);
	html_text(out, plot->id);
	text_add(out, "\">");
	html_text(out, plot->says ? plot->says : "");
	text_add(out, "</desc>\n");
	for (size_t i = 0; i < d->shapes.count; i++)
		put[d->shapes.items[i].kind](out, &d->shapes.items[i]);
	text_add(out, "</svg>\n");
}

void
plot_svg(struct arena *mem, const struct plot *plot, struct text *out)
{
	add_drawing(mem, plot, "wide", "", PLOT_WIDE, out);
	add_drawing(mem, plot, "narrow", "n-", PLOT_NARROW, out);
}
