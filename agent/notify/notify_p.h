/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * notify_p.h - what the files of the notify room share.
 *
 *     compose.c        who is written to tonight, of what, and whether it is a reminder; then each kind of letter by its own file:
 *     letter.c         to owners (digest), and what all letters have in common
 *     reviews.c        lists of a quarter, in that letter           receipts.c    what was decided on the page
 *     questions.c      somebody's advice is wanted                  events.c      when did it end?
 *     wishes.c         a new link                                   administrator.c    the night
 *     send.c           what is unsent is sent
 *
 * Their words are in conf/templates/, NAME.txt and NAME.html.
 */
#ifndef NOTIFY_P_H
#define NOTIFY_P_H

#include "behov/inbox.h"
#include "behov/json.h"
#include "behov/keyed.h"
#include "behov/mail.h"
#include "behov/notify.h"
#include "behov/speak.h"

/* What somebody is asked about and has not answered: indices into the list of open proposals. */
struct person {
	const struct approver *who;
	LIST(size_t) waiting;
	LIST(day_t) later;              /* of each, the day that they wanted to be reminded on and that has come, or DAY_NONE */
	LIST(const char *) lists;       /* of a quarter, that they have not reviewed: what letters about them call them */
};
/* Somebody who finds something on the page: of each kind, how much. */
struct invited {
	const char *key, *name, *display, *mail;
	long long waiting;              /* proposals that want their answer, also those that they want to be asked about later */
	long long asked;                /* questions that they are asked */
	long long approved;             /* proposals that they may still undo */
	long long lists;                /* that they may review */
};
struct people {
	LIST(struct person) list;
	LIST(struct invited) invited;
	struct keyed list_at, invited_at;       /* by their keys */
	struct questions asked;         /* everything that owners have asked others */
	const struct question **by_asker;       /* the same, by proposal and who asks; of each the oldest first */
	const int *late;                /* of each open one: seats_late() */
};

/* What owners are written to about: who has asked somebody else waits, the others do not. */
#define STATES_ASKABLE (STATES(STATE_OPEN) | STATES(STATE_ASKED))
struct person *person_of(struct arena *mem, struct people *people, const struct approver *who);
/* What that person has asked others about it, the oldest first; *count 0: nothing. */
const struct question *const *people_asked(const struct people *people, const char *proposal, const char *key, size_t *count);
/* Those who are to review a list, to the people and the invited.  The address is only known with a snapshot. */
int people_reviewing(struct arena *mem, const struct notify_input *in, struct people *out, struct error *err);
int people_waiting(struct arena *mem, const struct notify_input *in, const struct stored_list *open, struct people *out,
		   struct error *err);

/* To each of the invited who has asked and gets no other letter: a link.  What waits stays as new as it was. */
int wishes_compose(struct arena *mem, const struct notify_input *in, const struct people *people, long long *letters, struct error *err);
/* Those who are asked for advice, and those who can still undo something, to the invited. */
int invited_add(struct arena *mem, const struct notify_input *in, struct people *out, struct error *err);
/* One more of the invited, or the same again. */
struct invited *invite(struct arena *mem, struct people *people, struct invited who);
const char *letter_id(struct arena *mem, const char *kind, const char *key, int64_t now, const char **about, size_t count);
int letter_wish(struct arena *mem, const struct notify_input *in, const struct letter *letter, const struct people *people,
		struct mail *out, struct error *err);

/* What belongs together in a letter: a system, or a series on a share. */
struct heading {
	const char *title, *as;         /* why this person is asked, or NULL */
	json_t *rows;                   /* [ { "text": … } ] */
	long long count, hidden, files;
};
struct headings { LIST(struct heading) list; };

bool letter_may_name(int konfidentialitet);
/* A finding that administrators are written to about. */
bool is_loud(const char *kind);
/* Of letters to owners.  Those to administrators are in Swedish: they tell what the night wrote into the store. */
const struct language *letter_language(const struct notify_input *in);
const char *letter_heading(struct arena *mem, const struct rules *rules, const struct language *l, const struct proposal *p);
/* "3 förslag" */
const char *letter_count(struct arena *mem, const struct language *l, long long count);
/* The one with that title, or a new one. */
struct heading *letter_under(struct arena *mem, struct headings *all, const char *title);
void letter_put(struct arena *mem, json_t *o, const char *key, const char *text);
/* The head of the audit chain as it is now: who keeps the letter can show later that nothing before it was changed. */
int letter_put_head(struct arena *mem, const struct notify_input *in, json_t *o, struct error *err);
void letter_row(struct arena *mem, json_t *rows, const char *text);
/* NAME.txt and NAME.html. */
int letter_render(struct arena *mem, const struct language *l, const char *name, json_t *data, struct mail *out, struct error *err);

/* Subject, text and HTML of a letter, from the store as it is now; *out.text NULL when it is about nothing any more. */
int letter_digest(struct arena *mem, const struct notify_input *in, const struct letter *letter,
		  const struct stored_list *open, const struct people *people, struct mail *out, struct error *err);
/* Where nobody has said when something ended: to who can, every now and then. */
int events_compose(struct arena *mem, const struct notify_input *in, long long *letters, struct error *err);
/* Adds a letter that has its id to those to be sent, with the token of its link and the day when that ends. */
int letter_post(struct arena *mem, const struct notify_input *in, struct letter *letter, long long *letters, struct error *err);
/* To each who has decided something on the page: what of it counted. */
int receipts_compose(struct arena *mem, const struct notify_input *in, long long *letters, struct error *err);
int letter_receipt(struct arena *mem, const struct notify_input *in, const struct letter *letter, struct mail *out, struct error *err);
/* To each who is asked for advice: once, and once more when half of the time has passed. */
int questions_compose(struct arena *mem, const struct notify_input *in, long long *letters, struct error *err);
int letter_question(struct arena *mem, const struct notify_input *in, const struct letter *letter, struct mail *out, struct error *err);
/* "2 behörighetslistor" */
const char *letter_lists(struct arena *mem, const struct language *l, long long count);
/* Files that are decided as one: their folder, or all of the series from that day on. */
const char *letter_batch(struct arena *mem, const struct language *l, const struct proposal *p);
/* One line about what a proposal would take away. */
const char *letter_line(struct arena *mem, const struct rules *rules, const struct language *l, const struct proposal *p);
int letter_event(struct arena *mem, const struct notify_input *in, const struct letter *letter, struct mail *out, struct error *err);
/* What every letter with a link says: to whom, from whom, and the link until when.  Caller owns. */
json_t *letter_data(struct arena *mem, const struct conf *conf, const struct letter *letter, const char *token);
int letter_administrator(struct arena *mem, const struct notify_input *in, const struct letter *letter,
			 const struct stored_list *asked, struct mail *out, struct error *err);

#endif
