/* SPDX-License-Identifier: GPL-3.0-or-later */
/* audit.c - links rows into the chain, and walks it again to see that nothing was changed. */
#include "audit_p.h"
#include "behov/clock.h"
#include "behov/digest.h"
#include "behov/json.h"

#define SALT 16

/* ------------------------------------------------------------------ what is hashed */

static void
hex_of(struct hashing *h, char out[65])
{
	static const char hex[] = "0123456789abcdef";
	unsigned char sum[DIGEST_SIZE];

	digest_each(h->digest, h->line.data, h->line.len, sum);
	for (size_t i = 0; i < DIGEST_SIZE; i++) {
		out[2 * i] = hex[sum[i] >> 4];
		out[2 * i + 1] = hex[sum[i] & 15];
	}
	out[64] = '\0';
}

static void
payload_digest(struct hashing *h, const char *salt, const char *payload, char out[65])
{
	h->line.len = 0;
	text_add(&h->line, salt);
	text_add(&h->line, payload);
	hex_of(h, out);
}

static void
put_member(struct text *line, const char *name, const char *value)
{
	text_add(line, line->len ? ",\"" : "{\"");
	text_add(line, name);
	text_add(line, "\":");
	if (value)
		json_put_text(line, value, strlen(value));
	else
		text_add(line, "null");
}

/* The canonical JSON, its keys sorted, written as it comes: a chain has millions of rows. */
static void
row_hash(struct hashing *h, const struct audit_row *row, char out[65])
{
	struct text *line = &h->line;

	line->len = 0;
	put_member(line, "actor", row->actor);
	put_member(line, "at", row->at);
	put_member(line, "event", row->event);
	put_member(line, "payload", row->payload_digest);
	put_member(line, "prev", row->prev);
	text_print(line, ",\"seq\":%lld}", row->seq);
	hex_of(h, out);
}

static void
hashing_open(struct hashing *h)
{
	text_open(&h->line, SIZE_MAX / 2);
	h->digest = digest_open();
}

static void
hashing_close(struct hashing *h)
{
	unsigned char sum[DIGEST_SIZE];

	text_close(&h->line);
	digest_close(h->digest, sum);
}

/* ------------------------------------------------------------------ adding */

int
audit_add(struct store *store, int64_t now, const char *actor, const char *event, const json_t *payload,
	  struct error *err)
{
	struct arena *mem = arena_open();
	unsigned char salt[SALT];
	char hash[65], digest[65];
	struct audit_row last, row;
	struct hashing h;
	int rc = store_audit_last(mem, store, &last, err);

	hashing_open(&h);
	if (rc == 0) {
		row = (struct audit_row){ .seq = last.seq + 1, .at = clock_text(mem, now), .actor = actor, .event = event,
					  .prev = last.seq ? last.hash : AUDIT_NONE, .hash = hash };
		if (payload) {
			digest_random(salt, sizeof(salt));
			row.salt = digest_hex(mem, salt, sizeof(salt));
			row.payload = json_canonical(mem, payload);
			payload_digest(&h, row.salt, row.payload, digest);
			row.payload_digest = digest;
		}
		row_hash(&h, &row, hash);
		rc = store_audit_add(store, &row, err);
	}
	hashing_close(&h);
	arena_close(mem);
	return rc < 0 ? error_in(err, "adding '%s' to the audit chain", event) : 0;
}

/* ------------------------------------------------------------------ walking */

/* Heads of an epoch that has ended say nothing about the chain as it was taken over. */
static const struct seal *
next_head(struct walk *w)
{
	for (; w->seals && w->next < w->seals->list.count; w->next++) {
		const struct seal *s = &w->seals->list.items[w->next];

		if (s->epoch == w->seals->epoch && (s->kind == SEAL_HEAD || s->kind == SEAL_EPOCH))
			return s;
	}
	return NULL;
}

static void
meet_heads(struct walk *w)
{
	const struct seal *s;

	for (; (s = next_head(w)) && s->rows <= w->out->rows; w->next++) {
		if (w->out->broken)
			continue;
		if (s->rows < w->out->rows || strcmp(s->head, w->prev) != 0) {
			w->out->broken = s->rows ? s->rows : 1;
			w->out->why = arena_print(w->mem, "radens hash är inte den som undertecknades %s (nummer %lld)", s->at,
						  s->number);
		}
		w->out->sealed = w->out->broken ? w->out->sealed : s->rows;
	}
}

void
walk_open(struct walk *w, struct arena *mem, const struct seals *seals, struct audit_result *out)
{
	*out = (struct audit_result){ 0 };
	*w = (struct walk){ .mem = mem, .out = out, .seals = seals, .prev = AUDIT_NONE };
	hashing_open(&w->hashing);
	meet_heads(w);
}

static const char *
wrong(struct walk *w, const struct audit_row *row)
{
	char sum[65];

	if (row->seq != w->out->rows)
		return "en rad saknas före den";
	if (!row->actor || !row->at || !row->event || !row->prev || !row->hash)
		return "raden är inte hel";
	if (strcmp(row->prev, w->prev) != 0)
		return "den pekar inte på raden före";
	row_hash(&w->hashing, row, sum);
	if (strcmp(row->hash, sum) != 0)
		return "radens innehåll stämmer inte med dess hash";
	if (!row->payload)
		return NULL;
	if (row->salt)
		payload_digest(&w->hashing, row->salt, row->payload, sum);
	return !row->salt || !row->payload_digest || strcmp(row->payload_digest, sum) != 0
		? "radens uppgifter stämmer inte med deras hash" : NULL;
}

void
walk_row(struct walk *w, const struct audit_row *row)
{
	const char *why;

	w->out->rows++;
	why = w->out->broken ? NULL : wrong(w, row);
	if (!why && !w->out->broken && row->payload_digest && !row->payload)
		why = gone_missing(w, row);
	else if (!why && !w->out->broken)
		gone_told(w, row);
	if (why) {
		w->out->broken = w->out->rows;
		w->out->why = why;
	}
	w->out->disposed += row->payload_digest && !row->payload;
	snprintf(w->prev, sizeof(w->prev), "%s", row->hash ? row->hash : "");
	meet_heads(w);
}

void
walk_broken(struct walk *w, const char *why)
{
	if (w->out->broken)
		return;
	w->out->broken = w->out->rows + 1;
	w->out->why = arena_text(w->mem, why);
}

void
walk_close(struct walk *w)
{
	const struct seal *s = next_head(w);

	w->out->head = w->out->rows ? arena_text(w->mem, w->prev) : NULL;
	if (!w->out->broken && gone_untold(w)) {
		w->out->broken = gone_untold(w);
		w->out->why = "radens uppgifter är borta, och ingen rad efter den säger efter vilket gallringsbeslut";
	}
	if (s)
		walk_broken(w, arena_print(w->mem, "kedjan slutar här, men hade %lld rader %s (nummer %lld)", s->rows, s->at,
					   s->number));
	hashing_close(&w->hashing);
}

static int
visit(void *self, const struct audit_row *row, struct error *err)
{
	(void)err;
	walk_row(self, row);
	return 0;
}

int
audit_verify(struct arena *mem, struct store *store, const struct seals *seals, struct audit_result *out, struct error *err)
{
	struct walk walk;
	int rc;

	walk_open(&walk, mem, seals, out);
	rc = store_audit_each(store, 0, visit, &walk, err);
	walk_close(&walk);
	return rc;
}

int
audit_judge(struct arena *mem, const struct conf *conf, struct store *store, struct audit_result *out, struct error *err)
{
	struct seals seals = { 0 };
	struct error why = { 0 };
	int rc;

	if (conf->audit.heads && seals_agree(mem, conf, &seals, &why) < 0)
		seals = (struct seals){ 0 };
	rc = audit_verify(mem, store, &seals, out, err);
	out->unsealed = !conf->audit.heads ? "audit.heads är inte angivet" : why.kind ? arena_text(mem, why.text) :
			!seals.last ? "inget är undertecknat ännu" : NULL;
	return rc;
}
