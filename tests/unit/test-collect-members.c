/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-collect-members.c - every kind of member, from one directory or several: who it is, or that we do not know. */
#include "../../agent/collect/build_p.h"
#include "check.h"

#include <stdlib.h>

#define PERSON(name, more) "dn: CN=" name ",DC=k,DC=example\nobjectClass: user\nsAMAccountName: " name "\n" more "\n"
#define GROUP(name, more) "dn: CN=" name ",DC=k,DC=example\nobjectClass: group\nsAMAccountName: " name "\n" more "\n"
#define MEMBER(name) "member: CN=" name ",DC=k,DC=example\n"

static struct arena *mem;
static struct snapshot snap;
static struct error err;
static struct builder *built;
static struct rules rules;
static struct directory directories[2];

/* One export for each directory. */
static int
read_all(const char *first, const char *second)
{
	const char *const texts[] = { first, second };
	const char **employees;

	err = (struct error){ 0 };
	rules.conf.directories = directories;
	rules.conf.directory_count = second ? 2 : 1;
	rules.conf.directory.dangling_ratio = 1;
	build_free(built);
	built = build_open(mem, &rules);
	for (size_t i = 0; i < (size_t)rules.conf.directory_count; i++)
		if (build_source(built, &directories[i], i ? "two.ldif" : "one.ldif", &err) < 0 ||
		    ldif_parse(mem, "x.ldif", arena_text(mem, texts[i]), strlen(texts[i]), built, &err) < 0)
			return -1;
	if (build_close(built, &snap, &employees, &err) < 0)
		return -1;
	json_decref(snap.certificate);
	return 0;
}

static int
read_as(enum directory_schema schema, const char *text)
{
	int rc;

	directories[0].schema = schema;
	rc = read_all(text, NULL);
	directories[0].schema = SCHEMA_AD;
	return rc;
}

static const struct account *
account(const char *name)
{
	for (uint32_t i = 0; i < snap.account_count; i++)
		if (strcmp(snap.accounts[i].name, name) == 0)
			return &snap.accounts[i];
	return NULL;
}

static const struct group *
group(const char *name)
{
	for (uint32_t i = 0; i < snap.group_count; i++)
		if (strcmp(snap.groups[i].name, name) == 0)
			return &snap.groups[i];
	return NULL;
}

/* The edge from that group to that account or group, or NULL. */
static const struct edge *
edge(const char *from, const char *to)
{
	const struct group *g = group(from);

	for (uint32_t e = g ? g->first : 0; g && e < g->first + g->count; e++) {
		const struct edge *x = &snap.edges[e];

		if (strcmp(x->is_group ? snap.groups[x->member].name : snap.accounts[x->member].name, to) == 0)
			return x;
	}
	return NULL;
}

static void each_kind_of_member_has_its_class(void)
{
	CHECK(read_all("dn: CN=pc,DC=k,DC=example\nobjectClass: user\nobjectClass: computer\nsAMAccountName: pc$\n\n"
		       "dn: CN=job,DC=k,DC=example\nobjectClass: user\nobjectClass: computer\nobjectClass: msDS-GroupManagedServiceAccount\n"
		       "sAMAccountName: job$\n\ndn: CN=extern,DC=k,DC=example\nobjectClass: contact\n\n"
		       PERSON("anna", "") PERSON("svc", "servicePrincipalName: HTTP/x\n")
		       GROUP("lista", "groupType: 2\n" MEMBER("anna")) GROUP("sakerhet", "groupType: -2147483646\n" MEMBER("anna")),
		       NULL) == 0);
	CHECK(account("pc$")->class == ACCOUNT_COMPUTER && account("job$")->class == ACCOUNT_GMSA);
	CHECK(account("extern")->class == ACCOUNT_CONTACT && account("svc")->class == ACCOUNT_SERVICE);
	CHECK(account("anna")->class == ACCOUNT_PERSON && snap.seen.people == 1);
	CHECK(!group("lista")->security && group("sakerhet")->security);
}

#define FOREIGN(sid) "dn: CN=" sid ",CN=ForeignSecurityPrincipals,DC=k,DC=example\nobjectClass: foreignSecurityPrincipal\n" \
	"objectSid: " sid "\n\n"
#define FOREIGN_MEMBER(sid) "member: CN=" sid ",CN=ForeignSecurityPrincipals,DC=k,DC=example\n"
#define OTHER "dn: CN=bo,DC=s,DC=example\nobjectClass: user\nsAMAccountName: bo\nobjectSid: S-1-5-21-9-9-9-1001\n\n" \
	"dn: CN=alla,DC=s,DC=example\nobjectClass: group\nsAMAccountName: alla\nmember: CN=bo,DC=s,DC=example\n\n"

static void a_foreign_principal_is_the_account_of_the_other_directory(void)
{
	const char *own = PERSON("anna", "") FOREIGN("S-1-5-21-9-9-9-1001") FOREIGN("S-1-5-21-8-8-8-1001")
		GROUP("roll", FOREIGN_MEMBER("S-1-5-21-9-9-9-1001") FOREIGN_MEMBER("S-1-5-21-8-8-8-1001"));

	directories[0].base = "DC=k,DC=example";
	directories[1].base = "DC=s,DC=example";
	CHECK(read_all(own, OTHER) == 0 && snap.complete && edge("roll", "bo") && !edge("roll", "S-1-5-21-9-9-9-1001"));
	CHECK(edge("roll", "S-1-5-21-8-8-8-1001") && account("S-1-5-21-8-8-8-1001")->class == ACCOUNT_FOREIGN);
	CHECK_TEXT(account("S-1-5-21-8-8-8-1001")->sid, "S-1-5-21-8-8-8-1001");
	CHECK(snapshot_account(&snap, "S-1-5-21-9-9-9-1001") == account("bo") - snap.accounts);
	CHECK(read_all(own, NULL) == 0 && edge("roll", "S-1-5-21-9-9-9-1001"));
	directories[0].base = directories[1].base = NULL;
}

static void members_are_found_in_the_other_directory_by_their_name(void)
{
	CHECK(read_all(PERSON("anna", "") GROUP("roll", MEMBER("anna") "member: CN=bo,DC=s,DC=example\n"), OTHER) == 0);
	CHECK(edge("roll", "bo") && edge("alla", "bo") && snap.seen.dangling == 0 && snap.seen.people == 2);
}

static void a_directory_of_several_that_is_empty_is_a_gap(void)
{
	CHECK(read_all(PERSON("anna", "") GROUP("roll", MEMBER("anna")), "version: 1\n") == 0 && !snap.complete);
	CHECK(snap.gaps.count == 1 && strstr(snap.gaps.items[0].text, "two.ldif"));
}

static void principals_that_anybody_is_are_unbounded(void)
{
	static const char *const sids[] = { "S-1-1-0", "S-1-5-11", "S-1-5-7" };

	CHECK(read_all(PERSON("anna", "") FOREIGN("S-1-1-0") FOREIGN("S-1-5-11") FOREIGN("S-1-5-7") FOREIGN("S-1-5-113")
		       GROUP("roll", FOREIGN_MEMBER("S-1-5-11")), NULL) == 0);
	for (int i = 0; i < 3; i++)
		CHECK(account(sids[i]) && account(sids[i])->class == ACCOUNT_EVERYBODY);
	CHECK(account("S-1-5-113")->class == ACCOUNT_FOREIGN && edge("roll", "S-1-5-11"));
}

/* MS-ADTS 3.1.1.9.2 */
static void a_membership_that_ends_by_itself_says_when(void)
{
	clock_freeze(1000000);
	CHECK(read_all(PERSON("anna", "") GROUP("roll", "member: <TTL=3600,CN=anna,DC=k,DC=example>\n"), NULL) == 0
	      && edge("roll", "anna")->timed);
	CHECK(read_all(PERSON("anna", "") PERSON("bo", "") GROUP("roll", "member: <TTL=3600>,CN=anna,DC=k,DC=example\n" MEMBER("bo")), NULL) == 0);
	CHECK(edge("roll", "anna") && edge("roll", "anna")->timed && edge("roll", "bo") && !edge("roll", "bo")->timed);
	CHECK(snap.ends.count == 1 && snap.ends.items[0].moment == 1003600 &&
	      &snap.edges[snap.ends.items[0].edge] == edge("roll", "anna"));
	CHECK(read_all(PERSON("anna", "") GROUP("roll", "member: <TTL=,CN=anna,DC=k,DC=example\nmember: <TTL=5\n"), NULL) == 0
	      && snap.ends.count == 0 && !edge("roll", "anna"));
}

#define SINCE(dn, deleted) "<DS_REPL_VALUE_META_DATA>\n\t<pszAttributeName>member</pszAttributeName>\n\t<pszObjectDn>" dn \
	"</pszObjectDn>\n\t<cbData>0</cbData>\n\t<ftimeDeleted>" deleted "</ftimeDeleted>\n" \
	"\t<ftimeCreated>2026-03-01T08:00:00Z</ftimeCreated>\n</DS_REPL_VALUE_META_DATA>\n"
#define NEVER "1601-01-01T00:00:00Z"

static bool
since(const char *text, struct berval *who, int64_t *when)
{
	return added_read(mem, &(struct berval){ strlen(text), (char *)text }, who, when);
}

static void when_a_membership_came_is_read_as_domain_controllers_write_it(void)
{
	struct berval who;
	int64_t when = 0;

	CHECK(since(SINCE("CN=A &amp; B,DC=k", NEVER), &who, &when) && when == 1772352000);
	CHECK_TEXT(who.bv_val, "CN=A & B,DC=k");
	CHECK(since(SINCE("CN=A & B,DC=k", NEVER), &who, &when));       /* it escapes nothing, mostly */
	CHECK_TEXT(who.bv_val, "CN=A & B,DC=k");
	CHECK(!since(SINCE("CN=A,DC=k", "2026-04-01T08:00:00Z"), &who, &when));
	CHECK(!since("<pszObjectDn>CN=A", &who, &when) && !since("", &who, &when));
	CHECK(!since("<pszAttributeName>manager</pszAttributeName><pszObjectDn>CN=A</pszObjectDn><ftimeDeleted>" NEVER
		     "</ftimeDeleted><ftimeCreated>2026-03-01T08:00:00Z</ftimeCreated>", &who, &when));
}

#define BY(dn, when) "<ftimeLastOriginatingChange>" when "</ftimeLastOriginatingChange><pszLastOriginatingDsaDN>" dn \
	"</pszLastOriginatingDsaDN>"

static const char *
by(const char *text, int64_t *changed)
{
	const struct berval value = { strlen(text), (char *)text };

	*changed = added_changed(&value, 7);
	return added_by(mem, &value);
}

static void where_and_when_a_membership_was_changed_last_is_read(void)
{
	int64_t changed;

	CHECK_TEXT(by(BY("CN=NTDS Settings,CN=DC1,CN=Servers,CN=K,DC=k", "2026-03-02T08:00:00Z"), &changed), "DC1");
	CHECK(changed == 1772438400);
	CHECK(!by(BY("", NEVER), &changed) && changed == 7);
	CHECK(!by(BY("CN=NTDS Settings,CN=DC1", "x"), &changed) && changed == 7);
	CHECK(!by(BY("CN=NTDS Settings,CN=\377,CN=Servers", "x"), &changed) && !by(BY("CN=DC1,CN=Servers", "x"), &changed));
	CHECK(!by("<pszLastOriginatingDsaDN>CN=NTDS Settings,CN=DC1,", &changed));
}

static void a_name_is_the_same_however_it_is_spelled(void)
{
	static const char *const names[] = {
		"CN=\303\205sa \303\226berg\\, chef,DC=k,DC=example", "cn=\303\245sa \303\266berg\\, CHEF, dc=K, dc=Example",
		"CN=\\C3\\85sa \\C3\\96berg\\2C chef,DC=k,DC=example", "CN=\"\303\205sa \303\226berg, chef\",DC=k,DC=example",
		"2.5.4.3=\303\205sa \303\226berg\\, chef,DC=k,DC=example", "CN=A\314\212sa O\314\210berg\\, chef,DC=k,DC=example",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *text = arena_print(mem, "dn: CN=\303\205sa \303\226berg\\, chef,DC=k,DC=example\nobjectClass: user\n"
					       "sAMAccountName: asa\n\n" GROUP("roll", "member: %s\n"), names[i]);

		CHECK(read_all(text, NULL) == 0 && (i == 4 || (edge("roll", "asa") && snap.account_count == 1)));
		CHECK(snapshot_account(&snap, names[i]) == (i == 4 ? -1 : 0) || i == 4);
	}
}

static void a_name_in_parts_that_are_not_plain_keeps_its_key(void)
{
	static const char *const names[] = {
		"CN=anna,OU=a,DC=k", "cn=Anna B.,ou=x-y,dc=k", "CN=a\\2Cb,DC=k", "CN=a+OU=b,DC=k", "CN=#04024869,DC=k", "CN=a b  c,DC=k",
		"CN= a,DC=k", "CN=a ,DC=k", "CN=a, DC=k", "CN=\303\205,DC=k", "CN=a", "a", "", "CN=", "=a", "CN=a,", "1=a,DC=k",
		"CN=a;DC=k", "CN=a\\,DC=k", "CN=\"a,DC=k", "CN=a=b,DC=k",
	};

	directories[0].base = NULL;
	CHECK(read_all(PERSON("anna", ""), NULL) == 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *quick = name_key(built, names[i], strlen(names[i])), *slow = dn_key(mem, names[i]);

		CHECK(!quick == !slow && (!quick || strcmp(quick, slow) == 0));
	}
}

/* ------------------------------------------------------------------ random names, in random spellings */

static uint64_t state;

static uint32_t
below(uint32_t n)
{
	state = state * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (uint32_t)(state >> 33) % n;
}

/* What stands in a value, in all ways that RFC 4514 and case folding let it be written: alone, where a value begins or ends,
 * too.  No two of them have a spelling in common, whatever stands beside them. */
static const char *const signs[][6] = {
	{ "a", "A", "\\61", "\\41" }, { "b", "B", "\\62" }, { "1", "\\31" }, { "\303\245", "\303\205", "\\c3\\A5", "a\314\212", "A\314\212" },
	{ "\303\266", "\303\226", "\\C3\\96" }, { "\\,", "\\2C", "\\2c" }, { "\\+", "\\2b" }, { "\\\\", "\\5C" }, { "\\=", "\\3D", "=" },
	{ "\\#", "\\23" }, { "\\;", "\\3b" }, { "\\ ", "\\20" }, { ".", "\\2E" },
};
static const char *const types[][4] = { { "cn", "CN", "Cn" }, { "ou", "OU", "oU" }, { "dc", "DC" } };
static const char *const commas[] = { ",", ",", ", ", ",   ", " ," };

#define SIGNS (sizeof(signs) / sizeof(*signs))
#define DEEP 3
struct random_name { uint8_t type[DEEP], sign[DEEP][3], signs[DEEP], deep; };

static struct random_name
draw_name(void)
{
	struct random_name n = { .deep = (uint8_t)(1 + below(DEEP)) };

	for (int d = 0; d < n.deep; d++) {
		n.type[d] = (uint8_t)below(3);
		n.signs[d] = (uint8_t)(1 + below(3));
		for (int i = 0; i < n.signs[d]; i++)
			n.sign[d][i] = (uint8_t)below(below(2) ? 4 : SIGNS);
	}
	return n;
}

/* The first spelling of everything, or any. */
static const char *
one_of(const char *const *all, size_t most, bool any)
{
	size_t count = 0;

	while (count < most && all[count])
		count++;
	return all[any ? below((uint32_t)count) : 0];
}

/* A space behind an escaped backslash is an escaped space for libldap, so there is none. */
static const char *
spell(const struct random_name *n, bool any)
{
	const char *out = "";

	for (int d = 0; d < n->deep; d++) {
		size_t len = strlen(out);
		bool free = any && len && out[len - 1] != '\\';

		out = arena_print(mem, "%s%s%s=", out, d ? one_of(commas, 5, free) : "", one_of(types[n->type[d]], 4, any));
		for (int i = 0; i < n->signs[d]; i++)
			out = arena_print(mem, "%s%s", out, one_of(signs[n->sign[d][i]], 6, any));
	}
	return out;
}

static bool
is_same_name(const struct random_name *x, const struct random_name *y)
{
	return strcmp(spell(x, false), spell(y, false)) == 0;
}

#define NAMES 400

static void equal_names_and_no_others_have_the_same_key_and_mark(void)
{
	struct random_name names[NAMES];
	const char *keys[NAMES];
	struct berval marks[NAMES];
	size_t equal = 0;

	CHECK(read_all(PERSON("anna", ""), NULL) == 0);
	state = 1;
	for (int i = 0; i < NAMES; i++) {
		const char *dn;

		names[i] = i && !below(3) ? names[below((uint32_t)i)] : draw_name();
		dn = spell(&names[i], true);
		keys[i] = name_key(built, dn, strlen(dn));
		marks[i] = name_mark(built, mem, dn, strlen(dn));
		CHECK(keys[i] && strcmp(keys[i], dn_key(mem, dn)) == 0);
	}
	for (int i = 0; i < NAMES; i++)
		for (int k = 0; k < i; k++) {
			bool same = is_same_name(&names[i], &names[k]);

			equal += same;
			CHECK(same == (strcmp(keys[i], keys[k]) == 0));
			CHECK(same == (marks[i].bv_len == marks[k].bv_len && memcmp(marks[i].bv_val, marks[k].bv_val, marks[i].bv_len) == 0));
		}
	CHECK(equal > NAMES / 4);
}

static void
hand_over(const char *dn, const char *class, const char *name, struct berval *members, size_t count)
{
	struct berval dns = { strlen(dn), (char *)(uintptr_t)dn }, classes = { strlen(class), (char *)(uintptr_t)class },
		      called = { strlen(name), (char *)(uintptr_t)name };
	struct source_attribute all[] = {
		{ { 11, (char[]){ "objectClass" } }, NULL, &classes, 1 }, { { 14, (char[]){ "sAMAccountName" } }, NULL, &called, 1 },
		{ { 6, (char[]){ "member" } }, NULL, members, count },
	};
	struct source_entry entry = { .dn = dns, .line = 1, .attributes = { all, members ? 3 : 2, 3 } };

	CHECK(build_entry(built, &entry, &err) == 0);
}

/* Half of the names are people; a group holds some of all of them, each spelled anyhow. */
static void members_are_found_however_they_are_spelled(void)
{
	enum { GROUPS = 40, MEMBERS = 60 };
	static struct random_name names[NAMES];
	static bool in[GROUPS][NAMES];
	const char **employees;
	int count = 0;

	state = 2;
	while (count < NAMES) {
		bool new = true;

		names[count] = draw_name();
		for (int i = 0; i < count && new; i++)
			new = !is_same_name(&names[i], &names[count]);
		count += new;
	}
	build_free(built);
	built = build_open(mem, &rules);
	CHECK(build_source(built, &directories[0], "one.ldif", &err) == 0);
	for (int g = 0; g < GROUPS; g++) {
		struct berval members[MEMBERS];

		for (int m = 0; m < MEMBERS; m++) {
			uint32_t who = below(NAMES);
			const char *dn = spell(&names[who], true);

			in[g][who] = true;
			members[m] = (struct berval){ strlen(dn), (char *)(uintptr_t)dn };
		}
		hand_over(arena_print(mem, "cn=grupp %d,o=k", g), "group", arena_print(mem, "g%d", g), members, MEMBERS);
	}
	for (int i = 0; i < NAMES; i += 2)
		hand_over(spell(&names[i], true), "user", arena_print(mem, "person %d", i), NULL, 0);
	CHECK(build_close(built, &snap, &employees, &err) == 0);
	json_decref(snap.certificate);
	for (int g = 0; g < GROUPS; g++) {
		uint32_t held = 0;

		for (int i = 0; i < NAMES; i++) {
			held += in[g][i];
			if (i % 2 == 0)
				CHECK(in[g][i] == !!edge(arena_print(mem, "g%d", g), arena_print(mem, "person %d", i)));
		}
		CHECK(group(arena_print(mem, "g%d", g))->count == held);
	}
}

static void the_state_of_an_account_is_read_from_where_it_stands(void)
{
	CHECK(read_all(PERSON("anna", "userAccountControl: 512\nmsDS-User-Account-Control-Computed: 8388624\nadminCount: 1\n")
		       PERSON("bo", "userAccountControl: 8389138\n") "dn: DC=k,DC=example\nobjectClass: domainDNS\nmsDS-LogonTimeSyncInterval: 21\n\n",
		       NULL) == 0);
	CHECK(account("anna")->locked && account("anna")->password_expired && account("anna")->protected_admin);
	CHECK(!account("anna")->disabled && account("bo")->disabled);
	CHECK(!account("bo")->locked && !account("bo")->password_expired);      /* those bits are not kept there */
	CHECK(snap.sync_days == 21);
}

static void what_the_reading_account_may_not_see_of_some_is_a_gap(void)
{
	CHECK(read_all(PERSON("anna", "userAccountControl: 512\n") PERSON("bo", ""), NULL) == 0 && snap.complete && snap.gaps.count == 1);
	CHECK(strstr(snap.gaps.items[0].text, "'userAccountControl' of 1 of 2"));
	CHECK(read_all(PERSON("anna", "") PERSON("bo", ""), NULL) == 0 && snap.gaps.count == 0);
}

static void an_account_made_anew_under_the_same_name_is_another(void)
{
	const char *old = "6f1f5a3e-0000-4000-8000-000000000001", *new = "6f1f5a3e-0000-4000-8000-000000000002";

	for (int i = 0; i < 2; i++) {
		CHECK(read_all(arena_print(mem, PERSON("anna", "objectGUID: %s\n"), i ? new : old), NULL) == 0);
		CHECK_TEXT(snap.accounts[0].key, i ? new : old);
	}
}

/* MS-ADTS 3.1.1.2.2.4.15: a domain controller takes bjorn for björn, and so lets only one of them be; we take neither for the other. */
static void a_name_without_its_diacritics_is_another_name(void)
{
	CHECK(read_all(PERSON("bj\303\266rn", ""), NULL) == 0);
	CHECK(snapshot_account(&snap, "BJ\303\226RN") == 0 && snapshot_account(&snap, "bjorn") == -1);
	CHECK(snapshot_account(&snap, "bjo\314\210rn") == 0);
}

static void a_sid_history_is_noted(void)
{
	CHECK(read_all(PERSON("anna", "sIDHistory: S-1-5-21-7-7-7-1001\nsIDHistory: S-1-5-21-7-7-7-1002\n") PERSON("bo", ""), NULL) == 0);
	CHECK(snap.findings.count == 1);
	CHECK_TEXT(snap.findings.items[0].kind, "sid-history");
	CHECK_TEXT(snap.findings.items[0].account, "anna");
}

/* ------------------------------------------------------------------ OpenLDAP */

#define UID(name, more) "dn: uid=" name ",dc=k,dc=example\nobjectClass: inetOrgPerson\nobjectClass: person\nobjectClass: posixAccount\nuid: " name "\n" more "\n"

static void plain_ldap_names_members_by_dn(void)
{
	CHECK(read_as(SCHEMA_RFC2307BIS, UID("anna", "gidNumber: 100\n") UID("bo", "gidNumber: 7\n")
		      "dn: cn=en,dc=k,dc=example\nobjectClass: groupOfNames\ncn: en\nmember: uid=anna,dc=k,dc=example\n\n"
		      "dn: cn=tva,dc=k,dc=example\nobjectClass: groupOfUniqueNames\ncn: tva\nuniqueMember: uid=bo,dc=k,dc=example#'0101'B\n"
		      "uniqueMember: cn=en,dc=k,dc=example\n\ndn: cn=alla,dc=k,dc=example\nobjectClass: posixGroup\ncn: alla\ngidNumber: 100\n\n") == 0);
	CHECK(edge("en", "anna") && edge("tva", "bo") && edge("tva", "en") && edge("tva", "en")->is_group);
	CHECK(edge("alla", "anna") && edge("alla", "anna")->primary && group("en")->security && snap.seen.people == 2);
	CHECK(snapshot_account(&snap, "anna") == account("anna") - snap.accounts);
}

static void plain_ldap_names_members_by_uid(void)
{
	CHECK(read_as(SCHEMA_RFC2307, UID("anna", "") UID("bo", "") "dn: cn=en,dc=k,dc=example\nobjectClass: posixGroup\ncn: en\n"
		      "memberUid: anna\nmemberUid: nobody\n\n") == 0);
	CHECK(edge("en", "anna") && edge("en", "nobody") && account("nobody")->class == ACCOUNT_OTHER && snap.seen.dangling == 1);
	CHECK(!group("en")->unknown);
}

static void a_uid_that_two_have_is_nobody_and_its_group_unknown(void)
{
	CHECK(read_as(SCHEMA_RFC2307, UID("anna", "") "dn: uid=anna,ou=x,dc=k,dc=example\nobjectClass: person\nuid: anna\n\n"
		      "dn: cn=en,dc=k,dc=example\nobjectClass: posixGroup\ncn: en\nmemberUid: anna\n\n"
		      "dn: cn=tva,dc=k,dc=example\nobjectClass: posixGroup\ncn: tva\nmemberUid: anna\n\n") == 0);
	CHECK(group("en")->unknown && group("tva")->unknown && snap.gaps.count == 2);
	CHECK(snapshot_account(&snap, "anna") == -2);
}

/* Names are looked for by the row: each place of a row, and what stands around it. */
static void one_member_that_is_no_text_costs_no_other(void)
{
	static const char *const bad[] = { "", ": /w==", ": AA==", ": Q049YW5uYSxEQz1rLERDPWV4YW1wbGUA", ": PFRUTD01Piz/" };
	static const size_t counts[] = { 1, 2, 31, 32, 33, 64, 65 };
	struct text t;

	text_open(&t, 1 << 20);
	for (size_t c = 0; c < sizeof(counts) / sizeof(*counts); c++)
		for (size_t at = 0; at < counts[c]; at++) {
			size_t count = counts[c], other = (at * 7 + 3) % count, lost = other == at ? 1 : 2;

			t.len = 0;
			text_add(&t, PERSON("anna", ""));
			for (size_t i = 0; i < count; i++)
				if (i % 3)              /* others lead nowhere */
					text_print(&t, "dn: CN=p%zu,DC=k,DC=example\nobjectClass: user\nsAMAccountName: p%zu\n\n", i, i);
			text_add(&t, GROUP("roll", ""));
			t.len--;
			for (size_t i = 0; i < count; i++)
				if (i == at || i == other)
					text_print(&t, "member:%s\n", bad[at % 5]);
				else
					text_print(&t, "member: CN=p%zu,DC=k,DC=example\n", i);
			CHECK(read_all(t.data, NULL) == 0 && group("roll")->count == count - lost && group("roll")->unknown);
			CHECK(built->at->unreadable == (long long)lost && snap.seen.memberships == (long long)count);
			for (size_t i = 0; i < count; i++)
				CHECK((edge("roll", arena_print(mem, "p%zu", i)) != NULL) == (i != at && i != other));
		}
	text_close(&t);
}

int main(void)
{
	mem = arena_open();
	TEST(each_kind_of_member_has_its_class);
	TEST(a_foreign_principal_is_the_account_of_the_other_directory);
	TEST(members_are_found_in_the_other_directory_by_their_name);
	TEST(a_directory_of_several_that_is_empty_is_a_gap);
	TEST(principals_that_anybody_is_are_unbounded);
	TEST(a_membership_that_ends_by_itself_says_when);
	TEST(where_and_when_a_membership_was_changed_last_is_read);
	TEST(when_a_membership_came_is_read_as_domain_controllers_write_it);
	TEST(a_name_is_the_same_however_it_is_spelled);
	TEST(a_name_in_parts_that_are_not_plain_keeps_its_key);
	TEST(equal_names_and_no_others_have_the_same_key_and_mark);
	TEST(members_are_found_however_they_are_spelled);
	TEST(the_state_of_an_account_is_read_from_where_it_stands);
	TEST(what_the_reading_account_may_not_see_of_some_is_a_gap);
	TEST(an_account_made_anew_under_the_same_name_is_another);
	TEST(a_name_without_its_diacritics_is_another_name);
	TEST(a_sid_history_is_noted);
	TEST(plain_ldap_names_members_by_dn);
	TEST(plain_ldap_names_members_by_uid);
	TEST(a_uid_that_two_have_is_nobody_and_its_group_unknown);
	TEST(one_member_that_is_no_text_costs_no_other);
	build_free(built);
	arena_close(mem);
	return check_done();
}
