/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ldif.c - reads an LDIF export (RFC 2849) as ldifde and ldapsearch write it; never takes half a file for a whole one. */
#include "collect_p.h"

#include <behov/file.h>
#include <behov/step.h>
#include <behov/text.h>

#include <ctype.h>
#include <errno.h>
#include <strings.h>
#include <unistd.h>

#define LDIF_MOST ((size_t)4 << 30)

/* What a byte is: a digit of base64 (its value + 1, RFC 4648), a character of an attribute's name. */
struct letters { unsigned char digit[256]; bool name[256]; };

struct reader {
	struct arena *mem;
	const char *name;
	char *at, *end;
	int next;                       /* the number of the line at `at` */
	int line;                       /* where the logical line begins */
	bool searched, finished, paging;
	bool started, inside;           /* something but version: was read; a line of this record was */
	struct source_entry entry;      /* the record in hand; no dn: none */
	struct builder *build;          /* NULL: `taker` gets the entries */
	int (*taker)(void *self, const struct source_entry *entry, struct error *err);
	void *self;
	struct letters letters;
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
next_line(struct reader *r, size_t *len)
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

static struct letters
learn_letters(void)
{
	static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", name[] = "-.;=*_";
	struct letters l = { 0 };

	for (unsigned char i = 0; i < 64; i++) {
		l.digit[(unsigned char)set[i]] = (unsigned char)(i + 1);
		l.name[(unsigned char)set[i]] = i < 62;
	}
	for (const char *p = name; *p; p++)
		l.name[(unsigned char)*p] = true;
	return l;
}

/* Decodes in place; -1 when it is not base64. */
static int
unbase(const struct letters *letters, char *s, size_t *len)
{
	size_t n = *len, out = 0;
	uint32_t bits = 0;

	while (n && s[n - 1] == ' ')
		n--;
	if (n % 4)
		return -1;
	for (size_t i = 0; i < n; i++) {
		int d = letters->digit[(unsigned char)s[i]] - 1;

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

struct pair { char *name, *options; size_t name_len; struct berval value; };

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
		if (!r->letters.name[(unsigned char)*p])
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
	if (coded && unbase(&r->letters, value, &rest) < 0)
		return refuse(r, err, "broken base64");
	*out = (struct pair){ .name = line, .name_len = (size_t)(colon - line), .value = { (ber_len_t)rest, value } };
	out->options = memchr(line, ';', out->name_len);
	if (out->options) {
		out->name_len = (size_t)(out->options - line);
		*out->options++ = '\0';
	}
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
	return a->name.bv_len == pair->name_len && same_word(a->name.bv_val, pair->name, pair->name_len) &&
	       same(a->options, pair->options);
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
			.name = { pair->name_len, pair->name }, .options = pair->options,
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

static bool
is_word(const struct pair *pair, const char *word)
{
	return pair->name_len == strlen(word) && same_word(pair->name, word, pair->name_len);
}

/* What ldapsearch writes after the entries: whether the server said that this was all. */
static int
trailer(struct reader *r, const struct pair *pair, struct error *err)
{
	if (is_word(pair, "search")) {
		r->searched = true;
		r->finished = r->paging = false;
	} else if (is_word(pair, "result")) {
		r->finished = pair->value.bv_val[0] == '0' && !isdigit((unsigned char)pair->value.bv_val[1]);
		r->searched = true;
	} else if (is_word(pair, "pagedresults")) {
		const char *cookie = strstr(pair->value.bv_val, "cookie=");

		r->paging = cookie && cookie[7] && cookie[7] != ' ';
	} else if (is_word(pair, "ref") && r->build) {
		build_reference(r->build);
	} else if (!is_word(pair, "control") && !is_word(pair, "matchedDN") && !is_word(pair, "text")) {
		return refuse(r, err, "a record must begin with 'dn:'");
	}
	return 0;
}

static int
first(struct reader *r, const struct pair *pair, struct error *err)
{
	if (is_word(pair, "version")) {
		if (r->started || strcmp(pair->value.bv_val, "1") != 0)
			return refuse(r, err, "'version:' must be 1 and stand first");
		return 0;
	}
	r->started = true;
	if (!is_word(pair, "dn"))
		return trailer(r, pair, err);
	if (!text_is_utf8(pair->value.bv_val, pair->value.bv_len))
		return refuse(r, err, "a name that is not UTF-8");
	r->entry.dn = pair->value;
	r->entry.line = r->line;
	return 0;
}

static int
later(struct reader *r, const struct pair *pair, struct error *err)
{
	if (is_word(pair, "dn"))
		return refuse(r, err, "'dn:' inside a record: an empty line is missing");
	if (is_word(pair, "changetype")) {
		if (strcasecmp(pair->value.bv_val, "add") != 0)
			return refuse(r, err, "only 'changetype: add' is read: this is no export");
		return 0;
	}
	return add(r, &r->entry, pair, err);
}

static int
record_end(struct reader *r, struct error *err)
{
	int rc = 0;

	if (r->entry.dn.bv_val) {
		lay_values(r, &r->entry);
		rc = r->build ? build_entry(r->build, &r->entry, err) : r->taker(r->self, &r->entry, err);
	}
	r->entry.dn = (struct berval){ 0, NULL };
	r->entry.attributes.count = r->values.count = r->belongs.count = 0;
	r->mixed = false;
	return rc;
}

static int
take_line(struct reader *r, char *line, size_t len, struct error *err)
{
	struct pair pair;

	if (!len) {
		r->inside = false;
		return record_end(r, err);
	}
	if (line[0] == '#')
		return 0;
	if (line[0] == ' ')
		return refuse(r, err, "a continued line that continues nothing");
	if (split(r, line, len, &pair, err) < 0)
		return -1;
	if (r->entry.dn.bv_val ? later(r, &pair, err) < 0 : r->inside ? trailer(r, &pair, err) < 0 : first(r, &pair, err) < 0)
		return -1;
	r->inside = !is_word(&pair, "version");
	return 0;
}

/* Whole records, or the last of the file. */
static int
take_lines(struct reader *r, char *bytes, size_t len, struct error *err)
{
	char *line;
	size_t n;

	r->at = bytes;
	r->end = bytes + len;
	while ((line = next_line(r, &n)))
		if (take_line(r, line, n, err) < 0)
			return -1;
	return 0;
}

static int
finish(struct reader *r, bool whole, struct error *err)
{
	if (!whole)
		build_short(r->build, "the file does not end in a newline: it stops short");
	if (record_end(r, err) < 0)
		return -1;
	if (r->searched && (!r->finished || r->paging))
		build_short(r->build, "the search that made the file did not end with 'result: 0': it stops short");
	return 0;
}

static struct reader
reader(struct arena *mem, const char *name, struct builder *b)
{
	return (struct reader){ .mem = mem, .name = name, .next = 1, .build = b, .letters = learn_letters() };
}

/* Where the last whole record ends: after an empty line. */
static size_t
last_record(const char *bytes, size_t len)
{
	for (const char *p = bytes + len; (p = memrchr(bytes, '\n', (size_t)(p - bytes))) && p > bytes; )
		if (p[-1] == '\n' || (p[-1] == '\r' && p > bytes + 1 && p[-2] == '\n'))
			return (size_t)(p + 1 - bytes);
	return 0;
}

int
ldif_parse(struct arena *mem, const char *name, char *bytes, size_t len, struct builder *b, struct error *err)
{
	struct reader r = reader(mem, name, b);
	bool whole;

	if (utf16_read(mem, name, &bytes, &len, err) < 0)
		return -1;
	whole = len && bytes[len - 1] == '\n';  /* before lines are ended by what is no newline */
	return take_lines(&r, bytes, whole ? len : last_record(bytes, len), err) < 0 ? -1 : finish(&r, whole, err);
}

int
ldif_each(struct arena *mem, const char *name, char *bytes, size_t len,
	  int (*take)(void *self, const struct source_entry *entry, struct error *err), void *self, struct error *err)
{
	struct reader r = reader(mem, name, NULL);

	r.taker = take;
	r.self = self;
	return take_lines(&r, bytes, len, err) < 0 ? -1 : record_end(&r, err);
}

/* ------------------------------------------------------------------ a file, a piece at a time */

#define PIECE ((size_t)128 << 10)

static int
fill(int fd, const char *path, char *bytes, size_t room, size_t *used, bool *end, struct error *err)
{
	while (*used < room && !*end) {
		ssize_t n = read(fd, bytes + *used, room - *used);

		if (n < 0 && errno != EINTR)
			return error_sys(err, ERROR_SOURCE, "cannot read '%s'", path);
		*end = n == 0;
		*used += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int
take_file(struct reader *r, int fd, struct error *err)
{
	size_t room = PIECE, used = 0, ready;
	char *bytes = arena_take(r->mem, room + 1), last = '\0', *more;
	bool end = false;

	while (!end) {
		if (fill(fd, r->name, bytes, room, &used, &end, err) < 0)
			return -1;
		last = used ? bytes[used - 1] : last;
		ready = end && last == '\n' ? used : last_record(bytes, used);  /* of half a record nothing is believed */
		if (take_lines(r, bytes, ready, err) < 0)
			return -1;
		used -= ready;
		if (used == room && room > LDIF_MOST)
			return refuse(r, err, "a record that does not end");
		more = used == room ? arena_take(r->mem, (room *= 4) + 1) : bytes;
		memmove(more, bytes + ready, used);
		bytes = more;
		if (stop_asked())
			return error_set(err, ERROR_STOPPED, "asked to stop while '%s' was read", r->name);
	}
	return finish(r, last == '\n', err);
}

/* What ldifde writes with -u is turned whole; all else is read as it comes, and no record is kept. */
static int
read_file(struct arena *mem, const char *path, int fd, struct builder *b, struct error *err)
{
	struct reader r = reader(mem, path, b);
	char mark[3] = { 0 };
	ssize_t n = pread(fd, mark, sizeof(mark), 0);
	size_t len;
	char *bytes;

	if (n >= 2 && ((mark[0] == '\xff' && mark[1] == '\xfe') || (mark[0] == '\xfe' && mark[1] == '\xff')))
		return file_read(mem, path, LDIF_MOST, &bytes, &len, err) < 0 ? -1 : ldif_parse(mem, path, bytes, len, b, err);
	if (n == 3 && memcmp(mark, "\xef\xbb\xbf", 3) == 0 && lseek(fd, 3, SEEK_SET) < 0)
		return error_sys(err, ERROR_SOURCE, "cannot read '%s'", path);
	return take_file(&r, fd, err);
}

int
ldif_read(const char *path, struct builder *b, struct error *err)
{
	struct arena *mem = arena_open();
	int fd = file_open(path, err), rc = fd < 0 ? -1 : read_file(mem, path, fd, b, err);

	if (fd >= 0)
		close(fd);
	arena_close(mem);
	return rc;
}
