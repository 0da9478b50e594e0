/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * register.h - what the municipality has written: conf/behov.cfg and every .cfg below its rules folder.
 *
 * In:      the path of the configuration file (libconfig).  Relative paths in it are relative to it.
 * Out:     struct rules: conf, attributes, systems, series, shares, holds, sorted by id, with places.
 * Promise: every complaint is logged with file:line before we refuse; unknown keys, wrong types, integers out of range,
 *          duplicate ids and secrets that others can read are complaints.  rules/library/ is never loaded, and what is copied
 *          from there is refused while it has placeholders, or a decision with something left to decide.
 */
#ifndef BEHOV_REGISTER_H
#define BEHOV_REGISTER_H

#include "nouns.h"

/* 0; or -1 with err (ERROR_CONFIG) saying how many complaints there were. */
int register_load(struct arena *mem, const char *path, struct rules *out, struct error *err);
/* The same with another rules folder, relative to where we stand, in the place of conf's. */
int register_load_edited(struct arena *mem, const char *path, const char *folder, struct rules *out, struct error *err);
/* The drafts of rules/library/, sorted by id.  What is wrong with one is logged, and nothing of its file is given. */
struct library {
	const struct series *drafts;
	size_t count;
	bool missing;                   /* there is no such folder */
	int broken;                     /* files, or the folder, that could not be read */
};
void register_library(struct arena *mem, const struct rules *rules, struct library *out);
/* What is in force, every key with its value, as configuration text a person can read (secrets never opened). */
void register_show(const struct rules *rules, FILE *out);
/* The same as JSON. Caller owns. */
json_t *register_json(const struct rules *rules);

#endif
