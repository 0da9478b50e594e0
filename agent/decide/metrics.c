/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * metrics.c - /metrics: how it goes, for a machine that watches.  There is no such page unless conf.metrics.page says so.
 *
 * Who shows the token may read it; where there is none, who asks from this machine, and for nobody else: what has come through
 * a proxy is somebody else's, though it comes from here.  It names nobody, and reading it writes nothing: so what is counted is
 * counted in memory.
 */
#include "decide_p.h"

#include <behov/digest.h>
#include <behov/file.h>
#include <behov/log.h>
#include <behov/measure.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>

#define TOKEN_LEAST 20                  /* characters */
#define A_MINUTE 60                     /* answers: each reads all that waits */
#define COMPLAINTS_A_MINUTE 5           /* anybody may cause one: a log that is full of them tells of nothing else */

/* ------------------------------------------------------------------ who may read it */

int
metrics_open(struct arena *mem, struct server *server, struct error *err)
{
	const struct conf *conf = &server->rules->conf;
	char *token;
	size_t len;

	if (!conf->metrics.page || !conf->metrics.token_file)
		return 0;
	if (file_secret(mem, conf->metrics.token_file, &token, &len, err) < 0)
		return -1;
	if (len < TOKEN_LEAST || strlen(token) != len)
		return error_set(err, ERROR_CONFIG, "the token in '%s' is shorter than %d characters, or none: 'openssl rand -hex 32' makes one",
				 conf->metrics.token_file, TOKEN_LEAST);
	server->metrics_token = digest_text(mem, token);
	explicit_bzero(token, len);
	return 0;
}

static bool
from_here(const struct request *r)
{
	static const char *const passed_on[] = { "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Server", "X-Forwarded-Port",
						 "X-Real-IP", "Forwarded", "Via" };
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *from = info ? info->client_addr : NULL;

	for (size_t i = 0; i < sizeof(passed_on) / sizeof(*passed_on); i++)
		if (MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, passed_on[i]))
			return false;
	if (from && from->sa_family == AF_INET)
		return ntohl(((const struct sockaddr_in *)(const void *)from)->sin_addr.s_addr) >> 24 == 127;
	return from && from->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)from)->sin6_addr);
}

static bool
may_read(const struct request *r)
{
	const char *shown = MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);

	if (!r->server->metrics_token)
		return !r->server->rules->conf.metrics.token_file && from_here(r);
	return shown && strncmp(shown, "Bearer ", 7) == 0 && digest_equal(digest_text(r->mem, shown + 7), r->server->metrics_token);
}

/* So many of something in a minute. */
struct turns { int64_t minute; int count; };

static bool
has_turn(struct turns *turns, int most, int64_t now)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	bool yes;

	pthread_mutex_lock(&lock);
	if (turns->minute != now / 60)
		*turns = (struct turns){ .minute = now / 60 };
	yes = turns->count < most;
	turns->count += yes;
	pthread_mutex_unlock(&lock);
	return yes;
}

/* ------------------------------------------------------------------ the answer */

static int
refuse_in_words(struct request *r, unsigned status, const char *text)
{
	text_add(&r->out, text);
	r->status = status;
	r->type = "text/plain; charset=utf-8";
	return 0;
}

static int
count_all(struct request *r, struct error *err)
{
	const struct measure_input in = { r->server->rules, r->server->store, r->now };
	struct measured measured;
	struct goals goals;

	if (measure_read(r->mem, &in, &measured, err) < 0)
		return -1;
	measure_goals(&in, &measured, &goals);
	measure_metrics(&in, &measured, &goals, &r->out);
	measure_free(&measured);
	r->status = 200;
	r->type = METRICS_TYPE;
	return r->out.full ? error_set(err, ERROR_STORE, "the metrics are more than an answer may be") : 0;
}

int
metrics_get(struct request *r, struct error *err)
{
	static struct turns answers, complaints;

	if (!r->server->rules->conf.metrics.page)
		return page_notice(r, 404, N_("Sidan finns inte"), N_("Här finns inget att läsa."), err);
	if (!may_read(r)) {
		if (has_turn(&complaints, COMPLAINTS_A_MINUTE, r->now))
			log_warn("somebody who may not wants to read /metrics");
		return refuse_in_words(r, 403, "Not for you: see metrics in behov.cfg(5).\n");
	}
	return has_turn(&answers, A_MINUTE, r->now) ? count_all(r, err) : refuse_in_words(r, 429, "Too often: ask again in a minute.\n");
}
