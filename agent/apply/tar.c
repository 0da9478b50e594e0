/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tar.c - a package as one file: POSIX ustar, with a pax header before what that cannot hold.
 *
 * A name that is longer than 100 bytes, a size from 8 GiB and a time outside 1970 … 2242 stand in the pax header; it says
 * hdrcharset=BINARY where a name is no UTF-8.  METS.xml comes first, so that a reader knows at once what follows.
 */
#include "apply_p.h"
#include "behov/log.h"
#include "behov/text.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECORD 512
#define SIZE_MOST 077777777777LL

struct tar { int fd; struct digest *sum; struct delivery *d; };

static int
put(struct tar *t, const void *bytes, size_t len)
{
	if (deliver_write(t->fd, bytes, len) < 0)
		return -1;
	digest_add(t->sum, bytes, len);
	return 0;
}

static int
pad(struct tar *t, uint64_t size)
{
	static const char zeros[RECORD];

	return size % RECORD ? put(t, zeros, RECORD - (size_t)(size % RECORD)) : 0;
}

static void
octal(char *field, size_t room, uint64_t value)
{
	for (size_t i = room - 1; i-- > 0; value >>= 3)
		field[i] = (char)('0' + (value & 7));
}

static int
header(struct tar *t, const char *path, uint64_t size, int64_t mtime, char type)
{
	char h[RECORD] = { 0 };
	unsigned sum = 0;

	memcpy(h, path, strnlen(path, 100));
	octal(h + 100, 8, 0640);
	octal(h + 108, 8, 0);
	octal(h + 116, 8, 0);
	octal(h + 124, 12, size > SIZE_MOST ? 0 : size);
	octal(h + 136, 12, mtime < 0 || mtime > SIZE_MOST ? 0 : (uint64_t)mtime);
	memset(h + 148, ' ', 8);
	h[156] = type;
	memcpy(h + 257, "ustar\00000", 8);
	for (size_t i = 0; i < RECORD; i++)
		sum += (unsigned char)h[i];
	octal(h + 148, 7, sum);
	return put(t, h, RECORD);
}

/* "LEN key=value\n", where LEN counts itself. */
static void
pax(struct text *out, const char *key, const char *value)
{
	size_t bare = strlen(key) + strlen(value) + 3, len = bare + 1;
	char digits[24];

	while ((size_t)snprintf(digits, sizeof digits, "%zu", len) + bare != len)
		len++;
	text_print(out, "%zu %s=%s\n", len, key, value);
}

static int
member(struct tar *t, const char *path, uint64_t size, int64_t mtime)
{
	char number[32];
	struct text more;
	int rc = 0;

	text_open(&more, 1 << 20);
	if (strlen(path) > 100) {
		if (!text_is_utf8(path, strlen(path)))
			pax(&more, "hdrcharset", "BINARY");
		pax(&more, "path", path);
	}
	if (size > SIZE_MOST) {
		snprintf(number, sizeof number, "%" PRIu64, size);
		pax(&more, "size", number);
	}
	if (mtime < 0 || mtime > SIZE_MOST) {
		snprintf(number, sizeof number, "%" PRId64, mtime);
		pax(&more, "mtime", number);
	}
	if (more.len)
		rc = header(t, "pax", more.len, 0, 'x') < 0 || put(t, more.data, more.len) < 0 || pad(t, more.len) < 0 ? -1 : 0;
	text_close(&more);
	return rc < 0 ? -1 : header(t, path, size, mtime, '0');
}

/* *size of its bytes, and no others, with their sum. */
static int
content(struct tar *t, int fd, uint64_t size, unsigned char sum[DIGEST_SIZE])
{
	struct digest *d = digest_open();
	uint64_t left = size;
	ssize_t got = 1;

	while (left && got > 0) {
		got = read(fd, t->d->block, left < DELIVERY_BLOCK ? (size_t)left : DELIVERY_BLOCK);
		if (got < 0 && errno == EINTR)
			got = 1;
		else if (got > 0 && put(t, t->d->block, (size_t)got) < 0)
			got = -1;
		else if (got > 0) {
			digest_add(d, t->d->block, (size_t)got);
			left -= (uint64_t)got;
		}
	}
	digest_close(d, sum);
	if (got >= 0 && left)
		errno = EIO;
	return got < 0 || left ? -1 : pad(t, size);
}

/* *same: it has the sum that it should have. */
static int
add(struct tar *t, struct arena *mem, const char *path, uint64_t size, int64_t mtime, const unsigned char wanted[DIGEST_SIZE], bool *same)
{
	int fd = openat(t->d->root, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), rc = -1;
	unsigned char sum[DIGEST_SIZE];
	struct stat st;

	*same = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size == size;
	if (fd < 0)
		return errno == ENOENT || errno == ELOOP ? 0 : -1;
	if (!*same)
		rc = 0;
	else if (member(t, arena_print(mem, "%s/%s", t->d->b->s->id, path), size, mtime) == 0)
		rc = content(t, fd, size, sum);
	*same = *same && rc == 0 && memcmp(sum, wanted, DIGEST_SIZE) == 0;
	close(fd);
	return rc;
}

static int
sheets_and_records(struct tar *t, const struct sheet sheets[SHEETS], const char **why)
{
	struct delivery *d = t->d;
	struct arena *mem = arena_open();
	bool same = true;
	int rc = 0;

	d->spoiled = 0;
	for (size_t i = 0; rc == 0 && same && i < SHEETS; i++)
		rc = add(t, mem, sheets[i].path, sheets[i].size, d->b->a->in->now, sheets[i].sum, &same);
	for (size_t n = 1; rc == 0 && same && n <= d->b->count; n++) {
		const struct record *r = &d->b->records[n - 1];

		if (d->files[n].state != COPY_DONE)
			continue;
		d->spoiled = n;
		rc = add(t, mem, arena_print(mem, DELIVERY_DATA "/%s", r->path), r->size, r->mtime_s, d->files[n].sum, &same);
		if (n % 1000 == 0) {
			arena_close(mem);
			mem = arena_open();
		}
		progress("tar", (long long)n, (long long)d->b->count);
	}
	arena_close(mem);
	if (rc == 0 && !same)
		*why = "en fil i leveranspaketet är inte den som kopierades, och kopieras om";
	else
		d->spoiled = 0;
	return rc;
}

int
tar_write(struct delivery *d, const struct sheet sheets[SHEETS], const char **why)
{
	static const char end[2 * RECORD];
	const char *path = arena_print(d->b->mem, "%s.tar", d->b->s->id), *draft = arena_print(d->b->mem, "%s.new", path);
	struct tar t = { .fd = openat(d->work, draft, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0640), .d = d };
	int rc, trouble;

	*why = NULL;
	if (t.fd < 0)
		return -1;
	t.sum = digest_open();
	rc = sheets_and_records(&t, sheets, why);
	if (rc == 0 && !*why)
		rc = put(&t, end, sizeof end) < 0 || fsync(t.fd) < 0 ? -1 : 0;
	trouble = errno;
	digest_close(t.sum, d->tar);
	if (close(t.fd) < 0 && rc == 0) {
		rc = -1;
		trouble = errno;
	}
	if (rc == 0 && !*why && renameat(d->work, draft, d->work, path) < 0) {
		rc = -1;
		trouble = errno;
	}
	if (rc < 0 || *why)
		unlinkat(d->work, draft, 0);
	errno = trouble;
	return rc;
}
