/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * getters.c - typed getters over libconfig: each complaint names file and line, is counted, and the reading goes on.
 */
#include "register_p.h"
#include <ctype.h>

static void
complain_line(struct reader *r, const char *file, int line, const char *format, va_list args)
{
	log_error("%s:%d: %s", file, line, arena_vprint(r->mem, format, args));
	r->complaints++;
}

void
complain(struct reader *r, const config_setting_t *at, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain_line(r, r->file, at ? (int)config_setting_source_line(at) : 1, format, args);
	va_end(args);
}

void
complain_at(struct reader *r, struct place at, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain_line(r, at.file, at.line, format, args);
	va_end(args);
}

struct place
place_of(const struct reader *r, const config_setting_t *at)
{
	return (struct place){ .file = r->file, .line = (int)config_setting_source_line(at) };
}

void
check_keys(struct reader *r, const config_setting_t *group, const char *const *known)
{
	for (int i = 0; i < config_setting_length(group); i++) {
		const config_setting_t *at = config_setting_get_elem(group, (unsigned)i);
		const char *name = config_setting_name(at);
		int k = 0;

		while (known[k] && (*known[k] != *name || strcmp(known[k], name) != 0))
			k++;
		if (!known[k])
			complain(r, at, "unknown key '%s'", name);
	}
}

/* The members of a group by themselves: it is asked for one after the other. */
static void
know_members(struct reader *r, const config_setting_t *group)
{
	int count = config_setting_is_group(group) ? config_setting_length(group) : 0;

	r->members.group = group;
	r->members.count = count < MEMBERS_MOST ? count : MEMBERS_MOST;
	r->members.letters = 0;
	for (int i = 0; i < r->members.count; i++) {
		r->members.items[i] = config_setting_get_elem(group, (unsigned)i);
		r->members.names[i] = config_setting_name(r->members.items[i]);
		r->members.letters |= 1u << (*r->members.names[i] & 31);
	}
}

/* config_setting_get_member() looks into each name for what parts a path: a fifth of the time that ten thousand series took. */
config_setting_t *
setting_of(struct reader *r, const config_setting_t *group, const char *key)
{
	if (r->members.group != group)
		know_members(r, group);
	if (r->members.count == MEMBERS_MOST)
		return config_setting_get_member(group, key);
	if (!(r->members.letters >> (*key & 31) & 1))
		return NULL;
	for (int i = 0; i < r->members.count; i++)
		if (*r->members.names[i] == *key && strcmp(r->members.names[i], key) == 0)
			return r->members.items[i];
	return NULL;
}

static config_setting_t *
member(struct reader *r, const config_setting_t *group, const char *key, enum need need)
{
	config_setting_t *at = group ? setting_of(r, group, key) : NULL;

	if (!at && need == REQUIRED)
		complain(r, group, "'%s' is missing", key);
	return at;
}

const char *
peek_text(struct reader *r, const config_setting_t *group, const char *key, enum need need)
{
	const config_setting_t *at = member(r, group, key, need);

	if (!at)
		return NULL;
	if (config_setting_type(at) != CONFIG_TYPE_STRING) {
		complain(r, at, "'%s' must be a text", key);
		return NULL;
	}
	if (need == REQUIRED && !*config_setting_get_string(at)) {
		complain(r, at, "'%s' is empty", key);
		return NULL;
	}
	return config_setting_get_string(at);
}

const char *
get_text(struct reader *r, const config_setting_t *group, const char *key, enum need need)
{
	return arena_text(r->mem, peek_text(r, group, key, need));
}

const char *
get_id(struct reader *r, const config_setting_t *group)
{
	const char *id = get_text(r, group, "id", REQUIRED);

	if (!id)
		return "";
	for (const char *c = id; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("._-", *c)) {
			complain(r, group, "id '%s' may hold letters a-z, digits, '.', '_' and '-' only", id);
			break;
		}
	return id;
}

int
get_number(struct reader *r, const config_setting_t *group, const char *key, int least, int most, int otherwise)
{
	const config_setting_t *at = member(r, group, key, OPTIONAL);
	long long n;

	if (!at)
		return otherwise;
	if (config_setting_type(at) != CONFIG_TYPE_INT && config_setting_type(at) != CONFIG_TYPE_INT64) {
		complain(r, at, "'%s' must be a whole number", key);
		return otherwise;
	}
	n = config_setting_get_int64(at);
	if (n < least || n > most) {
		complain(r, at, "'%s' is %lld, not in %d..%d", key, n, least, most);
		return otherwise;
	}
	return (int)n;
}

double
get_ratio(struct reader *r, const config_setting_t *group, const char *key, double otherwise)
{
	const config_setting_t *at = member(r, group, key, OPTIONAL);
	double n;

	if (!at)
		return otherwise;
	if (config_setting_type(at) == CONFIG_TYPE_FLOAT)
		n = config_setting_get_float(at);
	else
		n = get_number(r, group, key, 0, 1, -2);
	if (n > -1.5 && !(n >= 0 && n <= 1))
		complain(r, at, "'%s' must be a ratio between 0 and 1", key);
	return n >= 0 && n <= 1 ? n : otherwise;
}

bool
get_bool(struct reader *r, const config_setting_t *group, const char *key, bool otherwise)
{
	const config_setting_t *at = member(r, group, key, OPTIONAL);

	if (!at)
		return otherwise;
	if (config_setting_type(at) != CONFIG_TYPE_BOOL) {
		complain(r, at, "'%s' must be true or false", key);
		return otherwise;
	}
	return config_setting_get_bool(at);
}

int
get_word(struct reader *r, const config_setting_t *group, const char *key, const char *const *words, int otherwise)
{
	const char *word = peek_text(r, group, key, OPTIONAL), *all = "";

	if (!word)
		return otherwise;
	for (int i = 0; words[i]; i++)
		if (strcmp(words[i], word) == 0)
			return i;
	for (int i = 0; words[i]; i++)
		all = arena_print(r->mem, "%s%s'%s'", all, i ? ", " : "", words[i]);
	complain(r, member(r, group, key, OPTIONAL), "'%s' is '%s', allowed are %s", key, word, all);
	return otherwise;
}

const char *
get_date(struct reader *r, const config_setting_t *group, const char *key, enum need need)
{
	const char *text = get_text(r, group, key, need);

	if (text && day_parse(text) == DAY_NONE)
		complain(r, member(r, group, key, OPTIONAL), "'%s' is '%s', which is no date (YYYY-MM-DD)", key, text);
	return text;
}

int
get_days(struct reader *r, const config_setting_t *group, const char *key, int otherwise)
{
	const char *text = peek_text(r, group, key, OPTIONAL);
	struct period period;

	if (!text)
		return otherwise;
	if (period_parse(text, &period) < 0 || period.unit != DAY_DAYS) {
		complain(r, member(r, group, key, OPTIONAL), "'%s' is '%s', not days like \"7 days\"", key, text);
		return otherwise;
	}
	return period.count;
}

int
get_texts(struct reader *r, const config_setting_t *group, const char *key, const char ***out)
{
	config_setting_t *at = member(r, group, key, OPTIONAL);
	int count, kept = 0;

	*out = NULL;
	if (!at)
		return 0;
	count = config_setting_is_list(at) || config_setting_is_array(at) ? config_setting_length(at) : 1;
	*out = arena_array(r->mem, const char *, (size_t)count + 1);
	for (int i = 0; i < count; i++) {
		config_setting_t *one = config_setting_is_aggregate(at) && !config_setting_is_group(at) ?
			config_setting_get_elem(at, (unsigned)i) : at;

		if (config_setting_type(one) != CONFIG_TYPE_STRING)
			complain(r, one, "'%s' must be a text or a list of texts", key);
		else if (!*config_setting_get_string(one))
			complain(r, one, "'%s' holds an empty text", key);
		else
			(*out)[kept++] = arena_text(r->mem, config_setting_get_string(one));
	}
	return kept;
}

config_setting_t *
get_group(struct reader *r, const config_setting_t *group, const char *key, enum need need)
{
	config_setting_t *at = member(r, group, key, need);

	if (at && !config_setting_is_group(at)) {
		complain(r, at, "'%s' must be a group { … }", key);
		return NULL;
	}
	return at;
}

config_setting_t *
get_groups(struct reader *r, const config_setting_t *group, const char *key)
{
	config_setting_t *at = member(r, group, key, OPTIONAL);

	if (!at || config_setting_is_group(at))
		return at;
	if (!config_setting_is_list(at)) {
		complain(r, at, "'%s' must be a list of groups ( { … } )", key);
		return NULL;
	}
	for (int i = 0; i < config_setting_length(at); i++)
		if (!config_setting_is_group(config_setting_get_elem(at, (unsigned)i))) {
			complain(r, at, "'%s' must be a list of groups ( { … } )", key);
			return NULL;
		}
	return at;
}

int
list_count(const config_setting_t *list)
{
	return !list ? 0 : config_setting_is_group(list) ? 1 : config_setting_length(list);
}

config_setting_t *
list_item(config_setting_t *list, int i)
{
	return config_setting_is_group(list) ? list : config_setting_get_elem(list, (unsigned)i);
}

struct class
get_class(struct reader *r, const config_setting_t *group)
{
	static const char *const keys[] = { "konfidentialitet", "riktighet", "tillganglighet", "sparbarhet", NULL };
	config_setting_t *at = get_group(r, group, "class", OPTIONAL);
	int n[4];

	if (at)
		check_keys(r, at, keys);
	for (int i = 0; i < 4; i++) {
		n[i] = get_number(r, at, keys[i], 0, 4, -1);
		if (n[i] == 4)
			complain(r, at, "'%s' is 4: KLASSA 4 is national security and not ours to touch", keys[i]);
	}
	return (struct class){ n[0], n[1], n[2], n[3] };
}
