/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * decide.h - an owner decides on a page; what was decided there counts when it has been verified here.
 *
 * serve reads the store, writes the inbox, sends code mails and asks a directory about passwords: nothing else.  It cannot
 * forge a decision of somebody who is not there, because a decision carries the raw token of a link, and the store knows
 * only its hash.  What it could do to those who are there stands in behov-proposals(7).
 */
#ifndef BEHOV_DECIDE_H
#define BEHOV_DECIDE_H

#include "inbox.h"
#include "store.h"

/*
 * `behov serve`: until SIGTERM.  ready: called once when the socket listens, with the port (for port 0 in conf).
 * Promise: GET and HEAD change nothing and use nothing up.  Before proof of person a page shows the organisation, how
 *          many items wait, the contact and a sign-in.
 */
int decide_serve(const struct rules *rules, void (*ready)(int port), struct error *err);

/* unread: why the inbox, or the rest of it, could not be read, or NULL.  Then an undo may lie there that nobody has seen:
 * nothing may be carried out. */
struct decide_result { long long taken, refused, approved, kept, undone; const char *unread; };
/* Verifies what lies in the inbox, in the store, each in a transaction of its own with its row in the audit chain.
 * A decision that does not hold is stored with why, and never counts. */
int decide_take(struct arena *mem, const struct rules *rules, struct store *store, int64_t now,
		struct decide_result *out, struct error *err);
/* From the command line: keep, undo, hold, or that it is done; never approve. */
int decide_by_hand(struct arena *mem, const struct rules *rules, struct store *store, const struct decision *d,
		   int64_t now, struct error *err);

#endif
