/* SPDX-License-Identifier: GPL-3.0-or-later */
/* keyed.c - a table of hashes, at most half full: a place that is taken leads to the next. */
#include "behov/keyed.h"
#include <assert.h>
#include <stdint.h>
#include <string.h>

#define LEAST 64                        /* a power of two, as every room is */

static size_t
place_of(const struct keyed *keyed, const char *key)
{
	uint64_t hash = UINT64_C(14695981039346656037);
	size_t i;

	for (const char *c = key; *c; c++)
		hash = (hash ^ (unsigned char)*c) * UINT64_C(1099511628211);
	for (i = (hash ^ hash >> 32) & (keyed->room - 1); keyed->slots[i].key && strcmp(keyed->slots[i].key, key) != 0; i = (i + 1) & (keyed->room - 1))
		;
	return i;
}

bool
keyed_find(const struct keyed *keyed, const char *key, size_t *at)
{
	size_t i = keyed->room ? place_of(keyed, key) : 0;

	if (!keyed->room || !keyed->slots[i].key)
		return false;
	*at = keyed->slots[i].at;
	return true;
}

static void
grow(struct arena *mem, struct keyed *keyed)
{
	struct keyed more = { .room = keyed->room ? 2 * keyed->room : LEAST };

	more.slots = arena_array(mem, struct keyed_slot, more.room);
	for (size_t i = 0; i < keyed->room; i++)
		if (keyed->slots[i].key)
			keyed_put(mem, &more, keyed->slots[i].key, keyed->slots[i].at);
	*keyed = more;
}

void
keyed_put(struct arena *mem, struct keyed *keyed, const char *key, size_t at)
{
	size_t i;

	if (2 * (keyed->count + 1) > keyed->room)
		grow(mem, keyed);
	i = place_of(keyed, key);
	assert(!keyed->slots[i].key);
	keyed->slots[i] = (struct keyed_slot){ key, at };
	keyed->count++;
}
