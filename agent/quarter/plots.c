/* SPDX-License-Identifier: GPL-3.0-or-later */
/* plots.c - the quarter week by week. */
#include "quarter_p.h"

/* ISO 8601: the week of the year in which its Thursday lies. */
static int
week_number(day_t day)
{
	day_t thursday = day - (day + 3) % 7 + 3;

	return (int)(thursday - day_make(day_year(thursday), 1, 1)) / 7 + 1;
}

static int
week_count(const struct quarter *q)
{
	int64_t weeks = (q->span.end - 1 - q->span.from) / (7 * DAY) + 1;

	return weeks < 1 ? 1 : weeks > WEEKS ? WEEKS : (int)weeks;
}

static const char *const *
week_labels(const struct quarter *q, int count)
{
	const char **labels = arena_array(q->mem, const char *, (size_t)count);

	for (int i = 0; i < count; i++)
		labels[i] = arena_print(q->mem, "v. %d", week_number(clock_day(q->span.from + (int64_t)i * 7 * DAY)));
	return labels;
}

/* What the last night of each week said; NAN where there was none, or it did not say. */
static const double *
by_week(const struct quarter *q, int count, const char *group, const char *key)
{
	double *values = arena_array(q->mem, double, (size_t)count);

	for (int i = 0; i < count; i++)
		values[i] = NAN;
	for (size_t i = 0; i < q->facts.count; i++) {
		int64_t week = (q->facts.items[i].night->started - q->span.from) / (7 * DAY);

		if (q->facts.items[i].night->started >= q->span.from && week < count)
			values[week] = night_number(q->facts.items[i].summary, group, key);
	}
	return values;
}

static bool
any_known(const double *values, int count)
{
	for (int i = 0; i < count; i++)
		if (!isnan(values[i]))
			return true;
	return false;
}

/* "Gick från 12 till 9." */
static const char *
course(struct arena *mem, const double *values, int count)
{
	int first = 0, last = count - 1;

	while (isnan(values[first]))
		first++;
	while (isnan(values[last]))
		last--;
	return arena_print(mem, "Gick från %s till %s.", text_count(mem, (long long)values[first]), text_count(mem, (long long)values[last]));
}

static void
add_line(struct quarter *q, int count, const char *id, const char *title, const char *unit, const char *group, const char *key)
{
	struct plot_series *series = arena_new(q->mem, struct plot_series);
	const double *values = by_week(q, count, group, key);

	if (!any_known(values, count))
		return;
	*series = (struct plot_series){ title, values };
	*arena_push(q->mem, &q->plots) = (struct plot){ .id = id, .title = title, .unit = unit, .kind = PLOT_LINES, .x_count = count,
		.x = week_labels(q, count), .series = series, .series_count = 1, .says = course(q->mem, values, count) };
}

/* Where nobody looked it is not known that nothing changed: it is told of the week of the next night. */
static void
add_changes(struct quarter *q, int count)
{
	struct plot_series *series = arena_array(q->mem, struct plot_series, 2);
	double *came = arena_array(q->mem, double, (size_t)count), *went = arena_array(q->mem, double, (size_t)count);

	if (!q->change[CHANGE_NEW] && !q->change[CHANGE_GONE])
		return;
	for (int i = 0; i < count; i++)
		came[i] = went[i] = NAN;
	for (size_t i = 0; i < q->facts.count; i++) {
		int64_t week = (q->facts.items[i].night->started - q->span.from) / (7 * DAY);

		if (q->facts.items[i].night->started >= q->span.from && week < count) {
			came[week] = (double)q->weeks[week].came;
			went[week] = (double)q->weeks[week].went;
		}
	}
	series[0] = (struct plot_series){ "Nya", came };
	series[1] = (struct plot_series){ "Borttagna", went };
	*arena_push(q->mem, &q->plots) = (struct plot){ .id = "changes", .title = "Nya och borttagna behörigheter", .unit = "behörigheter",
		.kind = PLOT_BARS, .x_count = count, .x = week_labels(q, count), .series = series, .series_count = 2,
		.says = arena_print(q->mem, "%s kom till och %s togs bort.", many(q->mem, q->change[CHANGE_NEW], "behörighet", "behörigheter"),
				    text_count(q->mem, q->change[CHANGE_GONE])) };
}

static void
add_days(struct quarter *q)
{
	static const char *const labels[] = { "samma dag", "1–3 dagar", "4–7", "8–14", "15–28", "längre" };
	static const long long most[] = { 0, 3, 7, 14, 28 };
	double *counts = arena_array(q->mem, double, 6);
	struct plot_series *series = arena_new(q->mem, struct plot_series);
	long long quick = 0, all = 0;

	for (size_t i = 0; i < q->answers.count; i++) {
		int at = 0;

		if (q->answers.items[i].d->verdict != VERDICT_APPROVE && q->answers.items[i].d->verdict != VERDICT_KEEP)
			continue;
		while (at < 5 && q->answers.items[i].days > most[at])
			at++;
		counts[at]++;
		quick += at < 3;
		all++;
	}
	if (!all)
		return;
	*series = (struct plot_series){ "Svar", counts };
	*arena_push(q->mem, &q->plots) = (struct plot){ .id = "days", .title = "Tid till svar", .unit = "svar", .kind = PLOT_BARS, .x_count = 6,
		.x = labels, .series = series, .series_count = 1,
		.says = arena_print(q->mem, "%s av %s svar kom inom en vecka.", text_count(q->mem, quick), text_count(q->mem, all)) };
}

/* Answers come after the night, too: what the last one counted is not what page one says is left. */
static void
say_waiting(struct quarter *q)
{
	struct plot *last = q->plots.count ? &q->plots.items[q->plots.count - 1] : NULL;
	long long left = json_number(json_object_get(q->page, "waiting"), "count", 0);

	if (last && strcmp(last->id, "open") == 0)
		last->says = arena_print(q->mem, "%s När %s väntade %s.", last->says, q->span.so_far ? "rapporten gjordes" : "kvartalet slutade",
					 text_count(q->mem, left));
}

/* What is counted over all of it is shown of all of it only. */
void
put_plots(struct quarter *q)
{
	int count = week_count(q);

	if (is_whole(q)) {
		add_line(q, count, "access", "Behörigheter", "behörigheter", "review", "access");
		add_line(q, count, "open", "Förslag som väntar", "förslag", "work", "open");
		say_waiting(q);
	}
	add_changes(q, count);
	add_days(q);
	if (is_whole(q)) {
		add_line(q, count, "ungoverned", "Filer utan gallringsbeslut", "filer", "files", "ungoverned");
		add_line(q, count, "due", "Filer att gallra", "filer", "files", "due");
	}
}
