/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reviews.c - which systems' lists of the quarter are reviewed, by whom and with what remarks, and which wait. */
#include "quarter_p.h"
#include "behov/audit.h"

static const struct document_column review_columns[] = {
	{ "system", "System", CELL_TEXT }, { "state", "Läge", CELL_TEXT }, { "by", "Granskad av", CELL_TEXT }, { "duty", "Som", CELL_TEXT },
	{ "day", "Dag", CELL_DAY }, { "text", "Anmärkningar", CELL_TEXT }, { "own", "Egna roller på listan", CELL_NUMBER },
	{ "asked", "Lades fram", CELL_DAY }, { "proof", "Visade vem med", CELL_TEXT },
	{ "row", "Rad i kedjan", CELL_NUMBER }, { "list", "Listans fingeravtryck", CELL_TEXT },
};

/* A row of the chain that tells of a review. */
struct chained { const char *system, *digest, *by; long long seq; };

struct reviewing {
	struct quarter *q;
	struct review_lists lists;      /* in force, in scope */
	struct reviews given;
	LIST(struct chained) chain;
	struct kept_rows *rows;
	int64_t now;                    /* the last thing that the store knows of */
	long long done, older, late;
	const char *waiting;            /* names of the first that wait */
	long long named;
};

/* ------------------------------------------------------------------ what is known */

static int
take_chained(void *self, const struct audit_row *row, struct error *err)
{
	struct reviewing *r = self;
	struct arena *mem = r->q->mem;
	json_t *payload = NULL;

	(void)err;
	if (row->payload && json_read(row->payload, strlen(row->payload), &payload, NULL) == 0 && json_text(payload, "quarter") &&
	    strcmp(json_text(payload, "quarter"), r->q->what->quarter) == 0)
		*arena_push(mem, &r->chain) = (struct chained){ arena_text(mem, json_text(payload, "system")), arena_text(mem, json_text(payload, "digest")),
								arena_text(mem, json_text(payload, "by")), row->seq };
	json_decref(payload);
	return 0;
}

static int
read_all(struct reviewing *r, struct error *err)
{
	struct quarter *q = r->q;
	struct review_lists all;

	if (store_lists(q->mem, q->in->store, q->what->quarter, NULL, false, &all, err) < 0)
		return -1;
	for (size_t i = 0; i < all.list.count; i++)
		if (rules_system(q->in->rules, all.list.items[i].system) && is_mine(q, all.list.items[i].system, NULL, NULL))
			*arena_push(q->mem, &r->lists.list) = all.list.items[i];
	if (!r->lists.list.count)
		return 0;
	r->now = q->known == INT64_MIN ? q->span.end : q->known;
	return store_reviews(q->mem, q->in->store, q->what->quarter, NULL, false, &r->given, err) < 0 ||
	       store_audit_events(q->in->store, "reviewed", take_chained, r, err) < 0 ? -1 : 0;
}

static bool
is_of(const struct review *g, const struct review_list *list)
{
	return strcmp(g->system, list->system) == 0;
}

static long long
row_of(const struct reviewing *r, const struct review *g)
{
	for (size_t i = 0; i < r->chain.count; i++) {
		const struct chained *c = &r->chain.items[i];

		if (c->system && c->digest && c->by && g->key && strcmp(c->system, g->system) == 0 && strcmp(c->digest, g->digest) == 0 &&
		    strcmp(c->by, g->key) == 0)
			return c->seq;
	}
	return 0;
}

static long long
days_without(const struct reviewing *r, const struct review_list *list)
{
	long long days = clock_day(r->now) - clock_day(list->asked);

	return days < 0 ? 0 : days;
}

/* ------------------------------------------------------------------ in words */

/* "2026-10-14 av Anna Berg, informationsägare: Två ska bort" */
static const char *
said(const struct reviewing *r, const struct review *g)
{
	struct arena *mem = r->q->mem;

	return arena_print(mem, "%s av %s, %s%s%s%s", day_of(mem, g->at), straight(mem, g->name ? g->name : "-"), straight(mem, g->duty ? g->duty : "-"),
			   g->own ? ", som själv står på listan" : "", g->text ? ": " : "", g->text ? written(mem, g->text) : "");
}

/* Those that are of the list in force; where there are none, those of older ones. */
static const char *
review_text(const struct reviewing *r, const struct review_list *list, enum review_state state)
{
	struct arena *mem = r->q->mem;
	const char *out = NULL;

	for (size_t i = 0; i < r->given.list.count; i++) {
		const struct review *g = &r->given.list.items[i];

		if (is_of(g, list) && (state == REVIEW_OLDER || strcmp(g->digest, list->digest) == 0))
			out = arena_print(mem, "%s%s%s", out ? out : "", out ? "; " : "", said(r, g));
	}
	if (state == REVIEW_WAITS)
		return arena_print(mem, "Inte granskad. Listan lades fram %s.", day_of(mem, list->asked));  /* no days: a report says the same later */
	return state == REVIEW_DONE ? arena_print(mem, "Granskad %s", out)
				    : arena_print(mem, "Granskad i äldre lydelse %s. Listan gjordes om %s och är inte granskad sedan dess.", out,
						  day_of(mem, list->made));
}

/* ------------------------------------------------------------------ the list */

static void
add_row(struct reviewing *r, const struct review_list *list, const struct review *g, const char *state)
{
	struct arena *mem = r->q->mem;
	json_t *proof = NULL;
	long long seq = g ? row_of(r, g) : 0;
	const char *how = NULL;

	if (g && g->proof && json_read(g->proof, strlen(g->proof), &proof, NULL) == 0)
		how = straight(mem, arena_text(mem, json_text(proof, "kind")));
	json_decref(proof);
	rows_add(r->rows, (const char *[]){
		straight(mem, list->system), state, g ? straight(mem, g->name) : NULL, g ? straight(mem, g->duty) : NULL, g ? day_of(mem, g->at) : NULL,
		g ? written(mem, g->text) : NULL, g ? number_text(mem, g->own) : NULL,
		day_of(mem, list->asked), how, seq ? number_text(mem, seq) : NULL, g ? straight(mem, g->digest) : list->digest });
}

/* One row for each review; one that waits has one of its own. */
static void
add_rows(struct reviewing *r, const struct review_list *list, enum review_state state)
{
	for (size_t i = 0; i < r->given.list.count; i++) {
		const struct review *g = &r->given.list.items[i];

		if (is_of(g, list))
			add_row(r, list, g, strcmp(g->digest, list->digest) == 0 ? "granskad" : "granskad i äldre lydelse");
	}
	if (state != REVIEW_DONE)
		add_row(r, list, NULL, "inte granskad");
}

/* ------------------------------------------------------------------ the page */

static void
put_one(struct reviewing *r, const struct review_list *list)
{
	struct quarter *q = r->q;
	enum review_state state = review_state(list, &r->given);
	bool late = state != REVIEW_DONE && days_without(r, list) > q->in->rules->conf.report.review_days;
	json_t *part = json_object_get(q->by_system, list->system);

	if (part) {
		json_put(part, "review", review_text(r, list, state));
		json_object_set_new(part, "review_late", json_boolean(late));
	}
	add_rows(r, list, state);
	r->done += state == REVIEW_DONE;
	r->older += state == REVIEW_OLDER;
	r->late += late;
	if (state != REVIEW_DONE && ++r->named <= 5)
		r->waiting = arena_print(q->mem, "%s%s%s", r->waiting ? r->waiting : "", r->waiting ? ", " : "", system_name(q, list->system));
}

static void
conclude_reviews(struct reviewing *r)
{
	struct quarter *q = r->q;
	long long count = (long long)r->lists.list.count;
	int days = q->in->rules->conf.report.review_days;
	const char *late = r->late ? arena_print(q->mem, " %s har väntat i mer än %d dagar.", many(q->mem, r->late, "lista", "listor"), days) : "";
	const char *older = r->older ? arena_print(q->mem, " %s.", many(q->mem, r->older, "är granskad i äldre lydelse", "är granskade i äldre lydelse")) : "";
	const char *names = r->waiting ? arena_print(q->mem, "Inte granskade: %s%s.", r->waiting, r->named > 5 ? " med flera" : "") : NULL;

	if (count)
		conclude(q, r->done == count ? "good" : r->late ? "red" : "act",
			 arena_print(q->mem, "Granskade system: %s av %s.%s%s", text_count(q->mem, r->done), text_count(q->mem, count), late, older),
			 names, "#system");
}

int
put_reviews(struct quarter *q, struct error *err)
{
	struct reviewing r = { .q = q };
	json_t *o = json_object(), *system;
	size_t i;

	json_object_set_new(q->page, "reviews", o);
	json_array_foreach(json_object_get(q->page, "systems"), i, system) {
		json_put(system, "review", NULL);
		json_object_set_new(system, "review_late", json_false());
	}
	if (read_all(&r, err) < 0)
		return -1;
	r.rows = rows_keep(q, "reviews", "Granskningar", COLUMNS(review_columns));
	for (i = 0; i < r.lists.list.count; i++)
		put_one(&r, &r.lists.list.items[i]);
	put_number(o, "lists", (long long)r.lists.list.count);
	put_number(o, "reviewed", r.done);
	put_number(o, "older", r.older);
	put_number(o, "late", r.late);
	conclude_reviews(&r);
	return 0;
}
