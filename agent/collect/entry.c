/* SPDX-License-Identifier: GPL-3.0-or-later */
/* entry.c - one entry of a directory becomes an account or a group: what it says, and what of it cannot be known. */
#include "build_p.h"

#include <behov/text.h>

#include <strings.h>

void
entry_open(const struct builder *b, const struct source_entry *e, struct reading *r)
{
	const struct known *k = NULL;

	*r = (struct reading){ .entry = e };
	for (size_t i = 0; i < e->attributes.count; i++) {
		const struct source_attribute *a = &e->attributes.items[i];

		k = schema_find(&b->at->schema, k, a->name.bv_val, a->name.bv_len);
		if (!k || (a->options && !range_is(a->options)))
			continue;
		if (k->field < FIELDS && !a->options)
			r->field[k->field] = a;
		else if (k->field < FIELDS)
			r->part[k->field] = true;
		if (a->options)
			r->parts |= k->attributes;
		for (uint64_t left = a->options ? 0 : k->attributes; left; left &= left - 1)
			r->attribute[__builtin_ctzll(left)] = a;
	}
}

int
entry_refuse(struct builder *b, const struct source_entry *e, const char *what, struct error *err)
{
	const char *dn = name_show(b->scratch, arena_copy(b->scratch, e->dn.bv_val, e->dn.bv_len));

	if (!e->line)                   /* a server has no lines */
		return error_set(err, ERROR_SOURCE, "'%s': '%s': %s", b->at->shown, dn, what);
	return error_set(err, ERROR_SOURCE, "%s:%d: '%s': %s", b->at->shown, e->line, dn, what);
}

/* ------------------------------------------------------------------ values */

static bool
is_text(const struct source_attribute *a)
{
	for (size_t v = 0; a && v < a->count; v++)
		if (!text_is_utf8(a->values[v].bv_val, a->values[v].bv_len))
			return false;
	return true;
}

/* The first value, when there is one. */
static const struct berval *
one(const struct reading *r, enum field f)
{
	return r->field[f] && r->field[f]->count ? &r->field[f]->values[0] : NULL;
}

static void
note_unread(struct builder *b, const char *attribute, const char *key)
{
	struct unread *u = NULL;

	for (size_t i = 0; i < b->unread.count && !u; i++)
		if (!strcasecmp(b->unread.items[i].attribute, attribute))
			u = &b->unread.items[i];
	if (!u) {
		u = arena_push(b->scratch, &b->unread);
		*u = (struct unread){ .attribute = attribute, .key = key };
	}
	if (u->last == key)             /* a need may ask for what a letter needs, too */
		return;
	u->last = key;
	u->entries++;
	b->at->unreadable++;
	if (strcmp(key, u->key) < 0)
		u->key = key;
}

/* A value of it is there but is no text, or only a part of its values came: what it says is not known. */
static bool
is_unread(struct builder *b, const struct reading *r, enum field f, const char *key)
{
	if (!r->part[f] && is_text(r->field[f]))
		return false;
	note_unread(b, f == FIELD_EMPLOYEE ? schema_key(b->at->schema.kind, b->rules) : schema_name(b->at->schema.kind, f), key);
	return true;
}

static const char *
text(struct builder *b, const struct reading *r, enum field f, const char *key)
{
	const struct berval *v = one(r, f);

	is_unread(b, r, f, key);
	return v && readable(v) ? pool_copy(&b->texts, v->bv_val, v->bv_len) : NULL;
}

/* Decimal, with a sign; 18 digits and what fits beyond. */
static bool
read_number(const struct berval *v, long long *out)
{
	size_t at = v->bv_len && v->bv_val[0] == '-', safe = v->bv_len < at + 18 ? v->bv_len : at + 18;
	long long n = 0;
	unsigned digit;

	if (at == v->bv_len)
		return false;
	for (; at < safe; at++) {
		if ((digit = (unsigned)v->bv_val[at] - '0') > 9)
			return false;
		n = n * 10 + digit;
	}
	for (; at < v->bv_len; at++) {
		if ((digit = (unsigned)v->bv_val[at] - '0') > 9 || n > (INT64_MAX - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	*out = v->bv_val[0] == '-' ? -n : n;
	return true;
}

int
entry_number(struct builder *b, const struct reading *r, enum field f, long long *out, struct error *err)
{
	const struct berval *v = one(r, f);

	if (!r->field[f] || (v && read_number(v, out)))
		return 0;
	return entry_refuse(b, r->entry, arena_print(b->scratch, "%s is not a number", schema_name(b->at->schema.kind, f)), err);
}

static int64_t
moment(const struct reading *r, enum field f)
{
	const struct berval *v = one(r, f);
	char text[32];
	int64_t when;

	if (!v || v->bv_len >= sizeof(text))
		return INT64_MIN;
	memcpy(text, v->bv_val, v->bv_len);
	text[v->bv_len] = '\0';
	return clock_generalized(text, &when) ? when : INT64_MIN;
}

static bool
is_class(const struct source_attribute *a, const char *class)
{
	size_t len = strlen(class);

	for (size_t i = 0; a && i < a->count; i++)
		if (a->values[i].bv_len == len && same_word(a->values[i].bv_val, class, len))
			return true;
	return false;
}

/* ------------------------------------------------------------------ what it is */

bool
entry_counts(const struct builder *b, const struct reading *r, bool *is_group)
{
	static const char *const groups[2][4] = { { "group", NULL }, { "groupOfNames", "groupOfUniqueNames", "posixGroup", NULL } };
	static const char *const accounts[2][6] = {
		{ "user", "inetOrgPerson", "contact", "computer", "foreignSecurityPrincipal", NULL },
		{ "inetOrgPerson", "organizationalPerson", "person", "posixAccount", "account", NULL },
	};
	const struct source_attribute *class = r->field[FIELD_CLASS];
	int kind = b->at->schema.kind != SCHEMA_AD;

	*is_group = false;
	for (int i = 0; groups[kind][i] && !*is_group; i++)
		*is_group = is_class(class, groups[kind][i]);
	for (int i = 0; accounts[kind][i]; i++)
		if (*is_group || is_class(class, accounts[kind][i]))
			return true;
	return false;
}

/* MS-DTYP 2.4.2.4: principals that anybody is, or anybody who has signed in. */
static bool
is_everybody(const char *sid)
{
	static const char *const all[] = { "S-1-1-0", "S-1-5-2", "S-1-5-4", "S-1-5-7", "S-1-5-11", "S-1-5-15" };

	for (size_t i = 0; sid && i < sizeof(all) / sizeof(*all); i++)
		if (strcmp(sid, all[i]) == 0)
			return true;
	return false;
}

static bool
is_service_name(const struct builder *b, const char *name)
{
	const char *low = b->rules->conf.directory.service_account_count ? text_fold(b->scratch, name) : NULL;

	for (int i = 0; i < b->rules->conf.directory.service_account_count; i++)
		if (text_glob(b->rules->conf.directory.service_accounts[i], low))
			return true;
	return false;
}

static enum account_class
classify(const struct builder *b, const struct reading *r, const struct account *a, long long type)
{
	const struct source_attribute *class = r->field[FIELD_CLASS];

	if (is_class(class, "foreignSecurityPrincipal"))
		return is_everybody(a->sid) ? ACCOUNT_EVERYBODY : ACCOUNT_FOREIGN;
	if (is_class(class, "msDS-GroupManagedServiceAccount") || is_class(class, "msDS-ManagedServiceAccount"))
		return ACCOUNT_GMSA;
	if (is_class(class, "computer"))
		return ACCOUNT_COMPUTER;
	if (b->at->schema.kind == SCHEMA_AD && !is_class(class, "user") && !is_class(class, "inetOrgPerson"))
		return ACCOUNT_CONTACT;
	if (type && type != 805306368)
		return ACCOUNT_OTHER;
	if (r->field[FIELD_SERVICE] || is_service_name(b, a->name))
		return ACCOUNT_SERVICE;
	if (b->at->schema.kind != SCHEMA_AD && !is_class(class, "inetOrgPerson") && !is_class(class, "organizationalPerson") &&
	    !is_class(class, "person"))
		return ACCOUNT_SERVICE;         /* an account that nobody is */
	return ACCOUNT_PERSON;
}

/* ------------------------------------------------------------------ an account */

static int
order_berval(const void *x, const void *y)
{
	const struct berval *a = x, *b = y;
	int c = memcmp(a->bv_val, b->bv_val, a->bv_len < b->bv_len ? a->bv_len : b->bv_len);

	return c ? c : (a->bv_len > b->bv_len) - (a->bv_len < b->bv_len);
}

static struct value *
new_value(struct builder *b, const char *bytes, size_t len)
{
	struct value *v = arena_new(b->mem, struct value);
	const char *folded;

	v->text = pool_copy(&b->texts, bytes, len);
	folded = text_fold(b->scratch, v->text);
	v->folded = strcmp(folded, v->text) == 0 ? v->text : pool_copy(&b->texts, folded, strlen(folded));
	return v;
}

/* One value is shared by all who have it. */
static const struct value *
shared_value(struct builder *b, const struct berval *v)
{
	uint32_t at = intern(&b->values, v->bv_val, v->bv_len);

	if (b->shared.count <= at)
		*arena_push(b->scratch, &b->shared) = new_value(b, v->bv_val, v->bv_len);
	return b->shared.items[at];
}

static const struct value *
many_values(struct builder *b, const struct source_attribute *from)
{
	struct berval *sorted = arena_array(b->scratch, struct berval, from->count);
	struct value *all = NULL;

	memcpy(sorted, from->values, from->count * sizeof(*sorted));
	qsort(sorted, from->count, sizeof(*sorted), order_berval);
	for (size_t v = from->count; v-- > 0; ) {
		struct value *next = new_value(b, sorted[v].bv_val, sorted[v].bv_len);

		next->more = all;
		all = next;
	}
	return all;
}

static void
attributes(struct builder *b, const struct reading *r, struct account *a)
{
	a->values = arena_array(b->mem, const struct value *, (size_t)b->rules->attribute_count);
	for (int i = 0; i < b->rules->attribute_count; i++) {
		const struct source_attribute *from = r->attribute[i];
		const char *name = b->rules->attributes[i].ad;

		if (b->rules->attributes[i].hr || (!from && !(r->parts >> i & 1)))
			continue;
		if (r->parts >> i & 1 || !is_text(from)) {
			note_unread(b, name, a->key);
			a->unknown |= UINT64_C(1) << i;
		} else if (from->count == 1 && from->values[0].bv_len) {
			a->values[i] = shared_value(b, &from->values[0]);
		} else if (from->count) {
			a->values[i] = many_values(b, from);
		}
	}
}

static void
count_seen(struct builder *b, const struct reading *r)
{
	for (int f = 0; f < FIELDS; f++)
		b->at->seen[f] += r->field[f] != NULL;
	b->at->people++;
}

/* MS-ADTS 2.2.16: what the bits of userAccountControl say; locked and password-expired stand in the computed one only. */
#define UF_ACCOUNTDISABLE 0x2
#define UF_LOCKOUT 0x10
#define UF_PASSWORD_EXPIRED 0x800000

static int
account_state(struct builder *b, const struct reading *r, struct account *a, struct error *err)
{
	long long control = 0, computed = 0, expires = 0, admin = 0, logon = 0, shadow = -1;
	int64_t when;

	if (entry_number(b, r, FIELD_CONTROL, &control, err) < 0 || entry_number(b, r, FIELD_COMPUTED, &computed, err) < 0 ||
	    entry_number(b, r, FIELD_EXPIRES, &expires, err) < 0 || entry_number(b, r, FIELD_ADMIN, &admin, err) < 0 ||
	    entry_number(b, r, FIELD_LOGON, &logon, err) < 0 || entry_number(b, r, FIELD_SHADOW, &shadow, err) < 0)
		return -1;
	a->disabled = (control & UF_ACCOUNTDISABLE) || r->field[FIELD_LOCKED];
	a->locked = computed & UF_LOCKOUT;
	a->password_expired = computed & UF_PASSWORD_EXPIRED;
	a->expires = clock_filetime(expires, &when) && when > 0 ? when : 0;
	a->expired = clock_filetime(expires, &when) && when <= clock_now();
	if (shadow >= 0 && shadow < INT32_MAX) {        /* shadow(5): days since 1970 */
		a->expired = shadow <= clock_now() / 86400;
		a->expires = shadow * 86400;
	}
	a->protected_admin = admin > 0;
	a->last_logon = clock_filetime(logon, &when) ? when : INT64_MIN;
	a->created = moment(r, FIELD_CREATED);
	return 0;
}

static void
histories(struct builder *b, const struct reading *r, uint32_t me)
{
	const struct source_attribute *from = r->field[FIELD_HISTORY];
	char sid[SID_MOST];

	for (size_t i = 0; from && i < from->count; i++)
		if (sid_text(from->values[i].bv_val, from->values[i].bv_len, sid))
			*arena_push(b->scratch, &b->histories) =
				(struct history){ me, arena_text(b->scratch, sid) };
}

/* A personnummer does not stay where it was read. */
static void
employee(struct builder *b, struct object *o, const struct reading *r)
{
	enum field f = b->at->schema.employee;
	const struct berval *v = one(r, f);
	bool known;

	if (!r->field[f] && !r->part[f])
		return;
	known = !is_unread(b, r, f, o->as.account.key) && v && readable(v);
	o->employee = known ? arena_copy(b->scratch, v->bv_val, v->bv_len) : arena_text(b->scratch, "");
	if (v && b->rules->conf.hr.key_hash)
		explicit_bzero(v->bv_val, v->bv_len);
}

static int
account(struct builder *b, struct object *o, uint32_t me, const struct reading *r, struct error *err)
{
	struct account *a = &o->as.account;
	const struct berval *manager = one(r, FIELD_MANAGER);
	long long type = 0;

	if (entry_number(b, r, FIELD_TYPE, &type, err) < 0 || entry_number(b, r, FIELD_PRIMARY, &o->primary, err) < 0 ||
	    account_state(b, r, a, err) < 0)
		return -1;
	o->has_primary = o->primary != 0;
	a->display = text(b, r, FIELD_DISPLAY, a->key);
	a->mail = text(b, r, FIELD_MAIL, a->key);
	if (!is_unread(b, r, FIELD_MANAGER, a->key) && manager && manager->bv_len)
		o->manager = name_of(b, manager->bv_val, manager->bv_len);
	a->class = classify(b, r, a, type);
	if (a->class == ACCOUNT_PERSON)
		count_seen(b, r);
	attributes(b, r, a);
	if (is_unread(b, r, FIELD_NAME, a->key))        /* who that is we do not know, so nothing about them */
		a->unknown = ~UINT64_C(0);
	employee(b, o, r);
	histories(b, r, me);
	return 0;
}

/* ------------------------------------------------------------------ who it is */

/* What rules and owners call it.  A name that cannot be read is no reason to answer to another one. */
static const char *
called(struct builder *b, const struct reading *r, const char *dn, const char *key, bool is_group)
{
	enum field f = is_group && b->at->schema.kind != SCHEMA_AD ? FIELD_COMMON : FIELD_NAME;
	const struct berval *v = one(r, f);

	if (is_unread(b, r, f, key))
		return dn;
	return v && readable(v) ? pool_copy(&b->texts, v->bv_val, v->bv_len) : name_first(b, dn);
}

static int
identify(struct builder *b, struct object *o, const struct reading *r, struct error *err)
{
	const struct source_entry *e = r->entry;
	const struct berval *g = one(r, FIELD_GUID), *s = one(r, FIELD_SID);
	char guid[GUID_MOST], sid[SID_MOST];
	const char *dn = b->names.words.items[o->name].text, *key;
	struct account *a = &o->as.account;     /* and as.group: the same five fields first */

	if ((g && !guid_text(g->bv_val, g->bv_len, guid)) || (s && !sid_text(s->bv_val, s->bv_len, sid)))
		return entry_refuse(b, e, "a broken objectGUID or objectSid", err);
	a->dn = dn;
	a->guid = g ? pool_copy(&b->texts, guid, strlen(guid)) : NULL;
	a->sid = s ? pool_copy(&b->texts, sid, strlen(sid)) : NULL;
	key = a->guid ? a->guid : is_class(r->field[FIELD_CLASS], "foreignSecurityPrincipal") ? NULL : a->sid;
	if (!key) {                             /* the SID of a foreign principal is that of an account elsewhere */
		key = name_key(b, dn, e->dn.bv_len);
		key = key ? pool_copy(&b->texts, key, strlen(key)) : NULL;
	}
	if (!key)
		return entry_refuse(b, e, "not a distinguished name", err);
	a->key = key;
	a->name = called(b, r, dn, key, o->is_group);
	return 0;
}

static int
take_place(struct builder *b, struct object *o, uint32_t me, uint32_t name, const struct source_entry *e, struct error *err)
{
	uint32_t was = b->owners.items[name];

	if (was != NOBODY && !e->line)
		return entry_refuse(b, e, "is there twice: was it moved while the directory was read?", err);
	if (was != NOBODY)
		return error_set(err, ERROR_SOURCE, "%s:%d: '%s' is there twice, first in line %d", b->at->shown, e->line,
				 o->as.account.dn, object_at(b, was)->line);
	b->owners.items[name] = me;
	return 0;
}

int
entry_read(struct builder *b, struct object *o, uint32_t me, const struct reading *r, struct error *err)
{
	const struct source_entry *e = r->entry;

	o->name = name_of(b, e->dn.bv_val, e->dn.bv_len);
	o->manager = NOBODY;
	if (identify(b, o, r, err) < 0 || take_place(b, o, me, o->name, e, err) < 0)
		return -1;
	if (!o->is_group && b->at->schema.kind == SCHEMA_RFC2307) {
		const char *user = arena_print(b->scratch, "\1%s", o->as.account.name);
		uint32_t name = name_of(b, user, strlen(user));

		b->owners.items[name] = b->owners.items[name] == NOBODY ? me : AMBIGUOUS;
	}
	return o->is_group ? entry_group(b, o, me, r, err) : account(b, o, me, r, err);
}
