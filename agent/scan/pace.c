/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pace.c - how fast and when a share may be asked, as it is registered. */
#include "scan_p.h"
#include "behov/step.h"
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000LL
#define NAP (SECOND / 10)               /* between two looks at the stop flag */

void
pace_open(struct pace *p, const struct share *share)
{
	p->step = share->rate ? SECOND / share->rate : 0;
	atomic_init(&p->next, 0);
}

long long
pace_turn(struct pace *p, long long now)
{
	long long next = atomic_load(&p->next), turn;

	do
		turn = next > now ? next : now; /* what was not used is not saved up */
	while (!atomic_compare_exchange_weak(&p->next, &next, turn + p->step));
	return turn;
}

static long long
ticks(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * SECOND + t.tv_nsec;
}

void
pace_wait(struct pace *p)
{
	long long turn, now;

	turn = pace_turn(p, now = ticks());
	while (now < turn && !stop_asked()) {
		long long nap = turn - now < NAP ? turn - now : NAP;

		nanosleep(&(struct timespec){ .tv_nsec = (long)nap }, NULL);
		now = ticks();
	}
}

bool
pace_within(const struct share *share, int64_t moment)
{
	int from = share->window.from, to = share->window.to, now;

	if (from == to)
		return true;
	now = clock_minute(moment);
	return from < to ? now >= from && now < to : now >= from || now < to;
}

char *
pace_window(struct arena *mem, const struct share *share)
{
	return arena_print(mem, "%02d:%02d-%02d:%02d", share->window.from / 60, share->window.from % 60, share->window.to / 60,
			   share->window.to % 60);
}

/* ioprio_set(2) has no function in the C library: this thread (0), and the class that only gets what is left over. */
void
pace_idle(void)
{
	enum { WHO_PROCESS = 1, CLASS_IDLE = 3, CLASS_SHIFT = 13 };
	static _Thread_local bool done;

	if (!done && gettid() != getpid())      /* whoever decides has more to write than this */
		syscall(SYS_ioprio_set, WHO_PROCESS, 0, CLASS_IDLE << CLASS_SHIFT);
	done = true;
}
