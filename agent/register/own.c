/* SPDX-License-Identifier: GPL-3.0-or-later */
/* own.c - what behov itself keeps, as a share that series can name: what such a share and such a series can say. */
#include "register_p.h"
#include <stdlib.h>

/* Quarterly reviews look back a year, and owners are asked about what was decided since. */
#define OWN_LEAST ((struct period){ 2, DAY_YEARS })

void
read_own(struct reader *r, const config_setting_t *at, struct share *s)
{
	static const char *const words[] = { "identity", "case", "shrink-ratio", "hands", "rate", "window", "duplicates" };

	if (!s->own)
		return;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (config_setting_get_member(at, words[i]))
			complain(r, config_setting_get_member(at, words[i]), "'%s' is for a share with files, and not for \"" SHARE_OWN "\"", words[i]);
	if (s->dispose == DISPOSE_QUARANTINE)
		complain(r, config_setting_get_member(at, "dispose"), "dispose must be \"none\" or \"destroy\" on \"" SHARE_OWN "\": our own "
			 "records have no quarantine");
}

/* ------------------------------------------------------------------ series */

/* What covers every share does not mean what says what every share's end was. */
static bool
names_own(const struct reader *r, const struct series *s)
{
	for (int i = 0; i < s->where_count; i++)
		for (size_t k = 0; k < r->shares.count; k++)
			if (r->shares.items[k].own && s->where[i].share && strcmp(s->where[i].share, r->shares.items[k].id) == 0)
				return true;
	return false;
}

static void
check_series(struct reader *r, const struct series *s)
{
	const day_t day = day_make(2001, 1, 1);

	if (!names_own(r, s) || s->action == ACTION_PRESERVE)
		return;
	if (s->action == ACTION_DELIVER)
		complain_at(r, s->at, "our own records cannot be delivered: behov audit export gives the chain, and reports are files");
	if (s->clock != CLOCK_PATH_YEAR && s->clock != CLOCK_PATH_DATE && s->clock != CLOCK_MODIFIED && s->clock != CLOCK_FISCAL_YEAR)
		complain_at(r, s->at, "our own records are dated by their path: clock is 'path-year', 'path-date', 'fiscal-year' or 'modified'");
	if (day_add(day, s->keep) < day_add(day, OWN_LEAST))
		complain_at(r, s->at, "our own records are kept for 2 years at least: reviews and owners rest on them");
}

/* ------------------------------------------------------------------ the protocols */

static const char *
resolved(struct reader *r, const char *path)
{
	char *real = realpath(path, NULL);
	const char *out = real ? arena_text(r->mem, real) : path;

	free(real);
	return out;
}

static bool
lies_in(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	return strncmp(path, folder, len) == 0 && (!path[len] || path[len] == '/' || (len && folder[len - 1] == '/'));
}

/* They are all that tells of what is gone: no series may say that they go. */
static void
check_share(struct reader *r, const struct share *s)
{
	const char *protocols, *path;

	if (s->own || s->smb || !s->path || !r->rules->conf.work)
		return;
	/* Before the first protocol there is only the folder above, which a link may lead to. */
	protocols = resolved(r, arena_print(r->mem, "%s/protokoll", resolved(r, r->rules->conf.work)));
	path = resolved(r, s->path);
	if (lies_in(protocols, path) || lies_in(path, protocols))
		complain_at(r, s->at, "share '%s' holds the gallringsprotokoll of behov, which are always kept: name the folder of what may go, "
			    "as 'rapport'", s->id);
}

void
check_own(struct reader *r)
{
	for (size_t i = 0; i < r->shares.count; i++)
		check_share(r, &r->shares.items[i]);
	for (size_t i = 0; i < r->series.count; i++)
		check_series(r, &r->series.items[i]);
}
