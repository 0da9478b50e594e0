/* SPDX-License-Identifier: GPL-3.0-or-later */
/* explain.c - why one file is kept or may go, with every series that covers it; and whether a hold stands in the way. */
#include "retain_p.h"
#include "behov/json.h"
#include "behov/text.h"

/* Runs the whole path down from the root; what matched is in r->found. */
static void
match_path(struct retain *r, const char *path)
{
	struct cells now = { 0 }, next = { 0 }, swap;
	char *copy = arena_text(r->mem, path), *slash;
	size_t done = 0;

	cells_start(r, &now);
	while ((slash = strchr(copy, '/'))) {
		*slash = '\0';
		done += (size_t)(slash - copy);
		cells_step(r->mem, now.items, now.count, copy, done++, &next);
		swap = now, now = next, next = swap;
		copy = slash + 1;
	}
	match_file(r, now.items, now.count, copy, strlen(path));
	free(now.items);
	free(next.items);
}

static json_t *
one(struct retain *r, const struct cell *c, const struct entry *entry, const struct verdict *v)
{
	static const char *const action[] = { "destroy", "preserve", "deliver" };
	const struct series *s = c->pattern->tally->series;
	json_t *o = json_object();
	day_t anchor;
	bool counts = cell_counts(r, c, entry, &anchor);

	json_put(o, "series", s->id);
	json_put(o, "action", action[s->action]);
	json_put(o, "rule", place_text(r->mem, s->at));
	json_put(o, "pattern", c->pattern->where->path);
	json_object_set_new(o, "decided", json_boolean(s->decided));
	json_object_set_new(o, "records", json_boolean(counts));
	json_object_set_new(o, "winner", json_boolean(c == v->winner));
	json_put(o, "case", c->case_name);
	json_put(o, "anchor", day_text(r->mem, anchor));
	json_put(o, "due", day_text(r->mem, cell_due(c, anchor)));
	return o;
}

int
retain_explain(struct retain *r, const struct share *share, const char *path, const struct entry *entry, json_t **out,
	       struct error *err)
{
	static const char *const word[] = { "held", "preserve", "deliver", "destroy", "inert", "ungoverned" };
	json_t *considered = json_array();
	struct verdict v;

	(void)err;
	retain_share(r, share);
	match_path(r, path);
	v = judge(r, entry);
	*out = json_object();
	json_put(*out, "share", share->id);
	json_put(*out, "path", name_show(r->mem, path));
	json_put(*out, "outcome", word[v.outcome]);
	json_put(*out, "series", v.winner ? v.winner->pattern->tally->series->id : NULL);
	json_put(*out, "due", day_text(r->mem, v.due));
	json_put(*out, "hold", v.hold ? v.hold->id : NULL);
	json_put(*out, "reason", v.hold ? v.hold->reason : NULL);
	for (size_t i = 0; i < r->found.count; i++)
		if (r->found.items[i].pattern->tally)
			json_array_append_new(considered, one(r, &r->found.items[i], entry, &v));
	json_object_set_new(*out, "considered", considered);
	return 0;
}

const char *
retain_objection(struct retain *r, const struct share *share, const char *path, const struct entry *entry,
		 const char *series)
{
	struct verdict v;

	if (r->share != share)
		retain_share(r, share);
	match_path(r, path);
	v = judge(r, entry);
	if (v.outcome == OUT_HELD)
		return arena_print(r->mem, "gallringsstopp: %s", v.hold->reason ? v.hold->reason : v.hold->id);
	if (!text_is_utf8(path, strlen(path)))
		return "filnamnet är inte giltig UTF-8, så reglerna kan inte bedöma det";
	if (v.outcome != OUT_DESTROY || strcmp(v.winner->pattern->tally->series->id, series) != 0)
		return "reglerna säger något annat om filen nu";
	if (v.due == DAY_NONE || v.due > r->today)
		return "gallringstiden är inte ute";
	return NULL;
}

static bool
same(struct arena *mem, const char *a, const char *b)
{
	return a && b && strcmp(text_fold(mem, a), text_fold(mem, b)) == 0;
}

static bool
path_matches(struct arena *mem, const char *pattern, const char *path)
{
	struct pattern *p = pattern_make(mem, arena_print(mem, "%s/**", pattern), true);
	struct cells now = { 0 }, next = { 0 }, swap;
	char *copy = arena_text(mem, path);
	bool match = false;

	cells_add(&now, (struct cell){ .pattern = p, .date = DAY_NONE }, 0);
	while (*copy && now.count) {
		size_t len = strcspn(copy, "/");
		char *more = copy + len + (copy[len] == '/');

		copy[len] = '\0';
		cells_step(mem, now.items, now.count, copy, len, &next);
		swap = now, now = next, next = swap;
		copy = more;
	}
	for (size_t i = 0; i < now.count; i++)
		match |= now.items[i].pos == p->count;
	free(now.items);
	free(next.items);
	return match;
}

const char *
retain_held(const struct hold *holds, size_t count, const char *share, const char *path, const char *series,
	    const char *case_name)
{
	const char *reason = NULL;
	struct arena *mem = arena_open();

	for (size_t i = 0; i < count && !reason; i++) {
		const struct hold *h = &holds[i];

		if ((!h->share || same(mem, h->share, share)) && (!h->path || path_matches(mem, h->path, path)) &&
		    (!h->series || same(mem, h->series, series)) &&
		    (!h->case_name || (case_name && strcmp(case_key(mem, h->case_name), case_key(mem, case_name)) == 0)))
			reason = h->reason ? h->reason : h->id ? h->id : "hold";
	}
	arena_close(mem);
	return reason;
}
