/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * turns.c - forms of one session are taken one after the other, whichever hands take them.
 *
 * A form is judged by what the inbox says and then changes it: how many codes were tried, whether this form was saved
 * before.  Somebody who presses twice, or tries a thousand codes at once, meets what the one before left.
 *
 * What a session does can take long: a mail server is slow, a directory silent.  So what waits for a session waits without
 * a hand, and but one form does: whoever has a link holds no more hands than they have forms that are worked on.  What is
 * counted by name (of a letter, of an account) takes as long as the inbox takes, and a hand waits for it.
 */
#include "decide_p.h"

#include <pthread.h>

static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ended = PTHREAD_COND_INITIALIZER;
static struct turn *taken;              /* at most two for each hand, and those that were just handed on */

static struct turn *
find(const char *what)
{
	struct turn *t = taken;

	while (t && strcmp(t->what, what) != 0)
		t = t->next;
	return t;
}

static void
put(struct turn *turn)
{
	turn->next = taken;
	taken = turn;
}

void
turn_take(struct turn *turn, const char *what)
{
	pthread_mutex_lock(&guard);
	while (find(what))
		pthread_cond_wait(&ended, &guard);
	*turn = (struct turn){ .what = what };
	put(turn);
	pthread_mutex_unlock(&guard);
}

enum turn_answer
turn_ask(struct request *r, const char *what)
{
	enum turn_answer answer = TURN_TAKEN;
	struct turn *before;

	pthread_mutex_lock(&guard);
	before = find(what);
	if (before && before->waits) {
		answer = TURN_REFUSED;
	} else {
		r->turn = (struct turn){ .what = what };
		if (before) {
			before->waits = r;
			answer = TURN_WAITS;
		} else {
			put(&r->turn);
		}
	}
	pthread_mutex_unlock(&guard);
	return answer;
}

struct request *
turn_end(struct turn *turn)
{
	struct request *next;

	if (!turn->what)
		return NULL;
	pthread_mutex_lock(&guard);
	for (struct turn **at = &taken; *at; at = &(*at)->next)
		if (*at == turn) {
			*at = turn->next;
			break;
		}
	next = turn->waits;
	if (next)
		put(&next->turn);
	*turn = (struct turn){ .what = NULL };
	pthread_cond_broadcast(&ended);
	pthread_mutex_unlock(&guard);
	return next;
}
