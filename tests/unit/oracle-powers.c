/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * oracle-powers.c - somebody who has broken into a verb: has its powers, and tries what is asked on stdin.
 *
 *     oracle-powers CONFIG VERB [HELPER]          lines "DEED ARGUMENT"; answers each with "done" or the name of errno
 */
#include <behov/arena.h>
#include <behov/log.h>
#include <behov/powers.h>
#include <behov/register.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* Each gives -1 with errno, or what it got. */
static int
deed_read(const char *path)
{
	char byte;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -1 : read(fd, &byte, 1) < 0 && errno != EISDIR ? -1 : fd;
}

static int deed_list(const char *path) { return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC); }
static int deed_write(const char *path) { return open(path, O_WRONLY | O_CLOEXEC); }
static int deed_make(const char *path) { return open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600); }
static int deed_remove(const char *path) { return unlink(path); }
static int deed_link(const char *path) { return symlink("/etc/shadow", path); }
static int deed_ptrace(const char *pid) { return (int)ptrace(PTRACE_SEIZE, atoi(pid), NULL, NULL); }
static int deed_kill(const char *pid) { return kill(atoi(pid), 0); }
static int deed_mount(const char *path) { return mount("none", path, "tmpfs", 0, NULL); }
static int deed_module(const char *path) { return (int)syscall(SYS_finit_module, open(path, O_RDONLY), "", 0); }
static int deed_keyctl(const char *none) { (void)none; return (int)syscall(SYS_keyctl, 0, -3, 0, 0, 0); }
static int deed_bpf(const char *none) { (void)none; return (int)syscall(SYS_bpf, 0, NULL, 0); }
static int deed_setuid(const char *uid) { return setresuid((uid_t)atoi(uid), (uid_t)atoi(uid), (uid_t)atoi(uid)); }
static int deed_unshare(const char *none) { (void)none; return unshare(CLONE_NEWUSER); }
static int deed_clone(const char *none) { (void)none; return (int)syscall(SYS_clone, (long)CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0); }
static int deed_ring(const char *none) { (void)none; return (int)syscall(SYS_io_uring_setup, 1, NULL); }
static int deed_socket(const char *family) { return socket(atoi(family), SOCK_DGRAM, 0); }
static int deed_raw(const char *none) { (void)none; return socket(AF_INET, SOCK_RAW, 1); }

/* What may be started says so itself: its exit code is the answer. */
static int
deed_start(const char *path)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		execl(path, path, (char *)NULL);
		_exit(errno == EACCES || errno == EPERM ? 126 : 127);
	}
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	errno = EACCES;
	return child > 0 && WIFEXITED(status) && WEXITSTATUS(status) < 126 ? 0 : -1;
}

static int
at_port(const char *port, bool listening)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return listening ? bind(fd, (const struct sockaddr *)&to, sizeof(to)) : connect(fd, (const struct sockaddr *)&to, sizeof(to));
}

static int deed_connect(const char *port) { return at_port(port, false); }
static int deed_bind(const char *port) { return at_port(port, true); }

/* Done when nobody may look into us; when nothing that we start gains by it. */
static int deed_dumpable(const char *none) { (void)none; errno = EPERM; return prctl(PR_GET_DUMPABLE) ? -1 : 0; }
static int deed_privileges(const char *none) { (void)none; errno = EPERM; return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) ? 0 : -1; }

static const struct { const char *name; int (*deed)(const char *argument); } deeds[] = {
	{ "read", deed_read }, { "list", deed_list }, { "write", deed_write }, { "make", deed_make }, { "remove", deed_remove }, { "link", deed_link },
	{ "start", deed_start }, { "connect", deed_connect }, { "bind", deed_bind }, { "ptrace", deed_ptrace }, { "kill", deed_kill },
	{ "mount", deed_mount }, { "module", deed_module }, { "keyctl", deed_keyctl }, { "bpf", deed_bpf }, { "setuid", deed_setuid },
	{ "unshare", deed_unshare }, { "clone", deed_clone }, { "ring", deed_ring }, { "socket", deed_socket }, { "raw", deed_raw },
	{ "dumpable", deed_dumpable }, { "privileges", deed_privileges },
};

static void
try_one(char *line)
{
	char *argument = strchr(line, ' ');

	line[strcspn(line, "\n")] = '\0';
	if (argument)
		*argument++ = '\0';
	for (size_t i = 0; i < sizeof(deeds) / sizeof(*deeds); i++)
		if (strcmp(deeds[i].name, line) == 0) {
			int rc;

			errno = 0;
			rc = deeds[i].deed(argument ? argument : "");
			if (rc == 0 && strcmp(line, "clone") == 0)
				_exit(0);       /* the child */
			puts(rc < 0 ? strerrorname_np(errno) : "done");
			if (rc > 2 && strcmp(line, "clone") != 0)
				close(rc);
			return;
		}
	puts("what?");
}

int
main(int argc, char **argv)
{
	struct arena *mem = arena_open();
	struct rules rules;
	struct powers powers;
	struct error err = { 0 };
	char line[4096];
	int who = 0;

	if (argc < 3)
		return 2;
	while (who < POWERS_OF && strcmp(powers_word[who], argv[2]) != 0)
		who++;
	if (who == POWERS_OF || register_load(mem, argv[1], &rules, &err) < 0 ||
	    powers_give_up(mem, (enum powers_of)who, &rules, &(struct powers_how){ .helper = argv[3] }, &powers, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	printf("landlock=%d files=%d ports=%d signals=%d calls=%d privileges=%d undumpable=%d inbox=%d\n", powers.landlock, powers.files,
	       powers.ports && !powers.any_port, powers.signals, powers.calls, powers.no_new_privs, powers.undumpable, powers.inbox_with_store);
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		try_one(line);
		fflush(stdout);
	}
	arena_close(mem);
	return 0;
}
