/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-retain.c - what the retention rules say about files, one sentence each. */
#include "behov/manifest.h"
#include "behov/retain.h"
#include "behov/text.h"
#include "../../agent/retain/retain_p.h"
#include "check.h"
#include <dirent.h>

static struct arena *mem;
static struct series series[4];
static struct where wheres[4];
static struct rules rules;
static struct hold hold;
static struct share share;
static struct gap a_gap;
static struct plan plan;
static struct retain *retain;
static size_t holds, gaps;
static uint64_t large;          /* of each file */

static struct series *
rule(const char *id, enum series_action action, const char *path, int years)
{
	struct series *s = &series[rules.series_count];

	wheres[rules.series_count] = (struct where){ .share = "a", .path = path };
	*s = (struct series){ .id = id, .name = id, .decided = true, .action = action, .clock = CLOCK_PATH_YEAR,
		.keep = { years, DAY_YEARS }, .where = &wheres[rules.series_count++], .where_count = 1 };
	return s;
}

static void
begin(void)
{
	struct error err = { 0 };

	CHECK(clock_zone("Europe/Stockholm", &err) == 0);
	mem = arena_open();
	rules = (struct rules){ .series = series };
	share = (struct share){ .id = "a", .class.konfidentialitet = -1 };
	hold = (struct hold){ .id = "h", .reason = "begäran" };
	a_gap = (struct gap){ .what = "folder", .id = "a" };
	plan = (struct plan){ 0 };
	holds = gaps = 0;
	large = 10;
}

static void
end(void)
{
	for (size_t i = 0; i < plan.proposals.count; i++)
		json_decref(plan.proposals.items[i].evidence);
	retain_close(retain);
	arena_close(mem);
}

/* Folder by folder, as scan does. */
static void
feed(const struct visitor *v, const char *folder, void *above, const char *const *files)
{
	size_t len = strlen(folder);
	void *state;
	LIST(const char *) done = { 0 };

	v->enter(v->self, folder, above, &state);
	for (; *files; files++) {
		const char *rest = *files + len + (len > 0), *slash, *sub;
		bool seen = false;

		if (len && (strncmp(*files, folder, len) != 0 || (*files)[len] != '/'))
			continue;
		slash = strchr(rest, '/');
		if (!slash) {
			struct entry e = { .name = rest, .type = DT_REG, .stated = v->wants_stat(v->self, state, folder, rest),
				.size = large, .ino = 1, .mtime_s = 1330470000 };  /* 2012-02-29 in Stockholm */

			v->file(v->self, state, folder, &e);
			continue;
		}
		sub = arena_copy(mem, *files, (size_t)(slash - *files));
		for (size_t i = 0; i < done.count; i++)
			seen |= strcmp(done.items[i], sub) == 0;
		if (seen)
			continue;
		*arena_push(mem, &done) = sub;
		feed(v, sub, state, files);
	}
	v->leave(v->self, state, folder, true);
}

static void
night(const char *now, const char *const *files)
{
	struct retain_input in = { .rules = &rules, .holds = &hold, .hold_count = holds };
	struct error err = { 0 };

	CHECK(clock_parse(now, &in.now) == 0);
	retain = retain_open(mem, &in, &err);
	CHECK(retain != NULL);
	feed(retain_share(retain, &share), "", NULL, files);
	CHECK(retain_finish(retain, &share, &a_gap, gaps, true, &plan, &err) == 0);
}

#define NIGHT(now, ...) night(now "T02:00+01:00", (const char *const[]){ __VA_ARGS__, NULL })
#define ONE (plan.proposals.items[0])

/* A file of a proposal. */
static const struct record *
file_of(const struct proposal *p, long long number)
{
	struct record *records;
	struct error err = { 0 };

	CHECK(manifest_unpack(mem, &p->packed->frames[number / MANIFEST_LINES], NULL, &records, &err) == 0);
	return &records[number % MANIFEST_LINES];
}

static void
a_record_goes_on_its_day_and_not_before(void)
{
	begin();
	rule("ver", ACTION_DESTROY, "V/{year}/**", 7);
	NIGHT("2026-12-31", "V/2019/a", "V/2018/b", "x");
	CHECK(plan.proposals.count == 1 && plan.filed.ungoverned == 1 && plan.filed.files == 3);
	CHECK(ONE.files == 1 && ONE.bytes == 10 && ONE.needs == 2 && ONE.konfidentialitet == 3);
	CHECK_TEXT(file_of(&ONE, 0)->path, "V/2018/b");
	end();
	begin();
	rule("ver", ACTION_DESTROY, "V/{year}/**", 7)->batch_path = "V/{year}";
	NIGHT("2027-01-01", "V/2019/a");
	CHECK(plan.proposals.count == 1 && ONE.due == day_make(2027, 1, 1));
	CHECK_TEXT(ONE.batch, "V/2019");
	CHECK_TEXT(ONE.scope, "series:ver@a");
	CHECK_TEXT(ONE.why, "1 handling i V/2019: 2019 + 7 år från kalenderårets slut = 2027-01-01.");
	CHECK(strlen(ONE.key) == 16);
	end();
}

static void
a_name_that_is_not_utf8_is_never_due_for_destruction(void)
{
	begin();
	rule("ver", ACTION_DESTROY, "V/{year}/*", 7);
	rule("bok", ACTION_PRESERVE, "V/{year}/\xc3\xa5rsbok*", 0);
	NIGHT("2026-12-31", "V/2018/\xc5RSBOK-3.pdf", "V/2018/b");
	CHECK(plan.proposals.count == 1 && plan.filed.no_anchor == 1);
	CHECK(ONE.files == 1);
	CHECK_TEXT(file_of(&ONE, 0)->path, "V/2018/b");
	end();
	begin();
	rule("ver", ACTION_DESTROY, "V/{year}/**", 7);
	rule("bok", ACTION_PRESERVE, "V/{year}/\xc3\xa5rsbok/*", 0);
	NIGHT("2026-12-31", "V/2018/\xc5RSBOK/a", "V/2018/b/a");
	CHECK(plan.proposals.count == 1 && plan.filed.no_anchor == 1);
	CHECK(ONE.files == 1);
	CHECK_TEXT(file_of(&ONE, 0)->path, "V/2018/b/a");
	end();
}

static void
capitals_are_other_names_unless_the_share_says_that_they_fold(void)
{
	for (int fold = 0; fold < 2; fold++) {
		begin();
		share.fold = fold;
		rule("ver", ACTION_DESTROY, "V/{year}/*.pdf", 7);
		NIGHT("2026-12-31", "V/2018/a.pdf", "V/2018/b.PDF", "v/2018/c.pdf");
		CHECK(plan.filed.ungoverned == (fold ? 0 : 2) && plan.filed.due_files == (fold ? 3 : 1));
		end();
	}
}

static void
the_latest_due_date_wins(void)
{
	for (int last = 0; last < 2; last++) {          /* of the rules */
		begin();
		if (last)
			rule("short", ACTION_DESTROY, "**/{year}/*", 1);
		rule("long", ACTION_DESTROY, "V/**/{year}/*", 7);
		if (!last)
			rule("short", ACTION_DESTROY, "**/{year}/*", 1);
		NIGHT("2024-01-01", "V/2020/a");
		CHECK(plan.proposals.count == 0 && plan.filed.ungoverned == 0);
		end();
	}
}

static void
preserve_wins_over_destroy_even_as_a_draft_and_folds(void)
{
	for (int last = 0; last < 2; last++) {
		begin();
		if (last)
			rule("gone", ACTION_DESTROY, "V/{year}/**", 1);
		rule("kept", ACTION_PRESERVE, "v/**", 0)->decided = false;
		if (!last)
			rule("gone", ACTION_DESTROY, "V/{year}/**", 1);
		NIGHT("2024-01-01", "V/2010/a");
		CHECK(plan.proposals.count == 0 && plan.filed.inert == 1);
		end();
	}
}

/* However its first letter was written: as a capital, as a letter and a mark, as the sign of kelvin. */
static void
what_is_preserved_is_known_by_its_first_letter_in_any_spelling(void)
{
	static const struct { const char *pattern, *name; bool kept; } cases[] = {
		{ "k*", "Karta", true }, { "k*", "\xe2\x84\xaa" "arta", true }, { "K*", "karta", true }, { "k*", "Larta", false },
		{ "\xc3\xa5*", "A\xcc\x8arsbok", true }, { "\xc3\x85*", "\xc3\xa5rsbok", true }, { "a*", "A\xcc\x8arsbok", false },
		{ "\xc3\xa5rsbok", "A\xcc\x8aRSBOK", true }, { "?arta", "Karta", true }, { "*", "\xff", true }, { "k*", "K\xff", true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		begin();
		rule("gone", ACTION_DESTROY, "V/{year}/*", 1);
		rule("kept", ACTION_PRESERVE, arena_print(mem, "V/*/%s", cases[i].pattern), 0);
		NIGHT("2024-01-01", arena_print(mem, "V/2010/%s", cases[i].name));
		CHECK((plan.proposals.count == 0) == cases[i].kept);
		end();
	}
}

static void
a_draft_destroys_nothing(void)
{
	begin();
	rule("gone", ACTION_DESTROY, "V/{year}/**", 1)->decided = false;
	NIGHT("2024-01-01", "V/2010/a");
	CHECK(plan.proposals.count == 0 && plan.filed.inert == 1 && plan.findings.count == 1);
	CHECK_TEXT(plan.findings.items[0].kind, "series-without-decision");
	end();
}

static void
what_is_to_be_delivered_is_not_destroyed(void)
{
	begin();
	rule("gone", ACTION_DESTROY, "V/{year}/**", 1);
	rule("archive", ACTION_DELIVER, "V/**/{year}/*", 5);
	NIGHT("2024-01-01", "V/2010/a");
	CHECK(plan.proposals.count == 1 && ONE.kind == KIND_DELIVER && ONE.needs == 1);
	end();
}

static void
a_hold_stops_by_path_series_case_or_share(void)
{
	for (int way = 0; way < 5; way++) {
		begin();
		rule("gone", ACTION_DESTROY, "V/{year}/{case}/*", 1);
		holds = 1;
		hold.path = way == 0 ? "v/2010" : NULL;
		hold.series = way == 1 ? "GONE" : NULL;
		hold.case_name = way == 2 ? "ks-1" : NULL;
		hold.share = way == 3 ? "A" : way == 4 ? "b" : NULL;
		NIGHT("2024-01-01", "V/2010/KS-1/a");
		CHECK(plan.proposals.count == (way == 4) && plan.filed.held == (way != 4));
		CHECK((retain_held(&hold, 1, "a", "V/2010/KS-1/a", "gone", "KS-1") != NULL) == (way != 4));
		end();
	}
}

static void
a_whole_batch_waits_for_all_of_it(void)
{
	const char *const stranger[] = { "V/x/2010-01-01.pdf", "V/x/2020-01-01.pdf", "V/y/2010-01-01.pdf", "V/y/notes/n", NULL };
	struct series *s;

	begin();
	s = rule("dos", ACTION_DESTROY, "V/{case}/{date}.pdf", 1);
	s->clock = CLOCK_PATH_DATE;
	s->batch_path = "V/{case}";
	s->whole = true;
	night("2020-12-31T02:00+01:00", stranger);
	CHECK(plan.proposals.count == 0);
	end();
	begin();
	s = rule("dos", ACTION_DESTROY, "V/{case}/{date}.pdf", 1);
	s->clock = CLOCK_PATH_DATE;
	s->batch_path = "V/{case}";
	s->whole = true;
	night("2022-01-01T02:00+01:00", stranger);
	CHECK(plan.proposals.count == 1 && ONE.files == 2 && ONE.due == day_make(2022, 1, 1));
	CHECK_TEXT(ONE.batch, "V/x");
	CHECK_TEXT(plan.findings.items[0].kind, "batch-blocked");
	end();
}

static void
case_rule(const char *path, const char *batch)
{
	struct series *s = rule("dos", ACTION_DESTROY, path, 1);

	s->clock = CLOCK_PATH_DATE;
	s->batch_path = batch;
	s->whole = true;
}

/* Trap 17: the administration has one folder, and the school another. */
static void
trap_a_case_that_lies_in_two_folders_is_decided_as_one(void)
{
	const char *const akter[] = { "V/KS 1/2010-01-01", "V/KS 2/2010-01-01", "W/ks-1/2020-01-01", NULL };
	const char *const held[] = { "V/KS 1/2010-01-01", "V/KS 2/2010-01-01", "W/KS 1/notes/n", "W/KS 1/2010-01-01", NULL };
	const char *const years[] = { "2010/12/2010-01-01", "2020/12/2020-01-01", NULL };

	begin();
	case_rule("*/{case}/{date}", "*/{case}");
	night("2020-12-31T02:00+01:00", akter);
	CHECK(plan.proposals.count == 1);
	CHECK_TEXT(ONE.batch, "V/KS 2");
	end();
	begin();
	case_rule("*/{case}/{date}", "*/{case}");
	night("2022-01-01T02:00+01:00", akter);
	CHECK(plan.proposals.count == 3 && ONE.due == day_make(2012, 1, 1));
	end();
	begin();
	case_rule("*/{case}/{date}", "*/{case}");
	night("2022-01-01T02:00+01:00", held);
	CHECK(plan.proposals.count == 1);
	CHECK_TEXT(ONE.batch, "V/KS 2");
	CHECK_TEXT(plan.findings.items[0].text, "V/KS 1: i en annan mapp för samma ärende: en fil saknar gallringsbeslut");
	end();
	begin();
	case_rule("{year}/{case}/{date}", "{year}/{case}");
	night("2020-12-31T02:00+01:00", years);
	CHECK(plan.proposals.count == 1);       /* number 12 of each year is another case */
	CHECK_TEXT(ONE.batch, "2010/12");
	end();
}

static void
what_could_not_be_seen_may_be_of_a_case_that_lies_elsewhere(void)
{
	static const struct { const char *gap, *proposed; } all[] = {
		{ "W/KS 1", "V/KS 2" }, { "W/ks-1/locked", "V/KS 2" }, { "W", NULL }, { "", NULL }, { "W/KS 3", "both" },
		{ "V/KS 1/locked", "V/KS 2" },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		begin();
		case_rule("*/{case}/**/{date}", "*/{case}");
		gaps = 1;
		a_gap.path = all[i].gap;
		NIGHT("2022-01-01", "V/KS 1/2010-01-01", "V/KS 2/2010-01-01");
		CHECK(plan.proposals.count == (!all[i].proposed ? 0 : all[i].proposed[0] == 'b' ? 2 : 1));
		if (plan.proposals.count == 1)
			CHECK_TEXT(ONE.batch, all[i].proposed);
		CHECK(plan.unclear.count >= 2 || plan.proposals.count == 2 || strncmp(all[i].gap, "V/", 2) == 0);
		end();
	}
}

static void
a_gap_blocks_the_batch_it_lies_in_and_no_other(void)
{
	begin();
	rule("ver", ACTION_DESTROY, "V/{year}/**", 1)->batch_path = "V/{year}";
	gaps = 1;
	a_gap.path = "V/2010/locked";
	NIGHT("2024-01-01", "V/2010/a", "V/2011/a");
	CHECK(plan.proposals.count == 1 && plan.gaps.count == 1 && plan.unclear.count >= 1);
	CHECK_TEXT(ONE.batch, "V/2011");
	end();
	begin();
	rule("ver", ACTION_DESTROY, "V/{year}/**", 1);
	gaps = 1;
	a_gap.path = "V/2010/locked";
	NIGHT("2024-01-01", "V/2010/a", "V/2011/a");
	CHECK(plan.proposals.count == 0);
	end();
}

static void
records_of_other_years_are_not_of_the_series(void)
{
	struct series *s;

	begin();
	s = rule("ver", ACTION_DESTROY, "V/{year}/**", 1);
	s->year_from = 2011;
	s->year_to = 2012;
	NIGHT("2024-01-01", "V/2010/a", "V/2011/a", "V/2013/a");
	CHECK(plan.proposals.count == 1 && ONE.files == 1 && plan.filed.ungoverned == 2);
	end();
}

static void
a_leap_day_falls_on_the_next_and_a_wild_year_is_unknown(void)
{
	struct series *s;

	begin();
	s = rule("mod", ACTION_DESTROY, "V/*", 1);
	s->clock = CLOCK_MODIFIED;
	s->count_from = COUNT_DAY;
	rule("ver", ACTION_DESTROY, "W/{year}/*", 1);
	NIGHT("2024-01-01", "V/a", "W/1850/a", "W/2099/a");
	CHECK(plan.proposals.count == 1 && ONE.due == day_make(2013, 3, 1) && plan.filed.no_anchor == 2);
	end();
}

static void
a_hold_by_case_meets_every_way_to_read_the_path(void)
{
	for (int way = 0; way < 3; way++) {
		begin();
		rule("gone", ACTION_DESTROY, "**/{case}/**", 1)->clock = CLOCK_MODIFIED;
		holds = 1;
		hold.case_name = way == 0 ? "v" : way == 1 ? "ks-1" : "2010";
		NIGHT("2024-01-01", "V/KS-1/2010/a");
		CHECK(plan.proposals.count == 0 && plan.filed.held == 1);
		end();
	}
}

static void
a_hold_by_case_meets_every_way_to_read_one_name(void)
{
	begin();
	rule("gone", ACTION_DESTROY, "V/{year} {case} *", 1);
	holds = 1;
	hold.case_name = "ks 1";
	NIGHT("2024-01-01", "V/2010 KS 1 a b", "V/2010 KS 10 a");
	CHECK(plan.proposals.count == 1 && plan.filed.held == 1 && ONE.files == 1);
	end();
}

static void
only_captures_of_its_own_clock_date_a_record(void)
{
	begin();
	rule("date", ACTION_DESTROY, "V/{year}/{date}*", 1)->clock = CLOCK_PATH_DATE;
	NIGHT("2024-01-01", "V/2019/20180228 a");
	CHECK(plan.proposals.count == 1 && ONE.due == day_make(2020, 1, 1));
	end();
	begin();
	rule("year", ACTION_DESTROY, "V/{year}/{date}*", 1);
	NIGHT("2024-01-01", "V/2018/20190228 a");
	CHECK(plan.proposals.count == 1 && ONE.due == day_make(2020, 1, 1));
	end();
}

static void
why_a_batch_is_blocked_does_not_depend_on_the_order_of_names(void)
{
	const char *const one_way[] = { "V/x/2010-01-01.pdf", "V/x/n", "V/x/2019-01-01.txt", NULL };
	const char *const other[] = { "V/x/2019-01-01.txt", "V/x/n", "V/x/2010-01-01.pdf", NULL };
	char text[2][200];

	for (int way = 0; way < 2; way++) {
		begin();
		rule("dos", ACTION_DESTROY, "V/{case}/{date}.pdf", 1)->batch_path = "V/{case}";
		series[0].whole = true;
		series[0].clock = CLOCK_PATH_DATE;
		rule("bevara", ACTION_PRESERVE, "V/**/*.txt", 0);
		night("2024-01-01T02:00+01:00", way ? one_way : other);
		CHECK(plan.proposals.count == 0 && plan.findings.count >= 1);
		snprintf(text[way], sizeof text[way], "%s", plan.findings.items[0].text);
		end();
	}
	CHECK_TEXT(text[0], text[1]);
}

static const char *
said(json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : "null";
}

static json_t *
explain(const char *path)
{
	struct entry e = { .name = "a", .type = DT_REG, .stated = true, .mtime_s = 1330470000 };
	struct error err = { 0 };
	json_t *out = NULL;

	CHECK(retain_explain(retain, &share, path, &e, &out, &err) == 0);
	return out;
}

static void
an_explanation_says_that_all_of_a_case_goes_together(void)
{
	static const struct { const char *path, *batch; bool by_case; } all[] = {
		{ "*/{case}/{date}", "*/{case}", true }, { "*/{case}/{date}", "*", false }, { "**/{case}/{date}", "**/{case}", false },
		{ "*/{case} */{date}", "*/{case} *", false },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		json_t *told;

		begin();
		case_rule(all[i].path, all[i].batch);
		NIGHT("2022-01-01", "V/KS 1/2010-01-01");
		told = explain("V/KS 1/2010-01-01");
		CHECK(json_is_true(json_object_get(told, "by_case")) == all[i].by_case && json_is_true(json_object_get(told, "whole")));
		json_decref(told);
		end();
	}
}

static void
an_explanation_names_the_winner_the_losers_and_how_the_day_was_counted(void)
{
	json_t *o, *all;

	begin();
	rule("kort", ACTION_DESTROY, "V/**", 1)->clock = CLOCK_MODIFIED;
	rule("lang", ACTION_DESTROY, "V/{year}/**", 7);
	rule("utkast", ACTION_DESTROY, "V/{year}/**", 30)->decided = false;
	rule("andra-ar", ACTION_DESTROY, "V/{year}/**", 90)->year_from = 2020;
	NIGHT("2024-01-01", "V/2011/a");
	o = explain("V/2011/a");
	all = json_object_get(o, "considered");
	CHECK_TEXT(said(o, "outcome"), "destroy");
	CHECK_TEXT(said(o, "series"), "lang");
	CHECK_TEXT(said(o, "due"), "2019-01-01");
	CHECK_TEXT(said(o, "hold"), "null");
	CHECK(json_array_size(all) == 4);
	for (size_t i = 0; i < json_array_size(all); i++) {
		json_t *one = json_array_get(all, i);
		bool wins = strcmp(said(one, "series"), "lang") == 0;

		CHECK(json_is_true(json_object_get(one, "winner")) == wins);
		CHECK(json_is_true(json_object_get(one, "decided")) == (strcmp(said(one, "series"), "utkast") != 0));
		CHECK(json_is_true(json_object_get(one, "records")) == (strcmp(said(one, "series"), "andra-ar") != 0));
		CHECK_TEXT(said(one, "anchor"), strcmp(said(one, "series"), "kort") == 0 ? "2012-02-29" : "2011-12-31");
	}
	CHECK_TEXT(said(json_array_get(all, 0), "due"), "2014-01-01");
	json_decref(o);
	o = explain("W/2011/a");
	CHECK_TEXT(said(o, "outcome"), "ungoverned");
	CHECK_TEXT(said(o, "series"), "null");
	json_decref(o);
	end();
}

static void
an_explanation_names_the_hold_and_what_would_else_have_won(void)
{
	json_t *o;

	begin();
	rule("gone", ACTION_DESTROY, "V/{year}/**", 1);
	holds = 1;
	hold.path = "v/2011";
	NIGHT("2024-01-01", "V/2011/a");
	o = explain("V/2011/a");
	CHECK_TEXT(said(o, "outcome"), "held");
	CHECK_TEXT(said(o, "hold"), "h");
	CHECK_TEXT(said(o, "reason"), "begäran");
	CHECK_TEXT(said(o, "series"), "gone");
	json_decref(o);
	end();
}

static void
of_a_share_that_was_not_read_to_its_end_only_whole_folders_are_proposed(void)
{
	begin();
	rule("ver", ACTION_DESTROY, "V/{year}/**", 7)->batch_path = "V/{year}";
	rule("lös", ACTION_DESTROY, "L/{year}/**", 7);
	a_gap.what = "window";
	a_gap.path = "V/2018/c";
	gaps = 1;
	NIGHT("2027-01-01", "L/2018/a", "V/2017/b", "V/2018/b");
	CHECK(plan.proposals.count == 1);
	CHECK_TEXT(ONE.batch, "V/2017");
	CHECK(plan.unclear.count > 0 && plan.unclear.items[0].files && !plan.unclear.items[0].path);
	CHECK(plan.gaps.count == 1 && plan.gaps.items[0].path != NULL);
	end();
}

/* What people tell stands in no rules file: a folder that is as it was is judged anew all the same. */
static void
what_is_remembered_of_folders_is_void_when_an_event_is_told_or_withdrawn(void)
{
	struct event events[] = { { .series = "avtal", .share = "a", .path = "A", .date = 19904 },
				  { .series = "avtal", .share = "a", .path = "A", .date = 19905 } };
	const char *judged[3];
	struct error err = { 0 };

	begin();
	rule("avtal", ACTION_DESTROY, "A/**", 2)->clock = CLOCK_EVENT;
	for (size_t i = 0; i < 3; i++) {
		struct retain_input in = { .rules = &rules, .events = events + (i == 2), .event_count = i > 0 };

		retain = retain_open(mem, &in, &err);
		judged[i] = retain_share(retain, &share)->judged;
		if (i < 2)
			retain_close(retain);
	}
	CHECK(strcmp(judged[0], judged[1]) != 0 && strcmp(judged[1], judged[2]) != 0 && strcmp(judged[0], judged[2]) != 0);
	end();
}

/* ---- events */

/* A folder with one file below the root, written and made on those days at noon; btime DAY_NONE: not known. */
struct dated { const char *folder, *name; day_t written, made; };

static struct entry
dated_entry(const struct dated *f)
{
	return (struct entry){ .name = f->name, .type = DT_REG, .stated = true, .size = 1, .ino = 1,
			       .mtime_s = clock_midnight(f->written) + 43200,
			       .btime_s = f->made == DAY_NONE ? INT64_MIN : clock_midnight(f->made) + 43200 };
}

/* Into a folder, through each that it lies in: how many that are, and the state of the last. */
static int
enter_to(const struct visitor *v, const char *folder, void *top, void **state)
{
	int deep = 0;

	*state = top;
	for (size_t len = strcspn(folder, "/");; len += 1 + strcspn(folder + len + 1, "/")) {
		v->enter(v->self, arena_copy(mem, folder, len), *state, state);
		deep++;
		if (!folder[len])
			return deep;
	}
}

/* memos: what came of each folder; recalled: it is told by that, where something came. */
static void
walk_dated(const struct dated *files, size_t count, struct memo *memos, bool recalled)
{
	const struct visitor *v = retain_share(retain, &share);
	void *top, *state;

	v->enter(v->self, "", NULL, &top);
	for (size_t i = 0; i < count; i++) {
		struct entry e = dated_entry(&files[i]);
		struct memo memo;
		int deep;

		deep = enter_to(v, files[i].folder, top, &state);
		if (recalled && memos[i].until) {
			CHECK(v->recall(v->self, state, files[i].folder, memos[i].bytes, memos[i].len));
		} else {
			e.stated = v->wants_stat(v->self, state, files[i].folder, e.name);
			v->file(v->self, state, files[i].folder, &e);
			v->listed(v->self, state, files[i].folder, true, &memo);
			memos[i] = memo;
			if (memo.len)
				memos[i].bytes = memcpy(arena_take(mem, memo.len), memo.bytes, memo.len);
		}
		while (deep--)
			v->leave(v->self, state, "x/y", true);
	}
	v->leave(v->self, top, "", true);
}

static void
night_of_events(const struct event *events, size_t event_count, const struct dated *files, size_t count, bool remembered)
{
	struct retain_input in = { .rules = &rules, .events = events, .event_count = event_count };
	struct error err = { 0 };
	struct memo memos[3];

	CHECK(clock_parse("2026-06-01T02:00+02:00", &in.now) == 0);
	retain = retain_open(mem, &in, &err);
	walk_dated(files, count, memos, false);
	if (remembered)
		walk_dated(files, count, memos, true);
	CHECK(retain_finish(retain, &share, &a_gap, gaps, true, &plan, &err) == 0);
}

static const char *
finding_text(const char *kind)
{
	for (size_t i = 0; i < plan.findings.count; i++)
		if (strcmp(plan.findings.items[i].kind, kind) == 0)
			return plan.findings.items[i].text;
	return "";
}

#define ENDED day_make(2020, 6, 30)

/* Every way that two times can lie around the day on which it ended. */
static void
what_was_written_or_made_after_it_ended_is_not_due_by_that(void)
{
	const struct event ended = { .id = "h1", .series = "avtal", .share = "a", .path = "A/x", .date = ENDED };

	for (int written = -1; written <= 1; written++)
		for (int made = -1; made <= 2; made++)
			for (int remembered = 0; remembered < 2; remembered++) {
				const struct dated f = { "A/x", "f", ENDED + written, made == 2 ? DAY_NONE : ENDED + made };
				bool younger = written == 1 || made == 1;

				begin();
				rule("avtal", ACTION_DESTROY, "A/**", 2)->clock = CLOCK_EVENT;
				night_of_events(&ended, 1, &f, 1, remembered);
				CHECK(plan.proposals.count == !younger);
				CHECK(plan.filed.no_anchor == younger);
				CHECK(plan.lacking.count == younger && (!younger || plan.lacking.items[0].younger == 1));
				CHECK((*finding_text("younger-than-event") != '\0') == younger && !*finding_text("event-missing"));
				end();
			}
}

static void
a_later_event_for_the_file_alone_makes_it_count_again(void)
{
	const struct event events[] = { { .id = "h1", .series = "avtal", .share = "a", .path = "A", .date = ENDED },
					{ .id = "h2", .series = "avtal", .share = "a", .path = "A/ny", .date = ENDED + 400 } };
	const struct dated files[] = { { "A", "gammal", ENDED, ENDED - 9 }, { "A", "ny", ENDED + 3, ENDED + 400 },
				       { "A", "nyare", ENDED + 3, DAY_NONE } };

	begin();
	rule("avtal", ACTION_DESTROY, "A/**", 2)->clock = CLOCK_EVENT;
	night_of_events(events, 2, files, 3, false);
	CHECK(plan.proposals.count == 2 && plan.filed.no_anchor == 1);
	CHECK(plan.proposals.items[0].due == day_make(2023, 1, 1) && plan.proposals.items[1].due == day_make(2024, 1, 1));
	CHECK(plan.lacking.count == 1 && plan.lacking.items[0].files == 1);
	CHECK_TEXT(finding_text("younger-than-event"), "1 handling är yngre än händelsen som deras tid räknas från, och gallras inte: bland annat "
		   "i A; säg när det hände också för dem, med ett senare datum för mappen eller filen");
	end();
}

/* A batch that is decided as one waits for what was put there since. */
static void
a_whole_batch_with_one_that_is_younger_is_not_proposed(void)
{
	const struct event ended = { .id = "h1", .series = "avtal", .share = "a", .path = "A/x", .date = ENDED };
	const struct dated files[] = { { "A/x", "f", ENDED, DAY_NONE }, { "A/x/ny", "g", ENDED + 1, DAY_NONE } };

	for (int remembered = 0; remembered < 2; remembered++) {
		struct series *s;

		begin();
		s = rule("avtal", ACTION_DESTROY, "A/*/**", 2);
		s->clock = CLOCK_EVENT;
		s->batch_path = "A/*";
		s->whole = true;
		night_of_events(&ended, 1, files, 2, remembered);
		CHECK(plan.proposals.count == 0);
		CHECK_TEXT(finding_text("batch-blocked"), "A/x: en handling är yngre än händelsen");
		end();
	}
}

static void
an_event_of_nothing_that_is_there_is_told_unless_it_may_lie_in_a_gap(void)
{
	static const char *const there[] = { "A", "A/x", "A/x/f", "A/*", "**/f" };
	static const char *const away[] = { "A/X", "A/x/g", "B", "A/x/f/h" };
	const struct dated f = { "A/x", "f", ENDED + 4000, DAY_NONE };

	for (int remembered = 0; remembered < 2; remembered++)
		for (size_t i = 0; i < sizeof there / sizeof *there + sizeof away / sizeof *away; i++) {
			bool is_there = i < sizeof there / sizeof *there;
			const char *path = is_there ? there[i] : away[i - sizeof there / sizeof *there];
			const struct event e[] = { { .id = "h0", .series = "avtal", .share = "a", .path = "A", .date = ENDED + 5000 },
						   { .id = "h1", .series = "avtal", .share = "a", .path = path, .date = ENDED } };

			for (size_t hidden = 0; hidden < 2; hidden++) {
				begin();
				a_gap.path = "A/x/låst";
				gaps = hidden;
				rule("avtal", ACTION_DESTROY, "A/**", 12)->clock = CLOCK_EVENT;
				night_of_events(e, 2, &f, 1, remembered);
				CHECK((*finding_text("event-matches-nothing") == '\0') == is_there);
				end();
			}
		}
	begin();
	a_gap.path = "B";
	gaps = 1;
	rule("avtal", ACTION_DESTROY, "A/**", 12)->clock = CLOCK_EVENT;
	night_of_events(&(struct event){ .id = "h1", .series = "avtal", .share = "a", .path = "B/y", .date = ENDED }, 1, &f, 1, false);
	CHECK(!*finding_text("event-matches-nothing"));
	end();
}

/* ---- versions */

static const char *const version_names[] = { "Plan v{version}.doc" };

static struct series *
versions(void)
{
	struct series *s = rule("plan", ACTION_DESTROY, "P/**", 2);

	s->clock = CLOCK_SUPERSEDED;
	wheres[rules.series_count - 1].names = (const char **)(uintptr_t)version_names;
	wheres[rules.series_count - 1].name_count = 1;
	return s;
}

/* As it was written on a day at noon. */
static struct entry
written(const char *name, int year, uint64_t size)
{
	return (struct entry){ .name = name, .type = DT_REG, .stated = true, .size = size, .ino = 1,
			       .mtime_s = clock_midnight(day_make(year, 6, 1)) + 43200 };
}

static void
open_retain(const char *now)
{
	struct retain_input in = { .rules = &rules };
	struct error err = { 0 };

	CHECK(clock_parse(now, &in.now) == 0);
	retain = retain_open(mem, &in, &err);
	CHECK(retain != NULL);
}

/* A folder P with these files, listed to its end or not. */
static void
list_versions(const struct entry *files, size_t count, bool complete)
{
	struct error err = { 0 };
	const struct visitor *v = retain_share(retain, &share);
	void *top, *state;
	struct memo memo;

	plan = (struct plan){ 0 };
	v->enter(v->self, "", NULL, &top);
	v->listed(v->self, top, "", true, &memo);
	v->enter(v->self, "P", top, &state);
	for (size_t i = 0; i < count; i++) {
		CHECK(v->wants_stat(v->self, state, "P", files[i].name));
		v->file(v->self, state, "P", &files[i]);
	}
	v->listed(v->self, state, "P", complete, &memo);
	v->leave(v->self, state, "P", complete);
	v->leave(v->self, top, "", true);
	CHECK(retain_finish(retain, &share, NULL, 0, true, &plan, &err) == 0);
}

static void
of_a_folder_that_was_not_seen_to_its_end_nothing_is_superseded(void)
{
	const struct entry files[] = { written("Plan v1.doc", 2010, 5), written("Plan v2.doc", 2015, 5) };

	begin();
	versions();
	open_retain("2026-01-01T02:00+01:00");
	list_versions(files, 2, false);
	CHECK(plan.proposals.count == 0 && plan.filed.no_anchor == 2 && plan.filed.files == 2);
	list_versions(files, 2, true);
	CHECK(plan.proposals.count == 1 && ONE.files == 1 && plan.filed.no_anchor == 0 && plan.filed.files == 2);
	CHECK_TEXT(file_of(&ONE, 0)->path, "P/Plan v1.doc");
	CHECK(file_of(&ONE, 0)->anchor == day_make(2015, 6, 1) && file_of(&ONE, 0)->due == day_make(2018, 1, 1));
	end();
}

/* Against the sentence in the manual, in whatever order a folder tells its names. */
static void
the_next_version_counts_in_whatever_order_names_are_told(void)
{
	char names[6][32];
	struct entry files[6];

	begin();
	versions();
	open_retain("2030-01-01T02:00+01:00");
	for (unsigned round = 0; round < 720; round++) {
		unsigned left = round;

		for (size_t i = 0; i < 6; i++) {
			snprintf(names[i], sizeof names[i], "Plan v%zu.doc", i * i * 3 + 1);    /* 1 4 13 28 49 76 */
			files[i] = written(names[i], 2010 + (int)i, 5);
		}
		for (size_t i = 5; i > 0; left /= (unsigned)i + 1, i--) {
			struct entry swap = files[i];
			size_t with = left % (i + 1);

			files[i] = files[with];
			files[with] = swap;
		}
		list_versions(files, 6, true);
		CHECK(plan.proposals.count == 5);
		for (size_t i = 0; i < plan.proposals.count; i++) {
			const struct record *r = file_of(&plan.proposals.items[i], 0);
			int n = atoi(r->path + 8), year = 2011;

			for (int k = 1; k * k * 3 + 1 <= n; k++)
				year++;
			CHECK(r->anchor == day_make(year, 6, 1));
			json_decref(plan.proposals.items[i].evidence);
		}
	}
	plan.proposals.count = 0;
	end();
}

/* Each of them is in force by what its name says, and would be the older one if that were a number. */
static void
trap_a_day_or_a_year_ahead_that_is_read_as_a_number_supersedes_nothing(void)
{
	static const char *const pairs[][2] = {
		{ "Plan v01.02.2024.doc", "Plan v31.12.2023.doc" }, { "Plan v1.2.24.doc", "Plan v31.12.23.doc" },
		{ "Plan v2.2024.doc", "Plan v11.2023.doc" }, { "Plan v2030.doc", "Plan v2040.doc" },
		{ "Plan v010224.doc", "Plan v311223.doc" }, { "Plan v000101.doc", "Plan v991231.doc" },
	};

	begin();
	versions();
	open_retain("2026-01-01T02:00+01:00");
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		const struct entry files[] = { written(pairs[i][0], 2015, 5), written(pairs[i][1], 2014, 5) };

		list_versions(files, 2, true);
		CHECK(plan.proposals.count == 0 && plan.filed.no_anchor == 2);
	}
	list_versions((const struct entry[]){ written("Plan v1.2.9.doc", 2010, 5), written("Plan v2.10.doc", 2011, 5),
					      written("Plan v2024.1.doc", 2012, 5) }, 3, true);
	CHECK(plan.proposals.count == 2);
	for (size_t i = 0; i < plan.proposals.count; i++)
		json_decref(plan.proposals.items[i].evidence);
	plan.proposals.count = 0;
	end();
}

/* Before it is moved, and before it is destroyed, when it and the one that came next lie in quarantine. */
static void
what_is_approved_stays_superseded_as_long_as_a_newer_one_is_there(void)
{
	const struct entry files[] = { written("Plan v3.doc", 2024, 5), written("Plan v4.doc", 2025, 5), written("Plan v1.doc", 2011, 5),
				       written("Plan v4.doc", 2025, 0), written("Plan v01.doc", 2010, 5), written("Plan v2023.doc", 2010, 5) };
	const struct entry old = written("Plan v1.doc", 2010, 5), newest = written("Plan v5.doc", 2010, 5);
	const day_t anchor = day_make(2015, 6, 1);

	begin();
	versions();
	open_retain("2026-01-01T02:00+01:00");
	CHECK(retain_needs_folder(retain, &share, "P/Plan v1.doc") && !retain_needs_folder(retain, &share, "P/Plan.doc"));
	CHECK_TEXT(retain_objection(retain, &share, "P/Plan v1.doc", &old, &(struct consent){ "plan", anchor, NULL }), "gallringstiden är inte ute");
	retain_folder(retain, &share, "P", files, 2, true);
	CHECK(retain_objection(retain, &share, "P/Plan v1.doc", &old, &(struct consent){ "plan", anchor, NULL }) == NULL);
	CHECK(retain_objection(retain, &share, "P/Plan v1.doc", &old, &(struct consent){ "plan", day_make(2024, 6, 1), NULL }) != NULL);
	CHECK(retain_objection(retain, &share, "P/Plan v4.doc", &files[1], &(struct consent){ "plan", anchor, NULL }) != NULL);
	CHECK(retain_objection(retain, &share, "P/Plan v5.doc", &newest, &(struct consent){ "plan", anchor, NULL }) != NULL);
	CHECK(retain_objection(retain, &share, "P/Plan v1.doc", &old, &(struct consent){ "annan", anchor, NULL }) != NULL);
	retain_folder(retain, &share, "P", files, 2, false);
	CHECK(retain_objection(retain, &share, "P/Plan v1.doc", &old, &(struct consent){ "plan", anchor, NULL }) != NULL);
	retain_folder(retain, &share, "P", files, 0, true);
	CHECK(retain_objection(retain, &share, "P/Plan v1.doc", &old, &(struct consent){ "plan", anchor, NULL }) != NULL);
	retain_folder(retain, &share, "P", &files[3], 1, true);
	CHECK(retain_objection(retain, &share, "P/Plan v1.doc", &old, &(struct consent){ "plan", anchor, NULL }) != NULL);
	retain_folder(retain, &share, "P", &files[4], 1, true);
	CHECK(retain_objection(retain, &share, "P/Plan v1.doc", &old, &(struct consent){ "plan", anchor, NULL }) != NULL);
	retain_folder(retain, &share, "P", &files[5], 1, true);
	CHECK(retain_objection(retain, &share, "P/Plan v1.doc", &old, &(struct consent){ "plan", anchor, NULL }) != NULL);
	retain_folder(retain, &share, "P", files, 3, true);     /* it lies there itself, not yet moved */
	CHECK(retain_objection(retain, &share, "P/Plan v1.doc", &files[2], &(struct consent){ "plan", anchor, NULL }) == NULL);
	end();
}

/* Between approval and the deed the rules may have begun to count it to a volume, or to a larger one. */
static void
what_belongs_to_a_volume_goes_with_that_one_and_no_other(void)
{
	const struct entry old = written("2010-01-01.pdf", 2010, 5);
	const char *path = "V/x/2010-01-01.pdf";
	struct series *s;

	begin();
	s = rule("dos", ACTION_DESTROY, "V/{case}/{date}.pdf", 1);
	s->clock = CLOCK_PATH_DATE;
	s->batch_path = "V/{case}";
	open_retain("2026-01-01T02:00+01:00");
	CHECK(retain_objection(retain, &share, path, &old, &(struct consent){ "dos", DAY_NONE, NULL }) == NULL);
	CHECK(retain_objection(retain, &share, path, &old, &(struct consent){ "dos", DAY_NONE, "V/x" }) == NULL);
	retain_close(retain);
	s->whole = true;
	open_retain("2026-01-01T02:00+01:00");
	CHECK(retain_objection(retain, &share, path, &old, &(struct consent){ "dos", DAY_NONE, "V/x" }) == NULL);
	for (const char *const *other = (const char *const[]){ "V", "V/", "V/xx", "V/x/2010-01-01.pdf", "V/y", "", NULL }; *other; other++)
		CHECK(retain_objection(retain, &share, path, &old, &(struct consent){ "dos", DAY_NONE, *other }) != NULL);
	CHECK(retain_objection(retain, &share, path, &old, &(struct consent){ "dos", DAY_NONE, NULL }) != NULL);
	end();
}

/* The rule that keeps longest may be newer than what was approved, and then it counts from what lies there. */
static void
trap_what_was_approved_by_one_series_is_no_anchor_of_another(void)
{
	const struct entry newer = written("Plan v2.doc", 2024, 5), old = written("Plan v1.doc", 2010, 5);

	begin();
	rule("alla", ACTION_DESTROY, "P/**", 7)->clock = CLOCK_MODIFIED;
	open_retain("2026-01-01T02:00+01:00");
	retain_folder(retain, &share, "P", &newer, 1, true);
	CHECK(retain_objection(retain, &share, "P/Plan v1.doc", &old, &(struct consent){ "alla", day_make(2010, 6, 1), NULL }) == NULL);
	retain_close(retain);
	versions()->keep.count = 5;
	open_retain("2026-01-01T02:00+01:00");
	retain_folder(retain, &share, "P", &newer, 1, true);
	CHECK(retain_objection(retain, &share, "P/Plan v1.doc", &old, &(struct consent){ "alla", day_make(2010, 6, 1), NULL }) != NULL);
	end();
}

static const char *
lost(size_t i, const char *key)
{
	return json_string_value(json_object_get(json_array_get(json_object_get(ONE.evidence, "others"), i), key));
}

static long long
lost_files(size_t i)
{
	return json_integer_value(json_object_get(json_array_get(json_object_get(ONE.evidence, "others"), i), "files"));
}

static void
a_batch_tells_which_other_series_lost_and_why(void)
{
	begin();
	rule("ver", ACTION_DESTROY, "V/{year}/**", 10)->batch_path = "V/{year}";
	rule("kort", ACTION_DESTROY, "V/{year}/*", 7);
	rule("utkast", ACTION_DESTROY, "V/**/*", 90)->decided = false;
	rule("nya", ACTION_DESTROY, "V/{year}/a", 99)->year_from = 2015;
	NIGHT("2026-01-01", "V/2010/a", "V/2010/b", "V/2010/m/c", "V/2024/d", "V/2024/e");
	CHECK(plan.proposals.count == 1 && ONE.files == 3);
	CHECK(json_array_size(json_object_get(ONE.evidence, "others")) == 3);
	CHECK_TEXT(lost(0, "series"), "utkast");
	CHECK_TEXT(lost(0, "why"), "saknar beslut och förstör därför ingenting");
	CHECK_TEXT(lost(1, "series"), "kort");
	CHECK_TEXT(lost(1, "why"), "7 år räcker till 2018-01-01, och det senaste datumet gäller");
	CHECK_TEXT(lost(2, "why"), "gäller handlingar från andra år");
	CHECK(lost_files(0) == 3 && lost_files(1) == 2 && lost_files(2) == 1);
	end();
	begin();
	rule("arkiv", ACTION_DELIVER, "V/{year}/*", 5);
	rule("ver", ACTION_DESTROY, "V/{year}/*", 9);
	rule("samma", ACTION_DELIVER, "**/{year}/*", 5);
	NIGHT("2026-01-01", "V/2010/a", "V/2010/b");
	CHECK(plan.proposals.count == 1 && ONE.kind == KIND_DELIVER);
	CHECK_TEXT(lost(0, "why"), "5 år räcker till samma dag");
	CHECK_TEXT(lost(1, "why"), "leverans går före gallring");
	CHECK(lost_files(0) == 2 && lost_files(1) == 2);
	end();
}

/* Two hundred digits, in a share whose list has all cases of three. */
static void
trap_a_name_that_can_be_read_as_hundreds_of_cases_takes_no_gigabytes(void)
{
	struct arena *own = arena_open();
	struct pattern *p = pattern_make(own, "*{case}*/**", false);
	const char **cases = arena_array(own, const char *, 900);
	struct cells start = { 0 }, met = { 0 };
	char name[201] = "";
	size_t before;

	for (int i = 0; i < 900; i++)
		cases[i] = arena_print(own, "%d", 100 + i);
	for (int i = 0; i < 200; i++)
		name[i] = (char)('0' + i * i / 7 % 10);
	p->cases = cases;
	p->case_count = 900;
	cells_begin(&start, p);
	before = arena_used(own);
	cells_step(own, start.items, start.count, name, 200, &met);
	CHECK(met.count > 50);
	CHECK(arena_used(own) < before + (4 << 20));
	free(start.items);
	free(met.items);
	arena_close(own);
}

static void
sparse_files_that_are_more_than_a_number_holds_are_summed_as_their_list_is(void)
{
	long long most = INT64_MAX;
	unsigned long long three = 3 * (unsigned long long)most;

	begin();
	large = INT64_MAX;
	rule("ver", ACTION_DESTROY, "V/{year}/**", 7);
	NIGHT("2026-01-01", "V/2010/a", "V/2010/b", "V/2010/m/c", "V/2011/d", "V/2012/e");
	CHECK(plan.proposals.count == 3 && ONE.files == 3 && ONE.bytes == (long long)three);
	CHECK(ONE.packed->count == 1 && ONE.packed->frames[0].bytes == ONE.bytes);
	CHECK(plan.filed.due_bytes == plan.filed.bytes && plan.filed.due_bytes == (long long)(three + 2 * (unsigned long long)most));
	end();
}

int
main(void)
{
	TEST(a_record_goes_on_its_day_and_not_before);
	TEST(a_name_that_is_not_utf8_is_never_due_for_destruction);
	TEST(capitals_are_other_names_unless_the_share_says_that_they_fold);
	TEST(the_latest_due_date_wins);
	TEST(preserve_wins_over_destroy_even_as_a_draft_and_folds);
	TEST(what_is_preserved_is_known_by_its_first_letter_in_any_spelling);
	TEST(a_draft_destroys_nothing);
	TEST(what_is_to_be_delivered_is_not_destroyed);
	TEST(a_hold_stops_by_path_series_case_or_share);
	TEST(a_whole_batch_waits_for_all_of_it);
	TEST(trap_a_case_that_lies_in_two_folders_is_decided_as_one);
	TEST(what_could_not_be_seen_may_be_of_a_case_that_lies_elsewhere);
	TEST(a_gap_blocks_the_batch_it_lies_in_and_no_other);
	TEST(records_of_other_years_are_not_of_the_series);
	TEST(a_leap_day_falls_on_the_next_and_a_wild_year_is_unknown);
	TEST(a_hold_by_case_meets_every_way_to_read_the_path);
	TEST(a_hold_by_case_meets_every_way_to_read_one_name);
	TEST(only_captures_of_its_own_clock_date_a_record);
	TEST(why_a_batch_is_blocked_does_not_depend_on_the_order_of_names);
	TEST(an_explanation_says_that_all_of_a_case_goes_together);
	TEST(an_explanation_names_the_winner_the_losers_and_how_the_day_was_counted);
	TEST(a_batch_tells_which_other_series_lost_and_why);
	TEST(an_explanation_names_the_hold_and_what_would_else_have_won);
	TEST(what_is_remembered_of_folders_is_void_when_an_event_is_told_or_withdrawn);
	TEST(what_was_written_or_made_after_it_ended_is_not_due_by_that);
	TEST(a_later_event_for_the_file_alone_makes_it_count_again);
	TEST(a_whole_batch_with_one_that_is_younger_is_not_proposed);
	TEST(an_event_of_nothing_that_is_there_is_told_unless_it_may_lie_in_a_gap);
	TEST(of_a_share_that_was_not_read_to_its_end_only_whole_folders_are_proposed);
	TEST(of_a_folder_that_was_not_seen_to_its_end_nothing_is_superseded);
	TEST(the_next_version_counts_in_whatever_order_names_are_told);
	TEST(trap_a_day_or_a_year_ahead_that_is_read_as_a_number_supersedes_nothing);
	TEST(what_is_approved_stays_superseded_as_long_as_a_newer_one_is_there);
	TEST(what_belongs_to_a_volume_goes_with_that_one_and_no_other);
	TEST(trap_what_was_approved_by_one_series_is_no_anchor_of_another);
	TEST(trap_a_name_that_can_be_read_as_hundreds_of_cases_takes_no_gigabytes);
	TEST(sparse_files_that_are_more_than_a_number_holds_are_summed_as_their_list_is);
	return check_done();
}
