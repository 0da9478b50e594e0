/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lines.c - appends to a list of heads, and hands copies of rows to syslog. */
#include "audit_p.h"
#include "behov/file.h"
#include "behov/json.h"
#include "behov/step.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* ------------------------------------------------------------------ lists */

/* What follows the last end of a line was torn by a crash: it was never a statement. */
static int
cut_torn(int fd)
{
	off_t end = lseek(fd, 0, SEEK_END), keep = end;
	char c;

	while (keep > 0) {
		if (pread(fd, &c, 1, keep - 1) != 1)
			return -1;
		if (c == '\n')
			break;
		keep--;
	}
	return end < 0 ? -1 : keep < end ? ftruncate(fd, keep) : 0;
}

int
lines_append(const char *path, const char *lines, struct error *err)
{
	int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);
	struct stat st;
	int rc = -1;

	if (fd < 0)
		return error_sys(err, ERROR_SOURCE, "cannot open the list of heads '%s'", path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		error_set(err, ERROR_SOURCE, "the list of heads '%s' is not a file", path);
	else if (file_share(fd, path, false, err) < 0)
		;
	else if (cut_torn(fd) < 0 || file_put(fd, lines, strlen(lines)) < 0 || file_sync_folder(path) < 0)
		error_sys(err, ERROR_SOURCE, "cannot write to the list of heads '%s'", path);
	else
		rc = 0;
	close(fd);
	step("append");
	return rc;
}

/* ------------------------------------------------------------------ syslog */

#define NOTICE_OF_AUTHPRIV (10 << 3 | 5)        /* RFC 3164 4.1.1 */

struct sending { int fd; long long *sent; struct text line; };

/* As RFC 3164 has it on a machine's own socket: no host.  What a row says is not sent: it may be secret, and its hash proves it. */
static int
send_row(void *self, const struct audit_row *row, struct error *err)
{
	struct sending *s = self;

	const char *const told[][2] = { { "actor", row->actor }, { "at", row->at }, { "event", row->event }, { "hash", row->hash } };

	s->line.len = 0;
	text_print(&s->line, "<%d>behov-audit[%d]: {", NOTICE_OF_AUTHPRIV, (int)getpid());
	for (size_t i = 0; i < sizeof(told) / sizeof(*told); i++) {
		text_print(&s->line, "\"%s\":", told[i][0]);
		json_put_text(&s->line, told[i][1], strlen(told[i][1]));
		text_char(&s->line, ',');
	}
	text_print(&s->line, "\"seq\":%lld}", row->seq);
	if (send(s->fd, s->line.data, s->line.len, MSG_NOSIGNAL) < 0)
		return error_sys(err, ERROR_SOURCE, "cannot send to syslog");
	++*s->sent;
	return 0;
}

int
syslog_rows(const struct conf *conf, struct store *store, long long from, long long *sent, struct error *err)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct sending s = { .sent = sent };
	int rc = -1;

	*sent = 0;
	if (!conf->audit.syslog)
		return 0;
	if (strlen(conf->audit.syslog) >= sizeof(to.sun_path))
		return error_set(err, ERROR_CONFIG, "audit.syslog '%s' is too long a path", conf->audit.syslog);
	snprintf(to.sun_path, sizeof(to.sun_path), "%s", conf->audit.syslog);
	s.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s.fd < 0)
		return error_sys(err, ERROR_SOURCE, "cannot make a socket");
	text_open(&s.line, 8192);
	if (connect(s.fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		error_sys(err, ERROR_SOURCE, "cannot reach syslog at '%s'", conf->audit.syslog);
	else
		rc = store_audit_each(store, from, send_row, &s, err);
	text_close(&s.line);
	close(s.fd);
	return rc;
}
