/* SPDX-License-Identifier: GPL-3.0-or-later */
/* intern.c - texts that are the same are kept once, and have a dense number; and a place for small texts without padding. */
#include "collect_p.h"

#include <behov/digest.h>

#define POOL_BLOCK 65536u

char *
pool_copy(struct pool *pool, const char *bytes, size_t len)
{
	char *out;

	if (len + 1 > POOL_BLOCK / 4)
		return arena_copy(pool->mem, bytes, len);
	if (pool->left < len + 1) {
		pool->at = arena_take(pool->mem, POOL_BLOCK);
		pool->left = POOL_BLOCK;
	}
	out = pool->at;
	if (len)
		memcpy(out, bytes, len);
	out[len] = '\0';
	pool->at += len + 1;
	pool->left -= len + 1;
	return out;
}

/* Names come from outside: without a seed somebody could choose those that all fall into one place. */
void
intern_open(struct intern *t, struct arena *mem)
{
	*t = (struct intern){ .mem = mem, .texts.mem = mem };
	digest_random(&t->seed, sizeof(t->seed));
}

static uint32_t
hash_of(uint64_t seed, const char *bytes, size_t len)
{
	uint64_t h = seed ^ len * UINT64_C(0x9e3779b97f4a7c15), w;

	for (; len >= 8; bytes += 8, len -= 8) {
		memcpy(&w, bytes, 8);
		h = (h ^ w) * UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 29;
	}
	w = 0;
	if (len)
		memcpy(&w, bytes, len);
	h = (h ^ w) * UINT64_C(0xbf58476d1ce4e5b9);
	return (uint32_t)(h ^ h >> 32);
}

static uint32_t *
probe(const struct intern *t, const char *bytes, size_t len, uint32_t hash)
{
	for (size_t i = hash & (t->room - 1); ; i = (i + 1) & (t->room - 1)) {
		const struct word *w;

		if (!t->slots[i])
			return &t->slots[i];
		w = &t->words.items[t->slots[i] - 1];
		if (w->hash == hash && w->len == len && memcmp(w->text, bytes, len) == 0)
			return &t->slots[i];
	}
}

static void
widen(struct intern *t)
{
	uint32_t *slots;
	size_t room = t->room ? 2 * t->room : 256;

	slots = arena_array(t->mem, uint32_t, room);
	for (size_t w = 0; w < t->words.count; w++) {
		size_t i = t->words.items[w].hash & (room - 1);

		while (slots[i])
			i = (i + 1) & (room - 1);
		slots[i] = (uint32_t)w + 1;
	}
	t->slots = slots;
	t->room = room;
}

uint32_t
intern_find(const struct intern *t, const char *bytes, size_t len)
{
	uint32_t *slot = t->room ? probe(t, bytes, len, hash_of(t->seed, bytes, len)) : NULL;

	return slot && *slot ? *slot - 1 : INTERN_NONE;
}

uint32_t
intern(struct intern *t, const char *bytes, size_t len)
{
	uint32_t hash = hash_of(t->seed, bytes, len), *slot;

	if (2 * (t->words.count + 1) > t->room)
		widen(t);
	slot = probe(t, bytes, len, hash);
	if (!*slot) {
		*arena_push(t->mem, &t->words) = (struct word){
			pool_copy(&t->texts, bytes, len), (uint32_t)len, hash,
		};
		*slot = (uint32_t)t->words.count;
	}
	return *slot - 1;
}
