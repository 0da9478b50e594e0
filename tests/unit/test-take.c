/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-take.c - what is decided counts when it holds: against a model, and each way of not holding by itself. */
#include "check.h"
#include "behov/audit.h"
#include "behov/take.h"
#include "behov/digest.h"
#include "state.h"
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAY 86400
#define PEOPLE 4
#define PROPOSALS 3

static const char *const keys[PEOPLE] = { "k-anna", "k-bo", "k-cia", "k-dan" };

struct office {
	char folder[64];
	struct arena *mem;
	struct store *store;
	struct inbox *inbox;
	struct rules rules;
	struct series series;
	struct share share;
	int64_t now;
	const char *ids[PROPOSALS];
};

static uint64_t seed = 1;
static unsigned
chance(unsigned of)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 32) % of;
}

static const char *
token(struct office *o, int who)
{
	return arena_print(o->mem, "token-%d-0123456789abcdef", who);
}

static void
letters(struct office *o)
{
	struct error err = { 0 };

	for (int i = 0; i < PEOPLE; i++)
		CHECK(store_letter_add(o->store, &(struct letter){
			.id = arena_print(o->mem, "letter%d", i), .kind = "digest", .key = keys[i], .name = keys[i] + 2,
			.display = keys[i] + 2, .mail = "x@kalmar.example", .token_hash = digest_text(o->mem, token(o, i)),
			.created = o->now - DAY, .expires = o->now + 20 * DAY, .sent = INT64_MIN }, &err) == 0);
}

/* seats[k]: bit i is person i. */
static const char *
propose_seats(struct office *o, enum kind kind, const unsigned *seats, int count, int needs, enum state state)
{
	static const char *also[] = { "s1/q" };
	static int number;
	struct error err = { 0 };
	struct stored s = {
		.p = { .kind = kind, .key = arena_print(o->mem, "%016d", ++number), .version = "v1", .scope = "s", .needs = needs,
		       .guid = "m1", .account = "m1", .group_guid = "g1", .system = "s0", .role = "r", .also = also,
		       .also_count = 1, .why = "därför" },
		.state = state, .opened = o->now - DAY, .since = o->now - DAY, .go_at = INT64_MIN, .until = DAY_NONE };

	if (kind == KIND_DESTROY) {
		s.p.also_count = 0;
		s.p.guid = NULL;
		s.p.system = s.p.role = NULL;
		s.p.series = "r0";
		s.p.share = "sh";
	}
	for (int i = 0; i < PEOPLE; i++)
		for (int k = 0; k < count; k++)
			if (seats[k] >> i & 1)
				*arena_push(o->mem, &s.p.approvers) =
					(struct approver){ .key = keys[i], .name = keys[i] + 2, .display = keys[i] + 2,
							    .mail = arena_print(o->mem, "%s@kalmar.example", keys[i]),
							    .as = "ägare", .seat = k };
	CHECK(store_proposal_add(o->mem, o->store, &s, &err) == 0);
	return s.id;
}

/* Asked: bit i is person i, each in a seat of their own. */
static const char *
propose(struct office *o, enum kind kind, unsigned asked, int needs, enum state state)
{
	unsigned seats[PEOPLE];

	for (int i = 0; i < PEOPLE; i++)
		seats[i] = asked & 1u << i;
	return propose_seats(o, kind, seats, PEOPLE, needs, state);
}

static void
office_open(struct office *o)
{
	struct error err = { 0 };

	*o = (struct office){ .mem = arena_open() };
	snprintf(o->folder, sizeof o->folder, "/tmp/behov-take-XXXXXX");
	CHECK(mkdtemp(o->folder) != NULL);
	CHECK(clock_zone("Europe/Stockholm", &err) == 0);
	CHECK(clock_parse("2026-01-05T14:00+01:00", &o->now) == 0);
	o->series = (struct series){ .id = "r0", .owner = "anna" };
	o->share = (struct share){ .id = "sh", .owner = "bo" };
	o->rules = (struct rules){ .series = &o->series, .series_count = 1, .shares = &o->share, .share_count = 1 };
	o->rules.conf.web.proof_count = 1;      /* code */
	o->rules.conf.inbox = arena_print(o->mem, "%s/inbox.db", o->folder);
	o->rules.conf.grace.access_days = 3;
	o->rules.conf.grace.file_days = 7;
	CHECK(store_open(arena_print(o->mem, "%s/s.db", o->folder), STORE_WRITE, &o->store, &err) == 0);
	CHECK(inbox_open(o->rules.conf.inbox, true, &o->inbox, &err) == 0);
	letters(o);
}

static void
office_close(struct office *o)
{
	static const char *const names[] = { "s.db", "s.db-wal", "s.db-shm", "inbox.db", "inbox.db-wal", "inbox.db-shm" };

	inbox_close(o->inbox);
	store_close(o->store);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		unlink(arena_print(o->mem, "%s/%s", o->folder, names[i]));
	CHECK(rmdir(o->folder) == 0);
	arena_close(o->mem);
}

static const char *
proof(struct office *o, int64_t sent, int64_t proved)
{
	return arena_print(o->mem, "{\"code_sent\":%lld,\"kind\":\"code\",\"proved\":%lld}", (long long)sent,
			   (long long)proved);
}

static struct inbox_decision
row(struct office *o, int who, const char *id, const char *verdict)
{
	return (struct inbox_decision){ .token = token(o, who), .proposal = id, .version = "v1", .verdict = verdict,
					.reason = "behövs", .until = DAY_NONE, .at = o->now,
					.proof = proof(o, o->now - 300, o->now - 200) };
}

static void
post(struct office *o, struct inbox_decision d)
{
	struct error err = { 0 };

	CHECK(inbox_decisions_add(o->inbox, &d, 1, &err) == 0);
}

static struct take_result
take(struct office *o)
{
	struct take_result out;
	struct error err = { 0 };

	CHECK(take_inbox(o->mem, &o->rules, o->store, o->now, &out, &err) == 0);
	if (err.text[0])
		fprintf(stderr, "%s\n", err.text);
	return out;
}

static struct stored
look(struct office *o, const char *id)
{
	struct stored_list list = { 0 };
	struct error err = { 0 };

	CHECK(store_proposals(o->mem, o->store, &(struct proposal_filter){ .id = id }, &list, &err) == 0);
	CHECK(list.list.count == 1);
	return list.list.count ? list.list.items[0] : (struct stored){ .state = STATE_FAILED };
}

static enum state
state(struct office *o, const char *id)
{
	return look(o, id).state;
}

/* ------------------------------------------------------------------ against a model */

/* What a proposal should be after rows in their order, told as simply as it can be.  People are bits. */
#define SEATS 3
struct model {
	unsigned seats[SEATS], asked, approved, declined, kept, waits;        /* waits: for an answer to what they asked */
	int needs, waiting;                                     /* waiting: questions that are open */
	unsigned stopped;                                       /* who is named in the stop that stands; 0 = none does */
	day_t until;                                            /* held: until then, as was said; 0 = nothing was */
	bool files;
	enum state state;
};

static bool
answerable(const struct model *m)
{
	return m->state == STATE_OPEN || m->state == STATE_ASKED || m->state == STATE_WRONG_OWNER;
}

/* Somebody in each seat, and as many people as it needs. */
static bool
is_approved(const struct model *m)
{
	for (int k = 0; k < SEATS; k++)
		if (m->seats[k] && !(m->seats[k] & m->approved))
			return false;
	return m->asked && __builtin_popcount(m->asked & m->approved) >= m->needs;
}

static void
model_settle(struct model *m)
{
	if (is_approved(m) && (m->state == STATE_OPEN || m->state == STATE_ASKED))
		m->state = STATE_SCHEDULED;
}

static bool
model_approve(struct model *m, unsigned me)
{
	bool second = m->state == STATE_KEPT && m->kept && !(m->kept & me);

	if (!(answerable(m) || second) || (m->declined | m->approved) & me)
		return false;
	m->approved |= me;
	model_settle(m);
	return true;
}

static bool
model_keep(struct model *m, unsigned me)
{
	if (m->state == STATE_KEPT && m->kept & me)
		return false;
	m->state = STATE_KEPT;
	m->kept |= me;
	return true;
}

/* One stop for all who say so, until the last of their days. */
static bool
model_hold(struct model *m, unsigned me, day_t until)
{
	bool first = !m->stopped;

	if (m->stopped & me)
		return false;
	m->approved = 0;
	m->stopped |= me;
	if (m->state == STATE_KEPT)
		return true;
	if (m->state != STATE_HELD || first || until == DAY_NONE || (m->until != DAY_NONE && m->until < until))
		m->until = until;
	m->state = STATE_HELD;
	return true;
}

static bool
model_ask(struct model *m, unsigned me)
{
	if (!answerable(m) || (m->declined | m->waits) & me || m->waiting >= 5)
		return false;
	m->waits |= me;
	m->waiting++;
	if (m->state == STATE_OPEN)
		m->state = STATE_ASKED;
	return true;
}

static bool
model_undo(struct model *m)
{
	if (m->state != STATE_SCHEDULED)
		return false;
	m->state = STATE_OPEN;
	m->approved = 0;
	return true;
}

static bool
model_not_mine(struct model *m, unsigned me)
{
	if (!answerable(m) || m->declined & me)
		return false;
	m->declined |= me;
	m->approved &= ~me;
	m->state = STATE_WRONG_OWNER;
	return true;
}

/* Does it count? */
static bool
expect(struct model *m, int who, int verdict, bool holds, day_t until)
{
	unsigned me = 1u << who;

	if (!holds || !(m->asked & me))
		return false;
	switch ((enum verdict)verdict) {
	case VERDICT_APPROVE: return model_approve(m, me);
	case VERDICT_KEEP: return model_keep(m, me);
	case VERDICT_UNDO: return model_undo(m);
	case VERDICT_ASK: return model_ask(m, me);
	case VERDICT_RULE: return !m->files && model_ask(m, me);
	case VERDICT_NOT_MINE: return model_not_mine(m, me);
	case VERDICT_HOLD: return m->files && model_hold(m, me, until);
	case VERDICT_LATER: return answerable(m) && !(m->declined & me);
	case VERDICT_ADVISE:
	case VERDICT_DONE: break;           /* nothing here lies on a work list */
	}
	return false;
}

/* The question of that person on that proposal that is open; id 0 = none. */
static struct question
open_question(struct office *o, const char *id, const char *by)
{
	struct questions all;
	struct error err = { 0 };

	CHECK(store_questions(o->mem, o->store, &(struct question_filter){ .proposal = id, .open = true }, &all, &err) == 0);
	for (size_t i = 0; i < all.list.count; i++)
		if (strcmp(all.list.items[i].by_key, by) == 0)
			return all.list.items[i];
	return (struct question){ 0 };
}

/* A night has found out who it is; then they answer. */
static bool
advise(struct office *o, struct model *m, const char *id, int by, int who)
{
	struct question q = open_question(o, id, keys[by]);
	struct inbox_decision d = row(o, who, id, "advise");
	struct error err = { 0 };

	if (!q.id)
		return false;
	if (!q.key) {
		q.key = keys[who];
		CHECK(store_question_put(o->store, &q, &err) == 0);
	}
	d.reason = arena_print(o->mem, "keep %lld\nför att", q.id);
	post(o, d);
	(void)take(o);
	if (strcmp(q.key, keys[who]) != 0 || (!answerable(m) && m->state != STATE_HELD))
		return false;
	m->waits &= ~(1u << by);
	if (--m->waiting == 0 && m->state == STATE_ASKED)
		m->state = STATE_OPEN;
	model_settle(m);
	return true;
}

/* Two people lift what stands: one act is enough. */
static void
lift(struct office *o, struct model *m, const char *id)
{
	struct stored s = look(o, id);
	struct holds holds;
	struct error err = { 0 };

	CHECK(store_holds(o->mem, o->store, false, &holds, &err) == 0);
	for (size_t i = 0; i < holds.list.count; i++)
		if (hold_is_of(&holds.list.items[i].hold, s.p.key)) {
			CHECK(store_hold_lift(o->store, holds.list.items[i].hold.id, o->now, "arkivet", "klart", &err) == 0);
			break;
		}
	m->stopped = 0;
}

/* The rules name them for something else now: what they said before is of what they were. */
static void
rename_seats(struct office *o, struct model *m, struct stored *s)
{
	static int number;

	for (size_t i = 0; i < s->p.approvers.count; i++)
		for (int k = 0; k < PEOPLE; k++)
			if (strcmp(s->p.approvers.items[i].key, keys[k]) == 0 && m->declined >> k & 1)
				s->p.approvers.items[i].as = arena_print(o->mem, "ägare %d", ++number);
	m->declined = 0;
}

/* What a night makes of those that wait for it: what is lifted is free, another owner is found. */
static void
pass_night(struct office *o, struct model *m, const char *id)
{
	struct stored s = look(o, id);
	struct error err = { 0 };

	if (m->state == STATE_HELD && !m->stopped) {
		CHECK(store_proposal_move(o->store, id, PROPOSAL_FREED, o->now, INT64_MIN, DAY_NONE, NULL, &err) == 0);
		m->state = STATE_OPEN;
	} else if (m->state == STATE_WRONG_OWNER && m->asked & ~m->declined) {
		size_t left = 0;

		if (chance(2))
			rename_seats(o, m, &s);
		for (size_t i = 0; i < s.p.approvers.count; i++)
			for (int k = 0; k < PEOPLE; k++)
				if (strcmp(s.p.approvers.items[i].key, keys[k]) == 0 && !(m->declined >> k & 1)) {
					s.p.approvers.items[left++] = s.p.approvers.items[i];
					break;
				}
		s.p.approvers.count = left;
		CHECK(store_proposal_put(o->store, &s, &err) == 0);
		CHECK(store_proposal_move(o->store, id, PROPOSAL_REASSIGNED, o->now, INT64_MIN, DAY_NONE, NULL, &err) == 0);
		m->asked = 0;
		for (int k = 0; k < SEATS; k++)
			m->asked |= m->seats[k] &= ~m->declined;
		m->state = STATE_OPEN;
	}
}

static struct inbox_decision
answer(struct office *o, int who, const char *id, int verdict)
{
	struct inbox_decision d = row(o, who, id, verdict_word[verdict]);

	if (verdict == VERDICT_ASK)
		d.reason = "kim.ek\nVet du?";
	if (verdict == VERDICT_LATER || (verdict == VERDICT_HOLD && chance(3)))
		d.until = clock_day(o->now) + 1 + (day_t)chance(9);
	return d;
}

/* Breaks a row in one of the ways a forger would. */
#define WAYS 12
static void
spoil(struct office *o, struct inbox_decision *d, unsigned way)
{
	switch (way) {
	case 0: d->token = "token-0-0123456789abcdee"; break;
	case 1: d->token = ""; break;
	case 2: d->version = "v0"; break;
	case 3: d->at = o->now + 1000; break;
	case 4: d->at = o->now + 30 * DAY; break;
	case 5: d->proof = NULL; break;
	case 6: d->proof = "{\"kind\":\"code\"}"; break;
	case 7: d->proof = proof(o, o->now - 4300, o->now - 50); break;
	case 8: d->proof = proof(o, o->now - 5000, o->now - 4900); break;
	case 9: d->proof = proof(o, o->now - 100, o->now - 200); break;
	case 10: d->verdict = "approved"; break;
	default: d->proof = proof(o, o->now + 10, o->now + 20); break;
	}
}

/* Who is named in the only stop that stands for it, each with their reason. */
static unsigned
named(struct office *o, const char *key)
{
	struct holds holds;
	struct error err = { 0 };
	unsigned out = 0, stops = 0, reasons = 1;

	CHECK(store_holds(o->mem, o->store, false, &holds, &err) == 0);
	for (size_t i = 0; i < holds.list.count; i++) {
		const struct hold *h = &holds.list.items[i].hold;

		if (!hold_is_of(h, key))
			continue;
		stops++;
		for (int k = 0; k < PEOPLE; k++)
			out |= strstr(h->by, keys[k] + 2) ? 1u << k : 0;
		for (const char *c = h->reason; *c; c++)
			reasons += *c == ';';
	}
	CHECK(stops <= 1 && (!stops || reasons == (unsigned)__builtin_popcount(out)));
	return out;
}

static void
look_at_all(struct office *o, const struct model *m)
{
	for (int i = 0; i < PROPOSALS; i++) {
		struct stored s = look(o, o->ids[i]);

		CHECK(s.state == m[i].state);
		/* No way leads here without all who are asked, nor past a keep or a stop. */
		CHECK(s.state != STATE_SCHEDULED || (is_approved(&m[i]) && !m[i].kept && !m[i].stopped));
		CHECK(s.state != STATE_HELD || s.until == m[i].until);
		CHECK(named(o, s.p.key) == m[i].stopped);
	}
}

static void
take_all(struct office *o, struct model *m)
{
	(void)take(o);
	o->now++;
	for (int i = 0; i < PROPOSALS; i++)
		model_settle(&m[i]);
}

/* How many of them count.  quiet: only those that make no other states. */
static size_t
random_answers(struct office *o, struct model *m, bool quiet)
{
	size_t count = 0;

	for (int n = 0; n < 60; n++) {
		int who = (int)chance(PEOPLE), p = (int)chance(PROPOSALS), what = quiet ? 9 : (int)chance(9);
		int verdict = chance(3) ? VERDICT_APPROVE : (int)chance(quiet ? VERDICT_ASK : VERDICT_ADVISE);
		bool holds = chance(6) != 0;
		struct inbox_decision d = answer(o, who, o->ids[p], verdict);

		if (what < 3) {
			take_all(o, m);
			if (what == 0)
				pass_night(o, &m[p], o->ids[p]);
			else if (what == 1)
				lift(o, &m[p], o->ids[p]);
			else
				count += advise(o, &m[p], o->ids[p], (int)chance(PEOPLE), who);
			continue;
		}
		if (!holds)
			spoil(o, &d, chance(WAYS));
		post(o, d);
		count += expect(&m[p], who, verdict, holds, d.until);
		if (chance(5) == 0) {
			take_all(o, m);
			look_at_all(o, m);
		}
	}
	take_all(o, m);
	return count;
}

static void
random_decisions_come_to_what_the_model_says(void)
{
	for (unsigned world = 1; world <= 60; world++) {
		struct office o;
		struct model m[PROPOSALS];
		struct decisions all;
		struct error err = { 0 };
		size_t expected, counted = 0;
		seed = UINT64_C(0x9e3779b97f4a7c15) * world;
		office_open(&o);
		for (int i = 0; i < PROPOSALS; i++) {
			m[i] = (struct model){ .seats = { 1 + chance(world % 2 ? 15 : 3), chance(2) * chance(16), chance(3) ? 0 : chance(16) },
					       .needs = 1 + (int)chance(2), .state = STATE_OPEN, .files = chance(2) };
			m[i].asked = m[i].seats[0] | m[i].seats[1] | m[i].seats[2];
			o.ids[i] = propose_seats(&o, m[i].files ? KIND_DESTROY : KIND_REMOVE_MEMBER, m[i].seats, SEATS, m[i].needs, STATE_OPEN);
		}
		expected = random_answers(&o, m, world % 5 == 0);
		look_at_all(&o, m);
		CHECK(store_decisions(o.mem, o.store, NULL, INT64_MIN, &all, &err) == 0);
		for (size_t i = 0; i < all.list.count; i++)
			counted += !all.list.items[i].refused;
		CHECK(counted == expected);
		/* The same rows are never taken twice. */
		CHECK(take(&o).taken == 0 && take(&o).refused == 0);
		office_close(&o);
	}
}

/* ------------------------------------------------------------------ each rule by itself */

static void
each_way_of_forging_is_refused(void)
{
	for (unsigned way = 0; way < WAYS; way++)
		for (int verdict = VERDICT_APPROVE; verdict <= VERDICT_KEEP; verdict++) {
			struct office o;
			struct inbox_decision d;
			const char *id;
			office_open(&o);
			id = propose(&o, KIND_REMOVE_MEMBER, 1, 1, STATE_OPEN);
			d = row(&o, 0, id, verdict_word[verdict]);
			spoil(&o, &d, way);
			post(&o, d);
			CHECK(take(&o).refused == 1 && state(&o, id) == STATE_OPEN);
			office_close(&o);
		}
}

static void
two_people_approve_and_then_it_waits_for_its_days(void)
{
	struct office o;
	const char *id;
	int64_t when;

	office_open(&o);
	id = propose(&o, KIND_REMOVE_MEMBER, 3, 2, STATE_OPEN);
	post(&o, row(&o, 0, id, "approve"));
	post(&o, row(&o, 0, id, "approve"));    /* the same person again is nobody new */
	CHECK(take(&o).refused == 1 && state(&o, id) == STATE_OPEN);
	post(&o, row(&o, 1, id, "approve"));
	CHECK(take(&o).approved == 1 && state(&o, id) == STATE_SCHEDULED);
	CHECK(clock_parse("2026-01-08T00:00+01:00", &when) == 0 && look(&o, id).go_at == when);
	office_close(&o);
}

static void
one_of_a_seat_is_enough_and_each_seat_is_needed(void)
{
	static const unsigned seats[] = { 1 | 2, 4 };
	struct error err = { 0 };
	struct decisions all;
	struct office o;
	const char *id;

	office_open(&o);
	id = propose_seats(&o, KIND_REMOVE_MEMBER, seats, 2, 1, STATE_OPEN);
	post(&o, row(&o, 0, id, "approve"));
	post(&o, row(&o, 1, id, "approve"));    /* the same seat again: no other one */
	CHECK(take(&o).approved == 2 && state(&o, id) == STATE_OPEN);
	post(&o, row(&o, 2, id, "approve"));
	CHECK(take(&o).approved == 1 && state(&o, id) == STATE_SCHEDULED);
	post(&o, row(&o, 1, id, "approve"));    /* after that it is not needed, and they hear just that */
	CHECK(take(&o).refused == 1 && state(&o, id) == STATE_SCHEDULED);
	CHECK(store_decisions(o.mem, o.store, id, INT64_MIN, &all, &err) == 0 && all.list.count == 4);
	CHECK_TEXT(all.list.items[3].refused, REFUSAL_APPROVED);
	post(&o, row(&o, 1, id, "keep"));       /* any of them keeps it */
	CHECK(take(&o).kept == 1 && state(&o, id) == STATE_KEPT);
	office_close(&o);
}

static void
one_who_sits_in_both_seats_is_one_person(void)
{
	static const unsigned seats[] = { 1, 1 | 2 };
	struct office o;
	const char *one, *two;

	office_open(&o);
	one = propose_seats(&o, KIND_REMOVE_MEMBER, seats, 2, 1, STATE_OPEN);
	two = propose_seats(&o, KIND_REMOVE_MEMBER, seats, 2, 2, STATE_OPEN);
	post(&o, row(&o, 0, one, "approve"));
	post(&o, row(&o, 0, two, "approve"));
	(void)take(&o);
	CHECK(state(&o, one) == STATE_SCHEDULED && state(&o, two) == STATE_OPEN);
	post(&o, row(&o, 1, two, "approve"));
	(void)take(&o);
	CHECK(state(&o, two) == STATE_SCHEDULED);
	office_close(&o);
}

/* The night put another in the seat: who approved sits there no longer, and is nobody. */
static void
an_approval_counts_while_its_person_sits_there(void)
{
	static const unsigned seats[] = { 1, 2 };
	struct office o;
	struct stored s;
	struct error err = { 0 };

	office_open(&o);
	s = look(&o, propose_seats(&o, KIND_REMOVE_MEMBER, seats, 2, 1, STATE_OPEN));
	post(&o, row(&o, 0, s.id, "approve"));
	(void)take(&o);
	s.p.approvers.items[0].key = keys[2];
	s.p.approvers.items[0].mail = "k-cia@kalmar.example";
	CHECK(store_proposal_put(o.store, &s, &err) == 0);
	post(&o, row(&o, 1, s.id, "approve"));
	(void)take(&o);
	CHECK(state(&o, s.id) == STATE_OPEN);
	post(&o, row(&o, 2, s.id, "approve"));
	(void)take(&o);
	CHECK(state(&o, s.id) == STATE_SCHEDULED);
	office_close(&o);
}

static void
one_person_is_never_two(void)
{
	struct office o;
	const char *id, *none;

	office_open(&o);
	id = propose(&o, KIND_DESTROY, 1, 2, STATE_OPEN);
	none = propose(&o, KIND_DESTROY, 0, 0, STATE_OPEN);
	post(&o, row(&o, 0, id, "approve"));
	(void)take(&o);
	CHECK(state(&o, id) == STATE_OPEN && state(&o, none) == STATE_OPEN);
	office_close(&o);
}

static void
two_accounts_with_one_mailbox_are_one_person(void)
{
	struct office o;
	struct stored s;
	struct error err = { 0 };

	office_open(&o);
	s = look(&o, propose(&o, KIND_DESTROY, 3, 2, STATE_OPEN));
	s.p.approvers.items[1].mail = "K-ANNA@kalmar.example";
	CHECK(store_proposal_put(o.store, &s, &err) == 0);
	post(&o, row(&o, 0, s.id, "approve"));
	post(&o, row(&o, 1, s.id, "approve"));
	CHECK(take(&o).approved == 2 && state(&o, s.id) == STATE_OPEN);
	office_close(&o);
}

static void
what_was_undone_needs_everybody_again_and_does_not_come_back(void)
{
	struct office o;
	struct inbox_decision old;
	const char *id;

	office_open(&o);
	id = propose(&o, KIND_REMOVE_MEMBER, 3, 2, STATE_OPEN);
	old = row(&o, 0, id, "approve");
	post(&o, old);
	post(&o, row(&o, 1, id, "approve"));
	(void)take(&o);
	o.now += 60;
	post(&o, row(&o, 0, id, "undo"));
	CHECK(take(&o).undone == 1 && state(&o, id) == STATE_OPEN);
	o.now += 60;
	post(&o, old);                          /* a copy of the row from before */
	CHECK(take(&o).refused == 1);
	post(&o, row(&o, 1, id, "approve"));
	(void)take(&o);
	CHECK(state(&o, id) == STATE_OPEN);
	post(&o, row(&o, 0, id, "approve"));
	(void)take(&o);
	CHECK(state(&o, id) == STATE_SCHEDULED);
	o.now += 4 * DAY;
	post(&o, row(&o, 0, id, "undo"));       /* too late */
	CHECK(take(&o).refused == 1 && state(&o, id) == STATE_SCHEDULED);
	office_close(&o);
}

static void
a_keep_becomes_an_exception_for_each_role(void)
{
	struct office o;
	struct kept_list kept = { 0 };
	struct inbox_decision d;
	struct error err = { 0 };
	const char *id;
	day_t until;

	office_open(&o);
	until = clock_day(o.now) + 30;
	id = propose(&o, KIND_REMOVE_MEMBER, 3, 1, STATE_OPEN);
	d = row(&o, 1, id, "keep");
	d.until = until;
	d.reason = " ";
	post(&o, d);
	CHECK(take(&o).refused == 1);           /* without a reason */
	d.reason = "vikarierar";
	post(&o, row(&o, 1, id, "approve"));
	post(&o, d);
	CHECK(take(&o).kept == 1);
	CHECK(state(&o, id) == STATE_KEPT && look(&o, id).until == until);
	CHECK(store_exceptions(o.mem, o.store, until - 1, &kept, &err) == 0 && kept.list.count == 2);
	if (kept.list.count == 2) {
		CHECK_TEXT(kept.list.items[1].system, "s1");
		CHECK_TEXT(kept.list.items[1].role, "q");
		CHECK_TEXT(kept.list.items[1].key, "m1");
	}
	CHECK(store_exceptions(o.mem, o.store, until, &kept, &err) == 0 && kept.list.count == 0);
	post(&o, row(&o, 1, id, "approve"));
	CHECK(take(&o).refused == 1);           /* they have said keep themselves */
	office_close(&o);
}

static void
nobody_approves_the_loss_of_their_own_access(void)
{
	struct office o;
	struct stored s;
	struct error err = { 0 };

	office_open(&o);
	s = look(&o, propose(&o, KIND_REMOVE_MEMBER, 1, 1, STATE_OPEN));
	s.p.guid = keys[0];
	CHECK(store_proposal_put(o.store, &s, &err) == 0);
	post(&o, row(&o, 0, s.id, "approve"));
	CHECK(take(&o).refused == 1 && state(&o, s.id) == STATE_OPEN);
	office_close(&o);
}

static void
a_braked_one_is_not_answered(void)
{
	struct office o;
	const char *id;

	office_open(&o);
	id = propose(&o, KIND_REMOVE_MEMBER, 1, 1, STATE_BRAKED);
	post(&o, row(&o, 0, id, "approve"));
	post(&o, row(&o, 0, id, "keep"));
	CHECK(take(&o).refused == 2 && state(&o, id) == STATE_BRAKED);
	office_close(&o);
}

static void
an_owner_who_changed_destroys_nothing_for_seven_days(void)
{
	struct office o;
	struct error err = { 0 };
	const char *id, *access;

	office_open(&o);
	id = propose(&o, KIND_DESTROY, 1, 1, STATE_OPEN);
	access = propose(&o, KIND_REMOVE_MEMBER, 1, 1, STATE_OPEN);
	CHECK(store_pin_put(o.store, &(struct pin){ "anna", keys[0], "x@kalmar.example", 0, o.now - 6 * DAY }, &err) == 0);
	post(&o, row(&o, 0, id, "approve"));
	post(&o, row(&o, 0, access, "approve"));
	CHECK(take(&o).refused == 1 && state(&o, id) == STATE_OPEN && state(&o, access) == STATE_SCHEDULED);
	o.now += DAY;
	post(&o, row(&o, 0, id, "approve"));
	CHECK(take(&o).refused == 0 && state(&o, id) == STATE_SCHEDULED);
	office_close(&o);
}

static void
an_expired_link_counts_for_nothing(void)
{
	struct office o;
	const char *id;

	office_open(&o);
	id = propose(&o, KIND_REMOVE_MEMBER, 1, 1, STATE_OPEN);
	o.now += 20 * DAY;
	post(&o, row(&o, 0, id, "approve"));
	CHECK(take(&o).refused == 1 && state(&o, id) == STATE_OPEN);
	office_close(&o);
}

static void
a_proof_for_another_letter_counts_for_nothing(void)
{
	struct office o;
	struct inbox_decision d;
	const char *id;

	office_open(&o);
	id = propose(&o, KIND_REMOVE_MEMBER, 1, 1, STATE_OPEN);
	d = row(&o, 0, id, "approve");
	d.proof = arena_print(o.mem, "{\"code_sent\":%lld,\"kind\":\"code\",\"letter\":\"letter1\",\"proved\":%lld}",
			      (long long)o.now - 9, (long long)o.now - 8);
	post(&o, d);
	CHECK(take(&o).refused == 1);
	d.proof = "[]";
	post(&o, d);
	CHECK(take(&o).refused == 1 && state(&o, id) == STATE_OPEN);
	office_close(&o);
}

/* As one would write who has broken into serve. */
static void
raw(struct office *o, const char *sql)
{
	sqlite3 *db = NULL;

	CHECK(sqlite3_open(o->rules.conf.inbox, &db) == SQLITE_OK);
	CHECK(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK);
	sqlite3_close(db);
}

static void
rubbish_is_refused_and_the_rest_goes_on(void)
{
	struct office o;
	struct inbox_decision d;
	struct audit_result chain;
	struct error err = { 0 };
	char *huge, *deep;
	const char *id;

	office_open(&o);
	id = propose(&o, KIND_REMOVE_MEMBER, 1, 1, STATE_OPEN);
	huge = arena_take(o.mem, 3000001);
	memset(huge, 'x', 3000000);
	deep = arena_take(o.mem, 100001);
	memset(deep, '[', 100000);
	d = row(&o, 0, id, "approve");
	d.reason = d.proof = d.version = huge;
	post(&o, d);
	d = row(&o, 0, huge, huge);
	post(&o, d);
	raw(&o, "insert into decision (token, proposal, version, verdict, reason, until, at, proof) values ("
		"cast(x'fffe' as text), cast(x'c3' as text), 'v1', 'keep', cast(x'ff00ff' as text), 9223372036854775807,"
		" 1, cast(x'80' as text))");
	d = row(&o, 0, id, "approve");
	d.proof = deep;
	post(&o, d);
	d = row(&o, 0, id, "approve");
	d.at = INT64_MAX;
	post(&o, d);
	d.at = INT64_MIN + 1;
	post(&o, d);
	d = row(&o, 0, id, "approve");
	d.proof = "{\"kind\":\"code\",\"code_sent\":-9223372036854775808,\"proved\":9223372036854775807}";
	post(&o, d);
	d.token = "";
	d.proposal = "";
	d.proof = "\x01";
	post(&o, d);
	post(&o, row(&o, 0, id, "approve"));
	CHECK(take(&o).approved == 1 && state(&o, id) == STATE_SCHEDULED);
	CHECK(audit_verify(o.mem, o.store, NULL, &chain, &err) == 0 && chain.broken == 0 && chain.rows >= 9);
	office_close(&o);
}

static void
an_id_that_somebody_chose_hides_no_decision(void)
{
	struct office o;
	const char *first, *second;

	office_open(&o);
	first = propose(&o, KIND_REMOVE_MEMBER, 1, 1, STATE_OPEN);
	second = propose(&o, KIND_REMOVE_MEMBER, 1, 1, STATE_OPEN);
	raw(&o, "insert into decision (id, token, proposal, verdict, at) values (4611686018427387904, 'x', 'x', 'keep', 1)");
	CHECK(take(&o).refused == 1);
	raw(&o, "delete from decision; update sqlite_sequence set seq = 0");    /* what an administrator does then */
	post(&o, row(&o, 0, first, "approve"));
	CHECK(take(&o).approved == 1 && state(&o, first) == STATE_SCHEDULED);
	raw(&o, "delete from decision; update sqlite_sequence set seq = 0");    /* another inbox: its ids begin again */
	post(&o, row(&o, 0, second, "approve"));
	CHECK(take(&o).approved == 1 && state(&o, second) == STATE_SCHEDULED);
	CHECK(take(&o).taken == 0);
	office_close(&o);
}

static void
a_flood_of_forgeries_fills_no_store_and_hides_no_decision(void)
{
	struct office o;
	struct take_result out;
	struct decisions all;
	struct error err = { 0 };
	const char *id;

	office_open(&o);
	id = propose(&o, KIND_REMOVE_MEMBER, 1, 1, STATE_OPEN);
	raw(&o, "with recursive n (i) as (select 1 union all select i + 1 from n where i < 2500)"
		" insert into decision (token, proposal, verdict, at) select 'x' || i, 'x', 'keep', 1 from n");
	post(&o, row(&o, 0, id, "approve"));
	out = take(&o);
	CHECK(out.approved == 1 && out.refused == 1000 && state(&o, id) == STATE_SCHEDULED);
	CHECK(store_decisions(o.mem, o.store, NULL, INT64_MIN, &all, &err) == 0 && all.list.count == 1001);
	office_close(&o);
}

static void
an_inbox_that_cannot_be_read_is_not_an_empty_one(void)
{
	struct office o;
	struct error err = { 0 };
	const char *path, *away, *beside;

	office_open(&o);
	path = o.rules.conf.inbox;
	away = arena_print(o.mem, "%s.away", path);
	beside = arena_print(o.mem, "%s-journal", path);
	inbox_close(o.inbox);
	o.inbox = NULL;
	CHECK(!take(&o).unread);
	CHECK(rename(path, away) == 0 && !take(&o).unread);             /* serve has never run */
	CHECK(symlink(away, path) == 0 && take(&o).unread);
	CHECK(unlink(path) == 0 && symlink("nowhere", path) == 0 && take(&o).unread);
	CHECK(unlink(path) == 0 && mkfifo(path, 0600) == 0 && take(&o).unread);
	CHECK(unlink(path) == 0 && mkdir(path, 0700) == 0 && take(&o).unread);
	CHECK(rmdir(path) == 0 && rename(away, path) == 0 && truncate(path, 5000) == 0 && take(&o).unread);
	CHECK(truncate(path, INBOX_MOST + 1) == 0 && take(&o).unread);
	CHECK(unlink(path) == 0 && inbox_open(path, true, &o.inbox, &err) == 0 && !take(&o).unread);
	CHECK(mkfifo(beside, 0600) == 0 && take(&o).unread && unlink(beside) == 0);
	raw(&o, "pragma journal_mode = wal; insert into decision (token, proposal, verdict, at) values ('x', 'x', 'keep', 1)");
	CHECK(take(&o).unread);
	raw(&o, "pragma journal_mode = delete");
	CHECK(!take(&o).unread);
	o.rules.conf.inbox = arena_print(o.mem, "%s/below", path);      /* not a folder */
	CHECK(take(&o).unread);
	o.rules.conf.inbox = path;
	office_close(&o);
}

static void
decisions_are_read_from_no_other_table_than_ours(void)
{
	struct office o;

	office_open(&o);
	raw(&o, "drop table decision; create table decision (id integer primary key, token text, proposal text, version text,"
		" verdict text, reason text, until integer, at integer, proof text as (hex(zeroblob(400000000))))");
	CHECK(take(&o).unread);
	raw(&o, "drop table decision; create view decision as select * from code");
	CHECK(take(&o).unread);
	office_close(&o);
}

static void
those_who_are_left_have_all_approved_already(void)
{
	struct office o;
	struct stored s;
	struct error err = { 0 };

	office_open(&o);
	s = look(&o, propose(&o, KIND_REMOVE_MEMBER, 3, 1, STATE_OPEN));
	post(&o, row(&o, 0, s.id, "approve"));
	(void)take(&o);
	CHECK(state(&o, s.id) == STATE_OPEN);
	s.p.approvers.count = 1;                /* the night: the other system's owner is the same person now */
	CHECK(store_proposal_put(o.store, &s, &err) == 0);
	(void)take(&o);
	CHECK(state(&o, s.id) == STATE_SCHEDULED);
	office_close(&o);
}

static void
the_command_line_keeps_and_undoes_but_never_approves(void)
{
	struct office o;
	struct error err = { 0 };
	struct decision d = { .name = "root", .reason = "fel person", .until = DAY_NONE, .source = "command line" };

	office_open(&o);
	d.at = o.now;
	d.proposal = propose(&o, KIND_REMOVE_MEMBER, 1, 1, STATE_OPEN);
	d.verdict = VERDICT_APPROVE;
	CHECK(take_by_hand(o.mem, &o.rules, o.store, &d, o.now, &err) < 0 && err.kind == ERROR_USAGE);
	d.verdict = VERDICT_UNDO;
	CHECK(take_by_hand(o.mem, &o.rules, o.store, &d, o.now, &err) < 0);
	post(&o, row(&o, 0, d.proposal, "approve"));
	(void)take(&o);
	CHECK(take_by_hand(o.mem, &o.rules, o.store, &d, o.now, &err) == 0 && state(&o, d.proposal) == STATE_OPEN);
	(void)take(&o);                         /* what was undone is not settled again */
	CHECK(state(&o, d.proposal) == STATE_OPEN);
	d.verdict = VERDICT_KEEP;
	d.reason = NULL;
	CHECK(take_by_hand(o.mem, &o.rules, o.store, &d, o.now, &err) < 0);
	d.reason = "fel person";
	CHECK(take_by_hand(o.mem, &o.rules, o.store, &d, o.now, &err) == 0 && state(&o, d.proposal) == STATE_KEPT);
	d.proposal = "nothing-1";
	CHECK(take_by_hand(o.mem, &o.rules, o.store, &d, o.now, &err) < 0);
	office_close(&o);
}

static void
what_apply_has_begun_with_is_not_undone_by_words(void)
{
	struct office o;
	struct error err = { 0 };
	struct decision d = { .name = "root", .reason = "fel", .until = DAY_NONE, .verdict = VERDICT_UNDO };
	long long effect;

	office_open(&o);
	d.at = o.now;
	d.proposal = propose(&o, KIND_REMOVE_MEMBER, 1, 1, STATE_OPEN);
	post(&o, row(&o, 0, d.proposal, "approve"));
	(void)take(&o);
	CHECK(store_effect_intend(o.store, &(struct effect){ .proposal = d.proposal, .act = "remove", .target = "g",
							     .intended = o.now, .ended = INT64_MIN }, &effect, &err) == 0);
	post(&o, row(&o, 0, d.proposal, "undo"));
	post(&o, row(&o, 0, d.proposal, "keep"));
	CHECK(take(&o).refused == 2);
	CHECK(take_by_hand(o.mem, &o.rules, o.store, &d, o.now, &err) < 0);
	CHECK(state(&o, d.proposal) == STATE_SCHEDULED);
	office_close(&o);
}

/* Who has broken into serve may date a decision back, but not to before we looked into the inbox and it was not there. */
static void
a_decision_that_is_dated_back_still_has_its_grace(void)
{
	struct office o;
	struct inbox_decision d;
	const char *id;

	office_open(&o);
	id = propose(&o, KIND_REMOVE_MEMBER, 1, 1, STATE_OPEN);
	d = row(&o, 0, id, "approve");
	(void)take(&o);
	o.now += DAY;
	post(&o, d);
	(void)take(&o);
	CHECK(state(&o, id) == STATE_SCHEDULED && look(&o, id).go_at == clock_midnight(clock_day(o.now) + 3));
	id = propose(&o, KIND_REMOVE_MEMBER, 1, 1, STATE_OPEN);
	o.now += 3600;
	post(&o, row(&o, 0, id, "approve"));
	o.now += DAY;                           /* as every night: it lay there since yesterday */
	(void)take(&o);
	CHECK(state(&o, id) == STATE_SCHEDULED && look(&o, id).go_at == clock_midnight(clock_day(o.now) + 2));
	d = row(&o, 0, NULL, "approve");
	o.now += 2 * DAY;
	d.proposal = propose(&o, KIND_REMOVE_MEMBER, 1, 1, STATE_OPEN);         /* asked yesterday, answered before */
	post(&o, d);
	CHECK(take(&o).refused == 1 && state(&o, d.proposal) == STATE_OPEN);
	office_close(&o);
}

static void
a_decision_that_lay_long_still_has_its_grace(void)
{
	struct office o;
	const char *id;

	office_open(&o);
	id = propose(&o, KIND_REMOVE_MEMBER, 1, 1, STATE_OPEN);
	post(&o, row(&o, 0, id, "approve"));
	o.now += 9 * DAY;
	(void)take(&o);
	CHECK(state(&o, id) == STATE_SCHEDULED && look(&o, id).go_at > o.now + 2 * DAY);
	office_close(&o);
}

/* ------------------------------------------------------------------ the other answers */

static struct questions
questions(struct office *o, const char *id)
{
	struct questions all;
	struct error err = { 0 };

	CHECK(store_questions(o->mem, o->store, &(struct question_filter){ .proposal = id }, &all, &err) == 0);
	return all;
}

static void
words_that_cannot_be_are_refused_and_ask_nobody(void)
{
	static const struct { const char *verdict, *reason; int days; } wrong[] = {
		{ "ask", NULL, 0 }, { "ask", "", 0 }, { "ask", "\nVad?", 0 }, { "ask", "  \nVad?", 0 }, { "ask", "kim.ek", 0 },
		{ "ask", "kim.ek\n", 0 }, { "ask", "kim.ek\n \t", 0 }, { "ask", "kim\r.ek\nVad?", 0 }, { "ask", "kim\t.ek\nVad?", 0 },
		{ "ask", "kim\x01.ek\nVad?", 0 }, { "ask", "kim\xc2\x85.ek\nVad?", 0 }, { "ask", "ek\xe2\x80\xae.mik\nVad?", 0 },
		{ "ask", "<kim@x.example>\nVad?", 0 }, { "ask", "kim@x.example, bo@x.example\nVad?", 0 }, { "ask", "kim.ek\nVad\x07?", 0 },
		{ "ask", "kim.ek\nVad\x7f?", 0 }, { "ask", "kim.\xff\nVad?", 0 }, { "ask", "kim.ek\nVad\xff?", 0 },
		{ "rule", NULL, 0 }, { "rule", " \r\n", 0 }, { "rule", "fel\x1b[2J", 0 }, { "hold", NULL, 0 }, { "hold", " ", 0 },
		{ "hold", "tvist", -1 }, { "hold", "tvist\x02", 0 }, { "later", NULL, 0 }, { "later", NULL, -1 }, { "later", NULL, 31 },
		{ "not-mine", "nej\x03", 0 }, { "advise", "keep 1\nja", 0 }, { "advise", "keep\nja", 0 }, { "advise", "keep 99999999999999999999\nja", 0 },
		{ "advise", NULL, 0 },
	};
	struct office o;
	struct holds holds;
	struct error err = { 0 };
	const char *access, *files;
	char *long_name, *long_text;

	office_open(&o);
	access = propose(&o, KIND_REMOVE_MEMBER, 3, 2, STATE_OPEN);
	files = propose(&o, KIND_DESTROY, 3, 2, STATE_OPEN);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct inbox_decision d = row(&o, 0, strcmp(wrong[i].verdict, "hold") == 0 ? files : access, wrong[i].verdict);

		d.reason = wrong[i].reason;
		d.until = wrong[i].days ? clock_day(o.now) + wrong[i].days : DAY_NONE;
		post(&o, d);
		CHECK(take(&o).refused == 1);
	}
	long_name = arena_take(o.mem, 400);
	memset(long_name, 'k', 399);
	memcpy(long_name + 300, "\nVad?", 6);
	long_text = arena_take(o.mem, 1100);
	memset(long_text, 'k', 1099);
	memcpy(long_text, "kim.ek\n", 7);
	for (int i = 0; i < 4; i++) {
		struct inbox_decision d = row(&o, 0, i == 3 ? files : access, i < 2 ? "ask" : i == 2 ? "rule" : "hold");

		d.reason = i ? long_text : long_name;
		post(&o, d);
		CHECK(take(&o).refused == 1);
	}
	post(&o, row(&o, 0, access, "hold"));   /* only files are held, and only access rests on a need */
	post(&o, row(&o, 0, files, "rule"));
	CHECK(take(&o).refused == 2);
	CHECK(questions(&o, access).list.count == 0 && questions(&o, files).list.count == 0);
	CHECK(store_holds(o.mem, o.store, true, &holds, &err) == 0 && holds.list.count == 0);
	CHECK(state(&o, access) == STATE_OPEN && state(&o, files) == STATE_OPEN);
	office_close(&o);
}

static void
new_answers_are_forged_no_more_than_the_old(void)
{
	for (unsigned way = 0; way < WAYS; way++)
		for (int verdict = VERDICT_ASK; verdict <= VERDICT_LATER; verdict++) {
			struct office o;
			struct inbox_decision d;
			const char *id;
			office_open(&o);
			id = propose(&o, verdict == VERDICT_HOLD ? KIND_DESTROY : KIND_REMOVE_MEMBER, 1, 1, STATE_OPEN);
			d = answer(&o, 0, id, verdict);
			spoil(&o, &d, way);
			post(&o, d);
			post(&o, answer(&o, 1, id, verdict));   /* nobody who is asked */
			CHECK(take(&o).refused == 2 && state(&o, id) == STATE_OPEN && questions(&o, id).list.count == 0);
			office_close(&o);
		}
}

static void
who_is_asked_advises_and_does_not_decide(void)
{
	struct office o;
	struct inbox_decision d;
	struct question q;
	struct questions all;
	struct error err = { 0 };
	const char *id;

	office_open(&o);
	id = propose(&o, KIND_REMOVE_MEMBER, 1, 1, STATE_OPEN);
	post(&o, answer(&o, 0, id, VERDICT_ASK));
	post(&o, answer(&o, 0, id, VERDICT_RULE));      /* one at a time */
	CHECK(take(&o).refused == 1 && state(&o, id) == STATE_ASKED);
	q = questions(&o, id).list.items[0];
	CHECK_TEXT(q.to, "kim.ek");
	CHECK_TEXT(q.text, "Vet du?");
	d = row(&o, 1, id, "advise");
	d.reason = arena_print(o.mem, "remove %lld\n", q.id);
	post(&o, d);                            /* nobody has asked them: the night has not found anybody yet */
	CHECK(take(&o).refused == 1);
	q.key = keys[1];
	CHECK(store_question_put(o.store, &q, &err) == 0);
	post(&o, row(&o, 1, id, "approve"));
	post(&o, row(&o, 1, id, "keep"));
	d = row(&o, 2, id, "advise");           /* somebody else answers for them */
	d.reason = arena_print(o.mem, "remove %lld\n", q.id);
	post(&o, d);
	d = row(&o, 1, id, "advise");
	d.reason = arena_print(o.mem, "remove %lld\n", q.id + 1);
	post(&o, d);
	CHECK(take(&o).refused == 4 && state(&o, id) == STATE_ASKED);
	d.reason = arena_print(o.mem, "remove %lld\nHon har slutat\ni år", q.id);
	post(&o, d);
	CHECK(take(&o).taken == 1 && state(&o, id) == STATE_OPEN);      /* and not approved */
	all = questions(&o, id);
	CHECK(all.list.count == 1 && all.list.items[0].advice == ADVICE_REMOVE && all.list.items[0].closed == o.now);
	CHECK_TEXT(all.list.items[0].answer, "Hon har slutat\ni år");
	o.now++;
	d.at = o.now;
	post(&o, d);
	CHECK(take(&o).refused == 1);
	post(&o, row(&o, 0, id, "approve"));
	CHECK(take(&o).approved == 1 && state(&o, id) == STATE_SCHEDULED);
	office_close(&o);
}

static void
who_has_asked_can_answer_without_waiting(void)
{
	struct office o;
	const char *id, *kept;

	office_open(&o);
	id = propose(&o, KIND_REMOVE_MEMBER, 1, 1, STATE_OPEN);
	kept = propose(&o, KIND_REMOVE_MEMBER, 1, 1, STATE_OPEN);
	post(&o, answer(&o, 0, id, VERDICT_ASK));
	post(&o, answer(&o, 0, kept, VERDICT_RULE));
	(void)take(&o);
	post(&o, row(&o, 0, id, "approve"));
	post(&o, row(&o, 0, kept, "keep"));
	CHECK(take(&o).refused == 0 && state(&o, id) == STATE_SCHEDULED && state(&o, kept) == STATE_KEPT);
	office_close(&o);
}

static void
put_files(struct office *o, const char *id, const char *batch, const char *first, const char *last)
{
	const struct record records[] = { { .path = first, .btime_s = INT64_MIN }, { .path = last, .btime_s = INT64_MIN } };
	struct stored s = look(o, id);
	struct error err = { 0 };

	s.p.batch = batch;
	s.p.manifest = manifest_digest(o->mem, records, 2);
	CHECK(store_manifest_put(o->store, s.p.manifest, records, 2, &err) == 0 && store_proposal_put(o->store, &s, &err) == 0);
}

static void
a_stop_is_of_the_series_in_the_folder_that_holds_the_files(void)
{
	static const struct { const char *batch, *first, *last, *path; } of[] = {
		{ "V/2019", "V/2019/01/a", "V/2019/02/b", "V/2019" }, { "V/100%25", "V/100%/a", "V/100%/b", "V/100%" },
		{ "", "V/a/1", "V/a/2", "V/a" }, { "", "V/a/1", "V/ab/2", "V" }, { "", "V/a/1", "W/a/1", NULL }, { "", "a", "b", NULL },
		{ "V/a*/c", "V/a*/c/1", "V/a*/c/2", "V" }, { "V/{year}", "V/{year}/1", "V/{year}/2", "V" },
		{ "V/r%E4k/x", "V/r\xe4k/x/1", "V/r\xe4k/x/2", "V" }, { NULL, "Å/b/1", "Å/b/1x", "Å/b" },
	};

	for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
		struct office o;
		struct holds holds;
		struct error err = { 0 };
		const char *id;

		office_open(&o);
		id = propose(&o, KIND_DESTROY, 3, 2, STATE_OPEN);
		put_files(&o, id, of[i].batch, of[i].first, of[i].last);
		post(&o, row(&o, 0, id, "approve"));
		post(&o, row(&o, 1, id, "hold"));
		CHECK(take(&o).refused == 0 && state(&o, id) == STATE_HELD);
		CHECK(store_holds(o.mem, o.store, false, &holds, &err) == 0 && holds.list.count == 1);
		if (holds.list.count == 1) {
			const struct hold *h = &holds.list.items[0].hold;

			CHECK_TEXT(h->series, "r0");
			CHECK_TEXT(h->share, "sh");
			CHECK_TEXT(h->reason, "behövs");
			CHECK_TEXT(h->by, "bo");
			CHECK(of[i].path ? h->path && strcmp(h->path, of[i].path) == 0 : !h->path);
		}
		office_close(&o);
	}
}

static void
a_stop_takes_approvals_back_and_each_has_an_id_of_its_own(void)
{
	struct office o;
	struct holds holds;
	struct error err = { 0 };
	struct decision d = { .name = "root", .reason = "tillsyn", .verdict = VERDICT_HOLD, .until = DAY_NONE };
	const char *id;

	office_open(&o);
	id = propose(&o, KIND_DESTROY, 3, 2, STATE_OPEN);
	post(&o, row(&o, 0, id, "approve"));
	post(&o, row(&o, 1, id, "approve"));
	(void)take(&o);
	CHECK(state(&o, id) == STATE_SCHEDULED);
	o.now++;
	post(&o, row(&o, 0, id, "hold"));
	post(&o, row(&o, 1, id, "approve"));
	CHECK(take(&o).refused == 1 && state(&o, id) == STATE_HELD);
	CHECK(store_hold_lift(o.store, arena_print(o.mem, STOP_PREFIX "%s-1", id), o.now, "arkivet", "klart", &err) == 0);
	CHECK(store_proposal_move(o.store, id, PROPOSAL_FREED, o.now, INT64_MIN, DAY_NONE, NULL, &err) == 0);
	o.now++;
	post(&o, row(&o, 1, id, "approve"));
	(void)take(&o);
	CHECK(state(&o, id) == STATE_OPEN);     /* the other one approved before the stop */
	d.proposal = id;
	d.at = o.now;
	CHECK(take_by_hand(o.mem, &o.rules, o.store, &d, o.now, &err) == 0 && state(&o, id) == STATE_HELD);
	CHECK(store_holds(o.mem, o.store, true, &holds, &err) == 0 && holds.list.count == 2);
	CHECK_TEXT(holds.list.items[1].hold.id, arena_print(o.mem, STOP_PREFIX "%s-2", id));
	d.proposal = propose(&o, KIND_REMOVE_MEMBER, 1, 1, STATE_OPEN);
	CHECK(take_by_hand(o.mem, &o.rules, o.store, &d, o.now, &err) < 0);
	office_close(&o);
}

static void
two_who_stop_the_same_are_named_in_one_stop(void)
{
	struct decision d = { .name = "root", .reason = "tillsyn", .verdict = VERDICT_HOLD, .until = DAY_NONE };
	struct inbox_decision tom;
	struct office o;
	struct holds holds;
	struct error err = { 0 };
	struct decisions all;
	const char *id, *other;

	office_open(&o);
	id = propose(&o, KIND_DESTROY, 3, 2, STATE_OPEN);
	other = propose(&o, KIND_DESTROY, 3, 2, STATE_OPEN);
	tom = answer(&o, 0, id, VERDICT_HOLD);
	tom.until = clock_day(o.now) + 9;
	post(&o, tom);
	tom = answer(&o, 1, id, VERDICT_HOLD);
	tom.reason = "begäran";
	tom.until = clock_day(o.now) + 5;
	post(&o, tom);
	CHECK(take(&o).taken == 2 && look(&o, id).until == clock_day(o.now) + 9);
	CHECK_TEXT(look(&o, id).note, "behövs; begäran");
	for (int i = 0; i < 50; i++)            /* who has taken serve over writes what it likes */
		post(&o, answer(&o, i % 2, id, VERDICT_HOLD));
	CHECK(take(&o).refused == 50);
	for (int i = 0; i < 2; i++) {           /* by hand: once more, and again */
		d.proposal = id;
		d.at = o.now;
		CHECK(take_by_hand(o.mem, &o.rules, o.store, &d, o.now, &err) == 0);
	}
	CHECK(store_holds(o.mem, o.store, true, &holds, &err) == 0 && holds.list.count == 1);
	CHECK_TEXT(holds.list.items[0].hold.id, arena_print(o.mem, STOP_PREFIX "%s-1", id));
	CHECK_TEXT(holds.list.items[0].hold.by, "anna, bo, root");
	CHECK_TEXT(holds.list.items[0].hold.reason, "behövs; begäran; tillsyn");
	CHECK(look(&o, id).until == DAY_NONE);
	CHECK(store_decisions(o.mem, o.store, id, INT64_MIN, &all, &err) == 0 && all.list.count == 54);
	post(&o, answer(&o, 0, other, VERDICT_HOLD));   /* of something else it is another */
	CHECK(take(&o).taken == 1);
	CHECK(store_hold_lift(o.store, holds.list.items[0].hold.id, o.now, "arkivet", "klart", &err) == 0);
	CHECK(store_holds(o.mem, o.store, false, &holds, &err) == 0 && holds.list.count == 1);
	CHECK(hold_is_of(&holds.list.items[0].hold, look(&o, other).p.key) && !hold_is_of(&holds.list.items[0].hold, look(&o, id).p.key));
	office_close(&o);
}

/* Its files lie elsewhere since: what stands does not cover them. */
static void
what_a_stop_does_not_cover_gets_another(void)
{
	struct office o;
	struct holds holds;
	struct error err = { 0 };
	const char *id;

	office_open(&o);
	id = propose(&o, KIND_DESTROY, 3, 2, STATE_OPEN);
	put_files(&o, id, "", "V/a/1", "V/a/2");
	post(&o, answer(&o, 0, id, VERDICT_HOLD));
	CHECK(take(&o).taken == 1);
	put_files(&o, id, "", "V/a/1", "V/b/2");
	post(&o, answer(&o, 0, id, VERDICT_HOLD));
	CHECK(take(&o).taken == 1);
	CHECK(store_holds(o.mem, o.store, false, &holds, &err) == 0 && holds.list.count == 2);
	CHECK_TEXT(holds.list.items[0].hold.path, "V/a");
	CHECK_TEXT(holds.list.items[1].hold.path, "V");
	office_close(&o);
}

static void
a_stop_counts_whatever_has_become_of_it(void)
{
	static const enum state live[] = { STATE_OPEN, STATE_ASKED, STATE_HELD, STATE_WRONG_OWNER, STATE_SCHEDULED, STATE_QUARANTINED,
					   STATE_KEPT };

	for (size_t i = 0; i < sizeof live / sizeof *live; i++) {
		struct office o;
		struct holds holds;
		struct error err = { 0 };
		long long effect;
		const char *id;

		office_open(&o);
		id = propose(&o, KIND_DESTROY, 3, 2, live[i]);
		if (live[i] == STATE_SCHEDULED)         /* apply has begun */
			CHECK(store_effect_intend(o.store, &(struct effect){ .proposal = id, .act = "quarantine", .target = "f",
				.intended = o.now, .ended = INT64_MIN }, &effect, &err) == 0);
		post(&o, row(&o, 0, id, "hold"));
		CHECK(take(&o).refused == 0);
		CHECK(store_holds(o.mem, o.store, false, &holds, &err) == 0 && holds.list.count == 1);
		CHECK(state(&o, id) == (i < 4 ? STATE_HELD : live[i]));
		office_close(&o);
	}
}

static void
who_says_that_it_is_not_theirs_says_no_more(void)
{
	struct office o;
	struct error err = { 0 };
	const char *id, *own;

	office_open(&o);
	id = propose(&o, KIND_REMOVE_MEMBER, 3, 2, STATE_OPEN);
	own = propose(&o, KIND_REMOVE_MEMBER, 1 << 3, 1, STATE_OPEN);
	o.rules.conf.people.coordinator = "dan";
	CHECK(store_pin_put(o.store, &(struct pin){ "dan", keys[3], "x@kalmar.example", 0, INT64_MIN }, &err) == 0);
	post(&o, row(&o, 3, own, "not-mine"));
	CHECK(take(&o).refused == 1 && state(&o, own) == STATE_OPEN);
	post(&o, row(&o, 0, id, "not-mine"));
	post(&o, row(&o, 0, id, "approve"));
	post(&o, row(&o, 0, id, "not-mine"));
	CHECK(take(&o).refused == 2 && state(&o, id) == STATE_WRONG_OWNER);
	post(&o, row(&o, 1, id, "approve"));    /* that of the other one counts, and is not enough */
	CHECK(take(&o).approved == 1 && state(&o, id) == STATE_WRONG_OWNER);
	post(&o, row(&o, 0, id, "keep"));       /* what is safe is heard */
	CHECK(take(&o).kept == 1 && state(&o, id) == STATE_KEPT);
	office_close(&o);
}

/* A night has found that the rules name them for something else now, and given them a seat for that. */
static void
who_is_asked_as_something_else_answers_anew(void)
{
	struct office o;
	struct stored s;
	struct declined_list declined;
	struct inbox_decision before;
	struct error err = { 0 };
	const char *id;

	office_open(&o);
	id = propose_seats(&o, KIND_REMOVE_MEMBER, (const unsigned[]){ 1, 1, 2 }, 3, 2, STATE_OPEN);
	before = row(&o, 0, id, "approve");
	post(&o, before);
	o.now++;
	post(&o, row(&o, 0, id, "not-mine"));
	CHECK(take(&o).refused == 0 && state(&o, id) == STATE_WRONG_OWNER);
	CHECK(store_declined(o.mem, o.store, keys[0], &declined, &err) == 0 && declined.list.count == 1);       /* one duty in two seats */
	CHECK_TEXT(declined.list.items[0].as, "ägare");
	s = look(&o, id);
	for (size_t i = 0; i < s.p.approvers.count; i++)
		if (s.p.approvers.items[i].seat == 0)
			s.p.approvers.items[i].as = "samordnare";
	CHECK(store_proposal_put(o.store, &s, &err) == 0);
	CHECK(store_proposal_move(o.store, id, PROPOSAL_REASSIGNED, o.now, INT64_MIN, DAY_NONE, NULL, &err) == 0);
	o.now++;
	post(&o, row(&o, 1, id, "approve"));
	post(&o, before);
	CHECK(take(&o).refused == 1 && state(&o, id) == STATE_OPEN);    /* what was taken back does not come again */
	o.now++;
	post(&o, row(&o, 0, id, "approve"));
	CHECK(take(&o).approved == 1 && state(&o, id) == STATE_SCHEDULED);
	office_close(&o);
}

static void
what_was_not_theirs_by_mistake_is_undone_by_hand(void)
{
	struct office o;
	struct declined_list declined;
	struct error err = { 0 };
	struct decision d = { .name = "root", .reason = "fel knapp", .until = DAY_NONE, .verdict = VERDICT_UNDO };
	const char *other;

	office_open(&o);
	d.at = o.now;
	d.proposal = propose(&o, KIND_REMOVE_MEMBER, 3, 2, STATE_OPEN);
	other = propose(&o, KIND_REMOVE_MEMBER, 3, 2, STATE_OPEN);
	post(&o, row(&o, 0, d.proposal, "not-mine"));
	post(&o, row(&o, 1, other, "not-mine"));
	CHECK(take(&o).taken == 2);
	CHECK(take_by_hand(o.mem, &o.rules, o.store, &d, o.now, &err) == 0 && state(&o, d.proposal) == STATE_WRONG_OWNER);
	CHECK(store_declined(o.mem, o.store, NULL, &declined, &err) == 0 && declined.list.count == 1);
	CHECK_TEXT(declined.list.items[0].proposal_key, look(&o, other).p.key);
	CHECK(take_by_hand(o.mem, &o.rules, o.store, &d, o.now, &err) < 0 && err.kind == ERROR_USAGE);       /* nothing is left of it */
	post(&o, row(&o, 0, d.proposal, "approve"));
	CHECK(take(&o).approved == 1);
	office_close(&o);
}

/* The other of the two has approved meanwhile, and is told nothing: so nothing of theirs is taken back. */
static void
to_undo_what_was_not_theirs_takes_nobodys_approval(void)
{
	struct office o;
	struct stored s;
	struct decisions given;
	struct error err = { 0 };
	struct decision d = { .name = "root", .reason = "fel knapp", .until = DAY_NONE, .verdict = VERDICT_UNDO };

	office_open(&o);
	d.proposal = propose(&o, KIND_REMOVE_MEMBER, 3, 2, STATE_OPEN);
	post(&o, row(&o, 1, d.proposal, "approve"));
	o.now++;
	post(&o, row(&o, 0, d.proposal, "not-mine"));
	CHECK(take(&o).taken == 2);
	d.at = ++o.now;
	CHECK(take_by_hand(o.mem, &o.rules, o.store, &d, o.now, &err) == 0);
	s = look(&o, d.proposal);
	CHECK(store_decisions(o.mem, o.store, d.proposal, INT64_MIN, &given, &err) == 0);
	CHECK(seats_has_approved(&given, &s, keys[1]));
	CHECK(store_proposal_move(o.store, d.proposal, PROPOSAL_REASSIGNED, o.now, INT64_MIN, DAY_NONE, NULL, &err) == 0);
	o.now++;
	post(&o, row(&o, 0, d.proposal, "approve"));
	CHECK(take(&o).approved == 1 && state(&o, d.proposal) == STATE_SCHEDULED);
	office_close(&o);
}

/* Who has taken serve over can say yes and no in turn, each of which would count. */
static void
a_flood_of_what_counts_comes_to_an_end(void)
{
	static const char *const words[] = { "approve", "undo", "later" };
	struct office o;
	struct decisions all;
	struct error err = { 0 };
	const char *id;
	size_t counted = 0;

	office_open(&o);
	id = propose_seats(&o, KIND_DESTROY, (const unsigned[]){ 3 }, 1, 1, STATE_OPEN);
	for (int i = 0; i < 400; i++) {
		struct inbox_decision d = row(&o, 0, id, words[i % 3]);

		d.until = i % 3 == 2 ? clock_day(o.now) + 1 + i % 20 : DAY_NONE;
		d.at = o.now - 399 + i;
		post(&o, d);
	}
	(void)take(&o);
	CHECK(store_decisions(o.mem, o.store, id, INT64_MIN, &all, &err) == 0);
	for (size_t i = 0; i < all.list.count; i++)
		counted += !all.list.items[i].refused;
	CHECK(counted >= 50 && counted <= 51);
	o.now++;
	post(&o, row(&o, 1, id, "approve"));    /* somebody else is heard */
	CHECK(take(&o).refused == 0 && state(&o, id) == STATE_SCHEDULED);
	o.now++;
	post(&o, row(&o, 0, id, "undo"));       /* and what is safe, of who it was done in the name of */
	CHECK(take(&o).refused == 0 && state(&o, id) == STATE_OPEN);
	post(&o, row(&o, 0, id, "hold"));
	CHECK(take(&o).refused == 0 && state(&o, id) == STATE_HELD);
	post(&o, row(&o, 0, id, "keep"));
	CHECK(take(&o).kept == 1 && state(&o, id) == STATE_KEPT);
	office_close(&o);
}

static void
two_answers_are_both_kept_and_keep_wins(void)
{
	struct office o;
	struct decisions all;
	struct error err = { 0 };
	const char *id;

	office_open(&o);
	id = propose(&o, KIND_REMOVE_MEMBER, 7, 2, STATE_OPEN);
	post(&o, row(&o, 0, id, "keep"));
	post(&o, row(&o, 1, id, "approve"));
	post(&o, row(&o, 2, id, "keep"));
	CHECK(take(&o).refused == 0 && state(&o, id) == STATE_KEPT);
	CHECK(store_decisions(o.mem, o.store, id, INT64_MIN, &all, &err) == 0 && all.list.count == 3);
	for (size_t i = 0; i < all.list.count; i++)
		CHECK(!all.list.items[i].refused);
	post(&o, row(&o, 1, id, "undo"));
	post(&o, row(&o, 3, id, "approve"));
	CHECK(take(&o).refused == 2 && state(&o, id) == STATE_KEPT);
	office_close(&o);
}

static void
to_be_reminded_later_changes_nothing(void)
{
	struct office o;
	struct inbox_decision d;
	const char *id;

	office_open(&o);
	id = propose(&o, KIND_DESTROY, 1, 1, STATE_OPEN);
	d = answer(&o, 0, id, VERDICT_LATER);
	d.until = clock_day(o.now) + 30;
	post(&o, d);
	CHECK(take(&o).taken == 1 && state(&o, id) == STATE_OPEN);
	post(&o, row(&o, 0, id, "approve"));
	CHECK(take(&o).approved == 1 && state(&o, id) == STATE_SCHEDULED);
	office_close(&o);
}

/* ------------------------------------------------------------------ kinds of proof */

/* Of somebody who signed in with a password or through a proxy. */
static const char *
account_proof(struct office *o, const char *kind, const char *letter, const char *account, int64_t proved)
{
	return arena_print(o->mem, "{\"account\":\"%s\",\"kind\":\"%s\",\"letter\":\"%s\",\"proved\":%lld}", account, kind, letter,
			   (long long)proved);
}

static void
all_kinds(struct office *o)
{
	o->rules.conf.web.proofs[0] = PROOF_PROXY;
	o->rules.conf.web.proofs[1] = PROOF_LDAP;
	o->rules.conf.web.proofs[2] = PROOF_CODE;
	o->rules.conf.web.proof_count = 3;
}

/* What becomes of one approval with that proof, made now. */
static bool
counts(enum kind kind, const char *proof_text, void (*prepare)(struct office *o))
{
	struct office o;
	struct inbox_decision d;
	struct take_result out;

	office_open(&o);
	prepare(&o);
	d = row(&o, 0, propose(&o, kind, 1, 1, STATE_OPEN), "approve");
	d.proof = proof_text;
	post(&o, d);
	out = take(&o);
	CHECK(out.taken + out.refused == 1);
	office_close(&o);
	return out.taken == 1;
}

static void only_code(struct office *o) { (void)o; }
static void strong_destroy(struct office *o) { all_kinds(o); o->rules.conf.web.strong_destroy = true; }
static void strong_class(struct office *o) { all_kinds(o); o->rules.conf.web.strong_class3 = true; }

static void
each_kind_of_proof_has_its_own_rules(void)
{
	struct office o;
	int64_t now;

	office_open(&o);
	now = o.now;
	for (enum proof_kind kind = PROOF_LDAP; kind <= PROOF_PROXY; kind++) {
		const char *word = proof_word[kind];
		const char *good = account_proof(&o, word, "letter0", "k-anna", now - 100);

		CHECK(counts(KIND_REMOVE_MEMBER, good, all_kinds) && counts(KIND_DESTROY, good, all_kinds));
		CHECK(!counts(KIND_REMOVE_MEMBER, good, only_code));
		CHECK(!counts(KIND_REMOVE_MEMBER, account_proof(&o, word, "letter1", "k-anna", now - 100), all_kinds));
		CHECK(!counts(KIND_REMOVE_MEMBER, account_proof(&o, word, "letter0", "k-bo", now - 100), all_kinds));
		CHECK(!counts(KIND_REMOVE_MEMBER, account_proof(&o, word, "letter0", "K-ANNA", now - 100), all_kinds));
		CHECK(!counts(KIND_REMOVE_MEMBER, account_proof(&o, word, "letter0", "k-anna", now + 1), all_kinds));
		CHECK(!counts(KIND_REMOVE_MEMBER, account_proof(&o, word, "letter0", "k-anna", now - 2 * DAY), all_kinds));
		CHECK(counts(KIND_REMOVE_MEMBER, account_proof(&o, word, "letter0", "k-anna", now - 3600), all_kinds));
		CHECK(!counts(KIND_REMOVE_MEMBER, account_proof(&o, word, "letter0", "k-anna", now - 3601), all_kinds));
		CHECK(!counts(KIND_REMOVE_MEMBER, arena_print(o.mem, "{\"kind\":\"%s\"}", word), all_kinds));
		CHECK(!counts(KIND_REMOVE_MEMBER, arena_print(o.mem, "{\"account\":\"k-anna\",\"kind\":\"%s\",\"proved\":%lld}", word,
							      (long long)now - 100), all_kinds));
		CHECK(!counts(KIND_REMOVE_MEMBER, arena_print(o.mem, "{\"account\":\"k-anna\",\"kind\":\"%s\",\"letter\":\"letter0\"}", word),
			      all_kinds));
	}
	CHECK(!counts(KIND_REMOVE_MEMBER, account_proof(&o, "saml", "letter0", "k-anna", now - 100), all_kinds));
	/* A code is no password by another name, nor the other way round. */
	CHECK(!counts(KIND_REMOVE_MEMBER, account_proof(&o, "code", "letter0", "k-anna", now - 100), all_kinds));
	CHECK(!counts(KIND_REMOVE_MEMBER, arena_print(o.mem, "{\"code_sent\":%lld,\"kind\":\"ldap\",\"proved\":%lld}", (long long)now - 300,
						      (long long)now - 200), all_kinds));
	office_close(&o);
}

static void
destruction_is_approved_by_who_has_just_signed_in(void)
{
	struct office o;
	int64_t now;

	office_open(&o);
	now = o.now;
	CHECK(counts(KIND_DESTROY, proof(&o, now - 1000, now - 900), all_kinds));
	CHECK(!counts(KIND_DESTROY, proof(&o, now - 1000, now - 901), all_kinds));
	CHECK(counts(KIND_REMOVE_MEMBER, proof(&o, now - 1000, now - 901), all_kinds));
	CHECK(!counts(KIND_DESTROY, account_proof(&o, "ldap", "letter0", "k-anna", now - 901), all_kinds));
	CHECK(counts(KIND_DESTROY, account_proof(&o, "ldap", "letter0", "k-anna", now - 900), all_kinds));
	office_close(&o);
}

static void
a_code_is_not_enough_where_the_configuration_says_so(void)
{
	struct office o;
	const char *code, *ldap;

	office_open(&o);
	code = proof(&o, o.now - 300, o.now - 200);
	ldap = account_proof(&o, "ldap", "letter0", "k-anna", o.now - 200);
	CHECK(counts(KIND_DESTROY, code, all_kinds) && !counts(KIND_DESTROY, code, strong_destroy));
	CHECK(counts(KIND_REMOVE_MEMBER, code, strong_destroy) && counts(KIND_DESTROY, ldap, strong_destroy));
	/* propose() writes no class, and 0 is one of the low ones. */
	CHECK(counts(KIND_REMOVE_MEMBER, code, strong_class));
	office_close(&o);
	for (int class = -1; class <= 3; class++)
		for (int strong = 0; strong < 2; strong++)
			for (int verdict = VERDICT_APPROVE; verdict <= VERDICT_KEEP; verdict++) {
				struct stored s;
				struct error err = { 0 };
				struct inbox_decision d;
				bool fits = verdict == VERDICT_KEEP || strong || (class >= 0 && class < 3);

				office_open(&o);
				strong_class(&o);
				s = look(&o, propose(&o, KIND_REMOVE_MEMBER, 1, 1, STATE_OPEN));
				s.p.konfidentialitet = class;
				CHECK(store_proposal_put(o.store, &s, &err) == 0);
				d = row(&o, 0, s.id, verdict_word[verdict]);
				if (strong)
					d.proof = account_proof(&o, "proxy", "letter0", "k-anna", o.now - 200);
				post(&o, d);
				CHECK(take(&o).taken == fits);
				office_close(&o);
			}
}

static void
what_is_done_by_hand_is_said_once_until_a_night_has_looked(void)
{
	struct inbox_decision old;
	struct error err = { 0 };
	const char *hand, *ldif, *open;
	struct take_result out;
	struct office o;
	long long id;

	office_open(&o);
	hand = propose(&o, KIND_REMOVE_MEMBER, 3, 1, STATE_SCHEDULED);
	ldif = propose(&o, KIND_REMOVE_MEMBER, 3, 1, STATE_SCHEDULED);
	open = propose(&o, KIND_REMOVE_MEMBER, 3, 1, STATE_OPEN);
	CHECK(force_state(o.store, hand, STATE_EXPORTED, o.now - DAY, INT64_MIN, DAY_NONE, "/work/arbetslista-1.txt", &err) == 0);
	CHECK(force_state(o.store, ldif, STATE_EXPORTED, o.now - DAY, INT64_MIN, DAY_NONE, "/work/behov-1.ldif", &err) == 0);
	old = row(&o, 0, hand, "done");
	old.version = "v0";
	post(&o, old);
	post(&o, row(&o, 0, ldif, "done"));
	post(&o, row(&o, 0, open, "done"));
	post(&o, row(&o, 2, hand, "done"));
	out = take(&o);
	CHECK(out.taken == 0 && out.refused == 4);
	post(&o, row(&o, 0, hand, "done"));
	post(&o, row(&o, 1, hand, "done"));
	out = take(&o);
	CHECK(out.taken == 1 && out.refused == 1 && look(&o, hand).state == STATE_EXPORTED);
	CHECK(store_night_start(o.store, "run", o.now + 60, "rules", &id, &err) == 0);
	CHECK(store_night_end(o.store, id, "published", true, o.now + 120, "{}", &err) == 0);
	o.now += 600;
	post(&o, row(&o, 1, hand, "done"));
	out = take(&o);
	CHECK(out.taken == 1 && out.refused == 0);
	office_close(&o);
}

int
main(void)
{
	TEST(words_that_cannot_be_are_refused_and_ask_nobody);
	TEST(new_answers_are_forged_no_more_than_the_old);
	TEST(who_is_asked_advises_and_does_not_decide);
	TEST(who_has_asked_can_answer_without_waiting);
	TEST(a_stop_is_of_the_series_in_the_folder_that_holds_the_files);
	TEST(a_stop_takes_approvals_back_and_each_has_an_id_of_its_own);
	TEST(two_who_stop_the_same_are_named_in_one_stop);
	TEST(what_a_stop_does_not_cover_gets_another);
	TEST(a_stop_counts_whatever_has_become_of_it);
	TEST(who_says_that_it_is_not_theirs_says_no_more);
	TEST(who_is_asked_as_something_else_answers_anew);
	TEST(what_was_not_theirs_by_mistake_is_undone_by_hand);
	TEST(to_undo_what_was_not_theirs_takes_nobodys_approval);
	TEST(a_flood_of_what_counts_comes_to_an_end);
	TEST(two_answers_are_both_kept_and_keep_wins);
	TEST(to_be_reminded_later_changes_nothing);
	TEST(what_is_done_by_hand_is_said_once_until_a_night_has_looked);
	TEST(each_way_of_forging_is_refused);
	TEST(two_people_approve_and_then_it_waits_for_its_days);
	TEST(one_of_a_seat_is_enough_and_each_seat_is_needed);
	TEST(one_who_sits_in_both_seats_is_one_person);
	TEST(an_approval_counts_while_its_person_sits_there);
	TEST(one_person_is_never_two);
	TEST(two_accounts_with_one_mailbox_are_one_person);
	TEST(what_was_undone_needs_everybody_again_and_does_not_come_back);
	TEST(a_keep_becomes_an_exception_for_each_role);
	TEST(nobody_approves_the_loss_of_their_own_access);
	TEST(a_braked_one_is_not_answered);
	TEST(an_owner_who_changed_destroys_nothing_for_seven_days);
	TEST(an_expired_link_counts_for_nothing);
	TEST(a_proof_for_another_letter_counts_for_nothing);
	TEST(rubbish_is_refused_and_the_rest_goes_on);
	TEST(an_id_that_somebody_chose_hides_no_decision);
	TEST(a_flood_of_forgeries_fills_no_store_and_hides_no_decision);
	TEST(an_inbox_that_cannot_be_read_is_not_an_empty_one);
	TEST(decisions_are_read_from_no_other_table_than_ours);
	TEST(those_who_are_left_have_all_approved_already);
	TEST(the_command_line_keeps_and_undoes_but_never_approves);
	TEST(what_apply_has_begun_with_is_not_undone_by_words);
	TEST(a_decision_that_lay_long_still_has_its_grace);
	TEST(a_decision_that_is_dated_back_still_has_its_grace);
	TEST(random_decisions_come_to_what_the_model_says);
	TEST(each_kind_of_proof_has_its_own_rules);
	TEST(destruction_is_approved_by_who_has_just_signed_in);
	TEST(a_code_is_not_enough_where_the_configuration_says_so);
	return check_done();
}
