/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz-request.c - whatever bytes come over a connection, the page answers or closes: it never fails, every answer of ours says
 * how it may be used, and nothing is decided without the nonce of a session.
 *
 * A world of its own lies in a folder that is removed afterwards.  The corpus knows the cookies of two sessions, "COOKIE" that is
 * proved and "WAITING" that is not, and what forms of both carry.
 */
#include "../../agent/decide/decide_p.h"

/* No hands: each request is answered at once. */
static bool at_once(struct request *r);
#define lanes_give(lanes, lane, r) at_once(r)
#include "../../agent/decide/serve.c"

#include <behov/digest.h>
#include <behov/json.h>

#include <dirent.h>
#include <stdint.h>

#define NONCE "NONCE-NONCE-NONCE-NONCE-NONCE-NONCE-NONCE-N"
#define MASK "0123456789abcdef0123456789abcdef-5feb634e97d9d6d772d72c2a9f97c3bb3b37f91d1cf549d13e3d57ca9fcf0e5d"        /* made of it, see session_mask() */
#define TOKEN "TOKEN-TOKEN-TOKEN-TOKEN-TOKEN-TOKEN-TOKEN-T"

static struct arena *own;
static char folder[] = "/tmp/behov-fuzz-XXXXXX";
static struct daemon d;
static struct system systems[] = { { .id = "s", .name = "S", .owner = "anna" } };
static struct server server;
static struct MHD_Daemon *site;

static struct where there = { .share = "ekonomi", .path = "Avtal/**" };
static struct series series[] = { { .id = "avtal", .name = "Avtal", .owner = "anna", .clock = CLOCK_EVENT, .action = ACTION_DESTROY,
				    .where = &there, .where_count = 1 } };
static struct share shares[] = { { .id = "ekonomi", .name = "Ekonomi" } };

static void
must(int rc, const struct error *err)
{
	if (rc >= 0)
		return;
	fprintf(stderr, "fuzz-request: %s\n", err->text);
	abort();
}

static const char *
path(const char *name)
{
	return arena_print(own, "%s/%s", folder, name);
}

static void
clean(const char *at)
{
	DIR *dir = opendir(at);
	struct dirent *e;

	while (dir && (e = readdir(dir)) != NULL) {
		char name[600];

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		snprintf(name, sizeof(name), "%s/%s", at, e->d_name);
		if (unlink(name) < 0)
			clean(name);
	}
	if (dir)
		closedir(dir);
	rmdir(at);
}

static void
end_it(void)
{
	MHD_stop_daemon(site);
	inbox_close(server.inbox);
	store_close(server.store);
	arena_close(own);
	clean(folder);
}

static void
session(const char *cookie, bool proved, int64_t now)
{
	struct error err = { 0 };
	struct session s = { .id = digest_text(own, cookie), .letter = "aa01", .token = TOKEN, .nonce = NONCE, .made = now, .seen = now,
			     .code_sent = now, .proved = proved ? now : INT64_MIN };

	must(inbox_session_put(server.inbox, &s, &err), &err);
}

static void
propose(struct store *store, enum kind kind, const char *key, int64_t now)
{
	struct error err = { 0 };
	bool files = kind == KIND_DESTROY;
	struct record record = { .path = "Avtal/a.pdf", .size = 1, .anchor = day_make(2019, 1, 1), .due = day_make(2026, 1, 1) };
	struct stored s = {
		.p = { .kind = kind, .key = key, .version = "v1", .account = "kim.holm", .display = "Kim <Holm>", .guid = "k", .group = "CN=G",
		       .group_guid = "g", .member = "CN=x", .due = day_make(2026, 1, 1), .owner = "anna", .needs = 1, .scope = "s", .why = "x",
		       .rule = { "r.cfg", 1 }, .evidence = json_object(), .files = 1, .system = files ? NULL : "s", .role = files ? NULL : "r",
		       .series = files ? "avtal" : NULL, .share = files ? "ekonomi" : NULL, .batch = files ? "Avtal" : NULL,
		       .manifest = files ? manifest_digest(own, &record, 1) : NULL },
		.state = STATE_OPEN, .opened = now - 86400, .since = now - 86400, .go_at = INT64_MIN, .until = DAY_NONE };

	*arena_push(own, &s.p.approvers) = (struct approver){
		.key = "key-anna", .name = "anna", .display = "Anna", .mail = "anna@kalmar.example", .as = "owner" };
	if (files)
		must(store_manifest_put(store, s.p.manifest, &record, 1, &err), &err);
	must(store_proposal_add(own, store, &s, &err), &err);
	json_decref(s.p.evidence);
}

static void
make(int64_t now)
{
	struct error err = { 0 };
	struct store *store = NULL;
	const struct review_row row = { .role = "r", .key = "k", .account = "kim<b>", .change = REVIEW_NEW, .since = now - 86400, .until = INT64_MIN };
	struct review_list list = { .quarter = "2026Q3", .system = "s", .digest = "d", .core = "c", .ended = now - 86400, .asked = now - 3600, .made = now - 3600 };
	struct letter letter = { .id = "aa01", .kind = "digest", .key = "key-anna", .name = "anna", .display = "Anna", .mail = "anna@kalmar.example",
				 .token_hash = digest_text(own, TOKEN), .created = now, .expires = now + 86400, .sent = now };

	must(store_create(path("behov.db"), true, &err), &err);
	must(store_open(path("behov.db"), STORE_WRITE, &store, &err), &err);
	propose(store, KIND_REMOVE_MEMBER, "a1", now);
	propose(store, KIND_DESTROY, "f1", now);
	must(store_letter_add(store, &letter, &err), &err);
	must(store_pin_put(store, &(struct pin){ "anna", "key-anna", "anna@kalmar.example", now - 86400, INT64_MIN }, &err), &err);
	must(store_list_add(store, &list, &row, 1, &err), &err);
	must(store_set(store, REVIEWERS_VALUE, "{\"s\":[{\"duty\":\"owner\",\"key\":\"key-anna\"}]}", &err), &err);
	store_close(store);
}

static void
start_it(void)
{
	static struct rules rules;
	struct error err = { 0 };
	int64_t now = 1795597200;

	own = arena_open();
	log_open(LOG_LEVEL_ERROR);
	must(mkdtemp(folder) ? 0 : -1, &err);
	must(clock_zone("Europe/Stockholm", &err), &err);
	clock_freeze(now);
	make(now);
	rules = (struct rules){ .conf = { .organisation = "Kalmar", .store = arena_print(own, "sqlite:%s", path("behov.db")), .inbox = path("inbox.db"),
				.mail = { .server = arena_print(own, "maildir:%s", path("mail")), .from = "behov@kalmar.example" } },
				.systems = systems, .system_count = 1, .series = series, .series_count = 1, .shares = shares, .share_count = 1 };
	server = (struct server){ .rules = &rules, .cookie = "behov", .hosts = { "x.example" }, .origins = { "http://x.example" } };
	must(store_open(path("behov.db"), STORE_READ, &server.store, &err), &err);
	must(inbox_open(path("inbox.db"), true, &server.inbox, &err), &err);
	d.server = server;
	session("COOKIE", true, now);
	session("WAITING", false, now);
	crowd_open(&d.crowd);
	d.lanes = (struct lanes *)&d;   /* are never opened */
	site = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET, 0, NULL, NULL, handle, &d,
				MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)POOL, MHD_OPTION_URI_LOG_CALLBACK,
				begin, &d, MHD_OPTION_NOTIFY_COMPLETED, end, &d, MHD_OPTION_NOTIFY_CONNECTION, crowd_notify, &d.crowd,
				MHD_OPTION_END);
	must(site ? 0 : -1, &err);
	atexit(end_it);
}

/* Somebody may have signed out. */
static void
stay_in(const char *cookie, bool proved)
{
	struct arena *mem = arena_open();
	struct error err = { 0 };
	struct session s;
	bool found = false;

	must(inbox_session(mem, server.inbox, digest_text(mem, cookie), &s, &found, &err), &err);
	if (!found || (s.proved == INT64_MIN) == proved)
		session(cookie, proved, clock_now());
	arena_close(mem);
}

static bool
at_once(struct request *r)
{
	r->server = &server;
	request_work(r);
	MHD_resume_connection(r->connection);
	return true;
}

/* Until it closes, or waits for more than there is. */
static size_t
talk(int fd, const uint8_t *bytes, size_t len, char *out, size_t room)
{
	size_t got = 0, gone = 0;
	ssize_t n = 1;

	for (int idle = 0; idle < 4 && n != 0; idle++) {
		if (gone < len) {
			ssize_t sent = send(fd, bytes + gone, len - gone, MSG_DONTWAIT | MSG_NOSIGNAL);

			gone += sent > 0 ? (size_t)sent : 0;
			if (gone == len)
				shutdown(fd, SHUT_WR);
			idle = sent > 0 ? 0 : idle;
		}
		MHD_run(site);
		n = recv(fd, out + got, room - got, MSG_DONTWAIT);
		if (n > 0) {
			got += (size_t)n;
			idle = 0;
		}
		if (got == room)
			got = 0;
	}
	return got;
}

static void
judge(const char *out)
{
	for (const char *at = strstr(out, "HTTP/1.1 "); at; at = strstr(at + 9, "HTTP/1.1 ")) {
		long status = strtol(at + 9, NULL, 10);
		bool ours = strstr(at, "X-Robots-Tag: noindex") != NULL;

		/* 100 comes before an answer; what libmicrohttpd refuses by itself says so in words of its own. */
		if (status == 500 || (status < 400 && status != 100 && !ours))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static char out[1 << 20];
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct inbox_decisions decided = { 0 };
	struct error err = { 0 };
	struct arena *mem;
	int pair[2];

	if (!site)
		start_it();
	if (len > 300000 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0)
		return 0;
	if (MHD_add_connection(site, pair[0], (struct sockaddr *)&address, sizeof(address)) != MHD_YES)
		abort();
	out[talk(pair[1], bytes, len, out, sizeof(out) - 1)] = '\0';
	close(pair[1]);
	MHD_run(site);
	judge(out);
	mem = arena_open();
	must(inbox_decisions(mem, server.inbox, &(struct inbox_filter){ 0 }, &decided, &err), &err);
	if (decided.list.count && !memmem(bytes, len, MASK, strlen(MASK)))
		abort();
	for (size_t i = 0; i < decided.list.count; i++)
		must(inbox_decisions_end(server.inbox, &decided.list.items[i].id, 1, &err), &err);
	stay_in("COOKIE", true);
	stay_in("WAITING", false);
	arena_close(mem);
	return 0;
}
