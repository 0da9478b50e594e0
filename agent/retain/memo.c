/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * memo.c - what came of one folder's files, in a few bytes, so that they need not be asked about while the folder is as it was.
 *
 * A memo is written only where nothing is due: of what is due the owner sees each file, and so it is listed every night.
 * Whatever the judging of files changes in the share's sums is noted here as well; told again, it changes them by the same.
 */
#include "retain_p.h"
#include "behov/digest.h"
#include "behov/number.h"
#include <sys/stat.h>

#define FORM "memo 5"                   /* another whenever the bytes mean something else */

/* Why a whole batch may not be proposed; a memo names them by number, so new ones come last. */
static const char *const reasons[] = {
	[AGAINST_HOLD] = "en handling omfattas av gallringsstopp",
	[AGAINST_PRESERVED] = "en handling ska bevaras",
	[AGAINST_NO_DECISION] = "en fil saknar gallringsbeslut",
	[AGAINST_OTHER] = "en handling hör till en annan serie eller bunt",
	[AGAINST_NO_DATE] = "en handling har inget känt datum",
	[AGAINST_UNREAD] = "en handling kunde inte läsas",
	[AGAINST_YOUNGER] = "en handling är yngre än händelsen",
};

const char *
against_text(enum against against)
{
	return reasons[against];
}

/* ------------------------------------------------------------------ noting */

void
memo_start(struct retain *r)
{
	r->memo.before = r->n;
	r->memo.until = INT32_MAX;
	r->memo.ahead = DAY_NONE;
	r->memo.folder++;
	r->memo.tallies.count = r->memo.batches.count = r->memo.untold.count = r->memo.events.count = 0;
}

/* On that day a file of the folder may be judged otherwise than today. */
void
memo_until(struct retain *r, day_t day)
{
	r->memo.until = day < r->memo.until ? day : r->memo.until;
}

/* A date that is not believed is, in the year before it.  Files of one folder are mostly of one day. */
void
memo_ahead(struct retain *r, day_t day)
{
	if (day != r->memo.ahead)
		memo_until(r, day_make(day_year(day) - 1, 1, 1));
	r->memo.ahead = day;
}

void
memo_tally(struct retain *r, struct tally *t, const struct entry *e)
{
	if (t->memo_folder != r->memo.folder) {
		t->memo_folder = r->memo.folder;
		t->memo_files = t->memo_weighed = t->memo_bytes = 0;
		*arena_push(r->mem, &r->memo.tallies) = t;
	}
	t->files++;
	t->memo_files++;
	if (!e->stated)
		return;
	t->weighed++;
	t->memo_weighed++;
	t->bytes = sizes_add(t->bytes, e->size);
	t->memo_bytes = sizes_add(t->memo_bytes, e->size);
}

void
memo_untold(struct retain *r, struct tally *t, enum untold why, size_t len)
{
	for (size_t i = 0; i < r->memo.untold.count; i++) {
		__typeof__(r->memo.untold.items) u = &r->memo.untold.items[i];

		if (u->tally == t && u->why == why && u->len == len) {
			u->files++;
			return;
		}
	}
	*arena_push(r->mem, &r->memo.untold) = (__typeof__(*r->memo.untold.items)){ t, why, len, 1 };
}

static struct batch *
noted(struct retain *r, struct batch *b)
{
	if (b->memo.folder != r->memo.folder) {
		b->memo.folder = r->memo.folder;
		b->memo.latest = DAY_NONE;
		b->memo.against = AGAINST_NOTHING;
		*arena_push(r->mem, &r->memo.batches) = b;
	}
	return b;
}

/* A member of it is due on that day. */
void
batch_wait(struct retain *r, struct batch *b, day_t due)
{
	noted(r, b);
	if (due > b->memo.latest)
		b->memo.latest = due;
	if (due > b->latest)
		b->latest = due;
}

/* Of several reasons always the same, in whatever order the folders were listed. */
static enum against
first(enum against a, enum against b)
{
	if (a == AGAINST_NOTHING || b == AGAINST_NOTHING)
		return a == AGAINST_NOTHING ? b : a;
	return strcmp(reasons[a], reasons[b]) < 0 ? a : b;
}

void
batch_block(struct retain *r, struct batch *b, enum against against)
{
	noted(r, b);
	b->memo.against = first(b->memo.against, against);
	b->against = first(b->against, against);
}

/* ------------------------------------------------------------------ a memo's bytes */

static void
add_number(struct retain *r, uint64_t n)
{
	unsigned char bytes[NUMBER_MOST];
	size_t len = number_put(bytes, n);

	for (size_t i = 0; i < len; i++)
		*arena_push(r->mem, &r->memo.bytes) = bytes[i];
}

static uint64_t
read_below(struct numbers *in, int bits)
{
	uint64_t n = number_get(in);

	in->broken |= n >> bits != 0;
	return in->broken ? 0 : n;
}

/* No sum of what is counted comes near to what a number can hold; one of sizes may, see sizes_add(). */
static uint64_t read_number(struct numbers *in) { return read_below(in, 40); }
static uint64_t read_size(struct numbers *in) { return read_below(in, 56); }

/* A sum of the share, as far as the folder has added to it. */
static long long *
sum(struct counts *n, int which)
{
	long long *const all[] = { &n->files, &n->weighed, &n->bytes, &n->ungoverned, &n->held, &n->inert, &n->no_anchor };

	return which < (int)(sizeof(all) / sizeof(*all)) ? all[which] : NULL;
}

/* What a memo begins with: which sums the folder adds to, a bit each, and whether these two follow; mostly few do. */
#define HAS_UNTOLD (1u << 7)
#define HAS_EVENTS (1u << 8)

static void
add_sums(struct retain *r)
{
	uint64_t has = (r->memo.untold.count ? HAS_UNTOLD : 0) | (r->memo.events.count ? HAS_EVENTS : 0);

	for (int i = 0; sum(&r->n, i); i++)
		has |= (uint64_t)(*sum(&r->n, i) != *sum(&r->memo.before, i)) << i;
	add_number(r, has);
	for (int i = 0; sum(&r->n, i); i++)
		if (has >> i & 1)
			add_number(r, (uint64_t)*sum(&r->n, i) - (uint64_t)*sum(&r->memo.before, i));
}

/* Does what was found depend on a list of cases? */
static bool
uses_registers(const struct state *s)
{
	for (size_t i = 0; i < s->cells.count; i++) {
		const struct pattern *p = s->cells.items[i].pattern;

		if (p->tally && p->tally->cases)
			return true;
		for (size_t k = 0; p->case_count && k < p->count; k++)
			if (p->parts[k].cased)
				return true;
	}
	return false;
}

/* A batch is named by its series and by how much of the folder's path is its own. */
static bool
add_batch(struct retain *r, const struct batch *b, const char *path)
{
	size_t len = strlen(b->path);

	if (!b->tally->series->whole || strncmp(b->path, path, len) != 0 || (len && path[len] && path[len] != '/'))
		return false;
	add_number(r, (uint64_t)(b->tally - r->tallies));
	add_number(r, len);
	add_number(r, b->memo.latest == DAY_NONE ? 0 : (uint64_t)((int64_t)b->memo.latest - DAY_NONE));
	add_number(r, b->memo.against);
	return true;
}

void
on_listed(void *self, void *state, const char *path, bool complete, struct memo *out)
{
	struct retain *r = self;

	judge_waiting(r, state, path, complete);
	*out = (struct memo){ .registers = uses_registers(state) };
	if (!complete || r->memo.until <= r->today)
		return;
	r->memo.bytes.count = 0;
	add_sums(r);
	add_number(r, r->memo.tallies.count);
	for (size_t i = 0; i < r->memo.tallies.count; i++) {
		add_number(r, (uint64_t)(r->memo.tallies.items[i] - r->tallies));
		add_number(r, (uint64_t)r->memo.tallies.items[i]->memo_files);
		add_number(r, (uint64_t)r->memo.tallies.items[i]->memo_weighed);
		add_number(r, (uint64_t)r->memo.tallies.items[i]->memo_bytes);
	}
	if (r->memo.untold.count)
		add_number(r, r->memo.untold.count);
	for (size_t i = 0; i < r->memo.untold.count; i++) {
		add_number(r, (uint64_t)(r->memo.untold.items[i].tally - r->tallies));
		add_number(r, r->memo.untold.items[i].why);
		add_number(r, r->memo.untold.items[i].len);
		add_number(r, (uint64_t)r->memo.untold.items[i].files);
	}
	if (r->memo.events.count)
		add_number(r, r->memo.events.count);
	for (size_t i = 0; i < r->memo.events.count; i++)
		add_number(r, r->memo.events.items[i]);
	for (size_t i = 0; i < r->memo.batches.count; i++)
		if (!add_batch(r, r->memo.batches.items[i], path))
			return;
	out->bytes = r->memo.bytes.items;
	out->len = r->memo.bytes.count;
	out->until = r->memo.until;
}

/* ------------------------------------------------------------------ telling it again */

static struct tally *
read_tally(struct retain *r, struct numbers *in)
{
	uint64_t which = read_number(in);

	if (which < r->input.rules->series_count)
		return &r->tallies[which];
	in->broken = true;
	return NULL;
}

static void
recall_batch(struct retain *r, struct numbers *in, const char *path, bool apply)
{
	struct tally *t = read_tally(r, in);
	uint64_t len = read_number(in), latest = read_number(in), against = read_number(in);
	struct batch *b;

	if (in->broken || !t->series->whole || len > strlen(path) || (len && path[len] && path[len] != '/') || latest > (uint64_t)INT32_MAX - (uint64_t)DAY_NONE ||
	    against >= sizeof(reasons) / sizeof(*reasons)) {
		in->broken = true;
		return;
	}
	if (!apply)
		return;
	b = batch_get(r, t, path, len, DAY_NONE);
	if (latest)
		batch_wait(r, b, (day_t)((int64_t)latest + DAY_NONE));
	if (against)
		batch_block(r, b, (enum against)against);
}

static void
recall_untold(struct retain *r, struct numbers *in, const char *path, bool apply)
{
	struct tally *t = read_tally(r, in);
	uint64_t why = read_number(in), len = read_number(in), files = read_number(in);

	if (why > UNTOLD_YOUNGER || !len || len > strlen(path) || (path[len] && path[len] != '/'))
		in->broken = true;
	if (!in->broken && apply)
		told_add(r, untold_of(r, t, (enum untold)why), arena_copy(r->scratch, path, len), (long long)files);
}

static void
recall_event(struct retain *r, struct numbers *in, bool apply)
{
	uint64_t which = read_number(in);

	if (which >= r->input.event_count)
		in->broken = true;
	if (!in->broken && apply)
		r->events[which].met = true;
}

/* Reads it all; once to see that it can be read, once to let it count. */
static bool
read_memo(struct retain *r, const char *path, const void *bytes, size_t len, bool apply)
{
	struct numbers in = { bytes, (const unsigned char *)bytes + len, false };
	uint64_t has = read_number(&in), count;

	for (int i = 0; sum(&r->n, i); i++)
		if (has >> i & 1)
			*sum(&r->n, i) = sizes_add(*sum(&r->n, i), (sum(&r->n, i) == &r->n.bytes ? read_size(&in) : read_number(&in)) * apply);
	count = read_number(&in);
	for (uint64_t i = 0; i < count && !in.broken; i++) {
		struct tally *t = read_tally(r, &in);
		uint64_t files = read_number(&in), weighed = read_number(&in), size = read_size(&in);

		if (in.broken || !apply)
			continue;
		t->files += (long long)files;
		t->weighed += (long long)weighed;
		t->bytes = sizes_add(t->bytes, size);
	}
	count = has & HAS_UNTOLD ? read_number(&in) : 0;
	for (uint64_t i = 0; i < count && !in.broken; i++)
		recall_untold(r, &in, path, apply);
	count = has & HAS_EVENTS ? read_number(&in) : 0;
	for (uint64_t i = 0; i < count && !in.broken; i++)
		recall_event(r, &in, apply);
	while (in.at < in.end && !in.broken)
		recall_batch(r, &in, path, apply);
	return !in.broken;
}

bool
on_recall(void *self, void *state, const char *path, const void *bytes, size_t len)
{
	(void)state;
	return read_memo(self, path, bytes, len, false) && read_memo(self, path, bytes, len, true);
}

/* ------------------------------------------------------------------ under what they are true */

static void
add_program(struct digest *d)
{
	struct stat st;

	if (stat("/proc/self/exe", &st) < 0)
		return;
	digest_add(d, &st.st_ino, sizeof st.st_ino);
	digest_add(d, &st.st_size, sizeof st.st_size);
	digest_add(d, &st.st_mtim, sizeof st.st_mtim);
}

static void
add_holds(struct digest *d, const struct retain *r)
{
	for (size_t i = 0; i < r->input.hold_count; i++) {
		const struct hold *h = &r->input.holds[i];

		digest_field(d, h->share);
		digest_field(d, h->path);
		digest_field(d, h->series);
		digest_field(d, h->case_name);
	}
}

/* Those that people have told are in no rules. */
static void
add_events(struct digest *d, const struct retain *r)
{
	for (size_t i = 0; i < r->input.event_count; i++) {
		const struct event *e = &r->input.events[i];

		digest_field(d, e->series);
		digest_field(d, e->share);
		digest_field(d, e->path);
		digest_add(d, &e->date, sizeof e->date);
	}
}

/* Rules, holds, events, the zone in which moments become days, and this very program: a new one may judge otherwise. */
const char *
memo_judged(struct retain *r)
{
	const struct rules *rules = r->input.rules;
	unsigned char sum[DIGEST_SIZE];
	struct digest *d = digest_open();

	digest_field(d, FORM);
	digest_field(d, rules->digest);
	digest_field(d, rules->conf.zone);
	add_holds(d, r);
	add_events(d, r);
	for (size_t i = 0; i < r->input.received_count; i++) {
		const struct received *one = &r->input.received[i];

		digest_field(d, one->series);
		digest_field(d, one->share);
		digest_field(d, one->record.path);
		digest_add(d, &one->by->day, sizeof one->by->day);
	}
	add_program(d);
	digest_close(d, sum);
	return digest_hex(r->mem, sum, sizeof sum);
}

const char *
memo_registers(struct retain *r)
{
	unsigned char sum[DIGEST_SIZE];
	struct digest *d = digest_open();

	for (size_t i = 0; i < r->input.rules->case_count; i++) {
		const struct case_file *f = &r->files[i];

		digest_field(d, f->list->id);
		digest_add(d, &f->known, sizeof f->known);
		digest_add(d, &f->doubtful, sizeof f->doubtful);
		for (size_t k = 0; k < f->count; k++) {
			digest_field(d, f->items[k].name);
			digest_add(d, &f->items[k].closed, sizeof f->items[k].closed);
			digest_add(d, &f->items[k].spared, sizeof f->items[k].spared);
		}
	}
	digest_close(d, sum);
	return digest_hex(r->mem, sum, sizeof sum);
}
