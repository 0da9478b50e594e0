/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fit.c - which drafts fit which folders, by words of names, folders above, and what the names are built of.
 *
 * A word counts for less the more drafts have it.  What is found is a guess, told with its reasons.
 */
#include "survey_p.h"

#include <stdlib.h>
#include <string.h>

#define PARTS_MOST 6
#define OF_FOLDER 3                     /* drafts for one folder */
#define OF_DRAFT 5                      /* folders for one draft */

/* A draft as words: of the folders in its path, of which the last counts most, and of its name. */
struct profile {
	const struct series *draft;
	struct words parts[PARTS_MOST];
	int part_count;
	struct words name;
	unsigned shape;                 /* captures in its path */
};

struct fitting {
	struct survey *survey;
	struct profile *profiles;
	LIST(const char *) stems;       /* of all drafts, sorted; each draft once */
	struct fit *of_node;            /* room for all of one folder */
	LIST(struct fit) found;
	size_t left_out;
};

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* In percent. */
static int
worth(const struct fitting *f, const char *stem)
{
	const char **at = f->stems.count ? bsearch(&stem, f->stems.items, f->stems.count, sizeof(*f->stems.items), by_text) : NULL;
	const char **first = at, **end = f->stems.items + f->stems.count;
	int drafts = 0;

	if (!at)
		return 100;
	while (first > f->stems.items && strcmp(first[-1], stem) == 0)
		first--;
	while (first < end && strcmp(*first++, stem) == 0)
		drafts++;
	return drafts <= 1 ? 100 : drafts == 2 ? 90 : drafts <= 4 ? 70 : drafts <= 8 ? 50 : 30;
}

static bool
holds(const struct words *w, const char *stem)
{
	for (int i = 0; i < w->count; i++)
		if (strcmp(w->list[i], stem) == 0)
			return true;
	return false;
}

static void
add_stem(struct fitting *f, struct words *of, const char *stem)
{
	if (holds(of, stem) || of->count == WORDS_MOST)
		return;
	of->list[of->count++] = stem;
	*arena_push(f->survey->mem, &f->stems) = stem;
}

static void
read_path(struct survey *s, struct profile *p, const char *path)
{
	while (*path) {
		size_t len = strcspn(path, "/");
		char *part = arena_copy(s->mem, path, len);
		struct words w;

		p->shape |= (strstr(part, "{year}") ? SHAPE_YEAR : 0u) | (strstr(part, "{date}") ? SHAPE_DATE : 0u) |
			    (strstr(part, "{case}") ? SHAPE_CASE : 0u);
		words_of(s->mem, strncmp(part, "ANGE-", 5) == 0 ? "" : part, &w);
		if (w.count && p->part_count < PARTS_MOST)
			p->parts[p->part_count++] = w;
		path += len + (path[len] == '/');
	}
}

static void
read_draft(struct fitting *f, const struct series *draft, struct profile *p)
{
	struct words all = { 0 };

	p->draft = draft;
	if (draft->where_count)
		read_path(f->survey, p, draft->where[0].path);
	words_of(f->survey->mem, draft->name, &p->name);
	for (int i = 0; i < p->part_count; i++)
		for (int k = 0; k < p->parts[i].count; k++)
			add_stem(f, &all, p->parts[i].list[k]);
	for (int k = 0; k < p->name.count; k++)
		add_stem(f, &all, p->name.list[k]);
}

/* ------------------------------------------------------------------ one draft and one folder */

/* The best that one of these words does for a stem. */
static int
alike(const struct words *words, const char *stem, const char **which)
{
	int best = 0;

	for (int i = 0; i < words->count; i++) {
		int a = words_alike(words->list[i], stem);

		if (a > best && (i < words->own || a == 100)) {
			best = a;
			*which = words->said[i];
		}
	}
	return best;
}

/* A part of a draft's path, in percent; `common` words count for less. */
static int
part_fits(const struct fitting *f, const struct words *part, const struct words *words, bool common)
{
	const char *which;
	int all = 0;

	for (int i = 0; i < part->count; i++)
		all += alike(words, part->list[i], &which) * (common ? worth(f, part->list[i]) : 100) / 100;
	return part->count ? all / part->count : 0;
}

/* The parts before the last, in the folders above: how well the worst of them does. */
static int
above_fits(const struct fitting *f, const struct profile *p, const struct node *n)
{
	int worst = 100;

	for (int i = 0; i + 1 < p->part_count; i++) {
		int best = 0;

		for (const struct node *at = n->parent; at; at = at->parent) {
			int one = part_fits(f, &p->parts[i], &at->words, false);

			best = one > best ? one : best;
		}
		worst = best < worst ? best : worst;
	}
	return p->part_count > 1 ? worst : 0;
}

/* The folder is one of those above the draft's own: "Avtal" for "Avtal/Löpande". */
static bool
is_one_above(const struct fitting *f, const struct profile *p, const struct node *n)
{
	for (int i = 0; i + 1 < p->part_count; i++)
		if (part_fits(f, &p->parts[i], &n->words, false) == 100)
			return true;
	return false;
}

/* Two words that are alike: the folder's, and one of the draft's name. */
struct alike { const char *own, *other; int how, worth; };

/* Of the draft's name, the two best words that the last part of its path has not. */
static int
name_fits(const struct fitting *f, const struct profile *p, const struct node *n, struct alike *best)
{
	int second = 0;

	*best = (struct alike){ .worth = 0 };
	for (int i = 0; i < p->name.count; i++) {
		struct alike one = { .other = p->name.said[i] };

		if (strlen(p->name.list[i]) < 4 || (p->part_count && holds(&p->parts[p->part_count - 1], p->name.list[i])))
			continue;
		one.how = alike(&n->words, p->name.list[i], &one.own);
		one.worth = 2 * one.how * worth(f, p->name.list[i]) / 100;
		if (one.worth > best->worth) {
			second = best->worth;
			*best = one;
		} else if (one.worth > second) {
			second = one.worth;
		}
	}
	return best->worth + second;
}

/* Do its folders or files say what the draft counts from? */
static bool
has_shape(const struct node *n, unsigned shape)
{
	for (const struct node *at = n; at; at = at->parent)
		if (at->shape & shape)
			return true;
	for (const struct node *c = n->first; c; c = c->next)
		if (c->shape & shape)
			return true;
	for (int i = 0; i < SHAPES; i++)
		if ((shape >> i & 1) && 2 * n->all.shaped[i] >= n->all.files)
			return true;
	return false;
}

static bool
has_types(const struct node *n, const struct series *draft)
{
	long long files = 0;

	if (!draft->where_count || !draft->where[0].name_count)
		return false;
	for (int i = 0; i < draft->where[0].name_count; i++)
		for (int k = 0; k < TYPES - 2; k++)
			if (text_glob(draft->where[0].names[i], types_shown[k]))
				files += n->all.types[k];
	return 2 * files >= n->all.files;
}

static const char *
shape_words(unsigned shape)
{
	return shape & SHAPE_CASE ? "ärendenummer" : shape & SHAPE_DATE ? "datum" : "årtal";
}

/* What speaks for a draft, in points. */
struct points { int last, named, above, types; bool one_above, shaped; struct alike word; };

static struct points
count_points(const struct fitting *f, const struct profile *p, const struct node *n)
{
	struct points c = { .last = p->part_count ? part_fits(f, &p->parts[p->part_count - 1], &n->words, true) : 0 };

	c.named = name_fits(f, p, n, &c.word);
	c.above = above_fits(f, p, n);
	c.one_above = is_one_above(f, p, n);
	c.shaped = p->shape && has_shape(n, p->shape);
	c.types = has_types(n, p->draft) ? 30 : 0;
	return c;
}

static int
score_of(const struct profile *p, const struct points *c)
{
	int score = 3 * c->last + c->named + c->types;

	if (c->last < 12 && c->named < 60 && !c->one_above)
		return 0;
	if (p->part_count > 1 && c->above >= 50)
		score += c->last >= 12 ? 180 : 60;
	else if (c->one_above)
		score += 120;
	else if (p->part_count > 1)
		score = score * 6 / 10;         /* "Avgifter", but of something else */
	return score + (c->shaped ? 40 : p->shape ? -15 : 0);
}

static const char *
why_of(struct arena *mem, const struct profile *p, const struct points *c)
{
	const char *why = "";

	if (c->last >= 12)
		why = arena_print(mem, "mappen heter %s %s", c->last >= 70 ? "som i" : "ungefär som i", p->draft->where[0].path);
	else if (c->one_above)
		why = arena_print(mem, "mappen heter som en av dem i %s", p->draft->where[0].path);
	if (c->word.worth >= 60)
		why = arena_print(mem, "%s%s\"%s\" %s \"%s\" i utkastets namn", why, *why ? "; " : "", c->word.own,
				  c->word.how == 100 ? "är som" : "hör ihop med", c->word.other);
	if (p->part_count > 1 && c->above >= 50)
		why = arena_print(mem, "%s; mapparna ovanför heter också så", why);
	if (c->types)
		why = arena_print(mem, "%s; filerna är av det slaget", why);
	if (p->shape)
		why = arena_print(mem, "%s; %s%s i namnen", why, shape_words(p->shape), c->shaped ? " finns" : ", som utkastet räknar med, saknas");
	return why;
}

static struct fit
fit_one(const struct fitting *f, const struct profile *p, struct node *n)
{
	struct points c = count_points(f, p, n);
	int score = score_of(p, &c);

	if (score < FIT_MAYBE)
		return (struct fit){ .score = 0 };
	return (struct fit){ .draft = p->draft, .node = n, .score = score, .why = why_of(f->survey->mem, p, &c) };
}

/* ------------------------------------------------------------------ all of them */

static bool
is_below(const struct node *n, const struct node *above)
{
	for (n = n->parent; n; n = n->parent)
		if (n == above)
			return true;
	return false;
}

/* Best first; of equals the one that covers more, and then by path and id. */
static int
by_score(const void *a, const void *b)
{
	const struct fit *x = a, *y = b;

	if (x->score != y->score)
		return y->score - x->score;
	if (x->node->depth != y->node->depth)
		return x->node->depth - y->node->depth;
	return x->node != y->node ? x->node->number - y->node->number : strcmp(x->draft->id, y->draft->id);
}

/* The best drafts of a folder, those that come near the best. */
static void
fit_node(struct fitting *f, struct node *n)
{
	struct survey *s = f->survey;
	struct fit *all = f->of_node;
	size_t count = 0;

	for (size_t i = 0; n->words.count && n->all.ungoverned && i < s->input.draft_count; i++) {
		struct fit one = fit_one(f, &f->profiles[i], n);

		if (one.score)
			all[count++] = one;
	}
	if (count > 1)
		qsort(all, count, sizeof(*all), by_score);
	for (size_t i = 0; i < count && i < OF_FOLDER && 3 * all[i].score >= 2 * all[0].score; i++)
		*arena_push(s->mem, &f->found) = all[i];
	for (struct node *c = n->first; c; c = c->next)
		fit_node(f, c);
}

/* A folder within one that the same draft fits as well says nothing new; and one draft is shown at so many. */
static void
thin_out(struct fitting *f)
{
	size_t kept = 0;

	for (size_t i = 0; i < f->found.count; i++) {
		const struct fit *one = &f->found.items[i];
		bool within = false;
		int others = 0;

		for (size_t k = 0; k < kept && !within; k++) {
			const struct fit *other = &f->found.items[k];

			if (other->draft != one->draft)
				continue;
			others++;
			within = is_below(one->node, other->node) || is_below(other->node, one->node);
		}
		f->left_out += !within && others >= OF_DRAFT;
		if (!within && others < OF_DRAFT)
			f->found.items[kept++] = *one;
	}
	f->found.count = kept;
}

static int
by_place(const void *a, const void *b)
{
	const struct fit *x = a, *y = b;

	return x->node != y->node ? x->node->number - y->node->number : by_score(a, b);
}

void
fit_find(struct survey *s, struct fit **out, size_t *count, size_t *left_out)
{
	struct fitting f = { .survey = s };

	f.profiles = arena_array(s->mem, struct profile, s->input.draft_count + 1);
	for (size_t i = 0; i < s->input.draft_count; i++)
		read_draft(&f, &s->input.drafts[i], &f.profiles[i]);
	if (f.stems.count > 1)
		qsort(f.stems.items, f.stems.count, sizeof(*f.stems.items), by_text);
	f.of_node = arena_array(s->mem, struct fit, s->input.draft_count + 1);
	fit_node(&f, s->root);
	if (f.found.count > 1)
		qsort(f.found.items, f.found.count, sizeof(*f.found.items), by_score);
	thin_out(&f);
	if (f.found.count > 1)
		qsort(f.found.items, f.found.count, sizeof(*f.found.items), by_place);
	*out = f.found.items;
	*count = f.found.count;
	*left_out = f.left_out;
}
