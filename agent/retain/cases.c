/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cases.c - lists of cases out of the diarium: when each was closed, and whether it is one that is spared. */
#include "retain_p.h"
#include "behov/csv.h"
#include "behov/file.h"
#include "behov/text.h"

#define LIST_MOST (256u << 20)

struct columns { int name, closed, reopened, count; int *spares; };

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct known_case *)a)->name, ((const struct known_case *)b)->name);
}

/* "2024-06-30", or that with a time behind it; "" is no date. */
static bool
read_day(struct arena *mem, const char *cell, day_t *out)
{
	size_t len = strlen(cell);

	*out = DAY_NONE;
	if (!len)
		return true;
	*out = day_parse(len > 10 && (cell[10] == 'T' || cell[10] == ' ') ? arena_copy(mem, cell, 10) : cell);
	return *out != DAY_NONE;
}

/* Closed, and not opened again since.  A date that cannot be read is not known. */
static day_t
closed_by(struct retain *r, const struct columns *c, const struct csv_row *row, long long *unread)
{
	day_t closed, reopened = DAY_NONE;

	if (!read_day(r->scratch, row->cells[c->closed], &closed) ||
	    (c->reopened >= 0 && !read_day(r->scratch, row->cells[c->reopened], &reopened))) {
		++*unread;
		return DAY_NONE;
	}
	return closed == DAY_NONE || (reopened != DAY_NONE && reopened >= closed) ? DAY_NONE : closed;
}

/* Every series that spares cases of the list has a column of its own. */
static bool
find_columns(struct retain *r, const struct case_list *list, const struct csv *csv, struct columns *out, const char **missing)
{
	const struct rules *rules = r->input.rules;
	const char *wanted[3] = { list->name, list->closed, list->reopened };
	int *at[3] = { &out->name, &out->closed, &out->reopened };

	out->spares = arena_array(r->mem, int, rules->series_count + 1);
	for (int i = 0; i < 3; i++) {
		*at[i] = wanted[i] ? csv_column(csv, wanted[i]) : -1;
		if (wanted[i] && *at[i] < 0)
			*missing = wanted[i];
	}
	for (size_t i = 0; i < rules->series_count; i++) {
		const struct series *s = &rules->series[i];

		if (!s->cases || strcmp(s->cases, list->id) != 0 || !s->spare.column)
			continue;
		out->spares[i] = csv_column(csv, s->spare.column);
		if (out->spares[i] < 0)
			*missing = s->spare.column;
	}
	return !*missing;
}

static bool
is_one_of(const struct series *s, const char *cell)
{
	for (int i = 0; i < s->spare.count; i++)
		if (strcmp(s->spare.values[i], cell) == 0)
			return true;
	return false;
}

/* Is it spared by some series?  One bit each; a list that more than 64 series spare from is refused before. */
static uint64_t
spared_by(const struct retain *r, const struct case_list *list, const struct columns *c, const struct csv_row *row)
{
	const struct rules *rules = r->input.rules;
	uint64_t bits = 0;
	int bit = 0;

	for (size_t i = 0; i < rules->series_count; i++) {
		const struct series *s = &rules->series[i];

		if (s->spare.column && s->cases && strcmp(s->cases, list->id) == 0)
			bits |= (uint64_t)is_one_of(s, row->cells[c->spares[i]]) << bit++;
	}
	return bits;
}

/* A case with several rows is closed when all of them are, since the last; and spared when one of them is. */
static void
join_rows(struct case_file *f)
{
	size_t kept = 0;

	if (f->count > 1)
		qsort(f->items, f->count, sizeof(*f->items), by_name);
	for (size_t i = 0; i < f->count; i++) {
		struct known_case *last = kept ? &f->items[kept - 1] : NULL;

		if (!last || strcmp(last->name, f->items[i].name) != 0) {
			f->items[kept++] = f->items[i];
			continue;
		}
		last->closed = last->closed == DAY_NONE || f->items[i].closed == DAY_NONE ? DAY_NONE :
			       f->items[i].closed > last->closed ? f->items[i].closed : last->closed;
		last->spared |= f->items[i].spared;
	}
	f->count = kept;
}

static void
fail(struct retain *r, struct case_file *f, const char *why)
{
	*(struct gap *)arena_push(r->mem, &r->gaps) = (struct gap){ "cases", f->list->id, NULL, why };
}

static void
read_list(struct retain *r, struct case_file *f)
{
	const char *missing = NULL;
	struct error err = { 0 };
	struct columns c;
	struct csv csv;
	long long unread = 0;
	char *bytes;
	size_t len;

	if (file_read(r->mem, f->list->file, LIST_MOST, &bytes, &len, &err) < 0 ||
	    csv_read(r->mem, f->list->file, bytes, len, &csv, &err) < 0) {
		fail(r, f, arena_text(r->mem, err.text));
		return;
	}
	if (!csv.rows.count || !find_columns(r, f->list, &csv, &c, &missing)) {
		fail(r, f, arena_print(r->mem, "'%s' has no column '%s'", f->list->file, missing ? missing : f->list->name));
		return;
	}
	f->items = arena_array(r->mem, struct known_case, csv.rows.count);
	for (size_t i = 1; i < csv.rows.count; i++) {
		const struct csv_row *row = &csv.rows.items[i];

		if (*row->cells[c.name])
			f->items[f->count++] = (struct known_case){ case_key(r->mem, row->cells[c.name]),
				closed_by(r, &c, row, &unread), spared_by(r, f->list, &c, row) };
	}
	join_rows(f);
	f->known = true;
	f->doubtful = unread > 0;
	if (unread)
		fail(r, f, arena_print(r->mem, "%lld cases have a date that cannot be read", unread));
}

/* Only lists that a series uses are read. */
void
cases_read(struct retain *r)
{
	const struct rules *rules = r->input.rules;

	r->files = arena_array(r->mem, struct case_file, rules->case_count + 1);
	for (size_t i = 0; i < rules->case_count; i++) {
		bool used = false;

		r->files[i].list = &rules->cases[i];
		for (size_t k = 0; k < rules->series_count; k++)
			used |= rules->series[k].cases && strcmp(rules->series[k].cases, rules->cases[i].id) == 0;
		if (used)
			read_list(r, &r->files[i]);
	}
}

const struct case_file *
cases_of(const struct retain *r, const struct series *s)
{
	for (size_t i = 0; s->cases && i < r->input.rules->case_count; i++)
		if (strcmp(r->files[i].list->id, s->cases) == 0)
			return &r->files[i];
	return NULL;
}

/* Which bit of `spared` is this series's. */
int
cases_bit(const struct retain *r, const struct series *series)
{
	int bit = 0;

	if (!series->spare.column)
		return 0;
	for (size_t i = 0; i < r->input.rules->series_count; i++) {
		const struct series *s = &r->input.rules->series[i];

		if (s == series)
			break;
		bit += s->spare.column && s->cases && series->cases && strcmp(s->cases, series->cases) == 0;
	}
	return bit;
}

const struct known_case *
cases_find(const struct case_file *f, const char *name)
{
	struct known_case wanted = { .name = name };

	return f && f->count ? bsearch(&wanted, f->items, f->count, sizeof(wanted), by_name) : NULL;
}
