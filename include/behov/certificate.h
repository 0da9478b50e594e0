/* SPDX-License-Identifier: GPL-3.0-or-later */
/* certificate.h - what a night saw of each directory, as people read it; from the summary of a night (JSON text, or NULL). */
#ifndef BEHOV_CERTIFICATE_H
#define BEHOV_CERTIFICATE_H

#include "arena.h"
#include <jansson.h>

/* A row for each directory: source, base, server, seen, unseen, asked, took.  Caller owns. */
json_t *certificate_rows(struct arena *mem, const char *summary);
/* "sha256:…" over all that was read, or NULL. */
const char *certificate_digest(struct arena *mem, const char *summary);

#endif
