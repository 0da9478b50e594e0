/* SPDX-License-Identifier: GPL-3.0-or-later */
/* list.c - what was read of one folder: its files are told to the visitor, its folders kept for later. */
#include "walk_p.h"
#include "behov/log.h"
#include "behov/step.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BREATH 4096                     /* entries between two looks at the stop flag */
#define UNSEEN_TOLD 20                  /* files of a folder that are named */
#ifndef TODO_MOST
#define TODO_MOST ((size_t)48 << 20)    /* bytes of the names of folders that lie in one: more than a million of them */
#endif

struct wanted {
	long long files, asked;
	bool together;                  /* of what was read last, a file was wanted that had not been asked about */
};

/* What is ours in the root.  Where the share folds case, any spelling opens the same folder. */
static bool
is_skipped(const struct walk *w, const char *path, const char *name)
{
	if (*path || *name != '.')
		return false;
	if (w->share->fold)
		name = text_fold(w->mem, name);
	return strcmp(name, SHARE_QUARANTINE) == 0 || strcmp(name, SHARE_MARKER) == 0;
}

void
list_keep(struct below *b, char how, const char *name)
{
	size_t len = strlen(name) + 2;

	if (b->len + len > TODO_MOST) {
		b->unkept++;
		return;
	}
	if (b->len + len > b->room) {
		size_t room = b->room ? b->room * 2 : 1024;
		char *more = realloc(b->todo, room > b->len + len ? room : b->len + len);

		if (!more)
			abort();        /* as arena_take(): without memory there is no honest way on */
		b->todo = more;
		b->room = room > b->len + len ? room : b->len + len;
	}
	b->todo[b->len] = how;
	memcpy(b->todo + b->len + 1, name, len - 1);
	b->len += len;
}

void
list_folders(struct walk *w, struct folder *folder)
{
	if (!folder->below)
		folder->below = calloc(1, sizeof(*folder->below));
	if (!folder->below)
		abort();
	for (size_t i = 0; folder->folders && i < folder->count; i++) {
		const char *name = folder->names + folder->list[i].name;

		if (folder->list[i].entry.type == DT_DIR && !share_is_past(name) && !is_skipped(w, folder->path, name))
			list_keep(folder->below, LOOK, name);
	}
}

/* Of a folder the first few are told by name: there may be millions, and where they lie is the same for all. */
static void
unseen(struct walk *w, struct frame *f, const char *name, int error)
{
	if (f->unseen++ < UNSEEN_TOLD)
		walk_gap(w, w->path, arena_print(w->mem, "cannot stat '%s': %s", name_show(w->mem, name), strerror(error)));
	f->complete = false;
}

static void
tell_unseen(struct walk *w, const struct frame *f)
{
	if (f->unseen > UNSEEN_TOLD)
		walk_gap(w, w->path, arena_print(w->mem, "cannot stat %lld more files", f->unseen - UNSEEN_TOLD));
	if (f->below->unkept)
		walk_gap(w, w->path, arena_print(w->mem, "too many folders lie in it: %lld of them are not read", f->below->unkept));
}

/* A file's times are wanted and were not asked for: if those of files that follow are, too, all hands ask for them at once. */
static void
ask_together(struct walk *w, struct frame *f, struct folder *folder, struct listed *first)
{
	const struct visitor *v = w->visitor;
	size_t count = 0;

	for (struct listed *l = folder->list; l < folder->list + folder->count; l++) {
		const char *name = folder->names + l->name;

		l->ask = l >= first && l->entry.type == DT_REG && !l->entry.stated && !l->error && !is_skipped(w, w->path, name) &&
			 v->wants_stat(v->self, f->state, w->path, name);
		count += l->ask;
	}
	if (count > 1)
		ahead_ask(w, folder, count);
}

static void
meet(struct walk *w, struct frame *f, struct folder *folder, struct listed *l, struct wanted *wanted)
{
	const struct visitor *v = w->visitor;
	const char *name = folder->names + l->name;
	struct entry *entry = &l->entry;
	bool asked;

	if (entry->type == DT_DIR || is_skipped(w, w->path, name))
		return;
	entry->name = name;
	if (entry->type == DT_UNKNOWN) {
		unseen(w, f, name, l->error);
		return;
	}
	if (entry->type != DT_REG)
		return;
	w->out->files++;
	wanted->files++;
	asked = v->wants_stat(v->self, f->state, w->path, name);
	if (asked && !entry->stated && !l->error && w->beneath.hands && !wanted->together) {
		wanted->together = true;
		ask_together(w, f, folder, l);
		entry->name = name;
		asked = v->wants_stat(v->self, f->state, w->path, name);        /* others were in between */
	}
	wanted->asked += asked;
	if (asked && !entry->stated && !l->error)
		folder_turn(folder);
	if (asked && !entry->stated && (l->error || folder_ask(folder->fd, entry) < 0)) {
		unseen(w, f, name, l->error ? l->error : errno);
		return;
	}
	if (!asked && l->error) {       /* nobody wanted to know */
		entry->stated = false;
		l->error = 0;
	}
	entry->stated = entry->stated && (asked || folder->weigh);
	if (entry->stated)
		w->out->bytes = sizes_add(w->out->bytes, entry->size);
	v->file(v->self, f->state, w->path, entry);
}

/* What was read of a folder. -1 only when asked to stop. */
static int
meet_all(struct walk *w, struct frame *f, struct folder *folder, struct wanted *wanted)
{
	for (size_t i = 0; i < folder->count; i++) {
		if (++w->seen % BREATH == 0) {
			progress(w->share->id, w->out->files, 0);
			if (stop_asked())
				return -1;
		}
		meet(w, f, folder, &folder->list[i], wanted);
		if (wanted->together && stop_asked())
			return -1;      /* or those that hands left would be asked about alone */
	}
	return 0;
}

/* A server that follows links shows one as a folder; where it leads up, there is no end. */
static void
end_loop(struct walk *w, struct frame *f, struct folder *folder)
{
	f->ino = w->beneath.smb ? folder->mark.ino : 0;
	for (struct frame *above = w->frames; f->ino && above < f; above++)
		if (above->ino == f->ino) {
			walk_gap(w, w->path, "the folder is one that it lies in itself, by a link on the server");
			f->complete = false;
			folder->count = 0;
			ahead_drop(w, folder->below);
			folder->below = NULL;
			return;
		}
}

/* Files are judged as they come, folders remembered. -1 only when asked to stop. */
static int
list(struct walk *w, struct frame *f, const char *name, struct folder *folder)
{
	struct wanted wanted = { 0 };
	int rc = 0;
	bool last, known = folder->below;       /* its folders were looked at, since they come next */

	do {
		ahead_need(w, folder);
		if (stop_asked())
			return -1;      /* it may not have been read */
		last = folder->last;
		end_loop(w, f, folder);
		if (!known || !folder->below)
			list_folders(w, folder);
		wanted.together = false;
		rc = meet_all(w, f, folder, &wanted);
		if (rc == 0 && !last)
			ahead_start(w, folder, true);
	} while (rc == 0 && !last);
	f->below = folder->below;
	folder->below = NULL;
	tell_unseen(w, f);
	if (folder->open_error)
		walk_gap(w, w->path, arena_print(w->mem, "cannot open folder: %s",
						    folder->why ? folder->why : strerror(folder->open_error)));
	else
		w->out->folders++, w->out->listed++;
	if (folder->list_error)
		walk_gap(w, w->path, arena_print(w->mem, "cannot list folder: %s", strerror(folder->list_error)));
	f->complete = f->complete && !folder->open_error && !folder->list_error && !f->below->unkept;
	if (wanted.files)
		w->stat_ahead = 2 * wanted.asked > wanted.files;
	w->learned = w->learned || (wanted.files && *folder->path);
	if (rc == 0)
		memory_listed(w, f, name, folder, wanted.files);
	return rc;
}

/* Reads what came of a folder, in one way or the other. -1 only when asked to stop. */
int
list_folder(struct walk *w, struct frame *f, const char *name, struct folder *folder)
{
	ahead_need(w, folder);
	if (stop_asked())
		return -1;
	if (folder->same && memory_recall(w, f, name, folder))
		return 0;
	if (folder->same) {             /* its memo cannot be read */
		ahead_drop(w, folder->below);
		folder->below = NULL;
		folder->known = folder->same = folder->last = false;
		ahead_start(w, folder, true);
	}
	return list(w, f, name, folder);
}
