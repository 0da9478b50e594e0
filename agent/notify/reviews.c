/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reviews.c - lists of a quarter that wait for who owns the system: a line in the letter that they get anyway, or a letter of its own.
 *
 * The owner is written to, or whose turn it is; and when nobody has reviewed a list for as long as a proposal goes on to others
 * (conf.escalate), the deputies are, too.
 */
#include "notify_p.h"
#include "behov/text.h"

/* What a letter about a list has among what it is about. */
static const char *
called(struct arena *mem, const struct review_list *list)
{
	return arena_print(mem, "review:%s@%s", list->quarter, list->system);
}

/* As one who is asked about a proposal; where nobody knows them tonight there is nobody to write to, but a letter that waits is told. */
static struct approver *
who_is(struct arena *mem, const struct notify_input *in, const char *key)
{
	long i = in->snapshot ? snapshot_account(in->snapshot, key) : -1;
	const struct account *a = i >= 0 ? &in->snapshot->accounts[i] : NULL;
	struct approver *out;

	if (in->snapshot && (!a || !a->mail || !mail_address(a->mail)))
		return NULL;
	out = arena_new(mem, struct approver);
	out->key = key;
	if (a)
		*out = (struct approver){ .key = a->key, .name = a->name, .display = a->display ? a->display : a->name, .mail = a->mail };
	return out;
}

static void
add(struct arena *mem, const struct notify_input *in, const struct review_list *list, const struct reviewer *reviewer, bool write,
    struct people *out)
{
	const struct approver *who = who_is(mem, in, reviewer->key);
	struct person *p;

	if (!who)
		return;
	invite(mem, out, (struct invited){ who->key, who->name, who->display, who->mail, 0, 0, 0, 0 })->lists++;
	if (!write)
		return;
	p = person_of(mem, out, who);
	*arena_push(mem, &p->lists) = called(mem, list);
}

int
people_reviewing(struct arena *mem, const struct notify_input *in, struct people *out, struct error *err)
{
	struct review_lists waiting;
	struct reviewers all;
	size_t at = 0;

	if (store_lists_waiting(mem, in->store, in->rules, &waiting, err) < 0)
		return -1;
	if (!waiting.list.count)
		return 0;
	if (store_reviewers(mem, in->store, in->rules, NULL, NULL, in->now, &all, err) < 0)
		return -1;
	for (size_t i = 0; i < waiting.list.count; i++) {
		const struct review_list *list = &waiting.list.items[i];
		int days = clock_day(in->now) - clock_day(list->asked), after = in->rules->conf.escalate[0];
		bool first = true;

		while (at < all.list.count && strcmp(all.list.items[at].system, list->system) < 0)
			at++;
		for (size_t k = at; k < all.list.count && strcmp(all.list.items[k].system, list->system) == 0; k++, first = false)
			add(mem, in, list, &all.list.items[k], first || (after && days >= after), out);
	}
	return 0;
}

const char *
letter_lists(struct arena *mem, const struct language *l, long long count)
{
	return count == 1 ? speak(l, "1 behörighetslista") : arena_print(mem, speak(l, "%s behörighetslistor"), text_count(mem, count));
}
