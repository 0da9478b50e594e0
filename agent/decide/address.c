/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * address.c - where a request comes from, so that one who asks for too much takes nothing from the others.
 *
 * Where we are asked through a proxy the connection says nothing, and X-Forwarded-For is what anybody likes to write: only
 * the account that conf names (proxy-user) is believed on the socket, and only the last address, which it has added itself.
 * Where nobody says who comes, there is no address, and no bound by it.
 */
#include "decide_p.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <strings.h>
#include <sys/socket.h>

bool
address_from_proxy(const struct request *r)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct ucred peer = { 0 };
	socklen_t size = sizeof(peer);

	return r->server->proxied && info && getsockopt(info->connect_fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
	       size == sizeof(peer) && peer.pid > 0 && peer.uid == r->server->proxy;
}

/* One household has up to a /48: that is one address here, and nobody counts for more by using another part of theirs. */
static const char *
six(struct arena *mem, struct in6_addr address)
{
	char text[INET6_ADDRSTRLEN];

	if (IN6_IS_ADDR_V4MAPPED(&address))
		return inet_ntop(AF_INET, address.s6_addr + 12, text, sizeof(text)) ? arena_text(mem, text) : NULL;
	memset(address.s6_addr + 6, 0, 10);
	return inet_ntop(AF_INET6, &address, text, sizeof(text)) ? arena_print(mem, "%s/48", text) : NULL;
}

static const char *
four(struct arena *mem, struct in_addr address)
{
	char text[INET_ADDRSTRLEN];

	return inet_ntop(AF_INET, &address, text, sizeof(text)) ? arena_text(mem, text) : NULL;
}

const char *
address_read(struct arena *mem, const char *said)
{
	struct in_addr v4;
	struct in6_addr v6;

	if (inet_pton(AF_INET, said, &v4) == 1)
		return four(mem, v4);
	return inet_pton(AF_INET6, said, &v6) == 1 ? six(mem, v6) : NULL;
}

static enum MHD_Result
last(void *self, enum MHD_ValueKind kind, const char *name, const char *value)
{
	const char **out = self;

	(void)kind;
	if (strcasecmp(name, "X-Forwarded-For") == 0)
		*out = value;
	return MHD_YES;
}

static const char *
forwarded(const struct request *r)
{
	const char *value = NULL, *comma;

	MHD_get_connection_values(r->connection, MHD_HEADER_KIND, last, &value);
	if (!value)
		return NULL;
	comma = strrchr(value, ',');
	value = comma ? comma + 1 : value;
	value += strspn(value, " \t");
	return address_read(r->mem, arena_copy(r->mem, value, strcspn(value, " \t")));
}

/* From this machine come proxies: who is behind them is not told. */
static const char *
connected(const struct request *r)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *from = info ? info->client_addr : NULL;

	if (from && from->sa_family == AF_INET) {
		struct in_addr v4 = ((const struct sockaddr_in *)(const void *)from)->sin_addr;
		return ntohl(v4.s_addr) >> 24 == 127 ? NULL : four(r->mem, v4);
	}
	if (from && from->sa_family == AF_INET6) {
		struct in6_addr v6 = ((const struct sockaddr_in6 *)(const void *)from)->sin6_addr;
		return IN6_IS_ADDR_LOOPBACK(&v6) ? NULL : six(r->mem, v6);
	}
	return NULL;
}

const char *
address_of(const struct request *r)
{
	return address_from_proxy(r) ? forwarded(r) : connected(r);
}
