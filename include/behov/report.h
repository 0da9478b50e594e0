/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report.h - the quarter, the gallringsprotokoll, the status, the list of proposals: what people and other programs read.
 *
 * In:      the store (read only) and the rules.
 * Out:     files below conf.work, or text and JSON in the arena.
 * Promise: the same store gives the same bytes (now is printed, too); every text from outside is quoted for its place.
 */
#ifndef BEHOV_REPORT_H
#define BEHOV_REPORT_H

#include "audit.h"

struct report_input {
	const struct rules *rules;
	struct store *store;
	int64_t now;
};

/* owner: a name as the rules write it; system: an id.  At most one of them; NULL = all. */
struct report_what { const char *quarter, *owner, *system; };
/*
 * The files of a quarter, below conf.work/rapport: 2026Q3.html, .pdf, .xlsx, .json, and 2026Q3-LIST.csv for each list; of an owner or a
 * system with its name behind.  Each is written whole or not at all.  formats: report_formats().  noted: where a row of the chain says
 * what was made, with its digests; NULL = nowhere.  When that cannot be written, out->unnoted says why, and the files are put in place.
 * Caller owns out->page (what the page says).
 */
struct report_file { const char *format, *path, *digest; };
struct report_made { LIST(struct report_file) files; json_t *page; const char *unnoted; };
int report_quarter(struct arena *mem, const struct report_input *in, const struct report_what *what, unsigned formats, struct store *noted,
		   const char *actor, struct report_made *out, struct error *err);
/* "html,pdf,xlsx,csv,json", or some of them; NULL = all. */
int report_formats(const char *words, unsigned *out, struct error *err);

/* Is a file, whatever it is called now, a report as it was made?  found: the first row of the chain that made it; else the last that made one
 * of its name, row 0 = none did.  later: a row that made another of its name after it. */
struct report_check {
	const char *file, *digest;              /* as it is now */
	bool found;
	long long row, later, disposed;         /* disposed: rows about reports whose payload is gone */
	const char *at, *later_at, *actor, *format, *made_as, *was;     /* was: the digest that the row has */
	const char *quarter, *night, *rules, *seen, *chain_head;        /* what it was made of */
	long long chain_rows;
	struct audit_result chain;
};
/* Against the chain of a store, or (store NULL) an export of one; seals as for audit_verify(). */
int report_verify(struct arena *mem, struct store *store, const char *export, const struct seals *seals, const char *path, struct report_check *out,
		  struct error *err);
json_t *report_check_json(const struct report_check *check);            /* caller owns */
const char *report_check_text(struct arena *mem, const struct report_check *check);
/* 0 when it is as it was made, in a chain that is whole. */
int report_check_judge(const struct report_check *check, struct error *err);
/* The last night, what waits, gaps, findings, holds, letters that could not be sent.  Caller owns. */
int report_status(struct arena *mem, const struct report_input *in, json_t **out, struct error *err);
/* states 0 = live ones.  Caller owns. */
int report_proposals(struct arena *mem, const struct report_input *in, unsigned states, json_t **out,
		     struct error *err);
/* One proposal (id, or key: all its episodes), or all about an account: evidence, decisions, what was done, rows of the chain. */
int report_trail(struct arena *mem, const struct report_input *in, const char *what, json_t **out, struct error *err);
char *report_trail_text(struct arena *mem, const json_t *trail);
/*
 * Gallringsprotokoll: one for each batch of which files were destroyed and that has come to its end.  Issued once, with a dnr whose
 * number is the next of the year in which the last file went; issuing it is one transaction with its row of the audit chain.  Then
 * conf.work/protokoll/DNR.json, .csv (the list of files, where names may be told), .html and .pdf are put in place; those of an earlier
 * time that are not, too.  What a protocol says is taken from the store when it is issued, and never changed; when it is issued is
 * not in it, so that it is the same if we are ended in between.
 */
struct protocols_done { long long issued, written, unwritten; const char *why; };       /* why: of the first that could not be issued or written */
int report_protocols_issue(struct arena *mem, const struct report_input *in, const char *actor, struct protocols_done *out,
			   struct error *err);
/* A proposal's, by its id or dnr, or all (NULL).  Files that are gone are put in place again, and one that is not as it was issued is
 * an error.  Caller owns *out. */
int report_protocols(struct arena *mem, const struct report_input *in, const char *what, json_t **out, struct error *err);
char *report_protocols_text(struct arena *mem, const json_t *protocols);
/* Status and proposals as text for a terminal. */
char *report_status_text(struct arena *mem, const json_t *status);
char *report_proposals_text(struct arena *mem, const json_t *proposals);

#endif
