/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * answer.c - an entry that a search found, decoded where its bytes lie.
 *
 *     LDAPMessage { id, SearchResultEntry { dn, { PartialAttribute { name, { value … } } … } } }    (RFC 4511 4.5.2)
 *
 * Lengths are definite, tags are of one byte, and nothing comes behind: RFC 4511 5.1 demands the first and all servers do the
 * rest.  What is not exactly so is no fault that is judged here: it is left for libldap.
 */
#include "reader_p.h"

#define TAG_ENTRY 0x64u
#define TAG_SEQUENCE 0x30u
#define TAG_SET 0x31u
#define TAG_TEXT 0x04u
#define TAG_INTEGER 0x02u

/* What is left of an element. */
struct rest { const unsigned char *at, *end; };

enum measured
answer_measure(const char *bytes, size_t len, size_t *head, size_t *body)
{
	const unsigned char *p = (const unsigned char *)bytes;
	size_t more, size = 0;

	if (len < 2)
		return len && *p != TAG_SEQUENCE ? MEASURED_ODD : MEASURED_SHORT;
	more = p[1] & 0x80 ? p[1] & 0x7fu : 0;
	if (*p != TAG_SEQUENCE || p[1] == 0x80 || more > 4)
		return MEASURED_ODD;
	if (len < 2 + more)
		return MEASURED_SHORT;
	for (size_t i = 0; i < more; i++)
		size = size << 8 | p[2 + i];
	if (size > INT32_MAX)
		return MEASURED_ODD;
	*head = 2 + more;
	*body = more ? size : p[1];
	return MEASURED;
}

/* The element of that tag which comes next, of which all is there. */
static inline bool
take(struct rest *from, unsigned tag, struct rest *out)
{
	size_t left = (size_t)(from->end - from->at), size, more;

	if (left < 2 || from->at[0] != tag)
		return false;
	size = from->at[1];
	from->at += 2;
	left -= 2;
	if (size >= 0x80) {
		more = size & 0x7f;
		if (more == 0 || more > 4 || more > left)
			return false;
		left -= more;
		for (size = 0; more; more--)
			size = size << 8 | *from->at++;
	}
	if (size > left)
		return false;
	*out = (struct rest){ from->at, from->at + size };
	from->at += size;
	return true;
}

/* The element is the last one, too. */
static inline bool
take_last(struct rest *from, unsigned tag, struct rest *out)
{
	return take(from, tag, out) && from->at == from->end;
}

static inline struct berval
bytes_of(const struct rest *e)
{
	return (struct berval){ (ber_len_t)(e->end - e->at), (char *)(uintptr_t)e->at };
}

static bool
is_number(const struct rest *e, int wanted)
{
	long long n = 0;

	if (e->at == e->end || e->end - e->at > 4 || *e->at & 0x80)
		return false;
	for (const unsigned char *p = e->at; p < e->end; p++)
		n = n << 8 | *p;
	return n == wanted;
}

struct source_attribute
answer_name(struct arena *mem, const struct berval *name)
{
	const char *semicolon = name->bv_len ? memchr(name->bv_val, ';', name->bv_len) : NULL;
	size_t len = semicolon ? (size_t)(semicolon - name->bv_val) : name->bv_len;

	return (struct source_attribute){
		.name = { (ber_len_t)len, name->bv_val },
		.options = semicolon ? arena_copy(mem, semicolon + 1, name->bv_len - len - 1) : NULL,
	};
}

static bool
take_attribute(struct answer *a, struct rest *list)
{
	size_t before = a->values.count;
	struct rest attribute, name, values, value;
	struct source_attribute *out;
	struct berval called;

	if (!take(list, TAG_SEQUENCE, &attribute) || !take(&attribute, TAG_TEXT, &name) || !take_last(&attribute, TAG_SET, &values))
		return false;
	while (values.at < values.end) {
		if (!take(&values, TAG_TEXT, &value))
			return false;
		*arena_next(a->mem, &a->values) = bytes_of(&value);
	}
	called = bytes_of(&name);
	out = arena_next(a->mem, &a->attributes);
	*out = answer_name(a->mem, &called);
	out->count = a->values.count - before;
	return true;
}

/* The list of values has grown for the last time: now it is known where they are. */
static void
point(struct answer *a, struct source_entry *entry)
{
	const struct berval *next = a->values.items;

	for (size_t i = 0; i < a->attributes.count; i++) {
		struct source_attribute *to = &a->attributes.items[i];

		to->values = to->count ? next : NULL;
		next = to->count ? next + to->count : next;
	}
	entry->attributes.items = a->attributes.items;
	entry->attributes.count = a->attributes.count;
}

bool
answer_entry(struct answer *a, int id, const char *bytes, size_t len, struct source_entry *entry)
{
	struct rest all = { (const unsigned char *)bytes, (const unsigned char *)bytes + len }, message, number, found, dn, list;

	a->attributes.count = a->values.count = 0;
	if (!take_last(&all, TAG_SEQUENCE, &message) || !take(&message, TAG_INTEGER, &number) || !is_number(&number, id) ||
	    !take_last(&message, TAG_ENTRY, &found) || !take(&found, TAG_TEXT, &dn) || !take_last(&found, TAG_SEQUENCE, &list))
		return false;
	while (list.at < list.end)
		if (!take_attribute(a, &list))
			return false;
	*entry = (struct source_entry){ .dn = bytes_of(&dn) };
	point(a, entry);
	return true;
}
