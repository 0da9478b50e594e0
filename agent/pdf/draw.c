/* SPDX-License-Identifier: GPL-3.0-or-later */
/* draw.c - each kind of part, on its pages. */
#include "pdf_p.h"

#include <cairo-pdf.h>

#define SIGNATURE 138.0
#define TWO_LINES (2 * (BODY.points * 1.25 + BODY.leading))

/* ------------------------------------------------------------------ headings */

/* What a part needs below a heading, for that heading not to stand alone. */
static double least(const struct part *part)
{
	switch (part ? part->kind : PAGE) {
	case HEADING: return 34 + least(part->next);
	case PICTURE: return part->picture.height + 24;
	case SIGNATURES: return SIGNATURE;
	case FIGURES: case FRAME: case TABLE: return 66;
	case PARAGRAPH: case NOTE: case ITEMS: case FACTS: return 34;
	case PAGE: break;
	}
	return 0;
}

static void add_outline(struct sheet *sheet, int level, const char *text)
{
	int up = 0;
	char *where;

	if (!sheet->cairo)
		return;
	for (int i = 1; i < level; i++)
		up = sheet->outline[i] ? sheet->outline[i] : up;
	where = arena_print(sheet->doc->mem, "page=%d pos=[%d %d]", sheet->page, (int)sheet->left, (int)sheet->y);
	sheet->outline[level] = cairo_pdf_surface_add_outline(sheet->surface, up, text, where, CAIRO_PDF_OUTLINE_FLAG_OPEN);
	for (int i = level + 1; i < 4; i++)
		sheet->outline[i] = 0;
}

static void draw_heading(struct sheet *sheet, const struct part *part)
{
	static const struct style *const style[] = { NULL, &TITLE, &SECTION, &SUBSECTION };
	static const char *const type[] = { NULL, "H1", "H2", "H3" };
	static const double above[] = { 0, 0, 14, 8 }, below[] = { 0, 10, 6, 4 };
	int level = part->level;
	const char *text = sheet_clean(sheet, part->text, WORDS_LINE);
	double height = sheet_set(sheet->text, style[level], sheet_across(sheet), 4, text);

	if (sheet->y > TOP)
		sheet->y += above[level];
	sheet_need(sheet, height + below[level] + least(part->next));
	add_outline(sheet, level, text);
	sheet->y += sheet_text(sheet, sheet_element(sheet, sheet->root, type[level]), style[level], sheet->left, sheet->y,
			       sheet_across(sheet), 4, text) + below[level];
}

/* ------------------------------------------------------------------ text */

static void draw_paragraph(struct sheet *sheet, const struct part *part)
{
	bool note = part->kind == NOTE;

	sheet_flow(sheet, sheet_element(sheet, sheet->root, "P"), note ? &SMALL : &BODY, sheet->left, sheet_across(sheet),
		   sheet_clean(sheet, part->text, WORDS_TEXT));
	sheet->y += note ? 6 : 8;
}

static void draw_frame(struct sheet *sheet, const struct part *part)
{
	static const struct { double back[3], edge[3]; } tones[] = {
		[PDF_CALM] = { { 0.93, 0.95, 0.97 }, { 0.07, 0.24, 0.42 } },
		[PDF_GOOD] = { { 0.92, 0.96, 0.92 }, { 0.13, 0.42, 0.20 } },
		[PDF_ALERT] = { { 0.99, 0.94, 0.91 }, { 0.66, 0.20, 0.07 } },
	};
	const double *back = tones[part->level].back, *edge = tones[part->level].edge;
	const char *text = sheet_clean(sheet, part->text, WORDS_TEXT);
	double width = sheet_across(sheet), height = sheet_set(sheet->text, &BODY, width - 28, 12, text);

	sheet_need(sheet, height + 18);
	sheet_begin(sheet, NULL);
	sheet_box(sheet, sheet->left, sheet->y, width, height + 18, back[0], back[1], back[2]);
	sheet_box(sheet, sheet->left, sheet->y, 4, height + 18, edge[0], edge[1], edge[2]);
	sheet_end(sheet);
	sheet_text(sheet, sheet_element(sheet, sheet->root, "P"), &BODY, sheet->left + 16, sheet->y + 9, width - 28, 12, text);
	sheet->y += height + 18 + 10;
}

static void draw_items(struct sheet *sheet, const struct part *part)
{
	struct element *list = sheet_element(sheet, sheet->root, "L");

	for (size_t i = 0; i < part->count; i++) {
		struct element *item = sheet_element(sheet, list, "LI"), *label = sheet_element(sheet, item, "Lbl");
		struct element *body = sheet_element(sheet, item, "LBody");
		const char *text = sheet_clean(sheet, part->items[i], WORDS_TEXT);

		sheet_need(sheet, TWO_LINES);
		sheet_text(sheet, label, &BODY, sheet->left + 4, sheet->y, 12, 1, "•");
		sheet_flow(sheet, body, &BODY, sheet->left + 18, sheet_across(sheet) - 18, text);
		sheet->y += 3;
	}
	sheet->y += 6;
}

/* ------------------------------------------------------------------ facts and figures */

static void draw_fact(struct sheet *sheet, struct element *table, const struct pdf_fact *fact)
{
	double split = sheet_across(sheet) * 0.34, width = sheet_across(sheet) - split;
	bool known = fact->value && *fact->value;
	const char *name = sheet_clean(sheet, fact->name, WORDS_LINE);
	/* TRANSLATORS: the value of a fact that nobody has given */
	const char *value = known ? sheet_clean(sheet, fact->value, WORDS_TEXT) : speak(sheet->doc->about.language, "inte angivet");
	double tall = sheet_set(sheet->text, &LABEL, split - 12, 4, name);
	struct element *row = sheet_element(sheet, table, "TR"), *head = sheet_element(sheet, row, "TH");
	int page;
	double y;

	if (head)
		head->more = "/A<</O/Table/Scope/Row>>";
	sheet_need(sheet, (tall > TWO_LINES ? tall : TWO_LINES) + 8);
	page = sheet->page;
	y = sheet->y;
	sheet_text(sheet, head, &LABEL, sheet->left, y + 0.7, split - 12, 4, name);
	sheet_flow(sheet, sheet_element(sheet, row, "TD"), known ? &BODY : &FAINT, sheet->left + split, width, value);
	if (sheet->page == page && sheet->y < y + tall)
		sheet->y = y + tall;
	sheet->y += 3.2;
	sheet_begin(sheet, NULL);
	sheet_box(sheet, sheet->left, sheet->y, sheet_across(sheet), 0.4, 0.85, 0.86, 0.88);
	sheet_end(sheet);
	sheet->y += 3.6;
}

static void draw_facts(struct sheet *sheet, const struct part *part)
{
	struct element *table = sheet_element(sheet, sheet->root, "Table");

	for (size_t i = 0; i < part->count; i++) {
		if (i > 0 && i + 2 == part->count)
			sheet_need(sheet, 2 * TWO_LINES);       /* the last one is not left alone on a page */
		draw_fact(sheet, table, &part->facts[i]);
	}
	sheet->y += 8;
}

/* A number is never cut while it can be made smaller. */
static struct style fitting(struct sheet *sheet, const char *number, double width)
{
	struct style style = { 24, 0, true, 0.07, 0.24, 0.42 };

	while (style.points > 9) {
		sheet_set(sheet->text, &style, 0, 0, number);
		if (sheet_wide(sheet->text) <= width)
			break;
		style.points -= 1.5;
	}
	return style;
}

static void draw_figures(struct sheet *sheet, const struct part *part)
{
	double gap = 12, width = (sheet_across(sheet) - gap * (double)(part->count - 1)) / (double)part->count;
	struct element *list = sheet_element(sheet, sheet->root, "L");

	sheet_need(sheet, 76);
	for (size_t i = 0; i < part->count; i++) {
		struct element *item = sheet_element(sheet, list, "LI"), *body = sheet_element(sheet, item, "LBody");
		const char *number = sheet_clean(sheet, part->facts[i].value, 60);
		double x = sheet->left + (width + gap) * (double)i;
		struct style style = fitting(sheet, number, width - 20);

		sheet_begin(sheet, NULL);
		sheet_box(sheet, x, sheet->y, width, 68, 0.95, 0.96, 0.97);
		sheet_end(sheet);
		sheet_text(sheet, body, &style, x + 10, sheet->y + 21 - style.points * 0.5, width - 20, 1, number);
		sheet_text(sheet, body, &LABEL, x + 10, sheet->y + 41, width - 20, 2,
			   sheet_clean(sheet, part->facts[i].name, WORDS_LINE));
	}
	sheet->y += 68 + 14;
}

/* ------------------------------------------------------------------ pictures */

void pdf_canvas_text(struct pdf_canvas *canvas, double x, double y, enum pdf_side side, double points, bool strong, const char *text)
{
	struct sheet *sheet = canvas->inside;
	struct style style = { points, 0, strong, 0, 0, 0 };
	double base;

	sheet_set(sheet->text, &style, 0, 0, sheet_clean(sheet, text, WORDS_LINE));
	base = (double)pango_layout_get_baseline(sheet->text) / PANGO_SCALE;
	if (side != PDF_FROM)
		x -= sheet_wide(sheet->text) / (side == PDF_AROUND ? 2 : 1);
	cairo_move_to(sheet->cairo, x, y - base);       /* in the colour that the caller has set */
	pango_cairo_show_layout(sheet->cairo, sheet->text);
}

static void draw_picture(struct sheet *sheet, const struct part *part)
{
	double most = (sheet->bottom - TOP) / 2, height = part->picture.height < most ? part->picture.height : most;
	struct element *figure = sheet_element(sheet, sheet->root, "Figure");
	struct pdf_canvas canvas = { sheet->cairo, sheet_across(sheet), height, sheet };

	sheet_need(sheet, height + (*part->text ? 24 : 4));
	if (figure) {
		figure->alt = sheet_clean(sheet, part->picture.alt, WORDS_CELL);
		figure->more = arena_print(sheet->doc->mem, "/A<</O/Layout/Placement/Block/BBox[%d %d %d %d]>>", (int)sheet->left,
					   (int)(sheet->height - sheet->y - height), (int)sheet->right,
					   (int)(sheet->height - sheet->y));
		sheet_begin(sheet, figure);
		cairo_save(sheet->cairo);
		cairo_translate(sheet->cairo, sheet->left, sheet->y);
		cairo_rectangle(sheet->cairo, 0, 0, canvas.width, height);
		cairo_clip(sheet->cairo);
		part->picture.draw(&canvas, part->picture.data);
		cairo_restore(sheet->cairo);
		sheet_end(sheet);
	}
	sheet->y += height + 4;
	if (*part->text)
		sheet->y += sheet_text(sheet, sheet_element(sheet, sheet->root, "Caption"), &SMALL, sheet->left, sheet->y,
				       sheet_across(sheet), 2, sheet_clean(sheet, part->text, WORDS_LINE));
	sheet->y += 10;
}

/* ------------------------------------------------------------------ signatures */

/* A line to write on, and what to write on it below. */
static void draw_line(struct sheet *sheet, struct element *block, double x, double y, double width, const char *label)
{
	sheet_begin(sheet, NULL);
	sheet_box(sheet, x, y, width, 0.7, 0.30, 0.32, 0.35);
	sheet_end(sheet);
	sheet_text(sheet, sheet_element(sheet, block, "P"), &SMALL, x, y + 3, width, 1, label);
}

static void draw_signature(struct sheet *sheet, const struct pdf_signature *who, double x, double width)
{
	const struct language *language = sheet->doc->about.language;
	struct element *block = sheet_element(sheet, sheet->root, "Div");

	sheet_text(sheet, sheet_element(sheet, block, "P"), &STRONG, x, sheet->y, width, 1, sheet_clean(sheet, who->role, WORDS_LINE));
	draw_line(sheet, block, x, sheet->y + 42, width, speak(language, "Ort och datum"));
	draw_line(sheet, block, x, sheet->y + 82, width, speak(language, "Namnteckning"));
	if (who->name && *who->name)
		sheet_text(sheet, sheet_element(sheet, block, "P"), &BODY, x, sheet->y + 103, width, 1,
			   sheet_clean(sheet, who->name, WORDS_LINE));
	draw_line(sheet, block, x, sheet->y + 118, width, speak(language, "Namnförtydligande"));
}

static void draw_signatures(struct sheet *sheet, const struct part *part)
{
	double half = sheet_across(sheet) / 2 - 12;

	for (size_t i = 0; i < part->count; i++) {
		if (i % 2 == 0)
			sheet_need(sheet, SIGNATURE);
		draw_signature(sheet, &part->signatures[i], i % 2 ? sheet->right - half : sheet->left, half);
		if (i % 2 || i + 1 == part->count)
			sheet->y += SIGNATURE + 6;
	}
}

/* ------------------------------------------------------------------ */

void draw_all(struct sheet *sheet)
{
	for (const struct part *part = sheet->doc->first; part; part = part->next) {
		switch (part->kind) {
		case HEADING: draw_heading(sheet, part); break;
		case PARAGRAPH: case NOTE: draw_paragraph(sheet, part); break;
		case FRAME: draw_frame(sheet, part); break;
		case ITEMS: draw_items(sheet, part); break;
		case FACTS: draw_facts(sheet, part); break;
		case FIGURES: draw_figures(sheet, part); break;
		case TABLE: draw_table(sheet, part); break;
		case PICTURE: draw_picture(sheet, part); break;
		case SIGNATURES: draw_signatures(sheet, part); break;
		case PAGE: sheet_turn(sheet); break;
		}
	}
}
