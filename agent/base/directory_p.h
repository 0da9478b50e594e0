/* SPDX-License-Identifier: GPL-3.0-or-later */
/* directory_p.h - what the files of a connection share: one try at one server, and where servers are to be found. */
#ifndef BEHOV_DIRECTORY_P_H
#define BEHOV_DIRECTORY_P_H

#include <behov/directory.h>

struct visit {
	struct arena *mem;              /* lives as long as the connection */
	const struct directory *directory;
	const char *address;            /* "ldaps://dc1.kalmar.example" */
	const char *who, *password;     /* somebody who says that they are `who`; NULL = we, as conf says */
	void (*opened)(void *self, int fd);     /* told of the socket before anything is said on it; may be NULL */
	void *self;
	LDAP *ld;
	int code;                       /* what went wrong, in LDAP's numbers; LDAP_SUCCESS: it never came to asking */
};

/* Connects, demands TLS and binds.  -1: v->ld is closed. */
int visit_open(struct visit *v, struct error *err);
/* As directory_refused(); keeps the code. */
int visit_refused(struct visit *v, int code, const char *what, struct error *err);

/* The addresses to try, in that order. */
int directory_addresses(struct arena *mem, const struct directory *directory, const char ***out, int *count,
			struct error *err);

#endif
