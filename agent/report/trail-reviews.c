/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trail-reviews.c - the list of a quarter and system from end to end: as it was laid, who reviewed it, and the rows that say so. */
#include "report_p.h"

struct seeking { const char *quarter, *system; json_t *rows; };

static int
seek(void *self, const struct audit_row *row, struct error *err)
{
	struct seeking *s = self;
	json_t *payload = NULL;
	const char *quarter, *system;

	(void)err;
	if (strncmp(row->event, "review", 6) != 0 || !row->payload || json_read(row->payload, strlen(row->payload), &payload, NULL) < 0)
		return 0;
	quarter = json_text(payload, "quarter");
	system = json_text(payload, "system");
	if (quarter && system && strcmp(quarter, s->quarter) == 0 && strcmp(system, s->system) == 0)
		trail_row(s->rows, row, payload);
	json_decref(payload);
	return 0;
}

static void
put_lists(struct arena *mem, const struct review_lists *lists, json_t *out)
{
	json_t *rows = put_list(out, "lists");

	for (size_t i = 0; i < lists->list.count; i++) {
		const struct review_list *l = &lists->list.items[i];
		json_t *o = json_object();

		json_put(o, "digest", l->digest);
		put_moment(mem, o, "made", l->made);
		put_number(o, "rows", l->rows);
		put_number(o, "people", l->people);
		put_number(o, "added", l->added);
		put_number(o, "removed", l->removed);
		json_array_append_new(rows, o);
	}
}

static void
put_given(struct arena *mem, const struct reviews *all, json_t *out)
{
	json_t *rows = put_list(out, "given");

	for (size_t i = 0; i < all->list.count; i++) {
		const struct review *r = &all->list.items[i];
		json_t *o = json_object(), *proof = NULL;

		json_put(o, "digest", r->digest);
		json_put(o, "name", r->name);
		json_put(o, "duty", r->duty);
		put_moment(mem, o, "at", r->at);
		json_put(o, "text", r->text);
		put_number(o, "own", r->own);
		json_put(o, "source", r->source);
		if (r->proof && json_read(r->proof, strlen(r->proof), &proof, NULL) == 0)
			json_object_set_new(o, "proof", proof);
		json_put(o, "refused", r->refused);
		json_array_append_new(rows, o);
	}
}

int
trail_review(struct arena *mem, const struct report_input *in, const char *what, json_t *out, struct error *err)
{
	const char *at = strchr(what, '@'), *quarter = at ? arena_copy(mem, what, (size_t)(at - what)) : NULL;
	struct review_lists lists;
	struct reviews given;
	json_t *o;

	if (!quarter)
		return 0;
	if (store_lists(mem, in->store, quarter, at + 1, true, &lists, err) < 0 ||
	    store_reviews(mem, in->store, quarter, at + 1, true, &given, err) < 0)
		return -1;
	if (!lists.list.count)
		return 0;
	o = json_object();
	json_array_append_new(out, o);
	json_put(o, "quarter", quarter);
	json_put(o, "system", at + 1);
	put_lists(mem, &lists, o);
	put_given(mem, &given, o);
	return store_audit_each(in->store, 0, seek, &(struct seeking){ quarter, at + 1, put_list(o, "chain") }, err);
}

/* ------------------------------------------------------------------ for a terminal */

void
trail_add_lists(struct arena *mem, const json_t *review, struct text *t)
{
	const json_t *list;
	size_t i;

	json_array_foreach(json_object_get(review, "lists"), i, list)
		text_print(t, "  %s  %s, %s, %s, %s borta; %s\n", local(mem, json_text(list, "made")),
			   text_many(mem, json_number(list, "rows", 0), "rad", "rader"), text_many(mem, json_number(list, "people", 0), "person", "personer"),
			   text_many(mem, json_number(list, "added", 0), "ny", "nya"), text_count(mem, json_number(list, "removed", 0)),
			   json_text(list, "digest"));
}

void
trail_add_given(struct arena *mem, const json_t *review, struct text *t)
{
	const json_t *r;
	size_t i;

	json_array_foreach(json_object_get(review, "given"), i, r) {
		const json_t *proof = json_object_get(r, "proof");
		const char *how = json_text(proof, "kind") ? trail_proof(proof) : NULL, *duty = json_text(r, "duty");

		text_print(t, "  %s  %s%s%s (%s%s%s)", local(mem, json_text(r, "at")), plain(mem, json_text(r, "name")), duty ? ", " : "",
			   duty ? plain(mem, duty) : "", plain(mem, trail_source(r)), how ? ", " : "", how ? plain(mem, how) : "");
		if (json_text(r, "text"))
			text_print(t, ": %s", plain(mem, text_line(mem, json_text(r, "text"))));
		if (json_text(r, "refused"))
			text_print(t, " [räknas inte: %s]", plain(mem, refusal_told(json_text(r, "refused"))));
		text_print(t, "\n    av listan %s\n", plain(mem, json_text(r, "digest")));
	}
}
