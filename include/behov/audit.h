/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * audit.h - one can always tell who did what, when: a chain of rows, each holding the hash of the one before.
 *
 * hash = SHA-256 over the RFC 8785 JSON of { actor, at, event, payload, prev, seq }, where `payload` is the hex SHA-256
 * of salt and canonical payload: so the payload can be disposed of when the law says so, and the chain still verifies.
 * `prev` of the first row is 64 zeros.
 */
#ifndef BEHOV_AUDIT_H
#define BEHOV_AUDIT_H

#include "store.h"

/* Adds a row in the current transaction.  actor: "run", "apply", an account name.  event: "proposal-opened", ….
 * payload may be NULL; it is borrowed. */
int audit_add(struct store *store, int64_t now, const char *actor, const char *event, const json_t *payload,
	      struct error *err);

struct audit_result {
	long long rows, disposed;       /* disposed: rows whose payload is gone */
	const char *head;               /* hash of the last row, NULL when there is none */
	long long broken;               /* the first seq that does not verify, 0 = none */
	const char *why;
};
int audit_verify(struct arena *mem, struct store *store, struct audit_result *out, struct error *err);

#endif
