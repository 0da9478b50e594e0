/* SPDX-License-Identifier: GPL-3.0-or-later */
/* json.c - a document as JSON: its lists row by row, between what is held anyway. */
#include "document_p.h"

#include <math.h>

#define LINE_MOST ((size_t)64 << 20)

struct json_out {
	struct sink sink;
	const struct document *document;
	const struct document_list *list;
	FILE *out;
	struct text line, keys;         /* keys: of the list's columns, quoted, each with its NUL */
	long long rows;
	bool begun;                     /* a list before it */
};

/* A text, or null; bytes that are not UTF-8 as name_show() shows them. */
static void
put_text(struct json_out *to, const char *text)
{
	if (!text)
		text_add(&to->line, "null");
	else if (text_is_utf8(text, strlen(text)))
		json_put_text(&to->line, text, strlen(text));
	else {
		struct arena *brief = arena_open();
		const char *shown = name_show(brief, text);

		json_put_text(&to->line, shown, strlen(shown));
		arena_close(brief);
	}
}

static void
put_key(struct json_out *to, const char *before, const char *key)
{
	text_add(&to->line, before);
	put_text(to, key);
	text_char(&to->line, ':');
}

static int
flush_line(struct json_out *to, struct error *err)
{
	if (to->line.full)
		return error_set(err, ERROR_SOURCE, "a part of the report is too long");
	if (fwrite(to->line.data, 1, to->line.len, to->out) != to->line.len)
		return error_sys(err, ERROR_SOURCE, "cannot write the report");
	to->line.len = 0;
	return 0;
}

/* A number that JSON has, too: "007" is a text. */
static bool
is_number(const char *cell)
{
	const char *digits = cell + (*cell == '-');

	return cell_is_plain(CELL_NUMBER, cell) && (*digits != '0' || !digits[1]) && strlen(digits) < 16;
}

static void
quote_keys(struct json_out *to)
{
	struct text line = to->line;

	to->keys.len = 0;
	to->line = to->keys;
	for (int i = 0; i < to->list->count; i++) {
		put_key(to, i ? "," : "{", to->list->columns[i].id);
		text_bytes(&to->line, "", 1);
	}
	to->keys = to->line;
	to->line = line;
}

static int
row(struct sink *sink, const char *const *cells, struct error *err)
{
	struct json_out *to = (struct json_out *)sink;
	const char *key = to->keys.data;

	text_add(&to->line, to->rows++ ? ",\n" : "\n");
	for (int i = 0; i < to->list->count; i++, key += strlen(key) + 1) {
		text_add(&to->line, key);
		if (cells[i] && to->list->columns[i].type == CELL_NUMBER && is_number(cells[i]))
			text_add(&to->line, cells[i]);
		else
			put_text(to, cells[i]);
	}
	text_char(&to->line, '}');
	return flush_line(to, err);
}

static int
begin(struct sink *sink, const struct document_list *list, struct error *err)
{
	static const char *const type[] = { "text", "number", "day", "moment" };
	struct json_out *to = (struct json_out *)sink;

	to->list = list;
	to->rows = 0;
	quote_keys(to);
	text_add(&to->line, to->begun ? ",\n{\"columns\":[" : "\n{\"columns\":[");
	to->begun = true;
	for (int i = 0; i < list->count; i++) {
		put_key(to, i ? ",{" : "{", "id");
		put_text(to, list->columns[i].id);
		put_key(to, ",", "title");
		put_text(to, list->columns[i].title);
		put_key(to, ",", "type");
		put_text(to, type[list->columns[i].type]);
		text_char(&to->line, '}');
	}
	put_key(to, "],", "id");
	put_text(to, list->id);
	text_add(&to->line, ",\"rows\":[");
	return flush_line(to, err);
}

static int
end(struct sink *sink, struct error *err)
{
	struct json_out *to = (struct json_out *)sink;

	put_key(to, "],", "title");
	put_text(to, to->list->title);
	text_char(&to->line, '}');
	return flush_line(to, err);
}

static void
put_values(struct json_out *to, const double *values, int count)
{
	char number[40];

	text_char(&to->line, '[');
	for (int i = 0; i < count; i++) {
		snprintf(number, sizeof(number), "%.15g", isfinite(values[i]) ? values[i] : 0);
		text_print(&to->line, "%s%s", i ? "," : "", isfinite(values[i]) ? number : "null");
	}
	text_char(&to->line, ']');
}

static int
put_plot(struct json_out *to, const struct plot *plot, bool first, struct error *err)
{
	put_key(to, first ? "\n{" : ",\n{", "id");
	put_text(to, plot->id);
	put_key(to, ",", "plan");
	if (plot->plan)
		put_values(to, plot->plan, plot->x_count);
	else
		put_text(to, NULL);
	put_key(to, ",", "says");
	put_text(to, plot->says);
	text_add(&to->line, ",\"series\":[");
	for (int i = 0; i < plot->series_count; i++) {
		put_key(to, i ? ",{" : "{", "name");
		put_text(to, plot->series[i].name);
		text_add(&to->line, ",\"values\":");
		put_values(to, plot->series[i].values, plot->x_count);
		text_char(&to->line, '}');
	}
	put_key(to, "],", "title");
	put_text(to, plot->title);
	put_key(to, ",", "unit");
	put_text(to, plot->unit);
	text_add(&to->line, ",\"x\":[");
	for (int i = 0; i < plot->x_count; i++) {
		text_add(&to->line, i ? "," : "");
		put_text(to, plot->x[i]);
	}
	text_add(&to->line, "]}");
	return flush_line(to, err);
}

static int
put_rest(struct json_out *to, struct error *err)
{
	const struct document *document = to->document;
	char *page = json_dumps(document->page, JSON_COMPACT | JSON_SORT_KEYS);

	text_add(&to->line, "],\n\"page\":");
	text_add(&to->line, page ? page : "null");
	free(page);
	text_add(&to->line, ",\n\"plots\":[");
	for (int i = 0; i < document->plot_count; i++)
		if (put_plot(to, &document->plots[i], i == 0, err) < 0)
			return -1;
	text_add(&to->line, "]}\n");
	return flush_line(to, err);
}

static int
finish(struct sink *sink, bool whole, struct error *err)
{
	struct json_out *to = (struct json_out *)sink;
	int rc = whole ? put_rest(to, err) : 0;

	text_close(&to->line);
	text_close(&to->keys);
	return rc;
}

struct sink *
json_sink(struct arena *mem, const struct document *document, FILE *out)
{
	struct json_out *to = arena_new(mem, struct json_out);

	*to = (struct json_out){ .sink = { begin, row, end, finish }, .document = document, .out = out };
	text_open(&to->line, LINE_MOST);
	text_open(&to->keys, LINE_MOST);
	text_add(&to->line, "{\"format\":\"" REPORT_FORMAT "\",\"lists\":[");
	return &to->sink;
}
