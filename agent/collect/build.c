/* SPDX-License-Identifier: GPL-3.0-or-later */
/* build.c - entries of a directory become accounts, groups and edges, whatever source they came from. */
#include "collect_p.h"

#include <behov/text.h>

#include <errno.h>
#include <strings.h>

struct slot { const char *key; size_t at; };
struct table { struct slot **slots; size_t count, room; };     /* open addressing, room a power of two */

struct object {
	const char *dn;
	int line;
	bool is_group;
	bool has_primary;                       /* a primaryGroupID stands there */
	uint32_t index;
	struct account account;
	struct group group;
	const char *employee, *primary;         /* primary: the SID of the primary group */
	const struct source_attribute *members;
};

struct link { size_t group, member; bool primary; };

/* What could not be read as text, by attribute: how many entries, and the first of them by its key. */
struct unread { const char *attribute, *key, *last; long long entries; };

struct builder {
	struct arena *mem;
	const struct rules *rules;
	const char *source, *base, *stopped;
	LIST(struct object) objects;
	LIST(struct link) links;
	LIST(struct gap) gaps;
	LIST(struct unread) unread;
	struct table by_dn, by_key;     /* dn_key -> object; key and SID -> object */
	long long entries, references, memberships, dangling;
	long long unreadable;           /* values that are no text */
	long long listing, no_primary;  /* groups with a member attribute; accounts whose primary group was not found */
};

static struct slot **
probe(const struct table *t, const char *key)
{
	uint64_t hash = 14695981039346656037u;

	for (const char *p = key; *p; p++)
		hash = (hash ^ (unsigned char)*p) * 1099511628211u;
	for (size_t i = (hash ^ hash >> 32) & (t->room - 1); ; i = (i + 1) & (t->room - 1))
		if (!t->slots[i] || !strcmp(t->slots[i]->key, key))
			return &t->slots[i];
}

/* The slot of that key: the one that was there, or a new one. */
static struct slot *
place(struct builder *b, struct table *t, const char *key, size_t at)
{
	struct slot **slot;

	if (2 * t->count >= t->room) {
		struct table more = { .count = t->count, .room = t->room ? 2 * t->room : 1024 };

		more.slots = arena_array(b->mem, struct slot *, more.room);
		for (size_t i = 0; i < t->room; i++)
			if (t->slots[i])
				*probe(&more, t->slots[i]->key) = t->slots[i];
		*t = more;
	}
	slot = probe(t, key);
	if (!*slot) {
		*slot = arena_new(b->mem, struct slot);
		**slot = (struct slot){ key, at };
		t->count++;
	}
	return *slot;
}

static struct slot *
find(const struct table *t, const char *key)
{
	return t->room ? *probe(t, key) : NULL;
}

struct builder *
build_open(struct arena *mem, const struct rules *rules, const char *source)
{
	struct builder *b = arena_new(mem, struct builder);

	*b = (struct builder){ .mem = mem, .rules = rules, .source = source };
	if (rules->conf.directories[0].base && *rules->conf.directories[0].base)
		b->base = dn_key(mem, rules->conf.directories[0].base);
	return b;
}

void build_short(struct builder *b, const char *why) { b->stopped = b->stopped ? b->stopped : why; }
void build_reference(struct builder *b) { b->references++; }

static const struct source_attribute *
attribute(const struct source_entry *e, const char *name)
{
	for (size_t i = 0; i < e->attributes.count; i++)
		if (!strcasecmp(e->attributes.items[i].name, name) && !e->attributes.items[i].options)
			return &e->attributes.items[i];
	return NULL;
}

static bool
readable(const struct source_value *v)
{
	return v->len && text_is_utf8(v->bytes, v->len);
}

static const char *
one(const struct source_entry *e, const char *name)
{
	const struct source_attribute *a = attribute(e, name);

	return a && a->values.count && readable(&a->values.items[0]) ? a->values.items[0].bytes : NULL;
}

/* A value of it is there but is no text, or only a part of its values came: what it says is not known. */
static bool
is_unread(const struct source_entry *e, const char *name)
{
	for (size_t i = 0; i < e->attributes.count; i++) {
		const struct source_attribute *a = &e->attributes.items[i];

		if (strcasecmp(a->name, name) != 0)
			continue;
		if (range_is(a->options))
			return true;
		for (size_t v = 0; !a->options && v < a->values.count; v++)
			if (!text_is_utf8(a->values.items[v].bytes, a->values.items[v].len))
				return true;
	}
	return false;
}

static void
note_unread(struct builder *b, const char *attribute, const char *key)
{
	struct unread *u = NULL;

	for (size_t i = 0; i < b->unread.count && !u; i++)
		if (!strcasecmp(b->unread.items[i].attribute, attribute))
			u = &b->unread.items[i];
	if (!u) {
		u = arena_push(b->mem, &b->unread);
		*u = (struct unread){ .attribute = attribute, .key = key };
	}
	if (u->last == key)             /* a need may ask for what a letter needs, too */
		return;
	u->last = key;
	u->entries++;
	b->unreadable++;
	if (strcmp(key, u->key) < 0)
		u->key = key;
}

/* one(), and the gap is noted when it is there but is no text. */
static const char *
one_or_unread(struct builder *b, const struct source_entry *e, const char *name, const char *key)
{
	if (is_unread(e, name))
		note_unread(b, name, key);
	return one(e, name);
}

static bool
is_a(const struct source_entry *e, const char *class)
{
	const struct source_attribute *a = attribute(e, "objectClass");

	for (size_t i = 0; a && i < a->values.count; i++)
		if (!strcasecmp(a->values.items[i].bytes, class))
			return true;
	return false;
}

static int
refuse(struct builder *b, const struct source_entry *e, const char *what, struct error *err)
{
	if (!e->line)                   /* a server has no lines */
		return error_set(err, ERROR_SOURCE, "'%s': '%s': %s", b->source, e->dn, what);
	return error_set(err, ERROR_SOURCE, "%s:%d: '%s': %s", b->source, e->line, e->dn, what);
}

static int
number(struct builder *b, const struct source_entry *e, const char *name, long long *out, struct error *err)
{
	const char *text = one(e, name);
	char *end;

	if (!attribute(e, name))
		return 0;
	errno = 0;
	*out = text ? strtoll(text, &end, 10) : 0;
	if (!text || errno || end == text || *end)
		return refuse(b, e, arena_print(b->mem, "%s is not a number", name), err);
	return 0;
}

static const char *
first_name(struct arena *mem, const char *dn)
{
	const char *from = strchr(dn, '=');
	char *out, *to;

	out = to = arena_text(mem, from ? from + 1 : dn);
	for (const char *p = out; *p && *p != ','; p++) {
		if (*p == '\\' && p[1])
			p++;
		*to++ = *p;
	}
	*to = '\0';
	return out;
}

static int
order_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
values(struct builder *b, struct account *a, const struct source_entry *e, int i)
{
	const struct source_attribute *from = attribute(e, b->rules->attributes[i].ad);
	const char **texts;

	if (is_unread(e, b->rules->attributes[i].ad)) {
		note_unread(b, b->rules->attributes[i].ad, a->key);
		a->unknown |= UINT64_C(1) << i;
		return;
	}
	if (!from)
		return;
	texts = arena_array(b->mem, const char *, from->values.count);
	for (size_t v = 0; v < from->values.count; v++) {
		if (!readable(&from->values.items[v])) {
			a->unknown |= UINT64_C(1) << i;
			return;
		}
		texts[v] = from->values.items[v].bytes;
	}
	qsort(texts, from->values.count, sizeof(*texts), order_text);
	for (size_t v = from->values.count; v-- > 0; ) {
		struct value *raw = arena_new(b->mem, struct value), *low = arena_new(b->mem, struct value);

		*raw = (struct value){ texts[v], a->values[i] };
		*low = (struct value){ text_fold(b->mem, texts[v]), a->folded[i] };
		a->values[i] = raw;
		a->folded[i] = low;
	}
}

static enum account_class
classify(struct builder *b, const struct source_entry *e, long long type, const char *name)
{
	const char *low = text_fold(b->mem, name);

	if (is_a(e, "msDS-GroupManagedServiceAccount"))
		return ACCOUNT_GMSA;
	if (is_a(e, "computer"))
		return ACCOUNT_COMPUTER;
	if (is_a(e, "foreignSecurityPrincipal"))
		return ACCOUNT_FOREIGN;
	if (!is_a(e, "user") && !is_a(e, "inetOrgPerson"))
		return ACCOUNT_CONTACT;
	if (type && type != 805306368)
		return ACCOUNT_OTHER;
	if (attribute(e, "servicePrincipalName"))
		return ACCOUNT_SERVICE;
	for (int i = 0; i < b->rules->conf.directory.service_account_count; i++)
		if (text_glob(b->rules->conf.directory.service_accounts[i], low))
			return ACCOUNT_SERVICE;
	return ACCOUNT_PERSON;
}

static int
account(struct builder *b, struct object *o, const struct source_entry *e, struct error *err)
{
	struct account *a = &o->account;
	long long control = 0, type = 0, expires = 0, admin = 0, logon = 0, primary = 0;
	const struct source_attribute *id = attribute(e, "employeeID");
	size_t n = (size_t)b->rules->attribute_count;
	int64_t when;

	if (number(b, e, "userAccountControl", &control, err) < 0 || number(b, e, "sAMAccountType", &type, err) < 0
	    || number(b, e, "accountExpires", &expires, err) < 0 || number(b, e, "adminCount", &admin, err) < 0
	    || number(b, e, "lastLogonTimestamp", &logon, err) < 0
	    || number(b, e, "primaryGroupID", &primary, err) < 0)
		return -1;
	a->display = one_or_unread(b, e, "displayName", a->key);
	a->mail = one_or_unread(b, e, "mail", a->key);
	a->manager = one_or_unread(b, e, "manager", a->key);
	a->disabled = control & 2;
	a->expired = clock_filetime(expires, &when) && when <= clock_now();
	a->protected_admin = admin > 0;
	a->last_logon = clock_filetime(logon, &when) ? when : INT64_MIN;
	a->created = one(e, "whenCreated") && clock_generalized(one(e, "whenCreated"), &when) ? when : INT64_MIN;
	a->class = classify(b, e, type, a->name);
	a->values = arena_array(b->mem, const struct value *, n);
	a->folded = arena_array(b->mem, const struct value *, n);
	for (int i = 0; i < b->rules->attribute_count; i++)
		if (!b->rules->attributes[i].hr && b->rules->attributes[i].ad)
			values(b, a, e, i);
	if (is_unread(e, "sAMAccountName"))     /* who that is we do not know, so nothing about them */
		a->unknown = ~UINT64_C(0);
	if (id)
		o->employee = one_or_unread(b, e, "employeeID", a->key) ? one(e, "employeeID") : "";
	o->has_primary = primary;
	if (primary && a->sid && strrchr(a->sid, '-'))
		o->primary = arena_print(b->mem, "%.*s-%lld", (int)(strrchr(a->sid, '-') - a->sid), a->sid, primary);
	return 0;
}

static void
unknown(struct builder *b, struct group *g, const char *why)
{
	g->unknown = true;
	g->unknown_why = why;
	*arena_push(b->mem, &b->gaps) = (struct gap){ .what = "group", .id = g->dn, .text = why };
}

static int
group(struct builder *b, struct object *o, const struct source_entry *e, struct error *err)
{
	struct group *g = &o->group;
	long long type = INT32_MIN;
	const char *broken;

	if (number(b, e, "groupType", &type, err) < 0)
		return -1;
	g->security = (uint64_t)type & 0x80000000u;
	o->members = range_join(b->mem, e, "member", &broken);
	if (broken || e->doubt)
		unknown(b, g, arena_print(b->mem, "only a part of its members was read (%s)", e->doubt ? e->doubt : broken));
	return 0;
}

static bool
below(const char *key, const char *base)
{
	size_t n = strlen(key), m = base ? strlen(base) : 0;

	if (!base || !strcmp(key, base))
		return true;
	return n > m + 1 && key[n - m - 1] == ',' && key[n - m - 2] != '\\' && !strcmp(key + n - m, base);
}

/* What rules and owners call it.  A name that cannot be read is no reason to answer to another one. */
static const char *
name_of(struct builder *b, const struct source_entry *e, const char *key)
{
	const char *name = one_or_unread(b, e, "sAMAccountName", key);

	if (is_unread(e, "sAMAccountName"))
		return e->dn;
	return name ? name : first_name(b->mem, e->dn);
}

/* The first value of it, as bytes. */
static const struct source_value *
first_value(const struct source_entry *e, const char *name)
{
	const struct source_attribute *a = attribute(e, name);

	return a && a->values.count ? &a->values.items[0] : NULL;
}

static int
identify(struct builder *b, struct object *o, const struct source_entry *e, const char *folded, struct error *err)
{
	const struct source_value *g = first_value(e, "objectGUID"), *s = first_value(e, "objectSid");
	const char *guid = g ? guid_text(b->mem, g->bytes, g->len) : NULL;
	const char *sid = s ? sid_text(b->mem, s->bytes, s->len) : NULL;
	const char *key = guid ? guid : sid ? sid : folded;
	const char *name = name_of(b, e, key);
	size_t me = b->objects.count - 1;
	struct slot *dn = place(b, &b->by_dn, folded, me), *id = place(b, &b->by_key, key, me);

	if ((g && !guid) || (s && !sid))
		return refuse(b, e, "a broken objectGUID or objectSid", err);
	if ((dn->at != me || id->at != me) && !e->line)
		return refuse(b, e, "is there twice: was it moved while the directory was read?", err);
	if (dn->at != me || id->at != me)
		return error_set(err, ERROR_SOURCE, "%s:%d: '%s' is there twice, first in line %d", b->source, e->line,
				 e->dn, b->objects.items[dn->at != me ? dn->at : id->at].line);
	if (sid && sid != key)
		place(b, &b->by_key, sid, me);
	o->group = (struct group){ .dn = e->dn, .name = name, .guid = guid, .sid = sid, .key = key };
	o->account = (struct account){ .dn = e->dn, .name = name, .guid = guid, .sid = sid, .key = key };
	return 0;
}

/* A base that cannot be compared with would filter nothing. */
static int
check_base(const struct builder *b, struct error *err)
{
	const char *base = b->rules->conf.directories[0].base;

	if (base && *base && !b->base)
		return error_set(err, ERROR_CONFIG, "directory.base '%s' is not a distinguished name", base);
	return 0;
}

int
build_entry(struct builder *b, const struct source_entry *e, struct error *err)
{
	bool is_group = is_a(e, "group");
	const char *folded;
	struct object *o;

	if (check_base(b, err) < 0)
		return -1;
	b->entries++;
	if (!is_group && !is_a(e, "user") && !is_a(e, "inetOrgPerson") && !is_a(e, "contact")
	    && !is_a(e, "computer") && !is_a(e, "foreignSecurityPrincipal"))
		return 0;
	if (!(folded = dn_key(b->mem, e->dn)))
		return refuse(b, e, "not a distinguished name", err);
	if (!below(folded, b->base))
		return 0;
	o = arena_push(b->mem, &b->objects);
	*o = (struct object){ .dn = e->dn, .line = e->line, .is_group = is_group };
	if (identify(b, o, e, folded, err) < 0)
		return -1;
	return is_group ? group(b, o, e, err) : account(b, o, e, err);
}

/* Who that name is; a name that leads nowhere becomes an account of which we know the name only. */
static size_t
member(struct builder *b, const char *dn)
{
	const char *folded = dn_key(b->mem, dn);
	struct slot *slot;
	struct object *o;
	size_t n = (size_t)b->rules->attribute_count;

	if (!folded)
		folded = text_fold(b->mem, dn);
	slot = place(b, &b->by_dn, folded, b->objects.count);
	if (slot->at < b->objects.count) {
		b->dangling += b->objects.items[slot->at].account.class == ACCOUNT_OTHER
			       && b->objects.items[slot->at].line < 0;
		return slot->at;
	}
	b->dangling++;
	o = arena_push(b->mem, &b->objects);
	*o = (struct object){ .dn = dn, .line = -1 };
	o->account = (struct account){
		.dn = dn, .name = first_name(b->mem, dn), .key = folded, .class = ACCOUNT_OTHER,
		.values = arena_array(b->mem, const struct value *, n),
		.folded = arena_array(b->mem, const struct value *, n),
		.last_logon = INT64_MIN, .created = INT64_MIN,
	};
	return slot->at;
}

static void
connect(struct builder *b)
{
	size_t known = b->objects.count;

	for (size_t i = 0; i < known; i++) {
		const struct source_attribute *from = b->objects.items[i].members;
		const char *sid = b->objects.items[i].primary;
		struct slot *slot = sid ? find(&b->by_key, sid) : NULL;

		if (slot && b->objects.items[slot->at].is_group)
			*arena_push(b->mem, &b->links) = (struct link){ slot->at, i, true };
		else
			b->no_primary += b->objects.items[i].has_primary;
		b->listing += from != NULL;
		for (size_t m = 0; from && m < from->values.count; m++) {
			size_t who;

			b->memberships++;
			if (!readable(&from->values.items[m])) {
				b->unreadable++;
				unknown(b, &b->objects.items[i].group, "a member's name could not be read");
				continue;
			}
			who = member(b, from->values.items[m].bytes);
			*arena_push(b->mem, &b->links) = (struct link){ i, who, false };
		}
	}
}

static int
order_object(const void *x, const void *y)
{
	const struct object *a = *(struct object *const *)x, *b = *(struct object *const *)y;

	return strcmp(a->account.key ? a->account.key : a->group.key, b->account.key ? b->account.key : b->group.key);
}

static void
number_objects(struct builder *b, struct snapshot *out, const char **employees)
{
	size_t n = b->objects.count;
	struct object **sorted = arena_array(b->mem, struct object *, n + 1);

	for (size_t i = 0; i < n; i++)
		sorted[i] = &b->objects.items[i];
	qsort(sorted, n, sizeof(*sorted), order_object);
	for (size_t i = 0; i < n; i++) {
		struct object *o = sorted[i];

		o->index = o->is_group ? out->group_count++ : out->account_count++;
		if (o->is_group) {
			out->groups[o->index] = o->group;
			continue;
		}
		out->accounts[o->index] = o->account;
		employees[o->index] = o->employee;
		out->seen.people += o->account.class == ACCOUNT_PERSON;
	}
}

static int
order_edge(const void *x, const void *y)
{
	const struct edge *a = x, *b = y;

	if (a->is_group != b->is_group)
		return a->is_group ? 1 : -1;
	if (a->member != b->member)
		return a->member < b->member ? -1 : 1;
	return (int)b->primary - (int)a->primary;
}

static void
lay_edges(struct builder *b, struct snapshot *out)
{
	uint32_t at = 0, kept = 0;

	out->edges = arena_array(b->mem, struct edge, b->links.count + 1);
	for (size_t i = 0; i < b->links.count; i++)
		out->groups[b->objects.items[b->links.items[i].group].index].count++;
	for (uint32_t g = 0; g < out->group_count; g++) {
		out->groups[g].first = at;
		at += out->groups[g].count;
		out->groups[g].count = 0;
	}
	for (size_t i = 0; i < b->links.count; i++) {
		const struct link *l = &b->links.items[i];
		const struct object *who = &b->objects.items[l->member];
		struct group *g = &out->groups[b->objects.items[l->group].index];

		out->edges[g->first + g->count++] = (struct edge){ who->index, who->is_group, l->primary };
	}
	for (uint32_t g = 0; g < out->group_count; g++) {       /* sorted; the same member twice is one */
		struct group *to = &out->groups[g];
		uint32_t first = kept;

		qsort(out->edges + to->first, to->count, sizeof(*out->edges), order_edge);
		for (uint32_t i = to->first; i < to->first + to->count; i++)
			if (kept == first || out->edges[kept - 1].member != out->edges[i].member
			    || out->edges[kept - 1].is_group != out->edges[i].is_group)
				out->edges[kept++] = out->edges[i];
		to->first = first;
		to->count = kept - first;
	}
	out->edge_count = kept;
}

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

		gap_add(b->mem, out, "directory", b->source,
			arena_print(b->mem, "%lld entries have a '%s' that cannot be read as text (the first is '%s')",
				    u->entries, u->attribute, u->key));
	}
}

int
build_close(struct builder *b, struct snapshot *out, const char ***employees, struct error *err)
{
	if (check_base(b, err) < 0)
		return -1;
	connect(b);
	*out = (struct snapshot){ .complete = true };
	out->accounts = arena_array(b->mem, struct account, b->objects.count + 1);
	out->groups = arena_array(b->mem, struct group, b->objects.count + 1);
	*employees = arena_array(b->mem, const char *, b->objects.count + 1);
	number_objects(b, out, *employees);
	lay_edges(b, out);
	for (size_t i = 0; i < b->gaps.count; i++)
		*arena_push(b->mem, &out->gaps) = b->gaps.items[i];
	out->seen.groups = out->group_count;
	out->seen.memberships = b->memberships;
	out->seen.dangling = b->dangling;
	if (!b->stopped && !out->seen.people)
		b->stopped = "not one person was found";
	if (!b->stopped && out->group_count && !b->listing)
		b->stopped = arena_print(b->mem, "not one of %u groups has a 'member' attribute: was it exported?",
					 out->group_count);
	if (!b->stopped && (double)b->dangling > b->rules->conf.directory.dangling_ratio * (double)b->memberships)
		b->stopped = arena_print(b->mem, "%lld of %lld members lead nowhere", b->dangling, b->memberships);
	if (b->stopped) {
		out->complete = false;
		gap_add(b->mem, out, "directory", b->source, b->stopped);
	}
	say_unread(b, out);
	if (b->no_primary)
		gap_add(b->mem, out, "directory", b->source,
			arena_print(b->mem, "%lld accounts have a primary group that was not found", b->no_primary));
	out->certificate = json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "source", b->source, "base",
		b->rules->conf.directories[0].base ? b->rules->conf.directories[0].base : "", "entries", (json_int_t)b->entries,
		"people", (json_int_t)out->seen.people, "groups", (json_int_t)out->seen.groups, "memberships",
		(json_int_t)b->memberships, "dangling", (json_int_t)b->dangling, "references", (json_int_t)b->references,
		"unreadable", (json_int_t)b->unreadable);
	snapshot_index(b->mem, out);
	return 0;
}
