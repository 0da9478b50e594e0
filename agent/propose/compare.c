/* SPDX-License-Identifier: GPL-3.0-or-later */
/* compare.c - tonight's proposal against the stored one: is it the same, and could we see well enough to say? */
#include "propose_p.h"

bool
is_files(const struct proposal *p)
{
	return p->kind == KIND_DESTROY || p->kind == KIND_DELIVER;
}

bool
texts_equal(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* ------------------------------------------------------------------ content */

/* A manifest that is read frame by frame. */
struct reading {
	struct store *store;            /* NULL: its frames are at hand */
	const struct manifest *m;
	struct arena *mem;              /* of the frame that is open */
	struct record *records;
	size_t frame;                   /* the next one */
	long long at, count;
};

static int
next_frame(struct reading *in, struct error *err)
{
	const size_t number = in->frame++;

	arena_close(in->mem);
	in->mem = arena_open();
	in->at = 0;
	in->count = in->m->frames[number].files;
	return in->store ? store_manifest_frame(in->mem, in->store, in->m, number, &in->records, err)
			 : manifest_unpack(in->mem, &in->m->frames[number], NULL, &in->records, err);
}

/* NULL at its end. */
static int
next_record(struct reading *in, const struct record **out, struct error *err)
{
	*out = NULL;
	if (in->at == in->count && in->frame == in->m->count)
		return 0;
	if (in->at == in->count && next_frame(in, err) < 0)
		return -1;
	*out = &in->records[in->at++];
	return 0;
}

static bool
same_record(const struct record *a, const struct record *b, bool exactly)
{
	return strcmp(a->path, b->path) == 0 && a->size == b->size && a->anchor == b->anchor &&
	       (!exactly || (a->mtime_s == b->mtime_s && a->mtime_ns == b->mtime_ns));
}

/* Is every record of `few` in `many`?  Both are sorted by path.  exactly: last changed then, too. */
static int
all_in(struct reading *few, struct reading *many, bool exactly, bool *out, struct error *err)
{
	const struct record *one, *other;

	*out = false;
	for (;;) {
		if (next_record(few, &one, err) < 0)
			return -1;
		if (!one)
			break;
		do
			if (next_record(many, &other, err) < 0)
				return -1;
		while (other && strcmp(other->path, one->path) < 0);
		if (!other || !same_record(one, other, exactly))
			return 0;
	}
	*out = true;
	return 0;
}

/* Of the manifest of `old`, tonight's is all, or a part. */
static int
is_part(struct work *w, const struct stored *old, const struct proposal *p, bool exactly, bool *out, struct error *err)
{
	struct arena *mem = arena_open();
	struct manifest before;
	struct reading few = { .m = p->packed }, many = { .store = w->in->store, .m = &before };
	int rc = store_manifest_open(mem, w->in->store, old->p.manifest, &before, err);

	*out = false;
	if (rc == 0 && p->packed && p->packed->files < before.files + exactly)
		rc = all_in(&few, &many, exactly, out, err);
	arena_close(few.mem);
	arena_close(many.mem);
	arena_close(mem);
	return rc < 0 ? error_in(err, "reading the manifest of '%s'", old->id) : 0;
}

/* How many files did the package not get?  One that was carried out by hand got all. */
static int
left_out(struct work *w, const struct stored *s, long long *out, struct error *err)
{
	struct effects list = { 0 };
	json_t *package = NULL;

	*out = 0;
	if (store_effects(w->mem, w->in->store, s->id, "package", &list, err) < 0)
		return -1;
	if (list.list.count && list.list.items[0].after && json_read(list.list.items[0].after, strlen(list.list.items[0].after), &package, err) < 0)
		return -1;
	*out = json_number(package, "left_out", 0);
	json_decref(package);
	return 0;
}

int
is_delivered(struct work *w, const struct proposal *p, bool *out, struct error *err)
{
	struct stored_list list = { 0 };
	int rc = store_proposals(w->mem, w->in->store, &(struct proposal_filter){ .key = p->key, .states = STATES(STATE_DONE), .brief = true }, &list, err);

	*out = false;
	for (size_t i = 0; rc == 0 && !*out && i < list.list.count; i++) {
		const struct stored *s = &list.list.items[i];
		long long lacking = 0;

		if (s->p.kind != KIND_DELIVER || !s->p.manifest)
			continue;
		rc = left_out(w, s, &lacking, err);
		if (rc == 0 && !lacking)
			rc = is_part(w, s, p, true, out, err);
	}
	stored_free(&list);
	return rc;
}

bool
is_decided_so(const struct work *w, const struct stored *old)
{
	const struct series *series = is_files(&old->p) ? rules_series(w->in->rules, old->p.series) : NULL;

	return !series || series_decided_so(series, old->p.evidence);
}

/* The kind is part of what was approved, and so is the decision that it rests on: a series may have gone from deliver to
 * destroy with the same files, or be destroyed by another decision. */
int
compare_content(struct work *w, const struct stored *old, const struct proposal *p, enum content *out, struct error *err)
{
	bool fewer = false;

	*out = CONTENT_OTHER;
	if (old->p.kind != p->kind || !is_decided_so(w, old))
		return 0;
	if (texts_equal(old->p.version, p->version)) {
		*out = CONTENT_SAME;
		return 0;
	}
	if (!is_files(p) || p->whole || old->p.whole || !old->p.manifest)
		return 0;
	/* Files that leave a batch that is not whole leave the rest as it was approved. */
	if (is_part(w, old, p, false, &fewer, err) < 0)
		return -1;
	if (fewer)
		*out = CONTENT_FEWER;
	return 0;
}

int
outgrown(struct work *w, const struct stored *old, const struct proposal *p, const char **why, struct error *err)
{
	struct decisions given = { 0 };

	if (store_decisions(w->mem, w->in->store, old->id, INT64_MIN, &given, err) < 0)
		return -1;
	*why = seats_outgrown(&w->in->rules->conf, &given, old, p);
	return 0;
}

/* ------------------------------------------------------------------ what could not be seen */

static bool
is_below(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	return !len || (strncmp(path, folder, len) == 0 && (path[len] == '/' || !path[len]));
}

static bool
is_label(const char *label, const struct unclear *u)
{
	size_t len = strcspn(label, "/");

	if (u->system && (strlen(u->system) != len || strncmp(u->system, label, len) != 0))
		return false;
	return !u->role || (label[len] == '/' && strcmp(u->role, label + len + 1) == 0);
}

static bool
names_role(const struct proposal *p, const struct unclear *u)
{
	if ((!u->system || texts_equal(u->system, p->system)) && (!u->role || texts_equal(u->role, p->role)))
		return true;
	for (int i = 0; i < p->also_count; i++)
		if (is_label(p->also[i], u))
			return true;
	return false;
}

/* The group the edge leaves, a nested one that is its member, or one on the way to the role. */
static bool
names_group(const struct snapshot *s, const struct proposal *p, const char *key)
{
	if (texts_equal(p->group_guid, key) || texts_equal(p->guid, key))
		return true;
	for (int i = 0; s && i < p->path_count; i++) {
		long g = snapshot_group(s, p->path[i]);
		if (g >= 0 && strcmp(s->groups[g].key, key) == 0)
			return true;
	}
	return false;
}

static bool
touches_access(const struct snapshot *s, const struct unclear *u, const struct proposal *p)
{
	if (!u->access || !names_role(p, u))
		return false;
	/* Who lies below a nesting is not stored with it: anybody may. */
	if (u->key && p->kind == KIND_REMOVE_MEMBER && !texts_equal(u->key, p->guid))
		return false;
	return !u->group || names_group(s, p, u->group);
}

static bool
touches_files(const struct unclear *u, const struct proposal *p)
{
	if (!u->files || (u->share && !texts_equal(u->share, p->share)) || (u->series && !texts_equal(u->series, p->series)))
		return false;
	return !u->path || !p->batch || is_below(u->path, p->batch) || is_below(p->batch, u->path);
}

bool
is_touched(const struct work *w, const struct proposal *p)
{
	if (is_files(p) ? !w->plan->files_judged : !w->plan->access_judged)
		return true;
	for (size_t i = 0; i < w->plan->unclear.count; i++) {
		const struct unclear *u = &w->plan->unclear.items[i];
		if (is_files(p) ? touches_files(u, p) : touches_access(w->in->snapshot, u, p))
			return true;
	}
	return false;
}

int
is_under_way(struct work *w, const struct stored *s, bool *out, struct error *err)
{
	*out = false;
	return s->state == STATE_SCHEDULED ? store_begun(w->in->store, s->id, out, err) : 0;
}

static int
by_group_key(const void *key, const void *group)
{
	return strcmp(key, ((const struct group *)group)->key);
}

static const struct group *
group_of(const struct snapshot *s, const struct proposal *p)
{
	return !s || !s->group_count || !p->guid || !p->group_guid ? NULL
		: bsearch(p->group_guid, s->groups, s->group_count, sizeof *s->groups, by_group_key);
}

uint32_t
edge_of(const struct snapshot *s, const struct proposal *p)
{
	const struct group *g = group_of(s, p);

	for (uint32_t i = g ? g->first : 0; g && i < g->first + g->count; i++) {
		const struct edge *e = &s->edges[i];
		if (strcmp(e->is_group ? s->groups[e->member].key : s->accounts[e->member].key, p->guid) == 0)
			return i;
	}
	return s ? s->edge_count : 0;
}

enum truth
edge_gone(const struct snapshot *s, const struct proposal *p)
{
	const struct group *g = group_of(s, p);

	if (!g || !s->complete)
		return UNKNOWN;
	return edge_of(s, p) < s->edge_count ? NO : g->unknown ? UNKNOWN : YES;
}

/* ------------------------------------------------------------------ what is shown, and who is asked */

static json_t *
asked(const struct proposal *p)
{
	json_t *list = json_array();

	for (size_t i = 0; i < p->approvers.count; i++) {
		const struct approver *a = &p->approvers.items[i];
		json_t *one = json_object();
		json_put(one, "key", a->key);
		json_put(one, "name", a->name);
		json_put(one, "display", a->display);
		json_put(one, "mail", a->mail);
		json_put(one, "as", a->as);
		json_object_set_new(one, "seat", json_integer(a->seat));
		json_object_set_new(one, "waited", json_integer(a->waited));
		json_object_set_new(one, "asked", json_integer(a->asked));
		json_array_append_new(list, one);
	}
	return list;
}

/* Everything that store_proposal_put() writes but the state. */
static json_t *
face(const struct proposal *p)
{
	json_t *o = proposal_json(p, 0);

	json_object_set_new(o, "approvers", asked(p));
	json_object_set_new(o, "needs", json_integer(p->needs));
	json_object_set_new(o, "konfidentialitet", json_integer(p->konfidentialitet));
	json_object_set_new(o, "by_hand", json_boolean(p->by_hand));
	json_object_set_new(o, "whole", json_boolean(p->whole));
	json_object_set_new(o, "accounts", json_integer(p->accounts));
	json_put(o, "display", p->display);
	json_put(o, "group_key", p->group_guid);
	json_put(o, "scope", p->scope);
	if (p->evidence)
		json_object_set(o, "evidence", p->evidence);
	return o;
}

/* The same version may lie in other inodes since: the new manifest is stored before its name is. */
int
put_manifest(struct work *w, struct proposal *p, struct error *err)
{
	if (!is_files(p) || !p->packed)
		return 0;
	p->manifest = p->packed->digest;
	return store_manifest_keep(w->in->store, p->packed, err);
}

int
refresh_stored(struct work *w, const struct stored *old, struct proposal *p, enum content how, struct stored *now,
	       struct error *err)
{
	struct stored new = *old;
	json_t *before, *after;
	bool same;

	if (how == CONTENT_SAME && !texts_equal(old->p.manifest, p->manifest) && put_manifest(w, p, err) < 0)
		return -1;

	if (how == CONTENT_SAME) {
		new.p = *p;
	} else {                        /* what was approved stays as it was; who is asked, and under what class, is tonight's */
		new.p.konfidentialitet = p->konfidentialitet;
		new.p.owner = p->owner;
		new.p.needs = p->needs;
		new.p.approvers.items = p->approvers.items;
		new.p.approvers.count = p->approvers.count;
		new.p.approvers.room = p->approvers.room;
	}
	if (now)
		*now = new;
	before = face(&old->p);
	after = face(&new.p);
	same = json_equal(before, after);
	json_decref(before);
	json_decref(after);
	return same ? 0 : store_proposal_put(w->in->store, &new, err);
}
