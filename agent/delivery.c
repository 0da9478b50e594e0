/* SPDX-License-Identifier: GPL-3.0-or-later */
/* delivery.c - the verb delivery: what lies with the e-archive, its receipt, and its refusal. */
#include "run_p.h"
#include "verbs_p.h"
#include <behov/log.h>
#include <behov/register.h>

/* While a night is at work, too. */
static int
list(struct arena *mem, const struct options *options, struct error *err)
{
	struct store *store = NULL;
	struct rules rules;
	char *text = NULL;
	int rc;

	if (open_look(mem, options, &rules, &store, err) < 0)
		return -1;
	rc = apply_deliveries(mem, &(struct apply_input){ .rules = &rules, .store = store, .now = clock_now() }, &text, err);
	store_close(store);
	return rc < 0 ? -1 : say(text, err);
}

/* Before the store is opened: what is wrong on the command line is said at once. */
static int
check_receipt(const struct options *options, struct receipt *out, struct error *err)
{
	if (!options->by || !*options->by)
		return error_set(err, ERROR_USAGE, "'delivery receipt' needs --by NAME: who registers it");
	if (!options->number || !*options->number)
		return error_set(err, ERROR_USAGE, "'delivery receipt' needs --number TEXT: what the e-archive calls its receipt");
	if (options->date && day_parse(options->date) == DAY_NONE)
		return error_set(err, ERROR_USAGE, "--date '%s' is not a date like 2027-01-31", options->date);
	*out = (struct receipt){ .number = options->number, .date = day_parse(options->date), .sums = options->file };
	return 0;
}

static int
receipt(struct arena *mem, const struct apply_input *in, const struct options *options, const char *id, struct receipt *r, struct error *err)
{
	long long compared = 0;

	r->by = actor(mem, options);
	if (!options->date)
		r->date = clock_day(in->now);
	return apply_receipt(mem, in, id, r, &compared, err);
}

int
verb_delivery(struct arena *mem, const struct options *options, int count, char **words, struct error *err)
{
	bool taken = count == 2 && strcmp(words[0], "receipt") == 0;
	struct receipt r = { 0 };
	struct rules rules;
	struct desk desk;
	int rc;

	if (count == 1 && strcmp(words[0], "list") == 0)
		return list(mem, options, err);
	if (!taken && !(count == 2 && strcmp(words[0], "refuse") == 0))
		return error_set(err, ERROR_USAGE, "use: behov delivery list | receipt ID --number TEXT [--date DATE] [--file FILE] --by NAME | "
				 "refuse ID --by NAME --reason TEXT");
	if ((taken && check_receipt(options, &r, err) < 0) || (!taken && need_names(options, false, "delivery refuse", err) < 0) ||
	    register_load(mem, options->config, &rules, err) < 0 || run_desk_open(mem, &rules, clock_now(), false, &desk, err) < 0)
		return -1;
	const struct apply_input in = { .rules = &rules, .store = desk.store, .now = clock_now() };

	rc = taken ? receipt(mem, &in, options, words[1], &r, err)
		: apply_refused(mem, &in, words[1], actor(mem, options), options->reason, err);
	run_desk_close(&desk);
	return rc;
}
