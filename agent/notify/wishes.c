/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wishes.c - a new link for who has asked for one on the page, when something waits for them.
 *
 * The inbox is written by a process that listens to the world: whatever stands there gets nobody more than one letter a day,
 * and that to an address which we know already.
 */
#include "notify_p.h"
#include "behov/log.h"
#include "behov/text.h"

#define LOOK_BACK (7 * 86400)           /* seconds, where no night has been */
#define SKEW 120

int
wishes_read(struct arena *mem, const struct notify_input *in, struct wishes *out, struct error *err)
{
	struct inbox_wishes found = { 0 };
	struct inbox *inbox = NULL;
	struct error why = { 0 };
	struct night last;

	*out = (struct wishes){ 0 };
	if (store_night_last(mem, in->store, "run", false, &last, err) < 0)
		return -1;
	if (inbox_open(in->rules->conf.inbox, false, &inbox, &why) < 0 ||
	    inbox_wishes(mem, inbox, last.id ? last.started : in->now - LOOK_BACK, &found, &why) < 0)
		log_warn("who has asked for a link cannot be read: %s", why.text);
	inbox_close(inbox);
	for (size_t i = 0; i < found.list.count; i++) {
		const struct inbox_wish *w = &found.list.items[i];

		if (w->at <= in->now + SKEW && w->who && strlen(w->who) <= WISH_MOST && text_is_utf8(w->who, strlen(w->who)))
			*arena_push(mem, &out->list) = (struct inbox_wish){ text_fold(mem, w->who), w->at };
	}
	return 0;
}

bool
wishes_of(struct arena *mem, const struct wishes *all, const struct approver *who, int64_t *at)
{
	const char *name = who->name ? text_fold(mem, who->name) : "", *mail = who->mail ? text_fold(mem, who->mail) : "";

	for (size_t i = 0; i < all->list.count; i++) {
		const char *said = all->list.items[i].who;

		if (!*said || (strcmp(said, name) != 0 && strcmp(said, mail) != 0))
			continue;
		*at = all->list.items[i].at;
		return true;
	}
	return false;
}

/* How much waits, and nothing of what: somebody else may have asked for it. */
int
letter_wish(struct arena *mem, const struct notify_input *in, const struct letter *letter, const struct people *people,
	    struct mail *out, struct error *err)
{
	const struct conf *conf = &in->rules->conf;
	const struct language *l = letter_language(in);
	const char *token;
	long long count = 0;
	json_t *data;
	int rc;

	for (size_t i = 0; i < people->list.count; i++)
		if (strcmp(people->list.items[i].who->key, letter->key) == 0)
			count = (long long)people->list.items[i].waiting.count;
	if (!count)
		return 0;
	if (notify_token(mem, conf, letter->id, &token, err) < 0)
		return -1;
	data = json_object();
	letter_put(mem, data, "display", letter->display ? letter->display : letter->name);
	letter_put(mem, data, "organisation", conf->organisation);
	letter_put(mem, data, "contact", conf->mail.contact);
	json_put(data, "count", letter_count(mem, l, count));
	json_put(data, "expires", day_text(mem, clock_day(letter->expires) - 1));
	json_put(data, "link", letter_link(mem, conf, token));
	rc = letter_render(mem, l, "link", data, out, err);
	out->subject = speak(l, "Behov: din nya länk");
	json_decref(data);
	return rc;
}
