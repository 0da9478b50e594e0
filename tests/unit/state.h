/* SPDX-License-Identifier: GPL-3.0-or-later */
/* state.h - puts a proposal into a state without asking how it came there, which the program itself never can. */
#ifndef STATE_H
#define STATE_H

#include <behov/store.h>

static int
force_state(struct store *store, const char *id, enum state state, int64_t since, int64_t go_at, day_t until, const char *note,
	    struct error *err)
{
	struct arena *mem = arena_open();
	struct stored_list list = { 0 };
	int rc = store_proposals(mem, store, &(struct proposal_filter){ .id = id }, &list, err);

	if (rc == 0 && list.list.count != 1)
		rc = error_set(err, ERROR_STORE, "there is no proposal '%s'", id);
	if (rc == 0) {
		struct stored *s = &list.list.items[0];

		s->state = state;
		s->since = since;
		s->go_at = go_at;
		s->until = until;
		s->note = note;
		rc = store_proposal_put(store, s, err);
	}
	stored_free(&list);
	arena_close(mem);
	return rc;
}

#endif
