/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * set.h - sets of small numbers: a sorted list for what is kept, a row of bits for what is being gathered.
 *
 * Owner:   a list borrows or shares its numbers; what makes a new one says in which arena.  The empty set has no items.
 * Promise: a list is ascending and has each number once; gathering costs what is put in, and the span between the least and the
 *          greatest of it (64 numbers a word), not the whole universe.
 */
#ifndef BEHOV_SET_H
#define BEHOV_SET_H

#include "arena.h"
#include <stdbool.h>
#include <stdint.h>

struct set { const uint32_t *items; uint32_t count; };

/* Bits are 0 outside words[low .. high - 1]. */
struct bits { uint64_t *words; uint32_t low, high; };

bool set_has(struct set s, uint32_t x);
bool set_same(struct set a, struct set b);
bool set_within(struct set a, struct set b);            /* every one of a is in b */
bool set_meets(struct set a, struct set b);             /* some one is in both */
struct set set_minus(struct arena *mem, struct set a, struct set b);    /* shares a's items when nothing goes */

/* For the numbers 0 .. size - 1. */
struct bits bits_open(struct arena *mem, uint32_t size);
void bits_add(struct bits *b, struct set s);
bool bits_hold(const struct bits *b, struct set s);     /* every one of s is there */
void bits_clear(struct bits *b);
/* What was gathered; b is empty afterwards. */
struct set bits_take(struct arena *mem, struct bits *b);

static inline bool bits_has(const struct bits *b, uint32_t x) { return b->words[x / 64] >> (x % 64) & 1; }

static inline void
bits_put(struct bits *b, uint32_t x)
{
	uint32_t word = x / 64;

	b->words[word] |= UINT64_C(1) << (x % 64);
	if (b->low >= b->high) {
		b->low = word;
		b->high = word + 1;
	} else if (word < b->low) {
		b->low = word;
	} else if (word >= b->high) {
		b->high = word + 1;
	}
}

#endif
