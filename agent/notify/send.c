/* SPDX-License-Identifier: GPL-3.0-or-later */
/* send.c - sends what has not been sent; what fails keeps its reason and waits for the next night. */
#include "notify_p.h"
#include "behov/log.h"
#include "behov/step.h"

static int
make(struct arena *mem, const struct notify_input *in, const struct letter *letter, const struct stored_list *asked,
     const struct stored_list *open, struct mail *out, struct error *err)
{
	*out = (struct mail){ .id = letter->id, .to = letter->mail, .to_name = letter->display, .date = letter->created };
	return strcmp(letter->kind, "administrator") == 0 ? letter_administrator(mem, in, letter, asked, out, err)
							  : letter_digest(mem, in, letter, open, out, err);
}

static int
send_one(struct arena *mem, const struct notify_input *in, const struct letter *letter, const struct stored_list *asked,
	 const struct stored_list *open, long long *sent, long long *unsent, struct error *err)
{
	struct error why = { 0 };
	struct mail mail;

	if (make(mem, in, letter, asked, open, &mail, err) < 0)
		return -1;
	if (!mail.text)
		return store_letter_sent(in->store, letter->id, in->now, "inte längre aktuellt", err);
	if (mail_send(mem, &in->rules->conf, &mail, &why) < 0) {
		log_warn("a letter to '%s' could not be sent: %s", letter->mail ? letter->mail : "", why.text);
		++*unsent;
		return store_letter_sent(in->store, letter->id, INT64_MIN, why.text, err);
	}
	++*sent;
	return store_letter_sent(in->store, letter->id, in->now, NULL, err);
}

int
notify_send(struct arena *mem, const struct notify_input *in, long long *sent, long long *unsent, struct error *err)
{
	struct stored_list asked = { 0 }, open = { 0 };
	struct letters letters;
	int rc = -1;

	*sent = *unsent = 0;
	if (store_letters_unsent(mem, in->store, &letters, err) < 0)
		return -1;
	if (store_proposals(mem, in->store, &(struct proposal_filter){ .states = STATES_ASKED }, &asked, err) < 0 ||
	    store_proposals(mem, in->store, &(struct proposal_filter){ .states = STATES(STATE_OPEN) }, &open, err) < 0)
		goto out;
	for (size_t i = 0; i < letters.list.count; i++) {
		progress("letters", (long long)i, (long long)letters.list.count);
		if (stop_asked()) {
			error_set(err, ERROR_STOPPED, "asked to stop with %zu letters to send: the next night sends them",
				  letters.list.count - i);
			goto out;
		}
		if (send_one(mem, in, &letters.list.items[i], &asked, &open, sent, unsent, err) < 0)
			goto out;
	}
	rc = 0;
out:
	progress_end();
	stored_free(&asked);
	stored_free(&open);
	return rc;
}
