/* SPDX-License-Identifier: GPL-3.0-or-later */
/* walk.c - visits every folder of a share, one thread, depth first, without being led out of it. */
#include "scan_p.h"
#include "behov/log.h"
#include "behov/step.h"
#include "behov/text.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define LISTING (256 * 1024)
#define BREATH 4096                     /* entries between two looks at the stop flag */

/*
 * A folder on the way down.  It is listed once, to its end, before its first child is entered: so one descriptor
 * and one buffer serve any depth, and only the names of folders still to visit are kept.
 */
struct frame {
	size_t path_len;                /* of w->path that is this folder */
	char *todo;                     /* names, each with its NUL */
	size_t len, room, next;
	void *state;
	bool complete;
};

struct walk {
	struct arena *mem;
	const struct share *share;
	const struct visitor *visitor;
	struct scan_result *out;
	int root;
	dev_t dev;
	bool no_openat2, no_noatime;
	char path[PATH_MAX + NAME_MAX + 2];
	struct frame *frames;
	size_t depth, room;
	char *listing;
	long long seen;
};

static void
gap(struct walk *w, const char *path, const char *text)
{
	*arena_push(w->mem, &w->out->gaps) = (struct gap){
		.what = "folder",
		.id = w->share->id,
		.path = name_show(w->mem, path),
		.text = text,
	};
	w->out->complete = false;
}

static bool
is_snapshot(const char *name)
{
	return strcmp(name, ".snapshot") == 0 || strcmp(name, "~snapshot") == 0 || strcmp(name, ".zfs") == 0 ||
	       strcmp(name, ".snapshots") == 0;
}

/* What is ours in the root.  Where the share folds case, any spelling opens the same folder. */
static bool
is_skipped(const struct walk *w, const char *name)
{
	if (*w->path || *name != '.')
		return false;
	if (w->share->fold)
		name = text_fold(w->mem, name);
	return strcmp(name, SHARE_QUARANTINE) == 0 || strcmp(name, SHARE_MARKER) == 0;
}

/* Where openat2 is missing or forbidden: one component at a time, each a real folder on the root's file system. */
static int
open_by_steps(struct walk *w, const char *path)
{
	char name[NAME_MAX + 1];
	int fd = openat(w->root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

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
		if (fd >= 0 && (fstat(fd, &st) < 0 || st.st_dev != w->dev)) {
			close(fd);
			errno = EXDEV;
			return -1;
		}
	}
	return fd;
}

static int
open_beneath(struct walk *w, const char *path, uint64_t more)
{
	struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | more,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
	};
	int fd, tries = 0;

	do
		fd = (int)syscall(SYS_openat2, w->root, *path ? path : ".", &how, sizeof how);
	while (fd < 0 && (errno == EINTR || (errno == EAGAIN && ++tries < 100)));
	return fd;
}

static int
open_folder(struct walk *w, const char *path)
{
	int fd;

	if (w->no_openat2)
		return open_by_steps(w, path);
	if (!w->no_noatime) {
		fd = open_beneath(w, path, O_NOATIME);
		if (fd >= 0 || errno != EPERM)
			goto opened;
		w->no_noatime = true;   /* not ours: asking again for each folder would double the calls */
	}
	fd = open_beneath(w, path, 0);
opened:
	if (fd < 0 && (errno == ENOSYS || errno == EPERM)) {
		w->no_openat2 = true;
		return open_by_steps(w, path);
	}
	return fd;
}

static unsigned char
type_of(unsigned mode)
{
	return S_ISREG(mode) ? DT_REG : S_ISDIR(mode) ? DT_DIR : S_ISLNK(mode) ? DT_LNK : DT_FIFO;
}

/* Fills entry; -1 with errno when it could not, or when the name is something else by now. */
static int
ask(int dir, struct entry *entry)
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

static void
remember(struct frame *f, const char *name)
{
	size_t len = strlen(name) + 1;

	if (f->len + len > f->room) {
		size_t room = f->room ? f->room * 2 : 1024;
		char *more = realloc(f->todo, room);

		if (!more)
			abort();        /* as arena_take(): without memory there is no honest way on */
		f->todo = more;
		f->room = room;
	}
	memcpy(f->todo + f->len, name, len);
	f->len += len;
}

static void
unseen(struct walk *w, struct frame *f, const char *name)
{
	gap(w, w->path, arena_print(w->mem, "cannot stat '%s': %s", name_show(w->mem, name), strerror(errno)));
	f->complete = false;
}

static void
meet(struct walk *w, struct frame *f, int dir, const char *name, unsigned char type)
{
	const struct visitor *v = w->visitor;
	struct entry entry = { .name = name, .type = type, .btime_s = INT64_MIN };

	if (is_skipped(w, name))
		return;
	if (type == DT_UNKNOWN && ask(dir, &entry) < 0) {
		unseen(w, f, name);
		return;
	}
	if (entry.type == DT_DIR) {
		if (!is_snapshot(name))
			remember(f, name);
		return;
	}
	if (entry.type != DT_REG)
		return;
	w->out->files++;
	if (!entry.stated && v->wants_stat(v->self, f->state, w->path, name) && ask(dir, &entry) < 0) {
		unseen(w, f, name);
		return;
	}
	if (entry.stated)
		w->out->bytes += (long long)entry.size;
	v->file(v->self, f->state, w->path, &entry);
}

static int
list_some(struct walk *w, struct frame *f, int dir, long got)
{
	for (long at = 0; at < got;) {
		const struct dirent64 *d = (const void *)(w->listing + at);

		at += d->d_reclen;
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		if (++w->seen % BREATH == 0) {
			progress(w->share->id, w->out->files, 0);
			if (stop_asked())
				return -1;
		}
		meet(w, f, dir, d->d_name, d->d_type);
	}
	return 0;
}

/* Lists the folder w->path: files are judged as they come, folders remembered. -1 only when asked to stop. */
static int
list(struct walk *w, struct frame *f)
{
	int dir = open_folder(w, w->path), rc = 0;
	long got;

	if (dir < 0) {
		gap(w, w->path, arena_print(w->mem, "cannot open folder: %s", strerror(errno)));
		f->complete = false;
		return 0;
	}
	w->out->folders++;
	while ((got = syscall(SYS_getdents64, dir, w->listing, LISTING)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			gap(w, w->path, arena_print(w->mem, "cannot list folder: %s", strerror(errno)));
			f->complete = false;
			break;
		}
		rc = list_some(w, f, dir, got);
		if (rc < 0)
			break;
	}
	close(dir);
	return rc;
}

/* Enters the folder w->path; its frame is put on the stack and it is listed. */
static int
enter(struct walk *w, void *above)
{
	struct frame *f;
	void *state = NULL;

	if (stop_asked())
		return -1;
	if (!w->visitor->enter(w->visitor->self, w->path, above, &state))
		return 0;
	if (w->depth == w->room) {
		w->room = w->room ? w->room * 2 : 64;
		w->frames = realloc(w->frames, w->room * sizeof *w->frames);
		if (!w->frames)
			abort();
	}
	f = &w->frames[w->depth++];
	*f = (struct frame){ .path_len = strlen(w->path), .state = state, .complete = true };
	return list(w, f);
}

static void
leave(struct walk *w)
{
	struct frame *f = &w->frames[--w->depth];

	w->visitor->leave(w->visitor->self, f->state, w->path, f->complete);
	free(f->todo);
}

static int
descend(struct walk *w, struct frame *f)
{
	const char *name = f->todo + f->next;
	size_t len = strlen(name), at = f->path_len;

	f->next += len + 1;
	if (at + len + 2 > PATH_MAX) {
		gap(w, w->path, "folder below is too deep to be opened");
		f->complete = false;
		return 0;
	}
	if (at)
		w->path[at++] = '/';
	memcpy(w->path + at, name, len + 1);
	return enter(w, f->state);
}

static int
walk(struct walk *w)
{
	int rc = enter(w, NULL);

	while (rc == 0 && w->depth) {
		struct frame *f = &w->frames[w->depth - 1];

		w->path[f->path_len] = '\0';
		if (f->next < f->len)
			rc = descend(w, f);
		else
			leave(w);
	}
	for (size_t i = 0; i < w->depth; i++)
		free(w->frames[i].todo);
	free(w->frames);
	return rc;
}

/* What is left of a mount that is gone is an empty folder, and an error is not an empty set. */
static bool
is_empty(struct walk *w)
{
	int fd = open_folder(w, "");
	long got = 0;
	bool empty = true;

	if (fd < 0)
		return false;           /* the walk will say what is wrong */
	got = syscall(SYS_getdents64, fd, w->listing, LISTING);
	for (long at = 0; at < got; at += ((const struct dirent64 *)(const void *)(w->listing + at))->d_reclen) {
		const struct dirent64 *d = (const void *)(w->listing + at);

		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
			empty = false;
	}
	close(fd);
	return got >= 0 && empty;
}

static void
share_gap(struct walk *w, const char *text)
{
	*arena_push(w->mem, &w->out->gaps) =
		(struct gap){ .what = "share", .id = w->share->id, .text = text };
	w->out->complete = false;
}

int
scan_share(struct arena *mem, const struct share *share, int hands, const struct visitor *visitor,
	   struct scan_result *out, struct error *err)
{
	struct walk *w = arena_new(mem, struct walk);
	struct error why = { 0 };
	struct stat st;
	int rc = 0;

	(void)hands;                    /* one thread meets the goal on local disks; a file server may want more */
	*out = (struct scan_result){ .complete = true };
	*w = (struct walk){ .mem = mem, .share = share, .visitor = visitor, .out = out };
	w->listing = arena_take(mem, LISTING);
	w->root = root_open(share, &out->marked, &why);
	if (w->root < 0) {
		share_gap(w, arena_text(mem, why.text));
		return 0;
	}
	if (fstat(w->root, &st) < 0) {
		share_gap(w, arena_print(mem, "cannot stat the root: %s", strerror(errno)));
	} else if (is_empty(w)) {
		share_gap(w, "the share is empty: is it mounted?");
	} else {
		w->dev = st.st_dev;
		out->visited = true;
		if (walk(w) < 0)
			rc = error_set(err, ERROR_STOPPED, "stopped while scanning share '%s'", share->id);
		progress_end();
	}
	close(w->root);
	return rc;
}
