/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * notify.h - a letter to the one who can answer.
 *
 * In:      the store: open proposals and who is asked about them.
 * Out:     one digest per person, with a personal link; in mode "observe" only the administrators get one, without.
 * Promise: the same night twice writes each letter once.  The token of a link is HMAC(key, letter id): only its hash is
 *          stored, and a lost mail can be sent again.  Where konfidentialitet is 3 or more, or unknown, neither people
 *          nor files are named.
 */
#ifndef BEHOV_NOTIFY_H
#define BEHOV_NOTIFY_H

#include "store.h"

struct notify_input {
	const struct rules *rules;
	const struct snapshot *snapshot;        /* for administrators' addresses; may be NULL in notify_send() */
	struct store *store;
	int64_t now;
};

/* Adds letters to the store, within the caller's transaction: to each approver with open proposals no letter has told
 * them of, or (a reminder) whose last letter about one is conf.reminder_days old or who has been passed by since, but one a
 * day at most; a link to each of them who has asked for one since the last night; a receipt to each who has decided something
 * on the page since then; and every third month to who can say when something ended where nobody has. */
int notify_compose(struct arena *mem, const struct notify_input *in, long long *letters, struct error *err);
/* "mail-refused" for each letter that the mail server has said no to again and again. */
int notify_findings(struct arena *mem, struct store *store, struct plan *plan, struct error *err);
/* Sends what is unsent.  A letter that cannot be sent keeps its problem: *unsent counts them.  It is tried next time, or, when
 * the server said no to it, after 1, 2, 4, … nights. */
int notify_send(struct arena *mem, const struct notify_input *in, long long *sent, long long *unsent, struct error *err);
/* The raw token of a letter, for the link: reads (or makes, mode 0600) conf.key_file. */
int notify_token(struct arena *mem, const struct conf *conf, const char *letter, const char **out, struct error *err);

#endif
