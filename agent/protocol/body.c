/* SPDX-License-Identifier: GPL-3.0-or-later */
/* body.c - what a gallringsprotokoll says, as JSON: from the store and the rules, and null where nobody has said it. */
#include "protocol_p.h"
#include "behov/version.h"

struct body {
	struct arena *mem;
	const struct report_input *in;
	const struct stored *s;
	const struct fates *fates;
	const struct series *series;    /* NULL: not in the rules any longer, and what they said is not known */
	const struct share *share;
	json_t *out;
};

static json_t *
put_object(json_t *object, const char *key)
{
	json_t *o = json_object();

	json_object_set_new(object, key, o);
	return o;
}

static void
put_sum(json_t *object, const char *key, struct sum sum)
{
	json_t *o = put_object(object, key);

	put_number(o, "files", sum.files);
	put_number(o, "bytes", sum.bytes);
}

static void
put_span(struct arena *mem, json_t *object, const char *key, struct span_of span)
{
	json_t *o = put_object(object, key);

	put_moment(mem, o, "first", span.first);
	put_moment(mem, o, "last", span.last);
}

/* ------------------------------------------------------------------ whose */

/* "Eva Lind (eva.lind)", or only what somebody with protected identity is called instead. */
static const char *
person(struct arena *mem, const char *name, const char *display)
{
	if (store_is_hidden(display) || !name)
		return display;
	return !display || strcmp(name, display) == 0 ? name : arena_print(mem, "%s (%s)", display, name);
}

static const struct approver *
approver_of(const struct stored *s, const char *key, const char *name)
{
	for (size_t i = 0; i < s->p.approvers.count; i++) {
		const struct approver *a = &s->p.approvers.items[i];

		if (key ? strcmp(a->key, key) == 0 : name && a->name && strcmp(a->name, name) == 0)
			return a;
	}
	return NULL;
}

static int
put_parties(struct body *b, struct error *err)
{
	struct archive archive = archive_of(&b->in->rules->conf, b->share, b->series);
	const char *owner = b->s->p.owner ? b->s->p.owner : b->series && b->series->owner ? b->series->owner : b->share ? b->share->owner : NULL;
	const struct approver *a = approver_of(b->s, NULL, owner);
	const char *responsible;

	if (store_shown(b->mem, b->in->store, owner, &owner, err) < 0 ||
	    store_shown(b->mem, b->in->store, archive.responsible, &responsible, err) < 0)
		return -1;
	json_put(b->out, "organisation", b->in->rules->conf.organisation);
	json_put(b->out, "board", archive.board);
	json_put(b->out, "creator", archive.creator);
	json_put(b->out, "owner", a ? person(b->mem, a->name, a->display) : owner);
	json_put(b->out, "responsible", responsible);
	return 0;
}

/* ------------------------------------------------------------------ by which decision */

static void
put_decision(json_t *object, const char *key, const char *dnr, const char *date, const char *paragraph, const char *body)
{
	json_t *o;

	if (!dnr) {
		json_put(object, key, NULL);
		return;
	}
	o = put_object(object, key);
	json_put(o, "dnr", dnr);
	json_put(o, "date", date);
	json_put(o, "paragraph", paragraph);
	json_put(o, "body", body);
}

/* As those who approved have seen it; its paragraph is in the rules, when they say the same. */
static void
put_mandate(struct body *b)
{
	const json_t *evidence = b->s->p.evidence, *seen = json_object_get(evidence, "decision");
	const struct series *s = b->series;
	bool same = s && seen && series_decided_so(s, evidence);

	if (seen)
		put_decision(b->out, "decision", json_text(seen, "dnr"), json_text(seen, "date"), same ? s->decision.paragraph : NULL,
			     json_text(seen, "body"));
	else
		put_decision(b->out, "decision", s ? s->decision.dnr : NULL, s ? s->decision.date : NULL, s ? s->decision.paragraph : NULL,
			     s ? s->decision.body : NULL);
	put_decision(b->out, "application", s ? s->application.dnr : NULL, s ? s->application.date : NULL,
		     s ? s->application.paragraph : NULL, s ? s->application.body : NULL);
	json_put(b->out, "law", seen ? json_text(evidence, "law") : s ? s->law : NULL);
}

/* ------------------------------------------------------------------ which records */

/* Chosen to be preserved, and so in no batch. */
static const char *
spared(struct arena *mem, const struct series *s)
{
	const char *values = NULL;

	if (!s || !s->spare.column)
		return NULL;
	for (int i = 0; i < s->spare.count; i++)
		values = values ? arena_print(mem, "%s, ”%s”", values, s->spare.values[i]) : arena_print(mem, "”%s”", s->spare.values[i]);
	return arena_print(mem, "Ärenden som i ärendelistan ”%s” har %s i kolumnen ”%s” bevaras.", s->cases ? s->cases : "-", values,
			   s->spare.column);
}

/* The name of a case may be that of a person: without names only the pattern is told. */
static void
put_place(struct body *b, bool names)
{
	json_t *o = put_object(b->out, "place");
	const char *pattern = b->series && b->series->batch_path ? b->series->batch_path : NULL;

	json_put(o, "share", b->s->p.share);
	json_put(o, "name", b->share ? b->share->name : NULL);
	json_put(o, "path", b->share ? b->share->own ? "behovs egen databas" : name_show(b->mem, b->share->path) : NULL);
	json_put(o, "batch", names ? b->s->p.batch : NULL);
	json_put(o, "pattern", pattern);
}

static void
put_formats(struct body *b)
{
	json_t *rows = put_list(b->out, "formats");

	for (size_t i = 0; i < b->fates->formats.list.count; i++) {
		const struct format *f = &b->fates->formats.list.items[i];
		json_t *o = json_object();

		json_put(o, "format", f->name);
		put_number(o, "files", f->files);
		put_number(o, "bytes", f->bytes);
		json_array_append_new(rows, o);
	}
}

static void
put_records(struct body *b, bool names)
{
	const struct fates *f = b->fates;
	const struct series *s = b->series;
	json_t *counts, *o = put_object(b->out, "series");

	json_put(o, "id", b->s->p.series);
	json_put(o, "name", s ? s->name : NULL);
	json_put(b->out, "code", s ? s->code : NULL);
	put_day(b->mem, b->out, "oldest", f->oldest);
	put_day(b->mem, b->out, "newest", f->newest);
	json_put(b->out, "spared", spared(b->mem, s));
	json_put(b->out, "secrecy", s ? s->secrecy : NULL);
	json_object_set_new(b->out, "konfidentialitet", b->share && b->share->class.konfidentialitet >= 0
			    ? json_integer(b->share->class.konfidentialitet) : json_null());
	json_object_set_new(b->out, "whole", json_boolean(b->s->p.whole));
	counts = put_object(b->out, "counts");
	put_sum(counts, "approved", f->all);
	for (int i = 0; i < OUTCOMES; i++)
		put_sum(counts, outcome_word[i], f->by[i]);
	put_sum(counts, "linked", f->linked);
	put_formats(b);
	put_place(b, names);
}

/* ------------------------------------------------------------------ when */

static void
put_clock(struct body *b)
{
	static const char *const clock[] = { "modified", "path-year", "path-date", "created", "case-closed", "fiscal-year", "event", "superseded" };
	static const char *const from[] = { "year-end", "month-end", "day", "fiscal-year-end" };
	static const char *const unit[] = { "days", "months", "years" };
	const struct series *s = b->series;
	const json_t *receipts = json_object_get(b->s->p.evidence, "receipts");
	json_t *o = put_object(b->out, "calculation");

	json_put(o, "text", json_text(b->s->p.evidence, "calculation"));
	put_day(b->mem, o, "due", b->s->p.due);
	if (json_array_size(receipts)) {
		json_object_set(b->out, "delivered", json_object_get(b->s->p.evidence, "receipts"));
		json_put(o, "keep", s && s->after_receipt.count ? arena_print(b->mem, "%d %s", s->after_receipt.count, unit[s->after_receipt.unit]) : NULL);
		json_put(o, "clock", "receipt");
		json_put(o, "count_from", "day");
		return;
	}
	json_put(o, "keep", s ? arena_print(b->mem, "%d %s", s->keep.count, unit[s->keep.unit]) : NULL);
	json_put(o, "clock", s ? clock[s->clock] : NULL);
	json_put(o, "count_from", s ? from[s->count_from] : NULL);
}

/* ------------------------------------------------------------------ who said yes */

/* "maria.arkivarie (uid 0)": who typed it stands behind the name that was given. */
static int
put_actor(struct body *b, json_t *object, const char *key, const char *actor, struct error *err)
{
	const char *name = actor ? arena_copy(b->mem, actor, strcspn(actor, " ")) : NULL, *shown;

	if (store_shown(b->mem, b->in->store, name, &shown, err) < 0)
		return -1;
	json_put(object, key, store_is_hidden(shown) ? shown : actor);
	return 0;
}

static json_t *
approval(struct body *b, const struct decision *d)
{
	const struct approver *a = d->key ? approver_of(b->s, d->key, NULL) : NULL;
	const char *as = d->key ? seats_as(b->mem, &b->s->p, d->key) : NULL;
	json_t *o = json_object(), *proof = NULL;

	if (!d->proof || json_read(d->proof, strlen(d->proof), &proof, NULL) < 0)
		proof = NULL;
	json_put(o, "name", person(b->mem, d->name, store_is_hidden(d->name) ? d->name : a ? a->display : NULL));
	json_put(o, "as", as);
	put_moment(b->mem, o, "at", d->at);
	json_put(o, "proof", proof ? json_text(proof, "kind") : NULL);
	put_moment(b->mem, o, "proved", proof ? json_number(proof, "proved", INT64_MIN) : INT64_MIN);
	json_put(o, "reason", d->reason);
	json_decref(proof);
	return o;
}

/* Who has said that a person did it, and when; nobody need have. */
static void
put_said(struct body *b, const struct decisions *all)
{
	const struct decision *said = seats_said_done(all, b->s);
	json_t *o;

	if (!b->fates->by_hand || !said)
		return;
	o = put_object(json_object_get(b->out, "execution"), "said_done");
	json_put(o, "by", said->name);
	put_moment(b->mem, o, "at", said->at);
}

static int
put_approvals(struct body *b, struct error *err)
{
	json_t *rows = put_list(b->out, "approvals"), *o;
	struct activation active = { 0 };
	struct decisions all = { 0 };
	bool found = false;

	if (store_decisions(b->mem, b->in->store, b->s->id, INT64_MIN, &all, err) < 0 ||
	    store_series_active(b->mem, b->in->store, b->s->p.series, &active, &found, err) < 0)
		return -1;
	for (size_t i = 0; i < all.list.count; i++) {
		const struct decision *d = &all.list.items[i];

		if (!d->refused && d->verdict == VERDICT_APPROVE && d->version && strcmp(d->version, b->s->p.version) == 0 &&
		    !seats_taken_back(&all, i))
			json_array_append_new(rows, approval(b, d));
	}
	put_said(b, &all);
	json_put(b->out, "proposal", b->s->id);
	json_put(b->out, "version", b->s->p.version);
	o = put_object(b->out, "activation");
	put_moment(b->mem, o, "at", found ? active.at : INT64_MIN);
	json_put(o, "digest", found ? active.digest : NULL);
	return put_actor(b, o, "by", found ? active.by : NULL, err);
}

/* ------------------------------------------------------------------ what was done, and what was not */

static json_t *
named_json(const struct named *n, bool links)
{
	json_t *o = json_object();

	put_number(o, "number", n->number);
	json_put(o, "path", n->path);
	if (links) {
		put_number(o, "other_names", n->links);
		return o;
	}
	json_put(o, "outcome", outcome_word[n->outcome]);
	json_put(o, "why", n->why);
	return o;
}

static void
put_exceptions(struct body *b)
{
	json_t *reasons = put_list(b->out, "reasons"), *left = put_list(b->out, "not_destroyed"), *links = put_list(b->out, "links");
	const struct fates *f = b->fates;

	for (size_t i = 0; i < f->reasons.count; i++) {
		json_t *o = json_object();

		json_put(o, "outcome", outcome_word[f->reasons.items[i].outcome]);
		json_put(o, "why", f->reasons.items[i].why);
		put_number(o, "files", f->reasons.items[i].files);
		json_array_append_new(reasons, o);
	}
	for (size_t i = 0; i < f->left.count; i++)
		json_array_append_new(left, named_json(&f->left.items[i], false));
	for (size_t i = 0; i < f->links.count; i++)
		json_array_append_new(links, named_json(&f->links.items[i], true));
}

static void
put_execution(struct body *b)
{
	const struct fates *f = b->fates;
	json_t *o = put_object(b->out, "execution");

	json_put(o, "program", "behov " BEHOV_VERSION);
	json_put(o, "verb", "apply");
	json_put(o, "method", f->by_hand ? "by-hand" : b->share && b->share->own ? "rows" : "unlink");
	put_span(b->mem, o, "quarantined", f->aside);
	put_span(b->mem, o, "destroyed", f->gone);
	o = put_object(b->out, "holds_checked");
	put_span(b->mem, o, "before_quarantine", f->held);
	put_span(b->mem, o, "before_destruction", f->by_hand ? (struct span_of){ INT64_MIN, INT64_MIN } : f->held_again);
}

/* Until when a copy that was made just before the last file went can be there. */
static void
put_copy(struct body *b, json_t *object, const char *key, struct period period)
{
	static const char *const unit[] = { "days", "months", "years" };
	json_t *o;

	if (!period.count || b->fates->gone.last == INT64_MIN) {
		json_put(object, key, NULL);
		return;
	}
	o = put_object(object, key);
	json_put(o, "horizon", arena_print(b->mem, "%d %s", period.count, unit[period.unit]));
	put_day(b->mem, o, "until", day_add(clock_day(b->fates->gone.last), period));
}

static void
put_remains(struct body *b)
{
	struct copies copies = copies_of(&b->in->rules->conf, b->share);
	json_t *o = put_object(b->out, "remains");

	put_copy(b, o, "backups", copies.backups);
	put_copy(b, o, "snapshots", copies.snapshots);
	put_number(o, "quarantined", b->fates->by[OUTCOME_ASIDE].files);
	put_number(o, "linked", b->fates->linked.files);
}

/* ------------------------------------------------------------------ how it can be followed */

/* The row of the chain that says how the batch ended: written when it did, whenever the protocol is. */
static int
put_chain(struct body *b, struct error *err)
{
	const enum state now = b->s->state;
	const enum happening end = now == STATE_DONE ? PROPOSAL_DONE : now == STATE_FAILED ? PROPOSAL_FAILED
		: now == STATE_KEPT ? PROPOSAL_RESTORED : PROPOSAL_WITHDRAWN;
	json_t *o = put_object(b->out, "chain");
	struct audit_row row = { 0 };
	struct protocol last = { 0 };

	if (store_audit_about(b->mem, b->in->store, happening_word[end], b->s->id, &row, err) < 0 ||
	    store_protocol_last(b->mem, b->in->store, &last, err) < 0)
		return -1;
	json_object_set_new(o, "row", row.seq ? json_integer(row.seq) : json_null());
	json_put(o, "head", row.seq ? row.hash : NULL);
	json_put(o, "event", row.seq ? row.event : NULL);
	if (!last.dnr) {
		json_put(b->out, "previous", NULL);
		return 0;
	}
	o = put_object(b->out, "previous");
	json_put(o, "dnr", last.dnr);
	json_put(o, "digest", last.digest);
	return 0;
}

static void
put_trace(struct body *b, const char *list)
{
	json_t *o = put_object(b->out, "rule");

	json_put(o, "place", place_text(b->mem, b->s->p.rule));
	json_put(o, "digest", b->series ? series_digest(b->mem, b->series) : NULL);
	json_put(b->out, "manifest", b->s->p.manifest);
	o = put_object(b->out, "list");
	json_put(o, "file", list);
	json_put(o, "digest", b->fates->list);
}

int
protocol_body(struct arena *mem, const struct report_input *in, const struct stored *s, const struct protocol *p,
	      const struct fates *fates, json_t **out, struct error *err)
{
	struct body b = { .mem = mem, .in = in, .s = s, .fates = fates, .out = json_object(),
			  .series = s->p.series ? rules_series(in->rules, s->p.series) : NULL,
			  .share = s->p.share ? rules_share(in->rules, s->p.share) : NULL };
	bool names = protocol_names(b.series);

	json_put(b.out, "format", PROTOCOL_FORMAT);
	json_put(b.out, "dnr", p->dnr);
	put_number(b.out, "year", p->year);
	put_number(b.out, "number", p->number);
	json_object_set_new(b.out, "names", json_boolean(names));
	put_mandate(&b);
	put_records(&b, names);
	put_clock(&b);
	put_execution(&b);
	put_exceptions(&b);
	put_remains(&b);
	put_trace(&b, names ? arena_print(mem, "%s.csv", protocol_name(mem, p->dnr)) : NULL);
	if (put_parties(&b, err) == 0 && put_approvals(&b, err) == 0 && put_chain(&b, err) == 0) {
		*out = b.out;
		return 0;
	}
	json_decref(b.out);
	return -1;
}
