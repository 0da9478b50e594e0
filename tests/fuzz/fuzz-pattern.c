/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz-pattern.c - no pattern and path crash, or give more ways to read the path than places in the pattern. */
#include "../../agent/retain/retain_p.h"
#include <behov/text.h>

#include <stdint.h>

static const char *cases[] = { "ks-1", "a" };

/* Step by step down the path, as a walk does. */
static void
walk(struct arena *mem, const struct pattern *p, const char *path)
{
	struct cells now = { 0 }, next = { 0 }, swap;
	size_t most = (p->count + 1) * (1 + p->case_count), done = 0;

	cells_begin(&now, p);
	while (*path) {
		size_t len = strcspn(path, "/");

		done += len;
		cells_step(mem, now.items, now.count, arena_copy(mem, path, len), done++, &next);
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
		pattern_clock(p, CLOCK_PATH_YEAR);
		walk(mem, p, path ? path : "");
		if (pattern_prefix(p, text, mem) != p->count)
			abort();
	}
	retain_held(&(struct hold){ .path = text, .reason = "r" }, 1, "a", path ? path : "", NULL, NULL);
	arena_close(mem);
	return 0;
}
