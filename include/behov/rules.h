/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rules.h - what is written: systems, roles, needs, series, shares, holds, and the configuration (nouns.h says what holds of all of them). */
#ifndef BEHOV_RULES_H
#define BEHOV_RULES_H

#include "arena.h"
#include "clock.h"
#include "error.h"
#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

/* Where in conf/ or rules/ something stands; shown as "rules/systems/treserva.cfg:9" (file as the user would type it,
 * relative to the folder of the configuration file when it lies below it). */
struct place {
	const char *file;
	int line;
};
/* "rules/x.cfg:9" */
char *place_text(struct arena *mem, struct place at);

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
	struct place at;
};

enum share_identity { IDENTITY_MARKER, IDENTITY_FILESYSTEM, IDENTITY_NONE };
enum share_dispose { DISPOSE_NONE, DISPOSE_QUARANTINE, DISPOSE_DESTROY };
#define SHARE_MARKER ".behov-share"             /* in the root: "behov share <id> <random>\n" */
#define SHARE_QUARANTINE ".behov-karantan"      /* in the root; outside every rule */
/* A folder of that name, anywhere, is what a file server shows of its own past, and no record. */
bool share_is_past(const char *name);

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
#define EVENT_PATH_MOST 4000                    /* bytes: no more comes whole through the inbox */

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
	bool no_sasl;                   /* no directory of conf is signed in to by SASL */
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
/* Hex: decision, rule and the owner that it names itself, but not what it is called or where it stands.  It is what
 * `behov series activate` binds to. */
char *series_digest(struct arena *mem, const struct series *series);
bool series_lies_on(const struct series *series, const char *share);
/* Each of its three from whoever says it first: series, share, configuration; the former two may be NULL. */
struct archive archive_of(const struct conf *conf, const struct share *share, const struct series *series);
struct copies copies_of(const struct conf *conf, const struct share *share);
#define DNR_MOST 60                             /* characters of protocol.dnr */
enum event_fault event_check(const struct rules *rules, const struct event *event, day_t today, bool literal);

#endif
