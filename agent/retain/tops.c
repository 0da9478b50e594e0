/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tops.c - the largest folders of a share's root one by one, and the others together: a root may have half a million. */
#include "retain_p.h"
#include "behov/text.h"

static int
by_files(const void *a, const void *b)
{
	const struct stock *x = a, *y = b;

	if (x->files != y->files)
		return x->files < y->files ? 1 : -1;
	return strcmp(x->folder, y->folder);
}

static void
add_rest(struct retain *r, const struct stock *s)
{
	struct stock *rest = &r->tops.rest;

	rest->folder = "…";
	rest->files += s->files;
	rest->weighed += s->weighed;
	rest->bytes = sizes_add(rest->bytes, (uint64_t)s->bytes);
	rest->ungoverned += s->ungoverned;
	rest->held += s->held;
}

/* Names of those that are left, and of no others: a root may have a million folders. */
static void
keep_names(struct retain *r)
{
	struct arena *mem = arena_open();

	for (size_t i = 0; i < r->tops.count; i++)
		r->tops.items[i].folder = arena_text(mem, r->tops.items[i].folder);
	arena_close(r->tops.mem);
	r->tops.mem = mem;
}

/* Whoever is not among the largest of those seen so far never will be. */
static void
prune(struct retain *r)
{
	if (r->tops.count > 1)
		qsort(r->tops.items, r->tops.count, sizeof *r->tops.items, by_files);
	for (size_t i = TOPS_MOST; i < r->tops.count; i++)
		add_rest(r, &r->tops.items[i]);
	if (r->tops.count > TOPS_MOST)
		r->tops.count = TOPS_MOST;
	keep_names(r);
}

void
tops_drop(struct retain *r)
{
	arena_close(r->tops.mem);
	r->tops.mem = NULL;
	r->tops.count = 0;
}

void
tops_start(struct retain *r)
{
	tops_drop(r);
	r->tops.mem = arena_open();
	r->tops.rest = (struct stock){ .share = r->share->id };
}

void
tops_add(struct retain *r, const char *folder, const struct counts *before)
{
	struct stock s = {
		.share = r->share->id, .files = r->n.files - before->files, .weighed = r->n.weighed - before->weighed,
		.bytes = sizes_add(r->n.bytes, -(uint64_t)before->bytes), .ungoverned = r->n.ungoverned - before->ungoverned,
		.held = r->n.held - before->held,
	};

	if (r->tops.count == 2 * TOPS_MOST)
		prune(r);
	if (r->tops.count >= TOPS_MOST && s.files < r->tops.items[TOPS_MOST - 1].files && r->tops.rest.folder) {
		add_rest(r, &s);
		return;
	}
	s.folder = name_show(r->tops.mem, folder);
	r->tops.items[r->tops.count++] = s;
}

void
tops_tell(struct retain *r, struct plan *plan)
{
	prune(r);
	for (size_t i = 0; i < r->tops.count; i++) {
		struct stock *s = arena_push(r->mem, &plan->stock);

		*s = r->tops.items[i];
		s->folder = arena_text(r->mem, s->folder);
	}
	if (r->tops.rest.folder)
		*arena_push(r->mem, &plan->stock) = r->tops.rest;
}
