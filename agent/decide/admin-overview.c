/* SPDX-License-Identifier: GPL-3.0-or-later */
/* admin-overview.c - /status: last night, what is braked and what releases it, and how long things have waited. */
#include "admin_p.h"

#define NIGHT_LATE (26 * 3600)          /* seconds: then one has not been */

/* ------------------------------------------------------------------ last night */

static void
put_night(struct request *r, json_t *data, const struct night *night)
{
	json_object_set_new(data, "night", json_boolean(night->id > 0));
	rows_put(data, "night_at", night->id ? clock_local(r->mem, night->started) : NULL);
	json_put(data, "night_link", night->id ? arena_print(r->mem, "/status/natt?nr=%lld", night->id) : NULL);
	json_object_set_new(data, "complete", json_boolean(night->complete));
	json_object_set_new(data, "late", json_boolean(night->id && r->now - night->started > NIGHT_LATE));
}

static const char *
ended(const char *state)
{
	if (strcmp(state, "running") == 0)
		return N_("Körningen %s pågår.");
	return strcmp(state, "failed") == 0 ? N_("Körningen %s misslyckades: se loggen.") : N_("Körningen %s avbröts.");
}

/* What happened after the last good one. */
static int
put_failed(struct request *r, json_t *data, const struct night *last, struct error *err)
{
	struct nights after = { 0 };
	const struct night *worst = NULL;

	if (store_nights(r->mem, r->server->store, "run", last->id ? last->started : INT64_MIN / 2, r->now + 1, &after, err) < 0)
		return -1;
	for (size_t i = 0; i < after.list.count; i++)
		if (after.list.items[i].id > last->id)
			worst = &after.list.items[i];
	json_put(data, "failed", !worst ? NULL : arena_print(r->mem, say(r, ended(worst->state)), clock_local(r->mem, worst->started)));
	return 0;
}

/* ------------------------------------------------------------------ brakes */

static void
add_brake(struct request *r, json_t *list, const char *scope, const char *what)
{
	json_t *one = json_object();

	rows_put(one, "what", what);
	rows_put(one, "command", arena_print(r->mem, say(r, "behov decide release %s --by NAMN --reason \"SKÄL\""), scope));
	json_array_append_new(list, one);
}

static int
stands(struct request *r, const char *name, bool *out, struct error *err)
{
	const char *text = NULL;
	json_t *value = NULL;

	*out = false;
	if (store_get(r->mem, r->server->store, name, &text, err) < 0)
		return -1;
	if (!text || *text != '{')
		return 0;
	if (json_read(text, strlen(text), &value, err) < 0)
		return -1;
	*out = json_text(value, "state") && strcmp(json_text(value, "state"), "braked") == 0;
	json_decref(value);
	return 0;
}

static int
whole_brakes(struct request *r, json_t *list, struct error *err)
{
	const struct rules *rules = r->server->rules;
	bool braked;

	if (stands(r, SHRINK_VALUE, &braked, err) < 0)
		return -1;
	if (braked)
		add_brake(r, list, "directory", say(r, "Katalogen har mycket mindre i sig än förut: behörigheter prövas inte."));
	for (size_t i = 0; i < rules->share_count; i++) {
		const struct share *s = &rules->shares[i];

		if (stands(r, arena_print(r->mem, VANISH_VALUE "%s", s->id), &braked, err) < 0)
			return -1;
		if (braked)
			add_brake(r, list, arena_print(r->mem, "share:%s", s->id),
				  arena_print(r->mem, say(r, "Lagringsytan %s har mycket mindre i sig än förut."), s->name ? s->name : s->id));
	}
	return 0;
}

/* ------------------------------------------------------------------ what waits */

struct queue { long long count; int64_t oldest; };
struct scope { const char *name; long long count; };
struct scopes { LIST(struct scope) list; };

static void
note_scope(struct request *r, struct scopes *all, const char *name)
{
	for (size_t i = 0; i < all->list.count; i++)
		if (strcmp(all->list.items[i].name, name) == 0) {
			all->list.items[i].count++;
			return;
		}
	*arena_push(r->mem, &all->list) = (struct scope){ arena_text(r->mem, name), 1 };
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct scope *)a)->name, ((const struct scope *)b)->name);
}

static void
put_queues(struct request *r, json_t *data, const struct queue *queues)
{
	static const struct { enum state state; const char *word; } words[] = {
		{ STATE_OPEN, N_("Väntar på svar") }, { STATE_BRAKED, N_("Bromsade") },
		{ STATE_QUEUED, N_("I kö: de som ska svara har nog") }, { STATE_ASKED, N_("En kollega är tillfrågad") },
		{ STATE_WRONG_OWNER, N_("Ägaren säger att det inte är deras") }, { STATE_HELD, N_("Under gallringsstopp") },
		{ STATE_SCHEDULED, N_("Godkända, i ångerfrist") }, { STATE_EXPORTED, N_("På arbetslista, i LDIF eller hos e-arkivet") },
		{ STATE_QUARANTINED, N_("I karantän, ej gallrade") }, { STATE_FAILED, N_("Misslyckade") } };
	json_t *list = json_array();

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		const struct queue *q = &queues[words[i].state];
		json_t *one = json_object();

		json_put(one, "word", say(r, words[i].word));
		admin_count(r, one, "count", q->count);
		json_put(one, "age", NULL);
		json_object_set_new(one, "old", json_false());
		if (q->count)
			admin_age(r, one, q->oldest);
		json_array_append_new(list, one);
	}
	json_object_set_new(data, "queues", list);
}

/* "system:treserva", "series:verifikationer-2019@ekonomi" */
static const char *
scope_name(struct request *r, const char *scope)
{
	const struct rules *rules = r->server->rules;
	const char *colon = strchr(scope, ':'), *id = colon ? colon + 1 : scope;
	const struct system *system = rules_system(rules, id);
	const struct series *series = rules_series(rules, arena_copy(r->mem, id, strcspn(id, "@")));

	if (strncmp(scope, "system:", 7) == 0 && system && system->name)
		return system->name;
	return strncmp(scope, "series:", 7) == 0 && series && series->name ? series->name : scope;
}

static int
put_waiting(struct request *r, json_t *data, json_t *brakes, struct error *err)
{
	const struct proposal_filter live = { .states = (STATES_ASKED | STATES_GOING | STATES(STATE_FAILED)), .brief = true };
	struct queue queues[STATE_SUPERSEDED + 1] = { 0 };
	struct stored_list all = { 0 };
	struct scopes scopes = { 0 };

	if (store_proposals(r->mem, r->server->store, &live, &all, err) < 0)
		return -1;
	for (size_t i = 0; i < all.list.count; i++) {
		const struct stored *s = &all.list.items[i];
		struct queue *q = &queues[s->state];

		if (!q->count++ || s->since < q->oldest)
			q->oldest = s->since;
		if (s->state == STATE_BRAKED && s->p.scope)
			note_scope(r, &scopes, s->p.scope);
	}
	stored_free(&all);
	if (scopes.list.count)
		qsort(scopes.list.items, scopes.list.count, sizeof(*scopes.list.items), by_name);
	for (size_t i = 0; i < scopes.list.count; i++)
		add_brake(r, brakes, scopes.list.items[i].name,
			  arena_print(r->mem, say(r, "%s: %s nya förslag på en natt."), scope_name(r, scopes.list.items[i].name),
				      text_count(r->mem, scopes.list.items[i].count)));
	put_queues(r, data, queues);
	return 0;
}

static int
put_counts(struct request *r, json_t *data, struct error *err)
{
	struct letters letters;
	struct facts facts;
	struct holds holds;

	if (store_facts(r->mem, r->server->store, &facts, err) < 0 ||
	    store_letters_unsent(r->mem, r->server->store, &letters, err) < 0 ||
	    store_holds(r->mem, r->server->store, false, &holds, err) < 0)
		return -1;
	admin_count(r, data, "gaps", (long long)facts.gaps.count);
	admin_count(r, data, "findings", (long long)facts.findings.count);
	admin_count(r, data, "unsent", (long long)letters.list.count);
	admin_count(r, data, "holds", (long long)holds.list.count);
	json_object_set_new(data, "some_gaps", json_boolean(facts.gaps.count > 0));
	json_object_set_new(data, "some_unsent", json_boolean(letters.list.count > 0));
	return 0;
}

int
admin_overview(struct request *r, struct error *err)
{
	static const char *const modes[] = { N_("iaktta: ägare får inga brev"), N_("föreslå: inget utförs"), N_("utföra") };
	json_t *data = admin_page(r, N_("Översikt"), ""), *brakes = json_array();
	struct night last;

	json_object_set_new(data, "brakes", brakes);
	json_put(data, "mode", say(r, modes[r->server->rules->conf.mode]));
	json_object_set_new(data, "test", json_boolean(store_is_test(r->server->store)));
	if (store_night_last(r->mem, r->server->store, "run", false, &last, err) < 0 || put_failed(r, data, &last, err) < 0 ||
	    whole_brakes(r, brakes, err) < 0 || put_waiting(r, data, brakes, err) < 0 || put_counts(r, data, err) < 0) {
		json_decref(data);
		return -1;
	}
	put_night(r, data, &last);
	json_object_set_new(data, "some_brakes", json_boolean(json_array_size(brakes) > 0));
	return page_render(r, 200, "admin-overview.html", data, err);
}
