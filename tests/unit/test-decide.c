/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-decide.c - what the approval page lets in, and what it makes of it. */
#include "check.h"
#include "../../agent/decide/session.c"

#include <behov/json.h>

static struct arena *mem;

/* ------------------------------------------------------------------ targets and addresses */

static void
a_target_is_a_short_printable_path(void)
{
	char at_most[1026] = "/", too_long[1027] = "/";

	memset(at_most + 1, 'a', 1023);
	memset(too_long + 1, 'a', 1024);
	CHECK(guard_target("/") && guard_target("/b/Az09-_") && guard_target("/a?b=c&d=%41") && guard_target(at_most));
	CHECK(!guard_target("") && !guard_target("*") && !guard_target("http://x.example/") && !guard_target(too_long));
	CHECK(!guard_target("/a b") && !guard_target("/\t") && !guard_target("/\xc3\xa5") && !guard_target("/a#b"));
	CHECK(!guard_target("/%00") && !guard_target("/%zz") && !guard_target("/%") && !guard_target("/%4"));
	CHECK(!guard_target("/a\\b") && !guard_target("/\x7f"));
}

static void
the_address_of_the_page_is_a_scheme_and_a_host(void)
{
	static const char *const bad[] = { "behov.example", "ftp://behov.example", "https://", "https:///x",
					   "https://behov.example/under", "https://u@behov.example", "http://x.example?y" };
	const char *origin, *host;
	bool https;
	struct error err = { 0 };

	CHECK(guard_origin(mem, "https://behov.example/", &origin, &host, &https, &err) == 0 && https);
	CHECK_TEXT(origin, "https://behov.example");
	CHECK_TEXT(host, "behov.example");
	CHECK(guard_origin(mem, "http://[::1]:8440", &origin, &host, &https, &err) == 0 && !https);
	CHECK_TEXT(host, "[::1]:8440");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CHECK(guard_origin(mem, bad[i], &origin, &host, &https, &err) < 0 && err.kind == ERROR_CONFIG);
}

/* ------------------------------------------------------------------ forms */

static int
parse(const char *body, struct form *out)
{
	*out = (struct form){ 0 };
	return form_parse(mem, body, strlen(body), out);
}

static void
a_form_gives_the_texts_that_were_typed(void)
{
	struct form form;

	CHECK(parse("a=b+c%2B&%C3%A5=%c3%96&tom=&ensam&rad=a%0D%0Ab", &form) == 0 && form.fields.count == 5);
	CHECK_TEXT(form_get(&form, "a"), "b c+");
	CHECK_TEXT(form_get(&form, "å"), "Ö");
	CHECK_TEXT(form_get(&form, "tom"), "");
	CHECK_TEXT(form_get(&form, "rad"), "a\r\nb");
	CHECK_TEXT(form_get(&form, "saknas"), "");
	CHECK(parse("", &form) == 0 && form.fields.count == 0);
}

static void
a_form_that_no_browser_sends_is_refused(void)
{
	static const char *const bad[] = { "a=%", "a=%4", "a=%g0", "a=%00", "a=%1b", "a=\x01", "a=%ff", "a=%ed%a0%80",
					   "a=%7f", "=b", "a=1&a=2", "&&", "a=b&=" };
	struct form form;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CHECK(parse(bad[i], &form) < 0);
}

/* ------------------------------------------------------------------ names and codes */

static const char *
shown(const char *text)
{
	json_t *o = json_object();
	const char *out;

	rows_put(o, "x", text);
	out = arena_text(mem, json_string_value(json_object_get(o, "x")));
	json_decref(o);
	return out;
}

static void
no_name_turns_the_text_around_it(void)
{
	CHECK_TEXT(shown("Åsa \xe2\x80\x93 Öberg"), "Åsa – Öberg");
	CHECK_TEXT(shown("a\xe2\x80\xae" "b\xd8\x9c\xe2\x81\xa9\xe2\x80\x8f" "c"), "a\xef\xbf\xbd" "b\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" "c");
	CHECK_TEXT(shown("\xe2\x80"), "%E2%80");
	CHECK(shown(NULL) == NULL);
}

static void
codes_are_six_digits_and_all_over_the_range(void)
{
	unsigned tens[10] = { 0 };

	for (int i = 0; i < 2000; i++) {
		const char *code = draw_code(mem);
		CHECK(strlen(code) == 6 && strspn(code, "0123456789") == 6);
		tens[code[0] - '0']++;
	}
	for (int i = 0; i < 10; i++)
		CHECK(tens[i] > 100);   /* 200 expected; less than 100 once in 10^16 */
}

static void
a_code_is_bound_to_its_cookie(void)
{
	struct request a = { .mem = mem, .cookie = "one" }, b = { .mem = mem, .cookie = "two" };

	CHECK_TEXT(code_hash(&a, "123456"), code_hash(&a, "123456"));
	CHECK(strcmp(code_hash(&a, "123456"), code_hash(&b, "123456")) != 0);
	CHECK(strcmp(code_hash(&a, "123456"), code_hash(&a, "123457")) != 0);
}

static void
a_session_is_old_after_fifteen_idle_minutes_or_an_hour(void)
{
	struct request r = { .session = { .made = 1000000, .seen = 1000000 } };

	r.now = 1000000 + SESSION_IDLE - 1;
	CHECK(!too_old(&r));
	r.now++;
	CHECK(too_old(&r));
	r.session.seen = r.now = 1000000 + SESSION_MOST - 1;
	CHECK(!too_old(&r));
	r.session.seen = ++r.now;
	CHECK(too_old(&r));
	r.session.seen = r.now = 999999;
	CHECK(too_old(&r));             /* a clock that went back */
}

static void
a_group_is_one_role_or_one_series_in_one_share(void)
{
	struct stored a = { .p = { .kind = KIND_REMOVE_MEMBER, .system = "s", .role = "r" } }, b = a;

	CHECK_TEXT(choice_group(mem, &a), choice_group(mem, &b));
	b.p.role = "q";
	CHECK(strcmp(choice_group(mem, &a), choice_group(mem, &b)) != 0);
	b.p = (struct proposal){ .kind = KIND_DESTROY, .series = "s", .share = "r" };
	CHECK(strcmp(choice_group(mem, &a), choice_group(mem, &b)) != 0);
	b = a;
	b.state = STATE_SCHEDULED;
	CHECK(strcmp(choice_group(mem, &a), choice_group(mem, &b)) != 0);
}

static void
a_browser_says_whether_it_takes_gzip(void)
{
	static const char *const yes[] = { "gzip", "br, GZIP", "deflate , gzip;q=0.5", "x-gzip", "gzip;q=1.000", "gzip; q=0.001" };
	static const char *const no[] = { "", "br", "gzip;q=0", "gzip;q=0.000", "gzipx", "xgzip", "*", ",,;", "identity;q=1, gzip ;q=0" };

	for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++)
		CHECK(pack_is_taken(yes[i]));
	for (size_t i = 0; i < sizeof(no) / sizeof(*no); i++)
		CHECK(!pack_is_taken(no[i]));
	CHECK(!pack_is_taken(NULL));
}

static void
the_nonce_of_a_session_is_another_text_each_time(void)
{
	struct request r = { .mem = mem, .session = { .nonce = "hemligt" } }, other = { .mem = mem, .session = { .nonce = "annat" } };
	const char *first = session_mask(&r), *second = session_mask(&r);
	struct field field = { "nonce", first };

	CHECK(strcmp(first, second) != 0 && !strstr(first, "hemligt"));
	r.form = other.form = (struct form){ .fields = { .items = &field, .count = 1 }, .by_name = &field };
	CHECK(session_nonce(&r) && !session_nonce(&other));
	field.value = second;
	CHECK(session_nonce(&r));
	field.value = arena_print(mem, "%.32s%s", first, second + 32);
	CHECK(!session_nonce(&r));
	field.value = "hemligt";
	CHECK(!session_nonce(&r));
	r.session.nonce = NULL;
	CHECK(!session_nonce(&r) && !session_mask(&r));
}

/* ------------------------------------------------------------------ where somebody comes from */

static void
an_address_has_one_spelling(void)
{
	static const char *const none[] = { "", "unknown", "10.0.0", "10.0.0.1:80", "[::1]", "1.2.3.4 5", "fe80::1%eth0", "10.0.0.1\n" };

	CHECK_TEXT(address_read(mem, "10.0.0.7"), "10.0.0.7");
	CHECK_TEXT(address_read(mem, "2001:DB8:0::7"), "2001:db8::/48");
	CHECK_TEXT(address_read(mem, "2001:db8:0:ffff::1"), "2001:db8::/48");
	CHECK_TEXT(address_read(mem, "::ffff:10.0.0.7"), "10.0.0.7");
	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++)
		CHECK(!address_read(mem, none[i]));
}

/* ------------------------------------------------------------------ a reason of many */

static json_t *
whys(const char *const *texts, size_t count)
{
	json_t *group = json_object(), *rows = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(rows, json_pack("{s:s, s:s}", "who", texts[2 * i], "why", texts[2 * i + 1]));
	json_object_set_new(group, "rows", rows);
	rows_share_why(&(struct request){ .mem = mem }, group);
	return group;
}

/* Two rows: what stands in the group, and in each. */
static void
share(const char *const texts[4], const char *group, const char *first, const char *second)
{
	json_t *g = whys(texts, 2), *rows = json_object_get(g, "rows");
	const char *got[] = { json_text(g, "why"), json_text(json_array_get(rows, 0), "why"), json_text(json_array_get(rows, 1), "why") };
	const char *want[] = { group, first, second };

	for (int i = 0; i < 3; i++)
		CHECK(!got[i] == !want[i] && (!got[i] || strcmp(got[i], want[i]) == 0));
	json_decref(g);
}

static void
what_a_group_has_in_common_stands_once(void)
{
	static const char *const one[] = { "Bo", "Bo har X." };
	json_t *alone = whys(one, 1);

	CHECK(!json_text(alone, "why") && json_text(json_array_get(json_object_get(alone, "rows"), 0), "why"));
	json_decref(alone);
	share((const char *const[]){ "Bo", "Bo har X.", "Cia", "Cia har X." }, "har X.", NULL, NULL);
	share((const char *const[]){ "Bo", "Bo har X: åldern är 3.", "Cia", "Cia har X." }, "har X.", "Åldern är 3.", NULL);
	/* A role may be called "A: b", and "a." */
	share((const char *const[]){ "Bo", "Bo har A: b i X: titel är a.", "Cia", "Cia har A: b i X: titel är b." }, "har A: b i X.", "Titel är a.",
	      "Titel är b.");
	share((const char *const[]){ "Bo", "Bo har a. i X.", "Cia", "Cia har a. i X: titel är b." }, "har a. i X.", NULL, "Titel är b.");
	share((const char *const[]){ "Bo", "Bo har X.", "Cia", "Cia har Y." }, NULL, "Bo har X.", "Cia har Y.");
	share((const char *const[]){ "Bo", "Bo har X.", "Cia", "Boel har X." }, NULL, "Bo har X.", "Boel har X.");
	share((const char *const[]){ "Bo", "Bo har X.", "Bo", "Boel har X." }, NULL, "Bo har X.", "Boel har X.");
	share((const char *const[]){ "", "", "Cia", "Cia har X." }, NULL, "", "Cia har X.");
	share((const char *const[]){ "Bo", "Bo ", "Bo", "Bo " }, NULL, "Bo ", "Bo ");
}

int
main(void)
{
	mem = arena_open();
	TEST(an_address_has_one_spelling);
	TEST(what_a_group_has_in_common_stands_once);
	TEST(a_target_is_a_short_printable_path);
	TEST(the_address_of_the_page_is_a_scheme_and_a_host);
	TEST(a_form_gives_the_texts_that_were_typed);
	TEST(a_form_that_no_browser_sends_is_refused);
	TEST(no_name_turns_the_text_around_it);
	TEST(codes_are_six_digits_and_all_over_the_range);
	TEST(a_code_is_bound_to_its_cookie);
	TEST(a_session_is_old_after_fifteen_idle_minutes_or_an_hour);
	TEST(a_browser_says_whether_it_takes_gzip);
	TEST(the_nonce_of_a_session_is_another_text_each_time);
	TEST(a_group_is_one_role_or_one_series_in_one_share);
	arena_close(mem);
	return check_done();
}
