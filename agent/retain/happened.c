/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * happened.c - what people say has happened, and to what: from when those files count, which of them nobody has told of, which
 * came later than what has happened, and which tellings concern nothing.
 */
#include "retain_p.h"
#include "behov/text.h"

/* ------------------------------------------------------------------ from when a file counts */

const struct event *
last_event(const struct retain *r, const struct series *s)
{
	const struct event *last = NULL;

	for (size_t i = 0; i < r->found.count; i++) {
		const struct event *e = r->found.items[i].pattern->event;

		if (e && strcmp(e->series, s->id) == 0 && (!last || e->date > last->date))
			last = e;
	}
	return last;
}

/*
 * A new contract may have been put where an old one has ended, or been copied there with the time it was written: the later of
 * the two times counts.  One that cannot be a day is of no day that we know.
 */
static bool
is_younger(const struct event *event, const struct entry *entry)
{
	day_t written, made;

	if (!entry->stated)
		return true;
	written = clock_day(entry->mtime_s);
	made = entry->btime_s == INT64_MIN ? written : clock_day(entry->btime_s);
	return written == DAY_NONE || made == DAY_NONE || written > event->date || made > event->date;
}

/* Has it happened, but to what was there before the file? */
bool
came_after(const struct retain *r, const struct series *s, const struct entry *entry)
{
	const struct event *event = s->clock == CLOCK_EVENT ? last_event(r, s) : NULL;

	return event && is_younger(event, entry);
}

/* entry NULL: nobody has looked at it yet, and it may be as old as it has to be. */
day_t
happened(const struct retain *r, const struct series *s, const struct entry *entry)
{
	const struct event *event = last_event(r, s);

	return !event || (entry && is_younger(event, entry)) ? DAY_NONE : event->date;
}

/* ------------------------------------------------------------------ what is told of those that do not count */

/* The first few folders by name, in whatever order they were listed. */
void
told_add(struct retain *r, struct told *told, const char *folder, long long files)
{
	int at = 0;

	told->files += files;
	while (at < told->count && strcmp(told->paths[at], folder) < 0)
		at++;
	if (at == FOLDERS_TOLD || (at < told->count && strcmp(told->paths[at], folder) == 0))
		return;
	if (told->count < FOLDERS_TOLD)
		told->count++;
	memmove(told->paths + at + 1, told->paths + at, (size_t)(told->count - at - 1) * sizeof *told->paths);
	told->paths[at] = arena_text(r->mem, folder);
}

struct told *
untold_of(struct retain *r, struct tally *t, enum untold why)
{
	if (!t->untold)
		t->untold = arena_array(r->mem, struct told, UNTOLD_YOUNGER + 1);
	return &t->untold[why];
}

/* Only somebody who knows can start that clock: where nobody has said when it ended, or said it of what was there before. */
void
note_untold(struct retain *r, const struct verdict *v, const char *path, const struct entry *entry)
{
	struct tally *t = v->winner ? v->winner->pattern->tally : NULL;
	size_t len = strlen(path);
	enum untold why;

	if ((v->outcome != OUT_DESTROY && v->outcome != OUT_DELIVER) || t->series->clock != CLOCK_EVENT)
		return;
	why = came_after(r, t->series, entry) ? UNTOLD_YOUNGER : UNTOLD_LACKING;
	if (why == UNTOLD_LACKING && last_event(r, t->series))
		return;
	if (!len) {                     /* a file in the root is named itself, and no memo knows its name */
		memo_until(r, r->today);
		told_add(r, untold_of(r, t, why), entry->name, 1);
		return;
	}
	if (v->winner->batch_len && v->winner->batch_len < len)
		len = v->winner->batch_len;
	memo_untold(r, t, why, len);
	told_add(r, untold_of(r, t, why), arena_copy(r->scratch, path, len), 1);
}

static const char *
named(struct arena *mem, const struct told *told)
{
	const char *text = "";

	for (int i = 0; i < told->count; i++)
		text = arena_print(mem, "%s%s%s", text, i ? ", " : "", name_show(mem, told->paths[i]));
	return text;
}

/* For the page, where one form takes what is said of either. */
static void
add_lacking(struct retain *r, const struct tally *t, struct plan *plan)
{
	const struct told *lacking = &t->untold[UNTOLD_LACKING], *younger = &t->untold[UNTOLD_YOUNGER];
	struct told both = { 0 };

	for (int i = 0; i < lacking->count; i++)
		told_add(r, &both, lacking->paths[i], 0);
	for (int i = 0; i < younger->count; i++)
		told_add(r, &both, younger->paths[i], 0);
	*arena_push(r->mem, &plan->lacking) = (struct lacking){
		.series = t->series->id, .share = r->share->id, .files = lacking->files + younger->files, .younger = younger->files,
		.paths = memcpy(arena_array(r->mem, const char *, FOLDERS_TOLD), both.paths, sizeof both.paths), .path_count = both.count,
	};
}

void
tell_untold(struct retain *r, const struct tally *t, struct plan *plan)
{
	const struct told *lacking, *younger;

	if (!t->untold)
		return;
	lacking = &t->untold[UNTOLD_LACKING];
	younger = &t->untold[UNTOLD_YOUNGER];
	if (!lacking->files && !younger->files)
		return;
	add_lacking(r, t, plan);
	if (lacking->files)
		find(plan, r->mem, "event-missing", r->share, t->series,
		     arena_print(r->mem, "Ingen har sagt när det som räknas hände för %s handling%s, bland annat i %s",
				 text_count(r->mem, lacking->files), lacking->files == 1 ? "" : "ar", named(r->mem, lacking)));
	if (younger->files)
		find(plan, r->mem, "younger-than-event", r->share, t->series,
		     arena_print(r->mem, "%s handling%s är yngre än händelsen som deras tid räknas från, och gallras inte: bland annat i "
				 "%s; säg när det hände också för dem, med ett senare datum för mappen eller filen",
				 text_count(r->mem, younger->files), younger->files == 1 ? "" : "ar", named(r->mem, younger)));
}

/* ------------------------------------------------------------------ what concerns nothing */

void
events_start(struct retain *r)
{
	r->events = arena_array(r->mem, struct seen_event, r->input.event_count + 1);
	memset(r->events, 0, (r->input.event_count + 1) * sizeof *r->events);
}

static struct seen_event *
seen_of(struct retain *r, const struct pattern *p)
{
	return &r->events[p->event - r->input.events];
}

/* A folder that is there, with whatever is in it. */
void
events_enter(struct retain *r, const struct state *s)
{
	for (size_t i = 0; i < s->cells.count; i++) {
		const struct cell *c = &s->cells.items[i];

		if (c->pattern->event && c->pos == c->pattern->count)
			seen_of(r, c->pattern)->met = true;
	}
}

static bool
has_met(const struct state *s, const struct pattern *p)
{
	for (size_t i = 0; i < s->cells.count; i++)
		if (s->cells.items[i].pattern == p && s->cells.items[i].pos == p->count)
			return true;
	return false;
}

/* One that is about a file, and not about the folder it lies in, is noted in the memo of that folder. */
void
events_file(struct retain *r, const struct state *s)
{
	for (size_t i = 0; i < r->found.count && r->input.event_count; i++) {
		const struct pattern *p = r->found.items[i].pattern;

		if (!p->event || seen_of(r, p)->folder == r->memo.folder || has_met(s, p))
			continue;
		seen_of(r, p)->met = true;
		seen_of(r, p)->folder = r->memo.folder;
		*arena_push(r->mem, &r->memo.events) = (size_t)(p->event - r->input.events);
	}
}

static bool
hidden(struct retain *r, const struct pattern *p, const char *const *gaps, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (reaches(r, p, gaps[i]))
			return true;
	return r->cut;
}

/* A path that is misspelt says of nothing when it ended, and nobody would know.  What could not be seen may be there. */
void
tell_events(struct retain *r, const char *const *gaps, size_t count, struct plan *plan)
{
	for (size_t i = 0; i < r->patterns.count; i++) {
		const struct pattern *p = r->patterns.items[i];
		const struct event *e = p->event;

		if (e && !seen_of(r, p)->met && !hidden(r, p, gaps, count))
			find(plan, r->mem, "event-matches-nothing", r->share, rules_series(r->input.rules, e->series),
			     arena_print(r->mem, "Händelsen %s säger att %s upphörde %s, men det finns ingen sådan mapp eller fil på "
					 "filytan: är den felstavad, flyttad eller redan gallrad?", e->id, e->path, day_text(r->mem, e->date)));
	}
}
