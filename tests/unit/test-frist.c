/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-frist.c - what plans really say, and what of it may not be guessed at. */
#include "check.h"
#include "behov/frist.h"

static struct arena *mem;

static bool
says(const char *text, bool plain, enum series_action action, int count, enum day_unit unit, enum series_clock clock, enum count_from from)
{
	struct frist f;
	const char *why = frist_read(mem, text, plain, &f);

	return !why && f.action == action && (action == ACTION_PRESERVE || (f.keep.count == count && f.keep.unit == unit &&
	       f.clock == clock && f.count_from == from));
}

static bool
refuses(const char *text, bool plain, const char *word)
{
	struct frist f;
	const char *why = frist_read(mem, text, plain, &f);

	return why && strstr(why, word);
}

static void
what_is_plain_is_read(void)
{
	mem = arena_open();
	CHECK(says("B", false, ACTION_PRESERVE, 0, DAY_YEARS, CLOCK_MODIFIED, COUNT_YEAR_END));
	CHECK(says("Bevaras.", false, ACTION_PRESERVE, 0, DAY_YEARS, CLOCK_MODIFIED, COUNT_YEAR_END));
	CHECK(says("G 2 år", false, ACTION_DESTROY, 2, DAY_YEARS, CLOCK_MODIFIED, COUNT_YEAR_END));
	CHECK(says("G=30 dagar", false, ACTION_DESTROY, 30, DAY_DAYS, CLOCK_MODIFIED, COUNT_YEAR_END));
	CHECK(says("GALLRAS EFTER FEM ÅR", false, ACTION_DESTROY, 5, DAY_YEARS, CLOCK_MODIFIED, COUNT_YEAR_END));
	CHECK(says("Gallras efter 18 månader", false, ACTION_DESTROY, 18, DAY_MONTHS, CLOCK_MODIFIED, COUNT_YEAR_END));
	CHECK(says("Gallras 10 år efter avslutat ärende", false, ACTION_DESTROY, 10, DAY_YEARS, CLOCK_CASE_CLOSED, COUNT_YEAR_END));
	CHECK(says("Gallras 2 år efter avtalstidens utgång", false, ACTION_DESTROY, 2, DAY_YEARS, CLOCK_EVENT, COUNT_YEAR_END));
	CHECK(says("Gallras 7 år efter räkenskapsårets utgång", false, ACTION_DESTROY, 7, DAY_YEARS, CLOCK_MODIFIED, COUNT_FISCAL_END));
	CHECK(says("Gallras 7 år från kalenderårets slut", false, ACTION_DESTROY, 7, DAY_YEARS, CLOCK_MODIFIED, COUNT_YEAR_END));
	CHECK(says("GIA", false, ACTION_DESTROY, 0, DAY_DAYS, CLOCK_EVENT, COUNT_DAY));
	CHECK(says("gallras vid inaktualitet", false, ACTION_DESTROY, 0, DAY_DAYS, CLOCK_EVENT, COUNT_DAY));
	CHECK(says("Vid inaktualitet", false, ACTION_DESTROY, 0, DAY_DAYS, CLOCK_EVENT, COUNT_DAY));
	CHECK(says("2 år", true, ACTION_DESTROY, 2, DAY_YEARS, CLOCK_MODIFIED, COUNT_YEAR_END));
	arena_close(mem);
}

static void
what_is_kept_for_some_time_is_delivered_or_refused_and_never_destroyed(void)
{
	mem = arena_open();
	CHECK(says("B=5 år", false, ACTION_DELIVER, 5, DAY_YEARS, CLOCK_MODIFIED, COUNT_YEAR_END));
	CHECK(says("B = 5 år", true, ACTION_DELIVER, 5, DAY_YEARS, CLOCK_MODIFIED, COUNT_YEAR_END));
	CHECK(refuses("bevaras i 2 år", false, "levereras"));
	CHECK(refuses("Bevaras 10 år", true, "levereras"));
	CHECK(refuses("B 5 år", false, "levereras"));
	CHECK(refuses("minst tio år", true, "minst"));
	CHECK(refuses("Gallras efter minst 10 år", false, "minst"));
	arena_close(mem);
}

static void
what_could_be_anything_is_refused(void)
{
	static const char *const vague[] = { "", " ", "2 år", "G", "Gallras", "Se anm.", "Gallras 2 år efter något annat", "Gallras efter 2 år eller senare",
		"Gallras efter 1000 år", "Gallras efter -2 år", "Gallras efter 2,5 år", "Bevaras hos Y", "B=", "B=5", "5", "år", "GIA eller 2 år",
		"till och med det tionde året efter utgången av det kalenderår då räkenskapsåret avslutades",
		"fem år efter det att sista anteckningen gjordes", "Gallras fem år efter det att sista anteckningen gjordes",
		"Gallras fem år efter det att de förhållanden som uppgiften rör har upphört", "Gallras senast kalenderåret efter", "25 år",
		"gallras när den blivit inaktuell", "gallras när den ersätts av ny", "Gallras vid leverans", "Gallras efter ny version" };

	mem = arena_open();
	for (size_t i = 0; i < sizeof(vague) / sizeof(*vague); i++)
		CHECK(refuses(vague[i], false, ""));
	arena_close(mem);
}

int
main(void)
{
	TEST(what_is_plain_is_read);
	TEST(what_is_kept_for_some_time_is_delivered_or_refused_and_never_destroyed);
	TEST(what_could_be_anything_is_refused);
	return check_done();
}
