/* SPDX-License-Identifier: GPL-3.0-or-later */
/* powers.c - what each verb keeps; all else is given up in powers-files.c and powers-calls.c. */
#include "powers_p.h"

#include <behov/file.h>
#include <behov/log.h>

#include <glob.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *const powers_word[] = { "plan", "run", "serve", "apply", "seal" };

static void
wish(struct giving *g, const char *path, uint64_t how)
{
	if (path && *path)
		*arena_push(g->mem, &g->wishes) = (struct wish){ path, how };
}

static const char *
folder_of(struct giving *g, const char *path)
{
	return path ? dirname(arena_text(g->mem, path)) : NULL;
}

/* One that we would make when it is needed must be there now: a rule is about what is there. */
static void
keep(struct giving *g, const char *folder)
{
	if (folder && !g->how->look)
		mkdir(folder, 0750);
	wish(g, folder, KEEP);
}

/* ------------------------------------------------------------------ ports */

static void
port(struct giving *g, int number)
{
	for (size_t i = 0; i < g->out->to.count; i++)
		if (g->out->to.items[i] == number)
			return;
	if (number > 0 && number < 65536)
		*arena_push(g->mem, &g->out->to) = number;
}

/* "ldaps://dc1.kalmar.example:1636/x" */
static void
port_of(struct giving *g, const char *url)
{
	static const struct { const char *scheme; int port; } usual[] = {
		{ "ldap", 389 }, { "ldaps", 636 }, { "smtp", 25 }, { "smtps", 465 }, { "http", 80 }, { "https", 443 }, { "sftp", 22 } };
	const char *host = url ? strstr(url, "://") : NULL, *end, *colon;

	if (!host)
		return;
	for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++)
		if (strlen(usual[i].scheme) == (size_t)(host - url) && strncmp(url, usual[i].scheme, (size_t)(host - url)) == 0)
			port(g, usual[i].port);
	host += 3;
	end = host + strcspn(host, "/?# ");
	colon = memrchr(host, ':', (size_t)(end - host));
	if (colon && !memchr(colon, ']', (size_t)(end - colon)))
		port(g, atoi(colon + 1));
}

/* Addresses in order, a blank between; or a domain, whose DNS says where its servers are: on the usual ports, or on others. */
static void
ports_of_directory(struct giving *g, const char *source)
{
	if (!source)
		return;
	if (strncmp(source, "domain:", 7) == 0) {
		port(g, 389);
		port(g, 636);
	}
	for (; *source; source += strcspn(source, " "), source += strspn(source, " "))
		port_of(g, source);
}

/* ------------------------------------------------------------------ what all need */

/* What names a file in the environment: "FILE:/tmp/krb5cc_1000", "/etc/krb5.conf:/etc/krb5.more"; or folders. */
static void
see_named(struct giving *g, const char *name)
{
	const char *value = getenv(name), *one;

	for (; value && *value; value += strcspn(value, ":"), value += *value == ':') {
		one = arena_copy(g->mem, value, strcspn(value, ":"));
		if (*one == '/')
			wish(g, one, SEE);
	}
}

/* Names and addresses, certificates, time, fonts, the C library's own; and nothing that holds a password. */
static void
see_system(struct giving *g)
{
	static const char *const paths[] = {
		"/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libexec", "/lib", "/lib64", "/usr/local/lib", "/usr/share", "/usr/local/share/ca-certificates",
		"/etc/ld.so.cache", "/etc/localtime", "/etc/timezone", "/etc/nsswitch.conf", "/etc/passwd", "/etc/group", "/etc/hosts",
		"/etc/host.conf", "/etc/resolv.conf", "/etc/gai.conf", "/etc/services", "/etc/protocols", "/etc/ssl/certs",
		"/etc/ssl/openssl.cnf", "/etc/ca-certificates", "/etc/pki", "/etc/crypto-policies", "/etc/gnutls", "/etc/sasl2",
		"/etc/ldap", "/etc/krb5.conf", "/etc/krb5.conf.d", "/etc/gss", "/run/systemd/resolve", "/run/NetworkManager", "/run/resolvconf",
		"/etc/fonts", "/usr/local/share/fonts", "/var/cache/fontconfig",
		"/proc/self", "/proc/sys", "/sys/devices/system/cpu", "/dev/urandom", "/dev/random",
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		wish(g, paths[i], SEE);
	see_named(g, "LD_LIBRARY_PATH");        /* some libraries are opened only when they are needed: include/behov/late.h */
	wish(g, "/dev/null", SEE | WRITE_FILE);
	port(g, 53);                    /* DNS, when an answer is long */
}

static void
see_kerberos(struct giving *g, const char *keytab)
{
	wish(g, keytab, SEE);
	see_named(g, "KRB5_CONFIG");
	see_named(g, "KRB5CCNAME");
	if (!getenv("KRB5CCNAME"))
		wish(g, arena_print(g->mem, "/tmp/krb5cc_%u", (unsigned)getuid()), SEE);
	g->out->any_port = true;        /* krb5.conf or DNS says where */
}

static const char *
store_path(const struct conf *conf)
{
	return conf->store + strlen("sqlite:");
}

/* The file and what SQLite keeps beside it: not the folder, where keys may lie. */
static void
see_base(struct giving *g, const char *path)
{
	static const char *const beside[] = { "", "-wal", "-shm", "-journal" };

	for (size_t i = 0; i < sizeof(beside) / sizeof(*beside); i++)
		wish(g, arena_print(g->mem, "%s%s", path, beside[i]), SEE);
}

static void see_store(struct giving *g) { see_base(g, store_path(g->conf)); }

/* SQLite lays what does not fit in memory there, too, and not in /tmp. */
static void
keep_store(struct giving *g)
{
	const char *folder = folder_of(g, store_path(g->conf));

	wish(g, folder, KEEP);
	setenv("SQLITE_TMPDIR", folder, 1);
}

static void
use_mail(struct giving *g)
{
	const struct conf *c = g->conf;

	if (strncmp(c->mail.server, "maildir:", 8) == 0)
		keep(g, c->mail.server + 8);
	port_of(g, c->mail.server);
	wish(g, c->mail.password_file, SEE);
	wish(g, c->mail.ca_file, SEE);
}

/* Made now when it is not there, so that its folder need not be kept; who cannot is told when it is asked for. */
static void
use_key(struct giving *g, const char *path)
{
	struct error err = { 0 };
	size_t len;
	char *key;

	if (!g->how->look && file_key(g->mem, path, &key, &len, &err) == 0)
		explicit_bzero(key, len);
	wish(g, path, SEE);
}

/* ------------------------------------------------------------------ sources */

/* A file beside the configuration, or an address. */
static void
use_feed(struct giving *g, const char *feed)
{
	if (feed && !strstr(feed, "://"))
		wish(g, feed, SEE);
	port_of(g, feed);
}

static void
use_directory(struct giving *g, const struct directory *d)
{
	if (d->source && strncmp(d->source, "file:", 5) == 0)
		wish(g, d->source + 5, SEE);
	else
		ports_of_directory(g, d->source);
	wish(g, d->password_file, SEE);
	wish(g, d->ca_file, SEE);
	if (d->gssapi)
		see_kerberos(g, d->keytab);
	if (d->source && strncmp(d->source, "domain:", 7) == 0)
		g->out->any_port = true;
}

static void
use_hr(struct giving *g)
{
	const struct conf *c = g->conf;
	const char *const files[] = { c->hr.password_file, c->hr.token_file, c->hr.identity_file, c->hr.known_hosts, c->hr.ca_file };

	use_feed(g, c->hr.file);
	use_feed(g, c->hr.units.file);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		wish(g, files[i], SEE);
	if (c->hr.file && c->hr.key_hash)
		use_key(g, c->hr.key_file);
}

static void
use_sources(struct giving *g)
{
	const struct rules *r = g->rules;

	for (int i = 0; i < g->conf->directory_count; i++)
		use_directory(g, &g->conf->directories[i]);
	use_hr(g);
	for (size_t i = 0; i < r->system_count; i++) {
		use_feed(g, r->systems[i].accounts.csv);
		use_feed(g, r->systems[i].accounts.scim);
		wish(g, r->systems[i].accounts.token_file, SEE);
		wish(g, r->systems[i].accounts.ca_file, SEE);
	}
	for (size_t i = 0; i < r->case_count; i++)
		wish(g, r->cases[i].file, SEE);
}

static void
see_share(struct giving *g, const struct share *share)
{
	if (share->own)
		return;
	if (!share->smb) {
		wish(g, share->path, SEE);
		return;
	}
	wish(g, share->smb->password_file, SEE);
	port(g, share->smb->port ? share->smb->port : 445);
	if (share->smb->kerberos)
		see_kerberos(g, NULL);
}

static void
see_shares(struct giving *g)
{
	for (size_t i = 0; i < g->rules->share_count; i++)
		see_share(g, &g->rules->shares[i]);
}

/* The program that loads a program is looked at, too: the kernel starts it. */
static void
use_helper(struct giving *g, const char *helper)
{
	glob_t found = { 0 };

	wish(g, helper, EXECUTE | READ_FILE);
	wish(g, "/etc/samba/smb.conf", SEE);
	if (glob("/lib*/ld-linux*.so*", 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++)
			wish(g, arena_text(g->mem, found.gl_pathv[i]), EXECUTE | READ_FILE);
	globfree(&found);
}

static void
see_heads(struct giving *g)
{
	const struct conf *c = g->conf;

	wish(g, c->audit.heads, SEE);
	for (int i = 0; i < c->audit.anchor_count; i++)
		wish(g, c->audit.anchors[i], SEE);
}

static void
see_inbox(struct giving *g)
{
	wish(g, folder_of(g, g->conf->inbox), SEE);
}

/* Its folder is somebody else's, who reads what lies there: it is not made. */
static void
keep_metrics(struct giving *g)
{
	if (g->conf->metrics.file)
		wish(g, folder_of(g, g->conf->metrics.file), KEEP);
}

/* ------------------------------------------------------------------ each verb */

static void
plan(struct giving *g)
{
	use_sources(g);
	see_shares(g);
	see_store(g);
	see_base(g, arena_print(g->mem, "%s.folders", store_path(g->conf)));
	wish(g, g->conf->work, SEE);
}

static void
run(struct giving *g)
{
	use_sources(g);
	see_shares(g);
	see_inbox(g);
	see_heads(g);
	keep_store(g);
	keep(g, g->conf->work);
	keep_metrics(g);
	use_key(g, g->conf->key_file);
	use_mail(g);
}

static bool
same_folder(const char *a, const char *b)
{
	struct stat one, other;

	return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

static void
serve(struct giving *g)
{
	const struct conf *c = g->conf;
	const char *inbox = folder_of(g, c->inbox), *colon;

	see_store(g);
	wish(g, c->metrics.token_file, SEE);
	wish(g, inbox, KEEP);
	g->out->inbox_with_store = same_folder(inbox, folder_of(g, store_path(c)));
	use_mail(g);
	if (conf_proves(c, PROOF_LDAP)) {
		ports_of_directory(g, c->web.ldap.at.source);
		wish(g, c->web.ldap.at.ca_file, SEE);
	}
	colon = c->web.listen ? strrchr(c->web.listen, ':') : NULL;
	if (colon && strncmp(c->web.listen, "unix:", 5) == 0)
		wish(g, folder_of(g, c->web.listen + 5), MAKE_SOCK | REMOVE_FILE);
	else if (colon)
		g->listens = atoi(colon + 1);
}

static void
apply(struct giving *g)
{
	use_sources(g);
	for (size_t i = 0; i < g->rules->share_count; i++)
		if (!g->rules->shares[i].smb && !g->rules->shares[i].own)
			wish(g, g->rules->shares[i].path, g->rules->shares[i].dispose == DISPOSE_NONE ? SEE : KEEP);
	see_inbox(g);
	see_heads(g);
	keep_store(g);
	keep(g, g->conf->work);
	keep_metrics(g);
	port_of(g, g->conf->webhook.url);
	wish(g, g->conf->webhook.ca_file, SEE);
	wish(g, g->conf->webhook.secret_file, SEE);
}

static void
seal(struct giving *g)
{
	const struct conf *c = g->conf;

	see_store(g);
	wish(g, folder_of(g, c->audit.heads), KEEP);
	wish(g, folder_of(g, c->audit.key_file), KEEP);
	for (int i = 0; i < c->audit.anchor_count; i++)
		wish(g, folder_of(g, c->audit.anchors[i]), KEEP);
	port_of(g, c->audit.stamp.url);
	wish(g, c->audit.stamp.ca_file, SEE);
	wish(g, c->audit.stamp.tls_ca_file, SEE);
}

/* ------------------------------------------------------------------ all of it */

static void
tell(enum powers_of who, const struct powers *p)
{
	log_debug("powers given up verb=%s landlock=%d files=%d ports=%d signals=%d calls=%d", powers_word[who], p->landlock,
		  p->files, p->ports, p->signals, p->calls);
	if (!p->files)
		log_warn("this kernel has %s: '%s' keeps the rights to files and network that its account has",
			 p->landlock ? "a Landlock that is too old" : "no Landlock", powers_word[who]);
	if (!p->calls)
		log_warn("this kernel has no seccomp: '%s' keeps all calls", powers_word[who]);
}

int
powers_give_up(struct arena *mem, enum powers_of who, const struct rules *rules, const struct powers_how *how, struct powers *out,
	       struct error *err)
{
	static void (*const wants[])(struct giving *g) = { plan, run, serve, apply, seal };
	struct giving g = { .mem = mem, .rules = rules, .conf = &rules->conf, .how = how, .out = out, .listens = -1 };
	bool starts = how->helper && (who == POWERS_RUN || who == POWERS_PLAN);

	_Static_assert(sizeof(wants) / sizeof(*wants) == POWERS_OF, "one for each");
	*out = (struct powers){ 0 };
	see_system(&g);
	wants[who](&g);
	if (starts)
		use_helper(&g, how->helper);
	powers_memory(out);
	if (powers_files(&g, err) < 0 || powers_calls(out, starts, err) < 0)
		return -1;
	if (!how->look)
		tell(who, out);
	return 0;
}
