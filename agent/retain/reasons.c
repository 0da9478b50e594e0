/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reasons.c - what explain says of one series and one file, in words: from when it counts, why it does not, why another decides. */
#include "retain_p.h"
#include "behov/text.h"

static const char *
why_not_superseded(struct retain *r, const struct cell *c, const struct entry *entry)
{
	const struct edition *newer;

	switch (versions_look(r, c->pattern, entry->name, &newer)) {
	case LOOK_NEWEST:
		return "ingen nyare version ligger i mappen";
	case LOOK_SUPERSEDED:
		return arena_print(r->mem, "den nyare versionen %s är tom eller har inget rimligt datum", name_show(r->mem, newer->name));
	default:
		return "det går inte att säkert säga vilken version som kom efter den";
	}
}

const char *
reason_no_date(struct retain *r, const struct cell *c, const struct entry *entry)
{
	const struct tally *t = c->pattern->tally;

	if (t->cases && (!c->case_name || !cases_find(t->cases, c->case_name)))
		return t->cases->known ? "ärendet finns inte i listan över ärenden" : "listan över ärenden kunde inte läsas";
	switch (t->series->clock) {
	case CLOCK_MODIFIED:
		return entry->stated ? "filens ändringsdatum är orimligt" : "filens ändringsdatum kunde inte läsas";
	case CLOCK_CREATED:
		return entry->btime_s == INT64_MIN ? "filsystemet vet inte när filen skapades" : "datumet då filen skapades är orimligt";
	case CLOCK_CASE_CLOSED:
		return arena_print(r->mem, "ärendet %s är inte avslutat", c->case_name);
	case CLOCK_SUPERSEDED:
		return why_not_superseded(r, c, entry);
	case CLOCK_EVENT:
		return came_after(r, t->series, entry) ? YOUNGER : "ingen har sagt att det som räknas har hänt";
	default:
		return "sökvägen säger inget rimligt datum";
	}
}

/* What somebody wrote is one line here, whatever is in it. */
const char *
reason_event(struct retain *r, const struct event *e)
{
	char *line = e ? arena_print(r->mem, "%s (%s)", e->why, e->by ? e->by : e->id) : NULL;

	if (line)
		text_plain(line);
	return line;
}

const char *
reason_counted(struct retain *r, const struct cell *c, const struct entry *entry, day_t anchor)
{
	if (anchor == DAY_NONE)
		return NULL;
	switch (c->pattern->tally->series->clock) {
	case CLOCK_MODIFIED:
		return arena_print(r->mem, "filen ändrades senast %s", day_text(r->mem, clock_day(entry->mtime_s)));
	case CLOCK_CREATED:
		return arena_print(r->mem, "filen skapades %s", day_text(r->mem, clock_day(entry->btime_s)));
	case CLOCK_PATH_YEAR:
	case CLOCK_FISCAL_YEAR:
		return arena_print(r->mem, "året i sökvägen är %d", day_year(c->date));
	case CLOCK_PATH_DATE:
		return arena_print(r->mem, "datumet i sökvägen är %s", day_text(r->mem, c->date));
	case CLOCK_CASE_CLOSED:
		return arena_print(r->mem, "ärendet %s avslutades %s", c->case_name, day_text(r->mem, anchor));
	default:                        /* what happened, and what is newer, are told by themselves */
		return NULL;
	}
}

static const char *
other_years(struct retain *r, const struct series *s, day_t anchor)
{
	const char *from = s->year_from ? arena_print(r->mem, "från %d ", s->year_from) : "";
	const char *to = s->year_to ? arena_print(r->mem, "till och med %d", s->year_to) : "och framåt";

	return arena_print(r->mem, "gäller bara handlingar %s%s: den här är från %d", from, to, day_year(anchor));
}

static const char *
outweighed(struct retain *r, const struct cell *c, day_t due, const struct verdict *v)
{
	const struct series *s = c->pattern->tally->series, *winner = v->winner->pattern->tally->series;

	if (is_spared(v->winner))
		return "ärendet är undantaget från gallring, och det går före";
	if (winner->action == ACTION_PRESERVE)
		return s->action == ACTION_PRESERVE ? NULL : "bevarande går före";
	if (s->action != winner->action)
		return "leverans går före gallring";
	if (s->decided != winner->decided)
		return "saknar beslut, och förstör därför ingenting";
	if (v->due == DAY_NONE)
		return due == DAY_NONE ? NULL : "den andra ger inget datum, och då gallras ingenting";
	return due == v->due ? "ger samma dag" : arena_print(r->mem, "räcker till %s, och det senaste datumet gäller", day_text(r->mem, due));
}

const char *
reason_lost(struct retain *r, const struct cell *c, bool counts, day_t anchor, day_t due, const struct verdict *v)
{
	if (!counts)
		return other_years(r, c->pattern->tally->series, anchor);
	return !v->winner || v->winner == c ? NULL : outweighed(r, c, due, v);
}

const char *
reason_name(struct retain *r, const struct cell *c)
{
	const char *list = "";

	for (int i = 0; i < c->pattern->where->name_count; i++)
		list = arena_print(r->mem, "%s%s%s", list, i ? ", " : "", c->pattern->where->names[i]);
	return arena_print(r->mem, "gäller bara filer som heter %s", list);
}
