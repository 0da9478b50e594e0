/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * receipts.c - what somebody decided on the page, as it was taken: a letter the same night.
 *
 * They see what will happen and until when it can be undone, what did not count and why; and if it was not they who decided,
 * this is how they come to know.
 */
#include "notify_p.h"
#include "behov/digest.h"
#include "behov/text.h"

#define TOLD "receipts"                 /* in the store: the last decision that anybody has been told of */
#define LOOK_BACK ((int64_t)60 * 86400) /* seconds; what is older is nobody's news */
#define ROWS_MOST 20                    /* under one heading */

/* ------------------------------------------------------------------ who gets one */

struct decider { const char *key; LIST(const char *) about; };  /* numbers of decisions */
struct deciders { LIST(struct decider) list; };

static int
read_told(struct arena *mem, struct store *store, long long *out, struct error *err)
{
	const char *text = NULL;

	*out = 0;
	if (store_get(mem, store, TOLD, &text, err) < 0)
		return -1;
	*out = text ? strtoll(text, NULL, 10) : 0;
	return 0;
}

static void
note(struct arena *mem, struct deciders *all, const struct decision *d)
{
	struct decider *who = NULL;

	for (size_t i = 0; i < all->list.count && !who; i++)
		if (strcmp(all->list.items[i].key, d->key) == 0)
			who = &all->list.items[i];
	if (!who) {
		who = arena_push(mem, &all->list);
		who->key = d->key;
	}
	*arena_push(mem, &who->about) = arena_print(mem, "%lld", d->id);
}

static int
write_to(struct arena *mem, const struct notify_input *in, const struct decider *who, long long *letters, struct error *err)
{
	long at = snapshot_account(in->snapshot, who->key);
	const struct account *a = at >= 0 ? &in->snapshot->accounts[at] : NULL;
	struct letter letter = { .kind = "receipt", .key = who->key, .created = in->now, .sent = INT64_MIN,
				 .proposals = who->about.items, .proposal_count = (int)who->about.count };
	unsigned char sum[DIGEST_SIZE];
	struct digest *d;

	if (!a || a->disabled || !a->mail || !mail_address(a->mail))
		return 0;               /* the deputy is asked now */
	letter.name = a->name;
	letter.display = a->display ? a->display : a->name;
	letter.mail = a->mail;
	d = digest_open();
	digest_field(d, letter.kind);
	digest_field(d, letter.key);
	for (int i = 0; i < letter.proposal_count; i++)
		digest_field(d, letter.proposals[i]);
	digest_close(d, sum);
	letter.id = digest_hex(mem, sum, 16);
	return letter_post(mem, in, &letter, letters, err);
}

int
receipts_compose(struct arena *mem, const struct notify_input *in, long long *letters, struct error *err)
{
	struct decisions given;
	struct deciders all = { 0 };
	long long told, last;

	if (!in->snapshot || !in->snapshot->complete)
		return 0;               /* where they live is not known tonight */
	if (read_told(mem, in->store, &told, err) < 0 ||
	    store_decisions(mem, in->store, NULL, in->now - LOOK_BACK, &given, err) < 0)
		return -1;
	last = told;
	for (size_t i = 0; i < given.list.count; i++) {
		const struct decision *d = &given.list.items[i];

		if (d->id > told && d->key && strcmp(d->source, "page") == 0)
			note(mem, &all, d);
		last = d->id > last ? d->id : last;
	}
	for (size_t i = 0; i < all.list.count; i++)
		if (write_to(mem, in, &all.list.items[i], letters, err) < 0)
			return -1;
	return last == told ? 0 : store_set(in->store, TOLD, arena_print(mem, "%lld", last), err);
}

/* ------------------------------------------------------------------ what stands in it */

static const char *
say_fault(const struct language *l, const char *fault)
{
	const char *said = refusal_said(fault);

	return said ? speak(l, said) : speak(l, "uppgifterna gick inte att pröva: har du inte gjort det här själv, hör av dig");
}

/* What is known of a proposal when its receipt is written. */
struct known { const struct language *l; const struct stored *s; struct decisions all; struct questions asked; bool may_name; };

/* "; Eva Lind har svarat: behåll": the last word of each of the others who was asked about this version. */
static const char *
others(struct arena *mem, const struct decision *d, const struct known *k)
{
	const char *out = "";

	for (size_t i = 0; i < k->s->p.approvers.count; i++) {
		const struct approver *a = &k->s->p.approvers.items[i];
		const char *word = NULL;

		for (size_t n = 0; n < k->all.list.count; n++) {
			const struct decision *o = &k->all.list.items[n];

			if (o->refused || !o->key || strcmp(o->key, a->key) != 0 || !o->version || strcmp(o->version, k->s->p.version) != 0)
				continue;
			word = o->verdict == VERDICT_APPROVE ? speak(k->l, "godkänn") : o->verdict == VERDICT_KEEP ? speak(k->l, "behåll") : NULL;
		}
		if (word && strcmp(a->key, d->key) != 0)
			out = arena_print(mem, speak(k->l, "%s; %s har svarat: %s"), out, k->may_name && a->display ? a->display : speak(k->l, "en annan"), word);
	}
	return out;
}

/* The question that this decision asked. */
static const struct question *
question_of(const struct decision *d, const struct known *k)
{
	enum question_kind kind = d->verdict == VERDICT_RULE ? QUESTION_RULE : QUESTION_COLLEAGUE;

	for (size_t i = 0; i < k->asked.list.count; i++) {
		const struct question *q = &k->asked.list.items[i];

		if (q->kind == kind && strcmp(q->by_key, d->key) == 0 && q->at >= d->at)
			return q;
	}
	return NULL;
}

static const char *
asked(struct arena *mem, const struct decision *d, const struct known *k)
{
	const struct question *q = question_of(d, k);

	if (q && q->problem) {
		const char *why = speak(k->l, q->problem);

		return arena_print(mem, speak(k->l, "Frågan gick inte att ställa. %.*s"), (int)strcspn(why, "."), why);
	}
	if (q && q->display && k->may_name)
		return arena_print(mem, speak(k->l, "%s är tillfrågad: du får veta när svaret har kommit"), q->display);
	return speak(k->l, "Frågan är ställd: du får veta när svaret har kommit");
}

static const char *
approved(struct arena *mem, const struct decision *d, const struct known *k)
{
	const struct stored *s = k->s;

	if (s->state == STATE_SCHEDULED)
		return arena_print(mem, speak(k->l, "Godkänt: utförs tidigast %s, och kan ångras till dess"), day_text(mem, clock_day(s->go_at)));
	if (STATES(s->state) & STATES_ANSWERABLE)
		return speak(k->l, "Godkänt av dig: väntar på att en till ska godkänna");
	if (s->state == STATE_KEPT)
		return arena_print(mem, speak(k->l, "Ditt godkännande är antecknat, men det behålls%s"), others(mem, d, k));
	return s->state == STATE_HELD ? speak(k->l, "Ditt godkännande gäller inte längre: det är gallringsstopp") : speak(k->l, "Godkänt");
}

/* What became of it, as far as it has come by now. */
static const char *
outcome(struct arena *mem, const struct decision *d, const struct known *k)
{
	if (d->refused && strcmp(d->refused, REFUSAL_APPROVED) == 0)
		return speak(k->l, "Redan godkänt av någon annan: ditt svar behövdes inte");
	if (d->refused)
		return arena_print(mem, speak(k->l, "Räknades inte: %s"), say_fault(k->l, d->refused));
	switch (d->verdict) {
	case VERDICT_APPROVE:
		return approved(mem, d, k);
	case VERDICT_KEEP:
		return arena_print(mem, "%s%s", d->until == DAY_NONE ? speak(k->l, "Behålls") :
				   arena_print(mem, speak(k->l, "Behålls till %s"), day_text(mem, d->until)), others(mem, d, k));
	case VERDICT_UNDO:
		return speak(k->l, "Ångrat: frågan ställs igen");
	case VERDICT_ASK:
	case VERDICT_RULE:
		return asked(mem, d, k);
	case VERDICT_NOT_MINE:
		return k->s->state == STATE_WRONG_OWNER ? speak(k->l, "Inte ditt: ingen annan har hittats än, och det har sagts till den som sköter reglerna")
							: speak(k->l, "Inte ditt: någon annan tillfrågas i stället");
	case VERDICT_HOLD:
		return speak(k->l, "Gallringsstopp: inget av det förstörs förrän stoppet är hävt, och då frågas du igen");
	case VERDICT_LATER:
		return arena_print(mem, speak(k->l, "Du påminns %s: frågan står kvar, och du kan svara när du vill"), day_text(mem, d->until));
	case VERDICT_ADVISE:
		return speak(k->l, "Ditt råd är framfört");
	case VERDICT_DONE:
		return k->s->state == STATE_EXPORTED ? speak(k->l, "Sagt utfört, men natten har inte sett det: gör det, och svara igen")
						     : speak(k->l, "Utfört, och natten har sett det");
	}
	return "";
}

static const char *
thing(struct arena *mem, const struct language *l, const struct proposal *p)
{
	if (p->kind == KIND_REMOVE_MEMBER)
		return p->display ? p->display : p->account;
	if (p->kind == KIND_CUT_NESTING)
		return speak(l, "en gruppkoppling");
	return letter_batch(mem, l, p);
}

struct answer { const char *title, *what; long long count, hidden; json_t *rows; };
struct answers { LIST(struct answer) list; };

static struct answer *
answer_under(struct arena *mem, struct answers *all, const char *title, const char *what)
{
	struct answer *a;

	for (size_t i = 0; i < all->list.count; i++)
		if (strcmp(all->list.items[i].title, title) == 0 && strcmp(all->list.items[i].what, what) == 0)
			return &all->list.items[i];
	a = arena_push(mem, &all->list);
	*a = (struct answer){ .title = title, .what = what, .rows = json_array() };
	return a;
}

static int
tell(struct arena *mem, const struct notify_input *in, const struct decision *d, struct answers *all, struct error *err)
{
	const struct language *l = letter_language(in);
	struct stored_list found = { 0 };
	struct known known = { .l = l };
	const struct stored *s;
	struct answer *a;

	if (store_decisions(mem, in->store, d->proposal, INT64_MIN, &known.all, err) < 0 ||
	    store_questions(mem, in->store, &(struct question_filter){ .proposal = d->proposal }, &known.asked, err) < 0 ||
	    store_proposals(mem, in->store, &(struct proposal_filter){ .id = d->proposal }, &found, err) < 0)
		return -1;
	known.s = s = found.list.count == 1 ? &found.list.items[0] : NULL;
	if (s) {
		known.may_name = letter_may_name(s->p.konfidentialitet);
		a = answer_under(mem, all, letter_heading(mem, in->rules, l, &s->p), outcome(mem, d, &known));
		a->count++;
		if (known.may_name && json_array_size(a->rows) < ROWS_MOST)
			letter_row(mem, a->rows, thing(mem, l, &s->p));
		else
			a->hidden++;
	}
	stored_free(&found);
	return 0;
}

static bool
is_about(const struct letter *letter, long long id)
{
	for (int i = 0; i < letter->proposal_count; i++)
		if (strtoll(letter->proposals[i], NULL, 10) == id)
			return true;
	return false;
}

static json_t *
answers_json(struct arena *mem, const struct language *l, const struct answers *all)
{
	json_t *list = json_array();

	for (size_t i = 0; i < all->list.count; i++) {
		const struct answer *a = &all->list.items[i];
		json_t *o = json_object();

		if (a->hidden && a->hidden < a->count)
			letter_row(mem, a->rows, arena_print(mem, speak(l, "och %s till"), text_count(mem, a->hidden)));
		letter_put(mem, o, "title", a->title);
		letter_put(mem, o, "what", a->what);
		json_put(o, "count", letter_count(mem, l, a->count));
		json_object_set_new(o, "some", json_boolean(json_array_size(a->rows) > 0));
		json_object_set_new(o, "rows", a->rows);
		json_array_append_new(list, o);
	}
	return list;
}

int
letter_receipt(struct arena *mem, const struct notify_input *in, const struct letter *letter, struct mail *out, struct error *err)
{
	const struct conf *conf = &in->rules->conf;
	struct answers all = { 0 };
	struct decisions given;
	const char *token;
	json_t *data;
	int rc = 0;

	if (notify_token(mem, conf, letter->id, &token, err) < 0 ||
	    store_decisions(mem, in->store, NULL, letter->created - LOOK_BACK, &given, err) < 0)
		return -1;
	for (size_t i = 0; i < given.list.count && rc == 0; i++)
		if (is_about(letter, given.list.items[i].id))
			rc = tell(mem, in, &given.list.items[i], &all, err);
	data = letter_data(mem, conf, letter, token);
	json_object_set_new(data, "answers", answers_json(mem, letter_language(in), &all));
	if (rc == 0)
		rc = letter_put_head(mem, in, data, err);
	if (rc == 0 && all.list.count)
		rc = letter_render(mem, letter_language(in), "receipt", data, out, err);
	out->subject = speak(letter_language(in), "Behov: kvitto på dina beslut");
	json_decref(data);
	return rc;
}
