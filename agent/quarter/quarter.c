/* SPDX-License-Identifier: GPL-3.0-or-later */
/* quarter.c - the quarterly access review: page one, then each part. */
#include "quarter_p.h"

/* ------------------------------------------------------------------ page one */

void
conclude(struct quarter *q, const char *tone, const char *text, const char *detail, const char *link)
{
	json_t *o = json_object();

	json_put(o, "tone", tone);
	json_put(o, "text", text);
	json_put(o, "detail", detail);
	json_put(o, "link", link);
	json_array_append_new(json_object_get(q->page, "conclusions"), o);
}

/* Sorted by tone, and each tone as a group of its own. */
static void
conclusions_end(struct quarter *q)
{
	json_t *all = json_object_get(q->page, "conclusions"), *sorted = json_array(), *groups = put_list(q->page, "groups"), *one;
	size_t i;

	for (int t = 0; t < TONES; t++) {
		json_t *items = json_array();

		json_array_foreach(all, i, one)
			if (document_tone(one) == t) {
				json_array_append(items, one);
				json_array_append(sorted, one);
			}
		if (json_array_size(items))
			json_array_append_new(groups, json_pack("{s:s, s:s, s:O}", "tone", document_tones[t].id, "title", document_tones[t].title, "items", items));
		json_decref(items);
	}
	json_object_set_new(q->page, "conclusions", sorted);
}

static void
conclude_access(struct quarter *q)
{
	long long again = q->change[CHANGE_BACK];
	const char *back = again ? arena_print(q->mem, " och %s", many(q->mem, again, "som har varit borta", "som har varit borta")) : "";

	if (q->span.last == INT64_MIN)
		return;
	conclude(q, "note", arena_print(q->mem, "%s har %s: %s som förut, %s%s. %s.", people_text(q->mem, q->people),
					many(q->mem, q->access, "behörighet", "behörigheter"), text_count(q->mem, q->change[CHANGE_NONE]),
					many(q->mem, q->change[CHANGE_NEW], "ny", "nya"), back,
					many(q->mem, q->change[CHANGE_GONE], "togs bort", "togs bort")),
		 q->span.first ? "Det finns ingen tidigare bild: jämförelsen är med kvartalets första natt." :
		 arena_print(q->mem, "När kvartalet började hade %s %s.", people_text(q->mem, q->people_before),
			     many(q->mem, q->access_before, "behörighet", "behörigheter")),
		 "#system");
}

static const char *
dnr_of(struct quarter *q)
{
	const char *pattern = q->in->rules->conf.report.dnr, *out = "";

	for (const char *at = pattern; at && *at; ) {
		if (strncmp(at, "{year}", 6) == 0)
			out = arena_print(q->mem, "%s%d", out, q->span.year), at += 6;
		else if (strncmp(at, "{quarter}", 9) == 0)
			out = arena_print(q->mem, "%s%d", out, q->span.number), at += 9;
		else
			out = arena_print(q->mem, "%s%c", out, *at++);
	}
	return pattern ? out : NULL;
}

static int
put_scope(struct quarter *q, struct error *err)
{
	const char *owner;

	json_put(q->page, "scope", NULL);
	if (q->what->system)
		json_put(q->page, "scope", arena_print(q->mem, "Bara %s", system_name(q, q->what->system)));
	if (!q->what->owner)
		return 0;
	if (store_shown(q->mem, q->in->store, q->what->owner, &owner, err) < 0)
		return -1;
	json_put(q->page, "scope", arena_print(q->mem, "Bara det som %s äger", straight(q->mem, owner)));
	return 0;
}

static int
put_head(struct quarter *q, struct error *err)
{
	const struct conf *c = &q->in->rules->conf;

	json_put(q->page, "title", arena_print(q->mem, "Behörighetsgenomgång %s", q->what->quarter));
	json_put(q->page, "organisation", straight(q->mem, c->organisation));
	json_put(q->page, "quarter", q->what->quarter);
	json_put(q->page, "dnr", dnr_of(q));
	json_put(q->page, "keep", c->report.keep);
	json_put(q->page, "from", day_of(q->mem, q->span.from));
	json_put(q->page, "to", day_of(q->mem, q->span.to - 1));
	json_put(q->page, "until", day_of(q->mem, q->span.end - 1));
	json_put(q->page, "period", arena_print(q->mem, "%s till och med %s%s", day_of(q->mem, q->span.from), day_of(q->mem, q->span.end - 1),
						q->span.so_far ? arena_print(q->mem, " (hittills; kvartalet slutar %s)", day_of(q->mem, q->span.to - 1)) : ""));
	json_put(q->page, "at", clock_text(q->mem, q->span.end - 1));
	json_object_set_new(q->page, "so_far", json_boolean(q->span.so_far));
	put_list(q->page, "conclusions");
	put_number(q->page, "people", q->people);
	put_number(q->page, "people_before", q->people_before);
	put_number(q->page, "access", q->access);
	put_number(q->page, "access_before", q->access_before);
	put_number(q->page, "added", q->change[CHANGE_NEW]);
	put_number(q->page, "removed", q->change[CHANGE_GONE]);
	put_number(q->page, "back", q->change[CHANGE_BACK]);
	put_number(q->page, "passed", q->change[CHANGE_PASSED]);
	return put_scope(q, err);
}

/* The numbers of page one, as people read them. */
static void
put_figures(struct quarter *q)
{
	json_t *o = json_object();

	json_object_set_new(q->page, "figures", o);
	json_put(o, "systems", text_count(q->mem, (long long)json_array_size(json_object_get(q->page, "systems"))));
	json_put(o, "people", text_count(q->mem, q->people));
	json_put(o, "access", text_count(q->mem, q->access));
	json_put(o, "changed", arena_print(q->mem, "+%s −%s", text_count(q->mem, q->change[CHANGE_NEW]), text_count(q->mem, q->change[CHANGE_GONE])));
	json_put(o, "answers", text_count(q->mem, json_number(json_object_get(q->page, "decisions"), "count", 0)));
	json_put(o, "waiting", text_count(q->mem, json_number(json_object_get(q->page, "waiting"), "count", 0)));
}

static int
fill(struct quarter *q, struct error *err)
{
	if (put_head(q, err) < 0)
		return -1;
	conclude_access(q);
	access_list(q);
	if (put_systems(q, err) < 0 || put_reviews(q, err) < 0 || put_decisions(q, err) < 0 || put_kept(q, err) < 0)
		return -1;
	put_waiting(q);
	if (put_again(q, err) < 0 || put_accounts(q, err) < 0 || put_gallring(q, err) < 0 || put_findings(q, err) < 0 || put_changes(q, err) < 0 ||
	    put_proof(q, err) < 0)
		return -1;
	systems_end(q);
	put_figures(q);
	conclusions_end(q);
	put_plots(q);
	return 0;
}

/* ------------------------------------------------------------------ the document */

int
quarter_document(struct arena *mem, const struct report_input *in, const struct quarter_what *what, struct document *out,
		 struct error *err)
{
	struct quarter *q = arena_new(mem, struct quarter);
	struct quarter_what *asked = arena_new(mem, struct quarter_what);
	int rc = -1;

	*asked = (struct quarter_what){ arena_text(mem, what->quarter), arena_text(mem, what->owner), arena_text(mem, what->system) };
	*q = (struct quarter){ .mem = mem, .in = in, .what = asked, .all = arena_new(mem, struct stored_list), .page = json_object() };
	if (quarter_read(q, err) == 0)
		rc = fill(q, err);
	json_decref(q->by_system);
	quarter_forget(q);
	*out = (struct document){ q->page, q->lists.items, (int)q->lists.count, q->plots.items, (int)q->plots.count, q->all };
	if (rc < 0)
		document_free(out);
	return rc;
}
