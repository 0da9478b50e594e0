/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-vanish.c - a share that is braked stays so until somebody releases it, however little of it a night came to see. */
#include "../../agent/store/index.c"

#include "../../agent/run_p.h"
#include "check.h"

static char folder[] = "/tmp/behov-vanish-XXXXXX";
static const struct share share = { .id = "s", .shrink_ratio = 0.5 };
static struct arena *mem;
static struct store *store;
static struct error err;
static const char *why;

static void
begin(const char *stood)
{
	mem = arena_open();
	CHECK(store_open(arena_print(mem, "%s/behov.db", folder), STORE_WRITE, &store, &err) == 0);
	CHECK(store_set(store, "vanish:s", stood, &err) == 0);
	CHECK(vanish_seen(mem, &share, store, 40, 1, &err) == 0);
	why = NULL;
}

static const char *
stands(void)
{
	const char *text = NULL;

	CHECK(store_get(mem, store, "vanish:s", &text, &err) == 0);
	return text;
}

static void
look(struct scan_result seen)
{
	seen.visited = true;
	CHECK(vanish_check(mem, &share, store, true, NULL, &seen, &why, &err) == 0);
}

static void
end(void)
{
	store_close(store);
	for (const char *const *what = (const char *const[]){ "", "-wal", "-shm", NULL }; *what; what++)
		unlink(arena_print(mem, "%s/behov.db%s", folder, *what));
	arena_close(mem);
}

static void
a_window_that_closes_is_no_leave_to_believe_what_is_braked(void)
{
	begin("{\"state\":\"braked\",\"files\":5}");
	look((struct scan_result){ .files = 3, .cut = true });
	CHECK(why != NULL);
	CHECK_TEXT(stands(), "{\"state\":\"braked\",\"files\":5}");
	end();
}

static void
what_was_not_read_is_not_lost(void)
{
	begin("-");
	look((struct scan_result){ .files = 0, .cut = true });
	CHECK(why == NULL);
	CHECK_TEXT(stands(), "-");
	end();
}

static void
what_was_counted_is_known_without_the_memory(void)
{
	begin("-");
	look((struct scan_result){ .files = 6, .complete = true });
	CHECK(why != NULL && strstr(stands(), "braked"));
	end();
}

static void
what_comes_back_is_believed_without_the_memory(void)
{
	begin("{\"state\":\"braked\",\"files\":5}");
	look((struct scan_result){ .files = 6, .complete = true });
	CHECK(why != NULL);
	look((struct scan_result){ .files = 39, .complete = true });
	CHECK(why == NULL);
	CHECK_TEXT(stands(), "-");
	end();
}

static void
what_was_released_is_believed_once(void)
{
	begin("{\"state\":\"released\",\"files\":5}");
	look((struct scan_result){ .files = 6, .complete = true });
	CHECK(why == NULL);
	CHECK_TEXT(stands(), "-");
	end();
}

static void
a_memory_that_cannot_be_written_is_compared_with_all_the_same(void)
{
	struct index_total last;
	struct index *index;

	begin("-");
	index = index_open(arena_print(mem, "%s/folders", folder), true);
	index_share(index, "s", "j", "r");
	index_complete(index, &(struct index_total){ 40, 4, 7 });
	index_close(index);
	index = index_open(arena_print(mem, "%s/folders", folder), false);
	index_share(index, "s", "j", "r");
	give_up(index, &(struct error){ .text = "no space left" });
	index_last(index, &last);
	CHECK(last.files == 40 && last.at == 7);
	index_share(index, "other", "j", "r");
	index_last(index, &last);
	CHECK(last.files == 0 && last.at == 0);
	index_share(index, "s", "j", "r");
	index_last(index, &last);
	CHECK(last.files == 40 && last.at == 7);
	index_close(index);
	for (const char *const *what = (const char *const[]){ "", "-wal", "-shm", NULL }; *what; what++)
		unlink(arena_print(mem, "%s/folders%s", folder, *what));
	end();
}

/* Folders come and go for years, and no number is used twice. */
static void
a_memory_takes_no_more_room_for_high_numbers(void)
{
	struct seen root = { .name = "", .id = 1 << 30 }, below = { .name = "a", .id = (1 << 30) + 7 }, found;
	struct index *index;

	begin("-");
	index = index_open(arena_print(mem, "%s/folders", folder), true);
	index_share(index, "s", "j", "r");
	CHECK(index_put(index, 0, &root) == root.id && index_put(index, root.id, &below) == below.id);
	index_close(index);
	index = index_open(arena_print(mem, "%s/folders", folder), false);
	index_share(index, "s", "j", "r");
	CHECK(index_find(index, 0, "", &found) && found.id == root.id && !index_find(index, 0, "a", &found));
	CHECK(index_find(index, root.id, "a", &found) && found.id == below.id && !index_child(index, below.id, 0, &found));
	CHECK(index_child(index, root.id, 0, &found) && found.id == below.id && !index_child(index, root.id, 1, &found));
	CHECK(!index_child(index, -1, 0, &found) && !index_find(index, -1, "", &found));
	index_close(index);
	for (const char *const *what = (const char *const[]){ "", "-wal", "-shm", NULL }; *what; what++)
		unlink(arena_print(mem, "%s/folders%s", folder, *what));
	end();
}

int
main(void)
{
	if (!mkdtemp(folder))
		return 1;
	TEST(a_window_that_closes_is_no_leave_to_believe_what_is_braked);
	TEST(what_was_not_read_is_not_lost);
	TEST(what_was_counted_is_known_without_the_memory);
	TEST(what_comes_back_is_believed_without_the_memory);
	TEST(what_was_released_is_believed_once);
	TEST(a_memory_that_cannot_be_written_is_compared_with_all_the_same);
	TEST(a_memory_takes_no_more_room_for_high_numbers);
	rmdir(folder);
	return check_done();
}
