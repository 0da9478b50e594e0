/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * turns.c - forms of one session are taken one after the other, whichever hands take them.
 *
 * A form is judged by what the inbox says and then changes it: how many codes were tried, whether this form was saved
 * before.  Somebody who presses twice, or tries a thousand codes at once, meets what the one before left.
 */
#include "decide_p.h"

#include <pthread.h>

static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ended = PTHREAD_COND_INITIALIZER;
static struct turn *taken;              /* at most two for each hand */

static bool
is_taken(const char *what)
{
	for (const struct turn *t = taken; t; t = t->next)
		if (strcmp(t->what, what) == 0)
			return true;
	return false;
}

void
turn_take(struct turn *turn, const char *what)
{
	pthread_mutex_lock(&guard);
	while (is_taken(what))
		pthread_cond_wait(&ended, &guard);
	*turn = (struct turn){ what, taken };
	taken = turn;
	pthread_mutex_unlock(&guard);
}

void
turn_end(struct turn *turn)
{
	if (!turn->what)
		return;
	pthread_mutex_lock(&guard);
	for (struct turn **at = &taken; *at; at = &(*at)->next)
		if (*at == turn) {
			*at = turn->next;
			break;
		}
	turn->what = NULL;
	pthread_cond_broadcast(&ended);
	pthread_mutex_unlock(&guard);
}
