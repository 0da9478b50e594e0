/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * powers.h - a verb gives up what it does not need, before it looks at anything that somebody else wrote.
 *
 * In:      which verb, and the configuration: what stands there is all that it will need.
 * Out:     what is in force from here on, for this process and all that it starts, until it ends.
 * How:     Landlock for files and TCP ports, seccomp for calls of the kernel, no_new_privs, and no memory for others to read.
 * Promise: what the kernel has not is told and gone without; what it has and refuses is an error.
 *
 *               files read                                   files written                           connects to
 *     plan      sources, shares, the store                   none                                    directories, HR, accounts
 *     run       sources, shares, the inbox, the heads        the store's folder, work, mail, metrics the same, and mail
 *     serve     the store                                    the inbox's folder, mail                mail, and "ldap" in web.proof
 *     apply     sources, the inbox, the heads                shares with dispose, the store's        directories, HR, accounts
 *                                                            folder, work, metrics
 *     seal      the store                                    the heads, their copies and key         audit.stamp
 *
 * A rule is about the file that had the name then: a file that is replaced while serve is at work is not seen until it is
 * started again.  Unix sockets are not files that are opened, and UDP has no rule: Landlock says nothing about them.
 */
#ifndef BEHOV_POWERS_H
#define BEHOV_POWERS_H

#include "nouns.h"

enum powers_of { POWERS_PLAN, POWERS_RUN, POWERS_SERVE, POWERS_APPLY, POWERS_SEAL };
#define POWERS_OF (POWERS_SEAL + 1)
extern const char *const powers_word[];

struct powers {
	int landlock;                   /* the ABI of this kernel; 0 = it has none, 1 = too old to be of use */
	bool files, ports, signals;     /* in force; ports: also where not every port is known, for those we listen on */
	bool any_port;                  /* Kerberos or a domain's DNS says which: all may be connected to */
	bool calls;                     /* seccomp */
	bool no_new_privs, undumpable;
	bool inbox_with_store;          /* serve may write the folder that the store lies in */
	LIST(const char *) seen, kept;  /* what may be read, and the folders that may be written to; of those that are there */
	LIST(int) to;                   /* ports that may be connected to */
};

struct powers_how {
	const char *helper;             /* a program that run and plan may start, and no other; NULL = none */
	bool look;                      /* somebody wants to know: no folder and no key is made, though the verb would, and nothing told */
};
/* Before any thread is started. */
int powers_give_up(struct arena *mem, enum powers_of who, const struct rules *rules, const struct powers_how *how, struct powers *out,
		   struct error *err);

#endif
