/* SPDX-License-Identifier: GPL-3.0-or-later */
/* opening.c - what is opened, or waits for its turn; and what leaves a brake. */
#include "propose_p.h"

/* They are asked from tonight; who has not answered what it takes the place of has been since they were asked about that. */
static int
begin_asking(struct work *w, struct proposal *p, const struct stored *old, struct error *err)
{
	__typeof__(p->approvers) shared = p->approvers;
	struct decisions given = { 0 };

	if (old && store_decisions(w->mem, w->in->store, old->id, INT64_MIN, &given, err) < 0)
		return -1;
	p->approvers = (__typeof__(p->approvers)){ 0 };
	for (size_t i = 0; i < shared.count; i++) {
		struct approver *a = arena_push(w->mem, &p->approvers);

		*a = shared.items[i];
		a->asked = w->in->rules->conf.mode == MODE_OBSERVE ? 0 : w->in->now;
		for (size_t k = 0; old && seats_wait_for(&given, old, a->key) && k < old->p.approvers.count; k++)
			if (strcmp(old->p.approvers.items[k].key, a->key) == 0 && old->p.approvers.items[k].asked)
				a->asked = old->p.approvers.items[k].asked;
	}
	return 0;
}

static int
open_one(struct work *w, const struct opening *o, struct error *err)
{
	enum happening birth = o->braked ? PROPOSAL_BRAKED : o->queued ? PROPOSAL_QUEUED : PROPOSAL_OPENED;
	struct stored s = {
		.p = *o->p, .state = life[birth].to, .opened = w->in->now, .since = w->in->now, .go_at = INT64_MIN, .until = DAY_NONE,
	};
	const char *other = o->old && o->old->state == STATE_KEPT ? "frågas på nytt" : "innehållet har ändrats";
	const char *why = !o->old ? NULL : o->why ? o->why : other;

	if (o->old && move_stored(w, o->old, PROPOSAL_SUPERSEDED, why, err) < 0)
		return -1;
	if (birth == PROPOSAL_OPENED && begin_asking(w, &s.p, o->old, err) < 0)
		return -1;
	if (put_manifest(w, &s.p, err) < 0 || store_proposal_add(w->mem, w->in->store, &s, err) < 0 ||
	    note_stored(w, happening_word[birth], &s, why, err) < 0)
		return error_in(err, "opening '%s'", o->p->key);
	w->out->opened += !o->old;
	w->out->changed += o->old != NULL;
	w->out->braked += o->braked;
	w->out->queued += birth == PROPOSAL_QUEUED;
	return 0;
}

static int
take_turn(struct work *w, struct queued *q, struct error *err)
{
	if (begin_asking(w, &q->now.p, NULL, err) < 0 || store_proposal_put(w->in->store, &q->now, err) < 0 || move_stored(w, q->old, PROPOSAL_TURN, NULL, err) < 0)
		return error_in(err, "the turn of '%s'", q->old->id);
	w->out->turned++;
	return 0;
}

/* What may have its turn tonight: just come, or in the queue since before. */
struct candidate { struct risk risk; struct opening *opening; struct queued *queued; };

static int
by_candidate(const void *a, const void *b)
{
	return by_risk(&((const struct candidate *)a)->risk, &((const struct candidate *)b)->risk);
}

/* What takes the place of one that is asked already keeps it. */
static bool
needs_turn(const struct opening *o)
{
	return !o->later && !o->braked && !(o->old && STATES(o->old->state) & (STATES(STATE_OPEN) | STATES(STATE_ASKED)));
}

static size_t
candidates(struct work *w, struct candidate *out)
{
	const struct rules *rules = w->in->rules;
	size_t n = 0;

	for (size_t i = 0; i < w->openings.count; i++) {
		struct opening *o = &w->openings.items[i];

		if (!needs_turn(o))
			continue;
		risk_of(rules, o->p, w->today, &out[n].risk);
		out[n++].opening = o;
	}
	for (size_t i = 0; i < w->queue.count; i++) {
		risk_of(rules, &w->queue.items[i].now.p, w->today, &out[n].risk);
		out[n++].queued = &w->queue.items[i];
	}
	if (n)
		qsort(out, n, sizeof *out, by_candidate);
	return n;
}

/* The riskiest first, for as long as those who are asked have room. */
static int
give_turns(struct work *w, struct error *err)
{
	struct candidate *list = arena_array(w->mem, struct candidate, w->openings.count + w->queue.count + 1);
	size_t n = candidates(w, list);
	struct ration ration;

	if (n && ration_open(w->mem, &w->in->rules->conf, w->in->store, w->in->now, &ration, err) < 0)
		return error_in(err, "counting what is asked");
	for (size_t i = 0; i < n; i++) {
		struct candidate *c = &list[i];
		bool turn = ration_take(&ration, c->opening ? c->opening->p : &c->queued->now.p);

		if (c->opening)
			c->opening->queued = !turn;
		else if (turn && take_turn(w, c->queued, err) < 0)
			return -1;
	}
	return 0;
}

static int
open_those(struct work *w, bool turn, struct error *err)
{
	for (size_t i = 0; i < w->openings.count; i++) {
		const struct opening *o = &w->openings.items[i];

		if (!o->later && needs_turn(o) == turn && open_one(w, o, err) < 0)
			return -1;
	}
	return 0;
}

/* After what leaves tonight has left, which makes room, and what is asked again is asked, which takes some. */
int
open_all(struct work *w, struct error *err)
{
	if (open_those(w, false, err) < 0 || give_turns(w, err) < 0 || open_those(w, true, err) < 0)
		return -1;
	if (w->unasked)
		tell_finding(w, &(struct finding){ .kind = "owners-unknown",
			.text = arena_print(w->mem, "%lld förslag öppnas inte i natt: katalogen kunde inte läsas helt, så det är "
					    "inte känt vem som ska tillfrågas", w->unasked) });
	return 0;
}

/* ------------------------------------------------------------------ a brake is released */

/* Into the queue; and those that there is room for have their turn at once. */
static int
release_one(struct work *w, const struct stored *s, const char *by, const char *reason, struct error *err)
{
	json_t *payload = json_object();
	int rc;

	json_put(payload, "proposal", s->id);
	json_put(payload, "scope", s->p.scope);
	json_put(payload, "reason", reason);
	rc = store_proposal_move(w->in->store, s->id, PROPOSAL_RELEASED, w->in->now, INT64_MIN, DAY_NONE, reason, err);
	if (rc == 0)
		rc = audit_add(w->in->store, w->in->now, by, happening_word[PROPOSAL_RELEASED], payload, err);
	json_decref(payload);
	if (rc < 0)
		return -1;
	*arena_push(w->mem, &w->queue) = (struct queued){ s, *s };
	w->queue.items[w->queue.count - 1].now.state = STATE_QUEUED;
	w->queue.items[w->queue.count - 1].now.since = w->in->now;
	return 0;
}

int
propose_release(const struct rules *rules, struct store *store, const char *scope, const char *by, const char *reason, int64_t now,
		struct released *out, struct error *err)
{
	const struct propose_input in = { .rules = rules, .store = store, .now = now };
	struct propose_result result = { 0 };
	struct work w = { .mem = arena_open(), .in = &in, .out = &result, .today = clock_day(now) };
	struct proposal_filter filter = { .scope = scope, .states = STATES(STATE_BRAKED) };
	int rc = -1;

	*out = (struct released){ 0 };
	if (!reason || !*reason) {
		error_set(err, ERROR_USAGE, "a release needs a reason");
		goto out;
	}
	if (store_proposals(w.mem, store, &filter, &w.live, err) < 0)
		goto out;
	w.moved = arena_array(w.mem, bool, w.live.list.count + 1);
	for (size_t i = 0; i < w.live.list.count; i++)
		if (release_one(&w, &w.live.list.items[i], by, reason, err) < 0)
			goto out;
	rc = give_turns(&w, err);
	*out = (struct released){ (long long)w.live.list.count, result.turned };
out:
	stored_free(&w.live);
	arena_close(w.mem);
	return rc;
}
