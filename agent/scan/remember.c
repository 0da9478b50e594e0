/* SPDX-License-Identifier: GPL-3.0-or-later */
/* remember.c - what last night left of each folder: which need not be listed, what is told in their place, what is kept of tonight. */
#include "walk_p.h"
#include <stdlib.h>
#include <string.h>

#define LEAVES_MOST 512                 /* folders that are looked at in one go: few hands do not share that */
#define ROOT_LEAST 4                    /* folders in a root that is compared with last night's */
#define ROUND 7                         /* nights within which every folder is listed */

/*
 * Once a week each folder is listed, whatever it looks like: a seventh of them a night, and those whose night was missed.
 * It finds the files that were given an older time since, which leaves no trace in the folder, and the sizes of all.
 */
static bool
has_turn(const struct walk *w, const struct seen *seen)
{
	day_t since = w->today - seen->listed;

	return since < 0 || since > ROUND || (since && seen->id % ROUND == w->today % ROUND);
}

static bool
need_not_be_listed(const struct walk *w, const struct seen *seen)
{
	return w->today < seen->until && !has_turn(w, seen);
}

/* Those below it that have no folders themselves are looked at in one go; of very many, only the first. */
static void
look_up_leaves(struct walk *w, struct folder *f, long long id)
{
	struct seen child, below;

	for (size_t i = 0; f->leaf_count < LEAVES_MOST && index_child(w->index, id, i, &child); i++) {
		if (!need_not_be_listed(w, &child) || index_child(w->index, child.id, 0, &below))
			continue;
		if (f->leaf_count % 64 == 0)
			f->leaves = reallocarray(f->leaves, f->leaf_count + 64, sizeof(*f->leaves));
		if (!f->leaves)
			abort();
		f->leaves[f->leaf_count++] = (struct leaf){ .name = child.name, .was = child.mark };
	}
}

/* The index has it as a folder that need not be listed, if it is as it was. */
void
memory_look_up(struct walk *w, struct folder *f, long long parent, const char *name)
{
	struct seen seen;

	f->weigh = w->full;
	if (w->full || !index_find(w->index, parent, name, &seen))
		return;
	f->id = seen.id;
	f->known = need_not_be_listed(w, &seen);
	f->weigh = f->known || has_turn(w, &seen);
	if (!f->known)
		return;
	f->was = seen.mark;
	look_up_leaves(w, f, seen.id);
}

static int
by_bytes(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/*
 * Those that the index has below a folder and that are no longer there are forgotten: before it is put there itself, since we
 * may be killed between the two, and what it was until then is not what it is.
 */
static void
forget_gone(struct walk *w, const struct frame *f, long long id)
{
	struct seen seen;
	bool any = index_child(w->index, id, 0, &seen);

	w->names.count = 0;
	for (size_t at = 0; any && at < f->below->len; at += strlen(f->below->todo + at) + 1)
		*arena_push(w->mem, &w->names) = f->below->todo + at + 1;
	if (w->names.count > 1)
		qsort(w->names.items, w->names.count, sizeof(*w->names.items), by_bytes);
	for (size_t i = 0; index_child(w->index, id, i, &seen); i++)
		if (!w->names.count ||
		    !bsearch(&seen.name, w->names.items, w->names.count, sizeof(*w->names.items), by_bytes))
			index_forget(w->index, id, &seen);
}

static struct seen *
keep_seen(const struct seen *seen)
{
	size_t name = strlen(seen->name) + 1;
	struct seen *kept = malloc(sizeof(*kept) + name + seen->memo.len);
	char *at = (char *)(kept + 1);

	if (!kept)
		abort();
	*kept = *seen;
	kept->name = memcpy(at, seen->name, name);
	if (seen->memo.len)
		kept->memo.bytes = memcpy(at + name, seen->memo.bytes, seen->memo.len);
	return kept;
}

/*
 * What was just listed.  A folder that changed a moment ago may change again and look the same: it is listed next night, too.
 * Its memo is good when all its folders are in the index, and not before: we may be killed on the way.
 */
static void
remember_folder(struct walk *w, struct frame *f, const char *name, const struct folder *folder, long long files)
{
	struct seen seen = { .name = name, .mark = folder->mark, .listed = w->today, .files = files }, was;
	day_t until = 0;

	w->visitor->listed(w->visitor->self, f->state, w->path, f->complete, &seen.memo);
	if (f->complete && folder->mark.ctime_s < w->settled && folder->mark.mtime_s < w->settled)
		until = seen.memo.until;
	seen.until = f->below->len ? 0 : until;
	if (f->complete && index_find(w->index, f->parent, name, &was))
		forget_gone(w, f, was.id);
	f->id = index_put(w->index, f->parent, &seen);
	if (f->below->len && until) {
		seen.id = f->id;
		seen.until = until;
		f->seen = keep_seen(&seen);
	}
}

/* The visitor hears of it also when nothing is remembered. */
void
memory_listed(struct walk *w, struct frame *f, const char *name, const struct folder *folder, long long files)
{
	struct memo unused;

	if (w->index)
		remember_folder(w, f, name, folder, files);
	else if (w->visitor->listed)
		w->visitor->listed(w->visitor->self, f->state, w->path, f->complete, &unused);
}

/* A folder that is as it was: what came of its files is told again.  False: it has to be listed. */
bool
memory_recall(struct walk *w, struct frame *f, const char *name, struct folder *folder)
{
	const struct visitor *v = w->visitor;
	struct seen seen;

	if (!index_find(w->index, f->parent, name, &seen) ||
	    !v->recall(v->self, f->state, w->path, seen.memo.bytes, seen.memo.len))
		return false;
	f->id = seen.id;
	f->ino = w->beneath.smb ? seen.mark.ino : 0;
	w->out->files += seen.files;
	w->out->folders++;
	if (!folder->below)
		memory_folders(w, folder);
	f->below = folder->below;
	folder->below = NULL;
	return true;
}

void
memory_folders(struct walk *w, struct folder *folder)
{
	const struct leaf *leaf = folder->leaves, *end = leaf + folder->leaf_count;
	struct seen child;

	folder->below = calloc(1, sizeof(*folder->below));
	if (!folder->below)
		abort();
	for (size_t i = 0; index_child(w->index, folder->id, i, &child); i++) {
		bool looked = leaf < end && leaf->name == child.name;

		list_keep(folder->below, looked && leaf->same ? SAME : LOOK, child.name);
		leaf += looked;
	}
}

/* What is left of a mount that is gone is an empty folder, and an error is not an empty set.  Only names are wanted. */
bool
memory_root(struct walk *w)
{
	struct folder *root = ahead_folder(w, "", 0, 0, "", false);
	struct seen seen, child;
	bool known = w->index && index_find(w->index, 0, "", &seen), empty = true;

	root->weigh = false;
	root->leaf_count = 0;
	while (!root->last) {
		folder_read(&w->beneath, root);
		empty = empty && root->count == 0;
		for (size_t i = 0; known && i < root->count; i++)
			w->out->root_left += root->list[i].entry.type == DT_DIR &&
					     index_find(w->index, seen.id, root->names + root->list[i].name, &child);
	}
	while (known && index_child(w->index, seen.id, (size_t)w->out->root_was, &child))
		w->out->root_was++;
	if (root->same)                 /* and so are its folders */
		w->out->root_left = w->out->root_was;
	empty = empty && !root->same && !root->open_error && !root->list_error;        /* else the walk will say what is wrong */
	root->done = true;
	ahead_close(w, root);
	return empty;
}

/* So many folders are gone from the root that it may be another share. */
bool
memory_is_another(const struct walk *w)
{
	return w->out->root_was >= ROOT_LEAST && (double)w->out->root_left < (1 - w->share->shrink_ratio) * (double)w->out->root_was;
}
