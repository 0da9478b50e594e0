/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hands.c - a few threads, what they are to do, and what they have done. */
#include "behov/hands.h"
#include "behov/arena.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define FEW 5                           /* of so many the owner does jobs, too; more are for slow calls, and it must keep them busy */

struct hands {
	pthread_mutex_t lock;
	pthread_cond_t more, done_one;
	void **todo, **done;            /* a ring, whose first is todo[todo_first], and a stack; each of `capacity` */
	size_t todo_first, todo_count, done_count, out, capacity;
	void (*work)(void *self, void *job);
	void *self;
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

static void *
run(void *arg)
{
	struct hands *h = arg;

	pthread_mutex_lock(&h->lock);
	for (;;) {
		void *job;

		while (!h->todo_count && !h->closing)
			pthread_cond_wait(&h->more, &h->lock);
		if (!h->todo_count)
			break;
		job = first_todo(h);
		pthread_mutex_unlock(&h->lock);
		h->work(h->self, job);
		pthread_mutex_lock(&h->lock);
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
			     .done = calloc(capacity, sizeof(void *)), .threads = calloc((size_t)count, sizeof(pthread_t)), .few = count <= FEW };
	if (!h->todo || !h->done || !h->threads)
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
hands_give(struct hands *h, void *job)
{
	bool room;

	pthread_mutex_lock(&h->lock);
	room = h->out < h->capacity;
	if (room) {
		*todo_at(h, h->todo_count++) = job;
		h->out++;
		pthread_cond_signal(&h->more);
	}
	pthread_mutex_unlock(&h->lock);
	return room;
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
	free(h);
}
