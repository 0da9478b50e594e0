/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * protocol_p.h - what the files of the gallringsprotokoll share.
 *
 *     protocol.c  which are due, numbered and issued, in one transaction with their row of the chain; their files
 *     files.c     one walk over the files of a batch: what became of each, and the list of them
 *     formats.c   counts by kind of file
 *     body.c      what the protocol says, as JSON: all else is made from that
 *     show.c      the same in the words and the order in which people read it: sections of facts and tables
 *     pdf.c       those sections as a PDF
 */
#ifndef PROTOCOL_P_H
#define PROTOCOL_P_H

#include "behov/digest.h"
#include "behov/protocol.h"
#include "behov/tell.h"

/* ------------------------------------------------------------------ formats.c */

struct format { const char *name; long long files, bytes; };
struct formats { LIST(struct format) list; };
/* brief: for what is needed during the call. */
void format_count(struct arena *mem, struct arena *brief, struct formats *all, const struct record *r, bool names);
/* Most files first. */
void formats_sort(struct formats *all);

/* ------------------------------------------------------------------ files.c */

enum outcome { OUTCOME_GONE, OUTCOME_BACK, OUTCOME_LEFT, OUTCOME_ASIDE, OUTCOME_UNTOUCHED };
#define OUTCOMES (OUTCOME_UNTOUCHED + 1)
extern const char *const outcome_word[];        /* "destroyed", … as in the JSON */
extern const char *const outcome_text[];        /* "gallrad", … */

struct sum { long long files, bytes; };
struct span_of { int64_t first, last; };        /* INT64_MIN: never */
struct reason { enum outcome outcome; const char *why; long long files; };
struct named { long long number; const char *path; enum outcome outcome; const char *why; long links; };

/* What became of the files of a batch; the names are few, however many files it has. */
struct fates {
	struct sum all, by[OUTCOMES], linked;   /* linked: destroyed, with other names that keep the content */
	day_t oldest, newest;           /* of what was destroyed; DAY_NONE: none has a date */
	struct span_of held, held_again, aside, gone;
	struct formats formats;         /* of what was destroyed */
	LIST(struct reason) reasons;    /* of what was not */
	LIST(struct named) left, links; /* of each the first NAMED_MOST, by their place in the list */
	bool by_hand;                   /* a person did it */
	const char *list;               /* sha256 of the list of files, hex */
};
#define NAMED_MOST 100

/* names: file names may be told.  list: where the list of files is written, too; NULL = its digest only. */
int fates_read(struct arena *mem, struct store *store, const struct stored *s, bool names, FILE *list, struct fates *out,
	       struct error *err);

/* ------------------------------------------------------------------ body.c, show.c, pdf.c, protocol.c */

#define PROTOCOL_FORMAT "behov-protocol-1"

/* `p` has dnr, year and number.  Caller owns *out. */
int protocol_body(struct arena *mem, const struct report_input *in, const struct stored *s, const struct protocol *p,
		  const struct fates *fates, json_t **out, struct error *err);

/*
 * For the page and the PDF: { dnr, organisation, summary, alert, sections: [ { id, title, facts: [ { name, value } ], notes: [ { text } ],
 * tables: [ { caption, heads: [ { text, number } ], rows: [ { cells: [ { text, number } ] } ] } ] } ], signatures: [ { role, name } ] }.
 * Texts that come from outside turn no text around them.  digest: of the body.  Caller owns.
 */
json_t *protocol_show(struct arena *mem, const json_t *body, const char *digest);

/* The same as a PDF; list: where the list of files is, or NULL. */
int protocol_pdf(struct arena *mem, const json_t *shown, const json_t *body, const struct protocol *p, const char *list, const char **bytes,
		 size_t *len, struct error *err);

/* May names of files stand in it?  Not when nobody can say how the series wants its evidence. */
bool protocol_names(const struct series *series);

/* "GALLR-2027-1": what its files are called. */
const char *protocol_name(struct arena *mem, const char *dnr);

#endif
