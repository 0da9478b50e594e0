/* SPDX-License-Identifier: GPL-3.0-or-later */
/* files.c - a document as files, one for each format: written beside, noted in the audit chain, put in place. */
#include "document_p.h"
#include "behov/audit.h"
#include "behov/digest.h"
#include "behov/step.h"

#define NAMES "html, pdf, xlsx, csv or json"

/* ------------------------------------------------------------------ the formats */

/* outs: where it goes; of a format with `each`, one for each list. */
struct making { struct arena *mem; const struct document *document; int64_t at; };

static struct sink *
open_html(const struct making *m, FILE *const *outs, struct error *err)
{
	(void)err;
	return html_sink(m->mem, m->document, *outs);
}

static struct sink *
open_paper(const struct making *m, FILE *const *outs, struct error *err)
{
	(void)err;
	return paper_sink(m->mem, m->document, m->at, *outs);
}

static struct sink *
open_book(const struct making *m, FILE *const *outs, struct error *err)
{
	return book_sink(m->mem, m->document, m->at, BOOK_ROWS, *outs, err);
}

static struct sink *
open_csv(const struct making *m, FILE *const *outs, struct error *err)
{
	(void)err;
	return csv_sink(m->mem, outs, true);
}

static struct sink *
open_json(const struct making *m, FILE *const *outs, struct error *err)
{
	(void)err;
	return json_sink(m->mem, m->document, *outs);
}

/* each: a file for each list, and not one for all. */
static const struct output {
	const char *name, *ending;
	bool each;
	struct sink *(*open)(const struct making *m, FILE *const *outs, struct error *err);
} outputs[] = {
	{ "html", ".html", false, open_html }, { "pdf", ".pdf", false, open_paper }, { "xlsx", ".xlsx", false, open_book },
	{ "csv", ".csv", true, open_csv }, { "json", ".json", false, open_json },
};
#define OUTPUTS (sizeof(outputs) / sizeof(*outputs))

int
document_formats(const char *words, unsigned *out, struct error *err)
{
	*out = 0;
	if (!words) {
		*out = (1u << OUTPUTS) - 1;
		return 0;
	}
	while (true) {
		size_t len = strcspn(words, ","), i = 0;

		while (i < OUTPUTS && (strlen(outputs[i].name) != len || strncmp(outputs[i].name, words, len) != 0))
			i++;
		if (i == OUTPUTS)
			return error_set(err, ERROR_USAGE, "--format '%.*s' is none of " NAMES, (int)len, words);
		*out |= 1u << i;
		if (!words[len])
			return 0;
		words += len + 1;
	}
}

/* ------------------------------------------------------------------ written beside */

int
file_digest(struct arena *mem, const char *path, const char **out, struct error *err)
{
	unsigned char sum[DIGEST_SIZE], block[65536];
	struct digest *digest;
	int fd = file_open(path, err), rc = 0;
	FILE *in = fd < 0 ? NULL : fdopen(fd, "r");
	size_t len;

	if (!in)
		return -1;
	digest = digest_open();
	while ((len = fread(block, 1, sizeof(block), in)) > 0)
		digest_add(digest, block, len);
	if (ferror(in))
		rc = error_sys(err, ERROR_SOURCE, "cannot read '%s'", path);
	fclose(in);
	digest_close(digest, sum);
	*out = digest_hex(mem, sum, sizeof(sum));
	return rc;
}

/* ------------------------------------------------------------------ the lists, once for all */

static int
take_row(void *to, const char *const *cells, struct error *err)
{
	for (struct sink *const *s = to; *s; s++)
		if ((*s)->row && (*s)->row(*s, cells, err) < 0)
			return -1;
	return 0;
}

static int
fill_list(struct sink *const *sinks, const struct document_list *list, struct error *err)
{
	bool wanted = false;

	for (struct sink *const *s = sinks; *s; s++) {
		wanted |= (*s)->row != NULL;
		if ((*s)->begin && (*s)->begin(*s, list, err) < 0)
			return -1;
	}
	if (wanted && list->rows(list->self, take_row, (void *)(uintptr_t)sinks, err) < 0)
		return -1;
	for (struct sink *const *s = sinks; *s; s++)
		if ((*s)->end && (*s)->end(*s, err) < 0)
			return -1;
	return 0;
}

int
sinks_fill(struct sink *const *sinks, const struct document *document, struct error *err)
{
	int rc = 0;

	for (int i = 0; i < document->list_count && rc == 0; i++)
		if (fill_list(sinks, &document->lists[i], err) < 0)
			rc = error_in(err, "the list '%s'", document->lists[i].id);
	for (struct sink *const *s = sinks; *s; s++)
		if ((*s)->close(*s, rc == 0, err) < 0)
			rc = -1;
	return rc;
}

/* ------------------------------------------------------------------ made */

static int
draft(struct making *m, const struct output *o, const char *stem, const struct document_list *list, struct files *out, struct error *err)
{
	struct made *made = arena_push(m->mem, &out->list);

	*made = (struct made){ .format = o->name,
			       .path = list ? arena_print(m->mem, "%s-%s%s", stem, list->id, o->ending) : arena_print(m->mem, "%s%s", stem, o->ending) };
	if (file_draft_open(&made->draft, made->path, err) == 0)
		return 0;
	out->list.count--;
	return -1;
}

static int
draft_all(struct making *m, unsigned formats, const char *stem, struct files *out, struct error *err)
{
	for (size_t i = 0; i < OUTPUTS; i++)
		for (int k = 0; formats & 1u << i && k < (outputs[i].each ? m->document->list_count : 1); k++)
			if (draft(m, &outputs[i], stem, outputs[i].each ? &m->document->lists[k] : NULL, out, err) < 0)
				return -1;
	return 0;
}

/* Into the drafts, which stand in the order of their formats. */
static int
write_all(struct making *m, unsigned formats, const struct files *files, struct error *err)
{
	FILE **outs = arena_array(m->mem, FILE *, files->list.count + 1);
	struct sink *sinks[OUTPUTS + 1] = { NULL };
	size_t count = 0;

	for (size_t i = 0; i < files->list.count; i++)
		outs[i] = files->list.items[i].draft.out;
	for (size_t i = 0; i < OUTPUTS; i++) {
		if (!(formats & 1u << i))
			continue;
		sinks[count] = outputs[i].open(m, outs, err);
		if (!sinks[count++]) {
			for (size_t k = 0; k + 1 < count; k++)
				sinks[k]->close(sinks[k], false, NULL);
			return -1;
		}
		outs += outputs[i].each ? m->document->list_count : 1;
	}
	return sinks_fill(sinks, m->document, err);
}

static int
digest_all(struct making *m, struct files *files, struct error *err)
{
	for (size_t i = 0; i < files->list.count; i++) {
		struct made *made = &files->list.items[i];

		if (fflush(made->draft.out) != 0)
			return error_sys(err, ERROR_SOURCE, "cannot write '%s'", made->path);
		if (file_digest(m->mem, made->draft.temporary, &made->digest, err) < 0)
			return -1;
	}
	return 0;
}

int
files_make(struct arena *mem, const struct document *document, int64_t at, const char *stem, unsigned formats, struct files *out,
	   struct error *err)
{
	struct making m = { mem, document, at };

	*out = (struct files){ 0 };
	if (strrchr(stem, '/'))
		file_drafts_sweep(arena_copy(mem, stem, (size_t)(strrchr(stem, '/') - stem)));
	if (draft_all(&m, formats, stem, out, err) == 0 &&
	    (write_all(&m, formats, out, err) < 0 ? error_in(err, "writing '%s'", stem) : digest_all(&m, out, err)) == 0)
		return 0;
	files_end(out, false, NULL);
	return -1;
}

int
files_end(struct files *files, bool keep, struct error *err)
{
	int rc = 0;

	if (keep)
		step("report");
	for (size_t i = 0; i < files->list.count; i++) {
		struct made *made = &files->list.items[i];

		if (!made->ended && file_draft_close(&made->draft, keep && rc == 0, err) < 0)
			rc = -1;
		made->ended = true;
		if (keep)
			step("report");
	}
	return rc;
}

/* ------------------------------------------------------------------ noted in the chain */

const char *
file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Is it in a row of before, with the same name? */
static int
meet_row(void *self, const struct audit_row *row, struct error *err)
{
	struct files *files = self;
	json_t *payload = NULL;
	const json_t *one;
	size_t i;

	if (!row->payload || json_read(row->payload, strlen(row->payload), &payload, err) < 0)
		return row->payload ? -1 : 0;
	json_array_foreach(json_object_get(payload, "files"), i, one)
		for (size_t k = 0; k < files->list.count; k++) {
			struct made *made = &files->list.items[k];

			made->known |= digest_equal(json_text(one, "digest"), made->digest) &&
				       strcmp(json_text(one, "file") ? json_text(one, "file") : "", file_name(made->path)) == 0;
		}
	json_decref(payload);
	return 0;
}

static json_t *
payload_of(const struct document *document, const struct files *files)
{
	static const char *const from[] = { "quarter", "rules", "last_night", "chain_head", "seen_digest" };
	json_t *o = json_object(), *list = json_array();

	for (size_t i = 0; i < sizeof(from) / sizeof(*from); i++)
		json_put(o, from[i], json_text(document->page, from[i]));
	json_object_set(o, "chain_rows", json_object_get(document->page, "chain_rows"));
	for (size_t i = 0; i < files->list.count; i++) {
		const struct made *made = &files->list.items[i];
		json_t *one;

		if (made->known)
			continue;
		one = json_object();
		json_put(one, "digest", made->digest);
		json_put(one, "file", file_name(made->path));
		json_put(one, "format", made->format);
		json_array_append_new(list, one);
	}
	json_object_set_new(o, "files", list);
	return o;
}

int
files_note(struct store *store, const struct document *document, int64_t now, const char *actor, struct files *files, struct error *err)
{
	json_t *payload;
	int rc = -1;

	if (store_begin(store, err) < 0)
		return -1;
	if (store_audit_events(store, REPORT_MADE, meet_row, files, err) < 0) {
		store_rollback(store);
		return -1;
	}
	payload = payload_of(document, files);
	rc = json_array_size(json_object_get(payload, "files")) ? audit_add(store, now, actor, REPORT_MADE, payload, err) : 0;
	json_decref(payload);
	if (rc < 0) {
		store_rollback(store);
		return -1;
	}
	return store_commit(store, err);
}

const struct tone document_tones[TONES] = {
	[TONE_RED] = { "red", "Rött" }, [TONE_ACT] = { "act", "Behöver beslut" }, [TONE_NOTE] = { "note", "Att känna till" },
	[TONE_GOOD] = { "good", "I ordning" },
};

int
document_tone(const json_t *conclusion)
{
	const char *tone = json_text(conclusion, "tone");

	for (int i = 0; tone && i < TONES; i++)
		if (strcmp(tone, document_tones[i].id) == 0)
			return i;
	return TONE_NOTE;
}

void
document_free(struct document *document)
{
	json_decref(document->page);
	if (document->stored)
		stored_free(document->stored);
	*document = (struct document){ 0 };
}
