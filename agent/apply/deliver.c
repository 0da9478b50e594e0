/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * deliver.c - approved records are copied into a package for the e-archive; nothing is moved, nothing is taken away.
 *
 *     leverans/ID.under-arbete/   is filled, some files at a time: on disk first, then in the journal
 *     leverans/ID.tar             the same as one file
 *     leverans/ID/                whole: its name says so
 *
 * Ended anywhere, the next run goes on after what the journal knows; a folder that somebody has removed is filled anew.
 */
#include "apply_p.h"
#include "behov/audit.h"
#include "behov/file.h"
#include "behov/json.h"
#include "behov/log.h"
#include "behov/step.h"
#include "behov/text.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define SUM_BEFORE "{\"sha256\":\""
#define SUM_AFTER "\"}"
#define UNDER_WAY ".under-arbete"
#define GROUP_FILES 1000        /* are journaled at once, or those of… */
#define GROUP_BYTES ((unsigned long long)256 << 20)
#define SPARE ((unsigned long long)16 << 20)    /* bytes that the disk keeps */
#define WINDOW_CLOSED "lagringsytans tid är ute; resten kopieras nästa gång"

int
deliver_write(int fd, const void *bytes, size_t len)
{
	const char *at = bytes;

	while (len) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0) {
			at += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

static const char *
cannot(const struct delivery *d, const char *what)
{
	struct arena *mem = d->b->mem;

	if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)
		return arena_print(mem, "%s: disken för leveranser är full", what);
	return arena_print(mem, "%s: %s", what, strerror(errno));
}

/* ------------------------------------------------------------------ where the package is made */

/* A folder of ours, made when it is not there; no link is followed. */
static int
folder_at(int at, const char *path, bool make)
{
	if (make && mkdirat(at, path, 0750) < 0 && errno != EEXIST)
		return -1;
	return openat(at, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static const char *
draft_name(const struct delivery *d)
{
	return arena_print(d->b->mem, "%s" UNDER_WAY, d->b->s->id);
}

/* Copies of ours, with all that is below. */
static void
remove_tree(int at, const char *leaf)
{
	int fd = openat(at, leaf, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	while (dir && (e = readdir(dir)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 && unlinkat(fd, e->d_name, 0) < 0)
			remove_tree(fd, e->d_name);
	if (dir)
		closedir(dir);
	else if (fd >= 0)
		close(fd);
	unlinkat(at, leaf, AT_REMOVEDIR);
}

static int
open_package(struct delivery *d)
{
	const struct conf *conf = d->b->a->conf;
	int work;

	if (mkdir(conf->work, 0750) < 0 && errno != EEXIST)
		return -1;
	work = open(conf->work, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (work < 0)
		return -1;
	d->work = folder_at(work, DELIVERY_FOLDER, true);
	close(work);
	if (d->work < 0)
		return -1;
	d->root = folder_at(d->work, d->b->s->id, false);
	d->whole = d->root >= 0;
	if (d->root < 0 && errno == ENOENT)
		d->root = folder_at(d->work, draft_name(d), true);
	return d->root < 0 ? -1 : 0;
}

/* The folders that lead to it in the package, unless it lies where the last one did. */
static int
make_folders(struct delivery *d, struct arena *mem, const char *path)
{
	size_t len = (size_t)(strrchr(path, '/') - path) + 1;

	if (d->made && strlen(d->made) == len && strncmp(d->made, path, len) == 0)
		return 0;
	for (const char *at = strchr(path, '/'); at; at = strchr(at + 1, '/')) {
		const char *folder = arena_copy(mem, path, (size_t)(at - path));

		if (mkdirat(d->root, folder, 0750) < 0 && errno != EEXIST)
			return -1;
	}
	d->made = arena_copy(d->b->mem, path, len);
	return 0;
}

/* ------------------------------------------------------------------ the journal */

static void
count(struct delivery *d, size_t n)
{
	d->copied += d->files[n].state == COPY_DONE;
	d->dropped += d->files[n].state == COPY_DROPPED;
	d->bytes += d->files[n].state == COPY_DONE ? d->b->records[n - 1].size : 0;
}

/* What note_one() writes. */
bool
deliver_sum(const struct effect *e, unsigned char sum[DIGEST_SIZE])
{
	const size_t before = sizeof SUM_BEFORE - 1;
	char hex[2 * DIGEST_SIZE + 1] = { 0 };

	if (!e->after || strlen(e->after) != before + sizeof hex - 1 + sizeof SUM_AFTER - 1 || strncmp(e->after, SUM_BEFORE, before) != 0)
		return false;
	memcpy(hex, e->after + before, sizeof hex - 1);
	return digest_unhex(hex, sum, DIGEST_SIZE);
}

static int
recall(struct delivery *d, const struct effect *e)
{
	struct batch *b = d->b;
	struct copied *c;

	if (e->number < 1 || (size_t)e->number > b->count)
		return error_set(b->a->err, ERROR_STORE, "the journal of '%s' names file %lld of %zu", b->s->id, e->number, b->count);
	c = &d->files[e->number];
	if (e->state == EFFECT_FAILED)
		*c = (struct copied){ .state = COPY_DROPPED, .why = arena_text(b->mem, e->note) };
	else if (e->state == EFFECT_DONE && deliver_sum(e, c->sum))
		c->state = COPY_DONE;
	return 0;
}

static int
recall_all(struct delivery *d)
{
	struct batch *b = d->b;
	struct arena *mem = arena_open();
	struct effects list = { 0 };
	struct stat st;
	int rc = store_effects(mem, b->a->in->store, b->s->id, DELIVER_ACT, &list, b->a->err);
	/* Nothing is in a folder that has just been made, whatever the journal says. */
	bool empty = fstatat(d->root, "representations", &st, AT_SYMLINK_NOFOLLOW) < 0;

	for (size_t i = 0; rc == 0 && !empty && i < list.list.count; i++)
		rc = recall(d, &list.list.items[i]);
	arena_close(mem);
	for (size_t n = 1; n <= b->count; n++)
		count(d, n);
	return rc;
}

static int
note_one(struct delivery *d, size_t n)
{
	const struct copied *c = &d->files[n];
	struct batch *b = d->b;
	struct arena *mem = arena_open();
	long long id;
	int rc = apply_intend(b->a, b->s->id, DELIVER_ACT, (long long)n, name_show(mem, b->records[n - 1].path), NULL, &id);

	if (rc == 0)
		rc = apply_end(b->a, id, c->state == COPY_DONE ? EFFECT_DONE : EFFECT_FAILED,
			       c->state == COPY_DONE ? arena_print(mem, SUM_BEFORE "%s" SUM_AFTER, digest_hex(mem, c->sum, DIGEST_SIZE)) : NULL,
			       c->why);
	arena_close(mem);
	return rc;
}

/* Those from `from` up to `until` are on disk before the journal says so. */
static int
note_group(struct delivery *d, size_t from, size_t until, const bool *fresh)
{
	struct apply *a = d->b->a;
	bool any = false;

	for (size_t n = from; n < until; n++)
		any |= fresh[n];
	if (!any)
		return 0;
	if (syncfs(d->root) < 0)
		return error_sys(a->err, ERROR_SOURCE, "cannot write the package of '%s'", d->b->s->id);
	step("copy");
	if (store_begin(a->in->store, a->err) < 0)
		return -1;
	for (size_t n = from; n < until; n++)
		if (fresh[n] && note_one(d, n) < 0) {
			store_rollback(a->in->store);
			return -1;
		}
	if (store_commit(a->in->store, a->err) < 0) {
		store_rollback(a->in->store);
		return -1;
	}
	step("copied");
	return 0;
}

/* ------------------------------------------------------------------ one file */

struct lane { struct delivery *d; struct arena *mem; size_t n; const char *trouble; };  /* trouble: of ours, and it waits */

static bool
my_turn(struct lane *l)
{
	const struct apply_eyes *eyes = l->d->b->a->in->eyes;

	if (eyes->turn && !eyes->turn(eyes->self, l->d->b->share)) {
		l->trouble = WINDOW_CLOSED;
		return false;
	}
	return true;
}

static struct copied
left_out(struct lane *l, const char *why)
{
	return (struct copied){ .state = COPY_DROPPED, .why = arena_text(l->d->b->mem, why) };
}

static const char *
unreadable(struct lane *l, const char *what)
{
	if (batch_lost(l->d->b, errno))
		l->trouble = l->d->b->lost;
	return errno == ENOENT ? "filen är borta" : errno == WALK_OTHER ? "det är inte en vanlig fil på lagringsytans filsystem"
		: arena_print(l->mem, "%s: %s", what, strerror(errno));
}

/* NULL, or how it is not what was approved. */
static const char *
look(struct lane *l, int parent, const char *leaf)
{
	struct batch *b = l->d->b;
	struct entry now;

	if (walk_look(parent, leaf, b->dev, &now) < 0)
		return unreadable(l, "filen går inte att läsa av");
	return batch_as_approved(b, &b->records[l->n - 1], &now) ? NULL : "filen har ändrats sedan den godkändes";
}

/* O_NONBLOCK: nothing is waited for, whatever it has become.  Who may not hide the reading reads all the same. */
int
deliver_open(int parent, const char *leaf)
{
	const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	int fd = openat(parent, leaf, flags | O_NOATIME);

	return fd < 0 && errno == EPERM ? openat(parent, leaf, flags) : fd;
}

static bool
is_the_one(struct lane *l, int fd)
{
	const struct record *r = &l->d->b->records[l->n - 1];
	struct stat st;

	if (fstat(fd, &st) < 0) {
		(void)unreadable(l, "");
		return false;
	}
	return S_ISREG(st.st_mode) && st.st_dev == l->d->b->dev && (uint64_t)st.st_size == r->size &&
	       (l->d->b->share->identity == IDENTITY_NONE || st.st_ino == r->ino) && st.st_mtim.tv_sec == r->mtime_s &&
	       (uint32_t)st.st_mtim.tv_nsec == r->mtime_ns;
}

/* NULL and *sum, or why not; l->trouble when that is ours. */
static const char *
pour(struct lane *l, int from, int to, unsigned char sum[DIGEST_SIZE])
{
	const struct record *r = &l->d->b->records[l->n - 1];
	struct digest *digest = digest_open();
	const char *why = NULL;
	uint64_t got = 0;
	ssize_t n = 1;

	while (n && !why && !l->trouble && my_turn(l)) {
		n = read(from, l->d->block, DELIVERY_BLOCK);
		if (n < 0 && errno != EINTR)
			why = unreadable(l, "filen går inte att läsa");
		if (n <= 0)
			continue;
		digest_add(digest, l->d->block, (size_t)n);
		got += (uint64_t)n;
		if (got > r->size)
			why = "filen ändrades medan den kopierades";
		else if (deliver_write(to, l->d->block, (size_t)n) < 0)
			l->trouble = cannot(l->d, "paketet går inte att skriva");
	}
	digest_close(digest, sum);
	return why ? why : !l->trouble && got != r->size ? "filen ändrades medan den kopierades" : NULL;
}

/* Looked at before and after: what was poured is what was approved, or it is left out. */
static struct copied
copy_to(struct lane *l, int parent, const char *leaf, int to)
{
	const struct record *r = &l->d->b->records[l->n - 1];
	int from = deliver_open(parent, leaf);
	struct copied done = { .state = COPY_DONE };
	const char *why;

	if (from < 0)
		return left_out(l, unreadable(l, "filen går inte att öppna"));
	why = is_the_one(l, from) ? pour(l, from, to, done.sum) : "filen har ändrats sedan den godkändes";
	if (!why && !l->trouble && (!is_the_one(l, from) || look(l, parent, leaf)))
		why = "filen ändrades medan den kopierades";
	close(from);
	futimens(to, (const struct timespec[]){ { .tv_nsec = UTIME_OMIT }, { r->mtime_s, r->mtime_ns } });
	return why ? left_out(l, why) : done;
}

static struct copied
copy_from(struct lane *l, int parent, const char *leaf)
{
	const char *path = arena_print(l->mem, DELIVERY_DATA "/%s", l->d->b->records[l->n - 1].path), *why = look(l, parent, leaf);
	struct copied done;
	int to;

	if (why)
		return left_out(l, why);
	to = make_folders(l->d, l->mem, path) < 0 ? -1
		: openat(l->d->root, path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (to < 0) {
		l->trouble = cannot(l->d, "paketet går inte att skriva");
		return (struct copied){ 0 };
	}
	done = copy_to(l, parent, leaf, to);
	if (close(to) < 0 && !l->trouble)
		l->trouble = cannot(l->d, "paketet går inte att skriva");
	if (done.state != COPY_DONE || l->trouble)
		unlinkat(l->d->root, path, 0);
	return l->trouble ? (struct copied){ 0 } : done;
}

static struct copied
copy_one(struct lane *l)
{
	struct batch *b = l->d->b;
	struct copied done;
	const char *leaf;
	int parent;

	if (!my_turn(l))
		return (struct copied){ 0 };
	parent = walk_parent(l->mem, b->root, b->records[l->n - 1].path, &leaf);
	if (parent < 0)
		return left_out(l, unreadable(l, "mappen går inte att nå"));
	done = copy_from(l, parent, leaf);
	close(parent);
	return done;
}

/* ------------------------------------------------------------------ all of them */

/* From `from` on, until there is enough for the journal, or trouble.  The next one, when all went well. */
static size_t
copy_group(struct delivery *d, size_t from, bool *fresh, const char **trouble)
{
	struct lane l = { .d = d, .mem = arena_open(), .n = from };
	unsigned long long bytes = 0;
	size_t files = 0;

	for (; l.n <= d->b->count && files < GROUP_FILES && bytes < GROUP_BYTES && !stop_asked(); l.n++) {
		if (d->files[l.n].state != COPY_NOT)
			continue;
		d->files[l.n] = copy_one(&l);
		if (l.trouble) {
			d->files[l.n] = (struct copied){ 0 };
			break;
		}
		count(d, l.n);
		fresh[l.n] = true;
		files++;
		bytes += d->b->records[l.n - 1].size;
		if (d->files[l.n].state == COPY_DROPPED)
			log_warn("apply leaves file %zu of proposal='%s' out of the package: %s", l.n, d->b->s->id, d->files[l.n].why);
		progress(d->b->share->id, (long long)l.n, (long long)d->b->count);
	}
	*trouble = l.trouble ? arena_text(d->b->mem, l.trouble) : NULL;
	arena_close(l.mem);
	return l.n;
}

static int
copy_all(struct delivery *d, const char **trouble)
{
	bool *fresh = arena_array(d->b->mem, bool, d->b->count + 1);

	*trouble = NULL;
	for (size_t n = 1; n <= d->b->count && !*trouble; ) {
		size_t next = copy_group(d, n, fresh, trouble);

		if (next > n && note_group(d, n, next, fresh) < 0)
			return -1;
		if (stop_asked())
			return error_set(d->b->a->err, ERROR_STOPPED, "asked to stop between two files");
		n = next;
	}
	progress_end();
	return 0;
}

/* The folder and the tar: what is missing of one, and all of the other. */
static const char *
no_room(const struct delivery *d)
{
	unsigned long long wanted = SPARE, room;
	struct statvfs fs;

	for (size_t n = 1; n <= d->b->count; n++)
		if (d->files[n].state != COPY_DROPPED)
			wanted += d->b->records[n - 1].size * (d->files[n].state == COPY_DONE ? 1 : 2) + 4096;
	if (fstatvfs(d->work, &fs) < 0)
		return NULL;
	room = (unsigned long long)fs.f_bavail * fs.f_frsize;
	return room >= wanted ? NULL
		: arena_print(d->b->mem, "disken för leveranser är full: paketet behöver %s, och det finns %s",
			      text_size(d->b->mem, (long long)wanted), text_size(d->b->mem, (long long)room));
}

/* ------------------------------------------------------------------ its end */

/* Nothing is left of it but why. */
static int
give_up(struct delivery *d, const char *note)
{
	struct apply *a = d->b->a;

	a->out->failed++;
	if (apply_move(a, d->b->s, PROPOSAL_FAILED, INT64_MIN, arena_text(a->mem, note)) < 0)
		return -1;
	remove_tree(d->work, draft_name(d));
	return 0;
}

/* It is copied again the next time. */
static int
copy_again(struct delivery *d)
{
	struct apply *a = d->b->a;
	long long id;

	if (apply_intend(a, d->b->s->id, DELIVER_ACT, (long long)d->spoiled, "", NULL, &id) < 0)
		return -1;
	return apply_end(a, id, EFFECT_UNDONE, NULL, "kopian har ändrats i paketet");
}

/* The sums of a package that is whole, and was when we were ended. */
static int
sum_up(const struct delivery *d, int at, const char *path, unsigned char sum[DIGEST_SIZE])
{
	int fd = openat(at, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct digest *digest = digest_open();
	ssize_t n = fd < 0 ? -1 : 1;

	while (n > 0) {
		n = read(fd, d->block, DELIVERY_BLOCK);
		if (n > 0)
			digest_add(digest, d->block, (size_t)n);
		else if (n < 0 && errno == EINTR)
			n = 1;
	}
	digest_close(digest, sum);
	if (fd >= 0)
		close(fd);
	return n < 0 ? -1 : 0;
}

static json_t *
package_json(const struct delivery *d, const char *shown)
{
	struct arena *mem = d->b->mem;
	json_t *o = json_object();

	json_put(o, "proposal", d->b->s->id);
	json_put(o, "package", shown);
	json_put(o, "mets", arena_print(mem, "sha256:%s", digest_hex(mem, d->mets, DIGEST_SIZE)));
	json_put(o, "tar", arena_print(mem, "sha256:%s", digest_hex(mem, d->tar, DIGEST_SIZE)));
	json_object_set_new(o, "files", json_integer((long long)d->copied));
	json_object_set_new(o, "bytes", json_integer((long long)d->bytes));
	json_object_set_new(o, "left_out", json_integer((long long)d->dropped));
	return o;
}

static int
record_in(struct delivery *d, const char *shown, const char *note)
{
	struct apply *a = d->b->a;
	json_t *o = package_json(d, shown);
	long long id;
	int rc = apply_intend(a, d->b->s->id, PACKAGE_ACT, 0, shown, NULL, &id);

	if (rc == 0)
		rc = apply_end(a, id, EFFECT_DONE, json_canonical(d->b->mem, o), NULL);
	if (rc == 0)
		rc = audit_add(a->in->store, a->in->now, "apply", "delivery-packaged", o, a->err);
	json_decref(o);
	return rc < 0 ? -1 : apply_move_in(a, d->b->s, PROPOSAL_EXPORTED, INT64_MIN, DAY_NONE, note, "apply");
}

static int
record(struct delivery *d)
{
	struct apply *a = d->b->a;
	const char *shown = name_show(a->mem, arena_print(a->mem, "%s/" DELIVERY_FOLDER "/%s", a->conf->work, d->b->s->id));
	const char *note = d->dropped ? arena_print(a->mem, "%s (%s kom inte med)", shown, text_many(a->mem, (long long)d->dropped, "fil", "filer")) : shown;

	if (d->whole && (sum_up(d, d->root, "METS.xml", d->mets) < 0 ||
			 sum_up(d, d->work, arena_print(d->b->mem, "%s.tar", d->b->s->id), d->tar) < 0))
		return apply_left(a, d->b->s, arena_text(a->mem, cannot(d, "paketet går inte att läsa")));
	if (store_begin(a->in->store, a->err) < 0)
		return -1;
	if (record_in(d, shown, note) < 0 || store_commit(a->in->store, a->err) < 0) {
		store_rollback(a->in->store);
		return -1;
	}
	a->out->packaged++;
	log_info("apply packaged proposal='%s' folder='%s' files=%zu left_out=%zu", d->b->s->id, shown, d->copied, d->dropped);
	return 0;
}

static int
close_package(struct delivery *d)
{
	struct sheet sheets[SHEETS];
	struct apply *a = d->b->a;
	const char *why = NULL;

	if (sip_write(d, sheets) < 0 || syncfs(d->root) < 0)
		return apply_left(a, d->b->s, arena_text(a->mem, cannot(d, "paketets förteckning går inte att skriva")));
	step("sip");
	if (tar_write(d, sheets, &why) < 0)
		why = cannot(d, "paketet går inte att skriva som en fil");
	progress_end();
	if (why && d->spoiled && copy_again(d) < 0)
		return -1;
	if (why)
		return apply_left(a, d->b->s, arena_text(a->mem, why));
	step("tar");
	if (renameat2(d->work, draft_name(d), d->work, d->b->s->id, RENAME_NOREPLACE) < 0)
		return apply_left(a, d->b->s, arena_text(a->mem, cannot(d, "paketet går inte att göra klart")));
	fsync(d->work);
	step("package");
	memcpy(d->mets, sheets[SHEET_METS].sum, DIGEST_SIZE);
	return record(d);
}

static const char *
first_left_out(const struct delivery *d)
{
	for (size_t n = 1; n <= d->b->count; n++)
		if (d->files[n].state == COPY_DROPPED)
			return d->files[n].why ? d->files[n].why : "-";
	return NULL;
}

/* What one record of a whole batch is not, none of it is; and who has put a file there since has not been asked. */
static const char *
not_whole(const struct delivery *d)
{
	const char *why = d->b->s->p.whole ? first_left_out(d) : NULL;

	if (d->b->s->p.whole && !why)
		why = batch_census(d->b);
	return why ? arena_print(d->b->mem, "volymen är inte densamma som godkändes (%s)", why) : NULL;
}

static int
deliver(struct delivery *d)
{
	struct apply *a = d->b->a;
	const char *why;

	if (open_package(d) < 0)
		return apply_left(a, d->b->s, arena_text(a->mem, cannot(d, "mappen för leveranser går inte att använda")));
	if (recall_all(d) < 0)
		return -1;
	if (d->whole)
		return record(d);
	why = not_whole(d);
	if (why)
		return d->b->lost ? batch_leave(d->b) : give_up(d, why);
	why = no_room(d);
	if (!why && copy_all(d, &why) < 0)
		return -1;
	if (why)
		return apply_left(a, d->b->s, arena_text(a->mem, why));
	why = not_whole(d);
	if (d->b->lost)
		return batch_leave(d->b);
	if (!why && !d->copied)
		why = "ingen av filerna är längre den som godkändes";
	return why ? give_up(d, why) : close_package(d);
}

int
deliver_apply(struct batch *b)
{
	struct delivery d = { .b = b, .work = -1, .root = -1 };
	int rc = store_decisions(b->mem, b->a->in->store, b->s->id, INT64_MIN, &d.given, b->a->err);

	if (rc == 0) {
		d.files = arena_array(b->mem, struct copied, b->count + 1);
		d.block = arena_take(b->mem, DELIVERY_BLOCK);
		rc = deliver(&d);
	}
	if (d.root >= 0)
		close(d.root);
	if (d.work >= 0)
		close(d.work);
	return rc;
}
