/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * archive.c - reads what a gallringsprotokoll names: board and archive, the decision to apply, copies that remain, its dnr.
 */
#include "register_p.h"

/* One line of a document that people sign: no line breaks, nothing that turns the text around it. */
static const char *
get_line(struct reader *r, const config_setting_t *group, const char *key, enum need need)
{
	const char *text = get_text(r, group, key, need);

	if (text && *text && (strpbrk(text, "\r\n\t") || strcmp(text_straight(r->mem, text), text) != 0))
		complain(r, setting_of(r, group, key), "'%s' must be one line of plain text", key);
	return text && *text ? text : NULL;
}

void
read_archive(struct reader *r, const config_setting_t *group, struct archive *out)
{
	static const char *const keys[] = { "board", "creator", "responsible", NULL };
	config_setting_t *at = get_group(r, group, "archive", OPTIONAL);

	if (!at)
		return;
	check_keys(r, at, keys);
	out->board = get_line(r, at, "board", OPTIONAL);
	out->creator = get_line(r, at, "creator", OPTIONAL);
	out->responsible = get_line(r, at, "responsible", OPTIONAL);
}

/* The board's own decision to apply what the archive authority has decided.  Half of one is none, and so it is refused. */
void
read_application(struct reader *r, const config_setting_t *group, struct series *s)
{
	static const char *const keys[] = { "dnr", "date", "body", "paragraph", NULL };
	config_setting_t *at = get_group(r, group, "application", OPTIONAL);

	s->secrecy = get_line(r, group, "secrecy", OPTIONAL);
	if (!at)
		return;
	check_keys(r, at, keys);
	s->application.dnr = get_line(r, at, "dnr", REQUIRED);
	s->application.date = get_date(r, at, "date", REQUIRED);
	s->application.body = get_line(r, at, "body", REQUIRED);
	s->application.paragraph = get_line(r, at, "paragraph", OPTIONAL);
}

static struct period
get_horizon(struct reader *r, const config_setting_t *at, const char *key)
{
	const char *text = get_text(r, at, key, OPTIONAL);
	struct period period = { 0, DAY_DAYS };

	if (text && (period_parse(text, &period) < 0 || !period.count))
		complain(r, setting_of(r, at, key), "'%s' is '%s', not a period like \"90 days\"", key, text);
	return period;
}

void
read_copies(struct reader *r, const config_setting_t *at, struct copies *out)
{
	out->backups = get_horizon(r, at, "backups");
	out->snapshots = get_horizon(r, at, "snapshots");
}

/* {year} and {number}, each once: so no two protocols are called the same, whichever way it is written. */
static bool
is_dnr(struct reader *r, const char *dnr)
{
	const char *year = strstr(dnr, "{year}"), *number = strstr(dnr, "{number}"), *end;

	if (!year || !number || strstr(year + 1, "{year}") || strstr(number + 1, "{number}") || strlen(dnr) > DNR_MOST)
		return false;
	for (end = dnr; *end; end++)
		if ((*end == '{' || *end == '}') && end != year && end != year + 5 && end != number && end != number + 7)
			return false;
	end = year < number ? year + 6 : number + 8;
	return end != (year < number ? number : year) && strcmp(text_straight(r->mem, dnr), dnr) == 0 && !strpbrk(dnr, "\r\n\t");
}

void
read_protocol(struct reader *r, const config_setting_t *root, struct conf *c)
{
	static const char *const keys[] = { "dnr", "backups", "snapshots", NULL };
	config_setting_t *at = get_group(r, root, "protocol", OPTIONAL);

	read_archive(r, root, &c->archive);
	c->protocol.dnr = "GALLR {year}/{number}";
	if (!at)
		return;
	check_keys(r, at, keys);
	read_copies(r, at, &c->protocol.copies);
	if (get_text(r, at, "dnr", OPTIONAL))
		c->protocol.dnr = get_text(r, at, "dnr", OPTIONAL);
	if (!is_dnr(r, c->protocol.dnr))
		complain(r, at, "'dnr' is '%s': it needs {year} and {number}, each once and something between them, on one line of at most %d "
			 "characters", c->protocol.dnr, DNR_MOST);
}

/* What stands in braces is filled in; the same report of another quarter is called otherwise. */
static bool
is_report_dnr(struct reader *r, const char *dnr)
{
	return strstr(dnr, "{year}") && strstr(dnr, "{quarter}") && strlen(dnr) <= DNR_MOST &&
	       strcmp(text_straight(r->mem, dnr), dnr) == 0 && !strpbrk(dnr, "\r\n\t");
}

static int
get_globs(struct reader *r, const config_setting_t *at, const char *key, const char ***out)
{
	int count = get_texts(r, at, key, out);

	for (int i = 0; i < count; i++)
		(*out)[i] = text_fold(r->mem, (*out)[i]);
	return count;
}

void
read_report(struct reader *r, const config_setting_t *root, struct conf *c)
{
	static const char *const keys[] = { "dnr", "keep", "review-days", "shared-accounts", "break-glass-accounts", "consultant-accounts", NULL };
	config_setting_t *at = get_group(r, root, "report", OPTIONAL);

	c->report.review_days = at ? get_number(r, at, "review-days", 1, 3660, 30) : 30;
	if (!at)
		return;
	check_keys(r, at, keys);
	c->report.dnr = get_line(r, at, "dnr", OPTIONAL);
	c->report.keep = get_line(r, at, "keep", OPTIONAL);
	c->report.shared_count = get_globs(r, at, "shared-accounts", &c->report.shared);
	c->report.break_glass_count = get_globs(r, at, "break-glass-accounts", &c->report.break_glass);
	c->report.consultant_count = get_globs(r, at, "consultant-accounts", &c->report.consultants);
	if (c->report.dnr && !is_report_dnr(r, c->report.dnr))
		complain(r, at, "'dnr' is '%s': it needs {year} and {quarter}, on one line of at most %d characters", c->report.dnr, DNR_MOST);
}
