/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ahead.c - what a server has sent, read before libldap asks for it, so that entries can be taken where they lie.
 *
 *     take_page() ── ahead_message()      libldap: everything else
 *                         └───── ahead ─────┘
 *                           SASL, TLS, socket
 *
 * A layer above all others of a connection (lber-sockbuf(3)).  It knows where each message begins, and gives libldap the
 * message that it asks for and no byte of the next one.  Only messages that are here whole are shown; results, references,
 * notices, broken ones, large ones, what does not come in time and how a connection ends are libldap's, as without us.
 *
 * A server is mostly slower than we are, and to wake up for each entry costs several times what it costs to read it.  So when
 * there is nothing to do the server gets a moment to do more; it does not wait for us meanwhile.
 */
#include "reader_p.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>

#define ROOM ((size_t)1 << 20)   /* for the largest message; mostly little of it is ever touched */
#define MUCH 65536              /* bytes that are taken out of TLS or SASL at once: more would only be more memory */
#define MOMENT 400000           /* nanoseconds */
#define PLENTY (MUCH / 2)       /* bytes that came while we worked: then it is we who are slower */

struct ahead {
	Sockbuf_IO_Desc *io;            /* NULL: the connection is gone */
	int fd, flags;                  /* flags: its own */
	char *bytes;
	size_t at, end, most;           /* most: how far it was ever filled */
	size_t owed;                    /* of the message that libldap has begun to read */
	size_t came;                    /* with the last look */
	bool odd;                       /* what comes is nothing that can be measured: libldap shall see it */
	bool over;                      /* nothing comes any more, because of: */
	int why;                        /* an errno, 0 = it was closed */
};

/* ------------------------------------------------------------------ from below */

/* The message that begins here. */
static enum measured
measure(const struct ahead *a, size_t *head, size_t *body)
{
	return answer_measure(a->bytes + a->at, a->end - a->at, head, body);
}

/* The length of the next message, 0 when it is not here whole. */
static size_t
next_whole(const struct ahead *a)
{
	size_t head, body;

	return measure(a, &head, &body) == MEASURED && body <= a->end - a->at - head ? head + body : 0;
}

/*
 * One read.  Some layers tell a failure once only (SASL drops a packet that was tampered with, and would go on with the next
 * one), and what came before it is still to be read: so it is kept.
 */
static bool
pull(struct ahead *a)
{
	ber_slen_t n;

	if (a->over || a->end == ROOM)
		return false;
	errno = 0;
	n = LBER_SBIOD_READ_NEXT(a->io, a->bytes + a->end, ROOM - a->end);
	if (n > 0) {
		a->end += (size_t)n;
		return true;
	}
	if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
		a->over = true;
		a->why = n == 0 ? 0 : errno ? errno : EIO;
	}
	return false;
}

/*
 * What has come, without waiting for more: to wait is libldap's, which knows until when.  What the wire has brought is taken out
 * of TLS and SASL, but when there is something to do not without end: to ask until it is empty would be to meet the server at
 * each of its writes.
 */
static void
look(struct ahead *a)
{
	size_t before = a->end -= a->at;
	bool free = fcntl(a->fd, F_SETFL, a->flags | O_NONBLOCK) == 0;

	if (a->at)
		memmove(a->bytes, a->bytes + a->at, a->end);
	a->at = 0;
	while (pull(a) && free && (a->end - before < MUCH || !next_whole(a)) &&
	       LBER_SBIOD_CTRL_NEXT(a->io, LBER_SB_OPT_DATA_READY, NULL) > 0)
		;
	if (free)
		fcntl(a->fd, F_SETFL, a->flags);
	a->came = a->end - before;
	a->most = a->end > a->most ? a->end : a->most;
}

/* ------------------------------------------------------------------ to libldap */

/* Is there something that libldap may read?  Nothing is given away before it is known how long it is. */
static bool
is_ready(const struct ahead *a)
{
	size_t head, body;

	return a->at < a->end && (a->owed || a->odd || measure(a, &head, &body) != MEASURED_SHORT);
}

static void
begin_message(struct ahead *a)
{
	size_t head = 0, body = 0;

	if (a->owed || a->odd)
		return;
	a->odd = measure(a, &head, &body) == MEASURED_ODD;
	a->owed = head + body;
}

static ber_slen_t
read_ahead(Sockbuf_IO_Desc *io, void *to, ber_len_t len)
{
	struct ahead *a = io->sbiod_pvt;
	size_t n;

	if (!is_ready(a))
		look(a);
	if (!is_ready(a)) {                     /* nothing, or a part of its head */
		errno = a->over ? a->why : EWOULDBLOCK;
		return a->over && !a->why ? 0 : -1;
	}
	begin_message(a);
	n = a->end - a->at;
	n = n < len ? n : len;
	n = a->odd || n < a->owed ? n : a->owed;
	memcpy(to, a->bytes + a->at, n);
	a->at += n;
	a->owed -= a->odd ? 0 : n;
	return (ber_slen_t)n;
}

static ber_slen_t
write_on(Sockbuf_IO_Desc *io, void *bytes, ber_len_t len)
{
	return LBER_SBIOD_WRITE_NEXT(io, bytes, len);
}

static int
control(Sockbuf_IO_Desc *io, int option, void *arg)
{
	struct ahead *a = io->sbiod_pvt;

	if (option == LBER_SB_OPT_DATA_READY && (a->over || is_ready(a)))
		return 1;
	return LBER_SBIOD_CTRL_NEXT(io, option, arg);
}

static int
begin(Sockbuf_IO_Desc *io, void *self)
{
	struct ahead *a = self;

	io->sbiod_pvt = a;
	a->io = io;
	return 0;
}

static int
end(Sockbuf_IO_Desc *io)
{
	struct ahead *a = io->sbiod_pvt;

	explicit_bzero(a->bytes, a->most);
	free(a->bytes);
	a->bytes = NULL;
	a->io = NULL;
	return 0;
}

static int nothing(Sockbuf_IO_Desc *io) { (void)io; return 0; }

/* ------------------------------------------------------------------ to us */

/* TLS and SASL read twice for each of their packets: a buffer below them brings many at once. */
static void
read_below(LDAP *ld, Sockbuf *wire)
{
	int size = MUCH;
	ber_len_t strength = 0;

	ldap_get_option(ld, LDAP_OPT_X_SASL_SSF, &strength);
	if (ldap_tls_inplace(ld) || strength)
		ber_sockbuf_add_io(wire, &ber_sockbuf_io_readahead, LBER_SBIOD_LEVEL_PROVIDER, &size);
}

struct ahead *
ahead_open(struct arena *mem, LDAP *ld)
{
	static Sockbuf_IO layer = { .sbi_setup = begin, .sbi_remove = end, .sbi_ctrl = control, .sbi_read = read_ahead,
				    .sbi_write = write_on, .sbi_close = nothing };
	struct ahead *a = arena_new(mem, struct ahead);
	Sockbuf *wire = NULL;

	if (ldap_get_option(ld, LDAP_OPT_SOCKBUF, &wire) != LDAP_SUCCESS || !wire)
		return NULL;
	if (ber_sockbuf_ctrl(wire, LBER_SB_OPT_GET_FD, &a->fd) != 1 || (a->flags = fcntl(a->fd, F_GETFL)) < 0)
		return NULL;
	if (!(a->bytes = calloc(1, ROOM)))      /* not the arena's, which would ask for large pages */
		return NULL;
	read_below(ld, wire);
	if (ber_sockbuf_add_io(wire, &layer, LBER_SBIOD_LEVEL_APPLICATION, a) == 0)
		return a;
	free(a->bytes);
	return NULL;
}

bool
ahead_message(struct ahead *a, struct berval *out)
{
	static const struct timespec moment = { .tv_nsec = MOMENT };
	size_t len;

	if (!a || !a->io || a->owed || a->odd)
		return false;
	len = next_whole(a);
	if (!len && !a->over) {
		if (a->came < PLENTY)
			nanosleep(&moment, NULL);
		look(a);
		len = next_whole(a);
	}
	*out = (struct berval){ (ber_len_t)len, a->bytes + a->at };
	return len > 0;
}

void
ahead_taken(struct ahead *a, const struct berval *message)
{
	a->at += message->bv_len;
}
