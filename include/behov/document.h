/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * document.h - a report before it has a format: what its page says, its lists, its plots.
 *
 * In:      the store (read only), the rules, and what is asked for.
 * Out:     a document; each format writes it as it can.
 * Owner:   texts, lists and plots live in the arena given; the page and what the lists read are the document's, until
 *          document_free().
 * Promise: the same night and the same rules give the same document.  Names of people with protected identity are in no part of it.
 *          No text is quoted for any format yet: who writes a format does that.
 */
#ifndef BEHOV_DOCUMENT_H
#define BEHOV_DOCUMENT_H

#include "file.h"
#include "json.h"
#include "plot.h"
#include "store.h"

struct document_column {
	const char *id, *title;         /* id: for programs; title: Swedish */
	enum cell { CELL_TEXT, CELL_NUMBER, CELL_DAY, CELL_MOMENT } type;
};

/*
 * A list streams: rows() calls row() for each of its rows, in the list's order, and may be called again.  cells has `count` texts, lent
 * for the call: NULL = nothing, numbers decimal digits, days YYYY-MM-DD, moments ISO 8601 with zone.  -1 from row() ends it with its err.
 */
struct document_list {
	const char *id, *title;
	const struct document_column *columns;
	int count;
	void *self;
	int (*rows)(void *self, int (*row)(void *to, const char *const *cells, struct error *err), void *to, struct error *err);
};

/*
 * page: what the HTML and the PDF say: "title", "quarter", "organisation", "dnr", "conclusions": [ { "tone": "red", "act", "good" or "note",
 * "text", "detail", "link" } ], and the sections, as conf/schema/report.schema.json has them.
 */
struct document {
	json_t *page;
	const struct document_list *lists;
	int list_count;
	const struct plot *plots;
	int plot_count;
	struct stored_list *stored;     /* what the lists read */
};

void document_free(struct document *document);

/* The tones of conclusions, the worst first, and what a group of them is called.  What has another tone goes with "note". */
enum { TONE_RED, TONE_ACT, TONE_NOTE, TONE_GOOD, TONES };
extern const struct tone { const char *id, *title; } document_tones[TONES];
int document_tone(const json_t *conclusion);

/* ------------------------------------------------------------------ its files */

/*
 * Each is written to a temporary beside its place, then all are noted in the audit chain, then each is put in place: so a file that
 * stands there is one that the chain knows.  Killed in between, the chain knows of files that nobody has: making them again gives the
 * same bytes, and no new row.
 */

/*
 * The row's payload: { chain_head, chain_rows, files: [ { digest, file, format } ], last_night, quarter, rules, seen_digest }.
 * digest: SHA-256 of the file, hex.
 */
#define REPORT_MADE "report-made"

/* "html,pdf,xlsx,csv,json", or some of them; NULL = all. */
int document_formats(const char *words, unsigned *out, struct error *err);

struct made { const char *format, *path, *digest; struct file_draft draft; bool known, ended; };        /* known: the chain had it before */
struct files { LIST(struct made) list; };

/* STEM.html, STEM-LIST.csv, …; formats: as document_formats() says.  Gives drafts, to be ended. */
int files_make(struct arena *mem, const struct document *document, int64_t at, const char *stem, unsigned formats, struct files *out,
	       struct error *err);
int files_note(struct store *store, const struct document *document, int64_t now, const char *actor, struct files *files, struct error *err);
int files_end(struct files *files, bool keep, struct error *err);

/* The hex SHA-256 of what it holds. */
int file_digest(struct arena *mem, const char *path, const char **out, struct error *err);
/* Without its folder. */
const char *file_name(const char *path);

#endif
