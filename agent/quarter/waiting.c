/* SPDX-License-Identifier: GPL-3.0-or-later */
/* waiting.c - what is not done: unanswered, approved and not carried out, open since last quarter, back again. */
#include "quarter_p.h"

#define OLD 30                          /* days after which what waits, or is approved and not done, is red */
#define ROWS_MOST 50                    /* on the page */

static const struct document_column waiting_columns[] = {
	{ "opened", "Sedan", CELL_DAY }, { "days", "Dagar", CELL_NUMBER }, { "about", "Gäller", CELL_TEXT }, { "who", "Vem eller vad", CELL_TEXT },
	{ "state", "Läge", CELL_TEXT }, { "asked", "Frågade", CELL_TEXT }, { "needs", "Antal som måste godkänna", CELL_NUMBER },
	{ "class", "Konfidentialitet", CELL_NUMBER }, { "note", "Anmärkning", CELL_TEXT }, { "proposal", "Förslag", CELL_TEXT },
};

/* Those whose turn it was; nobody: it waits for its turn, or is braked. */
static const char *
asked_of(const struct quarter *q, const struct proposal *p)
{
	struct arena *mem = q->mem;
	const char *all = NULL;

	for (size_t i = 0; i < p->approvers.count; i++) {
		const struct approver *a = &p->approvers.items[i];

		if (a->asked && a->asked < q->span.end && !(i && a[-1].asked && strcmp(a[-1].key, a->key) == 0))
			all = arena_print(mem, "%s%s%s", all ? all : "", all ? ", " : "", a->name ? a->name : "-");
	}
	return straight(mem, all);
}

struct waiting {
	struct quarter *q;
	struct kept_rows *rows;
	json_t *page;                   /* the oldest */
	long long count, old, oldest, states[STATE_SUPERSEDED + 1];
};

/* Something in the list, and since when it is what it is. */
struct item { const struct stored *s; enum state then; int64_t since; };

static int
oldest_first(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	return x->since != y->since ? (x->since > y->since) - (x->since < y->since) : strcmp(x->s->id, y->s->id);
}

static void
add_waiting(struct waiting *w, const struct item *item, enum told told)
{
	const struct stored *s = item->s;
	enum state then = item->then;
	int64_t since = item->since;
	struct quarter *q = w->q;
	const struct past_state *past = past_then(q, s);
	long long days = days_since(q, since);
	const char *about = where_of(q, &s->p), *who = who_of(q->mem, &s->p), *asked = asked_of(q, &s->p);
	const char *age = days ? arena_print(q->mem, "sedan %s", many(q->mem, days, "dag", "dagar")) : "sedan mindre än ett dygn";
	bool class3 = s->p.konfidentialitet >= 0;

	rows_add(w->rows, (const char *[]){ day_of(q->mem, since), number_text(q->mem, days), about, who, state_said(then), asked,
					    number_text(q->mem, s->p.needs), class3 ? number_text(q->mem, s->p.konfidentialitet) : NULL,
					    written(q->mem, past ? past->note : s->since < q->span.end ? s->note : NULL), s->id });
	w->count++;
	w->states[then]++;
	w->old += days > OLD && then != STATE_QUARANTINED;      /* how long those stay is the share's own matter */
	w->oldest = days > w->oldest ? days : w->oldest;
	if (is_access(&s->p))
		tell_system(q, s->p.system, told, arena_print(q->mem, "%s: %s", role_name(q, s->p.system, s->p.role), who),
			    arena_print(q->mem, "%s, %s%s%s", state_said(then), age, asked ? "; frågade: " : "", asked ? asked : ""));
	if (w->count <= ROWS_MOST) {
		json_t *o = json_object();

		json_put(o, "about", about);
		json_put(o, "who", who);
		put_number(o, "days", days);
		json_put(o, "state", state_said(then));
		json_put(o, "asked", asked);
		json_array_append_new(w->page, o);
	}
}

static void
end_waiting(struct waiting *w, const char *key)
{
	json_t *states = json_array(), *out = json_object_get(w->q->page, key);

	for (int s = STATE_OPEN; s <= STATE_SUPERSEDED; s++)
		if (w->states[s])
			json_array_append_new(states, json_pack("{s:s, s:I}", "word", state_said((enum state)s), "count", (json_int_t)w->states[s]));
	put_number(out, "count", w->count);
	put_number(out, "old", w->old);
	put_number(out, "oldest", w->oldest);
	json_put(out, "oldest_text", w->count ? many(w->q->mem, w->oldest, "dag", "dagar") : NULL);
	json_object_set_new(out, "states", states);
	json_object_set_new(out, "has_rows", json_boolean(w->count > 0));
	json_put(out, "more", w->count > ROWS_MOST ? text_count(w->q->mem, w->count - ROWS_MOST) : NULL);
}

static struct waiting
begin_waiting(struct quarter *q, const char *key, const char *id, const char *title)
{
	struct waiting w = { .q = q, .rows = rows_keep(q, id, title, COLUMNS(waiting_columns)) };
	json_t *out = json_object();

	json_object_set_new(q->page, key, out);
	w.page = put_list(out, "rows");
	return w;
}

static void
conclude_waiting(struct quarter *q, const struct waiting *waits, const struct waiting *going)
{
	if (waits->count)
		conclude(q, "act", arena_print(q->mem, "%s förslag väntar på svar, det äldsta sedan %s.", text_count(q->mem, waits->count),
					       many(q->mem, waits->oldest, "dag", "dagar")),
			 "Inget svar betyder att behörigheten finns kvar och att inget gallras. De står under varje system.", "#vantar");
	if (waits->old)
		conclude(q, "red", arena_print(q->mem, "%s förslag har väntat mer än %d dagar.", text_count(q->mem, waits->old), OLD),
			 "Ingen har svarat. Den som frågas behöver svara, eller en annan behöver utses.", "#vantar");
	if (waits->states[STATE_BRAKED])
		conclude(q, "act", many(q->mem, waits->states[STATE_BRAKED], "förslag är bromsat.", "förslag är bromsade."),
			 "Så många nya på en gång skickas inte ut förrän en administratör har sett dem.", "#vantar");
	if (going->old)
		conclude(q, "red", arena_print(q->mem, "%s efter %d dagar.", many(q->mem, going->old, "godkänd åtgärd är inte genomförd", "godkända åtgärder är inte genomförda"), OLD),
			 "Beslutet är fattat, men behörigheten eller filerna finns kvar.", "#godkant");
	if (going->states[STATE_QUARANTINED])
		conclude(q, "note", many(q->mem, going->states[STATE_QUARANTINED], "gallring ligger i karantän.", "gallringar ligger i karantän."),
			 "Filerna är undanflyttade men inte gallrade.", "#godkant");
	if (going->states[STATE_FAILED])
		conclude(q, "red", many(q->mem, going->states[STATE_FAILED], "åtgärd misslyckades.", "åtgärder misslyckades."),
			 "En administratör behöver se varför.", "#godkant");
}

void
put_waiting(struct quarter *q)
{
	struct waiting waits = begin_waiting(q, "waiting", "waiting", "Väntar på svar");
	struct waiting going = begin_waiting(q, "going", "going", "Godkänt men inte genomfört");
	struct item *sorted = arena_array(q->mem, struct item, q->mine.count + 1);

	for (size_t i = 0; i < q->mine.count; i++) {
		const struct stored *s = q->mine.items[i];
		enum state then = state_then(q, s);

		sorted[i] = (struct item){ s, then, STATES(then) & STATES_ASKED ? s->opened : since_then(q, s) };
	}
	if (q->mine.count)
		qsort(sorted, q->mine.count, sizeof(*sorted), oldest_first);
	for (size_t i = 0; i < q->mine.count; i++) {
		if (STATES(sorted[i].then) & STATES_ASKED)
			add_waiting(&waits, &sorted[i], TOLD_WAITING);
		else if (STATES(sorted[i].then) & (STATES_GOING | STATES(STATE_FAILED)))
			add_waiting(&going, &sorted[i], TOLD_GOING);
	}
	end_waiting(&waits, "waiting");
	end_waiting(&going, "going");
	conclude_waiting(q, &waits, &going);
}

/* ------------------------------------------------------------------ back again */

/* Undone by who approved, or put back after it was carried out. */
static long long
count_undone(const struct quarter *q)
{
	long long count = 0;

	for (size_t i = 0; i < q->answers.count; i++)
		count += q->answers.items[i].d->verdict == VERDICT_UNDO;
	return count;
}

/* It was taken away once, and was asked about anew in the quarter: so it had come back. */
static int
was_done(struct quarter *q, const struct stored *s, bool *out, struct error *err)
{
	struct proposal_filter filter = { .key = s->p.key, .states = STATES(STATE_DONE), .brief = true };
	struct stored_list list;

	*out = false;
	if (store_proposals(q->mem, q->in->store, &filter, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.list.count; i++)
		*out |= list.list.items[i].episode < s->episode;
	stored_free(&list);
	return 0;
}

static int
put_regrants(struct quarter *q, json_t *out, struct error *err)
{
	json_t *rows = put_list(out, "regrants");
	long long count = 0;

	for (size_t i = 0; i < q->mine.count; i++) {
		const struct stored *s = q->mine.items[i];
		bool done = false;

		if (!is_access(&s->p) || s->episode < 2 || !within(q, s->opened))
			continue;
		if (was_done(q, s, &done, err) < 0)
			return -1;
		if (done && ++count <= ROWS_MOST)
			json_array_append_new(rows, json_pack("{s:s, s:s, s:s}", "who", who_of(q->mem, &s->p), "about", where_of(q, &s->p),
							      "day", day_of(q->mem, s->opened)));
	}
	put_number(out, "regrant_count", count);
	json_object_set_new(out, "has_regrants", json_boolean(count > 0));
	if (count)
		conclude(q, "red", many(q->mem, count, "borttagen behörighet har getts på nytt.", "borttagna behörigheter har getts på nytt."),
			 count == 1 ? "Någon lade tillbaka den vid sidan av beslutet. Vem som gjorde det står i katalogens säkerhetslogg." :
			 "Någon lade tillbaka dem vid sidan av beslutet. Vem som gjorde det står i katalogens säkerhetslogg.", "#ater");
	return 0;
}

/* What had no answer, or was approved and not done, when the quarter began; and what became of it. */
static void
put_open_before(struct quarter *q, json_t *out)
{
	long long states[STATE_SUPERSEDED + 1] = { 0 }, count = 0;
	json_t *rows = put_list(out, "open_before");

	for (size_t i = 0; i < q->mine.count; i++) {
		const struct stored *s = q->mine.items[i];
		int64_t since;
		enum state was = state_before(q, s, &since);
		bool settled = since < q->span.from && !(STATES(was) & (STATES_ASKED | STATES_GOING | STATES(STATE_FAILED)));

		if (s->opened >= q->span.from || settled)
			continue;
		count++;
		states[state_then(q, s)]++;
	}
	for (int s = STATE_OPEN; s <= STATE_SUPERSEDED; s++)
		if (states[s])
			json_array_append_new(rows, json_pack("{s:s, s:I}", "word", state_said((enum state)s), "count", (json_int_t)states[s]));
	put_number(out, "open_before_count", count);
}

int
put_again(struct quarter *q, struct error *err)
{
	json_t *out = json_object();

	json_object_set_new(q->page, "again", out);
	put_number(out, "undone", count_undone(q));
	put_open_before(q, out);
	return put_regrants(q, out, err);
}
