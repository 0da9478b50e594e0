/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-hr.c - what HR exports say about people; whatever may be half of one says nothing. */
#include "../../agent/collect/hr_p.h"
#include <behov/fetch.h>
#include "check.h"

#include <arpa/inet.h>
#include <sys/wait.h>
#include <unistd.h>

static struct arena *mem;
static struct snapshot snap;
static struct attribute attributes[] = { { .name = "title", .hr = "Befattning" }, { .name = "unit", .hr = "Enhet" } };
static struct rules rules = { .attributes = attributes, .attribute_count = 2 };
static struct account people[2];
static const char *employees[2];

/* Anna is 7, Bo is 8. */
static void
join(const char *bytes, size_t len)
{
	char file[] = "/tmp/behov-test-hr-XXXXXX";
	int fd = mkstemp(file);

	CHECK(fd >= 0 && write(fd, bytes, len) == (ssize_t)len);
	close(fd);
	snap = (struct snapshot){ .accounts = people, .account_count = 2 };
	for (int i = 0; i < 2; i++) {
		people[i] = (struct account){ .values = arena_array(mem, const struct value *, 2) };
		employees[i] = arena_text(mem, i ? "8" : "7");
	}
	rules.conf.hr.file = arena_text(mem, file);
	rules.conf.hr.key = "Nr";
	hr_join(mem, &rules, &snap, employees);
	unlink(file);
}

static void join_text(const char *text) { join(text, strlen(text)); }

/* All values of one attribute, "a|b"; NULL = absent. */
static const char *
values(const struct account *a, int attribute)
{
	const char *all = NULL;

	for (const struct value *v = a->values[attribute]; v; v = v->more)
		all = all ? arena_print(mem, "%s|%s", all, v->text) : v->text;
	return all;
}

static bool
nothing_is_known(void)
{
	return people[0].unknown == 3 && people[1].unknown == 3 && !people[0].values[0] && !people[1].values[0]
	       && snap.gaps.count == 1 && strcmp(snap.gaps.items[0].what, "hr") == 0;
}

/* ------------------------------------------------------------------ CSV and JSON */

static void
a_table_is_read_in_every_encoding_and_with_every_separator(void)
{
	static const char *const same[] = {
		"Nr;Befattning;Enhet\n7;L\303\244rare;\303\226\n8;Kock;K\n", "Nr,Befattning,Enhet\n7,L\303\244rare,\303\226\n8,Kock,K\n",
		"Nr\tBefattning\tEnhet\r\n7\tL\303\244rare\t\303\226\r\n8\tKock\tK\r\n",
		"\357\273\277Nr;Befattning;Enhet\n7;\"L\303\244rare\";\303\226\n8;Kock;K\n", "Nr;Befattning;Enhet\n7;L\344rare;\326\n8;Kock;K\n",
		"[{\"Nr\":7,\"Befattning\":\"L\303\244rare\",\"Enhet\":\"\303\226\"},{\"Nr\":\"8\",\"Enhet\":\"K\",\"Befattning\":\"Kock\"}]",
		"\357\273\277 [{\"Nr\":7,\"Befattning\":\"L\\u00e4rare\",\"Enhet\":\"\\u00d6\",\"x\":null},{\"Nr\":8,\"Enhet\":\"K\",\"Befattning\":\"Kock\",\"y\":1.5}]\n",
	};

	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++) {
		join_text(same[i]);
		CHECK(snap.gaps.count == 0 && !people[0].unknown && !people[1].unknown && snap.seen.hr_rows == 2);
		CHECK_TEXT(values(&people[0], 0), "L\303\244rare");
		CHECK_TEXT(values(&people[0], 1), "\303\226");
		CHECK_TEXT(values(&people[1], 0), "Kock");
	}
}

static void
the_list_in_an_object_is_the_one_that_was_named(void)
{
	rules.conf.hr.list = "rader";
	join_text("{\"rader\":[{\"Nr\":7,\"Befattning\":\"Kock\",\"Enhet\":null}],\"total\":1,\"next\":null}");
	CHECK(snap.gaps.count == 0);
	CHECK_TEXT(values(&people[0], 0), "Kock");
	CHECK(!values(&people[0], 1) && !people[0].unknown);
	rules.conf.hr.list = NULL;
}

static void
json_that_may_not_be_the_whole_list_says_nothing(void)
{
#define ROWS "\"rader\":[{\"Nr\":7,\"Befattning\":\"Kock\",\"Enhet\":\"K\"}]"
	static const char *const bad[] = {
		"{\"rader\":[]}", "{\"error\":\"no\"}", "{\"rader\":{\"Nr\":7}}", "[" ROWS "]", "{" ROWS, "{" ROWS ",\"rader\":[]}",
		"{" ROWS ",\"next\":\"?page=2\"}", "{" ROWS ",\"@odata.nextLink\":\"x\"}", "{" ROWS ",\"hasMore\":true}",
		"{" ROWS ",\"total\":2}", "{" ROWS ",\"links\":{\"next\":\"x\"}}", "{\"rader\":[7]}",
		"{\"rader\":[{\"Nr\":7,\"Befattning\":[\"a\"],\"Enhet\":\"K\"}]}", "{" ROWS "}x",
		"{\"rader\":[{\"Nr\":7,\"Befattning\":\"a\\u0000b\",\"Enhet\":\"K\"}]}",
		"{\"rader\":[{\"Nr\":7,\"Nr\":8,\"Befattning\":\"a\",\"Enhet\":\"K\"}]}",
	};

	rules.conf.hr.list = "rader";
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		join_text(bad[i]);
		CHECK(nothing_is_known());
	}
	rules.conf.hr.list = NULL;
	join_text("{" ROWS "}");
	CHECK(nothing_is_known() && strstr(snap.gaps.items[0].text, "hr.list"));
	join_text("[]");
	CHECK(nothing_is_known());
}

static void
no_error_quotes_what_stands_in_the_file(void)
{
	static const char *const bad[] = {
		"[{\"Nr\":\"199001011239\" \"x\":1}]", "[{\"Nr\":199001011239 \"x\":1}]", "[{\"x\":1 \"199001011239\"}]", "[{\"Nr\": 1 199001011239}]",
		"[\"199001011239\"]", "[{\"Nr\":[199001011239]}]",
		"Nr;Befattning;Enhet\n199001011239;x\n", "Nr;Befattning;Enhet\n\"199001011239\"x;a;b\n", "Nr;Befattning;Enhet\n199001011239;\"a;b\n",
		"Nr;Befattning;Enhet\n199001011239;a;b",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		join_text(bad[i]);
		CHECK(nothing_is_known() && !strstr(snap.gaps.items[0].text, "19900101"));
	}
}

/* ------------------------------------------------------------------ employments */

/* Anna's rows: befattning;from;to. */
static void
employed(const char *rows)
{
	rules.conf.hr.from = "Fr";
	rules.conf.hr.to = "Till";
	join_text(arena_print(mem, "Nr;Befattning;Enhet;Fr;Till\n8;Kock;K;;\n%s", rows));
	rules.conf.hr.from = rules.conf.hr.to = NULL;
}

static void
all_employments_in_force_count_together(void)
{
	employed("7;Rektor;S;2020-01-01;\n7;Kock;K;20260801;20261124\n7;Vakt;V;2019-01-01;2026-11-23\n7;Rektor;T;2026-11-24T00:00:00;9999-12-31\n"
		 "7;Chef;C;2026-11-25;\n");
	CHECK(snap.gaps.count == 0 && !people[0].unknown && !people[0].left);
	CHECK_TEXT(values(&people[0], 0), "Kock|Rektor");
	CHECK_TEXT(values(&people[0], 1), "K|S|T");
	CHECK_TEXT(people[0].values[0]->folded, "kock");
}

static void
who_has_no_employment_in_force_has_left(void)
{
	employed("7;Rektor;S;2020-01-01;2026-11-23\n7;Rektor;S;;20200101\n");
	CHECK(snap.gaps.count == 0 && people[0].left && !people[0].unknown && !people[0].values[0] && !people[1].left);
	employed("");
	CHECK(!people[0].left && !people[0].values[0]);
}

static void
who_begins_later_has_not_left(void)
{
	employed("7;Rektor;S;2020-01-01;2026-06-30\n7;Rektor;S;2026-12-01;\n");
	CHECK(snap.gaps.count == 0 && !people[0].left && !people[0].values[0] && !people[0].unknown);
}

static void
a_date_that_cannot_be_read_makes_that_person_unknown(void)
{
	static const char *const dates[] = {
		"2026-13-01;", "1/5 2020;", ";2026-02-30", "2020-01-01T00:00:00Z;", "2020-01-01T23:00:00;", "0;", ";00000000", "2026-01-02;2026-01-01",
		"202001011;", ";-", "2020-01-01x;",
	};

	for (size_t i = 0; i < sizeof(dates) / sizeof(*dates); i++) {
		employed(arena_print(mem, "7;Rektor;S;2020-01-01;\n7;Kock;S;%s\n", dates[i]));
		CHECK(people[0].unknown == 3 && !people[0].values[0] && !people[0].left && !people[1].unknown && people[1].values[0]);
		CHECK(snap.gaps.count == 1);
		if (snap.gaps.count)
			CHECK_TEXT(snap.gaps.items[0].text, "1 people have an employment whose dates cannot be read");
	}
}

static void
a_column_of_dates_that_is_not_there_says_nothing(void)
{
	rules.conf.hr.to = "Slut";
	join_text("Nr;Befattning;Enhet\n7;Kock;K\n");
	CHECK(nothing_is_known() && strstr(snap.gaps.items[0].text, "'Slut'"));
	rules.conf.hr.to = NULL;
	join_text("Nr;Befattning;Enhet\n7;Kock;K\n7;Rektor;K\n8;Kock;K\n");
	CHECK(people[0].unknown == 3 && !people[1].unknown && snap.gaps.count == 1);
}

/* ------------------------------------------------------------------ units */

/* Anna works in these units, Bo in 4; the tree is given. */
static void
placed(const char *tree, const char *rows)
{
	char file[] = "/tmp/behov-test-units-XXXXXX";
	int fd = mkstemp(file);

	CHECK(fd >= 0 && write(fd, tree, strlen(tree)) == (ssize_t)strlen(tree));
	close(fd);
	rules.conf.hr.units.file = file;
	rules.conf.hr.units.column = "Enhet";
	rules.conf.hr.units.id = "Id";
	rules.conf.hr.units.parent = "Under";
	rules.conf.hr.units.name = "Namn";
	employed(rows);
	unlink(file);
	rules.conf.hr.units.file = rules.conf.hr.units.column = NULL;
}

#define TREE "Id;Under;Namn\n1;;Kommunen\n2;1;Skola\n3;2;\303\226stra skolan\nK;1;K\303\266k\n"

static void
who_works_in_a_unit_works_in_all_above(void)
{
	placed(TREE, "7;Rektor;3;;\n");
	CHECK(snap.gaps.count == 0 && !people[0].unknown && !people[1].unknown);
	CHECK_TEXT(values(&people[0], 1), "3|Kommunen|Skola|\303\226stra skolan");
	CHECK_TEXT(values(&people[1], 1), "K|Kommunen|K\303\266k");
	placed(TREE, "7;Rektor;3;;\n7;Kock;K;;\n7;Vakt;;;\n");
	CHECK_TEXT(values(&people[0], 1), "3|K|Kommunen|K\303\266k|Skola|\303\226stra skolan");
	placed(TREE, "7;Rektor;;;\n");
	CHECK(!people[0].unknown && !people[0].values[1] && snap.gaps.count == 0);
	placed("[{\"Id\":\"K\",\"Under\":null,\"Namn\":\"X\"}]", "");
	CHECK_TEXT(values(&people[1], 1), "K|X");
}

static void
a_tree_that_is_not_whole_leaves_unknown_where_people_work(void)
{
	static const char *const trees[] = {
		"Id;Under;Namn\n3;2;A\n2;3;B\nK;;K\n",                /* a circle */
		"Id;Under;Namn\n3;3;A\nK;;K\n", "Id;Under;Namn\n3;9;A\nK;;K\n",     /* of one; no parent */
		"Id;Under;Namn\nK;;K\n",                              /* not there at all */
	};
	static const char *const broken[] = { "", "Id;Under\nK;\n", "Id;Under;Namn\n3;;A\n3;;B\nK;;K\n", "Id;Under;Namn\nK;;K" };

	for (size_t i = 0; i < sizeof(trees) / sizeof(*trees); i++) {
		placed(trees[i], "7;Rektor;3;;\n");
		CHECK(people[0].unknown == 2 && !people[0].values[1] && !people[1].unknown && people[1].values[1]);
		CHECK_TEXT(values(&people[0], 0), "Rektor");
		CHECK(snap.gaps.count == (i < 3 ? 2 : 1));
		placed(trees[i], "7;Rektor;K;;\n7;Kock;3;;\n");
		CHECK(people[0].unknown == 2 && !people[0].values[1]);
	}
	for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
		placed(broken[i], "7;Rektor;3;;\n");
		CHECK(people[0].unknown == 2 && people[1].unknown == 2 && snap.gaps.count == 1 && people[0].values[0]);
	}
}

/* ------------------------------------------------------------------ protected identity */

static void
any_word_but_no_is_a_mark_and_an_empty_cell_says_nothing(void)
{
	static const struct { const char *word; bool secret, open; } words[] = {
		{ "ja", true, false }, { "1", true, false }, { "x", true, false }, { "TRUE", true, false }, { "sekretessmarkering", true, false },
		{ "nej men", true, false }, { "Nej", false, true }, { " 0", false, true }, { "false", false, true }, { "", false, false },
		{ " ", false, false },
	};

	rules.conf.hr.protected = "Skydd";
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		join_text(arena_print(mem, "Nr;Befattning;Enhet;Skydd\n7;Kock;K;%s\n8;Kock;K;\n", words[i].word));
		CHECK(people[0].secret == words[i].secret && people[0].open == words[i].open);
		CHECK(!people[1].secret && !people[1].open && snap.gaps.count == 0);
	}
	join_text("Nr;Befattning;Enhet;Skydd\n7;Kock;K;nej\n7;Rektor;K;ja\n");
	CHECK(people[0].secret && !people[0].open);
	join_text("Nr;Befattning;Enhet\n7;Kock;K\n");
	CHECK(nothing_is_known() && !people[0].open);
	rules.conf.hr.protected = NULL;
}

/* ------------------------------------------------------------------ personnummer */

static void
every_way_of_writing_a_personnummer_is_the_same(void)
{
	static const char *const same[][2] = {
		{ "19900101-1239", "199001011239" }, { "199001011239", "199001011239" }, { "900101-1239", "199001011239" },
		{ "9001011239", "199001011239" }, { " 900101 1239 ", "199001011239" }, { "260101-1239", "202601011239" },
		{ "270101-1239", "192701011239" }, { "260101+1239", "192601011239" }, { "250101+1239", "192501011239" },
		{ "270101+1239", "182701011239" }, { "000101-1239", "200001011239" }, { "19900161-1239", "199001611239" },
	};
	static const char *const none[] = { "", "7", "900101-123", "19900101-12399", "900101-123x", "19900101-TF12", "90010112391", "\303\245" };
	char out[13];

	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++) {
		CHECK(hr_personnummer(same[i][0], 2026, out));
		CHECK_TEXT(out, same[i][1]);
	}
	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++)
		CHECK(!hr_personnummer(none[i], 2026, out));
}

static void
a_number_is_joined_by_what_stands_for_it_and_overwritten(void)
{
	char folder[] = "/tmp/behov-test-hr-key-XXXXXX", number[] = "900101-1239", other[] = "t-71";
	struct hr_secret secret = { 0 };
	struct error err = { 0 };
	const char *a, *b;

	CHECK(mkdtemp(folder) != NULL);
	rules.conf.hr.key_hash = true;
	rules.conf.hr.key_file = arena_print(mem, "%s/key", folder);
	CHECK(hr_secret_open(mem, &rules.conf, &secret, &err) == 0 && secret.len == 64);
	a = hr_hide(mem, &secret, number);
	b = hr_hide(mem, &secret, arena_text(mem, "19900101-1239"));
	CHECK_TEXT(a, b);
	CHECK(strlen(a) == 64 && !memcmp(number, (char[12]){ 0 }, sizeof(number)));
	CHECK(strcmp(hr_hide(mem, &secret, other), hr_hide(mem, &secret, arena_text(mem, "t-71"))) == 0);
	unlink(rules.conf.hr.key_file);
	CHECK(hr_secret_open(mem, &rules.conf, &secret, &err) == 0 && strcmp(hr_hide(mem, &secret, arena_text(mem, "9001011239")), a) != 0);
	join_text("[{\"Nr\":true,\"Befattning\":\"Vakt\",\"Enhet\":\"V\"},{\"Nr\":7,\"Befattning\":\"Kock\"},{\"Befattning\":\"Kock\"}]");
	CHECK_TEXT(values(&people[0], 0), "Kock");
	attributes[1] = (struct attribute){ .name = "id", .ad = "EMPLOYEEID" };
	join_text("Nr;Befattning\n7;Kock\n");                  /* and no need may ask for it */
	CHECK(people[0].unknown == 2 && people[1].unknown == 2 && snap.gaps.count == 0);
	CHECK_TEXT(values(&people[0], 0), "Kock");
	attributes[1] = (struct attribute){ .name = "unit", .hr = "Enhet" };
	unlink(rules.conf.hr.key_file);
	rmdir(folder);
	join_text("Nr;Befattning;Enhet\n7;Kock;K\n");          /* there is no place for the key */
	CHECK(nothing_is_known() && strstr(snap.gaps.items[0].text, "key"));
	rules.conf.hr.key_hash = false;
}

/* ------------------------------------------------------------------ fetched */

/* A child that answers one caller with `size` bytes. */
static pid_t
answer_once(int listener, size_t size)
{
	pid_t pid = fork();

	if (pid == 0) {
		char text[512];
		int fd = accept(listener, NULL, NULL), n;

		n = snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%0*d", size, (int)size, 0);
		_exit(fd < 0 || read(fd, (char[4096]){ 0 }, 4096) < 0 || write(fd, text, (size_t)n) != n);
	}
	return pid;
}

static void
more_than_may_come_is_refused(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct fetch what = { .timeout = 30, .most = 100 };

	CHECK(bind(listener, (struct sockaddr *)&at, len) == 0 && listen(listener, 1) == 0
	      && getsockname(listener, (struct sockaddr *)&at, &len) == 0);
	what.url = arena_print(mem, "http://127.0.0.1:%d/a?hemligt", ntohs(at.sin_port));
	for (size_t size = 100; size < 102; size++) {
		struct error err = { 0 };
		char *bytes = NULL;
		size_t got = 0;
		pid_t pid = answer_once(listener, size);
		int rc = fetch_url(mem, &what, &bytes, &got, &err);

		CHECK((rc == 0) == (size == 100) && (rc < 0 || (got == 100 && strlen(bytes) == 100)));
		CHECK(rc == 0 || (strstr(err.text, "larger than 100 bytes") && !strstr(err.text, "hemligt")));
		waitpid(pid, NULL, 0);
	}
	close(listener);
}

int main(void)
{
	int64_t now = 0;

	mem = arena_open();
	CHECK(clock_parse("2026-11-24T02:00+01:00", &now) == 0);
	clock_freeze(now);
	TEST(a_table_is_read_in_every_encoding_and_with_every_separator);
	TEST(the_list_in_an_object_is_the_one_that_was_named);
	TEST(json_that_may_not_be_the_whole_list_says_nothing);
	TEST(no_error_quotes_what_stands_in_the_file);
	TEST(all_employments_in_force_count_together);
	TEST(who_has_no_employment_in_force_has_left);
	TEST(who_begins_later_has_not_left);
	TEST(a_date_that_cannot_be_read_makes_that_person_unknown);
	TEST(a_column_of_dates_that_is_not_there_says_nothing);
	TEST(who_works_in_a_unit_works_in_all_above);
	TEST(a_tree_that_is_not_whole_leaves_unknown_where_people_work);
	TEST(any_word_but_no_is_a_mark_and_an_empty_cell_says_nothing);
	TEST(every_way_of_writing_a_personnummer_is_the_same);
	TEST(a_number_is_joined_by_what_stands_for_it_and_overwritten);
	TEST(more_than_may_come_is_refused);
	arena_close(mem);
	return check_done();
}
