/* SPDX-License-Identifier: GPL-3.0-or-later */
/* own.c - what behov itself keeps goes by the same proof as files do: all of a batch in one transaction with its row of the chain. */
#include "apply_p.h"
#include "behov/audit.h"
#include "behov/json.h"

#include <stdlib.h>

/* What was said of each record just now, and what went. */
struct ending { struct batch *b; struct proof *proof; const char **why, *first; size_t left; struct own_gone gone; };

/* ------------------------------------------------------------------ looking */

/* NULL: it is what was approved, and may go. */
static int
look(struct ending *e, size_t number, const char **why)
{
	struct entry now;
	enum truth same;

	if (proof_own(e->proof, e->b, number, &now, &same) < 0)
		return -1;
	*why = same == UNKNOWN ? "det är ingen handling som behov har" : same == NO ? "handlingen är inte den som godkändes"
		: proof_objection(e->proof, e->b, number, &now);
	return 0;
}

static int
look_at_all(struct ending *e)
{
	e->why = arena_array(e->b->mem, const char *, e->b->count + 1);
	for (size_t n = 1; n <= e->b->count; n++) {
		if (look(e, n, &e->why[n]) < 0)
			return -1;
		e->left += e->why[n] != NULL;
		e->first = e->first ? e->first : e->why[n];
	}
	return 0;
}

/* ------------------------------------------------------------------ the end */

static int
journal(struct ending *e, const char *act, size_t number, enum effect_state state, const char *after, const char *note)
{
	struct apply *a = e->b->a;
	long long id;

	if (apply_intend(a, e->b->s->id, act, (long long)number, e->b->records[number - 1].path, NULL, &id) < 0)
		return -1;
	return apply_end(a, id, state, after, note);
}

/* The only function that ends a record of ours. */
static int
dispose(struct ending *e, size_t number)
{
	struct batch *b = e->b;
	const char *path = b->records[number - 1].path;
	long long before = e->gone.rows;
	enum own kind;
	day_t day;

	/* Proven just now, and nothing but this transaction has written since; but one proof is good for one act. */
	if (look(e, number, &e->why[number]) < 0)
		return -1;
	if (e->why[number])
		return error_set(b->a->err, ERROR_STORE, "'%s' changed while it was about to go", path);
	proof_spend(e->proof, path);
	if (!own_read(path, &kind, &day))
		return error_set(b->a->err, ERROR_STORE, "'%s' is no record of ours", path);
	if (store_own_dispose(b->mem, b->a->in->store, kind, day, &e->gone, b->a->err) < 0 ||
	    store_own_remember(b->a->in->store, kind, day, json_text(json_object_get(b->s->p.evidence, "decision"), "dnr"), b->a->err) < 0)
		return -1;
	if (journal(e, "quarantine", number, EFFECT_DONE, NULL, NULL) < 0)
		return -1;
	return journal(e, "unlink", number, EFFECT_DONE, arena_print(b->mem, "{\"rows\":\"%lld\"}", e->gone.rows - before), NULL);
}

static int
by_number(const void *x, const void *y)
{
	const long long a = *(const long long *)x, b = *(const long long *)y;

	return a < b ? -1 : a > b;
}

/* [ [ first, last ], … ] */
static json_t *
ranges(struct own_gone *gone)
{
	json_t *all = json_array();
	const long long *seq = gone->chain.items;

	if (gone->chain.count)
		qsort(gone->chain.items, gone->chain.count, sizeof(*seq), by_number);
	for (size_t i = 0, first = 0; i < gone->chain.count; i++)
		if (i + 1 == gone->chain.count || seq[i + 1] != seq[i] + 1) {
			json_array_append_new(all, json_pack("[I, I]", (json_int_t)seq[first], (json_int_t)seq[i]));
			first = i + 1;
		}
	return all;
}

static int
note_chain(struct ending *e)
{
	const struct stored *s = e->b->s;
	struct apply *a = e->b->a;
	json_t *o = json_object();
	int rc;

	json_put(o, "proposal", s->id);
	json_put(o, "series", s->p.series);
	json_put(o, "batch", s->p.batch);
	json_put(o, "manifest", s->p.manifest);
	json_object_set(o, "decision", json_object_get(s->p.evidence, "decision"));
	json_object_set_new(o, "records", json_integer((json_int_t)(e->b->count - e->left)));
	json_object_set_new(o, "rows", json_integer(e->gone.rows));
	json_object_set_new(o, "chain", ranges(&e->gone));
	rc = audit_add(a->in->store, a->in->now, "apply", OWN_DISPOSED, o, a->err);
	json_decref(o);
	return rc;
}

static int
end_all(struct ending *e)
{
	for (size_t n = 1; n <= e->b->count; n++)
		if (e->why[n] ? journal(e, "quarantine", n, EFFECT_FAILED, NULL, e->why[n]) < 0 : dispose(e, n) < 0)
			return -1;
	return 0;
}

/* All of it, or nothing of it. */
static int
carry_out(struct ending *e)
{
	struct batch *b = e->b;
	struct apply *a = b->a;
	long long gone = (long long)(b->count - e->left);
	const char *note;

	if (end_all(e) < 0 || note_chain(e) < 0)
		return -1;
	note = arena_print(a->mem, "%lld av behovs egna handlingar gallrade (%lld poster)%s", gone, e->gone.rows,
			   e->left ? arena_print(a->mem, "; %zu lämnade", e->left) : "");
	return apply_move_in(a, b->s, PROPOSAL_DONE, INT64_MIN, DAY_NONE, note, "apply");
}

static int
transaction(struct ending *e)
{
	struct apply *a = e->b->a;

	if (store_begin(a->in->store, a->err) < 0)
		return -1;
	if (carry_out(e) < 0 || store_commit(a->in->store, a->err) < 0) {
		store_rollback(a->in->store);
		return -1;
	}
	a->out->unlinked += (long long)(e->b->count - e->left);
	return 0;
}

int
own_apply(struct batch *b, struct proof *proof)
{
	struct ending e = { .b = b, .proof = proof };

	if (look_at_all(&e) < 0)
		return -1;
	if (e.left && (e.left == b->count || b->s->p.whole)) {
		b->a->out->failed++;
		return apply_move(b->a, b->s, PROPOSAL_FAILED, INT64_MIN,
				  arena_print(b->a->mem, "inte längre det som godkändes, och inget är gallrat: %zu av %zu (%s)", e.left, b->count, e.first));
	}
	return transaction(&e);
}
