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
			*arena_push(b->scratch, &b->added) = (struct note){ group, who, when };
	}
}

/* ------------------------------------------------------------------ the order of all */

/* Sorted by bits: a pass for each byte, but not for those in which all are equal.  In heads or in spare. */
struct head { uint64_t bits; const struct object *who; };

static struct head *
sort_heads(struct head *heads, struct head *spare, size_t count)
{
	uint64_t differ = 0;

	for (size_t i = 1; i < count; i++)
		differ |= heads[i].bits ^ heads[0].bits;
	for (int shift = 0; shift < 64; shift += 8) {
		size_t first[257] = { 0 };
		struct head *swap = heads;

		if (!(differ >> shift & 255))
			continue;
		for (size_t i = 0; i < count; i++)
			first[(heads[i].bits >> shift & 255) + 1]++;
		for (int i = 0; i < 256; i++)
			first[i + 1] += first[i];
		for (size_t i = 0; i < count; i++)
			spare[first[heads[i].bits >> shift & 255]++] = heads[i];
		heads = spare;
		spare = swap;
	}
	return heads;
}

static const char *key_of(const struct object *o) { return o->as.account.key; }

static int
order_key(const void *x, const void *y)
{
	return strcmp(key_of(((const struct head *)x)->who), key_of(((const struct head *)y)->who));
}

static uint64_t
head_bits(const char *key)
{
	uint64_t bits = 0;

	for (int i = 0; i < 8; i++)
		bits = bits << 8 | (*key ? (unsigned char)*key++ : 0);
	return bits;
}

/* All objects by their key. */
static struct head *
sort_objects(struct builder *b)
{
	size_t n = b->object_count, run;
	struct head *heads = arena_array(b->scratch, struct head, n + 1), *spare = arena_array(b->scratch, struct head, n + 1);

	for (uint32_t i = 0; i < n; i++)
		heads[i] = (struct head){ head_bits(key_of(object_at(b, i))), object_at(b, i) };
	heads = sort_heads(heads, spare, n);
	for (size_t i = 0; i < n; i += run) {
		for (run = 1; i + run < n && heads[i + run].bits == heads[i].bits; )
			run++;
		if (run > 1)
			qsort(heads + i, run, sizeof(*heads), order_key);
	}
	return heads;
}

static int
twice(const struct builder *b, const struct object *x, const struct object *y, struct error *err)
{
	const struct object *later = x->line > y->line ? x : y, *first = later == x ? y : x;
	const char *shown = b->origins.items[later->source].shown;

	if (!later->line)
		return error_set(err, ERROR_SOURCE, "'%s': '%s' is there twice: was it moved while the directory was read?",
				 shown, name_show(b->scratch, later->as.account.dn));
	return error_set(err, ERROR_SOURCE, "%s:%d: '%s' is there twice, first in line %d", shown, later->line,
			 name_show(b->scratch, later->as.account.dn), first->line);
}

static const char *
manager_of(struct builder *b, const struct object *o)
{
	uint32_t who = o->manager == NOBODY ? NOBODY : b->owners.items[o->manager];
	const struct word *w = o->manager == NOBODY ? NULL : &b->names.words.items[o->manager];

	if (!w)
		return NULL;
	return who < AMBIGUOUS && !strcmp(object_at(b, who)->as.account.dn, w->text) ? object_at(b, who)->as.account.dn
										     : pool_copy(&b->texts, w->text, w->len);
}

static int
number_objects(struct builder *b, struct snapshot *out, const char **employees, struct error *err)
{
	struct head *heads = sort_objects(b);
	uint32_t groups = 0;

	for (uint32_t i = 0; i < b->object_count; i++) {
		if (i && strcmp(key_of(heads[i - 1].who), key_of(heads[i].who)) == 0)
			return twice(b, heads[i - 1].who, heads[i].who, err);
		groups += heads[i].who->is_group;
	}
	out->accounts = arena_array(b->mem, struct account, b->object_count - groups + 1);
	out->groups = arena_array(b->mem, struct group, groups + 1);
	for (uint32_t i = 0; i < b->object_count; i++) {
		struct object *o = (struct object *)heads[i].who;

		if (i + 8 < b->object_count)
			__builtin_prefetch(heads[i + 8].who);
		o->index = o->is_group ? out->group_count++ : out->account_count++;
		if (o->is_group) {
			out->groups[o->index] = o->as.group;
			continue;
		}
		out->accounts[o->index] = o->as.account;
		out->accounts[o->index].manager = manager_of(b, o);
		employees[o->index] = o->employee;
		out->seen.people += o->as.account.class == ACCOUNT_PERSON;
	}
	return 0;
}

/* ------------------------------------------------------------------ edges */

/* Accounts before groups, each by number; of the same member twice the primary one stays. */
#define BITS_GROUP (UINT64_C(1) << 33)
#define BITS_LISTED UINT64_C(1)

static uint64_t
edge_bits(const struct object *who)
{
	return (who->is_group ? BITS_GROUP : 0) | (uint64_t)who->index << 1;
}

/* The groups by their number, and those who have one as their primary group, in one row after another. */
struct rows { struct object **groups; uint32_t *first; uint32_t *members; uint64_t *bits; size_t most, total; };

static struct rows
find_rows(struct builder *b, const struct snapshot *out)
{
	struct rows r = {
		.groups = arena_array(b->scratch, struct object *, (size_t)out->group_count + 1),
		.first = arena_array(b->scratch, uint32_t, (size_t)out->group_count + 2),
		.members = arena_array(b->scratch, uint32_t, b->primaries.count + 1),
		.bits = arena_array(b->scratch, uint64_t, (size_t)b->object_count + 1),
	};

	for (uint32_t i = 0; i < b->object_count; i++) {
		r.bits[i] = edge_bits(object_at(b, i));
		if (object_at(b, i)->is_group)
			r.groups[object_at(b, i)->index] = object_at(b, i);
	}
	for (size_t i = 0; i < b->primaries.count; i++)
		r.first[object_at(b, b->primaries.items[i].group)->index + 2]++;
	for (uint32_t g = 0; g < out->group_count; g++)
		r.first[g + 1] += r.first[g];
	for (size_t i = 0; i < b->primaries.count; i++)
		r.members[r.first[object_at(b, b->primaries.items[i].group)->index + 1]++] = b->primaries.items[i].member;
	for (uint32_t g = 0; g < out->group_count; g++) {
		size_t count = r.groups[g]->member_count + r.first[g + 1] - r.first[g];

		r.most = count > r.most ? count : r.most;
		r.total += count;
	}
	return r;
}

static size_t
gather(const struct builder *b, const struct rows *r, uint32_t g, struct head *heads)
{
	const struct object *group = r->groups[g];
	size_t count = 0;

	for (uint32_t m = 0; m < group->member_count; m++)
		heads[count++].bits = r->bits[b->owners.items[group->members[m]]] | BITS_LISTED;
	for (uint32_t m = r->first[g]; m < r->first[g + 1]; m++)
		heads[count++].bits = r->bits[r->members[m]];
	return count;
}

static void
lay_edges(struct builder *b, struct snapshot *out)
{
	struct rows rows = find_rows(b, out);
	struct head *heads = arena_array(b->scratch, struct head, rows.most + 1);
	struct head *spare = arena_array(b->scratch, struct head, rows.most + 1);

	out->edges = arena_array(b->mem, struct edge, rows.total + 1);
	for (uint32_t g = 0; g < out->group_count; g++) {
		struct group *to = &out->groups[g];
		size_t count = gather(b, &rows, g, heads);
		const struct head *sorted = sort_heads(heads, spare, count);

		to->first = out->edge_count;
		for (size_t i = 0; i < count; i++)
			if (!i || sorted[i].bits >> 1 != sorted[i - 1].bits >> 1)
				out->edges[out->edge_count++] = (struct edge){
					.member = (uint32_t)(sorted[i].bits >> 1), .is_group = sorted[i].bits & BITS_GROUP,
					.primary = !(sorted[i].bits & BITS_LISTED),
				};
		to->count = out->edge_count - to->first;
	}
}

/* The number of that edge; edge_count when it was not laid. */
static uint32_t
find_edge(const struct builder *b, const struct snapshot *out, const struct note *note)
{
	const struct group *g = &out->groups[object_at(b, note->group)->index];
	const struct object *who = object_at(b, b->owners.items[note->member]);
	uint64_t wanted = edge_bits(who);
	uint32_t low = g->first, high = g->first + g->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct edge *e = &out->edges[middle];

		if (((e->is_group ? BITS_GROUP : 0) | (uint64_t)e->member << 1) < wanted)
			low = middle + 1;
		else
			high = middle;
	}
	return low < g->first + g->count && out->edges[low].member == who->index &&
	       out->edges[low].is_group == who->is_group ? low : out->edge_count;
}

static int
order_moment(const void *x, const void *y)
{
	const struct edge_moment *a = x, *b = y;

	if (a->edge != b->edge)
		return a->edge < b->edge ? -1 : 1;
	return (a->moment > b->moment) - (a->moment < b->moment);
}

/* When memberships end by themselves, and when they came. */
static void
lay_moments(struct builder *b, struct snapshot *out)
{
	for (size_t i = 0; i < b->timed.count; i++) {
		uint32_t e = find_edge(b, out, &b->timed.items[i]);

		if (e == out->edge_count)
			continue;
		out->edges[e].timed = true;
		*arena_push(b->mem, &out->ends) = (struct edge_moment){ e, b->timed.items[i].moment };
	}
	for (size_t i = 0; i < b->added.count; i++) {
		uint32_t e = b->owners.items[b->added.items[i].member] < AMBIGUOUS ? find_edge(b, out, &b->added.items[i])
										   : out->edge_count;

		if (e < out->edge_count)
			*arena_push(b->mem, &out->added) = (struct edge_moment){ e, b->added.items[i].moment };
	}
	if (out->ends.count)
		qsort(out->ends.items, out->ends.count, sizeof(*out->ends.items), order_moment);
	if (out->added.count)
		qsort(out->added.items, out->added.count, sizeof(*out->added.items), order_moment);
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
	if (number_objects(b, out, *employees, err) < 0)
		return -1;
	lay_edges(b, out);
	lay_moments(b, out);
	for (size_t i = 0; i < b->gaps.count; i++)
		*arena_push(b->mem, &out->gaps) = b->gaps.items[i];
	for (size_t i = 0; i < b->findings.count; i++)
		*arena_push(b->mem, &out->findings) = b->findings.items[i];
	out->seen.groups = out->group_count;
	for (size_t i = 0; i < b->origins.count; i++) {
		if (b->origins.items[i].list)           /* who has an account there need not be one of ours */
			continue;
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
