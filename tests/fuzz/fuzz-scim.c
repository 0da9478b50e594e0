/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz-scim.c - whatever a SCIM service answers, page after page, the list of accounts holds together or is refused with a word. */
#include "../../agent/collect/collect_p.h"

#include <stdint.h>

struct pages { const char *at, *end; int given; };

/* The next page: up to a NUL. */
static int next_page(void *self, struct arena *mem, const char *query, char **bytes, size_t *len, struct error *err)
{
	struct pages *p = self;
	const char *stop;

	(void)query;
	if (p->at >= p->end || p->given++ > 50)
		return error_set(err, ERROR_SOURCE, "no more pages");
	stop = memchr(p->at, 0, (size_t)(p->end - p->at));
	*len = (size_t)((stop ? stop : p->end) - p->at);
	*bytes = arena_copy(mem, p->at, *len);
	p->at += *len + 1;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct accounts from = { .scim = "https://scim.example/v2", .match = (enum accounts_match)(len ? bytes[0] % 3 : 0) };
	struct pages pages = { (const char *)bytes + (len > 0), (const char *)bytes + len, 0 };
	struct arena *mem = arena_open();
	struct listing listing = { 0 };
	struct error err = { 0 };

	if (scim_list(mem, &from, next_page, &pages, &listing, &err) == 0) {
		for (size_t i = 0; i < listing.rows.count; i++)
			if (!listing.rows.items[i].account || !listing.rows.items[i].role || !*listing.rows.items[i].role)
				abort();
	} else if (!err.text[0]) {
		abort();
	}
	arena_close(mem);
	return 0;
}
