/* SPDX-License-Identifier: GPL-3.0-or-later */
/* build.c - entries of directories become accounts, groups and edges, whatever source they came from. */
#include "build_p.h"

#include <behov/json.h>
#include <behov/text.h>

#include <strings.h>

struct object *
object_new(struct builder *b)
{
	uint32_t i = b->object_count++;

	if (i / CHUNK >= b->chunk_room) {
		uint32_t room = b->chunk_room ? 2 * b->chunk_room : 64;
		struct object **more = arena_array(b->scratch, struct object *, room);

		if (b->chunk_room)
			memcpy(more, b->chunks, b->chunk_room * sizeof(*more));
		b->chunks = more;
		b->chunk_room = room;
	}
	if (i % CHUNK == 0)
		b->chunks[i / CHUNK] = arena_array(b->scratch, struct object, CHUNK);
	return object_at(b, i);
}

/* The groups that roles name, in every spelling that rules may use. */
static void
want_groups(struct builder *b)
{
	for (size_t s = 0; s < b->rules->system_count; s++)
		for (int r = 0; r < b->rules->systems[s].role_count; r++)
			for (int g = 0; g < b->rules->systems[s].roles[r].group_count; g++) {
				const char *name = b->rules->systems[s].roles[r].groups[g], *key = dn_key(b->scratch, name);
				const char *low = text_fold(b->scratch, key ? key : name);

				intern(&b->wanted, low, strlen(low));
			}
}

struct builder *
build_open(struct arena *mem, const struct rules *rules)
{
	struct arena *scratch = arena_open();
	struct builder *b = arena_new(scratch, struct builder);

	*b = (struct builder){ .mem = mem, .scratch = scratch, .rules = rules, .texts.mem = mem };
	intern_open(&b->names, scratch);
	b->names.texts.mem = mem;               /* what people and groups are called is kept */
	intern_open(&b->parents, scratch);
	intern_open(&b->parent_keys, scratch);
	intern_open(&b->values, scratch);
	intern_open(&b->wanted, scratch);
	want_groups(b);
	return b;
}

void
build_free(struct builder *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->origins.count; i++)
		json_decref(b->origins.items[i].certificate);
	arena_close(b->scratch);
}

int
build_source(struct builder *b, const struct directory *directory, const char *shown, struct error *err)
{
	struct origin *o = arena_push(b->scratch, &b->origins);

	b->at = o;
	*o = (struct origin){ .directory = directory, .shown = shown, .registered = (uint32_t)b->registered.count };
	if (directory->base && *directory->base && !(o->base = dn_key(b->scratch, directory->base)))
		return error_set(err, ERROR_CONFIG, "directory.base '%s' is not a distinguished name", directory->base);
	schema_open(&o->schema, b->scratch, directory->schema, b->rules);
	return 0;
}

void build_short(struct builder *b, const char *why) { b->stopped = b->stopped ? b->stopped : why; }
void build_reference(struct builder *b) { b->at->references++; }
void build_certify(struct builder *b, json_t *more) { b->at->certificate = more; }

size_t
build_registered(struct builder *b, const char ***dns)
{
	*dns = b->registered.count ? b->registered.items + b->at->registered : NULL;
	return b->registered.count - b->at->registered;
}

/* How often people sign in before the directory writes it down again, in days: on the root of the domain. */
static void
read_sync(struct builder *b, const struct reading *r)
{
	const struct source_attribute *a = r->field[FIELD_SYNC];
	int days = 0;

	if (!a || !a->count || !a->values[0].bv_len || a->values[0].bv_len > 5)
		return;
	for (size_t d = 0; d < a->values[0].bv_len; d++) {
		if (a->values[0].bv_val[d] < '0' || a->values[0].bv_val[d] > '9')
			return;
		days = days * 10 + (a->values[0].bv_val[d] - '0');
	}
	if (days > b->sync_days)
		b->sync_days = days;
}

int
build_entry(struct builder *b, const struct source_entry *e, struct error *err)
{
	struct reading r;
	bool is_group;
	struct object *o;
	uint32_t me;
	int inside;

	b->at->entries++;
	entry_open(b, e, &r);
	if (!entry_counts(b, &r, &is_group)) {
		read_sync(b, &r);
		return 0;
	}
	inside = name_inside(b, e->dn.bv_val, e->dn.bv_len);
	if (inside < 0)
		return entry_refuse(b, e, "not a distinguished name", err);
	if (!inside)
		return 0;
	me = b->object_count;
	o = object_new(b);
	*o = (struct object){ .is_group = is_group, .line = e->line, .source = (uint16_t)(b->origins.count - 1) };
	return entry_read(b, o, me, &r, err);
}

struct object *
build_group(struct builder *b, const char *dn, const char *name, struct error *err)
{
	uint32_t me = b->object_count, at = name_of(b, dn, strlen(dn));
	const char *key = name_key(b, dn, strlen(dn));
	struct object *o;

	if (!key || b->owners.items[at] != NOBODY) {
		error_set(err, ERROR_SOURCE, "'%s' is no name of a group, or stands there twice", name_show(b->scratch, dn));
		return NULL;
	}
	o = object_new(b);
	*o = (struct object){ .is_group = true, .source = (uint16_t)(b->origins.count - 1), .name = at, .manager = NOBODY };
	o->as.group = (struct group){ .dn = b->names.words.items[at].text, .name = pool_copy(&b->texts, name, strlen(name)),
				      .key = pool_copy(&b->texts, key, strlen(key)), .security = true };
	b->owners.items[at] = me;
	b->at->groups++;
	return o;
}

/* Domain controllers are few, and memberships many. */
static const char *
once(struct builder *b, const char *name)
{
	if (!name)
		return NULL;
	for (size_t i = 0; i < b->controllers.count; i++)
		if (strcmp(b->controllers.items[i], name) == 0)
			return b->controllers.items[i];
	*(const char **)arena_push(b->mem, &b->controllers) = arena_text(b->mem, name);
	return b->controllers.items[b->controllers.count - 1];
}

void
build_added(struct builder *b, const char *dn, const struct berval *values, size_t count)
{
	uint32_t name = intern_find(&b->names, dn, strlen(dn)), group = name == INTERN_NONE ? NOBODY : b->owners.items[name];

	for (size_t i = 0; group < AMBIGUOUS && i < count; i++) {
		int64_t when;
		struct berval member;
		uint32_t who;

		if (!added_read(b->scratch, &values[i], &member, &when))
			continue;
		who = intern_find(&b->names, member.bv_val, member.bv_len);
		if (who != INTERN_NONE)
			*arena_push(b->scratch, &b->added) = (struct note){ group, who, when, added_changed(&values[i], when),
									    once(b, added_by(b->scratch, &values[i])) };
	}
}

/* ------------------------------------------------------------------ what was not seen */

static int
order_unread(const void *x, const void *y)
{
	return strcasecmp(((const struct unread *)x)->attribute, ((const struct unread *)y)->attribute);
}

static void
say_unread(struct builder *b, struct snapshot *out)
{
	if (b->unread.count)
		qsort(b->unread.items, b->unread.count, sizeof(*b->unread.items), order_unread);
	for (size_t i = 0; i < b->unread.count; i++) {
		const struct unread *u = &b->unread.items[i];

		gap_add(b->mem, out, "directory", b->origins.items[0].shown,
			arena_print(b->mem, "%lld entries have a '%s' that cannot be read as text (the first is '%s')",
				    u->entries, u->attribute, u->key));
	}
	if (b->no_primary)
		gap_add(b->mem, out, "directory", b->origins.items[0].shown,
			arena_print(b->mem, "%lld accounts have a primary group that was not found", b->no_primary));
}

/* What every account of AD has, some of these have not: there are rights that the reading account lacks. */
static void
say_unseen(struct builder *b, struct snapshot *out)
{
	static const enum field mandatory[] = { FIELD_NAME, FIELD_CONTROL };

	for (size_t i = 0; i < b->origins.count; i++)
		for (size_t f = 0; f < sizeof(mandatory) / sizeof(*mandatory); f++) {
			const struct origin *o = &b->origins.items[i];
			long long seen = o->seen[mandatory[f]];

			if (o->schema.kind == SCHEMA_AD && seen && seen < o->people)
				gap_add(b->mem, out, "directory", o->shown,
					arena_print(b->mem, "the reading account cannot see '%s' of %lld of %lld people",
						    schema_name(SCHEMA_AD, mandatory[f]), o->people - seen, o->people));
		}
}

/* Why nothing about access may be judged, or NULL. */
static const char *
judge_whole(struct builder *b, const struct snapshot *out)
{
	long long dangling = out->seen.dangling, memberships = out->seen.memberships;

	if (b->stopped)
		return b->stopped;
	for (size_t i = 0; i < b->origins.count; i++)
		if (!b->origins.items[i].people && !b->origins.items[i].groups && !b->origins.items[i].list && b->origins.count > 1)
			return arena_print(b->mem, "not one person or group was found in '%s'", b->origins.items[i].shown);
	if (!out->seen.people)
		return "not one person was found";
	if (out->group_count && !b->listing)
		return arena_print(b->mem, "not one of %u groups has a 'member' attribute: was it exported?", out->group_count);
	if ((double)dangling > b->rules->conf.directory.dangling_ratio * (double)memberships)
		return arena_print(b->mem, "%lld of %lld members lead nowhere", dangling, memberships);
	return NULL;
}

static json_t *
certificate(const struct builder *b)
{
	json_t *all = json_object(), *sources = json_array();

	for (size_t i = 0; i < b->origins.count; i++) {
		const struct origin *o = &b->origins.items[i];
		json_t *one = json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "source", o->shown, "base",
					o->directory->base ? o->directory->base : "", "entries", (json_int_t)o->entries,
					"people", (json_int_t)o->people, "groups", (json_int_t)o->groups, "memberships",
					(json_int_t)o->memberships, "dangling", (json_int_t)o->dangling, "hidden",
					(json_int_t)o->hidden, "references", (json_int_t)o->references, "unreadable",
					(json_int_t)o->unreadable);

		if (o->list)
			json_object_set_new(one, "list", json_true());
		if (o->certificate)
			json_object_update(one, o->certificate);
		json_array_append_new(sources, one);
	}
	json_object_set_new(all, "sources", sources);
	return all;
}

int
build_close(struct builder *b, struct snapshot *out, const char ***employees, struct error *err)
{
	const char *why;

	*out = (struct snapshot){ .complete = true };
	connect_all(b);
	*employees = arena_array(b->scratch, const char *, (size_t)b->object_count + 1);
	if (order_all(b, out, *employees, err) < 0)
		return -1;
	edges_lay(b, out);
	for (size_t i = 0; i < b->gaps.count; i++)
		*arena_push(b->mem, &out->gaps) = b->gaps.items[i];
	for (size_t i = 0; i < b->findings.count; i++)
		*arena_push(b->mem, &out->findings) = b->findings.items[i];
	for (size_t i = 0; i < b->origins.count; i++) {
		if (b->origins.items[i].list)           /* who has an account there need not be one of ours */
			continue;
		out->seen.groups += b->origins.items[i].groups;
		out->seen.memberships += b->origins.items[i].memberships;
		out->seen.dangling += b->origins.items[i].dangling;
	}
	out->sync_days = b->sync_days;
	why = judge_whole(b, out);
	if (why) {
		out->complete = false;
		gap_add(b->mem, out, "directory", b->origins.items[0].shown, why);
	}
	say_unread(b, out);
	say_unseen(b, out);
	say_members(b, out);
	out->certificate = certificate(b);
	snapshot_index(b->mem, out);
	return 0;
}
