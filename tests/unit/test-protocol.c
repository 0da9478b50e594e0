/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test-protocol.c - a gallringsprotokoll says what was done and what was not, in words that are quoted for their place.
 *
 * What it says is held against tests/unit/protocol/; with GOLDEN=1 those are written anew.
 */
#include "check.h"
#include "behov/audit.h"
#include "behov/digest.h"
#include "behov/file.h"
#include "behov/json.h"
#include "behov/protocol.h"
#include "behov/text.h"

#include <ftw.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GONE ((int64_t)1799136000)      /* 2027-01-05T08:00Z */
#define ASIDE (GONE - 32 * 86400)
#define ID "00000000000000f1-1"

static char folder[] = "/tmp/behov-protocol-XXXXXX";
static struct arena *mem;
static struct store *store;
static struct error err;
static struct series series;
static struct share share;
static struct rules rules;

/* Names that mean harm, in the order of their bytes: the fates of each stand in fates[]. */
static const char *const names[] = {
	"V/2016/\"citat\".pdf", "V/2016/<script>alert(1)<b>.pdf", "V/2016/=HYPERLINK(\"x\").csv", "V/2016/Akt.Andersson",
	"V/2016/kvar.docx", "V/2016/ny\nrad.PDF", "V/2016/r\xe4kning.pdf", ("V/2016/till\xe2\x80\xae" "fdp.exe"), "V/2016/\xf0\x9f\x98\x80.pdf",
};
#define COUNT (sizeof(names) / sizeof(*names))
enum fate { GO, BACK, LEFT, STUCK, LINKED };
static const enum fate fates[COUNT] = { GO, GO, LINKED, GO, LEFT, GO, BACK, GO, STUCK };

static void
journal(const char *act, long long number, enum effect_state state, const char *after, const char *note, int64_t at)
{
	long long id;

	CHECK(store_effect_intend(store, &(struct effect){ .proposal = ID, .act = act, .number = number,
		.target = number <= (long long)COUNT ? name_show(mem, names[number - 1]) : "V/2016/ingen", .before = "{}",
							   .intended = at, .ended = INT64_MIN }, &id, &err) == 0);
	CHECK(store_effect_end(store, id, state, after, note, at, &err) == 0);
}

static void
handle(long long n, enum fate fate)
{
	journal("quarantine", n, fate == LEFT ? EFFECT_FAILED : fate == BACK ? EFFECT_UNDONE : EFFECT_DONE, NULL,
		fate == LEFT ? "filen har ändrats sedan den godkändes" : fate == BACK ? "gallringsstopp: <begäran>" : NULL, ASIDE);
	if (fate == LEFT || fate == BACK)
		return;
	journal("unlink", n, fate == STUCK ? EFFECT_FAILED : EFFECT_DONE, fate == LINKED ? "{\"nlink\":\"3\"}" : "{\"nlink\":\"1\"}",
		fate == STUCK ? "det är inte filen som lades i karantän" : NULL, GONE);
}

static void
batch(void)
{
	struct record records[COUNT];
	struct stored s = { .p = { .kind = KIND_DESTROY, .key = "00000000000000f1", .version = "v1", .series = "ver", .share = "ekonomi",
				   .batch = "V/2016", .files = COUNT, .due = day_make(2027, 1, 1), .owner = "eva.lind", .needs = 2, .scope = "s",
				   .why = "w", .rule = { "rules/r.cfg", 3 } },
			    .state = STATE_FAILED, .opened = ASIDE, .since = GONE, .go_at = INT64_MIN, .until = DAY_NONE };

	for (size_t i = 0; i < COUNT; i++) {
		records[i] = (struct record){ .path = names[i], .size = 100 + i, .ino = i + 1, .nlink = 1, .btime_s = INT64_MIN,
					      .anchor = day_make(2016, 1 + (int)i, 1), .due = day_make(2027, 1, 1) };
		s.p.bytes += (long long)records[i].size;
	}
	s.p.manifest = manifest_digest(mem, records, COUNT);
	CHECK(store_manifest_put(store, s.p.manifest, records, COUNT, &err) == 0);
	s.p.evidence = json_pack("{s:s, s:{s:s, s:s, s:s}, s:s}", "calculation", "2016 + 10 år från kalenderårets slut = 2027-01-01", "decision",
				 "dnr", "KS 2012/1", "date", "2012-03-06", "body", "Kommun<styrelsen>", "law", "Lag & rätt");
	*arena_push(mem, &s.p.approvers) = (struct approver){ .key = "ke", .name = "eva.lind", .display = "Eva <i>Lind", .mail = "e@kalmar.example",
							      .as = "informationsägare för Verifikationer", .asked = ASIDE };
	*arena_push(mem, &s.p.approvers) = (struct approver){ .key = "km", .name = "Skyddad person 2", .display = "Skyddad person 2",
							      .mail = "m@kalmar.example", .as = "arkivarie", .seat = 1, .asked = ASIDE };
	CHECK(store_proposal_add(mem, store, &s, &err) == 0);
	json_decref(s.p.evidence);
	for (size_t i = 0; i < COUNT; i++)
		handle((long long)i + 1, fates[i]);
}

static void
say_yes(const char *key, const char *name, const char *version, int64_t at, const char *proof, const char *refused)
{
	CHECK(store_decision_add(store, &(struct decision){ .proposal = ID, .version = version, .key = key, .name = name,
		.verdict = VERDICT_APPROVE, .until = DAY_NONE, .at = at, .source = "page", .proof = proof, .refused = refused,
		.reason = refused ? NULL : "=Rätt\xe2\x80\xae tid" }, &err) == 0);
}

static void
activate(void)
{
	CHECK(store_series_activate(store, &(struct activation){ series.id, series_digest(mem, &series), "maria.arkivarie", ASIDE - 5000 }, &err) == 0);
}

static void
begin(void)
{
	static int made;
	json_t *payload = json_pack("{s:s}", "proposal", ID);

	mem = arena_open();
	err = (struct error){ 0 };
	CHECK(clock_zone("Europe/Stockholm", &err) == 0);
	series = (struct series){ .id = "ver", .code = "2.4.1", .name = "Verifikationer <b>", .owner = "eva.lind", .decided = true,
				  .decision = { "KS 2012/1", "2012-03-06", "Kommun<styrelsen>", "§ 4" }, .clock = CLOCK_PATH_YEAR,
				  .keep = { 10, DAY_YEARS }, .secrecy = "21 kap. 1 §", .batch_path = "V/{year}" };
	share = (struct share){ .id = "ekonomi", .name = "Ekonomi", .path = "/srv/eko\xe4nomi", .class = { 3, 1, 1, 1 },
				.archive = { .creator = "Ekonomikontoret" }, .copies = { .snapshots = { 1, DAY_MONTHS } } };
	rules = (struct rules){ .series = &series, .series_count = 1, .shares = &share, .share_count = 1, .digest = "r" };
	rules.conf.organisation = "Kalmar <kommun>";
	rules.conf.archive = (struct archive){ "Kommunstyrelsen", "ingen", NULL };
	rules.conf.protocol.dnr = "KS-GALLR {year}/{number}";
	rules.conf.protocol.copies.backups = (struct period){ 90, DAY_DAYS };
	rules.conf.work = arena_print(mem, "%s/%d", folder, ++made);
	CHECK(store_open(arena_print(mem, "%s/%d.db", folder, made), STORE_WRITE, &store, &err) == 0);
	batch();
	say_yes("ke", "eva.lind", "v0", ASIDE - 9000, "{\"kind\":\"code\",\"proved\":1}", NULL);
	say_yes("ke", "eva.lind", "v1", ASIDE - 8000, "{\"kind\":\"ldap\",\"proved\":1796370000}", NULL);
	say_yes("kx", "nagon.annan", "v1", ASIDE - 7000, "{\"kind\":\"code\"}", "nej");
	say_yes("km", "Skyddad person 2", "v1", ASIDE - 6000, "{\"kind\":\"code\",\"proved\":1796372000}", NULL);
	activate();
	CHECK(audit_add(store, GONE, "apply", "proposal-failed", payload, &err) == 0);
	json_decref(payload);
}

static void
end(void)
{
	store_close(store);
	arena_close(mem);
}

static const struct report_input *
input(int64_t now)
{
	static struct report_input in;

	in = (struct report_input){ &rules, store, now };
	return &in;
}

static void
issue(long long wanted)
{
	struct protocols_done done;

	CHECK(protocols_issue(mem, input(GONE), "apply", &done, &err) == 0);
	CHECK(done.issued == wanted && done.written == wanted && !done.unwritten);
}

static const char *
text_of(const char *name)
{
	char *text = NULL;
	size_t len;

	CHECK(file_read(mem, arena_print(mem, "%s/protokoll/%s", rules.conf.work, name), 1 << 24, &text, &len, &err) == 0);
	return text ? text : "";
}

/* What changes from run to run: only the head of the chain, which holds a salt; and what rests on it. */
static const char *
steady(const char *text)
{
	char *copy = arena_text(mem, text);
	struct audit_row row;

	CHECK(store_audit_at(mem, store, 1, &row, &err) == 0);
	for (char *at; (at = strstr(copy, row.hash));)
		memset(at, '0', 64);
	for (char *at = copy; (at = strstr(at, ".json, sha256:"));)
		memset(at += 14, '0', 64);
	return copy;
}

static void
held_against(const char *name)
{
	const char *golden = arena_print(mem, "tests/unit/protocol/%s", name), *got = steady(text_of(name));
	char *wanted = NULL;
	size_t len;

	if (getenv("GOLDEN"))
		CHECK(file_write(golden, got, strlen(got), &err) == 0);
	CHECK(file_read(mem, golden, 1 << 24, &wanted, &len, &err) == 0);
	CHECK_TEXT(got, wanted);
}

static void
it_says_what_it_always_said(void)
{
	begin();
	issue(1);
	held_against("KS-GALLR-2027-1.json");
	held_against("KS-GALLR-2027-1.csv");
	held_against("KS-GALLR-2027-1.html");
	end();
}

static long long
files(const json_t *body, const char *outcome)
{
	return json_number(json_object_get(json_object_get(body, "counts"), outcome), "files", -1);
}

static const json_t *
body_of(json_t *all)
{
	return json_object_get(json_array_get(json_object_get(all, "protocols"), 0), "protocol");
}

static void
only_what_was_destroyed_counts_as_gallrat(void)
{
	const json_t *body;
	json_t *all = NULL;

	begin();
	issue(1);
	CHECK(protocols_read(mem, input(GONE), ID, &all, &err) == 0);
	body = body_of(all);
	CHECK(files(body, "approved") == 9 && files(body, "destroyed") == 6 && files(body, "restored") == 1 && files(body, "left") == 1 &&
	      files(body, "quarantined") == 1 && files(body, "linked") == 1 && files(body, "untouched") == 0);
	CHECK_TEXT(json_text(body, "oldest"), "2016-01-01");
	CHECK_TEXT(json_text(body, "newest"), "2016-08-01");     /* the ninth is still in quarantine */
	CHECK(json_array_size(json_object_get(body, "not_destroyed")) == 3 && json_array_size(json_object_get(body, "links")) == 1);
	CHECK(json_number(json_array_get(json_object_get(body, "links"), 0), "other_names", 0) == 2);
	json_decref(all);
	end();
}

static void
approvals_are_those_of_this_version_that_count(void)
{
	const json_t *list;
	json_t *all = NULL;

	begin();
	issue(1);
	CHECK(protocols_read(mem, input(GONE), "KS-GALLR 2027/1", &all, &err) == 0);
	list = json_object_get(body_of(all), "approvals");
	CHECK(json_array_size(list) == 2);
	CHECK_TEXT(json_text(json_array_get(list, 0), "proof"), "ldap");
	CHECK_TEXT(json_text(json_array_get(list, 1), "name"), "Skyddad person 2");
	CHECK_TEXT(json_text(json_array_get(list, 1), "as"), "arkivarie");
	json_decref(all);
	end();
}

static void
what_comes_from_outside_is_no_markup_formula_or_turn(void)
{
	const char *page, *list;

	begin();
	issue(1);
	page = text_of("KS-GALLR-2027-1.html");
	list = text_of("KS-GALLR-2027-1.csv");
	CHECK(!strstr(page, "<script") && !strstr(page, "<i>Lind") && !strstr(page, "<styrelsen") && !strstr(page, "<begäran"));
	CHECK(!strstr(page, "\xe2\x80\xae") && !strstr(list, "\xe2\x80\xae") && strstr(list, "till%E2%80%AEfdp.exe"));
	CHECK(strstr(list, "r%E4kning.pdf") && strstr(list, "ny%0Arad.PDF") && !strstr(list, ";=") && !strstr(list, "\n="));
	CHECK(text_is_utf8(page, strlen(page)) && text_is_utf8(list, strlen(list)));
	CHECK(strstr(page, "inte angivet"));                    /* nobody has named who is arkivansvarig */
	end();
}

static void
without_names_there_are_none(void)
{
	struct stat st;
	json_t *all = NULL;
	const char *text;

	begin();
	series.evidence_digest = true;
	activate();
	issue(1);
	CHECK(protocols_read(mem, input(GONE), NULL, &all, &err) == 0);
	text = arena_print(mem, "%s%s", json_canonical(mem, all), text_of("KS-GALLR-2027-1.html"));
	CHECK(stat(arena_print(mem, "%s/protokoll/KS-GALLR-2027-1.csv", rules.conf.work), &st) < 0);
	CHECK(!strstr(text, "V/2016") && !strstr(text, "Andersson") && !strstr(text, "andersson") && !strstr(text, "kvar.docx"));
	CHECK(strstr(text, "annan filändelse") && strstr(text, "V/{year}"));
	json_decref(all);
	end();
}

static bool
is_gone(enum fate fate)
{
	return fate == GO || fate == LINKED;
}

/* What the journal and the list of files have of names, of those that went and of the others. */
static void
count_names(long long *gone, long long *others, size_t *listed)
{
	struct effects all = { 0 };
	struct manifest m = { 0 };
	struct stored_list found = { 0 };

	*gone = *others = 0;
	CHECK(store_effects(mem, store, ID, NULL, &all, &err) == 0);
	for (size_t i = 0; i < all.list.count; i++) {
		const struct effect *e = &all.list.items[i];

		*(is_gone(fates[e->number - 1]) ? gone : others) += e->target != NULL;
	}
	CHECK(store_proposals(mem, store, &(struct proposal_filter){ .id = ID }, &found, &err) == 0);
	CHECK(store_manifest_open(mem, store, found.list.items[0].p.manifest, &m, &err) == 0);
	*listed = m.count;
	stored_free(&found);
}

static void
names_of_what_is_gone_go_and_those_of_what_may_come_back_stay(void)
{
	long long gone, others, more;
	size_t listed;

	begin();
	series.evidence_digest = true;
	activate();
	count_names(&gone, &others, &listed);
	CHECK(gone > 0 && others > 0 && listed > 0);
	issue(1);
	count_names(&gone, &more, &listed);
	CHECK(gone == 0 && more == others && listed > 0);       /* some lie in quarantine still */
	end();

	begin();
	issue(1);                                               /* evidence = "names" */
	count_names(&gone, &others, &listed);
	CHECK(gone > 0 && listed > 0);
	end();

	begin();
	rules.series_count = 0;                                 /* nobody can say: no name is told, and none is taken away */
	issue(1);
	count_names(&gone, &others, &listed);
	CHECK(gone > 0 && listed > 0);
	end();
}

/* Nobody can say how it wanted its evidence: then no name is told. */
static void
a_series_that_is_gone_from_the_rules_is_told_of_without_names(void)
{
	json_t *all = NULL;

	begin();
	rules.series_count = 0;
	issue(1);
	CHECK(protocols_read(mem, input(GONE), NULL, &all, &err) == 0);
	CHECK(!strstr(json_canonical(mem, all), "V/2016"));
	CHECK_TEXT(json_text(json_object_get(body_of(all), "decision"), "dnr"), "KS 2012/1");   /* as it was approved */
	CHECK(!json_text(json_object_get(body_of(all), "decision"), "paragraph") && !json_text(body_of(all), "code"));
	json_decref(all);
	end();
}

static void
a_protocol_is_issued_once_and_what_is_there_is_left(void)
{
	const char *path, *first;
	json_t *all = NULL;

	begin();
	issue(1);
	issue(0);
	first = text_of("KS-GALLR-2027-1.csv");
	path = arena_print(mem, "%s/protokoll/KS-GALLR-2027-1.csv", rules.conf.work);
	CHECK(unlink(path) == 0 && protocols_read(mem, input(GONE + 9), NULL, &all, &err) == 0);
	CHECK_TEXT(text_of("KS-GALLR-2027-1.csv"), first);
	json_decref(all);
	CHECK(file_write(path, "x", 1, &err) == 0 && protocols_read(mem, input(GONE), NULL, &all, &err) < 0 && !all);
	CHECK(strstr(err.text, "not as it was issued"));
	CHECK_TEXT(text_of("KS-GALLR-2027-1.csv"), "x");
	/* The journal has gone on: what was issued is not made up anew. */
	CHECK(unlink(path) == 0);
	journal("unlink", 5, EFFECT_DONE, NULL, NULL, GONE);
	err = (struct error){ 0 };
	CHECK(protocols_read(mem, input(GONE), NULL, &all, &err) < 0 && strstr(err.text, "not what it was when"));
	CHECK(access(path, F_OK) < 0);
	end();
}

/* run and apply may be two accounts of one group: whichever comes first, the other writes there, too. */
static void
its_folder_is_for_those_who_may_write_around_it(void)
{
	struct stat st;

	begin();
	CHECK(mkdir(rules.conf.work, 0700) == 0 && chmod(rules.conf.work, 02770) == 0);
	issue(1);
	CHECK(stat(arena_print(mem, "%s/protokoll", rules.conf.work), &st) == 0 && (st.st_mode & 07777) == 02770);
	end();
	begin();
	issue(1);
	CHECK(stat(arena_print(mem, "%s/protokoll", rules.conf.work), &st) == 0 && !(st.st_mode & 027));
	end();
}

static void
one_that_cannot_be_made_takes_no_number(void)
{
	struct protocols_done done;
	long long next;

	begin();
	CHECK(store_proposal_move(store, ID, PROPOSAL_RESTORED, GONE, INT64_MIN, DAY_NONE, "x", &err) == 0);
	journal("quarantine", 99, EFFECT_DONE, NULL, NULL, GONE);        /* a journal that names what is in no list */
	CHECK(protocols_issue(mem, input(GONE), "run", &done, &err) == 0);
	CHECK(done.issued == 0 && done.unwritten == 1 && strstr(done.why, "file 99 of 9"));
	CHECK(store_protocol_next(store, 2027, &next, &err) == 0 && next == 1);
	end();
}

static int
sweep(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st, (void)type, (void)where;
	return remove(path);
}

int
main(void)
{
	if (!mkdtemp(folder))
		return 1;
	TEST(it_says_what_it_always_said);
	TEST(only_what_was_destroyed_counts_as_gallrat);
	TEST(approvals_are_those_of_this_version_that_count);
	TEST(what_comes_from_outside_is_no_markup_formula_or_turn);
	TEST(without_names_there_are_none);
	TEST(names_of_what_is_gone_go_and_those_of_what_may_come_back_stay);
	TEST(a_series_that_is_gone_from_the_rules_is_told_of_without_names);
	TEST(a_protocol_is_issued_once_and_what_is_there_is_left);
	TEST(its_folder_is_for_those_who_may_write_around_it);
	TEST(one_that_cannot_be_made_takes_no_number);
	nftw(folder, sweep, 8, FTW_DEPTH | FTW_PHYS);
	return check_done();
}
