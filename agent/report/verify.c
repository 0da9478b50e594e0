/* SPDX-License-Identifier: GPL-3.0-or-later */
/* verify.c - is a file a report as it was made?  The chain knows the digest of each. */
#include "report_p.h"
#include "behov/document.h"
#include "behov/digest.h"

struct search { struct arena *mem; struct report_check *out; };

static void
take_row(struct search *s, const struct audit_row *row, const json_t *payload, const json_t *one)
{
	struct report_check *out = s->out;

	*out = (struct report_check){
		.file = out->file, .digest = out->digest, .disposed = out->disposed,
		.found = digest_equal(json_text(one, "digest"), out->digest),
		.row = row->seq, .at = arena_text(s->mem, row->at), .actor = arena_text(s->mem, row->actor),
		.format = arena_text(s->mem, json_text(one, "format")), .made_as = arena_text(s->mem, json_text(one, "file")),
		.was = arena_text(s->mem, json_text(one, "digest")), .quarter = arena_text(s->mem, json_text(payload, "quarter")),
		.night = arena_text(s->mem, json_text(payload, "last_night")), .rules = arena_text(s->mem, json_text(payload, "rules")),
		.seen = arena_text(s->mem, json_text(payload, "seen_digest")),
		.chain_head = arena_text(s->mem, json_text(payload, "chain_head")), .chain_rows = json_number(payload, "chain_rows", 0),
	};
}

/* The first row that made this very file; until there is one, the last that made one of its name.  An export is whatever somebody
 * hands us: what lacks a name or a digest was written by somebody else. */
static void
meet_file(struct search *s, const struct audit_row *row, const json_t *payload, const json_t *one)
{
	struct report_check *out = s->out;
	const char *name = json_text(one, "file"), *digest = json_text(one, "digest");
	bool same = digest_equal(digest, out->digest);

	if (!name || !digest)
		return;
	if (!out->found && (same || strcmp(name, file_name(out->file)) == 0))
		take_row(s, row, payload, one);
	else if (out->found && !same && strcmp(name, out->made_as) == 0) {
		out->later = row->seq;
		out->later_at = arena_text(s->mem, row->at);
	}
}

static int
meet_row(void *self, const struct audit_row *row, struct error *err)
{
	struct search *s = self;
	json_t *payload = NULL;
	const json_t *one;
	size_t i;

	if (strcmp(row->event, REPORT_MADE) != 0)
		return 0;
	if (!row->payload) {
		s->out->disposed++;
		return 0;
	}
	if (json_read(row->payload, strlen(row->payload), &payload, err) < 0)
		return error_in(err, "row %lld of the chain", row->seq);
	json_array_foreach(json_object_get(payload, "files"), i, one)
		meet_file(s, row, payload, one);
	json_decref(payload);
	return 0;
}

int
report_verify(struct arena *mem, struct store *store, const char *export, const struct seals *seals, const char *path, struct report_check *out,
	      struct error *err)
{
	struct search s = { mem, out };
	struct audit_result chain;

	*out = (struct report_check){ .file = path };
	if (file_digest(mem, path, &out->digest, err) < 0)
		return -1;
	if (store ? audit_verify(mem, store, seals, &chain, err) < 0 || store_audit_events(store, REPORT_MADE, meet_row, &s, err) < 0
		  : audit_read_export(mem, export, seals, meet_row, &s, &chain, err) < 0)
		return -1;
	out->chain = chain;
	return 0;
}

/* ------------------------------------------------------------------ what is said of it */

json_t *
report_check_json(const struct report_check *c)
{
	json_t *o = json_object();

	json_put(o, "file", c->file);
	json_put(o, "digest", c->digest);
	json_object_set_new(o, "unaltered", json_boolean(c->found && !c->chain.broken));
	json_object_set_new(o, "row", c->row ? json_integer(c->row) : json_null());
	json_put(o, "at", c->at);
	json_put(o, "actor", c->actor);
	json_put(o, "format", c->format);
	json_put(o, "made_as", c->made_as);
	json_put(o, "was", c->was);
	json_put(o, "quarter", c->quarter);
	json_put(o, "night", c->night);
	json_put(o, "rules", c->rules);
	json_put(o, "seen_digest", c->seen);
	json_put(o, "chain_head", c->chain_head);
	put_number(o, "chain_rows", c->chain_rows);
	json_object_set_new(o, "later", c->later ? json_integer(c->later) : json_null());
	put_number(o, "disposed", c->disposed);
	put_number(o, "rows", c->chain.rows);
	put_number(o, "sealed", c->chain.sealed);
	put_number(o, "broken", c->chain.broken);
	json_put(o, "why", c->chain.why);
	return o;
}

static const char *
found_text(struct arena *mem, const struct report_check *c)
{
	const char *made_as = plain(mem, c->made_as), *out = arena_print(mem, "Filen är oförändrad: så gjordes %s %s (kedjans rad %lld, %s).\n", made_as,
									 local(mem, c->at), c->row, plain(mem, c->actor));

	if (c->later)
		out = arena_print(mem, "%sEn senare version av %s gjordes %s (rad %lld).\n", out, made_as, local(mem, c->later_at), c->later);
	return arena_print(mem, "%sDen är om %s och vilar på\n  natten  %s\n  reglerna  %s\n  kedjan till och med rad %lld, huvud  %s\n"
			   "Kedjan är hel: %lld rader, %s.\n", out, plain(mem, c->quarter), plain(mem, c->night), plain(mem, c->rules), c->chain_rows,
			   plain(mem, c->chain_head), c->chain.rows,
			   c->chain.sealed ? arena_print(mem, "undertecknad till och med rad %lld", c->chain.sealed)
					   : "inte prövad mot undertecknade huvuden");
}

static const char *
lost_text(struct arena *mem, const struct report_check *c)
{
	const char *out;

	if (c->row)
		out = arena_print(mem, "Filen är inte som den gjordes: rad %lld (%s) gjorde %s med SHA-256\n  %s\noch den här har\n  %s\n"
				  "Ta den ur diariet, eller gör om den: behov report quarter %s\n", c->row, local(mem, c->at),
				  plain(mem, c->made_as), plain(mem, c->was), c->digest, c->quarter ? plain(mem, c->quarter) : "KVARTAL");
	else
		out = arena_print(mem, "Kedjan vet inte av någon sådan fil: den är ändrad, eller gjord någon annanstans. SHA-256\n  %s\n"
				  "Hör den till en annan kedja, pröva den mot en export därifrån: behov report verify FIL EXPORT\n", c->digest);
	if (c->disposed)
		out = arena_print(mem, "%sVad %lld av kedjans rader om rapporter sa är gallrat: filen kan ha stått där.\n", out, c->disposed);
	return out;
}

const char *
report_check_text(struct arena *mem, const struct report_check *c)
{
	if (c->chain.broken)
		return arena_print(mem, "Kedjan är bruten vid rad %lld: %s\nDå bevisar den inget om filen. Pröva mot en export från före det: "
				   "behov report verify FIL EXPORT\n", c->chain.broken, c->chain.why);
	return c->found ? found_text(mem, c) : lost_text(mem, c);
}

int
report_check_judge(const struct report_check *c, struct error *err)
{
	if (c->chain.broken)
		return error_set(err, ERROR_STORE, "the audit chain does not verify at row %lld: %s", c->chain.broken, c->chain.why);
	if (c->found)
		return 0;
	if (c->row)
		return error_set(err, ERROR_SOURCE, "'%s' is not as row %lld of the chain made '%s'", c->file, c->row, c->made_as);
	return error_set(err, ERROR_SOURCE, "the chain knows of no such file as '%s'", c->file);
}
