/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pdf.c - a gallringsprotokoll as a document to keep: the same sections as its page, with what it says as files inside it. */
#include "behov/file.h"
#include "behov/pdf.h"
#include "protocol_p.h"

#include <sys/stat.h>

#define INSIDE_MOST ((off_t)4 << 20)    /* a longer list of files stays beside, and its digest inside */

static void
facts(struct arena *mem, struct pdf *doc, const json_t *section)
{
	const json_t *list = json_object_get(section, "facts"), *one;
	struct pdf_fact *all = arena_array(mem, struct pdf_fact, json_array_size(list) + 1);
	size_t i;

	json_array_foreach(list, i, one)
		all[i] = (struct pdf_fact){ json_text(one, "name"), json_text(one, "value") };
	pdf_facts(doc, all, json_array_size(list));
}

/* Names of files are long, numbers are short. */
static double
share_of(const json_t *head)
{
	const char *text = json_text(head, "text");

	if (json_is_true(json_object_get(head, "number")))
		return strcmp(text, "Nr") == 0 ? 0.4 : 0.7;
	return strcmp(text, "Fil") == 0 ? 3 : strcmp(text, "I egenskap av") == 0 || strcmp(text, "Skäl") == 0 ? 1.6 : 1.1;
}

static void
table(struct arena *mem, struct pdf *doc, const json_t *of)
{
	const json_t *heads = json_object_get(of, "heads"), *rows = json_object_get(of, "rows"), *one, *cell;
	size_t count = json_array_size(heads), i, k;
	struct pdf_column *columns = arena_array(mem, struct pdf_column, count + 1);
	bool named = false;

	json_array_foreach(heads, i, one) {
		bool number = json_is_true(json_object_get(one, "number"));

		columns[i] = (struct pdf_column){ json_text(one, "text"), share_of(one), number, !number && !named };
		named |= !number;
	}
	pdf_table(doc, columns, count, json_text(of, "caption"));
	json_array_foreach(rows, i, one) {
		const char **cells = arena_array(mem, const char *, count + 1);

		json_array_foreach(json_object_get(one, "cells"), k, cell)
			cells[k] = json_text(cell, "text");
		pdf_row(doc, cells);
	}
}

static void
section(struct arena *mem, struct pdf *doc, const json_t *of)
{
	const json_t *one;
	size_t i;

	pdf_heading(doc, 2, json_text(of, "title"));
	facts(mem, doc, of);
	json_array_foreach(json_object_get(of, "tables"), i, one)
		table(mem, doc, one);
	json_array_foreach(json_object_get(of, "notes"), i, one)
		pdf_note(doc, json_text(one, "text"));
}

static void
signatures(struct arena *mem, struct pdf *doc, const json_t *list)
{
	struct pdf_signature *all = arena_array(mem, struct pdf_signature, json_array_size(list) + 1);
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
		all[i] = (struct pdf_signature){ json_text(one, "role"), json_text(one, "name") };
	pdf_heading(doc, 2, "Underskrift");
	pdf_signatures(doc, all, json_array_size(list));
}

static void
attach(struct arena *mem, struct pdf *doc, const char *name, const char *type, const char *about, enum pdf_relation relation,
       const char *bytes, size_t len)
{
	struct pdf_file *file = arena_new(mem, struct pdf_file);

	*file = (struct pdf_file){ name, type, about, relation, bytes, len };
	pdf_attach(doc, file);
}

static int
attach_list(struct arena *mem, struct pdf *doc, const char *name, const char *path, struct error *err)
{
	struct stat st;
	size_t len;
	char *bytes;

	if (stat(path, &st) < 0)
		return error_sys(err, ERROR_SOURCE, "cannot read '%s'", path);
	if (st.st_size > INSIDE_MOST)
		return 0;
	if (file_read(mem, path, (size_t)INSIDE_MOST, &bytes, &len, err) < 0)
		return -1;
	attach(mem, doc, name, "text/csv", "Fillista: varje fil och vad som hände med den", PDF_SUPPLEMENT, bytes, len);
	return 0;
}

int
protocol_pdf(struct arena *mem, const json_t *shown, const json_t *body, const struct protocol *p, const char *list, const char **bytes,
	     size_t *len, struct error *err)
{
	const char *title = arena_print(mem, "Gallringsprotokoll %s", json_text(shown, "dnr"));
	const json_t *gone = json_object_get(json_object_get(body, "execution"), "destroyed"), *one;
	struct pdf_about about = { .title = title, .subject = json_text(shown, "summary"), .mark = json_text(shown, "dnr"),
				   .author = json_text(body, "board") ? json_text(body, "board") : json_text(body, "organisation") };
	struct pdf *doc;
	size_t i;

	if (!json_text(gone, "last") || clock_parse(json_text(gone, "last"), &about.now) < 0)
		about.now = p->at;
	doc = pdf_open(mem, &about);
	pdf_note(doc, json_text(shown, "organisation"));
	pdf_heading(doc, 1, title);
	pdf_paragraph(doc, json_text(shown, "summary"));
	if (json_text(shown, "alert"))
		pdf_frame(doc, PDF_ALERT, json_text(shown, "alert"));
	json_array_foreach(json_object_get(shown, "sections"), i, one)
		section(mem, doc, one);
	signatures(mem, doc, json_object_get(shown, "signatures"));
	attach(mem, doc, arena_print(mem, "%s.json", protocol_name(mem, p->dnr)), "application/json", "Protokollets uppgifter", PDF_SOURCE, p->body,
	       strlen(p->body));
	if (list && attach_list(mem, doc, json_text(json_object_get(body, "list"), "file"), list, err) < 0)
		return -1;
	return pdf_make(doc, bytes, len, err);
}
