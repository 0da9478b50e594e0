/* SPDX-License-Identifier: GPL-3.0-or-later */
/* formats.c - what kind of file a name says that it is: for counts, never for a judgement. */
#include "protocol_p.h"

#include <strings.h>

#define EXTENSION_MOST 10
#define FORMATS_MOST 200                /* different ones; what comes after them is counted together */

static const char *const known[][2] = {
	{ "pdf", "PDF" }, { "doc", "Word (doc)" }, { "docx", "Word (docx)" }, { "docm", "Word (docm)" }, { "dot", "Word (dot)" },
	{ "rtf", "RTF" }, { "odt", "OpenDocument text (odt)" }, { "txt", "Text (txt)" }, { "md", "Text (md)" },
	{ "xls", "Excel (xls)" }, { "xlsx", "Excel (xlsx)" }, { "xlsm", "Excel (xlsm)" }, { "ods", "OpenDocument kalkyl (ods)" },
	{ "csv", "CSV" }, { "tsv", "Tabbseparerad text (tsv)" }, { "xml", "XML" }, { "json", "JSON" }, { "sie", "SIE" },
	{ "ppt", "PowerPoint (ppt)" }, { "pptx", "PowerPoint (pptx)" }, { "odp", "OpenDocument presentation (odp)" },
	{ "jpg", "JPEG" }, { "jpeg", "JPEG" }, { "png", "PNG" }, { "tif", "TIFF" }, { "tiff", "TIFF" }, { "gif", "GIF" },
	{ "bmp", "BMP" }, { "heic", "HEIC" }, { "svg", "SVG" }, { "dwg", "AutoCAD (dwg)" }, { "dxf", "AutoCAD (dxf)" },
	{ "mp3", "MP3" }, { "wav", "WAV" }, { "m4a", "MPEG-4 ljud (m4a)" }, { "mp4", "MPEG-4 (mp4)" }, { "mov", "QuickTime (mov)" },
	{ "avi", "AVI" }, { "msg", "E-post (msg)" }, { "eml", "E-post (eml)" }, { "pst", "E-post (pst)" }, { "mdb", "Access (mdb)" },
	{ "accdb", "Access (accdb)" }, { "zip", "ZIP" }, { "7z", "7-Zip" }, { "gz", "gzip" }, { "tar", "tar" }, { "html", "HTML" },
	{ "htm", "HTML" }, { "log", "Logg (log)" }, { "bak", "Kopia (bak)" }, { "tmp", "Tillfällig fil (tmp)" },
};

/* An ending that we do not know is shown as it is when names may be; else it could be a part of one ("akt.andersson"). */
static const char *
format_of(struct arena *mem, const char *path, bool names)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');
	size_t len = dot ? strlen(dot + 1) : 0;
	char *ending;

	if (!dot || dot == name || !len)
		return "utan filändelse";
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strcasecmp(dot + 1, known[i][0]) == 0)
			return known[i][1];
	if (!names || len > EXTENSION_MOST ||
	    strspn(dot + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") != len)
		return "annan filändelse";
	ending = arena_text(mem, dot);
	for (char *c = ending; *c; c++)
		*c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
	return ending;
}

void
format_count(struct arena *mem, struct arena *brief, struct formats *all, const struct record *r, bool names)
{
	const char *name = format_of(brief, r->path, names);
	struct format *f = NULL;

	for (size_t i = 0; i < all->list.count && !f; i++)
		f = strcmp(all->list.items[i].name, name) == 0 ? &all->list.items[i] : NULL;
	if (!f && all->list.count >= FORMATS_MOST)
		f = &all->list.items[FORMATS_MOST - 1];
	if (!f) {
		f = arena_push(mem, &all->list);
		f->name = all->list.count == FORMATS_MOST ? "övriga" : arena_text(mem, name);
	}
	f->files++;
	f->bytes = sizes_add(f->bytes, r->size);
}

static int
by_files(const void *a, const void *b)
{
	const struct format *x = a, *y = b;

	return x->files != y->files ? x->files < y->files ? 1 : -1 : strcmp(x->name, y->name);
}

void
formats_sort(struct formats *all)
{
	if (all->list.count > 1)
		qsort(all->list.items, all->list.count, sizeof(*all->list.items), by_files);
}
