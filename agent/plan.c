/* SPDX-License-Identifier: GPL-3.0-or-later */
/* plan.c - the phases that look and change nothing, in their order; shared by plan, run and apply. */
#include "run_p.h"
#include <behov/collect.h>
#include <behov/file.h>
#include <behov/json.h>
#include <behov/log.h>
#include <behov/retain.h>
#include <behov/scan.h>
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
			*arena_push(mem, &out->cuts) = (struct cut){ p->guid, p->group_guid };
	}
	for (size_t i = 0; i < kept.list.count; i++)
		*arena_push(mem, &out->exceptions) = (struct exception){ kept.list.items[i].system,
									 kept.list.items[i].role, kept.list.items[i].key };
	stored_free(&going);
	return 0;
}

int
earlier_load(struct arena *mem, const struct rules *rules, struct store *store, bool decisions, int64_t now,
	     struct earlier *out, struct error *err)
{
	if (load_holds(mem, rules, store, out, err) < 0)
		return -1;
	return store && decisions ? load_decisions(mem, store, now, out, err) : 0;
}

/* ------------------------------------------------------------------ the shrink check */

static bool
shrunk(long long before, long long now, double ratio)
{
	return before > 0 && (double)(before - now) > ratio * (double)before;
}

struct numbers { long long people, memberships, hr_rows; };

/* An earlier day saw as little, give or take: then that is how it is.  What was seen first is kept until then. */
static int
confirmed(struct arena *mem, struct store *store, struct numbers now, const char *today, double ratio, bool *out,
	  struct error *err)
{
	const char *last = NULL;
	struct numbers was;
	char day[11];

	*out = false;
	if (store_get(mem, store, "shrink", &last, err) < 0)
		return -1;
	if (last && sscanf(last, "%lld/%lld/%lld %10s", &was.people, &was.memberships, &was.hr_rows, day) == 4 &&
	    !shrunk(was.people, now.people, ratio) && !shrunk(was.memberships, now.memberships, ratio) &&
	    !shrunk(was.hr_rows, now.hr_rows, ratio)) {
		*out = strcmp(day, today) < 0;
		return 0;
	}
	return store_set(store, "shrink", arena_print(mem, "%lld/%lld/%lld %s", now.people, now.memberships, now.hr_rows, today),
			 err);
}

/*
 * A directory that has lost a large part of itself since the last complete night is a gap, until a second night says the
 * same: it has happened that a failed search was read as "everybody has left".
 */
static int
check_shrink(struct arena *mem, const struct rules *rules, struct store *store, int64_t now, struct snapshot *snapshot,
	     struct error *err)
{
	double ratio = rules->conf.directory.shrink_ratio;
	struct night last = { 0 };
	json_t *summary = NULL;
	const json_t *was;
	struct numbers seen = { snapshot->seen.people, snapshot->seen.memberships, snapshot->seen.hr_rows };
	bool known = false;

	if (!snapshot->complete)
		return 0;
	if (store_night_last(mem, store, "run", true, &last, err) < 0)
		return -1;
	if (!last.id || !last.summary)
		return 0;
	if (json_read(last.summary, strlen(last.summary), &summary, err) < 0)
		return error_in(err, "reading what night %lld saw", last.id);
	was = json_object_get(summary, "access");
	if (!shrunk(json_number(was, "people", 0), snapshot->seen.people, ratio) &&
	    !shrunk(json_number(was, "memberships", 0), snapshot->seen.memberships, ratio) &&
	    !shrunk(json_number(was, "hr_rows", 0), snapshot->seen.hr_rows, ratio)) {
		json_decref(summary);
		return store_set(store, "shrink", "-", err);    /* what an earlier night saw is nothing to go by any more */
	}
	if (confirmed(mem, store, seen, day_text(mem, clock_day(now)), ratio, &known, err) < 0) {
		json_decref(summary);
		return -1;
	}
	if (!known) {
		snapshot->complete = false;
		*arena_push(mem, &snapshot->gaps) = (struct gap){ "directory",
			rules->conf.directory_count == 1 ? rules->conf.directories[0].base : "all", NULL,
			arena_print(mem, "shrunk since the last complete night: people %lld to %lld, memberships %lld to "
				    "%lld, HR rows %lld to %lld; believed when another night says the same",
				    json_number(was, "people", 0), snapshot->seen.people,
				    json_number(was, "memberships", 0), snapshot->seen.memberships,
				    json_number(was, "hr_rows", 0), snapshot->seen.hr_rows) };
	}
	json_decref(summary);
	return 0;
}

/* ------------------------------------------------------------------ the phases */

/* Who has access, and who needs it.  The snapshot lives in `mem`, as the plan borrows names from it. */
int
plan_access(struct arena *mem, const struct rules *rules, const struct earlier *earlier, struct store *store,
	    int64_t now, struct snapshot *snapshot, struct plan *plan, struct error *err)
{
	if (collect_all(mem, rules, snapshot, err) < 0)
		return error_in(err, "collecting");
	if (store && check_shrink(mem, rules, store, now, snapshot, err) < 0)
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

static int
plan_share(struct arena *mem, struct retain *retain, const struct share *share, int hands, struct plan *plan,
	   struct error *err)
{
	struct scan_result seen = { 0 };

	if (scan_share(mem, share, hands, retain_share(retain, share), &seen, err) < 0)
		return error_in(err, "scanning share '%s'", share->id);
	log_info("scan done share='%s' files=%lld folders=%lld gaps=%zu", share->id, seen.files, seen.folders,
		 seen.gaps.count);
	return retain_finish(retain, share, seen.gaps.items, seen.gaps.count, seen.visited, plan, err);
}

/* What lies on the shares, and what is due. */
int
plan_files(struct arena *mem, const struct rules *rules, const struct earlier *earlier, int hands, int64_t now,
	   struct plan *plan, struct error *err)
{
	struct retain *retain = retain_open(mem, &(struct retain_input){
		.rules = rules, .holds = earlier->holds.items, .hold_count = earlier->holds.count, .now = now,
	}, err);
	int rc = 0;

	if (!retain)
		return -1;
	for (size_t i = 0; i < rules->share_count && rc == 0; i++) {
		rc = plan_share(mem, retain, &rules->shares[i], hands, plan, err);
		if (rc == 0 && stop_asked())
			rc = error_set(err, ERROR_STOPPED, "asked to stop after share '%s'", rules->shares[i].id);
	}
	retain_close(retain);
	plan->files_judged = rc == 0;
	if (rc == 0)
		log_info("retain done files=%lld due=%lld ungoverned=%lld held=%lld", plan->filed.files,
			 plan->filed.due_files, plan->filed.ungoverned, plan->filed.held);
	return rc;
}

int
run_plan(struct arena *mem, const struct rules *rules, const struct run_options *how, struct plan *plan,
	 struct error *err)
{
	struct snapshot snapshot = { 0 };
	struct earlier earlier = { 0 };
	struct store *store = NULL;
	int rc = -1;

	if (store_look(rules, &store, err) < 0 || earlier_load(mem, rules, store, false, how->now, &earlier, err) < 0 ||
	    plan_access(mem, rules, &earlier, NULL, how->now, &snapshot, plan, err) < 0)
		goto out;
	if (stop_asked()) {
		error_set(err, ERROR_STOPPED, "asked to stop before the shares were read");
		goto out;
	}
	if (plan_files(mem, rules, &earlier, how->hands, how->now, plan, err) < 0)
		goto out;
	plan_sort(plan);
	if (propose_owners(mem, &(struct propose_input){
		.rules = rules, .snapshot = &snapshot, .plan = plan, .now = how->now }, err) < 0)
		goto out;
	propose_brakes(mem, &rules->conf, plan);
	plan_sort(plan);
	rc = 0;
out:
	json_decref(snapshot.certificate);
	store_close(store);
	return rc;
}
