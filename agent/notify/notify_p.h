/* SPDX-License-Identifier: GPL-3.0-or-later */
/* notify_p.h - what the files of the notify room share. */
#ifndef NOTIFY_P_H
#define NOTIFY_P_H

#include "behov/mail.h"
#include "behov/notify.h"

/* What somebody is asked about and has not answered: indices into the list of open proposals. */
struct person {
	const struct approver *who;
	LIST(size_t) waiting;
};
struct people { LIST(struct person) list; };

int people_waiting(struct arena *mem, struct store *store, const struct stored_list *open, struct people *out,
		   struct error *err);

/* Subject, text and HTML of a letter, from the store as it is now; *out.text NULL when it is about nothing any more. */
int letter_digest(struct arena *mem, const struct notify_input *in, const struct letter *letter,
		  const struct stored_list *open, struct mail *out, struct error *err);
int letter_administrator(struct arena *mem, const struct notify_input *in, const struct letter *letter,
			 const struct stored_list *asked, struct mail *out, struct error *err);

#endif
