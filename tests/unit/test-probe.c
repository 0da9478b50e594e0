/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-probe.c - a file server that answers well and does something else is found out, and nothing of ours stays behind. */
#include "check.h"
#include "behov/apply.h"
#include "behov/scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What the file server does otherwise than it says. */
static enum { HONEST, OVERWRITES, KNOWS_NO_NOREPLACE, OTHER_NUMBER, OTHER_NUMBER_EACH_TIME, OTHER_TIME, CLOCK_STANDS, DELETES_NOT, FOLDS } server;
static int asked;

/* These stand before those of the C library, for all of the program. */
int
renameat2(int from, const char *old, int to, const char *new, unsigned flags)
{
	if (server == KNOWS_NO_NOREPLACE && flags) {
		errno = EINVAL;
		return -1;
	}
	return (int)syscall(SYS_renameat2, from, old, to, new, server == OVERWRITES ? 0 : flags);
}

int
statx(int at, const char *restrict name, int flags, unsigned mask, struct statx *restrict out)
{
	int rc;

	if (server == FOLDS && strcmp(name, "prov-\xc3\xa5") == 0)
		name = "Prov-\xc3\x85";
	rc = (int)syscall(SYS_statx, at, name, flags, mask, out);
	if (rc < 0)
		return rc;
	asked++;
	if (server == OTHER_NUMBER)
		out->stx_ino += strcmp(name, "j") == 0;
	if (server == OTHER_NUMBER_EACH_TIME)
		out->stx_ino += (unsigned)asked;
	if (server == OTHER_TIME)
		out->stx_mtime.tv_sec += strcmp(name, "j") == 0;
	if (server == CLOCK_STANDS)
		out->stx_ctime.tv_sec = out->stx_ctime.tv_nsec = 0;
	return 0;
}

int
unlinkat(int at, const char *name, int flags)
{
	return server == DELETES_NOT && !flags && strcmp(name, "l") == 0 ? (server = HONEST, 0) : (int)syscall(SYS_unlinkat, at, name, flags);
}

/* ------------------------------------------------------------------ a share */

static char folder[] = "/tmp/behov-probe-XXXXXX";
static struct arena *mem;
static struct share share = { .id = "s", .name = "S" };
static struct probed found;

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st, (void)type, (void)at;
	return remove(path);
}

static void
begin(void)
{
	struct error err = { 0 };

	memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
	server = HONEST;
	mem = arena_open();
	CHECK(mkdtemp(folder) && chmod(folder, 0755) == 0);
	share.path = folder;
	share.fold = false;
	CHECK(scan_adopt(&share, &err) == 0);
}

static void
end(void)
{
	nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	arena_close(mem);
}

static int
count(const char *path)
{
	DIR *dir = opendir(path);
	int n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n - 2;
}

static void
probe(void)
{
	int root = open(folder, O_RDONLY | O_DIRECTORY);

	apply_probe(mem, &share, root, &found);
	close(root);
}

static const char *
says_no_to(const char *what)
{
	for (size_t i = 0; i < found.checks.count; i++)
		if (strstr(found.checks.items[i].what, what))
			return found.checks.items[i].why;
	return NULL;
}

/* ------------------------------------------------------------------ what holds */

static void
a_good_share_is_proven_and_left_as_it_was(void)
{
	begin();
	probe();
	for (size_t i = 0; i < found.checks.count; i++)
		CHECK(!found.checks.items[i].why);
	CHECK(found.good && found.checks.count == 8 && found.seen && count(folder) == 1);
	end();
}

static void
a_server_that_does_otherwise_is_found_out(void)
{
	static const struct { int server; const char *what; } all[] = {
		{ OVERWRITES, "aldrig över en annan" }, { KNOWS_NO_NOREPLACE, "aldrig över en annan" }, { OTHER_NUMBER, "densamma" },
		{ OTHER_NUMBER_EACH_TIME, "densamma" }, { OTHER_TIME, "densamma" }, { CLOCK_STANDS, "har ändrats" },
		{ DELETES_NOT, "kan tas bort" }, { FOLDS, "bokstäver" },
	};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		begin();
		server = (__typeof__(server))all[i].server;
		probe();
		CHECK(!found.good && says_no_to(all[i].what));
		CHECK(count(folder) == 1);
		end();
	}
}

static void
letters_are_as_the_rules_say(void)
{
	begin();
	share.fold = true;
	probe();
	CHECK(!found.good && strstr(says_no_to("bokstäver"), "exact"));
	server = FOLDS;
	probe();
	CHECK(found.good);
	end();
}

/* What lies in the quarantine is somebody's records. */
static void
a_quarantine_in_use_is_not_touched(void)
{
	char path[128];
	int fd;

	begin();
	snprintf(path, sizeof path, "%s/" SHARE_QUARANTINE, folder);
	CHECK(mkdir(path, 0700) == 0);
	snprintf(path, sizeof path, "%s/" SHARE_QUARANTINE "/a", folder);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	CHECK(fd >= 0 && close(fd) == 0);
	probe();
	CHECK(found.good && access(path, F_OK) == 0 && count(folder) == 2);
	path[strlen(path) - 2] = '\0';
	CHECK(count(path) == 1);
	end();
}

static void
a_quarantine_that_others_may_read_or_that_is_a_link_is_refused(void)
{
	char path[128];

	begin();
	snprintf(path, sizeof path, "%s/" SHARE_QUARANTINE, folder);
	CHECK(mkdir(path, 0755) == 0 && chmod(path, 0755) == 0);
	probe();
	CHECK(!found.good && says_no_to("karantänen"));
	CHECK((rmdir(path) == 0 || errno == ENOENT) && symlink("/tmp", path) == 0);
	probe();
	CHECK(!found.good && says_no_to("karantänen"));
	end();
}

/* A share is known again by its place, its kind of file system and its marker. */
static void
another_share_is_not_the_one_that_was_proven(void)
{
	struct error err = { 0 };
	char marker[128];
	const char *was;
	int root;

	begin();
	snprintf(marker, sizeof marker, "%s/" SHARE_MARKER, folder);
	root = open(folder, O_RDONLY | O_DIRECTORY);
	was = apply_probe_seen(mem, &share, root);
	CHECK_TEXT(was, apply_probe_seen(mem, &share, root));
	CHECK(unlink(marker) == 0 && apply_probe_seen(mem, &share, root) == NULL);
	probe();
	CHECK(!found.good && !found.seen && count(folder) == 0);
	CHECK(scan_adopt(&share, &err) == 0 && strcmp(was, apply_probe_seen(mem, &share, root)) != 0);
	close(root);
	end();
}

int
main(void)
{
	TEST(a_good_share_is_proven_and_left_as_it_was);
	TEST(a_server_that_does_otherwise_is_found_out);
	TEST(letters_are_as_the_rules_say);
	TEST(a_quarantine_in_use_is_not_touched);
	TEST(a_quarantine_that_others_may_read_or_that_is_a_link_is_refused);
	TEST(another_share_is_not_the_one_that_was_proven);
	return check_done();
}
