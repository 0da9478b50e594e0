/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stock.c - what lay on each share at a night, as a table: the whole, its series, the folders of its root. */
#include "quarter_p.h"

/* "3,4 GB", or, as long as not all has been weighed, of how many files that is. */
static const char *
size_of(struct arena *mem, const json_t *one)
{
	long long files = json_number(one, "files", 0), weighed = json_number(one, "weighed", 0);

	if (!weighed)
		return files ? "inte mätt än" : "0 byte";
	if (weighed == files)
		return text_size(mem, json_number(one, "bytes", 0));
	return arena_print(mem, "%s för %s av dem", text_size(mem, json_number(one, "bytes", 0)), text_count(mem, weighed));
}

static const char *
name_of(struct arena *mem, const struct rules *rules, const json_t *one)
{
	const struct series *s = json_text(one, "series") ? rules_series(rules, json_text(one, "series")) : NULL;

	if (json_text(one, "series"))
		return s ? s->name : json_text(one, "series");
	return arena_print(mem, "%s/", json_text(one, "folder"));
}

static json_t *
row(struct arena *mem, const json_t *one, const char *name)
{
	json_t *o = json_object();

	json_put(o, "name", name);
	json_put(o, "files", text_count(mem, json_number(one, "files", 0)));
	json_put(o, "size", size_of(mem, one));
	if (!json_text(one, "series")) {
		json_put(o, "ungoverned", text_count(mem, json_number(one, "ungoverned", 0)));
		json_put(o, "held", text_count(mem, json_number(one, "held", 0)));
	}
	return o;
}

json_t *
stock_rows(struct arena *mem, const struct rules *rules, const char *summary)
{
	json_t *rows = json_array(), *all = NULL, *share = NULL;
	struct error err = { 0 };
	const json_t *one;
	size_t i;

	if (!summary || json_read(summary, strlen(summary), &all, &err) < 0)
		return rows;
	json_array_foreach(json_object_get(all, "stock"), i, one) {
		const struct share *s = json_text(one, "share") ? rules_share(rules, json_text(one, "share")) : NULL;

		if (!json_text(one, "share"))
			continue;
		if (!json_text(one, "series") && !json_text(one, "folder")) {
			share = row(mem, one, s ? s->name : json_text(one, "share"));
			json_put(share, "id", json_text(one, "share"));
			put_number(share, "ungoverned_files", json_number(one, "ungoverned", 0));
			put_list(share, "parts");
			put_list(share, "folders");
			json_array_append_new(rows, share);
		} else if (share) {
			json_array_append_new(json_object_get(share, json_text(one, "series") ? "parts" : "folders"),
					      row(mem, one, name_of(mem, rules, one)));
		}
	}
	json_decref(all);
	return rows;
}
