/* SPDX-License-Identifier: GPL-3.0-or-later */
/* read.c - which quarter, of whom, up to when; and what the store knows of it. */
#include "quarter_p.h"

#define LINES_ALL   4000                /* of all systems together; of one at least, and at most */
#define LINES_LEAST 6
#define LINES_MOST  50

/* ------------------------------------------------------------------ when */

static int
read_span(const char *text, int64_t now, struct span *out, struct error *err)
{
	int year = 0, quarter = 0, used = 0;
	day_t from, to;

	if (strlen(text) != 6 || sscanf(text, "%4dQ%1d%n", &year, &quarter, &used) != 2 || used != 6 || quarter < 1 || quarter > 4 ||
	    year < 1970 || year > 9998)
		return error_set(err, ERROR_USAGE, "'%s' is not a quarter like 2026Q3", text);
	from = day_make(year, 3 * quarter - 2, 1);
	to = quarter == 4 ? day_make(year + 1, 1, 1) : day_make(year, 3 * quarter + 1, 1);
	*out = (struct span){ .year = year, .number = quarter, .from = clock_midnight(from), .to = clock_midnight(to),
			      .before = INT64_MIN, .last = INT64_MIN };
	if (now < out->from)
		return error_set(err, ERROR_USAGE, "quarter '%s' has not begun", text);
	return 0;
}

/* The last thing that happened before that moment, as the chain has it; making a report is nothing that happens.  INT64_MIN: nothing has. */
static int
last_moment(struct quarter *q, int64_t before, int64_t *out, struct error *err)
{
	struct audit_row *row = &q->head;

	*out = INT64_MIN;
	if (store_audit_before(q->mem, q->in->store, before == INT64_MAX ? NULL : clock_text(q->mem, before), row, err) < 0)
		return -1;
	while (row->seq && strncmp(row->event, "report-", 7) == 0)
		if (store_audit_at(q->mem, q->in->store, row->seq - 1, row, err) < 0)
			return -1;
	if (row->seq)
		clock_parse(row->at, out);
	return 0;
}

/* A quarter that is not over as far as the store knows ends with what it knows, so that asking later gives the same. */
static int
find_end(struct quarter *q, struct error *err)
{
	struct span *s = &q->span;
	int64_t known;

	if (last_moment(q, INT64_MAX, &known, err) < 0)
		return -1;
	q->known = known;
	if (known == INT64_MIN)
		known = q->in->now;
	s->so_far = known < s->to;
	s->end = s->so_far ? (known < s->from ? s->from : known) + 1 : s->to;
	return s->so_far ? 0 : last_moment(q, s->end, &known, err);
}

/* ------------------------------------------------------------------ of whom */

static bool
owned_by(struct arena *mem, const char *owner, const char *wanted)
{
	return owner && strcmp(text_fold(mem, owner), wanted) == 0;
}

static const char *
series_owner(const struct quarter *q, const struct series *s, const struct share *share)
{
	(void)q;
	return s->owner ? s->owner : share ? share->owner : NULL;
}

static bool
find_owned(struct quarter *q, const char *owner)
{
	const struct rules *r = q->in->rules;
	const char *wanted = text_fold(q->mem, owner);
	bool any = false;

	for (size_t i = 0; i < r->system_count; i++)
		any |= q->system_mine[i] = owned_by(q->mem, r->systems[i].owner, wanted);
	for (size_t i = 0; i < r->share_count; i++)
		any |= q->share_mine[i] = owned_by(q->mem, r->shares[i].owner, wanted);
	for (size_t i = 0; i < r->series_count; i++)
		any |= q->series_mine[i] = owned_by(q->mem, series_owner(q, &r->series[i], NULL), wanted);
	return any;
}

static int
find_scope(struct quarter *q, struct error *err)
{
	const struct rules *r = q->in->rules;
	const char *system = q->what->system, *owner = q->what->owner;
	bool any = false;

	q->system_mine = arena_array(q->mem, bool, r->system_count + 1);
	q->series_mine = arena_array(q->mem, bool, r->series_count + 1);
	q->share_mine = arena_array(q->mem, bool, r->share_count + 1);
	if (system && owner)
		return error_set(err, ERROR_USAGE, "'--owner' and '--system' do not go together");
	for (size_t i = 0; system && i < r->system_count; i++)
		any |= q->system_mine[i] = strcmp(r->systems[i].id, system) == 0;
	if (system && !any)
		return error_set(err, ERROR_USAGE, "system '%s' is not in the rules", system);
	if (owner && !find_owned(q, owner))
		return error_set(err, ERROR_USAGE, "'%s' owns no system, series or share in the rules", owner);
	return 0;
}

bool
is_whole(const struct quarter *q)
{
	return !q->what->owner && !q->what->system;
}

/* Of a series it is the series' owner, or the share's where it has none of its own. */
bool
is_mine(const struct quarter *q, const char *system, const char *series, const char *share)
{
	const struct rules *r = q->in->rules;
	const struct system *s;
	const struct series *of;
	const struct share *on;

	if (is_whole(q))                /* asked of each interval: no look-up then */
		return true;
	s = system ? rules_system(r, system) : NULL;
	of = series ? rules_series(r, series) : NULL;
	on = share ? rules_share(r, share) : NULL;
	if (system)
		return s && q->system_mine[s - r->systems];
	if (of && (of->owner || !on))
		return q->series_mine[of - r->series];
	return on && q->share_mine[on - r->shares];
}

bool
proposal_is_mine(const struct quarter *q, const struct proposal *p)
{
	return is_access(p) ? is_mine(q, p->system, NULL, NULL) : is_mine(q, NULL, p->series, p->share);
}

bool
within(const struct quarter *q, int64_t moment)
{
	return moment >= q->span.from && moment < q->span.end;
}

long long
days_since(const struct quarter *q, int64_t moment)
{
	return moment < q->span.end ? (q->span.end - 1 - moment) / DAY : 0;
}

/* ------------------------------------------------------------------ nights */

static int
read_nights(struct quarter *q, struct error *err)
{
	struct span *s = &q->span;
	size_t first = 0, last = 0;

	if (store_nights(q->mem, q->in->store, "run", INT64_MIN, s->end, &q->nights, err) < 0)
		return -1;
	for (size_t i = 0; i < q->nights.list.count; i++) {
		const struct night *n = &q->nights.list.items[i];

		if (strcmp(n->state, "published") != 0)
			continue;
		last = i + 1;
		first = !first || n->started < s->from ? i + 1 : first;
	}
	if (!last)
		return 0;
	s->before = q->nights.list.items[first - 1].started;
	s->first = s->before >= s->from;
	s->last = q->nights.list.items[last - 1].started;
	return 0;
}

/* Of the nights before the quarter only the one that is compared with is read. */
static void
read_summaries(struct quarter *q)
{
	for (size_t i = 0; i < q->nights.list.count; i++) {
		const struct night *n = &q->nights.list.items[i];
		struct night_facts *f;

		if (strcmp(n->state, "published") != 0 || n->started < q->span.before)
			continue;
		f = arena_push(q->mem, &q->facts);
		f->night = n;
		if (n->summary && json_read(n->summary, strlen(n->summary), &f->summary, NULL) < 0)
			f->summary = NULL;
	}
	q->before = q->facts.count ? &q->facts.items[0] : NULL;
	q->last = q->facts.count ? &q->facts.items[q->facts.count - 1] : NULL;
}

double
night_number(const json_t *summary, const char *group, const char *key)
{
	const json_t *of = group ? json_object_get(summary, group) : summary, *value = json_object_get(of, key);

	return json_is_integer(value) ? (double)json_integer_value(value) : NAN;
}

/* ------------------------------------------------------------------ proposals and answers */

static int
by_id(const void *a, const void *b)
{
	return strcmp((*(const struct stored *const *)a)->id, (*(const struct stored *const *)b)->id);
}

long
mine_at(const struct quarter *q, const char *id)
{
	const struct stored one = { .id = id }, *key = &one, **found;

	found = id && q->mine.count ? bsearch(&key, q->by_id, q->mine.count, sizeof(*q->by_id), by_id) : NULL;
	return found ? found - q->by_id : -1;
}

static int
by_kind_and_id(const void *a, const void *b)
{
	const struct stored *x = *(const struct stored *const *)a, *y = *(const struct stored *const *)b;

	return x->p.kind != y->p.kind ? (x->p.kind > y->p.kind) - (x->p.kind < y->p.kind) : strcmp(x->id, y->id);
}

/* Since when somebody was asked: as the seat they answered from says. */
static int64_t
asked_since(const struct stored *s, const struct decision *d)
{
	int64_t since = INT64_MAX;

	for (size_t i = 0; i < s->p.approvers.count; i++) {
		const struct approver *a = &s->p.approvers.items[i];

		if (a->asked && d->key && strcmp(a->key, d->key) == 0 && a->asked < since)
			since = a->asked;
	}
	return since <= d->at ? since : s->opened <= d->at ? s->opened : d->at;
}

static void
count_together(struct quarter *q)
{
	for (size_t i = 0, end; i < q->answers.count; i = end) {
		const struct decision *d = q->answers.items[i].d;

		for (end = i; end < q->answers.count; end++) {
			const struct decision *o = q->answers.items[end].d;

			if (o->at != d->at || !o->key || !d->key || strcmp(o->key, d->key) != 0)
				break;
		}
		end = end > i ? end : i + 1;
		for (size_t k = i; k < end; k++)
			q->answers.items[k].together = (int)(end - i);
	}
}

static void
note_said(struct quarter *q, long at, const struct decision *d)
{
	if (d->verdict == VERDICT_APPROVE)
		q->said[at] = STATE_SCHEDULED;
	else if (d->verdict == VERDICT_KEEP)
		q->said[at] = STATE_KEPT;
	else if (VERDICT_TAKES_BACK(d->verdict))
		q->said[at] = STATE_OPEN;
	else
		return;
	q->said_at[at] = d->at;
}

/* Only what all its seats had approved by then was approved: of those that came to another state after the end, of a quarter that is over. */
static int
read_then(struct quarter *q, struct error *err)
{
	for (size_t at = 0; at < q->mine.count; at++) {
		const struct stored *s = q->by_id[at];
		struct decisions all;
		size_t count = 0;

		if (s->since < q->span.end)
			continue;
		if (store_decisions(q->mem, q->in->store, s->id, INT64_MIN, &all, err) < 0)
			return -1;
		while (count < all.list.count && all.list.items[count].at < q->span.end)
			count++;
		all.list.count = count;
		q->said[at] = STATE_OPEN;
		for (size_t i = 0; i < count; i++)
			if (!all.list.items[i].refused)
				note_said(q, (long)at, &all.list.items[i]);
		if (q->said[at] == STATE_SCHEDULED && !seats_all_approved(&all, s))
			q->said[at] = STATE_OPEN;
	}
	return 0;
}

static int
read_answers(struct quarter *q, struct error *err)
{
	size_t count = q->mine.count;

	q->by_id = arena_array(q->mem, const struct stored *, count + 1);
	q->said = arena_array(q->mem, enum state, count + 1);           /* STATE_OPEN is 0 */
	q->said_at = arena_array(q->mem, int64_t, count + 1);
	for (size_t i = 0; i < count; i++)
		q->said_at[i] = INT64_MIN;
	if (store_decisions(q->mem, q->in->store, NULL, q->span.from, &q->given, err) < 0)
		return -1;
	if (count) {
		memcpy(q->by_id, q->mine.items, count * sizeof(*q->by_id));
		qsort(q->by_id, count, sizeof(*q->by_id), by_id);
	}
	for (size_t i = 0; i < q->given.list.count; i++) {
		const struct decision *d = &q->given.list.items[i];
		long at = !d->refused && within(q, d->at) ? mine_at(q, d->proposal) : -1;
		const struct stored *on = at >= 0 ? q->by_id[at] : NULL;

		if (!on)
			continue;
		*arena_push(q->mem, &q->answers) = (struct answer){ d, on, (d->at - asked_since(on, d)) / DAY, 1 };
		note_said(q, at, d);
	}
	count_together(q);
	return read_then(q, err);
}

static int
read_proposals(struct quarter *q, struct error *err)
{
	if (store_proposals(q->mem, q->in->store, &(struct proposal_filter){ .brief = true, .alive_since = q->span.from }, q->all, err) < 0)
		return -1;
	for (size_t i = 0; i < q->all->list.count; i++) {
		const struct stored *s = &q->all->list.items[i];

		if (s->opened < q->span.end && proposal_is_mine(q, &s->p))
			*arena_push(q->mem, &q->mine) = s;
	}
	if (q->mine.count)
		qsort(q->mine.items, q->mine.count, sizeof(*q->mine.items), by_kind_and_id);
	return 0;
}

static int
by_proposal(const void *key, const void *item)
{
	return strcmp(key, ((const struct past_state *)item)->proposal);
}

static const struct past_state *
past_of(const struct past_states *all, const struct stored *s)
{
	return all->list.count ? bsearch(s->id, all->list.items, all->list.count, sizeof(*all->list.items), by_proposal) : NULL;
}

const struct past_state *
past_then(const struct quarter *q, const struct stored *s)
{
	return s->since < q->span.end ? NULL : past_of(&q->then, s);
}

enum state
state_before(const struct quarter *q, const struct stored *s, int64_t *since)
{
	const struct past_state *past = past_of(&q->before_then, s);

	*since = past ? past->since : s->since;
	return past ? past->state : s->state;
}

enum state
state_then(const struct quarter *q, const struct stored *s)
{
	const struct past_state *past = past_then(q, s);

	return past ? past->state : s->since < q->span.end ? s->state : q->said[mine_at(q, s->id)];
}

int64_t
since_then(const struct quarter *q, const struct stored *s)
{
	const struct past_state *past = past_then(q, s);
	int64_t said = q->said_at[mine_at(q, s->id)];

	if (past)
		return past->since;
	return s->since < q->span.end ? s->since : said != INT64_MIN ? said : s->opened;
}

static int
read_facts(struct quarter *q, struct error *err)
{
	struct facts all;

	/* A quarter without a night has none, and a store without one neither. */
	if (store_facts_then(q->mem, q->in->store, q->span.last, &all, err) < 0)
		return -1;
	for (size_t i = 0; i < all.findings.count; i++) {
		const struct finding *f = &all.findings.items[i].finding;

		if (is_whole(q) || ((f->system || f->series || f->share) && is_mine(q, f->system, f->series, f->share)))
			*arena_push(q->mem, &q->now.findings) = all.findings.items[i];
	}
	for (size_t i = 0; i < all.gaps.count; i++) {
		const struct gap *g = &all.gaps.items[i].gap;
		const char *slash = g->id ? strchr(g->id, '/') : NULL;
		const char *system = slash && strcmp(g->what, "role") == 0 ? arena_print(q->mem, "%.*s", (int)(slash - g->id), g->id) : NULL;
		bool share = strcmp(g->what, "share") == 0 || strcmp(g->what, "folder") == 0 || strcmp(g->what, "window") == 0;

		if (is_whole(q) || (system && is_mine(q, system, NULL, NULL)) || (share && is_mine(q, NULL, NULL, g->id)))
			*arena_push(q->mem, &q->now.gaps) = all.gaps.items[i];
		else
			q->unseen++;
	}
	return 0;
}

/* Nobody reads a page of a thousand systems name by name: the more there are, the less of each; the lists have all. */
static int
lines_of(const struct quarter *q)
{
	size_t systems = 0;
	int lines;

	for (size_t i = 0; i < q->in->rules->system_count; i++)
		systems += is_mine(q, q->in->rules->systems[i].id, NULL, NULL);
	lines = systems ? (int)(LINES_ALL / systems) : LINES_MOST;
	return lines < LINES_LEAST ? LINES_LEAST : lines > LINES_MOST ? LINES_MOST : lines;
}

/* What the store remembers of what is otherwise now. */
static int
read_past(struct quarter *q, struct error *err)
{
	const char *since = NULL;

	q->past_since = INT64_MIN;
	if (store_get(q->mem, q->in->store, PAST_VALUE, &since, err) < 0)
		return -1;
	if (since)
		q->past_since = strtoll(since, NULL, 10);
	return store_states_then(q->mem, q->in->store, q->span.end, &q->then, err) < 0 ? -1
	     : store_states_then(q->mem, q->in->store, q->span.from, &q->before_then, err);
}

/* What a review rests on may have been disposed of since: then one that is made now would say that there was nothing. */
static int
is_there_still(const struct quarter *q, struct error *err)
{
	static const enum own wanted[] = { OWN_ACCESS, OWN_DECISIONS, OWN_NIGHTS, OWN_CHAIN };

	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		struct own_until gone;

		if (store_own_until(q->mem, q->in->store, wanted[i], &gone, err) < 0)
			return -1;
		if (gone.until != DAY_NONE && gone.until >= clock_day(q->span.from))
			return error_set(err, ERROR_USAGE, "the review of %s cannot be made any more: of '%s' all until %s has been disposed of by "
					 "decision %s; the report that was made then is in the archive", q->what->quarter, own_word[wanted[i]],
					 day_text(q->mem, gone.until), gone.dnr);
	}
	return 0;
}

int
quarter_read(struct quarter *q, struct error *err)
{
	if (read_span(q->what->quarter, q->in->now, &q->span, err) < 0 || is_there_still(q, err) < 0 || find_scope(q, err) < 0 || find_end(q, err) < 0 ||
	    read_nights(q, err) < 0)
		return -1;
	read_summaries(q);
	q->lines = lines_of(q);
	return read_past(q, err) < 0 || read_proposals(q, err) < 0 || read_answers(q, err) < 0 || read_facts(q, err) < 0 ||
	       store_needs(q->mem, q->in->store, &q->needs, err) < 0 ? -1 : access_measure(q, err);
}

int
quarter_read_over(struct quarter *q, struct error *err)
{
	if (read_span(q->what->quarter, q->in->now, &q->span, err) < 0 || find_scope(q, err) < 0)
		return -1;
	q->span.end = q->span.to;
	if (read_nights(q, err) < 0)
		return -1;
	read_summaries(q);
	return store_needs(q->mem, q->in->store, &q->needs, err);
}

void
quarter_forget(struct quarter *q)
{
	for (size_t i = 0; i < q->facts.count; i++)
		json_decref(q->facts.items[i].summary);
}
