/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * structure.c - the tree of elements, added to a finished file as an update of it (ISO 32000-1, 7.5.6).
 *
 * A long table has a hundred thousand elements.  As objects in qpdf's memory they were 150 MB of the 190 that a table of
 * 10,000 rows took; written here, packed 200 to a stream, they are some MB.
 */
#include "pdf_p.h"

#include <zlib.h>

#define PACKED 200                      /* objects in one stream */

/* Where an object is: in a stream as its n-th, or by itself at an offset. */
struct place { size_t where; unsigned nth; bool packed; };

struct work {
	const struct pdf_finished *base;
	struct arena *mem;
	struct text *file;
	struct text index, bodies;              /* of the stream being filled */
	unsigned in_stream;
	size_t stream;                          /* its number */
	size_t next;                            /* the next free number */
	struct place root;
	LIST(struct place) places;              /* of base->size and on */
};

static size_t new_number(struct work *w)
{
	arena_push(w->mem, &w->places);
	return w->next++;
}

static struct place *place_of(struct work *w, size_t number)
{
	return number == (size_t)w->base->structure ? &w->root : &w->places.items[number - (size_t)w->base->size];
}

/* A stream, compressed, with `more` in its dictionary; it stands at w->file->len before. */
static int write_stream(struct work *w, size_t number, const char *more, const char *bytes, size_t len, struct error *err)
{
	uLongf packed = compressBound((uLong)len);
	unsigned char *out = arena_take(w->mem, packed);

	if (compress2(out, &packed, (const unsigned char *)bytes, (uLong)len, 6) != Z_OK)
		return error_set(err, ERROR_SOURCE, "zlib cannot compress %zu bytes", len);
	*place_of(w, number) = (struct place){ .where = w->file->len };
	text_print(w->file, "%zu 0 obj\n<<%s/Filter/FlateDecode/Length %lu>>\nstream\n", number, more, packed);
	text_bytes(w->file, (char *)out, packed);
	text_add(w->file, "\nendstream\nendobj\n");
	return 0;
}

static int flush(struct work *w, struct error *err)
{
	char more[100];

	if (!w->in_stream)
		return 0;
	snprintf(more, sizeof(more), "/Type/ObjStm/N %u/First %zu", w->in_stream, w->index.len);
	text_bytes(&w->index, w->bodies.data, w->bodies.len);
	if (write_stream(w, w->stream, more, w->index.data, w->index.len, err) < 0)
		return -1;
	w->index.len = w->bodies.len = 0;
	w->in_stream = 0;
	return 0;
}

/* What is added to w->bodies until the next begin() or flush() is the object `number`. */
static int begin(struct work *w, size_t number, struct error *err)
{
	if (w->in_stream == PACKED && flush(w, err) < 0)
		return -1;
	if (!w->in_stream)
		w->stream = new_number(w);
	*place_of(w, number) = (struct place){ .where = w->stream, .nth = w->in_stream++, .packed = true };
	text_print(&w->index, "%zu %zu ", number, w->bodies.len);
	return 0;
}

static void give_numbers(struct work *w, struct element *element)
{
	element->number = new_number(w);
	for (struct element *kid = element->first; kid; kid = kid->next)
		give_numbers(w, kid);
}

static int page_number(const struct work *w, int page)
{
	return w->base->pages[page - 1];
}

static void add_kids(struct work *w, const struct element *element)
{
	const struct piece *piece = element->pieces;

	if (piece && element->kids == 1) {
		text_print(&w->bodies, "/K %u/Pg %d 0 R", piece->id, page_number(w, piece->page));
		return;
	}
	text_add(&w->bodies, "/K[");
	for (const struct element *kid = element->first; kid; kid = kid->next)
		text_print(&w->bodies, "%zu 0 R ", kid->number);
	for (; piece; piece = piece->next)
		text_print(&w->bodies, "<</Type/MCR/Pg %d 0 R/MCID %u>>", page_number(w, piece->page), piece->id);
	text_char(&w->bodies, ']');
}

static int add_element(struct work *w, const struct element *element, struct error *err)
{
	if (begin(w, element->number, err) < 0)
		return -1;
	text_print(&w->bodies, "<</Type/StructElem/S/%s/P %zu 0 R", element->type,
		   element->up ? element->up->number : (size_t)w->base->structure);
	if (element->kids)
		add_kids(w, element);
	if (element->more)
		text_add(&w->bodies, element->more);
	if (element->alt)
		text_print(&w->bodies, "/Alt%s", archive_string(w->mem, element->alt));
	text_add(&w->bodies, ">>\n");
	for (const struct element *kid = element->first; kid; kid = kid->next)
		if (add_element(w, kid, err) < 0)
			return -1;
	return 0;
}

/* From a piece of a page back to its element: an array for each page. */
static int add_parents(struct work *w, const struct mark *marks, size_t count, size_t *tree, struct error *err)
{
	size_t first = w->next, at = 0;

	for (int i = 0; i < w->base->page_count; i++)
		new_number(w);
	*tree = new_number(w);
	for (int page = 1; page <= w->base->page_count; page++) {
		if (begin(w, first + (size_t)page - 1, err) < 0)
			return -1;
		text_char(&w->bodies, '[');
		for (; at < count && marks[at].page == page; at++)
			if (marks[at].element)
				text_print(&w->bodies, "%zu 0 R ", marks[at].element->number);
		text_add(&w->bodies, "]\n");
	}
	if (begin(w, *tree, err) < 0)
		return -1;
	text_add(&w->bodies, "<</Nums[");
	for (int i = 0; i < w->base->page_count; i++)
		text_print(&w->bodies, "%d %zu 0 R ", i, first + (size_t)i);
	text_add(&w->bodies, "]>>\n");
	return 0;
}

/* ------------------------------------------------------------------ where everything is */

static void add_place(struct text *rows, const struct place *place)
{
	size_t where = place->where;
	char row[7] = { (char)(place->packed ? 2 : 1), (char)(where >> 24), (char)(where >> 16), (char)(where >> 8), (char)where,
			(char)(place->nth >> 8), (char)place->nth };

	text_bytes(rows, row, sizeof(row));
}

static int add_xref(struct work *w, struct error *err)
{
	const struct pdf_finished *base = w->base;
	size_t number = new_number(w), at = w->file->len;
	struct text rows;
	char *more;
	int rc;

	*place_of(w, number) = (struct place){ .where = at };
	text_open(&rows, SIZE_MAX / 4);
	add_place(&rows, &w->root);
	for (size_t i = 0; i < w->places.count; i++)
		add_place(&rows, &w->places.items[i]);
	more = arena_print(w->mem, "/Type/XRef/W[1 4 2]/Index[%d 1 %d %zu]/Size %zu/Prev %zu/Root %s/Info %s/ID%s", base->structure,
			   base->size, w->places.count, w->next, base->startxref, base->root, base->info, base->id);
	rc = write_stream(w, number, more, rows.data, rows.len, err);
	text_print(w->file, "startxref\n%zu\n%%%%EOF\n", at);
	text_close(&rows);
	return rc;
}

static int add_all(struct work *w, struct element *tree, const struct mark *marks, size_t count, struct error *err)
{
	size_t parents;

	give_numbers(w, tree);
	if (add_element(w, tree, err) < 0 || add_parents(w, marks, count, &parents, err) < 0 ||
	    begin(w, (size_t)w->base->structure, err) < 0)
		return -1;
	text_print(&w->bodies, "<</Type/StructTreeRoot/K %zu 0 R/ParentTree %zu 0 R/ParentTreeNextKey %d>>\n", tree->number,
		   parents, w->base->page_count);
	if (flush(w, err) < 0 || add_xref(w, err) < 0)
		return -1;
	if (w->file->full || w->file->len > UINT32_MAX)
		return error_set(err, ERROR_SOURCE, "it would be larger than 4 GB");
	return 0;
}

int structure_add(struct arena *mem, struct text *file, const struct pdf_finished *base, struct element *tree,
		  const struct mark *marks, size_t count, struct error *err)
{
	struct work w = { .base = base, .mem = mem, .file = file, .next = (size_t)base->size };
	int rc;

	text_open(&w.index, SIZE_MAX / 4);
	text_open(&w.bodies, SIZE_MAX / 4);
	rc = add_all(&w, tree, marks, count, err);
	text_close(&w.index);
	text_close(&w.bodies);
	return rc;
}
