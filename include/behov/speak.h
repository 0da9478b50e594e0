/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * speak.h - the languages of what people read: Swedish stands in the source, others in conf/po/TAG.po.
 *
 * In:      texts of C files, in speak() or N_(), and of templates, in {{#_}}…{{/_}}: `make pot` finds them.
 * Out:     the same text in another language, or as it is in Swedish where nobody has translated it.
 * Owner:   nobody: catalogs are carried inside the program and never change.
 * Promise: a translated format takes what its original takes: msgfmt sees to it when behov is built.
 *
 * The C library's gettext() is not used: it speaks the languages for which a locale is installed, from files, one in a
 * process.  Here each request has its own.
 */
#ifndef BEHOV_SPEAK_H
#define BEHOV_SPEAK_H

#include "error.h"
#include <stdbool.h>
#include <stddef.h>

struct language {
	const char *tag;                        /* as HTML and RFC 5646 write it: "en" */
	const unsigned char *from, *to;         /* its catalog, a .mo; NULL: the texts are as they stand in the source */
};

/* Those that behov was built with.  The first is Swedish. */
const struct language *speak_languages(size_t *count);
/* NULL: there is none.  A tag that is NULL is Swedish. */
const struct language *speak_language(const char *tag);
/* Never NULL, unless text is.  A language that is NULL is Swedish. */
const char *speak(const struct language *language, const char *text) __attribute__((format_arg(2)));
/* NULL when it has no translation. */
const char *speak_bytes(const struct language *language, const char *text, size_t len);
/* Is a catalog whole, and in order?  Nothing else may be looked up in. */
bool speak_is_whole(const struct language *language);
/* Are all that behov was built with?  Once, at the start: nobody asks again. */
int speak_check(struct error *err);

/* Marks a text that speak() gets later. */
#define N_(text) text

#endif
