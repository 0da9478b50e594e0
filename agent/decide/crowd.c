/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * crowd.c - who is connected, in the order in which they came: where it is full, the first one gives way.
 *
 * An honest browser is answered within milliseconds.  Who sends a byte now and then, on as many connections as we take,
 * would otherwise keep everybody else out for as long as they like.
 */
#include "decide_p.h"

#include <microhttpd.h>
#include <sys/socket.h>

static void
leave(struct crowd *crowd, int fd)
{
	size_t kept = 0;

	for (size_t i = 0; i < crowd->count; i++)
		if (crowd->fds[i] != fd)
			crowd->fds[kept++] = crowd->fds[i];
	crowd->count = kept;
}

/* Not closed: that is for libmicrohttpd, which sees its end and tells us. */
static void
come(struct crowd *crowd, int fd)
{
	if (crowd->count == CROWD_MOST) {
		shutdown(crowd->fds[0], SHUT_RDWR);
		leave(crowd, crowd->fds[0]);
	}
	crowd->fds[crowd->count++] = fd;
}

void
crowd_notify(void *self, struct MHD_Connection *connection, void **context, enum MHD_ConnectionNotificationCode what)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct server *server = self;

	(void)context;
	if (!info)
		return;
	leave(&server->crowd, info->connect_fd);
	if (what == MHD_CONNECTION_NOTIFY_STARTED)
		come(&server->crowd, info->connect_fd);
}
