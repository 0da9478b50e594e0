/* SPDX-License-Identifier: GPL-3.0-or-later */
/* csv.c - a list as CSV, row by row. */
#include "document_p.h"
#include "behov/text.h"

#define CELL_MOST ((size_t)1 << 20)

struct csv_out { const struct document_list *list; FILE *out; struct text line; };

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
put_row(struct csv_out *to, const char *const *cells, struct error *err)
{
	struct text *line = &to->line;

	line->len = 0;
	for (int i = 0; i < to->list->count; i++) {
		if (i)
			text_char(line, ',');
		if (cells[i] && cell_is_plain(to->list->columns[i].type, cells[i]))
			text_add(line, cells[i]);
		else
			csv_cell(line, cells[i] ? cells[i] : "");
	}
	text_add(line, "\r\n");
	if (line->full)
		return error_set(err, ERROR_SOURCE, "a row of '%s' is too long", to->list->id);
	if (fwrite(line->data, 1, line->len, to->out) != line->len)
		return error_sys(err, ERROR_SOURCE, "cannot write the list '%s'", to->list->id);
	return 0;
}

static int
each_row(void *to, const char *const *cells, struct error *err)
{
	return put_row(to, cells, err);
}

/* The titles are ours, and quoted like any text. */
static int
put_heads(struct csv_out *to, struct error *err)
{
	struct text *line = &to->line;

	for (int i = 0; i < to->list->count; i++) {
		if (i)
			text_char(line, ',');
		csv_cell(line, to->list->columns[i].title);
	}
	text_add(line, "\r\n");
	if (fwrite(line->data, 1, line->len, to->out) != line->len)
		return error_sys(err, ERROR_SOURCE, "cannot write the list '%s'", to->list->id);
	return 0;
}

int
list_csv(const struct document_list *list, bool bom, FILE *out, struct error *err)
{
	struct csv_out to = { .list = list, .out = out };
	int rc;

	text_open(&to.line, CELL_MOST * (size_t)list->count);
	if (bom)
		fputs("\xef\xbb\xbf", out);
	rc = put_heads(&to, err);
	if (rc == 0)
		rc = list->rows(list->self, each_row, &to, err);
	text_close(&to.line);
	return rc;
}
