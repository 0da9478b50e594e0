/* SPDX-License-Identifier: GPL-3.0-or-later */
/* restore.c - what was journaled is put back, nothing else. */
#include "apply_p.h"
#include "behov/audit.h"
#include "behov/json.h"
#include "behov/log.h"
#include "behov/step.h"
#include "behov/text.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* ------------------------------------------------------------------ one file */

static int
undone(struct batch *b, size_t number, long long id, const char *note)
{
	struct apply *a = b->a;
	struct effect *gone = b->gone[number];
	bool meant = gone && gone->state == EFFECT_INTENDED;

	if (store_begin(a->in->store, a->err) < 0)
		return -1;
	if ((id && apply_end(a, id, EFFECT_DONE, NULL, NULL) < 0) || (meant && apply_end(a, gone->id, EFFECT_UNDONE, NULL, note) < 0) ||
	    apply_end(a, b->moved[number]->id, EFFECT_UNDONE, NULL, note) < 0 || store_commit(a->in->store, a->err) < 0) {
		store_rollback(a->in->store);
		return -1;
	}
	if (meant)
		gone->state = EFFECT_UNDONE;
	b->moved[number]->state = EFFECT_UNDONE;
	b->moved[number]->note = note;
	return 0;
}

bool
restore_is_back(struct batch *b, size_t number, struct entry *now)
{
	const char *name;
	int parent = walk_parent(b->mem, b->root, b->records[number - 1].path, &name);
	bool back = parent >= 0 && walk_look(parent, name, b->dev, now) == 0 && batch_same(&b->records[number - 1], now);

	if (parent >= 0)
		close(parent);
	return back;
}

static const char *
obstacle(struct batch *b)
{
	if (batch_lost(b, errno))
		return b->lost;
	return errno == EEXIST ? "det ligger något annat på platsen"
		: errno == ENOENT ? "mappen finns inte längre"
		: arena_print(b->mem, "%s", strerror(errno));
}

/* What was moved is that very file, however it has been written to since; what was only meant to be, and lies there, goes back. */
static bool
is_it(struct batch *b, size_t number)
{
	const struct record *r = &b->records[number - 1];
	struct entry now;

	return b->moved[number]->state != EFFECT_DONE || (walk_look(b->folder, batch_name(b, number), b->dev, &now) == 0 &&
							  r->ino == now.ino && r->btime_s == now.btime_s && r->btime_ns == now.btime_ns);
}

int
restore_file(struct batch *b, size_t number, const char *note, const char **why)
{
	const char *path = b->records[number - 1].path, *name, *aside = batch_name(b, number);
	int parent = walk_parent(b->mem, b->root, path, &name), rc = -1, trouble = errno;
	struct entry now;
	struct stat st;
	bool back = fstatat(b->folder, aside, &st, AT_SYMLINK_NOFOLLOW) < 0;
	long long id = 0;

	if (back && batch_lost(b, errno))
		*why = b->lost;
	else
		*why = back && !restore_is_back(b, number, &now) ? "filen finns inte i karantänen" : NULL;
	if (!*why && !back && !is_it(b, number))
		*why = batch_lost(b, errno) ? b->lost : "det är inte filen som lades i karantän";
	if (!*why && apply_intend(b->a, b->s->id, "restore", (long long)number, name_show(b->mem, path), NULL, &id) < 0)
		goto out;
	errno = trouble;
	if (!*why && !back && (parent < 0 || renameat2(b->folder, aside, parent, name, RENAME_NOREPLACE) < 0))
		*why = obstacle(b);
	if (*why) {
		log_error("apply cannot put back file %zu of proposal='%s': %s", number, b->s->id, *why);
		rc = 0;
		goto out;
	}
	if (!back) {
		fsync(parent);
		fsync(b->folder);
		step("restore");
	}
	rc = undone(b, number, id, note);
out:
	if (parent >= 0)
		close(parent);
	return rc;
}

/* ------------------------------------------------------------------ all of them */

void
restore_tidy(struct batch *b)
{
	const char *why;

	if (batch_folder(b, false, &why) < 0 || why)
		return;
	for (size_t n = 1; n <= b->count; n++)
		if (batch_aside(b, n))
			return;
	if (unlinkat(b->folder, "index", 0) < 0)        /* it names what was in it */
		(void)batch_lost(b, errno);
	unlinkat(b->folder, "index.new", 0);
	unlinkat(b->quarantine, b->s->id, AT_REMOVEDIR);
	unlinkat(b->root, SHARE_QUARANTINE, AT_REMOVEDIR);      /* only when it is empty */
}

static int
restore_one(struct batch *b, size_t number, const char *note, long long *stuck)
{
	const char *why;
	struct stat st;

	/* Only meant to be moved: there is nothing to put back. */
	if (b->moved[number]->state == EFFECT_INTENDED &&
	    fstatat(b->folder, batch_name(b, number), &st, AT_SYMLINK_NOFOLLOW) < 0 && !batch_lost(b, errno))
		return undone(b, number, 0, note);
	if (restore_file(b, number, note, &why) < 0)
		return -1;
	*stuck += why != NULL;
	return 0;
}

int
restore_batch(struct batch *b, const char *note, long long *stuck)
{
	const char *why;

	*stuck = 0;
	for (size_t n = b->count; n >= 1; n--) {
		if (!batch_aside(b, n))
			continue;
		if (batch_folder(b, false, &why) < 0)
			return -1;
		if (why)
			++*stuck;
		else if (restore_one(b, n, note, stuck) < 0)
			return -1;
	}
	restore_tidy(b);
	return 0;
}

/* ------------------------------------------------------------------ the verb */

/* Who puts something back, and why. */
struct who { const char *by, *reason; };

static int
kept_in(struct apply *a, struct stored *s, const char *note, const struct who *who)
{
	json_t *o = apply_told(s, life[PROPOSAL_RESTORED].to, note);
	int rc = store_proposal_move(a->in->store, s->id, PROPOSAL_RESTORED, a->in->now, INT64_MIN, DAY_NONE, note, a->err);

	json_put(o, "reason", who->reason);
	if (rc == 0)
		rc = audit_add(a->in->store, a->in->now, who->by, happening_word[PROPOSAL_RESTORED], o, a->err);
	json_decref(o);
	return rc;
}

static int
kept(struct apply *a, struct stored *s, const char *note, const struct who *who)
{
	if (store_begin(a->in->store, a->err) < 0)
		return -1;
	if (kept_in(a, s, note, who) < 0 || store_commit(a->in->store, a->err) < 0) {
		store_rollback(a->in->store);
		return -1;
	}
	log_info("restored proposal='%s' by='%s'", s->id, who->by);
	return 0;
}

static const char *
note_of(struct apply *a, const struct who *who)
{
	return arena_print(a->mem, "återställd av %s: %s", who->by, who->reason);
}

static int
restore_files(struct apply *a, struct stored *s, const struct who *who)
{
	long long stuck = 0, gone = 0;
	const char *why, *note;
	struct batch b;
	int rc = batch_open(a, s, &b, &why);

	if (rc == 0 && why)
		rc = error_set(a->err, ERROR_SOURCE, "cannot restore '%s': %s", s->id, why);
	if (rc == 0 && batch_folder(&b, false, &why) == 0 && !why)
		rc = unlink_settle(&b);
	if (rc == 0)
		rc = restore_batch(&b, note_of(a, who), &stuck);
	for (size_t n = 1; rc == 0 && n <= b.count; n++)
		gone += b.gone[n] && b.gone[n]->state == EFFECT_DONE;
	if (rc == 0 && stuck)
		rc = error_set(a->err, ERROR_SOURCE, "'%s': %lld files could not be put back and are in quarantine: see the "
			       "log, make room or the folder, and restore again", s->id, stuck);
	note = gone ? arena_print(a->mem, "%s; %s", note_of(a, who), text_many(a->mem, gone, "fil var redan gallrad", "filer var redan gallrade"))
		    : note_of(a, who);
	if (rc == 0)
		rc = kept(a, s, note, who);
	batch_close(&b);
	return rc;
}

static int
restore(struct apply *a, struct stored *s, const struct who *who)
{
	bool access = s->p.kind == KIND_REMOVE_MEMBER || s->p.kind == KIND_CUT_NESTING;

	if (s->state == STATE_EXPORTED && s->p.kind == KIND_DELIVER)
		return error_set(a->err, ERROR_USAGE, "'%s' was handed over to the e-archive, and its files lie where they lay: see 'behov "
				 "delivery refuse %s'", s->id, s->id);
	if (s->state == STATE_EXPORTED)
		return error_set(a->err, ERROR_USAGE, "'%s' was handed over as '%s': do not run that file, or, if it has been "
				 "run, undo it there by hand; then 'behov decide keep %s'", s->id, s->note ? s->note : "?", s->id);
	if (access && s->state == STATE_DONE)
		return directory_restore(a, s) < 0 ? -1 : kept(a, s, note_of(a, who), who);
	if (!access && (s->state == STATE_QUARANTINED || s->state == STATE_FAILED))
		return restore_files(a, s, who);
	return error_set(a->err, ERROR_USAGE, "'%s' is %s: there is nothing to restore", s->id, state_word[s->state]);
}

int
apply_restore(struct arena *mem, const struct apply_input *in, const char *id, const char *by, const char *reason, struct error *err)
{
	const struct who who = { by, reason };
	struct apply_result unused = { 0 };
	struct apply a = { .mem = mem, .in = in, .conf = &in->rules->conf, .out = &unused, .err = err };
	struct stored_list list = { 0 };
	int rc = -1;

	if (store_proposals(mem, in->store, &(struct proposal_filter){ .id = id }, &list, err) < 0)
		goto out;
	rc = list.list.count ? restore(&a, &list.list.items[0], &who)
			     : error_set(err, ERROR_USAGE, "no proposal '%s'", id);
out:
	stored_free(&list);
	return rc;
}
