/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * broken.c - a file system that fails on purpose, for test-broken-share.py: every folder in its root is another way to fail.
 *
 *     broken -f FOLDER
 *
 * Beside those, in no list: crowd-N has N files in it, halls-N N empty folders, and closed-N N files that nobody may ask about.
 */
#define FUSE_USE_VERSION 31
#include <fuse3/fuse.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const folders[] = {
	"good", "eio", "half", "stale", "denied", "vanishing", "turning", "unasked", "strange\nnames", "loop", "many",
};
#define FOLDERS (sizeof(folders) / sizeof(*folders))
#define MANY 20000

static bool is(const char *path, const char *what) { return strcmp(path, what) == 0; }
static bool below(const char *path, const char *what) { return strncmp(path, what, strlen(what)) == 0; }

/* crowd-N and its like; or 0. */
static long
crowd(const char *path)
{
	const char *number = strchr(path, '-');

	return number && (below(path, "/crowd-") || below(path, "/halls-") || below(path, "/closed-")) ? strtol(number + 1, NULL, 10) : 0;
}

static int
look(const char *path, struct stat *out, struct fuse_file_info *info)
{
	const char *last = strrchr(path, '/') + 1;

	(void)info;
	memset(out, 0, sizeof(*out));
	out->st_mtime = out->st_ctime = 1262304000;             /* 2010-01-01 */
	out->st_nlink = 1;
	out->st_mode = S_IFDIR | 0755;
	if (is(path, "/") || below(path, "/loop"))
		return 0;
	if (crowd(path) && path + 1 != last) {
		if (*last == '.')
			return -ENOENT;
		if (below(path, "/crowd-"))
			out->st_mode = S_IFREG | 0644;
		return below(path, "/closed-") ? -EIO : 0;
	}
	if (crowd(path))
		return 0;
	for (size_t i = 0; i < FOLDERS; i++)
		if (is(last, folders[i]) && path + 1 == last)
			return is(last, "denied") ? -EACCES : 0;
	if (path + 1 == last)
		return -ENOENT;
	if (below(path, "/vanishing/"))
		return -ENOENT;
	if (below(path, "/unasked/"))
		return -EIO;
	if (below(path, "/turning/"))
		return 0;                                       /* listed as a file, and is a folder */
	out->st_mode = S_IFREG | 0644;
	return 0;
}

static int
opened(const char *path, struct fuse_file_info *info)
{
	(void)info;
	return is(path, "/stale") ? -ESTALE : 0;
}

static int
tell(void *buffer, fuse_fill_dir_t fill, const char *name, mode_t mode, off_t next)
{
	struct stat kind = { .st_mode = mode };

	return fill(buffer, name, &kind, next, 0);
}

static int
many(void *buffer, fuse_fill_dir_t fill, off_t from, off_t end, off_t fails)
{
	char name[128];

	for (off_t i = from; i < end; i++) {
		if (i >= fails)
			return -EIO;
		snprintf(name, sizeof(name), "a file with a long name, so that not many of them fit in one answer %06ld.pdf", (long)i);
		if (tell(buffer, fill, name, S_IFREG, i + 1))
			return 0;
	}
	return 0;
}

/* In no order, as a file server tells them: by a number that has nothing in common with the size of any crowd. */
static int
crowded(void *buffer, fuse_fill_dir_t fill, off_t from, off_t end, mode_t mode)
{
	char name[64];

	for (off_t i = from; i < end; i++) {
		snprintf(name, sizeof(name), "Handling %08lld.pdf", (long long)(i * 7368787 % end));
		if (tell(buffer, fill, name, mode, i + 1))
			return 0;
	}
	return 0;
}

static int
list(const char *path, void *buffer, fuse_fill_dir_t fill, off_t from, struct fuse_file_info *info, enum fuse_readdir_flags flags)
{
	(void)info, (void)flags;
	if (is(path, "/eio"))
		return -EIO;
	if (is(path, "/half"))
		return many(buffer, fill, from, MANY, 500);
	if (crowd(path))
		return strchr(path + 1, '/') ? 0 : crowded(buffer, fill, from, crowd(path), below(path, "/halls-") ? S_IFDIR : S_IFREG);
	if (is(path, "/many"))
		return many(buffer, fill, from, MANY, MANY);
	if (from)
		return 0;
	if (is(path, "/")) {
		for (size_t i = 0; i < FOLDERS; i++)
			(void)tell(buffer, fill, folders[i], S_IFDIR, 0);
	} else if (below(path, "/loop")) {
		(void)tell(buffer, fill, "loop", S_IFDIR, 0);
	} else if (is(path, "/strange\nnames")) {
		(void)tell(buffer, fill, "-rf", S_IFREG, 0);
		(void)tell(buffer, fill, "=cmd|' '!A0", S_IFREG, 0);
		(void)tell(buffer, fill, "\xff\xfe not letters \x1b[2J", S_IFREG, 0);
		(void)tell(buffer, fill, "line\nbreak", S_IFREG, 0);
	} else {
		(void)tell(buffer, fill, "a.pdf", S_IFREG, 0);
	}
	return 0;
}

static void *
start(struct fuse_conn_info *info, struct fuse_config *how)
{
	info->want &= ~(unsigned)FUSE_CAP_READDIRPLUS;          /* a name that is listed has not been asked about */
	how->entry_timeout = how->attr_timeout = how->negative_timeout = 0;     /* each question is asked */
	return NULL;
}

static const struct fuse_operations answers = { .getattr = look, .opendir = opened, .readdir = list, .init = start };

int
main(int argc, char **argv)
{
	return fuse_main(argc, argv, &answers, NULL);
}
