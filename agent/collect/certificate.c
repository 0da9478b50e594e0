/* SPDX-License-Identifier: GPL-3.0-or-later */
/* certificate.c - the digest of all that a snapshot says: the same over LDAP and from an export of that directory. */
#include "collect_p.h"

#include <behov/digest.h>

#define AHEAD 12

static void
add_number(struct digest *d, int64_t n)
{
	unsigned char bytes[8];

	for (int i = 0; i < 8; i++)
		bytes[i] = (unsigned char)((uint64_t)n >> (56 - 8 * i) & 255);
	digest_add(d, bytes, sizeof(bytes));
}

/* A short number, four bytes. */
static void
add_word(struct digest *d, uint32_t n)
{
	unsigned char bytes[4] = { (unsigned char)(n >> 24), (unsigned char)(n >> 16), (unsigned char)(n >> 8), (unsigned char)n };

	digest_add(d, bytes, sizeof(bytes));
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
	add_name(d, a->key, a->dn, a->name, a->guid, a->sid);
	digest_field(d, a->display);
	digest_field(d, a->mail);
	digest_field(d, a->manager);
	add_number(d, a->class);
	add_number(d, a->disabled | a->expired << 1 | a->protected_admin << 2 | a->locked << 3 | a->password_expired << 4 |
		      a->left << 5 | a->secret << 6 | a->open << 7);
	add_number(d, a->last_logon);
	add_number(d, a->created);
	for (int i = 0; i < attributes; i++) {
		add_number(d, a->unknown >> i & 1);
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
	for (uint32_t i = g->first; i < g->first + g->count; i++) {
		const struct edge *e = &s->edges[i];

		add_word(d, e->member);         /* their keys, in this order, are in it already */
		add_word(d, e->is_group | (uint32_t)e->primary << 1 | (uint32_t)e->timed << 2);
	}
}

char *
snapshot_digest(struct arena *mem, const struct rules *rules, const struct snapshot *s)
{
	struct digest *d = digest_open();
	unsigned char sum[DIGEST_SIZE];

	digest_field(d, "behov snapshot 2");
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
