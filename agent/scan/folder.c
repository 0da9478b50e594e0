/* SPDX-License-Identifier: GPL-3.0-or-later */
/* folder.c - opens a folder without being led out of the share, lists it, and asks about its files: nothing but calls. */
#include "scan_p.h"
#include "behov/step.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define LISTING (32 * 1024)             /* bytes of one getdents */
#define CHUNK 1024                      /* names that are read before the owner looks at them, and those of one getdents */

/* Where openat2 is missing or forbidden: one component at a time, each a real folder on the root's file system. */
static int
open_by_steps(struct beneath *b, const char *path)
{
	char name[NAME_MAX + 1];
	int fd = openat(b->root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	while (fd >= 0 && *path) {
		size_t len = strcspn(path, "/");
		struct stat st;
		int next, why;

		if (len > NAME_MAX) {
			close(fd);
			errno = ENAMETOOLONG;
			return -1;
		}
		memcpy(name, path, len);
		name[len] = '\0';
		path += len + (path[len] == '/');
		next = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		why = errno;
		close(fd);
		fd = next;
		errno = why;
		if (fd >= 0 && (fstat(fd, &st) < 0 || st.st_dev != b->dev)) {
			close(fd);
			errno = EXDEV;
			return -1;
		}
	}
	return fd;
}

static int
open_beneath(struct beneath *b, const char *path, uint64_t more)
{
	struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | more,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
	};
	int fd, tries = 0;

	do
		fd = (int)syscall(SYS_openat2, b->root, *path ? path : ".", &how, sizeof how);
	while (fd < 0 && (errno == EINTR || (errno == EAGAIN && ++tries < 100)));
	return fd;
}

/* As it is now.  -1 with errno. */
static int
mark_of(int fd, struct mark *out)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -1;
	*out = (struct mark){ st.st_ino, st.st_mtim.tv_sec, st.st_ctim.tv_sec, (uint32_t)st.st_mtim.tv_nsec,
			      (uint32_t)st.st_ctim.tv_nsec };
	return 0;
}

void
folder_turn(struct folder *f)
{
	f->requests++;
	pace(f->pace);
}

static void
let_go(struct folder *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}

/* One question each.  What is a link by now, or another file system's, is not as it was. */
static void
look_at_leaf(const struct beneath *b, int fd, struct leaf *l)
{
	struct statx x;

	if (statx(fd, l->name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_BASIC_STATS, &x) < 0)
		return;
	l->same = S_ISDIR(x.stx_mode) && makedev(x.stx_dev_major, x.stx_dev_minor) == b->dev &&
		  mark_same(&l->was, &(struct mark){ x.stx_ino, x.stx_mtime.tv_sec, x.stx_ctime.tv_sec,
						     x.stx_mtime.tv_nsec, x.stx_ctime.tv_nsec });
}

/* Looked at, not opened: a file server is asked for no more than what the folder is. */
static bool
is_same(struct beneath *b, struct folder *f)
{
	struct mark mark;
	bool same;

	f->fd = b->no_openat2 ? -1 : open_beneath(b, f->path, O_PATH);
	same = f->fd >= 0 && mark_of(f->fd, &mark) == 0 && mark_same(&mark, &f->was);
	if (same && f->share)
		f->questions = f->leaf_count;
	for (size_t i = 0; same && !f->share && i < f->leaf_count; i++) {
		folder_turn(f);
		look_at_leaf(b, f->fd, &f->leaves[i]);
	}
	if (!f->questions)
		let_go(f);
	return same;
}

int
folder_open(struct beneath *b, const char *path)
{
	int fd;

	if (b->no_openat2)
		return open_by_steps(b, path);
	if (!b->no_noatime) {
		fd = open_beneath(b, path, O_NOATIME);
		if (fd >= 0 || errno != EPERM)
			goto opened;
		b->no_noatime = true;   /* not ours: asking again for each folder would double the calls */
	}
	fd = open_beneath(b, path, 0);
opened:
	if (fd < 0 && (errno == ENOSYS || errno == EPERM)) {
		b->no_openat2 = true;
		return open_by_steps(b, path);
	}
	return fd;
}

static unsigned char
type_of(unsigned mode)
{
	return S_ISREG(mode) ? DT_REG : S_ISDIR(mode) ? DT_DIR : S_ISLNK(mode) ? DT_LNK : DT_FIFO;
}

/* Fills entry; -1 with errno when it could not, or when the name is something else by now. */
int
folder_ask(int dir, struct entry *entry)
{
	struct statx x;

	if (statx(dir, entry->name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_BASIC_STATS | STATX_BTIME, &x) < 0)
		return -1;
	if (entry->type != DT_UNKNOWN && (entry->type == DT_REG) != (type_of(x.stx_mode) == DT_REG)) {
		errno = ESTALE;
		return -1;
	}
	entry->type = type_of(x.stx_mode);
	entry->stated = true;
	entry->size = x.stx_size;
	entry->ino = x.stx_ino;
	entry->dev = makedev(x.stx_dev_major, x.stx_dev_minor);
	entry->nlink = x.stx_nlink;
	entry->mtime_s = x.stx_mtime.tv_sec;
	entry->mtime_ns = x.stx_mtime.tv_nsec;
	entry->ctime_s = x.stx_ctime.tv_sec;
	entry->ctime_ns = x.stx_ctime.tv_nsec;
	entry->btime_s = x.stx_mask & STATX_BTIME ? x.stx_btime.tv_sec : INT64_MIN;
	entry->btime_ns = x.stx_mask & STATX_BTIME ? x.stx_btime.tv_nsec : 0;
	return 0;
}

/* ------------------------------------------------------------------ listing */

static void *
grow(void *at, size_t size)
{
	void *more = realloc(at, size);

	if (!more)
		abort();                /* as arena_take(): without memory there is no honest way on */
	return more;
}

struct listed *
folder_add(struct folder *f, const char *name, size_t len, unsigned char type)
{
	struct listed *l;

	if (f->count == f->room) {
		f->room = f->room ? f->room * 2 : 64;
		f->list = grow(f->list, f->room * sizeof(*f->list));
	}
	if (f->names_len + len + 1 > f->names_room) {
		f->names_room = f->names_room * 2 + len + 1024;
		f->names = grow(f->names, f->names_room);
	}
	memcpy(f->names + f->names_len, name, len);
	f->names[f->names_len + len] = '\0';
	l = &f->list[f->count++];
	l->name = f->names_len;
	l->error = 0;
	l->entry.type = type;
	l->entry.stated = false;        /* what follows that is not filled: all of it is a hundred bytes, a million times */
	l->entry.btime_s = INT64_MIN;
	f->names_len += len + 1;
	return l;
}

static void
ask(struct folder *f, struct listed *l)
{
	l->entry.name = f->names + l->name;
	if (folder_ask(f->fd, &l->entry) < 0)
		l->error = errno;
	l->entry.name = NULL;
}

static void
add(struct folder *f, const char *name, unsigned char type)
{
	struct listed *l = folder_add(f, name, strlen(name), type);

	l->ask = type == DT_UNKNOWN || (type == DT_REG && (f->stat_all || f->weigh));
	if (l->ask && f->share) {
		f->questions++;
	} else if (l->ask) {
		folder_turn(f);
		ask(f, l);
	}
	f->folders |= l->entry.type == DT_DIR || l->entry.type == DT_UNKNOWN;
}

/* Each question goes to who comes next: those that take long hold up nobody but who asked them. */
void
folder_ask_on(const struct beneath *b, struct folder *f)
{
	const size_t count = f->same ? f->leaf_count : f->count;
	long long asked = 0;

	for (size_t i; !stop_asked() && (i = atomic_fetch_add(&f->next_asked, 1)) < count;) {
		if (!f->same && !f->list[i].ask)
			continue;
		asked++;
		pace(f->pace);
		if (f->same)
			look_at_leaf(b, f->fd, &f->leaves[i]);
		else
			ask(f, &f->list[i]);
	}
	atomic_fetch_add(&f->asked, asked);
}

void
folder_asked(struct folder *f)
{
	f->requests += f->asked;
	f->asked = 0;
	f->next_asked = 0;
	f->questions = 0;
	if (f->same || (f->last && (f->stat_all || f->weigh)))
		let_go(f);
}

/* What one getdents gives: only so much lies on the stack.  The last one gives nothing. */
static void
read_some(struct folder *f)
{
	_Alignas(struct dirent64) char buffer[LISTING];
	long len;

	do {
		folder_turn(f);
		len = syscall(SYS_getdents64, f->fd, buffer, sizeof buffer);
	} while (len < 0 && errno == EINTR);
	f->list_error = len < 0 ? errno : 0;
	f->last = len <= 0;
	for (long at = 0; at < len;) {
		const struct dirent64 *d = (const void *)(buffer + at);

		at += d->d_reclen;
		if (*d->d_name != '.' || (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0))
			add(f, d->d_name, d->d_type);
	}
}

void
folder_read(struct beneath *b, struct folder *f)
{
	f->pace = b->pace;
	if (b->smb) {
		smb_read(b->smb, f);
		return;
	}
	f->count = f->names_len = 0;
	f->folders = false;
	if (f->fd < 0) {
		folder_turn(f);
		f->same = f->last = f->known && is_same(b, f);
		if (f->same)
			return;
		if (f->known)
			folder_turn(f);
		f->fd = folder_open(b, f->path);
		f->last = f->fd < 0 || mark_of(f->fd, &f->mark) < 0;
		f->open_error = f->last ? errno : 0;
		if (f->last)
			return;
	}
	while (!f->last && f->count < CHUNK)
		read_some(f);
	if (f->last && (f->stat_all || f->weigh) && !f->questions)      /* all has been asked */
		let_go(f);
}

void
folder_renew(struct folder *f)
{
	const struct folder was = *f;

	let_go(f);
	free(f->leaves);
	*f = (struct folder){ .fd = -1, .path = was.path, .path_room = was.path_room, .list = was.list, .room = was.room,
			      .names = was.names, .names_room = was.names_room };
}

void
folder_close(struct folder *f)
{
	let_go(f);
	free(f->list);
	free(f->names);
	free(f->leaves);
	free(f->path);
	free(f);
}
