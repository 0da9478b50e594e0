/* SPDX-License-Identifier: GPL-3.0-or-later */
/* build_p.h - the builder from inside: names.c knows who a name is, entry.c reads an entry, build.c puts all together. */
#ifndef BUILD_P_H
#define BUILD_P_H

#include "collect_p.h"
#include <behov/text.h>

#define NOBODY UINT32_MAX
#define AMBIGUOUS (UINT32_MAX - 1)     /* a uid that two have: nobody may say who that is */

/* What an entry becomes.  A member that leads nowhere becomes one, too. */
#define LINE_NOWHERE (-1)
#define LINE_AMBIGUOUS (-2)
struct object {
	union { struct account account; struct group group; } as;       /* dn, name, guid, sid, key: all at the same place */
	bool is_group, has_primary;
	uint16_t source;
	int line;
	uint32_t name;                          /* of its DN */
	uint32_t index;                         /* in the snapshot */
	uint32_t manager;                       /* a name, or NOBODY */
	uint32_t member_count, *members;        /* names */
	long long primary;                      /* primaryGroupID, gidNumber */
	const char *employee;
};

#define CHUNK 512u

/* What could not be read as text, by attribute: how many entries, and the first of them by its key. */
struct unread { const char *attribute, *key, *last; long long entries; };

/* One directory of several. */
struct origin {
	const struct directory *directory;
	const char *shown, *base;               /* base: dn_key(), NULL = everything */
	struct schema schema;
	bool list;                              /* no directory, but the accounts of a system */
	long long entries, people, groups, memberships, references;
	long long unreadable, hidden;           /* values that are no text; members whose entry we may not see */
	long long dangling;
	long long seen[FIELDS];                 /* people who have that */
	uint32_t registered;                    /* where its part of builder.registered begins */
	json_t *certificate;
};

struct note { uint32_t group, member; int64_t moment, changed; const char *by; };        /* object; name; as edge_moment */
struct history { uint32_t who; const char *sid; };
struct link { uint32_t group, member; };                /* objects */

struct builder {
	struct arena *mem, *scratch;            /* what the snapshot keeps; what is given back when it is done */
	const struct rules *rules;
	struct pool texts;
	LIST(struct origin) origins;
	struct origin *at;                      /* the current one */
	const char *stopped;                    /* why the whole is a gap */
	struct object **chunks;
	uint32_t object_count, chunk_room;
	struct intern names;                    /* DNs as they were spelled; a memberUid with a byte 1 before it */
	LIST(uint32_t) owners;                  /* name -> object, or NOBODY */
	struct intern parents;                  /* what follows the first component of a DN */
	uint32_t last_parent;                   /* the one that was asked for last */
	struct intern parent_keys;
	LIST(struct parent { const char *key; uint32_t number; uint16_t origin; bool inside; }) folded; /* number: of its key */
	struct intern values;                   /* texts of attributes that needs name */
	LIST(const struct value *) shared;
	struct intern wanted;                   /* folded spellings of the groups that roles name */
	LIST(const char *) registered;
	LIST(struct gap) gaps;
	LIST(struct finding) findings;
	LIST(struct unread) unread;
	LIST(struct note) timed, added;
	LIST(const char *) controllers;
	LIST(struct history) histories;
	LIST(struct link) primaries;
	long long listing, no_primary;          /* groups with a member attribute; accounts whose primary group was not found */
	int sync_days;
};

static inline bool readable(const struct berval *v) { return v->bv_len && text_is_utf8(v->bv_val, v->bv_len); }
static inline struct object *object_at(const struct builder *b, uint32_t i) { return &b->chunks[i / CHUNK][i % CHUNK]; }
/* The next, zeroed. */
struct object *object_new(struct builder *b);

/* ------------------------------------------------------------------ names.c */

/* The number of a name, and who it is. */
uint32_t name_of(struct builder *b, const char *bytes, size_t len);
/* At most INTERN_ROW of them; NOBODY: it is no text.  Every name that has a number is. */
void name_row(struct builder *b, const struct berval *names, size_t count, uint32_t *out);
/* As dn_key(), quickly where the name is a plain one; NULL when it is no DN. */
const char *name_key(struct builder *b, const char *dn, size_t len);
/* The same bytes for equal names, and for no others: shorter than a key, and no text. */
struct berval name_mark(struct builder *b, struct arena *mem, const char *dn, size_t len);
/* Does it lie below the base of the current source?  -1: it is no DN. */
int name_inside(struct builder *b, const char *dn, size_t len);
/* Does it lie below the base of any of them? */
bool name_is_ours(const struct builder *b, const char *key);
/* The first value of a DN: what somebody is called who has no other name. */
const char *name_first(struct builder *b, const char *dn);

/* ------------------------------------------------------------------ entry.c */

/* The attributes of one entry, by what they are for us. */
struct reading {
	const struct source_entry *entry;
	const struct source_attribute *field[FIELDS];
	bool part[FIELDS];                      /* it came in parts: what is here is not all */
	const struct source_attribute *attribute[ATTRIBUTE_MOST];
	uint64_t parts;                         /* the same for attributes */
};
void entry_open(const struct builder *b, const struct source_entry *e, struct reading *r);
/* Is it one of the classes that are read? */
bool entry_counts(const struct builder *b, const struct reading *r, bool *is_group);
int entry_read(struct builder *b, struct object *o, uint32_t me, const struct reading *r, struct error *err);
int entry_number(struct builder *b, const struct reading *r, enum field f, long long *out, struct error *err);
int entry_refuse(struct builder *b, const struct source_entry *e, const char *what, struct error *err);

/* member.c: of an entry that is a group. */
int entry_group(struct builder *b, struct object *o, uint32_t me, const struct reading *r, struct error *err);
void entry_doubt(struct builder *b, struct group *g, const char *why);

/* ------------------------------------------------------------------ build.c */

/* A group that no directory has, with nobody in it yet. */
struct object *build_group(struct builder *b, const char *dn, const char *name, struct error *err);

/* ------------------------------------------------------------------ order.c, edges.c */

/* Sorted by bits: a pass for each byte, but not for those in which all are equal.  In heads or in spare. */
struct head { uint64_t bits; const struct object *who; };
struct head *order_heads(struct head *heads, struct head *spare, size_t count);
/* Gives all objects their numbers, and the snapshot its people and groups. */
int order_all(struct builder *b, struct snapshot *out, const char **employees, struct error *err);
void edges_lay(struct builder *b, struct snapshot *out);

/* ------------------------------------------------------------------ added.c */

/* A value of msDS-ReplValueMetaData: who, and when it became one; false when it is none, or of a member that went. */
bool added_read(struct arena *mem, const struct berval *value, struct berval *member, int64_t *when);
/* When that was last changed, else `when`; and on which domain controller: "DC1", or NULL. */
int64_t added_changed(const struct berval *value, int64_t when);
const char *added_by(struct arena *mem, const struct berval *value);

/* ------------------------------------------------------------------ connect.c */

/* Who the members are: foreign principals found in another directory, primary groups, those who lead nowhere. */
void connect_all(struct builder *b);
/* Findings about what they are: unbounded principals, SID histories. */
void say_members(struct builder *b, struct snapshot *out);

#endif
