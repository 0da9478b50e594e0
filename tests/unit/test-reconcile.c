/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-reconcile.c - excess goes, need stays, what is unknown is left alone. */
#include "check.h"
#include "behov/reconcile.h"
#include <string.h>

static struct value teacher = { "teacher", "teacher", NULL };
static const struct value *is_teacher[] = { &teacher }, *is_nobody[] = { NULL };
static const char *globs[] = { "teacher" }, *a_group[] = { "CN=A,DC=x" }, *base[] = { "DC=x" };
static struct account who[] = {
	{ .dn = "CN=anna,OU=p", .name = "anna", .key = "a", .values = is_teacher, .last_logon = INT64_MIN },
	{ .dn = "CN=bo,OU=p", .name = "bo", .key = "b", .values = is_nobody, .last_logon = INT64_MIN },
};

static struct cut cuts[2];
static size_t cut_count;
static bool safe[2];
static const char *why[2];

static bool timed, both_ways;    /* Anna is in A herself, too */
static enum account_class kind_of_bo;
static size_t decided;          /* an owner has decided that Bo keeps it */
static day_t until = DAY_NONE;  /* the rules say so, until then */

static const char *called[] = { "b*" };

/* Group 0 is the role's; group 1 is nested in it. */
static void
plan(struct arena *mem, bool unknown, bool nested, bool primary, bool anna, struct plan *out)
{
	struct condition is = { .attribute = 0, .globs = globs, .count = 1 };
	struct clause need = { .all = &is, .alls = 1, .from = DAY_NONE, .to = DAY_NONE, .text = "title = \"teacher\"" };
	struct role role = { .id = "r", .groups = a_group, .group_count = 1, .needs = &need, .need_count = 1 };
	struct system system = { .id = "s", .owner = "x", .roles = &role, .role_count = 1 };
	struct attribute title = { .name = "title" };
	struct rules rules = { .systems = &system, .system_count = 1, .attributes = &title, .attribute_count = 1 };
	struct edge edges[] = { { 1, nested, primary, timed }, { anna ? 0 : 1, false, false, false }, { 1, false, false, false }, { 0, false, false, false } };
	struct group groups[] = {
		{ .dn = "CN=A,DC=x", .name = "A", .key = "ga", .security = true, .unknown = unknown, .first = 0, .count = 1 },
		{ .dn = "CN=B,OU=o", .name = "B", .key = "gb", .security = true, .first = 1, .count = anna ? 2 : 1 },
	};
	struct snapshot s = { .accounts = who, .account_count = 2, .groups = groups, .group_count = 2, .edges = edges,
			      .edge_count = anna ? 3 : 2, .complete = true };
	struct exception kept = { "s", "r", "b" };
	struct keep keep = { .who = "bo", .until = until };
	struct reconcile_input in = { .rules = &rules, .snapshot = &s, .exceptions = &kept, .exception_count = decided, .now = 1795000000 };
	struct error err = { 0 };

	if (timed)
		*arena_push(mem, &s.ends) = (struct edge_moment){ .moment = 1796209200 };      /* 2026-12-02 */
	who[1].class = kind_of_bo;
	who[1].sid = kind_of_bo ? "S-1-5-11" : NULL;
	rules.conf.directory.access_groups = base;
	rules.conf.report.consultants = called;
	rules.conf.report.consultant_count = 1;
	role.system = &system;
	if (until != DAY_NONE) {
		role.keeps = &keep;
		role.keep_count = 1;
	}
	if (both_ways) {
		edges[0] = (struct edge){ 0, false, false, false };
		edges[1] = (struct edge){ 1, nested, primary, timed };
		edges[2] = (struct edge){ 0, false, false, false };
		edges[3] = (struct edge){ 1, false, false, false };
		groups[0].count = groups[1].first = groups[1].count = 2;
		s.edge_count = 4;
	}
	snapshot_index(mem, &s);
	CHECK(reconcile_all(mem, &in, out, &err) == 0);
	CHECK(snapshot_group(&s, "cn=a, dc=X") == 0 && snapshot_account(&s, "ANNA") == 0);
	in.cuts = cuts;
	in.cut_count = cut_count;
	CHECK(!cut_count || reconcile_safe(mem, &in, safe, NULL, why, &err) == 0);
}

static void
judged(bool unknown, bool nested, bool primary, bool anna, size_t proposals, enum kind kind)
{
	struct arena *mem = arena_open();
	struct plan p = { 0 };
	json_t *json;

	plan(mem, unknown, nested, primary, anna, &p);
	CHECK(p.proposals.count == proposals);
	CHECK(!p.proposals.count || p.proposals.items[0].kind == kind);
	json = plan_json(&p, 0, true);
	CHECK(json_array_size(json_object_get(json, "proposals")) == proposals);
	json_decref(json);
	plan_free(&p);
	arena_close(mem);
}

static void excess_goes(void) { judged(false, false, false, false, 1, KIND_REMOVE_MEMBER); }
static void a_primary_group_stays(void) { judged(false, false, true, false, 0, 0); }
static void an_unknown_group_stays(void) { judged(true, false, false, false, 0, 0); }
static void a_nesting_nobody_needs_goes(void) { judged(false, true, false, false, 1, KIND_CUT_NESTING); }
static void a_nesting_somebody_needs_stays(void) { judged(false, true, false, true, 0, 0); }

static void
a_nesting_goes_when_who_needs_it_has_another_way(void)
{
	struct arena *mem = arena_open();
	struct plan out = { 0 };

	both_ways = true;
	cuts[0] = (struct cut){ .member = "gb", .group = "ga" };
	plan(mem, false, true, false, true, &out);
	CHECK(out.proposals.count == 1 && out.proposals.items[0].kind == KIND_CUT_NESTING && out.structural.count == 0);
	CHECK(out.proposals.count == 1 && out.proposals.items[0].accounts == 1 && strstr(out.proposals.items[0].why, "1 av de 2 personerna i B")
	      && strstr(out.proposals.items[0].why, "behåller"));
	plan_free(&out);
	out = (struct plan){ 0 };
	cut_count = 1;
	plan(mem, false, true, false, true, &out);
	CHECK(safe[0] && !why[0]);
	plan_free(&out);
	cut_count = 0;
	both_ways = false;
	arena_close(mem);
}

static enum ground_kind
ground_of(const struct plan *p, const char *name)
{
	for (size_t i = 0; i < p->grants.count; i++)
		if (strcmp(p->grants.items[i].who->name, name) == 0)
			return p->grounds.items[p->grants.items[i].ground].kind;
	return GROUNDS;
}

/* Of Bo: what comes of him when an owner, or the rules until a day, keep him; Anna needs it. */
static void
each_grant_names_what_it_rests_on(void)
{
	static const struct { size_t decided; day_t until; enum ground_kind bo; } cases[] = {
		{ 0, DAY_NONE, GROUND_NONE }, { 1, DAY_NONE, GROUND_KEPT }, { 0, 30000, GROUND_KEPT }, { 0, 100, GROUND_NONE },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct arena *mem = arena_open();
		struct plan p = { 0 };

		decided = cases[i].decided;
		until = cases[i].until;
		plan(mem, false, true, false, true, &p);
		CHECK(p.grants.count == 2 && ground_of(&p, "anna") == GROUND_CLAUSE && ground_of(&p, "bo") == cases[i].bo);
		decided = 0;
		until = DAY_NONE;
		plan_free(&p);
		arena_close(mem);
	}
}

static unsigned
marks_of(const struct plan *p, const char *name, day_t *day)
{
	unsigned kinds = 0;

	for (size_t i = 0; i < p->marks.count; i++)
		if (strcmp(p->marks.items[i].who->name, name) == 0) {
			kinds |= 1u << p->marks.items[i].kind;
			*day = p->marks.items[i].day;
		}
	return kinds;
}

static void
what_is_special_about_who_has_access_is_marked(void)
{
	struct arena *mem = arena_open();
	struct plan p = { 0 };
	day_t day = 0;

	plan(mem, false, true, false, true, &p);
	CHECK(marks_of(&p, "anna", &day) == 0 && marks_of(&p, "bo", &day) == 1u << MARK_CONSULTANT && day == DAY_NONE);
	plan_free(&p);
	p = (struct plan){ 0 };
	who[0].expires = who[1].expires = 1796209200;   /* midnight: good until the day before */
	who[0].protected_admin = who[1].disabled = true;
	plan(mem, false, true, false, true, &p);
	CHECK(marks_of(&p, "anna", &day) == (1u << MARK_TEMPORARY | 1u << MARK_PRIVILEGED) && day == clock_day(1796209199));
	CHECK(marks_of(&p, "bo", &day) == (1u << MARK_CONSULTANT | 1u << MARK_DISABLED));
	who[0].expires = who[1].expires = 0;
	who[0].protected_admin = who[1].disabled = false;
	plan_free(&p);
	arena_close(mem);
}

/* Anna needs the role, Bo does not; both have it through B in A. */
static void
an_edge_that_carries_needed_access_may_not_go(void)
{
	struct arena *mem = arena_open();
	struct plan out = { 0 };

	cuts[0] = (struct cut){ .member = "gb", .group = "ga" };
	cut_count = 1;
	plan(mem, false, true, false, true, &out);
	CHECK(!safe[0] && why[0] && strstr(why[0], "anna") && strstr(why[0], "s/r"));
	plan_free(&out);
	out = (struct plan){ 0 };
	plan(mem, false, true, false, false, &out);     /* without Anna nobody needs it */
	CHECK(safe[0] && !why[0]);
	plan_free(&out);
	cut_count = 0;
	arena_close(mem);
}

static void
what_is_not_known_or_not_there_is_told_apart(void)
{
	struct arena *mem = arena_open();
	struct plan out = { 0 };

	cuts[0] = (struct cut){ .member = "b", .group = "ga" };
	cuts[1] = (struct cut){ .member = "nobody", .group = "ga" };
	cut_count = 2;
	plan(mem, true, false, false, false, &out);     /* A could not be read wholly */
	CHECK(!safe[0] && why[0]);
	CHECK(safe[1] && !why[1]);
	plan_free(&out);
	out = (struct plan){ 0 };
	plan(mem, false, false, true, false, &out);     /* a primary group */
	CHECK(!safe[0] && strstr(why[0], "prim"));
	plan_free(&out);
	cut_count = 0;
	arena_close(mem);
}

static void
what_ends_by_itself_is_left_to_end(void)
{
	struct arena *mem = arena_open();
	struct plan out = { 0 };

	timed = true;
	plan(mem, false, false, false, false, &out);
	CHECK(out.proposals.count == 0 && out.structural.count == 1);
	CHECK(out.structural.count == 1 && strstr(out.structural.items[0].why, "2026-12-02"));
	plan_free(&out);
	timed = false;
	arena_close(mem);
}

/* Bo is Authenticated Users, or somebody of a domain that we do not read. */
static void
who_is_no_person_is_told_and_never_proposed(void)
{
	static const char *const kinds[] = { "unbounded-access", "foreign-member" };

	for (int i = 0; i < 2; i++) {
		struct arena *mem = arena_open();
		struct plan out = { 0 };

		kind_of_bo = i ? ACCOUNT_FOREIGN : ACCOUNT_EVERYBODY;
		plan(mem, false, false, false, false, &out);
		CHECK(out.proposals.count == 0 && out.findings.count == 1);
		if (out.findings.count)
			CHECK_TEXT(out.findings.items[0].kind, kinds[i]);
		CHECK(out.missing.count == (size_t)i);          /* Anna has what anybody has */
		plan_free(&out);
		kind_of_bo = ACCOUNT_PERSON;
		arena_close(mem);
	}
}

/* 1795000000 is 2026-11-18. */
static void
who_keeps_a_role_is_not_proposed_and_not_unclear(void)
{
	for (int turn = 0; turn < 4; turn++) {
		struct arena *mem = arena_open();
		struct plan out = { 0 };

		decided = turn == 0;
		until = turn == 1 ? day_parse("2026-11-18") : turn == 2 ? day_parse("2026-11-17") : DAY_NONE;
		plan(mem, false, false, false, false, &out);
		CHECK(out.proposals.count == (turn >= 2) && out.unclear.count == 0 && out.access.excess == (turn >= 2));
		plan_free(&out);
		arena_close(mem);
	}
}

int
main(void)
{
	TEST(who_keeps_a_role_is_not_proposed_and_not_unclear);
	TEST(what_ends_by_itself_is_left_to_end);
	TEST(who_is_no_person_is_told_and_never_proposed);
	TEST(an_edge_that_carries_needed_access_may_not_go);
	TEST(what_is_not_known_or_not_there_is_told_apart);
	TEST(excess_goes);
	TEST(a_primary_group_stays);
	TEST(an_unknown_group_stays);
	TEST(a_nesting_nobody_needs_goes);
	TEST(a_nesting_somebody_needs_stays);
	TEST(each_grant_names_what_it_rests_on);
	TEST(what_is_special_about_who_has_access_is_marked);
	TEST(a_nesting_goes_when_who_needs_it_has_another_way);
	return check_done();
}
