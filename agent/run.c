/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * run.c - one night, phase after phase; read it first.
 *
 *     register ─ collect ─ reconcile ─┐
 *                   scan ─── retain ──┴─ plan
 */
#include <behov/collect.h>
#include <behov/log.h>
#include <behov/reconcile.h>
#include <behov/retain.h>
#include <behov/run.h>
#include <behov/scan.h>
#include <behov/step.h>
#include <behov/text.h>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

/* Who has access, and who needs it.  The snapshot lives in `mem`, as the plan borrows names from it. */
static int plan_access(struct arena *mem, const struct rules *rules, const struct run_options *how, struct plan *plan,
		       struct error *err)
{
	struct snapshot snapshot = { 0 };
	int rc = -1;

	if (collect_all(mem, rules, &snapshot, err) < 0)
		goto out;
	log_info("collect done complete=%d people=%lld groups=%lld memberships=%lld gaps=%zu", snapshot.complete,
		 snapshot.seen.people, snapshot.seen.groups, snapshot.seen.memberships, snapshot.gaps.count);
	rc = reconcile_all(mem, &(struct reconcile_input){
		.rules = rules, .snapshot = &snapshot, .now = how->now,
	}, plan, err);
	if (rc == 0)
		log_info("reconcile done excess=%lld proposals=%zu missing=%zu structural=%zu", plan->access.excess,
			 plan->proposals.count, plan->missing.count, plan->structural.count);
out:
	json_decref(snapshot.certificate);
	return rc;
}

static int plan_share(struct arena *mem, struct retain *retain, const struct share *share, int hands,
		      struct plan *plan, struct error *err)
{
	struct scan_result seen = { 0 };

	if (scan_share(mem, share, hands, retain_share(retain, share), &seen, err) < 0)
		return error_in(err, "scanning share '%s'", share->id);
	log_info("scan done share='%s' files=%lld folders=%lld gaps=%zu", share->id, seen.files, seen.folders,
		 seen.gaps.count);
	return retain_finish(retain, share, seen.gaps.items, seen.gaps.count, seen.visited, plan, err);
}

/* What lies on the shares, and what is due. */
static int plan_files(struct arena *mem, const struct rules *rules, const struct run_options *how, struct plan *plan,
		      struct error *err)
{
	struct retain *retain = retain_open(mem, &(struct retain_input){
		.rules = rules, .holds = rules->holds, .hold_count = rules->hold_count, .now = how->now,
	}, err);
	int rc = 0;

	if (!retain)
		return -1;
	for (size_t i = 0; i < rules->share_count && rc == 0; i++) {
		rc = plan_share(mem, retain, &rules->shares[i], how->hands, plan, err);
		if (rc == 0 && stop_asked())
			rc = error_set(err, ERROR_STOPPED, "asked to stop after share '%s'", rules->shares[i].id);
	}
	retain_close(retain);
	plan->files_judged = rc == 0;
	return rc;
}

/* Every proposal counts as newly opened: a plan knows no yesterday.  `sizes` are what a scope is measured against. */
static void plan_brakes(struct arena *mem, const struct conf *conf, struct plan *plan)
{
	for (size_t i = 0; i < plan->sizes.count; i++) {
		const char *scope = plan->sizes.items[i].scope;
		long long of = plan->sizes.items[i].of, opened = 0;

		for (size_t k = 0; k < plan->proposals.count; k++) {
			const struct proposal *p = &plan->proposals.items[k];

			if (strcmp(p->scope, scope) != 0)
				continue;
			opened += p->kind == KIND_REMOVE_MEMBER ? 1 : p->kind == KIND_CUT_NESTING ? p->accounts : p->files;
		}
		if (opened > conf->brake.count && (double)opened > conf->brake.ratio * (double)of)
			*arena_push(mem, &plan->brakes) = (struct brake){ scope, opened, of };
	}
}

int run_plan(struct arena *mem, const struct rules *rules, const struct run_options *how, struct plan *plan,
	     struct error *err)
{
	if (plan_access(mem, rules, how, plan, err) < 0)
		return -1;
	if (stop_asked())
		return error_set(err, ERROR_STOPPED, "asked to stop before the shares were read");
	if (plan_files(mem, rules, how, plan, err) < 0)
		return -1;
	plan_brakes(mem, &rules->conf, plan);
	plan_sort(plan);
	return 0;
}

/* ------------------------------------------------------------------ the table */

static void count_kind(struct text *t, struct arena *mem, const struct plan *plan, enum kind kind, const char *word)
{
	long long count = 0, files = 0, bytes = 0;

	for (size_t i = 0; i < plan->proposals.count; i++) {
		const struct proposal *p = &plan->proposals.items[i];

		if (p->kind != kind)
			continue;
		count++;
		files += p->files;
		bytes += p->bytes;
	}
	text_print(t, "  %-34s %8lld", word, count);
	if (files)
		text_print(t, "   %s filer, %s", text_count(mem, files), text_size(mem, bytes));
	text_char(t, '\n');
}

static void table_lists(struct text *t, const struct plan *plan)
{
	for (size_t i = 0; i < plan->brakes.count; i++)
		text_print(t, "  broms: %s (%lld av %lld)\n", plan->brakes.items[i].scope, plan->brakes.items[i].opened,
			   plan->brakes.items[i].of);
	for (size_t i = 0; i < plan->gaps.count; i++)
		text_print(t, "  lucka: %s %s%s%s: %s\n", plan->gaps.items[i].what, plan->gaps.items[i].id,
			   plan->gaps.items[i].path ? "/" : "", plan->gaps.items[i].path ? plan->gaps.items[i].path : "",
			   plan->gaps.items[i].text);
	for (size_t i = 0; i < plan->findings.count; i++)
		text_print(t, "  iakttagelse: %s: %s\n", plan->findings.items[i].kind, plan->findings.items[i].text);
}

char *run_table(struct arena *mem, const struct plan *plan)
{
	struct text t;
	char *out;

	text_open(&t, (size_t)64 << 20);
	text_print(&t, "Läget just nu (inget är ändrat)\n");
	text_print(&t, "  personer %lld, grupper %lld, system %lld, roller %lld\n", plan->access.people,
		   plan->access.groups, plan->access.systems, plan->access.roles);
	text_print(&t, "  filer %lld i %lld mappar\n\nFörslag\n", plan->filed.files, plan->filed.folders);
	count_kind(&t, mem, plan, KIND_REMOVE_MEMBER, "ta bort medlem i grupp");
	count_kind(&t, mem, plan, KIND_CUT_NESTING, "kapa grupp i grupp");
	count_kind(&t, mem, plan, KIND_DESTROY, "gallra");
	count_kind(&t, mem, plan, KIND_DELIVER, "leverera till e-arkiv");
	text_print(&t, "\nDessutom\n  behöver men saknar behörighet %10zu\n  behörigheter i konflikt %16zu\n"
		   "  kan inte kapas rent %20zu\n  filer utan gallringsbeslut %13lld\n  filer under gallringsstopp %13lld\n"
		   "  iakttagelser %27zu\n  luckor %33zu\n\n",
		   plan->missing.count, plan->conflicts.count, plan->structural.count, plan->filed.ungoverned,
		   plan->filed.held, plan->findings.count, plan->gaps.count);
	table_lists(&t, plan);
	out = arena_copy(mem, t.data, t.len);
	text_close(&t);
	return out;
}

/* ------------------------------------------------------------------ explain */

int run_explain_access(struct arena *mem, const struct rules *rules, const struct run_options *how, const char *account,
		       const char *what, json_t **out, struct error *err)
{
	const char *slash = strchr(what, '/'), *role = slash ? slash + 1 : NULL;
	const char *system = slash ? arena_copy(mem, what, (size_t)(slash - what)) : what;
	struct snapshot snapshot = { 0 };
	int rc = -1;

	if (!rules_system(rules, system))
		return error_set(err, ERROR_USAGE, "no system '%s' in the rules", system);
	if (role && !rules_role(rules, system, role))
		return error_set(err, ERROR_USAGE, "system '%s' has no role '%s'", system, role);
	if (collect_all(mem, rules, &snapshot, err) == 0)
		rc = reconcile_explain(mem, &(struct reconcile_input){
			.rules = rules, .snapshot = &snapshot, .now = how->now,
		}, account, system, role, out, err);
	json_decref(snapshot.certificate);
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
	retain = retain_open(mem, &(struct retain_input){
		.rules = rules, .holds = rules->holds, .hold_count = rules->hold_count, .now = how->now,
	}, err);
	if (!retain)
		goto out;
	slash = strrchr(below, '/');
	entry_of(&st, slash ? slash + 1 : below, &entry);
	rc = retain_explain(retain, share, below, &entry, out, err);
out:
	retain_close(retain);
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
