/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * slow.c - a file server far away: folders of files that are not there, and each question is answered a while after it came.
 * Its listings tell nothing of files, so each is asked for by itself.
 *
 *     slow FOLDER        FAR_FOLDERS= FAR_FILES= (of each folder) MICROSECONDS= in the environment; mounted there until unmounted
 *
 * One thread, which sleeps until a question comes or an answer is due: a server that is elsewhere takes nothing of our
 * processors, so this one takes as little of them as it can.
 */
#define FUSE_USE_VERSION 34
#include <fuse3/fuse_lowlevel.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static long folders = 200, files = 50, microseconds = 1000;

/* ------------------------------------------------------------------ what there is */

/* 1 is the root; then the folders; then the files, folder after folder. */
static bool is_folder(fuse_ino_t ino) { return ino <= (fuse_ino_t)folders + 1; }
static fuse_ino_t folder_number(long folder) { return (fuse_ino_t)(2 + folder); }
static fuse_ino_t file_number(fuse_ino_t parent, long file) { return (fuse_ino_t)(2 + folders + ((long)parent - 2) * files + file); }

static struct stat
stat_of(fuse_ino_t ino)
{
	struct stat out = { .st_ino = ino, .st_mtime = 1262304000, .st_ctime = 1262304000 };  /* 2010-01-01 */

	out.st_mode = is_folder(ino) ? S_IFDIR | 0755 : S_IFREG | 0644;
	out.st_nlink = is_folder(ino) ? 2 : 1;
	out.st_size = is_folder(ino) ? 0 : 1000 + (long)(ino % 100);
	return out;
}

/* The number in "folder 12" and "file 7.pdf"; -1: there is none such. */
static long
number_of(const char *name, const char *before, const char *after, long most)
{
	char *end;
	long n;

	if (strncmp(name, before, strlen(before)) != 0)
		return -1;
	n = strtol(name + strlen(before), &end, 10);
	return strcmp(end, after) == 0 && n >= 0 && n < most ? n : -1;
}

static fuse_ino_t
find(fuse_ino_t parent, const char *name)
{
	long n = parent == FUSE_ROOT_ID ? number_of(name, "folder ", "", folders) : number_of(name, "file ", ".pdf", files);

	return n < 0 || !is_folder(parent) ? 0 : parent == FUSE_ROOT_ID ? folder_number(n) : file_number(parent, n);
}

/* ------------------------------------------------------------------ on their way */

enum question { LOOK_UP, LOOK_AT, OPEN, LIST };
struct late { enum question question; fuse_req_t from; fuse_ino_t ino; size_t size; off_t at; struct fuse_file_info info; long long due; };

static struct late queue[4096];         /* all take the same time: what came first is due first */
static size_t first, last;

static long long
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void
later(struct late question)
{
	if (last - first == sizeof(queue) / sizeof(*queue)) {
		fuse_reply_err(question.from, EBUSY);
		return;
	}
	question.due = now() + microseconds * 1000;
	queue[last++ % (sizeof(queue) / sizeof(*queue))] = question;
}

static void
look_up(fuse_req_t from, fuse_ino_t parent, const char *name)
{
	later((struct late){ .question = LOOK_UP, .from = from, .ino = find(parent, name) });
}

static void
look_at(fuse_req_t from, fuse_ino_t ino, struct fuse_file_info *info)
{
	(void)info;
	later((struct late){ .question = LOOK_AT, .from = from, .ino = ino });
}

static void
open_folder(fuse_req_t from, fuse_ino_t ino, struct fuse_file_info *info)
{
	later((struct late){ .question = OPEN, .from = from, .ino = ino, .info = *info });
}

static void
list(fuse_req_t from, fuse_ino_t ino, size_t size, off_t at, struct fuse_file_info *info)
{
	(void)info;
	later((struct late){ .question = LIST, .from = from, .ino = ino, .size = size, .at = at });
}

/* ------------------------------------------------------------------ and answered */

/* A listing tells all of a folder, so that to open it asks for no more than that; of a file it tells nothing but its name. */
static void
answer_list(const struct late *l)
{
	static char buffer[1 << 16];
	bool root = l->ino == FUSE_ROOT_ID;
	size_t used = 0, most = l->size < sizeof(buffer) ? l->size : sizeof(buffer);

	for (long i = l->at; i < (root ? folders : files); i++) {
		fuse_ino_t ino = root ? folder_number(i) : file_number(l->ino, i);
		struct fuse_entry_param one = { .ino = root ? ino : 0, .attr = stat_of(ino), .attr_timeout = 60, .entry_timeout = 60 };
		char name[64];
		size_t n;

		snprintf(name, sizeof(name), root ? "folder %ld" : "file %ld.pdf", i);
		n = fuse_add_direntry_plus(l->from, buffer + used, most - used, name, &one, i + 1);
		if (n > most - used)
			break;
		used += n;
	}
	fuse_reply_buf(l->from, buffer, used);
}

static void
answer(const struct late *l)
{
	struct stat what = stat_of(l->ino);
	struct fuse_entry_param entry = { .ino = l->ino, .attr = what, .attr_timeout = 1, .entry_timeout = 1 };

	if (l->question == LIST)
		answer_list(l);
	else if (l->question == LOOK_AT)
		fuse_reply_attr(l->from, &what, 1);
	else if (l->question == OPEN)
		fuse_reply_open(l->from, &l->info);
	else if (l->ino)
		fuse_reply_entry(l->from, &entry);
	else
		fuse_reply_err(l->from, ENOENT);
}

/* Answers what is due, and sleeps until there is more to do. */
static void
wait_on(int fd)
{
	struct pollfd more = { .fd = fd, .events = POLLIN };
	long long left = 0;

	while (first != last && (left = queue[first % (sizeof(queue) / sizeof(*queue))].due - now()) <= 0)
		answer(&queue[first++ % (sizeof(queue) / sizeof(*queue))]);
	ppoll(&more, 1, first == last ? NULL : &(struct timespec){ left / 1000000000, left % 1000000000 }, NULL);
}

static void
serve(struct fuse_session *session)
{
	struct fuse_buf question = { 0 };

	while (!fuse_session_exited(session)) {
		int n;

		wait_on(fuse_session_fd(session));
		while ((n = fuse_session_receive_buf(session, &question)) > 0)
			fuse_session_process_buf(session, &question);
		if (n != -EAGAIN && n != -EINTR)
			break;
	}
	free(question.mem);
}

static void
begin(void *self, struct fuse_conn_info *conn)
{
	(void)self;
	conn->want &= ~(unsigned)FUSE_CAP_READDIRPLUS_AUTO;     /* always */
}

/*
 * As clients of file servers do, ours asks about several files of a folder at once.  libfuse 3.14 does not pass on that we
 * allow it (its pull request 861), so the answer to the first question, what we can, is mended on its way.
 */
static ssize_t
send_answer(int fd, struct iovec *parts, int count, void *self)
{
	static bool begun;
	struct fuse_init_out can;

	(void)self;
	if (!begun && count > 1 && parts[1].iov_len >= offsetof(struct fuse_init_out, max_background)) {
		memcpy(&can, parts[1].iov_base, offsetof(struct fuse_init_out, max_background));
		can.flags |= FUSE_PARALLEL_DIROPS;
		memcpy(parts[1].iov_base, &can, offsetof(struct fuse_init_out, max_background));
	}
	begun = true;
	return writev(fd, parts, count);
}

static ssize_t
get_question(int fd, void *buffer, size_t size, void *self)
{
	(void)self;
	return read(fd, buffer, size);
}

static long
number(const char *name, long otherwise)
{
	return getenv(name) ? atol(getenv(name)) : otherwise;
}

int
main(int argc, char **argv)
{
	static const struct fuse_lowlevel_ops answers = { .init = begin, .lookup = look_up, .getattr = look_at, .opendir = open_folder,
							 .readdirplus = list };
	struct fuse_args args = FUSE_ARGS_INIT(1, argv);
	static const struct fuse_custom_io ways = { .writev = send_answer, .read = get_question };
	struct fuse_session *session;

	if (argc != 2) {
		fputs("usage: slow FOLDER\n", stderr);
		return 2;
	}
	folders = number("FAR_FOLDERS", folders);
	files = number("FAR_FILES", files);
	microseconds = number("MICROSECONDS", microseconds);
	prctl(PR_SET_TIMERSLACK, 1000);         /* nanoseconds */
	session = fuse_session_new(&args, &answers, sizeof(answers), NULL);
	if (!session || fuse_session_mount(session, argv[1]) != 0 ||
	    fuse_session_custom_io(session, &ways, fuse_session_fd(session)) != 0)
		return 1;
	fcntl(fuse_session_fd(session), F_SETFL, O_NONBLOCK);
	serve(session);
	fuse_session_unmount(session);
	fuse_session_destroy(session);
	return 0;
}
