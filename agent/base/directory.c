/* SPDX-License-Identifier: GPL-3.0-or-later */
/* directory.c - which server of a directory is asked: the first that answers, and no other one in the same run. */
#include "directory_p.h"

#include <behov/log.h>
#include <behov/step.h>

int directory_refused(LDAP *ld, const struct directory *d, int code, const char *what, struct error *err)
{
	char *more = NULL, *address = NULL;

	ldap_get_option(ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &more);
	ldap_get_option(ld, LDAP_OPT_URI, &address);
	error_set(err, ERROR_SOURCE, "'%s': %s: %s%s%s%s", address && *address ? address : d->source, what, ldap_err2string(code),
		  more && *more ? " (" : "", more && *more ? more : "", more && *more ? ")" : "");
	ldap_memfree(more);
	ldap_memfree(address);
	return -1;
}

char *directory_address(struct arena *mem, LDAP *ld)
{
	char *address = NULL, *copy;

	ldap_get_option(ld, LDAP_OPT_URI, &address);
	copy = arena_text(mem, address ? address : "");
	ldap_memfree(address);
	return copy;
}

/* The way to the server broke, or the server could not take us just now: a fresh connection may find it well. */
static bool is_passing(int code)
{
	return code == LDAP_SERVER_DOWN || code == LDAP_CONNECT_ERROR || code == LDAP_UNAVAILABLE || code == LDAP_BUSY;
}

/* A timeout is not tried again: whoever waits for a dead server twice has not asked the next one. */
static int visit_twice(struct visit *v, struct error *err)
{
	struct error first = { 0 };

	if (visit_open(v, &first) == 0)
		return 0;
	if (is_passing(v->code) && !stop_asked()) {
		log_debug("directory tries again: %s", first.text);
		return visit_open(v, err);
	}
	return error_set(err, first.kind, "%s", first.text);
}

/* Another server would say the same, and a wrong password tried at each of them locks the account. */
static bool is_final(const struct visit *v, const struct error *err)
{
	return err->kind != ERROR_SOURCE || v->code == LDAP_INVALID_CREDENTIALS;
}

/* One server a run: what was read on one and is looked for on another may not have come there yet. */
static void keep(const struct directory *d, const char *address)
{
	if (d->answered)
		snprintf(d->answered, DIRECTORY_ADDRESS_MOST, "%s", address);
}

int directory_open(struct arena *mem, const struct directory *d, LDAP **out, struct error *err)
{
	struct visit v = { .mem = mem, .directory = d };
	const char **addresses, *all = "";
	struct error trouble;
	int count;

	*out = NULL;
	if (directory_addresses(mem, d, &addresses, &count, err) < 0)
		return -1;
	for (int i = 0; i < count; i++) {
		trouble = (struct error){ 0 };
		v.address = addresses[i];
		if (visit_twice(&v, &trouble) == 0) {
			keep(d, v.address);
			*out = v.ld;
			return 0;
		}
		if (count == 1 || is_final(&v, &trouble))
			return error_set(err, trouble.kind, "%s", trouble.text);
		if (stop_asked())
			return error_set(err, ERROR_STOPPED, "asked to stop while looking for a directory server");
		log_warn("directory server does not answer: %s", trouble.text);
		all = arena_print(mem, "%s%s%s", all, *all ? "; " : "", trouble.text);
	}
	return error_set(err, ERROR_SOURCE, "none of %d directory servers answers: %s", count, all);
}

void directory_close(LDAP *ld)
{
	if (ld)
		ldap_unbind_ext_s(ld, NULL, NULL);
}

bool directory_is_live(const struct directory *d)
{
	return d->source && strncmp(d->source, "file:", 5) != 0;
}

/* A comma or '=' that is part of a value is escaped in a key, so that a tail that equals the base is one. */
bool directory_below(const char *key, const char *base)
{
	size_t len = key ? strlen(key) : 0, tail = base ? strlen(base) : 0;

	return key && base && len >= tail && strcmp(key + len - tail, base) == 0 && (len == tail || key[len - tail - 1] == ',');
}

const struct directory *directory_of(struct arena *mem, const struct conf *conf, const char *dn)
{
	const char *key = dn_key(mem, dn), *most = NULL;
	const struct directory *found = NULL;

	for (int i = 0; i < conf->directory_count; i++) {       /* a child domain lies below its parent: the longest base */
		const char *base = dn_key(mem, conf->directories[i].base);

		if (!directory_below(key, base) || (most && strlen(base) < strlen(most)))
			continue;
		most = base;
		found = &conf->directories[i];
	}
	return found;
}
