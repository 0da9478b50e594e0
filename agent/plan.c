/* SPDX-License-Identifier: GPL-3.0-or-later */
/* plan.c - the phases that look and change nothing, in their order; shared by plan, run and apply. */
#include "run_p.h"
#include <behov/collect.h>
#include <behov/file.h>
#include <behov/json.h>
#include <behov/log.h>
#include <behov/measure.h>
#include <behov/retain.h>
#include <behov/step.h>
#include <behov/text.h>

#include <unistd.h>

/* ------------------------------------------------------------------ what was decided earlier */

const char *
run_store_path(const struct rules *rules)
{
	return rules->conf.store + strlen("sqlite:");
}

int
store_look(const struct rules *rules, struct store **out, struct error *err)
{
	*out = NULL;
	if (access(run_store_path(rules), F_OK) < 0)
		return 0;
	return store_open(run_store_path(rules), STORE_READ, out, err);
}

/* Holds of the store, and those of the rules that it has never seen: a lifted one stays lifted. */
static int
load_holds(struct arena *mem, const struct rules *rules, struct store *store, struct earlier *out, struct error *err)
{
	struct holds known = { 0 };

	if (store && store_holds(mem, store, true, &known, err) < 0)
		return error_in(err, "reading the holds");
	for (size_t i = 0; i < known.list.count; i++)
		if (known.list.items[i].lifted == INT64_MIN)
			*arena_push(mem, &out->holds) = known.list.items[i].hold;
	for (size_t i = 0; i < rules->hold_count; i++) {
		bool seen = false;

		for (size_t k = 0; k < known.list.count; k++)
			seen |= strcmp(known.list.items[k].hold.id, rules->holds[i].id) == 0;
		if (!seen)
			*arena_push(mem, &out->holds) = rules->holds[i];
	}
	return 0;
}

/* Those of the rules, and those that people have told since. */
static int
load_events(struct arena *mem, const struct rules *rules, struct store *store, struct earlier *out, struct error *err)
{
	struct stored_events known = { 0 };

	for (size_t i = 0; i < rules->event_count; i++)
		*arena_push(mem, &out->events) = rules->events[i];
	if (store && store_events(mem, store, false, &known, err) < 0)
		return error_in(err, "reading the events");
	for (size_t i = 0; i < known.list.count; i++)
		*arena_push(mem, &out->events) = known.list.items[i].event;
	return 0;
}

static int
load_decisions(struct arena *mem, struct store *store, int64_t now, struct earlier *out, struct error *err)
{
	struct stored_list going = { 0 };
	struct kept_list kept = { 0 };

	if (store_proposals(mem, store, &(struct proposal_filter){ .states = STATES_GOING }, &going, err) < 0 ||
	    store_exceptions(mem, store, clock_day(now), &kept, err) < 0)
		return -1;
	for (size_t i = 0; i < going.list.count; i++) {
		const struct proposal *p = &going.list.items[i].p;

		if (p->kind == KIND_REMOVE_MEMBER || p->kind == KIND_CUT_NESTING)
			*arena_push(mem, &out->cuts) = (struct cut){ p->guid, p->group_guid, NULL };
	}
	for (size_t i = 0; i < kept.list.count; i++)
		*arena_push(mem, &out->exceptions) = (struct exception){ kept.list.items[i].system,
									 kept.list.items[i].role, kept.list.items[i].key };
	stored_free(&going);
	return 0;
}

static int
load_filesystems(struct arena *mem, const struct rules *rules, struct store *store, struct error *err)
{
	for (size_t i = 0; i < rules->share_count; i++) {
		struct share *share = &rules->shares[i];

		if (share->identity == IDENTITY_FILESYSTEM &&
		    store_get(mem, store, arena_print(mem, FILESYSTEM_VALUE "%s", share->id), &share->filesystem, err) < 0)
			return -1;
	}
	return 0;
}

int
earlier_load(struct arena *mem, const struct rules *rules, struct store *store, bool decisions, int64_t now,
	     struct earlier *out, struct error *err)
{
	if (load_holds(mem, rules, store, out, err) < 0 || load_events(mem, rules, store, out, err) < 0 ||
	    (store && (load_filesystems(mem, rules, store, err) < 0 || received_load(mem, rules, store, out, err) < 0 ||
		       store_get(mem, store, SECRET_VALUE, &out->secret, err) < 0)))
		return -1;
	return store && decisions ? load_decisions(mem, store, now, out, err) : 0;
}

/* ------------------------------------------------------------------ the phases */

/* Who has access, and who needs it.  The snapshot lives in `mem`, as the plan borrows names from it. */
int
plan_access(struct arena *mem, const struct rules *rules, const struct earlier *earlier, struct store *store,
	    int64_t now, struct snapshot *snapshot, struct plan *plan, struct error *err)
{
	if (collect_all(mem, rules, store != NULL, snapshot, err) < 0)
		return error_in(err, "collecting");
	if (secret_hide(mem, earlier->secret, store, snapshot, err) < 0)
		return -1;
	if (store && shrink_check(mem, rules, store, now, snapshot, err) < 0)
		return -1;
	log_info("collect done complete=%d people=%lld groups=%lld memberships=%lld gaps=%zu", snapshot->complete,
		 snapshot->seen.people, snapshot->seen.groups, snapshot->seen.memberships, snapshot->gaps.count);
	if (reconcile_all(mem, &(struct reconcile_input){
		.rules = rules, .snapshot = snapshot, .cuts = earlier->cuts.items, .cut_count = earlier->cuts.count,
		.exceptions = earlier->exceptions.items, .exception_count = earlier->exceptions.count, .now = now,
	}, plan, err) < 0)
		return -1;
	log_info("reconcile done excess=%lld proposals=%zu missing=%zu structural=%zu", plan->access.excess,
		 plan->proposals.count, plan->missing.count, plan->structural.count);
	return 0;
}

int
run_see_folder(struct arena *mem, struct retain *retain, const struct share *share, const char *path, struct error *err)
{
	const char *slash = strrchr(path, '/'), *folder = slash ? arena_copy(mem, path, (size_t)(slash - path)) : "";
	struct arena *own = arena_open();
	struct seen_folder seen;
	int rc = scan_folder(own, share, folder, &seen, err);

	if (rc == 0)
		retain_folder(retain, share, folder, seen.list.items, seen.list.count, seen.complete);
	arena_close(own);
	return rc;
}

/* A share that has lost much of itself is as one that is not there. */
static int
disbelieve(struct arena *mem, const struct share *share, struct store *store, bool keep, const struct scan_how *how,
	   struct scan_result *seen, struct error *err)
{
	const char *why = NULL;

	if (!seen->visited && !seen->another)
		return 0;
	if (vanish_check(mem, share, store, keep, how->index, seen, &why, err) < 0)
		return -1;
	if (why) {
		*arena_push(mem, &seen->gaps) = (struct gap){ .what = "share", .id = share->id, .text = why };
		seen->visited = seen->complete = false;
	} else if (keep && seen->complete) {
		if (how->index)
			index_complete(how->index, &(struct index_total){ seen->files, seen->folders, how->now });
		return vanish_seen(mem, share, store, seen->files, how->now, err);
	}
	return 0;
}

static int
plan_share(struct arena *mem, struct retain *retain, const struct share *share, struct store *store, const struct scan_how *how,
	   bool keep, struct plan *plan, struct error *err)
{
	struct scan_result seen = { 0 };
	struct scan_how this = *how;
	double began = clock_spent(), spent;

	if (vanish_released(mem, share, store, &this.other_root, err) < 0)
		return -1;
	if ((share->own ? own_scan(mem, store, retain_share(retain, share), &seen, err)
			: scan_share(mem, share, &this, retain_share(retain, share), &seen, err)) < 0)
		return error_in(err, "scanning share '%s'", share->id);
	spent = clock_spent() - began;
	if (!share->own && disbelieve(mem, share, store, keep, how, &seen, err) < 0)
		return -1;
	log_info("scan done share='%s' files=%lld folders=%lld listed=%lld gaps=%zu requests=%lld persecond=%.0f", share->id, seen.files,
		 seen.folders, seen.listed, seen.gaps.count, seen.requests, spent > 0 ? (double)seen.requests / spent : 0);
	return retain_finish(retain, share, seen.gaps.items, seen.gaps.count, seen.visited, plan, err);
}

/* What lies on the shares, and what is due. */
int
plan_files(struct arena *mem, const struct rules *rules, const struct earlier *earlier, struct store *store,
	   const struct run_options *how, bool keep, struct plan *plan, struct error *err)
{
	struct retain *retain = retain_open(mem, &(struct retain_input){
		.rules = rules, .holds = earlier->holds.items, .hold_count = earlier->holds.count,
		.events = earlier->events.items, .event_count = earlier->events.count,
		.received = earlier->received.items, .received_count = earlier->received.count, .now = how->now,
	}, err);
	struct scan_how scan = { .hands = how->hands, .now = how->now, .full = how->full };
	int rc = 0;

	if (!retain)
		return -1;
	scan.index = index_open(arena_print(mem, "%s.folders", run_store_path(rules)), keep);
	for (size_t i = 0; i < rules->share_count && rc == 0; i++) {
		rc = plan_share(mem, retain, &rules->shares[i], store, &scan, keep, plan, err);
		if (rc == 0 && stop_asked())
			rc = error_set(err, ERROR_STOPPED, "asked to stop after share '%s'", rules->shares[i].id);
	}
	index_close(scan.index);
	retain_close(retain);
	plan->files_judged = rc == 0;
	if (rc == 0)
		log_info("retain done files=%lld due=%lld ungoverned=%lld held=%lld", plan->filed.files,
			 plan->filed.due_files, plan->filed.ungoverned, plan->filed.held);
	return rc;
}

/* What stands since an earlier run: it stops no plan, but what is proposed. */
static int
tell_standing(struct arena *mem, const struct rules *rules, struct store *store, int64_t now, struct plan *plan, struct error *err)
{
	struct standings all;

	if (!store)
		return 0;
	if (measure_brakes(mem, &(struct measure_input){ rules, store, now }, &all, err) < 0)
		return -1;
	for (size_t i = 0; i < all.list.count; i++)
		*arena_push(mem, &plan->brakes) = (struct brake){ .scope = all.list.items[i].scope, .opened = all.list.items[i].proposals,
								  .stands = braked_word[all.list.items[i].kind] };
	return 0;
}

int
run_plan(struct arena *mem, const struct rules *rules, const struct run_options *how, struct plan *plan,
	 struct error *err)
{
	struct snapshot snapshot = { 0 };
	struct earlier earlier = { 0 };
	struct store *store = NULL;
	int rc = -1;

	if (store_look(rules, &store, err) < 0 || earlier_load(mem, rules, store, true, how->now, &earlier, err) < 0 ||
	    plan_access(mem, rules, &earlier, NULL, how->now, &snapshot, plan, err) < 0)
		goto out;
	if (stop_asked()) {
		error_set(err, ERROR_STOPPED, "asked to stop before the shares were read");
		goto out;
	}
	if (plan_files(mem, rules, &earlier, store, how, false, plan, err) < 0)
		goto out;
	plan_sort(plan);
	if (propose_owners(mem, &(struct propose_input){
		.rules = rules, .snapshot = &snapshot, .plan = plan, .now = how->now }, err) < 0)
		goto out;
	propose_brakes(mem, &rules->conf, plan);
	if (tell_standing(mem, rules, store, how->now, plan, err) < 0)
		goto out;
	plan_sort(plan);
	rc = 0;
out:
	json_decref(snapshot.certificate);
	store_close(store);
	return rc;
}
