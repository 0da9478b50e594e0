/* SPDX-License-Identifier: GPL-3.0-or-later */
/* life.c - the table of a proposal's life. */
#include "behov/life.h"

#include <stddef.h>

const char *const state_word[] = { "open", "braked", "queued", "asked", "held", "wrong-owner", "scheduled", "exported",
				   "quarantined", "kept", "done", "failed", "withdrawn", "superseded", NULL };
const char *const state_text[] = { "väntar på svar", "bromsat", "väntar på sin tur", "väntar på råd", "gallringsstopp", "söker ägare",
				   "godkänt, inte genomfört än", "på arbetslista", "i karantän", "behålls", "gjort", "misslyckat", "återtaget", "ersatt", NULL };
const char *const happening_word[] = {
	"proposal-opened", "proposal-braked", "proposal-queued", "proposal-released", "proposal-turn", "proposal-asked",
	"proposal-advised", "proposal-held", "proposal-freed", "proposal-wrong-owner", "proposal-reassigned", "proposal-scheduled",
	"proposal-kept", "proposal-undone",
	"proposal-exported", "proposal-quarantined", "proposal-done", "proposal-failed", "proposal-restored",
	"proposal-withdrawn", "proposal-superseded",
};

#define OPEN STATES(STATE_OPEN)
#define BRAKED STATES(STATE_BRAKED)
#define QUEUED STATES(STATE_QUEUED)
#define ASKED STATES(STATE_ASKED)
#define HELD STATES(STATE_HELD)
#define WRONG_OWNER STATES(STATE_WRONG_OWNER)
#define SCHEDULED STATES(STATE_SCHEDULED)
#define EXPORTED STATES(STATE_EXPORTED)
#define QUARANTINED STATES(STATE_QUARANTINED)
#define KEPT STATES(STATE_KEPT)
#define DONE STATES(STATE_DONE)
#define FAILED STATES(STATE_FAILED)

const struct life_step life[HAPPENINGS] = {
	[PROPOSAL_OPENED] = { 0, STATE_OPEN, "the night, when there is nothing like it" },
	[PROPOSAL_BRAKED] = { 0, STATE_BRAKED, "the night, when there are too many new ones in its scope" },
	[PROPOSAL_QUEUED] = { 0, STATE_QUEUED, "the night, when those who are asked have enough to answer already" },
	[PROPOSAL_RELEASED] = { BRAKED, STATE_QUEUED, "an administrator" },
	[PROPOSAL_TURN] = { QUEUED, STATE_OPEN, "the night, or a release, when there is room for it" },
	[PROPOSAL_ASKED] = { OPEN, STATE_ASKED, "an owner who wants to hear somebody else, or who wrote the rule" },
	[PROPOSAL_ADVISED] = { ASKED, STATE_OPEN, "who was asked, by an answer; the night, when nobody answers or can be found" },
	[PROPOSAL_HELD] = { OPEN | ASKED | WRONG_OWNER | SCHEDULED, STATE_HELD, "an owner of files who says that they must not go now; by hand" },
	[PROPOSAL_FREED] = { HELD, STATE_OPEN, "the night, when nothing stops the files any more" },
	[PROPOSAL_WRONG_OWNER] = { OPEN | ASKED, STATE_WRONG_OWNER, "who was asked, and does not own it" },
	[PROPOSAL_REASSIGNED] = { WRONG_OWNER, STATE_OPEN, "the night, when somebody else is asked" },
	[PROPOSAL_SCHEDULED] = { OPEN | ASKED, STATE_SCHEDULED, "the last of those who must approve" },
	[PROPOSAL_KEPT] = { OPEN | BRAKED | QUEUED | ASKED | HELD | WRONG_OWNER | SCHEDULED, STATE_KEPT, "an owner who says no; by hand" },
	[PROPOSAL_UNDONE] = { SCHEDULED, STATE_OPEN, "an owner who takes an approval back; by hand; the night, when who approved may no longer" },
	[PROPOSAL_EXPORTED] = { SCHEDULED, STATE_EXPORTED, "apply, where a person carries it out, or has packaged a delivery" },
	[PROPOSAL_QUARANTINED] = { SCHEDULED, STATE_QUARANTINED, "apply, when the files have been moved aside" },
	[PROPOSAL_DONE] = { SCHEDULED | EXPORTED | QUARANTINED, STATE_DONE, "apply; the night that sees it done; by hand, with the e-archive's receipt" },
	[PROPOSAL_FAILED] = { SCHEDULED | EXPORTED | QUARANTINED, STATE_FAILED,
	  "apply, when it could not be done; by hand, when the e-archive does not take a delivery" },
	[PROPOSAL_RESTORED] = { EXPORTED | QUARANTINED | DONE | FAILED, STATE_KEPT, "an administrator who puts it back" },
	[PROPOSAL_WITHDRAWN] = { OPEN | BRAKED | QUEUED | ASKED | HELD | WRONG_OWNER | SCHEDULED | EXPORTED | QUARANTINED | KEPT, STATE_WITHDRAWN,
	  "the night, when what it rested on is clearly no more" },
	[PROPOSAL_SUPERSEDED] = { OPEN | BRAKED | QUEUED | ASKED | HELD | WRONG_OWNER | SCHEDULED | KEPT, STATE_SUPERSEDED,
	  "the night, when it would say something else now, or asks for more than somebody approved" },
};
