/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pdf.h - the one place that makes PDF: a document that can be read on paper, aloud, and in fifty years.
 *
 * In:      a document, said part by part in the order it is read: headings, paragraphs, facts, tables, pictures, files.
 * Out:     the bytes of one PDF, built to PDF/A-3a: tagged, with its language, title and outline, fonts embedded, sRGB as
 *          its colours, the same metadata in XMP and Info, and files attached with their relationship.  "Built to", never
 *          "certified": no validator has signed it.
 * Owner:   the document lives in the arena given to pdf_open() and borrows every text, the bytes of files and what a picture
 *          is drawn from until pdf_make() has returned; arrays and structs may go at once.  pdf_make() gives the bytes, in
 *          the same arena.
 * Promise: the same parts, `now` and fonts give the same bytes, on any day and machine.
 *          No text can leave its page or cell, forge another, or end the process: bytes that are not UTF-8, control and
 *          bidi characters are U+FFFD, hidden characters and those that no font of ours has are shown by number as
 *          ‹U+4E00›, words are broken where they must be, and what is too long ends in …
 *          What a long cell loses is not in the PDF: attach the list as a file, too, where each byte counts.
 * Limit:   not for two threads at once; Pango starts some of its own, which soon end.  Reads fonts and fontconfig's
 *          settings: /etc/fonts, /usr/share/fontconfig, /usr/share/fonts, /usr/local/share/fonts, /var/cache/fontconfig.
 *          What is attached is held in memory some times over: 100 MB of it takes 300.
 *
 *     struct pdf *doc = pdf_open(mem, &(struct pdf_about){ .title = "Gallringsprotokoll", .mark = dnr, .now = now });
 *     pdf_heading(doc, 1, "Gallringsprotokoll");
 *     pdf_facts(doc, (struct pdf_fact[]){ { "Nämnd", board }, { "Arkivbildare", NULL } }, 2);
 *     if (pdf_make(doc, &bytes, &len, err) < 0 || file_write(path, bytes, len, err) < 0) …
 */
#ifndef BEHOV_PDF_H
#define BEHOV_PDF_H

#include "arena.h"
#include "error.h"
#include "speak.h"
#include <stdbool.h>
#include <stdint.h>

struct pdf;
struct _cairo;                          /* cairo's own cairo_t */

struct pdf_about {
	const char *title;              /* must be set: in the metadata, and at the foot of each page */
	const char *subject;            /* metadata only; NULL: none */
	const char *author;             /* who answers for it: the board or the municipality; NULL: none */
	const char *mark;               /* what each page is known by, as its dnr; at the foot of each page; NULL: none */
	const struct language *language;        /* of the texts given and of our own ("sida 1 av 3"); NULL: Swedish */
	int64_t now;                    /* when it was made, for the metadata; nothing else asks for the time */
	bool wide;                      /* pages lie down: for tables with many columns */
};

/* Never NULL. */
struct pdf *pdf_open(struct arena *mem, const struct pdf_about *about);

/* ---- text */

/* level 1 (the document's own title, once, first), 2 or 3; also the outline.  Never left alone at the foot of a page. */
void pdf_heading(struct pdf *doc, int level, const char *text);
/* A newline is a line break.  At most 20,000 characters are shown. */
void pdf_paragraph(struct pdf *doc, const char *text);
/* The same, smaller and in grey: where a number comes from, what a report has not seen. */
void pdf_note(struct pdf *doc, const char *text);
/* A sentence or two in a frame that nobody overlooks, at most 12 lines.  The tone is a colour: say it in words, too. */
enum pdf_tone { PDF_CALM, PDF_GOOD, PDF_ALERT };
void pdf_frame(struct pdf *doc, enum pdf_tone tone, const char *text);
void pdf_list(struct pdf *doc, const char *const *items, size_t count);

/* ---- facts and figures */

/* Name and value side by side, in two columns of text.  A value that is NULL or "" is "inte angivet", in grey. */
struct pdf_fact { const char *name, *value; };
void pdf_facts(struct pdf *doc, const struct pdf_fact *facts, size_t count);
/* Up to four numbers in large type in a row, each above what it counts: page one in a minute.  { "filer gallrade", "1 204" } */
void pdf_figures(struct pdf *doc, const struct pdf_fact *figures, size_t count);

/* ---- tables */

struct pdf_column {
	const char *head;
	double share;                   /* of the width that the numbers leave, beside the others'; 0 is 1 */
	bool number;                    /* to the right, and as wide as the longest: "1 234 567"; at most 28 characters */
	bool strong;                    /* names its row: read aloud before each cell */
};
/* The head stands on every page that the table reaches.  A row is at most 8 lines high and is not broken between pages. */
void pdf_table(struct pdf *doc, const struct pdf_column *columns, size_t count, const char *caption);
/* As many cells as the table has columns; a cell that is NULL is empty.  Adds to the latest pdf_table(). */
void pdf_row(struct pdf *doc, const char *const *cells);
/* The same in bold: a sum. */
void pdf_total(struct pdf *doc, const char *const *cells);

/* ---- pictures */

struct pdf_canvas {
	struct _cairo *cairo;           /* to draw with, at 0,0 .. width,height in points; its state is saved and restored */
	double width, height;
	void *inside;                   /* ours */
};
struct pdf_picture {
	const char *alt;                /* must be set: what it shows, in words, for who does not see it */
	const char *caption;            /* below; NULL: none */
	double height;                  /* in points, at most half a page; the width is that of the text */
	/* Called by pdf_make(), once; lines, areas and text, with cairo's usual operator: another might become a bitmap. */
	void (*draw)(struct pdf_canvas *canvas, void *data);
	void *data;
};
void pdf_picture(struct pdf *doc, const struct pdf_picture *picture);
/* Text for draw(), in our fonts, with the same promises: one line, from, around or up to x, its base line at y. */
enum pdf_side { PDF_FROM, PDF_AROUND, PDF_UPTO };
void pdf_canvas_text(struct pdf_canvas *canvas, double x, double y, enum pdf_side side, double points, bool strong,
		     const char *text);

/* ---- the end of a record */

/* Lines to write on: place and date, name, clarification.  Two beside each other, never broken between pages. */
struct pdf_signature {
	const char *role;               /* "Arkivansvarig" */
	const char *name;               /* printed below the line when known; NULL: to be written by hand, too */
};
void pdf_signatures(struct pdf *doc, const struct pdf_signature *who, size_t count);

/* What comes next begins a page. */
void pdf_page(struct pdf *doc);

/* ---- files inside it */

enum pdf_relation { PDF_DATA, PDF_SOURCE, PDF_SUPPLEMENT, PDF_ALTERNATIVE };    /* ISO 32000-2, AFRelationship */
struct pdf_file {
	const char *name;               /* "filer.csv": no path, unlike the others' names */
	const char *type;               /* "text/csv" */
	const char *about;              /* what it is, for people */
	enum pdf_relation relation;     /* to the document: the CSV of a table shown is its PDF_SOURCE or PDF_DATA */
	const void *bytes;
	size_t len;
};
void pdf_attach(struct pdf *doc, const struct pdf_file *file);

/* ---- */

/* Makes it.  Once for each document. */
int pdf_make(struct pdf *doc, const char **bytes, size_t *len, struct error *err);

/* Are the fonts there that pdf_make() needs?  The error says which Debian package is missing. */
int pdf_check(struct error *err);

#endif
