/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ration.c - how much one person is asked at a time: what is riskiest first, the rest waits for its turn.
 *
 * Somebody has room for as many as are left of conf.weekly in seven days (tonight and the six days before it).  When fewer
 * than a third of that wait for them, they have room until as many wait, whatever the week has brought: who answers gets more.
 * A proposal has its turn when all whose turn it is in its seats have room.
 * What they have asked somebody else about waits for them, too: they can answer it, and it comes back.
 */
#include "propose_p.h"

/* ------------------------------------------------------------------ the riskiest first */

static bool
is_gone(const struct proposal *p)
{
	const json_t *person = json_object_get(p->evidence, "person");

	return json_is_true(json_object_get(person, "left")) || json_is_true(json_object_get(person, "disabled")) ||
	       json_is_true(json_object_get(person, "expired"));
}

/* Has the law's last day for the oldest of its files passed? */
static bool
is_overdue(const struct rules *rules, const struct proposal *p, day_t today)
{
	const struct series *s = rules_series(rules, p->series);
	day_t oldest = day_parse(json_text(p->evidence, "oldest"));

	if (!s || s->latest.count <= 0 || oldest == DAY_NONE)
		return false;
	if (s->count_from == COUNT_FISCAL_END)
		oldest = day_fiscal_end(oldest, s->fiscal.month, s->fiscal.day);
	return day_due(oldest, s->latest, s->count_from) <= today;
}

void
risk_of(const struct rules *rules, const struct proposal *p, day_t today, struct risk *out)
{
	*out = (struct risk){
		.hand = p->by_hand, .class = p->konfidentialitet < 0 ? 3 : p->konfidentialitet, .access = !is_files(p),
		.pressing = is_files(p) ? is_overdue(rules, p, today) : is_gone(p), .due = is_files(p) ? p->due : 0,
		.key = p->key,
	};
}

int
by_risk(const struct risk *a, const struct risk *b)
{
	if (a->hand != b->hand)
		return a->hand ? -1 : 1;
	if (a->class != b->class)
		return a->class > b->class ? -1 : 1;
	if (a->access != b->access)
		return a->access ? -1 : 1;
	if (a->pressing != b->pressing)
		return a->pressing ? -1 : 1;
	if (a->due != b->due)
		return a->due < b->due ? -1 : 1;
	return strcmp(a->key, b->key);
}

/* ------------------------------------------------------------------ room */

static struct quota *
quota_of(struct ration *r, const char *key)
{
	struct quota *q;

	for (size_t i = 0; i < r->quotas.count; i++)
		if (strcmp(r->quotas.items[i].key, key) == 0)
			return &r->quotas.items[i];
	q = arena_push(r->mem, &r->quotas);
	*q = (struct quota){ .key = arena_text(r->mem, key), .room = r->conf->weekly };
	return q;
}

static int
count_open(struct ration *r, struct store *store, struct error *err)
{
	struct stored_list open = { 0 };
	int rc = store_proposals(r->mem, store, &(struct proposal_filter){ .states = STATES(STATE_OPEN) | STATES(STATE_ASKED), .brief = true }, &open, err);

	for (size_t i = 0; i < open.list.count && rc == 0; i++) {
		const struct stored *s = &open.list.items[i];
		struct decisions given = { 0 };

		if (s->p.approvers.count)
			rc = store_decisions(r->mem, store, s->id, INT64_MIN, &given, err);
		for (size_t k = 0; k < s->p.approvers.count && rc == 0; k++) {
			const char *key = s->p.approvers.items[k].key;
			bool again = k && strcmp(key, s->p.approvers.items[k - 1].key) == 0;

			if (!again && seats_wait_for(&given, s, key))
				quota_of(r, key)->open++;
		}
	}
	stored_free(&open);
	return rc;
}

/* Where owners are not written to yet, no more is opened than they will be asked on the first day. */
static void
set_room(const struct conf *conf, struct quota *q)
{
	bool few = conf->mode == MODE_OBSERVE || q->open < (conf->weekly + 2) / 3;
	long long week = conf->mode == MODE_OBSERVE ? 0 : conf->weekly - q->lately, fill = few ? conf->weekly - q->open : 0;

	q->room = week > fill ? week : fill;
}

int
ration_open(struct arena *mem, const struct conf *conf, struct store *store, int64_t now, struct ration *out,
	    struct error *err)
{
	struct asked_lately lately = { 0 };

	*out = (struct ration){ .mem = mem, .conf = conf };
	if (!conf->weekly)
		return 0;
	if (count_open(out, store, err) < 0 || store_asked(mem, store, clock_midnight(clock_day(now) - 6), &lately, err) < 0)
		return -1;
	for (size_t i = 0; i < lately.list.count; i++)
		quota_of(out, lately.list.items[i].key)->lately = lately.list.items[i].count;
	for (size_t i = 0; i < out->quotas.count; i++)
		set_room(conf, &out->quotas.items[i]);
	return 0;
}

bool
ration_take(struct ration *r, const struct proposal *p)
{
	if (!r->conf->weekly)
		return true;
	if (!p->approvers.count)        /* until there is somebody to ask */
		return false;
	for (size_t i = 0; i < p->approvers.count; i++)
		if (!p->approvers.items[i].waited && quota_of(r, p->approvers.items[i].key)->room <= 0)
			return false;
	for (size_t i = 0; i < p->approvers.count; i++) {
		const struct approver *a = &p->approvers.items[i];

		if (!a->waited && !(i && strcmp(a->key, a[-1].key) == 0))
			quota_of(r, a->key)->room--;
	}
	return true;
}
