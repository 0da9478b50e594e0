/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * json.h - what we add to jansson: canonical text, and reading that refuses what is ambiguous.
 */
#ifndef BEHOV_JSON_H
#define BEHOV_JSON_H

#include "arena.h"
#include "error.h"
#include <jansson.h>
#include <stdbool.h>

struct text;

/* RFC 8785 for the values we use (no reals): sorted keys, no blanks. */
char *json_canonical(struct arena *mem, const json_t *value);
/* One text as it stands in canonical JSON, quotes and all. */
void json_put_text(struct text *out, const char *text, size_t len);
/* Is there a real in it, anywhere?  Of such there is no canonical text here. */
bool json_has_real(const json_t *value);
/* Indented, sorted keys, a newline last: for --json. */
char *json_pretty(struct arena *mem, const json_t *value);
/* Duplicate keys refused.  The caller owns *out (json_decref). */
int json_read(const char *text, size_t len, json_t **out, struct error *err);
/* A text value, or NULL when the key is missing or holds something else. */
const char *json_text(const json_t *object, const char *key);
long long json_number(const json_t *object, const char *key, long long otherwise);
/* Sets key to a text; NULL text sets null.  A text that is not UTF-8 is set as name_show() shows it. */
void json_put(json_t *object, const char *key, const char *text);

#endif
