/* SPDX-License-Identifier: GPL-3.0-or-later */
/* look.c - the verbs that change nothing: check plan explain proposals status. */
#include "run_p.h"
#include "verbs_p.h"
#include <behov/file.h>
#include <behov/json.h>
#include <behov/log.h>
#include <behov/pdf.h>
#include <behov/register.h>
#include <behov/report.h>
#include <behov/suggest.h>
#include <behov/template.h>
#include <behov/text.h>

#include <errno.h>

#define PLAN_MOST (16u << 20)

/* Who has seen enough ("| head") is no failure. */
static int put(const char *text, struct error *err)
{
	fputs(text, stdout);
	if ((fflush(stdout) == 0 && !ferror(stdout)) || errno == EPIPE)
		return 0;
	return error_sys(err, ERROR_SOURCE, "cannot write the answer");
}

/* A terminal obeys what a name in the directory may hold. */
int say(const char *text, struct error *err)
{
	struct arena *mem = arena_open();
	char *whole = arena_text(mem, text), *from = whole, *end;
	struct text out;
	int rc;

	text_open(&out, strlen(text));
	for (; (end = strchr(from, '\n')); from = end + 1) {
		*end = '\0';
		text_plain(from);
		text_add(&out, from);
		text_char(&out, '\n');
	}
	text_plain(from);
	text_add(&out, from);
	rc = put(out.data, err);
	text_close(&out);
	arena_close(mem);
	return rc;
}

int say_json(struct arena *mem, const json_t *value, struct error *err)
{
	return put(json_pretty(mem, value), err);
}

int verb_check(struct arena *mem, const struct options *options, int count, char **words, struct error *err)
{
	struct rules rules;
	json_t *json;
	int rc = EXIT_DONE;

	(void)words;
	if (count)
		return error_set(err, ERROR_USAGE, "'check' takes no arguments");
	if (register_load(mem, options->config, &rules, err) < 0)
		return -1;
	if (options->json) {
		json = register_json(&rules);
		rc = say_json(mem, json, err);
		json_decref(json);
	} else if (options->show) {
		register_show(&rules, stdout);
	}
	if (rc == 0 && pdf_check(err) < 0)      /* at set-up, and not when the first files are gone */
		return error_in(err, "gallringsprotokoll cannot be made as PDF until this is installed");
	log_info("configuration is in order systems=%zu series=%zu shares=%zu holds=%zu", rules.system_count,
		 rules.series_count, rules.share_count, rules.hold_count);
	return rc;
}

/* Nothing of it is in force. */
static int plan_edited(struct arena *mem, const struct options *options, const struct run_options *how, struct error *err)
{
	struct rules rules, edited;
	json_t *json = NULL;
	int rc;

	if (register_load(mem, options->config, &rules, err) < 0 ||
	    register_load_edited(mem, options->config, options->rules, &edited, err) < 0 ||
	    give_up(mem, POWERS_PLAN, &edited, err) < 0 ||
	    run_compare(mem, &rules, &edited, how, &json, err) < 0)
		return -1;
	rc = options->json ? say_json(mem, json, err) : say(run_compare_table(mem, json), err);
	if (rc == 0)
		rc = json_is_true(json_object_get(json, "complete")) ? EXIT_DONE : EXIT_GAPS;
	json_decref(json);
	return rc;
}

int verb_plan(struct arena *mem, const struct options *options, int count, char **words, struct error *err)
{
	struct run_options how = { .hands = options->hands, .full = options->full, .now = clock_now() };
	struct rules rules;
	struct plan plan = { 0 };
	json_t *json;
	int rc = -1;

	(void)words;
	if (count)
		return error_set(err, ERROR_USAGE, "'plan' takes no arguments");
	if (options->rules)
		return plan_edited(mem, options, &how, err);
	if (register_load(mem, options->config, &rules, err) < 0 || give_up(mem, POWERS_PLAN, &rules, err) < 0 ||
	    run_plan(mem, &rules, &how, &plan, err) < 0)
		goto out;
	if (options->json) {
		json = plan_json(&plan, how.now, options->files);
		rc = say_json(mem, json, err);
		json_decref(json);
	} else {
		rc = say(run_table(mem, &plan), err);
	}
	if (rc == 0)
		rc = plan.gaps.count ? EXIT_GAPS : EXIT_DONE;
out:
	plan_free(&plan);
	return rc;
}

static int say_template(const char *name, const json_t *data, struct error *err)
{
	struct text t;
	int rc;

	text_open(&t, 1u << 30);
	rc = template_named(name, data, &t, err);
	if (rc == 0)
		rc = say(t.data, err);
	text_close(&t);
	return rc;
}

/* `explain USER SYSTEM[/ROLE]` is about access; with --at, about access that was; `explain PATH` about a file on a registered share. */
int verb_explain(struct arena *mem, const struct options *options, int count, char **words, struct error *err)
{
	struct run_options how = { .hands = options->hands, .now = clock_now() };
	day_t day = options->at ? day_parse(options->at) : DAY_NONE;
	const char *template = options->at ? options->english ? "history.en.txt" : "history.sv.txt" :
			       count == 2 ? options->english ? "explain.en.txt" : "explain.sv.txt" : "file.sv.txt";
	struct rules rules;
	json_t *json = NULL;
	int rc;

	if (count < 1 || count > 2)
		return error_set(err, ERROR_USAGE, "use: behov explain USER SYSTEM[/ROLE], or behov explain PATH");
	if (options->at && day == DAY_NONE)
		return error_set(err, ERROR_USAGE, "--at '%s' is not a date like 2026-03-01", options->at);
	if (register_load(mem, options->config, &rules, err) < 0)
		return -1;
	if (options->at)
		rc = run_explain_past(mem, &rules, &how, day, count == 2 || !strchr(words[0], '/') ? words[0] : NULL,
				      count == 2 ? words[1] : strchr(words[0], '/') ? words[0] : NULL, &json, err);
	else
		rc = count == 2 ? run_explain_access(mem, &rules, &how, words[0], words[1], &json, err)
				: run_explain_file(mem, &rules, &how, words[0], &json, err);
	if (rc == 0 && count == 1 && !options->at && !json_object_get(json, "considered"))
		template = "file-gone.sv.txt";          /* it is not where rules judge */
	if (rc == 0)
		rc = options->json ? say_json(mem, json, err) : say_template(template, json, err);
	if (rc == 0 && json_is_false(json_object_get(json, "complete")))
		rc = EXIT_GAPS;
	json_decref(json);
	return rc;
}

/* Drafts out of a plan need neither a configuration nor a directory. */
static int suggest_series(struct arena *mem, const char *path, struct error *err)
{
	long long refused;
	char *bytes, *text;
	size_t len;

	if (file_read(mem, path, PLAN_MOST, &bytes, &len, err) < 0)
		return -1;
	text = suggest_handbook(mem, path, bytes, len, &refused, err);
	if (!text)
		return -1;
	if (refused)
		log_warn("%lld rows could mean more than one thing, or nothing: see the comments", refused);
	return put(text, err) < 0 ? -1 : refused ? EXIT_GAPS : EXIT_DONE;
}

static int suggest_rules(struct arena *mem, const struct options *options, const char *share, struct error *err)
{
	struct run_options how = { .hands = options->hands, .now = clock_now() };
	struct rules rules;
	bool complete;
	char *text;

	if (register_load(mem, options->config, &rules, err) < 0 ||
	    run_suggest_retention(mem, &rules, &how, share, &text, &complete, err) < 0 || put(text, err) < 0)
		return -1;
	return complete ? EXIT_DONE : EXIT_GAPS;
}

int verb_suggest(struct arena *mem, const struct options *options, int count, char **words, struct error *err)
{
	struct run_options how = { .hands = options->hands, .now = clock_now() };
	struct rules rules;
	char *text;

	if (count == 2 && strcmp(words[0], "series") == 0)
		return suggest_series(mem, words[1], err);
	if (count == 2 && strcmp(words[0], "retention") == 0)
		return suggest_rules(mem, options, words[1], err);
	if (count != 2 || strcmp(words[0], "needs") != 0)
		return error_set(err, ERROR_USAGE, "use: behov suggest needs SYSTEM[/ROLE], suggest series PLAN.csv, or suggest retention SHARE");
	if (register_load(mem, options->config, &rules, err) < 0 || run_suggest(mem, &rules, &how, words[1], &text, err) < 0)
		return -1;
	return put(text, err);
}

int verb_duplicates(struct arena *mem, const struct options *options, int count, char **words, struct error *err)
{
	struct run_options how = { .hands = options->hands, .now = clock_now() };
	struct rules rules;
	json_t *json = NULL;
	bool complete;
	char *text;
	int rc;

	if (count != 1)
		return error_set(err, ERROR_USAGE, "use: behov duplicates SHARE [--json]");
	if (register_load(mem, options->config, &rules, err) < 0 ||
	    run_duplicates(mem, &rules, &how, words[0], options->json, &json, &text, &complete, err) < 0)
		return -1;
	rc = options->json ? say_json(mem, json, err) : say(text, err);
	json_decref(json);
	return rc < 0 ? -1 : complete ? EXIT_DONE : EXIT_GAPS;
}

/* ------------------------------------------------------------------ what reads the store */

/* The rules and a store to look at; a store that does not exist yet is an error that says what makes one. */
int
open_look(struct arena *mem, const struct options *options, struct rules *rules, struct store **store,
	  struct error *err)
{
	if (register_load(mem, options->config, rules, err) < 0 || store_look(rules, store, err) < 0)
		return -1;
	if (*store)
		return 0;
	return error_set(err, ERROR_STORE, "there is no store '%s' yet: 'behov run' makes it", run_store_path(rules));
}

static int
state_mask(const char *word, unsigned *out, struct error *err)
{
	*out = 0;
	if (!word)
		return 0;
	for (int s = STATE_OPEN; s <= STATE_SUPERSEDED; s++)
		if (strcmp(word, state_word[s]) == 0)
			*out = STATES(s);
	return *out ? 0 : error_set(err, ERROR_USAGE, "--state '%s' is no state: open, braked, queued, asked, held, wrong-owner, scheduled, exported, "
				    "quarantined, kept, done, failed, withdrawn or superseded", word);
}

int verb_proposals(struct arena *mem, const struct options *options, int count, char **words, struct error *err)
{
	struct rules rules;
	struct store *store = NULL;
	unsigned states;
	json_t *json = NULL;
	int rc = -1;

	(void)words;
	if (count)
		return error_set(err, ERROR_USAGE, "use: behov proposals [--state STATE] [--json]");
	if (open_look(mem, options, &rules, &store, err) < 0 || state_mask(options->state, &states, err) < 0)
		goto out;
	rc = report_proposals(mem, &(struct report_input){ &rules, store, clock_now() }, states, &json, err);
	if (rc == 0)
		rc = options->json ? say_json(mem, json, err) : say(report_proposals_text(mem, json), err);
out:
	json_decref(json);
	store_close(store);
	return rc;
}

int verb_status(struct arena *mem, const struct options *options, int count, char **words, struct error *err)
{
	struct rules rules;
	struct store *store = NULL;
	json_t *json = NULL;
	int rc = -1;

	(void)words;
	if (count)
		return error_set(err, ERROR_USAGE, "use: behov status [--json]");
	if (open_look(mem, options, &rules, &store, err) < 0)
		goto out;
	rc = report_status(mem, &(struct report_input){ &rules, store, clock_now() }, &json, err);
	if (rc == 0)
		rc = options->json ? say_json(mem, json, err) : say(report_status_text(mem, json), err);
out:
	json_decref(json);
	store_close(store);
	return rc;
}
