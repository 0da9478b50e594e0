/* SPDX-License-Identifier: GPL-3.0-or-later */
/* connect.c - who the members of groups are, when every entry has been read. */
#include "build_p.h"

#include <behov/text.h>

/*
 * A principal of another forest stands here as its SID alone.  Where that forest is one of our directories, the member is
 * the account itself; otherwise it stays what it is, and is never taken for nobody.
 */
static void
find_foreign(struct builder *b)
{
	struct intern sids;
	LIST(uint32_t) foreign = { 0 };
	uint32_t known = b->object_count;

	intern_open(&sids, b->scratch);
	for (uint32_t i = 0; i < known; i++) {
		const struct object *o = object_at(b, i);

		if (o->is_group || o->as.account.class != ACCOUNT_FOREIGN || !o->as.account.sid)
			continue;
		if (intern(&sids, o->as.account.sid, strlen(o->as.account.sid)) == foreign.count)
			*arena_push(b->scratch, &foreign) = i;
	}
	for (uint32_t i = 0; foreign.count && i < known; i++) {
		const struct object *o = object_at(b, i);
		const char *sid = o->as.account.sid;
		uint32_t at;

		if (!sid || (!o->is_group && o->as.account.class == ACCOUNT_FOREIGN))
			continue;
		at = intern_find(&sids, sid, strlen(sid));
		if (at != INTERN_NONE)
			b->owners.items[object_at(b, foreign.items[at])->name] = i;
	}
}

/* ------------------------------------------------------------------ names that nobody has to the letter */

struct search { struct intern marks; LIST(uint32_t) who; };

/* The number of each of at most INTERN_ROW names: the same for equal ones. */
static void
number_names(struct builder *b, struct search *s, const uint32_t *names, size_t count, uint32_t *at)
{
	struct arena *mem = arena_open();
	struct berval marks[INTERN_ROW];

	for (size_t i = 0; i < count; i++) {
		const struct word *w = &b->names.words.items[names[i]];

		marks[i] = name_mark(b, mem, w->text, w->len);
	}
	intern_row(&s->marks, marks, count, at);
	arena_close(mem);
}

/* Every entry; of several with the same name the first is meant. */
static void
prepare(struct builder *b, struct search *s)
{
	uint32_t names[INTERN_ROW], at[INTERN_ROW], wide = 0;

	intern_open(&s->marks, b->scratch);
	intern_room(&s->marks, b->object_count);
	arena_room(b->scratch, &s->who, b->object_count);
	for (uint32_t i = 0; i < b->object_count; i += wide) {
		for (wide = 0; wide < INTERN_ROW && i + wide < b->object_count; wide++)
			names[wide] = object_at(b, i + wide)->name;
		number_names(b, s, names, wide, at);
		for (uint32_t k = 0; k < wide; k++)
			if (at[k] == s->who.count)
				*arena_push(b->scratch, &s->who) = b->owners.items[names[k]];
	}
}

/* A name that leads nowhere becomes an account of which we know the name only. */
static uint32_t
stranger(struct builder *b, const struct word *name)
{
	uint32_t me = b->object_count;
	struct object *o = object_new(b);
	bool user = *name->text == '\1';
	const char *key = user ? NULL : name_key(b, name->text, name->len);
	const char *dn = pool_copy(&b->texts, name->text + user, name->len - user);

	key = key ? key : text_fold(b->scratch, name->text);
	*o = (struct object){ .line = LINE_NOWHERE, .name = NOBODY, .manager = NOBODY };
	o->as.account = (struct account){
		.dn = dn, .name = user ? dn : name_first(b, dn), .key = pool_copy(&b->texts, key, strlen(key)),
		.class = ACCOUNT_OTHER, .last_logon = INT64_MIN, .created = INT64_MIN,
		.values = arena_array(b->mem, const struct value *, (size_t)b->rules->attribute_count),
	};
	return me;
}

static void
find_row(struct builder *b, struct search *s, const uint32_t *names, size_t count)
{
	uint32_t at[INTERN_ROW];

	number_names(b, s, names, count, at);
	for (size_t i = 0; i < count; i++) {
		uint32_t *owner = &b->owners.items[names[i]];
		bool two = *owner == AMBIGUOUS;

		if (at[i] == s->who.count)
			*arena_push(b->scratch, &s->who) = stranger(b, &b->names.words.items[names[i]]);
		*owner = s->who.items[at[i]];
		if (two)
			object_at(b, *owner)->line = LINE_AMBIGUOUS;
	}
}

/* Whom a group names otherwise than their entries are spelled. */
static void
find_names(struct builder *b, struct search *s, const struct object *group)
{
	uint32_t names[INTERN_ROW];
	size_t wide = 0;

	if (!s->marks.mem)
		prepare(b, s);
	for (uint32_t m = 0; m < group->member_count; m++) {
		if (b->owners.items[group->members[m]] >= AMBIGUOUS)
			names[wide++] = group->members[m];
		if (wide < INTERN_ROW && m + 1 < group->member_count)
			continue;
		find_row(b, s, names, wide);
		wide = 0;
	}
}

/* Groups that roles name, and all that lie in them: what is not known of others changes nothing. */
static bool *
find_relevant(struct builder *b)
{
	bool *relevant = arena_array(b->scratch, bool, (size_t)b->object_count + 1);
	LIST(uint32_t) open = { 0 };

	for (size_t i = 0; i < b->registered.count; i++) {
		uint32_t who = b->owners.items[intern_find(&b->names, b->registered.items[i], strlen(b->registered.items[i]))];

		if (who < AMBIGUOUS && !relevant[who])
			*arena_push(b->scratch, &open) = who;
		if (who < AMBIGUOUS)
			relevant[who] = true;
	}
	for (size_t i = 0; i < open.count; i++) {
		const struct object *o = object_at(b, open.items[i]);

		for (uint32_t m = 0; m < o->member_count; m++) {
			uint32_t who = b->owners.items[o->members[m]];

			if (relevant[who] || !object_at(b, who)->is_group)
				continue;
			relevant[who] = true;
			*arena_push(b->scratch, &open) = who;
		}
	}
	return relevant;
}

struct hidden { uint32_t group; long long members; };
struct hidden_list { LIST(struct hidden) list; };

static void
doubt_hidden(struct builder *b, const struct hidden_list *all)
{
	const bool *relevant = all->list.count ? find_relevant(b) : NULL;

	for (size_t i = 0; i < all->list.count; i++) {
		struct group *g = &object_at(b, all->list.items[i].group)->as.group;
		const char *why = arena_print(b->mem, "%lld of its members cannot be seen: does the reading account lack rights, "
					      "or are they gone?", all->list.items[i].members);

		if (relevant[all->list.items[i].group])
			entry_doubt(b, g, why);
		else if (!g->unknown)
			g->unknown_why = why;
		g->unknown = true;
	}
}

/*
 * Security is an implicit filter of every search (MS-ADTS 3.1.1.4.3): a member below our own base whose entry does not
 * come is one we may not see, not one that is not there.  It could be a group that carries anybody.
 */
static void
find_members(struct builder *b)
{
	struct search search = { 0 };
	struct hidden_list all = { 0 };
	uint32_t known = b->object_count;

	for (uint32_t i = 0; i < known; i++) {
		struct object *o = object_at(b, i);
		struct origin *origin = &b->origins.items[o->source];
		long long hidden = 0;
		bool named = true;              /* every one of them */

		for (uint32_t m = 0; m < o->member_count; m++)
			named &= b->owners.items[o->members[m]] < AMBIGUOUS;
		if (!named)
			find_names(b, &search, o);
		for (uint32_t m = 0; m < o->member_count; m++) {
			uint32_t owner = b->owners.items[o->members[m]];

			if (owner < known)
				continue;
			if (object_at(b, owner)->line == LINE_AMBIGUOUS)
				entry_doubt(b, &o->as.group, "a member's uid belongs to more than one");
			origin->dangling++;
			hidden += origin->schema.kind == SCHEMA_AD && name_is_ours(b, object_at(b, owner)->as.account.key);
		}
		origin->hidden += hidden;
		if (hidden)
			*arena_push(b->scratch, &all.list) = (struct hidden){ i, hidden };
	}
	doubt_hidden(b, &all);
}

/* ------------------------------------------------------------------ primary groups */

static const char *
primary_key(const struct builder *b, const struct object *o, char out[SID_MOST + 24])
{
	const char *sid = o->as.account.sid, *last = sid ? strrchr(sid, '-') : NULL;

	if (b->origins.items[o->source].schema.kind != SCHEMA_AD)
		snprintf(out, SID_MOST + 24, "%u:%lld", o->source, o->primary);
	else if (last)
		snprintf(out, SID_MOST + 24, "%.*s-%lld", (int)(last - sid), sid, o->primary);
	else
		return NULL;
	return out;
}

static bool
is_same_primary(const struct object *a, const struct object *b)
{
	const char *x = a->as.account.sid, *y = b->as.account.sid, *end = x ? strrchr(x, '-') : NULL;

	if (a->primary != b->primary || a->source != b->source || !x != !y)
		return false;
	return !x || (end && strncmp(x, y, (size_t)(end - x) + 1) == 0 && !strchr(y + (end - x) + 1, '-'));
}

/* In no member list, in AD as in POSIX: it stands with the person. */
static void
find_primary(struct builder *b)
{
	struct intern keys;
	LIST(uint32_t) groups = { 0 };
	const struct object *last = NULL;
	uint32_t at = INTERN_NONE;
	char text[SID_MOST + 24];

	intern_open(&keys, b->scratch);
	arena_room(b->scratch, &b->primaries, b->object_count);
	for (uint32_t i = 0; i < b->object_count; i++) {
		const struct object *o = object_at(b, i);
		bool ad = o->line >= 0 && b->origins.items[o->source].schema.kind == SCHEMA_AD;
		const char *key = !o->is_group ? NULL : ad ? o->as.group.sid : o->primary ? primary_key(b, o, text) : NULL;

		if (key && intern(&keys, key, strlen(key)) == groups.count)
			*arena_push(b->scratch, &groups) = i;
	}
	for (uint32_t i = 0; i < b->object_count; i++) {
		const struct object *o = object_at(b, i);

		if (o->is_group || !o->has_primary)
			continue;
		if (!last || !is_same_primary(o, last)) {       /* nearly all have the same one */
			const char *key = primary_key(b, o, text);

			at = key ? intern_find(&keys, key, strlen(key)) : INTERN_NONE;
			last = o;
		}
		if (at != INTERN_NONE)
			*arena_push(b->scratch, &b->primaries) = (struct link){ groups.items[at], i };
		else
			b->no_primary += b->origins.items[o->source].schema.kind == SCHEMA_AD;  /* others have local ones */
	}
}

void
connect_all(struct builder *b)
{
	find_foreign(b);
	find_members(b);
	find_primary(b);
}

/* ------------------------------------------------------------------ what they are */

/* What a migrated account was called before still opens what was opened for that SID. */
static void
say_histories(struct builder *b, struct snapshot *out)
{
	const char *first = NULL;
	uint32_t count = 0, last = NOBODY;

	for (size_t i = 0; i < b->histories.count; i++) {
		const char *name = object_at(b, b->histories.items[i].who)->as.account.name;

		count += b->histories.items[i].who != last;
		last = b->histories.items[i].who;
		if (!first || strcmp(name, first) < 0)
			first = name;
	}
	if (count)
		*arena_push(b->mem, &out->findings) = (struct finding){
			.kind = "sid-history", .account = first, .text = arena_print(b->mem,
				"%u %s bär SID från en tidigare domän (sIDHistory), det första är %s: %s kan ha behörighet "
				"som inte syns som medlemskap", count, count == 1 ? "konto" : "konton", first, count == 1 ? "det" : "de"),
		};
}

void
say_members(struct builder *b, struct snapshot *out)
{
	say_histories(b, out);
}
