/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * verbs.c - every verb with how it is used, and every option: one table of each, which the command line is read by and help is
 * printed from.
 */
#include "verbs_p.h"

#include <ctype.h>
#include <string.h>

#define TEXT(field) .what = OPTION_TEXT, .at = offsetof(struct options, field)
#define FLAG(field) .what = OPTION_FLAG, .at = offsetof(struct options, field)

const struct option_row option_rows[] = {
	/* of every verb */
	{ "config", 0, "FILE", "the configuration (default " DEFAULT_CONFIG ")", TEXT(config), .all = true },
	{ "now", 0, "TIME", "judge as of 2026-01-05T02:00+01:00; verbs that act take it on a test store only", .what = OPTION_NOW, .all = true },
	{ NULL, 'v', NULL, "say more", .what = OPTION_MORE, .all = true },
	{ NULL, 'q', NULL, "say only warnings and errors", .what = OPTION_LESS, .all = true },
	{ NULL, 'j', "N", "hands for slow calls, 1 to 256", .what = OPTION_HANDS, .all = true },
	{ "help", 'h', NULL, "this; behind a verb, what it takes", .what = OPTION_HELP, .all = true },
	{ "version", 0, NULL, "which version of behov it is", .what = OPTION_VERSION, .all = true },
	/* of some */
	{ "json", 0, NULL, "the answer as JSON", FLAG(json) },
	{ "files", 0, NULL, "with --json: the files of each batch", FLAG(files) },
	{ "full", 0, NULL, "list every folder and weigh every file, though nothing has changed", FLAG(full) },
	{ "rules", 0, "DIR", "what these rules would open and withdraw, instead of those in force", TEXT(rules) },
	{ "at", 0, "DATE", "as our nights saw it then; USER, SYSTEM/ROLE or USER SYSTEM[/ROLE]", TEXT(at) },
	{ "english", 0, NULL, "of access: not in Swedish", FLAG(english) },
	{ "state", 0, "STATE", "those in that state only", TEXT(state) },
	{ "by", 0, "NAME", "who decided; twice where two people are needed", TEXT(by) },
	{ "reason", 0, "TEXT", "why; --why is the same", TEXT(reason) },
	{ "why", 0, "TEXT", NULL, TEXT(reason) },
	{ "until", 0, "DATE", "keep: asked again from then; hold: until when it is thought to stand", TEXT(until) },
	{ "share", 0, "ID", "what it covers, or is about: a share", TEXT(share) },
	{ "path", 0, "PATTERN", "files or a folder below it", TEXT(path) },
	{ "series", 0, "ID", "a series", TEXT(series) },
	{ "case", 0, "NAME", "a case", TEXT(case_name) },
	{ "date", 0, "DATE", "when it happened, or of which day a receipt is", TEXT(date) },
	{ "number", 0, "TEXT", "what the e-archive calls its receipt", TEXT(number) },
	{ "file", 0, "FILE", "the SHA-256 of what the e-archive has, which is compared", TEXT(file) },
	{ "owner", 0, "NAME", "of what that owner answers for", TEXT(owner) },
	{ "system", 0, "ID", "of that system", TEXT(system) },
	{ "format", 0, "LIST", "some of html,pdf,xlsx,csv,json; without it all", TEXT(format) },
	{ "head", 0, NULL, "the hash of the last row, and nothing else", FLAG(head) },
	{ "key", 0, "HEX", "the key that HEADS must begin with", TEXT(key) },
	{ "all", 0, NULL, "those that were lifted or removed, too", FLAG(all) },
	{ "test", 0, NULL, "a test store, which takes --now; it stays one", FLAG(test) },
	{ .help = NULL },
};

/* use: what follows `behov VERB`, a line for each way; options and examples: a blank, or a line, for each. */
const struct verb verb_rows[] = {
	{ "check", "[--json]", "say what is wrong in conf/ and rules/, or (with -v or --json) what is in force", "json",
	  "check\ncheck -v", verb_check },
	{ "plan", "[--files] [--full] [--json]\n--rules DIR [--json]",
	  "say what would be proposed now, or what other rules would change; changes nothing", "json files full rules",
	  "plan\nplan --json --files\nplan --rules /home/anna/rules", verb_plan },
	{ "run", "[--full]", "the night: takes answers, looks, proposes, writes to owners", "full", "run\nrun --full -j 16", verb_run },
	{ "serve", "", "the page where owners decide, until Ctrl-C", "", "serve", verb_serve },
	{ "apply", "", "carry out what is approved and has had its grace", "", "apply", verb_apply },
	{ "proposals", "[--state STATE] [--json]", "what waits, and for whom", "json state", "proposals\nproposals --state braked", verb_proposals },
	{ "status", "[--json]", "the last night, what waits, what could not be seen, and what is wanted", "json", "status", verb_status },
	{ "powers", "[VERB] [--json]", "what each verb gives up on this kernel, and what it keeps", "json", "powers\npowers serve -v", verb_powers },
	{ "explain", "USER SYSTEM[/ROLE] [--english] [--json]\nPATH [--json]\n--at DATE USER|SYSTEM/ROLE [--english] [--json]\n"
		     "--at DATE USER SYSTEM[/ROLE] [--english] [--json]",
	  "say why, with every rule considered; with --at, who had what", "json at english",
	  "explain anna.berg treserva/handlaggare\nexplain /srv/ekonomi/Verifikationer/2017/1.pdf\nexplain --at 2026-03-01 anna.berg", verb_explain },
	{ "suggest", "needs SYSTEM[/ROLE]\nseries PLAN.csv\nretention SHARE",
	  "drafts: of needs, from who has the role today; of series, from a plan, or from what lies on a share", "",
	  "suggest needs treserva/handlaggare\nsuggest series plan.csv\nsuggest retention ekonomi", verb_suggest },
	{ "duplicates", "SHARE [--json]", "files that are alike and that no series covers, where the share allows its files to be opened", "json",
	  "duplicates gemensam", verb_duplicates },
	{ "report", "quarter 2026Q3 [--owner NAME|--system ID] [--format LIST] [--json]\nverify FILE [EXPORT [HEADS]] [--key HEX] [--json]\n"
		    "protocol ID|DNR|all [--json]",
	  "write the quarterly access review; say whether a file is one as it was made; show gallringsprotokoll, and where they are",
	  "json owner system format key",
	  "report quarter 2026Q3\nreport quarter 2026Q3 --system treserva --format pdf\nreport verify 2026Q3.pdf\nreport protocol all", verb_report },
	{ "audit", "verify [EXPORT [HEADS]] [--key HEX] [--head] [--json]\ntrail ID|ACCOUNT|DNR|QUARTER@SYSTEM [--json]\nexport\nseal [--json]\nrotate [--json]\n"
		   "epoch --by NAME --reason TEXT [--json]",
	  "what was done: check its chain, follow one proposal or review, write it out; behov-audit signs its head", "json head key by reason",
	  "audit verify\naudit verify chain.jsonl heads --key 3f2a…\naudit trail anna.berg\naudit trail 'KS-GALLR 2026/1'\naudit trail 2026Q3@treserva", verb_audit },
	{ "decide", "keep ID --by NAME --reason TEXT [--until DATE]\nundo ID --by NAME --reason TEXT\n"
		    "hold ID --by NAME --reason TEXT [--until DATE]\ndone ID --by NAME --reason TEXT\n"
		    "release SCOPE|directory|share:ID --by NAME --reason TEXT",
	  "by hand, in somebody's name; never approves", "by reason until",
	  "decide release system:larportalen --by it.admin --reason Granskat\ndecide keep 3f2a8c1d0b7e6f54-1 --by anna.berg --reason Vikariat --until 2027-01-31",
	  verb_decide },
	{ "hold", "list [--all]\nadd ID [--share ID] [--path PATTERN] [--series ID] [--case NAME] --by NAME --reason TEXT\n"
		  "lift ID --by NAME --by NAME --reason TEXT", "gallringsstopp", "by reason share path series case all",
	  "hold list\nhold add utlamnande-7 --share ekonomi --path 'Verifikationer/2017/**' --by maria.arkivarie --reason 'Begärd ut'\n"
	  "hold lift utlamnande-7 --by maria.arkivarie --by eva.lind --reason Utlämnad", verb_hold },
	{ "event", "list [--all]\nadd --series ID --share ID --path FOLDER --date DATE --by NAME --why TEXT\nremove ID --by NAME --why TEXT",
	  "when what a series counts from has happened", "by reason share path series date all",
	  "event list\nevent add --series elevakter --share skola --path Elever/2017 --date 2026-06-12 --by eva.lind --why Slutade", verb_event },
	{ "restore", "ID --by NAME --reason TEXT", "put back what was carried out, as journaled", "by reason",
	  "restore 3f2a8c1d0b7e6f54-1 --by it.admin --reason 'Fel person'", verb_restore },
	{ "delivery", "list\nreceipt ID --number TEXT [--date DATE] [--file FILE] --by NAME\nrefuse ID --by NAME --reason TEXT",
	  "what lies with the e-archive, and what it answers", "by reason date number file",
	  "delivery list\ndelivery receipt 3f2a8c1d0b7e6f54-1 --number EA-2027-14 --by maria.arkivarie", verb_delivery },
	{ "series", "list\nactivate ID --by NAME --reason TEXT", "the archivist arms a series", "by reason",
	  "series list\nseries activate verifikationer-2019 --by maria.arkivarie --reason 'KS 2019/0123'", verb_series },
	{ "share", "adopt ID [--by NAME --reason TEXT]\nprobe ID [--json]",
	  "by what a share is known again; whether files can be put aside on it", "json by reason", "share adopt ekonomi\nshare probe ekonomi", verb_share },
	{ "store", "create [--test]\nclock", "make the store; confirm a clock that has jumped", "test", "store create\nstore create --test", verb_store },
	{ .name = NULL },
};

const struct verb *
verb_find(const char *name)
{
	for (const struct verb *v = verb_rows; v->name; v++)
		if (strcmp(v->name, name) == 0)
			return v;
	return NULL;
}

/* Options that have the same place are one. */
static bool
is_same(const struct option_row *a, const struct option_row *b)
{
	return a == b || (a->what == OPTION_TEXT && b->what == OPTION_TEXT && a->at == b->at);
}

bool
verb_takes(const struct verb *verb, const struct option_row *row)
{
	for (const struct option_row *r = option_rows; r->help || r->name; r++) {
		const char *at = r->name ? strstr(verb->options, r->name) : NULL;
		size_t len = r->name ? strlen(r->name) : 0;

		/* "file" is no "files". */
		while (at && ((at > verb->options && at[-1] != ' ') || (at[len] && at[len] != ' ')))
			at = strstr(at + 1, r->name);
		if (at && is_same(r, row))
			return true;
	}
	return row->all;
}

/* ------------------------------------------------------------------ help */

static void
put_option(FILE *out, const struct option_row *row)
{
	char name[40];

	if (!row->help)
		return;
	snprintf(name, sizeof(name), "%s%c%s%s%s%s%s", row->letter ? "-" : "", row->letter ? row->letter : ' ', row->letter && row->name ? ", " : "",
		 row->name ? "--" : "", row->name ? row->name : "", row->argument ? " " : "", row->argument ? row->argument : "");
	fprintf(out, "  %-18s %s\n", name + (row->letter ? 0 : 1), row->help);
}

/* Each line of `lines`, with words before it. */
static void
put_lines(FILE *out, const char *first, const char *rest, const char *lines)
{
	for (bool more = true; more; first = rest) {
		size_t len = strcspn(lines, "\n");

		fprintf(out, "%s%s%.*s\n", first, len ? " " : "", (int)len, lines);
		more = lines[len] != '\0';
		lines += len + more;
	}
}

void
help_all(FILE *out)
{
	char first[80];

	fputs("behov - access by need, records by their retention\n\n"
	      "use: behov [--config FILE] [--now TIME] [-v] [-q] [-j N] VERB ...\n     behov VERB --help\n\nverbs:\n", out);
	for (const struct verb *v = verb_rows; v->name; v++) {
		snprintf(first, sizeof(first), "  %s", v->name);
		put_lines(out, first, first, v->use);
		fprintf(out, "        %s\n", v->help);
	}
	fputs("\noptions:\n", out);
	for (const struct option_row *r = option_rows; r->help || r->name; r++)
		put_option(out, r);
	fputs("\nexit: 0 done, 1 failed, 2 usage or configuration, 3 done with gaps, 4 done with a brake\n", out);
}

void
help_verb(FILE *out, const struct verb *verb)
{
	char first[80], rest[80], example[80];

	snprintf(first, sizeof(first), "use: behov %s", verb->name);
	snprintf(rest, sizeof(rest), "     behov %s", verb->name);
	snprintf(example, sizeof(example), "  behov");
	put_lines(out, first, rest, verb->use);
	fprintf(out, "\n%c%s\n", toupper((unsigned char)*verb->help), verb->help + 1);
	if (*verb->options)
		fputs("\noptions:\n", out);
	for (const struct option_row *r = option_rows; r->help || r->name; r++)
		if (!r->all && verb_takes(verb, r))
			put_option(out, r);
	fputs("\noptions of every verb:\n", out);
	for (const struct option_row *r = option_rows; r->help || r->name; r++)
		if (r->all)
			put_option(out, r);
	fputs("\nexamples:\n", out);
	put_lines(out, example, example, verb->examples);
	fputs("\nsee also: man behov\n", out);
}
