/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz-answer.c - what answer.c takes for an entry is that very entry for liblber, too: name, attributes and values. */
#include "../../agent/collect/reader_p.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static bool
is_same(const struct berval *a, const struct berval *b)
{
	return a->bv_len == b->bv_len && (!a->bv_len || memcmp(a->bv_val, b->bv_val, a->bv_len) == 0);
}

static bool
is_inside(const struct berval *v, const uint8_t *bytes, size_t len)
{
	const uint8_t *p = (const uint8_t *)v->bv_val;

	return p >= bytes && p <= bytes + len && v->bv_len <= (size_t)(bytes + len - p);
}

static void
check_attribute(const struct source_attribute *a, BerElement *ber, const uint8_t *bytes, size_t len)
{
	struct berval name, *values = NULL;
	ber_len_t size = sizeof(name);          /* of an element of values */
	size_t count = 0, options = a->options ? strlen(a->options) + 1 : 0;

	must(ber_scanf(ber, "{mM}", &name, &values, &size, (ber_len_t)0) != LBER_ERROR);
	must(name.bv_len >= a->name.bv_len + options && memcmp(name.bv_val, a->name.bv_val, a->name.bv_len) == 0);
	must(!a->options == !memchr(name.bv_val, ';', name.bv_len));
	for (; values && values[count].bv_val; count++) {
		must(count < a->count && is_same(&a->values[count], &values[count]));
		must(is_inside(&a->values[count], bytes, len));
	}
	must(count == a->count);
	ber_memfree(values);
}

static void
check_entry(const struct source_entry *e, char *copy, const uint8_t *bytes, size_t len)
{
	struct berval whole = { (ber_len_t)len, copy }, dn;
	BerElement *ber = ber_alloc_t(0);
	ber_int_t id;
	ber_tag_t tag;

	ber_init2(ber, &whole, 0);
	must(ber_scanf(ber, "{it{m{", &id, &tag, &dn) != LBER_ERROR);
	must(id == 1 && tag == LDAP_RES_SEARCH_ENTRY && is_same(&dn, &e->dn) && is_inside(&e->dn, bytes, len));
	for (size_t i = 0; i < e->attributes.count; i++)
		check_attribute(&e->attributes.items[i], ber, bytes, len);
	must(ber_remaining(ber) == 0);
	ber_free(ber, 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct arena *mem = arena_open();
	struct answer a = { .mem = mem };
	struct source_entry entry = { 0 };
	size_t head = 0, body = 0;
	enum measured measured = answer_measure((const char *)bytes, len, &head, &body);

	if (measured == MEASURED)
		must(head >= 2 && head <= 6 && head <= len && body <= INT32_MAX);
	if (answer_entry(&a, 1, (const char *)bytes, len, &entry)) {
		must(measured == MEASURED && head + body == len);
		check_entry(&entry, arena_copy(mem, bytes, len), bytes, len);
	}
	arena_close(mem);
	return 0;
}
