/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pages.c - what cairo has written is mended: marks, fonts, and a tree of tags that nobody needs. */
#include "archive_p.h"

/* The values of a dictionary: qpdf has one iterator for all, so they are noted before anything is done with them. */
static size_t values(qpdf_data q, qpdf_oh dict, qpdf_oh *out, size_t room)
{
	size_t count = 0;

	if (!qpdf_oh_is_dictionary(q, dict))
		return 0;
	qpdf_oh_begin_dict_key_iter(q, dict);
	while (count < room && qpdf_oh_dict_more_keys(q))
		out[count++] = qpdf_oh_get_key(q, dict, qpdf_oh_dict_next_key(q));
	return count;
}

#define DEEPEST 4                       /* forms in forms */
#define MOST 256                        /* fonts of a page; there are four, in some subsets each */

/* cairo 1.16 leaves out what ISO 19005 wants of a font with more than 256 glyphs: which number is which glyph. */
static void mend_fonts(qpdf_data q, qpdf_oh resources, int depth)
{
	qpdf_oh found[MOST];
	size_t count = values(q, qpdf_oh_get_key(q, resources, "/Font"), found, MOST);

	for (size_t i = 0; i < count; i++) {
		qpdf_oh below = qpdf_oh_get_key(q, found[i], "/DescendantFonts");

		if (qpdf_oh_is_array(q, below) && !qpdf_oh_has_key(q, qpdf_oh_get_array_item(q, below, 0), "/CIDToGIDMap"))
			archive_set(q, qpdf_oh_get_array_item(q, below, 0), "/CIDToGIDMap", "/Identity");
	}
	count = depth ? values(q, qpdf_oh_get_key(q, resources, "/XObject"), found, MOST) : 0;
	for (size_t i = 0; i < count; i++)
		if (qpdf_oh_is_stream(q, found[i]))
			mend_fonts(q, qpdf_oh_get_key(q, qpdf_oh_get_dict(q, found[i]), "/Resources"), depth - 1);
}

static int mark_page(qpdf_data q, qpdf_oh page, const struct mark *marks, size_t count, struct error *err)
{
	unsigned char *content = NULL;
	size_t len = 0;
	struct text out;
	int rc = -1;

	text_open(&out, SIZE_MAX / 4);
	if (qpdf_oh_get_page_content_data(q, page, &content, &len) & QPDF_ERRORS)
		archive_failed(q, "read a page", err);
	else
		rc = marks_put((char *)content, len, marks, count, &out, err);
	if (rc == 0)
		qpdf_oh_replace_key(q, page, "/Contents", archive_stream(q, out.data, out.len, NULL));
	free(content);
	text_close(&out);
	return rc;
}

int pages_mend(qpdf_data q, struct sheet *sheet, struct error *err)
{
	int count = qpdf_get_num_pages(q);
	size_t at = 0;

	if (count != sheet->pages)
		return error_set(err, ERROR_SOURCE, "%d pages were drawn, and %d counted", count, sheet->pages);
	for (int i = 0; i < count; i++) {
		qpdf_oh page = qpdf_get_page_n(q, (size_t)i);
		size_t from = at;

		while (at < sheet->marks.count && sheet->marks.items[at].page == i + 1)
			at++;
		if (mark_page(q, page, sheet->marks.items + from, at - from, err) < 0)
			return error_in(err, "page %d", i + 1);
		qpdf_oh_replace_key(q, page, "/StructParents", qpdf_oh_new_integer(q, i));
		archive_set(q, page, "/Tabs", "/S");
		mend_fonts(q, qpdf_oh_get_key(q, page, "/Resources"), DEEPEST);
	}
	return 0;
}

/* ------------------------------------------------------------------ cairo's own tree */

/* Is an object of cairo's a part of its tree of tags: an element, the root, the way back from pages? */
static bool is_of_tree(const char *at)
{
	static const char *const begins[] = { "<< /Type /StructElem", "<< /Type /StructTreeRoot", "<< /Nums [" };

	at += strspn(at, "0123456789");
	if (strncmp(at, " 0 obj\n", 7) != 0)
		return false;
	at += 7;
	for (size_t i = 0; i < sizeof(begins) / sizeof(*begins); i++)
		if (strncmp(at, begins[i], strlen(begins[i])) == 0)
			return true;
	if (*at != '[')
		return false;
	at += 1 + strspn(at + 1, " \n");
	at += strspn(at, "0123456789");
	return strncmp(at, " 0 R", 4) == 0;
}

/*
 * We have a tree of our own, and qpdf would hold every object of this one: 100 MB for a table of 10,000 rows.  So their rows
 * in the table of objects ("0000000015 00000 n \n", ISO 32000-1, 7.5.4) say that they are free.  A later cairo that writes
 * no such table only costs that memory.
 */
void pages_forget_tree(struct text *drawn)
{
	char *table = NULL, *row;

	for (char *at = drawn->data; (at = memmem(at, drawn->len - (size_t)(at - drawn->data), "\nxref\n0 ", 8)); at++)
		table = at;
	row = table ? strchr(table + 8, '\n') : NULL;
	for (row = row ? row + 1 : NULL; row && drawn->data + drawn->len - row > 20 && memchr("nf", row[17], 2); row += 20) {
		size_t where = (size_t)strtoull(row, NULL, 10);

		if (row[17] == 'n' && where < drawn->len && is_of_tree(drawn->data + where))
			memcpy(row, "0000000000 65535 f", 18);
	}
}
