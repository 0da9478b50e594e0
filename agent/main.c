/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * main.c - the map, the command line and the exit codes; the verbs are in look.c and act.c.
 *
 * - register_load(): conf/ and rules/                       (agent/register/)
 * - run_night(): one night, phase after phase               (agent/run.c, read it first)
 *     - plan.c: the phases that only look
 *         - collect_all(): the directory and HR             (agent/collect/)
 *         - reconcile_all(): access against need            (agent/reconcile/)
 *         - scan_share(): walks a share                     (agent/scan/)
 *         - retain_*(): entries against series              (agent/retain/)
 * - survey.c, alike.c: a share, looked at by a person       (agent/suggest/, agent/duplicates/)
 *     - propose_all(): today against yesterday              (agent/propose/)
 *     - notify_*(): letters to those who can answer         (agent/notify/)
 * - decide_serve(), decide_take(): the page, and its answers (agent/decide/)
 * - delivery.c: what an e-archive answers
 * - run_apply(): what was approved is carried out           (agent/carry.c, agent/apply/)
 * - report_*(), audit_verify(): what people read            (agent/report/, agent/audit/)
 * - pdf_*(): the one place that makes PDF                  (agent/pdf/)
 * - store: the only room that speaks SQL                    (agent/store/)
 * - base: error arena text log clock csv json digest file template mail step stop nouns
 *
 * This is the only place that prints a struct error.
 */
#include "verbs_p.h"
#include <behov/log.h>
#include <behov/step.h>

#include <getopt.h>
#include <locale.h>

#define DEFAULT_CONFIG "/etc/behov/behov.cfg"

struct verb {
	const char *name, *arguments, *help;
	verb_function *run;
};

static const struct verb verbs[] = {
	{ "check", "", "say what is wrong in conf/ and rules/, or (with -v or --json) what is in force", verb_check },
	{ "plan", "[--rules DIR]", "say what would be proposed now, or what other rules would change; changes nothing", verb_plan },
	{ "run", "", "the night: takes answers, looks, proposes, writes to owners", verb_run },
	{ "serve", "", "the page where owners decide, until Ctrl-C", verb_serve },
	{ "apply", "", "carry out what is approved and has had its grace", verb_apply },
	{ "proposals", "[--state STATE]", "what waits, and for whom", verb_proposals },
	{ "status", "", "the last night, what waits, what could not be seen", verb_status },
	{ "powers", "[VERB]", "what each verb gives up on this kernel, and what it keeps", verb_powers },
	{ "explain", "USER SYSTEM[/ROLE] | PATH", "say why, with every rule considered; with --at DATE, who had what", verb_explain },
	{ "suggest", "needs SYSTEM[/ROLE] | series PLAN.csv | retention SHARE",
	  "drafts: of needs, from who has the role today; of series, from a plan, or from what lies on a share", verb_suggest },
	{ "duplicates", "SHARE", "files that are alike and that no series covers, where the share allows its files to be opened", verb_duplicates },
	{ "report", "quarter 2026Q3 [--owner NAME|--system ID] | protocol ID|DNR|all", "write the quarterly access review; show gallringsprotokoll, and where they are", verb_report },
	{ "audit", "verify [EXPORT [HEADS]] | trail ID|ACCOUNT | export | seal | rotate | epoch",
	  "what was done: check its chain, follow one proposal, write it out; behov-audit signs its head", verb_audit },
	{ "decide", "keep|undo|hold ID | release SCOPE", "by hand, with --by and --reason; never approves", verb_decide },
	{ "hold", "list [--all] | add ID | lift ID", "gallringsstopp", verb_hold },
	{ "event", "list [--all] | add | remove ID", "when what a series counts from has happened", verb_event },
	{ "restore", "ID", "put back what was carried out, as journaled", verb_restore },
	{ "delivery", "list | receipt ID | refuse ID", "what lies with the e-archive, and what it answers", verb_delivery },
	{ "series", "list | activate ID", "the archivist arms a series", verb_series },
	{ "share", "adopt|probe ID", "by what a share is known again; whether files can be put aside on it", verb_share },
	{ "store", "create [--test] | clock", "make the store; confirm a clock that has jumped", verb_store },
};

static void help(FILE *out)
{
	fputs("behov - access by need, records by their retention\n\n"
	      "use: behov [--config FILE] [--now TIME] [-v] [-q] [-j N] VERB ...\n\nverbs:\n", out);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		fprintf(out, "  %s %s\n        %s\n", verbs[i].name, verbs[i].arguments, verbs[i].help);
	fputs("\noptions:\n"
	      "  --config FILE   the configuration (default " DEFAULT_CONFIG ")\n"
	      "  --now TIME      judge as of 2026-01-05T02:00+01:00\n"
	      "  --json          the answer as JSON\n"
	      "  --files         with plan --json: the files of each batch\n"
	      "  --full          with plan and run: list every folder and weigh every file, though nothing has changed\n"
	      "  --rules DIR     with plan: what these rules would open and withdraw\n"
	      "  --at DATE       with explain: as our nights saw it then; USER, SYSTEM/ROLE or USER SYSTEM[/ROLE]\n"
	      "  --english       with explain: not in Swedish\n"
	      "  --by NAME       who decided; twice where two people are needed\n"
	      "  --reason TEXT   why; --why is the same\n"
	      "  --until DATE    decide keep: asked again from then; decide hold: until when it is thought to stand\n"
	      "  --share ID, --path PATTERN, --series ID, --case NAME\n"
	      "                  hold add: what it covers; event add: what it is about\n"
	      "  --date DATE     event add: when it happened; delivery receipt: of which day it is\n"
	      "  --number TEXT   delivery receipt: what the e-archive calls it\n"
	      "  --file FILE     delivery receipt: the SHA-256 of what the e-archive has, which is compared\n"
	      "  --owner NAME, --system ID\n"
	      "                  report quarter: only what that owner has, or that system\n"
	      "  --head          audit verify: the hash of the last row, and nothing else\n"
	      "  --key HEX       audit verify: the key that HEADS must begin with\n"
	      "  --all           with hold list and event list: those that were lifted or removed, too\n"
	      "  -v, -q          say more, say only warnings and errors\n"
	      "  -j N            hands for slow calls, 1 to 256\n"
	      "  -h, --help      this\n"
	      "  --version       which version of behov it is\n"
	      "\nexit: 0 done, 1 failed, 2 usage or configuration, 3 done with gaps, 4 done with a brake\n", out);
}

enum { OPTION_CONFIG = 256, OPTION_NOW, OPTION_JSON, OPTION_FILES, OPTION_HELP, OPTION_VERSION, OPTION_TEST, OPTION_HEAD,
       OPTION_ALL, OPTION_BY, OPTION_REASON, OPTION_UNTIL, OPTION_STATE, OPTION_SHARE, OPTION_PATH, OPTION_SERIES,
       OPTION_CASE, OPTION_RULES, OPTION_AT, OPTION_ENGLISH, OPTION_FULL, OPTION_DATE, OPTION_KEY,
       OPTION_NUMBER, OPTION_FILE, OPTION_OWNER, OPTION_SYSTEM };

static const struct option longs[] = {
	{ "config", required_argument, NULL, OPTION_CONFIG }, { "now", required_argument, NULL, OPTION_NOW },
	{ "json", no_argument, NULL, OPTION_JSON }, { "files", no_argument, NULL, OPTION_FILES },
	{ "help", no_argument, NULL, OPTION_HELP }, { "version", no_argument, NULL, OPTION_VERSION },
	{ "test", no_argument, NULL, OPTION_TEST }, { "head", no_argument, NULL, OPTION_HEAD },
	{ "all", no_argument, NULL, OPTION_ALL }, { "by", required_argument, NULL, OPTION_BY },
	{ "reason", required_argument, NULL, OPTION_REASON }, { "until", required_argument, NULL, OPTION_UNTIL },
	{ "state", required_argument, NULL, OPTION_STATE }, { "share", required_argument, NULL, OPTION_SHARE },
	{ "path", required_argument, NULL, OPTION_PATH }, { "series", required_argument, NULL, OPTION_SERIES },
	{ "case", required_argument, NULL, OPTION_CASE }, { "rules", required_argument, NULL, OPTION_RULES },
	{ "at", required_argument, NULL, OPTION_AT }, { "english", no_argument, NULL, OPTION_ENGLISH },
	{ "full", no_argument, NULL, OPTION_FULL }, { "date", required_argument, NULL, OPTION_DATE },
	{ "why", required_argument, NULL, OPTION_REASON },
	{ "number", required_argument, NULL, OPTION_NUMBER }, { "file", required_argument, NULL, OPTION_FILE },
	{ "owner", required_argument, NULL, OPTION_OWNER }, { "system", required_argument, NULL, OPTION_SYSTEM },
	{ "key", required_argument, NULL, OPTION_KEY }, { NULL, 0, NULL, 0 },
};

/* The place of an option that is one text, or NULL. */
static const char **
text_option(int c, struct options *out)
{
	switch (c) {
	case OPTION_CONFIG: return &out->config;
	case OPTION_BY: return out->by ? &out->second : &out->by;
	case OPTION_REASON: return &out->reason;
	case OPTION_UNTIL: return &out->until;
	case OPTION_STATE: return &out->state;
	case OPTION_OWNER: return &out->owner;
	case OPTION_SYSTEM: return &out->system;
	case OPTION_SHARE: return &out->share;
	case OPTION_PATH: return &out->path;
	case OPTION_SERIES: return &out->series;
	case OPTION_CASE: return &out->case_name;
	case OPTION_RULES: return &out->rules;
	case OPTION_AT: return &out->at;
	case OPTION_DATE: return &out->date;
	case OPTION_KEY: return &out->key;
	case OPTION_NUMBER: return &out->number;
	case OPTION_FILE: return &out->file;
	default: return NULL;
	}
}

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

/* -1 with err, 0 to go on, 1 when the answer was help. */
static int read_options(int argc, char **argv, struct options *out, struct error *err)
{
	const char **text;
	int c;

	while ((c = getopt_long(argc, argv, "vqhj:", longs, NULL)) != -1) {
		text = text_option(c, out);
		if (text) {
			*text = optarg;
			continue;
		}
		switch (c) {
		case OPTION_JSON: out->json = true; break;
		case OPTION_FILES: out->files = true; break;
		case OPTION_TEST: out->test = true; break;
		case OPTION_HEAD: out->head = true; break;
		case OPTION_ALL: out->all = true; break;
		case OPTION_ENGLISH: out->english = true; break;
		case OPTION_FULL: out->full = true; break;
		case 'v': out->show = true; log_open(LOG_LEVEL_DEBUG); break;
		case 'q': log_open(LOG_LEVEL_WARN); break;
		case 'h':
		case OPTION_HELP: help(stdout); return 1;
		case OPTION_VERSION: puts("behov " BEHOV_VERSION); return 1;
		case OPTION_NOW:
			if (read_now(optarg, err) < 0)
				return -1;
			break;
		case 'j':
			if (read_hands(optarg, &out->hands, err) < 0)
				return -1;
			break;
		default: return error_set(err, ERROR_USAGE, "see behov --help");
		}
	}
	return 0;
}

static int dispatch(int argc, char **argv, struct error *err)
{
	struct options options = { .config = DEFAULT_CONFIG };
	struct arena *mem;
	int rc = read_options(argc, argv, &options, err);

	if (rc != 0)
		return rc < 0 ? -1 : EXIT_DONE;
	if (optind >= argc)
		return error_set(err, ERROR_USAGE, "no verb: see behov --help");
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++) {
		if (strcmp(argv[optind], verbs[i].name) != 0)
			continue;
		if (options.rules && verbs[i].run != verb_plan)
			return error_set(err, ERROR_USAGE, "--rules is for plan only: what is in force is the folder in the configuration");
		mem = arena_open();
		rc = verbs[i].run(mem, &options, argc - optind - 1, argv + optind + 1, err);
		arena_close(mem);
		return rc;
	}
	return error_set(err, ERROR_USAGE, "no verb '%s': see behov --help", argv[optind]);
}

int main(int argc, char **argv)
{
	struct error err = { 0 };
	int rc;

	setlocale(LC_CTYPE, "C.UTF-8");
	stop_listen();
	rc = dispatch(argc, argv, &err);
	progress_end();
	if (rc >= 0)
		return rc;
	log_error("%s", err.text);
	return error_exit(&err);
}
