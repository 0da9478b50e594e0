/* SPDX-License-Identifier: GPL-3.0-or-later */
/* audit.c - links rows into the chain, and walks it again to see that nothing was changed. */
#include "behov/audit.h"
#include "behov/clock.h"
#include "behov/digest.h"
#include "behov/json.h"

#define SALT 16
static const char first[] = "0000000000000000000000000000000000000000000000000000000000000000";

/* SHA-256 over salt (hex) and canonical payload. */
static const char *
payload_digest(struct arena *mem, const char *salt, const char *payload)
{
	return digest_text(mem, arena_print(mem, "%s%s", salt, payload));
}

static const char *
row_hash(struct arena *mem, const struct audit_row *row)
{
	json_t *o = json_object();
	const char *hash;

	json_put(o, "actor", row->actor);
	json_put(o, "at", row->at);
	json_put(o, "event", row->event);
	json_put(o, "payload", row->payload_digest);
	json_put(o, "prev", row->prev);
	json_object_set_new(o, "seq", json_integer(row->seq));
	hash = digest_text(mem, json_canonical(mem, o));
	json_decref(o);
	return hash;
}

int
audit_add(struct store *store, int64_t now, const char *actor, const char *event, const json_t *payload,
	  struct error *err)
{
	struct arena *mem = arena_open();
	unsigned char salt[SALT];
	struct audit_row last, row;
	int rc = store_audit_last(mem, store, &last, err);

	if (rc == 0) {
		row = (struct audit_row){ .seq = last.seq + 1, .at = clock_text(mem, now), .actor = actor, .event = event,
					  .prev = last.seq ? last.hash : first };
		if (payload) {
			digest_random(salt, sizeof(salt));
			row.salt = digest_hex(mem, salt, sizeof(salt));
			row.payload = json_canonical(mem, payload);
			row.payload_digest = payload_digest(mem, row.salt, row.payload);
		}
		row.hash = row_hash(mem, &row);
		rc = store_audit_add(store, &row, err);
	}
	arena_close(mem);
	return rc < 0 ? error_in(err, "adding '%s' to the audit chain", event) : 0;
}

struct walk {
	struct arena *mem;
	struct audit_result *out;
	const char *prev;
};

static const char *
wrong(struct arena *mem, const struct walk *walk, const struct audit_row *row)
{
	if (row->seq != walk->out->rows)
		return "en rad saknas före den";
	if (strcmp(row->prev, walk->prev) != 0)
		return "den pekar inte på raden före";
	if (strcmp(row->hash, row_hash(mem, row)) != 0)
		return "radens innehåll stämmer inte med dess hash";
	if (row->payload && (!row->payload_digest || !row->salt ||
			     strcmp(row->payload_digest, payload_digest(mem, row->salt, row->payload)) != 0))
		return "radens uppgifter stämmer inte med deras hash";
	return NULL;
}

static int
visit(void *self, const struct audit_row *row, struct error *err)
{
	struct walk *walk = self;
	struct arena *mem = arena_open();
	const char *why;

	(void)err;
	walk->out->rows++;
	if (!walk->out->broken) {
		why = wrong(mem, walk, row);
		if (why) {
			walk->out->broken = row->seq;
			walk->out->why = arena_text(walk->mem, why);
		}
	}
	walk->out->disposed += row->payload_digest && !row->payload;
	walk->prev = arena_text(walk->mem, row->hash);
	walk->out->head = walk->prev;
	arena_close(mem);
	return 0;
}

int
audit_verify(struct arena *mem, struct store *store, struct audit_result *out, struct error *err)
{
	struct walk walk = { mem, out, first };

	*out = (struct audit_result){ 0 };
	return store_audit_each(store, visit, &walk, err);
}
