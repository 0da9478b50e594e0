/* SPDX-License-Identifier: GPL-3.0-or-later */
/* parts.c - the document as it is said, part by part, and the making of it. */
#include "pdf_p.h"

#include <assert.h>
#include <cairo-pdf.h>

struct pdf *pdf_open(struct arena *mem, const struct pdf_about *about)
{
	struct pdf *doc = arena_new(mem, struct pdf);

	assert(about->title);
	doc->mem = mem;
	doc->about = *about;
	return doc;
}

static struct part *add(struct pdf *doc, enum kind kind, const char *text)
{
	struct part *part = arena_new(doc->mem, struct part);

	part->kind = kind;
	part->text = text ? text : "";
	if (doc->last)
		doc->last->next = part;
	else
		doc->first = part;
	doc->last = part;
	return part;
}

void pdf_heading(struct pdf *doc, int level, const char *text)
{
	assert(level >= 1 && level <= 3);
	add(doc, HEADING, text)->level = level;
}

void pdf_paragraph(struct pdf *doc, const char *text)
{
	add(doc, PARAGRAPH, text);
}

void pdf_note(struct pdf *doc, const char *text)
{
	add(doc, NOTE, text);
}

void pdf_frame(struct pdf *doc, enum pdf_tone tone, const char *text)
{
	add(doc, FRAME, text)->level = (int)tone;
}

/* A part that is a list of something, which it gets a copy of; nothing when there is nothing. */
static struct part *add_many(struct pdf *doc, enum kind kind, size_t count)
{
	struct part *part = count ? add(doc, kind, NULL) : NULL;

	if (part)
		part->count = count;
	return part;
}

void pdf_list(struct pdf *doc, const char *const *items, size_t count)
{
	struct part *part = add_many(doc, ITEMS, count);

	if (part)
		part->items = arena_copy(doc->mem, items, count * sizeof(*items));
}

void pdf_facts(struct pdf *doc, const struct pdf_fact *facts, size_t count)
{
	struct part *part = add_many(doc, FACTS, count);

	if (part)
		part->facts = arena_copy(doc->mem, facts, count * sizeof(*facts));
}

void pdf_figures(struct pdf *doc, const struct pdf_fact *figures, size_t count)
{
	struct part *part = add_many(doc, FIGURES, count);

	assert(count <= 4);
	if (part)
		part->facts = arena_copy(doc->mem, figures, count * sizeof(*figures));
}

void pdf_table(struct pdf *doc, const struct pdf_column *columns, size_t count, const char *caption)
{
	struct part *part = add(doc, TABLE, caption);

	assert(count > 0);
	part->count = count;
	part->columns = arena_copy(doc->mem, columns, count * sizeof(*columns));
}

static void add_row(struct pdf *doc, const char *const *cells, bool total)
{
	struct part *part = doc->last;

	assert(part && part->kind == TABLE);
	*(struct row *)arena_push(doc->mem, &part->rows) = (struct row){
		.cells = arena_copy(doc->mem, cells, part->count * sizeof(*cells)), .total = total };
}

void pdf_row(struct pdf *doc, const char *const *cells)
{
	add_row(doc, cells, false);
}

void pdf_total(struct pdf *doc, const char *const *cells)
{
	add_row(doc, cells, true);
}

void pdf_picture(struct pdf *doc, const struct pdf_picture *picture)
{
	assert(picture->alt && picture->draw);
	add(doc, PICTURE, picture->caption)->picture = *picture;
}

void pdf_signatures(struct pdf *doc, const struct pdf_signature *who, size_t count)
{
	struct part *part = add_many(doc, SIGNATURES, count);

	if (part)
		part->signatures = arena_copy(doc->mem, who, count * sizeof(*who));
}

void pdf_page(struct pdf *doc)
{
	add(doc, PAGE, NULL);
}

void pdf_attach(struct pdf *doc, const struct pdf_file *file)
{
	assert(file->name && file->type);
	*arena_push(doc->mem, &doc->files) = *file;
}

/* ------------------------------------------------------------------ making it */

#define LARGEST ((size_t)1 << 30)       /* bytes of a PDF before its files */

static cairo_status_t take(void *to, const unsigned char *bytes, unsigned len)
{
	struct text *out = to;

	text_bytes(out, (const char *)bytes, len);
	return out->full ? CAIRO_STATUS_WRITE_ERROR : CAIRO_STATUS_SUCCESS;
}

/* The pages, drawn; the sheet keeps what was marked. */
static int draw(struct pdf *doc, struct fonts *fonts, struct sheet *sheet, struct text *out, struct error *err)
{
	cairo_surface_t *surface = cairo_pdf_surface_create_for_stream(take, out, 1, 1);
	cairo_status_t status;
	int pages;

	sheet_open(sheet, doc, fonts, NULL, 0);
	draw_all(sheet);
	sheet_close(sheet);
	pages = sheet->page;
	sheet_open(sheet, doc, fonts, surface, pages);
	/* Ours replaces it; unset, cairo would ask what time it is. */
	cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, "2000-01-01T00:00:00Z");
	draw_all(sheet);
	status = cairo_status(sheet->cairo);
	sheet_close(sheet);
	cairo_surface_finish(surface);
	if (status == CAIRO_STATUS_SUCCESS)
		status = cairo_surface_status(surface);
	cairo_surface_destroy(surface);
	if (status != CAIRO_STATUS_SUCCESS)
		return error_set(err, ERROR_SOURCE, "cannot draw '%s': %s", doc->about.title, cairo_status_to_string(status));
	return 0;
}

int pdf_make(struct pdf *doc, const char **bytes, size_t *len, struct error *err)
{
	const struct language *language = doc->about.language;
	struct fonts *fonts;
	struct sheet sheet;
	struct text drawn, out;
	int rc = -1;

	if (fonts_use(language ? language->tag : "sv", &fonts, err) < 0)
		return -1;
	text_open(&drawn, LARGEST);
	text_open(&out, SIZE_MAX / 4);
	if (draw(doc, fonts, &sheet, &drawn, err) < 0)
		goto out;
	if (archive_make(doc, fonts, &drawn, &sheet, &out, err) < 0) {
		error_in(err, "cannot make '%s' a PDF", doc->about.title);
		goto out;
	}
	*bytes = arena_copy(doc->mem, out.data, out.len);
	*len = out.len;
	rc = 0;
out:
	text_close(&out);
	text_close(&drawn);
	return rc;
}
