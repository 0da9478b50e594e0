/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * walk.c - visits every folder of a share, depth first, without being led out of it.
 *
 * One thread walks, asks the visitor and tells gaps, always in the same order.  Hands read ahead: the folders that come next
 * (see ahead.c), and files' times where those were wanted in the folder before.  Where they were not, and are wanted all the
 * same, they are asked for when their folder's turn comes.  Without hands it reads itself.
 */
#include "walk_p.h"
#include "behov/log.h"
#include "behov/step.h"
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define AHEAD_MOST 128                  /* folders below one that are read ahead */
#define SETTLE 600                      /* seconds; as far as clocks of ours and a file server's may be apart */

void
walk_gap(struct walk *w, const char *path, const char *text)
{
	*arena_push(w->mem, &w->out->gaps) = (struct gap){
		.what = "folder",
		.id = w->share->id,
		.path = name_show(w->mem, path),
		.text = text,
	};
	w->out->complete = false;
}

/* Enters the folder w->path, which is being read; its frame is put on the stack.  Its name, and its parent's id, are the index's. */
static int
enter(struct walk *w, void *above, long long parent, const char *name, struct folder *folder)
{
	struct frame *f;
	void *state = NULL;
	int rc;

	if (stop_asked() || !w->visitor->enter(w->visitor->self, w->path, above, &state)) {
		ahead_close(w, folder);
		return stop_asked() ? -1 : 0;
	}
	if (w->depth == w->room) {
		w->room = w->room ? w->room * 2 : 64;
		w->frames = realloc(w->frames, w->room * sizeof *w->frames);
		if (!w->frames)
			abort();
	}
	f = &w->frames[w->depth++];
	*f = (struct frame){ .path_len = strlen(w->path), .state = state, .parent = parent, .complete = true };
	rc = list_folder(w, f, name, folder);
	ahead_close(w, folder);
	if (rc == 0)
		ahead_fill(w);
	return rc;
}

static void
drop(struct walk *w, struct frame *f)
{
	ahead_drop(w, f->below);
	free(f->seen);
}

static void
leave(struct walk *w)
{
	struct frame *f = &w->frames[--w->depth];

	w->visitor->leave(w->visitor->self, f->state, w->path, f->complete);
	if (f->seen && f->complete)
		index_put(w->index, f->parent, f->seen);
	drop(w, f);
}

static void
window_gap(struct walk *w, const char *path)
{
	*arena_push(w->mem, &w->out->gaps) = (struct gap){
		.what = "window", .id = w->share->id, .path = path,
		.text = arena_print(w->mem, "utanför tidsfönstret %s: %s", pace_window(w->mem, w->share),
				    path ? "härifrån lästes inget mer" : "inget lästes") };
	w->out->complete = false;
}

/* Must we end before that folder?  Told once, with the place. */
static bool
is_cut(struct walk *w, const struct frame *f, const char *name)
{
	if (w->cut || pace_within(w->share, clock_going()))
		return w->cut;
	w->path[f->path_len] = '\0';
	window_gap(w, name_show(w->mem, f->path_len ? arena_print(w->mem, "%s/%s", w->path, name) : name));
	w->beneath.over = true;
	w->cut = w->out->cut = true;
	return true;
}

static int
descend(struct walk *w, struct frame *f)
{
	struct below *b = f->below;
	const char *name = b->todo + b->next + 1;
	size_t len = strlen(name), at = f->path_len;
	struct folder *folder;

	if (is_cut(w, f, name)) {
		b->next = b->len;
		f->complete = false;
		return 0;
	}
	b->next += len + 2;
	if (at + len + 2 > PATH_MAX) {
		walk_gap(w, w->path, "folder below is too deep to be opened");
		f->complete = false;
		return 0;
	}
	if (name[-1] == SAME) {
		folder = ahead_folder(w, w->path, at, f->id, name, false);
		folder->same = folder->last = folder->done = true;
	} else if (b->ahead_count) {
		folder = ahead_take(w, b);
		ahead_fill(w);
	} else {
		folder = ahead_folder(w, w->path, at, f->id, name, w->hands && w->stat_ahead);
		ahead_start(w, folder, true);
	}
	if (at)
		w->path[at++] = '/';
	memcpy(w->path + at, name, len + 1);
	return enter(w, f->state, f->id, w->path + at, folder);
}

static int
walk(struct walk *w)
{
	struct folder *root = ahead_folder(w, "", 0, 0, "", false);
	int rc;

	ahead_start(w, root, true);
	rc = enter(w, NULL, 0, "", root);
	while (rc == 0 && w->depth) {
		struct frame *f = &w->frames[w->depth - 1];

		w->path[f->path_len] = '\0';
		if (f->below->next < f->below->len)
			rc = descend(w, f);
		else
			leave(w);
	}
	for (size_t i = 0; i < w->depth; i++)
		drop(w, &w->frames[i]);
	free(w->frames);
	return rc;
}

static void
share_gap(struct walk *w, const char *text)
{
	*arena_push(w->mem, &w->out->gaps) =
		(struct gap){ .what = "share", .id = w->share->id, .text = text };
	w->out->complete = false;
}

/* As scan.h says; on a file server far away somebody asks for more, which hide its round trips. */
static int
hands_of(int asked, const struct share *share)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (share->hands)
		return asked && asked < share->hands ? asked : share->hands;
	return asked ? asked : cores < 2 ? 2 : cores > 4 ? 4 : (int)cores;
}

/* Half of the descriptors that a process may have, and no more than keeps all hands busy. */
static size_t
ahead_most(size_t hands)
{
	struct rlimit limit;
	size_t most = hands * 8 + 240;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur / 2 >= most)
		return most;
	return limit.rlim_cur / 2;
}

/* The window is no wider than what may be open: else there would never be room enough for half of it. */
static int
open_hands(struct walk *w, int hands, struct error *err)
{
	w->ahead_most = ahead_most((size_t)hands);
	w->window = (size_t)hands * 64 < AHEAD_MOST ? (size_t)hands * 64 : AHEAD_MOST;
	if (w->window > w->ahead_most)
		w->window = w->ahead_most;
	w->hands = hands_open(hands, w->ahead_most + 1, ahead_work, &w->beneath, err);
	if (!w->hands)
		return -1;
	if (hands_let_help(w->hands, ahead_help, ahead_helped))
		w->beneath.hands = w->hands;
	return 0;
}

static int
open_beneath_root(struct walk *w, struct error *err)
{
	struct stat st;

	w->beneath.root = -1;
	if (w->share->smb) {
		w->beneath.smb = smb_open(w->mem, w->share, &w->out->marked, err);
		return w->beneath.smb ? 0 : -1;
	}
	w->beneath.root = root_open(w->share, &w->out->marked, err);
	if (w->beneath.root < 0)
		return -1;
	if (fstat(w->beneath.root, &st) < 0)
		return error_sys(err, ERROR_SOURCE, "cannot stat the root");
	w->beneath.dev = st.st_dev;
	return 0;
}

int
scan_share(struct arena *mem, const struct share *share, const struct scan_how *how, const struct visitor *visitor,
	   struct scan_result *out, struct error *err)
{
	const int hands = hands_of(how->hands, share);
	struct walk *w = arena_new(mem, struct walk);
	struct error why = { 0 };
	int rc = 0;

	*out = (struct scan_result){ .complete = true };
	w->mem = mem;
	w->share = share;
	w->visitor = visitor;
	w->out = out;
	w->stat_ahead = visitor->wants_most;
	w->full = how->full;
	w->today = clock_day(how->now);
	w->settled = how->now - SETTLE;
	pace_open(&w->pace, share);
	w->beneath.pace = &w->pace;
	if (!pace_within(share, clock_going())) {
		window_gap(w, NULL);
		return 0;
	}
	if (open_beneath_root(w, &why) < 0) {
		share_gap(w, arena_text(mem, why.text));
		goto out;
	}
	w->index = visitor->listed ? how->index : NULL;
	if (w->index)
		index_share(w->index, share->id, visitor->judged, visitor->registers);
	if (memory_root(w)) {
		share_gap(w, "the share is empty: is it mounted?");
		goto out;
	}
	if (!how->other_root && memory_is_another(w)) {
		out->another = true;
		out->complete = false;
		goto out;
	}
	if (hands > 1 && open_hands(w, hands, err) < 0) {
		rc = -1;
		goto out;
	}
	out->visited = true;
	if (walk(w) < 0)
		rc = error_set(err, ERROR_STOPPED, "stopped while scanning share '%s'", share->id);
	index_commit(w->index);
	hands_close(w->hands);
	progress_end();
out:
	ahead_end(w);
	if (w->beneath.root >= 0)
		close(w->beneath.root);
	smb_close(w->beneath.smb);
	return rc;
}
