/* SPDX-License-Identifier: GPL-3.0-or-later */
/* text.c - growing text, the quoting for each place it goes to, folding and globs. */
#include <behov/text.h>

#include <stdarg.h>
#include <stdint.h>
#include <utf8proc.h>

void text_open(struct text *t, size_t max)
{
	*t = (struct text){ .max = max, .room = max < 255 ? max + 1 : 256 };
	t->data = calloc(1, t->room);
	if (!t->data)
		abort();
}

void text_close(struct text *t)
{
	free(t->data);
	*t = (struct text){ 0 };
}

/* Makes place for `more` bytes and the NUL; false, and `full`, when the maximum does not allow it. */
static bool text_room(struct text *t, size_t more)
{
	size_t room = t->room;
	char *grown;

	if (t->full || more > t->max || t->len > t->max - more) {
		t->full = true;
		return false;
	}
	while (room <= t->len + more)
		room *= 2;
	if (room == t->room)
		return true;
	grown = realloc(t->data, room);
	if (!grown)
		abort();
	t->data = grown;
	t->room = room;
	return true;
}

void text_bytes(struct text *t, const char *bytes, size_t len)
{
	if (!text_room(t, len))
		return;
	memcpy(t->data + t->len, bytes, len);
	t->len += len;
	t->data[t->len] = '\0';
}

void text_add(struct text *t, const char *more)
{
	text_bytes(t, more, strlen(more));
}

void text_char(struct text *t, char c)
{
	text_bytes(t, &c, 1);
}

void text_print(struct text *t, const char *format, ...)
{
	va_list args, again;
	int len;

	va_start(args, format);
	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (len >= 0 && text_room(t, (size_t)len)) {
		vsnprintf(t->data + t->len, (size_t)len + 1, format, args);
		t->len += (size_t)len;
	}
	va_end(args);
}

/* ------------------------------------------------------------------ UTF-8 (RFC 3629) */

/* The length of the valid character at p (1..4), with its code point; 0 when what stands there is not one. */
static size_t character(const unsigned char *p, size_t len, uint32_t *out)
{
	size_t want = p[0] < 0x80 ? 1 : p[0] >= 0xc2 && p[0] < 0xe0 ? 2 : (p[0] & 0xf0) == 0xe0 ? 3
		    : p[0] >= 0xf0 && p[0] < 0xf5 ? 4 : 0;
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t c;

	if (want == 0 || want > len)
		return 0;
	c = want == 1 ? p[0] : p[0] & (0x7fu >> want);
	for (size_t i = 1; i < want; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3fu);
	}
	if (c < least[want] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	*out = c;
	return want;
}

/* Eight bytes, none of them 0 or above 127. */
static bool is_ascii(const unsigned char *p)
{
	const uint64_t high = UINT64_C(0x8080808080808080), one = UINT64_C(0x0101010101010101);
	uint64_t w;

	memcpy(&w, p, 8);
	return !((w | (w - one)) & high);
}

bool text_is_utf8(const char *bytes, size_t len)
{
	const unsigned char *p = (const unsigned char *)bytes;
	uint32_t c;

	while (len) {
		size_t n = len < 8 ? len : 8;

		/* Of the last few, eight that end with them. */
		if ((n == 8 || p - (const unsigned char *)bytes >= 8) && is_ascii(p + n - 8)) {
			p += n;
			len -= n;
			continue;
		}
		if (*p && *p < 0x80) {
			p++;
			len--;
			continue;
		}
		n = character(p, len, &c);
		if (n == 0 || c == 0)
			return false;
		p += n;
		len -= n;
	}
	return true;
}

/* ------------------------------------------------------------------ quoting */

void html_text(struct text *t, const char *raw)
{
	for (; *raw; raw++) {
		unsigned char c = (unsigned char)*raw;

		switch (c) {
		case '&': text_add(t, "&amp;"); break;
		case '<': text_add(t, "&lt;"); break;
		case '>': text_add(t, "&gt;"); break;
		case '"': text_add(t, "&quot;"); break;
		case '\'': text_add(t, "&#39;"); break;
		default:
			if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f)
				text_add(t, "\xef\xbf\xbd");
			else
				text_char(t, *raw);
		}
	}
}

void csv_cell(struct text *t, const char *raw)
{
	bool formula = *raw && strchr("=+-@\t\r", *raw);
	bool quote = formula || strpbrk(raw, "\",;\r\n\t") || *raw == ' ';

	if (quote)
		text_char(t, '"');
	if (formula)
		text_char(t, '\'');
	for (size_t len; *raw; raw += len) {
		len = strcspn(raw, "\"");
		text_bytes(t, raw, len);
		if (!raw[len])
			break;
		text_bytes(t, "\"\"", 2);
		len++;
	}
	if (quote)
		text_char(t, '"');
}

static bool alphanumeric(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

void ldap_value(struct text *t, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if (alphanumeric(c))
			text_char(t, bytes[i]);
		else
			text_print(t, "\\%02x", c);
	}
}

/* Characters that can make a shown name lie: controls, line separators, and what turns the reading direction. */
static bool hidden(uint32_t c)
{
	return c < 0x20 || c == '%' || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 ||
	       (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0x200e || c == 0x200f;
}

bool name_is_plain(const char *bytes, size_t len)
{
	const unsigned char *p = (const unsigned char *)bytes;
	uint32_t c;

	while (len) {
		size_t n = character(p, len, &c);

		if (n == 0 || hidden(c))
			return false;
		p += n;
		len -= n;
	}
	return true;
}

char *name_show(struct arena *mem, const char *bytes)
{
	static const char hex[] = "0123456789ABCDEF";
	const unsigned char *p = (const unsigned char *)bytes;
	size_t len = strlen(bytes), out = 0;
	char *shown = arena_take(mem, len * 3 + 1);

	while (len) {
		uint32_t c = 0;
		size_t n = character(p, len, &c);
		bool plain = n && !hidden(c);

		if (n == 0)
			n = 1;
		for (size_t i = 0; i < n; i++) {
			if (plain) {
				shown[out++] = (char)p[i];
			} else {
				shown[out++] = '%';
				shown[out++] = hex[p[i] >> 4];
				shown[out++] = hex[p[i] & 15];
			}
		}
		p += n;
		len -= n;
	}
	shown[out] = '\0';
	return shown;
}

static int nibble(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

char *name_read(struct arena *mem, const char *shown)
{
	char *bytes = arena_take(mem, strlen(shown) + 1);
	size_t out = 0;

	for (const char *p = shown; *p; p++) {
		int high, low;

		if (*p != '%') {
			bytes[out++] = *p;
			continue;
		}
		high = nibble(p[1]);
		low = high < 0 ? -1 : nibble(p[2]);
		if (low < 0 || (high == 0 && low == 0))
			return NULL;
		bytes[out++] = (char)(high << 4 | low);
		p += 2;
	}
	bytes[out] = '\0';
	return bytes;
}

/* A terminal may obey U+009B as it obeys ESC [, and a stray byte in 0x80-0x9f too: both become '?'. */
void text_plain(char *line)
{
	char *out = line;

	while (*line) {
		uint32_t c = 0;
		size_t len = strnlen(line, 4), n = character((const unsigned char *)line, len, &c);

		if (n == 0 || (c != '%' && hidden(c))) {
			*out++ = '?';
			line += n ? n : 1;
			continue;
		}
		memmove(out, line, n);
		out += n;
		line += n;
	}
	*out = '\0';
}

/* ------------------------------------------------------------------ folding and globs */

#define EIGHT(byte) ((uint64_t)(byte) * 0x0101010101010101u)

/* Eight letters at once: each byte is below 128, so what is added sets its top bit and nothing beyond. */
static uint64_t lower(uint64_t w)
{
	uint64_t from_a = w + EIGHT(128 - 'A'), after_z = w + EIGHT(127 - 'Z');

	return w + (((from_a ^ after_z) & EIGHT(128)) >> 2);
}

/* Every file of a share comes here once for each rule that folds.  NULL: it is not ASCII. */
static char *fold_ascii(struct arena *mem, const char *raw, size_t len)
{
	char *out = arena_take(mem, len + 1 + sizeof(uint64_t));
	uint64_t w, all = 0;
	size_t at = 0;

	for (; at + sizeof(w) <= len; at += sizeof(w)) {
		memcpy(&w, raw + at, sizeof(w));
		all |= w;
		w = lower(w);
		memcpy(out + at, &w, sizeof(w));
	}
	w = 0;
	memcpy(&w, raw + at, len - at);
	all |= w;
	w = lower(w);
	memcpy(out + at, &w, sizeof(w));
	return all & EIGHT(128) ? NULL : out;
}

/* The letters of Latin-1, as in most Swedish names: one for one, and none is joined with another.  NULL: there is more than these. */
static char *fold_latin(struct arena *mem, const char *raw, size_t len)
{
	unsigned char *out = arena_copy(mem, raw, len);

	for (unsigned char *p = out; *p; p++) {
		if (*p >= 'A' && *p <= 'Z') {
			*p = (unsigned char)(*p + 32);
		} else if (*p >= 0x80) {
			if (*p != 0xc3 || p[1] < 0x80 || p[1] > 0xbf || p[1] == 0x9f)   /* 9f: the German one of two */
				return NULL;
			p++;
			if (*p < 0x9f && *p != 0x97)    /* 97 is the sign of multiplication */
				*p = (unsigned char)(*p + 32);
		}
	}
	return (char *)out;
}

static char *fold_valid(struct arena *mem, const char *raw, size_t len)
{
	utf8proc_uint8_t *folded = NULL;
	utf8proc_ssize_t size;
	char *out;

	size = utf8proc_map((const utf8proc_uint8_t *)raw, (utf8proc_ssize_t)len, &folded,
			    UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD);
	if (size < 0) {
		out = arena_copy(mem, raw, len);
		for (char *p = out; *p; p++)
			if (*p >= 'A' && *p <= 'Z')
				*p = (char)(*p + 32);
		return out;
	}
	out = arena_copy(mem, folded, (size_t)size);
	free(folded);
	return out;
}

/*
 * One stray byte must not keep the rest of a name from being folded: a hold or a preserve rule would then not see
 * that the name is one of theirs.  So each valid stretch is folded by itself, and the bytes between stay as they are.
 */
static char *fold_broken(struct arena *mem, const char *raw, size_t len)
{
	struct text t;
	char *out;

	text_open(&t, SIZE_MAX / 2);
	while (len) {
		size_t valid = 0, n;
		uint32_t c;

		while (valid < len && (n = character((const unsigned char *)raw + valid, len - valid, &c)) > 0)
			valid += n;
		if (valid)
			text_add(&t, fold_valid(mem, raw, valid));
		else
			text_char(&t, *raw);
		raw += valid ? valid : 1;
		len -= valid ? valid : 1;
	}
	out = arena_copy(mem, t.data, t.len);
	text_close(&t);
	return out;
}

char *text_fold(struct arena *mem, const char *raw)
{
	size_t len = strlen(raw);
	char *plain = fold_ascii(mem, raw, len);

	if (!plain)
		plain = fold_latin(mem, raw, len);
	if (plain)
		return plain;
	return text_is_utf8(raw, len) ? fold_valid(mem, raw, len) : fold_broken(mem, raw, len);
}

char *text_bare(struct arena *mem, const char *folded)
{
	utf8proc_uint8_t *bare = NULL;
	utf8proc_ssize_t size;
	size_t len = strlen(folded), plain = 0;
	char *out;

	while (plain < len && (unsigned char)folded[plain] < 0x80)
		plain++;
	if (plain == len || !text_is_utf8(folded, len))
		return arena_text(mem, folded);
	size = utf8proc_map((const utf8proc_uint8_t *)folded, (utf8proc_ssize_t)len, &bare,
			    UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_STRIPMARK);
	if (size < 0)
		return arena_text(mem, folded);
	out = arena_copy(mem, bare, (size_t)size);
	free(bare);
	return out;
}

/* The bytes that one '?' stands for. */
static size_t one(const char *p)
{
	uint32_t c;
	size_t n = (unsigned char)*p < 0x80 ? 1 : character((const unsigned char *)p, strnlen(p, 4), &c);

	return n ? n : 1;
}

/* What follows the last '*' of most patterns is the end of a name; it must not begin inside a character. */
static bool is_ending(const char *rest)
{
	return !strpbrk(rest, "*?") && ((unsigned char)*rest & 0xc0) != 0x80;
}

static bool ends_with(const char *value, const char *rest)
{
	size_t len = strlen(value), least = strlen(rest);

	return len >= least && memcmp(value + len - least, rest, least) == 0;
}

size_t text_glob_ending(const char *pattern)
{
	return *pattern == '*' && is_ending(pattern + 1) ? strlen(pattern + 1) : 0;
}

/* One place to come back to is enough: an earlier '*' can never do what the latest one cannot. */
bool text_glob(const char *pattern, const char *value)
{
	const char *star = NULL, *from = NULL;

	while (*value) {
		if (*pattern == '*') {
			star = ++pattern;
			from = value;
			if (is_ending(star))
				return ends_with(value, star);
		} else if (*pattern == '?') {
			pattern++;
			value += one(value);
		} else if (*pattern == *value) {
			pattern++;
			value++;
		} else if (star) {
			pattern = star;         /* whole characters: '?' must never see the inside of one */
			from += one(from);
			value = from;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

/* ------------------------------------------------------------------ the direction of text */

size_t text_turn(const char *at)
{
	const unsigned char *b = (const unsigned char *)at;

	if (b[0] == 0xd8 && b[1] == 0x9c)
		return 2;
	if (b[0] != 0xe2)
		return 0;
	if (b[1] == 0x80 && (b[2] == 0x8e || b[2] == 0x8f || (b[2] >= 0xaa && b[2] <= 0xae)))
		return 3;
	return b[1] == 0x81 && b[2] >= 0xa6 && b[2] <= 0xa9 ? 3 : 0;
}

char *text_straight(struct arena *mem, const char *raw)
{
	char *out = arena_take(mem, strlen(raw) * 3 / 2 + 1), *to = out;

	while (*raw) {
		size_t mark = text_turn(raw);

		if (mark)
			to = (char *)memcpy(to, "\xef\xbf\xbd", 3) + 3;
		else
			*to++ = *raw;
		raw += mark ? mark : 1;
	}
	*to = '\0';
	return out;
}

char *text_line(struct arena *mem, const char *raw)
{
	char *out = arena_take(mem, strlen(raw) * 3 + 1), *to = out;

	while (*raw) {
		size_t len = strspn(raw, " \t\r\n"), end = strcspn(raw, "\r\n");

		if (end < len) {                /* a line ends among these blanks */
			if (raw[len] && to > out)
				to = (char *)memcpy(to, " / ", 3) + 3;
			raw += len;
		} else {
			*to++ = *raw++;
		}
	}
	*to = '\0';
	return out;
}

/* ------------------------------------------------------------------ names in texts */

static bool is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

const char *text_without(struct arena *mem, const char *text, const char *name, const char *shown)
{
	size_t len = name ? strlen(name) : 0, from = 0;
	const char *at;

	while (len && (at = strstr(text + from, name))) {
		size_t before = (size_t)(at - text);

		if ((before && is_word(at[-1]) && is_word(*name)) || (is_word(at[len]) && is_word(name[len - 1]))) {
			from = before + 1;
			continue;
		}
		text = arena_print(mem, "%.*s%s%s", (int)before, text, shown, at + len);
		from = before + strlen(shown);
	}
	return text;
}

/* ------------------------------------------------------------------ what people say */

#define WORDS_MOST 1000                 /* as a browser counts */

/* In units of UTF-16, and the end of a line is one: at most three bytes are. */
bool text_has_room(const char *text)
{
	size_t count = 0;

	for (const unsigned char *c = (const unsigned char *)text; *c && count <= WORDS_MOST; c++)
		count += (*c & 0xc0) == 0x80 || (c[0] == '\r' && c[1] == '\n') ? 0 : *c >= 0xf0 ? 2 : 1;
	return count <= WORDS_MOST && strlen(text) <= (size_t)WORDS_MOST * 3;
}

/* Lines, tabs and letters; nothing that a terminal, a mail or a page would obey. */
bool text_is_words(const char *text)
{
	if (!text)
		return true;
	for (const unsigned char *c = (const unsigned char *)text; *c; c++)
		if ((*c < ' ' && !strchr("\t\r\n", *c)) || *c == 127 || (*c == 0xc2 && c[1] < 0xa0))
			return false;
	return text_has_room(text) && text_is_utf8(text, strlen(text));
}

/* ------------------------------------------------------------------ numbers for people */

char *text_count(struct arena *mem, long long n)
{
	char digits[32], out[64];
	unsigned long long size = n < 0 ? 0 - (unsigned long long)n : (unsigned long long)n;
	int len = snprintf(digits, sizeof(digits), "%llu", size), used = 0;

	if (n < 0)
		out[used++] = '-';
	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0) {          /* U+00A0 */
			out[used++] = (char)0xc2;
			out[used++] = (char)0xa0;
		}
		out[used++] = digits[i];
	}
	return arena_copy(mem, out, (size_t)used);
}

char *text_many(struct arena *mem, long long n, const char *one, const char *more)
{
	return arena_print(mem, "%s %s", text_count(mem, n), n == 1 ? one : more);
}

char *text_size_in(struct arena *mem, const struct language *language, long long bytes)
{
	static const char *const unit[] = { "kB", "MB", "GB", "TB", "PB" };
	long long tenths = bytes / 100;
	int u = 0;

	if (bytes < 1000)
		return arena_print(mem, speak(language, "%lld\u00a0byte"), bytes);
	for (; tenths >= 10000 && u < 4; u++)
		tenths /= 1000;
	/* TRANSLATORS: a size, as "1,2 MB" */
	return arena_print(mem, speak(language, "%lld,%lld\u00a0%s"), tenths / 10, tenths % 10, unit[u]);
}

char *text_size(struct arena *mem, long long bytes)
{
	return text_size_in(mem, NULL, bytes);
}
