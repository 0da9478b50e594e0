/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pages.c - searches a live directory: page after page, then the members that came in ranges.
 *
 * Entries are taken as they come, so that the server works while we do, and no page is ever held.
 */
#include "reader_p.h"

#include <behov/log.h>
#include <behov/step.h>
#include <behov/text.h>

#include <sys/time.h>

#define PAGES_MOST 1000000
#define EMPTY_MOST 1000                 /* pages after each other that bring nothing but a cookie */
#define PARTS_EACH 4                    /* of a split search, for each connection: they are seldom equally large */
#define RANGE_TURNS 3                   /* how often a group is read again that changes while it is read */

/* What the server said, into r->err; gives -1. */
static int
refused(struct reader *r, int rc, const char *what)
{
	r->again = rc == LDAP_SERVER_DOWN || rc == LDAP_TIMEOUT || rc == LDAP_CONNECT_ERROR || rc == LDAP_BUSY ||
		   rc == LDAP_UNAVAILABLE;
	return directory_refused(r->ld, r->directory, rc, what, r->err);
}

int
reader_stopped(struct reader *r)
{
	return stop_asked() ? error_set(r->err, ERROR_STOPPED, "asked to stop while the directory was read") : 0;
}

/* ------------------------------------------------------------------ entries */

void
reader_release(struct reader *r)
{
	for (size_t i = 0; i < r->held.count; i++)
		ber_memfree(r->held.items[i]);
	r->held.count = r->room.count = 0;
}

static void
hold(struct reader *r, const struct berval *name, struct berval *values)
{
	struct source_attribute *to = arena_push(r->mem, &r->room);

	*to = answer_name(r->mem, name);
	to->values = values;
	while (values && values[to->count].bv_val)
		to->count++;
	if (values)
		*arena_push(r->mem, &r->held) = values;
}

static int
check_name(struct reader *r, const struct berval *dn)
{
	if (text_is_utf8(dn->bv_val, dn->bv_len))
		return 0;
	return error_set(r->err, ERROR_SOURCE, "'%s': an entry's name is not UTF-8: '%s'", r->directory->name,
			 name_show(r->mem, arena_copy(r->mem, dn->bv_val, dn->bv_len)));
}

/* The entry as it stands in the answer: until release(), and as long as the answer lives. */
int
reader_open(struct reader *r, LDAPMessage *message, struct source_entry *entry)
{
	struct berval name, *values = NULL;
	BerElement *ber = NULL;
	int rc = ldap_get_dn_ber(r->ld, message, &ber, &entry->dn);

	if (rc != LDAP_SUCCESS)
		return refused(r, rc, "cannot read an entry");
	if (check_name(r, &entry->dn) < 0) {
		ber_free(ber, 0);
		return -1;
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

const struct source_attribute *
entry_find(const struct source_entry *entry, const char *name, bool range)
{
	size_t len = name ? strlen(name) : 0;

	for (size_t i = 0; name && i < entry->attributes.count; i++) {
		const struct source_attribute *a = &entry->attributes.items[i];

		if (range_is(a->options) == range && a->name.bv_len == len && strncasecmp(a->name.bv_val, name, len) == 0)
			return a;
	}
	return NULL;
}

/* A copy that outlives the answer. */
static void
keep_attribute(struct arena *mem, struct source_entry *to, const struct source_attribute *from)
{
	struct berval *values = arena_array(mem, struct berval, from->count + 1);

	for (size_t v = 0; v < from->count; v++)
		values[v] = (struct berval){ from->values[v].bv_len,
					     arena_copy(mem, from->values[v].bv_val, from->values[v].bv_len) };
	*arena_push(mem, &to->attributes) = (struct source_attribute){
		.name = { from->name.bv_len, arena_copy(mem, from->name.bv_val, from->name.bv_len) },
		.options = arena_text(mem, from->options), .values = values, .count = from->count,
	};
}

void
entry_keep(struct arena *mem, const struct source_entry *from, struct source_entry *to)
{
	*to = (struct source_entry){ .dn = { from->dn.bv_len, arena_copy(mem, from->dn.bv_val, from->dn.bv_len) } };
	for (size_t i = 0; i < from->attributes.count; i++)
		keep_attribute(mem, to, &from->attributes.items[i]);
}

/* ------------------------------------------------------------------ ranges */

/* The value that counts the changes of an entry is what it was. */
static bool
is_same(const struct reader *r, const struct source_entry *was, const struct source_entry *is)
{
	const char *change = schema_name(r->directory->schema, FIELD_CHANGE);
	const struct source_attribute *a = entry_find(was, change, false), *b = entry_find(is, change, false);

	if (!a || !b || !a->count || !b->count)
		return !a == !b;
	return a->values[0].bv_len == b->values[0].bv_len &&
	       memcmp(a->values[0].bv_val, b->values[0].bv_val, a->values[0].bv_len) == 0;
}

static LDAPControl **
link_control(struct reader *r)
{
	static char oid[] = LINK_TTL;
	static LDAPControl ttl = { .ldctl_oid = oid };
	static LDAPControl *all[] = { &ttl, NULL };

	return r->ttl ? all : NULL;
}

int
reader_ask(struct reader *r, const char *dn, char **wanted, LDAPMessage **out)
{
	int rc = ldap_search_ext_s(r->ld, dn, LDAP_SCOPE_BASE, "(objectClass=*)", wanted, 0, link_control(r), NULL, NULL, 0, out);

	if (rc == LDAP_SUCCESS && ldap_first_entry(r->ld, *out))
		return 0;
	ldap_msgfree(*out);
	*out = NULL;
	return rc == LDAP_SUCCESS || rc == LDAP_NO_SUCH_OBJECT
	       ? 0 : refused(r, rc, arena_print(r->mem, "cannot read the rest of '%s'", dn));
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
	if (reader_ask(r, entry->dn.bv_val, wanted, &answer) < 0)
		return -1;
	if (answer && reader_open(r, ldap_first_entry(r->ld, answer), &part) < 0)
		goto out;
	a = entry_find(&part, "member", true);
	if (!answer)
		entry->doubt = "the group vanished while it was read";
	else if (!is_same(r, entry, &part))
		entry->doubt = "the group changed while it was read";
	else if (a)
		keep_attribute(r->mem, entry, a);
	*next = answer && !entry->doubt && a && range_read(a->options, &first, &last) && first == *next && last >= 0
		? last + 1 : -1;
	rc = reader_stopped(r);
out:
	reader_release(r);
	ldap_msgfree(answer);
	return rc;
}

static int
follow_ranges(struct reader *r, struct source_entry *entry)
{
	const struct source_attribute *a = entry_find(entry, "member", true);
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
	int rc = reader_ask(r, entry->dn.bv_val, r->attributes, &answer);

	if (rc == 0 && answer) {
		rc = reader_open(r, ldap_first_entry(r->ld, answer), &fresh);
		if (rc == 0)
			entry_keep(r->mem, &fresh, entry);
		reader_release(r);
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
		if (r->take(r, entry) < 0)
			return -1;
		r->entries++;
	}
	return 0;
}

/* ------------------------------------------------------------------ the search */

static int
take_found(struct reader *r, const struct source_entry *entry)
{
	r->page_entries++;
	if (entry_find(entry, "member", true)) {
		entry_keep(r->mem, entry, &((struct parted *)arena_push(r->mem, &r->parted))->entry);
		return 0;
	}
	r->entries++;
	return r->take(r, entry);
}

static int
take_entry(struct reader *r, LDAPMessage *message)
{
	struct source_entry entry = { 0 };
	int rc = reader_open(r, message, &entry);

	if (rc == 0)
		rc = take_found(r, &entry);
	reader_release(r);
	return rc;
}

/* The entries that have come already and wait for us. */
static int
take_ahead(struct reader *r, struct ahead *ahead, int id)
{
	struct source_entry entry;
	struct berval message;

	while (ahead_message(ahead, &message) && answer_entry(&r->answer, id, message.bv_val, message.bv_len, &entry)) {
		if (check_name(r, &entry.dn) < 0 || take_found(r, &entry) < 0)
			return -1;
		ahead_taken(ahead, &message);
	}
	return 0;
}

/*
 * Will this go on for ever?  Some servers (Samba) give every page of a search the same cookie, so a cookie that comes
 * again is a fault only where the page brought nothing new.  An entry that comes again is refused by the builder.
 */
static bool
is_stuck(struct reader *r, const struct berval *was, const struct berval *next)
{
	bool last = next->bv_len == 0;
	bool again = !last && was->bv_len == next->bv_len && memcmp(was->bv_val, next->bv_val, next->bv_len) == 0;

	r->empty_pages = r->page_entries ? 0 : r->empty_pages + 1;
	return (again && !r->page_entries) || (!last && (r->empty_pages > EMPTY_MOST || r->pages > PAGES_MOST));
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
ask_page(struct reader *r, const char *filter, char **attributes, struct berval *cookie, int *id)
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
	rc = ldap_search_ext(r->ld, r->directory->base, LDAP_SCOPE_SUBTREE, filter, attributes, 0, controls, NULL, NULL, 0, id);
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

/* What is not an entry that was here already: one that came late, a reference, the last word of the page. */
static int
take_message(struct reader *r, int id, struct berval *cookie, bool *last)
{
	LDAPMessage *m = NULL;
	int rc = wait_message(r, id, &m);

	*last = rc == 0 && ldap_msgtype(m) == LDAP_RES_SEARCH_RESULT;
	if (*last)
		rc = end_page(r, m, cookie);
	else if (rc == 0 && ldap_msgtype(m) == LDAP_RES_SEARCH_REFERENCE)
		build_reference(r->builder);
	else if (rc == 0 && ldap_msgtype(m) == LDAP_RES_SEARCH_ENTRY)
		rc = take_entry(r, m);
	ldap_msgfree(m);
	return rc;
}

/* Entries as they come, up to the last word of the page.  What is taken of a page that then fails is thrown away whole. */
static int
take_page(struct reader *r, struct ahead *ahead, int id, struct berval *cookie)
{
	bool last = false;
	int rc = 0;

	r->page_entries = 0;
	while (rc == 0 && !last) {
		rc = take_ahead(r, ahead, id);
		if (rc == 0)
			rc = take_message(r, id, cookie, &last);
	}
	progress("reading the directory", r->entries, 0);
	return rc;
}

/* ------------------------------------------------------------------ several at once */

/* One connection that is asked for page after page of what it has in hand. */
struct strand { const char *filter; struct berval cookie; int id; };

/*
 * The parts of a split search, in turn; NULL after the last.  The number of the change that made an object is its own for
 * good on that server (MS-ADTS 3.1.1.1.9), whatever is renamed or moved meanwhile: each object is in one part.  The last part
 * is what shows no such number, so that nobody is left out whose number we may not read.
 */
static const char *
next_part(struct reader *r, const char *filter, int *at)
{
	int count = r->line_most * PARTS_EACH, k = (*at)++;
	long long from = r->changes / count * k, to = r->changes / count * (k + 1);

	if (r->line_most == 1)
		return k == 0 ? filter : NULL;
	if (k == 0)
		return arena_print(r->mem, "(&%s(uSNCreated<=%lld))", filter, to - 1);
	if (k < count - 1)
		return arena_print(r->mem, "(&%s(uSNCreated>=%lld)(uSNCreated<=%lld))", filter, from, to - 1);
	if (k == count - 1)
		return arena_print(r->mem, "(&%s(uSNCreated>=%lld))", filter, from);
	return k == count ? arena_print(r->mem, "(&%s(!(uSNCreated=*)))", filter) : NULL;
}

/* The next page of what it has in hand, or of the next part; *busy false: there is none. */
static int
send_strand(struct reader *r, struct strand *s, const char *filter, char **attributes, int *part, bool *busy)
{
	if (!s->cookie.bv_len) {
		ber_memfree(s->cookie.bv_val);
		s->cookie = (struct berval){ 0, NULL };
		s->filter = next_part(r, filter, part);
	}
	*busy = s->filter;
	return *busy ? ask_page(r, s->filter, attributes, &s->cookie, &s->id) : 0;
}

/*
 * While the pages of one connection are taken, the server works for the others.  Each is opened when those before it have been
 * asked: a server of several processes gives it to one that has nothing to do.
 */
static int
search_strands(struct reader *r, struct strand *all, const char *filter, char **attributes)
{
	bool busy[LINES_MOST] = { false }, any = true;
	int part = 0, rc = 0;

	for (bool first = true; rc == 0 && any; first = false) {
		any = false;
		for (int i = 0; i < r->line_count && rc == 0; i++) {
			r->ld = r->lines[i];
			if (busy[i])
				rc = take_page(r, r->ahead[i], all[i].id, &all[i].cookie);
			if (rc == 0 && (busy[i] || first))
				rc = send_strand(r, &all[i], filter, attributes, &part, &busy[i]);
			any |= busy[i];
			if (rc == 0 && first && i == r->line_count - 1)
				reader_more(r);
		}
		if (rc == 0)
			rc = reader_stopped(r);
	}
	return rc;
}

int
reader_search(struct reader *r, const char *filter, char **attributes)
{
	struct strand all[LINES_MOST] = { { NULL, { 0, NULL }, 0 } };
	int rc = search_strands(r, all, filter, attributes);

	for (int i = 0; i < r->line_count; i++)
		ber_memfree(all[i].cookie.bv_val);
	if (rc == 0) {
		r->ld = r->lines[0];
		rc = complete_ranges(r);
	}
	r->parted.count = 0;
	return rc;
}
