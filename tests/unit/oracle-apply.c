/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * oracle-apply.c - apply on a small store, for tests that look at the world from outside.
 *
 *     oracle-apply access STORE URI BASE BIND-DN PASSWORD-FILE CA-FILE GROUP-KEY GROUP-DN MEMBER-KEY MEMBER-DN
 *     oracle-apply ldif   STORE …                 (as access, for a system whose removals go out as LDIF)
 *     oracle-apply webhook STORE URL SECRET-FILE CA-FILE      (two removals for a ticket system)
 *     oracle-apply files  STORE FOLDER            (FOLDER/share has a whole batch "w" and other files; see below)
 *     oracle-apply deliver STORE FOLDER           (all of FOLDER/share is to be delivered)
 *     oracle-apply many STORE FOLDER              (each folder in FOLDER/share is a batch; a whole one where it begins with "w")
 *     oracle-apply removals STORE URI BASE BIND-DN PASSWORD-FILE CA-FILE LIST
 *                                                 (a line each: GROUP-DN, a tab, MEMBER-DN, or GROUP-KEY GROUP-DN MEMBER-KEY MEMBER-DN)
 *     oracle-apply journal STORE …                (as removals: what is written of them, and nothing is removed)
 *     oracle-apply restore STORE ID …             (as access, or FOLDER)
 *     oracle-apply show   STORE
 *
 * A store that is not there is made, with what is needed scheduled in it.  Each call applies what is due, issues the
 * gallringsprotokoll that are due, and prints each proposal, what the journal says, and the protocols.  BEHOV_TEST_NOW is
 * the moment; BEHOV_TEST_HELD a pattern of paths that are held; BEHOV_TEST_QUIET shows no more than the chain, BEHOV_TEST_BRIEF logs errors only.
 */
#include <behov/apply.h>
#include <behov/audit.h>
#include <behov/clock.h>
#include <behov/log.h>
#include <behov/protocol.h>
#include <behov/retain.h>
#include <behov/step.h>

#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define DAY 86400
#define NOW ((int64_t)1767571200)       /* 2026-01-05 */

static struct arena *mem;
static struct error err;
static struct share share = { .id = "ekonomi", .name = "Ekonomi", .dispose = DISPOSE_DESTROY };
static struct series series[2] = {
	{ .id = "lev", .code = "4.2.1", .name = "Bygg & \"mark\"", .decided = true, .action = ACTION_DELIVER,
	  .decision = { "SBN 2018/9", "2018-04-10", "Samhällsbyggnadsnämnden", "§ 7" } },
	{ .id = "ver", .code = "1", .name = "Verifikationer", .decided = true },
};
static struct role role = { .id = "r", .name = "R" };
static struct system systems[3] = {
	{ .id = "hook", .name = "H", .apply = APPLY_WEBHOOK, .roles = &role, .role_count = 1 },
	{ .id = "ldap", .name = "L", .apply = APPLY_LDAP, .roles = &role, .role_count = 1 },
	{ .id = "ldif", .name = "F", .apply = APPLY_LDIF, .roles = &role, .role_count = 1 },
};
static struct rules rules = {
	.systems = systems, .system_count = 3, .series = series, .series_count = 2, .shares = &share, .share_count = 1,
	.digest = "rules",
};

static void
must(int rc)
{
	if (rc < 0) {
		fprintf(stderr, "oracle-apply: %s\n", err.text);
		exit(1);
	}
}

/* ------------------------------------------------------------------ eyes */

static int
open_root(void *self, const struct share *which, struct error *why)
{
	int fd = open(which->path, O_RDONLY | O_DIRECTORY);

	(void)self;
	return fd < 0 ? error_sys(why, ERROR_SOURCE, "no share") : fd;
}

static const char *
objection(void *self, const struct share *which, const char *path, const struct entry *entry,
	  const struct consent *approved)
{
	const char *held = getenv("BEHOV_TEST_HELD");

	(void)self, (void)which, (void)entry, (void)approved;
	return held && fnmatch(held, path, 0) == 0 ? "gallringsstopp" : NULL;
}

static const char *secret;             /* the DN of a member with protected identity */

static int
judge(void *self, struct arena *m, struct stored *list, size_t count, bool *safe, const char **why,
      struct error *trouble)
{
	(void)self, (void)m, (void)trouble;
	for (size_t i = 0; i < count; i++) {
		list[i].dn = secret;
		safe[i] = true;
		why[i] = NULL;
	}
	return 0;
}

static int
proven(void *self, const struct share *which, int root, enum proven *out, struct error *why)
{
	(void)self, (void)which, (void)root, (void)why;
	*out = PROVEN_GOOD;
	return 0;
}

static const struct apply_eyes eyes = { .open_root = open_root, .objection = objection, .judge = judge, .proven = proven };

/* ------------------------------------------------------------------ a store */

static void
schedule(struct store *store, struct proposal p)
{
	struct stored s = { .p = p, .state = STATE_SCHEDULED, .opened = NOW - 20 * DAY, .since = NOW - 10 * DAY,
			    .go_at = NOW - 2 * DAY, .until = DAY_NONE };

	s.p.version = "v1";
	s.p.needs = 1;
	s.p.why = "därför";
	s.p.scope = "scope";
	s.p.rule = (struct place){ "rules/x.cfg", 1 };
	s.p.evidence = json_object();
	*arena_push(mem, &s.p.approvers) = (struct approver){ .key = "eva", .name = "eva", .display = "Eva", .as = "ägare",
							      .mail = "eva@kalmar.example" };
	must(store_proposal_add(mem, store, &s, &err));
	json_decref(s.p.evidence);
	must(store_decision_add(store, &(struct decision){
		.proposal = s.id, .version = "v1", .key = "eva", .name = "eva", .verdict = VERDICT_APPROVE,
		.until = DAY_NONE, .at = NOW - 10 * DAY, .source = "page" }, &err));
}

static void
membership(struct store *store, const char *key, const char *system, char **words)
{
	schedule(store, (struct proposal){
		.kind = KIND_REMOVE_MEMBER, .key = key, .system = system, .role = "r", .account = secret ? "Skyddad person 1" : "asa",
		.display = secret ? "Skyddad person 1" : "Åsa",
		.group_guid = words[0], .group = words[1], .guid = words[2], .member = secret ? "Skyddad person 1" : words[3],
		.path = (const char *[]){ words[1] }, .path_count = 1,
	});
}

static struct record
record_of(const char *path)
{
	struct statx x;

	if (statx(AT_FDCWD, arena_print(mem, "%s/%s", share.path, path), AT_SYMLINK_NOFOLLOW,
		  STATX_BASIC_STATS | STATX_BTIME, &x) < 0)
		must(error_sys(&err, ERROR_SOURCE, "cannot see '%s'", path));
	return (struct record){
		.path = path, .size = x.stx_size, .ino = x.stx_ino, .dev = makedev(x.stx_dev_major, x.stx_dev_minor),
		.nlink = x.stx_nlink, .mtime_s = x.stx_mtime.tv_sec, .mtime_ns = x.stx_mtime.tv_nsec,
		.ctime_s = x.stx_ctime.tv_sec, .ctime_ns = x.stx_ctime.tv_nsec,
		.btime_s = x.stx_mask & STATX_BTIME ? x.stx_btime.tv_sec : INT64_MIN,
		.btime_ns = x.stx_mask & STATX_BTIME ? x.stx_btime.tv_nsec : 0,
		.anchor = day_make(2019, 1, 1), .due = day_make(2026, 1, 1),
	};
}

static void
activate(struct store *store, const struct series *s)
{
	must(store_series_activate(store, &(struct activation){ s->id, series_digest(mem, s), "arkivarie", NOW - 50 * DAY }, &err));
}

static void
batch(struct store *store, const char *key, const char *folder, const char *const *names, size_t count, bool whole)
{
	struct record *records = arena_array(mem, struct record, count);
	bool away = *folder == 'l';
	struct proposal p = { .kind = away ? KIND_DELIVER : KIND_DESTROY, .key = key, .series = away ? "lev" : "ver", .share = "ekonomi",
			      .batch = folder, .whole = whole, .due = day_make(2026, 1, 1) };

	for (; p.files < (long long)count; p.files++) {
		records[p.files] = record_of(arena_print(mem, "%s/%s", folder, names[p.files]));
		p.bytes += (long long)records[p.files].size;
	}
	p.manifest = manifest_digest(mem, records, (size_t)p.files);
	must(store_manifest_put(store, p.manifest, records, (size_t)p.files, &err));
	schedule(store, p);
}

struct found { LIST(struct record) list; };

static void
find(struct found *out, const char *folder)
{
	DIR *dir = opendir(arena_print(mem, "%s/%s", share.path, folder));
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		const char *path = *folder ? arena_print(mem, "%s/%s", folder, e->d_name) : arena_text(mem, e->d_name);

		if (e->d_type == DT_DIR && strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			find(out, path);
		else if (e->d_type == DT_REG)
			*arena_push(mem, &out->list) = record_of(path);
	}
	if (dir)
		closedir(dir);
}

static int
by_path(const void *a, const void *b)
{
	return strcmp(((const struct record *)a)->path, ((const struct record *)b)->path);
}

static void
fill_delivery(struct store *store)
{
	struct proposal p = { .kind = KIND_DELIVER, .key = "00000000000000d1", .series = "lev", .share = "ekonomi", .batch = "",
			      .due = day_make(2026, 1, 1) };
	struct found found = { 0 };

	find(&found, "");
	qsort(found.list.items, found.list.count, sizeof *found.list.items, by_path);
	for (size_t i = 0; i < found.list.count; i++)
		p.bytes += (long long)found.list.items[i].size;
	p.files = (long long)found.list.count;
	p.manifest = manifest_digest(mem, found.list.items, found.list.count);
	must(store_manifest_put(store, p.manifest, found.list.items, found.list.count, &err));
	schedule(store, p);
	activate(store, &series[0]);
}

static void
night(struct store *store, int64_t when)
{
	long long id;

	must(store_night_start(store, "run", when - 60, "rules", &id, &err));
	must(store_night_end(store, id, "published", true, when, "{}", &err));
}

/* Two batches of files, one of them whole and one with a stranger in it, and two memberships for an LDIF. */
static void
fill_files(struct store *store)
{
	static const char *const names[] = { "a", "b", "c" };
	char *bo[] = { "g", "CN=APP,DC=kalmar,DC=example", "m1", "CN=Bo,DC=kalmar,DC=example" };
	char *asa[] = { "g", "CN=APP,DC=kalmar,DC=example", "m2", "CN=Åsa,DC=kalmar,DC=example" };

	batch(store, "00000000000000f1", "d", names, 3, false);
	batch(store, "00000000000000f2", "w", names, 3, true);
	batch(store, "00000000000000f3", "v", names, 2, true);
	must(unlink(arena_print(mem, "%s/v/b", share.path)));
	batch(store, "00000000000000d1", "l", names, 3, false);
	activate(store, &series[0]);
	membership(store, "00000000000000a1", "ldif", bo);
	membership(store, "00000000000000a2", "ldif", asa);
	activate(store, &series[1]);
}

static int
is_name(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static int
by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static size_t
list(const char *path, const char ***out)
{
	struct dirent **found;
	int n = scandir(path, &found, is_name, by_bytes);

	if (n < 0)
		must(error_sys(&err, ERROR_SOURCE, "cannot list '%s'", path));
	*out = arena_array(mem, const char *, (size_t)n + 1);
	for (int i = 0; i < n; i++) {
		(*out)[i] = arena_text(mem, found[i]->d_name);
		free(found[i]);
	}
	free(found);
	return (size_t)n;
}

static void
fill_many(struct store *store)
{
	const char **folders, **names;
	size_t count = list(share.path, &folders);

	for (size_t i = 0; i < count; i++) {
		size_t files = list(arena_print(mem, "%s/%s", share.path, folders[i]), &names);

		batch(store, arena_print(mem, "%016zx", i + 1), folders[i], names, files, folders[i][0] == 'w');
	}
	activate(store, &series[1]);
}

/* Two names or two keys and two names. */
static void
split(char *line, char *words[4])
{
	size_t n = 0;

	for (char *word = strtok_r(line, "\t", &line); word && n < 4; word = strtok_r(NULL, "\t", &line))
		words[n++] = arena_text(mem, word);
	if (n == 2) {
		words[3] = words[1];
		words[1] = words[0];
		words[0] = dn_key(mem, words[1]);
		words[2] = dn_key(mem, words[3]);
	}
}

static void
fill_removals(struct store *store, const char *path)
{
	FILE *in = fopen(path, "re");
	char line[2000];
	size_t count = 0;

	if (!in)
		must(error_sys(&err, ERROR_SOURCE, "cannot read '%s'", path));
	must(store_begin(store, &err));
	while (fgets(line, sizeof line, in)) {
		char *words[4];

		line[strcspn(line, "\n")] = '\0';
		split(line, words);
		membership(store, arena_print(mem, "%016zx", ++count), "ldap", words);
	}
	must(store_commit(store, &err));
	fclose(in);
}

/* As agent/apply/removal.c writes of each, with what it would have read in the directory, as many in a commit. */
static void
journal_one(const struct apply_input *in, const struct stored *s, bool over)
{
	const char *seen = arena_print(mem, "{\"group\":\"%s\",\"member\":\"%s\",\"server\":\"-\"}", s->p.group, s->p.member);
	json_t *told;
	long long id;

	must(store_effect_intend(in->store, &(struct effect){ .proposal = s->id, .act = "remove", .target = s->p.group, .before = seen,
		.state = EFFECT_INTENDED, .intended = in->now, .ended = INT64_MIN }, &id, &err));
	if (!over)
		return;
	told = json_pack("{s:s, s:s, s:s, s:s}", "proposal", s->id, "version", s->p.version, "kind", "remove-member", "state", "done");
	must(store_effect_end(in->store, id, EFFECT_DONE, seen, NULL, in->now, &err));
	must(store_proposal_move(in->store, s->id, PROPOSAL_DONE, in->now, INT64_MIN, DAY_NONE, NULL, &err));
	must(audit_add(in->store, in->now, "apply", "proposal-done", told, &err));
	json_decref(told);
}

static int
journal_all(const struct apply_input *in)
{
	struct stored_list list = { 0 };
	size_t herd = 200;

	must(store_proposals(mem, in->store, &(struct proposal_filter){ .states = STATES(STATE_SCHEDULED) }, &list, &err));
	for (size_t i = 0; i < list.list.count; i += herd)
		for (int over = 0; over < 2; over++) {
			must(store_begin(in->store, &err));
			for (size_t k = i; k < i + herd && k < list.list.count; k++)
				journal_one(in, &list.list.items[k], over);
			must(store_commit(in->store, &err));
		}
	stored_free(&list);
	return 0;
}

static void
fill_webhook(struct store *store)
{
	char *bo[] = { "g", "CN=APP,DC=kalmar,DC=example", "m1", "CN=Bo,DC=kalmar,DC=example" };
	char *asa[] = { "g", "CN=APP,DC=kalmar,DC=example", "m2", "CN=Åsa,DC=kalmar,DC=example" };

	membership(store, "00000000000000a1", "hook", bo);
	if (getenv("BEHOV_TEST_SECRET"))
		secret = asa[3];
	membership(store, "00000000000000a2", "hook", asa);
}

/* ------------------------------------------------------------------ what can be seen */

static void
show(struct store *store)
{
	static const char *const words[] = { "intended", "done", "failed", "undone" };
	struct stored_list list = { 0 };
	struct effects effects = { 0 };
	struct protocols protocols = { 0 };
	struct audit_result chain;

	must(store_proposals(mem, store, &(struct proposal_filter){ 0 }, &list, &err));
	for (size_t i = 0; i < list.list.count; i++)
		printf("%s %s %s\n", list.list.items[i].id, state_word[list.list.items[i].state],
		       list.list.items[i].note ? list.list.items[i].note : "-");
	if (!getenv("BEHOV_TEST_QUIET"))
		must(store_effects(mem, store, NULL, NULL, &effects, &err));
	for (size_t i = 0; i < effects.list.count; i++)
		printf("effect %s %s %lld %s\n", effects.list.items[i].proposal, effects.list.items[i].act,
		       effects.list.items[i].number, words[effects.list.items[i].state]);
	must(store_protocols(mem, store, NULL, false, &protocols, &err));
	for (size_t i = 0; i < protocols.list.count; i++)
		printf("protocol %s %s %s%s\n", protocols.list.items[i].proposal, protocols.list.items[i].dnr, protocols.list.items[i].digest,
		       protocols.list.items[i].written ? " written" : "");
	must(audit_verify(mem, store, NULL, &chain, &err));
	printf("chain %s rows=%lld\n", chain.broken ? "broken" : "whole", chain.rows);
	stored_free(&list);
}

static void
set_access(char **words)
{
	static struct directory directory;

	directory = (struct directory){ .name = words[0], .source = words[0], .base = words[1], .bind_dn = *words[2] ? words[2] : NULL,
					.password_file = words[3], .ca_file = words[4], .timeout = 20 };
	rules.conf.directories = &directory;
	rules.conf.directory_count = 1;
}

int
main(int argc, char **argv)
{
	const char *now = getenv("BEHOV_TEST_NOW");
	struct apply_input in = { .rules = &rules, .eyes = &eyes };
	struct protocols_done issued;
	struct apply_result result;
	struct store *store;
	bool made, access, webhook, removals;
	int rc = 0;

	if (argc < 3)
		return 2;
	mem = arena_open();
	stop_listen();
	if (getenv("BEHOV_TEST_BRIEF"))
		log_open(LOG_LEVEL_ERROR);
	must(clock_zone("Europe/Stockholm", &err));
	rules.conf.organisation = "Kalmar kommun";
	rules.conf.mode = MODE_APPLY;
	rules.conf.quarantine_days = 30;
	rules.conf.protocol.dnr = "GALLR {year}/{number}";
	rules.conf.work = arena_print(mem, "%s.work", argv[2]);
	access = argc >= 12;
	webhook = argc == 6;
	removals = argc == 9;
	if (access)
		set_access(argv + argc - 9);
	else if (removals)
		set_access(argv + 3);
	else if (webhook)
		rules.conf.webhook = (__typeof__(rules.conf.webhook)){ argv[3], argv[4], argv[5], 1 };
	else if (argc > 3)
		share.path = arena_print(mem, "%s/share", argv[argc - 1]);
	if (access && getenv("BEHOV_TEST_SECRET"))      /* the store does not get its name */
		secret = argv[argc - 1];
	made = faccessat(AT_FDCWD, argv[2], F_OK, 0) < 0;
	if (made)
		must(store_create(argv[2], true, &err));
	must(store_open(argv[2], STORE_WRITE, &store, &err));
	in.store = store;
	in.now = now ? strtoll(now, NULL, 10) : NOW;
	if (made && access)
		membership(store, "00000000000000a1", strcmp(argv[1], "ldif") == 0 ? "ldif" : "ldap", argv + argc - 4);
	else if (made && strcmp(argv[1], "deliver") == 0)
		fill_delivery(store);
	else if (made && strcmp(argv[1], "many") == 0)
		fill_many(store);
	else if (made && webhook)
		fill_webhook(store);
	else if (made && removals)
		fill_removals(store, argv[8]);
	else if (made)
		fill_files(store);
	if (made) {
		night(store, NOW - DAY);
		night(store, NOW + 39 * DAY);
	}
	if (strcmp(argv[1], "restore") == 0)
		rc = apply_restore(mem, &in, argv[3], "rot", "fel person", &err);
	else if (strcmp(argv[1], "journal") == 0)
		rc = journal_all(&in);
	else if (strcmp(argv[1], "show") != 0)
		rc = apply_all(mem, &in, &result, &err);
	if (rc == 0 && strcmp(argv[1], "files") == 0)
		rc = protocols_issue(mem, &(struct report_input){ &rules, store, in.now }, "apply", &issued, &err);
	if (rc < 0)
		fprintf(stderr, "oracle-apply: %s\n", err.text);
	show(store);
	store_close(store);
	arena_close(mem);
	return rc < 0;
}
