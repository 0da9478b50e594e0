/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hands.h - threads that make slow calls for the one thread that decides.
 *
 * Owner:   one thread opens the hands, gives jobs, takes them back and closes.
 * Promise: a job belongs to the owner or to one hand, never to both.  No lock is held in work().  Jobs are begun in the order in
 *          which they were given, but before all of them what hands_give_now() gave, the newest first.  The owner is one of the
 *          hands: where they are few, it does a job itself instead of waiting.
 *          Who does a job can share it, with hands that would have nothing to do: then it is theirs, too, until it ends.  What
 *          was given last by hands_give_now() is shared by all hands before they begin another.
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
/* Before the first job.  help(self, job) is for one that is shared, by any number of hands at once: it comes back when there is
 * nothing left to do but what others have begun.  When the last one has, end(self, job) is called once.  False: hands are few,
 * so that none would come; nothing may be shared. */
bool hands_let_help(struct hands *hands, void (*help)(void *self, void *job), void (*end)(void *self, void *job));
void hands_share(struct hands *hands, void *job, size_t most);  /* of work(), once: it keeps `most` others busy */
bool hands_give(struct hands *hands, void *job);        /* false when `capacity` jobs are out */
bool hands_give_now(struct hands *hands, void *job);    /* the same: the owner goes on with nothing else before it is done */
void *hands_take(struct hands *hands);                  /* waits, or works; NULL when no job is out */
size_t hands_done(struct hands *hands, void **out, size_t most);        /* does neither: so many as are done, in any order */
/* For an owner that needs this job, which is out, before all others: where hands are few and none has begun it, the owner does it.
 * Gives it, or another that is done. */
void *hands_need(struct hands *hands, void *job);
void hands_close(struct hands *hands);                  /* jobs that are out are done first; they are the owner's to free */

#endif
