/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * watch.c - reads `metrics` and `targets`: who is told how it goes, and how it should.
 */
#include "register_p.h"

/* Through a proxy everybody comes from this machine: then nothing but a token tells who may ask. */
static void
check_page(struct reader *r, const config_setting_t *at, const struct conf *c)
{
	bool proxy = c->web.url && strncmp(c->web.url, "https://", 8) == 0;

	proxy |= c->web.listen && strncmp(c->web.listen, "unix:", 5) == 0;
	if (c->metrics.page && proxy && !c->metrics.token_file)
		complain(r, at, "'page' needs token-file where a proxy stands before the page (web.listen is unix:, or web.url https://)");
	if (c->metrics.token_file && !c->metrics.page)
		complain(r, at, "'token-file' is set, and 'page' is not true");
}

void
read_metrics(struct reader *r, const config_setting_t *root, struct conf *c)
{
	static const char *const keys[] = { "file", "page", "token-file", NULL };
	config_setting_t *at = get_group(r, root, "metrics", OPTIONAL);

	if (!at)
		return;
	check_keys(r, at, keys);
	c->metrics.file = get_path(r, at, "file", NULL);
	c->metrics.page = get_bool(r, at, "page", false);
	c->metrics.token_file = get_secret(r, at, "token-file");
	if (c->metrics.file && (strlen(c->metrics.file) < 6 || strcmp(c->metrics.file + strlen(c->metrics.file) - 5, ".prom") != 0))
		complain(r, at, "'file' is '%s': the node exporter reads no file that does not end in .prom", c->metrics.file);
	check_page(r, at, c);
}

void
read_targets(struct reader *r, const config_setting_t *root, struct conf *c)
{
	static const char *const keys[] = { "night-hours", "answer", "gaps", "brakes", "complete", "systems", "groups", "files", NULL };
	config_setting_t *at = get_group(r, root, "targets", OPTIONAL);

	if (at)
		check_keys(r, at, keys);
	c->targets.night_hours = get_number(r, at, "night-hours", 1, 24 * 366, 26);
	c->targets.answer_days = get_days(r, at, "answer", 28);
	c->targets.gaps = get_number(r, at, "gaps", 0, 1000000, 0);
	c->targets.brakes = get_number(r, at, "brakes", 0, 1000000, 0);
	c->targets.complete = get_ratio(r, at, "complete", 1.0);
	c->targets.systems = get_ratio(r, at, "systems", 1.0);
	c->targets.groups = get_ratio(r, at, "groups", 0.95);
	c->targets.files = get_ratio(r, at, "files", 0.80);
}
