/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nouns.c - look-ups among the shared nouns, the order of a plan, and its JSON. */
#include "behov/nouns.h"
#include "behov/digest.h"
#include "behov/json.h"
#include "behov/manifest.h"
#include "behov/text.h"
#include <ldap.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

const char *const kind_word[] = {
	[KIND_REMOVE_MEMBER] = "remove-member",
	[KIND_CUT_NESTING] = "cut-nesting",
	[KIND_DESTROY] = "destroy",
	[KIND_DELIVER] = "deliver",
};

const char *const kind_text[] = { "borttagning ur grupp", "grupp i grupp", "gallring", "leverans" };

const char *const ground_word[] = { "clause", "kept", "none", "unknown", "unwritten" };
const char *const mark_word[] = { "service", "privileged", "shared", "break-glass", "consultant", "temporary", "dormant", "disabled", "expired",
				  "left", "conflict" };

const char *const proof_word[] = { [PROOF_CODE] = "code", [PROOF_LDAP] = "ldap", [PROOF_PROXY] = "proxy", NULL };

/* ------------------------------------------------------------------ rules */

bool
conf_proves(const struct conf *conf, enum proof_kind proof)
{
	for (int i = 0; i < conf->web.proof_count; i++)
		if (conf->web.proofs[i] == proof)
			return true;
	return false;
}

long long
conf_apply_most(const struct conf *conf, bool files, long long of)
{
	long long least = files ? conf->apply_brake.files : conf->apply_brake.memberships;
	long long part = (long long)(conf->apply_brake.ratio * (double)of);

	return least == 0 ? LLONG_MAX : part > least ? part : least;
}

const struct system *
rules_system(const struct rules *rules, const char *id)
{
	for (size_t i = 0; id && i < rules->system_count; i++)
		if (strcmp(rules->systems[i].id, id) == 0)
			return &rules->systems[i];
	return NULL;
}

const struct role *
rules_role(const struct rules *rules, const char *system, const char *role)
{
	const struct system *s = rules_system(rules, system);

	for (int i = 0; s && role && i < s->role_count; i++)
		if (strcmp(s->roles[i].id, role) == 0)
			return &s->roles[i];
	return NULL;
}

const struct share *
rules_share(const struct rules *rules, const char *id)
{
	for (size_t i = 0; id && i < rules->share_count; i++)
		if (strcmp(rules->shares[i].id, id) == 0)
			return &rules->shares[i];
	return NULL;
}

const struct series *
rules_series(const struct rules *rules, const char *id)
{
	for (size_t i = 0; id && i < rules->series_count; i++)
		if (strcmp(rules->series[i].id, id) == 0)
			return &rules->series[i];
	return NULL;
}

/* ------------------------------------------------------------------ what an approval must be good for */

long long
proposal_units(const struct proposal *p)
{
	return p->kind == KIND_REMOVE_MEMBER ? 1 : p->kind == KIND_CUT_NESTING ? (p->accounts > 1 ? p->accounts : 1) : p->files;
}

int
proposal_needs(const struct proposal *p)
{
	bool files = p->kind == KIND_DESTROY || p->kind == KIND_DELIVER;

	return p->kind == KIND_DESTROY || p->by_hand || (!files && p->konfidentialitet >= 3) ? 2 : 1;
}

bool
class_wants_strong(const struct conf *conf, int konfidentialitet)
{
	return (konfidentialitet < 0 || konfidentialitet >= 3) && conf->web.strong_class3;
}

bool
proposal_wants_strong(const struct conf *conf, const struct proposal *p)
{
	return (p->kind == KIND_DESTROY && conf->web.strong_destroy) || class_wants_strong(conf, p->konfidentialitet);
}

/* Is that role, "system/role", one of those it is about? */
static bool
names_role(const struct proposal *p, const char *system, size_t len, const char *role)
{
	if (p->system && p->role && strlen(p->system) == len && strncmp(p->system, system, len) == 0 && strcmp(p->role, role) == 0)
		return true;
	for (int i = 0; i < p->also_count; i++)
		if (strncmp(p->also[i], system, len) == 0 && p->also[i][len] == '/' && strcmp(p->also[i] + len + 1, role) == 0)
			return true;
	return false;
}

static bool
names_more(const struct proposal *was, const struct proposal *now)
{
	if (now->system && now->role && !names_role(was, now->system, strlen(now->system), now->role))
		return true;
	for (int i = 0; i < now->also_count; i++) {
		size_t len = strcspn(now->also[i], "/");

		if (!names_role(was, now->also[i], len, now->also[i] + len + (now->also[i][len] == '/')))
			return true;
	}
	return false;
}

const char *
proposal_asks_more(const struct proposal *was, const struct proposal *now)
{
	if (names_more(was, now))
		return "medlemskapet ger nu mer än det gjorde när det godkändes";
	if (now->by_hand && !was->by_hand)
		return "kontot är skyddat nu, och var det inte när det godkändes";
	return proposal_needs(now) > proposal_needs(was) ? "två personer ska godkänna nu, och en räckte när det godkändes" : NULL;
}

static bool
is_text(const json_t *object, const char *key, const char *text)
{
	const char *was = json_text(object, key);

	return was && text ? strcmp(was, text) == 0 : !was && !text;
}

bool
series_decided_so(const struct series *series, const json_t *evidence)
{
	const json_t *was = json_object_get(evidence, "decision");

	return !was || (is_text(was, "dnr", series->decision.dnr) && is_text(was, "date", series->decision.date) &&
			is_text(was, "body", series->decision.body));
}

static void
archive_fill(struct archive *out, const struct archive *from)
{
	out->board = out->board ? out->board : from->board;
	out->creator = out->creator ? out->creator : from->creator;
	out->responsible = out->responsible ? out->responsible : from->responsible;
}

struct archive
archive_of(const struct conf *conf, const struct share *share, const struct series *series)
{
	struct archive out = series ? series->archive : (struct archive){ 0 };

	if (share)
		archive_fill(&out, &share->archive);
	archive_fill(&out, &conf->archive);
	return out;
}

struct copies
copies_of(const struct conf *conf, const struct share *share)
{
	struct copies out = share ? share->copies : (struct copies){ 0 };

	if (!out.backups.count)
		out.backups = conf->protocol.copies.backups;
	if (!out.snapshots.count)
		out.snapshots = conf->protocol.copies.snapshots;
	return out;
}

/* ------------------------------------------------------------------ names */

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* One "type=value", with what could be taken for structure escaped. */
static char *
ava_key(struct arena *mem, const LDAPAVA *ava)
{
	char *type = text_fold(mem, arena_copy(mem, ava->la_attr.bv_val, ava->la_attr.bv_len));
	const char *raw = ava->la_value.bv_val;
	size_t len = ava->la_value.bv_len;
	struct text t;

	text_open(&t, 16 * len + 64);
	if (len && !text_is_utf8(raw, len)) {             /* a NUL byte, too */
		text_char(&t, '#');
		for (size_t i = 0; i < len; i++)
			text_print(&t, "%02x", (unsigned char)raw[i]);
	} else {
		const char *folded = text_fold(mem, arena_copy(mem, len ? raw : "", len));

		for (const char *p = folded; *p; p++) {
			if ((unsigned char)*p < 0x20) {
				text_print(&t, "\\%02x", (unsigned char)*p);
				continue;
			}
			if (strchr(",+=\\#\";<>", *p) || (*p == ' ' && (p == folded || !p[1])))
				text_char(&t, '\\');
			text_char(&t, *p);
		}
	}
	type = arena_print(mem, "%s=%s", type, t.data);
	text_close(&t);
	return type;
}

/*
 * Most names are plain: letters, digits and single spaces inside, in type=value,type=value.  What they mean takes no parser.
 * NULL when there is anything else in it.
 */
static char *
plain_key(struct arena *mem, const char *dn)
{
	bool type = true;               /* before the '=' */
	char *key, *to;
	char was = ',';

	for (const char *p = dn; *p; was = *p++) {
		bool word = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || *p == '-';

		if (*p == '=' ? !type || was == ',' : *p == ',' ? type || was == '=' || was == ' ' :
		    type ? !word || (was == ',' && *p <= '9') : !word && *p != '.' && *p != '_' && (*p != ' ' || was == '=' || was == ' '))
			return NULL;
		type = *p == ',' || (type && *p != '=');
	}
	if (type || was == '=' || was == ' ')
		return NULL;
	for (key = to = arena_text(mem, dn); *to; to++)
		if (*to >= 'A' && *to <= 'Z')
			*to = (char)(*to + 32);
	return key;
}

char *
dn_key(struct arena *mem, const char *dn)
{
	LDAPDN parsed = NULL;
	char *key = NULL;

	if (dn && *dn && (key = plain_key(mem, dn)))
		return key;
	if (!dn || !*dn)                /* RFC 4514; and quotes and semicolons as RFC 1779 had them, which people still write */
		return NULL;
	if (ldap_str2dn(dn, &parsed, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS &&
	    (strpbrk(dn, "<>") || ldap_str2dn(dn, &parsed, LDAP_DN_FORMAT_LDAPV2) != LDAP_SUCCESS))
		return NULL;
	if (!parsed)
		return NULL;
	for (int r = 0; parsed[r]; r++) {
		int count = 0;
		char **avas;

		while (parsed[r][count])
			count++;
		avas = arena_array(mem, char *, (size_t)count + 1);
		for (int a = 0; a < count; a++)
			avas[a] = ava_key(mem, parsed[r][a]);
		qsort(avas, (size_t)count, sizeof(*avas), by_text);
		for (int a = 0; a < count; a++)
			key = key ? arena_print(mem, "%s%c%s", key, a ? '+' : ',', avas[a]) : avas[a];
	}
	ldap_dnfree(parsed);
	return key;
}

char *
accounts_group(struct arena *mem, const char *system, const char *name)
{
	size_t len = strlen(name);
	struct text t;
	char *out;

	text_open(&t, 4 * len + strlen(system) + 64);
	text_add(&t, "cn=");
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)name[i];

		if (strchr(",+=\\#;<>\"", c) || c < 0x20 || c == 0x7f || (c == ' ' && (i == 0 || i + 1 == len)))
			text_print(&t, "\\%02x", c);
		else
			text_char(&t, name[i]);
	}
	text_print(&t, ",o=%s,o=accounts", system);
	out = arena_text(mem, t.data);
	text_close(&t);
	return out;
}

/* ------------------------------------------------------------------ the index */

/*
 * Who is called that?  A table of hashes and numbers, made at the first question; what a hash leads to is compared by the
 * names themselves, so that nothing is kept twice for each of a hundred thousand people.
 */
struct place_of { uint32_t hash, who; };                /* who + 1; 0 = free */
struct names { struct place_of *slots; size_t room; bool ready; };
struct index { struct arena *mem; uint32_t seed; struct names names[2][2]; };   /* accounts, groups; by DN, by other names */

/* What an account and a group have in common: see nouns.h. */
struct called { const char *dn, *name, *guid, *sid, *key; };
enum { BY_DN, BY_NAME };

static struct called
called(const struct snapshot *s, bool group, uint32_t i)
{
	const struct account *a = &s->accounts[i];
	const struct group *g = &s->groups[i];

	return group ? (struct called){ g->dn, g->name, g->guid, g->sid, g->key }
		     : (struct called){ a->dn, a->name, a->guid, a->sid, a->key };
}

/* A principal of elsewhere has the SID of somebody who may be here. */
static bool
is_somebody(const struct snapshot *s, bool group, uint32_t i)
{
	return group || (s->accounts[i].class != ACCOUNT_FOREIGN && s->accounts[i].class != ACCOUNT_EVERYBODY);
}

static uint32_t
hash_of(const struct index *index, const char *text)
{
	uint64_t hash = UINT64_C(14695981039346656037) ^ index->seed;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
	return (uint32_t)(hash ^ hash >> 32);
}

static void
put_name(const struct index *index, struct names *names, const char *text, uint32_t who)
{
	uint32_t hash;
	size_t i;

	if (!text || !*text)
		return;
	hash = hash_of(index, text);
	for (i = (size_t)((uint64_t)hash * names->room >> 32); names->slots[i].who; i = i + 1 == names->room ? 0 : i + 1)
		;
	names->slots[i] = (struct place_of){ hash, who + 1 };
}

static void
fill_names(const struct snapshot *s, const struct index *index, struct names *names, bool group, int by)
{
	uint32_t count = group ? s->group_count : s->account_count;

	names->room = ((by == BY_DN ? 1 : 3) * (size_t)count) * 4 / 3 + 8;
	names->slots = arena_array(index->mem, struct place_of, names->room);
	for (uint32_t i = 0; i < count; i++) {
		struct called c = called(s, group, i);
		struct arena *mem = arena_open();

		if (by == BY_DN)
			put_name(index, names, dn_key(mem, c.dn), i);
		for (int n = 0; by == BY_NAME && n < 3 && is_somebody(s, group, i); n++)
			if ((n == 0 && c.name) || (n == 1 && c.sid) || (n == 2 && c.guid))
				put_name(index, names, text_fold(mem, n == 0 ? c.name : n == 1 ? c.sid : c.guid), i);
		arena_close(mem);
	}
	names->ready = true;
}

void
snapshot_index(struct arena *mem, struct snapshot *snapshot)
{
	struct index *index = arena_new(mem, struct index);

	index->mem = mem;
	digest_random(&index->seed, sizeof(index->seed));
	snapshot->index = index;
}

static bool
is_called(struct arena *mem, struct called c, int by, const char *text)
{
	const char *key = by == BY_DN ? dn_key(mem, c.dn) : NULL;

	if (by == BY_DN)
		return key && strcmp(key, text) == 0;
	return (c.name && strcmp(text_fold(mem, c.name), text) == 0) || (c.sid && strcmp(text_fold(mem, c.sid), text) == 0) ||
	       (c.guid && strcmp(text_fold(mem, c.guid), text) == 0);
}

static long
find(struct arena *mem, const struct snapshot *s, bool group, int by, const char *spelling, const char *text)
{
	struct index *index = s->index;
	struct names *names = &index->names[group][by];
	long found = -1;
	uint32_t hash;

	if (!text)
		return -1;
	if (!names->ready)
		fill_names(s, index, names, group, by);
	hash = hash_of(index, text);
	for (size_t i = (size_t)((uint64_t)hash * names->room >> 32); names->slots[i].who; i = i + 1 == names->room ? 0 : i + 1) {
		uint32_t who = names->slots[i].who - 1;

		if (names->slots[i].hash != hash || (long)who == found || !is_called(mem, called(s, group, who), by, text))
			continue;
		if (by == BY_DN && strcmp(called(s, group, who).dn, spelling) == 0)
			return who;
		found = found == -1 ? (long)who : -2;
	}
	return found;
}

/* Those whose names the accounts do not hold any longer. */
static long
find_alias(const struct snapshot *s, const char *dn, const char *name, long found)
{
	for (size_t i = 0; i < s->aliases.count; i++) {
		const struct alias *a = &s->aliases.items[i];

		if ((dn && strcmp(a->dn_key, dn) == 0) || (name && strcmp(a->name, name) == 0))
			found = found == -1 ? (long)a->account : -2;
	}
	return found;
}

static long
look(const struct snapshot *s, bool group, const char *spelling)
{
	struct arena *mem;
	const char *dn, *name;
	long found;

	if (!s->index || !spelling || !*spelling)
		return -1;
	mem = arena_open();
	dn = dn_key(mem, spelling);
	found = find(mem, s, group, BY_DN, spelling, dn);
	if (found == -1 && !group && dn)
		found = find_alias(s, dn, NULL, found);
	if (found == -1) {
		name = text_fold(mem, spelling);
		found = find(mem, s, group, BY_NAME, spelling, name);
		found = group ? found : find_alias(s, NULL, name, found);
	}
	arena_close(mem);
	return found;
}

long snapshot_account(const struct snapshot *snapshot, const char *spelling) { return look(snapshot, false, spelling); }
long snapshot_group(const struct snapshot *snapshot, const char *spelling) { return look(snapshot, true, spelling); }

/* ------------------------------------------------------------------ the order of a plan */

static int
cmp(const char *a, const char *b)
{
	if (a == b || !a || !b)
		return (a != NULL) - (b != NULL);
	return strcmp(a, b);
}

#define ORDER(function, type, ...)                                                                 \
	static int function(const void *left, const void *right)                                   \
	{                                                                                          \
		const type *a = left, *b = right;                                                  \
		const char *const x[] = { __VA_ARGS__ };                                           \
		const size_t half = sizeof(x) / sizeof(*x) / 2;                                    \
		(void)a, (void)b;                                                                  \
		for (size_t i = 0; i < half; i++) {                                                \
			int c = cmp(x[2 * i], x[2 * i + 1]);                                       \
			if (c)                                                                     \
				return c;                                                          \
		}                                                                                  \
		return 0;                                                                          \
	}
#define BOTH(field) a->field, b->field

ORDER(by_proposal, struct proposal, kind_word[a->kind], kind_word[b->kind], BOTH(key))
ORDER(by_missing, struct missing, BOTH(system), BOTH(role), BOTH(account))
ORDER(by_clash, struct clash, BOTH(system), BOTH(account), BOTH(why), a->role_count ? a->roles[0] : NULL,
      b->role_count ? b->roles[0] : NULL)
ORDER(by_structural, struct structural, BOTH(system), BOTH(role), BOTH(account), BOTH(group))
ORDER(by_finding, struct finding, BOTH(kind), BOTH(system), BOTH(role), BOTH(share), BOTH(series), BOTH(account),
      BOTH(group), BOTH(text))
ORDER(by_gap, struct gap, BOTH(what), BOTH(id), BOTH(path), BOTH(text))
ORDER(by_brake, struct brake, BOTH(scope), BOTH(stands))
ORDER(by_unclear, struct unclear, BOTH(system), BOTH(role), BOTH(key), BOTH(group), BOTH(share), BOTH(path), BOTH(series))

ORDER(by_stock, struct stock, BOTH(share), BOTH(series), BOTH(folder))

struct size { const char *scope; long long of; };
ORDER(by_size, struct size, BOTH(scope))

#define SORT(list, order)                                                                          \
	((list).count > 1 ? qsort((list).items, (list).count, sizeof(*(list).items), order) : (void)0)

void
plan_sort(struct plan *plan)
{
	SORT(plan->proposals, by_proposal);
	SORT(plan->missing, by_missing);
	SORT(plan->conflicts, by_clash);
	SORT(plan->structural, by_structural);
	SORT(plan->findings, by_finding);
	SORT(plan->gaps, by_gap);
	SORT(plan->brakes, by_brake);
	SORT(plan->unclear, by_unclear);
	SORT(plan->sizes, by_size);
	SORT(plan->stock, by_stock);
}

/* ------------------------------------------------------------------ JSON */

char *
place_text(struct arena *mem, struct place at)
{
	if (!at.file)
		return NULL;
	return at.line > 0 ? arena_print(mem, "%s:%d", at.file, at.line) : arena_text(mem, at.file);
}

/* A text from outside, made safe to be JSON. */
static void
put(json_t *o, const char *key, const char *text, struct arena *mem)
{
	json_put(o, key, text && !text_is_utf8(text, strlen(text)) ? name_show(mem, text) : text);
}

static json_t *
texts(const char **list, int count, struct arena *mem)
{
	json_t *array = json_array();

	for (int i = 0; i < count; i++) {
		bool clean = text_is_utf8(list[i], strlen(list[i]));
		json_array_append_new(array, json_string(clean ? list[i] : name_show(mem, list[i])));
	}
	return array;
}

static void
access_json(json_t *o, const struct proposal *p, struct arena *mem)
{
	put(o, "system", p->system, mem);
	put(o, "role", p->role, mem);
	put(o, "group", p->group, mem);
	put(o, "guid", p->guid, mem);
	put(o, "member", p->member, mem);
	if (p->kind == KIND_REMOVE_MEMBER)
		put(o, "account", p->account, mem);
	else
		json_object_set_new(o, "accounts", json_integer(p->accounts));
	json_object_set_new(o, "path", texts(p->path, p->path_count, mem));
	json_object_set_new(o, "also", texts(p->also, p->also_count, mem));
}

static void
batch_json(json_t *o, const struct proposal *p, struct arena *mem)
{
	put(o, "series", p->series, mem);
	put(o, "share", p->share, mem);
	put(o, "batch", p->batch, mem);
	json_object_set_new(o, "files", json_integer(p->files));
	json_object_set_new(o, "bytes", json_integer(p->bytes));
	put(o, "due", day_text(mem, p->due), mem);
	put(o, "manifest", p->manifest, mem);
}

json_t *
proposal_json(const struct proposal *p, int episode)
{
	struct arena *mem = arena_open();
	json_t *o = json_object();

	put(o, "id", arena_print(mem, "%s-%d", p->key, episode), mem);
	put(o, "kind", kind_word[p->kind], mem);
	if (p->kind == KIND_REMOVE_MEMBER || p->kind == KIND_CUT_NESTING)
		access_json(o, p, mem);
	else
		batch_json(o, p, mem);
	put(o, "owner", p->owner, mem);
	put(o, "why", p->why, mem);
	put(o, "rule", place_text(mem, p->rule), mem);
	arena_close(mem);
	return o;
}

static void
add_entries(json_t *array, const struct manifest_frame *f)
{
	struct arena *mem = arena_open();
	struct error never = { 0 };
	struct record *r;

	if (manifest_unpack(mem, f, NULL, &r, &never) < 0)
		abort();                /* we packed it ourselves, in our own memory */
	for (long long i = 0; i < f->files; i++) {
		json_t *o = json_object();
		json_put(o, "path", name_show(mem, r[i].path));
		json_object_set_new(o, "bytes", json_integer((json_int_t)r[i].size));
		json_put(o, "due", day_text(mem, r[i].due));
		json_array_append_new(array, o);
	}
	arena_close(mem);
}

static json_t *
entries_json(const struct proposal *p)
{
	json_t *array = json_array();

	for (size_t i = 0; p->packed && i < p->packed->count; i++)
		add_entries(array, &p->packed->frames[i]);
	return array;
}

/* A new object at the end of a list, with its texts: pairs of key and value; absent ones are left out. */
static json_t *
row(json_t *array, struct arena *mem, const char *const pair[][2], size_t count)
{
	json_t *o = json_object();

	for (size_t i = 0; i < count; i++)
		if (pair[i][1])
			put(o, pair[i][0], pair[i][1], mem);
	json_array_append_new(array, o);
	return o;
}
#define ROW(array, ...)                                                                            \
	row(array, mem, (const char *const[][2]){ __VA_ARGS__ },                                   \
	    sizeof((const char *const[][2]){ __VA_ARGS__ }) / sizeof(const char *const[2]))

static json_t *
list(json_t *o, const char *key)
{
	json_t *array = json_array();

	json_object_set_new(o, key, array);
	return array;
}

static void
proposals_json(json_t *o, const struct plan *plan, bool entries)
{
	json_t *array = list(o, "proposals");

	for (size_t i = 0; i < plan->proposals.count; i++) {
		const struct proposal *p = &plan->proposals.items[i];
		json_t *one = proposal_json(p, 0);
		if (entries && (p->kind == KIND_DESTROY || p->kind == KIND_DELIVER))
			json_object_set_new(one, "entries", entries_json(p));
		json_array_append_new(array, one);
	}
}

static void
judged_json(json_t *o, const struct plan *plan, struct arena *mem)
{
	json_t *array = list(o, "missing");

	for (size_t i = 0; i < plan->missing.count; i++) {
		const struct missing *m = &plan->missing.items[i];
		ROW(array, { "system", m->system }, { "role", m->role }, { "account", m->account });
	}
	array = list(o, "conflicts");
	for (size_t i = 0; i < plan->conflicts.count; i++) {
		const struct clash *c = &plan->conflicts.items[i];
		json_t *one = ROW(array, { "system", c->system }, { "account", c->account }, { "why", c->why },
				  { "rule", place_text(mem, c->rule) });
		json_object_set_new(one, "roles", texts(c->roles, c->role_count, mem));
	}
	array = list(o, "structural");
	for (size_t i = 0; i < plan->structural.count; i++) {
		const struct structural *s = &plan->structural.items[i];
		ROW(array, { "kind", "structural" }, { "system", s->system }, { "role", s->role },
		    { "account", s->account }, { "group", s->group }, { "why", s->why });
	}
}

static void
notes_json(json_t *o, const struct plan *plan, struct arena *mem)
{
	json_t *array = list(o, "findings");

	for (size_t i = 0; i < plan->findings.count; i++) {
		const struct finding *f = &plan->findings.items[i];
		ROW(array, { "kind", f->kind }, { "system", f->system }, { "role", f->role }, { "share", f->share },
		    { "series", f->series }, { "account", f->account }, { "group", f->group }, { "text", f->text });
	}
	array = list(o, "gaps");
	for (size_t i = 0; i < plan->gaps.count; i++) {
		const struct gap *g = &plan->gaps.items[i];
		ROW(array, { "what", g->what }, { "id", g->id }, { "path", g->path }, { "text", g->text });
	}
	array = list(o, "brakes");
	for (size_t i = 0; i < plan->brakes.count; i++) {
		const struct brake *b = &plan->brakes.items[i];
		json_t *one = ROW(array, { "scope", b->scope });
		json_object_set_new(one, "opened", json_integer(b->opened));
		json_object_set_new(one, "of", json_integer(b->of));
		json_put(one, "stands", b->stands);
	}
}

json_t *
stock_json(const struct plan *plan)
{
	json_t *array = json_array();

	for (size_t i = 0; i < plan->stock.count; i++) {
		const struct stock *s = &plan->stock.items[i];
		json_t *one = json_pack("{s:s, s:s?, s:s?, s:I, s:I, s:I}", "share", s->share, "series", s->series, "folder", s->folder,
					"files", (json_int_t)s->files, "weighed", (json_int_t)s->weighed, "bytes", (json_int_t)s->bytes);

		if (!s->series) {
			json_object_set_new(one, "ungoverned", json_integer(s->ungoverned));
			json_object_set_new(one, "held", json_integer(s->held));
		}
		json_array_append_new(array, one);
	}
	return array;
}

json_t *
plan_json(const struct plan *plan, int64_t now, bool entries)
{
	struct arena *mem = arena_open();
	json_t *o = json_object();

	json_put(o, "now", clock_text(mem, now));
	json_object_set_new(o, "complete", json_boolean(plan->gaps.count == 0));
	proposals_json(o, plan, entries);
	judged_json(o, plan, mem);
	notes_json(o, plan, mem);
	json_object_set_new(o, "stock", stock_json(plan));
	arena_close(mem);
	return o;
}

void
plan_free(struct plan *plan)
{
	for (size_t i = 0; i < plan->proposals.count; i++) {
		json_decref(plan->proposals.items[i].evidence);
		plan->proposals.items[i].evidence = NULL;
	}
	for (size_t i = 0; i < plan->going.count; i++) {
		json_decref(plan->going.items[i].evidence);
		plan->going.items[i].evidence = NULL;
	}
}
