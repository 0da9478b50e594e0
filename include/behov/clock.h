/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * clock.h - the only place that asks what time it is, and calendar arithmetic on civil dates.
 *
 * Moments are seconds since 1970-01-01T00:00Z (int64_t).  Days are days since 1970-01-01 in the proleptic Gregorian
 * calendar (day_t); retention is always counted in days, never in seconds.
 */
#ifndef BEHOV_CLOCK_H
#define BEHOV_CLOCK_H

#include "arena.h"
#include "error.h"
#include <stdbool.h>
#include <stdint.h>

typedef int32_t day_t;
#define DAY_NONE INT32_MIN              /* no date: not known, or none */

/* --now: RFC 3339 ("2026-01-05T02:00+01:00", seconds optional, "Z" allowed).  -1 for anything else. */
int clock_parse(const char *text, int64_t *out);
/* Freezes the clock for this process. */
void clock_freeze(int64_t now);
bool clock_frozen(void);
int64_t clock_now(void);
/* What it is as time goes on: after clock_freeze(), that moment and what has passed since. */
int64_t clock_going(void);
/* Minutes after midnight in the zone. */
int clock_minute(int64_t moment);
/* Monotonic seconds, for durations in logs only; never stored in facts. */
double clock_spent(void);

/* The zone in which moments become dates ("Europe/Stockholm").  -1 when tzdata has no such zone. */
int clock_zone(const char *name, struct error *err);
day_t clock_day(int64_t moment);                /* the civil date in the zone; DAY_NONE when out of year 1..9999 */
int64_t clock_midnight(day_t day);              /* the first moment of that day in the zone */

/* "2026-01-05T01:00:00Z" (UTC), and "2026-01-05 02:00" in the zone, for people. */
char *clock_text(struct arena *mem, int64_t moment);
char *clock_local(struct arena *mem, int64_t moment);

/* Windows FILETIME (100 ns since 1601-01-01Z): 0 and INT64_MAX mean never -> false. */
bool clock_filetime(int64_t filetime, int64_t *out);
/* LDAP generalized time, "20260105010000.0Z" (RFC 4517 3.3.13). */
bool clock_generalized(const char *text, int64_t *out);

day_t day_make(int year, int month, int day);   /* DAY_NONE when there is no such date */
void day_split(day_t day, int *year, int *month, int *dom);
int day_year(day_t day);
/* "2026-01-05"; NULL text or anything else gives DAY_NONE. */
day_t day_parse(const char *text);
char *day_text(struct arena *mem, day_t day);   /* DAY_NONE gives NULL */

/* Calendar arithmetic.  A day that does not exist (29 February, 31 April) falls on the next day. */
enum day_unit { DAY_DAYS, DAY_MONTHS, DAY_YEARS };
struct period { int count; enum day_unit unit; };       /* "7 years", "18 months", "30 days" */
int period_parse(const char *text, struct period *out); /* also singular; -1 when not a period of 0..1000 */
day_t day_add(day_t day, struct period period);

/* Where a period is counted from (DESIGN 10): the day itself, or the end of its month or year. */
enum count_from { COUNT_YEAR_END, COUNT_MONTH_END, COUNT_DAY, COUNT_FISCAL_END };
/* The last day of the fiscal year that a day lies in; the last day of a month stays so (02-28 is 02-29 in leap years). */
day_t day_fiscal_end(day_t day, int month, int dom);
/* The first day on which a record may go: 2019-03-02 + 7 years from year-end = 2027-01-01.
 * COUNT_FISCAL_END: `anchor` is the end of that year already, as day_fiscal_end() gives it. */
day_t day_due(day_t anchor, struct period keep, enum count_from from);

#endif
