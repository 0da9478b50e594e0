/* SPDX-License-Identifier: GPL-3.0-or-later */
/* arena.c - memory taken in blocks that grow up to a limit, given back all at once, and some of it before. */
#include <behov/arena.h>

#include <errno.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>
#ifdef SANITIZED
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(bytes, size) ((void)(bytes), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(bytes, size) ((void)(bytes), (void)(size))
#endif

#define BLOCK_FIRST 4096
#define STRETCH (256 * 1024)            /* of a large block so much comes from the kernel at once */
#define MUCH (256 * 1024)               /* who takes so much at once will take more */
#ifdef SANITIZED                        /* it watches what malloc() gives, what is pointed to from there is not lost, and all of it is read */
#define LARGE MUCH
#define SMALL SIZE_MAX
#else
#define LARGE (2 * 1024 * 1024)         /* a large page, and the block of an arena that has outgrown the small ones */
#define SMALL MUCH                      /* blocks up to that come and go with each page that is served: malloc() keeps them */
#endif

struct block {
	struct block *before;
	size_t size, used;
	size_t pages;                   /* bytes of its own from the kernel; 0 = malloc's */
	size_t here;                    /* so much of it has come, or comes as it likes */
	alignas(max_align_t) unsigned char bytes[];
};

/* What was given back: it lies in a block, and is taken before another one is opened. */
struct hole { struct hole *next; size_t size; };
#define HOLE_LEAST 1024u

struct arena {
	struct block *block;
	struct hole *holes;
	size_t used;
};

static _Noreturn void out_of_memory(void)
{
	fputs("behov: out of memory\n", stderr);
	_exit(1);
}

struct arena *arena_open(void)
{
	struct arena *mem = calloc(1, sizeof(*mem));

	if (!mem)
		out_of_memory();
	return mem;
}

void arena_close(struct arena *mem)
{
	struct block *block, *before;

	if (!mem)
		return;
	for (block = mem->block; block; block = before) {
		before = block->before;
		if (block->pages)
			munmap(block, block->pages);
		else
			free(block);
	}
	free(mem);
}

/* Before the one that *at is; whoever points there still is seen by a sanitizer. */
static void dig(struct hole **at, void *bytes, size_t size)
{
	struct hole *hole = bytes;

	ASAN_UNPOISON_MEMORY_REGION(hole, sizeof(*hole));
	*hole = (struct hole){ *at, size };
	*at = hole;
	ASAN_POISON_MEMORY_REGION(hole, size);
}

static struct hole look(struct hole *hole)
{
	struct hole is;

	ASAN_UNPOISON_MEMORY_REGION(hole, sizeof(*hole));
	is = *hole;
	ASAN_POISON_MEMORY_REGION(hole, sizeof(*hole));
	return is;
}

void arena_wipe(struct arena *mem)
{
	for (struct hole *hole = mem->holes, is; hole; hole = is.next) {
		is = look(hole);
		ASAN_UNPOISON_MEMORY_REGION(hole, is.size);
	}
	mem->holes = NULL;
	for (struct block *block = mem->block; block; block = block->before)
		explicit_bzero(block->bytes, block->used);
}

size_t arena_used(const struct arena *mem)
{
	return mem->used;
}

/*
 * Pages come together, instead of each when it is touched first.  Where that fails they come one by one, and nobody hears of it.
 * Of a very large block only the beginning: a list that was doubled may never be filled, and where memory is limited we would
 * be killed for what nobody uses.
 */
static void fetch(struct block *block)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), bytes = (uintptr_t)block->bytes;
	size_t to = block->size - block->used > STRETCH ? block->used + STRETCH : block->size;
	size_t most = to - block->here < LARGE ? to : block->here + LARGE / 2;
	uintptr_t first = (bytes + block->here + page - 1) / page * page, end = (bytes + most) / page * page;
	int saved = errno;

	if (end > first)
		madvise((void *)first, end - first, MADV_POPULATE_WRITE);
	errno = saved;
	block->here = to;
}

static size_t round_up(size_t n, size_t to)
{
	return (n + to - 1) / to * to;
}

/*
 * From the kernel, which has cleared it; calloc() would clear what it had before, a page at a time.  It begins where a large
 * page can, and asks for some: for each that is touched first a guest's host has work, too.  The end is not one that would
 * mostly be waste.
 */
static struct block *pages_open(size_t size)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE), spare = LARGE - page;
	const size_t whole = round_up(size, size % LARGE < LARGE / 2 ? page : LARGE);
	unsigned char *got = mmap(NULL, whole + spare, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *at = got;
	struct block *block;
	int saved = errno;

	if (got == MAP_FAILED)
		return NULL;
	at += round_up((uintptr_t)got, LARGE) - (uintptr_t)got;
	if (at > got)
		munmap(got, (size_t)(at - got));
	if (at < got + spare)
		munmap(at + whole, (size_t)(got + spare - at));
	madvise(at, whole, MADV_HUGEPAGE);
	errno = saved;
	block = (struct block *)(void *)at;
	block->pages = whole;
	return block;
}

static struct block *block_open(struct arena *mem, size_t size)
{
	struct block *block;

	if (size > SIZE_MAX / 2)
		out_of_memory();
	block = sizeof(*block) + size <= SMALL ? calloc(1, sizeof(*block) + size) : pages_open(sizeof(*block) + size);
	if (!block)
		out_of_memory();
	block->size = size;
	block->here = block->pages || size > STRETCH ? 0 : size;
	mem->used += sizeof(*block) + size;
	return block;
}

/* An ordinary block: as much as there is already. */
static size_t block_next(const struct arena *mem, size_t wanted)
{
	size_t size = BLOCK_FIRST;

	if (wanted >= MUCH || mem->used >= STRETCH)
		return LARGE;
	while (size <= mem->used)
		size *= 2;
	return size;
}

void arena_back(struct arena *mem, void *bytes, size_t size)
{
	if (size >= HOLE_LEAST)
		dig(&mem->holes, bytes, size);
}

/* From the first hole that is large enough, and what is left of it stays one; NULL: there is none. */
static void *fill_hole(struct arena *mem, size_t size)
{
	struct hole *before = NULL, *hole, is = { 0 };

	size = round_up(size, alignof(max_align_t));
	for (hole = mem->holes; hole; before = hole, hole = is.next) {
		is = look(hole);
		if (is.size >= size)
			break;
	}
	if (!hole)
		return NULL;
	ASAN_UNPOISON_MEMORY_REGION(hole, is.size);
	if (is.size - size >= HOLE_LEAST)
		dig(&is.next, (char *)hole + size, is.size - size);
	if (before)
		dig(&is.next, before, look(before).size);       /* where it is, with another after it */
	else
		mem->holes = is.next;
	return memset(hole, 0, size);
}

static inline void *take(struct arena *mem, size_t size, size_t step)
{
	struct block *block = mem->block;
	size_t used = block ? (block->used + step - 1) & ~(step - 1) : 0;

	if (size > SIZE_MAX / 2)
		out_of_memory();
	size += !size;
	if (!block || block->size < used || block->size - used < size) {
		size_t next = block_next(mem, size);
		void *filled = fill_hole(mem, size);

		if (filled)
			return filled;
		block = block_open(mem, size > next / 2 ? size : next - sizeof(*block));
		if (size > next / 2 && mem->block) {    /* a full block of its own, behind the one in use */
			block->before = mem->block->before;
			mem->block->before = block;
		} else {
			block->before = mem->block;
			mem->block = block;
		}
		used = 0;
	}
	block->used = used + size;
	if (block->used > block->here)
		fetch(block);
	return block->bytes + used;
}

void *arena_take(struct arena *mem, size_t size)
{
	return take(mem, size, alignof(max_align_t));
}

void *arena_bytes(struct arena *mem, size_t size)
{
	return take(mem, size, 1);
}

void *arena_many(struct arena *mem, size_t count, size_t size)
{
	if (size && count > SIZE_MAX / size)
		out_of_memory();
	return arena_take(mem, count * size);
}

void *arena_copy(struct arena *mem, const void *bytes, size_t size)
{
	char *copy = arena_take(mem, size + 1);

	if (size)
		memcpy(copy, bytes, size);
	return copy;
}

char *arena_text(struct arena *mem, const char *text)
{
	size_t size = text ? strlen(text) + 1 : 0;

	return text ? memcpy(arena_bytes(mem, size), text, size) : NULL;
}

/* Printed where it will stand when there is room; else what was begun there is wiped, as all that is taken is zeroed. */
char *arena_vprint(struct arena *mem, const char *format, va_list args)
{
	struct block *block = mem->block;
	size_t room = block ? block->size - block->used : 0;
	char *out = room ? (char *)block->bytes + block->used : NULL;
	va_list again;
	int len;

	va_copy(again, args);
	len = vsnprintf(out, room, format, again);
	va_end(again);
	if (len < 0)
		out_of_memory();
	if ((size_t)len < room)
		return arena_bytes(mem, (size_t)len + 1);
	if (room)
		memset(out, 0, room);
	out = arena_bytes(mem, (size_t)len + 1);
	vsnprintf(out, (size_t)len + 1, format, args);
	return out;
}

char *arena_print(struct arena *mem, const char *format, ...)
{
	va_list args;
	char *out;

	va_start(args, format);
	out = arena_vprint(mem, format, args);
	va_end(args);
	return out;
}

static void *widen(struct arena *mem, const void *items, size_t count, size_t to, size_t *room, size_t size)
{
	void *grown = arena_many(mem, to, size);

	if (count)
		memcpy(grown, items, count * size);
	*room = to;
	return grown;
}

void *arena_widen(struct arena *mem, void *items, size_t count, size_t more, size_t *room, size_t size)
{
	size_t to = count + more;

	if (more <= *room - count)
		return items;
	return widen(mem, items, count, to > *room * 2 ? to : *room * 2, room, size);   /* many times a little more would copy without end */
}

void *arena_grow(struct arena *mem, void *items, size_t count, size_t *room, size_t size)
{
	if (count < *room) {            /* a list that was emptied is filled again: the old item goes */
		memset((char *)items + count * size, 0, size);
		return items;
	}
	return widen(mem, items, count, *room ? *room * 2 : 8, room, size);
}
