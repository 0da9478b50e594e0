/* SPDX-License-Identifier: GPL-3.0-or-later */
/* row-settled.c - what somebody has said keep about lately: where more than one was asked, each sees what the others answered. */
#include "decide_p.h"

#include <behov/json.h>

#define SETTLED_DAYS 14
#define SETTLED_MOST 20

/* "Anna Berg: godkänn. Eva Lind: behåll – vikarierar." */
static const char *
answers(const struct request *r, const struct stored *s, const struct decisions *all)
{
	const char *out = "";

	for (size_t i = 0; i < s->p.approvers.count; i++) {
		const struct approver *a = &s->p.approvers.items[i];
		const struct decision *last = NULL;

		for (size_t k = 0; k < all->list.count; k++) {
			const struct decision *d = &all->list.items[k];

			if (!d->refused && d->key && strcmp(d->key, a->key) == 0 && d->version && strcmp(d->version, s->p.version) == 0 &&
			    (d->verdict == VERDICT_APPROVE || d->verdict == VERDICT_KEEP))
				last = d;
		}
		if (last)
			out = arena_print(r->mem, "%s%s%s: %s%s%s.", out, *out ? " " : "", a->display ? a->display : a->name,
					  last->verdict == VERDICT_KEEP ? say(r, "behåll") : say(r, "godkänn"), last->reason && *last->reason ? " – " : "",
					  last->reason ? last->reason : "");
	}
	return out;
}

static int
put_one(struct request *r, const struct stored *s, json_t *list, struct error *err)
{
	struct decisions all;
	json_t *one;

	if (store_decisions(r->mem, r->server->store, s->id, INT64_MIN, &all, err) < 0)
		return -1;
	one = json_object();
	rows_put(one, "name", rows_name(r, &s->p));
	json_put(one, "day", day_text(r->mem, clock_day(s->since)));
	json_put(one, "until", s->until == DAY_NONE ? NULL : day_text(r->mem, s->until));
	rows_put(one, "answers", answers(r, s, &all));
	json_array_append_new(list, one);
	return 0;
}

int
rows_settled(struct request *r, json_t *data, struct error *err)
{
	const struct proposal_filter kept = { .states = STATES(STATE_KEPT), .approver = r->letter.key };
	struct stored_list found = { 0 };
	json_t *list = json_array();
	int rc = store_proposals(r->mem, r->server->store, &kept, &found, err);

	for (size_t i = 0; i < found.list.count && rc == 0; i++) {
		const struct stored *s = &found.list.items[i];

		if (s->p.approvers.count > 1 && clock_day(r->now) - clock_day(s->since) <= SETTLED_DAYS &&
		    json_array_size(list) < SETTLED_MOST)
			rc = put_one(r, s, list, err);
	}
	stored_free(&found);
	json_object_set_new(data, "settled_some", json_boolean(json_array_size(list) > 0));
	json_object_set_new(data, "settled", list);
	return rc;
}
