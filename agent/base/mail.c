/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mail.c - builds one message: RFC 5322 headers, RFC 2047 words, RFC 2045 quoted-printable parts. */
#include "behov/mail.h"
#include "behov/text.h"

#define MESSAGE_MOST ((size_t)16 << 20)
#define LINE_MOST 76                    /* RFC 2045 6.7, and RFC 2047 2 for a line with encoded words */

/* ASCII only: what isalnum() takes depends on the locale. */
static bool
alphanumeric(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Labels of letters, digits and inner hyphens. */
static bool
is_domain(const char *domain)
{
	for (const char *p = domain; *p; p++) {
		bool first = p == domain || p[-1] == '.', last = !p[1] || p[1] == '.';

		if (!alphanumeric(*p) && ((*p != '-' && *p != '.') || first || last))
			return false;
	}
	return *domain != '\0';
}

bool
mail_address(const char *address)
{
	const char *at = address ? strrchr(address, '@') : NULL;

	if (!at || at == address || strlen(address) > 254 || at - address > 64 || address[0] == '.' || at[-1] == '.' ||
	    strstr(address, ".."))
		return false;
	for (const char *p = address; p < at; p++)
		if (!alphanumeric(*p) && !strchr("!#$%&'*+-/=?^_`{|}~.", *p))
			return false;
	return is_domain(at + 1);
}

/* ------------------------------------------------------------------ headers */

static bool
is_plain(const char *text)
{
	for (const char *p = text; *p; p++)
		if (!alphanumeric(*p) && !strchr(" .,:;!()/+_-", *p))
			return false;
	return strlen(text) <= 60 && *text && *text != ' ' && text[strlen(text) - 1] != ' ';
}

static void
base64(struct text *t, const unsigned char *bytes, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < len; i += 3) {
		unsigned v = (unsigned)bytes[i] << 16 | (i + 1 < len ? (unsigned)bytes[i + 1] << 8 : 0) |
			     (i + 2 < len ? bytes[i + 2] : 0);

		text_char(t, digits[v >> 18 & 63]);
		text_char(t, digits[v >> 12 & 63]);
		text_char(t, i + 1 < len ? digits[v >> 6 & 63] : '=');
		text_char(t, i + 2 < len ? digits[v & 63] : '=');
	}
}

/* A text as words of RFC 2047, no character cut in two, one word a line; `column` stands already on the first line. */
static void
encoded_words(struct text *t, const char *text, size_t column)
{
	static const char head[] = "=?UTF-8?B?", tail[] = "?=";
	size_t len = strlen(text);

	for (size_t at = 0; at < len; column = 1) {
		size_t room = (LINE_MOST - column - strlen(head) - strlen(tail)) / 4 * 3, n = len - at > room ? room : len - at;

		while (at + n < len && n > 1 && ((unsigned char)text[at + n] & 0xc0) == 0x80)
			n--;
		text_print(t, "%s%s", at ? "\r\n " : "", head);
		base64(t, (const unsigned char *)text + at, n);
		text_add(t, tail);
		at += n;
	}
}

/* What came from outside, on one line and in UTF-8. */
static char *
one_line(struct arena *mem, const char *raw)
{
	char *line = text_is_utf8(raw, strlen(raw)) ? arena_text(mem, raw) : name_show(mem, raw);

	text_plain(line);
	return line;
}

static void
header_text(struct arena *mem, struct text *t, const char *name, const char *raw)
{
	const char *line = one_line(mem, raw);

	text_print(t, "%s: ", name);
	if (is_plain(line))
		text_add(t, line);
	else
		encoded_words(t, line, strlen(name) + 2);
	text_add(t, "\r\n");
}

static bool
is_phrase(const char *text)
{
	for (const char *p = text; *p; p++)
		if (!alphanumeric(*p) && *p != ' ' && *p != '-')
			return false;
	return strlen(text) <= 60;
}

static void
header_person(struct arena *mem, struct text *t, const char *header, const char *name, const char *address)
{
	const char *line = name ? one_line(mem, name) : "";

	text_print(t, "%s: ", header);
	if (*line && is_phrase(line))
		text_print(t, "%s <%s>\r\n", line, address);
	else if (*line) {
		encoded_words(t, line, strlen(header) + 2);
		text_print(t, "\r\n <%s>\r\n", address);
	} else {
		text_print(t, "%s\r\n", address);
	}
}

/* Minutes that clocks in our zone are ahead of UTC at that moment. */
static int
ahead(struct arena *mem, int64_t moment, int64_t *local)
{
	int hour = 0, minute = 0;
	day_t day = clock_day(moment);

	*local = moment;
	if (day == DAY_NONE || sscanf(clock_local(mem, moment), "%*10s %d:%d", &hour, &minute) != 2)
		return 0;
	*local = (int64_t)day * 86400 + hour * 3600 + minute * 60 + ((moment % 60) + 60) % 60;
	return (int)((*local - moment) / 60);
}

/* RFC 5322 3.3, in the zone of the people who read it. */
static void
header_date(struct arena *mem, struct text *t, int64_t moment)
{
	static const char *const week[] = { "Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	int64_t local;
	int offset = ahead(mem, moment, &local), year, month, dom, second;
	day_t day = (day_t)(local / 86400 - (local % 86400 < 0));

	second = (int)(local - (int64_t)day * 86400);
	day_split(day, &year, &month, &dom);
	text_print(t, "Date: %s, %d %s %04d %02d:%02d:%02d %c%02d%02d\r\n", week[((day % 7) + 7) % 7], dom, months[month - 1],
		   year, second / 3600, second / 60 % 60, second % 60, offset < 0 ? '-' : '+', abs(offset) / 60, abs(offset) % 60);
}

/* ------------------------------------------------------------------ parts */

/* RFC 2045 6.7: lines of at most 76, CRLF, nothing that a relay might change. */
static void
quoted_printable(struct text *t, const char *raw)
{
	size_t column = 0;

	for (const unsigned char *p = (const unsigned char *)raw; *p; p++) {
		bool blank = (*p == ' ' || *p == '\t') && p[1] && p[1] != '\n' && p[1] != '\r';
		bool plain = blank || (*p > ' ' && *p < 0x7f && *p != '=');

		if (*p == '\r')
			continue;
		if (*p == '\n') {
			text_add(t, "\r\n");
			column = 0;
			continue;
		}
		if (column + (plain ? 1 : 3) > LINE_MOST - 1) {
			text_add(t, "=\r\n");
			column = 0;
		}
		if (plain)
			text_char(t, (char)*p);
		else
			text_print(t, "=%02X", *p);
		column += plain ? 1 : 3;
	}
	text_add(t, "\r\n");
}

static void
add_part(struct text *t, const char *boundary, const char *type, const char *body)
{
	text_print(t, "--%s\r\nContent-Type: text/%s; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n",
		   boundary, type);
	quoted_printable(t, body);
}

static bool
good_id(const char *id)
{
	return id && *id && strlen(id) <= 64 && strspn(id, "0123456789abcdefghijklmnopqrstuvwxyz-") == strlen(id);
}

int
mail_build(struct arena *mem, const struct conf *conf, const struct mail *mail, char **out, size_t *len,
	   struct error *err)
{
	const char *boundary;
	struct text t;
	int rc = 0;

	if (!good_id(mail->id))
		return error_set(err, ERROR_SOURCE, "a mail has no usable id");
	if (!mail_address(mail->to) || !mail_address(conf->mail.from))
		return error_set(err, ERROR_SOURCE, "'%s' is not a plain mail address",
				 mail_address(conf->mail.from) ? mail->to ? mail->to : "" : conf->mail.from);
	boundary = arena_print(mem, "=_%s", mail->id);          /* "=_" never stands in quoted-printable */
	text_open(&t, MESSAGE_MOST);
	header_date(mem, &t, mail->date);
	header_person(mem, &t, "From", arena_print(mem, "Behov %s", conf->organisation), conf->mail.from);
	header_person(mem, &t, "To", mail->to_name, mail->to);
	header_text(mem, &t, "Subject", mail->subject);
	text_print(&t, "Message-ID: <%s%s>\r\nMIME-Version: 1.0\r\nAuto-Submitted: auto-generated\r\n", mail->id,
		   strrchr(conf->mail.from, '@'));
	text_print(&t, "Content-Type: multipart/alternative; boundary=\"%s\"\r\n\r\n", boundary);
	add_part(&t, boundary, "plain", mail->text);
	if (mail->html)
		add_part(&t, boundary, "html", mail->html);
	text_print(&t, "--%s--\r\n", boundary);
	if (t.full)
		rc = error_set(err, ERROR_SOURCE, "a mail to '%s' is too long", mail->to);
	*out = arena_copy(mem, t.data, t.len);
	*len = t.len;
	text_close(&t);
	return rc;
}
