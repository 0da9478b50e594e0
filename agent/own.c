/* SPDX-License-Identifier: GPL-3.0-or-later */
/* own.c - what behov itself keeps is walked as a share would be: a folder for each kind and year, a record for each day. */
#include "run_p.h"

/* The folders that are open: the root, the kind's, the year's. */
enum { ROOT, KIND, YEAR, DEPTH };

struct own_walk {
	struct arena *mem;
	const struct visitor *to;
	struct scan_result *out;
	void *states[DEPTH];
	const char *paths[DEPTH];
	int depth;                      /* how many are open */
	int year;
};

static void
listed(const struct own_walk *w, int at)
{
	struct memo memo = { 0 };

	if (w->to->listed)
		w->to->listed(w->to->self, w->states[at], w->paths[at], true, &memo);
}

static void
enter(struct own_walk *w, const char *path)
{
	int at = w->depth++;

	w->paths[at] = arena_text(w->mem, path);
	w->to->enter(w->to->self, w->paths[at], at ? w->states[at - 1] : NULL, &w->states[at]);
	w->out->folders++;
	w->out->listed++;
	if (at != YEAR)                 /* which has files, and they come first */
		listed(w, at);
}

static void
leave_to(struct own_walk *w, int depth)
{
	while (w->depth > depth) {
		int at = --w->depth;

		if (at == YEAR)
			listed(w, at);
		w->to->leave(w->to->self, w->states[at], w->paths[at], true);
	}
}

static int
meet(void *self, const struct own_record *r, struct error *err)
{
	struct arena *mem = arena_open();
	struct own_walk *w = self;
	struct entry e;

	(void)err;
	own_entry(r, day_text(mem, r->day), &e);
	if (w->depth < DEPTH || w->year != day_year(r->day)) {
		leave_to(w, KIND + 1);
		enter(w, arena_print(mem, "%s/%04d", own_word[r->kind], day_year(r->day)));
		w->year = day_year(r->day);
	}
	(void)w->to->wants_stat(w->to->self, w->states[YEAR], w->paths[YEAR], e.name);
	w->to->file(w->to->self, w->states[YEAR], w->paths[YEAR], &e);
	w->out->files++;
	w->out->bytes += r->bytes;
	arena_close(mem);
	return 0;
}

int
own_scan(struct arena *mem, struct store *store, const struct visitor *visitor, struct scan_result *out, struct error *err)
{
	struct own_walk w = { .mem = mem, .to = visitor, .out = out };
	int rc = 0;

	*out = (struct scan_result){ .visited = true, .complete = true };
	enter(&w, "");
	for (int kind = 0; kind < OWNS && store && rc == 0; kind++) {
		enter(&w, own_word[kind]);
		rc = store_own_each(store, (enum own)kind, meet, &w, err);
		leave_to(&w, ROOT + 1);
	}
	leave_to(&w, ROOT);
	return rc < 0 ? error_in(err, "looking at our own records") : 0;
}
