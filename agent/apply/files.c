/* SPDX-License-Identifier: GPL-3.0-or-later */
/* files.c - approved files, each looked at just now, are moved into the quarantine of their own share. */
#include "apply_p.h"
#include "behov/log.h"
#include "behov/step.h"
#include "behov/text.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define INDEX "index"

/* ------------------------------------------------------------------ is it what was approved? */

/*
 * ctime is the one trace of a file that was written anew and then given its old times (a copy with preserved times does
 * that), so it must be equal here.  It also changes with a mode or an owner: then the file is left, and the night asks
 * again with a manifest that is new.
 */
static const char *
drift(const struct record *r, const struct entry *now)
{
	if (!batch_same(r, now))
		return "filen är inte den som godkändes";
	if (r->ctime_s != now->ctime_s || r->ctime_ns != now->ctime_ns || r->nlink != now->nlink)
		return "filen har ändrats sedan den godkändes";
	return NULL;
}

static const char *
cannot(struct batch *b, const char *what)
{
	if (batch_lost(b, errno))
		return b->lost;
	return errno == ENOENT ? "filen är borta" : errno == WALK_OTHER ? "det är inte en vanlig fil på lagringsytans filsystem"
		: arena_print(b->mem, "%s: %s", what, strerror(errno));
}

static const char *
as_it_was(struct batch *b, size_t number, int parent, const char *name, struct entry *now)
{
	if (walk_look(parent, name, b->dev, now) < 0)
		return cannot(b, "filen går inte att läsa av");
	return drift(&b->records[number - 1], now);
}

/* Looks at record `number` where it was: NULL and *now, or what has changed. */
static const char *
look(struct batch *b, size_t number, int *parent, const char **name, struct entry *now)
{
	const char *why;

	*parent = walk_parent(b->mem, b->root, b->records[number - 1].path, name);
	if (*parent < 0)
		return cannot(b, "mappen går inte att nå");
	why = as_it_was(b, number, *parent, *name, now);
	if (!why)
		why = batch_objection(b, number, now);
	if (why || !b->given)
		return why;
	why = delivered_differs(b, number, *parent, *name);
	return why ? why : as_it_was(b, number, *parent, *name, now);   /* reading it took a while */
}

/* ------------------------------------------------------------------ the journal */

static struct effect *
remember(struct batch *b, size_t number, long long id, enum effect_state state, const char *note)
{
	struct effect *e = b->moved[number] ? b->moved[number] : arena_new(b->mem, struct effect);

	e->id = id;
	e->number = (long long)number;
	e->state = state;
	e->note = note;
	b->moved[number] = e;
	return e;
}

static int
intend(struct batch *b, size_t number)
{
	const char *target = number ? name_show(b->mem, b->records[number - 1].path) : b->s->p.batch;
	long long id;

	if (apply_intend(b->a, b->s->id, "quarantine", (long long)number, target, NULL, &id) < 0)
		return -1;
	remember(b, number, id, EFFECT_INTENDED, NULL);
	return 0;
}

static int
ended(struct batch *b, size_t number, enum effect_state state, const char *after, const char *note)
{
	if (apply_end(b->a, b->moved[number]->id, state, after, note) < 0)
		return -1;
	remember(b, number, b->moved[number]->id, state, note);
	if (state == EFFECT_FAILED)
		log_warn("apply leaves file %zu of proposal='%s': %s", number, b->s->id, note);
	return 0;
}

/* It was not moved, and why: in one transaction, since an intent alone would say that it may have been.  Number 0 stands
 * for the batch as a whole. */
static int
refuse(struct batch *b, size_t number, const char *why)
{
	struct apply *a = b->a;

	if (store_begin(a->in->store, a->err) < 0)
		return -1;
	if (intend(b, number) < 0 || ended(b, number, EFFECT_FAILED, NULL, why) < 0 ||
	    store_commit(a->in->store, a->err) < 0) {
		store_rollback(a->in->store);
		return -1;
	}
	return 0;
}

/* ------------------------------------------------------------------ one file */

/*
 * After the rename: is what lies in quarantine what we looked at before it?  A name can be given to another file between
 * the two; then that one goes back.
 */
static int
settle(struct batch *b, size_t number)
{
	const char *name = batch_name(b, number), *why;
	struct entry now;
	struct stat st;

	if (walk_look(b->folder, name, b->dev, &now) == 0 && batch_same(&b->records[number - 1], &now))
		return ended(b, number, EFFECT_DONE, batch_stat(b->mem, &now), NULL);
	if (fstatat(b->folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return batch_lost(b, errno) ? 0 : ended(b, number, EFFECT_FAILED, NULL, "filen försvann när den flyttades");
	if (restore_file(b, number, "filen byttes ut när den flyttades", &why) < 0)
		return -1;
	if (b->lost)
		return 0;
	return ended(b, number, EFFECT_FAILED, NULL,
		     why ? arena_print(b->mem, "filen byttes ut när den flyttades, och ligger kvar i karantänen: %s", why)
			 : "filen byttes ut när den flyttades, och ligger där den låg");
}

/* ------------------------------------------------------------------ a group of them */

/*
 * Each step of a group is durable before the next begins: meant, moved, ended.  So the journal and the disk are waited for a few
 * times for a thousand files and not for each; one that was meant and not moved when we were ended is looked at anew.  What a
 * group came to and what the next one means are told at once: that is one wait less.
 */
#define GROUP 1000

struct bunch {
	struct batch *b;
	size_t first, last;             /* numbers */
	bool told;                      /* what it means is in the journal */
	bool meant[GROUP];              /* by an earlier run, that may have moved it */
	const char *why[GROUP];         /* it was not moved, and why */
	int parent;                     /* the folder that was taken from last, -1 = none: to be synced */
	ino_t parent_ino;
	bool stopped;
	size_t odd;                     /* how many are not what was looked at: those wait for settle() */
};

static struct bunch *
bunch_at(struct bunch *g, struct batch *b, size_t first)
{
	*g = (struct bunch){ .b = b, .first = first, .last = first + GROUP - 1 < b->count ? first + GROUP - 1 : b->count, .parent = -1 };
	return g;
}

static int
mean_all(struct bunch *g)
{
	struct batch *b = g->b;

	for (size_t n = g->first; n <= g->last; n++) {
		g->meant[n - g->first] = b->moved[n] != NULL;
		if (!b->moved[n] && intend(b, n) < 0)
			return -1;
	}
	g->told = true;
	return 0;
}

/* Takes parent. */
static void
sync_later(struct bunch *g, int parent)
{
	struct stat st = { 0 };
	bool same = parent >= 0 && fstat(parent, &st) == 0 && st.st_ino == g->parent_ino;

	if (g->parent >= 0 && !same)
		fsync(g->parent);
	if (g->parent >= 0)
		close(g->parent);
	g->parent = parent;
	g->parent_ino = st.st_ino;
}

/* The only place where a file leaves its folder: looked at, and moved at once. */
static const char *
move(struct bunch *g, size_t number)
{
	struct batch *b = g->b;
	struct entry now;
	const char *name, *why;
	int parent = -1;

	why = look(b, number, &parent, &name, &now);
	if (!why && renameat2(parent, name, b->folder, batch_name(b, number), RENAME_NOREPLACE) < 0)
		why = cannot(b, "filen går inte att flytta");
	else if (!why)
		step("quarantine");
	if (parent >= 0)
		sync_later(g, parent);
	return why;
}

static void
move_group(struct bunch *g)
{
	struct batch *b = g->b;
	struct stat st;

	for (size_t n = g->first; n <= g->last; n++) {
		if (stop_asked()) {
			g->stopped = true;
			g->last = n - 1;
			break;
		}
		if (b->moved[n]->state != EFFECT_INTENDED ||
		    (g->meant[n - g->first] && fstatat(b->folder, batch_name(b, n), &st, AT_SYMLINK_NOFOLLOW) == 0))
			continue;
		g->why[n - g->first] = move(g, n);
		if (b->lost) {
			g->last = n - 1;
			break;
		}
		if (b->s->p.whole && g->why[n - g->first])
			g->last = n;
	}
	fsync(b->folder);
	sync_later(g, -1);
}

static int
end_most(struct bunch *g)
{
	struct batch *b = g->b;
	struct entry now;
	int rc = 0;

	for (size_t n = g->first; n <= g->last && rc == 0; n++) {
		const char *why = g->why[n - g->first];
		bool seen;

		if (b->moved[n]->state != EFFECT_INTENDED)
			continue;
		seen = !why && walk_look(b->folder, batch_name(b, n), b->dev, &now) == 0;
		if (why)
			rc = ended(b, n, EFFECT_FAILED, NULL, why);
		else if (seen && batch_same(&b->records[n - 1], &now))
			rc = ended(b, n, EFFECT_DONE, batch_stat(b->mem, &now), NULL);
		else if (seen || !batch_lost(b, errno))
			g->odd++;
	}
	return rc;
}

/* In one transaction: what one group came to, and what the next one means.  Either may be NULL. */
static int
tell(struct bunch *moved, struct bunch *next)
{
	struct apply *a = (moved ? moved : next)->b->a;
	int rc;

	if (store_begin(a->in->store, a->err) < 0)
		return -1;
	rc = moved ? end_most(moved) : 0;
	if (rc == 0 && next && !next->b->lost)
		rc = mean_all(next);
	if (rc == 0 && store_commit(a->in->store, a->err) == 0)
		return 0;
	store_rollback(a->in->store);
	return -1;
}

static int
quarantine_group(struct bunch *g, struct bunch *next)
{
	struct batch *b = g->b;

	if (!g->told && tell(NULL, g) < 0)
		return -1;
	move_group(g);
	if (tell(g, g->stopped ? NULL : next) < 0)
		return -1;
	for (size_t n = g->first; n <= g->last && g->odd; n++)
		if (b->moved[n]->state == EFFECT_INTENDED && settle(b, n) < 0)
			return -1;
	return g->stopped ? error_set(b->a->err, ERROR_STOPPED, "asked to stop between two files") : 0;
}

/* For a person who looks into the quarantine; the store knows it all. */
static int
write_index(struct batch *b)
{
	struct text t;
	int fd, rc;

	if (b->series->evidence_digest)
		return 0;
	text_open(&t, (size_t)1 << 30);
	for (size_t i = 0; i < b->count; i++)
		text_print(&t, "%s\t%s\n", batch_name(b, i + 1), name_show(b->mem, b->records[i].path));
	unlinkat(b->folder, INDEX ".new", 0);
	fd = openat(b->folder, INDEX ".new", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	rc = fd >= 0 && write(fd, t.data, t.len) == (ssize_t)t.len && fsync(fd) == 0 &&
	     renameat(b->folder, INDEX ".new", b->folder, INDEX) == 0 ? 0 : -1;
	if (rc < 0 && batch_lost(b, errno))
		rc = 0;
	else if (rc < 0)
		error_sys(b->a->err, ERROR_SOURCE, "cannot write the index of the quarantine of '%s'", b->share->id);
	if (fd >= 0)
		close(fd);
	text_close(&t);
	return rc;
}

/* ------------------------------------------------------------------ a whole batch: all or nothing */

struct census { struct batch *b; const char *stranger; };

/* What has got the place of a file that was put aside is another one, unless that was being put back when we were ended. */
static bool
is_another(struct batch *b, size_t number)
{
	struct entry now;

	return batch_aside(b, number) && b->moved[number]->state == EFFECT_DONE && !restore_is_back(b, number, &now);
}

static void
count_file(void *self, const char *path)
{
	struct census *c = self;
	size_t low = 0, high = c->b->count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(c->b->records[middle].path, path);

		if (order == 0 && !is_another(c->b, middle + 1))
			return;
		if (order == 0)
			break;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (!c->stranger)
		c->stranger = path;
}

/* All in the volume's folder, which has got no file when it is not there any longer.  -1 with errno. */
static int
count_files(struct census *c, const char *path)
{
	int fd = walk_folder(c->b->root, path);

	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	close(fd);
	return walk_each(c->b->mem, c->b->root, path, count_file, c);
}

const char *
batch_census(struct batch *b)
{
	const char *path = b->volume;
	struct census c = { .b = b };

	if (!path || (*path && !walk_sane(path)))
		return "volymens mapp går inte att läsa ut";
	if (count_files(&c, path) < 0)
		return batch_lost(b, errno) ? b->lost : arena_print(b->mem, "volymen går inte att lista: %s", strerror(errno));
	return c.stranger ? "volymen har fått en ny fil sedan den godkändes" : NULL;
}

/* The number + 1 of what could not be moved, or 0. */
static size_t
failed(const struct batch *b)
{
	for (size_t i = 0; i <= b->count; i++)
		if (b->moved[i] && b->moved[i]->state == EFFECT_FAILED)
			return i + 1;
	return 0;
}

/* Before the first is moved, all are looked at: most drift is found while nothing has to be put back. */
static int
check_all(struct batch *b)
{
	const char *why = batch_census(b), *name;

	if (why)
		return b->lost ? 0 : refuse(b, 0, why);
	for (size_t n = 1; n <= b->count; n++) {
		struct entry now;
		int parent = -1;

		if (b->moved[n])
			continue;
		why = look(b, n, &parent, &name, &now);
		if (parent >= 0)
			close(parent);
		if (why)
			return b->lost ? 0 : refuse(b, n, why);
	}
	return 0;
}

/* All of it goes back, and the night asks again about what is there now. */
static int
take_back(struct batch *b, const char *note, const char *why)
{
	struct arena *mem = b->a->mem;
	long long stuck = 0;

	if (restore_batch(b, note, &stuck) < 0)
		return -1;
	if (b->lost)
		return batch_leave(b);
	b->a->out->failed++;
	return apply_move(b->a, b->s, PROPOSAL_FAILED, INT64_MIN, !stuck ? arena_print(mem, "%s; allt är tillbakalagt", why)
			  : arena_print(mem, "%s; %s gick inte att lägga tillbaka och ligger i karantänen", why, text_many(mem, stuck, "fil", "filer")));
}

/* One thing has changed. */
static int
void_whole(struct batch *b)
{
	const char *why = b->moved[failed(b) - 1]->note;

	return take_back(b, "volymen är inte densamma", arena_print(b->mem, "volymen är inte densamma som godkändes (%s)", why ? why : "-"));
}

/* ------------------------------------------------------------------ the batch */

static int
finish(struct batch *b)
{
	day_t today = clock_day(b->a->in->now);
	long long moved = 0, left = 0;
	const char *note;

	for (size_t n = 1; n <= b->count; n++) {
		moved += b->moved[n]->state == EFFECT_DONE;
		left += b->moved[n]->state != EFFECT_DONE;
	}
	if (!moved) {
		restore_tidy(b);
		b->a->out->failed++;
		return apply_move(b->a, b->s, PROPOSAL_FAILED, INT64_MIN, "ingen av filerna är längre den som godkändes");
	}
	b->a->out->quarantined += moved;
	note = arena_print(b->a->mem, "%s%s", text_many(b->a->mem, moved, "fil i karantän, ej gallrad", "filer i karantän, ej gallrade"),
			   left ? arena_print(b->a->mem, "; %lld lämnade", left) : "");
	return apply_move(b->a, b->s, PROPOSAL_QUARANTINED, clock_midnight(today + b->a->conf->quarantine_days), note);
}

/*
 * A store that somebody has put back from a copy does not know what lies in quarantine by now.  What is the very file goes on as
 * one that was moved when we were ended; else it would be said to be gone, or to lie where it lay.
 */
static int
recognise(struct batch *b)
{
	struct apply *a = b->a;
	struct entry now;
	const char *none;

	if (batch_folder(b, false, &none) < 0)
		return -1;
	if (none) {
		b->lost = errno == ENOENT ? NULL : none;        /* nor is one that cannot be opened an empty one */
		return 0;
	}
	if (store_begin(a->in->store, a->err) < 0)
		return -1;
	for (size_t n = 1; n <= b->count && !b->lost; n++) {
		if (b->moved[n])
			continue;
		if (walk_look(b->folder, batch_name(b, n), b->dev, &now) < 0) {
			batch_lost(b, errno);   /* what cannot be seen is not gone: the next run looks */
			continue;
		}
		if (!batch_same(&b->records[n - 1], &now))
			continue;
		log_warn("apply finds file %zu of proposal='%s' in quarantine, and its journal does not know of it", n, b->s->id);
		if (intend(b, n) < 0)
			goto undo;
	}
	if (store_commit(a->in->store, a->err) == 0)
		return 0;
undo:
	store_rollback(a->in->store);
	return -1;
}

/* Of a whole batch no group is meant before the one before it is known to be well: one fault ends them all. */
static int
quarantine_groups(struct batch *b)
{
	struct bunch *two = arena_array(b->mem, struct bunch, 2), *g = bunch_at(&two[0], b, 1), *next;

	for (bool even = true; g && g->first <= b->count && !b->lost; g = next, even = !even) {
		next = g->last < b->count ? bunch_at(&two[even], b, g->last + 1) : NULL;
		if (quarantine_group(g, b->s->p.whole ? NULL : next) < 0)
			return -1;
		if (b->s->p.whole && failed(b))
			break;
		progress(b->share->id, (long long)g->last, (long long)b->count);
	}
	progress_end();
	return 0;
}

static int
quarantine(struct batch *b)
{
	const char *why;

	if (recognise(b) < 0 || (b->s->p.whole && !failed(b) && check_all(b) < 0))
		return -1;
	if (b->lost)
		return batch_leave(b);
	if (b->s->p.whole && failed(b))
		return void_whole(b);
	if (batch_folder(b, true, &why) < 0)
		return -1;
	if (why)
		return apply_left(b->a, b->s, why);
	if (write_index(b) < 0)
		return -1;
	if (quarantine_groups(b) < 0)
		return -1;
	if (b->s->p.whole && !b->lost && failed(b))
		return void_whole(b);
	why = b->s->p.whole && !b->lost ? batch_census(b) : NULL;
	if (b->lost)
		return batch_leave(b);
	if (why)
		return refuse(b, 0, why) < 0 ? -1 : void_whole(b);
	return finish(b);
}

/* A share that we may not write to, or that nothing identifies, has no quarantine: a person does the work. */
static bool
by_hand(const struct apply *a, const struct stored *s)
{
	const struct share *share = s->p.share ? rules_share(a->in->rules, s->p.share) : NULL;

	return share && !share->own && (share->smb || share->dispose == DISPOSE_NONE || share->identity != IDENTITY_MARKER);
}

/* What was never tried waits until it has been; where it was tried in vain a person does the work, too. */
static int
choose(struct batch *b, bool *hand, const char **why)
{
	enum proven proven = PROVEN_GOOD;

	if (b->share->own && b->share->dispose != DISPOSE_DESTROY)
		*why = "behovs egna handlingar får inte gallras: lagringsytan har inte dispose = \"destroy\"";
	if (b->share->own)
		return 0;
	*hand = b->s->p.kind == KIND_DELIVER ? b->share->smb != NULL : by_hand(b->a, b->s);
	if (b->s->p.kind == KIND_DELIVER)       /* it only reads: any share that is mounted will do */
		return 0;
	if (!*hand && b->a->in->eyes->proven(b->a->in->eyes->self, b->share, b->root, &proven, b->a->err) < 0)
		return -1;
	*hand |= proven == PROVEN_BAD;
	if (proven == PROVEN_NOT_YET)
		*why = "lagringsytan är inte prövad: behov share probe";
	return 0;
}

/* Of what an earlier run has moved: why it may not lie there any longer.  NULL: it waits, or there is none. */
static const char *
why_not_aside(struct batch *b, bool hand)
{
	const char *why = NULL, *lost;

	if (b->root < 0 || !batch_any_aside(b))
		return NULL;
	if (hand)
		return "filer på lagringsytan gallras för hand numera";
	if (batch_folder(b, false, &lost) < 0 || lost)
		return NULL;
	for (size_t n = 1; n <= b->count && !why; n++) {
		struct entry now;

		if (batch_aside(b, n) && walk_look(b->folder, batch_name(b, n), b->dev, &now) == 0)
			why = batch_objection(b, n, &now);
	}
	return why;
}

static bool
begun(const struct batch *b)
{
	for (size_t n = 0; n <= b->count; n++)
		if (b->moved[n])
			return true;
	return false;
}

int
files_apply(struct apply *a, struct stored *s)
{
	struct proof *proof = proof_open(a, s);
	struct batch b;
	const char *why, *back, *full = NULL;
	bool done, hand = false;
	int rc;

	if (export_finish(a, s, &done) < 0)
		return -1;
	if (done)
		return 0;
	rc = batch_open(a, s, &b, &why);
	if (rc == 0 && !why)
		rc = batch_proven(&b, proof, &why);
	if (rc == 0 && !why)
		rc = delivered_recall(&b);
	if (rc == 0 && !why)
		rc = choose(&b, &hand, &why);
	back = rc == 0 && (why || hand) ? why_not_aside(&b, hand) : NULL;
	if (back)
		rc = take_back(&b, back, back);
	else if (rc == 0 && why)
		rc = apply_left(a, s, arena_text(a->mem, why));
	else if (rc == 0)
		rc = proof_brake(proof, BRAKE_MOVE, begun(&b), &full);
	if (rc == 0 && !back && !why && !full)
		rc = b.share->own ? own_apply(&b, proof) : hand ? export_files(&b) : s->p.kind == KIND_DELIVER ? deliver_apply(&b) : quarantine(&b);
	batch_close(&b);
	return rc;
}
