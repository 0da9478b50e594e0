/* SPDX-License-Identifier: GPL-3.0-or-later */
/* govern.c - which series a file falls under, for who looks at a share without judging what is due. */
#include "retain_p.h"

const struct series *
retain_governs(struct retain *r, void *state, const char *path, const struct entry *entry)
{
	const struct state *s = state;
	struct verdict v;

	match_file(r, s->cells.items, s->cells.count, entry->name, strlen(entry->name), strlen(path) + (*path != '\0') + strlen(entry->name));
	r->asked.name = NULL;           /* what was found is of this file now */
	judge(r, path, entry, &v);
	return v.winner ? v.winner->pattern->tally->series : NULL;
}
