/* SPDX-License-Identifier: GPL-3.0-or-later */
/* act.c - the verbs that change something: run serve apply restore decide hold series store share. */
#include "run_p.h"
#include "verbs_p.h"
#include <behov/audit.h>
#include <behov/decide.h>
#include <behov/json.h>
#include <behov/log.h>
#include <behov/register.h>
#include <behov/scan.h>
#include <behov/text.h>

#include <unistd.h>

int verb_run(struct arena *mem, const struct options *options, int count, char **words, struct error *err)
{
	struct run_options how = { .hands = options->hands, .full = options->full, .now = clock_now() };
	struct night_result night = { 0 };
	struct rules rules;
	int rc = -1;

	(void)words;
	if (count)
		return error_set(err, ERROR_USAGE, "'run' takes no arguments");
	if (register_load(mem, options->config, &rules, err) == 0 && give_up(mem, POWERS_RUN, &rules, err) == 0 &&
	    run_night(mem, &rules, &how, &night, err) == 0)
		rc = say(run_night_table(mem, &night), err);
	if (rc == 0)
		rc = night.braked ? EXIT_BRAKE : night.plan.gaps.count || night.unsent ? EXIT_GAPS : EXIT_DONE;
	plan_free(&night.plan);
	return rc;
}

static void
say_ready(int port)
{
	log_info("the page is served port=%d", port);
}

int verb_serve(struct arena *mem, const struct options *options, int count, char **words, struct error *err)
{
	struct rules rules;
	struct store *store = NULL;
	bool test;

	(void)words;
	if (count)
		return error_set(err, ERROR_USAGE, "'serve' takes no arguments");
	if (register_load(mem, options->config, &rules, err) < 0)
		return -1;
	if (store_open(run_store_path(&rules), STORE_READ, &store, err) < 0)
		return error_in(err, "there is nothing to serve before 'behov run' has made the store");
	test = store_is_test(store);
	store_close(store);
	if (clock_frozen() && !test)
		return error_set(err, ERROR_USAGE, "--now is for plan, report, explain and check; this store is not a test store");
	return give_up(mem, POWERS_SERVE, &rules, err) < 0 ? -1 : decide_serve(&rules, say_ready, err);
}

int verb_apply(struct arena *mem, const struct options *options, int count, char **words, struct error *err)
{
	struct run_options how = { .hands = options->hands, .now = clock_now() };
	struct apply_result done = { 0 };
	struct rules rules;

	(void)words;
	if (count)
		return error_set(err, ERROR_USAGE, "'apply' takes no arguments");
	if (register_load(mem, options->config, &rules, err) < 0 || give_up(mem, POWERS_APPLY, &rules, err) < 0 ||
	    run_apply(mem, &rules, &how, &done, err) < 0 ||
	    say(run_apply_table(mem, &done), err) < 0)
		return -1;
	return done.braked ? EXIT_BRAKE : done.left || done.failed ? EXIT_GAPS : EXIT_DONE;
}

/* ------------------------------------------------------------------ what is done by name */

int
need_names(const struct options *options, bool two, const char *verb, struct error *err)
{
	if (!options->by || !*options->by)
		return error_set(err, ERROR_USAGE, "'%s' needs --by NAME: who decided", verb);
	if (!options->reason || !*options->reason)
		return error_set(err, ERROR_USAGE, "'%s' needs --reason TEXT", verb);
	if (two && (!options->second || strcmp(options->by, options->second) == 0))
		return error_set(err, ERROR_USAGE, "'%s' needs two different people: --by NAME --by NAME", verb);
	return 0;
}

const char *
actor(struct arena *mem, const struct options *options)
{
	return arena_print(mem, "%s%s%s (uid %u)", options->by, options->second ? ", " : "",
			   options->second ? options->second : "", (unsigned)getuid());
}

/* The archivist, where the configuration names one. */
static int
need_archivist(const struct rules *rules, const struct options *options, const char *verb, struct error *err)
{
	const char *archivist = rules->conf.people.archivist;

	if (!archivist || strcmp(options->by, archivist) == 0 ||
	    (options->second && strcmp(options->second, archivist) == 0))
		return 0;
	return error_set(err, ERROR_USAGE, "'%s' is the archivist's to decide: --by %s", verb, archivist);
}

int verb_restore(struct arena *mem, const struct options *options, int count, char **words, struct error *err)
{
	struct run_options how = { .now = clock_now() };
	struct rules rules;

	if (count != 1)
		return error_set(err, ERROR_USAGE, "use: behov restore ID --by NAME --reason TEXT");
	if (need_names(options, false, "restore", err) < 0 || register_load(mem, options->config, &rules, err) < 0 ||
	    give_up(mem, POWERS_APPLY, &rules, err) < 0)
		return -1;
	return run_restore(mem, &rules, &how, words[0], actor(mem, options), options->reason, err);
}

static int
release(struct arena *mem, const struct rules *rules, struct store *store, const struct options *options, const char *scope,
	struct error *err)
{
	struct released released = { 0 };
	bool directory = strcmp(scope, "directory") == 0, share = strncmp(scope, "share:", 6) == 0, shrunk = false;

	if (store_begin(store, err) < 0)
		return -1;
	if (directory ? shrink_release(mem, store, actor(mem, options), options->reason, clock_now(), &shrunk, err) < 0 :
	    share ? vanish_release(mem, store, scope + 6, actor(mem, options), options->reason, clock_now(), &shrunk, err) < 0 :
	    propose_release(rules, store, scope, actor(mem, options), options->reason, clock_now(), &released, err) < 0) {
		store_rollback(store);
		return -1;
	}
	if (store_commit(store, err) < 0)
		return -1;
	if (shrunk)
		log_info("released scope='%s': the next night believes what it sees, unless it is still less", scope);
	if (!released.all && !shrunk)
		return error_set(err, ERROR_USAGE, "nothing is braked in '%s': see 'behov status'", scope);
	if (released.all)
		log_info("released scope='%s' proposals=%lld opened=%lld: the next night asks the owners, and the rest has its turn later", scope,
			 released.all, released.opened);
	return 0;
}

int verb_decide(struct arena *mem, const struct options *options, int count, char **words, struct error *err)
{
	static const char use[] = "use: behov decide keep|undo|hold|done ID, or behov decide release SCOPE|directory|share:ID, with --by NAME --reason TEXT "
				  "[--until DATE]";
	struct decision d = { .at = clock_now(), .until = DAY_NONE, .reason = options->reason, .source = "command line" };
	struct rules rules;
	struct desk desk;
	int rc;

	if (count != 2 || (strcmp(words[0], "keep") != 0 && strcmp(words[0], "undo") != 0 && strcmp(words[0], "hold") != 0 &&
			   strcmp(words[0], "done") != 0 && strcmp(words[0], "release") != 0))
		return error_set(err, ERROR_USAGE, "%s", use);
	d.until = day_parse(options->until);
	if (options->until && d.until == DAY_NONE)
		return error_set(err, ERROR_USAGE, "--until '%s' is not a date like 2027-01-31", options->until);
	if (need_names(options, false, "decide", err) < 0 || register_load(mem, options->config, &rules, err) < 0 ||
	    run_desk_open(mem, &rules, clock_now(), false, &desk, err) < 0)
		return -1;
	d.proposal = words[1];
	d.name = actor(mem, options);
	d.verdict = strcmp(words[0], "keep") == 0 ? VERDICT_KEEP : strcmp(words[0], "hold") == 0 ? VERDICT_HOLD :
		    strcmp(words[0], "done") == 0 ? VERDICT_DONE : VERDICT_UNDO;
	rc = strcmp(words[0], "release") == 0 ? release(mem, &rules, desk.store, options, words[1], err)
					      : take_by_hand(mem, &rules, desk.store, &d, clock_now(), err);
	run_desk_close(&desk);
	return rc;
}

/* ------------------------------------------------------------------ holds and series */

static int
list_holds(struct arena *mem, struct store *store, bool all, struct error *err)
{
	struct holds holds = { 0 };
	struct text t;
	int rc;

	if (store_holds(mem, store, all, &holds, err) < 0)
		return -1;
	text_open(&t, (size_t)64 << 20);
	for (size_t i = 0; i < holds.list.count; i++) {
		const struct stored_hold *h = &holds.list.items[i];

		text_print(&t, "%s  %s%s%s  %s (%s, %s)%s%s\n", h->hold.id, h->hold.share ? h->hold.share : "*",
			   h->hold.path ? "/" : "", h->hold.path ? h->hold.path : "", h->hold.reason ? h->hold.reason : "",
			   h->hold.by ? h->hold.by : "-", clock_local(mem, h->set),
			   h->lifted == INT64_MIN ? "" : "  hävt av ", h->lifted == INT64_MIN ? "" : h->lifted_by);
	}
	rc = say(t.data, err);
	text_close(&t);
	return rc;
}

/* Who may not is written down, too: in a transaction of its own. */
static int
refuse_lift(struct arena *mem, struct store *store, const struct options *options, const char *id, const char *why, struct error *err)
{
	json_t *payload = json_pack("{s:s, s:s, s:s}", "hold", id, "reason", options->reason, "refused", why);
	struct error trouble = { 0 };
	int rc = -1;

	if (store_begin(store, &trouble) == 0 &&
	    audit_add(store, clock_now(), actor(mem, options), "hold-lift-refused", payload, &trouble) == 0)
		rc = store_commit(store, &trouble);
	json_decref(payload);
	if (rc < 0) {
		store_rollback(store);
		*err = trouble;
		return -1;
	}
	return error_set(err, ERROR_USAGE, "%s", why);
}

/* What was approved on the page just now counts: it is taken first. */
static int
may_lift(struct arena *mem, const struct rules *rules, struct store *store, const struct options *options, const char *id,
	 struct error *err)
{
	struct take_result decided = { 0 };
	struct holds holds = { 0 };
	const char *why = NULL;

	if (take_inbox(mem, rules, store, clock_now(), &decided, err) < 0)
		return error_in(err, "taking decisions from the inbox");
	if (decided.unread)
		return error_set(err, ERROR_STORE, "no hold is lifted, because an approval of who would lift it may lie in the inbox: %s",
				 decided.unread);
	if (store_holds(mem, store, false, &holds, err) < 0)
		return -1;
	for (size_t i = 0; i < holds.list.count; i++)
		if (strcmp(holds.list.items[i].hold.id, id) == 0 &&
		    lift_refusal(mem, rules, store, &holds.list.items[i], options->by, options->second, &why, err) < 0)
			return -1;
	return why ? refuse_lift(mem, store, options, id, why, err) : 0;
}

static int
change_hold(struct arena *mem, struct store *store, const struct options *options, const char *what, const char *id,
	    struct error *err)
{
	bool add = strcmp(what, "add") == 0, found = false;
	int64_t now = clock_now();
	struct hold hold = { .id = id, .share = options->share, .path = options->path, .series = options->series,
			     .case_name = options->case_name, .reason = options->reason, .by = options->by,
			     .since = day_text(mem, clock_day(now)) };
	struct holds holds = { 0 };
	json_t *payload = json_pack("{s:s, s:s, s:s?, s:s?, s:s?}", "hold", id, "reason", options->reason, "share",
				    options->share, "path", options->path, "series", options->series);
	int rc = -1;

	if (store_begin(store, err) < 0 || store_holds(mem, store, add, &holds, err) < 0)
		goto out;
	for (size_t i = 0; i < holds.list.count; i++)
		found |= strcmp(holds.list.items[i].hold.id, id) == 0;
	if (found == add) {
		error_set(err, ERROR_USAGE, add ? "there has been a hold '%s' already: choose another id"
					      : "no hold '%s' stands: see 'behov hold list'", id);
		goto out;
	}
	rc = add ? store_hold_add(store, &hold, false, now, err)
		 : store_hold_lift(store, id, now, actor(mem, options), options->reason, err);
	if (rc == 0)
		rc = audit_add(store, now, actor(mem, options), add ? "hold-set" : "hold-lifted", payload, err);
	if (rc == 0)
		rc = store_commit(store, err);
out:
	if (rc < 0)
		store_rollback(store);
	json_decref(payload);
	return rc;
}

int verb_hold(struct arena *mem, const struct options *options, int count, char **words, struct error *err)
{
	bool list = count == 1 && strcmp(words[0], "list") == 0, lift = count == 2 && strcmp(words[0], "lift") == 0;
	struct rules rules;
	struct desk desk;
	int rc;

	if (!list && !lift && !(count == 2 && strcmp(words[0], "add") == 0))
		return error_set(err, ERROR_USAGE, "use: behov hold list [--all] | add ID [--share ID] [--path PATTERN] [--series ID] "
				 "[--case NAME] --by NAME --reason TEXT | lift ID --by NAME --by NAME --reason TEXT");
	if (!list && need_names(options, lift, "hold", err) < 0)
		return -1;
	if (register_load(mem, options->config, &rules, err) < 0)
		return -1;
	if (options->share && !rules_share(&rules, options->share))
		return error_set(err, ERROR_USAGE, "no share '%s' in the rules", options->share);
	if (options->series && !rules_series(&rules, options->series))
		return error_set(err, ERROR_USAGE, "no series '%s' in the rules", options->series);
	if (run_desk_open(mem, &rules, clock_now(), false, &desk, err) < 0)
		return -1;
	rc = list ? list_holds(mem, desk.store, options->all, err) :
	     lift && may_lift(mem, &rules, desk.store, options, words[1], err) < 0 ? -1
		  : change_hold(mem, desk.store, options, words[0], words[1], err);
	run_desk_close(&desk);
	return rc;
}

static const char *
draft_text(struct arena *mem, const struct series *s)
{
	return !s->decide_count ? "utkast, saknar beslut" :
	       arena_print(mem, "utkast, saknar beslut; %d att besluta om", s->decide_count);
}

static int
list_series(struct arena *mem, const struct rules *rules, struct store *store, struct error *err)
{
	struct text t;
	int rc = 0;

	text_open(&t, (size_t)64 << 20);
	for (size_t i = 0; i < rules->series_count && rc == 0; i++) {
		const struct series *s = &rules->series[i];
		struct activation a = { 0 };
		bool found = false, same;

		rc = store_series_active(mem, store, s->id, &a, &found, err);
		same = found && strcmp(a.digest, series_digest(mem, s)) == 0;
		text_print(&t, "%-28s %-10s %s%s%s\n", s->id, place_text(mem, s->at),
			   !s->decided ? draft_text(mem, s) : !found ? "inte aktiverad" : same ? "aktiverad av " :
			   "ändrad sedan den aktiverades av ", found ? a.by : "", found ? "" : "");
	}
	if (rc == 0)
		rc = say(t.data, err);
	text_close(&t);
	return rc;
}

static int
activate(struct arena *mem, const struct rules *rules, struct store *store, const struct options *options,
	 const char *id, struct error *err)
{
	const struct series *s = rules_series(rules, id);
	int64_t now = clock_now();
	const char *digest;
	json_t *payload;
	int rc = -1;

	if (!s)
		return error_set(err, ERROR_USAGE, "no series '%s' in the rules", id);
	if (!s->decided)
		return error_set(err, ERROR_USAGE, "series '%s' has no decision (dnr, date, body): it cannot be activated", id);
	digest = series_digest(mem, s);
	payload = json_pack("{s:s, s:s, s:s, s:s}", "series", id, "digest", digest, "dnr", s->decision.dnr, "reason",
			    options->reason);
	if (store_begin(store, err) == 0 &&
	    store_series_activate(store, &(struct activation){ id, digest, actor(mem, options), now }, err) == 0 &&
	    audit_add(store, now, actor(mem, options), "series-activated", payload, err) == 0)
		rc = store_commit(store, err);
	if (rc < 0)
		store_rollback(store);
	json_decref(payload);
	return rc;
}

int verb_series(struct arena *mem, const struct options *options, int count, char **words, struct error *err)
{
	bool list = count == 1 && strcmp(words[0], "list") == 0;
	struct rules rules;
	struct desk desk;
	int rc;

	if (!list && !(count == 2 && strcmp(words[0], "activate") == 0))
		return error_set(err, ERROR_USAGE, "use: behov series list | activate ID --by NAME --reason TEXT");
	if (!list && need_names(options, false, "series activate", err) < 0)
		return -1;
	if (register_load(mem, options->config, &rules, err) < 0 ||
	    (!list && need_archivist(&rules, options, "series activate", err) < 0) ||
	    run_desk_open(mem, &rules, clock_now(), false, &desk, err) < 0)
		return -1;
	rc = list ? list_series(mem, &rules, desk.store, err) : activate(mem, &rules, desk.store, options, words[1], err);
	run_desk_close(&desk);
	return rc;
}

/* ------------------------------------------------------------------ the store and the shares */

int verb_store(struct arena *mem, const struct options *options, int count, char **words, struct error *err)
{
	struct rules rules;
	struct desk desk;

	if (count != 1 || (strcmp(words[0], "create") != 0 && strcmp(words[0], "clock") != 0))
		return error_set(err, ERROR_USAGE, "use: behov store create [--test] | clock");
	if (register_load(mem, options->config, &rules, err) < 0)
		return -1;
	if (strcmp(words[0], "create") == 0)
		return store_create(run_store_path(&rules), options->test, err);
	if (run_desk_open(mem, &rules, clock_now(), true, &desk, err) < 0)
		return -1;
	log_info("the clock is confirmed now='%s'", clock_text(mem, clock_now()));
	run_desk_close(&desk);
	return 0;
}

static int
keep_filesystem(struct arena *mem, struct store *store, const struct share *share, const struct options *options, const char *now,
		const char *before, struct error *err)
{
	const char *who = options->by ? actor(mem, options) : arena_print(mem, "uid %u", (unsigned)getuid());
	json_t *payload = json_pack("{s:s, s:s, s:s?, s:s?}", "share", share->id, "filesystem", now, "before", before, "reason",
				    options->reason);
	int rc = -1;

	if (store_begin(store, err) == 0 && store_set(store, arena_print(mem, FILESYSTEM_VALUE "%s", share->id), now, err) == 0 &&
	    audit_add(store, clock_now(), who, "share-adopted", payload, err) == 0)
		rc = store_commit(store, err);
	if (rc < 0)
		store_rollback(store);
	json_decref(payload);
	return rc;
}

/* The first time is as with a marker; that it is another one now must be somebody's word. */
static int
adopt_filesystem(struct arena *mem, struct store *store, const struct share *share, const struct options *options, struct error *err)
{
	const char *before = NULL, *now = scan_filesystem(mem, share, err);

	if (!now || store_get(mem, store, arena_print(mem, FILESYSTEM_VALUE "%s", share->id), &before, err) < 0)
		return -1;
	if (before && strcmp(before, now) == 0)
		return error_set(err, ERROR_USAGE, "share '%s' is adopted already, as this file system", share->id);
	if (before && need_names(options, false, "share adopt", err) < 0)
		return error_in(err, "share '%s' was adopted as another file system (%s)", share->id, before);
	return keep_filesystem(mem, store, share, options, now, before, err);
}

/* ------------------------------------------------------------------ what a share can */

/* What could not be read there last night lies outside what we promise, too. */
static int
seen_whole(struct arena *mem, struct store *store, const struct share *share, struct probed *probed, struct error *err)
{
	struct facts facts;

	if (store_facts(mem, store, &facts, err) < 0)
		return -1;
	for (size_t i = 0; i < facts.gaps.count; i++) {
		const struct gap *gap = &facts.gaps.items[i].gap;

		if ((strcmp(gap->what, "share") != 0 && strcmp(gap->what, "folder") != 0) || !gap->id || strcmp(gap->id, share->id) != 0)
			continue;
		*arena_push(mem, &probed->checks) = (struct probe_check){ "allt som ligger där kan ses", arena_print(mem, "den senaste "
			"natten kunde %s%s inte läsas", gap->path ? "mappen " : "den", gap->path ? gap->path : "") };
		probed->good = false;
		return 0;
	}
	return 0;
}

static int
keep_probe(struct arena *mem, struct store *store, const struct share *share, const struct probed *probed, struct error *err)
{
	json_t *o = json_pack("{s:s?, s:b, s:s}", "seen", probed->seen, "good", (int)probed->good, "at", clock_text(mem, clock_now()));
	const char *kept = json_canonical(mem, o);
	int rc = -1;

	json_put(o, "share", share->id);
	if (store_begin(store, err) == 0 && store_set(store, arena_print(mem, PROBE_VALUE "%s", share->id), kept, err) == 0 &&
	    audit_add(store, clock_now(), arena_print(mem, "uid %u", (unsigned)getuid()), "share-probed", o, err) == 0)
		rc = store_commit(store, err);
	if (rc < 0)
		store_rollback(store);
	json_decref(o);
	return rc;
}

static int
say_probe(struct arena *mem, const struct options *options, const struct share *share, const struct probed *probed, struct error *err)
{
	json_t *o = json_object(), *checks = json_array();
	struct text t;
	int rc;

	text_open(&t, (size_t)1 << 20);
	for (size_t i = 0; i < probed->checks.count; i++) {
		const struct probe_check *c = &probed->checks.items[i];

		json_array_append_new(checks, json_pack("{s:s, s:s?}", "what", c->what, "why", c->why));
		text_print(&t, "  %-4s %s%s%s\n", c->why ? "NEJ" : "ja", c->what, c->why ? ": " : "", c->why ? c->why : "");
	}
	text_print(&t, probed->good ? "Filer på %s kan gallras härifrån.\n" : "Filer på %s gallras för hand, efter en arbetslista.\n", share->id);
	json_put(o, "share", share->id);
	json_object_set_new(o, "good", json_boolean(probed->good));
	json_object_set_new(o, "checks", checks);
	rc = options->json ? say_json(mem, o, err) : say(t.data, err);
	text_close(&t);
	json_decref(o);
	return rc < 0 ? -1 : probed->good ? EXIT_DONE : EXIT_GAPS;
}

static int
probe(struct arena *mem, const struct rules *rules, const struct options *options, const char *id, struct error *err)
{
	const struct share *share = rules_share(rules, id);
	struct probed probed;
	struct desk desk;
	int root, rc = -1;

	if (!share)
		return error_set(err, ERROR_USAGE, "no share '%s' in the rules", id);
	if (share->own)
		return error_set(err, ERROR_USAGE, "share '%s' is what behov itself keeps: there are no files to try", id);
	if (share->smb || share->identity != IDENTITY_MARKER)
		return error_set(err, ERROR_USAGE, "share '%s' %s: what is approved there becomes a work list", id,
				 share->smb ? "is not mounted" : "is not known by a marker");
	if (run_desk_open(mem, rules, clock_now(), false, &desk, err) < 0)
		return -1;
	root = scan_open_root(share, err);
	if (root >= 0) {
		apply_probe(mem, share, root, &probed);
		close(root);
		if (seen_whole(mem, desk.store, share, &probed, err) == 0 && keep_probe(mem, desk.store, share, &probed, err) == 0)
			rc = say_probe(mem, options, share, &probed, err);
	}
	run_desk_close(&desk);
	return rc;
}

int verb_share(struct arena *mem, const struct options *options, int count, char **words, struct error *err)
{
	const struct share *share;
	struct rules rules;
	struct desk desk;
	int rc;

	if (count != 2 || (strcmp(words[0], "adopt") != 0 && strcmp(words[0], "probe") != 0))
		return error_set(err, ERROR_USAGE, "use: behov share adopt|probe ID");
	if (register_load(mem, options->config, &rules, err) < 0)
		return -1;
	if (strcmp(words[0], "probe") == 0)
		return probe(mem, &rules, options, words[1], err);
	share = rules_share(&rules, words[1]);
	if (!share || share->identity != IDENTITY_FILESYSTEM)
		return run_adopt(&rules, words[1], err);
	if (run_desk_open(mem, &rules, clock_now(), false, &desk, err) < 0)
		return -1;
	rc = adopt_filesystem(mem, desk.store, share, options, err);
	run_desk_close(&desk);
	return rc;
}
