/* SPDX-License-Identifier: GPL-3.0-or-later */
/* clock.c - the only place that asks what time it is, and calendar arithmetic on civil dates. */
#include <behov/clock.h>

#include <errno.h>
#include <sys/stat.h>

#define SECONDS_DAY 86400

static int64_t frozen_at;
static double frozen_since;
static bool frozen;

/* ------------------------------------------------------------------ days (proleptic Gregorian) */

static bool leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int month_days(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return days[month - 1] + (month == 2 && leap(year));
}

/* Days before 1 January of the year, counted from 1970. */
static int64_t year_start(int year)
{
	int64_t y = year - 1;

	return 365 * (int64_t) (year - 1970) + (y / 4 - 1969 / 4) - (y / 100 - 1969 / 100) + (y / 400 - 1969 / 400);
}

day_t day_make(int year, int month, int day)
{
	day_t out;

	if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > month_days(year, month))
		return DAY_NONE;
	out = (day_t)year_start(year) + day - 1;
	for (int m = 1; m < month; m++)
		out += month_days(year, m);
	return out;
}

void day_split(day_t day, int *year, int *month, int *dom)
{
	int y = 1970 + (int)((double)day / 365.2425), m = 1;

	while (year_start(y) > day)
		y--;
	while (year_start(y + 1) <= day)
		y++;
	day = (day_t)(day - year_start(y));
	while (day >= month_days(y, m))
		day -= month_days(y, m++);
	*year = y;
	*month = m;
	*dom = day + 1;
}

int day_year(day_t day)
{
	int year, month, dom;

	day_split(day, &year, &month, &dom);
	return year;
}

/* Exactly `count` digits; -1 for anything else. */
static int digits(const char *text, int count)
{
	int out = 0;

	for (int i = 0; i < count; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		out = out * 10 + (text[i] - '0');
	}
	return out;
}

day_t day_parse(const char *text)
{
	if (!text || strlen(text) != 10 || text[4] != '-' || text[7] != '-')
		return DAY_NONE;
	return day_make(digits(text, 4), digits(text + 5, 2), digits(text + 8, 2));
}

static char *put_two(char *to, int number)
{
	*to++ = (char)('0' + number / 10);
	*to++ = (char)('0' + number % 10);
	return to;
}

/* "2026-09-30", as printf() would write it in ten times as long: reports have a million of them.  Gives where it ends. */
static char *put_day(char *to, int year, int month, int dom)
{
	to = put_two(put_two(to, year / 100), year % 100);
	*to++ = '-';
	to = put_two(to, month);
	*to++ = '-';
	return put_two(to, dom);
}

char *day_text(struct arena *mem, day_t day)
{
	int year, month, dom;
	char out[16];

	if (day == DAY_NONE)
		return NULL;
	day_split(day, &year, &month, &dom);
	if (year < 0 || year > 9999)
		return arena_print(mem, "%04d-%02d-%02d", year, month, dom);
	return arena_copy(mem, out, (size_t)(put_day(out, year, month, dom) - out));
}

/* ------------------------------------------------------------------ periods */

int period_parse(const char *text, struct period *out)
{
	static const struct { const char *word; enum day_unit unit; } units[] = {
		{ "day", DAY_DAYS }, { "days", DAY_DAYS }, { "month", DAY_MONTHS }, { "months", DAY_MONTHS },
		{ "year", DAY_YEARS }, { "years", DAY_YEARS },
	};
	int count = 0, len = 0;

	if (!text)
		return -1;
	while (text[len] >= '0' && text[len] <= '9' && len < 5)
		count = count * 10 + (text[len++] - '0');
	if (len == 0 || len > 4 || count > 1000 || text[len] != ' ')
		return -1;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (strcmp(text + len + 1, units[i].word) == 0) {
			*out = (struct period){ count, units[i].unit };
			return 0;
		}
	}
	return -1;
}

day_t day_add(day_t day, struct period period)
{
	int year, month, dom;
	day_t there;

	if (day == DAY_NONE || period.unit == DAY_DAYS)
		return day == DAY_NONE ? DAY_NONE : day + period.count;
	day_split(day, &year, &month, &dom);
	month += period.unit == DAY_MONTHS ? period.count : 0;
	year += period.unit == DAY_YEARS ? period.count : 0;
	year += (month - 1) / 12;
	month = (month - 1) % 12 + 1;
	there = day_make(year, month, dom);
	if (there == DAY_NONE && year <= 9999) {        /* no such date: the next day, the first of the next month */
		there = day_make(year, month, month_days(year, month));
		return there == DAY_NONE ? DAY_NONE : there + 1;
	}
	return there;
}

/*
 * A period that runs from the end of a year or month starts the day after it: 2019-03-02 + 7 years from year-end is
 * 2020-01-01 + 7 years.
 */
static day_t fiscal_end_in(int year, int month, int dom)
{
	bool last = dom >= month_days(2023, month);     /* of a year that is no leap year */

	return day_make(year, month, last ? month_days(year, month) : dom);
}

day_t day_fiscal_end(day_t day, int month, int dom)
{
	day_t end;

	if (day == DAY_NONE)
		return DAY_NONE;
	end = fiscal_end_in(day_year(day), month, dom);
	return end == DAY_NONE || end >= day ? end : fiscal_end_in(day_year(day) + 1, month, dom);
}

day_t day_due(day_t anchor, struct period keep, enum count_from from)
{
	int year, month, dom;

	if (anchor == DAY_NONE)
		return DAY_NONE;
	day_split(anchor, &year, &month, &dom);
	if (from == COUNT_YEAR_END)
		anchor = day_make(year + 1, 1, 1);
	else if (from == COUNT_MONTH_END)
		anchor = month == 12 ? day_make(year + 1, 1, 1) : day_make(year, month + 1, 1);
	else if (from == COUNT_FISCAL_END)
		anchor++;
	return day_add(anchor, keep);
}

/* ------------------------------------------------------------------ now */

void clock_freeze(int64_t now)
{
	frozen_at = now;
	frozen_since = clock_spent();
	frozen = true;
}

bool clock_frozen(void)
{
	return frozen;
}

int64_t clock_now(void)
{
	struct timespec now;

	if (frozen)
		return frozen_at;
	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec;
}

int64_t clock_going(void)
{
	return frozen ? frozen_at + (int64_t)(clock_spent() - frozen_since) : clock_now();
}

double clock_spent(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* "Z", "+01:00" or "-01:00": minutes east; false for anything else. */
static bool offset(const char *text, int *minutes)
{
	int hour, minute;

	*minutes = 0;
	if (strcmp(text, "Z") == 0)
		return true;
	if (strlen(text) != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':')
		return false;
	hour = digits(text + 1, 2);
	minute = digits(text + 4, 2);
	if (hour < 0 || hour > 23 || minute < 0 || minute > 59)
		return false;
	*minutes = (text[0] == '-' ? -1 : 1) * (hour * 60 + minute);
	return true;
}

int clock_parse(const char *text, int64_t *out)
{
	int hour, minute, second = 0, east;
	char date[11];
	day_t day;

	if (strlen(text) < 17 || text[10] != 'T' || text[13] != ':')
		return -1;
	memcpy(date, text, 10);
	date[10] = '\0';
	day = day_parse(date);
	hour = digits(text + 11, 2);
	minute = digits(text + 14, 2);
	text += 16;
	if (*text == ':') {
		if (strlen(text) < 4)
			return -1;
		second = digits(text + 1, 2);
		text += 3;
	}
	if (day == DAY_NONE || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 ||
	    !offset(text, &east))
		return -1;
	*out = (int64_t)day * SECONDS_DAY + hour * 3600 + (minute - east) * 60 + second;
	return 0;
}

char *clock_text(struct arena *mem, int64_t moment)
{
	int64_t day = moment / SECONDS_DAY, rest = moment % SECONDS_DAY;
	int year, month, dom;
	char out[32], *to;

	if (rest < 0) {
		rest += SECONDS_DAY;
		day--;
	}
	if (day < day_make(1, 1, 1) || day > day_make(9999, 12, 31))
		return arena_text(mem, "?");
	day_split((day_t)day, &year, &month, &dom);
	to = put_day(out, year, month, dom);
	*to++ = 'T';
	to = put_two(to, (int)(rest / 3600));
	*to++ = ':';
	to = put_two(to, (int)(rest / 60 % 60));
	*to++ = ':';
	to = put_two(to, (int)(rest % 60));
	*to++ = 'Z';
	return arena_copy(mem, out, (size_t)(to - out));
}

/* ------------------------------------------------------------------ the zone */

/* The C library takes what it cannot read for UTC and says nothing; zone.tab and its like lie in the same folder. */
static bool is_zone(const char *path)
{
	FILE *file = fopen(path, "re");
	char magic[4] = "";
	bool is = file && fread(magic, 1, sizeof(magic), file) == sizeof(magic) && memcmp(magic, "TZif", 4) == 0;

	if (file)
		fclose(file);
	return is;
}

/*
 * How far the zone is from UTC on a day of UTC, where it stays so from its first to its last second: on nearly all days, and
 * the C library takes a hundred times as long to say it.  What is not steady at any of some moments in it is asked each time.
 * Each thread keeps its own; the zone is set before there are others.
 */
enum { SLOTS = 8192, DAY_SECONDS = 86400, LOOKS = 24, FAR_DAYS = 84000, MOVING = INT32_MIN };
static _Thread_local struct { int32_t which, offset; } slots[SLOTS];    /* which: the day, counted from FAR_DAYS back; 0: none */

int clock_zone(const char *name, struct error *err)
{
	const char *root = getenv("TZDIR");
	char path[4096];
	struct stat st;

	/* right/: its days are counted with leap seconds, our moments are not. */
	if (!*name || *name == '/' || strstr(name, "..") || strchr(name, ':') || strncmp(name, "right/", 6) == 0)
		return error_set(err, ERROR_CONFIG, "'%s' is not the name of a time zone", name);
	snprintf(path, sizeof(path), "%s/%s", root ? root : "/usr/share/zoneinfo", name);
	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode) || !is_zone(path))
		return error_set(err, ERROR_CONFIG, "cannot load time zone '%s': is tzdata installed?", name);
	setenv("TZ", name, 1);
	tzset();
	memset(slots, 0, sizeof(slots));
	return 0;
}

/* The civil date of a moment, by the C library; false when it lies outside the years 1 to 9999. */
static bool civil(int64_t moment, struct tm *out)
{
	time_t t = (time_t)moment;

	return localtime_r(&t, out) && out->tm_year > -1900 && out->tm_year <= 9999 - 1900;
}

static day_t civil_day(int64_t moment)
{
	struct tm tm;

	return civil(moment, &tm) ? day_make(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday) : DAY_NONE;
}

/* The offset all through the day that begins then, or MOVING. */
static int32_t steady_offset(int64_t first)
{
	struct tm tm;
	long offset;

	if (!civil(first, &tm))
		return MOVING;
	offset = tm.tm_gmtoff;
	for (int i = 1; i <= LOOKS; i++)
		if (!civil(first + DAY_SECONDS / LOOKS * i - 1, &tm) || tm.tm_gmtoff != offset)
			return MOVING;
	return (int32_t)offset;
}

/* The offset at a moment, or MOVING: the C library must be asked. */
static int32_t offset_at(int64_t moment)
{
	int64_t day = moment / DAY_SECONDS - (moment % DAY_SECONDS < 0);
	int32_t which = day < -FAR_DAYS || day > FAR_DAYS ? 0 : (int32_t)(day + FAR_DAYS + 1);
	size_t at = (size_t)which % SLOTS;

	if (!which)
		return MOVING;
	if (slots[at].which != which) {
		slots[at].which = which;
		slots[at].offset = steady_offset(day * DAY_SECONDS);
	}
	return slots[at].offset;
}

day_t clock_day(int64_t moment)
{
	int32_t by = offset_at(moment);

	if (by == MOVING)
		return civil_day(moment);
	moment += by;
	return (day_t)(moment / DAY_SECONDS - (moment % DAY_SECONDS < 0));
}

int clock_minute(int64_t moment)
{
	int32_t by = offset_at(moment);
	struct tm tm;

	if (by == MOVING)
		return civil(moment, &tm) ? tm.tm_hour * 60 + tm.tm_min : 0;
	return (int)(((moment + by) % DAY_SECONDS + DAY_SECONDS) % DAY_SECONDS / 60);
}

int64_t clock_midnight(day_t day)
{
	int64_t low = (int64_t)day * SECONDS_DAY - 2 * SECONDS_DAY, high = low + 4 * SECONDS_DAY;

	/* The first moment whose civil date is not before `day`. */
	while (low < high) {
		int64_t middle = low + (high - low) / 2;

		if (civil_day(middle) >= day)           /* DAY_NONE is before every day */
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

char *clock_local(struct arena *mem, int64_t moment)
{
	struct tm tm;

	if (!civil(moment, &tm))
		return arena_text(mem, "?");
	return arena_print(mem, "%04d-%02d-%02d %02d:%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
			   tm.tm_min);
}

/* ------------------------------------------------------------------ times of a directory */

bool clock_filetime(int64_t filetime, int64_t *out)
{
	if (filetime <= 0 || filetime == INT64_MAX)
		return false;
	*out = filetime / 10000000 - INT64_C(11644473600);
	return true;
}

bool clock_generalized(const char *text, int64_t *out)
{
	int year, month, dom, hour, minute, second;
	const char *rest;
	day_t day;

	if (!text || strlen(text) < 15)
		return false;
	year = digits(text, 4);
	month = digits(text + 4, 2);
	dom = digits(text + 6, 2);
	hour = digits(text + 8, 2);
	minute = digits(text + 10, 2);
	second = digits(text + 12, 2);
	rest = text + 14;
	if (*rest == '.' || *rest == ',')
		for (rest++; *rest >= '0' && *rest <= '9'; rest++)
			;
	day = day_make(year, month, dom);
	if (day == DAY_NONE || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60 ||
	    strcmp(rest, "Z") != 0)
		return false;
	*out = (int64_t)day * SECONDS_DAY + hour * 3600 + minute * 60 + second;
	return true;
}
