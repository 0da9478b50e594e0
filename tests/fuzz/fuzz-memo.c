/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz-memo.c - no memo crashes; what is not understood changes nothing; what is written down can be read. */
#include "../../agent/retain/retain_p.h"

#include <stdint.h>

static struct where wheres[2] = { { .share = "a", .path = "V/{year}/**" }, { .share = "a", .path = "**" } };
static struct series series[2] = {
	{ .id = "hel", .name = "hel", .decided = true, .clock = CLOCK_PATH_YEAR, .keep = { 100, DAY_YEARS }, .where = &wheres[0],
	  .where_count = 1, .batch_path = "V/{year}", .whole = true },
	{ .id = "lös", .name = "lös", .decided = true, .clock = CLOCK_MODIFIED, .keep = { 100, DAY_YEARS }, .where = &wheres[1],
	  .where_count = 1 },
};
static const struct share share = { .id = "a" };
static const struct rules rules = { .series = series, .series_count = 2, .digest = "rules", .conf.zone = "Europe/Stockholm" };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const char folder[] = "V/2012";
	static struct arena *mem;
	static struct retain *r;
	static const struct visitor *v;
	static int turns;
	struct counts before;
	struct memo memo;
	void *root, *top, *state;

	if (turns++ % 1000 == 0) {
		retain_close(r);
		arena_close(mem);
		mem = arena_open();
		r = retain_open(mem, &(struct retain_input){ .rules = &rules, .now = 1795572000 }, &(struct error){ 0 });
		v = retain_share(r, &share);
	}
	v->enter(v->self, "", NULL, &root);
	v->enter(v->self, "V", root, &top);
	v->enter(v->self, folder, top, &state);
	before = r->n;
	if (!v->recall(v->self, state, folder, bytes, len)) {
		if (memcmp(&before, &r->n, sizeof before) != 0)
			abort();
		goto out;
	}
	/* The sums and batches that it made are a memo, too. */
	v->listed(v->self, state, folder, true, &memo);
	if (!memo.len)
		abort();
	before = r->n;
	v->leave(v->self, state, folder, true);
	v->enter(v->self, folder, top, &state);
	if (!v->recall(v->self, state, folder, arena_copy(mem, memo.bytes, memo.len), memo.len))
		abort();
out:
	v->leave(v->self, state, folder, true);
	v->leave(v->self, top, "V", true);
	v->leave(v->self, root, "", true);
	return 0;
}
