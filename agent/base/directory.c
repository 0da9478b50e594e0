/* SPDX-License-Identifier: GPL-3.0-or-later */
/* directory.c - a connection to the directory: TLS demanded, bound as conf says. */
#include <behov/directory.h>
#include <behov/file.h>

#include <sasl/sasl.h>
#include <sys/time.h>

int directory_refused(LDAP *ld, const struct conf *conf, int code, const char *what, struct error *err)
{
	char *more = NULL;

	ldap_get_option(ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &more);
	error_set(err, ERROR_SOURCE, "'%s': %s: %s%s%s%s", conf->directory.source, what, ldap_err2string(code),
		  more && *more ? " (" : "", more && *more ? more : "", more && *more ? ")" : "");
	ldap_memfree(more);
	return -1;
}

static bool is_over(const struct conf *conf, const char *scheme)
{
	return strncmp(conf->directory.source, scheme, strlen(scheme)) == 0;
}

static bool is_secret(const struct conf *conf)
{
	return is_over(conf, "ldaps://") || is_over(conf, "ldapi://") || conf->directory.starttls;
}

static int secure(LDAP *ld, const struct conf *conf, struct error *err)
{
	const char *ca = conf->directory.ca_file;
	int demand = LDAP_OPT_X_TLS_DEMAND, client = 0, rc;

	if (ca && ldap_set_option(ld, LDAP_OPT_X_TLS_CACERTFILE, ca) != LDAP_SUCCESS)
		return error_set(err, ERROR_CONFIG, "cannot use the CA file '%s'", ca);
	ldap_set_option(ld, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand);
	if (ldap_set_option(ld, LDAP_OPT_X_TLS_NEWCTX, &client) != LDAP_SUCCESS)
		return error_set(err, ERROR_CONFIG, "cannot prepare TLS: is the CA file '%s' one?", ca ? ca : "(the system's)");
	if (!conf->directory.starttls || is_over(conf, "ldaps://"))
		return 0;
	rc = ldap_start_tls_s(ld, NULL, NULL);
	return rc == LDAP_SUCCESS ? 0 : directory_refused(ld, conf, rc, "cannot start TLS", err);
}

static int bind_simple(struct arena *mem, LDAP *ld, const struct conf *conf, struct error *err)
{
	struct berval password = { 0, NULL };
	size_t len = 0;
	int rc;

	if (!is_secret(conf))
		return error_set(err, ERROR_CONFIG, "'%s': a password is only sent over TLS: use ldaps:// or starttls = true",
				 conf->directory.source);
	if (!conf->directory.password_file)
		return error_set(err, ERROR_CONFIG, "directory.bind-dn needs directory.password-file");
	if (file_secret(mem, conf->directory.password_file, &password.bv_val, &len, err) < 0)
		return -1;
	if (len == 0)                   /* RFC 4513 5.1.2: that would be an anonymous bind, and succeed */
		return error_set(err, ERROR_CONFIG, "the password file of directory.bind-dn is empty");
	password.bv_len = len;
	rc = ldap_sasl_bind_s(ld, conf->directory.bind_dn, LDAP_SASL_SIMPLE, &password, NULL, NULL, NULL);
	explicit_bzero(password.bv_val, len);
	return rc == LDAP_SUCCESS ? 0 : directory_refused(ld, conf, rc, "cannot bind", err);
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
static int bind_gssapi(LDAP *ld, const struct conf *conf, struct error *err)
{
	bool tls = is_secret(conf) && !is_over(conf, "ldapi://");
	ber_len_t least = is_secret(conf) ? 0 : 56, most = tls ? 0 : 256;
	int rc;

	if (conf->directory.keytab) {
		setenv("KRB5_CLIENT_KTNAME", conf->directory.keytab, 1);
		setenv("KRB5CCNAME", "MEMORY:behov", 1);
	}
	ldap_set_option(ld, LDAP_OPT_X_SASL_SSF_MIN, &least);
	ldap_set_option(ld, LDAP_OPT_X_SASL_SSF_MAX, &most);
	rc = ldap_sasl_interactive_bind_s(ld, NULL, "GSSAPI", NULL, NULL, LDAP_SASL_QUIET, silent, NULL);
	return rc == LDAP_SUCCESS ? 0 : directory_refused(ld, conf, rc, "cannot bind with Kerberos", err);
}

int directory_open(struct arena *mem, const struct conf *conf, LDAP **out, struct error *err)
{
	int version = LDAP_VERSION3, timeout = conf->directory.timeout, rc;
	struct timeval wait = { .tv_sec = timeout > 0 ? timeout : 60 };
	LDAP *ld = NULL;

	*out = NULL;
	if (ldap_initialize(&ld, conf->directory.source) != LDAP_SUCCESS)
		return error_set(err, ERROR_CONFIG, "'%s' is not the address of a directory", conf->directory.source);
	ldap_set_option(ld, LDAP_OPT_PROTOCOL_VERSION, &version);
	ldap_set_option(ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
	ldap_set_option(ld, LDAP_OPT_NETWORK_TIMEOUT, &wait);
	ldap_set_option(ld, LDAP_OPT_TIMEOUT, &wait);
	ldap_set_option(ld, LDAP_OPT_X_SASL_NOCANON, LDAP_OPT_ON);
	rc = secure(ld, conf, err);
	if (rc == 0 && conf->directory.gssapi)
		rc = bind_gssapi(ld, conf, err);
	else if (rc == 0 && conf->directory.bind_dn)
		rc = bind_simple(mem, ld, conf, err);
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
