/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-crowd.c - who is connected is sent away in time, and nobody who waits for us, or has just been answered, is. */
#include <microhttpd.h>

#define clock_spent its_time
#define MHD_get_connection_info its_info
double its_time(void);
const union MHD_ConnectionInfo *its_info(struct MHD_Connection *connection, enum MHD_ConnectionInfoType what, ...);
#include "../../agent/decide/crowd.c"

#include "check.h"
#include <unistd.h>

/* A connection: one end is ours, and the context is the guest's. */
struct visit { int ends[2]; void *context; union MHD_ConnectionInfo info; };

static struct crowd crowd;
static double now;

double
its_time(void)
{
	return now;
}

const union MHD_ConnectionInfo *
its_info(struct MHD_Connection *connection, enum MHD_ConnectionInfoType what, ...)
{
	struct visit *v = (struct visit *)(void *)connection;

	if (what == MHD_CONNECTION_INFO_CONNECTION_FD)
		v->info.connect_fd = v->ends[0];
	else
		v->info.socket_context = v->context;
	return &v->info;
}

static struct MHD_Connection *
of(struct visit *v)
{
	return (struct MHD_Connection *)(void *)v;
}

static void
arrive(struct visit *v)
{
	*v = (struct visit){ 0 };
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, v->ends) < 0)
		abort();
	crowd_notify(&crowd, of(v), &v->context, MHD_CONNECTION_NOTIFY_STARTED);
}

static bool
is_sent_away(const struct visit *v)
{
	char byte;

	return recv(v->ends[1], &byte, 1, MSG_DONTWAIT) == 0;
}

static void
go(struct visit *v)
{
	crowd_notify(&crowd, of(v), &v->context, MHD_CONNECTION_NOTIFY_CLOSED);
	close(v->ends[0]);
	close(v->ends[1]);
}

static void
begin(void)
{
	crowd = (struct crowd){ .most = 2 };
	now = 1000;
	crowd_late(&crowd);
}

/* Is that one still there so many seconds later? */
static bool
stays(const struct visit *v, double seconds)
{
	now += seconds;
	crowd_late(&crowd);
	return !is_sent_away(v);
}

static void
who_asks_nothing_is_sent_away(void)
{
	struct visit v;

	begin();
	arrive(&v);
	CHECK(stays(&v, FIRST_MOST - 1));
	crowd_asks(&crowd, of(&v));     /* a head alone buys a new one no time */
	CHECK(!stays(&v, 2));
	go(&v);
	CHECK(crowd.fresh.count + crowd.known.count == 0);
}

static void
who_waited_long_for_us_may_read_the_answer(void)
{
	struct visit v;

	begin();
	arrive(&v);
	crowd_works(of(&v), true);
	CHECK(stays(&v, 3 * FIRST_MOST));
	crowd_works(of(&v), false);
	CHECK(stays(&v, FIRST_MOST - 1));
	CHECK(!stays(&v, 2));
	go(&v);
}

static void
who_has_thought_long_may_send_the_form_and_read_the_answer(void)
{
	struct visit v;

	begin();
	arrive(&v);
	crowd_works(of(&v), true);
	crowd_works(of(&v), false);
	crowd_answered(&crowd, of(&v));
	CHECK(stays(&v, PATIENCE_MOST - 1));
	crowd_asks(&crowd, of(&v));
	CHECK(stays(&v, PATIENCE_MOST - 1));
	crowd_works(of(&v), true);
	CHECK(stays(&v, 2));
	crowd_works(of(&v), false);
	CHECK(stays(&v, PATIENCE_MOST - 1));
	CHECK(!stays(&v, 2));
	go(&v);
}

static void
where_it_is_full_the_first_of_the_longer_line_gives_way(void)
{
	struct visit v[4];

	begin();
	arrive(&v[0]);
	arrive(&v[1]);
	crowd_works(of(&v[0]), true);
	arrive(&v[2]);
	CHECK(!is_sent_away(&v[0]) && is_sent_away(&v[1]) && !is_sent_away(&v[2]));
	crowd_works(of(&v[0]), false);          /* the last now */
	arrive(&v[3]);
	CHECK(!is_sent_away(&v[0]) && is_sent_away(&v[2]) && !is_sent_away(&v[3]));
	for (int i = 0; i < 4; i++)
		go(&v[i]);
}

int
main(void)
{
	TEST(who_asks_nothing_is_sent_away);
	TEST(who_waited_long_for_us_may_read_the_answer);
	TEST(who_has_thought_long_may_send_the_form_and_read_the_answer);
	TEST(where_it_is_full_the_first_of_the_longer_line_gives_way);
	return check_done();
}
