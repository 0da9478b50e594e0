/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-store.c - what goes into the store comes out again, once; and a chain that was changed is seen. */
#include "check.h"
#include "state.h"
#include "behov/audit.h"
#include "behov/digest.h"
#include "behov/inbox.h"
#include "../../agent/store/store_p.h"

#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zstd.h>

static char folder[] = "/tmp/behov-store-XXXXXX";
static const char *path;
static struct arena *mem;
static struct store *store;
static struct error err;

static void
begin(void)
{
	mem = arena_open();
	path = arena_print(mem, "%s/%s.db", folder, digest_hex(mem, (unsigned char[]){ (unsigned char)rand(), 1, 2, (unsigned char)rand() }, 4));
	err = (struct error){ 0 };
	CHECK(store_open(path, STORE_WRITE, &store, &err) == 0);
}

static void
end(void)
{
	store_close(store);
	unlink(path);
	unlink(arena_print(mem, "%s-wal", path));
	unlink(arena_print(mem, "%s-shm", path));
	arena_close(mem);
}

static struct stored
one(const char *key)
{
	static const char *also[] = { "a/b", "c/å" }, *way[] = { "CN=A", "CN=B" };
	struct stored s = {
		.p = { .kind = KIND_REMOVE_MEMBER, .key = key, .version = "v1", .system = "s", .role = "r", .also = also,
		       .also_count = 2, .account = "anna", .display = "Anna \xc5", .guid = "g", .group = "CN=A",
		       .group_guid = "gg", .member = "CN=anna", .path = way, .path_count = 2, .accounts = 1, .due = DAY_NONE,
		       .owner = "bo", .needs = 2, .konfidentialitet = 3, .scope = "system:s", .why = "ja",
		       .rule = { "rules/x.cfg", 9 }, .evidence = json_pack("{s:s}", "a", "b") },
		.state = STATE_OPEN, .opened = 10, .since = 10, .go_at = INT64_MIN, .until = DAY_NONE,
	};

	*arena_push(mem, &s.p.approvers) = (struct approver){
		.key = "kb", .name = "bo", .display = "Bo", .mail = "bo@x.example", .as = "ägare", .asked = 17 };
	*arena_push(mem, &s.p.approvers) = (struct approver){
		.key = "kc", .name = "ce", .display = "Ce", .mail = "ce@x.example", .as = "ersättare", .seat = 1, .waited = 14 };
	return s;
}

static size_t
count(const struct proposal_filter *filter)
{
	struct stored_list list = { 0 };
	size_t n;

	CHECK(store_proposals(mem, store, filter, &list, &err) == 0);
	n = list.list.count;
	stored_free(&list);
	return n;
}

static void
a_proposal_comes_out_as_it_went_in(void)
{
	struct stored_list list = { 0 };
	struct stored s;

	begin();
	s = one("k1");
	CHECK(store_proposal_add(mem, store, &s, &err) == 0);
	CHECK(s.episode == 1);
	CHECK_TEXT(s.id, "k1-1");
	CHECK(store_proposals(mem, store, &(struct proposal_filter){ .approver = "kc" }, &list, &err) == 0);
	CHECK(list.list.count == 1);
	if (list.list.count == 1) {
		const struct stored *t = &list.list.items[0];

		CHECK_TEXT(t->p.also[1], "c/å");
		CHECK_TEXT(t->p.display, "Anna %C5");
		CHECK(t->p.path_count == 2 && t->p.approvers.count == 2 && t->p.needs == 2 && t->p.due == DAY_NONE);
		CHECK_TEXT(t->p.approvers.items[1].as, "ersättare");
		CHECK(t->p.approvers.items[0].seat == 0 && t->p.approvers.items[0].asked == 17 && !t->p.approvers.items[0].waited);
		CHECK(t->p.approvers.items[1].seat == 1 && !t->p.approvers.items[1].asked && t->p.approvers.items[1].waited == 14);
		CHECK(json_equal(t->p.evidence, s.p.evidence) && t->p.rule.line == 9);
		CHECK(t->state == STATE_OPEN && t->go_at == INT64_MIN && t->until == DAY_NONE && t->opened == 10);
	}
	stored_free(&list);
	CHECK(count(&(struct proposal_filter){ .approver = "kx" }) == 0);
	CHECK(count(&(struct proposal_filter){ .scope = "system:s", .states = STATES_ASKED }) == 1);
	json_decref(s.p.evidence);
	end();
}

static void
episodes_count_up_and_states_change(void)
{
	struct stored a, b;

	begin();
	a = one("k1");
	b = one("k1");
	CHECK(store_proposal_add(mem, store, &a, &err) == 0 && store_proposal_add(mem, store, &b, &err) == 0);
	CHECK_TEXT(b.id, "k1-2");
	CHECK(force_state(store, b.id, STATE_KEPT, 20, INT64_MIN, 100, "nej", &err) == 0);
	CHECK(count(&(struct proposal_filter){ .states = STATES(STATE_KEPT) }) == 1);
	CHECK(count(&(struct proposal_filter){ .states = STATES(STATE_OPEN) }) == 1);
	a.p.approvers.count = 1;
	a.note = "x";
	CHECK(store_proposal_put(store, &a, &err) == 0);
	CHECK(count(&(struct proposal_filter){ .approver = "kc" }) == 1);
	json_decref(a.p.evidence);
	json_decref(b.p.evidence);
	end();
}

static void
a_rollback_leaves_nothing(void)
{
	struct stored a;

	begin();
	a = one("k1");
	CHECK(store_begin(store, &err) == 0 && store_proposal_add(mem, store, &a, &err) == 0);
	CHECK(store_set(store, "x", "y", &err) == 0 && audit_add(store, 5, "run", "x", a.p.evidence, &err) == 0);
	store_rollback(store);
	CHECK(count(&(struct proposal_filter){ 0 }) == 0);
	json_decref(a.p.evidence);
	end();
}

/* ------------------------------------------------------------------ manifests */

static struct record *
some_records(size_t count)
{
	struct record *records = arena_array(mem, struct record, count);

	for (size_t i = 0; i < count; i++)
		records[i] = (struct record){ .path = arena_print(mem, "V/2012/%06zu r\xe4kning.pdf", i), .size = i, .ino = i + 9,
			.dev = 2, .nlink = 1, .mtime_s = 1330470000 + (int64_t)i, .mtime_ns = 42, .btime_s = INT64_MIN,
			.anchor = (day_t)(15000 + i % 7), .due = 18262 };
	return records;
}

/* What somebody with a pen could do to the store. */
static void
scribble(const char *sql)
{
	sqlite3 *db;

	CHECK(sqlite3_open(path, &db) == SQLITE_OK);
	CHECK(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK);
	sqlite3_close(db);
}

static bool
same_records(const struct record *a, const struct record *b, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(a[i].path, b[i].path) != 0 || a[i].size != b[i].size || a[i].ino != b[i].ino ||
		    a[i].mtime_s != b[i].mtime_s || a[i].btime_s != b[i].btime_s || a[i].due != b[i].due)
			return false;
	return true;
}

static void
a_manifest_is_read_whole_or_a_frame_at_a_time(void)
{
	size_t count = 2 * MANIFEST_LINES + 5, got;
	struct record *in, *out;
	struct manifest m;
	const char *digest;

	begin();
	in = some_records(count);
	digest = manifest_digest(mem, in, count);
	CHECK(store_manifest_put(store, digest, in, count, &err) == 0);
	CHECK(store_manifest_put(store, digest, in, count, &err) == 0);
	CHECK(store_manifest(mem, store, digest, &out, &got, &err) == 0 && got == count && same_records(in, out, count));
	CHECK(store_manifest_open(mem, store, digest, &m, &err) == 0 && m.count == 3 && m.files == (long long)count);
	CHECK(m.bytes == (long long)(count * (count - 1) / 2) && m.frames[1].first == MANIFEST_LINES);
	CHECK(m.frames[0].oldest == 15000 && m.frames[2].files == 5);
	CHECK(store_manifest_frame(mem, store, &m, 2, &out, &err) == 0 && same_records(in + 2 * MANIFEST_LINES, out, 5));
	CHECK(store_manifest(mem, store, "sha256:00", &out, &got, &err) == 0 && !out);
	CHECK(store_manifest_open(mem, store, "sha256:00", &m, &err) == 0 && !m.count);
	end();
}

static void
other_files_than_those_of_the_digest_are_not_stored(void)
{
	struct record *in, *out;
	const char *digest;
	size_t got;

	begin();
	in = some_records(3);
	digest = manifest_digest(mem, in, 2);
	CHECK(store_manifest_put(store, digest, in, 3, &err) < 0 && strstr(err.text, "digest"));
	CHECK(store_manifest(mem, store, digest, &out, &got, &err) == 0 && !out);
	CHECK(store_manifest_put(store, digest, in, 0, &err) < 0);
	CHECK(store_begin(store, &err) == 0 && store_manifest_put(store, digest, in, 3, &err) < 0);
	CHECK(store_manifest_put(store, digest, in, 2, &err) == 0 && store_commit(store, &err) == 0);
	CHECK(store_manifest(mem, store, digest, &out, &got, &err) == 0 && got == 2);
	end();
}

/* Each stroke of the pen is seen by who reads all of it; those that a frame can tell of itself, by who reads a page. */
static void
a_manifest_that_somebody_changed_is_refused(void)
{
	static const struct { const char *sql; bool told; } strokes[] = {
		{ "update manifest set digest = 'sha256:11'; update manifest_frame set manifest = 'sha256:11'", false },
		{ "delete from manifest_frame where number = 2", false },
		{ "delete from manifest_frame where number = 1", true },
		{ "delete from manifest_frame where number = 0", true },
		{ "update manifest_frame set first = first + 1 where number = 1", true },
		{ "update manifest_frame set files = files + 1 where number = 2", true },
		{ "update manifest_frame set files = -1 where number = 2", true },
		{ "update manifest_frame set files = 4000000000 where number = 2", true },
		{ "update manifest_frame set size = 1 << 40 where number = 0", true },
		{ "update manifest_frame set size = -1 where number = 0", true },
		{ "update manifest_frame set size = size - 1 where number = 0", true },
		{ "update manifest_frame set bytes = bytes + 1 where number = 0", true },
		{ "update manifest_frame set newest = newest + 1 where number = 0", true },
		{ "update manifest_frame set path = 'V/1' where number = 1", true },
		{ "update manifest_frame set path = '%' where number = 1", true },
		{ "update manifest_frame set packed = substr(packed, 1, length(packed) - 1) where number = 0", true },
		{ "update manifest_frame set packed = cast(packed || packed as blob) where number = 0", true },
		{ "update manifest_frame set packed = x'' where number = 0", true },
		{ "update manifest_frame set packed = (select packed from manifest_frame where number = 2) where number = 0", true },
	};
	size_t count = 2 * MANIFEST_LINES + 5, got;

	for (size_t i = 0; i < sizeof(strokes) / sizeof(*strokes); i++) {
		struct record *in, *out;
		const char *digest;
		struct manifest m;
		bool told;

		begin();
		in = some_records(count);
		digest = manifest_digest(mem, in, count);
		CHECK(store_manifest_put(store, digest, in, count, &err) == 0);
		scribble(strokes[i].sql);
		digest = i ? digest : "sha256:11";
		CHECK(store_manifest(mem, store, digest, &out, &got, &err) < 0 && !out && err.kind == ERROR_STORE);
		told = store_manifest_open(mem, store, digest, &m, &err) < 0;
		for (size_t k = 0; !told && k < m.count; k++)
			told = store_manifest_frame(mem, store, &m, k, &out, &err) < 0;
		CHECK(told == strokes[i].told);
		end();
	}
}

/* As it was before each of the last schemas. */
#define BEFORE_12 "drop index letter_key;"
#define BEFORE_11 BEFORE_12 "drop index audit_at; drop index letter_sent; drop index decision_at; drop index access_grant_ended;"
#define BEFORE_10 BEFORE_11 "alter table protocol drop column nameless; alter table protocol drop column forgotten; "
#define BEFORE_9 BEFORE_10 "drop table need_past;" \
		 "drop table mark_past; drop table state_past; drop table finding_past; drop table gap_past; delete from value where name = 'past-since';"
#define BEFORE_8 BEFORE_9 "drop table review_row; drop table review_list; drop table review;"
#define BEFORE_7 BEFORE_8 "drop table need; drop table account_mark; drop index access_grant_who; alter table access_grant drop column need;" \
		 "alter table access_grant drop column need_since; alter table access_grant drop column added;" \
		 "alter table access_grant drop column added_by;"

/* A manifest as schemas 1 and 2 held it: all of its text in one piece. */
static void
a_manifest_of_an_older_schema_is_put_in_frames(void)
{
	static const char text[] = "behov-manifest 1: size mtime ctime btime dev ino nlink anchor due path\n"
				   "7 5.000000001 6.000000002 -9223372036854775808.000000000 8 9 1 100 200 V/a\n"
				   "8 5.000000001 6.000000002 7.000000003 8 10 1 100 200 V/r%E4k\n";
	char packed[1000], hex[2001];
	const char *digest, *broken = "sha256:00";
	struct record *out;
	size_t len, got;

	begin();
	len = ZSTD_compress(packed, sizeof(packed), text, sizeof(text) - 1, 3);
	for (size_t i = 0; i < len; i++)
		snprintf(hex + 2 * i, 3, "%02x", (unsigned char)packed[i]);
	digest = arena_print(mem, "sha256:%s", digest_text(mem, text));
	store_close(store);
	scribble(BEFORE_7 "drop table protocol; drop table manifest_frame; drop table question; drop table declined; drop table approver; create table approver (proposal text, key text);"
		 "alter table letter drop column tries; alter table letter drop column next; pragma user_version = 2");
	scribble(arena_print(mem, "insert into manifest (digest, size, packed) values ('%s', %zu, x'%s')", digest, sizeof(text) - 1,
			     hex));
	scribble(arena_print(mem, "insert into manifest (digest, size, packed) values ('%s', %zu, x'%s')", broken,
			     sizeof(text) - 1, hex));
	CHECK(store_open(path, STORE_READ, &store, &err) < 0 && strstr(err.text, "behov run"));
	CHECK(store_open(path, STORE_WRITE, &store, &err) == 0);
	CHECK(store_manifest(mem, store, digest, &out, &got, &err) == 0 && got == 2 && out[0].size == 7 && out[1].ino == 10);
	CHECK_TEXT(out[1].path, "V/r\xe4k");
	CHECK_TEXT(manifest_digest(mem, out, got), digest);
	CHECK(store_manifest(mem, store, broken, &out, &got, &err) == 0 && !out);
	store_close(store);
	CHECK(store_open(path, STORE_WRITE, &store, &err) == 0);         /* once is enough */
	CHECK(store_manifest(mem, store, digest, &out, &got, &err) == 0 && got == 2);
	end();
}

/* As schema 3 had it: no seats, and in the JSON neither seats nor since when somebody is asked. */
static void
the_approvers_of_an_older_schema_have_a_seat_each(void)
{
	struct stored_list list;
	struct stored s;

	begin();
	s = one("k1");
	CHECK(store_proposal_add(mem, store, &s, &err) == 0);
	store_close(store);
	scribble(BEFORE_7 "drop table approver; create table approver (proposal text not null references proposal (id), key text not null,"
		 " primary key (proposal, key)) strict, without rowid; insert into approver values ('k1-1', 'kb'), ('k1-1', 'kc');"
		 "drop table protocol; drop table question; drop table declined; update proposal set approvers = (select json_group_array(json_remove(value, '$.seat', '$.asked', '$.waited'))"
		 " from json_each(approvers)); alter table letter drop column tries; alter table letter drop column next;"
		 " pragma user_version = 3");
	CHECK(store_open(path, STORE_WRITE, &store, &err) == 0);
	CHECK(store_proposals(mem, store, &(struct proposal_filter){ .approver = "kc" }, &list, &err) == 0);
	CHECK(list.list.count == 1 && list.list.items[0].p.approvers.count == 2);
	CHECK(list.list.items[0].p.approvers.items[0].seat == 0 && list.list.items[0].p.approvers.items[1].seat == 1);
	CHECK(!list.list.items[0].p.approvers.items[0].asked);
	stored_free(&list);
	CHECK(store_proposal_move(store, "k1-1", PROPOSAL_KEPT, 10, INT64_MIN, DAY_NONE, "nej", &err) == 0);
	json_decref(s.p.evidence);
	end();
}

/* What may stand in a column is part of its table: two are made anew, and who refers to them still does. */
static void
a_store_of_an_older_schema_keeps_what_it_knows_and_takes_more(void)
{
	static const char *const old[] = {
		"create table p as select * from proposal", "create table a as select proposal, key from approver", "create table d as select * from decision",
		BEFORE_7, "drop table protocol", "drop table question", "drop table declined", "drop table approver", "drop table proposal", "drop table decision",
		"create table proposal (id text primary key, key text not null, episode integer not null,"
		"  kind text not null check (kind in ('remove-member', 'cut-nesting', 'destroy', 'deliver')), version text not null,"
		"  system text, role text, also text, account text, display text, guid text, grp text, group_guid text, member text,"
		"  path text, accounts integer not null, by_hand integer not null, series text, share text, batch text,"
		"  files integer not null, bytes integer not null, due integer, manifest text, whole integer not null, owner text,"
		"  needs integer not null, konfidentialitet integer not null, scope text not null, why text, rule_file text,"
		"  rule_line integer not null, evidence text, approvers text not null,"
		"  state text not null check (state in ('open', 'braked', 'scheduled', 'exported', 'quarantined', 'kept', 'done',"
		"  'failed', 'withdrawn', 'superseded')), opened integer not null, since integer not null, go_at integer,"
		"  until integer, note text, unique (key, episode)) strict",
		"create index proposal_state on proposal (state)",
		"create table approver (proposal text not null references proposal (id), key text not null,"
		"  primary key (proposal, key)) strict, without rowid",
		"create index approver_key on approver (key)",
		"create table decision (id integer primary key, proposal text not null, version text, key text, name text,"
		"  verdict text not null check (verdict in ('approve', 'keep', 'undo')), reason text, until integer,"
		"  at integer not null, source text not null, inbox integer unique, proof text, refused text) strict",
		"create index decision_proposal on decision (proposal)",
		"insert into proposal select * from p", "insert into approver select * from a", "insert into decision select * from d",
		"drop table p", "drop table a", "drop table d", "alter table letter drop column tries", "alter table letter drop column next",
		"pragma user_version = 3",
	};
	struct stored s = { .p = { .kind = KIND_DESTROY, .key = "k", .version = "1", .series = "s", .share = "a", .batch = "ö", .scope = "x",
		.why = "w", .due = 9 }, .state = STATE_SCHEDULED, .opened = 1, .since = 2, .go_at = 3, .until = DAY_NONE, .note = "n" };
	struct decision d = { .proposal = "k-1", .version = "1", .key = "ka", .name = "anna", .verdict = VERDICT_APPROVE, .until = DAY_NONE,
			      .at = 5, .source = "page", .inbox = 77 };
	struct stored_list list;
	struct decisions given;
	bool taken = false;

	begin();
	*arena_push(mem, &s.p.approvers) = (struct approver){ .key = "ka", .name = "anna", .display = "Anna", .mail = "a@b.example", .as = "ägare" };
	CHECK(store_proposal_add(mem, store, &s, &err) == 0 && store_decision_add(store, &d, &err) == 0);
	store_close(store);
	for (size_t i = 0; i < sizeof old / sizeof *old; i++)
		scribble(old[i]);
	CHECK(store_open(path, STORE_READ, &store, &err) < 0);
	CHECK(store_open(path, STORE_WRITE, &store, &err) == 0);
	CHECK(store_proposals(mem, store, &(struct proposal_filter){ .approver = "ka" }, &list, &err) == 0 && list.list.count == 1);
	CHECK(list.list.items[0].state == STATE_SCHEDULED && list.list.items[0].go_at == 3 && list.list.items[0].p.due == 9);
	CHECK_TEXT(list.list.items[0].p.batch, "ö");
	stored_free(&list);
	CHECK(store_decision_taken(store, 77, &taken, &err) == 0 && taken);
	CHECK(store_decisions(mem, store, "k-1", INT64_MIN, &given, &err) == 0 && given.list.count == 1 && given.list.items[0].id == 1);
	CHECK(store_proposal_move(store, "k-1", PROPOSAL_HELD, 6, INT64_MIN, DAY_NONE, "tvist", &err) == 0);
	d.verdict = VERDICT_HOLD;
	d.inbox = 78;
	CHECK(store_decision_add(store, &d, &err) == 0);
	CHECK(store_question_add(store, &(struct question){ .proposal = "k-1", .text = "t", .by_key = "ka", .at = 6 }, &err) == 0);
	CHECK(store_question_add(store, &(struct question){ .proposal = "nothing-1", .text = "t", .by_key = "ka", .at = 6 }, &err) < 0);
	err = (struct error){ 0 };
	end();
}

/* As what they were asked is in the seat, as long as they have one. */
static void
what_was_not_theirs_in_an_older_schema_is_of_the_duty_they_had(void)
{
	struct decision d = { .version = "v1", .key = "kb", .name = "b", .verdict = VERDICT_NOT_MINE, .until = DAY_NONE, .at = 5, .source = "page" };
	struct declined_list list;

	begin();
	for (int i = 0; i < 3; i++) {
		struct stored s = one((const char *[]){ "k1", "k2", "k3" }[i]);

		CHECK(store_proposal_add(mem, store, &s, &err) == 0);
		json_decref(s.p.evidence);
		d.proposal = s.id;
		d.refused = i == 1 ? "nej" : NULL;
		d.key = i == 2 ? "kz" : "kb";           /* kz sits there no more */
		CHECK(store_decision_add(store, &d, &err) == 0);
		d.at++;
		CHECK(store_decision_add(store, &d, &err) == 0);
	}
	store_close(store);
	scribble(BEFORE_7 "drop table protocol; drop table declined; pragma user_version = 4");
	CHECK(store_open(path, STORE_WRITE, &store, &err) == 0);
	CHECK(store_declined(mem, store, NULL, &list, &err) == 0 && list.list.count == 1 && list.list.items[0].at == 5);
	CHECK(declined_has(&list, "k1", "kb", list.list.items[0].as) && !declined_has(&list, "k2", "kb", list.list.items[0].as));
	CHECK(store_declined_add(store, &(struct declined){ "k1", "kb", "arkivarie", 9 }, &err) == 0);
	CHECK(store_declined_end(store, &list.list.items[0], &err) == 0);
	CHECK(store_declined(mem, store, "kb", &list, &err) == 0 && list.list.count == 1);
	CHECK_TEXT(list.list.items[0].as, "arkivarie");
	CHECK(store_declined(mem, store, "kc", &list, &err) == 0 && list.list.count == 0);
	end();
}

/* The number of a protocol, its year and the batches that it is about. */
static void
protocols_are_numbered_by_year_and_given_once(void)
{
	struct protocol p = { .dnr = "G 2026/1", .year = 2026, .digest = "d", .body = "{}", .at = 9 };
	struct ended_batches due;
	struct protocols all;
	long long next, id;

	begin();
	for (int i = 0; i < 3; i++) {
		struct stored s = one((const char *[]){ "k1", "k2", "k3" }[i]);

		s.p.kind = KIND_DESTROY;
		s.state = i == 2 ? STATE_QUARANTINED : STATE_DONE;
		CHECK(store_proposal_add(mem, store, &s, &err) == 0);
		for (int n = 1; n <= 2; n++) {          /* of k1 the last file went after that of k2 */
			CHECK(store_effect_intend(store, &(struct effect){ .proposal = s.id, .act = "unlink", .number = n, .intended = 5 },
						  &id, &err) == 0);
			CHECK(store_effect_end(store, id, n == 2 && i == 0 ? EFFECT_FAILED : EFFECT_DONE, NULL, NULL, 20 - i, &err) == 0);
		}
		json_decref(s.p.evidence);
	}
	CHECK(store_protocols_due(mem, store, &due, &err) == 0 && due.list.count == 2);
	CHECK_TEXT(due.list.items[0].proposal, "k2-1");
	CHECK(due.list.items[0].at == 19 && due.list.items[1].at == 20);
	CHECK(store_protocol_next(store, 2026, &next, &err) == 0 && next == 1);
	p.proposal = "k2-1";
	p.number = next;
	CHECK(store_protocol_add(store, &p, &err) == 0 && store_protocol_add(store, &p, &err) < 0);
	CHECK(store_protocol_next(store, 2026, &next, &err) == 0 && next == 2);
	CHECK(store_protocol_next(store, 2027, &next, &err) == 0 && next == 1);
	CHECK(store_protocols_due(mem, store, &due, &err) == 0 && due.list.count == 1);
	p.proposal = "k1-1";
	CHECK(store_protocol_add(store, &p, &err) < 0);         /* a dnr is of one batch */
	CHECK(store_protocols(mem, store, "G 2026/1", false, &all, &err) == 0 && all.list.count == 1 && !all.list.items[0].written);
	CHECK(store_protocol_written(store, "k2-1", 30, &err) == 0);
	CHECK(store_protocols(mem, store, NULL, true, &all, &err) == 0 && all.list.count == 0);
	CHECK(store_protocols(mem, store, "k2-1", false, &all, &err) == 0 && all.list.count == 1 && all.list.items[0].written);
	end();
}

static void
names_of_who_asks_and_is_asked_are_hidden(void)
{
	static const struct hidden secret = { "ks", "hemlig", "Hemlig Person", "CN=hemlig", "Skyddad person 1" };
	static const char *const typed[] = { "HEMLIG", "hemlig@kalmar.example", "Hemlig Person", "annan", NULL };
	struct stored s = { .p = { .kind = KIND_DESTROY, .key = "k", .version = "1", .series = "s", .share = "a", .batch = "", .scope = "x",
		.why = "w" }, .opened = 1, .since = 2, .go_at = INT64_MIN, .until = DAY_NONE };
	static const char *const by[][3] = { { "h1", "hemlig", "Skyddad person 1" }, { "h2", "anna, hemlig, bo", "anna, Skyddad person 1, bo" },
		{ "h3", "hemligare, bo", "hemligare, bo" } };
	struct stored_list list;
	struct questions all;
	struct holds holds;

	begin();
	*arena_push(mem, &s.p.approvers) = (struct approver){ .key = "kc", .name = "cia", .display = "Cia", .mail = "a@b.example", .as = "samordnare: Hemlig Person säger att det inte är deras" };
	CHECK(store_proposal_add(mem, store, &s, &err) == 0);
	for (int i = 0; i < 5; i++) {
		struct question q = { .id = i + 1, .proposal = "k-1", .to = typed[i], .text = "t", .by_key = i ? "ka" : "ks", .by_name = i ? "anna" : "hemlig",
				      .at = 5, .answered = INT64_MIN, .closed = INT64_MIN };

		CHECK(store_question_add(store, &q, &err) == 0);
		q.key = i == 4 ? "ks" : "kb";
		q.name = i == 4 ? "hemlig" : "bo";
		q.display = i == 4 ? "Hemlig Person" : "Bo";
		q.mail = i == 4 ? "hemlig@kalmar.example" : "bo@kalmar.example";
		CHECK(store_question_put(store, &q, &err) == 0);
	}
	for (size_t i = 0; i < sizeof(by) / sizeof(*by); i++)
		CHECK(store_hold_add(store, &(struct hold){ .id = by[i][0], .by = by[i][1] }, false, 5, &err) == 0);
	CHECK(store_hide(store, &secret, &err) == 0);
	CHECK(store_holds(mem, store, false, &holds, &err) == 0 && holds.list.count == sizeof(by) / sizeof(*by));
	for (size_t i = 0; i < sizeof(by) / sizeof(*by); i++)
		CHECK_TEXT(holds.list.items[i].hold.by, by[i][2]);
	CHECK(store_proposals(mem, store, &(struct proposal_filter){ 0 }, &list, &err) == 0 && list.list.count == 1);
	CHECK_TEXT(list.list.items[0].p.approvers.items[0].as, "samordnare: Skyddad person 1 säger att det inte är deras");
	stored_free(&list);
	CHECK(store_questions(mem, store, &(struct question_filter){ .open = true }, &all, &err) == 0 && all.list.count == 5);
	for (size_t i = 0; i < 5; i++) {
		const struct question *q = &all.list.items[i];

		CHECK_TEXT(q->by_name, i ? "anna" : "Skyddad person 1");
		CHECK_TEXT(q->name, i == 4 ? "Skyddad person 1" : "bo");
		CHECK_TEXT(q->display, i == 4 ? "Skyddad person 1" : "Bo");
		CHECK(i == 4 ? !q->mail && !q->to : q->mail && strcmp(q->to, i == 3 ? "annan" : "Skyddad person 1") == 0);
	}
	end();
}

static void
facts_and_grants_twice_are_once(void)
{
	struct system system = { .id = "s" };
	struct role role = { .id = "r", .system = &system };
	struct account anna = { .name = "anna", .key = "ka" }, bo = { .name = "bo", .key = "kb" };
	struct group group = { .dn = "CN=A" };
	struct plan plan = { .access_judged = true };
	struct grants grants;
	struct facts facts;

	begin();
	*arena_push(mem, &plan.findings) = (struct finding){ .kind = "k", .text = "t" };
	*arena_push(mem, &plan.gaps) = (struct gap){ "share", "x", NULL, "t" };
	*arena_push(mem, &plan.grants) = (struct grant){ .role = &role, .who = &anna, .via = &group };
	*arena_push(mem, &plan.grants) = (struct grant){ .role = &role, .who = &bo, .via = &group };
	for (int night = 1; night <= 2; night++)
		CHECK(store_facts_put(store, &plan, night, &err) == 0 && store_grants_put(store, &plan, night, &err) == 0);
	CHECK(store_facts(mem, store, &facts, &err) == 0 && facts.findings.count == 1 && facts.gaps.count == 1);
	CHECK(facts.findings.items[0].first_seen == 1);
	CHECK(store_grants_of(mem, store, &(struct grant_filter){ NULL, NULL, NULL }, 0, 100, &grants, &err) == 0 && grants.list.count == 2);
	CHECK(grants.list.items[0].first_seen == 1 && grants.list.items[0].last_seen == INT64_MIN);
	/* Bo is gone, but the role could not be seen; then it could. */
	plan.grants.count = 1;
	plan.findings.count = 0;
	*arena_push(mem, &plan.unclear) = (struct unclear){ .access = true, .system = "s", .role = "r" };
	CHECK(store_grants_put(store, &plan, 3, &err) == 0 && store_facts_put(store, &plan, 3, &err) == 0);
	CHECK(store_grants_of(mem, store, &(struct grant_filter){ NULL, NULL, NULL }, 50, 100, &grants, &err) == 0 && grants.list.count == 2);
	plan.unclear.count = 0;
	CHECK(store_grants_put(store, &plan, 4, &err) == 0);
	CHECK(store_grants_of(mem, store, &(struct grant_filter){ NULL, NULL, NULL }, 50, 100, &grants, &err) == 0 && grants.list.count == 1);
	CHECK(store_facts(mem, store, &facts, &err) == 0 && facts.findings.count == 0);
	end();
}

struct seen { int count; struct access_span last; };

static int
see_span(void *self, const struct access_span *span, struct error *e)
{
	struct seen *seen = self;

	(void)e;
	seen->count++;
	seen->last = *span;
	seen->last.via = arena_text(mem, span->via);
	seen->last.added_by = arena_text(mem, span->added_by);
	return 0;
}

static struct seen
spans(int64_t from, int64_t to, bool brief)
{
	struct seen seen = { 0 };

	CHECK(store_access_each(store, &(struct access_filter){ NULL, from, to, 0, brief }, see_span, &seen, &err) == 0);
	return seen;
}

/* Where a clause stands is not what it says: a line more above it makes nobody's need another. */
static void
by_which_need_somebody_has_a_role_is_kept_with_since_when(void)
{
	struct clause kock = { .text = "titel är \"Kock\"", .at = { "rules/s.cfg", 9 } }, chef = { .text = "titel är \"Chef\"", .at = { "rules/s.cfg", 9 } };
	struct system system = { .id = "s" };
	struct role role = { .id = "r", .system = &system };
	struct account anna = { .name = "anna", .key = "ka" };
	struct group group = { .dn = "CN=A" };
	struct edge_moment came = { .moment = 77, .by = "dc1" };
	struct plan plan = { .access_judged = true };
	struct stored_needs needs;
	struct seen seen;

	begin();
	*arena_push(mem, &plan.grounds) = (struct ground){ GROUND_CLAUSE, &kock };
	*arena_push(mem, &plan.grants) = (struct grant){ .role = &role, .who = &anna, .via = &group, .came = &came };
	CHECK(store_grants_put(store, &plan, 1, &err) == 0);
	kock.at.line = 10;
	CHECK(store_grants_put(store, &plan, 2, &err) == 0);
	CHECK(store_needs(mem, store, &needs, &err) == 0 && needs.list.count == 1);
	CHECK_TEXT(needs.list.items[0].place, "rules/s.cfg:10");
	seen = spans(0, 100, false);
	CHECK(seen.count == 1 && seen.last.need == needs.list.items[0].id && seen.last.need_since == 1 && seen.last.added == 77);
	CHECK_TEXT(seen.last.added_by, "dc1");
	plan.grounds.items[0].clause = &chef;
	CHECK(store_grants_put(store, &plan, 3, &err) == 0 && store_needs(mem, store, &needs, &err) == 0 && needs.list.count == 2);
	seen = spans(0, 100, false);
	CHECK(seen.count == 1 && seen.last.need == needs.list.items[1].id && seen.last.need_since == 3 && seen.last.first_seen == 1);
	anna.name = "anna.berg";                /* the same account, called otherwise */
	CHECK(store_grants_put(store, &plan, 4, &err) == 0 && spans(0, 100, true).count == 1 && spans(0, 1, true).count == 0);
	plan.grants.count = 0;
	CHECK(store_grants_put(store, &plan, 5, &err) == 0 && spans(50, 100, true).count == 0 && spans(0, 100, true).last.last_seen != INT64_MIN);
	end();
}

static int
count_mark(void *self, const struct stored_mark *mark, struct error *e)
{
	(void)e;
	*(int *)self += mark->last_seen == INT64_MIN ? 1 : 100;
	CHECK_TEXT(mark->account, "Skyddad person 1");
	return 0;
}

static void
what_is_special_about_an_account_is_kept_until_it_is_over(void)
{
	struct account anna = { .name = "anna", .key = "ka" };
	struct plan plan = { .access_judged = true };
	int count = 0;

	begin();
	*arena_push(mem, &plan.marks) = (struct account_mark){ MARK_CONSULTANT, "s", "r", &anna, NULL, 9 };
	CHECK(store_marks_put(store, &plan, 1, &err) == 0 && store_marks_put(store, &plan, 2, &err) == 0);
	CHECK(store_hide(store, &(struct hidden){ "ka", "anna", "Anna", "CN=Anna", "Skyddad person 1" }, &err) == 0);
	CHECK(store_marks_each(store, 50, 60, count_mark, &count, &err) == 0 && count == 1);
	plan.marks.count = 0;
	plan.access_judged = false;
	CHECK(store_marks_put(store, &plan, 3, &err) == 0);
	count = 0;
	CHECK(store_marks_each(store, 50, 60, count_mark, &count, &err) == 0 && count == 1);
	plan.access_judged = true;
	CHECK(store_marks_put(store, &plan, 4, &err) == 0);
	count = 0;
	CHECK(store_marks_each(store, 50, 60, count_mark, &count, &err) == 0 && count == 0);
	CHECK(store_marks_each(store, 0, 60, count_mark, &count, &err) == 0 && count == 100);
	end();
}

/* What schema 6 knows of access stays; by which need it is, it did not know. */
static void
access_of_an_older_schema_has_no_need_until_a_night_says_it(void)
{
	struct system system = { .id = "s" };
	struct role role = { .id = "r", .system = &system };
	struct account anna = { .name = "anna", .key = "ka" };
	struct group group = { .dn = "CN=A" };
	struct plan plan = { .access_judged = true };
	struct seen seen;

	begin();
	*arena_push(mem, &plan.grants) = (struct grant){ .role = &role, .who = &anna, .via = &group };
	CHECK(store_grants_put(store, &plan, 1, &err) == 0);
	store_close(store);
	scribble(BEFORE_7 "pragma user_version = 6");
	CHECK(store_open(path, STORE_READ, &store, &err) < 0);
	CHECK(store_open(path, STORE_WRITE, &store, &err) == 0);
	seen = spans(0, 100, false);
	CHECK(seen.count == 1 && seen.last.need == 0 && seen.last.first_seen == 1 && seen.last.need_since == INT64_MIN);
	*arena_push(mem, &plan.grounds) = (struct ground){ GROUND_NONE, NULL };
	CHECK(store_grants_put(store, &plan, 7, &err) == 0);
	seen = spans(0, 100, false);
	CHECK(seen.count == 1 && seen.last.need != 0 && seen.last.first_seen == 1 && seen.last.need_since == 7);
	err = (struct error){ 0 };
	end();
}

/* ------------------------------------------------------------------ as a night before had it */

static void
a_night(int64_t started, const struct plan *plan)
{
	long long id;

	CHECK(store_night_start(store, "run", started, "r", &id, &err) == 0);
	CHECK(store_facts_put(store, plan, started, &err) == 0 && store_grants_put(store, plan, started, &err) == 0 &&
	      store_marks_put(store, plan, started, &err) == 0);
	CHECK(store_night_end(store, id, "published", true, started + 1, "{}", &err) == 0);
}

static int
take_day(void *self, const struct stored_mark *mark, struct error *e)
{
	(void)e;
	*(day_t *)self = mark->day;
	return 0;
}

static day_t
mark_day(int64_t from)
{
	day_t day = DAY_NONE;

	CHECK(store_marks_each(store, from, 100, take_day, &day, &err) == 0);
	return day;
}

static long long
need_then(int64_t then)
{
	struct seen seen = { 0 };

	CHECK(store_access_each(store, &(struct access_filter){ "s", 0, 100, then, true }, see_span, &seen, &err) == 0 && seen.count == 1);
	return seen.last.need;
}

static size_t
findings_then(int64_t moment, const char **text)
{
	struct facts facts;

	CHECK(store_facts_then(mem, store, moment, &facts, &err) == 0);
	*text = facts.findings.count ? facts.findings.items[0].finding.text : NULL;
	return facts.findings.count + 10 * facts.gaps.count;
}

/* Each changes once, at night 20, and once more at 30. */
static void
what_was_so_a_night_before_can_still_be_told(void)
{
	struct clause kock = { .text = "titel är \"Kock\"" };
	struct system system = { .id = "s" };
	struct role role = { .id = "r", .system = &system };
	struct account anna = { .name = "anna", .key = "ka" };
	struct group group = { .dn = "CN=A" };
	struct plan plan = { .access_judged = true };
	const char *text;
	long long first;

	begin();
	*arena_push(mem, &plan.findings) = (struct finding){ .kind = "k", .text = "CN=Anna ett" };
	*arena_push(mem, &plan.gaps) = (struct gap){ "share", "x", NULL, "t" };
	*arena_push(mem, &plan.grounds) = (struct ground){ GROUND_CLAUSE, &kock };
	*arena_push(mem, &plan.grants) = (struct grant){ .role = &role, .who = &anna, .via = &group };
	*arena_push(mem, &plan.marks) = (struct account_mark){ MARK_TEMPORARY, "s", "r", &anna, NULL, 9 };
	a_night(10, &plan);
	first = need_then(10);
	plan.findings.items[0].text = "två";
	plan.gaps.count = 0;
	plan.grounds.items[0] = (struct ground){ GROUND_NONE, NULL };
	plan.marks.items[0].day = 12;
	a_night(20, &plan);
	a_night(20, &plan);                     /* twice is once */
	plan.findings.count = 0;
	plan.grounds.count = 0;
	plan.marks.items[0].day = 15;
	a_night(30, &plan);
	CHECK(findings_then(9, &text) == 0);
	CHECK(findings_then(10, &text) == 11 && strcmp(text, "CN=Anna ett") == 0 && findings_then(19, &text) == 11);
	CHECK(findings_then(20, &text) == 1 && strcmp(text, "två") == 0);
	CHECK(findings_then(30, &text) == 0 && findings_then(INT64_MAX, &text) == 0);
	CHECK(first && need_then(19) == first && need_then(20) && need_then(20) != first && need_then(30) == 0 && need_then(0) == 0);
	CHECK(mark_day(10) == 9 && mark_day(19) == 9 && mark_day(20) == 12 && mark_day(30) == 15);
	CHECK(store_hide(store, &(struct hidden){ "ka", "anna", "Anna", "CN=Anna", "Skyddad person 1" }, &err) == 0);
	CHECK(findings_then(10, &text) == 11 && strcmp(text, "Skyddad person 1 ett") == 0);
	end();
}

static const char *
state_was(int64_t moment)
{
	struct past_states all;

	CHECK(store_states_then(mem, store, moment, &all, &err) == 0 && all.list.count <= 1);
	return all.list.count ? arena_print(mem, "%s %lld %s", state_word[all.list.items[0].state], (long long)all.list.items[0].since,
					    all.list.items[0].note ? all.list.items[0].note : "-") : NULL;
}

static void
what_a_proposal_was_before_can_still_be_told(void)
{
	struct stored s = { .p = { .kind = KIND_DESTROY, .key = "k", .version = "1", .series = "s", .share = "a", .batch = "", .scope = "x", .needs = 1 },
			    .state = STATE_OPEN, .opened = 10, .since = 10, .go_at = INT64_MIN, .until = DAY_NONE };

	begin();
	CHECK(store_proposal_add(mem, store, &s, &err) == 0);
	CHECK(store_proposal_move(store, s.id, PROPOSAL_SCHEDULED, 20, 25, DAY_NONE, NULL, &err) == 0);
	CHECK(store_proposal_move(store, s.id, PROPOSAL_DONE, 30, INT64_MIN, DAY_NONE, "gallrat", &err) == 0);
	CHECK(store_proposal_move(store, s.id, PROPOSAL_RESTORED, 40, INT64_MIN, DAY_NONE, NULL, &err) == 0);
	CHECK(!state_was(10));
	CHECK_TEXT(state_was(15), "open 10 -");
	CHECK_TEXT(state_was(20), "open 10 -");
	CHECK_TEXT(state_was(21), "scheduled 20 -");
	CHECK_TEXT(state_was(40), "done 30 gallrat");
	CHECK(!state_was(41));
	end();
}

/* Of the nights before it knows what it knew then, and says from which on it remembers. */
static void
an_older_schema_remembers_from_its_last_night_on(void)
{
	struct plan plan = { .access_judged = true };
	const char *since = NULL, *text;

	begin();
	CHECK(store_get(mem, store, PAST_VALUE, &since, &err) == 0 && !since);
	*arena_push(mem, &plan.findings) = (struct finding){ .kind = "k", .text = "ett" };
	a_night(10, &plan);
	a_night(20, &plan);
	store_close(store);
	scribble(BEFORE_9 "pragma user_version = 8");
	CHECK(store_open(path, STORE_READ, &store, &err) < 0);
	CHECK(store_open(path, STORE_WRITE, &store, &err) == 0);
	CHECK(store_get(mem, store, PAST_VALUE, &since, &err) == 0);
	CHECK_TEXT(since, "20");
	plan.findings.count = 0;
	a_night(30, &plan);
	CHECK(findings_then(10, &text) == 1 && findings_then(20, &text) == 1 && findings_then(30, &text) == 0);
	err = (struct error){ 0 };
	end();
}

/* ------------------------------------------------------------------ lists that owners review */

static struct review_list
a_list(const char *quarter, const char *system, const char *digest, int64_t made)
{
	struct review_list list = { .quarter = quarter, .system = system, .digest = digest, .core = "core", .people = 2, .added = 1, .removed = 1,
				    .ended = 100, .asked = 110, .made = made };
	const struct review_row rows[] = {
		{ .role = "r", .key = "kb", .account = "bo", .change = REVIEW_NEW, .since = 50, .until = INT64_MIN },
		{ .role = "r", .key = "kc", .account = "cai", .change = REVIEW_GONE, .since = 1, .until = 60 },
		{ .role = "r", .key = "ka", .account = "anna", .change = REVIEW_SAME, .since = INT64_MIN, .until = INT64_MIN },
	};

	CHECK(store_list_add(store, &list, rows, 3, &err) == 0);
	return list;
}

static void
a_list_is_read_as_it_was_laid_and_the_last_one_is_in_force(void)
{
	struct review_list first, second;
	struct review_lists lists;
	struct review_rows rows;
	long long own;

	begin();
	first = a_list("2026Q2", "s", "d0", 110);
	first = a_list("2026Q3", "s", "d1", 110);
	second = a_list("2026Q3", "s", "d2", 120);
	a_list("2026Q3", "a", "d3", 120);
	CHECK(store_lists(mem, store, NULL, NULL, false, &lists, &err) == 0 && lists.list.count == 2);
	CHECK(strcmp(lists.list.items[0].system, "a") == 0 && lists.list.items[1].id == second.id && lists.list.items[1].asked == 110 &&
	      lists.list.items[1].made == 120 && lists.list.items[1].rows == 3 && lists.list.items[1].ended == 100);
	CHECK(store_lists(mem, store, "2026Q3", "s", true, &lists, &err) == 0 && lists.list.count == 2 && lists.list.items[0].id == first.id);
	CHECK(store_lists(mem, store, "2026Q2", NULL, false, &lists, &err) == 0 && lists.list.count == 1);
	CHECK(store_list_rows(mem, store, second.id, 1, 1, &rows, &err) == 0 && rows.list.count == 1);
	CHECK(strcmp(rows.list.items[0].account, "cai") == 0 && rows.list.items[0].change == REVIEW_GONE && rows.list.items[0].until == 60 &&
	      rows.list.items[0].need == 0 && !rows.list.items[0].text);
	CHECK(store_list_holds(store, second.id, "kb", &own, &err) == 0 && own == 1);
	CHECK(store_list_holds(store, second.id, "kc", &own, &err) == 0 && own == 0);
	end();
}

static void
a_review_counts_for_the_list_that_was_seen(void)
{
	struct review r = { .quarter = "2026Q3", .system = "s", .digest = "d1", .key = "k", .name = "Eva", .duty = "informationsägare",
			    .text = "Anmärkning", .own = 2, .at = 115, .source = "page", .inbox = 7, .proof = "{}" };
	struct rules rules = { .systems = &(struct system){ .id = "s" }, .system_count = 1 };
	struct review_lists lists, waiting;
	struct reviews all;
	bool taken;

	begin();
	a_list("2026Q3", "s", "d1", 110);
	a_list("2026Q3", "elsewhere", "d9", 110);
	CHECK(store_lists(mem, store, NULL, "s", false, &lists, &err) == 0);
	CHECK(store_reviews(mem, store, "2026Q3", NULL, false, &all, &err) == 0 && review_state(&lists.list.items[0], &all) == REVIEW_WAITS);
	CHECK(store_lists_waiting(mem, store, &rules, &waiting, &err) == 0 && waiting.list.count == 1);
	r.refused = "no";
	CHECK(store_review_add(store, &r, &err) == 0);
	CHECK(store_reviews(mem, store, "2026Q3", "s", true, &all, &err) == 0 && all.list.count == 1 && review_state(&lists.list.items[0], &all) == REVIEW_WAITS);
	CHECK(store_decision_taken(store, 7, &taken, &err) == 0 && taken);
	r.refused = NULL;
	CHECK(store_review_add(store, &r, &err) < 0);           /* the same row of the inbox */
	err = (struct error){ 0 };
	r.inbox = 8;
	CHECK(store_review_add(store, &r, &err) == 0);
	CHECK(store_reviews(mem, store, NULL, "s", false, &all, &err) == 0 && all.list.count == 1);
	CHECK(strcmp(all.list.items[0].duty, "informationsägare") == 0 && strcmp(all.list.items[0].text, "Anmärkning") == 0 && all.list.items[0].own == 2 &&
	      all.list.items[0].at == 115);
	CHECK(review_state(&lists.list.items[0], &all) == REVIEW_DONE);
	CHECK(store_lists_waiting(mem, store, &rules, &waiting, &err) == 0 && waiting.list.count == 0);
	a_list("2026Q3", "s", "d2", 120);
	CHECK(store_lists(mem, store, NULL, "s", false, &lists, &err) == 0 && review_state(&lists.list.items[0], &all) == REVIEW_OLDER);
	CHECK(store_lists_waiting(mem, store, &rules, &waiting, &err) == 0 && waiting.list.count == 1);
	end();
}

static void
those_review_a_list_whom_the_night_found_and_the_rules_name_now(void)
{
	const char *deputies[] = { "per" };
	struct system s = { .id = "s", .owner = "eva", .deputies = deputies, .deputy_count = 1 };
	struct rules rules = { .systems = &s, .system_count = 1 };
	struct reviewers all;

	begin();
	CHECK(store_reviewers(mem, store, &rules, "s", NULL, 10 * 86400, &all, &err) == 0 && all.list.count == 0);
	CHECK(store_set(store, REVIEWERS_VALUE, "{\"s\":[{\"duty\":\"informationsägare\",\"key\":\"k1\"},{\"duty\":\"ersättare\",\"key\":\"k2\"}]}", &err) == 0);
	CHECK(store_pin_put(store, &(struct pin){ "eva", "k1", "e@x", 1, INT64_MIN }, &err) == 0 &&
	      store_pin_put(store, &(struct pin){ "per", "k2", "p@x", 1, 5 * 86400 }, &err) == 0);
	CHECK(store_reviewers(mem, store, &rules, "s", NULL, 10 * 86400, &all, &err) == 0 && all.list.count == 1 &&
	      strcmp(all.list.items[0].key, "k1") == 0 && strcmp(all.list.items[0].duty, "informationsägare") == 0);           /* who is called per has changed five days ago */
	CHECK(store_reviewers(mem, store, &rules, "s", NULL, 12 * 86400, &all, &err) == 0 && all.list.count == 2);
	s.owner = "nils";                                       /* the rules say so since this morning */
	CHECK(store_reviewers(mem, store, &rules, "s", NULL, 12 * 86400, &all, &err) == 0 && all.list.count == 1 && strcmp(all.list.items[0].key, "k2") == 0);
	CHECK(store_reviewers(mem, store, &rules, NULL, "k1", 12 * 86400, &all, &err) == 0 && all.list.count == 0);
	CHECK(store_reviewers(mem, store, &rules, NULL, "k2", 12 * 86400, &all, &err) == 0 && all.list.count == 1 &&
	      strcmp(all.list.items[0].system, "s") == 0);
	CHECK(store_reviewers(mem, store, &rules, "gone", NULL, 12 * 86400, &all, &err) == 0 && all.list.count == 0);
	end();
}

/* The mark of what is known before a moment changes with that, and not with what comes after. */
static void
what_is_known_of_a_quarter_has_a_mark(void)
{
	struct system system = { .id = "s" };
	struct role role = { .id = "r", .system = &system };
	struct account anna = { .name = "anna", .key = "ka" }, bo = { .name = "bo", .key = "kb" };
	struct group group = { .dn = "CN=A" };
	struct plan plan = { .access_judged = true };
	const char *was, *now;

	begin();
	*arena_push(mem, &plan.grants) = (struct grant){ .role = &role, .who = &anna, .via = &group };
	CHECK(store_grants_put(store, &plan, 1, &err) == 0 && store_access_mark(mem, store, 100, &was, &err) == 0);
	*arena_push(mem, &plan.grants) = (struct grant){ .role = &role, .who = &bo, .via = &group };
	CHECK(store_grants_put(store, &plan, 150, &err) == 0);
	plan.grants.count = 0;
	CHECK(store_grants_put(store, &plan, 200, &err) == 0);
	scribble("update access_grant set last_seen = 160 where key = 'ka'");
	CHECK(store_access_mark(mem, store, 100, &now, &err) == 0 && strcmp(was, now) == 0);
	scribble("update access_grant set last_seen = 60 where key = 'ka'");
	CHECK(store_access_mark(mem, store, 100, &now, &err) == 0 && strcmp(was, now) != 0);
	end();
}

/* What schema 7 knows stays, and reviews can begin. */
static void
a_store_of_schema_7_knows_of_no_reviews_and_takes_some(void)
{
	struct review_lists lists;
	const char *kept;

	begin();
	CHECK(store_set(store, "kept", "yes", &err) == 0);
	store_close(store);
	scribble(BEFORE_8 "pragma user_version = 7");
	CHECK(store_open(path, STORE_READ, &store, &err) < 0);
	err = (struct error){ 0 };
	CHECK(store_open(path, STORE_WRITE, &store, &err) == 0 && store_get(mem, store, "kept", &kept, &err) == 0 && strcmp(kept, "yes") == 0);
	CHECK(store_lists(mem, store, NULL, NULL, true, &lists, &err) == 0 && lists.list.count == 0);
	a_list("2026Q3", "s", "d1", 110);
	CHECK(store_lists(mem, store, NULL, NULL, true, &lists, &err) == 0 && lists.list.count == 1);
	end();
}

/* Of a gallringsprotokoll without names the store may have some still; of one with them they stay. */
static void
protocols_of_an_older_schema_say_whether_names_may_stay(void)
{
	struct protocols all = { 0 };

	begin();
	store_close(store);
	scribble(BEFORE_10 "insert into protocol (proposal, year, number, dnr, digest, body, at) values"
		 " ('p1', 2026, 1, 'D 1', 'x', '{\"names\":true}', 1), ('p2', 2026, 2, 'D 2', 'y', '{\"names\":false}', 1);"
		 " pragma user_version = 9");
	CHECK(store_open(path, STORE_READ, &store, &err) < 0);
	CHECK(store_open(path, STORE_WRITE, &store, &err) == 0);
	CHECK(store_protocols(mem, store, NULL, false, &all, &err) == 0 && all.list.count == 2);
	CHECK(!all.list.items[0].nameless && all.list.items[1].nameless);
	CHECK(store_protocols_named(mem, store, &all, &err) == 0 && all.list.count == 1);
	CHECK_TEXT(all.list.items[0].proposal, "p2");
	err = (struct error){ 0 };
	end();
}

static void
what_is_not_ours_or_newer_is_left_alone(void)
{
	struct store *other = NULL;
	const char *foreign;
	sqlite3 *db;

	begin();
	foreign = arena_print(mem, "%s/other.db", folder);
	CHECK(sqlite3_open(foreign, &db) == SQLITE_OK);
	sqlite3_exec(db, "create table t (x)", NULL, NULL, NULL);
	sqlite3_close(db);
	CHECK(store_open(foreign, STORE_WRITE, &other, &err) < 0 && !other && strstr(err.text, "not a store of behov"));
	CHECK(access(arena_print(mem, "%s-wal", foreign), F_OK) < 0);
	unlink(foreign);
	CHECK(sqlite3_open(path, &db) == SQLITE_OK);
	sqlite3_exec(db, "pragma user_version = 99", NULL, NULL, NULL);
	sqlite3_close(db);
	err = (struct error){ 0 };
	CHECK(store_open(path, STORE_READ, &other, &err) < 0 && strstr(err.text, "newer"));
	err = (struct error){ 0 };
	CHECK(store_create(path, true, &err) < 0);
	end();
}

static void
a_reader_reads_and_writes_nothing(void)
{
	struct store *reader = NULL;
	const char *value = NULL;

	begin();
	CHECK(store_set(store, "a", "b", &err) == 0);
	CHECK(store_open(path, STORE_READ, &reader, &err) == 0);
	CHECK(store_begin(store, &err) == 0 && store_set(store, "a", "c", &err) == 0);
	CHECK(store_get(mem, reader, "a", &value, &err) == 0 && value && strcmp(value, "b") == 0);
	CHECK(store_commit(store, &err) == 0);
	CHECK(store_get(mem, reader, "a", &value, &err) == 0 && strcmp(value, "c") == 0);
	CHECK(store_set(reader, "a", "d", &err) < 0);
	store_close(reader);
	end();
}

/* Whether the store can be read by somebody who may read its files and write nothing: not even as root. */
static bool
stranger_reads(void)
{
	struct store *reader = NULL;
	const char *value = NULL;
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
			_exit(2);
		_exit(store_open(path, STORE_READ, &reader, &err) < 0 || store_get(mem, reader, "a", &value, &err) < 0 || !value);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void
another_account_that_may_only_read_reads(void)
{
	static const char *const ends[] = { "", "-wal", "-shm" };

	begin();
	CHECK(store_set(store, "a", "b", &err) == 0);
	CHECK(chmod(folder, 0555) == 0 && chmod(path, 0444) == 0);
	for (size_t i = 1; i < 3; i++)
		CHECK(chmod(arena_print(mem, "%s%s", path, ends[i]), 0444) == 0);
	CHECK(stranger_reads());                /* while the night writes */
	store_close(store);
	store = NULL;
	CHECK(stranger_reads());                /* and after it, too: what it needs still lies there */
	CHECK(chmod(folder, 0700) == 0);
	end();
}

/* Every column of every row, changed by another hand. */
static void
a_changed_chain_does_not_verify(void)
{
	static const char *const changes[] = {
		"update audit set actor = 'x' where seq = 2", "update audit set event = 'x' where seq = 3",
		"update audit set at = 'x' where seq = 1", "update audit set payload_digest = 'x' where seq = 2",
		"update audit set prev = 'x' where seq = 3", "update audit set hash = 'x' where seq = 2",
		"update audit_payload set payload = '{}' where seq = 2", "update audit_payload set salt = 'x' where seq = 2",
		"update audit set event = event || char(0) || 'x' where seq = 2",
		"update audit_payload set payload = payload || char(0) where seq = 1",
		"pragma foreign_keys = off; delete from audit where seq = 2", "update audit set seq = 9 where seq = 3",
		"update audit set seq = 99 where seq = 1; update audit set seq = 1 where seq = 2; update audit set seq = 2 where seq = 99",
	};

	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		json_t *payload = json_pack("{s:s}", "a", "b");
		struct audit_result found;
		sqlite3 *db;

		begin();
		for (int64_t k = 1; k <= 3; k++)
			CHECK(audit_add(store, k, "run", "event", payload, &err) == 0);
		CHECK(audit_verify(mem, store, NULL, &found, &err) == 0 && found.rows == 3 && !found.broken);
		CHECK(sqlite3_open(path, &db) == SQLITE_OK);
		CHECK(sqlite3_exec(db, changes[i], NULL, NULL, NULL) == SQLITE_OK);
		sqlite3_close(db);
		CHECK(audit_verify(mem, store, NULL, &found, &err) == 0);
		CHECK(found.broken > 0);
		json_decref(payload);
		end();
	}
}

/* Whoever can write a row can hash it, too; but those after it follow another one. */
static void
a_row_of_another_end_of_the_chain_does_not_verify(void)
{
	static const char swap[] = "pragma foreign_keys = off; attach '%s' as other;"
		"delete from audit_payload where seq = 2; delete from audit where seq = 2;"
		"insert into audit select * from other.audit where seq = 2;"
		"insert into audit_payload select * from other.audit_payload where seq = 2";
	json_t *payload = json_pack("{s:s}", "a", "b");
	struct audit_result found;
	struct store *other;
	const char *copy;
	sqlite3 *db;

	begin();
	copy = arena_print(mem, "%s-copy", path);
	CHECK(audit_add(store, 1, "run", "event", payload, &err) == 0);
	CHECK(sqlite3_open(path, &db) == SQLITE_OK);
	CHECK(sqlite3_exec(db, arena_print(mem, "vacuum into '%s'", copy), NULL, NULL, NULL) == SQLITE_OK);
	for (int64_t k = 2; k <= 3; k++)
		CHECK(audit_add(store, k, "run", "event", payload, &err) == 0);
	CHECK(store_open(copy, STORE_WRITE, &other, &err) == 0 && audit_add(other, 2, "somebody", "event", payload, &err) == 0);
	store_close(other);
	CHECK(sqlite3_exec(db, arena_print(mem, swap, copy), NULL, NULL, NULL) == SQLITE_OK);
	sqlite3_close(db);
	CHECK(audit_verify(mem, store, NULL, &found, &err) == 0 && found.broken == 3);
	CHECK(unlink(copy) == 0);
	json_decref(payload);
	end();
}

/* Three rows, of which the first two lose their payload; then one that says that it was by a decision, of rows first to last. */
static void
disposed(long long first, long long last, const char *event, struct audit_result *found)
{
	json_t *payload = json_pack("{s:s}", "a", "b"), *said = json_pack("{s:[[I, I]], s:{s:s}}", "chain", (json_int_t)first, (json_int_t)last,
									  "decision", "dnr", "KS 2028/77");

	begin();
	for (int i = 0; i < 3; i++)
		CHECK(audit_add(store, 1, "run", "event", payload, &err) == 0);
	CHECK(audit_add(store, 1, "run", "event", NULL, &err) == 0);
	scribble("delete from audit_payload where seq < 3");
	CHECK(audit_add(store, 1, "apply", event, said, &err) == 0);
	CHECK(audit_verify(mem, store, NULL, found, &err) == 0 && found->disposed == 2 && found->rows == 5);
	json_decref(payload);
	json_decref(said);
}

static void
a_disposed_payload_leaves_the_chain_whole(void)
{
	struct audit_result found;

	disposed(1, 2, OWN_DISPOSED, &found);
	CHECK(!found.broken && found.disposals.count == 1 && found.disposals.items[0].rows == 2);
	CHECK_TEXT(found.disposals.items[0].dnr, "KS 2028/77");
	end();
	disposed(1, 4, OWN_DISPOSED, &found);           /* what has a payload still is not counted */
	CHECK(!found.broken && found.disposals.items[0].rows == 2);
	end();
}

static void
a_payload_that_is_gone_without_a_decision_breaks_the_chain(void)
{
	struct audit_result found;

	disposed(2, 2, OWN_DISPOSED, &found);
	CHECK(found.broken == 1);
	end();
	disposed(1, 2, "event", &found);
	CHECK(found.broken == 1 && !found.disposals.count);
	end();
	disposed(1, 5, OWN_DISPOSED, &found);           /* of itself, and of what comes, nobody says that */
	CHECK(found.broken == 1);
	end();
}

/* Whoever can write to the store can also add a row that claims a decision. */
static void
what_proves_a_disposal_is_not_disposed_of(void)
{
	static const char *const kept[] = { "protocol-issued", OWN_DISPOSED, "series-activated", "delivery-receipt", NULL };
	json_t *payload = json_pack("{s:s}", "a", "b"), *said = json_pack("{s:[[I, I]], s:{s:s}}", "chain", (json_int_t)1, (json_int_t)2,
									  "decision", "dnr", "KS 2028/77");

	for (int i = 0; kept[i]; i++) {
		struct audit_result found;

		begin();
		CHECK(audit_add(store, 1, "run", "event", payload, &err) == 0);
		CHECK(audit_add(store, 1, "apply", kept[i], payload, &err) == 0);
		scribble("delete from audit_payload");
		CHECK(audit_add(store, 1, "apply", OWN_DISPOSED, said, &err) == 0);
		CHECK(audit_verify(mem, store, NULL, &found, &err) == 0 && found.broken == 2);
		end();
	}
	CHECK(!own_is_kept("event") && !own_is_kept("") && !own_is_kept("protocol"));
	json_decref(payload);
	json_decref(said);
}

/* ------------------------------------------------------------------ our own records */

static int
count_own(void *self, const struct own_record *r, struct error *e)
{
	struct own_record now;

	CHECK(store_own_look(store, r->kind, r->day, &now, e) == 0);
	CHECK(now.rows == r->rows && now.bytes == r->bytes && now.last == r->last && r->rows > 0);
	*(struct own_record *)self = *r;
	return 0;
}

static void
a_record_of_ours_has_a_name_that_is_read_back(void)
{
	const day_t day = day_make(2024, 2, 29);
	enum own kind;
	day_t read;

	begin();
	for (int i = 0; i < OWNS; i++)
		CHECK(own_read(own_path(mem, (enum own)i, day), &kind, &read) && kind == (enum own)i && read == day);
	CHECK_TEXT(own_path(mem, OWN_LETTERS, day), "brev/2024/2024-02-29");
	CHECK(!own_read("brev/2023/2024-02-29", &kind, &read) && !own_read("brev/2024/2024-02-30", &kind, &read));
	CHECK(!own_read("brev/2024-02-29", &kind, &read) && !own_read("protokoll/2024/2024-02-29", &kind, &read) && !own_read("", &kind, &read));
	end();
}

static void
a_letter_is_of_the_day_in_the_zone_and_goes_with_all_of_that_day(void)
{
	const int64_t late = 1735687800;                /* 2024-12-31T23:30Z, and so 2025-01-01 in Sweden */
	struct own_record last = { 0 };
	struct own_gone gone = { 0 };
	struct letters left;

	begin();
	CHECK(clock_zone("Europe/Stockholm", &err) == 0);
	for (int i = 0; i < 4; i++)
		CHECK(store_letter_add(store, &(struct letter){ .id = arena_print(mem, "l%d", i), .kind = "digest", .key = "ka", .mail = "a@x",
			.token_hash = arena_print(mem, "h%d", i), .created = 1, .sent = i == 3 ? INT64_MIN : late - 3600 * i }, &err) == 0);
	CHECK(store_own_each(store, OWN_LETTERS, count_own, &last, &err) == 0);
	CHECK(last.day == day_make(2025, 1, 1) && last.rows == 1 && last.last == late);
	CHECK(store_begin(store, &err) == 0);
	CHECK(store_own_dispose(mem, store, OWN_LETTERS, day_make(2024, 12, 31), &gone, &err) == 0 && gone.rows == 2 && !gone.chain.count);
	CHECK(store_commit(store, &err) == 0);
	CHECK(store_own_look(store, OWN_LETTERS, day_make(2024, 12, 31), &last, &err) == 0 && !last.rows);
	CHECK(store_own_look(store, OWN_LETTERS, day_make(2025, 1, 1), &last, &err) == 0 && last.rows == 1);
	CHECK(store_letter_by_token(mem, store, "h1", &left, &err) == 0 && !left.list.count);
	CHECK(store_letter_by_token(mem, store, "h0", &left, &err) == 0 && left.list.count == 1);
	CHECK(store_letters_unsent(mem, store, &left, &err) == 0 && left.list.count == 1);
	/* The same letter is not written anew: its row is there. */
	CHECK(store_letter_add(store, &(struct letter){ .id = "l1", .kind = "digest", .key = "ka", .sent = INT64_MIN }, &err) == 0);
	CHECK(store_letters_unsent(mem, store, &left, &err) == 0 && left.list.count == 1);
	end();
}

static void
what_is_gone_is_remembered_as_gone(void)
{
	struct own_until until;

	begin();
	CHECK(store_own_until(mem, store, OWN_ACCESS, &until, &err) == 0 && until.until == DAY_NONE);
	CHECK(store_own_remember(store, OWN_ACCESS, day_make(2024, 3, 1), "KS 1", &err) == 0);
	CHECK(store_own_remember(store, OWN_ACCESS, day_make(2023, 3, 1), "KS 2", &err) == 0);
	CHECK(store_own_until(mem, store, OWN_ACCESS, &until, &err) == 0 && until.until == day_make(2024, 3, 1));
	CHECK_TEXT(until.dnr, "KS 1");
	CHECK(store_own_until(mem, store, OWN_CHAIN, &until, &err) == 0 && until.until == DAY_NONE);
	end();
}

static void
a_store_of_schema_11_opens(void)
{
	struct letters last = { 0 };

	begin();
	store_close(store);
	scribble(BEFORE_12 "pragma user_version = 11");
	CHECK(store_open(path, STORE_WRITE, &store, &err) == 0 && store_letter_last(mem, store, "k", &last, &err) == 0 && !last.list.count);
	end();
}

static void
a_store_of_schema_10_opens_and_finds_its_days(void)
{
	struct own_record last = { 0 };

	begin();
	store_close(store);
	scribble(BEFORE_11 "insert into access_grant (system, role, key, via, first_seen, last_seen) values ('s', 'r', 'k', 'v', 1, 2);"
		 "pragma user_version = 10");
	CHECK(store_open(path, STORE_READ, &store, &err) < 0 && strstr(err.text, "behov run"));
	CHECK(store_open(path, STORE_WRITE, &store, &err) == 0);
	CHECK(store_own_each(store, OWN_ACCESS, count_own, &last, &err) == 0 && last.rows == 1 && last.day == day_make(1970, 1, 1));
	err = (struct error){ 0 };
	end();
}

/* What a page of thousands asks: theirs in brief, and all that was said about them. */
static void
one_owners_proposals_come_in_brief_with_what_was_decided(void)
{
	const struct proposal_filter mine = { .approver = "kb", .states = STATES(STATE_OPEN), .brief = true };
	struct decision d = { .version = "v1", .key = "kc", .verdict = VERDICT_APPROVE, .until = DAY_NONE, .at = 7, .source = "page" };
	static const char *const about[] = { "q-1", "p-1", "q-1", "other-1", "gone-1" };
	struct stored_list list = { 0 };
	struct decisions said = { 0 };

	begin();
	for (size_t i = 0; i < 4; i++) {
		struct stored s = one((const char *[]){ "p", "q", "gone", "other" }[i]);

		if (i == 3) {
			s.p.approvers.count = 0;
			*arena_push(mem, &s.p.approvers) = (struct approver){ .key = "kz", .name = "z", .display = "Z", .mail = "z@x.example",
					.as = "ägare" };
		}
		CHECK(store_proposal_add(mem, store, &s, &err) == 0);
		json_decref(s.p.evidence);
	}
	CHECK(store_proposal_move(store, "gone-1", PROPOSAL_WITHDRAWN, 20, INT64_MIN, DAY_NONE, NULL, &err) == 0);
	for (size_t i = 0; i < sizeof(about) / sizeof(*about); i++) {
		d.proposal = about[i];
		d.inbox = (long long)i + 1;
		CHECK(store_decision_add(store, &d, &err) == 0);
	}
	CHECK(store_proposals(mem, store, &mine, &list, &err) == 0 && list.list.count == 2);
	for (size_t i = 0; i < list.list.count; i++) {
		const struct proposal *p = &list.list.items[i].p;

		CHECK(!p->evidence && !p->also_count && !p->path_count && p->approvers.count);
		CHECK_TEXT(p->version, "v1");
		CHECK_TEXT(p->guid, "g");
		CHECK_TEXT(p->why, "ja");
		CHECK(p->konfidentialitet == 3 && p->needs == 2 && list.list.items[i].state == STATE_OPEN && list.list.items[i].opened == 10);
	}
	stored_free(&list);
	CHECK(store_decisions_asked(mem, store, "kb", mine.states, &said, &err) == 0 && said.list.count == 3);
	CHECK_TEXT(said.list.items[0].proposal, "p-1");
	CHECK_TEXT(said.list.items[1].proposal, "q-1");
	CHECK(said.list.items[1].inbox == 1 && said.list.items[2].inbox == 3);
	CHECK(count(&(struct proposal_filter){ .approver = "kb" }) == 3 && count(&(struct proposal_filter){ .id = "p-1" }) == 1);
	CHECK(count(&(struct proposal_filter){ .states = STATES(STATE_OPEN) }) == 3 && count(&(struct proposal_filter){ .scope = "system:s" }) == 4);
	CHECK(count(&(struct proposal_filter){ .id = "p-1", .approver = "kz" }) == 0);
	end();
}

static void
decisions_letters_effects_and_holds_come_out(void)
{
	static const char *about[] = { "p-1", "p-2" };
	struct letter letter = { .id = "l1", .kind = "digest", .key = "kb", .token_hash = "th", .created = 1, .expires = 9,
				 .sent = INT64_MIN, .proposals = about, .proposal_count = 2 };
	struct decision d = { .proposal = "p-1", .version = "v", .verdict = VERDICT_KEEP, .until = 7, .at = 3,
			      .source = "page", .inbox = 12 };
	struct effect e = { .proposal = "p-1", .act = "unlink", .number = 4, .target = "a/b", .intended = 5, .ended = INT64_MIN };
	struct letters letters;
	struct decisions decisions;
	struct effects effects;
	struct holds holds;
	long long id = 0, again = 0;
	bool taken = false;

	begin();
	CHECK(store_letter_add(store, &letter, &err) == 0 && store_letter_add(store, &letter, &err) == 0);
	CHECK(store_letters_unsent(mem, store, &letters, &err) == 0 && letters.list.count == 1 && letters.list.items[0].proposal_count == 2);
	CHECK(store_letter_by_token(mem, store, "th", &letters, &err) == 0 && letters.list.count == 1);
	CHECK(store_letter_about(mem, store, "kb", "p-2", &letters, &err) == 0 && letters.list.count == 1 && !letters.list.items[0].proposals);
	CHECK(store_letter_last(mem, store, "kb", &letters, &err) == 0 && letters.list.count == 1 && !letters.list.items[0].proposals);
	CHECK(store_letter_sent(store, "l1", 4, NULL, &err) == 0);
	CHECK(store_letters_unsent(mem, store, &letters, &err) == 0 && letters.list.count == 0);
	CHECK(store_decision_add(store, &d, &err) == 0);
	CHECK(store_decision_add(store, &d, &err) < 0);         /* the same row of the inbox, twice */
	err = (struct error){ 0 };
	CHECK(store_decision_taken(store, 12, &taken, &err) == 0 && taken);
	CHECK(store_decision_taken(store, 13, &taken, &err) == 0 && !taken);
	CHECK(store_decisions(mem, store, "p-1", INT64_MIN, &decisions, &err) == 0 && decisions.list.count == 1 &&
	      decisions.list.items[0].verdict == VERDICT_KEEP && decisions.list.items[0].until == 7);
	CHECK(store_effect_intend(store, &e, &id, &err) == 0 && store_effect_intend(store, &e, &again, &err) == 0 && id == again);
	CHECK(store_effect_end(store, id, EFFECT_DONE, "{}", NULL, 6, &err) == 0);
	CHECK(store_effects(mem, store, NULL, "unlink", &effects, &err) == 0 && effects.list.count == 1 &&
	      effects.list.items[0].state == EFFECT_DONE && effects.list.items[0].ended == 6);
	CHECK(store_hold_add(store, &(struct hold){ .id = "h", .reason = "r" }, true, 1, &err) == 0);
	CHECK(store_hold_lift(store, "h", 2, "x", "y", &err) == 0);
	CHECK(store_hold_add(store, &(struct hold){ .id = "h", .reason = "again" }, true, 3, &err) == 0);
	CHECK(store_hold_join(store, "h", "bo", "more", &err) == 0);
	CHECK(store_holds(mem, store, false, &holds, &err) == 0 && holds.list.count == 0);
	CHECK(store_holds(mem, store, true, &holds, &err) == 0 && holds.list.count == 1 && holds.list.items[0].lifted == 2);
	CHECK_TEXT(holds.list.items[0].hold.reason, "r");       /* what is lifted is as it was */
	CHECK(hold_is_of(&(struct hold){ .id = "stopp-abc-1-2" }, "abc") && !hold_is_of(&(struct hold){ .id = "stopp-abcd-1-2" }, "abc") &&
	      !hold_is_of(&(struct hold){ .id = "stopp-ab" }, "abc") && !hold_is_of(&(struct hold){ .id = "abc-1" }, "abc"));
	end();
}

static int
count_step(void *steps)
{
	return ++*(int *)steps, 0;
}

/* How much the database does to find what was done of one proposal. */
static int
work_for(const char *proposal)
{
	struct effects effects;
	int steps = 0;

	sqlite3_progress_handler(store->base.db, 1, count_step, &steps);
	CHECK(store_effects(mem, store, proposal, NULL, &effects, &err) == 0 && effects.list.count == 1);
	sqlite3_progress_handler(store->base.db, 0, NULL, NULL);
	return steps;
}

static void
what_was_done_of_one_is_found_without_looking_at_all(void)
{
	struct effect e = { .act = "unlink", .number = 1, .target = "a/b", .intended = 5, .ended = INT64_MIN };
	long long id;
	int alone = 0;

	begin();
	CHECK(store_begin(store, &err) == 0);
	for (int i = 0; i < 500; i++) {
		e.proposal = arena_print(mem, "p-%d", i);
		CHECK(store_effect_intend(store, &e, &id, &err) == 0);
		alone = i ? alone : work_for("p-0");
	}
	CHECK(store_commit(store, &err) == 0);
	CHECK(work_for("p-0") < alone + 9 && work_for("p-250") < alone + 9);  /* the next of another ends it */
	end();
}

/* How much it does to find what was decided since `since`, and what was done before of one edge. */
static int
work_since(int64_t since, const char *key)
{
	struct decisions decisions;
	struct stored_list list;
	int steps = 0;

	sqlite3_progress_handler(store->base.db, 1, count_step, &steps);
	CHECK(store_decisions(mem, store, NULL, since, &decisions, &err) == 0 && decisions.list.count == 1);
	CHECK(store_proposals(mem, store, &(struct proposal_filter){ .key = key, .states = STATES(STATE_DONE) }, &list, &err) == 0 && list.list.count == 1);
	sqlite3_progress_handler(store->base.db, 0, NULL, NULL);
	stored_free(&list);
	return steps;
}

static void
what_was_decided_lately_is_found_without_looking_at_all_that_ever_was(void)
{
	struct stored_list about;
	int alone = 0;

	begin();
	CHECK(store_begin(store, &err) == 0);
	for (int i = 0; i < 500; i++) {
		struct stored s = one(arena_print(mem, "k-%d", i));
		struct decision d = { .verdict = VERDICT_APPROVE, .source = "page", .until = DAY_NONE, .at = i };

		s.state = STATE_DONE;
		s.p.account = i % 100 ? "anna" : "bo";
		CHECK(store_proposal_add(mem, store, &s, &err) == 0);
		d.proposal = s.id;
		CHECK(store_decision_add(store, &d, &err) == 0);
		json_decref(s.p.evidence);
		alone = i ? alone : work_since(0, "k-0");
	}
	CHECK(store_commit(store, &err) == 0);
	CHECK(work_since(499, "k-250") < alone + 40);           /* an index has a few levels then */
	CHECK(store_proposals(mem, store, &(struct proposal_filter){ .about = "bo" }, &about, &err) == 0 && about.list.count == 5);
	stored_free(&about);
	CHECK(store_proposals(mem, store, &(struct proposal_filter){ .about = "k-7" }, &about, &err) == 0 && about.list.count == 1);
	CHECK_TEXT(about.list.items[0].id, "k-7-1");
	stored_free(&about);
	CHECK(store_proposals(mem, store, &(struct proposal_filter){ .about = "k-7-1" }, &about, &err) == 0 && about.list.count == 1);
	stored_free(&about);
	end();
}

static void
the_inbox_keeps_sessions_and_decisions(void)
{
	struct inbox_decision list[] = { { .token = "t", .proposal = "p", .version = "v", .verdict = "approve", .until = DAY_NONE, .at = 3 },
					 { .token = "t", .proposal = "q", .version = "v", .verdict = "keep", .until = 9, .at = 3 } };
	struct session s = { .id = "i", .letter = "l", .token = "t", .made = 1, .code_sent = INT64_MIN, .proved = INT64_MIN,
			     .seen = INT64_MIN }, out;
	struct inbox_decisions found;
	struct inbox *inbox = NULL;
	const char *box;
	bool there = false;
	long long n = 0;

	begin();
	box = arena_print(mem, "%s.inbox", path);
	CHECK(inbox_open(box, false, &inbox, &err) == 0 && !inbox);
	CHECK(inbox_open(box, true, &inbox, &err) == 0);
	CHECK(inbox_session_put(inbox, &s, &err) == 0 && inbox_session(mem, inbox, "i", &out, &there, &err) == 0 && there);
	CHECK(out.proved == INT64_MIN && strcmp(out.token, "t") == 0);
	CHECK(inbox_code_note(inbox, "l", 5, &err) == 0 && inbox_code_count(inbox, "l", 5, &n, &err) == 0 && n == 1);
	CHECK(inbox_codes_expire(inbox, 5, &err) == 0 && inbox_code_count(inbox, "l", 5, &n, &err) == 0 && n == 1);
	CHECK(inbox_codes_expire(inbox, 6, &err) == 0 && inbox_code_count(inbox, "l", 5, &n, &err) == 0 && n == 0);
	CHECK(inbox_decisions_add(inbox, list, 2, &err) == 0);
	CHECK(inbox_decisions(mem, inbox, &(struct inbox_filter){ .after = 1 }, &found, &err) == 0 && found.list.count == 1 && found.list.items[0].until == 9);
	CHECK(inbox_sessions_expire(inbox, 2, &err) == 0 && inbox_session(mem, inbox, "i", &out, &there, &err) == 0 && !there);
	inbox_close(inbox);
	unlink(box);
	unlink(arena_print(mem, "%s-wal", box));
	unlink(arena_print(mem, "%s-shm", box));
	end();
}

int
main(void)
{
	if (!mkdtemp(folder))
		return 1;
	TEST(a_proposal_comes_out_as_it_went_in);
	TEST(episodes_count_up_and_states_change);
	TEST(a_rollback_leaves_nothing);
	TEST(a_manifest_is_read_whole_or_a_frame_at_a_time);
	TEST(other_files_than_those_of_the_digest_are_not_stored);
	TEST(a_manifest_that_somebody_changed_is_refused);
	TEST(a_manifest_of_an_older_schema_is_put_in_frames);
	TEST(the_approvers_of_an_older_schema_have_a_seat_each);
	TEST(a_store_of_an_older_schema_keeps_what_it_knows_and_takes_more);
	TEST(what_was_not_theirs_in_an_older_schema_is_of_the_duty_they_had);
	TEST(protocols_are_numbered_by_year_and_given_once);
	TEST(names_of_who_asks_and_is_asked_are_hidden);
	TEST(facts_and_grants_twice_are_once);
	TEST(by_which_need_somebody_has_a_role_is_kept_with_since_when);
	TEST(what_is_special_about_an_account_is_kept_until_it_is_over);
	TEST(access_of_an_older_schema_has_no_need_until_a_night_says_it);
	TEST(what_was_so_a_night_before_can_still_be_told);
	TEST(what_a_proposal_was_before_can_still_be_told);
	TEST(an_older_schema_remembers_from_its_last_night_on);
	TEST(a_list_is_read_as_it_was_laid_and_the_last_one_is_in_force);
	TEST(a_review_counts_for_the_list_that_was_seen);
	TEST(those_review_a_list_whom_the_night_found_and_the_rules_name_now);
	TEST(what_is_known_of_a_quarter_has_a_mark);
	TEST(a_store_of_schema_7_knows_of_no_reviews_and_takes_some);

	TEST(protocols_of_an_older_schema_say_whether_names_may_stay);
	TEST(what_is_not_ours_or_newer_is_left_alone);
	TEST(a_reader_reads_and_writes_nothing);
	TEST(another_account_that_may_only_read_reads);
	TEST(a_changed_chain_does_not_verify);
	TEST(a_row_of_another_end_of_the_chain_does_not_verify);
	TEST(a_disposed_payload_leaves_the_chain_whole);
	TEST(a_payload_that_is_gone_without_a_decision_breaks_the_chain);
	TEST(what_proves_a_disposal_is_not_disposed_of);
	TEST(a_record_of_ours_has_a_name_that_is_read_back);
	TEST(a_letter_is_of_the_day_in_the_zone_and_goes_with_all_of_that_day);
	TEST(what_is_gone_is_remembered_as_gone);
	TEST(a_store_of_schema_11_opens);
	TEST(a_store_of_schema_10_opens_and_finds_its_days);
	TEST(one_owners_proposals_come_in_brief_with_what_was_decided);
	TEST(decisions_letters_effects_and_holds_come_out);
	TEST(what_was_done_of_one_is_found_without_looking_at_all);
	TEST(what_was_decided_lately_is_found_without_looking_at_all_that_ever_was);
	TEST(the_inbox_keeps_sessions_and_decisions);
	rmdir(folder);
	return check_done();
}
