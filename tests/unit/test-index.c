/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-index.c - the memory of folders, when two look at it. */
#include "../../agent/store/index.c"

#include "check.h"

static char folder[] = "/tmp/behov-index-XXXXXX", path[sizeof folder + 20];

/* A night under those rules, which saw the root. */
static void
remember(const char *judged, const char *memo)
{
	struct seen root = { .name = "", .listed = 1, .until = 100, .memo = { .bytes = memo, .len = strlen(memo), .until = 100 } };
	struct index *x = index_open(path, true);

	index_share(x, "s", judged, "r");
	index_put(x, 0, &root);
	index_close(x);
}

static int
beside(unsigned what, void *once, void *statement, void *sql)
{
	bool *done = once;

	(void)what;
	(void)statement;
	if (!*done && strstr(sql, "from folder")) {
		*done = true;
		remember("edited rules", "of the edited rules");
	}
	return 0;
}

static void
what_a_night_under_other_rules_writes_meanwhile_is_not_taken_for_ours(void)
{
	struct index *x;
	struct seen root = { 0 };
	bool done = false;

	CHECK(mkdtemp(folder) != NULL);
	snprintf(path, sizeof path, "%s/folders", folder);
	remember("rules", "of the rules");
	x = index_open(path, false);
	CHECK(x != NULL);
	sqlite3_trace_v2(x->base.db, SQLITE_TRACE_STMT, beside, &done);
	index_share(x, "s", "rules", "r");
	sqlite3_trace_v2(x->base.db, 0, NULL, NULL);
	CHECK(done && index_find(x, 0, "", &root) && root.until == 100);
	CHECK(root.memo.len == strlen("of the rules") && memcmp(root.memo.bytes, "of the rules", root.memo.len) == 0);
	index_share(x, "s", "rules", "r");
	CHECK(index_find(x, 0, "", &root) && root.until == 0);
	index_share(x, "s", "edited rules", "r");
	CHECK(index_find(x, 0, "", &root) && root.until == 100);
	index_close(x);
	unlink(path);
	clean_up(path);
	rmdir(folder);
}

int
main(void)
{
	TEST(what_a_night_under_other_rules_writes_meanwhile_is_not_taken_for_ours);
	return check_done();
}
