/* SPDX-License-Identifier: GPL-3.0-or-later */
/* row-files.c - what a proposal about files is about: the batch, and the series that would have kept it for another time. */
#include "decide_p.h"

#include <behov/json.h>

/* The other series that match the files of a batch: those that lost. */
static void
put_others(struct request *r, json_t *o, const struct proposal *p)
{
	const json_t *others = json_object_get(p->evidence, "others");
	long long more = json_number(p->evidence, "others_more", 0);
	json_t *list = json_array();

	for (size_t i = 0; i < json_array_size(others); i++) {
		const json_t *other = json_array_get(others, i);
		long long files = json_number(other, "files", 0);
		json_t *one = json_object();
		rows_put(one, "series", json_text(other, "name"));
		rows_put(one, "why", json_text(other, "why"));
		rows_put(one, "files", rows_count(r, files));
		json_array_append_new(list, one);
	}
	json_object_set_new(o, "some_others", json_boolean(json_array_size(list) > 0));
	json_object_set_new(o, "others", list);
	rows_put(o, "others_more", more > 0 ? text_count(r->mem, more) : NULL);
}

json_t *
rows_files(struct request *r, const struct proposal *p)
{
	const json_t *sample = json_object_get(p->evidence, "sample");
	const char *oldest = json_text(p->evidence, "oldest"), *newest = json_text(p->evidence, "newest");
	json_t *o = json_object(), *list = json_array();

	for (size_t i = 0; i < json_array_size(sample); i++) {
		json_t *one = json_object();
		rows_put(one, "path", json_string_value(json_array_get(sample, i)));
		json_array_append_new(list, one);
	}
	rows_put(o, "batch", p->batch && *p->batch ? p->batch : NULL);
	rows_put(o, "count", text_count(r->mem, p->files));
	rows_put(o, "size", text_size_in(r->mem, r->language, p->bytes));
	rows_put(o, "due", day_text(r->mem, p->due));
	rows_put(o, "calculation", json_text(p->evidence, "calculation"));
	rows_put(o, "oldest", oldest);
	rows_put(o, "until", oldest && newest && strcmp(oldest, newest) != 0 ? newest : NULL);
	rows_put(o, "shown", text_count(r->mem, (long long)json_array_size(list)));
	json_object_set_new(o, "sampled", json_boolean(json_array_size(list) > 0));
	json_object_set_new(o, "sample", list);
	json_object_set_new(o, "listed", json_boolean(p->manifest != NULL));
	put_others(r, o, p);
	return o;
}

const char *
rows_stop(const struct request *r, const struct proposal *p)
{
	const char *series = rows_series(r->server->rules, p->series), *share = rows_share(r->server->rules, p->share);
	struct hold hold;

	if (stop_of(r->mem, r->server->store, p, &hold, NULL) < 0)
		return NULL;
	return hold.path ? arena_print(r->mem, say(r, "%s i mappen %s på %s"), series, name_show(r->mem, hold.path), share)
			 : arena_print(r->mem, say(r, "allt av %s på %s"), series, share);
}
