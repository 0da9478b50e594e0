/* SPDX-License-Identifier: GPL-3.0-or-later */
/* book.c - a document as a workbook: a sheet of conclusions, and one or more for each list. */
#include <xlsxwriter.h>                 /* first: it calls what banned.h forbids */

#include "document_p.h"
#include "behov/text.h"

#include <ctype.h>

#define TEXT_MOST  32000                /* characters; a cell holds 32,767 */
#define NAME_MOST  31                   /* characters of a sheet's name */
#define WIDTH_MOST 60
#define DIGITS     15                   /* more, and a spreadsheet rounds: then it is a text */

struct book {
	struct arena *mem;
	lxw_workbook *book;
	lxw_format *head, *wrap, *day, *moment;
	long long rows;                 /* of a sheet, at most */
	LIST(const char *) names;
};

/* A list on its way into sheets. */
struct leaf {
	struct book *b;
	const struct document_list *list;
	lxw_worksheet *sheet;
	int number;                     /* of its sheets so far */
	long long row;                  /* the next */
	double *width;
	struct arena *brief;            /* for one row */
};

static int
failed(lxw_error code, const char *what, struct error *err)
{
	return error_set(err, ERROR_SOURCE, "cannot write '%s': %s", what, lxw_strerror(code));
}

/* ------------------------------------------------------------------ texts */

/* "_x0041_" is how a workbook writes characters that XML has not: ours are not to be read so. */
static bool
is_escape(const char *at)
{
	return at[0] == '_' && at[1] == 'x' && isxdigit((unsigned char)at[2]) && isxdigit((unsigned char)at[3]) && isxdigit((unsigned char)at[4]) &&
	       isxdigit((unsigned char)at[5]) && at[6] == '_';
}

/* U+FFFE and U+FFFF: no characters, and none in XML. */
static bool
is_none(const char *at)
{
	return (unsigned char)at[0] == 0xef && (unsigned char)at[1] == 0xbf && ((unsigned char)at[2] == 0xbe || (unsigned char)at[2] == 0xbf);
}

/* As nearly all are: nothing in it has to be shown otherwise. */
static bool
is_clean(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < 0x20 || c == 0x7f || (c >= 0x80 && (text_turn(text + i) || is_none(text + i))) || (c == '_' && is_escape(text + i)))
			return false;
	}
	return len <= TEXT_MOST && text_is_utf8(text, len);
}

/* raw, or a copy. */
static const char *
clean(struct arena *mem, const char *raw)
{
	const char *text, *out;
	size_t characters = 0;
	struct text t;

	if (is_clean(raw))
		return raw;
	text = text_straight(mem, text_is_utf8(raw, strlen(raw)) ? raw : name_show(mem, raw));
	text_open(&t, strlen(text) * 8 + 16);
	for (const char *at = text; *at; at++) {
		unsigned char c = (unsigned char)*at;

		if ((c & 0xc0) != 0x80 && ++characters > TEXT_MOST) {
			text_add(&t, "…");
			break;
		}
		if (is_none(at)) {
			text_add(&t, "\xef\xbf\xbd");
			at += 2;
		} else if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f) {
			text_add(&t, "\xef\xbf\xbd");
		} else {
			text_add(&t, is_escape(at) ? "_x005F" : "");
			text_char(&t, *at);
		}
	}
	out = arena_copy(mem, t.data, t.len);
	text_close(&t);
	return out;
}

static double
wide(const char *text)
{
	double longest = 0, now = 0;

	for (; *text; text++) {
		if (*text == '\n')
			now = 0;
		else if (((unsigned char)*text & 0xc0) != 0x80 && ++now > longest)
			longest = now;
	}
	return longest;
}

/* ------------------------------------------------------------------ sheets */

static bool
is_taken(const struct book *b, const char *name)
{
	for (size_t i = 0; i < b->names.count; i++)
		if (strcmp(text_fold(b->mem, b->names.items[i]), text_fold(b->mem, name)) == 0)
			return true;
	return false;
}

/* The first so many characters. */
static const char *
first(struct arena *mem, const char *text, size_t most)
{
	size_t at = 0;

	for (size_t count = 0; text[at]; at++)
		if (((unsigned char)text[at] & 0xc0) != 0x80 && ++count > most)
			break;
	return arena_copy(mem, text, at);
}

/* No sheet may have these in its name, nor ' at its ends, nor the name of another. */
static const char *
name_for(struct book *b, const char *title, int number)
{
	const char *more = number > 1 ? arena_print(b->mem, " (%d)", number) : "", *out;
	char *plain = arena_text(b->mem, clean(b->mem, title));

	for (char *at = plain; *at; at++)
		*at = strchr("[]:*?/\\'\n\t", *at) ? ' ' : *at;
	for (size_t len = strlen(plain); len && plain[len - 1] == ' '; len--)
		plain[len - 1] = '\0';
	plain = *plain ? plain : arena_text(b->mem, "Lista");
	out = arena_print(b->mem, "%s%s", first(b->mem, plain, NAME_MOST - strlen(more)), more);
	for (int i = 2; is_taken(b, out); i++) {
		const char *other = arena_print(b->mem, " %d%s", i, more);

		out = arena_print(b->mem, "%s%s", first(b->mem, plain, NAME_MOST - strlen(other)), other);
	}
	*arena_push(b->mem, &b->names) = out;
	return out;
}

static void
end_sheet(struct leaf *l)
{
	int last = l->list->count - 1;

	if (!l->sheet)
		return;
	worksheet_autofilter(l->sheet, 0, 0, (lxw_row_t)(l->row - 1), (lxw_col_t)last);
	for (int i = 0; i <= last; i++)
		worksheet_set_column(l->sheet, (lxw_col_t)i, (lxw_col_t)i, l->width[i] < WIDTH_MOST ? l->width[i] + 2 : WIDTH_MOST, NULL);
	l->sheet = NULL;
}

static int
begin_sheet(struct leaf *l, struct error *err)
{
	struct book *b = l->b;

	l->sheet = workbook_add_worksheet(b->book, name_for(b, l->list->title, ++l->number));
	if (!l->sheet)
		return error_set(err, ERROR_SOURCE, "cannot add a sheet for '%s'", l->list->id);
	for (int i = 0; i < l->list->count; i++) {
		const char *title = clean(b->mem, l->list->columns[i].title);

		worksheet_write_string(l->sheet, 0, (lxw_col_t)i, title, b->head);
		l->width[i] = wide(title) + 3;          /* and the button of its filter */
	}
	worksheet_freeze_panes(l->sheet, 1, 0);
	worksheet_repeat_rows(l->sheet, 0, 0);
	worksheet_set_landscape(l->sheet);
	worksheet_set_paper(l->sheet, 9);       /* A4 */
	worksheet_fit_to_pages(l->sheet, 1, 0);
	l->row = 1;
	return 0;
}

/* ------------------------------------------------------------------ cells */

/* A spreadsheet's days begin in 1900, with a 29 February that never was. */
static bool
is_datable(day_t day)
{
	return day != DAY_NONE && day >= day_make(1900, 3, 1);
}

static lxw_error
put_date(struct leaf *l, int column, day_t day, int minute, int second, lxw_format *format)
{
	lxw_datetime when = { .hour = minute / 60, .min = minute % 60, .sec = second };

	day_split(day, &when.year, &when.month, &when.day);
	return worksheet_write_datetime(l->sheet, (lxw_row_t)l->row, (lxw_col_t)column, &when, format);
}

/* What its type says, when it is that; else the text that it is. */
static lxw_error
put_cell(struct leaf *l, int column, const char *cell, double *taken)
{
	enum cell type = l->list->columns[column].type;
	int64_t moment;

	if (type == CELL_NUMBER && cell_is_plain(type, cell) && strlen(cell) <= DIGITS && (*cell != '0' || !cell[1])) {
		*taken = wide(cell) * 4 / 3;
		return worksheet_write_number(l->sheet, (lxw_row_t)l->row, (lxw_col_t)column, strtod(cell, NULL), NULL);
	}
	if (type == CELL_DAY && cell_is_plain(type, cell) && is_datable(day_parse(cell))) {
		*taken = 10;
		return put_date(l, column, day_parse(cell), 0, 0, l->b->day);
	}
	if (type == CELL_MOMENT && clock_parse(cell, &moment) == 0 && is_datable(clock_day(moment))) {
		*taken = 16;
		return put_date(l, column, clock_day(moment), clock_minute(moment), (int)(((moment % 60) + 60) % 60), l->b->moment);
	}
	cell = clean(l->brief, cell);
	*taken = wide(cell);
	return worksheet_write_string(l->sheet, (lxw_row_t)l->row, (lxw_col_t)column, cell,
				      *taken > WIDTH_MOST || strchr(cell, '\n') ? l->b->wrap : NULL);
}

static int
each_row(void *self, const char *const *cells, struct error *err)
{
	struct leaf *l = self;
	int rc = 0;

	if (l->row >= l->b->rows)
		end_sheet(l);
	if (!l->sheet && begin_sheet(l, err) < 0)
		return -1;
	l->brief = arena_open();
	for (int i = 0; i < l->list->count && rc == 0; i++) {
		lxw_error code = LXW_NO_ERROR;
		double taken = 0;

		if (cells[i] && *cells[i])
			code = put_cell(l, i, cells[i], &taken);
		l->width[i] = taken > l->width[i] ? taken : l->width[i];
		rc = code == LXW_NO_ERROR ? 0 : failed(code, l->list->id, err);
	}
	arena_close(l->brief);
	l->row++;
	return rc;
}

static int
put_list(struct book *b, const struct document_list *list, struct error *err)
{
	struct leaf l = { .b = b, .list = list, .width = arena_array(b->mem, double, (size_t)list->count + 1) };

	if (begin_sheet(&l, err) < 0 || list->rows(list->self, each_row, &l, err) < 0)
		return -1;
	end_sheet(&l);
	return 0;
}

/* ------------------------------------------------------------------ conclusions */

static int
conclusions(void *self, int (*row)(void *to, const char *const *cells, struct error *err), void *to, struct error *err)
{
	static const struct { const char *tone, *word; } said[] = { { "red", "Rött" }, { "act", "Behöver beslut" }, { "good", "I ordning" } };
	const struct document *document = self;
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(document->page, "conclusions"), i, one) {
		const char *tone = json_text(one, "tone"), *word = "Att veta";

		for (size_t k = 0; tone && k < sizeof(said) / sizeof(*said); k++)
			word = strcmp(tone, said[k].tone) == 0 ? said[k].word : word;
		if (row(to, (const char *[]){ word, json_text(one, "text"), json_text(one, "detail") }, err) < 0)
			return -1;
	}
	return 0;
}

static int
put_all(struct book *b, const struct document *document, struct error *err)
{
	static const struct document_column columns[] = {
		{ "tone", "Slag", CELL_TEXT }, { "text", "Slutsats", CELL_TEXT }, { "detail", "Närmare", CELL_TEXT },
	};
	struct document copy = *document;
	const struct document_list list = { "conclusions", "Slutsatser", columns, 3, &copy, conclusions };

	b->head = workbook_add_format(b->book);
	format_set_bold(b->head);
	format_set_bg_color(b->head, 0xe8ecef);
	format_set_bottom(b->head, LXW_BORDER_THIN);
	b->wrap = workbook_add_format(b->book);
	format_set_text_wrap(b->wrap);
	b->day = workbook_add_format(b->book);
	format_set_num_format(b->day, "yyyy-mm-dd");
	b->moment = workbook_add_format(b->book);
	format_set_num_format(b->moment, "yyyy-mm-dd hh:mm");
	if (put_list(b, &list, err) < 0)
		return -1;
	for (int i = 0; i < document->list_count; i++)
		if (put_list(b, &document->lists[i], err) < 0)
			return error_in(err, "the list '%s'", document->lists[i].id);
	return 0;
}

static char *
lent(struct arena *mem, const char *text)
{
	return arena_text(mem, first(mem, clean(mem, text ? text : ""), 200));
}

int
book_of(struct arena *mem, const struct document *document, int64_t at, long long rows, const struct file_draft *draft, struct error *err)
{
	const char *slash = strrchr(draft->temporary, '/');
	lxw_workbook_options options = {
		.constant_memory = LXW_TRUE,
		.tmpdir = slash ? arena_copy(mem, draft->temporary, (size_t)(slash - draft->temporary)) : arena_text(mem, "."),
	};
	lxw_doc_properties about = {
		.title = lent(mem, json_text(document->page, "title")), .company = lent(mem, json_text(document->page, "organisation")),
		.author = lent(mem, json_text(document->page, "organisation")), .subject = lent(mem, json_text(document->page, "dnr")),
		.created = (time_t)at,
	};
	struct book b = { .mem = mem, .rows = rows, .book = workbook_new_opt(draft->temporary, &options) };
	lxw_error code;
	int rc;

	if (!b.book)
		return error_set(err, ERROR_SOURCE, "cannot begin the workbook '%s'", draft->path);
	workbook_set_properties(b.book, &about);
	rc = put_all(&b, document, err);
	code = workbook_close(b.book);
	return rc < 0 || code == LXW_NO_ERROR ? rc : failed(code, draft->path, err);
}

int
document_book(struct arena *mem, const struct document *document, int64_t at, const struct file_draft *draft, struct error *err)
{
	return book_of(mem, document, at, BOOK_ROWS, draft, err);
}
