/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * template.h - a strict subset of Mustache over a jansson tree: {{x}} escaped for HTML, {{#s}}..{{/s}} for lists,
 *              objects and truth, {{^s}}..{{/s}} for their absence, {{! a note }}, {{>part}} for another template.
 *
 * Promise: names are looked up from the inner section outwards; a name that is nowhere is an error with its line, so
 *          that a misspelt name never shows as an empty mail.  null is "" and false.  {{x}} in a text template is
 *          written as it is, but control characters other than newline become '?'.  There is no raw HTML.
 *          A section tag alone on its line takes the whole line with it.
 *
 * {{#_}}Hej {{x}}!{{/_}} is a text for people, which is shown in their language: what stands between the tags, one line of
 * it, is what conf/po/ translates.  The translation may have the same tags, and no others.
 */
#ifndef BEHOV_TEMPLATE_H
#define BEHOV_TEMPLATE_H

#include "error.h"
#include "speak.h"
#include "text.h"
#include <jansson.h>

enum template_kind { TEMPLATE_TEXT, TEMPLATE_HTML };

int template_render(enum template_kind kind, const char *name, const char *source, const json_t *data,
		    struct text *out, struct error *err);
/* The same, in a language. */
int template_in(const struct language *language, enum template_kind kind, const char *name, const char *source,
		const json_t *data, struct text *out, struct error *err);
/* The text of conf/templates/NAME, which the program carries inside it; NULL when there is none. */
const char *template_source(const char *name);
/* Renders conf/templates/NAME, HTML when the name ends in ".html", else text. */
int template_named(const char *name, const json_t *data, struct text *out, struct error *err);
/* The same, in a language. */
int template_spoken(const struct language *language, const char *name, const json_t *data, struct text *out,
		    struct error *err);

#endif
