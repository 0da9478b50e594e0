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
 * Opened is queued where those who are asked have no room for it: see ration.c.
 */
#include "propose_p.h"
#include "behov/text.h"
#include <strings.h>

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

/* ------------------------------------------------------------------ opening */

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
static int
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

/* ------------------------------------------------------------------ what is not proposed any longer */

/* An edge on its way is not in the plan (it counts as cut there): the directory says whether it is gone. */
static int
absent_edge(struct work *w, const struct stored *s, struct error *err)
{
	enum truth gone = edge_gone(w->in->snapshot, &s->p);

	if (gone == UNKNOWN)
		w->out->held++;
	if (gone == NO)
		w->out->same++;
	if (gone != YES)
		return 0;
	if (s->state == STATE_EXPORTED)
		return move_stored(w, s, PROPOSAL_DONE, "medlemskapet är borta ur katalogen", err);
	w->out->withdrawn++;
	return move_stored(w, s, PROPOSAL_WITHDRAWN, "redan borta", err);
}

static bool
is_below(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	return strncmp(path, folder, len) == 0 && (path[len] == '/' || !path[len]);
}

/* May one of the stops be why it is not proposed?  A path that is a pattern may be about any folder. */
static int
is_stopped(struct work *w, const struct proposal *p, bool *out, struct error *err)
{
	const char *batch = p->batch ? name_read(w->mem, p->batch) : NULL;
	const char *folder = batch && *batch ? text_fold(w->mem, batch) : NULL;
	struct holds holds;

	*out = false;
	if (store_holds(w->mem, w->in->store, false, &holds, err) < 0)
		return -1;
	for (size_t i = 0; i < holds.list.count; i++) {
		const struct hold *h = &holds.list.items[i].hold;
		const char *path = h->path && !strpbrk(h->path, "*?{") ? text_fold(w->mem, h->path) : NULL;

		*out |= (!h->share || strcasecmp(h->share, p->share) == 0) && (!h->series || strcasecmp(h->series, p->series) == 0) &&
			(!path || !folder || is_below(path, folder) || is_below(folder, path));
	}
	return 0;
}

/* A stop is lifted by two people and never by a day that passes: but somebody should see to it. */
static int
tell_overdue(struct work *w, const struct stored *s, struct error *err)
{
	const char *ids = NULL;
	struct holds holds;

	if (s->until == DAY_NONE || w->today <= s->until)
		return 0;
	if (store_holds(w->mem, w->in->store, false, &holds, err) < 0)
		return -1;
	for (size_t i = 0; i < holds.list.count; i++) {
		const char *id = holds.list.items[i].hold.id;

		if (hold_is_of(&holds.list.items[i].hold, s->p.key))
			ids = ids ? arena_print(w->mem, "%s, behov hold lift %s", ids, id) : id;
	}
	if (ids)
		tell_finding(w, &(struct finding){
			.kind = "hold-past-its-day", .series = s->p.series, .share = s->p.share,
			.text = arena_print(w->mem, "Gallringsstoppet för %s i %s skulle gälla till och med %s: häv det (behov hold lift %s), "
					    "eller låt det stå.", s->p.series, s->p.share, day_text(w->mem, s->until), ids) });
	return 0;
}

/* Somebody has said that it has been carried out, and it has not: it is told until it is. */
static int
tell_undone(struct work *w, const struct stored *s, struct error *err)
{
	struct decisions all = { 0 };
	const struct decision *said;
	struct night before = { 0 };
	const char *what;

	if (store_decisions(w->mem, w->in->store, s->id, INT64_MIN, &all, err) < 0)
		return -1;
	said = seats_said_done(&all, s);
	if (!said)
		return 0;
	what = is_files(&s->p) ? arena_print(w->mem, "%s i %s", s->p.series, s->p.share)
			       : arena_print(w->mem, "%s i %s", s->p.role ? s->p.role : "-", s->p.system);
	tell_finding(w, &(struct finding){
		.kind = "said-done-not", .system = s->p.system, .role = s->p.role, .share = s->p.share, .series = s->p.series,
		.text = arena_print(w->mem, "Förslag %s (%s) skulle göras för hand och sades vara utfört %s, men det är inte gjort. Den som "
				    "godkände det ser det på sin sida.", s->id, what, day_text(w->mem, clock_day(said->at))) });
	if (store_night_last(w->mem, w->in->store, "run", false, &before, err) < 0)
		return -1;
	return before.id && said->at < before.started ? 0 : note_stored(w, "proposal-said-done-not", s, "natten ser att det inte är gjort", err);
}

/* What lies on a work list, and is clearly there still. */
static int
tell_all_undone(struct work *w, struct error *err)
{
	for (size_t i = 0; i < w->live.list.count; i++) {
		const struct stored *s = &w->live.list.items[i];

		if (stored_by_hand(s) && (w->seen[i] || (!is_files(&s->p) && edge_gone(w->in->snapshot, &s->p) == NO)) &&
		    tell_undone(w, s, err) < 0)
			return -1;
	}
	return 0;
}

/* ------------------------------------------------------------------ what a person has taken away */

static int
journal_one(struct work *w, const struct stored *s, size_t number, const char *path, bool gone, struct error *err)
{
	const struct effect e = { .proposal = s->id, .act = BY_HAND_ACT, .number = (long long)number, .target = path,
				  .intended = w->in->now, .ended = INT64_MIN };
	long long id;

	if (store_effect_intend(w->in->store, &e, &id, err) < 0)
		return -1;
	return store_effect_end(w->in->store, id, gone ? EFFECT_DONE : EFFECT_FAILED, NULL, gone ? NULL : "filen ligger kvar", w->in->now, err);
}

/* In the journal as what apply does: from there the gallringsprotokoll is made.  Why something may not go is there already. */
static int
journal_handled(struct work *w, const struct stored *s, const struct handled *h, struct error *err)
{
	struct arena *mem = arena_open();
	struct record *records = NULL;
	size_t count = 0;
	int rc = store_manifest(mem, w->in->store, s->p.manifest, &records, &count, err);

	if (rc == 0 && (long long)count != h->count)
		rc = error_set(err, ERROR_STORE, "the list of files of '%s' is another than tonight's", s->id);
	for (size_t n = 1; rc == 0 && n <= count; n++)
		if (!h->left[n])
			rc = journal_one(w, s, n, name_show(mem, records[n - 1].path), h->gone[n], err);
	arena_close(mem);
	return rc;
}

static const struct handled *
handled_of(const struct work *w, const struct stored *s)
{
	for (size_t i = 0; i < w->in->handled_count; i++)
		if (strcmp(w->in->handled[i].proposal, s->id) == 0)
			return &w->in->handled[i];
	return NULL;
}

/* Gone from where they lay, they are destroyed as the work list said; of what lies there still, and is not proposed, it is over. */
static int
absent_by_hand(struct work *w, const struct stored *s, struct error *err)
{
	const struct handled *h = handled_of(w, s);
	const char *note;

	if (!h || !h->known) {
		w->out->same++;
		return 0;
	}
	if (!h->gone_count) {
		*arena_push(w->mem, &w->leaving) = s;
		return 0;
	}
	note = arena_print(w->mem, "gallrat för hand: natten såg att %lld av %lld filer är borta", h->gone_count, h->count);
	return journal_handled(w, s, h, err) < 0 ? -1 : move_stored(w, s, PROPOSAL_DONE, note, err);
}

static int
absent(struct work *w, const struct stored *s, struct error *err)
{
	bool kept_past = s->state == STATE_KEPT && s->until != DAY_NONE && w->today >= s->until, under_way, stopped = false;

	if (s->state == STATE_HELD && is_stopped(w, &s->p, &stopped, err) < 0)
		return -1;
	if (stopped) {
		w->out->same++;
		return tell_overdue(w, s, err);
	}
	if (s->state == STATE_QUARANTINED || (s->state == STATE_KEPT && !kept_past))
		return 0;
	if (s->state == STATE_EXPORTED && s->p.kind == KIND_DELIVER) {
		w->out->same++;         /* the receipt says when that is over, whatever becomes of the originals */
		return 0;
	}
	if (is_touched(w, &s->p)) {
		w->out->held++;
		return 0;
	}
	if (is_under_way(w, s, &under_way, err) < 0)
		return -1;
	if (under_way || is_undone_now(w, s)) {
		w->out->same++;
		return 0;
	}
	if (!is_files(&s->p) && STATES(s->state) & STATES_GOING)
		return absent_edge(w, s, err);
	if (is_files(&s->p) && stored_by_hand(s))
		return absent_by_hand(w, s, err);
	*arena_push(w->mem, &w->leaving) = s;
	return 0;
}

static int
close_absent(struct work *w, struct error *err)
{
	for (size_t i = 0; i < w->live.list.count; i++)
		if (!w->seen[i] && absent(w, &w->live.list.items[i], err) < 0)
			return -1;
	if (brake_leaving(w, err) < 0)
		return -1;
	for (size_t i = 0; i < w->leaving.count; i++) {
		if (move_stored(w, w->leaving.items[i], PROPOSAL_WITHDRAWN,
			 "det som förslaget vilade på gäller inte längre", err) < 0)
			return -1;
		w->out->withdrawn++;
	}
	return 0;
}

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

/* ------------------------------------------------------------------ the door */

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
