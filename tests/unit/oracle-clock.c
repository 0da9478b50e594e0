/* SPDX-License-Identifier: GPL-3.0-or-later */
/* oracle-clock.c - answers questions about dates, one a line, so that test-clock-oracle.py can compare. */
#include "../../agent/retain/retain_p.h"

#include <inttypes.h>

static const char *or_none(struct arena *mem, day_t day)
{
	return day == DAY_NONE ? "none" : day_text(mem, day);
}

/* "due ANCHOR COUNT UNIT FROM": UNIT and FROM are the numbers of their enums. */
static void due(struct arena *mem, const char *line)
{
	unsigned unit, from;
	char anchor[11];
	int count;

	if (sscanf(line, "due %10s %d %u %u", anchor, &count, &unit, &from) != 4)
		puts("?");
	else
		puts(or_none(mem, day_due(day_parse(anchor), (struct period){ count, (enum day_unit)unit },
					  (enum count_from)from)));
}

/* "fiscal DAY MONTH DOM" */
static void fiscal(struct arena *mem, const char *line)
{
	char day[11];
	int month, dom;

	if (sscanf(line, "fiscal %10s %d %d", day, &month, &dom) != 3)
		puts("?");
	else
		puts(or_none(mem, day_fiscal_end(day_parse(day), month, dom)));
}

/* "rule ANCHOR COUNT UNIT FROM MONTH DOM LATEST NOW": as a series counts; LATEST is in years, 0: none. */
static void rule(struct arena *mem, const char *line)
{
	unsigned unit, from;
	char anchor[11], now[11];
	struct series s = { .latest = { .unit = DAY_YEARS } };
	struct tally tally = { .series = &s, .last = { .anchor = DAY_NONE } };
	struct pattern pattern = { .tally = &tally };
	day_t due;

	if (sscanf(line, "rule %10s %d %u %u %d %d %d %10s", anchor, &s.keep.count, &unit, &from, &s.fiscal.month, &s.fiscal.day,
		   &s.latest.count, now) != 8) {
		puts("?");
		return;
	}
	s.keep.unit = (enum day_unit)unit;
	s.count_from = (enum count_from)from;
	due = cell_due(&(struct cell){ .pattern = &pattern }, day_parse(anchor));
	printf("%s %s %s\n", or_none(mem, due), due <= day_parse(now) ? "due" : "not", or_none(mem, tally.last.latest));
}

static void answer(struct arena *mem, const char *line)
{
	char word[64];
	int64_t moment;

	if (strncmp(line, "due ", 4) == 0)
		due(mem, line);
	else if (strncmp(line, "fiscal ", 7) == 0)
		fiscal(mem, line);
	else if (strncmp(line, "rule ", 5) == 0)
		rule(mem, line);
	else if (sscanf(line, "zone %63s", word) == 1)
		puts(clock_zone(word, NULL) < 0 ? "refused" : "taken");
	else if (sscanf(line, "day %" SCNd64, &moment) == 1)
		puts(or_none(mem, clock_day(moment)));
	else if (sscanf(line, "midnight %10s", word) == 1)
		printf("%" PRId64 "\n", clock_midnight(day_parse(word)));
	else
		puts("?");
}

int main(void)
{
	char line[200];

	while (fgets(line, sizeof(line), stdin)) {
		struct arena *mem = arena_open();

		answer(mem, line);
		arena_close(mem);
	}
	return 0;
}
