/* SPDX-License-Identifier: GPL-3.0-or-later */
/* powers-files.c - files, ports and signals given up, by Landlock: its bare calls, for Debian 12 has no library of it. */
#include "powers_p.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define IOCTL_DEV       (1ull << 15)    /* ABI 5 */
#define BIND_TCP        (1ull << 0)     /* ABI 4 */
#define CONNECT_TCP     (1ull << 1)
#define SCOPED          3ull            /* ABI 6: abstract sockets and processes of others */
#define OLDEST 2
#define OF_FILES (EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV)

enum { RULE_PATH = 1, RULE_PORT = 2 };
struct ruleset { uint64_t files, ports, scoped; };
struct __attribute__((packed)) path_rule { uint64_t allowed; int32_t fd; };
struct port_rule { uint64_t allowed, port; };

static int
landlock(long call, const void *a, size_t b, unsigned flags)
{
	return (int)syscall(call, a, b, flags);
}

static uint64_t
files_known(int abi)
{
	uint64_t all = (1ull << 13) - 1;

	return all | (abi >= 2 ? REFER : 0) | (abi >= 3 ? TRUNCATE : 0) | (abi >= 5 ? IOCTL_DEV : 0);
}

/* What is not there now is not missed: nobody could read it, and who makes it makes it for somebody else. */
static int
allow_path(const struct giving *g, int ruleset, const struct wish *w, struct error *err)
{
	struct path_rule rule = { .fd = open(w->path, O_PATH | O_CLOEXEC) };
	struct stat st;
	int rc;

	if (rule.fd < 0)
		return 0;
	rule.allowed = w->how & files_known(g->out->landlock);
	if (fstat(rule.fd, &st) == 0 && !S_ISDIR(st.st_mode))
		rule.allowed &= OF_FILES;
	rc = rule.allowed ? (int)syscall(SYS_landlock_add_rule, ruleset, RULE_PATH, &rule, 0u) : 0;
	close(rule.fd);
	if (rc < 0)
		return error_sys(err, ERROR_SOURCE, "cannot keep the right to '%s'", w->path);
	if (w->how & (MAKE_REG | MAKE_SOCK))
		*arena_push(g->mem, &g->out->kept) = w->path;
	else
		*arena_push(g->mem, &g->out->seen) = w->path;
	return 0;
}

static int
allow_port(int ruleset, int number, uint64_t how, struct error *err)
{
	struct port_rule rule = { how, (uint64_t)number };

	if (syscall(SYS_landlock_add_rule, ruleset, RULE_PORT, &rule, 0u) == 0)
		return 0;
	return error_sys(err, ERROR_SOURCE, "cannot keep the right to port %d", number);
}

static int
allow_all(const struct giving *g, int ruleset, uint64_t ports, struct error *err)
{
	for (size_t i = 0; i < g->wishes.count; i++)
		if (allow_path(g, ruleset, &g->wishes.items[i], err) < 0)
			return -1;
	for (size_t i = 0; ports & CONNECT_TCP && i < g->out->to.count; i++)
		if (allow_port(ruleset, g->out->to.items[i], CONNECT_TCP, err) < 0)
			return -1;
	return ports && g->listens >= 0 ? allow_port(ruleset, g->listens, BIND_TCP, err) : 0;
}

int
powers_files(struct giving *g, struct error *err)
{
	struct powers *out = g->out;
	struct ruleset all = { 0 };
	int fd, rc = -1;

	fd = landlock(SYS_landlock_create_ruleset, NULL, 0, 1);
	out->landlock = fd < 0 ? 0 : fd;
	if (out->landlock < OLDEST)
		return 0;
	all.files = files_known(out->landlock);
	if (out->landlock >= 4)
		all.ports = BIND_TCP | (out->any_port ? 0 : CONNECT_TCP);
	if (out->landlock >= 6)
		all.scoped = SCOPED;
	fd = landlock(SYS_landlock_create_ruleset, &all, sizeof(all), 0);
	if (fd < 0)
		return error_sys(err, ERROR_SOURCE, "cannot begin to give up files");
	if (allow_all(g, fd, all.ports, err) < 0)
		goto out;
	if (syscall(SYS_landlock_restrict_self, fd, 0u) < 0) {
		error_sys(err, ERROR_SOURCE, "cannot give up files");
		goto out;
	}
	out->files = true;
	out->ports = all.ports != 0;
	out->signals = all.scoped != 0;
	rc = 0;
out:
	close(fd);
	return rc;
}
