/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-propose.c - nights, one after another, on a small town whose facts change at random, and each rule by itself. */
#include "check.h"
#include "state.h"
#include "behov/audit.h"
#include "behov/json.h"
#include "behov/retain.h"
#include "../../agent/propose/propose_p.h"
#include "behov/text.h"
#include <stdlib.h>
#include <unistd.h>

#define DAY 86400
#define MEMBERS 30
#define GROUPS 2
#define BATCHES 6
#define FILES 8

/* ------------------------------------------------------------------ the town */

/* Sorted by key: the people who may be asked, then the members. */
enum { ANNA, BO, CIA, DAN, EVA, FIA, ASKED };
static const char *const names[] = { "anna", "bo", "cia", "dan", "eva", "fia" };
static const char *bo_dan[] = { "bo", "eva" }, *eva_fia[] = { "fia" }, *dan[] = { "eva", "dan" };

/* What somebody has approved of a proposal: for how many it was asked, and how they signed in. */
struct signature { const char *id, *dnr; int needs; bool by_hand, wide, strong; };

struct town {
	char folder[64];
	struct arena *mem;
	struct store *store;
	struct rules rules;
	struct system systems[2];
	struct series series[2];
	struct share share;
	struct account accounts[ASKED + MEMBERS];
	struct group groups[GROUPS];
	struct edge edges[GROUPS * MEMBERS];
	struct snapshot snapshot;
	int64_t now, said;              /* said: when the directory says that its first edge came */
	/* facts that nights change */
	bool edge[GROUPS][MEMBERS], excess[GROUPS][MEMBERS];
	int text[GROUPS];               /* of the need: part of the version */
	bool file[2][BATCHES][FILES];
	bool newest_first;              /* in the order of their keys */
	int size[2][BATCHES][FILES];
	bool unclear_system[GROUPS], unclear_series[2], no_access, no_files;
	bool wide[GROUPS];              /* the group opens the other system, too */
	LIST(struct signature) given;   /* each approval, and what it was shown */
};

static uint64_t seed = 1;
static unsigned
chance(unsigned of)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 32) % of;
}

static void
people(struct town *t)
{
	for (int i = 0; i < ASKED; i++)
		t->accounts[i] = (struct account){
			.dn = arena_print(t->mem, "CN=%s,DC=x", names[i]), .name = names[i], .display = names[i],
			.key = arena_print(t->mem, "k%02d", i), .mail = arena_print(t->mem, "%s@kalmar.example", names[i]) };
	t->accounts[EVA].disabled = true;
	t->accounts[FIA].mail = NULL;
	for (int i = 0; i < MEMBERS; i++)
		t->accounts[ASKED + i] = (struct account){
			.dn = arena_print(t->mem, "CN=m%02d,DC=x", i), .name = arena_print(t->mem, "m%02d", i),
			.key = arena_print(t->mem, "m%02d", i), .mail = arena_print(t->mem, "m%02d@kalmar.example", i) };
}

static void
rule(struct town *t)
{
	t->systems[0] = (struct system){ .id = "s0", .name = "Noll", .owner = "anna", .deputies = bo_dan, .deputy_count = 2 };
	t->systems[1] = (struct system){ .id = "s1", .owner = "eva", .deputies = eva_fia, .deputy_count = 1 };
	t->series[0] = (struct series){ .id = "r0", .owner = "CN=bo,DC=x", .deputies = dan, .deputy_count = 2 };
	t->series[1] = (struct series){ .id = "r1", .whole = true };
	t->share = (struct share){ .id = "sh", .owner = "anna" };
	t->rules = (struct rules){ .systems = t->systems, .system_count = 2, .series = t->series, .series_count = 2,
				   .shares = &t->share, .share_count = 1 };
	for (int i = 0; i < 2; i++)
		t->series[i].decision.dnr = "d0";
	t->systems[0].class.konfidentialitet = 3;
	t->systems[1].class.konfidentialitet = t->share.class.konfidentialitet = 2;
	t->rules.conf.people.coordinator = "cia";
	t->rules.conf.people.archivist = "dan";
	t->rules.conf.mode = MODE_PROPOSE;
	t->rules.conf.reminder_days = 2;
	t->rules.conf.brake.count = 10;
	t->rules.conf.brake.ratio = 0.5;
}

/* The directory as the facts say. */
static void
see(struct town *t)
{
	uint32_t n = 0;

	for (int g = 0; g < GROUPS; g++) {
		t->groups[g] = (struct group){ .dn = arena_print(t->mem, "CN=g%d,DC=x", g), .name = "g",
					       .key = arena_print(t->mem, "g%d", g), .security = true, .first = n };
		for (int m = 0; m < MEMBERS; m++)
			if (t->edge[g][m])
				t->edges[n++] = (struct edge){ .member = (uint32_t)(ASKED + m) };
		t->groups[g].count = n - t->groups[g].first;
	}
	t->snapshot = (struct snapshot){ .accounts = t->accounts, .account_count = ASKED + MEMBERS, .groups = t->groups,
					 .group_count = GROUPS, .edges = t->edges, .edge_count = n, .complete = !t->no_access };
	if (t->said && n)
		*arena_push(t->mem, &t->snapshot.added) = (struct edge_moment){ .moment = 1, .changed = t->said, .by = "DC1" };
	snapshot_index(t->mem, &t->snapshot);
}

static void
town_open(struct town *t)
{
	struct error err = { 0 };

	*t = (struct town){ .mem = arena_open() };
	snprintf(t->folder, sizeof t->folder, "/tmp/behov-propose-XXXXXX");
	CHECK(mkdtemp(t->folder) != NULL);
	CHECK(clock_zone("Europe/Stockholm", &err) == 0);
	CHECK(clock_parse("2026-01-05T02:00+01:00", &t->now) == 0);
	CHECK(store_open(arena_print(t->mem, "%s/s.db", t->folder), STORE_WRITE, &t->store, &err) == 0);
	people(t);
	rule(t);
	see(t);
}

static void
town_close(struct town *t)
{
	store_close(t->store);
	unlink(arena_print(t->mem, "%s/s.db", t->folder));
	unlink(arena_print(t->mem, "%s/s.db-wal", t->folder));
	unlink(arena_print(t->mem, "%s/s.db-shm", t->folder));
	CHECK(rmdir(t->folder) == 0);
	arena_close(t->mem);
}

/* ------------------------------------------------------------------ a plan of the facts */

static void
add_edge(struct town *t, struct plan *plan, int g, int m)
{
	static const char *also[GROUPS][1] = { { "s1/r" }, { "s0/q" } };
	struct proposal *p = arena_push(t->mem, &plan->proposals);
	int class = t->systems[g].class.konfidentialitet, other = t->systems[!g].class.konfidentialitet;

	*p = (struct proposal){
		.kind = KIND_REMOVE_MEMBER, .key = arena_print(t->mem, "%014d%02d", g + 1, m),
		.version = arena_print(t->mem, "v%d%s", t->text[g], t->wide[g] ? "+" : ""), .system = t->systems[g].id, .role = "r",
		.also = also[g], .also_count = t->wide[g], .by_hand = t->accounts[ASKED + m].protected_admin,
		.account = t->accounts[ASKED + m].name, .guid = t->accounts[ASKED + m].key, .group = t->groups[g].dn,
		.group_guid = t->groups[g].key, .member = t->accounts[ASKED + m].dn, .accounts = 1,
		.konfidentialitet = t->wide[g] && other > class ? other : class, .scope = arena_print(t->mem, "system:%s", t->systems[g].id),
		.why = "därför", .evidence = json_pack("{s:i}", "member", m) };
	p->needs = proposal_needs(p);
}

static void
add_batch(struct town *t, struct plan *plan, int s, int b)
{
	struct proposal p = {
		.kind = KIND_DESTROY, .key = arena_print(t->mem, "f%013d%02d", s, b), .series = t->series[s].id, .share = "sh",
		.batch = arena_print(t->mem, "b%d", b), .due = 20000 + (t->newest_first ? -b : b), .whole = t->series[s].whole, .needs = 2,
		.konfidentialitet = t->share.class.konfidentialitet, .scope = arena_print(t->mem, "series:%s@sh", t->series[s].id),
		.why = "därför" };
	struct record records[FILES];
	char version[FILES * 4 + 1] = "";
	struct error err = { 0 };
	size_t count = 0;

	for (int f = 0; f < FILES; f++) {
		if (!t->file[s][b][f])
			continue;
		records[count++] = (struct record){ .path = arena_print(t->mem, "b%d/f%d", b, f), .anchor = 10,
						    .size = (uint64_t)t->size[s][b][f], .due = p.due };
		snprintf(version + strlen(version), sizeof version - strlen(version), "%d:%d,", f, t->size[s][b][f] % 10);
	}
	p.files = (long long)count;
	CHECK(manifest_make(t->mem, records, count, &p.packed, &err) == 0);
	p.version = arena_text(t->mem, version);
	if (!count)
		return;
	p.evidence = json_pack("{s:{s:s}}", "decision", "dnr", t->series[s].decision.dnr);
	*arena_push(t->mem, &plan->proposals) = p;
}

static void
size(struct town *t, struct plan *plan, const char *scope, long long of)
{
	(void)arena_push(t->mem, &plan->sizes);
	plan->sizes.items[plan->sizes.count - 1].scope = arena_text(t->mem, scope);
	plan->sizes.items[plan->sizes.count - 1].of = of;
}

/* As run.c has it made: what is going counts as cut and what lies in quarantine is not seen. */
static bool
is_hidden(const struct stored_list *live, const struct proposal *p)
{
	for (size_t i = 0; i < live->list.count; i++) {
		const struct stored *s = &live->list.items[i];
		bool files = p->kind == KIND_DESTROY;
		if (strcmp(s->p.key, p->key) == 0 &&
		    (s->state == STATE_QUARANTINED || (!files && STATES(s->state) & STATES_GOING)))
			return true;
	}
	return false;
}

static void
plan_town(struct town *t, struct plan *plan)
{
	struct stored_list live = { 0 };
	struct error err = { 0 };
	size_t kept = 0;

	*plan = (struct plan){ .access_judged = !t->no_access, .files_judged = !t->no_files };
	CHECK(store_proposals(t->mem, t->store, &(struct proposal_filter){ .states = STATES_LIVE }, &live, &err) == 0);
	for (int g = 0; g < GROUPS && !t->no_access; g++) {
		if (t->unclear_system[g])
			*arena_push(t->mem, &plan->unclear) = (struct unclear){ .access = true, .system = t->systems[g].id };
		for (int m = 0; m < MEMBERS && !t->unclear_system[g]; m++)
			if (t->edge[g][m] && t->excess[g][m])
				add_edge(t, plan, g, m);
		size(t, plan, arena_print(t->mem, "system:%s", t->systems[g].id), MEMBERS);
	}
	for (int s = 0; s < 2 && !t->no_files; s++) {
		if (t->unclear_series[s])
			*arena_push(t->mem, &plan->unclear) = (struct unclear){ .files = true, .share = "sh",
										 .series = t->series[s].id };
		for (int b = 0; b < BATCHES && !t->unclear_series[s]; b++)
			add_batch(t, plan, s, b);
		size(t, plan, arena_print(t->mem, "series:%s@sh", t->series[s].id), 48);
	}
	for (size_t i = 0; i < plan->proposals.count; i++) {
		struct proposal *p = &plan->proposals.items[i];

		if (!is_hidden(&live, p))
			plan->proposals.items[kept++] = *p;
		else if (p->kind == KIND_REMOVE_MEMBER)
			*arena_push(t->mem, &plan->going) = *p;
		else
			json_decref(p->evidence);
	}
	plan->proposals.count = kept;
	stored_free(&live);
	plan_sort(plan);
}

static struct propose_result
night(struct town *t, struct plan *plan)
{
	struct propose_input in = { .rules = &t->rules, .snapshot = &t->snapshot, .plan = plan, .store = t->store,
				    .now = t->now };
	struct propose_result out = { 0 };
	struct error err = { 0 };

	see(t);
	plan_town(t, plan);
	CHECK(store_begin(t->store, &err) == 0);
	CHECK(propose_owners(t->mem, &in, &err) == 0);
	CHECK(propose_all(t->mem, &in, &out, &err) == 0);
	CHECK(propose_questions(t->mem, &in, &err) == 0);
	CHECK(store_commit(t->store, &err) == 0);
	if (err.text[0])
		fprintf(stderr, "%s\n", err.text);
	return out;
}

static struct propose_result
one_night(struct town *t)
{
	struct plan plan;
	struct propose_result out = night(t, &plan);

	plan_free(&plan);
	return out;
}

static struct stored_list
all(struct town *t, unsigned states)
{
	struct stored_list list = { 0 };
	struct error err = { 0 };

	CHECK(store_proposals(t->mem, t->store, &(struct proposal_filter){ .states = states }, &list, &err) == 0);
	return list;
}

static size_t
count(struct town *t, unsigned states)
{
	struct stored_list list = all(t, states);
	size_t n = list.list.count;

	stored_free(&list);
	return n;
}

static bool
found(const struct plan *plan, const char *kind)
{
	for (size_t i = 0; i < plan->findings.count; i++)
		if (strcmp(plan->findings.items[i].kind, kind) == 0)
			return true;
	return false;
}

/* "" when there is none. */
static const char *
text_of(const struct plan *plan, const char *kind)
{
	for (size_t i = 0; i < plan->findings.count; i++)
		if (strcmp(plan->findings.items[i].kind, kind) == 0)
			return plan->findings.items[i].text;
	return "";
}

/* Everything in the store that a night may change, and how long the chain is. */
static char *
dump(struct town *t)
{
	struct stored_list list = all(t, 0);
	struct audit_row last = { 0 };
	struct error err = { 0 };
	struct text text;
	char *out;

	text_open(&text, (size_t)64 << 20);
	for (size_t i = 0; i < list.list.count; i++) {
		const struct stored *s = &list.list.items[i];
		text_print(&text, "%s %s %s %s %d %lld %lld", s->id, state_word[s->state], s->p.version,
			   s->p.manifest ? s->p.manifest : "-", s->p.needs, (long long)s->since, (long long)s->opened);
		for (size_t k = 0; k < s->p.approvers.count; k++)
			text_print(&text, " %s(%s)", s->p.approvers.items[k].key, s->p.approvers.items[k].as);
		text_char(&text, '\n');
	}
	CHECK(store_audit_last(t->mem, t->store, &last, &err) == 0);
	text_print(&text, "%lld", last.seq);
	out = arena_text(t->mem, text.data);
	text_close(&text);
	stored_free(&list);
	return out;
}

/* ------------------------------------------------------------------ what holds in every world */

/* What is asked of an approval: more or less of it than the night before. */
static void
shake_demands(struct town *t)
{
	for (int g = 0; g < GROUPS; g++) {
		if (chance(8) == 0)
			t->systems[g].class.konfidentialitet = 2 + (int)chance(2);
		if (chance(8) == 0)
			t->wide[g] = chance(2);
		if (chance(12) == 0)
			t->series[g].decision.dnr = arena_print(t->mem, "d%u", chance(5));
	}
	for (int m = 0; m < MEMBERS; m++)
		if (chance(20) == 0)
			t->accounts[ASKED + m].protected_admin = chance(2);
	if (chance(12) == 0)
		t->share.class.konfidentialitet = 2 + (int)chance(2);
	if (chance(12) == 0)
		t->rules.conf.web.strong_class3 = chance(2);
	if (chance(12) == 0)
		t->rules.conf.web.strong_destroy = chance(2);
}

static void
shake(struct town *t)
{
	for (int g = 0; g < GROUPS; g++) {
		t->unclear_system[g] = chance(6) == 0;
		t->text[g] += chance(12) == 0;
		for (int m = 0; m < MEMBERS; m++) {
			if (chance(8) == 0)
				t->edge[g][m] = chance(2);
			if (chance(8) == 0)
				t->excess[g][m] = chance(2);
		}
	}
	for (int s = 0; s < 2; s++) {
		t->unclear_series[s] = chance(6) == 0;
		for (int b = 0; b < BATCHES; b++)
			for (int f = 0; f < FILES; f++) {
				if (chance(20) == 0)
					t->file[s][b][f] = chance(2);
				if (chance(30) == 0)
					t->size[s][b][f] = (int)chance(9);
			}
	}
	t->no_access = chance(10) == 0;
	t->no_files = chance(10) == 0;
	shake_demands(t);
	t->accounts[ANNA].disabled = chance(5) == 0;
	t->accounts[CIA].disabled = chance(5) == 0;
}

static void
sign(struct town *t, const struct stored *s, const struct approver *a, bool strong)
{
	struct error err = { 0 };

	CHECK(store_decision_add(t->store, &(struct decision){ .proposal = s->id, .version = s->p.version, .key = a->key, .name = a->name,
		.verdict = VERDICT_APPROVE, .until = DAY_NONE, .at = t->now, .source = "page",
		.proof = strong ? "{\"kind\":\"ldap\"}" : "{\"kind\":\"code\"}" }, &err) == 0);
	*arena_push(t->mem, &t->given) = (struct signature){
		.id = arena_text(t->mem, s->id), .needs = proposal_needs(&s->p), .by_hand = s->p.by_hand, .wide = s->p.also_count, .strong = strong,
		.dnr = arena_text(t->mem, json_text(json_object_get(s->p.evidence, "decision"), "dnr")) };
}

/* As those who sit there tonight would have brought it there. */
static void
force(struct town *t, const struct stored *s, enum state state, int64_t go_at, day_t until)
{
	struct error err = { 0 };

	for (size_t i = 0; i < s->p.approvers.count && state == STATE_SCHEDULED; i++)
		sign(t, s, &s->p.approvers.items[i], proposal_wants_strong(&t->rules.conf, &s->p) || chance(2));
	CHECK(force_state(t->store, s->id, state, t->now, go_at, until, NULL, &err) == 0);
}

/* Told as simply as it can be: every seat has somebody who approved, and they are enough people. */
static bool
is_approved(struct town *t, const struct stored *s)
{
	struct decisions given = { 0 };
	struct error err = { 0 };
	unsigned seats = 0, answered = 0, yes = 0;

	CHECK(store_decisions(t->mem, t->store, s->id, INT64_MIN, &given, &err) == 0);
	for (size_t i = 0; i < s->p.approvers.count; i++) {
		const struct approver *a = &s->p.approvers.items[i];
		bool has = false;

		for (size_t k = 0; k < given.list.count; k++)
			has |= strcmp(given.list.items[k].key, a->key) == 0;
		seats |= 1u << a->seat;
		answered |= has ? 1u << a->seat : 0;
		yes += has && !(i && strcmp(a[-1].key, a->key) == 0);
	}
	return seats && seats == answered && (int)yes >= s->p.needs;
}

/* Somebody who sits there wants to know of one who is nobody's owner. */
static void
wonder(struct town *t, const struct stored *s)
{
	const struct approver *a = s->p.approvers.items;
	struct error err = { 0 };

	CHECK(store_question_add(t->store, &(struct question){ .proposal = s->id, .kind = QUESTION_COLLEAGUE, .to = "m03", .text = "Vad?",
		.by_key = a->key, .by_name = a->name, .at = t->now }, &err) == 0);
}

/* Owners answer and apply works: any live proposal may have come into any state of its kind. */
static void
answer(struct town *t)
{
	struct stored_list list = all(t, STATES_LIVE);

	for (size_t i = 0; i < list.list.count; i++) {
		const struct stored *s = &list.list.items[i];
		bool files = s->p.kind == KIND_DESTROY;
		enum state to[] = { STATE_OPEN, STATE_SCHEDULED, files ? STATE_QUARANTINED : STATE_EXPORTED, STATE_KEPT,
				    STATE_DONE, STATE_FAILED, STATE_ASKED, files ? STATE_HELD : STATE_OPEN, STATE_WRONG_OWNER };
		enum state state = to[chance(9)];
		if (s->p.approvers.count && chance(6) == 0 && STATES(s->state) & STATES_ANSWERABLE)      /* one of those who must */
			sign(t, s, &s->p.approvers.items[chance((unsigned)s->p.approvers.count)], proposal_wants_strong(&t->rules.conf, &s->p));
		if (s->p.approvers.count && chance(8) == 0)
			wonder(t, s);
		if (chance(6) == 0)
			force(t, s, state, t->now, state == STATE_KEPT && chance(2) ? clock_day(t->now) + (day_t)chance(5) : DAY_NONE);
	}
	stored_free(&list);
}

static bool
was_unclear(const struct town *t, const struct proposal *p)
{
	if (p->kind == KIND_DESTROY)
		return t->no_files || t->unclear_series[strcmp(p->series, "r1") == 0];
	return t->no_access || t->unclear_system[strcmp(p->system, "s1") == 0];
}

/* Its group opens the other system, too, or did when it was asked: and that was not seen. */
static bool
was_half_unclear(const struct town *t, const struct proposal *p)
{
	int at = p->kind == KIND_DESTROY ? 0 : p->system[1] - '0';

	return p->kind != KIND_DESTROY && (p->also_count || t->wide[at]) && t->unclear_system[!at];
}

static const struct stored *
by_id(const struct stored_list *list, const char *id)
{
	for (size_t i = 0; i < list->list.count; i++)
		if (strcmp(list->list.items[i].id, id) == 0)
			return &list->list.items[i];
	return NULL;
}

static bool
in_plan(const struct plan *plan, const struct proposal *p)
{
	for (size_t i = 0; i < plan->proposals.count; i++)
		if (strcmp(plan->proposals.items[i].key, p->key) == 0)
			return true;
	return false;
}

/* Since when somebody is asked changes only when they are asked anew, and a seat waits since the first whose turn it was. */
static void
check_asked(struct town *t, const struct stored *was, const struct stored *is)
{
	bool anew = (STATES(STATE_OPEN) | STATES(STATE_ASKED)) & STATES(is->state) && STATES(was->state) & (STATES(STATE_SCHEDULED) | STATES(STATE_HELD) | STATES(STATE_QUEUED));

	for (size_t i = 0; i < is->p.approvers.count; i++) {
		const struct approver *a = &is->p.approvers.items[i];
		int64_t first = INT64_MAX;

		for (size_t k = 0; k < was->p.approvers.count; k++) {
			const struct approver *b = &was->p.approvers.items[k];

			if (b->asked && b->seat == a->seat && strcmp(b->key, a->key) == 0)
				CHECK(a->asked == b->asked || (anew && a->asked == t->now));
		}
		for (size_t k = 0; k < is->p.approvers.count; k++) {
			const struct approver *b = &is->p.approvers.items[k];

			if (b->seat == a->seat && !b->waited && b->asked && b->asked < first)
				first = b->asked;
		}
		CHECK(seats_since(is, a->seat) == first);
	}
}

/* Was it enough for what it is tonight, as the facts of the town say?  */
static bool
is_enough(const struct town *t, const struct stored *s, const struct signature *x)
{
	bool files = s->p.kind == KIND_DESTROY;
	int at = files ? s->p.series[1] - '0' : s->p.system[1] - '0', class = files ? t->share.class.konfidentialitet : t->systems[at].class.konfidentialitet;
	bool by_hand = !files && t->accounts[ASKED + atoi(s->p.account + 1)].protected_admin, wide = !files && t->wide[at], strong;

	if (wide && t->systems[!at].class.konfidentialitet > class)
		class = t->systems[!at].class.konfidentialitet;
	strong = (files && t->rules.conf.web.strong_destroy) || (class >= 3 && t->rules.conf.web.strong_class3);
	return (x->needs == 2 || !(files || class >= 3 || by_hand)) && x->by_hand >= by_hand && x->wide >= wide && x->strong >= strong &&
	       (!files || strcmp(x->dnr, t->series[at].decision.dnr) == 0);
}

static bool
is_wanted(const struct town *t, const struct stored *s)
{
	bool any = false;

	if (s->p.kind == KIND_REMOVE_MEMBER)
		return t->edge[s->p.system[1] - '0'][atoi(s->p.account + 1)] && t->excess[s->p.system[1] - '0'][atoi(s->p.account + 1)];
	for (int f = 0; f < FILES; f++)
		any |= t->file[s->p.series[1] - '0'][atoi(s->p.batch + 1)][f];
	return any;
}

static bool
is_any_weak(const struct town *t, const struct stored *s)
{
	bool weak = false;

	for (size_t i = 0; i < t->given.count; i++)
		weak |= strcmp(t->given.items[i].id, s->id) == 0 && !is_enough(t, s, &t->given.items[i]);
	return weak;
}

/* Nothing is on its way, or half approved, by an approval of less than it is tonight; and for nothing else is it asked anew. */
static void
check_signed(const struct town *t, const struct stored *was, const struct stored *is)
{
	bool waits = STATES(was->state) & (STATES(STATE_OPEN) | STATES(STATE_ASKED) | STATES(STATE_WRONG_OWNER) | STATES(STATE_SCHEDULED));
	bool weak = is_any_weak(t, was);

	if (!waits || was_unclear(t, &was->p) || was_half_unclear(t, &was->p) || t->no_access || !is_wanted(t, was))
		return;
	CHECK(!weak || is->state == STATE_SUPERSEDED);
	if (was->state == STATE_SCHEDULED && is->state == STATE_SUPERSEDED)
		CHECK(weak || was->p.whole);
}

static void
check_moves(struct town *t, const struct stored_list *before, const struct stored_list *after, const struct plan *plan)
{
	for (size_t i = 0; i < before->list.count; i++) {
		const struct stored *was = &before->list.items[i], *is = by_id(after, was->id);
		CHECK(is && strcmp(is->p.version, was->p.version) == 0 && is->opened == was->opened);
		if (!is)
			continue;
		check_asked(t, was, is);
		check_signed(t, was, is);
		if (was->state == STATE_SCHEDULED && is->state == STATE_OPEN) {         /* undone: who approved has left */
			CHECK(!is_approved(t, is) && !t->no_access);
			continue;
		}
		if (is->state == STATE_SCHEDULED && !t->no_access)
			CHECK(is_approved(t, is));
		if (!(STATES(was->state) & STATES_LIVE) || (was_unclear(t, &was->p) && was->state != STATE_ASKED && is->state != STATE_ASKED))
			CHECK((is->state == was->state && is->since == was->since) || was->state == STATE_QUEUED);
		if (is->state == STATE_WITHDRAWN && was->state != STATE_WITHDRAWN)
			CHECK(!in_plan(plan, &was->p));
		if (was->state == STATE_EXPORTED || was->state == STATE_SCHEDULED)
			if (is->state != was->state && was->p.kind == KIND_REMOVE_MEMBER && is->state != STATE_SUPERSEDED)
				CHECK(!t->edge[strcmp(was->p.system, "s1") == 0][atoi(was->p.account + 1)]);
		if (was->state == STATE_QUARANTINED)
			CHECK(is->state == STATE_QUARANTINED);
		if (was->state == STATE_BRAKED)
			CHECK(is->state != STATE_OPEN);
	}
}

static void
check_live(const struct stored_list *after)
{
	for (size_t i = 0; i < after->list.count; i++) {
		const struct stored *s = &after->list.items[i];
		const struct stored *next = i + 1 < after->list.count ? &after->list.items[i + 1] : NULL;
		if (!(STATES(s->state) & STATES_LIVE))
			continue;
		/* In order of key and episode: only the last one of a key lives. */
		CHECK(!next || strcmp(next->p.key, s->p.key) != 0);
		for (size_t k = 0; k < s->p.approvers.count; k++) {
			CHECK(!s->p.guid || strcmp(s->p.approvers.items[k].key, s->p.guid) != 0);
			CHECK(strcmp(s->p.approvers.items[k].name, "eva") != 0);
			if (k) {
				const struct approver *a = &s->p.approvers.items[k], *b = a - 1;

				CHECK(strcmp(b->key, a->key) < 0 || (strcmp(b->key, a->key) == 0 && b->seat < a->seat));
			}
		}
	}
}

/* More than the floor and the ratio is never opened at once. */
static void
check_brake(const struct stored_list *before, const struct stored_list *after, int64_t now)
{
	static const char *const scopes[] = { "system:s0", "system:s1", "series:r0@sh", "series:r1@sh" };

	for (int i = 0; i < 4; i++) {
		long long opened = 0;
		for (size_t k = 0; k < after->list.count; k++) {
			const struct stored *s = &after->list.items[k];
			const struct stored *was = s->episode > 1 && k ? &after->list.items[k - 1] : NULL;
			long long units = s->p.kind == KIND_DESTROY ? s->p.files : 1;
			if (s->opened != now || !(STATES(s->state) & (STATES(STATE_OPEN) | STATES(STATE_QUEUED))) || strcmp(s->p.scope, scopes[i]) != 0 ||
			    by_id(before, s->id))
				continue;
			was = was ? by_id(before, was->id) : NULL;
			if (was && STATES(was->state) & (STATES_ASKED | STATES(STATE_SCHEDULED)))
				units -= was->p.kind == KIND_DESTROY ? was->p.files : 1;
			opened += units > 0 ? units : 0;
		}
		CHECK(opened <= 10 || (double)opened <= 0.5 * (i < 2 ? MEMBERS : 48));
	}
}

/* ------------------------------------------------------------------ how much at a time, told as simply as it can be */

/* Bit k: account k is asked because it is their turn. */
static unsigned
in_turn(const struct town *t, const struct stored *s)
{
	unsigned out = 0;

	for (size_t i = 0; i < s->p.approvers.count; i++)
		for (unsigned k = 0; k < ASKED; k++)
			if (!s->p.approvers.items[i].waited && strcmp(t->accounts[k].key, s->p.approvers.items[i].key) == 0)
				out |= 1u << k;
	return out;
}

/* When, or 0. */
static int64_t
lately(const struct town *t, const struct stored *s, unsigned who)
{
	for (size_t i = 0; i < s->p.approvers.count; i++) {
		const struct approver *a = &s->p.approvers.items[i];

		if (!a->waited && a->asked && strcmp(a->key, t->accounts[who].key) == 0 &&
		    clock_day(t->now) - clock_day(a->asked) < 7)
			return a->asked;
	}
	return 0;
}

/* What somebody was asked in seven days, whatever became of it, and what waits for them: also what they have asked others about. */
static void
count_asked(struct town *t, const struct stored_list *list, unsigned who, int *week, int *open)
{
	*week = *open = 0;
	for (size_t i = 0; i < list->list.count; i++) {
		const struct stored *s = &list->list.items[i];
		bool told = false;
		struct decisions given = { 0 };
		struct error err = { 0 };

		for (size_t k = i; k-- > 0 && strcmp(list->list.items[k].p.key, s->p.key) == 0;)
			told |= lately(t, &list->list.items[k], who) == lately(t, s, who);
		*week += !told && lately(t, s, who);
		if (!((STATES(STATE_OPEN) | STATES(STATE_ASKED)) & STATES(s->state)))
			continue;
		CHECK(store_decisions(t->mem, t->store, s->id, INT64_MIN, &given, &err) == 0);
		*open += seats_wait_for(&given, s, t->accounts[who].key);
	}
}

/* Nobody is asked more than their ration, nothing that is proposed tonight waits where there is room for it, and of two that ask
 * the same the riskier goes first. */
static void
check_ration(struct town *t, const struct stored_list *before, const struct stored_list *after, const struct plan *plan)
{
	int most = t->rules.conf.weekly;
	unsigned full = 0, turned = 0;

	for (size_t i = 0; i < after->list.count; i++) {
		const struct stored *s = &after->list.items[i], *was = by_id(before, s->id);
		bool old = was || (s->episode > 1 && i && by_id(before, after->list.items[i - 1].id) &&
				   STATES(by_id(before, after->list.items[i - 1].id)->state) & (STATES(STATE_OPEN) | STATES(STATE_ASKED)));

		if (s->state == STATE_OPEN && (was ? was->state == STATE_QUEUED : !old))
			turned |= in_turn(t, s);
	}
	for (unsigned who = 0; who < ASKED; who++) {
		int week, open;

		count_asked(t, after, who, &week, &open);
		if (turned >> who & 1)
			CHECK(week <= most || open <= most);
		full |= week >= most && open >= (most + 2) / 3 ? 1u << who : 0;
	}
	for (size_t i = 0; i < after->list.count; i++) {
		const struct stored *s = &after->list.items[i];

		if (s->state != STATE_QUEUED)
			continue;
		CHECK(!s->p.approvers.count || !s->p.approvers.items[0].asked);
		if (!in_plan(plan, &s->p) || was_unclear(t, &s->p) || was_half_unclear(t, &s->p))
			continue;
		if (!t->no_access)
			CHECK(!s->p.approvers.count || in_turn(t, s) & full);
		for (size_t k = i + 1; k < after->list.count; k++) {
			const struct stored *next = &after->list.items[k], *was = by_id(before, next->id);
			struct risk one, other;

			risk_of(&t->rules, &next->p, clock_day(t->now), &one);
			risk_of(&t->rules, &s->p, clock_day(t->now), &other);
			if (next->state == STATE_OPEN && was && was->state == STATE_QUEUED && next->p.kind == s->p.kind &&
			    in_turn(t, next) == in_turn(t, s))
				CHECK(by_risk(&one, &other) < 0);
		}
	}
}

/* Everything that tonight wants gone is asked, waits for its turn, or is on its way. */
static void
check_nothing_lost(struct town *t, const struct stored_list *after, const struct plan *plan)
{
	for (size_t i = 0; i < plan->proposals.count && !t->no_access; i++) {
		const struct proposal *p = &plan->proposals.items[i];
		bool live = p->kind == KIND_DESTROY;            /* a new series may wait in steps */

		for (size_t k = 0; k < after->list.count; k++)
			live |= STATES(after->list.items[k].state) & STATES_LIVE && strcmp(after->list.items[k].p.key, p->key) == 0;
		CHECK(live);
	}
}

static void
any_night_twice_is_once_and_moves_only_what_it_saw(void)
{
	static const int weekly[] = { 0, 30, 3, 7, 1 };

	for (unsigned world = 1; world <= 100; world++) {
		struct town t;
		seed = UINT64_C(0x9e3779b97f4a7c15) * world;
		town_open(&t);
		t.rules.conf.weekly = weekly[world % 5];
		t.rules.conf.escalate[0] = world % 2 ? 2 : 0;
		t.rules.conf.escalate[1] = 4;
		for (int n = 0; n < 14; n++) {
			struct stored_list before, after;
			struct plan plan;
			char *once;
			shake(&t);
			answer(&t);
			before = all(&t, 0);
			(void)night(&t, &plan);
			after = all(&t, 0);
			check_moves(&t, &before, &after, &plan);
			check_live(&after);
			check_brake(&before, &after, t.now);
			check_nothing_lost(&t, &after, &plan);
			if (t.rules.conf.weekly)
				check_ration(&t, &before, &after, &plan);
			plan_free(&plan);
			once = dump(&t);
			(void)one_night(&t);
			CHECK_TEXT(dump(&t), once);
			stored_free(&before);
			stored_free(&after);
			t.now += DAY;
		}
		town_close(&t);
	}
}

/* ------------------------------------------------------------------ each rule by itself */

static const struct proposal *
first_of(const struct stored_list *list)
{
	static const struct proposal none = { .series = "none" };

	return list->list.count ? &list->list.items[0].p : &none;
}

static void
excess(struct town *t, int g, int from, int to, bool is)
{
	for (int m = from; m < to; m++)
		t->edge[g][m] = t->excess[g][m] = is;
}

static void
two_are_asked_where_two_are_needed(void)
{
	struct town t;
	struct stored_list list;

	town_open(&t);
	excess(&t, 0, 0, 1, true);
	(void)one_night(&t);
	list = all(&t, STATES(STATE_OPEN));
	CHECK(list.list.count == 1 && first_of(&list)->approvers.count == 2);
	CHECK_TEXT(first_of(&list)->approvers.items[0].name, "anna");
	CHECK_TEXT(first_of(&list)->approvers.items[0].as, "systemägare för Noll");
	CHECK_TEXT(first_of(&list)->approvers.items[1].name, "bo");
	CHECK_TEXT(first_of(&list)->owner, "anna");
	stored_free(&list);
	town_close(&t);
}

static void
the_second_person_has_another_mailbox(void)
{
	struct town t;
	struct stored_list list;

	town_open(&t);
	t.accounts[BO].mail = "ANNA@kalmar.example";
	excess(&t, 0, 0, 1, true);
	(void)one_night(&t);
	list = all(&t, STATES(STATE_OPEN));
	CHECK(list.list.count == 1 && first_of(&list)->approvers.count == 2);
	CHECK_TEXT(first_of(&list)->approvers.items[1].name, "cia");
	stored_free(&list);
	town_close(&t);
}

static void
who_cannot_answer_is_passed_over_to_the_coordinator(void)
{
	struct town t;
	struct stored_list list;

	town_open(&t);
	excess(&t, 1, 0, 1, true);      /* the owner is disabled, the deputy has no address */
	(void)one_night(&t);
	list = all(&t, STATES(STATE_OPEN));
	CHECK(list.list.count == 1 && first_of(&list)->approvers.count == 1);
	CHECK_TEXT(first_of(&list)->owner, "cia");
	stored_free(&list);
	town_close(&t);
}

static void
nobody_is_asked_about_their_own_access(void)
{
	struct town t;
	struct stored_list list;

	town_open(&t);
	t.systems[1].owner = "m03";
	excess(&t, 1, 3, 5, true);
	(void)one_night(&t);
	list = all(&t, STATES(STATE_OPEN));
	CHECK(list.list.count == 2);
	CHECK_TEXT(list.list.items[0].p.account, "m03");
	CHECK_TEXT(list.list.items[0].p.owner, "cia");
	CHECK_TEXT(list.list.items[1].p.owner, "m03");
	stored_free(&list);
	town_close(&t);
}

static void
nobody_left_is_a_loud_finding_and_never_approvable(void)
{
	struct town t;
	struct stored_list list;
	struct plan plan;

	town_open(&t);
	t.accounts[CIA].expired = true;
	excess(&t, 1, 0, 1, true);
	(void)night(&t, &plan);
	CHECK(found(&plan, "nobody-to-ask"));
	plan_free(&plan);
	list = all(&t, STATES(STATE_OPEN));
	CHECK(list.list.count == 1 && first_of(&list)->approvers.count == 0 && first_of(&list)->needs > 0);
	stored_free(&list);
	town_close(&t);
}

static void
files_go_to_the_series_owner_and_the_next_in_turn(void)
{
	struct town t;
	struct stored_list list;

	town_open(&t);
	t.file[0][0][0] = t.file[1][0][0] = true;
	(void)one_night(&t);
	list = all(&t, STATES(STATE_OPEN));
	CHECK(list.list.count == 2 && first_of(&list)->approvers.count == 2);
	CHECK_TEXT(list.list.items[0].p.owner, "bo");            /* written as a DN */
	CHECK_TEXT(list.list.items[0].p.approvers.items[1].name, "dan");
	CHECK_TEXT(list.list.items[1].p.owner, "anna");          /* the share's: the series has none */
	CHECK_TEXT(list.list.items[1].p.approvers.items[1].as, "arkivarie");
	stored_free(&list);
	town_close(&t);
}

/* ------------------------------------------------------------------ what owners answer but yes and no */

/* As take_inbox() has it: of each seat that they have. */
static void
decline(struct town *t, const char *id, const char *who)
{
	struct stored_list list = { 0 };
	struct error err = { 0 };

	CHECK(store_proposals(t->mem, t->store, &(struct proposal_filter){ .id = id }, &list, &err) == 0 && list.list.count == 1);
	for (size_t i = 0; i < first_of(&list)->approvers.count; i++) {
		const struct approver *a = &first_of(&list)->approvers.items[i];

		if (strcmp(a->key, who) == 0)
			CHECK(store_declined_add(t->store, &(struct declined){ first_of(&list)->key, who, a->as, t->now }, &err) == 0);
	}
	stored_free(&list);
}

static void
say(struct town *t, const char *id, const char *who, enum verdict verdict)
{
	struct error err = { 0 };
	struct decision d = { .proposal = id, .version = "v0", .key = who, .name = who, .verdict = verdict, .until = DAY_NONE, .at = t->now,
			      .source = "page" };

	CHECK(store_decision_add(t->store, &d, &err) == 0);
	if (verdict == VERDICT_NOT_MINE)
		decline(t, id, who);
}

/* The only one that lives, without its evidence. */
static struct stored
only(struct town *t)
{
	struct stored_list list = all(t, STATES_LIVE);
	struct stored one = list.list.count ? list.list.items[0] : (struct stored){ .id = "" };

	CHECK(list.list.count == 1);
	stored_free(&list);
	one.p.evidence = NULL;
	return one;
}

static void
move(struct town *t, const char *id, enum happening what)
{
	struct error err = { 0 };

	CHECK(store_proposal_move(t->store, id, what, t->now, INT64_MIN, DAY_NONE, "x", &err) == 0);
}

static void
what_is_not_theirs_goes_to_the_coordinator_and_never_to_a_deputy(void)
{
	struct town t;
	struct stored s;
	struct plan plan;

	town_open(&t);
	t.systems[1].owner = "anna";
	t.systems[1].deputies = bo_dan;
	excess(&t, 1, 0, 1, true);
	(void)one_night(&t);
	s = only(&t);
	CHECK_TEXT(s.p.owner, "anna");
	say(&t, s.id, "k00", VERDICT_NOT_MINE);
	move(&t, s.id, PROPOSAL_WRONG_OWNER);
	t.now += DAY;
	(void)night(&t, &plan);
	s = only(&t);
	CHECK(s.state == STATE_OPEN && s.episode == 1 && s.p.approvers.count == 1 && found(&plan, "wrong-owner"));
	CHECK_TEXT(s.p.approvers.items[0].name, "cia");
	CHECK_TEXT(s.p.approvers.items[0].as, "samordnare: anna säger att det inte är deras");
	plan_free(&plan);
	t.now += DAY;
	t.text[1]++;                    /* another content: they are not asked anew */
	(void)one_night(&t);
	s = only(&t);
	CHECK(s.episode == 2);
	CHECK_TEXT(s.p.owner, "cia");
	t.systems[1].owner = "dan";     /* the rules are mended */
	(void)night(&t, &plan);
	s = only(&t);
	CHECK(s.state == STATE_OPEN && s.p.approvers.count == 2 && !found(&plan, "wrong-owner"));   /* who was asked stays */
	CHECK_TEXT(s.p.owner, "dan");
	plan_free(&plan);
	town_close(&t);
}

static void
what_is_nobodys_stays_so_and_is_told_loudly(void)
{
	struct town t;
	struct stored s;
	struct plan plan;

	town_open(&t);
	t.systems[1].owner = "anna";
	t.accounts[CIA].disabled = true;
	excess(&t, 1, 0, 1, true);
	(void)one_night(&t);
	s = only(&t);
	say(&t, s.id, "k00", VERDICT_NOT_MINE);
	move(&t, s.id, PROPOSAL_WRONG_OWNER);
	for (int i = 0; i < 2; i++) {
		(void)night(&t, &plan);
		CHECK(only(&t).state == STATE_WRONG_OWNER && only(&t).p.approvers.count == 0 && found(&plan, "nobody-to-ask"));
		plan_free(&plan);
	}
	t.accounts[CIA].disabled = false;
	(void)one_night(&t);
	CHECK(only(&t).state == STATE_OPEN && only(&t).p.approvers.count == 1);
	town_close(&t);
}

static void
the_first_of_two_who_does_not_own_it_leaves_the_second_where_they_are(void)
{
	struct town t;
	struct stored s;

	town_open(&t);
	excess(&t, 0, 0, 1, true);      /* anna, and bo as the second */
	(void)one_night(&t);
	s = only(&t);
	say(&t, s.id, "k01", VERDICT_APPROVE);
	say(&t, s.id, "k00", VERDICT_NOT_MINE);
	move(&t, s.id, PROPOSAL_WRONG_OWNER);
	(void)one_night(&t);
	s = only(&t);
	CHECK(s.state == STATE_OPEN && s.p.approvers.count == 2 && s.p.needs == 2);
	CHECK(seats_hold(&s.p, "k01") && !seats_hold(&s.p, "k00"));
	town_close(&t);
}

static void
the_second_of_two_who_does_not_own_it_is_replaced_by_another_person(void)
{
	struct town t;
	struct stored s;

	town_open(&t);
	excess(&t, 0, 0, 1, true);      /* anna, and bo as the second */
	(void)one_night(&t);
	s = only(&t);
	say(&t, s.id, "k01", VERDICT_NOT_MINE);
	move(&t, s.id, PROPOSAL_WRONG_OWNER);
	(void)one_night(&t);
	s = only(&t);
	CHECK(s.state == STATE_OPEN && s.p.approvers.count == 2 && s.p.needs == 2);
	CHECK_TEXT(s.p.approvers.items[0].name, "anna");
	CHECK_TEXT(s.p.approvers.items[1].name, "cia");
	town_close(&t);
}

/* anna owns the second system, is asked, and says that it is not hers. */
static void
not_annas(struct town *t)
{
	struct stored s;

	town_open(t);
	t->systems[1].owner = "anna";
	t->systems[1].deputies = bo_dan;
	t->systems[1].deputy_count = 1;
	excess(t, 1, 0, 1, true);
	(void)one_night(t);
	s = only(t);
	say(t, s.id, "k00", VERDICT_APPROVE);
	say(t, s.id, "k00", VERDICT_NOT_MINE);
	move(t, s.id, PROPOSAL_WRONG_OWNER);
	t->now += DAY;
	(void)one_night(t);
	CHECK_TEXT(only(t).p.owner, "cia");
}

/* Who is asked the next night. */
static const char *
next_owner(struct town *t)
{
	t->now += DAY;
	(void)one_night(t);
	return only(t).p.owner;
}

static void
what_is_not_theirs_is_not_whatever_becomes_of_the_proposal(void)
{
	struct error err = { 0 };

	for (int way = 0; way < 4; way++) {
		struct town t;
		struct stored s;

		not_annas(&t);
		s = only(&t);
		if (way == 0)                   /* kept, and asked again on its day */
			CHECK(store_proposal_move(t.store, s.id, PROPOSAL_KEPT, t.now, INT64_MIN, clock_day(t.now) + 1, "nej", &err) == 0);
		if (way == 1)
			t.text[1]++;            /* another content */
		if (way == 2) {                 /* gone, and there again */
			excess(&t, 1, 0, 1, false);
			t.now += DAY;
			(void)one_night(&t);
			CHECK(count(&t, STATES_LIVE) == 0);
			excess(&t, 1, 0, 1, true);
		}
		t.accounts[ANNA].disabled = way == 3;   /* away, and back */
		if (way == 3)
			CHECK_TEXT(next_owner(&t), "bo");
		t.accounts[ANNA].disabled = false;
		CHECK_TEXT(next_owner(&t), "cia");
		CHECK(only(&t).episode == (way == 3 ? 1 : 2));
		town_close(&t);
	}
}

/* She is asked, what she said before she declined is taken back, and what she says now counts. */
static void
is_asked_anew(struct town *t)
{
	struct decisions given;
	struct error err = { 0 };
	struct stored s;

	CHECK_TEXT(next_owner(t), "anna");
	s = only(t);
	CHECK(s.episode == 1 && s.state == STATE_OPEN && seats_hold(&s.p, "k00"));
	CHECK(store_decisions(t->mem, t->store, s.id, INT64_MIN, &given, &err) == 0 && !seats_has_approved(&given, &s, "k00"));
	say(t, s.id, "k00", VERDICT_APPROVE);
	CHECK(store_decisions(t->mem, t->store, s.id, INT64_MIN, &given, &err) == 0 && seats_all_approved(&given, &s));
}

/* How often the chain tells that it came to an end, with the proposal. */
static int
count_ended(void *self, const struct audit_row *row, struct error *err)
{
	(void)err;
	*(int *)self += strcmp(row->event, "not-mine-ended") == 0 && strstr(row->payload, "-1\"") != NULL;
	return 0;
}

static void
whom_the_rules_name_anew_is_asked_anew(void)
{
	static const char *anna[] = { "anna" };
	struct error err = { 0 };
	struct town t;
	int ended = 0;

	not_annas(&t);
	t.systems[1].owner = "dan";     /* another, and then her again */
	CHECK_TEXT(next_owner(&t), "dan");
	CHECK(store_audit_each(t.store, 0, count_ended, &ended, &err) == 0 && ended == 1);
	t.systems[1].owner = "anna";
	is_asked_anew(&t);
	town_close(&t);

	not_annas(&t);
	t.systems[1].owner = "eva";     /* who owns it now is away, and she is the deputy: another duty */
	t.systems[1].deputies = anna;
	is_asked_anew(&t);
	town_close(&t);

	not_annas(&t);
	t.rules.conf.people.coordinator = "anna";       /* who finds out whose it is */
	is_asked_anew(&t);
	town_close(&t);
}

static void
a_night_that_does_not_see_them_ends_nothing(void)
{
	for (int way = 0; way < 2; way++) {
		struct town t;

		not_annas(&t);
		t.systems[1].owner = "dan";
		t.no_access = way == 0;
		t.accounts[ANNA].key = way == 1 ? "k000" : "k00";       /* hers is not there */
		t.now += DAY;
		(void)one_night(&t);
		t.no_access = false;
		t.accounts[ANNA].key = "k00";
		t.systems[1].owner = "anna";
		CHECK_TEXT(next_owner(&t), "cia");
		town_close(&t);
	}
}

/* What people have said of their duties in one proposal, told as simply as it can be. */
enum duty { OWNER, DEPUTY, DUTIES };
struct said { bool not_mine[ASKED][DUTIES]; };

static bool
is_named_as(const struct town *t, int who, enum duty duty)
{
	if (duty == OWNER)
		return strcmp(t->systems[1].owner, names[who]) == 0;
	return t->systems[1].deputy_count && strcmp(t->systems[1].deputies[0], names[who]) == 0;
}

/* Who is asked first, of those who can be: NULL = nobody can be expected. */
static const char *
expected(const struct town *t, const struct said *said)
{
	for (enum duty duty = OWNER; duty < DUTIES; duty++)
		for (int who = 0; who < ASKED; who++)
			if (is_named_as(t, who, duty) && who != EVA && who != FIA && !t->accounts[who].disabled)
				return said->not_mine[who][duty] ? "cia" : names[who];
	return "cia";
}

static void
random_register(struct town *t, const char **deputy)
{
	t->systems[1].owner = names[chance(ASKED)];
	*deputy = names[chance(ASKED)];
	t->systems[1].deputies = deputy;
	t->systems[1].deputy_count = chance(3) != 0;
}

/* Somebody who is asked says so, but for the coordinator, who finds out whose it is. */
static void
random_decline(struct town *t, struct said *said)
{
	struct stored s = only(t);
	const struct approver *a = &s.p.approvers.items[chance((unsigned)s.p.approvers.count)];
	int who = (int)(a->key[2] - '0');

	if (s.state != STATE_OPEN || who == CIA)
		return;
	for (size_t i = 0; i < s.p.approvers.count; i++)
		if (strcmp(s.p.approvers.items[i].key, a->key) == 0)
			said->not_mine[who][strncmp(s.p.approvers.items[i].as, "ers", 3) == 0 ? DEPUTY : OWNER] = true;
	say(t, s.id, a->key, VERDICT_NOT_MINE);
	move(t, s.id, PROPOSAL_WRONG_OWNER);
}

static void
random_nights_ask_nobody_about_what_is_not_theirs(void)
{
	for (int world = 0; world < 20; world++) {
		struct said said = { 0 };
		const char *deputy = "bo";
		struct town t;

		town_open(&t);
		excess(&t, 1, 0, 1, true);
		for (int day = 0; day < 40; day++) {
			struct declined_list standing;
			struct error err = { 0 };
			struct stored s;

			if (chance(4) == 0)
				random_register(&t, &deputy);
			t.accounts[ANNA].disabled = chance(6) == 0;
			t.text[1] += chance(6) == 0;
			t.now += DAY;
			for (int who = 0; who < ASKED; who++)
				for (enum duty duty = OWNER; duty < DUTIES; duty++)
					said.not_mine[who][duty] &= is_named_as(&t, who, duty);
			(void)one_night(&t);
			s = only(&t);
			CHECK(s.p.owner && strcmp(s.p.owner, expected(&t, &said)) == 0 && s.state == STATE_OPEN);
			CHECK(store_declined(t.mem, t.store, NULL, &standing, &err) == 0);
			for (size_t i = 0; i < s.p.approvers.count; i++)
				CHECK(!declined_has(&standing, s.p.key, s.p.approvers.items[i].key, s.p.approvers.items[i].as));
			if (chance(3) == 0)
				random_decline(&t, &said);
			if (chance(8) == 0 && only(&t).state == STATE_OPEN)
				CHECK(store_proposal_move(t.store, s.id, PROPOSAL_KEPT, t.now, INT64_MIN, clock_day(t.now) + 1, "nej", &err) == 0);
		}
		town_close(&t);
	}
}

static void
hold(struct town *t, const char *id, const char *series, const char *path)
{
	struct error err = { 0 };

	CHECK(store_hold_add(t->store, &(struct hold){ .id = id, .share = "sh", .series = series, .path = path, .reason = "tvist" }, false,
			     t->now, &err) == 0);
}

static void
what_is_held_stays_while_something_stops_it_and_is_asked_about_when_it_is_free(void)
{
	struct error err = { 0 };

	for (int way = 0; way < 4; way++) {
		struct town t;
		struct stored s;
		struct plan plan;
		const char *stop, *told = "";

		town_open(&t);
		t.file[0][0][0] = t.file[0][0][1] = true;
		(void)one_night(&t);
		s = only(&t);
		stop = arena_print(t.mem, STOP_PREFIX "%s-2", s.id);
		hold(&t, stop, "r0", "b0");
		CHECK(store_proposal_move(t.store, s.id, PROPOSAL_HELD, t.now, INT64_MIN, clock_day(t.now) + 1, "tvist", &err) == 0);
		t.file[0][0][0] = t.file[0][0][1] = false;      /* retain: none of it is due any more */
		for (int i = 0; i < 3; i++) {
			t.now += DAY;
			(void)night(&t, &plan);
			told = text_of(&plan, "hold-past-its-day");
			CHECK(only(&t).state == STATE_HELD && *told == (i > 0 ? 'G' : '\0'));
			plan_free(&plan);
		}
		CHECK(strstr(told, arena_print(t.mem, "(behov hold lift %s)", stop)) != NULL);
		if (way == 1)
			hold(&t, "another", NULL, "B*");        /* it may be why */
		if (way == 2)
			hold(&t, "another", "r0", "b1");        /* it cannot */
		CHECK(store_hold_lift(t.store, stop, t.now, "arkivet", "klart", &err) == 0);
		t.now += DAY;
		if (way != 1 && way != 2)
			t.file[0][0][0] = t.file[0][0][1] = true;
		if (way == 3)
			t.file[0][0][2] = true;
		(void)night(&t, &plan);
		CHECK(!found(&plan, "hold-past-its-day"));      /* what is held still is so by another, which has no day */
		plan_free(&plan);
		if (way == 2) {
			CHECK(count(&t, STATES_LIVE) == 0 && count(&t, STATES(STATE_WITHDRAWN)) == 1);
		} else {
			CHECK(only(&t).state == (way == 1 ? STATE_HELD : STATE_OPEN) && only(&t).episode == (way == 3 ? 2 : 1));
		}
		town_close(&t);
	}
}

static struct question
ask(struct town *t, const char *id, const char *by, enum question_kind kind, const char *to)
{
	struct questions list;
	struct error err = { 0 };
	struct question q = { .proposal = id, .kind = kind, .to = to, .text = "Vet du?", .by_key = by, .by_name = by, .at = t->now };

	CHECK(store_question_add(t->store, &q, &err) == 0);
	CHECK(store_questions(t->mem, t->store, &(struct question_filter){ .proposal = id }, &list, &err) == 0);
	return list.list.items[list.list.count - 1];
}

static struct question
question(struct town *t, long long id)
{
	struct questions list;
	struct error err = { 0 };

	CHECK(store_questions(t->mem, t->store, &(struct question_filter){ 0 }, &list, &err) == 0);
	for (size_t i = 0; i < list.list.count; i++)
		if (list.list.items[i].id == id)
			return list.list.items[i];
	CHECK(false);
	return (struct question){ 0 };
}

static void
who_is_asked_is_one_person_in_service(void)
{
	/* What is typed, and whose key that is; NULL: nobody's. */
	static const struct { const char *typed, *key; } typed[] = {
		{ "dan", "k03" }, { "DAN", "k03" }, { "dan@kalmar.example", "k03" }, { "Dan@Kalmar.example ", "k03" },
		{ "anna", NULL },               /* who asks */
		{ "anna@kalmar.example", NULL }, { "m00", NULL },       /* whom it is about */
		{ "m00@kalmar.example", NULL }, { "eva", NULL },        /* disabled */
		{ "fia", NULL },                /* no address */
		{ "finns.ej", NULL }, { "finns.ej@kalmar.example", NULL }, { "CN=dan,DC=x", NULL }, { "", NULL }, { "m01", NULL },
		{ "shared@kalmar.example", NULL },      /* two people */
		{ "m04", NULL },                /* the same mailbox as who asks */
		{ "m05", NULL },                /* protected identity */
		{ "*", NULL }, { "dan)(x=*", NULL },
	};
	struct town t;
	struct stored s;
	const char *problem = NULL;

	town_open(&t);
	t.rules.conf.reminder_days = 7;
	t.systems[1].owner = "anna";
	t.accounts[ASKED + 1].class = ACCOUNT_SERVICE;
	t.accounts[ASKED + 2].mail = t.accounts[ASKED + 3].mail = "shared@kalmar.example";
	t.accounts[ASKED + 4].mail = "ANNA@kalmar.example";
	t.accounts[ASKED + 5].secret = true;
	excess(&t, 1, 0, 1, true);
	(void)one_night(&t);
	s = only(&t);
	for (size_t i = 0; i < sizeof typed / sizeof *typed; i++) {
		struct question q = ask(&t, s.id, "k00", QUESTION_COLLEAGUE, typed[i].typed);
		struct error err = { 0 };

		t.now += 60;
		(void)one_night(&t);
		q = question(&t, q.id);
		CHECK(only(&t).state == (typed[i].key ? STATE_ASKED : STATE_OPEN));
		if (typed[i].key) {
			CHECK(q.closed == INT64_MIN && !q.problem);
			CHECK_TEXT(q.key, typed[i].key);
			CHECK_TEXT(q.mail, "dan@kalmar.example");
			q.closed = t.now;
			CHECK(store_question_put(t.store, &q, &err) == 0);
			(void)one_night(&t);
			continue;
		}
		CHECK(q.closed == t.now && !q.key && !q.name && q.problem);
		if (problem)            /* it does not tell why */
			CHECK_TEXT(q.problem, problem);
		problem = q.problem;
	}
	town_close(&t);
}

static void
a_question_about_the_rule_goes_to_who_wrote_it(void)
{
	static struct clause needs[] = { { .by = "Någon annan" }, { .by = "dan" } };
	static struct role role = { .id = "r", .needs = needs, .need_count = 2 };

	for (int way = 0; way < 5; way++) {
		static const char *const keys[] = { "k03", "k01", "k02", "k02", NULL };
		struct town t;
		struct stored s;
		struct question q;

		town_open(&t);
		t.rules.conf.reminder_days = 7;
		t.systems[1].roles = &role;
		t.systems[1].role_count = 1;
		t.systems[1].owner = way == 2 ? "eva" : "bo";
		needs[1].by = way ? NULL : "dan";
		t.accounts[CIA].disabled = way == 4;
		excess(&t, 1, 0, 1, true);
		(void)one_night(&t);
		s = only(&t);
		/* who asks: dan, dan, dan; bo, who owns it and so is not asked himself */
		q = ask(&t, s.id, way >= 3 ? "k01" : way == 0 ? "k00" : "k03", QUESTION_RULE, NULL);
		(void)one_night(&t);
		q = question(&t, q.id);
		CHECK(keys[way] ? q.key && strcmp(q.key, keys[way]) == 0 : !q.key && q.problem && q.closed != INT64_MIN);
		CHECK(only(&t).state == (keys[way] ? STATE_ASKED : STATE_OPEN));
		town_close(&t);
	}
}

static void
a_question_ends_when_nobody_answers_or_can(void)
{
	for (int way = 0; way < 3; way++) {
		struct town t;
		struct stored s;
		struct question q;

		town_open(&t);
		t.rules.conf.reminder_days = 7;
		t.systems[1].owner = "anna";
		excess(&t, 1, 0, 1, true);
		(void)one_night(&t);
		s = only(&t);
		q = ask(&t, s.id, "k00", QUESTION_COLLEAGUE, "dan");
		(void)one_night(&t);
		t.now += 14 * DAY;
		(void)one_night(&t);
		CHECK(only(&t).state == STATE_ASKED && question(&t, q.id).closed == INT64_MIN);
		if (way == 0)
			t.now += DAY;
		if (way == 1)
			t.accounts[DAN].left = true;
		if (way == 2)
			move(&t, s.id, PROPOSAL_KEPT);
		(void)one_night(&t);
		CHECK(question(&t, q.id).closed == t.now && !question(&t, q.id).problem == (way == 2));
		CHECK(only(&t).state == (way == 2 ? STATE_KEPT : STATE_OPEN));
		town_close(&t);
	}
}

static void
nobody_is_looked_up_in_a_directory_that_was_not_seen_whole(void)
{
	struct town t;
	struct stored s;
	struct question q;

	town_open(&t);
	t.rules.conf.reminder_days = 7;
	t.systems[1].owner = "anna";
	excess(&t, 1, 0, 1, true);
	(void)one_night(&t);
	s = only(&t);
	q = ask(&t, s.id, "k00", QUESTION_COLLEAGUE, "dan");
	move(&t, s.id, PROPOSAL_ASKED);
	t.no_access = true;
	(void)one_night(&t);
	CHECK(only(&t).state == STATE_ASKED && question(&t, q.id).closed == INT64_MIN && !question(&t, q.id).key);
	town_close(&t);
}

static void
a_membership_that_we_removed_and_that_is_back_is_told(void)
{
	struct town t;
	struct plan plan;
	struct stored s;
	struct stored_list list;

	town_open(&t);
	t.systems[1].owner = "anna";
	excess(&t, 1, 0, 1, true);
	(void)one_night(&t);
	s = only(&t);
	sign(&t, &s, &s.p.approvers.items[0], true);
	force(&t, &s, STATE_DONE, INT64_MIN, DAY_NONE);
	t.edge[1][0] = false;
	t.now += DAY;
	(void)night(&t, &plan);
	CHECK(!found(&plan, "re-granted"));
	plan_free(&plan);
	t.edge[1][0] = true;
	for (int i = 0; i < 2; i++) {           /* the directory says when and where, or nothing */
		t.now += DAY;
		t.said = i ? 0 : t.now - 3600;
		(void)night(&t, &plan);
		CHECK(found(&plan, "re-granted") && strstr(text_of(&plan, "re-granted"), "togs bort ur gruppen 2026-01-05 (förslag "));
		CHECK(strstr(text_of(&plan, "re-granted"), "godkänt av anna") && strstr(text_of(&plan, "re-granted"), s.id));
		CHECK(strstr(text_of(&plan, "re-granted"), i ? "säger katalogen inte" : "domänkontrollanten DC1; vem"));
		plan_free(&plan);
		list = all(&t, STATES(STATE_OPEN));
		CHECK(list.list.count == 1 && list.list.items[0].episode == 2 &&
		      strstr(list.list.items[0].p.why, "Det togs bort även 2026-01-05 (förslag "));
		s = list.list.count ? list.list.items[0] : s;
		stored_free(&list);
		list = all(&t, STATES(STATE_SUPERSEDED));
		CHECK(list.list.count == 0);
		stored_free(&list);
		s.id = arena_print(t.mem, "%.*s1", (int)strlen(s.id) - 1, s.id);
	}
	list = all(&t, STATES(STATE_OPEN));
	move(&t, list.list.items[0].id, PROPOSAL_KEPT);
	stored_free(&list);
	(void)night(&t, &plan);
	CHECK(!found(&plan, "re-granted"));
	plan_free(&plan);
	town_close(&t);
}

static void
an_owner_who_became_somebody_else_is_told_for_a_week(void)
{
	struct town t;
	struct pin pin = { 0 };
	struct error err = { 0 };
	struct plan plan;
	bool is = false;

	town_open(&t);
	(void)night(&t, &plan);
	CHECK(!found(&plan, "owner-changed"));
	CHECK(store_pin(t.mem, t.store, "anna", &pin, &is, &err) == 0 && is && pin.changed == INT64_MIN);
	plan_free(&plan);
	t.accounts[ANNA].mail = "other@kalmar.example";
	for (int i = 0; i < 2; i++) {
		(void)night(&t, &plan);
		CHECK(found(&plan, "owner-changed"));
		plan_free(&plan);
	}
	CHECK(store_pin(t.mem, t.store, "anna", &pin, &is, &err) == 0 && pin.changed == t.now);
	CHECK_TEXT(pin.mail, "other@kalmar.example");
	t.now += 7 * DAY;
	(void)night(&t, &plan);
	CHECK(!found(&plan, "owner-changed"));
	plan_free(&plan);
	town_close(&t);
}

/* Two rules of one owner stand together, and each has its deputy. */
static void
all_who_may_have_a_turn_are_remembered(void)
{
	static const char *m00[] = { "m00" }, *m01[] = { "m01", "m02" }, *m03[] = { "m03" }, *m05[] = { "m05" };
	static const char *const all[] = { "m00", "m01", "m02", "m03", "m04", "m05", "m06", "m07", "anna", "bo" };
	struct town t;
	struct pin pin = { 0 };
	struct error err = { 0 };
	struct plan plan;
	bool is = false;

	town_open(&t);
	t.systems[0].owner = t.systems[1].owner = "anna";
	t.systems[0].deputies = m00;
	t.systems[0].deputy_count = 1;
	t.systems[1].deputies = m01;
	t.systems[1].deputy_count = 2;
	t.series[0].owner = t.series[1].owner = "bo";
	t.series[0].deputies = NULL;
	t.series[0].deputy_count = 0;
	t.series[1].deputies = m03;
	t.series[1].deputy_count = 1;
	t.share.owner = "m04";
	t.share.deputies = m05;
	t.share.deputy_count = 1;
	t.rules.conf.people.coordinator = "m06";
	t.rules.conf.people.archivist = "m07";
	(void)night(&t, &plan);
	plan_free(&plan);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		CHECK(store_pin(t.mem, t.store, all[i], &pin, &is, &err) == 0 && is);
	CHECK(store_pin(t.mem, t.store, "m08", &pin, &is, &err) == 0 && !is);
	t.accounts[ASKED + 3].mail = "other@kalmar.example";    /* a deputy, whose turn has not come */
	(void)night(&t, &plan);
	CHECK(found(&plan, "owner-changed"));
	plan_free(&plan);
	town_close(&t);
}

static void
a_brake_stops_what_is_opened_until_it_is_released(void)
{
	struct town t;
	struct error err = { 0 };
	struct plan plan;
	struct released released = { 0 };

	town_open(&t);
	excess(&t, 0, 0, 16, true);
	excess(&t, 1, 0, 15, true);     /* half: not more than the ratio */
	(void)night(&t, &plan);
	CHECK(plan.brakes.count == 1);
	CHECK_TEXT(plan.brakes.items[0].scope, "system:s0");
	plan_free(&plan);
	CHECK(count(&t, STATES(STATE_BRAKED)) == 16 && count(&t, STATES(STATE_OPEN)) == 15);
	t.now += DAY;
	t.text[0]++;                    /* other content does not release it */
	(void)one_night(&t);
	CHECK(count(&t, STATES(STATE_BRAKED)) == 16 && count(&t, STATES(STATE_OPEN)) == 15);
	CHECK(propose_release(&t.rules, t.store, "system:s0", "root", "", t.now, &released, &err) < 0);
	CHECK(propose_release(&t.rules, t.store, "system:s0", "root", "rätt", t.now, &released, &err) == 0 && released.all == 16);
	CHECK(count(&t, STATES(STATE_BRAKED)) == 0 && count(&t, STATES(STATE_OPEN)) == 31);
	town_close(&t);
}

/* Owners answer everything that is asked. */
static void
schedule_all(struct town *t)
{
	struct stored_list list = all(t, STATES(STATE_OPEN));

	for (size_t i = 0; i < list.list.count; i++)
		force(t, &list.list.items[i], STATE_SCHEDULED, t->now, DAY_NONE);
	stored_free(&list);
}

static void
open_in_steps(bool newest_first)
{
	struct town t;
	struct stored_list list;
	struct plan plan;

	town_open(&t);
	t.newest_first = newest_first;
	t.rules.conf.brake.ratio = 0.4;         /* two times eight of 48 files */
	for (int b = 0; b < 6; b++)
		for (int f = 0; f < FILES; f++)
			t.file[0][b][f] = true;
	(void)night(&t, &plan);
	CHECK(found(&plan, "series-opened-stepwise") && plan.brakes.count == 0);
	plan_free(&plan);
	list = all(&t, STATES(STATE_OPEN));
	CHECK(list.list.count == 2);
	for (size_t i = 0; i < list.list.count; i++)
		CHECK(newest_first == (strcmp(list.list.items[i].p.batch, "b3") > 0));
	stored_free(&list);
	t.now += DAY;
	(void)one_night(&t);            /* unanswered: no more */
	CHECK(count(&t, STATES(STATE_OPEN)) == 2);
	for (int step = 0; step < 2; step++) {
		schedule_all(&t);
		(void)one_night(&t);
		CHECK(count(&t, STATES(STATE_OPEN)) == 2 && count(&t, STATES(STATE_BRAKED)) == 0);
	}
	(void)night(&t, &plan);         /* all are opened: from now on the brake alone stops */
	CHECK(!found(&plan, "series-opened-stepwise") && plan.proposals.count == 6);
	plan_free(&plan);
	town_close(&t);
}

static void
a_new_series_is_opened_oldest_first_and_step_by_step(void)
{
	open_in_steps(false);
	open_in_steps(true);
}

static void
many_withdrawals_wait_for_a_second_night(void)
{
	struct town t;

	town_open(&t);
	excess(&t, 1, 0, 14, true);
	(void)one_night(&t);
	CHECK(count(&t, STATES(STATE_OPEN)) == 14);
	excess(&t, 1, 0, 14, false);
	t.now += DAY;
	CHECK(one_night(&t).held == 14);
	CHECK(one_night(&t).held == 14);        /* the same night again is not a second one */
	CHECK(count(&t, STATES(STATE_OPEN)) == 14);
	t.now += DAY;
	CHECK(one_night(&t).withdrawn == 14);
	CHECK(count(&t, STATES(STATE_WITHDRAWN)) == 14);
	town_close(&t);
}

static void
a_scare_that_passed_does_not_count_as_a_first_night(void)
{
	struct town t;

	town_open(&t);
	excess(&t, 1, 0, 14, true);
	(void)one_night(&t);
	for (int i = 0; i < 2; i++) {
		t.now += DAY;
		excess(&t, 1, 0, 14, false);
		CHECK(one_night(&t).held == 14);
		t.now += DAY;
		excess(&t, 1, 0, 14, true);
		CHECK(one_night(&t).same == 14);
	}
	town_close(&t);
}

static void
another_is_asked_when_the_owner_leaves(void)
{
	for (int way = 0; way < 2; way++) {
		struct town t;
		struct stored_list list;

		town_open(&t);
		excess(&t, 0, 0, 1, true);
		(void)one_night(&t);
		*(way ? &t.accounts[ANNA].disabled : &t.accounts[ANNA].left) = true;
		(void)one_night(&t);
		list = all(&t, 0);
		CHECK(list.list.count == 1 && first_of(&list)->approvers.count == 2);
		CHECK_TEXT(first_of(&list)->approvers.items[0].name, "bo");
		CHECK_TEXT(first_of(&list)->approvers.items[1].name, "cia");
		stored_free(&list);
		town_close(&t);
	}
}

static void
files_that_leave_change_nothing_and_files_that_come_do(void)
{
	struct town t;
	struct stored_list list;
	const char *id, *version;

	town_open(&t);
	for (int f = 0; f < 3; f++)
		t.file[0][0][f] = t.file[1][0][f] = true;
	(void)one_night(&t);
	list = all(&t, STATES(STATE_OPEN));
	id = arena_text(t.mem, list.list.items[0].id);
	version = arena_text(t.mem, list.list.items[0].p.version);
	stored_free(&list);
	t.file[0][0][1] = t.file[1][0][1] = false;
	CHECK(one_night(&t).changed == 1);      /* the whole one */
	list = all(&t, STATES(STATE_OPEN));
	CHECK_TEXT(list.list.items[0].id, id);
	CHECK_TEXT(list.list.items[0].p.version, version);
	CHECK(list.list.items[0].p.files == 3);
	stored_free(&list);
	t.file[0][0][4] = true;
	CHECK(one_night(&t).changed == 1);
	CHECK(count(&t, STATES(STATE_SUPERSEDED)) == 2);
	t.file[0][0][0] = false;
	t.size[0][0][2] = 5;            /* one leaves and another is not what it was */
	CHECK(one_night(&t).changed == 1);
	town_close(&t);
}

static void
what_is_scheduled_goes_on_unless_it_is_whole_and_changes(void)
{
	struct town t;
	struct stored_list list;

	town_open(&t);
	t.file[0][0][0] = t.file[1][0][0] = true;
	(void)one_night(&t);
	schedule_all(&t);
	t.file[0][0][1] = t.file[1][0][1] = true;
	(void)one_night(&t);
	list = all(&t, STATES(STATE_SCHEDULED));
	CHECK(list.list.count == 1);
	CHECK_TEXT(first_of(&list)->series, "r0");
	CHECK(first_of(&list)->files == 1);
	stored_free(&list);
	CHECK(count(&t, STATES(STATE_SUPERSEDED)) == 1 && count(&t, STATES(STATE_OPEN)) == 1);
	town_close(&t);
}

static void
what_apply_has_begun_with_is_left_to_apply(void)
{
	struct town t;
	struct stored_list list;
	struct error err = { 0 };
	long long effect;

	for (int vanish = 0; vanish < 2; vanish++) {
		town_open(&t);
		t.file[1][0][0] = t.file[1][0][1] = true;
		(void)one_night(&t);
		schedule_all(&t);
		list = all(&t, 0);
		CHECK(store_effect_intend(t.store, &(struct effect){ .proposal = list.list.items[0].id, .act = "quarantine",
			.target = "b0/f0", .intended = t.now, .ended = INT64_MIN }, &effect, &err) == 0);
		stored_free(&list);
		t.file[1][0][0] = false;        /* it lies in quarantine */
		t.file[1][0][1] = !vanish;
		(void)one_night(&t);
		CHECK(count(&t, 0) == 1 && count(&t, STATES(STATE_SCHEDULED)) == 1);
		town_close(&t);
	}
}

static void
what_could_not_be_seen_well_is_not_superseded(void)
{
	struct town t;
	struct plan plan;
	struct propose_input in;
	struct propose_result out;
	struct error err = { 0 };

	town_open(&t);
	excess(&t, 0, 0, 1, true);
	(void)one_night(&t);
	t.text[0]++;
	plan_town(&t, &plan);
	*arena_push(t.mem, &plan.unclear) = (struct unclear){ .access = true, .group = "g0" };
	in = (struct propose_input){ .rules = &t.rules, .snapshot = &t.snapshot, .plan = &plan, .store = t.store,
				     .now = t.now };
	CHECK(store_begin(t.store, &err) == 0 && propose_owners(t.mem, &in, &err) == 0 &&
	      propose_all(t.mem, &in, &out, &err) == 0 && store_commit(t.store, &err) == 0);
	CHECK(out.held == 1 && out.changed == 0 && count(&t, STATES(STATE_OPEN)) == 1);
	plan_free(&plan);
	town_close(&t);
}

static void
one_system_with_nobody_stops_what_the_other_approves(void)
{
	static const char *both[] = { "s1/r" };
	struct town t;
	struct plan plan;
	struct propose_input in;
	const struct proposal *p;
	struct error err = { 0 };

	town_open(&t);
	excess(&t, 0, 0, 1, true);
	see(&t);
	t.accounts[CIA].mail = "cia";
	plan_town(&t, &plan);
	plan.proposals.items[0].also = both;
	plan.proposals.items[0].also_count = 1;
	in = (struct propose_input){ .rules = &t.rules, .snapshot = &t.snapshot, .plan = &plan, .now = t.now };
	CHECK(propose_owners(t.mem, &in, &err) == 0);
	p = &plan.proposals.items[0];
	CHECK(p->approvers.count == 2 && p->needs == 3);
	plan_free(&plan);
	town_close(&t);
}

static void
a_series_that_destroys_instead_of_delivering_is_asked_anew(void)
{
	struct town t;
	struct error err = { 0 };

	town_open(&t);
	t.file[0][0][0] = true;
	for (int i = 0; i < 2; i++) {
		struct plan plan;
		struct propose_input in = { .rules = &t.rules, .snapshot = &t.snapshot, .plan = &plan, .store = t.store,
					    .now = t.now };
		struct propose_result out;
		plan_town(&t, &plan);
		if (!i)
			plan.proposals.items[0].kind = KIND_DELIVER;
		CHECK(store_begin(t.store, &err) == 0 && propose_owners(t.mem, &in, &err) == 0 &&
		      propose_all(t.mem, &in, &out, &err) == 0 && store_commit(t.store, &err) == 0);
		CHECK(out.changed == i);
		plan_free(&plan);
	}
	town_close(&t);
}

static struct propose_result
night_of_deliveries(struct town *t)
{
	struct plan plan;
	struct propose_input in = { .rules = &t->rules, .snapshot = &t->snapshot, .plan = &plan, .store = t->store, .now = t->now };
	struct propose_result out = { 0 };
	struct error err = { 0 };

	plan_town(t, &plan);
	for (size_t i = 0; i < plan.proposals.count; i++)
		plan.proposals.items[i].kind = KIND_DELIVER;
	CHECK(store_begin(t->store, &err) == 0 && propose_owners(t->mem, &in, &err) == 0 && propose_all(t->mem, &in, &out, &err) == 0 &&
	      store_commit(t->store, &err) == 0);
	plan_free(&plan);
	return out;
}

/* As apply writes of a package. */
static void
packaged(struct town *t, const char *id, int left_out)
{
	struct error err = { 0 };
	long long effect;

	CHECK(store_effect_intend(t->store, &(struct effect){ .proposal = id, .act = "package", .target = "x", .intended = t->now,
		.ended = INT64_MIN }, &effect, &err) == 0 &&
	      store_effect_end(t->store, effect, EFFECT_DONE, arena_print(t->mem, "{\"left_out\":%d}", left_out), NULL, t->now, &err) == 0);
}

static void
the_one(struct town *t, enum state from, enum state to)
{
	struct stored_list list = all(t, STATES(from));

	CHECK(list.list.count == 1);
	if (list.list.count)
		force(t, &list.list.items[0], to, t->now, DAY_NONE);
	if (list.list.count && to == STATE_EXPORTED)
		packaged(t, list.list.items[0].id, 0);
	stored_free(&list);
}

/* Whatever becomes of the originals: the receipt alone says that it is over. */
static void
a_delivery_waits_for_its_receipt(void)
{
	struct town t;

	town_open(&t);
	t.file[0][0][0] = t.file[0][0][1] = true;
	(void)night_of_deliveries(&t);
	the_one(&t, STATE_OPEN, STATE_EXPORTED);
	(void)night_of_deliveries(&t);
	t.file[0][0][0] = t.file[0][0][1] = false;
	(void)night_of_deliveries(&t);
	CHECK(count(&t, 0) == 1 && count(&t, STATES(STATE_EXPORTED)) == 1);
	town_close(&t);
}

static void
what_was_delivered_is_not_asked_about_again_until_it_is_something_else(void)
{
	struct town t;

	town_open(&t);
	t.file[0][0][0] = t.file[0][0][1] = true;
	(void)night_of_deliveries(&t);
	the_one(&t, STATE_OPEN, STATE_EXPORTED);
	the_one(&t, STATE_EXPORTED, STATE_DONE);
	CHECK(night_of_deliveries(&t).opened == 0 && count(&t, 0) == 1);
	t.file[0][0][1] = false;
	CHECK(night_of_deliveries(&t).opened == 0);             /* a part of it */
	CHECK(one_night(&t).opened == 1);                       /* to destroy is another question */
	town_close(&t);

	for (int what = 0; what < 3; what++) {
		town_open(&t);
		t.file[0][0][0] = t.file[0][0][1] = true;
		(void)night_of_deliveries(&t);
		the_one(&t, STATE_OPEN, STATE_EXPORTED);
		if (what == 2) {                                /* not all of it came with the package */
			struct stored_list list = all(&t, STATES(STATE_EXPORTED));

			CHECK(list.list.count == 1);
			packaged(&t, list.list.items[0].id, 1);
			stored_free(&list);
		}
		the_one(&t, STATE_EXPORTED, what == 0 ? STATE_FAILED : STATE_DONE);
		if (what == 1)
			t.size[0][0][0]++;
		CHECK(night_of_deliveries(&t).opened == 1);
		town_close(&t);
	}
}

static void
an_exported_removal_is_done_when_the_membership_is_gone(void)
{
	struct town t;
	struct stored_list list;

	town_open(&t);
	excess(&t, 1, 0, 2, true);
	(void)one_night(&t);
	list = all(&t, STATES(STATE_OPEN));
	CHECK(list.list.count == 2);
	for (size_t i = 0; i < list.list.count; i++)
		force(&t, &list.list.items[i], i ? STATE_SCHEDULED : STATE_EXPORTED, t.now, DAY_NONE);
	stored_free(&list);
	(void)one_night(&t);
	CHECK(count(&t, STATES_GOING) == 2);
	t.edge[1][0] = t.edge[1][1] = false;
	t.unclear_system[1] = true;
	(void)one_night(&t);            /* we could not see well */
	CHECK(count(&t, STATES_GOING) == 2);
	t.unclear_system[1] = false;
	(void)one_night(&t);
	CHECK(count(&t, STATES(STATE_DONE)) == 1 && count(&t, STATES(STATE_WITHDRAWN)) == 1);
	town_close(&t);
}

static void
what_is_kept_is_asked_again_on_its_day(void)
{
	struct town t;
	struct stored_list list;
	struct error err = { 0 };

	town_open(&t);
	t.file[1][0][0] = true;
	(void)one_night(&t);
	list = all(&t, STATES(STATE_OPEN));
	CHECK(force_state(t.store, list.list.items[0].id, STATE_KEPT, t.now, INT64_MIN, clock_day(t.now) + 2, "nej",
				   &err) == 0);
	stored_free(&list);
	t.now += DAY;
	(void)one_night(&t);
	CHECK(count(&t, STATES(STATE_KEPT)) == 1 && count(&t, STATES(STATE_OPEN)) == 0);
	t.now += DAY;
	(void)one_night(&t);
	list = all(&t, STATES(STATE_OPEN));
	CHECK(list.list.count == 1 && list.list.items[0].episode == 2);
	stored_free(&list);
	town_close(&t);
}

static void
without_a_directory_nothing_new_is_asked(void)
{
	struct town t;
	struct plan plan;

	town_open(&t);
	t.file[0][0][0] = true;
	t.no_access = true;
	(void)night(&t, &plan);
	CHECK(found(&plan, "owners-unknown"));
	plan_free(&plan);
	CHECK(count(&t, 0) == 0);
	town_close(&t);
}

/* ------------------------------------------------------------------ an approval is good for what it was asked under */

enum rise { RISE_CLASS, RISE_HAND, RISE_WIDE, RISE_STRONG, RISES };

static void
raise(struct town *t, enum rise what, bool on)
{
	if (what == RISE_CLASS)
		t->systems[1].class.konfidentialitet = on ? 3 : 2;
	if (what == RISE_HAND)
		t->accounts[ASKED].protected_admin = on;
	if (what == RISE_WIDE)
		t->wide[1] = on;
	if (what == RISE_STRONG) {
		t->systems[1].class.konfidentialitet = 3;
		t->rules.conf.web.strong_class3 = on;
	}
}

/* One person's access to s1, which one person approves with a code; two where `what` says so. */
static void
with_one_edge(struct town *t, enum rise what, bool raised)
{
	town_open(t);
	t->systems[1].owner = "anna";
	t->systems[1].deputies = bo_dan;
	t->systems[0].class.konfidentialitet = 2;
	raise(t, what, raised);
	excess(t, 1, 0, 1, true);
	(void)one_night(t);
}

static void
sign_as(struct town *t, int who, bool strong)
{
	struct stored s = only(t);

	for (size_t i = 0; i < s.p.approvers.count; i++)
		if (strcmp(s.p.approvers.items[i].key, t->accounts[who].key) == 0)
			sign(t, &s, &s.p.approvers.items[i], strong);
}

static void
what_is_scheduled_is_asked_anew_when_it_asks_for_more(void)
{
	for (enum rise what = 0; what < RISES; what++) {
		struct town t;
		struct stored s;

		with_one_edge(&t, what, false);
		sign_as(&t, ANNA, false);
		sign_as(&t, BO, false);
		s = only(&t);
		CHECK(force_state(t.store, s.id, STATE_SCHEDULED, t.now, t.now + 3 * DAY, DAY_NONE, NULL, &(struct error){ 0 }) == 0);
		t.now += DAY;
		(void)one_night(&t);
		CHECK(only(&t).state == STATE_SCHEDULED);
		raise(&t, what, true);
		t.unclear_system[1] = true;
		(void)one_night(&t);
		CHECK(only(&t).state == STATE_SCHEDULED);       /* by a night that can see */
		t.unclear_system[1] = false;
		(void)one_night(&t);
		s = only(&t);
		CHECK(s.state == STATE_OPEN && s.episode == 2 && s.p.approvers.count >= 1 && s.p.approvers.items[0].asked == t.now);
		CHECK(what == RISE_WIDE ? s.p.also_count == 1 : s.p.needs == 2);
		CHECK(count(&t, STATES(STATE_SUPERSEDED)) == 1);
		(void)one_night(&t);
		CHECK(only(&t).episode == 2);
		town_close(&t);
	}
}

static void
what_is_scheduled_goes_on_when_it_asks_for_less(void)
{
	for (enum rise what = 0; what < RISES; what++) {
		struct town t;

		with_one_edge(&t, what, true);
		schedule_all(&t);
		raise(&t, what, false);
		t.systems[1].class.konfidentialitet = 1;
		(void)one_night(&t);
		CHECK(only(&t).state == STATE_SCHEDULED && only(&t).episode == 1);
		town_close(&t);
	}
}

/* The first of two has answered: what they were shown is not what the second is shown. */
static void
what_one_of_two_has_approved_is_asked_anew_and_what_nobody_has_goes_on(void)
{
	for (int approved = 0; approved < 2; approved++) {
		struct town t;
		struct stored s;

		with_one_edge(&t, RISE_CLASS, true);
		if (approved)
			sign_as(&t, BO, false);
		t.accounts[ASKED].protected_admin = true;
		(void)one_night(&t);
		s = only(&t);
		CHECK(s.state == STATE_OPEN && s.p.by_hand && s.p.needs == 2 && s.episode == 1 + approved);
		town_close(&t);
	}
}

/* An approval with a strong sign-in is good for what a code is not good for any longer. */
static void
a_strong_signature_stands_where_a_code_falls(void)
{
	for (int strong = 0; strong < 2; strong++) {
		struct town t;

		with_one_edge(&t, RISE_STRONG, false);
		sign_as(&t, BO, strong);
		raise(&t, RISE_STRONG, true);
		(void)one_night(&t);
		CHECK(only(&t).state == STATE_OPEN && only(&t).episode == 2 - strong);
		town_close(&t);
	}
}

static void
what_apply_has_begun_with_goes_on_though_it_asks_for_more(void)
{
	struct town t;
	struct error err = { 0 };
	long long effect;

	with_one_edge(&t, RISE_CLASS, false);
	schedule_all(&t);
	CHECK(store_effect_intend(t.store, &(struct effect){ .proposal = only(&t).id, .act = "remove", .target = "g1", .intended = t.now,
		.ended = INT64_MIN }, &effect, &err) == 0);
	raise(&t, RISE_CLASS, true);
	(void)one_night(&t);
	CHECK(only(&t).state == STATE_SCHEDULED);
	town_close(&t);
}

/* Of files the decision that they rest on, the kind and the way of signing in count; also where files have left since. */
static void
files_that_rest_on_another_decision_or_need_a_strong_signature_are_asked_about_anew(void)
{
	for (int way = 0; way < 5; way++) {
		struct town t;
		bool scheduled = way % 2;

		town_open(&t);
		t.file[0][0][0] = t.file[0][0][1] = true;
		(void)one_night(&t);
		if (way < 4)
			sign_as(&t, BO, false);
		if (scheduled)
			CHECK(force_state(t.store, only(&t).id, STATE_SCHEDULED, t.now, t.now + DAY, DAY_NONE, NULL, &(struct error){ 0 }) == 0);
		if (way < 2)
			t.series[0].decision.dnr = "d1";
		else                    /* the last time nobody has approved: there is nothing to give again */
			t.rules.conf.web.strong_destroy = true;
		t.file[0][0][1] = false;
		t.now += DAY;
		(void)one_night(&t);
		CHECK(only(&t).state == STATE_OPEN && only(&t).episode == (way < 4 ? 2 : 1));
		town_close(&t);
	}
}

/* ------------------------------------------------------------------ silence */

/* "anna bo+14 cia+28": who sits in a seat of the one proposal there is, and after how many days they came. */
static const char *
seat_of(struct town *t, int seat)
{
	struct stored_list list = all(t, STATES_ASKED | STATES(STATE_SCHEDULED));
	const char *out = "";

	CHECK(list.list.count == 1);
	for (size_t i = 0; i < first_of(&list)->approvers.count; i++) {
		const struct approver *a = &first_of(&list)->approvers.items[i];

		if (a->seat == seat)
			out = arena_print(t->mem, a->waited ? "%s%s%s+%d" : "%s%s%s", out, *out ? " " : "", a->name, a->waited);
	}
	stored_free(&list);
	return out;
}

static void
with_a_ladder(struct town *t, const char *owner)
{
	town_open(t);
	t->systems[1].owner = owner;
	t->systems[1].deputies = bo_dan;
	t->systems[1].deputy_count = 2;
	t->rules.conf.escalate[0] = 14;
	t->rules.conf.escalate[1] = 28;
	excess(t, 1, 0, 1, true);
}

/* A night on that day of the world; is there a finding of that kind? */
static bool
on_day(struct town *t, int day, const char *kind)
{
	static const int64_t begin = 1767574800;        /* 2026-01-05T02:00+01:00 */
	struct plan plan;
	bool out;

	t->now = begin + (int64_t)day * DAY;
	(void)night(t, &plan);
	out = found(&plan, kind);
	plan_free(&plan);
	return out;
}

static void
one_who_never_answers_is_passed_by_on_their_days(void)
{
	struct town t;
	struct stored_list list;

	with_a_ladder(&t, "anna");
	CHECK(!on_day(&t, 0, "unanswered") && !on_day(&t, 13, "unanswered"));
	CHECK_TEXT(seat_of(&t, 0), "anna");
	CHECK(!on_day(&t, 14, "unanswered"));
	CHECK_TEXT(seat_of(&t, 0), "anna bo+14");
	list = all(&t, STATES(STATE_OPEN));
	CHECK_TEXT(seats_as(t.mem, first_of(&list), "k01"),
		   "ersättare för systemägaren för s1: anna har inte svarat på 14 dagar");
	CHECK_TEXT(seats_as(t.mem, first_of(&list), "k00"), "systemägare för s1");
	stored_free(&list);
	CHECK(!on_day(&t, 27, "unanswered"));
	CHECK_TEXT(seat_of(&t, 0), "anna bo+14");
	CHECK(on_day(&t, 28, "unanswered"));
	CHECK_TEXT(seat_of(&t, 0), "anna bo+14 cia+28");
	CHECK(on_day(&t, 400, "unanswered"));
	CHECK_TEXT(seat_of(&t, 0), "anna bo+14 cia+28");
	town_close(&t);
}

static void
days_are_counted_by_the_calendar(void)
{
	struct town t;

	with_a_ladder(&t, "anna");
	CHECK(clock_parse("2026-03-20T23:30+01:00", &t.now) == 0);
	(void)one_night(&t);
	CHECK(clock_parse("2026-04-02T23:50+02:00", &t.now) == 0);      /* summer time began */
	(void)one_night(&t);
	CHECK_TEXT(seat_of(&t, 0), "anna");
	CHECK(clock_parse("2026-04-03T00:10+02:00", &t.now) == 0);
	(void)one_night(&t);
	CHECK_TEXT(seat_of(&t, 0), "anna bo+14");
	town_close(&t);
}

static void
nobody_comes_to_decide_on_their_own_access(void)
{
	static const char *deputies[] = { "m00", "dan" };
	struct town t;

	with_a_ladder(&t, "anna");
	t.systems[1].deputies = deputies;
	(void)on_day(&t, 0, "");
	(void)on_day(&t, 14, "");
	CHECK_TEXT(seat_of(&t, 0), "anna dan+14");
	town_close(&t);
}

static void
without_deputies_the_coordinator_comes_at_once(void)
{
	struct town t;

	with_a_ladder(&t, "anna");
	t.systems[1].deputy_count = 0;
	(void)on_day(&t, 0, "");
	(void)on_day(&t, 14, "");
	CHECK_TEXT(seat_of(&t, 0), "anna cia+14");
	CHECK(on_day(&t, 28, "unanswered"));
	CHECK_TEXT(seat_of(&t, 0), "anna cia+14");
	town_close(&t);
}

/* Each seat is a duty: nobody who has one takes the other, too, but for the coordinator when nobody else is left. */
static void
where_two_must_approve_silence_brings_a_third(void)
{
	struct town t;

	with_a_ladder(&t, "anna");
	excess(&t, 1, 0, 1, false);
	excess(&t, 0, 0, 1, true);
	(void)on_day(&t, 0, "");
	CHECK_TEXT(seat_of(&t, 0), "anna");
	CHECK_TEXT(seat_of(&t, 1), "bo");
	(void)on_day(&t, 14, "");
	CHECK_TEXT(seat_of(&t, 0), "anna cia+14");
	CHECK_TEXT(seat_of(&t, 1), "bo cia+14");
	CHECK(on_day(&t, 28, "unanswered"));
	CHECK_TEXT(seat_of(&t, 0), "anna cia+14");
	town_close(&t);
}

/* Rules name one person in two ways: "not mine" is of the duty that they were asked for, so it may not be another the next night. */
static void
who_comes_because_of_silence_comes_for_one_duty(void)
{
	struct town t;
	char *once;

	with_a_ladder(&t, "anna");
	excess(&t, 1, 0, 1, false);
	t.file[0][0][0] = true;
	t.rules.conf.people.coordinator = t.share.owner = "bo";         /* r0 calls him by his DN */
	(void)on_day(&t, 0, "");
	CHECK_TEXT(seat_of(&t, 0), "bo");
	CHECK_TEXT(seat_of(&t, 1), "dan");
	(void)on_day(&t, 14, "");
	CHECK_TEXT(seat_of(&t, 1), "bo+14 dan");
	once = dump(&t);
	(void)one_night(&t);
	CHECK_TEXT(dump(&t), once);
	town_close(&t);
}

static void
approve(struct town *t, int who)
{
	struct stored_list list = all(t, STATES(STATE_OPEN));
	struct error err = { 0 };

	CHECK(store_decision_add(t->store, &(struct decision){ .proposal = list.list.items[0].id, .version = first_of(&list)->version,
		.key = t->accounts[who].key, .name = names[who], .verdict = VERDICT_APPROVE, .until = DAY_NONE, .at = t->now,
		.source = "page" }, &err) == 0);
	stored_free(&list);
}

static void
an_answer_ends_it(void)
{
	struct town t;

	with_a_ladder(&t, "anna");
	(void)on_day(&t, 0, "");
	approve(&t, ANNA);
	(void)on_day(&t, 14, "");
	CHECK_TEXT(seat_of(&t, 0), "anna");
	CHECK(!on_day(&t, 60, "unanswered"));
	CHECK_TEXT(seat_of(&t, 0), "anna");
	town_close(&t);
}

/* The deputy was asked meanwhile, and answered: that stands, also where two are needed. */
static void
a_leave_that_ends_changes_nothing(void)
{
	for (int g = 0; g < 2; g++) {
		struct town t;

		with_a_ladder(&t, "anna");
		excess(&t, 1, 0, 1, false);
		excess(&t, g, 0, 1, true);
		t.accounts[ANNA].disabled = true;
		(void)on_day(&t, 0, "");
		CHECK_TEXT(seat_of(&t, 0), "bo");
		approve(&t, BO);
		if (!g)
			approve(&t, CIA);
		schedule_all(&t);
		t.accounts[ANNA].disabled = false;
		(void)on_day(&t, 1, "");
		CHECK(count(&t, STATES(STATE_SCHEDULED)) == 1);
		CHECK_TEXT(seat_of(&t, 0), "anna bo");
		CHECK_TEXT(seat_of(&t, 1), g ? "" : "cia");
		town_close(&t);
	}
}

static void
an_approval_falls_when_its_owner_leaves(void)
{
	for (int state = 0; state < 2; state++) {
		struct town t;

		with_a_ladder(&t, "anna");
		(void)on_day(&t, 0, "");
		schedule_all(&t);
		(void)on_day(&t, 1, "");
		CHECK(count(&t, STATES(STATE_SCHEDULED)) == 1);
		*(state ? &t.accounts[ANNA].left : &t.accounts[ANNA].disabled) = true;
		(void)on_day(&t, 2, "");
		CHECK(count(&t, STATES(STATE_OPEN)) == 1);
		CHECK_TEXT(seat_of(&t, 0), "bo");
		(void)on_day(&t, 2, "");
		CHECK(count(&t, STATES(STATE_OPEN)) == 1);
		(void)on_day(&t, 15, "");               /* it is asked of him since he came */
		CHECK_TEXT(seat_of(&t, 0), "bo");
		(void)on_day(&t, 16, "");
		CHECK_TEXT(seat_of(&t, 0), "bo cia+14");
		town_close(&t);
	}
}

/* A night on each of those days: who sits in the seat the day before, and on the day itself? */
static void
joined_on(struct town *t, int day, const char *before, const char *then)
{
	(void)on_day(t, day - 1, "");
	CHECK_TEXT(seat_of(t, 0), before);
	(void)on_day(t, day, "");
	CHECK_TEXT(seat_of(t, 0), then);
}

static void
a_question_that_ends_without_an_answer_does_not_begin_the_days_anew(void)
{
	struct town t;
	struct stored s;

	with_a_ladder(&t, "anna");
	t.rules.conf.reminder_days = 2;
	(void)on_day(&t, 0, "");
	s = only(&t);
	t.now += 5 * DAY;
	(void)ask(&t, s.id, "k00", QUESTION_COLLEAGUE, "dan");
	(void)on_day(&t, 6, "");
	CHECK(only(&t).state == STATE_ASKED);
	(void)on_day(&t, 10, "");
	CHECK(only(&t).state == STATE_OPEN);
	joined_on(&t, 14, "anna", "anna bo+14");
	town_close(&t);
}

/* What is undone is asked anew, of all whose approval fell with it. */
static void
what_is_undone_begins_the_days_anew(void)
{
	struct town t;
	struct stored s;

	with_a_ladder(&t, "anna");
	(void)on_day(&t, 0, "");
	s = only(&t);
	schedule_all(&t);
	t.now += 5 * DAY;
	say(&t, s.id, "k00", VERDICT_UNDO);
	move(&t, s.id, PROPOSAL_UNDONE);
	joined_on(&t, 19, "anna", "anna bo+14");
	town_close(&t);
}

/* Of two, the one who stays in a seat that has its answer is not asked again. */
static void
one_whose_approval_stands_is_not_asked_again(void)
{
	struct town t;
	struct stored s;

	with_a_ladder(&t, "anna");
	excess(&t, 1, 0, 1, false);
	excess(&t, 0, 0, 1, true);
	(void)on_day(&t, 0, "");
	schedule_all(&t);
	t.accounts[BO].disabled = true;
	(void)on_day(&t, 5, "");
	s = only(&t);
	CHECK(s.state == STATE_OPEN && seats_since(&s, 0) == t.now - 5 * DAY && seats_since(&s, 1) == t.now);
	town_close(&t);
}

static void
what_is_free_again_begins_the_days_anew(void)
{
	struct town t;
	struct stored s;

	town_open(&t);
	t.rules.conf.escalate[0] = 14;
	t.rules.conf.escalate[1] = 28;
	t.file[0][0][0] = true;
	(void)on_day(&t, 0, "");
	s = only(&t);
	move(&t, s.id, PROPOSAL_HELD);
	(void)on_day(&t, 40, "");
	CHECK(only(&t).state == STATE_OPEN);
	joined_on(&t, 54, "bo", "anna+14 bo");
	town_close(&t);
}

/* Whoever has answered is asked anew when it says something else; who has not has been asked since the first. */
static void
what_says_something_else_begins_the_days_anew_for_who_had_answered(void)
{
	for (int answered = 0; answered < 2; answered++) {
		struct town t;

		with_a_ladder(&t, "anna");
		(void)on_day(&t, 0, "");
		if (answered)
			approve(&t, ANNA);
		t.text[1]++;
		(void)on_day(&t, 5, "");
		CHECK(only(&t).episode == 2);
		joined_on(&t, answered ? 19 : 14, "anna", "anna bo+14");
		town_close(&t);
	}
}

/* The seat of who does not own it is asked since it had another; the other seat as before. */
static void
what_is_not_theirs_begins_the_days_of_their_seat_alone(void)
{
	struct town t;
	struct stored s;

	with_a_ladder(&t, "anna");
	excess(&t, 1, 0, 1, false);
	excess(&t, 0, 0, 1, true);
	(void)on_day(&t, 0, "");
	s = only(&t);
	say(&t, s.id, "k00", VERDICT_NOT_MINE);
	move(&t, s.id, PROPOSAL_WRONG_OWNER);
	(void)on_day(&t, 5, "");
	s = only(&t);
	CHECK(s.state == STATE_OPEN && seats_since(&s, 0) == t.now && seats_since(&s, 1) == t.now - 5 * DAY);
	(void)on_day(&t, 14, "");
	CHECK_TEXT(seat_of(&t, 0), "cia");
	CHECK_TEXT(seat_of(&t, 1), "bo cia+14");
	town_close(&t);
}

static void
what_had_its_turn_is_counted_from_that(void)
{
	struct town t;
	struct stored_list list;

	with_a_ladder(&t, "anna");
	t.rules.conf.weekly = 1;
	excess(&t, 1, 0, 2, true);
	(void)on_day(&t, 0, "");
	(void)on_day(&t, 7, "");
	list = all(&t, STATES(STATE_OPEN));
	CHECK(list.list.count == 2);
	for (size_t i = 0; i < list.list.count; i++)
		CHECK(seats_since(&list.list.items[i], 0) == t.now - (i ? 0 : 7 * DAY));
	stored_free(&list);
	town_close(&t);
}

static void
what_was_braked_is_counted_from_its_release(void)
{
	struct town t;
	struct released out;
	struct error err = { 0 };

	with_a_ladder(&t, "anna");
	t.rules.conf.brake.count = 0;
	t.rules.conf.brake.ratio = 0;
	(void)on_day(&t, 0, "");
	CHECK(count(&t, STATES(STATE_BRAKED)) == 1);
	(void)on_day(&t, 20, "");
	CHECK_TEXT(seat_of(&t, 0), "anna");
	CHECK(propose_release(&t.rules, t.store, "system:s1", "root", "rätt", t.now, &out, &err) == 0 && out.opened == 1);
	(void)on_day(&t, 33, "");
	CHECK_TEXT(seat_of(&t, 0), "anna");
	(void)on_day(&t, 34, "");
	CHECK_TEXT(seat_of(&t, 0), "anna bo+14");
	town_close(&t);
}

/* Where nobody is written to, nobody is silent: their days begin when the program is armed. */
static void
nobody_is_silent_before_they_have_been_asked(void)
{
	struct town t;

	with_a_ladder(&t, "anna");
	t.rules.conf.mode = MODE_OBSERVE;
	(void)on_day(&t, 0, "");
	CHECK(!on_day(&t, 60, "unanswered"));
	CHECK_TEXT(seat_of(&t, 0), "anna");
	t.rules.conf.mode = MODE_PROPOSE;
	(void)on_day(&t, 61, "");
	(void)on_day(&t, 74, "");
	CHECK_TEXT(seat_of(&t, 0), "anna");
	(void)on_day(&t, 75, "");
	CHECK_TEXT(seat_of(&t, 0), "anna bo+14");
	town_close(&t);
}

/* A world that changes at random, a year of nights, and nobody ever says anything. */
static void
a_year_of_silence_decides_nothing(void)
{
	struct town t;
	struct decisions decisions = { 0 };
	struct effects effects = { 0 };
	struct error err = { 0 };
	int told = 0;

	seed = UINT64_C(0x9e3779b97f4a7c15);
	with_a_ladder(&t, "anna");
	t.rules.conf.weekly = 10;
	for (int n = 0; n < 365; n += 3) {
		if (n < 60)
			shake(&t);
		t.no_access = t.no_files = false;
		told += on_day(&t, n, "unanswered");
	}
	CHECK(told > 50);
	CHECK(store_decisions(t.mem, t.store, NULL, INT64_MIN, &decisions, &err) == 0 && !decisions.list.count);
	CHECK(store_effects(t.mem, t.store, NULL, NULL, &effects, &err) == 0 && !effects.list.count);
	CHECK(count(&t, STATES(STATE_OPEN)) > 5);
	CHECK(!count(&t, ~(STATES_ASKED | STATES(STATE_WITHDRAWN) | STATES(STATE_SUPERSEDED))));
	town_close(&t);
}

/* ------------------------------------------------------------------ how much at a time */

static void
thirty_are_asked_and_the_riskiest_first(void)
{
	struct town t;
	struct stored_list list;

	town_open(&t);
	t.rules.conf.weekly = 10;
	t.rules.conf.brake.count = 100;
	t.systems[1].owner = "anna";
	excess(&t, 1, 0, 25, true);
	(void)one_night(&t);
	CHECK(count(&t, STATES(STATE_OPEN)) == 10 && count(&t, STATES(STATE_QUEUED)) == 15);
	list = all(&t, STATES(STATE_QUEUED));
	CHECK_TEXT(first_of(&list)->key, "0000000000000210");           /* all as risky: by key */
	CHECK(!first_of(&list)->approvers.items[0].asked);
	stored_free(&list);
	(void)on_day(&t, 6, "");
	CHECK(count(&t, STATES(STATE_OPEN)) == 10);
	(void)on_day(&t, 7, "");
	CHECK(count(&t, STATES(STATE_OPEN)) == 20);
	for (int i = 0; i < 17; i++) {
		list = all(&t, STATES(STATE_OPEN));
		force(&t, &list.list.items[0], STATE_SCHEDULED, t.now, DAY_NONE);
		stored_free(&list);
	}
	(void)on_day(&t, 8, "");                /* three are left, fewer than a third: as many again as make ten */
	CHECK(count(&t, STATES(STATE_OPEN)) == 8 && count(&t, STATES(STATE_QUEUED)) == 0);
	town_close(&t);
}

static void
risk_is_ordered_as_the_manual_says(void)
{
	struct risk r[] = {
		{ .hand = true, .class = 1, .access = true, .key = "9" },
		{ .class = 3, .access = true, .pressing = true, .key = "8" },
		{ .class = 3, .access = true, .key = "7" },
		{ .class = 3, .pressing = true, .due = 900, .key = "6" },
		{ .class = 3, .due = 100, .key = "5" },
		{ .class = 3, .due = 200, .key = "3" },
		{ .class = 3, .due = 200, .key = "4" },
		{ .class = 2, .access = true, .pressing = true, .key = "2" },
	};

	for (size_t i = 0; i < sizeof r / sizeof *r; i++)
		for (size_t k = 0; k < sizeof r / sizeof *r; k++)
			CHECK(i == k ? by_risk(&r[i], &r[k]) == 0 : (by_risk(&r[i], &r[k]) < 0) == (i < k));
}

static void
a_file_past_the_laws_last_day_and_one_who_has_left_press(void)
{
	struct town t;
	struct risk risk;
	struct proposal p = { .kind = KIND_DESTROY, .series = "r0", .share = "sh", .due = 10, .konfidentialitet = -1, .key = "k",
			      .evidence = json_pack("{s:s}", "oldest", "2014-12-31") };
	struct proposal q = { .kind = KIND_REMOVE_MEMBER, .key = "k", .evidence = json_pack("{s:{s:b}}", "person", "left", 1) };

	town_open(&t);
	t.series[0].count_from = COUNT_YEAR_END;
	t.series[0].latest = (struct period){ 10, DAY_YEARS };
	risk_of(&t.rules, &p, day_parse("2024-12-31"), &risk);
	CHECK(!risk.pressing && risk.class == 3 && !risk.access);
	risk_of(&t.rules, &p, day_parse("2025-01-02"), &risk);
	CHECK(risk.pressing);
	risk_of(&t.rules, &q, 1, &risk);
	CHECK(risk.pressing && risk.access);
	json_decref(p.evidence);
	json_decref(q.evidence);
	town_close(&t);
}

static void
what_waits_its_turn_is_withdrawn_and_superseded_as_the_rest(void)
{
	struct town t;

	town_open(&t);
	t.rules.conf.weekly = 3;
	t.rules.conf.brake.count = 100;
	t.systems[1].owner = "anna";
	excess(&t, 1, 0, 9, true);
	(void)one_night(&t);
	CHECK(count(&t, STATES(STATE_OPEN)) == 3 && count(&t, STATES(STATE_QUEUED)) == 6);
	t.now += DAY;
	excess(&t, 1, 5, 6, false);
	(void)one_night(&t);
	CHECK(count(&t, STATES(STATE_QUEUED)) == 5 && count(&t, STATES(STATE_WITHDRAWN)) == 1);
	t.text[1]++;
	(void)one_night(&t);            /* those that are asked keep their places */
	CHECK(count(&t, STATES(STATE_OPEN)) == 3 && count(&t, STATES(STATE_QUEUED)) == 5 && count(&t, STATES(STATE_SUPERSEDED)) == 8);
	town_close(&t);
}

static void
a_release_is_rationed_too(void)
{
	struct town t;
	struct released out;
	struct error err = { 0 };

	town_open(&t);
	t.rules.conf.weekly = 5;
	t.systems[1].owner = "anna";
	excess(&t, 1, 0, 20, true);
	(void)one_night(&t);
	CHECK(count(&t, STATES(STATE_BRAKED)) == 20);
	CHECK(propose_release(&t.rules, t.store, "system:s1", "root", "rätt", t.now, &out, &err) == 0);
	CHECK(out.all == 20 && out.opened == 5 && count(&t, STATES(STATE_QUEUED)) == 15);
	t.now += 7 * DAY;
	(void)one_night(&t);            /* and trips no brake again */
	CHECK(count(&t, STATES(STATE_OPEN)) == 10 && count(&t, STATES(STATE_QUEUED)) == 10);
	town_close(&t);
}

/* Where owners are not written to, a month opens no more than the first day of asking may. */
static void
no_pile_grows_while_nobody_is_asked(void)
{
	struct town t;

	town_open(&t);
	t.rules.conf.mode = MODE_OBSERVE;
	t.rules.conf.weekly = 5;
	t.rules.conf.brake.count = 100;
	t.systems[1].owner = "anna";
	excess(&t, 1, 0, 20, true);
	for (int week = 0; week < 5; week++)
		(void)on_day(&t, week * 7, "");
	CHECK(count(&t, STATES(STATE_OPEN)) == 5);
	t.rules.conf.mode = MODE_PROPOSE;
	(void)on_day(&t, 36, "");
	CHECK(count(&t, STATES(STATE_OPEN)) == 5);
	(void)on_day(&t, 43, "");
	CHECK(count(&t, STATES(STATE_OPEN)) == 10);
	town_close(&t);
}

int
main(void)
{
	TEST(two_are_asked_where_two_are_needed);
	TEST(the_second_person_has_another_mailbox);
	TEST(who_cannot_answer_is_passed_over_to_the_coordinator);
	TEST(nobody_is_asked_about_their_own_access);
	TEST(nobody_left_is_a_loud_finding_and_never_approvable);
	TEST(files_go_to_the_series_owner_and_the_next_in_turn);
	TEST(what_is_not_theirs_goes_to_the_coordinator_and_never_to_a_deputy);
	TEST(what_is_nobodys_stays_so_and_is_told_loudly);
	TEST(the_first_of_two_who_does_not_own_it_leaves_the_second_where_they_are);
	TEST(the_second_of_two_who_does_not_own_it_is_replaced_by_another_person);
	TEST(what_is_not_theirs_is_not_whatever_becomes_of_the_proposal);
	TEST(whom_the_rules_name_anew_is_asked_anew);
	TEST(a_night_that_does_not_see_them_ends_nothing);
	TEST(random_nights_ask_nobody_about_what_is_not_theirs);
	TEST(what_is_held_stays_while_something_stops_it_and_is_asked_about_when_it_is_free);
	TEST(who_is_asked_is_one_person_in_service);
	TEST(a_question_about_the_rule_goes_to_who_wrote_it);
	TEST(a_question_ends_when_nobody_answers_or_can);
	TEST(nobody_is_looked_up_in_a_directory_that_was_not_seen_whole);
	TEST(a_membership_that_we_removed_and_that_is_back_is_told);
	TEST(an_owner_who_became_somebody_else_is_told_for_a_week);
	TEST(all_who_may_have_a_turn_are_remembered);
	TEST(a_brake_stops_what_is_opened_until_it_is_released);
	TEST(a_new_series_is_opened_oldest_first_and_step_by_step);
	TEST(many_withdrawals_wait_for_a_second_night);
	TEST(a_scare_that_passed_does_not_count_as_a_first_night);
	TEST(another_is_asked_when_the_owner_leaves);
	TEST(files_that_leave_change_nothing_and_files_that_come_do);
	TEST(what_is_scheduled_goes_on_unless_it_is_whole_and_changes);
	TEST(what_apply_has_begun_with_is_left_to_apply);
	TEST(what_could_not_be_seen_well_is_not_superseded);
	TEST(one_system_with_nobody_stops_what_the_other_approves);
	TEST(a_series_that_destroys_instead_of_delivering_is_asked_anew);
	TEST(a_delivery_waits_for_its_receipt);
	TEST(what_was_delivered_is_not_asked_about_again_until_it_is_something_else);
	TEST(an_exported_removal_is_done_when_the_membership_is_gone);
	TEST(what_is_kept_is_asked_again_on_its_day);
	TEST(without_a_directory_nothing_new_is_asked);
	TEST(what_is_scheduled_is_asked_anew_when_it_asks_for_more);
	TEST(what_is_scheduled_goes_on_when_it_asks_for_less);
	TEST(what_one_of_two_has_approved_is_asked_anew_and_what_nobody_has_goes_on);
	TEST(a_strong_signature_stands_where_a_code_falls);
	TEST(what_apply_has_begun_with_goes_on_though_it_asks_for_more);
	TEST(files_that_rest_on_another_decision_or_need_a_strong_signature_are_asked_about_anew);
	TEST(one_who_never_answers_is_passed_by_on_their_days);
	TEST(days_are_counted_by_the_calendar);
	TEST(nobody_comes_to_decide_on_their_own_access);
	TEST(without_deputies_the_coordinator_comes_at_once);
	TEST(where_two_must_approve_silence_brings_a_third);
	TEST(who_comes_because_of_silence_comes_for_one_duty);
	TEST(an_answer_ends_it);
	TEST(a_leave_that_ends_changes_nothing);
	TEST(an_approval_falls_when_its_owner_leaves);
	TEST(a_question_that_ends_without_an_answer_does_not_begin_the_days_anew);
	TEST(what_is_undone_begins_the_days_anew);
	TEST(one_whose_approval_stands_is_not_asked_again);
	TEST(what_is_free_again_begins_the_days_anew);
	TEST(what_says_something_else_begins_the_days_anew_for_who_had_answered);
	TEST(what_is_not_theirs_begins_the_days_of_their_seat_alone);
	TEST(what_had_its_turn_is_counted_from_that);
	TEST(what_was_braked_is_counted_from_its_release);
	TEST(nobody_is_silent_before_they_have_been_asked);
	TEST(a_year_of_silence_decides_nothing);
	TEST(thirty_are_asked_and_the_riskiest_first);
	TEST(risk_is_ordered_as_the_manual_says);
	TEST(a_file_past_the_laws_last_day_and_one_who_has_left_press);
	TEST(what_waits_its_turn_is_withdrawn_and_superseded_as_the_rest);
	TEST(a_release_is_rationed_too);
	TEST(no_pile_grows_while_nobody_is_asked);
	TEST(any_night_twice_is_once_and_moves_only_what_it_saw);
	return check_done();
}
