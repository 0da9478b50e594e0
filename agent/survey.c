/* SPDX-License-Identifier: GPL-3.0-or-later */
/* survey.c - a share is walked to see what lies there, and which series govern it: nothing is judged, and nothing is kept. */
#include "run_p.h"
#include <behov/log.h>
#include <behov/register.h>
#include <behov/retain.h>
#include <behov/suggest.h>

static const struct series *
governs(void *self, void *state, const char *path, const struct entry *entry)
{
	return retain_governs(self, state, path, entry);
}

static int
walk(struct arena *mem, const struct rules *rules, const struct share *share, const struct run_options *how, const struct visitor *visitor,
     struct scan_result *seen, struct error *err)
{
	struct store *store = NULL;
	int rc;

	if (!share->own)
		return scan_share(mem, share, &(struct scan_how){ .hands = how->hands, .now = how->now, .full = true }, visitor, seen, err);
	if (store_look(rules, &store, err) < 0)
		return -1;
	rc = own_scan(mem, store, visitor, seen, err);
	store_close(store);
	return rc;
}

int
run_suggest_retention(struct arena *mem, const struct rules *rules, const struct run_options *how, const char *id, char **out,
		      bool *complete, struct error *err)
{
	const struct share *share = rules_share(rules, id);
	struct scan_result seen = { 0 };
	struct survey *survey = NULL;
	struct retain *retain;
	struct library library;
	int rc = -1;

	if (!share)
		return error_set(err, ERROR_USAGE, "no share '%s' in the rules", id);
	register_library(mem, rules, &library);
	retain = retain_open(mem, &(struct retain_input){ .rules = rules, .now = how->now }, err);
	if (!retain)
		return -1;
	survey = suggest_survey(mem, &(struct survey_input){
		.rules = rules, .share = share, .drafts = library.drafts, .draft_count = library.count, .drafts_missing = library.missing,
		.drafts_broken = library.broken > 0, .below = retain_share(retain, share), .governs = governs, .now = how->now,
	});
	if (walk(mem, rules, share, how, suggest_survey_visitor(survey), &seen, err) < 0)
		goto out;
	log_info("scan done share='%s' files=%lld folders=%lld gaps=%zu", share->id, seen.files, seen.folders, seen.gaps.count);
	*out = suggest_retention(survey, seen.visited, seen.gaps.items, seen.gaps.count);
	*complete = seen.visited && seen.complete && !library.broken;
	rc = 0;
out:
	suggest_survey_close(survey);
	retain_close(retain);
	return rc;
}
