/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * document_p.h - what a document is written as.
 *
 *     csv.c        one list as CSV (RFC 4180)              json.c        the whole as JSON
 *     book.c       the whole as a workbook (XLSX)          paper.c       the whole as a PDF, with its lists inside
 *     html.c       the whole as a page
 *     files.c      the table of formats; where the files go, and how the chain knows them
 *
 * Promise: the same document gives the same bytes.  Lists pass through row by row, whatever their length; only a PDF holds them whole.
 *          A text stays a text: no cell of any format is ever read as a formula, and what cannot stand in a format is seen to be missing.
 */
#ifndef DOCUMENT_P_H
#define DOCUMENT_P_H

#include "behov/document.h"

#include <stdio.h>

/*
 * RFC 4180: commas, CRLF, UTF-8, one line of titles.  A cell that a spreadsheet would take for a formula begins with '; numbers, days and
 * moments stand as they are.  bom: for a spreadsheet that would otherwise take it for Windows-1252.
 */
int list_csv(const struct document_list *list, bool bom, FILE *out, struct error *err);

/* { "format": "behov-report-1", "lists": [ { "columns": [ { "id", "title", "type" } ], "id", "rows": [ { id: value } ], "title" } ],
 *   "page": …, "plots": [ { "id", "plan", "says", "series": [ { "name", "values" } ], "title", "unit", "x" } ] }: a line for each row. */
#define REPORT_FORMAT "behov-report-1"
int document_json(const struct document *document, FILE *out, struct error *err);

/*
 * A sheet of conclusions, and one for each list: numbers and dates as such, a head that stays, filters, columns as wide as they need.
 * draft: its file is written anew.  at: when the document says that it was made.
 */
#define BOOK_ROWS 1048576                       /* of a sheet, its head included: what follows stands on the next */
int document_book(struct arena *mem, const struct document *document, int64_t at, const struct file_draft *draft, struct error *err);
/* The same with another limit, for tests. */
int book_of(struct arena *mem, const struct document *document, int64_t at, long long rows, const struct file_draft *draft, struct error *err);

/* Built to PDF/A-3: conclusions, what deviates, plots; the lists as CSV inside.  Gives the bytes in mem. */
int document_paper(struct arena *mem, const struct document *document, int64_t at, const char **bytes, size_t *len, struct error *err);

/* "2026-09-30": all digits where there are to be, so that it needs no quotes. */
bool cell_is_plain(enum cell type, const char *cell);

/* The page, with its plots: one file that needs no other. */
int document_html(struct arena *mem, const struct document *document, FILE *out, struct error *err);

#endif
