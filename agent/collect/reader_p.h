/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reader_p.h - a reading of a live directory: pages.c searches it, ldap.c and changes.c say for what.
 *
 *     ldap.c, changes.c ─> pages.c ┬─> ahead.c ─> answer.c        entries that are here whole, where they lie
 *                                  └─> libldap (over ahead.c)     all else
 */
#ifndef READER_P_H
#define READER_P_H

#include "collect_p.h"
#include <behov/directory.h>

#define LINES_MOST DIRECTORY_CONNECTIONS_MOST
#define LINK_TTL "1.2.840.113556.1.4.2309"      /* MS-ADTS 3.1.1.3.4.1.36 */

/* ------------------------------------------------------------------ answer.c */

/* How long a message is that begins so: *head and *body bytes.  SHORT: not yet known; ODD: it is no LDAP message. */
enum measured { MEASURED, MEASURED_SHORT, MEASURED_ODD };
enum measured answer_measure(const char *bytes, size_t len, size_t *head, size_t *body);

/* Where an entry is decoded: its lists are filled anew each time. */
struct answer { struct arena *mem; LIST(struct source_attribute) attributes; LIST(struct berval) values; };
/*
 * A whole message as the entry that it is: *entry borrows the bytes and the lists.  false: it is no answer to that question,
 * no entry, or nothing we could decode; libldap may think otherwise.
 */
bool answer_entry(struct answer *a, int id, const char *bytes, size_t len, struct source_entry *entry);
/* "member;range=0-1499" as name and options, without values. */
struct source_attribute answer_name(struct arena *mem, const struct berval *name);

/* ------------------------------------------------------------------ ahead.c */

/* What a connection has brought and nobody has read; mem lives longer than the connection. */
struct ahead;
/* On a connection that stands, and on which nothing is on its way.  NULL: it is read without. */
struct ahead *ahead_open(struct arena *mem, LDAP *ld);
/*
 * The next message, when all of it is here; false: libldap is to be asked.  The bytes are good until anything else is done
 * with the connection.  ahead_taken(): that message was read; without it libldap will read it.
 */
bool ahead_message(struct ahead *a, struct berval *out);
void ahead_taken(struct ahead *a, const struct berval *message);

/* ------------------------------------------------------------------ pages.c */

/* A group whose members came in parts: its first answer, kept until the search is over. */
struct parted { struct source_entry entry; };

struct reader {
	struct arena *mem;              /* what lives as long as the reading */
	const struct rules *rules;
	const struct directory *directory;
	LDAP *ld;                       /* the one that is asked just now */
	LDAP *lines[LINES_MOST];        /* all connections, to one server; the first is for all that is not a search of its own */
	struct ahead *ahead[LINES_MOST];
	int line_count, line_most;      /* that stand, and that the conf asks for */
	const char *service;            /* whom all must reach, when there may be several */
	long long changes;              /* how far that had come */
	char **attributes;              /* all that is read of an entry */
	struct builder *builder;
	int (*take)(struct reader *r, const struct source_entry *entry);        /* each entry that is found */
	void *self;                     /* of who takes */
	struct answer answer;           /* the entry in hand, decoded by us */
	LIST(struct source_attribute) room;     /* or by libldap: its values are libldap's */
	LIST(struct berval *) held;
	LIST(struct parted) parted;
	bool ttl;                       /* the server tells when memberships end */
	long long pages, entries, ranges;
	long long page_entries;         /* of the page in hand */
	long long empty_pages;          /* that came after each other */
	bool again;                     /* it was the connection that failed */
	struct error *err;
};

/* -1 with r->err when somebody wants us to stop. */
int reader_stopped(struct reader *r);
/* Everything below the base that the filter lets through, to r->take; whole or -1. */
int reader_search(struct reader *r, const char *filter, char **attributes);
/* One connection more for a full reading, when more are asked for. */
void reader_more(struct reader *r);
/* One entry again, some attributes of it.  *out NULL when it is not there any more. */
int reader_ask(struct reader *r, const char *dn, char **wanted, LDAPMessage **out);
/* The entry as it stands in the answer: until reader_release(), and as long as the answer lives. */
int reader_open(struct reader *r, LDAPMessage *message, struct source_entry *entry);
void reader_release(struct reader *r);
/* An attribute of an entry, a part of its values or all of them; NULL when it is not there. */
const struct source_attribute *entry_find(const struct source_entry *entry, const char *name, bool range);
/* A copy that lives in mem. */
void entry_keep(struct arena *mem, const struct source_entry *from, struct source_entry *to);

/* ------------------------------------------------------------------ changes.c */

/* What the server is, and how far it has come, before it is read. */
struct position { const char *service, *invocation, *usn; };
/*
 * Nights in between: what has changed since the last full reading, and from our own copy what has not.  *done: that was
 * enough; false: everything must be read.  The copy is `path`.
 */
int changes_read(struct reader *r, const char *path, const struct position *now, bool *done);
/* While everything is read: what is handed on is written down, for the next nights.  changes_keep(): it was whole. */
struct copy;
struct copy *changes_open(struct reader *r, const char *path, const struct position *now, int64_t full);
void changes_write(struct copy *copy, const struct source_entry *entry);
void changes_keep(struct copy *copy);
void changes_drop(struct copy *copy);

#endif
