/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hr_p.h - what the files that read HR share: any export as one table. */
#ifndef HR_P_H
#define HR_P_H

#include "collect_p.h"
#include <behov/csv.h>

/* A file or address of conf.hr as a table with at least one row; `list` as in conf.hr.  A file that is not there, not whole
 * or only one page of it is a failure. */
int hr_read(struct arena *mem, const struct conf *conf, const char *source, const char *list, struct csv *out,
	    struct error *err);

/* A list of flat objects, or an object with that list in it, as a table: its columns are all names that stand in it. */
int hr_json(struct arena *mem, const char *name, const char *list, const char *bytes, size_t len, struct csv *out,
	    struct error *err);

enum hr_force { FORCE_ENDED, FORCE_NOW, FORCE_LATER, FORCE_UNREADABLE };
/* Empty is open. */
enum hr_force hr_force(const char *from, const char *to, day_t today);

#endif
