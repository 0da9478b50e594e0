/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hands.h - some threads that make slow calls for one owner.
 *
 * Owner:   one thread opens the hands, gives jobs, takes them back and closes.
 * Promise: a job belongs to the owner or to one hand, never to both.  No lock is held in work().
 * Limit:   at most `capacity` jobs may be out at once, so neither queue can ever block a hand.
 */
#ifndef BEHOV_HANDS_H
#define BEHOV_HANDS_H

#include "banned.h"
#include <stdbool.h>

struct hands;

/* NULL when threads cannot be started. */
struct hands *hands_open(int count, int capacity, void (*work)(void *job));
bool  hands_give(struct hands *hands, void *job);       /* false when `capacity` jobs are out */
void *hands_take(struct hands *hands);                  /* waits; NULL when no job is out */
void  hands_close(struct hands *hands);                 /* takes back and forgets what is still out */

#endif
