/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-pile.c - records of many batches, in whatever order they come and however many runs they are packed in. */
#define ITEMS_MOST 50
#define CHUNK 700
#include "../../agent/retain/pile.c"

#include "check.h"

static unsigned long seed;

static unsigned long
draw(unsigned long most)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (seed >> 33) % most;
}

/* Anything that a number can be, and often what a file has. */
static uint64_t
number(void)
{
	static const uint64_t odd[] = { 0, 1, UINT64_MAX, (uint64_t)INT64_MIN, INT64_MAX, 1u << 31, 127, 128, 1330470000 };

	return draw(3) ? draw(1000) : odd[draw(sizeof odd / sizeof *odd)] + draw(2);
}

static const char *
some_path(struct arena *mem)
{
	static const char *const folder[] = { "", "a/", "a/b/", "a/b", "A\xe5/", "\xff\xfe/" };
	char *path = arena_print(mem, "%s%lu", folder[draw(6)], draw(90));

	if (draw(40) == 0) {
		char *longer = arena_take(mem, 5001);

		memset(longer, 'x', 5000);
		memcpy(longer, path, strlen(path));
		longer[5000] = '\0';
		return longer;
	}
	return path;
}

static struct item
some_item(struct arena *mem, size_t batches)
{
	return (struct item){ draw(batches), {
		.path = some_path(mem), .size = number(), .ino = number(), .dev = number(), .mtime_s = (int64_t)number(),
		.ctime_s = (int64_t)number(), .btime_s = draw(2) ? INT64_MIN : (int64_t)number(), .mtime_ns = (uint32_t)number(),
		.ctime_ns = (uint32_t)number(), .btime_ns = (uint32_t)number(), .nlink = (uint32_t)number(),
		.anchor = (day_t)number(), .due = (day_t)number() } };
}

static bool
same(const struct record *a, const struct record *b)
{
	return strcmp(a->path, b->path) == 0 && a->size == b->size && a->ino == b->ino && a->dev == b->dev && a->mtime_s == b->mtime_s &&
	       a->ctime_s == b->ctime_s && a->btime_s == b->btime_s && a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns &&
	       a->btime_ns == b->btime_ns && a->nlink == b->nlink && a->anchor == b->anchor && a->due == b->due;
}

/* Which of all is told next in a batch, found by looking at each of them: the least path above the last one. */
static const struct item *
next_of(const struct item *all, size_t count, size_t batch, const char *after)
{
	const struct item *least = NULL;

	for (size_t i = 0; i < count; i++)
		if (all[i].batch == batch && (!after || strcmp(all[i].record.path, after) > 0) &&
		    (!least || strcmp(all[i].record.path, least->record.path) < 0))
			least = &all[i];
	return least;
}

/* Of a path that was added twice either may be told. */
static bool
is_one_of(const struct item *all, size_t count, size_t batch, const struct record *r)
{
	for (size_t i = 0; i < count; i++)
		if (all[i].batch == batch && same(&all[i].record, r))
			return true;
	return false;
}

static void
all_is_told_once_in_order_in_whatever_runs_it_was_packed(void)
{
	for (seed = 1; seed < 400; seed++) {
		struct arena *mem = arena_open();
		unsigned long started = seed;
		size_t count = draw(700), batches = 1 + draw(12);
		struct item *all = arena_array(mem, struct item, count + 1);
		struct pile *p = pile_open();
		struct record r;

		for (size_t i = 0; i < count; i++) {
			all[i] = some_item(mem, batches);
			pile_add(p, all[i].batch, &all[i].record);
		}
		CHECK(p->count <= ITEMS_MOST && p->runs.count == (count ? (count - 1) / ITEMS_MOST : 0));
		for (size_t b = 0; b < batches; b++) {
			const char *last = NULL;
			const struct item *next;

			if (draw(4) == 0)
				continue;               /* nobody asks for that one */
			while ((next = next_of(all, count, b, last))) {
				CHECK(pile_take(p, b, &r) && strcmp(r.path, next->record.path) == 0 && is_one_of(all, count, b, &r));
				last = next->record.path;
			}
			CHECK(!pile_take(p, b, &r));
		}
		pile_close(p);
		arena_close(mem);
		seed = started;
	}
}

static void
a_pile_that_is_not_read_to_its_end_is_closed(void)
{
	struct record r = { .path = "a" };
	struct pile *p = pile_open();

	CHECK(!pile_take(p, 0, &r));
	pile_close(p);
	p = pile_open();
	for (size_t i = 0; i < 500; i++)
		pile_add(p, 500 - i, &(struct record){ .path = "a" });
	CHECK(pile_take(p, 7, &r) && !pile_take(p, 7, &r) && pile_take(p, 9, &r));
	pile_close(p);
	pile_close(NULL);
}

int
main(void)
{
	TEST(all_is_told_once_in_order_in_whatever_runs_it_was_packed);
	TEST(a_pile_that_is_not_read_to_its_end_is_closed);
	return check_done();
}
