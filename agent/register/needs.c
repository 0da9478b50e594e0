/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * needs.c - reads who needs a role, and who keeps it all the same; and the sets of words that needs share.
 *
 * A set may stand in a file that is read later: words are put in their place, and the clause gets its text, when all is read.
 */
#include "register_p.h"

static int
find_attribute(struct reader *r, const config_setting_t *at, const char *name)
{
	const char *known = "group";

	if (strcmp(name, "group") == 0)
		return ATTRIBUTE_GROUP;
	for (size_t i = 0; i < r->attributes.count; i++) {
		if (strcmp(r->attributes.items[i].name, name) == 0)
			return (int)i;
		known = arena_print(r->mem, "%s, %s", known, r->attributes.items[i].name);
	}
	complain(r, at, "'%s' is not an attribute that a need may use; known are %s", name, known);
	return ATTRIBUTE_NONE;
}

static bool
read_condition(struct reader *r, const config_setting_t *group, config_setting_t *at, struct condition *out)
{
	const char *name = config_setting_name(at);
	int attribute = find_attribute(r, at, name);

	*out = (struct condition){ .attribute = attribute };
	out->count = get_texts(r, group, name, &out->globs);
	if (attribute == ATTRIBUTE_NONE)
		return false;
	if (out->count == 0)
		complain(r, at, "'%s' has no value to compare with", name);
	return out->count != 0;
}

static bool
is_evidence(const char *name)
{
	static const char *const words[] = { "why", "by", "since", "valid", "not" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(words[i], name) == 0)
			return true;
	return false;
}

bool
is_word_of_need(const char *name)
{
	return is_evidence(name) || strcmp(name, "group") == 0;
}

static int
read_conditions(struct reader *r, config_setting_t *group, bool top, struct condition **out)
{
	int length = config_setting_length(group), count = 0;

	*out = arena_array(r->mem, struct condition, (size_t)length + 1);
	for (int i = 0; i < length; i++) {
		config_setting_t *at = config_setting_get_elem(group, (unsigned)i);

		if (top && is_evidence(config_setting_name(at)))
			continue;
		if (read_condition(r, group, at, &(*out)[count]))
			count++;
	}
	return count;
}

static void
read_valid(struct reader *r, config_setting_t *at, struct clause *c)
{
	static const char *const keys[] = { "from", "to", NULL };
	config_setting_t *valid = get_group(r, at, "valid", OPTIONAL);

	c->from = c->to = DAY_NONE;
	if (!valid)
		return;
	check_keys(r, valid, keys);
	c->from = day_parse(get_date(r, valid, "from", OPTIONAL));
	c->to = day_parse(get_date(r, valid, "to", OPTIONAL));
	if (c->from != DAY_NONE && c->to != DAY_NONE && c->from > c->to)
		complain(r, valid, "'from' is after 'to'");
}

static void
read_clause(struct reader *r, config_setting_t *at, struct clause *c)
{
	config_setting_t *none = get_group(r, at, "not", OPTIONAL);

	c->at = place_of(r, at);
	c->why = get_text(r, at, "why", REQUIRED);
	c->by = get_text(r, at, "by", REQUIRED);
	c->since = get_date(r, at, "since", REQUIRED);
	read_valid(r, at, c);
	c->alls = read_conditions(r, at, true, &c->all);
	if (c->alls == 0)
		complain(r, at, "this need asks for no attribute, so it would match everybody");
	if (!none)
		return;
	c->nones = read_conditions(r, none, false, &c->none);
	if (c->nones == 0)
		complain(r, none, "'not' is empty");
}

static struct clause *
read_clauses(struct reader *r, config_setting_t *at, int *count)
{
	config_setting_t *needs = get_groups(r, at, "needs");
	struct clause *all;

	*count = list_count(needs);
	all = arena_array(r->mem, struct clause, (size_t)*count + 1);
	for (int i = 0; i < *count; i++)
		read_clause(r, list_item(needs, i), &all[i]);
	return all;
}

void
read_needs(struct reader *r, config_setting_t *at, struct role *role)
{
	role->needs = read_clauses(r, at, &role->need_count);
}

void
read_needs_of(struct reader *r, config_setting_t *at)
{
	static const char *const keys[] = { "system", "role", "needs", NULL };
	struct needs_of *n = arena_push(r->mem, &r->needs);
	const char *system = get_text(r, at, "system", REQUIRED), *role = get_text(r, at, "role", REQUIRED);

	check_keys(r, at, keys);
	*n = (struct needs_of){ .system = system ? system : "", .role = role ? role : "", .at = place_of(r, at) };
	n->needs = read_clauses(r, at, &n->count);
}

void
read_exceptions(struct reader *r, config_setting_t *at, struct role *role)
{
	static const char *const keys[] = { "who", "why", "by", "since", "until", NULL };
	config_setting_t *list = get_groups(r, at, "exceptions");

	role->keep_count = list_count(list);
	role->keeps = arena_array(r->mem, struct keep, (size_t)role->keep_count + 1);
	for (int i = 0; i < role->keep_count; i++) {
		config_setting_t *one = list_item(list, i);
		struct keep *k = &role->keeps[i];

		check_keys(r, one, keys);
		k->at = place_of(r, one);
		k->who = get_text(r, one, "who", REQUIRED);
		k->why = get_text(r, one, "why", REQUIRED);
		k->by = get_text(r, one, "by", REQUIRED);
		k->since = get_date(r, one, "since", REQUIRED);
		k->until = day_parse(get_date(r, one, "until", REQUIRED));
	}
}

/* ------------------------------------------------------------------ sets of words */

void
read_set(struct reader *r, config_setting_t *at)
{
	static const char *const keys[] = { "id", "values", NULL };
	struct set_of_words *s = arena_push(r->mem, &r->sets);

	check_keys(r, at, keys);
	s->at = place_of(r, at);
	s->id = get_id(r, at);
	s->count = get_texts(r, at, "values", &s->values);
	if (s->count == 0)
		complain(r, at, "the set '%s' is empty", s->id);
}

struct words { const char **items; size_t count, room; };

static struct set_of_words *
find_set(struct reader *r, const char *id)
{
	for (size_t i = 0; i < r->sets.count; i++)
		if (strcmp(r->sets.items[i].id, id) == 0)
			return &r->sets.items[i];
	return NULL;
}

/* A word, or all of a set: "@chefer".  A word that begins with '@' is written with two.  `way`: the sets that we are in. */
static void
add_word(struct reader *r, struct place at, const char *word, const char *way, struct words *out)
{
	struct set_of_words *set;

	if (word[0] != '@' || word[1] == '@') {
		*arena_push(r->mem, out) = word + (word[0] == '@');
		return;
	}
	set = find_set(r, word + 1);
	if (!set && (!*way || r->in_sets))
		complain_at(r, at, "the set '%s' is not known", word);
	if (!set)
		return;
	way = arena_print(r->mem, "%s%s%s", way, *way ? " -> " : "", word);
	if (set->open && r->in_sets)
		complain_at(r, set->at, "the set contains itself: %s", way);
	if (set->open)
		return;
	if (out->count > WORDS_MOST && r->in_sets)
		complain_at(r, at, "'%s' gives more than %d words", way, WORDS_MOST);
	if (out->count > WORDS_MOST)
		return;
	set->open = true;
	for (int i = 0; i < set->count; i++)
		add_word(r, set->at, set->values[i], way, out);
	set->open = false;
}

/* A word as one would say it; *verb is what was said last. */
static void
say_word(struct text *line, const char *word, const char **verb)
{
	size_t len = strlen(word), first = strspn(word, "*"), stars = strcspn(word + first, "*?");
	const char *say = "är";
	int shown = (int)len;

	if (len > 1 && first == 0 && stars == len - 1 && word[len - 1] == '*')
		say = "börjar med";
	else if (len > 2 && first == 1 && stars == len - 2 && word[len - 1] == '*')
		say = "innehåller";
	else if (strcmp(word, "*") == 0)
		say = "är ifylld";
	else if (strpbrk(word, "*?"))
		say = "liknar";
	if (strcmp(say, "börjar med") == 0 || strcmp(say, "innehåller") == 0) {
		word += first;
		shown = (int)stars;
	}
	if (*verb)
		text_add(line, " eller");
	if (!*verb || strcmp(*verb, say) != 0)
		text_print(line, " %s", say);
	if (strcmp(say, "är ifylld") != 0)
		text_print(line, " \"%.*s\"", shown, word);
	*verb = say;
}

/* Sets are put in their place, and the words folded. */
static void
finish_condition(struct reader *r, struct place at, struct condition *c)
{
	struct words words = { NULL, 0, 0 };
	const char *verb = NULL;
	struct text line;

	for (int k = 0; k < c->count; k++)
		add_word(r, at, c->globs[k], "", &words);
	c->globs = words.items;
	c->count = (int)words.count;
	c->words = arena_array(r->mem, const char *, words.count + 1);
	text_open(&line, CLAUSE_MOST);
	text_add(&line, c->attribute == ATTRIBUTE_GROUP ? "med i gruppen" : r->attributes.items[c->attribute].label);
	for (int k = 0; k < c->count; k++) {
		c->words[k] = c->globs[k];
		if (c->attribute == ATTRIBUTE_GROUP) {
			text_print(&line, "%s \"%s\"", k ? " eller" : "", c->words[k]);
			continue;
		}
		say_word(&line, c->words[k], &verb);
		c->globs[k] = text_fold(r->mem, c->globs[k]);
	}
	if (line.full)
		complain_at(r, at, "this need is longer than %d characters", CLAUSE_MOST);
	c->text = arena_text(r->mem, line.data);
	text_close(&line);
}

static const char *
finish_conditions(struct reader *r, struct place at, struct condition *list, int count)
{
	const char *text = "";

	for (int i = 0; i < count; i++) {
		finish_condition(r, at, &list[i]);
		text = arena_print(r->mem, "%s%s%s", text, i ? " och " : "", list[i].text);
	}
	return text;
}

void
finish_clause(struct reader *r, struct clause *c)
{
	c->text = finish_conditions(r, c->at, c->all, c->alls);
	if (c->nones)
		c->text = arena_print(r->mem, "%s och inte (%s)", c->text, finish_conditions(r, c->at, c->none, c->nones));
}

/* Each set by itself, so that one that nobody uses is looked at, too. */
void
check_sets(struct reader *r)
{
	r->in_sets = true;
	for (size_t i = 0; i < r->sets.count; i++) {
		const struct set_of_words *s = &r->sets.items[i];
		struct words words = { NULL, 0, 0 };

		if (find_set(r, s->id) != s)
			complain_at(r, s->at, "set '%s' is written twice", s->id);
		add_word(r, s->at, arena_print(r->mem, "@%s", s->id), "", &words);
	}
	r->in_sets = false;
}
