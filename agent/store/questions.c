/* SPDX-License-Identifier: GPL-3.0-or-later */
/* questions.c - what owners want to know of somebody else before they answer, and what they were told. */
#include "store_p.h"

const char *const question_word[] = { "colleague", "rule", NULL };
const char *const advice_word[] = { "", "remove", "keep", "unknown", NULL };
#define KINDS 2
#define ADVICES 4

int
store_question_add(struct store *store, const struct question *question, struct error *err)
{
	struct query q;

	if (query_open(&store->base, &q, "insert into question (proposal, kind, typed, text, by_key, by_name, at, advice)"
		       " values (?, ?, ?, ?, ?, ?, ?, '')", err) < 0)
		return -1;
	bind_text(&q, question->proposal);
	bind_text(&q, question_word[question->kind]);
	bind_text(&q, question->to);
	bind_text(&q, question->text);
	bind_text(&q, question->by_key);
	bind_text(&q, question->by_name);
	bind_moment(&q, question->at);
	return query_done(store, &q, err);
}

int
store_question_put(struct store *store, const struct question *question, struct error *err)
{
	struct query q;

	if (query_open(&store->base, &q, "update question set key = ?, name = ?, display = ?, mail = ?, problem = ?, advice = ?,"
		       " answer = ?, answered = ?, closed = ? where id = ?", err) < 0)
		return -1;
	bind_text(&q, question->key);
	bind_text(&q, question->name);
	bind_text(&q, question->display);
	bind_text(&q, question->mail);
	bind_text(&q, question->problem);
	bind_text(&q, advice_word[question->advice]);
	bind_text(&q, question->answer);
	bind_moment(&q, question->answered);
	bind_moment(&q, question->closed);
	bind_number(&q, question->id);
	return query_done(store, &q, err);
}

static int
read_row(struct arena *mem, struct query *q, struct question *out, struct error *err)
{
	int kind = word_index(column_text(mem, q, 2), question_word, KINDS, err);
	int advice = word_index(column_text(mem, q, 13), advice_word, ADVICES, err);

	if (kind < 0 || advice < 0)
		return -1;
	*out = (struct question){
		.id = column_number(q, 0), .proposal = column_text(mem, q, 1), .kind = (enum question_kind)kind,
		.to = column_text(mem, q, 3), .text = column_text(mem, q, 4), .by_key = column_text(mem, q, 5),
		.by_name = column_text(mem, q, 6), .at = column_moment(q, 7), .key = column_text(mem, q, 8),
		.name = column_text(mem, q, 9), .display = column_text(mem, q, 10), .mail = column_text(mem, q, 11),
		.problem = column_text(mem, q, 12), .advice = (enum advice)advice, .answer = column_text(mem, q, 14),
		.answered = column_moment(q, 15), .closed = column_moment(q, 16) };
	return 0;
}

static const char *
about(struct arena *mem, const struct question_filter *filter)
{
	return arena_print(mem, " and exists (select 1 from approver a join proposal p on p.id = a.proposal"
			   " where a.proposal = question.proposal and a.key = ?4%s)", states_in(mem, filter->states, "coalesce(p.state, '')"));
}

int
store_questions(struct arena *mem, struct store *store, const struct question_filter *filter, struct questions *out,
		struct error *err)
{
	struct query q;
	int rc = 0;

	*out = (struct questions){ 0 };
	if (query_open(&store->base, &q, arena_print(mem, "select id, proposal, kind, typed, text, by_key, by_name, at, key, name, display,"
		       " mail, problem, advice, answer, answered, closed from question where %s and %s and (?3 = 0 or closed is null)%s order by id",
		       filter->proposal ? "proposal = ?1" : "?1 is null", filter->key ? "key = ?2" : "?2 is null", filter->approver ? about(mem, filter) : ""),
		       err) < 0)
		return -1;
	bind_text(&q, filter->proposal);
	bind_text(&q, filter->key);
	bind_number(&q, filter->open);
	if (filter->approver)
		bind_text(&q, filter->approver);
	while (rc == 0 && query_row(&q, err)) {
		struct question one;

		rc = read_row(mem, &q, &one, err);
		if (rc == 0)
			*arena_push(mem, &out->list) = one;
	}
	return query_close(&q, err) < 0 || rc < 0 ? -1 : 0;
}
