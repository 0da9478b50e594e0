/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ldif.c - reads an LDIF export (RFC 2849) as ldifde and ldapsearch write it; never takes half a file for a whole one. */
#include "collect_p.h"

#include <behov/file.h>
#include <behov/text.h>

#include <ctype.h>
#include <strings.h>

#define LDIF_MOST ((size_t)4 << 30)

struct reader {
	struct arena *mem;
	const char *name;
	char *at, *end;
	int next;                       /* the number of the line at `at` */
	int line;                       /* where the logical line begins */
	bool searched, finished, paging;
	bool started;                   /* something but version: was read */
	struct builder *build;
	LIST(struct berval) values;     /* of the record, as they stand in it */
	LIST(uint32_t) belongs;         /* each to that attribute */
	bool mixed;                     /* an attribute came again after another one */
};

/* No entry has that many attributes with different names. */
#define ATTRIBUTES_MOST 10000

static int
refuse(const struct reader *r, struct error *err, const char *why)
{
	return error_set(err, ERROR_SOURCE, "%s:%d: %s", r->name, r->line, why);
}

/* One logical line, unfolded where it stands. */
static char *
take(struct reader *r, size_t *len)
{
	char *start = r->at, *to = start;

	if (start >= r->end)
		return NULL;
	r->line = r->next;
	do {
		char *from = r->at, *stop = memchr(from, '\n', (size_t)(r->end - from));
		size_t n;

		r->at = stop ? stop + 1 : r->end;
		if (!stop)
			stop = r->end;
		r->next++;
		if (to != start)
			from++;                 /* the blank that says: goes on */
		n = (size_t)(stop - from);
		if (n && from[n - 1] == '\r')
			n--;
		memmove(to, from, n);
		to += n;
	} while (to != start && r->at < r->end && *r->at == ' ');
	*to = '\0';
	*len = (size_t)(to - start);
	return start;
}

static int
digit(unsigned char c)
{
	static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(set, c) : NULL;

	return at ? (int)(at - set) : -1;
}

/* Decodes in place; -1 when it is not base64. */
static int
unbase(char *s, size_t *len)
{
	size_t n = *len, out = 0;
	uint32_t bits = 0;

	while (n && s[n - 1] == ' ')
		n--;
	if (n % 4)
		return -1;
	for (size_t i = 0; i < n; i++) {
		int d = digit((unsigned char)s[i]);

		if (d < 0) {
			size_t pad = n - i;

			if (s[i] != '=' || pad > 2 || (pad == 2 && s[i + 1] != '=') || i % 4 < 2)
				return -1;
			if (pad == 2)
				s[out++] = (char)(bits >> 4 & 255);
			else {
				s[out++] = (char)(bits >> 10 & 255);
				s[out++] = (char)(bits >> 2 & 255);
			}
			break;
		}
		bits = bits << 6 | (uint32_t)d;
		if (i % 4 == 3) {
			s[out++] = (char)(bits >> 16 & 255);
			s[out++] = (char)(bits >> 8 & 255);
			s[out++] = (char)(bits & 255);
			bits = 0;
		}
	}
	s[out] = '\0';
	*len = out;
	return 0;
}

struct pair { char *name, *options; struct berval value; };

/* name[;options]:value, name:: base64; name:< is refused, we open no other files for a file. */
static int
split(const struct reader *r, char *line, size_t len, struct pair *out, struct error *err)
{
	char *colon = memchr(line, ':', len), *value;
	size_t rest;
	bool coded;

	if (!colon || colon == line)
		return refuse(r, err, "not a line of LDIF: no attribute name");
	for (char *p = line; p < colon; p++)
		if (!isalnum((unsigned char)*p) && !strchr("-.;=*_", *p))
			return refuse(r, err, "not a line of LDIF: a strange character in the attribute name");
	*colon = '\0';
	value = colon + 1;
	if (*value == '<')
		return refuse(r, err, "a value in another file (':<') is not read");
	coded = *value == ':';
	value += coded;
	while (*value == ' ')
		value++;
	rest = (size_t)(line + len - value);
	if (coded && unbase(value, &rest) < 0)
		return refuse(r, err, "broken base64");
	*out = (struct pair){ .name = line, .value = { (ber_len_t)rest, value } };
	out->options = strchr(line, ';');
	if (out->options)
		*out->options++ = '\0';
	return 0;
}

static bool
same(const char *a, const char *b)
{
	return a == b || (a && b && strcasecmp(a, b) == 0);
}

static bool
is_that(const struct source_attribute *a, const struct pair *pair)
{
	return same(a->name.bv_val, pair->name) && same(a->options, pair->options);
}

static int
add(struct reader *r, struct source_entry *entry, const struct pair *pair, struct error *err)
{
	size_t count = entry->attributes.count, at = count;

	if (count && is_that(&entry->attributes.items[count - 1], pair))
		at = count - 1;
	for (size_t i = 0; i < count && at == count; i++)
		if (is_that(&entry->attributes.items[i], pair)) {
			at = i;
			r->mixed = true;
		}
	if (at == ATTRIBUTES_MOST)
		return refuse(r, err, "a record with too many attributes");
	if (at == count)
		*arena_push(r->mem, &entry->attributes) = (struct source_attribute){
			.name = { strlen(pair->name), pair->name }, .options = pair->options,
		};
	entry->attributes.items[at].count++;
	*arena_push(r->mem, &r->values) = pair->value;
	*arena_push(r->mem, &r->belongs) = (uint32_t)at;
	return 0;
}

/* Gives each attribute its values in one row. */
static void
lay_values(struct reader *r, struct source_entry *entry)
{
	struct berval *row = r->mixed ? arena_array(r->mem, struct berval, r->values.count) : r->values.items;
	size_t *next = r->mixed ? arena_array(r->mem, size_t, entry->attributes.count) : NULL, first = 0;

	for (size_t i = 0; i < entry->attributes.count; i++) {
		entry->attributes.items[i].values = row + first;
		if (next)
			next[i] = first;
		first += entry->attributes.items[i].count;
	}
	for (size_t v = 0; next && v < r->values.count; v++)
		row[next[r->belongs.items[v]]++] = r->values.items[v];
}

/* What ldapsearch writes after the entries: whether the server said that this was all. */
static int
trailer(struct reader *r, const struct pair *pair, struct error *err)
{
	if (same(pair->name, "search")) {
		r->searched = true;
		r->finished = r->paging = false;
	} else if (same(pair->name, "result")) {
		r->finished = pair->value.bv_val[0] == '0' && !isdigit((unsigned char)pair->value.bv_val[1]);
		r->searched = true;
	} else if (same(pair->name, "pagedresults")) {
		const char *cookie = strstr(pair->value.bv_val, "cookie=");

		r->paging = cookie && cookie[7] && cookie[7] != ' ';
	} else if (same(pair->name, "ref")) {
		build_reference(r->build);
	} else if (!same(pair->name, "control") && !same(pair->name, "matchedDN") && !same(pair->name, "text")) {
		return refuse(r, err, "a record must begin with 'dn:'");
	}
	return 0;
}

static int
first(struct reader *r, const struct pair *pair, struct source_entry *entry, struct error *err)
{
	if (same(pair->name, "version")) {
		if (r->started || strcmp(pair->value.bv_val, "1") != 0)
			return refuse(r, err, "'version:' must be 1 and stand first");
		return 0;
	}
	r->started = true;
	if (!same(pair->name, "dn"))
		return trailer(r, pair, err);
	if (!text_is_utf8(pair->value.bv_val, pair->value.bv_len))
		return refuse(r, err, "a name that is not UTF-8");
	entry->dn = pair->value;
	entry->line = r->line;
	return 0;
}

static int
later(struct reader *r, const struct pair *pair, struct source_entry *entry, struct error *err)
{
	if (same(pair->name, "dn"))
		return refuse(r, err, "'dn:' inside a record: an empty line is missing");
	if (same(pair->name, "changetype")) {
		if (strcasecmp(pair->value.bv_val, "add") != 0)
			return refuse(r, err, "only 'changetype: add' is read: this is no export");
		return 0;
	}
	return add(r, entry, pair, err);
}

static int
record_end(struct reader *r, struct source_entry *entry, struct error *err)
{
	int rc = 0;

	if (entry->dn.bv_val) {
		lay_values(r, entry);
		rc = build_entry(r->build, entry, err);
	}
	entry->dn = (struct berval){ 0, NULL };
	entry->attributes.count = r->values.count = r->belongs.count = 0;
	r->mixed = false;
	return rc;
}

/* ldifde -u writes UTF-16LE. */
static int
widen(struct arena *mem, const char *name, char **bytes, size_t *len, struct error *err)
{
	const unsigned char *b = (const unsigned char *)*bytes;
	char *out, *to;

	if (*len >= 3 && !memcmp(b, "\xef\xbb\xbf", 3)) {
		*bytes += 3;
		*len -= 3;
	}
	if (*len >= 2 && b[0] == 0xfe && b[1] == 0xff)
		return error_set(err, ERROR_SOURCE, "%s:1: big-endian UTF-16 is not read", name);
	if (*len < 2 || b[0] != 0xff || b[1] != 0xfe)
		return 0;
	if (*len % 2)
		return error_set(err, ERROR_SOURCE, "'%s' ends inside a UTF-16 character", name);
	out = to = arena_many(mem, *len / 2 + 1, 3);
	for (size_t i = 2; i < *len; i += 2) {
		uint32_t c = (uint32_t)b[i] | (uint32_t)b[i + 1] << 8;

		if (c >= 0xd800 && c < 0xe000) {
			uint32_t low = i + 3 < *len ? (uint32_t)b[i + 2] | (uint32_t)b[i + 3] << 8 : 0;

			if (c >= 0xdc00 || low < 0xdc00 || low >= 0xe000)
				return error_set(err, ERROR_SOURCE, "'%s' holds broken UTF-16", name);
			c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
			i += 2;
			*to++ = (char)(0xf0 | c >> 18);
			*to++ = (char)(0x80 | (c >> 12 & 63));
			*to++ = (char)(0x80 | (c >> 6 & 63));
			*to++ = (char)(0x80 | (c & 63));
		} else if (c >= 0x800) {
			*to++ = (char)(0xe0 | c >> 12);
			*to++ = (char)(0x80 | (c >> 6 & 63));
			*to++ = (char)(0x80 | (c & 63));
		} else if (c >= 0x80) {
			*to++ = (char)(0xc0 | c >> 6);
			*to++ = (char)(0x80 | (c & 63));
		} else {
			*to++ = (char)c;
		}
	}
	*bytes = out;
	*len = (size_t)(to - out);
	return 0;
}

int
ldif_parse(struct arena *mem, const char *name, char *bytes, size_t len, struct builder *b, struct error *err)
{
	struct reader r = { .mem = mem, .name = name, .next = 1, .build = b };
	struct source_entry entry = { 0 };
	bool inside = false;
	char *line;
	size_t n;

	if (widen(mem, name, &bytes, &len, err) < 0)
		return -1;
	if (!len || bytes[len - 1] != '\n')
		build_short(b, "the file does not end in a newline: it stops short");
	r.at = bytes;
	r.end = bytes + len;
	while ((line = take(&r, &n))) {
		struct pair pair;

		if (!n) {
			if (record_end(&r, &entry, err) < 0)
				return -1;
			inside = false;
			continue;
		}
		if (line[0] == '#')
			continue;
		if (line[0] == ' ')
			return refuse(&r, err, "a continued line that continues nothing");
		if (split(&r, line, n, &pair, err) < 0)
			return -1;
		if (entry.dn.bv_val ? later(&r, &pair, &entry, err) < 0
		    : inside ? trailer(&r, &pair, err) < 0 : first(&r, &pair, &entry, err) < 0)
			return -1;
		inside = !same(pair.name, "version");
	}
	if (record_end(&r, &entry, err) < 0)
		return -1;
	if (r.searched && (!r.finished || r.paging))
		build_short(b, "the search that made the file did not end with 'result: 0': it stops short");
	return 0;
}

int
ldif_read(const char *path, struct builder *b, struct error *err)
{
	struct arena *mem = arena_open();
	char *bytes;
	size_t len;
	int rc = file_read(mem, path, LDIF_MOST, &bytes, &len, err);

	if (rc == 0)
		rc = ldif_parse(mem, path, bytes, len, b, err);
	arena_close(mem);
	return rc;
}
