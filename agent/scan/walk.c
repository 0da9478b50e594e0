/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * walk.c - visits every folder of a share, depth first, without being led out of it.
 *
 * One thread walks, asks the visitor and tells gaps, always in the same order.  Hands read ahead: the next few folders below
 * each folder on the way down, and files' times where those were wanted in the folder before.  Without hands it reads itself.
 */
#include "scan_p.h"
#include "behov/hands.h"
#include "behov/log.h"
#include "behov/step.h"
#include "behov/text.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BREATH 4096                     /* entries between two looks at the stop flag */
#define AHEAD_MOST 128                  /* folders below one that are read ahead */
#define START 4                         /* so many at first: then we know what is wanted of them */
#define LEAVES_MOST 512                 /* folders that are looked at in one go: on a server far away more hands are faster */
#define UNSEEN_TOLD 20                  /* files of a folder that are named */
#ifndef TODO_MOST
#define TODO_MOST ((size_t)48 << 20)    /* bytes of the names of folders that lie in one: more than a million of them */
#endif
#define ROOT_LEAST 4                    /* folders in a root that is compared with last night's */
#define ROUND 7                         /* nights within which every folder is listed */
#define SETTLE 600                      /* seconds; as far as clocks of ours and a file server's may be apart */

/* Of a folder to be entered: it is known to be as it was, or it has to be looked at. */
enum { SAME = 1, LOOK };

/* A folder on the way down.  It is listed to its end before its first child is entered: only names of folders are kept. */
struct frame {
	size_t path_len;                /* of w->path that is this folder */
	char *todo;                     /* names, each with its NUL, and before it SAME or LOOK */
	size_t len, room, next;
	struct folder **ahead;          /* those from `next` on that are read, in turn; NULL: none yet */
	size_t ahead_count, ahead_next; /* ahead_next: where in todo the first one stands that is not read ahead */
	void *state;
	uint64_t ino;                   /* on SMB: which folder it is */
	long long id, parent;           /* in the index */
	struct seen *seen;              /* to be written there when all below it has been; or NULL */
	long long unseen;               /* files that could not be stat'ed */
	long long unkept;               /* folders below that were too many */
	bool complete;
};

struct walk {
	struct arena *mem;
	const struct share *share;
	const struct visitor *visitor;
	struct scan_result *out;
	struct index *index;            /* NULL: all folders are listed, and none is remembered */
	LIST(const char *) names;       /* of forget_gone() */
	bool full;
	day_t today;
	int64_t settled;                /* what changed after that may have changed again within one tick of the server's clock */
	struct beneath beneath;
	struct pace pace;
	bool cut;                       /* its window has closed: nothing more is begun */
	struct hands *hands;            /* NULL: none */
	size_t window, taken;           /* folders: at most so many ahead of each; so many have been taken */
	size_t ahead, ahead_most;       /* of all: each holds a descriptor, and we may have only so many */
	bool stat_ahead;                /* most files of the folder before were asked about */
	char path[PATH_MAX + NAME_MAX + 2];
	struct frame *frames;
	size_t depth, room;
	long long seen;
};

static void
gap(struct walk *w, const char *path, const char *text)
{
	*arena_push(w->mem, &w->out->gaps) = (struct gap){
		.what = "folder",
		.id = w->share->id,
		.path = name_show(w->mem, path),
		.text = text,
	};
	w->out->complete = false;
}

static bool
is_snapshot(const char *name)
{
	return strcmp(name, ".snapshot") == 0 || strcmp(name, "~snapshot") == 0 || strcmp(name, ".zfs") == 0 ||
	       strcmp(name, ".snapshots") == 0 || strncmp(name, "@GMT-", 5) == 0;
}

/* What is ours in the root.  Where the share folds case, any spelling opens the same folder. */
static bool
is_skipped(const struct walk *w, const char *name)
{
	if (*w->path || *name != '.')
		return false;
	if (w->share->fold)
		name = text_fold(w->mem, name);
	return strcmp(name, SHARE_QUARANTINE) == 0 || strcmp(name, SHARE_MARKER) == 0;
}

/* ------------------------------------------------------------------ reading, by hands or ourselves */

static void
work(void *self, void *job)
{
	pace_idle();
	folder_read(self, job);
}

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
static void
look_up(struct walk *w, struct folder *f, long long parent, const char *name)
{
	struct seen seen;

	f->weigh = w->full;
	if (w->full || !index_find(w->index, parent, name, &seen))
		return;
	f->known = need_not_be_listed(w, &seen);
	f->weigh = f->known || has_turn(w, &seen);
	if (!f->known)
		return;
	f->was = seen.mark;
	look_up_leaves(w, f, seen.id);
}

static struct folder *
new_folder(struct walk *w, const char *above, long long parent, const char *name, bool stat_all)
{
	size_t len = strlen(above), more = strlen(name);
	struct folder *f = calloc(1, sizeof(*f));

	if (f)
		f->path = malloc(len + more + 2);
	if (!f || !f->path)
		abort();
	memcpy(f->path, above, len);
	if (len && more)
		f->path[len++] = '/';
	memcpy(f->path + len, name, more + 1);
	f->fd = -1;
	f->stat_all = stat_all;
	if (w->index || w->full)
		look_up(w, f, parent, name);
	return f;
}

/* What is out with the hands comes back in any order. */
static void
wait_for(struct walk *w, struct folder *f)
{
	while (!f->done) {
		struct folder *some = hands_take(w->hands);

		some->done = true;
	}
}

/* A reading is begun; where no hand can take it, it is done now. */
static void
start_reading(struct walk *w, struct folder *f)
{
	f->done = false;
	if (w->hands && hands_give(w->hands, f))
		return;
	folder_read(&w->beneath, f);
	f->done = true;
}

/* Keeps some of the folders below a frame read ahead.  The nearest is given last, and so begun first. */
static void
read_ahead(struct walk *w, struct frame *f)
{
	size_t first = f->ahead_count;

	if (!w->hands || f->next == f->len || f->ahead_count > w->window / 2)
		return;
	if (!f->ahead)
		f->ahead = calloc(w->window, sizeof(struct folder *));
	if (!f->ahead)
		abort();
	if (f->ahead_next < f->next)
		f->ahead_next = f->next;
	while (f->ahead_count < w->window && f->ahead_count < START + w->taken && w->ahead < w->ahead_most &&
	       f->ahead_next < f->len) {
		const char *name = f->todo + f->ahead_next + 1;
		struct folder *one;

		if (name[-1] == SAME) {
			f->ahead_next += strlen(name) + 2;
			continue;
		}
		if (f->path_len + strlen(name) + 2 > PATH_MAX)
			break;
		w->path[f->path_len] = '\0';
		one = new_folder(w, w->path, f->id, name, w->stat_ahead);
		f->ahead[f->ahead_count++] = one;
		w->ahead++;
		f->ahead_next += strlen(name) + 2;
	}
	for (size_t i = f->ahead_count; i-- > first;)
		start_reading(w, f->ahead[i]);
}

static struct folder *
take_ahead(struct frame *f)
{
	struct folder *one = f->ahead[0];

	memmove(f->ahead, f->ahead + 1, --f->ahead_count * sizeof(*f->ahead));
	return one;
}

/* ------------------------------------------------------------------ one folder */

static void
remember(struct frame *f, char how, const char *name)
{
	size_t len = strlen(name) + 2;

	if (f->len + len > TODO_MOST) {
		f->unkept++;
		f->complete = false;
		return;
	}
	if (f->len + len > f->room) {
		size_t room = f->room ? f->room * 2 : 1024;
		char *more = realloc(f->todo, room > f->len + len ? room : f->len + len);

		if (!more)
			abort();        /* as arena_take(): without memory there is no honest way on */
		f->todo = more;
		f->room = room > f->len + len ? room : f->len + len;
	}
	f->todo[f->len] = how;
	memcpy(f->todo + f->len + 1, name, len - 1);
	f->len += len;
}

/* Of a folder the first few are told by name: there may be millions, and where they lie is the same for all. */
static void
unseen(struct walk *w, struct frame *f, const char *name, int error)
{
	if (f->unseen++ < UNSEEN_TOLD)
		gap(w, w->path, arena_print(w->mem, "cannot stat '%s': %s", name_show(w->mem, name), strerror(error)));
	f->complete = false;
}

static void
tell_unseen(struct walk *w, const struct frame *f)
{
	if (f->unseen > UNSEEN_TOLD)
		gap(w, w->path, arena_print(w->mem, "cannot stat %lld more files", f->unseen - UNSEEN_TOLD));
	if (f->unkept)
		gap(w, w->path, arena_print(w->mem, "too many folders lie in it: %lld of them are not read", f->unkept));
}

struct wanted { long long files, asked; };

/* ------------------------------------------------------------------ what is remembered */

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
	for (size_t at = 0; any && at < f->len; at += strlen(f->todo + at) + 1)
		*arena_push(w->mem, &w->names) = f->todo + at + 1;
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
	seen.until = f->len ? 0 : until;
	if (f->complete && index_find(w->index, f->parent, name, &was))
		forget_gone(w, f, was.id);
	f->id = index_put(w->index, f->parent, &seen);
	if (f->len && until) {
		seen.id = f->id;
		seen.until = until;
		f->seen = keep_seen(&seen);
	}
}

/* The visitor hears of it also when nothing is remembered. */
static void
tell_listed(struct walk *w, struct frame *f, const char *name, const struct folder *folder, long long files)
{
	struct memo unused;

	if (w->index)
		remember_folder(w, f, name, folder, files);
	else if (w->visitor->listed)
		w->visitor->listed(w->visitor->self, f->state, w->path, f->complete, &unused);
}

/* A folder that is as it was: what came of its files is told again.  False: it has to be listed. */
static bool
recall(struct walk *w, struct frame *f, const char *name, const struct folder *folder)
{
	const struct visitor *v = w->visitor;
	const struct leaf *leaf = folder->leaves, *end = leaf + folder->leaf_count;
	struct seen seen, child;

	if (!index_find(w->index, f->parent, name, &seen) ||
	    !v->recall(v->self, f->state, w->path, seen.memo.bytes, seen.memo.len))
		return false;
	f->id = seen.id;
	f->ino = w->beneath.smb ? seen.mark.ino : 0;
	w->out->files += seen.files;
	w->out->folders++;
	for (size_t i = 0; index_child(w->index, seen.id, i, &child); i++) {
		bool looked = leaf < end && leaf->name == child.name;

		remember(f, looked && leaf->same ? SAME : LOOK, child.name);
		leaf += looked;
	}
	return true;
}

static void
meet(struct walk *w, struct frame *f, struct folder *folder, struct listed *l, struct wanted *wanted)
{
	const struct visitor *v = w->visitor;
	const char *name = folder->names + l->name;
	struct entry *entry = &l->entry;
	bool asked;

	if (is_skipped(w, name))
		return;
	entry->name = name;
	if (l->error && entry->type == DT_UNKNOWN) {
		unseen(w, f, name, l->error);
		return;
	}
	if (entry->type == DT_DIR) {
		if (!is_snapshot(name))
			remember(f, LOOK, name);
		return;
	}
	if (entry->type != DT_REG)
		return;
	w->out->files++;
	wanted->files++;
	asked = v->wants_stat(v->self, f->state, w->path, name);
	wanted->asked += asked;
	if (asked && !entry->stated && !l->error)
		pace(folder->pace);
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
		w->out->bytes += (long long)entry->size;
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
			gap(w, w->path, "the folder is one that it lies in itself, by a link on the server");
			f->complete = false;
			folder->count = 0;
			return;
		}
}

/* Files are judged as they come, folders remembered. -1 only when asked to stop. */
static int
list(struct walk *w, struct frame *f, const char *name, struct folder *folder)
{
	struct wanted wanted = { 0, 0 };
	int rc = 0;
	bool last;

	do {
		wait_for(w, folder);
		last = folder->last;
		end_loop(w, f, folder);
		rc = meet_all(w, f, folder, &wanted);
		if (rc == 0 && !last)
			start_reading(w, folder);
	} while (rc == 0 && !last);
	tell_unseen(w, f);
	if (folder->open_error)
		gap(w, w->path, arena_print(w->mem, "cannot open folder: %s",
						    folder->why ? folder->why : strerror(folder->open_error)));
	else
		w->out->folders++, w->out->listed++;
	if (folder->list_error)
		gap(w, w->path, arena_print(w->mem, "cannot list folder: %s", strerror(folder->list_error)));
	f->complete = f->complete && !folder->open_error && !folder->list_error;
	if (wanted.files)
		w->stat_ahead = 2 * wanted.asked > wanted.files;
	if (rc == 0)
		tell_listed(w, f, name, folder, wanted.files);
	return rc;
}

/* Reads what came of a folder, in one way or the other. -1 only when asked to stop. */
static int
take_in(struct walk *w, struct frame *f, const char *name, struct folder *folder)
{
	wait_for(w, folder);
	if (folder->same && recall(w, f, name, folder))
		return 0;
	if (folder->same) {             /* its memo cannot be read */
		folder->known = folder->same = folder->last = false;
		start_reading(w, folder);
	}
	return list(w, f, name, folder);
}

/* Enters the folder w->path, which is being read; its frame is put on the stack.  Its name, and its parent's id, are the index's. */
static int
enter(struct walk *w, void *above, long long parent, const char *name, struct folder *folder)
{
	struct frame *f;
	void *state = NULL;
	int rc;

	if (stop_asked() || !w->visitor->enter(w->visitor->self, w->path, above, &state)) {
		wait_for(w, folder);
		folder_close(folder);
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
	rc = take_in(w, f, name, folder);
	folder_close(folder);
	if (rc == 0)
		read_ahead(w, f);
	return rc;
}

static void
drop(struct walk *w, struct frame *f)
{
	for (size_t i = 0; i < f->ahead_count; i++) {
		wait_for(w, f->ahead[i]);
		folder_close(f->ahead[i]);
		w->ahead--;
	}
	free(f->ahead);
	free(f->todo);
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
	w->cut = w->out->cut = true;
	return true;
}

static int
descend(struct walk *w, struct frame *f)
{
	const char *name = f->todo + f->next + 1;
	size_t len = strlen(name), at = f->path_len;
	struct folder *folder;

	if (is_cut(w, f, name)) {
		f->next = f->len;
		f->complete = false;
		return 0;
	}
	f->next += len + 2;
	if (at + len + 2 > PATH_MAX) {
		gap(w, w->path, "folder below is too deep to be opened");
		f->complete = false;
		return 0;
	}
	if (name[-1] == SAME) {
		w->path[at] = '\0';
		folder = new_folder(w, w->path, f->id, name, false);
		folder->same = folder->last = folder->done = true;
	} else if (f->ahead_count) {
		folder = take_ahead(f);
		w->taken++;
		w->ahead--;
		read_ahead(w, f);
	} else {
		w->path[at] = '\0';
		folder = new_folder(w, w->path, f->id, name, w->hands && w->stat_ahead);
		start_reading(w, folder);
	}
	if (at)
		w->path[at++] = '/';
	memcpy(w->path + at, name, len + 1);
	return enter(w, f->state, f->id, w->path + at, folder);
}

static int
walk(struct walk *w)
{
	struct folder *root = new_folder(w, "", 0, "", false);
	int rc;

	start_reading(w, root);
	rc = enter(w, NULL, 0, "", root);
	while (rc == 0 && w->depth) {
		struct frame *f = &w->frames[w->depth - 1];

		w->path[f->path_len] = '\0';
		if (f->next < f->len)
			rc = descend(w, f);
		else
			leave(w);
	}
	for (size_t i = 0; i < w->depth; i++)
		drop(w, &w->frames[i]);
	free(w->frames);
	return rc;
}

/* ------------------------------------------------------------------ a share */

/* What is left of a mount that is gone is an empty folder, and an error is not an empty set.  Only names are wanted. */
static bool
look_at_root(struct walk *w)
{
	struct folder *root = new_folder(w, "", 0, "", false);
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
	folder_close(root);
	return empty;
}

/* So many folders are gone from the root that it may be another share. */
static bool
is_another(const struct walk *w)
{
	return w->out->root_was >= ROOT_LEAST && (double)w->out->root_left < (1 - w->share->shrink_ratio) * (double)w->out->root_was;
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
	size_t most = hands * 8 + 64;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur / 2 >= most)
		return most;
	return limit.rlim_cur / 2;
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
	if (look_at_root(w)) {
		share_gap(w, "the share is empty: is it mounted?");
		goto out;
	}
	if (!how->other_root && is_another(w)) {
		out->another = true;
		out->complete = false;
		goto out;
	}
	if (hands > 1) {
		w->window = (size_t)hands * 16 < AHEAD_MOST ? (size_t)hands * 16 : AHEAD_MOST;
		w->ahead_most = ahead_most((size_t)hands);
		w->hands = hands_open(hands, w->ahead_most + 1, work, &w->beneath, err);
		if (!w->hands) {
			rc = -1;
			goto out;
		}
	}
	out->visited = true;
	if (walk(w) < 0)
		rc = error_set(err, ERROR_STOPPED, "stopped while scanning share '%s'", share->id);
	index_commit(w->index);
	hands_close(w->hands);
	progress_end();
out:
	out->requests = atomic_load(&w->pace.requests);
	if (w->beneath.root >= 0)
		close(w->beneath.root);
	smb_close(w->beneath.smb);
	return rc;
}
