/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vanish.c - a share that has lost a large part of itself is a gap, until an administrator says that it is so.
 *
 * Another file system under the same path, a restore half done, a right taken away: each looks as if somebody had removed the
 * files, and then what is proposed would be withdrawn, and a case would look as if it were all due.  What is compared is what
 * the last complete night counted, less what we ourselves have carried away since.
 */
#include "run_p.h"
#include <behov/audit.h>
#include <behov/index.h>
#include <behov/json.h>
#include <behov/log.h>
#include <behov/text.h>

#define LEAST 20                        /* files; fewer come and go */

static const char *
stored_as(struct arena *mem, const char *share)
{
	return arena_print(mem, VANISH_VALUE "%s", share);
}

static int
load(struct arena *mem, struct store *store, const char *share, json_t **out, struct error *err)
{
	const char *text = NULL;

	*out = NULL;
	if (!store)
		return 0;
	if (store_get(mem, store, stored_as(mem, share), &text, err) < 0)
		return -1;
	if (text && *text == '{' && json_read(text, strlen(text), out, err) < 0)
		return error_in(err, "reading what is braked on share '%s'", share);
	return 0;
}

static bool
is_state(const json_t *stood, const char *state)
{
	return stood && json_text(stood, "state") && strcmp(json_text(stood, "state"), state) == 0;
}

/* Those of its files that were moved into quarantine since then: what is destroyed by now may have been gone before. */
static int
moved(struct store *store, const char *proposal, int64_t since, long long *out, struct error *err)
{
	struct arena *mem = arena_open();
	struct effects list = { 0 };
	int rc = store_effects(mem, store, proposal, "quarantine", &list, err);

	for (size_t i = 0; i < list.list.count; i++)
		*out += list.list.items[i].number && list.list.items[i].state == EFFECT_DONE && list.list.items[i].ended >= since;
	arena_close(mem);
	return rc;
}

/* Files that we have carried away, or handed over to be carried away, since that moment. */
static int
carried(struct arena *mem, struct store *store, const char *share, int64_t since, long long *out, struct error *err)
{
	struct stored_list done = { 0 };
	int rc = 0;

	*out = 0;
	if (!store)
		return 0;
	if (store_proposals(mem, store, &(struct proposal_filter){
		.states = STATES(STATE_EXPORTED) | STATES(STATE_QUARANTINED) | STATES(STATE_DONE), .brief = true, .alive_since = since }, &done, err) < 0)
		return -1;
	for (size_t i = 0; i < done.list.count && rc == 0; i++) {
		const struct stored *s = &done.list.items[i];

		if (!s->p.share || strcmp(s->p.share, share) != 0 || s->since < since || s->p.kind == KIND_DELIVER)
			continue;               /* what was delivered lies there still */
		if (s->state == STATE_EXPORTED)
			*out += s->p.files;
		else
			rc = moved(store, s->id, since, out, err);
	}
	stored_free(&done);
	return rc;
}

static bool
less(long long before, long long now, double ratio)
{
	return (double)(before - now) > ratio * (double)before;
}

static bool
lost_much(long long before, long long now, double ratio)
{
	return before >= LEAST && less(before, now, ratio);
}

static const char *
counted_as(struct arena *mem, const char *share)
{
	return arena_print(mem, "share-seen:%s", share);
}

/*
 * The last complete night.  The memory of folders may be deleted at any time, so the store knows, too.  *forgotten: what lay in
 * the root on that night is not remembered.
 */
static int
before(struct arena *mem, const struct share *share, struct store *store, const struct index *index, struct index_total *out,
       bool *forgotten, struct error *err)
{
	const char *text = NULL;
	json_t *counted = NULL;
	int64_t remembered;

	*out = (struct index_total){ 0, 0, 0 };
	if (index)
		index_last(index, out);
	remembered = out->at;
	if (store && (store_get(mem, store, counted_as(mem, share->id), &text, err) < 0 ||
		      (text && json_read(text, strlen(text), &counted, err) < 0)))
		return error_in(err, "reading what was counted on share '%s'", share->id);
	if (counted)
		*out = (struct index_total){ .files = json_number(counted, "files", 0), .at = json_number(counted, "at", 0) };
	json_decref(counted);
	*forgotten = !remembered || remembered != out->at;
	return 0;
}

int
vanish_seen(struct arena *mem, const struct share *share, struct store *store, long long files, int64_t now, struct error *err)
{
	json_t *all = json_pack("{s:I, s:I}", "files", (json_int_t)files, "at", (json_int_t)now);
	int rc = store ? store_set(store, counted_as(mem, share->id), json_canonical(mem, all), err) : 0;

	json_decref(all);
	return rc;
}

/* Why it does not look like the share of the last complete night, or NULL. */
static int
compare(struct arena *mem, struct store *store, const struct share *share, const struct index_total *last,
	const struct scan_result *seen, const char **why, struct error *err)
{
	long long gone;

	*why = seen->another ? arena_print(mem, "av %s mappar i roten är %s kvar sedan förra natten, som på en annan filyta",
					   text_count(mem, seen->root_was), text_count(mem, seen->root_left)) : NULL;
	if (!seen->visited || !lost_much(last->files, seen->files, share->shrink_ratio))
		return 0;               /* less what we have carried away it has lost even less */
	if (carried(mem, store, share->id, last->at, &gone, err) < 0)
		return -1;
	if (lost_much(last->files - gone, seen->files, share->shrink_ratio))
		*why = arena_print(mem, "filerna har minskat från %s till %s sedan den senaste fullständiga natten",
				   text_count(mem, last->files - gone), text_count(mem, seen->files));
	return 0;
}

/* files: so many were there; of another share that was not read we do not know, and it is 0. */
static int
save(struct arena *mem, struct store *store, const char *share, const char *state, long long files, bool another,
     struct error *err)
{
	json_t *all = json_pack("{s:s, s:I, s:b}", "state", state, "files", (json_int_t)files, "another", another);
	int rc = store_set(store, stored_as(mem, share), json_canonical(mem, all), err);

	json_decref(all);
	return rc;
}

int
vanish_released(struct arena *mem, const struct share *share, struct store *store, bool *out, struct error *err)
{
	json_t *stood;

	if (load(mem, store, share->id, &stood, err) < 0)
		return -1;
	*out = is_state(stood, "released");
	json_decref(stood);
	return 0;
}

/* What somebody has released is believed; and what it came to is what later nights, if there are gaps, are compared with. */
static int
believe(struct arena *mem, const struct share *share, struct store *store, const json_t *stood, const struct scan_result *seen,
	struct error *err)
{
	if (seen->complete)
		return store_set(store, stored_as(mem, share->id), "-", err);
	if (json_number(stood, "files", 0))
		return 0;
	return save(mem, store, share->id, "released", seen->files, false, err);
}

static int
check(struct arena *mem, const struct share *share, struct store *store, bool keep, const json_t *stood, const struct index *index,
      const struct scan_result *seen, const char **why, struct error *err)
{
	bool forgotten = false, braked = is_state(stood, "braked"), another = seen->another;
	struct index_total last;

	if (before(mem, share, store, index, &last, &forgotten, err) < 0)
		return -1;
	if (seen->cut) {                /* what was not read is not lost, but a brake stands */
		*why = braked ? "filytan är bromsad sedan tidigare, och lästes inte färdigt" : NULL;
	} else if (compare(mem, store, share, &last, seen, why, err) < 0) {
		return -1;
	} else if (!*why && braked && json_is_true(json_object_get(stood, "another")) && forgotten) {
		another = true;
		*why = "dess mappar i roten var inte desamma, och vad de var är glömt";
	}
	if (!*why && seen->cut)
		return 0;
	if (!*why)
		return keep && stood ? store_set(store, stored_as(mem, share->id), "-", err) : 0;
	if (is_state(stood, "released") && !less(json_number(stood, "files", 0), seen->files, share->shrink_ratio)) {
		*why = NULL;
		return keep ? believe(mem, share, store, stood, seen, err) : 0;
	}
	*why = arena_print(mem, "%s; bromsad tills någon har sett efter och sagt att det stämmer: behov decide release share:%s "
			   "--by NAMN --reason TEXT", *why, share->id);
	log_warn("share '%s' has lost much of itself: nothing on it is judged until 'behov decide release share:%s'", share->id,
		 share->id);
	return keep && store && !seen->cut ? save(mem, store, share->id, "braked", seen->files, another, err) : 0;
}

int
vanish_check(struct arena *mem, const struct share *share, struct store *store, bool keep, const struct index *index,
	     const struct scan_result *seen, const char **why, struct error *err)
{
	json_t *stood;
	int rc;

	*why = NULL;
	if (load(mem, store, share->id, &stood, err) < 0)
		return -1;
	rc = check(mem, share, store, keep, stood, index, seen, why, err);
	json_decref(stood);
	return rc;
}

int
vanish_count(struct arena *mem, const struct rules *rules, struct store *store, long long *out, struct error *err)
{
	*out = 0;
	for (size_t i = 0; i < rules->share_count; i++) {
		json_t *stood;

		if (load(mem, store, rules->shares[i].id, &stood, err) < 0)
			return -1;
		*out += is_state(stood, "braked");
		json_decref(stood);
	}
	return 0;
}

int
vanish_release(struct arena *mem, struct store *store, const char *share, const char *by, const char *reason, int64_t now,
	       bool *released, struct error *err)
{
	json_t *stood, *payload;
	int rc = 0;

	*released = false;
	if (load(mem, store, share, &stood, err) < 0)
		return -1;
	if (is_state(stood, "braked")) {
		json_put(stood, "state", "released");
		payload = json_pack("{s:s?, s:s?, s:s, s:I}", "by", by, "reason", reason, "share", share, "files",
				    json_number(stood, "files", 0));
		rc = audit_add(store, now, by, "share-released", payload, err);
		if (rc == 0)
			rc = store_set(store, stored_as(mem, share), json_canonical(mem, stood), err);
		json_decref(payload);
		*released = rc == 0;
	}
	json_decref(stood);
	return rc;
}
