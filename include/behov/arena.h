/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * arena.h - memory that is given back all at once, at the end of a phase; what is outgrown may be used again before.
 *
 * Promise: arena_take() never returns NULL; out of memory ends the process with a message.
 *          What it gives is zeroed and aligned for any type.  Sizes that would overflow end the process too.
 * Owner:   whoever opened the arena closes it.  Not thread safe: one arena, one thread at a time.
 */
#ifndef BEHOV_ARENA_H
#define BEHOV_ARENA_H

#include "banned.h"
#include <stdarg.h>
#include <stddef.h>

struct arena;

struct arena *arena_open(void);
void arena_close(struct arena *mem);            /* NULL is allowed */
void arena_wipe(struct arena *mem);             /* overwrites all that was taken; before closing what held secrets */
size_t arena_used(const struct arena *mem);     /* bytes taken from the system */

void *arena_take(struct arena *mem, size_t size);
void *arena_bytes(struct arena *mem, size_t size);                      /* the same for text: not aligned */
void *arena_copy(struct arena *mem, const void *bytes, size_t size);    /* adds a NUL after size */
char *arena_text(struct arena *mem, const char *text);                  /* NULL gives NULL */
char *arena_print(struct arena *mem, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprint(struct arena *mem, const char *format, va_list args);

/*
 * Given back before the end, for what is taken next: all of what arena_take(), arena_many() or arena_array() gave, and not
 * text, which may not be aligned.  Nobody points there any more.
 */
void arena_back(struct arena *mem, void *bytes, size_t size);

/* count * size, checked. */
void *arena_many(struct arena *mem, size_t count, size_t size);

#define arena_new(mem, type) ((type *)arena_take((mem), sizeof(type)))
#define arena_array(mem, type, count) ((type *)arena_many((mem), (count), sizeof(type)))

/*
 * A list is a struct with `items`, `count` and `room` (size_t).  LIST(struct gap) declares one in place;
 * arena_push(mem, &list) grows it and is a pointer to the new, zeroed last item.
 * Growing copies: pointers to items are good until the next push.
 */
#define LIST(type) struct { type *items; size_t count, room; }
void *arena_grow(struct arena *mem, void *items, size_t count, size_t *room, size_t size);
/* Room for so many more: a long list that is made at once need not be copied to grow. */
#define arena_room(mem, list, more)                                                                \
	((list)->items = arena_widen((mem), (list)->items, (list)->count, (more), &(list)->room,   \
				     sizeof(*(list)->items)))
void *arena_widen(struct arena *mem, void *items, size_t count, size_t more, size_t *room, size_t size);
#define arena_push(mem, list)                                                                      \
	((list)->items = arena_grow((mem), (list)->items, (list)->count, &(list)->room,            \
				    sizeof(*(list)->items)),                                       \
	 &(list)->items[(list)->count++])
/* The same where whoever asks writes all of the item: it is as whatever was there left it. */
#define arena_next(mem, list)                                                                      \
	((list)->count < (list)->room ? &(list)->items[(list)->count++] : arena_push((mem), (list)))

#endif
