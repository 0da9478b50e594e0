/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * collect_p.h - what the files of the collect room share.
 *
 *     ldap.c (pages.c, changes.c) ─┐
 *     ldif.c ──────────────────────┴─ entries ─> entry.c, member.c ─> connect.c, order.c, edges.c ─> hr.c ─> the snapshot
 *     accounts.c (scim.c) ─────────────────────────┘
 *
 * The sources hand entries whose bytes are theirs; the one builder copies what it keeps, so that all sources give the same.
 */
#ifndef COLLECT_P_H
#define COLLECT_P_H

#include <behov/collect.h>
#include <behov/identity.h>
#include <lber.h>
#include <strings.h>

/* ------------------------------------------------------------------ intern.c */

struct pool { struct arena *mem; char *at; size_t left; };
/* NUL-terminated, without padding. */
char *pool_copy(struct pool *pool, const char *bytes, size_t len);

#define INTERN_NONE UINT32_MAX
struct word { const char *text; uint32_t len; };
struct slot { uint32_t hash, word; };   /* the word's number + 1; 0 = free */
/* Words and slots are elsewhere after the next intern(), and what was there is used again; a word's text stays where it is. */
struct intern { struct arena *mem; struct pool texts; LIST(struct word) words; struct slot *slots; size_t room; uint64_t seed; };
void intern_open(struct intern *t, struct arena *mem);
/* Room for so many more: what is filled at once need not be copied to grow. */
void intern_room(struct intern *t, size_t more);
/* The number of that text: the one it has, or the next. */
uint32_t intern(struct intern *t, const char *bytes, size_t len);
uint32_t intern_find(const struct intern *t, const char *bytes, size_t len);
#define INTERN_ROW 32
/* The same for each of a row, at most INTERN_ROW at once. */
void intern_row(struct intern *t, const struct berval *texts, size_t count, uint32_t *out);
void intern_find_row(const struct intern *t, const struct berval *texts, size_t count, uint32_t *out);

/* The same word in any case; mostly it is the same in the same case. */
static inline bool
same_word(const char *a, const char *b, size_t len)
{
	return !len || (!((a[0] ^ b[0]) & 0xdf) && (memcmp(a, b, len) == 0 || strncasecmp(a, b, len) == 0));
}

/* ------------------------------------------------------------------ schema.c */

enum field {
	FIELD_CLASS, FIELD_GUID, FIELD_SID, FIELD_NAME, FIELD_COMMON, FIELD_TYPE, FIELD_CONTROL, FIELD_COMPUTED, FIELD_EXPIRES,
	FIELD_ADMIN, FIELD_LOGON, FIELD_CREATED, FIELD_MANAGER, FIELD_MAIL, FIELD_DISPLAY, FIELD_EMPLOYEE, FIELD_PRIMARY,
	FIELD_SERVICE, FIELD_GROUP_TYPE, FIELD_MEMBER, FIELD_UNIQUE, FIELD_MEMBER_UID, FIELD_CHANGE, FIELD_HISTORY, FIELD_SYNC,
	FIELD_SHADOW, FIELD_LOCKED, FIELDS,
};
#define SCHEMA_NAME_MOST 64

/* An attribute we read: for us (field, or FIELDS), and for those attributes of the rules (a bit each). */
struct known { const char *name; size_t len; enum field field; uint64_t attributes; uint32_t next; };
struct schema { enum directory_schema kind; enum field employee; struct intern words; LIST(struct known) known; };
void schema_open(struct schema *s, struct arena *mem, enum directory_schema kind, const struct rules *rules);
const struct known *schema_find(const struct schema *s, const struct known *last, const char *name, size_t len);
const char *schema_name(enum directory_schema schema, enum field field);        /* NULL: it has none */
/* What equals the key of HR; and whether that attribute is it and may be seen by nobody (conf.hr.key_hash). */
const char *schema_key(enum directory_schema schema, const struct rules *rules);
bool schema_hides(const struct rules *rules, const struct attribute *attribute);
const char *schema_filter(enum directory_schema schema);

/* ------------------------------------------------------------------ what a source hands over */

struct source_attribute {
	struct berval name;             /* without options */
	const char *options;            /* "range=0-1499", or NULL */
	const struct berval *values;
	size_t count;
};

struct source_entry {
	struct berval dn;
	int line;                       /* where it begins; 0 over LDAP */
	LIST(struct source_attribute) attributes;
	const char *doubt;              /* why its members may not be all there, or NULL */
};

struct builder;

struct builder *build_open(struct arena *mem, const struct rules *rules);
void build_free(struct builder *b);
/* What comes from now on comes from this directory.  `shown`: what its messages call it. */
int build_source(struct builder *b, const struct directory *directory, const char *shown, struct error *err);
/* The bytes of the entry are not needed afterwards. */
int build_entry(struct builder *b, const struct source_entry *entry, struct error *err);
/* The directory as a whole stops short: nothing about access may be judged. */
void build_short(struct builder *b, const char *why);
void build_reference(struct builder *b);
/* When its members came (msDS-ReplValueMetaData), of a group that was handed over before. */
void build_added(struct builder *b, const char *dn, const struct berval *values, size_t count);
/* The DNs of groups of the current source that a role names. */
size_t build_registered(struct builder *b, const char ***dns);
/* What was asked and answered, into the certificate of the current source.  Takes `more`. */
void build_certify(struct builder *b, json_t *more);
/* employees: by account index, the employeeID, NULL when absent, "" when it could not be read; good until build_free(). */
int build_close(struct builder *b, struct snapshot *out, const char ***employees, struct error *err);

/* "range=0-1499", or "range=1500-*" (*last = -1).  range_is(): it means to be one, well-formed or not. */
bool range_is(const char *options);
bool range_read(const char *options, long long *first, long long *last);
/* All parts of that attribute as one list; *broken: why they are not the whole of it. */
struct values { const struct berval *items; size_t count; bool there; const char *broken; };
struct values range_join(struct arena *mem, const struct source_entry *e, const char *name);

/* UTF-16LE with its mark becomes UTF-8, a mark of UTF-8 is taken away, all else stays. */
int utf16_read(struct arena *mem, const char *name, char **bytes, size_t *len, struct error *err);
/* The bytes are changed; they and `mem` are not needed afterwards. */
int ldif_parse(struct arena *mem, const char *name, char *bytes, size_t len, struct builder *b, struct error *err);
int ldif_read(const char *path, struct builder *b, struct error *err);

/* An LDIF text, entry after entry, to somebody else than a builder. */
int ldif_each(struct arena *mem, const char *name, char *bytes, size_t len,
	      int (*take)(void *self, const struct source_entry *entry, struct error *err), void *self, struct error *err);

/* How the live directory is read, and how it went. */
struct ldap_how {
	const char *copy;               /* where what was read is kept for the nights in between, or NULL */
	bool whole;                     /* read everything, whatever the copy says */
	bool again;                     /* out: it was the connection that failed, and a fresh one may do */
	bool changes;                   /* out: something came from the copy */
};
int ldap_read(const struct rules *rules, const struct directory *directory, struct builder *b, struct ldap_how *how,
	      struct error *err);

/* The accounts of systems that keep them themselves, after all directories were read.  A list that does not come whole makes
 * the groups of its system unknown, with a gap. */
int accounts_read(struct builder *b, struct error *err);

/* A list of accounts: who has what.  `nested`: `account` is another role of the list. */
struct listed { const char *account, *role; bool nested; };
struct listing { LIST(struct listed) rows; long long inactive; };
/* Gives the answer to "Users?startIndex=1&count=200". */
typedef int scim_ask(void *self, struct arena *mem, const char *query, char **bytes, size_t *len, struct error *err);
int scim_list(struct arena *mem, const struct accounts *from, scim_ask *fetch, void *self, struct listing *out, struct error *err);
int scim_read(struct arena *mem, const struct accounts *from, struct listing *out, struct error *err);

void hr_join(struct arena *mem, const struct rules *rules, struct snapshot *out, const char **employees);

/* "sha256:…" over accounts, groups and edges, in their order. */
char *snapshot_digest(struct arena *mem, const struct rules *rules, const struct snapshot *s);

void gap_add(struct arena *mem, struct snapshot *out, const char *what, const char *id, const char *text);

#endif
