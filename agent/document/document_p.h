/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * document_p.h - what a document is written as.
 *
 *     csv.c      its lists as CSV (RFC 4180)               json.c     the whole as JSON
 *     html.c     the whole as a page                       paper.c    the whole as a PDF, with its lists inside
 *     book.c     the whole as a workbook (XLSX)            package.c  what holds the sheets of a workbook together
 *     zip.c      files packed into one                     files.c    the table of formats; where the files go, and how the chain knows them
 *
 * Promise: the same document gives the same bytes.  Lists pass through row by row, once for all formats, whatever their length; only a
 *          PDF holds them, as long as they are short.  A text stays a text: no cell of any format is ever read as a formula, and what
 *          cannot stand in a format is seen to be missing.
 */
#ifndef DOCUMENT_P_H
#define DOCUMENT_P_H

#include "behov/document.h"
#include "behov/text.h"

#include <stdio.h>

/*
 * A format on its way.  begin(), row() for each row, and end(), for each list in turn; then close(), which writes what comes after the
 * lists when it is to be `whole`, and gives back what it holds in any case.  What has no lists has only close().
 * Owner:   sinks live in the arena they were made in, and borrow the document and where they write to.
 */
struct sink {
	int (*begin)(struct sink *sink, const struct document_list *list, struct error *err);
	int (*row)(struct sink *sink, const char *const *cells, struct error *err);
	int (*end)(struct sink *sink, struct error *err);
	int (*close)(struct sink *sink, bool whole, struct error *err);
};
/* Reads each list once, for all of them (NULL is the last), and closes them all. */
int sinks_fill(struct sink *const *sinks, const struct document *document, struct error *err);

/*
 * RFC 4180: commas, CRLF, UTF-8, one line of titles.  A cell that a spreadsheet would take for a formula begins with '; numbers, days and
 * moments stand as they are.  bom: for a spreadsheet that would otherwise take it for Windows-1252.
 */
struct sink *csv_sink(struct arena *mem, FILE *const *outs, bool bom);         /* outs: one for each list */
/* A line each, in the place of what was in it. */
int csv_heads(struct text *line, const struct document_list *list, struct error *err);
int csv_row(struct text *line, const struct document_list *list, const char *const *cells, struct error *err);
#define CSV_MOST ((size_t)1 << 20)              /* of a line, times its columns */

/* { "format": "behov-report-1", "lists": [ { "columns": [ { "id", "title", "type" } ], "id", "rows": [ { id: value } ], "title" } ],
 *   "page": …, "plots": [ { "id", "plan", "says", "series": [ { "name", "values" } ], "title", "unit", "x" } ] }: a line for each row. */
#define REPORT_FORMAT "behov-report-1"
struct sink *json_sink(struct arena *mem, const struct document *document, FILE *out);

/*
 * A sheet of conclusions, and one for each list: numbers and dates as such, a head that stays, filters, columns as wide as they need.
 * at: when the document says that it was made.  rows: so many a sheet takes, its head included: what follows stands on the next.
 * out must be a file that can be written anywhere.
 */
#define BOOK_ROWS 1048576
struct sink *book_sink(struct arena *mem, const struct document *document, int64_t at, long long rows, FILE *out, struct error *err);

/* A text as a cell may hold it, raw or a copy; as it stands between tags; its first so many units of UTF-16. */
const char *book_text(struct arena *mem, const char *raw);
void book_escape(struct text *t, const char *text);
const char *book_first(struct arena *mem, const char *text, size_t most);

#define BOOK_XML "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
#define BOOK_SPREADSHEET "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
#define BOOK_OFFICE "http://schemas.openxmlformats.org/officeDocument/2006/"

/* package.c: what stands before the sheets, xl/worksheets/sheet1.xml and so on, and after them.  A cell's style is a place in its list. */
enum style { STYLE_NONE, STYLE_HEAD, STYLE_WRAP, STYLE_DAY, STYLE_MOMENT };
struct sheet { const char *name; long long rows; int columns; };
struct sheets { LIST(struct sheet) list; };
struct zip;
int package_begin(struct zip *zip, struct error *err);
int package_end(struct arena *mem, struct zip *zip, const struct sheets *sheets, const json_t *page, int64_t at, struct error *err);

/* Built to PDF/A-3: conclusions, what deviates, plots; the lists as CSV inside. */
struct sink *paper_sink(struct arena *mem, const struct document *document, int64_t at, FILE *out);

/* The page, with its plots: one file that needs no other. */
struct sink *html_sink(struct arena *mem, const struct document *document, FILE *out);

/* "2026-09-30": all digits where there are to be, so that it needs no quotes. */
bool cell_is_plain(enum cell type, const char *cell);

/* ------------------------------------------------------------------ zip.c */

/*
 * Members one after the other; out must be a file that can be written anywhere, and is at its beginning.
 * Limit:   4 GB, of the whole and of what is in a member.
 */
struct zip *zip_open(struct arena *mem, FILE *out, struct error *err);
/* head: so many bytes at its beginning (less than 64 KiB) are given when it ends; what is left of them becomes blanks. */
void zip_begin(struct zip *zip, const char *name, size_t head);
void zip_write(struct zip *zip, const void *bytes, size_t len);
int zip_end(struct zip *zip, const char *head, struct error *err);
/* whole: ends it with the list of its members. */
int zip_close(struct zip *zip, bool whole, struct error *err);

#endif
