/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-report.c - what people read: quoted for its place, bound to its period, the same twice. */
#include "check.h"
#include "behov/digest.h"
#include "behov/file.h"
#include "behov/json.h"
#include "behov/document.h"
#include "behov/quarter.h"

#include <ftw.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/behov-report-XXXXXX";
static struct arena *mem;
static struct store *store;
static struct error err;
static struct rules rules;
static int64_t now;

static int64_t
moment(const char *text)
{
	int64_t out = 0;

	CHECK(clock_parse(text, &out) == 0);
	return out;
}

static struct stored
removal(const char *key, const char *account, int64_t opened)
{
	return (struct stored){
		.p = { .kind = KIND_REMOVE_MEMBER, .key = key, .version = "v", .system = "s", .role = "r", .account = account,
		       .display = "<b>Eva</b>", .guid = account, .group = "CN=A", .group_guid = "g", .member = "CN=x", .accounts = 1,
		       .needs = 1, .scope = "system:s", .why = "w", .rule = { "rules/s.cfg", 1 } },
		.state = STATE_OPEN, .opened = opened, .since = opened, .go_at = INT64_MIN, .until = DAY_NONE,
	};
}

static void
begin(void)
{
	static struct role role = { .id = "r", .name = "<i>Roll</i>" };
	static struct system system = { .id = "s", .name = "System & \"Co\"", .roles = &role, .role_count = 1,
					.class = { 1, 1, 1, 1 } };
	static struct account who = { .name = "=cmd|' /C calc'!A0", .key = "ka" };
	static struct group group = { .dn = "CN=A;B" };
	static int made;
	struct plan plan = { .access_judged = true };
	struct stored in, out;
	long long night;

	role.system = &system;
	mem = arena_open();
	err = (struct error){ 0 };
	now = moment("2026-08-15T12:00Z");
	CHECK(clock_zone("Europe/Stockholm", &err) == 0);
	rules = (struct rules){ .systems = &system, .system_count = 1, .digest = "d" };
	rules.conf.organisation = "Kalmar <kommun>";
	rules.conf.work = arena_print(mem, "%s/work", folder);
	CHECK(store_open(arena_print(mem, "%s/%d.db", folder, ++made), STORE_WRITE, &store, &err) == 0);
	*arena_push(mem, &plan.grants) = (struct grant){ .role = &role, .who = &who, .via = &group };
	*arena_push(mem, &plan.gaps) = (struct gap){ "share", "x\x1b[2J", NULL, "t\x1b]0;y\a" };
	CHECK(store_night_start(store, "run", moment("2026-07-02T02:00Z"), "d", &night, &err) == 0);
	CHECK(store_night_end(store, night, "published", true, moment("2026-07-02T02:00Z"), "{}", &err) == 0);
	CHECK(store_grants_put(store, &plan, moment("2026-07-02T02:00Z"), &err) == 0);
	CHECK(store_facts_put(store, &plan, moment("2026-07-02T02:00Z"), &err) == 0);
	in = removal("k1", "eva", moment("2026-07-02T02:00Z"));
	out = removal("k2", "bo", moment("2026-04-02T02:00Z"));
	out.state = STATE_DONE;
	CHECK(store_proposal_add(mem, store, &in, &err) == 0 && store_proposal_add(mem, store, &out, &err) == 0);
	CHECK(store_decision_add(store, &(struct decision){ .proposal = in.id, .version = "v", .key = "ko", .name = "olle.strand",
		.verdict = VERDICT_KEEP, .reason = "</p><script>x</script>", .until = DAY_NONE, .at = moment("2026-07-03T02:00Z"),
		.source = "page" }, &err) == 0);
	CHECK(store_decision_add(store, &(struct decision){ .proposal = out.id, .version = "v", .key = "ko", .name = "olle.innan",
		.verdict = VERDICT_APPROVE, .until = DAY_NONE, .at = moment("2026-04-03T02:00Z"), .source = "page" }, &err) == 0);
}

static void
end(void)
{
	store_close(store);
	arena_close(mem);
}

static const char *
text_of(const char *path)
{
	char *text = NULL;
	size_t len;

	CHECK(file_read(mem, path, 1 << 24, &text, &len, &err) == 0);
	return text ? text : "";
}

/* The page, and the first of its lists. */
static int
make(const char *quarter, int64_t at, const char **html, const char **csv, json_t **json)
{
	struct quarter_made made;
	unsigned formats = 0;

	*json = NULL;
	CHECK(document_formats("html,csv", &formats, &err) == 0);
	if (quarter_make(mem, &(struct report_input){ &rules, store, at }, &(struct quarter_what){ .quarter = quarter }, formats, NULL, NULL, &made,
			 &err) < 0)
		return -1;
	CHECK(made.files.count > 2 && !made.unnoted);
	*html = made.files.items[0].path;
	*csv = made.files.items[1].path;
	*json = made.page;
	return 0;
}

static void
nothing_from_outside_is_markup_or_a_formula(void)
{
	const char *html, *csv, *page, *sheet;
	json_t *json = NULL;

	begin();
	CHECK(make("2026Q3", now, &html, &csv, &json) == 0);
	page = text_of(html);
	sheet = text_of(csv);
	CHECK(!strstr(page, "<script>") && !strstr(page, "<b>Eva") && !strstr(page, "<i>Roll") && !strstr(page, "<kommun>"));
	CHECK(strstr(page, "&lt;b&gt;Eva") && strstr(page, "System &amp; &quot;Co&quot;"));
	CHECK(strstr(sheet, "\n\"'=cmd") || strstr(sheet, "'=cmd"));
	CHECK(!strstr(sheet, ",=cmd") && strstr(sheet, "\"CN=A;B\""));
	json_decref(json);
	end();
}

static void
a_quarter_tells_of_its_own_decisions_only(void)
{
	const char *html, *csv, *page, *again;
	json_t *json = NULL;

	begin();
	CHECK(make("2026Q3", now, &html, &csv, &json) == 0);
	page = text_of(html);
	CHECK(strstr(page, "olle.strand") && !strstr(page, "olle.innan") && strstr(page, "hittills"));
	json_decref(json);
	CHECK(make("2026Q3", now, &html, &csv, &json) == 0);
	again = text_of(html);
	CHECK_TEXT(again, page);
	json_decref(json);
	CHECK(make("2026Q2", now, &html, &csv, &json) == 0);
	page = text_of(html);
	CHECK(strstr(page, "olle.innan") && !strstr(page, "olle.strand") && !strstr(page, "hittills"));
	json_decref(json);
	end();
}

/* Who has made it, and when, is in the chain, and not in what it says. */
static void
making_a_report_does_not_make_the_next_another(void)
{
	const char *html, *csv, *page;
	json_t *json = NULL;

	begin();
	CHECK(audit_add(store, moment("2026-08-14T02:00Z"), "run", "night-published", NULL, &err) == 0);
	for (int i = 0; i < 3; i++) {
		CHECK(make("2026Q3", now + 3600 * i, &html, &csv, &json) == 0);
		if (i)
			CHECK_TEXT(text_of(html), page);
		page = text_of(html);
		CHECK(json_number(json, "chain_rows", 0) == 1);
		json_decref(json);
		CHECK(audit_add(store, now + 3600 * i, "report", "report-made", NULL, &err) == 0);
	}
	end();
}

/* A report is worth more than the note about it. */
static void
one_that_nobody_can_note_is_made_all_the_same(void)
{
	struct store *look = NULL;
	struct quarter_made made;
	const char *path;
	unsigned formats;

	begin();
	path = arena_print(mem, "%s/unnoted.db", folder);
	CHECK(store_open(path, STORE_WRITE, &look, &err) == 0);
	store_close(look);
	CHECK(store_open(path, STORE_READ, &look, &err) == 0);
	CHECK(document_formats("json", &formats, &err) == 0);
	CHECK(quarter_make(mem, &(struct report_input){ &rules, store, now }, &(struct quarter_what){ .quarter = "2026Q3" }, formats, look, "report", &made,
			   &err) == 0);
	CHECK(made.unnoted && made.files.count == 1 && strstr(text_of(made.files.items[0].path), "behov-report-1"));
	json_decref(made.page);
	store_close(look);
	end();
}

static void
an_exception_in_the_rules_is_listed_until_it_ends(void)
{
	const char *html, *csv;
	struct keep keep = { .who = "bo.ek", .why = "avslutar <ärenden>", .by = "olle.strand", .since = "2026-07-01",
			     .until = day_parse("2026-09-30"), .at = { "rules/s.cfg", 7 } };
	json_t *json = NULL;

	begin();
	rules.systems[0].roles[0].keeps = &keep;
	rules.systems[0].roles[0].keep_count = 1;
	CHECK(make("2026Q3", now, &html, &csv, &json) == 0);
	CHECK(strstr(text_of(html), "bo.ek") && strstr(text_of(html), "avslutar &lt;ärenden&gt;") && strstr(text_of(html), ">2026-09-30</td>"));
	json_decref(json);
	keep.until = day_parse("2026-08-14");
	CHECK(make("2026Q3", now, &html, &csv, &json) == 0);
	CHECK(!strstr(text_of(html), "bo.ek"));
	json_decref(json);
	rules.systems[0].roles[0].keep_count = 0;
	end();
}

static void
what_is_no_quarter_or_has_not_begun_is_refused(void)
{
	static const char *const wrong[] = { "2026Q5", "2026Q0", "foo", "2026Q3x", "26Q3", "2026q3", "", "2026Q4", "9999Q1" };
	const char *html, *csv;
	json_t *json = NULL;

	begin();
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		err = (struct error){ 0 };
		CHECK(make(wrong[i], now, &html, &csv, &json) < 0);
		CHECK(err.kind == ERROR_USAGE && !json);
	}
	end();
}

static void
a_terminal_gets_no_orders(void)
{
	json_t *status = NULL, *proposals = NULL;
	const char *text;

	begin();
	CHECK(report_status(mem, &(struct report_input){ &rules, store, now }, &status, &err) == 0);
	text = report_status_text(mem, status);
	CHECK(!strchr(text, '\x1b') && !strchr(text, '\a') && strstr(text, "lucka: share x?[2J"));
	CHECK(report_proposals(mem, &(struct report_input){ &rules, store, now }, 0, &proposals, &err) == 0);
	text = report_proposals_text(mem, proposals);
	CHECK(strstr(text, "eva") && !strstr(text, "bo "));
	CHECK(strstr(text, "  väntar på svar") && strstr(text, "  borttagning ur grupp") && !strstr(text, "open") && !strstr(text, "remove-member"));
	json_decref(status);
	json_decref(proposals);
	end();
}

static void
nobodys_address_is_shown_whose_name_is_not(void)
{
	json_t *status = NULL;
	const char *text;

	begin();
	for (int i = 0; i < 2; i++) {
		const struct letter letter = { .id = i ? "bb" : "aa", .kind = "digest", .key = i ? "ks" : "ke", .name = "x",
					       .display = i ? "Skyddad person 4" : "Eva Lind", .mail = i ? "siv@kalmar.example" : "eva@kalmar.example",
					       .created = now, .expires = now + 86400, .sent = INT64_MIN };

		CHECK(store_letter_add(store, &letter, &err) == 0);
	}
	CHECK(report_status(mem, &(struct report_input){ &rules, store, now }, &status, &err) == 0);
	text = json_pretty(mem, status);
	CHECK(!strstr(text, "siv@") && strstr(text, "Skyddad person 4") && strstr(text, "eva@kalmar.example"));
	text = report_status_text(mem, status);
	CHECK(!strstr(text, "siv@") && strstr(text, "inte skickat: Skyddad person 4") && strstr(text, "inte skickat: eva@kalmar.example"));
	json_decref(status);
	end();
}

static int
sweep(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st, (void)type, (void)where;
	return remove(path);
}

int
main(void)
{
	if (!mkdtemp(folder))
		return 1;
	TEST(nothing_from_outside_is_markup_or_a_formula);
	TEST(a_quarter_tells_of_its_own_decisions_only);
	TEST(making_a_report_does_not_make_the_next_another);
	TEST(one_that_nobody_can_note_is_made_all_the_same);
	TEST(an_exception_in_the_rules_is_listed_until_it_ends);
	TEST(what_is_no_quarter_or_has_not_begun_is_refused);
	TEST(a_terminal_gets_no_orders);
	TEST(nobodys_address_is_shown_whose_name_is_not);
	nftw(folder, sweep, 8, FTW_DEPTH | FTW_PHYS);
	return check_done();
}
