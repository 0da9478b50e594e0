/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test-register.c - what the register takes, and what it refuses.
 */
#include "check.h"
#include "behov/file.h"
#include "behov/log.h"
#include "behov/register.h"
#include <sys/stat.h>
#include <unistd.h>

#define CONF "organisation = \"K\"; store = \"sqlite:b.db\"; rules = \"rules\";\n" \
	"directory = { source = \"file:d.ldif\"; base = \"DC=kalmar,DC=example\"; attributes = { unit = \"company\"; }; };\n" \
	"mail = { server = \"maildir:o\"; from = \"b@kalmar.example\"; };\n" \
	"web = { listen = \"127.0.0.1:8440\"; url = \"http://127.0.0.1:8440\"; };\n"
#define NEED "why = \"x\"; by = \"a\"; since = \"2026-01-15\"; "
#define SHARE "shares = ( { id = \"ekonomi\"; path = \"/srv/ekonomi\"; identity = \"none\"; } );\n"
#define SERIES(rest) SHARE "series = ( { id = \"v\"; " rest " } );"
#define WHERE(path) "where = ( { share = \"ekonomi\"; path = \"" path "\"; } ); "
#define ROLE(rest) "system = { id = \"t\"; roles = ( { id = \"h\"; " rest " } ); };"

static struct arena *mem;
static struct rules rules;

/* The number of complaints, 0 when it loads. */
static int
load(const char *conf, const char *text)
{
	char dir[] = "/tmp/behov-register-XXXXXX";
	struct error err = { 0 };
	int rc, n = 0;

	if (!mkdtemp(dir))
		return -1;
	char *folder = arena_print(mem, "%s/rules", dir), *c = arena_print(mem, "%s/behov.cfg", dir),
	     *f = arena_print(mem, "%s/r.cfg", folder);
	mkdir(folder, 0700);
	if (file_write(c, conf, strlen(conf), &err) < 0 || file_write(f, text, strlen(text), &err) < 0)
		n = -1;
	rc = register_load(mem, c, &rules, &err);
	if (rc < 0 && n == 0)
		n = atoi(err.text);
	unlink(f);
	unlink(c);
	rmdir(folder);
	rmdir(dir);
	return n;
}

static void
the_smallest_configuration_loads(void)
{
	CHECK(load(CONF, SHARE) == 0);
	CHECK(rules.share_count == 1);
	CHECK(rules.conf.brake.count == 10 && rules.conf.link_days == 30);
}

static void
a_system_loads_with_its_words(void)
{
	CHECK(load(CONF, ROLE("groups = ( \"CN=x\" ); needs = ( { " NEED "title = \"Enhetschef*\"; unit = (\"S\", \"T\");"
			      " not = { employeeType = \"konsult\"; }; } );")) == 0);
	CHECK_TEXT(rules.systems[0].roles[0].needs[0].text,
		   "title = \"Enhetschef*\" och unit = \"S\" eller \"T\" och inte (employeeType = \"konsult\")");
	CHECK_TEXT(rules.systems[0].at.file, "rules/r.cfg");
	CHECK(rules.systems[0].roles[0].system == &rules.systems[0]);
}

static void
a_series_loads(void)
{
	CHECK(load(CONF, SERIES("action = \"destroy\"; keep = \"7 years\"; clock = \"path-year\"; "
		"decision = { dnr = \"KS 1\"; date = \"2019-02-12\"; body = \"KS\"; }; "
		WHERE("V/{year}/**") "batch = { path = \"V/{year}\"; whole = true; };")) == 0);
	CHECK(rules.series[0].decided && rules.series[0].whole);
	CHECK(load(CONF, SERIES("action = \"preserve\"; " WHERE("**"))) == 0);
}

static void
each_mistake_is_a_complaint(void)
{
	static const char *const wrong[] = {
		"nonsense = 1;",
		"shares = ( { id = \"a\"; path = 7; } );",
		"shares = ( { id = \"a\"; path = \"/a\"; }, { id = \"a\"; path = \"/b\"; } );",
		"shares = ( { id = \"a\"; path = \"/a\"; class = { riktighet = 4; }; } );",
		"shares = ( { id = \"a\"; path = \"/a\"; class = { riktighet = 5000000000; }; } );",
		"system = { id = \"t\"; apply = \"webhook\"; };",
		"system = { id = \"t\"; apply = \"other\"; };",
		"system = { id = \"t\"; roles = ( { id = \"c\"; groups = \"CN=x\"; } );"
		" conflicts = ( { why = \"w\"; roles = ( \"a/b\", \"t/c\" ); } ); };",
		"holds = ( { id = \"h\"; share = \"none\"; reason = \"r\"; } );",
		"@include \"/etc/passwd\"",
		ROLE("name = \"no groups\";"),
		ROLE("groups = ( \"CN=x\" ); needs = ( { " NEED "} );"),
		ROLE("groups = ( \"CN=x\" ); needs = ( { " NEED "title = \"a\"; shoe = \"b\"; } );"),
		ROLE("groups = ( \"CN=x\" ); needs = ( { why = \"x\"; by = \"a\"; since = \"2026-02-30\"; title = \"a\"; } );"),
		SERIES("action = \"destroy\"; clock = \"modified\"; " WHERE("a/**")),
		SERIES("action = \"destroy\"; keep = \"7 years\"; " WHERE("a/**")),
		SERIES("action = \"destroy\"; keep = \"long\"; clock = \"modified\"; " WHERE("a/**")),
		SERIES("action = \"destroy\"; keep = \"7 years\"; clock = \"event\"; " WHERE("a/**")),
		SERIES("action = \"destroy\"; keep = \"7 years\"; clock = \"path-year\"; " WHERE("a/**")),
		SERIES("action = \"destroy\"; keep = \"7 years\"; clock = \"path-date\"; " WHERE("{year}/**")),
		SERIES("action = \"preserve\"; " WHERE("/a")),
		SERIES("action = \"preserve\"; " WHERE("a//b")),
		SERIES("action = \"preserve\"; " WHERE("a/../b")),
		SERIES("action = \"preserve\"; " WHERE("a/x**")),
		SERIES("action = \"preserve\"; " WHERE("a/{month}")),
		SERIES("action = \"preserve\"; " WHERE("a/**") "batch = { path = \"b\"; };"),
		"series = ( { id = \"v\"; action = \"preserve\"; where = ( { share = \"x\"; path = \"**\"; } ); } );",
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		int n = load(CONF, wrong[i]);

		if (n != 1)
			fprintf(stderr, "%d complaints about: %s\n", n, wrong[i]);
		CHECK(n == 1);
	}
}

static void
all_complaints_come_at_once(void)
{
	CHECK(load(CONF "zone = \"Mars/Base\"; mode = \"war\"; brake = { ratio = 2.5; };", "nonsense = 1;") == 4);
}

int
main(void)
{
	mem = arena_open();
	TEST(the_smallest_configuration_loads);
	TEST(a_system_loads_with_its_words);
	TEST(a_series_loads);
	TEST(each_mistake_is_a_complaint);
	TEST(all_complaints_come_at_once);
	arena_close(mem);
	return check_done();
}
