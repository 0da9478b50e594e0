/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * frist.h - what a dokumenthanteringsplan says of a kind of records, read without guessing.
 *
 * In:      the text of its column: "Gallras efter 2 år", "B", "GIA", "10 år efter avslutat ärende".
 * Out:     what a series would say; or why it cannot be told, in Swedish.
 * Promise: what could mean two things is refused: "bevaras i 2 år" is gallring to some and delivery to others, "minst tio år" is
 *          no leave to destroy, and "B=5 år" is delivery, never gallring.
 */
#ifndef BEHOV_FRIST_H
#define BEHOV_FRIST_H

#include "nouns.h"

struct frist {
	enum series_action action;
	struct period keep;
	enum series_clock clock;
	enum count_from count_from;
};

/* NULL, with *out filled; else why not.  `plain`: the column is of gallring alone, so that "2 år" means that. */
const char *frist_read(struct arena *mem, const char *text, bool plain, struct frist *out);

#endif
