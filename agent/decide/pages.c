/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pages.c - what is shown: each page is data for one template. */
#include "decide_p.h"

#include <behov/digest.h>
#include <behov/json.h>
#include <behov/mail.h>
#include <behov/template.h>

#define PAGE_MOST (4 * 1024 * 1024)
#define CROWDED                                                                                                        \
	N_("Du har valt på så många rader att fler inte kan följa med. Granska och spara dem först. Ingenting är sparat ännu.")

/* What every page may use. */
static json_t *
page_data(struct request *r, const char *title)
{
	const struct conf *conf = &r->server->rules->conf;
	json_t *o = json_object();

	rows_put(o, "title", say(r, title));
	rows_put(o, "organisation", conf->organisation);
	rows_put(o, "contact", conf->mail.contact);
	json_put(o, "problem", NULL);
	json_object_set_new(o, "summary", json_false());
	json_put(o, "nonce", NULL);
	json_put(o, "display", NULL);
	language_put(r, o);
	json_put(o, "ends", NULL);
	return o;
}

json_t *
page_own(struct request *r, const char *title)
{
	json_t *o = page_data(r, title);

	json_put(o, "nonce", session_mask(r));
	rows_put(o, "display", r->letter.display ? r->letter.display : r->letter.name);
	json_put(o, "ends", clock_local(r->mem, session_ends(r)) + strlen("2026-11-25 "));
	return o;
}

int
page_render(struct request *r, unsigned status, const char *name, json_t *data, struct error *err)
{
	int rc = template_spoken(r->language, name, data, &r->out, err);

	json_decref(data);
	if (rc == 0 && r->out.full)
		rc = error_set(err, ERROR_STORE, "page '%s' is larger than %d bytes", name, PAGE_MOST);
	r->status = status;
	r->type = "text/html; charset=utf-8";
	return rc;
}

int
page_style(struct request *r, struct error *err)
{
	int rc = page_render(r, 200, "page.css", json_object(), err);

	r->type = "text/css; charset=utf-8";
	return rc;
}

int
page_notice(struct request *r, unsigned status, const char *title, const char *text, struct error *err)
{
	json_t *data = page_data(r, title);

	json_put(data, "text", say(r, text));
	return page_render(r, status, "page-notice.html", data, err);
}

int
page_statement(struct request *r, struct error *err)
{
	return page_render(r, 200, "page-statement.html", page_data(r, N_("Tillgänglighetsredogörelse")), err);
}

int
page_ask(struct request *r, unsigned status, const char *title, const char *text, struct error *err)
{
	json_t *data = page_data(r, title);

	json_put(data, "text", say(r, text));
	return page_render(r, status, "page-ask.html", data, err);
}

int
page_link(struct request *r, unsigned status, const char *token, long long count, long long lists, const char *problem, struct error *err)
{
	json_t *data = page_data(r, N_("Beslut som väntar på dig"));

	json_put(data, "token", token);
	json_put(data, "problem", say(r, problem));
	json_object_set_new(data, "ways", prove_ways(&r->server->rules->conf, false));
	rows_put(data, "count", text_count(r->mem, count));
	json_object_set_new(data, "one", json_boolean(count == 1));
	json_object_set_new(data, "some", json_boolean(count > 0));
	rows_put(data, "lists", lists ? text_count(r->mem, lists) : NULL);
	json_object_set_new(data, "one_list", json_boolean(lists == 1));
	return page_render(r, status, "page-link.html", data, err);
}

int
page_code(struct request *r, unsigned status, const char *problem, struct error *err)
{
	json_t *data = page_data(r, N_("Skriv in koden"));

	json_put(data, "nonce", session_mask(r));
	json_put(data, "problem", say(r, problem));
	json_put(data, "minutes", arena_print(r->mem, "%d", CODE_MINUTES));
	json_object_set_new(data, "sent", json_boolean(r->session.code_hash != NULL));
	return page_render(r, status, "page-code.html", data, err);
}

static void
put_problem(json_t *list, const char *to, const char *name, const char *text)
{
	json_t *one = json_object();

	rows_put(one, "to", to);
	rows_put(one, "name", name);
	json_put(one, "text", text);
	json_array_append_new(list, one);
}

/* Where a link to it leads: the field; the row of what cannot be answered now; nowhere when there is no such row. */
static const char *
place_of(struct arena *mem, const struct choice *c)
{
	if (!c->on)
		return NULL;
	return arena_print(mem, "%c-%s", c->on->may ? c->field : 'p', c->id);
}

/* Those that were refused and are not shown any more have no row to stand in. */
static json_t *
problems(struct request *r, const struct view *view)
{
	json_t *list = json_array();

	for (size_t i = 0; i < view->choices.count; i++) {
		const struct choice *c = &view->choices.items[i];
		if (c->problem)
			put_problem(list, c->on && c->on->shown ? place_of(r->mem, c) : NULL, c->on ? rows_name(r, &c->on->s->p) : say(r, "Ett förslag"),
				    say(r, c->problem));
	}
	return list;
}

static void
put_groups(struct request *r, json_t *data, const struct view *view)
{
	json_t *groups = rows_groups(r, view), *questions = rows_questions(r, view);

	json_object_set_new(data, "any", json_boolean(json_array_size(groups) + json_array_size(questions) > 0));
	json_object_set_new(data, "asked", json_boolean(json_array_size(questions) > 0));
	json_object_set_new(data, "questions", questions);
	json_put(data, "last_day", day_text(r->mem, clock_day(r->now) + LATER_DAYS));
	json_object_set_new(data, "many", json_boolean(json_array_size(groups) + (json_array_size(questions) > 0) > 1));
	json_object_set_new(data, "groups", groups);
}

/* One box says all that is wrong, and the title that something is: `problem`, or that there is a list. */
static void
put_problems(struct request *r, json_t *data, const char *problem, json_t *list)
{
	bool some = json_array_size(list) > 0;

	json_put(data, "problem", problem ? say(r, problem) : some ? say(r, "Att rätta till") : NULL);
	json_object_set_new(data, "summary", json_true());
	json_object_set_new(data, "some_problems", json_boolean(some));
	json_object_set_new(data, "problems", list);
}

/* True when what was said to have happened stands in one of the forms, with the field that is wrong. */
static bool
event_problems(struct request *r, const json_t *events, json_t *list)
{
	for (size_t i = 0; i < json_array_size(events); i++) {
		const json_t *e = json_array_get(events, i);
		const char *field = json_is_true(json_object_get(e, "bad_date")) ? "t" : json_is_true(json_object_get(e, "bad_why")) ? "w" : "m";

		if (!json_text(e, "problem"))
			continue;
		put_problem(list, arena_print(r->mem, "%s-%s-%s", field, json_text(e, "series"), json_text(e, "share")),
			    arena_print(r->mem, "%s, %s", json_text(e, "name"), json_text(e, "place")), json_text(e, "problem"));
		return true;
	}
	return false;
}

int
page_long(struct request *r, unsigned status, const char *token, int64_t sent, const char *problem, struct error *err)
{
	json_t *data = page_data(r, N_("Skriv in den långa koden"));

	json_put(data, "token", token);
	json_put(data, "problem", say(r, problem));
	json_put(data, "sent", sent == INT64_MIN ? NULL : clock_local(r->mem, sent));
	json_put(data, "until", sent == INT64_MIN ? NULL : clock_local(r->mem, sent + LONG_SECONDS));
	return page_render(r, status, "page-long.html", data, err);
}

int
page_decide(struct request *r, unsigned status, struct view *view, const char *problem, struct error *err)
{
	json_t *data, *events = NULL, *list;

	if (paging_turn(r, view, err) < 0)
		return -1;
	data = page_own(r, N_("Dina beslut"));
	list = problems(r, view);
	problem = view->crowded ? CROWDED : problem;
	rows_put(data, "count", text_count(r->mem, (long long)view->waiting));
	json_object_set_new(data, "one", json_boolean(view->waiting == 1));
	json_object_set_new(data, "waiting", json_boolean(view->waiting > 0));
	json_put(data, "today", day_text(r->mem, clock_day(r->now)));
	rows_put(data, "queued", view->queued ? text_count(r->mem, view->queued) : NULL);
	json_put(data, "weekly", arena_print(r->mem, "%d", r->server->rules->conf.weekly));
	json_object_set_new(data, "extends", json_boolean(session_ends(r) < r->session.made + SESSION_MOST));
	put_groups(r, data, view);
	if (json_is_true(json_object_get(data, "any")))
		language_put_form(r, data);
	paging_put(r, view, data);
	if (rows_settled(r, data, err) < 0 || offers_put(r, data, err) < 0 || event_forms(r, &events, err) < 0) {
		json_decref(data);
		json_decref(list);
		return -1;
	}
	put_problems(r, data, event_problems(r, events, list) ? N_("Det är inte sparat ännu") : problem, list);
	json_object_set_new(data, "some_events", json_boolean(json_array_size(events) > 0));
	json_object_set_new(data, "events", events);
	return page_render(r, status, "page-decide.html", data, err);
}

/* What was typed but not decided follows along, so that going back shows it again. */
static json_t *
leftovers(struct request *r, const struct view *view)
{
	json_t *list = json_array();

	for (size_t i = 0; i < view->choices.count; i++) {
		const struct choice *c = &view->choices.items[i];
		json_t *one;
		if (!c->on || (c->made && !c->problem))
			continue;
		one = json_object();
		rows_carry(r, one, c);
		if (json_array_size(json_object_get(one, "fields")))
			json_array_append(list, one);
		json_decref(one);
	}
	return list;
}

int
page_confirm(struct request *r, unsigned status, struct view *view, const char *problem, struct error *err)
{
	const struct conf *conf = &r->server->rules->conf;
	json_t *data = page_own(r, N_("Bekräfta dina beslut")), *list = problems(r, view);
	bool unticked = problem && json_array_size(list) == 0;
	unsigned char once[16];

	paging_chosen(view);
	digest_random(once, sizeof(once));
	if (unticked)
		put_problem(list, "forstar", say(r, "Jag förstår att handlingarna förstörs för gott"),
			    say(r, "kryssa i rutan om det är så."));
	put_problems(r, data, problem, list);
	json_object_set_new(data, "unticked", json_boolean(unticked));
	json_put(data, "once", digest_hex(r->mem, once, sizeof(once)));
	rows_put(data, "count", text_count(r->mem, (long long)view->made));
	json_object_set_new(data, "one", json_boolean(view->made == 1));
	rows_put(data, "tally", view->made > 1 ? tally_text(r, view) : NULL);
	rows_put(data, "rest", tally_rest(r, view));
	json_object_set_new(data, "destroys", json_boolean(view->destroys));
	rows_put(data, "quarantine", arena_print(r->mem, "%d", conf->quarantine_days));
	json_object_set_new(data, "left", leftovers(r, view));
	put_groups(r, data, view);
	json_put(data, "page", *form_get(&r->form, "pa") ? form_get(&r->form, "pa") : NULL);
	return page_render(r, status, "page-confirm.html", data, err);
}

/* A proposal that has gone on since keeps its line, by its id. */
static const char *
saved_name(struct request *r, const char *id)
{
	struct proposal_filter one = { .id = id };
	struct stored_list found = { 0 };
	const char *name = id;

	if (store_proposals(r->mem, r->server->store, &one, &found, NULL) == 0 && found.list.count == 1)
		name = rows_name(r, &found.list.items[0].p);
	stored_free(&found);
	return name;
}

static const char *
saved_verdict(const struct request *r, enum verdict verdict, const struct words *words)
{
	static const char *const text[VERDICTS] = { N_("Godkänt"), N_("Behålls"), N_("Ångrat"), "", N_("Behovsregeln är fel"), N_("Inte mitt att besluta"),
						    N_("Gallringsstopp") };

	switch (verdict) {
	case VERDICT_ASK:
		return arena_print(r->mem, say(r, "Fråga till %s"), words->to ? words->to : "");
	case VERDICT_LATER:
		return arena_print(r->mem, say(r, "Påminns %s"), day_text(r->mem, words->until));
	case VERDICT_DONE:
		return say(r, "Utfört");
	case VERDICT_ADVISE:
		return arena_print(r->mem, say(r, "Råd: %s"), rows_advice(r, words->advice));
	default:
		return say(r, text[verdict]);
	}
}

/*
 * It takes an approval back, and apply may have begun before it lay in the inbox.  apply looks at the clock and then reads the
 * inbox, we save and then look at the clock: before go_at, whatever carries it out has yet to read what was saved.
 */
static int
saved_late(struct request *r, const struct inbox_decision *d, bool *out, struct error *err)
{
	const unsigned going = STATES(STATE_SCHEDULED) | STATES(STATE_EXPORTED) | STATES(STATE_QUARANTINED) | STATES(STATE_DONE) |
			       STATES(STATE_FAILED);
	int verdict = take_verdict(d->verdict);
	struct stored_list found = { 0 };
	bool taken;

	*out = false;
	if (verdict != VERDICT_UNDO && verdict != VERDICT_KEEP)
		return 0;
	if (store_decision_taken(r->server->store, d->mark, &taken, err) < 0 ||
	    store_proposals(r->mem, r->server->store, &(struct proposal_filter){ .id = d->proposal, .states = going, .brief = true },
			    &found, err) < 0)
		return -1;
	if (!taken && found.list.count == 1) {
		const struct stored *s = &found.list.items[0];

		*out = s->state != STATE_SCHEDULED || r->now >= s->go_at;
	}
	stored_free(&found);
	return 0;
}

static int
saved_row(struct request *r, const struct inbox_decision *d, bool *late, json_t *list, struct error *err)
{
	bool event = strcmp(d->verdict, INBOX_EVENT) == 0, review = take_is_review(d);
	struct reviewed of = take_reviewed(r->mem, d->proposal);
	int verdict = take_verdict(d->verdict);
	struct words words = { .text = d->reason };
	json_t *one;

	if (saved_late(r, d, late, err) < 0)
		return -1;
	one = json_object();
	if (verdict >= 0)
		words = words_read(r->mem, (enum verdict)verdict, d->reason, d->until);
	rows_put(one, "name", event ? event_name(r, d) : review ? offer_name(r, of.quarter, of.system) : saved_name(r, d->proposal));
	rows_put(one, "verdict", review ? say(r, "Granskad") : event ? arena_print(r->mem, say(r, "Hände %s"), day_text(r->mem, d->until))
				       : verdict >= 0 ? saved_verdict(r, (enum verdict)verdict, &words) : "-");
	json_object_set_new(one, "approve", json_boolean(verdict == VERDICT_APPROVE || review));
	json_object_set_new(one, "late", json_boolean(*late));
	rows_put(one, "reason", words.text && *words.text ? words.text : NULL);
	json_put(one, "until", event || verdict == VERDICT_LATER ? NULL : day_text(r->mem, d->until));
	json_array_append_new(list, one);
	return 0;
}

int
page_receipt(struct request *r, const struct inbox_decisions *saved, struct error *err)
{
	json_t *data = page_own(r, N_("Kvitto")), *list = json_array();
	size_t count = saved->list.count;
	bool happened = false, any_late = false, decided = false, reviewed = false;

	json_object_set_new(data, "rows", list);
	for (size_t i = count; i-- > 0;) {
		const struct inbox_decision *d = &saved->list.items[i];
		bool late;

		if (saved_row(r, d, &late, list, err) < 0) {
			json_decref(data);
			return -1;
		}
		happened |= strcmp(d->verdict, INBOX_EVENT) == 0;
		reviewed |= take_is_review(d);
		decided |= strcmp(d->verdict, INBOX_EVENT) != 0 && !take_is_review(d);
		any_late |= late;
	}
	json_object_set_new(data, "happened", json_boolean(happened));
	json_object_set_new(data, "decided", json_boolean(decided));
	json_object_set_new(data, "undoable", json_boolean(decided || happened));
	json_object_set_new(data, "reviewed", json_boolean(reviewed));
	json_object_set_new(data, "any_late", json_boolean(any_late));
	json_object_set_new(data, "some", json_boolean(count > 0));
	json_object_set_new(data, "one", json_boolean(count == 1));
	rows_put(data, "count", text_count(r->mem, (long long)count));
	rows_put(data, "at", count ? clock_local(r->mem, saved->list.items[0].at) : NULL);
	return page_render(r, 200, "page-receipt.html", data, err);
}

/* Only what the browser itself just sent, and only what belongs in that form: a password or a code does not come back. */
int
page_expired(struct request *r, struct error *err)
{
	json_t *data = page_data(r, N_("Inloggningen har gått ut")), *list = json_array();

	for (size_t i = 0; i < r->form.fields.count; i++) {
		const struct field *f = &r->form.fields.items[i];
		json_t *one;
		if ((!strchr("vdg", f->name[0]) && !strchr(FORM_WORDS, f->name[0])) || !strchr(f->name, '-'))
			continue;
		one = json_object();
		json_put(one, "name", f->name);
		json_put(one, "value", f->value);
		json_array_append_new(list, one);
	}
	json_object_set_new(data, "some", json_boolean(json_array_size(list) > 0));
	json_object_set_new(data, "fields", list);
	return page_render(r, 401, "page-expired.html", data, err);
}

/* What was chosen, in whatever way it was, and what was typed beside it. */
static json_t *
kept_choices(struct request *r, const struct view *view)
{
	json_t *list = leftovers(r, view);

	for (size_t i = 0; i < view->choices.count; i++) {
		const struct choice *c = &view->choices.items[i];
		json_t *one;
		if (!c->made || c->problem)
			continue;
		one = json_object();
		rows_carry(r, one, c);
		json_array_append_new(list, one);
	}
	return list;
}

int
page_again(struct request *r, unsigned status, const struct view *view, bool sent, const char *problem, struct error *err)
{
	const struct conf *conf = &r->server->rules->conf;
	json_t *data = page_own(r, view->weak ? N_("Logga in starkare") : N_("Logga in en gång till")), *ways = prove_ways(conf, view->weak);
	bool can_code = !view->weak && conf_proves(conf, PROOF_CODE);

	json_put(data, "problem", say(r, problem));
	json_object_set_new(data, "weak", json_boolean(view->weak));
	json_object_set_new(data, "sent", json_boolean(sent && can_code));
	json_put(data, "minutes", arena_print(r->mem, "%d", CODE_MINUTES));
	json_object_set_new(data, "ways", ways);
	json_put(data, "page", *form_get(&r->form, "pa") ? form_get(&r->form, "pa") : NULL);
	json_object_set_new(data, "kept", kept_choices(r, view));
	return page_render(r, status, "page-again.html", data, err);
}

/* ------------------------------------------------------------------ the code mail */

static int
mail_part(const struct request *r, const char *name, const json_t *data, struct text *out, struct error *err)
{
	text_open(out, 64 * 1024);
	if (template_spoken(r->language, name, data, out, err) < 0)
		return -1;
	return out->full ? error_set(err, ERROR_STORE, "template '%s' makes too large a mail", name) : 0;
}

int
page_mail(struct request *r, const char *code, int64_t until, struct error *err)
{
	const struct conf *conf = &r->server->rules->conf;
	json_t *data = json_object();
	struct text text = { 0 }, html = { 0 };
	unsigned char id[16];
	struct mail mail = { .to = r->letter.mail, .to_name = r->letter.display, .date = r->now,
			     .patience = MAIL_PATIENCE };
	int rc = -1;

	digest_random(id, sizeof(id));
	rows_put(data, "organisation", conf->organisation);
	rows_put(data, "display", r->letter.display ? r->letter.display : r->letter.name);
	rows_put(data, "contact", conf->mail.contact);
	json_put(data, "code", code);
	json_put(data, "language", r->language->tag);
	json_put(data, "minutes", arena_print(r->mem, "%d", CODE_MINUTES));
	json_put(data, "until", until == INT64_MIN ? NULL : clock_local(r->mem, until));
	if (mail_part(r, "code.txt", data, &text, err) < 0 || mail_part(r, "code.html", data, &html, err) < 0)
		goto out;
	mail.id = arena_print(r->mem, "kod-%s", digest_hex(r->mem, id, sizeof(id)));
	mail.subject = arena_print(r->mem, say(r, "Din engångskod, %s"), conf->organisation);
	mail.text = text.data;
	mail.html = html.data;
	rc = mail_send(r->mem, conf, &mail, err);
out:
	text_close(&text);
	text_close(&html);
	json_decref(data);
	return rc;
}
