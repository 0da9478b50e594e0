/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * late.h - libraries that most commands do not need, opened by those that do: to load them all was two thirds of a start.
 *
 * A file that has a library's own functions stands in for it (agent/base/curl.c, agent/apply/libxml.c, agent/audit/libcrypto.c,
 * agent/pdf/libraries.c), so that whoever calls them includes the library's header and notices nothing.  It stays open.
 */
#ifndef BEHOV_LATE_H
#define BEHOV_LATE_H

#include <stdbool.h>
#include <stddef.h>

struct late_call { const char *name; void *at; };       /* at: a pointer to such a function */

/*
 * All or none: false, and a warning that says why, when one of them is not there.  *open, false at first, is whether they are; what
 * could not be opened may be the next time, as the page lives long.  Threads may call it at once.
 */
bool late_open(const char *library, const struct late_call *calls, size_t count, bool *open);

/*
 * A stand-in of many functions is a list of lines, CALL(type, name, (what is given), (what is handed on)) for what gives a value and
 * DO(name, …) for what gives none; these make of it the pointers, the functions, and what late_open() is given.  A line that is
 * not as the library's header says does not compile.
 */
#define LATE_POINTER(type, name, given, on) static __typeof__(name) *late_##name;
#define LATE_POINTER_DO(name, given, on) LATE_POINTER(void, name, given, on)
#define LATE_FORWARD(type, name, given, on) type name given { return late_##name on; }
#define LATE_FORWARD_DO(name, given, on) void name given { late_##name on; }
#define LATE_LISTED(type, name, given, on) { #name, &late_##name },
#define LATE_LISTED_DO(name, given, on) LATE_LISTED(void, name, given, on)

#endif
