/* SPDX-License-Identifier: GPL-3.0-or-later */
/* snapshot.c - who of a snapshot is meant by what somebody wrote. */
#include "behov/nouns.h"
#include "behov/digest.h"
#include "behov/text.h"
#include <string.h>

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
	const struct account *a = group ? NULL : &s->accounts[i];
	const struct group *g = group ? &s->groups[i] : NULL;

	return g ? (struct called){ g->dn, g->name, g->guid, g->sid, g->key } : (struct called){ a->dn, a->name, a->guid, a->sid, a->key };
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
