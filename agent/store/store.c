/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store.c - the schema, opening and closing, transactions, small values, and nights. */
#include "store_p.h"
#include "behov/step.h"

static const char *const schema_1[] = {
	"create table value (name text primary key, value text not null) strict;"
	"create table night (id integer primary key, verb text not null check (verb in ('run', 'apply')),"
	"  state text not null check (state in ('running', 'published', 'failed', 'interrupted')),"
	"  started integer not null, finished integer, complete integer not null default 0, rules text, summary text) strict;"
	/* facts of the last published night */
	"create table finding (key text primary key, kind text not null, system text, role text, share text, series text,"
	"  account text, grp text, text text, first_seen integer not null) strict;"
	"create table gap (key text primary key, what text not null, id text, path text, text text,"
	"  first_seen integer not null) strict;"
	"create table access_grant (id integer primary key, system text not null, role text not null, key text not null,"
	"  account text, via text not null, first_seen integer not null, last_seen integer) strict;"
	"create unique index access_grant_open on access_grant (system, role, key, via) where last_seen is null;"
	,
	/* proposals */
	"create table proposal (id text primary key, key text not null, episode integer not null,"
	"  kind text not null check (kind in ('remove-member', 'cut-nesting', 'destroy', 'deliver')), version text not null,"
	"  system text, role text, also text, account text, display text, guid text, grp text, group_guid text, member text,"
	"  path text, accounts integer not null, by_hand integer not null, series text, share text, batch text,"
	"  files integer not null, bytes integer not null, due integer, manifest text, whole integer not null, owner text,"
	"  needs integer not null, konfidentialitet integer not null, scope text not null, why text, rule_file text,"
	"  rule_line integer not null, evidence text, approvers text not null,"
	"  state text not null check (state in ('open', 'braked', 'scheduled', 'exported', 'quarantined', 'kept', 'done',"
	"  'failed', 'withdrawn', 'superseded')), opened integer not null, since integer not null, go_at integer,"
	"  until integer, note text, unique (key, episode)) strict;"
	"create index proposal_state on proposal (state);"
	"create table approver (proposal text not null references proposal (id), key text not null,"
	"  primary key (proposal, key)) strict, without rowid;"
	"create index approver_key on approver (key);"
	"create table manifest (digest text primary key, size integer not null, packed blob not null) strict;"
	,
	/* decisions */
	"create table decision (id integer primary key, proposal text not null, version text, key text, name text,"
	"  verdict text not null check (verdict in ('approve', 'keep', 'undo')), reason text, until integer,"
	"  at integer not null, source text not null, inbox integer unique, proof text, refused text) strict;"
	"create index decision_proposal on decision (proposal);"
	"create table exception (id integer primary key, system text not null, role text not null, key text not null,"
	"  account text, reason text, who text, proposal text, until integer, at integer not null) strict;"
	/* letters */
	"create table letter (id text primary key, kind text not null, key text not null, name text, display text, mail text,"
	"  token_hash text unique, created integer not null, expires integer not null, sent integer, problem text) strict;"
	"create table letter_about (letter text not null references letter (id), number integer not null,"
	"  proposal text not null, primary key (letter, number)) strict, without rowid;"
	"create index letter_about_proposal on letter_about (proposal);"
	,
	/* people, holds, activations */
	"create table pin (name text primary key, key text not null, mail text, since integer not null, changed integer) strict;"
	"create table hold (id text primary key, share text, path text, series text, case_name text, reason text, who text,"
	"  since text, from_rules integer not null, at integer not null, lifted integer, lifted_by text, lifted_why text) strict;"
	"create table activation (series text primary key, digest text not null, who text not null, at integer not null) strict;"
	/* what was done */
	"create table effect (id integer primary key, proposal text not null, act text not null, number integer not null,"
	"  target text, state text not null check (state in ('intended', 'done', 'failed', 'undone')), before text, after text,"
	"  note text, intended integer not null, ended integer, unique (proposal, act, number)) strict;"
	"create table audit (seq integer primary key check (seq > 0), at text not null, actor text not null,"
	"  event text not null, payload_digest text, prev text not null, hash text not null unique) strict;"
	"create table audit_payload (seq integer primary key references audit (seq), salt text not null,"
	"  payload text not null) strict",
	NULL };

/* What people say has happened; those of the page that did not hold, too, so that they are not taken again. */
static const char *const schema_2[] = {
	"create table event (id text primary key, series text not null, share text not null, path text not null,"
	"  date integer, why text, key text, who text, at integer not null, source text not null, inbox integer unique,"
	"  proof text, refused text, withdrawn integer, withdrawn_by text, withdrawn_why text) strict;"
	"create index event_series on event (series, share)",
	NULL };

/* Manifests in frames; manifest.packed holds the whole of one that manifests_split() has not met yet. */
static const char *const schema_3[] = {
	"create table manifest_frame (id integer primary key, manifest text not null references manifest (digest),"
	"  number integer not null, first integer not null, files integer not null, bytes integer not null, oldest integer,"
	"  newest integer, path text not null, size integer not null, packed blob not null, unique (manifest, number)) strict",
	NULL };

/*
 * Approvers sit in seats.  And the table of proposals is made anew without a list of its states: that list is life.c's, and
 * another state needs no other table.  What somebody may answer stands in another, which is made anew for the same reason.
 */
static const char *const schema_4[] = {
	"create table approver_before as select proposal, key from approver;"
	"drop table approver;"
	"create table proposal_4 (id text primary key, key text not null, episode integer not null,"
	"  kind text not null check (kind in ('remove-member', 'cut-nesting', 'destroy', 'deliver')), version text not null,"
	"  system text, role text, also text, account text, display text, guid text, grp text, group_guid text, member text,"
	"  path text, accounts integer not null, by_hand integer not null, series text, share text, batch text,"
	"  files integer not null, bytes integer not null, due integer, manifest text, whole integer not null, owner text,"
	"  needs integer not null, konfidentialitet integer not null, scope text not null, why text, rule_file text,"
	"  rule_line integer not null, evidence text, approvers text not null, state text not null, opened integer not null,"
	"  since integer not null, go_at integer, until integer, note text, unique (key, episode)) strict;"
	,
	"insert into proposal_4 (id, key, episode, kind, version, system, role, also, account, display, guid, grp, group_guid,"
	"  member, path, accounts, by_hand, series, share, batch, files, bytes, due, manifest, whole, owner, needs,"
	"  konfidentialitet, scope, why, rule_file, rule_line, evidence, approvers, state, opened, since, go_at, until, note)"
	"  select id, key, episode, kind, version, system, role, also, account, display, guid, grp, group_guid, member, path,"
	"  accounts, by_hand, series, share, batch, files, bytes, due, manifest, whole, owner, needs, konfidentialitet, scope,"
	"  why, rule_file, rule_line, evidence, approvers, state, opened, since, go_at, until, note from proposal;"
	"drop table proposal;"
	"alter table proposal_4 rename to proposal;"
	"create index proposal_state on proposal (state);"
	,
	/* asked: null = not yet; waited: days after which they came to sit with others who had not answered */
	"create table approver (proposal text not null references proposal (id), seat integer not null, key text not null,"
	"  asked integer, waited integer not null, primary key (proposal, key, seat)) strict, without rowid;"
	"create index approver_key on approver (key, asked);"
	/* In the order in which they were written each had a seat of their own. */
	"insert into approver (proposal, seat, key, waited)"
	"  select proposal, row_number() over (partition by proposal order by key) - 1, key, 0 from approver_before;"
	"drop table approver_before;"
	/* tries: how often the server has said no; next: not tried before that */
	"alter table letter add column tries integer not null default 0;"
	"alter table letter add column next integer"
	,
	"create table decision_4 (id integer primary key, proposal text not null, version text, key text, name text,"
	"  verdict text not null, reason text, until integer,"
	"  at integer not null, source text not null, inbox integer unique, proof text, refused text) strict;"
	"insert into decision_4 select * from decision; drop table decision; alter table decision_4 rename to decision;"
	"create index decision_proposal on decision (proposal); create index decision_verdict on decision (verdict);"
	,
	"create table question (id integer primary key, proposal text not null references proposal (id),"
	"  kind text not null check (kind in ('colleague', 'rule')), typed text, text text not null, by_key text not null,"
	"  by_name text, at integer not null, key text, name text, display text, mail text, problem text,"
	"  advice text not null check (advice in ('', 'remove', 'keep', 'unknown')), answer text, answered integer,"
	"  closed integer) strict;"
	"create index question_proposal on question (proposal); create index question_key on question (key)",
	NULL };

/* "Not mine" is of a duty.  Who was replaced by a night before this is asked once more: as what they were asked is not known. */
static const char *const schema_5[] = {
	"create table declined (proposal_key text not null, key text not null, duty text not null, at integer not null,"
	"  primary key (proposal_key, key, duty)) strict, without rowid;"
	"create index declined_key on declined (key);"
	"insert into declined select p.key, d.key, json_extract(a.value, '$.as'), min(d.at) from decision d"
	"  join proposal p on p.id = d.proposal join json_each(p.approvers) a on json_extract(a.value, '$.key') = d.key"
	"  where d.verdict = 'not-mine' and d.refused is null and json_extract(a.value, '$.as') is not null group by 1, 2, 3",
	NULL };

/* Gallringsprotokoll: what was issued is never changed; only that its files lie where they should is noted afterwards. */
static const char *const schema_6[] = {
	"create table protocol (id integer primary key, proposal text not null unique references proposal (id), year integer not null,"
	"  number integer not null, dnr text not null unique, digest text not null, body text not null, at integer not null,"
	"  written integer, unique (year, number)) strict",
	NULL };

/* Why somebody has what they have, when it came, and what is special about accounts: for the quarterly review. */
static const char *const schema_7[] = {
	"create table need (id integer primary key, key text not null unique, kind text not null, system text, role text, text text,"
	"  why text, since text, place text) strict;"
	"alter table access_grant add column need integer; alter table access_grant add column need_since integer;"
	"alter table access_grant add column added integer; alter table access_grant add column added_by text;"
	"create index access_grant_who on access_grant (system, role, account, key, first_seen, last_seen, need, need_since);"
	"create table account_mark (id integer primary key, kind text not null, system text not null, role text not null,"
	"  key text not null, account text, note text, day integer, first_seen integer not null, last_seen integer) strict;"
	"create unique index account_mark_open on account_mark (kind, system, role, key) where last_seen is null",
	NULL };

/*
 * What an owner is asked to review of a quarter that is over: each list as it was laid before them, and who has said that it is
 * reviewed.  Reviews that did not hold are here, too, so that they are not taken again.  asked: when the first list of that quarter
 * and system was made; core: a digest without needs, which a later night may no longer know.
 */
static const char *const schema_8[] = {
	"create table review_list (id integer primary key, quarter text not null, system text not null, digest text not null,"
	"  core text not null, people integer not null, added integer not null, removed integer not null, rows integer not null,"
	"  ended integer not null, asked integer not null, made integer not null) strict;"
	"create index review_list_of on review_list (quarter, system);"
	"create table review_row (list integer not null references review_list (id), number integer not null, role text not null,"
	"  key text not null, account text not null, change text not null, since integer, until integer, need integer,"
	"  primary key (list, number)) strict, without rowid;"
	"create index review_row_key on review_row (key);"
	,
	"create table review (id integer primary key, quarter text not null, system text not null, digest text not null, key text,"
	"  name text, duty text, text text, own integer not null, at integer not null, source text not null, inbox integer unique,"
	"  proof text, refused text) strict;"
	"create index review_of on review (quarter, system)",
	NULL };

/*
 * What was so before, until a moment, as far as a report of a quarter that is over tells of it: then it says the same whenever it is
 * made.
 */
static const char *const schema_9[] = {
	"create table finding_past (kind text not null, system text, role text, share text, series text, account text, grp text, text text,"
	"  first_seen integer not null, until integer not null) strict;"
	"create index finding_past_until on finding_past (until);"
	"create table gap_past (what text not null, id text, path text, text text, first_seen integer not null, until integer not null) strict;"
	"create index gap_past_until on gap_past (until);"
	"create table need_past (access_grant integer not null, need integer not null, since integer, until integer not null) strict;"
	"create index need_past_of on need_past (access_grant, until);"
	"create table mark_past (mark integer not null, note text, day integer, until integer not null) strict;"
	"create index mark_past_of on mark_past (mark, until)"
	,
	"create table state_past (proposal text not null, state text not null, since integer not null, note text, until integer not null) strict;"
	"create index state_past_of on state_past (until, proposal);"
	/* of what went before nothing is known: an empty store has no before */
	"insert into value select '" PAST_VALUE "', cast(max(started) as text) from night where state = 'published' having max(started) is not null",
	NULL };

/* Names of files that are gone go, too, where a series says so; forgotten: when nothing was left of them in this store. */
static const char *const schema_10[] = {
	"alter table protocol add column nameless integer; alter table protocol add column forgotten integer;"
	"update protocol set nameless = not json_extract(body, '$.names')",
	NULL };

/* Of our own records those of one day are looked at and ended one by one. */
static const char *const schema_11[] = {
	"create index audit_at on audit (at); create index letter_sent on letter (sent); create index decision_at on decision (at);"
	"create index access_grant_ended on access_grant (last_seen) where last_seen is not null",
	NULL };

/* Each who is written to is asked for the last letter that they had. */
static const char *const schema_12[] = { "create index letter_key on letter (key, created)", NULL };

static const char *const *const steps[] = { schema_1, schema_2, schema_3, schema_4, schema_5, schema_6, schema_7, schema_8, schema_9,
						  schema_10, schema_11, schema_12 };
static const struct schema schema = { "store", 0x62656876, 12, false, steps, false, 0 };

static int
get_value(struct arena *mem, struct store *store, const char *name, const char **out, struct error *err)
{
	struct query q;

	*out = NULL;
	if (query_open(&store->base, &q, "select value from value where name = ?", err) < 0)
		return -1;
	bind_text(&q, name);
	if (query_row(&q, err))
		*out = column_text(mem, &q, 0);
	return query_close(&q, err);
}

static int
open_as(const char *path, bool write, bool fresh, struct store **out, struct error *err)
{
	struct store *store = calloc(1, sizeof(*store));
	struct arena *mem = arena_open();
	const char *test = NULL;
	int rc = -1;

	if (!store)
		abort();
	*out = NULL;
	if (base_open(path, write, fresh, &schema, &store->base, err) == 0)
		rc = get_value(mem, store, "test", &test, err);
	if (rc == 0 && write)
		rc = manifests_split(store, err);
	store->test = test != NULL;
	arena_close(mem);
	if (rc < 0)
		store_close(store);
	else
		*out = store;
	return rc;
}

int
store_create(const char *path, bool test, struct error *err)
{
	struct store *store;
	int rc = open_as(path, true, true, &store, err);

	if (rc < 0)
		return -1;
	if (test)
		rc = store_set(store, "test", "yes", err);
	store_close(store);
	return rc;
}

int
store_open(const char *path, enum store_mode mode, struct store **out, struct error *err)
{
	return open_as(path, mode == STORE_WRITE, false, out, err);
}

void
store_close(struct store *store)
{
	if (!store)
		return;
	if (store->within)
		store_rollback(store);
	base_close(&store->base);
	free(store);
}

bool store_is_test(const struct store *store) { return store->test; }

int
store_begin(struct store *store, struct error *err)
{
	if (base_run(&store->base, "begin immediate", err) < 0)
		return -1;
	store->within = true;
	return 0;
}

int
store_commit(struct store *store, struct error *err)
{
	if (base_run(&store->base, "commit", err) < 0)
		return -1;
	store->within = false;
	step("commit");
	return 0;
}

void
store_rollback(struct store *store)
{
	if (store->within)
		sqlite3_exec(store->base.db, "rollback", NULL, NULL, NULL);
	store->within = false;
}

int
store_get(struct arena *mem, struct store *store, const char *name, const char **out, struct error *err)
{
	return get_value(mem, store, name, out, err);
}

int
store_set(struct store *store, const char *name, const char *value, struct error *err)
{
	struct query q;

	if (query_open(&store->base, &q, "insert into value (name, value) values (?, ?)"
		       " on conflict (name) do update set value = excluded.value where value <> excluded.value", err) < 0)
		return -1;
	bind_text(&q, name);
	bind_text(&q, value);
	return query_done(store, &q, err);
}

/* ------------------------------------------------------------------ nights */

int
store_night_start(struct store *store, const char *verb, int64_t now, const char *rules, long long *id,
		  struct error *err)
{
	struct query q;

	if (query_open(&store->base, &q, "update night set state = 'interrupted', finished = ? where state = 'running'",
		       err) < 0)
		return -1;
	bind_moment(&q, now);
	if (query_done(store, &q, err) < 0 ||
	    query_open(&store->base, &q, "insert into night (verb, state, started, rules) values (?, 'running', ?, ?)", err) < 0)
		return -1;
	bind_text(&q, verb);
	bind_moment(&q, now);
	bind_text(&q, rules);
	if (query_done(store, &q, err) < 0)
		return -1;
	*id = sqlite3_last_insert_rowid(store->base.db);
	return 0;
}

int
store_night_end(struct store *store, long long id, const char *state, bool complete, int64_t now, const char *summary,
		struct error *err)
{
	struct query q;

	if (query_open(&store->base, &q, "update night set state = ?, complete = ?, finished = ?, summary = ?"
		       " where id = ? and state = 'running'", err) < 0)
		return -1;
	bind_text(&q, state);
	bind_number(&q, complete);
	bind_moment(&q, now);
	bind_text(&q, summary);
	bind_number(&q, id);
	return query_done(store, &q, err);
}

#define NIGHT "select id, verb, state, started, finished, complete, rules, summary from night "

static struct night
read_night(struct arena *mem, struct query *q)
{
	return (struct night){ column_number(q, 0), column_text(mem, q, 1), column_text(mem, q, 2), column_moment(q, 3),
			       column_moment(q, 4), column_number(q, 5) != 0, column_text(mem, q, 6), column_text(mem, q, 7) };
}

int
store_night_last(struct arena *mem, struct store *store, const char *verb, bool complete, struct night *out,
		 struct error *err)
{
	struct query q;

	*out = (struct night){ .id = 0 };
	if (query_open(&store->base, &q, NIGHT "where verb = ? and state = 'published' and complete >= ? order by id desc limit 1",
		       err) < 0)
		return -1;
	bind_text(&q, verb);
	bind_number(&q, complete);
	if (query_row(&q, err))
		*out = read_night(mem, &q);
	return query_close(&q, err);
}

int
store_nights(struct arena *mem, struct store *store, const char *verb, int64_t from, int64_t to, struct nights *out,
	     struct error *err)
{
	struct query q;

	*out = (struct nights){ 0 };
	if (query_open(&store->base, &q, NIGHT "where verb = ? and started >= ? and started < ? order by id", err) < 0)
		return -1;
	bind_text(&q, verb);
	bind_number(&q, from);
	bind_number(&q, to);
	while (query_row(&q, err))
		*arena_push(mem, &out->list) = read_night(mem, &q);
	return query_close(&q, err);
}

int
store_nights_since(struct store *store, int64_t moment, long long *out, struct error *err)
{
	struct query q;

	*out = 0;
	if (query_open(&store->base, &q, "select count(*) from night where verb = 'run' and state = 'published'"
		       " and finished > ?", err) < 0)
		return -1;
	bind_moment(&q, moment);
	if (query_row(&q, err))
		*out = column_number(&q, 0);
	return query_close(&q, err);
}
