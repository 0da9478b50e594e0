/* SPDX-License-Identifier: GPL-3.0-or-later */
/* proposals.c - proposals. */
#include "store_p.h"
#include "behov/digest.h"
#include "behov/json.h"

#include <zstd.h>

#define STATE_COUNT (STATE_SUPERSEDED + 1)
#define KIND_COUNT 4

bool
stored_by_hand(const struct stored *s)
{
	const char *slash = s->note ? strrchr(s->note, '/') : NULL, *name = slash ? slash + 1 : s->note;

	return s->state == STATE_EXPORTED && s->p.kind != KIND_DELIVER && name && strncmp(name, WORK_LIST, strlen(WORK_LIST)) == 0;
}

#define COLUMNS "id, key, episode, kind, version, system, role, also, account, display, guid, grp, group_guid, member," \
		" path, accounts, by_hand, series, share, batch, files, bytes, due, manifest, whole, owner, needs,"      \
		" konfidentialitet, scope, why, rule_file, rule_line, evidence, approvers, state, opened, since, go_at,"   \
		" until, note"

/* The same, with nothing where somebody must look inside. */
#define BRIEF "id, key, episode, kind, version, system, role, null, account, display, guid, grp, group_guid, member,"    \
	      " null, accounts, by_hand, series, share, batch, files, bytes, due, manifest, whole, owner, needs,"        \
	      " konfidentialitet, scope, why, rule_file, rule_line, null, approvers, state, opened, since, go_at,"       \
	      " until, note"

/* ------------------------------------------------------------------ approvers and evidence as JSON */

static char *
approvers_json(struct arena *mem, const struct proposal *p)
{
	json_t *array = json_array();
	char *out;

	for (size_t i = 0; i < p->approvers.count; i++) {
		const struct approver *a = &p->approvers.items[i];
		json_t *o = json_object();

		json_put(o, "key", a->key);
		json_put(o, "name", a->name);
		json_put(o, "display", a->display);
		json_put(o, "mail", a->mail);
		json_put(o, "as", a->as);
		json_object_set_new(o, "seat", json_integer(a->seat));
		json_object_set_new(o, "waited", json_integer(a->waited));
		json_object_set_new(o, "asked", json_integer(a->asked));
		json_array_append_new(array, o);
	}
	out = json_canonical(mem, array);
	json_decref(array);
	return out;
}

static int
read_approvers(struct arena *mem, const char *text, struct proposal *p, struct error *err)
{
	json_t *array = NULL;

	if (!text)
		return 0;
	if (json_read(text, strlen(text), &array, err) < 0)
		return error_in(err, "reading who is asked");
	for (size_t i = 0; i < json_array_size(array); i++) {
		const json_t *o = json_array_get(array, i);

		*arena_push(mem, &p->approvers) = (struct approver){
			.key = arena_text(mem, json_text(o, "key")), .name = arena_text(mem, json_text(o, "name")),
			.display = arena_text(mem, json_text(o, "display")), .mail = arena_text(mem, json_text(o, "mail")),
			.as = arena_text(mem, json_text(o, "as")),
			.seat = (int)json_number(o, "seat", (long long)i),      /* before there were seats, each had one */
			.waited = (int)json_number(o, "waited", 0), .asked = json_number(o, "asked", 0) };
	}
	json_decref(array);
	return 0;
}

/* ------------------------------------------------------------------ out */

static int
read_lists(struct arena *mem, struct query *q, struct proposal *p, struct error *err)
{
	const char *evidence = column_text(mem, q, 32);

	if (texts_read(mem, column_text(mem, q, 7), &p->also, &p->also_count, err) < 0 ||
	    texts_read(mem, column_text(mem, q, 14), &p->path, &p->path_count, err) < 0 ||
	    read_approvers(mem, column_text(mem, q, 33), p, err) < 0)
		return -1;
	return evidence ? json_read(evidence, strlen(evidence), &p->evidence, err) : 0;
}

static int
read_row(struct arena *mem, struct query *q, struct stored *s, struct error *err)
{
	int kind = word_index(column_text(mem, q, 3), kind_word, KIND_COUNT, err);
	int state = word_index(column_text(mem, q, 34), state_word, STATE_COUNT, err);

	if (kind < 0 || state < 0)
		return -1;
	*s = (struct stored){
		.p = {
			.kind = (enum kind)kind, .key = column_text(mem, q, 1), .version = column_text(mem, q, 4),
			.system = column_text(mem, q, 5), .role = column_text(mem, q, 6), .account = column_text(mem, q, 8),
			.display = column_text(mem, q, 9), .guid = column_text(mem, q, 10), .group = column_text(mem, q, 11),
			.group_guid = column_text(mem, q, 12), .member = column_text(mem, q, 13),
			.accounts = column_number(q, 15), .by_hand = column_number(q, 16) != 0,
			.series = column_text(mem, q, 17), .share = column_text(mem, q, 18), .batch = column_text(mem, q, 19),
			.files = column_number(q, 20), .bytes = column_number(q, 21), .due = column_day(q, 22),
			.manifest = column_text(mem, q, 23), .whole = column_number(q, 24) != 0,
			.owner = column_text(mem, q, 25), .needs = (int)column_number(q, 26),
			.konfidentialitet = (int)column_number(q, 27), .scope = column_text(mem, q, 28),
			.why = column_text(mem, q, 29),
			.rule = { column_text(mem, q, 30), (int)column_number(q, 31) },
		},
		.id = column_text(mem, q, 0), .episode = (int)column_number(q, 2), .state = (enum state)state,
		.opened = column_moment(q, 35), .since = column_moment(q, 36), .go_at = column_moment(q, 37),
		.until = column_day(q, 38), .note = column_text(mem, q, 39),
	};
	return read_lists(mem, q, &s->p, err);
}

/* " and state in ('open', …)": the words are ours. */
const char *
states_in(struct arena *mem, unsigned states, const char *column)
{
	const char *out = "", *between = "";

	if (!states)
		return "";
	for (unsigned i = 0; i < STATE_COUNT; i++)
		if (states & STATES(i)) {
			out = arena_print(mem, "%s%s'%s'", out, between, state_word[i]);
			between = ", ";
		}
	return arena_print(mem, " and %s in (%s)", column, out);
}

/* Only what is asked for: an index is of no use to "? is null or …".  One owner has fewer proposals than there are open
 * ones, and one key has few: then the index of states is hidden. */
static const char *
question(struct arena *mem, const struct proposal_filter *f)
{
	const char *state = f->approver || f->id || f->key ? "coalesce(state, '')" : "state";

	return arena_print(mem, "select %s from proposal where true%s%s%s%s%s%s%s%s", f->brief ? BRIEF : COLUMNS,
			   f->id ? " and id = ?" : "", f->key ? " and key = ?" : "", f->scope ? " and scope = ?" : "",
			   f->approver ? " and id in (select proposal from approver where approver.key = ?)" : "",
			   f->about ? " and ? in (id, key, account)" : "",
			   f->alive_since ? arena_print(mem, " and (since >= ? or (true%s))", states_in(mem, STATES_LIVE, "state")) : "",
			   states_in(mem, f->states, state), f->brief ? "" : " order by kind, key, episode");
}

int
store_proposals(struct arena *mem, struct store *store, const struct proposal_filter *filter, struct stored_list *out,
		struct error *err)
{
	const char *const words[] = { filter->id, filter->key, filter->scope, filter->approver, filter->about };
	struct query q;
	int rc = 0;

	*out = (struct stored_list){ 0 };
	if (query_open(&store->base, &q, question(mem, filter), err) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (words[i])
			bind_text(&q, words[i]);
	if (filter->alive_since)
		bind_number(&q, filter->alive_since);
	while (rc == 0 && query_row(&q, err)) {
		struct stored one;

		rc = read_row(mem, &q, &one, err);
		if (rc == 0)
			*arena_push(mem, &out->list) = one;
	}
	if (query_close(&q, err) < 0 || rc < 0) {
		stored_free(out);
		return -1;
	}
	return 0;
}

void
stored_free(struct stored_list *list)
{
	for (size_t i = 0; i < list->list.count; i++)
		json_decref(list->list.items[i].p.evidence);
	list->list.count = 0;
}

/* ------------------------------------------------------------------ in */

static int
put_approvers(struct store *store, const struct stored *s, struct error *err)
{
	struct query q;

	if (query_open(&store->base, &q, "delete from approver where proposal = ?", err) < 0)
		return -1;
	bind_text(&q, s->id);
	if (query_done(NULL, &q, err) < 0)
		return -1;
	for (size_t i = 0; i < s->p.approvers.count; i++) {
		const struct approver *a = &s->p.approvers.items[i];

		if (query_open(&store->base, &q, "insert into approver (proposal, seat, key, asked, waited) values (?, ?, ?, ?, ?)"
			       " on conflict do nothing", err) < 0)
			return -1;
		bind_text(&q, s->id);
		bind_number(&q, a->seat);
		bind_text(&q, a->key);
		bind_moment(&q, a->asked ? a->asked : INT64_MIN);
		bind_number(&q, a->waited);
		if (query_done(NULL, &q, err) < 0)
			return -1;
	}
	return 0;
}

/* In the order of COLUMNS. */
static void
bind_proposal(struct arena *mem, struct query *q, const struct stored *s)
{
	const struct proposal *p = &s->p;

	bind_text(q, s->id);
	bind_text(q, p->key);
	bind_number(q, s->episode);
	bind_text(q, kind_word[p->kind]);
	bind_text(q, p->version);
	bind_text(q, p->system);
	bind_text(q, p->role);
	bind_text(q, texts_json(mem, p->also, p->also_count));
	bind_text(q, p->account);
	bind_text(q, p->display);
	bind_text(q, p->guid);
	bind_text(q, p->group);
	bind_text(q, p->group_guid);
	bind_text(q, p->member);
	bind_text(q, texts_json(mem, p->path, p->path_count));
	bind_number(q, p->accounts);
	bind_number(q, p->by_hand);
	bind_text(q, p->series);
	bind_text(q, p->share);
	bind_text(q, p->batch);
	bind_number(q, p->files);
	bind_number(q, p->bytes);
	bind_day(q, p->kind == KIND_DESTROY || p->kind == KIND_DELIVER ? p->due : DAY_NONE);
	bind_text(q, p->manifest);
	bind_number(q, p->whole);
	bind_text(q, p->owner);
	bind_number(q, p->needs);
	bind_number(q, p->konfidentialitet);
	bind_text(q, p->scope);
	bind_text(q, p->why);
	bind_text(q, p->rule.file);
	bind_number(q, p->rule.line);
	bind_text(q, p->evidence ? json_canonical(mem, p->evidence) : NULL);
	bind_text(q, approvers_json(mem, p));
	bind_text(q, state_word[s->state]);
	bind_moment(q, s->opened);
	bind_moment(q, s->since);
	bind_moment(q, s->go_at);
	bind_day(q, s->until);
	bind_text(q, s->note);
}

static int
write_row(struct store *store, const struct stored *s, const char *sql, struct error *err)
{
	struct arena *mem = arena_open();
	bool own = !store->within;
	struct query q;
	int rc = own ? store_begin(store, err) : 0;

	if (rc == 0)
		rc = query_open(&store->base, &q, sql, err);
	if (rc == 0) {
		bind_proposal(mem, &q, s);
		rc = query_done(NULL, &q, err);
	}
	if (rc == 0)
		rc = put_approvers(store, s, err);
	if (own && rc == 0)
		rc = store_commit(store, err);
	if (own && rc < 0)
		store_rollback(store);
	arena_close(mem);
	return rc;
}

int
store_proposal_add(struct arena *mem, struct store *store, struct stored *s, struct error *err)
{
	struct query q;

	if (query_open(&store->base, &q, "select coalesce(max(episode), 0) + 1 from proposal where key = ?", err) < 0)
		return -1;
	bind_text(&q, s->p.key);
	if (query_row(&q, err))
		s->episode = (int)column_number(&q, 0);
	if (query_close(&q, err) < 0)
		return -1;
	s->id = arena_print(mem, "%s-%d", s->p.key, s->episode);
	return write_row(store, s, "insert into proposal (" COLUMNS ") values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
			 " ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", err);
}

int
store_proposal_put(struct store *store, const struct stored *s, struct error *err)
{
	return write_row(store, s, "update proposal set system = ?6, role = ?7, also = ?8, account = ?9, display = ?10,"
			 " guid = ?11, grp = ?12, group_guid = ?13, member = ?14, path = ?15, accounts = ?16, by_hand = ?17,"
			 " series = ?18, share = ?19, batch = ?20, files = ?21, bytes = ?22, due = ?23, manifest = ?24,"
			 " whole = ?25, owner = ?26, needs = ?27, konfidentialitet = ?28, scope = ?29, why = ?30,"
			 " rule_file = ?31, rule_line = ?32, evidence = ?33, approvers = ?34, state = ?35, since = ?37,"
			 " go_at = ?38, until = ?39, note = ?40 where id = ?1 and key = ?2 and episode = ?3 and kind = ?4"
			 " and version = ?5 and opened = ?36", err);
}

static int
state_of(struct store *store, const char *id, enum state *out, struct error *err)
{
	static const char sql[] = "select state from proposal where id = ?";
	struct arena *mem = arena_open();
	struct query q;
	int found = -1;

	if (query_again(&store->base, &q, sql, err) < 0)
		goto out;
	bind_text(&q, id);
	if (query_row(&q, err))
		found = word_index(column_text(mem, &q, 0), state_word, STATE_COUNT, err);
	else if (!q.failed)
		error_set(err, ERROR_STORE, "there is no proposal '%s'", id);
	if (query_close(&q, err) < 0)
		found = -1;
out:
	arena_close(mem);
	if (found >= 0)
		*out = (enum state)found;
	return found < 0 ? -1 : 0;
}

/* Who was asked before, and gave no answer that counts, is asked since now. */
static int
ask_anew(struct store *store, const char *id, int64_t now, struct error *err)
{
	struct arena *mem = arena_open();
	struct stored_list list = { 0 };
	struct decisions given = { 0 };
	int rc = store_proposals(mem, store, &(struct proposal_filter){ .id = id }, &list, err);

	if (rc == 0)
		rc = store_decisions(mem, store, id, INT64_MIN, &given, err);
	for (size_t i = 0; i < list.list.count && rc == 0; i++) {
		struct stored *s = &list.list.items[i];

		for (size_t k = 0; k < s->p.approvers.count; k++) {
			struct approver *a = &s->p.approvers.items[k];

			a->asked = a->asked && !seats_answered(&given, s, a->seat) ? now : a->asked;
		}
		rc = store_proposal_put(store, s, err);
	}
	stored_free(&list);
	arena_close(mem);
	return rc;
}

/* What it was until now. */
static int
keep_state(struct store *store, const char *id, int64_t now, struct error *err)
{
	static const char sql[] = "insert into state_past select id, state, since, note, ? from proposal where id = ?";
	struct query q;

	if (query_again(&store->base, &q, sql, err) < 0)
		return -1;
	bind_moment(&q, now);
	bind_text(&q, id);
	return query_done(NULL, &q, err);
}

static int
move(struct store *store, const char *id, enum happening what, int64_t now, int64_t go_at, day_t until, const char *note,
     struct error *err)
{
	static const char sql[] = "update proposal set state = ?, since = ?, go_at = ?, until = ?, note = ? where id = ? and state = ?";
	enum state from;
	struct query q;

	if (state_of(store, id, &from, err) < 0)
		return -1;
	if (!(life[what].from & STATES(from)))
		return error_set(err, ERROR_STORE, "proposal '%s' is %s: '%s' cannot happen to it", id, state_word[from],
				 happening_word[what]);
	if (keep_state(store, id, now, err) < 0 || query_again(&store->base, &q, sql, err) < 0)
		return -1;
	bind_text(&q, state_word[life[what].to]);
	bind_moment(&q, now);
	bind_moment(&q, go_at);
	bind_day(&q, until);
	bind_text(&q, note);
	bind_text(&q, id);
	bind_text(&q, state_word[from]);
	return query_done(store, &q, err);
}

int
store_proposal_move(struct store *store, const char *id, enum happening what, int64_t now, int64_t go_at, day_t until,
		    const char *note, struct error *err)
{
	bool anew = what == PROPOSAL_UNDONE || what == PROPOSAL_FREED, own = !store->within;
	int rc = own ? store_begin(store, err) : 0;

	if (rc == 0)
		rc = move(store, id, what, now, go_at, until, note, err);
	if (rc == 0 && anew)
		rc = ask_anew(store, id, now, err);
	if (own && rc == 0)
		rc = store_commit(store, err);
	if (own && rc < 0)
		store_rollback(store);
	return rc;
}

/* SQLite gives the columns of the row that has the min(). */
int
store_states_then(struct arena *mem, struct store *store, int64_t moment, struct past_states *out, struct error *err)
{
	struct query q;

	*out = (struct past_states){ 0 };
	if (query_open(&store->base, &q, "select proposal, state, since, note, min(until) from state_past where until >= ?1 group by proposal"
		       " having since < ?1 order by proposal", err) < 0)
		return -1;
	bind_moment(&q, moment);
	while (query_row(&q, err)) {
		int state = word_index(column_text(mem, &q, 1), state_word, STATE_SUPERSEDED + 1, err);

		if (state < 0) {
			query_close(&q, err);
			return -1;
		}
		*arena_push(mem, &out->list) = (struct past_state){ column_text(mem, &q, 0), (enum state)state, column_moment(&q, 2), column_text(mem, &q, 3) };
	}
	return query_close(&q, err);
}

/* ------------------------------------------------------------------ sums */

int
store_asked(struct arena *mem, struct store *store, int64_t since, struct asked_lately *out, struct error *err)
{
	struct query q;

	*out = (struct asked_lately){ 0 };
	if (query_open(&store->base, &q, "select a.key, count(distinct p.key || a.asked) from approver a join proposal p on p.id = a.proposal"
		       " where a.asked >= ? and a.waited = 0 group by a.key order by a.key", err) < 0)
		return -1;
	bind_moment(&q, since);
	while (query_row(&q, err))
		*arena_push(mem, &out->list) = (struct asked_count){ column_text(mem, &q, 0), column_number(&q, 1) };
	return query_close(&q, err);
}

int
store_queued(struct store *store, const char *key, long long *out, struct error *err)
{
	struct query q;

	/* From those that wait, which are fewer than all that somebody was ever asked: "cross" says which is looked at first. */
	if (query_open(&store->base, &q, "select count(distinct p.id) from proposal p cross join approver a on a.proposal = p.id"
		       " where p.state = ? and a.key = ?", err) < 0)
		return -1;
	bind_text(&q, state_word[STATE_QUEUED]);
	bind_text(&q, key);
	*out = query_row(&q, err) ? column_number(&q, 0) : 0;
	return query_close(&q, err);
}

int
store_tallies(struct arena *mem, struct store *store, struct tallies *out, struct error *err)
{
	struct query q;

	*out = (struct tallies){ 0 };
	if (query_open(&store->base, &q, "select kind, state, system, series, count(*), sum(files), sum(bytes) from proposal"
		       " group by kind, state, system, series order by kind, state, system, series", err) < 0)
		return -1;
	while (query_row(&q, err))
		*arena_push(mem, &out->list) = (struct tally_row){
			column_text(mem, &q, 0), column_text(mem, &q, 1), column_text(mem, &q, 2), column_text(mem, &q, 3),
			column_number(&q, 4), column_number(&q, 5), column_number(&q, 6) };
	return query_close(&q, err);
}
