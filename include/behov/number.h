/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * number.h - numbers as bytes, for what we keep by the million: seven bits a byte, the low ones first (as LEB128).
 *
 * Small numbers are short, and so are small differences of either sign once they are folded.
 */
#ifndef BEHOV_NUMBER_H
#define BEHOV_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NUMBER_MOST 10                  /* bytes */

/* Gives how many bytes were written, at most NUMBER_MOST. */
static inline size_t
number_put(unsigned char *to, uint64_t n)
{
	size_t len = 0;

	for (; n > 127; n >>= 7)
		to[len++] = (unsigned char)(n | 128);
	to[len++] = (unsigned char)n;
	return len;
}

/* What is read: at `end` it is over, and what is no number makes it broken, which it stays. */
struct numbers { const unsigned char *at, *end; bool broken; };

/* The next one; 0 when it is broken. */
static inline uint64_t
number_get(struct numbers *in)
{
	uint64_t n = 0;

	for (unsigned shift = 0; shift < 64 && in->at < in->end; shift += 7) {
		unsigned char byte = *in->at++;

		if (shift == 63 && byte > 1)
			break;
		n |= (uint64_t)(byte & 127) << shift;
		if (byte < 128)
			return n;
	}
	in->broken = true;
	return 0;
}

/* 0, -1, 1, -2, 2 … are 0, 1, 2, 3, 4 …; differences may wrap around. */
static inline uint64_t
number_folded(uint64_t difference)
{
	return difference << 1 ^ (difference >> 63 ? UINT64_MAX : 0);
}

static inline uint64_t
number_unfolded(uint64_t n)
{
	return n >> 1 ^ (n & 1 ? UINT64_MAX : 0);
}

#endif
