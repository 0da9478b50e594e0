/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * behov-smb.c - the scan's helper: lists folders of one share of an SMB server, and does nothing else.
 *
 * A program of its own, since Samba's library cannot be used by two threads and brings a hundred others with it.  It is
 * started by the scan with a socket as its standard input (wire.h), and ends when that ends.  What it may ask of a server is
 * written here and can be counted: a listing, a look, and the one file that says which share it is.  Nothing is written,
 * neither there nor here: no cache, no log, no core.
 */
#include "behov/wire.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <libsmbclient.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define PEERS_MOST 256                  /* descriptors that are looked at */
#define SPEAKING 16384                  /* bytes of entries in one message, about */
#define MEMORY_MOST ((rlim_t)4 << 30)
#define MARKER ".behov-share"

/* What security depends on is said here, whatever /etc/samba/smb.conf says; a HOME with an smb.conf of its own there is none. */
static const char settings[] =
	"[global]\n"
	"client min protocol = SMB3_00\n"
	"client max protocol = SMB3_11\n"
	"client ipc min protocol = SMB3_00\n"
	"client signing = required\n"
	"client ipc signing = required\n"
	"client NTLMv2 auth = yes\n"
	"client lanman auth = no\n"
	"client plaintext auth = no\n"
	"name resolve order = host\n"
	"disable netbios = yes\n"
	"log level = 0\n"
	"lock directory = /nonexistent\n"
	"state directory = /nonexistent\n"
	"cache directory = /nonexistent\n"
	"private dir = /nonexistent\n";

static struct {
	SMBCCTX *context;
	char *root;                     /* smb://server:port/share/folder, escaped */
	char *user, *domain, *password;
	bool encrypted;                 /* or else nothing is asked */
	bool refused;                   /* something would have left us in clear text */
	size_t leaving;                 /* bytes of a message that are still to leave us */
} s;

/* ------------------------------------------------------------------ what leaves us */

enum { TREE_DISCONNECT = 4, ECHO = 13 };        /* commands of SMB2; those before the first make sessions, the last says nothing */

/*
 * How long the message is that begins here, with its length before it; 0: it may not go.  Samba 4.17 goes on in clear text
 * when the server cannot encrypt, though it was told to require it: so only what makes a session, which tells no more than the
 * share's name, may go as SMB2 (FE), and the rest must be wrapped (FD).  SMB1 (FF) goes nowhere.
 */
static size_t
may_leave(const unsigned char *m, size_t len)
{
	size_t all = len < 4 ? 0 : 4 + ((size_t)m[1] << 16 | (size_t)m[2] << 8 | m[3]);

	if (len < 18 || m[0] || memcmp(m + 5, "SMB", 3) != 0)
		return 0;
	if (m[4] == 0xfe && s.encrypted && ((m[16] > TREE_DISCONNECT && m[16] != ECHO) || m[17]))
		return 0;
	return m[4] == 0xfe || m[4] == 0xfd ? all : 0;
}

/* In the place of the C library's: Samba writes to its sockets with nothing else. */
ssize_t
writev(int fd, const struct iovec *iov, int count)
{
	unsigned char head[64];
	size_t len = 0;
	ssize_t went;
	int kind;
	socklen_t room = sizeof kind;

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &kind, &room) < 0)
		return syscall(SYS_writev, fd, iov, count);
	for (int i = 0; i < count && len < sizeof head; i++) {
		size_t some = iov[i].iov_len < sizeof head - len ? iov[i].iov_len : sizeof head - len;

		memcpy(head + len, iov[i].iov_base, some);
		len += some;
	}
	if (!s.leaving)
		s.leaving = may_leave(head, len);
	if (!s.leaving) {
		s.refused = true;
		errno = EPROTO;
		return -1;
	}
	went = syscall(SYS_writev, fd, iov, count);
	if (went > 0)
		s.leaving -= (size_t)went < s.leaving ? (size_t)went : s.leaving;
	return went;
}

/* ------------------------------------------------------------------ addresses */

static char *
room_for(size_t size)
{
	char *room = malloc(size);

	if (!room)
		_exit(1);
	return room;
}

/* Bytes as they stand in an address: all but letters, digits and a few are escaped. */
static char *
escape(char *at, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (isalnum(c) || strchr("/._-", c))
			*at++ = (char)c;
		else
			at += snprintf(at, 4, "%%%02X", c);
	}
	*at = '\0';
	return at;
}

/* A place below the folder that is shared; the caller frees it. */
static char *
address(const char *path, size_t len)
{
	size_t root = strlen(s.root);
	char *out = room_for(root + 3 * len + 2);

	memcpy(out, s.root, root + 1);
	if (len) {
		out[root] = '/';
		escape(out + root + 1, path, len);
	}
	return out;
}

/* All our connections lead to one address.  A server that is part of DFS may have sent us to another. */
static bool
is_elsewhere(void)
{
	struct sockaddr_in6 first = { 0 };
	bool any = false;

	for (int fd = 3; fd < PEERS_MOST; fd++) {
		struct sockaddr_in6 peer = { 0 };
		socklen_t len = sizeof peer;

		if (getpeername(fd, (struct sockaddr *)&peer, &len) < 0 || (peer.sin6_family != AF_INET && peer.sin6_family != AF_INET6))
			continue;
		peer.sin6_port = 0;     /* of both families at the same place */
		if (any && memcmp(&first, &peer, sizeof peer) != 0)
			return true;
		first = peer;
		any = true;
	}
	return false;
}

/* ------------------------------------------------------------------ answers */

static void
say(struct wire *w)
{
	if (wire_send(STDIN_FILENO, w) < 0)
		_exit(1);
}

static void
fail(struct wire *w, enum wire_failure how, int error)
{
	if (s.refused)
		how = WIRE_CLEAR;
	wire_begin(w, WIRE_FAILED);
	wire_put(w, how, 1);
	wire_put(w, (uint64_t)error, 4);
	say(w);
}

static struct wire_entry
entry_of(const struct libsmb_file_info *info)
{
	return (struct wire_entry){
		.name = info->name, .name_len = strlen(info->name), .attributes = info->attrs, .size = info->size,
		.mtime_s = info->mtime_ts.tv_sec, .mtime_ns = (uint32_t)info->mtime_ts.tv_nsec,
		.ctime_s = info->ctime_ts.tv_sec, .ctime_ns = (uint32_t)info->ctime_ts.tv_nsec,
		.btime_s = info->btime_ts.tv_sec, .btime_ns = (uint32_t)info->btime_ts.tv_nsec,
	};
}

/* One name of the listing: "." is the folder itself.  False: it is no name that can be told. */
static bool
tell(struct wire *w, const struct wire_entry *e, struct wire_entry *self)
{
	if (e->name_len == 1 && *e->name == '.') {
		*self = *e;
		self->name = NULL;
		return true;
	}
	if (e->name_len == 2 && e->name[0] == '.' && e->name[1] == '.')
		return true;
	if (!e->name_len || e->name_len > WIRE_NAME_MOST)
		return false;
	wire_put_entry(w, e);
	if (w->len < SPEAKING)
		return true;
	say(w);
	wire_begin(w, WIRE_ENTRIES);
	return true;
}

/* Only the first is asked what its number is, since it is the folder itself: the library looks up the server for each. */
static void
tell_all(struct wire *w, SMBCFILE *dir)
{
	struct wire_entry self = { 0 };
	const struct libsmb_file_info *info;
	struct stat st = { 0 };

	wire_begin(w, WIRE_ENTRIES);
	errno = 0;
	for (info = smbc_getFunctionReaddirPlus2(s.context)(s.context, dir, &st); info;
	     info = smbc_getFunctionReaddirPlus(s.context)(s.context, dir)) {
		struct wire_entry e = entry_of(info);

		e.ino = st.st_ino;
		st.st_ino = 0;
		errno = 0;
		if (!tell(w, &e, &self)) {
			fail(w, WIRE_NAME, EINVAL);
			return;
		}
	}
	if (errno) {
		fail(w, WIRE_SERVER, errno);
		return;
	}
	say(w);
	wire_begin(w, WIRE_END);
	wire_put_entry(w, &self);
	say(w);
}

static void
list(struct wire *w, const char *at)
{
	SMBCFILE *dir = smbc_getFunctionOpendir(s.context)(s.context, at);
	int why = errno;

	if (is_elsewhere())
		fail(w, WIRE_ELSEWHERE, EREMOTE);
	else if (!dir)
		fail(w, WIRE_SERVER, why);
	else
		tell_all(w, dir);
	if (dir)
		smbc_getFunctionClosedir(s.context)(s.context, dir);
}

static void
look(struct wire *w, const char *at)
{
	struct wire_entry e;
	struct stat st;
	int rc = smbc_getFunctionStat(s.context)(s.context, at, &st), why = errno;

	if (is_elsewhere() || rc < 0) {
		fail(w, is_elsewhere() ? WIRE_ELSEWHERE : WIRE_SERVER, why);
		return;
	}
	e = (struct wire_entry){
		.size = (uint64_t)st.st_size, .ino = st.st_ino, .attributes = S_ISDIR(st.st_mode) ? WIRE_DIRECTORY : 0,
		.mtime_s = st.st_mtim.tv_sec, .mtime_ns = (uint32_t)st.st_mtim.tv_nsec,
		.ctime_s = st.st_ctim.tv_sec, .ctime_ns = (uint32_t)st.st_ctim.tv_nsec,
	};
	wire_begin(w, WIRE_END);
	wire_put_entry(w, &e);
	say(w);
}

/* The one file that is ever opened. */
static void
read_marker(struct wire *w)
{
	char *at = address(MARKER, strlen(MARKER)), text[WIRE_MARKER_MOST];
	SMBCFILE *file = smbc_getFunctionOpen(s.context)(s.context, at, O_RDONLY, 0);
	ssize_t got = file ? smbc_getFunctionRead(s.context)(s.context, file, text, sizeof text) : -1;
	int why = errno;

	if (got < 0) {
		fail(w, WIRE_SERVER, why);
	} else {
		wire_begin(w, WIRE_TEXT);
		wire_put_text(w, text, (size_t)got);
		say(w);
	}
	if (file)
		smbc_getFunctionClose(s.context)(s.context, file);
	free(at);
}

/* ------------------------------------------------------------------ the beginning */

static void
who(SMBCCTX *c, const char *server, const char *share, char *domain, int domain_room, char *user, int user_room, char *password,
    int password_room)
{
	(void)c, (void)server, (void)share;
	snprintf(domain, (size_t)domain_room, "%s", s.domain);
	snprintf(user, (size_t)user_room, "%s", s.user);
	snprintf(password, (size_t)password_room, "%s", s.password);
}

static char *
keep(struct wire *w)
{
	size_t len;
	const char *text = wire_get_text(w, &len);
	char *kept = room_for(len + 1);

	memcpy(kept, text, len);
	kept[len] = '\0';
	return kept;
}

/* smb://server:port/share/folder; gives the server. */
static char *
read_root(struct wire *w)
{
	size_t server_len, share_len, folder_len;
	const char *server = wire_get_text(w, &server_len);
	unsigned port = (unsigned)wire_get(w, 2);
	const char *share = wire_get_text(w, &share_len), *folder = wire_get_text(w, &folder_len);
	char *at = s.root = room_for(32 + server_len + 3 * (share_len + folder_len));

	at += sprintf(at, "smb://%.*s:%u/", (int)server_len, server, port);
	at = escape(at, share, share_len);
	if (folder_len) {
		*at++ = '/';
		escape(at, folder, folder_len);
	}
	return strndup(server, server_len);
}

/* From memory, as a file that nobody else can change. */
static void
set_settings(void)
{
	char path[64];
	int fd = memfd_create("behov-smb.conf", MFD_ALLOW_SEALING);
	const ssize_t len = sizeof settings - 1;

	if (fd < 0 || write(fd, settings, (size_t)len) != len ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
		_exit(1);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (smbc_setConfiguration(s.context, path) < 0)
		_exit(1);
	close(fd);
	prctl(PR_SET_DUMPABLE, 0);              /* a password is in it; not sooner, or that path could not be opened */
}

static void
open_context(bool kerberos, int timeout)
{
	s.context = smbc_new_context();
	if (!s.context)
		_exit(1);
	smbc_setDebug(s.context, 0);
	set_settings();
	smbc_setTimeout(s.context, timeout);
	smbc_setFunctionAuthDataWithContext(s.context, who);
	smbc_setOptionFullTimeNames(s.context, 1);
	smbc_setOptionNoAutoAnonymousLogin(s.context, 1);
	smbc_setOptionUseKerberos(s.context, kerberos);
	smbc_setOptionFallbackAfterKerberos(s.context, 0);
	smbc_setOptionUseCCache(s.context, 0);
	smbc_setOptionSmbEncryptionLevel(s.context, s.encrypted ? SMBC_ENCRYPTLEVEL_REQUIRE : SMBC_ENCRYPTLEVEL_REQUEST);
	if (!smbc_setOptionProtocols(s.context, "SMB3_00", "SMB3_11") || !smbc_init_context(s.context))
		_exit(1);
	smbc_setOptionProtocols(s.context, "SMB3_00", "SMB3_11");
}

/* Before we are let in some words of errno mean other things. */
static enum wire_failure
why_not(int error)
{
	if (error == EPERM || error == EACCES)
		return WIRE_LOGIN;
	return error == ENOSYS || error == ECONNABORTED ? WIRE_OLD : WIRE_SERVER;
}

static void
hello(struct wire *w)
{
	unsigned version = (unsigned)wire_get(w, 1), flags;
	struct addrinfo *found;
	struct stat st;
	int timeout, why;
	char *server = read_root(w);

	s.domain = keep(w);
	s.user = keep(w);
	s.password = keep(w);
	flags = (unsigned)wire_get(w, 1);
	timeout = (int)wire_get(w, 4);
	if (!wire_ended(w) || version != WIRE_VERSION)
		_exit(1);
	explicit_bzero(w->bytes, w->room);
	s.encrypted = flags & 2;
	open_context(flags & 1, timeout);
	if (!server || getaddrinfo(server, NULL, NULL, &found) != 0) {
		fail(w, WIRE_UNKNOWN, ENOENT);
		return;
	}
	freeaddrinfo(found);
	free(server);
	errno = 0;
	if (smbc_getFunctionStat(s.context)(s.context, s.root, &st) < 0 || is_elsewhere()) {
		why = errno ? errno : EREMOTE;
		fail(w, is_elsewhere() ? WIRE_ELSEWHERE : why_not(why), why);
		return;
	}
	wire_begin(w, WIRE_READY);
	say(w);
}

static void
answer(struct wire *w)
{
	enum wire_kind kind = wire_kind(w);
	const char *path = "";
	size_t len = 0;
	char *at;

	if (!s.context != (kind == WIRE_HELLO))
		_exit(1);
	if (kind == WIRE_HELLO) {
		hello(w);
		return;
	}
	if (kind == WIRE_LIST || kind == WIRE_LOOK)
		path = wire_get_text(w, &len);
	if (!wire_ended(w))
		_exit(1);
	at = address(path, len);
	if (kind == WIRE_LIST)
		list(w, at);
	else if (kind == WIRE_LOOK)
		look(w, at);
	else if (kind == WIRE_MARKER)
		read_marker(w);
	else
		_exit(1);
	free(at);
}

static void
limit(void)
{
	const struct rlimit none = { 0, 0 };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	setrlimit(RLIMIT_CORE, &none);
#ifndef SANITIZED
	setrlimit(RLIMIT_AS, &(struct rlimit){ MEMORY_MOST, MEMORY_MOST });
#endif
}

int
main(int argc, char **argv)
{
	struct wire w = { 0 };
	struct stat st;

	(void)argv;
	if (argc != 1 || fstat(STDIN_FILENO, &st) < 0 || !S_ISSOCK(st.st_mode)) {
		fprintf(stderr, "behov-smb is behov's helper for shares on SMB, and started by it: see behov-retention(7)\n");
		return 2;
	}
	limit();
	signal(SIGPIPE, SIG_IGN);
	while (wire_receive(STDIN_FILENO, &w, -1, NULL) == 1)
		answer(&w);
	_exit(0);
}
