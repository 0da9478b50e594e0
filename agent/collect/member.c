/* SPDX-License-Identifier: GPL-3.0-or-later */
/* member.c - one entry of a directory becomes a group: whom it names as its members, in each way that directories have. */
#include "build_p.h"

/* The first reason is told. */
void
entry_doubt(struct builder *b, struct group *g, const char *why)
{
	if (g->unknown)
		return;
	g->unknown = true;
	g->unknown_why = why;
	*arena_push(b->scratch, &b->gaps) = (struct gap){ .what = "group", .id = g->dn, .text = why };
}

/*
 * MS-ADTS 3.1.1.9.2: "<TTL=seconds>,CN=…" where a membership ends by itself ("<TTL=seconds,CN=…>" is taken, too).  Cuts the
 * value to the name; false when it is no such thing.
 */
static bool
take_ttl(struct berval *v, long long *seconds)
{
	size_t at = 5;

	if (v->bv_len < 8 || strncasecmp(v->bv_val, "<TTL=", 5) != 0)
		return false;
	for (*seconds = 0; at < v->bv_len && v->bv_val[at] >= '0' && v->bv_val[at] <= '9' && *seconds < INT32_MAX; at++)
		*seconds = *seconds * 10 + (v->bv_val[at] - '0');
	if (at == 5 || at + 2 >= v->bv_len)
		return false;
	if (v->bv_val[at] == ',' && v->bv_val[v->bv_len - 1] == '>')
		v->bv_len--;
	else if (v->bv_val[at] != '>' || v->bv_val[++at] != ',')
		return false;
	v->bv_val += at + 1;
	v->bv_len -= at + 1;
	return true;
}

/* RFC 4517 3.3.21: a uniqueMember may end in a bit string: dn#'0101'B. */
static size_t
without_bits(const char *bytes, size_t len)
{
	size_t at = len;

	if (len < 5 || bytes[len - 1] != 'B' || bytes[len - 2] != '\'')
		return len;
	while (at > 0 && bytes[at - 1] != '#')
		at--;
	return at > 1 && bytes[at] == '\'' ? at - 1 : len;
}

/* A value of a member list as the name it is; empty when it is none. */
static void
take_member(struct builder *b, enum field f, struct berval *v, long long *seconds)
{
	if (!v->bv_len || *v->bv_val != '<' || !take_ttl(v, seconds))
		*seconds = -1;
	if (f == FIELD_UNIQUE)
		v->bv_len = without_bits(v->bv_val, v->bv_len);
	if (f == FIELD_MEMBER_UID && !readable(v)) {
		v->bv_len = 0;
	} else if (f == FIELD_MEMBER_UID) {
		v->bv_val = arena_print(b->scratch, "\1%.*s", (int)v->bv_len, v->bv_val);
		v->bv_len++;
	}
}

static void
keep_member(struct builder *b, struct object *o, uint32_t me, uint32_t name, long long seconds)
{
	if (name == NOBODY) {
		b->at->unreadable++;
		entry_doubt(b, &o->as.group, "a member's name could not be read");
		return;
	}
	o->members[o->member_count++] = name;
	if (seconds >= 0)
		*arena_push(b->scratch, &b->timed) = (struct note){ .group = me, .member = name, .moment = clock_now() + seconds };
}

static void
keep_members(struct builder *b, struct object *o, uint32_t me, enum field f, const struct values *from)
{
	uint32_t *all = arena_array(b->scratch, uint32_t, o->member_count + from->count), names[INTERN_ROW];
	struct berval row[INTERN_ROW];
	long long seconds[INTERN_ROW];

	if (o->member_count)
		memcpy(all, o->members, o->member_count * sizeof(*all));
	o->members = all;
	for (size_t i = 0, wide; i < from->count; i += wide) {
		for (wide = 0; wide < INTERN_ROW && i + wide < from->count; wide++) {
			row[wide] = from->items[i + wide];
			take_member(b, f, &row[wide], &seconds[wide]);
		}
		name_row(b, row, wide, names);
		for (size_t k = 0; k < wide; k++)
			keep_member(b, o, me, names[k], seconds[k]);
	}
	b->at->memberships += (long long)from->count;
}

static bool
is_wanted(struct builder *b, const struct group *g)
{
	const char *const words[] = { g->name, g->sid, g->guid, name_key(b, g->dn, strlen(g->dn)) };

	for (size_t i = 0; b->wanted.words.count && i < sizeof(words) / sizeof(*words); i++) {
		const char *low = words[i] ? text_fold(b->scratch, words[i]) : NULL;

		if (low && intern_find(&b->wanted, low, strlen(low)) != INTERN_NONE)
			return true;
	}
	return false;
}

int
entry_group(struct builder *b, struct object *o, uint32_t me, const struct reading *r, struct error *err)
{
	static const enum field lists[] = { FIELD_MEMBER, FIELD_UNIQUE, FIELD_MEMBER_UID };
	struct group *g = &o->as.group;
	long long type = INT32_MIN;
	bool there = false;

	if (entry_number(b, r, FIELD_GROUP_TYPE, &type, err) < 0 || entry_number(b, r, FIELD_PRIMARY, &o->primary, err) < 0)
		return -1;
	g->security = (uint64_t)type & 0x80000000u;
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		const char *name = schema_name(b->at->schema.kind, lists[i]);
		struct values all = { 0 };

		if (name && (r->field[lists[i]] || r->part[lists[i]] || r->entry->doubt))
			all = range_join(b->scratch, r->entry, name);
		there |= all.there;
		if (all.there)
			keep_members(b, o, me, lists[i], &all);
		if (all.broken)
			entry_doubt(b, g, arena_print(b->mem, "only a part of its members was read (%s)", all.broken));
	}
	if (r->entry->doubt)
		entry_doubt(b, g, arena_print(b->mem, "only a part of its members was read (%s)", r->entry->doubt));
	b->listing += there;
	if (b->wanted.words.count && is_wanted(b, g))
		*arena_push(b->scratch, &b->registered) = g->dn;
	b->at->groups++;
	return 0;
}
