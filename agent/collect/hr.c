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
	int key, from, to, protected;   /* columns; -1 = none */
	bool dated;                     /* rows are employments, and several of one person are no mistake */
	day_t today;
	int *columns;                   /* by attribute, -1 = none */
	const struct csv_row **rows;    /* sorted by key */
	size_t count;
	int doubtful, undated;          /* people who stand twice or cannot be read; whose dates cannot be read */
	int unplaced;                   /* whose unit is not known */
	struct intern words;            /* of cells, and the value of each */
	LIST(const struct value *) shared;
	struct hr_units *units;
	int unit;                       /* the column that holds a unit's id; -1 = none */
	struct intern places;           /* of units, and all that each lies in; NULL: not known */
	LIST(const struct value *) above;
	LIST(const char *) climbed;
	struct hr_secret secret;
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
find_column(const struct hr *hr, const char *name, int *out, struct error *err)
{
	*out = name ? csv_column(&hr->csv, name) : -1;
	return name && *out < 0 ? error_set(err, ERROR_SOURCE, "'%s' has no column '%s'", hr->name, name) : 0;
}

static int
hide_rows(struct hr *hr, struct error *err)
{
	if (hr_secret_open(hr->raw, &hr->rules->conf, &hr->secret, err) < 0)
		return -1;
	for (size_t i = 1; i < hr->csv.rows.count; i++) {
		const char **cell = &hr->csv.rows.items[i].cells[hr->key];

		*cell = hr_hide(hr->raw, &hr->secret, (char *)(uintptr_t)*cell);
	}
	return 0;
}

/* A need may not ask for a personnummer: what would be seen of it is unknown. */
static void
hide_people(struct hr *hr, const struct snapshot *out, const char **employees)
{
	for (uint32_t a = 0; a < out->account_count; a++)
		if (employees[a])
			employees[a] = hr_hide(hr->raw, &hr->secret, (char *)(uintptr_t)employees[a]);
	for (int i = 0; i < hr->rules->attribute_count; i++)
		for (uint32_t a = 0; schema_hides(hr->rules, &hr->rules->attributes[i]) && a < out->account_count; a++)
			out->accounts[a].unknown |= UINT64_C(1) << i;
}

static int
load(struct hr *hr, struct error *err)
{
	const struct conf *conf = &hr->rules->conf;

	if (hr_read(hr->raw, conf, conf->hr.file, conf->hr.list, &hr->csv, err) < 0)
		return -1;
	if (find_column(hr, conf->hr.key, &hr->key, err) < 0 || find_column(hr, conf->hr.from, &hr->from, err) < 0
	    || find_column(hr, conf->hr.to, &hr->to, err) < 0
	    || find_column(hr, conf->hr.protected, &hr->protected, err) < 0
	    || find_column(hr, conf->hr.units.column, &hr->unit, err) < 0)
		return -1;
	if (conf->hr.key_hash && hide_rows(hr, err) < 0)
		return -1;
	hr->dated = conf->hr.from || conf->hr.to;
	hr->today = clock_day(clock_now());
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

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static struct value *
new_value(struct arena *mem, const char *cell)
{
	struct value *v = arena_new(mem, struct value);

	*v = (struct value){ .text = arena_text(mem, cell), .folded = text_fold(mem, cell) };
	return v;
}

/* Sorted, each once: the order of the rows changes nothing. */
static const struct value *
many_values(struct arena *mem, const char **cells, size_t count)
{
	struct value *all = NULL;

	qsort(cells, count, sizeof(*cells), by_text);
	while (count-- > 0) {
		struct value *v;

		if (count > 0 && strcmp(cells[count], cells[count - 1]) == 0)
			continue;
		v = new_value(mem, cells[count]);
		v->more = all;
		all = v;
	}
	return all;
}

/* One value is shared by all who have it. */
static const struct value *
shared_value(struct arena *mem, struct hr *hr, const char *cell)
{
	uint32_t at = intern(&hr->words, cell, strlen(cell));

	if (hr->shared.count <= at)
		*arena_push(hr->raw, &hr->shared) = new_value(mem, cell);
	return hr->shared.items[at];
}

/* ------------------------------------------------------------------ units */

static void
remember(void *self, const char *text)
{
	struct hr *hr = self;

	*arena_push(hr->raw, &hr->climbed) = text;
}

/* All that these rows lie in; the cells themselves, too.  False: some of it is not known. */
static bool
climb(struct hr *hr, const struct csv_row **rows, size_t count)
{
	hr->climbed.count = 0;
	for (size_t r = 0; r < count; r++) {
		const char *id = rows[r]->cells[hr->unit];

		if (!*id)
			continue;
		remember(hr, id);
		if (!hr->units || !hr_units_above(hr->units, id, remember, hr))
			return false;
	}
	return true;
}

static bool
has_unit(const struct hr *hr, const struct csv_row **rows, size_t count)
{
	for (size_t r = 0; r < count; r++)
		if (*rows[r]->cells[hr->unit])
			return true;
	return false;
}

/* Shared by all who work in one and the same unit only. */
static const struct value *
lies_in(struct arena *mem, struct hr *hr, const struct csv_row **rows, size_t count, bool *known)
{
	uint32_t at = count == 1 ? intern(&hr->places, rows[0]->cells[hr->unit], strlen(rows[0]->cells[hr->unit])) : 0;
	const struct value *all = NULL;

	*known = true;
	if (count == 1 && hr->above.count > at)
		all = hr->above.items[at];
	else if ((*known = climb(hr, rows, count)) && hr->climbed.count)
		all = many_values(mem, hr->climbed.items, hr->climbed.count);
	if (count == 1 && hr->above.count <= at)
		*arena_push(hr->raw, &hr->above) = all;
	*known = *known && (all || !has_unit(hr, rows, count));
	return all;
}

static void
take_units(struct arena *mem, struct hr *hr, struct account *a, int attribute, const struct csv_row **rows, size_t count)
{
	bool known;

	a->values[attribute] = lies_in(mem, hr, rows, count, &known);
	if (known)
		return;
	a->values[attribute] = NULL;
	a->unknown |= UINT64_C(1) << attribute;
	hr->unplaced++;
}

static bool
is_mixed(const struct csv_row **rows, size_t count, int column)
{
	for (size_t r = 1; r < count; r++)
		if (strcmp(rows[r]->cells[column], rows[0]->cells[column]) != 0)
			return true;
	return false;
}

static void
take_rows(struct arena *mem, struct hr *hr, struct account *a, const struct csv_row **rows, size_t count)
{
	const char **cells = arena_array(hr->raw, const char *, count);

	for (int i = 0; i < hr->rules->attribute_count; i++) {
		size_t used = 0;

		if (hr->columns[i] >= 0 && is_mixed(rows, count, hr->columns[i]))
			a->mixed |= UINT64_C(1) << i;
		if (count && hr->columns[i] >= 0 && hr->columns[i] == hr->unit) {
			take_units(mem, hr, a, i, rows, count);
			continue;
		}
		for (size_t r = 0; r < count && hr->columns[i] >= 0; r++)
			if (*rows[r]->cells[hr->columns[i]])
				cells[used++] = rows[r]->cells[hr->columns[i]];
		if (used > 1)
			a->values[i] = many_values(mem, cells, used);
		else if (used)
			a->values[i] = shared_value(mem, hr, cells[0]);
	}
}

static enum hr_force
force_of(const struct hr *hr, const struct csv_row *row)
{
	return hr_force(hr->from < 0 ? "" : row->cells[hr->from], hr->to < 0 ? "" : row->cells[hr->to], hr->today);
}

/* Those in force count, all together.  Who has none, and none that begins later, has left. */
static void
fill_dated(struct arena *mem, struct hr *hr, struct account *a, const struct csv_row **rows, size_t count)
{
	const struct csv_row **now = arena_array(hr->raw, const struct csv_row *, count);
	size_t used = 0;
	bool later = false;

	for (size_t i = 0; i < count; i++) {
		enum hr_force force = force_of(hr, rows[i]);

		if (force == FORCE_UNREADABLE) {
			all_unknown(hr->rules, a);
			hr->undated++;
			return;
		}
		later = later || force == FORCE_LATER;
		if (force == FORCE_NOW)
			now[used++] = rows[i];
	}
	a->left = !used && !later;
	take_rows(mem, hr, a, now, used);
}

/* One word is enough, in whatever employment; what it does not say it has not said. */
static void
protect(const struct hr *hr, struct account *a, const struct csv_row **rows, size_t count)
{
	static const char *const no[] = { "nej", "no", "n", "0", "false", "falskt", "ej", "inte" };

	for (size_t i = 0; i < count && hr->protected >= 0; i++) {
		const char *word = text_fold(hr->raw, rows[i]->cells[hr->protected]);
		bool denied = false;

		word += strspn(word, " ");
		for (size_t k = 0; k < sizeof(no) / sizeof(*no); k++)
			denied = denied || strcmp(word, no[k]) == 0;
		a->secret = a->secret || (*word && !denied);
		a->open = a->open || denied;
	}
	a->open = a->open && !a->secret;
}

static void
fill(struct arena *mem, struct hr *hr, struct account *a, const char *employee)
{
	size_t first, count = 0;

	if (!employee)
		return;
	first = rows_of(hr, employee, &count);
	if (*employee)
		protect(hr, a, hr->rows + first, count);
	if (!*employee || (count > 1 && !hr->dated)) {
		all_unknown(hr->rules, a);
		hr->doubtful++;
	} else if (count && hr->dated) {
		fill_dated(mem, hr, a, hr->rows + first, count);
	} else if (count) {
		take_rows(mem, hr, a, hr->rows + first, count);
	}
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

/* A tree that cannot be read leaves unknown where people work, and nothing else. */
static void
plant(struct arena *mem, struct hr *hr, struct snapshot *out)
{
	const struct conf *conf = &hr->rules->conf;
	const char *file = conf->hr.units.file, *name;
	long long lost, rounds;
	struct error err = { 0 };

	if (!file)
		return;
	name = fetch_is_url(file) ? fetch_shown(mem, file) : file;
	if (hr_units_open(hr->raw, conf, &hr->units, &err) < 0) {
		gap_add(mem, out, "hr", name, arena_text(mem, err.text));
		return;
	}
	hr_units_doubts(hr->units, &lost, &rounds);
	if (lost)
		gap_add(mem, out, "hr", name, arena_print(mem, "%lld units lie below one that is not there", lost));
	if (rounds)
		gap_add(mem, out, "hr", name, arena_print(mem, "%lld units lie below themselves", rounds));
}

/*
 * Somebody may have an account for the office and one for administration, and what HR says is true of both.  Two people whom
 * somebody gave the same number look just the same, so it is told; without names, which may be protected.
 */
static void
tell_twice(struct arena *mem, struct hr *hr, struct snapshot *out, const char **employees)
{
	const char **sorted = arena_array(hr->raw, const char *, (size_t)out->account_count + 1);
	size_t count = 0, twice = 0;

	for (uint32_t a = 0; a < out->account_count; a++)
		if (employees[a] && *employees[a] && out->accounts[a].class == ACCOUNT_PERSON)
			sorted[count++] = employees[a];
	if (count > 1)
		qsort(sorted, count, sizeof(*sorted), by_text);
	for (size_t i = 1; i < count; i++)
		twice += strcmp(sorted[i], sorted[i - 1]) == 0 && (i == 1 || strcmp(sorted[i], sorted[i - 2]) != 0);
	if (twice)
		*arena_push(mem, &out->findings) = (struct finding){ .kind = "employee-twice", .text = arena_print(mem,
			"%zu %s på fler än ett konto: det HR säger gäller alla de kontona", twice,
			twice == 1 ? "anställningsnummer står" : "anställningsnummer står vart och ett") };
}

static void
join(struct arena *mem, struct hr *hr, struct snapshot *out, const char **employees)
{
	tell_twice(mem, hr, out, employees);
	columns(mem, hr, out);
	intern_open(&hr->words, hr->raw);
	intern_open(&hr->places, hr->raw);
	plant(mem, hr, out);
	out->seen.hr_rows = (long long)hr->count;
	for (uint32_t a = 0; a < out->account_count; a++)
		fill(mem, hr, &out->accounts[a], employees[a]);
	if (hr->doubtful)
		gap_add(mem, out, "hr", hr->name,
			arena_print(mem, hr->dated ? "%d people have an employeeID that is unreadable"
				    : "%d people have an employeeID that is unreadable or stands there twice", hr->doubtful));
	if (hr->unplaced && hr->units)
		gap_add(mem, out, "hr", hr->name, arena_print(mem, "%d people work in a unit that is not whole in '%s'",
							      hr->unplaced, hr->rules->conf.hr.units.file));
	if (hr->undated)
		gap_add(mem, out, "hr", hr->name,
			arena_print(mem, "%d people have an employment whose dates cannot be read", hr->undated));
}

void
hr_join(struct arena *mem, const struct rules *rules, struct snapshot *out, const char **employees)
{
	const char *file = rules->conf.hr.file;
	struct hr hr = { .raw = arena_open(), .rules = rules };
	struct error err = { 0 };
	bool loaded;

	if (file)
		hr.name = fetch_is_url(file) ? fetch_shown(mem, file) : file;
	loaded = file && load(&hr, &err) == 0;
	if (file && rules->conf.hr.key_hash)    /* with whatever key there is: they are overwritten */
		hide_people(&hr, out, employees);
	if (loaded) {
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
