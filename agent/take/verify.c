/* SPDX-License-Identifier: GPL-3.0-or-later */
/* verify.c - what must hold before a decision from the inbox counts: token, person, version, state, proof. */
#include "take_p.h"
#include "behov/text.h"
#include <string.h>

#define SKEW 120                        /* seconds that two clocks may differ */
#define PIN_SECONDS (7 * 86400)         /* an owner who changed destroys nothing for so long */
#define QUESTIONS_MOST 5                /* that wait for an answer, of one proposal */
#define ANSWERS_MOST 50                 /* of one person, about one proposal; more are no person's */

/* ------------------------------------------------------------------ what was decided before */

int
take_all_approved(struct taking *t, const struct stored *s, bool *out, struct error *err)
{
	struct decisions all = { 0 };

	*out = false;
	if (s->p.approvers.count == 0)
		return 0;
	if (store_decisions(t->mem, t->store, s->id, INT64_MIN, &all, err) < 0)
		return -1;
	*out = seats_all_approved(&all, s);
	return 0;
}

/* ------------------------------------------------------------------ what must hold */

bool
take_fits(const char *text, size_t most)
{
	size_t len = text ? strnlen(text, most + 1) : 0;

	return text && len <= most && text_is_utf8(text, len);
}

const char *
take_letter_fault(struct taking *t, const struct inbox_decision *d)
{
	if (!t->letter.key)
		return "no letter has that link";
	if (d->at > t->now + SKEW)
		return "it is dated in the future";
	if (d->at >= t->letter.expires)
		return "the link had expired";
	return proof_check(&t->rules->conf, d, &t->letter, &t->kind, &t->proved);
}

/* In which states each can be said.  A stop is set wherever there is something left to stop. */
static const unsigned sayable[VERDICTS] = {
	[VERDICT_APPROVE] = STATES_ANSWERABLE,
	[VERDICT_KEEP] = STATES_ANSWERABLE | STATES(STATE_HELD) | STATES(STATE_SCHEDULED),
	[VERDICT_UNDO] = STATES(STATE_SCHEDULED),
	[VERDICT_ASK] = STATES_ANSWERABLE, [VERDICT_RULE] = STATES_ANSWERABLE,
	[VERDICT_NOT_MINE] = STATES_ANSWERABLE,
	[VERDICT_HOLD] = STATES_ANSWERABLE | STATES(STATE_HELD) | STATES_GOING | STATES(STATE_KEPT),
	[VERDICT_LATER] = STATES_ANSWERABLE,
	[VERDICT_ADVISE] = STATES_ANSWERABLE | STATES(STATE_HELD),
	[VERDICT_DONE] = STATES(STATE_EXPORTED),
};

static const char *
state_fault(const struct stored *s, enum verdict verdict, int64_t at)
{
	if (at < s->opened)
		return "it was decided before it was asked";
	if (verdict == VERDICT_UNDO && s->state == STATE_SCHEDULED && at >= s->go_at)
		return "the time for undoing had passed";
	if (sayable[verdict] & STATES(s->state))
		return NULL;
	if (verdict == VERDICT_UNDO)
		return "there is nothing to undo";
	if (verdict == VERDICT_APPROVE && s->state == STATE_HELD)
		return "somebody has stopped it meanwhile";
	if (verdict == VERDICT_APPROVE && STATES(s->state) & (STATES_GOING | STATES(STATE_DONE)))
		return REFUSAL_APPROVED;
	return "it is not asked about any longer";
}

/* Somebody else has said keep already: what this person says is an answer all the same, and changes nothing. */
static bool
is_second_answer(const struct taking *t, const struct decisions *all, const struct stored *s, enum verdict verdict)
{
	bool kept = false;

	if (s->state != STATE_KEPT || (verdict != VERDICT_APPROVE && verdict != VERDICT_KEEP))
		return false;
	for (size_t i = 0; i < all->list.count; i++) {
		const struct decision *d = &all->list.items[i];

		if (d->refused || d->verdict != VERDICT_KEEP || !d->version || strcmp(d->version, s->p.version) != 0)
			continue;
		if (d->key && strcmp(d->key, t->letter.key) == 0)
			return false;
		kept = true;
	}
	return kept;
}

/* Did one of the names lead elsewhere less than seven days ago, and lead to this person now? */
static int
any_late(struct taking *t, const char *const *names, int count, bool *out, struct error *err)
{
	for (int i = 0; i < count; i++) {
		struct pin pin = { 0 };
		bool found = false;

		if (!names[i] || !*names[i])
			continue;
		if (store_pin(t->mem, t->store, names[i], &pin, &found, err) < 0)
			return -1;
		*out |= found && strcmp(pin.key, t->letter.key) == 0 && pin.changed != INT64_MIN &&
			t->now - pin.changed < PIN_SECONDS;
	}
	return 0;
}

/* All names whose turn it may be to approve destruction in that series and share. */
static int
is_fresh_owner(struct taking *t, const struct proposal *p, bool *out, struct error *err)
{
	const struct series *series = rules_series(t->rules, p->series);
	const struct share *share = rules_share(t->rules, p->share);
	const char *const people[] = {
		series ? series->owner : NULL, share ? share->owner : NULL, t->rules->conf.people.archivist,
		t->rules->conf.people.coordinator,
	};

	*out = false;
	if (any_late(t, people, 4, out, err) < 0)
		return -1;
	if (series && any_late(t, series->deputies, series->deputy_count, out, err) < 0)
		return -1;
	return share ? any_late(t, share->deputies, share->deputy_count, out, err) : 0;
}

/* An approval that is older than what took approvals back is what was taken back, come again. */
static bool
is_undone(const struct decisions *all, const char *key, int64_t at)
{
	for (size_t i = 0; i < all->list.count; i++) {
		const struct decision *d = &all->list.items[i];
		bool own = d->verdict == VERDICT_NOT_MINE && d->key && strcmp(d->key, key) == 0;

		if (!d->refused && (own || VERDICT_TAKES_BACK(d->verdict)) && at < d->at)
			return true;
	}
	return false;
}

/* What a proof that holds is not good for. */
static const char *
weak_fault(const struct taking *t, const struct proposal *p, int64_t at)
{
	switch (proof_lacks(&t->rules->conf, p, t->kind, t->proved, at)) {
	case PROOF_WEAK:
		return "a code is not enough to approve it";
	case PROOF_OLD:
		return "destruction is approved within fifteen minutes of signing in";
	case PROOF_SUFFICES:
		break;
	}
	return NULL;
}

static int
approve_fault(struct taking *t, const struct decisions *all, const struct stored *s, int64_t at, const char **fault,
	      struct error *err)
{
	bool fresh = false;

	*fault = weak_fault(t, &s->p, at);
	if (*fault)
		return 0;
	if (s->p.kind == KIND_DESTROY && is_fresh_owner(t, &s->p, &fresh, err) < 0)
		return -1;
	if (seats_has_approved(all, s, t->letter.key))
		*fault = "the same person has approved it already";
	else if (is_undone(all, t->letter.key, at))
		*fault = "it has been undone since";
	else if (s->p.guid && strcmp(s->p.guid, t->letter.key) == 0)
		*fault = "nobody decides on their own access";
	else if (fresh)
		*fault = "the account or address of this owner has changed in the last seven days";
	return 0;
}

/* What goes with it: see words.c. */
static const char *
words_fault(struct taking *t, const struct inbox_decision *d, enum verdict verdict)
{
	struct words words;

	if (d->reason && !take_fits(d->reason, TAKE_TEXT_MOST))
		return words_fault_text[WORDS_UNREADABLE];
	words = words_read(t->mem, verdict, d->reason, d->until);
	return words_fault_text[words_check(verdict, &words, d->at)];
}

static const char *
kind_fault(const struct stored *s, enum verdict verdict)
{
	const struct proposal *p = &s->p;
	bool files = p->kind == KIND_DESTROY || p->kind == KIND_DELIVER;

	if (verdict == VERDICT_HOLD && !files)
		return "only files can be held";
	if (verdict == VERDICT_DONE && !stored_by_hand(s))
		return "it is not carried out by hand";
	return verdict == VERDICT_RULE && files ? "files rest on no written need" : NULL;
}

/* Whom it is told to is found by the night: here, only that nobody is asked without end. */
static int
question_fault(struct taking *t, const struct stored *s, const char **fault, struct error *err)
{
	struct questions waiting;

	if (store_questions(t->mem, t->store, &(struct question_filter){ .proposal = s->id, .open = true }, &waiting, err) < 0)
		return -1;
	if (waiting.list.count >= QUESTIONS_MOST)
		*fault = "too many have been asked already";
	for (size_t i = 0; i < waiting.list.count && !*fault; i++)
		if (strcmp(waiting.list.items[i].by_key, t->letter.key) == 0)
			*fault = "what the same person asked has no answer yet";
	return 0;
}

static int
not_mine_fault(struct taking *t, const char **fault, struct error *err)
{
	bool coordinator = false;

	if (take_is_coordinator(t->mem, t->store, t->rules, t->letter.key, &coordinator, err) < 0)
		return -1;
	if (coordinator)
		*fault = "the coordinator is who finds another owner";
	return 0;
}

/* One is as good as many: and many of one person would only fill the store. */
static int
hold_fault(struct taking *t, const struct stored *s, const char **fault, struct error *err)
{
	bool stopped = false;

	if (stop_is_by(t->mem, t->store, &s->p, t->letter.name, &stopped, err) < 0)
		return -1;
	if (stopped)
		*fault = "the same person has stopped it already";
	return 0;
}

/* Who may only advise is no owner: nothing else that they say counts. */
static int
advise_fault(struct taking *t, const struct inbox_decision *d, const struct stored *s, const char **fault, struct error *err)
{
	struct words words = words_read(t->mem, VERDICT_ADVISE, d->reason, d->until);
	struct question question;

	if (take_question(t->mem, t->store, s->id, t->letter.key, words.question, &question, err) < 0)
		return -1;
	if (!question.id)
		*fault = "nobody waits for this advice any longer";
	return 0;
}

/* Approve and undo, approve and undo, … : each would count, and a flood of what counts fills the store as well as any other. */
static bool
is_flood(const struct taking *t, const struct decisions *all)
{
	int count = 0;

	for (size_t i = 0; i < all->list.count; i++) {
		const struct decision *d = &all->list.items[i];

		count += !d->refused && d->key && strcmp(d->key, t->letter.key) == 0;
	}
	return count >= ANSWERS_MOST;
}

/* Heard of who has declined, too, and however often they have answered; each has an end of its own. */
static bool
is_safe(enum verdict verdict)
{
	return verdict == VERDICT_KEEP || verdict == VERDICT_UNDO || verdict == VERDICT_HOLD || verdict == VERDICT_ADVISE;
}

int
take_looked(struct arena *mem, struct store *store, int64_t *out, struct error *err)
{
	struct night last = { 0 };

	if (store_night_last(mem, store, "run", false, &last, err) < 0)
		return -1;
	*out = last.id ? last.started : INT64_MIN;
	return 0;
}

/* Said once is enough, until a night has looked. */
static int
done_fault(struct taking *t, const struct decisions *all, const struct stored *s, const char **fault, struct error *err)
{
	const struct decision *said = seats_said_done(all, s);
	int64_t looked;

	if (take_looked(t->mem, t->store, &looked, err) < 0)
		return -1;
	if (said && said->at >= looked)
		*fault = "it has been said to be done already";
	return 0;
}

/* What only this verdict asks for. */
static int
own_fault(struct taking *t, const struct inbox_decision *d, const struct stored *s, enum verdict verdict, const char **fault,
	  struct error *err)
{
	struct declined_list declined;
	struct decisions all;

	if (store_decisions(t->mem, t->store, s->id, INT64_MIN, &all, err) < 0 ||
	    store_declined(t->mem, t->store, t->letter.key, &declined, err) < 0)
		return -1;
	if (!is_safe(verdict))
		*fault = declined_all(&declined, &s->p, t->letter.key) ? "this person has said that it is not theirs"
			 : is_flood(t, &all) ? "this person has answered too often" : NULL;
	if (*fault)
		return 0;
	switch (verdict) {
	case VERDICT_APPROVE:
		return approve_fault(t, &all, s, d->at, fault, err);
	case VERDICT_ASK:
	case VERDICT_RULE:
		return question_fault(t, s, fault, err);
	case VERDICT_NOT_MINE:
		return not_mine_fault(t, fault, err);
	case VERDICT_HOLD:
		return hold_fault(t, s, fault, err);
	case VERDICT_ADVISE:
		return advise_fault(t, d, s, fault, err);
	case VERDICT_DONE:
		return done_fault(t, &all, s, fault, err);
	case VERDICT_KEEP:
	case VERDICT_UNDO:
	case VERDICT_LATER:
		break;
	}
	return 0;
}

/* Is it in a state in which that can be said? */
static int
when_fault(struct taking *t, const struct inbox_decision *d, const struct stored *s, enum verdict verdict, const char **fault,
	   struct error *err)
{
	struct decisions all;
	bool under_way = false;

	*fault = state_fault(s, verdict, d->at);
	if (*fault && s->state == STATE_KEPT && d->at >= s->opened) {
		if (store_decisions(t->mem, t->store, s->id, INT64_MIN, &all, err) < 0)
			return -1;
		if (is_second_answer(t, &all, s, verdict))
			*fault = NULL;
	}
	if (*fault || verdict == VERDICT_HOLD)
		return 0;
	if (take_under_way(t, s, &under_way, err) < 0)
		return -1;
	if (under_way)
		*fault = "it is being carried out already";
	return 0;
}

int
take_verdict(const char *word)
{
	for (int i = 0; word && verdict_word[i]; i++)
		if (strcmp(verdict_word[i], word) == 0)
			return i;
	return -1;
}

int
take_under_way(struct taking *t, const struct stored *s, bool *out, struct error *err)
{
	struct effects effects = { 0 };

	*out = false;
	if (s->state != STATE_SCHEDULED)
		return 0;
	if (store_effects(t->mem, t->store, s->id, NULL, &effects, err) < 0)
		return -1;
	for (size_t i = 0; i < effects.list.count; i++)
		*out |= effects.list.items[i].state == EFFECT_INTENDED || effects.list.items[i].state == EFFECT_DONE;
	return 0;
}

int
take_fault(struct taking *t, const struct inbox_decision *d, const char **fault, struct error *err)
{
	const struct stored *s = t->list.list.count == 1 ? &t->list.list.items[0] : NULL;
	int verdict = take_verdict(d->verdict);

	*fault = take_letter_fault(t, d);
	if (*fault)
		return 0;
	if (verdict < 0)
		*fault = "its verdict is not one we know";
	else if (!s)
		*fault = "there is no such proposal";
	else if (verdict != VERDICT_ADVISE && !seats_hold(&s->p, t->letter.key))
		*fault = "this person is not asked about it";
	else if (!take_fits(d->version, TAKE_WORD_MOST) || strcmp(d->version, s->p.version) != 0)
		*fault = "another version was shown";
	else if (when_fault(t, d, s, (enum verdict)verdict, fault, err) < 0)
		return -1;
	if (!*fault)
		*fault = kind_fault(s, (enum verdict)verdict);
	if (!*fault)
		*fault = words_fault(t, d, (enum verdict)verdict);
	return *fault ? 0 : own_fault(t, d, s, (enum verdict)verdict, fault, err);
}
