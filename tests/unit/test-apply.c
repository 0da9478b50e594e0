/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-apply.c - what was approved and is still the same goes; whatever else is left, put back, and said. */
#include "../../agent/apply/proof.c"
#include "../../agent/apply/walk.c"
#include "state.h"
#include <behov/audit.h>
#include <behov/clock.h>
#include <behov/digest.h>
#include <behov/file.h>
#include <behov/log.h>
#include <behov/retain.h>
#include <behov/step.h>
#include <behov/text.h>

#include "check.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define DAY 86400
#define NOW ((int64_t)1767571200)       /* 2026-01-05 */
#define LATER (NOW + 40 * DAY)

static char folder[64];
static struct arena *mem;
static struct store *store;
static struct error err;
static struct share share;
static struct series series;
static struct role role;
static struct system systems[2];
static struct rules rules;
static struct directory directory = { .name = "x.ldif", .source = "file:/x.ldif", .base = "DC=kalmar,DC=example" };
static struct apply_result result;
static int class;               /* of what is proposed */
static const char *batch_key;
static day_t batch_due;
/* What the eyes answer. */
static const char *held, *unsafe;       /* a path that is held; an account that is not safe to remove */
static void (*just_before)(const char *path);

/* ------------------------------------------------------------------ files */

static char *
at(const char *name)
{
	return arena_print(mem, "%s/%s", folder, name);
}

static void
put(const char *name, const char *content)
{
	int fd = open(at(name), O_WRONLY | O_CREAT | O_TRUNC, 0644);

	CHECK(fd >= 0 && write(fd, content, strlen(content)) == (ssize_t)strlen(content));
	close(fd);
}

/* Other content of a file that stays the same one; the clock of the file system has moved on by then. */
static void
rewrite(const char *name, const char *text)
{
	struct stat before, now;

	CHECK(stat(at(name), &before) == 0);
	do
		put(name, text);
	while (stat(at(name), &now) == 0 && now.st_mtim.tv_nsec == before.st_mtim.tv_nsec &&
	       now.st_mtim.tv_sec == before.st_mtim.tv_sec);
}

static bool
is_there(const char *name)
{
	struct stat st;

	return lstat(at(name), &st) == 0;
}

static const char *
content(const char *name)
{
	struct error unused = { 0 };
	char *text;
	size_t len;

	return file_read(mem, at(name), 1 << 20, &text, &len, &unused) < 0 ? NULL : text;
}

static void
remove_below(int above, const char *name)
{
	int fd = openat(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;

	while (dir && (d = readdir(dir)))
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
			remove_below(dirfd(dir), d->d_name);
	if (dir)
		closedir(dir);
	unlinkat(above, name, dir ? AT_REMOVEDIR : 0);
}

static int
files_in(const char *name)
{
	DIR *dir = opendir(at(name));
	struct dirent *d;
	int count = 0;

	while (dir && (d = readdir(dir)))
		count += strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0;
	if (dir)
		closedir(dir);
	return dir ? count : -1;
}

/* ------------------------------------------------------------------ eyes */

static int
open_root(void *self, const struct share *which, struct error *why)
{
	int fd = open(which->path, O_RDONLY | O_DIRECTORY);

	(void)self;
	if (fd >= 0 && faccessat(fd, SHARE_MARKER, F_OK, 0) < 0) {
		close(fd);
		return error_set(why, ERROR_SOURCE, "no marker");
	}
	return fd;
}

static const char *
objection(void *self, const struct share *which, const char *path, const struct entry *entry,
	  const struct consent *approved)
{
	(void)self, (void)which, (void)approved;
	CHECK(strcmp(entry->name, strrchr(path, '/') ? strrchr(path, '/') + 1 : path) == 0);
	if (just_before)
		just_before(path);
	return held && strcmp(held, path) == 0 ? "gallringsstopp: begäran om utlämnande" : NULL;
}

static int
judge(void *self, struct arena *m, struct stored *list, size_t count, bool *safe, const char **why,
      struct error *trouble)
{
	(void)self, (void)m, (void)trouble;
	for (size_t i = 0; i < count; i++) {
		safe[i] = !unsafe || strcmp(list[i].p.account, unsafe) != 0;
		why[i] = safe[i] ? NULL : "Anna behöver det nu";
	}
	return 0;
}

static enum proven is_proven = PROVEN_GOOD;

static int
proven(void *self, const struct share *which, int root, enum proven *out, struct error *why)
{
	(void)self, (void)which, (void)root, (void)why;
	*out = is_proven;
	return 0;
}

static const struct apply_eyes eyes = { .open_root = open_root, .objection = objection, .judge = judge, .proven = proven };

/* ------------------------------------------------------------------ a world */

static void
night(int64_t when)
{
	long long id;

	CHECK(store_night_start(store, "run", when - 60, "rules", &id, &err) == 0);
	CHECK(store_night_end(store, id, "published", true, when, "{}", &err) == 0);
}

static void
activate(void)
{
	CHECK(store_series_activate(store, &(struct activation){ series.id, series_digest(mem, &series), "arkivarie", NOW - 50 * DAY }, &err) == 0);
}

static void
begin(void)
{
	memcpy(folder, "/tmp/behov-apply-XXXXXX", 24);
	CHECK(mkdtemp(folder) != NULL);
	mem = arena_open();
	err = (struct error){ 0 };
	held = unsafe = NULL;
	batch_key = "00000000000000f1";
	batch_due = day_make(2026, 1, 1);
	just_before = NULL;
	log_open(LOG_LEVEL_ERROR);
	CHECK(clock_zone("Europe/Stockholm", &err) == 0);
	CHECK(mkdir(at("share"), 0755) == 0 && mkdir(at("share/d"), 0755) == 0);
	put("share/" SHARE_MARKER, "behov share ekonomi 1\n");
	share = (struct share){ .id = "ekonomi", .name = "Ekonomi", .path = at("share"), .owner = "eva.lind",
				.dispose = DISPOSE_DESTROY };
	series = (struct series){ .id = "ver", .code = "1", .name = "Verifikationer", .decided = true };
	role = (struct role){ .id = "handlaggare", .name = "Handläggare", .system = systems };
	systems[0] = (struct system){ .id = "diariet", .name = "Diariet", .roles = &role, .role_count = 1 };
	systems[1] = (struct system){ .id = "treserva", .name = "Treserva", .roles = &role, .role_count = 1 };
	rules = (struct rules){ .systems = systems, .system_count = 2, .series = &series, .series_count = 1,
				.shares = &share, .share_count = 1, .digest = "rules" };
	rules.conf = (struct conf){ .organisation = "Kalmar kommun", .mode = MODE_APPLY, .work = at("work"),
				    .quarantine_days = 30 };
	rules.conf.directory_count = 1;
	rules.conf.directories = &directory;
	CHECK(store_create(at("store"), true, &err) == 0);
	CHECK(store_open(at("store"), STORE_WRITE, &store, &err) == 0);
	activate();
	night(NOW - DAY);
}

static void
end(void)
{
	struct audit_result chain;

	CHECK(audit_verify(mem, store, NULL, &chain, &err) == 0 && chain.broken == 0);
	store_close(store);
	arena_close(mem);
	remove_below(AT_FDCWD, folder);
}

static void
decide(const char *id, const char *who, enum verdict verdict)
{
	CHECK(store_decision_add(store, &(struct decision){
		.proposal = id, .version = "v1", .key = who, .name = who ? who : "rot", .verdict = verdict,
		.until = DAY_NONE, .at = NOW - 10 * DAY, .source = who ? "page" : "command line" }, &err) == 0);
}

/* Stored as it is after its owner has approved it and the grace period is over. */
static void
seat(struct proposal *p, const char *who, int number)
{
	*arena_push(mem, &p->approvers) = (struct approver){ .key = who, .name = who, .display = who, .as = "ägare", .seat = number,
							     .mail = arena_print(mem, "%s@kalmar.example", who) };
}

static const char *
schedule(struct proposal p)
{
	struct stored s = { .p = p, .state = STATE_SCHEDULED, .opened = NOW - 20 * DAY, .since = NOW - 10 * DAY,
			    .go_at = NOW - 2 * DAY, .until = DAY_NONE };

	s.p.version = "v1";
	s.p.needs = 1;
	s.p.why = "därför";
	s.p.scope = "scope";
	s.p.rule = (struct place){ "rules/x.cfg", 1 };
	s.p.evidence = json_pack("{s:{s:s?}}", "decision", "dnr", series.decision.dnr);
	s.p.konfidentialitet = class;
	seat(&s.p, "eva", 0);
	CHECK(store_proposal_add(mem, store, &s, &err) == 0);
	json_decref(s.p.evidence);
	decide(s.id, "eva", VERDICT_APPROVE);
	return s.id;
}

static struct record
record_of(const char *path)
{
	struct statx x;

	CHECK(statx(AT_FDCWD, arena_print(mem, "%s/%s", share.path, path), AT_SYMLINK_NOFOLLOW,
		    STATX_BASIC_STATS | STATX_BTIME, &x) == 0);
	return (struct record){
		.path = path, .size = x.stx_size, .ino = x.stx_ino, .dev = makedev(x.stx_dev_major, x.stx_dev_minor),
		.nlink = x.stx_nlink, .mtime_s = x.stx_mtime.tv_sec, .mtime_ns = x.stx_mtime.tv_nsec,
		.ctime_s = x.stx_ctime.tv_sec, .ctime_ns = x.stx_ctime.tv_nsec,
		.btime_s = x.stx_mask & STATX_BTIME ? x.stx_btime.tv_sec : INT64_MIN,
		.btime_ns = x.stx_mask & STATX_BTIME ? x.stx_btime.tv_nsec : 0,
		.anchor = day_make(2019, 1, 1), .due = day_make(2026, 1, 1),
	};
}

/* A batch of files that are there now; paths sorted, NULL last. */
static const char *
batch(const char *const *paths, bool whole, enum kind kind)
{
	struct record records[16];
	struct proposal p = { .kind = kind, .key = batch_key, .series = series.id, .share = "ekonomi",
			      .batch = whole ? "d" : "", .whole = whole, .due = batch_due };

	for (; paths[p.files]; p.files++) {
		records[p.files] = record_of(paths[p.files]);
		p.bytes += (long long)records[p.files].size;
	}
	p.manifest = manifest_digest(mem, records, (size_t)p.files);
	CHECK(store_manifest_put(store, p.manifest, records, (size_t)p.files, &err) == 0);
	return schedule(p);
}

static const char *const three[] = { "d/a", "d/b", "d/c", NULL };

static const char *
three_files(bool whole)
{
	put("share/d/a", "aaa");
	put("share/d/b", "bbb");
	put("share/d/c", "ccc");
	return batch(three, whole, KIND_DESTROY);
}

static const char *
delivery(bool whole)
{
	put("share/d/a", "aaa");
	put("share/d/b", "bbb");
	put("share/d/c", "ccc");
	series.action = ACTION_DELIVER;
	activate();
	return batch(three, whole, KIND_DELIVER);
}

static const char *
packaged(const char *id, const char *path)
{
	return arena_print(mem, "work/leverans/%s/%s", id, path);
}

static int
answer(const char *id, const char *number, day_t date, const char *sums)
{
	struct apply_input in = { .rules = &rules, .store = store, .now = NOW + DAY };
	long long compared;

	err = (struct error){ 0 };
	return apply_receipt(mem, &in, id, &(struct receipt){ number, date, sums ? at(sums) : NULL, "rot" }, &compared, &err);
}

static void
apply(int64_t now)
{
	struct apply_input in = { .rules = &rules, .store = store, .eyes = &eyes, .now = now };

	err.text[0] = '\0';
	CHECK(apply_all(mem, &in, &result, &err) == 0);
	if (err.text[0])
		fprintf(stderr, "%s\n", err.text);
}

static int
restore(const char *id)
{
	struct apply_input in = { .rules = &rules, .store = store, .eyes = &eyes, .now = NOW + DAY };

	return apply_restore(mem, &in, id, "rot", "fel person", &err);
}

static struct stored
now_of(const char *id)
{
	struct stored_list list = { 0 };
	struct stored s = { 0 };

	CHECK(store_proposals(mem, store, &(struct proposal_filter){ .id = id }, &list, &err) == 0);
	CHECK(list.list.count == 1);
	if (list.list.count)
		s = list.list.items[0];
	stored_free(&list);
	s.p.evidence = NULL;
	return s;
}

static bool
says(const char *id, const char *what)
{
	const char *note = now_of(id).note;
	bool found = note && strstr(note, what);

	if (!found)
		fprintf(stderr, "note is '%s'\n", note ? note : "(null)");
	return found;
}

/* ------------------------------------------------------------------ when */

static void
nothing_goes_unless_the_mode_is_apply(void)
{
	const char *id;

	begin();
	id = three_files(false);
	rules.conf.mode = MODE_PROPOSE;
	apply(NOW);
	CHECK(result.waiting == 1 && now_of(id).state == STATE_SCHEDULED && is_there("share/d/a"));
	end();
}

static void
nothing_goes_before_its_time_or_without_a_night_since(void)
{
	const char *id;

	begin();
	id = three_files(false);
	apply(NOW - 3 * DAY);
	CHECK(result.waiting == 1 && is_there("share/d/a"));
	end();

	begin();
	id = three_files(false);
	CHECK(force_state(store, id, STATE_OPEN, NOW, INT64_MIN, DAY_NONE, NULL, &err) == 0);
	CHECK(force_state(store, id, STATE_SCHEDULED, NOW, NOW, DAY_NONE, NULL, &err) == 0);
	apply(NOW);
	CHECK(result.waiting == 1 && is_there("share/d/a"));
	end();
}

static void
decisions_must_be_enough_for_this_version(void)
{
	const char *id;

	begin();
	id = three_files(false);
	decide(id, "eva", VERDICT_UNDO);
	apply(NOW);
	CHECK(result.left == 1 && is_there("share/d/a") && says(id, "besluten räcker inte"));
	decide(id, "eva", VERDICT_APPROVE);
	decide(id, NULL, VERDICT_KEEP);
	apply(NOW);
	CHECK(result.left == 1 && is_there("share/d/a"));
	decide(id, "eva", VERDICT_APPROVE);
	decide(id, "per", VERDICT_APPROVE);
	decide(id, "per", VERDICT_UNDO);                /* takes every approval before it back */
	apply(NOW);
	CHECK(result.left == 1 && is_there("share/d/a"));
	decide(id, "eva", VERDICT_APPROVE);
	apply(NOW);
	CHECK(result.quarantined == 3 && !is_there("share/d/a"));
	end();
}

static void
what_waits_for_somebodys_word_is_not_carried_out(void)
{
	static const enum state waiting[] = { STATE_OPEN, STATE_BRAKED, STATE_ASKED, STATE_HELD, STATE_WRONG_OWNER, STATE_KEPT };

	for (size_t i = 0; i < sizeof waiting / sizeof *waiting; i++) {
		const char *id;

		begin();
		id = three_files(false);
		CHECK(force_state(store, id, waiting[i], NOW - 10 * DAY, NOW - 2 * DAY, DAY_NONE, NULL, &err) == 0);
		apply(NOW);
		CHECK(now_of(id).state == waiting[i] && is_there("share/d/a") && result.quarantined == 0);
		end();
	}
}

static void
only_what_speaks_against_it_takes_an_approval_away(void)
{
	for (int verdict = VERDICT_ASK; verdict < VERDICTS; verdict++) {
		bool against = verdict == VERDICT_HOLD || verdict == VERDICT_NOT_MINE;
		const char *id;

		begin();
		id = three_files(false);
		decide(id, "eva", (enum verdict)verdict);
		apply(NOW);
		CHECK(is_there("share/d/a") == against && result.left == against);
		end();
	}
}

static void
a_refused_decision_counts_for_nothing(void)
{
	const char *id;

	begin();
	id = three_files(false);
	decide(id, "eva", VERDICT_UNDO);
	CHECK(store_decision_add(store, &(struct decision){
		.proposal = id, .version = "v1", .key = "eva", .name = "eva", .verdict = VERDICT_APPROVE, .until = DAY_NONE,
		.at = NOW, .source = "page", .refused = "the proof of person is too old" }, &err) == 0);
	apply(NOW);
	CHECK(result.left == 1 && is_there("share/d/a"));
	end();
}

static void
what_is_left_is_said_once(void)
{
	struct audit_result first, second;
	int64_t since;
	const char *id;

	begin();
	id = three_files(false);
	since = now_of(id).since;
	series.keep.count++;
	apply(NOW);
	CHECK(audit_verify(mem, store, NULL, &first, &err) == 0);
	apply(NOW + DAY);
	CHECK(audit_verify(mem, store, NULL, &second, &err) == 0);
	CHECK(result.left == 1 && first.rows == second.rows && now_of(id).since == since);
	end();
}

static void
two_people_are_two_people(void)
{
	struct stored s;
	const char *id;

	begin();
	id = three_files(false);
	s = now_of(id);
	s.p.needs = 2;
	s.p.evidence = json_object();
	seat(&s.p, "per", 1);
	CHECK(store_proposal_put(store, &s, &err) == 0);
	json_decref(s.p.evidence);
	decide(id, "eva", VERDICT_APPROVE);
	apply(NOW);
	CHECK(result.left == 1 && is_there("share/d/a"));
	decide(id, "olle", VERDICT_APPROVE);            /* sits in no seat */
	apply(NOW);
	CHECK(result.left == 1 && is_there("share/d/a"));
	decide(id, "per", VERDICT_APPROVE);
	apply(NOW);
	CHECK(result.quarantined == 3);
	end();
}

static void
what_was_approved_in_another_version_does_not_go(void)
{
	const char *id;

	begin();
	id = three_files(false);
	CHECK(store_decision_add(store, &(struct decision){
		.proposal = id, .version = "v0", .key = "eva", .name = "eva", .verdict = VERDICT_APPROVE,
		.until = DAY_NONE, .at = NOW, .source = "page" }, &err) == 0);
	apply(NOW);
	CHECK(result.left == 1 && is_there("share/d/a"));
	end();
}

static void
a_manifest_that_is_not_what_was_approved_moves_nothing(void)
{
	struct stored s;
	const char *id;

	begin();
	id = three_files(false);
	s = now_of(id);
	s.p.bytes++;
	s.p.evidence = json_object();
	CHECK(store_proposal_put(store, &s, &err) == 0);
	json_decref(s.p.evidence);
	apply(NOW);
	CHECK(result.left == 1 && is_there("share/d/a") && says(id, "stämmer inte"));
	end();
}

static void
paths_that_lead_out_are_refused(void)
{
	static const char *const bad[] = { "", "/etc/passwd", "../x", "d/../../x", "d//a", "d/.", "d/", SHARE_MARKER,
					   SHARE_QUARANTINE "/x/00000001", NULL };
	int root;

	begin();
	put("x", "x");
	put("share/d/a", "a");
	root = open(share.path, O_RDONLY | O_DIRECTORY);
	for (int i = 0; bad[i]; i++) {
		const char *name;

		CHECK(!walk_sane(bad[i]) && walk_parent(mem, root, bad[i], &name) < 0);
	}
	CHECK(walk_sane("d/a") && walk_sane("..d/...") && walk_sane("d/" SHARE_MARKER));
	CHECK(symlink("d", at("share/l")) == 0);
	for (int steps = 0; steps < 2; steps++) {
		int (*folder_of)(int, const char *) = steps ? folder_by_steps : walk_folder;
		int good = folder_of(root, "d");

		CHECK(good >= 0 && folder_of(root, "l") < 0 && folder_of(root, "..") < 0 && folder_of(root, "d/a") < 0);
		close(good);
	}
	close(root);
	end();
}

static void
a_series_must_be_active_as_it_is_written_now(void)
{
	const char *id;

	begin();
	id = three_files(false);
	series.keep.count++;
	apply(NOW);
	CHECK(result.left == 1 && is_there("share/d/a") && says(id, "inte aktiverad"));
	end();

	begin();
	series.id = "never";
	id = three_files(false);
	apply(NOW);
	CHECK(result.left == 1 && is_there("share/d/a") && says(id, "inte aktiverad"));
	end();
}

static void
a_share_without_its_marker_is_left(void)
{
	const char *id;

	begin();
	id = three_files(false);
	CHECK(unlink(at("share/" SHARE_MARKER)) == 0);
	apply(NOW);
	CHECK(result.left == 1 && is_there("share/d/a") && says(id, "märke"));
	end();
}

/* ------------------------------------------------------------------ files that go */

static void
approved_files_go_to_quarantine_and_then_away(void)
{
	struct stat st;
	const char *id;

	begin();
	id = three_files(false);
	put("share/d/other", "x");
	apply(NOW);
	CHECK(result.quarantined == 3 && result.failed == 0 && now_of(id).state == STATE_QUARANTINED);
	CHECK(now_of(id).go_at == clock_midnight(clock_day(NOW) + 30));
	CHECK(!is_there("share/d/a") && is_there("share/d/other"));
	CHECK(stat(at("share/" SHARE_QUARANTINE), &st) == 0 && (st.st_mode & 0777) == 0700);
	CHECK_TEXT(content(arena_print(mem, "share/" SHARE_QUARANTINE "/%s/00000002", id)), "bbb");
	CHECK_TEXT(content(arena_print(mem, "share/" SHARE_QUARANTINE "/%s/index", id)),
		   "00000001\td/a\n00000002\td/b\n00000003\td/c\n");
	apply(NOW + DAY);
	CHECK(result.unlinked == 0 && result.waiting == 1 && now_of(id).state == STATE_QUARANTINED);
	night(LATER - DAY);
	apply(LATER);
	CHECK(result.unlinked == 3 && now_of(id).state == STATE_DONE && says(id, "3 filer gallrade"));
	CHECK(!is_there("share/" SHARE_QUARANTINE) && is_there("share/d/other"));
	apply(LATER + DAY);
	CHECK(result.unlinked == 0 && result.left == 0);
	end();
}

static void
a_quarantine_without_names_has_no_index(void)
{
	const char *id;

	begin();
	series.evidence_digest = true;
	activate();
	id = three_files(false);
	apply(NOW);
	CHECK(result.quarantined == 3 && files_in(arena_print(mem, "share/" SHARE_QUARANTINE "/%s", id)) == 3);
	CHECK(!is_there(arena_print(mem, "share/" SHARE_QUARANTINE "/%s/index", id)));
	end();
}

static void
identity_is_inode_size_and_when_it_was_born_and_changed(void)
{
	struct record r = { .ino = 7, .size = 3, .mtime_s = 5, .mtime_ns = 6, .btime_s = 1, .btime_ns = 2, .nlink = 1 };
	struct entry same = { .ino = 7, .size = 3, .mtime_s = 5, .mtime_ns = 6, .btime_s = 1, .btime_ns = 2, .nlink = 2 };
	struct entry other[6];

	for (int i = 0; i < 6; i++)
		other[i] = same;
	other[0].ino++, other[1].size++, other[2].mtime_s++, other[3].mtime_ns++, other[4].btime_s++, other[5].btime_ns++;
	CHECK(batch_same(&r, &same));
	for (int i = 0; i < 6; i++)
		CHECK(!batch_same(&r, &other[i]));
}

static void
a_name_that_is_not_utf8_is_bytes(void)
{
	static const char *const odd[] = { "d/\xe5 \n%", NULL };
	const char *id;

	begin();
	put("share/d/\xe5 \n%", "x");
	id = batch(odd, false, KIND_DESTROY);
	apply(NOW);
	CHECK(result.quarantined == 1 && !is_there("share/d/\xe5 \n%"));
	CHECK_TEXT(content(arena_print(mem, "share/" SHARE_QUARANTINE "/%s/index", id)), "00000001\td/%E5 %0A%25\n");
	CHECK(restore(id) == 0 && is_there("share/d/\xe5 \n%"));
	end();
}

static void
other_names_of_a_destroyed_file_are_told(void)
{
	const char *id;

	begin();
	put("share/d/a", "aaa");
	CHECK(link(at("share/d/a"), at("share/d/more")) == 0);
	put("share/d/b", "bbb");
	put("share/d/c", "ccc");
	id = batch(three, false, KIND_DESTROY);
	apply(NOW);
	night(LATER - DAY);
	apply(LATER);
	CHECK(result.unlinked == 3 && says(id, "1 hade fler namn") && is_there("share/d/more"));
	end();
}

static void
where_nothing_is_destroyed_files_stay_in_quarantine(void)
{
	const char *id;

	begin();
	share.dispose = DISPOSE_QUARANTINE;
	id = three_files(false);
	apply(NOW);
	night(LATER - DAY);
	apply(LATER);
	CHECK(result.unlinked == 0 && now_of(id).state == STATE_QUARANTINED && says(id, "gallras inget"));
	end();
}

/* ------------------------------------------------------------------ files that have changed */

static void
a_file_that_is_not_the_same_is_left_and_the_rest_goes(void)
{
	static const struct timespec old[2] = { { 1000, 0 }, { 1000, 0 } };
	struct stat st;
	const char *id;

	begin();
	id = three_files(false);
	rewrite("share/d/a", "AAA");                    /* same size, another mtime */
	CHECK(stat(at("share/d/b"), &st) == 0);
	rewrite("share/d/b", "BBB");                    /* and one whose times were set back */
	CHECK(utimensat(AT_FDCWD, at("share/d/b"), (struct timespec[2]){ st.st_atim, st.st_mtim }, 0) == 0);
	apply(NOW);
	CHECK(result.quarantined == 1 && is_there("share/d/a") && is_there("share/d/b") && !is_there("share/d/c"));
	CHECK(now_of(id).state == STATE_QUARANTINED && says(id, "1 fil i karantän") && says(id, "2 lämnade"));
	end();

	begin();
	id = three_files(false);
	CHECK(unlink(at("share/d/a")) == 0 && symlink("b", at("share/d/a")) == 0);
	CHECK(utimensat(AT_FDCWD, at("share/d/b"), old, 0) == 0);
	CHECK(unlink(at("share/d/c")) == 0);
	apply(NOW);
	CHECK(result.quarantined == 0 && result.failed == 1 && now_of(id).state == STATE_FAILED);
	CHECK(is_there("share/d/a") && is_there("share/d/b") && !is_there("share/" SHARE_QUARANTINE));
	end();
}

/* Out of the share; to another place in it; and higher up than in the last folder. */
static void
a_folder_that_became_a_link_leads_nowhere(void)
{
	static const struct { const char *file, *to; } ways[] = { { "d/a", "elsewhere" }, { "d/a", "share/x" }, { "d/e/a", "share/x" } };

	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		const char *id, *file = ways[i].file, *to = ways[i].to;

		begin();
		CHECK(mkdir(at("share/d/e"), 0755) == 0);
		put(arena_print(mem, "share/%s", file), "aaa");
		id = batch((const char *const[]){ file, NULL }, false, KIND_DESTROY);
		CHECK(rename(at("share/d"), at(to)) == 0 && symlink(i ? "x" : at(to), at("share/d")) == 0);
		apply(NOW);
		CHECK(result.quarantined == 0 && now_of(id).state == STATE_FAILED && is_there(arena_print(mem, "%s/%s", to, file + 2)));
		end();
	}
}

/* Between the last look and the rename the name is given to something else. */
static void
swap_a(const char *path)
{
	if (strcmp(path, "d/a") != 0)
		return;
	just_before = NULL;
	CHECK(rename(at("share/d/a"), at("share/d/gone")) == 0);
	CHECK(symlink("/etc/passwd", at("share/d/a")) == 0);
}

static void
a_file_swapped_at_the_last_moment_goes_back(void)
{
	const char *id;
	struct stat st;

	begin();
	id = three_files(false);
	just_before = swap_a;
	apply(NOW);
	CHECK(result.quarantined == 2 && says(id, "1 lämnade"));
	CHECK(lstat(at("share/d/a"), &st) == 0 && S_ISLNK(st.st_mode) && is_there("share/d/gone"));
	CHECK(files_in(arena_print(mem, "share/" SHARE_QUARANTINE "/%s", id)) == 3);      /* two and the index */
	end();
}

static void
swap_a_for_a_file(const char *path)
{
	if (strcmp(path, "d/a") != 0)
		return;
	just_before = NULL;
	put("share/d/x", "aaa");
	CHECK(rename(at("share/d/x"), at("share/d/a")) == 0);
}

static void
another_file_under_the_name_goes_back_too(void)
{
	const char *id;

	begin();
	id = three_files(false);
	just_before = swap_a_for_a_file;
	apply(NOW);
	CHECK(result.quarantined == 2 && is_there("share/d/a") && says(id, "1 lämnade"));
	end();
}

static void
what_lies_in_the_quarantine_is_not_overwritten(void)
{
	const char *id;

	begin();
	id = three_files(false);
	CHECK(mkdir(at("share/" SHARE_QUARANTINE), 0700) == 0);
	CHECK(mkdir(at(arena_print(mem, "share/" SHARE_QUARANTINE "/%s", id)), 0700) == 0);
	put(arena_print(mem, "share/" SHARE_QUARANTINE "/%s/00000001", id), "somebody's");
	apply(NOW);
	CHECK(result.quarantined == 2 && is_there("share/d/a"));
	CHECK_TEXT(content(arena_print(mem, "share/" SHARE_QUARANTINE "/%s/00000001", id)), "somebody's");
	end();
}

static void
a_quarantine_that_is_a_link_is_not_used(void)
{
	const char *id;

	begin();
	id = three_files(false);
	CHECK(mkdir(at("elsewhere"), 0700) == 0 && symlink(at("elsewhere"), at("share/" SHARE_QUARANTINE)) == 0);
	apply(NOW);
	CHECK(result.left == 1 && is_there("share/d/a") && files_in("elsewhere") == 0 && says(id, "karantänen"));
	end();
}

static void
a_folder_we_may_not_write_to_keeps_its_files(void)
{
	const uid_t root = geteuid();
	struct effects list = { 0 };
	struct stat st;
	const char *id;

	CHECK(root != 0 || seteuid(65534) == 0);        /* root may write anywhere */
	begin();
	CHECK(mkdir(at("share/e"), 0755) == 0);
	put("share/d/a", "aaa");
	put("share/e/b", "bbb");
	id = batch((const char *const[]){ "d/a", "e/b", NULL }, false, KIND_DESTROY);
	CHECK(chmod(at("share/d"), 0555) == 0);
	apply(NOW);
	CHECK(stat(at("share/d"), &st) == 0 && (st.st_mode & 0777) == 0555 && chmod(at("share/d"), 0755) == 0);
	CHECK(result.quarantined == 1 && is_there("share/d/a") && !is_there("share/e/b") && says(id, "1 lämnade"));
	CHECK(store_effects(mem, store, id, "quarantine", &list, &err) == 0 && list.list.count == 2);
	CHECK(list.list.count && strstr(list.list.items[0].note, "går inte att flytta: "));
	end();
	CHECK(seteuid(root) == 0);
}

static void
a_held_file_is_not_moved(void)
{
	const char *id;

	begin();
	id = three_files(false);
	held = "d/b";
	apply(NOW);
	CHECK(result.quarantined == 2 && is_there("share/d/b") && says(id, "1 lämnade"));
	end();
}

static void
stop_at_b(const char *path)
{
	if (strcmp(path, "d/b") == 0)
		raise(SIGTERM);
}

/* It is looked at before anything goes, and just before it goes itself. */
static void
stop_when_a_goes(const char *path)
{
	static int seen;

	if (strcmp(path, "d/a") == 0 && ++seen == 2)
		raise(SIGTERM);
}

/* In a process of its own, with a store of its own: the wish to stop is never taken back. */
static int
stopped(int64_t now, void (*wish)(const char *path))
{
	struct apply_input in = { .rules = &rules, .eyes = &eyes, .now = now };
	struct store *own;

	stop_listen();
	just_before = wish;
	if (store_open(at("store"), STORE_WRITE, &own, &err) < 0)
		return 1;
	in.store = own;
	if (apply_all(mem, &in, &result, &err) == 0 || err.kind != ERROR_STOPPED)
		return 2;
	store_close(own);
	return 0;
}

static void
apply_until(int64_t now, void (*wish)(const char *path))
{
	int status = -1;
	pid_t child = fork();

	if (child == 0)
		_exit(stopped(now, wish));
	CHECK(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void
a_wish_to_stop_ends_between_two_files_and_the_next_run_goes_on(void)
{
	const char *id;

	begin();
	id = three_files(false);
	apply_until(NOW, stop_at_b);
	CHECK(!is_there("share/d/a") && !is_there("share/d/b") && is_there("share/d/c"));
	CHECK(now_of(id).state == STATE_SCHEDULED);
	apply(NOW);
	CHECK(result.quarantined == 3 && now_of(id).state == STATE_QUARANTINED && !is_there("share/d/c"));
	night(LATER - DAY);
	apply_until(LATER, stop_when_a_goes);
	CHECK(files_in(arena_print(mem, "share/" SHARE_QUARANTINE "/%s", id)) == 3 && now_of(id).state == STATE_QUARANTINED);
	apply(LATER);
	CHECK(result.unlinked == 2 && now_of(id).state == STATE_DONE && says(id, "3 filer gallrade"));
	end();
}

/* ------------------------------------------------------------------ quarantine */

static void
a_hold_puts_its_file_back_at_once(void)
{
	const char *id;

	begin();
	id = three_files(false);
	apply(NOW);
	held = "d/b";
	apply(NOW + DAY);
	CHECK_TEXT(content("share/d/b"), "bbb");
	CHECK(!is_there("share/d/a") && now_of(id).state == STATE_QUARANTINED);
	night(LATER - DAY);
	apply(LATER);
	CHECK(result.unlinked == 2 && is_there("share/d/b") && now_of(id).state == STATE_DONE);
	CHECK(says(id, "2 filer gallrade") && says(id, "1 lämnade eller tillbakalagda"));
	end();
}

static int looks;

/* The hold is set after the first look at all, before the file is to be destroyed. */
static void
hold_b_late(const char *path)
{
	if (strcmp(path, "d/b") == 0 && ++looks == 2)
		held = "d/b";
}

static void
a_hold_is_looked_for_again_before_each_end(void)
{
	const char *id;

	begin();
	id = three_files(false);
	apply(NOW);
	night(LATER - DAY);
	looks = 0;
	just_before = hold_b_late;
	apply(LATER);
	CHECK(result.unlinked == 1 && result.left == 1 && says(id, "gallringsstopp"));
	CHECK_TEXT(content(arena_print(mem, "share/" SHARE_QUARANTINE "/%s/00000002", id)), "bbb");
	apply(LATER);
	CHECK(is_there("share/d/b") && result.unlinked == 1 && now_of(id).state == STATE_DONE);
	end();
}

static void
what_no_rule_destroys_any_longer_comes_back(void)
{
	const char *id;

	begin();
	id = three_files(false);
	apply(NOW);
	rules.series_count = 0;
	held = "d/a";                   /* as retain says of a file whose series is gone */
	apply(NOW + DAY);
	CHECK(is_there("share/d/a") && !is_there("share/d/b"));
	held = NULL;
	night(LATER - DAY);
	apply(LATER);
	CHECK(result.unlinked == 0 && result.left == 1 && says(id, "serien finns inte"));
	CHECK(restore(id) == 0 && is_there("share/d/b") && is_there("share/d/c"));
	end();
}

static void
a_held_file_whose_place_is_taken_stays_in_quarantine(void)
{
	const char *id;

	begin();
	id = three_files(false);
	apply(NOW);
	held = "d/b";
	put("share/d/b", "new");
	night(LATER - DAY);
	apply(LATER);
	CHECK_TEXT(content("share/d/b"), "new");
	CHECK(result.unlinked == 0 && result.left == 1 && says(id, "ligger kvar i karantänen"));
	CHECK_TEXT(content(arena_print(mem, "share/" SHARE_QUARANTINE "/%s/00000002", id)), "bbb");
	end();
}

static void
what_was_changed_in_quarantine_is_not_destroyed(void)
{
	const char *id, *aside;

	begin();
	id = three_files(false);
	apply(NOW);
	aside = arena_print(mem, "share/" SHARE_QUARANTINE "/%s/00000002", id);
	put(aside, "BBBB");
	night(LATER - DAY);
	apply(LATER);
	CHECK(result.unlinked == 2 && now_of(id).state == STATE_FAILED && says(id, "1 gick inte att gallra"));
	CHECK_TEXT(content(aside), "BBBB");
	end();
}

static const char *
last_row(const char *event, const char *id)
{
	struct audit_row row;

	CHECK(store_audit_about(mem, store, event, id, &row, &err) == 0);
	return row.payload ? row.payload : "";
}

static void
restore_puts_all_back_and_the_proposal_is_kept(void)
{
	const char *id;

	begin();
	id = three_files(false);
	apply(NOW);
	CHECK(restore(id) == 0);
	CHECK_TEXT(content("share/d/a"), "aaa");
	CHECK_TEXT(content("share/d/c"), "ccc");
	CHECK(now_of(id).state == STATE_KEPT && now_of(id).until == DAY_NONE && says(id, "återställd av rot: fel person"));
	CHECK(strstr(last_row("proposal-restored", id), "\"reason\":\"fel person\""));
	CHECK(!is_there("share/" SHARE_QUARANTINE));
	CHECK(restore(id) < 0);
	end();
}

static void
restore_overwrites_nothing(void)
{
	const char *id;

	begin();
	id = three_files(false);
	apply(NOW);
	put("share/d/b", "new");
	CHECK(restore(id) < 0 && strstr(err.text, "could not be put back"));
	CHECK_TEXT(content("share/d/b"), "new");
	CHECK_TEXT(content("share/d/a"), "aaa");
	CHECK(now_of(id).state == STATE_QUARANTINED);
	CHECK(unlink(at("share/d/b")) == 0 && restore(id) == 0);
	CHECK_TEXT(content("share/d/b"), "bbb");
	end();
}

/* ------------------------------------------------------------------ whole batches */

static void
a_whole_batch_goes_whole(void)
{
	const char *id;

	begin();
	id = three_files(true);
	apply(NOW);
	CHECK(result.quarantined == 3 && now_of(id).state == STATE_QUARANTINED && files_in("share/d") == 0);
	night(LATER - DAY);
	apply(LATER);
	CHECK(result.unlinked == 3 && now_of(id).state == STATE_DONE);
	end();
}

static size_t
put_back(const char *id)
{
	struct effects list = { 0 };

	CHECK(store_effects(mem, store, id, "restore", &list, &err) == 0);
	return list.list.count;
}

static void
a_new_file_voids_a_whole_batch(void)
{
	const char *id;

	begin();
	id = three_files(true);
	CHECK(mkdir(at("share/d/e"), 0755) == 0);
	put("share/d/e/new", "x");
	apply(NOW);
	CHECK(result.quarantined == 0 && result.failed == 1 && now_of(id).state == STATE_FAILED && says(id, "ny fil"));
	CHECK(is_there("share/d/a") && !is_there("share/" SHARE_QUARANTINE) && put_back(id) == 0);
	end();
}

static void
what_a_file_server_shows_of_its_past_is_no_new_file(void)
{
	static const char *const names[] = { ".snapshot", ".snapshots", "~snapshot", ".zfs", "@GMT-2026.01.01-00.00.00" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *id;

		begin();
		id = three_files(true);
		CHECK(mkdir(at(arena_print(mem, "share/d/%s", names[i])), 0755) == 0);
		put(arena_print(mem, "share/d/%s/a", names[i]), "x");
		apply(NOW);
		CHECK(result.quarantined == 3 && now_of(id).state == STATE_QUARANTINED);
		end();
	}
}

static void
new_at_last(const char *path)
{
	if (strcmp(path, "d/c") == 0)
		put("share/d/new", "x");
}

static void
a_file_that_comes_while_a_whole_batch_is_moved_puts_it_back(void)
{
	const char *id;

	begin();
	id = three_files(true);
	just_before = new_at_last;
	apply(NOW);
	CHECK(now_of(id).state == STATE_FAILED && says(id, "ny fil") && files_in("share/d") == 4 && put_back(id) == 3);
	end();
}

static int calls;

/* Not found by the look at all before, but when the third is to be moved. */
static void
touch_c(const char *path)
{
	if (strcmp(path, "d/b") == 0 && ++calls == 2)
		rewrite("share/d/c", "CCC");
}

static void
drift_midway_puts_a_whole_batch_back(void)
{
	const char *id;

	begin();
	id = three_files(true);
	calls = 0;
	just_before = touch_c;
	apply(NOW);
	CHECK(calls == 2 && now_of(id).state == STATE_FAILED && says(id, "tillbakalagt"));
	CHECK_TEXT(content("share/d/a"), "aaa");
	CHECK_TEXT(content("share/d/c"), "CCC");
	CHECK(!is_there("share/" SHARE_QUARANTINE));
	end();
}

static void
a_hold_on_one_puts_a_whole_batch_back(void)
{
	const char *id;

	begin();
	id = three_files(true);
	apply(NOW);
	held = "d/b";
	apply(NOW + DAY);
	CHECK(files_in("share/d") == 3 && now_of(id).state == STATE_WITHDRAWN && says(id, "gallringsstopp"));
	end();
}

/* ------------------------------------------------------------------ the rules ask for more than when it was approved */

/* What an administrator writes after the approval, with a code; no night has seen it yet. */
static void another_decision(void) { series.decision.dnr = "KS 2026/2"; }
static void deliver_instead(void) { series.action = ACTION_DELIVER; }
static void strong_destroy(void) { rules.conf.web.strong_destroy = true; }

static void
class_three(void)
{
	share.class.konfidentialitet = 3;
	rules.conf.web.strong_class3 = true;
}

static const struct { const char *says; void (*write)(void); } stricter[] = {
	{ "ett annat beslut", another_decision }, { "något annat", deliver_instead }, { "besluten räcker inte", strong_destroy },
	{ "en kod räcker inte", class_three },
};
#define STRICTER (sizeof stricter / sizeof *stricter)

static const char *
three_decided_files(void)
{
	series.decision.dnr = "KS 2026/1";
	activate();
	return three_files(false);
}

static void
files_are_not_moved_by_an_approval_of_less(void)
{
	for (size_t i = 0; i < STRICTER; i++) {
		const char *id;

		begin();
		id = three_decided_files();
		stricter[i].write();
		activate();
		apply(NOW);
		CHECK(files_in("share/d") == 3 && now_of(id).state == STATE_SCHEDULED && says(id, stricter[i].says));
		end();
	}
}

/* They stay where they are, and an administrator can put them back. */
static void
files_in_quarantine_are_not_destroyed_by_an_approval_of_less(void)
{
	for (size_t i = 0; i < STRICTER; i++) {
		const char *id;

		begin();
		id = three_decided_files();
		apply(NOW);
		CHECK(now_of(id).state == STATE_QUARANTINED);
		stricter[i].write();
		activate();
		night(NOW + 35 * DAY);
		apply(LATER);
		CHECK(now_of(id).state == STATE_QUARANTINED && says(id, stricter[i].says));
		CHECK(restore(id) == 0 && files_in("share/d") == 3);
		end();
	}
}

static void
what_is_being_moved_is_moved_to_its_end(void)
{
	const char *id;
	long long effect;

	begin();
	id = three_decided_files();
	CHECK(store_effect_intend(store, &(struct effect){ .proposal = id, .act = "quarantine", .number = 1, .target = "d/a",
		.intended = NOW, .ended = INT64_MIN }, &effect, &err) == 0);
	another_decision();
	activate();
	rules.conf.web.strong_destroy = true;
	apply(NOW);
	CHECK(now_of(id).state == STATE_QUARANTINED && files_in("share/d") == 0);
	end();
}

/* ------------------------------------------------------------------ other people's work */

static void
what_has_no_quarantine_becomes_a_work_list(void)
{
	const char *id, *list;

	begin();
	put("share/d/=1+1;x", "aaa");
	share.dispose = DISPOSE_NONE;
	id = batch((const char *const[]){ "d/=1+1;x", NULL }, false, KIND_DESTROY);
	apply(NOW);
	list = content(arena_print(mem, "work/arbetslista-%s.csv", id));
	CHECK(result.exported == 1 && now_of(id).state == STATE_EXPORTED && says(id, "arbetslista-"));
	CHECK(list && strstr(list, "\"d/=1+1;x\";3;2026-01-01;gallra\r\n"));
	CHECK(is_there("share/d/=1+1;x") && restore(id) < 0 && strstr(err.text, "handed over"));
	end();

	begin();
	share.dispose = DISPOSE_NONE;
	id = three_files(false);
	held = "d/b";
	apply(NOW);
	list = content(arena_print(mem, "work/arbetslista-%s.csv", id));
	CHECK(list && strstr(list, "d/a;3;2026-01-01;gallra\r\n") && strstr(list, "d/b;3;2026-01-01;gallringsstopp"));
	CHECK(is_there("share/d/a"));
	end();

	begin();
	share.identity = IDENTITY_NONE;
	id = three_files(false);
	apply(NOW);
	CHECK(result.exported == 1 && now_of(id).state == STATE_EXPORTED && is_there("share/d/a"));
	end();
}

static void
a_share_on_smb_becomes_a_work_list_and_is_not_opened(void)
{
	static const struct smb_place place = { .server = "fil1.kalmar.example", .share = "yta" };
	const char *id, *list;

	begin();
	id = three_files(false);
	share.path = "smb://fil1.kalmar.example/yta";
	share.smb = &place;
	apply(NOW);
	list = content(arena_print(mem, "work/arbetslista-%s.csv", id));
	CHECK(result.exported == 1 && now_of(id).state == STATE_EXPORTED && is_there("share/d/a"));
	CHECK(list && strstr(list, "d/a;3;2026-01-01;gallra\r\n"));
	end();

	begin();
	id = delivery(false);
	share.path = "smb://fil1.kalmar.example/yta";
	share.smb = &place;
	apply(NOW);
	list = content(arena_print(mem, "work/arbetslista-%s.csv", id));
	CHECK(result.exported == 1 && now_of(id).state == STATE_EXPORTED && list && strstr(list, "d/a;3;2026-01-01;leverera\r\n"));
	CHECK(answer(id, "R 1", day_make(2026, 1, 5), "share/d/a") < 0 && strstr(err.text, "by hand"));
	CHECK(answer(id, "R 1", day_make(2026, 1, 5), NULL) == 0 && now_of(id).state == STATE_DONE);
	end();
}

/* ------------------------------------------------------------------ to an e-archive */

static void
what_is_delivered_is_copied_and_is_done_when_the_archive_says_so(void)
{
	const char *id;
	struct effects list = { 0 };

	begin();
	id = delivery(false);
	apply(NOW);
	CHECK(result.packaged == 1 && now_of(id).state == STATE_EXPORTED && says(id, arena_print(mem, "/work/leverans/%s", id)));
	CHECK(files_in("share/d") == 3 && strcmp(content(packaged(id, "representations/rep1/data/d/b")), "bbb") == 0);
	CHECK(is_there(packaged(id, "METS.xml")) && is_there(arena_print(mem, "work/leverans/%s.tar", id)) && files_in("work/leverans") == 2);
	CHECK(store_effects(mem, store, id, "deliver", &list, &err) == 0 && list.list.count == 3 && list.list.items[1].after &&
	      strstr(list.list.items[1].after, digest_text(mem, "bbb")));
	apply(LATER);
	CHECK(result.packaged == 0 && now_of(id).state == STATE_EXPORTED && files_in("share/d") == 3);
	CHECK(answer(id, "R 1", day_make(2026, 1, 5), NULL) == 0 && now_of(id).state == STATE_DONE && says(id, "kvittens R 1"));
	CHECK(files_in("share/d") == 3 && answer(id, "R 2", day_make(2026, 1, 5), NULL) < 0 && strstr(err.text, "done"));
	end();
}

static void
a_receipt_is_held_against_what_was_delivered(void)
{
	static const char *const wrong[] = { "", "inga summor", "%s\n%s\n", "%s\n%s\n%s0\n" };
	const char *id, *a, *b, *c;

	begin();
	id = delivery(false);
	apply(NOW);
	a = digest_text(mem, "aaa"), b = digest_text(mem, "bbb"), c = digest_text(mem, "ccc");
	for (size_t i = 0; i < 4; i++) {
		struct text t;

		text_open(&t, 4096);
		if (i < 2)
			text_add(&t, wrong[i]);
		else if (i == 2)
			text_print(&t, "%s\n%s\n", a, b);
		else
			text_print(&t, "%s\n%s\n%s0\n", a, b, c);
		put("kvittens", t.data);
		text_close(&t);
		CHECK(answer(id, "R 1", day_make(2026, 1, 5), "kvittens") < 0 && strstr(err.text, "nothing was registered"));
		CHECK(now_of(id).state == STATE_EXPORTED);
	}
	CHECK(answer(id, "R 1", day_make(2026, 1, 4), NULL) < 0 && answer(id, "R 1", day_make(2026, 1, 7), NULL) < 0 &&
	      answer(id, "R 1", DAY_NONE, NULL) < 0 && answer("x-1", "R 1", day_make(2026, 1, 5), NULL) < 0);
	put("kvittens", arena_print(mem, "%s  annat/namn\nSHA256 (c) = %s\n\"%s\";9\n%s METS.xml\n", a, c, b, digest_text(mem, "x")));
	CHECK(answer(id, "R 1", day_make(2026, 1, 5), "kvittens") == 0 && now_of(id).state == STATE_DONE && says(id, "3 kontrollsummor"));
	end();
}

/* Two files with the same content are two files. */
static void
a_receipt_of_one_copy_is_not_one_of_two(void)
{
	const char *id, *sum;

	begin();
	put("share/d/a", "lika");
	put("share/d/b", "lika");
	series.action = ACTION_DELIVER;
	activate();
	id = batch((const char *const[]){ "d/a", "d/b", NULL }, false, KIND_DELIVER);
	apply(NOW);
	sum = digest_text(mem, "lika");
	put("kvittens", sum);
	CHECK(answer(id, "R 1", day_make(2026, 1, 5), "kvittens") < 0 && strstr(err.text, "1 of 2"));
	put("kvittens", arena_print(mem, "%s %s", sum, sum));
	CHECK(answer(id, "R 1", day_make(2026, 1, 5), "kvittens") == 0);
	end();
}

static void
what_an_archive_does_not_take_has_failed(void)
{
	struct apply_input in = { .rules = &rules, .store = store, .now = NOW };
	const char *id;

	begin();
	in.store = store;
	id = delivery(false);
	CHECK(apply_refused(mem, &in, id, "rot", "fel format", &err) < 0 && strstr(err.text, "scheduled"));
	apply(NOW);
	CHECK(restore(id) < 0 && strstr(err.text, "delivery refuse"));
	CHECK(apply_refused(mem, &in, id, "rot", "fel format", &err) == 0 && now_of(id).state == STATE_FAILED && says(id, "fel format"));
	CHECK(files_in("share/d") == 3);
	end();

	begin();
	in.store = store;
	id = three_files(false);
	apply(NOW);
	CHECK(apply_refused(mem, &in, id, "rot", "fel", &err) < 0 && strstr(err.text, "no delivery"));
	end();
}

static void
what_has_changed_is_left_out_of_the_package_and_told(void)
{
	const char *id, *told;

	begin();
	id = delivery(false);
	rewrite("share/d/a", "xyz");
	CHECK(unlink(at("share/d/c")) == 0 && symlink("a", at("share/d/c")) == 0);
	apply(NOW);
	told = content(packaged(id, "metadata/descriptive/leverans.xml"));
	CHECK(now_of(id).state == STATE_EXPORTED && says(id, "2 filer kom inte med"));
	CHECK(files_in(packaged(id, "representations/rep1/data/d")) == 1 && told && strstr(told, "<namn>d/a</namn>") &&
	      strstr(told, "filen har ändrats sedan den godkändes") && strstr(told, "det är inte en vanlig fil"));
	put("kvittens", digest_text(mem, "bbb"));
	CHECK(answer(id, "R 1", day_make(2026, 1, 5), "kvittens") == 0);
	end();

	begin();
	id = delivery(false);
	rewrite("share/d/a", "xyz");
	rewrite("share/d/b", "xyz");
	rewrite("share/d/c", "xyz");
	apply(NOW);
	CHECK(now_of(id).state == STATE_FAILED && files_in("work/leverans") == 0);
	end();
}

static void
a_whole_batch_is_delivered_whole_or_not_at_all(void)
{
	const char *id;

	begin();
	id = delivery(true);
	apply(NOW);
	CHECK(now_of(id).state == STATE_EXPORTED && files_in(packaged(id, "representations/rep1/data/d")) == 3);
	end();

	begin();
	id = delivery(true);
	rewrite("share/d/c", "xyz");
	apply(NOW);
	CHECK(now_of(id).state == STATE_FAILED && says(id, "volymen är inte densamma") && files_in("work/leverans") == 0);
	end();

	begin();
	id = delivery(true);
	put("share/d/ny", "xyz");
	apply(NOW);
	CHECK(now_of(id).state == STATE_FAILED && says(id, "ny fil") && files_in("work/leverans") == 0);
	end();
}

/* Called before each block is asked for. */
static const char *grows, *swapped;
static int turns, closes;

static bool
turn(void *self, const struct share *which)
{
	(void)self, (void)which;
	turns++;
	if (grows && turns == 3)
		rewrite(grows, "längre än den var");
	if (swapped && turns == 3) {
		CHECK(rename(at(swapped), at("share/undan")) == 0);
		put(swapped, "bbb");
	}
	return !closes || turns < closes;
}

static void
paced(int64_t now)
{
	const struct apply_eyes slow = { NULL, open_root, objection, judge, proven, turn };
	struct apply_input in = { .rules = &rules, .store = store, .eyes = &slow, .now = now };

	turns = 0;
	CHECK(apply_all(mem, &in, &result, &err) == 0);
}

static void
trap_a_file_that_changes_while_it_is_copied_is_left_out(void)
{
	const char *id;

	begin();
	id = delivery(false);
	grows = "share/d/a";
	paced(NOW);
	grows = NULL;
	CHECK(says(id, "1 fil kom inte med") && !is_there(packaged(id, "representations/rep1/data/d/a")));
	CHECK(strstr(content(packaged(id, "metadata/descriptive/leverans.xml")), "ändrades medan den kopierades"));
	end();

	begin();
	id = delivery(false);
	swapped = "share/d/a";
	paced(NOW);
	swapped = NULL;
	CHECK(says(id, "1 fil kom inte med") && !is_there(packaged(id, "representations/rep1/data/d/a")));
	end();
}

static void
a_closed_window_ends_it_and_the_next_run_goes_on(void)
{
	const char *id;

	begin();
	id = delivery(false);
	closes = 6;
	paced(NOW);
	closes = 0;
	CHECK(now_of(id).state == STATE_SCHEDULED && says(id, "lagringsytans tid är ute") && !is_there(packaged(id, "")));
	CHECK(unlink(at("share/d/a")) == 0);    /* it is in the package already */
	paced(NOW);
	CHECK(now_of(id).state == STATE_EXPORTED && strcmp(content(packaged(id, "representations/rep1/data/d/a")), "aaa") == 0);
	CHECK(!strstr(now_of(id).note, "kom inte med"));
	end();
}

static void
trap_a_copy_that_was_spoiled_is_made_again(void)
{
	const char *id, *draft;

	begin();
	id = delivery(false);
	draft = arena_print(mem, "work/leverans/%s.under-arbete/representations/rep1/data/d/a", id);
	closes = 6;
	paced(NOW);
	closes = 0;
	put(draft, "axa");
	apply(NOW);
	CHECK(now_of(id).state == STATE_SCHEDULED && says(id, "inte den som kopierades"));
	apply(NOW);
	CHECK(now_of(id).state == STATE_EXPORTED && strcmp(content(packaged(id, "representations/rep1/data/d/a")), "aaa") == 0);
	end();

	begin();
	id = delivery(false);
	closes = 6;
	paced(NOW);
	closes = 0;
	remove_below(AT_FDCWD, at(arena_print(mem, "work/leverans/%s.under-arbete", id)));
	apply(NOW);
	CHECK(now_of(id).state == STATE_EXPORTED && files_in(packaged(id, "representations/rep1/data/d")) == 3);
	end();
}

/* No file of ours may become larger than that: what a full disk does, without one. */
static void
a_full_disk_is_told_and_the_next_run_goes_on(void)
{
	static char much[(4 << 20) + 1];
	struct rlimit small = { 3 << 20, RLIM_INFINITY }, all = { RLIM_INFINITY, RLIM_INFINITY };
	const char *id;

	memset(much, 'x', sizeof much - 1);
	begin();
	put("share/d/a", "aaa");
	put("share/d/b", much);
	series.action = ACTION_DELIVER;
	activate();
	id = batch((const char *const[]){ "d/a", "d/b", NULL }, false, KIND_DELIVER);
	signal(SIGXFSZ, SIG_IGN);
	CHECK(setrlimit(RLIMIT_FSIZE, &small) == 0);
	apply(NOW);
	CHECK(now_of(id).state == STATE_SCHEDULED && says(id, "disken för leveranser är full"));
	CHECK(is_there(arena_print(mem, "work/leverans/%s.under-arbete/representations/rep1/data/d/a", id)));
	CHECK(!is_there(arena_print(mem, "work/leverans/%s.under-arbete/representations/rep1/data/d/b", id)));
	small.rlim_cur = (4 << 20) + 4096;      /* the folder has room, the tar has not */
	CHECK(setrlimit(RLIMIT_FSIZE, &small) == 0);
	apply(NOW);
	CHECK(now_of(id).state == STATE_SCHEDULED && says(id, "som en fil") && files_in("work/leverans") == 1);
	CHECK(setrlimit(RLIMIT_FSIZE, &all) == 0);
	apply(NOW);
	CHECK(now_of(id).state == STATE_EXPORTED && files_in("work/leverans") == 2);
	end();
}

static void
an_xml_file_that_is_not_wholly_written_says_so(void)
{
	struct sheet sheet;
	struct xml *x;

	begin();
	x = xml_open(AT_FDCWD, "/dev/full");
	CHECK(x != NULL);
	xml_start(x, "a");
	for (int i = 0; i < 3000; i++)
		xml_put(x, "b", "text");
	errno = 0;
	CHECK(xml_close(x, &sheet) < 0 && errno == ENOSPC);
	CHECK(!xml_open(AT_FDCWD, at("ingen/mapp")) && errno == ENOENT);
	x = xml_open(AT_FDCWD, at("x.xml"));
	xml_start(x, "a");
	xml_set(x, "b", "<\"&'\n\x01\xff>");
	xml_text(x, "]]>\xef\xbf\xbe\xef\xbf\xbf\xed\xa0\x80 \xe2\x80\xae");
	CHECK(xml_close(x, &sheet) == 0 && sheet.size == strlen(content("x.xml")) &&
	      strcmp(digest_hex(mem, sheet.sum, DIGEST_SIZE), digest_text(mem, content("x.xml"))) == 0);
	CHECK(strstr(content("x.xml"), "%01%FF") && strstr(content("x.xml"), "%EF%BF%BE%EF%BF%BF%ED%A0%80 %E2%80%AE<"));
	end();
}

static void
a_link_in_the_place_of_the_folder_is_not_followed(void)
{
	const char *id;

	begin();
	id = delivery(false);
	CHECK(mkdir(at("work"), 0755) == 0 && mkdir(at("annat"), 0755) == 0 && symlink("../annat", at("work/leverans")) == 0);
	apply(NOW);
	CHECK(now_of(id).state == STATE_SCHEDULED && says(id, "går inte att använda") && files_in("annat") == 0);
	CHECK(unlink(at("work/leverans")) == 0);
	apply(NOW);
	CHECK(now_of(id).state == STATE_EXPORTED);
	end();
}

static void
trap_a_work_list_names_what_has_changed_since_it_was_approved(void)
{
	static const enum share_identity kinds[] = { IDENTITY_MARKER, IDENTITY_NONE };

	for (size_t i = 0; i < 2; i++) {
		const char *id, *list;

		begin();
		share.dispose = DISPOSE_NONE;
		share.identity = kinds[i];
		id = three_files(false);
		rewrite("share/d/a", "ccc");
		CHECK(unlink(at("share/d/c")) == 0);
		apply(NOW);
		list = content(arena_print(mem, "work/arbetslista-%s.csv", id));
		CHECK(list && strstr(list, "d/a;3;2026-01-01;filen har ändrats sedan den godkändes\r\n") &&
		      strstr(list, "d/b;3;2026-01-01;gallra\r\n") && strstr(list, "d/c;3;2026-01-01;filen är borta\r\n"));
		end();

		begin();
		share.dispose = DISPOSE_NONE;
		share.identity = kinds[i];
		id = three_files(true);
		put("share/d/new", "x");
		apply(NOW);
		CHECK(!content(arena_print(mem, "work/arbetslista-%s.csv", id)) && now_of(id).state == STATE_FAILED &&
		      says(id, "en ny fil"));
		end();
	}
}

static const char *
membership(const char *key, const char *system, const char *account, const char *member, bool by_hand)
{
	return schedule((struct proposal){
		.kind = KIND_REMOVE_MEMBER, .key = key, .system = system, .role = "handlaggare", .account = account,
		.display = "Åsa\nÖberg", .guid = "m", .group = "CN=APP,DC=kalmar,DC=example", .group_guid = "g",
		.member = member, .path = (const char *[]){ "CN=APP,DC=kalmar,DC=example" }, .path_count = 1,
		.by_hand = by_hand,
	});
}

static const char *
only_ldif(void)
{
	DIR *dir = opendir(at("work"));
	struct dirent *d;
	const char *found = NULL;
	int count = 0;

	while (dir && (d = readdir(dir))) {
		if (strncmp(d->d_name, "behov-", 6) != 0)
			continue;
		found = content(arena_print(mem, "work/%s", d->d_name));
		count++;
	}
	if (dir)
		closedir(dir);
	CHECK(count == 1);
	return found;
}

static void
memberships_go_out_as_one_ldif_once(void)
{
	const char *a, *b, *c, *ldif;

	begin();
	a = membership("00000000000000a1", "treserva", "asa", "CN=Åsa,DC=kalmar,DC=example", false);
	b = membership("00000000000000a2", "treserva", "bo", "CN=Bo\\, B,DC=kalmar,DC=example", false);
	c = membership("00000000000000a3", "treserva", "cia", "CN=Cia,DC=kalmar,DC=example", false);
	unsafe = "cia";
	apply(NOW);
	CHECK(result.exported == 2 && result.left == 1 && says(c, "Anna behöver det nu"));
	CHECK(now_of(a).state == STATE_EXPORTED && now_of(b).state == STATE_EXPORTED && says(a, ".ldif"));
	ldif = only_ldif();
	CHECK(ldif && strstr(ldif, "dn: CN=APP,DC=kalmar,DC=example\nchangetype: modify\ndelete: member\n"
				   "member:: Q049w4VzYSxEQz1rYWxtYXIsREM9ZXhhbXBsZQ==\n-\n"));
	CHECK(ldif && strstr(ldif, "member: CN=Bo\\, B,DC=kalmar,DC=example\n-\n") && !strstr(ldif, "Cia"));
	CHECK(ldif && strstr(ldif, "# Medlem: Åsa?Öberg\n") && strstr(ldif, "till och med 2026-01-19"));
	apply(NOW + DAY);
	CHECK(result.exported == 0 && result.left == 1);
	only_ldif();
	end();
}

/* A code is not enough any longer; what was begun before that goes on. */
static void
a_membership_does_not_go_by_a_code_that_is_not_enough_any_longer(void)
{
	for (int begun = 0; begun < 2; begun++) {
		const char *id;
		long long effect;

		begin();
		class = 3;
		id = membership("00000000000000a1", "treserva", "asa", "CN=Åsa,DC=kalmar,DC=example", false);
		class = 0;
		rules.conf.web.strong_class3 = true;
		if (begun)
			CHECK(store_effect_intend(store, &(struct effect){ .proposal = id, .act = "export", .target = "x", .intended = NOW,
				.ended = INT64_MIN }, &effect, &err) == 0);
		apply(NOW);
		CHECK(begun ? now_of(id).state == STATE_EXPORTED : now_of(id).state == STATE_SCHEDULED && says(id, "besluten räcker inte"));
		end();
	}
}

/* Two have approved it with codes, as it is a protected account's: so nobody sees from how many that its system has risen. */
static void
a_protected_one_does_not_go_by_codes_when_its_system_has_risen(void)
{
	static const char *also[] = { "treserva/handlaggare" };

	for (int risen = 0; risen < 4; risen++) {
		struct proposal p = { .kind = KIND_REMOVE_MEMBER, .key = "00000000000000a1", .system = "diariet", .role = "handlaggare",
				      .also = also, .also_count = 1, .account = "asa", .guid = "m", .by_hand = true, .group_guid = "g",
				      .group = "CN=APP,DC=kalmar,DC=example", .member = "CN=Asa,DC=kalmar,DC=example" };
		const char *id;

		begin();
		rules.conf.web.strong_class3 = true;
		systems[0].class.konfidentialitet = risen == 1 ? 3 : risen == 3 ? -1 : 2;
		systems[1].class.konfidentialitet = risen == 2 ? 3 : 2;
		class = 2;
		id = schedule(p);
		class = 0;
		apply(NOW);
		CHECK(risen ? now_of(id).state == STATE_SCHEDULED && says(id, "besluten räcker inte") : now_of(id).state == STATE_EXPORTED);
		end();
	}
}

static void
protected_ones_and_manual_systems_go_to_a_person(void)
{
	const char *a, *b, *list;

	begin();
	systems[0].apply = APPLY_MANUAL;
	a = membership("00000000000000a1", "treserva", "asa", "CN=Åsa,DC=kalmar,DC=example", true);
	b = membership("00000000000000a2", "diariet", "bo\nMedlem:   CN=Chefen", "CN=Bo\nGrupp:    CN=Annan", false);
	apply(NOW);
	CHECK(result.exported == 2 && now_of(a).state == STATE_EXPORTED && now_of(b).state == STATE_EXPORTED);
	list = content(arena_print(mem, "work/arbetslista-%s.txt", b));
	CHECK(list && !strstr(list, "\nGrupp:    CN=Annan") && !strstr(list, "\nMedlem:   CN=Chefen"));
	list = content(arena_print(mem, "work/arbetslista-%s.txt", a));
	CHECK(list && strstr(list, "CN=Åsa,DC=kalmar,DC=example") && strstr(list, "adminCount"));
	CHECK(content(arena_print(mem, "work/arbetslista-%s.txt", b)) != NULL);
	end();
}

static void
a_membership_whose_approval_was_undone_goes_nowhere(void)
{
	const char *id;

	begin();
	id = membership("00000000000000a1", "treserva", "asa", "CN=Asa,DC=kalmar,DC=example", false);
	decide(id, "eva", VERDICT_UNDO);
	apply(NOW);
	CHECK(result.left == 1 && result.exported == 0 && now_of(id).state == STATE_SCHEDULED);
	end();
}

static void
the_most_careful_system_says_how_a_shared_edge_goes(void)
{
	struct proposal p = { .kind = KIND_REMOVE_MEMBER, .key = "00000000000000a1", .system = "treserva",
			      .role = "handlaggare", .also = (const char *[]){ "diariet/handlaggare" }, .also_count = 1,
			      .account = "asa", .guid = "m", .group = "CN=APP,DC=kalmar,DC=example", .group_guid = "g",
			      .member = "CN=Asa,DC=kalmar,DC=example" };
	const char *id;

	begin();
	systems[1].apply = APPLY_LDAP;
	id = schedule(p);
	apply(NOW);
	CHECK(now_of(id).state == STATE_EXPORTED && says(id, ".ldif"));
	end();

	begin();
	systems[0].apply = APPLY_MANUAL;
	systems[1].apply = APPLY_LDAP;
	id = schedule(p);
	apply(NOW);
	CHECK(now_of(id).state == STATE_EXPORTED && says(id, "arbetslista"));
	end();
}

static void
ldap_against_a_file_is_left(void)
{
	const char *id;

	begin();
	systems[1].apply = APPLY_LDAP;
	id = membership("00000000000000a1", "treserva", "asa", "CN=Åsa,DC=kalmar,DC=example", false);
	apply(NOW);
	CHECK(result.left == 1 && now_of(id).state == STATE_SCHEDULED && says(id, "läses ur en fil"));
	end();
}

/* ------------------------------------------------------------------ the brake of a run */

static void
a_run_takes_no_more_memberships_than_its_brake_allows(void)
{
	static const char *const who[] = { "asa", "bo", "cia" };
	const char *ids[3];
	int waits = 0;

	begin();
	rules.conf.apply_brake.memberships = 2;
	for (int i = 0; i < 3; i++)
		ids[i] = membership(arena_print(mem, "00000000000000a%d", i + 1), "treserva", who[i],
				    arena_print(mem, "CN=%s,DC=kalmar,DC=example", who[i]), false);
	apply(NOW);
	CHECK(result.exported == 2 && result.braked == 1 && result.left == 0);
	for (int i = 0; i < 3; i++)
		waits += now_of(ids[i]).state == STATE_SCHEDULED && says(ids[i], "bromsen: det blir fler än 2 medlemskap");
	CHECK(waits == 1);
	apply(NOW + DAY);
	CHECK(result.exported == 1 && result.braked == 0);
	end();
}

/* So many of a system with a hundred are no cause for alarm. */
static void
a_part_of_all_there_is_may_go_where_that_is_more(void)
{
	begin();
	rules.conf.apply_brake.memberships = 1;
	rules.conf.apply_brake.ratio = 0.03;
	CHECK(store_set(store, SIZES_VALUE, "{\"system:x\":100,\"scope\":100}", &err) == 0);
	for (int i = 0; i < 4; i++)
		membership(arena_print(mem, "00000000000000a%d", i + 1), "treserva", "asa", "CN=Asa,DC=kalmar,DC=example", false);
	apply(NOW);
	CHECK(result.exported == 3 && result.braked == 1);
	end();
}

static void
a_batch_that_is_more_than_a_run_may_take_is_not_begun(void)
{
	const char *id;

	begin();
	rules.conf.apply_brake.files = 2;
	id = three_files(false);
	apply(NOW);
	CHECK(result.braked == 1 && result.left == 0 && now_of(id).state == STATE_SCHEDULED && says(id, "fler än 2 filer"));
	CHECK(is_there("share/d/a") && !is_there("share/" SHARE_QUARANTINE));
	rules.conf.apply_brake.files = 3;
	apply(NOW);
	CHECK(now_of(id).state == STATE_QUARANTINED && !is_there("share/d/a"));
	night(LATER - DAY);
	rules.conf.apply_brake.files = 2;
	apply(LATER);
	CHECK(result.braked == 1 && result.unlinked == 0 && now_of(id).state == STATE_QUARANTINED && says(id, "fler än 2 filer"));
	rules.conf.apply_brake.files = 3;
	apply(LATER);
	CHECK(result.unlinked == 3 && now_of(id).state == STATE_DONE);
	end();
}

static void
what_was_begun_is_held_by_no_brake(void)
{
	const char *id;
	long long effect;

	begin();
	rules.conf.apply_brake.files = 2;
	id = three_files(false);
	CHECK(store_effect_intend(store, &(struct effect){ .proposal = id, .act = "quarantine", .number = 1, .target = "d/a",
		.intended = NOW, .ended = INT64_MIN }, &effect, &err) == 0);
	apply(NOW);
	CHECK(result.braked == 0 && result.quarantined == 3);
	end();
}

static void
a_new_series_begins_with_its_oldest_year(void)
{
	static const char *const young[] = { "d/a", NULL }, *const old[] = { "d/b", NULL };
	const char *x, *y;

	begin();
	put("share/d/a", "aaa");
	put("share/d/b", "bbb");
	x = batch(young, false, KIND_DESTROY);
	batch_key = "00000000000000f2";
	batch_due = day_make(2025, 1, 1);
	y = batch(old, false, KIND_DESTROY);
	apply(NOW);
	CHECK(result.quarantined == 1 && result.braked == 1 && now_of(y).state == STATE_QUARANTINED && says(x, "det äldsta går först"));
	apply(NOW);
	CHECK(result.quarantined == 1 && now_of(x).state == STATE_QUARANTINED);
	end();
}

/* ------------------------------------------------------------------ nothing goes without a whole proof */

static bool
ends_the_process(const struct proof *proof, const char *thing)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		struct proof copy = *proof;

		proof_spend(&copy, thing);
		_exit(0);
	}
	return child > 0 && waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void
a_proof_that_lacks_anything_is_none(void)
{
	struct stored s = { .p.version = "v1" };
	struct proof whole = { .s = &s, .version = "v1", .allowed = true, .braked_not = true, .same = "00000001" }, p;

	p = whole;
	CHECK(!ends_the_process(&p, "00000001"));
	p.version = NULL;
	CHECK(ends_the_process(&p, "00000001"));
	p.version = "v0";
	CHECK(ends_the_process(&p, "00000001"));
	p = whole;
	p.allowed = false;
	CHECK(ends_the_process(&p, "00000001"));
	p = whole;
	p.braked_not = false;
	CHECK(ends_the_process(&p, "00000001"));
	p = whole;
	p.same = NULL;
	CHECK(ends_the_process(&p, "00000001"));
	CHECK(ends_the_process(&whole, "00000002"));
	proof_spend(&whole, "00000001");
	CHECK(ends_the_process(&whole, "00000001"));
}

int
main(void)
{
	TEST(a_run_takes_no_more_memberships_than_its_brake_allows);
	TEST(a_part_of_all_there_is_may_go_where_that_is_more);
	TEST(a_batch_that_is_more_than_a_run_may_take_is_not_begun);
	TEST(what_was_begun_is_held_by_no_brake);
	TEST(a_new_series_begins_with_its_oldest_year);
	TEST(a_proof_that_lacks_anything_is_none);
	TEST(nothing_goes_unless_the_mode_is_apply);
	TEST(nothing_goes_before_its_time_or_without_a_night_since);
	TEST(decisions_must_be_enough_for_this_version);
	TEST(what_waits_for_somebodys_word_is_not_carried_out);
	TEST(only_what_speaks_against_it_takes_an_approval_away);
	TEST(a_refused_decision_counts_for_nothing);
	TEST(what_is_left_is_said_once);
	TEST(two_people_are_two_people);
	TEST(what_was_approved_in_another_version_does_not_go);
	TEST(a_manifest_that_is_not_what_was_approved_moves_nothing);
	TEST(paths_that_lead_out_are_refused);
	TEST(a_series_must_be_active_as_it_is_written_now);
	TEST(a_share_without_its_marker_is_left);
	TEST(approved_files_go_to_quarantine_and_then_away);
	TEST(a_quarantine_without_names_has_no_index);
	TEST(identity_is_inode_size_and_when_it_was_born_and_changed);
	TEST(a_name_that_is_not_utf8_is_bytes);
	TEST(other_names_of_a_destroyed_file_are_told);
	TEST(where_nothing_is_destroyed_files_stay_in_quarantine);
	TEST(a_file_that_is_not_the_same_is_left_and_the_rest_goes);
	TEST(a_folder_that_became_a_link_leads_nowhere);
	TEST(a_file_swapped_at_the_last_moment_goes_back);
	TEST(another_file_under_the_name_goes_back_too);
	TEST(what_lies_in_the_quarantine_is_not_overwritten);
	TEST(a_quarantine_that_is_a_link_is_not_used);
	TEST(a_folder_we_may_not_write_to_keeps_its_files);
	TEST(a_held_file_is_not_moved);
	TEST(a_wish_to_stop_ends_between_two_files_and_the_next_run_goes_on);
	TEST(a_hold_puts_its_file_back_at_once);
	TEST(a_hold_is_looked_for_again_before_each_end);
	TEST(what_no_rule_destroys_any_longer_comes_back);
	TEST(a_held_file_whose_place_is_taken_stays_in_quarantine);
	TEST(what_was_changed_in_quarantine_is_not_destroyed);
	TEST(restore_puts_all_back_and_the_proposal_is_kept);
	TEST(restore_overwrites_nothing);
	TEST(a_whole_batch_goes_whole);
	TEST(a_new_file_voids_a_whole_batch);
	TEST(what_a_file_server_shows_of_its_past_is_no_new_file);
	TEST(a_file_that_comes_while_a_whole_batch_is_moved_puts_it_back);
	TEST(drift_midway_puts_a_whole_batch_back);
	TEST(a_hold_on_one_puts_a_whole_batch_back);
	TEST(files_are_not_moved_by_an_approval_of_less);
	TEST(files_in_quarantine_are_not_destroyed_by_an_approval_of_less);
	TEST(what_is_being_moved_is_moved_to_its_end);
	TEST(a_membership_does_not_go_by_a_code_that_is_not_enough_any_longer);
	TEST(what_has_no_quarantine_becomes_a_work_list);
	TEST(a_share_on_smb_becomes_a_work_list_and_is_not_opened);
	TEST(what_is_delivered_is_copied_and_is_done_when_the_archive_says_so);
	TEST(a_receipt_is_held_against_what_was_delivered);
	TEST(a_receipt_of_one_copy_is_not_one_of_two);
	TEST(what_an_archive_does_not_take_has_failed);
	TEST(what_has_changed_is_left_out_of_the_package_and_told);
	TEST(a_whole_batch_is_delivered_whole_or_not_at_all);
	TEST(trap_a_file_that_changes_while_it_is_copied_is_left_out);
	TEST(a_closed_window_ends_it_and_the_next_run_goes_on);
	TEST(trap_a_copy_that_was_spoiled_is_made_again);
	TEST(a_full_disk_is_told_and_the_next_run_goes_on);
	TEST(a_link_in_the_place_of_the_folder_is_not_followed);
	TEST(an_xml_file_that_is_not_wholly_written_says_so);
	TEST(trap_a_work_list_names_what_has_changed_since_it_was_approved);
	TEST(memberships_go_out_as_one_ldif_once);
	TEST(a_protected_one_does_not_go_by_codes_when_its_system_has_risen);
	TEST(protected_ones_and_manual_systems_go_to_a_person);
	TEST(a_membership_whose_approval_was_undone_goes_nowhere);
	TEST(the_most_careful_system_says_how_a_shared_edge_goes);
	TEST(ldap_against_a_file_is_left);
	return check_done();
}
