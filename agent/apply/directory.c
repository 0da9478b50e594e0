/* SPDX-License-Identifier: GPL-3.0-or-later */
/* directory.c - one member value at a time, taken out of its group over LDAP, and put back. */
#include "behov/directory.h"
#include "apply_p.h"
#include "behov/json.h"
#include "behov/log.h"
#include "behov/step.h"
#include "behov/text.h"
#include <ctype.h>

/* An edge as it stands in the directory just now. */
struct edge_now {
	const char *group, *member;     /* DNs now, whatever they were called when it was approved */
	uint32_t group_rid, primary;    /* last part of the group's SID, the member's primaryGroupID; 0 = none */
	bool listed;                    /* the group's member list has that value */
};

struct writer { struct apply *a; LDAP *ld; };

/* ------------------------------------------------------------------ finding */

/* "xxxxxxxx-xxxx-…" as the sixteen bytes of objectGUID: the first three fields are little-endian. */
static bool
guid_bytes(const char *key, char out[16])
{
	static const int place[16] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };
	int digits = 0;
	unsigned byte = 0;

	if (strlen(key) != 36)
		return false;
	for (int i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? key[i] != '-' : !isxdigit((unsigned char)key[i]))
			return false;
		if (dash)
			continue;
		byte = byte << 4 | (unsigned)(isdigit((unsigned char)key[i]) ? key[i] - '0'
							       : tolower((unsigned char)key[i]) - 'a' + 10);
		if (digits++ % 2)
			out[place[digits / 2 - 1]] = (char)(byte & 255);
	}
	return true;
}

static uint32_t
rid_of(LDAP *ld, LDAPMessage *entry)
{
	struct berval **sid = ldap_get_values_len(ld, entry, "objectSid");
	uint32_t rid = 0;

	if (sid && sid[0] && sid[0]->bv_len >= 12)
		for (ber_len_t i = 1; i <= 4; i++)
			rid = rid << 8 | (unsigned char)sid[0]->bv_val[sid[0]->bv_len - i];
	ldap_value_free_len(sid);
	return rid;
}

static uint32_t
number_of(LDAP *ld, LDAPMessage *entry, const char *name)
{
	struct berval **values = ldap_get_values_len(ld, entry, name);
	uint32_t n = 0;

	for (ber_len_t i = 0; values && values[0] && i < values[0]->bv_len && isdigit((unsigned char)values[0]->bv_val[i]); i++)
		n = n * 10 + (uint32_t)(values[0]->bv_val[i] - '0');
	ldap_value_free_len(values);
	return n;
}

static int
ask(struct writer *w, const char *base, int scope, const char *filter, LDAPMessage **answer, struct error *err)
{
	char dn[] = "1.1", sid[] = "objectSid", primary[] = "primaryGroupID";
	char *none[] = { dn, NULL }, *some[] = { sid, primary, NULL };
	int rc = ldap_search_ext_s(w->ld, base, scope, filter, strncmp(filter, "(member", 7) == 0 ? none : some, 0, NULL, NULL,
				   NULL, 2, answer);

	if (rc == LDAP_SUCCESS || rc == LDAP_NO_SUCH_OBJECT)
		return 0;
	ldap_msgfree(*answer);
	*answer = NULL;
	return directory_refused(w->ld, w->a->conf, rc, "cannot ask for an object", err);
}

/*
 * The object with that key: by objectGUID, by SID, or, where the directory shows neither, by the DN that the key was made
 * of.  *dn NULL when there is none.  An object of the same name that is another is never found.
 */
static int
find(struct writer *w, const char *key, const char *was, const char **dn, uint32_t *rid, uint32_t *primary,
     struct error *err)
{
	struct apply *a = w->a;
	LDAPMessage *answer = NULL, *entry;
	struct text filter;
	char guid[16], *found;
	bool by_guid = guid_bytes(key, guid), by_sid = strncmp(key, "S-1-", 4) == 0;
	int rc;

	*dn = NULL;
	text_open(&filter, 1000);
	text_add(&filter, by_guid ? "(objectGUID=" : by_sid ? "(objectSid=" : "(objectClass=*)");
	if (by_guid)
		ldap_value(&filter, guid, sizeof guid);
	else if (by_sid)
		ldap_value(&filter, key, strlen(key));
	text_add(&filter, by_guid || by_sid ? ")" : "");
	rc = ask(w, by_guid || by_sid ? a->conf->directory.base : was, by_guid || by_sid ? LDAP_SCOPE_SUBTREE : LDAP_SCOPE_BASE,
		 filter.data, &answer, err);
	text_close(&filter);
	entry = rc == 0 && answer ? ldap_first_entry(w->ld, answer) : NULL;
	if (entry && ldap_next_entry(w->ld, entry))
		rc = error_set(err, ERROR_SOURCE, "two objects answer to '%s'", key);
	if (entry && rc == 0) {
		found = ldap_get_dn(w->ld, entry);
		*dn = arena_text(a->mem, found);
		ldap_memfree(found);
		*rid = rid_of(w->ld, entry);
		*primary = number_of(w->ld, entry, "primaryGroupID");
		if (!by_guid && !by_sid && *dn) {
			const char *now = dn_key(a->mem, *dn);

			*dn = now && strcmp(now, key) == 0 ? *dn : NULL;
		}
	}
	ldap_msgfree(answer);
	return rc;
}

/* Does the group list that one value?  A filter is answered from the whole list, however long; reading it is not. */
static int
is_listed(struct writer *w, const char *group, const char *member, bool *yes, struct error *err)
{
	LDAPMessage *answer = NULL;
	struct text filter;
	int rc;

	text_open(&filter, (size_t)1 << 20);
	text_add(&filter, "(member=");
	ldap_value(&filter, member, strlen(member));
	text_add(&filter, ")");
	rc = ask(w, group, LDAP_SCOPE_BASE, filter.data, &answer, err);
	text_close(&filter);
	*yes = rc == 0 && answer && ldap_first_entry(w->ld, answer);
	ldap_msgfree(answer);
	return rc;
}

/* *why: it cannot be found any longer. */
static int
look(struct writer *w, const struct proposal *p, struct edge_now *e, const char **why, struct error *err)
{
	uint32_t unused;

	*e = (struct edge_now){ 0 };
	*why = NULL;
	if (find(w, p->group_guid, p->group, &e->group, &e->group_rid, &unused, err) < 0 ||
	    find(w, p->guid, p->member, &e->member, &unused, &e->primary, err) < 0)
		return -1;
	if (!e->group || !e->member) {
		*why = e->group ? "medlemmen syns inte längre; nästa fullständiga natt avgör om den är borta"
				: "gruppen syns inte längre; nästa fullständiga natt avgör om den är borta";
		return 0;
	}
	return is_listed(w, e->group, e->member, &e->listed, err);
}

static bool
is_primary(const struct edge_now *e)
{
	return e->primary && e->primary == e->group_rid;
}

/* ------------------------------------------------------------------ the two that change */

static int
change(LDAP *ld, int operation, const struct edge_now *e)
{
	struct berval value = { .bv_len = strlen(e->member) }, *values[] = { &value, NULL };
	char type[] = "member";
	LDAPMod mod = { .mod_op = operation | LDAP_MOD_BVALUES, .mod_type = type, .mod_vals.modv_bvals = values };
	LDAPMod *mods[] = { &mod, NULL };
	char *copy = strdup(e->member);
	int rc;

	if (!copy)
		return LDAP_NO_MEMORY;
	value.bv_val = copy;
	rc = ldap_modify_ext_s(ld, e->group, mods, NULL, NULL);
	free(copy);
	return rc;
}

/* The only function that removes a membership: one value, never the list.  What the server says is not the judge. */
static int
take_away(LDAP *ld, const struct edge_now *e, const struct proof *proof)
{
	int rc;

	if (!PROVEN(proof))
		abort();
	rc = change(ld, LDAP_MOD_DELETE, e);
	step("remove");
	return rc;
}

/* The only function that gives one: what we took. */
static int
give_back(LDAP *ld, const struct edge_now *e)
{
	int rc = change(ld, LDAP_MOD_ADD, e);

	step("restore");
	return rc;
}

/* ------------------------------------------------------------------ removing */

static char *
edge_json(struct apply *a, const struct proposal *p, const struct edge_now *e)
{
	json_t *o = json_object();
	char *text;

	json_put(o, "directory", a->conf->directory.source);
	json_put(o, "group", e->group);
	json_put(o, "group-key", p->group_guid);
	json_put(o, "member", e->member);
	json_put(o, "member-key", p->guid);
	text = json_canonical(a->mem, o);
	json_decref(o);
	return text;
}

/* Journal and state in one transaction.  id 0: nothing was intended. */
static int
finish(struct apply *a, struct stored *s, long long id, bool gone, const char *after, const char *note)
{
	if (store_begin(a->in->store, a->err) < 0)
		return -1;
	if ((id && apply_end(a, id, gone ? EFFECT_DONE : EFFECT_FAILED, after, note) < 0) ||
	    apply_state_in(a, s, gone ? STATE_DONE : STATE_FAILED, INT64_MIN, DAY_NONE, note, "apply",
			   gone ? "membership-removed" : "proposal-failed") < 0 ||
	    store_commit(a->in->store, a->err) < 0) {
		store_rollback(a->in->store);
		return -1;
	}
	if (gone)
		a->out->removed++;
	else
		a->out->failed++;
	log_info("apply %s proposal='%s'%s%s", gone ? "done" : "failed", s->id, note ? ": " : "", note ? note : "");
	return 0;
}

/* The server could not be asked: nothing is known, so nothing is said to be done. */
static int
unknown(struct apply *a, struct stored *s, const struct error *trouble)
{
	log_error("apply cannot remove for proposal='%s': %s", s->id, trouble->text);
	return apply_left(a, s, "katalogen svarar inte som den ska; nästa körning försöker igen");
}

/* After the act: the list is read again on the same server. */
static int
verify(struct writer *w, struct stored *s, const struct edge_now *before, long long id, int code)
{
	struct apply *a = w->a;
	struct error trouble = { 0 };
	struct edge_now now;
	const char *why;

	if (look(w, &s->p, &now, &why, &trouble) < 0)
		return unknown(a, s, &trouble);
	if (why)
		return apply_left(a, s, why);
	if (now.listed && (code == LDAP_SUCCESS || LDAP_API_ERROR(code) || LDAP_SERVICE_ERROR(code)))
		return apply_left(a, s, "medlemmen är kvar fast katalogen inte sade nej; nästa körning försöker igen");
	if (now.listed)
		return finish(a, s, id, false, NULL,
			      code == LDAP_INSUFFICIENT_ACCESS ? "behov har inte rätt att ändra gruppen"
				: arena_print(a->mem, "katalogen nekade: %s", ldap_err2string(code)));
	if (is_primary(&now))
		return finish(a, s, id, false, edge_json(a, &s->p, before), "gruppen är kontots primära grupp, så det är kvar i den");
	return finish(a, s, id, true, edge_json(a, &s->p, before), NULL);
}

static int
remove_one(struct writer *w, struct stored *s)
{
	struct apply *a = w->a;
	struct proof proof = { .allowed = true };       /* access_apply() sends only what was judged safe */
	struct error trouble = { 0 };
	struct edge_now now;
	struct effect *before;
	const char *why, *journal;
	long long id;

	if (apply_decided(a, s, &proof.decided) < 0 || apply_effect(a, s->id, "remove", &before) < 0)
		return -1;
	if (look(w, &s->p, &now, &why, &trouble) < 0)
		return unknown(a, s, &trouble);
	if (why)
		return apply_left(a, s, why);
	if (is_primary(&now))           /* AD lists no primary group: what looks gone is not */
		return finish(a, s, before ? before->id : 0, false, NULL, "gruppen är kontots primära grupp och går inte att lämna");
	if (before && before->state == EFFECT_INTENDED && !now.listed)
		return finish(a, s, before->id, true, before->before, NULL);    /* we were ended after the act */
	/* Not shown to us is not gone: only a complete night says that. */
	if (!now.listed)
		return apply_left(a, s, "medlemskapet syns inte längre; nästa fullständiga natt avgör om det är borta");
	proof.same = true;
	journal = edge_json(a, &s->p, &now);
	if (!proof.decided)
		return apply_left(a, s, "besluten räcker inte för den version som gäller nu");
	if (apply_intend(a, s->id, "remove", 0, now.group, journal, &id) < 0)
		return -1;
	return verify(w, s, &now, id, take_away(w->ld, &now, &proof));
}

static bool
is_live(const struct conf *conf)
{
	return strncmp(conf->directory.source, "ldap", 4) == 0;
}

int
directory_remove_all(struct apply *a, struct stored *const *list, size_t count)
{
	struct writer w = { .a = a };
	struct error trouble = { 0 };
	bool there = is_live(a->conf) && directory_open(a->mem, a->conf, &w.ld, &trouble) == 0;
	int rc = 0;

	if (is_live(a->conf) && !there)
		log_error("apply cannot reach the directory: %s", trouble.text);
	for (size_t i = 0; i < count && rc == 0; i++) {
		if (stop_asked())
			rc = error_set(a->err, ERROR_STOPPED, "asked to stop between two removals");
		else if (there)
			rc = remove_one(&w, list[i]);
		else
			rc = apply_left(a, list[i], is_live(a->conf) ? "katalogen går inte att nå"
				: "katalogen läses ur en fil, så det går inte att ändra i den (apply = \"ldap\")");
	}
	directory_close(w.ld);
	return rc;
}

/* ------------------------------------------------------------------ giving back */

static int
add_back(struct writer *w, struct stored *s, const struct effect *removed)
{
	struct apply *a = w->a;
	struct edge_now now;
	const char *why;
	long long id;
	int code = LDAP_SUCCESS;

	if (look(w, &s->p, &now, &why, a->err) < 0)
		return -1;
	if (why)
		return error_set(a->err, ERROR_SOURCE, "cannot restore '%s': its %s is not in the directory any longer", s->id,
				 now.group ? "member" : "group");
	if (apply_intend(a, s->id, "restore", 0, now.group, edge_json(a, &s->p, &now), &id) < 0)
		return -1;
	if (!now.listed)
		code = give_back(w->ld, &now);
	if (look(w, &s->p, &now, &why, a->err) < 0)
		return -1;
	if (why || !now.listed)
		return directory_refused(w->ld, a->conf, code, "the member was not put back", a->err);
	return apply_end(a, removed->id, EFFECT_UNDONE, removed->after, NULL) < 0 ? -1
		: apply_end(a, id, EFFECT_DONE, NULL, NULL);
}

int
directory_restore(struct apply *a, struct stored *s)
{
	struct writer w = { .a = a };
	struct effect *removed;
	int rc = -1;

	if (apply_effect(a, s->id, "remove", &removed) < 0)
		return -1;
	if (!removed || removed->state == EFFECT_INTENDED || removed->state == EFFECT_FAILED || !removed->after)
		return error_set(a->err, ERROR_USAGE, "'%s' was not removed by behov: there is nothing to put back", s->id);
	if (!is_live(a->conf))
		return error_set(a->err, ERROR_USAGE, "the directory is read from a file, so nothing can be put back in it");
	if (directory_open(a->mem, a->conf, &w.ld, a->err) == 0)
		rc = add_back(&w, s, removed);
	directory_close(w.ld);
	return rc;
}
