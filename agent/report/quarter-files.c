/* SPDX-License-Identifier: GPL-3.0-or-later */
/* quarter-files.c - the review as a page to read and sign, and where its files go. */
#include "quarter_p.h"
#include "files_p.h"
#include "plot_p.h"
#include "behov/digest.h"
#include "behov/log.h"
#include "behov/template.h"

#include <errno.h>
#include <sys/stat.h>

#define REPORT_MOST ((size_t)256 << 20)

/* ------------------------------------------------------------------ the page */

static void
add_plot(struct arena *mem, const struct report_plot *plot, struct text *t)
{
	text_add(t, "<figure>\n<figcaption><strong>");
	html_text(t, plot->title);
	text_add(t, "</strong> ");
	html_text(t, plot->says);
	text_add(t, "</figcaption>\n");
	report_plot_svg(mem, plot, t);
	text_add(t, "</figure>\n");
}

/* Page one and the plots, then the parts: a template has no place for markup that is not its own. */
static int
page_html(struct arena *mem, const struct report_document *document, struct text *t, struct error *err)
{
	if (template_named("report-quarter.html", document->page, t, err) < 0)
		return -1;
	for (int i = 0; i < document->plot_count; i++)
		add_plot(mem, &document->plots[i], t);
	return template_named("report-quarter-parts.html", document->page, t, err);
}

int
document_html(struct arena *mem, const struct report_document *document, FILE *out, struct error *err)
{
	struct text t;
	int rc;

	text_open(&t, REPORT_MOST);
	rc = page_html(mem, document, &t, err);
	if (rc == 0 && t.full)
		rc = error_set(err, ERROR_SOURCE, "the report is too long");
	if (rc == 0 && fwrite(t.data, 1, t.len, out) != t.len)
		rc = error_sys(err, ERROR_SOURCE, "cannot write the report");
	text_close(&t);
	return rc;
}

/* ------------------------------------------------------------------ where they go */

/* Where run and apply are two accounts of one group, both write there: then both write in what is made there. */
static void
share_folder(const char *work, const char *made)
{
	struct stat st;

	if (stat(work, &st) == 0 && st.st_mode & S_IWGRP && chmod(made, st.st_mode & (S_ISGID | 0770)) < 0)
		log_warn("'%s' is for its owner alone: %s", made, strerror(errno));
}

int
report_folder(struct arena *mem, const char *work, const char *name, const char **out, struct error *err)
{
	*out = arena_print(mem, "%s/%s", work, name);
	if (mkdir(work, 0750) < 0 && errno != EEXIST)
		return error_sys(err, ERROR_SOURCE, "cannot make the folder '%s'", work);
	if (mkdir(*out, 0750) == 0)
		share_folder(work, *out);
	else if (errno != EEXIST)
		return error_sys(err, ERROR_SOURCE, "cannot make the folder '%s'", *out);
	return 0;
}

/* Names and ids may hold what a file's name may not: what is left of two that differ still differs by their digest. */
static const char *
stem_of(struct arena *mem, const struct report_what *what)
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
made_at(const struct report_document *document, const struct report_input *in)
{
	int64_t at;

	return json_text(document->page, "at") && clock_parse(json_text(document->page, "at"), &at) == 0 ? at : in->now;
}

/* Noting them is wanted, but a report that nobody could note is still one. */
static void
note(struct arena *mem, const struct report_input *in, const struct report_document *document, struct store *noted, const char *actor,
     struct files *files, const char **unnoted)
{
	struct error err = { 0 };

	if (noted && files_note(noted, document, in->now, actor, files, &err) < 0)
		*unnoted = arena_text(mem, err.text);
}

static int
write_files(struct arena *mem, const struct report_input *in, const struct report_document *document, const char *stem, unsigned formats,
	    struct store *noted, const char *actor, struct report_made *out, struct error *err)
{
	struct files files;

	if (files_make(mem, document, made_at(document, in), stem, formats, &files, err) < 0)
		return -1;
	note(mem, in, document, noted, actor, &files, &out->unnoted);
	if (files_end(&files, true, err) < 0)
		return -1;
	for (size_t i = 0; i < files.list.count; i++) {
		const struct made *made = &files.list.items[i];

		*arena_push(mem, &out->files) = (struct report_file){ made->format, made->path, made->digest };
	}
	return 0;
}

int
report_quarter(struct arena *mem, const struct report_input *in, const struct report_what *what, unsigned formats, struct store *noted,
	       const char *actor, struct report_made *out, struct error *err)
{
	struct report_document document;
	const char *folder;
	int rc = -1;

	*out = (struct report_made){ 0 };
	if (report_document_quarter(mem, in, what, &document, err) < 0)
		return -1;
	if (report_folder(mem, in->rules->conf.work, "rapport", &folder, err) == 0)
		rc = write_files(mem, in, &document, arena_print(mem, "%s/%s", folder, stem_of(mem, what)), formats, noted, actor, out, err);
	if (rc == 0)
		out->page = json_incref(document.page);
	report_document_free(&document);
	return rc;
}
