/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * send.c - sends what has not been sent; what fails keeps its reason and waits for the next night.
 *
 * What the server says no to is tried again after 1, 2, 4, … nights, for as long as its link is good; where it has said so
 * four times administrators are told.  A server that does not answer is asked again each night.
 */
#include "notify_p.h"
#include "behov/digest.h"
#include "behov/log.h"
#include "behov/step.h"

#define TRIES_TOLD 4                    /* so many refusals of one letter are a finding */
#define NIGHTS_MOST 16                  /* between two tries */
#define TROUBLE_MOST 300                /* seconds of waiting for servers that do not answer, in one night */

/* What letters are rendered from: the store as it is now. */
struct desk {
	struct stored_list asked, open;
	struct people people;
};

static int
make(struct arena *mem, const struct notify_input *in, const struct letter *letter, const struct desk *desk,
     struct mail *out, struct error *err)
{
	*out = (struct mail){ .id = letter->id, .to = letter->mail, .to_name = letter->display, .date = letter->created };
	if (strcmp(letter->kind, "event") == 0)
		return letter_event(mem, in, letter, out, err);
	if (strcmp(letter->kind, "question") == 0)
		return letter_question(mem, in, letter, out, err);
	if (strcmp(letter->kind, "receipt") == 0)
		return letter_receipt(mem, in, letter, out, err);
	if (strcmp(letter->kind, "link") == 0)
		return letter_wish(mem, in, letter, &desk->people, out, err);
	return strcmp(letter->kind, "administrator") == 0
		       ? letter_administrator(mem, in, letter, &desk->asked, out, err)
		       : letter_digest(mem, in, letter, &desk->open, &desk->people, out, err);
}

/* Why a letter is put aside for good, or NULL.  Somebody who still is asked then gets another one: see which_kind(). */
static int
is_dead(struct arena *mem, const struct notify_input *in, const struct letter *letter, const char **why, struct error *err)
{
	const char *token;

	*why = NULL;
	if (in->now >= letter->expires)
		*why = "länken hann gå ut innan brevet kunde skickas";
	if (*why || !letter->token_hash)
		return 0;
	if (notify_token(mem, &in->rules->conf, letter->id, &token, err) < 0)
		return -1;
	if (!digest_equal(digest_text(mem, token), letter->token_hash))
		*why = "nyckeln till länkarna är en annan än när brevet skrevs";
	return 0;
}

static int
hold_back(const struct notify_input *in, const struct letter *letter, const char *why, long long *unsent,
	  struct error *err)
{
	log_warn("a letter to '%s' could not be sent: %s", letter->name ? letter->name : letter->key, why);
	++*unsent;
	return store_letter_sent(in->store, letter->id, INT64_MIN, why, err);
}

static int
hold_longer(const struct notify_input *in, const struct letter *letter, const char *why, long long *unsent, struct error *err)
{
	int nights = letter->tries < 4 ? 1 << letter->tries : NIGHTS_MOST;

	log_warn("a letter to '%s' was refused tries=%d next_in_days=%d: %s", letter->name ? letter->name : letter->key,
		 letter->tries + 1, nights, why);
	++*unsent;
	return store_letter_refused(in->store, letter->id, letter->tries + 1, clock_midnight(clock_day(in->now) + nights), why, err);
}

static int
send_one(struct arena *mem, const struct notify_input *in, const struct letter *letter, const struct desk *desk,
	 long long *sent, long long *unsent, struct error *err)
{
	struct error why = { 0 };
	bool refused = false;
	const char *dead;
	struct mail mail;

	if (is_dead(mem, in, letter, &dead, err) < 0)
		return -1;
	if (!dead && letter->token_hash && in->rules->conf.mode == MODE_OBSERVE)
		return hold_back(in, letter, "mode is observe: owners are not written to", unsent, err);
	if (!dead && make(mem, in, letter, desk, &mail, err) < 0)
		return -1;
	if (!dead && !mail.text)
		dead = "inte längre aktuellt";
	if (dead)
		return store_letter_sent(in->store, letter->id, in->now, dead, err);
	if (in->now < letter->next) {
		++*unsent;
		return 0;
	}
	mail.refused = &refused;
	if (mail_send(mem, &in->rules->conf, &mail, &why) < 0) {
		/* A server says to whom it will not deliver. */
		const char *said = store_is_hidden(letter->display) ? "e-postservern tog inte emot brevet" : why.text;

		return (refused ? hold_longer : hold_back)(in, letter, said, unsent, err);
	}
	++*sent;
	return store_letter_sent(in->store, letter->id, in->now, NULL, err);
}

static int
send_all(struct arena *mem, const struct notify_input *in, const struct letters *letters, const struct desk *desk,
	 long long *sent, long long *unsent, struct error *err)
{
	double trouble = 0;

	for (size_t i = 0; i < letters->list.count; i++) {
		double began = clock_spent();
		long long before = *unsent;
		size_t left = letters->list.count - i;

		progress("letters", (long long)i, (long long)letters->list.count);
		if (stop_asked())
			return error_set(err, ERROR_STOPPED, "asked to stop with %zu letters to send: the next night sends them",
					 left);
		if (trouble > TROUBLE_MOST) {
			log_warn("the mail server does not answer: the rest waits letters=%zu", left);
			*unsent += (long long)left;
			return 0;
		}
		if (send_one(mem, in, &letters->list.items[i], desk, sent, unsent, err) < 0)
			return -1;
		trouble += *unsent > before ? clock_spent() - began : 0;
	}
	return 0;
}

int
notify_send(struct arena *mem, const struct notify_input *in, long long *sent, long long *unsent, struct error *err)
{
	struct letters letters;
	struct desk desk = { 0 };
	int rc = -1;

	*sent = *unsent = 0;
	if (store_letters_unsent(mem, in->store, &letters, err) < 0)
		return -1;
	if (!letters.list.count)
		return 0;
	if (store_proposals(mem, in->store, &(struct proposal_filter){ .states = STATES_ASKED }, &desk.asked, err) < 0 ||
	    store_proposals(mem, in->store, &(struct proposal_filter){ .states = STATES_ASKABLE }, &desk.open, err) < 0)
		goto out;
	if (people_waiting(mem, in, &desk.open, &desk.people, err) == 0)
		rc = send_all(mem, in, &letters, &desk, sent, unsent, err);
out:
	progress_end();
	stored_free(&desk.asked);
	stored_free(&desk.open);
	return rc;
}

/* ------------------------------------------------------------------ what administrators are told */

int
notify_findings(struct arena *mem, struct store *store, struct plan *plan, struct error *err)
{
	struct letters letters;

	if (store_letters_unsent(mem, store, &letters, err) < 0)
		return -1;
	for (size_t i = 0; i < letters.list.count; i++) {
		const struct letter *l = &letters.list.items[i];

		if (l->tries >= TRIES_TOLD)
			*arena_push(mem, &plan->findings) = (struct finding){ .kind = "mail-refused", .account = l->name,
				.text = arena_print(mem, "Brev till %s går inte fram sedan %s: %s", l->display ? l->display : l->name,
						    day_text(mem, clock_day(l->created)), l->problem ? l->problem : "-") };
	}
	return 0;
}
