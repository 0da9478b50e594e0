/* SPDX-License-Identifier: GPL-3.0-or-later */
/* decide_p.h - what the files of the approval page share: a request, its form, its session, and what it is answered. */
#ifndef BEHOV_DECIDE_P_H
#define BEHOV_DECIDE_P_H

#include <behov/take.h>

#include <behov/decide.h>
#include <behov/speak.h>
#include <behov/text.h>

#include <microhttpd.h>

#define FIRST_MOST 30                   /* seconds in which the first request of a connection is sent, and in which its answer is read */
#define PATIENCE_MOST 120               /* seconds from an answer to the next request, and from that to its answer */
#define QUEUE_MOST 2000                 /* requests that wait in a lane */
#define WAIT_MOST 200                   /* in the lane of those that wait for another server */

#define FORM_MOST 6000                  /* fields in a form */
#define BODY_MOST (512 * 1024)          /* bytes of a form */
#define TOO_LARGE_MOST (8 * (size_t)BODY_MOST)  /* bytes of one that is passed over */
#define ROWS_MOST 200                   /* proposals that wait, on a page */
#define OTHERS_MOST 100                 /* those that have an answer already */
#define CARRY_MOST 300                  /* rows that somebody has chosen on other pages and not saved */
#define FORM_WORDS   "rukfwnhelc"       /* the words of answers about a row: r-ID and so on */
#define FORM_LETTERS "d" FORM_WORDS     /* and which answer it is */

#define CODE_MINUTES 10
#define CODE_TRIES 5
#define CODES_AN_HOUR 5                 /* for one letter */
#define CODES_A_DAY 15                  /* a link in wrong hands: 75 guesses a day, of a million */
#define LONG_SECONDS (70 * 60)          /* a long code is good for that long, */
#define LONG_AGAIN (60 * 60)            /* the next one is mailed no sooner, */
#define LONG_RETRY 60                   /* but for this when that one was used, or could not be sent */
#define MAIL_PATIENCE 8                 /* seconds: a person waits for it */
#define SESSION_IDLE (15 * 60)          /* seconds since the last POST: a GET may not write, so it extends nothing */
#define SESSION_MOST (60 * 60)
#define PENDING_MOST (60 * 86400)       /* seconds that a decision may have to wait to be taken */

/* What a hand works with; each has its own. */
struct server {
	const struct rules *rules;
	struct store *store;            /* STORE_READ */
	struct inbox *inbox;
	const char *hosts[2];           /* what Host may say: that of conf.web.url, and where we listen; or NULL */
	const char *origins[2];         /* the same with a scheme, as Origin says it */
	bool https;
	const char *cookie;             /* its name */
	bool proxied;                   /* conf names the account of a proxy, */
	unsigned proxy;                 /* and this is its uid */
	const char *metrics_token;      /* the digest of what must be shown at /metrics, or NULL */
};

struct field { const char *name, *value; };
struct form { LIST(struct field) fields; struct field *by_name; };      /* fields: as they came */

enum session_state {
	SESSION_NONE,                   /* no cookie, or one we do not know */
	SESSION_OLD,                    /* too long ago, or its letter is no longer good */
	SESSION_UNPROVED,               /* a code was sent */
	SESSION_PROVED,
};

struct turn { const char *what; struct request *waits; struct turn *next; };    /* waits: for this one to end */

/* One request from its first byte to the end of its answer.  It belongs to the thread that listens, or to the hand it was
 * given to, never to both.  All it needs until its answer is made lives in its arena. */
struct request {
	struct arena *mem;
	struct server *server;
	struct MHD_Connection *connection;
	bool bad_target;                /* set before anything else is known */
	bool guarded;                   /* the guard has been asked */
	bool too_large;                 /* its form is passed over */
	bool busy;                      /* no time to work on it: it is sent away */
	bool crowded;                   /* and so it is when another form of that session waits already */
	bool counted;                   /* among those that are out */
	struct request *next;           /* in a lane */
	const char *method, *path;
	const char *target;             /* as it came */
	const struct language *language;
	int64_t now;
	char *body;
	size_t len, room;
	struct form form;               /* of a POST */
	const char *cookie;             /* the raw value that r->session was found by, or was given */
	struct turn turn;               /* of a form: nobody else works for its session */
	struct session session;         /* unless SESSION_NONE */
	struct letter letter;           /* SESSION_UNPROVED and SESSION_PROVED */
	const char *admin;              /* what the administrator at hand is called; NULL = there is none */
	/* the answer */
	unsigned status;
	const char *type, *location, *set_cookie;
	struct text out;
	struct MHD_Response *response;  /* when it has been worked on */
};

/* ------------------------------------------------------------------ guard.c */

/* The raw request target: one that starts with '/', short, printable, with whole escapes and no NUL. */
bool guard_target(const char *target);
/* conf.web.url as scheme and host: "https://x.example/" gives origin "https://x.example". */
int guard_origin(struct arena *mem, const char *url, const char **origin, const char **host, bool *https,
		 struct error *err);
/* 0, or the status (400, 403, 405, 411, 413, 415) of a request that we do not serve. */
unsigned guard_request(const struct request *r, const char *version);
/* What a request that is a form says of its length. */
size_t guard_length(const struct request *r);

/* ------------------------------------------------------------------ language.c */

/* A text in the language of who reads the page. */
static inline const char *say(const struct request *r, const char *text) __attribute__((format_arg(2)));
static inline const char *
say(const struct request *r, const char *text)
{
	return speak(r->language, text);
}
/* Never NULL. */
const struct language *language_of(const struct request *r);
/* What an Accept-Language (or NULL) asks for among those we have. */
const struct language *language_asked(const char *accept, const struct language *otherwise);
/* Of every page: language, and the form that chooses another. */
void language_put(struct request *r, json_t *data);
/* The same, of a page whose form takes what was typed along: the buttons belong to it, and its answer says language_take(). */
void language_put_form(struct request *r, json_t *data);
/* True when its form asks for another language: it is r's from here on. */
bool language_take(struct request *r);
/* POST /sprak: a cookie, and back to where the form was. */
int language_choose(struct request *r);

/* ------------------------------------------------------------------ crowd.c */

struct guest;
struct line { struct guest *first, *last; size_t count; };
struct crowd {
	struct line fresh, known;       /* known: has been answered */
	size_t most;
	double looked;                  /* when somebody was looked for who is late */
};
/* Gives how many connections libmicrohttpd may have, by how many files we may have open. */
size_t crowd_open(struct crowd *crowd);
/* An MHD_NotifyConnectionCallback over a struct crowd. */
void crowd_notify(void *self, struct MHD_Connection *connection, void **context, enum MHD_ConnectionNotificationCode what);
/* A hand works for that one: it is not to be sent away; and when the hand is done it has all of its time to read the answer, however
 * long it waited for it. */
void crowd_works(struct MHD_Connection *connection, bool works);
/* The next request has begun: however long somebody who was answered before has thought, its form may take its time. */
void crowd_asks(struct crowd *crowd, struct MHD_Connection *connection);
/* A whole request and its answer: that one is the last in its line. */
void crowd_answered(struct crowd *crowd, struct MHD_Connection *connection);
/* Those that have been in their line for more than FIRST_MOST or PATIENCE_MOST leave, a few at a time: to be called in every turn. */
void crowd_late(struct crowd *crowd);

/* ------------------------------------------------------------------ lanes.c, serve.c */

enum lane_name {
	LANE_READ,                      /* pages */
	LANE_WRITE,                     /* forms: the inbox takes one at a time */
	LANE_SEARCH,                    /* a million file names */
	LANE_WAIT,                      /* for a mail server or a directory */
	LANES
};
struct lanes;
struct lanes *lanes_open(const struct server *server, struct error *err);
/* False when too many wait there already, or nobody will come for it. */
bool lanes_give(struct lanes *lanes, enum lane_name lane, struct request *r);
/* Can be read (eventfd) when there are answers: then MHD_run() goes on with their connections. */
int lanes_bell(const struct lanes *lanes);
/* Those that are worked on are answered, those that wait are sent away; all connections have been resumed then. */
void lanes_close(struct lanes *lanes);
/* Fills r->response.  Gives the request that has waited for that session and has its turn now, or NULL. */
struct request *request_work(struct request *r);

/* ------------------------------------------------------------------ turns.c */

/* Waits until nobody has it: `what` names a letter or an account.  A session's is taken before any of those. */
void turn_take(struct turn *turn, const char *what);
/* A session's, as r->turn; waits for nothing.  TURN_WAITS: r belongs to whoever has it, until turn_end() gives it back. */
enum turn_answer { TURN_TAKEN, TURN_WAITS, TURN_REFUSED };
enum turn_answer turn_ask(struct request *r, const char *what);
/* One that was not taken is allowed.  Gives who has waited, and has it now. */
struct request *turn_end(struct turn *turn);

/* ------------------------------------------------------------------ address.c */

/* Is it the proxy's own account that has the other end of the socket? */
bool address_from_proxy(const struct request *r);
/* Where it comes from, in one spelling; NULL when that is not known. */
const char *address_of(const struct request *r);
/* "2001:DB8::7" is "2001:db8::/48"; NULL when it is no address. */
const char *address_read(struct arena *mem, const char *said);

/* ------------------------------------------------------------------ metrics.c */

/* Reads the token that the configuration names, once: into mem. */
int metrics_open(struct arena *mem, struct server *server, struct error *err);
int metrics_get(struct request *r, struct error *err);

/* ------------------------------------------------------------------ limits.c */

/* Under that name so many in so many seconds, a day at most. */
struct limit { const char *name; int64_t seconds; long long most; };
struct limits { LIST(struct limit) list; };
void limits_add(struct request *r, struct limits *limits, const char *name, int64_t seconds, long long most);
/* Counts one more under each of the names, or under none: *allowed false. */
int limits_take(struct request *r, const struct limits *limits, bool *allowed, struct error *err);
/* That one is not counted after all. */
int limits_give_back(struct request *r, const struct limits *limits, struct error *err);

/* ------------------------------------------------------------------ form.c */

/* application/x-www-form-urlencoded.  -1 when it is broken, is not UTF-8, has control characters other than tabs and
 * line ends, names a field twice, or has more than FORM_MOST. */
int form_parse(struct arena *mem, const char *body, size_t len, struct form *out);
/* "" when there is no such field. */
const char *form_get(const struct form *form, const char *name);
bool form_has(const struct form *form, const char *name);

/* ------------------------------------------------------------------ session.c */

/* The letter that a raw token belongs to: *found false when there is none or it is too old (*old tells which). */
int session_letter(struct request *r, const char *token, struct letter *out, bool *found, bool *old, struct error *err);
int session_find(struct request *r, enum session_state *state, struct error *err);
/* A form of a session must have that session's turn.  False: r waits for it, and is no longer the caller's. */
bool session_turn(struct request *r);
/* A new session for r->letter, with a new cookie; whatever the browser had before ends.  kind: as what it is proved, or NULL. */
int session_start(struct request *r, const char *token, const char *kind, struct error *err);
int session_end(struct request *r, struct error *err);
/* Counts one more short code for r->letter; *allowed false when there were too many. */
int session_count(struct request *r, bool *allowed, struct error *err);
/* A new code in r->session. */
int session_code(struct request *r, const char **code, struct error *err);
enum code_answer { CODE_RIGHT, CODE_WRONG, CODE_VOID };
int session_try(struct request *r, const char *code, enum code_answer *answer, struct error *err);
/* The long code of r->letter: *code is one to be mailed, NULL when the last one (of *sent) is still good; *sent INT64_MIN when
 * there is none and it is too soon for another. */
int session_long(struct request *r, const char **code, int64_t *sent, struct error *err);
int session_long_end(struct request *r, struct error *err);
/* CODE_RIGHT: r has a new session, proved. */
int session_try_long(struct request *r, const char *token, const char *code, enum code_answer *answer, struct error *err);
int session_touch(struct request *r, struct error *err);
/* What our forms carry: made of the session's nonce, and another text each time. */
const char *session_mask(struct request *r);
/* Does the form carry such a one? */
bool session_nonce(const struct request *r);
/* When it ends if nothing more is sent. */
int64_t session_ends(const struct request *r);

/* ------------------------------------------------------------------ prove.c */

/* Somebody who says that they are that account; nobody: there is none that may come in, and trying takes as long. */
struct claimant { const char *key, *name; bool nobody; };
enum door { DOOR_LINK, DOOR_STATUS };   /* by a link, or for administrators */
enum proven {
	PROVEN, PROVEN_NOT,
	PROVEN_NOTHING,                 /* no password was written */
	PROVEN_TOO_OFTEN,               /* counted, so that nobody's account is locked by us */
	PROVEN_LATER,                   /* the directory does not answer */
};
/* At most a few seconds.  The try is counted before it is made. */
int prove_password(struct request *r, const struct claimant *who, enum door door, const char *password, enum proven *out,
		   struct error *err);
/* The account name that a proxy we believe says; NULL when there is none, or not from there. */
const char *prove_proxy(struct request *r);
bool prove_same_name(struct arena *mem, const char *a, const char *b);
/* What to tell them, in Swedish; NULL for PROVEN. */
const char *prove_problem(const struct conf *conf, enum proven answer);
unsigned prove_status(enum proven answer);
/* Who r->letter is to, by the name that they have now. */
int prove_claimant(struct request *r, struct claimant *out, struct error *err);
/* [ { "code": true, "ldap": false, "proxy": false, "first": true }, … ] in conf's order; strong: not by a code.  Caller owns. */
json_t *prove_ways(const struct conf *conf, bool strong);

/* ------------------------------------------------------------------ wish.c */

/* POST /ny-lank: whoever they say that they are, the answer is the same. */
int wish_post(struct request *r, struct error *err);

/* ------------------------------------------------------------------ signin.c */

int signin_code(struct request *r, struct error *err);
int signin_get(struct request *r, struct error *err);
int signin_post(struct request *r, struct error *err);
int signin_proxy(struct request *r, struct error *err);
/* A link that is no good. */
int signin_bad(struct request *r, bool old, struct error *err);
/* The page of a link that is; problem NULL = none. */
int signin_link(struct request *r, unsigned status, const char *token, const char *problem, struct error *err);
/* POST: who they are, once more, before what they chose is confirmed.  By r->form, or by the proxy. */
enum again { AGAIN_PROVED, AGAIN_SENT, AGAIN_NOT };
int signin_again(struct request *r, bool proxy, enum again *out, unsigned *status, const char **problem, struct error *err);

/* ------------------------------------------------------------------ view.c, choice.c */

/* A proposal that somebody is asked about, and what they can say about it now. */
struct asked {
	const struct stored *s;         /* brief, until view_whole() */
	const char *id;                 /* in the form: the proposal's, or "q7" of question 7 */
	const struct question *question;        /* theirs is only to advise; NULL: to decide */
	bool declined;                  /* they have said that it is not theirs */
	day_t later;                    /* they are not reminded before that day, DAY_NONE = they are */
	struct questions asked;         /* what its owners have asked others */
	bool whole, shown;
	size_t page;
	unsigned may;                   /* MAY(verdict) | … */
	const char *pending;            /* the word of what they decided and is not verified yet, or NULL */
	bool waits;                     /* for an answer of theirs: none is given, put off or waited for */
	bool refused;                   /* the last thing they said did not count */
	int late;                       /* days without an answer, as conf.escalate; 0 = fewer */
	const struct decision *told;    /* who last said that it has been carried out by hand, or NULL */
	bool undone;                    /* a night has looked since, and it is not */
	LIST(const char *) approved;    /* names of those whose approval counts */
};
#define MAY(verdict) (1u << (verdict))
#define PAGE_STATES (STATES_ANSWERABLE | STATES(STATE_HELD) | STATES(STATE_SCHEDULED) | STATES(STATE_EXPORTED))
/* May the person at hand see it at all? */
int view_may_see(struct request *r, const char *proposal, struct stored_list *out, struct error *err);

/* What somebody said about one proposal in a form. */
struct choice {
	const char *id;
	const struct asked *on;         /* NULL: not one of theirs */
	const char *version;
	bool made;
	enum verdict verdict;
	struct words words;             /* of that verdict */
	const char *until_text;         /* its date as it was typed */
	bool bulk;                      /* they stood with a bulk button */
	bool mistyped;                  /* the problem is one that they can mend */
	const char *problem;            /* for say(); NULL = fine */
	char field;                     /* the letter of the field that the problem is about: one of FORM_LETTERS */
};

struct view {
	struct stored_list list;        /* stored_free() */
	struct questions questions;     /* what they are asked for advice about */
	LIST(struct stored_list) about; /* a proposal for each of those; stored_free() */
	struct decisions said;          /* about them, in order of proposals */
	struct declined_list declined;  /* what they have said is not theirs */
	LIST(struct stored_list) whole; /* those that are shown, each with one */
	LIST(struct asked) rows;        /* in the order they are read */
	int64_t looked;                 /* take_looked() */
	size_t waiting;                 /* those that want an answer from this person */
	long long queued;               /* those that have not had their turn, and are not shown */
	LIST(struct choice) choices;
	size_t made;                    /* without a problem */
	size_t mistakes;                /* typed wrongly: to be mended in the form */
	size_t refused;                 /* not theirs, changed, or decided already */
	bool destroys;                  /* among `made`: files would be gone for good */
	size_t page, pages;             /* 1, 2, … */
	bool crowded;                   /* more is chosen on other pages than can follow along */
	bool old, weak;                 /* among `made`: for which the proof of person is too old, or of a weak kind */
};

/* What r->letter's person is asked about. */
int view_open(struct request *r, struct view *view, struct error *err);
/* All of a proposal, with who is asked and what it rests on: for those that are shown. */
int view_whole(struct request *r, struct view *view, struct asked *row, struct error *err);
void view_close(struct view *view);
const struct choice *view_choice(const struct view *view, const char *id);
/* What a bulk button is about: the same for proposals of one role, or of one series in one share. */
const char *choice_group(struct arena *mem, const struct stored *s);
/* What stands in one of these fields: as it was typed, or what a bulk button said. */
const char *choice_typed(const struct request *r, const struct choice *c, const char *id, char letter);
/* Fills view->choices from r->form. */
void choice_read(struct request *r, struct view *view);
/* They are not done yet: what is mistyped is no problem so far.  Of what is only shown again. */
void choice_unfinished(struct view *view);
/* Into the inbox, all or none.  once: what the confirming form carried; the same once again adds nothing. */
int choice_save(struct request *r, const struct view *view, const char *once, struct error *err);
/* Those of this session, of the last form or of the one that carried `once`. */
int choice_saved(struct request *r, const char *once, struct inbox_decisions *out, struct error *err);

/* JSON of how the person at hand proved who they are, and in which form: goes with each row of the inbox. */
const char *choice_proof(struct request *r, const char *once);
/* Is that the token of a letter to the person at hand? */
int view_is_theirs(struct request *r, const char *token, bool *out, struct error *err);

/* ------------------------------------------------------------------ paging.c */

/* Which page somebody wants to see, and the rows on it, whole: a->shown. */
int paging_turn(struct request *r, struct view *view, struct error *err);
/* Those that were chosen without a problem, on any page: a->shown. */
void paging_chosen(struct view *view);
/* For page-decide.html: where we are, and what follows along from other pages. */
void paging_put(struct request *r, const struct view *view, json_t *data);

/* ------------------------------------------------------------------ tally.c */

/* "18 behörigheter tas bort, 2 behålls": what was chosen without a problem. */
const char *tally_text(const struct request *r, const struct view *view);
/* How many of those that wait are not among it; NULL: none. */
const char *tally_rest(const struct request *r, const struct view *view);

/* ------------------------------------------------------------------ events.c */

#define SPOTS_MOST 50                   /* forms on a page */
#define SAID_MOST 20                    /* events of one series in one share that are shown */

/* What r->form says has happened.  problem: for say(), NULL = fine. */
struct said { struct event event; const char *problem; enum event_fault fault; };
int event_read(struct request *r, struct said *out, struct error *err);
/* Into the inbox; the same once again in one session adds nothing. */
int event_save(struct request *r, const struct event *event, struct error *err);
/* What r->letter's person may say has happened, one form each; what was typed comes back.  Caller owns *out. */
int event_forms(struct request *r, json_t **out, struct error *err);
/* "Avtal i Gemensam: Avtal/Bolaget" */
const char *event_name(struct request *r, const struct inbox_decision *d);

/* ------------------------------------------------------------------ reviews.c */

/* A list of the last quarter that the person at hand may review. */
struct offer {
	const struct review_list *list;
	const struct reviewer *me;
	enum review_state state;
	const struct review *own, *last;        /* theirs of this list; the last of anybody, of this list or an older one; or NULL */
	bool pending;                   /* they have said so, and no night has taken it */
	const char *refused;            /* why the last that they said of it did not count; NULL = it did, or there is none */
};
struct offers { struct reviewers theirs; LIST(struct offer) list; size_t waiting; };
int offers_read(struct request *r, struct offers *out, struct error *err);
/* For page-decide.html. */
int offers_put(struct request *r, json_t *data, struct error *err);
/* "Behörighetslistan för Treserva, 2026Q3" */
const char *offer_name(struct request *r, const char *quarter, const char *system);
int reviews_get(struct request *r, struct error *err);
int reviews_post(struct request *r, struct error *err);
int reviews_again(struct request *r, struct error *err);
int reviews_again_proxy(struct request *r, struct error *err);

/* ------------------------------------------------------------------ rows.c */

/* { groups: [ { rows: [ … ] } ] } for page-decide.html: those that are shown. */
json_t *rows_groups(struct request *r, const struct view *view);
/* Those that only advice is wanted of, in the same way. */
json_t *rows_questions(struct request *r, const struct view *view);

/* ------------------------------------------------------------------ row-*.c */

/* json_put() of a text in which nothing can turn the direction of the text around it. */
void rows_put(json_t *object, const char *key, const char *text);
/* One line that says what a proposal is about; short: within its group. */
const char *rows_name(const struct request *r, const struct proposal *p);
const char *rows_short(const struct request *r, const struct proposal *p);
/* "3 filer" */
const char *rows_count(const struct request *r, long long files);
const char *rows_dn(struct arena *mem, const char *dn);
const char *rows_system(const struct rules *rules, const char *id);
const char *rows_role(const struct rules *rules, const char *system, const char *id);
const char *rows_series(const struct rules *rules, const char *id);
const char *rows_share(const struct rules *rules, const char *id);
/* A copy with exactly these keys, so that a template finds each of them; NULL when nothing is written. */
json_t *rows_pick(const json_t *from, const char *const *keys, size_t count);
json_t *rows_clauses(const struct proposal *p);
/* Of a group with its rows: "why" of the group, and of each row what differs; NULL = nothing. */
void rows_share_why(struct request *r, json_t *group);
json_t *rows_access(struct request *r, const struct proposal *p);
/* What a batch is, for page-files.html. */
json_t *rows_files(struct request *r, const struct proposal *p);
/* What a gallringsstopp on it would cover, in words. */
const char *rows_stop(const struct request *r, const struct proposal *p);
const char *rows_advice(const struct request *r, enum advice advice);
/* row-seats.c: how many must approve, and who; and who is asked because others are silent. */
const char *rows_needs(const struct request *r, const struct proposal *p);
void rows_late(struct request *r, json_t *row, const struct asked *a);
/* Into `data`: what was kept lately and more than one was asked about, with who answered what. */
int rows_settled(struct request *r, json_t *data, struct error *err);
/* Who has said what of it, and what the person at hand can say and has typed. */
void rows_said(struct request *r, json_t *row, const struct asked *a);
void rows_choice(struct request *r, json_t *row, const struct choice *c, const struct asked *a);
/* What of it goes along in a form that shows no rows: its id, version, verdict ("" unless it was made) and fields. */
void rows_carry(struct request *r, json_t *o, const struct choice *c);

/* ------------------------------------------------------------------ pages.c */

/* Titles, problems and the text of a notice are given in Swedish, and shown by say(). */
/* The data of a page in a proven session: who it is, and the way out. */
json_t *page_own(struct request *r, const char *title);
/* Takes `data`. */
int page_render(struct request *r, unsigned status, const char *name, json_t *data, struct error *err);
int page_style(struct request *r, struct error *err);
/* What the law asks a public body to say about its page: lag (2018:1937), in the form that Digg has set. */
int page_statement(struct request *r, struct error *err);
int page_notice(struct request *r, unsigned status, const char *title, const char *text, struct error *err);
/* The same, and a form to ask for a new link. */
int page_ask(struct request *r, unsigned status, const char *title, const char *text, struct error *err);
int page_link(struct request *r, unsigned status, const char *token, long long count, long long lists, const char *problem, struct error *err);
/* Who they are, once more; what they chose is kept.  sent: a code is. */
int page_again(struct request *r, unsigned status, const struct view *view, bool sent, const char *problem, struct error *err);
int page_code(struct request *r, unsigned status, const char *problem, struct error *err);
/* sent: when the long code was mailed, INT64_MIN = it was not. */
int page_long(struct request *r, unsigned status, const char *token, int64_t sent, const char *problem, struct error *err);
int page_decide(struct request *r, unsigned status, struct view *view, const char *problem, struct error *err);
int page_confirm(struct request *r, unsigned status, struct view *view, const char *problem, struct error *err);
int page_receipt(struct request *r, const struct inbox_decisions *saved, struct error *err);
/* The session is over: what was typed is kept in the page, to be posted again. */
int page_expired(struct request *r, struct error *err);
/* The code mail; until: of a long code, INT64_MIN = it is a short one. */
int page_mail(struct request *r, const char *code, int64_t until, struct error *err);

/* ------------------------------------------------------------------ pack.c */

/* What Accept-Encoding says of gzip. */
bool pack_is_taken(const char *accept);
/* r->out as gzip; false when it stays as it is. */
bool pack_page(struct request *r);

/* ------------------------------------------------------------------ files.c */

/* GET /filer/ID: the files of a batch that r->letter's person is asked about, folder by folder; POST: a search in them, or
 * all of them in one list.  In a proven session; the search is no GET, so that no log on the way keeps the words. */
int files_get(struct request *r, struct error *err);
int files_post(struct request *r, struct error *err);

/* ------------------------------------------------------------------ tidy.c */

/* Whatever is over and done goes from the inbox, at once and then every hour, and memory that nobody uses to the machine, every
 * minute: a thread of its own, with its own store and inbox. */
struct tidier;
struct tidier *tidy_start(const struct conf *conf);
void tidy_stop(struct tidier *tidier);          /* NULL is allowed; after the first time at least */

/* ------------------------------------------------------------------ admin.c */

/* /status and what lies below: for administrators, to read. */
int admin_route(struct request *r, struct error *err);

/* ------------------------------------------------------------------ routes.c */

int redirect(struct request *r, const char *where);
/* Where somebody who is not signed in ends up. */
int no_session(struct request *r, enum session_state state, struct error *err);
/* Fills the answer in r.  -1: nothing can be said but that it failed. */
int route(struct request *r, struct error *err);
enum lane_name route_lane(const struct request *r);

#endif
