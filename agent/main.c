/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * main.c - the verbs and the exit codes.
 *
 * - register_load(): conf/ and rules/                       (agent/register/)
 * - run_plan(): the phases one after another                (agent/run.c, read it first)
 *     - collect_all(): the directory and HR                 (agent/collect/)
 *     - reconcile_all(): access against need                (agent/reconcile/)
 *     - scan_share(): walks a share                         (agent/scan/)
 *     - retain_*(): entries against series                  (agent/retain/)
 * - base: error arena text log clock csv json digest file step stop nouns
 *
 * This is the only place that prints a struct error.
 */
#include <behov/clock.h>
#include <behov/json.h>
#include <behov/log.h>
#include <behov/register.h>
#include <behov/run.h>
#include <behov/step.h>

#include <getopt.h>
#include <locale.h>
#include <unistd.h>

#define DEFAULT_CONFIG "/etc/behov/behov.cfg"

enum { EXIT_DONE, EXIT_FAILED, EXIT_USAGE, EXIT_GAPS, EXIT_BRAKE };

struct options {
	const char *config;
	bool json, files, show;
	int hands;
};

struct verb {
	const char *name, *arguments, *help;
	int (*run)(struct arena *mem, const struct options *options, int count, char **words, struct error *err);
};

static int say(const char *text)
{
	fputs(text, stdout);
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : -1;
}

static int say_json(struct arena *mem, const json_t *value, struct error *err)
{
	return say(json_pretty(mem, value)) < 0 ? error_sys(err, ERROR_SOURCE, "cannot write the answer") : 0;
}

static int load(struct arena *mem, const struct options *options, struct rules *rules, struct error *err)
{
	return register_load(mem, options->config, rules, err);
}

static int verb_check(struct arena *mem, const struct options *options, int count, char **words, struct error *err)
{
	struct rules rules;
	json_t *json;
	int rc = EXIT_DONE;

	(void)words;
	if (count)
		return error_set(err, ERROR_USAGE, "'check' takes no arguments");
	if (load(mem, options, &rules, err) < 0)
		return -1;
	if (options->json) {
		json = register_json(&rules);
		rc = say_json(mem, json, err);
		json_decref(json);
	} else if (options->show) {
		register_show(&rules, stdout);
	}
	log_info("configuration is in order systems=%zu series=%zu shares=%zu holds=%zu", rules.system_count,
		 rules.series_count, rules.share_count, rules.hold_count);
	return rc;
}

static int verb_plan(struct arena *mem, const struct options *options, int count, char **words, struct error *err)
{
	struct run_options how = { .hands = options->hands, .now = clock_now() };
	struct rules rules;
	struct plan plan = { 0 };
	json_t *json;
	int rc = -1;

	(void)words;
	if (count)
		return error_set(err, ERROR_USAGE, "'plan' takes no arguments");
	if (load(mem, options, &rules, err) < 0 || run_plan(mem, &rules, &how, &plan, err) < 0)
		goto out;
	if (options->json) {
		json = plan_json(&plan, how.now, options->files);
		rc = say_json(mem, json, err);
		json_decref(json);
	} else {
		rc = say(run_table(mem, &plan)) < 0 ? error_sys(err, ERROR_SOURCE, "cannot write the answer") : 0;
	}
	if (rc == 0)
		rc = plan.gaps.count ? EXIT_GAPS : EXIT_DONE;
out:
	plan_free(&plan);
	return rc;
}

/* `explain USER SYSTEM[/ROLE]` is about access; `explain PATH` about a file on a registered share. */
static int verb_explain(struct arena *mem, const struct options *options, int count, char **words, struct error *err)
{
	struct run_options how = { .hands = options->hands, .now = clock_now() };
	struct rules rules;
	json_t *json = NULL;
	int rc;

	if (count < 1 || count > 2)
		return error_set(err, ERROR_USAGE, "use: behov explain USER SYSTEM[/ROLE], or behov explain PATH");
	if (load(mem, options, &rules, err) < 0)
		return -1;
	rc = count == 2 ? run_explain_access(mem, &rules, &how, words[0], words[1], &json, err)
			: run_explain_file(mem, &rules, &how, words[0], &json, err);
	if (rc == 0)
		rc = say_json(mem, json, err);
	json_decref(json);
	return rc;
}

static int verb_share(struct arena *mem, const struct options *options, int count, char **words, struct error *err)
{
	struct rules rules;

	if (count != 2 || strcmp(words[0], "adopt") != 0)
		return error_set(err, ERROR_USAGE, "use: behov share adopt ID");
	if (load(mem, options, &rules, err) < 0)
		return -1;
	return run_adopt(&rules, words[1], err);
}

static const struct verb verbs[] = {
	{ "check", "", "say what is wrong in conf/ and rules/, or (with -v or --json) what is in force", verb_check },
	{ "plan", "", "say what would be proposed now; changes nothing", verb_plan },
	{ "explain", "USER SYSTEM[/ROLE] | PATH", "say why, with every rule considered", verb_explain },
	{ "share", "adopt ID", "write the identity marker of a share, once", verb_share },
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
	      "  -v, -q          say more, say only warnings and errors\n"
	      "  -j N            hands for slow calls\n"
	      "\nexit: 0 done, 1 failed, 2 usage or configuration, 3 done with gaps, 4 done with a brake\n", out);
}

enum { OPTION_CONFIG = 256, OPTION_NOW, OPTION_JSON, OPTION_FILES, OPTION_HELP, OPTION_VERSION };

/* -1 with err, 0 to go on, 1 when the answer was help. */
static int read_options(int argc, char **argv, struct options *out, struct error *err)
{
	static const struct option longs[] = {
		{ "config", required_argument, NULL, OPTION_CONFIG }, { "now", required_argument, NULL, OPTION_NOW },
		{ "json", no_argument, NULL, OPTION_JSON }, { "files", no_argument, NULL, OPTION_FILES },
		{ "help", no_argument, NULL, OPTION_HELP }, { "version", no_argument, NULL, OPTION_VERSION },
		{ NULL, 0, NULL, 0 },
	};
	int64_t now;
	int c;

	while ((c = getopt_long(argc, argv, "vqhj:", longs, NULL)) != -1) {
		switch (c) {
		case OPTION_CONFIG: out->config = optarg; break;
		case OPTION_JSON: out->json = true; break;
		case OPTION_FILES: out->files = true; break;
		case 'v': out->show = true; log_open(LOG_LEVEL_DEBUG); break;
		case 'q': log_open(LOG_LEVEL_WARN); break;
		case 'h':
		case OPTION_HELP: help(stdout); return 1;
		case OPTION_VERSION: puts("behov " BEHOV_VERSION); return 1;
		case OPTION_NOW:
			if (clock_parse(optarg, &now) < 0)
				return error_set(err, ERROR_USAGE, "--now '%s' is not a time like 2026-01-05T02:00+01:00", optarg);
			clock_freeze(now);
			break;
		case 'j':
			out->hands = atoi(optarg);
			if (out->hands < 1 || out->hands > 256)
				return error_set(err, ERROR_USAGE, "-j takes a number from 1 to 256");
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
