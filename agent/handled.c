/* SPDX-License-Identifier: GPL-3.0-or-later */
/* handled.c - what a person should take away, by a work list: which of the files are gone from where they lay. */
#include "run_p.h"
#include <behov/log.h>

/* A folder that was looked into; records are sorted by path, and so those of one folder come mostly one after another. */
struct look { struct arena *mem; const char *folder; struct seen_folder seen; bool known; };

static void
look_into(struct look *l, const struct share *share, const char *folder)
{
	struct error why = { 0 };

	arena_close(l->mem);
	l->mem = arena_open();
	l->folder = arena_text(l->mem, folder);
	l->known = scan_folder(l->mem, share, folder, &l->seen, &why) == 0 ? l->seen.complete : l->seen.missing;
	if (!l->known)
		log_warn("whether what a person should take away is gone cannot be seen: %s", *why.text ? why.text : folder);
}

static bool
lies_there(const struct look *l, const char *name)
{
	for (size_t i = 0; i < l->seen.list.count; i++)
		if (strcmp(l->seen.list.items[i].name, name) == 0)
			return true;
	return false;
}

/* An empty share that nothing identifies is as one that is not mounted. */
static bool
says_something(const struct share *share, const struct plan *plan)
{
	if (share->identity != IDENTITY_NONE)
		return true;
	for (size_t i = 0; i < plan->stock.count; i++)
		if (!plan->stock.items[i].series && !plan->stock.items[i].folder && strcmp(plan->stock.items[i].share, share->id) == 0)
			return plan->stock.items[i].files > 0;
	return false;
}

/* What the work list said may not go: wherever it is by now, it has not gone by that decision. */
static int
find_left(struct arena *mem, struct store *store, const char *id, bool *left, size_t count, struct error *err)
{
	struct effects list = { 0 };

	if (store_effects(mem, store, id, BY_HAND_ACT, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.list.count; i++) {
		const struct effect *e = &list.list.items[i];

		if (e->state == EFFECT_FAILED && e->number >= 1 && (size_t)e->number <= count)
			left[e->number] = true;
	}
	return 0;
}

static int
look_at(struct arena *mem, struct store *store, const struct share *share, const struct stored *s, struct handled *out, struct error *err)
{
	struct look l = { .mem = arena_open() };
	struct arena *read = arena_open();
	struct record *records = NULL;
	size_t count = 0;
	bool *gone, *left;
	int rc = store_manifest(read, store, s->p.manifest, &records, &count, err);

	gone = arena_array(mem, bool, count + 1);
	left = arena_array(mem, bool, count + 1);
	*out = (struct handled){ .proposal = arena_text(mem, s->id), .known = rc == 0 && count, .gone = gone, .left = left, .count = (long long)count };
	if (rc == 0)
		rc = find_left(read, store, s->id, left, count, err);
	for (size_t n = 1; rc == 0 && out->known && n <= count; n++) {
		const char *path = records[n - 1].path, *slash = strrchr(path, '/');
		const char *folder = slash ? arena_copy(read, path, (size_t)(slash - path)) : "";

		if (!l.folder || strcmp(l.folder, folder) != 0)
			look_into(&l, share, folder);
		out->known = l.known;
		gone[n] = !left[n] && !lies_there(&l, slash ? slash + 1 : path);
		out->gone_count += gone[n];
	}
	arena_close(l.mem);
	arena_close(read);
	return rc;
}

static bool
is_proposed(const struct plan *plan, const char *key)
{
	for (size_t i = 0; i < plan->proposals.count; i++)
		if (strcmp(plan->proposals.items[i].key, key) == 0)
			return true;
	return false;
}

int
handled_look(struct arena *mem, const struct rules *rules, struct store *store, const struct plan *plan, struct handled_list *out,
	     struct error *err)
{
	struct stored_list list = { 0 };
	int rc = store_proposals(mem, store, &(struct proposal_filter){ .states = STATES(STATE_EXPORTED), .brief = true }, &list, err);

	for (size_t i = 0; i < list.list.count && rc == 0; i++) {
		const struct stored *s = &list.list.items[i];
		const struct share *share = s->p.kind == KIND_DESTROY && s->p.share ? rules_share(rules, s->p.share) : NULL;

		if (share && !share->own && s->p.manifest && stored_by_hand(s) && !is_proposed(plan, s->p.key) && says_something(share, plan))
			rc = look_at(mem, store, share, s, arena_push(mem, &out->list), err);
	}
	stored_free(&list);
	return rc < 0 ? error_in(err, "looking for what a person should take away") : 0;
}
