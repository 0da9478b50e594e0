/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * run.c - one night, phase after phase; read it first.
 *
 *     decide (yesterday's answers) ─┐
 *     register ─ collect ─ reconcile ─┐
 *                   scan ─── retain ──┴─ propose ─ notify ═ mail
 *                                          └─ store, audit
 *
 * The phases are in plan.c (what looks and changes nothing); what is carried out is in carry.c.
 */
#include "run_p.h"
#include <behov/audit.h>
#include <behov/digest.h>
#include <behov/json.h>
#include <behov/log.h>
#include <behov/measure.h>
#include <behov/notify.h>
#include <behov/quarter.h>
#include <behov/retain.h>
#include <behov/step.h>
#include <behov/text.h>

static int
take_decisions(struct arena *mem, const struct rules *rules, struct store *store, int64_t now,
	       struct take_result *out, struct error *err)
{
	if (take_inbox(mem, rules, store, now, out, err) < 0)
		return error_in(err, "taking decisions from the inbox");
	if (out->taken || out->refused)
		log_info("decide done taken=%lld approved=%lld kept=%lld undone=%lld refused=%lld", out->taken,
			 out->approved, out->kept, out->undone, out->refused);
	if (out->unread)
		log_error("decisions wait in the inbox, and nothing is carried out before they can be read: %s", out->unread);
	return 0;
}

/* A hold written in the rules becomes a row in the store; only `behov hold lift` takes it away. */
static int
keep_holds(struct arena *mem, const struct rules *rules, struct store *store, int64_t now, struct error *err)
{
	struct holds known = { 0 };

	if (!rules->hold_count)
		return 0;
	if (store_begin(store, err) < 0 || store_holds(mem, store, true, &known, err) < 0)
		goto fail;
	for (size_t i = 0; i < rules->hold_count; i++) {
		const struct hold *hold = &rules->holds[i];
		bool stands = false;
		json_t *payload;
		int rc;

		for (size_t k = 0; k < known.list.count; k++)
			stands |= strcmp(known.list.items[k].hold.id, hold->id) == 0;
		if (stands)
			continue;
		payload = json_pack("{s:s, s:s?, s:s?, s:s?}", "hold", hold->id, "share", hold->share, "reason", hold->reason,
				    "by", hold->by);
		rc = store_hold_add(store, hold, true, now, err);
		if (rc == 0)
			rc = audit_add(store, now, "run", "hold-set", payload, err);
		json_decref(payload);
		if (rc < 0)
			goto fail;
	}
	return store_commit(store, err);
fail:
	store_rollback(store);
	return error_in(err, "keeping the holds of the rules");
}

/* What came of the night: what is asked now, what was decided since the last one, and how long it took. */
static int
put_work(struct arena *mem, struct store *store, const struct night_result *night, json_t *all, struct error *err)
{
	struct tallies tallies = { 0 };
	long long open = 0;

	if (store_tallies(mem, store, &tallies, err) < 0)
		return -1;
	for (size_t i = 0; i < tallies.list.count; i++)
		if (strcmp(tallies.list.items[i].state, state_word[STATE_OPEN]) == 0)
			open += tallies.list.items[i].count;
	json_object_set_new(all, "work", json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "open", (json_int_t)open, "opened",
						   (json_int_t)night->proposed.opened, "withdrawn", (json_int_t)night->proposed.withdrawn,
						   "decided", (json_int_t)night->decided.taken, "gaps", (json_int_t)night->plan.gaps.count,
						   "milliseconds", (json_int_t)((clock_spent() - night->began) * 1000)));
	return 0;
}

/* What the night saw, as it is stored: counts, and the certificate of the directory. */
static int
summary(struct arena *mem, const struct rules *rules, struct store *store, const struct snapshot *seen, const struct night_result *night,
	int64_t now, char **out, struct error *err)
{
	const struct plan *plan = &night->plan;
	json_t *measured = NULL;
	json_t *all = json_pack("{s:{s:I, s:I, s:I, s:I, s:b}, s:{s:I, s:I, s:I, s:I, s:I}, s:i, s:i, s:i, s:O?}", "access",
				"people", (json_int_t)seen->seen.people, "groups", (json_int_t)seen->seen.groups,
				"memberships", (json_int_t)seen->seen.memberships, "hr_rows",
				(json_int_t)seen->seen.hr_rows, "whole", seen->complete, "files", "files", (json_int_t)plan->filed.files,
				"folders", (json_int_t)plan->filed.folders, "ungoverned",
				(json_int_t)plan->filed.ungoverned, "held", (json_int_t)plan->filed.held, "due",
				(json_int_t)plan->filed.due_files, "missing", (int)plan->missing.count, "conflicts",
				(int)plan->conflicts.count, "structural", (int)plan->structural.count, "certificate",
				seen->certificate);
	json_t *review = NULL, *duties = NULL;
	int rc = put_work(mem, store, night, all, err) < 0 || review_json(mem, rules, store, plan, &review, err) < 0 ||
		 administrators_duties(mem, rules, store, &duties, err) < 0 ? -1 : 0;

	if (rc == 0)
		rc = measure_night(mem, &(struct measure_input){ rules, store, now }, plan, night->chain, &measured, err);
	json_object_set_new(all, "measure", measured);
	json_object_set_new(all, "stock", stock_json(plan));
	json_object_set_new(all, "review", review ? review : json_null());
	json_object_set_new(all, "duties", duties ? duties : json_null());
	*out = json_canonical(mem, all);
	json_decref(all);
	return rc;
}

static int
count_braked(struct arena *mem, const struct rules *rules, struct store *store, long long *out, long long *queued, struct error *err)
{
	struct stored_list list = { 0 };
	long long shares;
	bool directory;

	if (store_proposals(mem, store, &(struct proposal_filter){ .states = STATES(STATE_BRAKED), .brief = true }, &list, err) < 0)
		return -1;
	*out = (long long)list.list.count;
	stored_free(&list);
	if (store_proposals(mem, store, &(struct proposal_filter){ .states = STATES(STATE_QUEUED), .brief = true }, &list, err) < 0)
		return -1;
	*queued = (long long)list.list.count;
	stored_free(&list);
	if (shrink_stands(mem, store, &directory, err) < 0 || vanish_count(mem, rules, store, &shares, err) < 0)
		return -1;
	*out += directory + shares;
	return 0;
}

/* Where the page can offer owners to say when something ended.  A name that is no UTF-8 cannot be posted back. */
static int
keep_lacking(struct arena *mem, struct store *store, const struct plan *plan, struct error *err)
{
	json_t *all = json_array();
	int rc;

	for (size_t i = 0; i < plan->lacking.count; i++) {
		const struct lacking *l = &plan->lacking.items[i];
		json_t *o = json_object(), *paths = json_array();

		json_put(o, "series", l->series);
		json_put(o, "share", l->share);
		json_object_set_new(o, "files", json_integer(l->files));
		json_object_set_new(o, "younger", json_integer(l->younger));
		for (int k = 0; k < l->path_count; k++)
			if (text_is_utf8(l->paths[k], strlen(l->paths[k])))
				json_array_append_new(paths, json_string(l->paths[k]));
		json_object_set_new(o, "paths", paths);
		json_array_append_new(all, o);
	}
	rc = store_set(store, LACKING_VALUE, json_canonical(mem, all), err);
	json_decref(all);
	return rc;
}

/* What apply's brake measures against.  Half of a night says nothing about the other half. */
static int
keep_sizes(struct arena *mem, struct store *store, const struct plan *plan, struct error *err)
{
	const char *text = NULL, *scope;
	json_t *all = NULL, *of;
	void *next;
	int rc;

	if (store_get(mem, store, SIZES_VALUE, &text, err) < 0 || (text && json_read(text, strlen(text), &all, err) < 0))
		return -1;
	all = all ? all : json_object();
	json_object_foreach_safe(all, next, scope, of)
		if (strncmp(scope, "system:", 7) == 0 ? plan->access_judged : plan->files_judged)
			json_object_del(all, scope);
	for (size_t i = 0; i < plan->sizes.count; i++)
		json_object_set_new(all, plan->sizes.items[i].scope, json_integer(plan->sizes.items[i].of));
	rc = store_set(store, SIZES_VALUE, json_canonical(mem, all), err);
	json_decref(all);
	return rc;
}

/* That there was a night, by which rules, and what it saw: the row in the store may be changed, this one not unseen. */
static int
note_night(struct arena *mem, const struct rules *rules, struct store *store, long long id, const char *seen, bool complete,
	   int64_t now, struct error *err)
{
	json_t *payload = json_object();
	int rc;

	json_object_set_new(payload, "night", json_integer(id));
	json_put(payload, "rules", rules->digest);
	json_object_set_new(payload, "complete", json_boolean(complete));
	json_put(payload, "seen", digest_text(mem, seen));
	rc = audit_add(store, now, "run", "night-published", payload, err);
	json_decref(payload);
	return rc;
}

/* Everything that tonight says, in one transaction. */
static int
publish(struct arena *mem, const struct rules *rules, struct store *store, const struct snapshot *snapshot,
	const struct handled_list *handled, const struct run_options *how, long long id, struct night_result *out, struct error *err)
{
	struct propose_input in = { .rules = rules, .snapshot = snapshot, .plan = &out->plan, .store = store, .handled = handled->list.items,
				    .handled_count = handled->list.count, .now = how->now };
	char *seen;
	const struct notify_input letters = { .rules = rules, .snapshot = snapshot, .store = store, .now = how->now };

	if (store_begin(store, err) < 0)
		return -1;
	if (propose_owners(mem, &in, err) < 0 || propose_reviewers(mem, &in, err) < 0 || propose_all(mem, &in, &out->proposed, err) < 0 ||
	    propose_questions(mem, &in, err) < 0)
		goto fail;
	if (notify_findings(mem, store, &out->plan, err) < 0)
		goto fail;
	plan_sort(&out->plan);
	if (store_facts_put(store, &out->plan, how->now, err) < 0 ||
	    store_grants_put(store, &out->plan, how->now, err) < 0 || store_marks_put(store, &out->plan, how->now, err) < 0 || keep_lacking(mem, store, &out->plan, err) < 0 ||
	    keep_sizes(mem, store, &out->plan, err) < 0)
		goto fail;
	if (notify_compose(mem, &letters, &out->letters, err) < 0 || count_braked(mem, rules, store, &out->braked, &out->queued, err) < 0)
		goto fail;
	if (administrators_keep(mem, rules, store, snapshot, err) < 0 || summary(mem, rules, store, snapshot, out, how->now, &seen, err) < 0 ||
	    store_night_end(store, id, "published", out->plan.gaps.count == 0, how->now, seen, err) < 0 ||
	    note_night(mem, rules, store, id, seen, out->plan.gaps.count == 0, how->now, err) < 0)
		goto fail;
	if (stop_asked()) {
		error_set(err, ERROR_STOPPED, "asked to stop before the night was published");
		goto fail;
	}
	return store_commit(store, err);
fail:
	store_rollback(store);
	return error_in(err, "publishing the night");
}

/* What an owner is asked to review of a quarter, once it is over: of what earlier nights saw, so that this one bears on none of it. */
static int
lay_lists(struct arena *mem, const struct rules *rules, struct store *store, int64_t now, struct error *err)
{
	long long made;

	if (reviews_make(mem, &(struct report_input){ rules, store, now }, &made, err) < 0)
		return error_in(err, "making the lists that owners review");
	if (made)
		log_info("review done lists=%lld", made);
	return 0;
}

/* Letters that could not be sent stay in the store and are tried next night: the night itself is good. */
static int
send_letters(struct arena *mem, const struct rules *rules, struct store *store, int64_t now, struct night_result *out,
	     struct error *err)
{
	const struct notify_input in = { .rules = rules, .store = store, .now = now };

	if (notify_send(mem, &in, &out->sent, &out->unsent, err) < 0)
		return error_in(err, "sending letters");
	log_info("notify done letters=%lld sent=%lld unsent=%lld", out->letters, out->sent, out->unsent);
	if (out->unsent)
		log_warn("letters that could not be sent are tried again next night unsent=%lld", out->unsent);
	return 0;
}

static int
whole_night(struct arena *mem, const struct rules *rules, struct store *store, const struct run_options *how,
	    long long id, struct night_result *out, struct error *err)
{
	struct handled_list handled = { 0 };
	struct snapshot snapshot = { 0 };
	struct earlier earlier = { 0 };
	int rc = -1;

	if (keep_holds(mem, rules, store, how->now, err) < 0 ||
	    earlier_load(mem, rules, store, true, how->now, &earlier, err) < 0)
		goto out;
	if (plan_access(mem, rules, &earlier, store, how->now, &snapshot, &out->plan, err) < 0)
		goto out;
	if (stop_asked()) {
		error_set(err, ERROR_STOPPED, "asked to stop before the shares were read");
		goto out;
	}
	if (plan_files(mem, rules, &earlier, store, how, true, &out->plan, err) < 0)
		goto out;
	plan_sort(&out->plan);
	if (handled_look(mem, rules, store, &out->plan, &handled, err) < 0 || lay_lists(mem, rules, store, how->now, err) < 0 ||
	    publish(mem, rules, store, &snapshot, &handled, how, id, out, err) < 0)
		goto out;
	log_info("propose done opened=%lld same=%lld changed=%lld withdrawn=%lld braked=%lld held=%lld undone=%lld queued=%lld turned=%lld",
		 out->proposed.opened, out->proposed.same, out->proposed.changed, out->proposed.withdrawn,
		 out->proposed.braked, out->proposed.held, out->proposed.undone, out->proposed.queued, out->proposed.turned);
	rc = send_letters(mem, rules, store, how->now, out, err);
out:
	json_decref(snapshot.certificate);
	return rc;
}

/* A store that does not hold what was signed of it stops apply; the night looks and asks all the same, and says so. */
static void
tell_seals(struct arena *mem, const struct rules *rules, struct store *store, struct plan *plan)
{
	struct error why = { 0 };

	if (seal_check(mem, &rules->conf, store, &why) < 0)
		*arena_push(mem, &plan->findings) = (struct finding){ .kind = "seal", .text = arena_print(mem,
			"Granskningskedjan stämmer inte med sina undertecknade huvuden, och inget verkställs förrän det är utrett: %s", why.text) };
}

/* All of the chain is walked once a night: who changed a row without the key is found, though apply has nothing to do. */
static void
walk_chain(struct arena *mem, const struct rules *rules, struct store *store, struct night_result *night)
{
	struct audit_result *chain = arena_new(mem, struct audit_result);
	struct error why = { 0 };

	if (audit_judge(mem, &rules->conf, store, chain, &why) < 0) {
		log_error("cannot read the audit chain: %s", why.text);
		return;
	}
	night->chain = chain;
	if (chain->broken)
		*arena_push(mem, &night->plan.findings) = (struct finding){ .kind = "chain", .text = arena_print(mem,
			"Granskningskedjan är bruten vid rad %lld: %s", chain->broken, chain->why) };
}

/* A night is no worse for it; what watches sees that the file is old. */
void
write_metrics(struct arena *mem, const struct rules *rules, struct store *store, int64_t now)
{
	struct error why = { 0 };

	if (measure_write(mem, &(struct measure_input){ rules, store, now }, &why) < 0)
		log_error("cannot write the metrics: %s", why.text);
}

/* What apply has destroyed is told of, though it was ended before it could. */
static int
tell_protocols(struct arena *mem, const struct rules *rules, struct store *store, int64_t now, struct plan *plan, struct error *err)
{
	const char *why;

	if (run_protocols(mem, rules, store, now, "run", &why, err) < 0)
		return error_in(err, "issuing gallringsprotokoll");
	if (why)
		*arena_push(mem, &plan->findings) = (struct finding){ .kind = "protocol", .text = arena_print(mem,
			"Ett gallringsprotokoll går inte att utfärda eller skriva: %s", why) };
	return 0;
}

int
run_night(struct arena *mem, const struct rules *rules, const struct run_options *how, struct night_result *out,
	  struct error *err)
{
	struct desk desk;
	struct error late = { 0 };
	const char *why = NULL;
	long long id = 0;
	int rc = -1;

	out->began = clock_spent();
	if (run_desk_open(mem, rules, how->now, false, &desk, err) < 0)
		return -1;
	if (take_decisions(mem, rules, desk.store, how->now, &out->decided, err) < 0 ||
	    store_night_start(desk.store, "run", how->now, rules->digest, &id, err) < 0)
		goto out;
	step("night-started");
	if (out->decided.unread)
		*arena_push(mem, &out->plan.gaps) = (struct gap){ "inbox", "", NULL, out->decided.unread };
	tell_seals(mem, rules, desk.store, &out->plan);
	walk_chain(mem, rules, desk.store, out);
	if (tell_protocols(mem, rules, desk.store, how->now, &out->plan, err) == 0)
		rc = whole_night(mem, rules, desk.store, how, id, out, err);
	/* What this night saw that a person has carried out; one that fails is told by the next. */
	if (rc == 0 && run_protocols(mem, rules, desk.store, how->now, "run", &why, &late) < 0)
		log_warn("cannot issue gallringsprotokoll: %s", late.text);
	if (rc < 0 && store_night_end(desk.store, id, "failed", false, how->now, NULL, &late) < 0)
		log_warn("cannot note that the night failed: %s", late.text);
	write_metrics(mem, rules, desk.store, how->now);
out:
	run_desk_close(&desk);
	return rc;
}
