/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-speak.c - a text is shown in the language of who reads it, and in Swedish where nobody has translated it. */
#include "check.h"
#include "../../agent/decide/decide_p.h"
#include "behov/json.h"
#include "behov/template.h"

/* ------------------------------------------------------------------ a catalog of our own */

static const char *const pairs[][2] = {
	{ "", "Language: xx\n" },
	{ "Ett av {{n}}", "{{n}}: of that, one" },
	{ "Hej", "Hello" },
	{ "Hej {{x}}!", "Hello {{x}}." },
	{ "fel", "{{nowhere}}" },
	{ "nu{{#s}} är {{x}}{{/s}}", "{{#s}}{{x}} is {{/s}}now" },
};
#define PAIRS (sizeof(pairs) / sizeof(*pairs))
static unsigned char catalog[2000];
static struct language other = { "xx", catalog, NULL };

static void
number(size_t at, size_t value)
{
	for (size_t i = 0; i < 4; i++)
		catalog[at + i] = (unsigned char)(value >> 8 * i);
}

/* As msgfmt writes it; the header is the first, since "" sorts so. */
static void
make_catalog(void)
{
	size_t end = 28 + 16 * PAIRS;

	memset(catalog, 0, sizeof(catalog));
	number(0, 0x950412de);
	number(8, PAIRS);
	number(12, 28);
	number(16, 28 + 8 * PAIRS);
	for (size_t i = 0; i < PAIRS; i++)
		for (size_t k = 0; k < 2; k++) {
			size_t at = 28 + 8 * PAIRS * k + 8 * i;

			number(at, strlen(pairs[i][k]));
			number(at + 4, end);
			memcpy(catalog + end, pairs[i][k], strlen(pairs[i][k]) + 1);
			end += strlen(pairs[i][k]) + 1;
		}
	other.to = catalog + end;
}

static void
a_text_is_found_in_its_catalog_or_stays_as_it_is(void)
{
	make_catalog();
	CHECK(speak_is_whole(&other));
	CHECK_TEXT(speak(&other, "Hej"), "Hello");
	CHECK_TEXT(speak(&other, "Hej {{x}}!"), "Hello {{x}}.");
	CHECK_TEXT(speak(&other, "He"), "He");
	CHECK_TEXT(speak(&other, "Hejsan"), "Hejsan");
	CHECK_TEXT(speak(&other, "zzz"), "zzz");
	CHECK_TEXT(speak(&other, ""), "");
	CHECK(speak(&other, NULL) == NULL && speak_bytes(&other, "Hej", 2) == NULL);
	CHECK_TEXT(speak(NULL, "Hej"), "Hej");
	CHECK_TEXT(speak(speak_language(NULL), "Hej"), "Hej");
}

/* Each byte after the last that matters belongs to a text; each before it is a number that must fit. */
static void
a_catalog_that_is_cut_or_out_of_order_is_refused(void)
{
	for (const unsigned char *end = other.to - 1; end >= catalog; end--) {
		const struct language cut = { "xx", catalog, end };

		CHECK(!speak_is_whole(&cut));
	}
	for (size_t at = 0; at < 28 + 16 * PAIRS; at++) {
		catalog[at] ^= 0x40;
		if (speak_is_whole(&other))     /* then whatever is looked up lies inside */
			CHECK(speak(&other, "Hej") != NULL && at != 0 && at != 8);
		catalog[at] ^= 0x40;
	}
	CHECK(speak_is_whole(&other));
	/* The first text after the header begins with z, and should come last. */
	catalog[28 + 16 * PAIRS + strlen(pairs[0][0]) + 1 + strlen(pairs[0][1]) + 1] = 'z';
	CHECK(!speak_is_whole(&other));
	make_catalog();
}

static void
what_behov_carries_is_whole(void)
{
	struct error err = { 0 };
	size_t count;
	const struct language *all = speak_languages(&count);

	CHECK(speak_check(&err) == 0);
	CHECK(count >= 2 && strcmp(all[0].tag, "sv") == 0 && !all[0].from);
	CHECK(speak_language("en") && speak_language("en")->from && !speak_language("xx") && !speak_language("e"));
	CHECK_TEXT(speak(speak_language("en"), "På svenska"), "In English");
	CHECK_TEXT(speak(speak_language("sv"), "På svenska"), "På svenska");
}

/* ------------------------------------------------------------------ in templates */

static struct text out;
static struct error err;

static const char *
render(const struct language *language, const char *source)
{
	static const char json[] = "{\"x\":\"<a>\",\"n\":3,\"s\":{\"x\":\"in\"},\"no\":false}";
	json_t *data = NULL;
	int rc;

	err = (struct error){ 0 };
	text_close(&out);
	text_open(&out, 1000);
	CHECK(json_read(json, sizeof(json) - 1, &data, &err) == 0);
	rc = template_in(language, TEMPLATE_HTML, "t", source, data, &out, &err);
	json_decref(data);
	return rc < 0 ? NULL : out.data;
}

static void
a_template_says_it_in_the_language(void)
{
	CHECK_TEXT(render(&other, "<p>{{#_}}Hej {{x}}!{{/_}}</p>"), "<p>Hello &lt;a&gt;.</p>");
	CHECK_TEXT(render(NULL, "<p>{{#_}}Hej {{x}}!{{/_}}</p>"), "<p>Hej &lt;a&gt;!</p>");
	CHECK_TEXT(render(&other, "{{#_}}Hejsan {{x}}{{/_}}"), "Hejsan &lt;a&gt;");
	CHECK_TEXT(render(&other, "a {{#_}}Ett av {{n}}{{/_}} b {{#_}}Hej{{/_}} c"), "a 3: of that, one b Hello c");
	CHECK_TEXT(render(&other, "{{#_}}nu{{#s}} är {{x}}{{/s}}{{/_}}"), "in is now");
	CHECK_TEXT(render(&other, "{{#no}}{{#_}}Hej{{/_}}{{/no}}{{^no}}{{#_}}Hej{{/_}}{{/no}}"), "Hello");
	CHECK_TEXT(render(&other, "{{#s}}{{#_}}Hej {{x}}!{{/_}}{{/s}}"), "Hello in.");
	CHECK_TEXT(render(&other, "{{x}} Hej"), "&lt;a&gt; Hej");
}

static void
what_is_wrong_in_a_translation_is_told_with_its_language(void)
{
	CHECK(!render(&other, "{{#_}}fel{{/_}}") && strstr(err.text, "'xx'") && strstr(err.text, "nowhere"));
	CHECK(!render(&other, "a\n{{#_}}Hej") && strstr(err.text, "line 2") && strstr(err.text, "not ended"));
	CHECK(!render(&other, "Hej{{/_}}") && strstr(err.text, "ends no section"));
}

/* ------------------------------------------------------------------ what a browser asks for */

static void
a_browser_gets_what_it_asks_for_most(void)
{
	static const struct { const char *accept, *tag; } asked[] = {
		{ NULL, "sv" }, { "", "sv" }, { "en", "en" }, { "EN-gb", "en" }, { "sv,en", "sv" }, { "en,sv", "sv" },
		{ "en-US,en;q=0.9", "en" }, { "en-US,en;q=0.9,sv;q=0.8", "en" }, { "sv-SE,sv;q=0.9,en-US;q=0.8,en;q=0.7", "sv" },
		{ "en;q=0.5, sv;q=0.7", "sv" }, { "en;q=0.701,sv;q=0.7", "en" }, { "de,fr;q=0.3", "sv" }, { "*", "sv" },
		{ "en;q=0", "sv" }, { "de, en;q=0.1", "en" }, { "english", "sv" }, { "e", "sv" }, { "en;q=2,sv;q=0.1", "sv" },
		{ "en;q=1.001,sv;q=0.1", "sv" }, { "en;q=,sv;q=0.1", "sv" }, { "en;q=0.9999,sv;q=0.1", "sv" }, { ",,;,en", "en" },
		{ "en ; q=0.5", "en" }, { "en;level=1", "sv" }, { "sv;q=0.1 , en;q=0.2", "en" },
	};

	for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++)
		CHECK_TEXT(language_asked(asked[i].accept, speak_language("sv"))->tag, asked[i].tag);
	CHECK_TEXT(language_asked("en,sv", speak_language("en"))->tag, "en");
	CHECK_TEXT(language_asked("de", speak_language("en"))->tag, "en");
	CHECK_TEXT(language_asked("sv", speak_language("en"))->tag, "sv");
}

int
main(void)
{
	TEST(a_text_is_found_in_its_catalog_or_stays_as_it_is);
	TEST(a_catalog_that_is_cut_or_out_of_order_is_refused);
	TEST(what_behov_carries_is_whole);
	TEST(a_template_says_it_in_the_language);
	TEST(what_is_wrong_in_a_translation_is_told_with_its_language);
	TEST(a_browser_gets_what_it_asks_for_most);
	text_close(&out);
	return check_done();
}
