/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shrink.c - a directory that has lost a large part of itself is a brake, until an administrator says that it is so.
 *
 * It has happened that a failed search was read as "everybody has left".  What is compared is what the last night saw
 * that saw all of it: people, groups, memberships and HR rows, of all directories and of each.  What was released stands in the store
 * with the numbers of that day, so that a directory that goes on shrinking is stopped again.  A single group that a role
 * names is not known for a night, and believed when a later day sees about as little.
 */
#include "run_p.h"
#include <behov/audit.h>
#include <behov/json.h>
#include <behov/log.h>
#include <behov/text.h>

#define STORED_GROUPS "shrink-groups"
#define LOOK_BACK ((int64_t)400 * 86400)         /* seconds */
#define GROUP_LEAST 20                  /* smaller groups come and go */

struct number { const char *what; long long before, now; };
struct numbers { LIST(struct number) list; };

static bool
shrunk(long long before, long long now, double ratio)
{
	return before > 0 && (double)(before - now) > ratio * (double)before;
}

/* ------------------------------------------------------------------ what the last complete night saw */

static const json_t *
source_of(const json_t *summary, const char *name)
{
	const json_t *sources = json_object_get(json_object_get(summary, "certificate"), "sources"), *one;
	size_t i;

	json_array_foreach(sources, i, one)
		if (json_text(one, "source") && strcmp(json_text(one, "source"), name) == 0)
			return one;
	return NULL;
}

static void
compare(struct arena *mem, const struct snapshot *snapshot, const json_t *summary, struct numbers *out)
{
	static const char *const words[][2] = { { "people", "personer" }, { "groups", "grupper" }, { "memberships", "medlemskap" } };
	const json_t *was = json_object_get(summary, "access"), *sources, *one;
	const long long now[] = { snapshot->seen.people, snapshot->seen.groups, snapshot->seen.memberships };
	size_t i;

	for (i = 0; i < 3; i++)
		*arena_push(mem, &out->list) = (struct number){ words[i][1], json_number(was, words[i][0], 0), now[i] };
	*arena_push(mem, &out->list) = (struct number){ "rader från personalregistret", json_number(was, "hr_rows", 0),
							snapshot->seen.hr_rows };
	sources = json_object_get(snapshot->certificate, "sources");
	json_array_foreach(sources, i, one) {
		const char *name = json_text(one, "source");
		/* A list of a system that does not come is a gap of that system; its groups are looked at one by one. */
		const json_t *before = json_is_true(json_object_get(one, "list")) ? NULL : source_of(summary, name);

		for (size_t w = 0; before && json_array_size(sources) > 1 && w < 3; w++)
			*arena_push(mem, &out->list) = (struct number){
				arena_print(mem, "%s i %s", words[w][1], name), json_number(before, words[w][0], 0),
				json_number(one, words[w][0], 0),
			};
	}
}

/* The lines of those that have shrunk; NULL when none has. */
static const char *
lines(struct arena *mem, const struct numbers *numbers, double ratio)
{
	const char *all = NULL;

	for (size_t i = 0; i < numbers->list.count; i++) {
		const struct number *n = &numbers->list.items[i];

		if (shrunk(n->before, n->now, ratio))
			all = arena_print(mem, "%s%s%s från %s till %s", all ? all : "", all ? ", " : "", n->what,
					  text_count(mem, n->before), text_count(mem, n->now));
	}
	return all;
}

/* ------------------------------------------------------------------ what stands in the store */

static int
load(struct arena *mem, struct store *store, const char *name, json_t **out, struct error *err)
{
	const char *text = NULL;

	*out = NULL;
	if (store_get(mem, store, name, &text, err) < 0)
		return -1;
	if (text && *text == '{' && json_read(text, strlen(text), out, err) < 0)
		return error_in(err, "reading '%s' in the store", name);
	return 0;
}

static int
save(struct arena *mem, struct store *store, const struct numbers *numbers, struct error *err)
{
	json_t *all = json_object(), *list = json_object();
	int rc;

	for (size_t i = 0; i < numbers->list.count; i++)
		json_object_set_new(list, numbers->list.items[i].what, json_integer(numbers->list.items[i].now));
	json_put(all, "state", "braked");
	json_object_set_new(all, "numbers", list);
	rc = store_set(store, SHRINK_VALUE, json_canonical(mem, all), err);
	json_decref(all);
	return rc;
}

/* An administrator has said yes, and nothing is much less than it was then. */
static bool
is_released(const json_t *stood, const struct numbers *numbers, double ratio)
{
	const json_t *then = json_object_get(stood, "numbers");

	if (!stood || strcmp(json_text(stood, "state") ? json_text(stood, "state") : "", "released") != 0)
		return false;
	for (size_t i = 0; i < numbers->list.count; i++) {
		const struct number *n = &numbers->list.items[i];

		if (shrunk(json_number(then, n->what, n->before), n->now, ratio))
			return false;
	}
	return true;
}

int
shrink_stands(struct arena *mem, struct store *store, bool *out, struct error *err)
{
	json_t *stood;

	if (load(mem, store, SHRINK_VALUE, &stood, err) < 0)
		return -1;
	*out = stood && json_text(stood, "state") && strcmp(json_text(stood, "state"), "braked") == 0;
	json_decref(stood);
	return 0;
}

int
shrink_release(struct arena *mem, struct store *store, const char *by, const char *reason, int64_t now, bool *released,
	       struct error *err)
{
	json_t *stood, *payload;
	int rc = 0;

	*released = false;
	if (load(mem, store, SHRINK_VALUE, &stood, err) < 0)
		return -1;
	if (stood && json_text(stood, "state") && strcmp(json_text(stood, "state"), "braked") == 0) {
		json_put(stood, "state", "released");
		payload = json_pack("{s:s?, s:s?, s:O}", "by", by, "reason", reason, "numbers", json_object_get(stood, "numbers"));
		rc = audit_add(store, now, by, "shrink-released", payload, err);
		if (rc == 0)
			rc = store_set(store, SHRINK_VALUE, json_canonical(mem, stood), err);
		json_decref(payload);
		*released = rc == 0;
	}
	json_decref(stood);
	return rc;
}

/* ------------------------------------------------------------------ single groups */

/* The groups that roles name, by their keys. */
static json_t *
named_groups(const struct rules *rules, const struct snapshot *snapshot)
{
	json_t *all = json_object();

	for (size_t s = 0; s < rules->system_count; s++)
		for (int r = 0; r < rules->systems[s].role_count; r++)
			for (int g = 0; g < rules->systems[s].roles[r].group_count; g++) {
				long at = snapshot_group(snapshot, rules->systems[s].roles[r].groups[g]);

				if (at >= 0)
					json_object_set_new(all, snapshot->groups[at].key, json_integer(at));
			}
	return all;
}

/* What we ourselves have taken out of that group. */
static long long
taken(const struct stored_list *done, const char *key, int64_t since)
{
	long long count = 0;

	for (size_t i = 0; i < done->list.count; i++) {
		const struct stored *s = &done->list.items[i];

		count += s->p.group_guid && strcmp(s->p.group_guid, key) == 0 && (s->state != STATE_DONE || s->since >= since);
	}
	return count;
}

/* Would it be doubted, if we had taken nobody out of it?  Then it is asked whom we have. */
static bool
looks_less(const struct group *g, const json_t *was, double ratio)
{
	return json_number(was, "count", 0) > GROUP_LEAST && shrunk(json_number(was, "count", 0), g->count, ratio);
}

/*
 * What is stored of a group: how many members it had when it was last believed, and when; and, while it is doubted, how many
 * it had on the day when that began.
 */
static json_t *
check_group(struct arena *mem, struct snapshot *snapshot, struct group *g, json_t *was, const struct stored_list *done,
	    double ratio, int64_t now)
{
	const char *today = day_text(mem, clock_day(now)), *day = json_text(was, "day");
	long long before = json_number(was, "count", 0) - taken(done, g->key, json_number(was, "at", 0));
	bool less = before > GROUP_LEAST && shrunk(before, g->count, ratio);

	if (g->unknown)
		return was ? json_incref(was) : NULL;
	if (!less || (day && strcmp(day, today) < 0 && !shrunk(json_number(was, "seen", 0), g->count, ratio)))
		return json_pack("{s:I, s:I}", "count", (json_int_t)g->count, "at", (json_int_t)now);
	g->unknown = true;
	g->unknown_why = arena_print(mem, "gruppen har krympt från %lld till %u medlemmar: tros när en senare dag visar detsamma",
				     before, g->count);
	*arena_push(mem, &snapshot->gaps) = (struct gap){ "group", g->dn, NULL, g->unknown_why };
	if (day && !shrunk(json_number(was, "seen", 0), g->count, ratio))
		return json_incref(was);
	return json_pack("{s:I, s:I, s:I, s:s}", "count", json_number(was, "count", 0), "at", json_number(was, "at", 0), "seen",
			 (json_int_t)g->count, "day", today);
}

/* believed: an administrator has said yes to the whole, and so to its groups. */
static int
check_groups(struct arena *mem, const struct rules *rules, struct store *store, int64_t now, bool believed,
	     struct snapshot *snapshot, struct error *err)
{
	json_t *known = NULL, *next = json_object(), *here = named_groups(rules, snapshot), *at;
	struct stored_list done = { 0 };
	bool ask = false;
	const char *key;
	int rc = -1;

	if (load(mem, store, STORED_GROUPS, &known, err) < 0)
		goto out;
	json_object_foreach(here, key, at)
		ask |= looks_less(&snapshot->groups[json_integer_value(at)], json_object_get(known, key), rules->conf.directory.shrink_ratio);
	if (ask && store_proposals(mem, store, &(struct proposal_filter){ .states = STATES_GOING | STATES(STATE_DONE), .brief = true }, &done, err) < 0)
		goto out;
	json_object_foreach(here, key, at) {
		json_t *one = check_group(mem, snapshot, &snapshot->groups[json_integer_value(at)],
					  believed ? NULL : json_object_get(known, key), &done,
					  rules->conf.directory.shrink_ratio, now);

		if (one)
			json_object_set_new(next, key, one);
	}
	rc = store_set(store, STORED_GROUPS, json_canonical(mem, next), err);
out:
	stored_free(&done);
	json_decref(known);
	json_decref(next);
	json_decref(here);
	return rc;
}

/* ------------------------------------------------------------------ the check */

static int
check_whole(struct arena *mem, const struct rules *rules, struct store *store, const json_t *summary,
	    struct snapshot *snapshot, bool *released, struct error *err)
{
	double ratio = rules->conf.directory.shrink_ratio;
	struct numbers numbers = { 0 };
	const char *lost;
	json_t *stood;

	compare(mem, snapshot, summary, &numbers);
	lost = lines(mem, &numbers, ratio);
	if (!lost)
		return store_set(store, SHRINK_VALUE, "-", err);      /* what an earlier night saw is nothing to go by any more */
	if (load(mem, store, SHRINK_VALUE, &stood, err) < 0)
		return -1;
	*released = is_released(stood, &numbers, ratio);
	json_decref(stood);
	if (*released)
		return 0;
	snapshot->complete = false;
	*arena_push(mem, &snapshot->gaps) = (struct gap){ "directory", rules->conf.directories[0].base, NULL, arena_print(mem,
		"har krympt sedan den senaste fullständiga natten: %s. Bromsad tills någon har sett efter och sagt att det "
		"stämmer: behov decide release directory --by NAMN --reason TEXT", lost) };
	log_warn("the directory has shrunk: access is not judged until 'behov decide release directory'");
	return save(mem, store, &numbers, err);
}

/*
 * The last night that saw the whole directory, whatever else it could not see: a folder that nobody may open must not keep
 * the brake from ever working.  *summary NULL: there is none.
 */
static int
last_whole(struct arena *mem, struct store *store, int64_t now, json_t **summary, struct error *err)
{
	struct nights nights;

	*summary = NULL;
	if (store_nights(mem, store, "run", now - LOOK_BACK, now + 1, &nights, err) < 0)
		return -1;
	for (size_t i = nights.list.count; i-- > 0; ) {
		const struct night *n = &nights.list.items[i];
		const json_t *whole;

		if (strcmp(n->state, "published") != 0 || !n->summary)
			continue;
		if (json_read(n->summary, strlen(n->summary), summary, err) < 0)
			return error_in(err, "reading what night %lld saw", n->id);
		whole = json_object_get(json_object_get(*summary, "access"), "whole");
		if (whole ? json_is_true(whole) : n->complete)
			return 0;
		json_decref(*summary);
		*summary = NULL;
	}
	return 0;
}

int
shrink_check(struct arena *mem, const struct rules *rules, struct store *store, int64_t now, struct snapshot *snapshot,
	     struct error *err)
{
	json_t *summary = NULL;
	bool released = false;
	int rc;

	if (!snapshot->complete)
		return 0;
	if (last_whole(mem, store, now, &summary, err) < 0)
		return -1;
	rc = summary ? check_whole(mem, rules, store, summary, snapshot, &released, err) : 0;
	if (rc == 0 && snapshot->complete)
		rc = check_groups(mem, rules, store, now, released, snapshot, err);
	json_decref(summary);
	return rc;
}
