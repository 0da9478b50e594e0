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
	"servicePrincipalName", "groupType", "member", "uSNChanged",
};
#define WANTED "(|(objectClass=group)(objectClass=user)(objectClass=contact)(objectClass=foreignSecurityPrincipal)" \
	       "(objectClass=inetOrgPerson)(objectClass=computer))"

#define PAGES_MOST 1000000

struct reader {
	struct arena *mem;
	const struct rules *rules;
	const char *uri;
	LDAP *ld;
	char **attributes;
	struct builder *builder;
	long long pages, entries, ranges;
	const char *first;              /* the name of the first entry of the last page */
	struct error *err;
};

static int
refused(struct reader *r, int rc, const char *what)
{
	return directory_refused(r->ld, &r->rules->conf.directories[0], rc, what, r->err);
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

static void
keep_attribute(struct reader *r, struct source_entry *entry, const struct berval *name, const struct berval *values)
{
	char *text = arena_copy(r->mem, name->bv_val, name->bv_len), *semicolon = strchr(text, ';');
	struct source_attribute *a = arena_push(r->mem, &entry->attributes);

	if (semicolon)
		*semicolon++ = '\0';
	*a = (struct source_attribute){ .name = text, .options = semicolon };
	keep_values(r, a, values);
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
	if (!text_is_utf8(dn.bv_val, dn.bv_len)) {
		ber_free(ber, 0);
		return error_set(r->err, ERROR_SOURCE, "'%s': an entry's name is not UTF-8: '%s'", r->uri,
				 name_show(r->mem, entry->dn));
	}
	while ((rc = ldap_get_attribute_ber(r->ld, message, ber, &name, &values)) == LDAP_SUCCESS && name.bv_val) {
		keep_attribute(r, entry, &name, values);
		ber_memfree(values);
		values = NULL;
	}
	ber_free(ber, 0);
	return rc == LDAP_SUCCESS ? 0 : refused(r, rc, "cannot read the attributes of an entry");
}

static const struct source_attribute *
part_of(const struct source_entry *entry, const char *name, bool range)
{
	for (size_t i = 0; i < entry->attributes.count; i++)
		if (strcasecmp(entry->attributes.items[i].name, name) == 0 && range_is(entry->attributes.items[i].options) == range)
			return &entry->attributes.items[i];
	return NULL;
}

/* The number under which the server last changed the group is still the one it had. */
static bool
is_same(const struct source_entry *was, const struct source_entry *is)
{
	const struct source_attribute *a = part_of(was, "uSNChanged", false), *b = part_of(is, "uSNChanged", false);

	if (!a || !b || !a->values.count || !b->values.count)
		return !a == !b;
	return strcmp(a->values.items[0].bytes, b->values.items[0].bytes) == 0;
}

/* The group again, with its members from `from` on.  An answer without an entry leaves part->dn NULL. */
static int
ask_range(struct reader *r, const char *dn, long long from, struct source_entry *part)
{
	char *wanted[] = { arena_print(r->mem, "member;range=%lld-*", from), arena_text(r->mem, "uSNChanged"), NULL };
	LDAPMessage *answer = NULL, *first;
	int rc;

	*part = (struct source_entry){ 0 };
	r->ranges++;
	rc = ldap_search_ext_s(r->ld, dn, LDAP_SCOPE_BASE, "(objectClass=*)", wanted, 0, NULL, NULL, NULL, 0, &answer);
	first = rc == LDAP_SUCCESS ? ldap_first_entry(r->ld, answer) : NULL;
	if (rc == LDAP_NO_SUCH_OBJECT)
		rc = 0;
	else if (rc != LDAP_SUCCESS)
		rc = refused(r, rc, arena_print(r->mem, "cannot read the rest of '%s'", dn));
	else if (first)
		rc = keep_entry(r, first, part);
	ldap_msgfree(answer);
	return rc;
}

/*
 * A large group comes as an empty `member` and a `member;range=0-1499`: the rest is asked for until a part ends in '*'.
 * The parts are handed on as they came, and the builder judges whether they are one whole list, as with an export.
 * A server counts members anew in each answer: in a group that changes meanwhile one could fall between two parts.
 */
static int
complete_ranges(struct reader *r, struct source_entry *entry)
{
	const struct source_attribute *a = part_of(entry, "member", true);
	long long first, last, next = 0;

	while (a && !entry->doubt && range_read(a->options, &first, &last) && first == next && last >= 0) {
		struct source_entry part;

		if (stop_asked())
			return error_set(r->err, ERROR_STOPPED, "asked to stop while the directory was read");
		next = last + 1;
		if (ask_range(r, entry->dn, next, &part) < 0)
			return -1;
		a = part_of(&part, "member", true);
		if (!part.dn)
			entry->doubt = "the group vanished while it was read";
		else if (!is_same(entry, &part))
			entry->doubt = "the group changed while it was read";
		else if (a)
			*(struct source_attribute *)arena_push(r->mem, &entry->attributes) = *a;
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

		if (ldap_msgtype(m) == LDAP_RES_SEARCH_REFERENCE)
			build_reference(r->builder);
		if (ldap_msgtype(m) != LDAP_RES_SEARCH_ENTRY)
			continue;
		if (keep_entry(r, m, &entry) < 0 || complete_ranges(r, &entry) < 0 ||
		    build_entry(r->builder, &entry, r->err) < 0)
			return -1;
		r->entries++;
	}
	return 0;
}

/*
 * Will this go on for ever?  Some servers (Samba) give every page of a search the same cookie, so a cookie that comes
 * again is a fault only where the page brought nothing new.  An entry that comes again is refused by the builder.
 */
static bool
is_stuck(struct reader *r, LDAPMessage *chain, const struct berval *was, const struct berval *next)
{
	LDAPMessage *first = ldap_first_entry(r->ld, chain);
	char *dn = first ? ldap_get_dn(r->ld, first) : NULL;
	bool news = dn && (!r->first || strcmp(r->first, dn) != 0);
	bool again = next->bv_len && was->bv_len == next->bv_len && memcmp(was->bv_val, next->bv_val, next->bv_len) == 0;

	r->first = arena_text(r->mem, dn);
	ldap_memfree(dn);
	return (again && !news) || (next->bv_len && r->pages > PAGES_MOST);
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
	rc = is_stuck(r, chain, cookie, &next);
	ber_memfree(cookie->bv_val);
	*cookie = next;
	return rc ? error_set(r->err, ERROR_SOURCE, "'%s': the search never ends: page %lld", r->uri, r->pages) : 0;
}

static int
one_page(struct reader *r, struct berval *cookie)
{
	const struct directory *d = &r->rules->conf.directories[0];
	struct timeval wait = { .tv_sec = d->timeout > 0 ? d->timeout : 60 };
	int size = d->page_size > 0 ? d->page_size : 1000, rc, id;
	LDAPControl *page = NULL, *controls[2] = { NULL, NULL };
	LDAPMessage *chain = NULL;

	rc = ldap_create_page_control(r->ld, size, cookie->bv_val ? cookie : NULL, 1, &page);
	if (rc != LDAP_SUCCESS)
		return refused(r, rc, "cannot ask for pages");
	controls[0] = page;
	r->pages++;
	rc = ldap_search_ext(r->ld, d->base, LDAP_SCOPE_SUBTREE, WANTED, r->attributes, 0, controls, NULL,
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

/* The texts of what the root of the server says of these, NULL where it does not. */
static void
ask_root(struct reader *r, char *const *names, const char **out)
{
	LDAPMessage *answer = NULL, *first = NULL;

	if (ldap_search_ext_s(r->ld, "", LDAP_SCOPE_BASE, "(objectClass=*)", (char **)names, 0, NULL, NULL, NULL, 0,
			      &answer) == LDAP_SUCCESS)
		first = ldap_first_entry(r->ld, answer);
	for (; *names; names++, out++) {
		struct berval **values = first ? ldap_get_values_len(r->ld, first, *names) : NULL;

		*out = NULL;
		if (values && values[0] && text_is_utf8(values[0]->bv_val, values[0]->bv_len))
			*out = arena_copy(r->mem, values[0]->bv_val, values[0]->bv_len);
		ldap_value_free_len(values);
	}
	ldap_msgfree(answer);
}

int
ldap_read(struct arena *mem, const struct rules *rules, struct builder *b, json_t **certificate, struct error *err)
{
	struct reader r = { .mem = mem, .rules = rules, .uri = rules->conf.directories[0].source, .builder = b, .err = err };
	char *names[] = { arena_text(mem, "highestCommittedUSN"), arena_text(mem, "dnsHostName"),
			  arena_text(mem, "dsServiceName"), NULL };
	const char *before[3], *after[3];
	int rc = -1;

	want(&r);
	if (directory_open(mem, rules->conf.directories, &r.ld, err) < 0)
		goto out;
	ask_root(&r, names, before);
	if (search(&r) < 0) {
		error_in(err, "reading below '%s'", rules->conf.directories[0].base ? rules->conf.directories[0].base : "");
		goto out;
	}
	ask_root(&r, names, after);
	*certificate = json_pack("{s:s, s:I, s:I, s:{s:s?, s:s?}, s:{s:s?, s:s?}}", "filter", WANTED, "pages",
				 (json_int_t)r.pages, "ranges", (json_int_t)r.ranges, "server", names[1], before[1],
				 names[2], before[2], names[0], "before", before[0], "after", after[0]);
	rc = 0;
out:
	directory_close(r.ld);
	progress_end();
	return rc;
}
