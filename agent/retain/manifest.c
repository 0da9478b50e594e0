/* SPDX-License-Identifier: GPL-3.0-or-later */
/* manifest.c - the list of a batch's files as text, one line each. */
#include "retain_p.h"
#include "behov/digest.h"
#include "behov/text.h"
#include <inttypes.h>

#define HEADER "behov-manifest 1: size mtime ctime btime dev ino nlink anchor due path\n"
#define PIECE (256 * 1024)

static char *
digits(char *at, uint64_t value, int least)
{
	char turned[24];
	int n = 0;

	do
		turned[n++] = (char)('0' + value % 10);
	while ((value /= 10) || n < least);
	while (n)
		*at++ = turned[--n];
	return at;
}

static char *
number(char *at, int64_t value)
{
	if (value < 0)
		*at++ = '-';
	at = digits(at, value < 0 ? -(uint64_t)value : (uint64_t)value, 1);
	*at++ = ' ';
	return at;
}

static char *
moment(char *at, int64_t s, uint32_t ns)
{
	at = number(at, s);
	at[-1] = '.';
	at = digits(at, ns, 9);
	*at++ = ' ';
	return at;
}

/* A million lines are written each night: printf would take most of the time. */
static void
add_line(struct text *t, struct arena *mem, const struct record *r)
{
	char line[256], *at = line;

	at = digits(at, r->size, 1);
	*at++ = ' ';
	at = moment(at, r->mtime_s, r->mtime_ns);
	at = moment(at, r->ctime_s, r->ctime_ns);
	at = moment(at, r->btime_s, r->btime_ns);
	at = digits(at, r->dev, 1);
	*at++ = ' ';
	at = digits(at, r->ino, 1);
	*at++ = ' ';
	at = number(at, r->nlink);
	at = number(at, r->anchor);
	at = number(at, r->due);
	text_bytes(t, line, (size_t)(at - line));
	text_add(t, name_show(mem, r->path));
	text_char(t, '\n');
}

/* Of the text that retain_manifest() would make, a piece at a time. */
void
manifest_digest(const struct record *records, size_t count, unsigned char sum[])
{
	struct digest *d = digest_open();
	struct arena *tmp = arena_open();
	struct text t;

	text_open(&t, SIZE_MAX / 2);
	text_add(&t, HEADER);
	for (size_t i = 0; i < count; i++) {
		add_line(&t, tmp, &records[i]);
		if (t.len < PIECE && i + 1 < count)
			continue;
		digest_add(d, t.data, t.len);
		text_close(&t);
		text_open(&t, SIZE_MAX / 2);
		arena_close(tmp);
		tmp = arena_open();
	}
	digest_add(d, t.data, t.len);
	text_close(&t);
	arena_close(tmp);
	digest_close(d, sum);
}

void
retain_manifest(struct arena *mem, const struct record *records, size_t count, char **text, size_t *len,
		const char **digest)
{
	unsigned char sum[DIGEST_SIZE];
	struct text t;

	text_open(&t, SIZE_MAX / 2);
	text_add(&t, HEADER);
	for (size_t i = 0; i < count; i++)
		add_line(&t, mem, &records[i]);
	digest_of(t.data, t.len, sum);
	*digest = arena_print(mem, "sha256:%s", digest_hex(mem, sum, sizeof sum));
	*text = arena_copy(mem, t.data, t.len);
	*len = t.len;
	text_close(&t);
}

/* Nothing but what we would write: sscanf takes signs, blanks and numbers that do not fit. */
static bool
is_ours(struct arena *mem, const char *line, const struct record *r)
{
	struct text t;
	bool same;

	text_open(&t, SIZE_MAX / 2);
	add_line(&t, mem, r);
	same = t.len == strlen(line) + 1 && memcmp(t.data, line, t.len - 1) == 0;
	text_close(&t);
	return same;
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
	return r->path && is_ours(mem, line, r) ? 0 : -1;
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
