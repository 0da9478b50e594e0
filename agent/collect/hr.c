/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hr.c - joins the HR file on employeeID; what it did not bring is unknown, never absent. */
#include "collect_p.h"

#include <behov/csv.h>
#include <behov/file.h>
#include <behov/text.h>

struct hr { const struct rules *rules; struct csv csv; int key; int *columns; const struct csv_row **rows; size_t count; };

/* qsort passes no context. */
static int hr_key;

static int
order(const void *a, const void *b)
{
	return strcmp((*(struct csv_row *const *)a)->cells[hr_key], (*(struct csv_row *const *)b)->cells[hr_key]);
}

static int
match(const void *key, const void *row)
{
	return strcmp(key, (*(struct csv_row *const *)row)->cells[hr_key]);
}

static void
all_unknown(const struct rules *rules, struct account *a)
{
	for (int i = 0; i < rules->attribute_count; i++)
		if (rules->attributes[i].hr)
			a->unknown |= UINT64_C(1) << i;
}

static int
load(struct arena *mem, struct hr *hr, struct error *err)
{
	const char *file = hr->rules->conf.hr.file;
	char *bytes;
	size_t len;

	if (file_read(mem, file, (size_t)1 << 30, &bytes, &len, err) < 0
	    || csv_read(mem, file, bytes, len, &hr->csv, err) < 0)
		return -1;
	hr->key = hr->rules->conf.hr.key ? csv_column(&hr->csv, hr->rules->conf.hr.key) : -1;
	if (hr->key < 0)
		return error_set(err, ERROR_SOURCE, "'%s' has no column '%s'", file, hr->rules->conf.hr.key);
	if (hr->csv.rows.count < 2)
		return error_set(err, ERROR_SOURCE, "'%s' holds no rows", file);
	hr->count = hr->csv.rows.count - 1;
	hr->rows = arena_array(mem, const struct csv_row *, hr->count);
	for (size_t i = 0; i < hr->count; i++)
		hr->rows[i] = &hr->csv.rows.items[i + 1];
	hr_key = hr->key;
	qsort(hr->rows, hr->count, sizeof(*hr->rows), order);
	return 0;
}

static bool
fill(struct arena *mem, const struct hr *hr, struct account *a, const char *employee)
{
	const struct csv_row **row, **end = hr->rows + hr->count;

	if (!employee)
		return true;
	row = *employee ? bsearch(employee, hr->rows, hr->count, sizeof(*hr->rows), match) : NULL;
	if (*employee && !row)
		return true;
	if (!row || (row > hr->rows && !match(employee, row - 1)) || (row + 1 < end && !match(employee, row + 1))) {
		all_unknown(hr->rules, a);
		return false;
	}
	for (int i = 0; i < hr->rules->attribute_count; i++) {
		const char *cell = hr->columns[i] >= 0 ? (*row)->cells[hr->columns[i]] : "";
		struct value *value;

		if (!*cell)
			continue;
		value = arena_new(mem, struct value);
		*value = (struct value){ .text = cell, .folded = text_fold(mem, cell) };
		a->values[i] = value;
	}
	return true;
}

static void
columns(struct arena *mem, struct hr *hr, struct snapshot *out)
{
	const struct rules *rules = hr->rules;

	hr->columns = arena_array(mem, int, (size_t)rules->attribute_count + 1);
	for (int i = 0; i < rules->attribute_count; i++) {
		const char *name = rules->attributes[i].hr;

		hr->columns[i] = name ? csv_column(&hr->csv, name) : -1;
		if (!name || hr->columns[i] >= 0)
			continue;
		gap_add(mem, out, "hr", rules->conf.hr.file, arena_print(mem, "has no column '%s'", name));
		for (uint32_t a = 0; a < out->account_count; a++)
			out->accounts[a].unknown |= UINT64_C(1) << i;
	}
}

void
hr_join(struct arena *mem, const struct rules *rules, struct snapshot *out, const char **employees)
{
	struct hr hr = { .rules = rules };
	struct error err = { 0 };
	bool loaded;
	int doubtful = 0;

	loaded = rules->conf.hr.file && load(mem, &hr, &err) == 0;
	if (rules->conf.hr.file && !loaded)
		gap_add(mem, out, "hr", rules->conf.hr.file, arena_text(mem, err.text));
	if (loaded)
		columns(mem, &hr, out);
	out->seen.hr_rows = (long long)hr.count;
	for (uint32_t a = 0; a < out->account_count; a++) {
		if (!loaded)
			all_unknown(rules, &out->accounts[a]);
		else if (!fill(mem, &hr, &out->accounts[a], employees[a]))
			doubtful++;
	}
	if (doubtful)
		gap_add(mem, out, "hr", rules->conf.hr.file,
			arena_print(mem, "%d people have an employeeID that is unreadable or stands there twice", doubtful));
}
