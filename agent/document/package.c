/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * package.c - what holds the sheets of a workbook together (ECMA-376, part 2): what its parts are, their names, how cells look, whose it is.
 *
 * What says what the parts are stands first, as whoever looks at no more than the beginning of a file expects it; how many sheets there
 * will be is not known then, and so what nobody says otherwise is one.
 */
#include "document_p.h"

#define PACKAGE "http://schemas.openxmlformats.org/package/2006/"
#define TYPE "application/vnd.openxmlformats-"
#define PART_MOST ((size_t)32 << 20)

struct package { struct arena *mem; struct zip *zip; const struct sheets *sheets; const json_t *page; int64_t at; };

static int
put_member(struct zip *zip, const char *name, const char *text, struct error *err)
{
	zip_begin(zip, name, 0);
	zip_write(zip, text, strlen(text));
	return zip_end(zip, "", err);
}

int
package_begin(struct zip *zip, struct error *err)
{
	static const char types[] = BOOK_XML "<Types xmlns=\"" PACKAGE "content-types\">"
		"<Default Extension=\"rels\" ContentType=\"" TYPE "package.relationships+xml\"/>"
		"<Default Extension=\"xml\" ContentType=\"" TYPE "officedocument.spreadsheetml.worksheet+xml\"/>"
		"<Override PartName=\"/docProps/app.xml\" ContentType=\"" TYPE "officedocument.extended-properties+xml\"/>"
		"<Override PartName=\"/docProps/core.xml\" ContentType=\"" TYPE "package.core-properties+xml\"/>"
		"<Override PartName=\"/xl/styles.xml\" ContentType=\"" TYPE "officedocument.spreadsheetml.styles+xml\"/>"
		"<Override PartName=\"/xl/workbook.xml\" ContentType=\"" TYPE "officedocument.spreadsheetml.sheet.main+xml\"/></Types>";
	static const char relations[] = BOOK_XML "<Relationships xmlns=\"" PACKAGE "relationships\">"
		"<Relationship Id=\"rId1\" Type=\"" BOOK_OFFICE "relationships/officeDocument\" Target=\"xl/workbook.xml\"/>"
		"<Relationship Id=\"rId2\" Type=\"" PACKAGE "relationships/metadata/core-properties\" Target=\"docProps/core.xml\"/>"
		"<Relationship Id=\"rId3\" Type=\"" BOOK_OFFICE "relationships/extended-properties\" Target=\"docProps/app.xml\"/></Relationships>";

	return put_member(zip, "[Content_Types].xml", types, err) < 0 ? -1 : put_member(zip, "_rels/.rels", relations, err);
}

static int
put_styles(const struct package *p, struct error *err)
{
	return put_member(p->zip, "xl/styles.xml", BOOK_XML "<styleSheet xmlns=\"" BOOK_SPREADSHEET "\"><numFmts count=\"2\"><numFmt numFmtId=\"164\" formatCode=\"yyyy-mm-dd\"/>"
			  "<numFmt numFmtId=\"165\" formatCode=\"yyyy-mm-dd hh:mm\"/></numFmts>"
			  "<fonts count=\"2\"><font><sz val=\"11\"/><name val=\"Calibri\"/><family val=\"2\"/></font>"
			  "<font><b/><sz val=\"11\"/><name val=\"Calibri\"/><family val=\"2\"/></font></fonts>"
			  "<fills count=\"3\"><fill><patternFill patternType=\"none\"/></fill><fill><patternFill patternType=\"gray125\"/></fill>"
			  "<fill><patternFill patternType=\"solid\"><fgColor rgb=\"FFE8ECEF\"/><bgColor indexed=\"64\"/></patternFill></fill></fills>"
			  "<borders count=\"2\"><border><left/><right/><top/><bottom/><diagonal/></border>"
			  "<border><left/><right/><top/><bottom style=\"thin\"><color auto=\"1\"/></bottom><diagonal/></border></borders>"
			  "<cellStyleXfs count=\"1\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\"/></cellStyleXfs>"
			  "<cellXfs count=\"5\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyAlignment=\"1\"><alignment vertical=\"top\"/></xf>"
			  "<xf numFmtId=\"0\" fontId=\"1\" fillId=\"2\" borderId=\"1\" xfId=\"0\" applyFont=\"1\" applyFill=\"1\" applyBorder=\"1\"/>"
			  "<xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyAlignment=\"1\"><alignment vertical=\"top\" wrapText=\"1\"/></xf>"
			  "<xf numFmtId=\"164\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\" applyAlignment=\"1\"><alignment vertical=\"top\"/></xf>"
			  "<xf numFmtId=\"165\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\" applyAlignment=\"1\"><alignment vertical=\"top\"/></xf></cellXfs>"
			  "<cellStyles count=\"1\"><cellStyle name=\"Normal\" xfId=\"0\" builtinId=\"0\"/></cellStyles><dxfs count=\"0\"/></styleSheet>", err);
}

static int
put_workbook(const struct package *p, struct text *t, struct error *err)
{
	text_add(t, BOOK_XML "<workbook xmlns=\"" BOOK_SPREADSHEET "\" xmlns:r=\"" BOOK_OFFICE "relationships\"><workbookPr/><bookViews><workbookView xWindow=\"240\""
		 " yWindow=\"15\" windowWidth=\"16095\" windowHeight=\"9660\"/></bookViews><sheets>");
	for (size_t i = 0; i < p->sheets->list.count; i++) {
		text_add(t, "<sheet name=\"");
		html_text(t, p->sheets->list.items[i].name);
		text_print(t, "\" sheetId=\"%zu\" r:id=\"rId%zu\"/>", i + 1, i + 1);
	}
	text_add(t, "</sheets><definedNames>");
	for (size_t i = 0; i < p->sheets->list.count; i++) {
		const struct sheet *s = &p->sheets->list.items[i];

		text_print(t, "<definedName name=\"_xlnm._FilterDatabase\" localSheetId=\"%zu\" hidden=\"1\">'", i);
		html_text(t, s->name);
		text_print(t, "'!$A$1:$%c$%lld</definedName>", 'A' + s->columns - 1, s->rows);
	}
	for (size_t i = 0; i < p->sheets->list.count; i++) {
		text_print(t, "<definedName name=\"_xlnm.Print_Titles\" localSheetId=\"%zu\">'", i);
		html_text(t, p->sheets->list.items[i].name);
		text_add(t, "'!$1:$1</definedName>");
	}
	text_add(t, "</definedNames></workbook>");
	return put_member(p->zip, "xl/workbook.xml", t->data, err);
}

static int
put_links(const struct package *p, struct text *t, struct error *err)
{
	size_t count = p->sheets->list.count;

	text_add(t, BOOK_XML "<Relationships xmlns=\"" PACKAGE "relationships\">");
	for (size_t i = 1; i <= count; i++)
		text_print(t, "<Relationship Id=\"rId%zu\" Type=\"" BOOK_OFFICE "relationships/worksheet\" Target=\"worksheets/sheet%zu.xml\"/>", i, i);
	text_print(t, "<Relationship Id=\"rId%zu\" Type=\"" BOOK_OFFICE "relationships/styles\" Target=\"styles.xml\"/></Relationships>", count + 1);
	return put_member(p->zip, "xl/_rels/workbook.xml.rels", t->data, err);
}

/* ------------------------------------------------------------------ whose, and of when */

/* A property, when there is one. */
static void
put_said(const struct package *p, struct text *t, const char *tag, const char *key)
{
	const char *said = json_text(p->page, key);

	text_print(t, "<%s>", tag);
	book_escape(t, book_first(p->mem, book_text(p->mem, said ? said : ""), 200));
	text_print(t, "</%s>", tag);
}

static int
put_core(const struct package *p, struct text *t, struct error *err)
{
	long long second = ((p->at % 86400) + 86400) % 86400;
	const char *when = arena_print(p->mem, "%sT%02lld:%02lld:%02lldZ", day_text(p->mem, (day_t)((p->at - second) / 86400)), second / 3600, second / 60 % 60,
				       second % 60);

	text_add(t, BOOK_XML "<cp:coreProperties xmlns:cp=\"" PACKAGE "metadata/core-properties\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\""
		 " xmlns:dcterms=\"http://purl.org/dc/terms/\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">");
	put_said(p, t, "dc:title", "title");
	put_said(p, t, "dc:subject", "dnr");
	put_said(p, t, "dc:creator", "organisation");
	put_said(p, t, "cp:lastModifiedBy", "organisation");
	text_print(t, "<dcterms:created xsi:type=\"dcterms:W3CDTF\">%s</dcterms:created><dcterms:modified xsi:type=\"dcterms:W3CDTF\">%s</dcterms:modified>"
		   "</cp:coreProperties>", when, when);
	return put_member(p->zip, "docProps/core.xml", t->data, err);
}

static int
put_about(const struct package *p, struct text *t, struct error *err)
{
	text_add(t, BOOK_XML "<Properties xmlns=\"" BOOK_OFFICE "extended-properties\"><Application>behov</Application>");
	put_said(p, t, "Company", "organisation");
	text_add(t, "</Properties>");
	return put_member(p->zip, "docProps/app.xml", t->data, err);
}

int
package_end(struct arena *mem, struct zip *zip, const struct sheets *sheets, const json_t *page, int64_t at, struct error *err)
{
	const struct package package = { mem, zip, sheets, page, at }, *p = &package;
	static int (*const put[])(const struct package *p, struct text *t, struct error *err) = { put_workbook, put_links, put_core, put_about };
	struct text t;
	int rc = put_styles(p, err);

	text_open(&t, PART_MOST);
	for (size_t i = 0; i < sizeof(put) / sizeof(*put) && rc == 0; i++) {
		t.len = 0;
		rc = put[i](p, &t, err);
		if (rc == 0 && t.full)
			rc = error_set(err, ERROR_SOURCE, "the workbook has too many sheets");
	}
	text_close(&t);
	return rc;
}
