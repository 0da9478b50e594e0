/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * standin.c - stands where behov looks for behov-smb, and has somebody outside speak for it.
 *
 * What behov starts may start nothing itself, a Python no more than anything else.  So the socket that it was given is handed
 * to who listens on PATH.socket, PATH being where we lie; we end when they hang up, and they hear when we are ended.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int
main(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	union { char room[CMSG_SPACE(sizeof(int))]; struct cmsghdr aligned; } control = { .room = { 0 } };
	struct iovec word = { (char[]){ '!' }, 1 };
	struct msghdr message = { .msg_iov = &word, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control) };
	struct cmsghdr *with = CMSG_FIRSTHDR(&message);
	char self[sizeof(to.sun_path)];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	int link = socket(AF_UNIX, SOCK_STREAM, 0), given = 0;

	if (len < 0 || link < 0)
		return 1;
	self[len] = '\0';
	if (snprintf(to.sun_path, sizeof(to.sun_path), "%s.socket", self) >= (int)sizeof(to.sun_path) ||
	    connect(link, (const struct sockaddr *)&to, sizeof(to)) < 0)
		return 1;
	with->cmsg_level = SOL_SOCKET;
	with->cmsg_type = SCM_RIGHTS;
	with->cmsg_len = CMSG_LEN(sizeof(given));
	memcpy(CMSG_DATA(with), &given, sizeof(given));
	if (sendmsg(link, &message, 0) != 1)
		return 1;
	close(0);
	return read(link, self, 1) != 0;
}
