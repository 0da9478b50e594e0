/* SPDX-License-Identifier: GPL-3.0-or-later */
/* schema.c - what a directory calls the things we read, by its kind: Active Directory, or OpenLDAP's two. */
#include "collect_p.h"

#include <ctype.h>

/* What is asked for; NULL is not there in that kind of directory. */
static const char *const names[][FIELDS] = {
	[SCHEMA_AD] = {
		[FIELD_CLASS] = "objectClass", [FIELD_GUID] = "objectGUID", [FIELD_SID] = "objectSid",
		[FIELD_NAME] = "sAMAccountName", [FIELD_TYPE] = "sAMAccountType", [FIELD_CONTROL] = "userAccountControl",
		[FIELD_COMPUTED] = "msDS-User-Account-Control-Computed", [FIELD_EXPIRES] = "accountExpires",
		[FIELD_ADMIN] = "adminCount", [FIELD_LOGON] = "lastLogonTimestamp", [FIELD_CREATED] = "whenCreated",
		[FIELD_MANAGER] = "manager", [FIELD_MAIL] = "mail", [FIELD_DISPLAY] = "displayName",
		[FIELD_EMPLOYEE] = "employeeID", [FIELD_PRIMARY] = "primaryGroupID",
		[FIELD_SERVICE] = "servicePrincipalName", [FIELD_GROUP_TYPE] = "groupType", [FIELD_MEMBER] = "member",
		[FIELD_CHANGE] = "uSNChanged", [FIELD_HISTORY] = "sIDHistory", [FIELD_SYNC] = "msDS-LogonTimeSyncInterval",
	},
	[SCHEMA_RFC2307BIS] = {
		[FIELD_CLASS] = "objectClass", [FIELD_GUID] = "entryUUID", [FIELD_NAME] = "uid", [FIELD_COMMON] = "cn",
		[FIELD_CREATED] = "createTimestamp", [FIELD_MANAGER] = "manager", [FIELD_MAIL] = "mail",
		[FIELD_DISPLAY] = "displayName", [FIELD_EMPLOYEE] = "employeeNumber", [FIELD_PRIMARY] = "gidNumber",
		[FIELD_MEMBER] = "member", [FIELD_UNIQUE] = "uniqueMember", [FIELD_CHANGE] = "entryCSN",
		[FIELD_SHADOW] = "shadowExpire", [FIELD_LOCKED] = "pwdAccountLockedTime",
	},
	[SCHEMA_RFC2307] = {
		[FIELD_CLASS] = "objectClass", [FIELD_GUID] = "entryUUID", [FIELD_NAME] = "uid", [FIELD_COMMON] = "cn",
		[FIELD_CREATED] = "createTimestamp", [FIELD_MANAGER] = "manager", [FIELD_MAIL] = "mail",
		[FIELD_DISPLAY] = "displayName", [FIELD_EMPLOYEE] = "employeeNumber", [FIELD_PRIMARY] = "gidNumber",
		[FIELD_MEMBER_UID] = "memberUid", [FIELD_CHANGE] = "entryCSN", [FIELD_SHADOW] = "shadowExpire",
		[FIELD_LOCKED] = "pwdAccountLockedTime",
	},
};

#define POSIX_FILTER "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=posixGroup)" \
		     "(objectClass=person)(objectClass=inetOrgPerson)(objectClass=posixAccount)(objectClass=account))"

static const char *const filters[] = {
	[SCHEMA_AD] = "(|(objectClass=group)(objectClass=user)(objectClass=contact)(objectClass=foreignSecurityPrincipal)"
		      "(objectClass=inetOrgPerson)(objectClass=computer)(objectClass=domainDNS))",
	[SCHEMA_RFC2307BIS] = POSIX_FILTER,
	[SCHEMA_RFC2307] = POSIX_FILTER,
};

const char *schema_filter(enum directory_schema schema) { return filters[schema]; }
const char *schema_name(enum directory_schema schema, enum field field) { return names[schema][field]; }

const char *
schema_key(enum directory_schema schema, const struct rules *rules)
{
	return rules->conf.hr.directory_key ? rules->conf.hr.directory_key : names[schema][FIELD_EMPLOYEE];
}

bool
schema_hides(const struct rules *rules, const struct attribute *a)
{
	if (!rules->conf.hr.key_hash || !a->ad || a->hr)
		return false;
	for (int kind = SCHEMA_AD; kind <= SCHEMA_RFC2307; kind++)
		if (strcasecmp(a->ad, schema_key((enum directory_schema)kind, rules)) == 0)
			return true;
	return false;
}

/* The lower-case name in `low`, false when it is longer than any we ask for. */
static bool
lower(const char *name, size_t len, char low[SCHEMA_NAME_MOST])
{
	if (len >= SCHEMA_NAME_MOST)
		return false;
	for (size_t i = 0; i < len; i++)
		low[i] = (char)tolower((unsigned char)name[i]);
	low[len] = '\0';
	return true;
}

static struct known *
learn(struct schema *s, const char *name)
{
	char low[SCHEMA_NAME_MOST];
	size_t len = strlen(name);
	uint32_t at;

	if (!lower(name, len, low))
		return NULL;            /* nobody is ever asked for it */
	at = intern(&s->words, low, len);
	while (s->known.count <= at)
		*arena_push(s->words.mem, &s->known) = (struct known){ .field = FIELDS };
	s->known.items[at].name = name;
	s->known.items[at].len = len;
	return &s->known.items[at];
}

void
schema_open(struct schema *s, struct arena *mem, enum directory_schema kind, const struct rules *rules)
{
	struct known *key;

	*s = (struct schema){ .kind = kind, .employee = FIELD_EMPLOYEE };
	intern_open(&s->words, mem);
	for (int f = 0; f < FIELDS; f++)
		if (names[kind][f] && f != FIELD_EMPLOYEE)
			learn(s, names[kind][f])->field = (enum field)f;
	key = learn(s, schema_key(kind, rules));
	if (key && key->field != FIELDS)        /* one that is read anyway, as the account's name */
		s->employee = key->field;
	else if (key)
		key->field = FIELD_EMPLOYEE;
	for (int i = 0; i < rules->attribute_count; i++) {
		const struct attribute *a = &rules->attributes[i];
		struct known *k = a->ad && !a->hr && !schema_hides(rules, a) ? learn(s, a->ad) : NULL;

		if (k)
			k->attributes |= UINT64_C(1) << i;
	}
}

/* Entries bring their attributes in the same order, mostly: the one that came after `last` before is tried first. */
const struct known *
schema_find(const struct schema *s, const struct known *last, const char *name, size_t len)
{
	const struct known *guess = last ? &s->known.items[last->next] : s->known.items;
	char low[SCHEMA_NAME_MOST];
	uint32_t at;

	if (guess->len == len && same_word(guess->name, name, len))
		return guess;
	at = lower(name, len, low) ? intern_find(&s->words, low, len) : INTERN_NONE;
	if (at == INTERN_NONE)
		return NULL;
	if (last)
		s->known.items[last - s->known.items].next = at;
	return &s->known.items[at];
}
