/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * protocol.h - the gallringsprotokoll.
 *
 * In:      the store, and the rules.
 * Out:     files below conf.work/protokoll, or text and JSON.
 */
#ifndef BEHOV_PROTOCOL_H
#define BEHOV_PROTOCOL_H

#include "report.h"

/*
 * Gallringsprotokoll: one for each batch of which files were destroyed and that has come to its end.  Issued once, with a dnr whose
 * number is the next of the year in which the last file went; issuing it is one transaction with its row of the audit chain.  Then
 * conf.work/protokoll/DNR.json, .csv (the list of files, where names may be told), .html and .pdf are put in place; those of an earlier
 * time that are not, too.  What a protocol says is taken from the store when it is issued, and never changed; when it is issued is
 * not in it, so that it is the same if we are ended in between.
 */
struct protocols_done { long long issued, written, unwritten; const char *why; };       /* why: of the first that could not be issued or written */
int protocols_issue(struct arena *mem, const struct report_input *in, const char *actor, struct protocols_done *out,
		    struct error *err);
/* A proposal's, by its id or dnr, or all (NULL).  Files that are gone are put in place again, and one that is not as it was issued is
 * an error.  Caller owns *out. */
int protocols_read(struct arena *mem, const struct report_input *in, const char *what, json_t **out, struct error *err);
char *protocols_text(struct arena *mem, const json_t *protocols);

#endif
