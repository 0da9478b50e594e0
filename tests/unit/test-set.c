/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-set.c - lists and bits against the plainest thing that could be: an array of bool. */
#include "check.h"
#include "behov/set.h"
#include <stdlib.h>
#include <string.h>

#define UNIVERSE 300

struct plain { bool in[UNIVERSE]; };
static uint32_t state = 1;

static uint32_t
draw(uint32_t below)
{
	state = state * 1664525u + 1013904223u;
	return (state >> 8) % below;
}

static struct set
make(struct arena *mem, struct bits *b, struct plain *p)
{
	uint32_t most = draw(4) ? draw(12) : draw(UNIVERSE), first = draw(UNIVERSE);

	memset(p, 0, sizeof(*p));
	for (uint32_t i = 0; i < most; i++) {
		uint32_t x = draw(2) ? draw(UNIVERSE) : (first + draw(20)) % UNIVERSE;
		p->in[x] = true;
		bits_put(b, x);
	}
	return bits_take(mem, b);
}

static void
compare(struct arena *mem, struct bits *b, struct set x, struct set y, const struct plain *p, const struct plain *q)
{
	bool within = true, meets = false, same = true;
	struct set less = set_minus(mem, x, y), both;

	bits_add(b, x);
	CHECK(bits_hold(b, x) && bits_hold(b, (struct set){ NULL, 0 }));
	bits_add(b, y);
	CHECK(bits_hold(b, x) && bits_hold(b, y));
	both = bits_take(mem, b);
	for (uint32_t i = 0; i < UNIVERSE; i++) {
		within &= !p->in[i] || q->in[i];
		meets |= p->in[i] && q->in[i];
		same &= p->in[i] == q->in[i];
		CHECK(set_has(x, i) == p->in[i] && set_has(both, i) == (p->in[i] || q->in[i]) &&
		      set_has(less, i) == (p->in[i] && !q->in[i]) && !bits_has(b, i));
	}
	CHECK(set_within(x, y) == within && set_meets(x, y) == meets && set_same(x, y) == same);
	for (uint32_t i = 1; i < both.count; i++)
		CHECK(both.items[i - 1] < both.items[i]);
}

static void
sets_are_what_arrays_of_bool_say(void)
{
	struct arena *mem = arena_open();
	struct bits b = bits_open(mem, UNIVERSE);
	struct plain p, q;

	for (int turn = 0; turn < 500; turn++) {
		struct set x = make(mem, &b, &p), y = make(mem, &b, &q);
		compare(mem, &b, x, y, &p, &q);
		compare(mem, &b, x, x, &p, &p);
	}
	arena_close(mem);
}

static void
the_empty_set_is_in_every_set_and_meets_none(void)
{
	struct arena *mem = arena_open();
	struct bits b = bits_open(mem, 1);
	struct set none = bits_take(mem, &b);
	uint32_t zero[] = { 0 };
	struct set one = { zero, 1 };

	CHECK(none.count == 0 && set_within(none, none) && set_within(none, one) && !set_within(one, none));
	CHECK(!set_meets(none, one) && !set_meets(one, none) && !set_has(none, 0) && set_same(none, none));
	CHECK(set_minus(mem, one, none).items == zero && set_minus(mem, one, one).count == 0);
	arena_close(mem);
}

int
main(void)
{
	TEST(sets_are_what_arrays_of_bool_say);
	TEST(the_empty_set_is_in_every_set_and_meets_none);
	return check_done();
}
