/* SPDX-License-Identifier: GPL-3.0-or-later */
/* paper.c - a document as a PDF to register and keep: conclusions, what deviates, plots; the lists as files inside it. */
#include "document_p.h"
#include "behov/plot.h"
#include "behov/digest.h"
#include "behov/pdf.h"

#define INSIDE_MOST ((size_t)16 << 20)  /* bytes of lists: a longer one stays beside, and its digest inside */
#define ROWS_MOST   30                  /* of a list that are shown */
#define COLUMNS_MOST 9
#define IN_FRAME    3                   /* conclusions in a frame: of what a frame shows, 12 lines, four each */
#define FRAMED_MOST 6                   /* that stand out so */

/* ------------------------------------------------------------------ a list as a file */

/* What is written to it: kept as long as it is short, counted and digested in any case. */
struct measured { struct text bytes, line; struct digest *digest; long long len; };

static void
measure(struct measured *m)
{
	m->len += (long long)m->line.len;
	digest_add(m->digest, m->line.data, m->line.len);
	if ((size_t)m->len <= INSIDE_MOST)
		text_bytes(&m->bytes, m->line.data, m->line.len);
}

static void
open_measured(struct measured *m, int columns)
{
	*m = (struct measured){ .digest = digest_open() };
	text_open(&m->bytes, INSIDE_MOST);
	text_open(&m->line, CSV_MOST * (size_t)columns);
}

/* Gives its digest. */
static const char *
close_measured(struct arena *mem, struct measured *m)
{
	unsigned char sum[DIGEST_SIZE];

	digest_close(m->digest, sum);
	text_close(&m->bytes);
	text_close(&m->line);
	m->digest = NULL;
	return digest_hex(mem, sum, sizeof(sum));
}

/* How much of a list is shown, and which of its columns. */
struct shown { int columns[COLUMNS_MOST], count; long long rows, most; };

struct paper {
	struct sink sink;
	struct arena *mem;
	struct pdf *doc;
	const struct document *document;
	FILE *out;
	size_t inside;
	/* the list that is on its way */
	const struct document_list *list;
	struct measured measured;
	struct shown shown;
};

/* Into the file, when there is room for it there. */
static bool
attach(struct paper *p)
{
	const struct measured *m = &p->measured;
	struct pdf_file *file;

	if (p->inside + (size_t)m->len > INSIDE_MOST)
		return false;
	file = arena_new(p->mem, struct pdf_file);
	*file = (struct pdf_file){ arena_print(p->mem, "%s.csv", p->list->id), "text/csv", p->list->title, PDF_SOURCE,
				   arena_copy(p->mem, m->bytes.data, m->bytes.len), m->bytes.len };
	pdf_attach(p->doc, file);
	p->inside += (size_t)m->len;
	return true;
}

/* ------------------------------------------------------------------ a list as a table */

/* Who reads paper follows no link, no number and no id of ours: what they are about is said by name beside. */
static bool
for_programs(const char *list, const char *column)
{
	static const struct { const char *list, *column; } hidden[] = {
		{ NULL, "proposal" }, { NULL, "server" }, { NULL, "together" }, { NULL, "source" }, { NULL, "key" }, { NULL, "guid" },
		{ "removals", "system" }, { "removals", "role" }, { "removals", "group" }, { "removals", "note" }, { "kept", "system" }, { "kept", "role" },
		{ "accounts", "system" }, { "accounts", "role" }, { "findings", "kind" }, { "findings", "system" }, { "findings", "role" },
		{ "findings", "series" }, { "findings", "share" }, { "protocols", "bytes" }, { "waiting", "needs" }, { "waiting", "class" }, { "waiting", "note" },
		{ "going", "needs" }, { "going", "class" }, { "going", "note" }, { "gallring", "action" }, { "gallring", "decided" },
		{ "gallring", "overdue_since" },
	};

	for (size_t i = 0; i < sizeof(hidden) / sizeof(*hidden); i++)
		if (strcmp(column, hidden[i].column) == 0 && (!hidden[i].list || strcmp(list, hidden[i].list) == 0))
			return true;
	return false;
}

/* Everybody's access, every decision: in the file inside. */
static bool
only_counted(const char *list)
{
	return strcmp(list, "access") == 0 || strcmp(list, "decisions") == 0;
}

static const char *
cell_text(struct arena *mem, enum cell type, const char *cell)
{
	int64_t moment;

	if (!cell)
		return NULL;
	if (type == CELL_MOMENT && clock_parse(cell, &moment) == 0)
		return clock_local(mem, moment);
	if (type == CELL_NUMBER && cell_is_plain(type, cell) && strlen(cell) <= 15)
		return text_count(mem, strtoll(cell, NULL, 10));
	return arena_text(mem, cell);
}

static void
begin_table(struct paper *p)
{
	struct pdf_column columns[COLUMNS_MOST];
	struct shown *s = &p->shown;

	for (int i = 0; i < p->list->count && s->count < COLUMNS_MOST; i++) {
		const struct document_column *c = &p->list->columns[i];

		if (for_programs(p->list->id, c->id))
			continue;
		columns[s->count] = (struct pdf_column){ .head = c->title, .number = c->type == CELL_NUMBER, .strong = s->count == 0,
							 .share = c->type == CELL_DAY ? 1 : c->type == CELL_MOMENT ? 1.2 : 1.5 };
		s->columns[s->count++] = i;
	}
	pdf_table(p->doc, columns, (size_t)s->count, NULL);
}

static void
show_row(struct paper *p, const char *const *cells)
{
	struct shown *s = &p->shown;
	const char **copy;

	if (s->rows++ >= s->most)
		return;
	if (s->rows == 1)
		begin_table(p);
	copy = arena_array(p->mem, const char *, COLUMNS_MOST);
	for (int i = 0; i < s->count; i++)
		copy[i] = cell_text(p->mem, p->list->columns[s->columns[i]].type, cells[s->columns[i]]);
	pdf_row(p->doc, copy);
}

/* How many of them a reader finds where. */
static const char *
where_text(const struct paper *p, bool attached, const char *digest)
{
	const struct shown *s = &p->shown;
	struct arena *mem = p->mem;
	const char *rows = s->rows == 1 ? "1 rad" : arena_print(mem, "%s rader", text_count(mem, s->rows));
	const char *all = s->rows > s->most ? arena_print(mem, "%s; de första %lld visas. ", rows, s->most) : arena_print(mem, "%s. ", rows);

	return attached ? arena_print(mem, "%sHela listan ligger i den här filen som %s.csv. SHA-256: %s", s->most ? all : arena_print(mem, "%s. ", rows),
				      p->list->id, digest)
			: arena_print(mem, "%sListan är för stor för den här filen och ligger bredvid som CSV. SHA-256 utan BOM: %s",
				      s->most ? all : arena_print(mem, "%s. ", rows), digest);
}

/* ------------------------------------------------------------------ lists, as they come */

static int
begin(struct sink *sink, const struct document_list *list, struct error *err)
{
	struct paper *p = (struct paper *)sink;

	p->list = list;
	p->shown = (struct shown){ .most = only_counted(list->id) ? 0 : ROWS_MOST };
	open_measured(&p->measured, list->count);
	pdf_heading(p->doc, 3, list->title);
	if (csv_heads(&p->measured.line, list, err) < 0)
		return -1;
	measure(&p->measured);
	return 0;
}

static int
row(struct sink *sink, const char *const *cells, struct error *err)
{
	struct paper *p = (struct paper *)sink;

	show_row(p, cells);
	if (csv_row(&p->measured.line, p->list, cells, err) < 0)
		return -1;
	measure(&p->measured);
	return 0;
}

static int
end(struct sink *sink, struct error *err)
{
	struct paper *p = (struct paper *)sink;
	bool attached = attach(p);

	(void)err;
	pdf_note(p->doc, where_text(p, attached, close_measured(p->mem, &p->measured)));
	return 0;
}

/* ------------------------------------------------------------------ the first page */

static const char *
conclusion_text(struct arena *mem, const json_t *one)
{
	const char *text = json_text(one, "text"), *detail = json_text(one, "detail");

	return arena_print(mem, "%s%s%s", text ? text : "", detail && *detail ? " " : "", detail ? detail : "");
}

/* Each on a line of its own. */
static const char *
framed_text(struct arena *mem, const char *const *items, size_t count)
{
	const char *out = arena_print(mem, "• %s", items[0]);

	for (size_t i = 1; i < count; i++)
		out = arena_print(mem, "%s\n• %s", out, items[i]);
	return out;
}

/* In as few frames as there must be, about as many in each. */
static size_t
put_frames(struct paper *p, const char *const *items, size_t count)
{
	size_t frames = (count + IN_FRAME - 1) / IN_FRAME, each = frames ? (count + frames - 1) / frames : 0;

	if (count == 1)
		pdf_frame(p->doc, PDF_ALERT, items[0]);
	for (size_t i = 0; i < count && count > 1; i += each)
		pdf_frame(p->doc, PDF_ALERT, framed_text(p->mem, items + i, count - i < each ? count - i : each));
	return count;
}

/* Those of a tone, under its name: what is red in frames, as long as there are few enough, and the rest as a list. */
static void
of_tone(struct paper *p, int tone, const json_t *all)
{
	const char **items = arena_array(p->mem, const char *, json_array_size(all) + 1);
	size_t count = 0, framed = 0, i;
	const json_t *one;

	json_array_foreach(all, i, one)
		if (document_tone(one) == tone)
			items[count++] = conclusion_text(p->mem, one);
	if (count)
		pdf_heading(p->doc, 3, document_tones[tone].title);
	if (tone == TONE_RED)
		framed = put_frames(p, items, count < FRAMED_MOST ? count : FRAMED_MOST);
	if (framed < count)
		pdf_list(p->doc, items + framed, count - framed);
}

static void
conclusions(struct paper *p)
{
	const json_t *all = json_object_get(p->document->page, "conclusions");

	if (!json_array_size(all))
		return;
	pdf_heading(p->doc, 2, "Slutsatser");
	for (int tone = 0; tone < TONES; tone++)
		of_tone(p, tone, all);
}

/* What the page says under those keys, where it does. */
static void
facts(struct paper *p, const struct pdf_fact *of, size_t count)
{
	struct pdf_fact *all = arena_array(p->mem, struct pdf_fact, count);
	size_t used = 0;

	for (size_t i = 0; i < count; i++) {
		const json_t *value = json_object_get(p->document->page, of[i].value);

		if (json_is_integer(value))
			all[used++] = (struct pdf_fact){ of[i].name, text_count(p->mem, json_integer_value(value)) };
		else if (json_is_string(value))
			all[used++] = (struct pdf_fact){ of[i].name, json_string_value(value) };
	}
	if (used)
		pdf_facts(p->doc, all, used);
}

/* Four of the page's figures. */
static void
figures(struct paper *p)
{
	static const struct pdf_fact of[] = { { "personer med behörighet", "people" }, { "behörigheter", "access" },
					      { "nya och borttagna", "changed" }, { "väntar på svar", "waiting" } };
	const json_t *said = json_object_get(p->document->page, "figures");
	struct pdf_fact *all = arena_array(p->mem, struct pdf_fact, 4);
	size_t used = 0;

	for (size_t i = 0; i < 4; i++)
		if (json_text(said, of[i].value))
			all[used++] = (struct pdf_fact){ of[i].name, json_text(said, of[i].value) };
	if (used)
		pdf_figures(p->doc, all, used);
}

/* What was read, and what was not: a report says of whom it speaks. */
static void
population(struct paper *p)
{
	static const struct pdf_column columns[] = { { .head = "Källa", .strong = true }, { .head = "Läst under", .share = 1.2 }, { .head = "Sett", .share = 1.2 },
						     { .head = "Inte sett", .share = 1.2 } };
	const json_t *sources = json_object_get(p->document->page, "sources"), *gaps = json_object_get(p->document->page, "gaps"), *one;
	const char **items = arena_array(p->mem, const char *, json_array_size(gaps) + 1);
	size_t i;

	if (json_array_size(sources))
		pdf_table(p->doc, columns, 4, "Vad som lästes");
	json_array_foreach(sources, i, one)
		pdf_row(p->doc, (const char *[]){ json_text(one, "source"), json_text(one, "base"), json_text(one, "seen"), json_text(one, "unseen") });
	json_array_foreach(gaps, i, one)
		items[i] = arena_print(p->mem, "Lucka: %s (sedan %s)", json_text(one, "text"), json_text(one, "since") ? json_text(one, "since") : "-");
	if (json_array_size(gaps))
		pdf_list(p->doc, items, json_array_size(gaps));
}

/* All that stands before the lists. */
static void
put_first(struct paper *p, const char *title)
{
	static const struct pdf_fact first[] = { { "Tid", "period" }, { "Diarienummer", "dnr" }, { "Omfattning", "scope" } };

	pdf_note(p->doc, json_text(p->document->page, "organisation") ? json_text(p->document->page, "organisation") : "");
	pdf_heading(p->doc, 1, title);
	facts(p, first, sizeof(first) / sizeof(*first));
	figures(p);
	conclusions(p);
	if (p->document->plot_count) {
		pdf_page(p->doc);               /* page one is the conclusions' own */
		pdf_heading(p->doc, 2, "Utveckling");
	}
	for (int i = 0; i < p->document->plot_count; i++)
		plot_pdf(p->mem, p->doc, &p->document->plots[i]);
	if (p->document->list_count)
		pdf_heading(p->doc, 2, "Listor");
}

static int
put_rest(struct paper *p, struct error *err)
{
	static const struct pdf_fact proof[] = { { "Senaste natt", "last_night" }, { "Nätter", "nights" }, { "Nätter med luckor", "nights_gaps" },
						 { "Nätter som misslyckades", "nights_failed" }, { "Reglernas fingeravtryck", "rules" },
						 { "Fingeravtryck av allt som lästes", "seen_digest" }, { "Kedjans huvud", "chain_head" },
						 { "Kedjan", "chain_broken" }, { "Kedjans underskrift", "chain_sealed" }, { "Rapporten", "keep" } };
	const char *bytes;
	size_t len;

	pdf_heading(p->doc, 2, "Vad rapporten vilar på");
	facts(p, proof, sizeof(proof) / sizeof(*proof));
	population(p);
	if (pdf_make(p->doc, &bytes, &len, err) < 0)
		return -1;
	return fwrite(bytes, 1, len, p->out) == len ? 0 : error_sys(err, ERROR_SOURCE, "cannot write the report");
}

static int
finish(struct sink *sink, bool whole, struct error *err)
{
	struct paper *p = (struct paper *)sink;

	if (p->measured.digest)
		close_measured(p->mem, &p->measured);
	return whole ? put_rest(p, err) : 0;
}

struct sink *
paper_sink(struct arena *mem, const struct document *document, int64_t at, FILE *out)
{
	const char *title = json_text(document->page, "title") ? json_text(document->page, "title") : "Rapport";
	struct pdf_about about = { .title = title, .mark = json_text(document->page, "dnr"), .author = json_text(document->page, "organisation"),
				   .now = at };
	struct paper *p = arena_new(mem, struct paper);

	*p = (struct paper){ .sink = { begin, row, end, finish }, .mem = mem, .doc = pdf_open(mem, &about), .document = document, .out = out };
	put_first(p, title);
	return &p->sink;
}
