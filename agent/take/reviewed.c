/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reviewed.c - that somebody has gone through a list counts when it was laid before them, is theirs, and they have proved who they are.
 *
 * It is bound to the digest of what they saw.  A list that was made after they had read theirs does not take their word away: it is of
 * the older one, and everything that tells of it says so.
 */
#include "take_p.h"
#include "behov/audit.h"
#include "behov/json.h"
#include "behov/log.h"
#include "behov/text.h"
#include <string.h>

bool
take_is_review(const struct inbox_decision *d)
{
	return d->verdict && strcmp(d->verdict, INBOX_REVIEW) == 0;
}

struct reviewed
take_reviewed(struct arena *mem, const char *proposal)
{
	const char *at = proposal ? strchr(proposal, '@') : NULL;

	return (struct reviewed){ at ? arena_copy(mem, proposal, (size_t)(at - proposal)) : "", at ? at + 1 : "" };
}

const char *
take_review_name(struct arena *mem, const char *quarter, const char *system)
{
	return arena_print(mem, "%s@%s", quarter, system);
}

/* ------------------------------------------------------------------ does it count? */

/* The list that lay before them at that moment; NULL = none did, or another. */
static const struct review_list *
seen_then(const struct review_lists *lists, const char *digest, int64_t at)
{
	const struct review_list *out = NULL;

	for (size_t i = 0; i < lists->list.count; i++)
		if (lists->list.items[i].made <= at)
			out = &lists->list.items[i];
	return out && strcmp(out->digest, digest) == 0 ? out : NULL;
}

static int
find_seen(struct taking *t, const struct inbox_decision *d, const struct review_list **out, struct error *err)
{
	struct reviewed of = take_reviewed(t->mem, d->proposal);
	struct review_lists lists;

	*out = NULL;
	if (!take_fits(d->proposal, TAKE_WORD_MOST) || !take_fits(d->version, TAKE_WORD_MOST))
		return 0;
	if (store_lists(t->mem, t->store, of.quarter, of.system, true, &lists, err) < 0)
		return -1;
	*out = seen_then(&lists, d->version, d->at);
	return 0;
}

static int
has_said_so(struct taking *t, const struct review_list *list, bool *out, struct error *err)
{
	struct reviews all;

	*out = false;
	if (store_reviews(t->mem, t->store, list->quarter, list->system, false, &all, err) < 0)
		return -1;
	for (size_t i = 0; i < all.list.count; i++) {
		const struct review *r = &all.list.items[i];

		*out |= r->key && strcmp(r->key, t->letter.key) == 0 && strcmp(r->digest, list->digest) == 0;
	}
	return 0;
}

static bool
is_weak(const struct taking *t, const struct review_list *list)
{
	const struct system *system = rules_system(t->rules, list->system);

	return t->kind == PROOF_CODE && class_wants_strong(&t->rules->conf, system ? system->class.konfidentialitet : -1);
}

static bool
are_remarks(const char *text)
{
	return text_is_words(text) && (!text || strspn(text, " \t\r\n") < strlen(text));
}

int
take_review_fault(struct taking *t, const struct inbox_decision *d, const char **fault, struct error *err)
{
	const struct review_list *list;
	struct reviewers theirs;
	bool said = false;

	*fault = take_letter_fault(t, d);
	if (*fault)
		return 0;
	if (find_seen(t, d, &list, err) < 0)
		return -1;
	if (!list) {
		*fault = "no such list lay before anybody then";
		return 0;
	}
	if (store_reviewers(t->mem, t->store, t->rules, list->system, t->letter.key, t->now, &theirs, err) < 0 || has_said_so(t, list, &said, err) < 0)
		return -1;
	if (!theirs.list.count)
		*fault = "this person does not review that system, or their account or address has changed in the last seven days";
	else if (d->at < list->ended)
		*fault = "the quarter was not over";
	else if (is_weak(t, list))
		*fault = "a code is not enough to review it";
	else if (!are_remarks(d->reason))
		*fault = "the remarks cannot be read";
	else if (said)
		*fault = "the same person has reviewed it already";
	return 0;
}

/* ------------------------------------------------------------------ into the store */

/* older: another list has taken its place since. */
static int
note(const struct taking *t, const struct review *r, bool older, struct error *err)
{
	json_t *payload = json_object();
	int rc;

	json_put(payload, "quarter", r->quarter);
	json_put(payload, "system", r->system);
	json_put(payload, "digest", r->digest);
	json_put(payload, "by", r->key);
	json_put(payload, "name", r->name);
	json_put(payload, "duty", r->duty);
	json_put(payload, "at", clock_text(t->mem, r->at));
	json_put(payload, "text", r->text);
	json_put(payload, "proof", r->refused ? NULL : proof_word[t->kind]);
	json_put(payload, "source", r->source);
	if (r->refused)
		json_put(payload, "refused", r->refused);
	else
		json_object_set_new(payload, "older", json_boolean(older));
	rc = audit_add(t->store, t->now, r->name && *r->name ? r->name : "page", r->refused ? "review-refused" : "reviewed", payload, err);
	json_decref(payload);
	return rc;
}

/* What goes with one that counts: their duty, how often they stand in it themselves, and whether it is the list in force. */
static int
fill(struct taking *t, struct review *r, bool *older, struct error *err)
{
	struct review_lists lists;
	struct reviewers theirs;

	if (store_reviewers(t->mem, t->store, t->rules, r->system, r->key, t->now, &theirs, err) < 0 ||
	    store_lists(t->mem, t->store, r->quarter, r->system, true, &lists, err) < 0)
		return -1;
	r->duty = theirs.list.count ? theirs.list.items[0].duty : NULL;
	for (size_t i = 0; i < lists.list.count; i++) {
		const struct review_list *list = &lists.list.items[i];

		*older = strcmp(list->digest, r->digest) != 0;
		if (!*older && store_list_holds(t->store, list->id, r->key, &r->own, err) < 0)
			return -1;
	}
	return 0;
}

static void
tame(struct taking *t, struct review *r)
{
	r->quarter = take_tame(t->mem, r->quarter, TAKE_WORD_MOST);
	r->system = take_tame(t->mem, r->system, TAKE_WORD_MOST);
	r->digest = r->digest ? take_tame(t->mem, r->digest, TAKE_WORD_MOST) : "";
	r->text = take_tame(t->mem, r->text, TAKE_TEXT_MOST);
	r->proof = take_tame(t->mem, r->proof, TAKE_TEXT_MOST);
	r->at = r->at == INT64_MIN ? t->now : r->at;
}

int
take_review(struct taking *t, const struct inbox_decision *d, const char *fault, struct error *err)
{
	struct reviewed of = take_reviewed(t->mem, d->proposal);
	struct review r = { .quarter = of.quarter, .system = of.system, .digest = d->version, .key = t->letter.key, .name = t->letter.name,
			    .text = d->reason, .at = d->at, .source = "page", .inbox = d->mark, .proof = d->proof, .refused = fault };
	bool older = false;

	if (fault) {
		tame(t, &r);
		t->out->refused++;
		log_warn("a review does not count inbox=%lld why='%s'", d->id, fault);
	} else if (fill(t, &r, &older, err) < 0) {
		return -1;
	} else {
		t->out->taken++;
	}
	return store_review_add(t->store, &r, err) < 0 ? -1 : note(t, &r, older, err);
}
