/* SPDX-License-Identifier: GPL-3.0-or-later */
/* paper.c - a document as a PDF to register and keep: conclusions, what deviates, plots; the lists as files inside it. */
#include "document_p.h"
#include "behov/plot.h"
#include "behov/digest.h"
#include "behov/pdf.h"

#define INSIDE_MOST ((size_t)16 << 20)  /* bytes of lists: a longer one stays beside, and its digest inside */
#define ROWS_MOST   30                  /* of a list that are shown */
#define COLUMNS_MOST 6
#define FRAMES_MOST 6                   /* conclusions that stand out */

/* ------------------------------------------------------------------ a list as a file */

/* What is written to it: kept as long as it is short, counted and digested in any case. */
struct measured { struct text bytes; struct digest *digest; long long len; };

static ssize_t
measure(void *self, const char *bytes, size_t len)
{
	struct measured *m = self;

	m->len += (long long)len;
	digest_add(m->digest, bytes, len);
	if ((size_t)m->len <= INSIDE_MOST)
		text_bytes(&m->bytes, bytes, len);
	return (ssize_t)len;
}

static int
write_measured(const struct document_list *list, struct measured *m, struct error *err)
{
	FILE *out = fopencookie(m, "w", (cookie_io_functions_t){ .write = measure });
	int rc;

	if (!out)
		return error_sys(err, ERROR_SOURCE, "cannot write the list '%s'", list->id);
	rc = list_csv(list, false, out, err);
	if (fclose(out) != 0 && rc == 0)
		rc = error_sys(err, ERROR_SOURCE, "cannot write the list '%s'", list->id);
	return rc;
}

struct paper { struct arena *mem; struct pdf *doc; const struct document *document; size_t inside; };

/* Gives its digest; *attached: it is inside. */
static int
attach(struct paper *p, const struct document_list *list, const char **digest, bool *attached, struct error *err)
{
	struct measured m = { .digest = digest_open() };
	unsigned char sum[DIGEST_SIZE];
	int rc;

	text_open(&m.bytes, INSIDE_MOST);
	rc = write_measured(list, &m, err);
	digest_close(m.digest, sum);
	*digest = digest_hex(p->mem, sum, sizeof(sum));
	*attached = rc == 0 && p->inside + (size_t)m.len <= INSIDE_MOST;
	if (*attached) {
		struct pdf_file *file = arena_new(p->mem, struct pdf_file);

		*file = (struct pdf_file){ arena_print(p->mem, "%s.csv", list->id), "text/csv", list->title, PDF_SOURCE,
					   arena_copy(p->mem, m.bytes.data, m.bytes.len), m.bytes.len };
		pdf_attach(p->doc, file);
		p->inside += (size_t)m.len;
	}
	text_close(&m.bytes);
	return rc;
}

/* ------------------------------------------------------------------ a list as a table */

struct shown { struct paper *p; const struct document_list *list; int columns[COLUMNS_MOST], count; long long rows, most; };

/* Who reads paper follows no link and no number of ours. */
static bool
for_programs(const char *column)
{
	static const char *const ids[] = { "proposal", "server", "together", "source", "key", "guid" };

	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++)
		if (strcmp(column, ids[i]) == 0)
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
begin_table(struct shown *s)
{
	struct pdf_column columns[COLUMNS_MOST];

	for (int i = 0; i < s->list->count && s->count < COLUMNS_MOST; i++) {
		const struct document_column *c = &s->list->columns[i];

		if (for_programs(c->id))
			continue;
		columns[s->count] = (struct pdf_column){ .head = c->title, .number = c->type == CELL_NUMBER, .strong = s->count == 0,
							 .share = c->type == CELL_DAY ? 0.8 : c->type == CELL_MOMENT ? 1 : 1.4 };
		s->columns[s->count++] = i;
	}
	pdf_table(s->p->doc, columns, (size_t)s->count, NULL);
}

static void
show_row(struct shown *s, const char *const *cells)
{
	const char **copy;

	if (s->rows++ >= s->most)
		return;
	if (s->rows == 1)
		begin_table(s);
	copy = arena_array(s->p->mem, const char *, COLUMNS_MOST);
	for (int i = 0; i < s->count; i++)
		copy[i] = cell_text(s->p->mem, s->list->columns[s->columns[i]].type, cells[s->columns[i]]);
	pdf_row(s->p->doc, copy);
}

/* How many of them a reader finds where. */
static const char *
where_text(const struct shown *s, bool attached, const char *digest)
{
	struct arena *mem = s->p->mem;
	const char *rows = s->rows == 1 ? "1 rad" : arena_print(mem, "%s rader", text_count(mem, s->rows));
	const char *all = s->rows > s->most ? arena_print(mem, "%s; de första %lld visas. ", rows, s->most) : arena_print(mem, "%s. ", rows);

	return attached ? arena_print(mem, "%sHela listan ligger i den här filen som %s.csv. SHA-256: %s", s->most ? all : arena_print(mem, "%s. ", rows),
				      s->list->id, digest)
			: arena_print(mem, "%sListan är för stor för den här filen och ligger bredvid som CSV. SHA-256 utan BOM: %s",
				      s->most ? all : arena_print(mem, "%s. ", rows), digest);
}

/* Both shown and written, in one walk. */
struct both { struct shown *s; int (*row)(void *to, const char *const *cells, struct error *err); void *to; };

static int
both_row(void *self, const char *const *cells, struct error *err)
{
	struct both *b = self;

	show_row(b->s, cells);
	return b->row(b->to, cells, err);
}

static int
both_rows(void *self, int (*row)(void *to, const char *const *cells, struct error *err), void *to, struct error *err)
{
	struct shown *s = self;
	struct both b = { s, row, to };

	return s->list->rows(s->list->self, both_row, &b, err);
}

static int
add_list(struct paper *p, const struct document_list *list, struct error *err)
{
	struct shown s = { .p = p, .list = list, .most = only_counted(list->id) ? 0 : ROWS_MOST };
	struct document_list both = *list;
	const char *digest;
	bool attached;

	both.self = &s;
	both.rows = both_rows;
	pdf_heading(p->doc, 3, list->title);
	if (attach(p, &both, &digest, &attached, err) < 0)
		return -1;
	pdf_note(p->doc, where_text(&s, attached, digest));
	return 0;
}

/* ------------------------------------------------------------------ the first page */

static const char *
conclusion_text(struct arena *mem, const char *word, const json_t *one)
{
	const char *text = json_text(one, "text"), *detail = json_text(one, "detail");

	return arena_print(mem, "%s%s%s%s", word, text ? text : "", detail && *detail ? " " : "", detail ? detail : "");
}

/* Those of a tone in frames, as long as there are few enough frames; *framed counts them. */
static void
frames(struct paper *p, const char *tone, enum pdf_tone colour, const char *word, int *framed)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(p->document->page, "conclusions"), i, one)
		if (json_text(one, "tone") && strcmp(json_text(one, "tone"), tone) == 0 && (*framed)++ < FRAMES_MOST)
			pdf_frame(p->doc, colour, conclusion_text(p->mem, word, one));
}

/* The others, and what had no room in frames. */
static void
conclusions(struct paper *p)
{
	static const struct { const char *tone, *word; } tones[] = { { "red", "Rött: " }, { "act", "Behöver beslut: " }, { "note", "Har ändrats: " },
								     { "good", "I ordning: " }, { NULL, "" } };
	const json_t *list = json_object_get(p->document->page, "conclusions"), *one;
	const char **items = arena_array(p->mem, const char *, json_array_size(list) + 1);
	int framed = 0, passed = 0;
	size_t count = 0, i;

	if (!json_array_size(list))
		return;
	pdf_heading(p->doc, 2, "Slutsatser");
	frames(p, "red", PDF_ALERT, tones[0].word, &framed);
	frames(p, "act", PDF_CALM, tones[1].word, &framed);
	for (int k = 0; k < 5; k++)
		json_array_foreach(list, i, one) {
			const char *tone = json_text(one, "tone") ? json_text(one, "tone") : "";
			int is = 0;

			while (tones[is].tone && strcmp(tone, tones[is].tone) != 0)
				is++;
			if (is == k && (k > 1 || ++passed > FRAMES_MOST))
				items[count++] = conclusion_text(p->mem, tones[k].word, one);
		}
	if (count)
		pdf_list(p->doc, items, count);
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

static int
add_all(struct paper *p, const char *title, struct error *err)
{
	static const struct pdf_fact first[] = { { "Kvartal", "quarter" }, { "Från", "from" }, { "Till och med", "until" },
						 { "Diarienummer", "dnr" }, { "Omfattning", "scope" }, { "Rapporten", "keep" } };
	static const struct pdf_fact proof[] = { { "Senaste natt", "last_night" }, { "Nätter", "nights" }, { "Nätter med luckor", "nights_gaps" },
						 { "Nätter som misslyckades", "nights_failed" }, { "Reglernas fingeravtryck", "rules" },
						 { "Fingeravtryck av allt som lästes", "seen_digest" }, { "Kedjans huvud", "chain_head" },
						 { "Kedjan", "chain_broken" }, { "Kedjans underskrift", "chain_sealed" } };

	pdf_note(p->doc, json_text(p->document->page, "organisation") ? json_text(p->document->page, "organisation") : "");
	pdf_heading(p->doc, 1, title);
	facts(p, first, sizeof(first) / sizeof(*first));
	figures(p);
	conclusions(p);
	if (p->document->plot_count)
		pdf_heading(p->doc, 2, "Utveckling");
	for (int i = 0; i < p->document->plot_count; i++)
		plot_pdf(p->mem, p->doc, &p->document->plots[i]);
	if (p->document->list_count)
		pdf_heading(p->doc, 2, "Listor");
	for (int i = 0; i < p->document->list_count; i++)
		if (add_list(p, &p->document->lists[i], err) < 0)
			return error_in(err, "the list '%s'", p->document->lists[i].id);
	pdf_heading(p->doc, 2, "Vad rapporten vilar på");
	facts(p, proof, sizeof(proof) / sizeof(*proof));
	population(p);
	return 0;
}

int
document_paper(struct arena *mem, const struct document *document, int64_t at, const char **bytes, size_t *len, struct error *err)
{
	const char *title = json_text(document->page, "title") ? json_text(document->page, "title") : "Rapport";
	struct pdf_about about = { .title = title, .mark = json_text(document->page, "dnr"), .author = json_text(document->page, "organisation"),
				   .now = at };
	struct paper p = { .mem = mem, .doc = pdf_open(mem, &about), .document = document };

	if (add_all(&p, title, err) < 0)
		return -1;
	return pdf_make(p.doc, bytes, len, err);
}
