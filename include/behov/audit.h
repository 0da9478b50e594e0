/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * audit.h - one can always tell who did what, when: a chain of rows, each holding the hash of the one before.
 *
 * hash = SHA-256 over the RFC 8785 JSON of { actor, at, event, payload, prev, seq }, where `payload` is the hex SHA-256
 * of salt and canonical payload: so the payload can be disposed of when the law says so, and the chain still verifies, as long as a
 * later row says by which decision it went.
 * `prev` of the first row is 64 zeros.
 */
#ifndef BEHOV_AUDIT_H
#define BEHOV_AUDIT_H

#include "seal.h"
#include "store.h"

/* Adds a row in the current transaction.  actor: "run", "apply", an account name.  event: "proposal-opened", ….
 * payload may be NULL; it is borrowed. */
int audit_add(struct store *store, int64_t now, const char *actor, const char *event, const json_t *payload,
	      struct error *err);

/* So many payloads went by that decision, as a later row (OWN_DISPOSED of store.h) says. */
struct audit_disposal { const char *dnr; long long rows; };

struct audit_result {
	long long rows, disposed;       /* disposed: rows whose payload is gone */
	LIST(struct audit_disposal) disposals;  /* in order of the rows that say so; a payload that is gone without one breaks the chain */
	const char *head;               /* hash of the last row, NULL when there is none */
	long long sealed;               /* so many rows are as they were when a head was signed */
	long long broken;               /* the first seq that does not verify, 0 = none */
	const char *why;
	const char *unsealed;           /* audit_judge(): why no signed head was compared, or NULL */
};
/* Row after row; seals, where there are some: each head of their epoch is that of the chain at its row.  NULL = none. */
int audit_verify(struct arena *mem, struct store *store, const struct seals *seals, struct audit_result *out,
		 struct error *err);

/* The same against the lists that the configuration names; one that cannot be read is no failure, but told. */
int audit_judge(struct arena *mem, const struct conf *conf, struct store *store, struct audit_result *out, struct error *err);

/* ------------------------------------------------------------------ outside the store */

/*
 * JSON Lines: first { format, organisation, at }, then each row { actor, at, event, hash, payload, payload_digest, prev,
 * salt, seq }, payload null where it has been disposed of.
 */
#define AUDIT_FORMAT "behov-audit-1"
int audit_export(struct store *store, const char *organisation, int64_t now, FILE *out, struct error *err);
/* An export as audit_verify() does a store.  A line that is none is the first bad row. */
int audit_verify_export(struct arena *mem, const char *path, const struct seals *seals, struct audit_result *out,
			struct error *err);
/* The same, and each row that verifies is lent to each(); -1 from it ends the walk with its err. */
int audit_read_export(struct arena *mem, const char *path, const struct seals *seals,
		      int (*each)(void *self, const struct audit_row *row, struct error *err), void *self, struct audit_result *out,
		      struct error *err);

#endif
