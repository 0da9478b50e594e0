/* SPDX-License-Identifier: GPL-3.0-or-later */
/* root.c - the root of a share and the marker that says which share it is. */
#include "scan_p.h"
#include "behov/digest.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARKER_MOST 512

static int
open_root(const struct share *share, struct error *err)
{
	int fd;

	if (share->smb)
		return error_set(err, ERROR_CONFIG, "share '%s' is on SMB and not mounted: nothing is written there", share->id);
	fd = open(share->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return error_sys(err, ERROR_SOURCE, "cannot open share '%s' at '%s'", share->id, share->path);
	return fd;
}

/* "behov share <id> <random>\n", and nothing else will do. */
bool
marker_names(const char *text, const char *id)
{
	static const char start[] = "behov share ";
	size_t len = strlen(id);

	if (strncmp(text, start, sizeof start - 1) != 0)
		return false;
	text += sizeof start - 1;
	return strncmp(text, id, len) == 0 && text[len] == ' ' && text[len + 1] != '\0' && strchr(text, '\n');
}

static enum marker
read_marker(int root, const char *id)
{
	char text[MARKER_MOST + 1];
	enum marker found = MARKER_WRONG;
	struct stat st;
	ssize_t got;
	int fd = openat(root, SHARE_MARKER, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? MARKER_MISSING : MARKER_WRONG;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		got = read(fd, text, MARKER_MOST);
		if (got > 0) {
			text[got] = '\0';
			if (marker_names(text, id))
				found = MARKER_OURS;
		}
	}
	close(fd);
	return found;
}

static int
check_filesystem(const struct share *share, int root, struct error *err)
{
	struct arena *mem = arena_open();
	const char *now;
	int rc = -1;

	if (!share->filesystem)
		error_set(err, ERROR_SOURCE, "share '%s' is not adopted: 'behov share adopt %s' notes which file system it is", share->id,
			  share->id);
	else if (!(now = filesystem_of(mem, root, err)))
		error_in(err, "share '%s'", share->id);
	else if (strcmp(now, share->filesystem) != 0)
		error_set(err, ERROR_SOURCE, "another file system or folder lies at '%s' than was adopted as share '%s' (%s, and now %s): if "
			  "it is right, say so with 'behov share adopt %s --by NAME --reason TEXT'", share->path, share->id,
			  share->filesystem, now, share->id);
	else
		rc = 0;
	arena_close(mem);
	return rc;
}

int
marker_allows(const struct share *share, enum marker found, struct error *err)
{
	if (found == MARKER_OURS || (found == MARKER_MISSING && share->identity != IDENTITY_MARKER))
		return 0;
	return error_set(err, ERROR_SOURCE, "the marker '%s' of share '%s' %s", SHARE_MARKER, share->id,
			 found == MARKER_MISSING ? "is missing" : "cannot be read or names another share");
}

int
root_open(const struct share *share, bool *marked, struct error *err)
{
	enum marker found;
	int fd = open_root(share, err);

	*marked = false;
	if (fd < 0)
		return -1;
	found = read_marker(fd, share->id);
	if (marker_allows(share, found, err) < 0) {
		close(fd);
		return -1;
	}
	if (share->identity == IDENTITY_FILESYSTEM && check_filesystem(share, fd, err) < 0) {
		close(fd);
		return -1;
	}
	*marked = found == MARKER_OURS;
	return fd;
}

int
scan_open_root(const struct share *share, struct error *err)
{
	bool marked;

	return root_open(share, &marked, err);
}

static int
write_marker(int root, const char *line, size_t len, struct error *err)
{
	int fd = openat(root, SHARE_MARKER, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0444);
	bool good;

	if (fd < 0)
		return error_sys(err, ERROR_SOURCE, "cannot write the marker '%s'", SHARE_MARKER);
	good = write(fd, line, len) == (ssize_t)len && fsync(fd) == 0;
	if (!good)
		error_sys(err, ERROR_SOURCE, "cannot write the marker '%s'", SHARE_MARKER);
	if (close(fd) < 0 && good) {
		error_sys(err, ERROR_SOURCE, "cannot write the marker '%s'", SHARE_MARKER);
		good = false;
	}
	if (!good) {
		unlinkat(root, SHARE_MARKER, 0);
		return -1;
	}
	fsync(root);
	return 0;
}

char *
scan_filesystem(struct arena *mem, const struct share *share, struct error *err)
{
	int fd = open_root(share, err);
	char *text;

	if (fd < 0)
		return NULL;
	text = filesystem_of(mem, fd, err);
	close(fd);
	if (!text)
		error_in(err, "share '%s'", share->id);
	return text;
}

int
scan_adopt(const struct share *share, struct error *err)
{
	struct arena *mem = arena_open();
	unsigned char random[16];
	char *line;
	int rc = -1, fd;

	digest_random(random, sizeof random);
	line = arena_print(mem, "behov share %s %s\n", share->id, digest_hex(mem, random, sizeof random));
	fd = open_root(share, err);
	if (fd < 0 && share->smb)
		error_in(err, "somebody has to put a file '%s' in its root that says '%.*s'", SHARE_MARKER, (int)strlen(line) - 1, line);
	if (fd < 0)
		goto out;
	if (read_marker(fd, share->id) != MARKER_MISSING) {
		error_set(err, ERROR_SOURCE, "share '%s' has a marker already", share->id);
		goto out;
	}
	if (strlen(line) > MARKER_MOST) {
		error_set(err, ERROR_CONFIG, "the id of share '%s' is too long for a marker", share->id);
		goto out;
	}
	rc = write_marker(fd, line, strlen(line), err);
out:
	if (fd >= 0)
		close(fd);
	arena_close(mem);
	return rc;
}
