/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rows.c - proposals as an owner sees them: grouped by role or series, each with what it rests on. */
#include "decide_p.h"

#include <behov/json.h>

/* ------------------------------------------------------------------ rows and groups */

#define PICK(from, keys) rows_pick((from), (keys), sizeof(keys) / sizeof(*(keys)))
static const char *const decision_keys[] = { "dnr", "date", "body" };

static json_t *
row_json(struct request *r, const struct view *view, const struct asked *a)
{
	json_t *row = json_object();
	const struct stored *s = a->s;
	const struct proposal *p = &s->p;
	bool files = p->kind == KIND_DESTROY || p->kind == KIND_DELIVER;

	rows_put(row, "id", a->id);
	rows_put(row, "version", p->version);
	rows_put(row, "proposal", s->id);
	rows_put(row, "name", rows_short(r, p));
	rows_put(row, "full", rows_name(r, p));
	rows_put(row, "why", p->why);
	rows_put(row, "who", p->display ? p->display : p->account);
	rows_put(row, "rule", place_text(r->mem, p->rule));
	rows_put(row, "opened", day_text(r->mem, clock_day(s->opened)));
	json_object_set_new(row, "waits", json_boolean(a->waits));
	json_object_set_new(row, "access", files ? json_null() : rows_access(r, p));
	json_object_set_new(row, "files", files ? rows_files(r, p) : json_null());
	rows_choice(r, row, view_choice(view, a->id), a);
	rows_said(r, row, a);
	rows_late(r, row, a);
	return row;
}

static void
group_files(struct request *r, json_t *g, const struct proposal *p)
{
	const json_t *decision = json_object_get(p->evidence, "decision");
	const struct conf *conf = &r->server->rules->conf;

	rows_put(g, "heading", arena_print(r->mem, p->kind == KIND_DESTROY ? say(r, "Gallra: %s") : say(r, "Leverera till arkivet: %s"),
					   rows_series(r->server->rules, p->series)));
	rows_put(g, "place", rows_share(r->server->rules, p->share));
	json_object_set_new(g, "decision", json_text(decision, "dnr") ? PICK(decision, decision_keys) : json_null());
	rows_put(g, "law", json_text(p->evidence, "law"));
	rows_put(g, "quarantine", arena_print(r->mem, "%d", conf->quarantine_days));
	rows_put(g, "grace", arena_print(r->mem, "%d", conf->grace.file_days));
}

static void
group_access(struct request *r, json_t *g, const struct proposal *p)
{
	rows_put(g, "heading", arena_print(r->mem, p->kind == KIND_CUT_NESTING ? say(r, "Ta bort behörighet för hela grupper: %s i %s")
								       : say(r, "Ta bort behörighet: %s i %s"),
					   rows_role(r->server->rules, p->system, p->role),
					   rows_system(r->server->rules, p->system)));
	rows_put(g, "place", NULL);
	json_object_set_new(g, "decision", json_null());
	rows_put(g, "law", NULL);
	rows_put(g, "quarantine", NULL);
	rows_put(g, "grace", arena_print(r->mem, "%d", r->server->rules->conf.grace.access_days));
}

static json_t *
group_json(struct request *r, const char *key, const struct stored *s)
{
	const struct proposal *p = &s->p;
	json_t *g = json_object(), *needs = rows_clauses(p);
	bool files = p->kind == KIND_DESTROY || p->kind == KIND_DELIVER;

	json_put(g, "key", key);
	json_object_set_new(g, "scheduled", json_boolean(s->state == STATE_SCHEDULED));
	json_object_set_new(g, "by_hand_now", json_boolean(s->state == STATE_EXPORTED));
	json_object_set_new(g, "held", json_boolean(s->state == STATE_HELD));
	json_object_set_new(g, "destroy", json_boolean(p->kind == KIND_DESTROY));
	json_object_set_new(g, "deliver", json_boolean(p->kind == KIND_DELIVER));
	json_object_set_new(g, "access", json_boolean(!files));
	rows_put(g, "rule", place_text(r->mem, p->rule));
	rows_put(g, "as", seats_as(r->mem, p, r->letter.key));
	json_object_set_new(g, "needed", json_boolean(json_array_size(needs) > 0));
	json_object_set_new(g, "clauses", needs);
	if (files)
		group_files(r, g, p);
	else
		group_access(r, g, p);
	json_put(g, "reason", form_get(&r->form, arena_print(r->mem, "gr-%s", key)));
	json_put(g, "until", form_get(&r->form, arena_print(r->mem, "gu-%s", key)));
	json_object_set_new(g, "rows", json_array());
	return g;
}

static json_t *
find_group(json_t *groups, const char *key)
{
	for (size_t i = 0; i < json_array_size(groups); i++)
		if (strcmp(json_text(json_array_get(groups, i), "key"), key) == 0)
			return json_array_get(groups, i);
	return NULL;
}

/* The clauses stand once for a group; a row that was judged by others shows its own. */
static void
put_own_clauses(json_t *row, json_t *group, const struct proposal *p)
{
	json_t *own = rows_clauses(p);
	bool same = json_equal(own, json_object_get(group, "clauses"));

	json_object_set_new(row, "own", json_boolean(!same));
	json_object_set_new(row, "clauses", own);
}

/* A bulk button is worth its place from two rows that can be answered with it. */
static void
put_counts(struct arena *mem, json_t *group)
{
	const json_t *rows = json_object_get(group, "rows");
	size_t free_rows = 0, waits = 0, words = 0;

	for (size_t i = 0; i < json_array_size(rows); i++) {
		free_rows += json_is_true(json_object_get(json_array_get(rows, i), "may_approve"));
		waits += json_is_true(json_object_get(json_array_get(rows, i), "waits"));
		words += json_is_true(json_object_get(json_array_get(rows, i), "words"));
	}
	json_object_set_new(group, "bulk", json_boolean(free_rows > 1));
	json_object_set_new(group, "some_words", json_boolean(words > 0));
	json_put(group, "count", arena_print(mem, "%zu", json_array_size(rows)));
	json_put(group, "open", arena_print(mem, "%zu", free_rows));
	json_put(group, "left", waits ? arena_print(mem, "%zu", waits) : NULL);
}

/* What happens when nothing is answered stands once, where it is the same for more than one row. */
static void
share_idle(json_t *group)
{
	const json_t *rows = json_object_get(group, "rows");
	const char *shared = NULL;
	size_t alike = 0;

	for (size_t i = 0; i < json_array_size(rows); i++) {
		const json_t *row = json_array_get(rows, i);
		const char *idle = json_is_true(json_object_get(row, "waits")) ? json_text(row, "idle") : NULL;

		if (idle && !shared)
			shared = idle;
		alike += idle && strcmp(idle, shared) == 0;
	}
	json_put(group, "idle", alike > 1 ? shared : NULL);
	for (size_t i = 0; alike > 1 && i < json_array_size(rows); i++) {
		json_t *row = json_array_get(rows, i);
		const char *idle = json_text(row, "idle");

		if (idle && strcmp(idle, json_text(group, "idle")) == 0)
			json_put(row, "idle", NULL);
	}
}

static void
finish(struct request *r, json_t *group)
{
	put_counts(r->mem, group);
	share_idle(group);
	rows_share_why(r, group);
}

static void
add_row(struct request *r, const struct view *view, const struct asked *a, json_t *groups)
{
	const char *key = choice_group(r->mem, a->s);
	json_t *group = find_group(groups, key), *row;

	if (!group) {
		group = group_json(r, key, a->s);
		json_array_append_new(groups, group);
	}
	row = row_json(r, view, a);
	put_own_clauses(row, group, &a->s->p);
	json_array_append_new(json_object_get(group, "rows"), row);
}

/* 0: it waits for an answer; 1: it has one, such as a question to somebody, and can be decided all the same; 2: it is decided. */
static int
turn(const struct asked *a)
{
	return a->waits ? 0 : a->may & MAY(VERDICT_APPROVE) ? 1 : 2;
}

/* What waits comes before what is answered, in each group and among the groups. */
json_t *
rows_groups(struct request *r, const struct view *view)
{
	json_t *groups = json_array();

	for (int now = 0; now <= 2; now++)
		for (size_t i = 0; i < view->rows.count; i++) {
			const struct asked *a = &view->rows.items[i];

			if (a->shown && !a->question && turn(a) == now)
				add_row(r, view, a, groups);
		}
	for (size_t i = 0; i < json_array_size(groups); i++)
		finish(r, json_array_get(groups, i));
	return groups;
}

json_t *
rows_questions(struct request *r, const struct view *view)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < view->rows.count; i++) {
		const struct asked *a = &view->rows.items[i];
		json_t *row, *clauses;

		if (!a->question || !a->shown)
			continue;
		row = row_json(r, view, a);
		clauses = rows_clauses(&a->s->p);
		json_object_set_new(row, "deliver", json_boolean(a->s->p.kind == KIND_DELIVER));
		json_object_set_new(row, "clauses", clauses);
		json_object_set_new(row, "clauses_some", json_boolean(json_array_size(clauses) > 0));
		json_array_append_new(rows, row);
	}
	return rows;
}
