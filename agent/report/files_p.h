/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * files_p.h - the files that a document becomes.
 *
 * Each is written to a temporary beside its place, then all are noted in the audit chain, then each is put in place: so a file that
 * stands there is one that the chain knows.  Killed in between, the chain knows of files that nobody has: making them again gives the
 * same bytes, and no new row.
 */
#ifndef FILES_P_H
#define FILES_P_H

#include "document_p.h"
#include "behov/file.h"

/*
 * The row's payload: { chain_head, chain_rows, files: [ { digest, file, format } ], last_night, quarter, rules, seen_digest }.
 * digest: SHA-256 of the file, hex.
 */
#define REPORT_MADE "report-made"

struct made { const char *format, *path, *digest; struct file_draft draft; bool known, ended; };        /* known: the chain had it before */
struct files { LIST(struct made) list; };

/* STEM.html, STEM-LIST.csv, …; formats: as report_formats() says.  Gives drafts, to be ended. */
int files_make(struct arena *mem, const struct report_document *document, int64_t at, const char *stem, unsigned formats, struct files *out,
	       struct error *err);
int files_note(struct store *store, const struct report_document *document, int64_t now, const char *actor, struct files *files, struct error *err);
int files_end(struct files *files, bool keep, struct error *err);

/* The hex SHA-256 of what it holds. */
int file_digest(struct arena *mem, const char *path, const char **out, struct error *err);
/* Without its folder. */
const char *file_name(const char *path);

#endif
