/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz-ldif.c - no bytes make the LDIF reader do anything but give a snapshot that holds together, or refuse with a word. */
#include "../../agent/collect/collect_p.h"

#include <stdint.h>

static void holds_together(const struct snapshot *s)
{
	for (uint32_t g = 0; g < s->group_count; g++) {
		if (s->groups[g].first + (uint64_t)s->groups[g].count > s->edge_count)
			abort();
		for (uint32_t e = s->groups[g].first; e < s->groups[g].first + s->groups[g].count; e++)
			if (s->edges[e].member >= (s->edges[e].is_group ? s->group_count : s->account_count))
				abort();
	}
	for (uint32_t a = 0; a < s->account_count; a++)
		if (!s->accounts[a].name || !s->accounts[a].key || !s->accounts[a].dn)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct attribute title = { .name = "title", .ad = "title" };
	struct rules rules = { .attributes = &title, .attribute_count = 1 };
	struct arena *mem = arena_open();
	struct snapshot snapshot = { 0 };
	struct error err = { 0 };
	const char **employees;
	struct builder *b;

	rules.conf.directory_count = 1;
	rules.conf.directories = &(struct directory){ .base = "DC=kalmar,DC=example" };
	rules.conf.directory.dangling_ratio = 0.05;
	b = build_open(mem, &rules);
	if (build_source(b, rules.conf.directories, "fuzz", &err) == 0 &&
	    ldif_parse(mem, "fuzz", arena_copy(mem, bytes, len), len, b, &err) == 0 &&
	    build_close(b, &snapshot, &employees, &err) == 0)
		holds_together(&snapshot);
	else if (!err.text[0])
		abort();
	json_decref(snapshot.certificate);
	build_free(b);
	arena_close(mem);
	return 0;
}
