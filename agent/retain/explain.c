/* SPDX-License-Identifier: GPL-3.0-or-later */
/* explain.c - why one file is kept or may go, with every series that covers it; and whether a hold stands in the way. */
#include "retain_p.h"
#include "behov/json.h"
#include "behov/text.h"

#define NO_WORDS "filnamnet är inte giltig UTF-8, så reglerna kan inte bedöma det"

/* Down from the root to the folder of a file: what has matched by then, which the caller frees; and the file's name. */
static struct cells
to_folder(struct retain *r, const char *path, const char **name)
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
	free(next.items);
	*name = copy;
	return now;
}

/* What matched is in r->found. */
static void
match_path(struct retain *r, const char *path)
{
	const char *name;
	struct cells cells = to_folder(r, path, &name);

	match_file(r, cells.items, cells.count, name, strlen(name), strlen(path));
	free(cells.items);
}

bool
retain_needs_folder(struct retain *r, const struct share *share, const char *path)
{
	if (r->share != share)
		retain_share(r, share);
	if (!r->supersedes)
		return false;
	match_path(r, path);
	return versions_concern(r);
}

void
retain_folder(struct retain *r, const struct share *share, const char *folder, const struct entry *list, size_t count,
	      bool complete)
{
	const char *name;
	struct cells cells;

	if (r->share != share)
		retain_share(r, share);
	versions_drop(r);
	cells = to_folder(r, *folder ? arena_print(r->mem, "%s/", folder) : "", &name);
	for (size_t i = 0; i < count; i++) {
		match_file(r, cells.items, cells.count, list[i].name, strlen(list[i].name), strlen(folder) + 1 + strlen(list[i].name));
		if (versions_concern(r))
			(void)versions_wait(r, &list[i]);
	}
	versions_read(r, cells.items, cells.count, strlen(folder), complete);
	free(cells.items);
}

static const char *
folder_of(struct retain *r, const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? arena_copy(r->mem, path, (size_t)(slash - path)) : "";
}

/* Patterns whose folders match, and whose names do not: who wrote the series will ask. */
static void
put_others(struct retain *r, const char *path, json_t *o)
{
	const char *name;
	struct cells cells = to_folder(r, path, &name), met = { 0 };
	json_t *list = json_array();

	cells_step(r->mem, cells.items, cells.count, name, strlen(path), &met);
	for (size_t i = 0; i < met.count; i++) {
		const struct cell *c = &met.items[i];
		const struct series *s = c->pattern->tally ? c->pattern->tally->series : NULL;

		if (s && c->pos == c->pattern->count && !pattern_names(r->mem, c->pattern, name, strlen(name)))
			json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:s}", "series", s->id, "name", s->name ? s->name : s->id,
							      "rule", place_text(r->mem, s->at), "pattern", c->pattern->where->path, "why",
							      reason_name(r, c)));
	}
	json_object_set_new(o, "named_otherwise", list);
	free(cells.items);
	free(met.items);
}

static json_t *
one(struct retain *r, const struct cell *c, const struct entry *entry, const struct verdict *v)
{
	static const char *const action[] = { "destroy", "preserve", "deliver" };
	const struct series *s = c->pattern->tally->series;
	const struct edition *newer = NULL;
	json_t *o = json_object(), *decide = json_array();
	day_t anchor, due;
	bool counts = cell_counts(r, c, entry, &anchor);

	due = cell_due(c, anchor);
	json_put(o, "series", s->id);
	json_put(o, "name", s->name ? s->name : s->id);
	json_put(o, "action", action[s->action]);
	json_object_set_new(o, "destroys", json_boolean(s->action == ACTION_DESTROY));
	json_object_set_new(o, "delivers", json_boolean(s->action == ACTION_DELIVER));
	json_object_set_new(o, "preserves", json_boolean(s->action == ACTION_PRESERVE));
	json_put(o, "rule", place_text(r->mem, s->at));
	json_put(o, "pattern", c->pattern->where->path);
	json_object_set_new(o, "decided", json_boolean(s->decided));
	json_put(o, "decision", s->decided ? arena_print(r->mem, "%s, %s, %s", s->decision.dnr, s->decision.body, s->decision.date) : NULL);
	for (int i = 0; i < s->decide_count; i++)
		json_array_append_new(decide, json_pack("{s:s}", "what", s->decide[i]));
	json_object_set_new(o, "decide", decide);
	json_object_set_new(o, "records", json_boolean(counts));
	json_object_set_new(o, "winner", json_boolean(c == v->winner));
	json_object_set_new(o, "spared", json_boolean(is_spared(c)));
	json_put(o, "case", c->case_name);
	if (c->pattern->after && versions_look(r, c->pattern, entry->name, &newer) != LOOK_SUPERSEDED)
		newer = NULL;
	json_put(o, "lost", reason_lost(r, c, counts, anchor, due, v));
	json_put(o, "counted", reason_counted(r, c, entry, anchor));
	json_put(o, "event", s->clock == CLOCK_EVENT ? reason_event(r, last_event(r, s)) : NULL);
	json_put(o, "newer", newer ? name_show(r->mem, newer->name) : NULL);
	json_put(o, "anchor", day_text(r->mem, anchor));
	json_put(o, "due", day_text(r->mem, due));
	json_put(o, "calculation", due == DAY_NONE || s->action == ACTION_PRESERVE || is_spared(c) ? NULL : sum_text(r->mem, s, anchor, due));
	json_put(o, "no_date", s->action != ACTION_PRESERVE && due == DAY_NONE ? reason_no_date(r, c, entry) : NULL);
	return o;
}

int
retain_explain(struct retain *r, const struct share *share, const char *path, const struct entry *entry, json_t **out,
	       struct error *err)
{
	static const char *const word[] = { "held", "preserve", "deliver", "destroy", "inert", "ungoverned" };
	json_t *considered = json_array();
	const char *no_date;
	const struct series *s;
	struct verdict v;

	(void)err;
	if (r->share != share)
		retain_share(r, share);
	match_path(r, path);
	judge(r, folder_of(r, path), entry, &v);
	no_date = v.winner && v.due == DAY_NONE ? reason_no_date(r, v.winner, entry) : NULL;
	/* As when a night judges it: what its writer meant by such a name is not known. */
	if (v.outcome == OUT_DESTROY && !text_is_utf8(path, strlen(path))) {
		v.anchor = v.due = DAY_NONE;
		no_date = NO_WORDS;
	}
	s = v.winner ? v.winner->pattern->tally->series : NULL;
	*out = json_object();
	json_put(*out, "share", share->id);
	json_put(*out, "share_name", share->name ? share->name : share->id);
	json_put(*out, "path", name_show(r->mem, path));
	json_put(*out, "outcome", word[v.outcome]);
	for (size_t i = 0; i < sizeof(word) / sizeof(*word); i++)
		json_object_set_new(*out, arena_print(r->mem, "is_%s", word[i]), json_boolean((size_t)v.outcome == i));
	json_put(*out, "series", s ? s->id : NULL);
	json_put(*out, "series_name", s ? s->name ? s->name : s->id : NULL);
	json_put(*out, "due", day_text(r->mem, v.due));
	json_object_set_new(*out, "now", json_boolean(v.due != DAY_NONE && v.due <= r->today));
	json_object_set_new(*out, "whole", json_boolean(s && s->whole && !v.received));
	json_object_set_new(*out, "by_case", json_boolean(s && s->whole && !v.received && split_by_case(v.winner->pattern)));
	json_put(*out, "received", s && v.received ? received_text(r, s, v.anchor, v.due) : NULL);
	json_put(*out, "original_from", day_text(r->mem, v.waits));
	json_put(*out, "hold", v.hold ? v.hold->id : NULL);
	json_put(*out, "reason", v.hold ? v.hold->reason : NULL);
	json_put(*out, "hold_by", v.hold ? v.hold->by : NULL);
	json_put(*out, "hold_since", v.hold ? v.hold->since : NULL);
	json_put(*out, "no_date", no_date);
	for (size_t i = 0; i < r->found.count; i++)
		if (r->found.items[i].pattern->tally && !is_told_better(r, &r->found.items[i]))
			json_array_append_new(considered, one(r, &r->found.items[i], entry, &v));
	json_object_set_new(*out, "considered", considered);
	put_others(r, path, *out);
	return 0;
}

/* All of a volume waits for its last record, and only those of the one that was approved have been looked at. */
static bool
is_of_another_volume(const struct verdict *v, const char *path, const char *volume)
{
	size_t len = v->winner->batch_len;

	return v->winner->pattern->tally->series->whole && !v->received &&
	       (!volume || strlen(volume) != len || strncmp(path, volume, len) != 0);
}

const char *
retain_objection(struct retain *r, const struct share *share, const char *path, const struct entry *entry,
		 const struct consent *approved)
{
	struct verdict v;

	if (r->share != share)
		retain_share(r, share);
	match_path(r, path);
	r->approved = *approved;
	judge(r, folder_of(r, path), entry, &v);
	r->approved.anchor = DAY_NONE;
	if (v.outcome == OUT_HELD)
		return arena_print(r->mem, "gallringsstopp: %s", v.hold->reason ? v.hold->reason : v.hold->id);
	if (!text_is_utf8(path, strlen(path)))
		return NO_WORDS;
	if (v.outcome != OUT_DESTROY || strcmp(v.winner->pattern->tally->series->id, approved->series) != 0)
		return "reglerna säger något annat om filen nu";
	if (!v.received && came_after(r, v.winner->pattern->tally->series, entry))
		return YOUNGER;
	if (v.due == DAY_NONE || v.due > r->today)
		return "gallringstiden är inte ute";
	return is_of_another_volume(&v, path, approved->volume) ? "filen hör till en volym nu, som inte är det som godkändes" : NULL;
}

bool
retain_is_held(struct retain *r, const struct share *share, const char *path)
{
	if (r->share != share)
		retain_share(r, share);
	match_path(r, path);
	return hold_met(r) != NULL;
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

	cells_begin(&now, p);
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
