/* SPDX-License-Identifier: GPL-3.0-or-later */
/* judge.c - what the rules say about each file: held, preserved, delivered, destroyed, or nothing. */
#include "retain_p.h"
#include "behov/text.h"

static void
add_hold(struct retain *r, const struct hold *hold)
{
	struct pattern *p;

	if (!hold->path)
		return;
	p = pattern_make(r->mem, arena_print(r->mem, "%s/**", hold->path), true);
	p->hold = hold;
	*arena_push(r->mem, &r->patterns) = p;
}

static void
add_event(struct retain *r, const struct event *event)
{
	struct pattern *p;

	if (strcmp(event->share, r->share->id) != 0)
		return;
	p = pattern_make(r->mem, arena_print(r->mem, "%s/**", event->path), r->share->fold);
	p->event = event;
	*arena_push(r->mem, &r->patterns) = p;
}

static void
add_where(struct retain *r, struct tally *tally, const struct where *where, bool fold)
{
	struct pattern *p = pattern_make(r->mem, where->path, fold);

	pattern_clock(p, tally->series->clock);
	p->where = where;
	p->tally = tally;
	p->cases = r->cases.items;
	p->case_count = r->cases.count;
	if (tally->series->batch_path)
		p->batch = pattern_prefix(p, tally->series->batch_path, r->mem);
	p->names = arena_array(r->mem, const char *, (size_t)where->name_count + 1);
	for (int i = 0; i < where->name_count; i++)
		p->names[i] = fold ? text_fold(r->mem, where->names[i]) : where->names[i];
	if (tally->series->clock == CLOCK_SUPERSEDED) {
		p->after = arena_array(r->mem, const char *, (size_t)where->name_count + 1);
		for (int i = 0; i < where->name_count; i++) {
			const char *at = strstr(p->names[i], "{version}");

			p->after[i] = at + strlen("{version}");
			p->names[i] = arena_copy(r->mem, p->names[i], (size_t)(at - p->names[i]));
		}
	}
	*arena_push(r->mem, &r->patterns) = p;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* All cases that a hold or a list names. */
static void
note_cases(struct retain *r)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->input.hold_count; i++)
		if (r->input.holds[i].case_name)
			*arena_push(r->mem, &r->cases) = case_key(r->mem, r->input.holds[i].case_name);
	for (size_t i = 0; i < r->input.rules->case_count; i++)
		for (size_t k = 0; k < r->files[i].count; k++)
			*arena_push(r->mem, &r->cases) = r->files[i].items[k].name;
	if (r->cases.count > 1)
		qsort(r->cases.items, r->cases.count, sizeof(*r->cases.items), by_text);
	for (size_t i = 0; i < r->cases.count; i++)
		if (!kept || strcmp(r->cases.items[kept - 1], r->cases.items[i]) != 0)
			r->cases.items[kept++] = r->cases.items[i];
	r->cases.count = kept;
}

void
cells_start(struct retain *r, struct cells *out)
{
	for (size_t i = 0; i < r->patterns.count; i++)
		cells_add(out, (struct cell){ .pattern = r->patterns.items[i], .date = DAY_NONE }, 0);
}

static void
drop_top(struct retain *r)
{
	struct state *s = r->top;

	r->top = s->above;
	free(s->cells.items);
	free(s->insides);
	free(s);
}

/* A folder that is the root of a whole batch: whatever lies below it counts. */
static void
note_insides(struct retain *r, struct state *s, const char *path, size_t len)
{
	for (size_t i = 0; i < s->cells.count; i++) {
		const struct cell *c = &s->cells.items[i];

		if (!c->pattern->batch || c->pos != c->pattern->batch || c->batch_len != len ||
		    !c->pattern->tally->series->whole)
			continue;
		s->insides = realloc(s->insides, (s->inside_count + 1) * sizeof *s->insides);
		if (!s->insides)
			abort();
		s->insides[s->inside_count++].batch = batch_get(r, c->pattern->tally, path, len, DAY_NONE);
	}
}

/* Nothing in it is needed after the call that put it there. */
static void
renew_scratch(struct retain *r)
{
	if (arena_used(r->scratch) <= 1 << 20)
		return;
	arena_close(r->scratch);
	r->scratch = arena_open();
}

static bool
on_enter(void *self, const char *path, void *above, void **state)
{
	struct retain *r = self;
	struct state *up = above, *s = calloc(1, sizeof *s);
	const char *slash = strrchr(path, '/');

	if (!s)
		abort();
	s->above = r->top;
	s->before = r->n;
	r->top = s;
	r->asked.name[0] = '\0';        /* a state's address may be used again */
	r->n.folders++;
	memo_start(r);
	s->utf8 = text_is_utf8(path, strlen(path));
	renew_scratch(r);
	if (!up) {
		cells_start(r, &s->cells);
	} else {
		cells_step(r->scratch, up->cells.items, up->cells.count, slash ? slash + 1 : path, strlen(path),
			   &s->cells);
		s->insides = malloc((up->inside_count + 1) * sizeof *s->insides);
		if (!s->insides)
			abort();
		if (up->inside_count)
			memcpy(s->insides, up->insides, up->inside_count * sizeof *s->insides);
		s->inside_count = up->inside_count;
		note_insides(r, s, path, strlen(path));
	}
	events_enter(r, s);
	*state = s;
	return true;
}

static void
on_leave(void *self, void *state, const char *path, bool complete)
{
	struct retain *r = self;
	const struct counts *was = &((struct state *)state)->before;

	(void)complete;                 /* gaps come with retain_finish() */
	if (*path && !strchr(path, '/'))
		tops_add(r, path, was);
	drop_top(r);
}

/* Fills r->found with the cells that match the file wholly. */
void
match_file(struct retain *r, const struct cell *cells, size_t count, const char *name, size_t path_len)
{
	size_t kept = 0;

	renew_scratch(r);
	cells_step(r->scratch, cells, count, name, path_len, &r->found);
	for (size_t i = 0; i < r->found.count; i++)
		if (r->found.items[i].pos == r->found.items[i].pattern->count &&
		    pattern_names(r->scratch, r->found.items[i].pattern, name))
			r->found.items[kept++] = r->found.items[i];
	r->found.count = kept;
}

static size_t
file_len(const char *path, const char *name)
{
	return strlen(path) + (*path != '\0') + strlen(name);
}

/* The end of the fiscal year that {year} names. */
static day_t
fiscal_anchor(const struct series *s, day_t captured)
{
	day_t day;

	if (captured == DAY_NONE)
		return DAY_NONE;
	day = day_make(day_year(captured) + (s->fiscal.named_by_start && (s->fiscal.month != 12 || s->fiscal.day != 31)), 1, 1);
	return day_fiscal_end(day, s->fiscal.month, s->fiscal.day);
}

/* Since there has been a newer one; a record that was written itself since then counts from when it was. */
static day_t
superseded(const struct retain *r, const struct cell *cell, const struct entry *entry)
{
	const struct edition *newer;
	day_t own = entry && entry->stated ? clock_day(entry->mtime_s) : DAY_NONE;

	if (own == DAY_NONE || versions_look(r, cell->pattern, entry->name, &newer) != LOOK_SUPERSEDED || newer->day == DAY_NONE)
		return DAY_NONE;
	if (r->approved.anchor != DAY_NONE && strcmp(cell->pattern->tally->series->id, r->approved.series) == 0)
		return r->approved.anchor;
	return own > newer->day ? own : newer->day;
}

day_t
cell_anchor(struct retain *r, const struct cell *cell, const struct entry *entry)
{
	const struct tally *t = cell->pattern->tally;
	const struct series *s = t->series;
	const struct known_case *known = t->cases && cell->case_name ? cases_find(t->cases, cell->case_name) : NULL;
	day_t day = cell->date;

	switch (s->clock) {
	case CLOCK_MODIFIED:
		day = entry && entry->stated ? clock_day(entry->mtime_s) : DAY_NONE;
		break;
	case CLOCK_CREATED:
		day = entry && entry->stated && entry->btime_s != INT64_MIN ? clock_day(entry->btime_s) : DAY_NONE;
		break;
	case CLOCK_CASE_CLOSED:
		day = known ? known->closed : DAY_NONE;
		break;
	case CLOCK_FISCAL_YEAR:
		day = fiscal_anchor(s, day);
		break;
	case CLOCK_EVENT:
		day = happened(r, s, entry);
		break;
	case CLOCK_SUPERSEDED:
		day = superseded(r, cell, entry);
		break;
	default:
		break;
	}
	/* Whether a case is spared is not known when the list has not told of it. */
	if (t->cases && !known)
		return DAY_NONE;
	if (day > r->newest)
		memo_until(r, day_make(day_year(day) - 1, 1, 1));       /* then it will be believed */
	return day < r->oldest || day > r->newest ? DAY_NONE : day;
}

/* Is the record one of those years that the series is valid for?  An unknown year counts: it may be. */
bool
cell_counts(struct retain *r, const struct cell *cell, const struct entry *entry, day_t *anchor)
{
	const struct tally *t = cell->pattern->tally;

	*anchor = cell_anchor(r, cell, entry);
	return *anchor == DAY_NONE || ((t->from == DAY_NONE || *anchor >= t->from) &&
				       (t->to == DAY_NONE || *anchor <= t->to));
}

static day_t
due_after(const struct series *s, day_t anchor, struct period period)
{
	if (s->count_from == COUNT_FISCAL_END)
		anchor = day_fiscal_end(anchor, s->fiscal.month, s->fiscal.day);
	return day_due(anchor, period, s->count_from);
}

day_t
cell_due(const struct cell *cell, day_t anchor)
{
	struct tally *t = cell->pattern->tally;

	if (anchor == DAY_NONE)
		return DAY_NONE;
	if (t->last.anchor != anchor) {
		t->last.anchor = anchor;
		t->last.due = due_after(t->series, anchor, t->series->keep);
		t->last.latest = t->series->latest.count <= 0 ? DAY_NONE : due_after(t->series, anchor, t->series->latest);
	}
	return t->last.due;
}

/* What a list of cases tells of a path, counts, and not that the path could be read as something else. */
static bool
is_told_better(const struct retain *r, const struct cell *c)
{
	if (!c->pattern->tally->cases || (c->case_name && cases_find(c->pattern->tally->cases, c->case_name)))
		return false;
	for (size_t i = 0; i < r->found.count; i++) {
		const struct cell *other = &r->found.items[i];

		if (other->pattern == c->pattern && other->case_name && cases_find(c->pattern->tally->cases, other->case_name))
			return true;
	}
	return false;
}

bool
is_spared(const struct cell *c)
{
	const struct tally *t = c->pattern->tally;
	const struct known_case *known = t->series->spare.column && c->case_name ? cases_find(t->cases, c->case_name) : NULL;

	return known && known->spared >> t->spare_bit & 1;
}

static bool
same_fold(struct arena *mem, const char *a, const char *b)
{
	return a && b && strcmp(text_fold(mem, a), text_fold(mem, b)) == 0;
}

static bool
hold_meets(struct retain *r, const struct hold *h)
{
	bool path = !h->path, series = !h->series, named = !h->case_name;

	if (h->share && !same_fold(r->scratch, h->share, r->share->id))
		return false;
	for (size_t i = 0; i < r->found.count; i++) {
		const struct cell *c = &r->found.items[i];

		path |= c->pattern->hold == h;
		if (!c->pattern->tally)
			continue;
		series |= h->series && same_fold(r->scratch, h->series, c->pattern->tally->series->id);
		named |= h->case_name && c->case_name && strcmp(case_key(r->scratch, h->case_name), c->case_name) == 0;
	}
	return path && series && named;
}

static int
rank(const struct series *s)
{
	if (s->action == ACTION_PRESERVE)
		return OUT_PRESERVED;
	if (s->action == ACTION_DELIVER)
		return OUT_DELIVER;
	return s->decided ? OUT_DESTROY : OUT_INERT;
}

/* The enum is in the order of judgement; within one outcome an unknown or later due date wins. */
static bool
beats(enum outcome outcome, day_t due, const struct verdict *v)
{
	if (!v->winner || outcome != v->outcome)
		return !v->winner || outcome < v->outcome;
	if (v->due == DAY_NONE)
		return false;
	return due == DAY_NONE || due > v->due;
}

struct verdict
judge(struct retain *r, const struct entry *entry)
{
	struct verdict v = { .outcome = OUT_UNGOVERNED, .anchor = DAY_NONE, .due = DAY_NONE };

	for (size_t i = 0; i < r->found.count; i++) {
		const struct cell *c = &r->found.items[i];
		day_t anchor, due;

		enum outcome outcome;

		if (!c->pattern->tally || !cell_counts(r, c, entry, &anchor) || is_told_better(r, c))
			continue;
		due = cell_due(c, anchor);
		outcome = is_spared(c) ? OUT_PRESERVED : (enum outcome)rank(c->pattern->tally->series);
		if (beats(outcome, due, &v))
			v = (struct verdict){ outcome, c, anchor, due, NULL };
	}
	for (size_t i = 0; i < r->input.hold_count && !v.hold; i++)
		if (hold_meets(r, &r->input.holds[i])) {
			v.hold = &r->input.holds[i];
			v.outcome = OUT_HELD;
		}
	return v;
}

/* The file itself dates the record. */
static bool
is_of_file(const struct series *s)
{
	return s->clock == CLOCK_MODIFIED || s->clock == CLOCK_CREATED || s->clock == CLOCK_SUPERSEDED;
}

/* Or its times say whether what has happened is about it.  That is told at once, and not when it is due. */
static bool
needs_times(const struct retain *r, const struct series *s)
{
	return is_of_file(s) || (s->clock == CLOCK_EVENT && last_event(r, s));
}

/* Size and identity are needed of what is due; times of those that they date. */
static bool
on_wants_stat(void *self, void *state, const char *path, const char *name)
{
	struct retain *r = self;
	struct state *s = state;
	struct verdict v;

	match_file(r, s->cells.items, s->cells.count, name, file_len(path, name));
	if (strlen(name) < sizeof r->asked.name) {
		memcpy(r->asked.name, name, strlen(name) + 1);
		r->asked.state = s;
	}
	for (size_t i = 0; i < r->found.count; i++)
		if (r->found.items[i].pattern->tally && needs_times(r, r->found.items[i].pattern->tally->series))
			return true;
	v = judge(r, NULL);
	return (v.outcome == OUT_DESTROY || v.outcome == OUT_DELIVER) && v.due != DAY_NONE && v.due <= r->today;
}

static enum against
against(const struct verdict *v)
{
	switch (v->outcome) {
	case OUT_HELD:
		return AGAINST_HOLD;
	case OUT_PRESERVED:
		return AGAINST_PRESERVED;
	case OUT_UNGOVERNED:
	case OUT_INERT:
		return AGAINST_NO_DECISION;
	default:
		return AGAINST_OTHER;
	}
}

static void
put(struct retain *r, struct batch *b, const char *file, const struct entry *e, const struct verdict *v)
{
	b->count++;
	pile_add(r->pile, b->number, &(struct record){
		.path = file, .size = e->size, .ino = e->ino, .dev = e->dev, .nlink = e->nlink,
		.mtime_s = e->mtime_s, .ctime_s = e->ctime_s, .btime_s = e->btime_s,
		.mtime_ns = e->mtime_ns, .ctime_ns = e->ctime_ns, .btime_ns = e->btime_ns,
		.anchor = v->anchor, .due = v->due,
	});
}

/* The batch that the file is a member of, or NULL. */
static struct batch *
join(struct retain *r, const char *path, const struct entry *e, const struct verdict *v)
{
	struct tally *tally = v->winner->pattern->tally;
	bool due = v->due != DAY_NONE && v->due <= r->today, whole = tally->series->whole;
	struct batch *b;

	if (!tally->series->decided || (!whole && !due))
		return NULL;
	b = batch_get(r, tally, path, v->winner->batch_len, whole ? DAY_NONE : v->due);
	if (v->due == DAY_NONE)
		batch_block(r, b, came_after(r, tally->series, e) ? AGAINST_YOUNGER : AGAINST_NO_DATE);
	else
		batch_wait(r, b, v->due);
	if (due && e->stated)
		put(r, b, path, e, v);
	else if (due)
		batch_block(r, b, AGAINST_UNREAD);
	return b;
}

/* The one in force has no date because it is in force: nothing is missing. */
static bool
is_in_force(const struct retain *r, const struct entry *e, const struct verdict *v)
{
	const struct edition *newer;

	return v->winner && v->winner->pattern->after &&
	       versions_look(r, v->winner->pattern, e->name, &newer) == LOOK_NEWEST;
}

static void
count(struct retain *r, const struct entry *e, const struct verdict *v)
{
	r->n.files++;
	r->n.weighed += e->stated;
	r->n.bytes += e->stated ? (long long)e->size : 0;
	r->n.ungoverned += v->outcome == OUT_UNGOVERNED;
	r->n.held += v->outcome == OUT_HELD;
	r->n.inert += v->winner && !v->winner->pattern->tally->series->decided;
	r->n.no_anchor += (v->outcome == OUT_DESTROY || v->outcome == OUT_DELIVER) && v->due == DAY_NONE && !is_in_force(r, e, v);
	for (size_t i = 0; i < r->found.count; i++) {
		struct tally *t = r->found.items[i].pattern->tally;
		day_t anchor;

		if (t && !t->used && cell_counts(r, &r->found.items[i], e, &anchor)) {
			t->used = true;
			memo_tally(r, t, e);
		}
	}
	for (size_t i = 0; i < r->found.count; i++)
		if (r->found.items[i].pattern->tally)
			r->found.items[i].pattern->tally->used = false;
}

/* "Senast": it should have gone by then, whoever has not answered. */
static void
note_overdue(struct retain *r, const struct verdict *v)
{
	struct tally *t = v->winner ? v->winner->pattern->tally : NULL;

	if ((v->outcome != OUT_DESTROY && v->outcome != OUT_DELIVER) || v->anchor == DAY_NONE || t->series->latest.count <= 0)
		return;
	(void)cell_due(v->winner, v->anchor);
	if (t->last.latest == DAY_NONE || t->last.latest > r->today)
		return;
	if (!t->overdue++ || t->last.latest < t->overdue_since)
		t->overdue_since = t->last.latest;
}

static const char *
file_path(struct retain *r, const char *path, const char *name)
{
	size_t folder = strlen(path), len = strlen(name);
	char *whole = arena_take(r->scratch, folder + len + 2), *at = whole;

	if (folder) {
		memcpy(at, path, folder);
		at += folder;
		*at++ = '/';
	}
	memcpy(at, name, len + 1);
	return whole;
}

/* What matches is in r->found. */
static void
judge_file(struct retain *r, struct state *s, const char *path, const struct entry *entry)
{
	struct batch *mine = NULL;
	struct verdict v = judge(r, entry);

	/*
	 * A name that is not UTF-8 cannot be folded as its writer meant: it may have slipped past a preserve series or a
	 * hold.  When it may go is not known.
	 */
	if (v.outcome == OUT_DESTROY && !(s->utf8 && text_is_utf8(entry->name, strlen(entry->name))))
		v.anchor = v.due = DAY_NONE;
	count(r, entry, &v);
	note_overdue(r, &v);
	if ((v.outcome == OUT_DESTROY || v.outcome == OUT_DELIVER) && v.due != DAY_NONE)
		memo_until(r, v.due);
	note_untold(r, &v, path, entry);
	events_file(r, s);
	if (v.outcome == OUT_DESTROY || v.outcome == OUT_DELIVER)
		mine = join(r, file_path(r, path, entry->name), entry, &v);
	if (mine && r->found.count > 1)
		losers_note(r, mine, entry, &v);
	for (size_t i = 0; i < s->inside_count; i++)
		if (s->insides[i].batch != mine)
			batch_block(r, s->insides[i].batch, against(&v));
	/* A whole batch without a folder is all of its series in the share: a held member blocks that too. */
	if (v.outcome == OUT_HELD || v.outcome == OUT_PRESERVED || v.outcome == OUT_DELIVER)
		for (size_t i = 0; i < r->found.count; i++) {
			const struct cell *c = &r->found.items[i];

			if (c->pattern->tally && c->pattern->tally->series->whole &&
			    (!v.winner || v.outcome == OUT_HELD || c->pattern->tally != v.winner->pattern->tally))
				batch_block(r, batch_get(r, c->pattern->tally, path,
							 c->batch_len <= strlen(path) ? c->batch_len : 0, DAY_NONE),
					    against(&v));
		}
}

static void
on_file(void *self, void *state, const char *path, const struct entry *entry)
{
	struct retain *r = self;
	struct state *s = state;

	if (!*entry->name || r->asked.state != s || strcmp(r->asked.name, entry->name) != 0)
		match_file(r, s->cells.items, s->cells.count, entry->name, file_len(path, entry->name));
	r->asked.name[0] = '\0';
	if (!r->supersedes || !versions_concern(r) || !versions_wait(r, entry))
		judge_file(r, s, path, entry);
}

/* Those that count from a newer version: now it is known whether there is one.  What the year says of a version (2028, a date
 * ahead) may be believed next year. */
void
judge_waiting(struct retain *r, struct state *s, const char *path, bool complete)
{
	if (!r->folder.mem)
		return;
	memo_until(r, day_make(day_year(r->today) + 1, 1, 1));
	versions_read(r, s->cells.items, s->cells.count, strlen(path), complete);
	for (size_t i = 0; i < r->folder.waiting.count; i++) {
		const struct entry *entry = &r->folder.waiting.items[i];

		match_file(r, s->cells.items, s->cells.count, entry->name, file_len(path, entry->name));
		judge_file(r, s, path, entry);
	}
	versions_drop(r);
}

struct retain *
retain_open(struct arena *mem, const struct retain_input *in, struct error *err)
{
	struct retain *r = arena_new(mem, struct retain);

	r->mem = mem;
	r->scratch = arena_open();
	r->input = *in;
	r->today = clock_day(in->now);
	if (r->today == DAY_NONE) {
		error_set(err, ERROR_USAGE, "the clock shows a day out of range");
		retain_close(r);
		return NULL;
	}
	cases_read(r);
	note_cases(r);
	r->approved.anchor = DAY_NONE;
	r->oldest = day_make(1900, 1, 1);
	r->newest = day_make(day_year(r->today) + 1, 12, 31);
	r->visitor = (struct visitor){
		.self = r, .enter = on_enter, .wants_stat = on_wants_stat, .file = on_file, .leave = on_leave,
		.listed = on_listed, .recall = on_recall, .judged = memo_judged(r), .registers = memo_registers(r),
	};
	return r;
}

const struct visitor *
retain_share(struct retain *r, const struct share *share)
{
	const struct rules *rules = r->input.rules;

	while (r->top)
		drop_top(r);
	batches_drop(r);
	versions_drop(r);
	r->asked.name[0] = '\0';
	r->share = share;
	r->patterns.count = 0;
	r->all.count = 0;
	tops_start(r);
	events_start(r);
	r->pile = pile_open();
	memset(&r->n, 0, sizeof r->n);
	r->buckets = arena_array(r->mem, struct batch *, BUCKETS);
	r->tallies = arena_array(r->mem, struct tally, rules->series_count + 1);
	for (size_t i = 0; i < rules->series_count; i++) {
		const struct series *s = &rules->series[i];

		r->tallies[i] = (struct tally){ .series = s, .last = { DAY_NONE, DAY_NONE, DAY_NONE },
			.cases = cases_of(r, s), .spare_bit = cases_bit(r, s),
			.from = s->year_from ? day_make(s->year_from, 1, 1) : DAY_NONE,
			.to = s->year_to ? day_make(s->year_to, 12, 31) : DAY_NONE };
		for (int k = 0; k < s->where_count; k++)
			if (strcmp(s->where[k].share, "*") == 0 || strcmp(s->where[k].share, share->id) == 0)
				add_where(r, &r->tallies[i], &s->where[k], share->fold || s->action == ACTION_PRESERVE);
	}
	for (size_t i = 0; i < r->input.hold_count; i++)
		add_hold(r, &r->input.holds[i]);
	for (size_t i = 0; i < r->input.event_count; i++)
		add_event(r, &r->input.events[i]);
	r->visitor.wants_most = r->supersedes = false;
	for (size_t i = 0; i < r->patterns.count; i++)
		r->supersedes |= r->patterns.items[i]->after != NULL;
	for (size_t i = 0; i < r->patterns.count; i++)
		r->visitor.wants_most |= r->patterns.items[i]->tally && is_of_file(r->patterns.items[i]->tally->series);
	return &r->visitor;
}

void
retain_close(struct retain *r)
{
	if (!r)
		return;
	while (r->top)
		drop_top(r);
	batches_drop(r);
	versions_drop(r);
	tops_drop(r);
	free(r->found.items);
	arena_close(r->scratch);
	r->scratch = NULL;
	r->found = (struct cells){ 0 };
}
