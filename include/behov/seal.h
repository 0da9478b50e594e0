/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * seal.h - heads of the audit chain, signed and kept outside the store: who can change the store cannot change what was
 *          said of it.
 *
 * A list of heads is a file of lines, each the RFC 8785 JSON of one statement, signed with Ed25519 (RFC 8032):
 *
 *     key     { public, proof }        what follows is signed by that key, which proves with `proof` that it is there; the
 *                                      first line, signed by itself, and each change of key, signed by the one before
 *     head    { rows, head }           the chain had so many rows, and that was the hash of the last
 *     epoch   { rows, head, by, why }  the archivist takes the chain as it is, though it is not what was said before
 *     stamp   { of, token }            RFC 3161: another's clock saw the line with that digest
 *
 * and each has kind, number (1, 2, …), at, epoch, prev (SHA-256 of the line before, 64 zeros first), key (who signs) and
 * signature, over all but itself.
 *
 * Written by:  behov-audit alone, who reads the store and writes nothing there.
 * Promise:     a store changed, cut short or put back to an older copy by anyone who has neither that key nor the place of
 *              the list is found.  Who has both, or is root, is found where an anchor lies on another machine, or by a head that
 *              a letter or a report holds.
 */
#ifndef BEHOV_SEAL_H
#define BEHOV_SEAL_H

#include "nouns.h"

struct store;
struct audit_result;

enum seal_kind { SEAL_KEY, SEAL_HEAD, SEAL_EPOCH, SEAL_STAMP };
extern const char *const seal_word[];

struct seal {
	enum seal_kind kind;
	long long number, epoch;
	const char *at, *key;
	const char *public;             /* SEAL_KEY */
	long long rows;                 /* SEAL_HEAD, SEAL_EPOCH */
	const char *head;               /* 64 zeros when there were no rows */
	const char *by, *why;           /* SEAL_EPOCH */
	const char *of, *token;         /* SEAL_STAMP: hex */
	const char *line, *digest;      /* without its newline; hex */
};

struct seals {
	LIST(struct seal) list;
	const char *key;                /* who signs the next */
	long long epoch;                /* 0 = nothing was ever sealed */
	long long stamps;
	const struct seal *last;        /* the last head or epoch, or NULL */
	const char **behind;            /* files that lack the last lines */
	int behind_count;
};

/*
 * Every line of one list: form, number, link and signature.  A file that is not there is an empty list; a last line that has
 * no end was torn by a crash and is passed over.  `first`: the key it must begin with, or NULL for any.
 */
int seals_read(struct arena *mem, const char *path, const char *first, struct seals *out, struct error *err);
/* The list in conf.audit.heads and its copies: the longest, which all others must be the beginning of. */
int seals_agree(struct arena *mem, const struct conf *conf, struct seals *out, struct error *err);
/* The stamps of a list: each is that authority's, and is about the line it names. */
int seals_stamped(const struct conf *conf, const struct seals *seals, struct error *err);

/* Does the store hold the last head?  For who is about to destroy, or to give access back: quick, and a list or copy that cannot be read is no.
 * Nothing is asked where conf.audit.heads is not written. */
int seal_check(struct arena *mem, const struct conf *conf, struct store *store, struct error *err);

struct sealed {
	const char *key;                /* who signed */
	bool born;                      /* made just now: it is to be written down */
	long long rows;
	const char *head;
	long long sent;                 /* rows that went to syslog */
	const char *unstamped;          /* why no other clock saw it, or NULL */
};
/* `behov audit seal`: the whole chain verified, its head signed and written to all lists.  A broken chain is not signed. */
int seal_now(struct arena *mem, const struct conf *conf, struct store *store, int64_t now, struct sealed *out, struct error *err);
/* `behov audit rotate`: a new key, signed for by the old, which is then forgotten. */
int seal_rotate(struct arena *mem, const struct conf *conf, int64_t now, struct sealed *out, struct error *err);
/* `behov audit epoch`: see above.  The chain must hold together in itself. */
int seal_epoch(struct arena *mem, const struct conf *conf, struct store *store, const char *by, const char *why, int64_t now,
	       struct sealed *out, struct error *err);

#endif
