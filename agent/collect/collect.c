/* SPDX-License-Identifier: GPL-3.0-or-later */
/* collect.c - the directories from their sources, then what HR adds. */
#include "collect_p.h"

#include <behov/directory.h>
#include <behov/json.h>
#include <behov/log.h>

void
gap_add(struct arena *mem, struct snapshot *out, const char *what, const char *id, const char *text)
{
	*arena_push(mem, &out->gaps) = (struct gap){ .what = what, .id = id, .text = text };
}

static int
read_one(const struct rules *rules, const struct directory *directory, struct builder *b, bool *again,
	 struct error *err)
{
	bool live = directory_is_live(directory);
	const char *path = directory->source + strlen("file:");
	struct arena *reading;
	int rc;

	if (build_source(b, directory, live ? directory->name : path, err) < 0)
		return -1;
	if (!live)
		return ldif_read(path, b, err);
	reading = arena_open();
	rc = ldap_read(reading, rules, directory, b, again, err);
	arena_close(reading);
	return rc;
}

/* All of them, or nothing: half a directory is none. */
static int
read_all(struct arena *mem, const struct rules *rules, struct builder **out, bool *again, struct error *err)
{
	struct builder *b = build_open(mem, rules);

	*again = false;
	*out = b;
	for (int i = 0; i < rules->conf.directory_count; i++)
		if (read_one(rules, &rules->conf.directories[i], b, again, err) < 0)
			return -1;
	return 0;
}

int
collect_all(struct arena *mem, const struct rules *rules, struct snapshot *out, struct error *err)
{
	struct builder *b = NULL;
	const char **employees;
	bool again = false;
	int rc;

	if (!rules->conf.directory_count)
		return error_set(err, ERROR_CONFIG, "directory.source is not set");
	rc = read_all(mem, rules, &b, &again, err);
	if (rc < 0 && again) {          /* a fresh connection, and everything from the beginning */
		log_warn("%s: trying once more", err->text);
		build_free(b);
		*err = (struct error){ 0 };
		rc = read_all(mem, rules, &b, &again, err);
	}
	if (rc < 0 || build_close(b, out, &employees, err) < 0) {
		build_free(b);
		return error_in(err, "collecting the directory");
	}
	hr_join(mem, rules, out, employees);
	json_put(out->certificate, "digest", snapshot_digest(mem, rules, out));
	build_free(b);
	return 0;
}
