/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wish.c - somebody asks for a new link.
 *
 * We have no key to make one with: what they wrote is put into the inbox, and who sends letters sees to it.  Anybody can fill
 * an inbox with names: so those whom the last night found something for are told from others, who share what little room
 * there is for them.  Both are looked up, counted and written in the same way, and answered the same: nobody learns here who
 * is asked about anything, not even from how long it takes.
 */
#include "decide_p.h"

#include <behov/digest.h>
#include <behov/log.h>

#define OTHERS_AN_HOUR 60               /* all that the last night did not know, together */
#define A_DAY 3                         /* for one name */
#define ADDRESS_AN_HOUR 20
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

/* Has the last night written to them, or would it have if they had asked? */
static int
is_invited(struct request *r, const char *who, bool *out, struct error *err)
{
	const char *all = NULL;

	if (store_get(r->mem, r->server->store, INVITED_VALUE, &all, err) < 0)
		return -1;
	*out = all && strstr(all, arena_print(r->mem, "%.16s ", digest_text(r->mem, who)));
	return 0;
}

/* In the turn of all who ask. */
static int
put(struct request *r, const char *who, struct error *err)
{
	struct inbox *inbox = r->server->inbox;
	long long day, hour;
	bool known, allowed;

	if (is_invited(r, who, &known, err) < 0 || inbox_wish_count(inbox, who, r->now - 86400, &day, err) < 0 ||
	    inbox_wish_count(inbox, NULL, r->now - 3600, &hour, err) < 0)
		return -1;
	allowed = day < A_DAY && (known || hour < OTHERS_AN_HOUR);
	if (!allowed)
		log_warn("too many ask for a link hour=%lld", hour);
	return (allowed ? inbox_wish_add : inbox_wish_pass)(inbox, who, r->now, err);
}

static int
note(struct request *r, const char *who, struct error *err)
{
	const char *address = address_of(r);
	struct limits limits = { 0 };
	struct turn turn;
	bool allowed;
	int rc;

	if (address)
		limits_add(r, &limits, arena_print(r->mem, "link@%s", address), 3600, ADDRESS_AN_HOUR);
	if (inbox_wishes_expire(r->server->inbox, r->now - KEPT, err) < 0 || limits_take(r, &limits, &allowed, err) < 0)
		return -1;
	if (!allowed) {
		log_warn("too many links are asked for from one address");
		return 0;
	}
	turn_take(&turn, "link");
	rc = put(r, who, err);
	turn_end(&turn);
	return rc;
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
