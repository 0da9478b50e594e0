/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ldap_p.h - what the files of the apply room that speak to a directory share. */
#ifndef BEHOV_APPLY_LDAP_P_H
#define BEHOV_APPLY_LDAP_P_H

#include "behov/directory.h"
#include "apply_p.h"

/* ------------------------------------------------------------------ link.c: to the server */

/*
 * One directory as it is written to.  One server answers all that is asked of it in a run: another one could still have
 * the member that this one took away.
 */
struct link {
	const struct directory *directory;
	LDAP *ld;                       /* NULL: not open */
	bool refused, lost;             /* it is not tried again in this run; its connection was lost, once */
	const char *us;                 /* what it calls us; NULL: not asked, or it has no name for us */
};

struct writer {
	struct apply *a;
	struct link *links;             /* one for each of conf's directories */
};

void writer_open(struct writer *w, struct apply *a);
void writer_close(struct writer *w);
/*
 * The directory that the name belongs to, opened when it is asked for the first time; one that could not be reached is not
 * tried again in this run.  NULL: *why for the owner, err (which may be NULL) for the operator.
 */
struct link *writer_reach(struct writer *w, const char *dn, const char **why, struct error *err);
/* A request ended with that code: when it is the connection that is gone, the same server is asked again over a new one, once. */
void link_lose(struct link *l, int code);

/* ------------------------------------------------------------------ request.c: several questions under way on one connection */

/* A search, or a change of one entry's members. */
struct request {
	struct link *link;              /* borrowed; open */
	const char *base;
	int scope, most;                /* search: LDAP_SCOPE_…, and how many entries at most */
	const char *filter;             /* search; NULL: it is a change */
	char *const *wanted;            /* search: attributes, NULL last */
	LDAPMod change;                 /* change: request_change() fills it */
	const char *step;               /* taken when it has been answered, or NULL */
	/* What comes of it. */
	bool sent;                      /* whole or in part, so that the server may have heard it; false: it has not */
	int code;                       /* LDAP_SUCCESS, what the server says, or of libldap (LDAP_API_ERROR): there is no answer */
	const char *words;              /* the code in words, and the server's own */
	LDAPMessage *answer;            /* of a search; requests_free() frees it */
	int id;
};

/* Of `group` these values of member, with LDAP_MOD_ADD or LDAP_MOD_DELETE.  There must be one: none would mean the whole list. */
void request_change(struct arena *mem, struct request *r, struct link *l, const char *group, int operation, const char *const *members,
		    size_t count);
/* The same change of one of its values. */
void request_split(struct arena *mem, const struct request *whole, size_t which, struct request *out);
/*
 * Asks them all, as many at a time as a server takes without waiting for us, and returns when each is answered or its connection
 * is lost: those that were sent by then are answered by LDAP_API_ERROR, and those that were not are not sent at all.  The answers
 * are read before requests_free(), which closes a connection that was lost: see link_lose().
 */
void requests_ask(struct arena *mem, struct request *list, size_t count);
void requests_free(struct request *list, size_t count);

/* ------------------------------------------------------------------ look.c: edges as they stand just now */

/* An edge as it stands just now. */
struct edge_now {
	const char *group, *member;     /* DNs now; NULL: not found */
	bool primary;                   /* the group is the member's primary one, which no list shows */
	bool listed;                    /* the group's member list has that value */
};

/* One edge to be looked at, among others. */
struct look {
	const struct stored *s;         /* in */
	struct link *link;              /* where the group is; NULL: cannot be reached */
	struct edge_now edge;
	const char *why;                /* it cannot be found any longer, or its directory not be asked */
	struct error trouble;           /* its directory does not answer: nothing is known of it */
	bool unknown;
};
/* likely: most of them are listed, or most of them are not; it saves questions and changes no answer. */
void look_all(struct writer *w, struct arena *mem, struct look *list, size_t count, bool likely);

/* ------------------------------------------------------------------ refusal.c: what the server says */

/* Why a removal did not happen, for its owner.  *later: it may be otherwise another time, so it stays. */
const char *refusal(struct arena *mem, struct link *l, const struct edge_now *e, int code, const char *words, bool *later);

/* ------------------------------------------------------------------ directory.c: the two that change */

/* What is taken out of one group at a time. */
struct taken { const char *member; struct proof *proof; };
/* The only function that takes memberships away: those values of that group, each proven, never the list. */
void directory_take_away(struct arena *mem, struct request *r, struct link *l, const char *group, const struct taken *these, size_t count);
/* As the journal has it: canonical JSON. */
char *directory_edge(struct apply *a, const struct link *l, const struct proposal *p, const struct edge_now *e);

#endif
