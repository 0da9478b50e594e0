/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-take.c - what is decided counts when it holds: against a model, and each way of not holding by itself. */
#include "check.h"
#include "behov/audit.h"
#include "behov/decide.h"
#include "behov/digest.h"
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAY 86400
#define PEOPLE 4
#define PROPOSALS 4

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

static struct decide_result
take(struct office *o)
{
	struct decide_result out;
	struct error err = { 0 };

	CHECK(decide_take(o->mem, &o->rules, o->store, o->now, &out, &err) == 0);
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

/* What a proposal should be after rows in their order, told as simply as it can be. */
#define SEATS 3
struct model { unsigned seats[SEATS], approved; int needs; enum state state; };

static bool
is_approved(const struct model *m)
{
	for (int k = 0; k < SEATS; k++)
		if (m->seats[k] && !(m->seats[k] & m->approved))
			return false;
	return __builtin_popcount(m->approved) >= m->needs;
}

static void
expect(struct model *m, int who, int verdict, bool holds)
{
	if (!holds || !((m->seats[0] | m->seats[1] | m->seats[2]) >> who & 1))
		return;
	if (verdict == VERDICT_APPROVE && m->state == STATE_OPEN) {
		m->approved |= 1u << who;
		if (is_approved(m))
			m->state = STATE_SCHEDULED;
	} else if (verdict == VERDICT_KEEP && (m->state == STATE_OPEN || m->state == STATE_SCHEDULED)) {
		m->state = STATE_KEPT;
	} else if (verdict == VERDICT_UNDO && m->state == STATE_SCHEDULED) {
		m->state = STATE_OPEN;
		m->approved = 0;
	}
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

static void
random_decisions_come_to_what_the_model_says(void)
{
	for (unsigned world = 1; world <= 40; world++) {
		struct office o;
		struct model m[PROPOSALS];
		long long refused = 0, taken = 0;
		seed = UINT64_C(0x9e3779b97f4a7c15) * world;
		office_open(&o);
		for (int i = 0; i < PROPOSALS; i++) {
			m[i] = (struct model){ .seats = { 1 + chance(15), chance(2) * chance(16), chance(3) ? 0 : chance(16) },
					       .needs = 1 + (int)chance(2), .state = STATE_OPEN };
			o.ids[i] = propose_seats(&o, chance(2) ? KIND_DESTROY : KIND_REMOVE_MEMBER, m[i].seats, SEATS,
						 m[i].needs, STATE_OPEN);
		}
		for (int n = 0; n < 25; n++) {
			int who = (int)chance(PEOPLE), p = (int)chance(PROPOSALS);
			int verdict = chance(8) ? VERDICT_APPROVE : (int)chance(3);
			bool holds = chance(4) != 0;
			struct inbox_decision d = row(&o, who, o.ids[p], verdict_word[verdict]);
			if (!holds)
				spoil(&o, &d, chance(WAYS));
			post(&o, d);
			expect(&m[p], who, verdict, holds);
			if (chance(5) == 0) {
				struct decide_result out = take(&o);
				refused += out.refused;
				taken += out.taken;
				o.now++;
			}
		}
		refused += take(&o).refused;
		for (int i = 0; i < PROPOSALS; i++)
			CHECK(state(&o, o.ids[i]) == m[i].state);
		/* The same rows are never taken twice. */
		CHECK(take(&o).taken == 0 && take(&o).refused == 0);
		CHECK(refused + taken > 0);
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
	struct office o;
	const char *id;

	office_open(&o);
	id = propose_seats(&o, KIND_REMOVE_MEMBER, seats, 2, 1, STATE_OPEN);
	post(&o, row(&o, 0, id, "approve"));
	post(&o, row(&o, 1, id, "approve"));    /* the same seat again: no other one */
	CHECK(take(&o).approved == 2 && state(&o, id) == STATE_OPEN);
	post(&o, row(&o, 2, id, "approve"));
	CHECK(take(&o).approved == 1 && state(&o, id) == STATE_SCHEDULED);
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
	post(&o, row(&o, 0, id, "approve"));
	CHECK(take(&o).refused == 1);
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
	CHECK(audit_verify(o.mem, o.store, &chain, &err) == 0 && chain.broken == 0 && chain.rows >= 9);
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
	struct decide_result out;
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
	CHECK(decide_by_hand(o.mem, &o.rules, o.store, &d, o.now, &err) < 0 && err.kind == ERROR_USAGE);
	d.verdict = VERDICT_UNDO;
	CHECK(decide_by_hand(o.mem, &o.rules, o.store, &d, o.now, &err) < 0);
	post(&o, row(&o, 0, d.proposal, "approve"));
	(void)take(&o);
	CHECK(decide_by_hand(o.mem, &o.rules, o.store, &d, o.now, &err) == 0 && state(&o, d.proposal) == STATE_OPEN);
	(void)take(&o);                         /* what was undone is not settled again */
	CHECK(state(&o, d.proposal) == STATE_OPEN);
	d.verdict = VERDICT_KEEP;
	d.reason = NULL;
	CHECK(decide_by_hand(o.mem, &o.rules, o.store, &d, o.now, &err) < 0);
	d.reason = "fel person";
	CHECK(decide_by_hand(o.mem, &o.rules, o.store, &d, o.now, &err) == 0 && state(&o, d.proposal) == STATE_KEPT);
	d.proposal = "nothing-1";
	CHECK(decide_by_hand(o.mem, &o.rules, o.store, &d, o.now, &err) < 0);
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
	CHECK(decide_by_hand(o.mem, &o.rules, o.store, &d, o.now, &err) < 0);
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

int
main(void)
{
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
	return check_done();
}
