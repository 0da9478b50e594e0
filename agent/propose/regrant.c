/* SPDX-License-Identifier: GPL-3.0-or-later */
/* regrant.c - who was taken out of a group by us and is in it again: told each night, and named where it is asked about anew. */
#include "propose_p.h"

struct removed { LIST(const struct stored *) list; };

static int
by_key_and_episode(const void *x, const void *y)
{
	const struct stored *a = *(const struct stored *const *)x, *b = *(const struct stored *const *)y;
	int c = strcmp(a->p.key, b->p.key);

	return c ? c : a->episode - b->episode;
}

/* Who approved it, in the order in which they did; "" when nobody is known. */
static int
approved_by(struct work *w, const struct stored *s, const char **out, struct error *err)
{
	struct decisions all = { 0 };

	*out = "";
	if (store_decisions(w->mem, w->in->store, s->id, INT64_MIN, &all, err) < 0)
		return -1;
	for (size_t i = 0; i < all.list.count; i++) {
		const struct decision *d = &all.list.items[i];

		if (d->verdict == VERDICT_APPROVE && !d->refused && d->key && !seats_taken_back(&all, i))
			*out = arena_print(w->mem, "%s%s%s", *out, **out ? " och " : "", d->name);
	}
	return 0;
}

/* What the directory says of the edge that is there again, or NULL. */
static const struct edge_moment *
moment_of(const struct snapshot *s, const struct proposal *p)
{
	uint32_t edge = edge_of(s, p);

	for (size_t i = 0; i < s->added.count; i++)
		if (s->added.items[i].edge == edge)
			return &s->added.items[i];
	return NULL;
}

static const char *
how_it_came(struct work *w, const struct stored *s)
{
	const struct edge_moment *m = moment_of(w->in->snapshot, &s->p);
	const char *where = m && m->by ? arena_print(w->mem, ", på domänkontrollanten %s", m->by) : "";

	if (!m || m->changed < s->since)
		return "när och av vem säger katalogen inte";
	return arena_print(w->mem, "det gjordes %s%s; vem som gjorde det står i dess säkerhetslogg (händelse 4728, 4732 eller 4756)",
			   clock_text(w->mem, m->changed), where);
}

static struct proposal *
proposed_again(struct work *w, const char *key)
{
	for (size_t i = 0; i < w->plan->proposals.count; i++)
		if (strcmp(w->plan->proposals.items[i].key, key) == 0)
			return &w->plan->proposals.items[i];
	return NULL;
}

static int
tell_one(struct work *w, const struct stored *s, struct error *err)
{
	struct proposal *again = proposed_again(w, s->p.key);
	const char *who, *when = day_text(w->mem, clock_day(s->since));

	if (approved_by(w, s, &who, err) < 0)
		return -1;
	tell_finding(w, &(struct finding){
		.kind = "re-granted", .system = s->p.system, .role = s->p.role, .account = s->p.account, .group = s->p.group,
		.text = arena_print(w->mem, "%s togs bort ur gruppen %s (förslag %s%s%s) men är där igen: %s",
				    s->p.display ? s->p.display : s->p.account ? s->p.account : s->p.member, when, s->id,
				    *who ? ", godkänt av " : "", who, how_it_came(w, s)),
	});
	if (again)
		again->why = arena_print(w->mem, "%s Det togs bort även %s (förslag %s%s%s), men är tillbaka.", again->why ? again->why : "",
					 when, s->id, *who ? ", godkänt av " : "", who);
	return 0;
}

/* The last that was said of it counts: what somebody has kept since is no news. */
static bool
is_last_word(const struct removed *all, size_t i)
{
	return i + 1 == all->list.count || strcmp(all->list.items[i]->p.key, all->list.items[i + 1]->p.key) != 0;
}

int
tell_regrants(struct work *w, struct error *err)
{
	struct proposal_filter filter = { .states = STATES(STATE_DONE) | STATES(STATE_KEPT), .brief = true };
	struct stored_list list = { 0 };
	struct removed all = { 0 };
	int rc = 0;

	if (store_proposals(w->mem, w->in->store, &filter, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.list.count; i++)
		if (!is_files(&list.list.items[i].p))
			*arena_push(w->mem, &all.list) = &list.list.items[i];
	if (all.list.count)
		qsort(all.list.items, all.list.count, sizeof *all.list.items, by_key_and_episode);
	for (size_t i = 0; i < all.list.count && rc == 0; i++) {
		const struct stored *s = all.list.items[i];

		if (s->state == STATE_DONE && is_last_word(&all, i) && edge_gone(w->in->snapshot, &s->p) == NO)
			rc = tell_one(w, s, err);
	}
	stored_free(&list);
	return rc;
}
