/* SPDX-License-Identifier: GPL-3.0-or-later */
/* goals.c - what is wanted, how it is, and how it was night by night, as the summaries of the nights say. */
#include "measure_p.h"

#include "behov/json.h"

#include <math.h>
#include <string.h>

#define NIGHTS 60
#define LOOK_BACK ((int64_t)120 * 86400)        /* seconds */
#define HOUR 3600.0
#define DAY 86400.0

/* ------------------------------------------------------------------ what one summary says */

static double
number(const json_t *o, const char *key)
{
	const json_t *n = json_object_get(o, key);

	return json_is_integer(n) ? (double)json_integer_value(n) : NAN;
}

/* Nothing is whole where there is nothing. */
static double
part(double some, double all)
{
	return all > 0 ? some / all : NAN;
}

static double
complete_of(const json_t *summary)
{
	const json_t *list = json_object_get(json_object_get(summary, "measure"), "sources"), *one;
	double good = 0;
	size_t i;

	json_array_foreach(list, i, one)
		good += json_is_true(json_object_get(one, "complete"));
	return part(good, (double)json_array_size(list));
}

static double gaps_of(const json_t *summary) { return number(json_object_get(summary, "work"), "gaps"); }
static double brakes_of(const json_t *summary) { return number(json_object_get(summary, "measure"), "brakes"); }
static double oldest_of(const json_t *summary) { return number(json_object_get(summary, "measure"), "oldest") / DAY; }

static double
systems_of(const json_t *summary)
{
	const json_t *m = json_object_get(summary, "measure");

	return part(number(m, "with_needs"), number(m, "systems"));
}

static double
groups_of(const json_t *summary)
{
	const json_t *m = json_object_get(summary, "measure");

	return part(number(m, "registered"), number(m, "groups"));
}

static double
files_of(const json_t *summary)
{
	const json_t *f = json_object_get(summary, "files");

	return part(number(f, "files") - number(f, "ungoverned"), number(f, "files"));
}

/* The order of conf.targets in targets_of(). */
enum { GOAL_NIGHT, GOAL_COMPLETE, GOAL_GAPS, GOAL_BRAKES, GOAL_ANSWER, GOAL_SYSTEMS, GOAL_GROUPS, GOAL_FILES };
static const struct {
	const char *id, *name;
	enum measure_unit unit;
	bool floor;
	double (*of)(const json_t *summary);    /* NULL: from one night to the next */
} known[GOALS] = {
	[GOAL_NIGHT] = { "night", N_("Tid sedan den senaste natten"), MEASURE_HOURS, false, NULL },
	[GOAL_COMPLETE] = { "complete", N_("Källor som lästes helt"), MEASURE_PART, true, complete_of },
	[GOAL_GAPS] = { "gaps", N_("Luckor"), MEASURE_COUNT, false, gaps_of },
	[GOAL_BRAKES] = { "brakes", N_("Bromsar som står"), MEASURE_COUNT, false, brakes_of },
	[GOAL_ANSWER] = { "answer", N_("Äldsta frågan utan svar"), MEASURE_DAYS, false, oldest_of },
	[GOAL_SYSTEMS] = { "systems", N_("System där varje roll har skrivna behov"), MEASURE_PART, true, systems_of },
	[GOAL_GROUPS] = { "groups", N_("Behörighetsgrupper som hör till ett system"), MEASURE_PART, true, groups_of },
	[GOAL_FILES] = { "files", N_("Filer som en serie styr"), MEASURE_PART, true, files_of },
};

/* ------------------------------------------------------------------ all of them */

static void
fill_nights(struct arena *mem, struct goals *out)
{
	size_t count = out->nights.count;
	int64_t before = INT64_MIN;

	for (int g = 0; g < GOALS; g++)
		out->list[g].nights = arena_array(mem, double, count + 1);
	for (size_t i = 0; i < count; i++) {
		const struct night *n = &out->nights.items[i];
		bool published = strcmp(n->state, "published") == 0;
		json_t *summary = NULL;

		if (published && n->summary && json_read(n->summary, strlen(n->summary), &summary, NULL) < 0)
			summary = NULL;
		for (int g = 0; g < GOALS; g++)
			out->list[g].nights[i] = known[g].of ? known[g].of(summary) :
						 published && before != INT64_MIN ? (double)(n->started - before) / HOUR : NAN;
		before = published ? n->started : before;
		json_decref(summary);
	}
}

/* What is known of this very moment is not taken from the last night. */
static double
now_of(const struct measure_input *in, const struct measured *m, int goal)
{
	int64_t oldest = INT64_MAX;

	if (goal == GOAL_NIGHT)
		return m->night.id ? fmax(0, (double)(in->now - m->night.started)) / HOUR : NAN;
	if (goal == GOAL_BRAKES)
		return (double)m->brakes.list.count;
	if (goal != GOAL_ANSWER)
		return known[goal].of(m->summary);
	for (int s = 0; s <= STATE_SUPERSEDED; s++)
		if (STATES(s) & STATES_ANSWERABLE && m->queues[s].oldest < oldest)
			oldest = m->queues[s].oldest;
	return oldest == INT64_MAX ? 0 : fmax(0, (double)(in->now - oldest)) / DAY;
}

static double
target_of(const struct conf *conf, int goal)
{
	const double targets[GOALS] = { conf->targets.night_hours, conf->targets.complete, conf->targets.gaps, conf->targets.brakes,
					conf->targets.answer_days, conf->targets.systems, conf->targets.groups, conf->targets.files };

	return targets[goal];
}

void
measure_goals(const struct measure_input *in, const struct measured *measured, struct goals *out)
{
	*out = (struct goals){ 0 };
	for (int g = 0; g < GOALS; g++) {
		struct goal *one = &out->list[g];

		*one = (struct goal){ .id = known[g].id, .name = known[g].name, .unit = known[g].unit, .floor = known[g].floor,
				      .target = target_of(&in->rules->conf, g), .value = now_of(in, measured, g) };
		one->met = one->floor ? one->value >= one->target : floor(one->value) <= one->target;   /* NAN is neither */
	}
}

int
measure_nights(struct arena *mem, const struct measure_input *in, struct goals *goals, struct error *err)
{
	struct nights all = { 0 };

	if (store_nights(mem, in->store, "run", in->now - LOOK_BACK, in->now + 1, &all, err) < 0)
		return -1;
	for (size_t i = all.list.count > NIGHTS ? all.list.count - NIGHTS : 0; i < all.list.count; i++)
		*arena_push(mem, &goals->nights) = all.list.items[i];
	fill_nights(mem, goals);
	return 0;
}

/* ------------------------------------------------------------------ in words */

const char *
measure_word(struct arena *mem, const struct language *language, enum measure_unit unit, double value)
{
	long long whole = isnan(value) ? 0 : (long long)floor(value + 1e-9), tenths;

	if (isnan(value))
		return speak(language, N_("okänt"));
	switch (unit) {
	case MEASURE_HOURS:
		return whole < 1 ? speak(language, N_("under 1 h")) : whole == 1 ? speak(language, N_("1 timme")) : arena_print(mem, speak(language, N_("%s timmar")), text_count(mem, whole));
	case MEASURE_DAYS:
		return whole == 1 ? speak(language, N_("1 dag")) : arena_print(mem, speak(language, N_("%s dagar")), text_count(mem, whole));
	case MEASURE_PART:
		tenths = (long long)floor(value * 1000 + 1e-6);
		return tenths % 10 ? arena_print(mem, "%lld,%lld %%", tenths / 10, tenths % 10) : arena_print(mem, "%lld %%", tenths / 10);
	case MEASURE_COUNT:
		break;
	}
	return text_count(mem, whole);
}
