/* SPDX-License-Identifier: GPL-3.0-or-later */
/* table.c - tables: how wide each column is, rows over as many pages as it takes, and the head on each of them. */
#include "pdf_p.h"

#define PAD      4.0                    /* on both sides of a cell */
#define ROW_PAD  3.0                    /* above and below */
#define LINES    8                      /* the most of a row */
#define HEAD_LINES 4
#define NUMBER   28                     /* characters: what is longer is no number, and may be broken */

/* A table under way. */
struct grid {
	struct sheet *sheet;
	const struct part *part;
	double *x, *width;                      /* of each column, in points, its padding included */
	double *rules;                          /* where a line goes on this page */
	size_t rule_count;
	struct element *table, *body;
};

/* ------------------------------------------------------------------ the widths */

/* The cell of a column with the most characters, its head's words included. */
static const char *longest(const struct part *part, size_t column)
{
	const char *found = "";
	size_t most = 0;

	for (size_t i = 0; i < part->rows.count; i++) {
		const char *cell = part->rows.items[i].cells[column];
		size_t len = cell ? strnlen(cell, 200) : 0;

		if (len > most) {
			most = len;
			found = cell;
		}
	}
	return found;
}

static double natural(struct sheet *sheet, const struct style *style, const char *raw)
{
	sheet_set(sheet->text, style, 0, 0, sheet_clean(sheet, raw, NUMBER));
	return sheet_wide(sheet->text) + 2 * PAD + 1;
}

/* The widest word of a head: it is not broken for the sake of short numbers. */
static double widest_word(struct sheet *sheet, const char *head)
{
	char *words = arena_text(sheet->doc->mem, head ? head : ""), *rest = words, *word;
	double widest = 0;

	while ((word = strsep(&rest, " "))) {
		double width = natural(sheet, &CELL_HEAD, word);

		widest = width > widest ? width : widest;
	}
	return widest;
}

/* Numbers get what they need, but not more than two thirds together; the others share what is left. */
static void set_widths(struct grid *grid)
{
	const struct part *part = grid->part;
	double across = sheet_across(grid->sheet), numbers = 0, shares = 0, x = grid->sheet->left, rest, shrink = 1;

	for (size_t i = 0; i < part->count; i++) {
		const struct pdf_column *column = &part->columns[i];
		double need, head;

		if (!column->number) {
			shares += column->share > 0 ? column->share : 1;
			continue;
		}
		need = natural(grid->sheet, &CELL, longest(part, i));
		head = widest_word(grid->sheet, column->head);
		grid->width[i] = need > head ? need : head;
		numbers += grid->width[i];
	}
	if (shares == 0 || numbers > across * 2 / 3)
		shrink = numbers > 0 ? (shares == 0 ? across : across * 2 / 3) / numbers : 1;
	rest = across - numbers * shrink;
	for (size_t i = 0; i < part->count; i++) {
		const struct pdf_column *column = &part->columns[i];
		double share = column->share > 0 ? column->share : 1;

		grid->width[i] = column->number ? grid->width[i] * shrink : rest * share / shares;
		grid->x[i] = x;
		x += grid->width[i];
	}
}

/* ------------------------------------------------------------------ rows */

static PangoLayout *cell(struct grid *grid, size_t i)
{
	PangoLayout *layout = sheet_cell(grid->sheet, i);

	pango_layout_set_alignment(layout, grid->part->columns[i].number ? PANGO_ALIGN_RIGHT : PANGO_ALIGN_LEFT);
	return layout;
}

static double inner(const struct grid *grid, size_t i)
{
	double width = grid->width[i] - 2 * PAD;

	return width > 1 ? width : 1;
}

/* Sets each cell of a row: the height of the row. */
static double set_row(struct grid *grid, const struct style *style, int lines, const char *const *cells)
{
	double tallest = 0;

	for (size_t i = 0; i < grid->part->count; i++) {
		const char *text = sheet_clean(grid->sheet, cells[i], WORDS_CELL);
		double tall = sheet_set(cell(grid, i), style, inner(grid, i), lines, text);

		tallest = tall > tallest ? tall : tallest;
	}
	return tallest + 2 * ROW_PAD;
}

/* Shows what was set.  row NULL: it is a repeated head, and no content. */
static void show_row(struct grid *grid, const struct style *style, struct element *row, bool head)
{
	struct sheet *sheet = grid->sheet;

	for (size_t i = 0; i < grid->part->count; i++) {
		bool names = !head && grid->part->columns[i].strong;
		struct element *element = row ? sheet_element(sheet, row, head || names ? "TH" : "TD") : NULL;

		if (element && (head || names))
			element->more = head ? "/A<</O/Table/Scope/Column>>" : "/A<</O/Table/Scope/Row>>";
		if (!*pango_layout_get_text(cell(grid, i)))
			continue;
		sheet_begin(sheet, element);
		sheet_show(sheet, cell(grid, i), style, grid->x[i] + PAD, sheet->y + ROW_PAD);
		sheet_end(sheet);
	}
}

static double head_height(struct grid *grid)
{
	const char **heads = arena_array(grid->sheet->doc->mem, const char *, grid->part->count);

	for (size_t i = 0; i < grid->part->count; i++)
		heads[i] = grid->part->columns[i].head;
	return set_row(grid, &CELL_HEAD, HEAD_LINES, heads);
}

static void draw_head(struct grid *grid, bool first)
{
	struct sheet *sheet = grid->sheet;
	double height = head_height(grid);
	struct element *group = first ? sheet_element(sheet, grid->table, "THead") : NULL;

	sheet_begin(sheet, NULL);
	sheet_box(sheet, sheet->left, sheet->y, sheet_across(sheet), height, 0.91, 0.93, 0.95);
	sheet_box(sheet, sheet->left, sheet->y + height - 0.8, sheet_across(sheet), 0.8, 0.07, 0.24, 0.42);
	sheet_end(sheet);
	show_row(grid, &CELL_HEAD, group ? sheet_element(sheet, group, "TR") : NULL, true);
	sheet->y += height;
}

/* The lines below the rows of this page, all at once. */
static void draw_rules(struct grid *grid)
{
	if (!grid->rule_count)
		return;
	sheet_begin(grid->sheet, NULL);
	for (size_t i = 0; i < grid->rule_count; i++)
		sheet_box(grid->sheet, grid->sheet->left, grid->rules[i] - 0.4, sheet_across(grid->sheet), 0.4, 0.82, 0.84, 0.86);
	sheet_end(grid->sheet);
	grid->rule_count = 0;
}

static const struct style *style_of(const struct row *row)
{
	return row->total ? &CELL_HEAD : &CELL;
}

static void draw_row(struct grid *grid, const struct row *row)
{
	struct sheet *sheet = grid->sheet;
	double height = set_row(grid, style_of(row), LINES, row->cells);

	if (sheet->y + height > sheet->bottom) {
		draw_rules(grid);
		sheet_turn(sheet);
		draw_head(grid, false);
		height = set_row(grid, style_of(row), LINES, row->cells);
	}
	show_row(grid, style_of(row), grid->body ? sheet_element(sheet, grid->body, "TR") : NULL, false);
	sheet->y += height;
	grid->rules[grid->rule_count++] = sheet->y;
}

/* No row is lower than one line, so a page has no more than this. */
#define MOST_ROWS 200

void draw_table(struct sheet *sheet, const struct part *part)
{
	struct arena *mem = sheet->doc->mem;
	struct grid grid = {
		.sheet = sheet, .part = part,
		.x = arena_array(mem, double, part->count), .width = arena_array(mem, double, part->count),
		.rules = arena_array(mem, double, MOST_ROWS),
		.table = sheet_element(sheet, sheet->root, "Table"),
	};
	double first = 0;

	set_widths(&grid);
	if (part->rows.count)
		first = set_row(&grid, style_of(part->rows.items), LINES, part->rows.items->cells);
	sheet_need(sheet, head_height(&grid) + first + (*part->text ? 34 : 0));
	if (*part->text)
		sheet->y += sheet_text(sheet, sheet_element(sheet, grid.table, "Caption"), &SUBSECTION, sheet->left, sheet->y,
				       sheet_across(sheet), 2, sheet_clean(sheet, part->text, WORDS_LINE)) + 4;
	draw_head(&grid, true);
	grid.body = part->rows.count ? sheet_element(sheet, grid.table, "TBody") : NULL;
	for (size_t i = 0; i < part->rows.count; i++)
		draw_row(&grid, &part->rows.items[i]);
	draw_rules(&grid);
	sheet->y += 12;
}
