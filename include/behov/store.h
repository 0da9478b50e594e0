/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store.h - what we remember: nights, proposals, decisions, letters, holds, what was done, and the audit chain.
 *
 * SQLite (WAL, STRICT, foreign keys), one file, schema version in PRAGMA user_version.  agent/store/ is the only room
 * that speaks SQL; every text is bound.
 *
 * Owner:   texts that come out live in the arena given; json_t that comes out is the caller's to free.
 * Errors:  0 or -1 with err (ERROR_STORE).  "not found" is 0 with an empty result, never an error.
 * Changes: made between store_begin() and store_commit(); outside of them each call is a transaction of its own.
 *          A failure inside leaves the transaction open for store_rollback(), which is what `out:` calls.
 * Threads: one store, one thread.
 */
#ifndef BEHOV_STORE_H
#define BEHOV_STORE_H

#include "life.h"
#include "manifest.h"
#include "nouns.h"

struct store;

enum store_mode {
	STORE_READ,                     /* must exist; nothing can be written through it */
	STORE_WRITE,                    /* made (mode 0640, or as file_share() says) when it does not exist; older schemas are brought up to date */
};

/* `behov store create [--test]`: refuses one that exists. */
int store_create(const char *path, bool test, struct error *err);
/* `path` is conf.store without "sqlite:".  A newer schema than ours is refused. */
int store_open(const char *path, enum store_mode mode, struct store **out, struct error *err);
void store_close(struct store *store);          /* NULL is allowed; an open transaction is rolled back */
bool store_is_test(const struct store *store);

int store_begin(struct store *store, struct error *err);
int store_commit(struct store *store, struct error *err);
void store_rollback(struct store *store);

/* Small values: "clock" (last moment seen), … NULL when absent. */
int store_get(struct arena *mem, struct store *store, const char *name, const char **out, struct error *err);
int store_set(struct store *store, const char *name, const char *value, struct error *err);

/* As JSON: the brake on the directory, and on each share (with its id behind it); "state" is "braked" while it stands. */
#define SHRINK_VALUE "shrink"
#define VANISH_VALUE "vanish:"
/* As JSON: [ { "key", "name", "display" } ], who may look at /status, as the last night that knew has found them. */
#define ADMINISTRATORS_VALUE "administrators"
/* As JSON: { scope: how much there is of it }, what a brake measures against, as the last night that saw it knew. */
#define SIZES_VALUE "sizes"
/* Who would get a link if they asked for one, by name and by address: of each the first 16 digits of digest_text(text_fold()),
 * and a blank. */
#define INVITED_VALUE "invited"
/* People with protected identity: as JSON, what agent/secret.c remembers of them. */
#define SECRET_VALUE "secret"
/* What somebody is called, and what is shown instead; store_hide() takes the names out of all that can be shown.  The
 * journal of effects keeps the DN, since a restore needs it. */
struct hidden { const char *key, *name, *display, *dn, *shown; };
int store_hide(struct store *store, const struct hidden *hidden, struct error *err);
/* Is that name what somebody is shown as instead?  Then their address is not shown either. */
#define HIDDEN_AS "Skyddad person "
bool store_is_hidden(const char *display);
/* What to show for an owner as the rules write it: that, or "Skyddad person N" when the name last led to such a person. */
int store_shown(struct arena *mem, struct store *store, const char *name, const char **out, struct error *err);

/* ------------------------------------------------------------------ nights */

/* One start of run or apply. */
struct night {
	long long id;                   /* 0 = there is none */
	const char *verb;               /* "run", "apply" */
	const char *state;              /* "running", "published", "failed", "interrupted" */
	int64_t started, finished;
	bool complete;                  /* published without a gap */
	const char *rules;              /* rules.digest */
	const char *summary;            /* JSON text: counts, certificate, seen */
};

/* Marks nights that still say "running" as interrupted, and starts one. */
int store_night_start(struct store *store, const char *verb, int64_t now, const char *rules, long long *id,
		      struct error *err);
/* state "published" or "failed". */
int store_night_end(struct store *store, long long id, const char *state, bool complete, int64_t now,
		    const char *summary, struct error *err);
/* The last published one of a verb, or id 0.  `complete`: the last that was complete. */
int store_night_last(struct arena *mem, struct store *store, const char *verb, bool complete, struct night *out,
		     struct error *err);
/* All that were started in [from, to), in order. */
struct nights { LIST(struct night) list; };
int store_nights(struct arena *mem, struct store *store, const char *verb, int64_t from, int64_t to, struct nights *out,
		 struct error *err);
/* How many nights (verb "run") were published and finished after that moment. */
int store_nights_since(struct store *store, int64_t moment, long long *out, struct error *err);

/* ------------------------------------------------------------------ facts of the last published night */

/* Findings and gaps: those that stay keep their first_seen, those that are gone go. */
int store_facts_put(struct store *store, const struct plan *plan, int64_t now, struct error *err);
struct noted { struct finding finding; int64_t first_seen; };
struct missed { struct gap gap; int64_t first_seen; };
struct facts { LIST(struct noted) findings; LIST(struct missed) gaps; };
int store_facts(struct arena *mem, struct store *store, struct facts *out, struct error *err);
/* Those that a published night saw that began at that moment.  Where PAST_VALUE is a later one, those that have gone before it are missing. */
int store_facts_then(struct arena *mem, struct store *store, int64_t moment, struct facts *out, struct error *err);
/* Of a store that is older than what it remembers of nights before: when the night began from which on it does, as digits. */
#define PAST_VALUE "past-since"

/*
 * Who could read what, and when: intervals written on change.  plan->grants opens an interval or finds one open; an open
 * one that is not among them is closed (last_seen = the last night that saw it), unless plan->unclear touches it (access,
 * and its system, role, key or group match or are NULL) or plan->access_judged is false.
 */
int store_grants_put(struct store *store, const struct plan *plan, int64_t now, struct error *err);
/* key: of the account; via: DN of the direct group; last_seen INT64_MIN = still there */
struct held_grant { const char *system, *role, *account, *key, *via; int64_t first_seen, last_seen; };
struct grants { LIST(struct held_grant) list; };
/* Those open at any time in [from, to), sorted by system, role, account, via.  Of one account (its key, or the name it had; case does not matter), one system, one role; NULL = all. */
struct grant_filter { const char *who, *system, *role; };
int store_grants_of(struct arena *mem, struct store *store, const struct grant_filter *filter, int64_t from, int64_t to,
		    struct grants *out, struct error *err);

/* By which need, as the grants were put with: kind and what a clause says, where it stands now. */
struct stored_need { long long id; enum ground_kind kind; const char *system, *role, *text, *why, *since, *place; };
struct stored_needs { LIST(struct stored_need) list; };         /* sorted by id */
int store_needs(struct arena *mem, struct store *store, struct stored_needs *out, struct error *err);

/*
 * All intervals that were open at any time in [from, to), sorted by system, role, account, key and first_seen, each lent for the call.
 * need: an id, 0 = not known, as the night `then` had it, or else the last of the interval, since need_since.  added: when the directory says that they
 * came into the group, and on which server.  brief: without via, added and added_by.
 */
struct access_span {
	const char *system, *role, *account, *key, *via, *added_by;
	int64_t first_seen, last_seen, need_since, added;
	long long need;
};
struct access_filter { const char *system; int64_t from, to, then; bool brief; };       /* system NULL = all; then: need as that night had it */
int store_access_each(struct store *store, const struct access_filter *filter,
		      int (*each)(void *self, const struct access_span *span, struct error *err), void *self, struct error *err);

/* As long as it is the same, nothing is known otherwise of who had what before that moment: it costs less than reading it. */
int store_access_mark(struct arena *mem, struct store *store, int64_t before, const char **out, struct error *err);

/* plan->marks, as intervals in the same way.  system, role "" = none. */
struct stored_mark {
	enum mark_kind kind;
	const char *system, *role, *account, *key, *note;
	day_t day;
	int64_t first_seen, last_seen;
};
int store_marks_put(struct store *store, const struct plan *plan, int64_t now, struct error *err);
/* Those open at any time in [from, to), sorted by kind, account, key, system and role, each lent for the call; note and day as they were at
 * `from`, where that is known. */
int store_marks_each(struct store *store, int64_t from, int64_t to, int (*each)(void *self, const struct stored_mark *mark, struct error *err),
		     void *self, struct error *err);

/* ------------------------------------------------------------------ proposals */

/* A proposal as stored.  p.packed is NULL: its files are in the store (store_manifest). */
struct stored {
	struct proposal p;
	const char *id;                 /* key + "-" + episode */
	int episode;                    /* 1, 2, … for a key */
	enum state state;
	int64_t opened, since;          /* when it was first stored; when it came into this state */
	int64_t go_at;                  /* scheduled, quarantined: not before; else INT64_MIN */
	day_t until;                    /* kept: asked again from this day, DAY_NONE = never by itself */
	const char *note;               /* why it is in this state: a reason, a file name, an error; or NULL */
	/* For apply, and in no table: what its member and its group are called just now, and that they are no edge any longer. */
	const char *dn, *group_dn;
	bool unseen;
};
struct stored_list { LIST(struct stored) list; };

struct proposal_filter {
	unsigned states;                /* STATES(…) | …; 0 = all */
	const char *id, *key, *approver, *scope;        /* NULL = any; approver: account key */
	const char *about;              /* NULL = any; else an id, a key, or the name of the account that it is about */
	int64_t alive_since;            /* those that live, or came into their state since that moment; 0 = all */
	bool brief;                     /* without also, path and evidence, in no order: thousands, of which few are shown */
};
/* Sorted by kind word, key, episode.  evidence is owned by the list: stored_free(). */
int store_proposals(struct arena *mem, struct store *store, const struct proposal_filter *filter,
		    struct stored_list *out, struct error *err);
void stored_free(struct stored_list *list);
/* It lies on a work list, with a person who carries it out; its note is the path of that list, which is called so. */
#define WORK_LIST "arbetslista-"
bool stored_by_hand(const struct stored *s);
/* Gives it the next episode of its key, and its id: s->id, s->episode are set (in mem). */
int store_proposal_add(struct arena *mem, struct store *store, struct stored *s, struct error *err);
/* All but id, key, episode, opened and version: what is shown, who is asked, and its state. */
int store_proposal_put(struct store *store, const struct stored *s, struct error *err);
/* How many each (by key) was asked since a moment, because it was their turn: what took the place of one that was asked then is
 * the same one. */
struct asked_count { const char *key; long long count; };
struct asked_lately { LIST(struct asked_count) list; };
int store_asked(struct arena *mem, struct store *store, int64_t since, struct asked_lately *out, struct error *err);
/* How many in the queue will be asked of that person. */
int store_queued(struct store *store, const char *key, long long *out, struct error *err);
/* Something happens to it, as life.h says: its state and what goes with it.  An error when that cannot happen to it.  What is
 * undone or freed is asked anew: those in a seat without an answer are asked since now. */
int store_proposal_move(struct store *store, const char *id, enum happening what, int64_t now, int64_t go_at, day_t until,
			const char *note, struct error *err);
/* What proposals were until that moment, of those that were something else then than they are; sorted by id.  PAST_VALUE: as above. */
struct past_state { const char *proposal; enum state state; int64_t since; const char *note; };
struct past_states { LIST(struct past_state) list; };
int store_states_then(struct arena *mem, struct store *store, int64_t moment, struct past_states *out, struct error *err);

/* The manifest that these records make, under its digest (manifest_digest()), in frames.  The same digest is stored once;
 * records that make another are refused. */
int store_manifest_put(struct store *store, const char *digest, const struct record *records, size_t count,
		       struct error *err);
/* One that is packed already; whether its digest is right is looked at once more. */
int store_manifest_keep(struct store *store, const struct manifest *packed, struct error *err);
/* What is known of each frame; what is packed in it is not read before it is asked for. */
int store_manifest_open(struct arena *mem, struct store *store, const char *digest, struct manifest *out,
			struct error *err);
/* The records of one frame.  The frame is held against what is known of it, not against the digest of the whole. */
int store_manifest_frame(struct arena *mem, struct store *store, const struct manifest *m, size_t number,
			 struct record **records, struct error *err);
/* All of it, checked against its digest; *records NULL when there is none. */
int store_manifest(struct arena *mem, struct store *store, const char *digest, struct record **records, size_t *count,
		   struct error *err);

/* ------------------------------------------------------------------ decisions */

enum verdict {
	VERDICT_APPROVE, VERDICT_KEEP, VERDICT_UNDO,
	VERDICT_ASK,                    /* a colleague should say something first */
	VERDICT_RULE,                   /* who wrote the rule should */
	VERDICT_NOT_MINE, VERDICT_HOLD,
	VERDICT_LATER,                  /* not before `until` */
	VERDICT_ADVISE,                 /* of somebody who was asked; never approves */
	VERDICT_DONE,                   /* what is carried out by hand has been, they say; a night sees whether it is so */
};
#define VERDICTS (VERDICT_DONE + 1)
extern const char *const verdict_word[];        /* "approve", "keep", "undo", "ask", … */
extern const char *const verdict_text[];        /* the same as people say it: "godkänt", … */
/* Why an answer did not count, in Swedish: as it is said to who gave it (speak() has it in other languages; NULL when nobody has words for
 * it), and as it is told of them to others (what has no words is told as it stands). */
#define REFUSAL_APPROVED "it has been approved already"
const char *refusal_said(const char *fault);
const char *refusal_told(const char *fault);
/* Those that take back what was approved of the same version before them. */
#define VERDICT_TAKES_BACK(v) ((v) == VERDICT_UNDO || (v) == VERDICT_HOLD)

struct decision {
	long long id;
	const char *proposal, *version; /* id; the version that was seen */
	const char *key, *name;         /* who; key NULL on the command line */
	enum verdict verdict;
	const char *reason;
	day_t until;
	int64_t at;
	const char *source;             /* "page", "command line" */
	long long inbox;                /* the mark of its row in the inbox, 0 = none; unique */
	const char *proof;              /* JSON text, or NULL */
	const char *refused;            /* why it does not count, or NULL */
};
struct decisions { LIST(struct decision) list; };
int store_decision_add(struct store *store, const struct decision *d, struct error *err);
/* By id; proposal NULL = all; since INT64_MIN = from the beginning. */
int store_decisions(struct arena *mem, struct store *store, const char *proposal, int64_t since, struct decisions *out,
		    struct error *err);
/* All about the proposals that an account is asked about; by proposal, and of each by id. */
int store_decisions_asked(struct arena *mem, struct store *store, const char *approver, unsigned states, struct decisions *out,
			  struct error *err);
/* Has the inbox row with that mark been taken? */
int store_decision_taken(struct store *store, long long mark, bool *out, struct error *err);

/*
 * "Not mine": that somebody (key) has no such duty (as: of their seat) in what has that key.  It stands whatever becomes of the
 * proposal, until a night sees that the rules name them for that duty no longer (propose/owners.c).
 */
struct declined { const char *proposal_key, *key, *as; int64_t at; };
struct declined_list { LIST(struct declined) list; };
/* One that stands already is left as it is. */
int store_declined_add(struct store *store, const struct declined *d, struct error *err);
int store_declined_end(struct store *store, const struct declined *d, struct error *err);
/* Those that stand, sorted by proposal key, key, as; key NULL = of all. */
int store_declined(struct arena *mem, struct store *store, const char *key, struct declined_list *out, struct error *err);
bool declined_has(const struct declined_list *all, const char *proposal_key, const char *key, const char *as);
/* Of each seat that they have in it? */
bool declined_all(const struct declined_list *all, const struct proposal *p, const char *key);

/* What an owner wants to know of somebody else before they answer. */
enum question_kind { QUESTION_COLLEAGUE, QUESTION_RULE };       /* rule: to who wrote it */
enum advice { ADVICE_NONE, ADVICE_REMOVE, ADVICE_KEEP, ADVICE_UNKNOWN };
extern const char *const question_word[];       /* "colleague", "rule" */
extern const char *const advice_word[];         /* "", "remove", "keep", "unknown" */
struct question {
	long long id;
	const char *proposal;           /* id */
	enum question_kind kind;
	const char *to;                 /* as it was typed: an account name or an address; NULL = who wrote the rule */
	const char *text;
	const char *by_key, *by_name;   /* who asks */
	int64_t at;
	const char *key, *name, *display, *mail;        /* who it is; NULL until a night has found them */
	const char *problem;            /* why nobody is asked, or why nobody answers; or NULL */
	enum advice advice;
	const char *answer;             /* their words, or NULL */
	int64_t answered, closed;       /* INT64_MIN = not yet; closed: nobody can answer it any more */
};
struct questions { LIST(struct question) list; };
int store_question_add(struct store *store, const struct question *q, struct error *err);
/* What came of it since: who they are, problem, answer, answered, closed. */
int store_question_put(struct store *store, const struct question *q, struct error *err);
/* NULL = any; key: of who is asked; open: those that are not closed; approver, and states: about proposals in these that they are
 * asked to decide on.  By id. */
struct question_filter { const char *proposal, *key; bool open; const char *approver; unsigned states; };
int store_questions(struct arena *mem, struct store *store, const struct question_filter *filter, struct questions *out,
		    struct error *err);

/*
 * Who has answered: of the decisions about one proposal those count that are of its version, hold, and that have not been
 * taken back; and of those only the ones of people who sit in one of its seats now.
 */
/* By what came after it: an undo or a hold of anybody, "not mine" of the same person.  `all` is about one proposal. */
bool seats_taken_back(const struct decisions *all, size_t i);
bool seats_has_approved(const struct decisions *all, const struct stored *s, const char *key);
/* Has somebody who sits there approved? */
bool seats_answered(const struct decisions *all, const struct stored *s, int seat);
/* Every seat has an approval, and they are of as many different people (mailboxes) as it needs. */
bool seats_all_approved(const struct decisions *all, const struct stored *s);
/* Is an answer of theirs wanted still? */
bool seats_wait_for(const struct decisions *all, const struct stored *s, const char *key);
/* Has somebody approved by a way of signing in that is not enough for it, as it is now? */
bool seats_signed_weakly(const struct conf *conf, const struct decisions *all, const struct stored *s, const struct proposal *now);
/*
 * Why what has been approved of it falls, though it says the same: an approval is good for what it was asked under, and it is
 * asked under more now (two people where one was enough, a protected account, another role, a strong sign-in).  NULL: what was
 * approved stands, or nobody has approved yet.  Swedish.
 */
const char *seats_outgrown(const struct conf *conf, const struct decisions *all, const struct stored *s, const struct proposal *now);
bool seats_hold(const struct proposal *p, const char *key);
/* The last time that somebody said that what is carried out by hand has been; NULL: nobody has. */
const struct decision *seats_said_done(const struct decisions *all, const struct stored *s);
/* Since when a seat has been asked: since the first of those whose turn it was, whatever came between; INT64_MAX = not yet. */
int64_t seats_since(const struct stored *s, int seat);
/* The longest of two periods (days, as conf.escalate) for which a seat has waited for an answer today; 0 = none of them. */
int seats_late(const struct decisions *all, const struct stored *s, const int *periods, day_t today);
/* Why they are asked, all their seats in one text; NULL when they are not. */
const char *seats_as(struct arena *mem, const struct proposal *p, const char *key);

/* A person keeps a role. */
struct kept {
	const char *system, *role, *key, *account;      /* key: account key */
	const char *reason, *by, *proposal;
	day_t until;                    /* DAY_NONE = until somebody changes it */
	int64_t at;
};
struct kept_list { LIST(struct kept) list; };
int store_exception_add(struct store *store, const struct kept *kept, struct error *err);
/* Those in force on a day (until DAY_NONE or until > day), sorted by system, role, key. */
int store_exceptions(struct arena *mem, struct store *store, day_t day, struct kept_list *out, struct error *err);

/* ------------------------------------------------------------------ letters */

struct letter {
	const char *id;                 /* hex; also the id of the mail */
	const char *kind;               /* "digest", "reminder", "link", "receipt", "event", "question", "administrator" */
	const char *key, *name, *display, *mail;        /* to whom */
	const char *token_hash;         /* hex SHA-256 of the token, NULL when it carries no link */
	int64_t created, expires;
	int64_t sent;                   /* INT64_MIN = not yet */
	const char *problem;            /* why the last try failed, or NULL */
	int tries;                      /* how often the server said no */
	int64_t next;                   /* it is not tried before that; 0 = any time */
	const char **proposals;         /* ids it was about; of an "event" letter "SERIES@SHARE", of a "receipt" decisions' numbers,
					 * of a "question" letter "q" and its number.  Read of unsent ones only: a letter to who has
					 * not answered for years is about thousands, and is looked up for each of them */
	int proposal_count;
};
struct letters { LIST(struct letter) list; };
/* The same id again changes nothing. */
int store_letter_add(struct store *store, const struct letter *letter, struct error *err);
int store_letter_sent(struct store *store, const char *id, int64_t now, const char *problem, struct error *err);
/* The server said no to it once more. */
int store_letter_refused(struct store *store, const char *id, int tries, int64_t next, const char *problem, struct error *err);
/* Unsent ones, oldest first. */
int store_letters_unsent(struct arena *mem, struct store *store, struct letters *out, struct error *err);
/* The last letter to somebody that was about a proposal; list empty when there is none. */
int store_letter_about(struct arena *mem, struct store *store, const char *key, const char *proposal,
		       struct letters *out, struct error *err);
/* The last digest or reminder to somebody; list empty when there is none. */
int store_letter_last(struct arena *mem, struct store *store, const char *key, struct letters *out, struct error *err);
/* By the hash of its token; list empty when there is none. */
int store_letter_by_token(struct arena *mem, struct store *store, const char *token_hash, struct letters *out,
			  struct error *err);

/* ------------------------------------------------------------------ people, holds, events, activations */

/* An owner's name is pinned to an account once. */
struct pin { const char *name, *key, *mail; int64_t since, changed; };  /* changed INT64_MIN = never */
int store_pin(struct arena *mem, struct store *store, const char *name, struct pin *out, bool *found, struct error *err);
int store_pin_put(struct store *store, const struct pin *pin, struct error *err);

struct stored_hold { struct hold hold; int64_t set, lifted; const char *lifted_by, *lifted_why; bool from_rules; };
struct holds { LIST(struct stored_hold) list; };
/* What an owner sets for a proposal is called this and the proposal's id, "-" and a number. */
#define STOP_PREFIX "stopp-"
/* Is it one of those, for what has that key? */
bool hold_is_of(const struct hold *hold, const char *proposal_key);
/* A hold with that id is left as it is (rules cannot change one that stands). */
int store_hold_add(struct store *store, const struct hold *hold, bool from_rules, int64_t now, struct error *err);
/* One more says so: their name and reason, behind those that one has that stands. */
int store_hold_join(struct store *store, const char *id, const char *by, const char *reason, struct error *err);
int store_hold_lift(struct store *store, const char *id, int64_t now, const char *by, const char *why,
		    struct error *err);
/* Sorted by id; `all`: lifted ones, too. */
int store_holds(struct arena *mem, struct store *store, bool all, struct holds *out, struct error *err);

/* What somebody says has happened, from the command line or the page (inbox: inbox_decision.mark, else 0). */
struct stored_event {
	struct event event;             /* .by: a name */
	int64_t set, withdrawn;         /* withdrawn INT64_MIN = it stands */
	const char *withdrawn_by, *withdrawn_why;
	const char *key, *source, *proof, *refused;     /* refused: why it does not count, or NULL */
	long long inbox;
};
struct stored_events { LIST(struct stored_event) list; };
/* event.id is given by the store: in *id. */
int store_event_add(struct arena *mem, struct store *store, const struct stored_event *e, const char **id, struct error *err);
int store_event_withdraw(struct store *store, const char *id, int64_t now, const char *by, const char *why, struct error *err);
/* In the order they came; `all`: those that were withdrawn, too.  Those that were refused never. */
int store_events(struct arena *mem, struct store *store, bool all, struct stored_events *out, struct error *err);
/* Of the last night, as JSON: [ { "series", "share", "files", "paths": [ … ] } ], the folders where nobody has said when it ended. */
#define LACKING_VALUE "lacking-events"

struct activation { const char *series, *digest, *by; int64_t at; };
int store_series_activate(struct store *store, const struct activation *a, struct error *err);
int store_series_active(struct arena *mem, struct store *store, const char *series, struct activation *out,
			bool *found, struct error *err);

/* ------------------------------------------------------------------ the quarter's lists, and who has reviewed them */

/* Why somebody stands in a list: as before, new, gone, gone and back, came and went. */
enum review_change { REVIEW_SAME, REVIEW_NEW, REVIEW_GONE, REVIEW_BACK, REVIEW_PASSED };
#define REVIEW_CHANGES (REVIEW_PASSED + 1)
extern const char *const review_change_word[];          /* "same", "new", … */

/* Who had what in a system when a quarter was over, as a night laid it before its owner.  It is never changed: a night that finds
 * another makes a new one. */
struct review_list {
	long long id;                   /* ascending: of a quarter and system the last one is in force */
	const char *quarter, *system;   /* "2026Q3" */
	const char *digest;             /* hex: of all that it says but account names, which may have to be hidden later */
	const char *core;               /* the same without needs */
	long long people, added, removed, rows;
	int64_t ended;                  /* when the quarter was over */
	int64_t asked, made;            /* when the first list of that quarter and system was made; when this one was */
};
struct review_lists { LIST(struct review_list) list; };
/* need: an id, 0 = not known; kind, text and place are what the store knows of it, and are not read by store_list_add(). */
struct review_row {
	const char *role, *key, *account;
	enum review_change change;
	int64_t since, until;           /* until INT64_MIN = still there */
	long long need;
	enum ground_kind kind;
	const char *text, *place;
};
struct review_rows { LIST(struct review_row) list; };
/* *list: its id is set. */
int store_list_add(struct store *store, struct review_list *list, const struct review_row *rows, size_t count, struct error *err);
/* quarter NULL: the last that has lists; system NULL: all; `old`: those that another has taken the place of, too.  By system and id. */
int store_lists(struct arena *mem, struct store *store, const char *quarter, const char *system, bool old, struct review_lists *out,
		struct error *err);
/* As they are read, from number `from` (0, 1, …) on, at most `most`. */
int store_list_rows(struct arena *mem, struct store *store, long long list, long long from, long long most, struct review_rows *out,
		    struct error *err);
/* In how many rows somebody has the role now. */
int store_list_holds(struct store *store, long long list, const char *key, long long *out, struct error *err);

/* Somebody says that they have gone through a list. */
struct review {
	long long id;
	const char *quarter, *system, *digest;
	const char *key, *name, *duty;  /* duty: "informationsägare", …, as they were when it was taken */
	const char *text;               /* their remarks, or NULL */
	long long own;                  /* rows of the list that are about themselves */
	int64_t at;
	const char *source;             /* "page" */
	long long inbox;                /* the mark of its row in the inbox; unique */
	const char *proof, *refused;    /* as in struct decision */
};
struct reviews { LIST(struct review) list; };
int store_review_add(struct store *store, const struct review *review, struct error *err);
/* By id; quarter, system NULL = all; `refused`: those that do not count, too. */
int store_reviews(struct arena *mem, struct store *store, const char *quarter, const char *system, bool refused, struct reviews *out,
		  struct error *err);
/* Is that list reviewed?  REVIEW_OLDER: only one was that it has taken the place of.  all: of its quarter at least, none refused. */
enum review_state { REVIEW_WAITS, REVIEW_OLDER, REVIEW_DONE };
enum review_state review_state(const struct review_list *list, const struct reviews *all);
/* Those of the last quarter that are not reviewed, of systems that stand in the rules. */
int store_lists_waiting(struct arena *mem, struct store *store, const struct rules *rules, struct review_lists *out, struct error *err);

/* As JSON: { system: [ { "key", "duty" } ] }, who can be asked to review it, in their turn, as the last night that saw the directory
 * found them. */
#define REVIEWERS_VALUE "reviewers"
struct reviewer { const char *system, *key, *duty; };
struct reviewers { LIST(struct reviewer) list; };
/* Those of them whom the rules name now, and whose account and address have been the same for seven days: of a system, or of all, which
 * is sorted by system; of one person (key), or of all. */
int store_reviewers(struct arena *mem, struct store *store, const struct rules *rules, const char *system, const char *key, int64_t now,
		    struct reviewers *out, struct error *err);

/* ------------------------------------------------------------------ what was done */

/* Of each file that a person should take away: what the night saw; or, from the work list on, why it may not go (failed). */
#define BY_HAND_ACT "by-hand"

enum effect_state { EFFECT_INTENDED, EFFECT_DONE, EFFECT_FAILED, EFFECT_UNDONE };
struct effect {
	long long id;
	const char *proposal;
	const char *act;                /* "remove", "export", "quarantine", "unlink", "restore", "deliver", "package", "by-hand" */
	long long number;               /* of the record in its manifest, 0 for access; unique with proposal and act */
	const char *target;             /* escaped path, or the group's DN */
	enum effect_state state;
	const char *before, *after;     /* JSON text: what was compared, what is needed to undo; or NULL */
	const char *note;
	int64_t intended, ended;
};
struct effects { LIST(struct effect) list; };
/* One that is there already (same proposal, act, number) is left as it is; *id is its id either way. */
int store_effect_intend(struct store *store, const struct effect *e, long long *id, struct error *err);
int store_effect_end(struct store *store, long long id, enum effect_state state, const char *after, const char *note,
		     int64_t now, struct error *err);
/* What is meant is not, after all: nothing was begun.  One that has come further is left as it is. */
int store_effect_forget(struct store *store, long long id, struct error *err);
/* Has apply begun with a proposal?  Then only apply can bring it to its end. */
int store_begun(struct store *store, const char *proposal, bool *out, struct error *err);
/* NULL = any; sorted by proposal, act, number. */
int store_effects(struct arena *mem, struct store *store, const char *proposal, const char *act, struct effects *out,
		  struct error *err);

/* What became of one file of a batch: of its quarantine, and of its end there.  Moments INT64_MIN = not. */
struct disposal {
	long long number;               /* in its manifest, from 1; 0: what stopped all of a whole batch */
	enum effect_state moved, gone;
	int64_t checked, moved_at;      /* judged just before it was moved; moved, or not */
	int64_t checked_again, gone_at; /* judged just before its end; INT64_MIN: its end was never meant, and `gone` says nothing */
	const char *moved_note, *gone_note;
	long links;                     /* names that it had at its end */
	bool by_hand;                   /* by a person, and `gone_at` is when a night saw it */
};
/* In order of number, each lent for the call; -1 from each() ends the walk with its err.  Takes no memory for how many they are. */
int store_disposals(struct store *store, const char *proposal, int (*each)(void *self, const struct disposal *d, struct error *err),
		    void *self, struct error *err);

/* ------------------------------------------------------------------ gallringsprotokoll */

struct protocol {
	const char *proposal, *dnr;
	int year;
	long long number;               /* 1, 2, … in its year */
	const char *digest, *body;      /* sha256 of the body, hex; JSON as it stands in its file */
	int64_t at;                     /* when it was issued */
	bool written;                   /* its files were all put in place */
	bool nameless;                  /* no name of a file stands in it, and it has no list of them */
};
struct protocols { LIST(struct protocol) list; };
/* Batches that came to an end with files destroyed, and have none yet: in the order in which the last file went. */
struct ended_batch { const char *proposal; int64_t at; };
struct ended_batches { LIST(struct ended_batch) list; };
int store_protocols_due(struct arena *mem, struct store *store, struct ended_batches *out, struct error *err);
/* The number that comes next in a year.  Good inside the transaction that also adds it: so no number is left out or given twice. */
int store_protocol_next(struct store *store, int year, long long *out, struct error *err);
int store_protocol_add(struct store *store, const struct protocol *p, struct error *err);
int store_protocol_written(struct store *store, const char *proposal, int64_t now, struct error *err);
/* In the order in which they were issued; what: a proposal or a dnr, NULL = all; unwritten: only those. */
int store_protocols(struct arena *mem, struct store *store, const char *what, bool unwritten, struct protocols *out, struct error *err);
/* Those without names of which the store has some still: proposal and dnr of each. */
int store_protocols_named(struct arena *mem, struct store *store, struct protocols *out, struct error *err);
/*
 * Within the caller's transaction: the names of the files of a batch that were destroyed go out of the journal, and, when it is over (no
 * longer live, and nothing of it in quarantine: *over), its manifests and the samples its owners were shown go, too, with those of what
 * was proposed of it before.  What a live proposal has stays, and one whose protocol has a list or is to come, or a delivery some of
 * whose originals are left.  Sums, counts and moments stay.
 */
int store_names_forget(struct store *store, const char *proposal, int64_t now, bool *over, struct error *err);
/*
 * Outside a transaction.  When names were forgotten since it was done last: the store is written anew, so that they are not in a part
 * of its file that is free, nor in its WAL.  Takes twice as much room on its disk as it has, and is not begun where there is less.
 * *done false: somebody is reading it; again later.
 */
int store_names_scrub(struct store *store, bool *done, struct error *err);
/* The one that was issued last; dnr NULL when there is none. */
int store_protocol_last(struct arena *mem, struct store *store, struct protocol *out, struct error *err);

/* ------------------------------------------------------------------ the audit chain: see audit.h */

struct audit_row {
	long long seq;                  /* 1, 2, … */
	const char *at;                 /* clock_text() */
	const char *actor, *event;
	const char *payload_digest;     /* hex; NULL when there is no payload */
	const char *prev, *hash;        /* hex */
	const char *salt, *payload;     /* hex, canonical JSON; NULL when they have been disposed of */
};
int store_audit_add(struct store *store, const struct audit_row *row, struct error *err);
/* seq 0 when there is none. */
int store_audit_at(struct arena *mem, struct store *store, long long seq, struct audit_row *out, struct error *err);
int store_audit_last(struct arena *mem, struct store *store, struct audit_row *out, struct error *err);
/* The last that is older than that (clock_text()); NULL: of all. */
int store_audit_before(struct arena *mem, struct store *store, const char *at, struct audit_row *out, struct error *err);
/* The last row that says that this happened to a proposal; seq 0 when there is none, or its payload has been disposed of. */
int store_audit_about(struct arena *mem, struct store *store, const char *event, const char *proposal, struct audit_row *out,
		      struct error *err);
/* Calls each() for those after `from`, in order of seq; -1 from it ends the walk with its err.  A row is lent for the call. */
int store_audit_each(struct store *store, long long from, int (*each)(void *self, const struct audit_row *row, struct error *err),
		     void *self, struct error *err);
/* The same for all rows of one event. */
int store_audit_events(struct store *store, const char *event, int (*each)(void *self, const struct audit_row *row, struct error *err), void *self,
		       struct error *err);

/* ------------------------------------------------------------------ our own records */

/*
 * What behov itself keeps is told as files of a share would be: of each kind one record for each day (in the zone), as
 * "brev/2024/2024-03-05".  Only what has ended is there: letters that were sent, access that is no more, what was said of proposals
 * that live no longer.  What proves a disposal or a transfer is no kind of these, and stays.
 */
enum own { OWN_ACCESS, OWN_DECISIONS, OWN_LETTERS, OWN_CHAIN, OWN_NIGHTS, OWN_REPORTS };
#define OWNS (OWN_REPORTS + 1)
extern const char *const own_word[];            /* sorted */
struct own_record { enum own kind; day_t day; long long rows, bytes; int64_t last; };  /* last: the moment of its last row */
char *own_path(struct arena *mem, enum own kind, day_t day);
/* False: no record of ours is called so. */
bool own_read(const char *path, enum own *kind, day_t *day);
/* As a file of that name would be.  Its inode is the number of its rows: while that, its size and its moment are the same nothing has
 * come or gone. */
void own_entry(const struct own_record *record, const char *name, struct entry *out);
/* All of a kind, by day; -1 from each() ends the walk with its err. */
int store_own_each(struct store *store, enum own kind, int (*each)(void *self, const struct own_record *record, struct error *err),
		   void *self, struct error *err);
/* As it is now; rows 0: it is gone. */
int store_own_look(struct store *store, enum own kind, day_t day, struct own_record *out, struct error *err);
/* Rows that have said what they said, and the numbers of those rows of the chain whose payload went, in order of each kind and day. */
struct own_gone { long long rows; LIST(long long) chain; };
/* Ends a record; inside a transaction of the caller's, who adds the row of the chain that says so.  Adds to *gone. */
int store_own_dispose(struct arena *mem, struct store *store, enum own kind, day_t day, struct own_gone *gone, struct error *err);
/* That row: { "chain": [ [ first, last ], … ], "decision": { "dnr", … }, … }. */
#define OWN_DISPOSED "records-disposed"
/* What such rows of the chain say is never disposed of. */
bool own_is_kept(const char *event);
/* Who asks for what is gone must hear that it is, and not that there was nothing: of a kind the last day of which a record has been
 * disposed of, and by which decision.  until DAY_NONE: none ever was. */
struct own_until { day_t until; const char *dnr; };
int store_own_until(struct arena *mem, struct store *store, enum own kind, struct own_until *out, struct error *err);
int store_own_remember(struct store *store, enum own kind, day_t day, const char *dnr, struct error *err);

/* ------------------------------------------------------------------ for reports and status */

/* How many proposals there are per (kind, state); sorted. */
struct tally_row { const char *kind, *state, *system, *series; long long count, files, bytes; };
struct tallies { LIST(struct tally_row) list; };
int store_tallies(struct arena *mem, struct store *store, struct tallies *out, struct error *err);

#endif
