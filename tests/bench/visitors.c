/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * visitors.c - many owners at once, each with a cookie, beside others who only hold connections.
 *
 *     visitors PORT SECONDS EVERY IDLE SLOW <COOKIES
 *
 * Each owner asks for /beslut every EVERY milliseconds (0: as soon as there is an answer), whether or not the others have
 * been answered; what is measured is the time from when the request should have been sent to the last byte of its answer.
 * IDLE connections say nothing, SLOW ones a byte a second.  Prints JSON: milliseconds, and requests a second.
 */
#include <behov/arena.h>
#include <behov/clock.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define OWNERS_MOST 1000
#define TIMES_MOST 2000000

enum kind { OWNER, IDLE, SLOW };

struct visitor {
	enum kind kind;
	int fd;
	const char *cookie;
	double due, asked;              /* when it asks next; when it asked, 0 = it waits for nothing */
	char head[4096];
	size_t got, body, want;
	bool in_body;
};

static int port, epoll;
static double times[TIMES_MOST];
static size_t time_count, failures, reopened;

static double
now(void)
{
	return clock_spent();
}

static void
connect_to(struct visitor *v)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = v };

	v->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (v->fd < 0 || connect(v->fd, (struct sockaddr *)&to, sizeof(to)) < 0) {
		perror("visitors: cannot connect");
		exit(1);
	}
	fcntl(v->fd, F_SETFL, O_NONBLOCK);
	epoll_ctl(epoll, EPOLL_CTL_ADD, v->fd, &event);
	v->asked = 0;
	v->got = v->body = v->want = 0;
	v->in_body = false;
}

static void
reconnect(struct visitor *v)
{
	failures += v->asked > 0;
	reopened++;
	close(v->fd);
	connect_to(v);
}

static void
ask(struct visitor *v)
{
	char text[512];
	int len = snprintf(text, sizeof(text), "GET /beslut HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAccept-Encoding: gzip\r\nCookie: %s\r\n\r\n", port,
			   v->cookie);

	v->asked = v->due;
	v->got = v->body = v->want = 0;
	v->in_body = false;
	if (write(v->fd, text, (size_t)len) != len)
		reconnect(v);
}

/* The head is whole: what does it say? */
static void
read_head(struct visitor *v, char *end)
{
	const char *length;

	*end = '\0';
	length = strcasestr(v->head, "\r\nContent-Length: ");
	v->want = length ? (size_t)strtoul(length + 18, NULL, 10) : 0;
	failures += strncmp(v->head, "HTTP/1.1 200", 12) != 0;
	v->in_body = true;
}

static void
finish(struct visitor *v, double every)
{
	if (time_count < TIMES_MOST)
		times[time_count++] = (now() - v->asked) * 1000;
	v->asked = 0;
	v->due = every > 0 ? v->due + every : now();
}

static void
take(struct visitor *v, double every)
{
	static char heap[65536];

	for (;;) {
		bool head = !v->in_body;
		ssize_t n = head ? read(v->fd, v->head + v->got, sizeof(v->head) - v->got - 1) : read(v->fd, heap, sizeof(heap));
		char *end;

		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			reconnect(v);
			return;
		}
		if (head) {
			v->got += (size_t)n;
			v->head[v->got] = '\0';
			end = strstr(v->head, "\r\n\r\n");
			if (!end)
				continue;
			v->body = v->got - (size_t)(end + 4 - v->head);
			read_head(v, end);
		} else {
			v->body += (size_t)n;
		}
		if (v->body >= v->want) {
			finish(v, every);
			return;
		}
	}
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
part(double share)
{
	return time_count ? times[(size_t)((double)(time_count - 1) * share)] : 0;
}

static void
turn(struct visitor *all, size_t count, double every, double end)
{
	double at = now(), first = at + 0.05;
	struct epoll_event events[256];
	int ready;

	for (size_t i = 0; i < count; i++) {
		struct visitor *v = &all[i];

		if (v->kind == IDLE || v->asked > 0 || v->due >= end)
			continue;
		if (v->due > at) {
			first = v->due < first ? v->due : first;
		} else if (v->kind == OWNER) {
			ask(v);
		} else {
			if (write(v->fd, "g", 1) != 1)
				reconnect(v);
			v->due += 1;
		}
	}
	ready = epoll_wait(epoll, events, 256, first > at ? (int)((first - at) * 1000) : 0);
	for (int i = 0; i < ready; i++)
		take(events[i].data.ptr, every);
}

/* Owners first: those who hold connections need not be looked at each time. */
static size_t
gather(struct visitor *all, size_t room, double start, double every)
{
	static char lines[OWNERS_MOST][200];
	size_t count = 0;

	while (count < room && count < OWNERS_MOST && fgets(lines[count], sizeof(lines[count]), stdin)) {
		lines[count][strcspn(lines[count], "\n")] = '\0';
		all[count] = (struct visitor){ .kind = OWNER, .cookie = lines[count] };
		count++;
	}
	for (size_t i = 0; i < count; i++)
		all[i].due = start + every * (double)i / (double)count;
	return count;
}

int
main(int argc, char **argv)
{
	struct rlimit files = { 0 };
	size_t owners, slow, idle, outstanding = 1;
	struct visitor *all;
	double seconds, every, start, end;

	if (argc != 6)
		return 2;
	port = atoi(argv[1]);
	seconds = strtod(argv[2], NULL);
	every = strtod(argv[3], NULL) / 1000;
	idle = (size_t)atol(argv[4]);
	slow = (size_t)atol(argv[5]);
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	epoll = epoll_create1(EPOLL_CLOEXEC);
	all = calloc(OWNERS_MOST + idle + slow, sizeof(*all));
	if (!all || epoll < 0)
		return 1;
	owners = gather(all, OWNERS_MOST, 0, every);
	for (size_t i = 0; i < slow + idle; i++) {
		struct visitor *v = &all[owners + i];
		*v = (struct visitor){ .kind = i < slow ? SLOW : IDLE, .due = now() };
		connect_to(v);
		if (i < slow && write(v->fd, "POST /kod HTTP/1.1\r\nX: ", 23) != 23)
			return 1;
	}
	for (size_t i = 0; i < owners; i++)
		connect_to(&all[i]);
	start = now() + 0.2;
	end = start + seconds;
	for (size_t i = 0; i < owners; i++)
		all[i].due += start;
	while (now() < end || (outstanding && now() < end + 30)) {
		turn(all, owners + slow, every, end);
		outstanding = 0;
		for (size_t i = 0; i < owners; i++)
			outstanding += all[i].asked > 0;
	}
	failures += outstanding;
	qsort(times, time_count, sizeof(*times), by_size);
	printf("{ \"count\": %zu, \"failures\": %zu, \"reopened\": %zu, \"p50\": %.3f, \"p99\": %.3f, \"most\": %.3f, \"rate\": %.1f }\n",
	       time_count, failures, reopened, part(0.5), part(0.99), part(1), (double)time_count / seconds);
	return 0;
}
