/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * choice.c - what somebody may decide on, and what they chose in a form.
 *
 * A proposal that is shown has four fields: v-ID (its version as seen), d-ID ("", approve, keep), r-ID (why it is kept)
 * and u-ID (until when).  The button "bulk" is approve:GROUP or keep:GROUP with gr-GROUP and gu-GROUP.  The confirming
 * page posts the same fields, so that both are read here.
 */
#include "decide_p.h"

#include <behov/digest.h>
#include <behov/json.h>

/* ------------------------------------------------------------------ what is open */

/* Is the token one of this person's?  Most are the session's own. */
static int
is_theirs(struct request *r, const char *token, bool *out, struct error *err)
{
	struct letters letters = { 0 };

	*out = strcmp(token, r->session.token) == 0;
	if (*out)
		return 0;
	if (store_letter_by_token(r->mem, r->server->store, digest_text(r->mem, token), &letters, err) < 0)
		return -1;
	*out = letters.list.count == 1 && letters.list.items[0].key &&
	       strcmp(letters.list.items[0].key, r->letter.key) == 0;
	return 0;
}

static int
read_pending(struct request *r, struct view *view, struct error *err)
{
	struct inbox_decisions waiting = { 0 };
	long long last;

	if (store_decision_last(r->server->store, &last, err) < 0 ||
	    inbox_decisions(r->mem, r->server->inbox, last, &waiting, err) < 0)
		return -1;
	for (size_t i = 0; i < waiting.list.count; i++) {
		const struct inbox_decision *d = &waiting.list.items[i];
		bool theirs;
		if (is_theirs(r, d->token, &theirs, err) < 0)
			return -1;
		if (theirs)
			*arena_push(r->mem, &view->pending) = (struct pending){ d->proposal, d->verdict };
	}
	return 0;
}

static int
by_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

/* As they are read: access first, one role or series after another, people by name, batches by date. */
static int
by_group(const void *left, const void *right)
{
	const struct stored *s = left, *t = right;
	const struct proposal *a = &s->p, *b = &t->p;
	int order = (a->kind > b->kind) - (a->kind < b->kind);

	if (!order)
		order = by_text(a->series ? a->series : a->system, b->series ? b->series : b->system);
	if (!order)
		order = by_text(a->series ? a->share : a->role, b->series ? b->share : b->role);
	if (!order)
		order = (a->due > b->due) - (a->due < b->due);
	if (!order)
		order = by_text(a->batch ? a->batch : a->display, b->batch ? b->batch : b->display);
	return order ? order : strcmp(s->id, t->id);
}

int
view_open(struct request *r, struct view *view, struct error *err)
{
	struct proposal_filter mine = { .states = STATES(STATE_OPEN), .approver = r->letter.key };

	*view = (struct view){ 0 };
	if (store_proposals(r->mem, r->server->store, &mine, &view->open, err) < 0 || read_pending(r, view, err) < 0) {
		view_close(view);
		return -1;
	}
	if (view->open.list.count)
		qsort(view->open.list.items, view->open.list.count, sizeof(struct stored), by_group);
	return 0;
}

void
view_close(struct view *view)
{
	stored_free(&view->open);
}

const struct pending *
view_pending(const struct view *view, const char *id)
{
	for (size_t i = view->pending.count; i-- > 0;)
		if (strcmp(view->pending.items[i].proposal, id) == 0)
			return &view->pending.items[i];
	return NULL;
}

const struct choice *
view_choice(const struct view *view, const char *id)
{
	for (size_t i = 0; i < view->choices.count; i++)
		if (strcmp(view->choices.items[i].id, id) == 0)
			return &view->choices.items[i];
	return NULL;
}

static const struct stored *
find_open(const struct view *view, const char *id)
{
	for (size_t i = 0; i < view->open.list.count; i++)
		if (strcmp(view->open.list.items[i].id, id) == 0)
			return &view->open.list.items[i];
	return NULL;
}

/* ------------------------------------------------------------------ what was chosen */

const char *
choice_group(struct arena *mem, const struct proposal *p)
{
	unsigned char sum[DIGEST_SIZE];
	struct digest *d = digest_open();

	digest_field(d, kind_word[p->kind]);
	digest_field(d, p->series ? p->series : p->system);
	digest_field(d, p->series ? p->share : p->role);
	digest_close(d, sum);
	return digest_hex(mem, sum, 8);
}

static const char *
get(const struct request *r, const char *prefix, const char *id)
{
	return form_get(&r->form, arena_print(r->mem, "%s-%s", prefix, id));
}

static bool
blank(const char *text)
{
	return text[strspn(text, " \t\r\n")] == '\0';
}

/* The word for this proposal, and where its reason and date stand.  Somebody's own choice wins over a bulk button. */
static const char *
word_for(const struct request *r, const struct choice *c, const char **prefix, const char **id)
{
	const char *word = get(r, "d", c->id), *bulk = form_get(&r->form, "bulk"), *colon = strchr(bulk, ':');
	const char *group;

	*prefix = "";
	*id = c->id;
	if (*word || !c->on || !colon)
		return word;
	group = choice_group(r->mem, &c->on->p);
	if (strcmp(colon + 1, group) != 0)
		return "";
	*prefix = "g";
	*id = group;
	return arena_copy(r->mem, bulk, (size_t)(colon - bulk));
}

static const char *
keep_problem(const struct request *r, struct choice *c)
{
	day_t today = clock_day(r->now);

	if (blank(c->reason))
		return "Skriv varför det ska behållas.";
	if (strlen(c->reason) > REASON_MOST)
		return "Skälet är för långt: högst 1 000 tecken.";
	if (!*c->until_text)
		return NULL;
	c->until = day_parse(c->until_text);
	if (c->until == DAY_NONE)
		return "Datumet ska skrivas som 2027-01-31.";
	if (c->until <= today)
		return "Datumet måste ligga framåt i tiden.";
	return NULL;
}

/* Why we cannot take it, whatever was typed. */
static const char *
refusal(const struct view *view, const struct choice *c)
{
	if (!c->on)
		return "Förslaget finns inte längre bland dem som du ska ta ställning till.";
	if (strcmp(c->version, c->on->p.version) != 0)
		return "Förslaget har ändrats sedan sidan visades. Läs det igen och välj på nytt.";
	if (view_pending(view, c->id))
		return "Du har redan beslutat om det. Beslutet väntar på att verifieras.";
	return NULL;
}

static void
read_one(struct request *r, struct view *view, const char *id, const char *version)
{
	struct choice c = { .id = id, .version = version, .on = find_open(view, id), .until = DAY_NONE };
	const char *prefix, *from, *word = word_for(r, &c, &prefix, &from);

	c.reason = get(r, *prefix ? "gr" : "r", from);
	c.until_text = get(r, *prefix ? "gu" : "u", from);
	if (*word) {
		c.made = true;
		c.verdict = strcmp(word, verdict_word[VERDICT_APPROVE]) == 0 ? VERDICT_APPROVE : VERDICT_KEEP;
		c.problem = refusal(view, &c);
		view->refused += c.problem != NULL;
		if (!c.problem && strcmp(word, verdict_word[c.verdict]) != 0)
			c.problem = "Välj Godkänn eller Behåll.";
		else if (!c.problem && c.verdict == VERDICT_KEEP)
			c.problem = keep_problem(r, &c);
		view->mistakes += c.problem && !refusal(view, &c);
		view->made += !c.problem;
		view->destroys |= !c.problem && c.verdict == VERDICT_APPROVE && c.on->p.kind == KIND_DESTROY;
	}
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

/* ------------------------------------------------------------------ into the inbox */

static const char *
proof(struct request *r, const char *once)
{
	json_t *o = json_object();
	char *text;

	json_put(o, "kind", "code");
	json_put(o, "session", r->session.id);
	json_put(o, "letter", r->letter.id);
	json_put(o, "form", once);
	json_object_set_new(o, "code_sent", json_integer(r->session.code_sent));
	json_object_set_new(o, "proved", json_integer(r->session.proved));
	text = json_canonical(r->mem, o);
	json_decref(o);
	return text;
}

/* Those of this session; of the form `once`, or of the last one when that is "". */
int
choice_saved(struct request *r, const char *once, struct inbox_decisions *out, struct error *err)
{
	struct inbox_decisions all = { 0 };
	const char *last = NULL;

	if (inbox_decisions(r->mem, r->server->inbox, 0, &all, err) < 0)
		return -1;
	for (size_t i = all.list.count; i-- > 0;) {
		const struct inbox_decision *d = &all.list.items[i];
		json_t *o;
		const char *form;
		if (d->at < r->session.proved)
			break;
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
	const char *how = proof(r, once);
	size_t count = 0;

	for (size_t i = 0; i < view->choices.count; i++) {
		const struct choice *c = &view->choices.items[i];
		bool keep = c->verdict == VERDICT_KEEP;
		if (!c->made || c->problem)
			continue;
		rows[count++] = (struct inbox_decision){
			.token = r->session.token, .proposal = c->on->id, .version = c->on->p.version,
			.verdict = verdict_word[c->verdict], .reason = keep ? c->reason : NULL,
			.until = keep ? c->until : DAY_NONE, .at = r->now, .proof = how,
		};
	}
	return inbox_decisions_add(r->server->inbox, rows, count, err);
}
