/* SPDX-License-Identifier: GPL-3.0-or-later */
/* status-goals.c - of the status: brakes, sources, how old queues are, what apply has before it, and the goals night by night. */
#include "report_p.h"

#include "behov/measure.h"

#include <math.h>

#define DRAWN 30                        /* nights on a terminal */
#define NAME_WIDE 44
#define WORD_WIDE 12

static json_t *
real(double value)
{
	return isnan(value) ? json_null() : json_real(floor(value * 10000 + 0.5) / 10000);
}

/* ------------------------------------------------------------------ JSON */

static void
put_brakes(struct arena *mem, const struct measured *m, json_t *out)
{
	json_t *list = put_list(out, "braked");

	for (size_t i = 0; i < m->brakes.list.count; i++) {
		const struct standing *s = &m->brakes.list.items[i];
		json_t *o = json_object();

		json_put(o, "scope", s->scope);
		json_put(o, "kind", braked_word[s->kind]);
		put_number(o, "proposals", s->proposals);
		json_put(o, "release", s->kind == BRAKED_APPLY ? NULL : arena_print(mem, "behov decide release %s", s->scope));
		json_array_append_new(list, o);
	}
}

static void
put_queues(struct arena *mem, const struct measured *m, json_t *out)
{
	json_t *oldest = json_object(), *quarantine = json_object(), *backlog = json_object();

	json_object_set_new(out, "oldest", oldest);
	for (int s = STATE_OPEN; s <= STATE_FAILED; s++)
		if (s != STATE_KEPT && s != STATE_DONE)
			put_moment(mem, oldest, state_word[s], m->queues[s].count ? m->queues[s].oldest : INT64_MIN);
	put_moment(mem, oldest, "unreviewed", m->unreviewed.count ? m->unreviewed.oldest : INT64_MIN);
	json_object_set_new(out, "quarantine", quarantine);
	put_number(quarantine, "batches", m->quarantine.batches.count);
	put_number(quarantine, "files", m->quarantine.files);
	put_number(quarantine, "due", m->quarantine.due);
	json_object_set_new(out, "backlog", backlog);
	put_number(backlog, "memberships", m->backlog.memberships);
	put_number(backlog, "files", m->backlog.files);
	put_number(backlog, "runs", m->backlog.runs);
	put_number(backlog, "stuck", m->backlog.stuck);
	json_object_set_new(backlog, "seconds", m->backlog.seconds < 0 ? json_null() : json_integer(m->backlog.seconds));
}

static void
put_goals(struct arena *mem, const struct goals *goals, json_t *out)
{
	static const char *const units[] = { "count", "hours", "days", "part" };
	json_t *list = put_list(out, "goals");

	for (int g = 0; g < GOALS; g++) {
		const struct goal *goal = &goals->list[g];
		json_t *o = json_object(), *nights = put_list(o, "nights");

		json_put(o, "id", goal->id);
		json_put(o, "name", goal->name);
		json_put(o, "unit", units[goal->unit]);
		json_object_set_new(o, "floor", json_boolean(goal->floor));
		json_object_set_new(o, "target", real(goal->target));
		json_object_set_new(o, "value", real(goal->value));
		json_object_set_new(o, "met", json_boolean(goal->met));
		for (size_t i = 0; i < goals->nights.count; i++) {
			json_t *night = json_object();

			put_moment(mem, night, "at", goals->nights.items[i].started);
			json_object_set_new(night, "value", real(goal->nights[i]));
			json_array_append_new(nights, night);
		}
		json_array_append_new(list, o);
	}
}

int
status_goals(struct arena *mem, const struct report_input *in, json_t *out, struct error *err)
{
	const struct measure_input how = { in->rules, in->store, in->now };
	const json_t *sources;
	struct measured m;
	struct goals goals;
	int rc;

	if (measure_read(mem, &how, &m, err) < 0)
		return -1;
	measure_goals(&how, &m, &goals);
	rc = measure_nights(mem, &how, &goals, err);
	if (rc == 0) {
		sources = json_object_get(json_object_get(m.summary, "measure"), "sources");
		put_brakes(mem, &m, out);
		put_queues(mem, &m, out);
		put_number(out, "nights_failed", m.failed);
		put_number(out, "unreviewed", m.unreviewed.count);
		json_object_set_new(out, "sources", sources ? json_deep_copy(sources) : json_array());
		put_goals(mem, &goals, out);
	}
	measure_free(&m);
	return rc;
}

/* ------------------------------------------------------------------ for a terminal */

static double
value_of(const json_t *o, const char *key)
{
	const json_t *n = json_object_get(o, key);

	return json_is_number(n) ? json_number_value(n) : NAN;
}

static enum measure_unit
unit_of(const json_t *goal)
{
	const char *unit = json_text(goal, "unit");

	return strcmp(unit, "hours") == 0 ? MEASURE_HOURS : strcmp(unit, "days") == 0 ? MEASURE_DAYS :
	       strcmp(unit, "part") == 0 ? MEASURE_PART : MEASURE_COUNT;
}

/* From nothing up: a part of the whole, else of the most there was.  A night that does not say is a dot. */
static void
draw(struct text *t, const json_t *nights, enum measure_unit unit)
{
	static const char *const bars[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	size_t count = json_array_size(nights), from = count > DRAWN ? count - DRAWN : 0;
	double most = unit == MEASURE_PART ? 1 : 0;

	for (size_t i = from; i < count; i++)
		most = fmax(most, value_of(json_array_get(nights, i), "value"));        /* not NAN while one of them is not */
	for (size_t i = from; i < count; i++) {
		double value = value_of(json_array_get(nights, i), "value");
		int high = (int)fmax(0, fmin(7, most > 0 ? value / most * 7 + 0.5 : 0));

		text_add(t, isnan(value) ? "·" : bars[high]);
	}
}

/* å, ä and ö are two bytes each. */
static void
column(struct text *t, const char *word, int wide)
{
	int width = 0;

	for (const char *p = word; *p; p++)
		width += ((unsigned char)*p & 0xc0) != 0x80;
	text_print(t, "%s%*s", word, width < wide ? wide - width : wide > 0, "");
}

void
status_goals_text(struct arena *mem, const json_t *status, struct text *t)
{
	const json_t *backlog = json_object_get(status, "backlog"), *goal, *source;
	size_t i;

	json_array_foreach(json_object_get(status, "sources"), i, source)
		if (!json_is_true(json_object_get(source, "complete")))
			text_print(t, "  källa som inte lästes helt: %s %s\n", json_text(source, "kind"), plain(mem, json_text(source, "id")));
	if (json_number(backlog, "memberships", 0) || json_number(backlog, "files", 0))
		text_print(t, "  att verkställa nu: %s medlemskap och %s, %s\n", text_count(mem, json_number(backlog, "memberships", 0)),
			   text_many(mem, json_number(backlog, "files", 0), "fil", "filer"), json_number(backlog, "runs", 0) == 1 ? "en körning" :
			   arena_print(mem, "%s körningar", text_count(mem, json_number(backlog, "runs", 0))));
	if (json_number(backlog, "stuck", 0))
		text_print(t, "  fler än en körning får ta: %s förslag (apply-brake)\n", text_count(mem, json_number(backlog, "stuck", 0)));
	text_print(t, "\nMål, och de senaste nätterna (högst %d)\n", DRAWN);
	json_array_foreach(json_object_get(status, "goals"), i, goal) {
		const json_t *nights = json_object_get(goal, "nights");
		enum measure_unit unit = unit_of(goal);

		text_add(t, json_is_true(json_object_get(goal, "met")) ? "  nås      " : json_is_null(json_object_get(goal, "value")) ? "  okänt    "
										       : "  nås inte ");
		column(t, json_text(goal, "name"), NAME_WIDE);
		column(t, measure_word(mem, NULL, unit, value_of(goal, "value")), WORD_WIDE);
		column(t, arena_print(mem, "%s %s", json_is_true(json_object_get(goal, "floor")) ? "minst" : "högst",
				      measure_word(mem, NULL, unit, value_of(goal, "target"))), json_array_size(nights) ? WORD_WIDE + 6 : 0);
		draw(t, nights, unit);
		text_char(t, '\n');
	}
}
