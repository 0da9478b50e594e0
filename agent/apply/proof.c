/* SPDX-License-Identifier: GPL-3.0-or-later */
/* proof.c - what must be true of a thing before it is taken away, filled by those who look and by nobody else. */
#include "apply_p.h"
#include <errno.h>

/* A look at the world sets each; nothing takes one for granted. */
struct proof {
	struct apply *a;
	struct stored *s;
	const char *version;            /* what its decisions approved; NULL: not asked, or not enough of them */
	bool allowed;                   /* judged anew: no hold, no need, no other rule stands in the way */
	bool braked_not;                /* this run may take as much */
	const char *same;               /* the very thing that was approved, by the name that it has just now */
};

struct proof *
proof_open(struct apply *a, struct stored *s)
{
	struct proof *p = arena_new(a->mem, struct proof);

	*p = (struct proof){ .a = a, .s = s };
	return p;
}

int
proof_decided(struct proof *p, bool *yes)
{
	if (apply_decided(p->a, p->s, yes) < 0)
		return -1;
	p->version = *yes ? p->s->p.version : NULL;
	return 0;
}

int
proof_brake(struct proof *p, enum brake_act act, bool begun, const char **why)
{
	if (brake_take(p->a, p->s, act, begun, why) < 0)
		return -1;
	p->braked_not = !*why;
	return *why ? brake_holds(p->a, p->s, *why) : 0;
}

/* ------------------------------------------------------------------ access */

int
proof_judge(struct apply *a, struct stored *flat, struct proof *const *proofs, size_t count, const char **why, struct error *err)
{
	bool *safe = arena_array(a->mem, bool, count);

	if (a->in->eyes->judge(a->in->eyes->self, a->mem, flat, count, safe, why, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		proofs[i]->allowed = safe[i];
		if (!safe[i] && !why[i])
			why[i] = "det går inte att avgöra att det är ofarligt";
		if (safe[i])
			why[i] = NULL;
	}
	return 0;
}

void
proof_edge(struct proof *p, const char *group, const char *member)
{
	p->same = arena_print(p->a->mem, "%s\n%s", group, member);
}

/* ------------------------------------------------------------------ files */

bool
proof_file(struct proof *p, struct batch *b, size_t number, struct entry *now)
{
	p->same = NULL;
	if (walk_look(b->folder, batch_name(b, number), b->dev, now) < 0) {
		(void)batch_lost(b, errno);
		return false;
	}
	if (!batch_same(&b->records[number - 1], now)) {
		errno = WALK_OTHER;
		return false;
	}
	p->same = batch_name(b, number);
	return true;
}

int
proof_own(struct proof *p, struct batch *b, size_t number, struct entry *now, enum truth *same)
{
	const struct record *r = &b->records[number - 1];
	struct own_record found;
	enum own kind;
	day_t day;

	p->same = NULL;
	*same = UNKNOWN;
	if (!own_read(r->path, &kind, &day))
		return 0;
	if (store_own_look(p->a->in->store, kind, day, &found, p->a->err) < 0)
		return -1;
	own_entry(&found, r->path, now);
	*same = batch_same(r, now) ? YES : NO;
	p->same = *same == YES ? r->path : NULL;
	return 0;
}

const char *
proof_objection(struct proof *p, struct batch *b, size_t number, struct entry *now)
{
	const char *why = batch_objection(b, number, now);

	p->allowed = !why;
	return why;
}

/* ------------------------------------------------------------------ the end of it */

void
proof_spend(struct proof *p, const char *thing)
{
	if (!p->version || strcmp(p->version, p->s->p.version) != 0 || !p->allowed || !p->braked_not || !p->same ||
	    strcmp(p->same, thing) != 0)
		abort();
	p->allowed = false;
	p->same = NULL;
}
