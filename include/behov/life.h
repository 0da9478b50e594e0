/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * life.h - the life of a proposal: what may happen to it in which state, and what it is then.
 *
 * One table (agent/store/life.c).  The store lets nothing else happen, behov-proposals(7) shows it, and test-life.c holds it
 * against what must be true of every life.
 */
#ifndef BEHOV_LIFE_H
#define BEHOV_LIFE_H

enum state {
	STATE_OPEN, STATE_BRAKED,       /* asked; waits for a release of its scope */
	STATE_QUEUED,                   /* will be asked when those who are have answered more of what they have */
	STATE_ASKED,                    /* an owner has asked somebody else first; it can be answered all the same */
	STATE_HELD,                     /* files: an owner has set a gallringsstopp on them */
	STATE_WRONG_OWNER,              /* who was asked says that it is not theirs */
	STATE_SCHEDULED,                /* approved by all it needs; goes when go_at has passed */
	STATE_EXPORTED,                 /* an LDIF lies with an administrator */
	STATE_QUARANTINED,              /* files moved aside; unlinked when go_at has passed */
	STATE_KEPT,                     /* an owner said no, until `until` */
	STATE_DONE, STATE_FAILED,
	STATE_WITHDRAWN,                /* the facts vanished */
	STATE_SUPERSEDED,               /* another version took its place */
};
extern const char *const state_word[];          /* "open", "braked", … */
extern const char *const state_text[];          /* the same as people say it: "väntar på svar", … */
#define STATES(s) (1u << (s))
/* Those an owner can answer, in which way soever; and all that wait for somebody's word. */
#define STATES_ANSWERABLE (STATES(STATE_OPEN) | STATES(STATE_ASKED) | STATES(STATE_WRONG_OWNER))
#define STATES_ASKED (STATES_ANSWERABLE | STATES(STATE_BRAKED) | STATES(STATE_QUEUED) | STATES(STATE_HELD))
#define STATES_GOING (STATES(STATE_SCHEDULED) | STATES(STATE_EXPORTED) | STATES(STATE_QUARANTINED))
#define STATES_LIVE (STATES_ASKED | STATES_GOING | STATES(STATE_KEPT))

enum happening {
	PROPOSAL_OPENED, PROPOSAL_BRAKED, PROPOSAL_QUEUED,              /* its birth */
	PROPOSAL_RELEASED, PROPOSAL_TURN,
	PROPOSAL_ASKED, PROPOSAL_ADVISED, PROPOSAL_HELD, PROPOSAL_FREED, PROPOSAL_WRONG_OWNER, PROPOSAL_REASSIGNED,
	PROPOSAL_SCHEDULED, PROPOSAL_KEPT, PROPOSAL_UNDONE,
	PROPOSAL_EXPORTED, PROPOSAL_QUARANTINED, PROPOSAL_DONE, PROPOSAL_FAILED, PROPOSAL_RESTORED,
	PROPOSAL_WITHDRAWN, PROPOSAL_SUPERSEDED,
};
#define HAPPENINGS (PROPOSAL_SUPERSEDED + 1)
extern const char *const happening_word[];      /* "proposal-opened", …: so they are called in the audit chain, too */

/* What can happen to it in which states (STATES(…) | …; 0 = before it was), and what it is then. */
struct life_step {
	unsigned from;
	enum state to;
	const char *who;                /* who makes it happen, and when */
};
extern const struct life_step life[HAPPENINGS];

#endif
