/* SPDX-License-Identifier: GPL-3.0-or-later */
/* collect.c - the directories from their sources, then what HR adds. */
#include "collect_p.h"

#include <behov/digest.h>
#include <behov/directory.h>
#include <behov/json.h>
#include <behov/log.h>

void
gap_add(struct arena *mem, struct snapshot *out, const char *what, const char *id, const char *text)
{
	*arena_push(mem, &out->gaps) = (struct gap){ .what = what, .id = id, .text = text };
}

/* Where a directory's copy lies between nights; NULL when every night reads everything. */
static const char *
copy_of(struct arena *mem, const struct rules *rules, const struct directory *directory, bool night)
{
	if (!night || !directory->full_days || directory->schema != SCHEMA_AD)
		return NULL;
	return arena_print(mem, "%s/directory-%.16s.copy", rules->conf.work, digest_text(mem, directory->base));
}

static int
read_one(struct arena *mem, const struct rules *rules, const struct directory *directory, bool night, struct builder *b,
	 struct ldap_how *how, struct error *err)
{
	bool live = directory_is_live(directory);
	const char *path = directory->source + strlen("file:");

	if (build_source(b, directory, live ? directory->name : path, err) < 0)
		return -1;
	how->copy = copy_of(mem, rules, directory, night);
	return live ? ldap_read(rules, directory, b, how, err) : ldif_read(path, b, err);
}

/* All of them, or nothing: half a directory is none. */
static int
read_all(struct arena *mem, const struct rules *rules, bool night, struct builder **out, struct ldap_how *how,
	 struct error *err)
{
	struct builder *b = build_open(mem, rules);

	how->again = how->changes = false;
	*out = b;
	for (int i = 0; i < rules->conf.directory_count; i++)
		if (read_one(mem, rules, &rules->conf.directories[i], night, b, how, err) < 0)
			return -1;
	return 0;
}

/* What smells: a copy may be to blame. */
static bool
smells(const struct snapshot *s)
{
	return !s->complete || s->gaps.count > 0;
}

static int
collect(struct arena *mem, const struct rules *rules, bool night, bool whole, struct snapshot *out, bool *changes,
	struct error *err)
{
	struct ldap_how how = { .whole = whole };
	struct builder *b = NULL;
	const char **employees;
	int rc = read_all(mem, rules, night, &b, &how, err);

	if (rc < 0 && how.again) {      /* a fresh connection, and everything from the beginning */
		log_warn("%s: trying once more", err->text);
		build_free(b);
		*err = (struct error){ 0 };
		rc = read_all(mem, rules, night, &b, &how, err);
	}
	if (rc == 0)
		rc = accounts_read(b, err);
	if (rc == 0)
		rc = build_close(b, out, &employees, err);
	*changes = how.changes;
	if (rc == 0 && !(how.changes && smells(out))) {
		hr_join(mem, rules, out, employees);
		json_put(out->certificate, "digest", snapshot_digest(mem, rules, out));
	}
	build_free(b);
	return rc < 0 ? error_in(err, "collecting the directory") : 0;
}

int
collect_all(struct arena *mem, const struct rules *rules, bool night, struct snapshot *out, struct error *err)
{
	bool changes;

	if (!rules->conf.directory_count)
		return error_set(err, ERROR_CONFIG, "directory.source is not set");
	if (collect(mem, rules, night, false, out, &changes, err) < 0)
		return -1;
	if (!changes || !smells(out))
		return 0;
	log_warn("what was read of changes does not look whole: everything is read");
	json_decref(out->certificate);
	return collect(mem, rules, night, true, out, &changes, err);
}
