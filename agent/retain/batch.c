/* SPDX-License-Identifier: GPL-3.0-or-later */
/* batch.c - what an owner decides as one: batches, their proposals, and what stands in their way. */
#include "retain_p.h"
#include "behov/digest.h"
#include "behov/json.h"
#include "behov/manifest.h"
#include "behov/text.h"

static size_t
bucket(const struct tally *tally, const char *path, size_t len, day_t due)
{
	uint64_t h = 1469598103934665603u ^ (uint64_t)(uintptr_t)tally ^ (uint32_t)due;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)path[i]) * 1099511628211u;
	return (size_t)((h ^ h >> 32) % BUCKETS);
}

struct batch *
batch_get(struct retain *r, struct tally *tally, const char *path, size_t len, day_t due)
{
	struct batch **at = &r->buckets[bucket(tally, path, len, due)], *b;

	for (b = *at; b; b = b->next)
		if (b->tally == tally && b->due == due && strlen(b->path) == len && memcmp(b->path, path, len) == 0)
			return b;
	b = arena_new(r->mem, struct batch);
	*b = (struct batch){ .next = *at, .tally = tally, .due = due, .latest = DAY_NONE };
	b->path = arena_copy(r->mem, path, len);
	*at = b;
	*arena_push(r->mem, &r->all) = b;
	return b;
}

void
batches_drop(struct retain *r)
{
	for (size_t i = 0; i < r->all.count; i++) {
		free(r->all.items[i]->records.items);
		r->all.items[i]->records.items = NULL;
	}
	r->all.count = 0;
}

static int
by_path(const void *a, const void *b)
{
	return strcmp(((const struct record *)a)->path, ((const struct record *)b)->path);
}

/* Sorted, and each path once: a folder that changes while it is listed may tell a name twice. */
static void
tidy(struct batch *b)
{
	size_t kept = 0;

	qsort(b->records.items, b->records.count, sizeof *b->records.items, by_path);
	for (size_t i = 0; i < b->records.count; i++)
		if (!kept || strcmp(b->records.items[kept - 1].path, b->records.items[i].path) != 0)
			b->records.items[kept++] = b->records.items[i];
	b->records.count = kept;
}

bool
reaches(struct retain *r, const struct pattern *p, const char *folder)
{
	struct cells now = { 0 }, next = { 0 }, swap;
	char *path = arena_text(r->scratch, folder);
	bool live = false;

	cells_add(&now, (struct cell){ .pattern = p, .date = DAY_NONE }, 0);
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
	return false;
}

void
find(struct plan *plan, struct arena *mem, const char *kind, const struct share *share, const struct series *series,
     const char *text)
{
	*arena_push(mem, &plan->findings) =
		(struct finding){ .kind = kind, .share = share->id, .series = series ? series->id : NULL, .text = text };
}

static const char *
key_of(struct arena *mem, const struct proposal *p)
{
	unsigned char sum[DIGEST_SIZE];
	struct digest *d = digest_open();

	digest_field(d, p->series);
	digest_field(d, p->share);
	digest_field(d, p->batch);
	if (!p->whole)
		digest_field(d, day_text(mem, p->due));
	digest_close(d, sum);
	return digest_hex(mem, sum, 8);
}

static const char *
version_of(struct arena *mem, const struct proposal *p)
{
	unsigned char sum[DIGEST_SIZE];
	struct digest *d = digest_open();
	char number[32];

	digest_field(d, p->series);
	digest_field(d, p->batch);
	digest_field(d, day_text(mem, p->due));
	for (size_t i = 0; i < p->record_count; i++) {
		digest_field(d, p->records[i].path);
		snprintf(number, sizeof number, "%llu", (unsigned long long)p->records[i].size);
		digest_field(d, number);
		snprintf(number, sizeof number, "%ld", (long)p->records[i].anchor);
		digest_field(d, number);
	}
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
evidence(struct arena *mem, const struct series *s, const struct proposal *p, const char *calculation)
{
	json_t *all = json_object(), *decision = json_object(), *sample = json_array();
	day_t oldest = p->records[0].anchor, newest = oldest;
	size_t step = p->record_count > 20 ? p->record_count / 20 : 1;

	for (size_t i = 0; i < p->record_count; i++) {
		oldest = p->records[i].anchor < oldest ? p->records[i].anchor : oldest;
		newest = p->records[i].anchor > newest ? p->records[i].anchor : newest;
		if (i % step == 0 && json_array_size(sample) < 20)
			json_array_append_new(sample, json_string(name_show(mem, p->records[i].path)));
	}
	json_put(decision, "dnr", s->decision.dnr);
	json_put(decision, "date", s->decision.date);
	json_put(decision, "body", s->decision.body);
	json_put(all, "calculation", calculation);
	json_object_set_new(all, "decision", decision);
	json_put(all, "law", s->law);
	json_put(all, "oldest", day_text(mem, oldest));
	json_put(all, "newest", day_text(mem, newest));
	json_object_set_new(all, "sample", sample);
	return all;
}

/* Moved to where the plan lives, without the room that growing left. */
static struct record *
keep_records(struct retain *r, struct batch *b)
{
	struct record *kept = arena_array(r->mem, struct record, b->records.count);

	memcpy(kept, b->records.items, b->records.count * sizeof *kept);
	free(b->records.items);
	b->records.items = NULL;
	return kept;
}

static void
propose(struct retain *r, struct batch *b, struct plan *plan)
{
	const struct series *s = b->tally->series;
	const struct record *last;
	struct proposal p = {
		.kind = s->action == ACTION_DELIVER ? KIND_DELIVER : KIND_DESTROY,
		.series = s->id, .share = r->share->id, .batch = name_show(r->mem, b->path),
		.files = (long long)b->records.count, .due = b->latest, .whole = s->whole, .rule = s->at,
		.records = keep_records(r, b), .record_count = b->records.count,
		.needs = s->action == ACTION_DELIVER ? 1 : 2,
		.konfidentialitet = r->share->class.konfidentialitet < 0 ? 3 : r->share->class.konfidentialitet,
		.scope = arena_print(r->mem, "series:%s@%s", s->id, r->share->id),
	};
	const char *calculation;

	last = p.records;
	for (size_t i = 0; i < p.record_count; i++) {
		p.bytes += (long long)p.records[i].size;
		last = p.records[i].due > last->due ? &p.records[i] : last;
	}
	p.key = key_of(r->mem, &p);
	p.version = version_of(r->mem, &p);
	p.manifest = manifest_digest(r->mem, p.records, p.record_count);
	calculation = sum_text(r->mem, s, last->anchor, last->due);
	p.why = arena_print(r->mem, "%s handling%s i %s: %s.", text_count(r->mem, p.files), p.files == 1 ? "" : "ar",
			    *p.batch ? p.batch : s->name ? s->name : s->id, calculation);
	p.evidence = evidence(r->mem, s, &p, calculation);
	losers_tell(r->mem, b, p.evidence);
	plan->filed.due_files += p.files;
	plan->filed.due_bytes += p.bytes;
	*arena_push(r->mem, &plan->proposals) = p;
}

static void
finish_batch(struct retain *r, struct batch *b, const char *const *gaps, size_t count, struct plan *plan)
{
	const struct series *s = b->tally->series;
	const char *blocked = s->whole && b->against ? against_text(b->against) : NULL;

	if (!b->records.count || b->latest == DAY_NONE || b->latest > r->today)
		return;
	tidy(b);
	if (in_gap(r, b, gaps, count))
		blocked = "en mapp kunde inte läsas";
	if (blocked)
		find(plan, r->mem, "batch-blocked", r->share, s,
		     arena_print(r->mem, "%s: %s", *b->path ? name_show(r->mem, b->path) : s->id, blocked));
	else
		propose(r, b, plan);
}

static void
finish_series(struct retain *r, struct tally *t, const char *const *gaps, size_t count, struct plan *plan)
{
	if (t->cases && (!t->cases->known || t->cases->doubtful))
		*arena_push(r->mem, &plan->unclear) = (struct unclear){
			.files = true, .share = r->share->id, .series = t->series->id };
	for (size_t i = 0; i < count; i++)
		if (series_in_gap(r, t, gaps[i])) {
			*arena_push(r->mem, &plan->unclear) = (struct unclear){
				.files = true, .share = r->share->id, .series = t->series->id };
			break;
		}
	if (!t->files)
		return;
	*arena_push(r->mem, &plan->sizes) = (__typeof__(*plan->sizes.items)){
		.scope = arena_print(r->mem, "series:%s@%s", t->series->id, r->share->id), .of = t->files };
	if (t->overdue)
		find(plan, r->mem, "overdue", r->share, t->series,
		     arena_print(r->mem, "%s handlingar skulle ha gallrats eller levererats senast, de första före %s",
				 text_count(r->mem, t->overdue), day_text(r->mem, t->overdue_since)));
	tell_untold(r, t, plan);
	if (!t->series->decided)
		find(plan, r->mem, "series-without-decision", r->share, t->series,
		     arena_print(r->mem, "%s filer hör till serien, som saknar beslut", text_count(r->mem, t->files)));
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
	plan->filed.bytes += r->n.bytes;
	plan->filed.ungoverned += r->n.ungoverned;
	plan->filed.held += r->n.held;
	plan->filed.inert += r->n.inert;
	plan->filed.no_anchor += r->n.no_anchor;
	if (r->n.ungoverned)
		find(plan, r->mem, "ungoverned", r->share, NULL,
		     arena_print(r->mem, "%s filer saknar gallringsbeslut", text_count(r->mem, r->n.ungoverned)));
	if (r->n.no_anchor)
		find(plan, r->mem, "no-anchor", r->share, NULL,
		     arena_print(r->mem, "%s filer har inget känt datum", text_count(r->mem, r->n.no_anchor)));
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
	for (size_t i = 0; i < r->all.count; i++)
		finish_batch(r, r->all.items[i], paths, gap_count, plan);
	for (size_t i = 0; i < r->input.rules->series_count; i++)
		finish_series(r, &r->tallies[i], paths, gap_count, plan);
	tell_events(r, paths, gap_count, plan);
	totals(r, plan);
	tell_stock(r, plan);
	return 0;
}
