/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wishes.c - a new link for who has asked for one on the page, when they find something there.
 *
 * The inbox is written by a process that listens to the world: whatever stands there gets nobody more than one letter a day,
 * and that to an address which we know already.  Such a letter is about nothing: what is new stays new, and is told.
 */
#include "notify_p.h"
#include "behov/digest.h"
#include "behov/log.h"
#include "behov/text.h"

#define LOOK_BACK (7 * 86400)           /* seconds, where no night has been */
#define SKEW 120

/* ------------------------------------------------------------------ who finds something there */

struct invited *
invite(struct arena *mem, struct people *people, struct invited who)
{
	struct invited *v;
	size_t at;

	if (keyed_find(&people->invited_at, who.key, &at))
		return &people->invited.items[at];
	keyed_put(mem, &people->invited_at, who.key, people->invited.count);
	v = arena_push(mem, &people->invited);
	*v = who;
	return v;
}

/* Their own approval, of what has not gone yet. */
static int
add_approvers(struct arena *mem, const struct notify_input *in, struct people *out, struct error *err)
{
	struct proposal_filter scheduled = { .states = STATES(STATE_SCHEDULED), .brief = true };
	struct stored_list list = { 0 };
	int rc = store_proposals(mem, in->store, &scheduled, &list, err);

	for (size_t i = 0; i < list.list.count && rc == 0; i++) {
		const struct stored *s = &list.list.items[i];

		for (size_t k = 0; in->now < s->go_at && k < s->p.approvers.count; k++) {
			const struct approver *a = &s->p.approvers.items[k];

			if (!k || strcmp(a->key, a[-1].key) != 0)
				invite(mem, out, (struct invited){ a->key, a->name, a->display, a->mail, 0, 0, 0, 0 })->approved++;
		}
	}
	stored_free(&list);
	return rc;
}

int
invited_add(struct arena *mem, const struct notify_input *in, struct people *out, struct error *err)
{
	for (size_t i = 0; i < out->asked.list.count; i++) {
		const struct question *q = &out->asked.list.items[i];

		if (q->closed == INT64_MIN && q->key)
			invite(mem, out, (struct invited){ q->key, q->name, q->display, q->mail, 0, 0, 0, 0 })->asked++;
	}
	return add_approvers(mem, in, out, err);
}

static void
note_name(struct arena *mem, struct text *out, const char *name)
{
	if (name && *name)
		text_print(out, "%.16s ", digest_text(mem, text_fold(mem, name)));
}

/* The page tells them from those who only say so. */
static int
tell_page(struct arena *mem, const struct notify_input *in, const struct people *people, struct error *err)
{
	struct text all;
	int rc;

	text_open(&all, 2 * 17 * people->invited.count + 1);
	for (size_t i = 0; i < people->invited.count; i++) {
		note_name(mem, &all, people->invited.items[i].name);
		note_name(mem, &all, people->invited.items[i].mail);
	}
	rc = store_set(in->store, INVITED_VALUE, all.data, err);
	text_close(&all);
	return rc;
}

/* ------------------------------------------------------------------ who has asked */

/* What cannot be read is told in the log, and nobody has asked. */
static int
read_wishes(struct arena *mem, const struct notify_input *in, struct inbox_wishes *out, struct error *err)
{
	struct inbox_wishes found = { 0 };
	struct inbox *inbox = NULL;
	struct error why = { 0 };
	struct night last;

	*out = (struct inbox_wishes){ 0 };
	if (store_night_last(mem, in->store, "run", false, &last, err) < 0)
		return -1;
	if (inbox_open(in->rules->conf.inbox, false, &inbox, &why) < 0 ||
	    inbox_wishes(mem, inbox, last.id ? last.started : in->now - LOOK_BACK, in->now + SKEW, &found, &why) < 0)
		log_warn("who has asked for a link cannot be read: %s", why.text);
	inbox_close(inbox);
	for (size_t i = 0; i < found.list.count; i++) {
		const struct inbox_wish *w = &found.list.items[i];

		if (w->who && *w->who && strlen(w->who) <= WISH_MOST && text_is_utf8(w->who, strlen(w->who)))
			*arena_push(mem, &out->list) = (struct inbox_wish){ text_fold(mem, w->who), w->at };
	}
	return 0;
}

/* When, last; INT64_MIN = they have not. */
static int64_t
asked_at(struct arena *mem, const struct inbox_wishes *all, const struct invited *who)
{
	const char *name = who->name ? text_fold(mem, who->name) : "", *mail = who->mail ? text_fold(mem, who->mail) : "";

	for (size_t i = 0; i < all->list.count; i++) {
		const char *said = all->list.items[i].who;

		if (strcmp(said, name) == 0 || strcmp(said, mail) == 0)
			return all->list.items[i].at;
	}
	return INT64_MIN;
}

/* One that goes out anyway has a link, too; one that the mail server has said no to has not come so far. */
static bool
gets_a_letter(const struct notify_input *in, const struct letters *unsent, const char *key)
{
	for (size_t i = 0; i < unsent->list.count; i++) {
		const struct letter *l = &unsent->list.items[i];

		if (l->token_hash && !l->tries && in->now < l->expires && strcmp(l->key, key) == 0)
			return true;
	}
	return false;
}

static int
write_link(struct arena *mem, const struct notify_input *in, const struct invited *v, int64_t asked, long long *letters, struct error *err)
{
	struct letter letter = { .kind = "link", .key = v->key, .name = v->name, .display = v->display, .mail = v->mail,
				 .created = in->now, .sent = INT64_MIN };

	letter.id = letter_id(mem, letter.kind, v->key, asked, NULL, 0);
	return letter_post(mem, in, &letter, letters, err);
}

int
wishes_compose(struct arena *mem, const struct notify_input *in, const struct people *people, long long *letters, struct error *err)
{
	struct inbox_wishes all;
	struct letters unsent;

	if (tell_page(mem, in, people, err) < 0 || read_wishes(mem, in, &all, err) < 0 ||
	    store_letters_unsent(mem, in->store, &unsent, err) < 0)
		return -1;
	for (size_t i = 0; i < people->invited.count; i++) {
		const struct invited *v = &people->invited.items[i];
		int64_t at = mail_address(v->mail) ? asked_at(mem, &all, v) : INT64_MIN;

		if (at != INT64_MIN && !gets_a_letter(in, &unsent, v->key) && write_link(mem, in, v, at, letters, err) < 0)
			return -1;
	}
	return 0;
}

/* ------------------------------------------------------------------ what stands in it */

static const struct invited *
find(const struct people *people, const char *key)
{
	size_t at;

	return keyed_find(&people->invited_at, key, &at) ? &people->invited.items[at] : NULL;
}

static json_t *
rows(struct arena *mem, const struct language *l, const struct invited *v)
{
	json_t *list = json_array();

	if (v->waiting)
		letter_row(mem, list, v->waiting == 1 ? speak(l, "1 förslag väntar på ditt beslut.")
						      : arena_print(mem, speak(l, "%s förslag väntar på ditt beslut."), text_count(mem, v->waiting)));
	if (v->asked)
		letter_row(mem, list, v->asked == 1 ? speak(l, "Du tillfrågas om råd i 1 fråga.")
						    : arena_print(mem, speak(l, "Du tillfrågas om råd i %s frågor."), text_count(mem, v->asked)));
	if (v->approved)
		letter_row(mem, list, v->approved == 1 ? speak(l, "1 godkännande går att ångra.")
						       : arena_print(mem, speak(l, "%s godkännanden går att ångra."), text_count(mem, v->approved)));
	if (v->lists)
		letter_row(mem, list, v->lists == 1 ? speak(l, "1 behörighetslista väntar på granskning.")
						    : arena_print(mem, speak(l, "%s behörighetslistor väntar på granskning."), text_count(mem, v->lists)));
	return list;
}

/* How much there is, and nothing of what: somebody else may have asked for it. */
int
letter_wish(struct arena *mem, const struct notify_input *in, const struct letter *letter, const struct people *people,
	    struct mail *out, struct error *err)
{
	const struct conf *conf = &in->rules->conf;
	const struct language *l = letter_language(in);
	const struct invited *v = find(people, letter->key);
	const char *token;
	json_t *data;
	int rc;

	if (!v)
		return 0;
	if (notify_token(mem, conf, letter->id, &token, err) < 0)
		return -1;
	data = letter_data(mem, conf, letter, token);
	json_object_set_new(data, "rows", rows(mem, l, v));
	rc = letter_render(mem, l, "link", data, out, err);
	out->subject = speak(l, "Behov: din nya länk");
	json_decref(data);
	return rc;
}
