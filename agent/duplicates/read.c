/* SPDX-License-Identifier: GPL-3.0-or-later */
/* read.c - reads a file below a share's root: looked at first, opened without a way out, and looked at again when it is read. */
#include "duplicates_p.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#define BLOCK (256 * 1024)
/* FILE_ATTRIBUTE_OFFLINE, _RECALL_ON_OPEN and _RECALL_ON_DATA_ACCESS: to open or read it would call it back from tape or cloud. */
#define AWAY (0x1000u | 0x40000u | 0x400000u)

static int
open_beneath(int root, const char *path, uint64_t flags)
{
	struct open_how how = {
		.flags = flags | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
	};
	int fd, tries = 0;

	do
		fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
	while (fd < 0 && (errno == EINTR || (errno == EAGAIN && ++tries < 100)));
	return fd;
}

struct reading_from
reading_open(int root, const struct duplicates_input *in)
{
	struct statvfs fs;

	return (struct reading_from){ root, fstatvfs(root, &fs) == 0 && (fs.f_flag & (ST_NOATIME | ST_RDONLY)), in->turn, in->turns };
}

/* What Windows calls its attributes, where a mount shows them.  -1 with errno; 0 and *out. */
static int
attributes(int path_fd, uint32_t *out)
{
	static const char *const names[] = { "user.cifs.dosattrib", "system.ntfs_attrib", "system.dos_attrib" };
	char name[64];

	*out = 0;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", path_fd);
	for (int i = 0; i < 3; i++) {
		unsigned char value[16] = { 0 };
		ssize_t got = getxattr(name, names[i], value, sizeof(value));

		if (got < 0 && errno != ENODATA && errno != EOPNOTSUPP)
			return -1;
		if (got == 1 || got == 4)       /* in the order of the machine that Windows runs on */
			*out |= (uint32_t)value[0] | (uint32_t)value[1] << 8 | (uint32_t)value[2] << 16 | (uint32_t)value[3] << 24;
	}
	return 0;
}

static bool
is_it(const struct job *job, const struct stat *st)
{
	return S_ISREG(st->st_mode) && st->st_dev == job->dev && st->st_ino == job->ino && (uint64_t)st->st_size == job->size;
}

static enum reading
fail(struct job *job)
{
	job->error = errno;
	return READ_NOT;
}

/* Without opening it.  A file that has a size and takes no room lies somewhere else, or holds nothing. */
static enum reading
look(const struct reading_from *from, struct job *job)
{
	enum reading came = READ_WELL;
	uint32_t bits = 0;
	struct stat st;
	int fd = open_beneath(from->root, job->path, O_PATH);

	if (fd < 0)
		return fail(job);
	if (fstat(fd, &st) < 0)
		came = fail(job);
	else if (!is_it(job, &st))
		came = READ_CHANGED;
	else if (st.st_blocks == 0)
		came = READ_OFFLINE;
	else if (attributes(fd, &bits) < 0)
		came = fail(job);
	else if (bits & AWAY)
		came = READ_OFFLINE;
	close(fd);
	return came;
}

/* O_NONBLOCK: nothing is waited for, be it a lease or what a file has become. */
static int
open_file(const struct reading_from *from, const char *path)
{
	const uint64_t flags = O_RDONLY | O_NONBLOCK | O_NOCTTY;
	int fd = open_beneath(from->root, path, flags | O_NOATIME);

	return fd < 0 && errno == EPERM && from->untraced ? open_beneath(from->root, path, flags) : fd;
}

static enum reading
digest_file(const struct reading_from *from, struct job *job, int fd, char *block)
{
	struct digest *d = digest_open();
	uint64_t left = job->length;
	bool may = true;
	ssize_t got = 1;

	while (left && got > 0 && (may = from->turn(from->turns))) {
		do
			got = read(fd, block, left < BLOCK ? (size_t)left : BLOCK);
		while (got < 0 && errno == EINTR);
		if (got > 0) {
			digest_add(d, block, (size_t)got);
			job->read += (uint64_t)got;
			left -= (uint64_t)got;
		}
	}
	if (got < 0)
		job->error = errno;
	digest_close(d, job->sum);
	return !may ? READ_BEYOND : got < 0 ? READ_NOT : left ? READ_CHANGED : READ_WELL;
}

static bool
is_same(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static enum reading
read_open(const struct reading_from *from, struct job *job, int fd)
{
	struct stat before, after;
	enum reading came;
	char *block;

	if (fstat(fd, &before) < 0)
		return fail(job);
	if (!is_it(job, &before))
		return READ_CHANGED;
	block = malloc(BLOCK);
	if (!block)
		abort();
	came = digest_file(from, job, fd, block);
	free(block);
	if (came != READ_WELL)
		return came;
	if (fstat(fd, &after) < 0)
		return fail(job);
	return is_same(&before, &after) ? READ_WELL : READ_CHANGED;
}

void
reading_do(void *self, void *given)
{
	const struct reading_from *from = self;
	struct job *job = given;
	int fd;

	job->came = from->turn(from->turns) ? look(from, job) : READ_BEYOND;
	if (job->came == READ_WELL && !from->turn(from->turns))
		job->came = READ_BEYOND;
	if (job->came != READ_WELL)
		return;
	fd = open_file(from, job->path);
	if (fd < 0) {
		job->came = errno == EPERM ? READ_TRACED : fail(job);
		return;
	}
	job->came = read_open(from, job, fd);
	close(fd);
}
