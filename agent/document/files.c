/* SPDX-License-Identifier: GPL-3.0-or-later */
/* files.c - a document as files, one for each format: written beside, noted in the audit chain, put in place. */
#include "document_p.h"
#include "behov/audit.h"
#include "behov/digest.h"
#include "behov/step.h"

#define NAMES "html, pdf, xlsx, csv or json"

struct making {
	struct arena *mem;
	const struct document *document;
	int64_t at;
	const char *stem;               /* FOLDER/2026Q3 */
	struct files *out;
};

/* ------------------------------------------------------------------ the formats */

static int
put_html(const struct making *m, const struct document_list *list, const struct file_draft *draft, struct error *err)
{
	(void)list;
	return document_html(m->mem, m->document, draft->out, err);
}

static int
put_pdf(const struct making *m, const struct document_list *list, const struct file_draft *draft, struct error *err)
{
	const char *bytes;
	size_t len;

	(void)list;
	if (document_paper(m->mem, m->document, m->at, &bytes, &len, err) < 0)
		return -1;
	return fwrite(bytes, 1, len, draft->out) == len ? 0 : error_sys(err, ERROR_SOURCE, "cannot write '%s'", draft->path);
}

static int
put_book(const struct making *m, const struct document_list *list, const struct file_draft *draft, struct error *err)
{
	(void)list;
	return document_book(m->mem, m->document, m->at, draft, err);
}

static int
put_csv(const struct making *m, const struct document_list *list, const struct file_draft *draft, struct error *err)
{
	(void)m;
	return list_csv(list, true, draft->out, err);
}

static int
put_json(const struct making *m, const struct document_list *list, const struct file_draft *draft, struct error *err)
{
	(void)list;
	return document_json(m->document, draft->out, err);
}

/* each: a file for each list, and not one for all. */
static const struct output {
	const char *name, *ending;
	bool each;
	int (*put)(const struct making *m, const struct document_list *list, const struct file_draft *draft, struct error *err);
} outputs[] = {
	{ "html", ".html", false, put_html }, { "pdf", ".pdf", false, put_pdf }, { "xlsx", ".xlsx", false, put_book },
	{ "csv", ".csv", true, put_csv }, { "json", ".json", false, put_json },
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

static int
make_one(struct making *m, const struct output *o, const struct document_list *list, struct error *err)
{
	struct made *made = arena_push(m->mem, &m->out->list);
	const char *path = list ? arena_print(m->mem, "%s-%s%s", m->stem, list->id, o->ending) : arena_print(m->mem, "%s%s", m->stem, o->ending);

	*made = (struct made){ .format = o->name, .path = path };
	if (file_draft_open(&made->draft, path, err) < 0) {
		m->out->list.count--;
		return -1;
	}
	if (o->put(m, list, &made->draft, err) < 0)
		return error_in(err, "writing '%s'", path);
	if (fflush(made->draft.out) != 0)
		return error_sys(err, ERROR_SOURCE, "cannot write '%s'", path);
	return file_digest(m->mem, made->draft.temporary, &made->digest, err);
}

static int
make_all(struct making *m, unsigned formats, struct error *err)
{
	for (size_t i = 0; i < OUTPUTS; i++) {
		if (!(formats & 1u << i))
			continue;
		for (int k = 0; k < (outputs[i].each ? m->document->list_count : 1); k++)
			if (make_one(m, &outputs[i], outputs[i].each ? &m->document->lists[k] : NULL, err) < 0)
				return -1;
	}
	return 0;
}

int
files_make(struct arena *mem, const struct document *document, int64_t at, const char *stem, unsigned formats, struct files *out,
	   struct error *err)
{
	struct making m = { mem, document, at, stem, out };

	*out = (struct files){ 0 };
	if (make_all(&m, formats, err) == 0)
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

void
document_free(struct document *document)
{
	json_decref(document->page);
	if (document->stored)
		stored_free(document->stored);
	*document = (struct document){ 0 };
}
