/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * versions.c - which file of a folder was superseded by which: names that are the same but for a version.
 *
 * Promise: where the order is not sure, nothing is superseded.  All with the same name but for the version must have versions
 *          of one kind (numbers, years or dates), no two the same, and each of them read in one way only; and all of the
 *          folder must have been seen.  The newest is never superseded.
 * Limit:   where more files wait than fit in some dozen megabytes, nothing there is superseded.
 */
#include "retain_p.h"
#include "behov/text.h"

#ifndef WAITING_MOST
#define WAITING_MOST 100000             /* files of one folder */
#endif

/* ------------------------------------------------------------------ what a name says */

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits, and single dots and dashes between them: the length of what stands at `s`. */
static size_t
run_len(const char *s)
{
	size_t len = 0;

	while (is_digit(s[len]) || ((s[len] == '.' || s[len] == '-') && len && is_digit(s[len - 1]) && is_digit(s[len + 1])))
		len++;
	return len;
}

static long
number(const char *s, size_t len)
{
	long n = 0;

	for (size_t i = 0; i < len; i++)
		n = n * 10 + (s[i] - '0');
	return n;
}

/* Four digits that could be meant as a year. */
static bool
is_like_year(long n, size_t len)
{
	return len == 4 && n >= 1900 && n < 2200;
}

/* 31.12.2023 and 31.12.23 are days, and as numbers 1.2.2024 would come before them. */
static bool
is_like_date(const struct version *v, int parts, size_t last_len)
{
	return parts == 3 && v->parts[0] >= 1 && v->parts[0] <= 31 && v->parts[1] >= 1 && v->parts[1] <= 12 && last_len >= 2;
}

/* 991231, and 010100 after it; 311223, and 010224 after it. */
static bool
is_like_short_date(const char *s, size_t len)
{
	long first, month, last;

	if (len != 6 || strspn(s, "0123456789") < len)
		return false;
	first = number(s, 2);
	month = number(s + 2, 2);
	last = number(s + 4, 2);
	return month >= 1 && month <= 12 && ((first >= 1 && first <= 31) || (last >= 1 && last <= 31));
}

/* 2.10 as 2, 10.  Longer ones are no versions that we know, nor what may be a year or a day that we cannot read. */
static struct version
read_number(const char *s, size_t len)
{
	struct version v = { VERSION_NUMBER, { 0 } };
	size_t last = 0;
	int part = 0;

	if (is_like_short_date(s, len))
		return (struct version){ VERSION_WILD, { 0 } };
	for (size_t i = 0; i < len; part++) {
		size_t n = strspn(s + i, "0123456789");

		n = n > len - i ? len - i : n;
		if (part == VERSION_PARTS || n > 6)
			return (struct version){ VERSION_WILD, { 0 } };
		v.parts[part] = number(s + i, n);
		if (is_like_year(v.parts[part], n) && (part || n == len))
			return (struct version){ VERSION_WILD, { 0 } };
		last = n;
		i += n + 1;
	}
	return is_like_date(&v, part, last) ? (struct version){ VERSION_WILD, { 0 } } : v;
}

static struct version
read_date(const struct retain *r, int year, int month, int dom)
{
	day_t day = day_make(year, month, dom);

	if (day == DAY_NONE || day < r->oldest || day > r->newest)
		return (struct version){ VERSION_WILD, { 0 } };
	return (struct version){ VERSION_DATE, { year, month, dom } };
}

static struct version
read_version(const struct retain *r, const char *s, size_t len)
{
	bool plain = strspn(s, "0123456789") >= len, dashed = memchr(s, '-', len) != NULL;

	if (plain && len == 4 && number(s, 4) >= day_year(r->oldest) && number(s, 4) <= day_year(r->newest))
		return (struct version){ VERSION_YEAR, { number(s, 4) } };
	if (plain && len == 8)
		return read_date(r, (int)number(s, 4), (int)number(s + 4, 2), (int)number(s + 6, 2));
	if (len == 10 && s[4] == '-' && s[7] == '-')
		return read_date(r, (int)number(s, 4), (int)number(s + 5, 2), (int)number(s + 8, 2));
	return dashed ? (struct version){ VERSION_WILD, { 0 } } : read_number(s, len);
}

/* What goes before the version and what follows it is as one of the names is written. */
static bool
fits(const struct pattern *p, char *name, size_t at, size_t len)
{
	for (int i = 0; i < p->where->name_count; i++) {
		char c = name[at];
		bool begins;

		name[at] = '\0';
		begins = text_glob(p->names[i], name);
		name[at] = c;
		if (begins && text_glob(p->after[i], name + at + len))
			return true;
	}
	return false;
}

/* The next place in a name where a version can stand, from *at on; its length, or 0. */
static size_t
next_version(const struct pattern *p, char *name, size_t *at)
{
	for (size_t len; name[*at]; *at += len ? len : 1) {
		len = run_len(name + *at);
		if (len && fits(p, name, *at, len))
			return len;
	}
	return 0;
}

bool
versions_match(const struct pattern *p, const char *name)
{
	char *copy = strdup(name);
	size_t at = 0;
	bool match;

	if (!copy)
		abort();
	match = next_version(p, copy, &at) > 0;
	free(copy);
	return match;
}

/* ------------------------------------------------------------------ a folder */

bool
versions_concern(const struct retain *r)
{
	for (size_t i = 0; i < r->found.count; i++)
		if (r->found.items[i].pattern->after)
			return true;
	return false;
}

bool
versions_wait(struct retain *r, const struct entry *entry)
{
	struct entry *kept;

	r->folder.crowded |= r->folder.waiting.count == WAITING_MOST;
	if (r->folder.crowded)
		return false;
	if (!r->folder.mem)
		r->folder.mem = arena_open();
	kept = arena_push(r->folder.mem, &r->folder.waiting);
	*kept = *entry;
	kept->name = arena_text(r->folder.mem, entry->name);
	return true;
}

void
versions_drop(struct retain *r)
{
	if (r->folder.mem)
		arena_close(r->folder.mem);
	memset(&r->folder, 0, sizeof r->folder);
}

static int
compare(const struct version *a, const struct version *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	for (int i = 0; i < VERSION_PARTS; i++)
		if (a->parts[i] != b->parts[i])
			return a->parts[i] < b->parts[i] ? -1 : 1;
	return 0;
}

static int
by_document(const struct edition *a, const struct edition *b)
{
	if (a->pattern != b->pattern)
		return (uintptr_t)a->pattern < (uintptr_t)b->pattern ? -1 : 1;
	return strcmp(a->key, b->key);
}

static int
by_version(const void *left, const void *right)
{
	const struct edition *a = left, *b = right;
	int order = by_document(a, b);

	return order ? order : compare(&a->version, &b->version);
}

/* When it came: as its name says, or when it was written.  An empty file supersedes nothing. */
static day_t
came(const struct retain *r, const struct version *v, const struct entry *e)
{
	day_t day = v->kind == VERSION_NUMBER ? clock_day(e->mtime_s)
		    : v->kind == VERSION_YEAR ? day_make((int)v->parts[0], 12, 31)
					      : day_make((int)v->parts[0], (int)v->parts[1], (int)v->parts[2]);

	return !e->stated || !e->size || day < r->oldest || day > r->newest ? DAY_NONE : day;
}

/* All ways to read a name: of several, each makes doubtful what it would be a version of. */
static size_t
read_name(const struct retain *r, struct arena *mem, const struct pattern *p, const char *name, struct edition *out, size_t most)
{
	char *copy = p->fold ? text_fold(mem, name) : arena_text(mem, name);
	size_t count = 0, at = 0, len;

	while (count < most && (len = next_version(p, copy, &at))) {
		out[count++] = (struct edition){ .pattern = p, .name = name, .day = DAY_NONE,
			.version = read_version(r, copy + at, len),
			.key = arena_print(mem, "%.*s/%s", (int)at, copy, copy + at + len) };   /* no name holds a '/' */
		at += len;
	}
	for (size_t i = 0; i < count; i++)
		out[i].doubtful = count > 1 || out[i].version.kind == VERSION_WILD;
	return count;
}

#define READINGS 16

static void
note_editions(struct retain *r, const struct pattern *p, const struct entry *e)
{
	struct edition ways[READINGS];
	size_t count = read_name(r, r->folder.mem, p, e->name, ways, READINGS);

	for (size_t i = 0; i < count; i++) {
		if (ways[i].version.kind != VERSION_WILD)
			ways[i].day = came(r, &ways[i].version, e);
		*arena_push(r->folder.mem, &r->folder.editions) = ways[i];
	}
}

/* From `first` on, those with the same key: the doubt of one is the doubt of all. */
static size_t
share_doubt(struct edition *first, size_t most)
{
	size_t count = 1;
	bool doubt = first->doubtful;

	for (; count < most && by_document(first, &first[count]) == 0; count++)
		doubt |= first[count].doubtful || first[count].version.kind != first->version.kind ||
			 compare(&first[count].version, &first[count - 1].version) == 0;
	for (size_t i = 0; i < count; i++)
		first[i].doubtful = doubt;
	return count;
}

void
versions_read(struct retain *r, const struct cell *cells, size_t count, size_t path_len, bool complete)
{
	r->folder.known = complete && !r->folder.crowded;
	for (size_t i = 0; i < r->folder.waiting.count; i++) {
		const struct entry *e = &r->folder.waiting.items[i];
		const struct pattern *last = NULL;

		match_file(r, cells, count, e->name, strlen(e->name), path_len + 1 + strlen(e->name));
		for (size_t k = 0; k < r->found.count; k++) {
			const struct pattern *p = r->found.items[k].pattern;

			if (p->after && p != last)
				note_editions(r, p, e);
			last = p;
		}
	}
	if (r->folder.editions.count > 1)
		qsort(r->folder.editions.items, r->folder.editions.count, sizeof(struct edition), by_version);
	for (size_t i = 0; i < r->folder.editions.count;)
		i += share_doubt(&r->folder.editions.items[i], r->folder.editions.count - i);
}

/* The first that is not before `e`. */
static size_t
lower_bound(const struct retain *r, const struct edition *e)
{
	size_t low = 0, high = r->folder.editions.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (by_version(&r->folder.editions.items[middle], e) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Also of a name that does not lie there any longer: what apply has put aside. */
enum look
versions_look(const struct retain *r, const struct pattern *p, const char *name, const struct edition **newer)
{
	const struct edition *all = r->folder.editions.items;
	struct edition ways[2];
	size_t at;

	*newer = NULL;
	if (!r->folder.known || read_name(r, r->scratch, p, name, ways, 2) != 1 || ways[0].doubtful)
		return LOOK_UNKNOWN;
	at = lower_bound(r, &ways[0]);
	if (at > 0 && by_document(&all[at - 1], &ways[0]) == 0 && all[at - 1].version.kind != ways[0].version.kind)
		return LOOK_UNKNOWN;
	if (at < r->folder.editions.count && by_version(&all[at], &ways[0]) == 0) {
		if (all[at].doubtful || strcmp(all[at].name, name) != 0)
			return LOOK_UNKNOWN;
		at++;
	}
	if (at == r->folder.editions.count || by_document(&all[at], &ways[0]) != 0)
		return LOOK_NEWEST;
	if (all[at].doubtful || all[at].version.kind != ways[0].version.kind)
		return LOOK_UNKNOWN;
	*newer = &all[at];
	return LOOK_SUPERSEDED;
}
