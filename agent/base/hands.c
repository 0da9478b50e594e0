/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hands.c - a few threads, what they are to do, and what they have done. */
#include "behov/hands.h"
#include "behov/arena.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define FEW 5                           /* of so many the owner does jobs, too; more are for slow calls, and it must keep them busy */

/* A job that several do. */
struct shared {
	void *job;
	int by;                         /* so many */
	bool spent;                     /* there is nothing left of it that nobody has begun */
};

struct hands {
	pthread_mutex_t lock;
	pthread_cond_t more, done_one;
	void **todo, **done;            /* a ring, whose first is todo[todo_first], and a stack; each of `capacity` */
	size_t todo_first, todo_count, done_count, out, capacity;
	void (*work)(void *self, void *job);
	void (*help)(void *self, void *job);
	void (*end)(void *self, void *job);
	void *self, *now;               /* now: the job that the owner waits for */
	struct shared *shared;          /* in each there is a hand, and no hand is in two: as many as hands at most */
	size_t shared_count, idle;      /* idle: hands that wait for more */
	bool closing;
	pthread_t *threads;
	int count;                      /* of threads */
	bool few;
};

/* The number-th of those that nobody has begun. */
static void **
todo_at(const struct hands *h, size_t number)
{
	return &h->todo[(h->todo_first + number) % h->capacity];
}

static void *
first_todo(struct hands *h)
{
	void *job = *todo_at(h, 0);

	h->todo_first = (h->todo_first + 1) % h->capacity;
	h->todo_count--;
	return job;
}

/* What the owner waits for; another only where there is nothing else to do. */
static struct shared *
to_help(const struct hands *h)
{
	struct shared *any = NULL;

	for (size_t i = 0; i < h->shared_count; i++) {
		if (!h->shared[i].spent && h->shared[i].job == h->now)
			return &h->shared[i];
		if (!h->shared[i].spent && !h->todo_count)
			any = &h->shared[i];
	}
	return any;
}

/* One of those that did it has no more to do.  True: it was the last.  Locked, but not while that one ends it. */
static bool
leave(struct hands *h, void *job)
{
	size_t i = 0;

	while (i < h->shared_count && h->shared[i].job != job)
		i++;
	if (i == h->shared_count)
		return true;
	h->shared[i].spent = true;
	if (--h->shared[i].by)
		return false;
	h->shared[i] = h->shared[--h->shared_count];
	pthread_mutex_unlock(&h->lock);
	h->end(h->self, job);
	pthread_mutex_lock(&h->lock);
	return true;
}

static void *
run(void *arg)
{
	struct hands *h = arg;

	pthread_mutex_lock(&h->lock);
	for (;;) {
		struct shared *s;
		void *job;

		while (!(s = to_help(h)) && !h->todo_count && !h->closing) {
			h->idle++;
			pthread_cond_wait(&h->more, &h->lock);
			h->idle--;
		}
		if (!s && !h->todo_count)
			break;
		job = s ? s->job : first_todo(h);
		if (s)
			s->by++;
		pthread_mutex_unlock(&h->lock);
		(s ? h->help : h->work)(h->self, job);
		pthread_mutex_lock(&h->lock);
		if (!leave(h, job))
			continue;
		h->done[h->done_count++] = job;
		pthread_cond_signal(&h->done_one);
	}
	pthread_mutex_unlock(&h->lock);
	return NULL;
}

/* Signals are for the thread that decides. */
static int
start(struct hands *h, int count)
{
	sigset_t all, before;
	int rc = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (h->count < count && !(rc = pthread_create(&h->threads[h->count], NULL, run, h)))
		h->count++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

struct hands *
hands_open(int count, size_t capacity, void (*work)(void *self, void *job), void *self, struct error *err)
{
	struct hands *h = calloc(1, sizeof(*h));
	int rc;

	if (!h)
		abort();
	*h = (struct hands){ .capacity = capacity, .work = work, .self = self, .todo = calloc(capacity, sizeof(void *)),
			     .done = calloc(capacity, sizeof(void *)), .threads = calloc((size_t)count, sizeof(pthread_t)),
			     .shared = calloc((size_t)count, sizeof(struct shared)), .few = count <= FEW };
	if (!h->todo || !h->done || !h->threads || !h->shared)
		abort();
	pthread_mutex_init(&h->lock, NULL);
	pthread_cond_init(&h->more, NULL);
	pthread_cond_init(&h->done_one, NULL);
	rc = start(h, count - 1);
	if (!rc)
		return h;
	error_set(err, ERROR_SOURCE, "cannot start a thread: %s", strerror(rc));
	hands_close(h);
	return NULL;
}

bool
hands_let_help(struct hands *h, void (*help)(void *self, void *job), void (*end)(void *self, void *job))
{
	h->help = help;
	h->end = end;
	return !h->few;
}

/* Only hands that are idle are called; who becomes it looks by itself. */
void
hands_share(struct hands *h, void *job, size_t most)
{
	pthread_mutex_lock(&h->lock);
	h->shared[h->shared_count++] = (struct shared){ .job = job, .by = 1 };
	for (size_t i = 0; i < most && i < h->idle; i++)
		pthread_cond_signal(&h->more);
	pthread_mutex_unlock(&h->lock);
}

static bool
give(struct hands *h, void *job, bool now)
{
	bool room;

	pthread_mutex_lock(&h->lock);
	room = h->out < h->capacity;
	if (room) {
		if (now) {
			h->todo_first = (h->todo_first + h->capacity - 1) % h->capacity;
			h->now = job;
		}
		*todo_at(h, now ? 0 : h->todo_count) = job;
		h->todo_count++;
		h->out++;
		pthread_cond_signal(&h->more);
	}
	pthread_mutex_unlock(&h->lock);
	return room;
}

bool
hands_give(struct hands *h, void *job)
{
	return give(h, job, false);
}

bool
hands_give_now(struct hands *h, void *job)
{
	return give(h, job, true);
}

void *
hands_take(struct hands *h)
{
	void *job = NULL;

	pthread_mutex_lock(&h->lock);
	while (h->out && !h->done_count && !(h->todo_count && h->few))
		pthread_cond_wait(&h->done_one, &h->lock);
	if (h->done_count) {
		job = h->done[--h->done_count];
		h->out--;
	} else if (h->out) {
		job = first_todo(h);
		h->out--;
		pthread_mutex_unlock(&h->lock);
		h->work(h->self, job);
		return job;
	}
	pthread_mutex_unlock(&h->lock);
	return job;
}

size_t
hands_done(struct hands *h, void **out, size_t most)
{
	size_t count;

	pthread_mutex_lock(&h->lock);
	count = h->done_count < most ? h->done_count : most;
	h->done_count -= count;
	h->out -= count;
	memcpy(out, h->done + h->done_count, count * sizeof(*out));
	pthread_mutex_unlock(&h->lock);
	return count;
}

/* Out of those that no hand has begun. */
static bool
take_out(struct hands *h, const void *job)
{
	size_t i = 0;

	while (i < h->todo_count && *todo_at(h, i) != job)
		i++;
	if (i == h->todo_count)
		return false;
	h->todo_count--;
	h->out--;
	for (; i < h->todo_count; i++)
		*todo_at(h, i) = *todo_at(h, i + 1);
	return true;
}

void *
hands_need(struct hands *h, void *job)
{
	bool mine;

	pthread_mutex_lock(&h->lock);
	mine = h->few && take_out(h, job);
	pthread_mutex_unlock(&h->lock);
	if (!mine)
		return hands_take(h);
	h->work(h->self, job);
	return job;
}

void
hands_close(struct hands *h)
{
	if (!h)
		return;
	while (!h->count && hands_take(h))
		;                       /* the owner is alone */
	pthread_mutex_lock(&h->lock);
	h->closing = true;
	pthread_cond_broadcast(&h->more);
	pthread_mutex_unlock(&h->lock);
	for (int i = 0; i < h->count; i++)
		pthread_join(h->threads[i], NULL);
	pthread_cond_destroy(&h->more);
	pthread_cond_destroy(&h->done_one);
	pthread_mutex_destroy(&h->lock);
	free(h->todo);
	free(h->done);
	free(h->threads);
	free(h->shared);
	free(h);
}
