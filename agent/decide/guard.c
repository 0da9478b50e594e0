/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * guard.c - what a request must look like before anybody reads it: libmicrohttpd lets through what RFC 9112 forbids.
 *
 * Three shapes leave no trace that we could see: a folded header line, a line that ends in a bare LF, and what follows a
 * NUL in a header's value.  None of them can move the border between two requests, and a proxy refuses them.
 */
#include "decide_p.h"

#include <ctype.h>
#include <microhttpd.h>
#include <strings.h>

#define TARGET_MOST 1024
#define HEADERS_MOST 100

bool
guard_target(const char *target)
{
	if (*target != '/' || strlen(target) > TARGET_MOST)
		return false;
	for (const char *p = target; *p; p++) {
		if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 127 || *p == '\\' || *p == '#')
			return false;
		if (*p == '%' && (!isxdigit((unsigned char)p[1]) || !isxdigit((unsigned char)p[2]) ||
				  (p[1] == '0' && p[2] == '0')))
			return false;
	}
	return true;
}

int
guard_origin(struct arena *mem, const char *url, const char **origin, const char **host, bool *https,
	     struct error *err)
{
	const char *name;
	size_t len;

	*https = strncmp(url, "https://", 8) == 0;
	if (!*https && strncmp(url, "http://", 7) != 0)
		return error_set(err, ERROR_CONFIG, "'web.url' must begin with https:// or http://");
	name = url + (*https ? 8 : 7);
	len = strcspn(name, "/?#@\\ ");
	if (len == 0 || (name[len] && strcmp(name + len, "/") != 0))
		return error_set(err, ERROR_CONFIG, "'web.url' must be a scheme and a host: '%s'", url);
	*host = arena_copy(mem, name, len);
	*origin = arena_copy(mem, url, (size_t)(name - url) + len);
	return 0;
}

struct headers {
	int count, host, length, coding, bad;
	const char *host_value, *length_value, *type, *origin, *site;
};

static enum MHD_Result
header(void *self, enum MHD_ValueKind kind, const char *name, size_t name_len, const char *value, size_t value_len)
{
	struct headers *h = self;

	(void)kind;
	h->count++;
	if (!value)
		value = "";
	if (strlen(name) != name_len || strlen(value) != value_len || strpbrk(value, "\r\n") || strpbrk(name, " \t\r\n"))
		h->bad++;
	if (strcasecmp(name, "Host") == 0) {
		h->host++;
		h->host_value = value;
	} else if (strcasecmp(name, "Content-Length") == 0) {
		h->length++;
		h->length_value = value;
	} else if (strcasecmp(name, "Transfer-Encoding") == 0) {
		h->coding++;
	} else if (strcasecmp(name, "Content-Type") == 0) {
		h->bad += h->type != NULL;
		h->type = value;
	} else if (strcasecmp(name, "Origin") == 0) {
		h->bad += h->origin != NULL;
		h->origin = value;
	} else if (strcasecmp(name, "Sec-Fetch-Site") == 0) {
		h->bad += h->site != NULL;
		h->site = value;
	}
	return h->count > HEADERS_MOST ? MHD_NO : MHD_YES;
}

static bool
one_of(const char *const list[2], const char *value)
{
	return (list[0] && strcasecmp(list[0], value) == 0) || (list[1] && strcasecmp(list[1], value) == 0);
}

/* Proxies write the port that goes without saying, browsers do not. */
static bool
our_host(const struct request *r, const char *value)
{
	const char *port = r->server->https ? ":443" : ":80";
	size_t len = strlen(value), tail = strlen(port);

	if (one_of(r->server->hosts, value))
		return true;
	return len > tail && strcmp(value + len - tail, port) == 0 &&
	       one_of(r->server->hosts, arena_copy(r->mem, value, len - tail));
}

/* A form type, with or without parameters. */
static bool
is_form(const char *type)
{
	static const char form[] = "application/x-www-form-urlencoded";
	size_t len = sizeof(form) - 1;

	return type && strncasecmp(type, form, len) == 0 && (!type[len] || type[len] == ';' || type[len] == ' ');
}

/*
 * Our pages say "no-referrer", and so browsers send "Origin: null" with our own forms: that counts only together with
 * Sec-Fetch-Site, which no page can write.
 */
static bool
same_origin(const struct request *r, const struct headers *h)
{
	if (h->site && strcmp(h->site, "same-origin") != 0)
		return false;
	if (!h->origin)
		return true;
	return one_of(r->server->origins, h->origin) || (h->site && strcmp(h->origin, "null") == 0);
}

size_t
guard_length(const struct request *r)
{
	const char *digits = MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);

	return digits ? strtoul(digits, NULL, 10) : 0;
}

static unsigned
guard_post(const struct request *r, const struct headers *h)
{
	const char *digits = h->length_value;

	if (!digits)
		return 411;
	if (!*digits || digits[strspn(digits, "0123456789")] || strlen(digits) > 9)
		return 400;
	if (strtol(digits, NULL, 10) > BODY_MOST)
		return 413;
	if (!is_form(h->type))
		return 415;
	return same_origin(r, h) ? 0 : 403;
}

unsigned
guard_request(const struct request *r, const char *version)
{
	struct headers h = { 0 };
	bool post = strcmp(r->method, "POST") == 0;

	if (!post && strcmp(r->method, "GET") != 0 && strcmp(r->method, "HEAD") != 0)
		return 405;
	MHD_get_connection_values_n(r->connection, MHD_HEADER_KIND, header, &h);
	if (r->bad_target || (strcmp(version, "HTTP/1.1") != 0 && strcmp(version, "HTTP/1.0") != 0))
		return 400;
	if (h.bad || h.count > HEADERS_MOST || h.host != 1 || h.length > 1 || h.coding || !our_host(r, h.host_value))
		return 400;
	if (post)
		return guard_post(r, &h);
	return h.length && strcmp(h.length_value, "0") != 0 ? 400 : 0;
}
