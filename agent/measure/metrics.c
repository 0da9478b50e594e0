/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * metrics.c - how it goes, as OpenMetrics 1.0.
 *
 * Moments stand as moments, and not as ages: what was written by a night that came is read long after the one that did not.
 */
#include "measure_p.h"

#include "behov/file.h"
#include "behov/json.h"
#include "behov/version.h"

#include <math.h>
#include <string.h>

#define MOST ((size_t)16 << 20)         /* bytes */

/* ------------------------------------------------------------------ the format */

static void
family(struct text *t, const char *name, const char *unit, const char *help)
{
	text_print(t, "# TYPE behov_%s gauge\n", name);
	if (unit)
		text_print(t, "# UNIT behov_%s %s\n", name, unit);
	text_print(t, "# HELP behov_%s %s\n", name, help);
}

static void
label(struct text *t, const char *key, const char *raw)
{
	struct arena *mem = arena_open();
	const char *value = text_is_utf8(raw, strlen(raw)) ? raw : name_show(mem, raw);

	text_print(t, "%s=\"", key);
	for (; *value; value++) {
		if (*value == '\\' || *value == '"')
			text_char(t, '\\');
		if (*value == '\n')
			text_add(t, "\\n");
		else
			text_char(t, *value);
	}
	text_char(t, '"');
	arena_close(mem);
}

/* Up to two labels; key NULL = none. */
static void
start(struct text *t, const char *name, const char *key, const char *value, const char *other, const char *its)
{
	text_print(t, "behov_%s", name);
	if (key) {
		text_char(t, '{');
		label(t, key, value);
		if (other) {
			text_char(t, ',');
			label(t, other, its);
		}
		text_char(t, '}');
	}
	text_char(t, ' ');
}

static void
put(struct text *t, const char *name, const char *key, const char *value, long long n)
{
	start(t, name, key, value, NULL, NULL);
	text_print(t, "%lld\n", n);
}

static void
put_two(struct text *t, const char *name, const char *key, const char *value, const char *other, const char *its, long long n)
{
	start(t, name, key, value, other, its);
	text_print(t, "%lld\n", n);
}

/* One number, of which there is always one. */
static void
one(struct text *t, const char *name, const char *unit, const char *help, long long n)
{
	family(t, name, unit, help);
	put(t, name, NULL, NULL, n);
}

/* One number that may not be known: then there is none. */
static void
maybe(struct text *t, const char *name, const char *unit, const char *help, const json_t *n)
{
	family(t, name, unit, help);
	if (json_is_integer(n))
		put(t, name, NULL, NULL, json_integer_value(n));
	else if (json_is_boolean(n))
		put(t, name, NULL, NULL, json_is_true(n));
}

/* ------------------------------------------------------------------ what there is */

static void
put_night(struct text *t, const struct measure_input *in, const struct measured *m)
{
	const json_t *work = json_object_get(m->summary, "work");

	family(t, "build_info", NULL, "Which version of behov this is of.");
	put(t, "build_info", "version", BEHOV_VERSION, 1);
	one(t, "metrics_timestamp_seconds", "seconds", "When these numbers were counted.", in->now);
	one(t, "night_published_timestamp_seconds", "seconds", "When the last night that was published began; 0 when there is none.",
	    m->night.id ? m->night.started : 0);
	one(t, "night_complete", NULL, "1 when that night had no gap.", m->night.id && m->night.complete);
	family(t, "night_duration_seconds", "seconds", "How long it took.");
	if (json_is_integer(json_object_get(work, "milliseconds"))) {
		start(t, "night_duration_seconds", NULL, NULL, NULL, NULL);
		text_print(t, "%.3f\n", (double)json_number(work, "milliseconds", 0) / 1000);
	}
	one(t, "nights_failed", NULL, "Nights that failed or were interrupted since the last one that was published.", m->failed);
	family(t, "nights_week", NULL, "Nights of the last seven days, by how they ended.");
	put(t, "nights_week", "state", "published", m->week.published);
	put(t, "nights_week", "state", "failed", m->week.failed);
	put(t, "nights_week", "state", "interrupted", m->week.interrupted);
}

static void
put_seen(struct text *t, const struct measured *m)
{
	const json_t *list = json_object_get(json_object_get(m->summary, "measure"), "sources"), *s;
	size_t i;

	family(t, "source_complete", NULL, "1 when the last night saw all of that source.");
	json_array_foreach(list, i, s)
		put_two(t, "source_complete", "kind", json_text(s, "kind"), "source", json_text(s, "id"), json_is_true(json_object_get(s, "complete")));
	family(t, "gaps", NULL, "What the last night could not see, by kind.");
	for (i = 0; i < m->gaps.list.count; i++)
		put(t, "gaps", "kind", m->gaps.list.items[i].what, m->gaps.list.items[i].count);
	one(t, "gaps_all", NULL, "All that the last night could not see.", m->gaps.all);
	one(t, "findings", NULL, "What the last night found that a person should see to.", m->findings);
}

static void
put_brakes(struct text *t, const struct measured *m)
{
	family(t, "brakes", NULL, "Brakes that stand: until one is released, or (apply) until the next run.");
	for (int k = 0; k < BRAKED_KINDS; k++) {
		long long n = 0;

		for (size_t i = 0; i < m->brakes.list.count; i++)
			n += m->brakes.list.items[i].kind == (enum braked)k;
		put(t, "brakes", "kind", braked_word[k], n);
	}
	family(t, "braked_proposals", NULL, "Proposals that wait for a brake.");
	for (size_t i = 0; i < m->brakes.list.count; i++) {
		const struct standing *s = &m->brakes.list.items[i];
		if (s->proposals)
			put_two(t, "braked_proposals", "kind", braked_word[s->kind], "scope", s->scope, s->proposals);
	}
}

static const enum state queues[] = { STATE_OPEN, STATE_BRAKED, STATE_QUEUED, STATE_ASKED, STATE_WRONG_OWNER, STATE_HELD,
				     STATE_SCHEDULED, STATE_EXPORTED, STATE_QUARANTINED, STATE_FAILED };

static void
put_queues(struct text *t, const struct measured *m)
{
	family(t, "proposals", NULL, "Proposals that are not over, by state.");
	for (size_t i = 0; i < sizeof(queues) / sizeof(*queues); i++)
		put(t, "proposals", "state", state_word[queues[i]], m->queues[queues[i]].count);
	family(t, "proposals_oldest_timestamp_seconds", "seconds", "Since when the oldest of them is in that state.");
	for (size_t i = 0; i < sizeof(queues) / sizeof(*queues); i++)
		if (m->queues[queues[i]].count)
			put(t, "proposals_oldest_timestamp_seconds", "state", state_word[queues[i]], m->queues[queues[i]].oldest);
	one(t, "reviews_waiting", NULL, "Lists of who had what when the last quarter was over, that their owners have not reviewed.", m->unreviewed.count);
	family(t, "reviews_waiting_oldest_timestamp_seconds", "seconds", "Since when the oldest of them is asked for.");
	if (m->unreviewed.count)
		put(t, "reviews_waiting_oldest_timestamp_seconds", NULL, NULL, m->unreviewed.oldest);
	one(t, "letters_unsent", NULL, "Letters that could not be sent yet.", m->unsent.count);
	family(t, "letters_unsent_oldest_timestamp_seconds", "seconds", "When the oldest of them was written.");
	if (m->unsent.count)
		put(t, "letters_unsent_oldest_timestamp_seconds", NULL, NULL, m->unsent.oldest);
}

static void
put_chain(struct text *t, const struct measured *m)
{
	const json_t *chain = json_object_get(json_object_get(m->summary, "measure"), "chain");

	maybe(t, "audit_rows", NULL, "Rows of the audit chain when the last night walked it.", json_object_get(chain, "rows"));
	maybe(t, "audit_broken_row", NULL, "The first row that did not verify; 0 when all did.", json_object_get(chain, "broken"));
	maybe(t, "audit_sealed_rows", NULL, "Rows that a signed head vouches for.", json_object_get(chain, "sealed"));
	maybe(t, "audit_compared", NULL, "1 when the chain was held against signed heads.", json_object_get(chain, "compared"));
}

static void
put_shares(struct text *t, const struct measured *m)
{
	static const char *const families[][3] = {
		{ "share_files", "files", "Files on a share, as the last night saw it." },
		{ "share_ungoverned_files", "ungoverned", "Those that no series covers." },
		{ "share_held_files", "held", "Those under a hold." } };
	const json_t *stock = json_object_get(m->summary, "stock"), *s;
	size_t i;

	for (size_t f = 0; f < sizeof(families) / sizeof(*families); f++) {
		family(t, families[f][0], NULL, families[f][2]);
		json_array_foreach(stock, i, s)
			if (json_text(s, "share") && !json_text(s, "series") && !json_text(s, "folder"))
				put(t, families[f][0], "share", json_text(s, "share"), json_number(s, families[f][1], 0));
	}
}

static void
put_apply(struct text *t, const struct measured *m)
{
	const json_t *done = m->applied;

	one(t, "quarantine_batches", NULL, "Batches in quarantine.", m->quarantine.batches.count);
	one(t, "quarantine_files", NULL, "Files of the batches in quarantine.", m->quarantine.files);
	one(t, "quarantine_due_files", NULL, "Those whose time there is over: apply destroys them next.", m->quarantine.due);
	family(t, "quarantine_oldest_timestamp_seconds", "seconds", "When the oldest batch came there.");
	if (m->quarantine.batches.count)
		put(t, "quarantine_oldest_timestamp_seconds", NULL, NULL, m->quarantine.batches.oldest);
	one(t, "apply_due_memberships", NULL, "Memberships that apply may remove now.", m->backlog.memberships);
	one(t, "apply_due_files", NULL, "Files that apply may move or destroy now.", m->backlog.files);
	one(t, "apply_due_runs", NULL, "Runs of apply that this takes, as its brake is.", m->backlog.runs);
	one(t, "apply_stuck_proposals", NULL, "Proposals that are more than one run of apply may ever take.", m->backlog.stuck);
	family(t, "apply_due_eta_seconds", "seconds", "How long until all of it is done, when apply runs as often as it did; none when it is not known.");
	if (m->backlog.seconds >= 0)
		put(t, "apply_due_eta_seconds", NULL, NULL, m->backlog.seconds);
	maybe(t, "apply_timestamp_seconds", "seconds", "When apply ran last.", json_object_get(done, "at"));
	maybe(t, "apply_good", NULL, "1 when that run came to its end.", json_object_get(done, "good"));
	maybe(t, "apply_failed", NULL, "What that run could not do.", json_object_get(done, "failed"));
	maybe(t, "apply_left", NULL, "What that run left alone, because it no longer held.", json_object_get(done, "left"));
}

static void
put_goals(struct text *t, const struct goals *goals)
{
	family(t, "goal_met", NULL, "1 when that goal of the configuration is met.");
	for (int g = 0; g < GOALS; g++)
		if (!isnan(goals->list[g].value))
			put(t, "goal_met", "goal", goals->list[g].id, goals->list[g].met);
	family(t, "coverage_ratio", "ratio", "Part of systems, groups and files that are governed, and of sources seen whole.");
	for (int g = 0; g < GOALS; g++) {
		const struct goal *one_goal = &goals->list[g];

		if (one_goal->unit != MEASURE_PART || isnan(one_goal->value))
			continue;
		start(t, "coverage_ratio", "of", one_goal->id, NULL, NULL);
		text_print(t, "%.6f\n", one_goal->value);
	}
}

void
measure_metrics(const struct measure_input *in, const struct measured *measured, const struct goals *goals, struct text *out)
{
	put_night(out, in, measured);
	put_seen(out, measured);
	put_brakes(out, measured);
	put_queues(out, measured);
	put_chain(out, measured);
	put_shares(out, measured);
	put_apply(out, measured);
	put_goals(out, goals);
	text_add(out, "# EOF\n");
}

int
measure_write(struct arena *mem, const struct measure_input *in, struct error *err)
{
	const char *path = in->rules->conf.metrics.file;
	struct measured measured;
	struct goals goals;
	struct text t;
	int rc;

	if (!path)
		return 0;
	if (measure_read(mem, in, &measured, err) < 0)
		return error_in(err, "counting for '%s'", path);
	text_open(&t, MOST);
	measure_goals(in, &measured, &goals);
	measure_metrics(in, &measured, &goals, &t);
	rc = t.full ? error_set(err, ERROR_SOURCE, "'%s' would be more than 16 MB", path) : file_write_public(path, t.data, t.len, err);
	text_close(&t);
	measure_free(&measured);
	return rc;
}
