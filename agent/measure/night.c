/* SPDX-License-Identifier: GPL-3.0-or-later */
/* night.c - what a night keeps of how it went: which sources it saw whole, how much is covered, what stood and waited. */
#include "behov/json.h"
#include "behov/measure.h"

#include <string.h>

/* ------------------------------------------------------------------ sources */

static bool
is_one_of(const char *what, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(what, *words) == 0)
			return true;
	return false;
}

static bool
same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* Does a gap in that name lie in that directory? */
static bool
lies_in(struct arena *mem, const struct directory *d, const char *id)
{
	const char *dn = dn_key(mem, id), *base = d->base ? dn_key(mem, d->base) : NULL;
	size_t n = dn ? strlen(dn) : 0, m = base ? strlen(base) : 0;

	return same(id, d->name) || same(id, d->source) || same(id, d->base) || (m && n > m && strcmp(dn + n - m, base) == 0 && dn[n - m - 1] == ',');
}

/* One that lies in none that we can tell lies in each. */
static bool
directory_whole(struct arena *mem, const struct conf *conf, const struct directory *d, const struct plan *plan)
{
	static const char *const words[] = { "directory", "group", NULL };

	for (size_t i = 0; i < plan->gaps.count; i++) {
		const struct gap *g = &plan->gaps.items[i];
		bool somewhere = false;

		if (!is_one_of(g->what, words))
			continue;
		for (int k = 0; g->id && k < conf->directory_count; k++)
			somewhere |= lies_in(mem, &conf->directories[k], g->id);
		if (!somewhere || lies_in(mem, d, g->id))
			return false;
	}
	return true;
}

/* id NULL: whichever it is. */
static bool
whole(const struct plan *plan, const char *const *words, const char *id)
{
	for (size_t i = 0; i < plan->gaps.count; i++)
		if (is_one_of(plan->gaps.items[i].what, words) && (!id || same(plan->gaps.items[i].id, id)))
			return false;
	return true;
}

static void
add_source(json_t *list, const char *kind, const char *id, bool complete)
{
	json_t *o = json_object();

	json_put(o, "kind", kind);
	json_put(o, "id", id);
	json_object_set_new(o, "complete", json_boolean(complete));
	json_array_append_new(list, o);
}

static json_t *
sources(struct arena *mem, const struct rules *rules, const struct plan *plan)
{
	static const char *const hr[] = { "hr", NULL }, *const accounts[] = { "accounts", NULL }, *const cases[] = { "cases", NULL },
				 *const share[] = { "share", "folder", "window", NULL };
	const struct conf *conf = &rules->conf;
	json_t *list = json_array();

	for (int i = 0; i < conf->directory_count; i++) {
		const struct directory *d = &conf->directories[i];
		add_source(list, "directory", d->name ? d->name : d->source, directory_whole(mem, conf, d, plan));
	}
	if (conf->hr.file)
		add_source(list, "hr", "hr", whole(plan, hr, NULL));
	for (size_t i = 0; i < rules->system_count; i++)
		if (rules->systems[i].accounts.csv || rules->systems[i].accounts.scim)
			add_source(list, "accounts", rules->systems[i].id, whole(plan, accounts, rules->systems[i].id));
	for (size_t i = 0; i < rules->share_count; i++)
		add_source(list, "share", rules->shares[i].id, whole(plan, share, rules->shares[i].id));
	for (size_t i = 0; i < rules->case_count; i++)
		add_source(list, "cases", rules->cases[i].id, whole(plan, cases, rules->cases[i].id));
	return list;
}

/* ------------------------------------------------------------------ coverage, and what waits */

static bool
has_needs(const struct system *s)
{
	for (int i = 0; i < s->role_count; i++)
		if (!s->roles[i].need_count)
			return false;
	return s->role_count > 0;
}

static json_t *
number(bool known, long long n)
{
	return known ? json_integer(n) : json_null();
}

static void
put_coverage(json_t *out, const struct rules *rules, const struct plan *plan)
{
	bool groups = plan->access_judged && rules->conf.directory.access_group_count > 0;
	long long with = 0;

	for (size_t i = 0; i < rules->system_count; i++)
		with += has_needs(&rules->systems[i]);
	json_object_set_new(out, "systems", json_integer((json_int_t)rules->system_count));
	json_object_set_new(out, "with_needs", json_integer(with));
	json_object_set_new(out, "groups", number(groups, plan->access.giving));
	json_object_set_new(out, "registered", number(groups, plan->access.registered));
}

static int
put_waiting(struct arena *mem, const struct measure_input *in, json_t *out, struct error *err)
{
	const struct proposal_filter open = { .states = STATES_ANSWERABLE, .brief = true };
	struct standings brakes;
	struct stored_list all = { 0 };
	int64_t oldest = in->now;

	if (measure_brakes(mem, in, &brakes, err) < 0 || store_proposals(mem, in->store, &open, &all, err) < 0)
		return -1;
	for (size_t i = 0; i < all.list.count; i++)
		if (all.list.items[i].since < oldest)
			oldest = all.list.items[i].since;
	stored_free(&all);
	json_object_set_new(out, "brakes", json_integer((json_int_t)brakes.list.count));
	json_object_set_new(out, "oldest", json_integer(in->now - oldest));
	return 0;
}

static json_t *
chain_json(const struct audit_result *chain)
{
	return chain ? json_pack("{s:I, s:I, s:I, s:b}", "rows", (json_int_t)chain->rows, "broken", (json_int_t)chain->broken, "sealed",
				 (json_int_t)chain->sealed, "compared", !chain->unsealed) : json_null();
}

int
measure_night(struct arena *mem, const struct measure_input *in, const struct plan *plan, const struct audit_result *chain,
	      json_t **out, struct error *err)
{
	*out = json_object();
	json_object_set_new(*out, "sources", sources(mem, in->rules, plan));
	put_coverage(*out, in->rules, plan);
	json_object_set_new(*out, "chain", chain_json(chain));
	if (put_waiting(mem, in, *out, err) == 0)
		return 0;
	json_decref(*out);
	*out = NULL;
	return -1;
}
