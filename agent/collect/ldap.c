/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ldap.c - reads a live directory: one search, page after page, and the rest of members that come in ranges. */
#include "collect_p.h"

#include <behov/directory.h>
#include <behov/json.h>
#include <behov/log.h>
#include <behov/step.h>
#include <behov/text.h>

#include <strings.h>
#include <sys/time.h>

/* What the builder asks of an entry, whatever the rules want besides. */
static const char *const always[] = {
	"objectClass", "objectGUID", "objectSid", "sAMAccountName", "sAMAccountType", "userAccountControl", "accountExpires",
	"adminCount", "lastLogonTimestamp", "whenCreated", "manager", "mail", "displayName", "employeeID", "primaryGroupID",
	"servicePrincipalName", "groupType", "member", "cn",
};
#define WANTED "(|(objectClass=group)(objectClass=user)(objectClass=contact)(objectClass=foreignSecurityPrincipal)" \
	       "(objectClass=inetOrgPerson)(objectClass=computer))"

struct reader {
	struct arena *mem;
	const struct rules *rules;
	const char *uri;
	LDAP *ld;
	char **attributes;
	struct builder *builder;
	long long pages, entries, ranges, references;
	struct error *err;
};

static int
refused(struct reader *r, int rc, const char *what)
{
	return directory_refused(r->ld, &r->rules->conf, rc, what, r->err);
}

/* ------------------------------------------------------------------ entries */

static void
keep_values(struct reader *r, struct source_attribute *a, const struct berval *values)
{
	for (; values && values->bv_val; values++)
		*(struct source_value *)arena_push(r->mem, &a->values) = (struct source_value){
			arena_copy(r->mem, values->bv_val, values->bv_len), values->bv_len,
		};
}

/* "range=0-1499" or "range=1500-*" (to = -1). */
static bool
range_of(const char *options, long *from, long *to)
{
	char *end;

	if (!options || strncasecmp(options, "range=", 6) != 0)
		return false;
	*from = strtol(options + 6, &end, 10);
	if (*end != '-' || *from < 0)
		return false;
	*to = end[1] == '*' ? -1 : strtol(end + 1, &end, 10);
	return *to == -1 || *to >= *from;
}

static struct source_attribute *
keep_attribute(struct reader *r, struct source_entry *entry, const struct berval *name, const struct berval *values)
{
	char *text = arena_copy(r->mem, name->bv_val, name->bv_len), *semicolon = strchr(text, ';');
	struct source_attribute *a = arena_push(r->mem, &entry->attributes);

	if (semicolon)
		*semicolon++ = '\0';
	*a = (struct source_attribute){ .name = text, .options = semicolon };
	keep_values(r, a, values);
	return a;
}

static int
keep_entry(struct reader *r, LDAPMessage *message, struct source_entry *entry)
{
	struct berval dn, name, *values = NULL;
	BerElement *ber = NULL;
	int rc = ldap_get_dn_ber(r->ld, message, &ber, &dn);

	*entry = (struct source_entry){ 0 };
	if (rc != LDAP_SUCCESS)
		return refused(r, rc, "cannot read an entry");
	entry->dn = arena_copy(r->mem, dn.bv_val, dn.bv_len);
	while ((rc = ldap_get_attribute_ber(r->ld, message, ber, &name, &values)) == LDAP_SUCCESS && name.bv_val) {
		keep_attribute(r, entry, &name, values);
		ber_memfree(values);
		values = NULL;
	}
	ber_free(ber, 0);
	return rc == LDAP_SUCCESS ? 0 : refused(r, rc, "cannot read the attributes of an entry");
}

/* One more range of `a`, from `from` on. 1 when it was the last, 0 when more follow. */
static int
more_range(struct reader *r, const char *dn, struct source_attribute *a, long *from)
{
	char *wanted[] = { arena_print(r->mem, "%s;range=%ld-*", a->name, *from), NULL };
	LDAPMessage *answer = NULL, *first;
	struct source_entry part = { 0 };
	long start, end;
	int rc;

	rc = ldap_search_ext_s(r->ld, dn, LDAP_SCOPE_BASE, "(objectClass=*)", wanted, 0, NULL, NULL, NULL, 0, &answer);
	first = rc == LDAP_SUCCESS ? ldap_first_entry(r->ld, answer) : NULL;
	if (!first) {
		ldap_msgfree(answer);
		return rc == LDAP_SUCCESS ? error_set(r->err, ERROR_SOURCE, "'%s': group '%s' vanished while it was read",
						      r->uri, dn)
					  : refused(r, rc, "cannot read the rest of a group");
	}
	r->ranges++;
	rc = keep_entry(r, first, &part);
	ldap_msgfree(answer);
	if (rc < 0)
		return -1;
	for (size_t i = 0; i < part.attributes.count; i++) {
		const struct source_attribute *p = &part.attributes.items[i];

		if (strcasecmp(p->name, a->name) != 0 || !range_of(p->options, &start, &end))
			continue;
		if (start != *from)
			return error_set(r->err, ERROR_SOURCE, "'%s': '%s' answered range %ld when asked for %ld", r->uri, dn,
					 start, *from);
		for (size_t k = 0; k < p->values.count; k++)
			*(struct source_value *)arena_push(r->mem, &a->values) = p->values.items[k];
		*from = end + 1;
		return end == -1;
	}
	return 1;                       /* past the end the attribute is absent: the group shrank to what we have */
}

/*
 * A large group comes as an empty `member` and a `member;range=0-1499`: it is read to its end, and then handed on as if
 * it had come whole.  An empty twin is dropped.
 */
static int
complete_ranges(struct reader *r, struct source_entry *entry)
{
	for (size_t i = 0; i < entry->attributes.count; i++) {
		struct source_attribute *a = &entry->attributes.items[i];
		long from, to;
		int last;

		if (!range_of(a->options, &from, &to))
			continue;
		if (from != 0)
			return error_set(r->err, ERROR_SOURCE, "'%s': '%s' begins with range %ld", r->uri, entry->dn, from);
		last = to == -1;
		for (from = to + 1; !last;) {
			last = more_range(r, entry->dn, a, &from);
			if (last < 0)
				return -1;
			if (stop_asked())
				return error_set(r->err, ERROR_STOPPED, "asked to stop while the directory was read");
		}
		a->options = NULL;
		for (size_t k = 0; k < entry->attributes.count; k++) {
			struct source_attribute *twin = &entry->attributes.items[k];

			if (twin != a && !twin->options && strcasecmp(twin->name, a->name) == 0 && twin->values.count == 0) {
				*twin = entry->attributes.items[--entry->attributes.count];
				i = 0;          /* what stood last stands here now: look again */
				break;
			}
		}
	}
	return 0;
}

/* ------------------------------------------------------------------ the search */

/* Entries of a page are taken after its last message, so that a range is never asked for in the middle of it. */
static int
take_page(struct reader *r, LDAPMessage *chain)
{
	for (LDAPMessage *m = ldap_first_message(r->ld, chain); m; m = ldap_next_message(r->ld, m)) {
		struct source_entry entry;

		if (ldap_msgtype(m) == LDAP_RES_SEARCH_REFERENCE) {
			r->references++;
			build_reference(r->builder);
		}
		if (ldap_msgtype(m) != LDAP_RES_SEARCH_ENTRY)
			continue;
		if (keep_entry(r, m, &entry) < 0 || complete_ranges(r, &entry) < 0 ||
		    build_entry(r->builder, &entry, r->err) < 0)
			return -1;
		r->entries++;
	}
	return 0;
}

/* The cookie of the next page, empty after the last.  A result that is not success is a failure with its page. */
static int
end_page(struct reader *r, LDAPMessage *chain, struct berval *cookie)
{
	LDAPControl **controls = NULL, *paged;
	struct berval next = { 0, NULL };
	ber_int_t estimate;
	int code = LDAP_OTHER, rc = ldap_parse_result(r->ld, chain, &code, NULL, NULL, NULL, &controls, 0);

	if (rc == LDAP_SUCCESS)
		rc = code;
	if (rc != LDAP_SUCCESS) {
		ldap_controls_free(controls);
		return refused(r, rc, arena_print(r->mem, "page %lld of the search failed", r->pages));
	}
	paged = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, controls, NULL);
	if (!paged || ldap_parse_pageresponse_control(r->ld, paged, &estimate, &next) != LDAP_SUCCESS) {
		ldap_controls_free(controls);
		return error_set(r->err, ERROR_SOURCE, "'%s': page %lld came without a word on what follows", r->uri, r->pages);
	}
	ldap_controls_free(controls);
	rc = next.bv_len && cookie->bv_len == next.bv_len && memcmp(cookie->bv_val, next.bv_val, next.bv_len) == 0;
	ber_memfree(cookie->bv_val);
	*cookie = next;
	if (rc && r->pages > 100000)
		return error_set(r->err, ERROR_SOURCE, "'%s': the search never ends: page %lld", r->uri, r->pages);
	return 0;
}

static int
one_page(struct reader *r, struct berval *cookie)
{
	const struct conf *conf = &r->rules->conf;
	struct timeval wait = { .tv_sec = conf->directory.timeout > 0 ? conf->directory.timeout : 60 };
	int size = conf->directory.page_size > 0 ? conf->directory.page_size : 1000, rc, id;
	LDAPControl *page = NULL, *controls[2] = { NULL, NULL };
	LDAPMessage *chain = NULL;

	rc = ldap_create_page_control(r->ld, size, cookie->bv_val ? cookie : NULL, 1, &page);
	if (rc != LDAP_SUCCESS)
		return refused(r, rc, "cannot ask for pages");
	controls[0] = page;
	r->pages++;
	rc = ldap_search_ext(r->ld, conf->directory.base, LDAP_SCOPE_SUBTREE, WANTED, r->attributes, 0, controls, NULL,
			     NULL, 0, &id);
	ldap_control_free(page);
	if (rc != LDAP_SUCCESS)
		return refused(r, rc, arena_print(r->mem, "cannot ask for page %lld", r->pages));
	rc = ldap_result(r->ld, id, LDAP_MSG_ALL, &wait, &chain);
	if (rc <= 0) {
		ldap_get_option(r->ld, LDAP_OPT_RESULT_CODE, &id);
		return refused(r, rc == 0 ? LDAP_TIMEOUT : id, arena_print(r->mem, "page %lld did not come", r->pages));
	}
	rc = end_page(r, chain, cookie);
	if (rc == 0)
		rc = take_page(r, chain);
	ldap_msgfree(chain);
	progress("reading the directory", r->entries, 0);
	return rc;
}

static int
search(struct reader *r)
{
	struct berval cookie = { 0, NULL };
	int rc;

	do {
		rc = one_page(r, &cookie);
		if (rc == 0 && stop_asked())
			rc = error_set(r->err, ERROR_STOPPED, "asked to stop while the directory was read");
	} while (rc == 0 && cookie.bv_len);
	ber_memfree(cookie.bv_val);
	return rc;
}

static void
want(struct reader *r)
{
	size_t count = sizeof(always) / sizeof(*always), used = 0;

	r->attributes = arena_array(r->mem, char *, count + (size_t)r->rules->attribute_count + 1);
	for (size_t i = 0; i < count; i++)
		r->attributes[used++] = arena_text(r->mem, always[i]);
	for (int i = 0; i < r->rules->attribute_count; i++) {
		const char *ad = r->rules->attributes[i].ad;
		bool there = !ad;

		for (size_t k = 0; k < used && !there; k++)
			there = strcasecmp(r->attributes[k], ad) == 0;
		if (!there)
			r->attributes[used++] = arena_text(r->mem, ad);
	}
}

/* What the server calls itself, and how far it has come: part of the certificate. */
static json_t *
root(struct reader *r)
{
	static const char *const names[] = { "dnsHostName", "dsServiceName", "highestCommittedUSN" };
	char *wanted[] = { arena_text(r->mem, names[0]), arena_text(r->mem, names[1]), arena_text(r->mem, names[2]), NULL };
	LDAPMessage *answer = NULL, *first;
	json_t *out = json_object();

	if (ldap_search_ext_s(r->ld, "", LDAP_SCOPE_BASE, "(objectClass=*)", wanted, 0, NULL, NULL, NULL, 0, &answer) ==
		    LDAP_SUCCESS &&
	    (first = ldap_first_entry(r->ld, answer)) != NULL) {
		for (int i = 0; i < 3; i++) {
			struct berval **values = ldap_get_values_len(r->ld, first, names[i]);

			if (values && values[0] && text_is_utf8(values[0]->bv_val, values[0]->bv_len))
				json_put(out, names[i], arena_copy(r->mem, values[0]->bv_val, values[0]->bv_len));
			ldap_value_free_len(values);
		}
	}
	ldap_msgfree(answer);
	return out;
}

int
ldap_read(struct arena *mem, const struct rules *rules, struct builder *b, json_t **certificate, struct error *err)
{
	struct reader r = { .mem = mem, .rules = rules, .uri = rules->conf.directory.source, .builder = b, .err = err };
	json_t *before = NULL;
	int rc = -1;

	want(&r);
	if (directory_open(mem, &rules->conf, &r.ld, err) < 0)
		goto out;
	before = root(&r);
	if (search(&r) < 0)
		goto out;
	*certificate = json_pack("{s:s,s:I,s:I,s:I,s:O,s:o}", "filter", WANTED, "pages", (json_int_t)r.pages, "ranges",
				 (json_int_t)r.ranges, "references", (json_int_t)r.references, "before", before, "after",
				 root(&r));
	rc = 0;
out:
	json_decref(before);
	directory_close(r.ld);
	progress_end();
	return rc;
}
