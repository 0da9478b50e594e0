/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-hands.c - every job that is given is done once and comes back; and no more are out than may be. */
#include "check.h"
#include "behov/hands.h"

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

int
main(void)
{
	TEST(each_job_is_done_once_and_comes_back);
	TEST(what_is_out_when_they_close_is_done_first);
	return check_done();
}
