/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * directory.h - a connection to one of conf's directories: TLS demanded, bound as conf says.
 *
 * In:      struct directory: source ("ldaps://…", "ldap://…", "ldapi://…", several of them, or "domain:…"), ca_file, starttls,
 *          bind_dn and password_file, or gssapi and keytab.
 * Promise: a password is sent over TLS (or a local socket) only, and is never in an error.  A server whose certificate
 *          nobody we know vouches for is not spoken to.  Referrals are not followed.  A handle has one connection in its
 *          life: when that is lost, all that is asked of it fails.  What libldap reads elsewhere changes nothing.
 *          The first server that answers is the one that this process asks from then on (directory.answered).
 * Owner:   directory_open() gives, directory_close() takes.  `mem` must live as long as the handle.
 */
#ifndef BEHOV_DIRECTORY_H
#define BEHOV_DIRECTORY_H

#include "nouns.h"
#include <ldap.h>

int directory_open(struct arena *mem, const struct directory *directory, LDAP **out, struct error *err);
void directory_close(LDAP *ld);         /* NULL is allowed */
/* Which server it is: "ldaps://dc1.kalmar.example". */
char *directory_address(struct arena *mem, LDAP *ld);
/* What the server said, with its own words where it gave any, into err (ERROR_SOURCE). */
int directory_refused(LDAP *ld, const struct directory *directory, int code, const char *what, struct error *err);

/*
 * Does that password belong to that account?  Bound as the account itself, nobody else; then asked who that is, since another
 * one may be called so by now.  No more than a few seconds, and two servers.
 */
struct claim {
	const char *name, *key;         /* of the account: as account.name and account.key */
	const char *pattern;            /* what it is bound as: "%s@kalmar.example", "uid=%s,ou=people,…" */
	const char *password;           /* borrowed; not empty, and it is for the caller to wipe */
};
enum claim_answer {
	CLAIM_TRUE,
	CLAIM_FALSE,                    /* the server refused: err says how */
	CLAIM_OTHER,                    /* let in, as somebody else, or nobody can tell: err says which */
};
/* 0 with *out; -1 when there was no answer. */
int directory_prove(struct arena *mem, const struct directory *directory, const struct claim *claim, enum claim_answer *out,
		    struct error *err);
/* For a process of several threads, before it has them: libldap sets itself up, for passwords only, and the environment stays as it
 * is then. */
void directory_prepare(void);

/* Read over LDAP, not from an export. */
bool directory_is_live(const struct directory *directory);
/* Is one, or lies below it?  Both as dn_key() gives them; NULL lies nowhere. */
bool directory_below(const char *key, const char *base);
/* The one whose base that name lies under (the longest: a child domain), or NULL. */
const struct directory *directory_of(struct arena *mem, const struct conf *conf, const char *dn);

#endif
