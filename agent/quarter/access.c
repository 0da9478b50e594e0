/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * access.c - who has which role, and what of it is new: intervals of the store, one person in one role at a time.
 *
 * What is compared are two pictures: that of the last night before the quarter, and that of the last night in it.  Who has several
 * ways to a role has it once, as long as one of them is there.
 */
#include "quarter_p.h"

#define SAME_MOST 3000                  /* of all that is in scope; more: the page tells how many, and the list who */

/* ------------------------------------------------------------------ intervals into people */

struct joining {
	struct quarter *q;
	struct text role, who;          /* "system\nrole", "account\nkey\nvia\nby": of the one who is being joined, each with its NUL */
	bool open, then, now;           /* then, now: in the two pictures */
	int64_t since, covered;         /* without a night between that did not see them: from, to; INT64_MAX = they are there still */
	int64_t added, need_since;
	long long need;
	size_t key, via, by, system;    /* where they begin in `who`, and the role in `role` */
	bool has_via, has_by;
	int (*each)(void *self, const struct person *p, struct error *err);
	void *self;
};

static bool
stood(const struct access_span *s, int64_t night)
{
	return night != INT64_MIN && s->first_seen <= night && (s->last_seen == INT64_MIN || s->last_seen >= night);
}

static void
copy_text(struct text *t, const char *text, size_t *at)
{
	*at = t->len;
	text_bytes(t, text ? text : "", text ? strlen(text) + 1 : 1);
}

static bool
is_other(const struct joining *j, const struct access_span *s)
{
	return strcmp(j->role.data, s->system) != 0 || strcmp(j->role.data + j->system, s->role) != 0 ||
	       strcmp(j->who.data + j->key, s->key) != 0 || strcmp(j->who.data, s->account ? s->account : s->key) != 0;
}

static void
begin(struct joining *j, const struct access_span *s)
{
	size_t at;

	if (!j->role.len || strcmp(j->role.data, s->system) != 0 || strcmp(j->role.data + j->system, s->role) != 0) {
		j->role.len = 0;
		copy_text(&j->role, s->system, &at);
		copy_text(&j->role, s->role, &j->system);
	}
	j->who.len = 0;
	copy_text(&j->who, s->account ? s->account : s->key, &at);
	copy_text(&j->who, s->key, &j->key);
	j->open = true;
	j->then = j->now = j->has_via = j->has_by = false;
	j->since = j->covered = j->added = j->need_since = INT64_MIN;
	j->need = 0;
}

static void
take_way(struct joining *j, const struct access_span *s)
{
	j->has_via = s->via != NULL;
	j->has_by = s->added_by != NULL;
	copy_text(&j->who, s->via, &j->via);
	copy_text(&j->who, s->added_by, &j->by);
	j->added = s->added;
	j->need = s->need;
	j->need_since = s->need_since;
}

/* Did a night look between the two, and not see them? */
static bool
missed_between(const struct quarter *q, int64_t after, int64_t until)
{
	for (size_t i = 0; i < q->facts.count; i++)
		if (q->facts.items[i].night->started > after && q->facts.items[i].night->started < until)
			return true;
	return false;
}

/* They come by first_seen: one way may take over from another without a night between. */
static void
join(struct joining *j, const struct access_span *s)
{
	bool now = stood(s, j->q->span.last);
	int64_t end = s->last_seen == INT64_MIN ? INT64_MAX : s->last_seen;

	if (j->covered == INT64_MIN || (j->covered < s->first_seen && missed_between(j->q, j->covered, s->first_seen)))
		j->since = s->first_seen;
	if ((now && !j->now) || (!j->now && end > j->covered))
		take_way(j, s);
	j->covered = end > j->covered ? end : j->covered;
	j->then |= stood(s, j->q->span.before);
	j->now |= now;
}

static enum change
change_of(const struct joining *j)
{
	if (j->now)
		return !j->then ? CHANGE_NEW : j->since > j->q->span.before ? CHANGE_BACK : CHANGE_NONE;
	return j->then ? CHANGE_GONE : CHANGE_PASSED;
}

/* The need that stood there at the end; one that was written since is not what they had it by. */
static long long
need_then(const struct joining *j)
{
	return j->need_since != INT64_MIN && j->need_since >= j->q->span.end ? 0 : j->need;
}

static int
finish(struct joining *j, struct error *err)
{
	struct person p;

	if (!j->open)
		return 0;
	j->open = false;
	p = (struct person){ .system = j->role.data, .role = j->role.data + j->system, .account = j->who.data, .key = j->who.data + j->key,
			     .via = j->has_via ? j->who.data + j->via : NULL, .added_by = j->has_by ? j->who.data + j->by : NULL,
			     .since = j->since, .added = j->added, .until = j->now ? INT64_MIN : j->covered, .need = need_then(j),
			     .change = change_of(j) };
	return j->each(j->self, &p, err);
}

static int
take_span(void *self, const struct access_span *s, struct error *err)
{
	struct joining *j = self;

	if (!is_mine(j->q, s->system, NULL, NULL))
		return 0;
	if (!j->open || is_other(j, s)) {
		if (finish(j, err) < 0)
			return -1;
		begin(j, s);
	}
	join(j, s);
	return 0;
}

/* One system is asked for by its name; of an owner's, each. */
static int
each_system(struct joining *j, const struct access_filter *all, struct error *err)
{
	const struct rules *r = j->q->in->rules;

	if (is_whole(j->q))
		return store_access_each(j->q->in->store, all, take_span, j, err) < 0 ? -1 : finish(j, err);
	for (size_t i = 0; i < r->system_count; i++) {
		struct access_filter one = *all;

		one.system = r->systems[i].id;
		if (j->q->system_mine[i] && (store_access_each(j->q->in->store, &one, take_span, j, err) < 0 || finish(j, err) < 0))
			return -1;
	}
	return 0;
}

int
access_people(struct quarter *q, bool brief, int (*each)(void *self, const struct person *p, struct error *err), void *self, struct error *err)
{
	struct joining j = { .q = q, .each = each, .self = self };
	struct access_filter filter = { .from = q->span.before, .to = q->span.end, .then = q->span.last, .brief = brief };
	int rc;

	if (q->span.last == INT64_MIN)
		return 0;
	text_open(&j.role, 1 << 20);
	text_open(&j.who, 1 << 20);
	rc = each_system(&j, &filter, err);
	text_close(&j.role);
	text_close(&j.who);
	return rc;
}

/* ------------------------------------------------------------------ how many */

/* Keys that were met, by two halves of a hash: for counting different people.  A power of two, at most half full. */
struct met { uint64_t *slots; size_t room, count; };

static uint64_t
hash_key(const char *key)
{
	uint64_t h = UINT64_C(1469598103934665603);

	for (; *key; key++)
		h = (h ^ (unsigned char)*key) * UINT64_C(1099511628211);
	return (h ^ h >> 31) | 1;
}

static void
met_grow(struct met *m)
{
	struct met old = *m;

	m->room = old.room ? 2 * old.room : 1024;
	m->slots = calloc(m->room, sizeof(*m->slots));
	if (!m->slots)
		abort();
	for (size_t i = 0; i < old.room; i++)
		if (old.slots[i]) {
			size_t at = old.slots[i] & (m->room - 1);

			while (m->slots[at])
				at = (at + 1) & (m->room - 1);
			m->slots[at] = old.slots[i];
		}
	free(old.slots);
}

static bool
met_new(struct met *m, uint64_t hash)
{
	size_t at;

	if (2 * (m->count + 1) > m->room)
		met_grow(m);
	for (at = hash & (m->room - 1); m->slots[at]; at = (at + 1) & (m->room - 1))
		if (m->slots[at] == hash)
			return false;
	m->slots[at] = hash;
	m->count++;
	return true;
}

static void
met_forget(struct met *m)
{
	if (m->count)
		memset(m->slots, 0, m->room * sizeof(*m->slots));
	m->count = 0;
}

struct measuring {
	struct quarter *q;
	struct system_sum *system;
	struct role_sum *role;
	struct met now, then, all_now, all_then;
	size_t same;                    /* how many are told by name */
};

static void
find_place(struct measuring *m, const struct person *p)
{
	struct quarter *q = m->q;

	if (!m->system || strcmp(m->system->id, p->system) != 0) {
		m->system = arena_push(q->mem, &q->systems);
		m->system->id = arena_text(q->mem, p->system);
		m->system->rules = rules_system(q->in->rules, m->system->id);
		m->role = NULL;
		met_forget(&m->now);
		met_forget(&m->then);
	}
	if (!m->role || strcmp(m->role->id, p->role) != 0) {
		m->role = arena_push(q->mem, &m->system->roles);
		m->role->id = arena_text(q->mem, p->role);
	}
}

static struct named
named_of(struct quarter *q, const struct person *p)
{
	return (struct named){ arena_text(q->mem, p->account), arena_text(q->mem, p->via), p->since, p->until, p->need, p->change };
}

static void
keep_name(struct measuring *m, const struct person *p)
{
	struct quarter *q = m->q;

	if (p->change != CHANGE_NONE) {
		if (m->system->named++ < q->lines)
			*arena_push(q->mem, &m->role->changed) = named_of(q, p);
	} else if (m->same++ < SAME_MOST) {
		*arena_push(q->mem, &m->role->same) = named_of(q, p);
	}
}

static int
week_of(const struct quarter *q, int64_t moment)
{
	int64_t week = (moment - q->span.from) / (7 * DAY);

	return week < 0 ? 0 : week >= WEEKS ? WEEKS - 1 : (int)week;
}

static void
count_change(struct measuring *m, const struct person *p)
{
	struct quarter *q = m->q;

	m->role->change[p->change]++;
	m->system->change[p->change]++;
	q->change[p->change]++;
	if (p->change == CHANGE_NEW)
		q->weeks[week_of(q, p->since)].came++;
	if (p->change == CHANGE_GONE)
		q->weeks[week_of(q, p->until)].went++;
}

static int
measure_one(void *self, const struct person *p, struct error *err)
{
	struct measuring *m = self;
	bool now = p->until == INT64_MIN, then = p->change == CHANGE_NONE || p->change == CHANGE_GONE || p->change == CHANGE_BACK;
	const struct stored_need *need = need_of(m->q, p->need);
	uint64_t hash = hash_key(p->key);

	(void)err;
	find_place(m, p);
	count_change(m, p);
	if (now) {
		m->role->people++;
		m->role->grounds[need ? (int)need->kind : GROUNDS]++;
		m->system->access++;
		m->system->people += met_new(&m->now, hash);
		m->q->access++;
		m->q->people += met_new(&m->all_now, hash);
	}
	if (then) {
		m->role->before++;
		m->system->before += met_new(&m->then, hash);
		m->q->access_before++;
		m->q->people_before += met_new(&m->all_then, hash);
	}
	keep_name(m, p);
	return 0;
}

int
access_measure(struct quarter *q, struct error *err)
{
	struct measuring m = { .q = q };
	int rc = access_people(q, true, measure_one, &m, err);

	q->same_named = m.same <= SAME_MOST;
	free(m.now.slots);
	free(m.then.slots);
	free(m.all_now.slots);
	free(m.all_then.slots);
	return rc;
}

/* ------------------------------------------------------------------ the list */

static const struct document_column access_columns[] = {
	{ "system", "System", CELL_TEXT }, { "role", "Roll", CELL_TEXT }, { "account", "Konto", CELL_TEXT }, { "change", "Förändring", CELL_TEXT },
	{ "since", "Sedd sedan", CELL_DAY }, { "until", "Sedd till", CELL_DAY }, { "need", "Behov", CELL_TEXT }, { "rule", "Regel", CELL_TEXT },
	{ "via", "Via grupp", CELL_TEXT }, { "added", "Tillagd i gruppen", CELL_MOMENT }, { "server", "Tillagd på server", CELL_TEXT },
	{ "decision", "Beslut i kvartalet", CELL_TEXT },
};

/* Those about one person in one role, sorted: the last that was said counts. */
struct about { const char *system, *role, *key, *said; long long order; };

#define BRIEF_ROWS 256                  /* so many share an arena */

/* What was said last: those of one role have it by few needs, and came on few nights. */
struct said_day { int64_t moment; const char *text; };
struct said_need { long long id; bool known; const char *said, *place; };

struct listing {
	struct quarter *q;
	struct arena *mem;              /* for what is said of a row, and of those soon after it */
	int rows;
	struct said_day since, until;
	struct said_need need;
	LIST(struct about) about;
	int (*row)(void *to, const char *const *cells, struct error *err);
	void *to;
};

static int
by_person(const void *a, const void *b)
{
	const struct about *x = a, *y = b;
	int c = strcmp(x->system, y->system);

	c = c ? c : strcmp(x->role, y->role);
	return c ? c : strcmp(x->key, y->key);
}

static int
by_person_and_order(const void *a, const void *b)
{
	const struct about *x = a, *y = b;
	int c = by_person(a, b);

	return c ? c : (x->order > y->order) - (x->order < y->order);
}

static void
gather_about(struct listing *l)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->q->answers.count; i++) {
		const struct decision *d = l->q->answers.items[i].d;
		const struct proposal *p = &l->q->answers.items[i].on->p;
		bool counts = d->verdict != VERDICT_ASK && d->verdict != VERDICT_RULE && d->verdict != VERDICT_LATER && d->verdict != VERDICT_ADVISE &&
			      d->verdict != VERDICT_DONE;

		if (counts && p->kind == KIND_REMOVE_MEMBER && p->system && p->role && p->guid)
			*arena_push(l->q->mem, &l->about) = (struct about){ p->system, p->role, p->guid,
				arena_print(l->q->mem, "%s av %s %s", verdict_text[d->verdict], straight(l->q->mem, d->name ? d->name : "-"),
					    day_of(l->q->mem, d->at)), d->id };
	}
	if (l->about.count)
		qsort(l->about.items, l->about.count, sizeof(*l->about.items), by_person_and_order);
	for (size_t i = 0; i < l->about.count; i++)
		if (i + 1 == l->about.count || by_person(&l->about.items[i], &l->about.items[i + 1]) != 0)
			l->about.items[kept++] = l->about.items[i];
	l->about.count = kept;
}

static const char *
said_about(const struct listing *l, const struct person *p)
{
	const struct about one = { .system = p->system, .role = p->role, .key = p->key }, *found;

	found = l->about.count ? bsearch(&one, l->about.items, l->about.count, sizeof(one), by_person) : NULL;
	return found ? found->said : NULL;
}

static void
renew(struct listing *l)
{
	arena_close(l->mem);
	l->mem = arena_open();
	l->rows = 0;
	l->since = l->until = (struct said_day){ INT64_MIN, NULL };
	l->need.known = false;
}

static const char *
day_again(struct listing *l, struct said_day *last, int64_t moment)
{
	if (last->moment != moment)
		*last = (struct said_day){ moment, day_of(l->mem, moment) };
	return last->text;
}

static const struct said_need *
need_again(struct listing *l, long long id)
{
	const struct stored_need *need;

	if (l->need.known && l->need.id == id)
		return &l->need;
	need = need_of(l->q, id);
	l->need = (struct said_need){ id, true, need_said(l->mem, l->q, id), need && need->place ? straight(l->mem, need->place) : NULL };
	return &l->need;
}

static int
list_one(void *self, const struct person *p, struct error *err)
{
	struct listing *l = self;
	const struct said_need *need;

	if (!l->mem || l->rows++ >= BRIEF_ROWS)
		renew(l);
	need = need_again(l, p->need);
	return l->row(l->to, (const char *[]){
		straight(l->mem, p->system), straight(l->mem, p->role), straight(l->mem, p->account), change_word[p->change],
		day_again(l, &l->since, p->since), day_again(l, &l->until, p->until), need->said, need->place, straight(l->mem, p->via),
		p->added == INT64_MIN ? NULL : clock_text(l->mem, p->added), straight(l->mem, p->added_by), said_about(l, p) }, err);
}

static int
list_access(void *self, int (*row)(void *to, const char *const *cells, struct error *err), void *to, struct error *err)
{
	struct listing *l = self;
	int rc;

	l->row = row;
	l->to = to;
	rc = access_people(l->q, false, list_one, l, err);
	arena_close(l->mem);
	l->mem = NULL;
	return rc;
}

void
access_list(struct quarter *q)
{
	struct listing *l = arena_new(q->mem, struct listing);

	l->q = q;
	gather_about(l);
	*arena_push(q->mem, &q->lists) = (struct document_list){ "access", "Behörigheter", COLUMNS(access_columns), l, list_access };
}
