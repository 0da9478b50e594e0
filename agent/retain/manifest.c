/* SPDX-License-Identifier: GPL-3.0-or-later */
/* manifest.c - the list of a batch's files as text, one line each. */
#include "retain_p.h"
#include "behov/digest.h"
#include "behov/text.h"
#include <inttypes.h>

#define HEADER "behov-manifest 1: size mtime ctime btime dev ino nlink anchor due path\n"

void
retain_manifest(struct arena *mem, const struct record *records, size_t count, char **text, size_t *len,
		const char **digest)
{
	unsigned char sum[DIGEST_SIZE];
	struct text t;

	text_open(&t, SIZE_MAX / 2);
	text_add(&t, HEADER);
	for (size_t i = 0; i < count; i++) {
		const struct record *r = &records[i];

		text_print(&t, "%" PRIu64 " %" PRId64 ".%09" PRIu32 " %" PRId64 ".%09" PRIu32 " %" PRId64 ".%09" PRIu32,
			   r->size, r->mtime_s, r->mtime_ns, r->ctime_s, r->ctime_ns, r->btime_s, r->btime_ns);
		text_print(&t, " %" PRIu64 " %" PRIu64 " %" PRIu32 " %" PRId32 " %" PRId32 " ", r->dev, r->ino, r->nlink,
			   r->anchor, r->due);
		text_add(&t, name_show(mem, r->path));
		text_char(&t, '\n');
	}
	digest_of(t.data, t.len, sum);
	*digest = arena_print(mem, "sha256:%s", digest_hex(mem, sum, sizeof sum));
	*text = arena_copy(mem, t.data, t.len);
	*len = t.len;
	text_close(&t);
}

static int
read_line(struct arena *mem, const char *line, struct record *r)
{
	int at = 0;

	if (sscanf(line,
		   "%" SCNu64 " %" SCNd64 ".%9" SCNu32 " %" SCNd64 ".%9" SCNu32 " %" SCNd64 ".%9" SCNu32 " %" SCNu64
		   " %" SCNu64 " %" SCNu32 " %" SCNd32 " %" SCNd32 "%n",
		   &r->size, &r->mtime_s, &r->mtime_ns, &r->ctime_s, &r->ctime_ns, &r->btime_s, &r->btime_ns, &r->dev,
		   &r->ino, &r->nlink, &r->anchor, &r->due, &at) != 12 || line[at] != ' ' || !line[at + 1])
		return -1;
	r->path = name_read(mem, line + at + 1);
	return r->path ? 0 : -1;
}

int
retain_manifest_read(struct arena *mem, const char *text, size_t len, struct record **records, size_t *count,
		     struct error *err)
{
	LIST(struct record) list = { 0 };
	char *copy = arena_copy(mem, text, len), *end;

	if (strlen(copy) != len || strncmp(copy, HEADER, sizeof HEADER - 1) != 0)
		return error_set(err, ERROR_STORE, "a manifest does not begin as one");
	for (copy += sizeof HEADER - 1; *copy; copy = end + 1) {
		end = strchr(copy, '\n');
		if (!end)
			return error_set(err, ERROR_STORE, "a manifest stops short");
		*end = '\0';
		if (read_line(mem, copy, arena_push(mem, &list)) < 0)
			return error_set(err, ERROR_STORE, "a manifest has a broken line %zu", list.count + 1);
	}
	*records = list.items;
	*count = list.count;
	return 0;
}
