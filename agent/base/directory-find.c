/* SPDX-License-Identifier: GPL-3.0-or-later */
/* directory-find.c - the servers of a directory: as conf lists them, or as DNS knows those of a domain. */
#include "directory_p.h"

#include <behov/log.h>

#include <ctype.h>
#include <strings.h>

/* The next word of *text, which goes on behind it; NULL when there is none. */
static const char *word(struct arena *mem, const char **text)
{
	const char *from = *text + strspn(*text, " \t");
	size_t len = strcspn(from, " \t");

	*text = from + len;
	return len ? arena_copy(mem, from, len) : NULL;
}

/* Anybody can write to DNS on the way to us: a server of another domain could show a good certificate for its own name. */
static bool is_within(const char *server, const char *domain)
{
	size_t len = strcspn(server, ":"), tail = strlen(domain);

	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)server[i]) && !strchr("-._", server[i]))
			return false;
	return len > tail + 1 && server[len - tail - 1] == '.' && strncasecmp(server + len - tail, domain, tail) == 0;
}

/* "ldap://host:port" for each that DNS knows, in the order that libldap gives them: by priority, then by weight. */
static int discover(struct arena *mem, const char *domain, const char ***out, int *count, struct error *err)
{
	LIST(const char *) found = { 0 };
	char *list = NULL;
	const char *rest, *server;

	if (ldap_domain2hostlist(arena_print(mem, "dc._msdcs.%s", domain), &list) != LDAP_SUCCESS &&
	    ldap_domain2hostlist(domain, &list) != LDAP_SUCCESS)
		return error_set(err, ERROR_SOURCE, "DNS tells no server of 'domain:%s': neither '_ldap._tcp.dc._msdcs.%s' nor "
				 "'_ldap._tcp.%s' has an SRV record", domain, domain, domain);
	for (rest = list; (server = word(mem, &rest));) {
		if (is_within(server, domain))
			*arena_push(mem, &found) = arena_print(mem, "ldap://%s", server);
		else
			log_warn("directory server '%s' is not asked: DNS names it for '%s', but it lies in another domain", server,
				 domain);
	}
	ldap_memfree(list);
	*out = found.items;
	*count = (int)found.count;
	return *count ? 0 : error_set(err, ERROR_SOURCE, "no server that DNS tells for 'domain:%s' lies in that domain", domain);
}

int directory_addresses(struct arena *mem, const struct directory *d, const char ***out, int *count, struct error *err)
{
	LIST(const char *) list = { 0 };
	const char *rest = d->answered && *d->answered ? d->answered : d->source, *address;

	if (strncmp(rest, "domain:", 7) == 0)
		return discover(mem, rest + 7, out, count, err);
	while ((address = word(mem, &rest)))
		*arena_push(mem, &list) = address;
	*out = list.items;
	*count = (int)list.count;
	return *count ? 0 : error_set(err, ERROR_CONFIG, "directory.source is not set");
}
