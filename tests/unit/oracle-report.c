/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * oracle-report.c - writes documents for test-plot.py and test-formats.py, and for eyes to look at.
 *
 *     oracle-report svg|plots|csv|csv-bom|json|xlsx|pdf FILE OUT [ROWS]
 *
 * FILE: { "page": { … }, "at": seconds, "lists": [ { "id", "title", "columns": [ [ id, title, type ] ], "rows": [ [ text or null ] ],
 *         "times": all of them so many times } ],
 *         "plots": [ { "id", "title", "unit", "says", "kind": "lines" | "bars", "x": [ … ], "plan": [ … ] or null,
 *         "series": [ { "name", "values": [ number or null … ] } ] } ] }
 * csv: the first list.  svg: all plots; plots: the same in a PDF.  ROWS: how many a sheet takes.  In a cell \x01 stands for a byte that is
 * not UTF-8.
 */
#include "../../agent/document/document_p.h"
#include "../../agent/plot/plot_p.h"

#include <behov/file.h>
#include <behov/pdf.h>

#include <math.h>
#include <stdlib.h>

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

static struct plot *
read_plot(const json_t *from)
{
	struct plot *out = arena_new(mem, struct plot);
	const json_t *x = json_object_get(from, "x"), *plan = json_object_get(from, "plan"), *one;
	const char **labels = arena_array(mem, const char *, json_array_size(x) + 1);
	size_t i;

	json_array_foreach(x, i, one)
		labels[i] = json_string_value(one);
	*out = (struct plot){
		.id = json_text(from, "id"), .title = json_text(from, "title"), .unit = json_text(from, "unit"), .says = json_text(from, "says"),
		.kind = strcmp(json_text(from, "kind"), "bars") == 0 ? PLOT_BARS : PLOT_LINES, .x = labels, .x_count = (int)json_array_size(x),
		.series = series(json_object_get(from, "series")), .series_count = (int)json_array_size(json_object_get(from, "series")),
		.plan = json_is_array(plan) ? numbers(plan) : NULL,
	};
	return out;
}

static int
give_row(const json_t *one, int (*row)(void *to, const char *const *cells, struct error *err), void *to, struct error *err)
{
	struct arena *brief = arena_open();
	const char **cells = arena_array(brief, const char *, json_array_size(one));
	const json_t *cell;
	size_t i;
	int rc;

	json_array_foreach(one, i, cell) {
		char *text = json_is_string(cell) ? arena_text(brief, json_string_value(cell)) : NULL;

		for (char *at = text; at && (at = strchr(at, '\x01')); )
			*at = '\xff';
		cells[i] = text;
	}
	rc = row(to, cells, err);
	arena_close(brief);
	return rc;
}

static int
give_rows(void *self, int (*row)(void *to, const char *const *cells, struct error *err), void *to, struct error *err)
{
	const json_t *rows = json_object_get(self, "rows"), *one;
	size_t i;

	for (long long n = json_number(self, "times", 1); n > 0; n--)
		json_array_foreach(rows, i, one)
			if (give_row(one, row, to, err) < 0)
				return -1;
	return 0;
}

static struct document_list
read_list(json_t *from)
{
	const json_t *heads = json_object_get(from, "columns"), *one;
	struct document_column *columns = arena_array(mem, struct document_column, json_array_size(heads));
	size_t i;

	json_array_foreach(heads, i, one) {
		const char *type = json_string_value(json_array_get(one, 2));

		columns[i] = (struct document_column){ json_string_value(json_array_get(one, 0)), json_string_value(json_array_get(one, 1)),
						     !strcmp(type, "number") ? CELL_NUMBER : !strcmp(type, "day") ? CELL_DAY :
						     !strcmp(type, "moment") ? CELL_MOMENT : CELL_TEXT };
	}
	return (struct document_list){ json_text(from, "id"), json_text(from, "title"), columns, (int)json_array_size(heads),
				     from, give_rows };
}

static struct document
read_document(const json_t *all)
{
	const json_t *from = json_object_get(all, "lists"), *drawn = json_object_get(all, "plots");
	json_t *one;
	struct document_list *lists = arena_array(mem, struct document_list, json_array_size(from) + 1);
	struct plot *plots = arena_array(mem, struct plot, json_array_size(drawn) + 1);
	size_t i;

	json_array_foreach(from, i, one)
		lists[i] = read_list(one);
	json_array_foreach(drawn, i, one)
		plots[i] = *read_plot(one);
	return (struct document){ .page = json_object_get(all, "page"), .lists = lists, .list_count = (int)json_array_size(from),
					 .plots = plots, .plot_count = (int)json_array_size(drawn) };
}

static int
write_plots(const struct document *document, bool paper, FILE *out, struct error *err)
{
	struct pdf *doc = pdf_open(mem, &(struct pdf_about){ .title = "Plottar", .now = 1795500000 });
	const char *bytes;
	struct text svg;
	size_t len;

	text_open(&svg, (size_t)64 << 20);
	pdf_heading(doc, 1, "Plottar");
	for (int i = 0; i < document->plot_count; i++) {
		plot_svg(mem, &document->plots[i], &svg);
		plot_pdf(mem, doc, &document->plots[i]);
	}
	if (paper && pdf_make(doc, &bytes, &len, err) < 0)
		return -1;
	if (paper)
		fwrite(bytes, 1, len, out);
	else
		fwrite(svg.data, 1, svg.len, out);
	text_close(&svg);
	return 0;
}

static struct sink *
sink_for(const char *what, const struct document *document, int64_t at, long long rows, FILE *const *out, struct error *err)
{
	if (!strncmp(what, "csv", 3))
		return csv_sink(mem, out, strlen(what) > 3);
	if (!strcmp(what, "json"))
		return json_sink(mem, document, *out);
	if (!strcmp(what, "xlsx"))
		return book_sink(mem, document, at, rows, *out, err);
	return !strcmp(what, "pdf") ? paper_sink(mem, document, at, *out) : NULL;
}

/* Of CSV the first list alone. */
static int
write_document(const char *what, const struct document *document, int64_t at, long long rows, FILE *out, struct error *err)
{
	struct document some = *document;
	struct sink *sinks[] = { sink_for(what, document, at, rows, &out, err), NULL };

	some.list_count = strncmp(what, "csv", 3) ? some.list_count : 1;
	return sinks[0] ? sinks_fill(sinks, &some, err) : -1;
}

int main(int argc, char **argv)
{
	struct document document;
	struct file_draft draft;
	struct error err = { 0 };
	const char *what = argc > 1 ? argv[1] : "";
	int64_t at;
	json_t *all;
	size_t len;
	char *text;
	int rc = -1;

	mem = arena_open();
	if (argc < 4 || file_read(mem, argv[2], (size_t)256 << 20, &text, &len, &err) < 0 || json_read(text, len, &all, &err) < 0 ||
	    clock_zone("Europe/Stockholm", &err) < 0 || file_draft_open(&draft, argv[3], &err) < 0) {
		printf("%s\n", err.text);
		return 2;
	}
	document = read_document(all);
	at = json_number(all, "at", 1795500000);
	if (!strcmp(what, "svg") || !strcmp(what, "plots"))
		rc = write_plots(&document, *what == 'p', draft.out, &err);
	else
		rc = write_document(what, &document, at, argc > 4 ? atoll(argv[4]) : BOOK_ROWS, draft.out, &err);
	if (file_draft_close(&draft, rc == 0, &err) < 0 || rc < 0) {
		printf("%s\n", err.text);
		return 1;
	}
	json_decref(all);
	arena_close(mem);
	return 0;
}
