/* SPDX-License-Identifier: GPL-3.0-or-later */
/* explain.c - why somebody has access, who had it, and what may be needed. */
#include "run_p.h"
#include <behov/collect.h>
#include <behov/json.h>
#include <behov/scan.h>
#include <behov/suggest.h>

struct about { const char *system, *role; };

/* SYSTEM or SYSTEM/ROLE, which the rules know. */
static int read_about(struct arena *mem, const struct rules *rules, const char *what, struct about *out, struct error *err)
{
	const char *slash = strchr(what, '/');

	out->role = slash ? slash + 1 : NULL;
	out->system = slash ? arena_copy(mem, what, (size_t)(slash - what)) : what;
	if (!rules_system(rules, out->system))
		return error_set(err, ERROR_USAGE, "no system '%s' in the rules", out->system);
	if (out->role && !rules_role(rules, out->system, out->role))
		return error_set(err, ERROR_USAGE, "system '%s' has no role '%s'", out->system, out->role);
	return 0;
}

/* What only the store knows: since when we have seen it, and what was decided. */
static int add_remembered(struct arena *mem, struct store *store, int64_t now, json_t *about, struct error *err)
{
	const char *key = json_string_value(json_object_get(about, "key"));
	struct kept_list kept;
	json_t *role;
	size_t i;

	if (store_exceptions(mem, store, clock_day(now), &kept, err) < 0)
		return -1;
	json_array_foreach(json_object_get(about, "roles"), i, role) {
		const char *system = json_string_value(json_object_get(role, "system"));
		const char *name = json_string_value(json_object_get(role, "role"));
		struct grants grants;

		if (store_grants_of(mem, store, &(struct grant_filter){ key, system, name }, now, now + 1, &grants, err) < 0)
			return -1;
		for (size_t g = 0; g < grants.list.count; g++)
			if (grants.list.items[g].last_seen == INT64_MIN)
				json_put(role, "first_seen", day_text(mem, clock_day(grants.list.items[g].first_seen)));
		for (size_t k = 0; k < kept.list.count; k++) {
			const struct kept *x = &kept.list.items[k];

			if (strcmp(x->key, key) == 0 && strcmp(x->system, system) == 0 && strcmp(x->role, name) == 0)
				json_object_set_new(role, "exception", json_pack("{s:s?,s:s,s:s,s:s?}", "until",
								x->until == DAY_NONE ? NULL : day_text(mem, x->until - 1), "why",
								x->reason ? x->reason : "-", "by", x->by ? x->by : "-", "rule", NULL));
		}
	}
	return 0;
}

int run_explain_access(struct arena *mem, const struct rules *rules, const struct run_options *how, const char *account,
		       const char *what, json_t **out, struct error *err)
{
	struct snapshot snapshot = { 0 };
	struct earlier earlier = { 0 };
	struct store *store = NULL;
	struct about about;
	int rc = -1;

	if (read_about(mem, rules, what, &about, err) == 0 && store_look(rules, &store, err) == 0 &&
	    earlier_load(mem, rules, store, true, how->now, &earlier, err) == 0 &&
	    collect_all(mem, rules, false, &snapshot, err) == 0 && secret_hide(mem, earlier.secret, NULL, &snapshot, err) == 0)
		rc = reconcile_explain(mem, &(struct reconcile_input){
			.rules = rules, .snapshot = &snapshot, .exceptions = earlier.exceptions.items,
			.exception_count = earlier.exceptions.count, .now = how->now,
		}, account, about.system, about.role, out, err);
	if (rc == 0 && store)
		rc = add_remembered(mem, store, how->now, *out, err);
	json_decref(snapshot.certificate);
	store_close(store);
	return rc;
}

/* ------------------------------------------------------------------ who had what */

static json_t *held_json(struct arena *mem, const struct rules *rules, const struct held_grant *g)
{
	const struct system *system = rules_system(rules, g->system);
	const struct role *role = rules_role(rules, g->system, g->role);
	json_t *o = json_object();

	json_put(o, "account", g->account ? g->account : g->key);
	json_put(o, "key", g->key);
	json_put(o, "system", g->system);
	json_put(o, "role", g->role);
	json_put(o, "system_name", system && system->name ? system->name : g->system);
	json_put(o, "role_name", role && role->name ? role->name : g->role);
	json_put(o, "via", g->via);
	json_put(o, "first_seen", day_text(mem, clock_day(g->first_seen)));
	json_put(o, "last_seen", g->last_seen == INT64_MIN ? NULL : day_text(mem, clock_day(g->last_seen)));
	return o;
}

/* A system or role that the rules have no more had its access all the same. */
int run_explain_past(struct arena *mem, const struct rules *rules, const struct run_options *how, day_t day, const char *account,
		     const char *what, json_t **out, struct error *err)
{
	const char *slash = what ? strchr(what, '/') : NULL;
	struct grant_filter filter = { account, slash ? arena_copy(mem, what, (size_t)(slash - what)) : what, slash ? slash + 1 : NULL };
	struct store *store = NULL;
	struct own_until gone;
	struct nights nights;
	struct grants grants;
	json_t *rows;
	int rc = -1;

	if (day > clock_day(how->now))
		return error_set(err, ERROR_USAGE, "--at %s has not been yet", day_text(mem, day));
	if (store_look(rules, &store, err) < 0)
		return -1;
	if (!store) {
		error_set(err, ERROR_SOURCE, "there is no store yet, so no night has been: behov run makes one");
		goto out;
	}
	if (store_own_until(mem, store, OWN_ACCESS, &gone, err) < 0)
		goto out;
	if (gone.until != DAY_NONE && day <= gone.until) {
		error_set(err, ERROR_USAGE, "who had what until %s is not known any more: it has been disposed of by decision %s",
			  day_text(mem, gone.until), gone.dnr);
		goto out;
	}
	if (store_nights(mem, store, "run", INT64_MIN, clock_midnight(day + 1), &nights, err) < 0 ||
	    store_grants_of(mem, store, &filter, clock_midnight(day), clock_midnight(day + 1), &grants, err) < 0)
		goto out;
	rows = json_array();
	for (size_t i = 0; i < grants.list.count; i++)
		json_array_append_new(rows, held_json(mem, rules, &grants.list.items[i]));
	*out = json_object();
	json_put(*out, "at", day_text(mem, day));
	json_put(*out, "account", account);
	json_put(*out, "what", what);
	json_object_set_new(*out, "seen", json_boolean(nights.list.count != 0));
	json_object_set_new(*out, "grants", rows);
	rc = 0;
out:
	store_close(store);
	return rc;
}

/* ------------------------------------------------------------------ what may be needed */

/* All known attributes are read, not only those that needs name: on the first day they name none. */
int run_suggest(struct arena *mem, const struct rules *rules, const struct run_options *how, const char *what, char **out,
		struct error *err)
{
	struct rules wide = *rules;
	struct snapshot snapshot = { 0 };
	struct earlier earlier = { 0 };
	struct store *store = NULL;
	struct about about;
	const struct system *system;
	int rc = -1;

	wide.attribute_count = wide.attributes_known;
	*out = "";
	if (read_about(mem, rules, what, &about, err) < 0)
		return -1;
	system = rules_system(rules, about.system);
	if (store_look(rules, &store, err) < 0 || earlier_load(mem, rules, store, true, how->now, &earlier, err) < 0 ||
	    collect_all(mem, &wide, false, &snapshot, err) < 0 || secret_hide(mem, earlier.secret, NULL, &snapshot, err) < 0)
		goto out;
	if (!snapshot.complete) {
		error_set(err, ERROR_SOURCE, "the directory could not be read wholly, so what it says about who has a role may mislead: behov status");
		goto out;
	}
	for (int i = 0; i < system->role_count; i++) {
		struct suggest_input in = { .rules = &wide, .snapshot = &snapshot, .role = &system->roles[i], .now = how->now };
		struct suggestions found;

		if (about.role && strcmp(system->roles[i].id, about.role) != 0)
			continue;
		in.has = reconcile_who(mem, &(struct reconcile_input){ .rules = &wide, .snapshot = &snapshot, .now = how->now }, in.role,
				       &in.all);
		suggest_role(mem, &in, &found);
		*out = arena_print(mem, "%s%s%s", *out, **out ? ",\n\n" : "", suggest_text(mem, &in, &found, !about.role));
	}
	if (!about.role)
		*out = arena_print(mem, "needs = (\n%s\n);\n", *out);
	rc = 0;
out:
	json_decref(snapshot.certificate);
	store_close(store);
	return rc;
}

int run_adopt(const struct rules *rules, const char *id, struct error *err)
{
	const struct share *share = rules_share(rules, id);

	if (!share)
		return error_set(err, ERROR_USAGE, "no share '%s' in the rules", id);
	if (share->own)
		return error_set(err, ERROR_USAGE, "share '%s' is what behov itself keeps: it needs no marker", id);
	return scan_adopt(share, err);
}
