/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-hands.c - every job that is given is done once and comes back; and no more are out than may be. */
#include "check.h"
#include "behov/hands.h"
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#define JOBS 5000

struct job { int number, done; long long square; };

static void
square(void *self, void *job)
{
	struct job *j = job;

	j->square = (long long)j->number * j->number + *(const int *)self;
	j->done++;
}

static void
each_job_is_done_once_and_comes_back(void)
{
	static struct job jobs[JOBS];
	struct error err = { 0 };
	int more = 7, given = 0, taken = 0;
	struct hands *h = hands_open(4, 16, square, &more, &err);

	CHECK(h != NULL);
	while (h && taken < JOBS) {
		struct job *back;

		while (given < JOBS && hands_give(h, (jobs[given].number = given, &jobs[given])))
			given++;
		CHECK(given - taken <= 16);
		back = hands_take(h);
		CHECK(back && back->done == 1 && back->square == (long long)back->number * back->number + 7);
		taken++;
	}
	CHECK(taken == JOBS && h && !hands_take(h));
	hands_close(h);
}

static void
what_is_out_when_they_close_is_done_first(void)
{
	static struct job jobs[10];
	struct error err = { 0 };
	int more = 0;
	struct hands *h = hands_open(2, 10, square, &more, &err);

	for (int i = 0; h && i < 10; i++)
		CHECK(hands_give(h, &jobs[i]));
	CHECK(h && !hands_give(h, &jobs[0]));
	hands_close(h);
	for (int i = 0; i < 10; i++)
		CHECK(jobs[i].done == 1);
	hands_close(NULL);
}

/* A job waits at the gate, and each notes when it was done, and by whom. */
struct passed { pthread_mutex_t gate; sem_t begun; atomic_int count; };
struct note { bool waits; int when; pthread_t who; };

static void
pass(void *self, void *job)
{
	struct passed *p = self;
	struct note *n = job;

	if (n->waits) {
		sem_post(&p->begun);
		pthread_mutex_lock(&p->gate);
		pthread_mutex_unlock(&p->gate);
	}
	n->when = ++p->count;
	n->who = pthread_self();
}

static void
what_is_given_first_is_begun_first_but_for_what_the_owner_needs(void)
{
	struct passed p = { .gate = PTHREAD_MUTEX_INITIALIZER };
	struct note notes[6] = { { .waits = true } };
	struct error err = { 0 };
	struct hands *h = hands_open(2, 6, pass, &p, &err);

	sem_init(&p.begun, 0, 0);
	pthread_mutex_lock(&p.gate);
	for (int i = 0; h && i < 6; i++)
		CHECK(hands_give(h, &notes[i]));
	CHECK(h && hands_need(h, &notes[3]) == &notes[3] && notes[3].when == 1 && pthread_equal(notes[3].who, pthread_self()));
	CHECK(h && !hands_done(h, (void *[1]){ NULL }, 1));
	pthread_mutex_unlock(&p.gate);
	hands_close(h);
	CHECK(notes[0].when == 2 && notes[1].when == 3 && notes[2].when == 4 && notes[4].when == 5 && notes[5].when == 6);
}

static void
what_the_owner_waits_for_is_begun_before_what_was_given_before_it(void)
{
	struct passed p = { .gate = PTHREAD_MUTEX_INITIALIZER };
	struct note notes[6] = { { .waits = true } };
	struct error err = { 0 };
	struct hands *h = hands_open(2, 6, pass, &p, &err);

	sem_init(&p.begun, 0, 0);
	pthread_mutex_lock(&p.gate);
	CHECK(h && hands_give(h, &notes[0]));
	CHECK(h && sem_wait(&p.begun) == 0);
	for (int i = 1; h && i < 6; i++)
		CHECK(i < 4 ? hands_give(h, &notes[i]) : hands_give_now(h, &notes[i]));
	CHECK(h && !hands_give_now(h, &notes[0]));
	pthread_mutex_unlock(&p.gate);
	hands_close(h);
	CHECK(notes[0].when == 1 && notes[5].when == 2 && notes[4].when == 3 && notes[1].when == 4 && notes[2].when == 5 &&
	      notes[3].when == 6);
}

/* Many hands are for slow calls, and no more of them may be made at once than there are hands. */
static void
beside_many_hands_the_owner_does_nothing_itself(void)
{
	struct passed p = { .gate = PTHREAD_MUTEX_INITIALIZER };
	struct note notes[20] = { { .when = 0 } };
	struct error err = { 0 };
	struct hands *h = hands_open(6, 20, pass, &p, &err);
	int back = 0;

	for (int i = 0; h && i < 20; i++)
		CHECK(hands_give(h, &notes[i]));
	while (h && back < 20)
		back += hands_need(h, &notes[19]) != NULL;
	hands_close(h);
	for (int i = 0; i < 20; i++)
		CHECK(notes[i].when && !pthread_equal(notes[i].who, pthread_self()));
}

/* ------------------------------------------------------------------ jobs that are shared */

#define PARTS 40

/*
 * A job of some parts, each of which somebody takes.  Where `all` is set nobody goes on before so many have come; `gate` lets
 * it begin, `shared` tells that it was, and `after` is another that four help with by then.
 */
struct big {
	struct hands **hands;
	pthread_barrier_t *all;
	sem_t *gate, *shared;
	const struct big *after;
	size_t parts;
	atomic_size_t next;
	atomic_int done[PARTS], helped;
	int ended, back;
};

static void
take_parts(struct big *b)
{
	if (b->all)
		pthread_barrier_wait(b->all);
	for (size_t i; (i = atomic_fetch_add(&b->next, 1)) < b->parts;)
		b->done[i]++;
}

static void
share(void *self, void *job)
{
	struct big *b = job;

	(void)self;
	if (b->gate)
		sem_wait(b->gate);
	CHECK(!b->after || b->after->helped == 4);
	if (b->parts)
		hands_share(*b->hands, b, b->parts - 1);
	if (b->shared)
		sem_post(b->shared);
	take_parts(b);
}

static void
help(void *self, void *job)
{
	struct big *b = job;

	(void)self;
	b->helped++;
	take_parts(b);
}

static bool
is_whole(const struct big *b)
{
	for (size_t i = 0; i < PARTS; i++)
		if (b->done[i] != (i < b->parts))
			return false;
	return true;
}

static void
end(void *self, void *job)
{
	struct big *b = job;

	(void)self;
	CHECK(is_whole(b));
	b->ended++;
}

/* All five come, or nobody would go on; and it comes back once, when all have left it. */
static void
hands_without_a_job_help_with_one_that_is_shared(void)
{
	static struct big big;
	pthread_barrier_t all;
	struct error err = { 0 };
	struct hands *h = hands_open(6, 4, share, NULL, &err);

	CHECK(h && hands_let_help(h, help, end));
	pthread_barrier_init(&all, NULL, 5);
	big = (struct big){ .hands = &h, .all = &all, .parts = PARTS };
	CHECK(hands_give(h, &big) && hands_take(h) == &big);
	CHECK(big.helped == 4 && big.ended == 1 && is_whole(&big));
	CHECK(!hands_take(h));
	hands_close(h);
	pthread_barrier_destroy(&all);
}

static void
what_the_owner_waits_for_is_shared_before_others_are_begun(void)
{
	static struct big first[5], big, later[3];
	pthread_barrier_t all;
	sem_t gate, shared;
	struct error err = { 0 };
	struct hands *h = hands_open(6, 10, share, NULL, &err);

	CHECK(h && hands_let_help(h, help, end));
	pthread_barrier_init(&all, NULL, 5);
	sem_init(&gate, 0, 0);
	sem_init(&shared, 0, 0);
	for (int i = 0; i < 5; i++)
		CHECK(hands_give(h, (first[i].gate = &gate, &first[i])));
	for (int i = 0; i < 3; i++)
		CHECK(hands_give(h, (later[i].after = &big, &later[i])));
	big = (struct big){ .hands = &h, .all = &all, .shared = &shared, .parts = PARTS };
	CHECK(hands_give_now(h, &big));
	sem_post(&gate);
	sem_wait(&shared);
	for (int i = 0; i < 4; i++)
		sem_post(&gate);
	for (int i = 0; i < 9; i++)
		CHECK(hands_take(h) != NULL);
	CHECK(big.helped == 4 && big.ended == 1 && is_whole(&big) && !hands_take(h));
	hands_close(h);
	pthread_barrier_destroy(&all);
}

static void
each_part_of_many_shared_jobs_is_done_once(void)
{
	static struct big jobs[500];
	struct error err = { 0 };
	struct hands *h = hands_open(16, 24, share, NULL, &err);
	size_t given = 0, taken = 0;

	CHECK(h && hands_let_help(h, help, end));
	for (size_t i = 0; i < 500; i++)
		jobs[i] = (struct big){ .hands = &h, .parts = i * 7 % (PARTS + 1) };
	while (h && taken < 500) {
		struct big *b;

		while (given < 500 && hands_give(h, &jobs[given]))
			given++;
		b = hands_take(h);
		taken++;
		CHECK(b && ++b->back == 1 && is_whole(b) && b->ended == (b->parts > 0));
	}
	CHECK(!hands_take(h));
	hands_close(h);
}

/* The owner does jobs itself then, and nobody has nothing to do for long. */
static void
few_hands_share_nothing(void)
{
	struct error err = { 0 };
	struct hands *h = hands_open(5, 4, share, NULL, &err);

	CHECK(h && !hands_let_help(h, help, end));
	hands_close(h);
}

int
main(void)
{
	TEST(hands_without_a_job_help_with_one_that_is_shared);
	TEST(what_the_owner_waits_for_is_shared_before_others_are_begun);
	TEST(each_part_of_many_shared_jobs_is_done_once);
	TEST(few_hands_share_nothing);
	TEST(beside_many_hands_the_owner_does_nothing_itself);
	TEST(what_the_owner_waits_for_is_begun_before_what_was_given_before_it);
	TEST(what_is_given_first_is_begun_first_but_for_what_the_owner_needs);
	TEST(each_job_is_done_once_and_comes_back);
	TEST(what_is_out_when_they_close_is_done_first);
	return check_done();
}
