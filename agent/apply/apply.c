/* SPDX-License-Identifier: GPL-3.0-or-later */
/* apply.c - what may go tonight, in which order, and how each change of state is told. */
#include "apply_p.h"
#include "behov/audit.h"
#include "behov/json.h"
#include "behov/log.h"
#include "behov/step.h"

/* ------------------------------------------------------------------ states */

json_t *
apply_told(const struct stored *s, enum state state, const char *note)
{
	json_t *o = json_object();

	json_put(o, "proposal", s->id);
	json_put(o, "version", s->p.version);
	json_put(o, "kind", kind_word[s->p.kind]);
	json_put(o, "state", state_word[state]);
	if (note)
		json_put(o, "note", note);
	if (s->p.manifest)
		json_put(o, "manifest", s->p.manifest);
	return o;
}

int
apply_move_in(struct apply *a, struct stored *s, enum happening what, int64_t go_at, day_t until, const char *note,
	      const char *actor)
{
	json_t *o = apply_told(s, life[what].to, note);
	int rc = store_proposal_move(a->in->store, s->id, what, a->in->now, go_at, until, note, a->err);

	if (rc == 0)
		rc = audit_add(a->in->store, a->in->now, actor, happening_word[what], o, a->err);
	json_decref(o);
	return rc;
}

int
apply_move(struct apply *a, struct stored *s, enum happening what, int64_t go_at, const char *note)
{
	if (store_begin(a->in->store, a->err) < 0)
		return -1;
	if (apply_move_in(a, s, what, go_at, DAY_NONE, note, "apply") < 0 ||
	    store_commit(a->in->store, a->err) < 0) {
		store_rollback(a->in->store);
		return -1;
	}
	log_info("apply %s proposal='%s'%s%s", state_word[life[what].to], s->id, note ? ": " : "", note ? note : "");
	return 0;
}

int
apply_left_in(struct apply *a, struct stored *s, const char *why)
{
	json_t *o;
	int rc;

	a->out->left++;
	if (s->note && strcmp(s->note, why) == 0)
		return 0;
	log_warn("apply leaves proposal='%s': %s", s->id, why);
	s->note = why;
	o = apply_told(s, s->state, why);
	rc = store_proposal_put(a->in->store, s, a->err);       /* the state is as old as it was */
	if (rc == 0)
		rc = audit_add(a->in->store, a->in->now, "apply", "proposal-left", o, a->err);
	json_decref(o);
	return rc;
}

int
apply_left(struct apply *a, struct stored *s, const char *why)
{
	if (store_begin(a->in->store, a->err) < 0)
		return -1;
	if (apply_left_in(a, s, why) == 0 && store_commit(a->in->store, a->err) == 0)
		return 0;
	store_rollback(a->in->store);
	return -1;
}

/* ------------------------------------------------------------------ the journal */

int
apply_effect(struct apply *a, const char *id, const char *act, struct effect **out)
{
	struct effects list = { 0 };

	*out = NULL;
	if (store_effects(a->mem, a->in->store, id, act, &list, a->err) < 0)
		return -1;
	if (list.list.count)
		*out = &list.list.items[0];
	return 0;
}

int
apply_intend(struct apply *a, const char *proposal, const char *act, long long number, const char *target,
	     const char *before, long long *id)
{
	return store_effect_intend(a->in->store, &(struct effect){
		.proposal = proposal, .act = act, .number = number, .target = target, .state = EFFECT_INTENDED,
		.before = before, .intended = a->in->now, .ended = INT64_MIN,
	}, id, a->err);
}

int
apply_end(struct apply *a, long long id, enum effect_state state, const char *after, const char *note)
{
	return store_effect_end(a->in->store, id, state, after, note, a->in->now, a->err);
}

/* ------------------------------------------------------------------ was it decided? */

struct voice { const char *key; bool yes; };
struct voices { LIST(struct voice) list; };

static struct voice *
voice_of(struct arena *mem, struct voices *voices, const char *key)
{
	struct voice *v;

	for (size_t i = 0; i < voices->list.count; i++)
		if (strcmp(voices->list.items[i].key, key) == 0)
			return &voices->list.items[i];
	v = arena_push(mem, &voices->list);
	v->key = key;
	return v;
}

/* Access, as its systems are classed by the rules of this moment, which no night may have seen yet; files are held against them
 * in batch.c. */
static struct proposal
as_classed(struct apply *a, const struct proposal *p)
{
	struct proposal now = *p;

	for (int i = -1; i < p->also_count && p->system; i++) {
		const char *id = i < 0 ? p->system : arena_copy(a->mem, p->also[i], strcspn(p->also[i], "/"));
		const struct system *system = rules_system(a->in->rules, id);
		int class = !system ? 0 : system->class.konfidentialitet < 0 ? 3 : system->class.konfidentialitet;

		if (now.konfidentialitet >= 0 && class > now.konfidentialitet)
			now.konfidentialitet = class;
	}
	return now;
}

/*
 * The state says that it is scheduled; the decisions behind it must say so, too: for this version, by enough different
 * people, from every seat, with no keep, undo or hold after them, and none of them signed in too weakly for it, unless it was
 * begun.  The command line may speak against, never for.
 */
int
apply_decided(struct apply *a, const struct stored *s, bool *yes)
{
	struct decisions decisions = { 0 };
	const struct proposal now = as_classed(a, &s->p);
	struct voices voices = { 0 };
	bool begun = false;
	int count = 0;

	*yes = false;
	if (store_decisions(a->mem, a->in->store, s->id, INT64_MIN, &decisions, a->err) < 0 ||
	    (s->state == STATE_SCHEDULED && store_begun(a->in->store, s->id, &begun, a->err) < 0))
		return -1;
	for (size_t i = 0; i < decisions.list.count; i++) {
		const struct decision *d = &decisions.list.items[i];

		if (d->refused || d->verdict == VERDICT_ASK || d->verdict == VERDICT_RULE || d->verdict == VERDICT_LATER ||
		    d->verdict == VERDICT_ADVISE || d->verdict == VERDICT_DONE)
			continue;
		if (d->verdict == VERDICT_NOT_MINE && d->key)
			voice_of(a->mem, &voices, d->key)->yes = false;
		else if (d->verdict != VERDICT_APPROVE || !d->key)
			voices = (struct voices){ 0 };
		else
			voice_of(a->mem, &voices, d->key)->yes = d->version && strcmp(d->version, s->p.version) == 0;
	}
	for (size_t i = 0; i < voices.list.count; i++)
		count += voices.list.items[i].yes;
	*yes = count >= 1 && count >= s->p.needs && seats_all_approved(&decisions, s) &&
	       (begun || !seats_signed_weakly(a->conf, &decisions, s, &now));
	return 0;
}

/* ------------------------------------------------------------------ the order of a run */

struct due { LIST(struct stored *) access, files, quarantined; };

int
apply_due(struct apply *a, const struct stored *s, bool *due)
{
	long long nights = 0;

	*due = false;
	if (s->go_at == INT64_MIN || s->go_at > a->in->now)
		return 0;
	if (store_nights_since(a->in->store, s->since, &nights, a->err) < 0)
		return -1;
	*due = nights >= 1;
	return 0;
}

/* The oldest first: what the brake holds back is what is youngest. */
static int
by_due(const void *x, const void *y)
{
	const struct stored *a = *(struct stored *const *)x, *b = *(struct stored *const *)y;

	return a->p.due != b->p.due ? (a->p.due < b->p.due ? -1 : 1) : strcmp(a->id, b->id);
}

static int
sort_out(struct apply *a, struct stored_list *list, struct due *due)
{
	for (size_t i = 0; i < list->list.count; i++) {
		struct stored *s = &list->list.items[i];
		bool now;

		if (apply_due(a, s, &now) < 0)
			return -1;
		if (s->state == STATE_QUARANTINED)
			*(struct stored **)arena_push(a->mem, &due->quarantined) = s;
		if (!now)
			a->out->waiting++;
		else if (s->state == STATE_SCHEDULED && s->p.kind <= KIND_CUT_NESTING)
			*(struct stored **)arena_push(a->mem, &due->access) = s;
		else if (s->state == STATE_SCHEDULED)
			*(struct stored **)arena_push(a->mem, &due->files) = s;
	}
	if (due->files.count)
		qsort(due->files.items, due->files.count, sizeof *due->files.items, by_due);
	return 0;
}

static int
stopped(struct apply *a)
{
	return stop_asked() ? error_set(a->err, ERROR_STOPPED, "asked to stop between two proposals") : 0;
}

static int
go(struct apply *a, const struct due *due)
{
	/* Holds first: what must come back comes back before anything else goes. */
	for (size_t i = 0; i < due->quarantined.count; i++)
		if (unlink_apply(a, due->quarantined.items[i]) < 0 || stopped(a) < 0)
			return -1;
	if (due->access.count && access_apply(a, due->access.items, due->access.count) < 0)
		return -1;
	for (size_t i = 0; i < due->files.count; i++)
		if (stopped(a) < 0 || files_apply(a, due->files.items[i]) < 0)
			return -1;
	return 0;
}

int
apply_all(struct arena *mem, const struct apply_input *in, struct apply_result *out, struct error *err)
{
	struct apply a = { .mem = mem, .in = in, .conf = &in->rules->conf, .out = out, .err = err };
	struct proposal_filter filter = { .states = STATES(STATE_SCHEDULED) | STATES(STATE_QUARANTINED) };
	struct stored_list list = { 0 };
	struct due due = { 0 };
	int rc = -1;

	*out = (struct apply_result){ 0 };
	if (store_proposals(mem, in->store, &filter, &list, err) < 0)
		goto out;
	if (a.conf->mode != MODE_APPLY) {
		out->waiting = (long long)list.list.count;
		log_info("apply does nothing: mode is not \"apply\" waiting=%lld", out->waiting);
		rc = 0;
		goto out;
	}
	if (brake_open(&a) < 0 || sort_out(&a, &list, &due) < 0 || go(&a, &due) < 0)
		goto out;
	log_info("apply done removed=%lld exported=%lld quarantined=%lld unlinked=%lld waiting=%lld left=%lld braked=%lld failed=%lld",
		 out->removed, out->exported, out->quarantined, out->unlinked, out->waiting, out->left, out->braked, out->failed);
	rc = 0;
out:
	brake_close(&a);
	stored_free(&list);
	return rc;
}
