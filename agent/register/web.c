/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * web.c - reads `web`: where the page is, how people prove who they are, and what demands more than a code.
 */
#include "behov/directory.h"
#include "register_p.h"

#define PATIENCE 4                      /* seconds in which a directory must answer somebody who signs in */

/* ------------------------------------------------------------------ how they prove it */

static void
read_proofs(struct reader *r, const config_setting_t *web, struct conf *c)
{
	const char **words;
	int count = get_texts(r, web, "proof", &words);

	for (int i = 0; i < count; i++) {
		int proof = 0;

		while (proof < PROOFS && strcmp(proof_word[proof], words[i]) != 0)
			proof++;
		if (proof == PROOFS)
			complain(r, web, "'proof' is '%s', allowed are 'code', 'ldap', 'proxy'", words[i]);
		else if (conf_proves(c, (enum proof_kind)proof))
			complain(r, web, "'proof' says '%s' twice", words[i]);
		else
			c->web.proofs[c->web.proof_count++] = (enum proof_kind)proof;
	}
	if (!c->web.proof_count)
		c->web.proofs[c->web.proof_count++] = PROOF_CODE;
}

static void
read_strong(struct reader *r, const config_setting_t *web, struct conf *c)
{
	const char **words;
	int count = get_texts(r, web, "strong", &words);

	for (int i = 0; i < count; i++) {
		if (strcmp(words[i], "destroy") == 0)
			c->web.strong_destroy = true;
		else if (strcmp(words[i], "class3") == 0)
			c->web.strong_class3 = true;
		else
			complain(r, web, "'strong' is '%s', allowed are 'destroy', 'class3'", words[i]);
	}
	if (count && !conf_proves(c, PROOF_LDAP) && !conf_proves(c, PROOF_PROXY))
		complain(r, web, "'strong' demands more than a code, and 'proof' allows nothing else: nobody could approve");
}

/* ------------------------------------------------------------------ ldap */

/* Exactly one %s and no other: a printf that somebody else writes is none. */
static bool
is_pattern(const char *name)
{
	const char *at = strchr(name, '%');

	return at && at[1] == 's' && !strchr(at + 1, '%');
}

/* Who signs in is bound, and nobody else: what our own account is and its password stay out of it. */
static struct directory
directory_of_people(const struct conf *c)
{
	struct directory d = { .name = "web.ldap", .timeout = PATIENCE };

	if (!c->directory_count)
		return d;
	d.schema = c->directories[0].schema;
	d.base = c->directories[0].base;
	d.ca_file = c->directories[0].ca_file;
	if (directory_is_live(&c->directories[0]))
		d.source = c->directories[0].source;
	return d;
}

/* AD: "DC=kalmar,DC=example" -> "%s@kalmar.example", a name that every account has; else NULL. */
static const char *
principal(struct arena *mem, const struct directory *d)
{
	const char *rest = d->schema == SCHEMA_AD ? dn_key(mem, d->base) : NULL, *dc = rest ? strstr(rest, "dc=") : NULL, *out = NULL;

	for (; dc; dc = strstr(dc, ",dc=") ? strstr(dc, ",dc=") + 1 : NULL)
		out = arena_print(mem, "%s%s%.*s", out ? out : "%s@", out ? "." : "", (int)strcspn(dc + 3, ","), dc + 3);
	return out;
}

static void
check_ldap(struct reader *r, const config_setting_t *at, const struct conf *c)
{
	const struct directory *d = &c->web.ldap.at;
	const char *name = c->web.ldap.name;

	if (!d->source)
		complain(r, at, "'ldap' needs a server: directory.source is a file");
	if (d->source && !d->starttls && is_clear(r->mem, d->source))
		complain(r, at, "a password may not go over ldap:// without starttls");
	if (name && !is_pattern(name))
		complain(r, at, "'name' is '%s', where '%%s' must stand once for the account name", name);
	if (!name)
		complain(r, at, "'ldap' needs a name, like \"%%s@kalmar.example\" or \"uid=%%s,ou=people,dc=kalmar,dc=example\"");
}

static void
read_ldap(struct reader *r, const config_setting_t *web, struct conf *c)
{
	static const char *const keys[] = { "server", "ca-file", "starttls", "name", "tries", NULL };
	const config_setting_t *at = get_group(r, web, "ldap", OPTIONAL);
	struct directory *d = &c->web.ldap.at;

	*d = directory_of_people(c);
	if (at)
		check_keys(r, at, keys);
	if (at && setting_of(r, at, "server"))
		d->source = get_source(r, at, "server", false);
	else if (c->directory_count > 1 && conf_proves(c, PROOF_LDAP))
		complain(r, at ? at : web, "'ldap' needs a server: there are several directories");
	d->ca_file = get_path(r, at, "ca-file", d->ca_file);
	d->starttls = get_bool(r, at, "starttls", d->source && is_clear(r->mem, d->source));
	c->web.ldap.name = get_text(r, at, "name", OPTIONAL);
	if (!c->web.ldap.name)
		c->web.ldap.name = principal(r->mem, d);
	c->web.ldap.tries = get_number(r, at, "tries", 1, 10, 4);
	if (conf_proves(c, PROOF_LDAP))
		check_ldap(r, at ? at : web, c);
	else if (at)
		complain(r, at, "'ldap' is set, and 'proof' does not allow \"ldap\"");
}

/* ------------------------------------------------------------------ proxy */

static bool
on_socket(const struct conf *c)
{
	return c->web.listen && strncmp(c->web.listen, "unix:", 5) == 0;
}

/* A header is as good as who may write it: on a socket of its own we are told who that is.  Of whom it names nothing is believed
 * unless `proof` says so; where somebody comes from, always. */
static void
read_proxy(struct reader *r, const config_setting_t *web, struct conf *c)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-";
	const char *header = get_text(r, web, "proxy-header", OPTIONAL);

	c->web.proxy.header = header ? header : "X-Remote-User";
	c->web.proxy.user = get_text(r, web, "proxy-user", OPTIONAL);
	c->web.proxy.realm_count = get_texts(r, web, "proxy-realms", &c->web.proxy.realms);
	if (!*c->web.proxy.header || c->web.proxy.header[strspn(c->web.proxy.header, letters)])
		complain(r, web, "'proxy-header' is '%s', which no header is called", c->web.proxy.header);
	if (!conf_proves(c, PROOF_PROXY)) {
		if (header || c->web.proxy.realm_count)
			complain(r, web, "'proxy-header' or 'proxy-realms' is set, and 'proof' does not allow \"proxy\"");
		if (c->web.proxy.user && !on_socket(c))
			complain(r, web, "'proxy-user' needs listen = \"unix:…\": on a port, nobody is told who asks");
		return;
	}
	if (!on_socket(c))
		complain(r, web, "proof \"proxy\" needs listen = \"unix:…\": on a port, anybody on this machine could write the header");
	if (!c->web.proxy.user)
		complain(r, web, "proof \"proxy\" needs proxy-user: the account that the proxy runs as");
}

void
read_web(struct reader *r, const config_setting_t *root, struct conf *c)
{
	static const char *const keys[] = { "listen", "url", "proof", "strong", "ldap", "proxy-header", "proxy-user", "proxy-realms",
		"administrators", "typed", NULL };
	config_setting_t *at = get_group(r, root, "web", REQUIRED);

	if (!at)
		return;
	check_keys(r, at, keys);
	c->web.listen = get_text(r, at, "listen", REQUIRED);
	if (c->web.listen && strncmp(c->web.listen, "unix:", 5) == 0)
		c->web.listen = arena_print(r->mem, "unix:%s", file_beside(r->mem, r->conf, c->web.listen + 5));
	c->web.url = get_text(r, at, "url", REQUIRED);
	c->web.typed = get_text(r, at, "typed", OPTIONAL);
	c->web.administrators = get_text(r, at, "administrators", OPTIONAL);
	read_proofs(r, at, c);
	read_strong(r, at, c);
	read_ldap(r, at, c);
	read_proxy(r, at, c);
}
