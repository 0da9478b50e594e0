/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pattern.c - where patterns as components, matched one step for each folder on the way down. */
#include "retain_p.h"
#include "behov/text.h"

_Static_assert(_Alignof(struct token) == 1, "tokens lie where text lies");

static size_t
token(const char *at, struct token *out)
{
	*out = (struct token){ TOKEN_BYTE, *at };
	if (*at == '*')
		out->kind = TOKEN_ANY;
	else if (*at == '?')
		out->kind = TOKEN_ONE;
	else if (*at != '{')
		return 1;
	else if (strncmp(at, "{year}", 6) == 0)
		return out->kind = TOKEN_YEAR, 6;
	else if (strncmp(at, "{date}", 6) == 0)
		return out->kind = TOKEN_DATE, 6;
	else if (strncmp(at, "{case}", 6) == 0)
		return out->kind = TOKEN_CASE, 6;
	return 1;
}

static struct part
part_make(struct arena *mem, const char *text)
{
	struct part part = { .deep = strcmp(text, "**") == 0, .plain = true, .text = text };

	part.tokens = arena_bytes(mem, (strlen(text) + 1) * sizeof(struct token));
	while (*text) {
		text += token(text, &part.tokens[part.count]);
		part.cased |= part.tokens[part.count].kind == TOKEN_CASE;
		part.plain &= part.tokens[part.count++].kind == TOKEN_BYTE;
	}
	return part;
}

struct pattern *
pattern_make(struct arena *mem, const char *path, bool fold)
{
	struct pattern *p = arena_new(mem, struct pattern);
	char *text = fold ? text_fold(mem, path) : arena_text(mem, path);
	size_t parts = 1;

	for (const char *c = text; *c; c++)
		parts += *c == '/';
	p->fold = fold;
	p->parts = arena_array(mem, struct part, parts);
	while (*text) {
		size_t len = strcspn(text, "/");
		char *next = text + len + (text[len] == '/');

		text[len] = '\0';
		if (len)
			p->parts[p->count++] = part_make(mem, text);
		text = next;
	}
	return p;
}

/* Only captures of the series' own clock date a record: a {year} beside a {date} is a folder's name. */
void
pattern_clock(struct pattern *p, enum series_clock clock)
{
	for (size_t i = 0; i < p->count; i++)
		for (size_t k = 0; k < p->parts[i].count; k++) {
			struct token *t = &p->parts[i].tokens[k];

			if ((t->kind == TOKEN_YEAR && clock != CLOCK_PATH_YEAR && clock != CLOCK_FISCAL_YEAR) ||
			    (t->kind == TOKEN_DATE && clock != CLOCK_PATH_DATE))
				t->byte = '\0';
		}
}

/* How many components of p are the prefix, or 0 when it is none. */
size_t
pattern_prefix(const struct pattern *p, const char *prefix, struct arena *mem)
{
	struct pattern *b = pattern_make(mem, prefix, p->fold);

	if (b->count > p->count)
		return 0;
	for (size_t i = 0; i < b->count; i++)
		if (strcmp(b->parts[i].text, p->parts[i].text) != 0)
			return 0;
	return b->count;
}

/* ---- one component: a row of positions that the tokens so far can reach, with the latest date that gets there */

struct reach { bool ok; day_t date; };

static void
better(struct reach *at, struct reach with)
{
	if (with.ok && (!at->ok || with.date > at->date))
		*at = with;
}

static int
digits(const char *s, size_t n)
{
	int value = 0;

	for (size_t i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -1;
		value = value * 10 + (s[i] - '0');
	}
	return value;
}

static day_t
read_year(const char *s)
{
	int year = digits(s, 4);

	return year < 1 ? DAY_NONE : day_make(year, 12, 31);
}

/* The length of the date at s, or 0. */
static size_t
read_date(const char *s, day_t *out)
{
	bool dash = digits(s, 4) >= 0 && s[4] == '-';
	size_t month = dash ? 5 : 4, dom = dash ? 8 : 6;
	int m, d, year = digits(s, 4);

	if (year < 1 || (m = digits(s + month, 2)) < 1 || (dash && s[7] != '-') || (d = digits(s + dom, 2)) < 1)
		return 0;
	*out = day_make(year, m, d);
	return *out == DAY_NONE ? 0 : dom + 2;
}

static size_t
char_len(const char *s)
{
	unsigned char c = (unsigned char)*s;
	size_t n = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc2 ? 2 : 1;

	for (size_t i = 1; i < n; i++)
		if (((unsigned char)s[i] & 0xc0) != 0x80)
			return 1;
	return n;
}

static struct reach
dated(struct reach r, day_t date)
{
	if (date > r.date)
		r.date = date;
	return r;
}

static void
from_here(const struct token *t, const char *name, size_t i, struct reach here, struct reach *next)
{
	day_t date = DAY_NONE;
	size_t n;

	switch (t->kind) {
	case TOKEN_BYTE:
		if (name[i] == t->byte)
			better(&next[i + 1], here);
		break;
	case TOKEN_ONE:
		if (name[i])
			better(&next[i + char_len(name + i)], here);
		break;
	case TOKEN_YEAR:
		date = read_year(name + i);
		if (date != DAY_NONE)
			better(&next[i + 4], t->byte ? dated(here, date) : here);
		break;
	case TOKEN_DATE:
		n = read_date(name + i, &date);
		if (n)
			better(&next[i + n], t->byte ? dated(here, date) : here);
		break;
	default:
		break;
	}
}

/* '*' and {case}: every later position can be reached from the best of those before it. */
static void
sweep(const struct token *t, size_t len, const struct reach *now, struct reach *next)
{
	struct reach best = { 0 };

	for (size_t i = 0; i <= len; i++) {
		if (t->kind == TOKEN_ANY)
			better(&best, now[i]);
		next[i] = best;
		better(&best, now[i]);
	}
}

char *
case_key(struct arena *mem, const char *name)
{
	char *key = text_fold(mem, name);

	for (char *c = key; *c; c++)
		if (strchr("/\\:_ ", *c))
			*c = '-';
	return key;
}

/* As in begins_otherwise(): a first byte of ASCII tells that what stands there is another case. */
static bool
may_begin(const char *case_name, const char *at)
{
	unsigned char want = (unsigned char)*case_name, first = (unsigned char)*at;

	if (want > 127 || first > 127)
		return true;
	return want == (first >= 'A' && first <= 'Z' ? first + 'a' - 'A' : strchr("/\\:_ ", first) ? '-' : first);
}

/* {case} when it must be this one, which is a key. */
static void
exactly(struct arena *mem, const char *case_name, const char *name, size_t len, const struct reach *now,
	struct reach *next)
{
	for (size_t i = 0; i < len; i++)
		for (size_t n = 1; now[i].ok && may_begin(case_name, name + i) && i + n <= len; n++)
			if (strcmp(case_key(mem, arena_copy(mem, name + i, n)), case_name) == 0)
				better(&next[i + n], now[i]);
}

/* Where the first tokens can come to.  case_name: what {case} must be, or NULL for anything. */
static struct reach *
run(struct arena *mem, const struct part *part, size_t tokens, const char *name, const char *case_name)
{
	size_t len = strlen(name);
	struct reach *now, *next, *swap;

	now = arena_array(mem, struct reach, len + 2);
	next = arena_array(mem, struct reach, len + 2);
	now[0] = (struct reach){ .ok = true, .date = DAY_NONE };
	for (size_t t = 0; t < tokens; t++) {
		memset(next, 0, (len + 2) * sizeof *next);
		if (part->tokens[t].kind == TOKEN_CASE && case_name)
			exactly(mem, case_name, name, len, now, next);
		else if (part->tokens[t].kind == TOKEN_ANY || part->tokens[t].kind == TOKEN_CASE)
			sweep(&part->tokens[t], len, now, next);
		else
			for (size_t i = 0; i < len; i++)
				if (now[i].ok)
					from_here(&part->tokens[t], name, i, now[i], next);
		swap = now, now = next, next = swap;
	}
	return now;
}

static bool
is_any(const struct part *part)
{
	return part->count == 1 && part->tokens[0].kind == TOKEN_ANY;
}

static bool
part_match(struct arena *mem, const struct part *part, const char *name, const char *case_name, struct reach *out)
{
	*out = (struct reach){ .ok = true, .date = DAY_NONE };
	if (part->plain)
		return strcmp(part->text, name) == 0;
	if (is_any(part))
		return true;
	for (size_t t = 0; t < part->count && part->tokens[t].kind == TOKEN_BYTE; t++)
		if (name[t] != part->tokens[t].byte)
			return false;   /* most names are told by how they begin */
	*out = run(mem, part, part->count, name, case_name)[strlen(name)];
	return out->ok;
}

/* ---- many patterns at once */

/* Room for one more, which is like another; not one of `out` itself. */
static struct cell *
put(struct cells *out, const struct cell *like)
{
	if (out->count == out->room) {
		out->room = out->room ? out->room * 2 : 16;
		out->items = realloc(out->items, out->room * sizeof *out->items);
		if (!out->items)
			abort();
	}
	out->items[out->count] = *like;
	return &out->items[out->count++];
}

static struct cell *
alike(const struct cells *in, const struct pattern *pattern, size_t pos, const char *case_name)
{
	for (size_t i = in->count; i-- > 0 && in->items[i].pattern == pattern;)
		if (in->items[i].pos == pos && in->items[i].case_name == case_name)
			return &in->items[i];
	return NULL;
}

/* As `from`, but so far into its pattern; and further, as "**" may be no component at all. */
static void
add(struct cells *out, const struct cell *from, size_t pos, day_t date, const char *case_name, size_t path_len)
{
	const struct pattern *p = from->pattern;
	size_t batch_len = from->batch_len;

	for (;; pos++) {
		struct cell *c = alike(out, p, pos, case_name);

		if (c && date <= c->date)
			return;
		if (p->batch && pos == p->batch && !batch_len)
			batch_len = path_len;
		if (!out->whole || pos == p->count) {
			c = c ? c : put(out, from);
			c->pos = pos;
			c->batch_len = batch_len;
			c->date = date;
			c->case_name = case_name;
		}
		if (pos == p->count || !p->parts[pos].deep)
			return;
	}
}

void
cells_begin(struct cells *out, const struct pattern *pattern)
{
	add(out, &(struct cell){ .pattern = pattern, .date = DAY_NONE }, 0, DAY_NONE, NULL, 0);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *
known_case(const struct pattern *p, const char *folded)
{
	const char **found = p->case_count ? bsearch(&folded, p->cases, p->case_count, sizeof(*p->cases), by_text) : NULL;

	return found ? *found : NULL;
}

static void
step_case(struct arena *mem, const struct cell *from, const char *name, const char *case_name, size_t path_len, struct cells *out)
{
	struct reach got;

	if (part_match(mem, &from->pattern->parts[from->pos], name, case_name, &got))
		add(out, from, from->pos + 1, got.date > from->date ? got.date : from->date, case_name, path_len);
}

#define SHORT 24                        /* a name whose ways to be read take little */
#define SCRAP_MOST (1 << 20)

/*
 * A path can often be read as several cases, and a hold or a list may name any of them: those are kept apart.  Whatever
 * could stand for {case} is looked up, from where what is before it can end.  Whoever may make a folder may give it a name of
 * two hundred digits, which is hundreds of cases, each with megabytes of words that are compared with it: they go in between.
 */
static void
step_cases(struct arena *mem, const struct cell *from, const char *name, size_t path_len, struct cells *out)
{
	const struct part *part = &from->pattern->parts[from->pos];
	size_t len = strlen(name), first = 0;
	struct arena *scrap;
	struct reach *start;

	if (!from->pattern->case_count)
		return;
	while (part->tokens[first].kind != TOKEN_CASE)
		first++;
	start = run(mem, part, first, name, NULL);
	scrap = len > SHORT ? arena_open() : mem;
	for (size_t i = 0; i < len; i++)
		for (size_t n = 1; start[i].ok && i + n <= len; n++) {
			const char *found = known_case(from->pattern, case_key(scrap, arena_copy(scrap, name + i, n)));

			if (found)
				step_case(scrap, from, name, found, path_len, out);
			if (scrap != mem && arena_used(scrap) > SCRAP_MOST) {
				arena_close(scrap);
				scrap = arena_open();
			}
		}
	if (scrap != mem)
		arena_close(scrap);
}

/*
 * Is it told by its first byte, before it is folded, that it does not match?  A first letter of ASCII is folded to one, or is
 * joined with a mark that follows to a letter that is none.
 */
static bool
begins_otherwise(const struct part *part, const char *name)
{
	unsigned char want = (unsigned char)part->tokens[0].byte, first = (unsigned char)*name;

	if (!part->count || part->tokens[0].kind != TOKEN_BYTE || want > 127 || first > 127)
		return false;
	return want != (first >= 'A' && first <= 'Z' ? first + 'a' - 'A' : first);
}

void
cells_step(struct arena *mem, const struct cell *in, size_t count, const char *name, size_t path_len,
	   struct cells *out)
{
	const char *folded = NULL;

	out->count = 0;
	for (size_t i = 0; i < count; i++) {
		const struct cell *c = &in[i];
		const struct part *part = &c->pattern->parts[c->pos];
		const char *as = name;
		struct reach got;

		if (c->pos == c->pattern->count)
			continue;
		if (part->deep) {
			add(out, c, c->pos, c->date, c->case_name, path_len);
			continue;
		}
		if (c->pattern->fold && begins_otherwise(part, name))
			continue;
		if (c->pattern->fold && !is_any(part))
			as = folded ? folded : (folded = text_fold(mem, name));
		if (!part_match(mem, part, as, NULL, &got))
			continue;
		add(out, c, c->pos + 1, got.date > c->date ? got.date : c->date, c->case_name, path_len);
		if (part->cased)
			step_cases(mem, c, as, path_len, out);
	}
}

/* From behind: most endings differ in their last letter. */
static bool
name_fits(const struct pattern *p, int i, const char *name, size_t len)
{
	size_t left = p->endings[i];

	if (!left)
		return text_glob(p->names[i], name);
	if (len < left)
		return false;
	for (name += len - left; left && name[left - 1] == p->names[i][left]; left--)
		;
	return left == 0;
}

bool
pattern_names(struct arena *scratch, const struct pattern *p, const char *name, size_t len)
{
	if (!p->where || !p->where->name_count)
		return true;
	if (p->fold) {
		name = text_fold(scratch, name);
		len = strlen(name);
	}
	if (p->after)
		return versions_match(p, name);
	for (int i = 0; i < p->where->name_count; i++)
		if (name_fits(p, i, name, len))
			return true;
	return false;
}
