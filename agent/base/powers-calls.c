/* SPDX-License-Identifier: GPL-3.0-or-later */
/* powers-calls.c - calls of the kernel given up, by seccomp, and what others could learn of us. */
#include "powers_p.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>

/* What looks into other processes, changes who or where we are, or reaches the kernel where few look. */
static const char *const calls[] = {
	"ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "kcmp", "pidfd_getfd", "mount", "umount", "umount2",
	"mount_setattr", "move_mount", "open_tree", "open_tree_attr", "fsopen", "fsmount", "fsconfig", "fspick", "pivot_root", "chroot", "init_module",
	"finit_module", "delete_module", "create_module", "kexec_load", "kexec_file_load", "keyctl", "add_key", "request_key", "bpf",
	"perf_event_open", "userfaultfd", "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setfsuid", "setfsgid",
	"setgroups", "setuid32", "setgid32", "setreuid32", "setregid32", "setresuid32", "setresgid32", "setfsuid32", "setfsgid32",
	"setgroups32", "capset", "unshare", "setns", "swapon", "swapoff", "reboot", "settimeofday", "clock_settime", "clock_settime64",
	"adjtimex", "clock_adjtime", "clock_adjtime64", "stime", "sethostname", "setdomainname", "acct", "quotactl", "quotactl_fd",
	"ioperm", "iopl", "modify_ldt", "vm86", "io_uring_setup", "io_uring_enter", "io_uring_register", "open_by_handle_at",
	"lookup_dcookie", "nfsservctl", "vhangup", "syslog", "uselib", "ustat", "_sysctl", "fanotify_init", "mknod", "mknodat",
};
static const char *const starting[] = { "execve", "execveat" };

static int
forbid(scmp_filter_ctx filter, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int number = seccomp_syscall_resolve_name(names[i]), rc;

		if (number == __NR_SCMP_ERROR || number < 0)    /* another machine's */
			continue;
#ifdef SANITIZED                        /* it looks at us from a process of its own */
		if (strcmp(names[i], "ptrace") == 0)            /* by which leaks are looked for */
			continue;
#endif
		rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), number, 0);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Sockets to this machine, to the internet and to the kernel about addresses: no others, and none that are raw. */
static int
forbid_sockets(scmp_filter_ctx filter)
{
	int rc = 0;

	for (unsigned family = 0; family <= AF_NETLINK && rc == 0; family++)
		if (family != AF_UNIX && family != AF_INET && family != AF_INET6 && family != AF_NETLINK)
			rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
					      SCMP_A0(SCMP_CMP_EQ, family, 0));
	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_GT, AF_NETLINK, 0));
	for (int i = 0; i < 2 && rc == 0; i++)
		rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 2, SCMP_A0(SCMP_CMP_EQ, i ? AF_INET6 : AF_INET, 0),
				      SCMP_A1(SCMP_CMP_MASKED_EQ, 0xf, SOCK_RAW));
	return rc;
}

/* Threads and helpers, but no namespace, in which we would be somebody else; clone3() hides what it is asked for. */
static int
forbid_spaces(scmp_filter_ctx filter)
{
	static const unsigned spaces[] = { CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWIPC, CLONE_NEWUTS,
					   CLONE_NEWCGROUP };
	int rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);

	for (size_t i = 0; i < sizeof(spaces) / sizeof(*spaces) && rc == 0; i++)
		rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
				      SCMP_A0(SCMP_CMP_MASKED_EQ, spaces[i], spaces[i]));
	return rc;
}

int
powers_calls(struct powers *out, bool starts, struct error *err)
{
	scmp_filter_ctx filter;
	int rc;

	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0)
		return 0;               /* a kernel without */
	filter = seccomp_init(SCMP_ACT_ALLOW);
	if (!filter)
		abort();
	rc = forbid(filter, calls, sizeof(calls) / sizeof(*calls));
	if (rc == 0 && !starts)
		rc = forbid(filter, starting, sizeof(starting) / sizeof(*starting));
	if (rc == 0)
		rc = forbid_sockets(filter);
	if (rc == 0)
		rc = forbid_spaces(filter);
	if (rc == 0)
		rc = seccomp_load(filter);
	seccomp_release(filter);
	errno = rc < 0 ? -rc : 0;
	if (rc < 0)
		return error_sys(err, ERROR_SOURCE, "cannot give up calls of the kernel");
	out->calls = true;
	return 0;
}

/* A core, or a process of the same account, would hold passwords and keys. */
void
powers_memory(struct powers *out)
{
	out->no_new_privs = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
#ifndef SANITIZED
	out->undumpable = prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
#endif
}
