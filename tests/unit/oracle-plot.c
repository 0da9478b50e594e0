/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * oracle-plot.c - draws plots for test-plot.py and for eyes to look at.
 *
 *     oracle-plot svg FILE        oracle-plot pdf FILE PDF
 *
 * FILE: { "plots": [ { "id", "title", "unit", "says", "kind": "lines" | "bars", "x": [ … ], "plan": [ … ] or null,
 *         "series": [ { "name", "values": [ number or null … ] } ] } ] }
 */
#include "../../agent/report/plot_p.h"

#include <behov/file.h>
#include <behov/pdf.h>

#include <math.h>

static struct arena *mem;

static const double *
numbers(const json_t *list)
{
	double *out = arena_array(mem, double, json_array_size(list) + 1);
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
		out[i] = json_is_number(one) ? json_number_value(one) : NAN;
	return out;
}

static const struct plot_series *
series(const json_t *list)
{
	struct plot_series *out = arena_array(mem, struct plot_series, json_array_size(list) + 1);
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
		out[i] = (struct plot_series){ json_text(one, "name"), numbers(json_object_get(one, "values")) };
	return out;
}

static struct report_plot *
read_plot(const json_t *from)
{
	struct report_plot *out = arena_new(mem, struct report_plot);
	const json_t *x = json_object_get(from, "x"), *plan = json_object_get(from, "plan"), *one;
	const char **labels = arena_array(mem, const char *, json_array_size(x) + 1);
	size_t i;

	json_array_foreach(x, i, one)
		labels[i] = json_string_value(one);
	*out = (struct report_plot){
		.id = json_text(from, "id"), .title = json_text(from, "title"), .unit = json_text(from, "unit"), .says = json_text(from, "says"),
		.kind = strcmp(json_text(from, "kind"), "bars") == 0 ? PLOT_BARS : PLOT_LINES, .x = labels, .x_count = (int)json_array_size(x),
		.series = series(json_object_get(from, "series")), .series_count = (int)json_array_size(json_object_get(from, "series")),
		.plan = json_is_array(plan) ? numbers(plan) : NULL,
	};
	return out;
}

int main(int argc, char **argv)
{
	struct error err = { 0 };
	json_t *all, *one;
	struct pdf *doc;
	struct text svg;
	const char *bytes;
	size_t len, i;
	char *text;

	mem = arena_open();
	if (argc < 3 || file_read(mem, argv[2], (size_t)64 << 20, &text, &len, &err) < 0 || json_read(text, len, &all, &err) < 0)
		return 2;
	text_open(&svg, (size_t)64 << 20);
	doc = pdf_open(mem, &(struct pdf_about){ .title = "Plottar", .now = 1795500000 });
	pdf_heading(doc, 1, "Plottar");
	json_array_foreach(json_object_get(all, "plots"), i, one) {
		report_plot_svg(mem, read_plot(one), &svg);
		report_plot_pdf(mem, doc, read_plot(one));
	}
	if (argc > 3 && (pdf_make(doc, &bytes, &len, &err) < 0 || file_write(argv[3], bytes, len, &err) < 0)) {
		printf("%s\n", err.text);
		return 1;
	}
	if (argc == 3)
		fwrite(svg.data, 1, svg.len, stdout);
	text_close(&svg);
	json_decref(all);
	arena_close(mem);
	return 0;
}
