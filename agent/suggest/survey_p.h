/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * survey_p.h - what lies on a share, gathered while it is walked, and what its files of the suggest room share.
 *
 * Folders whose names are built alike ({year}, {date}, {case}) are one node.  So are those of which there are very many below
 * one, and all below a certain depth when there are too many nodes: memory does not grow with the share.
 */
#ifndef SURVEY_P_H
#define SURVEY_P_H

#include "suggest_p.h"

enum { SHAPE_YEAR = 1, SHAPE_DATE = 2, SHAPE_CASE = 4, SHAPE_NUMBER = 8, SHAPE_PERSON = 16 };
#define SHAPES 5
/* Which of them are in a name. */
unsigned shape_of(const char *name);
/* The component of a pattern that names built like this one share; it can stand in a rule. */
const char *shape_pattern(struct arena *mem, const char *name, unsigned *shape);

#define PRECIOUS 15
#define FLEETING 4
#define TYPES 55
#define WORDS_MOST 16
/* list: stems, by which they are compared; own: those from here on are put together with a word of the folder above. */
struct words { const char *list[WORDS_MOST], *said[WORDS_MOST]; int count, own; };
void words_of(struct arena *mem, const char *name, struct words *out);
/* Adds to the words of a folder what they say with those of the folder above. */
void words_join(struct arena *mem, const struct words *above, struct words *own);
/* 100: the same; 70: the word is a kind of that; 50: it has to do with it; 40, 30: the other way round; 0 */
int words_alike(const char *word, const char *kind);
/* What is often to be preserved: stems, and bits of those that a name says. */
void words_of_precious(struct arena *mem, const char *stems[PRECIOUS]);
unsigned words_precious(const struct words *w, const char *const stems[PRECIOUS]);
int name_fleeting(const char *low);                     /* of fleeting_shown[], or -1; folded */
int name_type(const char *low);                         /* of types_shown[] */
extern const char *const precious_shown[PRECIOUS], *const fleeting_shown[FLEETING], *const types_shown[TYPES];

#define BANDS 5                         /* up to 1, 2, 5, 10 years, and more */

struct sums {
	long long files, bytes, ungoverned;
	long long shaped[SHAPES];       /* files with such a name */
	long long precious;             /* files, and which words */
	unsigned precious_words;
	uint32_t bands[BANDS], types[TYPES];
	int oldest, newest;             /* years of change; 0: none that can be believed */
};

/* So many files of a node fall under that series. */
struct under { struct under *next; const struct series *series; long long files; };

struct node {
	struct node *parent, *first, *next;     /* its folders, and its parent's */
	const char *name;               /* of a pattern; "" for the root */
	const char *shown;              /* for people: as the folder is called, or as the pattern */
	unsigned shape;
	bool many;                      /* those below it that have no shape are one */
	bool gone;
	int depth, children, number;    /* number: see survey_sum() */
	bool listed, opened;            /* of retention.c */
	long long folders;              /* how many it stands for */
	struct sums own, all;           /* of its files; and of all below, when the walk is done */
	struct under *under, *under_all;
	struct words words;             /* of its name */
};

/* A folder on the way down: below `above` is the state of who knows which series govern. */
struct state { struct state *above; struct node *node; void *below; };

struct survey {
	struct arena *mem, *scratch;
	struct survey_input input;
	struct visitor visitor;
	struct node *root, *spare;
	struct state *top;
	size_t nodes;
	int depth_most;                 /* deeper ones are counted where they lie below */
	day_t today;
	long long folders, wild;        /* files whose date is not believed */
	const char *precious[PRECIOUS];
	long long fleeting[FLEETING], fleeting_bytes[FLEETING];
	struct { long long folders, files; const char *example; } shapes[SHAPES];
};

/* When all has been walked: sums of what lies below, children in order of name, and numbers in that order. */
void survey_sum(struct survey *s);
const char *node_path(struct arena *mem, const struct node *n, bool shown);

/* ------------------------------------------------------------------ fit.c */

struct fit {
	const struct series *draft;
	struct node *node;
	int score;                      /* FIT_WELL and more; FIT_LIKELY; FIT_MAYBE: less is none */
	const char *why;
};
enum { FIT_MAYBE = 120, FIT_LIKELY = 200, FIT_WELL = 320 };
/* The best drafts of each folder, and the best folders of each draft; in order of path. */
void fit_find(struct survey *s, struct fit **out, size_t *count, size_t *left_out);

/* ------------------------------------------------------------------ adapt.c */

/* A series without a decision, for the folder that was found; `id` is nobody's yet.  Ends without a line's end. */
void adapt_series(struct survey *s, struct text *t, const struct fit *fit, const char *id);

#endif
