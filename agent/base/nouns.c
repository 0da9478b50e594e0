/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nouns.c - look-ups among the shared nouns, the order of a plan, and its JSON. */
#include "behov/nouns.h"
#include "behov/json.h"
#include "behov/text.h"
#include <ldap.h>
#include <stdlib.h>
#include <string.h>

const char *const kind_word[] = {
	[KIND_REMOVE_MEMBER] = "remove-member",
	[KIND_CUT_NESTING] = "cut-nesting",
	[KIND_DESTROY] = "destroy",
	[KIND_DELIVER] = "deliver",
};

/* ------------------------------------------------------------------ rules */

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
	if (len && memchr(raw, 0, len)) {
		text_char(&t, '#');
		for (size_t i = 0; i < len; i++)
			text_print(&t, "%02x", (unsigned char)raw[i]);
	} else {
		for (const char *p = text_fold(mem, arena_copy(mem, len ? raw : "", len)); *p; p++) {
			if (strchr(",+=\\#", *p))
				text_char(&t, '\\');
			text_char(&t, *p);
		}
	}
	type = arena_print(mem, "%s=%s", type, t.data);
	text_close(&t);
	return type;
}

char *
dn_key(struct arena *mem, const char *dn)
{
	LDAPDN parsed = NULL;
	char *key = NULL;

	if (!dn || !*dn || ldap_str2dn(dn, &parsed, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS || !parsed)
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

/* ------------------------------------------------------------------ the index */

struct spelling { const char *text; uint32_t who; };
struct table { LIST(struct spelling) list; };
/* DN by bytes, DN by key, and everything else an object is called. */
struct names { struct table exact, dn, other; };
struct index { struct names accounts, groups; };

static int
by_spelling(const void *a, const void *b)
{
	const struct spelling *x = a, *y = b;
	int c = strcmp(x->text, y->text);

	return c ? c : (x->who > y->who) - (x->who < y->who);
}

static void
add(struct arena *mem, struct table *table, const char *text, uint32_t who)
{
	struct spelling *s;

	if (!text || !*text)
		return;
	s = arena_push(mem, &table->list);
	*s = (struct spelling){ .text = text, .who = who };
}

static void
name(struct arena *mem, struct names *names, const char *const word[4], uint32_t who)
{
	add(mem, &names->exact, word[0], who);
	add(mem, &names->dn, dn_key(mem, word[0]), who);
	for (int i = 1; i < 4; i++)
		if (word[i])
			add(mem, &names->other, text_fold(mem, word[i]), who);
}

static void
sort(struct table *table)
{
	if (table->list.count)
		qsort(table->list.items, table->list.count, sizeof(*table->list.items), by_spelling);
}

static void
sort_names(struct names *names)
{
	sort(&names->exact);
	sort(&names->dn);
	sort(&names->other);
}

void
snapshot_index(struct arena *mem, struct snapshot *snapshot)
{
	struct index *index = arena_new(mem, struct index);

	for (uint32_t i = 0; i < snapshot->account_count; i++) {
		const struct account *a = &snapshot->accounts[i];
		name(mem, &index->accounts, (const char *const[4]){ a->dn, a->name, a->sid, a->guid }, i);
	}
	for (uint32_t i = 0; i < snapshot->group_count; i++) {
		const struct group *g = &snapshot->groups[i];
		name(mem, &index->groups, (const char *const[4]){ g->dn, g->name, g->sid, g->guid }, i);
	}
	sort_names(&index->accounts);
	sort_names(&index->groups);
	snapshot->index = index;
}

static long
find(const struct table *table, const char *text)
{
	size_t low = 0, high = table->list.count;
	long found = -1;

	while (text && low < high) {
		size_t mid = low + (high - low) / 2;
		if (strcmp(table->list.items[mid].text, text) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (; text && low < table->list.count && strcmp(table->list.items[low].text, text) == 0; low++) {
		if (found >= 0 && found != (long)table->list.items[low].who)
			return -2;
		found = (long)table->list.items[low].who;
	}
	return found;
}

static long
look(const struct names *names, const char *spelling)
{
	struct arena *mem;
	long found = find(&names->exact, spelling);

	if (found != -1 || !spelling || !*spelling)
		return found;
	mem = arena_open();
	found = find(&names->dn, dn_key(mem, spelling));
	if (found == -1)
		found = find(&names->other, text_fold(mem, spelling));
	arena_close(mem);
	return found;
}

long
snapshot_account(const struct snapshot *snapshot, const char *spelling)
{
	return snapshot->index ? look(&((const struct index *)snapshot->index)->accounts, spelling) : -1;
}

long
snapshot_group(const struct snapshot *snapshot, const char *spelling)
{
	return snapshot->index ? look(&((const struct index *)snapshot->index)->groups, spelling) : -1;
}

/* ------------------------------------------------------------------ the order of a plan */

static int
cmp(const char *a, const char *b)
{
	if (!a || !b)
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
		for (size_t i = 0; i < half; i++)                                                  \
			if (cmp(x[2 * i], x[2 * i + 1]))                                           \
				return cmp(x[2 * i], x[2 * i + 1]);                                \
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
ORDER(by_brake, struct brake, BOTH(scope))
ORDER(by_grant, struct grant, BOTH(system), BOTH(role), BOTH(key), BOTH(account), BOTH(via))
ORDER(by_unclear, struct unclear, BOTH(system), BOTH(role), BOTH(key), BOTH(group), BOTH(share), BOTH(path), BOTH(series))

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
	SORT(plan->grants, by_grant);
	SORT(plan->unclear, by_unclear);
	SORT(plan->sizes, by_size);
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

static json_t *
entries_json(const struct proposal *p, struct arena *mem)
{
	json_t *array = json_array();

	for (size_t i = 0; i < p->record_count; i++) {
		json_t *o = json_object();
		json_put(o, "path", name_show(mem, p->records[i].path));
		json_object_set_new(o, "bytes", json_integer((json_int_t)p->records[i].size));
		json_put(o, "due", day_text(mem, p->records[i].due));
		json_array_append_new(array, o);
	}
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
proposals_json(json_t *o, const struct plan *plan, bool entries, struct arena *mem)
{
	json_t *array = list(o, "proposals");

	for (size_t i = 0; i < plan->proposals.count; i++) {
		const struct proposal *p = &plan->proposals.items[i];
		json_t *one = proposal_json(p, 0);
		if (entries && (p->kind == KIND_DESTROY || p->kind == KIND_DELIVER))
			json_object_set_new(one, "entries", entries_json(p, mem));
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
	}
}

json_t *
plan_json(const struct plan *plan, int64_t now, bool entries)
{
	struct arena *mem = arena_open();
	json_t *o = json_object();

	json_put(o, "now", clock_text(mem, now));
	json_object_set_new(o, "complete", json_boolean(plan->gaps.count == 0));
	proposals_json(o, plan, entries, mem);
	judged_json(o, plan, mem);
	notes_json(o, plan, mem);
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
}
