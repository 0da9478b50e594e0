/* SPDX-License-Identifier: GPL-3.0-or-later */
/* read.c - how it is now: nights, brakes, gaps, queues, letters, the quarantine, and what apply has before it. */
#include "measure_p.h"

#include "behov/json.h"

#include <string.h>

#define WEEK ((int64_t)7 * 86400)       /* seconds */

static int
read_json(const char *text, json_t **out, struct error *err)
{
	*out = NULL;
	return text ? json_read(text, strlen(text), out, err) : 0;
}

static int
read_nights(struct arena *mem, const struct measure_input *in, struct measured *out, struct error *err)
{
	int64_t week = in->now - WEEK, from;
	struct nights all;

	if (store_night_last(mem, in->store, "run", false, &out->night, err) < 0 || read_json(out->night.summary, &out->summary, err) < 0)
		return -1;
	from = out->night.id && out->night.started < week ? out->night.started : week;
	if (store_nights(mem, in->store, "run", out->night.id ? from : INT64_MIN / 2, in->now + 1, &all, err) < 0)
		return -1;
	for (size_t i = 0; i < all.list.count; i++) {
		const struct night *n = &all.list.items[i];
		bool failed = strcmp(n->state, "failed") == 0, interrupted = strcmp(n->state, "interrupted") == 0;

		out->failed += n->id > out->night.id && (failed || interrupted);
		if (n->started < week)
			continue;
		out->week.published += strcmp(n->state, "published") == 0;
		out->week.failed += failed;
		out->week.interrupted += interrupted;
	}
	return 0;
}

static int
read_facts(struct arena *mem, const struct measure_input *in, struct measured *out, struct error *err)
{
	struct facts facts;

	if (store_facts(mem, in->store, &facts, err) < 0)
		return -1;
	out->findings = (long long)facts.findings.count;
	out->gaps.all = (long long)facts.gaps.count;
	for (size_t i = 0; i < facts.gaps.count; i++) {
		const char *what = facts.gaps.items[i].gap.what;
		size_t k = 0;

		while (k < out->gaps.list.count && strcmp(out->gaps.list.items[k].what, what) != 0)
			k++;
		if (k == out->gaps.list.count)
			*arena_push(mem, &out->gaps.list) = (struct gap_kind){ what, 0 };
		out->gaps.list.items[k].count++;
	}
	return 0;
}

static void
add(struct pile *pile, int64_t since)
{
	if (!pile->count++ || since < pile->oldest)
		pile->oldest = since;
}

static int
read_queues(struct arena *mem, const struct measure_input *in, struct measured *out, struct error *err)
{
	const struct proposal_filter live = { .states = STATES_ASKED | STATES_GOING | STATES(STATE_FAILED), .brief = true };
	struct stored_list all = { 0 };
	int rc;

	if (store_proposals(mem, in->store, &live, &all, err) < 0)
		return -1;
	for (size_t i = 0; i < all.list.count; i++) {
		const struct stored *s = &all.list.items[i];

		add(&out->queues[s->state], s->since);
		if (s->state != STATE_QUARANTINED)
			continue;
		add(&out->quarantine.batches, s->since);
		out->quarantine.files += s->p.files;
		out->quarantine.due += s->go_at <= in->now ? s->p.files : 0;
	}
	rc = backlog_count(mem, in, &all, out, err);
	stored_free(&all);
	return rc;
}

static int
read_letters(struct arena *mem, const struct measure_input *in, struct measured *out, struct error *err)
{
	struct letters letters;

	if (store_letters_unsent(mem, in->store, &letters, err) < 0)
		return -1;
	for (size_t i = 0; i < letters.list.count; i++)
		add(&out->unsent, letters.list.items[i].created);
	return 0;
}

static int
read_reviews(struct arena *mem, const struct measure_input *in, struct measured *out, struct error *err)
{
	struct review_lists waiting;

	if (store_lists_waiting(mem, in->store, in->rules, &waiting, err) < 0)
		return -1;
	for (size_t i = 0; i < waiting.list.count; i++)
		add(&out->unreviewed, waiting.list.items[i].asked);
	return 0;
}

int
measure_read(struct arena *mem, const struct measure_input *in, struct measured *out, struct error *err)
{
	const char *applied = NULL;

	*out = (struct measured){ .unsent = { 0, INT64_MAX }, .unreviewed = { 0, INT64_MAX }, .quarantine = { .batches = { 0, INT64_MAX } } };
	for (int i = 0; i <= STATE_SUPERSEDED; i++)
		out->queues[i].oldest = INT64_MAX;
	if (store_get(mem, in->store, APPLIED_VALUE, &applied, err) == 0 && read_json(applied, &out->applied, err) == 0 &&
	    read_nights(mem, in, out, err) == 0 && measure_brakes(mem, in, &out->brakes, err) == 0 && read_facts(mem, in, out, err) == 0 &&
	    read_queues(mem, in, out, err) == 0 && read_letters(mem, in, out, err) == 0 && read_reviews(mem, in, out, err) == 0)
		return 0;
	measure_free(out);
	return -1;
}

void
measure_free(struct measured *measured)
{
	json_decref(measured->summary);
	json_decref(measured->applied);
	measured->summary = measured->applied = NULL;
}
