/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * added.c - since when somebody is a member: values of msDS-ReplValueMetaData (MS-ADTS 3.1.1.4.5.15), one for each member
 * that is or was one:
 *
 *     <DS_REPL_VALUE_META_DATA> <pszAttributeName>member</…> <pszObjectDn>CN=…</…> <ftimeDeleted>1601-01-01T00:00:00Z</…>
 *     <ftimeCreated>2026-03-01T08:00:00Z</…> … </DS_REPL_VALUE_META_DATA>
 *
 * Domain controllers write it without escaping (a name with & stands there as it is) and with a NUL at its end, so it is
 * no XML that a parser would take; we take what stands between the tags we know, and nothing when something is odd.
 */
#include "build_p.h"

#include <behov/text.h>

/* What stands between <tag> and </tag>. */
static bool
between(const struct berval *value, const char *tag, struct berval *out)
{
	char open[48], close[48];
	const char *from, *to, *end = value->bv_val + value->bv_len;

	snprintf(open, sizeof(open), "<%s>", tag);
	snprintf(close, sizeof(close), "</%s>", tag);
	from = memmem(value->bv_val, value->bv_len, open, strlen(open));
	if (!from)
		return false;
	from += strlen(open);
	to = memmem(from, (size_t)(end - from), close, strlen(close));
	if (!to)
		return false;
	*out = (struct berval){ (ber_len_t)(to - from), (char *)from };
	return true;
}

/* "2026-03-01T08:00:00Z"; 1601 is never. */
static bool
read_moment(const struct berval *text, int64_t *out)
{
	char digits[16];
	size_t n = 0;

	for (size_t i = 0; i < text->bv_len && n < sizeof(digits) - 2; i++)
		if (text->bv_val[i] >= '0' && text->bv_val[i] <= '9')
			digits[n++] = text->bv_val[i];
	if (n != 14 || text->bv_len != 20 || text->bv_val[19] != 'Z')
		return false;
	memcpy(digits + n, "Z", 2);
	return clock_generalized(digits, out) && strncmp(digits, "1601", 4) != 0;
}

int64_t
added_changed(const struct berval *value, int64_t when)
{
	struct berval text;
	int64_t changed;

	return between(value, "ftimeLastOriginatingChange", &text) && read_moment(&text, &changed) ? changed : when;
}

/* "CN=NTDS Settings,CN=DC1,CN=Servers,…" */
const char *
added_by(struct arena *mem, const struct berval *value)
{
	static const char settings[] = "CN=NTDS Settings,CN=";
	struct berval text;
	const char *name, *end;

	if (!between(value, "pszLastOriginatingDsaDN", &text) || text.bv_len < sizeof settings ||
	    strncasecmp(text.bv_val, settings, sizeof settings - 1) != 0)
		return NULL;
	name = text.bv_val + sizeof settings - 1;
	end = memchr(name, ',', text.bv_len - (sizeof settings - 1));
	if (!end || !text_is_utf8(name, (size_t)(end - name)))
		return NULL;
	return arena_copy(mem, name, (size_t)(end - name));
}

bool
added_read(struct arena *mem, const struct berval *value, struct berval *member, int64_t *when)
{
	static const char *const escaped[][2] = { { "&lt;", "<" }, { "&gt;", ">" }, { "&quot;", "\"" }, { "&apos;", "'" },
						  { "&amp;", "&" } };
	struct berval name, deleted, created;
	int64_t gone;
	char *to;

	if (!between(value, "pszAttributeName", &name) || name.bv_len != 6 || memcmp(name.bv_val, "member", 6) != 0 ||
	    !between(value, "pszObjectDn", &name) || !between(value, "ftimeCreated", &created) ||
	    !between(value, "ftimeDeleted", &deleted) || read_moment(&deleted, &gone) || !read_moment(&created, when))
		return false;
	to = member->bv_val = arena_copy(mem, name.bv_val, name.bv_len);
	for (const char *p = member->bv_val; *p; to++) {
		size_t e = 0;

		while (e < sizeof(escaped) / sizeof(*escaped) && strncmp(p, escaped[e][0], strlen(escaped[e][0])) != 0)
			e++;
		*to = e < sizeof(escaped) / sizeof(*escaped) ? *escaped[e][1] : *p;
		p += e < sizeof(escaped) / sizeof(*escaped) ? strlen(escaped[e][0]) : 1;
	}
	*to = '\0';
	member->bv_len = (ber_len_t)(to - member->bv_val);
	return true;
}
