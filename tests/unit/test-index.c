/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-index.c - the memory of folders, when two look at it. */
#include "../../agent/store/index.c"

#include "check.h"

static char folder[] = "/tmp/behov-index-XXXXXX", path[sizeof folder + 20];

static uint64_t
any(void)
{
	static uint64_t state = 1;

	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return state >> (state >> 58);          /* short ones as often as long ones */
}

/* Times before 1970, a clock that went back, file systems with wild inodes: what is read is what was written, and nothing else is. */
static void
a_mark_is_what_it_was(void)
{
	for (int i = 0; i < 100000; i++) {
		struct seen seen = { .mark = { any(), (int64_t)any(), (int64_t)any(), (uint32_t)any(), (uint32_t)any() },
				     .listed = (day_t)any(), .files = (uint32_t)any() };
		unsigned char bytes[7 * NUMBER_MOST + 1] = { 0 };
		size_t len = put_mark(bytes, &seen);
		struct row row = { 0 };

		CHECK(len <= sizeof bytes - 1 && get_mark(bytes, len, &row));
		CHECK(mark_same(&row.mark, &seen.mark) && row.listed == seen.listed && row.files == seen.files);
		CHECK(!get_mark(bytes, len - 1, &row) && !get_mark(bytes, len + 1, &row));
	}
}

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
	TEST(a_mark_is_what_it_was);
	TEST(what_a_night_under_other_rules_writes_meanwhile_is_not_taken_for_ours);
	return check_done();
}
