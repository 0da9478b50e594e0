/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * choice.c - what somebody chose in a form, and how it gets into the inbox.
 *
 * A proposal that is shown has the fields v-ID (its version as seen), d-ID ("" or a verdict) and those that go with a verdict:
 * r-ID and u-ID (why and until when it is kept), k-ID and f-ID (whom to ask, and what), w-ID (what is wrong with the rule),
 * n-ID (why it is not theirs), h-ID and e-ID (why and until when it is stopped), l-ID (when to be reminded).  An advice has
 * c-ID, and its verdict is "advise:keep".  The button "bulk" is approve:GROUP or keep:GROUP with gr-GROUP and gu-GROUP.  The
 * confirming page posts the same fields, so that both are read here.
 */
#include "decide_p.h"

#include <behov/digest.h>
#include <behov/json.h>

/* Of each answer, where in the form its words stand: a letter before "-ID", or '\0'. */
struct fields { char to, text, until; };
static const struct fields fields_of[VERDICTS] = {
	[VERDICT_KEEP] = { 0, 'r', 'u' }, [VERDICT_ASK] = { 'k', 'f', 0 }, [VERDICT_RULE] = { 0, 'w', 0 },
	[VERDICT_NOT_MINE] = { 0, 'n', 0 }, [VERDICT_HOLD] = { 0, 'h', 'e' }, [VERDICT_LATER] = { 0, 0, 'l' },
	[VERDICT_ADVISE] = { 0, 'c', 0 },
};

/* ------------------------------------------------------------------ what was chosen */

static const struct asked *
find_asked(const struct view *view, const char *id)
{
	for (size_t i = 0; i < view->rows.count; i++)
		if (strcmp(view->rows.items[i].id, id) == 0)
			return &view->rows.items[i];
	return NULL;
}

const char *
choice_group(struct arena *mem, const struct stored *s)
{
	const struct proposal *p = &s->p;
	unsigned char sum[DIGEST_SIZE];
	struct digest *d = digest_open();

	digest_field(d, STATES(s->state) & STATES_ANSWERABLE ? "asked" : state_word[s->state]);
	digest_field(d, kind_word[p->kind]);
	digest_field(d, p->series ? p->series : p->system);
	digest_field(d, p->series ? p->share : p->role);
	digest_close(d, sum);
	return digest_hex(mem, sum, 8);
}

static const char *
get(const struct request *r, char letter, const char *id)
{
	return letter ? form_get(&r->form, arena_print(r->mem, "%c-%s", letter, id)) : "";
}

static int
verdict_of(const char *word)
{
	for (int i = 0; verdict_word[i]; i++)
		if (strcmp(verdict_word[i], word) == 0)
			return i;
	return -1;
}

/* "advise:keep" is a verdict and its advice. */
static int
read_word(const char *word, enum advice *advice)
{
	*advice = ADVICE_NONE;
	if (strncmp(word, "advise:", 7) != 0)
		return verdict_of(word);
	for (int i = ADVICE_REMOVE; advice_word[i]; i++)
		if (strcmp(advice_word[i], word + 7) == 0)
			*advice = (enum advice)i;
	return VERDICT_ADVISE;
}

/* The word for this proposal, and where its words stand.  Somebody's own choice wins over a bulk button, which is only
 * about those that can be answered so, and only approves or keeps. */
static const char *
word_for(const struct request *r, struct choice *c, const char **from)
{
	const char *word = get(r, 'd', c->id), *bulk = form_get(&r->form, "bulk"), *colon = strchr(bulk, ':');
	const char *group;
	int verdict;

	*from = c->id;
	if (*word || !c->on || c->on->question || !colon)
		return word;
	word = arena_copy(r->mem, bulk, (size_t)(colon - bulk));
	group = choice_group(r->mem, c->on->s);
	verdict = verdict_of(word);
	if (strcmp(colon + 1, group) != 0 || (verdict != VERDICT_APPROVE && verdict != VERDICT_KEEP) ||
	    !(c->on->may & MAY(verdict)))
		return "";
	c->bulk = true;
	*from = group;
	return word;
}

const char *
choice_typed(const struct request *r, const struct choice *c, const char *id, char letter)
{
	if (c && c->bulk && letter == 'r')
		return c->words.text ? c->words.text : "";
	return c && c->bulk && letter == 'u' ? c->until_text : get(r, letter, id);
}

/* ------------------------------------------------------------------ what is wrong with it */

static const char *const problems[WORDS_FAULTS] = {
	[WORDS_NO_REASON] = N_("Skriv varför det ska behållas."),
	[WORDS_NO_HOLD_REASON] = N_("Skriv varför handlingarna inte får gallras nu."),
	[WORDS_PAST] = N_("Datumet måste ligga framåt i tiden."),
	[WORDS_NO_NAME] = N_("Skriv vem du vill fråga: kontonamn eller e-postadress."),
	[WORDS_BAD_NAME] = N_("Skriv kontonamnet eller e-postadressen ensam, på en rad."),
	[WORDS_NO_QUESTION] = N_("Skriv vad du vill veta."),
	[WORDS_NO_RULE] = N_("Skriv vad som är fel med behovsregeln."),
	[WORDS_LATER] = N_("Välj en dag framåt i tiden, högst 30 dagar bort."),
	[WORDS_NO_ADVICE] = N_("Välj ett av svaren."),
};

static const char *
words_problem(const struct request *r, struct choice *c)
{
	const struct fields *f = &fields_of[c->verdict];
	enum words_fault fault;

	c->field = f->text;
	if (c->words.text && !text_has_room(c->words.text))
		return c->verdict == VERDICT_KEEP || c->verdict == VERDICT_HOLD ? N_("Skälet är för långt: högst 1 000 tecken.")
										: N_("Texten är för lång: högst 1 000 tecken.");
	c->field = f->until;
	if (*c->until_text && c->words.until == DAY_NONE)
		return N_("Datumet ska skrivas som 2027-01-31.");
	fault = words_check(c->verdict, &c->words, r->now);
	c->field = fault == WORDS_PAST || fault == WORDS_LATER ? f->until :
		   fault == WORDS_NO_NAME || fault == WORDS_BAD_NAME ? f->to : fault == WORDS_NO_ADVICE ? 'd' : f->text;
	return fault == WORDS_UNREADABLE ? N_("Texten innehåller tecken som inte går att ta emot.") : problems[fault];
}

/* Why we cannot take it, whatever was typed. */
static const char *
refusal(const struct choice *c)
{
	if (!c->on)
		return N_("Förslaget finns inte längre bland dem som du ska ta ställning till.");
	if (strcmp(c->version, c->on->s->p.version) != 0)
		return N_("Förslaget har ändrats sedan sidan visades. Läs det igen och välj på nytt.");
	if (c->on->may & MAY(c->verdict))
		return NULL;
	if (c->on->pending)
		return N_("Du har redan beslutat om det. Beslutet väntar på att verifieras.");
	return N_("Det går inte att svara så om det här förslaget nu.");
}

static void
note_lack(const struct request *r, struct view *view, const struct proposal *p)
{
	int kind = proof_of(r->session.kind);
	enum proof_lack lack = proof_lacks(&r->server->rules->conf, p, kind < 0 ? PROOF_CODE : (enum proof_kind)kind, r->session.proved,
					   r->now);

	view->old |= lack == PROOF_OLD;
	view->weak |= lack == PROOF_WEAK;
}

static void
judge(struct request *r, struct view *view, struct choice *c, int verdict)
{
	c->made = true;
	c->verdict = verdict < 0 ? VERDICT_KEEP : (enum verdict)verdict;
	c->problem = refusal(c);
	if (c->problem) {
		view->refused++;
		return;
	}
	c->problem = verdict < 0 ? N_("Välj ett av svaren.") : words_problem(r, c);
	c->mistyped = c->problem != NULL;
	if (c->problem) {
		view->mistakes++;
		return;
	}
	view->made++;
	view->destroys |= c->verdict == VERDICT_APPROVE && c->on->s->p.kind == KIND_DESTROY;
	if (c->verdict == VERDICT_APPROVE)
		note_lack(r, view, &c->on->s->p);
}

static const char *
trimmed(struct arena *mem, const char *text)
{
	size_t len;

	text += strspn(text, " ");
	for (len = strlen(text); len && text[len - 1] == ' '; len--)
		;
	return arena_copy(mem, text, len);
}

static void
read_one(struct request *r, struct view *view, const char *id, const char *version)
{
	struct choice c = { .id = id, .version = version, .on = find_asked(view, id), .until_text = "", .field = 'd' };
	const char *from, *word = word_for(r, &c, &from);
	int verdict = read_word(word, &c.words.advice);
	const struct fields *f = &fields_of[verdict < 0 ? VERDICT_KEEP : verdict];

	c.words.text = c.bulk ? form_get(&r->form, arena_print(r->mem, "gr-%s", from)) : get(r, f->text, from);
	c.until_text = c.bulk ? form_get(&r->form, arena_print(r->mem, "gu-%s", from)) : get(r, f->until, from);
	c.words.until = day_parse(c.until_text);
	c.words.to = f->to ? trimmed(r->mem, get(r, f->to, from)) : NULL;
	c.words.question = c.on && c.on->question ? c.on->question->id : 0;
	if (*word)
		judge(r, view, &c, verdict);
	*arena_push(r->mem, &view->choices) = c;
}

void
choice_read(struct request *r, struct view *view)
{
	for (size_t i = 0; i < r->form.fields.count; i++) {
		const struct field *f = &r->form.fields.items[i];
		if (strncmp(f->name, "v-", 2) == 0 && f->name[2])
			read_one(r, view, f->name + 2, f->value);
	}
}

void
choice_unfinished(struct view *view)
{
	for (size_t i = 0; i < view->choices.count; i++)
		if (view->choices.items[i].mistyped)
			view->choices.items[i].problem = NULL;
}

/* ------------------------------------------------------------------ into the inbox */

const char *
choice_proof(struct request *r, const char *once)
{
	return proof_write(r->mem, &(struct proof_said){
		.kind = r->session.kind, .session = r->session.id, .form = once, .letter = &r->letter,
		.code_sent = r->session.used, .proved = r->session.proved });
}

/* Those of this session; of the form `once`, or of the last one when that is "". */
int
choice_saved(struct request *r, const char *once, struct inbox_decisions *out, struct error *err)
{
	const struct inbox_filter ours = { .since = r->session.proved, .token = r->session.token };
	struct inbox_decisions all = { 0 };
	const char *last = NULL;

	if (inbox_decisions(r->mem, r->server->inbox, &ours, &all, err) < 0)
		return -1;
	for (size_t i = all.list.count; i-- > 0;) {
		const struct inbox_decision *d = &all.list.items[i];
		json_t *o;
		const char *form;
		if (!d->proof || json_read(d->proof, strlen(d->proof), &o, NULL) < 0)
			continue;
		form = json_text(o, "form");
		if (form && digest_equal(json_text(o, "session"), r->session.id) &&
		    (*once ? strcmp(form, once) == 0 : !last || strcmp(form, last) == 0)) {
			last = arena_text(r->mem, form);
			*arena_push(r->mem, &out->list) = *d;
		}
		json_decref(o);
	}
	return 0;
}

int
choice_save(struct request *r, const struct view *view, const char *once, struct error *err)
{
	struct inbox_decision *rows = arena_array(r->mem, struct inbox_decision, view->made + 1);
	const char *how = choice_proof(r, once);
	size_t count = 0;

	for (size_t i = 0; i < view->choices.count; i++) {
		const struct choice *c = &view->choices.items[i];
		if (!c->made || c->problem)
			continue;
		rows[count++] = (struct inbox_decision){
			.token = r->session.token, .proposal = c->on->s->id, .version = c->on->s->p.version,
			.verdict = verdict_word[c->verdict], .until = c->words.until, .at = r->now, .proof = how,
			.reason = c->verdict == VERDICT_APPROVE || c->verdict == VERDICT_UNDO ? NULL :
				  words_pack(r->mem, c->verdict, &c->words),
		};
	}
	return inbox_decisions_add(r->server->inbox, rows, count, err);
}
