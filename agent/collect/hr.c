/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hr.c - joins HR on employeeID; what it did not bring is unknown, never absent. */
#include "hr_p.h"

#include <behov/fetch.h>
#include <behov/text.h>

/* The table lives in an arena of its own, which is overwritten when all is joined: what we do not need we do not keep. */
struct hr {
	struct arena *raw;
	const struct rules *rules;
	const char *name;               /* for messages */
	struct csv csv;
	int key;
	int *columns;                   /* by attribute, -1 = none */
	const struct csv_row **rows;    /* sorted by key */
	size_t count;
	struct intern words;            /* of cells, and the value of each */
	LIST(const struct value *) shared;
};

/* qsort passes no context. */
static int hr_key;

static int
order(const void *a, const void *b)
{
	return strcmp((*(struct csv_row *const *)a)->cells[hr_key], (*(struct csv_row *const *)b)->cells[hr_key]);
}

static void
all_unknown(const struct rules *rules, struct account *a)
{
	for (int i = 0; i < rules->attribute_count; i++)
		if (rules->attributes[i].hr)
			a->unknown |= UINT64_C(1) << i;
}

static int
load(struct hr *hr, struct error *err)
{
	const struct conf *conf = &hr->rules->conf;

	if (hr_read(hr->raw, conf, conf->hr.file, conf->hr.list, &hr->csv, err) < 0)
		return -1;
	hr->key = conf->hr.key ? csv_column(&hr->csv, conf->hr.key) : -1;
	if (hr->key < 0)
		return error_set(err, ERROR_SOURCE, "'%s' has no column '%s'", hr->name, conf->hr.key);
	hr->count = hr->csv.rows.count - 1;
	hr->rows = arena_array(hr->raw, const struct csv_row *, hr->count);
	for (size_t i = 0; i < hr->count; i++)
		hr->rows[i] = &hr->csv.rows.items[i + 1];
	hr_key = hr->key;
	qsort(hr->rows, hr->count, sizeof(*hr->rows), order);
	return 0;
}

/* The rows of one key: the first of them, *count = 0 when there are none. */
static size_t
rows_of(const struct hr *hr, const char *key, size_t *count)
{
	size_t low = 0, high = hr->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(hr->rows[mid]->cells[hr->key], key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (*count = 0; low + *count < hr->count && strcmp(hr->rows[low + *count]->cells[hr->key], key) == 0;)
		++*count;
	return low;
}

/* One value is shared by all who have it. */
static const struct value *
shared_value(struct arena *mem, struct hr *hr, const char *cell)
{
	uint32_t at = intern(&hr->words, cell, strlen(cell));
	struct value *v;

	if (hr->shared.count > at)
		return hr->shared.items[at];
	v = arena_new(mem, struct value);
	*v = (struct value){ .text = arena_text(mem, cell), .folded = text_fold(mem, cell) };
	*arena_push(hr->raw, &hr->shared) = v;
	return v;
}

static void
take_row(struct arena *mem, struct hr *hr, struct account *a, const struct csv_row *row)
{
	for (int i = 0; i < hr->rules->attribute_count; i++)
		if (hr->columns[i] >= 0 && *row->cells[hr->columns[i]])
			a->values[i] = shared_value(mem, hr, row->cells[hr->columns[i]]);
}

static bool
fill(struct arena *mem, struct hr *hr, struct account *a, const char *employee)
{
	size_t first, count = 0;

	if (!employee)
		return true;
	first = rows_of(hr, employee, &count);
	if (!*employee || count > 1) {
		all_unknown(hr->rules, a);
		return false;
	}
	if (count)
		take_row(mem, hr, a, hr->rows[first]);
	return true;
}

static void
columns(struct arena *mem, struct hr *hr, struct snapshot *out)
{
	const struct rules *rules = hr->rules;

	hr->columns = arena_array(hr->raw, int, (size_t)rules->attribute_count + 1);
	for (int i = 0; i < rules->attribute_count; i++) {
		const char *name = rules->attributes[i].hr;

		hr->columns[i] = name ? csv_column(&hr->csv, name) : -1;
		if (!name || hr->columns[i] >= 0)
			continue;
		gap_add(mem, out, "hr", hr->name, arena_print(mem, "has no column '%s'", name));
		for (uint32_t a = 0; a < out->account_count; a++)
			out->accounts[a].unknown |= UINT64_C(1) << i;
	}
}

static void
join(struct arena *mem, struct hr *hr, struct snapshot *out, const char **employees)
{
	int doubtful = 0;

	columns(mem, hr, out);
	intern_open(&hr->words, hr->raw);
	out->seen.hr_rows = (long long)hr->count;
	for (uint32_t a = 0; a < out->account_count; a++)
		if (!fill(mem, hr, &out->accounts[a], employees[a]))
			doubtful++;
	if (doubtful)
		gap_add(mem, out, "hr", hr->name,
			arena_print(mem, "%d people have an employeeID that is unreadable or stands there twice", doubtful));
}

void
hr_join(struct arena *mem, const struct rules *rules, struct snapshot *out, const char **employees)
{
	const char *file = rules->conf.hr.file;
	struct hr hr = { .raw = arena_open(), .rules = rules };
	struct error err = { 0 };

	if (file)
		hr.name = fetch_is_url(file) ? fetch_shown(mem, file) : file;
	if (file && load(&hr, &err) == 0) {
		join(mem, &hr, out, employees);
	} else {
		if (file)
			gap_add(mem, out, "hr", hr.name, arena_text(mem, err.text));
		for (uint32_t a = 0; a < out->account_count; a++)
			all_unknown(rules, &out->accounts[a]);
	}
	arena_wipe(hr.raw);
	arena_close(hr.raw);
}
