/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fetch.h - one whole file from https:// or sftp:// (http:// from this machine only), or why it did not come.
 *
 * Promise: nothing but the whole answer is given: another status than 200, an answer that stops short or does not say
 *          where it ends, one that is too large or too slow, and a redirect are failures.
 *          Who answers is proved: by a certificate (ca_file, else the system's), or by a host key that stands in known_hosts.
 *          No proxy, no agent, no key of somebody's home, whatever the environment says.
 *          What an error says has no secret and no query of the address.
 */
#ifndef BEHOV_FETCH_H
#define BEHOV_FETCH_H

#include "arena.h"
#include "error.h"
#include <stdbool.h>

struct fetch {
	const char *url;
	const char *user, *password_file;       /* sftp, or HTTP Basic */
	const char *token_file;                 /* HTTP Bearer */
	const char *identity_file;              /* sftp: a private key without passphrase, instead of a password */
	const char *known_hosts;                /* sftp: demanded */
	const char *ca_file;
	const char *type;                       /* https: a body to POST, and what it is; NULL = it is asked for (GET) */
	const void *body;
	size_t body_len;
	const char *const *headers;             /* https: more of them, "Name: value", NULL last; or NULL */
	long *status;                           /* https: NULL, or where the status of the answer goes, 0 = none came: then any
						 * will do, and what it says besides is thrown away */
	int timeout;                            /* seconds, for all of it */
	size_t most;                            /* bytes */
};

bool fetch_is_url(const char *source);
/* The address without its query, for messages. */
char *fetch_shown(struct arena *mem, const char *url);
/* The bytes and a NUL after them. */
int fetch_url(struct arena *mem, const struct fetch *what, char **out, size_t *len, struct error *err);

#endif
