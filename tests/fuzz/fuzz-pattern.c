/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz-pattern.c - no pattern and path crash, or give more ways to read the path than places in the pattern; those kept of a
 * file are those that match it to its end.
 */
#include "../../agent/retain/retain_p.h"
#include <behov/text.h>

#include <stdint.h>

static const char *cases[] = { "a", "ks-1" };   /* sorted */

static void
check_whole(const struct cells *all, const struct cells *whole)
{
	size_t k = 0;

	for (size_t i = 0; i < all->count; i++) {
		const struct cell *a = &all->items[i], *b;

		if (a->pos != a->pattern->count)
			continue;
		if (k == whole->count)
			abort();
		b = &whole->items[k++];
		if (a->pos != b->pos || a->date != b->date || a->batch_len != b->batch_len || a->case_name != b->case_name)
			abort();
	}
	if (k != whole->count)
		abort();
}

/* Step by step down the path, as a walk does. */
static void
walk(struct arena *mem, const struct pattern *p, const char *path)
{
	struct cells now = { 0 }, next = { 0 }, whole = { .whole = true }, swap;
	size_t most = (p->count + 1) * (1 + p->case_count), done = 0;

	cells_begin(&now, p);
	while (*path) {
		size_t len = strcspn(path, "/");
		const char *name = arena_copy(mem, path, len);

		done += len;
		cells_step(mem, now.items, now.count, name, done, &whole);
		cells_step(mem, now.items, now.count, name, done++, &next);
		check_whole(&next, &whole);
		if (next.count > most)
			abort();
		for (size_t i = 0; i < next.count; i++)
			if (next.items[i].pos > p->count)
				abort();
		swap = now, now = next, next = swap;
		path += len + (path[len] == '/');
	}
	free(now.items);
	free(next.items);
	free(whole.items);
}

/* A pattern, a newline, a path. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct arena *mem = arena_open();
	char *text = arena_copy(mem, bytes, len), *path = strchr(text, '\n');

	if (path)
		*path++ = '\0';
	for (int fold = 0; fold < 2; fold++) {
		struct pattern *p = pattern_make(mem, text, fold);

		p->cases = cases;
		p->case_count = sizeof cases / sizeof *cases;
		p->batch = p->count / 2;
		pattern_clock(p, CLOCK_PATH_YEAR);
		walk(mem, p, path ? path : "");
		if (pattern_prefix(p, text, mem) != p->count)
			abort();
	}
	retain_held(&(struct hold){ .path = text, .reason = "r" }, 1, "a", path ? path : "", NULL, NULL);
	arena_close(mem);
	return 0;
}
