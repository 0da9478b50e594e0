/* SPDX-License-Identifier: GPL-3.0-or-later */
/* directory.c - a connection to the directory: TLS demanded, bound as conf says. */
#include <behov/directory.h>
#include <behov/file.h>

#include <sasl/sasl.h>
#include <sys/time.h>

int directory_refused(LDAP *ld, const struct directory *d, int code, const char *what, struct error *err)
{
	char *more = NULL;

	ldap_get_option(ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &more);
	error_set(err, ERROR_SOURCE, "'%s': %s: %s%s%s%s", d->source, what, ldap_err2string(code),
		  more && *more ? " (" : "", more && *more ? more : "", more && *more ? ")" : "");
	ldap_memfree(more);
	return -1;
}

static bool is_over(const struct directory *d, const char *scheme)
{
	return strncmp(d->source, scheme, strlen(scheme)) == 0;
}

static bool is_secret(const struct directory *d)
{
	return is_over(d, "ldaps://") || is_over(d, "ldapi://") || d->starttls;
}

static int secure(LDAP *ld, const struct directory *d, struct error *err)
{
	const char *ca = d->ca_file;
	int demand = LDAP_OPT_X_TLS_DEMAND, client = 0, rc;

	if (ca && ldap_set_option(ld, LDAP_OPT_X_TLS_CACERTFILE, ca) != LDAP_SUCCESS)
		return error_set(err, ERROR_CONFIG, "cannot use the CA file '%s'", ca);
	ldap_set_option(ld, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand);
	if (ldap_set_option(ld, LDAP_OPT_X_TLS_NEWCTX, &client) != LDAP_SUCCESS)
		return error_set(err, ERROR_CONFIG, "cannot prepare TLS: is the CA file '%s' one?", ca ? ca : "(the system's)");
	if (!d->starttls || is_over(d, "ldaps://"))
		return 0;
	rc = ldap_start_tls_s(ld, NULL, NULL);
	return rc == LDAP_SUCCESS ? 0 : directory_refused(ld, d, rc, "cannot start TLS", err);
}

static int bind_simple(struct arena *mem, LDAP *ld, const struct directory *d, struct error *err)
{
	struct berval password = { 0, NULL };
	size_t len = 0;
	int rc;

	if (!is_secret(d))
		return error_set(err, ERROR_CONFIG, "'%s': a password is only sent over TLS: use ldaps:// or starttls = true",
				 d->source);
	if (!d->password_file)
		return error_set(err, ERROR_CONFIG, "directory.bind-dn needs directory.password-file");
	if (file_secret(mem, d->password_file, &password.bv_val, &len, err) < 0)
		return -1;
	if (len == 0)                   /* RFC 4513 5.1.2: that would be an anonymous bind, and succeed */
		return error_set(err, ERROR_CONFIG, "the password file of directory.bind-dn is empty");
	password.bv_len = len;
	rc = ldap_sasl_bind_s(ld, d->bind_dn, LDAP_SASL_SIMPLE, &password, NULL, NULL, NULL);
	explicit_bzero(password.bv_val, len);
	return rc == LDAP_SUCCESS ? 0 : directory_refused(ld, d, rc, "cannot bind", err);
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

/* MS-ADTS 5.1.1.1.2: AD allows no SASL layer over TLS; without TLS we demand one. */
static int bind_gssapi(LDAP *ld, const struct directory *d, struct error *err)
{
	bool tls = is_secret(d) && !is_over(d, "ldapi://");
	ber_len_t least = is_secret(d) ? 0 : 56, most = tls ? 0 : 256;
	int rc;

	if (d->keytab) {
		setenv("KRB5_CLIENT_KTNAME", d->keytab, 1);
		setenv("KRB5CCNAME", "MEMORY:behov", 1);
	}
	ldap_set_option(ld, LDAP_OPT_X_SASL_SSF_MIN, &least);
	ldap_set_option(ld, LDAP_OPT_X_SASL_SSF_MAX, &most);
	rc = ldap_sasl_interactive_bind_s(ld, NULL, "GSSAPI", NULL, NULL, LDAP_SASL_QUIET, silent, NULL);
	return rc == LDAP_SUCCESS ? 0 : directory_refused(ld, d, rc, "cannot bind with Kerberos", err);
}

int directory_open(struct arena *mem, const struct directory *d, LDAP **out, struct error *err)
{
	int version = LDAP_VERSION3, timeout = d->timeout, rc;
	struct timeval wait = { .tv_sec = timeout > 0 ? timeout : 60 };
	LDAP *ld = NULL;

	*out = NULL;
	if (ldap_initialize(&ld, d->source) != LDAP_SUCCESS)
		return error_set(err, ERROR_CONFIG, "'%s' is not the address of a directory", d->source);
	ldap_set_option(ld, LDAP_OPT_PROTOCOL_VERSION, &version);
	ldap_set_option(ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
	ldap_set_option(ld, LDAP_OPT_NETWORK_TIMEOUT, &wait);
	ldap_set_option(ld, LDAP_OPT_TIMEOUT, &wait);
	ldap_set_option(ld, LDAP_OPT_X_SASL_NOCANON, LDAP_OPT_ON);
	rc = secure(ld, d, err);
	if (rc == 0 && d->gssapi)
		rc = bind_gssapi(ld, d, err);
	else if (rc == 0 && d->bind_dn)
		rc = bind_simple(mem, ld, d, err);
	if (rc < 0)
		directory_close(ld);
	else
		*out = ld;
	return rc;
}

void directory_close(LDAP *ld)
{
	if (ld)
		ldap_unbind_ext_s(ld, NULL, NULL);
}

bool directory_is_live(const struct directory *d)
{
	return d->source && strncmp(d->source, "ldap", 4) == 0;
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
