/* SPDX-License-Identifier: GPL-3.0-or-later */
/* answers.c - what follows from an answer that is neither yes nor no: a question, a stop, another owner, a later day. */
#include "take_p.h"
#include "behov/audit.h"
#include "behov/json.h"
#include <string.h>

/* With its row in the chain, where life.h lets that happen to it; elsewhere it is nothing new. */
static int
move(struct taking *t, const struct stored *s, enum happening what, day_t until, const char *why, const struct decision *d,
     struct error *err)
{
	json_t *payload;
	int rc;

	if (!(life[what].from & STATES(s->state)))
		return 0;
	payload = json_object();
	json_put(payload, "proposal", s->id);
	json_put(payload, "version", s->p.version);
	if (why)
		json_put(payload, "why", why);
	rc = store_proposal_move(t->store, s->id, what, t->now, INT64_MIN, until, why, err);
	if (rc == 0)
		rc = audit_add(t->store, t->now, d->name && *d->name ? d->name : "page", happening_word[what], payload, err);
	json_decref(payload);
	return rc;
}

/* ------------------------------------------------------------------ what is known */

int
take_is_coordinator(struct arena *mem, struct store *store, const struct rules *rules, const char *key, bool *out,
		    struct error *err)
{
	const char *name = rules->conf.people.coordinator;
	struct pin pin = { 0 };
	bool found = false;

	*out = false;
	if (!name || !*name)
		return 0;
	if (store_pin(mem, store, name, &pin, &found, err) < 0)
		return -1;
	*out = found && strcmp(pin.key, key) == 0;
	return 0;
}

int
take_question(struct arena *mem, struct store *store, const char *proposal, const char *key, long long number,
	      struct question *out, struct error *err)
{
	struct questions mine;

	*out = (struct question){ 0 };
	if (store_questions(mem, store, &(struct question_filter){ .proposal = proposal, .key = key, .open = true }, &mine, err) < 0)
		return -1;
	for (size_t i = 0; i < mine.list.count; i++)
		if (mine.list.items[i].id == number)
			*out = mine.list.items[i];
	return 0;
}

/* ------------------------------------------------------------------ what follows */

/* Who it goes to is found by the night, which has the directory. */
static int
ask(struct taking *t, const struct stored *s, const struct decision *d, struct error *err)
{
	struct words words = words_read(t->mem, d->verdict, t->words, DAY_NONE);
	struct question q = {
		.proposal = s->id, .kind = d->verdict == VERDICT_RULE ? QUESTION_RULE : QUESTION_COLLEAGUE, .to = words.to,
		.text = words.text, .by_key = d->key, .by_name = d->name, .at = t->now,
	};

	return store_question_add(t->store, &q, err) < 0 ? -1 : move(t, s, PROPOSAL_ASKED, DAY_NONE, NULL, d, err);
}

static int
advise(struct taking *t, const struct stored *s, const struct decision *d, struct error *err)
{
	struct words words = words_read(t->mem, d->verdict, t->words, DAY_NONE);
	struct questions left;
	struct question q;

	if (take_question(t->mem, t->store, s->id, d->key, words.question, &q, err) < 0)
		return -1;
	q.advice = words.advice;
	q.answer = words.text;
	q.answered = q.closed = t->now;
	if (store_question_put(t->store, &q, err) < 0 ||
	    store_questions(t->mem, t->store, &(struct question_filter){ .proposal = s->id, .open = true }, &left, err) < 0)
		return -1;
	return left.list.count ? 0 : move(t, s, PROPOSAL_ADVISED, DAY_NONE, NULL, d, err);
}

/* Of each duty for which they are asked; nobody asks them for it again as long as the rules name them as they do. */
static int
decline(struct taking *t, const struct stored *s, const struct decision *d, struct error *err)
{
	for (size_t i = 0; i < s->p.approvers.count; i++) {
		const struct approver *a = &s->p.approvers.items[i];

		if (a->as && strcmp(a->key, d->key) == 0 &&
		    store_declined_add(t->store, &(struct declined){ s->p.key, a->key, a->as, t->now }, err) < 0)
			return -1;
	}
	return move(t, s, PROPOSAL_WRONG_OWNER, DAY_NONE, d->reason, d, err);
}

/* It is held already: for all reasons, and until the last of the days. */
static int
hold_on(struct taking *t, const struct stored *s, const struct decision *d, const struct stopped *stop, struct error *err)
{
	struct stored now = *s;

	now.note = stop->why;
	if (!stop->joined || d->until == DAY_NONE || (s->until != DAY_NONE && s->until < d->until))
		now.until = d->until;
	return store_proposal_put(t->store, &now, err);
}

/* What apply has begun with stays as it is; the stop itself brings back what lies in quarantine. */
static int
hold(struct taking *t, const struct stored *s, const struct decision *d, struct error *err)
{
	struct stopped stop;
	bool under_way = false;

	if (stop_set(t->mem, t->store, s, d, t->now, &stop, err) < 0 || take_under_way(t, s, &under_way, err) < 0)
		return -1;
	if (s->state == STATE_HELD)
		return hold_on(t, s, d, &stop, err);
	return under_way ? 0 : move(t, s, PROPOSAL_HELD, d->until, stop.why, d, err);
}

int
take_answer(struct taking *t, const struct stored *s, const struct decision *d, struct error *err)
{
	switch (d->verdict) {
	case VERDICT_ASK:
	case VERDICT_RULE:
		return ask(t, s, d, err);
	case VERDICT_NOT_MINE:
		return decline(t, s, d, err);
	case VERDICT_HOLD:
		return hold(t, s, d, err);
	case VERDICT_ADVISE:
		return advise(t, s, d, err);
	case VERDICT_DONE:
	case VERDICT_LATER:             /* only the letters heed it */
	case VERDICT_APPROVE:
	case VERDICT_KEEP:
	case VERDICT_UNDO:
		break;
	}
	return 0;
}
