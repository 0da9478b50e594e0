/* SPDX-License-Identifier: GPL-3.0-or-later */
/* batch.c - what an owner decides as one: batches, their proposals, and what stands in their way. */
#include "retain_p.h"
#include "behov/digest.h"
#include "behov/json.h"
#include "behov/manifest.h"
#include "behov/text.h"

#define SAMPLE 20                       /* files of a batch that are shown */

static size_t
bucket(const struct tally *tally, const char *path, size_t len, day_t due)
{
	uint64_t h = 1469598103934665603u ^ (uint64_t)(uintptr_t)tally ^ (uint32_t)due;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)path[i]) * 1099511628211u;
	return (size_t)((h ^ h >> 32) % BUCKETS);
}

static struct batch *
get(struct retain *r, struct tally *tally, const char *path, size_t len, day_t due, bool received)
{
	struct batch **at = &r->buckets[bucket(tally, path, len, due)], *b;

	for (b = *at; b; b = b->next)
		if (b->tally == tally && b->due == due && b->received == received && strlen(b->path) == len && memcmp(b->path, path, len) == 0)
			return b;
	b = arena_new(r->mem, struct batch);
	*b = (struct batch){ .next = *at, .tally = tally, .due = due, .latest = DAY_NONE, .number = r->all.count, .received = received,
			     .kin.latest = DAY_NONE };
	b->path = arena_copy(r->mem, path, len);
	*at = b;
	*arena_push(r->mem, &r->all) = b;
	return b;
}

struct batch *
batch_get(struct retain *r, struct tally *tally, const char *path, size_t len, day_t due)
{
	return get(r, tally, path, len, due, false);
}

struct batch *
batch_get_received(struct retain *r, struct tally *tally, const char *path, size_t len, day_t due)
{
	return get(r, tally, path, len, due, true);
}

void
batches_drop(struct retain *r)
{
	pile_close(r->pile);
	r->pile = NULL;
	r->all.count = 0;
}

bool
reaches(struct retain *r, const struct pattern *p, const char *folder)
{
	struct cells now = { 0 }, next = { 0 }, swap;
	char *path = arena_text(r->scratch, folder);
	bool live = false;

	cells_begin(&now, p);
	while (*path && now.count) {
		size_t len = strcspn(path, "/");
		char *more = path + len + (path[len] == '/');

		path[len] = '\0';
		cells_step(r->scratch, now.items, now.count, path, len, &next);
		swap = now, now = next, next = swap;
		path = more;
	}
	for (size_t i = 0; i < now.count; i++)
		live |= now.items[i].pos < p->count;
	free(now.items);
	free(next.items);
	return live;
}

static bool
is_below(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	return !len || (strncmp(path, folder, len) == 0 && (path[len] == '/' || !path[len]));
}

/* A batch without a folder of its own is anywhere its pattern is; one with a folder is judged by that. */
static bool
series_in_gap(struct retain *r, const struct tally *tally, const char *gap)
{
	for (size_t i = 0; i < r->patterns.count; i++)
		if (r->patterns.items[i]->tally == tally && !r->patterns.items[i]->batch &&
		    (r->cut || reaches(r, r->patterns.items[i], gap)))
			return true;
	return false;
}

static bool
in_gap(struct retain *r, const struct batch *b, const char *const *gaps, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (*b->path ? is_below(gaps[i], b->path) : series_in_gap(r, b->tally, gaps[i]))
			return true;
	return b->tally->cases_hidden && !b->received;
}

void
find(struct plan *plan, struct arena *mem, const char *kind, const struct share *share, const struct series *series,
     const char *text)
{
	*arena_push(mem, &plan->findings) =
		(struct finding){ .kind = kind, .share = share->id, .series = series ? series->id : NULL, .text = text };
}

/* received: it is not what was delivered, which has its own. */
static const char *
key_of(struct arena *mem, const struct proposal *p, bool received)
{
	unsigned char sum[DIGEST_SIZE];
	struct digest *d = digest_open();

	digest_field(d, p->series);
	digest_field(d, p->share);
	digest_field(d, p->batch);
	if (!p->whole)
		digest_field(d, day_text(mem, p->due));
	if (received)
		digest_field(d, "received");
	digest_close(d, sum);
	return digest_hex(mem, sum, 8);
}

/* A proposal as its records come, one after another. */
struct making {
	struct proposal *p;
	struct manifest_packer *packer;
	struct digest *version;
	struct record last;             /* the first of those that are due last; its path is not kept */
	day_t oldest, newest;
	json_t *sample;
	long long step;                 /* every so many files one is shown */
};

static struct digest *
version_open(struct arena *mem, const struct proposal *p)
{
	struct digest *d = digest_open();

	digest_field(d, p->series);
	digest_field(d, p->batch);
	digest_field(d, day_text(mem, p->due));
	return d;
}

static void
version_add(struct digest *d, const struct record *r)
{
	char number[32];

	digest_field(d, r->path);
	snprintf(number, sizeof number, "%llu", (unsigned long long)r->size);
	digest_field(d, number);
	snprintf(number, sizeof number, "%ld", (long)r->anchor);
	digest_field(d, number);
}

static const char *
version_close(struct arena *mem, struct digest *d)
{
	unsigned char sum[DIGEST_SIZE];

	digest_close(d, sum);
	return digest_hex(mem, sum, sizeof sum);
}

const char *
period_text(struct arena *mem, struct period period)
{
	static const char *const unit[] = { "dagar", "månader", "år" };

	return arena_print(mem, "%d %s", period.count, unit[period.unit]);
}

const char *
sum_text(struct arena *mem, const struct series *s, day_t from_day, day_t due)
{
	static const char *const from[] = { " från kalenderårets slut", " från månadens slut", "", " från räkenskapsårets slut" };
	const char *anchor = s->count_from == COUNT_YEAR_END ? arena_print(mem, "%d", day_year(from_day))
							     : day_text(mem, from_day);

	return arena_print(mem, "%s + %s%s = %s", anchor, period_text(mem, s->keep), from[s->count_from], day_text(mem, due));
}

static json_t *
evidence(struct arena *mem, const struct series *s, const struct making *m, const char *calculation)
{
	json_t *all = json_object(), *decision = json_object();

	json_put(decision, "dnr", s->decision.dnr);
	json_put(decision, "date", s->decision.date);
	json_put(decision, "body", s->decision.body);
	json_put(all, "calculation", calculation);
	json_object_set_new(all, "decision", decision);
	json_put(all, "law", s->law);
	json_put(all, "oldest", day_text(mem, m->oldest));
	json_put(all, "newest", day_text(mem, m->newest));
	json_object_set(all, "sample", m->sample);
	return all;
}

static void
show(struct making *m, const char *path)
{
	struct arena *mem = arena_open();

	json_array_append_new(m->sample, json_string(name_show(mem, path)));
	arena_close(mem);
}

static int
add_record(struct making *m, const struct record *r, struct error *err)
{
	bool first = !m->p->files;

	m->oldest = first || r->anchor < m->oldest ? r->anchor : m->oldest;
	m->newest = first || r->anchor > m->newest ? r->anchor : m->newest;
	m->last = first || r->due > m->last.due ? *r : m->last;
	if (m->p->files++ % m->step == 0 && json_array_size(m->sample) < SAMPLE)
		show(m, r->path);
	m->p->bytes = sizes_add(m->p->bytes, r->size);
	version_add(m->version, r);
	return manifest_packer_add(m->packer, r, err);
}

/* All records of a batch, out of the pile. */
static int
make(struct retain *r, const struct batch *b, struct making *m, struct error *err)
{
	struct record record;
	int rc = 0;

	manifest_packer_start(m->packer, r->mem);
	while (rc == 0 && pile_take(r->pile, b->number, &record))
		rc = add_record(m, &record, err);
	m->p->version = version_close(r->mem, m->version);
	return rc < 0 ? -1 : manifest_packer_end(m->packer, &m->p->packed, err);
}

static int
propose(struct retain *r, struct batch *b, struct manifest_packer *packer, struct plan *plan, struct error *err)
{
	const struct series *s = b->tally->series;
	const bool deliver = s->action == ACTION_DELIVER && !b->received;
	struct proposal p = {
		.kind = deliver ? KIND_DELIVER : KIND_DESTROY,
		.series = s->id, .share = r->share->id, .batch = name_show(r->mem, b->path),
		.due = b->latest, .whole = s->whole && !b->received, .rule = s->at, .needs = deliver ? 1 : 2,
		.konfidentialitet = r->share->class.konfidentialitet < 0 ? 3 : r->share->class.konfidentialitet,
		.scope = arena_print(r->mem, "series:%s@%s", s->id, r->share->id),
	};
	struct making m = { .p = &p, .packer = packer, .version = version_open(r->mem, &p), .sample = json_array(),
			    .step = b->count > SAMPLE ? (long long)(b->count / SAMPLE) : 1 };
	const char *calculation;
	int rc = make(r, b, &m, err);

	if (rc == 0) {
		p.key = key_of(r->mem, &p, b->received);
		p.manifest = p.packed->digest;
		calculation = b->received ? received_text(r, s, m.last.anchor, m.last.due) : sum_text(r->mem, s, m.last.anchor, m.last.due);
		p.why = arena_print(r->mem, "%s handling%s i %s: %s.", text_count(r->mem, p.files), p.files == 1 ? "" : "ar",
				    *p.batch ? p.batch : s->name ? s->name : s->id, calculation);
		if (b->received)
			p.why = arena_print(r->mem, "%s Originalen finns i e-arkivet (%s).", p.why, received_proof(r, b));
		p.evidence = evidence(r->mem, s, &m, calculation);
		if (b->received)
			json_object_set_new(p.evidence, "receipts", received_json(r->mem, b));
		losers_tell(r->mem, b, p.evidence);
		plan->filed.due_files += p.files;
		plan->filed.due_bytes = sizes_add(plan->filed.due_bytes, (uint64_t)p.bytes);
		*arena_push(r->mem, &plan->proposals) = p;
	}
	json_decref(m.sample);
	return rc < 0 ? error_in(err, "packing what is due of '%s'", s->id) : 0;
}

static int
finish_batch(struct retain *r, struct batch *b, const char *const *gaps, size_t count, struct manifest_packer *packer,
	     struct plan *plan, struct error *err)
{
	const struct series *s = b->tally->series;
	const char *blocked = s->whole && !b->received && b->against ? against_text(b->against) : NULL;

	if (!b->count || b->latest == DAY_NONE || b->latest > r->today || b->kin.latest > r->today)
		return 0;
	if (!blocked && b->kin.against)
		blocked = arena_print(r->mem, "i en annan mapp för samma ärende: %s", against_text(b->kin.against));
	if (in_gap(r, b, gaps, count))
		blocked = "en mapp kunde inte läsas";
	if (b->kin.hidden) {
		blocked = "en mapp för samma ärende kunde inte läsas";
		*arena_push(r->mem, &plan->unclear) = (struct unclear){
			.files = true, .share = r->share->id, .path = name_show(r->mem, b->path) };
	}
	if (!blocked)
		return propose(r, b, packer, plan, err);
	find(plan, r->mem, "batch-blocked", r->share, s,
	     arena_print(r->mem, "%s: %s", *b->path ? name_show(r->mem, b->path) : s->id, blocked));
	return 0;
}

/* In their order, which is that of the pile. */
static int
finish_batches(struct retain *r, const char *const *gaps, size_t count, struct plan *plan, struct error *err)
{
	struct manifest_packer *packer = manifest_packer_open();
	int rc = 0;

	for (size_t i = 0; i < r->all.count && rc == 0; i++)
		rc = finish_batch(r, r->all.items[i], gaps, count, packer, plan, err);
	manifest_packer_close(packer);
	return rc;
}

static void
finish_series(struct retain *r, struct tally *t, const char *const *gaps, size_t count, struct plan *plan)
{
	if (t->cases && (!t->cases->known || t->cases->doubtful))
		*arena_push(r->mem, &plan->unclear) = (struct unclear){
			.files = true, .share = r->share->id, .series = t->series->id };
	for (size_t i = 0; i < count; i++)
		if (series_in_gap(r, t, gaps[i]) || t->cases_hidden) {
			*arena_push(r->mem, &plan->unclear) = (struct unclear){
				.files = true, .share = r->share->id, .series = t->series->id };
			break;
		}
	if (!t->files)
		return;
	*arena_push(r->mem, &plan->sizes) = (__typeof__(*plan->sizes.items)){
		.scope = arena_print(r->mem, "series:%s@%s", t->series->id, r->share->id), .of = t->files };
	if (t->overdue) {
		find(plan, r->mem, "overdue", r->share, t->series,
		     arena_print(r->mem, "%s: %s i serien %s skulle redan ha gallrats eller levererats, de första före %s", r->share->name,
				 text_many(r->mem, t->overdue, "handling", "handlingar"), t->series->name, day_text(r->mem, t->overdue_since)));
		*arena_push(r->mem, &plan->late) = (struct late){ t->series->id, r->share->id, t->overdue, t->overdue_since };
	}
	tell_untold(r, t, plan);
	if (!t->series->decided)
		find(plan, r->mem, "series-without-decision", r->share, t->series,
		     arena_print(r->mem, "%s: %s hör till serien %s, som saknar beslut", r->share->name,
				 text_many(r->mem, t->files, "fil", "filer"), t->series->name));
}

/* What lies where: the share, its series, the folders of its root. */
static void
tell_stock(struct retain *r, struct plan *plan)
{
	*arena_push(r->mem, &plan->stock) = (struct stock){
		.share = r->share->id, .files = r->n.files, .weighed = r->n.weighed, .bytes = r->n.bytes,
		.ungoverned = r->n.ungoverned, .held = r->n.held,
	};
	for (size_t i = 0; i < r->input.rules->series_count; i++) {
		const struct tally *t = &r->tallies[i];

		if (t->files)
			*arena_push(r->mem, &plan->stock) = (struct stock){
				.share = r->share->id, .series = t->series->id, .files = t->files, .weighed = t->weighed,
				.bytes = t->bytes,
			};
	}
	tops_tell(r, plan);
}

static void
totals(struct retain *r, struct plan *plan)
{
	plan->filed.files += r->n.files;
	plan->filed.folders += r->n.folders;
	plan->filed.bytes = sizes_add(plan->filed.bytes, (uint64_t)r->n.bytes);
	plan->filed.ungoverned += r->n.ungoverned;
	plan->filed.held += r->n.held;
	plan->filed.inert += r->n.inert;
	plan->filed.no_anchor += r->n.no_anchor;
	if (r->n.ungoverned && r->share->own)
		find(plan, r->mem, "ungoverned", r->share, NULL, "Det finns egna handlingar som saknar gallringsbeslut, och bevaras");
	else if (r->n.ungoverned)
		find(plan, r->mem, "ungoverned", r->share, NULL,
		     arena_print(r->mem, "%s: %s gallringsbeslut", r->share->name,
				 text_many(r->mem, r->n.ungoverned, "fil saknar", "filer saknar")));
	if (r->n.no_anchor)
		find(plan, r->mem, "no-anchor", r->share, NULL,
		     arena_print(r->mem, "%s: %s inget känt datum", r->share->name,
				 text_many(r->mem, r->n.no_anchor, "fil har", "filer har")));
}

/* The share was not read to its end: what was left lies anywhere, and not only there. */
static bool
is_window(const struct gap *gap)
{
	return strcmp(gap->what, "window") == 0;
}

int
retain_finish(struct retain *r, const struct share *share, const struct gap *gaps, size_t gap_count, bool visited,
	      struct plan *plan, struct error *err)
{
	const char **paths = arena_array(r->mem, const char *, gap_count + 1);

	plan->files_judged = true;
	for (size_t i = 0; i < r->gaps.count; i++)
		*arena_push(r->mem, &plan->gaps) = r->gaps.items[i];
	r->gaps.count = 0;
	r->cut = false;
	plan->filed.unreadable += (long long)gap_count;
	for (size_t i = 0; i < gap_count; i++) {
		*arena_push(r->mem, &plan->gaps) = gaps[i];
		paths[i] = gaps[i].path ? name_read(r->mem, gaps[i].path) : "";
		if (!paths[i])
			return error_set(err, ERROR_SOURCE, "a gap has a broken path '%s'", gaps[i].path);
		*arena_push(r->mem, &plan->unclear) = (struct unclear){
			.files = true, .share = share->id,
			.path = visited && *paths[i] && !is_window(&gaps[i]) ? gaps[i].path : NULL };
		r->cut |= is_window(&gaps[i]);
	}
	if (!visited) {
		*arena_push(r->mem, &plan->unclear) = (struct unclear){ .files = true, .share = share->id };
		return 0;
	}
	split_join(r, paths, gap_count);
	if (finish_batches(r, paths, gap_count, plan, err) < 0)
		return -1;
	for (size_t i = 0; i < r->input.rules->series_count; i++)
		finish_series(r, &r->tallies[i], paths, gap_count, plan);
	tell_events(r, paths, gap_count, plan);
	totals(r, plan);
	tell_stock(r, plan);
	return 0;
}
