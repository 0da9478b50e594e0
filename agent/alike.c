/* SPDX-License-Identifier: GPL-3.0-or-later */
/* alike.c - files of a share that are alike: walked, then read where nobody has said what is to become of them. */
#include "run_p.h"
#include <behov/duplicates.h>
#include <behov/log.h>
#include <behov/retain.h>

#include <unistd.h>

static const struct series *
governs(void *self, void *state, const char *path, const struct entry *entry)
{
	return retain_governs(self, state, path, entry);
}

static bool
turn(void *self)
{
	return scan_turn(self);
}

static int
hands_of(const struct share *share, int asked)
{
	return share->hands && (!asked || asked > share->hands) ? share->hands : asked;
}

/* Files are opened where the share says that they may be, and nowhere else. */
static int
find_share(const struct rules *rules, const char *id, const struct share **out, struct error *err)
{
	*out = rules_share(rules, id);
	if (!*out)
		return error_set(err, ERROR_USAGE, "no share '%s' in the rules", id);
	if (!(*out)->duplicates)
		return error_set(err, ERROR_USAGE, "files of share '%s' are not opened: it does not say 'duplicates = true'", id);
	return 0;
}

/* *complete: all that has another's size was compared, but for what is too large or lies offline. */
static int
find(struct duplicates *d, const struct share *share, const struct scan_result *seen, struct duplicates_result *out, bool *complete,
     struct error *err)
{
	struct error why = { 0 };
	int root, rc;

	*complete = false;
	if (!seen->visited)
		return 0;
	root = scan_open_root(share, &why);
	if (root < 0)
		return error_set(err, ERROR_SOURCE, "%s", why.text);
	rc = duplicates_find(d, root, out, err);
	close(root);
	*complete = seen->complete && out->unread + out->changed + out->traced + out->beyond == 0;
	return rc;
}

int
run_duplicates(struct arena *mem, const struct rules *rules, const struct run_options *how, const char *id, bool as_json, json_t **json,
	       char **text, bool *complete, struct error *err)
{
	struct scan_result seen = { 0 };
	struct duplicates_result found = { 0 };
	struct duplicates *d;
	const struct share *share;
	struct retain *retain;
	int rc = -1;

	if (find_share(rules, id, &share, err) < 0)
		return -1;
	retain = retain_open(mem, &(struct retain_input){ .rules = rules, .now = how->now }, err);
	if (!retain)
		return -1;
	d = duplicates_open(mem, &(struct duplicates_input){
		.share = share, .below = retain_share(retain, share), .governs = governs, .file_most = DUPLICATES_FILE_MOST,
		.read_most = DUPLICATES_READ_MOST, .hands = hands_of(share, how->hands), .turn = turn, .turns = scan_turns(mem, share),
	});
	if (scan_share(mem, share, &(struct scan_how){ .hands = how->hands, .now = how->now, .full = true }, duplicates_visitor(d), &seen,
		       err) < 0 || find(d, share, &seen, &found, complete, err) < 0)
		goto out;
	log_info("duplicates done share='%s' files=%lld alike=%lld bytes=%llu read=%llu", share->id, found.looked, found.files,
		 (unsigned long long)found.bytes, (unsigned long long)found.read);
	if (as_json)
		*json = duplicates_json(mem, share, &found, seen.gaps.items, seen.gaps.count, how->now);
	else
		*text = duplicates_text(mem, share, &found, seen.gaps.items, seen.gaps.count);
	rc = 0;
out:
	duplicates_close(d);
	retain_close(retain);
	return rc;
}
