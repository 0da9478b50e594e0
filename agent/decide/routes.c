/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * routes.c - from the link in a mail to a receipt.
 *
 *     GET /b/TOKEN -> (signin.c) -> GET /beslut
 *                     (POST /beslut/bevis: once more) <- POST /beslut
 *                                     GET /kvitto <- POST /beslut/spara <- POST /beslut
 *                                     GET /kvitto <- POST /handelse <- (a form on GET /beslut)
 *                                     GET /kvitto <- POST /granska <- GET /granska/LIST (POST /granska/bevis: once more)
 *                                     GET /filer/ID, in a tab of its own
 *                                     POST /sprak, from any page, and back to it; or POST /beslut with sprak
 *
 * What a GET leads to only reads: no function with "get" in its name writes anything.
 */
#include "decide_p.h"

#include <behov/log.h>

#define SESSION_BAD N_("Öppna länken i det senaste brevet från oss och logga in igen.")
#define REFUSED_SOME N_("Några av dina val kan inte tas emot. De andra står kvar nedan: bekräfta dem.")
#define NONCE_BAD                                                                                                      \
	N_("Sidan hörde till en tidigare inloggning och ingenting sparades. Dina val står kvar: kontrollera dem och gå vidare.")

int
redirect(struct request *r, const char *where)
{
	r->status = 303;
	r->location = where;
	return 0;
}

int
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
	return page_ask(r, 200, N_("Beslut om behörigheter och gallring"),
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

static int
get_link(struct request *r, struct error *err)
{
	const char *token = r->path + strlen("/b/");
	bool found, old;

	if (session_letter(r, token, &r->letter, &found, &old, err) < 0)
		return -1;
	return found ? signin_link(r, 200, token, NULL, err) : signin_bad(r, old, err);
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

/* Who approves what destroys, or what demands more than a code, proves who they are first. */
static int
confirm(struct request *r, unsigned status, struct view *view, const char *problem, struct error *err)
{
	return view->old || view->weak ? page_again(r, status, view, false, problem, err) : page_confirm(r, status, view, problem, err);
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
	bool language = language_take(r), go;
	struct view view;
	const char *why;
	int rc = begin(r, &view, &go, err);

	if (language)
		choice_unfinished(&view);
	if (rc == 0 && go) {
		why = language ? "" : not_yet(r, &view);
		rc = why ? page_decide(r, *why ? 422 : 200, &view, *why ? why : NULL, err)
			 : confirm(r, 200, &view, view.refused ? REFUSED_SOME : NULL, err);
	}
	view_close(&view);
	return rc;
}

static int
prove_again(struct request *r, bool proxy, struct error *err)
{
	const char *problem = NULL, *why;
	struct view view;
	enum again done;
	unsigned status;
	bool go;
	int rc = begin(r, &view, &go, err);

	if (rc < 0 || !go)
		goto out;
	why = not_yet(r, &view);
	if (why) {
		rc = page_decide(r, *why ? 422 : 200, &view, *why ? why : NULL, err);
		goto out;
	}
	rc = signin_again(r, proxy, &done, &status, &problem, err);
	if (rc == 0 && done == AGAIN_PROVED) {
		view_close(&view);      /* as the new session sees it */
		rc = view_open(r, &view, err);
		if (rc == 0)
			choice_read(r, &view);
		if (rc == 0)
			rc = confirm(r, 200, &view, NULL, err);
	} else if (rc == 0) {
		rc = page_again(r, problem ? status : 200, &view, done == AGAIN_SENT, problem, err);
	}
out:
	view_close(&view);
	return rc;
}

static int
post_again(struct request *r, struct error *err)
{
	return prove_again(r, false, err);
}

static int
post_again_proxy(struct request *r, struct error *err)
{
	return prove_again(r, true, err);
}

/* Refused ones are told before anything is saved: what was confirmed is what is saved, all of it or nothing. */
static int
save(struct request *r, struct view *view, const char *once, struct error *err)
{
	if (view->mistakes || !view->made)
		return page_decide(r, 422, view, not_yet(r, view), err);
	if (view->refused)
		return confirm(r, 409, view, REFUSED_SOME, err);
	if (view->old || view->weak)
		return page_again(r, 403, view, false, N_("Ingenting är sparat ännu."), err);
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
	{ "/beslut/bevis", NULL, post_again },
	{ "/beslut/bevis/proxy", NULL, post_again_proxy },
	{ "/beslut/spara", NULL, post_save },
	{ "/filer/", files_get, files_post },
	{ "/granska", NULL, reviews_post },
	{ "/granska/bevis", NULL, reviews_again },
	{ "/granska/bevis/proxy", NULL, reviews_again_proxy },
	{ "/granska/", reviews_get, NULL },
	{ "/handelse", NULL, post_event },
	{ "/kod", NULL, signin_code },
	{ "/kvitto", get_receipt, NULL },
	{ "/logga-in", signin_get, signin_post },
	{ "/logga-in/proxy", NULL, signin_proxy },
	{ "/logga-ut", NULL, post_logout },
	{ "/metrics", metrics_get, NULL },
	{ "/ny-lank", get_root, wish_post },
	{ "/sprak", NULL, post_language },
	{ "/status", admin_route, admin_route },
	{ "/status/", admin_route, admin_route },
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
	{ "/beslut/bevis", LANE_WAIT },
	{ "/filer/", LANE_SEARCH },
	{ "/granska/bevis", LANE_WAIT },
	{ "/kod", LANE_WAIT },
	{ "/logga-in", LANE_WAIT },
	{ "/status/logga-in", LANE_WAIT },
};

enum lane_name
route_lane(const struct request *r)
{
	if (strcmp(r->method, "POST") != 0)     /* what administrators read, and what watches, is about everybody */
		return strncmp(r->path, "/status", 7) == 0 || strcmp(r->path, "/metrics") == 0 ? LANE_SEARCH : LANE_READ;
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
