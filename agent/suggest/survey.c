/* SPDX-License-Identifier: GPL-3.0-or-later */
/* survey.c - gathers what lies on a share while it is walked, in memory that does not grow with it. */
#include "survey_p.h"

#include <stdlib.h>
#include <string.h>

#define NODES_MOST 12000
#define DEPTH_FIRST 12
#define SCRATCH_MOST (1u << 20)

/* Names below one folder that are told apart: the folders of units, but not those of people. */
static int
children_most(int depth)
{
	return depth == 0 ? 1000 : depth == 1 ? 300 : 100;
}

/* ------------------------------------------------------------------ nodes */

static struct node *
new_node(struct survey *s, struct node *parent, const char *name, const char *shown, unsigned shape)
{
	struct node *n = s->spare;

	if (n) {
		s->spare = n->next;
		*n = (struct node){ 0 };
	} else {
		n = arena_new(s->mem, struct node);
	}
	n->name = name;
	n->shown = shown;
	n->shape = shape;
	n->parent = parent;
	s->nodes++;
	if (!parent)
		return n;
	n->depth = parent->depth + 1;
	n->next = parent->first;
	parent->first = n;
	parent->children++;
	return n;
}

static void
drop_node(struct survey *s, struct node *n)
{
	n->gone = true;
	n->next = s->spare;
	s->spare = n;
	s->nodes--;
}

static void
add_sums(struct sums *to, const struct sums *from)
{
	to->files += from->files;
	to->bytes = sizes_add(to->bytes, (uint64_t)from->bytes);
	to->ungoverned += from->ungoverned;
	to->precious += from->precious;
	to->precious_words |= from->precious_words;
	for (int i = 0; i < SHAPES; i++)
		to->shaped[i] += from->shaped[i];
	for (int i = 0; i < BANDS; i++)
		to->bands[i] += from->bands[i];
	for (int i = 0; i < TYPES; i++)
		to->types[i] += from->types[i];
	if (from->oldest && (!to->oldest || from->oldest < to->oldest))
		to->oldest = from->oldest;
	if (from->newest > to->newest)
		to->newest = from->newest;
}

/* By id, so that what comes out does not depend on what came first. */
static void
add_under(struct survey *s, struct under **list, const struct series *series, long long files)
{
	struct under *u;

	while (*list && strcmp((*list)->series->id, series->id) < 0)
		list = &(*list)->next;
	if (!*list || (*list)->series != series) {
		u = arena_new(s->mem, struct under);
		*u = (struct under){ *list, series, 0 };
		*list = u;
	}
	(*list)->files += files;
}

static struct node *
find_child(const struct node *n, const char *name)
{
	struct node *child = n->first;

	while (child && strcmp(child->name, name) != 0)
		child = child->next;
	return child;
}

/* Folders on the way down to where we are that stand for a node which is another's now. */
static void
redirect(struct survey *s, const struct node *from, struct node *to)
{
	for (struct state *state = s->top; state; state = state->above)
		if (state->node == from)
			state->node = to;
}

static void merge(struct survey *s, struct node *to, struct node *from);

/* Years and dates stay: a rule can count from them. */
static const char *
common_name(const struct node *n)
{
	return n->shape & SHAPE_DATE ? "*{date}*" : n->shape & SHAPE_YEAR ? "*{year}*" : "*";
}

/* There are only so many of these: "*", "{year}", "{case} *". */
static bool
is_common(const struct node *n)
{
	const char *rest = *n->name == '{' ? strchr(n->name, '}') : NULL;

	return strcmp(n->name, common_name(n)) == 0 || (rest && (!rest[1] || (strlen(rest) <= 3 && rest[strlen(rest) - 1] == '*')));
}

static struct node *
common_child(struct survey *s, struct node *n, const struct node *like)
{
	const char *name = common_name(like);
	struct node *child = find_child(n, name);

	return child ? child : new_node(s, n, name, name, like->shape & (like->shape & SHAPE_DATE ? SHAPE_DATE : SHAPE_YEAR));
}

/* There are so many names below it that they say nothing: all that have no shape are one. */
static void
join_children(struct survey *s, struct node *n)
{
	struct node *list = n->first, *next;

	n->many = true;
	n->first = NULL;
	n->children = 0;
	for (; list; list = next) {
		next = list->next;
		if (is_common(list)) {
			struct node *same = find_child(n, list->name);

			if (same) {
				merge(s, same, list);
				continue;
			}
			list->next = n->first;
			n->first = list;
			n->children++;
		} else {
			merge(s, common_child(s, n, list), list);
		}
	}
}

static const char *
lesser(const char *a, const char *b)
{
	return strcmp(a, b) <= 0 ? a : b;
}

/* What is in `from`, which is in no list any more, is in `to`. */
static void
merge(struct survey *s, struct node *to, struct node *from)
{
	struct node *list = from->first, *next;

	add_sums(&to->own, &from->own);
	to->folders += from->folders;
	to->shape |= from->shape & (SHAPE_NUMBER | SHAPE_PERSON);
	for (const struct under *u = from->under; u; u = u->next)
		add_under(s, &to->under, u->series, u->files);
	for (; list; list = next) {
		struct node *same;

		next = list->next;
		same = to->many && !is_common(list) ? common_child(s, to, list) : find_child(to, list->name);
		if (same) {
			same->shown = lesser(same->shown, list->shown);
			merge(s, same, list);
			continue;
		}
		list->parent = to;
		list->depth = to->depth + 1;
		list->next = to->first;
		to->first = list;
		to->children++;
	}
	if (from->many || to->children > children_most(to->depth))
		join_children(s, to);
	redirect(s, from, to);
	drop_node(s, from);
}

/* ------------------------------------------------------------------ when there are too many of them */

static void
flatten(struct survey *s, struct node *n)
{
	struct node *list = n->first, *next;

	if (n->depth < s->depth_most) {
		for (; list; list = list->next)
			flatten(s, list);
		return;
	}
	n->first = NULL;
	n->children = 0;
	for (; list; list = next) {
		next = list->next;
		flatten(s, list);
		add_sums(&n->own, &list->own);
		for (const struct under *u = list->under; u; u = u->next)
			add_under(s, &n->under, u->series, u->files);
		redirect(s, list, n);
		drop_node(s, list);
	}
}

static void
prune(struct survey *s)
{
	while (s->nodes > NODES_MOST && s->depth_most > 1) {
		s->depth_most--;
		flatten(s, s->root);
	}
}

/* ------------------------------------------------------------------ the visitor */

static void
note_shape(struct survey *s, unsigned shape, const char *path, bool folder)
{
	for (int i = 0; i < SHAPES; i++) {
		if (!(shape & 1u << i))
			continue;
		if (folder)
			s->shapes[i].folders++;
		else
			s->shapes[i].files++;
		/* Any one of them, but always the same; never with somebody's number in it. */
		if (folder && (!s->shapes[i].example || strcmp(path, s->shapes[i].example) < 0) && !(shape_of(path) & SHAPE_PERSON))
			s->shapes[i].example = arena_text(s->mem, path);
	}
}

static struct node *
child_of(struct survey *s, struct node *n, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *pattern, *shown;
	struct node *child;
	unsigned shape;

	pattern = shape_pattern(s->scratch, name, &shape);
	note_shape(s, shape, path, true);
	if (n->depth >= s->depth_most)
		return n;
	child = find_child(n, pattern);
	if (!child && n->many) {
		struct node like = { .name = pattern, .shape = shape };

		if (!is_common(&like)) {
			child = common_child(s, n, &like);
			shape = 0;
		}
	}
	shown = shape || strcmp(pattern, "*") == 0 ? pattern : name_show(s->scratch, name);
	if (!child)
		child = new_node(s, n, arena_text(s->mem, pattern), arena_text(s->mem, shown), shape);
	else if (strcmp(pattern, child->name) == 0 && strcmp(shown, child->shown) < 0)
		child->shown = arena_text(s->mem, shown);
	child->folders++;
	child->shape |= shape;
	return child;
}

static bool
on_enter(void *self, const char *path, void *above, void **state)
{
	struct survey *s = self;
	struct state *up = above, *here = calloc(1, sizeof(*here));
	const struct visitor *below = s->input.below;

	if (!here)
		abort();
	if (arena_used(s->scratch) > SCRATCH_MOST) {
		arena_close(s->scratch);
		s->scratch = arena_open();
	}
	here->node = up ? child_of(s, up->node, path) : s->root;
	here->above = up;
	s->folders++;
	s->top = here;
	if (up && up->node->children > children_most(up->node->depth) && !up->node->many)
		join_children(s, up->node);
	if (s->nodes > NODES_MOST)
		prune(s);
	if (!below->enter(below->self, path, up ? up->below : NULL, &here->below)) {
		s->top = up;
		free(here);
		return false;
	}
	*state = here;
	return true;
}

static void
on_leave(void *self, void *state, const char *path, bool complete)
{
	struct survey *s = self;
	struct state *here = state;
	const struct visitor *below = s->input.below;

	below->leave(below->self, here->below, path, complete);
	s->top = here->above;
	free(here);
}

static bool
on_wants_stat(void *self, void *state, const char *path, const char *name)
{
	(void)self, (void)state, (void)path, (void)name;
	return true;
}

static int
band_of(day_t age)
{
	return age <= 365 ? 0 : age <= 731 ? 1 : age <= 1826 ? 2 : age <= 3653 ? 3 : 4;
}

static void
note_day(struct survey *s, struct sums *own, day_t day)
{
	int year = day == DAY_NONE ? 0 : day_year(day);

	if (year < 1900 || day > s->today + 366) {
		s->wild++;
		return;
	}
	own->bands[band_of(s->today - day)]++;
	if (!own->oldest || year < own->oldest)
		own->oldest = year;
	if (year > own->newest)
		own->newest = year;
}

static void
note_name(struct survey *s, struct sums *own, const char *path, const struct entry *entry)
{
	const char *low = text_fold(s->scratch, entry->name);
	unsigned shape = shape_of(entry->name), said;
	int fleeting = name_fleeting(low);
	struct words words;

	for (int i = 0; i < SHAPES; i++)
		own->shaped[i] += shape >> i & 1;
	note_shape(s, shape, path, false);
	own->types[name_type(low)]++;
	words_of(s->scratch, entry->name, &words);
	said = words_precious(&words, s->precious);
	own->precious += said != 0;
	own->precious_words |= said;
	if (fleeting >= 0) {
		s->fleeting[fleeting]++;
		s->fleeting_bytes[fleeting] = sizes_add(s->fleeting_bytes[fleeting], entry->size);
	}
}

static void
on_file(void *self, void *state, const char *path, const struct entry *entry)
{
	struct survey *s = self;
	struct state *here = state;
	struct sums *own = &here->node->own;
	const struct series *series = s->input.governs(s->input.below->self, here->below, path, entry);

	if (arena_used(s->scratch) > SCRATCH_MOST) {
		arena_close(s->scratch);
		s->scratch = arena_open();
	}
	own->files++;
	own->bytes = sizes_add(own->bytes, entry->size);
	note_day(s, own, clock_day(entry->mtime_s));
	note_name(s, own, path, entry);
	if (series)
		add_under(s, &here->node->under, series, 1);
	else
		own->ungoverned++;
}

struct survey *
suggest_survey(struct arena *mem, const struct survey_input *in)
{
	struct survey *s = arena_new(mem, struct survey);

	s->mem = mem;
	s->scratch = arena_open();
	s->input = *in;
	s->depth_most = DEPTH_FIRST;
	s->today = clock_day(in->now);
	s->root = new_node(s, NULL, "", "", 0);
	words_of_precious(mem, s->precious);
	s->visitor = (struct visitor){
		.self = s, .enter = on_enter, .wants_stat = on_wants_stat, .file = on_file, .leave = on_leave, .wants_most = true,
	};
	return s;
}

const struct visitor *
suggest_survey_visitor(struct survey *s)
{
	return &s->visitor;
}

void
suggest_survey_close(struct survey *s)
{
	while (s->top) {
		struct state *state = s->top;

		s->top = state->above;
		free(state);
	}
	arena_close(s->scratch);
	s->scratch = NULL;
}

/* ------------------------------------------------------------------ when all has been walked */

static int
by_name(const void *a, const void *b)
{
	return strcmp((*(struct node *const *)a)->name, (*(struct node *const *)b)->name);
}

static void
sort_children(struct survey *s, struct node *n)
{
	struct node **list = arena_array(s->mem, struct node *, (size_t)n->children + 1);
	size_t count = 0;

	for (struct node *c = n->first; c; c = c->next)
		list[count++] = c;
	if (count > 1)
		qsort(list, count, sizeof(*list), by_name);
	n->first = NULL;
	while (count--) {
		list[count]->next = n->first;
		n->first = list[count];
	}
}

static void
sum(struct survey *s, struct node *n, int *number)
{
	n->number = (*number)++;
	words_of(s->mem, n->name, &n->words);
	if (n->parent)
		words_join(s->mem, &n->parent->words, &n->words);
	n->all = n->own;
	n->under_all = NULL;
	for (const struct under *u = n->under; u; u = u->next)
		add_under(s, &n->under_all, u->series, u->files);
	sort_children(s, n);
	for (struct node *c = n->first; c; c = c->next) {
		sum(s, c, number);
		add_sums(&n->all, &c->all);
		for (const struct under *u = c->under_all; u; u = u->next)
			add_under(s, &n->under_all, u->series, u->files);
	}
}

void
survey_sum(struct survey *s)
{
	int number = 0;

	sum(s, s->root, &number);
}

const char *
node_path(struct arena *mem, const struct node *n, bool shown)
{
	const char *path = "";

	for (; n->parent; n = n->parent)
		path = arena_print(mem, "%s%s%s", shown ? n->shown : n->name, *path ? "/" : "", path);
	return path;
}
