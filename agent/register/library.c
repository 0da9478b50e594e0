/* SPDX-License-Identifier: GPL-3.0-or-later */
/* library.c - reads the drafts that lie beside the rules, to be compared with what is found: none of them is in force. */
#include "register_p.h"
#include <dirent.h>
#include <errno.h>

static void
read_drafts(struct reader *r, const config_setting_t *root)
{
	config_setting_t *list = get_groups(r, root, "series");

	for (int i = 0; i < list_count(list); i++)
		read_series(r, list_item(list, i));
}

static int
by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int
by_id(const void *a, const void *b)
{
	return strcmp(((const struct series *)a)->id, ((const struct series *)b)->id);
}

/* A file with a complaint gives nothing: half a draft would pass for a whole one. */
static void
read_file(struct reader *r, const char *path, struct library *out)
{
	size_t series = r->series.count;
	int complaints = r->complaints;

	read_files(r, &path, 1, read_drafts);
	if (r->complaints == complaints)
		return;
	r->series.count = series;
	out->broken++;
}

void
register_library(struct arena *mem, const struct rules *rules, struct library *out)
{
	struct rules none = { .conf = rules->conf };
	struct reader r = { .mem = mem, .rules = &none, .conf = rules->conf.file, .drafts = true };
	const char *folder = arena_print(mem, "%s/%s", rules->conf.rules ? rules->conf.rules : ".", LIBRARY_FOLDER);
	struct dirent **names = NULL;
	int count = scandir(folder, &names, NULL, by_bytes);

	*out = (struct library){ .missing = count < 0 && errno == ENOENT, .broken = count < 0 && errno != ENOENT };
	r.digest = digest_open();
	for (int i = 0; i < count; i++) {
		if (*names[i]->d_name != '.' && ends_in_cfg(names[i]->d_name))
			read_file(&r, arena_print(mem, "%s/%s", folder, names[i]->d_name), out);
		free(names[i]);
	}
	free(names);
	digest_close(r.digest, (unsigned char[DIGEST_SIZE]){ 0 });
	if (r.series.count > 1)
		qsort(r.series.items, r.series.count, sizeof(*r.series.items), by_id);
	out->drafts = r.series.items;
	out->count = r.series.count;
}
