/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * zip.c - files packed into one (ZIP, deflate), as they come.
 *
 * What is written is cut into blocks that are packed by hands, each by itself, and put behind each other in order: deflate lets whole
 * blocks follow each other, so how many hands there are changes no byte.  What stands first in a member but is known last has its room
 * there as a block that is not packed.
 */
#include "document_p.h"
#include "behov/hands.h"

#include <errno.h>
#include <zlib.h>

#define BLOCK   ((size_t)256 << 10)
#define HANDS   3               /* two, and who fills the blocks */
#define OUT     8               /* blocks at once */
#define LEVEL   3               /* of what is nearly the same row after row: higher ones take twice as long for a tenth less */
#define STAMP   0x21            /* 1980-01-01, in the way of this format: the same bytes each time */
#define LOCAL   30
#define STORED  5               /* the head of a block that is not packed */
#define FILE_MOST ((long long)0xfffffffe)

struct packing {
	unsigned char *raw, *packed;
	size_t len, room, packed_len;
	uint32_t crc;
	bool last;
	z_stream stream;
	bool failed, done;
};

struct member { const char *name; uint32_t crc, packed, raw, at; };

struct zip {
	FILE *out;
	struct hands *hands;
	struct packing blocks[OUT];
	size_t given, taken;            /* blocks, of all time: each in its place modulo OUT */
	struct packing *now;            /* it is being filled; NULL = none */
	LIST(struct member) members;
	struct arena *mem;
	size_t head;                    /* bytes of the head of the member that is open */
	long long at, raw;              /* of it: where it begins; so many bytes were given */
	uint32_t crc;
	int failed;                     /* errno of what failed first; 0 = nothing */
};

/* ------------------------------------------------------------------ blocks */

static void
pack(void *self, void *job)
{
	struct packing *p = job;

	(void)self;
	p->crc = (uint32_t)crc32(0, p->raw, (uInt)p->len);
	p->stream.next_in = p->raw;
	p->stream.avail_in = (uInt)p->len;
	p->stream.next_out = p->packed;
	p->stream.avail_out = (uInt)p->room;
	p->failed = deflateReset(&p->stream) != Z_OK || deflate(&p->stream, p->last ? Z_FINISH : Z_SYNC_FLUSH) != (p->last ? Z_STREAM_END : Z_OK) ||
		    p->stream.avail_in;
	p->packed_len = p->room - p->stream.avail_out;
}

static void
note(struct zip *z, bool good)
{
	if (!good && !z->failed)
		z->failed = errno ? errno : EIO;
}

static void
put(struct zip *z, const void *bytes, size_t len)
{
	note(z, fwrite(bytes, 1, len, z->out) == len);
}

static void
go_to(struct zip *z, long long at)
{
	note(z, fseeko(z->out, at, SEEK_SET) == 0);
}

static int
judge(const struct zip *z, const char *name, struct error *err)
{
	errno = z->failed;
	return z->failed ? error_sys(err, ERROR_SOURCE, "cannot write '%s'", name) : 0;
}

/* The oldest that is out is written, when it is done. */
static void
take_one(struct zip *z)
{
	struct packing *p = &z->blocks[z->taken++ % OUT];

	while (!p->done)
		((struct packing *)hands_take(z->hands))->done = true;
	note(z, !p->failed);
	put(z, p->packed, p->packed_len);
	z->crc = (uint32_t)crc32_combine(z->crc, p->crc, (z_off_t)p->len);
	z->raw += (long long)p->len;
}

static void
give(struct zip *z, bool last)
{
	z->now->last = last;
	z->now->done = false;
	hands_give(z->hands, z->now);
	z->given++;
	z->now = NULL;
}

static struct packing *
next(struct zip *z)
{
	if (z->given - z->taken == OUT)
		take_one(z);
	z->now = &z->blocks[z->given % OUT];
	z->now->len = 0;
	return z->now;
}

void
zip_write(struct zip *z, const void *bytes, size_t len)
{
	const unsigned char *from = bytes;

	while (len) {
		struct packing *p = z->now ? z->now : next(z);
		size_t part = len < BLOCK - p->len ? len : BLOCK - p->len;

		memcpy(p->raw + p->len, from, part);
		p->len += part;
		from += part;
		len -= part;
		if (p->len == BLOCK)
			give(z, false);
	}
}

/* ------------------------------------------------------------------ members */

static unsigned char *
number(unsigned char *to, uint64_t n, int bytes)
{
	for (int i = 0; i < bytes; i++)
		*to++ = (unsigned char)(n >> 8 * i);
	return to;
}

/* What stands both before a member and in the list of them. */
static unsigned char *
about(unsigned char *to, const struct member *m)
{
	to = number(to, 20, 2);         /* the version that can unpack it: 2.0, deflate */
	to = number(to, 0, 2);
	to = number(to, 8, 2);          /* deflate */
	to = number(to, 0, 2);
	to = number(to, STAMP, 2);
	to = number(to, m->crc, 4);
	to = number(to, m->packed, 4);
	to = number(to, m->raw, 4);
	to = number(to, strlen(m->name), 2);
	return number(to, 0, 2);
}

void
zip_begin(struct zip *z, const char *name, size_t head)
{
	static const unsigned char none[LOCAL];

	*arena_push(z->mem, &z->members) = (struct member){ .name = name };
	z->at = ftello(z->out);
	z->head = head;
	z->raw = 0;
	z->crc = (uint32_t)crc32(0, NULL, 0);
	put(z, none, LOCAL);
	put(z, name, strlen(name));
	for (size_t i = 0; head && i < STORED + head; i++)
		put(z, none, 1);
}

static void
put_head(struct zip *z, struct member *m, const char *text)
{
	unsigned char *head = arena_take(z->mem, STORED + z->head + 1), *to = head;
	size_t len = strlen(text);

	to = number(to, 0, 1);          /* not packed, and not the last */
	to = number(to, z->head, 2);
	to = number(to, ~z->head, 2);
	memcpy(to, text, len);
	memset(to + len, ' ', z->head - len);
	m->crc = (uint32_t)crc32_combine(crc32(0, to, (uInt)z->head), z->crc, (z_off_t)z->raw);
	put(z, head, STORED + z->head);
}

int
zip_end(struct zip *z, const char *head, struct error *err)
{
	struct member *m = &z->members.items[z->members.count - 1];
	unsigned char local[LOCAL];
	long long end;

	if (!z->now)
		next(z);
	give(z, true);
	while (z->taken < z->given)
		take_one(z);
	end = ftello(z->out);
	if (end > FILE_MOST || z->raw + (long long)z->head > FILE_MOST)
		return error_set(err, ERROR_SOURCE, "'%s' is too long for a ZIP", m->name);
	if (strlen(head) > z->head)
		return error_set(err, ERROR_SOURCE, "the head of '%s' has no room", m->name);
	*m = (struct member){ m->name, z->crc, (uint32_t)(end - z->at - LOCAL - (long long)strlen(m->name)), (uint32_t)(z->raw + (long long)z->head),
			      (uint32_t)z->at };
	go_to(z, z->at + LOCAL + (long long)strlen(m->name));
	if (z->head)
		put_head(z, m, head);
	about(number(local, 0x04034b50, 4), m);
	go_to(z, z->at);
	put(z, local, LOCAL);
	go_to(z, end);
	return judge(z, m->name, err);
}

/* The list of the members, at the end. */
static void
put_list(struct zip *z)
{
	long long at = ftello(z->out), end;
	unsigned char bytes[46], *to;

	for (size_t i = 0; i < z->members.count; i++) {
		const struct member *m = &z->members.items[i];

		to = about(number(number(bytes, 0x02014b50, 4), 20, 2), m);
		to = number(number(number(number(to, 0, 2), 0, 2), 0, 2), 0, 4);
		number(to, m->at, 4);
		put(z, bytes, 46);
		put(z, m->name, strlen(m->name));
	}
	end = ftello(z->out);
	if (end > FILE_MOST) {
		errno = EFBIG;
		note(z, false);
	}
	to = number(number(number(bytes, 0x06054b50, 4), 0, 2), 0, 2);
	to = number(number(to, z->members.count, 2), z->members.count, 2);
	to = number(number(to, (uint64_t)(end - at), 4), (uint64_t)at, 4);
	number(to, 0, 2);
	put(z, bytes, 22);
}

int
zip_close(struct zip *z, bool whole, struct error *err)
{
	if (whole)
		put_list(z);
	hands_close(z->hands);
	for (size_t i = 0; i < OUT; i++) {
		deflateEnd(&z->blocks[i].stream);
		free(z->blocks[i].raw);
		free(z->blocks[i].packed);
	}
	return whole ? judge(z, "the list of its members", err) : 0;
}

static void
open_block(struct packing *p)
{
	if (deflateInit2(&p->stream, LEVEL, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	p->room = deflateBound(&p->stream, BLOCK) + 64;
	p->raw = malloc(BLOCK);
	p->packed = malloc(p->room);
	if (!p->raw || !p->packed)
		abort();
}

struct zip *
zip_open(struct arena *mem, FILE *out, struct error *err)
{
	struct zip *z = arena_new(mem, struct zip);

	z->mem = mem;
	z->out = out;
	z->hands = hands_open(HANDS, OUT, pack, NULL, err);
	if (!z->hands)
		return NULL;
	for (size_t i = 0; i < OUT; i++)
		open_block(&z->blocks[i]);
	return z;
}
