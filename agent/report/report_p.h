/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report_p.h - what the files of the report room share. */
#ifndef REPORT_P_H
#define REPORT_P_H

#include "behov/certificate.h"
#include "behov/json.h"
#include "behov/report.h"
#include "behov/text.h"

/* conf.work/NAME, made when it is not there. */
int report_folder(struct arena *mem, const char *work, const char *name, const char **out, struct error *err);
/* A verdict as people say it. */
extern const char *const verdict_text[];
/* A moment as people read it, null when there is none. */
void put_moment(struct arena *mem, json_t *object, const char *key, int64_t moment);
void put_day(struct arena *mem, json_t *object, const char *key, day_t day);
void put_number(json_t *object, const char *key, long long number);
/* A new empty list under a key. */
json_t *put_list(json_t *object, const char *key);
/* For a terminal, where control characters would be orders: they become '?'.  NULL gives "-". */
const char *plain(struct arena *mem, const char *text);
/* A moment of the JSON as people say it in the zone. */
const char *local(struct arena *mem, const char *moment);
/* One proposal, with who has approved this version of it. */
int proposal_row(struct arena *mem, struct store *store, const struct stored *s, bool evidence, json_t **out,
		 struct error *err);
/* What is wanted and how it is, for the JSON of the status; and as lines for a terminal, each with its last nights drawn. */
int status_goals(struct arena *mem, const struct report_input *in, json_t *out, struct error *err);
void status_goals_text(struct arena *mem, const json_t *status, struct text *t);
/* What a night's summary (JSON text, or NULL) says of what lies on the shares, a row each: name, files, size, ungoverned, held; parts (its series) and folders are rows
 * of the same kind.  Caller owns. */
json_t *stock_rows(struct arena *mem, const struct rules *rules, const char *summary);

#endif
