/* SPDX-License-Identifier: GPL-3.0-or-later */
/* range.c - members that come in ranges ("member;range=0-1499", "member;range=1500-*") are one list, or not known. */
#include "collect_p.h"

#include <errno.h>
#include <limits.h>
#include <strings.h>

struct part { const struct source_attribute *from; long long first, last; };

bool
range_read(const char *options, long long *first, long long *last)
{
	char *end;

	*first = *last = -1;
	if (!range_is(options) || options[6] < '0' || options[6] > '9')
		return false;
	errno = 0;
	*first = strtoll(options + 6, &end, 10);
	if (errno || *end++ != '-')
		return false;
	if (!strcmp(end, "*"))
		return true;
	if (*end < '0' || *end > '9')
		return false;
	*last = strtoll(end, &end, 10);
	return !errno && !*end && *last >= *first && *last < LLONG_MAX;
}

bool
range_is(const char *options)
{
	return options && strncasecmp(options, "range=", 6) == 0;
}

static int
order_part(const void *x, const void *y)
{
	const struct part *a = x, *b = y;

	return (a->first > b->first) - (a->first < b->first);
}

/* The options of the first part that does not continue the one before it, or does not hold as many as it says. */
static const char *
break_of(struct part *parts, size_t count)
{
	long long next = 0;             /* where the next part must begin; -1: after '*' there is none */

	qsort(parts, count, sizeof(*parts), order_part);
	for (size_t i = 0; i < count; i++) {
		const struct part *p = &parts[i];

		if (next < 0 || p->first != next
		    || (p->last >= 0 && (long long)p->from->count != p->last - p->first + 1))
			return p->from->options;
		next = p->last < 0 ? -1 : p->last + 1;
	}
	return next >= 0 ? parts[count - 1].from->options : NULL;
}

static bool
is_called(const struct source_attribute *a, const char *name)
{
	return strlen(name) == a->name.bv_len && strncasecmp(a->name.bv_val, name, a->name.bv_len) == 0;
}

struct values
range_join(struct arena *mem, const struct source_entry *e, const char *name)
{
	struct part *parts = NULL;
	const struct source_attribute *only = NULL;
	struct values all = { 0 };
	struct berval *items;
	size_t found = 0, count = 0;

	for (size_t i = 0; i < e->attributes.count; i++) {
		const struct source_attribute *a = &e->attributes.items[i];

		if (!is_called(a, name))
			continue;
		only = found++ ? NULL : a;
		all.count += a->count;
		if (!a->options)
			continue;
		parts = parts ? parts : arena_array(mem, struct part, e->attributes.count);
		parts[count].from = a;
		if (!range_read(a->options, &parts[count].first, &parts[count].last))
			all.broken = a->options;
		count++;
	}
	all.there = found > 0;
	if (count && !all.broken)
		all.broken = break_of(parts, count);
	if (only) {
		all.items = only->values;
		return all;
	}
	all.items = items = arena_array(mem, struct berval, all.count);
	for (size_t i = 0; i < e->attributes.count; i++) {
		const struct source_attribute *a = &e->attributes.items[i];

		if (is_called(a, name) && a->count) {
			memcpy(items, a->values, a->count * sizeof(*items));
			items += a->count;
		}
	}
	return all;
}
