/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tell.h - what is told of the store as JSON, and the same for a terminal.
 *
 * Promise: what is not known is null, and "-" for a terminal.  Texts live in the arena given.
 */
#ifndef BEHOV_TELL_H
#define BEHOV_TELL_H

#include "json.h"
#include "nouns.h"
#include "text.h"

/* INT64_MIN and DAY_NONE: null. */
void put_moment(struct arena *mem, json_t *object, const char *key, int64_t moment);
void put_day(struct arena *mem, json_t *object, const char *key, day_t day);
void put_number(json_t *object, const char *key, long long number);
/* A new empty list under a key. */
json_t *put_list(json_t *object, const char *key);
/* For a terminal, where control characters would be orders: they become '?'.  NULL gives "-". */
const char *plain(struct arena *mem, const char *text);
/* The word that people have for one of ours; what nobody has a word for stays as it is. */
const char *worded(const char *word, const char *const *ours, const char *const *theirs, size_t count);
/* So many columns of a terminal wide and two more, though å, ä and ö are two bytes each. */
const char *in_column(struct arena *mem, const char *text, int width);
/* A moment of the JSON as people say it in the zone. */
const char *local(struct arena *mem, const char *moment);

#endif
