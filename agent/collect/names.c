/* SPDX-License-Identifier: GPL-3.0-or-later */
/* names.c - distinguished names by the million: most are plain, and share what follows their first component. */
#include "build_p.h"

#include <behov/directory.h>
#include <behov/text.h>

#include <ctype.h>

static void
make_owners(struct builder *b)
{
	while (b->owners.count < b->names.words.count)
		*arena_push(b->scratch, &b->owners) = NOBODY;
}

uint32_t
name_of(struct builder *b, const char *bytes, size_t len)
{
	uint32_t at = intern(&b->names, bytes, len);

	make_owners(b);
	return at;
}

void
name_row(struct builder *b, const struct berval *names, size_t count, uint32_t *out)
{
	intern_find_row(&b->names, names, count, out);
	for (size_t i = 0; i < count; i++)
		if (out[i] == INTERN_NONE && readable(&names[i]))
			out[i] = intern(&b->names, names[i].bv_val, names[i].bv_len);
	make_owners(b);
}

/* What RFC 4514 escapes. */
static const bool special[256] = { [0] = true, [','] = true, ['\\'] = true, ['"'] = true, ['+'] = true, [';'] = true, ['<'] = true,
				   ['>'] = true, ['='] = true, ['#'] = true };

static bool
is_plain(const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (special[(unsigned char)bytes[i]] || (unsigned char)bytes[i] < 0x20)
			return false;
	return len && bytes[0] != ' ' && bytes[len - 1] != ' ';
}

/* Where in a plain name its first value begins and ends, and where its parent begins. */
struct parts { size_t value, end, parent; };

/* false when RFC 4514 has more to say about it than we want to know. */
static bool
plain(const char *dn, size_t len, struct parts *out)
{
	size_t equals = 0, i;

	while (equals < len && (isalnum((unsigned char)dn[equals]) || dn[equals] == '-'))
		equals++;
	if (!equals || !isalpha((unsigned char)*dn) || equals + 1 >= len || dn[equals] != '=' || dn[equals + 1] == ' ')
		return false;
	for (i = equals + 1; i < len && dn[i] != ','; i++)
		if (special[(unsigned char)dn[i]] || (unsigned char)dn[i] < 0x20)
			return false;
	*out = (struct parts){ equals + 1, i, i + 1 };
	while (out->parent < len && dn[out->parent] == ' ')
		out->parent++;
	return dn[i - 1] != ' ' && i > equals + 1 && out->parent < len;
}

/* Without a base everything is. */
static bool is_inside(const char *key, const char *base) { return !base || directory_below(key, base); }

/* Neighbours mostly have the same one. */
static uint32_t
number_parent(struct builder *b, const char *dn, size_t len)
{
	const struct word *last = b->parents.words.count ? &b->parents.words.items[b->last_parent] : NULL;

	if (!last || last->len != len || memcmp(last->text, dn, len) != 0)
		b->last_parent = intern(&b->parents, dn, len);
	return b->last_parent;
}

/* NULL when the name is not plain. */
static const struct parent *
parent_of(struct builder *b, const char *dn, size_t len, struct parts *parts)
{
	uint16_t origin = (uint16_t)(b->origins.count - 1);
	struct parent *p;
	uint32_t at;

	if (!plain(dn, len, parts))
		return NULL;
	at = number_parent(b, dn + parts->parent, len - parts->parent);
	if (b->folded.count <= at) {
		p = arena_push(b->scratch, &b->folded);
		p->key = memchr(dn, 0, len) ? NULL : dn_key(b->scratch, b->parents.words.items[at].text);
		p->number = p->key ? intern(&b->parent_keys, p->key, strlen(p->key)) : NOBODY;
		p->origin = UINT16_MAX;
	}
	p = &b->folded.items[at];
	if (p->key && p->origin != origin) {
		p->origin = origin;
		p->inside = is_inside(p->key, b->at->base);
	}
	return p->key ? p : NULL;
}

/* Into small letters; false when not all is ASCII. */
static bool
lower(char *out, const char *bytes, size_t len)
{
	unsigned char all = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)bytes[i];

		all |= c;
		out[i] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
	}
	return all < 0x80;
}

/* The first component of a plain name, folded, with room for as much more; NULL: it is not plain in small letters. */
static char *
head_key(struct arena *mem, const char *dn, const struct parts *at, size_t more, size_t *len)
{
	char *key = arena_take(mem, at->end + more), *whole;
	const char *folded;

	*len = at->end;
	if (lower(key, dn, at->end))
		return key;
	folded = text_fold(mem, arena_copy(mem, dn + at->value, at->end - at->value));
	if (!is_plain(folded, strlen(folded)))          /* U+037E folds to ';' */
		return NULL;
	*len = at->value + strlen(folded);
	whole = arena_take(mem, *len + more);
	memcpy(whole, key, at->value);
	memcpy(whole + at->value, folded, strlen(folded));
	return whole;
}

const char *
name_key(struct builder *b, const char *dn, size_t len)
{
	struct parts at;
	const struct parent *p = parent_of(b, dn, len, &at);
	size_t more = p ? strlen(p->key) : 0, end;
	char *key = p ? head_key(b->scratch, dn, &at, more + 2, &end) : NULL;

	if (memchr(dn, 0, len))
		return NULL;
	if (!key)
		return dn_key(b->scratch, arena_copy(b->scratch, dn, len));
	key[end] = ',';
	memcpy(key + end + 1, p->key, more);
	return key;
}

/* Where the first component of a key ends. */
static size_t
head_end(const char *key)
{
	size_t at = 0;

	while (key[at] && key[at] != ',')
		at += key[at] == '\\' && key[at + 1] ? 2 : 1;
	return at;
}

/* The number goes behind: what is compared first is what differs. */
static struct berval
mark(char *head, size_t len, uint32_t parent)
{
	memcpy(head + len, &parent, sizeof(parent));
	return (struct berval){ len + sizeof(parent), head };
}

struct berval
name_mark(struct builder *b, struct arena *mem, const char *dn, size_t len)
{
	struct parts at;
	const struct parent *p = parent_of(b, dn, len, &at);
	size_t end;
	char *head = p ? head_key(mem, dn, &at, sizeof(uint32_t), &end) : NULL;
	const char *key;
	uint32_t parent;

	if (head)
		return mark(head, end, p->number);
	dn = arena_copy(mem, dn, len);
	key = *dn == '\1' ? NULL : dn_key(mem, dn);
	end = key ? head_end(key) : 0;
	parent = !key ? AMBIGUOUS : key[end] ? intern(&b->parent_keys, key + end + 1, strlen(key + end + 1)) : NOBODY;
	key = key ? key : text_fold(mem, dn);
	end = end ? end : strlen(key);
	return mark(memcpy(arena_take(mem, end + sizeof(parent)), key, end), end, parent);
}

bool
name_is_ours(const struct builder *b, const char *key)
{
	for (size_t i = 0; i < b->origins.count; i++)
		if (is_inside(key, b->origins.items[i].base))
			return true;
	return false;
}

int
name_inside(struct builder *b, const char *dn, size_t len)
{
	struct parts at;
	const struct parent *p = parent_of(b, dn, len, &at);
	const char *key;

	if (p && p->inside)
		return 1;
	key = name_key(b, dn, len);
	return key ? is_inside(key, b->at->base) : -1;
}

const char *
name_first(struct builder *b, const char *dn)
{
	const char *from = strchr(dn, '=');
	char *out = arena_text(b->scratch, from ? from + 1 : dn), *to = out;

	for (const char *p = out; *p && *p != ','; p++) {
		if (*p == '\\' && p[1])
			p++;
		*to++ = *p;
	}
	return pool_copy(&b->texts, out, (size_t)(to - out));
}
