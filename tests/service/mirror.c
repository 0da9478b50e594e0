/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mirror.c - a share that is another folder, until it is lost: after so many requests each one fails, as when a file server goes
 * away.  For tests/crash/test-lost-share.py.
 *
 *     mirror -f MOUNT         MIRROR_OF=FOLDER, MIRROR_REQUESTS=N (0: never), MIRROR_COUNT=FILE gets how many there were
 */
#define FUSE_USE_VERSION 31
#include <fuse3/fuse.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int root;
static long requests, most;

/* Each request of a path begins with it. */
static const char *
asked(const char *path)
{
	requests++;
	if (most && requests > most) {
		errno = EIO;
		return NULL;
	}
	return path[1] ? path + 1 : ".";
}

static int told(int rc) { return rc < 0 ? -errno : 0; }

static int
look(const char *path, struct stat *out, struct fuse_file_info *info)
{
	const char *name = asked(path);

	(void)info;
	return told(name ? fstatat(root, name, out, AT_SYMLINK_NOFOLLOW) : -1);
}

static int
list(const char *path, void *buffer, fuse_fill_dir_t fill, off_t from, struct fuse_file_info *info, enum fuse_readdir_flags flags)
{
	const char *name = asked(path);
	int fd = name ? openat(root, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	(void)from, (void)info, (void)flags;
	if (!dir)
		return -errno;
	while ((e = readdir(dir))) {
		struct stat kind = { .st_ino = e->d_ino, .st_mode = (mode_t)e->d_type << 12 };

		if (fill(buffer, e->d_name, &kind, 0, 0))
			break;
	}
	closedir(dir);
	return 0;
}

static int
opened(const char *path, struct fuse_file_info *info)
{
	const char *name = asked(path);
	int fd = name ? openat(root, name, info->flags | O_CLOEXEC) : -1;

	info->fh = (uint64_t)fd;
	return told(fd);
}

static int
made(const char *path, mode_t mode, struct fuse_file_info *info)
{
	const char *name = asked(path);
	int fd = name ? openat(root, name, info->flags | O_CREAT | O_CLOEXEC, mode) : -1;

	info->fh = (uint64_t)fd;
	return told(fd);
}

static int
closed(const char *path, struct fuse_file_info *info)
{
	(void)path;
	return told(close((int)info->fh));
}

static int
taken(const char *path, char *out, size_t size, off_t from, struct fuse_file_info *info)
{
	ssize_t n = asked(path) ? pread((int)info->fh, out, size, from) : -1;

	return n < 0 ? -errno : (int)n;
}

static int
put(const char *path, const char *bytes, size_t size, off_t at, struct fuse_file_info *info)
{
	ssize_t n = asked(path) ? pwrite((int)info->fh, bytes, size, at) : -1;

	return n < 0 ? -errno : (int)n;
}

static int
synced(const char *path, int data, struct fuse_file_info *info)
{
	(void)data, (void)info;
	return told(asked(path) ? 0 : -1);
}

static int
folder(const char *path, mode_t mode)
{
	const char *name = asked(path);

	return told(name ? mkdirat(root, name, mode) : -1);
}

static int
folder_gone(const char *path)
{
	const char *name = asked(path);

	return told(name ? unlinkat(root, name, AT_REMOVEDIR) : -1);
}

static int
gone(const char *path)
{
	const char *name = asked(path);

	return told(name ? unlinkat(root, name, 0) : -1);
}

static int
moved(const char *from, const char *to, unsigned flags)
{
	const char *name = asked(from);

	return told(name ? renameat2(root, name, root, to + 1, flags) : -1);
}

static int
rights(const char *path, mode_t mode, struct fuse_file_info *info)
{
	const char *name = asked(path);

	(void)info;
	return told(name ? fchmodat(root, name, mode, 0) : -1);
}

static void *
start(struct fuse_conn_info *info, struct fuse_config *how)
{
	info->want &= ~(unsigned)FUSE_CAP_READDIRPLUS;
	how->use_ino = 1;
	how->entry_timeout = how->attr_timeout = how->negative_timeout = 0;     /* each question is asked */
	return NULL;
}

static void
end(void *self)
{
	const char *path = getenv("MIRROR_COUNT");
	FILE *out = path ? fopen(path, "we") : NULL;

	(void)self;
	if (out) {
		fprintf(out, "%ld\n", requests);
		fclose(out);
	}
}

static const struct fuse_operations answers = {
	.getattr = look, .readdir = list, .open = opened, .create = made, .release = closed, .read = taken, .write = put, .fsync = synced,
	.fsyncdir = synced, .mkdir = folder, .rmdir = folder_gone, .unlink = gone, .rename = moved, .chmod = rights, .init = start,
	.destroy = end,
};

int
main(int argc, char **argv)
{
	const char *of = getenv("MIRROR_OF"), *count = getenv("MIRROR_REQUESTS");

	root = of ? open(of, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (root < 0) {
		perror("mirror: MIRROR_OF");
		return 2;
	}
	most = count ? strtol(count, NULL, 10) : 0;
	return fuse_main(argc, argv, &answers, NULL);
}
