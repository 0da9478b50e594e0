/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * register_p.h - what the files of the register share: a reader that counts complaints, and typed getters.
 *
 *     register.c   all files in turn, sorted, and what refers to what       source.c     they are looked at and parsed
 *     settings.c   conf/behov.cfg, and of it directories.c, web.c, watch.c and archive.c (what protocols and reports say)
 *     systems.c    systems and roles                                        needs.c      who needs them
 *     series.c     series, shares, holds, events and lists of cases         smb.c, own.c    shares that are no folder
 *     library.c    drafts that are not in force                             draft.c      what they have that a rule has not
 *     getters.c    texts, numbers, days, … of a setting                     show.c       what is in force, told
 */
#ifndef REGISTER_P_H
#define REGISTER_P_H

#include "behov/digest.h"
#include "behov/file.h"
#include "behov/log.h"
#include "behov/register.h"
#include "behov/text.h"
#include <libconfig.h>

/* Words that needs share, by name.  `words`: with those of the sets in it, when it is done; `above`: the set that we came from. */
struct words { const char **items; size_t count, room; };
struct set_of_words {
	const char *id, **values;
	int count;
	bool open, done;
	struct set_of_words *above;
	struct words words;
	struct place at;
};
/* Needs of a role that is written in another place. */
struct needs_of { const char *system, *role; struct clause *needs; int count; struct place at; };
#define WORDS_MOST 10000
#define SETS_DEEP 100                   /* sets in sets */
#define CLAUSE_MOST 1000000             /* characters of a clause, with all words */
#define ATTRIBUTE_NONE (-2)

#define MEMBERS_MOST 40                 /* of a group, that are known: more than any has keys */

struct reader {
	struct arena *mem;
	const char *file;               /* the file being read, as shown */
	const char *conf;               /* absolute path of the configuration file */
	int complaints;
	size_t files_left;              /* this one and those after it */
	struct digest *digest;          /* of all that is read */
	struct rules *rules;
	bool drafts;                    /* placeholders may stand where they stand */
	struct {
		const config_setting_t *group;
		int count;
		unsigned letters;       /* a bit for each that a name begins with: most keys that are asked for are not there */
		config_setting_t *items[MEMBERS_MOST];
		const char *names[MEMBERS_MOST];
	} members;
	LIST(struct attribute) attributes;
	LIST(struct system) systems;
	LIST(struct series) series;
	LIST(struct share) shares;
	LIST(struct hold) holds;
	LIST(struct case_list) cases;
	LIST(struct event) events;
	LIST(struct set_of_words) sets;
	LIST(struct needs_of) needs;
};

enum need { OPTIONAL, REQUIRED };

void complain(struct reader *r, const config_setting_t *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void complain_at(struct reader *r, struct place at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
struct place place_of(const struct reader *r, const config_setting_t *at);
/* Every member of group must be one of the words in `known`, which ends with NULL. */
void check_keys(struct reader *r, const config_setting_t *group, const char *const *known);
/* A group's member, or NULL. */
config_setting_t *setting_of(struct reader *r, const config_setting_t *group, const char *key);
/* As it lies in the file: good until that has been read. */
const char *peek_text(struct reader *r, const config_setting_t *group, const char *key, enum need need);
const char *get_text(struct reader *r, const config_setting_t *group, const char *key, enum need need);
const char *get_id(struct reader *r, const config_setting_t *group);
int get_number(struct reader *r, const config_setting_t *group, const char *key, int least, int most, int otherwise);
double get_ratio(struct reader *r, const config_setting_t *group, const char *key, double otherwise);
bool get_bool(struct reader *r, const config_setting_t *group, const char *key, bool otherwise);
/* Index of the value in words (NULL last), or otherwise. */
int get_word(struct reader *r, const config_setting_t *group, const char *key, const char *const *words, int otherwise);
const char *get_date(struct reader *r, const config_setting_t *group, const char *key, enum need need);
int get_days(struct reader *r, const config_setting_t *group, const char *key, int otherwise);
/* One text or a list of texts. */
int get_texts(struct reader *r, const config_setting_t *group, const char *key, const char ***out);
config_setting_t *get_group(struct reader *r, const config_setting_t *group, const char *key, enum need need);
/* A list whose members are groups; or one group.  Members are taken with list_item(). */
config_setting_t *get_groups(struct reader *r, const config_setting_t *group, const char *key);
int list_count(const config_setting_t *list);
config_setting_t *list_item(config_setting_t *list, int i);
/* Files in this order, by whoever knows what may stand in them; one with a complaint of its text is not read. */
void read_files(struct reader *r, const char *const *paths, size_t count, void (*read)(struct reader *, const config_setting_t *));
/* How a path is said in complaints. */
const char *shown_path(struct reader *r, const char *path);
bool ends_in_cfg(const char *name);
struct class get_class(struct reader *r, const config_setting_t *group);

/* A file beside the configuration that only its owner may read. */
const char *get_secret(struct reader *r, const config_setting_t *group, const char *key);
const char *get_path(struct reader *r, const config_setting_t *group, const char *key, const char *otherwise);
/* "scheme:path" with a path beside the configuration; others as they are.  schemes[0] is the one with a path. */
const char *get_address(struct reader *r, const config_setting_t *group, const char *key, const char *const *schemes);
bool is_loopback(const char *address);
/* attributes = { name = "value"; }: names for needs, from the directory or from HR. */
void read_attributes(struct reader *r, const config_setting_t *at, bool hr);

/* Addresses with blanks between, or "domain:…": would a password go over the wire for all to read? */
bool is_clear(struct arena *mem, const char *source);
/* "file:" with a path; "domain:" with a name; or one or more addresses with blanks between. */
const char *get_source(struct reader *r, const config_setting_t *group, const char *key, bool file);
void read_web(struct reader *r, const config_setting_t *root, struct conf *c);
void read_metrics(struct reader *r, const config_setting_t *root, struct conf *c);
void read_targets(struct reader *r, const config_setting_t *root, struct conf *c);
void read_directories(struct reader *r, const config_setting_t *root, struct conf *c);
void read_settings(struct reader *r, const config_setting_t *root);
void read_system(struct reader *r, config_setting_t *at);
void read_needs(struct reader *r, config_setting_t *at, struct role *role);
void read_needs_of(struct reader *r, config_setting_t *at);
void read_exceptions(struct reader *r, config_setting_t *at, struct role *role);
void read_set(struct reader *r, config_setting_t *at);
bool is_word_of_need(const char *name);         /* "why", "group", …: no name of an attribute */
/* When all is read. */
void finish_clause(struct reader *r, struct clause *c);
void check_sets(struct reader *r);
void read_series(struct reader *r, config_setting_t *at);
/* Of a draft: where it comes from, and what is left to decide; after its decision. */
void read_draft(struct reader *r, config_setting_t *at, struct series *s);
/* What the drafts of rules/library/ write where a name of your own must stand. */
#define LIBRARY_FOLDER "library"        /* in the folder of the rules */
#define PLACEHOLDER_SHARE "ANGE-FILYTA"
#define PLACEHOLDER_CASES "ANGE-ARENDELISTA"
#define PLACEHOLDER_FOLDER "ANGE-MAPP"
bool is_placeholder(const char *text);
/* Complains when the text of that key is one. */
void check_placeholder(struct reader *r, const config_setting_t *group, const char *key, const char *text);
/* What a gallringsprotokoll names: of a series, a share or the configuration. */
void read_archive(struct reader *r, const config_setting_t *group, struct archive *out);
void read_application(struct reader *r, const config_setting_t *group, struct series *s);
void read_copies(struct reader *r, const config_setting_t *at, struct copies *out);
void read_protocol(struct reader *r, const config_setting_t *root, struct conf *c);
void read_report(struct reader *r, const config_setting_t *root, struct conf *c);
void read_share(struct reader *r, config_setting_t *at);
/* What ends with a slash is called the same without it; at least so many bytes stay. */
const char *without_slashes(struct reader *r, const char *path, size_t least);
/* When its path is smb://: where that is, and how we are let in; when not, none of that may be written. */
void read_smb(struct reader *r, const config_setting_t *at, struct share *s);

/* own.c: what behov itself keeps.  When its path is "behov:": what cannot be said of such a share. */
void read_own(struct reader *r, const config_setting_t *at, struct share *s);
/* What no series can say of our own records, and shares that our gallringsprotokoll lie on. */
void check_own(struct reader *r);
void read_event(struct reader *r, config_setting_t *at);
void read_case_list(struct reader *r, config_setting_t *at);
void read_hold(struct reader *r, config_setting_t *at);

#endif
