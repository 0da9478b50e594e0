/* SPDX-License-Identifier: GPL-3.0-or-later */
/* export.c - the chain as JSON Lines, and the same walk along what somebody hands us. */
#include "audit_p.h"
#include "behov/clock.h"
#include "behov/file.h"
#include "behov/json.h"

#include <errno.h>
#include <unistd.h>

#define LINE_MOST ((size_t)64 << 20)

/* ------------------------------------------------------------------ out */

struct writing { FILE *out; struct text line; };

static void
put_member(struct text *line, const char *name, const char *value, bool json)
{
	text_print(line, "%s\"%s\":", line->len ? "," : "{", name);
	if (!value)
		text_add(line, "null");
	else if (json)
		text_add(line, value);
	else
		json_put_text(line, value, strlen(value));
}

static int
write_row(void *self, const struct audit_row *row, struct error *err)
{
	struct writing *w = self;
	struct text *line = &w->line;

	line->len = 0;
	put_member(line, "actor", row->actor, false);
	put_member(line, "at", row->at, false);
	put_member(line, "event", row->event, false);
	put_member(line, "hash", row->hash, false);
	put_member(line, "payload", row->payload, true);
	put_member(line, "payload_digest", row->payload_digest, false);
	put_member(line, "prev", row->prev, false);
	put_member(line, "salt", row->payload ? row->salt : NULL, false);
	text_print(line, ",\"seq\":%lld}\n", row->seq);
	if (fwrite(line->data, 1, line->len, w->out) != line->len)
		return error_sys(err, ERROR_SOURCE, "cannot write the export");
	return 0;
}

int
audit_export(struct store *store, const char *organisation, int64_t now, FILE *out, struct error *err)
{
	struct arena *mem = arena_open();
	struct writing w = { .out = out };
	int rc;

	text_open(&w.line, SIZE_MAX / 2);
	put_member(&w.line, "at", clock_text(mem, now), false);
	put_member(&w.line, "format", AUDIT_FORMAT, false);
	put_member(&w.line, "organisation", organisation, false);
	text_add(&w.line, "}\n");
	rc = fwrite(w.line.data, 1, w.line.len, out) == w.line.len ? store_audit_each(store, 0, write_row, &w, err)
								    : error_sys(err, ERROR_SOURCE, "cannot write the export");
	if (rc == 0 && fflush(out) != 0)
		rc = error_sys(err, ERROR_SOURCE, "cannot write the export");
	text_close(&w.line);
	arena_close(mem);
	return rc;
}

/* ------------------------------------------------------------------ in */

/* What we hash is written as we write it; a line that says the same in another way is not ours. */
static const char *
read_row(struct arena *mem, const json_t *o, struct audit_row *row)
{
	static const char *const keys[] = { "actor", "at", "event", "hash", "payload", "payload_digest", "prev", "salt", "seq" };
	const json_t *payload = json_object_get(o, "payload");

	if (!json_is_object(o) || json_object_size(o) != sizeof(keys) / sizeof(*keys))
		return "raden är inte en rad ur en kedja";
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (!json_object_get(o, keys[i]))
			return "raden är inte en rad ur en kedja";
	if (json_has_real(payload))
		return "radens uppgifter är inte skrivna som våra";
	*row = (struct audit_row){
		.seq = json_number(o, "seq", 0), .at = json_text(o, "at"), .actor = json_text(o, "actor"),
		.event = json_text(o, "event"), .payload_digest = json_text(o, "payload_digest"), .prev = json_text(o, "prev"),
		.hash = json_text(o, "hash"), .salt = json_text(o, "salt"),
		.payload = json_is_null(payload) ? NULL : json_canonical(mem, payload),
	};
	return NULL;
}

struct reader { int (*each)(void *self, const struct audit_row *row, struct error *err); void *self; };

static int
meet_line(struct walk *w, const struct reader *to, const char *line, size_t len, bool first, struct error *err)
{
	struct arena *mem = arena_open();
	struct audit_row row;
	const char *why = NULL;
	json_t *o = NULL;
	int rc = 0;

	if (json_read(line, len, &o, NULL) < 0)
		why = "raden är inte JSON";
	else if (first)
		why = json_text(o, "format") && strcmp(json_text(o, "format"), AUDIT_FORMAT) == 0 ? NULL
			: "filen börjar inte som en utförd kedja (" AUDIT_FORMAT ")";
	else
		why = read_row(mem, o, &row);
	if (why)
		walk_broken(w, why);
	else if (!first)
		walk_row(w, &row);
	if (!why && !first && !w->out->broken && to->each)
		rc = to->each(to->self, &row, err);
	json_decref(o);
	arena_close(mem);
	return rc;
}

int
audit_verify_export(struct arena *mem, const char *path, const struct seals *seals, struct audit_result *out,
		    struct error *err)
{
	return audit_read_export(mem, path, seals, NULL, NULL, out, err);
}

int
audit_read_export(struct arena *mem, const char *path, const struct seals *seals,
		  int (*each)(void *self, const struct audit_row *row, struct error *err), void *self, struct audit_result *out,
		  struct error *err)
{
	const struct reader to = { each, self };
	int fd = file_open(path, err), rc = 0;
	FILE *in = fd < 0 ? NULL : fdopen(fd, "r");
	struct walk walk;
	char *line = NULL;
	size_t room = 0;
	bool first = true;
	ssize_t n;

	if (fd >= 0 && !in) {
		error_sys(err, ERROR_SOURCE, "cannot read '%s'", path);
		close(fd);
	}
	if (!in)
		return -1;
	walk_open(&walk, mem, seals, out);
	while (rc == 0 && !out->broken && (n = getline(&line, &room, in)) > 0) {
		if (line[n - 1] != '\n' || (size_t)n > LINE_MOST)
			walk_broken(&walk, "raden är inte hel");
		else
			rc = meet_line(&walk, &to, line, (size_t)n, first, err);
		first = false;
	}
	if (ferror(in))
		rc = error_sys(err, ERROR_SOURCE, "cannot read '%s'", path);
	if (first)
		walk_broken(&walk, "filen är tom");
	walk_close(&walk);
	free(line);
	fclose(in);
	return rc;
}
