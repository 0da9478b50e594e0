/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view.c - what somebody is asked about, what they have said already, and what they can say now. */
#include "decide_p.h"

#include <behov/digest.h>

/* ------------------------------------------------------------------ the order in which it is read */

static int
by_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

/* What waits before what can be undone, access before files, one role or series after another, people by name,
 * batches by date. */
static int
by_group(const void *left, const void *right)
{
	const struct stored *s = left, *t = right;
	const struct proposal *a = &s->p, *b = &t->p;
	int order = (s->state > t->state) - (s->state < t->state);

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

static struct asked *
find_row(struct view *view, const char *id)
{
	for (size_t i = 0; i < view->rows.count; i++)
		if (strcmp(view->rows.items[i].s->id, id) == 0)
			return &view->rows.items[i];
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

/* The last word on a proposal is the one that is shown.  Every night takes what lies there: what is older than any
 * clock we accept has been taken. */
static int
read_pending(struct request *r, struct view *view, struct error *err)
{
	const struct inbox_filter late = { .since = r->now - PENDING_MOST };
	struct inbox_decisions waiting = { 0 };
	const char *token = "";
	bool theirs = false, taken;

	if (inbox_decisions(r->mem, r->server->inbox, &late, &waiting, err) < 0)
		return -1;
	for (size_t i = 0; i < waiting.list.count; i++) {
		const struct inbox_decision *d = &waiting.list.items[i];
		struct asked *row = find_row(view, d->proposal);
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

/* As decide_take() counts: an undo takes every approval before it back. */
static int
read_verified(struct request *r, struct asked *row, bool *approved, struct error *err)
{
	struct decisions all = { 0 };

	*approved = false;
	if (store_decisions(r->mem, r->server->store, row->s->id, INT64_MIN, &all, err) < 0)
		return -1;
	for (size_t i = 0; i < all.list.count; i++) {
		const struct decision *d = &all.list.items[i];
		bool mine = d->key && strcmp(d->key, r->letter.key) == 0;
		if (mine)
			row->refused = d->refused != NULL;
		if (d->refused || !d->version || strcmp(d->version, row->s->p.version) != 0)
			continue;
		if (d->verdict == VERDICT_UNDO) {
			row->approved.count = 0;
			*approved = false;
		} else if (d->verdict == VERDICT_APPROVE && d->name) {
			*arena_push(r->mem, &row->approved) = d->name;
			*approved |= mine;
		}
	}
	return 0;
}

/* ------------------------------------------------------------------ what can be said now */

/* One may change one's mind towards keeping, also before the night has verified anything. */
static unsigned
may_say(const struct request *r, const struct asked *row, bool approved)
{
	const struct stored *s = row->s;
	bool own = s->p.guid && strcmp(s->p.guid, r->letter.key) == 0;

	if (row->pending && strcmp(row->pending, verdict_word[VERDICT_APPROVE]) != 0)
		return 0;
	if (s->state == STATE_SCHEDULED)
		return MAY(VERDICT_KEEP) | MAY(VERDICT_UNDO);
	return MAY(VERDICT_KEEP) | (approved || row->pending || own ? 0 : MAY(VERDICT_APPROVE));
}

static int
read_rows(struct request *r, struct view *view, struct error *err)
{
	for (size_t i = 0; i < view->list.list.count; i++) {
		const struct stored *s = &view->list.list.items[i];
		if (s->state == STATE_OPEN || r->now < s->go_at)
			*arena_push(r->mem, &view->rows) = (struct asked){ .s = s };
	}
	if (read_pending(r, view, err) < 0)
		return -1;
	for (size_t i = 0; i < view->rows.count; i++) {
		struct asked *row = &view->rows.items[i];
		bool approved;
		if (read_verified(r, row, &approved, err) < 0)
			return -1;
		row->may = may_say(r, row, approved);
		view->waiting += row->s->state == STATE_OPEN && !row->pending && !approved;
	}
	return 0;
}

int
view_open(struct request *r, struct view *view, struct error *err)
{
	struct proposal_filter mine = { .states = STATES(STATE_OPEN) | STATES(STATE_SCHEDULED),
					.approver = r->letter.key };

	*view = (struct view){ 0 };
	if (store_proposals(r->mem, r->server->store, &mine, &view->list, err) < 0)
		return -1;
	if (view->list.list.count)
		qsort(view->list.list.items, view->list.list.count, sizeof(struct stored), by_group);
	if (read_rows(r, view, err) == 0)
		return 0;
	view_close(view);
	return -1;
}

void
view_close(struct view *view)
{
	stored_free(&view->list);
}

const struct choice *
view_choice(const struct view *view, const char *id)
{
	for (size_t i = 0; i < view->choices.count; i++)
		if (strcmp(view->choices.items[i].id, id) == 0)
			return &view->choices.items[i];
	return NULL;
}
