/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * directory-watch.c - a server of a directory has so long, and no longer.
 *
 * libldap asks GnuTLS again and again while a server that has taken the connection says nothing, whatever its own timeouts are,
 * and a server that says a little now and then is never late.  So somebody looks at the clock, and ends the connection.
 */
#include "directory_p.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

static void *look_at_clock(void *self)
{
	struct watch *w = self;

	pthread_mutex_lock(&w->lock);
	while (!w->ended && pthread_cond_timedwait(&w->over, &w->lock, &w->until) != ETIMEDOUT)
		;
	w->late = !w->ended;
	if (w->late && w->fd >= 0)
		shutdown(w->fd, SHUT_RDWR);
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

/* A descriptor of our own: theirs may be closed, and mean something else, at any time. */
void watch_socket(struct watch *w, int fd)
{
	pthread_mutex_lock(&w->lock);
	if (w->fd < 0)
		w->fd = dup(fd);
	if (w->late || w->fd < 0)
		shutdown(fd, SHUT_RDWR);
	pthread_mutex_unlock(&w->lock);
}

int watch_start(struct watch *w, int seconds, struct error *err)
{
	pthread_condattr_t monotonic;
	sigset_t all, before;
	int rc;

	*w = (struct watch){ .fd = -1 };
	clock_gettime(CLOCK_MONOTONIC, &w->until);
	w->until.tv_sec += seconds;
	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&w->over, &monotonic);
	pthread_condattr_destroy(&monotonic);
	sigfillset(&all);               /* signals are for whoever waits for the server */
	pthread_sigmask(SIG_BLOCK, &all, &before);
	rc = pthread_create(&w->thread, NULL, look_at_clock, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc ? error_set(err, ERROR_SOURCE, "cannot start a thread: %s", strerror(rc)) : 0;
}

bool watch_end(struct watch *w)
{
	pthread_mutex_lock(&w->lock);
	w->ended = true;
	pthread_cond_signal(&w->over);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	if (w->fd >= 0)
		close(w->fd);
	pthread_cond_destroy(&w->over);
	pthread_mutex_destroy(&w->lock);
	return w->late;
}
