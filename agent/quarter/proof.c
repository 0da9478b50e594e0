/* SPDX-License-Identifier: GPL-3.0-or-later */
/* proof.c - what the report rests on: nights, what they saw and did not see, the rules, the chain. */
#include "quarter_p.h"

static void
put_gaps(struct quarter *q)
{
	json_t *rows = put_list(q->page, "gaps");

	for (size_t i = 0; i < q->now.gaps.count; i++) {
		const struct missed *m = &q->now.gaps.items[i];
		json_t *o = json_object();

		json_put(o, "text", straight(q->mem, arena_print(q->mem, "%s %s: %s", m->gap.what, m->gap.id ? m->gap.id : "", m->gap.text)));
		json_put(o, "since", day_of(q->mem, m->first_seen));
		json_array_append_new(rows, o);
	}
	put_number(q->page, "gaps_elsewhere", q->unseen);
	if (q->now.gaps.count)
		conclude(q, "red", many(q->mem, (long long)q->now.gaps.count, "del av underlaget kunde inte läsas.", "delar av underlaget kunde inte läsas."),
			 "Det som inte syntes är varken granskat eller borttaget.", "#underlag");
}

/* Days of the quarter, from the first night that there is, on which none was published. */
static long long
days_without(const struct quarter *q)
{
	const struct span *s = &q->span;
	day_t first = clock_day(s->first ? s->before : s->from), end = clock_day(s->end - 1), last = first - 1;
	long long without = 0;

	for (size_t i = 0; i < q->facts.count; i++) {
		day_t day = clock_day(q->facts.items[i].night->started);

		if (day < first)
			continue;
		without += day > last + 1 ? day - last - 1 : 0;
		last = day > last ? day : last;
	}
	return without + (end > last ? end - last : 0);
}

struct night_counts { long long complete, gaps, failed; };

static struct night_counts
count_nights(const struct quarter *q)
{
	struct night_counts c = { 0 };

	for (size_t i = 0; i < q->nights.list.count; i++) {
		const struct night *n = &q->nights.list.items[i];
		bool published = strcmp(n->state, "published") == 0;

		if (!within(q, n->started) || strcmp(n->state, "running") == 0)
			continue;
		c.complete += published && n->complete;
		c.gaps += published && !n->complete;
		c.failed += !published;
	}
	return c;
}

static void
conclude_nights(struct quarter *q, struct night_counts c, long long without)
{
	long long all = c.complete + c.gaps + c.failed;

	if (!c.complete && !c.gaps) {
		conclude(q, "red", "Ingen natt har lästs i kvartalet.", "Rapporten visar vad som var känt innan, och inget nytt är granskat.", "#underlag");
		return;
	}
	if (without)
		conclude(q, "act", arena_print(q->mem, "Under %s dygn lästes inget.", text_count(q->mem, without)),
			 "Vad som kom och försvann mellan två nätter syns inte. En administratör behöver se varför.", "#underlag");
	if (c.complete < all)
		conclude(q, c.failed ? "act" : "note", arena_print(q->mem, "%s av %s nätter var inte fullständiga.", text_count(q->mem, c.gaps + c.failed),
								   text_count(q->mem, all)),
			 "En sådan natt tar inte bort något förslag och öppnar inget som vilar på det som inte syntes.", "#underlag");
	else if (!without)
		conclude(q, "good", all == 1 ? "Den enda natten var fullständig." : arena_print(q->mem, "Alla %s nätter var fullständiga.", text_count(q->mem, all)), NULL, "#underlag");
}

static void
put_nights(struct quarter *q)
{
	const struct night *last = q->last ? q->last->night : NULL;
	struct night_counts c = count_nights(q);
	long long without = last ? days_without(q) : 0;

	put_number(q->page, "nights", c.complete + c.gaps + c.failed);
	put_number(q->page, "nights_gaps", c.gaps);
	put_number(q->page, "nights_failed", c.failed);
	put_number(q->page, "days_without", without);
	json_put(q->page, "last_night", last && last->started >= q->span.from ? clock_local(q->mem, last->started) : NULL);
	json_put(q->page, "last_night_known", last ? clock_local(q->mem, last->started) : NULL);
	json_object_set_new(q->page, "last_complete", json_boolean(last && last->complete));
	json_put(q->page, "compared_with", q->before ? clock_local(q->mem, q->before->night->started) : NULL);
	json_object_set_new(q->page, "first", json_boolean(q->span.first));
	conclude_nights(q, c, without);
}

static void
put_rules_digest(struct quarter *q)
{
	const char *then = q->last ? q->last->night->rules : NULL, *now = q->in->rules->digest;

	json_put(q->page, "rules", then ? then : now);
	json_object_set_new(q->page, "rules_changed_since", json_boolean(then && now && strcmp(then, now) != 0));
}

/* The head is that of the last row that is not about a report: so that making one does not make the next another. */
static int
put_chain(struct quarter *q, struct error *err)
{
	struct audit_result chain;

	if (audit_judge(q->mem, &q->in->rules->conf, q->in->store, &chain, err) < 0)
		return -1;
	put_number(q->page, "chain_rows", q->head.seq);
	json_put(q->page, "chain_head", q->head.seq ? q->head.hash : NULL);
	json_put(q->page, "chain_sealed", chain.unsealed ? arena_print(q->mem, "inte prövad mot undertecknade huvuden: %s", chain.unsealed)
		 : arena_print(q->mem, "undertecknad till och med rad %lld", chain.sealed < q->head.seq ? chain.sealed : q->head.seq));
	json_put(q->page, "chain_broken", chain.broken ? arena_print(q->mem, "Kedjan är bruten vid rad %lld: %s", chain.broken, chain.why) : NULL);
	if (chain.broken)
		conclude(q, "red", "Kedjan av händelser är bruten.", "Någon kan ha ändrat vad som står om beslut och åtgärder. Utred innan något annat.",
			 "#underlag");
	else if (q->head.seq)
		conclude(q, "good", arena_print(q->mem, "Kedjan av händelser är hel: %s.", many(q->mem, q->head.seq, "rad", "rader")),
			 chain.unsealed ? "Den är inte prövad mot undertecknade huvuden." : "Det som är antecknat om beslut och åtgärder har inte ändrats efteråt.",
			 "#underlag");
	return 0;
}

int
put_proof(struct quarter *q, struct error *err)
{
	const char *summary = q->last ? q->last->night->summary : NULL;

	put_gaps(q);
	put_nights(q);
	put_rules_digest(q);
	json_object_set_new(q->page, "sources", certificate_rows(q->mem, summary));
	json_put(q->page, "seen_digest", summary ? certificate_digest(q->mem, summary) : NULL);
	return put_chain(q, err);
}
