/* SPDX-License-Identifier: GPL-3.0-or-later */
/* frist.c - reads what a dokumenthanteringsplan says, word by word. */
#include "behov/frist.h"
#include "behov/text.h"

#include <stdlib.h>
#include <string.h>

#define WORDS 24

struct words { const char *list[WORDS]; int count, at; };

/* Folded; what stands between words is a blank, and '=' is a word of its own. */
static bool
split(struct arena *mem, const char *text, struct words *out)
{
	const char *low = text_fold(mem, text);
	char *copy = arena_take(mem, 3 * strlen(low) + 1), *at = copy;

	for (; *low; low++) {
		if (*low == '=') {
			*at++ = ' ';
			*at++ = '=';
			*at++ = ' ';
		} else {
			*at++ = strchr(",.;:()\t\r\n", *low) ? ' ' : *low;
		}
	}
	*out = (struct words){ .count = 0 };
	for (char *c = copy; *c;) {
		size_t len;

		c += strspn(c, " ");
		len = strcspn(c, " ");
		if (!len)
			break;
		if (out->count == WORDS)
			return false;
		out->list[out->count++] = arena_copy(mem, c, len);
		c += len;
	}
	return true;
}

static bool
take(struct words *w, const char *word)
{
	if (w->at == w->count || strcmp(w->list[w->at], word) != 0)
		return false;
	w->at++;
	return true;
}

static bool
take_one(struct words *w, const char *const *words)
{
	for (; *words; words++)
		if (take(w, *words))
			return true;
	return false;
}

static bool
take_number(struct words *w, int *out)
{
	static const char *const said[] = { "ett", "två", "tre", "fyra", "fem", "sex", "sju", "åtta", "nio", "tio" };
	const char *word = w->at < w->count ? w->list[w->at] : "";

	for (int i = 0; i < 10; i++)
		if (strcmp(word, said[i]) == 0) {
			*out = i + 1;
			w->at++;
			return true;
		}
	if (!*word || strlen(word) > 3 || strspn(word, "0123456789") != strlen(word))
		return false;
	*out = atoi(word);
	w->at++;
	return true;
}

/* "5 år", "sex månader" */
static bool
take_period(struct words *w, struct period *out)
{
	static const char *const years[] = { "år", NULL }, *const months[] = { "månad", "månader", "mån", NULL };
	static const char *const days[] = { "dag", "dagar", NULL };
	int from = w->at;

	if (take_number(w, &out->count)) {
		out->unit = take_one(w, years) ? DAY_YEARS : take_one(w, months) ? DAY_MONTHS : DAY_DAYS;
		if (out->unit != DAY_DAYS || take_one(w, days))
			return true;
	}
	w->at = from;
	return false;
}

/* After a period: from when it is counted.  False: words that we do not know. */
static bool
take_from(struct words *w, struct frist *out)
{
	static const char *const cases[] = { "avslutat ärende", "att ärendet avslutats", "att ärendet har avslutats", "ärendets avslut",
					     "ärendets avslutande", "avslutad insats", NULL };
	static const char *const events[] = { "avtalets utgång", "avtalstidens utgång", "avtalstidens slut", "att avtalet upphört",
					      "att avtalet har upphört", "anställningens upphörande", "avslutad anställning", NULL };
	static const char *const years[] = { "kalenderårets utgång", "kalenderårets slut", "utgången av kalenderåret", NULL };
	static const char *const fiscal[] = { "räkenskapsårets utgång", "räkenskapsårets slut", "utgången av räkenskapsåret", NULL };
	const char *const *lists[] = { cases, events, years, fiscal };

	if (w->at == w->count)
		return true;
	if (!take(w, "efter") && !take(w, "från"))
		return false;
	for (int i = 0; i < 4; i++)
		for (const char *const *phrase = lists[i]; *phrase; phrase++) {
			struct words rest = *w;
			char part[64];

			snprintf(part, sizeof(part), "%s", *phrase);
			for (char *c = part, *space; c; c = space) {
				space = strchr(c, ' ');
				if (space)
					*space++ = '\0';
				if (!take(&rest, c))
					goto other;
			}
			if (rest.at != rest.count)
				goto other;
			out->clock = i == 0 ? CLOCK_CASE_CLOSED : i == 1 ? CLOCK_EVENT : out->clock;
			out->count_from = i == 3 ? COUNT_FISCAL_END : COUNT_YEAR_END;
			w->at = rest.at;
			return true;
other:
			;
		}
	return false;
}

static const char *
read_preserved(struct words *w, struct frist *out)
{
	static const char *const i[] = { "i", NULL };

	out->action = ACTION_PRESERVE;
	if (w->at == w->count)
		return NULL;
	if (take(w, "=")) {
		out->action = ACTION_DELIVER;
		return take_period(w, &out->keep) && w->at == w->count ? NULL : "vad som står efter B= går inte att läsa";
	}
	(void)take_one(w, i);
	if (take_period(w, &out->keep))
		return "\"bevaras\" med en tid kan betyda att de gallras då, eller att de levereras till arkivet: skriv vilket";
	return "vad som står efter \"bevaras\" går inte att läsa";
}

static const char *
read_destroyed(struct words *w, bool said, struct frist *out)
{
	out->action = ACTION_DESTROY;
	if (take(w, "vid") && take(w, "inaktualitet") && w->at == w->count) {
		out->clock = CLOCK_EVENT;
		out->count_from = COUNT_DAY;
		out->keep = (struct period){ 0, DAY_DAYS };
		return NULL;
	}
	(void)take(w, "=");
	(void)take(w, "efter");
	if (take(w, "minst"))
		return "\"minst\" säger hur länge de ska finnas, inte att de får gallras sedan";
	if (!take_period(w, &out->keep))
		return w->at == w->count && said ? "när de får gallras står inte" : "när de får gallras går inte att läsa";
	return take_from(w, out) ? NULL : "från när tiden räknas går inte att läsa";
}

const char *
frist_read(struct arena *mem, const char *text, bool plain, struct frist *out)
{
	static const char *const preserved[] = { "b", "bevaras", "bevara", NULL };
	static const char *const destroyed[] = { "g", "gallras", "gallra", NULL };
	static const char *const inactual[] = { "gia", "giv", NULL };
	struct words w;

	*out = (struct frist){ .clock = CLOCK_MODIFIED, .count_from = COUNT_YEAR_END, .keep = { 0, DAY_YEARS } };
	if (!split(mem, text, &w))
		return "texten är för lång för att vara en frist";
	if (!w.count)
		return "fristen är tom";
	if (take_one(&w, preserved))
		return read_preserved(&w, out);
	if (take(&w, "vid") && take(&w, "inaktualitet") && w.at == w.count)
		return frist_read(mem, "gia", plain, out);
	w.at = 0;
	if (take_one(&w, inactual)) {
		out->action = ACTION_DESTROY;
		out->clock = CLOCK_EVENT;
		out->count_from = COUNT_DAY;
		out->keep = (struct period){ 0, DAY_DAYS };
		return w.at == w.count ? NULL : "vad som står efter \"vid inaktualitet\" går inte att läsa";
	}
	if (take_one(&w, destroyed))
		return read_destroyed(&w, true, out);
	if (take(&w, "minst"))
		return "\"minst\" säger hur länge de ska finnas, inte att de får gallras sedan";
	if (!plain)
		return "det står inte om de bevaras eller gallras";
	return read_destroyed(&w, false, out);
}
