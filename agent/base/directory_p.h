/* SPDX-License-Identifier: GPL-3.0-or-later */
/* directory_p.h - what the files of a connection share: one try at one server, and where servers are to be found. */
#ifndef BEHOV_DIRECTORY_P_H
#define BEHOV_DIRECTORY_P_H

#include <behov/directory.h>

#include <pthread.h>

/* Ends a connection that takes longer than it may. */
struct watch { pthread_mutex_t lock; pthread_cond_t over; pthread_t thread; struct timespec until; int fd; bool ended, late; };
int watch_start(struct watch *w, int seconds, struct error *err);
void watch_socket(struct watch *w, int fd);
bool watch_end(struct watch *w);        /* true: it was too late, and the connection is ended */

struct visit {
	struct arena *mem;              /* lives as long as the connection */
	const struct directory *directory;
	const char *address;            /* "ldaps://dc1.kalmar.example" */
	const char *who, *password;     /* somebody who says that they are `who`; NULL = we, as conf says */
	struct watch *watch;            /* over all that is asked of it; NULL = over its opening */
	LDAP *ld;
	int code;                       /* what went wrong, in LDAP's numbers; LDAP_SUCCESS: it never came to asking */
};

/* libldap starts libsasl2 without its plugins: only before it has started it. */
void visit_leave_plugins(void);
/* Connects, demands TLS and binds.  -1: v->ld is closed. */
int visit_open(struct visit *v, struct error *err);
/* As directory_refused(); keeps the code. */
int visit_refused(struct visit *v, int code, const char *what, struct error *err);

/* The addresses to try, in that order. */
int directory_addresses(struct arena *mem, const struct directory *directory, const char ***out, int *count,
			struct error *err);

#endif
