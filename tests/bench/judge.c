/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * judge.c - access against need on a large directory in memory: what reconcile_all() alone takes.
 *
 *     judge PEOPLE GROUPS MEMBERSHIPS SYSTEMS ROLES CLAUSES [FOLDER]
 *
 * The same world each time: units, titles and departments; clauses that name them; their groups nested in access groups; teams in
 * teams, six levels and some rings; one person of a hundred, and some teams, with access that nobody has written a need for.
 * With a folder the world is written there as tables, for peers, and not judged here.
 */
#include "../../agent/reconcile/exact.c"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define TITLES 400
#define DEPARTMENTS 50
#define UNITS 2000
#define TITLES_OF_UNIT 12       /* people of a unit have one of so many titles */
#define LEVELS 6

struct pair { uint32_t group, member; };
struct bench {
	struct arena *mem;
	uint32_t people, groups, systems, roles, clauses;
	uint64_t memberships, state;
	uint32_t *title, *unit;         /* of a person */
	const struct value *titles[TITLES], *departments[DEPARTMENTS], *units[UNITS];
	LIST(uint32_t) direct[TITLES][DEPARTMENTS];     /* access groups that such people are put in one by one */
	LIST(struct pair) edges;
	size_t nested;                  /* from here on the edges are of groups */
	struct rules rules;
	struct snapshot s;
};

static uint32_t
draw(struct bench *b, uint32_t below)
{
	b->state ^= b->state << 13;
	b->state ^= b->state >> 7;
	b->state ^= b->state << 17;
	return (uint32_t)((b->state >> 16) % below);
}

static uint32_t unit_group(const struct bench *b, uint32_t unit) { return 2 * b->roles + unit; }
static uint32_t title_group(const struct bench *b, uint32_t title) { return 2 * b->roles + UNITS + title; }
static uint32_t first_team(const struct bench *b) { return 2 * b->roles + UNITS + TITLES + DEPARTMENTS; }

static const struct value *
new_value(struct bench *b, const char *kind, uint32_t i)
{
	struct value *v = arena_new(b->mem, struct value);

	v->text = v->folded = arena_print(b->mem, "%s %04u", kind, i);
	return v;
}

static void
put_edge(struct bench *b, uint32_t group, uint32_t member)
{
	*(struct pair *)arena_push(b->mem, &b->edges) = (struct pair){ group, member };
}

/* ------------------------------------------------------------------ rules */

static void
ask(struct bench *b, struct clause *c, int attribute, const char *glob)
{
	const char **globs = arena_array(b->mem, const char *, 1);

	globs[0] = glob;
	c->all[c->alls++] = (struct condition){ .attribute = attribute, .globs = globs, .count = 1 };
	c->text = arena_print(b->mem, "%s%s%s = \"%s\"", c->text ? c->text : "", c->text ? " och " : "",
			      b->rules.attributes[attribute].name, glob);
}

/* Six of ten: a title in a department; three: a unit; one: a title.  Of titles every tenth is a glob for ten of them. */
static void
new_clause(struct bench *b, struct clause *c, uint32_t role)
{
	uint32_t kind = draw(b, 10), title = draw(b, TITLES), department = draw(b, DEPARTMENTS), unit = draw(b, UNITS);
	bool glob = draw(b, 10) == 0;

	*c = (struct clause){ .why = "arbetet", .by = "chef", .since = "2026-01-01", .from = DAY_NONE, .to = DAY_NONE,
			      .all = arena_array(b->mem, struct condition, 2) };
	if (kind >= 6 && kind < 9) {
		ask(b, c, 2, b->units[unit]->text);
		return;
	}
	ask(b, c, 0, glob ? arena_print(b->mem, "titel %03u*", title / 10) : b->titles[title]->text);
	if (kind < 6)
		ask(b, c, 1, b->departments[department]->text);
	for (uint32_t t = glob ? title / 10 * 10 : title; t <= (glob ? title / 10 * 10 + 9 : title) && kind < 6; t++)
		*arena_push(b->mem, &b->direct[t][department]) = 2 * role + draw(b, 2);
}

/* Titles and units that a clause asks for by themselves: their groups are nested in the role's. */
static void
nest_role(struct bench *b, const struct role *role, uint32_t r)
{
	for (int i = 0; i < role->need_count; i++) {
		const struct condition *c = &role->needs[i].all[0];

		if (role->needs[i].alls == 1 && c->attribute == 2)
			put_edge(b, 2 * r, unit_group(b, (uint32_t)atoi(c->globs[0] + 6)));
		for (uint32_t t = 0; t < TITLES && role->needs[i].alls == 1 && c->attribute == 0; t++)
			if (strncmp(b->titles[t]->text, c->globs[0], strcspn(c->globs[0], "*")) == 0)
				put_edge(b, 2 * r + 1, title_group(b, t));
	}
}

static void
nest_asked(struct bench *b)
{
	uint32_t r = 0;

	for (uint32_t i = 0; i < b->systems; i++)
		for (int k = 0; k < b->rules.systems[i].role_count; k++, r++)
			nest_role(b, &b->rules.systems[i].roles[k], r);
}

static void
new_rules(struct bench *b)
{
	static struct attribute attributes[] = { { .name = "title" }, { .name = "department" }, { .name = "unit" } };
	static const char *bases[] = { "OU=Behorighet,DC=kalmar,DC=example" };
	uint32_t r = 0, c = 0;

	b->rules = (struct rules){ .attributes = attributes, .attribute_count = 3, .system_count = b->systems,
				   .systems = arena_array(b->mem, struct system, b->systems) };
	b->rules.conf.directory.access_groups = bases;
	b->rules.conf.directory.access_group_count = 1;
	for (uint32_t i = 0; i < b->systems; i++) {
		struct system *s = &b->rules.systems[i];
		uint32_t end = (uint32_t)((uint64_t)(i + 1) * b->roles / b->systems);

		*s = (struct system){ .id = arena_print(b->mem, "system%05u", i), .owner = "chef", .class = { 1, 1, 1, 1 },
				      .roles = arena_array(b->mem, struct role, end - r + 1) };
		s->name = s->id;
		for (; r < end; r++) {
			struct role *role = &s->roles[s->role_count++];
			uint32_t last = (uint32_t)((uint64_t)(r + 1) * b->clauses / b->roles);

			*role = (struct role){ .id = arena_print(b->mem, "roll%06u", r), .system = s, .group_count = 2,
					       .groups = arena_array(b->mem, const char *, 2),
					       .needs = arena_array(b->mem, struct clause, last - c + 1) };
			role->name = role->id;
			for (uint32_t g = 0; g < 2; g++)
				role->groups[g] = arena_print(b->mem, "CN=g%07u,%s", 2 * r + g, bases[0]);
			for (; c < last; c++)
				new_clause(b, &role->needs[role->need_count++], r);
		}
	}
}

/* ------------------------------------------------------------------ people and groups */

static int
by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* One of ten who should be put in an access group is not, and has it from a team or not at all. */
static void
join_groups(struct bench *b, uint32_t a)
{
	uint32_t title = b->title[a], unit = b->unit[a], department = unit % DEPARTMENTS, all[512], count = 0;
	uint64_t left = b->memberships * (a + 1) / b->people;

	all[count++] = unit_group(b, unit);
	all[count++] = title_group(b, title);
	all[count++] = 2 * b->roles + UNITS + TITLES + department;
	for (size_t i = 0; i < b->direct[title][department].count && count < 200; i++)
		if (draw(b, 10))
			all[count++] = b->direct[title][department].items[i];
	if (draw(b, 100) == 0)
		all[count++] = draw(b, 2 * b->roles);
	while (b->edges.count + count < left && count < 512)
		all[count++] = first_team(b) + draw(b, b->groups - first_team(b));
	qsort(all, count, sizeof(*all), by_number);
	for (uint32_t i = 0; i < count; i++)
		if (!i || all[i] != all[i - 1])
			put_edge(b, all[i], a);
}

static void
nest_teams(struct bench *b)
{
	uint32_t first = first_team(b), count = b->groups - first;

	nest_asked(b);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t level = i % LEVELS;
		if (level)
			put_edge(b, first + i - 1, first + i);
		if (level == LEVELS - 1 && draw(b, 100) == 0)
			put_edge(b, first + i, first + i - level);
	}
	for (uint32_t i = 0; i < b->roles / 50; i++)
		put_edge(b, draw(b, 2 * b->roles), first + draw(b, count));
}

/* By group, each once, people before groups: as the snapshot wants them. */
static void
lay_edges(struct bench *b)
{
	uint32_t *next = arena_array(b->mem, uint32_t, b->groups + 1), *out = arena_array(b->mem, uint32_t, b->edges.count + 1);
	struct snapshot *s = &b->s;

	for (size_t i = 0; i < b->edges.count; i++)
		next[b->edges.items[i].group]++;
	for (uint32_t g = 0, at = 0; g < b->groups; g++) {
		uint32_t of = next[g];
		s->groups[g].first = next[g] = at;
		at += s->groups[g].count = of;
	}
	for (size_t i = 0; i < b->edges.count; i++)
		out[next[b->edges.items[i].group]++] = (uint32_t)i;
	s->edges = arena_array(b->mem, struct edge, b->edges.count + 1);
	for (uint32_t g = 0; g < b->groups; g++) {
		uint32_t first = s->groups[g].first, end = first + s->groups[g].count, people = first;

		while (people < end && out[people] < b->nested)
			people++;
		for (uint32_t i = people; i < end; i++)
			out[i] = b->edges.items[out[i]].member;
		qsort(out + people, end - people, sizeof(*out), by_number);
		s->groups[g].first = s->edge_count;
		for (uint32_t i = first; i < end; i++)
			if (i <= people || out[i] != out[i - 1])
				s->edges[s->edge_count++] = (struct edge){
					.member = i < people ? b->edges.items[out[i]].member : out[i], .is_group = i >= people };
		s->groups[g].count = s->edge_count - s->groups[g].first;
	}
}

static void
new_directory(struct bench *b)
{
	struct snapshot *s = &b->s;

	*s = (struct snapshot){ .complete = true, .account_count = b->people, .group_count = b->groups,
				.accounts = arena_array(b->mem, struct account, b->people),
				.groups = arena_array(b->mem, struct group, b->groups) };
	b->title = arena_array(b->mem, uint32_t, b->people);
	b->unit = arena_array(b->mem, uint32_t, b->people);
	for (uint32_t a = 0; a < b->people; a++) {
		const struct value **values = arena_array(b->mem, const struct value *, 3);

		b->unit[a] = draw(b, UNITS);
		b->title[a] = (b->unit[a] * 37 + draw(b, TITLES_OF_UNIT) * 31) % TITLES;
		values[0] = b->titles[b->title[a]];
		values[1] = b->departments[b->unit[a] % DEPARTMENTS];
		values[2] = b->units[b->unit[a]];
		s->accounts[a] = (struct account){ .name = arena_print(b->mem, "p%07u", a), .values = values, .last_logon = INT64_MIN,
						   .dn = arena_print(b->mem, "CN=p%07u,OU=Anvandare,DC=kalmar,DC=example", a),
						   .key = arena_print(b->mem, "%08u-0000-4000-8000-000000000000", a) };
		join_groups(b, a);
	}
	b->nested = b->edges.count;
	for (uint32_t g = 0; g < b->groups; g++)
		s->groups[g] = (struct group){ .name = arena_print(b->mem, "g%07u", g), .security = true,
					       .dn = arena_print(b->mem, "CN=g%07u,OU=%s,DC=kalmar,DC=example", g,
								 g < 2 * b->roles ? "Behorighet" : "Grupper"),
					       .key = arena_print(b->mem, "%08u-0000-4000-9000-000000000000", g) };
	nest_teams(b);
	lay_edges(b);
}

/* ------------------------------------------------------------------ tables for peers */

static FILE *
table(const char *folder, const char *name)
{
	char path[4096];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s.csv", folder, name);
	out = fopen(path, "w");
	if (!out) {
		perror(path);
		exit(1);
	}
	return out;
}

static void
write_tables(const struct bench *b, const char *folder)
{
	FILE *person = table(folder, "person"), *edge = table(folder, "edge"), *listed = table(folder, "listed"), *clause = table(folder, "clause");
	uint32_t r = 0;

	for (uint32_t a = 0; a < b->people; a++)
		fprintf(person, "%u,titel %04u,avdelning %04u,enhet %04u\n", a, b->title[a], b->unit[a] % DEPARTMENTS, b->unit[a]);
	for (uint32_t g = 0; g < b->groups; g++)
		for (uint32_t e = b->s.groups[g].first; e < b->s.groups[g].first + b->s.groups[g].count; e++)
			fprintf(edge, "%u,%u,%d\n", g, b->s.edges[e].member, b->s.edges[e].is_group);
	for (uint32_t i = 0; i < b->systems; i++)
		for (int k = 0; k < b->rules.systems[i].role_count; k++, r++) {
			const struct role *role = &b->rules.systems[i].roles[k];

			fprintf(listed, "%u,%u\n%u,%u\n", r, 2 * r, r, 2 * r + 1);
			for (int c = 0; c < role->need_count; c++) {
				const char *want[3] = { "%", "%", "%" };

				for (int j = 0; j < role->needs[c].alls; j++)
					want[role->needs[c].all[j].attribute] = role->needs[c].all[j].globs[0];
				fprintf(clause, "%u", r);
				for (int j = 0; j < 3; j++)
					fprintf(clause, ",%.*s%s", (int)strcspn(want[j], "*"), want[j], strchr(want[j], '*') ? "%" : "");
				fputc('\n', clause);
			}
		}
	if (fclose(person) || fclose(edge) || fclose(listed) || fclose(clause)) {
		perror(folder);
		exit(1);
	}
}

/* ------------------------------------------------------------------ a bound */

static bool
add_one(void *self, uint32_t a)
{
	struct exact *x = self;

	*arena_push(x->w->mem, &x->people) = a;
	return is_person(x->w, a);
}

/* Cuts that are safe together are each safe alone: when all that are safe alone went, what could not go is left. */
static void
mark_safe(struct exact *x, bool *safe, uint32_t e, uint32_t g)
{
	const struct edge *edge = &x->w->s->edges[e];
	struct one one = { .edge = e, .carries = x->w->reach[g] };

	x->people.count = 0;
	x->steps = 0;
	if (is_open(x->w, e, g) && (edge->is_group ? graph_below(x->w, edge->member, BELOW_NOW, add_one, x) : add_one(x, edge->member))) {
		one.people_count = (uint32_t)x->people.count;
		x->steps = LLONG_MIN / 2;
		safe[e] = is_safe_alone(x, &one);
	}
}

static long long
most_that_could_go(const struct reconcile_input *in)
{
	struct plan plan = { 0 };
	struct work w = { .mem = arena_open(), .in = in, .s = in->snapshot, .plan = &plan };
	struct exact x = { .w = &w };
	bool *safe = arena_array(w.mem, bool, w.s->edge_count);
	long long gone = 0;

	work_prepare(&w);
	x.all = bits_open(w.mem, w.role_count);
	x.sure = bits_open(w.mem, w.role_count);
	people_access(&w);
	for (uint32_t a = 0; a < w.s->account_count; a++)
		w.excess[a] = people_excess(&w, a);
	for (uint32_t i = 0; i < w.nestings.count; i++)
		mark_safe(&x, safe, w.nestings.items[i], graph_group(&w, w.nestings.items[i]));
	for (uint32_t a = 0; a < w.s->account_count; a++)
		for (uint32_t u = w.up_first[node(&w, a)]; u < w.up_first[node(&w, a) + 1]; u++)
			if (set_meets(w.reach[w.up_group[u]], w.excess[a]))
				mark_safe(&x, safe, w.up[u], w.up_group[u]);
	for (uint32_t e = 0; e < w.s->edge_count; e++)
		if (safe[e])
			cut_edge(&w, e, true);
	reach_all(&w);
	for (uint32_t a = 0; a < w.s->account_count; a++) {
		struct set left = w.excess[a].count ? people_have(&w, a) : w.excess[a];

		for (uint32_t i = 0; i < w.excess[a].count; i++)
			gone += !set_has(left, w.excess[a].items[i]);
	}
	arena_close(w.mem);
	return gone;
}

static double
seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static long
megabytes(void)
{
	struct rusage used;

	getrusage(RUSAGE_SELF, &used);
	return used.ru_maxrss / 1024;
}

int
main(int argc, char **argv)
{
	static struct bench b = { .state = UINT64_C(88172645463325252) };
	struct plan plan = { 0 };
	struct reconcile_input in = { .rules = &b.rules, .snapshot = &b.s, .now = 1795000000 };
	struct error err = { 0 };
	double cpu, wall;
	long before, memory;

	if (argc < 7) {
		fputs("usage: judge PEOPLE GROUPS MEMBERSHIPS SYSTEMS ROLES CLAUSES [FOLDER]\n", stderr);
		return 2;
	}
	b.mem = arena_open();
	b.people = (uint32_t)atol(argv[1]);
	b.groups = (uint32_t)atol(argv[2]);
	b.memberships = (uint64_t)atoll(argv[3]);
	b.systems = (uint32_t)atol(argv[4]);
	b.roles = (uint32_t)atol(argv[5]);
	b.clauses = (uint32_t)atol(argv[6]);
	if (!b.people || !b.systems || b.roles < b.systems || b.groups <= first_team(&b)) {
		fputs("judge: too few groups or roles\n", stderr);
		return 2;
	}
	for (uint32_t i = 0; i < TITLES; i++)
		b.titles[i] = new_value(&b, "titel", i);
	for (uint32_t i = 0; i < DEPARTMENTS; i++)
		b.departments[i] = new_value(&b, "avdelning", i);
	for (uint32_t i = 0; i < UNITS; i++)
		b.units[i] = new_value(&b, "enhet", i);
	new_rules(&b);
	new_directory(&b);
	if (argc > 7) {
		write_tables(&b, argv[7]);
		return 0;
	}
	snapshot_index(b.mem, &b.s);
	before = megabytes();
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	wall = seconds(CLOCK_MONOTONIC);
	struct arena *mem = arena_open();
	if (reconcile_all(mem, &in, &plan, &err) < 0)
		return 1;
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	wall = seconds(CLOCK_MONOTONIC) - wall;
	memory = megabytes();
	printf("{\"cpu\": %.3f, \"wall\": %.3f, \"world_mb\": %ld, \"all_mb\": %ld, \"memberships\": %u, \"access\": %zu, "
	       "\"excess\": %lld, \"missing\": %zu, \"proposals\": %zu, \"structural\": %zu, \"bound\": %lld}\n", cpu, wall, before, memory,
	       b.s.edge_count, plan.grants.count, plan.access.excess, plan.missing.count, plan.proposals.count, plan.structural.count,
	       most_that_could_go(&in));
	plan_free(&plan);
	arena_close(mem);
	arena_close(b.mem);
	return 0;
}
