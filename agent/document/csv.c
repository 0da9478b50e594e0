/* SPDX-License-Identifier: GPL-3.0-or-later */
/* csv.c - lists as CSV, row by row. */
#include "document_p.h"

struct csv { struct sink sink; const struct document_list *list; FILE *const *outs; struct text line; bool bom, open; };

bool
cell_is_plain(enum cell type, const char *cell)
{
	size_t len = strlen(cell), sign = type == CELL_NUMBER && *cell == '-';

	switch (type) {
	case CELL_TEXT:
		return false;
	case CELL_NUMBER:
		return len > sign && len < 40 && strspn(cell + sign, "0123456789") == len - sign;
	case CELL_DAY:
		return len == 10 && strspn(cell, "0123456789-") == len && day_parse(cell) != DAY_NONE;
	case CELL_MOMENT:
		break;
	}
	return len >= 17 && len <= 32 && strspn(cell, "0123456789-:TZ+.") == len && *cell != '-' && *cell != '+';
}

static int
end_line(struct text *line, const struct document_list *list, struct error *err)
{
	text_add(line, "\r\n");
	return line->full ? error_set(err, ERROR_SOURCE, "a row of '%s' is too long", list->id) : 0;
}

int
csv_row(struct text *line, const struct document_list *list, const char *const *cells, struct error *err)
{
	line->len = 0;
	for (int i = 0; i < list->count; i++) {
		if (i)
			text_char(line, ',');
		if (cells[i] && cell_is_plain(list->columns[i].type, cells[i]))
			text_add(line, cells[i]);
		else
			csv_cell(line, cells[i] ? cells[i] : "");
	}
	return end_line(line, list, err);
}

/* The titles are ours, and quoted like any text. */
int
csv_heads(struct text *line, const struct document_list *list, struct error *err)
{
	line->len = 0;
	for (int i = 0; i < list->count; i++) {
		if (i)
			text_char(line, ',');
		csv_cell(line, list->columns[i].title);
	}
	return end_line(line, list, err);
}

/* ------------------------------------------------------------------ as files */

static int
write_line(struct csv *c, struct error *err)
{
	return fwrite(c->line.data, 1, c->line.len, *c->outs) == c->line.len ? 0 :
	       error_sys(err, ERROR_SOURCE, "cannot write the list '%s'", c->list->id);
}

static int
begin(struct sink *sink, const struct document_list *list, struct error *err)
{
	struct csv *c = (struct csv *)sink;

	c->list = list;
	text_open(&c->line, CSV_MOST * (size_t)list->count);
	c->open = true;
	if (c->bom)
		fputs("\xef\xbb\xbf", *c->outs);
	return csv_heads(&c->line, list, err) < 0 ? -1 : write_line(c, err);
}

static int
row(struct sink *sink, const char *const *cells, struct error *err)
{
	struct csv *c = (struct csv *)sink;

	return csv_row(&c->line, c->list, cells, err) < 0 ? -1 : write_line(c, err);
}

static int
end(struct sink *sink, struct error *err)
{
	struct csv *c = (struct csv *)sink;

	(void)err;
	text_close(&c->line);
	c->open = false;
	c->outs++;
	return 0;
}

static int
finish(struct sink *sink, bool whole, struct error *err)
{
	struct csv *c = (struct csv *)sink;

	(void)whole;
	(void)err;
	if (c->open)
		text_close(&c->line);
	return 0;
}

struct sink *
csv_sink(struct arena *mem, FILE *const *outs, bool bom)
{
	struct csv *c = arena_new(mem, struct csv);

	*c = (struct csv){ .sink = { begin, row, end, finish }, .outs = outs, .bom = bom };
	return &c->sink;
}
