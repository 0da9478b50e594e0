/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * text.h - text that knows its length and its stated maximum, and the quoting for each place it goes to.
 *
 * Quote at the last moment, for the place: html_text() for HTML, csv_cell() for CSV, ldap_value() for a search
 * filter, name_show() for file names (bytes).  SQL is always bound, never quoted.
 */
#ifndef BEHOV_TEXT_H
#define BEHOV_TEXT_H

#include "arena.h"
#include "speak.h"
#include <stdbool.h>

struct text {
	char *data;                     /* NUL-terminated, never NULL after text_open() */
	size_t len, room, max;
	bool full;                      /* something did not fit: `data` holds what came before */
};

void text_open(struct text *t, size_t max);
void text_close(struct text *t);
void text_add(struct text *t, const char *more);
void text_bytes(struct text *t, const char *bytes, size_t len);
void text_char(struct text *t, char c);
void text_print(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Quoting: each appends to t. */
void html_text(struct text *t, const char *raw);        /* & < > " ' and control characters */
void csv_cell(struct text *t, const char *raw);         /* RFC 4180; a leading = + - @ TAB CR gets a ' in front */
void ldap_value(struct text *t, const char *bytes, size_t len);        /* RFC 4515: \xx for all but [A-Za-z0-9] */

/*
 * The one escape for file names in output, store and JSON: bytes that are not part of valid UTF-8, control characters
 * (also U+0080-9F) and '%' become %XX.  name_read() undoes it; returns NULL for a broken escape or an escaped NUL.
 */
char *name_show(struct arena *mem, const char *bytes);
char *name_read(struct arena *mem, const char *shown);
/* name_show() would give it as it is. */
bool name_is_plain(const char *bytes, size_t len);

/* RFC 3629: no overlong forms, no surrogates; len bytes; a NUL byte inside is not valid text for us. */
bool text_is_utf8(const char *bytes, size_t len);

/* Case-folded and NFC (not diacritics), for comparing names of people, DNs and file names.  Bytes that are not UTF-8
 * are kept as they are (ASCII letters lowered). */
char *text_fold(struct arena *mem, const char *raw);

/* What was folded, without the marks on its letters: "lärare" is "larare".  Bytes that are not UTF-8 are kept. */
char *text_bare(struct arena *mem, const char *folded);

/* Globs of one value: '*' any run, '?' one character (UTF-8 character where valid, else byte).  Never exponential. */
bool text_glob(const char *pattern, const char *value);
/* How long is what follows the '*' of a pattern that only says how a value ends; 0 of any other. */
size_t text_glob_ending(const char *pattern);

/* How many bytes stand there that turn the direction of the text around them (U+061C, U+200E-F, U+202A-E, U+2066-9); 0 = none. */
size_t text_turn(const char *at);
/* A copy in which each of them is U+FFFD. */
char *text_straight(struct arena *mem, const char *raw);
/* What was written on several lines, on one: " / " where a line ended and another one follows. */
char *text_line(struct arena *mem, const char *raw);
/* Another word for `name` (or NULL) wherever it stands as words of its own. */
const char *text_without(struct arena *mem, const char *text, const char *name, const char *shown);

/* What somebody says: at most 1,000 characters; and so many (or NULL) that are lines, tabs and letters alone. */
bool text_has_room(const char *text);
bool text_is_words(const char *text);

/* Control characters become '?': for log lines and terminals. */
void text_plain(char *line);

/* "1 234 567" and "1,2 GB": Swedish numbers for people. */
char *text_count(struct arena *mem, long long n);
/* "1 fil", "1 234 filer": what is counted, in the word for one or for any other number. */
char *text_many(struct arena *mem, long long n, const char *one, const char *more);
char *text_size(struct arena *mem, long long bytes);
char *text_size_in(struct arena *mem, const struct language *language, long long bytes);

#endif
