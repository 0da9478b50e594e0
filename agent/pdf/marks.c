/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * marks.c - in the content of a page, cairo's marks are replaced by ours.
 *
 * cairo writes "/Span << /MCID 3 >> BDC ... EMC" around each piece, in the order drawn.  A text shown on the page may look
 * like that, too: so the content is read token by token, and what stands in strings is passed over.
 */
#include "pdf_p.h"

struct reader {
	const char *at, *end;
	const char *name, *dict;                /* the last name, and the dictionary after it: what BDC takes */
	size_t dict_len;
};

static bool is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == '\0';
}

static bool is_regular(char c)
{
	return !is_space(c) && !strchr("()<>[]{}/%", c);
}

/* "(a (nested) and \) string)" */
static void pass_string(struct reader *r)
{
	int depth = 0;

	for (; r->at < r->end; r->at++) {
		if (*r->at == '\\' && r->at + 1 < r->end) {
			r->at++;
		} else if (*r->at == '(') {
			depth++;
		} else if (*r->at == ')' && --depth == 0) {
			r->at++;
			return;
		}
	}
}

static void pass_hex(struct reader *r)
{
	while (r->at < r->end && *r->at != '>')
		r->at++;
	r->at += r->at < r->end;
}

/* "<< /MCID 3 >>", strings in it passed over. */
static void pass_dict(struct reader *r)
{
	int depth = 0;

	r->dict = r->at;
	while (r->at < r->end) {
		if (*r->at == '(') {
			pass_string(r);
		} else if (r->end - r->at >= 2 && memcmp(r->at, "<<", 2) == 0) {
			depth++;
			r->at += 2;
		} else if (r->end - r->at >= 2 && memcmp(r->at, ">>", 2) == 0) {
			r->at += 2;
			if (--depth == 0)
				break;
		} else {
			r->at++;
		}
	}
	r->dict_len = (size_t)(r->at - r->dict);
}

/* The next operator: its length, where r->at is after it; 0 at the end. */
static size_t next_operator(struct reader *r)
{
	while (r->at < r->end) {
		const char *from = r->at;

		if (*from == '(') {
			pass_string(r);
		} else if (*from == '<' && r->at + 1 < r->end && from[1] == '<') {
			pass_dict(r);
		} else if (*from == '<') {
			pass_hex(r);
		} else if (*from == '/') {
			r->name = r->at++;
			while (r->at < r->end && is_regular(*r->at))
				r->at++;
		} else if (is_regular(*from)) {
			while (r->at < r->end && is_regular(*r->at))
				r->at++;
			return (size_t)(r->at - from);
		} else {
			r->at++;
		}
	}
	return 0;
}

/* Did the operator just read begin a piece that cairo has numbered? */
static bool is_mark(const struct reader *r, size_t len)
{
	return len == 3 && memcmp(r->at - 3, "BDC", 3) == 0 && r->name && r->dict > r->name &&
	       memmem(r->dict, r->dict_len, "/MCID", 5);
}

int marks_put(const char *content, size_t len, const struct mark *marks, size_t count, struct text *out, struct error *err)
{
	struct reader r = { .at = content, .end = content + len };
	const char *copied = content;
	size_t used = 0, token;

	while ((token = next_operator(&r)) > 0) {
		if (!is_mark(&r, token))
			continue;
		text_bytes(out, copied, (size_t)(r.name - copied));
		copied = r.at;
		if (used == count)
			return error_set(err, ERROR_SOURCE, "cairo has marked more than the %zu pieces it was given", count);
		if (marks[used].element)
			text_print(out, "/%s<</MCID %u>>BDC", marks[used].element->type, marks[used].id);
		else
			text_add(out, "/Artifact BMC");
		used++;
	}
	if (used != count)
		return error_set(err, ERROR_SOURCE, "cairo has marked %zu of %zu pieces", used, count);
	text_bytes(out, copied, (size_t)(content + len - copied));
	return 0;
}
