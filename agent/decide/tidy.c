/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tidy.c - what the inbox need not hold any longer goes: sessions that are over, and decisions that have been taken.
 *
 * Both hold the raw token of a link, and whoever breaks into serve can decide with it for as long as the link is good.  So
 * nothing but what waits for a night, and what somebody may still look at or undo, lies there.  Two days, as a store that is
 * put back from last night's copy must find the decisions of yesterday, an undo above all, once more.
 */
#include "decide_p.h"

#include <behov/log.h>

#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

#define KEPT_SECONDS (2 * 86400)
#define TURN_SECONDS 60
#define TIDY_TURNS 60                   /* once an hour */
#define SLICE 1000

/* Of one slice of rows, those that no night needs. */
static int
forget(const struct server *server, struct arena *mem, const struct inbox_decisions *rows, int64_t now, struct error *err)
{
	LIST(long long) done = { 0 };

	for (size_t i = 0; i < rows->list.count; i++) {
		const struct inbox_decision *d = &rows->list.items[i];
		bool taken = false;

		if (d->at >= now - KEPT_SECONDS && d->at <= now + KEPT_SECONDS)
			continue;
		if (store_decision_taken(server->store, d->mark, &taken, err) < 0)
			return -1;
		if (taken)
			*(long long *)arena_push(mem, &done) = d->id;
	}
	return inbox_decisions_end(server->inbox, done.items, done.count, err);
}

static int
tidy(const struct server *server, int64_t now, struct error *err)
{
	struct inbox_filter slice = { .most = SLICE };
	size_t count;
	int rc = inbox_sessions_expire(server->inbox, now - 2 * SESSION_MOST, err);

	do {
		struct arena *mem = arena_open();
		struct inbox_decisions rows = { 0 };

		if (rc == 0)
			rc = inbox_decisions(mem, server->inbox, &slice, &rows, err);
		count = rows.list.count;
		if (rc == 0)
			rc = forget(server, mem, &rows, now, err);
		if (count)
			slice.after = rows.list.items[count - 1].id;
		arena_close(mem);
	} while (rc == 0 && count == SLICE);
	return rc;
}

/* ------------------------------------------------------------------ now and then */

struct tidier {
	const struct conf *conf;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	pthread_t thread;
	bool closing;
};

static int
tidy_once(const struct conf *conf, struct error *err)
{
	const char *path = strncmp(conf->store, "sqlite:", 7) == 0 ? conf->store + 7 : conf->store;
	struct server own = { 0 };
	int rc = store_open(path, STORE_READ, &own.store, err);

	if (rc == 0)
		rc = inbox_open(conf->inbox, true, &own.inbox, err);
	if (rc == 0)
		rc = tidy(&own, clock_now(), err);
	inbox_close(own.inbox);
	store_close(own.store);
	return rc;
}

/* True when it is time to end. */
static bool
wait(struct tidier *t)
{
	struct timespec until;
	int rc = 0;
	bool closing;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += TURN_SECONDS;
	pthread_mutex_lock(&t->lock);
	while (!t->closing && rc == 0)
		rc = pthread_cond_timedwait(&t->wake, &t->lock, &until);
	closing = t->closing;
	pthread_mutex_unlock(&t->lock);
	return closing;
}

/* Each hand keeps what its largest page took, in an allocator of its own: 20 MiB in twenty minutes of traffic.  It goes back. */
static void *
run(void *self)
{
	struct tidier *t = self;
	int turn = 0;

	do {
		struct error why = { 0 };

		if (turn == 0 && tidy_once(t->conf, &why) < 0)
			log_error("the inbox could not be tidied up: %s", why.text);
		turn = (turn + 1) % TIDY_TURNS;
		malloc_trim(0);
	} while (!wait(t));
	return NULL;
}

/* Signals are for the thread that listens. */
struct tidier *
tidy_start(const struct conf *conf)
{
	struct tidier *t = calloc(1, sizeof(*t));
	pthread_condattr_t monotonic;
	sigset_t all, before;
	int rc;

	if (!t)
		abort();
	t->conf = conf;
	pthread_mutex_init(&t->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&t->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&t->thread, NULL, run, t);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc == 0)
		return t;
	log_error("the inbox is not tidied up: cannot start a thread: %s", strerror(rc));
	free(t);
	return NULL;
}

void
tidy_stop(struct tidier *t)
{
	if (!t)
		return;
	pthread_mutex_lock(&t->lock);
	t->closing = true;
	pthread_cond_signal(&t->wake);
	pthread_mutex_unlock(&t->lock);
	pthread_join(t->thread, NULL);
	pthread_cond_destroy(&t->wake);
	pthread_mutex_destroy(&t->lock);
	free(t);
}
