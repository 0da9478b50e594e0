/* SPDX-License-Identifier: GPL-3.0-or-later */
/* row-seats.c - who must approve: whoever sits in each seat; and who is asked because others have not answered. */
#include "decide_p.h"

#include <behov/json.h>

/* "Anna Berg", "Anna Berg eller Eva Lind": those whose turn it was first. */
static const char *
seat_names(const struct request *r, const struct proposal *p, int seat)
{
	const char *names = "";

	for (int late = 0; late < 2; late++)
		for (size_t i = 0; i < p->approvers.count; i++) {
			const struct approver *a = &p->approvers.items[i];

			if (a->seat == seat && (a->waited > 0) == late)
				names = arena_print(r->mem, "%s%s%s", names, *names ? say(r, " eller ") : "", a->display ? a->display : a->name);
		}
	return names;
}

/* An answer of whoever sits in `few` is one in `many`, too. */
static bool
is_within(const struct proposal *p, int few, int many)
{
	for (size_t i = 0; i < p->approvers.count; i++) {
		bool also = false;

		for (size_t k = 0; k < p->approvers.count; k++)
			also |= p->approvers.items[k].seat == many && strcmp(p->approvers.items[k].key, p->approvers.items[i].key) == 0;
		if (p->approvers.items[i].seat == few && !also)
			return false;
	}
	return true;
}

/* Is it said by another seat already: one within it, or the first of those that are alike? */
static bool
is_said(const struct proposal *p, int seat)
{
	for (size_t i = 0; i < p->approvers.count; i++) {
		int other = p->approvers.items[i].seat;

		if (other != seat && is_within(p, other, seat) && (other < seat || !is_within(p, seat, other)))
			return true;
	}
	return false;
}

/* Does more than one person sit in a seat? */
static bool
is_shared(const struct proposal *p)
{
	for (size_t i = 0; i < p->approvers.count; i++)
		for (size_t k = 0; k < i; k++)
			if (p->approvers.items[i].seat == p->approvers.items[k].seat)
				return true;
	return false;
}

/* "2 personer måste godkänna: Anna Berg, Eva Lind eller Per Ek."  A seat that nobody fills is counted, too. */
const char *
rows_needs(const struct request *r, const struct proposal *p)
{
	const char *names = "";
	int seats = 0, most = 0;

	for (size_t i = 0; i < p->approvers.count; i++)
		most = p->approvers.items[i].seat > most ? p->approvers.items[i].seat : most;
	for (int seat = 0; seat <= most; seat++) {
		const char *who = seat_names(r, p, seat);

		if (!*who || is_said(p, seat))
			continue;
		names = arena_print(r->mem, "%s%s%s", names, seats ? ", " : "", who);
		seats++;
	}
	if (seats < 2 && p->needs < 2)
		return is_shared(p) ? arena_print(r->mem, say(r, "Det räcker att en godkänner: %s."), names) : NULL;
	if (!seats)
		return arena_print(r->mem, say(r, "%d personer måste godkänna."), p->needs);
	return arena_print(r->mem, say(r, "%d personer måste godkänna: %s."), p->needs > seats ? p->needs : seats, names);
}

/* "Även Per Ek och Sam Ordnare tillfrågas." */
static const char *
others_asked(struct request *r, const struct proposal *p)
{
	const char *names = "";
	int left = 0;

	for (size_t i = 0; i < p->approvers.count; i++)
		left += p->approvers.items[i].waited && strcmp(p->approvers.items[i].key, r->letter.key) != 0 &&
			!(i && strcmp(p->approvers.items[i - 1].key, p->approvers.items[i].key) == 0);
	for (size_t i = 0; i < p->approvers.count; i++) {
		const struct approver *a = &p->approvers.items[i];

		if (!a->waited || strcmp(a->key, r->letter.key) == 0 || (i && strcmp(a[-1].key, a->key) == 0))
			continue;
		left--;
		names = arena_print(r->mem, "%s%s%s", names, !*names ? "" : left ? ", " : say(r, " och "), a->display ? a->display : a->name);
	}
	return *names ? arena_print(r->mem, say(r, "Även %s tillfrågas nu."), names) : NULL;
}

/* Nobody has answered for so long that others are asked, too. */
void
rows_late(struct request *r, json_t *row, const struct asked *a)
{
	rows_put(row, "late", a->late ? arena_print(r->mem, say(r, "Inget svar på %d dagar"), a->late) : NULL);
	rows_put(row, "others", a->late ? others_asked(r, &a->s->p) : NULL);
}
