/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hands.h - threads that make slow calls for the one thread that decides.
 *
 * Owner:   one thread opens the hands, gives jobs, takes them back and closes.
 * Promise: a job belongs to the owner or to one hand, never to both.  No lock is held in work().  The job given first is
 *          begun first.  The owner is one of the hands: where they are few, it does a job itself instead of waiting.
 * Limit:   at most `capacity` jobs may be out at once, so neither queue can ever block a hand.
 */
#ifndef BEHOV_HANDS_H
#define BEHOV_HANDS_H

#include "error.h"
#include <stdbool.h>
#include <stddef.h>

struct hands;

/* work(self, job) is done by one of `count` - 1 threads, or in hands_take().  NULL with err when they cannot be started. */
struct hands *hands_open(int count, size_t capacity, void (*work)(void *self, void *job), void *self, struct error *err);
bool hands_give(struct hands *hands, void *job);        /* false when `capacity` jobs are out */
void *hands_take(struct hands *hands);                  /* waits, or works; NULL when no job is out */
size_t hands_done(struct hands *hands, void **out, size_t most);        /* does neither: so many as are done, in any order */
/* For an owner that needs this job, which is out, before all others: where hands are few and none has begun it, the owner does it.
 * Gives it, or another that is done. */
void *hands_need(struct hands *hands, void *job);
void hands_close(struct hands *hands);                  /* jobs that are out are done first; they are the owner's to free */

#endif
