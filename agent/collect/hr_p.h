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

/* conf.hr.key_hash: what is joined on is an HMAC of the key. */
struct hr_secret { char *key; size_t len; int year; };
int hr_secret_open(struct arena *mem, const struct conf *conf, struct hr_secret *out, struct error *err);
/* What stands for that text, which is overwritten. */
const char *hr_hide(struct arena *mem, const struct hr_secret *secret, char *text);
/* "YYYYMMDDNNNN" from any way of writing it; false when it is none. */
bool hr_personnummer(const char *text, int year, char out[13]);

/* The tree of units of conf.hr.units.  above(): each() is told what that unit and all above it are called; false when a
 * unit on the way is not there, or there is no end.  doubts(): how many units that is so for. */
struct hr_units;
int hr_units_open(struct arena *mem, const struct conf *conf, struct hr_units **out, struct error *err);
bool hr_units_above(const struct hr_units *units, const char *id, void (*each)(void *self, const char *text), void *self);
void hr_units_doubts(const struct hr_units *units, long long *lost, long long *rounds);

enum hr_force { FORCE_ENDED, FORCE_NOW, FORCE_LATER, FORCE_UNREADABLE };
/* Empty is open. */
enum hr_force hr_force(const char *from, const char *to, day_t today);

#endif
