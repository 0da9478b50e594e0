/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report_p.h - what the files of the report room share. */
#ifndef REPORT_P_H
#define REPORT_P_H

#include "behov/certificate.h"
#include "behov/report.h"
#include "behov/tell.h"

/* One proposal, with who has approved this version of it. */
int proposal_row(struct arena *mem, struct store *store, const struct stored *s, bool evidence, json_t **out,
		 struct error *err);
/* What is wanted and how it is, for the JSON of the status; and as lines for a terminal, each with its last nights drawn. */
int status_goals(struct arena *mem, const struct report_input *in, json_t *out, struct error *err);
void status_goals_text(struct arena *mem, const json_t *status, struct text *t);

/* trail.c, trail-reviews.c */
void trail_row(json_t *rows, const struct audit_row *row, json_t *payload);
/* From where it was said, and how who said it had proved who they are: Swedish. */
const char *trail_source(const json_t *decision);
const char *trail_proof(const json_t *proof);
/* "2026Q3@treserva" into `out`, when there is such a list. */
int trail_review(struct arena *mem, const struct report_input *in, const char *what, json_t *out, struct error *err);
void trail_add_lists(struct arena *mem, const json_t *review, struct text *t);
void trail_add_given(struct arena *mem, const json_t *review, struct text *t);

#endif
