/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * seats.c - whose answers a proposal has, whether they are enough, and whose it waits for: the page, the letters and the night ask the same.
 *
 * Who sits in which seat is found by propose (owners.c, ladder.c), and stands in proposal.approvers.
 */
#include "store_p.h"
#include "behov/json.h"

#include <strings.h>

bool
seats_taken_back(const struct decisions *all, size_t i)
{
	const struct decision *d = &all->list.items[i];

	for (size_t k = i + 1; k < all->list.count; k++) {
		const struct decision *later = &all->list.items[k];
		bool own = later->verdict == VERDICT_NOT_MINE && later->key && d->key && strcmp(later->key, d->key) == 0;

		if (!later->refused && (own || VERDICT_TAKES_BACK(later->verdict)))
			return true;
	}
	return false;
}

static bool
is_counted(const struct decisions *all, size_t i, const char *version)
{
	const struct decision *d = &all->list.items[i];

	return !d->refused && d->version && strcmp(d->version, version) == 0 && !seats_taken_back(all, i);
}

bool
seats_has_approved(const struct decisions *all, const struct stored *s, const char *key)
{
	for (size_t i = 0; i < all->list.count; i++) {
		const struct decision *d = &all->list.items[i];

		if (d->verdict == VERDICT_APPROVE && d->key && strcmp(d->key, key) == 0 &&
		    is_counted(all, i, s->p.version))
			return true;
	}
	return false;
}

bool
seats_answered(const struct decisions *all, const struct stored *s, int seat)
{
	for (size_t i = 0; i < s->p.approvers.count; i++)
		if (s->p.approvers.items[i].seat == seat && seats_has_approved(all, s, s->p.approvers.items[i].key))
			return true;
	return false;
}

/* Approvers differ by account; two accounts with one mailbox are one person, as that is where the codes go. */
static int
people(const struct decisions *all, const struct stored *s)
{
	const struct approver *list = s->p.approvers.items;
	int count = 0;

	for (size_t i = 0; i < s->p.approvers.count; i++) {
		bool first = list[i].mail && seats_has_approved(all, s, list[i].key);

		for (size_t k = 0; k < i && first; k++)
			first = !list[k].mail || strcasecmp(list[k].mail, list[i].mail) != 0 || !seats_has_approved(all, s, list[k].key);
		count += first;
	}
	return count;
}

bool
seats_all_approved(const struct decisions *all, const struct stored *s)
{
	if (!s->p.approvers.count || people(all, s) < s->p.needs)
		return false;
	for (size_t i = 0; i < s->p.approvers.count; i++)
		if (!seats_answered(all, s, s->p.approvers.items[i].seat))
			return false;
	return true;
}

/* Where all seats are answered by fewer people than it needs, the others who sit there are waited for. */
bool
seats_wait_for(const struct decisions *all, const struct stored *s, const char *key)
{
	if (!((STATES(STATE_OPEN) | STATES(STATE_ASKED)) & STATES(s->state)) || seats_has_approved(all, s, key))
		return false;
	for (size_t i = 0; i < s->p.approvers.count; i++)
		if (strcmp(s->p.approvers.items[i].key, key) == 0 &&
		    (!seats_answered(all, s, s->p.approvers.items[i].seat) || people(all, s) < s->p.needs))
			return true;
	return false;
}

const struct decision *
seats_said_done(const struct decisions *all, const struct stored *s)
{
	const struct decision *last = NULL;

	for (size_t i = 0; i < all->list.count; i++) {
		const struct decision *d = &all->list.items[i];

		if (!d->refused && d->verdict == VERDICT_DONE && d->version && strcmp(d->version, s->p.version) == 0)
			last = d;
	}
	return last;
}

/* ------------------------------------------------------------------ what was enough when it was given */

static bool
is_by_code(const struct decision *d)
{
	json_t *proof = NULL;
	const char *kind;
	bool yes;

	if (d->proof && json_read(d->proof, strlen(d->proof), &proof, NULL) < 0)
		return true;
	kind = json_text(proof, "kind");
	yes = !kind || strcmp(kind, proof_word[PROOF_CODE]) == 0;
	json_decref(proof);
	return yes;
}

bool
seats_signed_weakly(const struct conf *conf, const struct decisions *all, const struct stored *s, const struct proposal *now)
{
	for (size_t i = 0; i < all->list.count && proposal_wants_strong(conf, now); i++)
		if (all->list.items[i].verdict == VERDICT_APPROVE && is_counted(all, i, s->p.version) && is_by_code(&all->list.items[i]))
			return true;
	return false;
}

const char *
seats_outgrown(const struct conf *conf, const struct decisions *all, const struct stored *s, const struct proposal *now)
{
	bool any = false;

	for (size_t i = 0; i < all->list.count; i++)
		any |= all->list.items[i].verdict == VERDICT_APPROVE && is_counted(all, i, s->p.version);
	if (!any)
		return NULL;
	if (seats_signed_weakly(conf, all, s, now))
		return "en kod räcker inte för att godkänna det nu";
	return proposal_asks_more(&s->p, now);
}

/* ------------------------------------------------------------------ who sits where, and since when */

bool
seats_hold(const struct proposal *p, const char *key)
{
	for (size_t i = 0; i < p->approvers.count; i++)
		if (strcmp(p->approvers.items[i].key, key) == 0)
			return true;
	return false;
}

int64_t
seats_since(const struct stored *s, int seat)
{
	int64_t since = INT64_MAX;

	for (size_t i = 0; i < s->p.approvers.count; i++) {
		const struct approver *a = &s->p.approvers.items[i];

		if (a->seat == seat && !a->waited && a->asked && a->asked < since)
			since = a->asked;
	}
	return since;
}

int
seats_late(const struct decisions *all, const struct stored *s, const int *periods, day_t today)
{
	int late = 0;

	for (size_t i = 0; s->state == STATE_OPEN && periods[0] && i < s->p.approvers.count; i++) {
		int seat = s->p.approvers.items[i].seat;
		int64_t since = seats_since(s, seat);

		for (int k = 0; k < 2 && since != INT64_MAX; k++)
			if (periods[k] > late && today - clock_day(since) >= periods[k] && !seats_answered(all, s, seat))
				late = periods[k];
	}
	return late;
}

/* Two seats of one person that are told of in one: the same duty, and for the same reason. */
static bool
is_alike(const struct approver *a, const struct approver *b)
{
	return strcmp(a->key, b->key) == 0 && a->waited == b->waited && a->as && b->as && strcmp(a->as, b->as) == 0;
}

/* Of the seats that are told of with that one, those whose turn it was. */
static const char *
silent(struct arena *mem, const struct proposal *p, const struct approver *a)
{
	const char *names = "";

	for (size_t i = 0; i < p->approvers.count; i++) {
		const struct approver *b = &p->approvers.items[i];
		bool mine = false;

		for (size_t k = 0; k < p->approvers.count; k++)
			mine |= p->approvers.items[k].seat == b->seat && is_alike(a, &p->approvers.items[k]);
		if (mine && !b->waited && !(i && strcmp(b[-1].key, b->key) == 0))
			names = arena_print(mem, "%s%s%s", names, *names ? " och " : "", b->display ? b->display : b->name);
	}
	return names;
}

/* "ersättare för systemägaren för Treserva: Anna Berg har inte svarat på 14 dagar" */
static const char *
as_of(struct arena *mem, const struct proposal *p, const struct approver *a)
{
	const char *names = a->waited ? silent(mem, p, a) : "";

	return *names ? arena_print(mem, "%s: %s har inte svarat på %d dagar", a->as, names, a->waited) : a->as;
}

const char *
seats_as(struct arena *mem, const struct proposal *p, const char *key)
{
	const char *out = NULL;

	for (size_t i = 0; i < p->approvers.count; i++) {
		const struct approver *a = &p->approvers.items[i];
		bool told = strcmp(a->key, key) != 0;

		for (size_t k = 0; k < i && !told; k++)
			told = is_alike(a, &p->approvers.items[k]);
		if (!told)
			out = out ? arena_print(mem, "%s, %s", out, as_of(mem, p, a)) : as_of(mem, p, a);
	}
	return out;
}
