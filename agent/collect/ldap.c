/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ldap.c - a live directory: what is asked for, what the server says of itself, and since when members are members. */
#include "reader_p.h"

#include <behov/json.h>
#include <behov/log.h>
#include <behov/text.h>

#include <time.h>

#define MORE_WAIT 10                    /* seconds that another connection may take to open */

enum { ROOT_HOST, ROOT_SERVICE, ROOT_USN, ROOT_DOMAIN, ROOT_ASKED };
static const char *const root_names[] = { "dnsHostName", "dsServiceName", "highestCommittedUSN", "defaultNamingContext" };

/* ------------------------------------------------------------------ what is asked for */

/* Does a system know its people by their employeeID? */
static bool
is_matched(const struct rules *rules)
{
	for (size_t i = 0; i < rules->system_count; i++)
		if (rules->systems[i].accounts.match == MATCH_EMPLOYEE)
			return true;
	return false;
}

static void
want(struct reader *r)
{
	size_t used = 0;

	r->attributes = arena_array(r->mem, char *, (size_t)FIELDS + (size_t)r->rules->attribute_count + 1);
	for (int f = 0; f < FIELDS; f++) {
		const char *name = schema_name(r->directory->schema, (enum field)f);

		if (f == FIELD_EMPLOYEE)
			name = r->rules->conf.hr.file || is_matched(r->rules) ? schema_key(r->directory->schema, r->rules) : NULL;
		if (name)
			r->attributes[used++] = arena_text(r->mem, name);
	}
	for (int i = 0; i < r->rules->attribute_count; i++) {
		const char *ad = r->rules->attributes[i].hr ? NULL : r->rules->attributes[i].ad;
		bool there = !ad;

		for (size_t k = 0; k < used && !there; k++)
			there = strcasecmp(r->attributes[k], ad) == 0;
		if (!there)
			r->attributes[used++] = arena_text(r->mem, ad);
	}
}

static const char *
text_of(struct reader *r, LDAPMessage *entry, const char *name)
{
	struct berval **values = entry ? ldap_get_values_len(r->ld, entry, name) : NULL;
	const char *out = NULL;

	if (values && values[0] && text_is_utf8(values[0]->bv_val, values[0]->bv_len))
		out = arena_copy(r->mem, values[0]->bv_val, values[0]->bv_len);
	ldap_value_free_len(values);
	return out;
}

static bool
has_value(struct reader *r, LDAPMessage *entry, const char *name, const char *wanted)
{
	struct berval **values = entry ? ldap_get_values_len(r->ld, entry, name) : NULL;
	bool found = false;

	for (int i = 0; values && values[i] && !found; i++)
		found = values[i]->bv_len == strlen(wanted) && memcmp(values[i]->bv_val, wanted, strlen(wanted)) == 0;
	ldap_value_free_len(values);
	return found;
}

/* What the root of the server says of itself; NULL where it says nothing. */
static void
ask_root(struct reader *r, const char *out[ROOT_ASKED])
{
	char *wanted[ROOT_ASKED + 2] = { NULL };
	LDAPMessage *answer = NULL, *first = NULL;

	for (int i = 0; i < ROOT_ASKED; i++)
		wanted[i] = arena_text(r->mem, root_names[i]);
	wanted[ROOT_ASKED] = arena_text(r->mem, "supportedControl");
	if (ldap_search_ext_s(r->ld, "", LDAP_SCOPE_BASE, "(objectClass=*)", wanted, 0, NULL, NULL, NULL, 0,
			      &answer) == LDAP_SUCCESS)
		first = ldap_first_entry(r->ld, answer);
	for (int i = 0; i < ROOT_ASKED; i++)
		out[i] = text_of(r, first, root_names[i]);
	r->ttl = has_value(r, first, "supportedControl", LINK_TTL);
	ldap_msgfree(answer);
}

/* The database of that server: another one under the same name counts its changes anew (MS-ADTS 3.1.1.1.9). */
static const char *
ask_invocation(struct reader *r, const char *service)
{
	char name[] = "invocationId", *wanted[] = { name, NULL };
	LDAPMessage *answer = NULL;
	struct berval **values = NULL;
	char guid[GUID_MOST];
	const char *out = NULL;

	if (service && ldap_search_ext_s(r->ld, service, LDAP_SCOPE_BASE, "(objectClass=*)", wanted, 0, NULL, NULL, NULL, 0,
					 &answer) == LDAP_SUCCESS && ldap_first_entry(r->ld, answer))
		values = ldap_get_values_len(r->ld, ldap_first_entry(r->ld, answer), name);
	if (values && values[0] && guid_text(values[0]->bv_val, values[0]->bv_len, guid))
		out = arena_text(r->mem, guid);
	ldap_value_free_len(values);
	ldap_msgfree(answer);
	return out;
}

/* ------------------------------------------------------------------ since when */

static int
ask_added(struct reader *r, const char *dn)
{
	static const char name[] = "msDS-ReplValueMetaData";
	long long next = 0, first, last;

	for (long long from = 0; next >= 0; from = next) {
		char *wanted[] = { from ? arena_print(r->mem, "%s;range=%lld-*", name, from) : arena_text(r->mem, name), NULL };
		const struct source_attribute *a;
		struct source_entry part = { 0 };
		LDAPMessage *answer = NULL;
		int rc = reader_ask(r, dn, wanted, &answer);

		next = -1;
		if (rc == 0 && answer)
			rc = reader_open(r, ldap_first_entry(r->ld, answer), &part);
		a = rc == 0 ? entry_find(&part, name, true) : NULL;
		if (a && range_read(a->options, &first, &last) && first == from && last >= 0)
			next = last + 1;
		if (rc == 0 && !a)
			a = entry_find(&part, name, false);
		if (a)
			build_added(r->builder, dn, a->values, a->count);
		reader_release(r);
		ldap_msgfree(answer);
		if (rc < 0 || reader_stopped(r) < 0)
			return -1;
	}
	return 0;
}

/* Only for groups that roles name: it is a long text for each member. */
static int
ask_all_added(struct reader *r)
{
	const char **dns;
	size_t count = build_registered(r->builder, &dns);

	for (size_t i = 0; i < count && r->directory->schema == SCHEMA_AD; i++)
		if (ask_added(r, dns[i]) < 0)
			return -1;
	return 0;
}

/* ------------------------------------------------------------------ the whole */

static long long
milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*
 * Numbers of changes are each server's own, so that all connections must reach the same one: a name may stand for several.
 * What does not come is done without, and soon: the answers to what was asked already are waiting.
 */
void
reader_more(struct reader *r)
{
	const char *root[ROOT_ASKED] = { NULL };
	struct directory *quick;
	struct error err = { 0 };
	LDAP *more, *asked = r->ld;
	bool ttl = r->ttl;

	if (r->line_count >= r->line_most)
		return;
	quick = arena_new(r->mem, struct directory);
	*quick = *r->directory;
	if (quick->timeout <= 0 || quick->timeout > MORE_WAIT)
		quick->timeout = MORE_WAIT;
	if (directory_open(r->mem, quick, &more, &err) < 0) {
		log_warn("read over fewer connections: %s", err.text);
		return;
	}
	r->ld = more;
	r->ahead[r->line_count] = ahead_open(r->mem, more);     /* before anything is asked of it */
	ask_root(r, root);
	r->ld = asked;
	r->ttl = ttl;                   /* all pages are asked for in the same way */
	if (!root[ROOT_SERVICE] || strcmp(root[ROOT_SERVICE], r->service) != 0) {
		log_warn("read over fewer connections: '%s' is now another server", directory_address(r->mem, more));
		directory_close(more);
		return;
	}
	r->lines[r->line_count++] = more;
}

static int
take_all(struct reader *r, const struct source_entry *e)
{
	changes_write(r->self, e);
	return build_entry(r->builder, e, r->err);
}

/* The whole; `copy` NULL: nothing of it is kept for other nights. */
static int
read_whole(struct reader *r, const char *copy, const struct position *now)
{
	int rc;

	r->self = changes_open(r, copy, now, clock_now());
	r->take = take_all;
	r->service = now->service;
	r->changes = now->usn ? strtoll(now->usn, NULL, 10) : 0;
	if (r->service && r->changes && r->directory->connections > 1)
		r->line_most = r->directory->connections;
	rc = reader_search(r, schema_filter(r->directory->schema), r->attributes);
	if (rc == 0)
		changes_keep(r->self);
	else
		changes_drop(r->self);
	return rc;
}

static void
certify(struct reader *r, const char *const before[ROOT_ASKED], const char *invocation, bool changes, long long began)
{
	const char *after[ROOT_ASKED];

	ask_root(r, after);
	build_certify(r->builder, json_pack("{s:s, s:s, s:I, s:I, s:{s:s?, s:s?, s:s?}, s:{s:s?, s:s?}, s:b, s:I}", "address",
					    directory_address(r->mem, r->ld), "filter",
					    schema_filter(r->directory->schema), "pages", (json_int_t)r->pages, "ranges",
					    (json_int_t)r->ranges, "server", root_names[ROOT_HOST], before[ROOT_HOST],
					    root_names[ROOT_SERVICE], before[ROOT_SERVICE], "invocationId", invocation,
					    root_names[ROOT_USN], "before", before[ROOT_USN], "after", after[ROOT_USN], "changes",
					    changes, "milliseconds", (json_int_t)(milliseconds() - began)));
}

int
ldap_read(const struct rules *rules, const struct directory *directory, struct builder *b, struct ldap_how *how,
	  struct error *err)
{
	struct arena *mem = arena_open();
	struct reader r = { .mem = mem, .rules = rules, .directory = directory, .builder = b, .answer.mem = mem, .line_most = 1,
			    .err = err };
	const char *before[ROOT_ASKED] = { NULL };
	struct position now = { NULL, NULL, NULL };
	long long began = milliseconds();
	bool done = false;
	int rc;

	want(&r);
	rc = directory_open(mem, directory, &r.ld, err);
	if (rc == 0) {
		r.ahead[0] = ahead_open(mem, r.ld);     /* before anything is asked: then it is known where answers begin */
		r.lines[r.line_count++] = r.ld;
		ask_root(&r, before);
		now = (struct position){ before[ROOT_SERVICE], ask_invocation(&r, before[ROOT_SERVICE]), before[ROOT_USN] };
		if (how->copy && !how->whole)
			rc = changes_read(&r, how->copy, &now, &done);
		if (rc == 0 && !done)
			rc = read_whole(&r, how->copy, &now);
		if (rc == 0)
			rc = ask_all_added(&r);
		if (rc == 0)
			certify(&r, before, now.invocation, done, began);
		else
			error_in(err, "reading below '%s'", directory->base ? directory->base : "");
	}
	reader_release(&r);
	for (int i = 0; i < r.line_count; i++)
		directory_close(r.lines[i]);
	progress_end();
	how->again = r.again;
	how->changes |= done;
	arena_close(mem);
	return rc;
}
