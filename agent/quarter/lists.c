/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lists.c - lists whose rows are few enough to be kept. */
#include "quarter_p.h"

static int
each_row(void *self, int (*row)(void *to, const char *const *cells, struct error *err), void *to, struct error *err)
{
	const struct kept_rows *kept = self;

	for (size_t i = 0; i < kept->rows.count; i++)
		if (row(to, kept->rows.items[i], err) < 0)
			return -1;
	return 0;
}

struct kept_rows *
rows_keep(struct quarter *q, const char *id, const char *title, const struct document_column *columns, int count)
{
	struct kept_rows *rows = arena_new(q->mem, struct kept_rows);

	*rows = (struct kept_rows){ .mem = q->mem, .count = count };
	*arena_push(q->mem, &q->lists) = (struct document_list){ id, title, columns, count, rows, each_row };
	return rows;
}

void
rows_add(struct kept_rows *rows, const char *const *cells)
{
	const char **copy = arena_array(rows->mem, const char *, (size_t)rows->count);

	memcpy(copy, cells, (size_t)rows->count * sizeof(*copy));
	*arena_push(rows->mem, &rows->rows) = copy;
}
