/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-template.c - a template writes what its data says, quoted for its place, and refuses what it does not know. */
#include "check.h"
#include "behov/json.h"
#include "behov/template.h"

static struct text out;
static struct error err;

/* Renders `source` over a JSON text; NULL when it was refused, with err. */
static const char *
render(enum template_kind kind, const char *source, const char *json)
{
	json_t *data = NULL;
	int rc;

	err = (struct error){ 0 };
	text_close(&out);
	text_open(&out, 100000);
	CHECK(json_read(json, strlen(json), &data, &err) == 0);
	rc = template_render(kind, "t", source, data, &out, &err);
	json_decref(data);
	return rc < 0 ? NULL : out.data;
}

#define TEXT(source, json) render(TEMPLATE_TEXT, source, json)
#define HTML(source, json) render(TEMPLATE_HTML, source, json)

static void
a_value_is_quoted_for_html(void)
{
	CHECK_TEXT(HTML("<a title=\"{{x}}\">{{n}}</a>", "{\"x\":\"\\\"<å>&'\",\"n\":-3}"),
		   "<a title=\"&quot;&lt;å&gt;&amp;&#39;\">-3</a>");
	CHECK_TEXT(HTML("{{x}}", "{\"x\":\"{{y}}\"}"), "{{y}}");
}

static void
a_text_keeps_its_lines_and_loses_its_controls(void)
{
	CHECK_TEXT(TEXT("{{x}}", "{\"x\":\"<a>\\nb\\r\\u0007\\u009b\\u202e&\"}"), "<a>\nb????&");
}

static void
names_are_looked_up_from_the_inner_section_outwards(void)
{
	CHECK_TEXT(TEXT("{{#l}}{{a}}{{b}} {{/l}}", "{\"a\":\"A\",\"b\":\"B\",\"l\":[{\"a\":\"1\"},{\"b\":null}]}"), "1B A ");
	CHECK_TEXT(TEXT("{{#o}}{{a}}{{/o}}{{a}}", "{\"a\":\"A\",\"o\":{\"a\":\"i\"}}"), "iA");
}

static void
what_is_absent_is_shown_only_by_its_absence(void)
{
	static const char *const absent[] = { "null", "false", "\"\"", "[]", "0" }, *const present[] = { "true", "\"x\"", "{}", "[1]", "2" };

	for (size_t i = 0; i < 5; i++) {
		char json[40];
		snprintf(json, sizeof(json), "{\"x\":%s}", absent[i]);
		CHECK_TEXT(TEXT("{{#x}}ja{{/x}}{{^x}}nej{{/x}}", json), "nej");
		snprintf(json, sizeof(json), "{\"x\":%s}", present[i]);
		CHECK_TEXT(TEXT("{{#x}}ja{{/x}}{{^x}}nej{{/x}}", json), "ja");
	}
}

static void
a_tag_alone_on_its_line_takes_the_line(void)
{
	CHECK_TEXT(TEXT("a\n  {{#l}}  \n - {{x}}\n{{/l}}\n{{! en\nnot }}\nb\n", "{\"l\":[{\"x\":\"1\"},{\"x\":\"2\"}]}"),
		   "a\n - 1\n - 2\nb\n");
	CHECK_TEXT(TEXT("a {{#x}}b{{/x}}\n{{x}}\nc", "{\"x\":\"1\"}"), "a b\n1\nc");
}

static void
a_name_that_is_nowhere_is_an_error_with_its_line(void)
{
	CHECK(!TEXT("a\n\n{{y}}", "{\"x\":\"1\"}") && strstr(err.text, "'t' line 3") && strstr(err.text, "'y'"));
	CHECK(!TEXT("{{#y}}{{/y}}", "{}") && strstr(err.text, "'y'"));
	CHECK(!TEXT("{{^y}}{{/y}}", "{}") && strstr(err.text, "'y'"));
	CHECK(!TEXT("{{>hej}}", "{}") && strstr(err.text, "'hej'"));
	CHECK_TEXT(TEXT("{{#x}}{{y}}{{/x}}", "{\"x\":null}"), "");
}

static void
a_broken_template_is_refused_whatever_its_data(void)
{
	static const char *const broken[] = { "{{#x}}", "{{/x}}", "{{#x}}{{/y}}", "{{x", "{{}}", "{{{x}}}", "{{#x}}{{#x}}{{/x}}", "{{#}}" };

	for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
		CHECK(!TEXT(broken[i], "{\"x\":\"1\"}") && err.text[0]);
	}
	CHECK(!TEXT("{{^x}}{{#y}}{{/x}}", "{\"x\":\"1\"}"));
	CHECK(!TEXT("{{x}}", "{\"x\":{}}") && strstr(err.text, "cannot be written"));
}

static void
nothing_is_larger_or_deeper_than_its_maximum(void)
{
	struct text deep, small;
	json_t *data = json_pack("{s:s}", "x", "1234567890");

	text_open(&deep, 1000);
	for (int i = 0; i < 40; i++)
		text_add(&deep, "{{#x}}");
	for (int i = 0; i < 40; i++)
		text_add(&deep, "{{/x}}");
	CHECK(!TEXT(deep.data, "{\"x\":\"1\"}") && strstr(err.text, "deep"));
	text_open(&small, 15);
	CHECK(template_render(TEMPLATE_TEXT, "t", "{{x}}{{x}}", data, &small, &err) < 0 && strstr(err.text, "15"));
	text_close(&small);
	text_close(&deep);
	json_decref(data);
}

static void
a_part_is_found_with_and_without_its_ending(void)
{
	CHECK(HTML("{{>style}}", "{}") && strstr(out.data, "<style>"));
	CHECK(HTML("{{>style.html}}", "{}") && strstr(out.data, "<style>"));
	CHECK(!TEXT("{{>style}}", "{}"));
	CHECK(template_source("digest.txt") && !template_source("digest") && !template_source("../behov.cfg"));
}

int
main(void)
{
	TEST(a_value_is_quoted_for_html);
	TEST(a_text_keeps_its_lines_and_loses_its_controls);
	TEST(names_are_looked_up_from_the_inner_section_outwards);
	TEST(what_is_absent_is_shown_only_by_its_absence);
	TEST(a_tag_alone_on_its_line_takes_the_line);
	TEST(a_name_that_is_nowhere_is_an_error_with_its_line);
	TEST(a_broken_template_is_refused_whatever_its_data);
	TEST(nothing_is_larger_or_deeper_than_its_maximum);
	TEST(a_part_is_found_with_and_without_its_ending);
	text_close(&out);
	return check_done();
}
