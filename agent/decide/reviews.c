/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reviews.c - on the page: owners go through the list of who had what when a quarter was over, and say that they have.
 *
 *     GET /granska/LIST?sida=2        the list, page by page: what has changed first
 *     POST /granska                   lista (its number), version (its digest), anmarkning
 *     POST /granska/bevis             once more, by a password: where a code is not enough
 *     POST /granska/bevis/proxy       the same, by the proxy
 *
 * What is shown is what a night has laid before them; what they say is verified by the next one (reviewed.c).
 */
#include "decide_p.h"

#include <behov/digest.h>
#include <behov/json.h>
#include <behov/log.h>

#define LIST_PAGE 400                   /* rows on a page */
#define CHANGED_AGAIN N_("Listan har gjorts om sedan sidan visades. Läs den igen. Ingenting är sparat ännu.")

/* ------------------------------------------------------------------ which are theirs */

static void
note_given(const struct request *r, const struct reviews *given, struct offer *o)
{
	for (size_t i = 0; i < given->list.count; i++) {
		const struct review *g = &given->list.items[i];
		bool theirs = g->key && strcmp(g->key, r->letter.key) == 0;

		if (strcmp(g->quarter, o->list->quarter) != 0 || strcmp(g->system, o->list->system) != 0)
			continue;
		if (theirs && strcmp(g->digest, o->list->digest) == 0) {
			o->refused = g->refused;
			o->own = g->refused ? o->own : g;
		}
		if (!g->refused)
			o->last = g;
	}
}

static const char *
names_of(struct request *r, const struct offers *out)
{
	json_t *ids = json_array();
	const char *text;

	for (size_t i = 0; i < out->list.count; i++)
		json_array_append_new(ids, json_string(take_review_name(r->mem, out->list.items[i].list->quarter, out->list.items[i].list->system)));
	text = json_canonical(r->mem, ids);
	json_decref(ids);
	return text;
}

/* What this person has said, and no night has taken yet. */
static int
read_pending(struct request *r, struct offers *out, struct error *err)
{
	const struct inbox_filter late = { .since = r->now - PENDING_MOST, .proposals = names_of(r, out) };
	struct inbox_decisions waiting = { 0 };
	bool theirs, taken;

	if (!out->list.count)
		return 0;
	if (inbox_decisions(r->mem, r->server->inbox, &late, &waiting, err) < 0)
		return -1;
	for (size_t i = 0; i < waiting.list.count; i++) {
		const struct inbox_decision *d = &waiting.list.items[i];

		if (!take_is_review(d) || !d->proposal || !d->version)
			continue;
		if (store_decision_taken(r->server->store, d->mark, &taken, err) < 0 || view_is_theirs(r, d->token ? d->token : "", &theirs, err) < 0)
			return -1;
		for (size_t k = 0; theirs && !taken && k < out->list.count; k++) {
			struct offer *o = &out->list.items[k];

			o->pending |= strcmp(d->version, o->list->digest) == 0 &&
				      strcmp(d->proposal, take_review_name(r->mem, o->list->quarter, o->list->system)) == 0;
		}
	}
	return 0;
}

/* Their systems are few, those of the municipality are not: each is asked for by itself. */
static int
add_offer(struct request *r, const struct reviewer *me, struct offers *out, struct error *err)
{
	struct store *store = r->server->store;
	struct review_lists lists;
	struct reviews given;
	struct offer *o;

	if (store_lists(r->mem, store, NULL, me->system, false, &lists, err) < 0)
		return -1;
	if (!lists.list.count)
		return 0;
	if (store_reviews(r->mem, store, lists.list.items[0].quarter, me->system, true, &given, err) < 0)
		return -1;
	o = arena_push(r->mem, &out->list);
	*o = (struct offer){ .list = &lists.list.items[0], .me = me, .state = review_state(&lists.list.items[0], &given) };
	note_given(r, &given, o);
	return 0;
}

int
offers_read(struct request *r, struct offers *out, struct error *err)
{
	*out = (struct offers){ 0 };
	if (store_reviewers(r->mem, r->server->store, r->server->rules, NULL, r->letter.key, r->now, &out->theirs, err) < 0)
		return -1;
	for (size_t i = 0; i < out->theirs.list.count; i++)
		if (add_offer(r, &out->theirs.list.items[i], out, err) < 0)
			return -1;
	if (read_pending(r, out, err) < 0)
		return -1;
	for (size_t i = 0; i < out->list.count; i++)
		out->waiting += out->list.items[i].state != REVIEW_DONE && !out->list.items[i].pending;
	return 0;
}

static const struct offer *
offer_of(const struct offers *all, long long list)
{
	for (size_t i = 0; i < all->list.count; i++)
		if (all->list.items[i].list->id == list)
			return &all->list.items[i];
	return NULL;
}

/* ------------------------------------------------------------------ in words */

static const char *
counts(const struct request *r, const struct review_list *list)
{
	return arena_print(r->mem, "%s, %s, %s",
			   arena_print(r->mem, list->people == 1 ? say(r, "%s person") : say(r, "%s personer"), text_count(r->mem, list->people)),
			   arena_print(r->mem, list->added == 1 ? say(r, "%s ny") : say(r, "%s nya"), text_count(r->mem, list->added)),
			   arena_print(r->mem, say(r, "%s borta"), text_count(r->mem, list->removed)));
}

const char *
offer_name(struct request *r, const char *quarter, const char *system)
{
	return arena_print(r->mem, say(r, "Behörighetslistan för %s, %s"), rows_system(r->server->rules, system), quarter);
}

static const char *
given_text(const struct request *r, const struct offer *o)
{
	return o->last ? arena_print(r->mem, say(r, "Granskad %s av %s."), day_text(r->mem, clock_day(o->last->at)), o->last->name ? o->last->name : "-")
		       : NULL;
}

static const char *
why_not(const struct request *r, const char *fault)
{
	const char *said = refusal_said(fault);

	return say(r, said ? said : N_("det gick inte att kontrollera att det var du"));
}

static json_t *
offer_json(struct request *r, const struct offer *o)
{
	json_t *one = json_object();

	json_put(one, "id", arena_print(r->mem, "%lld", o->list->id));
	rows_put(one, "system", rows_system(r->server->rules, o->list->system));
	json_put(one, "quarter", o->list->quarter);
	rows_put(one, "counts", counts(r, o->list));
	json_object_set_new(one, "pending", json_boolean(o->pending));
	json_put(one, "refused", o->refused && !o->own && !o->pending ? why_not(r, o->refused) : NULL);
	json_object_set_new(one, "older", json_boolean(o->state == REVIEW_OLDER));
	rows_put(one, "given", o->state == REVIEW_DONE ? given_text(r, o) : NULL);
	return one;
}

int
offers_put(struct request *r, json_t *data, struct error *err)
{
	json_t *waits = json_array(), *done = json_array();
	struct offers all;

	json_object_set_new(data, "reviews", waits);
	json_object_set_new(data, "reviewed", done);
	if (offers_read(r, &all, err) < 0)
		return -1;
	for (size_t i = 0; i < all.list.count; i++) {
		const struct offer *o = &all.list.items[i];

		json_array_append_new(o->state == REVIEW_DONE || o->pending ? done : waits, offer_json(r, o));
	}
	json_object_set_new(data, "some_reviews", json_boolean(json_array_size(waits) > 0));
	json_object_set_new(data, "some_reviewed", json_boolean(json_array_size(done) > 0));
	return 0;
}

/* ------------------------------------------------------------------ the list */

static const struct { const char *text, *tag; } change_said[REVIEW_CHANGES] = {
	[REVIEW_SAME] = { NULL, NULL }, [REVIEW_NEW] = { N_("Ny"), "yes" }, [REVIEW_GONE] = { N_("Borta"), "gone" },
	[REVIEW_BACK] = { N_("Borta en tid, nu åter"), "keep" }, [REVIEW_PASSED] = { N_("Kom och gick"), "keep" },
};

static const char *
need_said(const struct request *r, const struct review_row *row)
{
	static const char *const text[GROUNDS] = {
		[GROUND_KEPT] = N_("Undantag: behålls efter beslut"), [GROUND_NONE] = N_("Inget skrivet behov stämmer"),
		[GROUND_UNKNOWN] = N_("Går inte att avgöra: en uppgift saknas"), [GROUND_UNWRITTEN] = N_("Rollen har inget skrivet behov"),
	};

	if (!row->need)
		return say(r, "Behovet är inte känt");
	return row->kind == GROUND_CLAUSE ? row->text : say(r, text[row->kind]);
}

static json_t *
row_json(const struct request *r, const struct review_row *row)
{
	json_t *o = json_object();
	bool clause = row->need && row->kind == GROUND_CLAUSE;

	rows_put(o, "who", row->account);
	json_put(o, "change", change_said[row->change].text ? say(r, change_said[row->change].text) : NULL);
	json_put(o, "tag", change_said[row->change].tag);
	json_put(o, "since", row->since == INT64_MIN ? NULL : day_text(r->mem, clock_day(row->since)));
	json_put(o, "until", row->until == INT64_MIN ? NULL : day_text(r->mem, clock_day(row->until)));
	rows_put(o, "need", need_said(r, row));
	json_put(o, "tongue", clause ? "sv" : r->language->tag);
	json_object_set_new(o, "clause", json_boolean(clause));
	json_object_set_new(o, "without", json_boolean(row->need && (row->kind == GROUND_NONE || row->kind == GROUND_UNWRITTEN)));
	return o;
}

static json_t *
add_part(const struct request *r, json_t *parts, const struct review_list *list, const struct review_row *row)
{
	json_t *part = json_object();

	rows_put(part, "role", rows_role(r->server->rules, list->system, row->role));
	json_object_set_new(part, "same", json_boolean(row->change == REVIEW_SAME));
	json_object_set_new(part, "rows", json_array());
	json_object_set_new(part, "needs", json_array());
	json_array_append_new(parts, part);
	return part;
}

/* Who has it by the same need as before: the need once, and then the people. */
static json_t *
add_need(json_t *part, const json_t *row)
{
	static const char *const keys[] = { "need", "tongue", "clause", "without" };
	json_t *o = json_object();

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		json_object_set(o, keys[i], json_object_get(row, keys[i]));
	json_object_set_new(o, "people", json_array());
	json_array_append_new(json_object_get(part, "needs"), o);
	return o;
}

/* A part for each role: first of those that have changed, as a table, and then of the others. */
static void
put_rows(const struct request *r, json_t *data, const struct review_list *list, const struct review_rows *rows)
{
	json_t *parts = json_array(), *part = NULL, *need = NULL;
	const struct review_row *before = NULL;

	json_object_set_new(data, "parts", parts);
	for (size_t i = 0; i < rows->list.count; i++) {
		const struct review_row *row = &rows->list.items[i];
		bool same = row->change == REVIEW_SAME;
		json_t *one = row_json(r, row);

		if (!before || (before->change == REVIEW_SAME) != same || strcmp(before->role, row->role) != 0) {
			part = add_part(r, parts, list, row);
			need = NULL;
		}
		if (same && (!need || before->need != row->need))
			need = add_need(part, one);
		json_array_append_new(json_object_get(same ? need : part, same ? "people" : "rows"), one);
		before = row;
	}
}

static long long
page_wanted(const struct request *r, long long pages)
{
	const char *text = strcmp(r->method, "POST") == 0 ? form_get(&r->form, "sida")
							  : MHD_lookup_connection_value(r->connection, MHD_GET_ARGUMENT_KIND, "sida");
	long long page = text && *text && strlen(text) <= 6 && text[strspn(text, "0123456789")] == '\0' ? atoll(text) : 1;

	return page < 1 ? 1 : page > pages ? pages : page;
}

static void
put_turns(const struct request *r, json_t *data, long long page, long long pages)
{
	json_object_set_new(data, "paged", json_boolean(pages > 1));
	json_put(data, "page", arena_print(r->mem, "%lld", page));
	json_put(data, "pages", arena_print(r->mem, "%lld", pages));
	json_put(data, "earlier", page > 1 ? arena_print(r->mem, "%lld", page - 1) : NULL);
	json_put(data, "later", page < pages ? arena_print(r->mem, "%lld", page + 1) : NULL);
}

/* Where a code is not enough they sign in once more before they write anything. */
static bool
is_weak(const struct request *r, const struct offer *o)
{
	const struct system *system = rules_system(r->server->rules, o->list->system);

	return proof_of(r->session.kind) == PROOF_CODE &&
	       class_wants_strong(&r->server->rules->conf, system ? system->class.konfidentialitet : -1);
}

static int
put_form(struct request *r, json_t *data, const struct offer *o, struct error *err)
{
	bool weak = is_weak(r, o), can = !o->own && !o->pending;
	long long own;

	if (store_list_holds(r->server->store, o->list->id, r->letter.key, &own, err) < 0)
		return -1;
	json_object_set_new(data, "can", json_boolean(can && !weak));
	json_object_set_new(data, "weak", json_boolean(can && weak));
	json_object_set_new(data, "ways", prove_ways(&r->server->rules->conf, true));
	if (can && !weak)
		language_put_form(r, data);
	json_put(data, "version", o->list->digest);
	rows_put(data, "duty", o->me->duty);
	json_object_set_new(data, "own", json_boolean(own > 0));
	json_put(data, "typed", strcmp(r->method, "POST") == 0 ? form_get(&r->form, "anmarkning") : NULL);
	return 0;
}

/* field: what the problem is about, "anmarkning" or "losen"; NULL: the form as a whole.  A box has the focus and says it, but for a
 * password, which is typed again at once. */
static void
put_problem(const struct request *r, json_t *data, const char *problem, const char *field)
{
	bool remarks = field && strcmp(field, "anmarkning") == 0;
	json_t *list = json_array(), *one;

	if (remarks) {
		one = json_object();
		json_put(one, "to", field);
		json_put(one, "name", say(r, "Anmärkningar"));
		json_put(one, "text", say(r, problem));
		json_array_append_new(list, one);
	}
	json_put(data, "problem", remarks ? say(r, "Det är inte sparat ännu") : say(r, problem));
	json_object_set_new(data, "summary", json_boolean(problem && (!field || remarks)));
	json_object_set_new(data, "some_problems", json_boolean(remarks));
	json_object_set_new(data, "problems", list);
	json_object_set_new(data, "wrong", json_boolean(field != NULL));
}

static int
page_review(struct request *r, unsigned status, const struct offer *o, const char *problem, const char *field, struct error *err)
{
	long long pages = o->list->rows ? (o->list->rows + LIST_PAGE - 1) / LIST_PAGE : 1, page = page_wanted(r, pages);
	struct review_rows rows;
	json_t *data;

	if (store_list_rows(r->mem, r->server->store, o->list->id, (page - 1) * LIST_PAGE, LIST_PAGE, &rows, err) < 0)
		return -1;
	data = page_own(r, N_("Granska behörighetslistan"));
	json_object_set_new(data, "offer", offer_json(r, o));
	json_put(data, "id", arena_print(r->mem, "%lld", o->list->id));
	json_put(data, "last_day", day_text(r->mem, clock_day(o->list->ended - 1)));
	json_put(data, "rows", text_count(r->mem, o->list->rows));
	put_problem(r, data, problem, field);
	put_turns(r, data, page, pages);
	put_rows(r, data, o->list, &rows);
	if (put_form(r, data, o, err) == 0)
		return page_render(r, status, "page-review.html", data, err);
	json_decref(data);
	return -1;
}

/* ------------------------------------------------------------------ who asks */

static int
gone(struct request *r, struct error *err)
{
	return page_notice(r, 404, N_("Listan finns inte"),
			   N_("Listan är inte längre den som gäller, eller så är det inte du som granskar den. Gå tillbaka till dina beslut."), err);
}

/* NULL: none of theirs. */
static int
find(struct request *r, const char *number, struct offers *all, const struct offer **o, struct error *err)
{
	bool digits = *number && strlen(number) <= 18 && number[strspn(number, "0123456789")] == '\0';

	*o = NULL;
	if (offers_read(r, all, err) < 0)
		return -1;
	*o = digits ? offer_of(all, atoll(number)) : NULL;
	return 0;
}

int
reviews_get(struct request *r, struct error *err)
{
	enum session_state state;
	const struct offer *o;
	struct offers all;

	if (session_find(r, &state, err) < 0)
		return -1;
	if (state != SESSION_PROVED)
		return no_session(r, state, err);
	if (find(r, r->path + strlen("/granska/"), &all, &o, err) < 0)
		return -1;
	return o ? page_review(r, 200, o, NULL, NULL, err) : gone(r, err);
}

static int
foreign(struct request *r, const struct offer *o, struct error *err)
{
	if (!o)
		return page_notice(r, 403, N_("Det är inte sparat ännu"), N_("Gå tillbaka till sidan och försök igen."), err);
	return page_review(r, 403, o, N_("Sidan hörde till en tidigare inloggning och ingenting sparades. Läs listan och försök igen."), NULL, err);
}

/* *o: the list of a form that we may act on; NULL: the answer is given. */
static int
begin(struct request *r, struct offers *all, const struct offer **o, struct error *err)
{
	enum session_state state;
	int rc;

	*o = NULL;
	if (session_find(r, &state, err) < 0)
		return -1;
	if (state != SESSION_PROVED)
		return page_notice(r, 401, N_("Inloggningen har gått ut"),
				   N_("Ingenting är sparat. Öppna länken i det senaste brevet från oss och begär en ny kod."), err);
	if (find(r, form_get(&r->form, "lista"), all, o, err) < 0)
		return -1;
	if (*o && session_nonce(r))
		return session_touch(r, err);
	rc = session_nonce(r) ? gone(r, err) : foreign(r, *o, err);
	*o = NULL;
	return rc;
}

/* ------------------------------------------------------------------ what they say */

static const char *
remarks(struct request *r)
{
	const char *typed = form_get(&r->form, "anmarkning");
	char *text = arena_text(r->mem, typed + strspn(typed, " \t\r\n"));
	size_t len = strlen(text);

	while (len && strchr(" \t\r\n", text[len - 1]))
		text[--len] = '\0';
	return len ? text : NULL;
}

static const char *
remarks_problem(const char *text)
{
	if (text && !text_has_room(text))
		return N_("Texten är för lång: högst 1 000 tecken.");
	return !text_is_words(text) ? N_("Texten innehåller tecken som inte går att ta emot.") : NULL;
}

static int
save(struct request *r, const struct offer *o, const char *text, struct error *err)
{
	struct inbox_decision row = {
		.token = r->session.token, .proposal = take_review_name(r->mem, o->list->quarter, o->list->system), .version = o->list->digest,
		.verdict = INBOX_REVIEW, .reason = text, .until = DAY_NONE, .at = r->now,
		.proof = choice_proof(r, digest_text(r->mem, arena_print(r->mem, "%lld %s", o->list->id, o->list->digest))),
	};

	return inbox_decisions_add(r->server->inbox, &row, 1, err);
}

int
reviews_post(struct request *r, struct error *err)
{
	bool language = language_take(r);
	const char *text, *problem;
	const struct offer *o;
	struct offers all;

	if (begin(r, &all, &o, err) < 0)
		return -1;
	if (!o)
		return 0;
	if (language)
		return page_review(r, 200, o, NULL, NULL, err);
	if (o->own || o->pending)       /* the same form once more */
		return redirect(r, "/kvitto");
	if (strcmp(form_get(&r->form, "version"), o->list->digest) != 0)
		return page_review(r, 409, o, CHANGED_AGAIN, NULL, err);
	if (is_weak(r, o))
		return page_review(r, 403, o, N_("Ingenting är sparat ännu."), NULL, err);
	text = remarks(r);
	problem = remarks_problem(text);
	if (problem)
		return page_review(r, 422, o, problem, "anmarkning", err);
	if (save(r, o, text, err) < 0)
		return -1;
	log_info("a review received letter='%s'", r->letter.id);
	return redirect(r, "/kvitto");
}

static int
prove_again(struct request *r, bool proxy, struct error *err)
{
	const char *problem = NULL;
	const struct offer *o;
	struct offers all;
	enum again done;
	unsigned status;

	if (begin(r, &all, &o, err) < 0)
		return -1;
	if (!o)
		return 0;
	if (signin_again(r, proxy, &done, &status, &problem, err) < 0)
		return -1;
	return done == AGAIN_PROVED ? redirect(r, arena_print(r->mem, "/granska/%lld", o->list->id))
				    : page_review(r, problem ? status : 403, o, problem, problem ? "losen" : NULL, err);
}

int reviews_again(struct request *r, struct error *err) { return prove_again(r, false, err); }
int reviews_again_proxy(struct request *r, struct error *err) { return prove_again(r, true, err); }
