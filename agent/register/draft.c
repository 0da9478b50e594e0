/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * draft.c - what the drafts of rules/library/ have that a rule has not: sources, open questions, and placeholders.
 */
#include "register_p.h"

bool
is_placeholder(const char *text)
{
	return strcmp(text, PLACEHOLDER_SHARE) == 0 || strcmp(text, PLACEHOLDER_CASES) == 0 ||
	       strcmp(text, PLACEHOLDER_FOLDER) == 0;
}

void
check_placeholder(struct reader *r, const config_setting_t *group, const char *key, const char *text)
{
	const config_setting_t *at;

	if (!text || !is_placeholder(text) || r->drafts)
		return;
	at = setting_of(r, group, key);
	complain(r, at ? at : group, "'%s' in '%s' is a placeholder from a draft: write your own there", text, key);
}

/*
 * A decision that leaves questions open would let a draft pass for a rule.  Neither text is in the digest that an
 * archivist activates: while something is left to decide there is nothing to activate, and a source binds nobody.
 */
void
read_draft(struct reader *r, config_setting_t *at, struct series *s)
{
	const config_setting_t *decide = setting_of(r, at, "decide");

	s->source_count = get_texts(r, at, "source", &s->sources);
	s->decide_count = get_texts(r, at, "decide", &s->decide);
	if (!s->decided || !s->decide_count)
		return;
	complain(r, decide, "series '%s' has a decision, but 'decide' still lists %d things to decide: "
		 "remove from 'decide' what has been decided, or take 'decision' away", s->id, s->decide_count);
	s->decided = false;
}
