/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * quarter.h - the quarterly access review.
 *
 * In:      the store (read only), the rules, and whose part is asked for.
 * Out:     files below conf.work/rapport.
 * Promise: the same night and the same rules give the same bytes.  Names of people with protected identity are in no part of it.
 */
#ifndef BEHOV_QUARTER_H
#define BEHOV_QUARTER_H

#include "report.h"

/* owner: a name as the rules write it; system: an id.  At most one of them; NULL = all. */
struct quarter_what { const char *quarter, *owner, *system; };
/*
 * The files of a quarter, below conf.work/rapport: 2026Q3.html, .pdf, .xlsx, .json, and 2026Q3-LIST.csv for each list; of an owner or a
 * system with its name behind.  Each is written whole or not at all.  formats: document_formats().  noted: where a row of the chain says
 * what was made, with its digests; NULL = nowhere.  When that cannot be written, out->unnoted says why, and the files are put in place.
 * Caller owns out->page (what the page says).
 */
struct quarter_file { const char *format, *path, *digest; };
struct quarter_made { LIST(struct quarter_file) files; json_t *page; const char *unnoted; };
int quarter_make(struct arena *mem, const struct report_input *in, const struct quarter_what *what, unsigned formats, struct store *noted,
		 const char *actor, struct quarter_made *out, struct error *err);

/*
 * The lists of the last quarter that is over are laid before their owners: one for each system of the rules that somebody had access to,
 * of the same people as the report tells of, into the store, with a row of the chain (REVIEW_LIST) for each.  Nothing is done when they
 * lie there already; when what is known of that quarter has changed, and only then, another takes the place of one.
 */
#define REVIEW_LIST "review-list"
int reviews_make(struct arena *mem, const struct report_input *in, long long *made, struct error *err);

#endif
