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
	rest->bytes += s->bytes;
	rest->ungoverned += s->ungoverned;
	rest->held += s->held;
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
}

void
tops_start(struct retain *r)
{
	r->tops.count = 0;
	r->tops.rest = (struct stock){ .share = r->share->id };
}

void
tops_add(struct retain *r, const char *folder, const struct counts *before)
{
	struct stock s = {
		.share = r->share->id, .files = r->n.files - before->files, .weighed = r->n.weighed - before->weighed,
		.bytes = r->n.bytes - before->bytes, .ungoverned = r->n.ungoverned - before->ungoverned,
		.held = r->n.held - before->held,
	};

	if (r->tops.count == 2 * TOPS_MOST)
		prune(r);
	if (r->tops.count >= TOPS_MOST && s.files < r->tops.items[TOPS_MOST - 1].files && r->tops.rest.folder) {
		add_rest(r, &s);
		return;
	}
	s.folder = name_show(r->mem, folder);
	r->tops.items[r->tops.count++] = s;
}

void
tops_tell(struct retain *r, struct plan *plan)
{
	prune(r);
	for (size_t i = 0; i < r->tops.count; i++)
		*arena_push(r->mem, &plan->stock) = r->tops.items[i];
	if (r->tops.rest.folder)
		*arena_push(r->mem, &plan->stock) = r->tops.rest;
}
