/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view.c - what somebody is asked about, what they have said already, and what they can say now. */
#include "decide_p.h"

#include <behov/digest.h>
#include <behov/json.h>

/* ------------------------------------------------------------------ the order in which it is read */

static int
by_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

static int
turn(const struct stored *s)
{
	return s->state == STATE_SCHEDULED ? 3 : s->state == STATE_HELD ? 2 : s->state == STATE_EXPORTED;
}

/* What waits before what is done by hand, what is stopped and what can be undone, access before files, one role or series after another, people by
 * name, batches by date. */
static int
by_group(const void *left, const void *right)
{
	const struct stored *s = left, *t = right;
	const struct proposal *a = &s->p, *b = &t->p;
	int order = turn(s) - turn(t);

	if (!order)
		order = (a->kind > b->kind) - (a->kind < b->kind);
	if (!order)
		order = by_text(a->series ? a->series : a->system, b->series ? b->series : b->system);
	if (!order)
		order = by_text(a->series ? a->share : a->role, b->series ? b->share : b->role);
	if (!order)
		order = (a->due > b->due) - (a->due < b->due);
	if (!order)
		order = by_text(a->batch ? a->batch : a->display, b->batch ? b->batch : b->display);
	return order ? order : strcmp(s->id, t->id);
}

/* ------------------------------------------------------------------ what was said already */

/* The row that a decision in the inbox is about: an advice is about a question. */
static struct asked *
find_row(struct request *r, struct view *view, const struct inbox_decision *d)
{
	bool advice = strcmp(d->verdict, verdict_word[VERDICT_ADVISE]) == 0;
	long long number = advice ? words_read(r->mem, VERDICT_ADVISE, d->reason, DAY_NONE).question : 0;

	for (size_t i = 0; i < view->rows.count; i++) {
		struct asked *row = &view->rows.items[i];

		if (strcmp(row->s->id, d->proposal) == 0 && (row->question ? row->question->id : 0) == number)
			return row;
	}
	return NULL;
}

int
view_is_theirs(struct request *r, const char *token, bool *out, struct error *err)
{
	struct letters letters = { 0 };

	if (store_letter_by_token(r->mem, r->server->store, digest_text(r->mem, token), &letters, err) < 0)
		return -1;
	*out = letters.list.count == 1 && letters.list.items[0].key &&
	       strcmp(letters.list.items[0].key, r->letter.key) == 0;
	return 0;
}

static const char *
ids_of(struct request *r, const struct view *view)
{
	json_t *ids = json_array();
	const char *text;

	for (size_t i = 0; i < view->rows.count; i++)
		json_array_append_new(ids, json_string(view->rows.items[i].s->id));
	text = json_canonical(r->mem, ids);
	json_decref(ids);
	return text;
}

/* The last word on a proposal is the one that is shown.  Every night takes what lies there: what is older than any
 * clock we accept has been taken. */
static int
read_pending(struct request *r, struct view *view, struct error *err)
{
	const struct inbox_filter late = { .since = r->now - PENDING_MOST, .proposals = ids_of(r, view) };
	struct inbox_decisions waiting = { 0 };
	const char *token = "";
	bool theirs = false, taken;

	if (inbox_decisions(r->mem, r->server->inbox, &late, &waiting, err) < 0)
		return -1;
	for (size_t i = 0; i < waiting.list.count; i++) {
		const struct inbox_decision *d = &waiting.list.items[i];
		struct asked *row = d->proposal && d->verdict ? find_row(r, view, d) : NULL;
		if (!row)
			continue;
		if (store_decision_taken(r->server->store, d->mark, &taken, err) < 0)
			return -1;
		if (taken)
			continue;
		if (strcmp(token, d->token) != 0 && view_is_theirs(r, d->token, &theirs, err) < 0)
			return -1;
		token = d->token;
		if (theirs)
			row->pending = d->verdict;
	}
	return 0;
}

/* A part of view->said, which is in order of proposals. */
static struct decisions
said_about(const struct view *view, const char *id)
{
	size_t low = 0, high = view->said.list.count, end;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(view->said.list.items[middle].proposal, id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (end = low; end < view->said.list.count && strcmp(view->said.list.items[end].proposal, id) == 0; end++)
		;
	return (struct decisions){ .list = { .items = low < end ? view->said.list.items + low : NULL, .count = end - low } };
}

/* As take_inbox() counts: what has been taken back is none, and who no longer sits there has not approved.
 * wanted: an answer of this person is. */
static void
read_verified(struct request *r, const struct view *view, struct asked *row, bool *wanted)
{
	const struct decisions all = said_about(view, row->s->id);

	*wanted = false;
	if (row->question)
		return;
	row->declined = declined_all(&view->declined, &row->s->p, r->letter.key);
	for (size_t i = 0; i < all.list.count; i++) {
		const struct decision *d = &all.list.items[i];
		if (d->key && strcmp(d->key, r->letter.key) == 0)
			row->refused = d->refused != NULL;
		if (d->refused || !d->version || strcmp(d->version, row->s->p.version) != 0)
			continue;
		if (d->key && strcmp(d->key, r->letter.key) == 0)
			row->later = d->verdict == VERDICT_LATER && d->until > clock_day(r->now) ? d->until : DAY_NONE;
		if (d->verdict == VERDICT_APPROVE && d->name && d->key && seats_hold(&row->s->p, d->key) &&
		    !seats_taken_back(&all, i))
			*arena_push(r->mem, &row->approved) = d->name;
	}
	row->told = row->s->state == STATE_EXPORTED ? seats_said_done(&all, row->s) : NULL;
	row->undone = row->told && row->told->at < view->looked;
	*wanted = seats_wait_for(&all, row->s, r->letter.key);
	row->late = seats_late(&all, row->s, r->server->rules->conf.escalate, clock_day(r->now));
}

/* ------------------------------------------------------------------ what can be said now */

#define ASKS (MAY(VERDICT_ASK) | MAY(VERDICT_RULE))

static bool
has_asked(const struct request *r, const struct asked *row)
{
	for (size_t i = 0; i < row->asked.list.count; i++)
		if (row->asked.list.items[i].closed == INT64_MIN && strcmp(row->asked.list.items[i].by_key, r->letter.key) == 0)
			return true;
	return false;
}

/* One may change one's mind towards keeping, also before the night has verified anything; and who has asked, or wants to be
 * reminded, can answer all the same. */
static unsigned
beside_pending(const char *pending)
{
	int verdict = pending ? take_verdict(pending) : -1;

	if (!pending)
		return ~0u;
	if (verdict == VERDICT_APPROVE)
		return MAY(VERDICT_KEEP) | MAY(VERDICT_HOLD);
	if (verdict == VERDICT_ASK || verdict == VERDICT_RULE)
		return ~ASKS;
	return verdict == VERDICT_LATER ? ~MAY(VERDICT_LATER) : 0;
}

static unsigned
may_say(const struct request *r, const struct asked *row, bool wanted, bool coordinator)
{
	const struct stored *s = row->s;
	bool own = s->p.guid && strcmp(s->p.guid, r->letter.key) == 0, asked = s->state != STATE_WRONG_OWNER;
	bool files = s->p.kind == KIND_DESTROY || s->p.kind == KIND_DELIVER;
	unsigned may;

	if (row->question)
		return row->pending ? 0 : MAY(VERDICT_ADVISE);
	if (row->declined)
		return 0;
	if (s->state == STATE_EXPORTED)
		return row->told && !row->undone ? 0 : MAY(VERDICT_DONE) & beside_pending(row->pending);
	if (s->state == STATE_HELD)
		return MAY(VERDICT_KEEP) & beside_pending(row->pending);
	if (s->state == STATE_SCHEDULED)
		return (MAY(VERDICT_KEEP) | MAY(VERDICT_UNDO) | (files ? MAY(VERDICT_HOLD) : 0)) & beside_pending(row->pending);
	may = MAY(VERDICT_KEEP) | (files ? MAY(VERDICT_HOLD) : 0);
	if (wanted && asked)
		may |= (own ? 0 : MAY(VERDICT_APPROVE)) | MAY(VERDICT_LATER) | MAY(VERDICT_ASK) | (files ? 0 : MAY(VERDICT_RULE)) |
		       (coordinator ? 0 : MAY(VERDICT_NOT_MINE));
	if (has_asked(r, row))
		may &= ~ASKS;
	return may & beside_pending(row->pending);
}

static void
add_rows(struct request *r, struct view *view)
{
	for (size_t i = 0; i < view->about.count; i++)
		*arena_push(r->mem, &view->rows) = (struct asked){
			.s = &view->about.items[i].list.items[0], .question = &view->questions.list.items[i], .whole = true,
			.id = arena_print(r->mem, "q%lld", view->questions.list.items[i].id), .later = DAY_NONE };
	for (size_t i = 0; i < view->list.list.count; i++) {
		const struct stored *s = &view->list.list.items[i];
		if (s->state == STATE_SCHEDULED ? r->now < s->go_at : s->state != STATE_EXPORTED || stored_by_hand(s))
			*arena_push(r->mem, &view->rows) = (struct asked){ .s = s, .id = s->id, .later = DAY_NONE };
	}
}

/* What owners have asked others, to the rows that it is about. */
static int
read_asked(struct request *r, struct view *view, struct error *err)
{
	const struct question_filter mine = { .approver = r->letter.key, .states = PAGE_STATES };
	struct questions all;

	if (store_questions(r->mem, r->server->store, &mine, &all, err) < 0)
		return -1;
	for (size_t i = 0; i < all.list.count; i++)
		for (size_t k = 0; k < view->rows.count; k++)
			if (!view->rows.items[k].question && strcmp(view->rows.items[k].s->id, all.list.items[i].proposal) == 0)
				*arena_push(r->mem, &view->rows.items[k].asked.list) = all.list.items[i];
	return 0;
}

static int
read_rows(struct request *r, struct view *view, struct error *err)
{
	bool coordinator;

	add_rows(r, view);
	if (read_asked(r, view, err) < 0 || read_pending(r, view, err) < 0 ||
	    take_is_coordinator(r->mem, r->server->store, r->server->rules, r->letter.key, &coordinator, err) < 0)
		return -1;
	for (size_t i = 0; i < view->rows.count; i++) {
		struct asked *row = &view->rows.items[i];
		bool wanted;
		read_verified(r, view, row, &wanted);
		row->may = may_say(r, row, wanted, coordinator);
		row->waits = !row->pending && (row->question || (wanted && !row->declined && row->later == DAY_NONE && !has_asked(r, row)));
		view->waiting += row->waits;
	}
	return 0;
}

/* Those that are open, each with the proposal that it is about as long as that can be answered. */
static int
read_questions(struct request *r, struct view *view, struct error *err)
{
	struct questions all;

	if (store_questions(r->mem, r->server->store, &(struct question_filter){ .key = r->letter.key, .open = true }, &all, err) < 0)
		return -1;
	for (size_t i = 0; i < all.list.count; i++) {
		const struct proposal_filter one = { .id = all.list.items[i].proposal, .states = STATES_ANSWERABLE | STATES(STATE_HELD) };
		struct stored_list found = { 0 };

		if (store_proposals(r->mem, r->server->store, &one, &found, err) < 0)
			return -1;
		if (found.list.count != 1)
			continue;
		*arena_push(r->mem, &view->about) = found;
		*arena_push(r->mem, &view->questions.list) = all.list.items[i];
	}
	return 0;
}

int
view_may_see(struct request *r, const char *proposal, struct stored_list *out, struct error *err)
{
	struct proposal_filter mine = { .states = PAGE_STATES, .approver = r->letter.key, .id = proposal };
	struct questions asked;

	if (store_proposals(r->mem, r->server->store, &mine, out, err) < 0)
		return -1;
	if (out->list.count)
		return 0;
	if (store_questions(r->mem, r->server->store, &(struct question_filter){ .proposal = proposal, .key = r->letter.key, .open = true }, &asked, err) < 0)
		return -1;
	mine.approver = NULL;
	return asked.list.count ? store_proposals(r->mem, r->server->store, &mine, out, err) : 0;
}

int
view_open(struct request *r, struct view *view, struct error *err)
{
	struct proposal_filter mine = { .states = PAGE_STATES, .approver = r->letter.key, .brief = true };

	*view = (struct view){ 0 };
	if (store_proposals(r->mem, r->server->store, &mine, &view->list, err) < 0 ||
	    store_decisions_asked(r->mem, r->server->store, r->letter.key, mine.states, &view->said, err) < 0 ||
	    store_declined(r->mem, r->server->store, r->letter.key, &view->declined, err) < 0)
		return -1;
	if (view->list.list.count)
		qsort(view->list.list.items, view->list.list.count, sizeof(struct stored), by_group);
	if (take_looked(r->mem, r->server->store, &view->looked, err) == 0 && read_questions(r, view, err) == 0 && read_rows(r, view, err) == 0 &&
	    store_queued(r->server->store, r->letter.key, &view->queued, err) == 0)
		return 0;
	view_close(view);
	return -1;
}

int
view_whole(struct request *r, struct view *view, struct asked *row, struct error *err)
{
	struct stored_list found = { 0 };

	if (row->whole)
		return 0;
	if (store_proposals(r->mem, r->server->store, &(struct proposal_filter){ .id = row->s->id }, &found, err) < 0)
		return -1;
	if (found.list.count != 1) {
		stored_free(&found);
		return error_set(err, ERROR_STORE, "proposal '%s' is gone", row->s->id);
	}
	*arena_push(r->mem, &view->whole) = found;
	/* The night may have been there in between: the state is the one that it was judged in. */
	found.list.items[0].state = row->s->state;
	found.list.items[0].go_at = row->s->go_at;
	row->s = &found.list.items[0];
	row->whole = true;
	return 0;
}

void
view_close(struct view *view)
{
	stored_free(&view->list);
	for (size_t i = 0; i < view->whole.count; i++)
		stored_free(&view->whole.items[i]);
	view->whole.count = 0;
	for (size_t i = 0; i < view->about.count; i++)
		stored_free(&view->about.items[i]);
}

const struct choice *
view_choice(const struct view *view, const char *id)
{
	for (size_t i = 0; i < view->choices.count; i++)
		if (strcmp(view->choices.items[i].id, id) == 0)
			return &view->choices.items[i];
	return NULL;
}
