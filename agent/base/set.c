/* SPDX-License-Identifier: GPL-3.0-or-later */
/* set.c - sorted lists of numbers, and rows of bits to gather them in. */
#include "behov/set.h"

#include <string.h>

/* The first place at or after `from` whose number is not less than x: far steps first, then halves. */
static uint32_t
find(struct set s, uint32_t from, uint32_t x)
{
	uint32_t step = 1, low = from, high = from;

	while (high < s.count && s.items[high] < x) {
		low = high + 1;
		high = s.count - high > step ? high + step : s.count;
		step *= 2;
	}
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (s.items[middle] < x)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool
set_has(struct set s, uint32_t x)
{
	uint32_t at = find(s, 0, x);

	return at < s.count && s.items[at] == x;
}

bool
set_same(struct set a, struct set b)
{
	return a.count == b.count && (a.items == b.items || !a.count || memcmp(a.items, b.items, a.count * sizeof(*a.items)) == 0);
}

bool
set_within(struct set a, struct set b)
{
	uint32_t at = 0;

	if (a.items == b.items && a.count <= b.count)
		return true;
	for (uint32_t i = 0; i < a.count; i++) {
		at = find(b, at, a.items[i]);
		if (at == b.count || b.items[at] != a.items[i])
			return false;
	}
	return true;
}

bool
set_meets(struct set a, struct set b)
{
	uint32_t at = 0;

	for (uint32_t i = 0; i < a.count && at < b.count; i++) {
		at = find(b, at, a.items[i]);
		if (at < b.count && b.items[at] == a.items[i])
			return true;
	}
	return false;
}

struct set
set_minus(struct arena *mem, struct set a, struct set b)
{
	uint32_t *out, at = 0, count = 0;

	if (!set_meets(a, b))
		return a;
	out = arena_array(mem, uint32_t, a.count);
	for (uint32_t i = 0; i < a.count; i++) {
		at = find(b, at, a.items[i]);
		if (at == b.count || b.items[at] != a.items[i])
			out[count++] = a.items[i];
	}
	return (struct set){ count ? out : NULL, count };
}

struct bits
bits_open(struct arena *mem, uint32_t size)
{
	return (struct bits){ .words = arena_array(mem, uint64_t, (size_t)size / 64 + 1) };
}

void
bits_add(struct bits *b, struct set s)
{
	if (!s.count)
		return;
	bits_put(b, s.items[0]);
	bits_put(b, s.items[s.count - 1]);
	for (uint32_t i = 1; i + 1 < s.count; i++)
		b->words[s.items[i] / 64] |= UINT64_C(1) << (s.items[i] % 64);
}

bool
bits_hold(const struct bits *b, struct set s)
{
	for (uint32_t i = 0; i < s.count; i++)
		if (!bits_has(b, s.items[i]))
			return false;
	return true;
}

void
bits_clear(struct bits *b)
{
	if (b->low < b->high)
		memset(b->words + b->low, 0, (b->high - b->low) * sizeof(*b->words));
	b->low = b->high = 0;
}

struct set
bits_take(struct arena *mem, struct bits *b)
{
	uint32_t count = 0, *out;

	for (uint32_t k = b->low; k < b->high; k++)
		count += (uint32_t)__builtin_popcountll(b->words[k]);
	out = count ? arena_array(mem, uint32_t, count) : NULL;
	count = 0;
	for (uint32_t k = b->low; k < b->high; k++)
		for (uint64_t word = b->words[k]; word; word &= word - 1)
			out[count++] = k * 64 + (uint32_t)__builtin_ctzll(word);
	bits_clear(b);
	return (struct set){ out, count };
}
