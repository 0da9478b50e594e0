/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * look.c - edges as they stand just now: both ends found by their keys, and the list asked for each value.
 *
 * Names are what a server is asked by, and somebody may give another one meanwhile: what is not listed is only believed when both
 * ends are still called the same afterwards.
 *
 * Many are asked about in one question.  Where its answer leaves a doubt about one of them, or the server does not take so long a
 * question, each is asked about by itself.
 *
 * A list is read when several of its values are asked about and it comes whole in one answer.  A domain controller of Microsoft's
 * cuts a long one (MaxValRange), and finds one value in it by an index: then it is asked for them by a filter.  Samba and OpenLDAP
 * compare every value with every term of a filter, so that reading is the cheaper of the two.
 */
#include "ldap_p.h"
#include "behov/digest.h"
#include "behov/text.h"
#include <ctype.h>
#include <strings.h>

/* Names in one filter. */
#define TOGETHER 50
/* From so many values of one list on it is read. */
#define WORTH_READING 3
#define FILTER_MOST ((size_t)1 << 20)

/* One object, as its directory shows it just now. */
struct object {
	const char *dn;                 /* whatever it was called when it was approved; NULL: not found */
	const char *domain;             /* its SID without the last part, in hex; NULL = not shown */
	uint32_t rid, primary;          /* the last part of its SID, its primaryGroupID; 0 = none */
};

/* One key that is looked for. */
struct sought {
	struct link *link;
	const char *key, *was;          /* was: its DN when the fresh read was made */
	char guid[16];
	bool by_guid, found, twice;
	struct object object;
	const char *before;             /* what it was called when the list was asked */
	struct error trouble;
	bool unknown, again;            /* again: it is to be found once more */
};

struct looking {
	struct arena *mem;
	struct look *list;
	size_t count;
	struct sought *sought;          /* each once */
	size_t sought_count;
	struct sought **group, **member;        /* of list[i] */
};

/* ------------------------------------------------------------------ what an entry says of itself */

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

static bool
has_guid(LDAP *ld, LDAPMessage *entry, const char guid[16])
{
	struct berval **values = ldap_get_values_len(ld, entry, "objectGUID");
	bool same = values && values[0] && values[0]->bv_len == 16 && memcmp(values[0]->bv_val, guid, 16) == 0;

	ldap_value_free_len(values);
	return same;
}

/* An object of the same name that is another is never found. */
static void
read_object(struct arena *mem, LDAP *ld, LDAPMessage *entry, struct sought *s)
{
	char *dn = ldap_get_dn(ld, entry);
	struct object *o = &s->object;

	s->twice = s->found;
	s->found = true;
	*o = (struct object){ .dn = arena_text(mem, dn) };
	ldap_memfree(dn);
	read_sid(mem, ld, entry, o);
	o->primary = number_of(ld, entry, "primaryGroupID");
	if (!s->by_guid && strncmp(s->key, "S-1-", 4) != 0 && o->dn) {
		const char *now = dn_key(mem, o->dn);

		o->dn = now && strcmp(now, s->key) == 0 ? o->dn : NULL;
	}
}

/* ------------------------------------------------------------------ one question, and what is made of its answer */

/* The server was asked, and there is something wrong with what it said. */
static bool
is_refused(const struct request *r)
{
	return r->code != LDAP_SUCCESS && r->code != LDAP_NO_SUCH_OBJECT;
}

static void
tell(const struct request *r, struct error *trouble, bool *unknown)
{
	*unknown = true;
	error_set(trouble, ERROR_SOURCE, "'%s': cannot ask for an object: %s", r->link->directory->source, r->words);
}

static const char *
filter_text(struct arena *mem, struct text *t)
{
	char *copy = arena_text(mem, t->data);

	text_close(t);
	return copy;
}

/* ------------------------------------------------------------------ finding */

/*
 * By objectGUID, by SID, or, where the directory shows neither, by the DN that the key was made of.  Several of them in one: by GUID
 * only, as who answers says which one it is.
 */
static void
ask_for(struct arena *mem, struct request *r, struct sought *const *these, size_t count)
{
	static char sid[] = "objectSid", primary[] = "primaryGroupID", guid[] = "objectGUID";
	static char *const wanted[] = { sid, primary, guid, NULL };
	bool by_sid = strncmp(these[0]->key, "S-1-", 4) == 0, by_dn = !these[0]->by_guid && !by_sid;
	struct text filter;

	text_open(&filter, FILTER_MOST);
	text_add(&filter, count > 1 ? "(|" : "");
	for (size_t i = 0; i < count && !by_dn; i++) {
		text_add(&filter, by_sid ? "(objectSid=" : "(objectGUID=");
		ldap_value(&filter, by_sid ? these[i]->key : these[i]->guid, by_sid ? strlen(these[i]->key) : sizeof these[i]->guid);
		text_add(&filter, ")");
	}
	text_add(&filter, by_dn ? "(objectClass=*)" : count > 1 ? ")" : "");
	*r = (struct request){ .link = these[0]->link, .base = by_dn ? these[0]->was : these[0]->link->directory->base,
			       .scope = by_dn ? LDAP_SCOPE_BASE : LDAP_SCOPE_SUBTREE, .filter = filter_text(mem, &filter), .wanted = wanted,
			       .most = (int)count + 1 };
}

static void
hear_of(struct arena *mem, const struct request *r, struct sought *const *these, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (is_refused(r))
			tell(r, &these[i]->trouble, &these[i]->unknown);
	if (!r->answer)
		return;
	for (LDAPMessage *e = ldap_first_entry(r->link->ld, r->answer); e; e = ldap_next_entry(r->link->ld, e))
		for (size_t i = 0; i < count; i++)
			if (count == 1 || has_guid(r->link->ld, e, these[i]->guid))
				read_object(mem, r->link->ld, e, these[i]);
	for (size_t i = 0; i < count; i++)
		if (these[i]->twice) {
			error_set(&these[i]->trouble, ERROR_SOURCE, "two objects answer to '%s'", these[i]->key);
			these[i]->unknown = true;
		}
}

static bool
with_last(struct sought *const *these, size_t count, const struct sought *s)
{
	return count && count < TOGETHER && s->by_guid && these[0]->by_guid && s->link == these[0]->link;
}

/* `together`: several in one question. */
static void
find_some(struct looking *g, struct sought **these, size_t count, bool together)
{
	struct request *asked = arena_array(g->mem, struct request, count + 1);
	size_t *first = arena_array(g->mem, size_t, count + 1), n = 0;

	for (size_t i = 0; i < count; i++)
		if (!n || !together || !with_last(these + first[n - 1], i - first[n - 1], these[i]))
			first[n++] = i;
	first[n] = count;
	for (size_t i = 0; i < n; i++)
		ask_for(g->mem, &asked[i], these + first[i], first[i + 1] - first[i]);
	requests_ask(g->mem, asked, n);
	for (size_t i = 0; i < n; i++)
		hear_of(g->mem, &asked[i], these + first[i], first[i + 1] - first[i]);
	requests_free(asked, n);
}

static void
forget(struct sought *s)
{
	s->object = (struct object){ 0 };
	s->trouble = (struct error){ 0 };
	s->unknown = s->found = s->twice = false;
}

/* Changes the order of these. */
static void
find_these(struct looking *g, struct sought **these, size_t count)
{
	size_t again = 0;

	find_some(g, these, count, true);
	for (size_t i = 0; i < count; i++)              /* so many may be more than the server takes */
		if (these[i]->unknown && these[i]->by_guid && these[i]->link->ld) {
			forget(these[i]);
			these[again++] = these[i];
		}
	find_some(g, these, again, false);
}

static void
find_all(struct looking *g)
{
	struct sought **these = arena_array(g->mem, struct sought *, g->sought_count + 1);

	for (size_t i = 0; i < g->sought_count; i++)
		these[i] = &g->sought[i];
	find_these(g, these, g->sought_count);
}

static struct sought *
seek(struct looking *g, struct link *link, const char *key, const char *was)
{
	struct sought *s;

	for (size_t i = g->sought_count; i > 0; i--) {
		s = &g->sought[i - 1];
		if (s->link == link && strcmp(s->key, key) == 0)
			return s;
	}
	s = &g->sought[g->sought_count++];
	*s = (struct sought){ .link = link, .key = key, .was = was };
	s->by_guid = guid_bytes(key, s->guid);
	return s;
}

/* ------------------------------------------------------------------ is it in the list? */

/* Some edges of one group. */
struct listing { struct look **these; size_t count; };

/* Does the group list these values, all or any of them?  A filter is answered from the whole list, however long; reading it is not. */
static void
ask_whether(struct arena *mem, struct request *r, const struct listing *l, bool all)
{
	static char nothing[] = "1.1";
	static char *const wanted[] = { nothing, NULL };
	struct text filter;

	text_open(&filter, FILTER_MOST);
	text_add(&filter, l->count == 1 ? "" : all ? "(&" : "(|");
	for (size_t i = 0; i < l->count; i++) {
		const char *member = l->these[i]->edge.member;

		text_add(&filter, "(member=");
		ldap_value(&filter, member, strlen(member));
		text_add(&filter, ")");
	}
	text_add(&filter, l->count == 1 ? "" : ")");
	*r = (struct request){ .link = l->these[0]->link, .base = l->these[0]->edge.group, .scope = LDAP_SCOPE_BASE,
			       .filter = filter_text(mem, &filter), .wanted = wanted, .most = 2 };
}

/* Returns false when each has to be asked about by itself. */
static bool
hear_whether(const struct request *r, const struct listing *l, bool all)
{
	bool yes = r->answer && ldap_first_entry(r->link->ld, r->answer);

	if (l->count > 1 && (r->code != LDAP_SUCCESS ? !LDAP_API_ERROR(r->code) : yes != all))
		return false;
	for (size_t i = 0; i < l->count; i++) {
		if (r->code != LDAP_SUCCESS)            /* it was there just now: of none it is not known what is in it */
			tell(r, &l->these[i]->trouble, &l->these[i]->unknown);
		l->these[i]->edge.listed = yes;
	}
	return true;
}

static bool
one_group(const struct listing *l, const struct look *k, size_t most)
{
	return l->count && l->count < most && l->these[0]->link == k->link && strcmp(l->these[0]->edge.group, k->edge.group) == 0;
}

/* Neighbours of one group are one listing; returns how many. */
static size_t
lists_of(struct look **these, size_t count, size_t most, struct listing *out)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		if (!n || !one_group(&out[n - 1], these[i], most))
			out[n++] = (struct listing){ .these = these + i };
		out[n - 1].count++;
	}
	return n;
}

/* Asks about them, some in one question; returns how many are left, first in these. */
static size_t
list_some(struct looking *g, struct look **these, size_t count, bool together, bool all)
{
	struct listing *lists = arena_array(g->mem, struct listing, count + 1);
	struct request *asked = arena_array(g->mem, struct request, count + 1);
	size_t n = lists_of(these, count, together ? TOGETHER : 1, lists), left = 0;

	for (size_t i = 0; i < n; i++)
		ask_whether(g->mem, &asked[i], &lists[i], all);
	requests_ask(g->mem, asked, n);
	for (size_t i = 0; i < n; i++)
		if (!hear_whether(&asked[i], &lists[i], all))
			for (size_t k = 0; k < lists[i].count; k++)
				these[left++] = lists[i].these[k];
	requests_free(asked, n);
	return left;
}

/* ------------------------------------------------------------------ the list itself */

static void
ask_list(struct request *r, const struct listing *l)
{
	static char all[] = "member;range=0-*";         /* MS-ADTS 3.1.1.3.1.3.3; who does not know ranges shows no list */
	static char *const wanted[] = { all, NULL };

	*r = (struct request){ .link = l->these[0]->link, .base = l->these[0]->edge.group, .scope = LDAP_SCOPE_BASE,
			       .filter = "(objectClass=*)", .wanted = wanted, .most = 2 };
}

/* The values, when they are all there are; NULL otherwise, and when none is shown to us. */
static struct berval **
whole_list(const struct request *r)
{
	LDAP *ld = r->link->ld;
	LDAPMessage *entry = r->answer ? ldap_first_entry(ld, r->answer) : NULL;
	BerElement *ber = NULL;
	struct berval **values = NULL;

	for (char *name = entry ? ldap_first_attribute(ld, entry, &ber) : NULL; name; name = ldap_next_attribute(ld, entry, ber)) {
		if (!values && strcasecmp(name, "member;range=0-*") == 0)
			values = ldap_get_values_len(ld, entry, name);
		ldap_memfree(name);
	}
	ber_free(ber, 0);
	return values;
}

static bool
holds(const char *const *keys, int count, const char *key)
{
	for (int i = 0; i < count; i++)
		if (strcmp(keys[i], key) == 0)
			return true;
	return false;
}

/* False: the list says nothing, and has to be asked. */
static bool
hear_list(struct arena *mem, const struct request *r, const struct listing *l)
{
	struct berval **values = whole_list(r);
	int count = ldap_count_values_len(values);
	const char **keys = arena_array(mem, const char *, (size_t)count + 1);
	bool clear = values;            /* each name in it is one that we can read */

	for (int i = 0; i < count; i++) {
		keys[i] = dn_key(mem, arena_copy(mem, values[i]->bv_val, values[i]->bv_len));
		clear = clear && keys[i];
	}
	for (size_t i = 0; clear && i < l->count; i++) {
		const char *key = dn_key(mem, l->these[i]->edge.member);

		clear = key;
		l->these[i]->edge.listed = key && holds(keys, count, key);
	}
	ldap_value_free_len(values);
	return clear;
}

/* Returns how many are left, first in these. */
static size_t
read_some(struct looking *g, struct look **these, size_t count)
{
	struct listing *lists = arena_array(g->mem, struct listing, count + 1);
	struct request *asked = arena_array(g->mem, struct request, count + 1);
	size_t n = lists_of(these, count, count, lists), reads = 0, left = 0;

	for (size_t i = 0; i < n; i++)
		if (lists[i].count >= WORTH_READING)
			ask_list(&asked[reads++], &lists[i]);
	requests_ask(g->mem, asked, reads);
	reads = 0;
	for (size_t i = 0; i < n; i++)
		if (lists[i].count < WORTH_READING || !hear_list(g->mem, &asked[reads++], &lists[i]))
			for (size_t k = 0; k < lists[i].count; k++)
				these[left++] = lists[i].these[k];
	requests_free(asked, reads);
	return left;
}

/* ------------------------------------------------------------------ the edges */

/* RIDs count within a domain; where no SID is shown, that of the group is taken for the member's. */
static bool
is_primary(const struct object *group, const struct object *member)
{
	return member->primary && member->primary == group->rid &&
	       (!member->domain || !group->domain || strcmp(member->domain, group->domain) == 0);
}

static void
reach_both(struct writer *w, struct looking *g, size_t i)
{
	struct look *k = &g->list[i];
	const struct proposal *p = &k->s->p;
	const char *dn = k->s->dn ? k->s->dn : p->member;
	struct link *other;

	k->edge = (struct edge_now){ 0 };
	k->unknown = false;
	k->trouble = (struct error){ 0 };
	k->link = writer_reach(w, p->group, &k->why, NULL);
	other = k->link ? writer_reach(w, dn, &k->why, NULL) : NULL;
	if (!other)
		return;
	k->why = NULL;
	g->group[i] = seek(g, k->link, p->group_guid, p->group);
	g->member[i] = seek(g, other, p->guid, dn);
}

/* Both ends as they were found; true when the list is left to ask. */
static bool
found_both(struct look *k, const struct sought *group, const struct sought *member)
{
	const struct sought *bad = group->unknown ? group : member->unknown ? member : NULL;

	if (bad) {
		k->unknown = true;
		k->trouble = bad->trouble;
		return false;
	}
	k->edge = (struct edge_now){ .group = group->object.dn, .member = member->object.dn,
				     .primary = is_primary(&group->object, &member->object) };
	if (k->edge.group && k->edge.member)
		return true;
	k->why = k->edge.group ? "medlemmen syns inte längre; nästa fullständiga natt avgör om den är borta"
			       : "gruppen syns inte längre; nästa fullständiga natt avgör om den är borta";
	return false;
}

/* ------------------------------------------------------------------ what is not listed */

static bool
is_missing(const struct look *k)
{
	return k->edge.group && k->edge.member && !k->unknown && !k->edge.listed;
}

static void
once_more(struct sought *s, struct sought **these, size_t *count)
{
	if (s->again)
		return;
	s->again = true;
	s->before = s->object.dn;
	forget(s);
	these[(*count)++] = s;
}

/* Is it still called what it was?  Its trouble, or another name, is the edge's. */
static bool
is_called_so(struct look *k, const struct sought *s)
{
	if (!s->unknown && s->object.dn && strcmp(s->object.dn, s->before) == 0)
		return true;
	k->unknown = true;
	k->trouble = s->trouble;
	if (!s->unknown)
		error_set(&k->trouble, ERROR_SOURCE, "'%s' was given another name, or went, while it was looked at", s->before);
	return false;
}

static void
look_at_missing(struct looking *g)
{
	struct sought **these = arena_array(g->mem, struct sought *, g->sought_count + 1);
	size_t count = 0;

	for (size_t i = 0; i < g->count; i++)
		if (is_missing(&g->list[i])) {
			once_more(g->group[i], these, &count);
			once_more(g->member[i], these, &count);
		}
	find_these(g, these, count);
	for (size_t i = 0; i < g->count; i++)
		if (is_missing(&g->list[i]) && is_called_so(&g->list[i], g->group[i]))
			(void)is_called_so(&g->list[i], g->member[i]);
}

void
look_all(struct writer *w, struct arena *mem, struct look *list, size_t count, bool likely)
{
	struct looking g = { .mem = mem, .list = list, .count = count, .sought = arena_array(mem, struct sought, 2 * count + 1),
			     .group = arena_array(mem, struct sought *, count + 1), .member = arena_array(mem, struct sought *, count + 1) };
	struct look **these = arena_array(mem, struct look *, count + 1);
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		reach_both(w, &g, i);
	find_all(&g);
	for (size_t i = 0; i < count; i++)
		if (g.group[i] && found_both(&list[i], g.group[i], g.member[i]))
			these[n++] = &list[i];
	n = read_some(&g, these, n);
	n = list_some(&g, these, n, true, likely);
	list_some(&g, these, n, false, likely);
	look_at_missing(&g);
}
