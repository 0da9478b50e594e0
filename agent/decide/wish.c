/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wish.c - somebody asks for a new link.
 *
 * We have no key to make one with, and do not look whether we know them: what they wrote is put into the inbox, and who sends
 * letters sees to it.  So nobody learns here who is asked about anything, not even from how long it takes.
 */
#include "decide_p.h"

#include <behov/log.h>

#define AN_HOUR 60                      /* from everybody together */
#define A_DAY 3                         /* for one name */
#define KEPT (7 * 86400)                /* seconds: every night takes what lies there */

static const char *
trimmed(struct arena *mem, const char *text)
{
	size_t len;

	text += strspn(text, " \t\r\n");
	for (len = strlen(text); len && strchr(" \t\r\n", text[len - 1]);)
		len--;
	return text_fold(mem, arena_copy(mem, text, len));
}

static int
count(struct request *r, const char *who, bool *allowed, struct error *err)
{
	struct inbox *inbox = r->server->inbox;
	const char *name = arena_print(r->mem, "link:%s", who);
	long long hour, day;

	if (inbox_code_count(inbox, "link", r->now - 3600, &hour, err) < 0 ||
	    inbox_code_count(inbox, name, r->now - 86400, &day, err) < 0)
		return -1;
	*allowed = hour < AN_HOUR && day < A_DAY;
	if (!*allowed) {
		log_warn("too many ask for a link hour=%lld", hour);
		return 0;
	}
	return inbox_code_note(inbox, "link", r->now, err) < 0 ? -1 : inbox_code_note(inbox, name, r->now, err);
}

static int
note(struct request *r, const char *who, struct error *err)
{
	struct inbox *inbox = r->server->inbox;
	bool allowed = false;
	struct turn turn;
	int rc;

	if (inbox_codes_expire(inbox, r->now - 86400, err) < 0 || inbox_wishes_expire(inbox, r->now - KEPT, err) < 0)
		return -1;
	turn_take(&turn, "link");
	rc = count(r, who, &allowed, err);
	turn_end(&turn);
	return rc == 0 && allowed ? inbox_wish_add(inbox, who, r->now, err) : rc;
}

int
wish_post(struct request *r, struct error *err)
{
	const char *who = trimmed(r->mem, form_get(&r->form, "vem"));

	if (*who && strlen(who) <= WISH_MOST && note(r, who, err) < 0)
		return -1;
	return page_notice(r, 200, N_("Tack"), N_("Om du har något att besluta om kommer ett brev med en ny länk till din e-post på "
					   "jobbet, senast i morgon. Kommer inget brev väntar inget på dig."), err);
}
