/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pile.c - the records of all batches of a share, as they come in any order, told again batch by batch and sorted by path.
 *
 * A night may find a million files due, in one batch or in a hundred thousand.  Some tens of thousands of records lie as they
 * came; when there are more, those are sorted and packed as one run.  What is told is merged from all runs, of each of which one
 * chunk is unpacked at a time.
 */
#include "retain_p.h"
#include "behov/number.h"

#include <zstd.h>

#ifndef ITEMS_MOST
#define ITEMS_MOST 32768                /* records that are not packed */
#endif
#define PATHS_MOST ((size_t)4 << 20)    /* and bytes of their paths */
#ifndef CHUNK
#define CHUNK ((size_t)32 << 10)        /* bytes after which a chunk is packed */
#endif
#define LEVEL 1                         /* of zstd */
#define NUMBERS 13                      /* of an item */

struct item { size_t batch; struct record record; };

struct chunk {
	struct chunk *next;
	size_t size, packed_size;
	unsigned char packed[];
};

struct bytes { unsigned char *items; size_t count, room; };

/* Sorted: chunks that are read one after another; or, of those that came last, items that lie in the pile as they are. */
struct run {
	struct chunk *first, **end;     /* end: where the next one goes */
	struct bytes open;              /* the chunk that is written or read */
	size_t at;                      /* read so far of it, or of the items */
	size_t number;                  /* its place among the runs */
	bool raw;
	uint64_t before[NUMBERS];       /* the item before, in the same chunk: what follows is written as the difference */
	char *path;
	size_t path_len, path_room;
	struct item item;               /* the one at hand, when it is read */
};

struct pile {
	struct item *items;
	size_t count, room;
	struct arena *paths;
	ZSTD_CCtx *pack;
	ZSTD_DCtx *unpack;
	LIST(struct run *) runs;        /* as they came; when it is read a heap, the first item on top */
	struct arena *mem;
	bool sorted;
	size_t last_batch;              /* told last */
	char *last;
	size_t last_room;
};

struct pile *
pile_open(void)
{
	struct pile *p = calloc(1, sizeof *p);

	if (!p)
		abort();                /* as arena_take(): without memory there is no honest way on */
	p->mem = arena_open();
	p->paths = arena_open();
	p->last_batch = SIZE_MAX;
	return p;
}

static void
drop_run(struct run *run)
{
	while (run->first) {
		struct chunk *next = run->first->next;

		free(run->first);
		run->first = next;
	}
	free(run->open.items);
	free(run->path);
	free(run);
}

void
pile_close(struct pile *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->runs.count; i++)
		drop_run(p->runs.items[i]);
	ZSTD_freeCCtx(p->pack);
	ZSTD_freeDCtx(p->unpack);
	arena_close(p->paths);
	arena_close(p->mem);
	free(p->items);
	free(p->last);
	free(p);
}

static void *
grow(void *at, size_t *room, size_t wanted, size_t size)
{
	if (wanted <= *room)
		return at;
	*room = *room * 2 > wanted ? *room * 2 : wanted;
	at = reallocarray(at, *room, size);
	if (!at)
		abort();
	return at;
}

/* ------------------------------------------------------------------ writing a run */

static void
numbers_of(const struct item *item, uint64_t n[NUMBERS])
{
	const struct record *r = &item->record;

	n[0] = item->batch;
	n[1] = r->size;
	n[2] = r->ino;
	n[3] = r->dev;
	n[4] = (uint64_t)r->mtime_s;
	n[5] = (uint64_t)r->ctime_s;
	n[6] = (uint64_t)r->btime_s;
	n[7] = r->mtime_ns;
	n[8] = r->ctime_ns;
	n[9] = r->btime_ns;
	n[10] = r->nlink;
	n[11] = (uint64_t)(int64_t)r->anchor;
	n[12] = (uint64_t)(int64_t)r->due;
}

static void
item_of(const uint64_t n[NUMBERS], const char *path, struct item *item)
{
	*item = (struct item){ .batch = n[0], .record = {
		.path = path, .size = n[1], .ino = n[2], .dev = n[3], .mtime_s = (int64_t)n[4], .ctime_s = (int64_t)n[5],
		.btime_s = (int64_t)n[6], .mtime_ns = (uint32_t)n[7], .ctime_ns = (uint32_t)n[8], .btime_ns = (uint32_t)n[9],
		.nlink = (uint32_t)n[10], .anchor = (day_t)(int64_t)n[11], .due = (day_t)(int64_t)n[12] } };
}

static void
put_number(struct bytes *out, uint64_t n)
{
	out->items = grow(out->items, &out->room, out->count + NUMBER_MOST, 1);
	out->count += number_put(out->items + out->count, n);
}

static void
keep_path(struct run *run, size_t same, const void *rest, size_t len)
{
	run->path = grow(run->path, &run->path_room, same + len + 1, 1);
	memcpy(run->path + same, rest, len);
	run->path_len = same + len;
	run->path[run->path_len] = '\0';
}

static void
put_item(struct run *run, const struct item *item)
{
	const char *path = item->record.path;
	uint64_t n[NUMBERS];
	size_t same = 0, len;

	numbers_of(item, n);
	for (int i = 0; i < NUMBERS; i++) {
		put_number(&run->open, number_folded(n[i] - run->before[i]));
		run->before[i] = n[i];
	}
	while (same < run->path_len && path[same] == run->path[same])
		same++;
	len = strlen(path + same);
	put_number(&run->open, same);
	put_number(&run->open, len);
	run->open.items = grow(run->open.items, &run->open.room, run->open.count + len + 1, 1);
	memcpy(run->open.items + run->open.count, path + same, len);
	run->open.count += len;
	keep_path(run, same, path + same, len);
}

/* The next chunk begins anew: nothing in it is a difference from what is in another. */
static void
begin_chunk(struct run *run)
{
	memset(run->before, 0, sizeof run->before);
	run->path_len = 0;
	run->open.count = run->at = 0;
}

static void
pack_chunk(struct pile *p, struct run *run)
{
	size_t most = ZSTD_compressBound(run->open.count), size;
	struct chunk *c = malloc(sizeof *c + most), *less;

	if (!c)
		abort();
	size = ZSTD_compressCCtx(p->pack, c->packed, most, run->open.items, run->open.count, LEVEL);
	if (ZSTD_isError(size))
		abort();                /* there is room, and so only memory can be wanting */
	less = realloc(c, sizeof *c + size);
	c = less ? less : c;
	c->next = NULL;
	c->size = run->open.count;
	c->packed_size = size;
	*run->end = c;
	run->end = &c->next;
	begin_chunk(run);
}

static int
by_batch_and_path(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->batch != y->batch)
		return x->batch < y->batch ? -1 : 1;
	return strcmp(x->record.path, y->record.path);
}

static struct run *
new_run(struct pile *p)
{
	struct run *run = calloc(1, sizeof *run);

	if (!run)
		abort();
	run->end = &run->first;
	run->number = p->runs.count;
	*arena_push(p->mem, &p->runs) = run;
	if (p->count > 1)
		qsort(p->items, p->count, sizeof *p->items, by_batch_and_path);
	return run;
}

static void
pack_run(struct pile *p)
{
	struct run *run = new_run(p);

	if (!p->pack)
		p->pack = ZSTD_createCCtx();
	if (!p->pack)
		abort();
	for (size_t i = 0; i < p->count; i++) {
		put_item(run, &p->items[i]);
		if (run->open.count >= CHUNK)
			pack_chunk(p, run);
	}
	if (run->open.count)
		pack_chunk(p, run);
	free(run->open.items);
	run->open = (struct bytes){ 0 };
	p->count = 0;
	arena_close(p->paths);
	p->paths = arena_open();
}

void
pile_add(struct pile *p, size_t batch, const struct record *record)
{
	struct item *item;

	if (p->count == ITEMS_MOST || arena_used(p->paths) > PATHS_MOST)
		pack_run(p);
	p->items = grow(p->items, &p->room, p->count + 1, sizeof *p->items);
	item = &p->items[p->count++];
	*item = (struct item){ batch, *record };
	item->record.path = arena_text(p->paths, record->path);
}

/* ------------------------------------------------------------------ reading a run */

static void
unpack_chunk(struct pile *p, struct run *run)
{
	struct chunk *c = run->first;

	begin_chunk(run);
	run->open.items = grow(run->open.items, &run->open.room, c->size, 1);
	if (ZSTD_decompressDCtx(p->unpack, run->open.items, c->size, c->packed, c->packed_size) != c->size)
		abort();                /* we packed it ourselves, in our own memory */
	run->open.count = c->size;
	run->first = c->next;
	free(c);
}

/* What we packed ourselves, in our own memory. */
static void
get_item(struct run *run)
{
	struct numbers in = { .at = run->open.items + run->at, .end = run->open.items + run->open.count };
	size_t same, len;

	for (int i = 0; i < NUMBERS; i++)
		run->before[i] += number_unfolded(number_get(&in));
	same = (size_t)number_get(&in);
	len = (size_t)number_get(&in);
	keep_path(run, same, in.at, len);
	run->at = (size_t)(in.at + len - run->open.items);
	item_of(run->before, run->path, &run->item);
}

/* False at its end. */
static bool
read_on(struct pile *p, struct run *run)
{
	if (run->raw) {
		if (run->at == p->count)
			return false;
		run->item = p->items[run->at++];
		return true;
	}
	if (run->at == run->open.count && !run->first)
		return false;
	if (run->at == run->open.count)
		unpack_chunk(p, run);
	get_item(run);
	return true;
}

/* ------------------------------------------------------------------ all runs together */

/* Of two that are the same, that which came first. */
static bool
goes_before(const struct run *a, const struct run *b)
{
	int order = by_batch_and_path(&a->item, &b->item);

	return order ? order < 0 : a->number < b->number;
}

static void
sink(struct pile *p, size_t at)
{
	struct run **heap = p->runs.items;

	for (size_t next; (next = 2 * at + 1) < p->runs.count; at = next) {
		struct run *swap = heap[at];

		if (next + 1 < p->runs.count && goes_before(heap[next + 1], heap[next]))
			next++;
		if (!goes_before(heap[next], swap))
			return;
		heap[at] = heap[next];
		heap[next] = swap;
	}
}

/* The first one goes on, or is gone. */
static void
advance(struct pile *p)
{
	struct run *top = p->runs.items[0];

	if (!read_on(p, top)) {
		drop_run(top);
		p->runs.items[0] = p->runs.items[--p->runs.count];
	}
	sink(p, 0);
}

/* What was added last stays as it is. */
static void
begin_reading(struct pile *p)
{
	size_t kept = 0;

	p->sorted = true;
	p->unpack = p->runs.count ? ZSTD_createDCtx() : NULL;
	if (p->runs.count && !p->unpack)
		abort();
	new_run(p)->raw = true;
	for (size_t i = 0; i < p->runs.count; i++) {
		struct run *run = p->runs.items[i];

		if (read_on(p, run))
			p->runs.items[kept++] = run;
		else
			drop_run(run);
	}
	p->runs.count = kept;
	for (size_t i = kept / 2; i-- > 0;)
		sink(p, i);
}

/* A folder that changes while it is listed may tell a name twice. */
static bool
was_told(struct pile *p, const struct item *item)
{
	size_t len = strlen(item->record.path) + 1;

	if (item->batch == p->last_batch && strcmp(item->record.path, p->last) == 0)
		return true;
	p->last = grow(p->last, &p->last_room, len, 1);
	memcpy(p->last, item->record.path, len);
	p->last_batch = item->batch;
	return false;
}

bool
pile_take(struct pile *p, size_t batch, struct record *out)
{
	if (!p->sorted)
		begin_reading(p);
	while (p->runs.count) {
		const struct item *item = &p->runs.items[0]->item;
		bool told;

		if (item->batch > batch)
			return false;
		told = item->batch < batch || was_told(p, item);
		*out = item->record;
		out->path = p->last;
		advance(p);
		if (!told)
			return true;
	}
	return false;
}
