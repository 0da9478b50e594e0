/* SPDX-License-Identifier: GPL-3.0-or-later */
/* directory-bind.c - one connection to one server: TLS demanded, bound as conf says, and never opened a second time. */
#include "directory_p.h"

#include <behov/file.h>

#include <pthread.h>
#include <sasl/sasl.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

int visit_refused(struct visit *v, int code, const char *what, struct error *err)
{
	v->code = code;
	return directory_refused(v->ld, v->directory, code, what, err);
}

static bool is_over(const struct visit *v, const char *scheme)
{
	return strncasecmp(v->address, scheme, strlen(scheme)) == 0;
}

static bool is_tls(const struct visit *v)
{
	return is_over(v, "ldaps://") || (v->directory->starttls && !is_over(v, "ldapi://"));
}

/* ------------------------------------------------------------------ TLS */

/* GnuTLS in libldap knows no CA that it is not given. */
static const char *system_authorities(void)
{
	static const char *const places[] = { "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
					      "/etc/ssl/ca-bundle.pem" };

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		if (access(places[i], R_OK) == 0)
			return places[i];
	return NULL;
}

static int demand_tls(struct visit *v, struct error *err)
{
	const char *ca = v->directory->ca_file ? v->directory->ca_file : system_authorities();
	int demand = LDAP_OPT_X_TLS_DEMAND, least = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2, client = 0;

	if (ca && ldap_set_option(v->ld, LDAP_OPT_X_TLS_CACERTFILE, ca) != LDAP_SUCCESS)
		return error_set(err, ERROR_CONFIG, "cannot use the CA file '%s'", ca);
	ldap_set_option(v->ld, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand);
	ldap_set_option(v->ld, LDAP_OPT_X_TLS_PROTOCOL_MIN, &least);
	if (ldap_set_option(v->ld, LDAP_OPT_X_TLS_NEWCTX, &client) != LDAP_SUCCESS)
		return error_set(err, ERROR_CONFIG, "cannot prepare TLS: is the CA file '%s' one?", ca ? ca : "(none found)");
	return 0;
}

/* With ldaps:// the handshake is part of it. */
static int connect_to(struct visit *v, struct error *err)
{
	int rc;

	if (is_tls(v) && demand_tls(v, err) < 0)
		return -1;
	rc = ldap_connect(v->ld);
	if (rc != LDAP_SUCCESS)
		return visit_refused(v, LDAP_SERVER_DOWN, "cannot connect", err);
	if (!is_tls(v) || is_over(v, "ldaps://"))
		return 0;
	rc = ldap_start_tls_s(v->ld, NULL, NULL);
	return rc == LDAP_SUCCESS ? 0 : visit_refused(v, rc, "cannot start TLS", err);
}

/* ------------------------------------------------------------------ who we are */

/* A server on this machine: nobody else hears what is said to it. */
static bool is_local(const struct visit *v)
{
	static const char *const hosts[] = { "ldap://localhost", "ldap://127.0.0.1", "ldap://[::1]" };

	for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++)
		if (is_over(v, hosts[i]) && strchr(":/", v->address[strlen(hosts[i])]))
			return true;
	return is_over(v, "ldapi://");
}

/* Of somebody who signs in. */
static int bind_claim(struct visit *v, struct error *err)
{
	struct berval password = { strlen(v->password), (char *)(uintptr_t)v->password };
	int rc;

	if (!is_tls(v) && !is_local(v))
		return error_set(err, ERROR_CONFIG, "'%s': a password is only sent over TLS: use ldaps:// or starttls = true",
				 v->address);
	if (!password.bv_len)           /* RFC 4513 5.1.2: that would be an anonymous bind, and succeed */
		return error_set(err, ERROR_USAGE, "an empty password proves nothing");
	rc = ldap_sasl_bind_s(v->ld, v->who, LDAP_SASL_SIMPLE, &password, NULL, NULL, NULL);
	return rc == LDAP_SUCCESS ? 0 : visit_refused(v, rc, "cannot bind", err);
}

static int bind_simple(struct visit *v, struct error *err)
{
	const struct directory *d = v->directory;
	struct berval password = { 0, NULL };
	size_t len = 0;
	int rc;

	if (!is_tls(v) && !is_over(v, "ldapi://"))
		return error_set(err, ERROR_CONFIG, "'%s': a password is only sent over TLS: use ldaps:// or starttls = true",
				 v->address);
	if (!d->password_file)
		return error_set(err, ERROR_CONFIG, "directory.bind-dn needs directory.password-file");
	if (file_secret(v->mem, d->password_file, &password.bv_val, &len, err) < 0)
		return -1;
	if (len == 0)                   /* RFC 4513 5.1.2: that would be an anonymous bind, and succeed */
		return error_set(err, ERROR_CONFIG, "the password file of directory.bind-dn is empty");
	password.bv_len = len;
	rc = ldap_sasl_bind_s(v->ld, d->bind_dn, LDAP_SASL_SIMPLE, &password, NULL, NULL, NULL);
	explicit_bzero(password.bv_val, len);
	return rc == LDAP_SUCCESS ? 0 : visit_refused(v, rc, "cannot bind", err);
}

/* GSSAPI asks nothing that the keytab does not answer. */
static int silent(LDAP *ld, unsigned flags, void *defaults, void *asked)
{
	(void)ld;
	(void)flags;
	(void)defaults;
	for (sasl_interact_t *i = asked; i->id != SASL_CB_LIST_END; i++) {
		i->result = "";
		i->len = 0;
	}
	return LDAP_SUCCESS;
}

/* The keytab's first entry is who Kerberos makes us; with or without a realm, that must be who conf says. */
static int check_principal(struct visit *v, struct error *err)
{
	const char *wanted = v->directory->principal;
	char *name = NULL;
	size_t len;
	int rc = 0;

	if (!wanted)
		return 0;
	ldap_get_option(v->ld, LDAP_OPT_X_SASL_USERNAME, &name);
	len = name ? strchr(wanted, '@') ? strlen(name) : strcspn(name, "@") : 0;
	if (!name || len != strlen(wanted) || strncasecmp(name, wanted, len) != 0)
		rc = error_set(err, ERROR_CONFIG, "'%s': Kerberos says that we are '%s', not '%s': which principal is first in the "
			       "keytab?", v->address, name ? name : "", wanted);
	ldap_memfree(name);
	return rc;
}

/*
 * MS-ADTS 5.1.1.1.2: AD allows no SASL layer over TLS, but may want to know that the TLS it sees is the one that we see;
 * without TLS we demand a layer.
 */
static int bind_gssapi(struct visit *v, struct error *err)
{
	bool tls = is_tls(v), local = is_over(v, "ldapi://");
	ber_len_t least = tls || local ? 0 : 56, most = tls ? 0 : 256;
	int endpoint = LDAP_OPT_X_SASL_CBINDING_TLS_ENDPOINT, rc;
	const char *keytab = v->directory->keytab;

	if (keytab) {
		setenv("KRB5_CLIENT_KTNAME", keytab, 1);
		setenv("KRB5CCNAME", arena_print(v->mem, "MEMORY:behov-%s", keytab), 1);
	}
	ldap_set_option(v->ld, LDAP_OPT_X_SASL_SSF_MIN, &least);
	ldap_set_option(v->ld, LDAP_OPT_X_SASL_SSF_MAX, &most);
	if (tls && ldap_set_option(v->ld, LDAP_OPT_X_SASL_CBINDING, &endpoint) != LDAP_SUCCESS)
		return error_set(err, ERROR_SOURCE, "'%s': cannot bind Kerberos to its TLS channel", v->address);
	rc = ldap_sasl_interactive_bind_s(v->ld, NULL, "GSSAPI", NULL, NULL, LDAP_SASL_QUIET, silent, NULL);
	return rc == LDAP_SUCCESS ? check_principal(v, err) : visit_refused(v, rc, "cannot bind with Kerberos", err);
}

/* ------------------------------------------------------------------ the connection */

struct once { struct ldap_conncb callback; bool used; struct timeval wait; const struct visit *visit; };

/*
 * libldap opens a lost connection again by itself: in the clear where StartTLS was, as nobody, and to whom it shows less
 * than to us.  So each handle has one connection in its life.  Reads and writes on it end, whatever TLS waits for.
 */
static int connected(LDAP *ld, Sockbuf *sb, LDAPURLDesc *server, struct sockaddr *to, struct ldap_conncb *callback)
{
	struct once *once = callback->lc_arg;
	ber_socket_t fd = -1;

	(void)ld;
	(void)server;
	(void)to;
	if (once->used)
		return -1;
	once->used = true;
	if (ber_sockbuf_ctrl(sb, LBER_SB_OPT_GET_FD, &fd) == 1 && fd >= 0) {
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &once->wait, sizeof(once->wait));
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &once->wait, sizeof(once->wait));
		watch_socket(once->visit->watch, fd);
	}
	return 0;
}

static void disconnected(LDAP *ld, Sockbuf *sb, struct ldap_conncb *callback)
{
	(void)ld;
	(void)sb;
	(void)callback;
}

/* Nothing but conf may weaken us: each of these can come from the environment or from an ldap.conf, too. */
static void set_options(struct visit *v, struct timeval *wait)
{
	struct once *once = arena_new(v->mem, struct once);
	int version = LDAP_VERSION3, never = LDAP_DEREF_NEVER, none = 0;

	*once = (struct once){ .callback = { .lc_add = connected, .lc_del = disconnected, .lc_arg = once }, .wait = *wait,
			      .visit = v };
	ldap_set_option(v->ld, LDAP_OPT_CONNECT_CB, &once->callback);
	ldap_set_option(v->ld, LDAP_OPT_PROTOCOL_VERSION, &version);
	ldap_set_option(v->ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
	ldap_set_option(v->ld, LDAP_OPT_DEREF, &never);
	ldap_set_option(v->ld, LDAP_OPT_SIZELIMIT, &none);
	ldap_set_option(v->ld, LDAP_OPT_TIMELIMIT, &none);
	ldap_set_option(v->ld, LDAP_OPT_NETWORK_TIMEOUT, wait);
	ldap_set_option(v->ld, LDAP_OPT_TIMEOUT, wait);
	ldap_set_option(v->ld, LDAP_OPT_X_SASL_NOCANON, LDAP_OPT_ON);
}

static int open_watched(struct visit *v, struct timeval *wait, struct error *err)
{
	const struct directory *d = v->directory;
	int rc;

	if (ldap_initialize(&v->ld, v->address) != LDAP_SUCCESS)
		return error_set(err, ERROR_CONFIG, "'%s' is not the address of a directory", v->address);
	set_options(v, wait);
	rc = connect_to(v, err);
	if (rc == 0 && v->who)
		rc = bind_claim(v, err);
	else if (rc == 0 && d->gssapi)
		rc = bind_gssapi(v, err);
	else if (rc == 0 && d->bind_dn)
		rc = bind_simple(v, err);
	if (rc < 0) {
		directory_close(v->ld);
		v->ld = NULL;
	}
	return rc;
}

/*
 * libldap starts libsasl2 with the first connection, and that loads all its plugins, with Kerberos and OpenSSL: for a password they
 * are a tenth of what it takes to read a small directory, and code that nobody needs.  Says where they are: nowhere.
 */
void visit_leave_plugins(void)
{
	sasl_set_path(SASL_PATH_TYPE_PLUGIN, (char[]){ "/dev/null" });
}

/* Whoever watches already goes on with it; else the opening is watched, as a whole. */
int visit_open(struct visit *v, struct error *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct timeval wait = { .tv_sec = v->directory->timeout > 0 ? v->directory->timeout : 60 };
	struct watch own;
	int rc;

	v->ld = NULL;
	v->code = LDAP_SUCCESS;
	if (!getenv("LDAPNOINIT"))
		setenv("LDAPNOINIT", "1", 1);   /* no ldap.conf, no ~/.ldaprc, no LDAPTLS_…: conf says it all */
	if (v->directory->no_sasl)
		pthread_once(&once, visit_leave_plugins);
	if (v->watch)
		return open_watched(v, &wait, err);
	if (watch_start(&own, (int)wait.tv_sec, err) < 0)
		return -1;
	v->watch = &own;
	rc = open_watched(v, &wait, err);
	v->watch = NULL;
	if (watch_end(&own) && rc < 0) {
		v->code = LDAP_TIMEOUT;
		return error_set(err, ERROR_SOURCE, "'%s': not open after %lld seconds", v->address, (long long)wait.tv_sec);
	}
	return rc;
}
