/* SPDX-License-Identifier: GPL-3.0-or-later */
/* archive.c - what cairo has drawn becomes a record: metadata, colours, files (ISO 19005-3). */
#include "archive_p.h"

#include "behov/clock.h"

#include <utf8proc.h>

/* Debian's icc-profiles-free: ICC 2.3, zlib licence.  A profile made when it is needed would say when. */
__asm__(".pushsection .rodata\npdf_srgb:\n.incbin \"/usr/share/color/icc/sRGB.icc\"\npdf_srgb_end:\n.popsection\n");
extern const unsigned char pdf_srgb[] __attribute__((visibility("hidden")));
extern const unsigned char pdf_srgb_end[] __attribute__((visibility("hidden")));

/* ------------------------------------------------------------------ small things */

/* "<FEFF0041>": UTF-16, which says anything.  qpdf's own would write U+FFFD as a byte that means nothing. */
const char *archive_string(struct arena *mem, const char *text)
{
	const utf8proc_uint8_t *at = (const utf8proc_uint8_t *)text;
	char *out = arena_take(mem, strlen(text) * 4 + 8), *to = out + snprintf(out, 6, "<FEFF");
	utf8proc_int32_t c;

	for (utf8proc_ssize_t len; *at && (len = utf8proc_iterate(at, -1, &c)) > 0; at += len) {
		unsigned high = (unsigned)c - 0x10000u;

		if (c < 0x10000)
			to += snprintf(to, 5, "%04X", (unsigned)c);
		else
			to += snprintf(to, 9, "%04X%04X", 0xd800u + (high >> 10), 0xdc00u + (high & 0x3ff));
	}
	*to = '>';
	return out;
}

void archive_set(qpdf_data q, qpdf_oh dict, const char *key, const char *value)
{
	qpdf_oh_replace_key(q, dict, key, qpdf_oh_parse(q, value));
}

static void set_text(struct arena *mem, qpdf_data q, qpdf_oh dict, const char *key, const char *text)
{
	if (text && *text)
		archive_set(q, dict, key, archive_string(mem, text));
}

qpdf_oh archive_stream(qpdf_data q, const void *bytes, size_t len, const char *dict)
{
	qpdf_oh made = qpdf_oh_new_stream(q);

	qpdf_oh_replace_stream_data(q, made, bytes, len, qpdf_oh_new_null(q), qpdf_oh_new_null(q));
	if (dict) {
		qpdf_oh from = qpdf_oh_parse(q, dict), to = qpdf_oh_get_dict(q, made);

		qpdf_oh_begin_dict_key_iter(q, from);
		while (qpdf_oh_dict_more_keys(q)) {
			const char *key = qpdf_oh_dict_next_key(q);

			qpdf_oh_replace_key(q, to, key, qpdf_oh_get_key(q, from, key));
		}
	}
	return made;
}

int archive_failed(qpdf_data q, const char *what, struct error *err)
{
	qpdf_error e = qpdf_has_error(q) ? qpdf_get_error(q) : qpdf_more_warnings(q) ? qpdf_next_warning(q) : NULL;

	return error_set(err, ERROR_SOURCE, "qpdf cannot %s: %s", what, e ? qpdf_get_error_full_text(q, e) : "it does not say why");
}

/* ------------------------------------------------------------------ metadata */

struct metadata { const char *title, *subject, *author, *language, *when; };

static struct metadata metadata_of(struct pdf *doc, struct fonts *fonts)
{
	const struct pdf_about *about = &doc->about;

	return (struct metadata){
		.title = words_clean(doc->mem, fonts->has, about->title, WORDS_LINE, false),
		.subject = words_clean(doc->mem, fonts->has, about->subject ? about->subject : "", WORDS_LINE, false),
		.author = words_clean(doc->mem, fonts->has, about->author ? about->author : "", WORDS_LINE, false),
		.language = about->language ? about->language->tag : "sv",
		.when = clock_text(doc->mem, about->now),
	};
}

/* "D:20260105010000Z" of "2026-01-05T01:00:00Z". */
static char *pdf_date(struct arena *mem, const char *when)
{
	char *out = arena_take(mem, strlen(when) + 5), *to = out;

	*to++ = 'D';
	*to++ = ':';
	for (; *when; when++)
		if (!strchr("-:T", *when))
			*to++ = *when;
	return out;
}

static void add_xml(struct text *xmp, const char *before, const char *raw, const char *after)
{
	if (!*raw)
		return;
	text_add(xmp, before);
	html_text(xmp, raw);
	text_add(xmp, after);
}

/* Says what Info says: ISO 19005 wants the two to agree. */
static void add_xmp(qpdf_data q, qpdf_oh root, const struct metadata *m)
{
	struct text xmp;

	text_open(&xmp, 100000);
	text_add(&xmp, "<?xpacket begin=\"\xef\xbb\xbf\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n"
		 "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\n<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n"
		 "<rdf:Description rdf:about=\"\" xmlns:pdfaid=\"http://www.aiim.org/pdfa/ns/id/\"><pdfaid:part>3</pdfaid:part>"
		 "<pdfaid:conformance>A</pdfaid:conformance></rdf:Description>\n"
		 "<rdf:Description rdf:about=\"\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><dc:format>application/pdf</dc:format>");
	add_xml(&xmp, "<dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">", m->title, "</rdf:li></rdf:Alt></dc:title>");
	add_xml(&xmp, "<dc:description><rdf:Alt><rdf:li xml:lang=\"x-default\">", m->subject, "</rdf:li></rdf:Alt></dc:description>");
	add_xml(&xmp, "<dc:creator><rdf:Seq><rdf:li>", m->author, "</rdf:li></rdf:Seq></dc:creator>");
	add_xml(&xmp, "<dc:language><rdf:Bag><rdf:li>", m->language, "</rdf:li></rdf:Bag></dc:language>");
	add_xml(&xmp, "</rdf:Description>\n<rdf:Description rdf:about=\"\" xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\">"
		"<xmp:CreatorTool>behov</xmp:CreatorTool><xmp:CreateDate>", m->when, "</xmp:CreateDate>");
	add_xml(&xmp, "<xmp:ModifyDate>", m->when, "</xmp:ModifyDate>");
	text_add(&xmp, "</rdf:Description>\n<rdf:Description rdf:about=\"\" xmlns:pdf=\"http://ns.adobe.com/pdf/1.3/\">"
		 "<pdf:Producer>behov</pdf:Producer></rdf:Description>\n</rdf:RDF>\n</x:xmpmeta>\n<?xpacket end=\"w\"?>");
	qpdf_oh_replace_key(q, root, "/Metadata", archive_stream(q, xmp.data, xmp.len, "<</Type/Metadata/Subtype/XML>>"));
	text_close(&xmp);
}

static void add_info(struct arena *mem, qpdf_data q, const struct metadata *m)
{
	qpdf_oh info = qpdf_oh_new_dictionary(q);
	char *date = arena_print(mem, "(%s)", pdf_date(mem, m->when));

	set_text(mem, q, info, "/Title", m->title);
	set_text(mem, q, info, "/Subject", m->subject);
	set_text(mem, q, info, "/Author", m->author);
	archive_set(q, info, "/Creator", "(behov)");
	archive_set(q, info, "/Producer", "(behov)");
	archive_set(q, info, "/CreationDate", date);
	archive_set(q, info, "/ModDate", date);
	qpdf_oh_replace_key(q, qpdf_get_trailer(q), "/Info", qpdf_make_indirect_object(q, info));
}

static void add_colours(qpdf_data q, qpdf_oh root)
{
	qpdf_oh intent = qpdf_oh_parse(q, "<</Type/OutputIntent/S/GTS_PDFA1/OutputConditionIdentifier(sRGB IEC61966-2.1)"
				       "/RegistryName(http://www.color.org)/Info(sRGB IEC61966-2.1)>>");
	qpdf_oh list = qpdf_oh_new_array(q);

	qpdf_oh_replace_key(q, intent, "/DestOutputProfile", archive_stream(q, pdf_srgb, (size_t)(pdf_srgb_end - pdf_srgb), "<</N 3>>"));
	qpdf_oh_append_item(q, list, intent);
	qpdf_oh_replace_key(q, root, "/OutputIntents", list);
}

/* ------------------------------------------------------------------ files */

/* "text/csv" as a name in PDF: "/text#2fcsv". */
static char *type_name(struct arena *mem, const char *type)
{
	char *out = arena_take(mem, strlen(type) * 3 + 2), *to = out;

	*to++ = '/';
	for (; *type; type++) {
		unsigned char c = (unsigned char)*type;

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("+-.", c))
			*to++ = (char)c;
		else
			to += snprintf(to, 4, "#%02x", c);
	}
	return out;
}

/* A name that is no path, and the same in ASCII for readers that know no other. */
static const char *file_name(struct arena *mem, struct fonts *fonts, const char *raw, const char **ascii)
{
	char *name = arena_text(mem, words_clean(mem, fonts->has, raw, WORDS_LINE, false)), *plain;

	for (char *at = name; *at; at++)
		if (strchr("/\\:", *at))
			*at = '_';
	plain = arena_text(mem, name);
	for (char *at = plain; *at; at++)
		if (*at < 0x20 || *at > 0x7e)
			*at = '_';
	*ascii = plain;
	return name;
}

static qpdf_oh file_of(struct pdf *doc, struct fonts *fonts, qpdf_data q, const struct pdf_file *file, const char *date)
{
	static const char *const relation[] = { "/Data", "/Source", "/Supplement", "/Alternative" };
	const char *ascii, *name = file_name(doc->mem, fonts, file->name, &ascii);
	char *dict = arena_print(doc->mem, "<</Type/EmbeddedFile/Subtype%s/Params<</Size %zu/ModDate(%s)>>>>",
				 type_name(doc->mem, file->type), file->len, date);
	qpdf_oh bytes = archive_stream(q, file->bytes, file->len, dict), spec = qpdf_oh_parse(q, "<</Type/Filespec>>");
	qpdf_oh where = qpdf_oh_new_dictionary(q);

	qpdf_oh_replace_key(q, where, "/F", bytes);
	qpdf_oh_replace_key(q, where, "/UF", bytes);
	qpdf_oh_replace_key(q, spec, "/EF", where);
	qpdf_oh_replace_key(q, spec, "/F", qpdf_oh_new_string(q, ascii));
	set_text(doc->mem, q, spec, "/UF", name);
	archive_set(q, spec, "/AFRelationship", relation[file->relation]);
	set_text(doc->mem, q, spec, "/Desc", file->about ? words_clean(doc->mem, fonts->has, file->about, WORDS_LINE, false) : NULL);
	return qpdf_make_indirect_object(q, spec);
}

static void add_files(struct pdf *doc, struct fonts *fonts, qpdf_data q, qpdf_oh root, const char *date)
{
	qpdf_oh all = qpdf_oh_new_array(q), names = qpdf_oh_new_array(q), tree = qpdf_oh_new_dictionary(q);
	qpdf_oh kinds = qpdf_oh_get_key(q, root, "/Names");

	if (!doc->files.count)
		return;
	for (size_t i = 0; i < doc->files.count; i++) {
		qpdf_oh file = file_of(doc, fonts, q, &doc->files.items[i], date);

		qpdf_oh_append_item(q, all, file);
		qpdf_oh_append_item(q, names, qpdf_oh_new_string(q, arena_print(doc->mem, "%06zu", i)));
		qpdf_oh_append_item(q, names, file);
	}
	if (!qpdf_oh_is_dictionary(q, kinds))
		kinds = qpdf_oh_new_dictionary(q);
	qpdf_oh_replace_key(q, tree, "/Names", names);
	qpdf_oh_replace_key(q, kinds, "/EmbeddedFiles", tree);
	qpdf_oh_replace_key(q, root, "/Names", kinds);
	qpdf_oh_replace_key(q, root, "/AF", all);
}

/* ------------------------------------------------------------------ writing */

/* The file without its structure: a place is kept for it. */
static int write_base(qpdf_data q, struct error *err)
{
	if (qpdf_init_write_memory(q) & QPDF_ERRORS)
		return archive_failed(q, "write", err);
	qpdf_set_deterministic_ID(q, QPDF_TRUE);
	qpdf_set_newline_before_endstream(q, QPDF_TRUE);
	qpdf_set_object_stream_mode(q, qpdf_o_generate);
	qpdf_set_compress_streams(q, QPDF_TRUE);
	qpdf_set_minimum_pdf_version(q, "1.7");
	if (qpdf_write(q) != QPDF_SUCCESS)
		return archive_failed(q, "write", err);
	return 0;
}

/* What the update that follows must know: read again, since qpdf has given everything new numbers. */
static int look_at_base(struct arena *mem, const char *bytes, size_t len, struct pdf_finished *out, struct error *err)
{
	qpdf_data q = qpdf_init();
	const char *last = NULL;
	qpdf_oh trailer, root;
	int rc = -1;
	int *pages;

	qpdf_silence_errors(q);
	if (qpdf_read_memory(q, "behov", bytes, len, NULL) != QPDF_SUCCESS) {
		archive_failed(q, "read what it wrote", err);
		goto out;
	}
	trailer = qpdf_get_trailer(q);
	root = qpdf_get_root(q);
	out->page_count = qpdf_get_num_pages(q);
	out->pages = pages = arena_array(mem, int, (size_t)out->page_count);
	for (int i = 0; i < out->page_count; i++)
		pages[i] = qpdf_oh_get_object_id(q, qpdf_get_page_n(q, (size_t)i));
	out->structure = qpdf_oh_get_object_id(q, qpdf_oh_get_key(q, root, "/StructTreeRoot"));
	out->size = qpdf_oh_get_int_value_as_int(q, qpdf_oh_get_key(q, trailer, "/Size"));
	out->root = arena_text(mem, qpdf_oh_unparse(q, root));
	out->info = arena_text(mem, qpdf_oh_unparse(q, qpdf_oh_get_key(q, trailer, "/Info")));
	out->id = arena_text(mem, qpdf_oh_unparse(q, qpdf_oh_get_key(q, trailer, "/ID")));
	for (const char *at = bytes; (at = memmem(at, len - (size_t)(at - bytes), "startxref\n", 10)); at++)
		last = at;
	out->startxref = last ? strtoull(last + 10, NULL, 10) : 0;
	if (out->structure > 0 && out->size > 0 && out->startxref > 0)
		rc = 0;
	else
		error_set(err, ERROR_SOURCE, "qpdf has not written what was expected");
out:
	qpdf_cleanup(&q);
	return rc;
}

static int make(struct pdf *doc, struct fonts *fonts, qpdf_data q, struct sheet *sheet, struct text *out, struct error *err)
{
	struct metadata m = metadata_of(doc, fonts);
	struct pdf_finished base = { 0 };
	qpdf_oh root = qpdf_get_root(q);
	const char *bytes;

	if (pages_mend(q, sheet, err) < 0)
		return -1;
	qpdf_oh_replace_key(q, root, "/StructTreeRoot", qpdf_make_indirect_object(q, qpdf_oh_parse(q, "<</Type/StructTreeRoot>>")));
	archive_set(q, root, "/MarkInfo", "<</Marked true>>");
	archive_set(q, root, "/ViewerPreferences", "<</DisplayDocTitle true>>");
	archive_set(q, root, "/Lang", arena_print(doc->mem, "(%s)", m.language));
	add_info(doc->mem, q, &m);
	add_xmp(q, root, &m);
	add_colours(q, root);
	add_files(doc, fonts, q, root, pdf_date(doc->mem, m.when));
	if (write_base(q, err) < 0)
		return -1;
	bytes = (const char *)qpdf_get_buffer(q);
	if (look_at_base(doc->mem, bytes, qpdf_get_buffer_length(q), &base, err) < 0)
		return -1;
	text_bytes(out, bytes, qpdf_get_buffer_length(q));
	return structure_add(doc->mem, out, &base, sheet->root, sheet->marks.items, sheet->marks.count, err);
}

int archive_make(struct pdf *doc, struct fonts *fonts, struct text *drawn, struct sheet *sheet, struct text *out,
		 struct error *err)
{
	qpdf_data q = qpdf_init();
	int rc;

	pages_forget_tree(drawn);
	qpdf_silence_errors(q);
	if (qpdf_read_memory(q, "cairo", drawn->data, drawn->len, NULL) != QPDF_SUCCESS)
		rc = archive_failed(q, "read what cairo has drawn", err);
	else
		rc = make(doc, fonts, q, sheet, out, err);
	qpdf_cleanup(&q);
	return rc;
}
