/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reconcile.h - access against need.
 *
 * In:      rules and a snapshot.
 * Out:     adds to the plan: remove-member and cut-nesting proposals (owner fields left empty), those of the cuts that take
 *          something as they would be proposed tonight, if all of them were (plan.going), missing, conflicts, structural, findings about access and governance, gaps, unclear, grants, sizes per scope.
 * Promise: nobody's access is proposed away when any fact it rests on is unknown; cuts are judged jointly and take
 *          nobody's needed access.
 */
#ifndef BEHOV_RECONCILE_H
#define BEHOV_RECONCILE_H

#include "nouns.h"
#include "set.h"

/* An edge that is approved, scheduled or exported already: planning goes on around it (it counts as cut). */
struct cut {
	const char *member, *group;     /* keys */
	const struct proposal *approved;        /* what was approved, for reconcile_safe(); NULL: whatever it takes may go */
};
/* A person who keeps a role until a date, decided by its owner. */
struct exception { const char *system, *role, *key; };

struct reconcile_input {
	const struct rules *rules;
	const struct snapshot *snapshot;
	const struct cut *cuts;
	size_t cut_count;
	const struct exception *exceptions;
	size_t exception_count;
	int64_t now;
};

int reconcile_all(struct arena *mem, const struct reconcile_input *in, struct plan *plan, struct error *err);

/*
 * Just before cuts are made, on a fresh snapshot: may they all go, together?  safe[i] and why[i] (Swedish, NULL when safe)
 * are for in->cuts[i].  Nobody may lose what is needed, or what may be; an edge that is not there any more is safe.
 * Not safe together: taken in order, each around those that are safe before it.  One that takes something of which an
 * approval asks for more than what was approved did is not safe.  there[i]: it is there, between the two that have these
 * keys and not others of the same name; there NULL: nobody asks.
 */
int reconcile_safe(struct arena *mem, const struct reconcile_input *in, bool *safe, bool *there, const char **why,
		   struct error *err);

/* Who has a role, as things are: accounts of the snapshot, in `mem`.  role: of in->rules.  *all: no others can have it. */
struct set reconcile_who(struct arena *mem, const struct reconcile_input *in, const struct role *role, bool *all);

/* `behov explain USER SYSTEM[/ROLE]`: JSON with paths, every clause and which part failed, and a verdict. Caller owns. */
int reconcile_explain(struct arena *mem, const struct reconcile_input *in, const char *account, const char *system,
		      const char *role, json_t **out, struct error *err);

#endif
