/* SPDX-License-Identifier: GPL-3.0-or-later */
/* snapshot.h - what is, in the directories and in HR: accounts, groups, memberships, and what could not be seen (see nouns.h). */
#ifndef BEHOV_SNAPSHOT_H
#define BEHOV_SNAPSHOT_H

#include "arena.h"
#include "clock.h"
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Three states everywhere: an error is not an empty set. */
enum truth { NO, YES, UNKNOWN };

/* Shared by all who have it; `folded` as by text_fold(); `more` for a multi-valued attribute. */
struct value { const char *text, *folded; const struct value *more; };

enum account_class {
	ACCOUNT_PERSON, ACCOUNT_SERVICE, ACCOUNT_COMPUTER, ACCOUNT_GMSA, ACCOUNT_CONTACT,
	ACCOUNT_FOREIGN,                /* of a domain that we do not read: its SID is all we know */
	ACCOUNT_EVERYBODY,              /* Everyone, Authenticated Users, …: unbounded */
	ACCOUNT_OTHER,
};

struct account {
	const char *dn, *name;          /* name: sAMAccountName, else the first RDN value */
	const char *guid, *sid;         /* "xxxxxxxx-…" lower case, "S-1-5-…"; NULL when not exported */
	const char *key;                /* guid, else sid, else folded DN: what identifies it */
	const char *display, *mail, *manager;   /* manager: DN */
	enum account_class class;
	bool disabled, expired, protected_admin;        /* userAccountControl 2; accountExpires before now; adminCount > 0 */
	bool locked, password_expired;  /* of msDS-User-Account-Control-Computed */
	bool left;                      /* HR says that all employments have ended */
	bool secret, open;              /* protected identity: HR says so; HR says that it is not so */
	uint64_t unknown;               /* bit i: attribute i could not be known for this account */
	uint64_t mixed;                 /* bit i: of attribute i their employments say different things */
	const struct value **values;    /* [rules.attribute_count]; NULL = absent */
	int64_t last_logon, created;    /* lastLogonTimestamp, whenCreated; INT64_MIN = absent */
	int64_t expires;                /* accountExpires; 0 = never */
};

struct group {
	const char *dn, *name, *guid, *sid, *key;       /* as in struct account, and in the same order */
	bool security;                  /* groupType & 0x80000000; a distribution group gives no access */
	bool unknown;                   /* its members are not wholly known; why in `unknown_why` */
	const char *unknown_why;
	uint32_t first, count;          /* its edges: snapshot.edges[first .. first+count-1], sorted by member */
};

/* A member of a group.  Index into groups when `is_group`, else into accounts. */
struct edge {
	uint32_t member;
	bool is_group;
	bool primary;                   /* through primaryGroupID: in no member list, cannot be cut */
	bool timed;                     /* ends by itself: snapshot.ends */
};
/* Of those that came: when that was last changed, too, and on which domain controller (NULL = not told). */
struct edge_moment { uint32_t edge; int64_t moment, changed; const char *by; };

struct gap {
	const char *what;               /* "directory", "group", "hr", "role", "share", "folder", "inbox"; "window": a share was read
					 * no further than to that folder, and what was left lies anywhere */
	const char *id;                 /* group DN, "system/role", share id */
	const char *path;               /* for a folder: escaped path below the share; else NULL */
	const char *text;               /* what happened, one line */
};

/* Something that a person should see to.  NULL = does not apply. */
struct finding { const char *kind, *system, *role, *share, *series, *account, *group, *text; };

/* What an account with protected identity is called in the directory: for look-ups, and never shown. */
struct alias { const char *dn_key, *name; uint32_t account; };         /* name: folded */

struct snapshot {
	struct account *accounts;       /* sorted by key */
	uint32_t account_count;
	struct group *groups;           /* sorted by key */
	uint32_t group_count;
	struct edge *edges;
	uint32_t edge_count;
	LIST(struct edge_moment) ends, added;   /* when edges end by themselves, when they came; where known, sorted by edge */
	int sync_days;                  /* msDS-LogonTimeSyncInterval; 0 = not said, and 14 counts */
	bool complete;                  /* false: the directory as a whole is a gap, nothing about access is judged */
	LIST(struct gap) gaps;
	LIST(struct finding) findings;
	LIST(struct alias) aliases;
	json_t *certificate;            /* what was asked, what was seen, what was not; owned (json_decref) */
	struct {                        /* counts for the shrink check; stored with the night */
		long long people, groups, memberships, hr_rows, dangling;
	} seen;
	void *index;                    /* private to snapshot.c */
};

/* Look-ups by DN (any spelling RFC 4514 allows), account name (sAMAccountName, case-folded), SID "S-1-…", or GUID.
 * -1 = nobody, -2 = more than one. */
long snapshot_account(const struct snapshot *snapshot, const char *spelling);
long snapshot_group(const struct snapshot *snapshot, const char *spelling);
/* Call once when accounts and groups are complete and sorted: builds the index the two above use. */
void snapshot_index(struct arena *mem, struct snapshot *snapshot);
/* What a role of a system with accounts of its own is called among the groups: "cn=Handläggare,o=treserva,o=accounts". */
char *accounts_group(struct arena *mem, const char *system, const char *name);
/* The form under which DNs are compared: parsed (ldap_str2dn), types lowered, values folded. NULL when not a DN. */
char *dn_key(struct arena *mem, const char *dn);

#endif
