/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * error.h - why something failed: 0 or -1, and a struct error *err last.
 *
 * Promise: the first cause is kept; callers put where we were in front of it; main() prints it once.
 * Messages: what failed first, starts small, ends without a full stop, the subject in single quotes.
 */
#ifndef BEHOV_ERROR_H
#define BEHOV_ERROR_H

#include "banned.h"

enum error_kind {
	ERROR_NONE,
	ERROR_USAGE,                    /* the command line; exit 2 */
	ERROR_CONFIG,                   /* conf/ or rules/; exit 2 */
	ERROR_SOURCE,                   /* a directory, file, share or mail server; exit 1 */
	ERROR_STORE,                    /* our own store or inbox; exit 1 */
	ERROR_STOPPED,                  /* SIGTERM or SIGINT came; exit 1 */
};

struct error {
	enum error_kind kind;
	char text[1000];
};

/* All three return -1, so that a failure is one line. A NULL err is allowed. */
int error_set(struct error *err, enum error_kind kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* As error_set(), then ": " and the text of errno. */
int error_sys(struct error *err, enum error_kind kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Puts "format: " in front of what err already says; its kind stays. */
int error_in(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The exit code that belongs to the kind: 1 or 2. */
int error_exit(const struct error *err);

#endif
