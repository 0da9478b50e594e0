/* SPDX-License-Identifier: GPL-3.0-or-later */
/* questions.c - a letter to somebody whom an owner wants to hear before they answer. */
#include "notify_p.h"
#include "behov/text.h"

struct advisor { const struct question *first; LIST(const char *) about; };     /* "q7", "q9" */
struct advisors { LIST(struct advisor) list; };

static const char *
called(struct arena *mem, const struct question *q)
{
	return arena_print(mem, "q%lld", q->id);
}

/* Not written yet, or so long ago that they are reminded. */
static int
is_due(struct arena *mem, const struct notify_input *in, const struct question *q, bool *out, struct error *err)
{
	struct letters letters;
	const struct letter *last;

	if (store_letter_about(mem, in->store, q->key, called(mem, q), &letters, err) < 0)
		return -1;
	last = letters.list.items;
	*out = !letters.list.count || (last->sent != INT64_MIN &&
	       (last->problem || clock_day(in->now) - clock_day(last->sent) >= in->rules->conf.reminder_days));
	return 0;
}

static void
note(struct arena *mem, struct advisors *all, const struct question *q)
{
	struct advisor *who = NULL;

	for (size_t i = 0; i < all->list.count && !who; i++)
		if (strcmp(all->list.items[i].first->key, q->key) == 0)
			who = &all->list.items[i];
	if (!who) {
		who = arena_push(mem, &all->list);
		who->first = q;
	}
	*arena_push(mem, &who->about) = called(mem, q);
}

static int
write_to(struct arena *mem, const struct notify_input *in, const struct advisor *who, long long *letters, struct error *err)
{
	struct letter letter = { .kind = "question", .key = who->first->key, .name = who->first->name,
				 .display = who->first->display, .mail = who->first->mail, .created = in->now, .sent = INT64_MIN,
				 .proposals = who->about.items, .proposal_count = (int)who->about.count };

	letter.id = letter_id(mem, letter.kind, letter.key, in->now, who->about.items, who->about.count);
	return letter_post(mem, in, &letter, letters, err);
}

int
questions_compose(struct arena *mem, const struct notify_input *in, long long *letters, struct error *err)
{
	struct advisors all = { 0 };
	struct questions open;

	if (store_questions(mem, in->store, &(struct question_filter){ .open = true }, &open, err) < 0)
		return -1;
	for (size_t i = 0; i < open.list.count; i++) {
		const struct question *q = &open.list.items[i];
		bool due = false;

		if (q->key && mail_address(q->mail) && is_due(mem, in, q, &due, err) < 0)
			return -1;
		if (due)
			note(mem, &all, q);
	}
	for (size_t i = 0; i < all.list.count; i++)
		if (write_to(mem, in, &all.list.items[i], letters, err) < 0)
			return -1;
	return 0;
}

/* ------------------------------------------------------------------ what stands in it */

static const char *
asker(const struct question *q, const struct stored *s)
{
	for (size_t i = 0; i < s->p.approvers.count; i++)
		if (strcmp(s->p.approvers.items[i].key, q->by_key) == 0 && s->p.approvers.items[i].display)
			return s->p.approvers.items[i].display;
	return q->by_name;
}

static bool
is_about(struct arena *mem, const struct letter *letter, const struct question *q)
{
	for (int i = 0; i < letter->proposal_count; i++)
		if (strcmp(letter->proposals[i], called(mem, q)) == 0)
			return true;
	return false;
}

/* Above class 2 the letter says no more than that somebody asks. */
static int
tell(struct arena *mem, const struct notify_input *in, const struct question *q, json_t *rows, struct error *err)
{
	const struct language *l = letter_language(in);
	struct stored_list found = { 0 };
	const struct stored *s;
	json_t *o;

	if (store_proposals(mem, in->store, &(struct proposal_filter){ .id = q->proposal }, &found, err) < 0)
		return -1;
	s = found.list.count == 1 && STATES(found.list.items[0].state) & STATES_ASKED ? &found.list.items[0] : NULL;
	if (s) {
		bool may = letter_may_name(s->p.konfidentialitet);

		o = json_object();
		letter_put(mem, o, "title", letter_heading(mem, in->rules, l, &s->p));
		letter_put(mem, o, "line", may ? letter_line(mem, in->rules, l, &s->p) : NULL);
		letter_put(mem, o, "by", may ? asker(q, s) : NULL);
		letter_put(mem, o, "question", may ? q->text : NULL);
		json_array_append_new(rows, o);
	}
	stored_free(&found);
	return 0;
}

int
letter_question(struct arena *mem, const struct notify_input *in, const struct letter *letter, struct mail *out, struct error *err)
{
	const struct conf *conf = &in->rules->conf;
	struct questions open;
	json_t *data, *rows;
	const char *token;
	int rc = 0;

	if (notify_token(mem, conf, letter->id, &token, err) < 0 ||
	    store_questions(mem, in->store, &(struct question_filter){ .key = letter->key, .open = true }, &open, err) < 0)
		return -1;
	rows = json_array();
	for (size_t i = 0; i < open.list.count && rc == 0; i++)
		if (is_about(mem, letter, &open.list.items[i]))
			rc = tell(mem, in, &open.list.items[i], rows, err);
	data = letter_data(mem, conf, letter, token);
	json_object_set(data, "rows", rows);
	if (rc == 0 && json_array_size(rows))
		rc = letter_render(mem, letter_language(in), "question", data, out, err);
	out->subject = speak(letter_language(in), "Behov: du tillfrågas innan något beslutas");
	json_decref(rows);
	json_decref(data);
	return rc;
}
