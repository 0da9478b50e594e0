/* SPDX-License-Identifier: GPL-3.0-or-later */
/* file.c - whole files in and out, and secrets that others may not read. */
#include <behov/digest.h>
#include <behov/file.h>
#include <behov/log.h>

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reads to the end, whatever fstat() said: the file may grow. */
static int read_all(struct arena *mem, int fd, const char *path, size_t max, char **out, size_t *len,
		    struct error *err)
{
	struct stat st;
	size_t room, used = 0;
	char *bytes;

	if (fstat(fd, &st) < 0)
		return error_sys(err, ERROR_SOURCE, "cannot read '%s'", path);
	room = st.st_size > 0 && (size_t)st.st_size <= max ? (size_t)st.st_size + 1 : 65536;
	bytes = arena_take(mem, room + 1);
	for (;;) {
		ssize_t n = read(fd, bytes + used, room - used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(err, ERROR_SOURCE, "cannot read '%s'", path);
		if (n == 0)
			break;
		used += (size_t)n;
		if (used > max)
			return error_set(err, ERROR_SOURCE, "cannot read '%s': it is larger than %zu bytes", path, max);
		if (used == room) {
			char *grown = arena_take(mem, room * 2 + 1);

			memcpy(grown, bytes, used);
			bytes = grown;
			room *= 2;
		}
	}
	bytes[used] = '\0';
	*out = bytes;
	*len = used;
	return 0;
}

int file_open(const char *path, struct error *err)
{
	/* O_NONBLOCK: who may put a FIFO where we expect an export could otherwise hold up the night for ever. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return error_sys(err, ERROR_SOURCE, "cannot open '%s'", path);
	if (fstat(fd, &st) < 0)
		error_sys(err, ERROR_SOURCE, "cannot read '%s'", path);
	else if (!S_ISREG(st.st_mode))
		error_set(err, ERROR_SOURCE, "cannot read '%s': it is %s", path,
			  S_ISDIR(st.st_mode) ? "a folder" : "not a file");
	else
		return fd;
	close(fd);
	return -1;
}

int file_read(struct arena *mem, const char *path, size_t max, char **out, size_t *len, struct error *err)
{
	int fd = file_open(path, err), rc;

	if (fd < 0)
		return -1;
	rc = read_all(mem, fd, path, max, out, len, err);
	close(fd);
	return rc;
}

/* systemd's own, shown to its unit by an ACL, which looks like a right of the group. */
static bool is_credential(const char *path)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	size_t len = folder ? strlen(folder) : 0;

	return len && *folder == '/' && strncmp(path, folder, len) == 0 && path[len] == '/';
}

int file_secret(struct arena *mem, const char *path, char **out, size_t *len, struct error *err)
{
	int rc = -1, fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return errno == ELOOP
			? error_set(err, ERROR_CONFIG, "secret '%s' is a link: name the file itself", path)
			: error_sys(err, ERROR_CONFIG, "cannot open secret '%s'", path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		error_set(err, ERROR_CONFIG, "secret '%s' is not a file", path);
		goto out;
	}
	if (st.st_uid != 0 && st.st_uid != geteuid()) {
		error_set(err, ERROR_CONFIG, "secret '%s' belongs to somebody else (uid %u)", path, (unsigned)st.st_uid);
		goto out;
	}
	if (st.st_mode & (is_credential(path) && st.st_uid == 0 ? 037 : 077)) {
		error_set(err, ERROR_CONFIG, "secret '%s' can be read by others: chmod 600 '%s'", path, path);
		goto out;
	}
	if (read_all(mem, fd, path, 4096, out, len, err) < 0) {
		err ? (void)(err->kind = ERROR_CONFIG) : (void)0;
		goto out;
	}
	if (*len && (*out)[*len - 1] == '\n')
		(*out)[--*len] = '\0';
	rc = 0;
out:
	close(fd);
	return rc;
}

int file_share(int fd, const char *path, bool writers, struct error *err)
{
	char name[4096];
	struct stat folder, st;
	mode_t mode;

	snprintf(name, sizeof(name), "%s", path);
	if (stat(dirname(name), &folder) < 0 || !(folder.st_mode & S_ISGID))
		return 0;
	mode = folder.st_mode & 066;
	if (writers)
		mode &= 022 | (mode & 022) << 1;
	mode |= writers ? 0600 : 0640;
	if (fstat(fd, &st) < 0 || st.st_size || st.st_uid != geteuid() || (st.st_mode & 0777) == mode || fchmod(fd, mode) == 0)
		return 0;
	return error_sys(err, ERROR_STORE, "cannot share '%s'", path);
}

int file_put(int fd, const void *bytes, size_t len)
{
	const char *next = bytes;

	while (len) {
		ssize_t n = write(fd, next, len);

		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0) {
			next += n;
			len -= (size_t)n;
		}
	}
	return fsync(fd);
}

/* ------------------------------------------------------------------ keys of our own */

#define KEY_BYTES 32

static int write_key(struct arena *mem, const char *path, struct error *err)
{
	unsigned char key[KEY_BYTES];
	const char *line;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	bool good;

	if (fd < 0)
		return error_sys(err, ERROR_STORE, "cannot make the key '%s'", path);
	digest_random(key, sizeof(key));
	line = arena_print(mem, "%s\n", digest_hex(mem, key, sizeof(key)));
	good = file_put(fd, line, strlen(line)) == 0;
	if (!good)
		error_sys(err, ERROR_STORE, "cannot write the key '%s'", path);
	close(fd);
	return good ? 0 : -1;
}

/* Whole or not at all, and never in another's place: half a key would stop every night to come. */
static int make_key(struct arena *mem, const char *path, struct error *err)
{
	const char *draft = arena_print(mem, "%s.new", path);
	int rc;

	if (access(path, F_OK) == 0)
		return 0;
	unlink(draft);
	rc = write_key(mem, draft, err);
	if (rc == 0 && link(draft, path) < 0 && errno != EEXIST)
		rc = error_sys(err, ERROR_STORE, "cannot make the key '%s'", path);
	unlink(draft);
	return rc;
}

int file_key(struct arena *mem, const char *path, char **out, size_t *len, struct error *err)
{
	if (make_key(mem, path, err) < 0 || file_secret(mem, path, out, len, err) < 0)
		return -1;
	if (*len != 2 * KEY_BYTES)
		return error_set(err, ERROR_STORE, "the key '%s' is not one of ours: it must be %d hex digits", path,
				 2 * KEY_BYTES);
	return 0;
}

int file_sync_folder(const char *path)
{
	char folder[4096];
	int fd, rc;

	snprintf(folder, sizeof(folder), "%s", path);
	fd = open(dirname(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	rc = fsync(fd);
	close(fd);
	return rc;
}

#define TEMPORARY 4096
#define PUBLIC 0644

static int open_new(const char *path, mode_t mode, char temporary[TEMPORARY], struct error *err)
{
	unsigned char salt[8];
	unsigned long long number;
	int fd;

	digest_random(salt, sizeof(salt));
	memcpy(&number, salt, sizeof(number));
	if (snprintf(temporary, TEMPORARY, "%s.new-%llx", path, number) >= TEMPORARY)
		return error_set(err, ERROR_SOURCE, "cannot write '%s': the path is too long", path);
	/* Not mkostemp(): only the kernel can apply the umask without a race. */
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	return fd < 0 ? error_sys(err, ERROR_SOURCE, "cannot write '%s'", path) : fd;
}

static int write_new(const char *path, const void *bytes, size_t len, mode_t mode, struct error *err)
{
	char temporary[TEMPORARY];
	int rc = -1, fd = open_new(path, mode, temporary, err);

	if (fd < 0)
		return -1;
	if ((mode == PUBLIC && fchmod(fd, PUBLIC) < 0) || file_put(fd, bytes, len) < 0) {
		error_sys(err, ERROR_SOURCE, "cannot write '%s'", path);
		goto out;
	}
	if (rename(temporary, path) < 0 || file_sync_folder(path) < 0) {
		error_sys(err, ERROR_SOURCE, "cannot put '%s' in place", path);
		goto out;
	}
	rc = 0;
out:
	close(fd);
	if (rc < 0)
		unlink(temporary);
	return rc;
}

int file_write(const char *path, const void *bytes, size_t len, struct error *err)
{
	return write_new(path, bytes, len, 0640, err);
}

int file_write_public(const char *path, const void *bytes, size_t len, struct error *err)
{
	return write_new(path, bytes, len, PUBLIC, err);
}

int file_write_private(const char *path, const void *bytes, size_t len, struct error *err)
{
	return write_new(path, bytes, len, 0600, err);
}

/* Locked for as long as it is written: file_drafts_sweep() takes what nobody has locked.  One that was taken before it was, is made anew. */
static int open_locked(const char *path, char temporary[TEMPORARY], struct error *err)
{
	struct stat st;
	int fd;

	while ((fd = open_new(path, 0640, temporary, err)) >= 0) {
		bool taken = flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;      /* else: locked, or nobody can lock there */

		if (!taken && fstat(fd, &st) == 0 && st.st_nlink)
			return fd;
		close(fd);
	}
	return -1;
}

int file_draft_open(struct file_draft *draft, const char *path, struct error *err)
{
	int fd = open_locked(path, draft->temporary, err);

	draft->path = path;
	draft->out = fd < 0 ? NULL : fdopen(fd, "w");
	if (fd >= 0 && !draft->out)
		abort();
	return fd < 0 ? -1 : 0;
}

int file_draft_close(struct file_draft *draft, bool keep, struct error *err)
{
	bool whole = fflush(draft->out) == 0 && !ferror(draft->out) && (!keep || fsync(fileno(draft->out)) == 0), placed;

	if (keep && !whole)
		error_sys(err, ERROR_SOURCE, "cannot write '%s'", draft->path);
	placed = keep && whole && rename(draft->temporary, draft->path) == 0 && file_sync_folder(draft->path) == 0;
	if (keep && whole && !placed)
		error_sys(err, ERROR_SOURCE, "cannot put '%s' in place", draft->path);
	if (!placed)
		unlink(draft->temporary);
	fclose(draft->out);                     /* last: until then it is locked */
	return keep && !placed ? -1 : 0;
}

/* "/etc/behov/../shares" as people read it: up from where the folder really lies, as the system itself goes. */
static char *
upwards(struct arena *mem, const char *folder, const char *path)
{
	char *real = realpath(folder, NULL), *out, *slash;

	if (!real)
		return arena_print(mem, "%s/%s", folder, path);
	while (strncmp(path, "../", 3) == 0) {
		if ((slash = strrchr(real, '/')))       /* above the root is the root */
			*slash = '\0';
		path += 3;
	}
	out = arena_print(mem, "%s/%s", real, path);
	free(real);
	return out;
}

char *file_beside(struct arena *mem, const char *beside, const char *path)
{
	const char *slash = strrchr(beside, '/');

	if (*path == '/' || !slash)
		return arena_text(mem, path);
	if (*beside == '/' && strncmp(path, "../", 3) == 0)
		return upwards(mem, arena_print(mem, "%.*s", (int)(slash - beside), beside), path);
	return arena_print(mem, "%.*s/%s", (int)(slash - beside), beside, path);
}

/* ------------------------------------------------------------------ folders */

/*
 * Where run and apply are two accounts of one group, both write there: then both write in what is made there, too.  The mask is
 * lifted for that, as a chmod that keeps the set-group-ID bit, which the folder has from the one above, is refused where a unit
 * says RestrictSUIDSGID.
 */
static int
make_shared(const char *work, const char *path)
{
	struct stat st;
	bool shared = stat(work, &st) == 0 && st.st_mode & S_IWGRP;
	mode_t mask = shared ? umask(0) : 0;
	int rc = mkdir(path, shared ? st.st_mode & 0770 : 0750), why = errno;

	if (shared)
		umask(mask);
	errno = why;
	return rc;
}

int
file_folder(struct arena *mem, const char *work, const char *name, const char **out, struct error *err)
{
	*out = arena_print(mem, "%s/%s", work, name);
	if (mkdir(work, 0750) < 0 && errno != EEXIST)
		return error_sys(err, ERROR_SOURCE, "cannot make the folder '%s'", work);
	if (make_shared(work, *out) < 0 && errno != EEXIST)
		return error_sys(err, ERROR_SOURCE, "cannot make the folder '%s'", *out);
	return 0;
}
