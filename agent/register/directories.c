/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * directories.c - reads `directory`: one group, or a list of one for each domain or forest.
 */
#include "behov/directory.h"
#include "register_p.h"

/* The global catalog holds the members of universal groups only: what it says of others is less than there is. */
static void
check_port(struct reader *r, const config_setting_t *at, const char *source)
{
	for (const char *p = source; (p = strstr(p, ":326")); p++)
		if ((p[4] == '8' || p[4] == '9') && !(p[5] >= '0' && p[5] <= '9'))
			complain(r, at, "'%s' is a global catalog, which does not know all members: use port 389 or 636", source);
}

static bool
is_domain(const char *source)
{
	return strncmp(source, "domain:", 7) == 0;
}

const char *
get_source(struct reader *r, const config_setting_t *group, const char *key, bool file)
{
	static const char *const schemes[] = { "file:", "ldap://", "ldaps://", "ldapi://", "domain:", NULL };
	const char *text = get_address(r, group, key, schemes), *rest = text;
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";

	if (is_domain(text) && text[7 + strspn(text + 7, letters)])
		complain(r, group, "'%s' is '%s', which names no domain", key, text);
	if (!file && strncmp(text, "file:", 5) == 0)
		complain(r, group, "'%s' is a file: nobody can sign in there", key);
	while (strncmp(text, "ldap", 4) == 0 && *(rest += strspn(rest, " "))) {
		size_t len = strcspn(rest, " ");
		const char *one = arena_copy(r->mem, rest, len);

		if (!strstr(one, "://") || strncmp(one, "ldap", 4) != 0 || !ldap_is_ldap_url(one) || len >= DIRECTORY_ADDRESS_MOST)
			complain(r, group, "'%s' holds '%s', which is not the address of a directory", key, one);
		rest += len;
	}
	return text;
}

/* One such address is enough. */
bool
is_clear(struct arena *mem, const char *source)
{
	bool clear = is_domain(source);

	while (!clear && *(source += strspn(source, " "))) {
		const char *one = arena_copy(mem, source, strcspn(source, " "));

		clear = strncmp(one, "ldap://", 7) == 0 && !is_loopback(one);
		source += strlen(one);
	}
	return clear;
}

static struct directory
read_one(struct reader *r, const config_setting_t *at)
{
	static const char *const keys[] = { "name", "source", "base", "bind-dn", "password-file", "keytab", "principal", "full-read",
		"sasl", "starttls", "ca-file", "page-size", "connections", "timeout", "schema", "access-groups", "service-accounts",
		"dangling-ratio", "shrink-ratio", "attributes", NULL };
	static const char *const sasl[] = { "none", "gssapi", NULL }, *const schemas[] = { "ad", "rfc2307bis", "rfc2307", NULL };
	struct directory d = { 0 };
	bool clear;

	check_keys(r, at, keys);
	d.source = get_source(r, at, "source", true);
	d.answered = arena_take(r->mem, DIRECTORY_ADDRESS_MOST);
	d.name = get_text(r, at, "name", OPTIONAL);
	d.name = d.name ? d.name : d.source;
	d.base = get_text(r, at, "base", REQUIRED);
	d.bind_dn = get_text(r, at, "bind-dn", OPTIONAL);
	d.password_file = get_secret(r, at, "password-file");
	d.keytab = get_secret(r, at, "keytab");
	d.principal = get_text(r, at, "principal", OPTIONAL);
	d.gssapi = get_word(r, at, "sasl", sasl, 0) == 1;
	clear = !d.gssapi && is_clear(r->mem, d.source);
	d.starttls = get_bool(r, at, "starttls", clear);
	if (clear && !d.starttls && d.bind_dn)
		complain(r, at, "a password may not go over ldap:// without starttls");
	check_port(r, at, d.source);
	d.ca_file = get_path(r, at, "ca-file", NULL);
	d.page_size = get_number(r, at, "page-size", 1, 100000, 1000);
	d.connections = get_number(r, at, "connections", 1, DIRECTORY_CONNECTIONS_MOST, 1);
	d.timeout = get_number(r, at, "timeout", 1, 3600, 60);
	d.full_days = get_days(r, at, "full-read", 0);
	d.schema = (enum directory_schema)get_word(r, at, "schema", schemas, SCHEMA_AD);
	if (d.connections > 1 && d.schema != SCHEMA_AD)
		complain(r, at, "several connections are for schema \"ad\" only: a plain LDAP directory has nothing to split a search by");
	return d;
}

/* ------------------------------------------------------------------ what is about all of them */

/* The first that says it is the one that counts. */
static const config_setting_t *
first_with(config_setting_t *list, const char *key)
{
	for (int i = 0; i < list_count(list); i++)
		if (config_setting_get_member(list_item(list, i), key))
			return list_item(list, i);
	return NULL;
}

static int
join_texts(struct reader *r, config_setting_t *list, const char *key, const char ***out)
{
	LIST(const char *) all = { 0 };

	for (int i = 0; i < list_count(list); i++) {
		const char **some;
		int count = get_texts(r, list_item(list, i), key, &some);

		for (int k = 0; k < count; k++)
			*arena_push(r->mem, &all) = some[k];
	}
	*out = all.items;
	return (int)all.count;
}

/* In turn from the last to the first, so that what the first says stands. */
static void
join_attributes(struct reader *r, config_setting_t *list)
{
	for (int i = list_count(list) - 1; i >= 0; i--)
		read_attributes(r, get_group(r, list_item(list, i), "attributes", OPTIONAL), false);
}

/* Two that overlap would give the same person twice; but a domain below another (DC=skola,DC=…) is read from its own servers. */
static bool
overlap(const char *a, const char *b)
{
	if (!a || !b || !strcmp(a, b))
		return a && b;
	return (directory_below(a, b) && strncmp(a, "dc=", 3) != 0) || (directory_below(b, a) && strncmp(b, "dc=", 3) != 0);
}

static void
check_bases(struct reader *r, config_setting_t *list, const struct conf *c)
{
	const char **keys = arena_array(r->mem, const char *, (size_t)c->directory_count + 1);

	for (int i = 0; i < c->directory_count; i++) {
		const char *base = c->directories[i].base;

		keys[i] = dn_key(r->mem, base);
		if (base && *base && !keys[i])
			complain(r, list_item(list, i), "directory.base '%s' is not a distinguished name", base);
		for (int k = 0; k < i; k++)
			if (overlap(keys[i], keys[k]))
				complain(r, list_item(list, i), "the bases '%s' and '%s' overlap", c->directories[k].base, base);
	}
}

static void
note_sasl(struct conf *c)
{
	bool used = false;

	for (int i = 0; i < c->directory_count; i++)
		used |= c->directories[i].gssapi;
	for (int i = 0; i < c->directory_count; i++)
		c->directories[i].no_sasl = !used;
}

void
read_directories(struct reader *r, const config_setting_t *root, struct conf *c)
{
	config_setting_t *list = get_groups(r, root, "directory");

	c->directory_count = list_count(list);
	if (!c->directory_count && !(list == NULL && setting_of(r, root, "directory")))
		complain(r, root, "'directory' is missing");
	c->directories = arena_array(r->mem, struct directory, (size_t)c->directory_count + 1);
	for (int i = 0; i < c->directory_count; i++)
		c->directories[i] = read_one(r, list_item(list, i));
	note_sasl(c);
	check_bases(r, list, c);
	join_attributes(r, list);
	c->directory.access_group_count = join_texts(r, list, "access-groups", &c->directory.access_groups);
	c->directory.service_account_count = join_texts(r, list, "service-accounts", &c->directory.service_accounts);
	for (int i = 0; i < c->directory.service_account_count; i++)
		c->directory.service_accounts[i] = text_fold(r->mem, c->directory.service_accounts[i]);
	c->directory.dangling_ratio = get_ratio(r, first_with(list, "dangling-ratio"), "dangling-ratio", 0.05);
	c->directory.shrink_ratio = get_ratio(r, first_with(list, "shrink-ratio"), "shrink-ratio", 0.20);
}
