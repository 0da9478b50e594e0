/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stop.c - a gallringsstopp on what one proposal is about: its series, in its share, in the folder that holds all its files.
 *
 * One is enough, and one act lifts it: who stops the same after that is named in it with their reason, as long as it stands.
 *
 * The path of a hold is a pattern, and a text.  Where a folder's name would be read as something else, the one above it is
 * held: more than was meant, never less.
 */
#include "take_p.h"
#include "behov/audit.h"
#include "behov/json.h"
#include "behov/text.h"
#include <string.h>

/* The first and the last path of a sorted manifest: what they share is shared by all between. */
static int
ends(struct arena *mem, struct store *store, const char *digest, const char **first, const char **last, struct error *err)
{
	struct manifest m = { 0 };
	struct record *records;
	size_t at;

	*first = *last = NULL;
	if (!digest)
		return 0;
	if (store_manifest_open(mem, store, digest, &m, err) < 0)
		return -1;
	if (!m.count)
		return 0;
	at = m.count - 1;
	if (store_manifest_frame(mem, store, &m, at, &records, err) < 0)
		return -1;
	*first = m.frames[0].path;
	*last = records[m.frames[at].files - 1].path;
	return 0;
}

/* "a/b" of "a/b/c.pdf" and "a/b/d/e.pdf". */
static const char *
shared_folder(struct arena *mem, const char *first, const char *last)
{
	size_t folder = 0;

	for (size_t i = 0; first && last && first[i] && first[i] == last[i]; i++)
		if (first[i] == '/')
			folder = i;
	return folder ? arena_copy(mem, first, folder) : "";
}

/* The deepest folder on the way there whose whole path means only itself. */
static const char *
literal(struct arena *mem, const char *folder)
{
	size_t good = 0;

	for (size_t at = 0; folder[at];) {
		size_t end = at + strcspn(folder + at, "/");

		if (end == at || memchr(folder + at, '*', end - at) || memchr(folder + at, '?', end - at) ||
		    memchr(folder + at, '{', end - at) || !text_is_utf8(folder + at, end - at))
			break;
		good = end;
		at = end + (folder[end] == '/');
	}
	return good ? arena_copy(mem, folder, good) : NULL;
}

int
stop_of(struct arena *mem, struct store *store, const struct proposal *p, struct hold *out, struct error *err)
{
	const char *folder = p->batch && *p->batch ? name_read(mem, p->batch) : NULL, *first, *last;

	*out = (struct hold){ .id = "", .share = p->share, .series = p->series };
	if (!folder) {
		if (ends(mem, store, p->manifest, &first, &last, err) < 0)
			return -1;
		folder = shared_folder(mem, first, last);
	}
	out->path = literal(mem, folder);
	return 0;
}

/* One that has been lifted keeps its id. */
static int
free_id(struct arena *mem, struct store *store, const char *proposal, const char **out, struct error *err)
{
	struct holds all;
	bool taken = true;

	if (store_holds(mem, store, true, &all, err) < 0)
		return -1;
	for (int n = 1; taken; n++) {
		*out = arena_print(mem, STOP_PREFIX "%s-%d", proposal, n);
		taken = false;
		for (size_t i = 0; i < all.list.count; i++)
			taken |= strcmp(all.list.items[i].hold.id, *out) == 0;
	}
	return 0;
}

static bool
is_same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* The one that stands for the same files, whichever version of the proposal it was set for; its id is NULL when there is none. */
static int
standing(struct arena *mem, struct store *store, const struct proposal *p, const struct hold *like, struct hold *out, struct error *err)
{
	struct holds all;

	*out = (struct hold){ 0 };
	if (store_holds(mem, store, false, &all, err) < 0)
		return -1;
	for (size_t i = 0; i < all.list.count; i++) {
		const struct hold *h = &all.list.items[i].hold;

		if (hold_is_of(h, p->key) && is_same(h->share, like->share) && is_same(h->series, like->series) &&
		    is_same(h->path, like->path) && !h->case_name)
			*out = *h;
	}
	return 0;
}

/* Is it one of "anna, bo"? */
static bool
is_among(struct arena *mem, const char *names, const char *name)
{
	return names && strstr(arena_print(mem, ", %s, ", names), arena_print(mem, ", %s, ", name));
}

int
stop_is_by(struct arena *mem, struct store *store, const struct proposal *p, const char *name, bool *out, struct error *err)
{
	struct hold like, stands;

	*out = false;
	if (stop_of(mem, store, p, &like, err) < 0 || standing(mem, store, p, &like, &stands, err) < 0)
		return -1;
	*out = stands.id && name && is_among(mem, stands.by, name);
	return 0;
}

static int
note(struct store *store, const char *event, const struct hold *h, const struct stored *s, const struct decision *d, int64_t now,
     struct error *err)
{
	json_t *payload = json_pack("{s:s, s:s, s:s?, s:s?, s:s?, s:s}", "hold", h->id, "reason", d->reason, "share", h->share, "path",
				    h->path, "series", h->series, "proposal", s->id);
	int rc = audit_add(store, now, d->name, event, payload, err);

	json_decref(payload);
	return rc;
}

static int
set(struct arena *mem, struct store *store, const struct stored *s, struct hold *hold, const struct decision *d, int64_t now,
    struct error *err)
{
	if (free_id(mem, store, s->id, &hold->id, err) < 0)
		return -1;
	hold->by = d->name;
	hold->reason = d->reason;
	hold->since = day_text(mem, clock_day(now));
	return store_hold_add(store, hold, false, now, err) < 0 ? -1 : note(store, "hold-set", hold, s, d, now, err);
}

static int
join(struct arena *mem, struct store *store, const struct stored *s, struct hold *stands, const struct decision *d, int64_t now,
     struct error *err)
{
	if (is_among(mem, stands->by, d->name))
		return 0;
	stands->reason = arena_print(mem, "%s; %s", stands->reason ? stands->reason : "", d->reason);
	return store_hold_join(store, stands->id, d->name, d->reason, err) < 0 ? -1 : note(store, "hold-joined", stands, s, d, now, err);
}

int
stop_set(struct arena *mem, struct store *store, const struct stored *s, const struct decision *d, int64_t now, struct stopped *out,
	 struct error *err)
{
	struct hold hold, stands;
	int rc;

	if (stop_of(mem, store, &s->p, &hold, err) < 0 || standing(mem, store, &s->p, &hold, &stands, err) < 0)
		return error_in(err, "setting a hold for '%s'", s->id);
	out->joined = stands.id != NULL;
	rc = out->joined ? join(mem, store, s, &stands, d, now, err) : set(mem, store, s, &hold, d, now, err);
	out->why = out->joined ? stands.reason : hold.reason;
	return rc < 0 ? error_in(err, "setting a hold for '%s'", s->id) : 0;
}
