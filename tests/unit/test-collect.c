/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-collect.c - an LDIF export becomes people, groups and edges; half an export never does. */
#include "../../agent/collect/collect_p.h"
#include "check.h"

#define ANNA "dn: CN=Anna,DC=k,DC=example\nobjectClass: user\nsAMAccountName: anna\nobjectSid: S-1-5-21-1-2-3-1001\nprimaryGroupID: 513\n\n"
#define USERS "dn: CN=Alla,DC=k,DC=example\nobjectClass: group\nobjectSid: S-1-5-21-1-2-3-513\n\n"

#define ROLE "dn: CN=Roll,DC=k,DC=example\nobjectClass: group\nmember: CN=Anna,DC=k,DC=example\n\n"

static struct arena *mem;
static struct snapshot snap;
static struct error err;
static const char *base = "DC=k,DC=example";

static int
read_ldif(const char *text)
{
	static struct rules rules;
	const char **employees;
	struct builder *b;

	err = (struct error){ 0 };
	rules.conf.directory.base = base;
	rules.conf.directory.dangling_ratio = 0.5;
	b = build_open(mem, &rules, "x.ldif");
	if (ldif_parse(mem, "x.ldif", arena_text(mem, text), strlen(text), b, &err) < 0)
		return -1;
	if (build_close(b, &snap, &employees, &err) < 0)
		return -1;
	json_decref(snap.certificate);
	return 0;
}

static void a_primary_group_is_an_edge(void)
{
	CHECK(read_ldif(ANNA USERS ROLE) == 0 && snap.complete && snap.gaps.count == 0 && snap.account_count == 1);
	CHECK(snap.edge_count == 2 && snap.edges[0].primary != snap.edges[1].primary);
}

static void a_primary_group_that_is_not_there_is_said(void)
{
	CHECK(read_ldif(ANNA ROLE) == 0 && snap.complete && snap.gaps.count == 1 && snap.edge_count == 1);
	CHECK_TEXT(snap.gaps.items[0].what, "directory");
	CHECK(!strncmp(snap.gaps.items[0].text, "1 accounts", 10));
	CHECK(read_ldif("dn: CN=Bo,DC=k,DC=example\nobjectClass: user\nprimaryGroupID: 513\n\n" ANNA USERS ROLE) == 0);
	CHECK(snap.complete && snap.gaps.count == 1 && !strncmp(snap.gaps.items[0].text, "1 accounts", 10));
}

static void groups_without_any_members_are_a_gap(void)
{
	CHECK(read_ldif(ANNA USERS) == 0 && !snap.complete && snap.gaps.count == 1);
	CHECK(strstr(snap.gaps.items[0].text, "'member'"));
}

static void folded_base64_and_crlf_are_read(void)
{
	CHECK(read_ldif("version: 1\r\n# a\r\n b\r\ndn:: Q049QW5uYSxEQz1rLERD\r\n PWV4YW1wbGU=\r\nobjectClass: us\r\n er\r\n") == 0);
	CHECK(snap.account_count == 1 && snap.complete);
	CHECK_TEXT(snap.accounts[0].dn, "CN=Anna,DC=k,DC=example");
}

static void a_file_that_stops_short_is_a_gap(void)
{
	CHECK(read_ldif(ANNA USERS ROLE "# x") == 0 && !snap.complete && snap.gaps.count == 1);
	CHECK(read_ldif(ANNA "search: 2\n") == 0 && !snap.complete);
	CHECK(read_ldif(ANNA "search: 2\nresult: 4 Size limit exceeded\n") == 0 && !snap.complete);
	CHECK(read_ldif(ANNA "search: 2\nresult: 0 Success\n") == 0 && snap.complete);
}

static void what_is_no_export_is_refused(void)
{
	CHECK(read_ldif("dn: CN=a,DC=k,DC=example\nchangetype: delete\n") < 0 && strstr(err.text, "x.ldif:2"));
	CHECK(read_ldif("dn: CN=a,DC=k,DC=example\njpegPhoto:< file:///etc/passwd\n") < 0);
	CHECK(read_ldif(ANNA ANNA) < 0 && strstr(err.text, "twice"));
	CHECK(read_ldif("dn:: Q0*9\n") < 0);
}

static void a_range_makes_the_group_unknown(void)
{
	CHECK(read_ldif(ANNA "dn: CN=g,DC=k,DC=example\nobjectClass: group\nmember;range=0-1499: CN=Anna,DC=k,DC=example\n\n" USERS) == 0);
	CHECK(snap.group_count == 2 && snap.gaps.count == 1 && snap.groups[1].unknown + snap.groups[0].unknown == 1);
}

#define PARTS(a, b) ANNA USERS "dn: CN=g,DC=k,DC=example\nobjectClass: group\nmember;" a ": CN=Anna,DC=k,DC=example\n" \
	"member;" b ": CN=Alla,DC=k,DC=example\n"

static void ranges_are_one_list_and_whole_only_without_holes(void)
{
	static const char *const whole[] = {
		PARTS("range=0-0", "range=1-*"), PARTS("range=1-*", "range=0-0"), PARTS("Range=0-1499", "range=1500-*"),
	};
	static const char *const holed[] = {
		PARTS("range=0-0", "range=2-*"), PARTS("range=0-0", "range=1-1"), PARTS("range=0-*", "range=1-*"),
		PARTS("range=1-1", "range=2-*"), PARTS("range=0-", "range=1-*"), PARTS("range=0-0", "x=1-*"),
		PARTS("range=0-0", "range=0-*"), PARTS("range=0-9223372036854775807", "range=0-*"),
	};

	for (size_t i = 0; i < sizeof(whole) / sizeof(*whole); i++)
		CHECK(read_ldif(whole[i]) == 0 && snap.complete && snap.gaps.count == 0 && snap.edge_count == 3);
	for (size_t i = 0; i < sizeof(holed) / sizeof(*holed); i++) {
		CHECK(read_ldif(holed[i]) == 0 && snap.complete && snap.gaps.count == 1 && snap.edge_count == 3);
		CHECK(snap.group_count == 2 && (snap.groups[0].unknown || snap.groups[1].unknown));
		CHECK_TEXT(snap.gaps.items[0].what, "group");
	}
}

static void a_base_that_is_no_name_is_a_failure_of_the_configuration(void)
{
	base = "k.example";
	CHECK(read_ldif(ANNA USERS) < 0 && err.kind == ERROR_CONFIG && strstr(err.text, "'k.example'"));
	CHECK(read_ldif("version: 1\n") < 0 && err.kind == ERROR_CONFIG);
	base = "DC=k,DC=example";
}

static void identities_become_texts(void)
{
	CHECK_TEXT(sid_text(mem, "\1\2\0\0\0\0\0\5\x20\0\0\0\x20\2\0\0", 16), "S-1-5-32-544");
	CHECK_TEXT(guid_text(mem, "\x33\x22\x11\0\x55\x44\x77\x66\x88\x99\xaa\xbb\xcc\xdd\xee\xff", 16),
		   "00112233-4455-6677-8899-aabbccddeeff");
	CHECK(!sid_text(mem, "\1\2\0\0\0\0\0\5", 8));
}

int main(void)
{
	mem = arena_open();
	TEST(a_primary_group_is_an_edge);
	TEST(a_primary_group_that_is_not_there_is_said);
	TEST(groups_without_any_members_are_a_gap);
	TEST(folded_base64_and_crlf_are_read);
	TEST(a_file_that_stops_short_is_a_gap);
	TEST(what_is_no_export_is_refused);
	TEST(a_range_makes_the_group_unknown);
	TEST(ranges_are_one_list_and_whole_only_without_holes);
	TEST(a_base_that_is_no_name_is_a_failure_of_the_configuration);
	TEST(identities_become_texts);
	arena_close(mem);
	return check_done();
}
