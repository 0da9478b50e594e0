/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * need.c - whom the clauses of a role ask for: yes, no, or not known.
 *
 * People who have the same attributes need the same, so that is asked once for all of them.  And it is asked the other way
 * round: each value knows which conditions it fulfils, each condition its clause, and a clause asks for somebody when as many
 * of its conditions are fulfilled as it has.  needs_clause() asks one clause straight on; both must say the same.
 *
 * In what a clause asks for, marks on letters do not count ("Larare" is asked for by "Lärare"), unless it is an identifier; in
 * what it does not want they do: where people write differently, we had rather see a need too many than one too few.
 */
#include "reconcile_p.h"
#include "behov/text.h"

/* A condition, as a part of what its clause asks for, or of what it does not want. */
struct part { uint32_t clause; bool none; };
struct glob { const char *text; uint32_t part; };
struct globs { struct glob *literal, *wild; uint32_t literals, wilds; };        /* sorted */
/* A group that clauses name; `open`: somebody in it may be anybody, or a group that we do not read. */
struct named { uint32_t group; const char *open; LIST(uint32_t) parts, members; };
/* Which conditions a value fulfils. */
struct fulfilled { const struct value *value; int attribute; struct set parts; };
/* Of one clause: how many conditions are fulfilled, and of how many it is not known. */
struct tally { uint16_t yes, maybe, none_yes, none_maybe; };
struct known {
	struct profile profile;
	uint64_t hash, unknown, mixed;
	const struct value **values;
	struct set in;
	long long people;
	struct known *next;
};

struct needs {
	const struct clause **clauses;
	uint32_t *role_of, clause_count;
	bool *used;                     /* clause: it asks for somebody, or may */
	LIST(struct part) parts;
	struct set *asking;             /* attribute -> its parts */
	struct globs *globs[2];         /* of an attribute: in what is asked for, and in what is not wanted */
	bool *absent;                   /* attribute: no person has it */
	LIST(struct named) named;
	LIST(uint32_t) maybe_named;     /* parts that name a group which may contain anybody, or is not there */
	struct set *in;                 /* account -> numbers of the named groups it is in; NULL: no clause names any */
	struct fulfilled *fulfilled;    /* by value; a power of two, at most half full */
	size_t fulfilled_room, fulfilled_count;
	struct known **known;           /* by hash; a power of two */
	size_t known_room, known_count;
	struct tally *tally;
	LIST(uint32_t) touched;
	struct bits parts_here, parts_more, yes, maybe;
	uint32_t *first;                /* role: the first clause that asks for the one who is judged; empty between uses */
};

/* ------------------------------------------------------------------ one clause, straight on */

static enum truth
is_in(const struct work *w, uint32_t a, const struct condition *c)
{
	const struct needs *n = w->needs;
	enum truth t = NO;

	for (int i = 0; i < c->count; i++) {
		long g = snapshot_group(w->s, c->globs[i]);

		if (g < 0 || w->maybe[g])
			t = UNKNOWN;
		for (size_t k = 0; g >= 0 && k < n->named.count; k++)
			if (n->named.items[k].group == (uint32_t)g && n->named.items[k].open)
				t = UNKNOWN;
		for (uint32_t k = 0; g >= 0 && k < n->in[a].count; k++)
			if (n->named.items[n->in[a].items[k]].group == (uint32_t)g)
				return YES;
	}
	return t;
}

/* An identifier is what it is; only people write words in more than one way. */
static bool
is_identifier(const struct work *w, int attribute)
{
	static const char *const names[] = { "employeeID", "employeeNumber", "sAMAccountName", "userPrincipalName", "mail", "manager" };
	const char *ad = w->in->rules->attributes[attribute].ad;

	for (size_t i = 0; ad && i < sizeof(names) / sizeof(*names); i++)
		if (strcasecmp(names[i], ad) == 0)
			return true;
	return false;
}

static const char *
as_compared(const struct work *w, int attribute, const char *folded, bool none)
{
	return none || is_identifier(w, attribute) ? folded : text_bare(w->mem, folded);
}

enum truth
needs_condition(const struct work *w, uint32_t account, const struct condition *c, bool none)
{
	const struct account *a = &w->s->accounts[account];

	if (c->attribute == ATTRIBUTE_GROUP)
		return is_in(w, account, c);
	if (w->needs->absent[c->attribute] || a->unknown >> c->attribute & 1)
		return UNKNOWN;
	for (const struct value *v = a->values ? a->values[c->attribute] : NULL; v; v = v->more)
		for (int i = 0; i < c->count; i++)
			if (text_glob(as_compared(w, c->attribute, c->globs[i], none), as_compared(w, c->attribute, v->folded, none)))
				return none && a->mixed >> c->attribute & 1 ? UNKNOWN : YES;
	return NO;
}

static enum truth
all_of(const struct work *w, uint32_t a, const struct condition *c, int count, bool none)
{
	enum truth all = YES;

	for (int i = 0; i < count; i++) {
		enum truth one = needs_condition(w, a, &c[i], none);
		if (one == NO)
			return NO;
		if (one == UNKNOWN)
			all = UNKNOWN;
	}
	return all;
}

static bool
is_in_force(const struct work *w, const struct clause *c)
{
	day_t today = clock_day(w->in->now);

	return (c->from == DAY_NONE || today >= c->from) && (c->to == DAY_NONE || today <= c->to);
}

enum truth
needs_clause(const struct work *w, uint32_t a, const struct clause *c)
{
	enum truth all, none = NO;

	if (!is_in_force(w, c))
		return NO;
	all = all_of(w, a, c->all, c->alls, false);
	if (c->nones)
		none = all_of(w, a, c->none, c->nones, true);
	if (all == NO || none == YES)
		return NO;
	return all == UNKNOWN || none == UNKNOWN ? UNKNOWN : YES;
}

/* ------------------------------------------------------------------ the clauses, by what they ask for */

static int
by_text(const void *a, const void *b)
{
	const struct glob *x = a, *y = b;
	int c = strcmp(x->text, y->text);

	return c ? c : (x->part > y->part) - (x->part < y->part);
}

static void
sort_globs(struct glob *list, uint32_t count)
{
	if (count > 1)
		qsort(list, count, sizeof(*list), by_text);
}

/* ------------------------------------------------------------------ groups that clauses name */

static void
tell_absent(struct work *w, uint32_t r, const char *group)
{
	tell_trouble(w, "need-group-absent", w->roles[r]->system, w->roles[r], group,
		     arena_print(w->mem, "Ett behov pekar ut gruppen '%s', som inte finns i katalogen", group));
}

/* number: group -> its place in n->named, and one; 0: none yet. */
static struct named *
number_group(struct work *w, uint32_t *number, uint32_t g)
{
	struct needs *n = w->needs;

	if (!number[g]) {
		((struct named *)arena_push(w->mem, &n->named))->group = g;
		number[g] = (uint32_t)n->named.count;
	}
	return &n->named.items[number[g] - 1];
}

/* A group that may contain anybody is kept too: who is surely in it is. */
static void
name_group(struct work *w, uint32_t *number, const char *written, uint32_t part, uint32_t role)
{
	struct needs *n = w->needs;
	long g = snapshot_group(w->s, written);

	if (g < 0 || w->maybe[g])
		*arena_push(w->mem, &n->maybe_named) = part;
	if (g < 0) {
		tell_absent(w, role, written);
		return;
	}
	w->asked[g] = true;
	*arena_push(w->mem, &number_group(w, number, (uint32_t)g)->parts) = part;
}

/* A clause that is not in force judges nobody, but is explained; before it begins, who is in its groups stays in them. */
static void
name_others(struct work *w, uint32_t *number, const struct condition *list, int count, bool later)
{
	for (int i = 0; i < count; i++)
		for (int k = 0; list[i].attribute == ATTRIBUTE_GROUP && k < list[i].count; k++) {
			long g = snapshot_group(w->s, list[i].globs[k]);

			if (g < 0)
				continue;
			(void)number_group(w, number, (uint32_t)g);
			w->asked[g] |= later;
		}
}

struct counting { struct work *w; uint32_t number, *next; };

static bool
count_member(void *self, uint32_t a)
{
	struct counting *c = self;
	const struct account *who = &c->w->s->accounts[a];
	struct named *named = &c->w->needs->named.items[c->number];

	*arena_push(c->w->mem, &named->members) = a;
	c->next[a]++;
	if (!named->open && (who->class == ACCOUNT_EVERYBODY || who->class == ACCOUNT_FOREIGN))
		named->open = who->sid ? who->sid : who->name;
	return true;
}

/* Who is in such a group we do not know, but for those whom we see there. */
static void
doubt_open(struct work *w, const struct named *named)
{
	struct needs *n = w->needs;
	const struct group *g = &w->s->groups[named->group];
	const struct role *role;

	if (!named->open || !named->parts.count)
		return;
	for (size_t i = 0; i < named->parts.count; i++)
		*arena_push(w->mem, &n->maybe_named) = named->parts.items[i];
	role = w->roles[n->role_of[n->parts.items[named->parts.items[0]].clause]];
	tell_trouble(w, "need-group-open", role->system, role, g->dn, arena_print(w->mem,
		     "Ett behov pekar ut gruppen %s, som rymmer %s: vilka det är vet vi inte, så ingen säkert saknar behovet", g->name, named->open));
}

/* n->in: for each account, the numbers of the named groups that it is in, one after another. */
static void
find_named(struct work *w)
{
	struct needs *n = w->needs;
	size_t accounts = w->s->account_count, total = 0;
	struct counting c = { .w = w };
	uint32_t *all;

	if (!n->named.count && !n->maybe_named.count)
		return;
	c.next = arena_array(w->mem, uint32_t, accounts + 1);
	n->in = arena_array(w->mem, struct set, accounts + 1);
	for (c.number = 0; c.number < n->named.count; c.number++)
		(void)graph_below(w, n->named.items[c.number].group, BELOW_ALL, count_member, &c);
	for (size_t k = 0; k < n->named.count; k++)
		doubt_open(w, &n->named.items[k]);
	for (size_t a = 0; a < accounts; a++)
		total += c.next[a];
	all = arena_array(w->mem, uint32_t, total + 1);
	for (size_t a = 0, at = 0; a < accounts; a++) {
		n->in[a] = (struct set){ all + at, c.next[a] };
		at += c.next[a];
		c.next[a] = (uint32_t)(at - c.next[a]);
	}
	for (uint32_t k = 0; k < n->named.count; k++)
		for (size_t i = 0; i < n->named.items[k].members.count; i++)
			all[c.next[n->named.items[k].members.items[i]]++] = k;
}

/* ------------------------------------------------------------------ the clauses, taken apart */

struct gather { struct { LIST(struct glob) literal, wild; } of[2]; LIST(uint32_t) parts; };

static void
add_conditions(struct work *w, struct gather *by_attribute, uint32_t *number, const struct condition *list, int count,
	       uint32_t clause, bool none)
{
	struct needs *n = w->needs;

	for (int i = 0; i < count; i++) {
		struct gather *to = &by_attribute[list[i].attribute == ATTRIBUTE_GROUP ? 0 : list[i].attribute];
		uint32_t part = (uint32_t)n->parts.count;

		*(struct part *)arena_push(w->mem, &n->parts) = (struct part){ clause, none };
		if (list[i].attribute == ATTRIBUTE_GROUP) {
			for (int k = 0; k < list[i].count; k++)
				name_group(w, number, list[i].globs[k], part, n->role_of[clause]);
			continue;
		}
		*arena_push(w->mem, &to->parts) = part;
		for (int k = 0; k < list[i].count; k++) {
			struct glob one = { as_compared(w, list[i].attribute, list[i].globs[k], none), part };

			if (strpbrk(one.text, "*?"))
				*(struct glob *)arena_push(w->mem, &to->of[none].wild) = one;
			else
				*(struct glob *)arena_push(w->mem, &to->of[none].literal) = one;
		}
	}
}

static bool
is_absent(const struct work *w, int attribute)
{
	for (uint32_t a = 0; a < w->s->account_count; a++)
		if (is_person(w, a) && w->s->accounts[a].values && w->s->accounts[a].values[attribute])
			return false;
	return true;
}

static void
find_clauses(struct work *w)
{
	struct needs *n = w->needs;
	size_t count = 0;

	for (uint32_t r = 0; r < w->role_count; r++)
		count += (size_t)w->roles[r]->need_count;
	n->clauses = arena_array(w->mem, const struct clause *, count + 1);
	n->role_of = arena_array(w->mem, uint32_t, count + 1);
	n->used = arena_array(w->mem, bool, count + 1);
	for (uint32_t r = 0; r < w->role_count; r++)
		for (int i = 0; i < w->roles[r]->need_count; i++)
			if (is_in_force(w, &w->roles[r]->needs[i])) {
				n->role_of[n->clause_count] = r;
				n->clauses[n->clause_count++] = &w->roles[r]->needs[i];
			}
}

static void
find_others(struct work *w, uint32_t *number)
{
	for (uint32_t r = 0; r < w->role_count; r++)
		for (int i = 0; i < w->roles[r]->need_count; i++) {
			const struct clause *c = &w->roles[r]->needs[i];
			bool later = c->from != DAY_NONE && clock_day(w->in->now) < c->from;

			if (is_in_force(w, c))
				continue;
			name_others(w, number, c->all, c->alls, later);
			name_others(w, number, c->none, c->nones, later);
		}
}

void
needs_open(struct work *w)
{
	struct needs *n = w->needs = arena_new(w->mem, struct needs);
	size_t attributes = (size_t)w->in->rules->attribute_count;
	struct gather *by_attribute = arena_array(w->mem, struct gather, attributes + 1);
	uint32_t *number = arena_array(w->mem, uint32_t, (size_t)w->s->group_count + 1);

	n->absent = arena_array(w->mem, bool, attributes + 1);
	n->asking = arena_array(w->mem, struct set, attributes + 1);
	n->globs[0] = arena_array(w->mem, struct globs, attributes + 1);
	n->globs[1] = arena_array(w->mem, struct globs, attributes + 1);
	for (size_t i = 0; i < attributes; i++)
		n->absent[i] = is_absent(w, (int)i);
	find_clauses(w);
	for (uint32_t c = 0; c < n->clause_count; c++) {
		add_conditions(w, by_attribute, number, n->clauses[c]->all, n->clauses[c]->alls, c, false);
		add_conditions(w, by_attribute, number, n->clauses[c]->none, n->clauses[c]->nones, c, true);
	}
	for (size_t i = 0; i < attributes; i++) {
		struct gather *from = &by_attribute[i];

		n->asking[i] = (struct set){ from->parts.items, (uint32_t)from->parts.count };
		for (int none = 0; none < 2; none++) {
			struct globs *g = &n->globs[none][i];

			*g = (struct globs){ from->of[none].literal.items, from->of[none].wild.items,
					     (uint32_t)from->of[none].literal.count, (uint32_t)from->of[none].wild.count };
			sort_globs(g->literal, g->literals);
			sort_globs(g->wild, g->wilds);
		}
	}
	find_others(w, number);
	find_named(w);
	n->tally = arena_array(w->mem, struct tally, (size_t)n->clause_count + 1);
	n->parts_here = bits_open(w->mem, (uint32_t)n->parts.count);
	n->parts_more = bits_open(w->mem, (uint32_t)n->parts.count);
	n->yes = bits_open(w->mem, w->role_count);
	n->maybe = bits_open(w->mem, w->role_count);
	n->first = arena_array(w->mem, uint32_t, (size_t)w->role_count + 1);
	n->fulfilled_room = n->known_room = 1024;
	n->fulfilled = arena_array(w->mem, struct fulfilled, n->fulfilled_room);
	n->known = arena_array(w->mem, struct known *, n->known_room);
	w->profile = arena_array(w->mem, const struct profile *, (size_t)w->s->account_count + 1);
}

/* ------------------------------------------------------------------ what a value fulfils */

static void
add_literals(struct needs *n, const struct globs *globs, const char *text)
{
	const struct glob *list = globs->literal;
	uint32_t low = 0, high = globs->literals;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (strcmp(list[middle].text, text) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < globs->literals && strcmp(list[low].text, text) == 0; low++)
		bits_put(&n->parts_here, list[low].part);
}

static void
add_wild(struct needs *n, const struct globs *globs, const char *text)
{
	const struct glob *list = globs->wild;
	bool same = false;

	for (uint32_t i = 0; i < globs->wilds; i++) {
		if (i == 0 || strcmp(list[i].text, list[i - 1].text) != 0)
			same = text_glob(list[i].text, text);
		if (same)
			bits_put(&n->parts_here, list[i].part);
	}
}

static uint64_t
mix(uint64_t h)
{
	h ^= h >> 32;
	h *= UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 29;
}

static struct fulfilled *
find_fulfilled(const struct needs *n, int attribute, const struct value *v)
{
	size_t i = mix((uint64_t)(uintptr_t)v + (uint64_t)attribute) & (n->fulfilled_room - 1);

	while (n->fulfilled[i].value && (n->fulfilled[i].value != v || n->fulfilled[i].attribute != attribute))
		i = (i + 1) & (n->fulfilled_room - 1);
	return &n->fulfilled[i];
}

static void
grow_fulfilled(struct work *w)
{
	struct needs *n = w->needs;
	struct fulfilled *old = n->fulfilled;
	size_t room = n->fulfilled_room;

	n->fulfilled_room *= 2;
	n->fulfilled = arena_array(w->mem, struct fulfilled, n->fulfilled_room);
	for (size_t i = 0; i < room; i++)
		if (old[i].value)
			*find_fulfilled(n, old[i].attribute, old[i].value) = old[i];
}

/* `v` with all that follow it: they are shared by all who have them. */
static struct set
fulfilled_by(struct work *w, int attribute, const struct value *v)
{
	struct needs *n = w->needs;
	struct fulfilled *f = find_fulfilled(n, attribute, v);

	if (f->value)
		return f->parts;
	if (2 * ++n->fulfilled_count > n->fulfilled_room) {
		grow_fulfilled(w);
		f = find_fulfilled(n, attribute, v);
	}
	for (const struct value *one = v; one; one = one->more)
		for (int none = 0; none < 2; none++) {
			const char *text = as_compared(w, attribute, one->folded, none);

			add_literals(n, &n->globs[none][attribute], text);
			add_wild(n, &n->globs[none][attribute], text);
		}
	*f = (struct fulfilled){ v, attribute, bits_take(w->mem, &n->parts_here) };
	return f->parts;
}

/* ------------------------------------------------------------------ all clauses, for people who are alike */

/* What is not wanted in one employment may be no part of another: of who has both it is not known. */
static void
count_parts(struct work *w, struct set parts, bool known, bool mixed)
{
	struct needs *n = w->needs;

	for (uint32_t i = 0; i < parts.count; i++) {
		struct part p = n->parts.items[parts.items[i]];
		struct tally *t = &n->tally[p.clause];

		if (!t->yes && !t->maybe && !t->none_yes && !t->none_maybe)
			*arena_push(w->mem, &n->touched) = p.clause;
		if (known && !(mixed && p.none))
			++*(p.none ? &t->none_yes : &t->yes);
		else
			++*(p.none ? &t->none_maybe : &t->maybe);
	}
}

static enum truth
judge_tally(const struct clause *c, const struct tally *t)
{
	if (t->yes + t->maybe < c->alls || (c->nones && t->none_yes == c->nones))
		return NO;
	return t->maybe || (t->none_maybe && t->none_yes + t->none_maybe == c->nones) ? UNKNOWN : YES;
}

static void
put_all(struct bits *b, const uint32_t *parts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		bits_put(b, parts[i]);
}

/* A condition that names several groups counts once. */
static void
count_groups(struct work *w, struct set in)
{
	struct needs *n = w->needs;
	struct set sure;

	for (uint32_t i = 0; i < in.count; i++)
		put_all(&n->parts_here, n->named.items[in.items[i]].parts.items, n->named.items[in.items[i]].parts.count);
	sure = bits_take(w->mem, &n->parts_here);
	put_all(&n->parts_more, n->maybe_named.items, n->maybe_named.count);
	count_parts(w, sure, true, false);
	count_parts(w, set_minus(w->mem, bits_take(w->mem, &n->parts_more), sure), false, false);
}

/* Of each of those roles, the first clause that asks. */
static const uint32_t *
take_first(struct work *w, struct set need)
{
	uint32_t *by = arena_array(w->mem, uint32_t, (size_t)need.count + 1);

	for (uint32_t i = 0; i < need.count; i++) {
		by[i] = w->needs->first[need.items[i]] - 1;
		w->needs->first[need.items[i]] = 0;
	}
	return by;
}

static void
judge_all(struct work *w, uint32_t account, struct profile *out)
{
	const struct account *a = &w->s->accounts[account];
	struct needs *n = w->needs;

	if (n->in)
		count_groups(w, n->in[account]);
	for (int i = 0; i < w->in->rules->attribute_count; i++) {
		if (n->absent[i] || a->unknown >> i & 1)
			count_parts(w, n->asking[i], false, false);
		else if (a->values && a->values[i])
			count_parts(w, fulfilled_by(w, i, a->values[i]), true, a->mixed >> i & 1);
	}
	for (size_t i = 0; i < n->touched.count; i++) {
		uint32_t c = n->touched.items[i];
		enum truth t = judge_tally(n->clauses[c], &n->tally[c]);

		n->used[c] |= t != NO;
		if (t != NO)
			bits_put(t == YES ? &n->yes : &n->maybe, n->role_of[c]);
		if (t == YES && (!n->first[n->role_of[c]] || n->first[n->role_of[c]] > c + 1))
			n->first[n->role_of[c]] = c + 1;
		n->tally[c] = (struct tally){ 0 };
	}
	n->touched.count = 0;
	out->need = bits_take(w->mem, &n->yes);
	out->by = take_first(w, out->need);
	out->unsure = set_minus(w->mem, bits_take(w->mem, &n->maybe), out->need);
}

static const struct value *const nothing[ATTRIBUTE_MOST];

static const struct value *const *
values_of(const struct account *a)
{
	return a->values ? a->values : (const struct value *const *)nothing;
}

static uint64_t
hash_of(const struct work *w, const struct account *a, struct set in)
{
	uint64_t h = mix(mix(a->unknown + 1) ^ a->mixed);

	for (uint32_t i = 0; i < in.count; i++)
		h = mix(h ^ in.items[i]);
	for (int i = 0; i < w->in->rules->attribute_count; i++)
		h = mix(h ^ (uint64_t)(uintptr_t)values_of(a)[i]);
	return h;
}

static void
grow_known(struct work *w)
{
	struct needs *n = w->needs;
	struct known **old = n->known;
	size_t room = n->known_room;

	n->known_room *= 2;
	n->known = arena_array(w->mem, struct known *, n->known_room);
	for (size_t i = 0; i < room; i++)
		for (struct known *k = old[i], *next; k; k = next) {
			next = k->next;
			k->next = n->known[k->hash & (n->known_room - 1)];
			n->known[k->hash & (n->known_room - 1)] = k;
		}
}

const struct profile *
needs_of(struct work *w, uint32_t a)
{
	static const struct profile has_left;
	struct needs *n = w->needs;
	const struct account *who = &w->s->accounts[a];
	struct set in = n->in ? n->in[a] : (struct set){ NULL, 0 };
	size_t size = (size_t)w->in->rules->attribute_count * sizeof(struct value *);
	uint64_t hash;
	struct known *k;

	if (w->profile[a])
		return w->profile[a];
	if (who->left)
		return w->profile[a] = &has_left;
	hash = hash_of(w, who, in);
	for (k = n->known[hash & (n->known_room - 1)]; k; k = k->next)
		if (k->hash == hash && k->unknown == who->unknown && k->mixed == who->mixed && set_same(k->in, in) && memcmp(k->values, values_of(who), size) == 0) {
			k->people++;
			return w->profile[a] = &k->profile;
		}
	if (++n->known_count > n->known_room)
		grow_known(w);
	k = arena_new(w->mem, struct known);
	*k = (struct known){ .hash = hash, .unknown = who->unknown, .mixed = who->mixed, .in = in, .people = 1, .values = (const struct value **)values_of(who),
			     .next = n->known[hash & (n->known_room - 1)] };
	n->known[hash & (n->known_room - 1)] = k;
	judge_all(w, a, &k->profile);
	return w->profile[a] = &k->profile;
}

uint32_t
needs_clauses(const struct work *w, const struct clause *const **out)
{
	*out = w->needs->clauses;
	return w->needs->clause_count;
}

/* ------------------------------------------------------------------ what is odd about them */

void
needs_count(struct work *w, long long *need)
{
	const struct needs *n = w->needs;

	for (size_t i = 0; i < n->known_room; i++)
		for (const struct known *k = n->known[i]; k; k = k->next)
			for (uint32_t m = 0; m < k->profile.need.count; m++)
				need[k->profile.need.items[m]] += k->people;
}

void
needs_tell_unused(struct work *w)
{
	const struct needs *n = w->needs;

	for (uint32_t c = 0; c < n->clause_count; c++) {
		const struct role *role = w->roles[n->role_of[c]];

		if (!n->used[c])
			tell_trouble(w, "need-matches-nobody", role->system, role, NULL, arena_print(w->mem,
				     "%s: behovet av %s stämmer inte på någon (%s): %s", role->system->name ? role->system->name : role->system->id,
				     role->name ? role->name : role->id, place_text(w->mem, n->clauses[c]->at), n->clauses[c]->text));
	}
}
