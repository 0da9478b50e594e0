/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pack.c - a page as gzip, for browsers that take it.
 *
 * How long a packed page is can tell a secret in it to somebody who watches the network and can make the browser fetch the
 * page with words of theirs in it (BREACH).  Here they cannot: another site's forms are refused, our cookie does not follow
 * its links, and no GET shows a word of its address but the token of a link that is good.  The secret of our forms is
 * another text on each page as well (session_mask()).
 */
#include "decide_p.h"

#include <ctype.h>
#include <strings.h>
#include <zlib.h>

#define PACK_LEAST 1400                 /* bytes: less fits in one packet as it is */
#define LEVEL 1                         /* a tenth of the size; the highest would save a few bytes more */

/* One of "gzip;q=1.0, *;q=0": does it take gzip (1), refuse it (0), or speak of something else (-1)? */
static int
says(const char *coding, size_t len)
{
	size_t name = strcspn(coding, ";, \t");
	const char *q;

	if (!((name == 4 && strncasecmp(coding, "gzip", 4) == 0) || (name == 6 && strncasecmp(coding, "x-gzip", 6) == 0)))
		return -1;
	q = memchr(coding, '=', len);
	if (!q)
		return 1;
	for (q++; q < coding + len; q++)
		if (isdigit((unsigned char)*q) && *q != '0')
			return 1;
	return 0;
}

bool
pack_is_taken(const char *accept)
{
	bool taken = false;

	while (accept && *accept) {
		size_t len;
		int said;

		accept += strspn(accept, ", \t");
		len = strcspn(accept, ",");
		said = says(accept, len);
		if (said >= 0)
			taken = said;
		accept += len;
	}
	return taken;
}

bool
pack_page(struct request *r)
{
	const char *accept = MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, "Accept-Encoding");
	z_stream z = { 0 };
	struct text out;
	bool done;

	if (r->out.len < PACK_LEAST || !r->type || strncmp(r->type, "text/", 5) != 0 || !pack_is_taken(accept))
		return false;
	if (deflateInit2(&z, LEVEL, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return false;
	out = (struct text){ .max = deflateBound(&z, r->out.len), .room = deflateBound(&z, r->out.len) };
	out.data = malloc(out.room);
	if (!out.data)
		abort();
	z.next_in = (unsigned char *)r->out.data;
	z.avail_in = (unsigned)r->out.len;
	z.next_out = (unsigned char *)out.data;
	z.avail_out = (unsigned)out.room;
	done = deflate(&z, Z_FINISH) == Z_STREAM_END;
	out.len = (size_t)z.total_out;
	deflateEnd(&z);
	if (!done) {
		text_close(&out);
		return false;
	}
	text_close(&r->out);
	r->out = out;
	return true;
}
