/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-measure.c - what stands, what waits, how long it takes, and goals: as a store says that we have made. */
#include "check.h"
#include "behov/json.h"
#include "behov/measure.h"

#include <ftw.h>
#include <math.h>
#include <unistd.h>

#define NOON 1790000000                 /* seconds */
#define DAY 86400

static char folder[] = "/tmp/behov-measure-XXXXXX";
static struct arena *mem;
static struct store *store;
static struct error err;
static struct rules rules;
static struct share shares[] = { { .id = "ekonomi" }, { .id = "social" } };
static struct measure_input in;

static void
begin(void)
{
	static int made;

	mem = arena_open();
	err = (struct error){ 0 };
	CHECK(clock_zone("Europe/Stockholm", &err) == 0);
	rules = (struct rules){ .shares = shares, .share_count = 2, .digest = "d" };
	rules.conf.mode = MODE_APPLY;
	rules.conf.apply_brake.memberships = 10;
	rules.conf.apply_brake.files = 100;
	rules.conf.apply_brake.ratio = 0.1;
	CHECK(store_open(arena_print(mem, "%s/%d.db", folder, ++made), STORE_WRITE, &store, &err) == 0);
	in = (struct measure_input){ &rules, store, NOON };
}

static void
end(void)
{
	store_close(store);
	arena_close(mem);
}

static void
add(const char *key, enum kind kind, enum state state, const char *scope, long long units, int64_t since, const char *note)
{
	bool files = kind == KIND_DESTROY;
	struct stored s = {
		.p = { .kind = kind, .key = key, .version = "v", .system = files ? NULL : "s", .role = files ? NULL : "r", .account = "bo",
		       .guid = key, .group = "CN=A", .group_guid = "g", .member = "CN=x", .accounts = files ? 0 : units, .series = files ? "v" : NULL,
		       .share = files ? "ekonomi" : NULL, .batch = files ? key : NULL, .files = files ? units : 0, .due = DAY_NONE, .needs = 1, .owner = "eva",
		       .scope = scope, .why = "w", .rule = { "rules/s.cfg", 1 } },
		.state = state, .opened = since, .since = since, .go_at = since, .until = DAY_NONE, .note = note };

	CHECK(store_proposal_add(mem, store, &s, &err) == 0);
}

static struct measured
measured(void)
{
	struct measured m;

	CHECK(measure_read(mem, &in, &m, &err) == 0);
	return m;
}

/* ------------------------------------------------------------------ brakes */

static void
each_kind_of_brake_is_told(void)
{
	struct standings all;

	begin();
	CHECK(measure_brakes(mem, &in, &all, &err) == 0 && all.list.count == 0);
	add("k1", KIND_REMOVE_MEMBER, STATE_BRAKED, "system:s", 1, NOON, NULL);
	add("k2", KIND_REMOVE_MEMBER, STATE_BRAKED, "system:s", 1, NOON, NULL);
	add("k3", KIND_REMOVE_MEMBER, STATE_SCHEDULED, "system:s", 1, NOON, BRAKED_NOTE "det blir fler");
	add("k4", KIND_REMOVE_MEMBER, STATE_SCHEDULED, "system:s", 1, NOON, "något annat");
	add("k5", KIND_DESTROY, STATE_QUARANTINED, "series:v@ekonomi", 5, NOON, BRAKED_NOTE "det blir fler");
	add("k6", KIND_REMOVE_MEMBER, STATE_DONE, "system:s", 1, NOON, BRAKED_NOTE "förra gången");
	CHECK(store_set(store, SHRINK_VALUE, "{\"state\":\"braked\"}", &err) == 0);
	CHECK(store_set(store, VANISH_VALUE "ekonomi", "{\"state\":\"released\"}", &err) == 0);
	CHECK(store_set(store, VANISH_VALUE "social", "{\"state\":\"braked\"}", &err) == 0);
	CHECK(measure_brakes(mem, &in, &all, &err) == 0);
	CHECK(all.list.count == 5);
	CHECK(all.list.items[0].kind == BRAKED_DIRECTORY && strcmp(all.list.items[0].scope, "directory") == 0);
	CHECK(all.list.items[1].kind == BRAKED_SHARE && strcmp(all.list.items[1].scope, "share:social") == 0);
	CHECK(all.list.items[2].kind == BRAKED_PROPOSALS && strcmp(all.list.items[2].scope, "system:s") == 0 && all.list.items[2].proposals == 2);
	CHECK(all.list.items[3].kind == BRAKED_APPLY && strcmp(all.list.items[3].scope, "series:v@ekonomi") == 0 && all.list.items[3].proposals == 1);
	CHECK(all.list.items[4].kind == BRAKED_APPLY && strcmp(all.list.items[4].scope, "system:s") == 0 && all.list.items[4].proposals == 1);
	CHECK(strstr(measure_brake_text(mem, "share:social", "share", 0), "behov decide release share:social --by"));
	CHECK(!strstr(measure_brake_text(mem, "system:s", "apply", 1), "release"));
	CHECK(store_set(store, SHRINK_VALUE, "{", &err) == 0);
	CHECK(measure_brakes(mem, &in, &all, &err) < 0);
	end();
}

/* ------------------------------------------------------------------ the backlog */

static void
a_backlog_takes_as_many_runs_as_the_brake_says(void)
{
	struct measured m;

	begin();
	m = measured();
	CHECK(m.backlog.runs == 0 && m.backlog.seconds == 0 && m.backlog.stuck == 0);
	measure_free(&m);
	CHECK(store_set(store, SIZES_VALUE, "{\"series:v@ekonomi\":5000,\"system:s\":300,\"system:t\":20}", &err) == 0);
	/* system:s lets 30 go, all of access 32, system:t 10. */
	for (int i = 0; i < 31; i++)
		add(arena_print(mem, "s%d", i), KIND_REMOVE_MEMBER, STATE_SCHEDULED, "system:s", 1, NOON - 1, NULL);
	m = measured();
	CHECK(m.backlog.memberships == 31 && m.backlog.files == 0 && m.backlog.runs == 2 && m.backlog.seconds == 2 * DAY);
	measure_free(&m);
	for (int i = 0; i < 25; i++)
		add(arena_print(mem, "t%d", i), KIND_REMOVE_MEMBER, STATE_SCHEDULED, "system:t", 1, NOON - 1, NULL);
	add("later", KIND_REMOVE_MEMBER, STATE_SCHEDULED, "system:t", 1, NOON + 1, NULL);
	m = measured();
	CHECK(m.backlog.memberships == 56 && m.backlog.runs == 3);
	measure_free(&m);
	add("f1", KIND_DESTROY, STATE_SCHEDULED, "series:v@ekonomi", 400, NOON - 1, NULL);
	add("f2", KIND_DESTROY, STATE_QUARANTINED, "series:v@ekonomi", 400, NOON - 1, NULL);
	add("f3", KIND_DESTROY, STATE_QUARANTINED, "series:v@ekonomi", 70, NOON + 5 * DAY, NULL);
	CHECK(store_set(store, APPLIED_VALUE, "{\"at\":1,\"good\":true,\"runs\":[1000,4600,8200]}", &err) == 0);
	m = measured();
	CHECK(m.backlog.files == 800 && m.backlog.runs == 3 && m.backlog.seconds == 3 * 3600);
	CHECK(m.quarantine.batches.count == 2 && m.quarantine.files == 470 && m.quarantine.due == 400 && m.quarantine.batches.oldest == NOON - 1);
	measure_free(&m);
	add("huge", KIND_DESTROY, STATE_SCHEDULED, "series:v@ekonomi", 501, NOON - 1, NULL);
	m = measured();
	CHECK(m.backlog.stuck == 1 && m.backlog.seconds == -1 && m.backlog.runs == 3);
	measure_free(&m);
	rules.conf.apply_brake.files = 0;
	m = measured();
	CHECK(m.backlog.stuck == 0 && m.backlog.runs == 3);
	measure_free(&m);
	rules.conf.mode = MODE_PROPOSE;
	m = measured();
	CHECK(m.backlog.seconds == -1);
	measure_free(&m);
	end();
}

/* ------------------------------------------------------------------ nights */

static void
a_night(int64_t at, const char *state, const char *summary)
{
	long long id = 0;

	CHECK(store_night_start(store, "run", at, "d", &id, &err) == 0);
	if (strcmp(state, "running") != 0)
		CHECK(store_night_end(store, id, state, true, at + 60, summary, &err) == 0);
}

static void
nights_that_failed_are_counted_from_the_last_good_one(void)
{
	struct measured m;

	begin();
	m = measured();
	CHECK(!m.night.id && m.failed == 0);
	measure_free(&m);
	a_night(NOON - 9 * DAY, "failed", NULL);
	m = measured();
	CHECK(m.failed == 1 && m.week.failed == 0);
	measure_free(&m);
	a_night(NOON - 8 * DAY, "published", "{}");
	a_night(NOON - 3 * DAY, "failed", NULL);
	a_night(NOON - 2 * DAY, "running", NULL);
	a_night(NOON - 1 * DAY, "running", NULL);       /* so that the one before it was interrupted */
	m = measured();
	CHECK(m.failed == 2 && m.week.published == 0 && m.week.failed == 1 && m.week.interrupted == 1);
	CHECK(m.night.started == NOON - 8 * DAY);
	measure_free(&m);
	end();
}

static const struct goal *
goal(const struct goals *goals, const char *id)
{
	for (int g = 0; g < GOALS; g++)
		if (strcmp(goals->list[g].id, id) == 0)
			return &goals->list[g];
	abort();
}

static bool
near(double a, double b)
{
	return fabs(a - b) < 1e-6;
}

static void
a_night_that_does_not_say_is_a_gap_in_what_is_drawn(void)
{
	struct measured m;
	struct goals goals;

	begin();
	rules.conf.targets.night_hours = 26;
	rules.conf.targets.answer_days = 3;
	rules.conf.targets.complete = 1.0;
	rules.conf.targets.files = 0.75;
	a_night(NOON - 300 * DAY, "published", "{\"files\":{\"files\":10,\"ungoverned\":1}}");  /* too long ago */
	a_night(NOON - 3 * DAY, "published", "{\"files\":{\"files\":10,\"ungoverned\":5},\"work\":{\"gaps\":2}}");      /* an older program's */
	a_night(NOON - 2 * DAY, "failed", NULL);
	a_night(NOON - 1 * DAY, "published", "{\"files\":{\"files\":100,\"ungoverned\":25},\"measure\":{\"brakes\":1,\"groups\":null,\"oldest\":43200,"
		"\"registered\":null,\"sources\":[{\"complete\":true,\"id\":\"e\",\"kind\":\"share\"},{\"complete\":false,\"id\":\"f\",\"kind\":\"share\"}],"
		"\"systems\":4,\"with_needs\":3},\"work\":{\"gaps\":1}}");
	add("k1", KIND_REMOVE_MEMBER, STATE_OPEN, "system:s", 1, NOON - 4 * DAY, NULL);
	add("k2", KIND_REMOVE_MEMBER, STATE_QUEUED, "system:s", 1, NOON - 9 * DAY, NULL);
	m = measured();
	measure_goals(&in, &m, &goals);
	CHECK(measure_nights(mem, &in, &goals, &err) == 0 && goals.nights.count == 3);
	CHECK(near(goal(&goals, "files")->nights[0], 0.5) && isnan(goal(&goals, "files")->nights[1]) && near(goal(&goals, "files")->nights[2], 0.75));
	CHECK(near(goal(&goals, "files")->value, 0.75) && goal(&goals, "files")->met);
	CHECK(isnan(goal(&goals, "complete")->nights[0]) && near(goal(&goals, "complete")->nights[2], 0.5) && !goal(&goals, "complete")->met);
	CHECK(isnan(goal(&goals, "systems")->nights[0]) && near(goal(&goals, "systems")->value, 0.75));
	CHECK(isnan(goal(&goals, "groups")->value) && !goal(&goals, "groups")->met && strcmp(measure_word(mem, NULL, MEASURE_PART, NAN), "okänt") == 0);
	CHECK(near(goal(&goals, "gaps")->nights[0], 2) && near(goal(&goals, "gaps")->value, 1));
	CHECK(isnan(goal(&goals, "night")->nights[0]) && isnan(goal(&goals, "night")->nights[1]) && near(goal(&goals, "night")->nights[2], 48));
	CHECK(near(goal(&goals, "night")->value, 24) && goal(&goals, "night")->met);
	/* The queue is not asked: who waits there owes no answer. */
	CHECK(near(goal(&goals, "answer")->value, 4) && near(goal(&goals, "answer")->nights[2], 0.5) && !goal(&goals, "answer")->met);
	CHECK(near(goal(&goals, "brakes")->value, 0) && near(goal(&goals, "brakes")->nights[2], 1));
	measure_free(&m);
	end();
}

static void
numbers_are_said_in_swedish_and_never_rounded_up(void)
{
	begin();
	CHECK(strcmp(measure_word(mem, NULL, MEASURE_PART, 0.9999), "99,9 %") == 0);
	CHECK(strcmp(measure_word(mem, NULL, MEASURE_PART, 1), "100 %") == 0 && strcmp(measure_word(mem, NULL, MEASURE_PART, 0.95), "95 %") == 0);
	CHECK(strcmp(measure_word(mem, NULL, MEASURE_PART, 0), "0 %") == 0 && strcmp(measure_word(mem, NULL, MEASURE_PART, 0.8125), "81,2 %") == 0);
	CHECK(strcmp(measure_word(mem, NULL, MEASURE_DAYS, 1.9), "1 dag") == 0 && strcmp(measure_word(mem, NULL, MEASURE_HOURS, 26), "26 timmar") == 0);
	CHECK(strcmp(measure_word(mem, speak_language("en"), MEASURE_DAYS, 12), "12 days") == 0);
	end();
}

/* ------------------------------------------------------------------ what a night keeps */

static json_t *
kept(struct plan *plan)
{
	json_t *out = NULL;

	CHECK(measure_night(mem, &in, plan, NULL, &out, &err) == 0);
	return out;
}

static bool
whole(const json_t *night, const char *id)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(night, "sources"), i, one)
		if (strcmp(json_text(one, "id"), id) == 0)
			return json_is_true(json_object_get(one, "complete"));
	abort();
}

static void
a_gap_lies_in_the_source_that_it_is_of(void)
{
	static struct directory two[] = { { .name = "a", .source = "ldaps://a", .base = "DC=a,DC=example" },
					  { .source = "ldaps://b", .base = "DC=b,DC=example" } };
	struct plan plan = { 0 };
	json_t *night;

	begin();
	rules.conf.directories = two;
	rules.conf.directory_count = 2;
	rules.conf.hr.file = "hr.csv";
	night = kept(&plan);
	CHECK(whole(night, "a") && whole(night, "ldaps://b") && whole(night, "hr") && whole(night, "ekonomi") && whole(night, "social"));
	CHECK(json_is_null(json_object_get(night, "groups")) && json_is_null(json_object_get(night, "chain")));
	json_decref(night);
	*arena_push(mem, &plan.gaps) = (struct gap){ "group", "CN=X,OU=G,DC=B,dc=example", NULL, "t" };
	*arena_push(mem, &plan.gaps) = (struct gap){ "folder", "social", "x", "t" };
	night = kept(&plan);
	CHECK(whole(night, "a") && !whole(night, "ldaps://b") && whole(night, "hr") && whole(night, "ekonomi") && !whole(night, "social"));
	json_decref(night);
	*arena_push(mem, &plan.gaps) = (struct gap){ "directory", "any", NULL, "t" };
	*arena_push(mem, &plan.gaps) = (struct gap){ "hr", "hr.csv", NULL, "t" };
	night = kept(&plan);
	CHECK(!whole(night, "a") && !whole(night, "ldaps://b") && !whole(night, "hr") && whole(night, "ekonomi"));
	json_decref(night);
	end();
}

static void
a_system_has_needs_when_each_of_its_roles_has(void)
{
	static struct role roles[] = { { .id = "a", .need_count = 1 }, { .id = "b" } };
	static struct system systems[] = { { .id = "s", .roles = roles, .role_count = 1 }, { .id = "t", .roles = roles, .role_count = 2 }, { .id = "u" } };
	static const char *bases[] = { "OU=Behorighet,DC=a" };
	struct plan plan = { .access_judged = true, .access = { .giving = 8, .registered = 6 } };
	json_t *night;

	begin();
	rules.systems = systems;
	rules.system_count = 3;
	rules.conf.directory.access_groups = bases;
	rules.conf.directory.access_group_count = 1;
	night = kept(&plan);
	CHECK(json_number(night, "systems", 0) == 3 && json_number(night, "with_needs", 0) == 1);
	CHECK(json_number(night, "groups", 0) == 8 && json_number(night, "registered", 0) == 6);
	json_decref(night);
	plan.access_judged = false;
	night = kept(&plan);
	CHECK(json_is_null(json_object_get(night, "groups")) && json_is_null(json_object_get(night, "registered")));
	json_decref(night);
	end();
}

static int
sweep(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st, (void)type, (void)where;
	return remove(path);
}

int
main(void)
{
	if (!mkdtemp(folder))
		return 1;
	TEST(each_kind_of_brake_is_told);
	TEST(a_backlog_takes_as_many_runs_as_the_brake_says);
	TEST(nights_that_failed_are_counted_from_the_last_good_one);
	TEST(a_night_that_does_not_say_is_a_gap_in_what_is_drawn);
	TEST(numbers_are_said_in_swedish_and_never_rounded_up);
	TEST(a_gap_lies_in_the_source_that_it_is_of);
	TEST(a_system_has_needs_when_each_of_its_roles_has);
	nftw(folder, sweep, 8, FTW_DEPTH | FTW_PHYS);
	return check_done();
}
