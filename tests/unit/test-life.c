/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-life.c - what must be true of every life of a proposal, and that the store lets nothing else happen. */
#include "check.h"
#include "state.h"

#include <stdlib.h>
#include <unistd.h>

#define STATE_COUNT (STATE_SUPERSEDED + 1)
#define ENDS (STATES(STATE_DONE) | STATES(STATE_FAILED) | STATES(STATE_WITHDRAWN) | STATES(STATE_SUPERSEDED))

static struct arena *mem;

/* Every state that can be reached from `from` without what is left out. */
static unsigned
reach(unsigned from, unsigned without)
{
	for (unsigned before = 0; before != from; ) {
		before = from;
		for (int what = 0; what < HAPPENINGS; what++)
			if (!(without >> what & 1) && life[what].from & from)
				from |= STATES(life[what].to);
	}
	return from;
}

static void
each_state_can_be_reached_and_each_life_can_end(void)
{
	CHECK(reach(STATES(STATE_OPEN) | STATES(STATE_BRAKED), 0) == STATES(STATE_COUNT) - 1);
	for (int s = 0; s < STATE_COUNT; s++)
		CHECK(reach(STATES(s), 0) & ENDS);
}

static void
nothing_is_carried_out_that_was_not_approved(void)
{
	unsigned never = STATES(STATE_EXPORTED) | STATES(STATE_QUARANTINED) | STATES(STATE_DONE) | STATES(STATE_FAILED);

	CHECK(!(reach(STATES_ASKED, 1u << PROPOSAL_SCHEDULED) & never));
}

static void
what_is_done_can_only_be_put_back_and_what_is_past_stays_past(void)
{
	for (int what = 0; what < HAPPENINGS; what++) {
		CHECK(!(life[what].from & (STATES(STATE_WITHDRAWN) | STATES(STATE_SUPERSEDED))));
		CHECK(what == PROPOSAL_RESTORED || !(life[what].from & (STATES(STATE_DONE) | STATES(STATE_FAILED))));
	}
	CHECK(life[PROPOSAL_RESTORED].to == STATE_KEPT);        /* and nobody is asked anew because of it */
}

static void
what_was_braked_is_never_approved_before_its_release(void)
{
	CHECK(!(reach(STATES(STATE_BRAKED), 1u << PROPOSAL_RELEASED) & STATES(STATE_SCHEDULED)));
}

/* What waits for somebody's word is carried out by no way that does not come past all approvals. */
static void
what_is_stopped_or_nobodys_is_approved_only_when_it_is_asked_about_again(void)
{
	CHECK(!(life[PROPOSAL_SCHEDULED].from & (STATES(STATE_HELD) | STATES(STATE_WRONG_OWNER))));
	CHECK(!(reach(STATES(STATE_HELD), 1u << PROPOSAL_FREED) & STATES_GOING));
	CHECK(!(reach(STATES(STATE_WRONG_OWNER), 1u << PROPOSAL_REASSIGNED | 1u << PROPOSAL_HELD) & STATES_GOING));
	CHECK(life[PROPOSAL_FREED].to == STATE_OPEN && life[PROPOSAL_REASSIGNED].to == STATE_OPEN && life[PROPOSAL_ADVISED].to == STATE_OPEN);
}

/* Whoever waits for what: a keep is always heard, and the facts may always be no more. */
static void
what_waits_can_be_kept_withdrawn_and_superseded(void)
{
	for (int s = 0; s < STATE_COUNT; s++)
		if (STATES_ASKED & STATES(s))
			CHECK(life[PROPOSAL_KEPT].from & life[PROPOSAL_WITHDRAWN].from & life[PROPOSAL_SUPERSEDED].from & STATES(s));
}

static void
what_cannot_be_undone_is_not_taken_for_waiting(void)
{
	for (int what = 0; what < HAPPENINGS; what++)
		if (STATES(life[what].to) & STATES_ASKED && life[what].from)
			CHECK(!(life[what].from & ~(STATES_ASKED | STATES(STATE_SCHEDULED))));
}

/* What is approved may come to ask for more at any time before it has gone: then all of it is asked about anew. */
static void
what_has_approvals_can_be_superseded_until_it_is_gone(void)
{
	for (int s = 0; s < STATE_COUNT; s++)
		if (reach(STATES(s), 0) & STATES(STATE_SCHEDULED))
			CHECK(life[PROPOSAL_SUPERSEDED].from & STATES(s));
	CHECK(!(reach(STATES(STATE_SUPERSEDED), 0) & ~STATES(STATE_SUPERSEDED)));
}

/* Every pair of a state and a happening, on a real store; and what begins the days of who is asked anew. */
static void
the_store_lets_only_that_happen(void)
{
	char folder[] = "/tmp/behov-life-XXXXXX";
	struct error err = { 0 };
	struct store *store = NULL;
	struct stored s = { .p = { .kind = KIND_DESTROY, .key = "k", .version = "1", .series = "s", .share = "a", .batch = "", .scope = "x",
		.why = "w" }, .opened = 1, .since = 1, .go_at = INT64_MIN, .until = DAY_NONE };
	struct stored_list list;

	CHECK(mkdtemp(folder) && store_create(arena_print(mem, "%s/db", folder), true, &err) == 0 &&
	      store_open(arena_print(mem, "%s/db", folder), STORE_WRITE, &store, &err) == 0);
	*arena_push(mem, &s.p.approvers) = (struct approver){ .key = "a", .name = "anna", .display = "anna", .as = "x", .asked = 3 };
	*arena_push(mem, &s.p.approvers) = (struct approver){ .key = "b", .name = "bo", .display = "bo", .as = "x", .seat = 1 };
	CHECK(store_proposal_add(mem, store, &s, &err) == 0);
	for (int from = 0; from < STATE_COUNT; from++)
		for (int what = 0; what < HAPPENINGS; what++) {
			bool may = life[what].from & STATES(from);

			bool anew = may && (what == PROPOSAL_UNDONE || what == PROPOSAL_FREED);

			CHECK(store_proposal_put(store, &s, &err) == 0);
			CHECK(force_state(store, s.id, (enum state)from, 5, 6, 7, "före", &err) == 0);
			CHECK((store_proposal_move(store, s.id, (enum happening)what, 10, 11, 12, "efter", &err) == 0) == may);
			CHECK(store_proposals(mem, store, &(struct proposal_filter){ .id = s.id }, &list, &err) == 0);
			CHECK(list.list.count == 1 && list.list.items[0].state == (may ? life[what].to : (enum state)from) &&
			      list.list.items[0].since == (may ? 10 : 5) && list.list.items[0].go_at == (may ? 11 : 6) &&
			      list.list.items[0].until == (may ? 12 : 7) &&
			      strcmp(list.list.items[0].note, may ? "efter" : "före") == 0);
			CHECK(list.list.items[0].p.approvers.items[0].asked == (anew ? 10 : 3) && !list.list.items[0].p.approvers.items[1].asked);
			stored_free(&list);
		}
	CHECK(store_proposal_move(store, "nothing-1", PROPOSAL_KEPT, 10, 11, 12, NULL, &err) < 0);
	store_close(store);
	for (const char *const *end = (const char *const[]){ "", "-wal", "-shm", NULL }; *end; end++)
		unlink(arena_print(mem, "%s/db%s", folder, *end));
	CHECK(rmdir(folder) == 0);
}

int main(void)
{
	mem = arena_open();
	TEST(each_state_can_be_reached_and_each_life_can_end);
	TEST(nothing_is_carried_out_that_was_not_approved);
	TEST(what_is_done_can_only_be_put_back_and_what_is_past_stays_past);
	TEST(what_was_braked_is_never_approved_before_its_release);
	TEST(what_is_stopped_or_nobodys_is_approved_only_when_it_is_asked_about_again);
	TEST(what_waits_can_be_kept_withdrawn_and_superseded);
	TEST(what_cannot_be_undone_is_not_taken_for_waiting);
	TEST(what_has_approvals_can_be_superseded_until_it_is_gone);
	TEST(the_store_lets_only_that_happen);
	arena_close(mem);
	return check_done();
}
