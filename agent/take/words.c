/* SPDX-License-Identifier: GPL-3.0-or-later */
/* words.c - what goes with an answer: one rule for the page that asks for it and the night that verifies it. */
#include "take_p.h"
#include "behov/text.h"
#include <string.h>

#define NAME_MOST 254                   /* bytes of an account name or an address */

const char *const words_fault_text[WORDS_FAULTS] = {
	[WORDS_UNREADABLE] = "its words cannot be read",
	[WORDS_NO_REASON] = "a keep needs a reason",
	[WORDS_NO_HOLD_REASON] = "a hold needs a reason",
	[WORDS_PAST] = "its date had passed already",
	[WORDS_NO_NAME] = "nobody was named to ask",
	[WORDS_BAD_NAME] = "that is no name of anybody to ask",
	[WORDS_NO_QUESTION] = "a question needs its words",
	[WORDS_NO_RULE] = "what is wrong with the rule was not said",
	[WORDS_LATER] = "a reminder needs a day within thirty days",
	[WORDS_NO_ADVICE] = "that is no advice",
};

static bool
is_blank(const char *text)
{
	return !text || text[strspn(text, " \t\r\n")] == '\0';
}

/* One line, and no more of it than names need: it is looked up, never written to. */
static bool
is_name(const char *name)
{
	for (const char *c = name; *c; c++)
		if (text_turn(c))
			return false;
	return strlen(name) <= NAME_MOST && !name[strcspn(name, "\r\n\t<>\",;:()[]\\")] && text_is_words(name);
}

static enum words_fault
check_ask(const struct words *w)
{
	if (is_blank(w->to))
		return WORDS_NO_NAME;
	if (!is_name(w->to))
		return WORDS_BAD_NAME;
	return is_blank(w->text) ? WORDS_NO_QUESTION : WORDS_FINE;
}

enum words_fault
words_check(enum verdict verdict, const struct words *w, int64_t at)
{
	day_t day = clock_day(at);
	bool past = w->until != DAY_NONE && w->until <= day;

	if (!text_is_words(w->text))
		return WORDS_UNREADABLE;
	switch (verdict) {
	case VERDICT_KEEP:
		return is_blank(w->text) ? WORDS_NO_REASON : past ? WORDS_PAST : WORDS_FINE;
	case VERDICT_HOLD:
		return is_blank(w->text) ? WORDS_NO_HOLD_REASON : past ? WORDS_PAST : WORDS_FINE;
	case VERDICT_ASK:
		return check_ask(w);
	case VERDICT_RULE:
		return is_blank(w->text) ? WORDS_NO_RULE : WORDS_FINE;
	case VERDICT_LATER:
		return w->until == DAY_NONE || past || w->until > day + LATER_DAYS ? WORDS_LATER : WORDS_FINE;
	case VERDICT_ADVISE:
		return w->advice == ADVICE_NONE ? WORDS_NO_ADVICE : WORDS_FINE;
	case VERDICT_APPROVE:
	case VERDICT_UNDO:
	case VERDICT_NOT_MINE:
	case VERDICT_DONE:
		break;
	}
	return WORDS_FINE;
}

/* ------------------------------------------------------------------ as the reason of a row */

const char *
words_pack(struct arena *mem, enum verdict verdict, const struct words *w)
{
	const char *text = is_blank(w->text) ? NULL : w->text;

	if (verdict == VERDICT_ASK)
		return arena_print(mem, "%s\n%s", w->to, text ? text : "");
	if (verdict == VERDICT_ADVISE)
		return arena_print(mem, "%s %lld\n%s", advice_word[w->advice], w->question, text ? text : "");
	return text;
}

static void
read_advice(struct arena *mem, const char *line, struct words *out)
{
	const char *blank = strchr(line, ' ');
	const char *word = blank ? arena_copy(mem, line, (size_t)(blank - line)) : line;

	for (int i = ADVICE_REMOVE; blank && advice_word[i]; i++)
		if (strcmp(advice_word[i], word) == 0)
			out->advice = (enum advice)i;
	if (blank && strspn(blank + 1, "0123456789") == strlen(blank + 1) && strlen(blank + 1) < 18)
		out->question = strtoll(blank + 1, NULL, 10);
}

struct words
words_read(struct arena *mem, enum verdict verdict, const char *reason, day_t until)
{
	struct words out = { .text = reason, .until = until };
	size_t line = reason ? strcspn(reason, "\n") : 0;
	const char *first = reason ? arena_copy(mem, reason, line) : NULL;

	if (verdict != VERDICT_ASK && verdict != VERDICT_ADVISE)
		return out;
	out.text = reason && reason[line] ? reason + line + 1 : NULL;
	if (verdict == VERDICT_ASK)
		out.to = first;
	else if (first)
		read_advice(mem, first, &out);
	return out;
}
