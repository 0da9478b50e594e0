/* SPDX-License-Identifier: GPL-3.0-or-later */
/* measure_p.h - what the files that measure share. */
#ifndef MEASURE_P_H
#define MEASURE_P_H

#include "behov/measure.h"

/* What apply may carry out now of those (SCHEDULED and QUARANTINED ones among them), and how many of its runs that takes. */
int backlog_count(struct arena *mem, const struct measure_input *in, const struct stored_list *all, struct measured *out, struct error *err);

#endif
