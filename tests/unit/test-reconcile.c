/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-reconcile.c - excess goes, need stays, what is unknown is left alone. */
#include "check.h"
#include "behov/reconcile.h"
#include <string.h>

static struct value teacher = { "teacher", NULL };
static const struct value *is_teacher[] = { &teacher }, *is_nobody[] = { NULL };
static const char *globs[] = { "teacher" }, *a_group[] = { "CN=A,DC=x" }, *base[] = { "DC=x" };
static struct account who[] = {
	{ .dn = "CN=anna,OU=p", .name = "anna", .key = "a", .values = is_teacher, .folded = is_teacher, .last_logon = INT64_MIN },
	{ .dn = "CN=bo,OU=p", .name = "bo", .key = "b", .values = is_nobody, .folded = is_nobody, .last_logon = INT64_MIN },
};

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
	struct edge edges[] = { { 1, nested, primary }, { 1, false, false }, { 0, false, false } };
	struct group groups[] = {
		{ .dn = "CN=A,DC=x", .name = "A", .key = "ga", .security = true, .unknown = unknown, .first = 0, .count = 1 },
		{ .dn = "CN=B,OU=o", .name = "B", .key = "gb", .security = true, .first = 1, .count = anna ? 2 : 1 },
	};
	struct snapshot s = { .accounts = who, .account_count = 2, .groups = groups, .group_count = 2, .edges = edges,
			      .edge_count = anna ? 3 : 2, .complete = true };
	struct reconcile_input in = { .rules = &rules, .snapshot = &s };
	struct error err = { 0 };

	rules.conf.directory.access_groups = base;
	role.system = &system;
	snapshot_index(mem, &s);
	CHECK(reconcile_all(mem, &in, out, &err) == 0);
	CHECK(snapshot_group(&s, "cn=a, dc=X") == 0 && snapshot_account(&s, "ANNA") == 0);
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

int
main(void)
{
	TEST(excess_goes);
	TEST(a_primary_group_stays);
	TEST(an_unknown_group_stays);
	TEST(a_nesting_nobody_needs_goes);
	TEST(a_nesting_somebody_needs_stays);
	return check_done();
}
