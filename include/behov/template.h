/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * template.h - a strict subset of Mustache over a jansson tree: {{x}} escaped for HTML, {{{x}}} as it is,
 *              {{#s}}..{{/s}} for lists, objects and truth, {{^s}}..{{/s}} for their absence, {{! a note }}.
 *
 * Promise: names are looked up from the inner section outwards; a name that is nowhere is "" ; a broken template is
 *          an error with its line.  {{x}} in a text (not HTML) template is written as it is.
 */
#ifndef BEHOV_TEMPLATE_H
#define BEHOV_TEMPLATE_H

#include "error.h"
#include "text.h"
#include <jansson.h>

enum template_kind { TEMPLATE_TEXT, TEMPLATE_HTML };

int template_render(enum template_kind kind, const char *name, const char *source, const json_t *data,
		    struct text *out, struct error *err);

#endif
