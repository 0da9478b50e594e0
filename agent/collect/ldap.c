/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ldap.c - reads a live directory: one search, page after page, then the members that came in ranges.
 *
 * Entries are taken as they come, so that the server works while we do, and no page is ever held.
 */
#include "collect_p.h"

#include <behov/directory.h>
#include <behov/json.h>
#include <behov/log.h>
#include <behov/step.h>
#include <behov/text.h>

#include <strings.h>
#include <sys/time.h>
#include <time.h>

#define PAGES_MOST 1000000
#define RANGE_TURNS 3                   /* how often a group is read again that changes while it is read */
#define LINK_TTL "1.2.840.113556.1.4.2309"      /* MS-ADTS 3.1.1.3.4.1.36 */

enum { ROOT_HOST, ROOT_SERVICE, ROOT_USN, ROOT_DOMAIN, ROOT_ASKED };
static const char *const root_names[] = { "dnsHostName", "dsServiceName", "highestCommittedUSN", "defaultNamingContext" };

/* A group whose members came in parts: its first answer, kept until the search is over. */
struct parted { struct source_entry entry; };

struct reader {
	struct arena *mem;              /* what lives as long as the reading */
	const struct directory *directory;
	LDAP *ld;
	char **attributes;
	struct builder *builder;
	LIST(struct source_attribute) room;     /* of the entry in hand; its values are libldap's */
	LIST(struct berval *) held;
	LIST(struct parted) parted;
	bool ttl;                       /* the server tells when memberships end */
	long long pages, entries, ranges;
	long long page_entries;         /* of the page in hand */
	bool again;
	struct error *err;
};

static int
refused(struct reader *r, int rc, const char *what)
{
	r->again = rc == LDAP_SERVER_DOWN || rc == LDAP_TIMEOUT || rc == LDAP_CONNECT_ERROR || rc == LDAP_BUSY ||
		   rc == LDAP_UNAVAILABLE;
	return directory_refused(r->ld, r->directory, rc, what, r->err);
}

static int
stopped(struct reader *r)
{
	return stop_asked() ? error_set(r->err, ERROR_STOPPED, "asked to stop while the directory was read") : 0;
}

/* ------------------------------------------------------------------ entries */

static void
release(struct reader *r)
{
	for (size_t i = 0; i < r->held.count; i++)
		ber_memfree(r->held.items[i]);
	r->held.count = r->room.count = 0;
}

static void
hold(struct reader *r, const struct berval *name, struct berval *values)
{
	const char *semicolon = memchr(name->bv_val, ';', name->bv_len);
	size_t len = semicolon ? (size_t)(semicolon - name->bv_val) : name->bv_len, count = 0;

	while (values && values[count].bv_val)
		count++;
	if (values)
		*arena_push(r->mem, &r->held) = values;
	*arena_push(r->mem, &r->room) = (struct source_attribute){
		.name = { (ber_len_t)len, name->bv_val }, .values = values, .count = count,
		.options = semicolon ? arena_copy(r->mem, semicolon + 1, name->bv_len - len - 1) : NULL,
	};
}

/* The entry as it stands in the answer: until release(), and as long as the answer lives. */
static int
open_entry(struct reader *r, LDAPMessage *message, struct source_entry *entry)
{
	struct berval name, *values = NULL;
	BerElement *ber = NULL;
	int rc = ldap_get_dn_ber(r->ld, message, &ber, &entry->dn);

	if (rc != LDAP_SUCCESS)
		return refused(r, rc, "cannot read an entry");
	if (!text_is_utf8(entry->dn.bv_val, entry->dn.bv_len)) {
		ber_free(ber, 0);
		return error_set(r->err, ERROR_SOURCE, "'%s': an entry's name is not UTF-8: '%s'", r->directory->name,
				 name_show(r->mem, arena_copy(r->mem, entry->dn.bv_val, entry->dn.bv_len)));
	}
	while ((rc = ldap_get_attribute_ber(r->ld, message, ber, &name, &values)) == LDAP_SUCCESS && name.bv_val) {
		hold(r, &name, values);
		values = NULL;
	}
	ber_free(ber, 0);
	entry->attributes.items = r->room.items;
	entry->attributes.count = r->room.count;
	return rc == LDAP_SUCCESS ? 0 : refused(r, rc, "cannot read the attributes of an entry");
}

static const struct source_attribute *
find(const struct source_entry *entry, const char *name, bool range)
{
	for (size_t i = 0; name && i < entry->attributes.count; i++) {
		const struct source_attribute *a = &entry->attributes.items[i];

		if (a->name.bv_len == strlen(name) && strncasecmp(a->name.bv_val, name, a->name.bv_len) == 0 &&
		    range_is(a->options) == range)
			return a;
	}
	return NULL;
}

/* A copy that outlives the answer. */
static void
keep_attribute(struct reader *r, struct source_entry *to, const struct source_attribute *from)
{
	struct berval *values = arena_array(r->mem, struct berval, from->count + 1);

	for (size_t v = 0; v < from->count; v++)
		values[v] = (struct berval){ from->values[v].bv_len,
					     arena_copy(r->mem, from->values[v].bv_val, from->values[v].bv_len) };
	*arena_push(r->mem, &to->attributes) = (struct source_attribute){
		.name = { from->name.bv_len, arena_copy(r->mem, from->name.bv_val, from->name.bv_len) },
		.options = from->options, .values = values, .count = from->count,
	};
}

static void
keep_entry(struct reader *r, const struct source_entry *from, struct source_entry *to)
{
	*to = (struct source_entry){ .dn = { from->dn.bv_len, arena_copy(r->mem, from->dn.bv_val, from->dn.bv_len) } };
	for (size_t i = 0; i < from->attributes.count; i++)
		keep_attribute(r, to, &from->attributes.items[i]);
}

/* ------------------------------------------------------------------ ranges */

/* The value that counts the changes of an entry is what it was. */
static bool
is_same(const struct reader *r, const struct source_entry *was, const struct source_entry *is)
{
	const char *change = schema_name(r->directory->schema, FIELD_CHANGE);
	const struct source_attribute *a = find(was, change, false), *b = find(is, change, false);

	if (!a || !b || !a->count || !b->count)
		return !a == !b;
	return a->values[0].bv_len == b->values[0].bv_len &&
	       memcmp(a->values[0].bv_val, b->values[0].bv_val, a->values[0].bv_len) == 0;
}

/* One entry again, some attributes of it.  *out NULL when it is not there any more. */
static int
ask_entry(struct reader *r, const char *dn, char **wanted, LDAPControl **controls, LDAPMessage **out)
{
	int rc = ldap_search_ext_s(r->ld, dn, LDAP_SCOPE_BASE, "(objectClass=*)", wanted, 0, controls, NULL, NULL, 0, out);

	if (rc == LDAP_SUCCESS && ldap_first_entry(r->ld, *out))
		return 0;
	ldap_msgfree(*out);
	*out = NULL;
	return rc == LDAP_SUCCESS || rc == LDAP_NO_SUCH_OBJECT
	       ? 0 : refused(r, rc, arena_print(r->mem, "cannot read the rest of '%s'", dn));
}

static LDAPControl **
link_control(struct reader *r)
{
	static char oid[] = LINK_TTL;
	static LDAPControl ttl = { .ldctl_oid = oid };
	static LDAPControl *all[] = { &ttl, NULL };

	return r->ttl ? all : NULL;
}

/* Its members from `next` on.  *next: where to go on, -1 when that was the last part, or the entry has its doubt. */
static int
ask_range(struct reader *r, struct source_entry *entry, long long *next)
{
	const char *change = schema_name(r->directory->schema, FIELD_CHANGE);
	char *wanted[] = { arena_print(r->mem, "member;range=%lld-*", *next), arena_text(r->mem, change), NULL };
	const struct source_attribute *a;
	struct source_entry part = { 0 };
	LDAPMessage *answer = NULL;
	long long first, last;
	int rc = -1;

	r->ranges++;
	if (ask_entry(r, entry->dn.bv_val, wanted, link_control(r), &answer) < 0)
		return -1;
	if (answer && open_entry(r, ldap_first_entry(r->ld, answer), &part) < 0)
		goto out;
	a = find(&part, "member", true);
	if (!answer)
		entry->doubt = "the group vanished while it was read";
	else if (!is_same(r, entry, &part))
		entry->doubt = "the group changed while it was read";
	else if (a)
		keep_attribute(r, entry, a);
	*next = answer && !entry->doubt && a && range_read(a->options, &first, &last) && first == *next && last >= 0
		? last + 1 : -1;
	rc = stopped(r);
out:
	release(r);
	ldap_msgfree(answer);
	return rc;
}

static int
follow_ranges(struct reader *r, struct source_entry *entry)
{
	const struct source_attribute *a = find(entry, "member", true);
	long long first, last, next = a && range_read(a->options, &first, &last) && first == 0 && last >= 0 ? last + 1 : -1;
	int rc = 0;

	while (rc == 0 && next >= 0)
		rc = ask_range(r, entry, &next);
	return rc;
}

/* The whole group anew. */
static int
reread(struct reader *r, struct source_entry *entry)
{
	LDAPMessage *answer = NULL;
	struct source_entry fresh = { 0 };
	int rc = ask_entry(r, entry->dn.bv_val, r->attributes, link_control(r), &answer);

	if (rc == 0 && answer) {
		rc = open_entry(r, ldap_first_entry(r->ld, answer), &fresh);
		if (rc == 0)
			keep_entry(r, &fresh, entry);
		release(r);
	}
	ldap_msgfree(answer);
	return rc;
}

/*
 * A large group comes as an empty `member` and a `member;range=0-1499`: the rest is asked for until a part ends in '*'.
 * The parts are handed on as they came, and the builder judges whether they are one whole list, as with an export.
 * A server counts members anew in each answer: in a group that changes meanwhile one could fall between two parts, so
 * it is read again, and what changes each time is not known.
 */
static int
complete_ranges(struct reader *r)
{
	for (size_t i = 0; i < r->parted.count; i++) {
		struct source_entry *entry = &r->parted.items[i].entry;

		for (int turn = 0; turn < RANGE_TURNS && (turn == 0 || entry->doubt); turn++)
			if ((turn && reread(r, entry) < 0) || follow_ranges(r, entry) < 0)
				return -1;
		if (build_entry(r->builder, entry, r->err) < 0)
			return -1;
		r->entries++;
	}
	return 0;
}

/* ------------------------------------------------------------------ the search */

static int
take_entry(struct reader *r, LDAPMessage *message)
{
	struct source_entry entry = { 0 };
	int rc = open_entry(r, message, &entry);

	r->page_entries++;
	if (rc == 0 && find(&entry, "member", true)) {
		keep_entry(r, &entry, &((struct parted *)arena_push(r->mem, &r->parted))->entry);
	} else if (rc == 0) {
		rc = build_entry(r->builder, &entry, r->err);
		r->entries++;
	}
	release(r);
	return rc;
}

/*
 * Will this go on for ever?  Some servers (Samba) give every page of a search the same cookie, so a cookie that comes
 * again is a fault only where the page brought nothing new.  An entry that comes again is refused by the builder.
 */
static bool
is_stuck(struct reader *r, const struct berval *was, const struct berval *next)
{
	bool again = next->bv_len && was->bv_len == next->bv_len && memcmp(was->bv_val, next->bv_val, next->bv_len) == 0;

	return (again && r->page_entries == 0) || (next->bv_len && r->pages > PAGES_MOST);
}

/* The cookie of the next page, empty after the last.  A result that is not success is a failure with its page. */
static int
end_page(struct reader *r, LDAPMessage *last, struct berval *cookie)
{
	LDAPControl **controls = NULL, *paged;
	struct berval next = { 0, NULL };
	ber_int_t estimate;
	int code = LDAP_OTHER, rc = ldap_parse_result(r->ld, last, &code, NULL, NULL, NULL, &controls, 0);

	if (rc == LDAP_SUCCESS)
		rc = code;
	if (rc != LDAP_SUCCESS) {
		ldap_controls_free(controls);
		return refused(r, rc, arena_print(r->mem, "page %lld of the search failed", r->pages));
	}
	paged = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, controls, NULL);
	if (!paged || ldap_parse_pageresponse_control(r->ld, paged, &estimate, &next) != LDAP_SUCCESS) {
		ldap_controls_free(controls);
		return error_set(r->err, ERROR_SOURCE, "'%s': page %lld came without a word on what follows",
				 r->directory->name, r->pages);
	}
	ldap_controls_free(controls);
	rc = is_stuck(r, cookie, &next);
	ber_memfree(cookie->bv_val);
	*cookie = next;
	return rc ? error_set(r->err, ERROR_SOURCE, "'%s': the search never ends: page %lld", r->directory->name, r->pages) : 0;
}

static int
ask_page(struct reader *r, struct berval *cookie, int *id)
{
	int size = r->directory->page_size > 0 ? r->directory->page_size : 1000, rc;
	LDAPControl *page = NULL, *controls[3] = { NULL, NULL, NULL };

	rc = ldap_create_page_control(r->ld, size, cookie->bv_val ? cookie : NULL, 1, &page);
	if (rc != LDAP_SUCCESS)
		return refused(r, rc, "cannot ask for pages");
	controls[0] = page;
	if (r->ttl)
		controls[1] = link_control(r)[0];
	r->pages++;
	rc = ldap_search_ext(r->ld, r->directory->base, LDAP_SCOPE_SUBTREE, schema_filter(r->directory->schema), r->attributes,
			     0, controls, NULL, NULL, 0, id);
	ldap_control_free(page);
	return rc == LDAP_SUCCESS ? 0 : refused(r, rc, arena_print(r->mem, "cannot ask for page %lld", r->pages));
}

/* The next message of a page. */
static int
wait_message(struct reader *r, int id, LDAPMessage **out)
{
	struct timeval wait = { .tv_sec = r->directory->timeout > 0 ? r->directory->timeout : 60 };
	int code = LDAP_OTHER, rc = ldap_result(r->ld, id, LDAP_MSG_ONE, &wait, out);

	if (rc > 0)
		return 0;
	ldap_get_option(r->ld, LDAP_OPT_RESULT_CODE, &code);
	return refused(r, rc == 0 ? LDAP_TIMEOUT : code, arena_print(r->mem, "page %lld did not come", r->pages));
}

/* Entries as they come, up to the last word of the page.  What is taken of a page that then fails is thrown away whole. */
static int
take_page(struct reader *r, int id, struct berval *cookie)
{
	bool last = false;
	int rc = 0;

	r->page_entries = 0;
	while (rc == 0 && !last) {
		LDAPMessage *m = NULL;

		rc = wait_message(r, id, &m);
		last = rc == 0 && ldap_msgtype(m) == LDAP_RES_SEARCH_RESULT;
		if (last)
			rc = end_page(r, m, cookie);
		else if (rc == 0 && ldap_msgtype(m) == LDAP_RES_SEARCH_REFERENCE)
			build_reference(r->builder);
		else if (rc == 0 && ldap_msgtype(m) == LDAP_RES_SEARCH_ENTRY)
			rc = take_entry(r, m);
		ldap_msgfree(m);
	}
	progress("reading the directory", r->entries, 0);
	return rc;
}

static int
search(struct reader *r)
{
	struct berval cookie = { 0, NULL };
	int rc, id;

	do {
		rc = ask_page(r, &cookie, &id);
		if (rc == 0)
			rc = take_page(r, id, &cookie);
		if (rc == 0)
			rc = stopped(r);
	} while (rc == 0 && cookie.bv_len);
	ber_memfree(cookie.bv_val);
	return rc < 0 ? -1 : complete_ranges(r);
}

/* ------------------------------------------------------------------ what is asked for */

static void
want(struct reader *r, const struct rules *rules)
{
	size_t used = 0;

	r->attributes = arena_array(r->mem, char *, (size_t)FIELDS + (size_t)rules->attribute_count + 1);
	for (int f = 0; f < FIELDS; f++) {
		const char *name = schema_name(r->directory->schema, (enum field)f);

		if (f == FIELD_EMPLOYEE)
			name = rules->conf.hr.file ? schema_key(r->directory->schema, rules) : NULL;
		if (name)
			r->attributes[used++] = arena_text(r->mem, name);
	}
	for (int i = 0; i < rules->attribute_count; i++) {
		const char *ad = rules->attributes[i].hr ? NULL : rules->attributes[i].ad;
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
		int rc = ask_entry(r, dn, wanted, NULL, &answer);

		next = -1;
		if (rc == 0 && answer)
			rc = open_entry(r, ldap_first_entry(r->ld, answer), &part);
		a = rc == 0 ? find(&part, name, true) : NULL;
		if (a && range_read(a->options, &first, &last) && first == from && last >= 0)
			next = last + 1;
		if (rc == 0 && !a)
			a = find(&part, name, false);
		if (a)
			build_added(r->builder, dn, a->values, a->count);
		release(r);
		ldap_msgfree(answer);
		if (rc < 0 || stopped(r) < 0)
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
 * liblber reads twice for each entry, and asks the system each time whether there is more: a buffer below TLS brings many
 * entries at once.  Without it everything still works.
 */
static void
read_ahead(LDAP *ld)
{
	Sockbuf *wire = NULL;
	int size = 256 << 10;

	if (ldap_get_option(ld, LDAP_OPT_SOCKBUF, &wire) == LDAP_SUCCESS && wire)
		ber_sockbuf_add_io(wire, &ber_sockbuf_io_readahead, LBER_SBIOD_LEVEL_PROVIDER, &size);
}

int
ldap_read(struct arena *mem, const struct rules *rules, const struct directory *directory, struct builder *b, bool *again,
	  struct error *err)
{
	struct reader r = { .mem = mem, .directory = directory, .builder = b, .err = err };
	const char *before[ROOT_ASKED], *after[ROOT_ASKED], *invocation;
	long long began = milliseconds();
	int rc = -1;

	want(&r, rules);
	if (directory_open(mem, directory, &r.ld, err) < 0)
		goto out;
	ask_root(&r, before);
	read_ahead(r.ld);               /* the connection stands now, and nothing of an answer is on its way */
	invocation = ask_invocation(&r, before[ROOT_SERVICE]);
	if (search(&r) < 0 || ask_all_added(&r) < 0) {
		error_in(err, "reading below '%s'", directory->base ? directory->base : "");
		goto out;
	}
	ask_root(&r, after);
	build_certify(b, json_pack("{s:s, s:I, s:I, s:{s:s?, s:s?, s:s?}, s:{s:s?, s:s?}, s:I}", "filter",
				   schema_filter(directory->schema), "pages", (json_int_t)r.pages, "ranges",
				   (json_int_t)r.ranges, "server", root_names[ROOT_HOST], before[ROOT_HOST],
				   root_names[ROOT_SERVICE], before[ROOT_SERVICE], "invocationId", invocation,
				   root_names[ROOT_USN], "before", before[ROOT_USN], "after", after[ROOT_USN], "milliseconds",
				   (json_int_t)(milliseconds() - began)));
	rc = 0;
out:
	release(&r);
	directory_close(r.ld);
	progress_end();
	*again = r.again;
	return rc;
}
