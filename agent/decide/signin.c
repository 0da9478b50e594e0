/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * signin.c - from the link in a mail to a proven session, and proving it once more.
 *
 *     POST /kod, then POST /logga-in with the code           a code in a second mail; a long one where too many have asked
 *     POST /logga-in with the password                       tried at the directory
 *     POST /logga-in/proxy                                   who the proxy in front of us says that they are
 *
 * Each of them takes the token of the link along: who has it is one whom we have written to.
 */
#include "decide_p.h"

#include <behov/digest.h>
#include <behov/log.h>

#define LINK_BAD                                                                                                       \
	N_("Länken går inte att använda. Den kan vara gammal eller ha blivit avklippt. Öppna länken i det senaste brevet " \
	   "från oss. Det du redan har beslutat påverkas inte.")
#define PROXY_BAD N_("Inloggningen i kommunens nät är inte din, eller saknas. Försök igen, eller logga in på ett annat sätt.")
#define CODES_MANY N_("Det har skickats för många koder den senaste timmen. Vänta en stund och försök igen.")
#define CODE_UNSENT N_("Koden kunde inte skickas just nu. Försök igen om en stund.")

/* Unknown and expired look the same but for the status: who asks had the token. */
int
signin_bad(struct request *r, bool old, struct error *err)
{
	return page_ask(r, old ? 410 : 404, N_("Länken gäller inte"), LINK_BAD, err);
}

int
signin_link(struct request *r, unsigned status, const char *token, const char *problem, struct error *err)
{
	struct offers offers;
	struct view view;
	int rc;

	if (offers_read(r, &offers, err) < 0 || view_open(r, &view, err) < 0)
		return -1;
	rc = page_link(r, status, token, (long long)view.waiting, (long long)offers.waiting, problem, err);
	view_close(&view);
	return rc;
}

/* ------------------------------------------------------------------ a code */

/* *problem NULL when it is on its way.  It has been counted already. */
static int
send_code(struct request *r, unsigned *status, const char **problem, struct error *err)
{
	struct error why = { 0 };
	const char *code;

	*problem = NULL;
	if (session_code(r, &code, err) < 0)
		return -1;
	if (page_mail(r, code, INT64_MIN, &why) < 0) {
		log_error("cannot send a code letter='%s': %s", r->letter.id, why.text);
		*status = 503;
		*problem = CODE_UNSENT;
		return 0;
	}
	log_info("code sent letter='%s'", r->letter.id);
	return 0;
}

static int
send_and_ask(struct request *r, struct error *err)
{
	const char *problem;
	unsigned status;

	if (send_code(r, &status, &problem, err) < 0)
		return -1;
	return problem ? page_code(r, status, problem, err) : redirect(r, "/logga-in");
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
		return session_long_end(r, err) < 0 ? -1 : page_long(r, 503, token, INT64_MIN, CODE_UNSENT, err);
	}
	if (code)
		log_warn("too many codes: a long one was sent letter='%s'", r->letter.id);
	return page_long(r, sent == INT64_MIN ? 503 : 429, token, sent, sent == INT64_MIN ? CODE_UNSENT : NULL, err);
}

/* With the token of the link, from its page; or once more, from the page that asks for the code. */
int
signin_code(struct request *r, struct error *err)
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
		return signin_bad(r, old, err);
	if (!conf_proves(&r->server->rules->conf, PROOF_CODE))
		return signin_link(r, 403, *token ? token : r->session.token, N_("Det går inte att logga in med en kod."), err);
	if (session_count(r, &allowed, err) < 0)
		return -1;
	if (!allowed)
		return send_long(r, *token ? token : r->session.token, err);
	return *token && session_start(r, token, NULL, err) < 0 ? -1 : send_and_ask(r, err);
}

int
signin_get(struct request *r, struct error *err)
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

/* *problem NULL when it is right: then r->session is a new one. */
static int
try_code(struct request *r, const char **problem, struct error *err)
{
	enum code_answer answer;

	*problem = NULL;
	if (session_try(r, digits(r->mem, form_get(&r->form, "kod")), &answer, err) < 0)
		return -1;
	if (answer == CODE_RIGHT) {
		log_info("signed in letter='%s' by='code'", r->letter.id);
		return 0;
	}
	log_warn("wrong code letter='%s' tries=%d", r->letter.id, r->session.tries);
	*problem = answer == CODE_WRONG ? N_("Koden stämmer inte. Kontrollera siffrorna och försök igen.")
					: N_("Koden gäller inte längre. Begär en ny kod.");
	return 0;
}

static int
by_long_code(struct request *r, const char *token, struct error *err)
{
	enum code_answer answer;
	bool found, old;

	if (session_letter(r, token, &r->letter, &found, &old, err) < 0)
		return -1;
	if (!found)
		return signin_bad(r, old, err);
	if (session_try_long(r, token, fours(r->mem, form_get(&r->form, "kod")), &answer, err) < 0)
		return -1;
	if (answer == CODE_RIGHT) {
		log_info("signed in letter='%s' by='long code'", r->letter.id);
		return redirect(r, "/beslut");
	}
	log_warn("wrong long code letter='%s'", r->letter.id);
	return page_long(r, 403, token, INT64_MIN, N_("Koden stämmer inte, eller gäller inte längre. Ta den i det senaste brevet från oss."),
			 err);
}

/* ------------------------------------------------------------------ a password, or the proxy */

/* *problem NULL when r->session is a new one, proved. */
static int
try_password(struct request *r, const char *token, unsigned *status, const char **problem, struct error *err)
{
	struct claimant who;
	enum proven answer;

	if (prove_claimant(r, &who, err) < 0 || prove_password(r, &who, DOOR_LINK, form_get(&r->form, "losen"), &answer, err) < 0)
		return -1;
	*status = prove_status(answer);
	*problem = prove_problem(&r->server->rules->conf, answer);
	if (answer != PROVEN)
		return 0;
	log_info("signed in letter='%s' by='ldap'", r->letter.id);
	return session_start(r, token, proof_word[PROOF_LDAP], err);
}

static int
try_proxy(struct request *r, const char *token, unsigned *status, const char **problem, struct error *err)
{
	const char *name = prove_proxy(r);
	struct claimant who;

	*status = 403;
	*problem = PROXY_BAD;
	if (prove_claimant(r, &who, err) < 0)
		return -1;
	if (!prove_same_name(r->mem, name, who.name)) {
		log_warn("the proxy names somebody else letter='%s'", r->letter.id);
		return 0;
	}
	*problem = NULL;
	log_info("signed in letter='%s' by='proxy'", r->letter.id);
	return session_start(r, token, proof_word[PROOF_PROXY], err);
}

/* With the token of a link, from its page. */
static int
by_link(struct request *r, bool proxy, struct error *err)
{
	const char *token = form_get(&r->form, "token"), *problem;
	enum session_state state;
	unsigned status;
	bool found, old;

	/* What the browser has had before ends with it. */
	if (session_find(r, &state, err) < 0 || session_letter(r, token, &r->letter, &found, &old, err) < 0)
		return -1;
	if (!found)
		return signin_bad(r, old, err);
	if ((proxy ? try_proxy(r, token, &status, &problem, err) : try_password(r, token, &status, &problem, err)) < 0)
		return -1;
	return problem ? signin_link(r, status, token, problem, err) : redirect(r, "/beslut");
}

int
signin_proxy(struct request *r, struct error *err)
{
	return by_link(r, true, err);
}

int
signin_post(struct request *r, struct error *err)
{
	const char *token = form_get(&r->form, "token"), *problem;
	enum session_state state;

	if (*token && !form_has(&r->form, "kod"))
		return by_link(r, false, err);
	if (session_find(r, &state, err) < 0)
		return -1;
	if (state == SESSION_PROVED && (!*token || digest_equal(token, r->session.token)))
		return redirect(r, "/beslut");
	if (*token)
		return by_long_code(r, token, err);
	if (state != SESSION_UNPROVED || !session_nonce(r))
		return no_session(r, state, err);
	if (try_code(r, &problem, err) < 0)
		return -1;
	return problem ? page_code(r, 403, problem, err) : redirect(r, "/beslut");
}

/* ------------------------------------------------------------------ once more */

int
signin_again(struct request *r, bool proxy, enum again *out, unsigned *status, const char **problem, struct error *err)
{
	const char *token = r->session.token;
	bool allowed;
	int rc;

	*out = AGAIN_NOT;
	*status = 403;
	if (!proxy && *form_get(&r->form, "skicka") && conf_proves(&r->server->rules->conf, PROOF_CODE)) {
		rc = session_count(r, &allowed, err);
		*status = 429;
		*problem = CODES_MANY;
		if (rc == 0 && allowed)
			rc = send_code(r, status, problem, err);
		*out = AGAIN_SENT;
		return rc;
	}
	if (proxy)
		rc = try_proxy(r, token, status, problem, err);
	else if (*form_get(&r->form, "kod"))
		rc = try_code(r, problem, err);
	else
		rc = try_password(r, token, status, problem, err);
	if (rc == 0 && !*problem)
		*out = AGAIN_PROVED;
	else if (!proxy && *form_get(&r->form, "kod"))
		*out = AGAIN_SENT;
	return rc;
}
