/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reconcile_p.h - what the files of the reconcile room share: the graph, and sets of roles for groups and people.
 *
 * Roles, groups, accounts and edges are numbers: roles in the order of the rules, the others as in the snapshot.
 * A node is a group, or an account after all groups.
 */
#ifndef RECONCILE_P_H
#define RECONCILE_P_H

#include "behov/reconcile.h"
#include "behov/set.h"
#include <stdlib.h>
#include <string.h>

#define NOWHERE UINT32_MAX

/* What all who have the same attributes need, and may need (of a role without written needs nothing is said here). */
struct profile { struct set need, unsure; const uint32_t *by; };         /* by: of each in need, the first clause that asks (needs_clauses()) */
struct kept { uint32_t account, role; };
struct needs;

struct work {
	struct arena *mem;
	const struct reconcile_input *in;
	const struct snapshot *s;
	struct plan *plan;

	const struct role **roles;
	uint32_t role_count;
	const char **labels;            /* "system/role" */
	json_t **clauses;               /* of evidence; NULL until asked for */
	bool *role_unknown;             /* a group of it may contain anybody, or could not be found */

	struct set *own;                /* group -> roles it is listed in */
	struct set *reach, *certain;    /* group -> roles it leads to; the same by groups we know wholly, and for good */
	bool all_known;                 /* no group is unknown, no edge ends by itself: reach and certain are the same */
	bool *maybe;                    /* group: may contain anybody */
	bool *cuttable;                 /* group: edges out of it may go */
	bool *unregistered;             /* group: of the kind that gives access, and leads to no role */
	bool *asked;                    /* group: a need names it, so who is in it stays in it */
	uint32_t *up_first, *up, *up_group;     /* node -> the edges in which it is the member, and their groups */
	struct set nestings;            /* the edges of groups in groups */
	bool *cut;                      /* edge: gone, or judged as if it were */
	uint32_t cuts;                  /* how many of them */

	struct needs *needs;
	const struct profile **profile; /* account; NULL until asked for */
	struct set *access, *excess;    /* account -> roles; excess of people only */
	LIST(uint32_t) chosen;          /* edges that should go */
	LIST(struct kept) kept;         /* exceptions, sorted */
	struct bits open;               /* roles that anybody has */

	struct bits roles_here;         /* to gather in; empty between uses */
	struct walk { uint32_t *queue, *seen, stamp; } above, below;    /* seen: group; node */
	uint32_t *before, *way;         /* of a walk above */
};

static inline uint32_t node(const struct work *w, uint32_t account) { return w->s->group_count + account; }
static inline bool is_person(const struct work *w, uint32_t a) { return w->s->accounts[a].class == ACCOUNT_PERSON; }
static inline bool is_cut(const struct work *w, uint32_t e) { return w->cuts && w->cut[e]; }

/* What is reached by an edge that ends by itself is not certain: soon it is gone, and what we have cut does not come back. */
static inline bool ends(const struct work *w, uint32_t e) { return w->s->edges[e].timed; }

static inline void
cut_edge(struct work *w, uint32_t e, bool on)
{
	w->cuts += (uint32_t)on - (uint32_t)w->cut[e];
	w->cut[e] = on;
}

/* reconcile.c: the graph linked, the roles placed, and every group reached up from. */
void work_prepare(struct work *w);

/* ------------------------------------------------------------------ graph.c */

const char *graph_member(const struct work *w, uint32_t e);     /* its key */
uint32_t graph_group(const struct work *w, uint32_t e);         /* the group that it leads to */
uint32_t graph_account(const struct work *w, const char *key);    /* NOWHERE */
/* The edge between two keys; NOWHERE. */
uint32_t graph_edge(const struct work *w, const char *member, const char *group);
/* By numbers. */
uint32_t graph_between(const struct work *w, bool is_group, uint32_t member, uint32_t g);
void graph_link(struct work *w);
void graph_spread(struct work *w);      /* w->maybe: from groups that are not known wholly to all above them */
void graph_cuttable(struct work *w);    /* w->cuttable: access groups that lead to nothing but what is registered */
/*
 * Adds the roles that a group leads to by edges that are not cut just now; `sure`: by groups that are known wholly, and
 * edges that do not end by themselves.
 * Gives how many groups it looked at.
 */
uint32_t graph_climb(struct work *w, uint32_t g, bool sure, struct bits *out);
/* The shortest way from a group to one that the role is listed in, into w->way; gives how many groups. */
uint32_t graph_path(struct work *w, uint32_t g, uint32_t r);
/* Everybody below a group, once each.  False: visit() said so, and was asked no more. */
enum extent {
	BELOW_NOW,                      /* by edges that are not cut just now, and that give access */
	BELOW_ALL,                      /* by all edges, of groups of any kind */
};
bool graph_below(struct work *w, uint32_t g, enum extent how, bool (*visit)(void *self, uint32_t account), void *self);

/* ------------------------------------------------------------------ reach.c */

/* w->reach and w->certain, by the edges that are not cut. */
void reach_all(struct work *w);

/* ------------------------------------------------------------------ need.c: what the rules ask for */

void needs_open(struct work *w);
const struct profile *needs_of(struct work *w, uint32_t a);
/* Those in force; gives how many. */
uint32_t needs_clauses(const struct work *w, const struct clause *const **out);
/* When all people were asked: how many need each role; and findings about clauses that match nobody. */
void needs_count(struct work *w, long long *need);
void needs_tell_unused(struct work *w);
/* One clause, and one condition of what it asks for or (none) does not want, asked by itself. */
enum truth needs_condition(const struct work *w, uint32_t a, const struct condition *c, bool none);
enum truth needs_clause(const struct work *w, uint32_t a, const struct clause *c);

/* ------------------------------------------------------------------ people.c: what somebody has, needs, and has too much */

/* What an account has by the edges that are not cut, as reach_all() saw it. */
struct set people_have(struct work *w, uint32_t a);
/* Adds what it has by the edges that are not cut just now, as graph_climb() does. */
uint32_t people_climb(struct work *w, uint32_t a, bool sure, struct bits *out);
/* The first of their groups that leads there. */
const char *people_via(const struct work *w, uint32_t a, uint32_t r);
/* w->access of everybody. */
void people_access(struct work *w);
/* w->kept. */
void people_kept(struct work *w);
/* Is it kept by an exception?  Is it not known whether they need it? */
bool people_keep(const struct work *w, uint32_t a, uint32_t r);
bool people_unsure(struct work *w, uint32_t a, uint32_t r);
bool people_need(struct work *w, uint32_t a, uint32_t r);
/* What a person of w->access neither needs, nor may need. */
struct set people_excess(struct work *w, uint32_t a);

/* ------------------------------------------------------------------ evidence.c, exact.c, planner.c */

/* Proposes all of w->chosen, which are cut: for what somebody loses when all of them go.  What takes nothing is put back. */
void evidence_all(struct work *w);
/* What an approval of an edge that takes those roles (one at least) must be good for: roles, class, hand, needs. */
void evidence_weigh(struct work *w, uint32_t e, struct set roles, struct proposal *p);
/* The best cuts where few edges hang together: proposed, and cut. */
void exact_cut(struct work *w);
/* Proposes all that may go; afterwards w->cut is how it will be. */
void planner_cut(struct work *w);

/* ------------------------------------------------------------------ tell.c */

void tell_grants(struct work *w);       /* w->access, and how it is reached; and how much of it there is, for brakes */
void tell_people(struct work *w);       /* what is missing, what is not known */
void tell_conflicts(struct work *w);
const char *tell_role(const struct work *w, uint32_t r);        /* for people: its system and its name */
void tell_trouble(struct work *w, const char *kind, const struct system *s, const struct role *r, const char *group, const char *text);

/* ------------------------------------------------------------------ marks.c */

/* What is special about accounts that have access, and about those that the configuration or adminCount names. */
void marks_tell(struct work *w);
/* Who has what may not meet in one person. */
void marks_conflict(struct work *w, const struct clash *clash, uint32_t a);
/* Days without a sign-in after which who has a role is dormant there; 0 = not said. */
int *marks_dormant_days(const struct work *w);
bool marks_dormant(const struct work *w, const struct account *a, int days);
/* Whether anybody's last sign-in is. */
bool marks_logons_known(const struct work *w);

/* ------------------------------------------------------------------ structural.c */

/* What stays when all proposed has gone, why, and what a person could do. */
void structural_tell(struct work *w);

/* ------------------------------------------------------------------ findings.c */

void findings_tell(struct work *w);

/* ------------------------------------------------------------------ members.c */

/* Findings about members that are no people, and w->open. */
void members_tell(struct work *w);
/* When that edge came, and when it ends by itself; INT64_MIN when nobody told. */
const struct edge_moment *members_came(const struct work *w, uint32_t edge);    /* NULL */
int64_t members_added(const struct work *w, uint32_t edge);
int64_t members_ends(const struct work *w, uint32_t edge);

#endif
