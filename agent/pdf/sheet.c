/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sheet.c - pages of A4, text on them, and which element each piece belongs to. */
#include "pdf_p.h"

#include <cairo-pdf.h>

#define A4_SHORT 595.276
#define A4_LONG  841.89
#define SIDE     57.0
#define FOOT     60.0                   /* from the lower edge; the page number stands in it */

#define INK   0.10, 0.11, 0.13
#define GREY  0.36, 0.38, 0.41          /* 6.2:1 on white */
#define BLUE  0.07, 0.24, 0.42

const struct style BODY = { 10, 3.2, false, INK }, SMALL = { 8.5, 2.4, false, GREY }, CELL = { 8.5, 1.8, false, INK },
		   CELL_HEAD = { 8.5, 1.8, true, INK }, LABEL = { 9, 2.0, false, GREY }, STRONG = { 10, 2.6, true, INK },
		   TITLE = { 21, 3, true, BLUE }, SECTION = { 13.5, 2.5, true, BLUE }, SUBSECTION = { 10.5, 2, true, INK },
		   FAINT = { 9.5, 2.6, false, GREY };

static PangoLayout *layout_open(struct sheet *sheet)
{
	PangoLayout *layout = pango_layout_new(sheet->fonts->context);
	PangoAttrList *list = pango_attr_list_new();

	/* A name that is broken must not get a hyphen that it does not have. */
	pango_attr_list_insert(list, pango_attr_insert_hyphens_new(FALSE));
	pango_layout_set_attributes(layout, list);
	pango_attr_list_unref(list);
	pango_layout_set_auto_dir(layout, FALSE);
	pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
	pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_NONE);
	return layout;
}

void sheet_open(struct sheet *sheet, const struct pdf *doc, struct fonts *fonts, cairo_surface_t *surface, int pages)
{
	double width = doc->about.wide ? A4_LONG : A4_SHORT, height = doc->about.wide ? A4_SHORT : A4_LONG;

	*sheet = (struct sheet){
		.doc = doc, .fonts = fonts, .surface = surface, .width = width, .height = height, .left = SIDE,
		.right = width - SIDE, .bottom = height - FOOT, .y = TOP, .page = 1, .pages = pages,
	};
	if (surface) {
		cairo_pdf_surface_set_size(surface, width, height);
		sheet->cairo = cairo_create(surface);
	}
	sheet->root = sheet_element(sheet, NULL, "Document");
	sheet->text = layout_open(sheet);
	sheet->foot = layout_open(sheet);
}

double sheet_across(const struct sheet *sheet)
{
	return sheet->right - sheet->left;
}

/* ------------------------------------------------------------------ elements and marks */

struct element *sheet_element(struct sheet *sheet, struct element *up, const char *type)
{
	struct element *element;

	if (!sheet->cairo)
		return NULL;                    /* only counting */
	element = arena_new(sheet->doc->mem, struct element);
	element->type = type;
	element->up = up;
	if (!up)
		return element;
	if (up->last)
		up->last->next = element;
	else
		up->first = element;
	up->last = element;
	up->kids++;
	return element;
}

static void add_piece(struct sheet *sheet, struct element *element, unsigned id)
{
	struct piece *piece = arena_new(sheet->doc->mem, struct piece);

	*piece = (struct piece){ .page = sheet->page, .id = id };
	if (element->last_piece)
		element->last_piece->next = piece;
	else
		element->pieces = piece;
	element->last_piece = piece;
	element->kids++;
}

void sheet_begin(struct sheet *sheet, struct element *element)
{
	struct mark *mark;

	if (!sheet->cairo)
		return;
	mark = arena_push(sheet->doc->mem, &sheet->marks);
	*mark = (struct mark){ .page = sheet->page, .element = element };
	if (element) {
		mark->id = sheet->ids++;
		add_piece(sheet, element, mark->id);
	}
	cairo_tag_begin(sheet->cairo, "Span", NULL);
}

void sheet_end(struct sheet *sheet)
{
	if (sheet->cairo)
		cairo_tag_end(sheet->cairo, "Span");
}

/* ------------------------------------------------------------------ text */

PangoLayout *sheet_cell(struct sheet *sheet, size_t column)
{
	while (sheet->cells.count <= column)
		*arena_push(sheet->doc->mem, &sheet->cells) = layout_open(sheet);
	return sheet->cells.items[column];
}

static void set_font(PangoLayout *layout, const struct style *style)
{
	PangoFontDescription *font = pango_font_description_new();
	const PangoFontDescription *now = pango_layout_get_font_description(layout);

	pango_font_description_set_family_static(font, "Liberation Sans,DejaVu Sans");
	pango_font_description_set_weight(font, style->bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
	pango_font_description_set_absolute_size(font, style->points * PANGO_SCALE);
	if (!now || !pango_font_description_equal(now, font))
		pango_layout_set_font_description(layout, font);
	pango_font_description_free(font);
}

double sheet_set(PangoLayout *layout, const struct style *style, double width, int lines, const char *text)
{
	int height;

	set_font(layout, style);
	pango_layout_set_spacing(layout, (int)(style->leading * PANGO_SCALE));
	pango_layout_set_width(layout, width > 0 ? (int)(width * PANGO_SCALE) : -1);
	pango_layout_set_height(layout, lines ? -lines : -1);
	pango_layout_set_ellipsize(layout, lines ? PANGO_ELLIPSIZE_END : PANGO_ELLIPSIZE_NONE);
	if (strcmp(pango_layout_get_text(layout), text) != 0)   /* one row often says what the row above said */
		pango_layout_set_text(layout, text, -1);
	pango_layout_get_size(layout, NULL, &height);
	return (double)height / PANGO_SCALE;
}

double sheet_wide(PangoLayout *layout)
{
	int width;

	pango_layout_get_size(layout, &width, NULL);
	return (double)width / PANGO_SCALE;
}

void sheet_show(struct sheet *sheet, PangoLayout *layout, const struct style *style, double x, double y)
{
	int set = pango_layout_get_width(layout), width, height;
	bool wider;

	if (!sheet->cairo)
		return;
	pango_layout_get_size(layout, &width, &height);
	wider = set > 0 && width > set;
	if (wider) {                    /* a single sign may be: what would stand outside is not drawn */
		cairo_save(sheet->cairo);
		cairo_rectangle(sheet->cairo, x, y, (double)set / PANGO_SCALE, (double)height / PANGO_SCALE);
		cairo_clip(sheet->cairo);
	}
	cairo_set_source_rgb(sheet->cairo, style->red, style->green, style->blue);
	cairo_move_to(sheet->cairo, x, y);
	pango_cairo_show_layout(sheet->cairo, layout);
	if (wider)
		cairo_restore(sheet->cairo);
}

double sheet_text(struct sheet *sheet, struct element *element, const struct style *style, double x, double y, double width,
		  int lines, const char *text)
{
	double height = sheet_set(sheet->text, style, width, lines, text);

	sheet_begin(sheet, element);
	sheet_show(sheet, sheet->text, style, x, y);
	sheet_end(sheet);
	return height;
}

static void show_line(struct sheet *sheet, const struct style *style, PangoLayoutLine *line, double x, double y)
{
	if (!sheet->cairo)
		return;
	cairo_set_source_rgb(sheet->cairo, style->red, style->green, style->blue);
	cairo_move_to(sheet->cairo, x, y);
	pango_cairo_show_layout_line(sheet->cairo, line);
}

/* Line by line; the element gets a piece on each page. */
void sheet_flow(struct sheet *sheet, struct element *element, const struct style *style, double x, double width, const char *text)
{
	double height = sheet_set(sheet->text, style, width, 0, text), line_height = style->points * 1.25 + style->leading;
	PangoLayoutIter *at;

	sheet_need(sheet, height < 2 * line_height ? height : 2 * line_height);
	at = pango_layout_get_iter(sheet->text);
	sheet_begin(sheet, element);
	do {
		int top, bottom, base = pango_layout_iter_get_baseline(at);
		double tall;

		pango_layout_iter_get_line_yrange(at, &top, &bottom);
		tall = (double)(bottom - top) / PANGO_SCALE;
		if (sheet->y + tall > sheet->bottom) {
			sheet_end(sheet);
			sheet_turn(sheet);
			sheet_begin(sheet, element);
		}
		show_line(sheet, style, pango_layout_iter_get_line_readonly(at), x,
			  sheet->y + (double)(base - top) / PANGO_SCALE);
		sheet->y += tall;
	} while (pango_layout_iter_next_line(at));
	sheet_end(sheet);
	pango_layout_iter_free(at);
}

/* Only what may be long keeps its lines. */
const char *sheet_clean(struct sheet *sheet, const char *raw, size_t max)
{
	return words_clean(sheet->doc->mem, sheet->fonts->has, raw ? raw : "", max, max == WORDS_TEXT);
}

void sheet_box(struct sheet *sheet, double x, double y, double width, double height, double red, double green, double blue)
{
	if (!sheet->cairo)
		return;
	cairo_set_source_rgb(sheet->cairo, red, green, blue);
	cairo_rectangle(sheet->cairo, x, y, width, height);
	cairo_fill(sheet->cairo);
}

/* ------------------------------------------------------------------ pages */

/* What the page is known by, its title and its number: no content, so nobody has to hear it on every page. */
static void foot(struct sheet *sheet)
{
	struct arena *mem = sheet->doc->mem;
	const struct pdf_about *about = &sheet->doc->about;
	const char *mark = sheet_clean(sheet, about->mark, 60), *title = sheet_clean(sheet, about->title, WORDS_LINE);
	const char *left = *mark ? arena_print(mem, "%s  ·  %s", mark, title) : title;
	/* TRANSLATORS: at the foot of each page of a PDF */
	char *number = arena_print(mem, speak(about->language, "sida %d av %d"), sheet->page, sheet->pages);
	double y = sheet->bottom + 20, across = sheet_across(sheet);

	if (!sheet->cairo)
		return;
	sheet_begin(sheet, NULL);
	sheet_box(sheet, sheet->left, y - 7, across, 0.5, 0.75, 0.77, 0.80);
	sheet_set(sheet->foot, &SMALL, across - 90, 1, left);
	sheet_show(sheet, sheet->foot, &SMALL, sheet->left, y);
	sheet_set(sheet->foot, &SMALL, 0, 0, number);
	sheet_show(sheet, sheet->foot, &SMALL, sheet->right - sheet_wide(sheet->foot), y);
	sheet_end(sheet);
}

void sheet_turn(struct sheet *sheet)
{
	foot(sheet);
	if (sheet->cairo)
		cairo_show_page(sheet->cairo);
	sheet->page++;
	sheet->ids = 0;
	sheet->y = TOP;
}

void sheet_need(struct sheet *sheet, double height)
{
	if (sheet->y + height > sheet->bottom && sheet->y > TOP)
		sheet_turn(sheet);
}

void sheet_close(struct sheet *sheet)
{
	foot(sheet);
	if (sheet->cairo) {
		cairo_show_page(sheet->cairo);
		cairo_destroy(sheet->cairo);
	}
	g_object_unref(sheet->text);
	g_object_unref(sheet->foot);
	for (size_t i = 0; i < sheet->cells.count; i++)
		g_object_unref(sheet->cells.items[i]);
}
