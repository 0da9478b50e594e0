/* SPDX-License-Identifier: GPL-3.0-or-later */
/* admin-goals.c - /status/mal: what is wanted, how it is, and how it was night by night; and which sources the last night saw. */
#include "admin_p.h"

#include <math.h>

static const char *
word_of(struct request *r, const void *self, double value)
{
	const struct goal *goal = self;

	return measure_word(r->mem, r->language, goal->unit, value);
}

static json_t *
plot(struct request *r, const struct goals *goals, const struct goal *goal)
{
	struct admin_point *points = arena_array(r->mem, struct admin_point, goals->nights.count + 1);

	for (size_t i = 0; i < goals->nights.count; i++)
		points[i] = (struct admin_point){ goals->nights.items[i].started, goal->nights[i], goals->nights.items[i].complete };
	return admin_plot(r, &(struct admin_plot){ .id = goal->id, .title = say(r, goal->name), .points = points, .count = goals->nights.count,
						   .target = goal->target, .lowest = goal->floor, .word = word_of, .self = goal });
}

/* "minst 95 %" */
static const char *
wanted(struct request *r, const struct goal *goal)
{
	const char *word = word_of(r, goal, goal->target);

	return goal->floor ? arena_print(r->mem, say(r, "minst %s"), word) : arena_print(r->mem, say(r, "högst %s"), word);
}

json_t *
admin_goal(struct request *r, const struct goal *goal)
{
	json_t *o = json_object();

	json_put(o, "name", say(r, goal->name));
	json_put(o, "value", word_of(r, goal, goal->value));
	json_put(o, "wanted", wanted(r, goal));
	json_object_set_new(o, "met", json_boolean(goal->met));
	json_object_set_new(o, "known", json_boolean(!isnan(goal->value)));
	return o;
}

/* "Lagringsytan e" */
static json_t *
source(struct request *r, const json_t *from)
{
	const char *kind = json_text(from, "kind"), *id = json_text(from, "id");
	const struct system *system = rules_system(r->server->rules, id);
	const struct share *share = rules_share(r->server->rules, id);
	json_t *o = json_object();

	if (strcmp(kind, "accounts") == 0 && system && system->name)
		id = system->name;
	if (strcmp(kind, "share") == 0 && share && share->name)
		id = share->name;
	rows_put(o, "kind", say(r, admin_gap_word(kind)));
	rows_put(o, "id", strcmp(kind, "hr") == 0 ? NULL : id);
	json_object_set_new(o, "complete", json_boolean(json_is_true(json_object_get(from, "complete"))));
	return o;
}

static void
put_all(struct request *r, json_t *data, const struct measured *m, const struct goals *goals)
{
	const json_t *sources = json_object_get(json_object_get(m->summary, "measure"), "sources"), *one;
	json_t *rows = json_array(), *drawn = json_array(), *seen = json_array();
	size_t i;

	for (int g = 0; g < GOALS; g++) {
		json_array_append_new(rows, admin_goal(r, &goals->list[g]));
		json_array_append_new(drawn, plot(r, goals, &goals->list[g]));
	}
	json_array_foreach(sources, i, one)
		if (json_text(one, "kind") && json_text(one, "id"))
			json_array_append_new(seen, source(r, one));
	json_object_set_new(data, "goals", rows);
	json_object_set_new(data, "plots", drawn);
	json_object_set_new(data, "some_sources", json_boolean(json_array_size(seen) > 0));
	json_object_set_new(data, "sources", seen);
}

int
admin_goals(struct request *r, struct error *err)
{
	const struct measure_input in = { r->server->rules, r->server->store, r->now };
	json_t *data = admin_page(r, N_("Mål"), "mal");
	struct measured m;
	struct goals goals;
	int rc;

	if (measure_read(r->mem, &in, &m, err) < 0) {
		json_decref(data);
		return -1;
	}
	measure_goals(&in, &m, &goals);
	rc = measure_nights(r->mem, &in, &goals, err);
	if (rc == 0)
		put_all(r, data, &m, &goals);
	measure_free(&m);
	if (rc == 0)
		return page_render(r, 200, "admin-goals.html", data, err);
	json_decref(data);
	return -1;
}
