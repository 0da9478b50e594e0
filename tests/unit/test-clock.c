/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-clock.c - calendar arithmetic is in civil dates, and moments become dates in the zone. */
#include "check.h"

#include <behov/clock.h>

static struct arena *mem;

static const char *due(const char *anchor, const char *keep, enum count_from from)
{
	struct period period;

	return period_parse(keep, &period) < 0 ? "no period" : day_text(mem, day_due(day_parse(anchor), period, from));
}

static void a_year_runs_from_the_end_of_the_calendar_year(void)
{
	CHECK_TEXT(due("2019-03-02", "7 years", COUNT_YEAR_END), "2027-01-01");
	CHECK_TEXT(due("2019-12-31", "7 years", COUNT_YEAR_END), "2027-01-01");
	CHECK_TEXT(due("2019-01-01", "7 years", COUNT_YEAR_END), "2027-01-01");
	CHECK_TEXT(due("2019-01-01", "0 years", COUNT_YEAR_END), "2020-01-01");
	CHECK_TEXT(due("2019-12-02", "2 months", COUNT_YEAR_END), "2020-03-01");
	CHECK_TEXT(due("2019-12-02", "30 days", COUNT_YEAR_END), "2020-01-31");
}

static void a_month_runs_from_the_end_of_the_month(void)
{
	CHECK_TEXT(due("2019-01-31", "1 month", COUNT_MONTH_END), "2019-03-01");
	CHECK_TEXT(due("2019-12-05", "1 year", COUNT_MONTH_END), "2021-01-01");
	CHECK_TEXT(due("2020-02-05", "14 days", COUNT_MONTH_END), "2020-03-15");
}

static void a_date_that_does_not_exist_falls_on_the_next_day(void)
{
	CHECK_TEXT(due("2016-02-29", "2 years", COUNT_DAY), "2018-03-01");
	CHECK_TEXT(due("2016-02-29", "4 years", COUNT_DAY), "2020-02-29");
	CHECK_TEXT(due("2019-03-31", "1 month", COUNT_DAY), "2019-05-01");
	CHECK_TEXT(due("2019-12-31", "2 months", COUNT_DAY), "2020-03-01");
	CHECK_TEXT(due("2019-08-31", "18 months", COUNT_DAY), "2021-03-01");
}

static void no_anchor_gives_no_due_date(void)
{
	static const enum count_from from[] = { COUNT_YEAR_END, COUNT_MONTH_END, COUNT_DAY, COUNT_FISCAL_END };
	static const enum day_unit unit[] = { DAY_DAYS, DAY_MONTHS, DAY_YEARS };

	for (int i = 0; i < 4; i++)
		for (int k = 0; k < 3; k++)
			CHECK(day_due(DAY_NONE, (struct period){ 7, unit[k] }, from[i]) == DAY_NONE);
}

static void every_day_of_four_centuries_survives_the_round_trip(void)
{
	int year, month, dom, wrong = 0;

	for (day_t day = day_make(1800, 1, 1); day <= day_make(2200, 12, 31); day++) {
		day_split(day, &year, &month, &dom);
		wrong += day_make(year, month, dom) != day;
	}
	CHECK(wrong == 0);
	CHECK(day_make(1970, 1, 1) == 0);
	CHECK(day_make(2000, 3, 1) == 11017);
	CHECK(day_make(1, 1, 1) == -719162);
}

static void what_is_no_date_is_refused(void)
{
	static const char *const bad[] = { "", "2019-02-29", "2019-13-01", "2019-00-01", "2019-1-01", "2019-01-01 ",
					   "19-01-2001", "2019/01/01", "0000-01-01", "x019-01-01" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CHECK(day_parse(bad[i]) == DAY_NONE);
	CHECK(day_parse(NULL) == DAY_NONE);
	CHECK(day_parse("2020-02-29") != DAY_NONE);
}

static void what_is_no_period_is_refused(void)
{
	static const char *const bad[] = { "", "7", "7years", "years", "-1 years", "7  years", "1001 days", "7 år",
					   "99999 days", "7 years " };
	struct period period;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CHECK(period_parse(bad[i], &period) < 0);
	CHECK(period_parse("18 months", &period) == 0 && period.count == 18 && period.unit == DAY_MONTHS);
}

static void a_moment_on_the_command_line_is_rfc_3339(void)
{
	int64_t t = 0;

	CHECK(clock_parse("2026-01-05T02:00+01:00", &t) == 0);
	CHECK_TEXT(clock_text(mem, t), "2026-01-05T01:00:00Z");
	CHECK(clock_parse("2026-01-05T02:00:30Z", &t) == 0);
	CHECK_TEXT(clock_text(mem, t), "2026-01-05T02:00:30Z");
	CHECK(clock_parse("2026-01-05T02:00", &t) < 0);
	CHECK(clock_parse("2026-01-05", &t) < 0);
	CHECK(clock_parse("2026-02-30T02:00Z", &t) < 0);
	CHECK(clock_parse("2026-01-05T24:00Z", &t) < 0);
	CHECK(clock_parse("2026-01-05T02:00+1:00", &t) < 0);
}

static void new_year_comes_an_hour_early_in_stockholm(void)
{
	struct error err = { 0 };
	int64_t t = 0;

	CHECK(clock_zone("Europe/Stockholm", &err) == 0);
	CHECK(clock_parse("2025-12-31T23:30Z", &t) == 0);
	CHECK_TEXT(day_text(mem, clock_day(t)), "2026-01-01");
	CHECK(clock_parse("2025-12-31T22:59:59Z", &t) == 0);
	CHECK_TEXT(day_text(mem, clock_day(t)), "2025-12-31");
	CHECK(clock_parse("2026-06-30T22:00Z", &t) == 0);
	CHECK_TEXT(day_text(mem, clock_day(t)), "2026-07-01");
	CHECK(clock_midnight(day_parse("2026-03-29")) + 23 * 3600 == clock_midnight(day_parse("2026-03-30")));
	CHECK(clock_midnight(day_parse("2026-10-25")) + 25 * 3600 == clock_midnight(day_parse("2026-10-26")));
}

static void a_cached_date_is_the_date_that_is_not_cached(void)
{
	int wrong = 0;

	for (int64_t t = -2000000000; t < 4000000000; t += 7919 * 31) {
		day_t day = clock_day(t);

		wrong += clock_midnight(day) > t || clock_midnight(day + 1) <= t || clock_day(t) != day;
	}
	CHECK(wrong == 0);
}

/* Lord Howe goes half an hour; before there was one time for Sweden, it had twelve seconds of its own. */
static void a_minute_is_the_one_of_the_clock_on_the_wall(void)
{
	static const char *const zones[] = { "Australia/Lord_Howe", "America/St_Johns", "Pacific/Apia", "Europe/Stockholm" };
	struct error err = { 0 };
	int wrong = 0;

	for (size_t i = 0; i < sizeof(zones) / sizeof(*zones); i++) {
		CHECK(clock_zone(zones[i], &err) == 0);
		for (int64_t t = -3000000000; t < 4000000000; t += 7919 * 61) {
			time_t at = (time_t)t;
			struct tm tm;
			char day[48];

			localtime_r(&at, &tm);
			snprintf(day, sizeof(day), "%04d-%02d-%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
			wrong += clock_minute(t) != tm.tm_hour * 60 + tm.tm_min || strcmp(day_text(mem, clock_day(t)), day) != 0;
		}
	}
	CHECK(wrong == 0);
}

static void a_text_of_a_day_is_what_is_read_as_it(void)
{
	int wrong = 0;

	for (day_t day = day_make(1, 1, 1); day <= day_make(9999, 12, 31); day += 17)
		wrong += day_parse(day_text(mem, day)) != day;
	CHECK(wrong == 0);
	CHECK_TEXT(clock_text(mem, -1), "1969-12-31T23:59:59Z");
	CHECK_TEXT(clock_text(mem, INT64_C(-62135596800)), "0001-01-01T00:00:00Z");
	CHECK_TEXT(clock_text(mem, INT64_C(253402300799)), "9999-12-31T23:59:59Z");
	CHECK_TEXT(clock_text(mem, INT64_C(253402300800)), "?");
}

static void a_zone_that_cannot_be_loaded_is_refused(void)
{
	struct error err = { 0 };

	CHECK(clock_zone("Europe/Kalmar", &err) < 0 && err.kind == ERROR_CONFIG);
	CHECK(clock_zone("../../etc/passwd", &err) < 0);
	CHECK(clock_zone("/etc/localtime", &err) < 0);
	CHECK(clock_zone("", &err) < 0);
	CHECK(clock_zone("zone.tab", &err) < 0);        /* lies among the zones, and would count as UTC */
	CHECK(clock_zone("right/Europe/Stockholm", &err) < 0);
}

static void both_values_of_never_are_never(void)
{
	int64_t t = 0;

	CHECK(!clock_filetime(0, &t));
	CHECK(!clock_filetime(INT64_MAX, &t));
	CHECK(clock_filetime(INT64_C(116444736000000000), &t) && t == 0);
}

static void generalized_time_is_read(void)
{
	int64_t t = 0;

	CHECK(clock_generalized("20260105010000.0Z", &t));
	CHECK_TEXT(clock_text(mem, t), "2026-01-05T01:00:00Z");
	CHECK(clock_generalized("20260105010000Z", &t));
	CHECK(!clock_generalized("20260105010000+0100", &t));
	CHECK(!clock_generalized("2026", &t));
	CHECK(!clock_generalized(NULL, &t));
}

int main(void)
{
	mem = arena_open();
	TEST(a_year_runs_from_the_end_of_the_calendar_year);
	TEST(a_month_runs_from_the_end_of_the_month);
	TEST(a_date_that_does_not_exist_falls_on_the_next_day);
	TEST(no_anchor_gives_no_due_date);
	TEST(every_day_of_four_centuries_survives_the_round_trip);
	TEST(what_is_no_date_is_refused);
	TEST(what_is_no_period_is_refused);
	TEST(a_moment_on_the_command_line_is_rfc_3339);
	TEST(new_year_comes_an_hour_early_in_stockholm);
	TEST(a_cached_date_is_the_date_that_is_not_cached);
	TEST(a_minute_is_the_one_of_the_clock_on_the_wall);
	TEST(a_text_of_a_day_is_what_is_read_as_it);
	TEST(a_zone_that_cannot_be_loaded_is_refused);
	TEST(both_values_of_never_are_never);
	TEST(generalized_time_is_read);
	arena_close(mem);
	return check_done();
}
