/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * routes.c - from the link in a mail to a receipt.
 *
 *     GET /b/TOKEN -> POST /kod -> GET /logga-in -> POST /logga-in -> GET /beslut
 *                     POST /kod ----(a long code)---^
 *                                     GET /kvitto <- POST /beslut/spara <- POST /beslut
 *                                     GET /kvitto <- POST /handelse <- (a form on GET /beslut)
 *                                     GET /filer/ID, in a tab of its own
 *                                     POST /sprak, from any page, and back to it
 *
 * What a GET leads to only reads: no function with "get" in its name writes anything.
 */
#include "decide_p.h"

#include <behov/digest.h>
#include <behov/log.h>

#define LINK_BAD                                                                                                       \
	N_("Länken går inte att använda. Den kan vara gammal eller ha blivit avklippt. Öppna länken i det senaste brevet " \
	   "från oss. Det du redan har beslutat påverkas inte.")
#define SESSION_BAD N_("Öppna länken i det senaste brevet från oss och begär en ny kod.")
#define REFUSED_SOME N_("Några av dina val kan inte tas emot. De andra står kvar nedan: bekräfta dem.")
#define NONCE_BAD                                                                                                      \
	N_("Sidan hörde till en tidigare inloggning och ingenting sparades. Dina val står kvar: kontrollera dem och gå vidare.")

static int
redirect(struct request *r, const char *where)
{
	r->status = 303;
	r->location = where;
	return 0;
}

static int
no_session(struct request *r, enum session_state state, struct error *err)
{
	if (state == SESSION_UNPROVED && strcmp(r->method, "POST") != 0)
		return redirect(r, "/logga-in");
	return page_notice(r, 401, state == SESSION_OLD ? N_("Inloggningen har gått ut") : N_("Du är inte inloggad"),
			   SESSION_BAD, err);
}

/* ------------------------------------------------------------------ before proof of person */

static int
get_root(struct request *r, struct error *err)
{
	return page_notice(r, 200, N_("Beslut om behörigheter och gallring"),
			   N_("Här beslutar informationsägare om det som de har fått ett brev om. Öppna länken i brevet."), err);
}

static int
get_style(struct request *r, struct error *err)
{
	return page_style(r, err);
}

static int
get_statement(struct request *r, struct error *err)
{
	return page_statement(r, err);
}

/* Unknown and expired look the same but for the status: who asks had the token. */
static int
link_bad(struct request *r, bool old, struct error *err)
{
	return page_notice(r, old ? 410 : 404, N_("Länken gäller inte"), LINK_BAD, err);
}

static int
get_link(struct request *r, struct error *err)
{
	const char *token = r->path + strlen("/b/");
	struct view view;
	bool found, old;
	int rc;

	if (session_letter(r, token, &r->letter, &found, &old, err) < 0)
		return -1;
	if (!found)
		return link_bad(r, old, err);
	if (view_open(r, &view, err) < 0)
		return -1;
	rc = page_link(r, token, (long long)view.waiting, err);
	view_close(&view);
	return rc;
}

#define UNSENT N_("Koden kunde inte skickas just nu. Försök igen om en stund.")

static int
send_code(struct request *r, struct error *err)
{
	struct error why = { 0 };
	const char *code;

	if (session_code(r, &code, err) < 0)
		return -1;
	if (page_mail(r, code, INT64_MIN, &why) < 0) {
		log_error("cannot send a code letter='%s': %s", r->letter.id, why.text);
		return page_code(r, 503, UNSENT, err);
	}
	log_info("code sent letter='%s'", r->letter.id);
	return redirect(r, "/logga-in");
}

/* So many have asked for codes that one comes that is good in all browsers.  No session is begun before it is typed. */
static int
send_long(struct request *r, const char *token, struct error *err)
{
	struct error why = { 0 };
	const char *code;
	int64_t sent;

	if (session_long(r, &code, &sent, err) < 0)
		return -1;
	if (code && page_mail(r, code, sent + LONG_SECONDS, &why) < 0) {
		log_error("cannot send a long code letter='%s': %s", r->letter.id, why.text);
		return session_long_end(r, err) < 0 ? -1 : page_long(r, 503, token, INT64_MIN, UNSENT, err);
	}
	if (code)
		log_warn("too many codes: a long one was sent letter='%s'", r->letter.id);
	return page_long(r, sent == INT64_MIN ? 503 : 429, token, sent, sent == INT64_MIN ? UNSENT : NULL, err);
}

/* With the token of the link, from its page; or once more, from the page that asks for the code. */
static int
post_code(struct request *r, struct error *err)
{
	const char *token = form_get(&r->form, "token");
	enum session_state state;
	bool found = true, old, allowed;

	if (session_find(r, &state, err) < 0)
		return -1;
	if (!*token && (state != SESSION_UNPROVED || !session_nonce(r)))
		return no_session(r, state, err);
	if (*token && session_letter(r, token, &r->letter, &found, &old, err) < 0)
		return -1;
	if (!found)
		return link_bad(r, old, err);
	if (session_count(r, &allowed, err) < 0)
		return -1;
	if (!allowed)
		return send_long(r, *token ? token : r->session.token, err);
	return *token && session_start(r, token, false, err) < 0 ? -1 : send_code(r, err);
}

static int
get_login(struct request *r, struct error *err)
{
	enum session_state state;

	if (session_find(r, &state, err) < 0)
		return -1;
	if (state == SESSION_PROVED)
		return redirect(r, "/beslut");
	return state == SESSION_UNPROVED ? page_code(r, 200, NULL, err) : no_session(r, state, err);
}

/* People write codes with blanks in the middle. */
static const char *
digits(struct arena *mem, const char *typed)
{
	char *out = arena_take(mem, strlen(typed) + 1);
	size_t n = 0;

	for (; *typed; typed++)
		if (*typed != ' ' && *typed != '\t')
			out[n++] = *typed;
	return out;
}

/* The long one as it stands in the mail, however it was typed: in fours, small letters, and none that look like digits. */
static const char *
fours(struct arena *mem, const char *typed)
{
	static const char from[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZoil", to[] = "abcdefgh1jk1mn0pqrstuvwxyz011";
	char *out = arena_take(mem, 2 * strlen(typed) + 1);
	size_t n = 0;

	for (; *typed; typed++) {
		const char *at = strchr(from, *typed);

		if (strchr(" \t-\r\n", *typed))
			continue;
		if (n % 5 == 4)
			out[n++] = '-';
		out[n++] = at ? to[at - from] : *typed;
	}
	return out;
}

static int
post_long(struct request *r, const char *token, struct error *err)
{
	enum code_answer answer;
	bool found, old;

	if (session_letter(r, token, &r->letter, &found, &old, err) < 0)
		return -1;
	if (!found)
		return link_bad(r, old, err);
	if (session_try_long(r, token, fours(r->mem, form_get(&r->form, "kod")), &answer, err) < 0)
		return -1;
	if (answer == CODE_RIGHT) {
		log_info("signed in by a long code letter='%s'", r->letter.id);
		return redirect(r, "/beslut");
	}
	log_warn("wrong long code letter='%s'", r->letter.id);
	return page_long(r, 403, token, INT64_MIN, N_("Koden stämmer inte, eller gäller inte längre. Ta den i det senaste brevet från oss."),
			 err);
}

static int
post_login(struct request *r, struct error *err)
{
	const char *token = form_get(&r->form, "token");
	enum session_state state;
	enum code_answer answer;

	if (session_find(r, &state, err) < 0)
		return -1;
	if (state == SESSION_PROVED && (!*token || digest_equal(token, r->session.token)))
		return redirect(r, "/beslut");
	if (*token)
		return post_long(r, token, err);
	if (state != SESSION_UNPROVED || !session_nonce(r))
		return no_session(r, state, err);
	if (session_try(r, digits(r->mem, form_get(&r->form, "kod")), &answer, err) < 0)
		return -1;
	if (answer == CODE_RIGHT) {
		log_info("signed in letter='%s'", r->letter.id);
		return redirect(r, "/beslut");
	}
	log_warn("wrong code letter='%s' tries=%d", r->letter.id, r->session.tries);
	return page_code(r, 403, answer == CODE_WRONG ? N_("Koden stämmer inte. Kontrollera siffrorna och försök igen.")
						      : N_("Koden gäller inte längre. Begär en ny kod."), err);
}

/* ------------------------------------------------------------------ after it */

static int
get_decide(struct request *r, struct error *err)
{
	enum session_state state;
	struct view view;
	int rc;

	if (session_find(r, &state, err) < 0)
		return -1;
	if (state != SESSION_PROVED)
		return no_session(r, state, err);
	if (view_open(r, &view, err) < 0)
		return -1;
	rc = page_decide(r, 200, &view, NULL, err);
	view_close(&view);
	return rc;
}

/* Is this a form we may act on?  *view is opened and the choices are read when so; else the answer is given. */
static int
begin(struct request *r, struct view *view, bool *go, struct error *err)
{
	enum session_state state;
	int rc = 0;

	*view = (struct view){ 0 };
	*go = false;
	if (session_find(r, &state, err) < 0)
		return -1;
	if (state != SESSION_PROVED)
		return page_expired(r, err);
	if (view_open(r, view, err) < 0)
		return -1;
	choice_read(r, view);
	if (!session_nonce(r))
		rc = page_decide(r, 403, view, NONCE_BAD, err);
	else if (session_touch(r, err) < 0)
		rc = -1;
	else
		*go = true;
	return rc;
}

/* Why the form is shown once more, or NULL when there is something to confirm. */
static const char *
not_yet(const struct request *r, const struct view *view)
{
	if (*form_get(&r->form, "andra") || *form_get(&r->form, "sida"))
		return "";
	if (view->mistakes)
		return N_("Några av dina val behöver rättas innan du går vidare. Ingenting är sparat ännu.");
	if (view->made)
		return NULL;
	return view->refused ? N_("Inget av dina val kunde tas emot. Ingenting är sparat.")
			     : N_("Du har inte valt något ännu.");
}

static int
post_decide(struct request *r, struct error *err)
{
	struct view view;
	const char *why;
	bool go;
	int rc = begin(r, &view, &go, err);

	if (rc == 0 && go) {
		why = not_yet(r, &view);
		rc = why ? page_decide(r, *why ? 422 : 200, &view, *why ? why : NULL, err)
			 : page_confirm(r, 200, &view, view.refused ? REFUSED_SOME : NULL, err);
	}
	view_close(&view);
	return rc;
}

/* Refused ones are told before anything is saved: what was confirmed is what is saved, all of it or nothing. */
static int
save(struct request *r, struct view *view, const char *once, struct error *err)
{
	if (view->mistakes || !view->made)
		return page_decide(r, 422, view, not_yet(r, view), err);
	if (view->refused)
		return page_confirm(r, 409, view, REFUSED_SOME, err);
	if (view->destroys && !*form_get(&r->form, "forstar"))
		return page_confirm(r, 422, view, N_("Ett kryss saknas. Ingenting är sparat ännu."), err);
	if (choice_save(r, view, once, err) < 0)
		return -1;
	log_info("decisions received letter='%s' count=%zu", r->letter.id, view->made);
	return redirect(r, "/kvitto");
}

static int
post_save(struct request *r, struct error *err)
{
	const char *once = form_get(&r->form, "once");
	struct inbox_decisions before = { 0 };
	struct view view;
	bool go;
	int rc = begin(r, &view, &go, err);

	if (rc == 0 && go) {
		rc = *once ? choice_saved(r, once, &before, err) : 0;
		if (rc == 0 && before.list.count)
			rc = page_receipt(r, &before, err);
		else if (rc == 0)
			rc = *once ? save(r, &view, once, err) : page_decide(r, 422, &view, NONCE_BAD, err);
	}
	view_close(&view);
	return rc;
}

/* Nothing is destroyed by it: the time begins to be counted, and what is due is asked about then. */
static int
post_event(struct request *r, struct error *err)
{
	enum session_state state;
	struct view view;
	struct said said;
	int rc = -1;

	if (session_find(r, &state, err) < 0)
		return -1;
	if (state != SESSION_PROVED)
		return page_notice(r, 401, N_("Inloggningen har gått ut"),
				   N_("Ingenting är sparat. Öppna länken i det senaste brevet från oss och begär en ny kod."), err);
	if (view_open(r, &view, err) < 0)
		return -1;
	if (!session_nonce(r))
		rc = page_decide(r, 403, &view, NONCE_BAD, err);
	else if (session_touch(r, err) < 0 || event_read(r, &said, err) < 0)
		rc = -1;
	else if (said.problem)
		rc = page_decide(r, 422, &view, said.problem, err);
	else if (event_save(r, &said.event, err) == 0) {
		log_info("an event received letter='%s'", r->letter.id);
		rc = redirect(r, "/kvitto");
	}
	view_close(&view);
	return rc;
}

static int
get_receipt(struct request *r, struct error *err)
{
	struct inbox_decisions saved = { 0 };
	enum session_state state;

	if (session_find(r, &state, err) < 0)
		return -1;
	if (state != SESSION_PROVED)
		return no_session(r, state, err);
	return choice_saved(r, "", &saved, err) < 0 ? -1 : page_receipt(r, &saved, err);
}

static int
post_logout(struct request *r, struct error *err)
{
	enum session_state state;

	if (session_find(r, &state, err) < 0)
		return -1;
	if ((state == SESSION_PROVED || state == SESSION_UNPROVED) && !session_nonce(r))
		return page_notice(r, 403, N_("Det gick inte att logga ut"), N_("Gå tillbaka till sidan och försök igen."), err);
	if (session_end(r, err) < 0)
		return -1;
	return page_notice(r, 200, N_("Du är utloggad"), N_("Länken i brevet fungerar igen om du vill fortsätta senare."), err);
}

static int
post_language(struct request *r, struct error *err)
{
	(void)err;
	return language_choose(r);
}

/* ------------------------------------------------------------------ which is which */

static const struct {
	const char *path;               /* one that ends in '/' is a prefix */
	int (*get)(struct request *r, struct error *err);
	int (*post)(struct request *r, struct error *err);
} routes[] = {
	{ "/b/", get_link, NULL },
	{ "/beslut", get_decide, post_decide },
	{ "/beslut/spara", NULL, post_save },
	{ "/filer/", files_get, files_post },
	{ "/handelse", NULL, post_event },
	{ "/kod", NULL, post_code },
	{ "/kvitto", get_receipt, NULL },
	{ "/logga-in", get_login, post_login },
	{ "/logga-ut", NULL, post_logout },
	{ "/sprak", NULL, post_language },
	{ "/style.css", get_style, NULL },
	{ "/tillganglighet", get_statement, NULL },
	{ "", get_root, NULL },
};

static bool
leads(const char *route, const char *path)
{
	size_t len = strlen(route);

	if (!len)
		return strcmp(path, "/") == 0;
	return route[len - 1] == '/' ? strncmp(path, route, len) == 0 : strcmp(path, route) == 0;
}

/* Forms that take longer than a page does. */
static const struct { const char *path; enum lane_name lane; } slow[] = {
	{ "/filer/", LANE_SEARCH },
	{ "/kod", LANE_WAIT },
};

enum lane_name
route_lane(const struct request *r)
{
	if (strcmp(r->method, "POST") != 0)
		return LANE_READ;
	for (size_t i = 0; i < sizeof(slow) / sizeof(*slow); i++)
		if (leads(slow[i].path, r->path))
			return slow[i].lane;
	return LANE_WRITE;
}

int
route(struct request *r, struct error *err)
{
	bool post = strcmp(r->method, "POST") == 0;

	for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++) {
		if (!leads(routes[i].path, r->path))
			continue;
		if (post && routes[i].post)
			return routes[i].post(r, err);
		if (!post && routes[i].get)
			return routes[i].get(r, err);
		/* Somebody who reloads a page that answered a form. */
		return post ? page_notice(r, 405, N_("Så kan sidan inte användas"), N_("Öppna länken i brevet."), err)
			    : redirect(r, "/beslut");
	}
	return page_notice(r, 404, N_("Sidan finns inte"), N_("Öppna länken i det senaste brevet från oss."), err);
}
