/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hr-json.c - an HR export as JSON: flat objects become rows; what may be a part of the list only is refused. */
#include "hr_p.h"

#include <behov/json.h>

#define COLUMN_MOST 1000                /* each row gets a cell for each */

/* Names under which services say that there is more, or how many there are in all. */
static const char *const more[] = { "next", "nextLink", "next_link", "@odata.nextLink", "nextPage", "next_page", "nextCursor",
	"next_cursor", "nextPageToken", "hasMore", "has_more", "hasNext", NULL };
static const char *const total[] = { "total", "totalCount", "total_count", "totalResults", "totalElements", "count",
	"@odata.count", NULL };

static bool
says_something(const json_t *v)
{
	return v && !json_is_null(v) && !json_is_false(v) && !(json_is_string(v) && !json_string_length(v))
	       && !(json_is_integer(v) && json_integer_value(v) == 0);
}

/* People of the second page would look like people who have left. */
static int
check_whole(const char *name, const json_t *object, const json_t *list, struct error *err)
{
	const json_t *links = json_object_get(object, "links"), *under = json_object_get(object, "_links");

	for (int i = 0; more[i]; i++)
		if (says_something(json_object_get(object, more[i])))
			return error_set(err, ERROR_SOURCE, "%s: is one page of several: it says '%s'", name, more[i]);
	if (says_something(json_object_get(links, "next")) || says_something(json_object_get(under, "next")))
		return error_set(err, ERROR_SOURCE, "%s: is one page of several: it has a link to the next", name);
	for (int i = 0; total[i]; i++) {
		long long said = json_number(object, total[i], (long long)json_array_size(list));

		if (said != (long long)json_array_size(list))
			return error_set(err, ERROR_SOURCE, "%s: '%s' is %lld, but there are %zu rows", name, total[i], said,
					 json_array_size(list));
	}
	return 0;
}

static int
find_list(const char *name, const char *list, const json_t *root, const json_t **out, struct error *err)
{
	const json_t *found = list ? json_object_get(root, list) : root;

	if (!json_is_array(found))
		return list ? error_set(err, ERROR_SOURCE, "%s: has no list '%s'", name, list)
			    : error_set(err, ERROR_SOURCE, "%s: is not a list: name the one in it with hr.list", name);
	*out = found;
	return list ? check_whole(name, root, found, err) : 0;
}

/* What a cell would hold; NULL for what no cell can hold. */
static const char *
cell(struct arena *mem, const json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_STRING: return arena_text(mem, json_string_value(v));
	case JSON_INTEGER: return arena_print(mem, "%lld", (long long)json_integer_value(v));
	case JSON_REAL: return arena_print(mem, "%.15g", json_real_value(v));
	case JSON_TRUE: return arena_text(mem, "true");    /* a cell may be overwritten */
	case JSON_FALSE: return arena_text(mem, "false");
	case JSON_NULL: return "";
	case JSON_OBJECT:
	case JSON_ARRAY: break;
	}
	return NULL;
}

/* Rows before the cells: which names there are, in the order in which they first stand.  The number of each is in `columns`. */
static int
header(struct arena *mem, const char *name, const json_t *list, json_t *columns, struct csv_row *out, struct error *err)
{
	LIST(const char *) names = { 0 };

	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *row = json_array_get(list, i), *value;
		const char *key;

		if (!json_is_object(row))
			return error_set(err, ERROR_SOURCE, "%s: row %zu is not an object", name, i + 1);
		json_object_foreach(row, key, value) {
			if (json_object_get(columns, key))
				continue;
			json_object_set_new(columns, key, json_integer((json_int_t)names.count));
			*arena_push(mem, &names) = arena_text(mem, key);
			if (names.count > COLUMN_MOST)
				return error_set(err, ERROR_SOURCE, "%s: more than %d names", name, COLUMN_MOST);
		}
	}
	*out = (struct csv_row){ names.items, (int)names.count, 0 };
	return 0;
}

static int
fill(struct arena *mem, const char *name, json_t *object, const json_t *columns, struct csv_row *row, struct error *err)
{
	const char *key;
	json_t *value;

	row->cells = arena_array(mem, const char *, (size_t)row->count + 1);
	for (int i = 0; i < row->count; i++)
		row->cells[i] = "";
	json_object_foreach(object, key, value) {
		const char *text = cell(mem, value);

		if (!text)
			return error_set(err, ERROR_SOURCE, "%s: row %d: '%s' is not a text or number", name, row->line, key);
		row->cells[json_integer_value(json_object_get(columns, key))] = text;
	}
	return 0;
}

/* What jansson gives back it does not overwrite. */
static void
forget(json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *key;
		json_t *value;

		json_object_foreach(json_array_get(list, i), key, value)
			if (json_is_string(value))
				explicit_bzero((char *)(uintptr_t)json_string_value(value), json_string_length(value));
	}
}

static int
rows(struct arena *mem, const char *name, const json_t *list, json_t *columns, struct csv *out, struct error *err)
{
	struct csv_row head;

	if (header(mem, name, list, columns, &head, err) < 0)
		return -1;
	*arena_push(mem, &out->rows) = head;
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct csv_row row = { .count = head.count, .line = (int)i + 1 };

		if (fill(mem, name, json_array_get(list, i), columns, &row, err) < 0)
			return -1;
		*arena_push(mem, &out->rows) = row;
	}
	return 0;
}

int
hr_json(struct arena *mem, const char *name, const char *list, const char *bytes, size_t len, struct csv *out,
	struct error *err)
{
	json_t *root = NULL, *columns = json_object();
	const json_t *found = NULL;
	json_error_t why;
	size_t mark = len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	int rc = -1;

	*out = (struct csv){ 0 };
	root = json_loadb(bytes + mark, len - mark, JSON_REJECT_DUPLICATES, &why);
	if (!root) {                    /* jansson's own words quote what stands there, and it may be a personnummer */
		error_set(err, ERROR_SOURCE, "%s: is not JSON, or not all of it: line %d, column %d", name, why.line, why.column);
		goto out;
	}
	if (find_list(name, list, root, &found, err) == 0)
		rc = rows(mem, name, found, columns, out, err);
out:
	forget(list ? json_object_get(root, list) : root);
	json_decref(root);
	json_decref(columns);
	return rc;
}
