/* SPDX-License-Identifier: GPL-3.0-or-later */
/* visit.c - on the way through a share: what each folder and file adds to its batches and sums. */
#include "retain_p.h"
#include "behov/text.h"

static void
drop_top(struct retain *r)
{
	struct state *s = r->top;

	r->top = s->above;
	s->above = r->spare;
	r->spare = s;
}

void
states_drop(struct retain *r)
{
	struct state *s;

	while (r->top)
		drop_top(r);
	while ((s = r->spare)) {
		r->spare = s->above;
		free(s->cells.items);
		free(s->insides);
		free(s);
	}
}

/* As if it were new, but with the room that it had. */
static struct state *
new_state(struct retain *r)
{
	struct state *s = r->spare;

	if (!s) {
		s = calloc(1, sizeof *s);
		if (!s)
			abort();
		return s;
	}
	r->spare = s->above;
	*s = (struct state){ .cells = { .items = s->cells.items, .room = s->cells.room }, .insides = s->insides, .inside_room = s->inside_room };
	return s;
}

static struct inside *
add_inside(struct state *s)
{
	if (s->inside_count == s->inside_room) {
		s->inside_room = s->inside_room ? 2 * s->inside_room : 4;
		s->insides = realloc(s->insides, s->inside_room * sizeof *s->insides);
		if (!s->insides)
			abort();
	}
	return &s->insides[s->inside_count++];
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
		add_inside(s)->batch = batch_get(r, c->pattern->tally, path, len, DAY_NONE);
	}
}

static bool
on_enter(void *self, const char *path, void *above, void **state)
{
	struct retain *r = self;
	struct state *up = above, *s = new_state(r);
	const char *slash = strrchr(path, '/');

	s->above = r->top;
	s->before = r->n;
	r->top = s;
	r->asked.name = NULL;           /* a state's address may be used again */
	r->n.folders++;
	memo_start(r);
	s->len = strlen(path);
	s->utf8 = text_is_utf8(path, s->len);
	renew_scratch(r);
	if (!up) {
		cells_start(r, &s->cells);
	} else {
		cells_step(r->scratch, up->cells.items, up->cells.count, slash ? slash + 1 : path, s->len, &s->cells);
		for (size_t i = 0; i < up->inside_count; i++)
			*add_inside(s) = up->insides[i];
		note_insides(r, s, path, s->len);
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

static size_t
file_len(const struct state *s, size_t name_len)
{
	return s->len + (s->len > 0) + name_len;
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

	r->asked.state = s;
	r->asked.name = name;
	r->asked.len = strlen(name);
	match_file(r, s->cells.items, s->cells.count, name, r->asked.len, file_len(s, r->asked.len));
	for (size_t i = 0; i < r->found.count; i++)
		if (r->found.items[i].pattern->tally && needs_times(r, r->found.items[i].pattern->tally->series))
			return true;
	judge(r, path, NULL, &v);
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

/* The batch that the file of that folder is a member of, or NULL. */
static struct batch *
join(struct retain *r, const char *folder, const struct entry *e, const struct verdict *v)
{
	struct tally *tally = v->winner->pattern->tally;
	/* Each file by itself is in the e-archive: what has come to a volume since keeps none of the others. */
	bool due = v->due != DAY_NONE && v->due <= r->today, whole = tally->series->whole && !v->received;
	const char *path;
	struct batch *b;

	if (!tally->series->decided || (!whole && !due))
		return NULL;
	path = file_path(r, folder, e->name);
	b = v->received ? batch_get_received(r, tally, path, v->winner->batch_len, v->due)
			: batch_get(r, tally, path, v->winner->batch_len, whole ? DAY_NONE : v->due);
	if (v->received)
		received_note(r, b, v->received);
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
	r->n.bytes = sizes_add(r->n.bytes, e->stated ? e->size : 0);
	r->n.ungoverned += v->outcome == OUT_UNGOVERNED;
	r->n.held += v->outcome == OUT_HELD;
	r->n.inert += v->winner && !v->winner->pattern->tally->series->decided;
	r->n.no_anchor += (v->outcome == OUT_DESTROY || v->outcome == OUT_DELIVER) && v->due == DAY_NONE && !is_in_force(r, e, v);
	for (size_t i = 0; i < r->found.count; i++) {
		struct tally *t = r->found.items[i].pattern->tally;

		if (t && !t->used && r->found.items[i].counts) {
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

	if ((v->outcome != OUT_DESTROY && v->outcome != OUT_DELIVER) || v->received || v->anchor == DAY_NONE || t->series->latest.count <= 0)
		return;
	(void)cell_due(v->winner, v->anchor);
	if (t->last.latest == DAY_NONE || t->last.latest > r->today)
		return;
	if (!t->overdue++ || t->last.latest < t->overdue_since)
		t->overdue_since = t->last.latest;
}

/* What matches is in r->found. */
static void
judge_file(struct retain *r, struct state *s, const char *path, const struct entry *entry, size_t len)
{
	struct batch *mine = NULL;
	struct verdict v;

	judge(r, path, entry, &v);
	/*
	 * A name that is not UTF-8 cannot be folded as its writer meant: it may have slipped past a preserve series or a
	 * hold.  When it may go is not known.
	 */
	if (v.outcome == OUT_DESTROY && !(s->utf8 && text_is_utf8(entry->name, len)))
		v.anchor = v.due = DAY_NONE;
	count(r, entry, &v);
	note_overdue(r, &v);
	if ((v.outcome == OUT_DESTROY || v.outcome == OUT_DELIVER) && v.due != DAY_NONE)
		memo_until(r, v.due);
	if (v.waits != DAY_NONE)
		memo_until(r, v.waits);
	note_untold(r, &v, path, entry);
	events_file(r, s);
	if (v.outcome == OUT_DESTROY || v.outcome == OUT_DELIVER)
		mine = join(r, path, entry, &v);
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
	bool asked = r->asked.state == s && r->asked.name == entry->name;
	size_t len = asked ? r->asked.len : strlen(entry->name);

	if (!asked)
		match_file(r, s->cells.items, s->cells.count, entry->name, len, file_len(s, len));
	r->asked.name = NULL;
	if (!r->supersedes || !versions_concern(r) || !versions_wait(r, entry))
		judge_file(r, s, path, entry, len);
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
		size_t len = strlen(entry->name);

		match_file(r, s->cells.items, s->cells.count, entry->name, len, file_len(s, len));
		judge_file(r, s, path, entry, len);
	}
	versions_drop(r);
}

struct visitor
visitor_of(struct retain *r)
{
	return (struct visitor){
		.self = r, .enter = on_enter, .wants_stat = on_wants_stat, .file = on_file, .leave = on_leave,
		.listed = on_listed, .recall = on_recall, .judged = memo_judged(r), .registers = memo_registers(r),
	};
}
