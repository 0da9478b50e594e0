/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * take.c - what was decided on the page counts when it has been verified here.
 *
 * The inbox is written by a process that listens to the world.  So nothing in it is believed: the token is compared with
 * the hash notify stored, the person with who is asked, the version with what is stored, the proof with the clock.
 * All of it is read each time, and the store knows what it has taken: no id that somebody chose makes us pass by a row.
 */
#include "take_p.h"
#include "behov/audit.h"
#include "behov/digest.h"
#include "behov/json.h"
#include "behov/log.h"
#include "behov/text.h"
#include <string.h>

#define SLICE 1000                      /* rows of the inbox in memory at a time */
#define REFUSED_MOST 1000               /* are stored at a time; a flood must neither fill the store nor take the night */
#define LATE_SECONDS (2 * 86400)        /* a decision that lay for longer has its grace from when it was taken */

/* ------------------------------------------------------------------ what follows from a decision */

static int
note(const struct taking *t, const char *event, const struct decision *d, struct error *err)
{
	json_t *payload = json_object();
	int rc;

	json_put(payload, "proposal", d->proposal);
	json_put(payload, "version", d->version);
	json_put(payload, "verdict", verdict_word[d->verdict]);
	json_put(payload, "by", d->key);
	json_put(payload, "source", d->source);
	if (strcmp(event, "decision-taken") == 0)
		json_put(payload, "at", clock_text(t->mem, d->at));
	if (d->reason)
		json_put(payload, "reason", d->reason);
	if (d->refused)
		json_put(payload, "refused", d->refused);
	rc = audit_add(t->store, t->now, d->name && *d->name ? d->name : "page", event, payload, err);
	json_decref(payload);
	return rc;
}

/* The grace of a decision begins when it was made: but one that was not there when we looked is no older than that,
 * whatever it says. */
static int
schedule(const struct taking *t, const struct stored *s, const struct decision *d, struct error *err)
{
	int64_t from = d && d->at > t->before && t->now - d->at <= LATE_SECONDS ? d->at : t->now;
	bool files = s->p.kind == KIND_DESTROY || s->p.kind == KIND_DELIVER;
	int days = files ? t->rules->conf.grace.file_days : t->rules->conf.grace.access_days;
	int64_t go_at = clock_midnight(clock_day(from) + days);
	json_t *payload = json_object();
	int rc;

	json_put(payload, "proposal", s->id);
	json_put(payload, "version", s->p.version);
	json_put(payload, "go_at", clock_text(t->mem, go_at));
	rc = store_proposal_move(t->store, s->id, PROPOSAL_SCHEDULED, t->now, go_at, DAY_NONE, NULL, err);
	if (rc == 0)
		rc = audit_add(t->store, t->now, d && d->name ? d->name : "run", happening_word[PROPOSAL_SCHEDULED], payload, err);
	json_decref(payload);
	return rc;
}

static int
approve(struct taking *t, const struct stored *s, const struct decision *d, struct error *err)
{
	bool all = false;

	t->out->approved++;
	if (!(life[PROPOSAL_SCHEDULED].from & STATES(s->state)))
		return 0;               /* somebody has kept it meanwhile, or the night finds another owner first */
	if (take_all_approved(t, s, &all, err) < 0)
		return -1;
	return all ? schedule(t, s, d, err) : 0;
}

/* The person keeps every role the proposal is about; below a nesting there is no one person to keep anything. */
static int
except(const struct taking *t, const struct stored *s, const struct decision *d, struct error *err)
{
	struct kept kept = {
		.system = s->p.system, .role = s->p.role, .key = s->p.guid, .account = s->p.account,
		.reason = d->reason, .by = d->name, .proposal = s->id, .until = d->until, .at = d->at,
	};

	if (s->p.kind != KIND_REMOVE_MEMBER)
		return 0;
	if (store_exception_add(t->store, &kept, err) < 0)
		return -1;
	for (int i = 0; i < s->p.also_count; i++) {
		size_t len = strcspn(s->p.also[i], "/");

		kept.system = arena_copy(t->mem, s->p.also[i], len);
		kept.role = s->p.also[i][len] ? s->p.also[i] + len + 1 : "";
		if (store_exception_add(t->store, &kept, err) < 0)
			return -1;
	}
	return 0;
}

static int
keep(struct taking *t, const struct stored *s, const struct decision *d, struct error *err)
{
	if (s->state == STATE_KEPT)     /* an answer of one more who was asked */
		return 0;
	if (store_proposal_move(t->store, s->id, PROPOSAL_KEPT, t->now, INT64_MIN, d->until, d->reason, err) < 0 ||
	    except(t, s, d, err) < 0)
		return -1;
	t->out->kept++;
	return note(t, happening_word[PROPOSAL_KEPT], d, err);
}

/* What stands of "not mine" about it. */
static int
declined_about(const struct taking *t, const struct proposal *p, struct declined_list *out, struct error *err)
{
	struct declined_list all;

	*out = (struct declined_list){ 0 };
	if (store_declined(t->mem, t->store, NULL, &all, err) < 0)
		return -1;
	for (size_t i = 0; i < all.list.count; i++)
		if (strcmp(all.list.items[i].proposal_key, p->key) == 0)
			*arena_push(t->mem, &out->list) = all.list.items[i];
	return 0;
}

/* By hand: the night asks those again whom the rules name.  That is no decision about the proposal: as one it would take back
 * what others have approved of it, and nobody would tell them. */
static int
undo_declined(struct taking *t, const struct stored *s, const struct decision *d, struct error *err)
{
	struct declined_list list;

	if (declined_about(t, &s->p, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.list.count; i++)
		if (store_declined_end(t->store, &list.list.items[i], err) < 0)
			return -1;
	return note(t, "not-mine-ended", d, err);
}

static int
undo(struct taking *t, const struct stored *s, const struct decision *d, struct error *err)
{
	if (store_proposal_move(t->store, s->id, PROPOSAL_UNDONE, t->now, INT64_MIN, DAY_NONE, d->reason, err) < 0)
		return -1;
	t->out->undone++;
	return note(t, happening_word[PROPOSAL_UNDONE], d, err);
}

static int
carry(struct taking *t, const struct stored *s, const struct decision *d, struct error *err)
{
	switch (d->verdict) {
	case VERDICT_APPROVE:
		return approve(t, s, d, err);
	case VERDICT_KEEP:
		return keep(t, s, d, err);
	case VERDICT_UNDO:
		return undo(t, s, d, err);
	case VERDICT_ASK:
	case VERDICT_RULE:
	case VERDICT_NOT_MINE:
	case VERDICT_HOLD:
	case VERDICT_LATER:
	case VERDICT_ADVISE:
		return take_answer(t, s, d, err);
	case VERDICT_DONE:
		return note(t, "proposal-said-done", d, err);
	}
	return error_set(err, ERROR_STORE, "a verdict that does not exist");
}

/* ------------------------------------------------------------------ one row of the inbox */

const char *
take_tame(struct arena *mem, const char *text, size_t most)
{
	return text ? name_show(mem, arena_copy(mem, text, strnlen(text, most))) : NULL;
}

static int
look_up(struct taking *t, const struct inbox_decision *d, struct error *err)
{
	struct letters letters = { 0 };

	t->letter = (struct letter){ 0 };
	t->list = (struct stored_list){ 0 };
	if (take_fits(d->token, TAKE_WORD_MOST) && *d->token) {
		if (store_letter_by_token(t->mem, t->store, digest_text(t->mem, d->token), &letters, err) < 0)
			return -1;
		if (letters.list.count == 1)
			t->letter = letters.list.items[0];
	}
	if (!take_fits(d->proposal, TAKE_WORD_MOST))
		return 0;
	return store_proposals(t->mem, t->store, &(struct proposal_filter){ .id = d->proposal }, &t->list, err);
}

static struct decision
stored_form(const struct taking *t, const struct inbox_decision *d, const char *fault)
{
	int verdict = take_verdict(d->verdict);
	struct decision out = {
		.proposal = d->proposal, .version = d->version, .reason = d->reason, .proof = d->proof,
		.key = t->letter.key, .name = t->letter.name, .source = "page", .inbox = d->mark, .refused = fault,
		.verdict = verdict < 0 ? VERDICT_KEEP : (enum verdict)verdict, .until = d->until, .at = d->at,
	};

	if (verdict == VERDICT_ASK || verdict == VERDICT_ADVISE)      /* a name that was typed is stored with the question alone */
		out.reason = words_read(t->mem, out.verdict, d->reason, DAY_NONE).text;
	if (!fault)
		return out;
	out.proposal = d->proposal ? take_tame(t->mem, d->proposal, TAKE_WORD_MOST) : "";
	out.version = take_tame(t->mem, d->version, TAKE_WORD_MOST);
	out.reason = take_tame(t->mem, out.reason, TAKE_TEXT_MOST);
	out.proof = take_tame(t->mem, d->proof, TAKE_TEXT_MOST);
	if (out.at == INT64_MIN)        /* means "no moment" in the store */
		out.at = t->now;
	return out;
}

static int
judge(struct taking *t, const struct inbox_decision *row, const char **fault, struct error *err)
{
	if (take_is_event(row))
		return take_event_fault(t, row, fault, err);
	return take_is_review(row) ? take_review_fault(t, row, fault, err) : take_fault(t, row, fault, err);
}

static int
take_row(struct taking *t, const struct inbox_decision *row, struct error *err)
{
	const char *fault = NULL;
	struct decision d;

	if (look_up(t, row, err) < 0 || judge(t, row, &fault, err) < 0)
		return -1;
	if (fault && t->out->refused == REFUSED_MOST) {
		t->left++;
		return 0;
	}
	if (take_is_event(row))
		return take_event(t, row, fault, err);
	if (take_is_review(row))
		return take_review(t, row, fault, err);
	d = stored_form(t, row, fault);
	t->words = row->reason;
	if (store_decision_add(t->store, &d, err) < 0)
		return -1;
	if (fault) {
		t->out->refused++;
		log_warn("a decision does not count inbox=%lld why='%s'", row->id, fault);
		return note(t, "decision-refused", &d, err);
	}
	t->out->taken++;
	if (note(t, "decision-taken", &d, err) < 0)
		return -1;
	return carry(t, &t->list.list.items[0], &d, err);
}

static int
take_one(struct taking *t, const struct inbox_decision *row, struct error *err)
{
	int rc;

	if (store_begin(t->store, err) < 0)
		return -1;
	rc = take_row(t, row, err);
	stored_free(&t->list);
	if (rc == 0)
		rc = store_commit(t->store, err);
	if (rc < 0)
		store_rollback(t->store);
	return rc < 0 ? error_in(err, "taking decision %lld from the inbox", row->id) : 0;
}

/* ------------------------------------------------------------------ all of them */

/* The night may have changed who is asked, so that every seat that is left has its approval already. */
static int
settle(struct taking *t, struct error *err)
{
	struct stored_list open = { 0 };
	int rc;

	if (store_begin(t->store, err) < 0)
		return -1;
	rc = store_proposals(t->mem, t->store, &(struct proposal_filter){ .states = life[PROPOSAL_SCHEDULED].from }, &open, err);
	for (size_t i = 0; i < open.list.count && rc == 0; i++) {
		bool all = false;

		rc = take_all_approved(t, &open.list.items[i], &all, err);
		if (rc == 0 && all)
			rc = schedule(t, &open.list.items[i], NULL, err);
	}
	stored_free(&open);
	if (rc == 0)
		rc = store_commit(t->store, err);
	if (rc < 0)
		store_rollback(t->store);
	return rc;
}

static int
take_list(struct taking *t, const struct inbox_decisions *rows, struct error *err)
{
	for (size_t i = 0; i < rows->list.count; i++) {
		const struct inbox_decision *row = &rows->list.items[i];
		bool taken;
		int rc;

		if (store_decision_taken(t->store, row->mark, &taken, err) < 0)
			return -1;
		if (taken)
			continue;
		t->mem = arena_open();
		rc = take_one(t, row, err);
		arena_close(t->mem);
		if (rc < 0)
			return -1;
	}
	return 0;
}

/* Closed again before anything is judged: while it is open, the page can save nothing. */
static int
read_slice(struct arena *mem, const char *path, long long after, struct inbox_decisions *out, struct error *err)
{
	const struct inbox_filter slice = { .after = after, .most = SLICE };
	struct inbox *inbox = NULL;
	int rc;

	if (inbox_open(path, false, &inbox, err) < 0)
		return -1;
	rc = inbox_decisions(mem, inbox, &slice, out, err);
	inbox_close(inbox);
	return rc;
}

/* *more: there may be others after them.  What fails in the inbox is told in t->out->unread. */
static int
take_slice(struct taking *t, struct arena *mem, long long *after, bool *more, struct error *err)
{
	struct arena *own = arena_open();
	struct inbox_decisions rows = { 0 };
	struct error why = { 0 };
	int rc = 0;

	*more = false;
	if (read_slice(own, t->rules->conf.inbox, *after, &rows, &why) < 0)
		t->out->unread = arena_text(mem, why.text);
	else
		rc = take_list(t, &rows, err);
	if (rc == 0 && !t->out->unread && rows.list.count) {
		*after = rows.list.items[rows.list.count - 1].id;
		*more = rows.list.count == SLICE;
	}
	arena_close(own);
	return rc;
}

static int
read_before(struct taking *t, struct arena *mem, struct error *err)
{
	const char *text = NULL;

	t->before = INT64_MIN;
	if (store_get(mem, t->store, "inbox-read", &text, err) < 0)
		return -1;
	return !text || clock_parse(text, &t->before) == 0 ? 0
	       : error_set(err, ERROR_STORE, "the store's 'inbox-read' is no moment: '%s'", text);
}

int
take_inbox(struct arena *mem, const struct rules *rules, struct store *store, int64_t now,
	    struct take_result *out, struct error *err)
{
	struct taking t = { .rules = rules, .store = store, .now = now, .out = out };
	long long after = 0;
	bool more = true;
	int rc = 0;

	*out = (struct take_result){ 0 };
	if (read_before(&t, mem, err) < 0)
		return -1;
	while (more && rc == 0)
		rc = take_slice(&t, mem, &after, &more, err);
	if (t.left)
		log_error("the inbox is full of decisions that do not count, and the rest of them was left there: has somebody "
			  "broken into serve? left=%lld", t.left);
	if (rc < 0 || out->unread)
		return rc;
	t.mem = mem;
	return settle(&t, err) < 0 ? -1 : store_set(store, "inbox-read", clock_text(mem, now), err);
}

/* ------------------------------------------------------------------ from the command line */

/* In which states it can be said by hand: what was approved is undone, else what was said not to be theirs. */
static int
sayable(const struct taking *t, const struct stored *s, enum verdict verdict, unsigned *out, struct error *err)
{
	struct declined_list declined;

	*out = verdict == VERDICT_DONE ? STATES(STATE_EXPORTED) : STATES(STATE_SCHEDULED) | STATES_ASKED;
	if (verdict != VERDICT_UNDO)
		return 0;
	if (declined_about(t, &s->p, &declined, err) < 0)
		return -1;
	*out = STATES(STATE_SCHEDULED) | (declined.list.count ? STATES_ASKED : 0);
	return 0;
}

static int
by_hand(struct taking *t, const struct decision *d, struct error *err)
{
	const struct stored *s;
	struct decision full = *d;
	bool under_way = false;
	unsigned may;

	if (store_proposals(t->mem, t->store, &(struct proposal_filter){ .id = d->proposal }, &t->list, err) < 0)
		return -1;
	if (t->list.list.count != 1)
		return error_set(err, ERROR_USAGE, "there is no proposal '%s'", d->proposal);
	s = &t->list.list.items[0];
	if (sayable(t, s, d->verdict, &may, err) < 0)
		return -1;
	if (!(STATES(s->state) & may))
		return error_set(err, ERROR_USAGE, "proposal '%s' is %s: nothing to %s", s->id, state_word[s->state],
				 verdict_word[d->verdict]);
	if (d->verdict == VERDICT_HOLD && s->p.kind != KIND_DESTROY && s->p.kind != KIND_DELIVER)
		return error_set(err, ERROR_USAGE, "proposal '%s' is about access: only files are held", s->id);
	if (d->verdict == VERDICT_DONE && !stored_by_hand(s))
		return error_set(err, ERROR_USAGE, "proposal '%s' is on no work list: nobody carries it out by hand", s->id);
	if (d->verdict != VERDICT_HOLD && take_under_way(t, s, &under_way, err) < 0)
		return -1;
	if (under_way)
		return error_set(err, ERROR_USAGE, "proposal '%s' is being carried out already: see 'behov restore'", s->id);
	full.version = s->p.version;
	full.key = NULL;
	full.inbox = 0;
	full.refused = NULL;
	if (!full.source)
		full.source = "command line";
	if (d->verdict == VERDICT_UNDO && s->state != STATE_SCHEDULED)
		return undo_declined(t, s, &full, err);
	if (store_decision_add(t->store, &full, err) < 0 || note(t, "decision-taken", &full, err) < 0)
		return -1;
	return carry(t, s, &full, err);
}

int
take_by_hand(struct arena *mem, const struct rules *rules, struct store *store, const struct decision *d,
	       int64_t now, struct error *err)
{
	struct take_result out = { 0 };
	struct taking t = { .mem = mem, .rules = rules, .store = store, .now = now, .out = &out };
	int rc;

	if (d->verdict != VERDICT_KEEP && d->verdict != VERDICT_UNDO && d->verdict != VERDICT_HOLD && d->verdict != VERDICT_DONE)
		return error_set(err, ERROR_USAGE, "the command line never approves: an owner does, on the page");
	if (!d->proposal || !d->name || !*d->name || !d->reason || !*d->reason)
		return error_set(err, ERROR_USAGE, "a decision by hand needs a proposal, a name and a reason");
	if (d->verdict != VERDICT_UNDO && d->until != DAY_NONE && d->until <= clock_day(now))
		return error_set(err, ERROR_USAGE, "the date until which it is to stay has passed already");
	if (store_begin(store, err) < 0)
		return -1;
	rc = by_hand(&t, d, err);
	stored_free(&t.list);
	if (rc == 0)
		rc = store_commit(store, err);
	if (rc < 0)
		store_rollback(store);
	return rc;
}
