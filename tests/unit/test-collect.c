/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-collect.c - an LDIF export becomes people, groups and edges; half an export never does. */
#include "../../agent/collect/collect_p.h"
#include "check.h"

#include <behov/text.h>

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#define ANNA "dn: CN=Anna,DC=k,DC=example\nobjectClass: user\nsAMAccountName: anna\nobjectSid: S-1-5-21-1-2-3-1001\nprimaryGroupID: 513\n\n"
#define USERS "dn: CN=Alla,DC=k,DC=example\nobjectClass: group\nobjectSid: S-1-5-21-1-2-3-513\n\n"

#define ROLE "dn: CN=Roll,DC=k,DC=example\nobjectClass: group\nmember: CN=Anna,DC=k,DC=example\n\n"

static struct arena *mem;
static struct snapshot snap;
static struct error err;
static const char *base = "DC=k,DC=example";

static struct attribute title = { .name = "title", .hr = "Befattning" };
static struct rules rules = { .attributes = &title, .attribute_count = 1 };
static struct directory directory;
static const char **employees;

static struct builder *built;

static int
read_bytes(const char *bytes, size_t len)
{
	struct builder *b;

	err = (struct error){ 0 };
	rules.conf.directory_count = 1;
	directory.base = base;
	rules.conf.directories = &directory;
	rules.conf.directory.dangling_ratio = 0.5;
	build_free(built);
	b = built = build_open(mem, &rules);
	if (build_source(b, &directory, "x.ldif", &err) < 0 || ldif_parse(mem, "x.ldif", arena_copy(mem, bytes, len), len, b, &err) < 0)
		return -1;
	if (build_close(b, &snap, &employees, &err) < 0)
		return -1;
	json_decref(snap.certificate);
	return 0;
}

static int read_ldif(const char *text) { return read_bytes(text, strlen(text)); }

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
	CHECK(read_ldif("dn: CN=Bo,DC=k,DC=example\nobjectClass: user\nsAMAccountName: bo\nprimaryGroupID: 513\n\n" ANNA USERS ROLE) == 0);
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
		PARTS("range=0-0", "range=1-*"), PARTS("range=1-*", "range=0-0"), PARTS("Range=0-0", "rANGE=1-*"),
	};
	static const char *const holed[] = {
		PARTS("range=0-0", "range=2-*"), PARTS("range=0-0", "range=1-1"), PARTS("range=0-*", "range=1-*"),
		PARTS("range=1-1", "range=2-*"), PARTS("range=0-", "range=1-*"), PARTS("range=0-0", "x=1-*"),
		PARTS("range=0-0", "range=0-*"), PARTS("range=0-9223372036854775807", "range=0-*"),
		PARTS("range=0-1499", "range=1500-*"), PARTS("range=1-*", "range=0-1"),
	};

	for (size_t i = 0; i < sizeof(whole) / sizeof(*whole); i++)
		CHECK(read_ldif(whole[i]) == 0 && snap.complete && snap.gaps.count == 0 && snap.edge_count == 3);
	for (size_t i = 0; i < sizeof(holed) / sizeof(*holed); i++) {
		CHECK(read_ldif(holed[i]) == 0 && snap.complete && snap.gaps.count == 1 && snap.edge_count == 3);
		CHECK(snap.group_count == 2 && (snap.groups[0].unknown || snap.groups[1].unknown));
		if (snap.gaps.count)
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
	char sid[SID_MOST], guid[GUID_MOST];

	CHECK_TEXT(sid_text("\1\2\0\0\0\0\0\5\x20\0\0\0\x20\2\0\0", 16, sid), "S-1-5-32-544");
	CHECK_TEXT(guid_text("\x33\x22\x11\0\x55\x44\x77\x66\x88\x99\xaa\xbb\xcc\xdd\xee\xff", 16, guid),
		   "00112233-4455-6677-8899-aabbccddeeff");
	CHECK(!sid_text("\1\2\0\0\0\0\0\5", 8, sid) && !sid_text("\1\0\0\0\0\0\0\5", 8, sid));
	CHECK(!sid_text("\1\3\0\0\0\0\0\5\x20\0\0\0\x20\2\0\0", 16, sid));
	CHECK(!sid_text("\1\1\0\0\0\0\0\5\x20\0\0\0\x20\2\0\0", 16, sid));
	CHECK(!sid_text("\2\2\0\0\0\0\0\5\x20\0\0\0\x20\2\0\0", 16, sid));
}

/* MS-DTYP 2.4.2.1: written by printf. */
static void every_sid_is_written_in_full(void)
{
	static const uint32_t numbers[] = { 0, 1, 9, 10, 99, 100, 4294967295u, 1000000000u, 999999999u, 2147483648u };
	char sid[SID_MOST], wanted[SID_MOST + 1];
	unsigned draw = 5;

	for (int turn = 0; turn < 20000; turn++) {
		unsigned char raw[8 + 15 * 4] = { 1 };
		uint64_t authority = turn % 3 ? (unsigned)turn % 11 : UINT64_C(0xffffffffffff) - (unsigned)turn;
		size_t used;

		raw[1] = (unsigned char)(1 + turn % 15);
		for (int i = 0; i < 6; i++)
			raw[2 + i] = (unsigned char)(authority >> (40 - 8 * i));
		used = (size_t)snprintf(wanted, sizeof(wanted), "S-1-%" PRIu64, authority);
		for (int i = 0; i < raw[1]; i++) {
			uint32_t n = (draw = draw * 1103515245u + 12345u) >> 16 & 1 ? draw : numbers[draw % 10];

			for (int b = 0; b < 4; b++)
				raw[8 + 4 * i + b] = (unsigned char)(n >> 8 * b);
			used += (size_t)snprintf(wanted + used, sizeof(wanted) - used, "-%" PRIu32, n);
		}
		CHECK_TEXT(sid_text((char *)raw, 8 + 4 * (size_t)raw[1], sid), wanted);
	}
}

#define PERSON(lines) "dn: CN=Anna,DC=k,DC=example\nobjectClass: user\nobjectSid: S-1-5-21-1-2-3-1001\n" lines "\n"
#define NUL_BYTE ":: QQBC\n"             /* A NUL B */
#define NO_UTF8 ":: /0E=\n"

static void a_value_that_is_no_text_is_unknown_and_never_absent(void)
{
	static const char *const broken[] = {
		PERSON("sAMAccountName: anna\ntitle" NUL_BYTE), PERSON("sAMAccountName: anna\ntitle" NO_UTF8),
		PERSON("sAMAccountName: anna\ntitle: A\ntitle" NO_UTF8), PERSON("sAMAccountName: anna\ntitle: \377A\n"),
		PERSON("sAMAccountName: anna\ntitle;range=0-0: A\n"),
	};

	title = (struct attribute){ .name = "title", .ad = "title" };
	for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
		CHECK(read_ldif(broken[i]) == 0 && snap.complete && snap.account_count == 1 && snap.gaps.count == 1);
		CHECK(snap.accounts[0].unknown == 1 && !snap.accounts[0].values[0]);
		if (snap.gaps.count)
			CHECK_TEXT(snap.gaps.items[0].text,
				   "1 entries have a 'title' that cannot be read as text (the first is 'S-1-5-21-1-2-3-1001')");
	}
	CHECK(read_ldif(PERSON("sAMAccountName: anna\ntitle: A\n")) == 0 && snap.gaps.count == 0 && !snap.accounts[0].unknown);
	CHECK(read_ldif(PERSON("sAMAccountName: anna\n")) == 0 && snap.gaps.count == 0 && !snap.accounts[0].unknown);
	title = (struct attribute){ .name = "title", .hr = "Befattning" };
}

static void an_address_that_is_no_text_is_a_gap(void)
{
	CHECK(read_ldif(PERSON("sAMAccountName: anna\nmail" NUL_BYTE "displayName" NO_UTF8)) == 0 && snap.gaps.count == 2);
	CHECK(snap.complete && !snap.accounts[0].mail && !snap.accounts[0].display && !snap.accounts[0].unknown);
	CHECK(snap.gaps.count == 2 && strstr(snap.gaps.items[0].text, "'displayName'") && strstr(snap.gaps.items[1].text, "'mail'"));
}

static void who_has_a_name_that_is_no_text_answers_to_no_other(void)
{
	CHECK(read_ldif(PERSON("sAMAccountName" NUL_BYTE)) == 0 && snap.gaps.count == 1 && snap.accounts[0].unknown & 1);
	CHECK(snapshot_account(&snap, "Anna") == -1 && snapshot_account(&snap, "A") == -1);
	CHECK(snapshot_account(&snap, "S-1-5-21-1-2-3-1001") == 0);
	CHECK(read_ldif(ANNA "dn: CN=g,DC=k,DC=example\nobjectClass: group\nmember: CN=Anna,DC=k,DC=example\nsAMAccountName" NO_UTF8
			"\n" USERS) == 0 && snap.gaps.count == 1 && snapshot_group(&snap, "g") == -1);
}

static void the_digest_is_of_what_is_said_and_not_of_its_order(void)
{
	static const char *const others[] = {
		USERS ANNA, ANNA USERS ROLE "dn: CN=Bo,DC=k,DC=example\nobjectClass: user\n\n", ANNA USERS ROLE "search: 2\n",
		PERSON("sAMAccountName: anna\nprimaryGroupID: 513\nmail: a@k.example\n") USERS ROLE,
		PERSON("sAMAccountName: anna\nprimaryGroupID: 513\ntitle: A\n") USERS ROLE,
		PERSON("sAMAccountName: anna\nprimaryGroupID: 513\ntitle:: /w==\n") USERS ROLE,
		ANNA USERS "dn: CN=Roll,DC=k,DC=example\nobjectClass: group\nmember;range=0-0: CN=Anna,DC=k,DC=example\n\n",
	};
	const char *one;

	title = (struct attribute){ .name = "title", .ad = "title" };
	CHECK(read_ldif(ANNA USERS ROLE) == 0);
	one = snapshot_digest(mem, &rules, &snap);
	CHECK(strlen(one) == 71 && !strncmp(one, "sha256:", 7));
	CHECK(read_ldif("version: 1\n\n" ROLE USERS ANNA "search: 2\nresult: 0 Success\n") == 0);
	CHECK_TEXT(snapshot_digest(mem, &rules, &snap), one);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		CHECK(read_ldif(others[i]) == 0 && strcmp(snapshot_digest(mem, &rules, &snap), one) != 0);
	title = (struct attribute){ .name = "title", .hr = "Befattning" };
}

#define HIRED "dn: CN=Anna,DC=k,DC=example\nobjectClass: user\nsAMAccountName: anna\nemployeeID: 7\n\n"

/* Anna, employee 7, joined with an HR file of these bytes; NULL: the file is not there. */
static const struct account *
hired(const char *hr)
{
	char file[] = "/tmp/behov-test-collect-XXXXXX";
	int fd = mkstemp(file);

	CHECK(fd >= 0 && read_ldif(HIRED) == 0 && snap.account_count == 1);
	if (hr)
		CHECK(write(fd, hr, strlen(hr)) == (ssize_t)strlen(hr));
	else
		unlink(file);
	close(fd);
	rules.conf.hr.file = arena_text(mem, file);
	rules.conf.hr.key = "Nr";
	hr_join(mem, &rules, &snap, employees);
	unlink(file);
	return &snap.accounts[0];
}

static void the_hr_file_fills_attributes(void)
{
	const struct account *anna = hired("Nr;Befattning\n6;Rektor\n7;Undersk\303\226terska\n");

	CHECK(snap.complete && snap.gaps.count == 0 && !anna->unknown && snap.seen.hr_rows == 2 && anna->values[0]);
	if (anna->values[0]) {
		CHECK_TEXT(anna->values[0]->text, "Undersk\303\226terska");
		CHECK_TEXT(anna->values[0]->folded, "undersk\303\266terska");
	}
	anna = hired("Nr;Befattning\n6;Rektor\n");
	CHECK(!anna->values[0] && !anna->unknown && snap.gaps.count == 0);
}

static void what_hr_did_not_bring_is_unknown(void)
{
	static const char *const files[] = {
		NULL, "", "Nr;Befattning\n7;Rektor", "Nr;Befattning\n", "Id;Befattning\n7;Rektor\n", "Nr;Titel\n7;Rektor\n",
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		const struct account *anna = hired(files[i]);

		CHECK(anna->unknown == 1 && !anna->values[0] && snap.gaps.count == 1);
		if (snap.gaps.count)
			CHECK_TEXT(snap.gaps.items[0].what, "hr");
	}
}

static void an_employee_who_stands_twice_in_hr_is_unknown(void)
{
	const struct account *anna = hired("Nr;Befattning\n7;Rektor\n8;Kock\n7;Kock\n");

	CHECK(anna->unknown == 1 && !anna->values[0] && snap.gaps.count == 1);
	anna = hired("Nr;Befattning\n8;Rektor\n7;Kock\n8;Kock\n");
	CHECK(!anna->unknown && anna->values[0] && snap.gaps.count == 0);
}

static void too_many_members_that_lead_nowhere_are_a_gap(void)
{
	CHECK(read_ldif(ANNA USERS ROLE "dn: CN=g,DC=k,DC=example\nobjectClass: group\nmember: CN=x,DC=other,DC=example\n") == 0);
	CHECK(snap.complete && snap.gaps.count == 0 && snap.seen.dangling == 1);
	CHECK(read_ldif(ANNA USERS ROLE "dn: CN=g,DC=k,DC=example\nobjectClass: group\nmember: CN=x,DC=other,DC=example\n"
			"member: CN=y,DC=other,DC=example\n") == 0);
	CHECK(!snap.complete && snap.gaps.count == 1 && snap.seen.dangling == 2);
	CHECK_TEXT(snap.gaps.items[0].what, "directory");
}

/* Below our own base nothing is nowhere: what does not come is hidden from us, and could carry anybody. */
static void a_member_that_we_may_not_see_makes_its_group_unknown(void)
{
#define HIDING "dn: CN=g,DC=k,DC=example\nobjectClass: group\nmember: CN=x,DC=k,DC=example\n\n"
	static const char *named[] = { "CN=up, DC=k, DC=example" };
	struct role role = { .groups = named, .group_count = 1 };
	struct system system = { .roles = &role, .role_count = 1 };

	for (int i = 0; i < 2; i++) {                   /* it is a gap where a role hangs on it */
		rules.systems = &system;
		rules.system_count = (size_t)i;
		CHECK(read_ldif(ANNA USERS ROLE HIDING "dn: CN=up,DC=k,DC=example\nobjectClass: group\nmember: CN=g,DC=k,DC=example\n") == 0);
		CHECK(snap.complete && snap.gaps.count == (size_t)i && snap.group_count == 4);
		if (snap.gaps.count)
			CHECK_TEXT(snap.gaps.items[0].id, "CN=g,DC=k,DC=example");
		for (uint32_t g = 0; g < snap.group_count; g++)
			CHECK(snap.groups[g].unknown == !strcmp(snap.groups[g].name, "g"));
	}
	rules.system_count = 0;
}

static void the_same_guid_twice_is_a_failure_that_names_the_place(void)
{
	CHECK(read_ldif("dn: CN=a,DC=k,DC=example\nobjectClass: user\nobjectGUID:: MyIRAFVEd2aImaq7zN3u/w==\n\n"
			"dn: CN=b,DC=k,DC=example\nobjectClass: user\nobjectGUID: 00112233-4455-6677-8899-AABBCCDDEEFF\n") < 0);
	CHECK(err.kind == ERROR_SOURCE);
	CHECK_TEXT(err.text, "x.ldif:5: 'CN=b,DC=k,DC=example' is there twice, first in line 1");
}

static void utf16_is_read_as_utf8_is(void)
{
	static const char text[] = "dn: CN=\303\205sa \342\202\254 \360\237\230\200,DC=k,DC=example\nobjectClass: user\n"
				   "sAMAccountName: \303\245sa\n\n";
	static const char wide[] = "\305\000s\000a\000 \000\254\040 \000\075\330\000\336";
	static const char name[] = "\345\000s\000a\000\n\000\n\000";
	static const char *const plain[] = { "dn: CN=", ",DC=k,DC=example\nobjectClass: user\nsAMAccountName: " };
	char bytes[400] = "\377\376";
	size_t n = 2;

	for (int i = 0; i < 2; i++) {
		for (const char *p = plain[i]; *p; p++, n += 2)
			bytes[n] = *p;
		memcpy(bytes + n, i ? name : wide, i ? sizeof(name) - 1 : sizeof(wide) - 1);
		n += i ? sizeof(name) - 1 : sizeof(wide) - 1;
	}
	for (int i = 0; i < 2; i++) {
		CHECK((i ? read_bytes(bytes, n) : read_ldif(text)) == 0 && snap.complete && snap.account_count == 1);
		CHECK_TEXT(snap.accounts[0].dn, "CN=\303\205sa \342\202\254 \360\237\230\200,DC=k,DC=example");
		CHECK_TEXT(snap.accounts[0].name, "\303\245sa");
	}
	CHECK(read_bytes(bytes, n - 1) < 0);
	CHECK(read_bytes(bytes, n - 2) == 0 && snap.complete);
	CHECK(read_bytes(bytes, n - 4) == 0 && !snap.complete);
}

/* People and groups of all sizes, some larger than a piece of the file, in CRLF or not: some 3 MB. */
static char *
large_export(size_t *len, bool crlf)
{
	struct text t;
	char *out;

	text_open(&t, (size_t)64 << 20);
	for (int i = 0; i < 4000; i++)
		text_print(&t, "dn: CN=P%d,DC=k,DC=example\nobjectClass: user\nsAMAccountName: p%d\ntitle: %0*d\n\n", i, i, i % 97 + 1, i);
	for (int g = 0; g < 40; g++) {
		text_print(&t, "dn: CN=G%d,DC=k,DC=example\nobjectClass: group\n", g);
		for (int m = 0; m < (g == 7 ? 20000 : g * 100); m++)
			text_print(&t, "member: CN=P%d,DC=k,\n DC=example\n", m % 4000);
		text_add(&t, "\n");
	}
	*len = 0;
	out = arena_take(mem, 2 * t.len + 1);
	for (size_t i = 0; i < t.len; i++) {
		if (crlf && t.data[i] == '\n')
			out[(*len)++] = '\r';
		out[(*len)++] = t.data[i];
	}
	text_close(&t);
	return out;
}

static int
read_file(const char *bytes, size_t len)
{
	char file[] = "/tmp/behov-test-collect-XXXXXX";
	int fd = mkstemp(file), rc;

	CHECK(fd >= 0 && write(fd, bytes, len) == (ssize_t)len);
	close(fd);
	err = (struct error){ 0 };
	build_free(built);
	built = build_open(mem, &rules);
	rc = build_source(built, &directory, "x.ldif", &err);
	if (rc == 0)
		rc = ldif_read(file, built, &err);
	unlink(file);
	if (rc == 0)
		rc = build_close(built, &snap, &employees, &err);
	if (rc == 0)
		json_decref(snap.certificate);
	return rc;
}

static void a_file_read_in_pieces_is_the_whole_file(void)
{
	title = (struct attribute){ .name = "title", .ad = "title" };
	for (int crlf = 0; crlf < 2; crlf++) {
		size_t len;
		char *bytes = large_export(&len, crlf);
		const char *whole;

		CHECK(read_bytes(bytes, len) == 0 && snap.complete && snap.account_count == 4000 && snap.group_count == 40);
		whole = snapshot_digest(mem, &rules, &snap);
		CHECK(read_file(bytes, len) == 0 && snap.complete && snap.gaps.count == 0);
		CHECK_TEXT(snapshot_digest(mem, &rules, &snap), whole);
		for (size_t cut = len - 3; cut > len / 3; cut -= len / 23) {    /* wherever it stops short, both say the same */
			int rc = read_bytes(bytes, cut);
			bool complete = rc == 0 && snap.complete;
			const char *digest = rc == 0 ? snapshot_digest(mem, &rules, &snap) : arena_text(mem, strrchr(err.text, ':'));

			CHECK(bytes[cut - 1] == '\n' || (rc == 0 && !complete));
			CHECK(read_file(bytes, cut) == rc && (rc < 0 || snap.complete == complete));
			CHECK_TEXT(rc == 0 ? snapshot_digest(mem, &rules, &snap) : strrchr(err.text, ':'), digest);
		}
	}
	title = (struct attribute){ .name = "title", .hr = "Befattning" };
}

static void both_nevers_of_accountexpires_never_expire(void)
{
	static const char *const when[] = { "0", "9223372036854775807", "132223104000000000" };

	for (int i = 0; i < 3; i++) {
		CHECK(read_ldif(arena_print(mem, "dn: CN=a,DC=k,DC=example\nobjectClass: user\naccountExpires: %s\n", when[i])) == 0);
		CHECK(snap.account_count == 1 && snap.accounts[0].expired == (i == 2) && (snap.accounts[0].expires == 0) == (i < 2));
	}
}

static void a_number_that_does_not_fit_is_none(void)
{
	static const struct { const char *text; bool fits; } numbers[] = {
		{ "9223372036854775807", true }, { "-9223372036854775807", true }, { "9223372036854775808", false },
		{ "99999999999999999999", false }, { "18446744073709551617", false }, { "0000000000000000000000000000001", true },
		{ "-", false }, { "", false }, { "123456789012345678x", false }, { "12345678901234567x", false }, { "1x", false },
		{ "+1", false }, { "1234567890123456789", true }, { "123456789012345678", true },
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		int rc = read_ldif(arena_print(mem, "dn: CN=a,DC=k,DC=example\nobjectClass: user\naccountExpires: %s\n", numbers[i].text));

		CHECK((rc == 0) == numbers[i].fits);
		CHECK(rc == 0 || strstr(err.text, "accountExpires is not a number"));
	}
}

static void an_account_with_a_service_name_is_no_person(void)
{
	CHECK(read_ldif(ANNA USERS ROLE "dn: CN=svc,DC=k,DC=example\nobjectClass: user\nservicePrincipalName: HTTP/x\n") == 0);
	CHECK(snap.account_count == 2 && snap.seen.people == 1);
	CHECK((snap.accounts[0].class == ACCOUNT_SERVICE) + (snap.accounts[1].class == ACCOUNT_SERVICE) == 1);
}

/* ------------------------------------------------------------------ the digest */

#define EDGES 600                       /* more than are handed on at once */

/* Some accounts and groups, and who is in which: the same for the same seed. */
static struct snapshot
some_snapshot(struct arena *own, unsigned seed)
{
	struct snapshot s = { .complete = true };

	srand(seed);
	s.account_count = 1 + (uint32_t)rand() % 20;
	s.group_count = 2 + (uint32_t)rand() % 5;
	s.accounts = arena_array(own, struct account, s.account_count);
	s.groups = arena_array(own, struct group, s.group_count);
	s.edges = arena_array(own, struct edge, (size_t)s.group_count * EDGES);
	for (uint32_t i = 0; i < s.account_count; i++) {
		s.accounts[i].key = s.accounts[i].dn = s.accounts[i].name = arena_print(own, "a%u", i);
		s.accounts[i].values = arena_array(own, const struct value *, 1);
	}
	for (uint32_t i = 0; i < s.group_count; i++) {
		s.groups[i] = (struct group){ .key = arena_print(own, "g%u", i), .dn = "d", .name = "n", .first = s.edge_count,
					      .count = (uint32_t)rand() % (rand() % 4 ? 4 : EDGES), .security = rand() % 2 };
		s.edge_count += s.groups[i].count;
	}
	for (uint32_t e = 0; e < s.edge_count; e++)
		s.edges[e] = (struct edge){ (uint32_t)rand() >> rand() % 31 & 0x1fffffff, rand() % 2, rand() % 2, rand() % 2 };
	return s;
}

static bool
same_edge(const struct edge *a, const struct edge *b)
{
	return a->member == b->member && a->is_group == b->is_group && a->primary == b->primary && a->timed == b->timed;
}

/* false: it is what it was. */
static bool
change_an_edge(struct snapshot *s)
{
	struct edge *e = &s->edges[s->edge_count ? (uint32_t)rand() % s->edge_count : 0], was = *e;

	switch (rand() % 5) {
	case 0: e->member ^= 1u << rand() % 29; break;
	case 1: e->is_group = !e->is_group; break;
	case 2: e->primary = !e->primary; break;
	case 3: e->timed = !e->timed; break;
	default:                        /* it changes places */
		*e = s->edges[0];
		s->edges[0] = was;
	}
	return s->edge_count && !same_edge(e, &was);
}

static bool
change_a_group(struct snapshot *s)
{
	struct group *g = &s->groups[(uint32_t)rand() % (s->group_count - 1)];
	int what = rand() % 3;

	if (what == 0)
		g->unknown = !g->unknown;
	else if (what == 1)
		g->security = !g->security;
	else if (!g->count)
		return false;
	else {                          /* its last edge becomes the first of the next one */
		g[0].count--;
		g[1].first--;
		g[1].count++;
	}
	return true;
}

static void
change_an_account(struct snapshot *s)
{
	struct account *a = &s->accounts[(uint32_t)rand() % s->account_count];
	bool *const flags[] = { &a->disabled, &a->expired, &a->protected_admin, &a->locked, &a->password_expired, &a->left, &a->secret,
				&a->open };
	int64_t *const moments[] = { &a->last_logon, &a->created, &a->expires };
	const char **const texts[] = { &a->key, &a->display, &a->mail, &a->manager };
	int what = rand() % 5;

	if (what == 0)
		*flags[rand() % 8] ^= true;
	else if (what == 1)
		*moments[rand() % 3] += 1 + rand();
	else if (what == 2)
		*texts[rand() % 4] = "another";
	else if (what == 3 && rules.attribute_count)
		a->unknown ^= 1;
	else if (what == 4 && rules.attribute_count)
		a->mixed ^= 1;
	else
		a->class = (enum account_class)((a->class + 1) % (ACCOUNT_OTHER + 1));
}

static void no_other_account_or_membership_has_the_same_digest(void)
{
	int wrong = 0;

	for (unsigned seed = 0; seed < 3000; seed++) {
		struct arena *own = arena_open();
		struct snapshot one = some_snapshot(own, seed), other = some_snapshot(own, seed);
		const char *digest = snapshot_digest(own, &rules, &one);

		wrong += strcmp(digest, snapshot_digest(own, &rules, &other)) != 0;
		if (seed % 4 == 0)
			change_an_account(&other);
		if (seed % 4 == 0 || (seed % 4 > 1 ? change_an_edge(&other) : change_a_group(&other)))
			wrong += strcmp(digest, snapshot_digest(own, &rules, &other)) == 0;
		arena_close(own);
	}
	CHECK(wrong == 0);
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
	TEST(every_sid_is_written_in_full);
	TEST(the_hr_file_fills_attributes);
	TEST(what_hr_did_not_bring_is_unknown);
	TEST(an_employee_who_stands_twice_in_hr_is_unknown);
	TEST(too_many_members_that_lead_nowhere_are_a_gap);
	TEST(a_member_that_we_may_not_see_makes_its_group_unknown);
	TEST(the_same_guid_twice_is_a_failure_that_names_the_place);
	TEST(utf16_is_read_as_utf8_is);
	TEST(a_file_read_in_pieces_is_the_whole_file);
	TEST(both_nevers_of_accountexpires_never_expire);
	TEST(a_number_that_does_not_fit_is_none);
	TEST(an_account_with_a_service_name_is_no_person);
	TEST(a_value_that_is_no_text_is_unknown_and_never_absent);
	TEST(an_address_that_is_no_text_is_a_gap);
	TEST(the_digest_is_of_what_is_said_and_not_of_its_order);
	TEST(who_has_a_name_that_is_no_text_answers_to_no_other);
	TEST(no_other_account_or_membership_has_the_same_digest);
	build_free(built);
	arena_close(mem);
	return check_done();
}
