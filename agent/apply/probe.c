/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * probe.c - may files be put aside on this share?  What apply relies on is tried with files of our own, in a folder of our own
 * in the share's quarantine, and nothing else is touched.
 *
 * A file server may answer that a rename went well and have replaced a file, give a file another number each time it is asked, or
 * keep times to two seconds.  Then a person does the work there.
 */
#include "apply_p.h"
#include "behov/digest.h"
#include "behov/json.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define MARKER_MOST 512

/* In one folder of our own; `why` is the first thing that went wrong. */
struct trial {
	struct arena *mem;
	const struct share *share;
	struct probed *out;
	int root, quarantine, folder;
	uint64_t dev;
};

static bool
tell(struct trial *t, const char *what, bool good, const char *more)
{
	struct probe_check *c = arena_push(t->mem, &t->out->checks);

	*c = (struct probe_check){ what, good ? NULL : more ? more : strerror(errno) };
	t->out->good &= good;
	return good;
}

/* ------------------------------------------------------------------ a share, known again */

/*
 * The kind of its file system, and its marker: what was proven is proven no longer where either is another.  Numbers of
 * file systems are not in it, as they change when a share is mounted anew.
 */
char *
apply_probe_seen(struct arena *mem, const struct share *share, int root)
{
	char text[MARKER_MOST];
	struct statfs fs;
	int fd = openat(root, SHARE_MARKER, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text);
	bool good = got >= 0 && fstatfs(root, &fs) == 0;

	if (fd >= 0)
		close(fd);
	if (!good)
		return NULL;
	return arena_print(mem, "%s %lx %s", share->path, (unsigned long)fs.f_type, digest_text(mem, arena_copy(mem, text, (size_t)got)));
}

/* ------------------------------------------------------------------ trying */

static int
write_file(struct trial *t, const char *name, const char *words)
{
	int fd = openat(t->folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	bool good = fd >= 0 && write(fd, words, strlen(words)) == (ssize_t)strlen(words) && fsync(fd) == 0;

	if (fd >= 0 && close(fd) < 0)
		good = false;
	return good ? 0 : -1;
}

static bool
says(struct trial *t, const char *name, const char *words)
{
	char text[64];
	int fd = openat(t->folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text);

	if (fd >= 0)
		close(fd);
	return got == (ssize_t)strlen(words) && memcmp(text, words, (size_t)got) == 0;
}

static void
try_rename(struct trial *t)
{
	static const char what[] = "en fil kan flyttas, och aldrig över en annan";
	int rc;

	if (write_file(t, "a", "ett") < 0 || write_file(t, "b", "två") < 0) {
		tell(t, what, false, NULL);
		return;
	}
	rc = renameat2(t->folder, "a", t->folder, "b", RENAME_NOREPLACE);
	if (rc == 0 || errno != EEXIST)
		tell(t, what, false, rc == 0 ? "filen skrevs över" : NULL);
	else if (!says(t, "a", "ett") || !says(t, "b", "två"))
		tell(t, what, false, "en fil var inte som förut efter en flytt som nekades");
	else
		tell(t, what, renameat2(t->folder, "a", t->folder, "c", RENAME_NOREPLACE) == 0 && says(t, "c", "ett"), NULL);
}

/* From now on a file is what these say, whoever asks and however often. */
static bool
same(const struct entry *a, const struct entry *b)
{
	return a->ino == b->ino && a->size == b->size && a->mtime_s == b->mtime_s && a->mtime_ns == b->mtime_ns &&
	       a->btime_s == b->btime_s && a->btime_ns == b->btime_ns && a->nlink == b->nlink;
}

static void
try_identity(struct trial *t)
{
	static const char what[] = "en fil är densamma efter en flytt (nummer, storlek, tider)";
	const struct timespec old[2] = { { 1234567890, 123456700 }, { 1234567890, 123456700 } };
	struct entry before, again, after;

	if (write_file(t, "i", "tre") < 0 || utimensat(t->folder, "i", old, AT_SYMLINK_NOFOLLOW) < 0 ||
	    walk_look(t->folder, "i", t->dev, &before) < 0 || walk_look(t->folder, "i", t->dev, &again) < 0 ||
	    renameat2(t->folder, "i", t->folder, "j", RENAME_NOREPLACE) < 0 || walk_look(t->folder, "j", t->dev, &after) < 0) {
		tell(t, what, false, NULL);
		return;
	}
	tell(t, what, same(&before, &again) && same(&before, &after) && before.mtime_s == old[1].tv_sec,
	     "den fick ett annat nummer, en annan storlek eller andra tider");
}

/* ctime is how apply sees that somebody wrote a file anew and gave it its old times. */
static void
try_change(struct trial *t)
{
	static const char what[] = "det syns att en fil har ändrats fast den fått sina gamla tider";
	const struct timespec old[2] = { { 1234567890, 0 }, { 1234567890, 0 } };
	struct entry before, after;
	int fd;

	if (write_file(t, "k", "fyra") < 0 || utimensat(t->folder, "k", old, AT_SYMLINK_NOFOLLOW) < 0 ||
	    walk_look(t->folder, "k", t->dev, &before) < 0 || (fd = openat(t->folder, "k", O_WRONLY | O_NOFOLLOW | O_CLOEXEC)) < 0) {
		tell(t, what, false, NULL);
		return;
	}
	/* Clocks of file systems tick some hundred times a second: written until it does. */
	for (int i = 0; i < 200000; i++) {
		if (pwrite(fd, "FYRA", 4, 0) != 4 || futimens(fd, old) < 0 || walk_look(t->folder, "k", t->dev, &after) < 0)
			break;
		if (after.ctime_s != before.ctime_s || after.ctime_ns != before.ctime_ns)
			break;
	}
	close(fd);
	tell(t, what, after.ctime_s != before.ctime_s || after.ctime_ns != before.ctime_ns, "tiden för ändring står stilla");
}

static void
try_end(struct trial *t)
{
	struct entry gone;
	bool good = write_file(t, "l", "fem") == 0 && fsync(t->folder) == 0 && unlinkat(t->folder, "l", 0) == 0;

	tell(t, "en fil kan tas bort, och är borta då", good && walk_look(t->folder, "l", t->dev, &gone) < 0 && errno == ENOENT, NULL);
}

/* A server without symbolic links has none to be led astray by. */
static void
try_links(struct trial *t)
{
	static const char what[] = "ingen länk leder ut ur lagringsytan";
	int fd = -1;

	if (symlinkat("/", t->folder, "m") == 0)
		fd = walk_folder(t->folder, "m");
	if (fd >= 0)
		close(fd);
	tell(t, what, fd < 0, "en mapp som är en länk följdes");
}

static void
try_case(struct trial *t)
{
	struct entry e;
	bool folds;

	if (write_file(t, "Prov-\xc3\x85", "sex") < 0) {
		tell(t, "stora och små bokstäver är som det står i reglerna", false, NULL);
		return;
	}
	folds = walk_look(t->folder, "prov-\xc3\xa5", t->dev, &e) == 0;
	tell(t, "stora och små bokstäver är som det står i reglerna", folds == t->share->fold,
	     folds ? "filsystemet skiljer inte på dem: skriv case = \"fold\"" : "filsystemet skiljer på dem: skriv case = \"exact\"");
}

/* ------------------------------------------------------------------ the folder of our own */

static int
private_folder(struct trial *t, int at, const char *name)
{
	struct stat st;
	int fd;

	if (mkdirat(at, name, 0700) < 0 && errno != EEXIST)
		return -1;
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && (fstat(fd, &st) < 0 || st.st_dev != t->dev || st.st_mode & 077)) {
		close(fd);
		errno = EACCES;
		return -1;
	}
	return fd;
}

static void
sweep(struct trial *t, const char *ours)
{
	static const char *const names[] = { "a", "b", "c", "i", "j", "k", "l", "m", "Prov-\xc3\x85" };

	for (size_t i = 0; i < sizeof names / sizeof *names && t->folder >= 0; i++)
		unlinkat(t->folder, names[i], 0);
	if (t->folder >= 0)
		close(t->folder);
	if (t->quarantine >= 0) {
		unlinkat(t->quarantine, ours, AT_REMOVEDIR);
		close(t->quarantine);
	}
	unlinkat(t->root, SHARE_QUARANTINE, AT_REMOVEDIR);      /* only when it is empty */
}

void
apply_probe(struct arena *mem, const struct share *share, int root, struct probed *out)
{
	struct trial t = { .mem = mem, .share = share, .out = out, .root = root, .quarantine = -1, .folder = -1 };
	unsigned char salt[8];
	const char *name;
	struct stat st;

	*out = (struct probed){ .good = true, .seen = apply_probe_seen(mem, share, root) };
	digest_random(salt, sizeof salt);
	name = arena_print(mem, "prov-%s", digest_hex(mem, salt, sizeof salt));
	if (fstat(root, &st) == 0) {
		t.dev = st.st_dev;
		t.quarantine = private_folder(&t, root, SHARE_QUARANTINE);
		t.folder = t.quarantine < 0 ? -1 : private_folder(&t, t.quarantine, name);
	}
	if (tell(&t, "lagringsytan har sin markering", out->seen != NULL, "markeringen kan inte läsas") &&
	    tell(&t, "karantänen kan göras, och ingen annan kommer in i den", t.folder >= 0, NULL)) {
		try_rename(&t);
		try_identity(&t);
		try_change(&t);
		try_end(&t);
		try_links(&t);
		try_case(&t);
	}
	sweep(&t, name);
}
