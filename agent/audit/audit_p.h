/* SPDX-License-Identifier: GPL-3.0-or-later */
/* audit_p.h - what the files of the room share: a walk along the chain, lines of a list, and the other clock. */
#ifndef AUDIT_P_H
#define AUDIT_P_H

#include "behov/audit.h"
#include "behov/digest.h"
#include "behov/text.h"

#define AUDIT_NONE "0000000000000000000000000000000000000000000000000000000000000000"

/* What is hashed, made anew for each row. */
struct hashing { struct text line; struct digest *digest; };

/* Rows first to last. */
struct gap_of { long long first, last; };
struct gaps_of { LIST(struct gap_of) list; };

/* A walk along a chain, wherever its rows come from. */
struct walk {
	struct arena *mem;
	struct gaps_of missing;         /* payloads that are gone, in order, and no row so far says why */
	struct audit_result *out;
	const struct seals *seals;      /* may be NULL */
	size_t next;                    /* of their heads, the first that is not met */
	char prev[65];
	struct hashing hashing;
};
void walk_open(struct walk *w, struct arena *mem, const struct seals *seals, struct audit_result *out);
void walk_row(struct walk *w, const struct audit_row *row);
/* At the row after those that were met. */
void walk_broken(struct walk *w, const char *why);
/* A chain that ends before a head that was signed is broken. */
void walk_close(struct walk *w);

/* gone.c: a payload is missing, and may be (or why not); a row says which ones went; and at the end: *first that no row tells of, 0 = none. */
const char *gone_missing(struct walk *w, const struct audit_row *row);
void gone_told(struct walk *w, const struct audit_row *row);
long long gone_untold(const struct walk *w);

/* Appended and synced, below what is there; a last line without an end is cut off first. */
int lines_append(const char *path, const char *lines, struct error *err);

/* RFC 3161, both hex: a token from conf.audit.stamp for a digest; and whether one is that authority's, for that digest. */
int stamp_ask(struct arena *mem, const struct conf *conf, const char *digest, const char **token, struct error *err);
int stamp_verify(const struct conf *conf, const char *digest, const char *token, struct error *err);
/* Before either calls OpenSSL. */
int libcrypto_open(struct error *err);

/* Copies of rows after `from` for who watches the machine: a datagram each to conf.audit.syslog. */
int syslog_rows(const struct conf *conf, struct store *store, long long from, long long *sent, struct error *err);

#endif
