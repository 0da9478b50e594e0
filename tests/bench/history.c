/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * history.c - a store as a year of nights leaves it: for who measures what is told of it.
 *
 *     history CONFIG [PEOPLE]
 *
 * Without PEOPLE one that is there already is brought up to today's schema.
 * The systems, roles and series of CONFIG; ten roles for each of PEOPLE.  From 2025-10-01 on a night each day; each month of 28 days one role of
 * a hundred goes and another comes, and some come back.  Of five that go one was proposed, answered and carried out; others are kept, or
 * wait.  All of it is written by the calls that the nights, the owners' answers and apply write with; the same each time.
 */
#include <behov/audit.h>
#include <behov/digest.h>
#include <behov/json.h>
#include <behov/register.h>
#include <behov/store.h>

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAYS      365
#define MONTH     28
#define NEVER     1000          /* months */
#define ROLES_OF_PERSON 10
#define OWNERS    300
#define DAY       INT64_C(86400)

struct slot { uint32_t role, person, need; int from, to; };      /* to: the first month without it */

struct history {
	struct arena *mem;
	struct rules rules;
	struct store *store;
	uint64_t state;
	uint32_t people, roles;
	struct account *accounts;
	const struct role **role;       /* of all systems */
	struct group *ways;             /* beside role: the group that leads to it */
	LIST(struct slot) slots;
	LIST(struct ground) grounds;    /* three of each role: two clauses, and none */
	int64_t first;
};

static struct error err;

static void
must(int rc)
{
	if (rc < 0) {
		fprintf(stderr, "history: %s\n", err.text);
		exit(1);
	}
}

static uint32_t
draw(struct history *h, uint32_t below)
{
	h->state ^= h->state << 13;
	h->state ^= h->state >> 7;
	h->state ^= h->state << 17;
	return (uint32_t)((h->state >> 16) % below);
}

/* ------------------------------------------------------------------ who, and what they may have */

static const char *
guid(struct history *h, const char *kind, uint32_t i)
{
	const char *d = digest_text(h->mem, arena_print(h->mem, "%s %u", kind, i));

	return arena_print(h->mem, "%.8s-%.4s-%.4s-%.4s-%.12s", d, d + 8, d + 12, d + 16, d + 20);
}

static void
make_people(struct history *h)
{
	static const char *const first[] = { "anna", "bjorn", "cecilia", "david", "asa", "orjan", "maryam", "lukasz" };
	static const char *const last[] = { "aberg", "ek", "lindqvist", "oberg", "andersson", "nowak", "hosseini" };

	h->accounts = arena_array(h->mem, struct account, h->people);
	for (uint32_t i = 0; i < h->people; i++)
		h->accounts[i] = (struct account){ .name = arena_print(h->mem, "%s.%s%05u", first[i % 8], last[i % 7], i), .key = guid(h, "person", i) };
}

static void
make_roles(struct history *h)
{
	for (size_t i = 0; i < h->rules.system_count; i++)
		h->roles += (uint32_t)h->rules.systems[i].role_count;
	h->role = arena_array(h->mem, const struct role *, h->roles);
	h->ways = arena_array(h->mem, struct group, h->roles);
	h->roles = 0;
	for (size_t i = 0; i < h->rules.system_count; i++)
		for (int k = 0; k < h->rules.systems[i].role_count; k++) {
			const struct role *role = &h->rules.systems[i].roles[k];

			assert(role->need_count >= 2);
			h->role[h->roles] = role;
			h->ways[h->roles++].dn = role->groups[0];
			for (int c = 0; c < 2; c++)
				*arena_push(h->mem, &h->grounds) = (struct ground){ GROUND_CLAUSE, &role->needs[c] };
			*arena_push(h->mem, &h->grounds) = (struct ground){ GROUND_NONE, NULL };
		}
}

/* Half of all access is to one system of fifty, which nearly everybody has. */
static uint32_t
some_role(struct history *h)
{
	return draw(h, 2) ? draw(h, h->roles / 50 + 1) : draw(h, h->roles);
}

static void
add_slot(struct history *h, uint32_t person, int from)
{
	uint32_t role = some_role(h), need = draw(h, 50) ? draw(h, 2) : 2;

	*arena_push(h->mem, &h->slots) = (struct slot){ role, person, need, from, NEVER };
}

static int
by_role(const void *a, const void *b)
{
	const struct slot *x = a, *y = b;

	return x->role != y->role ? (x->role > y->role) - (x->role < y->role) : x->person != y->person ? (x->person > y->person) - (x->person < y->person)
	       : (x->from > y->from) - (x->from < y->from);
}

static void
make_slots(struct history *h)
{
	for (uint32_t i = 0; i < h->people; i++)
		for (int k = 0; k < ROLES_OF_PERSON; k++)
			add_slot(h, i, 0);
	for (int t = 1; t * MONTH < DAYS; t++) {
		size_t count = h->slots.count;

		for (size_t i = 0; i < count / 100; i++) {
			struct slot *gone = &h->slots.items[draw(h, (uint32_t)count)], back = *gone;

			if (gone->to != NEVER || gone->from == t)
				continue;
			gone->to = t;
			if (draw(h, 10) == 0) {
				back.from = t + 3;
				*arena_push(h->mem, &h->slots) = back;
			}
			add_slot(h, draw(h, h->people), t);
		}
	}
	qsort(h->slots.items, h->slots.count, sizeof(*h->slots.items), by_role);
}

/* ------------------------------------------------------------------ nights */

static void
note(struct history *h, int64_t at, const char *actor, const char *event, const char *key, const char *value)
{
	json_t *payload = json_object();

	json_put(payload, key, value);
	must(audit_add(h->store, at, actor, event, payload, &err));
	json_decref(payload);
}

static void
add_notes(struct arena *mem, struct history *h, struct plan *plan)
{
	for (size_t i = 0; i < h->rules.system_count / 2; i++)
		*arena_push(mem, &plan->findings) = (struct finding){ .kind = "role-without-need", .system = h->rules.systems[i].id,
			.text = arena_print(mem, "%s har en grupp som ingen roll nämner", h->rules.systems[i].name) };
	for (uint32_t i = 0; i < 12; i++)
		*arena_push(mem, &plan->gaps) = (struct gap){ "folder", h->rules.shares[i % h->rules.share_count].id, NULL, "mappen kunde inte läsas" };
	for (uint32_t i = 0; i < h->people / 25; i++)
		*arena_push(mem, &plan->marks) = (struct account_mark){ .kind = (enum mark_kind)(i % MARK_CONFLICT), .who = &h->accounts[i * 25],
			.system = h->role[i % h->roles]->system->id, .role = h->role[i % h->roles]->id, .day = i % 3 ? day_make(2026, 1 + (int)i % 12, 1) : DAY_NONE };
}

/* Of every other: the directory has not told when the others came. */
static const struct edge_moment *
came(struct arena *mem, const struct history *h, const struct slot *s)
{
	struct edge_moment *m = arena_new(mem, struct edge_moment);

	m->moment = h->first - (s->role * 31 + s->person) % 900 * DAY + s->person;
	m->by = "dc1.kalmar.example";
	return s->person % 2 ? m : NULL;
}

static void
put_access(struct history *h, int t, int64_t now)
{
	struct plan plan = { .access_judged = true };
	struct arena *mem = arena_open();

	for (size_t i = 0; i < h->slots.count; i++) {
		const struct slot *s = &h->slots.items[i];

		if (s->from <= t && t < s->to)
			*arena_push(mem, &plan.grants) = (struct grant){ h->role[s->role], &h->accounts[s->person], &h->ways[s->role], came(mem, h, s),
									    3 * s->role + s->need };
	}
	for (size_t i = 0; i < h->grounds.count; i++)
		*arena_push(mem, &plan.grounds) = h->grounds.items[i];
	add_notes(mem, h, &plan);
	must(store_grants_put(h->store, &plan, now, &err));
	must(store_marks_put(h->store, &plan, now, &err));
	must(store_facts_put(h->store, &plan, now, &err));
	arena_close(mem);
}

static json_t *
night_stock(struct history *h)
{
	json_t *list = json_array();

	for (size_t i = 0; i < h->rules.share_count; i++) {
		const char *share = h->rules.shares[i].id;

		json_array_append_new(list, json_pack("{s:s, s:i, s:i, s:i, s:i, s:i}", "share", share, "files", 500000 + draw(h, 1000), "weighed", 500000,
						      "bytes", 1 << 30, "ungoverned", draw(h, 9000), "held", 0));
		for (size_t k = i; k < h->rules.series_count; k += h->rules.share_count)
			json_array_append_new(list, json_pack("{s:s, s:s, s:i, s:i, s:i}", "share", share, "series", h->rules.series[k].id, "files", 20000,
							      "weighed", 20000, "bytes", 1 << 24));
	}
	return list;
}

static char *
night_summary(struct history *h, bool first)
{
	json_t *all = json_pack("{s:{s:I}, s:{s:i, s:i}, s:{s:I, s:[], s:[], s:n}}", "work", "open", (json_int_t)draw(h, 3000), "files", "ungoverned",
				draw(h, 90000), "due", draw(h, 5000), "review", "access", (json_int_t)h->people * ROLES_OF_PERSON, "due", "late", "rules");
	json_t *parts = json_object();
	char *text;

	for (size_t i = 0; first && i < h->rules.system_count; i++)
		json_put(parts, arena_print(h->mem, "system:%s", h->rules.systems[i].id), "0123456789abcdef");
	json_object_set_new(all, "stock", night_stock(h));
	if (first)
		json_object_set(json_object_get(all, "review"), "rules", parts);
	text = json_canonical(h->mem, all);
	json_decref(parts);
	json_decref(all);
	return text;
}

static void
make_nights(struct history *h)
{
	for (int day = 0; day < DAYS; day++) {
		int64_t now = h->first + day * DAY;
		const char *digest = day / 30 % 2 ? h->rules.digest : "1f";
		long long id;

		must(store_begin(h->store, &err));
		must(store_night_start(h->store, "run", now, digest, &id, &err));
		if (day % MONTH == 0)
			put_access(h, day / MONTH, now);
		note(h, now, "run", "night-published", "rules", digest);
		must(store_night_end(h->store, id, "published", day % 17 != 0, now + 900, night_summary(h, day % 30 == 0), &err));
		must(store_commit(h->store, &err));
	}
}

/* ------------------------------------------------------------------ proposals, and what was answered */

static const char *
owner_key(struct history *h, const struct system *s)
{
	return arena_print(h->mem, "key-%s", s->owner);
}

static struct stored
removal(struct history *h, const struct slot *s, int64_t opened)
{
	const struct role *role = h->role[s->role];
	const struct account *who = &h->accounts[s->person];
	struct stored out = {
		.p = { .kind = KIND_REMOVE_MEMBER, .key = arena_print(h->mem, "%.16s", digest_text(h->mem, arena_print(h->mem, "%u %u", s->role, s->person))),
		       .version = "v", .system = role->system->id, .role = role->id, .account = who->name, .display = who->name, .guid = who->key,
		       .group = role->groups[0], .group_guid = role->id, .member = who->key, .accounts = 1, .needs = 1, .konfidentialitet = 2,
		       .owner = role->system->owner, .scope = arena_print(h->mem, "system:%s", role->system->id), .why = "inget skrivet behov stämmer",
		       .rule = role->at },
		.state = STATE_OPEN, .opened = opened, .since = opened, .go_at = INT64_MIN, .until = DAY_NONE,
	};

	*arena_push(h->mem, &out.p.approvers) = (struct approver){ .key = owner_key(h, role->system), .name = role->system->owner, .as = "systemägare",
								     .asked = opened };
	return out;
}

static void
decide(struct history *h, const struct stored *s, enum verdict verdict, const char *reason, int64_t at)
{
	must(store_decision_add(h->store, &(struct decision){ .proposal = s->id, .version = s->p.version, .key = s->p.approvers.items[0].key,
		.name = s->p.approvers.items[0].name, .verdict = verdict, .reason = reason, .until = DAY_NONE, .at = at, .source = "page" }, &err));
	note(h, at, s->p.approvers.items[0].name, "decision-taken", "proposal", s->id);
}

/* Carried out on the night from which it is gone. */
static void
carried_out(struct history *h, const struct slot *s)
{
	int64_t gone = h->first + s->to * MONTH * DAY;
	struct stored one = removal(h, s, gone - (int64_t)(5 + draw(h, 20)) * DAY);

	one.state = STATE_DONE;
	one.since = gone - DAY;
	must(store_proposal_add(h->mem, h->store, &one, &err));
	note(h, one.opened, "run", "proposal-opened", "proposal", one.id);
	decide(h, &one, VERDICT_APPROVE, NULL, gone - 4 * DAY);
	note(h, one.since, "apply", "proposal-done", "proposal", one.id);
}

static void
kept(struct history *h, const struct slot *s, int64_t opened)
{
	struct stored one = removal(h, s, opened);

	one.state = STATE_KEPT;
	one.since = opened + 3 * DAY;
	must(store_proposal_add(h->mem, h->store, &one, &err));
	note(h, opened, "run", "proposal-opened", "proposal", one.id);
	decide(h, &one, VERDICT_KEEP, "behövs för överlämningen", one.since);
	must(store_exception_add(h->store, &(struct kept){ one.p.system, one.p.role, one.p.guid, one.p.account, "behövs för överlämningen",
		one.p.owner, one.id, day_make(2026, 12, 31), one.since }, &err));
}

static void
waiting(struct history *h, const struct slot *s, int64_t opened)
{
	struct stored one = removal(h, s, opened);

	must(store_proposal_add(h->mem, h->store, &one, &err));
	note(h, opened, "run", "proposal-opened", "proposal", one.id);
}

static void
destroyed(struct history *h, uint32_t number)
{
	const struct series *series = &h->rules.series[number % h->rules.series_count];
	int64_t at = h->first + (int64_t)draw(h, DAYS) * DAY;
	struct stored one = {
		.p = { .kind = KIND_DESTROY, .key = arena_print(h->mem, "%.16s", digest_text(h->mem, arena_print(h->mem, "batch %u", number))), .version = "v",
		       .series = series->id, .share = series->where[0].share, .batch = arena_print(h->mem, "Handlingar/%u", number), .files = 1000, .bytes = 1 << 20,
		       .due = day_make(2025, 12, 31), .needs = 1, .owner = series->owner, .why = "gallringsfristen är ute", .rule = series->at,
		       .scope = arena_print(h->mem, "series:%s@%s", series->id, series->where[0].share) },
		.state = STATE_DONE, .opened = at, .since = at + 9 * DAY, .go_at = INT64_MIN, .until = DAY_NONE };

	*arena_push(h->mem, &one.p.approvers) = (struct approver){ .key = "key-arkiv", .name = series->owner, .as = "informationsägare", .asked = at };
	must(store_proposal_add(h->mem, h->store, &one, &err));
	decide(h, &one, VERDICT_APPROVE, NULL, at + DAY);
	must(store_protocol_add(h->store, &(struct protocol){ .proposal = one.id, .dnr = arena_print(h->mem, "GALLR 2026/%u", number), .year = 2026,
		.number = number, .digest = digest_text(h->mem, one.id), .body = "{}", .at = one.since }, &err));
}

/* One after the other, and not by their days: the chain takes them as they come. */
static void
make_proposals(struct history *h)
{
	int64_t last = h->first + (DAYS - 1) * DAY;

	must(store_begin(h->store, &err));
	for (size_t i = 0; i < h->slots.count; i++) {
		const struct slot *s = &h->slots.items[i];

		if (s->to != NEVER && i % 5 == 0)
			carried_out(h, s);
		else if (s->to == NEVER && s->need == 2 && i % 10 == 0)
			kept(h, s, last - (int64_t)draw(h, DAYS - 10) * DAY);
		else if (s->to == NEVER && s->need == 2 && i % 10 == 1)
			waiting(h, s, last - (int64_t)draw(h, 120) * DAY);
	}
	for (uint32_t i = 1; i <= 1000; i++)
		destroyed(h, i);
	must(store_commit(h->store, &err));
}

int
main(int argc, char **argv)
{
	struct history h = { .mem = arena_open(), .state = 88172645463325252u };

	if (argc != 2 && argc != 3)
		return 2;
	h.people = argc == 3 ? (uint32_t)atoi(argv[2]) : 0;
	must(register_load(h.mem, argv[1], &h.rules, &err));
	must(clock_parse("2025-10-01T02:00+02:00", &h.first));
	if (h.people)
		must(store_create(strchr(h.rules.conf.store, ':') + 1, true, &err));
	must(store_open(strchr(h.rules.conf.store, ':') + 1, STORE_WRITE, &h.store, &err));
	if (!h.people) {
		store_close(h.store);
		arena_close(h.mem);
		return 0;
	}
	make_people(&h);
	make_roles(&h);
	make_slots(&h);
	make_nights(&h);
	make_proposals(&h);
	printf("%zu intervals of %u roles in %zu systems\n", h.slots.count, h.roles, h.rules.system_count);
	store_close(h.store);
	arena_close(h.mem);
	return 0;
}
