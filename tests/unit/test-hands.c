/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-hands.c - every job that is given is done once and comes back; and no more are out than may be. */
#include "check.h"
#include "behov/hands.h"
#include <pthread.h>
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
struct passed { pthread_mutex_t gate; atomic_int count; };
struct note { bool waits; int when; pthread_t who; };

static void
pass(void *self, void *job)
{
	struct passed *p = self;
	struct note *n = job;

	if (n->waits) {
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

	pthread_mutex_lock(&p.gate);
	for (int i = 0; h && i < 6; i++)
		CHECK(hands_give(h, &notes[i]));
	CHECK(h && hands_need(h, &notes[3]) == &notes[3] && notes[3].when == 1 && pthread_equal(notes[3].who, pthread_self()));
	CHECK(h && !hands_done(h, (void *[1]){ NULL }, 1));
	pthread_mutex_unlock(&p.gate);
	hands_close(h);
	CHECK(notes[0].when == 2 && notes[1].when == 3 && notes[2].when == 4 && notes[4].when == 5 && notes[5].when == 6);
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

int
main(void)
{
	TEST(beside_many_hands_the_owner_does_nothing_itself);
	TEST(what_is_given_first_is_begun_first_but_for_what_the_owner_needs);
	TEST(each_job_is_done_once_and_comes_back);
	TEST(what_is_out_when_they_close_is_done_first);
	return check_done();
}
