/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wire.c - messages between the scan and its helper for SMB: written, sent, received, and read without belief. */
#include "behov/wire.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HEAD 4                          /* bytes of its length */
#define LOOK 200                        /* milliseconds between two looks whether we may still wait */

/* ------------------------------------------------------------------ writing */

static unsigned char *
more(struct wire *w, size_t len)
{
	if (w->len + len > w->room) {
		w->room = w->room * 2 + len + 1024;
		w->bytes = realloc(w->bytes, w->room);
		if (!w->bytes)
			abort();        /* as arena_take(): without memory there is no honest way on */
	}
	w->len += len;
	return w->bytes + w->len - len;
}

static void
write_number(unsigned char *at, uint64_t number, int bytes)
{
	for (int i = 0; i < bytes; i++)
		at[i] = (unsigned char)(number >> 8 * i);
}

void
wire_begin(struct wire *w, enum wire_kind kind)
{
	w->len = w->at = 0;
	w->broken = false;
	memset(more(w, HEAD), 0, HEAD);
	wire_put(w, kind, 1);
}

void
wire_put(struct wire *w, uint64_t number, int bytes)
{
	write_number(more(w, (size_t)bytes), number, bytes);
}

void
wire_put_text(struct wire *w, const char *text, size_t len)
{
	if (len > WIRE_TEXT_MOST) {
		w->broken = true;
		len = 0;
	}
	wire_put(w, len, 2);
	if (len)
		memcpy(more(w, len), text, len);
}

void
wire_put_entry(struct wire *w, const struct wire_entry *e)
{
	if (e->name)
		wire_put_text(w, e->name, e->name_len);
	wire_put(w, e->attributes, 4);
	wire_put(w, e->size, 8);
	wire_put(w, e->ino, 8);
	wire_put(w, (uint64_t)e->mtime_s, 8);
	wire_put(w, (uint64_t)e->ctime_s, 8);
	wire_put(w, (uint64_t)e->btime_s, 8);
	wire_put(w, e->mtime_ns, 4);
	wire_put(w, e->ctime_ns, 4);
	wire_put(w, e->btime_ns, 4);
}

/* ------------------------------------------------------------------ reading */

uint64_t
wire_get(struct wire *w, int bytes)
{
	uint64_t number = 0;

	if (w->broken || w->len - w->at < (size_t)bytes) {
		w->broken = true;
		return 0;
	}
	for (int i = 0; i < bytes; i++)
		number |= (uint64_t)w->bytes[w->at + (size_t)i] << 8 * i;
	w->at += (size_t)bytes;
	return number;
}

enum wire_kind
wire_kind(struct wire *w)
{
	w->at = HEAD;
	w->broken = w->len < HEAD;
	return (enum wire_kind)wire_get(w, 1);
}

const char *
wire_get_text(struct wire *w, size_t *len)
{
	const char *text;

	*len = wire_get(w, 2);
	if (w->broken || *len > WIRE_TEXT_MOST || w->len - w->at < *len) {
		w->broken = true;
		*len = 0;
		return "";
	}
	text = (const char *)w->bytes + w->at;
	w->at += *len;
	return text;
}

static bool
is_name(const char *name, size_t len)
{
	if (!len || len > WIRE_NAME_MOST || memchr(name, '\0', len) || memchr(name, '/', len) || memchr(name, '\\', len))
		return false;
	return !(len == 1 && name[0] == '.') && !(len == 2 && name[0] == '.' && name[1] == '.');
}

static uint32_t
get_fraction(struct wire *w)
{
	uint64_t ns = wire_get(w, 4);

	w->broken = w->broken || ns >= 1000000000;
	return (uint32_t)ns;
}

bool
wire_get_entry(struct wire *w, bool named, struct wire_entry *out)
{
	*out = (struct wire_entry){ 0 };
	if (w->broken || w->at >= w->len)
		return false;
	if (named) {
		out->name = wire_get_text(w, &out->name_len);
		w->broken = w->broken || !is_name(out->name, out->name_len);
	}
	out->attributes = (uint32_t)wire_get(w, 4);
	out->size = wire_get(w, 8);
	out->ino = wire_get(w, 8);
	out->mtime_s = (int64_t)wire_get(w, 8);
	out->ctime_s = (int64_t)wire_get(w, 8);
	out->btime_s = (int64_t)wire_get(w, 8);
	out->mtime_ns = get_fraction(w);
	out->ctime_ns = get_fraction(w);
	out->btime_ns = get_fraction(w);
	return !w->broken;
}

bool
wire_ended(const struct wire *w)
{
	return !w->broken && w->at == w->len;
}

/* ------------------------------------------------------------------ there and back */

int
wire_send(int fd, struct wire *w)
{
	size_t at = 0;

	if (w->broken || w->len - HEAD > WIRE_MOST) {
		errno = EMSGSIZE;
		return -1;
	}
	write_number(w->bytes, w->len - HEAD, HEAD);
	while (at < w->len) {
		ssize_t n = send(fd, w->bytes + at, w->len - at, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return -1;
		at += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int64_t
milliseconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct wait { int64_t until; bool (*may)(void); };      /* until: -1 for ever */

/* 0 when something can be read; -1 with errno. */
static int
wait_for(int fd, const struct wait *wait)
{
	struct pollfd one = { .fd = fd, .events = POLLIN };

	for (;;) {
		int64_t left = wait->until < 0 ? LOOK : wait->until - milliseconds_now();
		int n;

		if (left <= 0) {
			errno = ETIMEDOUT;
			return -1;
		}
		n = poll(&one, 1, wait->may ? (int)(left < LOOK ? left : LOOK) : wait->until < 0 ? -1 : (int)left);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -1;
		if (wait->may && !wait->may()) {
			errno = ECANCELED;
			return -1;
		}
	}
}

/* 1 when all of it came, 0 at an end before its first byte, -1 with errno. */
static int
read_all(int fd, unsigned char *out, size_t len, const struct wait *wait)
{
	size_t at = 0;

	while (at < len) {
		ssize_t n = recv(fd, out + at, len - at, MSG_DONTWAIT);

		if (n == 0 && at == 0)
			return 0;
		if (n == 0) {
			errno = EPIPE;
			return -1;
		}
		if (n < 0 && errno == EAGAIN && wait_for(fd, wait) < 0)
			return -1;
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -1;
		at += n > 0 ? (size_t)n : 0;
	}
	return 1;
}

int
wire_receive(int fd, struct wire *w, int64_t milliseconds, bool (*may_wait)(void))
{
	const struct wait wait = { milliseconds < 0 ? -1 : milliseconds_now() + milliseconds, may_wait };
	size_t len;
	int rc;

	w->len = w->at = 0;
	w->broken = false;
	rc = read_all(fd, more(w, HEAD), HEAD, &wait);
	if (rc <= 0)
		return rc;
	len = wire_get(w, HEAD);
	if (len > WIRE_MOST) {
		errno = EBADMSG;
		return -1;
	}
	if (len && (rc = read_all(fd, more(w, len), len, &wait)) == 0)
		errno = EPIPE;
	return rc == 1 ? 1 : -1;
}

void
wire_free(struct wire *w)
{
	if (w->bytes)
		explicit_bzero(w->bytes, w->room);      /* it may have held a password */
	free(w->bytes);
	*w = (struct wire){ 0 };
}
