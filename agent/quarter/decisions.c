/* SPDX-License-Identifier: GPL-3.0-or-later */
/* decisions.c - what was decided, by whom, how fast and how many at once; and what was carried out of it. */
#include "quarter_p.h"

#define MANY 10                         /* so many answers saved at once are told as many */
#define DECIDERS_MOST 30                /* on the page */

/* ------------------------------------------------------------------ the list */

static const struct document_column decision_columns[] = {
	{ "at", "Tid", CELL_MOMENT }, { "about", "Gäller", CELL_TEXT }, { "who", "Vem eller vad", CELL_TEXT }, { "kind", "Slag", CELL_TEXT },
	{ "verdict", "Beslut", CELL_TEXT }, { "by", "Av", CELL_TEXT }, { "reason", "Skäl", CELL_TEXT }, { "until", "Till", CELL_DAY },
	{ "days", "Dagar till svar", CELL_NUMBER }, { "together", "Sparade samtidigt", CELL_NUMBER }, { "source", "Sätt", CELL_TEXT },
	{ "state", "Läge", CELL_TEXT }, { "proposal", "Förslag", CELL_TEXT },
};

static void
list_decisions(struct quarter *q)
{
	struct kept_rows *rows = rows_keep(q, "decisions", "Beslut", COLUMNS(decision_columns));

	for (size_t i = 0; i < q->answers.count; i++) {
		const struct answer *a = &q->answers.items[i];
		const struct decision *d = a->d;
		const char *cells[] = { clock_text(q->mem, d->at), where_of(q, &a->on->p), who_of(q->mem, &a->on->p), kind_text[a->on->p.kind],
					verdict_text[d->verdict], straight(q->mem, d->name), written(q->mem, d->reason), day_text(q->mem, d->until),
					number_text(q->mem, a->days), number_text(q->mem, a->together),
					strcmp(d->source, "page") == 0 ? "sidan" : "kommandoraden", state_said(state_then(q, a->on)), a->on->id };

		rows_add(rows, cells);
	}
}

/* ------------------------------------------------------------------ how they were made */

static int
by_size(const void *a, const void *b)
{
	long long x = *(const long long *)a, y = *(const long long *)b;

	return (x > y) - (x < y);
}

static bool
settles(const struct answer *a)
{
	return a->d->verdict == VERDICT_APPROVE || a->d->verdict == VERDICT_KEEP;
}

/* The middle of the days that answers took; -1 when there are none. */
static long long
median(struct arena *mem, const struct quarter *q, const char *key)
{
	long long *days = arena_array(mem, long long, q->answers.count + 1);
	size_t count = 0;

	for (size_t i = 0; i < q->answers.count; i++)
		if (settles(&q->answers.items[i]) && (!key || (q->answers.items[i].d->key && strcmp(q->answers.items[i].d->key, key) == 0)))
			days[count++] = q->answers.items[i].days;
	if (!count)
		return -1;
	qsort(days, count, sizeof(*days), by_size);
	return days[(count - 1) / 2];
}

static const char *
share_text(struct arena *mem, long long part, long long of)
{
	return of ? arena_print(mem, "%lld %%", (200 * part + of) / (2 * of)) : NULL;
}

static const char *
days_text(struct arena *mem, long long days)
{
	return days < 0 ? NULL : days == 0 ? "samma dag" : days == 1 ? "1 dag" : arena_print(mem, "%s dagar", text_count(mem, days));
}

struct decider { const char *key, *name; long long answers, approved, kept, other, many, most; };

static int
by_key(const void *a, const void *b)
{
	const struct answer *x = *(const struct answer *const *)a, *y = *(const struct answer *const *)b;
	int c = strcmp(x->d->key ? x->d->key : "", y->d->key ? y->d->key : "");

	return c ? c : (x->d->id > y->d->id) - (x->d->id < y->d->id);
}

static int
by_answers(const void *a, const void *b)
{
	const struct decider *x = a, *y = b;

	return x->answers != y->answers ? (x->answers < y->answers) - (x->answers > y->answers) : strcmp(x->name, y->name);
}

static void
count_answer(struct decider *w, const struct answer *a)
{
	w->answers++;
	w->approved += a->d->verdict == VERDICT_APPROVE;
	w->kept += a->d->verdict == VERDICT_KEEP;
	w->other += !settles(a);
	w->many += a->together >= MANY;
	w->most = a->together > w->most ? a->together : w->most;
	w->name = a->d->name ? a->d->name : "-";
}

static json_t *
decider_json(struct quarter *q, const struct decider *w)
{
	json_t *o = json_object();

	json_put(o, "who", straight(q->mem, w->name));
	put_number(o, "answers", w->answers);
	put_number(o, "approved", w->approved);
	put_number(o, "kept", w->kept);
	put_number(o, "other", w->other);
	json_put(o, "median", w->key ? days_text(q->mem, median(q->mem, q, w->key)) : NULL);
	json_put(o, "many", share_text(q->mem, w->many, w->answers));
	put_number(o, "most", w->most);
	return o;
}

static void
put_deciders(struct quarter *q, json_t *out)
{
	const struct answer **sorted = arena_array(q->mem, const struct answer *, q->answers.count + 1);
	LIST(struct decider) all = { 0 };
	json_t *rows = put_list(out, "deciders");

	for (size_t i = 0; i < q->answers.count; i++)
		sorted[i] = &q->answers.items[i];
	if (q->answers.count)
		qsort(sorted, q->answers.count, sizeof(*sorted), by_key);
	for (size_t i = 0; i < q->answers.count; i++) {
		if (!i || strcmp(sorted[i]->d->key ? sorted[i]->d->key : "", sorted[i - 1]->d->key ? sorted[i - 1]->d->key : "") != 0)
			arena_push(q->mem, &all)->key = sorted[i]->d->key;
		count_answer(&all.items[all.count - 1], sorted[i]);
	}
	if (all.count)
		qsort(all.items, all.count, sizeof(*all.items), by_answers);
	for (size_t i = 0; i < all.count && i < DECIDERS_MOST; i++)
		json_array_append_new(rows, decider_json(q, &all.items[i]));
	json_put(out, "deciders_more", all.count > DECIDERS_MOST ? text_count(q->mem, (long long)all.count - DECIDERS_MOST) : NULL);
}

static void
put_counts(struct quarter *q)
{
	struct decider all = { 0 };
	json_t *out = json_object();
	long long middle = median(q->mem, q, NULL);

	for (size_t i = 0; i < q->answers.count; i++) {
		count_answer(&all, &q->answers.items[i]);
		system_answered(q, q->answers.items[i].on->p.system);
	}
	json_object_set_new(q->page, "decisions", out);
	put_number(out, "count", all.answers);
	put_number(out, "approved", all.approved);
	put_number(out, "kept", all.kept);
	put_number(out, "other", all.other);
	json_put(out, "median", days_text(q->mem, middle));
	json_put(out, "many", share_text(q->mem, all.many, all.answers));
	put_number(out, "most", all.most);
	put_deciders(q, out);
	if (all.answers)
		conclude(q, "good", arena_print(q->mem, "%s svar gavs: %s att ta bort eller gallra, %s att behålla.", text_count(q->mem, all.answers),
						text_count(q->mem, all.approved), text_count(q->mem, all.kept)),
			 middle < 0 ? NULL : arena_print(q->mem, "Hälften av dem kom inom %s.", middle == 0 ? "samma dag" : days_text(q->mem, middle)),
			 "#beslut");
	if (all.most >= MANY)
		conclude(q, "note", arena_print(q->mem, "%s av svaren sparades minst %d åt gången.", share_text(q->mem, all.many, all.answers), MANY),
			 "Många svar på en gång kan vara rätt när skälet är ett, och ett tecken på att ingen hann läsa.", "#beslut");
}

/* ------------------------------------------------------------------ what was removed */

static const struct document_column removal_columns[] = {
	{ "day", "Dag", CELL_DAY }, { "about", "Gäller", CELL_TEXT }, { "system", "System", CELL_TEXT }, { "role", "Roll", CELL_TEXT }, { "who", "Vem", CELL_TEXT },
	{ "group", "Grupp", CELL_TEXT }, { "by", "Godkänt av", CELL_TEXT }, { "approved", "Godkänt", CELL_DAY },
	{ "days", "Dagar från godkännande", CELL_NUMBER }, { "note", "Anmärkning", CELL_TEXT }, { "proposal", "Förslag", CELL_TEXT },
};

/* Who approved it, and when the last of them did. */
static int
approval_of(struct quarter *q, const struct stored *s, const char **by, int64_t *at, struct error *err)
{
	struct decisions all;

	*by = NULL;
	*at = INT64_MIN;
	if (store_decisions(q->mem, q->in->store, s->id, INT64_MIN, &all, err) < 0)
		return -1;
	for (size_t i = 0; i < all.list.count; i++) {
		const struct decision *d = &all.list.items[i];

		if (d->verdict != VERDICT_APPROVE || d->refused || d->at >= q->span.end || seats_taken_back(&all, i))
			continue;
		*by = *by ? arena_print(q->mem, "%s och %s", *by, d->name ? d->name : "-") : d->name;
		*at = d->at;
	}
	*by = straight(q->mem, *by);
	return 0;
}

struct removal { const struct stored *s; int64_t at; };

static int
by_day_done(const void *a, const void *b)
{
	const struct removal *x = a, *y = b;

	return x->at != y->at ? (x->at > y->at) - (x->at < y->at) : strcmp(x->s->id, y->s->id);
}

/* Whatever became of it later. */
static bool
was_done_in(const struct quarter *q, const struct stored *s)
{
	return is_access(&s->p) && state_then(q, s) == STATE_DONE && within(q, since_then(q, s));
}

static int
list_removals(struct quarter *q, long long *count, struct error *err)
{
	struct kept_rows *rows = rows_keep(q, "removals", "Borttagningar", COLUMNS(removal_columns));

	struct removal *done = arena_array(q->mem, struct removal, q->mine.count + 1);
	size_t all = 0;

	for (size_t i = 0; i < q->mine.count; i++)
		if (was_done_in(q, q->mine.items[i]))
			done[all++] = (struct removal){ q->mine.items[i], since_then(q, q->mine.items[i]) };
	if (all)
		qsort(done, all, sizeof(*done), by_day_done);
	for (size_t i = 0; i < all; i++) {
		const struct stored *s = done[i].s;
		const struct past_state *past = past_then(q, s);
		const char *by, *cells[11];
		int64_t at;

		if (approval_of(q, s, &by, &at, err) < 0)
			return -1;
		memcpy(cells, (const char *[]){ day_of(q->mem, done[i].at), where_of(q, &s->p), straight(q->mem, s->p.system), straight(q->mem, s->p.role), who_of(q->mem, &s->p),
			       straight(q->mem, s->p.group), by, day_of(q->mem, at), at == INT64_MIN ? NULL : number_text(q->mem, (done[i].at - at) / DAY),
			       written(q->mem, past ? past->note : s->note), s->id }, sizeof(cells));
		rows_add(rows, cells);
		tell_system(q, s->p.system, TOLD_REMOVED, arena_print(q->mem, "%s: %s", role_name(q, s->p.system, s->p.role), cells[4]),
			    by ? arena_print(q->mem, "%s, godkänt av %s", cells[0], by) : cells[0]);
		++*count;
	}
	return 0;
}

int
put_decisions(struct quarter *q, struct error *err)
{
	long long removed = 0;

	list_decisions(q);
	put_counts(q);
	if (list_removals(q, &removed, err) < 0)
		return -1;
	put_number(json_object_get(q->page, "decisions"), "removed", removed);
	return 0;
}

/* ------------------------------------------------------------------ kept, and exceptions */

static const struct document_column kept_columns[] = {
	{ "who", "Vem", CELL_TEXT }, { "about", "Gäller", CELL_TEXT }, { "system", "System", CELL_TEXT }, { "role", "Roll", CELL_TEXT },
	{ "reason", "Skäl", CELL_TEXT }, { "by", "Beslutat av", CELL_TEXT }, { "since", "Sedan", CELL_DAY }, { "until", "Till", CELL_DAY }, { "source", "Står i", CELL_TEXT },
};

struct keeping { struct quarter *q; struct kept_rows *rows; json_t *page; long long count, endless, soon; bool hidden; };

#define KEPT_MOST 100                   /* on the page */

static void
add_kept(struct keeping *k, const char *const *cells, const char *system, const char *role, day_t until)
{
	struct quarter *q = k->q;
	day_t end = clock_day(q->span.end - 1);
	const char *about = arena_print(q->mem, "%s: %s", system_name(q, system), role_name(q, system, role));

	rows_add(k->rows, (const char *[]){ cells[0], about, cells[1], cells[2], cells[3], cells[4], cells[5], cells[6], cells[7] });
	k->count++;
	k->endless += until == DAY_NONE;
	k->soon += until != DAY_NONE && until < end + 92;
	tell_system(q, system, TOLD_KEPT, arena_print(q->mem, "%s: %s, %s", role_name(q, system, role), cells[0],
						      until == DAY_NONE ? "utan slutdatum" : arena_print(q->mem, "till %s", cells[6])),
		    arena_print(q->mem, "%s%s%s", cells[3] ? cells[3] : "inget skäl", cells[4] ? "; " : "", cells[4] ? cells[4] : ""));
	if (k->count <= KEPT_MOST) {
		json_t *o = json_object();

		json_put(o, "who", cells[0]);
		json_put(o, "role", about);
		json_put(o, "reason", cells[3]);
		json_put(o, "by", cells[4]);
		json_put(o, "until", cells[6]);
		json_array_append_new(k->page, o);
	}
}

/* Somebody with protected identity is called in the rules by a name that nobody shall read: the grants know who may be named. */
static int
kept_shown(struct keeping *k, const struct role *role, const struct keep *keep, const char **out, struct error *err)
{
	const struct grant_filter filter = { keep->who, role->system->id, role->id };
	struct quarter *q = k->q;
	struct grants grants;

	*out = keep->who;
	if (!k->hidden)
		return 0;
	if (store_grants_of(q->mem, q->in->store, &filter, q->span.end - 1, q->span.end, &grants, err) < 0)
		return -1;
	*out = grants.list.count && grants.list.items[0].account ? grants.list.items[0].account
	       : arena_print(q->mem, "kontot i %s", place_text(q->mem, keep->at));
	return 0;
}

static int
add_written(struct keeping *k, const struct role *role, struct error *err)
{
	struct quarter *q = k->q;

	for (int i = 0; i < role->keep_count; i++) {
		const struct keep *keep = &role->keeps[i];
		const char *who;

		if (clock_day(q->span.end - 1) > keep->until)
			continue;
		if (kept_shown(k, role, keep, &who, err) < 0)
			return -1;
		add_kept(k, (const char *[]){ straight(q->mem, who), role->system->id, role->id, straight(q->mem, keep->why), straight(q->mem, keep->by),
			 keep->since, day_text(q->mem, keep->until), straight(q->mem, place_text(q->mem, keep->at)) }, role->system->id, role->id, keep->until);
	}
	return 0;
}

static int
add_decided(struct keeping *k, struct error *err)
{
	struct quarter *q = k->q;
	struct kept_list kept;

	if (store_exceptions(q->mem, q->in->store, clock_day(q->span.end - 1), &kept, err) < 0)
		return -1;
	for (size_t i = 0; i < kept.list.count; i++) {
		const struct kept *one = &kept.list.items[i];

		if (one->at < q->span.end && is_mine(q, one->system, NULL, NULL))
			add_kept(k, (const char *[]){ straight(q->mem, one->account ? one->account : "-"), one->system, one->role, written(q->mem, one->reason),
				 straight(q->mem, one->by), day_of(q->mem, one->at), day_text(q->mem, one->until), "beslut" }, one->system, one->role, one->until);
	}
	return 0;
}

int
put_kept(struct quarter *q, struct error *err)
{
	struct keeping k = { .q = q, .page = put_list(q->page, "kept") };
	const struct rules *r = q->in->rules;
	const char *secret = NULL;

	k.rows = rows_keep(q, "kept", "Behålls och undantag", COLUMNS(kept_columns));
	if (store_get(q->mem, q->in->store, SECRET_VALUE, &secret, err) < 0)
		return -1;
	k.hidden = secret && strchr(secret, ':');
	if (add_decided(&k, err) < 0)
		return -1;
	for (size_t i = 0; i < r->system_count; i++)
		for (int n = 0; is_mine(q, r->systems[i].id, NULL, NULL) && n < r->systems[i].role_count; n++)
			if (add_written(&k, &r->systems[i].roles[n], err) < 0)
				return -1;
	json_put(q->page, "kept_more", k.count > KEPT_MOST ? text_count(q->mem, k.count - KEPT_MOST) : NULL);
	if (k.endless)
		conclude(q, "act", arena_print(q->mem, "%s undantag saknar slutdatum.", text_count(q->mem, k.endless)),
			 "Sätt ett datum, eller skriv in behovet i reglerna.", "#undantag");
	if (k.soon)
		conclude(q, "note", arena_print(q->mem, "%s undantag går ut inom tre månader.", text_count(q->mem, k.soon)),
			 "Då frågas ägaren på nytt.", "#undantag");
	return 0;
}
