/* SPDX-License-Identifier: GPL-3.0-or-later */
/* explain.c - why somebody has a role or has it not: the ways to it, each clause and which part of it failed. */
#include "reconcile_p.h"
#include "behov/json.h"

#define WAYS_MOST 5

static const char *const truth_word[] = { [NO] = "no", [YES] = "yes", [UNKNOWN] = "unknown" };

static void
put_truth(json_t *o, enum truth t)
{
	json_put(o, "holds", truth_word[t]);
	json_object_set_new(o, "is_yes", json_boolean(t == YES));
	json_object_set_new(o, "is_no", json_boolean(t == NO));
	json_object_set_new(o, "is_unknown", json_boolean(t == UNKNOWN));
}

/* "Lärare, Rektor", NULL when there is nothing or nothing is known. */
static const char *
has_text(const struct work *w, uint32_t a, const struct condition *c)
{
	const struct account *who = &w->s->accounts[a];
	const char *text = NULL;

	if (c->attribute == ATTRIBUTE_GROUP || !who->values)
		return NULL;
	for (const struct value *v = who->values[c->attribute]; v; v = v->more)
		text = text ? arena_print(w->mem, "%s, %s", text, v->text) : v->text;
	return text;
}

static json_t *
condition_json(const struct work *w, const struct condition *c)
{
	const struct attribute *attribute = c->attribute == ATTRIBUTE_GROUP ? NULL : &w->in->rules->attributes[c->attribute];
	json_t *o = json_object(), *words = json_array();

	for (int i = 0; i < c->count; i++)
		json_array_append_new(words, json_pack("{s:s,s:b}", "word", c->words[i], "first", i == 0));
	json_put(o, "text", c->text);
	json_put(o, "attribute", attribute ? attribute->name : "group");
	json_put(o, "label", attribute ? attribute->label : "grupp");
	json_object_set_new(o, "words", words);
	return o;
}

static void
put_conditions(const struct work *w, json_t *rows, uint32_t a, const struct condition *list, int count, bool none)
{
	for (int i = 0; i < count; i++) {
		const struct condition *c = &list[i];
		json_t *o = condition_json(w, c);

		json_put(o, "has", has_text(w, a, c));
		json_object_set_new(o, "is_group", json_boolean(c->attribute == ATTRIBUTE_GROUP));
		json_object_set_new(o, "unwanted", json_boolean(none));
		put_truth(o, needs_condition(w, a, c, none));
		json_array_append_new(rows, o);
	}
}

static json_t *
clause_json(const struct work *w, uint32_t a, const struct clause *c)
{
	json_t *o = json_object(), *conditions = json_array();
	day_t today = clock_day(w->in->now);

	json_put(o, "text", c->text);
	json_put(o, "why", c->why);
	json_put(o, "by", c->by);
	json_put(o, "since", c->since);
	json_put(o, "rule", place_text(w->mem, c->at));
	json_put(o, "not_before", c->from != DAY_NONE && today < c->from ? day_text(w->mem, c->from) : NULL);
	json_put(o, "ended", c->to != DAY_NONE && today > c->to ? day_text(w->mem, c->to) : NULL);
	put_truth(o, needs_clause(w, a, c));
	put_conditions(w, conditions, a, c->all, c->alls, false);
	put_conditions(w, conditions, a, c->none, c->nones, true);
	json_object_set_new(o, "conditions", conditions);
	return o;
}

/* Does a clause ask for another value of an attribute? */
static bool
asks_other(const struct work *w, uint32_t a, const struct clause *c, int attribute)
{
	for (int i = 0; i < c->alls; i++)
		if (c->all[i].attribute == attribute && attribute != ATTRIBUTE_GROUP && needs_condition(w, a, &c->all[i], false) == NO)
			return true;
	return false;
}

/* Does a clause fall by what is not wanted, whatever becomes of what it asks for? */
static bool
is_barred(const struct work *w, uint32_t a, const struct clause *c)
{
	int count = 0;

	for (int i = 0; i < c->nones; i++)
		count += needs_condition(w, a, &c->none[i], true) == YES && !asks_other(w, a, c, c->none[i].attribute);
	return c->nones && count == c->nones;
}

/* How many conditions of a clause speak against somebody; INT_MAX when no change of what it asks for would help. */
static int
lacks(const struct work *w, uint32_t a, const struct clause *c)
{
	int count = 0;
	day_t today = clock_day(w->in->now);

	if ((c->from != DAY_NONE && today < c->from) || (c->to != DAY_NONE && today > c->to) || is_barred(w, a, c))
		return INT32_MAX;
	for (int i = 0; i < c->alls; i++)
		count += needs_condition(w, a, &c->all[i], false) == NO;
	return count ? count : INT32_MAX;
}

/* What the clause that is nearest to holding still asks for. */
static json_t *
changes_json(const struct work *w, uint32_t a, const struct role *role)
{
	const struct clause *nearest = NULL;
	json_t *rows = json_array();
	int least = INT32_MAX;

	for (int i = 0; i < role->need_count; i++)
		if (lacks(w, a, &role->needs[i]) < least) {
			nearest = &role->needs[i];
			least = lacks(w, a, nearest);
		}
	for (int i = 0; nearest && i < nearest->alls; i++)
		if (needs_condition(w, a, &nearest->all[i], false) == NO) {
			json_t *o = condition_json(w, &nearest->all[i]);

			json_object_set_new(o, "is_first", json_boolean(!json_array_size(rows)));
			json_array_append_new(rows, o);
		}
	return rows;
}

/* The ways to the role, by the groups that somebody is in directly; and when the first of those memberships came. */
static void
put_ways(struct work *w, json_t *o, uint32_t a, uint32_t r)
{
	json_t *rows = json_array();
	int64_t since = INT64_MIN;
	json_int_t more = 0;

	for (uint32_t u = w->up_first[node(w, a)]; u < w->up_first[node(w, a) + 1]; u++) {
		const char *text = w->s->accounts[a].name;
		json_t *way, *dns;
		uint32_t count;

		if (is_cut(w, w->up[u]) || !set_has(w->reach[w->up_group[u]], r))
			continue;
		if (json_array_size(rows) == WAYS_MOST) {
			more++;
			continue;
		}
		if (since == INT64_MIN)
			since = members_added(w, w->up[u]);
		count = graph_path(w, w->up_group[u], r);
		way = json_object();
		dns = json_array();
		for (uint32_t i = 0; i < count; i++) {
			text = arena_print(w->mem, "%s -> %s", text, w->s->groups[w->way[i]].name);
			json_array_append_new(dns, json_string(w->s->groups[w->way[i]].dn));
		}
		json_put(way, "text", text);
		json_object_set_new(way, "groups", dns);
		json_array_append_new(rows, way);
	}
	json_object_set_new(o, "ways", rows);
	json_object_set_new(o, "more_ways", more ? json_integer(more) : json_null());
	json_put(o, "member_since", since == INT64_MIN ? NULL : day_text(w->mem, clock_day(since)));
}

/* An exception in the rules; those of decisions are known to who called us. */
static json_t *
exception_json(const struct work *w, uint32_t a, const struct role *role)
{
	for (int i = 0; i < role->keep_count; i++) {
		const struct keep *k = &role->keeps[i];

		if (clock_day(w->in->now) <= k->until && snapshot_account(w->s, k->who) == (long)a)
			return json_pack("{s:s,s:s,s:s,s:s}", "until", day_text(w->mem, k->until), "why", k->why, "by", k->by, "rule",
					 place_text(w->mem, k->at));
	}
	return json_null();
}

static json_t *
role_json(struct work *w, uint32_t a, uint32_t r)
{
	static const char *const verdicts[] = { "excess", "needed", "kept", "unknown", "open", "unseen", "missing", "nothing" };
	const struct role *role = w->roles[r];
	json_t *o = json_object(), *clauses = json_array();
	bool has = set_has(w->access[a], r), need = people_need(w, a, r), unsure = people_unsure(w, a, r);
	const char *verdict = set_has(w->excess[a], r) ? "excess" : has && need ? "needed" : has && people_keep(w, a, r) ? "kept" :
			      has && unsure ? "unknown" : bits_has(&w->open, r) ? "open" : w->role_unknown[r] ? "unseen" :
			      need ? "missing" : unsure ? "unknown" : "nothing";

	for (int i = 0; i < role->need_count; i++)
		json_array_append_new(clauses, clause_json(w, a, &role->needs[i]));
	json_put(o, "system", role->system->id);
	json_put(o, "role", role->id);
	json_put(o, "role_name", role->name ? role->name : role->id);
	json_object_set_new(o, "access", json_boolean(has));
	json_put(o, "need", need ? "yes" : unsure ? "unknown" : "no");
	json_put(o, "verdict", verdict);
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(*verdicts); i++)
		json_object_set_new(o, arena_print(w->mem, "is_%s", verdicts[i]), json_boolean(strcmp(verdict, verdicts[i]) == 0));
	json_object_set_new(o, "clauses", clauses);
	json_object_set_new(o, "changes", need ? json_array() : changes_json(w, a, role));
	json_object_set_new(o, "exception", exception_json(w, a, role));
	json_object_set_new(o, "first_seen", json_null());
	put_ways(w, o, a, r);
	return o;
}

/* w->open, of which nobody is told. */
static void
find_open(struct work *w)
{
	for (uint32_t a = 0; a < w->s->account_count; a++)
		if (w->s->accounts[a].class == ACCOUNT_EVERYBODY)
			bits_add(&w->open, people_have(w, a));
}

int
reconcile_explain(struct arena *mem, const struct reconcile_input *in, const char *account, const char *system,
		  const char *role, json_t **out, struct error *err)
{
	struct plan plan = { 0 };
	struct work w = { .mem = mem, .in = in, .s = in->snapshot, .plan = &plan };
	long a = snapshot_account(in->snapshot, account);
	const struct system *s = rules_system(in->rules, system);
	const struct account *who;
	json_t *roles;

	if (a < 0)
		return error_set(err, ERROR_USAGE, a == -2 ? "more than one account is called '%s'" :
				 "no account is called '%s'", account);
	work_prepare(&w);
	find_open(&w);
	who = &w.s->accounts[a];
	w.access[a] = people_have(&w, (uint32_t)a);
	w.excess[a] = is_person(&w, (uint32_t)a) ? people_excess(&w, (uint32_t)a) : (struct set){ NULL, 0 };
	roles = json_array();
	for (uint32_t r = 0; r < w.role_count; r++)
		if (strcmp(w.roles[r]->system->id, system) == 0 && (!role || strcmp(w.roles[r]->id, role) == 0))
			json_array_append_new(roles, role_json(&w, (uint32_t)a, r));
	*out = json_object();
	json_put(*out, "account", who->name);
	json_put(*out, "key", who->key);
	json_put(*out, "name", who->display ? who->display : who->name);
	json_put(*out, "system_name", s && s->name ? s->name : system);
	json_object_set_new(*out, "person", json_boolean(is_person(&w, (uint32_t)a)));
	json_object_set_new(*out, "disabled", json_boolean(who->disabled));
	json_object_set_new(*out, "expired", json_boolean(who->expired));
	json_object_set_new(*out, "left", json_boolean(who->left));
	json_object_set_new(*out, "complete", json_boolean(in->snapshot->complete));
	json_object_set_new(*out, "roles", roles);
	plan_free(&plan);
	return 0;
}
