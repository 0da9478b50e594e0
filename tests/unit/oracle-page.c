/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * oracle-page.c - a store with letters and proposals that tests/service/test-page.py knows, and the page that serves it.
 *
 *     oracle-page make FOLDER NOW                     the store, as text: one line for each link
 *     oracle-page serve FOLDER NOW LISTEN URL         prints "ready PORT"
 *     oracle-page take FOLDER NOW                     what the night makes of it: "taken N refused N"
 *     oracle-page decisions FOLDER                    what lies in the inbox, as JSON
 *     oracle-page more FOLDER NOW COUNT               more people to ask Anna about
 *     oracle-page papers FOLDER NOW COUNT             a batch "f2" of so many files
 *     oracle-page kinds FOLDER NOW                    one of each that "make" leaves out: "n1" cuts a nesting, "h1" is
 *                                                     carried out by hand, "d1" is delivered
 *     oracle-page change FOLDER ID                    another version of a proposal takes its place
 *     oracle-page asked FOLDER NOW ID WHO TEXT        Anna has asked WHO ("key-eva") about it, and the night has found them
 *     oracle-page found FOLDER NOW NUMBER WHO         the night has found out that question NUMBER is to WHO
 *     oracle-page lists FOLDER NOW COUNT              a list of 2026Q3 that Anna is to review, of COUNT people and some who came and went
 *     oracle-page approved FOLDER NOW ID WHO STATE    WHO ("key-anna") has approved it, and it came into STATE
 */
#include <behov/decide.h>
#include <behov/take.h>
#include <behov/digest.h>
#include <behov/json.h>

#include <unistd.h>

static struct error err;

static int
fail(void)
{
	fprintf(stderr, "oracle-page: %s\n", err.text);
	return 1;
}

static const char *
path(struct arena *mem, const char *folder, const char *name)
{
	return arena_print(mem, "%s/%s", folder, name);
}

/* ------------------------------------------------------------------ what is asked */

static struct clause needs[] = { { .why = "Utreder barnärenden" } };
static struct role roles[] = { { .id = "handlaggare", .name = "Handläggare", .needs = needs, .need_count = 1 } };
static struct system systems[] = { { .id = "treserva", .name = "Treserva", .owner = "anna", .roles = roles, .role_count = 1 } };
static struct where there = { .share = "ekonomi", .path = "Avtal/**" };
static const char *eva[] = { "eva" };
static struct series series[] = {
	{ .id = "avtal", .name = "Avtal & <b>", .owner = "anna", .deputies = eva, .deputy_count = 1, .clock = CLOCK_EVENT,
	  .action = ACTION_DESTROY, .where = &there, .where_count = 1 },
	{ .id = "verifikationer", .name = "Verifikationer" } };
static struct share shares[] = { { .id = "ekonomi", .name = "Ekonomi" } };

static struct rules
rules(struct arena *mem, const char *folder, const char *listen, const char *url)
{
	return (struct rules){
		.conf = { .organisation = "Kalmar <kommun>", .store = arena_print(mem, "sqlite:%s/behov.db", folder),
			  .inbox = path(mem, folder, "inbox.db"), .quarantine_days = 30, .grace = { 3, 7 },
			  .mail = { .server = arena_print(mem, "maildir:%s/mail", folder), .from = "behov@kalmar.example",
				    .contact = "Servicedesk, 0480-00 00 00" },
			  .web = { .listen = listen, .url = url, .proof_count = 1 } },
		.systems = systems, .system_count = 1, .series = series, .series_count = 2, .shares = shares,
		.share_count = 1,
	};
}

static struct approver
approver(const char *who)
{
	return strcmp(who, "anna") == 0 ? (struct approver){ .key = "key-anna", .name = "anna.berg", .display = "Anna Berg",
								    .mail = "anna@kalmar.example", .as = "systemägare" }
					: (struct approver){ .key = "key-eva", .name = "eva.lind", .display = "Eva Lind",
							     .mail = "eva@kalmar.example", .as = "ägare", .seat = 1 };
}

static const char *const ways[] = { "CN=GG-Barn och familj,OU=Grupper,DC=kalmar,DC=example",
				    "CN=APP-Treserva-Handlaggare,OU=Behorighet,DC=kalmar,DC=example" };

static json_t *
access_evidence(void)
{
	return json_pack("{s:[{s:s,s:s,s:s,s:s,s:s},{s:s,s:s,s:s,s:s,s:s}], s:{s:s,s:s,s:s,s:s,s:b}, s:s}", "clauses",
			 "text", "title = \"Socialsekreterare*\" and department = \"Barn och familj\"", "why",
			 "Utreder barnärenden", "by", "anna.berg", "since", "2026-01-15", "rule", "rules/systems/treserva.cfg:9",
			 "text", "title = \"Enhetschef*\" and unit = \"Socialförvaltningen\"", "why", "Leder enheten", "by",
			 "anna.berg", "since", "2026-01-15", "rule", "rules/systems/treserva.cfg:11", "person", "name", "x",
			 "title", "Fritidsledare", "department", "Kultur och fritid", "manager",
			 "CN=Per Ek,OU=Personal,DC=kalmar,DC=example", "disabled", 0, "last_logon", "2026-10-02T06:12:00Z");
}

static int
add_access(struct arena *mem, struct store *store, const char *key, const char *who, const char *account,
	   const char *display, int64_t now)
{
	struct stored s = {
		.p = { .kind = KIND_REMOVE_MEMBER, .key = key, .version = digest_text(mem, key), .system = "treserva",
		       .role = "handlaggare", .account = account, .display = display, .guid = key, .group = ways[1],
		       .group_guid = "gg", .member = "CN=x", .path = (const char **)(uintptr_t)ways,
		       .path_count = key[1] == '1' ? 2 : 1, .due = DAY_NONE, .owner = who, .needs = 1, .konfidentialitet = 3,
		       .scope = "system:treserva",
		       .why = arena_print(mem, "%s har Handläggare i Treserva men uppfyller inget skrivet behov.", display),
		       .rule = { "rules/systems/treserva.cfg", 9 }, .evidence = access_evidence() },
		.state = STATE_OPEN, .opened = now - 86400, .since = now - 86400, .go_at = INT64_MIN, .until = DAY_NONE,
	};
	int rc;

	*arena_push(mem, &s.p.approvers) = approver(who);
	rc = store_proposal_add(mem, store, &s, &err);
	json_decref(s.p.evidence);
	return rc;
}

#define PAPERS 1200

static int
by_path(const void *a, const void *b)
{
	return strcmp(((const struct record *)a)->path, ((const struct record *)b)->path);
}

/* In years, months and cases, with names that somebody chose to be troublesome. */
static struct record *
papers(struct arena *mem, size_t count)
{
	static const char *const odd[] = { "Verifikationer/2019/<script>alert(3)</script>.pdf", "Verifikationer/2019/fdp.\xe2\x80\xae" "exe",
					   "Verifikationer/2019/r\xe4kning & co/100%.pdf", "Verifikationer/2019/\"onclick=x\" /a'b.pdf",
					   "Verifikationer/2019/ny\nrad.pdf", "Verifikationer/2019/ÅTERBETALNING 2019.pdf" };
	size_t odds = sizeof(odd) / sizeof(*odd);
	struct record *records = arena_array(mem, struct record, count);

	for (size_t i = 0; i < count; i++)
		records[i] = (struct record){ .size = i * 100, .ino = i + 7, .anchor = day_make(2019, 1 + (int)(i % 12), 5),
			.due = day_make(2027, 1, 1), .path = i < odds ? odd[i] : arena_print(mem,
			"Verifikationer/2019/%02zu/Ärende %05zu/Verifikation %06zu.pdf", i % 12 + 1, i / 600, i) };
	qsort(records, count, sizeof *records, by_path);
	return records;
}

static int
add_files(struct arena *mem, struct store *store, const char *key, const char *batch, size_t count, int64_t now)
{
	const struct record *records = papers(mem, count);
	const char *manifest = manifest_digest(mem, records, count);
	struct stored s = {
		.p = { .kind = KIND_DESTROY, .key = key, .version = digest_text(mem, key), .series = "verifikationer",
		       .share = "ekonomi", .batch = batch, .files = (long long)count, .bytes = 812341234, .due = day_make(2027, 1, 1),
		       .manifest = manifest, .whole = true, .owner = "anna", .needs = 2, .konfidentialitet = 2,
		       .scope = "series:verifikationer@ekonomi", .rule = { "rules/retention/ekonomi.cfg", 3 },
		       .why = arena_print(mem, "1 200 handlingar i %s: 2019 + 7 år från kalenderårets slut = 2027-01-01.", batch),
		       .evidence = json_pack("{s:s,s:{s:s,s:s,s:s},s:s,s:s,s:s,s:[s,s,s],s:[{s:s,s:s,s:i,s:s}],s:i}", "calculation",
					     "2019 + 7 år från kalenderårets slut = 2027-01-01", "decision", "dnr", "KS 2019/0123",
					     "date", "2019-02-12", "body", "Kommunstyrelsen", "law",
					     "Lag (2018:597) om kommunal bokföring och redovisning", "oldest", "2019-01-02", "newest",
					     "2019-12-31", "sample", "Verifikationer/2019/0001.pdf",
					     "Verifikationer/2019/<script>alert(2)</script>.pdf",
					     "Verifikationer/2019/fdp.\xe2\x80\xae" "exe", "others", "series", "kort", "name",
					     "Kortare <serie>", "files", 1200, "why",
					     "5 år räcker till 2025-01-01, och det senaste datumet gäller", "others_more", 2) },
		.state = STATE_OPEN, .opened = now - 86400, .since = now - 86400, .go_at = INT64_MIN, .until = DAY_NONE,
	};
	int rc;

	*arena_push(mem, &s.p.approvers) = approver("anna");
	*arena_push(mem, &s.p.approvers) = approver("eva");
	rc = store_manifest_put(store, manifest, records, count, &err);
	if (rc == 0)
		rc = store_proposal_add(mem, store, &s, &err);
	json_decref(s.p.evidence);
	return rc;
}

static int
add_letter(struct arena *mem, struct store *store, const char *id, const char *who, int64_t expires, int64_t now)
{
	struct approver to = approver(who);
	const char *token = arena_print(mem, "token-of-%s-0123456789abcdefghijklmnop", id);
	struct letter letter = { .id = id, .kind = "digest", .key = to.key, .name = to.name, .display = to.display,
				 .mail = to.mail, .token_hash = digest_text(mem, token), .created = now,
				 .expires = expires, .sent = now };

	printf("%s %s\n", id, token);
	return store_letter_add(store, &letter, &err);
}

static int
make(struct arena *mem, const char *folder, int64_t now)
{
	struct store *store = NULL;
	int rc = -1;

	if (store_create(path(mem, folder, "behov.db"), true, &err) < 0 ||
	    store_open(path(mem, folder, "behov.db"), STORE_WRITE, &store, &err) < 0)
		goto out;
	if (add_access(mem, store, "a1", "anna", "kim.holm", "Kim Holm", now) < 0 ||
	    add_access(mem, store, "a2", "anna", "sara.nygren", "Sara Nygren", now) < 0 ||
	    add_access(mem, store, "a3", "anna", "x.y", "<script>alert(1)</script> \"&' \xe2\x80\xaetxet", now) < 0 ||
	    add_access(mem, store, "e1", "eva", "bo.ek", "Bo Evasegen", now) < 0 ||
	    add_files(mem, store, "f1", "Verifikationer/2019", PAPERS, now) < 0 ||
	    add_letter(mem, store, "aa01", "anna", now + 86400, now) < 0 ||
	    add_letter(mem, store, "ee01", "eva", now + 86400, now) < 0 ||
	    add_letter(mem, store, "dd01", "anna", now - 1, now) < 0)
		goto out;
	if (store_pin_put(store, &(struct pin){ "anna", "key-anna", "anna@kalmar.example", now - 86400, INT64_MIN }, &err) < 0 ||
	    store_pin_put(store, &(struct pin){ "eva", "key-eva", "eva@kalmar.example", now - 86400, now - 86400 }, &err) < 0 ||
	    store_set(store, LACKING_VALUE, "[{\"files\":1240,\"younger\":6,\"paths\":[\"Avtal/Bolaget\",\"Avtal/<i>\"],\"series\":\"avtal\","
		      "\"share\":\"ekonomi\"},{\"files\":1,\"paths\":[\"Annans\"],\"series\":\"avtal\",\"share\":\"social\"}]", &err) < 0)
		goto out;
	rc = 0;
out:
	store_close(store);
	return rc;
}

static int
more(struct arena *mem, const char *folder, int64_t now, long count)
{
	struct store *store = NULL;
	int rc = store_open(path(mem, folder, "behov.db"), STORE_WRITE, &store, &err);

	if (rc == 0)
		rc = store_begin(store, &err);
	for (long i = 0; rc == 0 && i < count; i++)
		rc = add_access(mem, store, arena_print(mem, "m%ld", i), "anna", arena_print(mem, "konto%ld", i),
				arena_print(mem, "Person %ld", i), now);
	if (rc == 0)
		rc = store_commit(store, &err);
	store_close(store);
	return rc;
}

static int
more_papers(struct arena *mem, const char *folder, int64_t now, size_t count)
{
	struct store *store = NULL;
	int rc = store_open(path(mem, folder, "behov.db"), STORE_WRITE, &store, &err);

	if (rc == 0)
		rc = add_files(mem, store, "f2", "", count, now);
	store_close(store);
	return rc;
}

/* Words as long as they come, too: what breaks a narrow page. */
static int
kinds(struct arena *mem, const char *folder, int64_t now)
{
	static const char *also[] = { "treserva/handlaggare", "w3d3/registrator" };
	struct stored s = {
		.p = { .kind = KIND_CUT_NESTING, .key = "n1", .version = digest_text(mem, "n1"), .system = "treserva",
		       .role = "handlaggare", .group = ways[1], .group_guid = "gg", .accounts = 41, .due = DAY_NONE,
		       .member = "CN=GG-Omsorgsforvaltningen-Hemtjansten-Nattpatrullen-Timvikarier,OU=Grupper,DC=kalmar,DC=example",
		       .path = (const char **)(uintptr_t)ways, .path_count = 2, .owner = "anna", .needs = 1, .konfidentialitet = 3,
		       .also = also, .also_count = 2, .scope = "system:treserva",
		       .why = "Ingen av de 41 personerna i gruppen uppfyller något skrivet behov.",
		       .rule = { "rules/systems/treserva.cfg", 9 }, .evidence = access_evidence() },
		.state = STATE_OPEN, .opened = now - 86400, .since = now - 86400, .go_at = INT64_MIN, .until = DAY_NONE,
	};
	struct store *store = NULL;
	int rc = store_open(path(mem, folder, "behov.db"), STORE_WRITE, &store, &err);

	*arena_push(mem, &s.p.approvers) = approver("anna");
	if (rc == 0)
		rc = store_proposal_add(mem, store, &s, &err);
	s.p.key = "h1";
	s.p.version = digest_text(mem, "h1");
	s.p.kind = KIND_REMOVE_MEMBER;
	s.p.account = "adm.mariannelund";
	s.p.display = "Marianne Lund-Söderbergh";
	s.p.by_hand = true;
	s.p.needs = 2;
	*arena_push(mem, &s.p.approvers) = approver("eva");
	if (rc == 0)
		rc = store_proposal_add(mem, store, &s, &err);
	json_decref(s.p.evidence);
	s.p = (struct proposal){ .kind = KIND_DELIVER, .key = "d1", .version = digest_text(mem, "d1"), .series = "verifikationer",
				 .share = "ekonomi", .files = 1, .bytes = 812, .due = day_make(2027, 1, 1), .owner = "anna", .needs = 1,
				 .why = "En handling ska lämnas till arkivet från 2027-01-01.", .scope = "series:verifikationer@ekonomi",
				 .rule = { "rules/retention/ekonomi.cfg", 9 }, .evidence = json_object() };
	*arena_push(mem, &s.p.approvers) = approver("anna");
	if (rc == 0)
		rc = store_proposal_add(mem, store, &s, &err);
	json_decref(s.p.evidence);
	store_close(store);
	return rc;
}

static int
change(struct arena *mem, const char *folder, const char *id)
{
	struct store *store = NULL;
	struct stored_list list = { 0 };
	struct stored next;
	int rc = -1;

	if (store_open(path(mem, folder, "behov.db"), STORE_WRITE, &store, &err) < 0 ||
	    store_proposals(mem, store, &(struct proposal_filter){ .id = id }, &list, &err) < 0 || list.list.count != 1)
		goto out;
	next = list.list.items[0];
	next.p.version = digest_text(mem, "another");
	if (store_proposal_move(store, id, PROPOSAL_SUPERSEDED, next.opened, INT64_MIN, DAY_NONE, NULL, &err) < 0 ||
	    store_proposal_add(mem, store, &next, &err) < 0)
		goto out;
	puts(next.id);
	rc = 0;
out:
	stored_free(&list);
	store_close(store);
	return rc;
}

/* As the night does when it has verified an approval. */
static int
approved(struct arena *mem, const char *folder, int64_t now, const char *id, const char *who, const char *state)
{
	struct store *store = NULL;
	struct stored_list list = { 0 };
	struct decision d = { .proposal = id, .key = who, .name = who, .verdict = VERDICT_APPROVE, .until = DAY_NONE,
			      .at = now, .source = "page", .refused = strcmp(state, "refused") == 0 ? "why" : NULL };
	int rc = -1;

	if (store_open(path(mem, folder, "behov.db"), STORE_WRITE, &store, &err) < 0 ||
	    store_proposals(mem, store, &(struct proposal_filter){ .id = id }, &list, &err) < 0 || list.list.count != 1)
		goto out;
	d.version = list.list.items[0].p.version;
	if (store_decision_add(store, &d, &err) < 0)
		goto out;
	rc = strcmp(state, "scheduled") != 0 ? 0 : store_proposal_move(store, id, PROPOSAL_SCHEDULED, now, now + 3 * 86400,
									DAY_NONE, NULL, &err);
out:
	stored_free(&list);
	store_close(store);
	return rc;
}

/* The last question that is open, or that one, is to WHO. */
static int
found(struct arena *mem, struct store *store, long long number, const char *who)
{
	struct questions all = { 0 };
	struct question q = { 0 };

	if (store_questions(mem, store, &(struct question_filter){ .open = true }, &all, &err) < 0)
		return -1;
	for (size_t i = 0; i < all.list.count; i++)
		if (!number || all.list.items[i].id == number)
			q = all.list.items[i];
	q.key = who;
	q.name = "eva.lind";
	q.display = "Eva Lind";
	q.mail = "eva@kalmar.example";
	return store_question_put(store, &q, &err);
}

static int
find(struct arena *mem, const char *folder, const char *number, const char *who)
{
	struct store *store = NULL;
	int rc = store_open(path(mem, folder, "behov.db"), STORE_WRITE, &store, &err);

	if (rc == 0)
		rc = found(mem, store, strtoll(number, NULL, 10), who);
	store_close(store);
	return rc;
}

static int
asked(struct arena *mem, const char *folder, int64_t now, const char *id, const char *who, const char *text)
{
	struct question q = { .proposal = id, .to = "eva.lind", .text = text, .by_key = "key-anna", .by_name = "anna.berg", .at = now };
	struct store *store = NULL;
	int rc = -1;

	if (store_open(path(mem, folder, "behov.db"), STORE_WRITE, &store, &err) == 0 && store_question_add(store, &q, &err) == 0 &&
	    found(mem, store, 0, who) == 0)
		rc = store_proposal_move(store, id, PROPOSAL_ASKED, now, INT64_MIN, DAY_NONE, NULL, &err);
	store_close(store);
	return rc;
}

/* ------------------------------------------------------------------ what was decided */

static int
decisions(struct arena *mem, const char *folder)
{
	struct inbox_decisions all = { 0 };
	struct inbox *inbox = NULL;
	json_t *out = json_array();
	int rc = -1;

	if (inbox_open(path(mem, folder, "inbox.db"), false, &inbox, &err) < 0 ||
	    inbox_decisions(mem, inbox, &(struct inbox_filter){ 0 }, &all, &err) < 0)
		goto out;
	for (size_t i = 0; i < all.list.count; i++) {
		const struct inbox_decision *d = &all.list.items[i];
		json_t *one = json_object();
		json_put(one, "token", d->token);
		json_put(one, "proposal", d->proposal);
		json_put(one, "version", d->version);
		json_put(one, "verdict", d->verdict);
		json_put(one, "reason", d->reason);
		json_put(one, "until", day_text(mem, d->until));
		json_put(one, "proof", d->proof);
		json_object_set_new(one, "at", json_integer(d->at));
		json_array_append_new(out, one);
	}
	fputs(json_pretty(mem, out), stdout);
	rc = 0;
out:
	json_decref(out);
	inbox_close(inbox);
	return rc;
}

static int
take(struct arena *mem, const char *folder, int64_t now)
{
	struct rules all = rules(mem, folder, "", "");
	struct take_result result = { 0 };
	struct store *store = NULL;
	int rc = -1;

	if (store_open(path(mem, folder, "behov.db"), STORE_WRITE, &store, &err) == 0)
		rc = take_inbox(mem, &all, store, now, &result, &err);
	printf("taken %lld refused %lld\n", result.taken, result.refused);
	store_close(store);
	return rc;
}

static int
make_list(struct arena *mem, struct store *store, int64_t now, size_t count)
{
	static const char *const names[] = { "karl.lindqvist", "anna", "mona.ek", "Skyddad person 1" };
	struct review_list list = { .quarter = "2026Q3", .system = "treserva", .digest = arena_print(mem, "%064d", 7), .core = "c", .people = (long long)count + 3,
				    .added = 2, .removed = 1, .ended = now - 40 * 86400, .asked = now - 39 * 86400, .made = now - 39 * 86400 };
	struct review_row *rows = arena_array(mem, struct review_row, count + 4);

	for (size_t i = 0; i < count + 4; i++) {
		static const enum review_change changes[] = { REVIEW_NEW, REVIEW_BACK, REVIEW_GONE, REVIEW_PASSED };
		const char *name = i < 4 ? names[i] : arena_print(mem, "person%05zu", i);

		rows[i] = (struct review_row){ .role = "handlaggare", .key = arena_print(mem, "key-%s", name), .account = name,
					       .change = i < 4 ? changes[i] : REVIEW_SAME, .since = now - (int64_t)(60 + i % 300) * 86400,
					       .until = i == 2 || i == 3 ? now - 50 * 86400 : INT64_MIN, .need = i < 4 ? i % 3 > 0 : i >= 8 };
	}
	return store_list_add(store, &list, rows, count + 4, &err);
}

/* The need that most of them have it by stands where a night would have put it. */
static int
lists(struct arena *mem, const char *folder, int64_t now, size_t count)
{
	static const struct account anna = { .name = "anna", .key = "key-anna" };
	static const struct group group = { .dn = "CN=APP" };
	static const struct clause clause = { .text = "titel börjar med \"Socialsekreterare\" och enhet är \"Barn och familj\"" };
	struct plan plan = { .access_judged = true };
	struct store *store;
	int rc = -1;

	roles[0].system = &systems[0];
	*arena_push(mem, &plan.grounds) = (struct ground){ GROUND_CLAUSE, &clause };
	*arena_push(mem, &plan.grants) = (struct grant){ .role = &roles[0], .who = &anna, .via = &group };
	if (store_open(path(mem, folder, "behov.db"), STORE_WRITE, &store, &err) < 0)
		return -1;
	if (store_begin(store, &err) == 0 && store_grants_put(store, &plan, now, &err) == 0 && make_list(mem, store, now, count) == 0 &&
	    store_set(store, REVIEWERS_VALUE, "{\"treserva\":[{\"duty\":\"informationsägare\",\"key\":\"key-anna\"}]}", &err) == 0)
		rc = store_commit(store, &err);
	store_close(store);
	return rc;
}

static void
ready(int port)
{
	printf("ready %d\n", port);
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	struct arena *mem = arena_open();
	struct rules all;
	int64_t now = 0;
	int rc = -1;

	clock_zone("Europe/Stockholm", &err);
	if (argc > 3 && clock_parse(argv[3], &now) == 0)
		clock_freeze(now);
	if (argc == 4 && strcmp(argv[1], "make") == 0) {
		rc = make(mem, argv[2], now);
	} else if (argc == 6 && strcmp(argv[1], "serve") == 0) {
		all = rules(mem, argv[2], argv[4], argv[5]);
		rc = decide_serve(&all, ready, &err);
	} else if (argc == 4 && strcmp(argv[1], "take") == 0) {
		rc = take(mem, argv[2], now);
	} else if (argc == 3 && strcmp(argv[1], "decisions") == 0) {
		rc = decisions(mem, argv[2]);
	} else if (argc == 5 && strcmp(argv[1], "more") == 0) {
		rc = more(mem, argv[2], now, strtol(argv[4], NULL, 10));
	} else if (argc == 5 && strcmp(argv[1], "papers") == 0) {
		rc = more_papers(mem, argv[2], now, strtoul(argv[4], NULL, 10));
	} else if (argc == 5 && strcmp(argv[1], "lists") == 0) {
		rc = lists(mem, argv[2], now, strtoul(argv[4], NULL, 10));
	} else if (argc == 4 && strcmp(argv[1], "kinds") == 0) {
		rc = kinds(mem, argv[2], now);
	} else if (argc == 4 && strcmp(argv[1], "change") == 0) {
		rc = change(mem, argv[2], argv[3]);
	} else if (argc == 6 && strcmp(argv[1], "found") == 0) {
		rc = find(mem, argv[2], argv[4], argv[5]);
	} else if (argc == 7 && strcmp(argv[1], "asked") == 0) {
		rc = asked(mem, argv[2], now, argv[4], argv[5], argv[6]);
	} else if (argc == 7 && strcmp(argv[1], "approved") == 0) {
		rc = approved(mem, argv[2], now, argv[4], argv[5], argv[6]);
	}
	arena_close(mem);
	return rc < 0 ? fail() : 0;
}
