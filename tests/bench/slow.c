/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * slow.c - a file server far away: folders of files that are not there, and each question takes a while to answer.
 *
 *     slow -o … FOLDER        FAR_FOLDERS= FAR_FILES= (of each folder) MICROSECONDS= in the environment
 */
#define FUSE_USE_VERSION 31
#include <fuse3/fuse.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static long folders = 200, files = 50, microseconds = 1000;

static void
travel(void)
{
	struct timespec t = { microseconds / 1000000, microseconds % 1000000 * 1000 };

	nanosleep(&t, NULL);
}

/* "/folder 12" and "/folder 12/file 7.pdf" */
static int
look(const char *path, struct stat *out, struct fuse_file_info *info)
{
	long folder, file;
	char rest[8];
	int parts = sscanf(path, "/folder %ld/file %ld.%7s", &folder, &file, rest);

	(void)info;
	travel();
	memset(out, 0, sizeof(*out));
	out->st_mtime = out->st_ctime = 1262304000;             /* 2010-01-01 */
	if (strcmp(path, "/") == 0 || (parts == 1 && folder < folders)) {
		out->st_mode = S_IFDIR | 0755;
		out->st_nlink = 2;
	} else if (parts == 3 && folder < folders && file < files) {
		out->st_mode = S_IFREG | 0644;
		out->st_nlink = 1;
		out->st_size = 1000 + file;
	} else {
		return -ENOENT;
	}
	return 0;
}

static int
list(const char *path, void *buffer, fuse_fill_dir_t fill, off_t from, struct fuse_file_info *info, enum fuse_readdir_flags flags)
{
	bool root = strcmp(path, "/") == 0;
	struct stat kind = { .st_mode = root ? S_IFDIR : S_IFREG };
	char name[64];

	(void)from, (void)info, (void)flags;
	travel();
	for (long i = 0; i < (root ? folders : files); i++) {
		snprintf(name, sizeof(name), root ? "folder %ld" : "file %ld.pdf", i);
		if (fill(buffer, name, &kind, 0, 0))
			return 0;
	}
	return 0;
}

static const struct fuse_operations answers = { .getattr = look, .readdir = list };

static long
number(const char *name, long otherwise)
{
	return getenv(name) ? atol(getenv(name)) : otherwise;
}

int
main(int argc, char **argv)
{
	folders = number("FAR_FOLDERS", folders);
	files = number("FAR_FILES", files);
	microseconds = number("MICROSECONDS", microseconds);
	return fuse_main(argc, argv, &answers, NULL);
}
