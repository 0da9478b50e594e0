/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-duplicates.c - what is alike is found, and nothing is opened that should not be. */
#include <unistd.h>
static ssize_t watched_read(int fd, void *bytes, size_t len);
#define read(fd, bytes, len) watched_read(fd, bytes, len)
#include "../../agent/duplicates/read.c"
#undef read
#include "behov/scan.h"
#include "check.h"

#include <ftw.h>
#include <stdatomic.h>
#include <sys/xattr.h>
#include <time.h>

#define KB 1024u

static char folder[64];
static struct arena *mem;
static struct duplicates *duplicates;
static struct duplicates_result found;
static struct duplicates_input input;
static const char *write_while_read;    /* a file that is written when another is read, once */
static atomic_int reads;

static char *
at(const char *name)
{
	return arena_print(mem, "%s/%s", folder, name);
}

static void
fill(const char *name, char what, size_t len, const char *end)
{
	FILE *out = fopen(at(name), "w");

	CHECK(out != NULL);
	for (size_t i = 0; out && i < len; i++)
		putc(what, out);
	if (out) {
		fputs(end, out);
		fclose(out);
	}
}

static ssize_t
watched_read(int fd, void *bytes, size_t len)
{
	ssize_t got = (read)(fd, bytes, len);

	reads++;
	if (write_while_read) {
		fill(write_while_read, 'w', 10, "");
		write_while_read = NULL;
	}
	return got;
}

static bool
enter(void *self, const char *path, void *above, void **state)
{
	(void)self, (void)path, (void)above;
	*state = NULL;
	return true;
}

static void
leave(void *self, void *state, const char *path, bool complete)
{
	(void)self, (void)state, (void)path, (void)complete;
}

static const struct series *
governs(void *self, void *state, const char *path, const struct entry *entry)
{
	static const struct series series = { .id = "s" };

	(void)self, (void)state, (void)path;
	return strncmp(entry->name, "styrd", 5) == 0 ? &series : NULL;
}

static int turns_left = -1;             /* -1: without end */

static bool
turn(void *self)
{
	(void)self;
	if (turns_left < 0)
		return true;
	turns_left -= turns_left > 0;
	return turns_left > 0;
}

static const struct visitor below = { .enter = enter, .leave = leave };
static struct share share;

static void
begin(void)
{
	memcpy(folder, "/tmp/behov-alike-XXXXXX", 24);
	CHECK(mkdtemp(folder) != NULL);
	mem = arena_open();
	share = (struct share){ .id = "s", .name = "S", .path = folder, .identity = IDENTITY_NONE };
	input = (struct duplicates_input){ .share = &share, .below = &below, .governs = governs, .file_most = 1u << 20, .read_most = 1u << 30, .turn = turn };
	reads = 0;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static void
end(void)
{
	duplicates_close(duplicates);
	arena_close(mem);
	nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void
look_at(void)
{
	struct scan_result seen;
	struct error err = { 0 };

	duplicates = duplicates_open(mem, &input);
	CHECK(scan_share(mem, &share, &(struct scan_how){ .hands = 1, .full = true }, duplicates_visitor(duplicates), &seen, &err) == 0);
	CHECK(seen.visited && seen.complete);
}

static void
find(void)
{
	struct error err = { 0 };
	int root = scan_open_root(&share, &err);

	CHECK(root >= 0);
	CHECK(duplicates_find(duplicates, root, &found, &err) == 0);
	close(root);
}

static void
files_with_the_same_content_are_alike_wherever_they_lie(void)
{
	begin();
	mkdir(at("under"), 0700);
	fill("a", 'x', 100, "");
	fill("under/b", 'x', 100, "");
	fill("c", 'y', 100, "");
	fill("d", 'x', 99, "");
	fill("tom1", 'x', 0, "");
	fill("tom2", 'x', 0, "");
	look_at();
	find();
	CHECK(found.groups.count == 1 && found.files == 2 && found.bytes == 100 && found.looked == 6);
	CHECK(found.groups.count == 1 && found.groups.items[0].path_count == 2);
	CHECK_TEXT(found.groups.items[0].paths[0], "a");
	CHECK_TEXT(found.groups.items[0].paths[1], "under/b");
	CHECK(found.read == 300);               /* d is the only one of its size: it is not read */
	end();
}

static void
files_that_only_begin_alike_are_not(void)
{
	begin();
	fill("a", 'x', 100 * KB, "1");
	fill("b", 'x', 100 * KB, "2");
	fill("c", 'x', 100 * KB, "1");
	fill("d", 'y', 100 * KB, "1");
	look_at();
	find();
	CHECK(found.group_count == 1 && found.files == 2);
	CHECK_TEXT(found.groups.items[0].paths[1], "c");
	CHECK(found.read == 4 * 64 * KB + 3 * (100 * KB + 1));  /* d is read no further than it differs */
	end();
}

static void
names_of_one_file_are_no_duplicates(void)
{
	begin();
	fill("a", 'x', 100, "");
	CHECK(link(at("a"), at("b")) == 0);
	look_at();
	find();
	CHECK(found.group_count == 0 && found.links == 1 && reads == 0);
	end();
}

static void
what_a_series_covers_is_not_opened(void)
{
	begin();
	fill("styrd1", 'x', 100, "");
	fill("styrd2", 'x', 100, "");
	fill("a", 'x', 100, "");
	look_at();
	find();
	CHECK(found.group_count == 0 && found.looked == 1 && reads == 0);
	end();
}

static void
what_became_a_link_since_is_not_followed(void)
{
	begin();
	mkdir(at("inne"), 0700);
	fill("inne/a", 'x', 100, "");
	fill("b", 'x', 100, "");
	fill("c", 'x', 100, "");
	look_at();
	CHECK(unlink(at("b")) == 0 && symlink("c", at("b")) == 0);
	CHECK(rename(at("inne"), at("inne2")) == 0 && symlink("inne2", at("inne")) == 0);
	find();
	CHECK(found.group_count == 0 && found.unread == 1 && found.changed == 1);         /* the folder; the file */
	end();
}

static void
what_became_something_else_since_is_left_out(void)
{
	begin();
	fill("a", 'x', 100, "");
	fill("b", 'x', 100, "");
	fill("c", 'x', 100, "");
	look_at();
	CHECK(unlink(at("a")) == 0 && mkfifo(at("a"), 0600) == 0);      /* whoever opens it to read waits for ever */
	fill("b", 'x', 101, "");
	find();
	CHECK(found.group_count == 0 && found.changed == 2 && found.unread == 0);
	end();
}

static void
what_changes_while_it_is_read_is_left_out(void)
{
	begin();
	fill("a", 'x', 100, "");
	fill("b", 'x', 100, "");
	look_at();
	write_while_read = "a";
	find();
	CHECK(found.changed == 1 && found.group_count == 0);
	end();
}

static void
what_takes_no_room_may_lie_elsewhere_and_is_not_opened(void)
{
	begin();
	fill("a", 'x', 0, "");
	fill("b", 'x', 0, "");
	CHECK(truncate(at("a"), 100 * KB) == 0 && truncate(at("b"), 100 * KB) == 0);
	look_at();
	find();
	CHECK(found.offline == 2 && found.group_count == 0 && reads == 0);
	end();
}

static void
what_is_marked_as_offline_is_not_opened(void)
{
	static const unsigned char offline[4] = { 0x20, 0x10, 0, 0 }, recalled[4] = { 0x20, 0, 0x40, 0 }, plain[4] = { 0x20, 0, 0, 0 };

	begin();
	fill("a", 'x', 100, "");
	fill("b", 'x', 100, "");
	fill("c", 'x', 100, "");
	if (setxattr(at("a"), "user.cifs.dosattrib", offline, 4, 0) < 0) {
		puts("skip this file system has no attributes of users");
	} else {
		CHECK(setxattr(at("b"), "user.cifs.dosattrib", recalled, 4, 0) == 0);
		CHECK(setxattr(at("c"), "user.cifs.dosattrib", plain, 4, 0) == 0);
		look_at();
		find();
		CHECK(found.offline == 2 && reads <= 1);
	}
	end();
}

static void
bounds_are_kept_and_told(void)
{
	begin();
	fill("a1", 'x', 10 * KB, "");
	fill("a2", 'x', 10 * KB, "");
	fill("b1", 'x', 5 * KB, "");
	fill("b2", 'x', 5 * KB, "");
	fill("c1", 'x', KB, "");
	fill("c2", 'x', KB, "");
	input.file_most = 9 * KB;
	input.read_most = 9 * KB;
	look_at();
	find();
	CHECK(found.large == 2 && found.beyond == 2 && found.group_count == 1 && found.read == 2 * KB);
	end();
}

static void
outside_the_window_of_a_share_nothing_more_is_read(void)
{
	begin();
	for (int i = 0; i < 4; i++)
		fill(arena_print(mem, "f%d", i), 'x', 100, "");
	look_at();
	turns_left = 8;                 /* three for each file */
	find();
	turns_left = -1;
	CHECK(found.beyond == 2 && reads == 2 && found.files == 2);
	end();
}

static void
reading_leaves_no_trace(void)
{
	struct timespec old[2] = { { 1000000000, 0 }, { 1000000000, 0 } };
	struct stat st;

	begin();
	fill("a", 'x', 100, "");
	fill("b", 'x', 100, "");
	CHECK(utimensat(AT_FDCWD, at("a"), old, 0) == 0);
	look_at();
	find();
	CHECK(found.group_count == 1);
	CHECK(stat(at("a"), &st) == 0 && st.st_atim.tv_sec == 1000000000);
	end();
}

/* Others' files cannot be read without a trace, but where the file system keeps none. */
static void
what_could_not_be_read_without_a_trace_is_not_opened(void)
{
	begin();
	fill("a", 'x', 100, "");
	fill("b", 'x', 100, "");
	look_at();
	if (geteuid() != 0) {
		puts("skip only root has files that are another's");
	} else {
		CHECK(chmod(folder, 0755) == 0 && chmod(at("a"), 0644) == 0 && chmod(at("b"), 0644) == 0);
		CHECK(seteuid(65534) == 0);
		find();
		CHECK(seteuid(0) == 0);
		CHECK((found.traced == 2 && reads == 0) || reading_open(AT_FDCWD, &input).untraced || found.group_count == 1);
	}
	end();
}

static void
what_cannot_be_read_is_told_with_its_path(void)
{
	begin();
	fill("a\n", 'x', 100, "");
	fill("b", 'x', 100, "");
	look_at();
	CHECK(unlink(at("a\n")) == 0);
	find();
	CHECK(found.unread == 1 && found.gaps.count == 1);
	CHECK_TEXT(found.gaps.items[0].path, "a%0A");
	CHECK(strstr(duplicates_text(mem, &share, &found, NULL, 0), "LUCKA: a%0A: No such file") != NULL);
	end();
}

static char *
told_with(int hands)
{
	input.hands = hands;
	look_at();
	find();
	return duplicates_text(mem, &share, &found, NULL, 0);
}

static void
any_number_of_hands_tells_the_same(void)
{
	char *one, *many;

	begin();
	for (int i = 0; i < 300; i++)
		fill(arena_print(mem, "f%d", i), (char)('a' + i % 7), (size_t)(100 + i % 13), "");
	one = told_with(0);
	duplicates_close(duplicates);
	many = told_with(8);
	CHECK(found.files > 200);
	CHECK_TEXT(many, one);
	end();
}

int
main(void)
{
	TEST(files_with_the_same_content_are_alike_wherever_they_lie);
	TEST(files_that_only_begin_alike_are_not);
	TEST(names_of_one_file_are_no_duplicates);
	TEST(what_a_series_covers_is_not_opened);
	TEST(what_became_a_link_since_is_not_followed);
	TEST(what_became_something_else_since_is_left_out);
	TEST(what_changes_while_it_is_read_is_left_out);
	TEST(what_takes_no_room_may_lie_elsewhere_and_is_not_opened);
	TEST(what_is_marked_as_offline_is_not_opened);
	TEST(bounds_are_kept_and_told);
	TEST(outside_the_window_of_a_share_nothing_more_is_read);
	TEST(reading_leaves_no_trace);
	TEST(what_could_not_be_read_without_a_trace_is_not_opened);
	TEST(what_cannot_be_read_is_told_with_its_path);
	TEST(any_number_of_hands_tells_the_same);
	return check_done();
}
