/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * admin.c - /status: who may look, and which page it is.
 *
 * There is no link to come by, so a code proves nothing here: a password or the proxy does, of an account that the last night
 * has found among the administrators.  Nothing but signing in and out is a POST.
 */
#include "admin_p.h"

#include <behov/digest.h>
#include <behov/log.h>

#define MINUTES_60 3600                 /* seconds: reading needs no more, and a GET may not make it longer */

/* ------------------------------------------------------------------ who may look */

static int
read_list(struct request *r, json_t **out, struct error *err)
{
	const char *text = NULL;

	*out = NULL;
	if (store_get(r->mem, r->server->store, ADMINISTRATORS_VALUE, &text, err) < 0)
		return -1;
	return text ? json_read(text, strlen(text), out, err) : 0;
}

/* By key, or by name; all NULL when there is no such administrator. */
static int
look_up(struct request *r, const char *key, const char *name, struct claimant *out, const char **display, struct error *err)
{
	const json_t *one;
	json_t *all;
	size_t i;

	*out = (struct claimant){ .key = NULL };
	*display = NULL;
	if (read_list(r, &all, err) < 0)
		return -1;
	json_array_foreach (all, i, one) {
		const char *its_key = json_text(one, "key"), *its_name = json_text(one, "name");

		if (!its_key || !its_name || (key ? strcmp(its_key, key) != 0 : !prove_same_name(r->mem, its_name, name)))
			continue;
		*out = (struct claimant){ .key = arena_text(r->mem, its_key), .name = arena_text(r->mem, its_name) };
		*display = arena_text(r->mem, json_text(one, "display") ? json_text(one, "display") : its_name);
	}
	json_decref(all);
	return 0;
}

/* ------------------------------------------------------------------ the session */

static const char *
cookie_name(const struct request *r)
{
	return arena_print(r->mem, "%s-status", r->server->cookie);
}

static void
set_cookie(struct request *r, const char *value)
{
	r->set_cookie = arena_print(r->mem, "%s=%s; Path=/; HttpOnly; SameSite=Strict%s%s", cookie_name(r), value,
				    r->server->https ? "; Secure" : "", *value ? "" : "; Max-Age=0");
}

/* Is that request signed in?  r->admin and r->session are set when it is. */
static int
find_admin(struct request *r, bool *found, struct error *err)
{
	const char *cookie = MHD_lookup_connection_value(r->connection, MHD_COOKIE_KIND, cookie_name(r));
	const struct session *s = &r->session;
	struct claimant who;
	bool known;

	*found = false;
	if (!cookie || strlen(cookie) > 100)
		return 0;
	if (inbox_session(r->mem, r->server->inbox, digest_text(r->mem, cookie), &r->session, &known, err) < 0)
		return -1;
	if (!known || !s->account || s->token || s->proved == INT64_MIN || r->now < s->made || r->now - s->made >= MINUTES_60)
		return 0;
	if (look_up(r, s->account, NULL, &who, &r->admin, err) < 0)
		return -1;
	*found = who.key != NULL;
	return 0;
}

static int
start(struct request *r, const struct claimant *who, enum proof_kind kind, struct error *err)
{
	unsigned char bytes[32], nonce[16];
	const char *cookie;
	struct session made = { .letter = "", .made = r->now, .seen = r->now, .proved = r->now, .code_sent = INT64_MIN, .used = INT64_MIN,
				.kind = proof_word[kind], .account = who->key };

	digest_random(bytes, sizeof(bytes));
	digest_random(nonce, sizeof(nonce));
	cookie = digest_base64url(r->mem, bytes, sizeof(bytes));
	made.id = digest_text(r->mem, cookie);
	made.nonce = digest_hex(r->mem, nonce, sizeof(nonce));
	if (inbox_sessions_expire(r->server->inbox, r->now - 2 * SESSION_MOST, err) < 0 ||
	    inbox_session_put(r->server->inbox, &made, err) < 0)
		return -1;
	set_cookie(r, cookie);
	log_info("signed in to /status account='%s' by='%s'", who->key, proof_word[kind]);
	return redirect(r, "/status");
}

/* ------------------------------------------------------------------ in and out */

static int
page_sign_in(struct request *r, unsigned status, const char *problem, struct error *err)
{
	json_t *data = admin_page(r, N_("Logga in som administratör"), "");

	json_put(data, "problem", say(r, problem));
	json_object_set_new(data, "ways", prove_ways(&r->server->rules->conf, true));
	return page_render(r, status, "admin-signin.html", data, err);
}

static int
get_sign_in(struct request *r, struct error *err)
{
	bool found;

	if (find_admin(r, &found, err) < 0)
		return -1;
	return found ? redirect(r, "/status") : page_sign_in(r, 200, NULL, err);
}

/* Who is no administrator is counted as one, by what they typed, and asked about as one, under a name that nobody has: neither
 * an answer nor how long it takes tells who is. */
static struct claimant
nobody(struct request *r, const char *typed)
{
	unsigned char name[8];

	digest_random(name, sizeof(name));
	log_warn("somebody who is no administrator wants to see /status");
	return (struct claimant){ .key = arena_print(r->mem, "?%.16s", digest_text(r->mem, text_fold(r->mem, typed))),
				  .name = arena_print(r->mem, "x%s", digest_hex(r->mem, name, sizeof(name))), .nobody = true };
}

/* Their password is nobody else's business: it goes to the directory for an administrator only. */
static int
try_password(struct request *r, const struct claimant *who, enum proven *answer, struct error *err)
{
	unsigned char other[16];

	if (!who->nobody)
		return prove_password(r, who, DOOR_STATUS, form_get(&r->form, "losen"), answer, err);
	digest_random(other, sizeof(other));
	return prove_password(r, who, DOOR_STATUS, digest_hex(r->mem, other, sizeof(other)), answer, err);
}

static int
post_sign_in(struct request *r, struct error *err)
{
	const struct conf *conf = &r->server->rules->conf;
	const char *display;
	struct claimant who;
	enum proven answer;

	if (!*form_get(&r->form, "losen"))      /* whoever it is */
		return page_sign_in(r, prove_status(PROVEN_NOTHING), prove_problem(conf, PROVEN_NOTHING), err);
	if (look_up(r, NULL, form_get(&r->form, "konto"), &who, &display, err) < 0)
		return -1;
	if (!who.key)
		who = nobody(r, form_get(&r->form, "konto"));
	if (try_password(r, &who, &answer, err) < 0)
		return -1;
	if (answer == PROVEN && !who.nobody)
		return start(r, &who, PROOF_LDAP, err);
	if (answer == PROVEN_LATER)
		return page_sign_in(r, prove_status(answer), N_("Lösenordet kunde inte kontrolleras just nu. Försök igen om en stund."), err);
	return page_sign_in(r, 403, N_("Det gick inte att logga in så. Kontrollera konto och lösenord. Efter några försök tas inga fler emot på en "
			    "halvtimme."), err);
}

static int
post_proxy(struct request *r, struct error *err)
{
	const char *name = prove_proxy(r), *display;
	struct claimant who = { .key = NULL };

	if (name && look_up(r, NULL, name, &who, &display, err) < 0)
		return -1;
	if (who.key)
		return start(r, &who, PROOF_PROXY, err);
	return page_sign_in(r, 403, N_("Du är inte inloggad i kommunens nät som någon av administratörerna."), err);
}

static int
post_sign_out(struct request *r, struct error *err)
{
	bool found;

	if (find_admin(r, &found, err) < 0)
		return -1;
	if (found && !session_nonce(r))
		return page_notice(r, 403, N_("Det gick inte att logga ut"), N_("Gå tillbaka till sidan och försök igen."), err);
	if (found && inbox_session_end(r->server->inbox, r->session.id, err) < 0)
		return -1;
	r->admin = NULL;
	set_cookie(r, "");
	return page_notice(r, 200, N_("Du är utloggad"), N_("Du har lämnat översikten."), err);
}

/* ------------------------------------------------------------------ which is which */

static const struct {
	const char *path;
	int (*get)(struct request *r, struct error *err);
	int (*post)(struct request *r, struct error *err);
	bool open;                      /* for who is not signed in */
} routes[] = {
	{ "/status", admin_overview, NULL, false },
	{ "/status/agare", admin_owners, NULL, false },
	{ "/status/arbete", admin_work, NULL, false },
	{ "/status/brev", admin_letters, NULL, false },
	{ "/status/fynd", admin_facts, NULL, false },
	{ "/status/logga-in", get_sign_in, post_sign_in, true },
	{ "/status/logga-in/proxy", get_sign_in, post_proxy, true },
	{ "/status/logga-ut", get_sign_in, post_sign_out, true },
	{ "/status/mal", admin_goals, NULL, false },
	{ "/status/natt", admin_night, NULL, false },
	{ "/status/natter", admin_nights, NULL, false },
	{ "/status/stopp", admin_holds, NULL, false },
};

int
admin_route(struct request *r, struct error *err)
{
	const struct conf *conf = &r->server->rules->conf;
	bool post = strcmp(r->method, "POST") == 0, found;

	for (size_t i = 0; (conf_proves(conf, PROOF_LDAP) || conf_proves(conf, PROOF_PROXY)) &&
		     i < sizeof(routes) / sizeof(*routes); i++) {
		if (strcmp(routes[i].path, r->path) != 0)
			continue;
		if (post)
			return routes[i].post ? routes[i].post(r, err)
					      : page_notice(r, 405, N_("Så kan sidan inte användas"), N_("Här går det bara att läsa."), err);
		if (routes[i].open)
			return routes[i].get(r, err);
		if (find_admin(r, &found, err) < 0)
			return -1;
		return found ? routes[i].get(r, err) : redirect(r, "/status/logga-in");
	}
	return page_notice(r, 404, N_("Sidan finns inte"), N_("Här finns inget att läsa."), err);
}

/* ------------------------------------------------------------------ what the pages share */

json_t *
admin_page(struct request *r, const char *title, const char *here)
{
	static const char *const pages[][2] = { { "", N_("Översikt") }, { "arbete", N_("Arbete") }, { "fynd", N_("Fynd och luckor") },
						{ "agare", N_("Ägare") }, { "stopp", N_("Stopp") }, { "brev", N_("Brev") },
						{ "natter", N_("Nätter") }, { "mal", N_("Mål") } };
	const struct conf *conf = &r->server->rules->conf;
	json_t *o = json_object(), *list = json_array();

	for (size_t i = 0; r->admin && i < sizeof(pages) / sizeof(*pages); i++) {
		json_t *one = json_object();
		json_put(one, "path", *pages[i][0] ? arena_print(r->mem, "/status/%s", pages[i][0]) : "/status");
		json_put(one, "text", say(r, pages[i][1]));
		json_object_set_new(one, "here", json_boolean(strcmp(pages[i][0], here) == 0));
		json_array_append_new(list, one);
	}
	rows_put(o, "title", say(r, title));
	language_put(r, o);
	rows_put(o, "organisation", conf->organisation);
	rows_put(o, "contact", conf->mail.contact);
	json_put(o, "problem", NULL);
	json_put(o, "nonce", r->admin ? session_mask(r) : NULL);
	rows_put(o, "display", r->admin);
	rows_put(o, "at", clock_local(r->mem, r->now));
	json_object_set_new(o, "pages", list);
	json_put(o, "shown", NULL);
	json_put(o, "earlier", NULL);
	json_put(o, "later", NULL);
	return o;
}

const char *
admin_argument(struct request *r, const char *name)
{
	const char *value = MHD_lookup_connection_value(r->connection, MHD_GET_ARGUMENT_KIND, name);

	return value && strlen(value) <= 200 && text_is_utf8(value, strlen(value)) ? value : NULL;
}

static size_t
number_of(const char *text)
{
	return text && *text && strlen(text) < 10 && !text[strspn(text, "0123456789")] ? strtoul(text, NULL, 10) : 0;
}

struct admin_rows
admin_pager(struct request *r, json_t *data, const char *path, const char *query, size_t total)
{
	size_t from = number_of(admin_argument(r, "fran")), to;

	from = from < total ? from - from % ADMIN_ROWS : 0;
	to = from + ADMIN_ROWS < total ? from + ADMIN_ROWS : total;
	if (total > ADMIN_ROWS)
		json_put(data, "shown", arena_print(r->mem, say(r, "%s–%s av %s"), text_count(r->mem, (long long)from + 1),
						    text_count(r->mem, (long long)to), text_count(r->mem, (long long)total)));
	if (from)
		json_put(data, "earlier", arena_print(r->mem, "%s?%sfran=%zu", path, query, from - ADMIN_ROWS));
	if (to < total)
		json_put(data, "later", arena_print(r->mem, "%s?%sfran=%zu", path, query, to));
	return (struct admin_rows){ from, to };
}

bool
admin_may_name(int konfidentialitet)
{
	return konfidentialitet >= 0 && konfidentialitet < 3;
}

/* Whole days since then, in the zone. */
static int
days_since(const struct request *r, int64_t since)
{
	return (int)(clock_day(r->now) - clock_day(since));
}

void
admin_age(struct request *r, json_t *row, int64_t since)
{
	int days = days_since(r, since), reminder = r->server->rules->conf.reminder_days;

	json_put(row, "age", days == 1 ? say(r, "1 dag") : arena_print(r->mem, say(r, "%d dagar"), days));
	json_object_set_new(row, "old", json_boolean(days >= 2 * reminder && days > 0));
}

bool
admin_may_tell(struct request *r, const struct gap *gap)
{
	const struct rules *rules = r->server->rules;
	const char *what = gap->what, *id = gap->id ? gap->id : "";

	if (strcmp(what, "share") == 0 || strcmp(what, "window") == 0 || strcmp(what, "folder") == 0) {
		const struct share *share = rules_share(rules, id);
		return share && admin_may_name(share->class.konfidentialitet);
	}
	if (strcmp(what, "role") == 0) {
		const struct system *system = rules_system(rules, arena_print(r->mem, "%.*s", (int)strcspn(id, "/"), id));
		return system && admin_may_name(system->class.konfidentialitet);
	}
	return true;
}

const char *
admin_gap_word(const char *what)
{
	static const char *const words[][2] = {
		{ "directory", N_("Katalogen") }, { "group", N_("Gruppen") }, { "hr", N_("Personalregistret") },
		{ "role", N_("Rollen") }, { "accounts", N_("Kontolistan") }, { "share", N_("Lagringsytan") },
		{ "folder", N_("Mapp på lagringsytan") }, { "window", N_("Lagringsytan, tiden tog slut") },
		{ "inbox", N_("Inkorgen från sidan") }, { "cases", N_("Ärendelistan") } };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(words[i][0], what) == 0)
			return words[i][1];
	return what;
}

void
admin_count(struct request *r, json_t *o, const char *key, long long n)
{
	json_put(o, key, text_count(r->mem, n));
}
