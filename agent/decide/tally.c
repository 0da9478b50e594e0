/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tally.c - what somebody is about to save, in numbers, and how much of what waits for them they leave. */
#include "decide_p.h"

enum sort { GOES, DESTROYED, DELIVERED, KEPT, OTHER, SORTS };

static enum sort
sort_of(const struct choice *c)
{
	if (c->verdict == VERDICT_KEEP)
		return KEPT;
	if (c->verdict != VERDICT_APPROVE)
		return OTHER;
	return c->on->s->p.kind == KIND_DESTROY ? DESTROYED : c->on->s->p.kind == KIND_DELIVER ? DELIVERED : GOES;
}

static bool
counts(const struct choice *c)
{
	return c->on && c->made && !c->problem;
}

const char *
tally_text(const struct request *r, const struct view *view)
{
	static const char *const one[SORTS] = { N_("%s behörighet tas bort"), N_("%s gallring utförs"), N_("%s leverans lämnas"),
						N_("%s behålls"), N_("%s annat svar") };
	static const char *const many[SORTS] = { N_("%s behörigheter tas bort"), N_("%s gallringar utförs"), N_("%s leveranser lämnas"),
						 N_("%s behålls"), N_("%s andra svar") };
	long long of[SORTS] = { 0 };
	const char *out = "";

	for (size_t i = 0; i < view->choices.count; i++)
		if (counts(&view->choices.items[i]))
			of[sort_of(&view->choices.items[i])]++;
	for (int k = 0; k < SORTS; k++)
		if (of[k])
			out = arena_print(r->mem, "%s%s%s", out, *out ? ", " : "",
					  arena_print(r->mem, say(r, of[k] == 1 ? one[k] : many[k]), text_count(r->mem, of[k])));
	return out;
}

const char *
tally_rest(const struct request *r, const struct view *view)
{
	size_t rest = view->waiting;

	for (size_t i = 0; i < view->choices.count; i++)
		rest -= counts(&view->choices.items[i]) && view->choices.items[i].on->waits;
	if (!rest)
		return NULL;
	return rest == 1 ? say(r, "Ett förslag svarar du inte på nu: det står kvar till en annan gång.")
			 : arena_print(r->mem, say(r, "%s förslag svarar du inte på nu: de står kvar till en annan gång."), text_count(r->mem, (long long)rest));
}
