/* SPDX-License-Identifier: GPL-3.0-or-later */
/* collect_p.h - what the sources of a directory hand to the one builder, so that all of them give the same snapshot. */
#ifndef COLLECT_P_H
#define COLLECT_P_H

#include <behov/collect.h>

struct source_value { const char *bytes; size_t len; };

struct source_attribute {
	const char *name;               /* without options */
	const char *options;            /* "range=0-1499", or NULL */
	LIST(struct source_value) values;
};

struct source_entry {
	const char *dn;
	int line;                       /* where it begins; 0 over LDAP */
	LIST(struct source_attribute) attributes;
	const char *doubt;              /* why its members may not be all there, or NULL */
};

struct builder;

struct builder *build_open(struct arena *mem, const struct rules *rules, const char *source);
/* Keeps what it needs; texts of the entry must live as long as the builder. */
int build_entry(struct builder *b, const struct source_entry *entry, struct error *err);
/* The directory as a whole stops short: nothing about access may be judged. */
void build_short(struct builder *b, const char *why);
void build_reference(struct builder *b);
/* employees: by account index, the employeeID, NULL when absent, "" when it could not be read. */
int build_close(struct builder *b, struct snapshot *out, const char ***employees, struct error *err);

/* "range=0-1499", or "range=1500-*" (*last = -1).  range_is(): it means to be one, well-formed or not. */
bool range_is(const char *options);
bool range_read(const char *options, long long *first, long long *last);
/* All parts of that attribute as one list, NULL when there are none.  *broken: why they are not the whole of it. */
const struct source_attribute *range_join(struct arena *mem, const struct source_entry *e, const char *name,
					  const char **broken);

int ldif_parse(struct arena *mem, const char *name, char *bytes, size_t len, struct builder *b, struct error *err);
int ldif_read(struct arena *mem, const char *path, struct builder *b, struct error *err);

/* The live directory.  Gives, in *certificate, what was asked and answered (json_decref). */
int ldap_read(struct arena *mem, const struct rules *rules, struct builder *b, json_t **certificate, struct error *err);

void hr_join(struct arena *mem, const struct rules *rules, struct snapshot *out, const char **employees);

/* "sha256:…" over accounts, groups and edges, in their order. */
char *snapshot_digest(struct arena *mem, const struct rules *rules, const struct snapshot *s);

void gap_add(struct arena *mem, struct snapshot *out, const char *what, const char *id, const char *text);

/* Texts of binary identities; NULL when the bytes are not one. Texts are accepted, too. */
char *sid_text(struct arena *mem, const char *bytes, size_t len);
char *guid_text(struct arena *mem, const char *bytes, size_t len);

#endif
