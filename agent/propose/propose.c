/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * propose.c - tonight's plan against the store: what is opened, what stays, what takes another's place, what goes.
 *
 *     stored \ tonight   same content      other content            not proposed (and clearly seen)
 *     none               opened            opened                   -
 *     open, braked       same              superseded, opened       withdrawn
 *     queued             same, or opened   superseded, opened       withdrawn
 *     asked              same              superseded, opened       withdrawn
 *     wrong-owner        open, with        superseded, opened       withdrawn
 *                        somebody else
 *     held               open (freed)      superseded, opened       withdrawn, when no stop may be why
 *     scheduled access   same              asks for more:           the edge is gone: withdrawn; else same
 *                                          superseded, opened
 *     scheduled files    same              whole, another decision, withdrawn
 *                                          or asks for more:
 *                                          superseded, opened; else same
 *     exported           same              same                     the edge is gone, or files that a person
 *                                                                   should take away are: done; none of
 *                                                                   them is: withdrawn; a delivery, or
 *                                                                   not known: same
 *     quarantined        same              same                     same
 *     (scheduled, and apply has begun with it: same; who approved has no seat any longer: undone)
 *     kept               until its date    superseded, opened       withdrawn when its date has passed
 *
 * What was delivered, and has its receipt, is not opened again as long as the same files lie there.
 *
 * Files that rest on another decision have other content, and so has what somebody has approved, when it asks for more than it
 * did: two people, a protected account, another role, a strong sign-in (seats_outgrown).  Scheduled access is not proposed, as it
 * counts as cut; what it asks for tonight is in plan->going.
 *
 * Opened is queued where those who are asked have no room for it: see opening.c, and ration.c for the room.  The last column is in absent.c.
 */
#include "propose_p.h"

/* ------------------------------------------------------------------ telling */

void
tell_finding(struct work *w, const struct finding *finding)
{
	*arena_push(w->mem, &w->plan->findings) = *finding;
}

int
note_stored(struct work *w, const char *event, const struct stored *s, const char *why, struct error *err)
{
	json_t *payload = json_object();
	int rc;

	json_put(payload, "proposal", s->id);
	json_put(payload, "kind", kind_word[s->p.kind]);
	json_put(payload, "version", s->p.version);
	json_put(payload, "scope", s->p.scope);
	if (why)
		json_put(payload, "why", why);
	rc = audit_add(w->in->store, w->in->now, "run", event, payload, err);
	json_decref(payload);
	return rc;
}

int
move_stored(struct work *w, const struct stored *s, enum happening what, const char *why, struct error *err)
{
	if (store_proposal_move(w->in->store, s->id, what, w->in->now, INT64_MIN, DAY_NONE, why, err) < 0)
		return -1;
	w->moved[s - w->live.list.items] = true;
	return note_stored(w, happening_word[what], s, why, err);
}

/* ------------------------------------------------------------------ what is proposed tonight */

static int
by_key(const void *a, const void *b)
{
	return strcmp((*(struct stored *const *)a)->p.key, (*(struct stored *const *)b)->p.key);
}

static int
key_is(const void *key, const void *stored)
{
	return strcmp(key, (*(struct stored *const *)stored)->p.key);
}

static struct stored *
find_live(const struct work *w, const char *key)
{
	struct stored **at = w->live.list.count
		? bsearch(key, w->by_key, w->live.list.count, sizeof(*w->by_key), key_is) : NULL;

	return at ? *at : NULL;
}

/* Where we could not see who is asked, or what it would take the place of, it waits for another night. */
static void
want_open(struct work *w, struct proposal *p, const struct stored *old, const char *why)
{
	if (old && (!w->owners_known || is_touched(w, p) || is_touched(w, &old->p))) {
		w->out->held++;
	} else if (!w->owners_known) {
		w->unasked++;
	} else {
		struct opening *o = arena_push(w->mem, &w->openings);
		o->p = p;
		o->old = old;
		o->why = why;
	}
}

/* What somebody has approved says something else, too, when it asks for more. */
static int
compare_asked(struct work *w, const struct stored *old, const struct proposal *p, enum content *how, const char **why, struct error *err)
{
	*why = NULL;
	if (compare_content(w, old, p, how, err) < 0 || (*how != CONTENT_OTHER && outgrown(w, old, p, why, err) < 0))
		return -1;
	if (*why)
		*how = CONTENT_OTHER;
	return 0;
}

static int
meet_asked(struct work *w, struct proposal *p, const struct stored *old, struct error *err)
{
	enum content how;
	struct stored now;
	const char *why;

	if (compare_asked(w, old, p, &how, &why, err) < 0)
		return -1;
	if (how == CONTENT_OTHER) {
		want_open(w, p, old, why);
		return 0;
	}
	w->out->same++;
	if (!w->owners_known)
		return 0;
	if (go_on_asking(w, old, p, err) < 0 || refresh_stored(w, old, p, how, &now, err) < 0)
		return -1;
	if (old->state == STATE_QUEUED)
		*arena_push(w->mem, &w->queue) = (struct queued){ old, now };
	return 0;
}

static int
ask_anew(struct work *w, const struct stored *old, struct proposal *p, enum content how, struct error *err)
{
	return go_on_asking(w, old, p, err) < 0 ? -1 : refresh_stored(w, old, p, how, NULL, err);
}

/* Nothing stops it tonight: its owners are asked about it anew. */
static int
meet_held(struct work *w, struct proposal *p, const struct stored *old, struct error *err)
{
	enum content how;
	const char *why;

	if (compare_asked(w, old, p, &how, &why, err) < 0)
		return -1;
	if (how == CONTENT_OTHER) {
		want_open(w, p, old, why);
		return 0;
	}
	w->out->same++;
	if (!w->owners_known || is_touched(w, p))
		return 0;
	return ask_anew(w, old, p, how, err) < 0 ? -1 : move_stored(w, old, PROPOSAL_FREED, "gallringsstoppet är hävt", err);
}

/* Who has said that it is not theirs is not among those who are asked tonight.  Where nobody is left it stays so. */
static int
meet_wrong_owner(struct work *w, struct proposal *p, const struct stored *old, struct error *err)
{
	enum content how;
	const char *why;

	if (compare_asked(w, old, p, &how, &why, err) < 0)
		return -1;
	if (how == CONTENT_OTHER) {
		want_open(w, p, old, why);
		return 0;
	}
	w->out->same++;
	if (!w->owners_known)
		return 0;
	if (ask_anew(w, old, p, how, err) < 0)
		return -1;
	return p->approvers.count ? move_stored(w, old, PROPOSAL_REASSIGNED, "någon annan tillfrågas", err) : 0;
}

/*
 * Files that are on their way go by the manifest that was approved, by the decision and the signatures that were asked for;
 * what came since is proposed when they are done.
 */
static int
meet_scheduled(struct work *w, struct proposal *p, const struct stored *old, struct error *err)
{
	bool whole = !is_files(p) || p->whole || old->p.whole, other = whole && !texts_equal(old->p.version, p->version), under_way;
	const char *why;

	if (is_under_way(w, old, &under_way, err) < 0 || outgrown(w, old, p, &why, err) < 0)
		return -1;
	if (!under_way && (why || other || old->p.kind != p->kind || !is_decided_so(w, old)))
		want_open(w, p, old, why);
	else
		w->out->same++;
	return 0;
}

/*
 * Access that is on its way is not in the plan (it counts as cut there), but in plan->going: as it would be proposed tonight.
 * What asks for more than when it was approved is asked about anew; all else is left to absent().
 */
static int
meet_going(struct work *w, struct proposal *p, struct error *err)
{
	struct asking asking = { .mem = w->mem, .in = w->in, .declined = &w->declined };
	const struct stored *old = find_live(w, p->key);
	const char *why;
	bool under_way;

	if (!old || old->state != STATE_SCHEDULED)
		return 0;
	if (is_under_way(w, old, &under_way, err) < 0 || outgrown(w, old, p, &why, err) < 0)
		return -1;
	if (!why || under_way)
		return 0;
	w->seen[old - w->live.list.items] = true;
	ask_about(&asking, p);
	want_open(w, p, old, why);
	return 0;
}

static int
meet_kept(struct work *w, struct proposal *p, const struct stored *old, struct error *err)
{
	enum content how;

	if (compare_content(w, old, p, &how, err) < 0)
		return -1;
	if (how == CONTENT_OTHER || (old->until != DAY_NONE && w->today >= old->until))
		want_open(w, p, old, NULL);
	else
		w->out->same++;
	return 0;
}

static int
meet(struct work *w, struct proposal *p, struct error *err)
{
	const struct stored *old = find_live(w, p->key);
	bool delivered = false;

	if (!old && p->kind == KIND_DELIVER && is_delivered(w, p, &delivered, err) < 0)
		return -1;
	if (!old) {
		w->out->same += delivered;
		if (!delivered)
			want_open(w, p, NULL, NULL);
		return 0;
	}
	w->seen[old - w->live.list.items] = true;
	if (is_undone_now(w, old)) {
		w->out->same++;
		return 0;
	}
	switch (old->state) {
	case STATE_OPEN:
	case STATE_BRAKED:
	case STATE_QUEUED:
	case STATE_ASKED:
		return meet_asked(w, p, old, err);
	case STATE_HELD:
		return meet_held(w, p, old, err);
	case STATE_WRONG_OWNER:
		return meet_wrong_owner(w, p, old, err);
	case STATE_SCHEDULED:
		return meet_scheduled(w, p, old, err);
	case STATE_KEPT:
		return meet_kept(w, p, old, err);
	default:
		w->out->same++;
		return 0;
	}
}

/* ------------------------------------------------------------------ the door */

/* Who approved may have left since; what something else takes the place of tonight is left to that. */
static int
recheck(struct work *w, struct error *err)
{
	for (size_t i = 0; i < w->openings.count; i++)
		if (w->openings.items[i].old)
			w->moved[w->openings.items[i].old - w->live.list.items] = true;
	for (size_t i = 0; i < w->live.list.count && w->owners_known; i++)
		if (w->live.list.items[i].state == STATE_SCHEDULED && !w->moved[i] &&
		    recheck_scheduled(w, &w->live.list.items[i], err) < 0)
			return error_in(err, "who approved '%s'", w->live.list.items[i].id);
	return 0;
}

int
propose_all(struct arena *mem, const struct propose_input *in, struct propose_result *out, struct error *err)
{
	struct work w = {
		.mem = mem, .in = in, .out = out, .plan = in->plan, .today = clock_day(in->now),
		.owners_known = in->snapshot && in->snapshot->complete,
	};
	int rc = -1;

	*out = (struct propose_result){ 0 };
	if (store_proposals(mem, in->store, &(struct proposal_filter){ .states = STATES_LIVE }, &w.live, err) < 0)
		return error_in(err, "reading what was proposed before");
	if (store_declined(mem, in->store, NULL, &w.declined, err) < 0)
		goto out;
	w.by_key = arena_array(mem, struct stored *, w.live.list.count + 1);
	w.seen = arena_array(mem, bool, w.live.list.count + 1);
	w.moved = arena_array(mem, bool, w.live.list.count + 1);
	for (size_t i = 0; i < w.live.list.count; i++)
		w.by_key[i] = &w.live.list.items[i];
	qsort(w.by_key, w.live.list.count, sizeof(*w.by_key), by_key);
	if (tell_regrants(&w, err) < 0)
		goto out;
	for (size_t i = 0; i < in->plan->proposals.count; i++)
		if (meet(&w, &in->plan->proposals.items[i], err) < 0)
			goto out;
	for (size_t i = 0; i < in->plan->going.count; i++)
		if (meet_going(&w, &in->plan->going.items[i], err) < 0)
			goto out;
	if (open_stepwise(&w, err) < 0)
		goto out;
	brake_openings(&w);
	if (tell_all_undone(&w, err) < 0 || close_absent(&w, err) < 0 || recheck(&w, err) < 0 || open_all(&w, err) < 0)
		goto out;
	tell_silence(&w);
	rc = 0;
out:
	stored_free(&w.live);
	return rc;
}
