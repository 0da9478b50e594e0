/* SPDX-License-Identifier: GPL-3.0-or-later */
/* explain.c - why one file is kept or may go, with every series that covers it; and whether a hold stands in the way. */
#include "retain_p.h"
#include "behov/json.h"
#include "behov/text.h"

#define YOUNGER "filen är yngre än det som har hänt: den skrevs eller skapades senare"

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

	match_file(r, cells.items, cells.count, name, strlen(path));
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
		match_file(r, cells.items, cells.count, list[i].name, strlen(folder) + 1 + strlen(list[i].name));
		if (versions_concern(r))
			(void)versions_wait(r, &list[i]);
	}
	versions_read(r, cells.items, cells.count, strlen(folder), complete);
	free(cells.items);
}

static const char *
why_not_superseded(struct retain *r, const struct cell *c, const struct entry *entry)
{
	const struct edition *newer;

	switch (versions_look(r, c->pattern, entry->name, &newer)) {
	case LOOK_NEWEST:
		return "ingen nyare version ligger i mappen";
	case LOOK_SUPERSEDED:
		return arena_print(r->mem, "den nyare versionen %s är tom eller har inget rimligt datum", name_show(r->mem, newer->name));
	default:
		return "det går inte att säkert säga vilken version som kom efter den";
	}
}

/* Why no date is known, in words. */
static const char *
no_date(struct retain *r, const struct cell *c, const struct entry *entry)
{
	const struct tally *t = c->pattern->tally;

	if (t->cases && (!c->case_name || !cases_find(t->cases, c->case_name)))
		return t->cases->known ? "ärendet finns inte i listan över ärenden" : "listan över ärenden kunde inte läsas";
	switch (t->series->clock) {
	case CLOCK_MODIFIED:
		return entry->stated ? "filens ändringsdatum är orimligt" : "filens ändringsdatum kunde inte läsas";
	case CLOCK_CREATED:
		return entry->btime_s == INT64_MIN ? "filsystemet vet inte när filen skapades" : "datumet då filen skapades är orimligt";
	case CLOCK_CASE_CLOSED:
		return arena_print(r->mem, "ärendet %s är inte avslutat", c->case_name);
	case CLOCK_SUPERSEDED:
		return why_not_superseded(r, c, entry);
	case CLOCK_EVENT:
		return came_after(r, t->series, entry) ? YOUNGER : "ingen har sagt att det som räknas har hänt";
	default:
		return "sökvägen säger inget rimligt datum";
	}
}

/* What somebody wrote is one line here, whatever is in it. */
static const char *
event_text(struct retain *r, const struct event *e)
{
	char *line = e ? arena_print(r->mem, "%s (%s)", e->why, e->by ? e->by : e->id) : NULL;

	if (line)
		text_plain(line);
	return line;
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
	json_put(o, "event", s->clock == CLOCK_EVENT ? event_text(r, last_event(r, s)) : NULL);
	json_put(o, "newer", newer ? name_show(r->mem, newer->name) : NULL);
	json_put(o, "anchor", day_text(r->mem, anchor));
	json_put(o, "due", day_text(r->mem, due));
	json_put(o, "calculation", due == DAY_NONE || s->action == ACTION_PRESERVE ? NULL : sum_text(r->mem, s, anchor, due));
	json_put(o, "no_date", s->action != ACTION_PRESERVE && due == DAY_NONE ? no_date(r, c, entry) : NULL);
	return o;
}

int
retain_explain(struct retain *r, const struct share *share, const char *path, const struct entry *entry, json_t **out,
	       struct error *err)
{
	static const char *const word[] = { "held", "preserve", "deliver", "destroy", "inert", "ungoverned" };
	json_t *considered = json_array();
	const struct series *s;
	struct verdict v;

	(void)err;
	if (r->share != share)
		retain_share(r, share);
	match_path(r, path);
	v = judge(r, entry);
	/* As when a night judges it: what its writer meant by such a name is not known. */
	if (v.outcome == OUT_DESTROY && !text_is_utf8(path, strlen(path)))
		v.anchor = v.due = DAY_NONE;
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
	json_object_set_new(*out, "whole", json_boolean(s && s->whole));
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
		 const char *series, day_t anchor)
{
	struct verdict v;

	if (r->share != share)
		retain_share(r, share);
	match_path(r, path);
	r->approved.anchor = anchor;
	r->approved.series = series;
	v = judge(r, entry);
	r->approved.anchor = DAY_NONE;
	if (v.outcome == OUT_HELD)
		return arena_print(r->mem, "gallringsstopp: %s", v.hold->reason ? v.hold->reason : v.hold->id);
	if (!text_is_utf8(path, strlen(path)))
		return "filnamnet är inte giltig UTF-8, så reglerna kan inte bedöma det";
	if (v.outcome != OUT_DESTROY || strcmp(v.winner->pattern->tally->series->id, series) != 0)
		return "reglerna säger något annat om filen nu";
	if (came_after(r, v.winner->pattern->tally->series, entry))
		return YOUNGER;
	if (v.due == DAY_NONE || v.due > r->today)
		return "gallringstiden är inte ute";
	return NULL;
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
