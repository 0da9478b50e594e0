/* SPDX-License-Identifier: GPL-3.0-or-later */
/* directory.c - one member value at a time, taken out of its group over LDAP, and put back. */
#include "behov/directory.h"
#include "apply_p.h"
#include "behov/digest.h"
#include "behov/json.h"
#include "behov/log.h"
#include "behov/step.h"
#include "behov/text.h"
#include <ctype.h>

/* One object, as its directory shows it just now. */
struct object {
	const char *dn;                 /* whatever it was called when it was approved; NULL: not found */
	const char *domain;             /* its SID without the last part, in hex; NULL = not shown */
	uint32_t rid, primary;          /* the last part of its SID, its primaryGroupID; 0 = none */
};

/* An edge as it stands just now. */
struct edge_now {
	const char *group, *member;     /* DNs now */
	bool primary;                   /* the group is the member's primary one, which no list shows */
	bool listed;                    /* the group's member list has that value */
};

/*
 * One directory as it is written to.  One server answers all that is asked of it in a run: another one could still have
 * the member that this one took away.
 */
struct link { const struct directory *directory; LDAP *ld; bool refused, lost; };

struct writer {
	struct apply *a;
	struct link *links;             /* one for each of conf's directories */
};

#define PRIMARY "gruppen är kontots primära grupp, som ingen lista visar och ingen kan lämna: för hand, genom att kontot först får " \
	"en annan primär grupp"

/* ------------------------------------------------------------------ to the server */

static void
writer_open(struct writer *w, struct apply *a)
{
	w->a = a;
	w->links = arena_array(a->mem, struct link, (size_t)a->conf->directory_count + 1);
	for (int i = 0; i < a->conf->directory_count; i++)
		w->links[i].directory = &a->conf->directories[i];
}

static void
writer_close(struct writer *w)
{
	for (int i = 0; i < w->a->conf->directory_count; i++)
		directory_close(w->links[i].ld);
}

/*
 * The directory that the name belongs to, opened when it is asked for the first time; one that could not be reached is not
 * tried again in this run.  NULL: *why for the owner, err (which may be NULL) for the operator.
 */
static struct link *
reach(struct writer *w, const char *dn, const char **why, struct error *err)
{
	const struct directory *d = directory_of(w->a->mem, w->a->conf, dn);
	struct link *link = d ? &w->links[d - w->a->conf->directories] : NULL;
	struct error trouble = { 0 };

	if (!link) {
		*why = arena_print(w->a->mem, "'%s' ligger inte under någon av katalogerna i behov.cfg", dn);
		error_set(err, ERROR_USAGE, "'%s' lies below the base of no directory", dn);
	} else if (!directory_is_live(d)) {
		*why = "katalogen läses ur en fil, så det går inte att ändra i den (apply = \"ldap\")";
		error_set(err, ERROR_USAGE, "the directory is read from a file, so nothing can be put back in it");
	} else if (link->refused || (!link->ld && directory_open(w->a->mem, d, &link->ld, &trouble) < 0)) {
		*why = "katalogen går inte att nå";
		error_set(err, trouble.kind, "%s", trouble.text);
		if (!link->refused)
			log_error("apply cannot reach the directory: %s", trouble.text);
		link->refused = true;
	} else {
		return link;
	}
	return NULL;
}

/* The connection is gone, maybe with an answer on it.  Once the same server is asked again over a new one. */
static void
lose(struct link *l, int code)
{
	if (!LDAP_API_ERROR(code))
		return;
	directory_close(l->ld);
	l->ld = NULL;
	l->refused = l->lost;
	l->lost = true;
}

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

static void
read_sid(struct arena *mem, LDAP *ld, LDAPMessage *entry, struct object *o)
{
	struct berval **sid = ldap_get_values_len(ld, entry, "objectSid");

	if (sid && sid[0] && sid[0]->bv_len >= 12) {
		ber_len_t len = sid[0]->bv_len - 4;

		for (ber_len_t i = 4; i > 0; i--)
			o->rid = o->rid << 8 | (unsigned char)sid[0]->bv_val[len + i - 1];
		o->domain = digest_hex(mem, (const unsigned char *)sid[0]->bv_val, len);
	}
	ldap_value_free_len(sid);
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
ask(struct link *l, const char *base, int scope, const char *filter, LDAPMessage **answer, struct error *err)
{
	char dn[] = "1.1", sid[] = "objectSid", primary[] = "primaryGroupID";
	char *none[] = { dn, NULL }, *some[] = { sid, primary, NULL };
	int rc = ldap_search_ext_s(l->ld, base, scope, filter, strncmp(filter, "(member", 7) == 0 ? none : some, 0, NULL, NULL,
				   NULL, 2, answer);

	if (rc == LDAP_SUCCESS || rc == LDAP_NO_SUCH_OBJECT)
		return 0;
	ldap_msgfree(*answer);
	*answer = NULL;
	return directory_refused(l->ld, l->directory, rc, "cannot ask for an object", err);
}

/*
 * The object with that key: by objectGUID, by SID, or, where the directory shows neither, by the DN that the key was made
 * of.  o->dn NULL when there is none.  An object of the same name that is another is never found.
 */
static int
find(struct arena *mem, struct link *l, const char *key, const char *was, struct object *o, struct error *err)
{
	LDAPMessage *answer = NULL, *entry;
	struct text filter;
	char guid[16], *found;
	bool by_guid = guid_bytes(key, guid), by_sid = strncmp(key, "S-1-", 4) == 0;
	int rc;

	*o = (struct object){ 0 };
	text_open(&filter, 1000);
	text_add(&filter, by_guid ? "(objectGUID=" : by_sid ? "(objectSid=" : "(objectClass=*)");
	if (by_guid)
		ldap_value(&filter, guid, sizeof guid);
	else if (by_sid)
		ldap_value(&filter, key, strlen(key));
	text_add(&filter, by_guid || by_sid ? ")" : "");
	rc = ask(l, by_guid || by_sid ? l->directory->base : was, by_guid || by_sid ? LDAP_SCOPE_SUBTREE : LDAP_SCOPE_BASE,
		 filter.data, &answer, err);
	text_close(&filter);
	entry = rc == 0 && answer ? ldap_first_entry(l->ld, answer) : NULL;
	if (entry && ldap_next_entry(l->ld, entry))
		rc = error_set(err, ERROR_SOURCE, "two objects answer to '%s'", key);
	if (entry && rc == 0) {
		found = ldap_get_dn(l->ld, entry);
		o->dn = arena_text(mem, found);
		ldap_memfree(found);
		read_sid(mem, l->ld, entry, o);
		o->primary = number_of(l->ld, entry, "primaryGroupID");
		if (!by_guid && !by_sid && o->dn) {
			const char *now = dn_key(mem, o->dn);

			o->dn = now && strcmp(now, key) == 0 ? o->dn : NULL;
		}
	}
	ldap_msgfree(answer);
	return rc;
}

/* Does the group list that one value?  A filter is answered from the whole list, however long; reading it is not. */
static int
is_listed(struct link *l, const char *group, const char *member, bool *yes, struct error *err)
{
	LDAPMessage *answer = NULL;
	struct text filter;
	int rc;

	text_open(&filter, (size_t)1 << 20);
	text_add(&filter, "(member=");
	ldap_value(&filter, member, strlen(member));
	text_add(&filter, ")");
	rc = ask(l, group, LDAP_SCOPE_BASE, filter.data, &answer, err);
	text_close(&filter);
	*yes = rc == 0 && answer && ldap_first_entry(l->ld, answer);
	ldap_msgfree(answer);
	return rc;
}

/* RIDs count within a domain; where no SID is shown, that of the group is taken for the member's. */
static bool
is_primary(const struct object *group, const struct object *member)
{
	return member->primary && member->primary == group->rid &&
	       (!member->domain || !group->domain || strcmp(member->domain, group->domain) == 0);
}

/* *why: it cannot be found any longer, or its directory not be asked.  *l: where the group is. */
static int
look(struct writer *w, const struct stored *s, struct link **l, struct edge_now *e, const char **why, struct error *err)
{
	const struct proposal *p = &s->p;
	const char *dn = s->dn ? s->dn : p->member;
	struct link *other = (*l = reach(w, p->group, why, NULL)) ? reach(w, dn, why, NULL) : NULL;
	struct arena *mem = w->a->mem;
	struct object group, member;

	*e = (struct edge_now){ 0 };
	if (!other)
		return 0;
	*why = NULL;
	if (find(mem, *l, p->group_guid, p->group, &group, err) < 0 || find(mem, other, p->guid, dn, &member, err) < 0)
		return -1;
	*e = (struct edge_now){ .group = group.dn, .member = member.dn, .primary = is_primary(&group, &member) };
	if (!e->group || !e->member) {
		*why = e->group ? "medlemmen syns inte längre; nästa fullständiga natt avgör om den är borta"
				: "gruppen syns inte längre; nästa fullständiga natt avgör om den är borta";
		return 0;
	}
	return is_listed(*l, e->group, e->member, &e->listed, err);
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
take_away(struct arena *mem, LDAP *ld, const struct edge_now *e, struct proof *proof)
{
	int rc;

	proof_spend(proof, arena_print(mem, "%s\n%s", e->group, e->member));
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

/* ------------------------------------------------------------------ what the server says */

/* To a removal; how it says it, for whoever reads the log or has to mend it. */
struct reply { int code; const char *words; };

static const char *
words_of(struct arena *mem, LDAP *ld, int code)
{
	char *said = NULL, *plain;

	ldap_get_option(ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &said);
	plain = said && *said ? arena_print(mem, "%s: %.200s", ldap_err2string(code), said) : arena_text(mem, ldap_err2string(code));
	ldap_memfree(said);
	text_plain(plain);
	return plain;
}

/* Of a DN the part above: behind its first comma that is not escaped. */
static const char *
above(const char *dn)
{
	for (; *dn && *dn != ','; dn++)
		if (*dn == '\\' && dn[1])
			dn++;
	return *dn ? dn + 1 : dn;
}

/* "behov-apply@kalmar.example", of a DN; NULL when it has no such name. */
static const char *
principal_of(struct arena *mem, struct link *l, const char *dn)
{
	char attribute[] = "sAMAccountName", *wanted[] = { attribute, NULL }, *domain = NULL;
	LDAPMessage *answer = NULL, *entry = NULL;
	struct berval **names = NULL;
	const char *out = NULL;

	if (ldap_search_ext_s(l->ld, dn, LDAP_SCOPE_BASE, "(objectClass=*)", wanted, 0, NULL, NULL, NULL, 1, &answer) == LDAP_SUCCESS)
		entry = ldap_first_entry(l->ld, answer);
	if (entry)
		names = ldap_get_values_len(l->ld, entry, attribute);
	if (names && names[0] && ldap_dn2domain(l->directory->base, &domain) == LDAP_SUCCESS && domain)
		out = arena_print(mem, "%.*s@%s", (int)names[0]->bv_len, names[0]->bv_val, domain);
	ldap_memfree(domain);
	ldap_value_free_len(names);
	ldap_msgfree(answer);
	return out;
}

/* Which right is missing, as the line that gives it in a domain. */
static const char *
delegation(struct arena *mem, struct link *l, const struct edge_now *e)
{
	struct berval *who = NULL;
	const char *name = l->directory->bind_dn, *place = above(e->group), *line = "";

	if (l->ld && ldap_whoami_s(l->ld, &who, NULL, NULL) == LDAP_SUCCESS && who && who->bv_len > 2)
		name = arena_copy(mem, who->bv_val + 2, who->bv_len - 2);       /* "u:KALMAR\behov-apply" */
	ber_bvfree(who);
	if (l->ld && name && strchr(name, '='))
		name = principal_of(mem, l, name);
	if (name && *place && !strpbrk(name, "\"\n") && !strpbrk(place, "\"\n"))
		line = arena_print(mem, "; den som styr domänen ger den med: dsacls \"%s\" /I:S /G \"%s:WP;member;group\"", place, name);
	return arena_print(mem, "behov har inte rätt att ändra gruppen: rättigheten \"Write member\" på grupper saknas%s", line);
}

/* *later: it may be otherwise another time, so it stays. */
static const char *
refusal(struct arena *mem, struct link *l, const struct edge_now *e, const struct reply *r, bool *later)
{
	*later = true;
	if (r->code == LDAP_SUCCESS || LDAP_API_ERROR(r->code))
		return "medlemmen är kvar fast katalogen inte sade nej; nästa körning försöker igen";
	if (r->code == LDAP_BUSY || r->code == LDAP_UNAVAILABLE)
		return "katalogen är upptagen; nästa körning försöker igen";
	if (r->code == LDAP_UNWILLING_TO_PERFORM)
		return arena_print(mem, "katalogen vill inte (%s); nästa körning försöker igen", r->words);
	if (r->code == LDAP_REFERRAL)
		return "servern ändrar inget utan hänvisar till en annan: en läskopia?  directory.source ska leda till en som går att ändra i";
	*later = false;
	if (r->code == LDAP_INSUFFICIENT_ACCESS)
		return delegation(mem, l, e);
	if (r->code == LDAP_CONSTRAINT_VIOLATION || r->code == LDAP_OBJECT_CLASS_VIOLATION)
		return arena_print(mem, "katalogens egna regler hindrar det (%s); någon får göra det för hand", r->words);
	return arena_print(mem, "katalogen nekade: %s", r->words);
}

/* ------------------------------------------------------------------ removing */

static char *
edge_json(struct apply *a, const struct link *l, const struct proposal *p, const struct edge_now *e)
{
	json_t *o = json_object();
	char *text;

	json_put(o, "directory", l->directory->source);
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
	    apply_move_in(a, s, gone ? PROPOSAL_DONE : PROPOSAL_FAILED, INT64_MIN, DAY_NONE, note, "apply") < 0 ||
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
verify(struct writer *w, struct stored *s, const struct edge_now *before, long long id, const struct reply *said)
{
	struct apply *a = w->a;
	bool later;
	struct error trouble = { 0 };
	struct edge_now now;
	struct link *l;
	const char *why;

	if (look(w, s, &l, &now, &why, &trouble) < 0)
		return unknown(a, s, &trouble);
	if (why)
		return apply_left(a, s, why);
	if (now.listed) {
		why = refusal(a->mem, l, &now, said, &later);
		log_warn("apply cannot remove for proposal='%s': %s", s->id, said->words);
		return later ? apply_left(a, s, why) : finish(a, s, id, false, NULL, why);
	}
	if (now.primary)
		return finish(a, s, id, false, edge_json(a, l, &s->p, before), PRIMARY);
	return finish(a, s, id, true, edge_json(a, l, &s->p, before), NULL);
}

static int
remove_one(struct writer *w, const struct removal *r)
{
	struct apply *a = w->a;
	struct stored *s = r->s;
	struct error trouble = { 0 };
	struct edge_now now;
	struct reply said = { 0 };
	struct link *l;
	struct effect *before;
	const char *why, *journal;
	long long id;

	if (apply_effect(a, s->id, "remove", &before) < 0)
		return -1;
	if (look(w, s, &l, &now, &why, &trouble) < 0) {
		ldap_get_option(l->ld, LDAP_OPT_RESULT_CODE, &said.code);
		lose(l, said.code);
		return unknown(a, s, &trouble);
	}
	if (why)
		return apply_left(a, s, why);
	if (now.primary)           /* AD lists no primary group: what looks gone is not */
		return finish(a, s, before ? before->id : 0, false, NULL, PRIMARY);
	if (before && before->state == EFFECT_INTENDED && !now.listed)
		return finish(a, s, before->id, true, before->before, NULL);    /* we were ended after the act */
	/* Not shown to us is not gone: only a complete night says that. */
	if (!now.listed)
		return apply_left(a, s, "medlemskapet syns inte längre; nästa fullständiga natt avgör om det är borta");
	proof_edge(r->proof, now.group, now.member);
	journal = edge_json(a, l, &s->p, &now);
	if (apply_intend(a, s->id, "remove", 0, now.group, journal, &id) < 0)
		return -1;
	said.code = take_away(a->mem, l->ld, &now, r->proof);
	said.words = words_of(a->mem, l->ld, said.code);
	lose(l, said.code);
	return verify(w, s, &now, id, &said);
}

int
directory_remove_all(struct apply *a, const struct removal *list, size_t count)
{
	struct writer w;
	int rc = 0;

	writer_open(&w, a);
	for (size_t i = 0; i < count && rc == 0; i++)
		rc = stop_asked() ? error_set(a->err, ERROR_STOPPED, "asked to stop between two removals") : remove_one(&w, &list[i]);
	writer_close(&w);
	return rc;
}

/* ------------------------------------------------------------------ giving back */

static int
add_back(struct writer *w, struct stored *s, const struct effect *removed)
{
	struct apply *a = w->a;
	struct edge_now now;
	struct link *l;
	const char *why;
	long long id;
	int code = LDAP_SUCCESS;

	if (look(w, s, &l, &now, &why, a->err) < 0)
		return -1;
	if (why)
		return error_set(a->err, ERROR_SOURCE, "cannot restore '%s': its %s is not in the directory any longer", s->id,
				 now.group ? "member" : "group");
	if (apply_intend(a, s->id, "restore", 0, now.group, edge_json(a, l, &s->p, &now), &id) < 0)
		return -1;
	if (!now.listed)
		code = give_back(l->ld, &now);
	if (look(w, s, &l, &now, &why, a->err) < 0)
		return -1;
	if (why)
		return error_set(a->err, ERROR_SOURCE, "cannot see whether '%s' was restored: look at the group", s->id);
	if (!now.listed)
		return directory_refused(l->ld, l->directory, code, "the member was not put back", a->err);
	return apply_end(a, removed->id, EFFECT_UNDONE, removed->after, NULL) < 0 ? -1
		: apply_end(a, id, EFFECT_DONE, NULL, NULL);
}

/* The journal has the name of somebody whose name is not shown. */
static int
name_member(struct apply *a, struct stored *s, const struct effect *removed)
{
	json_t *journal = NULL;

	if (dn_key(a->mem, s->p.member))
		return 0;
	if (json_read(removed->after, strlen(removed->after), &journal, a->err) < 0)
		return error_in(a->err, "the journal of '%s'", s->id);
	if (json_text(journal, "member"))
		s->dn = arena_text(a->mem, json_text(journal, "member"));
	json_decref(journal);
	return 0;
}

int
directory_restore(struct apply *a, struct stored *s)
{
	struct writer w;
	struct effect *removed;
	const char *why;
	int rc = -1;

	if (apply_effect(a, s->id, "remove", &removed) < 0)
		return -1;
	if (!removed || removed->state == EFFECT_INTENDED || removed->state == EFFECT_FAILED || !removed->after)
		return error_set(a->err, ERROR_USAGE, "'%s' was not removed by behov: there is nothing to put back", s->id);
	if (name_member(a, s, removed) < 0)
		return -1;
	writer_open(&w, a);
	if (reach(&w, s->p.group, &why, a->err) && reach(&w, s->dn ? s->dn : s->p.member, &why, a->err))
		rc = add_back(&w, s, removed);
	writer_close(&w);
	return rc;
}
