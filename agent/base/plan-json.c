/* SPDX-License-Identifier: GPL-3.0-or-later */
/* plan-json.c - the order of a plan, and its JSON. */
#include "behov/nouns.h"
#include "behov/json.h"
#include "behov/manifest.h"
#include "behov/text.h"
#include <stdlib.h>
#include <string.h>

static int
cmp(const char *a, const char *b)
{
	if (a == b || !a || !b)
		return (a != NULL) - (b != NULL);
	return strcmp(a, b);
}

#define ORDER(function, type, ...)                                                                 \
	static int function(const void *left, const void *right)                                   \
	{                                                                                          \
		const type *a = left, *b = right;                                                  \
		const char *const x[] = { __VA_ARGS__ };                                           \
		const size_t half = sizeof(x) / sizeof(*x) / 2;                                    \
		(void)a, (void)b;                                                                  \
		for (size_t i = 0; i < half; i++) {                                                \
			int c = cmp(x[2 * i], x[2 * i + 1]);                                       \
			if (c)                                                                     \
				return c;                                                          \
		}                                                                                  \
		return 0;                                                                          \
	}
#define BOTH(field) a->field, b->field

ORDER(by_proposal, struct proposal, kind_word[a->kind], kind_word[b->kind], BOTH(key))
ORDER(by_missing, struct missing, BOTH(system), BOTH(role), BOTH(account))
ORDER(by_clash, struct clash, BOTH(system), BOTH(account), BOTH(why), a->role_count ? a->roles[0] : NULL,
      b->role_count ? b->roles[0] : NULL)
ORDER(by_structural, struct structural, BOTH(system), BOTH(role), BOTH(account), BOTH(group))
ORDER(by_finding, struct finding, BOTH(kind), BOTH(system), BOTH(role), BOTH(share), BOTH(series), BOTH(account),
      BOTH(group), BOTH(text))
ORDER(by_gap, struct gap, BOTH(what), BOTH(id), BOTH(path), BOTH(text))
ORDER(by_brake, struct brake, BOTH(scope), BOTH(stands))
ORDER(by_unclear, struct unclear, BOTH(system), BOTH(role), BOTH(key), BOTH(group), BOTH(share), BOTH(path), BOTH(series))

ORDER(by_stock, struct stock, BOTH(share), BOTH(series), BOTH(folder))

struct size { const char *scope; long long of; };
ORDER(by_size, struct size, BOTH(scope))

#define SORT(list, order)                                                                          \
	((list).count > 1 ? qsort((list).items, (list).count, sizeof(*(list).items), order) : (void)0)

void
plan_sort(struct plan *plan)
{
	SORT(plan->proposals, by_proposal);
	SORT(plan->missing, by_missing);
	SORT(plan->conflicts, by_clash);
	SORT(plan->structural, by_structural);
	SORT(plan->findings, by_finding);
	SORT(plan->gaps, by_gap);
	SORT(plan->brakes, by_brake);
	SORT(plan->unclear, by_unclear);
	SORT(plan->sizes, by_size);
	SORT(plan->stock, by_stock);
}

/* ------------------------------------------------------------------ JSON */

char *
place_text(struct arena *mem, struct place at)
{
	if (!at.file)
		return NULL;
	return at.line > 0 ? arena_print(mem, "%s:%d", at.file, at.line) : arena_text(mem, at.file);
}

/* A text from outside, made safe to be JSON. */
static void
put(json_t *o, const char *key, const char *text, struct arena *mem)
{
	json_put(o, key, text && !text_is_utf8(text, strlen(text)) ? name_show(mem, text) : text);
}

static json_t *
texts(const char **list, int count, struct arena *mem)
{
	json_t *array = json_array();

	for (int i = 0; i < count; i++) {
		bool clean = text_is_utf8(list[i], strlen(list[i]));
		json_array_append_new(array, json_string(clean ? list[i] : name_show(mem, list[i])));
	}
	return array;
}

static void
access_json(json_t *o, const struct proposal *p, struct arena *mem)
{
	put(o, "system", p->system, mem);
	put(o, "role", p->role, mem);
	put(o, "group", p->group, mem);
	put(o, "guid", p->guid, mem);
	put(o, "member", p->member, mem);
	if (p->kind == KIND_REMOVE_MEMBER)
		put(o, "account", p->account, mem);
	else
		json_object_set_new(o, "accounts", json_integer(p->accounts));
	json_object_set_new(o, "path", texts(p->path, p->path_count, mem));
	json_object_set_new(o, "also", texts(p->also, p->also_count, mem));
}

static void
batch_json(json_t *o, const struct proposal *p, struct arena *mem)
{
	put(o, "series", p->series, mem);
	put(o, "share", p->share, mem);
	put(o, "batch", p->batch, mem);
	json_object_set_new(o, "files", json_integer(p->files));
	json_object_set_new(o, "bytes", json_integer(p->bytes));
	put(o, "due", day_text(mem, p->due), mem);
	put(o, "manifest", p->manifest, mem);
}

json_t *
proposal_json(const struct proposal *p, int episode)
{
	struct arena *mem = arena_open();
	json_t *o = json_object();

	put(o, "id", arena_print(mem, "%s-%d", p->key, episode), mem);
	put(o, "kind", kind_word[p->kind], mem);
	if (p->kind == KIND_REMOVE_MEMBER || p->kind == KIND_CUT_NESTING)
		access_json(o, p, mem);
	else
		batch_json(o, p, mem);
	put(o, "owner", p->owner, mem);
	put(o, "why", p->why, mem);
	put(o, "rule", place_text(mem, p->rule), mem);
	arena_close(mem);
	return o;
}

static void
add_entries(json_t *array, const struct manifest_frame *f)
{
	struct arena *mem = arena_open();
	struct error never = { 0 };
	struct record *r;

	if (manifest_unpack(mem, f, NULL, &r, &never) < 0)
		abort();                /* we packed it ourselves, in our own memory */
	for (long long i = 0; i < f->files; i++) {
		json_t *o = json_object();
		json_put(o, "path", name_show(mem, r[i].path));
		json_object_set_new(o, "bytes", json_integer((json_int_t)r[i].size));
		json_put(o, "due", day_text(mem, r[i].due));
		json_array_append_new(array, o);
	}
	arena_close(mem);
}

static json_t *
entries_json(const struct proposal *p)
{
	json_t *array = json_array();

	for (size_t i = 0; p->packed && i < p->packed->count; i++)
		add_entries(array, &p->packed->frames[i]);
	return array;
}

/* A new object at the end of a list, with its texts: pairs of key and value; absent ones are left out. */
static json_t *
row(json_t *array, struct arena *mem, const char *const pair[][2], size_t count)
{
	json_t *o = json_object();

	for (size_t i = 0; i < count; i++)
		if (pair[i][1])
			put(o, pair[i][0], pair[i][1], mem);
	json_array_append_new(array, o);
	return o;
}
#define ROW(array, ...)                                                                            \
	row(array, mem, (const char *const[][2]){ __VA_ARGS__ },                                   \
	    sizeof((const char *const[][2]){ __VA_ARGS__ }) / sizeof(const char *const[2]))

static json_t *
list(json_t *o, const char *key)
{
	json_t *array = json_array();

	json_object_set_new(o, key, array);
	return array;
}

static void
proposals_json(json_t *o, const struct plan *plan, bool entries)
{
	json_t *array = list(o, "proposals");

	for (size_t i = 0; i < plan->proposals.count; i++) {
		const struct proposal *p = &plan->proposals.items[i];
		json_t *one = proposal_json(p, 0);
		if (entries && (p->kind == KIND_DESTROY || p->kind == KIND_DELIVER))
			json_object_set_new(one, "entries", entries_json(p));
		json_array_append_new(array, one);
	}
}

static void
judged_json(json_t *o, const struct plan *plan, struct arena *mem)
{
	json_t *array = list(o, "missing");

	for (size_t i = 0; i < plan->missing.count; i++) {
		const struct missing *m = &plan->missing.items[i];
		ROW(array, { "system", m->system }, { "role", m->role }, { "account", m->account });
	}
	array = list(o, "conflicts");
	for (size_t i = 0; i < plan->conflicts.count; i++) {
		const struct clash *c = &plan->conflicts.items[i];
		json_t *one = ROW(array, { "system", c->system }, { "account", c->account }, { "why", c->why },
				  { "rule", place_text(mem, c->rule) });
		json_object_set_new(one, "roles", texts(c->roles, c->role_count, mem));
	}
	array = list(o, "structural");
	for (size_t i = 0; i < plan->structural.count; i++) {
		const struct structural *s = &plan->structural.items[i];
		ROW(array, { "kind", "structural" }, { "system", s->system }, { "role", s->role },
		    { "account", s->account }, { "group", s->group }, { "why", s->why });
	}
}

static void
notes_json(json_t *o, const struct plan *plan, struct arena *mem)
{
	json_t *array = list(o, "findings");

	for (size_t i = 0; i < plan->findings.count; i++) {
		const struct finding *f = &plan->findings.items[i];
		ROW(array, { "kind", f->kind }, { "system", f->system }, { "role", f->role }, { "share", f->share },
		    { "series", f->series }, { "account", f->account }, { "group", f->group }, { "text", f->text });
	}
	array = list(o, "gaps");
	for (size_t i = 0; i < plan->gaps.count; i++) {
		const struct gap *g = &plan->gaps.items[i];
		ROW(array, { "what", g->what }, { "id", g->id }, { "path", g->path }, { "text", g->text });
	}
	array = list(o, "brakes");
	for (size_t i = 0; i < plan->brakes.count; i++) {
		const struct brake *b = &plan->brakes.items[i];
		json_t *one = ROW(array, { "scope", b->scope });
		json_object_set_new(one, "opened", json_integer(b->opened));
		json_object_set_new(one, "of", json_integer(b->of));
		json_put(one, "stands", b->stands);
	}
}

json_t *
stock_json(const struct plan *plan)
{
	json_t *array = json_array();

	for (size_t i = 0; i < plan->stock.count; i++) {
		const struct stock *s = &plan->stock.items[i];
		json_t *one = json_pack("{s:s, s:s?, s:s?, s:I, s:I, s:I}", "share", s->share, "series", s->series, "folder", s->folder,
					"files", (json_int_t)s->files, "weighed", (json_int_t)s->weighed, "bytes", (json_int_t)s->bytes);

		if (!s->series) {
			json_object_set_new(one, "ungoverned", json_integer(s->ungoverned));
			json_object_set_new(one, "held", json_integer(s->held));
		}
		json_array_append_new(array, one);
	}
	return array;
}

json_t *
plan_json(const struct plan *plan, int64_t now, bool entries)
{
	struct arena *mem = arena_open();
	json_t *o = json_object();

	json_put(o, "now", clock_text(mem, now));
	json_object_set_new(o, "complete", json_boolean(plan->gaps.count == 0));
	proposals_json(o, plan, entries);
	judged_json(o, plan, mem);
	notes_json(o, plan, mem);
	json_object_set_new(o, "stock", stock_json(plan));
	arena_close(mem);
	return o;
}

void
plan_free(struct plan *plan)
{
	for (size_t i = 0; i < plan->proposals.count; i++) {
		json_decref(plan->proposals.items[i].evidence);
		plan->proposals.items[i].evidence = NULL;
	}
	for (size_t i = 0; i < plan->going.count; i++) {
		json_decref(plan->going.items[i].evidence);
		plan->going.items[i].evidence = NULL;
	}
}
