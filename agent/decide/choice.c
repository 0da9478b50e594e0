/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * choice.c - what somebody chose in a form, and how it gets into the inbox.
 *
 * A proposal that is shown has four fields: v-ID (its version as seen), d-ID ("", approve, keep, undo), r-ID (why it is kept)
 * and u-ID (until when).  The button "bulk" is approve:GROUP or keep:GROUP with gr-GROUP and gu-GROUP.  The confirming
 * page posts the same fields, so that both are read here.
 */
#include "decide_p.h"

#include <behov/digest.h>
#include <behov/json.h>

/* ------------------------------------------------------------------ what was chosen */

static const struct asked *
find_asked(const struct view *view, const char *id)
{
	for (size_t i = 0; i < view->rows.count; i++)
		if (strcmp(view->rows.items[i].s->id, id) == 0)
			return &view->rows.items[i];
	return NULL;
}

const char *
choice_group(struct arena *mem, const struct stored *s)
{
	const struct proposal *p = &s->p;
	unsigned char sum[DIGEST_SIZE];
	struct digest *d = digest_open();

	digest_field(d, state_word[s->state]);
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

static int
verdict_of(const char *word)
{
	for (int i = 0; verdict_word[i]; i++)
		if (strcmp(verdict_word[i], word) == 0)
			return i;
	return -1;
}

/* The word for this proposal, and where its reason and date stand.  Somebody's own choice wins over a bulk button, which
 * is only about those that can be answered so. */
static const char *
word_for(const struct request *r, const struct choice *c, const char **prefix, const char **id)
{
	const char *word = get(r, "d", c->id), *bulk = form_get(&r->form, "bulk"), *colon = strchr(bulk, ':');
	const char *group;
	int verdict;

	*prefix = "";
	*id = c->id;
	if (*word || !c->on || !colon)
		return word;
	word = arena_copy(r->mem, bulk, (size_t)(colon - bulk));
	group = choice_group(r->mem, c->on->s);
	verdict = verdict_of(word);
	if (strcmp(colon + 1, group) != 0 || verdict < 0 || !(c->on->may & MAY(verdict)))
		return "";
	*prefix = "g";
	*id = group;
	return word;
}

static const char *
keep_problem(const struct request *r, struct choice *c)
{
	day_t today = clock_day(r->now);

	c->field = 'r';
	if (blank(c->reason))
		return N_("Skriv varför det ska behållas.");
	if (strlen(c->reason) > REASON_MOST)
		return N_("Skälet är för långt: högst 1 000 tecken.");
	if (!*c->until_text)
		return NULL;
	c->field = 'u';
	c->until = day_parse(c->until_text);
	if (c->until == DAY_NONE)
		return N_("Datumet ska skrivas som 2027-01-31.");
	if (c->until <= today)
		return N_("Datumet måste ligga framåt i tiden.");
	return NULL;
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
judge(struct request *r, struct view *view, struct choice *c, const char *word)
{
	int verdict = verdict_of(word);

	c->made = true;
	c->verdict = verdict < 0 ? VERDICT_KEEP : (enum verdict)verdict;
	c->problem = refusal(c);
	if (c->problem) {
		view->refused++;
		return;
	}
	if (verdict < 0)
		c->problem = N_("Välj ett av svaren.");
	else if (c->verdict == VERDICT_KEEP)
		c->problem = keep_problem(r, c);
	if (c->problem) {
		view->mistakes++;
		return;
	}
	view->made++;
	view->destroys |= c->verdict == VERDICT_APPROVE && c->on->s->p.kind == KIND_DESTROY;
}

static void
read_one(struct request *r, struct view *view, const char *id, const char *version)
{
	struct choice c = { .id = id, .version = version, .on = find_asked(view, id), .until = DAY_NONE,
			    .field = 'd' };
	const char *prefix, *from, *word = word_for(r, &c, &prefix, &from);

	c.reason = get(r, *prefix ? "gr" : "r", from);
	c.until_text = get(r, *prefix ? "gu" : "u", from);
	if (*word)
		judge(r, view, &c, word);
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

const char *
choice_proof(struct request *r, const char *once)
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
		bool keep = c->verdict == VERDICT_KEEP;
		if (!c->made || c->problem)
			continue;
		rows[count++] = (struct inbox_decision){
			.token = r->session.token, .proposal = c->on->s->id, .version = c->on->s->p.version,
			.verdict = verdict_word[c->verdict], .reason = keep ? c->reason : NULL,
			.until = keep ? c->until : DAY_NONE, .at = r->now, .proof = how,
		};
	}
	return inbox_decisions_add(r->server->inbox, rows, count, err);
}
