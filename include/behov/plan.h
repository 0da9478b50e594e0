/* SPDX-License-Identifier: GPL-3.0-or-later */
/* plan.h - the plan: what should change, and why; with who has access, and what lies on the shares (see nouns.h). */
#ifndef BEHOV_PLAN_H
#define BEHOV_PLAN_H

#include "entries.h"
#include "rules.h"
#include "snapshot.h"

struct manifest;

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

#endif
