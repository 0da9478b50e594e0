/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-scan.c - the walk sees all that is there, and nothing that is not of the share. */
#define TODO_MOST ((size_t)10000)
#include "../../agent/scan/walk.c"
#include "../../agent/scan/list.c"
#include <fcntl.h>
#include <signal.h>
#include <semaphore.h>
#include <stdarg.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
static long call(long number, ...);
static int look(int fd, const char *name, int flags, unsigned mask, struct statx *out);
#define syscall call
#define statx(...) look(__VA_ARGS__)
#include "../../agent/scan/folder.c"
#undef syscall
#undef statx
static int pretend(int fd, struct statfs *out);
#define fstatfs pretend
#include "../../agent/scan/filesystem.c"
#undef fstatfs
#include "check.h"
#include <dirent.h>

static char folder[64];
static struct arena *mem;
static struct text seen;
static bool stat_all, fold;
static bool odd, most;          /* wanted: the times of files with odd numbers; believed: of most */
static const char *last_wanted; /* that was asked about last */
static int stops_at;            /* we are asked to stop when so many have been asked about */
static int told;                /* files since */
static int how_many;            /* hands */
static const char *night_ends;  /* in the folder of that name; "*": in the first that has a file */
static struct { int from, to; } window;
static int rate;

static bool
on_enter(void *self, const char *path, void *above, void **state)
{
	(void)self, (void)path;
	*state = (void *)((uintptr_t)above + 1);
	return true;
}

static bool
on_wants(void *self, void *state, const char *path, const char *name)
{
	(void)self, (void)state, (void)path;
	last_wanted = name;
	if (stops_at && --stops_at == 0) {
		raise(SIGTERM);
		told = 0;
	}
	return stat_all || (odd && name[strlen(name) - 1] & 1);
}

static void
on_file(void *self, void *state, const char *path, const struct entry *entry)
{
	int64_t morning;

	(void)self, (void)state;
	CHECK(entry->name == last_wanted);
	told++;
	text_print(&seen, entry->stated ? "[%s|%s %d]" : "[%s|%s]", path, entry->name, entry->stated ? (int)entry->size : 0);
	if (night_ends && (strcmp(path, night_ends) == 0 || *night_ends == '*') && clock_parse("2026-11-24T06:00+01:00", &morning) == 0)
		clock_freeze(morning);
}

static void
on_leave(void *self, void *state, const char *path, bool complete)
{
	(void)self, (void)state;
	text_print(&seen, "<%s%s>", path, complete ? "" : "!");
}

static bool no_types;           /* a file system that does not tell what its names are */

static long
call(long number, ...)
{
	va_list more;
	int fd;
	void *what;
	long got;

	va_start(more, number);
	fd = va_arg(more, int);
	what = va_arg(more, void *);
	if (number == SYS_getdents64) {
		got = syscall(number, fd, what, va_arg(more, size_t));
		for (long at = 0; no_types && at < got; at += ((struct dirent64 *)(void *)((char *)what + at))->d_reclen)
			((struct dirent64 *)(void *)((char *)what + at))->d_type = DT_UNKNOWN;
	} else {
		void *how = va_arg(more, void *);

		got = syscall(number, fd, what, how, va_arg(more, size_t));
	}
	va_end(more);
	return got;
}

static atomic_int own;          /* looks of the thread that walks */
static bool waits;              /* the first look ends when another thread looks, too */
static atomic_int looks;
static sem_t second;

static int
look(int fd, const char *name, int flags, unsigned mask, struct statx *out)
{
	const int before = waits ? looks++ : -1;

	own += gettid() == getpid();
	if (before == 0) {
		struct timespec late;

		clock_gettime(CLOCK_REALTIME, &late);
		late.tv_sec += 60;
		CHECK(sem_timedwait(&second, &late) == 0);
	} else if (before == 1) {
		sem_post(&second);
	}
	return statx(fd, name, flags, mask, out);
}

static const struct visitor visitor = { .enter = on_enter, .wants_stat = on_wants, .file = on_file, .leave = on_leave };

static long kind_of_disk = EXT4_SUPER_MAGIC;
static int number_of_disk = 7;

static int
pretend(int fd, struct statfs *out)
{
	int id[2] = { number_of_disk, 0 };

	CHECK(fstatfs(fd, out) == 0);
	out->f_type = kind_of_disk;
	memcpy(&out->f_fsid, id, sizeof id);
	return 0;
}

static int
remove_below(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;

	while (dir && (d = readdir(dir)))
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0 &&
		    unlinkat(dirfd(dir), d->d_name, 0) < 0)
			remove_below(dirfd(dir), d->d_name);
	if (dir)
		closedir(dir);
	return unlinkat(at, name, AT_REMOVEDIR);
}

static void
begin(void)
{
	memcpy(folder, "/tmp/behov-scan-XXXXXX", 23);
	CHECK(mkdtemp(folder) != NULL);
	mem = arena_open();
	text_open(&seen, 1 << 20);
	stat_all = fold = odd = most = no_types = false;
	night_ends = NULL;
	window.from = window.to = 0;
}

static void
end(void)
{
	remove_below(AT_FDCWD, folder);
	arena_close(mem);
	text_close(&seen);
}

static void
make_folder(const char *name)
{
	CHECK(mkdir(arena_print(mem, "%s/%s", folder, name), 0755) == 0);
}

static void
make_file(const char *name)
{
	int fd = open(arena_print(mem, "%s/%s", folder, name), O_WRONLY | O_CREAT, 0644);

	CHECK(fd >= 0 && write(fd, "x", 1) == 1);
	close(fd);
}

static void
write_marker_by_hand(const char *id)
{
	FILE *file = fopen(arena_print(mem, "%s/%s", folder, SHARE_MARKER), "w");

	CHECK(file && fprintf(file, "behov share %s 00\n", id) > 0 && fclose(file) == 0);
}

static struct scan_result
scan(enum share_identity identity)
{
	struct share share = { .id = "a", .path = folder, .identity = identity, .fold = fold, .rate = rate,
			       .window = { window.from, window.to } };
	struct visitor believes = visitor;
	struct scan_result out;
	struct error err = { 0 };

	if (identity == IDENTITY_FILESYSTEM)
		CHECK((share.filesystem = scan_filesystem(mem, &share, &err)) != NULL);
	believes.wants_most = most;
	CHECK(scan_share(mem, &share, &(struct scan_how){ .hands = how_many }, &believes, &out, &err) == 0);
	return out;
}

static void
links_snapshots_and_the_quarantine_are_not_entered(void)
{
	static const char *const snapshots[] = { ".snapshot", ".snapshots", "~snapshot", ".zfs", "@GMT-2026.01.01-00.00.00" };
	struct scan_result out;

	begin();
	make_folder("d");
	make_file("d/f");
	make_folder(SHARE_QUARANTINE);
	make_file(SHARE_QUARANTINE "/q");
	for (size_t i = 0; i < sizeof(snapshots) / sizeof(*snapshots); i++) {
		make_folder(arena_print(mem, "d/%s", snapshots[i]));
		make_file(arena_print(mem, "d/%s/s", snapshots[i]));
	}
	CHECK(symlink("d", arena_print(mem, "%s/link", folder)) == 0);
	CHECK(symlink("/etc/passwd", arena_print(mem, "%s/d/p", folder)) == 0);
	out = scan(IDENTITY_NONE);
	CHECK_TEXT(seen.data, "[d|f]<d><>");
	CHECK(out.visited && out.complete && out.files == 1 && out.folders == 2 && out.bytes == 0);
	end();
}

static void
what_is_ours_in_the_root_is_never_seen_in_any_spelling_where_case_folds(void)
{
	for (int way = 0; way < 4; way++) {
		struct scan_result out;

		begin();
		make_folder("d");
		make_folder("d/" SHARE_QUARANTINE);     /* below the root it is a folder like others */
		make_file("d/" SHARE_QUARANTINE "/f");
		make_folder(SHARE_QUARANTINE);
		make_file(SHARE_QUARANTINE "/q");
		make_folder(".Behov-\xe2\x84\xaa" "ARANTAN");     /* the sign of kelvin folds to k */
		make_file(".Behov-\xe2\x84\xaa" "ARANTAN/q");
		make_file(".BEHOV-share");
		write_marker_by_hand("a");
		fold = way & 1;
		out = scan(way & 2 ? IDENTITY_FILESYSTEM : IDENTITY_MARKER);
		CHECK(out.visited && out.complete && out.marked && out.files == (fold ? 1 : 3));
		CHECK((strstr(seen.data, "|q]") == NULL) == fold && (strstr(seen.data, ".BEHOV-share") == NULL) == fold);
		CHECK(!strstr(seen.data, "|" SHARE_MARKER) && !strstr(seen.data, "[" SHARE_QUARANTINE));
		CHECK(strstr(seen.data, "[d/" SHARE_QUARANTINE "|f]") != NULL);
		end();
	}
}

static void
a_link_is_not_followed_when_opened_either(void)
{
	struct beneath w = { 0 };
	struct stat st;
	int fd;

	begin();
	make_folder("d");
	make_folder("d/e");
	CHECK(symlink("d", arena_print(mem, "%s/link", folder)) == 0);
	w.root = open(folder, O_RDONLY | O_DIRECTORY);
	CHECK(fstat(w.root, &st) == 0);
	w.dev = st.st_dev;
	for (int fallback = 0; fallback < 2; fallback++) {
		w.no_openat2 = fallback;
		fd = folder_open(&w, "d/e");
		CHECK(fd >= 0);
		close(fd);
		CHECK(folder_open(&w, "link/e") < 0);
		CHECK(folder_open(&w, "link") < 0);
		w.dev += (dev_t)fallback;
	}
	CHECK(folder_open(&w, "d") < 0 && errno == EXDEV);
	close(w.root);
	end();
}

/* A tree of some hundred folders, the same each time; what a walk tells is written down as it comes. */
static void
make_tree(const char *path, int depth, unsigned *state)
{
	for (int i = 0; i < 7; i++) {
		const char *name = arena_print(mem, "%s%sd%d", path, *path ? "/" : "", i);

		*state = *state * 1103515245u + 12345u;
		for (unsigned k = 0; k < (*state >> 20) % 5; k++)
			make_file(arena_print(mem, "%s%sf%u", path, *path ? "/" : "", k));
		if (depth && (*state >> 10) % 4) {
			make_folder(name);
			make_tree(name, depth - 1, state);
		}
	}
}

/* A time of access older than that of change would be moved even where most are not. */
static void
reading_leaves_no_trace_in_times(void)
{
	struct timespec times[2] = { { .tv_sec = 946684800 }, { .tv_sec = 978307200 } };
	struct stat st;
	const char *below;

	begin();
	make_folder("d");
	make_file("d/f");
	below = arena_print(mem, "%s/d", folder);
	CHECK(utimensat(AT_FDCWD, below, times, 0) == 0);
	CHECK(scan(IDENTITY_NONE).complete);
	CHECK(stat(below, &st) == 0 && st.st_atime == times[0].tv_sec && st.st_mtime == times[1].tv_sec);
	end();
}

/*
 * Whatever is wanted, and whatever was believed of that: where it is wrong, files are asked for when their folder's turn comes.
 * In one folder there are more than are read at once.
 */
static void
any_number_of_hands_tells_the_same(void)
{
	static const int hands[] = { 1, 2, 3, 8, 64 };
	unsigned state = 7;

	begin();
	make_tree("", 3, &state);
	make_folder("large");
	for (int i = 0; i < 2500; i++)
		make_file(arena_print(mem, "large/%d", i));
	for (int way = 0; way < 9; way++) {
		char *first = NULL;
		long long asked = 0;

		stat_all = way % 3 == 1;
		odd = way % 3 == 2;
		most = way / 3 == 1;
		no_types = way / 3 == 2;
		for (size_t i = 0; i < sizeof(hands) / sizeof(*hands); i++) {
			struct scan_result out;

			how_many = hands[i];
			text_close(&seen);
			text_open(&seen, 1 << 24);
			out = scan(IDENTITY_NONE);
			CHECK(out.complete && out.gaps.count == 0 && out.folders > 100 && out.files > 2600);
			if (!first) {
				first = arena_text(mem, seen.data);
				asked = out.requests;
			}
			CHECK(strcmp(first, seen.data) == 0);
			CHECK(out.requests >= asked && out.requests <= asked + (stat_all || no_types || (!odd && !most) ? 0 : out.files));
		}
		CHECK((strstr(first, " 1]") != NULL) == (stat_all || odd));
	}
	how_many = 0;
	end();
}

/* A guess that most files are asked about is kept to few folders: what was asked in vain is not asked back. */
static void
who_guesses_wrong_asks_about_few_folders(void)
{
	for (int hands = 2; hands <= 64; hands *= 32) {
		struct scan_result out;

		begin();
		how_many = hands;
		most = true;
		for (int i = 0; i < 200; i++) {
			make_folder(arena_print(mem, "%03d", i));
			for (int k = 0; k < 10; k++)
				make_file(arena_print(mem, "%03d/%d", i, k));
		}
		out = scan(IDENTITY_NONE);
		CHECK(out.files == 2000 && out.requests < 750);    /* 2000 more if all were asked about */
		end();
	}
	how_many = 0;
}

static void
freeze(const char *when)
{
	int64_t now;

	CHECK(clock_parse(when, &now) == 0);
	clock_freeze(now);
}

static struct walk *
begin_walk(const struct share *share, struct scan_result *out, struct frame *frame, int hands)
{
	struct error err = { 0 };
	struct walk *w;
	struct stat st;

	begin();
	w = arena_new(mem, struct walk);
	*w = (struct walk){ .mem = mem, .share = share, .out = out, .frames = frame, .depth = frame != NULL, .visitor = &visitor };
	w->beneath.root = open(folder, O_RDONLY | O_DIRECTORY);
	CHECK(fstat(w->beneath.root, &st) == 0);
	w->beneath.dev = st.st_dev;
	CHECK(!hands || open_hands(w, hands, &err) == 0);
	return w;
}

static void
end_walk(struct walk *w)
{
	CHECK(w->ahead == 0 && w->unread == 0);
	ahead_end(w);
	hands_close(w->hands);
	close(w->beneath.root);
	end();
}

/* What is wanted of files is learned from a few folders, before many are begun. */
static void
few_are_read_ahead_until_it_is_known_what_is_wanted(void)
{
	struct scan_result out = { 0 };
	struct share share = { .id = "a" };
	struct below *b = calloc(1, sizeof(*b));
	struct frame frame = { .below = b };
	struct walk *w = begin_walk(&share, &out, &frame, 8);

	for (int i = 0; i < 200; i++)
		list_keep(b, LOOK, arena_print(mem, "gone %d", i));
	w->beneath.over = true;                 /* no hand reads any of them */
	w->stat_ahead = true;
	ahead_fill(w);
	CHECK(b->ahead_count == 4);
	w->stat_ahead = false;
	w->beneath.hands = NULL;                /* few, of which one would ask alone about what is wanted after all */
	ahead_fill(w);
	CHECK(b->ahead_count == 4);
	w->learned = true;
	w->beneath.smb = (void *)w;             /* which opens a connection for each hand */
	ahead_fill(w);
	CHECK(b->ahead_count == 4);
	w->taken = 3;
	ahead_fill(w);
	CHECK(b->ahead_count == 7);
	w->beneath.smb = NULL;
	w->learned = false;
	w->beneath.hands = w->hands;
	w->window = 100;
	ahead_fill(w);
	CHECK(b->ahead_count == 100);           /* all hands would ask about them together */
	w->window = 128;
	w->learned = w->stat_ahead = true;
	for (int i = 0; i < 100; i++)
		ahead_need(w, b->ahead[i]);
	ahead_fill(w);
	CHECK(b->ahead_count == 128);
	ahead_drop(w, b);
	end_walk(w);
}

/* Files in the root say nothing about those in its folders. */
static void
what_is_wanted_is_learned_below_the_root(void)
{
	for (int below = 0; below < 2; below++) {
		struct scan_result out = { 0 };
		struct share share = { .id = "a" };
		struct frame frame = { 0 };
		struct walk *w = begin_walk(&share, &out, &frame, 0);
		struct folder *f;

		make_folder("a");
		make_file(below ? "a/one.txt" : "one.txt");
		f = ahead_folder(w, "", 0, 0, below ? "a" : "", false);
		ahead_start(w, f, true);
		CHECK(list_folder(w, &frame, "", f) == 0 && out.files == 1 && w->learned == below);
		ahead_drop(w, frame.below);
		ahead_close(w, f);
		end_walk(w);
	}
}

static long long
asked_for(struct walk *w, const char *name, bool all, struct folder *out)
{
	struct folder *f = ahead_folder(w, "", 0, 0, name, all);
	long long requests;

	ahead_start(w, f, true);
	ahead_need(w, f);
	*out = *f;
	requests = f->requests;
	CHECK(f->done && f->last && f->questions == 0 && (f->fd < 0) == all);
	for (size_t i = 0; i < f->count; i++)
		CHECK(f->list[i].entry.type != DT_REG || (f->list[i].entry.stated == all && !f->list[i].error &&
							  (!all || f->list[i].entry.size == 1)));
	ahead_close(w, f);
	return requests;
}

/* As often as by one hand, and what was asked for alone is known of each. */
static void
what_all_hands_ask_about_one_folder_is_asked_once(void)
{
	struct scan_result out = { 0 };
	struct share share = { .id = "a" };
	struct walk *alone = begin_walk(&share, &out, NULL, 0), *w;
	struct folder one, other;

	w = arena_new(mem, struct walk);
	*w = (struct walk){ .mem = mem, .share = &share, .out = &out, .visitor = &visitor,
			    .beneath = { .root = alone->beneath.root, .dev = alone->beneath.dev } };
	CHECK(open_hands(w, 16, &(struct error){ 0 }) == 0 && w->beneath.hands);
	make_folder("a");
	for (int i = 0; i < 700; i++)
		(i % 7 ? make_file : make_folder)(arena_print(mem, "a/%03d", i));
	for (int times = 0; times < 2; times++) {
		long long requests = asked_for(alone, "a", times, &one);

		CHECK(requests == (times ? 603 : 3) || requests == (times ? 604 : 4));
		sem_init(&second, 0, 0);
		waits = times;
		looks = 0;
		CHECK(asked_for(w, "a", times, &other) == requests && one.count == other.count && one.count == 700);
	}
	CHECK(looks == 600);
	waits = false;
	ahead_end(w);
	hands_close(w->hands);
	end_walk(alone);
}

static struct mark
mark_at(const char *name)
{
	struct stat st = { 0 };

	CHECK(stat(arena_print(mem, "%s/%s", folder, name), &st) == 0);
	return (struct mark){ st.st_ino, st.st_mtim.tv_sec, st.st_ctim.tv_sec, (uint32_t)st.st_mtim.tv_nsec, (uint32_t)st.st_ctim.tv_nsec };
}

/* One of them is not: and that is asked about no less. */
static void
all_hands_look_whether_the_folders_in_one_are_as_they_were(void)
{
	for (int hands = 0; hands <= 16; hands += 16) {
		struct scan_result out = { 0 };
		struct share share = { .id = "a" };
		struct walk *w = begin_walk(&share, &out, NULL, hands);
		struct folder *f;

		make_folder("a");
		for (int i = 0; i < 300; i++)
			make_folder(arena_print(mem, "a/%03d", i));
		f = ahead_folder(w, "", 0, 0, "a", false);
		f->known = true;
		f->was = mark_at("a");
		f->leaves = calloc(300, sizeof(*f->leaves));
		f->leaf_count = 300;
		for (int i = 0; i < 300; i++)
			f->leaves[i] = (struct leaf){ .name = arena_print(mem, "%03d", i), .was = mark_at(arena_print(mem, "a/%03d", i)) };
		f->leaves[211].was.mtime_s--;
		ahead_start(w, f, true);
		ahead_need(w, f);
		CHECK(f->done && f->same && f->last && f->fd < 0 && f->requests == 301 && !f->questions);
		for (int i = 0; i < 300; i++)
			CHECK(f->leaves[i].same == (i != 211));
		ahead_close(w, f);
		end_walk(w);
	}
}

/* What was there when its folder was listed. */
static void
a_file_that_is_gone_when_all_hands_ask_is_a_gap(void)
{
	struct scan_result out = { .complete = true };
	struct share share = { .id = "a" };
	struct frame frame = { 0 };
	struct walk *w = begin_walk(&share, &out, &frame, 8);
	struct folder *f;

	odd = true;
	make_folder("a");
	for (int i = 0; i < 10; i++)
		make_file(arena_print(mem, "a/%d", i));
	w->depth = 0;
	f = ahead_folder(w, "", 0, 0, "a", false);
	memcpy(w->path, "a", 2);
	ahead_start(w, f, true);
	ahead_need(w, f);
	CHECK(unlink(arena_print(mem, "%s/a/3", folder)) == 0 && unlink(arena_print(mem, "%s/a/4", folder)) == 0);
	own = 0;
	CHECK(list_folder(w, &frame, "a", f) == 0 && own == 0);
	CHECK(!frame.complete && out.gaps.count == 1 && strstr(out.gaps.items[0].text, "cannot stat '3'"));
	for (int i = 0; i < 10; i++)
		CHECK((strstr(seen.data, arena_print(mem, "[a|%d%s]", i, i % 2 ? " 1" : "")) != NULL) == (i != 3));
	ahead_drop(w, frame.below);
	ahead_close(w, f);
	end_walk(w);
}

/* What the hands were given before the window closed and have not begun is left. */
static void
nothing_is_begun_after_the_window_has_closed(void)
{
	struct scan_result out = { 0 };
	struct share share = { .id = "a" };
	struct walk *w = begin_walk(&share, &out, NULL, 8);

	make_folder("a");
	for (int over = 0; over < 2; over++) {
		struct folder *f;

		w->beneath.over = over;
		f = ahead_folder(w, "", 0, 0, "a", false);
		ahead_start(w, f, true);
		ahead_need(w, f);
		CHECK(f->done && (f->requests == 0) == over);
		ahead_close(w, f);
	}
	end_walk(w);
}

/* One folder lies in each of three: those are begun before the first of the three is entered, and without their folder at hand. */
static void
what_lies_in_the_folders_that_come_next_is_read_ahead(void)
{
	struct scan_result out = { 0 };
	struct share share = { .id = "a" };
	struct below *b = calloc(1, sizeof(*b));
	struct frame frame = { .below = b };
	struct error err = { 0 };
	struct walk *w = begin_walk(&share, &out, &frame, 0);

	w->window = 8;
	w->ahead_most = 16;
	w->hands = hands_open(2, 17, ahead_work, &w->beneath, &err);
	for (char name[] = "a/x"; *name < 'd'; name[0]++, name[1] = '/') {
		make_folder((char[]){ name[0], '\0' });
		make_folder(name);
		name[1] = '\0';
		list_keep(b, LOOK, name);
	}
	ahead_fill(w);
	CHECK(b->ahead_count == 3 && w->ahead == 3);
	for (int i = 0; i < 3; i++)
		ahead_need(w, b->ahead[i]);
	ahead_fill(w);
	for (int i = 0; i < 3; i++) {
		struct below *next = b->ahead[i]->below;

		CHECK(next && next->ahead_count == 1);
		if (next && next->ahead_count)
			CHECK_TEXT(next->ahead[0]->path, arena_print(mem, "%c/x", 'a' + i));
	}
	CHECK(w->ahead == 6);
	ahead_drop(w, b);
	b = frame.below = calloc(1, sizeof(*b));
	list_keep(b, LOOK, "a");
	share.window.from = 1200;
	share.window.to = 360;
	freeze("2026-11-24T06:00+01:00");
	ahead_fill(w);
	CHECK(b->ahead_count == 0);     /* its window has closed */
	freeze("2026-11-24T05:00+01:00");
	ahead_fill(w);
	CHECK(b->ahead_count == 1);
	ahead_drop(w, b);
	CHECK(out.requests > 0);
	end_walk(w);
}

static void
where_few_descriptors_are_allowed_folders_are_read_ahead_all_the_same(void)
{
	struct rlimit was, few;

	CHECK(getrlimit(RLIMIT_NOFILE, &was) == 0);
	few = was;
	few.rlim_cur = 64;
	CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
	for (int hands = 2; hands <= 64; hands *= 32) {
		struct scan_result out = { 0 };
		struct share share = { .id = "a" };
		struct below *b = calloc(1, sizeof(*b));
		struct frame frame = { .below = b };
		struct error err = { 0 };
		struct walk *w;

		begin();
		make_folder("a");
		list_keep(b, LOOK, "a");
		w = arena_new(mem, struct walk);
		*w = (struct walk){ .mem = mem, .share = &share, .out = &out, .frames = &frame, .depth = 1 };
		w->beneath.root = open(folder, O_RDONLY | O_DIRECTORY);
		CHECK(open_hands(w, hands, &err) == 0);
		ahead_fill(w);
		CHECK(b->ahead_count == 1);
		ahead_drop(w, b);
		ahead_end(w);
		hands_close(w->hands);
		close(w->beneath.root);
		end();
	}
	CHECK(setrlimit(RLIMIT_NOFILE, &was) == 0);
}

/* The last test here: nobody takes that wish back. */
static void
who_is_asked_to_stop_reads_no_folder_more_and_takes_none_for_read(void)
{
	struct scan_result out = { .complete = true };
	struct share share = { .id = "a", .path = folder, .identity = IDENTITY_NONE };
	struct error err = { 0 };
	struct frame frame = { 0 };
	struct folder *f;
	struct walk *w;

	begin();
	make_folder("a");
	for (int i = 0; i < 10; i++)
		make_file(arena_print(mem, "a/%d", i));
	stop_listen();
	odd = true;
	stops_at = 4;                   /* hands are to be asked, and do not ask */
	CHECK(scan_share(mem, &share, &(struct scan_how){ .hands = 8 }, &visitor, &out, &err) < 0 && err.kind == ERROR_STOPPED);
	CHECK(stops_at == 0 && told <= 1 && out.complete && !strstr(seen.data, "<a>"));
	out = (struct scan_result){ .complete = true };
	w = arena_new(mem, struct walk);
	*w = (struct walk){ .mem = mem, .share = &share, .out = &out };
	w->beneath.root = open(folder, O_RDONLY | O_DIRECTORY);
	f = ahead_folder(w, "", 0, 0, "a", false);
	ahead_work(&w->beneath, f);
	f->done = true;
	CHECK(f->requests == 0 && !f->last);
	f->questions = f->count = 1;
	folder_ask_on(&w->beneath, f);
	CHECK(f->asked == 0 && f->next_asked == 0);
	f->questions = f->count = 0;
	CHECK(list_folder(w, &frame, "a", f) < 0 && out.listed == 0 && out.complete);
	ahead_close(w, f);
	ahead_end(w);
	close(w->beneath.root);
	CHECK(scan_share(mem, &share, &(struct scan_how){ .hands = 1 }, &visitor, &out, &err) < 0 && err.kind == ERROR_STOPPED);
	end();
}

static void
a_share_without_its_marker_is_one_gap(void)
{
	struct share share = { .id = "a", .path = folder }, other = { .id = "b", .path = folder, .identity = IDENTITY_NONE };
	struct scan_result out;
	struct error err = { 0 };
	int fd;

	begin();
	make_file("f");
	out = scan(IDENTITY_MARKER);
	CHECK(!out.visited && !out.complete && out.gaps.count == 1 && seen.len == 0);
	CHECK_TEXT(out.gaps.items[0].what, "share");
	CHECK(scan_adopt(&share, &err) == 0);
	CHECK(scan_adopt(&share, &err) == -1);
	out = scan(IDENTITY_MARKER);
	CHECK(out.visited && out.marked && out.complete);
	CHECK_TEXT(seen.data, "[|f]<>");
	CHECK(scan_open_root(&other, &err) == -1);
	fd = scan_open_root(&share, &err);
	CHECK(fd >= 0);
	close(fd);
	end();
}

static void
an_empty_share_and_one_that_is_not_there_are_gaps(void)
{
	struct scan_result out;

	begin();
	out = scan(IDENTITY_NONE);
	CHECK(!out.visited && out.gaps.count == 1);
	CHECK(rmdir(folder) == 0);
	out = scan(IDENTITY_NONE);
	CHECK(!out.visited && out.gaps.count == 1);
	end();
}

static void
a_folder_we_may_not_read_is_a_gap(void)
{
	struct scan_result out;

	const bool root = geteuid() == 0;       /* who may read every folder: somebody else looks */

	CHECK(!root || seteuid(65534) == 0);
	begin();
	make_folder("locked");
	make_file("f");
	CHECK(chmod(arena_print(mem, "%s/locked", folder), 0) == 0);
	out = scan(IDENTITY_NONE);
	CHECK(out.visited && !out.complete && out.gaps.count == 1);
	CHECK_TEXT(out.gaps.items[0].path, "locked");
	CHECK_TEXT(seen.data, "[|f]<locked!><>");
	end();
	CHECK(!root || seteuid(0) == 0);
}

/* Whatever was listed first is read; the others are told. */
static void
where_more_folders_lie_than_can_be_kept_the_rest_is_a_gap(void)
{
	char name[201];
	struct scan_result out;

	begin();
	memset(name, 'n', 200);
	name[200] = '\0';
	for (int i = 0; i < 60; i++) {
		name[0] = (char)('A' + i % 30);
		name[1] = (char)('0' + i / 30);
		make_folder(name);
	}
	make_file("f");
	out = scan(IDENTITY_NONE);
	CHECK(out.visited && !out.complete && out.folders == 1 + TODO_MOST / 202 && out.files == 1 && out.gaps.count == 1);
	CHECK_TEXT(out.gaps.items[0].path, "");
	CHECK(strcmp(out.gaps.items[0].text, arena_print(mem, "too many folders lie in it: %lld of them are not read", 61 - out.folders)) == 0);
	CHECK(strstr(seen.data, "<!>") != NULL);
	end();
}

static void
names_are_bytes(void)
{
	struct scan_result out;

	begin();
	stat_all = true;
	make_file("r\xe4k\nning");
	out = scan(IDENTITY_NONE);
	CHECK_TEXT(seen.data, "[|r\xe4k\nning 1]<>");
	CHECK(out.bytes == 1 && out.complete);
	end();
}

static void
a_tree_deeper_than_a_path_ends_in_a_gap(void)
{
	char name[201];
	struct scan_result out;
	int at;

	begin();
	memset(name, 'n', 200);
	name[200] = '\0';
	at = open(folder, O_RDONLY | O_DIRECTORY);
	for (int i = 0; i < 30; i++) {
		int next;

		CHECK(mkdirat(at, name, 0755) == 0);
		next = openat(at, name, O_RDONLY | O_DIRECTORY);
		close(at);
		at = next;
	}
	close(at);
	out = scan(IDENTITY_NONE);
	CHECK(out.visited && !out.complete && out.gaps.count == 1 && out.folders == 21);
	end();
}

static void
another_file_system_at_the_same_place_is_one_gap(void)
{
	struct share share = { .id = "a", .path = folder, .identity = IDENTITY_FILESYSTEM };
	struct error err = { 0 };
	struct scan_result out;
	const char *wanted[] = { "is not adopted", NULL, "another file system", "another file system", "nothing tells" };

	begin();
	make_file("f");
	for (int way = 0; way < 5; way++) {
		if (way == 1)
			share.filesystem = scan_filesystem(mem, &share, &err);
		number_of_disk = way == 2 ? 8 : 7;
		if (way == 3) {         /* what was there is put away, and a copy takes its place */
			CHECK(rename(folder, arena_print(mem, "%s-old", folder)) == 0 && mkdir(folder, 0755) == 0);
			make_file("f");
		}
		kind_of_disk = way == 4 ? NFS_SUPER_MAGIC : EXT4_SUPER_MAGIC;
		text_close(&seen);
		text_open(&seen, 1 << 20);
		CHECK(scan_share(mem, &share, &(struct scan_how){ .hands = 1 }, &visitor, &out, &err) == 0);
		CHECK(out.visited == !wanted[way] && out.gaps.count == (wanted[way] != NULL) && (seen.len > 0) == !wanted[way]);
		if (wanted[way] && out.gaps.count)
			CHECK(strstr(out.gaps.items[0].text, wanted[way]) != NULL && strcmp(out.gaps.items[0].what, "share") == 0);
		CHECK((scan_open_root(&share, &err) >= 0) == !wanted[way]);
	}
	kind_of_disk = EXT4_SUPER_MAGIC;
	remove_below(AT_FDCWD, arena_print(mem, "%s-old", folder));
	end();
}

static void
what_has_no_lasting_number_is_no_identity(void)
{
	static const long none[] = { NFS_SUPER_MAGIC, SMB_SUPER_MAGIC, 0xff534d42, 0xfe534d42, TMPFS_MAGIC, OVERLAYFS_SUPER_MAGIC,
				     0x65735546, F2FS_SUPER_MAGIC, 0x2fc12fc1, 0 };
	struct share share = { .id = "a", .path = folder };
	struct error err = { 0 };

	begin();
	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		kind_of_disk = none[i];
		CHECK(scan_filesystem(mem, &share, &err) == NULL);
		err = (struct error){ 0 };
	}
	kind_of_disk = XFS_SUPER_MAGIC; /* this is none, and does not know the question */
	CHECK(scan_filesystem(mem, &share, &err) == NULL);
	kind_of_disk = EXT4_SUPER_MAGIC;
	number_of_disk = 0;             /* made without a UUID */
	err = (struct error){ 0 };
	CHECK(scan_filesystem(mem, &share, &err) == NULL);
	number_of_disk = 7;
	CHECK(strncmp(scan_filesystem(mem, &share, &err), "ext 0000000700000000 ", 21) == 0);
	end();
}

static void
a_window_holds_from_its_first_minute_to_before_its_last(void)
{
	static const struct { int from, to; const char *when; bool in; } cases[] = {
		{ 1200, 360, "2026-11-24T19:59:59+01:00", false }, { 1200, 360, "2026-11-24T20:00:00+01:00", true },
		{ 1200, 360, "2026-11-24T05:59:59+01:00", true }, { 1200, 360, "2026-11-24T06:00:00+01:00", false },
		{ 60, 300, "2026-11-24T00:59+01:00", false }, { 60, 300, "2026-11-24T01:00+01:00", true },
		{ 60, 300, "2026-11-24T05:00+01:00", false }, { 1200, 360, "2026-07-24T18:00Z", true },
		{ 1200, 360, "2026-07-24T17:59Z", false }, { 0, 0, "2026-11-24T12:00+01:00", true },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct share share = { .window = { cases[i].from, cases[i].to } };
		int64_t moment;

		CHECK(clock_parse(cases[i].when, &moment) == 0);
		CHECK(pace_within(&share, moment) == cases[i].in);
	}
}

static void
outside_its_window_a_share_is_one_gap(void)
{
	struct scan_result out;

	begin();
	make_file("f");
	window.from = 1200;
	window.to = 360;
	freeze("2026-11-24T12:00+01:00");
	out = scan(IDENTITY_NONE);
	CHECK(!out.visited && !out.complete && out.gaps.count == 1 && out.requests == 0 && seen.len == 0);
	CHECK_TEXT(out.gaps.items[0].what, "window");
	CHECK(strstr(out.gaps.items[0].text, "utanför tidsfönstret 20:00-06:00") && !out.gaps.items[0].path);
	freeze("2026-11-24T23:00+01:00");
	out = scan(IDENTITY_NONE);
	CHECK(out.visited && out.complete && out.requests > 0);
	end();
}

static void
where_the_window_closes_no_folder_is_begun_and_the_place_is_told_once(void)
{
	for (int hands = 1; hands < 5; hands += 3) {
		struct scan_result out;

		begin();
		how_many = hands;
		make_folder("d");
		make_folder("d/e%");
		make_file("d/e%/never");
		make_folder("d/e%/g");
		make_file("d/f");
		window.from = 1200;
		window.to = 360;
		night_ends = "d";
		freeze("2026-11-24T05:58+01:00");
		out = scan(IDENTITY_NONE);
		CHECK_TEXT(seen.data, "[d|f]<d!><>");
		CHECK(out.visited && !out.complete && out.gaps.count == 1);
		CHECK_TEXT(out.gaps.items[0].path, "d/e%25");
		end();
		begin();
		make_folder("d");
		make_folder("d/e");
		make_file("d/f");
		make_folder("g");
		make_folder("g/e");
		make_file("g/f");
		window.from = 1200;
		window.to = 360;
		night_ends = "*";
		freeze("2026-11-24T05:58+01:00");
		out = scan(IDENTITY_NONE);
		CHECK(out.visited && !out.complete && out.files == 1 && out.folders == 2 && out.gaps.count == 1);
		end();
	}
	how_many = 0;
}

/* Whoever asks: a turn is a step after the one before, and a pause is not made up for. */
static void
requests_wait_for_their_turn(void)
{
	struct share share = { .rate = 50 };
	struct pace p;

	pace_open(&p, &share);
	CHECK(pace_turn(&p, 1000) == 1000 && pace_turn(&p, 1000) == 20001000 && pace_turn(&p, 5000) == 40001000);
	CHECK(pace_turn(&p, 900000000) == 900000000 && pace_turn(&p, 900000000) == 920000000);
	share.rate = 0;
	pace_open(&p, &share);
	CHECK(p.step == 0);
	pace(&p);
	CHECK(p.next == 0);
}

static void
a_scan_asks_no_faster_than_its_share_says(void)
{
	for (int hands = 1; hands < 9; hands += 3) {
		struct timespec from, to;
		struct scan_result out;

		begin();
		how_many = hands;
		rate = 100;
		stat_all = true;
		make_folder("d");
		for (int i = 0; i < 10; i++)
			make_file(arena_print(mem, "d/f%d", i));
		clock_gettime(CLOCK_MONOTONIC, &from);
		out = scan(IDENTITY_NONE);
		clock_gettime(CLOCK_MONOTONIC, &to);
		CHECK(out.files == 10 && out.requests >= 14);   /* two folders are opened and listed, and each file is looked at */
		CHECK((to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000 >= (out.requests - 1) * 10);
		end();
	}
	how_many = rate = 0;
}

static void
a_share_may_allow_fewer_hands_than_are_asked_for(void)
{
	struct share share = { .hands = 3 };

	CHECK(hands_of(8, &share) == 3 && hands_of(2, &share) == 2 && hands_of(0, &share) == 3);
	share.hands = 0;
	CHECK(hands_of(8, &share) == 8 && hands_of(0, &share) >= 2);
}

int
main(void)
{
	struct error err = { 0 };

	CHECK(clock_zone("Europe/Stockholm", &err) == 0);
	TEST(links_snapshots_and_the_quarantine_are_not_entered);
	TEST(what_is_ours_in_the_root_is_never_seen_in_any_spelling_where_case_folds);
	TEST(reading_leaves_no_trace_in_times);
	TEST(any_number_of_hands_tells_the_same);
	TEST(what_lies_in_the_folders_that_come_next_is_read_ahead);
	TEST(who_guesses_wrong_asks_about_few_folders);
	TEST(few_are_read_ahead_until_it_is_known_what_is_wanted);
	TEST(what_is_wanted_is_learned_below_the_root);
	TEST(what_all_hands_ask_about_one_folder_is_asked_once);
	TEST(all_hands_look_whether_the_folders_in_one_are_as_they_were);
	TEST(a_file_that_is_gone_when_all_hands_ask_is_a_gap);
	TEST(nothing_is_begun_after_the_window_has_closed);
	TEST(a_link_is_not_followed_when_opened_either);
	TEST(a_share_without_its_marker_is_one_gap);
	TEST(an_empty_share_and_one_that_is_not_there_are_gaps);
	TEST(a_folder_we_may_not_read_is_a_gap);
	TEST(another_file_system_at_the_same_place_is_one_gap);
	TEST(what_has_no_lasting_number_is_no_identity);
	TEST(a_window_holds_from_its_first_minute_to_before_its_last);
	TEST(outside_its_window_a_share_is_one_gap);
	TEST(where_the_window_closes_no_folder_is_begun_and_the_place_is_told_once);
	TEST(requests_wait_for_their_turn);
	TEST(a_scan_asks_no_faster_than_its_share_says);
	TEST(a_share_may_allow_fewer_hands_than_are_asked_for);
	TEST(where_more_folders_lie_than_can_be_kept_the_rest_is_a_gap);
	TEST(names_are_bytes);
	TEST(a_tree_deeper_than_a_path_ends_in_a_gap);
	TEST(where_few_descriptors_are_allowed_folders_are_read_ahead_all_the_same);
	TEST(who_is_asked_to_stop_reads_no_folder_more_and_takes_none_for_read);
	return check_done();
}
