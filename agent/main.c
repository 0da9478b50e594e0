/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * main.c - the map, the command line and the exit codes; the verbs stand in verbs.c, and are in look.c and act.c.
 *
 * - register_load(): conf/ and rules/                         (agent/register/)
 * - run_night(): one night, phase after phase                 (agent/run.c, read it first)
 *     - take_inbox(): what was decided on the page, verified  (agent/take/)
 *     - plan.c: the phases that only look
 *         - collect_all(): the directory and HR               (agent/collect/)
 *         - shrink_check(): has the directory lost too much?  (agent/shrink.c)
 *         - reconcile_all(): access against need              (agent/reconcile/)
 *         - scan_share(): walks a share                       (agent/scan/; its helper for SMB, agent/smb/)
 *         - vanish_check(): has a share?                      (agent/vanish.c)
 *         - retain_*(): entries against series                (agent/retain/)
 *     - propose_all(): today against yesterday                (agent/propose/)
 *     - notify_*(): letters to those who can answer           (agent/notify/)
 * - decide_serve(): the page                                  (agent/decide/)
 * - run_apply(): what was approved is carried out             (agent/carry.c, agent/apply/)
 *     - protocols_issue(): what a gallring leaves behind      (agent/protocol/)
 * - delivery.c: what an e-archive answers                     (agent/apply/)
 * - survey.c, alike.c: a share, looked at by a person         (agent/suggest/, agent/duplicates/)
 * - report_*(), audit_verify(): what people read              (agent/report/, agent/audit/)
 *     - quarter_make(): the quarterly review                  (agent/quarter/; its formats: agent/document/, agent/plot/)
 * - measure_*(): how it goes, for who watches                 (agent/measure/)
 * - give_up(): what a verb does not need, before it works     (agent/powers.c; each verb's: agent/base/powers.c)
 * - pdf_*(): the one place that makes PDF                     (agent/pdf/)
 * - store: the only room that speaks SQL                      (agent/store/)
 * - base: what has no phase: error arena text log clock csv json digest file template mail directory powers nouns … (agent/base/)
 *
 * This is the only place that prints a struct error.
 */
#include "verbs_p.h"
#include <behov/log.h>
#include <behov/step.h>

#include <assert.h>
#include <getopt.h>
#include <locale.h>
#include <malloc.h>

#define OPTIONS_MOST 64
#define LONG_FIRST 256                  /* no letter is that large */

static int read_now(const char *text, struct error *err)
{
	int64_t now;

	if (clock_parse(text, &now) < 0)
		return error_set(err, ERROR_USAGE, "--now '%s' is not a time like 2026-01-05T02:00+01:00", text);
	clock_freeze(now);
	return 0;
}

static int read_hands(const char *text, int *hands, struct error *err)
{
	size_t len = strlen(text);

	*hands = len <= 3 && strspn(text, "0123456789") == len ? atoi(text) : 0;
	if (*hands < 1 || *hands > 256)
		return error_set(err, ERROR_USAGE, "-j takes a number from 1 to 256, not '%s'", text);
	return 0;
}

/* What getopt_long() wants of the table: "vqhj:", and each name with its number. */
static size_t tell_getopt(char *letters, struct option *longs)
{
	size_t count = 0, len = 0, i = 0;

	for (const struct option_row *r = option_rows; r->help || r->name; r++, i++) {
		assert(i + 1 < OPTIONS_MOST);
		if (r->name)
			longs[count++] = (struct option){ r->name, r->argument ? required_argument : no_argument, NULL, LONG_FIRST + (int)i };
		if (!r->letter)
			continue;
		letters[len++] = r->letter;
		if (r->argument)
			letters[len++] = ':';
	}
	letters[len] = '\0';
	longs[count] = (struct option){ 0 };
	return i;
}

static const struct option_row *row_of(int c, size_t count)
{
	if (c >= LONG_FIRST && (size_t)(c - LONG_FIRST) < count)
		return &option_rows[c - LONG_FIRST];
	for (size_t i = 0; i < count; i++)
		if (option_rows[i].letter == c)
			return &option_rows[i];
	return NULL;
}

struct answers { bool help, version; };

static int take_option(const struct option_row *row, struct options *out, struct answers *answers, struct error *err)
{
	const char **text = (const char **)((char *)out + row->at);

	switch (row->what) {
	case OPTION_TEXT:
		if (text == &out->by && out->by)
			text = &out->second;
		*text = optarg;
		return 0;
	case OPTION_FLAG: *(bool *)((char *)out + row->at) = true; return 0;
	case OPTION_NOW: return read_now(optarg, err);
	case OPTION_HANDS: return read_hands(optarg, &out->hands, err);
	case OPTION_MORE: out->show = true; log_open(LOG_LEVEL_DEBUG); return 0;
	case OPTION_LESS: log_open(LOG_LEVEL_WARN); return 0;
	case OPTION_HELP: answers->help = true; return 0;
	case OPTION_VERSION: answers->version = true; return 0;
	}
	return 0;
}

/* given: which rows of the table were. */
static int read_options(int argc, char **argv, struct options *out, struct answers *answers, bool *given, struct error *err)
{
	struct option longs[OPTIONS_MOST];
	char letters[2 * OPTIONS_MOST];
	size_t count = tell_getopt(letters, longs);
	int c;

	while ((c = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		const struct option_row *row = row_of(c, count);

		if (!row)
			return error_set(err, ERROR_USAGE, "see behov --help");
		given[row - option_rows] = true;
		if (take_option(row, out, answers, err) < 0)
			return -1;
	}
	return 0;
}

/* What would be passed over in silence is not what was meant. */
static int check_given(const struct verb *verb, const bool *given, struct error *err)
{
	for (const struct option_row *r = option_rows; r->help || r->name; r++)
		if (given[r - option_rows] && !verb_takes(verb, r))
			return error_set(err, ERROR_USAGE, "'%s' takes no --%s: see behov %s --help", verb->name, r->name, verb->name);
	return 0;
}

static int dispatch(int argc, char **argv, struct error *err)
{
	struct options options = { .config = DEFAULT_CONFIG };
	struct answers answers = { 0 };
	bool given[OPTIONS_MOST] = { 0 };
	const struct verb *verb;
	struct arena *mem;
	int rc;

	if (read_options(argc, argv, &options, &answers, given, err) < 0)
		return -1;
	verb = optind < argc ? verb_find(argv[optind]) : NULL;
	if (optind < argc && !verb)
		return error_set(err, ERROR_USAGE, "no verb '%s': see behov --help", argv[optind]);
	if (answers.help && verb)
		help_verb(stdout, verb);
	else if (answers.help)
		help_all(stdout);
	else if (answers.version)
		puts("behov " BEHOV_VERSION);
	if (answers.help || answers.version)
		return EXIT_DONE;
	if (!verb)
		return error_set(err, ERROR_USAGE, "no verb: see behov --help");
	if (check_given(verb, given, err) < 0)
		return -1;
	mem = arena_open();
	rc = verb->run(mem, &options, argc - optind - 1, argv + optind + 1, err);
	arena_close(mem);
	return rc;
}

int main(int argc, char **argv)
{
	struct error err = { 0 };
	int rc;

	setlocale(LC_CTYPE, "C.UTF-8");
	mallopt(M_MXFAST, 0);           /* trees of a hundred thousand small things (rules, JSON) are given back at once, not twice */
	stop_listen();
	rc = dispatch(argc, argv, &err);
	progress_end();
	if (rc >= 0)
		return rc;
	log_error("%s", err.text);
	return error_exit(&err);
}
