/* SPDX-License-Identifier: GPL-3.0-or-later */
/* listing.c - pages, folders and searches in the manifest of a batch, a frame at a time. */
#include "listing_p.h"

#include <behov/text.h>

int
listing_open(struct store *store, const char *digest, struct listing *out, struct error *err)
{
	*out = (struct listing){ .store = store, .mem = arena_open() };
	return store_manifest_open(out->mem, store, digest, &out->manifest, err);
}

void
listing_close(struct listing *l)
{
	arena_close(l->last[0].mem);
	arena_close(l->last[1].mem);
	arena_close(l->mem);
}

/* ------------------------------------------------------------------ rows */

/* l->last[0] is that frame. */
static int
unpack(struct listing *l, size_t frame, struct error *err)
{
	struct unpacked swap = l->last[1];

	if (l->last[0].mem && l->last[0].frame == frame)
		return 0;
	l->last[1] = l->last[0];
	l->last[0] = swap;
	if (swap.mem && swap.frame == frame)
		return 0;
	arena_close(swap.mem);
	l->last[0] = (struct unpacked){ .mem = arena_open(), .frame = frame };
	if (store_manifest_frame(l->last[0].mem, l->store, &l->manifest, frame, &l->last[0].records, err) == 0)
		return 0;
	arena_close(l->last[0].mem);
	l->last[0].mem = NULL;
	return -1;
}

/* The last frame that begins at that row or before. */
static size_t
frame_of(const struct listing *l, long long row)
{
	size_t low = 0, high = l->manifest.count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (l->manifest.frames[middle].first <= row)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* Good until the call after the next. */
static int
row_at(struct listing *l, long long row, const struct record **out, struct error *err)
{
	size_t frame = frame_of(l, row);

	if (row < 0 || row >= l->manifest.files)
		return error_set(err, ERROR_STORE, "manifest '%s' has no row %lld", l->manifest.digest, row);
	if (unpack(l, frame, err) < 0)
		return -1;
	*out = &l->last[0].records[row - l->manifest.frames[frame].first];
	return 0;
}

/* The first row whose path does not stand before `path`. */
static int
not_before(struct listing *l, const char *path, long long *out, struct error *err)
{
	size_t low = 0, high = l->manifest.count, at;

	while (low < high) {            /* frames that begin before it */
		size_t middle = low + (high - low) / 2;
		if (strcmp(l->manifest.frames[middle].path, path) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*out = low < l->manifest.count ? l->manifest.frames[low].first : l->manifest.files;
	if (!low)
		return 0;
	if (unpack(l, low - 1, err) < 0)
		return -1;
	for (at = 0, high = (size_t)l->manifest.frames[low - 1].files; at < high;) {
		size_t middle = at + (high - at) / 2;
		if (strcmp(l->last[0].records[middle].path, path) < 0)
			at = middle + 1;
		else
			high = middle;
	}
	*out = l->manifest.frames[low - 1].first + (long long)at;
	return 0;
}

/* ------------------------------------------------------------------ folders */

/* '0' follows '/': all that begins with "folder/" stands before "folder0". */
static int
below(struct arena *mem, struct listing *l, const char *folder, struct stretch *out, struct error *err)
{
	if (!*folder) {
		*out = (struct stretch){ 0, l->manifest.files };
		return 0;
	}
	if (not_before(l, arena_print(mem, "%s/", folder), &out->from, err) < 0)
		return -1;
	return not_before(l, arena_print(mem, "%s0", folder), &out->to, err);
}

int
listing_folder(struct arena *mem, struct listing *l, long long row, long long depth, const char **path,
	       struct stretch *out, bool *is, struct error *err)
{
	const struct record *r;
	const char *end;

	*path = "";
	*is = true;
	if (depth > 0) {
		if (row_at(l, row, &r, err) < 0)
			return -1;
		for (end = strchr(r->path, '/'); end && depth > 1; depth--)
			end = strchr(end + 1, '/');
		*is = end != NULL;
		if (end)
			*path = arena_copy(mem, r->path, (size_t)(end - r->path));
	}
	return below(mem, l, *path, out, err);
}

/* Sorted as they are, what the first and the last share is shared by all between. */
int
listing_common(struct listing *l, long long *depth, struct error *err)
{
	const struct record *first, *last;

	*depth = 0;
	if (row_at(l, 0, &first, err) < 0 || row_at(l, l->manifest.files - 1, &last, err) < 0)
		return -1;
	for (const char *a = first->path, *b = last->path; *a && *a == *b; a++, b++)
		*depth += *a == '/';
	return 0;
}

static void
add_days(struct amount *a, day_t oldest, day_t newest)
{
	if (oldest != DAY_NONE && (a->oldest == DAY_NONE || oldest < a->oldest))
		a->oldest = oldest;
	if (newest != DAY_NONE && (a->newest == DAY_NONE || newest > a->newest))
		a->newest = newest;
}

/* A frame that lies wholly in it need not be unpacked. */
int
listing_sum(struct listing *l, struct stretch s, struct amount *out, struct error *err)
{
	*out = (struct amount){ .files = s.to - s.from, .oldest = DAY_NONE, .newest = DAY_NONE };
	for (long long row = s.from; row < s.to;) {
		size_t frame = frame_of(l, row);
		const struct manifest_frame *f = &l->manifest.frames[frame];
		long long end = f->first + f->files;

		if (row == f->first && end <= s.to) {
			out->bytes = sizes_add(out->bytes, (uint64_t)f->bytes);
			add_days(out, f->oldest, f->newest);
			row = end;
			continue;
		}
		if (unpack(l, frame, err) < 0)
			return -1;
		for (; row < s.to && row < end; row++) {
			const struct record *r = &l->last[0].records[row - f->first];
			out->bytes = sizes_add(out->bytes, r->size);
			add_days(out, r->anchor, r->anchor);
		}
	}
	return 0;
}

/* What stands in `folder` and has this row in it: a file, or the folder between. */
static int
thing_at(struct arena *mem, struct listing *l, const char *folder, long long row, struct thing *out, struct stretch *s,
	 struct error *err)
{
	size_t len = *folder ? strlen(folder) + 1 : 0;
	const struct record *r;
	const char *slash;

	if (row_at(l, row, &r, err) < 0)
		return -1;
	slash = strchr(r->path + len, '/');
	*out = (struct thing){ .folder = slash != NULL };
	out->path = slash ? arena_copy(mem, r->path, (size_t)(slash - r->path)) : arena_text(mem, r->path);
	out->name = out->path + len;
	*s = (struct stretch){ row, row + 1 };
	return slash ? below(mem, l, out->path, s, err) : 0;
}

int
listing_things(struct arena *mem, struct listing *l, const char *path, struct stretch s, long long row,
	       struct things *out, struct error *err)
{
	struct stretch one;

	out->count = 0;
	while (row < s.to && out->count < PAGE_ROWS) {
		struct thing *t = &out->items[out->count++];
		if (thing_at(mem, l, path, row, t, &one, err) < 0)
			return -1;
		t->row = one.from;
		if (listing_sum(l, one, &t->amount, err) < 0)
			return -1;
		row = one.to;
	}
	out->next = row;
	return 0;
}

int
listing_before(struct listing *l, const char *path, struct stretch s, long long row, long long *out, struct error *err)
{
	struct arena *mem = arena_open();
	struct stretch one;
	struct thing t;
	int rc = 0;

	for (int i = 0; i < PAGE_ROWS && row > s.from && rc == 0; i++) {
		rc = thing_at(mem, l, path, row - 1, &t, &one, err);
		row = one.from;
	}
	*out = row;
	arena_close(mem);
	return rc;
}

/* ------------------------------------------------------------------ a search */

/* text_fold() of the letters that most names are made of, into room for as many bytes; false: it has others. */
static bool
fold_plain(const char *raw, char *out)
{
	for (; *raw; raw++) {
		unsigned char c = (unsigned char)*raw, next = (unsigned char)raw[1];

		if (c < 0x80) {
			*out++ = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
		} else if (c == 0xc3 && next >= 0x80 && next < 0xc0 && next != 0x9f) {
			*out++ = *raw++;
			*out++ = (char)(next < 0x9f && next != 0x97 ? next + 32 : next);
		} else {
			return false;
		}
	}
	*out = '\0';
	return true;
}

static bool
has_word(const char *path, const char *word)
{
	char plain[4096];
	struct arena *mem;
	bool has;

	if (strlen(path) < sizeof(plain) && fold_plain(path, plain))
		return strstr(plain, word) != NULL;
	mem = arena_open();
	has = strstr(text_fold(mem, path), word) != NULL;
	arena_close(mem);
	return has;
}

/* As names are shown, or as they are: "100%25" and "100%" both find what is shown as "100%25". */
static const char *
fold_word(struct arena *mem, const char *word)
{
	const char *read = name_read(mem, word);

	return text_fold(mem, read ? read : word);
}

int
listing_find(struct arena *mem, struct listing *l, struct stretch s, long long row, const char *word,
	     struct found *out, struct error *err)
{
	const char *folded = fold_word(mem, word);

	out->count = 0;
	for (; row < s.to && out->count < PAGE_ROWS; row++) {
		const struct record *r;

		if (row_at(l, row, &r, err) < 0)
			return -1;
		if (!has_word(r->path, folded))
			continue;
		out->items[out->count] = *r;
		out->items[out->count].path = arena_text(mem, r->path);
		out->rows[out->count++] = row;
	}
	out->next = row;
	return 0;
}
