/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * duplicates.c - finds files that are alike: by size, then by how they begin, and then by all that they hold.
 *
 * Only what is alike so far is read on, and each byte once more at most: the last reading is the proof.
 */
#include "duplicates_p.h"
#include "behov/hands.h"
#include "behov/log.h"
#include "behov/step.h"
#include "behov/text.h"

#include <stdlib.h>
#include <string.h>

#define BEGINNING (64 * 1024)
#define GROUPS_MOST 1000
#define PATHS_MOST 100
#define GAPS_MOST 100

struct candidate {
	uint64_t size, ino;
	size_t name;                    /* where in names */
	uint32_t folder;                /* of folders */
};

/* Files of one content; their candidates stand in `members`. */
struct same { uint64_t size; size_t count, first, kept; unsigned char sum[DIGEST_SIZE]; };

struct state { struct state *above; void *below; long folder; };        /* folder -1: nothing of it is a candidate yet */

struct duplicates {
	struct arena *mem;
	struct duplicates_input input;
	struct visitor visitor;
	struct state *top;
	struct { struct candidate *items; size_t count, room; } candidates;     /* of malloc, as are the names: there may be millions */
	struct { char *bytes; size_t len, room; } names;
	LIST(const char *) folders;
	uint64_t dev;
	struct reading_from from;
	struct hands *hands;
	LIST(struct same) groups;
	LIST(size_t) members;
	struct duplicates_result *out;
};

/* ------------------------------------------------------------------ the walk */

static bool
on_enter(void *self, const char *path, void *above, void **state)
{
	struct duplicates *d = self;
	struct state *up = above, *here = calloc(1, sizeof(*here));
	const struct visitor *below = d->input.below;

	if (!here)
		abort();
	here->above = up;
	here->folder = -1;
	if (!below->enter(below->self, path, up ? up->below : NULL, &here->below)) {
		free(here);
		return false;
	}
	d->top = here;
	*state = here;
	return true;
}

static void
on_leave(void *self, void *state, const char *path, bool complete)
{
	struct duplicates *d = self;
	struct state *here = state;

	d->input.below->leave(d->input.below->self, here->below, path, complete);
	d->top = here->above;
	free(here);
}

static bool
on_wants_stat(void *self, void *state, const char *path, const char *name)
{
	(void)self, (void)state, (void)path, (void)name;
	return true;
}

static void *
grown(void *items, size_t need, size_t *room, size_t size)
{
	if (need <= *room)
		return items;
	*room = need > 2 * *room ? need : 2 * *room;
	items = reallocarray(items, *room, size);
	if (!items)
		abort();                /* as arena_take(): without memory there is no honest way on */
	return items;
}

static size_t
keep_name(struct duplicates *d, const char *name)
{
	size_t len = strlen(name) + 1, at = d->names.len;

	d->names.bytes = grown(d->names.bytes, at + len, &d->names.room, 1);
	memcpy(d->names.bytes + at, name, len);
	d->names.len += len;
	return at;
}

static void
on_file(void *self, void *state, const char *path, const struct entry *entry)
{
	struct duplicates *d = self;
	struct state *here = state;

	if (d->input.governs(d->input.below->self, here->below, path, entry))
		return;
	d->out->looked++;
	if (!entry->size)
		return;
	if (here->folder < 0) {
		*arena_push(d->mem, &d->folders) = arena_text(d->mem, path);
		here->folder = (long)d->folders.count - 1;
	}
	d->dev = entry->dev;            /* one for all: no mount is crossed */
	d->candidates.items = grown(d->candidates.items, d->candidates.count + 1, &d->candidates.room, sizeof(*d->candidates.items));
	d->candidates.items[d->candidates.count++] = (struct candidate){
		.size = entry->size, .ino = entry->ino, .name = keep_name(d, entry->name), .folder = (uint32_t)here->folder };
}

struct duplicates *
duplicates_open(struct arena *mem, const struct duplicates_input *in)
{
	struct duplicates *d = arena_new(mem, struct duplicates);

	d->mem = mem;
	d->input = *in;
	d->out = arena_new(mem, struct duplicates_result);
	d->visitor = (struct visitor){
		.self = d, .enter = on_enter, .wants_stat = on_wants_stat, .file = on_file, .leave = on_leave, .wants_most = true,
	};
	return d;
}

const struct visitor *
duplicates_visitor(struct duplicates *d)
{
	return &d->visitor;
}

void
duplicates_close(struct duplicates *d)
{
	while (d->top) {
		struct state *here = d->top;

		d->top = here->above;
		free(here);
	}
	free(d->candidates.items);
	free(d->names.bytes);
	d->candidates.items = NULL;
	d->names.bytes = NULL;
}

/* ------------------------------------------------------------------ who has another's size */

static const char *
path_of(const struct duplicates *d, struct arena *mem, size_t candidate)
{
	const struct candidate *c = &d->candidates.items[candidate];
	const char *folder = d->folders.items[c->folder];

	return arena_print(mem, "%s%s%s", folder, *folder ? "/" : "", d->names.bytes + c->name);
}

static int
by_size(const void *a, const void *b, void *self)
{
	const struct duplicates *d = self;
	const struct candidate *x = a, *y = b;
	int folder;

	if (x->size != y->size)
		return x->size < y->size ? 1 : -1;
	if (x->ino != y->ino)
		return x->ino < y->ino ? -1 : 1;
	folder = x->folder == y->folder ? 0 : strcmp(d->folders.items[x->folder], d->folders.items[y->folder]);
	return folder ? folder : strcmp(d->names.bytes + x->name, d->names.bytes + y->name);
}

/* Largest first; of a file's names the first stays. */
static void
sort_candidates(struct duplicates *d)
{
	struct candidate *list = d->candidates.items;
	size_t kept = 0;

	if (d->candidates.count > 1)
		qsort_r(list, d->candidates.count, sizeof(*list), by_size, d);
	for (size_t i = 0; i < d->candidates.count; i++) {
		if (kept && list[kept - 1].size == list[i].size && list[kept - 1].ino == list[i].ino)
			d->out->links++;
		else
			list[kept++] = list[i];
	}
	d->candidates.count = kept;
}

/* ------------------------------------------------------------------ reading */

static void
note(struct duplicates *d, const struct job *job)
{
	struct duplicates_result *out = d->out;

	out->read += job->read;
	out->unread += job->came == READ_NOT;
	out->changed += job->came == READ_CHANGED;
	out->offline += job->came == READ_OFFLINE;
	out->traced += job->came == READ_TRACED;
	out->beyond += job->came == READ_BEYOND;
	if (job->came == READ_NOT && out->gaps.count < GAPS_MOST)
		*arena_push(d->mem, &out->gaps) = (struct gap){ "file", d->input.share->id, name_show(d->mem, job->path),
								arena_text(d->mem, strerror(job->error)) };
}

/* -1: asked to stop. */
static int
read_all(struct duplicates *d, struct job *jobs, size_t count)
{
	size_t given = 0;

	while (given < count && !stop_asked()) {
		if (!d->hands)
			reading_do(&d->from, &jobs[given++]);
		else if (hands_give(d->hands, &jobs[given]))
			given++;
		else
			hands_take(d->hands);
		if (given % 256 == 0)
			progress(d->input.share->id, (long long)(d->out->read >> 20), 0);
	}
	while (d->hands && hands_take(d->hands))
		;
	if (stop_asked())
		return -1;
	for (size_t i = 0; i < count; i++)
		note(d, &jobs[i]);
	return 0;
}

/* By what was read; those of which nothing is known come last. */
static int
by_sum(const void *a, const void *b)
{
	const struct job *x = a, *y = b;
	int sum = memcmp(x->sum, y->sum, sizeof(x->sum));

	if ((x->came == READ_WELL) != (y->came == READ_WELL))
		return x->came == READ_WELL ? -1 : 1;
	return sum ? sum : strcmp(x->path, y->path);
}

static size_t
run_of(const struct job *jobs, size_t count)
{
	size_t n = 1;

	while (n < count && jobs[n].came == READ_WELL && memcmp(jobs[n].sum, jobs[0].sum, sizeof(jobs->sum)) == 0)
		n++;
	return jobs[0].came == READ_WELL ? n : count;
}

static void
add_group(struct duplicates *d, const struct job *jobs, size_t count)
{
	struct same *g = arena_push(d->mem, &d->groups);

	*g = (struct same){ .size = jobs->size, .count = count, .first = d->members.count, .kept = count < PATHS_MOST ? count : PATHS_MOST };
	memcpy(g->sum, jobs->sum, sizeof(g->sum));
	for (size_t i = 0; i < g->kept; i++)
		*arena_push(d->mem, &d->members) = jobs[i].candidate;
	d->out->group_count++;
	d->out->files += (long long)count;
	d->out->bytes += jobs->size * (count - 1);
}

/*
 * Files that are alike so far: they are read, how they begin or wholly, and those that are alike then are read on or are a group.
 * What may not be read any more is counted.  -1: asked to stop.
 */
static int
compare(struct duplicates *d, struct job *jobs, size_t count, uint64_t length)
{
	uint64_t size = jobs->size;

	if (length > (d->input.read_most - d->out->read) / count) {
		d->out->beyond += (long long)count;
		return 0;
	}
	for (size_t i = 0; i < count; i++)
		jobs[i].length = length, jobs[i].read = 0;
	if (read_all(d, jobs, count) < 0)
		return -1;
	qsort(jobs, count, sizeof(*jobs), by_sum);
	for (size_t i = 0, n; i < count && jobs[i].came == READ_WELL; i += n) {
		n = run_of(jobs + i, count - i);
		if (n > 1 && length == size)
			add_group(d, jobs + i, n);
		else if (n > 1 && compare(d, jobs + i, n, size) < 0)
			return -1;
	}
	return 0;
}

static int
compare_size(struct duplicates *d, size_t first, size_t count)
{
	uint64_t size = d->candidates.items[first].size;
	struct arena *mem;
	struct job *jobs;
	int rc;

	if (size > d->input.file_most) {
		d->out->large += (long long)count;
		return 0;
	}
	mem = arena_open();
	jobs = arena_array(mem, struct job, count);
	for (size_t i = 0; i < count; i++)
		jobs[i] = (struct job){ .path = path_of(d, mem, first + i), .size = size, .ino = d->candidates.items[first + i].ino,
					.dev = d->dev, .candidate = first + i };
	rc = compare(d, jobs, count, size < BEGINNING ? size : BEGINNING);
	arena_close(mem);
	return rc;
}

static int
compare_all(struct duplicates *d)
{
	const struct candidate *list = d->candidates.items;

	for (size_t i = 0, n; i < d->candidates.count; i += n) {
		n = 1;
		while (i + n < d->candidates.count && list[i + n].size == list[i].size)
			n++;
		if (n > 1 && compare_size(d, i, n) < 0)
			return -1;
	}
	return 0;
}

/* ------------------------------------------------------------------ what is told */

static int
by_room(const void *a, const void *b)
{
	const struct same *x = a, *y = b;
	uint64_t more = x->size * (x->count - 1), other = y->size * (y->count - 1);

	return more != other ? more < other ? 1 : -1 : memcmp(x->sum, y->sum, sizeof(x->sum));
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
give_groups(struct duplicates *d)
{
	if (d->groups.count > 1)
		qsort(d->groups.items, d->groups.count, sizeof(*d->groups.items), by_room);
	for (size_t i = 0; i < d->groups.count && i < GROUPS_MOST; i++) {
		const struct same *g = &d->groups.items[i];
		struct alike *a = arena_push(d->mem, &d->out->groups);

		*a = (struct alike){ .size = g->size, .count = g->count, .path_count = g->kept,
				     .digest = arena_print(d->mem, "sha256:%s", digest_hex(d->mem, g->sum, sizeof(g->sum))),
				     .paths = arena_array(d->mem, const char *, g->kept) };
		for (size_t k = 0; k < g->kept; k++)
			a->paths[k] = name_show(d->mem, path_of(d, d->mem, d->members.items[g->first + k]));
		qsort(a->paths, a->path_count, sizeof(*a->paths), by_text);
	}
}

int
duplicates_find(struct duplicates *d, int root, struct duplicates_result *out, struct error *err)
{
	int rc;

	sort_candidates(d);
	d->from = reading_open(root, &d->input);
	if (d->input.hands > 1) {
		d->hands = hands_open(d->input.hands, (size_t)d->input.hands * 4, reading_do, &d->from, err);
		if (!d->hands)
			return -1;
	}
	rc = compare_all(d);
	hands_close(d->hands);
	progress_end();
	if (rc < 0)
		return error_set(err, ERROR_STOPPED, "asked to stop while files of share '%s' were compared", d->input.share->id);
	give_groups(d);
	*out = *d->out;
	return 0;
}
