/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lanes.c - the hands that answer requests, in lanes: what takes milliseconds never waits behind what takes seconds.
 *
 * One thread listens and writes answers; it lays a whole request at the end of a lane and gets it back with its answer.
 * Each hand has a store and an inbox of its own, as each of them is for one thread.
 */
#include "decide_p.h"

#include <behov/log.h>

#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define HANDS_LEAST 4
#define HANDS_MOST 64

struct hand { struct lane *lane; struct server server; pthread_t thread; bool runs; };

struct lane {
	struct lanes *all;
	struct hand *hands;
	int count;
	struct request *first, **end;   /* who waits */
	size_t waiting, most;
	pthread_cond_t more;
};

struct lanes {
	pthread_mutex_t lock;
	bool closing;                   /* what nobody has begun with is sent away */
	int bell;                       /* libmicrohttpd wakes no loop but its own */
	struct lane lane[LANES];
};

/* ------------------------------------------------------------------ one request */

static struct request *
next(struct lane *lane, bool *closing)
{
	struct lanes *all = lane->all;
	struct request *r;

	pthread_mutex_lock(&all->lock);
	while (!lane->first && !all->closing)
		pthread_cond_wait(&lane->more, &all->lock);
	r = lane->first;
	if (r) {
		lane->first = r->next;
		if (!lane->first)
			lane->end = &lane->first;
		lane->waiting--;
	}
	*closing = all->closing;
	pthread_mutex_unlock(&all->lock);
	return r;
}

/* Gives the one that has waited for it, where that one's lane has no room. */
static struct request *
work(struct hand *hand, struct request *r)
{
	struct lanes *all = hand->lane->all;
	struct request *waited;

	r->server = &hand->server;
	if (!r->busy && !session_turn(r))
		return NULL;
	waited = request_work(r);
	MHD_resume_connection(r->connection);   /* r is not ours any more */
	eventfd_write(all->bell, 1);
	if (!waited || lanes_give(all, route_lane(waited), waited))
		return NULL;
	waited->busy = true;
	return waited;
}

static void *
run(void *self)
{
	struct hand *hand = self;
	struct request *r;
	bool closing;

	while ((r = next(hand->lane, &closing))) {
		r->busy = closing;
		while (r)
			r = work(hand, r);
	}
	return NULL;
}

int lanes_bell(const struct lanes *all) { return all->bell; }

bool
lanes_give(struct lanes *all, enum lane_name name, struct request *r)
{
	struct lane *lane = &all->lane[name];
	bool room;

	pthread_mutex_lock(&all->lock);
	room = lane->waiting < lane->most && !all->closing;
	if (room) {
		r->next = NULL;
		*lane->end = r;
		lane->end = &r->next;
		lane->waiting++;
		pthread_cond_signal(&lane->more);
	}
	pthread_mutex_unlock(&all->lock);
	return room;
}

/* ------------------------------------------------------------------ opening and closing */

static int
open_stores(const struct conf *conf, struct server *server, struct error *err)
{
	const char *path = strncmp(conf->store, "sqlite:", 7) == 0 ? conf->store + 7 : conf->store;

	if (store_open(path, STORE_READ, &server->store, err) < 0)
		return -1;
	return inbox_open(conf->inbox, true, &server->inbox, err);
}

/* Signals are for the thread that listens. */
static int
start(struct hand *hand, struct error *err)
{
	sigset_t all, before;
	int rc;

	if (open_stores(&hand->server.rules->conf, &hand->server, err) < 0)
		return -1;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&hand->thread, NULL, run, hand);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	hand->runs = rc == 0;
	return rc ? error_set(err, ERROR_SOURCE, "cannot start a thread: %s", strerror(rc)) : 0;
}

/* As many as the machine has processors, and some more that only wait: for the disk, or for another server. */
static int
hands_of(enum lane_name name)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	int hands = cpus < HANDS_LEAST ? HANDS_LEAST : cpus > HANDS_MOST ? HANDS_MOST : (int)cpus;

	return name == LANE_SEARCH ? (hands + 1) / 2 : name == LANE_WAIT ? 2 * hands : hands;
}

static int
open_lane(struct lanes *all, enum lane_name name, const struct server *server, struct error *err)
{
	struct lane *lane = &all->lane[name];

	lane->count = hands_of(name);
	lane->most = name == LANE_WAIT ? WAIT_MOST : QUEUE_MOST;
	lane->hands = calloc((size_t)lane->count, sizeof(*lane->hands));
	if (!lane->hands)
		abort();
	for (int i = 0; i < lane->count; i++) {
		lane->hands[i] = (struct hand){ .lane = lane, .server = *server };
		if (start(&lane->hands[i], err) < 0)
			return -1;
	}
	return 0;
}

struct lanes *
lanes_open(const struct server *server, struct error *err)
{
	struct lanes *all = calloc(1, sizeof(*all));

	if (!all)
		abort();
	pthread_mutex_init(&all->lock, NULL);
	for (int i = 0; i < LANES; i++) {
		all->lane[i].all = all;
		all->lane[i].end = &all->lane[i].first;
		pthread_cond_init(&all->lane[i].more, NULL);
	}
	all->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (all->bell < 0) {
		error_sys(err, ERROR_SOURCE, "cannot make an eventfd");
		lanes_close(all);
		return NULL;
	}
	for (int i = 0; i < LANES; i++)
		if (open_lane(all, (enum lane_name)i, server, err) < 0) {
			lanes_close(all);
			return NULL;
		}
	return all;
}

static void
close_lane(struct lane *lane)
{
	for (int i = 0; i < lane->count && lane->hands; i++) {
		struct hand *hand = &lane->hands[i];

		if (hand->runs)
			pthread_join(hand->thread, NULL);
		inbox_close(hand->server.inbox);
		store_close(hand->server.store);
	}
	free(lane->hands);
	pthread_cond_destroy(&lane->more);
}

void
lanes_close(struct lanes *all)
{
	if (!all)
		return;
	pthread_mutex_lock(&all->lock);
	all->closing = true;
	for (int i = 0; i < LANES; i++)
		pthread_cond_broadcast(&all->lane[i].more);
	pthread_mutex_unlock(&all->lock);
	for (int i = 0; i < LANES; i++)
		close_lane(&all->lane[i]);
	if (all->bell >= 0)
		close(all->bell);
	pthread_mutex_destroy(&all->lock);
	free(all);
}
