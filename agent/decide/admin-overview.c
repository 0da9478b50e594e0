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

/* ------------------------------------------------------------------ what waits */

static void
put_queue(struct request *r, json_t *list, const char *word, const struct pile *q)
{
	json_t *one = json_object();

	json_put(one, "word", say(r, word));
	admin_count(r, one, "count", q->count);
	json_put(one, "age", NULL);
	json_object_set_new(one, "old", json_false());
	if (q->count)
		admin_age(r, one, q->oldest);
	json_array_append_new(list, one);
}

static void
put_queues(struct request *r, json_t *data, const struct measured *m)
{
	static const struct { enum state state; const char *word; } words[] = {
		{ STATE_OPEN, N_("Väntar på svar") }, { STATE_BRAKED, N_("Bromsade") },
		{ STATE_QUEUED, N_("I kö: de som ska svara har nog") }, { STATE_ASKED, N_("En kollega är tillfrågad") },
		{ STATE_WRONG_OWNER, N_("Ägaren säger att det inte är deras") }, { STATE_HELD, N_("Under gallringsstopp") },
		{ STATE_SCHEDULED, N_("Godkända, i ångerfrist") }, { STATE_EXPORTED, N_("På arbetslista, i LDIF eller hos e-arkivet") },
		{ STATE_QUARANTINED, N_("I karantän, ej gallrade") }, { STATE_FAILED, N_("Misslyckade") } };
	json_t *list = json_array();

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		put_queue(r, list, words[i].word, &m->queues[words[i].state]);
	put_queue(r, list, N_("Behörighetslistor att granska"), &m->unreviewed);
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

static const char *
brake_text(struct request *r, const struct standing *s)
{
	const struct share *share = s->kind == BRAKED_SHARE ? rules_share(r->server->rules, s->scope + strlen("share:")) : NULL;
	const char *many = text_count(r->mem, s->proposals);

	switch (s->kind) {
	case BRAKED_DIRECTORY:
		return say(r, "Katalogen har mycket mindre i sig än förut: behörigheter prövas inte.");
	case BRAKED_SHARE:
		return arena_print(r->mem, say(r, "Lagringsytan %s har mycket mindre i sig än förut."),
				   share && share->name ? share->name : s->scope + strlen("share:"));
	case BRAKED_PROPOSALS:
		return arena_print(r->mem, say(r, "%s: %s nya förslag på en natt."), scope_name(r, s->scope), many);
	case BRAKED_APPLY:
		break;
	}
	return arena_print(r->mem, say(r, "%s: %s godkända förslag är fler än en körning får utföra. De väntar på nästa."),
			   scope_name(r, s->scope), many);
}

static void
put_brakes(struct request *r, json_t *data, const struct measured *m)
{
	json_t *list = json_array();

	for (size_t i = 0; i < m->brakes.list.count; i++) {
		const struct standing *s = &m->brakes.list.items[i];
		json_t *one = json_object();

		rows_put(one, "what", brake_text(r, s));
		rows_put(one, "command", s->kind == BRAKED_APPLY ? NULL :
			 arena_print(r->mem, say(r, "behov decide release %s --by NAMN --reason \"SKÄL\""), s->scope));
		json_array_append_new(list, one);
	}
	json_object_set_new(data, "some_brakes", json_boolean(json_array_size(list) > 0));
	json_object_set_new(data, "brakes", list);
}

static int
put_measured(struct request *r, json_t *data, struct error *err)
{
	const struct measure_input in = { r->server->rules, r->server->store, r->now };
	json_t *list = json_array();
	struct measured m;
	struct goals goals;

	json_object_set_new(data, "goals", list);
	if (measure_read(r->mem, &in, &m, err) < 0)
		return -1;
	measure_goals(&in, &m, &goals);
	for (int g = 0; g < GOALS; g++)
		json_array_append_new(list, admin_goal(r, &goals.list[g]));
	put_brakes(r, data, &m);
	put_queues(r, data, &m);
	measure_free(&m);
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
	json_t *data = admin_page(r, N_("Översikt"), "");
	struct night last;

	json_put(data, "mode", say(r, modes[r->server->rules->conf.mode]));
	json_object_set_new(data, "test", json_boolean(store_is_test(r->server->store)));
	if (store_night_last(r->mem, r->server->store, "run", false, &last, err) < 0 || put_failed(r, data, &last, err) < 0 ||
	    put_measured(r, data, err) < 0 || put_counts(r, data, err) < 0) {
		json_decref(data);
		return -1;
	}
	put_night(r, data, &last);
	return page_render(r, 200, "admin-overview.html", data, err);
}
