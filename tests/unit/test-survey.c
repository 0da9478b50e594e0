/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-survey.c - what names are built of, which words are alike, and a survey that stays small. */
#include "../../agent/suggest/survey.c"
#include "check.h"

static struct arena *mem;

static const char *
pattern(const char *name)
{
	unsigned shape;

	return shape_pattern(mem, name, &shape);
}

static void
names_built_alike_have_one_pattern(void)
{
	CHECK_TEXT(pattern("2019"), "{year}");
	CHECK_TEXT(pattern("Budget 2019"), "Budget {year}");
	CHECK_TEXT(pattern("2019-2020"), "{year}-{year}");
	CHECK_TEXT(pattern("2019-03"), "{year}-*");
	CHECK_TEXT(pattern("2019-03-01"), "{date}");
	CHECK_TEXT(pattern("20190301 Kallelse"), "{date} *");
	CHECK_TEXT(pattern("KS-2021-0042"), "{case}");
	CHECK_TEXT(pattern("KS 2021-0042 Storgatan 1"), "{case} *");
	CHECK_TEXT(pattern("ÖFN 2021-7"), "{case}");
	CHECK_TEXT(pattern("2019-123"), "{case}");
	CHECK_TEXT(pattern("Dnr 2019-123"), "Dnr {case}");
	CHECK_TEXT(pattern("12345"), "*");
	CHECK_TEXT(pattern("1850"), "*");
}

static void
what_is_no_date_is_text(void)
{
	CHECK_TEXT(pattern("2019-02-30"), "{year}-02-30");
	CHECK_TEXT(pattern("A12019"), "A12019");
	CHECK_TEXT(pattern("20191345 x"), "20191345 x");
	CHECK(shape_of("V20 2019.pdf") == SHAPE_YEAR);
	CHECK(shape_of("bild 12019.jpg") == 0);
}

static void
somebodys_number_stands_in_no_pattern(void)
{
	CHECK_TEXT(pattern("19850312-1234"), "*");
	CHECK_TEXT(pattern("850312-1234 Andersson"), "*");
	CHECK_TEXT(pattern("198503121234"), "*");
	CHECK_TEXT(pattern("Akt 850372-1234"), "*");            /* a samordningsnummer */
}

static void
what_would_mean_something_in_a_pattern_is_any_one_character(void)
{
	CHECK_TEXT(pattern("a*b"), "a?b");
	CHECK_TEXT(pattern("**"), "??");
	CHECK_TEXT(pattern("{year}"), "?year?");
	CHECK_TEXT(pattern("\xff\xe5 avtal"), "?? avtal");
	CHECK_TEXT(pattern("rad\nbruten"), "rad?bruten");
	CHECK_TEXT(pattern("\xe2\x80\xaevänd"), "?vänd");        /* U+202E is one character */
	CHECK_TEXT(pattern("ANGE-MAPP"), "?NGE-MAPP");
	CHECK_TEXT(pattern("50 %"), "50 %");
	CHECK_TEXT(pattern("Räksmörgås"), "Räksmörgås");
}

static int
alike(const char *a, const char *b)
{
	struct words x, y;

	words_of(mem, a, &x);
	words_of(mem, b, &y);
	return x.count && y.count ? words_alike(x.list[0], y.list[0]) : -1;
}

static void
words_are_alike_through_endings_marks_and_compounds(void)
{
	CHECK(alike("FAKTUROR", "faktura") == 100);
	CHECK(alike("Avtalen", "avtal") == 100);
	CHECK(alike("detaljplan", "Detaljplaner") == 100);
	CHECK(alike("Loner", "Lön") == 100);
	CHECK(alike("Leverantörsfakturor", "faktura") == 70);
	CHECK(alike("Fakturaunderlag", "faktura") == 50);
	CHECK(alike("Avtal", "Vårdnadsavtal") == 40);
	CHECK(alike("Kontakter", "akter") == 0);
	CHECK(alike("och", "avtal") == -1);
}

static void
folders_above_belong_to_the_word(void)
{
	struct words above, own, draft;

	words_of(mem, "Personal", &above);
	words_of(mem, "Akter", &own);
	words_join(mem, &above, &own);
	words_of(mem, "Personalakter", &draft);
	CHECK(own.count == 3 && own.own == 1 && words_alike(own.list[1], draft.list[0]) == 100);
}

/* ------------------------------------------------------------------ a share without a file system */

static bool
enter(void *self, const char *path, void *above, void **state)
{
	(void)self, (void)path, (void)above;
	*state = NULL;
	return true;
}

static void
leave(void *self, void *state, const char *path, bool complete)
{
	(void)self, (void)state, (void)path, (void)complete;
}

static const struct series *
governs(void *self, void *state, const char *path, const struct entry *entry)
{
	(void)self, (void)state, (void)path, (void)entry;
	return NULL;
}

static struct rules rules;
static const struct share share = { .id = "s", .name = "S" };
static const struct visitor below = { .enter = enter, .leave = leave };
static struct survey *survey;
static const struct visitor *visitor;
static void *stack[8];
static char path[256];
static int depth;

static void
begin(void)
{
	survey = suggest_survey(mem, &(struct survey_input){ .rules = &rules, .share = &share, .below = &below, .governs = governs });
	visitor = suggest_survey_visitor(survey);
	depth = 0;
	path[0] = '\0';
	visitor->enter(survey, "", NULL, &stack[0]);
}

static void
down(const char *name)
{
	size_t len = strlen(path);

	snprintf(path + len, sizeof(path) - len, "%s%s", len ? "/" : "", name);
	visitor->enter(survey, path, stack[depth], &stack[depth + 1]);
	depth++;
}

static void
file(const char *name)
{
	visitor->file(survey, stack[depth], path, &(struct entry){ .name = name, .stated = true, .size = 1 });
}

static void
up(void)
{
	char *slash = strrchr(path, '/');

	visitor->leave(survey, stack[depth--], path, true);
	*(slash ? slash : path) = '\0';
}

static void
tree(bool backwards)
{
	char name[32];

	for (int k = 0; k < 60; k++) {
		int a = backwards ? 59 - k : k;

		snprintf(name, sizeof(name), "Enhet %c%d", 'A' + a % 26, a);
		down(name);
		for (int i = 0; i < 500; i++) {
			int b = backwards ? 499 - i : i;

			snprintf(name, sizeof(name), a % 2 ? "Namn %c%dx" : "KS-2019-%c%d", a % 2 ? 'a' + b % 26 : '0' + b % 10, b);
			down(name);
			down(b % 2 ? "Avtal" : "2019");
			file("hyresavtal.pdf");
			up();
			file("~$x.docx");
			up();
		}
		up();
	}
}

static void
a_large_share_takes_little_memory_and_each_file_is_counted_once(void)
{
	begin();
	tree(false);
	CHECK(survey->nodes < 1000);
	survey_sum(survey);
	CHECK(survey->root->all.files == 60000 && survey->root->all.bytes == 60000);
	CHECK(survey->root->all.ungoverned == 60000 && survey->root->all.precious == 30000);
	CHECK(survey->fleeting[0] == 30000);
	suggest_survey_close(survey);
}

static void
what_is_told_does_not_depend_on_the_order_of_folders(void)
{
	char *first;

	begin();
	tree(false);
	first = suggest_retention(survey, true, NULL, 0);
	suggest_survey_close(survey);
	begin();
	tree(true);
	CHECK(strcmp(suggest_retention(survey, true, NULL, 0), first) == 0);
	suggest_survey_close(survey);
}

static void
too_many_folders_are_cut_off_by_depth_and_nothing_is_lost(void)
{
	char name[32];

	begin();
	for (int a = 0; a < 90; a++) {
		snprintf(name, sizeof(name), "a%cq", 'A' + a);
		for (int b = 0; b < 90; b++) {
			down(name);
			down("mitt");
			snprintf(name, sizeof(name), "b%cq", 'A' + b);
			down(name);
			for (int c = 0; c < 4; c++) {
				snprintf(name, sizeof(name), "c%cq", 'A' + c);
				down(name);
				file("x.txt");
				up();
			}
			up(), up(), up();
			snprintf(name, sizeof(name), "a%cq", 'A' + a);
		}
	}
	CHECK(survey->nodes <= NODES_MOST && survey->depth_most < DEPTH_FIRST);
	survey_sum(survey);
	CHECK(survey->root->all.files == 90 * 90 * 4);
	CHECK(strstr(suggest_retention(survey, true, NULL, 0), "djupare än") != NULL);
	suggest_survey_close(survey);
}

int
main(void)
{
	mem = arena_open();
	TEST(names_built_alike_have_one_pattern);
	TEST(what_is_no_date_is_text);
	TEST(somebodys_number_stands_in_no_pattern);
	TEST(what_would_mean_something_in_a_pattern_is_any_one_character);
	TEST(words_are_alike_through_endings_marks_and_compounds);
	TEST(folders_above_belong_to_the_word);
	TEST(a_large_share_takes_little_memory_and_each_file_is_counted_once);
	TEST(what_is_told_does_not_depend_on_the_order_of_folders);
	TEST(too_many_folders_are_cut_off_by_depth_and_nothing_is_lost);
	arena_close(mem);
	return check_done();
}
