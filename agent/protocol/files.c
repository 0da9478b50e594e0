/* SPDX-License-Identifier: GPL-3.0-or-later */
/* files.c - one walk over the files of a batch, manifest and journal side by side, a frame in memory at a time. */
#include "protocol_p.h"

const char *const outcome_word[OUTCOMES] = { "destroyed", "restored", "left", "quarantined", "untouched" };
const char *const outcome_text[OUTCOMES] = { "gallrad", "tillbakalagd", "lämnad på sin plats", "kvar i karantänen", "inte påbörjad" };

struct walk {
	struct arena *mem;
	struct store *store;
	struct manifest m;
	struct arena *frame;            /* of the frame that is open */
	struct record *records;
	size_t next_frame;
	long long first, count;         /* the frame's first number - 1, and how many it has */
	long long done;                 /* so many files have been told of */
	bool names;
	FILE *list;
	struct digest *sum;
	struct text line;
	struct fates *out;
	const char *why_all;            /* what stopped all of a whole batch */
};

static int
record_at(struct walk *w, long long number, const struct record **out, struct error *err)
{
	while (number > w->first + w->count) {
		if (w->next_frame == w->m.count)
			return error_set(err, ERROR_STORE, "the journal names file %lld of %lld", number, w->m.files);
		arena_close(w->frame);
		w->frame = arena_open();
		w->first += w->count;
		w->count = w->m.frames[w->next_frame].files;
		if (store_manifest_frame(w->frame, w->store, &w->m, w->next_frame++, &w->records, err) < 0)
			return -1;
	}
	*out = &w->records[number - w->first - 1];
	return 0;
}

static void
widen(struct span_of *span, int64_t moment)
{
	if (moment == INT64_MIN)
		return;
	span->first = span->first == INT64_MIN || moment < span->first ? moment : span->first;
	span->last = moment > span->last ? moment : span->last;
}

/* ------------------------------------------------------------------ what became of one */

static enum outcome
outcome_of(const struct disposal *d)
{
	if (!d)
		return OUTCOME_UNTOUCHED;
	if (d->checked_again != INT64_MIN && d->gone == EFFECT_DONE)
		return OUTCOME_GONE;
	if (d->moved == EFFECT_UNDONE)
		return OUTCOME_BACK;
	return d->moved == EFFECT_FAILED ? OUTCOME_LEFT : d->moved == EFFECT_DONE ? OUTCOME_ASIDE : OUTCOME_UNTOUCHED;
}

static const char *
why_of(const struct disposal *d, enum outcome outcome)
{
	if (!d || outcome == OUTCOME_GONE)
		return NULL;
	return outcome == OUTCOME_ASIDE && d->gone_note ? d->gone_note : d->moved_note;
}

static void
count_reason(struct walk *w, enum outcome outcome, const char *why)
{
	struct fates *f = w->out;
	struct reason *r;

	why = why ? why : "-";
	for (size_t i = 0; i < f->reasons.count; i++) {
		r = &f->reasons.items[i];
		if (r->outcome == outcome && strcmp(r->why, why) == 0) {
			r->files++;
			return;
		}
	}
	if (f->reasons.count >= NAMED_MOST) {   /* reasons are few; an errno each would still end */
		f->reasons.items[NAMED_MOST - 1].files++;
		return;
	}
	r = arena_push(w->mem, &f->reasons);
	*r = (struct reason){ outcome, arena_text(w->mem, why), 1 };
}

static struct named
name(struct walk *w, const struct record *r, long long number, enum outcome outcome, const char *why, long links)
{
	return (struct named){ number, w->names ? name_show(w->mem, r->path) : NULL, outcome, why ? arena_text(w->mem, why) : NULL, links };
}

static void
count_gone(struct walk *w, const struct record *r, const struct disposal *d)
{
	struct fates *f = w->out;

	if (r->anchor != DAY_NONE) {
		f->oldest = f->oldest == DAY_NONE || r->anchor < f->oldest ? r->anchor : f->oldest;
		f->newest = f->newest == DAY_NONE || r->anchor > f->newest ? r->anchor : f->newest;
	}
	format_count(w->mem, w->frame, &f->formats, r, w->names);
	widen(&f->gone, d->gone_at);
	widen(&f->held_again, d->checked_again);
	if (d->links < 2)
		return;
	f->linked.files++;
	f->linked.bytes = sizes_add(f->linked.bytes, r->size);
	if (f->links.count < NAMED_MOST)
		*arena_push(w->mem, &f->links) = name(w, r, d->number, OUTCOME_GONE, NULL, d->links - 1);
}

/* ------------------------------------------------------------------ the list */

/* What would turn the text around it is %XX as other bytes that cannot be shown: name_read() undoes it. */
static const char *
name_flat(struct arena *mem, const char *path)
{
	const char *shown = name_show(mem, path);
	struct text t;
	char *out;

	text_open(&t, 3 * strlen(shown) + 1);
	for (size_t n; *shown; shown += n) {
		size_t turn = text_turn(shown);

		n = turn ? turn : 1;
		for (size_t i = 0; i < turn; i++)
			text_print(&t, "%%%02X", (unsigned char)shown[i]);
		if (!turn)
			text_char(&t, *shown);
	}
	out = arena_copy(mem, t.data, t.len);
	text_close(&t);
	return out;
}

static void
cell(struct text *t, const char *text)
{
	text_char(t, ';');
	csv_cell(t, text ? text : "");
}

static const char *
moment_text(struct arena *mem, int64_t moment)
{
	return moment == INT64_MIN ? "" : clock_local(mem, moment);
}

static int
put_line(struct walk *w, const char *bytes, size_t len, struct error *err)
{
	digest_add(w->sum, bytes, len);
	return w->list && fwrite(bytes, 1, len, w->list) != len ? error_sys(err, ERROR_SOURCE, "cannot write the list of files") : 0;
}

static int
list_one(struct walk *w, const struct record *r, long long number, enum outcome outcome, const struct disposal *d, const char *why,
	 struct error *err)
{
	struct arena *mem = w->frame;   /* it goes with its frame */
	bool moved = d && d->moved_at != INT64_MIN && d->moved != EFFECT_FAILED, gone = outcome == OUTCOME_GONE;
	struct text *t = &w->line;

	t->len = 0;
	text_print(t, "%lld", number);
	cell(t, name_flat(mem, r->path));
	text_print(t, ";%llu", (unsigned long long)r->size);
	cell(t, day_text(mem, r->anchor));
	cell(t, day_text(mem, r->due));
	cell(t, outcome_text[outcome]);
	cell(t, why);
	cell(t, moved && outcome != OUTCOME_BACK ? moment_text(mem, d->moved_at) : "");
	cell(t, gone ? moment_text(mem, d->gone_at) : "");
	text_print(t, ";%ld\r\n", gone ? d->links - 1 : 0L);
	return put_line(w, t->data, t->len, err);
}

/* ------------------------------------------------------------------ the walk */

/* d NULL: the journal does not know it. */
static int
tell(struct walk *w, long long number, const struct disposal *d, struct error *err)
{
	enum outcome outcome = outcome_of(d);
	const char *why = why_of(d, outcome);
	struct fates *f = w->out;
	const struct record *r = NULL;

	if (record_at(w, number, &r, err) < 0)
		return -1;
	if (outcome == OUTCOME_UNTOUCHED && !why)
		why = w->why_all;
	f->by_hand |= d && d->by_hand;
	f->all.files++;
	f->all.bytes = sizes_add(f->all.bytes, r->size);
	f->by[outcome].files++;
	f->by[outcome].bytes = sizes_add(f->by[outcome].bytes, r->size);
	if (d && d->moved == EFFECT_DONE) {
		widen(&f->held, d->checked);
		widen(&f->aside, d->moved_at);
	}
	if (outcome == OUTCOME_GONE) {
		count_gone(w, r, d);
	} else {
		count_reason(w, outcome, why);
		if (f->left.count < NAMED_MOST)
			*arena_push(w->mem, &f->left) = name(w, r, number, outcome, why, 0);
	}
	w->done = number;
	return list_one(w, r, number, outcome, d, why, err);
}

static int
skip_to(struct walk *w, long long number, struct error *err)
{
	while (w->done + 1 < number)
		if (tell(w, w->done + 1, NULL, err) < 0)
			return -1;
	return 0;
}

static int
each(void *self, const struct disposal *d, struct error *err)
{
	struct walk *w = self;

	if (d->number == 0) {
		w->why_all = d->moved_note ? arena_text(w->mem, d->moved_note) : NULL;
		return 0;
	}
	if (d->number > w->m.files)
		return error_set(err, ERROR_STORE, "the journal names file %lld of %lld", d->number, w->m.files);
	return skip_to(w, d->number, err) < 0 ? -1 : tell(w, d->number, d, err);
}

static const char head[] = "\xef\xbb\xbf" "Nr;Fil;Byte;Fristen räknas från;Får gallras från;Utfall;Skäl;I karantän;Gallrad;Andra namn kvar\r\n";

int
fates_read(struct arena *mem, struct store *store, const struct stored *s, bool names, FILE *list, struct fates *out, struct error *err)
{
	struct walk w = { .mem = mem, .store = store, .frame = arena_open(), .names = names, .list = list, .sum = digest_open(), .out = out };
	const struct span_of never = { INT64_MIN, INT64_MIN };
	unsigned char sum[DIGEST_SIZE];
	int rc = -1;

	*out = (struct fates){ .oldest = DAY_NONE, .newest = DAY_NONE, .held = never, .held_again = never, .aside = never, .gone = never };
	text_open(&w.line, (size_t)1 << 20);
	if (s->p.manifest && store_manifest_open(mem, store, s->p.manifest, &w.m, err) < 0)
		goto out;
	if (!w.m.count) {
		error_set(err, ERROR_STORE, "the list of the files of '%s' is missing", s->id);
		goto out;
	}
	if (put_line(&w, head, sizeof(head) - 1, err) == 0 && store_disposals(store, s->id, each, &w, err) == 0 &&
	    skip_to(&w, w.m.files + 1, err) == 0)
		rc = 0;
out:
	formats_sort(&out->formats);
	digest_close(w.sum, sum);
	out->list = digest_hex(mem, sum, sizeof(sum));
	text_close(&w.line);
	arena_close(w.frame);
	return rc;
}
