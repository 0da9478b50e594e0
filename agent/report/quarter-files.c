/* SPDX-License-Identifier: GPL-3.0-or-later */
/* quarter-files.c - the review as a page to read and sign, and who has which role as CSV. */
#include "quarter_p.h"
#include "plot_p.h"
#include "behov/digest.h"
#include "behov/file.h"
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

/* ------------------------------------------------------------------ the list */

struct sheet { FILE *out; int count; };

static int
csv_line(void *to, const char *const *cells, struct error *err)
{
	struct sheet *s = to;
	struct text t;
	size_t wrote;

	text_open(&t, 1 << 24);
	for (int i = 0; i < s->count; i++) {
		if (i)
			text_char(&t, ';');
		csv_cell(&t, cells[i] ? cells[i] : "");
	}
	text_add(&t, "\r\n");
	wrote = fwrite(t.data, 1, t.len, s->out);
	text_close(&t);
	return wrote ? 0 : error_sys(err, ERROR_SOURCE, "cannot write the report");
}

static int
document_csv(struct arena *mem, const struct report_document *document, FILE *out, struct error *err)
{
	const struct report_list *list = &document->lists[0];
	const char **titles = arena_array(mem, const char *, (size_t)list->count);
	struct sheet s = { out, list->count };

	for (int i = 0; i < list->count; i++)
		titles[i] = list->columns[i].title;
	if (fputs("\xef\xbb\xbf", out) < 0)
		return error_sys(err, ERROR_SOURCE, "cannot write the report");
	return csv_line(&s, titles, err) < 0 ? -1 : list->rows(list->self, csv_line, &s, err);
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
file_name(struct arena *mem, const struct report_what *what)
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

static int
write_one(struct arena *mem, const struct report_document *document, const char *path,
	  int (*write)(struct arena *mem, const struct report_document *document, FILE *out, struct error *err), struct error *err)
{
	struct file_draft draft;
	int rc;

	if (file_draft_open(&draft, path, err) < 0)
		return -1;
	rc = write(mem, document, draft.out, err);
	if (rc < 0) {
		file_draft_close(&draft, false, &(struct error){ 0 });
		return -1;
	}
	return file_draft_close(&draft, true, err);
}

int
report_quarter(struct arena *mem, const struct report_input *in, const struct report_what *what, const char **html, const char **csv,
	       json_t **json, struct error *err)
{
	struct report_document document;
	const char *folder;
	int rc = -1;

	*json = NULL;
	if (report_document_quarter(mem, in, what, &document, err) < 0)
		return -1;
	if (report_folder(mem, in->rules->conf.work, "rapport", &folder, err) == 0) {
		*html = arena_print(mem, "%s/%s.html", folder, file_name(mem, what));
		*csv = arena_print(mem, "%s/%s.csv", folder, file_name(mem, what));
		if (write_one(mem, &document, *csv, document_csv, err) == 0 && write_one(mem, &document, *html, document_html, err) == 0) {
			*json = json_incref(document.page);
			rc = 0;
		}
	}
	report_document_free(&document);
	return rc;
}
