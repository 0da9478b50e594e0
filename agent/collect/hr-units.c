/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hr-units.c - the tree of organisational units: whoever works in one works in all above it. */
#include "hr_p.h"

#include <stdlib.h>

#define DEPTH_MOST 100                  /* deeper is a circle */

enum climb { CLIMB_TOP, CLIMB_LOST, CLIMB_ROUND };

struct hr_units { const struct csv_row **rows; size_t count; int id, parent, name; };

/* qsort and bsearch pass no context. */
static int units_id;

static int
order(const void *a, const void *b)
{
	return strcmp((*(struct csv_row *const *)a)->cells[units_id], (*(struct csv_row *const *)b)->cells[units_id]);
}

static int
match(const void *key, const void *row)
{
	return strcmp(key, (*(struct csv_row *const *)row)->cells[units_id]);
}

static const struct csv_row *
unit(const struct hr_units *u, const char *id)
{
	const struct csv_row **row;

	units_id = u->id;
	row = bsearch(id, u->rows, u->count, sizeof(*u->rows), match);
	return row ? *row : NULL;
}

/* Up from that unit; each(): what it and those above are called. */
static enum climb
climb(const struct hr_units *u, const char *id, void (*each)(void *self, const char *text), void *self)
{
	for (int depth = 0; depth < DEPTH_MOST; depth++) {
		const struct csv_row *row = unit(u, id);

		if (!row)
			return CLIMB_LOST;
		if (each)
			each(self, row->cells[u->name]);
		if (!*row->cells[u->parent])
			return CLIMB_TOP;
		id = row->cells[u->parent];
	}
	return CLIMB_ROUND;
}

static int
columns(struct hr_units *u, const struct csv *csv, const struct conf *conf, struct error *err)
{
	const char *const names[] = { conf->hr.units.id, conf->hr.units.parent,
				      conf->hr.units.name ? conf->hr.units.name : conf->hr.units.id };
	int *const places[] = { &u->id, &u->parent, &u->name };

	for (int i = 0; i < 3; i++) {
		*places[i] = csv_column(csv, names[i]);
		if (*places[i] < 0)
			return error_set(err, ERROR_SOURCE, "'%s' has no column '%s'", conf->hr.units.file, names[i]);
	}
	return 0;
}

static int
sort(struct arena *mem, struct hr_units *u, const struct csv *csv, const char *file, struct error *err)
{
	u->count = csv->rows.count - 1;
	u->rows = arena_array(mem, const struct csv_row *, u->count);
	for (size_t i = 0; i < u->count; i++)
		u->rows[i] = &csv->rows.items[i + 1];
	units_id = u->id;
	qsort(u->rows, u->count, sizeof(*u->rows), order);
	for (size_t i = 1; i < u->count; i++)
		if (match(u->rows[i - 1]->cells[u->id], &u->rows[i]) == 0)
			return error_set(err, ERROR_SOURCE, "'%s': unit '%s' stands there twice", file, u->rows[i]->cells[u->id]);
	return 0;
}

int
hr_units_open(struct arena *mem, const struct conf *conf, struct hr_units **out, struct error *err)
{
	struct hr_units *u = arena_new(mem, struct hr_units);
	struct csv csv;

	if (hr_read(mem, conf, conf->hr.units.file, conf->hr.units.list, &csv, err) < 0 || columns(u, &csv, conf, err) < 0 ||
	    sort(mem, u, &csv, conf->hr.units.file, err) < 0)
		return -1;
	*out = u;
	return 0;
}

void
hr_units_doubts(const struct hr_units *u, long long *lost, long long *rounds)
{
	*lost = *rounds = 0;
	for (size_t i = 0; i < u->count; i++) {
		enum climb end = climb(u, u->rows[i]->cells[u->id], NULL, NULL);

		*lost += end == CLIMB_LOST;
		*rounds += end == CLIMB_ROUND;
	}
}

bool
hr_units_above(const struct hr_units *u, const char *id, void (*each)(void *self, const char *text), void *self)
{
	return climb(u, id, each, self) == CLIMB_TOP;
}
