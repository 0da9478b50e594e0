/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reports.c - the verb report: a quarter as files, which the chain knows; whether a file is one of them; gallringsprotokoll. */
#include "run_p.h"
#include "verbs_p.h"
#include <behov/json.h>
#include <behov/log.h>
#include <behov/register.h>
#include <behov/document.h>
#include <behov/protocol.h>
#include <behov/quarter.h>

#include <unistd.h>

#define USE "use: behov report quarter 2026Q3 [--owner NAME | --system ID] [--format html,pdf,xlsx,csv,json] [--json], " \
	    "report verify FILE [EXPORT [HEADS]] [--key HEX] [--json], or report protocol ID|DNR|all [--json]"

/* ------------------------------------------------------------------ gallringsprotokoll */

/* "all", a proposal, or a dnr. */
static int
report_protocol(struct arena *mem, const struct options *options, const char *what, struct error *err)
{
	struct rules rules;
	struct store *store = NULL;
	json_t *json = NULL;
	int rc = -1;

	if (open_look(mem, options, &rules, &store, err) == 0)
		rc = protocols_read(mem, &(struct report_input){ &rules, store, clock_now() }, strcmp(what, "all") == 0 ? NULL : what, &json, err);
	if (rc == 0)
		rc = options->json ? say_json(mem, json, err) : say(protocols_text(mem, json), err);
	json_decref(json);
	store_close(store);
	return rc;
}

/* ------------------------------------------------------------------ a quarter */

/* Where it can be noted: not when --now says another time than it is, on a store where that would be untrue. */
static struct store *
open_noted(struct arena *mem, const struct rules *rules, const struct store *look, const char **why)
{
	struct error err = { 0 };
	struct store *store = NULL;

	if (clock_frozen() && !store_is_test(look))
		return NULL;
	if (store_open(run_store_path(rules), STORE_WRITE, &store, &err) < 0)
		*why = arena_text(mem, err.text);
	return store;
}

static int
say_made(struct arena *mem, const struct options *options, const struct quarter_made *made, struct error *err)
{
	const char *out = "";

	if (options->json)
		return say_json(mem, made->page, err);
	for (size_t i = 0; i < made->files.count; i++)
		out = arena_print(mem, "%s%s\n", out, made->files.items[i].path);
	return say(out, err);
}

static int
report_quarter_files(struct arena *mem, const struct options *options, const char *quarter, struct error *err)
{
	struct quarter_made made = { 0 };
	struct store *store = NULL, *noted = NULL;
	const char *unnoted = NULL;
	struct rules rules;
	unsigned formats;
	int rc = -1;

	if (document_formats(options->format, &formats, err) < 0 || open_look(mem, options, &rules, &store, err) < 0)
		goto out;
	noted = open_noted(mem, &rules, store, &unnoted);
	rc = quarter_make(mem, &(struct report_input){ &rules, store, clock_now() },
			  &(struct quarter_what){ quarter, options->owner, options->system }, formats, noted,
			    arena_print(mem, "report (uid %u)", (unsigned)getuid()), &made, err);
	if (rc == 0)
		rc = say_made(mem, options, &made, err);
	unnoted = unnoted ? unnoted : made.unnoted;
	if (unnoted)
		log_warn("the chain does not know this report: %s; make it again when the store can be written", unnoted);
	if (rc == 0)
		rc = unnoted ? EXIT_GAPS : EXIT_DONE;
out:
	json_decref(made.page);
	store_close(noted);
	store_close(store);
	return rc;
}

/* ------------------------------------------------------------------ is it as it was made? */

static int
say_check(struct arena *mem, const struct options *options, const struct report_check *check, struct error *err)
{
	json_t *json = report_check_json(check);
	int rc = options->json ? say_json(mem, json, err) : say(report_check_text(mem, check), err);

	json_decref(json);
	return rc < 0 ? -1 : report_check_judge(check, err);
}

static int
verify_here(struct arena *mem, const struct options *options, const char *file, struct error *err)
{
	struct report_check check;
	struct seals seals = { 0 };
	struct store *store = NULL;
	struct rules rules;
	int rc = -1;

	if (options->key)
		return error_set(err, ERROR_USAGE, "--key is for an export: the configuration has audit.key");
	if (open_look(mem, options, &rules, &store, err) < 0)
		goto out;
	if (rules.conf.audit.heads && seals_agree(mem, &rules.conf, &seals, err) < 0)
		goto out;
	if (report_verify(mem, store, NULL, &seals, file, &check, err) == 0)
		rc = say_check(mem, options, &check, err);
out:
	store_close(store);
	return rc;
}

/* Without configuration and store: on whatever machine somebody has taken the files to. */
static int
verify_there(struct arena *mem, const struct options *options, const char *file, const char *export, const char *heads, struct error *err)
{
	struct report_check check;
	struct seals seals = { 0 };

	if (options->key && !heads)
		return error_set(err, ERROR_USAGE, "--key says how a list of heads begins: name that list, too");
	if (clock_zone("Europe/Stockholm", err) < 0)            /* as reports say their times, where nobody has configured another */
		return -1;
	if (heads && seals_read(mem, heads, options->key, &seals, err) < 0)
		return -1;
	if (heads && !seals.list.count)
		return error_set(err, ERROR_SOURCE, "the list of heads '%s' is empty, or not there", heads);
	if (report_verify(mem, NULL, export, &seals, file, &check, err) < 0)
		return -1;
	return say_check(mem, options, &check, err);
}

/* ------------------------------------------------------------------ */

int verb_report(struct arena *mem, const struct options *options, int count, char **words, struct error *err)
{
	const char *what = count ? words[0] : "";

	if (strcmp(what, "protocol") == 0 && count == 2)
		return report_protocol(mem, options, words[1], err);
	if (strcmp(what, "quarter") == 0 && count == 2)
		return report_quarter_files(mem, options, words[1], err);
	if (strcmp(what, "verify") == 0 && count == 2)
		return verify_here(mem, options, words[1], err);
	if (strcmp(what, "verify") == 0 && (count == 3 || count == 4))
		return verify_there(mem, options, words[1], words[2], count == 4 ? words[3] : NULL, err);
	return error_set(err, ERROR_USAGE, USE);
}
