/* SPDX-License-Identifier: GPL-3.0-or-later */
/* certificate.c - the digest of all that a snapshot says: the same over LDAP and from an export of that directory. */
#include "collect_p.h"

#include <behov/digest.h>

#include <endian.h>

#define AHEAD 12

static void
put_number(unsigned char *bytes, int64_t n)
{
	const uint64_t big = htobe64((uint64_t)n);

	memcpy(bytes, &big, sizeof(big));
}

static void
add_number(struct digest *d, int64_t n)
{
	unsigned char bytes[8];

	put_number(bytes, n);
	digest_add(d, bytes, sizeof(bytes));
}

/* A short number, four bytes. */
static void
put_word(unsigned char *bytes, uint32_t n)
{
	const uint32_t big = htobe32(n);

	memcpy(bytes, &big, sizeof(big));
}

#define ROW 512

/*
 * A short number for each, of which 29 bits say who: so many accounts are 190 GB.  Their keys, in this order, are in it already.
 * There are millions, so that they are handed on by the row.
 */
static void
add_edges(struct digest *d, const struct edge *edges, size_t count)
{
	unsigned char row[ROW * 4];

	for (size_t n; count; edges += n, count -= n) {
		n = count < ROW ? count : ROW;
		for (size_t i = 0; i < n; i++)
			put_word(row + 4 * i, edges[i].member << 3 | edges[i].is_group | (uint32_t)edges[i].primary << 1 |
						      (uint32_t)edges[i].timed << 2);
		digest_add(d, row, n * 4);
	}
}

/* What names it.  Without GUID and SID the key is the folded DN, and the spelling is that of whoever came first. */
static void
add_name(struct digest *d, const char *key, const char *dn, const char *name, const char *guid, const char *sid)
{
	digest_field(d, key);
	digest_field(d, guid == key ? NULL : guid);
	digest_field(d, sid == key ? NULL : sid);
	digest_field(d, guid || sid ? dn : NULL);
	digest_field(d, guid || sid ? name : NULL);
}

static void
add_account(struct digest *d, const struct account *a, int attributes)
{
	unsigned char bytes[40];

	add_name(d, a->key, a->dn, a->name, a->guid, a->sid);
	digest_field(d, a->display);
	digest_field(d, a->mail);
	digest_field(d, a->manager);
	put_number(bytes, a->class);
	put_number(bytes + 8, a->disabled | a->expired << 1 | a->protected_admin << 2 | a->locked << 3 | a->password_expired << 4 |
			      a->left << 5 | a->secret << 6 | a->open << 7);
	put_number(bytes + 16, a->last_logon);
	put_number(bytes + 24, a->created);
	put_number(bytes + 32, a->expires);
	digest_add(d, bytes, sizeof(bytes));
	for (int i = 0; i < attributes; i++) {
		add_number(d, (int64_t)((a->unknown >> i & 1) | (a->mixed >> i & 1) << 1));
		for (const struct value *v = a->values[i]; v; v = v->more)
			digest_field(d, v->text);
		digest_field(d, NULL);
	}
}

static void
add_group(struct digest *d, const struct snapshot *s, const struct group *g)
{
	add_name(d, g->key, g->dn, g->name, g->guid, g->sid);
	add_number(d, g->security | g->unknown << 1);
	add_number(d, g->count);
	if (g->count)
		add_edges(d, s->edges + g->first, g->count);
}

char *
snapshot_digest(struct arena *mem, const struct rules *rules, const struct snapshot *s)
{
	struct digest *d = digest_open();
	unsigned char sum[DIGEST_SIZE];

	digest_field(d, "behov snapshot 3");
	add_number(d, s->complete);
	add_number(d, rules->attribute_count);
	for (int i = 0; i < rules->attribute_count; i++)
		digest_field(d, rules->attributes[i].name);
	add_number(d, s->account_count);
	for (uint32_t i = 0; i < s->account_count; i++) {
		/* They stand in the order of their keys, and their texts in that of their reading. */
		if (i + AHEAD < s->account_count) {
			__builtin_prefetch(s->accounts[i + AHEAD].key);
			__builtin_prefetch(s->accounts[i + AHEAD].dn);
			__builtin_prefetch(s->accounts[i + AHEAD].mail);
		}
		add_account(d, &s->accounts[i], rules->attribute_count);
	}
	add_number(d, s->group_count);
	for (uint32_t i = 0; i < s->group_count; i++)
		digest_field(d, s->groups[i].key);
	for (uint32_t i = 0; i < s->group_count; i++)
		add_group(d, s, &s->groups[i]);
	digest_close(d, sum);
	return arena_print(mem, "sha256:%s", digest_hex(mem, sum, sizeof(sum)));
}
