/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-pdf.c - text that means harm does none on paper, pieces get their marks, and the same document is the same bytes. */
#include "check.h"

#include "../../agent/pdf/pdf_p.h"

#include <locale.h>
#include <unistd.h>

static struct arena *mem;
static struct fonts *fonts;

static const char *cell(const char *raw)
{
	return words_clean(mem, fonts->has, raw, WORDS_CELL, false);
}

static void names_that_lie_are_shown_as_what_they_are(void)
{
	CHECK_TEXT(cell("Anna\xe2\x80\xaegnp.exe"), "Anna\xef\xbf\xbdgnp.exe");
	CHECK_TEXT(cell("a\x1b[31m\x7f"), "a\xef\xbf\xbd[31m\xef\xbf\xbd");
	CHECK_TEXT(cell("a\xc2\x9b"), "a\xef\xbf\xbd");
	CHECK_TEXT(cell("ekonomi\xe2\x80\x8b.pdf"), "ekonomi‹U+200B›.pdf");
	CHECK_TEXT(cell("a\xc2\xad" "b"), "a‹U+00AD›b");
	CHECK_TEXT(cell("\xff\xc3\x28"), "\xef\xbf\xbd\xef\xbf\xbd(");
	CHECK_TEXT(cell("a\nb\tc"), "a b c");
	CHECK_TEXT(words_clean(mem, fonts->has, "a\nb", 10, true), "a\nb");
}

static void what_no_font_of_ours_has_is_shown_by_its_number(void)
{
	CHECK_TEXT(cell("王 Åsa"), "‹U+738B› Åsa");
	CHECK_TEXT(cell("\U0001F46A"), "‹U+1F46A›");
	CHECK_TEXT(cell("Łukasz Öberg, محمد, Ελένη, Иван – “§ 5”"), "Łukasz Öberg, محمد, Ελένη, Иван – “§ 5”");
	CHECK_TEXT(cell("1\xc2\xa0" "204"), "1\xc2\xa0" "204");
}

static void marks_are_not_piled_up(void)
{
	CHECK_TEXT(cell("a\xcc\x81\xcc\x81\xcc\x81" "b\xcc\x81"), "a\xcc\x81\xcc\x81\xef\xbf\xbd" "b\xcc\x81");
}

static void what_is_too_long_ends_in_three_dots(void)
{
	CHECK_TEXT(words_clean(mem, fonts->has, "åäö", 3, false), "åäö");
	CHECK_TEXT(words_clean(mem, fonts->has, "åäöx", 3, false), "åäö…");
	CHECK_TEXT(words_clean(mem, fonts->has, "abc", 3, false), "abc");
	CHECK_TEXT(words_clean(mem, fonts->has, "abcd", 3, false), "abc…");
}

static const char *put(const char *content, const struct mark *marks, size_t count)
{
	struct error err = { 0 };
	struct text out;
	char *said;

	text_open(&out, 10000);
	said = marks_put(content, strlen(content), marks, count, &out, &err) < 0 ? arena_text(mem, err.text) : arena_text(mem, out.data);
	text_close(&out);
	return said;
}

static void pieces_get_their_marks_and_text_cannot_forge_one(void)
{
	struct element cell_of = { .type = "TD" };
	const struct mark marks[] = { { .element = &cell_of, .id = 4 }, { .element = NULL } };

	CHECK_TEXT(put("q /Span << /MCID 0 >> BDC (a)Tj EMC /Span << /MCID 1 >> BDC f EMC", marks, 2),
		   "q /TD<</MCID 4>>BDC (a)Tj EMC /Artifact BMC f EMC");
	CHECK_TEXT(put("/Span << /MCID 0 >> BDC (/P << /MCID 9 >> BDC \\) (x) \\\\) Tj EMC", marks, 1),
		   "/TD<</MCID 4>>BDC (/P << /MCID 9 >> BDC \\) (x) \\\\) Tj EMC");
	CHECK_TEXT(put("/Span << /MCID 0 >> BDC /Span << /ActualText <feff0020> >> BDC EMC EMC", marks, 1),
		   "/TD<</MCID 4>>BDC /Span << /ActualText <feff0020> >> BDC EMC EMC");
	CHECK_TEXT(put("(unfinished", marks, 0), "(unfinished");
	CHECK_TEXT(put("f", marks, 1), "cairo has marked 0 of 1 pieces");
	CHECK_TEXT(put("/A<</MCID 0>>BDC EMC /A<</MCID 1>>BDC", marks, 1), "cairo has marked more than the 1 pieces it was given");
}

/* ------------------------------------------------------------------ whole documents */

static int drawn;

static void draw(struct pdf_canvas *canvas, void *data)
{
	drawn++;
	CHECK(canvas->width > 400 && canvas->height > 99 && canvas->height < 101);
	cairo_rectangle(canvas->cairo, 0, 0, 5000, 5000);
	cairo_fill(canvas->cairo);
	pdf_canvas_text(canvas, 50, 50, PDF_UPTO, 9, false, data);
}

static const char *make(int64_t now, const char *author, size_t *len)
{
	static const struct pdf_column columns[] = { { .head = "Namn", .strong = true }, { .head = "Filer", .number = true } };
	struct pdf *doc = pdf_open(mem, &(struct pdf_about){ .title = "Prov", .author = author, .mark = "KS 1", .now = now });
	struct error err = { 0 };
	const char *bytes = NULL;

	pdf_heading(doc, 1, "Prov");
	pdf_paragraph(doc, "Ett stycke med åäö, عربي och tal.");
	pdf_facts(doc, (struct pdf_fact[]){ { "Nämnd", "KS" }, { "Arkivbildare", NULL } }, 2);
	pdf_table(doc, columns, 2, "Tabell");
	for (int i = 0; i < 80; i++)
		pdf_row(doc, (const char *[]){ arena_print(mem, "Rad %d", i), text_count(mem, i * 1000) });
	pdf_picture(doc, &(struct pdf_picture){ .alt = "en ruta", .height = 100, .draw = draw, .data = "text" });
	pdf_attach(doc, &(struct pdf_file){ "a.csv", "text/csv", "lista", PDF_SOURCE, "a;b\r\n", 5 });
	if (pdf_make(doc, &bytes, len, &err) < 0)
		fprintf(stderr, "%s\n", err.text);
	return bytes;
}

static void the_same_document_is_the_same_bytes(void)
{
	struct pdf *other = pdf_open(mem, &(struct pdf_about){ .title = "عربي", .wide = true, .language = speak_language("en") });
	size_t first_len = 0, len = 0;
	const char *first = make(1795500000, "KS", &first_len), *again;

	pdf_heading(other, 2, "Что ещё, Åsa?");
	CHECK(pdf_make(other, &again, &len, NULL) == 0);
	drawn = 0;
	setenv("LANG", "ar_EG.UTF-8", 1);       /* nor does it matter where, or what was made before */
	setenv("LC_ALL", "C.UTF-8", 1);
	setenv("TZ", "Asia/Tokyo", 1);
	setlocale(LC_ALL, "");
	again = make(1795500000, "KS", &len);
	CHECK(first && again && len == first_len && memcmp(first, again, len) == 0);
	CHECK(drawn == 1);
	again = make(1795500001, "KS", &len);
	CHECK(again && (len != first_len || memcmp(first, again, len) != 0));
}

static void it_says_that_it_is_built_to_pdf_a(void)
{
	size_t len = 0;
	const char *bytes = make(1795500000, "<Kommunen> & \x01", &len);

	CHECK(bytes && memcmp(bytes, "%PDF-1.7\n", 9) == 0);
	CHECK(memmem(bytes, len, "<pdfaid:part>3</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance>", 70));
	CHECK(memmem(bytes, len, "<rdf:li>&lt;Kommunen&gt; &amp; \xef\xbf\xbd</rdf:li>", 40));
	CHECK(memmem(bytes, len, "<xmp:CreateDate>2026-11-24T06:00:00Z</xmp:CreateDate>", 53));
	CHECK(!memmem(bytes, len, "cairo", 5));
}

static void a_document_without_anything_is_one_page(void)
{
	struct pdf *doc = pdf_open(mem, &(struct pdf_about){ .title = "", .wide = true });
	struct error err = { 0 };
	const char *bytes;
	size_t len;

	pdf_figures(doc, NULL, 0);
	pdf_facts(doc, NULL, 0);
	pdf_list(doc, NULL, 0);
	pdf_signatures(doc, NULL, 0);
	pdf_table(doc, &(struct pdf_column){ .head = "Tom" }, 1, NULL);
	CHECK(pdf_make(doc, &bytes, &len, &err) == 0);
	CHECK_TEXT(err.text, "");
}

/* A configuration of fontconfig without a font, as on a machine where none is installed. */
static void a_missing_font_names_its_package(void)
{
	char path[] = "/tmp/behov-fonts-XXXXXX";
	static const char config[] = "<?xml version=\"1.0\"?><!DOCTYPE fontconfig SYSTEM \"fonts.dtd\"><fontconfig></fontconfig>\n";
	int fd = mkstemp(path);
	struct error err = { 0 };

	CHECK(fd >= 0 && write(fd, config, sizeof(config) - 1) == (ssize_t)sizeof(config) - 1);
	setenv("FONTCONFIG_FILE", path, 1);
	CHECK(pdf_check(&err) == -1 && err.kind == ERROR_CONFIG);
	CHECK_TEXT(err.text, "the font 'Liberation Sans' is missing: it is in Debian's package 'fonts-liberation'");
	unsetenv("FONTCONFIG_FILE");
	CHECK(pdf_check(&err) == 0);
	close(fd);
	unlink(path);
}

int main(void)
{
	struct error err = { 0 };

	mem = arena_open();
	if (fonts_use("sv", &fonts, &err) < 0) {
		printf("not ok %s\n", err.text);
		return 1;
	}
	TEST(names_that_lie_are_shown_as_what_they_are);
	TEST(what_no_font_of_ours_has_is_shown_by_its_number);
	TEST(marks_are_not_piled_up);
	TEST(what_is_too_long_ends_in_three_dots);
	TEST(pieces_get_their_marks_and_text_cannot_forge_one);
	TEST(the_same_document_is_the_same_bytes);
	TEST(it_says_that_it_is_built_to_pdf_a);
	TEST(a_document_without_anything_is_one_page);
	TEST(a_missing_font_names_its_package);
	arena_close(mem);
	return check_done();
}
