/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * serve.c - the daemon: one thread that listens, and hands that give each request the guard and a route.
 *
 * libmicrohttpd runs in our own loop.  A request that has come whole is laid in a lane (lanes.c) and its connection
 * suspended; a hand makes the answer and resumes it.  So the loop only moves bytes: neither a slow mail server nor
 * thousands of silent connections make anybody wait.
 */
#include "decide_p.h"

#include <behov/directory.h>
#include <behov/log.h>
#include <behov/step.h>

#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <poll.h>
#include <pwd.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define POOL (32 * 1024)                /* bytes of headers */
#define ANSWER_MOST (4 * 1024 * 1024)
#define BODY_FIRST 4096
#define FAREWELL 3.0                    /* seconds for the last answers to be taken */

/* What the thread that listens works with. */
struct daemon {
	struct server server;           /* without stores: each hand has its own */
	struct crowd crowd;
	struct lanes *lanes;
	size_t out;                     /* requests in lanes, or answered and not taken yet */
};

/* ------------------------------------------------------------------ the answer */

static const char *const headers[][2] = {
	{ "Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; "
				     "base-uri 'none'" },
	{ "X-Content-Type-Options", "nosniff" },
	{ "Referrer-Policy", "no-referrer" },
	{ "Cache-Control", "no-store" },
	{ "Cross-Origin-Opener-Policy", "same-origin" },
	{ "Cross-Origin-Resource-Policy", "same-origin" },
	{ "X-Frame-Options", "DENY" },
	{ "X-Robots-Tag", "noindex, nofollow" },
};

static void
add_headers(const struct request *r, struct MHD_Response *response, unsigned status)
{
	for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++)
		MHD_add_response_header(response, headers[i][0], headers[i][1]);
	if (r->server->https)
		MHD_add_response_header(response, "Strict-Transport-Security", "max-age=31536000");
	if (status == 405)
		MHD_add_response_header(response, "Allow", "GET, HEAD, POST");
	if (status == 503)
		MHD_add_response_header(response, "Retry-After", "20");
}

/* The text of the answer is the response's from here on. */
static void
answer(struct request *r)
{
	bool packed = pack_page(r);
	struct MHD_Response *response = MHD_create_response_from_buffer(r->out.len, r->out.data, MHD_RESPMEM_MUST_FREE);

	if (!response)
		return;
	r->out = (struct text){ 0 };
	add_headers(r, response, r->status);
	if (r->type)
		MHD_add_response_header(response, "Content-Type", r->type);
	if (packed)
		MHD_add_response_header(response, "Content-Encoding", "gzip");
	MHD_add_response_header(response, "Vary", "Accept-Encoding");
	if (r->location)
		MHD_add_response_header(response, "Location", r->location);
	if (r->set_cookie)
		MHD_add_response_header(response, "Set-Cookie", r->set_cookie);
	r->response = response;
}

/* What we do not serve gets no page, and no second request on the same connection. */
static void
refuse(struct request *r, unsigned status)
{
	const char *text = status == 413 ? say(r, "Formuläret var för stort. Gå tillbaka, välj färre rader och försök igen.\n")
			 : status == 503 ? say(r, "Just nu är det för många som väntar. Ingenting har sparats. Försök igen om en stund.\n")
					 : say(r, "Begäran kunde inte tas emot. Gå tillbaka och försök igen.\n");
	struct MHD_Response *response;

	log_debug("request refused status=%u", status);
	response = MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT);
	if (!response)
		return;
	add_headers(r, response, status);
	MHD_add_response_header(response, "Content-Type", "text/plain; charset=utf-8");
	MHD_add_response_header(response, "Connection", "close");
	r->status = status;
	r->response = response;
}

/* A page with whom to ask, as all others; in plain words when not even that can be made. */
static void
failed(struct request *r)
{
	struct error err = { 0 };

	text_close(&r->out);
	text_open(&r->out, ANSWER_MOST);
	r->location = r->set_cookie = NULL;
	if (page_notice(r, 500, N_("Ett fel uppstod hos oss"), N_("Ingenting har sparats. Försök igen om en stund."), &err) == 0)
		return;
	log_error("cannot say so: %s", err.text);
	text_close(&r->out);
	text_open(&r->out, ANSWER_MOST);
	text_add(&r->out, say(r, "Ett fel uppstod hos oss. Ingenting har sparats. Försök igen om en stund.\n"));
	r->status = 500;
	r->type = "text/plain; charset=utf-8";
}

/* Somebody who presses time after time, or several tabs at once. */
static int
wait_a_little(struct request *r, struct error *err)
{
	return page_notice(r, 503, N_("Vänta lite"), N_("Det du skickade före det här behandlas fortfarande, så det här togs inte emot. Vänta en "
			   "stund, gå tillbaka och försök igen."), err);
}

static void
respond(struct request *r)
{
	struct error err = { 0 };

	r->now = clock_now();
	text_open(&r->out, ANSWER_MOST);
	if ((r->crowded ? wait_a_little(r, &err) : route(r, &err)) < 0) {
		log_error("cannot answer %s: %s", r->method, err.text);
		failed(r);
	}
	answer(r);
}

/* There may be a password in the form, and where it was decoded. */
static void
forget(struct request *r)
{
	if (r->mem && r->body)
		arena_wipe(r->mem);
	arena_close(r->mem);
	r->mem = NULL;
}

struct request *
request_work(struct request *r)
{
	struct request *waited;

	if (r->busy)
		refuse(r, 503);
	else if (r->len && form_parse(r->mem, r->body, r->len, &r->form) < 0)
		refuse(r, 400);
	else
		respond(r);
	waited = turn_end(&r->turn);
	if (r->out.data)
		text_close(&r->out);
	forget(r);                      /* who takes an answer slowly holds no more than that answer */
	return waited;
}

/* ------------------------------------------------------------------ the request */

/* Sees the target as it came, before escapes are undone; what it returns is the context of the request. */
static void *
begin(void *self, const char *target, struct MHD_Connection *connection)
{
	struct daemon *d = self;
	struct arena *mem = arena_open();
	struct request *r = calloc(1, sizeof(*r));

	if (!r)
		abort();
	*r = (struct request){ .mem = mem, .server = &d->server, .connection = connection,
			       .bad_target = !guard_target(target), .target = arena_text(mem, target) };
	return r;
}

static void
end(void *self, struct MHD_Connection *connection, void **context, enum MHD_RequestTerminationCode why)
{
	struct daemon *d = self;
	struct request *r = *context;

	*context = NULL;
	if (!r)
		return;
	if (why == MHD_REQUEST_TERMINATED_COMPLETED_OK)
		crowd_answered(&d->crowd, connection);
	d->out -= r->counted;
	if (r->response)
		MHD_destroy_response(r->response);
	forget(r);
	free(r);
}

/* False when it is more than we take.  Who has sent little holds little. */
static bool
collect(struct request *r, const char *data, size_t size)
{
	if (size > BODY_MOST - r->len)
		return false;
	if (r->len + size > r->room) {
		size_t room = r->room ? r->room : BODY_FIRST;
		char *body;

		while (room < r->len + size)
			room *= 2;
		body = arena_take(r->mem, room);
		if (r->len)
			memcpy(body, r->body, r->len);
		r->body = body;
		r->room = room;
	}
	memcpy(r->body + r->len, data, size);
	r->len += size;
	return true;
}

static enum MHD_Result
deliver(struct request *r)
{
	return r->response ? MHD_queue_response(r->connection, r->status, r->response) : MHD_NO;
}

/* Suspended before it is given away: a hand may be done at once. */
static enum MHD_Result
give(struct daemon *d, struct request *r)
{
	r->counted = true;
	d->out++;
	crowd_works(r->connection, true);
	MHD_suspend_connection(r->connection);
	if (!d->lanes || !lanes_give(d->lanes, route_lane(r), r)) {
		r->busy = true;
		request_work(r);
		MHD_resume_connection(r->connection);
	}
	return MHD_YES;
}

/* A browser reads no answer before it has sent its form: so it may send even one that is somewhat too large. */
static bool
pass_over(struct request *r, size_t size)
{
	if (size > TOO_LARGE_MOST - r->len)     /* more than was said */
		return false;
	r->len += size;
	return true;
}

static enum MHD_Result
handle(void *self, struct MHD_Connection *connection, const char *path, const char *method, const char *version,
       const char *data, size_t *size, void **context)
{
	struct daemon *d = self;
	struct request *r = *context;
	unsigned status;

	if (!r)
		return MHD_NO;
	if (!r->mem) {                  /* a hand has been there */
		crowd_works(connection, false);
		return deliver(r);
	}
	r->method = method;
	r->path = path;
	if (!r->guarded) {
		r->guarded = true;
		crowd_asks(&d->crowd, connection);
		r->language = language_of(r);
		status = guard_request(r, version);
		r->too_large = status == 413 && guard_length(r) <= TOO_LARGE_MOST;
		if (!status || r->too_large)
			return MHD_YES;
		refuse(r, status);
		return deliver(r);
	}
	if (*size) {
		if (r->too_large ? !pass_over(r, *size) : !collect(r, data, *size))
			return MHD_NO;
		*size = 0;
		return MHD_YES;
	}
	if (r->too_large) {
		refuse(r, 413);
		return deliver(r);
	}
	return give(d, r);
}

static void
complain(void *self, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
static void
complain(void *self, const char *format, va_list args)
{
	char line[400];

	(void)self;
	vsnprintf(line, sizeof(line), format, args);
	line[strcspn(line, "\r\n")] = '\0';
	log_debug("http: %s", line);
}

/* ------------------------------------------------------------------ the socket */

/* A socket that nobody answers on is left over from a process that was killed. */
static int
clear_socket(const char *path, const struct sockaddr_un *address, struct error *err)
{
	struct stat st;
	int fd, rc;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : error_sys(err, ERROR_SOURCE, "cannot look at '%s'", path);
	if (!S_ISSOCK(st.st_mode))
		return error_set(err, ERROR_CONFIG, "'%s' is there and is not a socket", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_sys(err, ERROR_SOURCE, "cannot make a socket");
	rc = connect(fd, (const struct sockaddr *)address, sizeof(*address));
	close(fd);
	if (rc == 0)
		return error_set(err, ERROR_SOURCE, "somebody listens on '%s' already", path);
	return unlink(path) < 0 ? error_sys(err, ERROR_SOURCE, "cannot remove '%s'", path) : 0;
}

static int
listen_unix(const char *path, int *out, struct error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mode_t before;
	int fd, rc;

	if (strlen(path) >= sizeof(address.sun_path))
		return error_set(err, ERROR_CONFIG, "the path of the socket is too long: '%s'", path);
	memcpy(address.sun_path, path, strlen(path));
	if (clear_socket(path, &address, err) < 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return error_sys(err, ERROR_SOURCE, "cannot make a socket");
	before = umask(0117);           /* the proxy is in our group */
	rc = bind(fd, (struct sockaddr *)&address, sizeof(address));
	umask(before);
	if (rc < 0 || listen(fd, SOMAXCONN) < 0) {
		error_sys(err, ERROR_SOURCE, "cannot listen on '%s'", path);
		close(fd);
		return -1;
	}
	*out = fd;
	return 0;
}

/* "127.0.0.1:8440", "[::1]:8440" */
static int
split_listen(struct arena *mem, const char *listen, const char **host, const char **port, struct error *err)
{
	const char *colon = strrchr(listen, ':'), *end = colon;

	if (!colon || colon == listen || !colon[1])
		return error_set(err, ERROR_CONFIG, "'web.listen' must be ADDRESS:PORT or unix:PATH, not '%s'", listen);
	if (*listen == '[') {
		if (colon[-1] != ']')
			return error_set(err, ERROR_CONFIG, "'web.listen' must be [ADDRESS]:PORT, not '%s'", listen);
		listen++;
		end--;
	}
	*host = arena_copy(mem, listen, (size_t)(end - listen));
	*port = colon + 1;
	return 0;
}

static bool
loopback(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
	return ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr) >> 24 == 127;
}

static int
bound_port(int fd)
{
	struct sockaddr_storage bound;
	socklen_t size = sizeof(bound);
	char port[16];

	if (getsockname(fd, (struct sockaddr *)&bound, &size) < 0 ||
	    getnameinfo((struct sockaddr *)&bound, size, NULL, 0, port, sizeof(port), NI_NUMERICSERV) != 0)
		return -1;
	return (int)strtol(port, NULL, 10);
}

static int
listen_tcp(struct arena *mem, struct server *server, const char *where, int *out, int *port, struct error *err)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE }, *found = NULL;
	const char *host = NULL, *service = NULL;
	int fd = -1, on = 1, code, rc = -1;

	if (split_listen(mem, where, &host, &service, err) < 0)
		return -1;
	code = getaddrinfo(host, service, &hints, &found);
	if (code != 0)
		return error_set(err, ERROR_CONFIG, "cannot listen on '%s': %s", where, gai_strerror(code));
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(fd, found->ai_addr, found->ai_addrlen) < 0 || listen(fd, SOMAXCONN) < 0 || (*port = bound_port(fd)) < 0) {
		error_sys(err, ERROR_SOURCE, "cannot listen on '%s'", where);
		goto out;
	}
	if (!loopback(found->ai_addr) && !server->https)
		log_warn("codes and decisions cross the network in the clear: put a proxy with TLS in front of '%s'", where);
	server->hosts[1] = arena_print(mem, *where == '[' ? "[%s]:%d" : "%s:%d", host, *port);
	server->origins[1] = arena_print(mem, "http://%s", server->hosts[1]);
	*out = fd;
	fd = -1;
	rc = 0;
out:
	if (fd >= 0)
		close(fd);
	freeaddrinfo(found);
	return rc;
}

/* ------------------------------------------------------------------ the loop */

static int
turn(struct daemon *d, struct MHD_Daemon *mhd, struct error *err)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(mhd, MHD_DAEMON_INFO_EPOLL_FD);
	struct pollfd ready[] = { { .fd = info ? info->epoll_fd : -1, .events = POLLIN },
				  { .fd = d->lanes ? lanes_bell(d->lanes) : -1, .events = POLLIN } };
	MHD_UNSIGNED_LONG_LONG wait;
	eventfd_t rang;
	int most = 500;                 /* a signal that comes just before poll() is seen soon, too */

	if (MHD_get_timeout(mhd, &wait) == MHD_YES && wait < 500)
		most = (int)wait;
	if (poll(ready, 2, most) < 0 && errno != EINTR)
		return error_sys(err, ERROR_SOURCE, "cannot wait for requests");
	if (ready[1].revents)
		eventfd_read(ready[1].fd, &rang);
	MHD_run(mhd);
	return 0;
}

static int
loop(struct daemon *d, struct MHD_Daemon *mhd, struct error *err)
{
	while (!stop_asked()) {
		if (turn(d, mhd, err) < 0)
			return -1;
		crowd_late(&d->crowd);
	}
	return 0;
}

/* Nobody new; those whose request a hand has begun with get their answer. */
static void
say_farewell(struct daemon *d, struct MHD_Daemon *mhd)
{
	double since = clock_spent();
	struct error err = { 0 };

	while (d->out && clock_spent() - since < FAREWELL && turn(d, mhd, &err) == 0)
		;
}

/* Who the proxy is: a name, or a number. */
static int
find_proxy(const struct conf *conf, struct server *server, struct error *err)
{
	const char *user = conf->web.proxy.user;
	const struct passwd *found;

	if (!user)
		return 0;
	server->proxied = true;
	if (user[strspn(user, "0123456789")] == '\0' && *user && strlen(user) < 10) {
		server->proxy = (unsigned)strtoul(user, NULL, 10);
		return 0;
	}
	found = getpwnam(user);
	if (!found)
		return error_set(err, ERROR_CONFIG, "web.proxy-user is '%s', and there is no such account here", user);
	server->proxy = found->pw_uid;
	return 0;
}

static int
listen_on(struct arena *mem, struct server *server, int *fd, int *port, struct error *err)
{
	const struct conf *conf = &server->rules->conf;

	*port = 0;
	if (guard_origin(mem, conf->web.url, &server->origins[0], &server->hosts[0], &server->https, err) < 0)
		return -1;
	server->cookie = server->https ? "__Host-behov" : "behov";
	if (strncmp(conf->web.listen, "unix:", 5) == 0)
		return listen_unix(conf->web.listen + 5, fd, err);
	return listen_tcp(mem, server, conf->web.listen, fd, port, err);
}

/*
 * Behind a proxy all come from one address: a part of the whole for each says something only where they come themselves.
 * Not MHD_OPTION_STRICT_FOR_CLIENT: what it would refuse the guard refuses, and with our headers.
 */
static struct MHD_Daemon *
start(struct daemon *d, int fd, bool direct)
{
	size_t most = crowd_open(&d->crowd);
	struct MHD_OptionItem options[] = {
		{ MHD_OPTION_LISTEN_SOCKET, fd, NULL },
		{ MHD_OPTION_CONNECTION_LIMIT, (intptr_t)most, NULL },
		{ MHD_OPTION_PER_IP_CONNECTION_LIMIT, direct ? (intptr_t)(most / 4) : 0, NULL },
		{ MHD_OPTION_CONNECTION_MEMORY_LIMIT, POOL, NULL },
		{ MHD_OPTION_END, 0, NULL },
	};

	return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL, handle, d,
				MHD_OPTION_EXTERNAL_LOGGER, complain, NULL, MHD_OPTION_ARRAY, options,
				MHD_OPTION_URI_LOG_CALLBACK, begin, d, MHD_OPTION_NOTIFY_COMPLETED, end, d,
				MHD_OPTION_NOTIFY_CONNECTION, crowd_notify, &d->crowd, MHD_OPTION_END);
}

/* Does the address of who connects say who they are? */
static bool
is_direct(int fd)
{
	struct sockaddr_storage bound;
	socklen_t size = sizeof(bound);

	if (getsockname(fd, (struct sockaddr *)&bound, &size) < 0 || bound.ss_family == AF_UNIX)
		return false;
	return !loopback((const struct sockaddr *)&bound);
}

int
decide_serve(const struct rules *rules, void (*ready)(int port), struct error *err)
{
	struct arena *mem = arena_open();
	struct daemon d = { .server = { .rules = rules } };
	struct tidier *tidier = NULL;
	struct MHD_Daemon *mhd = NULL;
	const char *listen = rules->conf.web.listen;
	int fd = -1, port, rc = -1;

	stop_listen();
	directory_prepare();
	if (find_proxy(&rules->conf, &d.server, err) < 0 || metrics_open(mem, &d.server, err) < 0)
		goto out;
	if (speak_check(err) < 0 || listen_on(mem, &d.server, &fd, &port, err) < 0)
		goto out;
	d.lanes = lanes_open(&d.server, err);
	if (!d.lanes)
		goto out;
	mhd = start(&d, fd, is_direct(fd));
	if (!mhd) {
		error_set(err, ERROR_SOURCE, "cannot start the web server on '%s'", listen);
		goto out;
	}
	if (ready)
		ready(port);
	tidier = tidy_start(&rules->conf);
	rc = loop(&d, mhd, err);
	MHD_quiesce_daemon(mhd);        /* the socket is ours again */
out:
	if (fd >= 0)
		close(fd);
	if (fd >= 0 && strncmp(listen, "unix:", 5) == 0)
		unlink(listen + 5);
	tidy_stop(tidier);
	lanes_close(d.lanes);
	d.lanes = NULL;
	if (mhd) {
		say_farewell(&d, mhd);
		MHD_stop_daemon(mhd);
	}
	arena_close(mem);
	return rc;
}
