/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test-reconcile-worlds.c - random small worlds: two ways to the same answer must agree.
 *
 * What people who are alike need is what each clause says when it is asked straight on; what a group leads to is what a climb
 * from it finds; what the planner proposes is safe for the one who asks just before it is cut; and what asks for more than
 * when it was approved is that to both.
 */
#include "check.h"
#include "../../agent/reconcile/reconcile_p.h"

#define PEOPLE 12
#define GROUPS 9
#define ROLES 4
#define ATTRIBUTES 3
#define WORLDS 1500

static uint64_t state;

static uint32_t
draw(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 20) % below;
}

struct world {
	struct arena *mem;
	struct rules rules;
	struct snapshot s;
};

static const char *words[] = { "larare", "lärare", "kock", "ekonom 1", "ekonom 2" };
static const char *globs[] = { "larare", "lär*", "kock", "ekonom*", "*", "?ock", "ekonom 2" };
static struct value shared[ATTRIBUTES][5];

static void
draw_conditions(struct world *w, struct condition **out, int *count, bool none)
{
	*count = 0;
	*out = arena_array(w->mem, struct condition, ATTRIBUTES + 1);
	for (int i = 0; i < ATTRIBUTES; i++)
		if (draw(2) == 0) {
			struct condition *c = &(*out)[(*count)++];

			*c = (struct condition){ .attribute = i, .count = 1 + (int)draw(2), .globs = arena_array(w->mem, const char *, 2) };
			for (int k = 0; k < c->count; k++)
				c->globs[k] = globs[draw(7)];
		}
	if (draw(4) == 0 || (!*count && !none)) {
		struct condition *c = &(*out)[(*count)++];

		*c = (struct condition){ .attribute = ATTRIBUTE_GROUP, .count = 1 + (int)draw(2), .globs = arena_array(w->mem, const char *, 2) };
		for (int k = 0; k < c->count; k++)
			c->globs[k] = arena_print(w->mem, "CN=g%u,DC=x", draw(GROUPS + 1));
	}
}

static void
draw_rules(struct world *w)
{
	static struct attribute attributes[ATTRIBUTES] = { { .name = "title" }, { .name = "unit" }, { .name = "employeeID", .ad = "employeeID" } };
	static const char *bases[] = { "DC=x" };
	struct system *s = arena_new(w->mem, struct system);

	*s = (struct system){ .id = "s", .name = "S", .owner = "p0", .class = { 1, 1, 1, 1 }, .role_count = ROLES,
			      .roles = arena_array(w->mem, struct role, ROLES) };
	for (uint32_t r = 0; r < ROLES; r++) {
		struct role *role = &s->roles[r];

		*role = (struct role){ .id = arena_print(w->mem, "r%u", r), .system = s, .groups = arena_array(w->mem, const char *, 2),
				       .group_count = 1 + (int)draw(2), .need_count = (int)draw(4), .needs = arena_array(w->mem, struct clause, 4) };
		role->name = role->id;
		for (int g = 0; g < role->group_count; g++)
			role->groups[g] = arena_print(w->mem, "CN=g%u,DC=x", draw(GROUPS));
		for (int i = 0; i < role->need_count; i++) {
			struct clause *c = &role->needs[i];

			*c = (struct clause){ .text = "t", .from = DAY_NONE, .to = draw(8) ? DAY_NONE : day_parse("2020-01-01") };
			draw_conditions(w, &c->all, &c->alls, false);
			if (draw(3) == 0)
				draw_conditions(w, &c->none, &c->nones, true);
		}
	}
	w->rules = (struct rules){ .attributes = attributes, .attribute_count = ATTRIBUTES, .systems = s, .system_count = 1 };
	w->rules.conf.directory.access_groups = bases;
	w->rules.conf.directory.access_group_count = (int)draw(2);
}

static void
draw_people(struct world *w)
{
	bool absent = draw(6) == 0;

	w->s.accounts = arena_array(w->mem, struct account, PEOPLE);
	w->s.account_count = PEOPLE;
	for (uint32_t a = 0; a < PEOPLE; a++) {
		const struct value **values = arena_array(w->mem, const struct value *, ATTRIBUTES);

		for (int i = 0; i < ATTRIBUTES; i++) {
			struct value *second = arena_new(w->mem, struct value);

			values[i] = draw(4) && !(i == 1 && absent) ? &shared[i][draw(5)] : NULL;
			if (values[i] && draw(5) == 0) {
				*second = *values[i];
				second->more = &shared[i][draw(5)];
				values[i] = second;
			}
		}
		w->s.accounts[a] = (struct account){ .name = arena_print(w->mem, "p%02u", a), .dn = arena_print(w->mem, "CN=p%02u,DC=x", a),
						     .key = arena_print(w->mem, "p%02u", a), .values = draw(20) ? values : NULL, .left = draw(12) == 0,
						     .unknown = draw(8) ? 0 : draw(8), .class = draw(12) ? ACCOUNT_PERSON : ACCOUNT_SERVICE,
						     .last_logon = INT64_MIN };
	}
}

static void
draw_groups(struct world *w)
{
	w->s.groups = arena_array(w->mem, struct group, GROUPS);
	w->s.group_count = GROUPS;
	w->s.edges = arena_array(w->mem, struct edge, GROUPS * (PEOPLE + GROUPS));
	for (uint32_t g = 0; g < GROUPS; g++) {
		w->s.groups[g] = (struct group){ .name = arena_print(w->mem, "g%u", g), .dn = arena_print(w->mem, "CN=g%u,DC=x", g),
						 .key = arena_print(w->mem, "g%u", g), .security = draw(10) != 0, .unknown = draw(25) == 0,
						 .first = w->s.edge_count };
		for (uint32_t a = 0; a < PEOPLE; a++)
			if (draw(4) == 0)
				w->s.edges[w->s.edge_count++] = (struct edge){ .member = a, .primary = draw(12) == 0 };
		for (uint32_t m = 0; m < GROUPS; m++)
			if (m != g && draw(8) == 0)
				w->s.edges[w->s.edge_count++] = (struct edge){ .member = m, .is_group = true };
		w->s.groups[g].count = w->s.edge_count - w->s.groups[g].first;
	}
	w->s.complete = true;
	snapshot_index(w->mem, &w->s);
}

static struct reconcile_input
open_world(struct world *w, uint32_t seed)
{
	state = UINT64_C(0x9e3779b97f4a7c15) * (seed + 1);
	*w = (struct world){ .mem = arena_open() };
	for (int i = 0; i < ATTRIBUTES; i++)
		for (int k = 0; k < 5; k++)
			shared[i][k] = (struct value){ words[k], words[k], NULL };
	draw_rules(w);
	draw_people(w);
	draw_groups(w);
	return (struct reconcile_input){ .rules = &w->rules, .snapshot = &w->s, .now = 1795000000 };
}

/* ------------------------------------------------------------------ needs, and reach */

static enum truth
straight_on(const struct work *x, uint32_t a, const struct role *role)
{
	enum truth any = NO;

	for (int i = 0; i < role->need_count; i++) {
		enum truth one = needs_clause(x, a, &role->needs[i]);

		if (one == YES)
			return YES;
		any = one == UNKNOWN ? UNKNOWN : any;
	}
	return any;
}

static bool
same_reach(struct work *x, uint32_t g)
{
	struct set all, sure;

	(void)graph_climb(x, g, false, &x->roles_here);
	all = bits_take(x->mem, &x->roles_here);
	(void)graph_climb(x, g, true, &x->roles_here);
	sure = bits_take(x->mem, &x->roles_here);
	return set_same(all, x->reach[g]) && set_same(sure, x->certain[g]);
}

static void
what_people_need_and_groups_lead_to_is_the_same_both_ways(void)
{
	long long needs = 0, unknown = 0;

	for (uint32_t seed = 0; seed < WORLDS; seed++) {
		struct world w;
		struct reconcile_input in = open_world(&w, seed);
		struct plan plan = { 0 };
		struct work x = { .mem = w.mem, .in = &in, .s = &w.s, .plan = &plan };

		work_prepare(&x);
		for (uint32_t a = 0; a < PEOPLE; a++)
			for (uint32_t r = 0; r < ROLES; r++) {
				enum truth t = w.s.accounts[a].left ? NO : straight_on(&x, a, x.roles[r]);

				CHECK(people_need(&x, a, r) == (t == YES));
				CHECK(set_has(needs_of(&x, a)->unsure, r) == (t == UNKNOWN));
				needs += t == YES;
				unknown += t == UNKNOWN;
			}
		for (int turn = 0; turn < 3; turn++) {
			for (uint32_t g = 0; g < GROUPS; g++)
				CHECK(same_reach(&x, g));
			for (uint32_t i = 0; w.s.edge_count && i < 5; i++)
				cut_edge(&x, draw(w.s.edge_count), true);
			reach_all(&x);
		}
		plan_free(&plan);
		arena_close(w.mem);
	}
	CHECK(needs > WORLDS && unknown > WORLDS);
}

/* ------------------------------------------------------------------ what is proposed */

static void
what_is_proposed_is_safe_all_together_just_before_it_is_cut(void)
{
	long long proposed = 0;

	for (uint32_t seed = 0; seed < WORLDS; seed++) {
		struct world w;
		struct reconcile_input in = open_world(&w, seed);
		struct plan plan = { 0 };
		struct error err = { 0 };
		struct cut *cuts;
		bool *safe;
		const char **why;

		CHECK(reconcile_all(w.mem, &in, &plan, &err) == 0);
		cuts = arena_array(w.mem, struct cut, plan.proposals.count + 1);
		safe = arena_array(w.mem, bool, plan.proposals.count + 1);
		why = arena_array(w.mem, const char *, plan.proposals.count + 1);
		for (size_t i = 0; i < plan.proposals.count; i++)
			cuts[i] = (struct cut){ plan.proposals.items[i].guid, plan.proposals.items[i].group_guid, &plan.proposals.items[i] };
		in.cuts = cuts;
		in.cut_count = plan.proposals.count;
		CHECK(reconcile_safe(w.mem, &in, safe, NULL, why, &err) == 0);
		for (size_t i = 0; i < plan.proposals.count; i++)
			CHECK(safe[i] && !why[i]);
		proposed += (long long)plan.proposals.count;
		plan_free(&plan);
		/* Around what is approved nothing is proposed again, and nothing is left that could go. */
		plan = (struct plan){ 0 };
		CHECK(reconcile_all(w.mem, &in, &plan, &err) == 0);
		CHECK(plan.proposals.count == 0);
		plan_free(&plan);
		arena_close(w.mem);
	}
	CHECK(proposed > WORLDS / 2);
}

/* ------------------------------------------------------------------ what is approved, when the world asks for more since */

struct approved { struct world w; struct reconcile_input in; struct plan plan, later; struct cut *cuts; bool *safe; const char **why; };

/* All that is proposed is approved. */
static void
approve_all(struct approved *x, uint32_t seed)
{
	struct error err = { 0 };
	size_t n;

	*x = (struct approved){ .safe = NULL };
	x->in = open_world(&x->w, seed);
	CHECK(reconcile_all(x->w.mem, &x->in, &x->plan, &err) == 0);
	n = x->plan.proposals.count;
	x->cuts = arena_array(x->w.mem, struct cut, n + 1);
	x->safe = arena_array(x->w.mem, bool, n + 1);
	x->why = arena_array(x->w.mem, const char *, n + 1);
	for (size_t i = 0; i < n; i++) {
		const struct proposal *p = &x->plan.proposals.items[i];

		x->cuts[i] = (struct cut){ p->guid, p->group_guid, p };
	}
	x->in.cuts = x->cuts;
	x->in.cut_count = n;
}

static void
look_again(struct approved *x)
{
	struct error err = { 0 };

	CHECK(reconcile_all(x->w.mem, &x->in, &x->later, &err) == 0);
	CHECK(reconcile_safe(x->w.mem, &x->in, x->safe, NULL, x->why, &err) == 0);
}

static void
close_approved(struct approved *x)
{
	plan_free(&x->plan);
	plan_free(&x->later);
	arena_close(x->w.mem);
}

/* The one of plan.going of the same key, or NULL. */
static const struct proposal *
going(const struct approved *x, const struct proposal *p)
{
	for (size_t i = 0; i < x->later.going.count; i++)
		if (strcmp(x->later.going.items[i].key, p->key) == 0)
			return &x->later.going.items[i];
	return NULL;
}

static void
what_is_approved_is_what_would_be_proposed_while_nothing_changes(void)
{
	long long count = 0;

	for (uint32_t seed = 0; seed < WORLDS; seed++) {
		struct approved x;

		approve_all(&x, seed);
		look_again(&x);
		CHECK(x.later.proposals.count == 0 && x.later.going.count == x.plan.proposals.count);
		for (size_t i = 0; i < x.plan.proposals.count; i++) {
			const struct proposal *p = &x.plan.proposals.items[i], *q = going(&x, p);

			CHECK(q && strcmp(p->version, q->version) == 0 && !proposal_asks_more(p, q) && !proposal_asks_more(q, p));
			CHECK(q && p->needs == q->needs && p->accounts == q->accounts && strcmp(p->why, q->why) == 0 && q->evidence);
			CHECK(x.safe[i]);
			count++;
		}
		close_approved(&x);
	}
	CHECK(count > WORLDS / 2);
}

static void
ask_for_more(struct world *w)
{
	struct system *s = w->rules.systems;
	struct role *role = &s->roles[draw(ROLES)];

	if (draw(3) == 0)
		s->class.konfidentialitet = 3 - 4 * (int)draw(2);       /* written, or no longer */
	for (uint32_t a = 0; a < PEOPLE; a++)
		w->s.accounts[a].protected_admin = draw(3) == 0;
	if (draw(2) && role->group_count == 1)
		role->groups[role->group_count++] = arena_print(w->mem, "CN=g%u,DC=x", draw(GROUPS));
}

static bool
is_named(const struct proposal *p, const char *label)
{
	const char *first = strchr(label, '/') + 1;

	for (int i = 0; i < p->also_count; i++)
		if (strcmp(p->also[i], label) == 0)
			return true;
	return strcmp(p->role, first) == 0;
}

static bool
note_one(void *self, uint32_t a)
{
	bits_put(self, a);
	return true;
}

struct taking { struct work *x; uint32_t group; struct bits had, has; bool *roles; };

static bool
take_from(void *self, uint32_t a)
{
	struct taking *t = self;
	uint32_t cuts = t->x->cuts;

	bits_clear(&t->had);
	bits_clear(&t->has);
	(void)people_climb(t->x, a, false, &t->has);
	t->x->cuts = 0;                 /* as it was */
	(void)people_climb(t->x, a, false, &t->had);
	t->x->cuts = cuts;
	for (uint32_t r = 0; r < ROLES; r++)
		t->roles[r] |= bits_has(&t->had, r) && !bits_has(&t->has, r) && set_has(t->x->reach[t->group], r);
	return true;
}

/* Nobody loses anything by an edge that was not approved as that: told by walking, one person and one role after another. */
static void
check_taken(struct approved *a)
{
	struct plan unused = { 0 };
	struct work x = { .mem = a->w.mem, .in = &a->in, .s = &a->w.s, .plan = &unused };
	const struct system *s = a->w.rules.systems;
	int class = s->class.konfidentialitet < 0 ? 3 : s->class.konfidentialitet;

	work_prepare(&x);
	for (size_t i = 0; i < a->in.cut_count; i++)
		if (a->safe[i])
			cut_edge(&x, graph_edge(&x, a->cuts[i].member, a->cuts[i].group), true);
	for (size_t i = 0; i < a->in.cut_count; i++) {
		uint32_t e = graph_edge(&x, a->cuts[i].member, a->cuts[i].group), cuts = x.cuts;
		const struct edge *edge = &a->w.s.edges[e];
		struct taking t = { .x = &x, .group = graph_group(&x, e), .had = bits_open(x.mem, ROLES), .has = bits_open(x.mem, ROLES),
				    .roles = arena_array(x.mem, bool, ROLES) };
		bool any = false;

		if (!a->safe[i])
			continue;
		if (edge->is_group) {
			struct set below;
			struct bits all = bits_open(x.mem, PEOPLE);

			x.cuts = 0;
			(void)graph_below(&x, edge->member, BELOW_NOW, note_one, &all);
			x.cuts = cuts;
			below = bits_take(x.mem, &all);
			for (uint32_t k = 0; k < below.count; k++)
				(void)take_from(&t, below.items[k]);
		} else {
			(void)take_from(&t, edge->member);
		}
		for (uint32_t r = 0; r < ROLES; r++) {
			any |= t.roles[r];
			CHECK(!t.roles[r] || is_named(a->cuts[i].approved, x.labels[r]));
		}
		CHECK(!any || class < 3 || a->cuts[i].approved->needs == 2);
		CHECK(!any || edge->is_group || !a->w.s.accounts[edge->member].protected_admin || a->cuts[i].approved->by_hand);
	}
}

static void
what_asks_for_more_since_it_was_approved_is_seen_by_the_night_and_left_by_apply(void)
{
	long long more = 0, same = 0;

	for (uint32_t seed = 0; seed < WORLDS; seed++) {
		struct approved x;
		bool alike = true;      /* nothing but that stands in the way of any */

		approve_all(&x, seed);
		ask_for_more(&x.w);
		look_again(&x);
		check_taken(&x);
		for (size_t i = 0; i < x.in.cut_count; i++) {
			const struct proposal *q = going(&x, x.cuts[i].approved);
			const char *why = q ? proposal_asks_more(x.cuts[i].approved, q) : NULL;

			alike &= x.safe[i] || (why && strcmp(x.why[i], why) == 0);
		}
		for (size_t i = 0; i < x.in.cut_count && alike; i++) {
			const struct proposal *q = going(&x, x.cuts[i].approved);
			const char *why = q ? proposal_asks_more(x.cuts[i].approved, q) : NULL;

			CHECK(x.safe[i] == !why && (!why || strcmp(x.why[i], why) == 0));
			more += why != NULL;
			same += !why;
		}
		close_approved(&x);
	}
	CHECK(more > WORLDS / 4 && same > WORLDS / 4);
}

int
main(void)
{
	TEST(what_people_need_and_groups_lead_to_is_the_same_both_ways);
	TEST(what_is_proposed_is_safe_all_together_just_before_it_is_cut);
	TEST(what_is_approved_is_what_would_be_proposed_while_nothing_changes);
	TEST(what_asks_for_more_since_it_was_approved_is_seen_by_the_night_and_left_by_apply);
	return check_done();
}
