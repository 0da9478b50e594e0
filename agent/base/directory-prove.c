/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * directory-prove.c - is it they?  Somebody's name and password, tried at the directory, and then who that was.
 *
 * A name may lead to somebody else by now, and AD takes a name in many forms, some of which people write themselves.  So a bind
 * that succeeds says that the password belongs to somebody; who that is, is asked over the same connection.
 */
#include "directory_p.h"

#include <behov/identity.h>
#include <behov/log.h>
#include <behov/text.h>

#include <ctype.h>

#define SERVERS_MOST 2                  /* somebody waits */
#define SECONDS_MOST 5                  /* at one of them, from the first byte to the last answer */

void directory_prepare(void)
{
	int version = LDAP_VERSION3;

	setenv("LDAPNOINIT", "1", 1);
	visit_leave_plugins();          /* whatever conf says of our own account: it is not we who sign in */
	ldap_set_option(NULL, LDAP_OPT_PROTOCOL_VERSION, &version);
}

/* ------------------------------------------------------------------ under which name */

/* The account name where the pattern says; NULL when it holds what would make another name of it. */
static const char *by_pattern(struct arena *mem, const char *pattern, const char *name)
{
	const char *at = strstr(pattern, "%s");
	bool dn = strchr(pattern, '=') != NULL;
	struct text out;
	const char *all;

	if (!at || !*name || (!dn && strpbrk(name, "@\\/\"[]:;|=+*?<>,{}")))
		return NULL;
	text_open(&out, 1000);
	text_bytes(&out, pattern, (size_t)(at - pattern));
	for (const unsigned char *c = (const unsigned char *)name; *c; c++) {
		if (dn && !isalnum(*c))         /* RFC 4514 2.4 */
			text_print(&out, "\\%02x", *c);
		else
			text_char(&out, (char)*c);
	}
	text_add(&out, at + 2);
	all = out.full ? NULL : arena_text(mem, out.data);
	text_close(&out);
	return all;
}

/* ------------------------------------------------------------------ who was that? */

static bool is_guid(const char *key)
{
	char guid[GUID_MOST];

	return strlen(key) == 36 && guid_text(key, 36, guid);
}

static bool is_sid(const char *key) { return strncmp(key, "S-1-", 4) == 0; }

/* One attribute of one entry.  *out NULL: no such entry, or it shows no such thing. */
static int read_values(struct visit *v, const char *dn, const char *attribute, struct berval ***out, struct error *err)
{
	char *attributes[] = { (char *)(uintptr_t)attribute, NULL };
	struct timeval wait = { .tv_sec = v->directory->timeout };
	LDAPMessage *answer = NULL, *entry;
	int rc = ldap_search_ext_s(v->ld, dn, LDAP_SCOPE_BASE, "(objectClass=*)", attributes, 0, NULL, NULL, &wait, 1, &answer);

	*out = NULL;
	entry = rc == LDAP_SUCCESS ? ldap_first_entry(v->ld, answer) : NULL;
	if (entry)
		*out = ldap_get_values_len(v->ld, entry, attribute);
	ldap_msgfree(answer);
	if (LDAP_API_ERROR(rc))
		return visit_refused(v, rc, "cannot ask who that was", err);
	return 0;
}

/* The DN that the server knows them by (RFC 4532), or NULL: AD says "u:KALMAR\anna", Samba does not know the question.  What is
 * empty is nobody. */
static int who_am_i(struct visit *v, const char **dn, struct error *err)
{
	struct berval *said = NULL;
	int rc = ldap_whoami_s(v->ld, &said, NULL, NULL);

	*dn = NULL;
	if (rc == LDAP_SUCCESS && said && said->bv_len > 3 && strncmp(said->bv_val, "dn:", 3) == 0)
		*dn = arena_copy(v->mem, said->bv_val + 3, said->bv_len - 3);
	ber_bvfree(said);
	return LDAP_API_ERROR(rc) ? visit_refused(v, rc, "cannot ask who that was", err) : 0;
}

static int same_entry(struct visit *v, const char *dn, const char *key, bool *same, struct error *err)
{
	const char *attribute = v->directory->schema == SCHEMA_AD ? "objectGUID" : "entryUUID", *spelled = dn_key(v->mem, dn);
	struct berval **values;
	char guid[GUID_MOST];

	*same = spelled && strcmp(spelled, key) == 0;
	if (*same || !is_guid(key))
		return 0;
	if (read_values(v, dn, attribute, &values, err) < 0)
		return -1;
	*same = values && values[0] && guid_text(values[0]->bv_val, values[0]->bv_len, guid) && strcmp(guid, key) == 0;
	ldap_value_free_len(values);
	return 0;
}

/* AD: the token of whoever is bound holds their SID, and the SID of an objectGUID can be looked up. */
static int same_token(struct visit *v, const char *key, bool *same, struct error *err)
{
	struct berval **values, **token;
	char sid[SID_MOST] = "", one[SID_MOST];

	if (is_sid(key))
		snprintf(sid, sizeof(sid), "%s", key);
	if (is_guid(key)) {
		if (read_values(v, arena_print(v->mem, "<GUID=%s>", key), "objectSid", &values, err) < 0)
			return -1;
		if (!values || !values[0] || !sid_text(values[0]->bv_val, values[0]->bv_len, sid))
			sid[0] = '\0';
		ldap_value_free_len(values);
	}
	if (!sid[0])
		return 0;
	if (read_values(v, "", "tokenGroups", &token, err) < 0)
		return -1;
	for (int i = 0; token && token[i]; i++)
		*same |= sid_text(token[i]->bv_val, token[i]->bv_len, one) && strcmp(one, sid) == 0;
	ldap_value_free_len(token);
	return 0;
}

static int is_them(struct visit *v, const struct claim *claim, bool *same, struct error *err)
{
	const char *dn;

	*same = false;
	if (who_am_i(v, &dn, err) < 0)
		return -1;
	if (dn)
		return same_entry(v, dn, claim->key, same, err);
	return v->directory->schema == SCHEMA_AD ? same_token(v, claim->key, same, err) : 0;
}

/* ------------------------------------------------------------------ one server, then another */

static bool is_refusal(int code)
{
	return code == LDAP_INVALID_CREDENTIALS || code == LDAP_INAPPROPRIATE_AUTH || code == LDAP_NO_SUCH_OBJECT ||
	       code == LDAP_INVALID_DN_SYNTAX || code == LDAP_CONSTRAINT_VIOLATION || code == LDAP_INSUFFICIENT_ACCESS;
}

static int ask(struct visit *v, const struct claim *claim, enum claim_answer *out, struct error *err)
{
	bool same = false;
	int rc;

	if (visit_open(v, err) < 0) {
		*out = CLAIM_FALSE;
		return is_refusal(v->code) ? 0 : -1;
	}
	rc = is_them(v, claim, &same, err);
	if (rc == 0 && !same)
		error_set(err, ERROR_SOURCE, "'%s': the password is right, but nothing there says that it is of '%s'", v->address,
			  claim->key);
	directory_close(v->ld);
	*out = same ? CLAIM_TRUE : CLAIM_OTHER;
	return rc;
}

static int ask_in_time(struct visit *v, const struct claim *claim, enum claim_answer *out, struct error *err)
{
	struct watch watch;
	int rc;

	if (watch_start(&watch, SECONDS_MOST, err) < 0)
		return -1;
	v->watch = &watch;
	rc = ask(v, claim, out, err);
	watch_end(&watch);
	return rc;
}

int directory_prove(struct arena *mem, const struct directory *d, const struct claim *claim, enum claim_answer *out,
		    struct error *err)
{
	struct visit v = { .mem = mem, .directory = d, .who = by_pattern(mem, claim->pattern, claim->name), .password = claim->password };
	const char **addresses;
	int count, rc = -1;

	*out = CLAIM_FALSE;
	if (!*claim->password)
		return error_set(err, ERROR_USAGE, "an empty password proves nothing");
	if (!v.who) {
		error_set(err, ERROR_CONFIG, "an account name '%s' cannot stand in '%s'", claim->name, claim->pattern);
		return 0;
	}
	if (directory_addresses(mem, d, &addresses, &count, err) < 0)
		return -1;
	for (int i = 0; i < count && i < SERVERS_MOST && rc < 0; i++) {
		if (i)
			log_warn("directory server does not answer: %s", err->text);
		*err = (struct error){ 0 };
		v.address = addresses[i];
		rc = ask_in_time(&v, claim, out, err);
	}
	return rc;
}
