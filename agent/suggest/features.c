/* SPDX-License-Identifier: GPL-3.0-or-later */
/* features.c - what people may have in common: the values of their attributes, and what several values begin with. */
#include "suggest_p.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* One value of an attribute, and the features that it stands for. */
struct known { const struct value *value; uint32_t exact, begins; };
#define NONE UINT32_MAX

/* What tells one person from another says nothing about a kind of work. */
static bool
is_personal(const struct attribute *a)
{
	static const char *const names[] = { "employeeID", "employeeNumber", "sAMAccountName", "userPrincipalName", "mail", "manager", "description" };

	for (size_t i = 0; a->ad && i < sizeof(names) / sizeof(*names); i++)
		if (strcasecmp(names[i], a->ad) == 0)
			return true;
	return false;
}

static int
by_pointer(const void *a, const void *b)
{
	uintptr_t x = (uintptr_t)((const struct known *)a)->value, y = (uintptr_t)((const struct known *)b)->value;

	return (x > y) - (x < y);
}

static int
by_folded(const void *a, const void *b)
{
	const struct known *x = a, *y = b;
	int c = strcmp(x->value->folded, y->value->folded);

	return c ? c : strcmp(x->value->text, y->value->text);
}

struct values { struct known *items; size_t count, room; };

/* Each value that somebody has, once. */
static void
find_values(struct arena *mem, const struct snapshot *s, struct set people, int attribute, struct values *out)
{
	size_t kept = 0;

	for (uint32_t p = 0; p < people.count; p++) {
		const struct account *a = &s->accounts[people.items[p]];
		const struct value *v = a->values && !(a->unknown >> attribute & 1) ? a->values[attribute] : NULL;

		for (; v; v = v->more)
			*arena_push(mem, out) = (struct known){ v, NONE, NONE };
	}
	if (out->count > 1)
		qsort(out->items, out->count, sizeof(*out->items), by_pointer);
	for (size_t i = 0; i < out->count; i++)
		if (!i || out->items[i].value != out->items[i - 1].value)
			out->items[kept++] = out->items[i];
	out->count = kept;
}

/* The length of what `a` and the next value share as their first word, with the blank; 0 when they share none. */
static size_t
shared_word(const char *a, const char *b)
{
	size_t n = strcspn(a, " ");

	return n && strncmp(a, b, n) == 0 && (b[n] == ' ' || !b[n]) && strcmp(a, b) != 0 ? n : 0;
}

static uint32_t
add(struct arena *mem, struct features *out, int attribute, const char *word, const char *also, bool is_value)
{
	*arena_push(mem, &out->list) = (struct feature){ attribute, word, also, is_value };
	return (uint32_t)out->list.count - 1;
}

/* What the values from `i` on share as their first word.  "Chef*" would ask for "Chefssekreterare", too, if there are any. */
static uint32_t
add_beginning(struct arena *mem, const struct values *values, size_t i, int attribute, struct features *out)
{
	const struct value *first = values->items[i].value;
	size_t len = strcspn(first->folded, " ");
	const char *word = arena_copy(mem, first->text, strcspn(first->text, " "));
	bool alone = true;

	for (size_t k = i; k < values->count && strncmp(values->items[k].value->folded, first->folded, len) == 0; k++)
		alone &= strchr(" ", values->items[k].value->folded[len]) != NULL;
	if (alone)
		return add(mem, out, attribute, arena_print(mem, "%s*", word), NULL, false);
	return add(mem, out, attribute, arena_print(mem, "%s *", word), first->folded[len] ? NULL : word, false);
}

/* Values that are folded the same are one; values with the same first word are also one together. */
static void
name_features(struct arena *mem, struct values *values, int attribute, struct features *out)
{
	qsort(values->items, values->count, sizeof(*values->items), by_folded);
	for (size_t i = 0; i < values->count; i++) {
		struct known *k = &values->items[i], *before = i ? k - 1 : NULL;
		size_t word = before ? shared_word(before->value->folded, k->value->folded) : 0;

		k->exact = before && strcmp(before->value->folded, k->value->folded) == 0 ? before->exact :
			   add(mem, out, attribute, k->value->text, NULL, true);
		if (before && strcmp(before->value->folded, k->value->folded) == 0)
			k->begins = before->begins;
		else if (word && before->begins == NONE)
			k->begins = before->begins = add_beginning(mem, values, i - 1, attribute, out);
		else if (word)
			k->begins = before->begins;
	}
	qsort(values->items, values->count, sizeof(*values->items), by_pointer);
}

static int
by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

struct numbers { uint32_t *items; size_t count, room; };

static void
add_own(struct arena *mem, const struct account *a, int attribute, const struct values *values, struct numbers *own)
{
	const struct value *v = a->values && !(a->unknown >> attribute & 1) ? a->values[attribute] : NULL;

	for (; v; v = v->more) {
		struct known one = { v, 0, 0 };
		const struct known *k = bsearch(&one, values->items, values->count, sizeof(one), by_pointer);

		*arena_push(mem, own) = k->exact;
		if (k->begins != NONE)
			*arena_push(mem, own) = k->begins;
	}
}

void
features_find(struct arena *mem, const struct suggest_input *in, struct set people, struct features *out)
{
	const struct rules *rules = in->rules;
	struct values *values = arena_array(mem, struct values, (size_t)rules->attribute_count + 1);
	struct numbers own = { NULL, 0, 0 };

	*out = (struct features){ .of = arena_array(mem, struct set, (size_t)people.count + 1) };
	for (int i = 0; i < rules->attribute_count; i++) {
		if (is_personal(&rules->attributes[i]))
			continue;
		find_values(mem, in->snapshot, people, i, &values[i]);
		/* What everybody has, or each has for themselves, says nothing. */
		if (values[i].count < 2 || values[i].count > people.count / 2 + 10)
			values[i].count = 0;
		else
			name_features(mem, &values[i], i, out);
	}
	for (uint32_t p = 0; p < people.count; p++) {
		size_t kept = 0;

		own.count = 0;
		for (int i = 0; i < rules->attribute_count; i++)
			if (values[i].count)
				add_own(mem, &in->snapshot->accounts[people.items[p]], i, &values[i], &own);
		if (own.count > 1)
			qsort(own.items, own.count, sizeof(*own.items), by_number);
		for (size_t i = 0; i < own.count; i++)
			if (!i || own.items[i] != own.items[i - 1])
				own.items[kept++] = own.items[i];
		out->of[p] = (struct set){ kept ? arena_copy(mem, own.items, kept * sizeof(*own.items)) : NULL, (uint32_t)kept };
	}
}
