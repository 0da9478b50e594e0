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
	intern_row(&b->names, names, count, out);
	make_owners(b);
}

/* What RFC 4514 escapes. */
static const bool special[256] = { [0] = true, ['\\'] = true, ['"'] = true, ['+'] = true, [';'] = true, ['<'] = true,
				   ['>'] = true, ['='] = true, ['#'] = true };

static bool
is_plain(const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (special[(unsigned char)bytes[i]] || (unsigned char)bytes[i] < 0x20)
			return false;
	return len && bytes[0] != ' ' && bytes[len - 1] != ' ';
}

/* Where the first component of a plain name ends; 0 when RFC 4514 has more to say about it than we want to know. */
static size_t
plain(const char *dn, size_t len)
{
	size_t equals = 0, i;

	while (equals < len && (isalnum((unsigned char)dn[equals]) || dn[equals] == '-'))
		equals++;
	if (!equals || !isalpha((unsigned char)*dn) || equals + 1 >= len || dn[equals] != '=' || dn[equals + 1] == ' ')
		return 0;
	for (i = equals + 1; i < len && dn[i] != ','; i++)
		if (special[(unsigned char)dn[i]] || (unsigned char)dn[i] < 0x20)
			return 0;
	if (dn[i - 1] == ' ' || (i < len && (i + 1 == len || dn[i + 1] == ' ')))
		return 0;
	return i == equals + 1 ? 0 : i;
}

/* Without a base everything is. */
static bool is_inside(const char *key, const char *base) { return !base || directory_below(key, base); }

static const struct parent *
parent_of(struct builder *b, const char *dn, size_t len)
{
	uint32_t at = intern(&b->parents, dn, len);
	uint16_t origin = (uint16_t)(b->origins.count - 1);
	struct parent *p;

	if (b->folded.count <= at) {
		p = arena_push(b->scratch, &b->folded);
		p->key = dn_key(b->scratch, b->parents.words.items[at].text);
		p->origin = UINT16_MAX;
	}
	p = &b->folded.items[at];
	if (p->key && p->origin != origin) {
		p->origin = origin;
		p->inside = is_inside(p->key, b->at->base);
	}
	return p;
}

/* "type=value,parent", without a printf for each of a million. */
static const char *
join(struct arena *mem, const char *type, const char *value, const char *parent)
{
	size_t t = strlen(type), v = strlen(value), p = strlen(parent);
	char *out = arena_take(mem, t + v + p + 3);

	memcpy(out, type, t);
	out[t] = '=';
	memcpy(out + t + 1, value, v);
	out[t + 1 + v] = ',';
	memcpy(out + t + v + 2, parent, p + 1);
	return out;
}

const char *
name_key(struct builder *b, const char *dn, size_t len)
{
	size_t first = plain(dn, len), equals;
	const struct parent *p = first && first < len ? parent_of(b, dn + first + 1, len - first - 1) : NULL;
	const char *folded;
	char *head;

	if (memchr(dn, 0, len))
		return NULL;
	if (!p || !p->key)
		return dn_key(b->scratch, arena_copy(b->scratch, dn, len));
	head = arena_copy(b->scratch, dn, first);
	equals = (size_t)(strchr(head, '=') - head);
	for (size_t i = 0; i <= equals; i++)
		head[i] = (char)tolower((unsigned char)head[i]);
	head[equals] = '\0';
	folded = text_fold(b->scratch, head + equals + 1);
	if (!is_plain(folded, strlen(folded)))          /* U+037E folds to ';' */
		return dn_key(b->scratch, arena_copy(b->scratch, dn, len));
	return join(b->scratch, head, folded, p->key);
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
	size_t first = plain(dn, len);
	const struct parent *p = first && first < len ? parent_of(b, dn + first + 1, len - first - 1) : NULL;
	const char *key;

	if (p && p->key && p->inside)
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
