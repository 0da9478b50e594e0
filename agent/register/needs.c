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

static struct set_of_words *
find_set(struct reader *r, const char *id)
{
	for (size_t i = 0; i < r->sets.count; i++)
		if (strcmp(r->sets.items[i].id, id) == 0)
			return &r->sets.items[i];
	return NULL;
}

/* "@a -> @b": how we came to a set. */
static const char *
way_to(struct reader *r, const struct set_of_words *set)
{
	return set->above ? arena_print(r->mem, "%s -> @%s", way_to(r, set->above), set->id) : arena_print(r->mem, "@%s", set->id);
}

static void add_word(struct reader *r, struct place at, const char *word, struct set_of_words *above, struct words *out);

/* Once for each set, however many need it: so each complaint is made once, too. */
static void
fill_set(struct reader *r, struct set_of_words *set, struct set_of_words *above)
{
	int deep = 1;

	if (set->done)
		return;
	if (set->open) {
		complain_at(r, set->at, "the set contains itself: %s -> @%s", way_to(r, above), set->id);
		return;
	}
	set->above = above;
	for (const struct set_of_words *s = above; s; s = s->above)
		deep++;
	if (deep > SETS_DEEP) {
		complain_at(r, set->at, "'%s' is more than %d sets deep", way_to(r, set), SETS_DEEP);
		set->done = true;
		return;
	}
	set->open = true;
	for (int i = 0; i < set->count; i++)
		add_word(r, set->at, set->values[i], set, &set->words);
	set->open = false;
	set->done = true;
	if (set->words.count > WORDS_MOST)
		complain_at(r, set->at, "'@%s' gives more than %d words", set->id, WORDS_MOST);
}

/* A word, or all of a set: "@chefer".  A word that begins with '@' is written with two.  One too many shows that there are more. */
static void
add_word(struct reader *r, struct place at, const char *word, struct set_of_words *above, struct words *out)
{
	struct set_of_words *set;

	if (word[0] != '@' || word[1] == '@') {
		if (out->count <= WORDS_MOST)
			*arena_push(r->mem, out) = word + (word[0] == '@');
		return;
	}
	set = find_set(r, word + 1);
	if (!set) {
		complain_at(r, at, "the set '%s' is not known", word);
		return;
	}
	fill_set(r, set, above);
	for (size_t i = 0; i < set->words.count && !set->open && out->count <= WORDS_MOST; i++)
		*arena_push(r->mem, out) = set->words.items[i];
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
		add_word(r, at, c->globs[k], NULL, &words);
	if (words.count > WORDS_MOST)
		complain_at(r, at, "this need asks for more than %d words of one attribute", WORDS_MOST);
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

/* Those that nobody uses are looked at, too. */
void
check_sets(struct reader *r)
{
	for (size_t i = 0; i < r->sets.count; i++) {
		struct set_of_words *s = &r->sets.items[i];

		if (find_set(r, s->id) != s)
			complain_at(r, s->at, "set '%s' is written twice", s->id);
		fill_set(r, s, NULL);
	}
}
