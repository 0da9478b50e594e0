/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mail.h - one message: built as RFC 5322/2045/2047, sent by SMTP through libcurl or put into a maildir.
 *
 * In:      conf.mail; texts in UTF-8.
 * Out:     multipart/alternative (text, then HTML), CRLF, lines under 998 bytes, boundaries and Message-ID made from
 *          the id, so that the same message is the same bytes; Auto-Submitted: auto-generated.
 * Promise: no CR, LF or NUL from outside reaches a header; an address with anything but one plain addr-spec is refused.
 *          Into a maildir a message is delivered exactly once (its file name is made from the id; tmp/ then link to
 *          new/; one that lies in new/ or cur/ is not written again); by SMTP at least once, with the same Message-ID.
 *          STARTTLS is demanded when conf says so, certificates are always checked, and a password is never logged.
 */
#ifndef BEHOV_MAIL_H
#define BEHOV_MAIL_H

#include "nouns.h"

struct mail {
	const char *id;                 /* [0-9a-z-]+; becomes <id@domain of from> */
	const char *to, *to_name;       /* address; name or NULL */
	const char *subject;
	const char *text, *html;        /* html may be NULL */
	int64_t date;                   /* clock_now() */
	int patience;                   /* seconds that sending may take, 0 = 120 */
	bool *refused;                  /* when sending fails: did the server say no to this message?  NULL = nobody asks */
};

/* The whole message in the arena. */
int mail_build(struct arena *mem, const struct conf *conf, const struct mail *mail, char **out, size_t *len,
	       struct error *err);
int mail_send(struct arena *mem, const struct conf *conf, const struct mail *mail, struct error *err);
/* One plain addr-spec that we dare to write to: local@domain, ASCII (or UTF-8 domain refused), at most 254 bytes. */
bool mail_address(const char *address);

#endif
