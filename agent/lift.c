/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lift.c - who may lift a gallringsstopp: never somebody who has approved what it stops.
 *
 * Who wants the files gone is not the one to say that nobody needs them any longer.  An approval counts here until it is undone:
 * that the stop has taken it back changes nothing about who gave it.
 */
#include "run_p.h"
#include "verbs_p.h"
#include <behov/retain.h>
#include <behov/text.h>

/* Somebody who would lift it, or may stand in for the archivist. */
struct lifter {
	const char *name, *key;         /* key NULL: never asked as an owner */
	const struct stored *approved;  /* the first of what the stop covers that they have approved; NULL = nothing */
};

struct lift {
	struct arena *mem;
	const struct rules *rules;
	struct store *store;
	const struct stored_hold *hold;
	struct lifter *lifters;
	int count;
	struct retain *retain;          /* which knows no stop but this one */
};

/* ------------------------------------------------------------------ did they approve? */

static bool
is_called(struct arena *mem, const char *a, const char *b)
{
	return a && b && strcmp(text_fold(mem, a), text_fold(mem, b)) == 0;
}

/* By the account that they were pinned to, or by any name that a letter to who decided has. */
static int
is_them(const struct lift *l, const struct lifter *who, const struct decision *d, bool *out, struct error *err)
{
	struct letters last = { 0 };

	*out = d->key && ((who->key && strcmp(who->key, d->key) == 0) || is_called(l->mem, who->name, d->name));
	if (*out || !d->key)
		return 0;
	if (store_letter_last(l->mem, l->store, d->key, &last, err) < 0)
		return -1;
	for (size_t i = 0; i < last.list.count; i++) {
		const struct letter *letter = &last.list.items[i];

		*out |= is_called(l->mem, who->name, letter->name) || is_called(l->mem, who->name, letter->display) ||
			is_called(l->mem, who->name, letter->mail);
	}
	return 0;
}

/* *out: they have said yes, and neither they nor an undo has taken it back. */
static int
has_approved(const struct lift *l, const struct lifter *who, const struct decisions *all, bool *out, struct error *err)
{
	*out = false;
	for (size_t i = 0; i < all->list.count; i++) {
		const struct decision *d = &all->list.items[i];
		bool them;

		if (d->refused)
			continue;
		if (d->verdict == VERDICT_UNDO)
			*out = false;
		if (d->verdict != VERDICT_APPROVE && d->verdict != VERDICT_KEEP && d->verdict != VERDICT_NOT_MINE)
			continue;
		if (is_them(l, who, d, &them, err) < 0)
			return -1;
		if (them)
			*out = d->verdict == VERDICT_APPROVE;
	}
	return 0;
}

/* ------------------------------------------------------------------ does the stop cover it? */

/* It was over before the stop came. */
static bool
is_past(const struct lift *l, const struct stored *s)
{
	return !(STATES_LIVE & STATES(s->state)) && s->since < l->hold->set;
}

/* By what the rules see in its path now, or as the series that it was proposed by. */
static bool
covers_file(const struct lift *l, const struct proposal *p, const struct share *share, const char *path)
{
	return (share && retain_is_held(l->retain, share, path)) ||
	       retain_held(&l->hold->hold, 1, p->share, path, p->series, NULL);
}

/* One of its files is enough.  What has no list of files any longer may have been covered. */
static int
covers(const struct lift *l, const struct stored *s, bool *out, struct error *err)
{
	const struct share *share = rules_share(l->rules, s->p.share);
	struct arena *mem = arena_open();
	struct record *records = NULL;
	size_t count = 0;
	int rc = 0;

	*out = false;
	if (l->hold->hold.share && !is_called(mem, l->hold->hold.share, s->p.share))
		goto out;
	if (s->p.manifest)
		rc = store_manifest(mem, l->store, s->p.manifest, &records, &count, err);
	*out = rc == 0 && !records;
	for (size_t i = 0; rc == 0 && i < count && !*out; i++)
		*out = covers_file(l, &s->p, share, records[i].path);
out:
	arena_close(mem);
	return rc;
}

/* ------------------------------------------------------------------ who may */

static int
look_at(struct lift *l, const struct stored *s, struct error *err)
{
	struct decisions all = { 0 };
	bool approved, covered = false, asked = false;

	if (!s->p.share || is_past(l, s))
		return 0;
	if (store_decisions(l->mem, l->store, s->id, INT64_MIN, &all, err) < 0)
		return -1;
	for (int i = 0; i < l->count; i++) {
		if (l->lifters[i].approved)
			continue;
		if (has_approved(l, &l->lifters[i], &all, &approved, err) < 0 ||
		    (approved && !asked && covers(l, s, &covered, err) < 0))
			return -1;
		asked |= approved;
		if (approved && covered)
			l->lifters[i].approved = s;
	}
	return 0;
}

static int
name_lifter(struct lift *l, const char *name, struct error *err)
{
	struct pin pin = { 0 };
	bool found = false;

	if (store_pin(l->mem, l->store, name, &pin, &found, err) < 0)
		return -1;
	l->lifters[l->count++] = (struct lifter){ .name = name, .key = found ? pin.key : NULL };
	return 0;
}

static const char *
what_of(struct arena *mem, const struct stored *s)
{
	return arena_print(mem, "%s i %s, %s", s->p.series ? s->p.series : "-", s->p.share, s->id);
}

/* Where an archivist is named they are the third, and those who come after may stand in for one who has approved. */
enum { FIRST, SECOND, ARCHIVIST };

static bool
may_sit(const struct lift *l, int i)
{
	return (i == ARCHIVIST) != (l->lifters[ARCHIVIST].approved != NULL) && !l->lifters[i].approved;
}

/* "a eller b", one of whom must be among the two; NULL = there is nobody. */
static const char *
sitters(const struct lift *l, bool *among)
{
	const char *out = NULL;

	for (int i = ARCHIVIST; i < l->count; i++) {
		const char *name = l->lifters[i].name;

		if (!may_sit(l, i))
			continue;
		out = out ? arena_print(l->mem, "%s eller %s", out, name) : name;
		*among |= is_called(l->mem, l->lifters[FIRST].name, name) || is_called(l->mem, l->lifters[SECOND].name, name);
	}
	return out;
}

static const char *
who_may(const struct lift *l, bool *among)
{
	const char *out = "två som inte har godkänt det", *names;

	if (l->count <= ARCHIVIST) {
		*among = true;
		return out;
	}
	names = sitters(l, among);
	if (!names)
		return arena_print(l->mem, "%s, varav en är arkivarien; men %s har godkänt det, och ingen kan träda in: namnge people.registrar "
				   "eller people.coordinator", out, l->lifters[ARCHIVIST].name);
	return l->lifters[ARCHIVIST].approved
		? arena_print(l->mem, "%s, varav en är %s, eftersom arkivarien %s har godkänt det", out, names, l->lifters[ARCHIVIST].name)
		: arena_print(l->mem, "%s, varav en är arkivarien %s", out, names);
}

static const char *
refusal(const struct lift *l)
{
	const struct lifter *barred = l->lifters[FIRST].approved ? &l->lifters[FIRST] :
				      l->lifters[SECOND].approved ? &l->lifters[SECOND] : NULL;
	bool among = false;
	const char *who = who_may(l, &among), *id = l->hold->hold.id;

	if (barred)
		return arena_print(l->mem, "%s har godkänt det som gallringsstoppet '%s' gäller (%s) och får inte häva det: det hävs av %s",
				   barred->name, id, what_of(l->mem, barred->approved), who);
	return among ? NULL : arena_print(l->mem, "gallringsstoppet '%s' hävs av %s", id, who);
}

int
lift_refusal(struct arena *mem, const struct rules *rules, struct store *store, const struct stored_hold *hold, const char *by,
	     const char *second, const char **why, struct error *err)
{
	const struct conf *conf = &rules->conf;
	const char *const names[] = { by, second, conf->people.archivist, conf->people.registrar, conf->people.coordinator };
	struct lifter lifters[sizeof names / sizeof *names];
	struct lift l = { .mem = mem, .rules = rules, .store = store, .hold = hold, .lifters = lifters };
	struct proposal_filter filter = { .brief = true };
	struct stored_list list = { 0 };
	int rc = -1;

	*why = NULL;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (names[i] && (i <= ARCHIVIST || conf->people.archivist) && name_lifter(&l, names[i], err) < 0)
			return -1;
	l.retain = retain_open(mem, &(struct retain_input){ .rules = rules, .holds = &hold->hold, .hold_count = 1, .now = clock_now() },
			       err);
	if (!l.retain || store_proposals(mem, store, &filter, &list, err) < 0)
		goto out;
	rc = 0;
	for (size_t i = 0; i < list.list.count && rc == 0; i++)
		rc = look_at(&l, &list.list.items[i], err);
	if (rc == 0)
		*why = refusal(&l);
out:
	stored_free(&list);
	retain_close(l.retain);
	return rc < 0 ? error_in(err, "finding out who has approved what hold '%s' covers", hold->hold.id) : 0;
}
