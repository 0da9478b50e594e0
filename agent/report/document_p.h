/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * document_p.h - a report before it has a format: what its page says, its lists, its plots.
 *
 * In:      the store (read only), the rules, and what is asked for.
 * Out:     a document; each format writes it as it can.
 * Owner:   texts, lists and plots live in the arena given; the page and what the lists read are the document's, until
 *          report_document_free().
 * Promise: the same night and the same rules give the same document.  Names of people with protected identity are in no part of it.
 *          No text is quoted for any format yet: who writes a format does that.
 */
#ifndef REPORT_DOCUMENT_P_H
#define REPORT_DOCUMENT_P_H

#include "behov/json.h"
#include "behov/report.h"

#include <stdio.h>

struct report_column {
	const char *id, *title;         /* id: for programs; title: Swedish */
	enum cell { CELL_TEXT, CELL_NUMBER, CELL_DAY, CELL_MOMENT } type;
};

/*
 * A list streams: rows() calls row() for each of its rows, in the list's order, and may be called again.  cells has `count` texts, lent
 * for the call: NULL = nothing, numbers decimal digits, days YYYY-MM-DD, moments ISO 8601 with zone.  -1 from row() ends it with its err.
 */
struct report_list {
	const char *id, *title;
	const struct report_column *columns;
	int count;
	void *self;
	int (*rows)(void *self, int (*row)(void *to, const char *const *cells, struct error *err), void *to, struct error *err);
};

struct plot_series { const char *name; const double *values; };         /* x_count of them; NAN = no value */

struct report_plot {
	const char *id, *title, *unit;
	const char *says;               /* in one sentence, what one sees */
	enum plot_kind { PLOT_LINES, PLOT_BARS } kind;
	const char *const *x;           /* labels */
	int x_count;
	const struct plot_series *series;
	int series_count;
	const double *plan;             /* x_count of them, or NULL */
};

/*
 * page: what the HTML and the PDF say: "title", "quarter", "organisation", "dnr", "conclusions": [ { "tone": "red", "act", "good" or "note",
 * "text", "detail", "link" } ], and the sections, as conf/schema/report.schema.json has them.
 */
struct report_document {
	json_t *page;
	const struct report_list *lists;
	int list_count;
	const struct report_plot *plots;
	int plot_count;
	struct stored_list *stored;     /* what the lists read */
};

/* Returns 0 with *out to be freed, or -1 with *err filled and nothing to free. */
int report_document_quarter(struct arena *mem, const struct report_input *in, const struct report_what *what, struct report_document *out,
			    struct error *err);
void report_document_free(struct report_document *document);
/* The page, with its plots: one file that needs no other. */
int document_html(struct arena *mem, const struct report_document *document, FILE *out, struct error *err);

#endif
