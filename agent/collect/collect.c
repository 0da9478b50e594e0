/* SPDX-License-Identifier: GPL-3.0-or-later */
/* collect.c - the directory from its source, then what HR adds. */
#include "collect_p.h"

#include <behov/log.h>

void
gap_add(struct arena *mem, struct snapshot *out, const char *what, const char *id, const char *text)
{
	*arena_push(mem, &out->gaps) = (struct gap){ .what = what, .id = id, .text = text };
}

int
collect_all(struct arena *mem, const struct rules *rules, struct snapshot *out, struct error *err)
{
	const char *source = rules->conf.directory.source, **employees;
	struct builder *b;

	if (!source || strncmp(source, "file:", 5) != 0)
		return error_set(err, ERROR_CONFIG, "directory.source '%s' is not read yet: only 'file:' is",
				 source ? source : "");
	b = build_open(mem, rules, source + 5);
	if (ldif_read(mem, source + 5, b, err) < 0 || build_close(b, out, &employees, err) < 0)
		return error_in(err, "collecting the directory");
	hr_join(mem, rules, out, employees);
	log_info("collect done people=%lld groups=%lld memberships=%lld gaps=%zu", out->seen.people,
		 out->seen.groups, out->seen.memberships, out->gaps.count);
	return 0;
}
