/* SPDX-License-Identifier: GPL-3.0-or-later */
/* limits.c - how often something may be done: counted in the inbox under names, before it is done. */
#include "decide_p.h"

#define LONGEST 86400                   /* seconds that anything is counted for */

static int
has_room(struct request *r, const struct limits *limits, bool *out, struct error *err)
{
	*out = true;
	for (size_t i = 0; i < limits->list.count && *out; i++) {
		const struct limit *l = &limits->list.items[i];
		long long done;

		if (inbox_code_count(r->server->inbox, l->name, r->now - l->seconds, &done, err) < 0)
			return -1;
		*out = done < l->most;
	}
	return 0;
}

void
limits_add(struct request *r, struct limits *limits, const char *name, int64_t seconds, long long most)
{
	*arena_push(r->mem, &limits->list) = (struct limit){ name, seconds, most };
}

/* One after the other, whoever asks: a hundred at once are no more than what is allowed. */
int
limits_take(struct request *r, const struct limits *limits, bool *allowed, struct error *err)
{
	struct turn turn;
	int rc;

	*allowed = false;
	if (inbox_codes_expire(r->server->inbox, r->now - LONGEST, err) < 0)
		return -1;
	turn_take(&turn, "limits");
	rc = has_room(r, limits, allowed, err);
	for (size_t i = 0; i < limits->list.count && rc == 0 && *allowed; i++)
		rc = inbox_code_note(r->server->inbox, limits->list.items[i].name, r->now, err);
	turn_end(&turn);
	return rc;
}

int
limits_give_back(struct request *r, const struct limits *limits, struct error *err)
{
	for (size_t i = 0; i < limits->list.count; i++)
		if (inbox_code_forget(r->server->inbox, limits->list.items[i].name, r->now, err) < 0)
			return -1;
	return 0;
}
