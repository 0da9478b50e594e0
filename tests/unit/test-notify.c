/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-notify.c - each letter once, to the one who can answer, with no more in it than its class allows. */
#include "check.h"
#include "state.h"
#include "behov/audit.h"
#include "behov/digest.h"
#include "behov/file.h"
#include "../../agent/notify/notify_p.h"

#include <dirent.h>
#include <ftw.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#define NIGHT ((int64_t)1795568400)     /* 2026-11-25 02:00 in Stockholm */
#define DAYS(n) ((int64_t)(n) * 86400)

static struct arena *mem;
static struct store *store;
static struct error err;
static char folder[64];
static struct rules rules;
static struct system systems[2];
static struct share shares[1];
static struct series series[1];
static struct account admin = { .dn = "CN=adam", .name = "adam", .display = "Adam Adminsson", .mail = "adam@kalmar.example", .key = "kadam" };
static struct snapshot snapshot;
static const char *administrators[] = { "adam" };

static void
begin(void)
{
	mem = arena_open();
	err = (struct error){ 0 };
	snprintf(folder, sizeof(folder), "/tmp/behov-notify-XXXXXX");
	CHECK(mkdtemp(folder) != NULL);
	CHECK(store_open(arena_print(mem, "%s/behov.db", folder), STORE_WRITE, &store, &err) == 0);
	systems[0] = (struct system){ .id = "hemlig", .name = "Hemliga systemet", .class = { 3, 3, 3, 3 } };
	systems[1] = (struct system){ .id = "kurs", .name = "Kursportalen", .class = { 1, 1, 1, 1 } };
	shares[0] = (struct share){ .id = "ekonomi", .name = "Ekonomi", .class = { 1, 1, 1, 1 } };
	series[0] = (struct series){ .id = "verifikationer", .name = "Verifikationer" };
	rules = (struct rules){ .systems = systems, .system_count = 2, .shares = shares, .share_count = 1, .series = series, .series_count = 1 };
	rules.conf = (struct conf){ .organisation = "Kalmar kommun", .mode = MODE_APPLY, .link_days = 30, .reminder_days = 7,
				    .grace = { 3, 7 }, .key_file = arena_print(mem, "%s/key", folder), .inbox = arena_print(mem, "%s/inbox.db", folder) };
	rules.conf.mail.server = arena_print(mem, "maildir:%s/outbox", folder);
	rules.conf.mail.from = "behov@kalmar.example";
	rules.conf.mail.contact = "Servicedesk, 0480-00 00 00";
	rules.conf.web.url = "https://behov.kalmar.example/";
	rules.conf.people.administrators = administrators;
	rules.conf.people.administrator_count = 1;
	snapshot = (struct snapshot){ .accounts = &admin, .account_count = 1, .complete = true };
	snapshot_index(mem, &snapshot);
}

static int
wipe(const char *path, const struct stat *st, int flag, struct FTW *where)
{
	(void)st, (void)flag, (void)where;
	return remove(path);
}

static void
end(void)
{
	store_close(store);
	store = NULL;
	nftw(folder, wipe, 8, FTW_DEPTH | FTW_PHYS);
	arena_close(mem);
}

static struct stored
access_to(const char *system, const char *key, const char *display, int konfidentialitet)
{
	struct stored s = {
		.p = { .kind = KIND_REMOVE_MEMBER, .key = key, .version = "v1", .system = system, .role = "handlaggare", .account = "konto1",
		       .display = display, .guid = key, .group = "CN=G", .group_guid = "gg", .member = "CN=konto1", .due = DAY_NONE,
		       .needs = 1, .konfidentialitet = konfidentialitet, .scope = arena_print(mem, "system:%s", system), .why = "x" },
		.state = STATE_OPEN, .opened = NIGHT, .since = NIGHT, .go_at = INT64_MIN, .until = DAY_NONE,
	};

	*arena_push(mem, &s.p.approvers) = (struct approver){
		.key = "kanna", .name = "anna", .display = "Anna Ägare", .mail = "anna@kalmar.example", .as = "systemägare" };
	return s;
}

static struct stored
batch(const char *key, const char *path, int konfidentialitet)
{
	struct stored s = access_to("x", key, NULL, konfidentialitet);

	s.p.kind = KIND_DESTROY;
	s.p.system = s.p.role = NULL;
	s.p.series = "verifikationer";
	s.p.share = "ekonomi";
	s.p.batch = path;
	s.p.files = 1200;
	s.p.bytes = 81234;
	s.p.due = day_make(2026, 1, 1);
	s.p.manifest = "sha256:00";
	s.p.scope = "series:verifikationer@ekonomi";
	return s;
}

static void
add(struct stored s)
{
	CHECK(store_proposal_add(mem, store, &s, &err) == 0);
}

static long long
compose(int64_t now)
{
	const struct notify_input in = { &rules, &snapshot, store, now };
	long long letters = -1;

	CHECK(notify_compose(mem, &in, &letters, &err) == 0);
	return letters;
}

/* How many were sent; *unsent may be NULL. */
static long long
send_out(int64_t now, long long *unsent)
{
	const struct notify_input in = { &rules, NULL, store, now };
	long long sent = -1, left = -1;

	CHECK(notify_send(mem, &in, &sent, &left, &err) == 0);
	if (unsent)
		*unsent = left;
	return sent;
}

static int
mails(void)
{
	DIR *dir = opendir(arena_print(mem, "%s/outbox/new", folder));
	const struct dirent *e;
	int n = 0;

	while (dir && (e = readdir(dir)))
		n += e->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return n;
}

static struct letter
unsent_letter(void)
{
	struct letters letters = { 0 };

	CHECK(store_letters_unsent(mem, store, &letters, &err) == 0 && letters.list.count == 1);
	return letters.list.count ? letters.list.items[0] : (struct letter){ .kind = "none", .id = "none", .key = "none" };
}

/* The mail that the only unsent letter would become now. */
static struct mail
read_letter(int64_t now)
{
	const struct notify_input in = { &rules, NULL, store, now };
	struct letter letter = unsent_letter();
	struct stored_list asked = { 0 }, open = { 0 };
	struct people people;
	struct mail mail = { .text = NULL };

	CHECK(store_proposals(mem, store, &(struct proposal_filter){ .states = STATES_ASKED }, &asked, &err) == 0 &&
	      store_proposals(mem, store, &(struct proposal_filter){ .states = STATES_ASKABLE }, &open, &err) == 0 &&
	      people_waiting(mem, &in, &open, &people, &err) == 0);
	if (strcmp(letter.kind, "administrator") == 0)
		CHECK(letter_administrator(mem, &in, &letter, &asked, &mail, &err) == 0);
	else if (strcmp(letter.kind, "receipt") == 0)
		CHECK(letter_receipt(mem, &in, &letter, &mail, &err) == 0);
	else if (strcmp(letter.kind, "question") == 0)
		CHECK(letter_question(mem, &in, &letter, &mail, &err) == 0);
	else if (strcmp(letter.kind, "link") == 0)
		CHECK(letter_wish(mem, &in, &letter, &people, &mail, &err) == 0);
	else
		CHECK(letter_digest(mem, &in, &letter, &open, &people, &mail, &err) == 0);
	stored_free(&asked);
	stored_free(&open);
	if (!mail.text)
		mail = (struct mail){ .subject = "", .text = "", .html = "" };
	return mail;
}

static bool
both_say(const struct mail *mail, const char *what)
{
	return strstr(mail->text, what) && strstr(mail->html, what);
}

static bool
either_says(const struct mail *mail, const char *what)
{
	return strstr(mail->text, what) || strstr(mail->html, what) || strstr(mail->subject, what);
}

static void
answer(const char *proposal, const char *version, enum verdict verdict, const char *refused, int64_t at)
{
	CHECK(store_decision_add(store, &(struct decision){ .proposal = proposal, .version = version, .key = "kanna", .name = "anna", .until = DAY_NONE,
			.verdict = verdict, .refused = refused, .at = at, .source = "page" }, &err) == 0);
}

/* ------------------------------------------------------------------ who and when */

static void
the_same_night_twice_writes_each_letter_once(void)
{
	begin();
	add(access_to("kurs", "k1", "Bo Borta", 1));
	add(access_to("kurs", "k2", "Cia Borta", 1));
	CHECK(compose(NIGHT) == 1);
	CHECK(compose(NIGHT) == 0 && compose(NIGHT + 60) == 0);
	CHECK(send_out(NIGHT, NULL) == 1 && mails() == 1);
	CHECK(send_out(NIGHT, NULL) == 0 && compose(NIGHT) == 0 && mails() == 1);
	add(access_to("kurs", "k3", "Di Ny", 1));
	CHECK(compose(NIGHT + DAYS(1)) == 1);
	CHECK_TEXT(unsent_letter().kind, "digest");
	CHECK(unsent_letter().proposal_count == 3);
	end();
}

static void
a_reminder_comes_when_the_last_letter_is_old_and_not_before(void)
{
	begin();
	add(access_to("kurs", "k1", "Bo Borta", 1));
	CHECK(compose(NIGHT) == 1 && send_out(NIGHT, NULL) == 1);
	for (int day = 1; day < 7; day++)
		CHECK(compose(NIGHT + DAYS(day)) == 0);
	CHECK(compose(NIGHT + DAYS(7)) == 1);
	CHECK_TEXT(unsent_letter().kind, "reminder");
	CHECK_TEXT(read_letter(NIGHT + DAYS(7)).subject, "Påminnelse: 1 behörighet väntar på ditt beslut");
	CHECK(strstr(read_letter(NIGHT + DAYS(7)).text, "väntat sedan 2026-11-25") != NULL);
	/* It could not be sent: no second one is put on top of it. */
	CHECK(compose(NIGHT + DAYS(15)) == 0);
	CHECK(send_out(NIGHT + DAYS(15), NULL) == 1);
	CHECK(compose(NIGHT + DAYS(21)) == 0 && compose(NIGHT + DAYS(22)) == 1);
	end();
}

static void
one_who_has_answered_is_not_asked_again(void)
{
	begin();
	add(access_to("kurs", "k1", "Bo Borta", 1));
	answer("k1-1", "v1", VERDICT_APPROVE, "länken hade gått ut", NIGHT);
	CHECK(compose(NIGHT) == 1);
	answer("k1-1", "v1", VERDICT_APPROVE, NULL, NIGHT);
	CHECK_TEXT(read_letter(NIGHT).text, "");
	CHECK(send_out(NIGHT, NULL) == 0 && mails() == 0 && compose(NIGHT + DAYS(8)) == 0);
	answer("k1-1", "v1", VERDICT_UNDO, NULL, NIGHT + DAYS(8));
	CHECK(compose(NIGHT + DAYS(8)) == 1);
	end();
}

static void
an_answer_on_another_version_does_not_count(void)
{
	begin();
	add(access_to("kurs", "k1", "Bo Borta", 1));
	answer("k1-1", "v0", VERDICT_KEEP, NULL, NIGHT);
	CHECK(compose(NIGHT) == 1);
	end();
}

static void
what_is_no_longer_open_is_left_out_or_not_mailed(void)
{
	begin();
	add(access_to("kurs", "k1", "Bo Borta", 1));
	add(access_to("kurs", "k2", "Cia Kvar", 1));
	CHECK(compose(NIGHT) == 1);
	CHECK(force_state(store, "k1-1", STATE_WITHDRAWN, NIGHT, INT64_MIN, DAY_NONE, NULL, &err) == 0);
	CHECK(!either_says(&(struct mail){ .subject = "", .text = read_letter(NIGHT).text, .html = read_letter(NIGHT).html }, "Bo Borta"));
	CHECK(strstr(read_letter(NIGHT).text, "Cia Kvar") != NULL);
	CHECK(force_state(store, "k2-1", STATE_BRAKED, NIGHT, INT64_MIN, DAY_NONE, NULL, &err) == 0);
	CHECK(send_out(NIGHT, NULL) == 0 && mails() == 0);
	end();
}

static void
a_letter_that_failed_is_sent_next_time_with_the_same_id_and_token(void)
{
	const char *token, *again;
	struct letter before, after;
	long long unsent;

	begin();
	add(access_to("kurs", "k1", "Bo Borta", 1));
	rules.conf.mail.server = arena_print(mem, "maildir:%s/behov.db/x", folder);
	CHECK(compose(NIGHT) == 1 && send_out(NIGHT, &unsent) == 0 && unsent == 1);
	before = unsent_letter();
	CHECK(before.problem && strstr(before.problem, "maildir"));
	CHECK(compose(NIGHT + DAYS(1)) == 0);
	CHECK(notify_token(mem, &rules.conf, before.id, &token, &err) == 0);
	rules.conf.mail.server = arena_print(mem, "maildir:%s/outbox", folder);
	after = unsent_letter();
	CHECK_TEXT(after.id, before.id);
	CHECK(strstr(read_letter(NIGHT + DAYS(1)).text, arena_print(mem, "https://behov.kalmar.example/b/%s\n", token)) != NULL);
	CHECK(send_out(NIGHT + DAYS(1), &unsent) == 1 && unsent == 0 && mails() == 1);
	CHECK(access(arena_print(mem, "%s/outbox/new/behov-%s", folder, before.id), F_OK) == 0);
	CHECK(notify_token(mem, &rules.conf, before.id, &again, &err) == 0);
	CHECK_TEXT(again, token);
	CHECK_TEXT(before.token_hash, digest_text(mem, token));
	end();
}

static void
a_letter_whose_link_has_ended_gives_way_to_a_new_one(void)
{
	begin();
	add(access_to("kurs", "k1", "Bo Borta", 1));
	CHECK(compose(NIGHT) == 1);
	CHECK(send_out(NIGHT + DAYS(40), NULL) == 0 && mails() == 0);
	CHECK(compose(NIGHT + DAYS(40)) == 1);
	CHECK_TEXT(unsent_letter().kind, "digest");
	end();
}

static void
a_link_that_a_new_key_would_make_is_not_sent(void)
{
	begin();
	add(access_to("kurs", "k1", "Bo Borta", 1));
	CHECK(compose(NIGHT) == 1 && unlink(rules.conf.key_file) == 0);
	CHECK(send_out(NIGHT, NULL) == 0 && mails() == 0);
	CHECK(compose(NIGHT + DAYS(1)) == 1 && send_out(NIGHT + DAYS(1), NULL) == 1);
	end();
}

static void
one_letter_a_day_and_the_newer_in_the_place_of_the_older(void)
{
	struct letter first;

	begin();
	add(access_to("kurs", "k1", "Bo Borta", 1));
	CHECK(compose(NIGHT) == 1);
	first = unsent_letter();
	add(access_to("kurs", "k2", "Cia Borta", 1));
	CHECK(compose(NIGHT + 3600) == 0);      /* they have had one today */
	CHECK(compose(NIGHT + DAYS(1)) == 1);
	CHECK(strcmp(unsent_letter().id, first.id) != 0 && unsent_letter().proposal_count == 2);
	CHECK(send_out(NIGHT + DAYS(1), NULL) == 1 && mails() == 1);
	CHECK(compose(NIGHT + DAYS(2)) == 0);
	end();
}

/* Anna has the seat; Bo came to it after so many days, on that moment. */
static struct stored
passed_on(const char *system, const char *key, int konfidentialitet, int waited, int64_t when)
{
	struct stored s = access_to(system, key, "Di Borta", konfidentialitet);

	s.p.approvers.items[0].asked = NIGHT;
	if (waited)
		*arena_push(mem, &s.p.approvers) = (struct approver){
			.key = "kbo", .name = "bo", .display = "Bo Ersättare", .mail = "bo@kalmar.example", .as = "ersättare",
			.waited = waited, .asked = when };
	return s;
}

static void
pass_on(const char *id, int waited, int64_t when)
{
	struct stored_list list = { 0 };
	struct stored s;

	CHECK(store_proposals(mem, store, &(struct proposal_filter){ .id = id }, &list, &err) == 0 && list.list.count == 1);
	s = list.list.items[0];
	s.p.approvers = passed_on("x", "x", 1, waited, when).p.approvers;
	CHECK(store_proposal_put(store, &s, &err) == 0);
	stored_free(&list);
}

static void
who_was_passed_by_hears_of_it_once(void)
{
	begin();
	rules.conf.escalate[0] = 3;
	rules.conf.escalate[1] = 28;
	add(passed_on("kurs", "k1", 1, 0, 0));
	CHECK(compose(NIGHT) == 1 && send_out(NIGHT, NULL) == 1);
	CHECK(compose(NIGHT + DAYS(2)) == 0);
	pass_on("k1-1", 3, NIGHT + DAYS(3));
	CHECK(compose(NIGHT + DAYS(3)) == 2);           /* to both */
	CHECK(send_out(NIGHT + DAYS(3), NULL) == 2);
	CHECK(compose(NIGHT + DAYS(4)) == 0 && compose(NIGHT + DAYS(9)) == 0);
	CHECK(compose(NIGHT + DAYS(10)) == 2);
	end();
}

static void
a_letter_turns_red_and_names_nobody_where_it_may_not(void)
{
	static const char *const systems_of[] = { "kurs", "hemlig" };

	for (int secret = 0; secret < 2; secret++) {
		struct mail mail;

		begin();
		rules.conf.escalate[0] = 14;
		rules.conf.escalate[1] = 28;
		add(passed_on(systems_of[secret], "k1", secret ? 3 : 1, 0, 0));
		CHECK(compose(NIGHT) == 1);
		mail = read_letter(NIGHT + DAYS(13));
		CHECK(!either_says(&mail, "Brådskar") && !either_says(&mail, "gått vidare"));
		pass_on("k1-1", 14, NIGHT + DAYS(14));
		mail = read_letter(NIGHT + DAYS(14));
		CHECK(both_say(&mail, "1 har gått vidare till fler, eftersom du inte har svarat på 14 dagar"));
		CHECK(!either_says(&mail, "Brådskar"));
		mail = read_letter(NIGHT + DAYS(28));
		CHECK(both_say(&mail, "Brådskar: 1 förslag har väntat i mer än 28 dagar.") && strstr(mail.html, "class=\"red\""));
		CHECK_TEXT(mail.subject, "Brådskar: 1 behörighet väntar på ditt beslut");
		CHECK(!either_says(&mail, "Bo Ersättare"));
		CHECK(either_says(&mail, "Di Borta") == !secret);
		CHECK(send_out(NIGHT + DAYS(28), NULL) == 1);
		answer("k1-1", "v1", VERDICT_APPROVE, NULL, NIGHT + DAYS(28));
		CHECK(compose(NIGHT + DAYS(28)) == 0);          /* Anna answered: Bo is not asked */
		answer("k1-1", "v1", VERDICT_UNDO, NULL, NIGHT + DAYS(28));
		CHECK(compose(NIGHT + DAYS(28)) == 1);
		mail = read_letter(NIGHT + DAYS(28));
		CHECK(both_say(&mail, "1 kommer till dig för att den som tillfrågades först inte har svarat på 14 dagar"));
		CHECK(either_says(&mail, "Anna Ägare har inte svarat") == !secret);
		end();
	}
}

static void
how_long_it_takes_is_reckoned_from_what_must_be_read(void)
{
	begin();
	for (int i = 0; i < 10; i++) {
		struct stored s = access_to("kurs", arena_print(mem, "k%d", i), arena_print(mem, "Person %d", i), 1);

		s.p.why = arena_print(mem, "Person %d har Handläggare men titel är %s.", i, i < 5 ? "Lärare" : "Kock");
		add(s);
	}
	CHECK(compose(NIGHT) == 1);             /* 2 reasons of 20 seconds, 8 people more of 3: 64 seconds */
	CHECK(both_say(&(struct mail){ .text = read_letter(NIGHT).text, .html = read_letter(NIGHT).html }, "ungefär 2 minuter"));
	add(batch("b1", "Verifikationer/2018", 1));
	add(batch("b2", "Verifikationer/2019", 1));
	CHECK(send_out(NIGHT, NULL) == 1 && compose(NIGHT + DAYS(1)) == 1);
	CHECK(strstr(read_letter(NIGHT + DAYS(1)).text, "ungefär 6 minuter") != NULL);
	end();
	begin();
	add(access_to("kurs", "k1", "Bo Borta", 1));
	CHECK(compose(NIGHT) == 1 && strstr(read_letter(NIGHT).text, "ungefär 1 minut.") != NULL);
	end();
}

static void
what_is_due_without_a_folder_says_its_day(void)
{
	struct mail mail;

	begin();
	add(batch("b1", NULL, 1));
	CHECK(compose(NIGHT) == 1);
	mail = read_letter(NIGHT);
	CHECK(both_say(&mail, "allt att gallra från 2026-01-01: 1") && both_say(&mail, "Gallringarna är redan beslutade") &&
	      !either_says(&mail, "inget skrivet behov"));
	end();
}

static void
a_letter_says_whose_it_is_and_where_to_type(void)
{
	struct mail mail;

	begin();
	add(access_to("kurs", "k1", "Bo Borta", 1));
	CHECK(compose(NIGHT) == 1);
	mail = read_letter(NIGHT);
	CHECK(both_say(&mail, "osäker på om brevet är äkta? Servicedesk, 0480-00 00 00") && !either_says(&mail, "Vill du inte klicka"));
	CHECK(both_say(&mail, "Du får frågan för att du ansvarar för informationen") && both_say(&mail, "inget skrivet behov säger att de behövs") &&
	      !either_says(&mail, "Gallringarna är redan beslutade"));
	rules.conf.mail.words = "Läs om behov på <intranätet>";
	rules.conf.web.typed = "intranät.kalmar.example/behov";
	mail = read_letter(NIGHT);
	CHECK(strstr(mail.text, "Läs om behov på <intranätet>\n") && strstr(mail.html, "&lt;intranätet&gt;"));
	CHECK(both_say(&mail, "intranät.kalmar.example/behov"));
	CHECK(!strstr(mail.html, "href=\"intranät"));
	end();
}

static void
what_was_refused_waits_longer_and_longer_and_is_told(void)
{
	struct plan plan = { 0 };
	struct letter letter;
	long long unsent;

	begin();
	add(access_to("kurs", "k1", "Bo Borta", 1));
	CHECK(compose(NIGHT) == 1);
	letter = unsent_letter();
	CHECK(store_letter_refused(store, letter.id, 3, NIGHT + DAYS(4), "RCPT: 550", &err) == 0);
	CHECK(send_out(NIGHT + DAYS(3), &unsent) == 0 && unsent == 1 && mails() == 0);
	CHECK(notify_findings(mem, store, &plan, &err) == 0 && !plan.findings.count);
	CHECK(store_letter_refused(store, letter.id, 4, NIGHT + DAYS(8), "RCPT: 550", &err) == 0);
	CHECK(notify_findings(mem, store, &plan, &err) == 0 && plan.findings.count == 1);
	CHECK_TEXT(plan.findings.items[0].kind, "mail-refused");
	CHECK_TEXT(plan.findings.items[0].account, "anna");
	CHECK(strstr(plan.findings.items[0].text, "Anna Ägare") && strstr(plan.findings.items[0].text, "550") &&
	      !strstr(plan.findings.items[0].text, "anna@"));
	CHECK(store_facts_put(store, &plan, NIGHT, &err) == 0);
	CHECK(compose(NIGHT + DAYS(5)) == 1);           /* to the administrator */
	CHECK(send_out(NIGHT + DAYS(5), &unsent) == 1 && unsent == 1);
	CHECK(compose(NIGHT + DAYS(6)) == 0);
	/* Something new is told in a letter of its own, which is tried no sooner. */
	add(access_to("kurs", "k2", "Cia Borta", 1));
	CHECK(compose(NIGHT + DAYS(6)) == 1);
	CHECK(unsent_letter().tries == 4 && unsent_letter().next == NIGHT + DAYS(8));
	CHECK(send_out(NIGHT + DAYS(6), &unsent) == 0 && unsent == 1);
	CHECK(send_out(NIGHT + DAYS(8), &unsent) == 1 && unsent == 0);
	end();
}

static void
one_in_two_seats_gets_it_once_and_one_answer_of_a_seat_is_enough(void)
{
	struct stored s;

	begin();
	s = access_to("kurs", "k1", "Bo Borta", 1);
	*arena_push(mem, &s.p.approvers) = (struct approver){ .key = "kanna", .name = "anna", .display = "Anna Ägare",
		.mail = "anna@kalmar.example", .as = "ägare till något annat", .seat = 1 };
	*arena_push(mem, &s.p.approvers) = (struct approver){ .key = "kbo", .name = "bo", .display = "Bo",
		.mail = "bo@kalmar.example", .as = "ersättare", .seat = 1 };
	add(s);
	CHECK(compose(NIGHT) == 2 && send_out(NIGHT, NULL) == 2);
	answer("k1-1", "v1", VERDICT_APPROVE, NULL, NIGHT);
	CHECK(compose(NIGHT + DAYS(8)) == 0);
	end();
}

static void
the_key_is_made_once_for_us_alone(void)
{
	const char *token;
	struct stat st;
	char *key;
	size_t len;

	begin();
	CHECK(notify_token(mem, &rules.conf, "a", &token, &err) == 0 && strlen(token) == 43);
	CHECK(stat(rules.conf.key_file, &st) == 0 && (st.st_mode & 07777) == 0600 && st.st_size == 65);
	CHECK(file_secret(mem, rules.conf.key_file, &key, &len, &err) == 0 && len == 64 && strspn(key, "0123456789abcdef") == 64);
	CHECK(access(arena_print(mem, "%s.new", rules.conf.key_file), F_OK) != 0);
	CHECK(truncate(rules.conf.key_file, 10) == 0 && notify_token(mem, &rules.conf, "a", &token, &err) < 0);
	CHECK(truncate(rules.conf.key_file, 0) == 0 && notify_token(mem, &rules.conf, "a", &token, &err) < 0);
	CHECK(strstr(err.text, key) == NULL);
	end();
}

/* ------------------------------------------------------------------ what stands in it */

static void
numbers_dates_and_what_happens_stand_in_both_forms(void)
{
	static const char *const facts[] = { "Hej Anna Ägare", "2 behörigheter och 1 gallring", "Kursportalen", "Bo Borta", "Verifikationer (Ekonomi)",
		"Verifikationer/2018", "81,2", "2026-12-25", "2026-01-01", "https://behov.kalmar.example/b/", "3 dagars", "7 dagars",
		"Svarar du inte händer ingenting", "Servicedesk, 0480-00 00 00", "2026-11-20", "Kalmar kommun",
		"systemägare" };
	struct stored old;
	struct mail mail;

	begin();
	old = access_to("kurs", "k2", "Cia Borta", 1);
	old.opened = NIGHT - DAYS(5);
	add(access_to("kurs", "k1", "Bo Borta", 1));
	add(old);
	add(batch("k3", "Verifikationer/2018", 1));
	CHECK(compose(NIGHT) == 1);
	mail = read_letter(NIGHT);
	CHECK_TEXT(mail.subject, "Behov: 2 behörigheter och 1 gallring väntar på ditt beslut");
	for (size_t i = 0; i < sizeof(facts) / sizeof(*facts); i++)
		if (!both_say(&mail, facts[i])) {
			fprintf(stderr, "'%s' is missing\n", facts[i]);
			CHECK(false);
		}
	CHECK(!strstr(mail.html, "<img") && !strstr(mail.html, "src=") && !strstr(mail.html, "url("));
	end();
}

static void
where_the_class_is_high_or_unknown_nobody_and_nothing_is_named(void)
{
	static const int high[] = { 3, 4, -1 };

	for (size_t i = 0; i < 3; i++) {
		struct mail mail;

		begin();
		add(access_to("hemlig", "k1", "Bo Borta", high[i]));
		add(batch("k2", "Personakter/Svensson", high[i]));
		CHECK(compose(NIGHT) == 1);
		mail = read_letter(NIGHT);
		CHECK(!either_says(&mail, "Bo Borta") && !either_says(&mail, "konto1") && !either_says(&mail, "systemägare") && !either_says(&mail, "Svensson"));
		CHECK(both_say(&mail, "Hemliga systemet") && both_say(&mail, "1 behörighet och 1 gallring"));
		CHECK(both_say(&mail, "när du har loggat in"));
		end();
	}
}

static void
at_most_twenty_are_named(void)
{
	struct mail mail;

	begin();
	for (int i = 0; i < 25; i++)
		add(access_to("kurs", arena_print(mem, "k%02d", i), arena_print(mem, "Namn %02d", i), 2));
	CHECK(compose(NIGHT) == 1);
	mail = read_letter(NIGHT);
	CHECK(both_say(&mail, "Namn 19") && !either_says(&mail, "Namn 20") && both_say(&mail, "och 5 till"));
	end();
}

static void
a_hostile_name_makes_neither_header_line_nor_markup(void)
{
	const char *bad = "Eve\r\nBcc: x@y.example\n\n<script>alert(1)</script>";
	struct stored s;
	struct mail mail;
	char *bytes;
	size_t len;

	begin();
	s = access_to("kurs", "k1", bad, 1);
	s.p.approvers.items[0].display = bad;
	rules.conf.organisation = bad;
	add(s);
	CHECK(compose(NIGHT) == 1);
	mail = read_letter(NIGHT);
	CHECK(!strstr(mail.html, "<script>") && !strstr(mail.text, "\nBcc") && !strchr(mail.subject, '\n'));
	mail.id = "1";
	mail.to = "anna@kalmar.example";
	mail.to_name = bad;
	CHECK(mail_build(mem, &rules.conf, &mail, &bytes, &len, &err) == 0 && !strstr(bytes, "\nBcc") && strstr(bytes, "\nTo: "));
	CHECK(send_out(NIGHT, NULL) == 1 && mails() == 1);
	end();
}

/* ------------------------------------------------------------------ observe, and administrators */

static void
in_observe_only_administrators_are_written_to_and_without_a_link(void)
{
	struct mail mail;

	begin();
	rules.conf.mode = MODE_OBSERVE;
	add(access_to("hemlig", "k1", "Bo Borta", 3));
	CHECK(compose(NIGHT) == 1);
	CHECK_TEXT(unsent_letter().kind, "administrator");
	CHECK_TEXT(unsent_letter().mail, "adam@kalmar.example");
	CHECK(!unsent_letter().token_hash);
	mail = read_letter(NIGHT);
	CHECK(both_say(&mail, "Hemliga systemet: 1 förslag") && !either_says(&mail, "/b/") && !either_says(&mail, "Bo Borta"));
	CHECK(send_out(NIGHT, NULL) == 1 && compose(NIGHT) == 0 && compose(NIGHT + DAYS(1)) == 0);
	add(access_to("hemlig", "k2", "Cia Borta", 3));
	CHECK(compose(NIGHT + DAYS(1)) == 1);
	end();
}

static void
a_letter_to_an_owner_waits_while_we_observe(void)
{
	long long unsent;

	begin();
	add(access_to("kurs", "k1", "Bo Borta", 1));
	CHECK(compose(NIGHT) == 1);
	rules.conf.mode = MODE_OBSERVE;
	CHECK(send_out(NIGHT, &unsent) == 0 && unsent == 1 && mails() == 0);
	rules.conf.mode = MODE_PROPOSE;
	CHECK(send_out(NIGHT, &unsent) == 1 && unsent == 0);
	end();
}

static void
put_gap(struct gap gap)
{
	struct plan plan = { .access_judged = true };

	*arena_push(mem, &plan.gaps) = gap;
	CHECK(store_facts_put(store, &plan, NIGHT, &err) == 0);
}

static void
administrators_hear_of_brakes_and_gaps_once_and_then_weekly(void)
{
	struct stored braked;

	begin();
	CHECK(compose(NIGHT) == 0);
	braked = access_to("kurs", "k1", "Bo Borta", 1);
	braked.state = STATE_BRAKED;
	add(braked);
	CHECK(compose(NIGHT) == 1);
	CHECK(both_say(&(struct mail){ .text = read_letter(NIGHT).text, .html = read_letter(NIGHT).html }, "system:kurs"));
	CHECK(send_out(NIGHT, NULL) == 1 && compose(NIGHT + DAYS(1)) == 0);
	put_gap((struct gap){ "hr", "hr", NULL, "the file ends without a newline" });
	CHECK(compose(NIGHT + DAYS(1)) == 1 && send_out(NIGHT + DAYS(1), NULL) == 1);
	CHECK(compose(NIGHT + DAYS(7)) == 0 && compose(NIGHT + DAYS(8)) == 1);
	end();
}

static void
a_gap_names_no_file_in_a_mail(void)
{
	struct mail mail;

	begin();
	put_gap((struct gap){ "folder", "ekonomi", "Personakter/Svensson", "cannot stat 'Svensson.pdf'" });
	CHECK(compose(NIGHT) == 1);
	mail = read_letter(NIGHT);
	CHECK(both_say(&mail, "ekonomi") && !either_says(&mail, "Svensson"));
	end();
}

static void
administrators_hear_of_a_directory_that_could_not_be_read(void)
{
	begin();
	put_gap((struct gap){ "hr", "hr", NULL, "x" });
	CHECK(compose(NIGHT) == 1 && send_out(NIGHT, NULL) == 1);
	snapshot = (struct snapshot){ .complete = false };
	put_gap((struct gap){ "directory", "DC=kalmar", NULL, "cannot bind" });
	CHECK(compose(NIGHT + DAYS(1)) == 1);
	CHECK_TEXT(unsent_letter().mail, "adam@kalmar.example");
	CHECK(send_out(NIGHT + DAYS(1), NULL) == 1);
	snapshot.complete = true;               /* read wholly, and Adam is gone */
	put_gap((struct gap){ "directory", "DC=kalmar", NULL, "another" });
	CHECK(compose(NIGHT + DAYS(20)) == 0);
	end();
}

/* ------------------------------------------------------------------ receipts */

#define ANNA "11111111-1111-1111-1111-111111111111"

static struct account known[2];

/* Anna is found in the directory, and has answered. */
static void
decided(const char *proposal, enum verdict verdict, const char *refused, day_t until)
{
	known[0] = admin;
	known[1] = (struct account){ .dn = "CN=anna", .name = "anna", .display = "Anna Ägare", .mail = "anna@kalmar.example", .guid = ANNA,
				     .key = ANNA };
	snapshot = (struct snapshot){ .accounts = known, .account_count = 2, .complete = true };
	snapshot_index(mem, &snapshot);
	CHECK(store_decision_add(store, &(struct decision){ .proposal = proposal, .version = "v", .key = ANNA, .name = "anna", .until = until,
			.verdict = verdict, .refused = refused, .at = NIGHT - 60, .source = "page" }, &err) == 0);
}

static void
who_decided_gets_one_receipt_and_no_other(void)
{
	struct audit_row last;
	struct mail mail;

	begin();
	add(access_to("kurs", "k1", "Bo Borta", 1));
	add(access_to("kurs", "k2", "Cia Borta", 1));
	add(access_to("kurs", "k3", "Di Kvar", 1));
	add(batch("k4", "Verifikationer/2018", 1));
	CHECK(compose(NIGHT - DAYS(1)) == 1 && send_out(NIGHT - DAYS(1), NULL) == 1);
	CHECK(store_proposal_move(store, "k1-1", PROPOSAL_SCHEDULED, NIGHT, NIGHT + DAYS(3), DAY_NONE, NULL, &err) == 0);
	CHECK(store_proposal_move(store, "k3-1", PROPOSAL_KEPT, NIGHT, INT64_MIN, day_make(2027, 3, 1), "vikarie", &err) == 0);
	decided("k1-1", VERDICT_APPROVE, NULL, DAY_NONE);
	decided("k2-1", VERDICT_APPROVE, "another version was shown", DAY_NONE);
	decided("k3-1", VERDICT_KEEP, NULL, day_make(2027, 3, 1));
	decided("k4-1", VERDICT_APPROVE, NULL, DAY_NONE);
	CHECK(compose(NIGHT) == 1);
	CHECK_TEXT(unsent_letter().kind, "receipt");
	mail = read_letter(NIGHT);
	CHECK(!either_says(&mail, "granskningskedjan"));
	CHECK(audit_add(store, NIGHT, "run", "event", NULL, &err) == 0 && store_audit_last(mem, store, &last, &err) == 0);
	mail = read_letter(NIGHT);
	CHECK(both_say(&mail, "granskningskedjan hade 1 rader") && both_say(&mail, last.hash));
	CHECK_TEXT(mail.subject, "Behov: kvitto på dina beslut");
	CHECK(both_say(&mail, "Bo Borta") && both_say(&mail, "utförs tidigast 2026-11-28") &&
	      both_say(&mail, "förslaget hade ändrats sedan sidan visades") && both_say(&mail, "Behålls till 2027-03-01") &&
	      both_say(&mail, "väntar på att en till ska godkänna") && both_say(&mail, "Verifikationer/2018") &&
	      both_say(&mail, "Har du inte gjort det här själv?") && both_say(&mail, "Servicedesk, 0480-00 00 00") &&
	      both_say(&mail, "https://behov.kalmar.example/b/"));
	CHECK(send_out(NIGHT, NULL) == 1 && compose(NIGHT + 60) == 0 && compose(NIGHT + DAYS(1)) == 0);
	end();
}

static void
letters_are_in_the_language_of_the_configuration(void)
{
	static const char *const facts[] = { "Hello Anna Ägare,", "1 access right and 1 disposal", "Access in Kursportalen: 1 proposal", "Bo Borta",
		"Disposal (gallring): Verifikationer (Ekonomi)", "81.2", "a grace period of 3 days", "a grace period of 7 days",
		"If you do not answer, nothing happens", "You are asked as: ", "systemägare" };
	static const char *const told[] = { "This is a receipt", "Access in Kursportalen", "Approved: carried out at the earliest on 2026-11-28",
		"Did not count: the proposal had changed since the page was shown", "Did you not do this yourself?" };
	struct mail mail;

	begin();
	rules.conf.language = "en";
	add(access_to("kurs", "k1", "Bo Borta", 1));
	add(batch("k4", "Verifikationer/2018", 1));
	CHECK(compose(NIGHT - DAYS(1)) == 1);
	mail = read_letter(NIGHT - DAYS(1));
	CHECK_TEXT(mail.subject, "Behov: waiting for your decision: 1 access right and 1 disposal");
	for (size_t i = 0; i < sizeof(facts) / sizeof(*facts); i++)
		CHECK(both_say(&mail, facts[i]) || (i == 2 && strstr(mail.text, facts[i])));
	CHECK(strstr(mail.html, "<html lang=\"en\">") && !either_says(&mail, "förslag"));
	CHECK(send_out(NIGHT - DAYS(1), NULL) == 1);
	CHECK(store_proposal_move(store, "k1-1", PROPOSAL_SCHEDULED, NIGHT, NIGHT + DAYS(3), DAY_NONE, NULL, &err) == 0);
	decided("k1-1", VERDICT_APPROVE, NULL, DAY_NONE);
	decided("k4-1", VERDICT_APPROVE, "another version was shown", DAY_NONE);
	CHECK(compose(NIGHT) == 1);
	mail = read_letter(NIGHT);
	CHECK_TEXT(mail.subject, "Behov: receipt for your decisions");
	for (size_t i = 0; i < sizeof(told) / sizeof(*told); i++)
		CHECK(both_say(&mail, told[i]));
	end();
}

static void
a_receipt_names_nobody_where_the_class_is_high(void)
{
	struct mail mail;

	begin();
	add(access_to("hemlig", "k1", "Bo Borta", 3));
	decided("k1-1", VERDICT_KEEP, NULL, DAY_NONE);
	CHECK(store_proposal_move(store, "k1-1", PROPOSAL_KEPT, NIGHT, INT64_MIN, DAY_NONE, "Bo är inte borta", &err) == 0);
	CHECK(compose(NIGHT) == 1);
	mail = read_letter(NIGHT);
	CHECK(both_say(&mail, "Behålls") && !either_says(&mail, "Bo"));
	end();
}

static void
a_receipt_waits_for_a_night_that_knows_the_address(void)
{
	begin();
	add(access_to("kurs", "k1", "Bo Borta", 1));
	decided("k1-1", VERDICT_APPROVE, NULL, DAY_NONE);
	CHECK(store_proposal_move(store, "k1-1", PROPOSAL_SCHEDULED, NIGHT, NIGHT + DAYS(3), DAY_NONE, NULL, &err) == 0);
	snapshot.complete = false;
	CHECK(compose(NIGHT) == 0);
	snapshot.complete = true;
	CHECK(compose(NIGHT + DAYS(1)) == 1);
	CHECK_TEXT(unsent_letter().mail, "anna@kalmar.example");
	end();
}

static void
what_is_said_on_the_command_line_needs_no_receipt(void)
{
	begin();
	add(access_to("kurs", "k1", "Bo Borta", 1));
	decided("k1-1", VERDICT_KEEP, NULL, DAY_NONE);
	CHECK(compose(NIGHT) == 2);             /* the receipt, and the question itself, which nobody has closed here */
	CHECK(store_decision_add(store, &(struct decision){ .proposal = "k1-1", .version = "v", .name = "it", .until = DAY_NONE,
			.verdict = VERDICT_KEEP, .at = NIGHT, .source = "command line" }, &err) == 0);
	CHECK(send_out(NIGHT, NULL) == 2 && compose(NIGHT + 60) == 0);
	end();
}

/* ------------------------------------------------------------------ those who wait for something */

static void
later(const char *proposal, day_t until, int64_t at)
{
	CHECK(store_decision_add(store, &(struct decision){ .proposal = proposal, .version = "v1", .key = "kanna", .name = "anna", .until = until,
			.verdict = VERDICT_LATER, .at = at, .source = "page" }, &err) == 0);
}

static void
one_who_wants_to_be_reminded_later_is_left_alone_until_then(void)
{
	begin();
	add(access_to("kurs", "k1", "Bo Borta", 1));
	CHECK(compose(NIGHT) == 1 && send_out(NIGHT, NULL) == 1);
	later("k1-1", clock_day(NIGHT) + 20, NIGHT + 60);
	for (int day = 1; day < 20; day++)
		CHECK(compose(NIGHT + DAYS(day)) == 0);
	CHECK(compose(NIGHT + DAYS(20)) == 1);
	CHECK_TEXT(unsent_letter().kind, "reminder");
	CHECK(send_out(NIGHT + DAYS(20), NULL) == 1 && compose(NIGHT + DAYS(21)) == 0 && compose(NIGHT + DAYS(27)) == 1);
	end();
	begin();                                /* sooner than a reminder would come */
	add(access_to("kurs", "k1", "Bo Borta", 1));
	CHECK(compose(NIGHT) == 1 && send_out(NIGHT, NULL) == 1);
	later("k1-1", clock_day(NIGHT) + 3, NIGHT + 60);
	CHECK(compose(NIGHT + DAYS(2)) == 0 && compose(NIGHT + DAYS(3)) == 1 && send_out(NIGHT + DAYS(3), NULL) == 1);
	CHECK(compose(NIGHT + DAYS(4)) == 0);
	end();
	begin();                                /* who answers after all is done with it */
	add(access_to("kurs", "k1", "Bo Borta", 1));
	CHECK(compose(NIGHT) == 1 && send_out(NIGHT, NULL) == 1);
	later("k1-1", clock_day(NIGHT) + 3, NIGHT + 60);
	answer("k1-1", "v1", VERDICT_APPROVE, NULL, NIGHT + 90);
	CHECK(compose(NIGHT + DAYS(3)) == 0);
	end();
}

static void
what_was_stopped_is_asked_anew_of_all(void)
{
	begin();
	add(batch("k1", "Verifikationer/2018", 1));
	CHECK(compose(NIGHT) == 1 && send_out(NIGHT, NULL) == 1);
	answer("k1-1", "v1", VERDICT_APPROVE, NULL, NIGHT + 60);
	CHECK(compose(NIGHT + DAYS(8)) == 0);
	CHECK(store_decision_add(store, &(struct decision){ .proposal = "k1-1", .version = "v1", .key = "kbo", .name = "bo", .until = DAY_NONE,
			.verdict = VERDICT_HOLD, .at = NIGHT + DAYS(8), .source = "page" }, &err) == 0);
	CHECK(force_state(store, "k1-1", STATE_HELD, NIGHT, INT64_MIN, DAY_NONE, "tvist", &err) == 0);
	CHECK(compose(NIGHT + DAYS(9)) == 0);
	CHECK(store_proposal_move(store, "k1-1", PROPOSAL_FREED, NIGHT + DAYS(9), INT64_MIN, DAY_NONE, NULL, &err) == 0);
	CHECK(compose(NIGHT + DAYS(9)) == 1);
	end();
}

static struct question
ask(const char *proposal, const char *text, bool found)
{
	struct questions list;
	struct question q = { .proposal = proposal, .to = "kim.ek", .text = text, .by_key = "kanna", .by_name = "anna", .at = NIGHT };

	CHECK(store_question_add(store, &q, &err) == 0);
	CHECK(store_questions(mem, store, &(struct question_filter){ .proposal = proposal, .open = true }, &list, &err) == 0);
	q = list.list.items[list.list.count - 1];
	if (found) {
		q.key = "kkim";
		q.name = "kim.ek";
		q.display = "Kim Ek";
		q.mail = "kim@kalmar.example";
		CHECK(store_question_put(store, &q, &err) == 0);
	}
	return q;
}

static void
among_many_each_waits_for_their_own_answer(void)
{
	struct letters letters;
	long long wrong = 0;

	begin();
	for (int i = 0; i < 200; i++) {
		struct stored s = access_to("kurs", arena_print(mem, "k%d", i), "x", 1);

		s.p.approvers.items[0] = (struct approver){ .key = arena_print(mem, "k-%d", i * 7919 % 200), .name = "n", .display = "N",
							    .mail = "n@kalmar.example", .as = "systemägare" };
		add(s);
		if (i % 2)
			CHECK(store_question_add(store, &(struct question){ .proposal = arena_print(mem, "k%d-1", i), .to = "kim.ek", .text = "?", .by_name = "n",
				.by_key = i % 4 == 1 ? s.p.approvers.items[0].key : "k-annan", .at = NIGHT }, &err) == 0);
	}
	CHECK(compose(NIGHT) == 150 && store_letters_unsent(mem, store, &letters, &err) == 0 && letters.list.count == 150);
	for (size_t i = 0; i < letters.list.count; i++) {
		const struct letter *l = &letters.list.items[i];
		int n = l->proposal_count == 1 ? atoi(l->proposals[0] + 1) : -1;

		wrong += n < 0 || n % 4 == 1 || strcmp(l->key, arena_print(mem, "k-%d", n * 7919 % 200)) != 0;
	}
	CHECK(wrong == 0);
	end();
}

static void
who_is_asked_for_advice_gets_a_letter_and_who_asks_waits(void)
{
	struct question q;
	struct mail mail;

	begin();
	add(access_to("kurs", "k1", "Bo Borta", 1));
	CHECK(compose(NIGHT - DAYS(1)) == 1 && send_out(NIGHT - DAYS(1), NULL) == 1);
	q = ask("k1-1", "Behöver Bo\r\nBcc: x@y.example\xe2\x80\xae <b>det</b>?", true);
	CHECK(store_proposal_move(store, "k1-1", PROPOSAL_ASKED, NIGHT, INT64_MIN, DAY_NONE, NULL, &err) == 0);
	CHECK(compose(NIGHT) == 1 && compose(NIGHT) == 0);
	CHECK_TEXT(unsent_letter().kind, "question");
	CHECK_TEXT(unsent_letter().mail, "kim@kalmar.example");
	CHECK(unsent_letter().token_hash != NULL);
	mail = read_letter(NIGHT);
	CHECK_TEXT(mail.subject, "Behov: du tillfrågas innan något beslutas");
	CHECK(both_say(&mail, "Hej Kim Ek!") && both_say(&mail, "Anna Ägare frågar:") && both_say(&mail, "Bo Borta") &&
	      both_say(&mail, "Behöver Bo  Bcc: x@y.example") && both_say(&mail, "https://behov.kalmar.example/b/") &&
	      strstr(mail.html, "&lt;b&gt;det") && !strstr(mail.text, "\xe2\x80\xae") && !strstr(mail.text, "\nBcc"));
	CHECK(send_out(NIGHT, NULL) == 1);
	for (int day = 1; day < 7; day++)
		CHECK(compose(NIGHT + DAYS(day)) == 0);
	CHECK(compose(NIGHT + DAYS(7)) == 1 && send_out(NIGHT + DAYS(7), NULL) == 1);      /* and nothing to Anna */
	q.answered = q.closed = NIGHT + DAYS(8);
	q.advice = ADVICE_KEEP;
	CHECK(store_question_put(store, &q, &err) == 0);
	CHECK(store_proposal_move(store, "k1-1", PROPOSAL_ADVISED, NIGHT + DAYS(8), INT64_MIN, DAY_NONE, NULL, &err) == 0);
	CHECK(compose(NIGHT + DAYS(8)) == 1);
	CHECK_TEXT(unsent_letter().kind, "digest");
	CHECK_TEXT(unsent_letter().key, "kanna");
	mail = read_letter(NIGHT + DAYS(8));
	CHECK(both_say(&mail, "Bo Borta (handlaggare) – svar har kommit") && both_say(&mail, "har fått ett besked"));
	CHECK(send_out(NIGHT + DAYS(8), NULL) == 1 && compose(NIGHT + DAYS(9)) == 0 && compose(NIGHT + DAYS(14)) == 0);
	end();
}

static void
a_question_names_nobody_where_the_class_is_high(void)
{
	struct mail mail;

	for (int class = 3; class >= -1; class -= 4) {
		begin();
		add(access_to("hemlig", "k1", "Bo Borta", class));
		CHECK(compose(NIGHT - DAYS(1)) == 1 && send_out(NIGHT - DAYS(1), NULL) == 1);
		(void)ask("k1-1", "Behöver Bo det?", true);
		CHECK(store_proposal_move(store, "k1-1", PROPOSAL_ASKED, NIGHT, INT64_MIN, DAY_NONE, NULL, &err) == 0);
		CHECK(compose(NIGHT) == 1);
		mail = read_letter(NIGHT);
		CHECK(both_say(&mail, "Hej Kim Ek!") && !either_says(&mail, "Bo ") && !either_says(&mail, "Anna") && !either_says(&mail, "anna") &&
		      both_say(&mail, "Vem som frågar, och vad det gäller, visas först på sidan"));
		end();
	}
}

static void
a_question_that_was_closed_before_its_letter_went_is_not_mailed(void)
{
	struct question q;

	begin();
	add(access_to("kurs", "k1", "Bo Borta", 1));
	CHECK(compose(NIGHT - DAYS(1)) == 1 && send_out(NIGHT - DAYS(1), NULL) == 1);
	(void)ask("k1-1", "Nej?", false);               /* nobody has been found */
	CHECK(compose(NIGHT) == 0);
	q = ask("k1-1", "Behöver Bo det?", true);
	CHECK(compose(NIGHT) == 1);
	q.closed = NIGHT + 1;
	CHECK(store_question_put(store, &q, &err) == 0);
	CHECK(send_out(NIGHT + 2, NULL) == 0 && mails() == 1);
	end();
}

static void
a_receipt_says_what_became_of_every_answer(void)
{
	struct question q = { .text = "Vet du?", .to = "kim.ek", .by_key = ANNA, .by_name = "anna", .at = NIGHT };
	struct letters letters;
	struct mail mail;
	struct notify_input in;
	int receipts = 0;

	begin();
	in = (struct notify_input){ &rules, NULL, store, NIGHT };
	for (int i = 1; i <= 9; i++)
		add(i == 4 ? batch("k4", "V/2018", 1) : access_to("kurs", arena_print(mem, "k%d", i), arena_print(mem, "Namn %d", i), 1));
	CHECK(compose(NIGHT - DAYS(1)) == 1 && send_out(NIGHT - DAYS(1), NULL) == 1);
	decided("k1-1", VERDICT_ASK, NULL, DAY_NONE);
	decided("k2-1", VERDICT_ASK, NULL, DAY_NONE);
	decided("k3-1", VERDICT_NOT_MINE, NULL, DAY_NONE);
	decided("k4-1", VERDICT_HOLD, NULL, DAY_NONE);
	decided("k5-1", VERDICT_LATER, NULL, day_make(2026, 12, 9));
	decided("k6-1", VERDICT_ADVISE, NULL, DAY_NONE);
	decided("k7-1", VERDICT_APPROVE, NULL, DAY_NONE);
	decided("k8-1", VERDICT_RULE, "what is wrong with the rule was not said", DAY_NONE);
	decided("k9-1", VERDICT_APPROVE, REFUSAL_APPROVED, DAY_NONE);
	q.proposal = "k1-1";
	CHECK(store_question_add(store, &q, &err) == 0);
	q.id = 1;
	q.key = "kkim";
	q.display = "Kim Ek";
	q.answered = q.closed = INT64_MIN;
	CHECK(store_question_put(store, &q, &err) == 0);
	q.proposal = "k2-1";
	CHECK(store_question_add(store, &q, &err) == 0);
	q = (struct question){ .id = 2, .problem = "Ingen som heter så kan tillfrågas. Skriv om.", .answered = INT64_MIN, .closed = NIGHT };
	CHECK(store_question_put(store, &q, &err) == 0);
	CHECK(store_proposal_move(store, "k4-1", PROPOSAL_HELD, NIGHT, INT64_MIN, DAY_NONE, "tvist", &err) == 0);
	CHECK(store_proposal_move(store, "k7-1", PROPOSAL_KEPT, NIGHT, INT64_MIN, DAY_NONE, "vikarie", &err) == 0);
	for (int i = 0; i < 9; i++)
		if (i != 3 && i != 6)   /* nobody is written to about the proposals themselves */
			CHECK(force_state(store, arena_print(mem, "k%d-1", i + 1), i == 2 ? STATE_OPEN : STATE_BRAKED, NIGHT, INT64_MIN, DAY_NONE, NULL,
					  &err) == 0);
	answer("k3-1", "v1", VERDICT_APPROVE, NULL, NIGHT);
	CHECK(store_letters_unsent(mem, store, &letters, &err) == 0 && letters.list.count == 0 && compose(NIGHT) > 0);
	CHECK(store_letters_unsent(mem, store, &letters, &err) == 0);
	for (size_t i = 0; i < letters.list.count; i++) {
		if (strcmp(letters.list.items[i].kind, "receipt") != 0)
			continue;
		receipts++;
		CHECK(letter_receipt(mem, &in, &letters.list.items[i], &mail, &err) == 0);
		CHECK(both_say(&mail, "Kim Ek är tillfrågad") && both_say(&mail, "Frågan gick inte att ställa. Ingen som heter så kan tillfrågas") &&
		      both_say(&mail, "någon annan tillfrågas i stället") && both_say(&mail, "Gallringsstopp: inget av det förstörs") &&
		      both_say(&mail, "Du påminns 2026-12-09") && both_say(&mail, "Ditt råd är framfört") &&
		      both_say(&mail, "Ditt godkännande är antecknat, men det behålls") &&
		      both_say(&mail, "det stod inte vad som är fel med regeln") &&
		      both_say(&mail, "Redan godkänt av någon annan: ditt svar behövdes inte"));
	}
	CHECK(receipts == 1);
	end();
}

static void
a_receipt_says_in_its_language_why_nobody_is_asked(void)
{
	struct question q = { .proposal = "k1-1", .text = "Vet du?", .to = "kim", .by_key = ANNA, .by_name = "anna", .at = NIGHT };
	struct letters letters;
	struct mail mail;

	begin();
	rules.conf.language = "en";
	add(access_to("kurs", "k1", "Bo Borta", 1));
	CHECK(compose(NIGHT - DAYS(1)) == 1 && send_out(NIGHT - DAYS(1), NULL) == 1);
	decided("k1-1", VERDICT_ASK, NULL, DAY_NONE);
	CHECK(store_question_add(store, &q, &err) == 0);
	q = (struct question){ .id = 1, .problem = "Den som tillfrågades kan inte längre svara.", .answered = INT64_MIN, .closed = NIGHT };
	CHECK(store_question_put(store, &q, &err) == 0 && compose(NIGHT) > 0);
	CHECK(store_letters_unsent(mem, store, &letters, &err) == 0);
	for (size_t i = 0; i < letters.list.count; i++)
		if (strcmp(letters.list.items[i].kind, "receipt") == 0)
			CHECK(letter_receipt(mem, &(struct notify_input){ &rules, NULL, store, NIGHT }, &letters.list.items[i], &mail, &err) == 0 &&
			      both_say(&mail, "The one who was asked can no longer answer") && !either_says(&mail, "svara"));
	end();
}

static void
a_receipt_says_who_else_has_answered_what(void)
{
	struct stored s;
	struct mail mail;

	begin();
	s = access_to("kurs", "k1", "Bo Borta", 1);
	s.p.approvers.items[0].key = ANNA;
	*arena_push(mem, &s.p.approvers) = (struct approver){ .key = "kbo", .name = "bo", .display = "Bo Ägare", .mail = "bo@kalmar.example", .as = "ägare" };
	s.p.version = "v";
	s.state = STATE_KEPT;
	add(s);
	decided("k1-1", VERDICT_KEEP, NULL, DAY_NONE);
	CHECK(store_decision_add(store, &(struct decision){ .proposal = "k1-1", .version = "v", .key = "kbo", .name = "bo", .until = DAY_NONE,
			.verdict = VERDICT_APPROVE, .at = NIGHT - 30, .source = "page" }, &err) == 0);
	CHECK(compose(NIGHT) == 1);
	mail = read_letter(NIGHT);
	CHECK(both_say(&mail, "Behålls; Bo Ägare har svarat: godkänn"));
	end();
}

/* ------------------------------------------------------------------ new links */

static void
wish(const char *who, int64_t at)
{
	struct inbox *inbox = NULL;

	CHECK(inbox_open(rules.conf.inbox, true, &inbox, &err) == 0 && inbox_wish_add(inbox, who, at, &err) == 0);
	inbox_close(inbox);
}

static void
a_night(int64_t at)
{
	long long id;

	CHECK(store_night_start(store, "run", at, "rules", &id, &err) == 0);
	CHECK(store_night_end(store, id, "published", true, at, NULL, &err) == 0);
}

/* Two nights after the letter that everybody gets: what a wish of the day between comes to. */
static long long
comes_to(const char *who, int64_t at)
{
	long long letters;

	begin();
	add(access_to("kurs", "a", "Kim Holm", 1));
	CHECK(compose(NIGHT) == 1 && send_out(NIGHT, NULL) == 1);
	a_night(NIGHT);
	wish(who, at);
	letters = compose(NIGHT + DAYS(1));
	CHECK(letters == 0 || strcmp(unsent_letter().kind, "link") == 0);
	end();
	return letters;
}

static void
who_asks_for_a_link_gets_one_if_something_waits(void)
{
	char huge[600];

	memset(huge, 'a', sizeof(huge) - 1);
	huge[sizeof(huge) - 1] = '\0';
	CHECK(comes_to("anna", NIGHT + 3600) == 1 && comes_to("ANNA@Kalmar.example", NIGHT + 3600) == 1);
	CHECK(comes_to("anna", NIGHT - 1) == 0);                /* the night before has seen it */
	CHECK(comes_to("anna", NIGHT + DAYS(3)) == 0);          /* dated ahead by who has taken serve over */
	CHECK(comes_to("ann", NIGHT + 3600) == 0 && comes_to("", NIGHT + 3600) == 0 && comes_to("*", NIGHT + 3600) == 0);
	CHECK(comes_to("kanna", NIGHT + 3600) == 0 && comes_to("anna@evil.example", NIGHT + 3600) == 0);
	CHECK(comes_to("Anna \xff", NIGHT + 3600) == 0 && comes_to(huge, NIGHT + 3600) == 0);
}

static void
a_link_is_sent_once_a_day_and_tells_only_how_much_waits(void)
{
	struct mail mail;

	begin();
	add(access_to("kurs", "a", "Kim Holm", 1));
	add(access_to("kurs", "b", "Siv Berg", 1));
	CHECK(compose(NIGHT) == 1 && send_out(NIGHT, NULL) == 1);
	a_night(NIGHT);
	for (int i = 0; i < 5; i++)
		wish(i % 2 ? "anna" : "anna@kalmar.example", NIGHT + 3600 + i);
	CHECK(compose(NIGHT + DAYS(1)) == 1);
	mail = read_letter(NIGHT + DAYS(1));
	CHECK_TEXT(mail.subject, "Behov: din nya länk");
	CHECK(both_say(&mail, "https://behov.kalmar.example/b/") && both_say(&mail, "2 förslag") && both_say(&mail, "Anna Ägare"));
	CHECK(!either_says(&mail, "Kim") && !either_says(&mail, "Kursportalen"));
	CHECK(send_out(NIGHT + DAYS(1), NULL) == 1 && mails() == 2);
	/* The same inbox, read once more before the night is published, writes nothing new. */
	(void)compose(NIGHT + DAYS(1));
	CHECK(send_out(NIGHT + DAYS(1), NULL) == 0 && mails() == 2);
	a_night(NIGHT + DAYS(1));
	CHECK(compose(NIGHT + DAYS(2)) == 0);
	/* Nothing waits any more when it is to be sent. */
	wish("anna", NIGHT + DAYS(2));
	CHECK(compose(NIGHT + DAYS(2) + 60) == 1);
	answer("a-1", "v1", VERDICT_APPROVE, NULL, NIGHT + DAYS(2));
	answer("b-1", "v1", VERDICT_APPROVE, NULL, NIGHT + DAYS(2));
	CHECK(send_out(NIGHT + DAYS(2) + 60, NULL) == 0 && mails() == 2);
	end();
}

static void
a_link_makes_nothing_old(void)
{
	begin();
	add(access_to("kurs", "a", "Kim Holm", 1));
	CHECK(compose(NIGHT) == 1 && send_out(NIGHT, NULL) == 1);
	a_night(NIGHT);
	add(access_to("kurs", "b", "Siv Berg", 1));
	wish("anna", NIGHT + 60);
	CHECK(compose(NIGHT + 3600) == 1);      /* they have had their letter of the day */
	CHECK_TEXT(unsent_letter().kind, "link");
	CHECK(unsent_letter().proposal_count == 0 && send_out(NIGHT + 3600, NULL) == 1);
	CHECK(compose(NIGHT + DAYS(1)) == 1);
	CHECK_TEXT(unsent_letter().kind, "digest");
	end();
}

/* More than an honest page writes in an hour, and as many dated ahead, at once. */
static void
many_wishes(int count)
{
	char *sql = arena_print(mem, "with recursive n(i) as (select 1 union all select i + 1 from n where i < %d)"
				" insert into wish (who, at) select 'konto' || i, case i %% 2 when 0 then %lld else %lld end from n", count,
				(long long)NIGHT + 3600, (long long)NIGHT + DAYS(300));
	sqlite3 *db;

	CHECK(sqlite3_open(rules.conf.inbox, &db) == SQLITE_OK && sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK);
	sqlite3_close(db);
}

static void
others_drown_nobody(void)
{
	begin();
	add(access_to("kurs", "a", "Kim Holm", 1));
	CHECK(compose(NIGHT) == 1 && send_out(NIGHT, NULL) == 1);
	a_night(NIGHT);
	wish("anna", NIGHT + 60);
	many_wishes(30000);
	CHECK(compose(NIGHT + DAYS(1)) == 1);
	CHECK_TEXT(unsent_letter().kind, "link");
	end();
}

/* An hour after the night they ask for a link; what comes a night later. */
static struct mail
link_to(const char *who)
{
	a_night(NIGHT);
	wish(who, NIGHT + 3600);
	CHECK(compose(NIGHT + DAYS(1)) == 1);
	CHECK_TEXT(unsent_letter().kind, "link");
	return read_letter(NIGHT + DAYS(1));
}

static void
who_is_asked_for_advice_gets_a_link_and_so_does_who_asks(void)
{
	struct mail mail;
	struct question q;

	begin();
	add(access_to("kurs", "k1", "Bo Borta", 1));
	q = ask("k1-1", "Behöver Bo det?", true);
	CHECK(store_proposal_move(store, "k1-1", PROPOSAL_ASKED, NIGHT, INT64_MIN, DAY_NONE, NULL, &err) == 0);
	CHECK(compose(NIGHT) == 1 && send_out(NIGHT, NULL) == 1);
	mail = link_to("kim@kalmar.example");
	CHECK(both_say(&mail, "Du tillfrågas om råd i 1 fråga.") && !either_says(&mail, "Bo Borta") && !either_says(&mail, "ditt beslut"));
	q.closed = NIGHT + DAYS(1);
	CHECK(store_question_put(store, &q, &err) == 0 && send_out(NIGHT + DAYS(1), NULL) == 0);
	end();
	begin();
	add(access_to("kurs", "k1", "Bo Borta", 1));
	ask("k1-1", "Behöver Bo det?", true);
	CHECK(compose(NIGHT) == 1 && send_out(NIGHT, NULL) == 1);
	mail = link_to("anna");
	CHECK(both_say(&mail, "1 förslag väntar på ditt beslut."));
	end();
}

static void
who_can_undo_something_gets_a_link_while_they_can(void)
{
	struct mail mail;

	begin();
	for (int i = 0; i < 2; i++) {
		struct stored s = access_to("kurs", i ? "k1" : "k2", "Bo Borta", 1);
		s.state = STATE_SCHEDULED;
		s.go_at = NIGHT + DAYS(3);
		add(s);
	}
	CHECK(compose(NIGHT) == 0);
	mail = link_to("anna");
	CHECK(both_say(&mail, "2 godkännanden går att ångra.") && send_out(NIGHT + DAYS(1), NULL) == 1);
	a_night(NIGHT + DAYS(1));
	wish("anna", NIGHT + DAYS(3) - 60);
	CHECK(compose(NIGHT + DAYS(3)) == 0);
	end();
}

static void
the_page_is_told_who_is_invited(void)
{
	const char *told = NULL;

	begin();
	CHECK(compose(NIGHT) == 0 && store_get(mem, store, INVITED_VALUE, &told, &err) == 0);
	CHECK_TEXT(told, "");
	add(access_to("kurs", "k1", "Bo Borta", 1));
	CHECK(compose(NIGHT) == 1 && store_get(mem, store, INVITED_VALUE, &told, &err) == 0);
	CHECK_TEXT(told, arena_print(mem, "%.16s %.16s ", digest_text(mem, "anna"), digest_text(mem, "anna@kalmar.example")));
	end();
}

static void
a_letter_that_goes_out_anyway_is_link_enough(void)
{
	begin();
	wish("anna", NIGHT - 3600);
	add(access_to("kurs", "a", "Kim Holm", 1));
	CHECK(compose(NIGHT) == 1);
	CHECK_TEXT(unsent_letter().kind, "digest");
	end();
	begin();
	wish("anna", NIGHT - 3600);
	rules.conf.mode = MODE_OBSERVE;
	add(access_to("kurs", "a", "Kim Holm", 1));
	CHECK(compose(NIGHT) == 1);
	CHECK_TEXT(unsent_letter().kind, "administrator");
	end();
}

static void
an_inbox_that_cannot_be_read_stops_no_letters(void)
{
	FILE *f;

	begin();
	f = fopen(rules.conf.inbox, "w");
	CHECK(f && fputs("not a database at all", f) >= 0 && fclose(f) == 0);
	add(access_to("kurs", "a", "Kim Holm", 1));
	CHECK(compose(NIGHT) == 1);
	end();
}

int main(void)
{
	CHECK(clock_zone("Europe/Stockholm", &err) == 0);
	TEST(the_same_night_twice_writes_each_letter_once);
	TEST(a_reminder_comes_when_the_last_letter_is_old_and_not_before);
	TEST(one_who_has_answered_is_not_asked_again);
	TEST(an_answer_on_another_version_does_not_count);
	TEST(what_is_no_longer_open_is_left_out_or_not_mailed);
	TEST(a_letter_that_failed_is_sent_next_time_with_the_same_id_and_token);
	TEST(a_letter_whose_link_has_ended_gives_way_to_a_new_one);
	TEST(a_link_that_a_new_key_would_make_is_not_sent);
	TEST(one_letter_a_day_and_the_newer_in_the_place_of_the_older);
	TEST(who_was_passed_by_hears_of_it_once);
	TEST(a_letter_turns_red_and_names_nobody_where_it_may_not);
	TEST(how_long_it_takes_is_reckoned_from_what_must_be_read);
	TEST(what_is_due_without_a_folder_says_its_day);
	TEST(a_letter_says_whose_it_is_and_where_to_type);
	TEST(what_was_refused_waits_longer_and_longer_and_is_told);
	TEST(one_in_two_seats_gets_it_once_and_one_answer_of_a_seat_is_enough);
	TEST(the_key_is_made_once_for_us_alone);
	TEST(numbers_dates_and_what_happens_stand_in_both_forms);
	TEST(where_the_class_is_high_or_unknown_nobody_and_nothing_is_named);
	TEST(at_most_twenty_are_named);
	TEST(a_hostile_name_makes_neither_header_line_nor_markup);
	TEST(in_observe_only_administrators_are_written_to_and_without_a_link);
	TEST(a_letter_to_an_owner_waits_while_we_observe);
	TEST(administrators_hear_of_brakes_and_gaps_once_and_then_weekly);
	TEST(a_gap_names_no_file_in_a_mail);
	TEST(administrators_hear_of_a_directory_that_could_not_be_read);
	TEST(who_decided_gets_one_receipt_and_no_other);
	TEST(letters_are_in_the_language_of_the_configuration);
	TEST(a_receipt_names_nobody_where_the_class_is_high);
	TEST(a_receipt_waits_for_a_night_that_knows_the_address);
	TEST(what_is_said_on_the_command_line_needs_no_receipt);
	TEST(one_who_wants_to_be_reminded_later_is_left_alone_until_then);
	TEST(what_was_stopped_is_asked_anew_of_all);
	TEST(among_many_each_waits_for_their_own_answer);
	TEST(who_is_asked_for_advice_gets_a_letter_and_who_asks_waits);
	TEST(a_question_names_nobody_where_the_class_is_high);
	TEST(a_question_that_was_closed_before_its_letter_went_is_not_mailed);
	TEST(a_receipt_says_what_became_of_every_answer);
	TEST(a_receipt_says_in_its_language_why_nobody_is_asked);
	TEST(a_receipt_says_who_else_has_answered_what);
	TEST(who_asks_for_a_link_gets_one_if_something_waits);
	TEST(a_link_is_sent_once_a_day_and_tells_only_how_much_waits);
	TEST(a_link_makes_nothing_old);
	TEST(others_drown_nobody);
	TEST(who_is_asked_for_advice_gets_a_link_and_so_does_who_asks);
	TEST(who_can_undo_something_gets_a_link_while_they_can);
	TEST(the_page_is_told_who_is_invited);
	TEST(a_letter_that_goes_out_anyway_is_link_enough);
	TEST(an_inbox_that_cannot_be_read_stops_no_letters);
	return check_done();
}
