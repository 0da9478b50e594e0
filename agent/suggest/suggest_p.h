/* SPDX-License-Identifier: GPL-3.0-or-later */
/* suggest_p.h - what the files of the suggest room share: what people may have in common. */
#ifndef SUGGEST_P_H
#define SUGGEST_P_H

#include "behov/suggest.h"
#include "behov/text.h"

/* An attribute with a word: a value, or the first word that several values share, with a star; and one more word, or NULL. */
struct feature { int attribute; const char *word, *also; bool is_value; };
struct features {
	LIST(struct feature) list;      /* by attribute */
	struct set *of;                 /* person (by number in `people`) -> features */
};
void draft_comment(struct arena *mem, struct text *t, const char *line);
void draft_string(struct text *t, const char *raw);
void features_find(struct arena *mem, const struct suggest_input *in, struct set people, struct features *out);

#endif
