/* SPDX-License-Identifier: GPL-3.0-or-later */
/* carry.c - the desk of a verb that writes (lock, clock), and carrying out what was approved, with fresh eyes. */
#include "run_p.h"
#include <behov/audit.h>
#include <behov/collect.h>
#include <behov/file.h>
#include <behov/json.h>
#include <behov/log.h>
#include <behov/measure.h>
#include <behov/protocol.h>
#include <behov/retain.h>
#include <behov/scan.h>
#include <behov/text.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

/* ------------------------------------------------------------------ the desk */

#define CLOCK_JUMP_MOST (7 * 86400)

/* Who can open it, if only to read, could hold it and stop every night: for the accounts that write the store, not for those
 * that read it. */
static int
take_lock(struct arena *mem, const struct rules *rules, struct error *err)
{
	const char *path = arena_print(mem, "%s.lock", run_store_path(rules));
	int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return error_sys(err, ERROR_STORE, "cannot open the lock '%s'", path);
	if (file_share(fd, path, true, err) < 0)
		goto fail;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	if (errno == EWOULDBLOCK)
		error_set(err, ERROR_STORE, "another behov is at work with this store (it holds '%s'): wait for it, or see "
			  "'fuser %s'", path, path);
	else
		error_sys(err, ERROR_STORE, "cannot lock '%s'", path);
fail:
	close(fd);
	return -1;
}

static int
check_clock(struct arena *mem, struct store *store, int64_t now, bool confirm, struct error *err)
{
	const char *text = NULL;
	int64_t last;

	if (clock_frozen() && !store_is_test(store))
		return error_set(err, ERROR_USAGE, "--now is for plan, report, explain and check; this store is not a test store");
	if (store_get(mem, store, "clock", &text, err) < 0)
		return -1;
	if (text && !store_is_test(store)) {
		if (clock_parse(text, &last) < 0)
			return error_set(err, ERROR_STORE, "the store's last moment '%s' is not one", text);
		if (now < last)
			return error_set(err, ERROR_STORE, "the clock shows %s, before the last run (%s): set the clock right",
					 clock_text(mem, now), text);
		if (now - last > CLOCK_JUMP_MOST && !confirm)
			return error_set(err, ERROR_STORE, "the clock shows %s, more than 7 days after the last run (%s): if that is "
					 "right, say so with 'behov store clock'", clock_text(mem, now), text);
	}
	return store_set(store, "clock", clock_text(mem, now), err);
}

int
run_desk_open(struct arena *mem, const struct rules *rules, int64_t now, bool confirm, struct desk *out,
	      struct error *err)
{
	*out = (struct desk){ NULL, -1 };
	out->lock = take_lock(mem, rules, err);
	if (out->lock < 0)
		return -1;
	if (store_open(run_store_path(rules), STORE_WRITE, &out->store, err) < 0 ||
	    check_clock(mem, out->store, now, confirm, err) < 0) {
		run_desk_close(out);
		return -1;
	}
	return 0;
}

void
run_desk_close(struct desk *desk)
{
	store_close(desk->store);
	if (desk->lock >= 0)
		close(desk->lock);
	*desk = (struct desk){ NULL, -1 };
}

/* ------------------------------------------------------------------ eyes */

struct eyes {
	struct arena *mem;
	const struct rules *rules;
	struct store *store;
	struct earlier earlier;
	struct retain *retain;
	int64_t now;
	struct scan_turns *turns;       /* of the share below */
	const struct share *paced;
};

static int
open_root(void *self, const struct share *share, struct error *err)
{
	(void)self;
	return scan_open_root(share, err);
}

/* What counts from a newer version is judged beside what lies in its folder now. */
static const char *
objection(void *self, const struct share *share, const char *path, const struct entry *entry, const struct consent *approved)
{
	struct eyes *eyes = self;
	struct error why = { 0 };

	if (retain_needs_folder(eyes->retain, share, path) && run_see_folder(eyes->mem, eyes->retain, share, path, &why) < 0) {
		log_warn("the folder of a record cannot be seen: %s", why.text);
		return "det går inte att se vad som ligger bredvid, och inte om det finns en nyare version";
	}
	return retain_objection(eyes->retain, share, path, entry, approved);
}

static bool
turn(void *self, const struct share *share)
{
	struct eyes *eyes = self;

	if (eyes->paced != share)
		eyes->turns = scan_turns(eyes->mem, share);
	eyes->paced = share;
	return scan_turn(eyes->turns);
}

/* Found by key: since it was approved, others may have got their names.  The name of a member with protected identity is in no
 * table, and stays in this process. */
static void
name_edge(const struct snapshot *snapshot, struct stored *s)
{
	long who = s->p.guid ? snapshot_account(snapshot, s->p.guid) : -1;
	long nested = who < 0 && s->p.guid ? snapshot_group(snapshot, s->p.guid) : -1;
	long group = s->p.group_guid ? snapshot_group(snapshot, s->p.group_guid) : -1;

	s->dn = who >= 0 ? snapshot->accounts[who].dn : nested >= 0 ? snapshot->groups[nested].dn : NULL;
	s->group_dn = group >= 0 ? snapshot->groups[group].dn : NULL;
}

/* What was begun goes on: it was good enough then. */
static int
cut_of(const struct eyes *eyes, const struct stored *s, struct cut *out, struct error *err)
{
	bool begun;

	if (store_begun(eyes->store, s->id, &begun, err) < 0)
		return -1;
	*out = (struct cut){ s->p.guid, s->p.group_guid, begun ? NULL : &s->p };
	return 0;
}

/* Reads the directory again and asks which of the cuts are safe together. */
static int
judge(void *self, struct arena *mem, struct stored *list, size_t count, bool *safe, const char **why,
      struct error *err)
{
	struct eyes *eyes = self;
	struct snapshot snapshot = { 0 };
	struct cut *cuts = arena_array(mem, struct cut, count + 1);
	bool *there = arena_array(mem, bool, count + 1);
	int rc = -1;

	for (size_t i = 0; i < count; i++)
		if (cut_of(eyes, &list[i], &cuts[i], err) < 0)
			return -1;
	if (collect_all(mem, eyes->rules, false, &snapshot, err) < 0)
		return error_in(err, "reading the directory again");
	for (size_t i = 0; i < count; i++)
		name_edge(&snapshot, &list[i]);
	if (secret_hide(mem, eyes->earlier.secret, NULL, &snapshot, err) == 0 &&
	    shrink_check(mem, eyes->rules, eyes->store, eyes->now, &snapshot, err) == 0)
		rc = reconcile_safe(mem, &(struct reconcile_input){
			.rules = eyes->rules, .snapshot = &snapshot, .cuts = cuts, .cut_count = count,
			.exceptions = eyes->earlier.exceptions.items, .exception_count = eyes->earlier.exceptions.count,
			.now = eyes->now,
		}, safe, there, why, err);
	for (size_t i = 0; i < count; i++)
		list[i].unseen = !there[i];
	json_decref(snapshot.certificate);
	return rc;
}

static int
proven(void *self, const struct share *share, int root, enum proven *out, struct error *err)
{
	struct eyes *eyes = self;
	const char *text = NULL, *now = apply_probe_seen(eyes->mem, share, root);
	json_t *told = NULL;

	*out = PROVEN_NOT_YET;
	if (store_get(eyes->mem, eyes->store, arena_print(eyes->mem, PROBE_VALUE "%s", share->id), &text, err) < 0 ||
	    (text && json_read(text, strlen(text), &told, err) < 0))
		return -1;
	if (now && json_text(told, "seen") && strcmp(now, json_text(told, "seen")) == 0)
		*out = json_is_true(json_object_get(told, "good")) ? PROVEN_GOOD : PROVEN_BAD;
	json_decref(told);
	return 0;
}

static int
eyes_open(struct arena *mem, const struct rules *rules, struct store *store, int64_t now, struct eyes *out,
	  struct error *err)
{
	*out = (struct eyes){ .mem = mem, .rules = rules, .store = store, .now = now };
	if (earlier_load(mem, rules, store, true, now, &out->earlier, err) < 0)
		return error_in(err, "nothing is carried out when holds and decisions cannot be read");
	out->retain = retain_open(mem, &(struct retain_input){
		.rules = rules, .holds = out->earlier.holds.items, .hold_count = out->earlier.holds.count,
		.events = out->earlier.events.items, .event_count = out->earlier.events.count,
		.received = out->earlier.received.items, .received_count = out->earlier.received.count, .now = now,
	}, err);
	return out->retain ? 0 : -1;
}

/* ------------------------------------------------------------------ apply and restore */

/* Of what has been destroyed, now or before.  Not being able to write them undoes nothing: the next run or apply tries again. */
int
run_protocols(struct arena *mem, const struct rules *rules, struct store *store, int64_t now, const char *actor, const char **why,
	      struct error *err)
{
	struct protocols_done done;

	*why = NULL;
	if (protocols_issue(mem, &(struct report_input){ rules, store, now }, actor, &done, err) < 0)
		return -1;
	if (done.issued || done.written || done.unwritten)
		log_info("protocols done issued=%lld written=%lld unwritten=%lld", done.issued, done.written, done.unwritten);
	*why = done.why;
	return 0;
}

/* What this run did, for who looks at how it goes. */
static int
keep_applied(struct arena *mem, struct store *store, const struct apply_result *done, bool good, int64_t now, struct error *err)
{
	const char *text = NULL;
	json_t *before = NULL, *all, *runs;
	int rc;

	if (store_get(mem, store, APPLIED_VALUE, &text, err) < 0 || (text && json_read(text, strlen(text), &before, err) < 0))
		return -1;
	all = json_pack("{s:I, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "at", (json_int_t)now, "good", (int)good, "removed",
			(json_int_t)done->removed, "exported", (json_int_t)done->exported, "packaged", (json_int_t)done->packaged,
			"quarantined", (json_int_t)done->quarantined, "unlinked", (json_int_t)done->unlinked, "left", (json_int_t)done->left,
			"braked", (json_int_t)done->braked, "failed", (json_int_t)done->failed);
	runs = json_is_array(json_object_get(before, "runs")) ? json_deep_copy(json_object_get(before, "runs")) : json_array();
	json_array_append_new(runs, json_integer(now));
	while (json_array_size(runs) > APPLIED_RUNS)
		json_array_remove(runs, 0);
	json_object_set_new(all, "runs", runs);
	rc = store_set(store, APPLIED_VALUE, json_canonical(mem, all), err);
	json_decref(before);
	json_decref(all);
	return rc;
}

/* However it ended. */
static void
tell_applied(struct arena *mem, const struct rules *rules, struct store *store, const struct apply_result *done, bool good, int64_t now)
{
	struct error why = { 0 };

	if (keep_applied(mem, store, done, good, now, &why) < 0)
		log_error("cannot note what apply did: %s", why.text);
	write_metrics(mem, rules, store, now);
}

int
run_apply(struct arena *mem, const struct rules *rules, const struct run_options *how, struct apply_result *out,
	  struct error *err)
{
	struct take_result decided = { 0 };
	const char *unwritten = NULL;
	struct eyes eyes = { 0 };
	struct desk desk;
	int rc = -1;

	if (run_desk_open(mem, rules, how->now, false, &desk, err) < 0)
		return -1;
	if (seal_check(mem, &rules->conf, desk.store, err) < 0) {
		error_in(err, "nothing is carried out");
		goto out;
	}
	if (take_inbox(mem, rules, desk.store, how->now, &decided, err) < 0) {
		error_in(err, "taking decisions from the inbox");
		goto out;
	}
	if (decided.unread) {
		error_set(err, ERROR_STORE, "nothing is carried out, because an undo may lie in the inbox: %s", decided.unread);
		goto out;
	}
	if (eyes_open(mem, rules, desk.store, how->now, &eyes, err) < 0)
		goto out;
	rc = apply_all(mem, &(struct apply_input){
		.rules = rules, .store = desk.store, .now = how->now,
		.eyes = &(struct apply_eyes){ &eyes, open_root, objection, judge, proven, turn },
	}, out, err);
	if (rc == 0)
		rc = run_protocols(mem, rules, desk.store, how->now, "apply", &unwritten, err);
	out->failed += unwritten != NULL;
	log_info("apply %s removed=%lld exported=%lld packaged=%lld quarantined=%lld unlinked=%lld waiting=%lld left=%lld braked=%lld failed=%lld",
		 rc < 0 ? "ended early" : "done", out->removed, out->exported, out->packaged, out->quarantined, out->unlinked,
		 out->waiting, out->left, out->braked, out->failed);
out:
	tell_applied(mem, rules, desk.store, out, rc == 0, how->now);
	retain_close(eyes.retain);
	run_desk_close(&desk);
	return rc;
}

int
run_restore(struct arena *mem, const struct rules *rules, const struct run_options *how, const char *id,
	    const char *by, const char *reason, struct error *err)
{
	struct eyes eyes = { 0 };
	struct desk desk;
	int rc = -1;

	if (run_desk_open(mem, rules, how->now, false, &desk, err) < 0)
		return -1;
	if (seal_check(mem, &rules->conf, desk.store, err) < 0)
		error_in(err, "nothing is restored");
	else if (eyes_open(mem, rules, desk.store, how->now, &eyes, err) == 0)
		rc = apply_restore(mem, &(struct apply_input){
			.rules = rules, .store = desk.store, .now = how->now,
			.eyes = &(struct apply_eyes){ &eyes, open_root, objection, judge, proven, turn },
		}, id, by, reason, err);
	retain_close(eyes.retain);
	run_desk_close(&desk);
	return rc;
}
