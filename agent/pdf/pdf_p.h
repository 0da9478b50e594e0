/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pdf_p.h - what the files of agent/pdf/ share.
 *
 * parts.c   the document as it was said, a list of parts             words.c      text that can do no harm
 * fonts.c   which fonts, and where                                   sheet.c      pages, and text on them
 * draw.c    each kind of part on its pages                           table.c      the longest kind
 * marks.c   the drawn pages, each piece tied to its element          structure.c  the tree of elements, as PDF
 * archive.c what makes it a record: metadata, colours, files         pages.c      what cairo wrote, mended
 * libraries.c  cairo, Pango and qpdf, opened when they are needed
 *
 * cairo draws the pages and embeds the fonts.  It has no word for what is no content (lines, page numbers, heads that are
 * repeated), nor for alternative text or the scope of a head, and its own tree of tags is the largest part of the file: so it
 * is only asked to mark the pieces, one after another, and the tree is ours.
 */
#ifndef BEHOV_PDF_P_H
#define BEHOV_PDF_P_H

#include "behov/pdf.h"
#include "behov/text.h"

#include <cairo.h>
#include <fontconfig/fontconfig.h>
#include <pango/pangocairo.h>

enum kind { HEADING, PARAGRAPH, NOTE, FRAME, ITEMS, FACTS, FIGURES, TABLE, PICTURE, SIGNATURES, PAGE };

struct row { const char *const *cells; bool total; };

struct part {
	enum kind kind;
	int level;                              /* of a heading; the tone of a frame */
	const char *text;                       /* the caption of a table */
	size_t count;
	const char *const *items;
	const struct pdf_fact *facts;
	const struct pdf_column *columns;
	LIST(struct row) rows;
	struct pdf_picture picture;
	const struct pdf_signature *signatures;
	const struct part *next;
};

/* An element of the structure, as "TD".  Its kids are elements, or the pieces of pages that it stands on. */
struct element {
	const char *type, *more;                /* more: attributes, as PDF */
	const char *alt;
	const struct element *up;
	struct element *first, *last, *next;
	size_t kids, number;
	struct piece { int page; unsigned id; struct piece *next; } *pieces, *last_piece;
};

/* What is drawn between two marks, in the order drawn: `element` NULL is no content. */
struct mark { int page; struct element *element; unsigned id; };

struct pdf {
	struct arena *mem;
	struct pdf_about about;
	struct part *first, *last;
	LIST(struct pdf_file) files;
};

struct fonts {
	FcConfig *config;                       /* these fonts and no others, whatever the machine has */
	FcCharSet *has;
	PangoFontMap *map;
	PangoContext *context;
};

/* Before any call of theirs. */
int libraries_open(struct error *err);
/* Opened once; *out is everybody's. */
int fonts_use(const char *language, struct fonts **out, struct error *err);

/* raw, or a copy, that can do no harm: at most max characters.  `lines`: newlines are kept, else they are spaces. */
const char *words_clean(struct arena *mem, const FcCharSet *has, const char *raw, size_t max, bool lines);
#define WORDS_LINE 300                          /* characters in what is one line or two */
#define WORDS_CELL 2000
#define WORDS_TEXT 20000

/* ---- sheet.c */

struct style { double points, leading; bool bold; double red, green, blue; };
extern const struct style BODY, SMALL, CELL, CELL_HEAD, LABEL, STRONG, TITLE, SECTION, SUBSECTION, FAINT;

/* The pages under way.  They are made twice: first only counted, with `cairo` NULL, so that page 1 can say how many. */
struct sheet {
	const struct pdf *doc;
	struct fonts *fonts;
	cairo_surface_t *surface;
	cairo_t *cairo;
	double width, height, left, right, bottom, y;
	int page, pages;
	PangoLayout *text, *foot;               /* a page may end while a text is being shown */
	LIST(PangoLayout *) cells;
	int outline[4];                         /* the latest heading of each level */
	struct element *root;
	unsigned ids;                           /* given out on this page */
	LIST(struct mark) marks;
};

#define TOP 54.0

void sheet_open(struct sheet *sheet, const struct pdf *doc, struct fonts *fonts, cairo_surface_t *surface, int pages);
void sheet_close(struct sheet *sheet);          /* the last page, too */
void sheet_turn(struct sheet *sheet);           /* to the next page */
/* Is there place for `height`?  Else turns; at the top of a page there is nowhere better. */
void sheet_need(struct sheet *sheet, double height);
double sheet_across(const struct sheet *sheet); /* the width of text */
struct element *sheet_element(struct sheet *sheet, struct element *up, const char *type);
/* Between these two everything drawn belongs to the element; NULL: it is no content. */
void sheet_begin(struct sheet *sheet, struct element *element);
void sheet_end(struct sheet *sheet);
PangoLayout *sheet_cell(struct sheet *sheet, size_t column);
/* Sets what a layout says; its height in points.  lines 0: as many as it takes. */
double sheet_set(PangoLayout *layout, const struct style *style, double width, int lines, const char *text);
/* Shows it, with its upper left corner there. */
void sheet_show(struct sheet *sheet, PangoLayout *layout, const struct style *style, double x, double y);
double sheet_wide(PangoLayout *layout);         /* what its text takes of the width */
/* Set, and shown in an element: its height. */
double sheet_text(struct sheet *sheet, struct element *element, const struct style *style, double x, double y, double width,
		  int lines, const char *text);
/* Over as many pages as it takes, from y on. */
void sheet_flow(struct sheet *sheet, struct element *element, const struct style *style, double x, double width, const char *text);
void sheet_box(struct sheet *sheet, double x, double y, double width, double height, double red, double green, double blue);
const char *sheet_clean(struct sheet *sheet, const char *raw, size_t max);

/* ---- draw.c, table.c */

void draw_all(struct sheet *sheet);
void draw_table(struct sheet *sheet, const struct part *part);

/* ---- what comes after drawing */

/* A page's content with our marks in place of cairo's; -1 when they are not as many as were made. */
int marks_put(const char *content, size_t len, const struct mark *marks, size_t count, struct text *out, struct error *err);
/* What is known of a file when the tree is added to it: numbers of objects, and what its trailer says. */
struct pdf_finished {
	int structure;                          /* the object that is to be the root of the tree */
	const int *pages;
	int page_count, size;
	size_t startxref;
	const char *root, *info, *id;
};
int structure_add(struct arena *mem, struct text *file, const struct pdf_finished *base, struct element *tree,
		  const struct mark *marks, size_t count, struct error *err);
/* A text as a string in PDF. */
const char *archive_string(struct arena *mem, const char *text);
/* What cairo made becomes the record. */
int archive_make(struct pdf *doc, struct fonts *fonts, struct text *drawn, struct sheet *sheet, struct text *out,
		 struct error *err);

#endif
