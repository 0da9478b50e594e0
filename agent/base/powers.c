/* SPDX-License-Identifier: GPL-3.0-or-later */
/* powers.c - which files, ports and calls of the kernel each verb keeps: Landlock by its bare calls, seccomp by libseccomp. */
#include <behov/file.h>
#include <behov/log.h>
#include <behov/powers.h>

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <libgen.h>
#include <sched.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A sanitizer looks at us from a process of its own. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define WATCHED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define WATCHED
#endif
#endif

const char *const powers_word[] = { "plan", "run", "serve", "apply", "seal" };

/* ------------------------------------------------------------------ Landlock, as <linux/landlock.h> of a newer kernel has it */

#define EXECUTE         (1ull << 0)
#define WRITE_FILE      (1ull << 1)
#define READ_FILE       (1ull << 2)
#define READ_DIR        (1ull << 3)
#define REMOVE_DIR      (1ull << 4)
#define REMOVE_FILE     (1ull << 5)
#define MAKE_DIR        (1ull << 7)
#define MAKE_REG        (1ull << 8)
#define MAKE_SOCK       (1ull << 9)
#define REFER           (1ull << 13)    /* ABI 2: before that, nothing could be moved from one folder to another */
#define TRUNCATE        (1ull << 14)    /* ABI 3 */
#define IOCTL_DEV       (1ull << 15)    /* ABI 5 */
#define BIND_TCP        (1ull << 0)     /* ABI 4 */
#define CONNECT_TCP     (1ull << 1)
#define SCOPED          3ull            /* ABI 6: abstract sockets and processes of others */

#define OLDEST 2
#define SEE (READ_FILE | READ_DIR)
#define KEEP (SEE | WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | REFER | TRUNCATE)
#define OF_FILES (EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV)

enum { RULE_PATH = 1, RULE_PORT = 2 };
struct ruleset { uint64_t files, ports, scoped; };
struct __attribute__((packed)) path_rule { uint64_t allowed; int32_t fd; };
struct port_rule { uint64_t allowed, port; };

struct wish { const char *path; uint64_t how; };

struct giving {
	struct arena *mem;
	const struct rules *rules;
	const struct conf *conf;
	const struct powers_how *how;
	struct powers *out;
	LIST(struct wish) wishes;
	int listens;                    /* -1 = on no port */
};

static void
wish(struct giving *g, const char *path, uint64_t how)
{
	if (path && *path)
		*arena_push(g->mem, &g->wishes) = (struct wish){ path, how };
}

static const char *
folder_of(struct giving *g, const char *path)
{
	return path ? dirname(arena_text(g->mem, path)) : NULL;
}

/* One that we would make when it is needed must be there now: a rule is about what is there. */
static void
keep(struct giving *g, const char *folder)
{
	if (folder && !g->how->look)
		mkdir(folder, 0750);
	wish(g, folder, KEEP);
}

/* ------------------------------------------------------------------ ports */

static void
port(struct giving *g, int number)
{
	for (size_t i = 0; i < g->out->to.count; i++)
		if (g->out->to.items[i] == number)
			return;
	if (number > 0 && number < 65536)
		*arena_push(g->mem, &g->out->to) = number;
}

/* "ldaps://dc1.kalmar.example:1636/x" */
static void
port_of(struct giving *g, const char *url)
{
	static const struct { const char *scheme; int port; } usual[] = {
		{ "ldap", 389 }, { "ldaps", 636 }, { "smtp", 25 }, { "smtps", 465 }, { "http", 80 }, { "https", 443 }, { "sftp", 22 } };
	const char *host = url ? strstr(url, "://") : NULL, *end, *colon;

	if (!host)
		return;
	for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++)
		if (strlen(usual[i].scheme) == (size_t)(host - url) && strncmp(url, usual[i].scheme, (size_t)(host - url)) == 0)
			port(g, usual[i].port);
	host += 3;
	end = host + strcspn(host, "/?# ");
	colon = memrchr(host, ':', (size_t)(end - host));
	if (colon && !memchr(colon, ']', (size_t)(end - colon)))
		port(g, atoi(colon + 1));
}

/* Addresses in order, a blank between; or a domain, whose DNS says where its servers are: on the usual ports, or on others. */
static void
ports_of_directory(struct giving *g, const char *source)
{
	if (!source)
		return;
	if (strncmp(source, "domain:", 7) == 0) {
		port(g, 389);
		port(g, 636);
	}
	for (; *source; source += strcspn(source, " "), source += strspn(source, " "))
		port_of(g, source);
}

/* ------------------------------------------------------------------ what all need */

/* Names and addresses, certificates, time, the C library's own; and nothing that holds a password. */
static void
see_system(struct giving *g)
{
	static const char *const paths[] = {
		"/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libexec", "/lib", "/lib64", "/usr/local/lib", "/usr/share", "/usr/local/share/ca-certificates",
		"/etc/ld.so.cache", "/etc/localtime", "/etc/timezone", "/etc/nsswitch.conf", "/etc/passwd", "/etc/group", "/etc/hosts",
		"/etc/host.conf", "/etc/resolv.conf", "/etc/gai.conf", "/etc/services", "/etc/protocols", "/etc/ssl/certs",
		"/etc/ssl/openssl.cnf", "/etc/ca-certificates", "/etc/pki", "/etc/crypto-policies", "/etc/gnutls", "/etc/sasl2",
		"/etc/ldap", "/etc/krb5.conf", "/etc/krb5.conf.d", "/etc/gss", "/run/systemd/resolve", "/run/NetworkManager", "/run/resolvconf",
		"/proc/self", "/proc/sys", "/sys/devices/system/cpu", "/dev/urandom", "/dev/random",
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		wish(g, paths[i], SEE);
	wish(g, "/dev/null", SEE | WRITE_FILE);
	port(g, 53);                    /* DNS, when an answer is long */
}

/* What names a file in the environment: "FILE:/tmp/krb5cc_1000", "/etc/krb5.conf:/etc/krb5.more". */
static void
see_named(struct giving *g, const char *name)
{
	const char *value = getenv(name), *one;

	for (; value && *value; value += strcspn(value, ":"), value += *value == ':') {
		one = arena_copy(g->mem, value, strcspn(value, ":"));
		if (*one == '/')
			wish(g, one, SEE);
	}
}

static void
see_kerberos(struct giving *g, const char *keytab)
{
	wish(g, keytab, SEE);
	see_named(g, "KRB5_CONFIG");
	see_named(g, "KRB5CCNAME");
	if (!getenv("KRB5CCNAME"))
		wish(g, arena_print(g->mem, "/tmp/krb5cc_%u", (unsigned)getuid()), SEE);
	g->out->any_port = true;        /* krb5.conf or DNS says where */
}

static const char *
store_path(const struct conf *conf)
{
	return conf->store + strlen("sqlite:");
}

/* The file and what SQLite keeps beside it: not the folder, where keys may lie. */
static void
see_base(struct giving *g, const char *path)
{
	static const char *const beside[] = { "", "-wal", "-shm", "-journal" };

	for (size_t i = 0; i < sizeof(beside) / sizeof(*beside); i++)
		wish(g, arena_print(g->mem, "%s%s", path, beside[i]), SEE);
}

static void see_store(struct giving *g) { see_base(g, store_path(g->conf)); }

/* SQLite lays what does not fit in memory there, too, and not in /tmp. */
static void
keep_store(struct giving *g)
{
	const char *folder = folder_of(g, store_path(g->conf));

	wish(g, folder, KEEP);
	setenv("SQLITE_TMPDIR", folder, 1);
}

static void
use_mail(struct giving *g)
{
	const struct conf *c = g->conf;

	if (strncmp(c->mail.server, "maildir:", 8) == 0)
		keep(g, c->mail.server + 8);
	port_of(g, c->mail.server);
	wish(g, c->mail.password_file, SEE);
	wish(g, c->mail.ca_file, SEE);
}

/* Made now when it is not there, so that its folder need not be kept; who cannot is told when it is asked for. */
static void
use_key(struct giving *g, const char *path)
{
	struct error err = { 0 };
	size_t len;
	char *key;

	if (!g->how->look && file_key(g->mem, path, &key, &len, &err) == 0)
		explicit_bzero(key, len);
	wish(g, path, SEE);
}

/* ------------------------------------------------------------------ sources */

/* A file beside the configuration, or an address. */
static void
use_feed(struct giving *g, const char *feed)
{
	if (feed && !strstr(feed, "://"))
		wish(g, feed, SEE);
	port_of(g, feed);
}

static void
use_directory(struct giving *g, const struct directory *d)
{
	if (d->source && strncmp(d->source, "file:", 5) == 0)
		wish(g, d->source + 5, SEE);
	else
		ports_of_directory(g, d->source);
	wish(g, d->password_file, SEE);
	wish(g, d->ca_file, SEE);
	if (d->gssapi)
		see_kerberos(g, d->keytab);
	if (d->source && strncmp(d->source, "domain:", 7) == 0)
		g->out->any_port = true;
}

static void
use_hr(struct giving *g)
{
	const struct conf *c = g->conf;
	const char *const files[] = { c->hr.password_file, c->hr.token_file, c->hr.identity_file, c->hr.known_hosts, c->hr.ca_file };

	use_feed(g, c->hr.file);
	use_feed(g, c->hr.units.file);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		wish(g, files[i], SEE);
	if (c->hr.file && c->hr.key_hash)
		use_key(g, c->hr.key_file);
}

static void
use_sources(struct giving *g)
{
	const struct rules *r = g->rules;

	for (int i = 0; i < g->conf->directory_count; i++)
		use_directory(g, &g->conf->directories[i]);
	use_hr(g);
	for (size_t i = 0; i < r->system_count; i++) {
		use_feed(g, r->systems[i].accounts.csv);
		use_feed(g, r->systems[i].accounts.scim);
		wish(g, r->systems[i].accounts.token_file, SEE);
		wish(g, r->systems[i].accounts.ca_file, SEE);
	}
	for (size_t i = 0; i < r->case_count; i++)
		wish(g, r->cases[i].file, SEE);
}

static void
see_share(struct giving *g, const struct share *share)
{
	if (!share->smb) {
		wish(g, share->path, SEE);
		return;
	}
	wish(g, share->smb->password_file, SEE);
	port(g, share->smb->port ? share->smb->port : 445);
	if (share->smb->kerberos)
		see_kerberos(g, NULL);
}

static void
see_shares(struct giving *g)
{
	for (size_t i = 0; i < g->rules->share_count; i++)
		see_share(g, &g->rules->shares[i]);
}

/* The program that loads a program is looked at, too: the kernel starts it. */
static void
use_helper(struct giving *g, const char *helper)
{
	glob_t found = { 0 };

	wish(g, helper, EXECUTE | READ_FILE);
	wish(g, "/etc/samba/smb.conf", SEE);
	if (glob("/lib*/ld-linux*.so*", 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++)
			wish(g, arena_text(g->mem, found.gl_pathv[i]), EXECUTE | READ_FILE);
	globfree(&found);
}

static void
see_heads(struct giving *g)
{
	const struct conf *c = g->conf;

	wish(g, c->audit.heads, SEE);
	for (int i = 0; i < c->audit.anchor_count; i++)
		wish(g, c->audit.anchors[i], SEE);
}

static void
see_inbox(struct giving *g)
{
	wish(g, folder_of(g, g->conf->inbox), SEE);
}

/* ------------------------------------------------------------------ each verb */

static void
plan(struct giving *g)
{
	use_sources(g);
	see_shares(g);
	see_store(g);
	see_base(g, arena_print(g->mem, "%s.folders", store_path(g->conf)));
	wish(g, g->conf->work, SEE);
}

static void
run(struct giving *g)
{
	use_sources(g);
	see_shares(g);
	see_inbox(g);
	see_heads(g);
	keep_store(g);
	keep(g, g->conf->work);
	use_key(g, g->conf->key_file);
	use_mail(g);
}

static bool
same_folder(const char *a, const char *b)
{
	struct stat one, other;

	return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

static void
serve(struct giving *g)
{
	const struct conf *c = g->conf;
	const char *inbox = folder_of(g, c->inbox), *colon;

	see_store(g);
	wish(g, inbox, KEEP);
	g->out->inbox_with_store = same_folder(inbox, folder_of(g, store_path(c)));
	use_mail(g);
	if (conf_proves(c, PROOF_LDAP)) {
		ports_of_directory(g, c->web.ldap.at.source);
		wish(g, c->web.ldap.at.ca_file, SEE);
	}
	colon = c->web.listen ? strrchr(c->web.listen, ':') : NULL;
	if (colon && strncmp(c->web.listen, "unix:", 5) == 0)
		wish(g, folder_of(g, c->web.listen + 5), MAKE_SOCK | REMOVE_FILE);
	else if (colon)
		g->listens = atoi(colon + 1);
}

static void
apply(struct giving *g)
{
	use_sources(g);
	for (size_t i = 0; i < g->rules->share_count; i++)
		if (!g->rules->shares[i].smb)
			wish(g, g->rules->shares[i].path, g->rules->shares[i].dispose == DISPOSE_NONE ? SEE : KEEP);
	see_inbox(g);
	see_heads(g);
	keep_store(g);
	keep(g, g->conf->work);
}

static void
seal(struct giving *g)
{
	const struct conf *c = g->conf;

	see_store(g);
	wish(g, folder_of(g, c->audit.heads), KEEP);
	wish(g, folder_of(g, c->audit.key_file), KEEP);
	for (int i = 0; i < c->audit.anchor_count; i++)
		wish(g, folder_of(g, c->audit.anchors[i]), KEEP);
	port_of(g, c->audit.stamp.url);
	wish(g, c->audit.stamp.ca_file, SEE);
	wish(g, c->audit.stamp.tls_ca_file, SEE);
}

/* ------------------------------------------------------------------ files and ports given up */

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

static int
give_up_files(struct giving *g, struct error *err)
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

/* ------------------------------------------------------------------ calls of the kernel given up */

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
#ifdef WATCHED
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
					      SCMP_A0(SCMP_CMP_EQ, family));
	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_GT, AF_NETLINK));
	for (int i = 0; i < 2 && rc == 0; i++)
		rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 2, SCMP_A0(SCMP_CMP_EQ, i ? AF_INET6 : AF_INET),
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

static int
give_up_calls(struct powers *out, bool starts, struct error *err)
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

/* ------------------------------------------------------------------ all of it */

/* A core, or a process of the same account, would hold passwords and keys. */
static void
give_up_memory(struct powers *out)
{
	out->no_new_privs = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
#ifndef WATCHED
	out->undumpable = prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
#endif
}

static void
tell(enum powers_of who, const struct powers *p)
{
	log_debug("powers given up verb=%s landlock=%d files=%d ports=%d signals=%d calls=%d", powers_word[who], p->landlock,
		  p->files, p->ports, p->signals, p->calls);
	if (!p->files)
		log_warn("this kernel has %s: '%s' keeps the rights to files and network that its account has",
			 p->landlock ? "a Landlock that is too old" : "no Landlock", powers_word[who]);
	if (!p->calls)
		log_warn("this kernel has no seccomp: '%s' keeps all calls", powers_word[who]);
}

int
powers_give_up(struct arena *mem, enum powers_of who, const struct rules *rules, const struct powers_how *how, struct powers *out,
	       struct error *err)
{
	static void (*const wants[])(struct giving *g) = { plan, run, serve, apply, seal };
	struct giving g = { .mem = mem, .rules = rules, .conf = &rules->conf, .how = how, .out = out, .listens = -1 };
	bool starts = how->helper && (who == POWERS_RUN || who == POWERS_PLAN);

	_Static_assert(sizeof(wants) / sizeof(*wants) == POWERS_OF, "one for each");
	*out = (struct powers){ 0 };
	see_system(&g);
	wants[who](&g);
	if (starts)
		use_helper(&g, how->helper);
	give_up_memory(out);
	if (give_up_files(&g, err) < 0 || give_up_calls(out, starts, err) < 0)
		return -1;
	if (!how->look)
		tell(who, out);
	return 0;
}
