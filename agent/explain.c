/* SPDX-License-Identifier: GPL-3.0-or-later */
/* explain.c - why somebody has access, and why a file may go or is kept. */
#include "run_p.h"
#include <behov/collect.h>
#include <behov/retain.h>
#include <behov/scan.h>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

int run_explain_access(struct arena *mem, const struct rules *rules, const struct run_options *how, const char *account,
		       const char *what, json_t **out, struct error *err)
{
	const char *slash = strchr(what, '/'), *role = slash ? slash + 1 : NULL;
	const char *system = slash ? arena_copy(mem, what, (size_t)(slash - what)) : what;
	struct snapshot snapshot = { 0 };
	struct store *store = NULL;
	const char *secret = NULL;
	int rc = -1;

	if (!rules_system(rules, system))
		return error_set(err, ERROR_USAGE, "no system '%s' in the rules", system);
	if (role && !rules_role(rules, system, role))
		return error_set(err, ERROR_USAGE, "system '%s' has no role '%s'", system, role);
	if (store_look(rules, &store, err) == 0 && (!store || store_get(mem, store, SECRET_VALUE, &secret, err) == 0) &&
	    collect_all(mem, rules, false, &snapshot, err) == 0 && secret_hide(mem, secret, NULL, &snapshot, err) == 0)
		rc = reconcile_explain(mem, &(struct reconcile_input){
			.rules = rules, .snapshot = &snapshot, .now = how->now,
		}, account, system, role, out, err);
	json_decref(snapshot.certificate);
	store_close(store);
	return rc;
}

/* The share whose folder the path lies below: the longest wins. */
static const struct share *share_of(const struct rules *rules, const char *path, const char **below)
{
	const struct share *found = NULL;

	for (size_t i = 0; i < rules->share_count; i++) {
		const struct share *share = &rules->shares[i];
		size_t len = strlen(share->path);

		if (strncmp(share->path, path, len) == 0 && path[len] == '/' &&
		    (!found || len > strlen(found->path))) {
			found = share;
			*below = path + len + 1;
		}
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

int run_explain_file(struct arena *mem, const struct rules *rules, const struct run_options *how, const char *path,
		     json_t **out, struct error *err)
{
	char *real = realpath(path, NULL);
	const char *below = NULL, *slash;
	const struct share *share;
	struct retain *retain = NULL;
	struct earlier earlier = { 0 };
	struct store *store = NULL;
	struct entry entry;
	struct statx st;
	int rc = -1;

	if (!real)
		return error_sys(err, ERROR_SOURCE, "cannot find '%s'", path);
	share = share_of(rules, real, &below);
	if (!share) {
		error_set(err, ERROR_USAGE, "'%s' lies on no registered share", path);
		goto out;
	}
	if (statx(AT_FDCWD, real, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS | STATX_BTIME, &st) < 0) {
		error_sys(err, ERROR_SOURCE, "cannot look at '%s'", path);
		goto out;
	}
	if (!S_ISREG(st.stx_mode)) {
		error_set(err, ERROR_USAGE, "'%s' is not a file", path);
		goto out;
	}
	if (store_look(rules, &store, err) < 0 || earlier_load(mem, rules, store, false, how->now, &earlier, err) < 0)
		goto out;
	retain = retain_open(mem, &(struct retain_input){
		.rules = rules, .holds = earlier.holds.items, .hold_count = earlier.holds.count, .now = how->now,
	}, err);
	if (!retain)
		goto out;
	slash = strrchr(below, '/');
	entry_of(&st, slash ? slash + 1 : below, &entry);
	rc = retain_explain(retain, share, below, &entry, out, err);
out:
	retain_close(retain);
	store_close(store);
	free(real);
	return rc;
}

int run_adopt(const struct rules *rules, const char *id, struct error *err)
{
	const struct share *share = rules_share(rules, id);

	if (!share)
		return error_set(err, ERROR_USAGE, "no share '%s' in the rules", id);
	return scan_adopt(share, err);
}
