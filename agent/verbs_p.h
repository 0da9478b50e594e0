/* SPDX-License-Identifier: GPL-3.0-or-later */
/* verbs_p.h - what a verb gets from the command line, and the verbs by name. */
#ifndef VERBS_P_H
#define VERBS_P_H

#include <behov/powers.h>
#include <behov/run.h>

#include <stddef.h>
#include <stdio.h>

#define DEFAULT_CONFIG "/etc/behov/behov.cfg"

enum { EXIT_DONE, EXIT_FAILED, EXIT_USAGE, EXIT_GAPS, EXIT_BRAKE };

struct options {
	const char *config;
	bool json, files, show, test, head, all, english, full;
	int hands;
	const char *by, *second;        /* --by NAME, given once or twice */
	const char *reason, *until, *state, *rules, *at;
	const char *share, *path, *series, *case_name;  /* of a hold, or an event */
	const char *date;
	const char *owner, *system;     /* of what a report is made */
	const char *format;             /* as what */
	const char *number, *file;      /* of an e-archive's receipt, and its list of checksums */
	const char *key;                /* the public key that a list of heads must begin with */
};

/* Each returns an exit code, or -1 with err. */
typedef int verb_function(struct arena *mem, const struct options *options, int count, char **words, struct error *err);
verb_function verb_check, verb_plan, verb_explain, verb_powers, verb_suggest, verb_duplicates, verb_proposals, verb_status, verb_report, verb_audit;
verb_function verb_run, verb_serve, verb_apply, verb_restore, verb_decide, verb_hold, verb_event, verb_delivery, verb_series, verb_store, verb_share;

/* ------------------------------------------------------------------ verbs.c */

enum option_what { OPTION_TEXT, OPTION_FLAG, OPTION_NOW, OPTION_HANDS, OPTION_MORE, OPTION_LESS, OPTION_HELP, OPTION_VERSION };
struct option_row {
	const char *name;               /* behind two dashes, or NULL */
	char letter;                    /* behind one, or 0 */
	const char *argument;           /* what it is called, or NULL: it takes none */
	const char *help;               /* NULL: it is the same as the one before it */
	enum option_what what;
	size_t at;                      /* OPTION_TEXT, OPTION_FLAG: where in struct options */
	bool all;                       /* every verb takes it */
};
extern const struct option_row option_rows[];   /* the last has neither name nor help */

struct verb { const char *name, *use, *help, *options, *examples; verb_function *run; };
extern const struct verb verb_rows[];           /* the last has no name */
/* NULL: there is none. */
const struct verb *verb_find(const char *name);
bool verb_takes(const struct verb *verb, const struct option_row *row);
void help_all(FILE *out);
void help_verb(FILE *out, const struct verb *verb);

/* ------------------------------------------------------------------ what verbs share */

/* Who says so: a name is demanded (`two`: two different ones), and a reason. */
int need_names(const struct options *options, bool two, const char *verb, struct error *err);
/* For the audit chain: the account that typed a name stands beside it. */
const char *actor(struct arena *mem, const struct options *options);

/* *why: those two may not lift that hold, and who may (Swedish); else NULL. */
int lift_refusal(struct arena *mem, const struct rules *rules, struct store *store, const struct stored_hold *hold, const char *by,
		 const char *second, const char **why, struct error *err);

/* The rules, and the store to look at: it must be there. */
int open_look(struct arena *mem, const struct options *options, struct rules *rules, struct store **store, struct error *err);

/* What this verb does not need is given up, until the process ends: see powers.h.  Before any thread is started. */
int give_up(struct arena *mem, enum powers_of who, const struct rules *rules, struct error *err);

/* What a verb says: the product, on stdout. */
int say(const char *text, struct error *err);
int say_json(struct arena *mem, const json_t *value, struct error *err);

#endif
