/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test-register.c - what the register takes, and what it refuses.
 */
#include "check.h"
#include "behov/directory.h"
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
		   "titel börjar med \"Enhetschef\" och unit är \"S\" eller \"T\" och inte (anställningsform är \"konsult\")");
	CHECK_TEXT(rules.systems[0].at.file, "rules/r.cfg");
	CHECK(rules.systems[0].roles[0].system == &rules.systems[0]);
	CHECK(load(CONF, ROLE("groups = ( \"CN=x\" ); needs = ( { " NEED "manager = \"CN=Åsa Ek*\"; } );")) == 0);
	CHECK_TEXT(rules.systems[0].roles[0].needs[0].all[0].globs[0], "cn=åsa ek*");   /* as the values it is held against */
	CHECK(rules.attribute_count == 1 && rules.attributes_known > 10 && !strcmp(rules.attributes[0].name, "manager"));
}

static void
sets_are_put_in_the_place_of_their_names(void)
{
	CHECK(load(CONF, "sets = ( { id = \"chefer\"; values = ( \"Enhetschef*\", \"@rektorer\" ); },"
			 " { id = \"rektorer\"; values = \"Rektor*\"; } );\n"
			 ROLE("groups = ( \"CN=x\" ); needs = ( { " NEED "title = ( \"@chefer\", \"@@home\" ); group = \"CN=Ö,DC=x\"; } );")) == 0);
	CHECK_TEXT(rules.systems[0].roles[0].needs[0].text,
		   "titel börjar med \"Enhetschef\" eller \"Rektor\" eller är \"@home\" och med i gruppen \"CN=Ö,DC=x\"");
	CHECK_TEXT(rules.systems[0].roles[0].needs[0].all[0].globs[1], "rektor*");
	CHECK_TEXT(rules.systems[0].roles[0].needs[0].all[1].globs[0], "CN=Ö,DC=x");
	CHECK(rules.systems[0].roles[0].needs[0].all[1].attribute == ATTRIBUTE_GROUP && rules.attribute_count == 1);
	CHECK(load(CONF, ROLE("groups = ( \"CN=x\" ); needs = ( { " NEED "title = ( \"*chef*\", \"*\", \"a?b\", \"x*y\" ); } );")) == 0);
	CHECK_TEXT(rules.systems[0].roles[0].needs[0].text, "titel innehåller \"chef\" eller är ifylld eller liknar \"a?b\" eller \"x*y\"");
	/* Rings, each told once whoever uses it; unknown, empty, twice. */
	CHECK(load(CONF, "sets = ( { id = \"a\"; values = \"@b\"; }, { id = \"b\"; values = ( \"x\", \"@a\" ); } );\n"
			 ROLE("groups = ( \"CN=x\" ); needs = ( { " NEED "title = \"@a\"; }, { " NEED "title = \"@b\"; } );")) == 1);
	CHECK(load(CONF, "sets = { id = \"a\"; values = \"@a\"; };") == 1);
	CHECK(load(CONF, ROLE("groups = ( \"CN=x\" ); needs = ( { " NEED "title = \"@nobody\"; } );")) == 1);
	CHECK(load(CONF, "sets = ( { id = \"a\"; values = ( ); }, { id = \"b\"; values = \"x\"; }, { id = \"b\"; values = \"y\"; } );") == 2);
	CHECK(load("organisation = \"K\"; store = \"sqlite:b.db\"; rules = \"rules\";\n"
		   "directory = { source = \"file:d.ldif\"; base = \"DC=k,DC=example\"; attributes = { group = \"company\"; }; };\n"
		   "mail = { server = \"maildir:o\"; from = \"b@k.example\"; };\n"
		   "web = { listen = \"127.0.0.1:8440\"; url = \"http://127.0.0.1:8440\"; };\n", SHARE) == 1);
}

static void
an_exception_says_who_why_and_until_when(void)
{
	CHECK(load(CONF, ROLE("groups = ( \"CN=x\" ); exceptions = { who = \"bo.ek\"; why = \"avslutar\"; by = \"eva\";"
			      " since = \"2026-11-01\"; until = \"2026-12-31\"; };")) == 0);
	CHECK(rules.systems[0].roles[0].keep_count == 1 && rules.systems[0].roles[0].keeps[0].until == day_parse("2026-12-31"));
	CHECK(load(CONF, ROLE("groups = ( \"CN=x\" ); exceptions = { who = \"bo.ek\"; why = \"avslutar\"; by = \"eva\"; };")) == 2);
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

#define DESTROY "action = \"destroy\"; keep = \"7 years\"; clock = \"modified\"; "
#define DECIDED "decision = { dnr = \"KS 1\"; date = \"2019-02-12\"; body = \"KS\"; }; "

static void
a_draft_tells_its_sources_and_what_is_left_to_decide(void)
{
	CHECK(load(CONF, SERIES(DESTROY WHERE("a/**") "source = \"lag\"; decide = ( \"frist\", \"plats\" );")) == 0);
	CHECK(!rules.series[0].decided && rules.series[0].source_count == 1 && rules.series[0].decide_count == 2);
	CHECK_TEXT(rules.series[0].sources[0], "lag");
	CHECK_TEXT(rules.series[0].decide[1], "plats");
	CHECK(load(CONF, SERIES(DESTROY WHERE("a/**") "decide = ( \"\" );")) == 1);
	CHECK(load(CONF, SERIES(DESTROY WHERE("a/**") "source = 7;")) == 1);
}

static void
a_decision_that_leaves_something_to_decide_is_refused(void)
{
	CHECK(load(CONF, SERIES(DESTROY WHERE("a/**") DECIDED "decide = \"frist\";")) == 1);
	CHECK(!rules.series[0].decided);
	CHECK(load(CONF, SERIES("action = \"preserve\"; " WHERE("a/**") DECIDED "decide = \"plats\";")) == 1);
	CHECK(load(CONF, SERIES(DESTROY WHERE("a/**") DECIDED "decide = ( ); source = \"lag\";")) == 0);
	CHECK(rules.series[0].decided);
	/* Half a decision is none. */
	CHECK(load(CONF, SERIES(DESTROY WHERE("a/**") "decision = { dnr = \"KS 1\"; }; decide = \"frist\";")) == 0);
	CHECK(!rules.series[0].decided);
}

static void
sources_are_no_part_of_what_is_activated(void)
{
	const char *digest;

	CHECK(load(CONF, SERIES(DESTROY WHERE("a/**") DECIDED)) == 0);
	digest = series_digest(mem, &rules.series[0]);
	CHECK(load(CONF, SERIES(DESTROY WHERE("a/**") DECIDED "source = \"lag\";")) == 0);
	CHECK_TEXT(series_digest(mem, &rules.series[0]), digest);
}

static void
a_placeholder_is_refused_once_wherever_it_stands(void)
{
	static const char *const wrong[] = {
		"series = { id = \"v\"; action = \"preserve\"; where = { share = \"ANGE-FILYTA\"; path = \"a/**\"; }; };",
		SERIES("action = \"preserve\"; " WHERE("ANGE-MAPP/a/**")),
		SERIES("action = \"preserve\"; " WHERE("a/ANGE-MAPP")),
		SERIES("action = \"destroy\"; keep = \"5 years\"; clock = \"case-closed\"; cases = \"ANGE-ARENDELISTA\"; " WHERE("a/{case}/**")),
		SERIES("action = \"preserve\"; " WHERE("a/**") "batch = { path = \"ANGE-MAPP\"; };"),
		"shares = { id = \"ANGE-FILYTA\"; path = \"/a\"; };",
		"cases = { id = \"ANGE-ARENDELISTA\"; file = \"c.csv\"; case = \"a\"; closed = \"b\"; };",
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		int n = load(CONF, wrong[i]);

		if (n != 1)
			fprintf(stderr, "%d complaints about: %s\n", n, wrong[i]);
		CHECK(n == 1);
	}
	CHECK(load(CONF, SERIES("action = \"preserve\"; " WHERE("ANGE-MAPPEN/**"))) == 0);
}

static void
trap_a_share_in_another_is_refused(void)
{
	static const char *const bad[][2] = { { "/srv/e", "/srv/e" }, { "/srv/e", "/srv/e/f/g" }, { "/srv/e/f", "/srv/e/" } };

	CHECK(load(CONF, "shares = ( { id = \"a\"; path = \"/srv/e\"; }, { id = \"b\"; path = \"/srv/ef\"; } );") == 0);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK(load(CONF, arena_print(mem, "shares = ( { id = \"a\"; path = \"%s\"; }, { id = \"b\"; path = \"%s\"; } );", bad[i][0],
					     bad[i][1])) == 1);
	/* The root holds our gallringsprotokoll, too. */
	CHECK(load(CONF, "shares = ( { id = \"a\"; path = \"/\"; }, { id = \"b\"; path = \"/srv\"; } );") == 2);
	/* With a slash at its end a link would be followed. */
	CHECK(load(CONF, "shares = ( { id = \"a\"; path = \"/srv/e//\"; }, { id = \"b\"; path = \"/srv/ef/\"; } );") == 0);
	CHECK_TEXT(rules.shares[0].path, "/srv/e");
	CHECK_TEXT(rules.shares[1].path, "/srv/ef");
}

static void
a_share_says_how_fast_and_when_it_may_be_read(void)
{
	static const char *const bad[] = { "hands = 0;", "hands = 257;", "rate = 0;", "window = \"20-06\";", "window = \"20:00-24:00\";",
		"window = \"20:60-06:00\";", "window = \"06:00-06:00\";", "window = \"20:00 06:00\";", "window = \"20:00-06:000\";",
		"window = 20;" };

	CHECK(load(CONF, "shares = ( { id = \"e\"; path = \"/srv/e\"; hands = 3; rate = 200; window = \"20:00-06:30\"; } );") == 0);
	CHECK(rules.shares[0].hands == 3 && rules.shares[0].rate == 200 && rules.shares[0].window.from == 1200 &&
	      rules.shares[0].window.to == 390);
	CHECK(load(CONF, SHARE) == 0 && rules.shares[0].hands == 0 && rules.shares[0].rate == 0 && rules.shares[0].window.from == rules.shares[0].window.to);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CHECK(load(CONF, arena_print(mem, "shares = ( { id = \"e\"; path = \"/srv/e\"; %s } );", bad[i])) == 1);
}

/* The smallest configuration with another `directory`. */
static int
load_directory(const char *directory)
{
	const char *mail = strstr(CONF, "mail = ");
	int head = (int)(strstr(CONF, "directory = ") - CONF);

	return load(arena_print(mem, "%.*sdirectory = %s;\n%s", head, CONF, directory, mail), SHARE);
}

static const char *
attribute_of(const char *name)
{
	for (int i = 0; i < rules.attributes_known; i++)
		if (strcmp(rules.attributes[i].name, name) == 0)
			return rules.attributes[i].ad;
	return NULL;
}

static void
several_directories_are_one_configuration(void)
{
	const struct directory *d;

	CHECK(load_directory("( { source = \"file:d.ldif\"; base = \"DC=kalmar,DC=example\"; access-groups = \"OU=A,DC=kalmar,DC=example\"; "
			     "service-accounts = ( \"SVC-*\" ); attributes = { unit = \"company\"; }; shrink-ratio = 0.3; }, "
			     "{ name = \"Skolan\"; source = \"ldaps://dc1.skola.example\"; base = \"DC=skola,DC=example\"; "
			     "schema = \"rfc2307bis\"; access-groups = ( \"OU=B,DC=skola,DC=example\" ); service-accounts = \"x-*\"; "
			     "attributes = { unit = \"ou\"; floor = \"roomNumber\"; }; shrink-ratio = 0.4; dangling-ratio = 0.01; } )") == 0);
	d = rules.conf.directories;
	CHECK(rules.conf.directory_count == 2 && d[0].schema == SCHEMA_AD && d[1].schema == SCHEMA_RFC2307BIS);
	CHECK_TEXT(d[0].name, d[0].source);
	CHECK_TEXT(d[1].name, "Skolan");
	CHECK(rules.conf.directory.access_group_count == 2 && rules.conf.directory.service_account_count == 2);
	CHECK_TEXT(rules.conf.directory.access_groups[1], "OU=B,DC=skola,DC=example");
	CHECK_TEXT(rules.conf.directory.service_accounts[0], "svc-*");
	CHECK(rules.conf.directory.shrink_ratio > 0.29 && rules.conf.directory.shrink_ratio < 0.31);
	CHECK(rules.conf.directory.dangling_ratio < 0.011);
	CHECK_TEXT(attribute_of("unit"), "company");
	CHECK_TEXT(attribute_of("floor"), "roomNumber");
}

static void
a_name_belongs_to_the_directory_whose_base_it_lies_under(void)
{
	struct directory two[] = { { .base = "DC=kalmar,DC=example" }, { .base = "OU=Skola,DC=annan,DC=example" } };
	struct conf conf = { .directories = two, .directory_count = 2 };

	CHECK(directory_of(mem, &conf, "cn=x, dc=KALMAR, dc=example") == &two[0]);
	CHECK(directory_of(mem, &conf, "CN=a\\,b,OU=skola,DC=annan,DC=example") == &two[1]);
	CHECK(directory_of(mem, &conf, "OU=Skola,DC=annan,DC=example") == &two[1]);
	CHECK(!directory_of(mem, &conf, "CN=x,DC=annan,DC=example"));
	CHECK(!directory_of(mem, &conf, "CN=x,OU=Skola\\,DC=kalmar\\,DC=example"));
	CHECK(!directory_of(mem, &conf, "CN=x,DC=xkalmar,DC=example") && !directory_of(mem, &conf, "no name"));
	CHECK(!directory_of(mem, &conf, "DC=example") && !directory_of(mem, &conf, NULL));
}

static void
directories_that_overlap_are_a_complaint(void)
{
#define TWO(a, b) "( { source = \"file:a\"; base = \"" a "\"; }, { source = \"file:b\"; base = \"" b "\"; } )"
	CHECK(load_directory(TWO("DC=k,DC=example", "DC=skola,DC=example")) == 0);
	CHECK(load_directory(TWO("DC=k,DC=example", "dc=K, dc=example")) == 1);
	CHECK(load_directory(TWO("DC=k,DC=example", "OU=a,DC=k,DC=example")) == 1);
	CHECK(load_directory(TWO("OU=a,DC=k,DC=example", "DC=k,DC=example")) == 1);
	CHECK(load_directory(TWO("k.example", "DC=k,DC=example")) == 1);
	CHECK(load_directory("()") == 1 && load_directory("\"x\"") == 1 && load_directory("( \"x\" )") == 1);
	CHECK(load_directory("{ source = \"file:a\"; base = \"DC=k\"; schema = \"nis\"; }") == 1);
}

/* Each verb has its own: that this one lacks it is no mistake. */
static void
a_secret_may_be_a_credential(void)
{
#define WITH(file) "{ source = \"ldaps://dc\"; base = \"DC=k\"; bind-dn = \"CN=b\"; password-file = \"" file "\"; }"
	unsetenv("CREDENTIALS_DIRECTORY");
	CHECK(load_directory(WITH("credential:directory.password")) == 0);
	setenv("CREDENTIALS_DIRECTORY", "/run/credentials/behov-run.service", 1);
	CHECK(load_directory(WITH("credential:directory.password")) == 0);
	CHECK_TEXT(rules.conf.directories[0].password_file, "/run/credentials/behov-run.service/directory.password");
	CHECK(load_directory(WITH("credential:../x")) == 1 && load_directory(WITH("credential:")) == 1);
	CHECK(load_directory(WITH("/nonexistent")) == 1);
	unsetenv("CREDENTIALS_DIRECTORY");
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
		SERIES("action = \"destroy\"; keep = \"7 years\"; clock = \"superseded\"; " WHERE("a/**")),
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
two_periods_of_silence_the_second_longer(void)
{
	static const char *const wrong[] = { "\"14 days\"", "( \"14 days\" )", "( \"14 days\", \"14 days\" )", "( \"0 days\", \"14 days\" )",
					     "( \"2 months\", \"90 days\" )", "( \"1 day\", \"2 days\", \"3 days\" )", "( 14, 28 )", "()" };

	CHECK(load(CONF, SHARE) == 0 && rules.conf.escalate[0] == 14 && rules.conf.escalate[1] == 28 && rules.conf.weekly == 30);
	CHECK(load(CONF "escalate = ( \"3 days\", \"10 days\" ); weekly = 0;", SHARE) == 0);
	CHECK(rules.conf.escalate[0] == 3 && rules.conf.escalate[1] == 10 && rules.conf.weekly == 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		CHECK(load(arena_print(mem, "%sescalate = %s;", CONF, wrong[i]), SHARE) > 0);
	CHECK(load(CONF "weekly = -1;", SHARE) == 1);
}

static void
all_complaints_come_at_once(void)
{
	CHECK(load(CONF "zone = \"Mars/Base\"; mode = \"war\"; brake = { ratio = 2.5; };", "nonsense = 1;") == 4);
}

/* Files of one series each; every seventh is broken in its text, in its grammar or in what it says.  Their complaints, as told. */
static const char *
complaints_of(int files, int *complaints)
{
	static const char *const broken[] = { "nonsense = 1;", "series = ( {", "@include \"x\"" };
	char dir[] = "/tmp/behov-register-XXXXXX", *said;
	const char *told = mkdtemp(dir);
	const char *folder = arena_print(mem, "%s/rules", dir), *conf = arena_print(mem, "%s/behov.cfg", dir);
	int before = dup(2);
	struct error err = { 0 };
	size_t len;

	CHECK(told && mkdir(folder, 0700) == 0 && file_write(conf, CONF, strlen(CONF), &err) == 0);
	for (int i = 0; i < files; i++) {
		const char *text = i % 7 == 6 ? arena_print(mem, "\n%s\n", broken[i / 7 % 3])
			: arena_print(mem, "series = ( { id = \"s%03d\"; action = \"preserve\"; " WHERE("m%d/**") "} );%s", files - i, i, i ? "" : SHARE);

		CHECK(file_write(arena_print(mem, "%s/%03d.cfg", folder, i), text, strlen(text), &err) == 0);
	}
	told = arena_print(mem, "%s/told", dir);
	CHECK(freopen(told, "w", stderr) != NULL);
	*complaints = register_load(mem, conf, &rules, &err) < 0 ? atoi(err.text) : 0;
	fflush(stderr);
	dup2(before, 2);
	close(before);
	CHECK(file_read(mem, told, 1 << 20, &said, &len, &err) == 0);
	for (int i = 0; i < files; i++)
		unlink(arena_print(mem, "%s/%03d.cfg", folder, i));
	unlink(told);
	unlink(conf);
	rmdir(folder);
	rmdir(dir);
	return said;
}

static void
many_files_are_read_in_their_order(void)
{
	int complaints, expected = 0;
	const char *said = complaints_of(200, &complaints), *digest = rules.digest, *at = said;

	for (int i = 6; i < 200; i += 7) {
		const char *place = arena_print(mem, "rules/%03d.cfg:%d: ", i, i / 7 % 3 == 1 ? 3 : 2), *here = strstr(at, place);

		CHECK(here != NULL);
		at = here ? here + 1 : at;
		expected++;
	}
	CHECK(complaints == expected && rules.series_count == 200 - (size_t)expected);
	for (size_t i = 1; i < rules.series_count; i++)
		CHECK(strcmp(rules.series[i - 1].id, rules.series[i].id) < 0);
	CHECK_TEXT(complaints_of(200, &complaints), said);
	CHECK_TEXT(rules.digest, digest);
}

static void
a_language_is_one_that_we_have(void)
{
	CHECK(load(CONF "language = \"en\";", "") == 0);
	CHECK(load(CONF "language = \"klingon\";", "") == 1);
	CHECK(load(CONF "language = 1;", "") == 1);
}

static void
whose_archive_it_is_is_said_by_the_series_the_share_or_the_configuration(void)
{
	struct archive a;
	struct copies c;

	CHECK(load(CONF "archive = { board = \"KS\"; creator = \"KS\"; responsible = \"M\"; };\n"
			"protocol = { dnr = \"KS {number}-{year}\"; backups = \"90 days\"; };\n",
		   "shares = ( { id = \"ekonomi\"; path = \"/srv/e\"; identity = \"none\"; archive = { creator = \"Ekonomi\"; }; snapshots = \"2 months\"; } );\n"
		   "series = ( { id = \"v\"; " WHERE("A/**") "action = \"destroy\"; keep = \"7 years\"; clock = \"modified\"; secrecy = \"21:1\";\n"
		   "archive = { board = \"SN\"; };\n"
		   "application = { dnr = \"SN 1\"; date = \"2020-01-02\"; body = \"SN\"; paragraph = \"§ 3\"; }; } );") == 0);
	a = archive_of(&rules.conf, &rules.shares[0], &rules.series[0]);
	CHECK_TEXT(a.board, "SN");
	CHECK_TEXT(a.creator, "Ekonomi");
	CHECK_TEXT(a.responsible, "M");
	c = copies_of(&rules.conf, &rules.shares[0]);
	CHECK(c.backups.count == 90 && c.snapshots.count == 2 && c.snapshots.unit == DAY_MONTHS);
	CHECK_TEXT(rules.conf.protocol.dnr, "KS {number}-{year}");
	CHECK_TEXT(rules.series[0].application.paragraph, "§ 3");
	CHECK(load(CONF, SHARE) == 0 && !archive_of(&rules.conf, NULL, NULL).board);
	CHECK_TEXT(rules.conf.protocol.dnr, "GALLR {year}/{number}");
}

static void
what_a_protocol_cannot_say_is_refused(void)
{
	static const char *const wrong[] = { "{year}", "{number}", "{year}{number}", "{year}/{number}/{year}", "{year}/{number} {dnr}", "{year}}/{number}",
					     "", "{year}/\xe2\x80\xae{number}", "{year}/{number}\\n",
					     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx {year}/{number}" };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		CHECK(load(arena_print(mem, CONF "protocol = { dnr = \"%s\"; };", wrong[i]), SHARE) == 1);
	CHECK(load(CONF "protocol = { backups = \"soon\"; snapshots = \"0 days\"; };", SHARE) == 2);
	CHECK(load(CONF "archive = { board = \"KS\\nSN\"; name = \"x\"; };", SHARE) == 2);
	CHECK(load(CONF, SERIES(WHERE("A/**") "action = \"preserve\"; application = { dnr = \"x\"; };")) == 2);    /* half a decision is none */
}

/* What was activated before a series could have one stays activated; with one, it is another rule. */
static void
a_decision_to_apply_is_part_of_what_is_activated(void)
{
#define RULE WHERE("A/**") "action = \"destroy\"; keep = \"7 years\"; clock = \"modified\"; "
	const char *without, *with;

	CHECK(load(CONF, SERIES(RULE)) == 0);
	without = series_digest(mem, &rules.series[0]);
	CHECK(load(CONF, SERIES(RULE "secrecy = \"21:1\"; archive = { board = \"KS\"; };")) == 0);
	CHECK_TEXT(series_digest(mem, &rules.series[0]), without);
	CHECK(load(CONF, SERIES(RULE "application = { dnr = \"x\"; date = \"2020-01-02\"; body = \"KS\"; };")) == 0);
	with = series_digest(mem, &rules.series[0]);
	CHECK(strcmp(with, without) != 0);
	CHECK(load(CONF, SERIES(RULE "application = { dnr = \"y\"; date = \"2020-01-02\"; body = \"KS\"; };")) == 0);
	CHECK(strcmp(series_digest(mem, &rules.series[0]), with) != 0);
}

/* Whoever activates a series binds to all that says what goes, and when, and who answers: but not to what it is called. */
static void
each_part_of_a_rule_is_part_of_what_is_activated(void)
{
#define OTHER(change) do { s = as; (change); CHECK(strcmp(series_digest(mem, &s), is) != 0); } while (0)
#define SAME(change) do { s = as; (change); CHECK_TEXT(series_digest(mem, &s), is); } while (0)
	static const char *deputies[] = { "anna", "bo" }, *turned[] = { "bo", "anna" }, *days[] = { "5", "15" }, *more[] = { "5", "25" },
			  *names[] = { "*.pdf" }, *texts[] = { "*.txt" };
	struct where where[] = { { .share = "ekonomi", .path = "V/{year}/**", .names = names, .name_count = 1 },
				 { .share = "*", .path = "W/**" } };
	const struct series as = {
		.id = "ver", .name = "Verifikationer", .code = "1", .owner = "eva", .deputies = deputies, .deputy_count = 2,
		.decision = { "KS 1", "2020-01-02", "KS", "§ 7" }, .application = { "KS 2", "2020-02-03", "SN", "§ 8" },
		.law = "BFL 7:2", .batch_path = "V/{year}", .cases = "arenden", .spare = { "dag", days, 2 }, .year_from = 1990,
		.year_to = 2030, .where = where, .where_count = 2, .action = ACTION_DELIVER, .keep = { 7, DAY_YEARS },
		.latest = { 9, DAY_YEARS }, .after_receipt = { 6, DAY_MONTHS }, .clock = CLOCK_FISCAL_YEAR, .fiscal = { 6, 30, true },
		.whole = true, .evidence_digest = true,
	};
	const char *is = series_digest(mem, &as);
	struct series s;

	CHECK_TEXT(is, "05634c430ce9fa24d8684691dc18f2c9b568527805c8dcba53068b5970c7181a");     /* as Python's hashlib makes it */
	OTHER(s.id = "v");
	OTHER(s.owner = NULL);
	OTHER(s.deputies = turned);
	OTHER(s.deputy_count = 1);
	OTHER(s.decision.dnr = "KS 3");
	OTHER(s.decision.date = "2020-01-03");
	OTHER(s.decision.body = "BN");
	OTHER(s.decision.paragraph = NULL);
	OTHER(s.application.dnr = NULL);
	OTHER(s.application.date = "2020-02-04");
	OTHER(s.application.body = "BN");
	OTHER(s.application.paragraph = NULL);
	OTHER(s.law = NULL);
	OTHER(s.batch_path = NULL);
	OTHER(s.cases = "andra");
	OTHER(s.spare.column = "manad");
	OTHER(s.spare.values = more);
	OTHER(s.spare.count = 1);
	OTHER(s.year_from = 1991);
	OTHER(s.year_to = 2031);
	OTHER(s.action = ACTION_DESTROY);
	OTHER(s.keep.count = 8);
	OTHER(s.keep.unit = DAY_MONTHS);
	OTHER(s.latest.count = 8);
	OTHER(s.latest.unit = DAY_MONTHS);
	OTHER(s.after_receipt.count = 7);
	OTHER(s.after_receipt.unit = DAY_YEARS);
	OTHER(s.clock = CLOCK_MODIFIED);
	OTHER(s.count_from = COUNT_DAY);
	OTHER(s.fiscal.month = 7);
	OTHER(s.fiscal.day = 31);
	OTHER(s.fiscal.named_by_start = false);
	OTHER(s.whole = false);
	OTHER(s.evidence_digest = false);
	OTHER(s.where_count = 1);
	SAME(s.name = "Annat");
	SAME(s.code = "2");
	SAME(s.secrecy = "21:1");
	SAME(s.at.line = 7);
	where[0].names = texts;
	OTHER((void)0);
	where[0].names = names;
	where[0].name_count = 0;
	OTHER((void)0);
	where[0].name_count = 1;
	where[0].path = "V/**";
	OTHER((void)0);
	where[0].path = "V/{year}/**";
	where[1].share = "ekonomi";
	OTHER((void)0);
#undef OTHER
#undef SAME
}

int
main(void)
{
	mem = arena_open();
	TEST(the_smallest_configuration_loads);
	TEST(a_system_loads_with_its_words);
	TEST(sets_are_put_in_the_place_of_their_names);
	TEST(an_exception_says_who_why_and_until_when);
	TEST(a_series_loads);
	TEST(a_draft_tells_its_sources_and_what_is_left_to_decide);
	TEST(a_decision_that_leaves_something_to_decide_is_refused);
	TEST(sources_are_no_part_of_what_is_activated);
	TEST(a_placeholder_is_refused_once_wherever_it_stands);
	TEST(a_share_says_how_fast_and_when_it_may_be_read);
	TEST(several_directories_are_one_configuration);
	TEST(directories_that_overlap_are_a_complaint);
	TEST(a_secret_may_be_a_credential);
	TEST(a_name_belongs_to_the_directory_whose_base_it_lies_under);
	TEST(each_mistake_is_a_complaint);
	TEST(two_periods_of_silence_the_second_longer);
	TEST(all_complaints_come_at_once);
	TEST(many_files_are_read_in_their_order);
	TEST(a_language_is_one_that_we_have);
	TEST(trap_a_share_in_another_is_refused);
	TEST(whose_archive_it_is_is_said_by_the_series_the_share_or_the_configuration);
	TEST(what_a_protocol_cannot_say_is_refused);
	TEST(a_decision_to_apply_is_part_of_what_is_activated);
	TEST(each_part_of_a_rule_is_part_of_what_is_activated);
	arena_close(mem);
	return check_done();
}
