/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * book.c - a document as a workbook: a sheet of conclusions, and one or more for each list.
 *
 * Written straight as the XML that it is (ECMA-376), row by row into the ZIP: how wide a column must be, and which row is the last, stand
 * before the rows in a sheet, and have their room there.  Rows are much alike: what a cell becomes is kept until it changes.
 */
#include "document_p.h"

#include <ctype.h>
#include <math.h>

#define TEXT_MOST  32000                /* units of UTF-16; a cell holds 32,767 */
#define NAME_MOST  31                   /* of a sheet's name */
#define WIDTH_MOST 60
#define LINE_HIGH  15                   /* points */
#define LINES_MOST 27                   /* a row is at most 409 points high */
#define DIGITS     15                   /* more, and a spreadsheet rounds: then it is a text */
#define COLUMNS_MOST 26                 /* A to Z */
#define HEAD_MOST  (size_t)(1024 + 80 * COLUMNS_MOST)
#define LINE_MOST  ((size_t)32 << 20)
#define DAY_SECONDS 86400
#define SHEET_MOST (INT64_C(3) << 30)   /* bytes of a sheet; more, and another begins */

/* cell: the last that stood in the column; xml: what it became, without its place; lines: how many it takes. */
struct column { struct text cell, xml; double taken, width; int lines; };

struct book {
	struct sink sink;
	struct arena *mem;
	const struct document *document;
	int64_t at;
	struct zip *zip;
	long long rows;                 /* of a sheet, at most */
	struct sheets sheets;
	/* a list on its way into sheets */
	const struct document_list *list;
	bool open;                      /* a sheet is */
	int number;                     /* of its sheets so far */
	long long row, bytes;           /* the next, from 1; of the sheet */
	struct column columns[COLUMNS_MOST];
	struct text line;
};

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

/* A spreadsheet counts in units of UTF-16: of the byte that begins a character, 2 when it lies beyond the first 65,536; 0 of the others. */
static size_t
units(char first)
{
	unsigned char c = (unsigned char)first;

	return (c & 0xc0) == 0x80 ? 0 : c >= 0xf0 ? 2 : 1;
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

const char *
book_text(struct arena *mem, const char *raw)
{
	const char *text, *out;
	size_t count = 0;
	struct text t;

	if (is_clean(raw))
		return raw;
	text = text_straight(mem, text_is_utf8(raw, strlen(raw)) ? raw : name_show(mem, raw));
	text_open(&t, strlen(text) * 8 + 16);
	for (const char *at = text; *at; at++) {
		unsigned char c = (unsigned char)*at;

		count += units(*at);
		if (count > TEXT_MOST) {
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

/* ------------------------------------------------------------------ cells */

void
book_escape(struct text *t, const char *raw)
{
	for (size_t len; *raw; raw += len) {
		len = strcspn(raw, "&<>");
		text_bytes(t, raw, len);
		if (!raw[len])
			return;
		text_add(t, raw[len] == '&' ? "&amp;" : raw[len] == '<' ? "&lt;" : "&gt;");
		len++;
	}
}

static void
put_text(struct text *t, const char *text, enum style style)
{
	size_t len = strlen(text);
	bool keep = len && (isspace((unsigned char)text[0]) || isspace((unsigned char)text[len - 1]));

	if (style)
		text_print(t, " s=\"%d\"", (int)style);
	text_add(t, keep ? " t=\"inlineStr\"><is><t xml:space=\"preserve\">" : " t=\"inlineStr\"><is><t>");
	book_escape(t, text);
	text_add(t, "</t></is></c>");
}

/* As many digits as a spreadsheet holds, and one more: to the tenth of a microsecond. */
static void
put_moment(struct text *t, day_t day, int second, enum style style)
{
	long long part = (second * INT64_C(1000000000000) + DAY_SECONDS / 2) / DAY_SECONDS;
	char digits[16], *end = digits + 12;

	for (int i = 11; i >= 0; i--, part /= 10)
		digits[i] = (char)('0' + part % 10);
	while (end > digits && end[-1] == '0')
		end--;
	text_print(t, " s=\"%d\"><v>%d", (int)style, (int)(day - day_make(1899, 12, 30)));
	if (end > digits)
		text_char(t, '.');
	text_bytes(t, digits, (size_t)(end - digits));
	text_add(t, "</v></c>");
}

/* A spreadsheet's days begin in 1900, with a 29 February that never was, and end with 9999. */
static bool
is_datable(day_t day)
{
	return day != DAY_NONE && day >= day_make(1900, 3, 1) && day <= day_make(9999, 12, 31);
}

/* How many lines a text takes in the widest column, words being broken at spaces: not every program finds that out by itself. */
static int
high(const char *text)
{
	size_t lines = 0;

	while (*text && lines < LINES_MOST) {
		size_t len = strcspn(text, "\n"), letters = 0;

		for (size_t i = 0; i < len; i++)
			letters += ((unsigned char)text[i] & 0xc0) != 0x80;
		lines += letters > WIDTH_MOST ? letters / (WIDTH_MOST - 8) + 1 : 1;
		text += len + (text[len] == '\n');
	}
	return lines > LINES_MOST ? LINES_MOST : lines ? (int)lines : 1;
}

/* What its type says, when it is that; else the text that it is. */
static void
encode(struct column *c, enum cell type, const char *cell)
{
	struct arena *brief;
	int64_t moment;

	c->lines = 1;
	if (type == CELL_NUMBER && cell_is_plain(type, cell) && strlen(cell) <= DIGITS && (*cell != '0' || !cell[1])) {
		c->taken = wide(cell) * 4 / 3;
		text_print(&c->xml, "><v>%.16G</v></c>", strtod(cell, NULL));
		return;
	}
	if (type == CELL_DAY && cell_is_plain(type, cell) && is_datable(day_parse(cell))) {
		c->taken = 10;
		put_moment(&c->xml, day_parse(cell), 0, STYLE_DAY);
		return;
	}
	if (type == CELL_MOMENT && clock_parse(cell, &moment) == 0 && is_datable(clock_day(moment))) {
		c->taken = 16;
		put_moment(&c->xml, clock_day(moment), clock_minute(moment) * 60 + (int)(((moment % 60) + 60) % 60), STYLE_MOMENT);
		return;
	}
	brief = arena_open();
	cell = book_text(brief, cell);
	c->taken = wide(cell);
	c->lines = high(cell);
	put_text(&c->xml, cell, c->taken > WIDTH_MOST || strchr(cell, '\n') ? STYLE_WRAP : STYLE_NONE);
	arena_close(brief);
}

/* Gives how many lines it takes. */
static int
know_cell(struct book *b, int i, const char *cell)
{
	struct column *c = &b->columns[i];

	if (!c->cell.len || strcmp(c->cell.data, cell) != 0) {
		c->cell.len = c->xml.len = 0;
		text_add(&c->cell, cell);
		encode(c, b->list->columns[i].type, cell);
		c->width = c->taken > c->width ? c->taken : c->width;
	}
	return c->lines;
}

static void
put_cell(struct book *b, int i, const char *row)
{
	struct column *c = &b->columns[i];
	const char place[] = { '<', 'c', ' ', 'r', '=', '"', (char)('A' + i), '\0' };

	text_bytes(&b->line, place, sizeof(place) - 1);
	text_add(&b->line, row);
	text_bytes(&b->line, c->xml.data, c->xml.len);
}

static int
put_line(struct book *b, struct error *err)
{
	if (b->line.full)
		return error_set(err, ERROR_SOURCE, "a row of '%s' is too long", b->list->id);
	zip_write(b->zip, b->line.data, b->line.len);
	b->bytes += (long long)b->line.len;
	b->line.len = 0;
	return 0;
}

/* ------------------------------------------------------------------ sheets */

static bool
is_taken(const struct book *b, const char *name)
{
	if (strcmp(text_fold(b->mem, name), "history") == 0)    /* Excel's own */
		return true;
	for (size_t i = 0; i < b->sheets.list.count; i++)
		if (strcmp(text_fold(b->mem, b->sheets.list.items[i].name), text_fold(b->mem, name)) == 0)
			return true;
	return false;
}

const char *
book_first(struct arena *mem, const char *text, size_t most)
{
	size_t at = 0, count = 0;

	while (text[at] && count + units(text[at]) <= most)
		count += units(text[at++]);
	return arena_copy(mem, text, at);
}

/* No sheet may have these in its name, nor ' at its ends, nor the name of another. */
static const char *
name_for(struct book *b, const char *title, int number)
{
	const char *more = number > 1 ? arena_print(b->mem, " (%d)", number) : "", *out;
	char *plain = arena_text(b->mem, book_text(b->mem, title));

	for (char *at = plain; *at; at++)
		*at = strchr("[]:*?/\\'\n\t", *at) ? ' ' : *at;
	for (size_t len = strlen(plain); len && plain[len - 1] == ' '; len--)
		plain[len - 1] = '\0';
	plain = *plain ? plain : arena_text(b->mem, "Lista");
	out = arena_print(b->mem, "%s%s", book_first(b->mem, plain, NAME_MOST - strlen(more)), more);
	for (int i = 2; is_taken(b, out); i++) {
		const char *other = arena_print(b->mem, " %d%s", i, more);

		out = arena_print(b->mem, "%s%s", book_first(b->mem, plain, NAME_MOST - strlen(other)), other);
	}
	*arena_push(b->mem, &b->sheets.list) = (struct sheet){ .name = out, .columns = b->list->count };
	return out;
}

/* As a spreadsheet counts it: in digits of seven points, with five around them, and in parts of 256. */
static double
column_width(const struct column *c)
{
	double digits = c->width < WIDTH_MOST ? c->width + 2 : WIDTH_MOST;

	return floor((floor(digits * 7 + 0.5) + 5) / 7 * 256) / 256;
}

static const char *
sheet_head(struct book *b)
{
	const char *out = arena_print(b->mem, BOOK_XML "<worksheet xmlns=\"" BOOK_SPREADSHEET "\" xmlns:r=\"" BOOK_OFFICE "relationships\"><sheetPr><pageSetUpPr fitToPage=\"1\"/>"
				      "</sheetPr><dimension ref=\"A1:%c%lld\"/><sheetViews><sheetView%s workbookViewId=\"0\"><pane ySplit=\"1\" topLeftCell=\"A2\""
				      " activePane=\"bottomLeft\" state=\"frozen\"/><selection pane=\"bottomLeft\"/></sheetView></sheetViews>"
				      "<sheetFormatPr defaultRowHeight=\"15\"/><cols>", 'A' + b->list->count - 1, b->row - 1,
				      b->sheets.list.count == 1 ? " tabSelected=\"1\"" : "");

	for (int i = 0; i < b->list->count; i++)
		out = arena_print(b->mem, "%s<col min=\"%d\" max=\"%d\" width=\"%.16G\" customWidth=\"1\"/>", out, i + 1, i + 1, column_width(&b->columns[i]));
	return arena_print(b->mem, "%s</cols>", out);
}

static int
end_sheet(struct book *b, struct error *err)
{
	if (!b->open)
		return 0;
	b->open = false;
	b->sheets.list.items[b->sheets.list.count - 1].rows = b->row - 1;
	text_print(&b->line, "</sheetData><autoFilter ref=\"A1:%c%lld\"/><pageMargins left=\"0.7\" right=\"0.7\" top=\"0.75\" bottom=\"0.75\" header=\"0.3\""
		   " footer=\"0.3\"/><pageSetup paperSize=\"9\" fitToHeight=\"0\" orientation=\"landscape\"/></worksheet>",       /* paper 9: A4 */
		   'A' + b->list->count - 1, b->row - 1);
	return put_line(b, err) < 0 ? -1 : zip_end(b->zip, sheet_head(b), err);
}

static int
begin_sheet(struct book *b, struct error *err)
{
	const struct document_list *list = b->list;

	name_for(b, list->title, ++b->number);
	zip_begin(b->zip, arena_print(b->mem, "xl/worksheets/sheet%zu.xml", b->sheets.list.count), HEAD_MOST);
	b->open = true;
	b->bytes = 0;
	b->row = 2;
	text_add(&b->line, "<sheetData><row r=\"1\">");
	for (int i = 0; i < list->count; i++) {
		const char *title = book_text(b->mem, list->columns[i].title);

		text_print(&b->line, "<c r=\"%c1\"", 'A' + i);
		put_text(&b->line, title, STYLE_HEAD);
		b->columns[i].cell.len = b->columns[i].xml.len = 0;
		b->columns[i].width = wide(title) + 3;          /* and the button of its filter */
	}
	text_add(&b->line, "</row>");
	return put_line(b, err);
}

static int
begin(struct sink *sink, const struct document_list *list, struct error *err)
{
	struct book *b = (struct book *)sink;

	if (list->count > COLUMNS_MOST)
		return error_set(err, ERROR_SOURCE, "'%s' has too many columns", list->id);
	b->list = list;
	b->number = 0;
	return begin_sheet(b, err);
}

static int
row(struct sink *sink, const char *const *cells, struct error *err)
{
	struct book *b = (struct book *)sink;
	char place[32];
	int lines = 1;

	if ((b->row > b->rows || b->bytes > SHEET_MOST) && (end_sheet(b, err) < 0 || begin_sheet(b, err) < 0))
		return -1;
	snprintf(place, sizeof(place), "%lld\"", b->row++);
	for (int i = 0; i < b->list->count; i++) {
		int high = cells[i] && *cells[i] ? know_cell(b, i, cells[i]) : 1;

		lines = high > lines ? high : lines;
	}
	text_add(&b->line, "<row r=\"");
	text_add(&b->line, place);
	if (lines > 1)
		text_print(&b->line, " ht=\"%d\" customHeight=\"1\"", lines * LINE_HIGH);
	text_char(&b->line, '>');
	for (int i = 0; i < b->list->count; i++)
		if (cells[i] && *cells[i])
			put_cell(b, i, place);
	text_add(&b->line, "</row>");
	return put_line(b, err);
}

static int
end(struct sink *sink, struct error *err)
{
	return end_sheet((struct book *)sink, err);
}

/* ------------------------------------------------------------------ conclusions */

static int
conclusions(void *self, int (*each)(void *to, const char *const *cells, struct error *err), void *to, struct error *err)
{
	const struct document *document = self;
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(document->page, "conclusions"), i, one)
		if (each(to, (const char *[]){ document_tones[document_tone(one)].title, json_text(one, "text"), json_text(one, "detail") }, err) < 0)
			return -1;
	return 0;
}

static int
conclusion_row(void *self, const char *const *cells, struct error *err)
{
	return row(self, cells, err);
}

static int
put_conclusions(struct book *b, struct error *err)
{
	static const struct document_column columns[] = {
		{ "tone", "Slag", CELL_TEXT }, { "text", "Slutsats", CELL_TEXT }, { "detail", "Närmare", CELL_TEXT },
	};
	struct document copy = *b->document;
	const struct document_list list = { "conclusions", "Slutsatser", columns, 3, &copy, conclusions };

	if (begin(&b->sink, &list, err) < 0 || list.rows(list.self, conclusion_row, b, err) < 0)
		return -1;
	return end(&b->sink, err);
}

/* ------------------------------------------------------------------ the book */

static int
finish(struct sink *sink, bool whole, struct error *err)
{
	struct book *b = (struct book *)sink;
	int rc = whole ? package_end(b->mem, b->zip, &b->sheets, b->document->page, b->at, err) : 0;

	if (zip_close(b->zip, whole && rc == 0, err) < 0)
		rc = -1;
	for (int i = 0; i < COLUMNS_MOST; i++) {
		text_close(&b->columns[i].cell);
		text_close(&b->columns[i].xml);
	}
	text_close(&b->line);
	return rc;
}

struct sink *
book_sink(struct arena *mem, const struct document *document, int64_t at, long long rows, FILE *out, struct error *err)
{
	struct book *b = arena_new(mem, struct book);

	*b = (struct book){ .sink = { begin, row, end, finish }, .mem = mem, .document = document, .at = at, .rows = rows,
			    .zip = zip_open(mem, out, err) };
	if (!b->zip)
		return NULL;
	for (int i = 0; i < COLUMNS_MOST; i++) {
		text_open(&b->columns[i].cell, LINE_MOST);
		text_open(&b->columns[i].xml, LINE_MOST);
	}
	text_open(&b->line, LINE_MOST);
	if (package_begin(b->zip, err) == 0 && put_conclusions(b, err) == 0)
		return &b->sink;
	finish(&b->sink, false, NULL);
	return NULL;
}
