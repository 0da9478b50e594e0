/* SPDX-License-Identifier: GPL-3.0-or-later */
/* order.c - people and groups in the order of their keys, each key once: then they have their numbers. */
#include "build_p.h"

#include <behov/text.h>

struct head *
order_heads(struct head *heads, struct head *spare, size_t count)
{
	uint64_t differ = 0;

	for (size_t i = 1; i < count; i++)
		differ |= heads[i].bits ^ heads[0].bits;
	for (int shift = 0; shift < 64; shift += 8) {
		size_t first[257] = { 0 };
		struct head *swap = heads;

		if (!(differ >> shift & 255))
			continue;
		for (size_t i = 0; i < count; i++)
			first[(heads[i].bits >> shift & 255) + 1]++;
		for (int i = 0; i < 256; i++)
			first[i + 1] += first[i];
		for (size_t i = 0; i < count; i++)
			spare[first[heads[i].bits >> shift & 255]++] = heads[i];
		heads = spare;
		spare = swap;
	}
	return heads;
}

static const char *key_of(const struct object *o) { return o->as.account.key; }

static int
order_key(const void *x, const void *y)
{
	return strcmp(key_of(((const struct head *)x)->who), key_of(((const struct head *)y)->who));
}

/* So many letters of a GUID, of sixteen each, that few begin alike: each is a pass over all. */
static int
letters_for(size_t count)
{
	int letters = 1;

	while (letters < 8 && count >> 4 * (letters - 1))
		letters++;
	return letters;
}

static uint64_t
head_bits(const char *key, int letters)
{
	uint64_t bits = 0;

	for (int i = 0; i < letters; i++)
		bits = bits << 8 | (*key ? (unsigned char)*key++ : 0);
	return bits;
}

/* All objects by their key. */
static struct head *
sort_objects(struct builder *b)
{
	size_t n = b->object_count, run;
	struct head *heads = arena_array(b->scratch, struct head, n + 1), *spare = arena_array(b->scratch, struct head, n + 1), *sorted;
	int letters = letters_for(n);

	for (uint32_t i = 0; i < n; i++)
		heads[i] = (struct head){ head_bits(key_of(object_at(b, i)), letters), object_at(b, i) };
	sorted = order_heads(heads, spare, n);
	arena_back(b->scratch, sorted == heads ? spare : heads, (n + 1) * sizeof(*heads));
	for (size_t i = 0; i < n; i += run) {
		for (run = 1; i + run < n && sorted[i + run].bits == sorted[i].bits; )
			run++;
		if (run > 1)
			qsort(sorted + i, run, sizeof(*sorted), order_key);
	}
	return sorted;
}

static int
twice(const struct builder *b, const struct object *x, const struct object *y, struct error *err)
{
	const struct object *later = x->line > y->line ? x : y, *first = later == x ? y : x;
	const char *shown = b->origins.items[later->source].shown;

	if (!later->line)
		return error_set(err, ERROR_SOURCE, "'%s': '%s' is there twice: was it moved while the directory was read?",
				 shown, name_show(b->scratch, later->as.account.dn));
	return error_set(err, ERROR_SOURCE, "%s:%d: '%s' is there twice, first in line %d", shown, later->line,
			 name_show(b->scratch, later->as.account.dn), first->line);
}

static const char *
manager_of(struct builder *b, const struct object *o)
{
	uint32_t who = o->manager == NOBODY ? NOBODY : b->owners.items[o->manager];
	const struct word *w = o->manager == NOBODY ? NULL : &b->names.words.items[o->manager];

	if (!w)
		return NULL;
	return who < AMBIGUOUS && !strcmp(object_at(b, who)->as.account.dn, w->text) ? object_at(b, who)->as.account.dn
										     : pool_copy(&b->texts, w->text, w->len);
}

int
order_all(struct builder *b, struct snapshot *out, const char **employees, struct error *err)
{
	struct head *heads = sort_objects(b);
	uint32_t groups = 0;

	for (uint32_t i = 0; i < b->object_count; i++) {
		if (i && strcmp(key_of(heads[i - 1].who), key_of(heads[i].who)) == 0)
			return twice(b, heads[i - 1].who, heads[i].who, err);
		groups += heads[i].who->is_group;
	}
	out->accounts = arena_array(b->mem, struct account, b->object_count - groups + 1);
	out->groups = arena_array(b->mem, struct group, groups + 1);
	for (uint32_t i = 0; i < b->object_count; i++) {
		struct object *o = (struct object *)heads[i].who;

		if (i + 8 < b->object_count)
			__builtin_prefetch(heads[i + 8].who);
		o->index = o->is_group ? out->group_count++ : out->account_count++;
		if (o->is_group) {
			out->groups[o->index] = o->as.group;
			continue;
		}
		out->accounts[o->index] = o->as.account;
		out->accounts[o->index].manager = manager_of(b, o);
		employees[o->index] = o->employee;
		out->seen.people += o->as.account.class == ACCOUNT_PERSON;
	}
	arena_back(b->scratch, heads, ((size_t)b->object_count + 1) * sizeof(*heads));
	return 0;
}
