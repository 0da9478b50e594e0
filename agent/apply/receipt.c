/* SPDX-License-Identifier: GPL-3.0-or-later */
/* receipt.c - what the e-archive answers about a package: its receipt, held against what was delivered, or its refusal. */
#include "apply_p.h"
#include "behov/audit.h"
#include "behov/file.h"
#include "behov/json.h"
#include "behov/log.h"
#include "behov/text.h"

#define SUMS_MOST ((size_t)256 << 20)
#define HEX (2 * DIGEST_SIZE)

/* ------------------------------------------------------------------ checksums */

struct sum { unsigned char bytes[DIGEST_SIZE]; const char *target; };
struct sums { LIST(struct sum) list; };

static int
by_sum(const void *a, const void *b)
{
	return memcmp(((const struct sum *)a)->bytes, ((const struct sum *)b)->bytes, DIGEST_SIZE);
}

static bool
is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/*
 * Whatever writes 64 hex digits is read: sha256sum, CSV, an e-archive's own report.  Names are not: every tool escapes them in
 * a way of its own, and a sum says more of a file than its name does.
 */
static void
find_sums(struct arena *mem, const char *text, size_t len, struct sums *out)
{
	for (size_t at = 0, run; at < len; at += run ? run : 1) {
		char hex[HEX + 1] = { 0 };
		struct sum one = { .target = NULL };

		for (run = 0; at + run < len && is_hex(text[at + run]); run++)
			if (run < HEX)
				hex[run] = text[at + run] >= 'A' && text[at + run] <= 'F' ? (char)(text[at + run] + 32) : text[at + run];
		if (run == HEX && digest_unhex(hex, one.bytes, DIGEST_SIZE))
			*arena_push(mem, &out->list) = one;
	}
}

static int
sums_of_package(struct apply *a, const char *id, struct sums *out)
{
	struct effects list = { 0 };

	if (store_effects(a->mem, a->in->store, id, DELIVER_ACT, &list, a->err) < 0)
		return -1;
	for (size_t i = 0; i < list.list.count; i++) {
		const struct effect *e = &list.list.items[i];
		struct sum one = { .target = e->target };

		if (e->state == EFFECT_DONE && deliver_sum(e, one.bytes))
			*arena_push(a->mem, &out->list) = one;
	}
	if (out->list.count)
		qsort(out->list.items, out->list.count, sizeof *out->list.items, by_sum);
	return 0;
}

/* Each of ours, as often as it is there.  *lacking: how many are not; *first one of them. */
static void
compare(const struct sums *ours, const struct sums *theirs, long long *lacking, const char **first)
{
	size_t k = 0;

	*lacking = 0;
	for (size_t i = 0; i < ours->list.count; i++) {
		const struct sum *one = &ours->list.items[i];
		int order = -1;

		while (k < theirs->list.count && (order = by_sum(&theirs->list.items[k], one)) < 0)
			k++;
		if (k < theirs->list.count && order == 0) {
			k++;
			continue;
		}
		if (!*lacking)
			*first = one->target;
		++*lacking;
	}
}

/* *digest: of the list itself, so that it can be known again. */
static int
check_sums(struct apply *a, const struct stored *s, const char *path, long long *compared, const char **digest)
{
	struct sums ours = { 0 }, theirs = { 0 };
	unsigned char sum[DIGEST_SIZE];
	const char *first = NULL;
	long long lacking;
	size_t len;
	char *text;

	if (file_read(a->mem, path, SUMS_MOST, &text, &len, a->err) < 0 || sums_of_package(a, s->id, &ours) < 0)
		return -1;
	if (!ours.list.count)
		return error_set(a->err, ERROR_USAGE, "'%s' was carried out by hand: there are no checksums to compare", s->id);
	find_sums(a->mem, text, len, &theirs);
	if (theirs.list.count)
		qsort(theirs.list.items, theirs.list.count, sizeof *theirs.list.items, by_sum);
	compare(&ours, &theirs, &lacking, &first);
	if (lacking)
		return error_set(a->err, ERROR_SOURCE, "'%s' lacks the SHA-256 of %lld of %zu files, first '%s': nothing was registered",
				 path, lacking, ours.list.count, first ? first : "?");
	digest_of(text, len, sum);
	*digest = arena_print(a->mem, "sha256:%s", digest_hex(a->mem, sum, sizeof sum));
	*compared = (long long)ours.list.count;
	return 0;
}

/* ------------------------------------------------------------------ what was answered */

static int
answered_in(struct apply *a, struct stored *s, enum happening what, const char *note, const char *by, const char *event, json_t *payload)
{
	return audit_add(a->in->store, a->in->now, by, event, payload, a->err) < 0 ? -1
		: apply_move_in(a, s, what, INT64_MIN, DAY_NONE, note, by);
}

/* Takes payload. */
static int
answered(struct apply *a, struct stored *s, enum happening what, const char *note, const char *by, const char *event, json_t *payload)
{
	int rc = store_begin(a->in->store, a->err);

	if (rc == 0 && (answered_in(a, s, what, note, by, event, payload) < 0 || store_commit(a->in->store, a->err) < 0)) {
		store_rollback(a->in->store);
		rc = -1;
	}
	json_decref(payload);
	if (rc == 0)
		log_info("delivery %s proposal='%s' by='%s'", state_word[life[what].to], s->id, by);
	return rc;
}

static int
waits(struct apply *a, const struct stored_list *list, const char *id)
{
	const struct stored *s = list->list.count ? &list->list.items[0] : NULL;

	if (!s)
		return error_set(a->err, ERROR_USAGE, "no proposal '%s'", id);
	if (s->p.kind != KIND_DELIVER)
		return error_set(a->err, ERROR_USAGE, "'%s' is no delivery", id);
	if (s->state != STATE_EXPORTED)
		return error_set(a->err, ERROR_USAGE, "'%s' is %s: it does not wait for a receipt", id, state_word[s->state]);
	return 0;
}

static int
register_receipt(struct apply *a, struct stored *s, const struct receipt *r, long long *compared)
{
	const char *digest = NULL, *note, *day = day_text(a->mem, r->date);
	json_t *o;

	*compared = 0;
	if (r->date == DAY_NONE || r->date > clock_day(a->in->now) || r->date < clock_day(s->since))
		return error_set(a->err, ERROR_USAGE, "a receipt of %s is not one of a delivery from %s: its date lies between that and today",
				 day ? day : "no date", day_text(a->mem, clock_day(s->since)));
	if (r->sums && check_sums(a, s, r->sums, compared, &digest) < 0)
		return -1;
	note = arena_print(a->mem, "kvittens %s den %s%s", r->number, day,
			   r->sums ? arena_print(a->mem, ", %lld kontrollsummor stämmer", *compared) : "");
	o = json_object();
	json_put(o, "proposal", s->id);
	json_put(o, "receipt", r->number);
	json_put(o, "date", day);
	json_put(o, "sums", digest);
	json_object_set_new(o, "compared", json_integer(*compared));
	return answered(a, s, PROPOSAL_DONE, note, r->by, "delivery-receipt", o);
}

int
apply_receipt(struct arena *mem, const struct apply_input *in, const char *id, const struct receipt *receipt,
	      long long *compared, struct error *err)
{
	struct apply_result unused = { 0 };
	struct apply a = { .mem = mem, .in = in, .conf = &in->rules->conf, .out = &unused, .err = err };
	struct stored_list list = { 0 };
	int rc = store_proposals(mem, in->store, &(struct proposal_filter){ .id = id }, &list, err);

	if (rc == 0)
		rc = waits(&a, &list, id);
	if (rc == 0)
		rc = register_receipt(&a, &list.list.items[0], receipt, compared);
	stored_free(&list);
	return rc;
}

static int
register_refusal(struct apply *a, struct stored *s, const char *by, const char *reason)
{
	json_t *o = json_object();

	json_put(o, "proposal", s->id);
	json_put(o, "reason", reason);
	return answered(a, s, PROPOSAL_FAILED, arena_print(a->mem, "e-arkivet tog inte emot: %s", reason), by, "delivery-refused", o);
}

int
apply_refused(struct arena *mem, const struct apply_input *in, const char *id, const char *by, const char *reason, struct error *err)
{
	struct apply_result unused = { 0 };
	struct apply a = { .mem = mem, .in = in, .conf = &in->rules->conf, .out = &unused, .err = err };
	struct stored_list list = { 0 };
	int rc = store_proposals(mem, in->store, &(struct proposal_filter){ .id = id }, &list, err);

	if (rc == 0)
		rc = waits(&a, &list, id);
	if (rc == 0)
		rc = register_refusal(&a, &list.list.items[0], by, reason);
	stored_free(&list);
	return rc;
}

/* ------------------------------------------------------------------ what waits */

int
apply_deliveries(struct arena *mem, const struct apply_input *in, char **out, struct error *err)
{
	struct stored_list list = { 0 };
	struct text t;
	int rc = store_proposals(mem, in->store, &(struct proposal_filter){ .states = STATES(STATE_EXPORTED) }, &list, err);

	text_open(&t, (size_t)64 << 20);
	for (size_t i = 0; rc == 0 && i < list.list.count; i++) {
		const struct stored *s = &list.list.items[i];

		if (s->p.kind != KIND_DELIVER)
			continue;
		text_print(&t, "%s  %s@%s%s%s  %s, %s, väntar på kvittens sedan %s\n    %s\n", s->id, s->p.series, s->p.share,
			   s->p.batch && *s->p.batch ? "/" : "", s->p.batch ? s->p.batch : "", text_many(mem, s->p.files, "fil", "filer"),
			   text_size(mem, s->p.bytes), day_text(mem, clock_day(s->since)), s->note ? s->note : "-");
	}
	*out = arena_text(mem, t.data);
	text_close(&t);
	stored_free(&list);
	return rc;
}
