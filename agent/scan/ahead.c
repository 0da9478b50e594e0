/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ahead.c - the folders that come next are read by hands, before it is their turn.
 *
 * First those that lie in the folder at hand, then those in the folders beside it, which have been read themselves by then: so
 * there is always something to be read, however few lie in each.  Of many hands those that have no folder ask about files, or
 * folders, of one that another has begun: so the first and the last folders of a share keep all of them busy, too.
 */
#include "walk_p.h"
#include "behov/step.h"
#include <stdlib.h>
#include <string.h>

#define START 4                         /* so many at first: then we know what is wanted of their files */
#define SPARES 64                       /* folders that are kept for others, each with room for so many files at most */
#define SPARE_LARGEST 256
#define MANY 64                         /* that come back from the hands at once; the others at the next look */

void
ahead_work(void *self, void *job)
{
	struct beneath *b = self;
	struct folder *f = job;

	pace_idle();
	if (stop_asked() || b->over)    /* nobody will look at it */
		return;
	f->share = b->hands;
	if (!f->questions)              /* else it was read, and all that is wanted is to ask them: ahead_ask() */
		folder_read(b, f);
	if (!f->questions)
		return;
	hands_share(b->hands, f, f->questions - 1);
	folder_ask_on(b, f);
}

void
ahead_help(void *self, void *job)
{
	pace_idle();
	folder_ask_on(self, job);
}

void
ahead_helped(void *self, void *job)
{
	(void)self;
	folder_asked(job);
}

/* An old one, if there is one: each has what several calls of malloc() gave, by any thread. */
static struct folder *
new_folder(struct walk *w, size_t path)
{
	struct folder *f = w->spare;

	if (f) {
		w->spare = f->next;
		w->spares--;
	} else {
		f = calloc(1, sizeof(*f));
		if (!f)
			abort();
		f->fd = -1;
	}
	if (path > f->path_room) {
		free(f->path);
		f->path = malloc(path);
		f->path_room = path;
	}
	if (!f->path)
		abort();
	return f;
}

static void
spare(struct walk *w, struct folder *f)
{
	if (w->spares == SPARES || f->room > SPARE_LARGEST) {
		folder_close(f);
		return;
	}
	folder_renew(f);
	f->next = w->spare;
	w->spare = f;
	w->spares++;
}

struct folder *
ahead_folder(struct walk *w, const char *above, size_t len, long long parent, const char *name, bool stat_all)
{
	size_t more = strlen(name);
	struct folder *f = new_folder(w, len + more + 2);

	memcpy(f->path, above, len);
	if (len && more)
		f->path[len++] = '/';
	memcpy(f->path + len, name, more + 1);
	f->id = -1;
	f->stat_all = stat_all;
	if (w->index || w->full)
		memory_look_up(w, f, parent, name);
	return f;
}

static void
take_back(struct walk *w, struct folder *f)
{
	f->done = true;
	w->unread--;
}

/* What is out with the hands comes back in any order. */
static void
wait_for(struct walk *w, struct folder *f)
{
	while (!f->done)
		take_back(w, hands_need(w->hands, f));
}

/* A reading is begun; where no hand can take it, it is done now. */
void
ahead_start(struct walk *w, struct folder *f, bool now)
{
	f->done = !w->hands || !(now ? hands_give_now : hands_give)(w->hands, f);
	if (!f->done) {
		w->unread++;
		return;
	}
	f->share = false;
	folder_read(&w->beneath, f);
}

void
ahead_ask(struct walk *w, struct folder *f, size_t questions)
{
	f->questions = questions;
	f->done = !hands_give_now(w->hands, f);
	if (f->done) {                  /* no hand can: each will be asked about alone */
		f->questions = 0;
		return;
	}
	w->unread++;
	ahead_need(w, f);
}

static bool
wants_more(const struct walk *w)
{
	return w->unread < w->window && w->ahead < w->ahead_most;
}

/*
 * Few until it is known what is wanted of files: else files of many folders might be asked about in vain, or, by few hands, one
 * after the other when their folder's turn comes.  Many hands ask about them together then, so they may begin many folders as
 * long as they ask about no files.  A server of SMB gets its connections one by one: it may not give as many as there are hands.
 */
static size_t
most_of_one(const struct walk *w)
{
	const bool sure = w->learned || (w->beneath.hands && !w->stat_ahead);

	return (sure && !w->beneath.smb) || w->window < START + w->taken ? w->window : START + w->taken;
}

/* Some of the folders that lie in one. */
static void
begin_some(struct walk *w, const char *path, size_t len, long long id, struct below *b)
{
	const size_t most = most_of_one(w);

	if (b->next == b->len)
		return;
	if (!b->ahead)
		b->ahead = calloc(w->window, sizeof(struct folder *));
	if (!b->ahead)
		abort();
	if (b->ahead_next < b->next)
		b->ahead_next = b->next;
	while (b->ahead_count < most && b->ahead_next < b->len && wants_more(w)) {
		const char *name = b->todo + b->ahead_next + 1;
		struct folder *one;

		if (name[-1] == LOOK && len + strlen(name) + 2 > PATH_MAX)
			break;
		b->ahead_next += strlen(name) + 2;
		if (name[-1] == SAME)
			continue;
		one = ahead_folder(w, path, len, id, name, w->stat_ahead);
		ahead_start(w, one, false);
		b->ahead[b->ahead_count++] = one;
		w->ahead++;
	}
}

/* Which folders lie in one that has been read, but was not entered yet? */
static bool
is_known_below(struct walk *w, struct folder *f)
{
	if (!f->done || !f->last || f->open_error)
		return false;
	if (!f->below && f->same)
		memory_folders(w, f);
	else if (!f->below)
		list_folders(w, f);
	return true;
}

static void
fill(struct walk *w, const char *path, size_t len, long long id, struct below *b)
{
	begin_some(w, path, len, id, b);
	for (size_t i = 0; i < b->ahead_count && wants_more(w); i++) {
		struct folder *f = b->ahead[i];

		if (is_known_below(w, f))
			fill(w, f->path, strlen(f->path), f->id, f->below);
	}
}

void
ahead_fill(struct walk *w)
{
	void *done[MANY];
	size_t count;

	if (!w->hands)
		return;
	count = hands_done(w->hands, done, MANY);
	for (size_t i = 0; i < count; i++)
		take_back(w, done[i]);
	if (w->unread > w->window / 2 || w->ahead + w->window / 2 > w->ahead_most)
		return;                 /* hands are woken for many folders, not for each */
	if (!pace_within(w->share, clock_going()))
		return;                 /* a folder may be so large that the window closes meanwhile */
	for (size_t i = w->depth; i-- > 0 && wants_more(w);)
		if (w->frames[i].below)
			fill(w, w->path, w->frames[i].path_len, w->frames[i].id, w->frames[i].below);
}

void
ahead_need(struct walk *w, struct folder *f)
{
	while (!f->done) {
		ahead_fill(w);
		if (!f->done)
			take_back(w, hands_need(w->hands, f));
	}
}

struct folder *
ahead_take(struct walk *w, struct below *b)
{
	struct folder *one = b->ahead[0];

	memmove(b->ahead, b->ahead + 1, --b->ahead_count * sizeof(*b->ahead));
	w->taken++;
	w->ahead--;
	return one;
}

void
ahead_drop(struct walk *w, struct below *b)
{
	if (!b)
		return;
	w->ahead -= b->ahead_count;
	for (size_t i = 0; i < b->ahead_count; i++)
		ahead_close(w, b->ahead[i]);
	free(b->ahead);
	free(b->todo);
	free(b);
}

void
ahead_close(struct walk *w, struct folder *f)
{
	wait_for(w, f);
	ahead_drop(w, f->below);
	w->out->requests += f->requests;
	spare(w, f);
}

void
ahead_end(struct walk *w)
{
	for (struct folder *f = w->spare; f; f = w->spare) {
		w->spare = f->next;
		folder_close(f);
	}
}
