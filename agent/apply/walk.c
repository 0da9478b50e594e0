/* SPDX-License-Identifier: GPL-3.0-or-later */
/* walk.c - from the root of a share to one file, without being led out of the share. */
#include "apply_p.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static bool
is_component(const char *name, size_t len)
{
	return len > 0 && len <= NAME_MAX && !(len == 1 && *name == '.') && !(len == 2 && name[0] == '.' && name[1] == '.');
}

bool
walk_sane(const char *path)
{
	size_t first = strcspn(path, "/");

	if ((first == sizeof SHARE_QUARANTINE - 1 && strncmp(path, SHARE_QUARANTINE, first) == 0) ||
	    strcmp(path, SHARE_MARKER) == 0)
		return false;
	for (;;) {
		size_t len = strcspn(path, "/");

		if (!is_component(path, len))
			return false;
		if (!path[len])
			return true;
		path += len + 1;
	}
}

/* Where openat2 is missing or forbidden: one component at a time, each a real folder on the root's file system. */
static int
folder_by_steps(int root, const char *path)
{
	char name[NAME_MAX + 1];
	struct stat top, st;
	int fd = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0 && fstat(fd, &top) < 0) {
		close(fd);
		return -1;
	}
	while (fd >= 0 && *path) {
		size_t len = strcspn(path, "/");
		int next = -1, why = EINVAL;

		if (is_component(path, len)) {
			memcpy(name, path, len);
			name[len] = '\0';
			next = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
			why = errno;
		}
		close(fd);
		fd = next;
		path += len + (path[len] == '/');
		if (fd >= 0 && (fstat(fd, &st) < 0 || st.st_dev != top.st_dev)) {
			close(fd);
			fd = -1;
			why = EXDEV;
		}
		errno = why;
	}
	return fd;
}

int
walk_folder(int root, const char *path)
{
	struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
	};
	int fd, tries = 0;

	do
		fd = (int)syscall(SYS_openat2, root, *path ? path : ".", &how, sizeof how);
	while (fd < 0 && (errno == EINTR || (errno == EAGAIN && ++tries < 100)));
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		return folder_by_steps(root, path);
	return fd;
}

int
walk_parent(struct arena *mem, int root, const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');

	if (!walk_sane(path)) {
		errno = EINVAL;
		return -1;
	}
	*name = slash ? slash + 1 : path;
	return walk_folder(root, slash ? arena_copy(mem, path, (size_t)(slash - path)) : "");
}

int
walk_look(int folder, const char *name, uint64_t dev, struct entry *out)
{
	struct statx x;

	if (statx(folder, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_BASIC_STATS | STATX_BTIME, &x) < 0)
		return -1;
	if (!S_ISREG(x.stx_mode) || makedev(x.stx_dev_major, x.stx_dev_minor) != dev) {
		errno = WALK_OTHER;
		return -1;
	}
	*out = (struct entry){
		.name = name, .type = DT_REG, .stated = true, .size = x.stx_size, .ino = x.stx_ino, .dev = dev,
		.nlink = x.stx_nlink,
		.mtime_s = x.stx_mtime.tv_sec, .mtime_ns = x.stx_mtime.tv_nsec,
		.ctime_s = x.stx_ctime.tv_sec, .ctime_ns = x.stx_ctime.tv_nsec,
		.btime_s = x.stx_mask & STATX_BTIME ? x.stx_btime.tv_sec : INT64_MIN,
		.btime_ns = x.stx_mask & STATX_BTIME ? x.stx_btime.tv_nsec : 0,
	};
	return 0;
}

bool
walk_lost(int why)
{
	static const int all[] = {
		EIO, EREMOTEIO, ESTALE, ENOTCONN, ETIMEDOUT, EHOSTDOWN, EHOSTUNREACH, ENETDOWN, ENETUNREACH, ECONNRESET, ECONNABORTED,
		ECONNREFUSED, ESHUTDOWN, ENODEV, ENXIO, ENOMEM, EMFILE, ENFILE, EINTR, EAGAIN, ENOSPC, EDQUOT, EROFS,
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (all[i] == why)
			return true;
	return false;
}

static unsigned char
type_of(int folder, const struct dirent *d)
{
	struct stat st;

	if (d->d_type != DT_UNKNOWN)
		return d->d_type;
	if (fstatat(folder, d->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return DT_UNKNOWN;
	return S_ISREG(st.st_mode) ? DT_REG : S_ISDIR(st.st_mode) ? DT_DIR : DT_LNK;
}

struct folders { LIST(const char *) list; };

/* Files are told, folders remembered.  0, or the errno that says why not all could be seen. */
static int
list_folder(struct arena *mem, int root, const char *path, struct folders *todo,
	    void (*each)(void *self, const char *path), void *self)
{
	int fd = walk_folder(root, path), why = errno;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;

	if (!dir) {
		why = fd < 0 ? why : errno;
		if (fd >= 0)
			close(fd);
		return why;
	}
	while (errno = 0, (d = readdir(dir))) {
		const char *below;
		unsigned char type;

		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0 ||
		    (!*path && (strcmp(d->d_name, SHARE_QUARANTINE) == 0 || strcmp(d->d_name, SHARE_MARKER) == 0)))
			continue;
		type = type_of(fd, d);
		below = *path ? arena_print(mem, "%s/%s", path, d->d_name) : arena_text(mem, d->d_name);
		if (type == DT_DIR && !share_is_past(d->d_name))
			*(const char **)arena_push(mem, &todo->list) = below;
		else if (type == DT_REG || type == DT_UNKNOWN)
			each(self, below);
	}
	why = errno;
	closedir(dir);
	return why;
}

int
walk_each(struct arena *mem, int root, const char *path, void (*each)(void *self, const char *path), void *self)
{
	struct folders todo = { 0 };

	*(const char **)arena_push(mem, &todo.list) = path;
	for (size_t i = 0; i < todo.list.count; i++) {
		int why = list_folder(mem, root, todo.list.items[i], &todo, each, self);

		if (why) {
			errno = why;
			return -1;
		}
	}
	return 0;
}
