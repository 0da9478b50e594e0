/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nouns.h - the things that phases hand to each other: rules, people, groups, entries, proposals, a plan.
 *
 * Owner: everything lives in the arena of the phase that made it; run.c closes arenas when nobody needs them.
 * Texts: NUL-terminated UTF-8 unless a line says bytes.  NULL is absent.  Lists may be empty, never NULL-terminated.
 * Order: what makes output is sorted before it is handed on, so that -j1 and -j8 give the same bytes.
 */
#ifndef BEHOV_NOUNS_H
#define BEHOV_NOUNS_H

#include "arena.h"
#include "clock.h"
#include "error.h"
#include "version.h"
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Three states everywhere: an error is not an empty set. */
enum truth { NO, YES, UNKNOWN };

/* Where in conf/ or rules/ something stands; shown as "rules/systems/treserva.cfg:9" (file as the user would type it,
 * relative to the folder of the configuration file when it lies below it). */
struct place {
	const char *file;
	int line;
};

/* ------------------------------------------------------------------ register: what is written */

/* A name that needs may use, and where its value comes from: the directory, or a column of the HR file. */
struct attribute {
	const char *name;               /* "title", "unit" */
	const char *label;              /* for people: "titel"; the name where we know no better */
	const char *ad;                 /* directory attribute, or NULL */
	const char *hr;                 /* HR column, or NULL; wins over ad when both are set */
};
#define ATTRIBUTE_MOST 48               /* one bit each in account.unknown */
#define ATTRIBUTE_GROUP (-1)

/*
 * One attribute against one or more globs: a list is a disjunction.  Folded already (text_fold).
 * Or ATTRIBUTE_GROUP: who is in one of these groups, directly or through others; a group is written as those of a role are.
 */
struct condition {
	int attribute;                  /* index in rules.attributes */
	const char **globs;
	int count;
	const char **words;             /* the globs as they are written, sets put in */
	const char *text;               /* for people: titel börjar med "Rektor" eller är "Lärare" */
};

/* A clause of a need: all of `all` and not (all of `none`).  why, by and since are evidence; from and to bind. */
struct clause {
	const char *why, *by, *since;
	struct condition *all, *none;
	int alls, nones;
	day_t from, to;                 /* valid = { from; to; }: inclusive; DAY_NONE = open */
	const char *text;               /* one line for people: titel börjar med "Enhetschef" och unit är "…" och inte (…) */
	struct place at;
};

struct system;

/* Somebody who keeps a role although nobody needs it there, `until` that day has passed. */
struct keep {
	const char *who;                /* account name, DN, SID or GUID */
	const char *why, *by, *since;
	day_t until;
	struct place at;
};

struct role {
	const char *id, *name;
	const char **groups;            /* as written: DN, account name, SID or GUID */
	int group_count;
	struct clause *needs;
	int need_count;
	struct keep *keeps;
	int keep_count;
	const char *dormant;            /* "180 days" or NULL; read by a later phase */
	struct system *system;
	struct place at;
};

struct conflict {
	const char **roles;             /* "attestant" (same system) or "raindance/attestant" */
	int count;
	const char *why;
	struct system *system;
	struct place at;
};

struct class { int konfidentialitet, riktighet, tillganglighet, sparbarhet; };  /* -1 = not written */

enum apply_mode { APPLY_LDIF, APPLY_LDAP, APPLY_MANUAL, APPLY_WEBHOOK };

/* The accounts of a system that keeps them itself: a table (file or address), or a SCIM 2.0 service; both NULL = in AD. */
enum accounts_match { MATCH_ACCOUNT, MATCH_MAIL, MATCH_EMPLOYEE };
struct accounts {
	const char *csv, *scim;
	const char *account, *role;     /* columns of the table */
	enum accounts_match match;      /* what of a person an account is called by */
	const char *token_file, *ca_file;
};

struct system {
	const char *id, *name, *unit;
	const char *owner;              /* as written, or NULL (a finding) */
	const char **deputies;
	int deputy_count;
	struct class class;
	bool critical;
	const char *analysis;           /* NULL or "" = none */
	enum apply_mode apply;
	struct accounts accounts;
	struct role *roles;
	int role_count;
	struct conflict *conflicts;
	int conflict_count;
	struct place at;
};

enum series_action { ACTION_DESTROY, ACTION_PRESERVE, ACTION_DELIVER };
enum series_clock { CLOCK_MODIFIED, CLOCK_PATH_YEAR, CLOCK_PATH_DATE, CLOCK_CREATED, CLOCK_CASE_CLOSED, CLOCK_FISCAL_YEAR,
		    CLOCK_EVENT, CLOCK_SUPERSEDED };

/* A list of cases out of the diarium: which are closed, and since when.  CSV; the names of its columns. */
struct case_list {
	const char *id;
	const char *file;               /* absolute */
	const char *name, *closed, *reopened;   /* reopened NULL = the list tells only of cases that stay closed */
	struct place at;
};

/* Where records of a series lie: share, pattern over the path below it (bytes), and globs for the file's name. */
struct where {
	const char *share;              /* id, or "*" for all */
	const char *path;               /* "Verifikationer/{year}/" + "**" */
	const char **names;             /* may be empty: all names; of clock superseded with {version} in each */
	int name_count;
	struct place at;
};

/* Whose archive it is: as the series says, else its share, else the configuration (archive_of()).  NULL = not said. */
struct archive { const char *board, *creator, *responsible; };  /* nämnd, arkivbildare, arkivansvarig */
/* How long copies live that behov does not reach; count 0 = not said. */
struct copies { struct period backups, snapshots; };

struct series {
	const char *id, *code, *name;
	const char *owner;              /* else the share's */
	const char **deputies;
	int deputy_count;
	struct { const char *dnr, *date, *body, *paragraph; } decision;
	bool decided;                   /* dnr, date and body are written; else the series is inert */
	struct { const char *dnr, *date, *body, *paragraph; } application;      /* tillämpningsbeslut; dnr NULL = none */
	struct archive archive;
	const char *secrecy;            /* sekretessmarkering: the provision; or NULL */
	const char *law;
	const char **sources;           /* where a draft has it from; binds nobody */
	int source_count;
	const char **decide;            /* what a draft leaves to decide; none of it may be left when there is a decision */
	int decide_count;
	int year_from, year_to;         /* records = { from; to; }: anchor years, inclusive; 0 = open */
	struct where *where;
	int where_count;
	enum series_action action;
	struct period keep;
	enum series_clock clock;
	enum count_from count_from;
	struct { int month, day; bool named_by_start; } fiscal; /* when a fiscal year ends, 12-31 unless written; what {year} names */
	struct period latest;           /* "senast": when it should have gone; count 0 = not written */
	struct period after_receipt;    /* deliver: so long after the e-archive's receipt the originals go; count 0 = never */
	const char *cases;              /* id of a case list, or NULL */
	struct { const char *column, **values; int count; } spare;     /* cases with such a value are preserved (urval); NULL = none */
	const char *batch_path;         /* prefix of the where pattern, or NULL */
	bool whole;                     /* the batch is decided as one, on the latest due date of all its members */
	bool evidence_digest;           /* evidence = "digest": names go when the records go */
	const char *digest;             /* hex: decision, rule and owner; what `behov series activate` binds to */
	struct place at;
};

enum share_identity { IDENTITY_MARKER, IDENTITY_FILESYSTEM, IDENTITY_NONE };
enum share_dispose { DISPOSE_NONE, DISPOSE_QUARANTINE, DISPOSE_DESTROY };
#define SHARE_MARKER ".behov-share"             /* in the root: "behov share <id> <random>\n" */
#define SHARE_QUARANTINE ".behov-karantan"      /* in the root; outside every rule */

/* A share that is not mounted: path = "smb://server:port/share/folder". */
struct smb_place {
	const char *server, *share, *folder;    /* folder: "" = all of the share */
	int port;
	const char *user, *domain;      /* "" = none */
	const char *password_file;      /* NULL: kerberos */
	bool kerberos, encrypted;       /* encrypted: or not at all; else when the server offers */
	int timeout;                    /* seconds that one question may take */
};

/* The path of what behov itself keeps: its records are told as files of a share (store.h). */
#define SHARE_OWN "behov:"

struct share {
	const char *id, *name;
	const char *path;               /* absolute, bytes; or smb://; or SHARE_OWN */
	const struct smb_place *smb;    /* NULL: path is one */
	bool own;                       /* path is SHARE_OWN: nothing of it is opened */
	const char *owner;
	const char **deputies;
	int deputy_count;
	struct class class;
	enum share_identity identity;
	const char *filesystem;         /* IDENTITY_FILESYSTEM: what was adopted, from the store; NULL = nothing yet */
	enum share_dispose dispose;
	bool fold;                      /* case = "fold" */
	double shrink_ratio;            /* so much fewer files than the last complete night: a gap (0.50) */
	int hands;                      /* at most so many requests at once; 0 = as many as else */
	int rate;                       /* requests a second at most; 0 = no limit */
	struct { int from, to; } window;        /* minutes after midnight between which it may be read; equal = always */
	bool duplicates;                /* `behov duplicates` may open its files */
	struct archive archive;
	struct copies copies;           /* of it, where they are not as the configuration says of all */
	struct place at;
};

/* A gallringsstopp: written in rules (becomes a row in the store) or set by `behov hold`. Matching folds case. */
struct hold {
	const char *id;
	const char *share;              /* NULL = every share */
	const char *path;               /* pattern below the share, NULL = all of it */
	const char *series;             /* NULL = any */
	const char *case_name;          /* the {case} a pattern captured, NULL = any */
	const char *reason, *by, *since;
	struct place at;
};

/* Something that a person says has happened: "the contract ended", from which the time of what lies there is counted. */
struct event {
	const char *id;
	const char *series, *share;
	const char *path;               /* pattern below the share */
	day_t date;
	const char *why, *by;
	struct place at;
};

/* What is wrong with an event that somebody gives us; literal: its path must be the name of a folder or file, and no
 * pattern.  One of the rules may lie ahead, and one that somebody says has happened may not. */
enum event_fault { EVENT_FINE, EVENT_SERIES, EVENT_SHARE, EVENT_PATH, EVENT_DATE, EVENT_AHEAD, EVENT_WHY };
extern const char *const event_fault_text[];

enum mode { MODE_OBSERVE, MODE_PROPOSE, MODE_APPLY };

enum directory_schema { SCHEMA_AD, SCHEMA_RFC2307BIS, SCHEMA_RFC2307 };

#define DIRECTORY_ADDRESS_MOST 300
#define DIRECTORY_CONNECTIONS_MOST 8

/* One domain or forest, and how it is reached. */
struct directory {
	const char *name;               /* for messages; default: the source as it is written */
	const char *source;             /* "file:/abs/x.ldif", "domain:kalmar.example", or addresses in order, a blank between */
	const char *base;
	const char *bind_dn, *password_file;    /* simple bind */
	const char *keytab, *principal;         /* or SASL GSSAPI: sasl = "gssapi" */
	bool gssapi, starttls;
	const char *ca_file;
	int page_size, timeout;         /* entries; seconds */
	int connections;                /* how many at once, to one server: 1 and more */
	int full_days;                  /* everything is read that often, only changes in between; 0 = every night */
	enum directory_schema schema;
	char *answered;                 /* the address that answered in this run, DIRECTORY_ADDRESS_MOST bytes; or NULL */
};

/* How somebody on the page proves who they are. */
enum proof_kind { PROOF_CODE, PROOF_LDAP, PROOF_PROXY };
#define PROOFS (PROOF_PROXY + 1)
extern const char *const proof_word[];          /* "code", … */

struct conf {
	const char *file;               /* as given on the command line */
	const char *organisation;
	const char *store;              /* "sqlite:/abs/path/behov.db" */
	const char *inbox;              /* path; default: store + ".inbox" beside it */
	const char *key_file;           /* notify's key; made at the first run, mode 0600 */
	const char *work;               /* folder for what apply writes (LDIF files) and reports; default beside the store */
	const char *rules;              /* folder, absolute */
	enum mode mode;
	const char *zone;               /* "Europe/Stockholm" */
	const char *language;           /* of mails, and of pages for a browser that asks for none of ours: "sv" */
	struct directory *directories;  /* as written; no base lies below another, but child domains do */
	int directory_count;
	struct {                        /* what is about all of them */
		const char **access_groups;             /* bases below which groups are access groups */
		int access_group_count;
		const char **service_accounts;          /* globs of account names that are not people (folded) */
		int service_account_count;
		double dangling_ratio;  /* member names that lead nowhere, above which the directory is a gap (0.05) */
		double shrink_ratio;    /* people or memberships fewer than last complete night by more: a gap (0.20) */
	} directory;
	struct {
		const char *file;       /* absolute, or https://, sftp://, http:// from this machine; NULL = no HR */
		const char *list;       /* JSON: the member that holds the rows; NULL = the whole is the list */
		const char *key;        /* the column joined on… */
		const char *directory_key;      /* …this attribute of the directory; NULL = employeeID, or employeeNumber */
		bool key_hash;          /* it is a personnummer: an HMAC stands for it, and the number is nowhere kept */
		const char *key_file;   /* of that HMAC; made when it is not there, mode 0600 */
		const char *protected;  /* column that marks people with protected identity, or NULL */
		struct {                /* units below units; file NULL = none */
			const char *file, *list;                /* as above, and read with the same login */
			const char *column;                     /* of the HR file: the unit somebody works in */
			const char *id, *parent, *name;         /* columns; name NULL = needs use the id */
		} units;
		const char *from, *to;  /* columns of dates: rows are employments, those in force count; NULL = one row each */
		const char *user, *password_file, *token_file, *identity_file, *known_hosts, *ca_file;  /* for addresses */
		int timeout;            /* seconds, for all of the file */
	} hr;
	struct {
		const char *server;     /* "maildir:/abs", "smtp://h:25", "smtps://h" */
		const char *from, *user, *password_file, *ca_file;
		bool starttls;          /* demanded (default true for smtp:// unless the host is loopback and it is set false) */
		const char *contact;    /* a line about whom to ask: the service desk */
		const char *words;      /* the organisation's own, by which a letter is known to be theirs; or NULL */
	} mail;
	struct {
		const char *listen, *url;       /* "127.0.0.1:8440", "unix:/path" */
		const char *typed;      /* an address on the intranet that leads there and can be typed, or NULL */
		enum proof_kind proofs[PROOFS];      /* in order of preference */
		int proof_count;
		bool strong_destroy, strong_class3;     /* a code approves no destruction; nothing of class 3 or unknown */
		struct {
			struct directory at;    /* nothing but who signs in is bound there */
			const char *name;       /* "%s@kalmar.example", "uid=%s,ou=people,…" */
			int tries;              /* passwords of one account in half an hour */
		} ldap;
		struct {
			const char *header, *user;      /* user: who it runs as, and whose connection alone is believed */
			const char **realms;            /* what may stand after '@' or before a backslash */
			int realm_count;
		} proxy;
		const char *administrators;     /* a group: they, too, may see /status; or NULL */
	} web;
	struct {                        /* a ticket system, for what says apply = "webhook" */
		const char *url;        /* https://, or http:// to this machine; NULL = none */
		const char *secret_file;        /* what we sign with */
		const char *ca_file;    /* NULL = the system's */
		int timeout;            /* seconds for each question */
	} webhook;
	struct {                        /* signed heads of the audit chain: see seal.h */
		const char *heads;      /* the list; NULL = nothing is sealed */
		const char *key_file;   /* of behov-audit alone; made at the first sealing, mode 0600 */
		const char *key;        /* the public key that the list must begin with, hex; NULL = any */
		const char **anchors;   /* copies of the list, elsewhere */
		int anchor_count;
		const char *syslog;     /* a socket that takes copies of rows, or NULL */
		struct {
			const char *url;        /* of an RFC 3161 authority, or NULL */
			const char *ca_file;    /* who vouches for its stamps */
			const char *tls_ca_file;        /* for its server; NULL = the system's */
			int timeout;            /* seconds */
		} stamp;
	} audit;
	struct { const char *coordinator, *archivist, *registrar; const char **administrators; int administrator_count; } people;
	struct { int count; double ratio; } brake;      /* more than count and more than ratio of the scope: 10, 0.20 */
	/* One run of apply takes no more than that, or that part of all there is, whichever is more: 500, 100,000 and 0.10; 0 = no limit */
	struct { int memberships, files; double ratio; } apply_brake;
	struct { int access_days, file_days; } grace;   /* 3 and 7 */
	int quarantine_days;            /* 30 */
	struct archive archive;
	struct { const char *dnr; struct copies copies; } protocol;     /* dnr: "GALLR {year}/{number}" */
	struct {                        /* the quarterly access review */
		const char *dnr;        /* "BEH {year}/{quarter}", or NULL = none */
		const char *keep;       /* what becomes of it, in words: "Gallras efter 10 år"; or NULL */
		int review_days;        /* a list that nobody has reviewed for longer is told of in red: 30 */
		/* globs of account names (folded), by which it knows accounts of a kind */
		const char **shared, **break_glass, **consultants;
		int shared_count, break_glass_count, consultant_count;
	} report;
	int link_days;                  /* a mail's link is good for: 30 */
	int reminder_days;              /* 7 */
	int escalate[2];                /* days without an answer until the next in turn is asked, too, and until the coordinator
					 * is and administrators are told: 14 and 28; 0 = never */
	struct {                        /* how it goes, for a machine that watches: OpenMetrics */
		const char *file;       /* written at the end of run and apply; NULL = none */
		bool page;              /* also at /metrics */
		const char *token_file; /* what must be shown there; NULL = who is on this machine may ask */
	} metrics;
	/* What is wanted, of what measure.h measures: at most, and of what lies between 0 and 1 at least. */
	struct { int night_hours, answer_days, gaps, brakes; double complete, systems, groups, files; } targets;
	int weekly;                     /* so many proposals are newly asked of one person in seven days: 30; 0 = no limit */
};

struct rules {
	struct conf conf;
	struct attribute *attributes;   /* first those that needs name, which alone are read; then the others known */
	int attribute_count, attributes_known;
	struct system *systems;         /* sorted by id, as are the others */
	size_t system_count;
	struct series *series;
	size_t series_count;
	struct share *shares;
	size_t share_count;
	struct hold *holds;
	size_t hold_count;
	struct event *events;
	size_t event_count;
	struct case_list *cases;
	size_t case_count;
	const char *digest;             /* hex over all that can change a judgement */
};

bool conf_proves(const struct conf *conf, enum proof_kind proof);
/* So many memberships, or files, one run of apply takes at most where there are `of`; LLONG_MAX = no limit. */
long long conf_apply_most(const struct conf *conf, bool files, long long of);

const struct system *rules_system(const struct rules *rules, const char *id);
const struct role *rules_role(const struct rules *rules, const char *system, const char *role);
const struct share *rules_share(const struct rules *rules, const char *id);
const struct series *rules_series(const struct rules *rules, const char *id);
bool series_lies_on(const struct series *series, const char *share);
/* Each of its three from whoever says it first: series, share, configuration; the former two may be NULL. */
struct archive archive_of(const struct conf *conf, const struct share *share, const struct series *series);
struct copies copies_of(const struct conf *conf, const struct share *share);
#define DNR_MOST 60                             /* characters of protocol.dnr */
enum event_fault event_check(const struct rules *rules, const struct event *event, day_t today, bool literal);

/* ------------------------------------------------------------------ collect: what is */

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

/* ------------------------------------------------------------------ scan and retain: files */

/* What stat told.  Times in seconds and nanoseconds; btime_s INT64_MIN where the file system has none. */
struct entry {
	const char *name;               /* bytes, the last component */
	unsigned char type;             /* DT_REG, DT_DIR, DT_LNK, … as getdents or stat said */
	bool stated;                    /* what follows is filled */
	uint64_t size, ino, dev;
	uint32_t nlink;
	int64_t mtime_s, ctime_s, btime_s;
	uint32_t mtime_ns, ctime_ns, btime_ns;
};

/* What came of a folder's files, for its judge alone to read, so that they need not be asked about again. */
struct memo {
	const void *bytes;
	size_t len;
	day_t until;                    /* the first day on which it may be otherwise, though nothing changes; 0: no day is safe */
	bool registers;                 /* it depends on lists of cases */
};

/*
 * scan walks, somebody else judges: run.c hands retain's judge to scan as a visitor.  One thread calls all of these.
 * `path` is bytes below the share's root, "" for the root, no leading or trailing '/'.
 * In wants_stat() and file() it is the folder's; the file is path + "/" + name.
 */
struct visitor {
	void *self;
	/* A folder is about to be listed.  Gives the state its children will get, in *state.  False: do not go in. */
	bool (*enter)(void *self, const char *path, void *above, void **state);
	/* Must this file be stat'ed before file() is called? */
	bool (*wants_stat)(void *self, void *state, const char *path, const char *name);
	void (*file)(void *self, void *state, const char *path, const struct entry *entry);
	/* The folder was listed wholly (complete), or not: then a gap was stored. */
	void (*leave)(void *self, void *state, const char *path, bool complete);
	bool wants_most;                /* a guess, for speed: most files will have to be stat'ed */
	/*
	 * Its own files have all been told of, its folders not yet entered: gives what recall() wants to hear instead on a night
	 * when nothing in it has changed.  Good until the next call.  NULL: this visitor wants all folders listed.  Called for
	 * each folder that was listed, whether anything is remembered or not.
	 */
	void (*listed)(void *self, void *state, const char *path, bool complete, struct memo *out);
	/* Between enter() and leave(), in place of wants_stat(), file() and listed().  False, and nothing done: not understood. */
	bool (*recall)(void *self, void *state, const char *path, const void *bytes, size_t len);
	const char *judged, *registers; /* under what its memos are true: digests */
};

/* One record in a batch. */
struct record {
	const char *path;               /* bytes, below the share */
	uint64_t size, ino, dev;
	int64_t mtime_s, ctime_s, btime_s;
	uint32_t mtime_ns, ctime_ns, btime_ns;
	uint32_t nlink;
	day_t anchor, due;
};

/* What was approved of a record: the series it goes by, and from when that counts.  volume: the path of the whole batch it goes with (bytes);
 * NULL: it goes by itself. */
struct consent { const char *series; day_t anchor; const char *volume; };

/* What an e-archive answered about a delivery, as the chain has it; and a file of it, as it was when it was copied. */
struct receipt_note { const char *proposal, *number, *sums; day_t day; long long compared; };
struct received { const char *series, *share; struct record record; const struct receipt_note *by; };

struct manifest;

/* ------------------------------------------------------------------ the plan: what should change, and why */

enum kind { KIND_REMOVE_MEMBER, KIND_CUT_NESTING, KIND_DESTROY, KIND_DELIVER };
extern const char *const kind_word[];           /* "remove-member", … */
extern const char *const kind_text[];           /* the same as people say it: "borttagning ur grupp", … */

/*
 * Somebody who is asked, in one of their seats: a seat is a duty, and one answer of those who sit in it is enough.  Each seat
 * must have an approval before it goes, and one keep of anybody wins.  Who has two duties stands here twice.
 */
struct approver {
	const char *key, *name, *display, *mail;        /* account key, account name, display name (else name), address */
	const char *as;                 /* in Swedish, why they are asked: "systemägare för Treserva", "ersättare för …" */
	int seat;                       /* 0, 1, …; one that nobody fills has no row */
	int waited;                     /* days without an answer, after which they came to sit with the others; 0: it was their turn */
	int64_t asked;                  /* since when they are asked; 0 = not yet: it is braked or in the queue */
};

struct proposal {
	enum kind kind;
	const char *key;                /* 16 hex digits: hash(kind, member, group) or hash(series, share, batch, due) */
	const char *version;            /* hex digest of what the owner approves */
	/* access */
	const char *system, *role;
	const char **also;              /* "system/role", sorted */
	int also_count;
	const char *account, *display;  /* remove-member: account name and display name */
	const char *guid;               /* key of the member (account or group) */
	const char *group, *group_guid; /* DN and key of the group the edge leaves */
	const char *member;             /* DN of the member */
	const char **path;              /* DNs from the direct group to the role's group */
	int path_count;
	long long accounts;             /* cut-nesting: people who would lose access */
	bool by_hand;                   /* protected (adminCount): two people, carried out by hand */
	/* files */
	const char *series, *share, *batch;     /* batch: escaped path, "" = all that is due that day */
	long long files, bytes;
	day_t due;
	const char *manifest;           /* "sha256:…" */
	const struct manifest *packed;  /* its files (manifest.h); NULL: they are in the store */
	bool whole;
	/* both */
	const char *owner;              /* account name of who is asked first; NULL = nobody could be found */
	int needs;                      /* how many different people must approve at least: 1 or 2; a seat that nobody fills
					 * makes it more than there are */
	LIST(struct approver) approvers;        /* each seat must approve; filled by propose; sorted by key and seat */
	int konfidentialitet;           /* class of system or share; not written = 3 */
	const char *scope;              /* what a brake stops: "system:treserva", "series:verifikationer-2019@ekonomi" */
	const char *why;                /* one Swedish sentence for the owner */
	struct place rule;
	json_t *evidence;               /* owned: clauses, paths, person, calculation, …; shown, not part of `version` */
};

/* What a brake counts: memberships, or files. */
long long proposal_units(const struct proposal *p);
/* How many different people must approve it at least, by its kind, class and hand: 1 or 2. */
int proposal_needs(const struct proposal *p);
/* Is a code no proof of who answers about a system or share of that class?  Not written (-1) is the third. */
bool class_wants_strong(const struct conf *conf, int konfidentialitet);
/* Is a code no proof of who approves it? */
bool proposal_wants_strong(const struct conf *conf, const struct proposal *p);
/*
 * Why an approval of it as it was is not one of it as it is now: more people, a protected account, a role that was not named.
 * NULL: it asks for as much, or for less.  Swedish.
 */
const char *proposal_asks_more(const struct proposal *was, const struct proposal *now);
/* Was that, which files were asked about with (proposal.evidence), the decision that the series rests on now? */
bool series_decided_so(const struct series *series, const json_t *evidence);

struct missing { const char *system, *role, *account; };
struct clash { const char *system, *account, *why; const char **roles; int role_count; struct place rule; };
struct structural { const char *system, *role, *account, *group, *why; };
struct brake {
	const char *scope;
	long long opened, of;
	const char *stands;             /* plan: one that stands since an earlier run, braked_word[] of measure.h; else NULL */
};
/* What would be due but that nobody has said when it ended, or only of what is older; some of the folders (bytes), sorted. */
struct lacking { const char *series, *share; long long files, younger; const char **paths; int path_count; };

/* Why somebody has a role: by a clause, by an exception, or without a need; or it is not known whether there is one. */
enum ground_kind { GROUND_CLAUSE, GROUND_KEPT, GROUND_NONE, GROUND_UNKNOWN, GROUND_UNWRITTEN };
#define GROUNDS (GROUND_UNWRITTEN + 1)
extern const char *const ground_word[];         /* "clause", "kept", "none", "unknown", "unwritten" (of a role without needs) */
struct ground { enum ground_kind kind; const struct clause *clause; };

/* Access as it is tonight, for history: intervals are written in the store when they change.  A plan by hand may have no grounds. */
struct grant {
	const struct role *role;
	const struct account *who;
	const struct group *via;        /* their direct group */
	const struct edge_moment *came; /* when they came there, or NULL */
	uint32_t ground;                /* in plan.grounds */
};

/* What is special about an account that has access, or that could do much: see mark_word. */
enum mark_kind { MARK_SERVICE, MARK_PRIVILEGED, MARK_SHARED, MARK_BREAK_GLASS, MARK_CONSULTANT, MARK_TEMPORARY, MARK_DORMANT, MARK_DISABLED,
		 MARK_EXPIRED, MARK_LEFT, MARK_CONFLICT };
#define MARKS (MARK_CONFLICT + 1)
extern const char *const mark_word[];           /* "service", … */
struct account_mark {
	enum mark_kind kind;
	const char *system, *role;      /* NULL: none that is registered; of a conflict role is NULL */
	const struct account *who;
	const char *note;               /* of a conflict: the roles and why; or NULL */
	day_t day;                      /* the last on which the account is good; of dormant ones, of their last sign-in; DAY_NONE = not known */
};
/* What should have gone by now at the latest, of a series on a share: so many files, the first of them since that day. */
struct late { const char *series, *share; long long files; day_t since; };

/*
 * Where tonight could not see: what stands in the store and touches this is neither withdrawn nor superseded nor
 * executed.  Fields that are NULL match anything.
 */
struct unclear {
	bool access, files;             /* kinds of proposals it touches */
	const char *system, *role;
	const char *key;                /* an account's key */
	const char *group;              /* a group's key: any edge out of it */
	const char *share, *path;       /* a folder (escaped) and all below */
	const char *series;
};

/* What lies on a share: all of it, what a series covers, or what lies below a folder of its root. */
struct stock {
	const char *share;
	const char *series;             /* or NULL */
	const char *folder;             /* escaped; or NULL */
	long long files;
	long long weighed, bytes;       /* of so many files the size is known, within a week; their sizes */
	long long ungoverned, held;     /* not of a series: files that none covers, files under a stop */
};

struct plan {
	LIST(struct proposal) proposals;        /* sorted by (key) within kind word */
	LIST(struct proposal) going;            /* edges under way, which count as cut: as each would be proposed tonight */
	LIST(struct missing) missing;
	LIST(struct clash) conflicts;
	LIST(struct structural) structural;
	LIST(struct finding) findings;
	LIST(struct gap) gaps;
	LIST(struct brake) brakes;
	LIST(struct lacking) lacking;
	LIST(struct grant) grants;              /* millions: by role and account already when they are made */
	LIST(struct ground) grounds;
	LIST(struct account_mark) marks;
	LIST(struct late) late;
	LIST(struct unclear) unclear;
	LIST(struct { const char *scope; long long of; }) sizes;       /* what brakes measure against */
	LIST(struct stock) stock;
	bool access_judged, files_judged;       /* false: that half was not looked at (e.g. directory is a gap) */
	struct {
		long long people, groups, memberships, excess, systems, roles;
		long long giving, registered;           /* groups that give access and have members; those of them that lead to a role */
	} access;
	struct { long long files, folders, bytes, due_files, due_bytes, ungoverned, held, inert, no_anchor, unreadable; } filed;
};

/* Sorts every list but the grants by its contract order (DESIGN 10). */
void plan_sort(struct plan *plan);
/* One proposal as in `plan --json` (without "entries"); id is key + "-" + episode.  Caller owns. */
json_t *proposal_json(const struct proposal *proposal, int episode);
/* What lies on the shares, as in `plan --json`.  Caller owns. */
json_t *stock_json(const struct plan *plan);
/* The whole of `plan --json`.  `entries`: with each batch's files.  Caller owns. */
json_t *plan_json(const struct plan *plan, int64_t now, bool entries);
/* Frees the json_t in a plan; the arena frees the rest. */
void plan_free(struct plan *plan);

/* "rules/x.cfg:9" */
char *place_text(struct arena *mem, struct place at);

#endif
