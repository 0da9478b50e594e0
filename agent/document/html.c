/* SPDX-License-Identifier: GPL-3.0-or-later */
/* html.c - a document as one page to read and sign. */
#include "document_p.h"
#include "behov/plot.h"
#include "behov/template.h"

#define REPORT_MOST ((size_t)256 << 20)

static void
add_plot(struct arena *mem, const struct plot *plot, struct text *t)
{
	text_add(t, "<figure>\n<figcaption><strong>");
	html_text(t, plot->title);
	text_add(t, "</strong> ");
	html_text(t, plot->says);
	text_add(t, "</figcaption>\n");
	plot_svg(mem, plot, t);
	text_add(t, "</figure>\n");
}

/* Page one and the plots, then the parts: a template has no place for markup that is not its own. */
static int
page_html(struct arena *mem, const struct document *document, struct text *t, struct error *err)
{
	if (template_named("report-quarter.html", document->page, t, err) < 0)
		return -1;
	for (int i = 0; i < document->plot_count; i++)
		add_plot(mem, &document->plots[i], t);
	return template_named("report-quarter-parts.html", document->page, t, err);
}

struct html { struct sink sink; struct arena *mem; const struct document *document; FILE *out; };

static int
finish(struct sink *sink, bool whole, struct error *err)
{
	const struct html *h = (const struct html *)sink;
	struct text t;
	int rc;

	if (!whole)
		return 0;
	text_open(&t, REPORT_MOST);
	rc = page_html(h->mem, h->document, &t, err);
	if (rc == 0 && t.full)
		rc = error_set(err, ERROR_SOURCE, "the report is too long");
	if (rc == 0 && fwrite(t.data, 1, t.len, h->out) != t.len)
		rc = error_sys(err, ERROR_SOURCE, "cannot write the report");
	text_close(&t);
	return rc;
}

struct sink *
html_sink(struct arena *mem, const struct document *document, FILE *out)
{
	struct html *h = arena_new(mem, struct html);

	*h = (struct html){ { .close = finish }, mem, document, out };
	return &h->sink;
}
