/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * log.h - tells the operator what happens: stderr, one event a line, numbers last.
 *
 *     log_info("scan done share='%s' gaps=%d", id, gaps);
 *
 * When JOURNAL_STREAM names our stderr each line gets its <3>-style prefix.  Control characters become '?', so a
 * file name cannot forge a line.  A secret is never an argument of a log call.
 */
#ifndef BEHOV_LOG_H
#define BEHOV_LOG_H

#include "banned.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

void log_open(enum log_level most);     /* default: LOG_LEVEL_INFO; -q is WARN, -v is DEBUG */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Progress of long work: a line that says what, how far and for how long, re-drawn at most ten times a second, only
 * when stderr is a terminal and -q was not given.  total 0 = not known.  progress_end() wipes the line; log lines
 * wipe it too.  Any thread may call progress(); only one job is shown at a time.
 */
void progress(const char *what, long long done, long long total);
void progress_end(void);

#endif
