/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * review-lists.c - who had what when a quarter was over, laid before who owns it: made once, and again when the facts have changed.
 *
 * By which need somebody has a role is known of the last night alone: so the list keeps what was known when it was made, and whether the
 * facts have changed is told by the rest (its core).
 */
#include "quarter_p.h"
#include "behov/audit.h"
#include "behov/digest.h"
#include <assert.h>

/* What was known of the last quarter when its lists were made. */
#define FACTS_VALUE "review-facts"

struct laying {
	struct quarter *q;
	int64_t now;
	long long made;
	struct arena *mem;              /* of the system at hand */
	const struct system *system;    /* NULL: none, or one that stands in the rules no more */
	LIST(struct review_row) rows;
};

/* ------------------------------------------------------------------ in which order */

static int
by_role_and_key(const void *a, const void *b)
{
	const struct review_row *x = a, *y = b;
	int c = strcmp(x->role, y->role);

	c = c ? c : strcmp(x->key, y->key);     /* who was called otherwise before stands there twice */
	c = c ? c : (x->since > y->since) - (x->since < y->since);
	return c ? c : (x->until > y->until) - (x->until < y->until);
}

static int
by_key(const void *a, const void *b)
{
	return strcmp(((const struct review_row *)a)->key, ((const struct review_row *)b)->key);
}

/* What has changed first, one role after another; of the others those without a need, and then one need after another. */
static int
by_reading(const void *a, const void *b)
{
	static const int turn[REVIEW_CHANGES] = { [REVIEW_NEW] = 0, [REVIEW_BACK] = 1, [REVIEW_GONE] = 2, [REVIEW_PASSED] = 3, [REVIEW_SAME] = 4 };
	static const int alarm[GROUNDS] = { [GROUND_NONE] = 0, [GROUND_UNWRITTEN] = 0, [GROUND_UNKNOWN] = 1, [GROUND_KEPT] = 2, [GROUND_CLAUSE] = 3 };
	const struct review_row *x = a, *y = b;
	bool same = x->change == REVIEW_SAME;
	int c = same - (y->change == REVIEW_SAME);

	c = c ? c : strcmp(x->role, y->role);
	c = c ? c : turn[x->change] - turn[y->change];
	if (!c && same)
		c = alarm[x->kind] != alarm[y->kind] ? alarm[x->kind] - alarm[y->kind] : (x->need > y->need) - (x->need < y->need);
	c = c ? c : strcmp(x->account, y->account);
	return c ? c : strcmp(x->key, y->key);
}

/* ------------------------------------------------------------------ what it is called by */

static void
digest_moment(struct digest *d, struct arena *mem, int64_t moment)
{
	digest_field(d, moment == INT64_MIN ? NULL : clock_text(mem, moment));
}

/* Sorted by role and key: what somebody is called may change, and the list does not. */
static const char *
digest_rows(struct laying *l, bool needs)
{
	struct digest *d = digest_open();
	unsigned char sum[DIGEST_SIZE];

	digest_field(d, l->q->what->quarter);
	digest_field(d, l->system->id);
	for (size_t i = 0; i < l->rows.count; i++) {
		const struct review_row *r = &l->rows.items[i];
		const struct stored_need *need = needs ? need_of(l->q, r->need) : NULL;

		digest_field(d, r->role);
		digest_field(d, r->key);
		digest_field(d, review_change_word[r->change]);
		digest_moment(d, l->mem, r->since);
		digest_moment(d, l->mem, r->until);
		if (!needs)
			continue;
		digest_field(d, need ? ground_word[need->kind] : NULL);
		digest_field(d, need ? need->text : NULL);
	}
	digest_close(d, sum);
	return digest_hex(l->mem, sum, sizeof(sum));
}

static void
count(struct laying *l, struct review_list *list)
{
	const char *last = NULL;

	qsort(l->rows.items, l->rows.count, sizeof(*l->rows.items), by_key);
	for (size_t i = 0; i < l->rows.count; i++) {
		const struct review_row *r = &l->rows.items[i];

		list->added += r->change == REVIEW_NEW || r->change == REVIEW_BACK;
		list->removed += r->change == REVIEW_GONE;
		if (r->until != INT64_MIN || (last && strcmp(last, r->key) == 0))
			continue;
		list->people++;
		last = r->key;
	}
}

/* ------------------------------------------------------------------ into the store */

static int
note(struct laying *l, const struct review_list *list, struct error *err)
{
	json_t *payload = json_object();
	int rc;

	json_put(payload, "quarter", list->quarter);
	json_put(payload, "system", list->system);
	json_put(payload, "digest", list->digest);
	put_number(payload, "rows", list->rows);
	put_number(payload, "people", list->people);
	rc = audit_add(l->q->in->store, l->now, "run", REVIEW_LIST, payload, err);
	json_decref(payload);
	return rc;
}

static int
lay(struct laying *l, struct error *err)
{
	const char *quarter = l->q->what->quarter;
	struct review_list list = { .quarter = quarter, .ended = l->q->span.to, .asked = l->now, .made = l->now };
	struct review_lists known;

	if (!l->system || !l->rows.count)
		return 0;
	list.system = l->system->id;
	count(l, &list);
	qsort(l->rows.items, l->rows.count, sizeof(*l->rows.items), by_role_and_key);
	list.core = digest_rows(l, false);
	list.digest = digest_rows(l, true);
	if (store_lists(l->mem, l->q->in->store, quarter, list.system, false, &known, err) < 0)
		return -1;
	if (known.list.count) {
		if (strcmp(known.list.items[0].core, list.core) == 0)
			return 0;
		list.asked = known.list.items[0].asked;
	}
	qsort(l->rows.items, l->rows.count, sizeof(*l->rows.items), by_reading);
	l->made++;
	return store_list_add(l->q->in->store, &list, l->rows.items, l->rows.count, err) < 0 ? -1 : note(l, &list, err);
}

/* What enum change says, of the parts; in the same order. */
static_assert((int)REVIEW_SAME == (int)CHANGE_NONE && (int)REVIEW_NEW == (int)CHANGE_NEW && (int)REVIEW_GONE == (int)CHANGE_GONE &&
	      (int)REVIEW_BACK == (int)CHANGE_BACK && (int)REVIEW_PASSED == (int)CHANGE_PASSED, "the words of the store are those of the report");

static int
take(void *self, const struct person *p, struct error *err)
{
	struct laying *l = self;
	const struct system *system = rules_system(l->q->in->rules, p->system);
	const struct stored_need *need = need_of(l->q, p->need);

	if (system != l->system) {
		if (lay(l, err) < 0)
			return -1;
		arena_close(l->mem);
		l->mem = arena_open();
		l->rows = (__typeof__(l->rows)){ 0 };
		l->system = system;
	}
	if (system)
		*arena_push(l->mem, &l->rows) = (struct review_row){
			.role = arena_text(l->mem, p->role), .key = arena_text(l->mem, p->key), .account = arena_text(l->mem, p->account),
			.change = (enum review_change)p->change, .since = p->since, .until = p->until, .need = p->need,
			.kind = need ? need->kind : GROUND_UNKNOWN };
	return 0;
}

/* The list is of what the last night of the quarter saw: without one there is none. */
static int
lay_all(struct quarter *q, int64_t now, long long *made, struct error *err)
{
	struct laying l = { .q = q, .now = now, .mem = arena_open() };
	int rc = quarter_read_over(q, err);

	if (rc == 0 && q->span.last != INT64_MIN && q->span.last >= q->span.from)
		rc = access_people(q, true, take, &l, err) < 0 ? -1 : lay(&l, err);
	arena_close(l.mem);
	quarter_forget(q);
	*made = l.made;
	return rc;
}

/* ------------------------------------------------------------------ when */

static const char *
quarter_before(struct arena *mem, int64_t now)
{
	int year, month, day, number;

	day_split(clock_day(now), &year, &month, &day);
	number = (month - 1) / 3;
	return number ? arena_print(mem, "%dQ%d", year, number) : arena_print(mem, "%dQ4", year - 1);
}

static int64_t
end_of(const char *quarter)
{
	int year = atoi(quarter), number = quarter[5] - '0';

	return clock_midnight(number == 4 ? day_make(year + 1, 1, 1) : day_make(year, 3 * number + 1, 1));
}

/* All of them, or none. */
static int
lay_changed(struct quarter *q, const char *facts, long long *made, struct error *err)
{
	struct store *store = q->in->store;
	int rc;

	if (store_begin(store, err) < 0)
		return -1;
	rc = lay_all(q, q->in->now, made, err) < 0 ? -1 : store_set(store, FACTS_VALUE, facts, err);
	if (rc == 0)
		rc = store_commit(store, err);
	if (rc < 0)
		store_rollback(store);
	return rc;
}

int
reviews_make(struct arena *mem, const struct report_input *in, long long *made, struct error *err)
{
	struct quarter *q = arena_new(mem, struct quarter);
	struct quarter_what *what = arena_new(mem, struct quarter_what);
	const char *mark, *facts, *known;

	*made = 0;
	what->quarter = quarter_before(mem, in->now);
	*q = (struct quarter){ .mem = mem, .in = in, .what = what };
	if (store_access_mark(mem, in->store, end_of(what->quarter), &mark, err) < 0 || store_get(mem, in->store, FACTS_VALUE, &known, err) < 0)
		return -1;
	facts = arena_print(mem, "%s %s", what->quarter, mark);
	return known && strcmp(known, facts) == 0 ? 0 : lay_changed(q, facts, made, err);
}
