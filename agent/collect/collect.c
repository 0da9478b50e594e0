/* SPDX-License-Identifier: GPL-3.0-or-later */
/* collect.c - the directory from its source, then what HR adds. */
#include "collect_p.h"

#include <behov/json.h>

void
gap_add(struct arena *mem, struct snapshot *out, const char *what, const char *id, const char *text)
{
	*arena_push(mem, &out->gaps) = (struct gap){ .what = what, .id = id, .text = text };
}

static int
read_source(struct arena *mem, const struct rules *rules, struct builder *b, json_t **certificate, struct error *err)
{
	const char *source = rules->conf.directories[0].source;

	return strncmp(source, "file:", 5) == 0 ? ldif_read(mem, source + 5, b, err)
						: ldap_read(mem, rules, b, certificate, err);
}

int
collect_all(struct arena *mem, const struct rules *rules, struct snapshot *out, struct error *err)
{
	const char *source = rules->conf.directory_count ? rules->conf.directories[0].source : NULL, **employees;
	bool file = source && strncmp(source, "file:", 5) == 0;
	json_t *certificate = NULL;
	struct builder *b;
	int rc = -1;

	if (!source)
		return error_set(err, ERROR_CONFIG, "directory.source is not set");
	b = build_open(mem, rules, file ? source + 5 : source);
	if (read_source(mem, rules, b, &certificate, err) < 0 || build_close(b, out, &employees, err) < 0) {
		error_in(err, "collecting the directory");
		goto out;
	}
	if (certificate)
		json_object_update(out->certificate, certificate);
	hr_join(mem, rules, out, employees);
	json_put(out->certificate, "digest", snapshot_digest(mem, rules, out));
	rc = 0;
out:
	json_decref(certificate);
	return rc;
}
