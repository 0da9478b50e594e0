/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reviews.c - the lists of a quarter that owners are asked to review, who can, and who has. */
#include "store_p.h"
#include "behov/json.h"

#define PIN_SECONDS (7 * 86400)         /* an owner who changed reviews nothing for so long */

const char *const review_change_word[] = { "same", "new", "gone", "back", "passed" };

/* ------------------------------------------------------------------ lists */

static int
add_row(struct store *store, long long list, long long number, const struct review_row *r, struct error *err)
{
	struct query q;

	if (query_again(&store->base, &q, "insert into review_row (list, number, role, key, account, change, since, until, need)"
			" values (?, ?, ?, ?, ?, ?, ?, ?, ?)", err) < 0)
		return -1;
	bind_number(&q, list);
	bind_number(&q, number);
	bind_text(&q, r->role);
	bind_text(&q, r->key);
	bind_text(&q, r->account);
	bind_text(&q, review_change_word[r->change]);
	bind_moment(&q, r->since);
	bind_moment(&q, r->until);
	if (r->need)
		bind_number(&q, r->need);
	else
		bind_text(&q, NULL);
	return query_done(NULL, &q, err);
}

int
store_list_add(struct store *store, struct review_list *list, const struct review_row *rows, size_t count, struct error *err)
{
	struct query q;

	if (query_open(&store->base, &q, "insert into review_list (quarter, system, digest, core, people, added, removed, rows, ended, asked,"
		       " made) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", err) < 0)
		return -1;
	bind_text(&q, list->quarter);
	bind_text(&q, list->system);
	bind_text(&q, list->digest);
	bind_text(&q, list->core);
	bind_number(&q, list->people);
	bind_number(&q, list->added);
	bind_number(&q, list->removed);
	bind_number(&q, (long long)count);
	bind_moment(&q, list->ended);
	bind_moment(&q, list->asked);
	bind_moment(&q, list->made);
	if (query_done(NULL, &q, err) < 0)
		return -1;
	list->id = sqlite3_last_insert_rowid(store->base.db);
	list->rows = (long long)count;
	for (size_t i = 0; i < count; i++)
		if (add_row(store, list->id, (long long)i, &rows[i], err) < 0)
			return -1;
	return 0;
}

int
store_lists(struct arena *mem, struct store *store, const char *quarter, const char *system, bool old, struct review_lists *out,
	    struct error *err)
{
	struct query q;

	*out = (struct review_lists){ 0 };
	if (query_open(&store->base, &q, "select id, quarter, system, digest, core, people, added, removed, rows, ended, asked, made"
		       " from review_list l where quarter = coalesce(?1, (select max(quarter) from review_list)) and (?2 is null or system = ?2)"
		       " and (?3 or not exists (select 1 from review_list n where n.quarter = l.quarter and n.system = l.system and n.id > l.id))"
		       " order by system, id", err) < 0)
		return -1;
	bind_text(&q, quarter);
	bind_text(&q, system);
	bind_number(&q, old);
	while (query_row(&q, err))
		*arena_push(mem, &out->list) = (struct review_list){
			column_number(&q, 0), column_text(mem, &q, 1), column_text(mem, &q, 2), column_text(mem, &q, 3), column_text(mem, &q, 4),
			column_number(&q, 5), column_number(&q, 6), column_number(&q, 7), column_number(&q, 8), column_moment(&q, 9),
			column_moment(&q, 10), column_moment(&q, 11) };
	return query_close(&q, err);
}

static int
read_row(struct arena *mem, struct query *q, struct review_row *out, struct error *err)
{
	int change = word_index(column_lent(mem, q, 3), review_change_word, REVIEW_CHANGES, err);
	int kind = column_null(q, 7) ? GROUND_UNKNOWN : word_index(column_lent(mem, q, 7), ground_word, GROUNDS, err);

	if (change < 0 || kind < 0)
		return -1;
	*out = (struct review_row){
		column_text(mem, q, 0), column_text(mem, q, 1), column_text(mem, q, 2), (enum review_change)change, column_moment(q, 4),
		column_moment(q, 5), column_null(q, 7) ? 0 : column_number(q, 6), (enum ground_kind)kind, column_text(mem, q, 8),
		column_text(mem, q, 9) };
	return 0;
}

int
store_list_rows(struct arena *mem, struct store *store, long long list, long long from, long long most, struct review_rows *out,
		struct error *err)
{
	struct query q;
	int rc = 0;

	*out = (struct review_rows){ 0 };
	if (query_open(&store->base, &q, "select r.role, r.key, r.account, r.change, r.since, r.until, r.need, n.kind, n.text, n.place"
		       " from review_row r left join need n on n.id = r.need where r.list = ? and r.number >= ? order by r.number limit ?", err) < 0)
		return -1;
	bind_number(&q, list);
	bind_number(&q, from);
	bind_number(&q, most);
	while (rc == 0 && query_row(&q, err))
		rc = read_row(mem, &q, arena_push(mem, &out->list), err);
	return query_close(&q, err) < 0 || rc < 0 ? -1 : 0;
}

int
store_list_holds(struct store *store, long long list, const char *key, long long *out, struct error *err)
{
	struct query q;

	*out = 0;
	if (query_open(&store->base, &q, "select count(*) from review_row where list = ? and key = ? and until is null", err) < 0)
		return -1;
	bind_number(&q, list);
	bind_text(&q, key);
	if (query_row(&q, err))
		*out = column_number(&q, 0);
	return query_close(&q, err);
}

/* ------------------------------------------------------------------ who has reviewed them */

int
store_review_add(struct store *store, const struct review *r, struct error *err)
{
	struct query q;

	if (query_open(&store->base, &q, "insert into review (quarter, system, digest, key, name, duty, text, own, at, source, inbox, proof,"
		       " refused) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", err) < 0)
		return -1;
	bind_text(&q, r->quarter);
	bind_text(&q, r->system);
	bind_text(&q, r->digest);
	bind_text(&q, r->key);
	bind_text(&q, r->name);
	bind_text(&q, r->duty);
	bind_text(&q, r->text);
	bind_number(&q, r->own);
	bind_moment(&q, r->at);
	bind_text(&q, r->source);
	if (r->inbox)
		bind_number(&q, r->inbox);
	else
		bind_text(&q, NULL);
	bind_text(&q, r->proof);
	bind_text(&q, r->refused);
	return query_done(store, &q, err);
}

int
store_reviews(struct arena *mem, struct store *store, const char *quarter, const char *system, bool refused, struct reviews *out,
	      struct error *err)
{
	struct query q;

	*out = (struct reviews){ 0 };
	/* Asked for each list that the page shows: of one, "? is null or …" and the order would look at those of all years. */
	if (query_open(&store->base, &q, arena_print(mem, "select id, quarter, system, digest, key, name, duty, text, own, at, source, proof, refused"
						     " from review where true%s%s%s order by %sid", quarter ? " and quarter = ?" : "",
						     system ? " and system = ?" : "", refused ? "" : " and refused is null", quarter ? "+" : ""), err) < 0)
		return -1;
	if (quarter)
		bind_text(&q, quarter);
	if (system)
		bind_text(&q, system);
	while (query_row(&q, err))
		*arena_push(mem, &out->list) = (struct review){
			.id = column_number(&q, 0), .quarter = column_text(mem, &q, 1), .system = column_text(mem, &q, 2),
			.digest = column_text(mem, &q, 3), .key = column_text(mem, &q, 4), .name = column_text(mem, &q, 5),
			.duty = column_text(mem, &q, 6), .text = column_text(mem, &q, 7), .own = column_number(&q, 8),
			.at = column_moment(&q, 9), .source = column_text(mem, &q, 10), .proof = column_text(mem, &q, 11),
			.refused = column_text(mem, &q, 12) };
	return query_close(&q, err);
}

enum review_state
review_state(const struct review_list *list, const struct reviews *all)
{
	enum review_state out = REVIEW_WAITS;

	for (size_t i = 0; i < all->list.count && out != REVIEW_DONE; i++) {
		const struct review *r = &all->list.items[i];

		if (!r->refused && strcmp(r->quarter, list->quarter) == 0 && strcmp(r->system, list->system) == 0)
			out = strcmp(r->digest, list->digest) == 0 ? REVIEW_DONE : REVIEW_OLDER;
	}
	return out;
}

int
store_lists_waiting(struct arena *mem, struct store *store, const struct rules *rules, struct review_lists *out, struct error *err)
{
	struct review_lists all;
	struct reviews given;

	*out = (struct review_lists){ 0 };
	if (store_lists(mem, store, NULL, NULL, false, &all, err) < 0)
		return -1;
	if (!all.list.count)
		return 0;
	if (store_reviews(mem, store, all.list.items[0].quarter, NULL, false, &given, err) < 0)
		return -1;
	for (size_t i = 0; i < all.list.count; i++)
		if (rules_system(rules, all.list.items[i].system) && review_state(&all.list.items[i], &given) != REVIEW_DONE)
			*arena_push(mem, &out->list) = all.list.items[i];
	return 0;
}

/* ------------------------------------------------------------------ who can */

/* Does one of the names lead to that person, and has for a while? */
static int
is_named(struct arena *mem, struct store *store, const char *const *names, int count, const char *key, int64_t now, bool *out,
	 struct error *err)
{
	for (int i = 0; i < count && !*out; i++) {
		struct pin pin = { 0 };
		bool found = false;

		if (!names[i] || !*names[i])
			continue;
		if (store_pin(mem, store, names[i], &pin, &found, err) < 0)
			return -1;
		*out = found && strcmp(pin.key, key) == 0 && (pin.changed == INT64_MIN || now - pin.changed >= PIN_SECONDS);
	}
	return 0;
}

struct seeking { struct arena *mem; struct store *store; const struct rules *rules; const char *key; int64_t now; };

static int
take_named(const struct seeking *w, const struct system *s, const json_t *found, struct reviewers *out, struct error *err)
{
	const char *const *coordinator = &w->rules->conf.people.coordinator;
	const json_t *one;
	size_t i;

	json_array_foreach(found, i, one) {
		const char *key = json_text(one, "key"), *duty = json_text(one, "duty");
		bool named = false;

		if (!key || !duty || (w->key && strcmp(key, w->key) != 0))
			continue;
		if (is_named(w->mem, w->store, &s->owner, 1, key, w->now, &named, err) < 0 ||
		    is_named(w->mem, w->store, s->deputies, s->deputy_count, key, w->now, &named, err) < 0 ||
		    is_named(w->mem, w->store, coordinator, 1, key, w->now, &named, err) < 0)
			return -1;
		if (named)
			*arena_push(w->mem, &out->list) = (struct reviewer){ s->id, arena_text(w->mem, key), arena_text(w->mem, duty) };
	}
	return 0;
}

int
store_reviewers(struct arena *mem, struct store *store, const struct rules *rules, const char *system, const char *key, int64_t now,
		struct reviewers *out, struct error *err)
{
	const struct seeking w = { mem, store, rules, key, now };
	const char *text = NULL;
	json_t *all = NULL;
	int rc = 0;

	*out = (struct reviewers){ 0 };
	if (store_get(mem, store, REVIEWERS_VALUE, &text, err) < 0 || (text && json_read(text, strlen(text), &all, err) < 0))
		return -1;
	for (size_t i = 0; i < rules->system_count && rc == 0; i++) {
		const struct system *s = &rules->systems[i];

		if (!system || strcmp(s->id, system) == 0)
			rc = take_named(&w, s, json_object_get(all, s->id), out, err);
	}
	json_decref(all);
	return rc;
}
