/* SPDX-License-Identifier: GPL-3.0-or-later */
/* batch.c - an approved batch: its share and quarantine opened, its manifest and journal read, its files recognised. */
#include "apply_p.h"
#include "behov/log.h"
#include "behov/text.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

/* ------------------------------------------------------------------ identity */

/*
 * A rename changes ctime on most file systems, and a file's other names (nlink) may go while it is in quarantine; what
 * stays is inode, size, and when the content was born and last changed.  st_dev is another after each mount.
 */
bool
batch_same(const struct record *r, const struct entry *now)
{
	return r->ino == now->ino && r->size == now->size && r->mtime_s == now->mtime_s && r->mtime_ns == now->mtime_ns &&
	       r->btime_s == now->btime_s && r->btime_ns == now->btime_ns;
}

/* Where inodes are no identity (CIFS), size and time must do. */
bool
batch_as_approved(const struct batch *b, const struct record *r, const struct entry *now)
{
	return r->size == now->size && r->mtime_s == now->mtime_s && r->mtime_ns == now->mtime_ns &&
	       (b->share->identity == IDENTITY_NONE ||
		(batch_same(r, now) && r->ctime_s == now->ctime_s && r->ctime_ns == now->ctime_ns));
}

/* Canonical (RFC 8785) as it stands: names in order, nothing in the values to escape.  Printed, as there may be a million. */
char *
batch_stat(struct arena *mem, const struct entry *e)
{
	return arena_print(mem, "{\"btime\":\"%" PRId64 ".%09" PRIu32 "\",\"ctime\":\"%" PRId64 ".%09" PRIu32 "\",\"ino\":\"%" PRIu64 "\","
			   "\"mtime\":\"%" PRId64 ".%09" PRIu32 "\",\"nlink\":\"%" PRIu32 "\",\"size\":\"%" PRIu64 "\"}", e->btime_s, e->btime_ns,
			   e->ctime_s, e->ctime_ns, e->ino, e->mtime_s, e->mtime_ns, e->nlink, e->size);
}

const char *
batch_objection(struct batch *b, size_t number, struct entry *now)
{
	const struct apply_eyes *eyes = b->a->in->eyes;
	const char *path = b->records[number - 1].path, *slash = strrchr(path, '/');

	now->name = slash ? slash + 1 : path;
	return eyes->objection(eyes->self, b->share, path, now, &(struct consent){ b->s->p.series, b->records[number - 1].anchor, b->volume });
}

/* ------------------------------------------------------------------ opening */

static int
read_journal(struct batch *b, const char *act, struct effect ***out)
{
	struct effects list = { 0 };

	*out = arena_array(b->mem, struct effect *, b->count + 1);
	if (store_effects(b->mem, b->a->in->store, b->s->id, act, &list, b->a->err) < 0)
		return -1;
	for (size_t i = 0; i < list.list.count; i++) {
		long long n = list.list.items[i].number;

		if (n < 0 || (size_t)n > b->count)
			return error_set(b->a->err, ERROR_STORE, "the journal of '%s' names file %lld of %zu", b->s->id, n,
					 b->count);
		(*out)[n] = &list.list.items[i];
	}
	return 0;
}

static int
read_manifest(struct batch *b, const char **why)
{
	const struct apply_input *in = b->a->in;
	unsigned long long bytes = 0;

	if (b->s->p.manifest && store_manifest(b->mem, in->store, b->s->p.manifest, &b->records, &b->count, b->a->err) < 0)
		return -1;
	if (!b->records) {
		*why = "förteckningen över filerna saknas";
		return 0;
	}
	for (size_t i = 0; i < b->count; i++) {
		bytes += b->records[i].size;
		if (!b->share->smb && !walk_sane(b->records[i].path))   /* SMB has longer names, and nothing is opened there */
			*why = "förteckningen namnger en fil som inte kan vara en handling";
	}
	if ((long long)b->count != b->s->p.files || (long long)bytes != b->s->p.bytes)
		*why = "förteckningen stämmer inte med det som godkändes";
	return 0;
}

/* Of a share that is not mounted a person gets a list, and nothing is opened; unless it was mounted when files were moved. */
static bool
is_for_a_list(const struct batch *b)
{
	for (size_t n = 0; n <= b->count; n++)
		if (b->moved[n] || b->gone[n])
			return false;
	return b->share->smb != NULL || b->share->own;
}

static int
open_share(struct batch *b, const char **why)
{
	const struct apply_eyes *eyes = b->a->in->eyes;
	struct error trouble = { 0 };
	struct stat st;

	if (is_for_a_list(b))
		return 0;
	b->root = eyes->open_root(eyes->self, b->share, &trouble);
	if (b->root < 0 || fstat(b->root, &st) < 0) {
		log_error("apply cannot open share '%s': %s", b->share->id, trouble.text);
		*why = "lagringsytan går inte att öppna, eller så saknas dess märke";
		return 0;
	}
	b->dev = st.st_dev;
	return 0;
}

int
batch_open(struct apply *a, struct stored *s, struct batch *b, const char **why)
{
	*b = (struct batch){ .mem = arena_open(), .a = a, .s = s, .root = -1, .quarantine = -1, .folder = -1 };
	*why = NULL;
	b->share = s->p.share ? rules_share(a->in->rules, s->p.share) : NULL;
	b->series = s->p.series ? rules_series(a->in->rules, s->p.series) : NULL;
	if (!b->share || !s->p.series) {
		*why = "lagringsytan finns inte i reglerna längre";
		return 0;
	}
	b->volume = s->p.whole && s->p.batch ? name_read(b->mem, s->p.batch) : NULL;
	if (read_manifest(b, why) < 0)
		return -1;
	if (*why)
		return 0;
	if (read_journal(b, "quarantine", &b->moved) < 0 || read_journal(b, "unlink", &b->gone) < 0)
		return -1;
	return open_share(b, why);
}

/* By the rules of this moment, which no night may have seen yet.  What is being moved goes on: it was good enough when that began. */
static int
asks_more(struct batch *b, const char **why)
{
	const struct class *class = &b->share->class;
	const bool received = b->s->p.kind == KIND_DESTROY && b->series->after_receipt.count;
	const struct proposal now = { .kind = b->series->action == ACTION_DELIVER && !received ? KIND_DELIVER : KIND_DESTROY,
				      .konfidentialitet = class->konfidentialitet < 0 ? 3 : class->konfidentialitet };
	struct decisions given = { 0 };
	bool begun = false;

	if (store_decisions(b->mem, b->a->in->store, b->s->id, INT64_MIN, &given, b->a->err) < 0 ||
	    (b->s->state == STATE_SCHEDULED && store_begun(b->a->in->store, b->s->id, &begun, b->a->err) < 0))
		return -1;
	if (begun)
		return 0;
	*why = seats_outgrown(b->a->conf, &given, b->s, &now);
	if (now.kind != b->s->p.kind)
		*why = "serien gör något annat med handlingarna nu än det som godkändes";
	if (!series_decided_so(b->series, b->s->p.evidence))
		*why = "serien vilar på ett annat beslut nu än det som godkändes";
	return 0;
}

int
batch_proven(struct batch *b, struct proof *proof, const char **why)
{
	struct activation active;
	bool decided, found;

	if (!b->series) {
		*why = "serien finns inte i reglerna längre";
		return 0;
	}
	if (proof_decided(proof, &decided) < 0 ||
	    store_series_active(b->mem, b->a->in->store, b->series->id, &active, &found, b->a->err) < 0)
		return -1;
	if (!decided)
		*why = "besluten räcker inte för den version som gäller nu";
	else if (!found || strcmp(active.digest, series_digest(b->mem, b->series)) != 0)
		*why = "serien är inte aktiverad";
	return *why ? 0 : asks_more(b, why);
}

void
batch_close(struct batch *b)
{
	if (b->folder >= 0)
		close(b->folder);
	if (b->quarantine >= 0)
		close(b->quarantine);
	if (b->root >= 0)
		close(b->root);
	arena_close(b->mem);
}

/* ------------------------------------------------------------------ the quarantine */

/* Ours alone: who may write there could put another file under a number, and who may read there reads what is gone. */
static int
private_folder(struct batch *b, int at, const char *name, bool make)
{
	struct stat st;
	int fd;

	if (make && mkdirat(at, name, 0700) < 0 && errno != EEXIST)
		return -1;
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0 || st.st_dev != b->dev || (st.st_uid != geteuid() && st.st_uid != 0) ||
	    (st.st_mode & 077 && (fchmod(fd, 0700) < 0 || fstat(fd, &st) < 0 || st.st_mode & 077))) {
		close(fd);
		errno = EACCES;
		return -1;
	}
	if (make)
		fsync(at);
	return fd;
}

int
batch_folder(struct batch *b, bool make, const char **why)
{
	*why = NULL;
	if (b->folder >= 0)
		return 0;
	if (!walk_sane(b->s->id) || strchr(b->s->id, '/'))
		return error_set(b->a->err, ERROR_STORE, "'%s' is not the id of a proposal", b->s->id);
	if (b->quarantine < 0)
		b->quarantine = private_folder(b, b->root, SHARE_QUARANTINE, make);
	if (b->quarantine >= 0)
		b->folder = private_folder(b, b->quarantine, b->s->id, make);
	if (b->folder < 0) {
		int trouble = errno;

		if (make || trouble != ENOENT)
			log_error("apply cannot use the quarantine of share '%s': %s", b->share->id, strerror(trouble));
		errno = trouble;
		*why = "karantänen på lagringsytan går inte att använda";
	}
	return 0;
}

bool
batch_lost(struct batch *b, int why)
{
	if (walk_lost(why) && !b->lost)
		b->lost = arena_print(b->mem, "lagringsytan svarar inte som den ska (%s); nästa körning går vidare", strerror(why));
	return walk_lost(why);
}

int
batch_leave(struct batch *b)
{
	return apply_left(b->a, b->s, arena_text(b->a->mem, b->lost));
}

const char *
batch_name(struct batch *b, size_t number)
{
	return arena_print(b->mem, "%08zu", number);
}

bool
batch_aside(const struct batch *b, size_t number)
{
	const struct effect *moved = b->moved[number], *gone = b->gone[number];

	return moved && (moved->state == EFFECT_DONE || moved->state == EFFECT_INTENDED) &&
	       !(gone && gone->state == EFFECT_DONE);
}

bool
batch_any_aside(const struct batch *b)
{
	for (size_t n = 1; b->moved && n <= b->count; n++)
		if (batch_aside(b, n))
			return true;
	return false;
}
