/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * prove.c - who somebody is, by the directory (their password) or by the proxy in front of us (a header).
 *
 * A password is never stored, never logged, never shown again, and overwritten with all else of its request.  (What GnuTLS
 * had of it on the way to the directory is freed as it is.)  Where it is tried
 * is a directory that locks accounts: so tries are counted here, before they are made, and end well below that.
 */
#include "decide_p.h"

#include <behov/directory.h>
#include <behov/log.h>

#include <strings.h>

#define TRIES_SECONDS (30 * 60)
#define ADDRESS_AN_HOUR 30              /* passwords at /status from one address, */
#define STRANGERS_AN_HOUR 300           /* and for names of nobody from all of them */
#define NAME_MOST 256                   /* bytes */

/* ------------------------------------------------------------------ a password */

/*
 * What the directory allows an account is shared by two doors, and anybody may knock at /status who knows a name.  So some
 * tries are kept for who has a link, and one address gets no more than about half of the rest: a stranger can neither lock an
 * account, nor keep its owner from deciding, nor an administrator from /status.
 */
static void
limit_status(struct request *r, const struct claimant *who, struct limits *out)
{
	int tries = r->server->rules->conf.web.ldap.tries, kept = tries / 3 > 1 ? tries / 3 : 1;
	int here = tries > kept ? tries - kept : tries;
	const char *address = address_of(r);

	limits_add(r, out, arena_print(r->mem, "status:%s", who->key), TRIES_SECONDS, here);
	if (address) {
		limits_add(r, out, arena_print(r->mem, "status:%s@%s", who->key, address), TRIES_SECONDS, (here + 1) / 2);
		limits_add(r, out, arena_print(r->mem, "status@%s", address), 3600, ADDRESS_AN_HOUR);
	}
	if (who->nobody)
		limits_add(r, out, "status@", 3600, STRANGERS_AN_HOUR);
}

static struct limits
limits_of(struct request *r, const struct claimant *who, enum door door)
{
	struct limits out = { 0 };

	limits_add(r, &out, arena_print(r->mem, "ldap:%s", who->key), TRIES_SECONDS, r->server->rules->conf.web.ldap.tries);
	if (door == DOOR_STATUS)
		limit_status(r, who, &out);
	return out;
}

int
prove_password(struct request *r, const struct claimant *who, enum door door, const char *password, enum proven *out,
	       struct error *err)
{
	const struct conf *conf = &r->server->rules->conf;
	const struct claim claim = { .name = who->name, .key = who->key, .pattern = conf->web.ldap.name, .password = password };
	enum claim_answer answer;
	struct limits limits = limits_of(r, who, door);
	struct error why = { 0 };
	bool allowed;

	*out = PROVEN_NOTHING;
	if (!*password)
		return 0;
	*out = PROVEN_NOT;
	if (!conf_proves(conf, PROOF_LDAP))
		return 0;
	if (limits_take(r, &limits, &allowed, err) < 0)
		return -1;
	if (!allowed) {
		*out = PROVEN_TOO_OFTEN;
		log_warn("too many passwords account='%s'", who->key);
		return 0;
	}
	if (directory_prove(r->mem, &conf->web.ldap.at, &claim, &answer, &why) < 0) {
		*out = PROVEN_LATER;
		log_error("cannot ask the directory who somebody is: %s", why.text);
		return 0;
	}
	if (answer == CLAIM_TRUE) {     /* the directory forgets the wrong ones, too */
		*out = PROVEN;
		return limits_give_back(r, &limits, err);
	}
	log_warn("a password does not prove it account='%s': %s", who->key, why.text);
	return 0;
}

/* ------------------------------------------------------------------ a header */

struct header { const char *name, *value; int count; bool bad; };

static enum MHD_Result
look(void *self, enum MHD_ValueKind kind, const char *name, size_t name_len, const char *value, size_t value_len)
{
	struct header *h = self;

	(void)kind;
	if (strlen(name) != name_len || strcasecmp(name, h->name) != 0)
		return MHD_YES;
	h->count++;
	h->value = value ? value : "";
	h->bad |= strlen(h->value) != value_len;
	return MHD_YES;
}

static bool
is_realm(const struct conf *conf, const char *text)
{
	for (int i = 0; i < conf->web.proxy.realm_count; i++)
		if (strcasecmp(conf->web.proxy.realms[i], text) == 0)
			return true;
	return false;
}

/* "anna.berg", "anna.berg@KALMAR.EXAMPLE" or "KALMAR\anna.berg", where conf knows the realm; else NULL. */
static const char *
bare_name(struct arena *mem, const struct conf *conf, const char *value)
{
	const char *at = strrchr(value, '@'), *back = strchr(value, '\\');

	if (!*value || strlen(value) > NAME_MOST || !text_is_utf8(value, strlen(value)) || (at && back))
		return NULL;
	if (at)
		return at > value && is_realm(conf, at + 1) ? arena_copy(mem, value, (size_t)(at - value)) : NULL;
	if (back)
		return back[1] && is_realm(conf, arena_copy(mem, value, (size_t)(back - value))) ? arena_text(mem, back + 1) : NULL;
	return arena_text(mem, value);
}

const char *
prove_proxy(struct request *r)
{
	const struct conf *conf = &r->server->rules->conf;
	struct header h = { .name = conf->web.proxy.header };
	const char *name;

	if (!conf_proves(conf, PROOF_PROXY))
		return NULL;
	MHD_get_connection_values_n(r->connection, MHD_HEADER_KIND, look, &h);
	if (h.count != 1 || h.bad) {
		log_warn("nobody is named by the proxy header='%s' count=%d", h.name, h.count);
		return NULL;
	}
	if (!address_from_proxy(r)) {   /* whoever can open the socket could write the header */
		log_error("somebody else than '%s' writes the header '%s'", conf->web.proxy.user, h.name);
		return NULL;
	}
	name = bare_name(r->mem, conf, h.value);
	if (!name)
		log_warn("the proxy names somebody of a realm that is not in proxy-realms");
	return name;
}

bool
prove_same_name(struct arena *mem, const char *a, const char *b)
{
	return a && b && strcmp(text_fold(mem, a), text_fold(mem, b)) == 0;
}

/* ------------------------------------------------------------------ what both need */

/* The name of whoever has that key, as that proposal has it. */
static int
name_now(struct request *r, const char *proposal, struct claimant *who, struct error *err)
{
	struct stored_list one = { 0 };

	if (store_proposals(r->mem, r->server->store, &(struct proposal_filter){ .id = proposal }, &one, err) < 0)
		return -1;
	for (size_t i = 0; one.list.count && i < one.list.items[0].p.approvers.count; i++) {
		const struct approver *a = &one.list.items[0].p.approvers.items[i];
		if (strcmp(a->key, who->key) == 0 && a->name)
			who->name = a->name;
	}
	stored_free(&one);
	return 0;
}

/* A letter keeps the name that they had; what the night knows by now stands in what they are asked
 * about: it says anew who is asked only while an answer counts. */
int
prove_claimant(struct request *r, struct claimant *out, struct error *err)
{
	struct proposal_filter mine = { .states = STATES_ANSWERABLE | STATES(STATE_SCHEDULED), .approver = r->letter.key, .brief = true };
	struct stored_list list = { 0 };
	int rc;

	*out = (struct claimant){ .key = r->letter.key, .name = r->letter.name };
	if (store_proposals(r->mem, r->server->store, &mine, &list, err) < 0)
		return -1;
	rc = list.list.count ? name_now(r, list.list.items[0].id, out, err) : 0;
	stored_free(&list);
	return rc;
}

const char *
prove_problem(const struct conf *conf, enum proven answer)
{
	bool code = conf_proves(conf, PROOF_CODE);

	switch (answer) {
	case PROVEN:
		return NULL;
	case PROVEN_NOTHING:
		return N_("Skriv ditt lösenord.");
	case PROVEN_TOO_OFTEN:
		return code ? N_("Det har varit för många försök med lösenord. Vänta en halvtimme, eller logga in med en kod.")
			    : N_("Det har varit för många försök med lösenord. Vänta en halvtimme och försök igen.");
	case PROVEN_LATER:
		return code ? N_("Lösenordet kunde inte kontrolleras just nu. Försök igen om en stund, eller logga in med en kod.")
			    : N_("Lösenordet kunde inte kontrolleras just nu. Försök igen om en stund.");
	case PROVEN_NOT:
		break;
	}
	return N_("Det gick inte att logga in så. Kontrollera lösenordet och försök igen.");
}

unsigned
prove_status(enum proven answer)
{
	static const unsigned status[] = { [PROVEN] = 200, [PROVEN_NOT] = 403, [PROVEN_NOTHING] = 422, [PROVEN_TOO_OFTEN] = 429,
					   [PROVEN_LATER] = 503 };

	return status[answer];
}

json_t *
prove_ways(const struct conf *conf, bool strong)
{
	json_t *list = json_array();

	for (int i = 0; i < conf->web.proof_count; i++) {
		enum proof_kind kind = conf->web.proofs[i];
		json_t *one;
		if (strong && kind == PROOF_CODE)
			continue;
		one = json_object();
		for (int k = 0; k < PROOFS; k++)
			json_object_set_new(one, proof_word[k], json_boolean(k == (int)kind));
		json_object_set_new(one, "first", json_boolean(json_array_size(list) == 0));
		json_array_append_new(list, one);
	}
	return list;
}
