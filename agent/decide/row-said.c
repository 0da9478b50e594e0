/* SPDX-License-Identifier: GPL-3.0-or-later */
/* row-said.c - who has said what of a proposal, what the person at hand can say, and what they have chosen and typed. */
#include "decide_p.h"

#include <behov/json.h>

/* "Godkänn": what a verdict is called; NULL for a word that is none. */
static const char *
verdict_said(const struct request *r, const char *word)
{
	static const char *const text[VERDICTS] = { N_("Godkänn"), N_("Behåll"), N_("Ångra"), N_("Fråga en kollega"), N_("Behovsregeln är fel"),
						    N_("Inte mitt att besluta"), N_("Gallringsstopp"), N_("Påminn mig senare"), N_("Råd"), N_("Utfört") };
	int verdict = word ? take_verdict(word) : -1;

	return verdict < 0 ? NULL : say(r, text[verdict]);
}

const char *
rows_advice(const struct request *r, enum advice advice)
{
	static const char *const text[] = { "-", N_("bör tas bort"), N_("bör behållas"), N_("vet inte") };

	return say(r, text[advice]);
}

/* ------------------------------------------------------------------ who has said what */

/* Who asks, as the others see it. */
static const char *
asker(const struct request *r, const struct stored *s, const struct question *q)
{
	for (size_t i = 0; i < s->p.approvers.count; i++)
		if (strcmp(s->p.approvers.items[i].key, q->by_key) == 0 && s->p.approvers.items[i].display)
			return s->p.approvers.items[i].display;
	return q->by_name ? q->by_name : say(r, "någon");
}

/* What was typed is shown to who typed it, and to nobody else. */
static const char *
whom(const struct request *r, const struct question *q, bool mine)
{
	if (q->display)
		return q->display;
	if (q->kind == QUESTION_RULE)
		return say(r, "den som skrev behovsregeln");
	return mine && q->to ? q->to : say(r, "en kollega");
}

static const char *
question_text(const struct request *r, const struct stored *s, const struct question *q)
{
	bool mine = strcmp(q->by_key, r->letter.key) == 0;
	const char *to = whom(r, q, mine), *by = asker(r, s, q);

	if (q->answered != INT64_MIN)
		return arena_print(r->mem, say(r, "%s svarar: %s%s%s"), to, rows_advice(r, q->advice), q->answer ? " – " : "",
				   q->answer ? q->answer : "");
	if (q->problem)
		return mine ? arena_print(r->mem, say(r, "Du ville fråga %s."), to) : arena_print(r->mem, say(r, "%s ville fråga %s."), by, to);
	if (q->closed != INT64_MIN)
		return NULL;
	return mine ? arena_print(r->mem, say(r, "Du har frågat %s: ”%s”"), to, q->text)
		    : arena_print(r->mem, say(r, "%s har frågat %s: ”%s”"), by, to, q->text);
}

static void
put_questions(struct request *r, json_t *row, const struct asked *a)
{
	json_t *list = json_array();

	for (size_t i = 0; !a->question && i < a->asked.list.count; i++) {
		const struct question *q = &a->asked.list.items[i];
		const char *text = question_text(r, a->s, q), *why = q->answered == INT64_MIN ? q->problem : NULL;
		json_t *one;

		if (!text)
			continue;
		one = json_object();
		rows_put(one, "text", text);
		rows_put(one, "ended", say(r, why));
		json_object_set_new(one, "swedish", json_boolean(why && strcmp(say(r, why), why) == 0));
		rows_put(one, "waits", q->closed != INT64_MIN ? NULL : q->key ? say(r, "Inget svar än.") : say(r, "Frågan skickas i natt."));
		json_object_set_new(one, "answered", json_boolean(q->answered != INT64_MIN));
		json_array_append_new(list, one);
	}
	json_object_set_new(row, "told", list);
	rows_put(row, "asks", a->question ? asker(r, a->s, a->question) : NULL);
	rows_put(row, "question", a->question ? a->question->text : NULL);
	json_object_set_new(row, "about_rule", json_boolean(a->question && a->question->kind == QUESTION_RULE));
}

/* What happens when somebody does nothing. */
static const char *
idle(const struct request *r, const struct asked *a)
{
	int days = r->server->rules->conf.reminder_days;

	if (a->question)
		return say(r, "Svarar du inte beslutar den som frågar ändå, utan ditt råd.");
	if (a->declined)
		return say(r, "Du har svarat att det inte är ditt. I natt får någon annan frågan.");
	if (a->s->state == STATE_HELD)
		return say(r, "Inget av det förstörs så länge gallringsstoppet gäller. När det är hävt får du frågan igen.");
	if (!(a->may & MAY(VERDICT_APPROVE)))
		return NULL;
	if (a->later != DAY_NONE)
		return arena_print(r->mem, say(r, "Du påminns %s. Du kan svara redan nu."), day_text(r->mem, a->later));
	if (a->s->p.kind == KIND_DELIVER)
		return days > 1 ? arena_print(r->mem, say(r, "Svarar du inte händer ingenting: frågan står kvar, du påminns var %d:e dag, och "
					      "inget lämnas."), days)
				: say(r, "Svarar du inte händer ingenting: frågan står kvar, du påminns, och inget lämnas.");
	if (a->s->p.kind == KIND_DESTROY)
		return days > 1 ? arena_print(r->mem, say(r, "Svarar du inte händer ingenting: frågan står kvar, du påminns var %d:e dag, och "
					      "inget gallras."), days)
				: say(r, "Svarar du inte händer ingenting: frågan står kvar, du påminns, och inget gallras.");
	return days > 1 ? arena_print(r->mem, say(r, "Svarar du inte händer ingenting: frågan står kvar, du påminns var %d:e dag, och inget "
				      "tas bort."), days)
			: say(r, "Svarar du inte händer ingenting: frågan står kvar, du påminns, och inget tas bort.");
}

static void
put_held(struct request *r, json_t *row, const struct stored *s)
{
	const char *since = day_text(r->mem, clock_day(s->since)), *why = s->note ? s->note : "-";

	rows_put(row, "stopped", s->state != STATE_HELD ? NULL : s->until == DAY_NONE
		 ? arena_print(r->mem, say(r, "Gallringsstopp sedan %s: %s"), since, why)
		 : arena_print(r->mem, say(r, "Gallringsstopp sedan %s, enligt begäran till och med %s: %s"), since, day_text(r->mem, s->until), why));
}

/* Who has said that it is done, and whether a night has looked since. */
static const char *
told_done(const struct request *r, const struct asked *a)
{
	const char *day = a->told ? day_text(r->mem, clock_day(a->told->at)) : NULL, *who = a->told ? a->told->name : NULL;

	if (!day)
		return NULL;
	if (a->undone)
		return arena_print(r->mem, say(r, "%s sade %s att det är utfört, men natten därefter kunde inte se det. Gör det, och svara igen."),
				   who, day);
	return arena_print(r->mem, say(r, "%s sade %s att det är utfört. I natt ser behov efter."), who, day);
}

static void
put_by_hand(struct request *r, json_t *row, const struct asked *a)
{
	bool hand = a->s->state == STATE_EXPORTED;
	const char *slash = hand && a->s->note ? strrchr(a->s->note, '/') : NULL;

	json_object_set_new(row, "by_hand_now", json_boolean(hand));
	rows_put(row, "work_list", slash ? slash + 1 : NULL);
	rows_put(row, "told_done", told_done(r, a));
}

#define ELSE (MAY(VERDICT_ASK) | MAY(VERDICT_RULE) | MAY(VERDICT_NOT_MINE) | MAY(VERDICT_HOLD) | MAY(VERDICT_LATER))

void
rows_said(struct request *r, json_t *row, const struct asked *a)
{
	static const char *const may[VERDICTS] = { "may_approve", "may_keep", "may_undo", "may_ask", "may_rule", "may_not_mine", "may_hold",
						   "may_later", "may_advise", "may_done" };
	json_t *list = json_array();

	for (size_t i = 0; i < a->approved.count; i++) {
		json_t *one = json_object();
		rows_put(one, "name", a->approved.items[i]);
		json_array_append_new(list, one);
	}
	rows_put(row, "needs", a->question ? NULL : rows_needs(r, &a->s->p));
	json_object_set_new(row, "approved_some", json_boolean(a->approved.count > 0 && !a->question));
	json_object_set_new(row, "approved", list);
	json_put(row, "pending", verdict_said(r, a->pending));
	json_object_set_new(row, "refused", json_boolean(a->refused && !a->pending));
	json_object_set_new(row, "may", json_boolean(a->may != 0));
	for (int v = 0; v < VERDICTS; v++)
		json_object_set_new(row, may[v], json_boolean(a->may >> v & 1));
	json_object_set_new(row, "may_else", json_boolean(a->may & ELSE));
	rows_put(row, "go", a->s->state == STATE_SCHEDULED ? day_text(r->mem, clock_day(a->s->go_at)) : NULL);
	json_put(row, "idle", idle(r, a));
	put_held(r, row, a->s);
	put_by_hand(r, row, a);
	put_questions(r, row, a);
}

/* ------------------------------------------------------------------ what was chosen and typed */

/* What the confirming page posts again: all that stands in the row. */
static json_t *
typed_fields(struct request *r, const struct choice *c, const char *id)
{
	json_t *list = json_array();

	for (const char *letter = FORM_WORDS; *letter; letter++) {
		const char *value = choice_typed(r, c, id, *letter);
		json_t *one;

		if (!*value)
			continue;
		one = json_object();
		json_put(one, "field", arena_print(r->mem, "%c-%s", *letter, id));
		json_put(one, "value", value);
		json_array_append_new(list, one);
	}
	return list;
}

/* "Fråga kim.ek": what they are about to save, as the confirming page says it. */
static const char *
decision(struct request *r, const struct choice *c)
{
	switch (c->verdict) {
	case VERDICT_UNDO:
		return say(r, "Ångra godkännandet");
	case VERDICT_DONE:
		return say(r, "Det är utfört");
	case VERDICT_ASK:
		return arena_print(r->mem, say(r, "Fråga %s"), c->words.to ? c->words.to : "");
	case VERDICT_LATER:
		return arena_print(r->mem, say(r, "Påminn mig %s"), c->until_text);
	case VERDICT_ADVISE:
		return arena_print(r->mem, say(r, "Råd: %s"), rows_advice(r, c->words.advice));
	case VERDICT_APPROVE:
	case VERDICT_KEEP:
	case VERDICT_RULE:
	case VERDICT_NOT_MINE:
	case VERDICT_HOLD:
		break;
	}
	return verdict_said(r, verdict_word[c->verdict]);
}

static const char *
verdict_value(struct request *r, const struct choice *c)
{
	if (!c)
		return "";
	return c->verdict == VERDICT_ADVISE ? arena_print(r->mem, "advise:%s", advice_word[c->words.advice]) : verdict_word[c->verdict];
}

static void
put_decision(struct request *r, json_t *row, const struct choice *c, const struct asked *a)
{
	bool words = c && c->words.text && *c->words.text, day = c && c->verdict != VERDICT_LATER && *c->until_text;

	rows_put(row, "decision", c ? decision(r, c) : NULL);
	json_object_set_new(row, "words", json_boolean(words || day));
	rows_put(row, "said", words ? c->words.text : NULL);
	json_put(row, "said_until", day ? c->until_text : NULL);
	rows_put(row, "covers", c && c->verdict == VERDICT_HOLD ? rows_stop(r, &a->s->p) : NULL);
	json_put(row, "verdict", verdict_value(r, c));
}

void
rows_carry(struct request *r, json_t *o, const struct choice *c)
{
	bool made = c->made && !c->problem;

	rows_put(o, "id", c->id);
	rows_put(o, "version", c->version);
	json_put(o, "verdict", verdict_value(r, made ? c : NULL));
	json_object_set_new(o, "fields", typed_fields(r, made ? c : NULL, c->id));
}

/* What was typed comes back as it was typed; a choice about another version does not. */
void
rows_choice(struct request *r, json_t *row, const struct choice *c, const struct asked *a)
{
	static const char *const chosen[VERDICTS] = { "approve", "keep", "undo", "ask", "rule", "not_mine", "hold", "later", "advise", "done" };
	static const struct { char letter; const char *name; } typed[] = {
		{ 'r', "reason" }, { 'u', "until" }, { 'k', "ask_to" }, { 'f', "ask_text" }, { 'w', "rule_text" },
		{ 'n', "not_mine_text" }, { 'h', "hold_text" }, { 'e', "hold_until" }, { 'l', "later_day" }, { 'c', "advice_text" } };
	bool made = c && c->made && strcmp(c->version, a->s->p.version) == 0 && (a->may & MAY(c->verdict));

	json_object_set_new(row, "none", json_boolean(!made));
	for (int v = 0; v < VERDICTS; v++)
		json_object_set_new(row, chosen[v], json_boolean(made && (int)c->verdict == v));
	for (int i = ADVICE_REMOVE; advice_word[i]; i++)
		json_object_set_new(row, arena_print(r->mem, "advise_%s", advice_word[i]),
				    json_boolean(made && c->verdict == VERDICT_ADVISE && (int)c->words.advice == i));
	json_object_set_new(row, "else", json_boolean(made && MAY(c->verdict) & ELSE));
	for (size_t i = 0; i < sizeof(typed) / sizeof(*typed); i++)
		json_put(row, typed[i].name, choice_typed(r, c, a->id, typed[i].letter));
	json_object_set_new(row, "fields", typed_fields(r, c, a->id));
	json_put(row, "problem", c ? say(r, c->problem) : NULL);
	for (const char *letter = FORM_WORDS; *letter; letter++)
		json_object_set_new(row, arena_print(r->mem, "bad_%c", *letter), json_boolean(c && c->problem && c->field == *letter));
	put_decision(r, row, made ? c : NULL, a);
}
