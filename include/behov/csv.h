/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * csv.h - reads RFC 4180 as real exports write it: BOM, ',' or ';' or TAB (found in the first line), CRLF or LF,
 *         UTF-8 (else Windows-1252 when `latin` is allowed), quotes with newlines inside.
 *
 * In:      the bytes of a whole file.
 * Out:     rows of NUL-terminated UTF-8 cells in the arena, with the line each row starts on.
 * Promise: a file that does not end in a newline, an unclosed quote, text after a closing quote, a NUL, or a row with
 *          another number of cells than the first is an error with its line: half a file is never a whole one.
 */
#ifndef BEHOV_CSV_H
#define BEHOV_CSV_H

#include "arena.h"
#include "error.h"

struct csv_row { const char **cells; int count; int line; };
struct csv { LIST(struct csv_row) rows; };      /* rows.items[0] is the header */

int csv_read(struct arena *mem, const char *name, const char *bytes, size_t len, struct csv *out, struct error *err);
/* The column of that name in the header (exact, else case-folded), or -1. */
int csv_column(const struct csv *csv, const char *name);

#endif
