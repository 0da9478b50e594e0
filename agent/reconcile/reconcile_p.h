/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reconcile_p.h - what the files of the reconcile room share: the graph, and sets of roles for groups and people. */
#ifndef RECONCILE_P_H
#define RECONCILE_P_H

#include "behov/reconcile.h"
#include <stdlib.h>
#include <string.h>

struct nested { uint32_t edge; long long people; uint64_t *roles; };

struct work {
	struct arena *mem;
	const struct reconcile_input *in;
	const struct snapshot *s;
	struct plan *plan;
	const struct role **roles;
	uint32_t role_count, words;
	bool *role_unknown;             /* a group of it may contain anybody, or could not be found */
	uint64_t *own;                  /* group -> roles it is listed in */
	uint64_t *reach, *certain;      /* group -> roles it leads to; the same by groups we know wholly */
	bool *maybe;                    /* group: may contain anybody */
	bool *cuttable;                 /* group: edges out of it may go */
	uint64_t *need, *unsure, *access;       /* account -> roles */
	uint32_t *from;                 /* edge -> group */
	uint32_t *up_first, *up;        /* groups, then accounts: the edges in which it is the member */
	bool *cut, *absent;             /* edge; attribute absent on everybody */
	uint64_t *open;                 /* roles that anybody has */
	uint32_t *queue, *seen, stamp;
	LIST(struct nested) nested;     /* nestings chosen for a cut */
};

static inline bool get(const uint64_t *set, uint32_t i) { return set[i / 64] >> (i % 64) & 1; }
static inline void put(uint64_t *set, uint32_t i) { set[i / 64] |= UINT64_C(1) << (i % 64); }
static inline uint64_t *at(const struct work *w, uint64_t *sets, uint32_t i) { return sets + (size_t)i * w->words; }
static inline uint32_t node(const struct work *w, uint32_t account) { return w->s->group_count + account; }

/* reconcile.c.  "system/role"; and the graph linked, the roles placed, and every group reached up from. */
const char *work_label(const struct work *w, uint32_t r);
void work_prepare(struct work *w);

/* ------------------------------------------------------------------ graph.c */

const char *work_member(const struct work *w, uint32_t e);
void graph_link(struct work *w);
void graph_spread(struct work *w);      /* w->maybe: from groups that are not known wholly to all above them */
void graph_cuttable(struct work *w);    /* w->cuttable: access groups that lead to nothing but what is registered */
void graph_cut(struct work *w);         /* w->cut: what is approved already */
/*
 * Adds what a group leads to by the edges that are not cut just now: all of it, and by groups that are known wholly.
 * Gives how many groups it looked at.
 */
uint32_t graph_add(struct work *w, uint32_t g, uint64_t *all, uint64_t *sure);
/* What each group leads to, by the edges that are not cut. */
void work_reach(struct work *w);

/* ------------------------------------------------------------------ need.c */

void need_absent(struct work *w);       /* w->absent */
enum truth need_clause(const struct work *w, const struct account *a, const struct clause *c);
/* What an account has by the edges that are not cut. */
void work_have(struct work *w, uint32_t a, uint64_t *set);
/* What an account has and needs. */
void work_judge(struct work *w, uint32_t a);
bool work_excess(struct work *w, uint32_t a, uint32_t r);

/* ------------------------------------------------------------------ evidence.c, exact.c, planner.c */

/* That edge should go, for those roles; `people` lose them, and `others` below it lose nothing. */
void evidence_propose(struct work *w, uint32_t e, const uint64_t *roles, long long people, long long others);
/* The best cuts where few edges hang together: proposed, and cut. */
void exact_cut(struct work *w);
/* Proposes all that may go; afterwards w->cut is how it will be. */
void planner_cut(struct work *w);

/* ------------------------------------------------------------------ tell.c */

void tell_grants(struct work *w, uint32_t a);
/* `left`: the roles that stay when all proposed has gone. */
void tell_person(struct work *w, uint32_t a, const uint64_t *left);
void tell_systems(struct work *w);
void tell_sizes(struct work *w);        /* memberships by scope, for brakes */
void work_finding(struct work *w, const char *kind, const struct system *s, const struct role *r, const char *group, const char *text);

/* ------------------------------------------------------------------ members.c */

/* Findings about members that are no people, and w->open. */
void members_tell(struct work *w);
/* When that edge came, INT64_MIN when nobody told. */
int64_t members_added(const struct work *w, uint32_t edge);
/* Why what nobody needs stays with them, as they have it now. */
const char *members_stay(const struct work *w, uint32_t a, uint32_t r);

#endif
