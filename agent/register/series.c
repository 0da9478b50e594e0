/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * series.c - reads retention series, shares and holds.
 */
#include "register_p.h"

static bool
component_captures(struct reader *r, const config_setting_t *at, const char *part, int *seen)
{
	static const char *const words[] = { "{year}", "{date}", "{case}" };

	for (const char *c = part; *c;) {
		int w = 0;

		if (*c != '{' && *c != '}') {
			c++;
			continue;
		}
		while (w < 3 && strncmp(c, words[w], 6) != 0)
			w++;
		if (w == 3) {
			complain(r, at, "'%s' holds a capture that is not {year}, {date} or {case}", part);
			return false;
		}
		*seen |= 1 << w;
		c += 6;
	}
	return true;
}

/* False when the pattern cannot match any path.  *seen: bit 0 {year}, 1 {date}, 2 {case}. */
static bool
check_pattern(struct reader *r, const config_setting_t *at, const char *path, int *seen)
{
	const char *c = path;
	char few[256];

	for (;;) {
		size_t len = strcspn(c, "/");
		char *part = len < sizeof(few) ? few : arena_take(r->mem, len + 1);

		memcpy(part, c, len);
		part[len] = '\0';

		if (is_placeholder(part) && !r->drafts) {
			complain(r, at, "'%s' in '%s' is a placeholder from a draft: write your own folder there", part, path);
			return false;
		}
		if (len == 0 || strcmp(part, ".") == 0 || strcmp(part, "..") == 0) {
			complain(r, at, "the pattern '%s' cannot match: it is absolute or has an empty, '.' or '..' component", path);
			return false;
		}
		if (strstr(part, "**") && strcmp(part, "**") != 0) {
			complain(r, at, "the pattern '%s' cannot match: '**' must be a component of its own", path);
			return false;
		}
		if (!component_captures(r, at, part, seen))
			return false;
		if (!c[len])
			return true;
		c += len + 1;
	}
}

/* Versions of a document lie beside each other and differ in one place of their names: a folder is judged by what lies in
 * it, and no version stands in the name of a folder. */
static void
check_version(struct reader *r, const config_setting_t *at, const struct where *w, const struct series *s)
{
	bool wanted = s->clock == CLOCK_SUPERSEDED;

	if (wanted && !w->name_count)
		complain(r, at, "clock 'superseded' needs 'name', with {version} in it");
	for (int i = 0; i < w->name_count; i++) {
		const char *first = strstr(w->names[i], "{version}");

		if (first && !wanted)
			complain(r, at, "the name '%s' holds {version}, which is for clock 'superseded'", w->names[i]);
		if (wanted && (!first || strstr(first + 1, "{version}")))
			complain(r, at, "clock 'superseded' needs {version} once in the name '%s'", w->names[i]);
		if (wanted && first && (first[9] == '?' || (first > w->names[i] && first[-1] == '?')))
			complain(r, at, "the name '%s' has a '?' beside {version}: where the version ends would not be known", w->names[i]);
	}
}

static void
read_where(struct reader *r, const config_setting_t *at, struct where *w, const struct series *s)
{
	static const char *const keys[] = { "share", "path", "name", NULL };
	int seen = 0;

	check_keys(r, at, keys);
	w->at = place_of(r, at);
	w->share = get_text(r, at, "share", REQUIRED);
	check_placeholder(r, at, "share", w->share);
	w->path = get_text(r, at, "path", REQUIRED);
	w->name_count = get_texts(r, at, "name", &w->names);
	for (int i = 0; i < w->name_count; i++)
		if (strchr(w->names[i], '/'))
			complain(r, at, "the name '%s' cannot match: it holds a '/'", w->names[i]);
	if (s->action != ACTION_PRESERVE || s->clock == CLOCK_SUPERSEDED)
		check_version(r, at, w, s);
	if (!w->path || !check_pattern(r, at, w->path, &seen) || s->action == ACTION_PRESERVE)
		return;
	if (s->clock == CLOCK_PATH_YEAR && !(seen & 1))
		complain(r, at, "clock 'path-year' needs {year} in '%s'", w->path);
	if (s->clock == CLOCK_FISCAL_YEAR && !(seen & 1))
		complain(r, at, "clock 'fiscal-year' needs {year} in '%s'", w->path);
	if (s->clock == CLOCK_PATH_DATE && !(seen & 2))
		complain(r, at, "clock 'path-date' needs {date} in '%s'", w->path);
	if (s->cases && !(seen & 4))
		complain(r, at, "'cases' needs {case} in '%s'", w->path);
}

static void
read_batch(struct reader *r, const config_setting_t *group, struct series *s)
{
	static const char *const keys[] = { "path", "whole", NULL };
	config_setting_t *at = get_group(r, group, "batch", OPTIONAL);
	int seen = 0;

	if (!at)
		return;
	check_keys(r, at, keys);
	s->whole = get_bool(r, at, "whole", false);
	s->batch_path = get_text(r, at, "path", OPTIONAL);
	if (!s->batch_path) {
		if (s->whole)
			complain(r, at, "'whole' needs a 'path'");
		return;
	}
	if (!check_pattern(r, at, s->batch_path, &seen))
		return;
	if (strstr(s->batch_path, "**"))
		complain(r, at, "batch path '%s' may not hold '**'", s->batch_path);
	for (int i = 0; i < s->where_count; i++) {
		size_t len = strlen(s->batch_path);
		const char *path = s->where[i].path;

		if (path && (strncmp(path, s->batch_path, len) != 0 || path[len] != '/'))
			complain(r, at, "batch path '%s' is not a prefix of '%s'", s->batch_path, path);
	}
}

static void
read_decision(struct reader *r, const config_setting_t *group, struct series *s)
{
	static const char *const keys[] = { "dnr", "date", "body", "paragraph", NULL };
	config_setting_t *at = get_group(r, group, "decision", OPTIONAL);

	if (!at)
		return;
	check_keys(r, at, keys);
	s->decision.dnr = get_text(r, at, "dnr", OPTIONAL);
	s->decision.date = get_date(r, at, "date", OPTIONAL);
	s->decision.body = get_text(r, at, "body", OPTIONAL);
	s->decision.paragraph = get_text(r, at, "paragraph", OPTIONAL);
	s->decided = s->decision.dnr && *s->decision.dnr && s->decision.date && s->decision.body &&
		     *s->decision.body;
}

static void
read_records(struct reader *r, const config_setting_t *group, struct series *s)
{
	static const char *const keys[] = { "from", "to", NULL };
	config_setting_t *at = get_group(r, group, "records", OPTIONAL);

	if (!at)
		return;
	check_keys(r, at, keys);
	s->year_from = get_number(r, at, "from", 1900, 9999, 0);
	s->year_to = get_number(r, at, "to", 1900, 9999, 0);
	if (s->year_from && s->year_to && s->year_from > s->year_to)
		complain(r, at, "'from' is after 'to'");
}

/* "06-30" */
static bool
read_month_day(const char *text, int *month, int *day)
{
	char whole[11];

	if (strlen(text) != 5)
		return false;
	snprintf(whole, sizeof(whole), "2024-%s", text);
	if (day_parse(whole) == DAY_NONE)
		return false;
	*month = atoi(whole + 5);
	*day = atoi(whole + 8);
	return true;
}

static void
read_fiscal(struct reader *r, const config_setting_t *at, struct series *s)
{
	static const char *const keys[] = { "ends", "named", NULL }, *const named[] = { "end", "start", NULL };
	config_setting_t *group = get_group(r, at, "fiscal-year", OPTIONAL);
	const char *ends;

	s->fiscal.month = 12;
	s->fiscal.day = 31;
	if (!group)
		return;
	check_keys(r, group, keys);
	ends = peek_text(r, group, "ends", REQUIRED);
	if (ends && !read_month_day(ends, &s->fiscal.month, &s->fiscal.day))
		complain(r, group, "'ends' is '%s', not a month and a day like \"06-30\"", ends);
	s->fiscal.named_by_start = get_word(r, group, "named", named, 0) == 1;
	if (s->clock != CLOCK_FISCAL_YEAR && s->count_from != COUNT_FISCAL_END)
		complain(r, group, "'fiscal-year' is for clock 'fiscal-year' and count-from 'fiscal-year-end'");
}

/* "senast": what must be gone by then. */
static void
read_latest(struct reader *r, const config_setting_t *at, struct series *s)
{
	const char *latest = peek_text(r, at, "latest", OPTIONAL);
	day_t day = day_make(2001, 1, 1);

	if (!latest)
		return;
	if (period_parse(latest, &s->latest) < 0 || !s->latest.count)
		complain(r, at, "'latest' is '%s', not a period like \"10 years\"", latest);
	else if (day_add(day, s->latest) < day_add(day, s->keep))
		complain(r, at, "'latest' is before 'keep' has passed");
}

/* What the e-archive has need not lie here, too. */
static void
read_after_receipt(struct reader *r, const config_setting_t *at, struct series *s)
{
	const char *text = peek_text(r, at, "after-receipt", OPTIONAL);

	if (!text)
		return;
	if (s->action != ACTION_DELIVER)
		complain(r, at, "'after-receipt' is for action 'deliver': when the originals of what the e-archive has go");
	if (period_parse(text, &s->after_receipt) < 0 || !s->after_receipt.count)
		complain(r, at, "'after-receipt' is '%s', not a period like \"6 months\"", text);
}

static void
read_clock(struct reader *r, const config_setting_t *at, struct series *s)
{
	static const char *const clocks[] = { "modified", "path-year", "path-date", "created", "case-closed", "fiscal-year",
		"event", "superseded", NULL };
	static const char *const froms[] = { "year-end", "month-end", "day", "fiscal-year-end", NULL };
	enum need need = s->action == ACTION_PRESERVE ? OPTIONAL : REQUIRED;
	const char *keep = peek_text(r, at, "keep", need);
	int clock = get_word(r, at, "clock", clocks, CLOCK_MODIFIED);
	int from = get_word(r, at, "count-from", froms, COUNT_YEAR_END);

	if (keep && period_parse(keep, &s->keep) < 0)
		complain(r, at, "'keep' is '%s', not a period like \"7 years\"", keep);
	if (need == REQUIRED && !setting_of(r, at, "clock"))
		complain(r, at, "'clock' is missing");
	s->clock = (enum series_clock)clock;
	s->count_from = (enum count_from)from;
	read_latest(r, at, s);
	read_fiscal(r, at, s);
}

/* Which cases are closed, and which of them are chosen to be preserved. */
static void
read_cases_of(struct reader *r, const config_setting_t *at, struct series *s)
{
	static const char *const keys[] = { "column", "values", NULL };
	config_setting_t *spare = get_group(r, at, "spare", OPTIONAL);

	s->cases = get_text(r, at, "cases", OPTIONAL);
	check_placeholder(r, at, "cases", s->cases);
	if (s->clock == CLOCK_CASE_CLOSED && !s->cases)
		complain(r, at, "clock 'case-closed' needs 'cases': the id of a list of cases");
	if (!spare)
		return;
	check_keys(r, spare, keys);
	s->spare.column = get_text(r, spare, "column", REQUIRED);
	s->spare.count = get_texts(r, spare, "values", &s->spare.values);
	if (!s->spare.count)
		complain(r, spare, "'values' is missing: which cases are spared");
	if (!s->cases)
		complain(r, spare, "'spare' needs 'cases': the id of the list of cases that has the column");
}

static void
digest_number(struct digest *d, int n)
{
	digest_add(d, &n, sizeof(n));
}

char *
series_digest(struct arena *mem, const struct series *s)
{
	struct digest *d = digest_open();
	unsigned char sum[DIGEST_SIZE];
	const char *const texts[] = { s->id, s->decision.dnr, s->decision.date, s->decision.body,
		s->decision.paragraph, s->law, s->batch_path, s->owner, s->cases, s->spare.column };
	const int numbers[] = { (int)s->action, s->keep.count, (int)s->keep.unit, (int)s->clock, (int)s->count_from,
		s->year_from, s->year_to, s->whole, s->evidence_digest, s->deputy_count, s->where_count, s->fiscal.month, s->fiscal.day, s->fiscal.named_by_start,
		s->latest.count, (int)s->latest.unit, s->spare.count };

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		digest_field(d, texts[i]);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		digest_number(d, numbers[i]);
	for (int i = 0; i < s->deputy_count; i++)
		digest_field(d, s->deputies[i]);
	for (int i = 0; i < s->spare.count; i++)
		digest_field(d, s->spare.values[i]);
	if (s->after_receipt.count) {
		digest_field(d, "after-receipt");
		digest_number(d, s->after_receipt.count);
		digest_number(d, (int)s->after_receipt.unit);
	}
	if (s->application.dnr) {       /* a series without one keeps the digest that it was activated by */
		const char *const more[] = { "application", s->application.dnr, s->application.date, s->application.body,
					     s->application.paragraph };

		for (size_t i = 0; i < sizeof(more) / sizeof(*more); i++)
			digest_field(d, more[i]);
	}
	for (int i = 0; i < s->where_count; i++) {
		digest_field(d, s->where[i].share);
		digest_field(d, s->where[i].path);
		digest_number(d, s->where[i].name_count);
		for (int n = 0; n < s->where[i].name_count; n++)
			digest_field(d, s->where[i].names[n]);
	}
	digest_close(d, sum);
	return digest_hex(mem, sum, sizeof(sum));
}

void
read_series(struct reader *r, config_setting_t *at)
{
	static const char *const keys[] = { "id", "code", "name", "owner", "deputies", "decision", "application", "archive", "secrecy", "law",
		"source", "decide", "records", "where", "action", "keep", "latest", "after-receipt", "clock", "count-from", "fiscal-year", "cases", "spare", "batch", "evidence", NULL };
	static const char *const actions[] = { "destroy", "preserve", "deliver", NULL };
	static const char *const evidence[] = { "names", "digest", NULL };
	struct series *s = arena_push(r->mem, &r->series);
	config_setting_t *where = get_groups(r, at, "where");

	check_keys(r, at, keys);
	s->at = place_of(r, at);
	s->id = get_id(r, at);
	s->code = get_text(r, at, "code", OPTIONAL);
	s->name = get_text(r, at, "name", OPTIONAL);
	if (!s->name)
		s->name = s->id;
	s->owner = get_text(r, at, "owner", OPTIONAL);
	s->deputy_count = get_texts(r, at, "deputies", &s->deputies);
	s->law = get_text(r, at, "law", OPTIONAL);
	read_decision(r, at, s);
	read_application(r, at, s);
	read_archive(r, at, &s->archive);
	read_draft(r, at, s);
	read_records(r, at, s);
	peek_text(r, at, "action", REQUIRED);
	s->action = (enum series_action)get_word(r, at, "action", actions, ACTION_PRESERVE);
	s->evidence_digest = get_word(r, at, "evidence", evidence, 0) == 1;
	read_clock(r, at, s);
	read_after_receipt(r, at, s);
	read_cases_of(r, at, s);
	s->where_count = list_count(where);
	s->where = arena_array(r->mem, struct where, (size_t)s->where_count);
	if (s->where_count == 0)
		complain(r, at, "'where' is missing");
	for (int i = 0; i < s->where_count; i++)
		read_where(r, list_item(where, i), &s->where[i], s);
	read_batch(r, at, s);
	if (s->whole && s->clock == CLOCK_SUPERSEDED)
		complain(r, at, "what is in force never goes, so a batch that is 'whole' never would: clock 'superseded'");
}

void
read_event(struct reader *r, config_setting_t *at)
{
	static const char *const keys[] = { "id", "series", "share", "path", "date", "why", "by", NULL };
	struct event *e = arena_push(r->mem, &r->events);
	int seen = 0;

	check_keys(r, at, keys);
	e->at = place_of(r, at);
	e->id = get_id(r, at);
	e->series = get_text(r, at, "series", REQUIRED);
	e->share = get_text(r, at, "share", REQUIRED);
	e->path = get_text(r, at, "path", REQUIRED);
	e->date = day_parse(get_date(r, at, "date", REQUIRED));
	e->why = get_text(r, at, "why", REQUIRED);
	e->by = get_text(r, at, "by", REQUIRED);
	if (e->path)
		check_pattern(r, at, e->path, &seen);
}

void
read_case_list(struct reader *r, config_setting_t *at)
{
	static const char *const keys[] = { "id", "file", "case", "closed", "reopened", NULL };
	struct case_list *c = arena_push(r->mem, &r->cases);

	check_keys(r, at, keys);
	c->at = place_of(r, at);
	c->id = get_id(r, at);
	check_placeholder(r, at, "id", c->id);
	c->file = get_path(r, at, "file", NULL);
	if (!c->file)
		complain(r, at, "'file' is missing");
	c->name = get_text(r, at, "case", REQUIRED);
	c->closed = get_text(r, at, "closed", REQUIRED);
	c->reopened = get_text(r, at, "reopened", OPTIONAL);
}

/* "20:00"; -1 for anything else. */
static int
read_minute(const char *text)
{
	if (strspn(text, "0123456789") != 2 || text[2] != ':' || strspn(text + 3, "0123456789") != 2 || atoi(text) > 23 ||
	    atoi(text + 3) > 59)
		return -1;
	return atoi(text) * 60 + atoi(text + 3);
}

static void
read_window(struct reader *r, const config_setting_t *at, struct share *s)
{
	const char *text = peek_text(r, at, "window", OPTIONAL);
	bool whole = text && strlen(text) == 11 && text[5] == '-';

	if (!text)
		return;
	s->window.from = whole ? read_minute(text) : -1;
	s->window.to = whole ? read_minute(text + 6) : -1;
	if (s->window.from < 0 || s->window.to < 0 || s->window.from == s->window.to)
		complain(r, at, "'window' is '%s', not two different times like \"20:00-06:00\"", text);
}

void
read_share(struct reader *r, config_setting_t *at)
{
	static const char *const keys[] = { "id", "name", "path", "owner", "deputies", "class", "identity", "dispose",
		"case", "shrink-ratio", "hands", "rate", "window", "duplicates", "user", "password-file", "kerberos", "encrypt",
		"timeout", "archive", "backups", "snapshots", NULL };
	static const char *const identities[] = { "marker", "filesystem", "none", NULL };
	static const char *const disposals[] = { "none", "quarantine", "destroy", NULL };
	static const char *const cases[] = { "exact", "fold", NULL };
	struct share *s = arena_push(r->mem, &r->shares);

	check_keys(r, at, keys);
	s->at = place_of(r, at);
	s->id = get_id(r, at);
	check_placeholder(r, at, "id", s->id);
	s->name = get_text(r, at, "name", OPTIONAL);
	if (!s->name)
		s->name = s->id;
	s->path = get_text(r, at, "path", REQUIRED);
	s->own = s->path && strcmp(s->path, SHARE_OWN) == 0;
	if (s->path && !s->own && strncmp(s->path, "smb://", 6) != 0)
		s->path = without_slashes(r, file_beside(r->mem, r->conf, s->path), 1);
	s->owner = get_text(r, at, "owner", OPTIONAL);
	s->deputy_count = get_texts(r, at, "deputies", &s->deputies);
	s->class = get_class(r, at);
	s->identity = (enum share_identity)get_word(r, at, "identity", identities, IDENTITY_MARKER);
	s->dispose = (enum share_dispose)get_word(r, at, "dispose", disposals, DISPOSE_NONE);
	s->shrink_ratio = get_ratio(r, at, "shrink-ratio", 0.50);
	s->hands = get_number(r, at, "hands", 1, 256, 0);
	s->rate = get_number(r, at, "rate", 1, 1000000, 0);
	read_window(r, at, s);
	s->duplicates = get_bool(r, at, "duplicates", false);
	read_archive(r, at, &s->archive);
	read_copies(r, at, &s->copies);
	read_smb(r, at, s);
	read_own(r, at, s);
	s->fold = get_word(r, at, "case", cases, s->smb != NULL) == 1;
}

void
read_hold(struct reader *r, config_setting_t *at)
{
	static const char *const keys[] = { "id", "share", "path", "series", "case", "reason", "by", "since", NULL };
	struct hold *h = arena_push(r->mem, &r->holds);
	int seen = 0;

	check_keys(r, at, keys);
	h->at = place_of(r, at);
	h->id = get_id(r, at);
	h->share = get_text(r, at, "share", OPTIONAL);
	h->path = get_text(r, at, "path", OPTIONAL);
	h->series = get_text(r, at, "series", OPTIONAL);
	h->case_name = get_text(r, at, "case", OPTIONAL);
	h->reason = get_text(r, at, "reason", REQUIRED);
	h->by = get_text(r, at, "by", OPTIONAL);
	h->since = get_date(r, at, "since", OPTIONAL);
	if (h->path)
		check_pattern(r, at, h->path, &seen);
}
