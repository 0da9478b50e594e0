/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gone.c - payloads that the chain holds no more, and the later rows that say by which decision they went. */
#include "audit_p.h"
#include "behov/json.h"

const char *
gone_missing(struct walk *w, const struct audit_row *row)
{
	struct gap_of *last = w->missing.list.count ? &w->missing.list.items[w->missing.list.count - 1] : NULL;
	const long long seq = row->seq;

	if (own_is_kept(row->event))    /* whatever a later row says */
		return "raden är en av dem som inget gallringsbeslut rör, och dess uppgifter är borta";
	if (last && last->last + 1 == seq)
		last->last = seq;
	else
		*arena_push(w->mem, &w->missing.list) = (struct gap_of){ seq, seq };
	return NULL;
}

static struct audit_disposal *
disposal(struct walk *w, const char *dnr)
{
	for (size_t i = 0; i < w->out->disposals.count; i++)
		if (strcmp(w->out->disposals.items[i].dnr, dnr) == 0)
			return &w->out->disposals.items[i];
	*arena_push(w->mem, &w->out->disposals) = (struct audit_disposal){ arena_text(w->mem, dnr), 0 };
	return &w->out->disposals.items[w->out->disposals.count - 1];
}

static void
keep(struct arena *mem, struct gaps_of *out, long long first, long long last)
{
	if (first <= last)
		*arena_push(mem, &out->list) = (struct gap_of){ first, last };
}

/* Takes first..last out of what is missing; how many of them were. */
static long long
take(struct walk *w, long long first, long long last)
{
	struct gaps_of left = { 0 };
	long long taken = 0;

	for (size_t i = 0; i < w->missing.list.count; i++) {
		const struct gap_of g = w->missing.list.items[i];
		long long from = g.first > first ? g.first : first, to = g.last < last ? g.last : last;

		if (from > to) {
			keep(w->mem, &left, g.first, g.last);
			continue;
		}
		taken += to - from + 1;
		keep(w->mem, &left, g.first, from - 1);
		keep(w->mem, &left, to + 1, g.last);
	}
	w->missing = left;
	return taken;
}

/* Only of rows before its own: nobody says beforehand what will go. */
void
gone_told(struct walk *w, const struct audit_row *row)
{
	const json_t *ranges, *one;
	json_t *o = NULL;
	const char *dnr;
	size_t i;

	if (strcmp(row->event, OWN_DISPOSED) != 0 || !row->payload || json_read(row->payload, strlen(row->payload), &o, NULL) < 0)
		return;
	ranges = json_object_get(o, "chain");
	dnr = json_text(json_object_get(o, "decision"), "dnr");
	json_array_foreach(ranges, i, one) {
		long long first = json_integer_value(json_array_get(one, 0)), last = json_integer_value(json_array_get(one, 1));

		if (dnr && first >= 1 && last < row->seq)
			disposal(w, dnr)->rows += take(w, first, last);
	}
	json_decref(o);
}

long long
gone_untold(const struct walk *w)
{
	return w->missing.list.count ? w->missing.list.items[0].first : 0;
}
