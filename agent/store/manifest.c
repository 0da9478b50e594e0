/* SPDX-License-Identifier: GPL-3.0-or-later */
/* manifest.c - the manifests of batches, a row for each frame: written as they are made, read one at a time. */
#include "store_p.h"
#include "behov/log.h"
#include "behov/text.h"

#include <zstd.h>

#define TEXT_MOST ((size_t)1 << 32)     /* of a manifest that an older schema holds in one piece */

/* ------------------------------------------------------------------ writing */

static int
put_frame(struct store *store, const char *digest, size_t number, const struct manifest_frame *f, struct error *err)
{
	struct arena *mem;
	struct query q;

	if (query_open(&store->base, &q, "insert into manifest_frame (manifest, number, first, files, bytes, oldest, newest,"
		       " path, size, packed) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", err) < 0)
		return -1;
	mem = arena_open();
	bind_text(&q, digest);
	bind_number(&q, (long long)number);
	bind_number(&q, f->first);
	bind_number(&q, f->files);
	bind_number(&q, f->bytes);
	bind_day(&q, f->oldest);
	bind_day(&q, f->newest);
	bind_text(&q, name_show(mem, f->path));
	bind_number(&q, (long long)f->size);
	bind_bytes(&q, f->packed, f->packed_size);
	arena_close(mem);
	return query_done(NULL, &q, err);
}

/* Size and packed are what is left of the older form: the size of all lines, and nothing. */
static int
put_head(struct store *store, const char *digest, long long size, struct error *err)
{
	struct query q;

	if (query_open(&store->base, &q, "insert into manifest (digest, size, packed) values (?1, ?2, x'')"
		       " on conflict (digest) do update set size = ?2, packed = x''", err) < 0)
		return -1;
	bind_text(&q, digest);
	bind_number(&q, size);
	return query_done(NULL, &q, err);
}

static int
put_all(struct store *store, const char *digest, const struct manifest *m, struct error *err)
{
	struct digest *sum = manifest_sum_open();
	struct arena *mem = arena_open();
	long long size = 0;
	int rc = put_head(store, digest, 0, err);

	for (size_t i = 0; i < m->count && rc == 0; i++) {
		rc = manifest_sum_frame(sum, &m->frames[i], err);
		if (rc == 0)
			rc = put_frame(store, digest, i, &m->frames[i], err);
		size += (long long)m->frames[i].size;
	}
	if (strcmp(manifest_sum_close(mem, sum), digest) != 0 && rc == 0)
		rc = error_set(err, ERROR_STORE, "the files of manifest '%s' are not those of its digest", digest);
	if (rc == 0)
		rc = put_head(store, digest, size, err);
	arena_close(mem);
	return rc;
}

/* Within the caller's transaction, or one of its own. */
static int
put_whole(struct store *store, const char *digest, const struct manifest *m, struct error *err)
{
	if (base_run(&store->base, "savepoint manifest", err) < 0)
		return -1;
	if (put_all(store, digest, m, err) == 0)
		return base_run(&store->base, "release manifest", err);
	sqlite3_exec(store->base.db, "rollback to manifest; release manifest", NULL, NULL, NULL);
	return -1;
}

static int
put_records(struct store *store, const char *digest, const struct record *records, size_t count, struct error *err)
{
	struct arena *mem = arena_open();
	const struct manifest *m;
	int rc = manifest_make(mem, records, count, &m, err);

	if (rc == 0)
		rc = put_whole(store, digest, m, err);
	arena_close(mem);
	return rc;
}

static int
is_there(struct store *store, const char *digest, bool *out, struct error *err)
{
	struct query q;

	if (query_open(&store->base, &q, "select 1 from manifest where digest = ? and length(packed) = 0", err) < 0)
		return -1;
	bind_text(&q, digest);
	*out = query_row(&q, err);
	return query_close(&q, err);
}

int
store_manifest_put(struct store *store, const char *digest, const struct record *records, size_t count, struct error *err)
{
	bool there;

	if (!count)
		return error_set(err, ERROR_STORE, "manifest '%s' has no files", digest);
	if (is_there(store, digest, &there, err) < 0)
		return -1;
	return there ? 0 : put_records(store, digest, records, count, err);
}

int
store_manifest_keep(struct store *store, const struct manifest *m, struct error *err)
{
	bool there;

	if (!m->count)
		return error_set(err, ERROR_STORE, "manifest '%s' has no files", m->digest);
	if (is_there(store, m->digest, &there, err) < 0)
		return -1;
	return there ? 0 : put_whole(store, m->digest, m, err);
}

/* ------------------------------------------------------------------ reading */

/* Without what is packed: SQLite would read all of it. */
#define INDEX "select number, first, files, bytes, oldest, newest, path, size from manifest_frame where manifest = ? order by number"
#define PACKED "select packed from manifest_frame where manifest = ? and number = ?"

/* Frames follow each other, and none is left out. */
static int
read_frame(struct arena *mem, struct query *q, struct manifest *m, struct error *err)
{
	struct manifest_frame *f, *before = m->count ? &m->frames[m->count - 1] : NULL;
	const char *path = column_text(mem, q, 6);
	long long size = column_number(q, 7);

	f = &m->frames[m->count];
	*f = (struct manifest_frame){ .first = column_number(q, 1), .files = column_number(q, 2), .bytes = column_number(q, 3),
				      .oldest = column_day(q, 4), .newest = column_day(q, 5), .path = name_read(mem, path),
				      .size = size < 0 ? SIZE_MAX : (size_t)size };
	if (column_number(q, 0) != (long long)m->count || f->first != m->files || f->files < 1 || f->files > MANIFEST_LINES ||
	    !f->path || (before && strcmp(before->path, f->path) >= 0))
		return error_set(err, ERROR_STORE, "manifest '%s' has a broken index at frame %zu", m->digest, m->count);
	m->count++;
	m->files += f->files;
	m->bytes = (long long)((unsigned long long)m->bytes + (unsigned long long)f->bytes);
	return 0;
}

int
store_manifest_open(struct arena *mem, struct store *store, const char *digest, struct manifest *out, struct error *err)
{
	LIST(struct manifest_frame) list = { 0 };
	struct query q;
	int rc = 0;

	*out = (struct manifest){ .digest = arena_text(mem, digest) };
	if (query_open(&store->base, &q, INDEX, err) < 0)
		return -1;
	bind_text(&q, digest);
	while (rc == 0 && query_row(&q, err)) {
		arena_push(mem, &list);
		out->frames = list.items;
		rc = read_frame(mem, &q, out, err);
	}
	return query_close(&q, err) < 0 || rc < 0 ? -1 : 0;
}

static int
unpack(struct arena *mem, struct store *store, const struct manifest *m, size_t number, struct digest *sum,
       struct record **records, struct error *err)
{
	struct manifest_frame f = m->frames[number];
	struct query q;
	int rc = -1;

	*records = NULL;
	if (query_open(&store->base, &q, PACKED, err) < 0)
		return -1;
	bind_text(&q, m->digest);
	bind_number(&q, (long long)number);
	if (query_row(&q, err)) {
		f.packed = sqlite3_column_blob(q.statement, 0);
		f.packed_size = (size_t)sqlite3_column_bytes(q.statement, 0);
		rc = manifest_unpack(mem, &f, sum, records, err);
	} else if (!q.failed) {
		error_set(err, ERROR_STORE, "frame %zu is not there any longer", number);
	}
	return query_close(&q, err) < 0 || rc < 0 ? error_in(err, "manifest '%s'", m->digest) : 0;
}

int
store_manifest_frame(struct arena *mem, struct store *store, const struct manifest *m, size_t number,
		     struct record **records, struct error *err)
{
	return unpack(mem, store, m, number, NULL, records, err);
}

static int
read_all(struct arena *mem, struct store *store, const struct manifest *m, struct digest *sum, struct record *out,
	 struct error *err)
{
	struct record *some, *at = out;

	for (size_t i = 0; i < m->count; i++) {
		if (unpack(mem, store, m, i, sum, &some, err) < 0)
			return -1;
		if (i && strcmp(at[-1].path, some->path) >= 0)
			return error_set(err, ERROR_STORE, "manifest '%s' is not sorted", m->digest);
		memcpy(at, some, (size_t)m->frames[i].files * sizeof *at);
		at += m->frames[i].files;
	}
	return 0;
}

int
store_manifest(struct arena *mem, struct store *store, const char *digest, struct record **records, size_t *count,
	       struct error *err)
{
	struct manifest m;
	struct digest *sum;
	int rc;

	*records = NULL;
	*count = 0;
	if (store_manifest_open(mem, store, digest, &m, err) < 0)
		return -1;
	if (!m.count)
		return 0;
	*records = arena_array(mem, struct record, (size_t)m.files);
	sum = manifest_sum_open();
	rc = read_all(mem, store, &m, sum, *records, err);
	if (strcmp(manifest_sum_close(mem, sum), digest) != 0 && rc == 0)
		rc = error_set(err, ERROR_STORE, "manifest '%s' is not what its digest says", digest);
	*count = (size_t)m.files;
	if (rc < 0)
		*records = NULL;
	return rc;
}

/* ------------------------------------------------------------------ the older form: all of it in one piece */

static int
read_packed(struct arena *mem, const void *packed, size_t size, long long wanted, struct record **records, size_t *count,
	    struct error *err)
{
	char *text;

	if (wanted < 0 || (size_t)wanted > TEXT_MOST || ZSTD_getFrameContentSize(packed, size) != (size_t)wanted)
		return error_set(err, ERROR_STORE, "it says a size that it cannot have");
	text = arena_take(mem, (size_t)wanted + 1);
	if (ZSTD_decompress(text, (size_t)wanted, packed, size) != (size_t)wanted)
		return error_set(err, ERROR_STORE, "it cannot be unpacked");
	return manifest_read(mem, text, (size_t)wanted, records, count, err);
}

static int
split(struct store *store, const char *digest, struct error *err)
{
	struct arena *mem = arena_open();
	struct record *records = NULL;
	size_t count = 0;
	struct query q;
	int rc = query_open(&store->base, &q, "select packed, size from manifest where digest = ?", err);

	if (rc < 0)
		goto out;
	bind_text(&q, digest);
	if (query_row(&q, err))
		rc = read_packed(mem, sqlite3_column_blob(q.statement, 0), (size_t)sqlite3_column_bytes(q.statement, 0),
				 column_number(&q, 1), &records, &count, err);
	if (query_close(&q, err) < 0)
		rc = -1;
	if (rc == 0)
		rc = put_records(store, digest, records, count, err);
out:
	arena_close(mem);
	return rc;
}

/* One that is broken stays as it is: it is not there for who asks, and nothing that rests on it is carried out. */
int
manifests_split(struct store *store, struct error *err)
{
	struct arena *mem = arena_open();
	LIST(const char *) old = { 0 };
	struct query q;
	int rc = query_open(&store->base, &q, "select digest from manifest where length(packed) > 0 order by digest", err);

	if (rc < 0)
		goto out;
	while (query_row(&q, err))
		*arena_push(mem, &old) = column_text(mem, &q, 0);
	rc = query_close(&q, err);
	for (size_t i = 0; i < old.count && rc == 0; i++) {
		struct error why = { 0 };
		if (split(store, old.items[i], &why) < 0)
			log_warn("manifest '%s' of an older version cannot be read: %s", old.items[i], why.text);
	}
out:
	arena_close(mem);
	return rc;
}
