/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz-pdf.c - any text becomes a PDF, wherever it stands in the document; the content of a page is read to its end. */
#include "../../agent/pdf/pdf_p.h"

#include <behov/late.h>

#include <stdint.h>

static void nothing(struct pdf_canvas *canvas, void *data)
{
	pdf_canvas_text(canvas, 10, 10, PDF_AROUND, 9, true, data);
}

/* The bytes, cut at each newline, in turn wherever a text may stand. */
static void say(struct pdf *doc, const char *const *text, const struct pdf_fact *facts)
{
	static const struct pdf_column columns[] = { { .head = "a", .strong = true }, { .head = "b", .number = true }, { .head = "c" } };

	pdf_heading(doc, 1, text[0]);
	pdf_frame(doc, PDF_ALERT, text[1]);
	pdf_figures(doc, facts, 2);
	pdf_facts(doc, facts, 3);
	pdf_paragraph(doc, text[2]);
	pdf_list(doc, text, 4);
	pdf_table(doc, columns, 3, text[3]);
	for (int i = 0; i < 4; i++)
		pdf_row(doc, text + i);
	pdf_picture(doc, &(struct pdf_picture){ .alt = text[4], .caption = text[5], .height = 50, .draw = nothing, .data = (void *)(uintptr_t)text[6] });
	pdf_signatures(doc, &(struct pdf_signature){ text[5], text[6] }, 1);
	pdf_attach(doc, &(struct pdf_file){ text[0], text[1], text[2], PDF_DATA, text[3], strlen(text[3]) });
}

static void document(struct arena *mem, const char *raw)
{
	char *rest = arena_text(mem, raw), *bytes;
	const char *text[8];
	struct pdf_fact facts[3];
	struct error err = { 0 };
	struct pdf *doc;
	size_t len;

	for (size_t i = 0; i < 8; i++) {
		const char *piece = strsep(&rest, "\n");

		text[i] = piece ? piece : raw;
	}
	for (size_t i = 0; i < 3; i++)
		facts[i] = (struct pdf_fact){ text[i], text[i + 1] };
	doc = pdf_open(mem, &(struct pdf_about){ .title = text[0], .mark = text[1], .author = text[2], .subject = text[3] });
	say(doc, text, facts);
	if (pdf_make(doc, (const char **)&bytes, &len, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
}

static void words(struct arena *mem, FcCharSet *has, const char *raw)
{
	const char *clean = words_clean(mem, has, raw, 100, true);

	if (!text_is_utf8(clean, strlen(clean)) || strlen(clean) > 100 * 16 + 3)
		abort();
	for (const char *at = clean; *at; at++)
		if ((*at > 0 && *at < 0x20 && *at != '\n') || *at == 0x7f || text_turn(at))
			abort();
}

/* behov makes no set of its own, and so has not these two. */
static FcCharSet *letters(void)
{
	FcCharSet *(*create)(void), *out;
	FcBool (*add)(FcCharSet *, FcChar32);
	struct error err = { 0 };
	bool open = false;

	if (libraries_open(&err) < 0 ||
	    !late_open("libfontconfig.so.1", (struct late_call[]){ { "FcCharSetCreate", &create }, { "FcCharSetAddChar", &add } }, 2, &open))
		abort();
	out = create();
	for (FcChar32 c = 1; c < 0x300; c++)
		add(out, c);
	return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static FcCharSet *has;
	struct arena *mem = arena_open();
	const char *raw = arena_copy(mem, bytes, len);
	struct element element = { .type = "P" };
	struct mark marks[2] = { { .element = &element }, { 0 } };
	struct text out;

	has = has ? has : letters();
	text_open(&out, 1 << 20);
	marks_put((const char *)bytes, len, marks, 2, &out, NULL);
	text_close(&out);
	words(mem, has, raw);
	if (len % 16 == 1)                              /* a whole document takes as long as a thousand of the others */
		document(mem, raw);
	arena_close(mem);
	return 0;
}
