/* SPDX-License-Identifier: GPL-3.0-or-later */
/* turn.c - the pace of a share, for who asks its file server for something else than folders. */
#include "scan_p.h"

struct scan_turns { struct pace pace; const struct share *share; };

struct scan_turns *
scan_turns(struct arena *mem, const struct share *share)
{
	struct scan_turns *turns = arena_new(mem, struct scan_turns);

	pace_open(&turns->pace, share);
	turns->share = share;
	return turns;
}

bool
scan_turn(struct scan_turns *turns)
{
	if (!pace_within(turns->share, clock_going()))
		return false;
	pace_idle();
	pace(&turns->pace);
	return true;
}
