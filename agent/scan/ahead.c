/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ahead.c - the next few folders below each folder on the way down are read by hands, before it is their turn. */
#include "walk_p.h"
#include <stdlib.h>
#include <string.h>

#define START 4                         /* so many at first: then we know what is wanted of them */

void
ahead_work(void *self, void *job)
{
	pace_idle();
	folder_read(self, job);
}

struct folder *
ahead_folder(struct walk *w, const char *above, long long parent, const char *name, bool stat_all)
{
	size_t len = strlen(above), more = strlen(name);
	struct folder *f = calloc(1, sizeof(*f));

	if (f)
		f->path = malloc(len + more + 2);
	if (!f || !f->path)
		abort();
	memcpy(f->path, above, len);
	if (len && more)
		f->path[len++] = '/';
	memcpy(f->path + len, name, more + 1);
	f->fd = -1;
	f->stat_all = stat_all;
	if (w->index || w->full)
		memory_look_up(w, f, parent, name);
	return f;
}

/* What is out with the hands comes back in any order. */
void
ahead_wait(struct walk *w, struct folder *f)
{
	while (!f->done) {
		struct folder *some = hands_take(w->hands);

		some->done = true;
	}
}

/* A reading is begun; where no hand can take it, it is done now. */
void
ahead_start(struct walk *w, struct folder *f)
{
	f->done = false;
	if (w->hands && hands_give(w->hands, f))
		return;
	folder_read(&w->beneath, f);
	f->done = true;
}

/* Keeps some of the folders below a frame read ahead.  The nearest is given last, and so begun first. */
void
ahead_fill(struct walk *w, struct frame *f)
{
	size_t first = f->ahead_count;

	if (!w->hands || f->next == f->len || f->ahead_count > w->window / 2)
		return;
	if (!f->ahead)
		f->ahead = calloc(w->window, sizeof(struct folder *));
	if (!f->ahead)
		abort();
	if (f->ahead_next < f->next)
		f->ahead_next = f->next;
	while (f->ahead_count < w->window && f->ahead_count < START + w->taken && w->ahead < w->ahead_most &&
	       f->ahead_next < f->len) {
		const char *name = f->todo + f->ahead_next + 1;
		struct folder *one;

		if (name[-1] == SAME) {
			f->ahead_next += strlen(name) + 2;
			continue;
		}
		if (f->path_len + strlen(name) + 2 > PATH_MAX)
			break;
		w->path[f->path_len] = '\0';
		one = ahead_folder(w, w->path, f->id, name, w->stat_ahead);
		f->ahead[f->ahead_count++] = one;
		w->ahead++;
		f->ahead_next += strlen(name) + 2;
	}
	for (size_t i = f->ahead_count; i-- > first;)
		ahead_start(w, f->ahead[i]);
}

struct folder *
ahead_take(struct frame *f)
{
	struct folder *one = f->ahead[0];

	memmove(f->ahead, f->ahead + 1, --f->ahead_count * sizeof(*f->ahead));
	return one;
}
