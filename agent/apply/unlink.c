/* SPDX-License-Identifier: GPL-3.0-or-later */
/* unlink.c - the end of the quarantine: what may not go comes back at once, the rest is destroyed. */
#include "apply_p.h"
#include "behov/log.h"
#include "behov/step.h"
#include "behov/text.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* The only function that destroys a file. */
static int
destroy(int folder, const char *name, struct proof *proof)
{
	proof_spend(proof, name);
	if (unlinkat(folder, name, 0) < 0)
		return -1;
	step("unlink");
	return 0;
}

/* ------------------------------------------------------------------ what comes back */

/*
 * Why a record has to come back, or NULL.  One that has come back already, just before we were ended, counts: also one that
 * was meant to be destroyed, and was not before a hold came.
 */
static const char *
why_back(struct batch *b, size_t number)
{
	const struct effect *gone = b->gone[number];
	struct entry now;
	const char *why;

	if (!batch_aside(b, number))
		return NULL;
	if (walk_look(b->folder, batch_name(b, number), b->dev, &now) == 0)
		return batch_objection(b, number, &now);
	if (errno != ENOENT || (gone && gone->state != EFFECT_INTENDED) || !restore_is_back(b, number, &now))
		return NULL;
	why = batch_objection(b, number, &now);
	return why ? why : "tillbakalagd";
}

/* The first that may not go any longer, from `from` on, and why; or 0. */
static size_t
first_objection(struct batch *b, size_t from, const char **why)
{
	for (size_t n = from; n <= b->count; n++) {
		*why = why_back(b, n);
		if (*why)
			return n;
	}
	return 0;
}

static int
back_each(struct batch *b, size_t number, const char *why, long long *stuck)
{
	for (; number; number = first_objection(b, number + 1, &why)) {
		const char *obstacle;

		if (restore_file(b, number, why, &obstacle) < 0)
			return -1;
		*stuck += obstacle != NULL;
		if (!obstacle)
			log_warn("apply put back file %zu of proposal='%s': %s", number, b->s->id, why);
	}
	return 0;
}

static bool
any_gone(const struct batch *b)
{
	for (size_t n = 1; n <= b->count; n++)
		if (b->gone[n] && b->gone[n]->state == EFFECT_DONE)
			return true;
	return false;
}

/* A whole batch of which something has come back already, or any of which all has: we were ended while it came back. */
static const char *
torn(const struct batch *b)
{
	bool over = b->s->p.whole || (!batch_any_aside(b) && !any_gone(b));

	for (size_t n = 1; over && n <= b->count; n++)
		if (b->moved[n] && b->moved[n]->state == EFFECT_UNDONE)
			return b->moved[n]->note ? b->moved[n]->note : "en del är redan tillbakalagd";
	return NULL;
}

/* *over: nothing is left in quarantine, and the proposal's state says so. */
static int
bring_back(struct batch *b, bool *over)
{
	const char *why = torn(b);
	long long stuck = 0;
	size_t number;

	if (!why && b->s->p.whole && batch_any_aside(b))      /* it has grown while it lay aside: who has put a file there has not been asked */
		why = batch_census(b);
	number = why ? 1 : first_objection(b, 1, &why);
	*over = b->lost;
	if (b->lost)
		return batch_leave(b);
	if (!number)
		return 0;
	/* Whatever is in a whole batch shares its fate. */
	if (batch_any_aside(b) && (b->s->p.whole ? restore_batch(b, why, &stuck) : back_each(b, number, why, &stuck)) < 0)
		return -1;
	if (stuck) {
		*over = true;
		return apply_left(b->a, b->s, arena_print(b->a->mem, "%s skulle läggas tillbaka (%s) men det gick inte; "
							  "%s ligger kvar i karantänen", text_many(b->a->mem, stuck, "fil", "filer"),
							  why ? why : "-", stuck == 1 ? "den" : "de"));
	}
	if (batch_any_aside(b) || any_gone(b))
		return 0;
	*over = true;
	restore_tidy(b);
	return apply_move(b->a, b->s, PROPOSAL_WITHDRAWN, INT64_MIN,
			  arena_print(b->a->mem, "allt är tillbakalagt: %s", why ? why : "-"));
}

/* ------------------------------------------------------------------ what goes */

static int
end_one(struct batch *b, size_t number, long long id, enum effect_state state, const char *after, const char *note)
{
	struct effect *e = b->gone[number] ? b->gone[number] : arena_new(b->mem, struct effect);

	if (b->lost && state == EFFECT_FAILED)          /* who cannot see it does not say what it is */
		return 0;
	if (apply_end(b->a, id, state, after, note) < 0)
		return -1;
	*e = (struct effect){ .id = id, .number = (long long)number, .state = state, .before = e->before, .after = after };
	b->gone[number] = e;
	b->a->out->unlinked += state == EFFECT_DONE;
	if (state == EFFECT_FAILED)
		log_error("apply leaves file %zu of proposal='%s' in quarantine: %s", number, b->s->id, note);
	return 0;
}

static int
intend_one(struct batch *b, size_t number, const struct entry *now, long long *id)
{
	return apply_intend(b->a, b->s->id, "unlink", (long long)number, name_show(b->mem, b->records[number - 1].path),
			    now ? batch_stat(b->mem, now) : NULL, id);
}

static int
refuse_one(struct batch *b, size_t number, const char *why)
{
	long long id;

	if (b->lost)
		return 0;
	return intend_one(b, number, NULL, &id) < 0 ? -1 : end_one(b, number, id, EFFECT_FAILED, NULL, why);
}

/*
 * We were ended between the last files of a group and the journal: what was meant, and lies neither in quarantine nor where it
 * came from, is destroyed.  Before anything is put back or goes, so that neither is said of what is not so.
 */
int
unlink_settle(struct batch *b)
{
	struct apply *a = b->a;
	struct entry now;
	struct stat st;

	if (store_begin(a->in->store, a->err) < 0)
		return -1;
	for (size_t n = 1; n <= b->count; n++) {
		const struct effect *gone = b->gone[n];

		if (!gone || gone->state != EFFECT_INTENDED || !batch_aside(b, n) ||
		    fstatat(b->folder, batch_name(b, n), &st, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT || restore_is_back(b, n, &now))
			continue;
		if (end_one(b, n, gone->id, EFFECT_DONE, gone->before, NULL) < 0)
			goto undo;
	}
	if (store_commit(a->in->store, a->err) == 0)
		return 0;
undo:
	store_rollback(a->in->store);
	return -1;
}

/* ------------------------------------------------------------------ a group of them */

/*
 * As when they were put aside: all of a group is meant, in the journal for good, before the first of it goes; all of it has gone
 * for good before the journal says so.  Between the two only the files themselves tell which: see unlink_settle().
 */
#define GROUP 1000

struct herd {
	struct batch *b;
	struct proof *proof;
	size_t first, last;             /* numbers */
	const char *after[GROUP];       /* it is gone, and was this just before */
	const char *odd[GROUP];         /* it cannot go, ever, and why */
	const char *why;                /* none goes any more tonight */
	bool stopped;
};

static const char *
not_it(void)
{
	return errno == ENOENT ? "filen finns inte i karantänen" : "det är inte filen som lades i karantän";
}

static int
mean_one(struct batch *b, size_t number, struct proof *proof)
{
	struct effect *e = b->gone[number];
	struct entry now;
	long long id;

	if (!batch_aside(b, number) || (e && e->state == EFFECT_FAILED))
		return 0;
	if (!proof_file(proof, b, number, &now))
		return refuse_one(b, number, not_it());
	if (intend_one(b, number, &now, &id) < 0)
		return -1;
	if (!e)
		e = b->gone[number] = arena_new(b->mem, struct effect);
	*e = (struct effect){ .id = id, .number = (long long)number, .state = EFFECT_INTENDED, .before = batch_stat(b->mem, &now) };
	return 0;
}

static int
mean_group(struct herd *h)
{
	struct apply *a = h->b->a;

	if (store_begin(a->in->store, a->err) < 0)
		return -1;
	for (size_t n = h->first; n <= h->last; n++)
		if (mean_one(h->b, n, h->proof) < 0)
			goto undo;
	if (store_commit(a->in->store, a->err) < 0)
		goto undo;
	step("meant");
	return 0;
undo:
	store_rollback(a->in->store);
	return -1;
}

/* Looked at once more, and gone at once. */
static void
unlink_one(struct herd *h, size_t number)
{
	struct batch *b = h->b;
	struct entry now;

	if (!proof_file(h->proof, b, number, &now)) {
		h->odd[number - h->first] = not_it();
		return;
	}
	h->why = proof_objection(h->proof, b, number, &now);
	if (h->why)
		return;
	if (destroy(b->folder, batch_name(b, number), h->proof) < 0)
		h->why = arena_print(b->mem, "filen går inte att ta bort: %s", strerror(errno));
	else
		h->after[number - h->first] = batch_stat(b->mem, &now);
}

static void
unlink_group(struct herd *h)
{
	struct batch *b = h->b;

	for (size_t n = h->first; n <= h->last && !h->why; n++) {
		if (!b->gone[n] || b->gone[n]->state != EFFECT_INTENDED || !batch_aside(b, n))
			continue;
		h->stopped = stop_asked();
		if (h->stopped)
			break;
		unlink_one(h, n);
		progress(b->share->id, (long long)n, (long long)b->count);
	}
	fsync(b->folder);
}

static int
end_group(struct herd *h)
{
	struct batch *b = h->b;
	struct apply *a = b->a;
	int rc = 0;

	if (store_begin(a->in->store, a->err) < 0)
		return -1;
	for (size_t n = h->first; n <= h->last && rc == 0; n++) {
		const char *after = h->after[n - h->first], *odd = h->odd[n - h->first];

		if (after || odd)
			rc = end_one(b, n, b->gone[n]->id, after ? EFFECT_DONE : EFFECT_FAILED, after, odd);
	}
	if (rc == 0 && store_commit(a->in->store, a->err) == 0)
		return 0;
	store_rollback(a->in->store);
	return -1;
}

/* The protocol says what was done and what was not: names that a file had besides are counted. */
static const char *
tell(struct batch *b, long long *bad)
{
	long long gone = 0, linked = 0, back = 0;
	struct text t;
	char *note;

	*bad = 0;
	for (size_t n = 1; n <= b->count; n++) {
		const struct effect *e = b->gone[n];

		back += b->moved[n] && b->moved[n]->state != EFFECT_DONE;
		*bad += e && e->state == EFFECT_FAILED;
		gone += e && e->state == EFFECT_DONE;
		linked += e && e->state == EFFECT_DONE && e->after && !strstr(e->after, "\"nlink\":\"1\"");
	}
	text_open(&t, 1000);
	text_print(&t, "%lld fil%s gallrade", gone, gone == 1 ? "" : "er");
	if (back)
		text_print(&t, "; %lld lämnade eller tillbakalagda", back);
	if (*bad)
		text_print(&t, "; %lld gick inte att gallra: de är inte kvar i karantänen, eller inte de som lades dit", *bad);
	if (linked)
		text_print(&t, "; %lld hade fler namn (hårda länkar), och innehållet finns kvar under dem", linked);
	note = arena_text(b->a->mem, t.data);
	text_close(&t);
	return note;
}

static int
unlink_all(struct batch *b, struct proof *proof)
{
	const char *note;
	long long bad;

	for (size_t n = 1; n <= b->count; n += GROUP) {
		struct herd h = { .b = b, .proof = proof, .first = n, .last = n + GROUP - 1 < b->count ? n + GROUP - 1 : b->count };

		if (mean_group(&h) < 0)
			return -1;
		unlink_group(&h);
		if (end_group(&h) < 0)
			return -1;
		if (h.stopped)
			return error_set(b->a->err, ERROR_STOPPED, "asked to stop between two files");
		if (h.why)              /* the next run puts it back, or tries again */
			return apply_left(b->a, b->s, arena_text(b->a->mem, h.why));
	}
	progress_end();
	if (b->lost)
		return batch_leave(b);
	note = tell(b, &bad);
	restore_tidy(b);
	if (b->lost)
		return batch_leave(b);
	b->a->out->failed += bad != 0;
	return apply_move(b->a, b->s, bad ? PROPOSAL_FAILED : PROPOSAL_DONE, INT64_MIN, note);
}

/* ------------------------------------------------------------------ the door */

static int
end_quarantine(struct batch *b)
{
	struct proof *proof = proof_open(b->a, b->s);
	const char *why = NULL;
	bool over = false, due;

	if (batch_any_aside(b) && batch_folder(b, false, &why) < 0)
		return -1;
	if (why)
		return apply_left(b->a, b->s, why);
	if (unlink_settle(b) < 0 || bring_back(b, &over) < 0)
		return -1;
	if (over)
		return 0;
	if (apply_due(b->a, b->s, &due) < 0)
		return -1;
	if (!due)
		return 0;
	if (b->share->dispose != DISPOSE_DESTROY)
		return apply_left(b->a, b->s, "karantäntiden är ute, men på lagringsytan gallras inget (dispose)");
	if (batch_proven(b, proof, &why) < 0)
		return -1;
	if (why)
		return apply_left(b->a, b->s, why);
	if (proof_brake(proof, BRAKE_UNLINK, any_gone(b), &why) < 0)
		return -1;
	return why ? 0 : unlink_all(b, proof);
}

int
unlink_apply(struct apply *a, struct stored *s)
{
	struct batch b;
	const char *why;
	int rc = batch_open(a, s, &b, &why);

	if (rc == 0)
		rc = why ? apply_left(a, s, why) : end_quarantine(&b);
	batch_close(&b);
	return rc;
}
