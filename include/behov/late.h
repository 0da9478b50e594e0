/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * late.h - libraries that most commands do not need, opened by those that do: to load them all was two thirds of a start.
 *
 * A file that has a library's own functions stands in for it (agent/base/curl.c, agent/apply/libxml.c, agent/pdf/libraries.c), so that whoever calls
 * them includes the library's header and notices nothing.  It stays open.
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

#endif
