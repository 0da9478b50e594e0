/* SPDX-License-Identifier: GPL-3.0-or-later */
/* questions.c - what owners want to know of somebody else: who that is, and whether anybody still waits for it. */
#include "propose_p.h"
#include "behov/keyed.h"
#include "behov/mail.h"
#include "behov/speak.h"
#include <strings.h>
#include <stdlib.h>

/* One text, whatever was wrong with the name: who asks learns nothing of who works here.  They are kept in Swedish, and said in
 * the language of who reads them. */
#define NOBODY N_("Ingen som heter så kan tillfrågas. Skriv kontonamn eller e-postadress till någon annan i tjänst än dig själv " \
		  "och den som förslaget gäller.")
#define NO_AUTHOR N_("Den som skrev behovsregeln kan inte tillfrågas, och inte samordnaren heller.")
#define GONE N_("Den som tillfrågades kan inte längre svara.")

struct inquiry {
	struct arena *mem;
	const struct propose_input *in;
	const struct stored *s;         /* what the question is about */
};

/* ------------------------------------------------------------------ who it is */

static int
key_is(const void *key, const void *account)
{
	return strcmp(key, ((const struct account *)account)->key);
}

static const struct account *
by_key(const struct snapshot *s, const char *key)
{
	return key && s->account_count ? bsearch(key, s->accounts, s->account_count, sizeof(*s->accounts), key_is) : NULL;
}

static bool
may_be_asked(const struct inquiry *a, const struct question *q, const struct account *who)
{
	const struct stored *s = a->s;
	const struct account *others[] = { by_key(a->in->snapshot, s->p.guid), by_key(a->in->snapshot, q->by_key) };

	if (who->secret || strcmp(who->key, q->by_key) == 0 || texts_equal(who->key, s->p.guid))
		return false;
	for (int i = 0; i < 2; i++)     /* another account, but the same mailbox */
		if (others[i] && others[i]->mail && strcasecmp(others[i]->mail, who->mail) == 0)
			return false;
	return true;
}

/* Who has that address alone. */
static const struct account *
by_mail(const struct snapshot *s, const char *mail)
{
	const struct account *found = NULL;

	for (uint32_t i = 0; i < s->account_count; i++) {
		const struct account *a = &s->accounts[i];

		if (!a->mail || strcasecmp(a->mail, mail) != 0 || !propose_in_service(a))
			continue;
		if (found)
			return NULL;
		found = a;
	}
	return found;
}

/* An account name or an address: no DN, no number. */
static const struct account *
by_name(struct arena *mem, const struct snapshot *s, const char *typed)
{
	const char *folded;
	const struct account *who;

	typed += strspn(typed, " ");
	typed = arena_copy(mem, typed, strcspn(typed, " \r\n\t"));
	if (mail_address(typed))
		return by_mail(s, typed);
	who = owner_person(s, typed);
	folded = text_fold(mem, typed);
	return who && strcmp(text_fold(mem, who->name), folded) == 0 ? who : NULL;
}

/* In turn: who wrote a need of the role, the system's owner, the coordinator. */
static const struct account *
author(const struct inquiry *a, const struct question *q)
{
	const struct rules *rules = a->in->rules;
	const struct role *role = rules_role(rules, a->s->p.system, a->s->p.role);
	const struct system *system = rules_system(rules, a->s->p.system);
	const char *const others[] = { system ? system->owner : NULL, rules->conf.people.coordinator };
	const struct account *who;

	for (int i = 0; role && i < role->need_count; i++) {
		const char *by = role->needs[i].by;

		who = by && *by ? by_name(a->mem, a->in->snapshot, by) : NULL;
		if (who && may_be_asked(a, q, who))
			return who;
	}
	for (int i = 0; i < 2; i++) {
		who = owner_person(a->in->snapshot, others[i]);
		if (who && may_be_asked(a, q, who))
			return who;
	}
	return NULL;
}

static const struct account *
resolve(const struct inquiry *a, const struct question *q)
{
	const struct account *who;

	if (q->kind == QUESTION_RULE)
		return author(a, q);
	who = q->to ? by_name(a->mem, a->in->snapshot, q->to) : NULL;
	return who && may_be_asked(a, q, who) ? who : NULL;
}

/* ------------------------------------------------------------------ what becomes of it */

static int
note(const struct inquiry *a, const char *event, const struct question *q, struct error *err)
{
	json_t *payload = json_object();
	int rc;

	json_put(payload, "proposal", q->proposal);
	json_object_set_new(payload, "question", json_integer(q->id));
	json_put(payload, "to", q->key);
	if (q->problem)
		json_put(payload, "why", q->problem);
	rc = audit_add(a->in->store, a->in->now, "run", event, payload, err);
	json_decref(payload);
	return rc;
}

static int
shut(const struct inquiry *a, struct question *q, const char *problem, struct error *err)
{
	q->problem = problem;
	q->closed = a->in->now;
	return store_question_put(a->in->store, q, err) < 0 ? -1 : note(a, "question-closed", q, err);
}

static int
find(const struct inquiry *a, struct question *q, struct error *err)
{
	const struct account *who = resolve(a, q);

	if (!who)
		return shut(a, q, q->kind == QUESTION_RULE ? NO_AUTHOR : NOBODY, err);
	q->key = who->key;
	q->name = who->name;
	q->display = who->display ? who->display : who->name;
	q->mail = who->mail;
	return store_question_put(a->in->store, q, err) < 0 ? -1 : note(a, "question-asked", q, err);
}

/* Who was found some nights ago, as they are now. */
static int
renew(const struct inquiry *a, struct question *q, struct error *err)
{
	const struct account *who = by_key(a->in->snapshot, q->key);

	if (!who || !propose_in_service(who) || !may_be_asked(a, q, who))
		return shut(a, q, GONE, err);
	if (texts_equal(q->mail, who->mail) && texts_equal(q->name, who->name))
		return 0;
	q->name = who->name;
	q->display = who->display ? who->display : who->name;
	q->mail = who->mail;
	return store_question_put(a->in->store, q, err);
}

static int
see_to(const struct inquiry *a, struct question *q, struct error *err)
{
	int days = 2 * a->in->rules->conf.reminder_days;

	if (!(STATES(a->s->state) & STATES_ASKED))
		return shut(a, q, NULL, err);
	if (clock_day(a->in->now) - clock_day(q->at) > days)
		return shut(a, q, arena_print(a->mem, "Inget svar har kommit på %d dagar.", days), err);
	return q->key ? renew(a, q, err) : find(a, q, err);
}

/* ------------------------------------------------------------------ what waits for it */

static int
move(const struct inquiry *a, const struct stored *s, enum happening what, struct error *err)
{
	const char *why = what == PROPOSAL_ASKED ? "någon annan tillfrågas först" : "inget svar väntas längre";
	struct work w = { .mem = a->mem, .in = a->in };

	if (store_proposal_move(a->in->store, s->id, what, a->in->now, INT64_MIN, DAY_NONE, why, err) < 0)
		return -1;
	return note_stored(&w, happening_word[what], s, why, err);
}

/* The proposals of which a question is open. */
static struct keyed
asked_about(struct arena *mem, const struct questions *all)
{
	struct keyed out = { 0 };
	size_t at;

	for (size_t i = 0; i < all->list.count; i++) {
		const struct question *q = &all->list.items[i];

		if (q->closed == INT64_MIN && !keyed_find(&out, q->proposal, &at))
			keyed_put(mem, &out, q->proposal, i);
	}
	return out;
}

/* A proposal is asked about as long as a question of it is open, and no longer.  What was undone tonight follows tomorrow: the same
 * night again has to know it. */
static int
follow(const struct inquiry *a, const struct questions *all, struct error *err)
{
	struct work w = { .in = a->in };
	const struct proposal_filter both = { .states = STATES(STATE_OPEN) | STATES(STATE_ASKED) };
	const struct keyed asked = asked_about(a->mem, all);
	struct stored_list list = { 0 };
	int rc = store_proposals(a->mem, a->in->store, &both, &list, err);

	for (size_t i = 0; i < list.list.count && rc == 0; i++) {
		const struct stored *s = &list.list.items[i];
		size_t at;
		bool open = keyed_find(&asked, s->id, &at);

		if (open != (s->state == STATE_ASKED) && !is_undone_now(&w, s))
			rc = move(a, s, open ? PROPOSAL_ASKED : PROPOSAL_ADVISED, err);
	}
	stored_free(&list);
	return rc;
}

static int
see_to_all(struct inquiry *a, struct questions *all, struct error *err)
{
	for (size_t i = 0; i < all->list.count; i++) {
		struct question *q = &all->list.items[i];
		struct stored_list about = { 0 };
		int rc = store_proposals(a->mem, a->in->store, &(struct proposal_filter){ .id = q->proposal }, &about, err);

		a->s = about.list.count ? &about.list.items[0] : NULL;
		if (rc == 0 && a->s)
			rc = see_to(a, q, err);
		stored_free(&about);
		if (rc < 0)
			return -1;
	}
	return 0;
}

int
propose_questions(struct arena *mem, const struct propose_input *in, struct error *err)
{
	struct inquiry a = { .mem = mem, .in = in };
	struct questions all;

	if (!in->snapshot || !in->snapshot->complete)
		return 0;
	if (store_questions(mem, in->store, &(struct question_filter){ .open = true }, &all, err) < 0)
		return -1;
	return see_to_all(&a, &all, err) < 0 ? error_in(err, "seeing to what owners asked") : follow(&a, &all, err);
}
