/* SPDX-License-Identifier: GPL-3.0-or-later */
/* absent.c - what stands in the store and is not proposed tonight: withdrawn, done, or left as it is. */
#include "propose_p.h"
#include <strings.h>

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
int
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

int
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
