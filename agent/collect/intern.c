/* SPDX-License-Identifier: GPL-3.0-or-later */
/* intern.c - texts that are the same are kept once, and have a dense number; and a place for small texts without padding. */
#include "collect_p.h"

#include <behov/digest.h>

#define POOL_BLOCK 8192u

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

#define ODD_A UINT64_C(0x9e3779b97f4a7c15)
#define ODD_B UINT64_C(0xbf58476d1ce4e5b9)

static inline uint64_t
word_at(const char *bytes)
{
	uint64_t w;

	memcpy(&w, bytes, sizeof(w));
	return w;
}

static inline uint64_t
stir(uint64_t h, uint64_t w, uint64_t odd)
{
	h = (h ^ w) * odd;
	return h ^ h >> 29;
}

/* Two halves that do not wait for each other; the last eight bytes of a text are taken whole, some of them again. */
static uint32_t
hash_of(uint64_t seed, const char *bytes, size_t len)
{
	const char *end = bytes + len;
	uint64_t h = seed ^ len * ODD_A, other = seed, w = 0;

	for (; (size_t)(end - bytes) >= 16; bytes += 16) {
		h = stir(h, word_at(bytes), ODD_A);
		other = stir(other, word_at(bytes + 8), ODD_B);
	}
	if (end - bytes >= 8) {
		h = stir(h, word_at(bytes), ODD_A);
		bytes += 8;
	}
	if (len >= 8 && bytes < end)
		w = word_at(end - 8);
	else if (len && bytes < end)
		memcpy(&w, bytes, len);
	h = stir(h ^ other, w, ODD_B);
	return (uint32_t)(h ^ h >> 32);
}

/* The slot of that text, or the free one where it would go. */
static struct slot *
probe(const struct intern *t, const char *bytes, size_t len, uint32_t hash)
{
	for (size_t i = hash & (t->room - 1); ; i = (i + 1) & (t->room - 1)) {
		const struct word *w;

		if (!t->slots[i].word)
			return &t->slots[i];
		if (t->slots[i].hash != hash)
			continue;
		w = &t->words.items[t->slots[i].word - 1];
		if (w->len == len && memcmp(w->text, bytes, len) == 0)
			return &t->slots[i];
	}
}

#define ROOM_FIRST 256

static void
widen(struct intern *t, size_t room)
{
	struct slot *slots = arena_array(t->mem, struct slot, room);

	for (size_t s = 0; s < t->room; s++) {
		size_t i = t->slots[s].hash & (room - 1);

		while (t->slots[s].word && slots[i].word)
			i = (i + 1) & (room - 1);
		if (t->slots[s].word)
			slots[i] = t->slots[s];
	}
	if (t->room)
		arena_back(t->mem, t->slots, t->room * sizeof(*slots));
	t->slots = slots;
	t->room = room;
}

static void
widen_words(struct intern *t, size_t more)
{
	struct word *was = t->words.items;
	size_t room = t->words.room;

	arena_room(t->mem, &t->words, more);
	if (was && t->words.items != was)
		arena_back(t->mem, was, room * sizeof(*was));
}

void
intern_room(struct intern *t, size_t more)
{
	size_t room = ROOM_FIRST;

	while (room < 2 * (t->words.count + more))
		room *= 2;
	if (room > t->room)
		widen(t, room);
	widen_words(t, more);
}

uint32_t
intern_find(const struct intern *t, const char *bytes, size_t len)
{
	struct slot *slot = t->room ? probe(t, bytes, len, hash_of(t->seed, bytes, len)) : NULL;

	return slot && slot->word ? slot->word - 1 : INTERN_NONE;
}

static uint32_t
add(struct intern *t, const char *bytes, size_t len, uint32_t hash)
{
	struct slot *slot;

	if (2 * (t->words.count + 1) > t->room)
		widen(t, t->room ? 2 * t->room : ROOM_FIRST);
	slot = probe(t, bytes, len, hash);
	if (!slot->word) {
		if (t->words.count == t->words.room)
			widen_words(t, t->words.count ? 1 : 8);
		*arena_push(t->mem, &t->words) = (struct word){ pool_copy(&t->texts, bytes, len), (uint32_t)len };
		*slot = (struct slot){ hash, (uint32_t)t->words.count };
	}
	return slot->word - 1;
}

uint32_t
intern(struct intern *t, const char *bytes, size_t len)
{
	return add(t, bytes, len, hash_of(t->seed, bytes, len));
}

/* The slot that probably is its: of the same hash, or a free one. */
static const struct slot *
guess(const struct intern *t, uint32_t hash)
{
	size_t i = hash & (t->room - 1);

	while (t->slots[i].word && t->slots[i].hash != hash)
		i = (i + 1) & (t->room - 1);
	return &t->slots[i];
}

#define LINE 64                         /* bytes of memory that come together */

static void
fetch_text(const struct word *w)
{
	for (size_t at = 0; at < w->len; at += LINE)
		__builtin_prefetch(w->text + at);
	__builtin_prefetch(w->text + w->len);
}

/*
 * Each look-up waits for memory three times: for its slot, its word and its text.  In a row of them the waiting is done
 * together.
 */
void
intern_find_row(const struct intern *t, const struct berval *texts, size_t count, uint32_t *out)
{
	uint32_t hash[INTERN_ROW];

	for (size_t i = 0; i < count; i++) {
		hash[i] = hash_of(t->seed, texts[i].bv_val, texts[i].bv_len);
		if (t->room)
			__builtin_prefetch(&t->slots[hash[i] & (t->room - 1)]);
	}
	for (size_t i = 0; i < count; i++) {
		out[i] = t->room ? guess(t, hash[i])->word : 0;
		if (out[i])
			__builtin_prefetch(&t->words.items[out[i] - 1]);
	}
	for (size_t i = 0; i < count; i++)
		if (out[i])
			fetch_text(&t->words.items[out[i] - 1]);
	for (size_t i = 0; i < count; i++) {
		const struct word *w = out[i] ? &t->words.items[out[i] - 1] : NULL;

		if (!w)
			out[i] = INTERN_NONE;
		else if (w->len == texts[i].bv_len && memcmp(w->text, texts[i].bv_val, w->len) == 0)
			out[i]--;
		else
			out[i] = intern_find(t, texts[i].bv_val, texts[i].bv_len);
	}
}

void
intern_row(struct intern *t, const struct berval *texts, size_t count, uint32_t *out)
{
	intern_find_row(t, texts, count, out);
	for (size_t i = 0; i < count; i++)
		if (out[i] == INTERN_NONE)
			out[i] = intern(t, texts[i].bv_val, texts[i].bv_len);
}
