/* SPDX-License-Identifier: GPL-3.0-or-later */
/* suggest.c - finds the clauses: counts what those who have the role have in common, and takes the best, one after another. */
#include "suggest_p.h"

#include <behov/text.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BITS_OF_ONE 3.17                /* what one person who agrees says, when one of ten does not: log2(0.9 / 0.1) */
#define CANDIDATES_MOST 20000
#define PEOPLE_MOST 40000000            /* of all candidates together */
#define KEYS_MOST 40000000              /* clauses of all people together; longer ones are not tried where they are more */
#define FEATURE_BITS 21

struct candidate { uint64_t key; uint32_t have, all, *people, count; bool taken; };

struct search {
	struct arena *mem, *scratch;
	struct features f;
	const char **bare;              /* feature -> its word, as needs compare it */
	uint32_t people, have;
	bool *has, *covered;            /* person */
	int longest;                    /* how many attributes a clause has at most */
	uint64_t *keys;                 /* of those who have the role; sorted and counted */
	size_t key_count;
	LIST(struct candidate) candidates;
	double bits;                    /* to name one of all clauses that could be */
};

/* ------------------------------------------------------------------ what people have in common */

/* At most; of one attribute there are no two in a clause. */
static uint64_t
clauses_of(uint64_t features, int longest)
{
	uint64_t two = longest > 1 ? features * (features - 1) / 2 : 0;

	return features ? features + two + (longest > 2 ? two * (features - 2) / 3 : 0) : 0;
}

static uint64_t
all_clauses(const struct search *s, int longest, bool all)
{
	uint64_t count = 0;

	for (uint32_t p = 0; p < s->people; p++)
		count += all || s->has[p] ? clauses_of(s->f.of[p].count, longest) : 0;
	return count;
}

/* Every clause of one to three attributes that holds for a person. */
static void
each_clause(const struct search *s, uint32_t p, void (*visit)(void *self, uint32_t p, uint64_t key), void *self)
{
	const struct features *f = &s->f;
	struct set own = f->of[p];

	for (uint32_t i = 0; i < own.count; i++) {
		uint64_t one = own.items[i] + 1u;

		visit(self, p, one);
		for (uint32_t k = i + 1; k < own.count && s->longest > 1; k++) {
			uint64_t two = one | (uint64_t)(own.items[k] + 1u) << FEATURE_BITS;

			if (f->list.items[own.items[k]].attribute == f->list.items[own.items[i]].attribute)
				continue;
			visit(self, p, two);
			for (uint32_t m = k + 1; m < own.count && s->longest > 2; m++)
				if (f->list.items[own.items[m]].attribute != f->list.items[own.items[k]].attribute)
					visit(self, p, two | (uint64_t)(own.items[m] + 1u) << 2 * FEATURE_BITS);
		}
	}
}

static int
length_of(uint64_t key)
{
	return key >> 2 * FEATURE_BITS ? 3 : key >> FEATURE_BITS ? 2 : 1;
}

static void
note_key(void *self, uint32_t p, uint64_t key)
{
	struct search *s = self;

	(void)p;
	s->keys[s->key_count++] = key;
}

static int
by_key(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* What at least three of them have in common, or all when they are fewer. */
static void
find_candidates(struct search *s)
{
	uint32_t least = s->have < 3 ? s->have : 3;
	size_t different = 0;

	while (s->longest > 1 && all_clauses(s, s->longest, true) > KEYS_MOST)
		s->longest--;
	s->keys = arena_array(s->scratch, uint64_t, all_clauses(s, s->longest, false) + 1);
	for (uint32_t p = 0; p < s->people; p++)
		if (s->has[p])
			each_clause(s, p, note_key, s);
	if (s->key_count > 1)
		qsort(s->keys, s->key_count, sizeof(*s->keys), by_key);
	for (size_t i = 0, end; i < s->key_count; i = end) {
		for (end = i; end < s->key_count && s->keys[end] == s->keys[i]; end++)
			;
		different++;
		if (end - i >= least)
			*(struct candidate *)arena_push(s->scratch, &s->candidates) =
				(struct candidate){ .key = s->keys[i], .have = (uint32_t)(end - i) };
	}
	s->bits = log2((double)different + 2);
}

static struct candidate *
candidate_of(struct search *s, uint64_t key)
{
	size_t low = 0, high = s->candidates.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->candidates.items[middle].key < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low < s->candidates.count && s->candidates.items[low].key == key ? &s->candidates.items[low] : NULL;
}

static void
count_all(void *self, uint32_t p, uint64_t key)
{
	struct candidate *c = candidate_of(self, key);

	(void)p;
	if (c)
		c->all++;
}

static void
note_person(void *self, uint32_t p, uint64_t key)
{
	struct candidate *c = candidate_of(self, key);

	if (c)
		c->people[c->count++] = p;
}

static int
by_worth(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	long long v = 2LL * x->have - x->all, w = 2LL * y->have - y->all;

	return v != w ? (v > w ? -1 : 1) : (x->key > y->key) - (x->key < y->key);
}

static int
by_candidate(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

/* `part` of `of`: how many bits it says that so many are when `usual` of one are. */
static double
surprise(uint32_t part, uint32_t of, double usual)
{
	return part ? part * log2((double)part / of / usual) : 0;
}

/* Where most people have the role, most of those who are alike have it, too: so many must that it is no chance. */
static bool
is_telling(const struct search *s, const struct candidate *c)
{
	double usual = (double)s->have / s->people;

	if (2 * c->have <= c->all)
		return false;
	if (2 * s->have <= s->people)
		return true;
	return c->have > usual * c->all && surprise(c->have, c->all, usual) + surprise(c->all - c->have, c->all, 1 - usual) > s->bits;
}

/* Keeps those that more people have the role of than not, the most telling of them; and who they hold for. */
static void
choose_candidates(struct search *s)
{
	size_t kept = 0, most = 0, people = 0;

	for (uint32_t p = 0; p < s->people; p++)
		each_clause(s, p, count_all, s);
	for (size_t i = 0; i < s->candidates.count; i++)
		if (is_telling(s, &s->candidates.items[i]))
			s->candidates.items[kept++] = s->candidates.items[i];
	if (kept > 1)
		qsort(s->candidates.items, kept, sizeof(*s->candidates.items), by_worth);
	while (most < kept && most < CANDIDATES_MOST && people + s->candidates.items[most].all <= PEOPLE_MOST)
		people += s->candidates.items[most++].all;
	s->candidates.count = most;
	if (most > 1)
		qsort(s->candidates.items, most, sizeof(*s->candidates.items), by_candidate);
	for (size_t i = 0; i < s->candidates.count; i++)
		s->candidates.items[i].people = arena_array(s->scratch, uint32_t, s->candidates.items[i].all);
	for (uint32_t p = 0; p < s->people; p++)
		each_clause(s, p, note_person, s);
}

/* ------------------------------------------------------------------ the best, one after another */

/* What it is worth beside those that are taken. */
static double
worth(const struct search *s, const struct candidate *c)
{
	long long net = 0;

	for (uint32_t i = 0; i < c->count; i++)
		if (!s->covered[c->people[i]])
			net += s->has[c->people[i]] ? 1 : -1;
	return (double)net - s->bits / BITS_OF_ONE - 0.5 * (length_of(c->key) - 1);
}

static void
cover(struct search *s)
{
	memset(s->covered, 0, s->people * sizeof(*s->covered));
	for (size_t i = 0; i < s->candidates.count; i++)
		for (uint32_t k = 0; s->candidates.items[i].taken && k < s->candidates.items[i].count; k++)
			s->covered[s->candidates.items[i].people[k]] = true;
}

static void
take_best(struct search *s)
{
	for (;;) {
		struct candidate *best = NULL;
		double most = 0;

		for (size_t i = 0; i < s->candidates.count; i++) {
			struct candidate *c = &s->candidates.items[i];
			double one = c->taken ? 0 : worth(s, c);

			if (one > most) {
				most = one;
				best = c;
			}
		}
		if (!best)
			return;
		best->taken = true;
		cover(s);
	}
}

/* A clause that the later ones have made needless goes. */
static void
drop_needless(struct search *s)
{
	for (size_t i = 0; i < s->candidates.count; i++) {
		struct candidate *c = &s->candidates.items[i];

		if (!c->taken)
			continue;
		c->taken = false;
		cover(s);
		c->taken = worth(s, c) > 0;
	}
	cover(s);
}

/* ------------------------------------------------------------------ clauses */

static void
to_clause(const struct search *s, uint64_t key, struct suggestion *out)
{
	*out = (struct suggestion){ .count = length_of(key) };
	for (int i = 0; i < out->count; i++) {
		const struct feature *f = &s->f.list.items[(key >> i * FEATURE_BITS & ((1u << FEATURE_BITS) - 1)) - 1];

		out->conditions[i].attribute = f->attribute;
		out->conditions[i].words = arena_array(s->mem, const char *, 2);
		out->conditions[i].words[0] = f->word;
		out->conditions[i].words[1] = f->also;
		out->conditions[i].count = f->also ? 2 : 1;
	}
}

static bool
same_condition(const struct suggested *a, const struct suggested *b)
{
	if (a->attribute != b->attribute || a->count != b->count)
		return false;
	for (int i = 0; i < a->count; i++)
		if (strcmp(a->words[i], b->words[i]) != 0)
			return false;
	return true;
}

/* Two clauses that differ in one attribute only become one with a list. */
static bool
merge(const struct search *s, struct suggestion *a, const struct suggestion *b)
{
	int differ = -1;
	struct suggested *to;
	const struct suggested *from;
	const char **words;

	if (a->count != b->count)
		return false;
	for (int i = 0; i < a->count; i++) {
		if (a->conditions[i].attribute != b->conditions[i].attribute)
			return false;
		if (same_condition(&a->conditions[i], &b->conditions[i]))
			continue;
		if (differ >= 0)
			return false;
		differ = i;
	}
	if (differ < 0)
		return false;
	to = &a->conditions[differ];
	from = &b->conditions[differ];
	words = arena_array(s->mem, const char *, (size_t)(to->count + from->count));
	memcpy(words, to->words, (size_t)to->count * sizeof(*words));
	memcpy(words + to->count, from->words, (size_t)from->count * sizeof(*words));
	to->words = words;
	to->count += from->count;
	return true;
}

static void
merge_all(const struct search *s, struct suggestions *out)
{
	for (size_t i = 0; i < out->list.count; i++)
		for (size_t k = i + 1; k < out->list.count; k++)
			if (merge(s, &out->list.items[i], &out->list.items[k])) {
				memmove(&out->list.items[k], &out->list.items[k + 1], (out->list.count - k - 1) * sizeof(*out->list.items));
				out->list.count--;
				k = i;
			}
}

/* The values that a condition asks for, as needs are judged: feature -> does it? */
static bool *
asked_for(const struct search *s, const struct suggested *c)
{
	bool *out = arena_array(s->scratch, bool, s->f.list.count + 1);

	for (int w = 0; w < c->count; w++) {
		const char *glob = text_bare(s->scratch, text_fold(s->scratch, c->words[w]));

		for (size_t f = 0; f < s->f.list.count; f++)
			if (s->f.list.items[f].attribute == c->attribute && s->f.list.items[f].is_value)
				out[f] |= text_glob(glob, s->bare[f]);
	}
	return out;
}

static bool
holds(const struct search *s, uint32_t p, bool *const *asked, int count)
{
	for (int i = 0; i < count; i++) {
		bool one = false;

		for (uint32_t k = 0; k < s->f.of[p].count && !one; k++)
			one = asked[i][s->f.of[p].items[k]];
		if (!one)
			return false;
	}
	return true;
}

/* Of whom it holds, and who has the role. */
static void
count_clause(const struct search *s, struct suggestion *c, bool *any)
{
	bool *asked[3];

	for (int i = 0; i < c->count; i++)
		asked[i] = asked_for(s, &c->conditions[i]);
	for (uint32_t p = 0; p < s->people; p++)
		if (holds(s, p, asked, c->count)) {
			any[p] = true;
			*(s->has[p] ? &c->covers : &c->adds) += 1;
		}
}

static int
by_cover(const void *a, const void *b)
{
	const struct suggestion *x = a, *y = b;

	if (x->covers != y->covers)
		return x->covers > y->covers ? -1 : 1;
	return strcmp(x->conditions[0].words[0], y->conditions[0].words[0]);
}

static void
tell(const struct search *s, struct suggestions *out)
{
	struct bits outside = bits_open(s->scratch, out->people.count ? out->people.items[out->people.count - 1] + 1 : 0);
	struct bits added = bits_open(s->scratch, out->people.count ? out->people.items[out->people.count - 1] + 1 : 0);
	bool *any = arena_array(s->scratch, bool, (size_t)s->people + 1);

	for (size_t i = 0; i < s->candidates.count; i++)
		if (s->candidates.items[i].taken) {
			struct suggestion one;

			to_clause(s, s->candidates.items[i].key, &one);
			*arena_push(s->mem, &out->list) = one;
		}
	merge_all(s, out);
	for (size_t i = 0; i < out->list.count; i++)
		count_clause(s, &out->list.items[i], any);
	for (uint32_t p = 0; p < s->people; p++)
		if (any[p] != s->has[p])
			bits_put(any[p] ? &added : &outside, out->people.items[p]);
	if (out->list.count > 1)
		qsort(out->list.items, out->list.count, sizeof(*out->list.items), by_cover);
	out->outside = bits_take(s->mem, &outside);
	out->added = bits_take(s->mem, &added);
}

void
suggest_role(struct arena *mem, const struct suggest_input *in, struct suggestions *out)
{
	struct search s = { .mem = mem, .scratch = arena_open(), .longest = 3 };
	const struct snapshot *snapshot = in->snapshot;
	LIST(uint32_t) people = { 0 };

	*out = (struct suggestions){ 0 };
	for (uint32_t a = 0; a < snapshot->account_count; a++)
		if (snapshot->accounts[a].class == ACCOUNT_PERSON && !snapshot->accounts[a].left)
			*arena_push(mem, &people) = a;
	out->people = (struct set){ people.items, (uint32_t)people.count };
	s.people = out->people.count;
	s.has = arena_array(s.scratch, bool, (size_t)s.people + 1);
	s.covered = arena_array(s.scratch, bool, (size_t)s.people + 1);
	for (uint32_t p = 0; p < s.people; p++) {
		s.has[p] = set_has(in->has, people.items[p]);
		s.have += s.has[p];
	}
	out->have = s.have;
	features_find(mem, in, out->people, &s.f);
	s.bare = arena_array(s.scratch, const char *, s.f.list.count + 1);
	for (size_t f = 0; f < s.f.list.count; f++)
		s.bare[f] = text_bare(s.scratch, text_fold(s.scratch, s.f.list.items[f].word));
	if (s.have && s.f.list.count + 1 < 1u << FEATURE_BITS) {
		find_candidates(&s);
		choose_candidates(&s);
		take_best(&s);
		drop_needless(&s);
	}
	tell(&s, out);
	out->longest = s.longest;
	arena_close(s.scratch);
}
