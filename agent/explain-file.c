/* SPDX-License-Identifier: GPL-3.0-or-later */
/* explain-file.c - why a file may go or is kept, what has been decided about it, and where one is that has gone. */
#include "run_p.h"
#include <behov/json.h>
#include <behov/manifest.h>
#include <behov/retain.h>
#include <behov/scan.h>
#include <behov/tell.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* ------------------------------------------------------------------ which file */

/* The share whose folder the path lies below, however the folder is written: the longest wins. */
static const struct share *share_of(const struct rules *rules, const char *path, const char **below)
{
	const struct share *found = NULL;
	size_t longest = 0;

	for (size_t i = 0; i < rules->share_count; i++) {
		char *root = rules->shares[i].own ? NULL : realpath(rules->shares[i].path, NULL);
		size_t len = root ? strlen(root) : 0;

		if (root && strncmp(root, path, len) == 0 && (path[len] == '/' || !path[len]) && len > longest) {
			found = &rules->shares[i];
			longest = len;
			*below = path + len + (path[len] == '/');
		}
		free(root);
	}
	return found;
}

static void entry_of(const struct statx *st, const char *name, struct entry *out)
{
	*out = (struct entry){
		.name = name, .type = DT_REG, .stated = true, .size = st->stx_size, .ino = st->stx_ino,
		.nlink = st->stx_nlink, .mtime_s = st->stx_mtime.tv_sec, .mtime_ns = st->stx_mtime.tv_nsec,
		.ctime_s = st->stx_ctime.tv_sec, .ctime_ns = st->stx_ctime.tv_nsec,
		.btime_s = st->stx_mask & STATX_BTIME ? st->stx_btime.tv_sec : INT64_MIN,
		.btime_ns = st->stx_btime.tv_nsec,
	};
}

/* The same for smb://, which is compared as it is written. */
static const struct share *smb_share_of(const struct rules *rules, const char *path, const char **below)
{
	const struct share *found = NULL;
	size_t longest = 0;

	for (size_t i = 0; i < rules->share_count; i++) {
		size_t len = strlen(rules->shares[i].path);

		if (rules->shares[i].smb && strncmp(rules->shares[i].path, path, len) == 0 && path[len] == '/' && len > longest) {
			found = &rules->shares[i];
			longest = len;
			*below = path + len + 1;
		}
	}
	return found;
}

/* A file on a share: which, where below it, and what it is.  gone: it is not there. */
struct found { const struct share *share; const char *below; struct entry entry; bool gone; };

static int no_share(struct arena *mem, const struct rules *rules, const char *path, struct error *err)
{
	const char *all = "";

	for (size_t i = 0; i < rules->share_count; i++)
		all = arena_print(mem, "%s%s%s (%s)", all, i ? ", " : "", rules->shares[i].id, rules->shares[i].path);
	return error_set(err, ERROR_USAGE, "'%s' lies on no registered share; there %s %s", path, rules->share_count == 1 ? "is" : "are",
			 *all ? all : "none");
}

/* No folder twice, none of the system's own: the rules look at what is written, and the server at what it leads to. */
static bool is_direct(const char *below)
{
	for (size_t len; *below; below += len + (below[len] == '/')) {
		len = strcspn(below, "/");
		if (len == 0 || (len <= 2 && strspn(below, ".") >= len))
			return false;
	}
	return true;
}

static int find_on_smb(struct arena *mem, const struct rules *rules, const char *path, struct found *out, struct error *err)
{
	const char *slash, *name, *folder;
	struct seen_folder seen;

	out->share = smb_share_of(rules, path, &out->below);
	if (!out->share)
		return no_share(mem, rules, path, err);
	if (!is_direct(out->below))
		return error_set(err, ERROR_USAGE, "'%s' goes by way of '.', '..' or nothing: give the path as the share has it", path);
	slash = strrchr(out->below, '/');
	name = slash ? slash + 1 : out->below;
	folder = slash ? arena_copy(mem, out->below, (size_t)(slash - out->below)) : "";
	if (scan_folder(mem, out->share, folder, &seen, err) < 0)
		return -1;
	for (size_t i = 0; i < seen.list.count; i++)
		if (strcmp(seen.list.items[i].name, name) == 0) {
			out->entry = seen.list.items[i];
			return 0;
		}
	out->gone = true;
	return 0;
}

/* "behov:brev/2024/2024-03-05" */
static int find_own(struct arena *mem, const struct rules *rules, const char *path, struct found *out, struct error *err)
{
	struct store *store = NULL;
	struct own_record r = { 0 };
	enum own kind;
	day_t day;
	int rc;

	for (size_t i = 0; i < rules->share_count; i++)
		out->share = rules->shares[i].own ? &rules->shares[i] : out->share;
	out->below = arena_text(mem, path + strlen(SHARE_OWN));
	if (!out->share)
		return no_share(mem, rules, path, err);
	if (!own_read(out->below, &kind, &day))
		return error_set(err, ERROR_USAGE, "no record of ours is called '%s': it would be as '%s'", out->below,
				 own_path(mem, OWN_LETTERS, day_make(2026, 1, 31)));
	if (store_look(rules, &store, err) < 0)
		return -1;
	rc = store ? store_own_look(store, kind, day, &r, err) : 0;
	store_close(store);
	out->gone = !r.rows;
	own_entry(&r, strrchr(out->below, '/') + 1, &out->entry);
	return rc;
}

/* As far as it exists, as the system knows it; then what is left of it. */
static const char *real_path(struct arena *mem, const char *path, bool *there)
{
	char *copy = arena_text(mem, path), *slash, *real;

	*there = true;
	for (const char *left = ""; ; left = arena_print(mem, "/%s%s", slash + 1, left)) {
		real = realpath(*copy ? copy : "/", NULL);
		if (real) {
			const char *out = arena_print(mem, "%s%s", strcmp(real, "/") == 0 && *left ? "" : real, left);

			free(real);
			return out;
		}
		slash = strrchr(copy, '/');
		if ((errno != ENOENT && errno != ENOTDIR) || !slash)
			return NULL;
		*there = false;
		*slash = '\0';
	}
}

/* Below the share as it is typed, or where nothing is called so, as we print names that cannot be shown: %XX. */
static const char *on_share(struct arena *mem, const struct share *share, const char *below)
{
	const char *typed = arena_print(mem, share->own ? "%s%s" : "%s/%s", share->path, below), *read = share->own ? NULL : name_read(mem, below);
	struct stat st;

	if (!read || strcmp(read, below) == 0 || (!share->smb && lstat(typed, &st) == 0))
		return typed;
	return arena_print(mem, "%s/%s", share->path, read);
}

/* ID:PATH names a share, too: what is printed of a file can be given back. */
static const char *written_out(struct arena *mem, const struct rules *rules, const char *path)
{
	size_t len = strcspn(path, ":/");
	const struct share *share = path[len] == ':' ? rules_share(rules, arena_copy(mem, path, len)) : NULL;

	if (share)
		return on_share(mem, share, path + len + 1);
	return *path == '/' || strncmp(path, SHARE_OWN, strlen(SHARE_OWN)) == 0 || strncmp(path, "smb://", 6) == 0 ? path : arena_print(mem, "./%s", path);
}

/* Is what the share says it is there?  Else nothing that lies on it has gone: we cannot see it. */
static int reach(const struct share *share, struct error *err)
{
	int root = share->own || share->smb ? -1 : scan_open_root(share, err);

	if (root >= 0)
		close(root);
	return share->own || share->smb || root >= 0 ? 0 : -1;
}

/* As it is written: of a share whose folder is not there. */
static int reach_written(const struct rules *rules, const char *path, struct error *err)
{
	for (size_t i = 0; i < rules->share_count; i++) {
		size_t len = strlen(rules->shares[i].path);

		if (strncmp(rules->shares[i].path, path, len) == 0 && (path[len] == '/' || !path[len]) && reach(&rules->shares[i], err) < 0)
			return -1;
	}
	return 0;
}

static int find_on_path(struct arena *mem, const struct rules *rules, const char *path, struct found *out, struct error *err)
{
	const char *kept, *slash;
	struct statx st;
	bool there;

	kept = real_path(mem, path, &there);
	if (!kept)
		return error_sys(err, ERROR_SOURCE, "cannot find '%s'", path);
	out->share = share_of(rules, kept, &out->below);
	if (!out->share)
		return reach_written(rules, path, err) < 0 ? -1 : no_share(mem, rules, path, err);
	out->gone = !there;
	if (out->gone)
		return reach(out->share, err);
	if (!*out->below)
		return error_set(err, ERROR_USAGE, "'%s' is the whole share '%s': give a file on it", path, out->share->id);
	if (statx(AT_FDCWD, kept, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS | STATX_BTIME, &st) < 0)
		return error_sys(err, ERROR_SOURCE, "cannot look at '%s'", path);
	if (S_ISDIR(st.stx_mode))
		return error_set(err, ERROR_USAGE, "'%s' is a folder: give a file in it", path);
	if (!S_ISREG(st.stx_mode))
		return error_set(err, ERROR_USAGE, "'%s' is not a file", path);
	slash = strrchr(out->below, '/');
	entry_of(&st, slash ? slash + 1 : out->below, &out->entry);
	return 0;
}

/* ------------------------------------------------------------------ what was decided about it */

/* Does the manifest have that path? */
static int lists(struct arena *mem, struct store *store, const char *digest, const char *path, bool *out, struct error *err)
{
	struct record *records = NULL;
	struct manifest m;
	size_t at = 0;

	*out = false;
	if (store_manifest_open(mem, store, digest, &m, err) < 0)
		return -1;
	while (at + 1 < m.count && strcmp(m.frames[at + 1].path, path) <= 0)
		at++;
	if (!m.count || store_manifest_frame(mem, store, &m, at, &records, err) < 0)
		return m.count ? -1 : 0;
	for (long long i = 0; i < m.frames[at].files && !*out; i++)
		*out = strcmp(records[i].path, path) == 0;
	return 0;
}

static bool may_list(struct arena *mem, const struct stored *s, const struct found *file)
{
	const char *batch = s->p.batch ? name_read(mem, s->p.batch) : NULL;
	size_t len = batch ? strlen(batch) : 0;

	return (s->p.kind == KIND_DESTROY || s->p.kind == KIND_DELIVER) && s->p.manifest && s->p.share &&
	       strcmp(s->p.share, file->share->id) == 0 && s->state != STATE_WITHDRAWN && s->state != STATE_SUPERSEDED &&
	       (!len || (strncmp(batch, file->below, len) == 0 && (file->below[len] == '/' || !file->below[len])));
}

/* The youngest that is about it; NULL: none. */
static int find_proposal(struct arena *mem, struct store *store, const struct found *file, struct stored_list *all,
			 const struct stored **out, struct error *err)
{
	struct proposal_filter filter = { .brief = true };

	*out = NULL;
	if (store_proposals(mem, store, &filter, all, err) < 0)
		return -1;
	for (size_t i = 0; i < all->list.count; i++) {
		const struct stored *s = &all->list.items[i];
		bool listed;

		if (!may_list(mem, s, file) || (*out && (*out)->opened >= s->opened))
			continue;
		if (lists(mem, store, s->p.manifest, file->below, &listed, err) < 0)
			return -1;
		if (listed)
			*out = s;
	}
	return 0;
}

static int put_proposal(struct arena *mem, struct store *store, const struct stored *s, json_t *o, struct error *err)
{
	static const enum state told[] = { STATE_QUEUED, STATE_SCHEDULED, STATE_EXPORTED, STATE_QUARANTINED, STATE_KEPT, STATE_DONE, STATE_FAILED };
	struct protocols protocols;
	json_t *p = json_object();

	if (store_protocols(mem, store, s->id, false, &protocols, err) < 0) {
		json_decref(p);
		return -1;
	}
	json_put(p, "id", s->id);
	json_put(p, "state", state_word[s->state]);
	json_put(p, "state_said", state_text[s->state]);
	for (size_t i = 0; i < sizeof(told) / sizeof(*told); i++)
		json_object_set_new(p, arena_print(mem, "is_%s", state_word[told[i]]), json_boolean(s->state == told[i]));
	json_object_set_new(p, "waits", json_boolean(STATES(s->state) & STATES_ASKED));
	json_object_set_new(p, "destroys", json_boolean(s->p.kind == KIND_DESTROY));
	put_day(mem, p, "since", clock_day(s->since));
	put_day(mem, p, "go_at", s->go_at == INT64_MIN ? DAY_NONE : clock_day(s->go_at));
	put_day(mem, p, "until", s->until);
	json_put(p, "note", s->note);
	json_put(p, "protocol", protocols.list.count ? protocols.list.items[0].dnr : NULL);
	json_object_set_new(o, "proposal", p);
	return 0;
}

static int put_decided(struct arena *mem, struct store *store, const struct found *file, json_t *o, bool *found, struct error *err)
{
	struct stored_list all = { 0 };
	const struct stored *s = NULL;
	int rc = find_proposal(mem, store, file, &all, &s, err);

	*found = s;
	if (rc == 0 && s)
		rc = put_proposal(mem, store, s, o, err);
	stored_free(&all);
	return rc;
}

/* ------------------------------------------------------------------ one that is there */

/* What destroys does nothing before an archivist has activated it. */
static int put_active(struct arena *mem, const struct rules *rules, struct store *store, json_t *o, struct error *err)
{
	const char *id = json_text(o, "series");
	const struct series *s = id && json_is_true(json_object_get(o, "is_destroy")) ? rules_series(rules, id) : NULL;
	struct activation active = { 0 };
	bool found = false;

	if (s && store && store_series_active(mem, store, id, &active, &found, err) < 0)
		return -1;
	json_object_set_new(o, "inactive", json_boolean(s && (!found || strcmp(active.digest, series_digest(mem, s)) != 0)));
	return 0;
}

static int judge_file(struct arena *mem, const struct rules *rules, const struct run_options *how, struct store *store,
		      const struct found *file, json_t **out, struct error *err)
{
	struct retain *retain = NULL;
	struct earlier earlier = { 0 };
	bool found;
	int rc = -1;

	if (earlier_load(mem, rules, store, false, how->now, &earlier, err) < 0)
		return -1;
	retain = retain_open(mem, &(struct retain_input){
		.rules = rules, .holds = earlier.holds.items, .hold_count = earlier.holds.count,
		.events = earlier.events.items, .event_count = earlier.events.count,
		.received = earlier.received.items, .received_count = earlier.received.count, .now = how->now,
	}, err);
	if (!retain)
		return -1;
	if ((!retain_needs_folder(retain, file->share, file->below) || run_see_folder(mem, retain, file->share, file->below, err) == 0) &&
	    retain_explain(retain, file->share, file->below, &file->entry, out, err) == 0)
		rc = put_active(mem, rules, store, *out, err);
	if (rc == 0)
		json_put(*out, "proposal", NULL);
	if (rc == 0 && store)
		rc = put_decided(mem, store, file, *out, &found, err);
	retain_close(retain);
	return rc;
}

/* ------------------------------------------------------------------ one that is not */

/* The same letters, otherwise encoded: composed or not, which nobody sees. */
static const char *alike(struct arena *mem, const char *path)
{
	const char *slash = strrchr(path, '/'), *out = NULL, *name;
	DIR *dir;

	if (!slash || !slash[1])
		return NULL;
	name = text_fold(mem, slash + 1);
	dir = opendir(slash == path ? "/" : arena_copy(mem, path, (size_t)(slash - path)));
	for (struct dirent *d = dir ? readdir(dir) : NULL; d && !out; d = readdir(dir))
		if (strcmp(d->d_name, slash + 1) != 0 && strcmp(text_fold(mem, d->d_name), name) == 0)
			out = arena_text(mem, d->d_name);
	if (dir)
		closedir(dir);
	return out;
}

static json_t *about(struct arena *mem, const struct found *file, const char *outcome)
{
	json_t *o = json_object();

	json_put(o, "share", file->share->id);
	json_put(o, "share_name", file->share->name ? file->share->name : file->share->id);
	json_put(o, "path", name_show(mem, file->below));
	json_put(o, "outcome", outcome);
	json_put(o, "was", NULL);
	json_put(o, "proposal", NULL);
	return o;
}

/* The store may know where it went. */
static int gone(struct arena *mem, struct store *store, const char *path, const struct found *file, json_t **out, struct error *err)
{
	const char *other;
	bool found = false;

	*out = about(mem, file, "gone");
	if (store && put_decided(mem, store, file, *out, &found, err) < 0)
		return -1;
	if (found)
		return 0;
	other = alike(mem, path);
	return error_set(err, ERROR_SOURCE, "cannot find '%s'%s", path,
			 other ? arena_print(mem, "; beside it lies '%s', whose name has the same letters, otherwise encoded or in other case", other) : "");
}

/* What lies aside is called by its number below the id of its proposal. */
static int aside(struct arena *mem, struct store *store, const struct found *file, json_t **out, struct error *err)
{
	const char *id = file->below + sizeof SHARE_QUARANTINE, *slash = strchr(id, '/');
	struct proposal_filter filter = { .id = slash ? arena_copy(mem, id, (size_t)(slash - id)) : id, .brief = true };
	struct record *records = NULL;
	struct stored_list all = { 0 };
	size_t count = 0, number = slash ? (size_t)strtoull(slash + 1, NULL, 10) : 0;
	int rc = 0;

	*out = about(mem, file, "aside");
	if (store)
		rc = store_proposals(mem, store, &filter, &all, err);
	if (rc == 0 && all.list.count) {
		rc = put_proposal(mem, store, &all.list.items[0], *out, err);
		if (rc == 0 && all.list.items[0].p.manifest)
			rc = store_manifest(mem, store, all.list.items[0].p.manifest, &records, &count, err);
		if (rc == 0 && number && number <= count)
			json_put(*out, "was", name_show(mem, records[number - 1].path));
	}
	stored_free(&all);
	return rc;
}

int run_explain_file(struct arena *mem, const struct rules *rules, const struct run_options *how, const char *path,
		     json_t **out, struct error *err)
{
	struct store *store = NULL;
	struct found file = { 0 };
	int rc = -1;

	if (!*path)
		return error_set(err, ERROR_USAGE, "no path is given: behov explain PATH");
	path = written_out(mem, rules, path);
	if ((strncmp(path, "smb://", 6) == 0 ? find_on_smb : strncmp(path, SHARE_OWN, strlen(SHARE_OWN)) == 0 ? find_own : find_on_path)
	    (mem, rules, path, &file, err) < 0 || store_look(rules, &store, err) < 0)
		goto out;
	if (strcmp(file.below, SHARE_MARKER) == 0)
		error_set(err, ERROR_USAGE, "'%s' is by what behov knows the share again: no rule judges it", path);
	else if (!file.gone && strncmp(file.below, SHARE_QUARANTINE "/", sizeof SHARE_QUARANTINE) == 0)
		rc = aside(mem, store, &file, out, err);
	else
		rc = file.gone ? gone(mem, store, path, &file, out, err) : judge_file(mem, rules, how, store, &file, out, err);
out:
	store_close(store);
	return rc;
}
