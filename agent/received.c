/* SPDX-License-Identifier: GPL-3.0-or-later */
/* received.c - which files e-archives have, and since when: from the receipts in the chain, and the journal of what was copied. */
#include "run_p.h"
#include <behov/json.h>

#include <stdlib.h>

struct notes { struct arena *mem; LIST(struct receipt_note) list; };

static int
meet(void *self, const struct audit_row *row, struct error *err)
{
	struct notes *n = self;
	json_t *o = NULL;

	if (!row->payload)
		return 0;
	if (json_read(row->payload, strlen(row->payload), &o, err) < 0)
		return error_in(err, "row %lld of the chain", row->seq);
	if (json_text(o, "proposal") && day_parse(json_text(o, "date")) != DAY_NONE)
		*arena_push(n->mem, &n->list) = (struct receipt_note){
			.proposal = arena_text(n->mem, json_text(o, "proposal")), .number = arena_text(n->mem, json_text(o, "receipt")),
			.sums = arena_text(n->mem, json_text(o, "sums")), .day = day_parse(json_text(o, "date")),
			.compared = json_number(o, "compared", 0) };
	json_decref(o);
	return 0;
}

/* Those that the journal says were copied: one that the package did not get is in no archive. */
static int
add_files(struct arena *mem, struct store *store, const struct stored *s, const struct receipt_note *note, struct earlier *out, struct error *err)
{
	struct effects copied = { 0 };
	struct record *records = NULL;
	size_t count = 0;

	if (store_manifest(mem, store, s->p.manifest, &records, &count, err) < 0 || store_effects(mem, store, s->id, "deliver", &copied, err) < 0)
		return -1;
	for (size_t i = 0; i < copied.list.count; i++) {
		const struct effect *e = &copied.list.items[i];

		if (e->state == EFFECT_DONE && e->number >= 1 && (size_t)e->number <= count)
			*arena_push(mem, &out->received) = (struct received){ arena_text(mem, s->p.series), arena_text(mem, s->p.share),
									      records[e->number - 1], note };
	}
	return 0;
}

static int
add_delivery(struct arena *mem, const struct rules *rules, struct store *store, const struct receipt_note *note, struct earlier *out,
	     struct error *err)
{
	struct stored_list list = { 0 };
	int rc = store_proposals(mem, store, &(struct proposal_filter){ .id = note->proposal, .states = STATES(STATE_DONE) }, &list, err);

	for (size_t i = 0; i < list.list.count && rc == 0; i++) {
		const struct stored *s = &list.list.items[i];
		const struct series *series = s->p.series ? rules_series(rules, s->p.series) : NULL;

		if (s->p.kind == KIND_DELIVER && s->p.manifest && series && series->after_receipt.count)
			rc = add_files(mem, store, s, note, out, err);
	}
	stored_free(&list);
	return rc;
}

static int
by_place(const void *x, const void *y)
{
	const struct received *a = x, *b = y;
	int share = strcmp(a->share, b->share), path = share ? share : strcmp(a->record.path, b->record.path);

	return path ? path : strcmp(a->by->proposal, b->by->proposal);
}

int
received_load(struct arena *mem, const struct rules *rules, struct store *store, struct earlier *out, struct error *err)
{
	struct notes *notes = arena_new(mem, struct notes);
	bool wanted = false;

	for (size_t i = 0; i < rules->series_count; i++)
		wanted |= rules->series[i].after_receipt.count > 0;
	if (!wanted)
		return 0;
	*notes = (struct notes){ .mem = mem };
	if (store_audit_events(store, "delivery-receipt", meet, notes, err) < 0)
		return error_in(err, "reading the receipts of e-archives");
	for (size_t i = 0; i < notes->list.count; i++)
		if (add_delivery(mem, rules, store, &notes->list.items[i], out, err) < 0)
			return error_in(err, "reading the delivery '%s'", notes->list.items[i].proposal);
	if (out->received.count)
		qsort(out->received.items, out->received.count, sizeof *out->received.items, by_place);
	return 0;
}
