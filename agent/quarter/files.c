/* SPDX-License-Identifier: GPL-3.0-or-later */
/* files.c - a review becomes files: which, what they are called, and that the chain knows them. */
#include "quarter_p.h"
#include "behov/digest.h"
#include "behov/file.h"

/* Names and ids may hold what a file's name may not: what is left of two that differ still differs by their digest. */
static const char *
stem_of(struct arena *mem, const struct quarter_what *what)
{
	const char *scope = what->system ? what->system : what->owner;
	char *word;

	if (!scope)
		return what->quarter;
	word = arena_text(mem, scope);
	for (char *c = word; *c; c++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789.-_", *c) || (*c == '.' && c == word))
			*c = '_';
	return arena_print(mem, "%s-%s-%s%s", what->quarter, what->system ? "system" : "agare", word,
			   strcmp(word, scope) == 0 ? "" : arena_print(mem, "-%.8s", digest_text(mem, scope)));
}

/* When it is said to be made: so that the same night and rules give the same bytes. */
static int64_t
made_at(const struct document *document, const struct report_input *in)
{
	int64_t at;

	return json_text(document->page, "at") && clock_parse(json_text(document->page, "at"), &at) == 0 ? at : in->now;
}

/* Noting them is wanted, but a report that nobody could note is still one. */
static void
note(struct arena *mem, const struct report_input *in, const struct document *document, struct store *noted, const char *actor,
     struct files *files, const char **unnoted)
{
	struct error err = { 0 };

	if (noted && files_note(noted, document, in->now, actor, files, &err) < 0)
		*unnoted = arena_text(mem, err.text);
}

static int
write_files(struct arena *mem, const struct report_input *in, const struct document *document, const char *stem, unsigned formats,
	    struct store *noted, const char *actor, struct quarter_made *out, struct error *err)
{
	struct files files;

	if (files_make(mem, document, made_at(document, in), stem, formats, &files, err) < 0)
		return -1;
	note(mem, in, document, noted, actor, &files, &out->unnoted);
	if (files_end(&files, true, err) < 0)
		return -1;
	for (size_t i = 0; i < files.list.count; i++) {
		const struct made *made = &files.list.items[i];

		*arena_push(mem, &out->files) = (struct quarter_file){ made->format, made->path, made->digest };
	}
	return 0;
}

int
quarter_make(struct arena *mem, const struct report_input *in, const struct quarter_what *what, unsigned formats, struct store *noted,
	     const char *actor, struct quarter_made *out, struct error *err)
{
	struct document document;
	const char *folder;
	int rc = -1;

	*out = (struct quarter_made){ 0 };
	if (quarter_document(mem, in, what, &document, err) < 0)
		return -1;
	if (file_folder(mem, in->rules->conf.work, "rapport", &folder, err) == 0)
		rc = write_files(mem, in, &document, arena_print(mem, "%s/%s", folder, stem_of(mem, what)), formats, noted, actor, out, err);
	if (rc == 0)
		out->page = json_incref(document.page);
	document_free(&document);
	return rc;
}
