/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * crowd.c - who is connected: those that have been answered, in that order, and those that have not, in the order in which
 * they came.  Where it is full, the first one of the longer line gives way.
 *
 * An honest browser asks within milliseconds.  Who sends a byte now and then, on as many connections as we take, would
 * otherwise keep everybody else out for as long as they like.
 *
 * Who is late is sent away here, a few at a time, and not by libmicrohttpd, which takes all of them in one turn: ten
 * thousand that had come together left together, came again at once, and made everybody wait 0.3 s.
 */
#include "decide_p.h"

#include <behov/log.h>

#include <sys/resource.h>
#include <sys/socket.h>

#define CROWD_WISH 12000                /* connections, if we may have that many files open */
#define OWN_FILES 300                   /* our own: stores, inboxes, mail servers */
#define LATE_A_SECOND 500               /* are sent away */
#define LATE_AT_ONCE 250

/* One connection; known to libmicrohttpd as its socket_context. */
struct guest {
	int fd;
	bool works;
	struct line *line;              /* NULL: not in one any more */
	double since;
	struct guest *before, *after;
};

size_t
crowd_open(struct crowd *crowd)
{
	struct rlimit files;
	size_t most = CROWD_WISH;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		rlim_t wish = CROWD_WISH * 5 / 4 + OWN_FILES;

		if (files.rlim_cur < wish) {
			files.rlim_cur = files.rlim_max < wish ? files.rlim_max : wish;
			if (setrlimit(RLIMIT_NOFILE, &files) < 0)
				getrlimit(RLIMIT_NOFILE, &files);
		}
		if (files.rlim_cur < wish)
			most = files.rlim_cur > 2 * OWN_FILES ? (size_t)(files.rlim_cur - OWN_FILES) * 4 / 5 : OWN_FILES / 2;
	}
	if (most < CROWD_WISH)
		log_info("the limit of open files allows %zu connections", most);
	*crowd = (struct crowd){ .most = most };
	return most + most / 4;         /* those that were asked to leave take a moment */
}

static void
leave(struct guest *g)
{
	struct line *line = g->line;

	if (!line)
		return;
	*(g->before ? &g->before->after : &line->first) = g->after;
	*(g->after ? &g->after->before : &line->last) = g->before;
	line->count--;
	g->line = NULL;
}

static void
come(struct line *line, struct guest *g)
{
	g->since = clock_spent();
	g->line = line;
	g->before = line->last;
	g->after = NULL;
	*(line->last ? &line->last->after : &line->first) = g;
	line->last = g;
	line->count++;
}

/* Not closed: that is for libmicrohttpd, which sees its end and tells us. */
static void
send_away(struct guest *g)
{
	shutdown(g->fd, SHUT_RDWR);
	leave(g);
}

static void
make_room(struct crowd *crowd)
{
	struct line *longer = crowd->fresh.count > crowd->known.count ? &crowd->fresh : &crowd->known;

	if (crowd->fresh.count + crowd->known.count <= crowd->most)
		return;
	for (struct guest *g = longer->first; g; g = g->after)
		if (!g->works) {
			send_away(g);
			return;
		}
}

/* Those who came before that; gives how many more may be sent away. */
static int
late(struct line *line, double before, int most)
{
	struct guest *after;

	for (struct guest *g = line->first; g && most > 0 && g->since < before; g = after) {
		after = g->after;
		if (!g->works) {
			send_away(g);
			most--;
		}
	}
	return most;
}

void
crowd_late(struct crowd *crowd)
{
	double now = clock_spent(), due = (now - crowd->looked) * LATE_A_SECOND;
	int most = due < LATE_AT_ONCE ? (int)due : LATE_AT_ONCE;

	if (most == 0)
		return;
	crowd->looked = now;
	most = late(&crowd->fresh, now - FIRST_MOST, most);
	late(&crowd->known, now - PATIENCE_MOST, most);
}

static struct guest *
guest_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

/* The last in its line, as if it had come there now. */
static void
begin_again(struct guest *g)
{
	struct line *line = g->line;

	if (!line)
		return;
	leave(g);
	come(line, g);
}

void
crowd_works(struct MHD_Connection *connection, bool works)
{
	struct guest *g = guest_of(connection);

	if (!g)
		return;
	g->works = works;
	if (!works)
		begin_again(g);
}

void
crowd_asks(struct crowd *crowd, struct MHD_Connection *connection)
{
	struct guest *g = guest_of(connection);

	if (g && g->line == &crowd->known)
		begin_again(g);
}

void
crowd_answered(struct crowd *crowd, struct MHD_Connection *connection)
{
	struct guest *g = guest_of(connection);

	if (!g || !g->line)
		return;
	leave(g);
	come(&crowd->known, g);
}

void
crowd_notify(void *self, struct MHD_Connection *connection, void **context, enum MHD_ConnectionNotificationCode what)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct crowd *crowd = self;
	struct guest *g = *context;

	if (what == MHD_CONNECTION_NOTIFY_STARTED && info) {
		g = calloc(1, sizeof(*g));
		if (!g)
			abort();
		*context = g;
		g->fd = info->connect_fd;
		come(&crowd->fresh, g);
		make_room(crowd);
	} else if (what == MHD_CONNECTION_NOTIFY_CLOSED && g) {
		leave(g);
		free(g);
		*context = NULL;
	}
}
