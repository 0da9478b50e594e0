/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reconcile.c - access against need, and the edges that may go.
 *
 * Guaranteed: a nesting is cut only when everybody below it is certainly in excess in all that it leads to, so no
 * cut of a nesting takes access that is needed or unknown.  Edges of one person are then chosen jointly on what is
 * left: exactly (most excess, then fewest edges) up to SEARCH candidates, greedily above.
 * Not guaranteed: a nesting that could go because others keep their access by a second path is left, as structural.
 */
#include "reconcile_p.h"
#include "behov/digest.h"
#include "behov/json.h"
#include "behov/text.h"

#define SEARCH 12

const char *
work_label(const struct work *w, uint32_t r)
{
	return arena_print(w->mem, "%s/%s", w->roles[r]->system->id, w->roles[r]->id);
}

/* ------------------------------------------------------------------ the graph */

static void
link_edges(struct work *w)
{
	const struct snapshot *s = w->s;
	size_t nodes = (size_t)s->group_count + s->account_count;
	uint32_t *next = arena_array(w->mem, uint32_t, nodes + 1);

	w->from = arena_array(w->mem, uint32_t, (size_t)s->edge_count + 1);
	w->up = arena_array(w->mem, uint32_t, (size_t)s->edge_count + 1);
	w->up_first = arena_array(w->mem, uint32_t, nodes + 1);
	w->cut = arena_array(w->mem, bool, (size_t)s->edge_count + 1);
	w->queue = arena_array(w->mem, uint32_t, nodes + 1);
	w->seen = arena_array(w->mem, uint32_t, nodes + 1);
	for (uint32_t g = 0; g < s->group_count; g++)
		for (uint32_t e = s->groups[g].first; e < s->groups[g].first + s->groups[g].count; e++) {
			w->from[e] = g;
			w->up_first[(s->edges[e].is_group ? s->edges[e].member : node(w, s->edges[e].member)) + 1]++;
		}
	for (size_t i = 0; i < nodes; i++)
		w->up_first[i + 1] += w->up_first[i];
	memcpy(next, w->up_first, (nodes + 1) * sizeof(*next));
	for (uint32_t e = 0; e < s->edge_count; e++)
		w->up[next[s->edges[e].is_group ? s->edges[e].member : node(w, s->edges[e].member)]++] = e;
}

const char *
work_member(const struct work *w, uint32_t e)
{
	const struct edge *edge = &w->s->edges[e];

	return edge->is_group ? w->s->groups[edge->member].key : w->s->accounts[edge->member].key;
}

static int
by_cut(const void *a, const void *b)
{
	const struct cut *x = a, *y = b;
	int c = strcmp(x->member, y->member);

	return c ? c : strcmp(x->group, y->group);
}

static void
mark_cuts(struct work *w)
{
	size_t n = w->in->cut_count;
	struct cut *cuts = n ? arena_copy(w->mem, w->in->cuts, n * sizeof(*cuts)) : NULL;

	if (!n)
		return;
	qsort(cuts, n, sizeof(*cuts), by_cut);
	for (uint32_t e = 0; e < w->s->edge_count; e++) {
		struct cut one = { work_member(w, e), w->s->groups[w->from[e]].key };
		w->cut[e] = bsearch(&one, cuts, n, sizeof(*cuts), by_cut) != NULL;
	}
}

/* Everything a group leads up to, itself first, into w->queue.  `only` leaves out what gives no access or is unsure. */
enum only { ALL, ACCESS, CERTAIN };
static uint32_t
climb(struct work *w, uint32_t g, enum only only)
{
	uint32_t count = 0;

	w->stamp++;
	w->queue[count++] = g;
	w->seen[g] = w->stamp;
	for (uint32_t i = 0; i < count; i++)
		for (uint32_t u = w->up_first[w->queue[i]]; u < w->up_first[w->queue[i] + 1]; u++) {
			uint32_t to = w->from[w->up[u]];
			const struct group *group = &w->s->groups[to];
			if (w->seen[to] == w->stamp || (only != ALL && (w->cut[w->up[u]] || !group->security)) ||
			    (only == CERTAIN && group->unknown))
				continue;
			w->seen[to] = w->stamp;
			w->queue[count++] = to;
		}
	return count;
}

static void
climb_roles(struct work *w, uint32_t g, uint64_t *set, enum only only)
{
	const struct group *group = &w->s->groups[g];
	uint32_t count;

	memset(set, 0, w->words * sizeof(*set));
	if (!group->security || (only == CERTAIN && group->unknown))
		return;
	count = climb(w, g, only);
	for (uint32_t i = 0; i < count; i++)
		for (uint32_t k = 0; k < w->words; k++)
			set[k] |= at(w, w->own, w->queue[i])[k];
}

void
work_reach(struct work *w)
{
	for (uint32_t g = 0; g < w->s->group_count; g++) {
		climb_roles(w, g, at(w, w->reach, g), ACCESS);
		climb_roles(w, g, at(w, w->certain, g), CERTAIN);
	}
}

static bool
below(const char *dn, const char *base)
{
	size_t n = dn ? strlen(dn) : 0, m = base ? strlen(base) : 0;

	return n > m && m && strcmp(dn + n - m, base) == 0 && dn[n - m - 1] == ',' &&
	       (n - m < 2 || dn[n - m - 2] != '\\');
}

static bool
is_role_group(struct work *w, uint32_t g)
{
	for (uint32_t k = 0; k < w->words; k++)
		if (at(w, w->own, g)[k])
			return true;
	return false;
}

/* Where edges may be cut: access groups that lead only to what is registered, and whose members we know. */
static void
find_cuttable(struct work *w)
{
	const struct conf *conf = &w->in->rules->conf;
	bool *good = arena_array(w->mem, bool, (size_t)w->s->group_count + 1);

	for (uint32_t g = 0; g < w->s->group_count; g++) {
		const char *dn = dn_key(w->mem, w->s->groups[g].dn);
		good[g] = is_role_group(w, g);
		for (int b = 0; b < conf->directory.access_group_count && !good[g]; b++)
			good[g] = below(dn, dn_key(w->mem, conf->directory.access_groups[b]));
	}
	for (uint32_t g = 0; g < w->s->group_count; g++) {
		uint32_t count = climb(w, g, ALL);
		bool ok = !w->s->groups[g].unknown;
		for (uint32_t i = 0; i < count && ok; i++) {
			bool role = false;
			for (uint32_t k = 0; k < w->words; k++)
				role = role || at(w, w->reach, w->queue[i])[k];
			ok = good[w->queue[i]] && role;
		}
		w->cuttable[g] = ok;
	}
}

static void
spread_unknown(struct work *w)
{
	for (uint32_t g = 0; g < w->s->group_count; g++) {
		uint32_t count = w->s->groups[g].unknown ? climb(w, g, ALL) : 0;
		for (uint32_t i = 0; i < count; i++)
			w->maybe[w->queue[i]] = true;
	}
}

/* ------------------------------------------------------------------ need */

static enum truth
holds(const struct work *w, const struct account *a, const struct condition *c)
{
	if (w->absent[c->attribute] || a->unknown >> c->attribute & 1)
		return UNKNOWN;
	for (const struct value *v = a->values[c->attribute]; v; v = v->more)
		for (int i = 0; i < c->count; i++)
			if (text_glob(c->globs[i], v->folded))
				return YES;
	return NO;
}

static enum truth
all_of(const struct work *w, const struct account *a, const struct condition *c, int count)
{
	enum truth all = YES;

	for (int i = 0; i < count; i++) {
		enum truth one = holds(w, a, &c[i]);
		if (one == NO)
			return NO;
		if (one == UNKNOWN)
			all = UNKNOWN;
	}
	return all;
}

static enum truth
clause_holds(const struct work *w, const struct account *a, const struct clause *c)
{
	day_t today = clock_day(w->in->now);
	enum truth all, none = NO;

	if ((c->from != DAY_NONE && today < c->from) || (c->to != DAY_NONE && today > c->to))
		return NO;
	all = all_of(w, a, c->all, c->alls);
	if (c->nones)
		none = all_of(w, a, c->none, c->nones);
	if (all == NO || none == YES)
		return NO;
	return all == UNKNOWN || none == UNKNOWN ? UNKNOWN : YES;
}

static enum truth
needs(const struct work *w, const struct account *a, const struct role *role)
{
	enum truth any = role->need_count ? NO : UNKNOWN;

	for (int i = 0; i < role->need_count; i++) {
		enum truth one = clause_holds(w, a, &role->needs[i]);
		if (one == YES)
			return YES;
		if (one == UNKNOWN)
			any = UNKNOWN;
	}
	return any;
}

static void
find_absent(struct work *w)
{
	w->absent = arena_array(w->mem, bool, ATTRIBUTE_MOST + 1);
	for (int i = 0; i < w->in->rules->attribute_count; i++) {
		w->absent[i] = true;
		for (uint32_t a = 0; a < w->s->account_count && w->absent[i]; a++)
			w->absent[i] = !w->s->accounts[a].values || !w->s->accounts[a].values[i];
	}
}

static bool
excess(struct work *w, uint32_t a, uint32_t r)
{
	return get(at(w, w->access, a), r) && !get(at(w, w->need, a), r) && !get(at(w, w->unsure, a), r);
}

/* ------------------------------------------------------------------ what a person has */

void
work_have(struct work *w, uint32_t a, uint64_t *set)
{
	memset(set, 0, w->words * sizeof(*set));
	for (uint32_t u = w->up_first[node(w, a)]; u < w->up_first[node(w, a) + 1]; u++)
		for (uint32_t k = 0; !w->cut[w->up[u]] && k < w->words; k++)
			set[k] |= at(w, w->reach, w->from[w->up[u]])[k];
}

void
work_judge(struct work *w, uint32_t a)
{
	const struct account *who = &w->s->accounts[a];

	work_have(w, a, at(w, w->access, a));
	for (uint32_t r = 0; r < w->role_count; r++) {
		enum truth t = needs(w, who, w->roles[r]);
		if (t == YES)
			put(at(w, w->need, a), r);
		if (t == UNKNOWN)
			put(at(w, w->unsure, a), r);
	}
	for (size_t i = 0; i < w->in->exception_count; i++) {
		const struct exception *x = &w->in->exceptions[i];
		for (uint32_t r = 0; strcmp(x->key, who->key) == 0 && r < w->role_count; r++)
			if (strcmp(x->role, w->roles[r]->id) == 0 && strcmp(x->system, w->roles[r]->system->id) == 0)
				put(at(w, w->unsure, a), r);
	}
}

/* ------------------------------------------------------------------ proposals */

static const char *
hash(const struct work *w, const char *kind, const char *member, const char *group)
{
	unsigned char out[DIGEST_SIZE];
	struct digest *d = digest_open();

	digest_field(d, kind);
	digest_field(d, member);
	digest_field(d, group);
	digest_close(d, out);
	return digest_hex(w->mem, out, 8);
}

static const char *
version(const struct work *w, const struct proposal *p, const uint64_t *roles)
{
	unsigned char out[DIGEST_SIZE];
	struct digest *d = digest_open();

	digest_field(d, kind_word[p->kind]);
	digest_field(d, p->guid);
	digest_field(d, p->group_guid);
	for (uint32_t r = 0; r < w->role_count; r++)
		if (get(roles, r)) {
			digest_field(d, work_label(w, r));
			for (int i = 0; i < w->roles[r]->need_count; i++)
				digest_field(d, w->roles[r]->needs[i].text);
		}
	digest_close(d, out);
	return digest_hex(w->mem, out, DIGEST_SIZE);
}

static json_t *
evidence(const struct work *w, const struct proposal *p, const struct account *who, const struct role *role)
{
	json_t *o = json_object(), *clauses = json_array(), *person = json_object();

	for (int i = 0; i < role->need_count; i++) {
		const struct clause *c = &role->needs[i];
		json_t *one = json_object();
		json_put(one, "text", c->text);
		json_put(one, "why", c->why);
		json_put(one, "by", c->by);
		json_put(one, "since", c->since);
		json_put(one, "rule", place_text(w->mem, c->at));
		json_array_append_new(clauses, one);
	}
	json_object_set_new(o, "clauses", clauses);
	if (who) {
		json_put(person, "name", who->display ? who->display : who->name);
		json_put(person, "manager", who->manager);
		json_object_set_new(person, "disabled", json_boolean(who->disabled));
		json_object_set_new(person, "expired", json_boolean(who->expired));
		json_object_set_new(person, "locked", json_boolean(who->locked));
		json_object_set_new(person, "password_expired", json_boolean(who->password_expired));
		json_put(o, "last_logon", who->last_logon == INT64_MIN ? NULL : clock_text(w->mem, who->last_logon));
		json_object_set_new(o, "last_logon_days", json_integer(w->s->sync_days ? w->s->sync_days : 14));
	}
	json_object_set_new(o, "person", person);
	json_object_set_new(o, "paths", json_pack("[[s]]", p->group));
	return o;
}

/* The shortest way from the direct group to a group of the role. */
static void
find_path(struct work *w, struct proposal *p, uint32_t g, uint32_t r)
{
	uint32_t *before = arena_array(w->mem, uint32_t, (size_t)w->s->group_count + 1), count = 0, end = g, n = 0;

	w->stamp++;
	w->seen[g] = w->stamp;
	w->queue[count++] = g;
	for (uint32_t i = 0; i < count; i++) {
		end = w->queue[i];
		if (get(at(w, w->own, end), r))
			break;
		for (uint32_t u = w->up_first[end]; u < w->up_first[end + 1]; u++) {
			uint32_t to = w->from[w->up[u]];
			if (w->seen[to] == w->stamp || w->cut[w->up[u]] || !w->s->groups[to].security)
				continue;
			w->seen[to] = w->stamp;
			before[to] = end;
			w->queue[count++] = to;
		}
	}
	for (uint32_t i = end; i != g; i = before[i])
		n++;
	p->path_count = (int)n + 1;
	p->path = arena_array(w->mem, const char *, (size_t)n + 1);
	for (uint32_t i = end;; i = before[i]) {
		p->path[n] = w->s->groups[i].dn;
		if (i == g || n-- == 0)
			break;
	}
}

static void
propose(struct work *w, uint32_t e, const uint64_t *roles, long long people)
{
	const struct edge *edge = &w->s->edges[e];
	const struct group *g = &w->s->groups[w->from[e]];
	const struct account *who = edge->is_group ? NULL : &w->s->accounts[edge->member];
	struct proposal *p = arena_push(w->mem, &w->plan->proposals);
	const struct role *role = NULL;
	uint32_t first = 0;

	p->kind = who ? KIND_REMOVE_MEMBER : KIND_CUT_NESTING;
	p->guid = work_member(w, e);
	p->member = who ? who->dn : w->s->groups[edge->member].dn;
	p->group = g->dn;
	p->group_guid = g->key;
	p->key = hash(w, kind_word[p->kind], p->guid, g->key);
	p->version = version(w, p, roles);
	p->also = arena_array(w->mem, const char *, (size_t)w->role_count + 1);
	for (uint32_t r = 0; r < w->role_count; r++) {
		int k;
		if (!get(roles, r))
			continue;
		k = w->roles[r]->system->class.konfidentialitet;
		p->konfidentialitet = (k < 0 ? 3 : k) > p->konfidentialitet ? (k < 0 ? 3 : k) : p->konfidentialitet;
		if (role) {
			p->also[p->also_count++] = work_label(w, r);
			continue;
		}
		role = w->roles[r];
		first = r;
	}
	p->system = role->system->id;
	p->role = role->id;
	find_path(w, p, w->from[e], first);
	p->account = who ? who->name : NULL;
	p->display = who ? who->display : NULL;
	p->accounts = who ? 1 : people;
	p->by_hand = who && who->protected_admin;
	p->needs = p->konfidentialitet >= 3 || p->by_hand ? 2 : 1;
	p->scope = arena_print(w->mem, "system:%s", p->system);
	p->rule = role->need_count ? role->needs[0].at : role->at;
	p->why = who ? arena_print(w->mem, "%s har %s i %s men uppfyller inget skrivet behov.",
				   who->display ? who->display : who->name, role->name ? role->name : role->id,
				   role->system->name ? role->system->name : role->system->id)
		     : arena_print(w->mem, "Ingen av de %lld personerna i %s uppfyller ett skrivet behov av %s i %s.",
				   people, w->s->groups[edge->member].name, role->name ? role->name : role->id,
				   role->system->name ? role->system->name : role->system->id);
	p->evidence = evidence(w, p, who, role);
	json_put(p->evidence, "added", members_added(w, e) == INT64_MIN ? NULL : clock_text(w->mem, members_added(w, e)));
}

/* ------------------------------------------------------------------ the planner */

/* Everybody certainly below M is in excess in all that G leads to; counts them, 0 when the nesting must stay. */
static long long
nesting(struct work *w, uint32_t e)
{
	uint32_t m = w->s->edges[e].member, count = 0;
	const uint64_t *roles = at(w, w->reach, w->from[e]);
	long long people = 0;

	if (w->cut[e] || w->s->edges[e].timed || w->maybe[m] || !w->cuttable[w->from[e]] || !w->s->groups[m].security)
		return 0;
	w->stamp++;
	w->queue[count++] = m;
	w->seen[m] = w->stamp;
	for (uint32_t i = 0; i < count; i++) {
		const struct group *g = &w->s->groups[w->queue[i]];
		for (uint32_t k = g->first; k < g->first + g->count; k++) {
			const struct edge *x = &w->s->edges[k];
			uint32_t n = x->is_group ? x->member : node(w, x->member);
			if (w->cut[k] || w->seen[n] == w->stamp || (x->is_group && !w->s->groups[n].security))
				continue;
			w->seen[n] = w->stamp;
			if (x->is_group) {
				w->queue[count++] = n;
				continue;
			}
			/* A service account or a computer below: its need is written nowhere, so we take nothing. */
			if (w->s->accounts[x->member].class != ACCOUNT_PERSON)
				return 0;
			people++;
			for (uint32_t r = 0; r < w->role_count; r++)
				if (get(roles, r) && !excess(w, x->member, r))
					return 0;
		}
	}
	return people;
}

/* Chooses nestings and takes them out of the graph; they are proposed when it is known which of them matter. */
static void
cut_nestings(struct work *w)
{
	for (uint32_t e = 0; e < w->s->edge_count; e++) {
		long long people = w->s->edges[e].is_group ? nesting(w, e) : 0;
		const uint64_t *roles = at(w, w->reach, w->from[e]);
		bool any = false;

		for (uint32_t k = 0; k < w->words; k++)
			any = any || roles[k];
		if (!people || !any)
			continue;
		*(struct nested *)arena_push(w->mem, &w->nested) = (struct nested){
			.edge = e, .people = people,
			.roles = arena_copy(w->mem, roles, w->words * sizeof(*roles)),
		};
		w->cut[e] = true;
		work_reach(w);
	}
}

/* What each person has now, one after another. */
static uint64_t *
have_all(struct work *w)
{
	uint64_t *all = arena_array(w->mem, uint64_t, (size_t)w->s->account_count * w->words);

	for (uint32_t a = 0; a < w->s->account_count; a++)
		if (w->s->accounts[a].class == ACCOUNT_PERSON)
			work_have(w, a, at(w, all, a));
	return all;
}

/* A nesting that another cut has made harmless is put back: nothing is cut for nothing. */
static void
propose_nestings(struct work *w)
{
	size_t size = (size_t)w->s->account_count * w->words * sizeof(uint64_t);
	uint64_t *before = w->nested.count ? have_all(w) : NULL;

	for (size_t i = 0; i < w->nested.count; i++) {
		struct nested *n = &w->nested.items[i];

		w->cut[n->edge] = false;
		work_reach(w);
		if (memcmp(before, have_all(w), size) == 0)
			continue;
		w->cut[n->edge] = true;
		work_reach(w);
		propose(w, n->edge, n->roles, n->people);
	}
}

struct choice { uint32_t edge[64]; uint32_t count; };

/* How much excess goes when `mask` goes; -1 when something else would go with it. */
static int
gain(struct work *w, uint32_t a, const struct choice *c, uint64_t mask)
{
	int gone = 0;

	for (uint32_t k = 0; k < w->words; k++) {
		uint64_t lost = 0, left = 0, sure = 0, over;
		for (uint32_t i = 0; i < c->count; i++)
			if (mask >> i & 1)
				lost |= at(w, w->reach, w->from[c->edge[i]])[k];
		for (uint32_t u = w->up_first[node(w, a)]; u < w->up_first[node(w, a) + 1]; u++) {
			bool out = w->cut[w->up[u]];
			for (uint32_t i = 0; i < c->count && !out; i++)
				out = c->edge[i] == w->up[u] && mask >> i & 1;
			if (out)
				continue;
			left |= at(w, w->reach, w->from[w->up[u]])[k];
			sure |= at(w, w->certain, w->from[w->up[u]])[k];
		}
		over = at(w, w->access, a)[k] & ~at(w, w->need, a)[k] & ~at(w, w->unsure, a)[k];
		if (lost & ~over & ~sure)
			return -1;
		gone += __builtin_popcountll(lost & over & ~left);
	}
	return gone;
}

static uint64_t
search(struct work *w, uint32_t a, const struct choice *c)
{
	uint64_t best = 0;
	int most = 0;

	if (c->count > SEARCH) {
		for (uint32_t i = 0; i < c->count; i++)
			if (gain(w, a, c, best | UINT64_C(1) << i) >= 0)
				best |= UINT64_C(1) << i;
		most = gain(w, a, c, best);
		for (uint32_t i = 0; i < c->count; i++)
			if (best >> i & 1 && gain(w, a, c, best & ~(UINT64_C(1) << i)) == most)
				best &= ~(UINT64_C(1) << i);
		return best;
	}
	for (uint64_t mask = 1; mask < UINT64_C(1) << c->count; mask++) {
		int one = gain(w, a, c, mask);
		if (one > most || (one == most && one > 0 && __builtin_popcountll(mask) < __builtin_popcountll(best))) {
			most = one;
			best = mask;
		}
	}
	return best;
}

static void
remove_members(struct work *w, uint32_t a)
{
	struct choice c = { .count = 0 };
	uint64_t best, *roles = arena_array(w->mem, uint64_t, w->words);

	for (uint32_t u = w->up_first[node(w, a)]; u < w->up_first[node(w, a) + 1] && c.count < 64; u++) {
		uint32_t e = w->up[u];
		bool over = false;
		for (uint32_t r = 0; r < w->role_count; r++)
			over = over || (get(at(w, w->reach, w->from[e]), r) && excess(w, a, r));
		if (over && !w->cut[e] && !w->s->edges[e].primary && !w->s->edges[e].timed && w->cuttable[w->from[e]])
			c.edge[c.count++] = e;
	}
	best = c.count ? search(w, a, &c) : 0;
	for (uint32_t i = 0; i < c.count; i++) {
		if (!(best >> i & 1))
			continue;
		memset(roles, 0, w->words * sizeof(*roles));
		for (uint32_t r = 0; r < w->role_count; r++)
			if (get(at(w, w->reach, w->from[c.edge[i]]), r) && excess(w, a, r))
				put(roles, r);
		propose(w, c.edge[i], roles, 1);
	}
	for (uint32_t i = 0; i < c.count; i++)
		w->cut[c.edge[i]] = w->cut[c.edge[i]] || best >> i & 1;
}

/* ------------------------------------------------------------------ telling */

static void
tell_person(struct work *w, uint32_t a, const uint64_t *left)
{
	const struct account *who = &w->s->accounts[a];

	for (uint32_t r = 0; r < w->role_count; r++) {
		const char *system = w->roles[r]->system->id, *role = w->roles[r]->id, *via = NULL;
		bool has = get(at(w, w->access, a), r), unsure = get(at(w, w->unsure, a), r);
		for (uint32_t u = w->up_first[node(w, a)]; u < w->up_first[node(w, a) + 1]; u++)
			if (!via && get(at(w, w->reach, w->from[w->up[u]]), r))
				via = w->s->groups[w->from[w->up[u]]].dn;
		if (excess(w, a, r))
			w->plan->access.excess++;
		if (excess(w, a, r) && get(left, r))
			*(struct structural *)arena_push(w->mem, &w->plan->structural) = (struct structural){
				system, role, who->name, via, members_stay(w, a, r) };
		if (!has && !get(w->open, r) && get(at(w, w->need, a), r) && !w->role_unknown[r] && !unsure)
			*(struct missing *)arena_push(w->mem, &w->plan->missing) =
				(struct missing){ system, role, who->name };
		if (unsure && has)
			*(struct unclear *)arena_push(w->mem, &w->plan->unclear) =
				(struct unclear){ .access = true, .system = system, .role = role, .key = who->key };
	}
}

static void
tell_grants(struct work *w, uint32_t a)
{
	const struct account *who = &w->s->accounts[a];

	for (uint32_t r = 0; r < w->role_count; r++)
		for (uint32_t u = w->up_first[node(w, a)]; u < w->up_first[node(w, a) + 1]; u++)
			if (get(at(w, w->reach, w->from[w->up[u]]), r) && !w->cut[w->up[u]]) {
				struct grant *g = arena_push(w->mem, &w->plan->grants);
				*g = (struct grant){ w->roles[r]->system->id, w->roles[r]->id, who->name, who->key,
						     w->s->groups[w->from[w->up[u]]].dn };
				break;
			}
}

static long
role_index(const struct work *w, const struct system *system, const char *name)
{
	for (uint32_t r = 0; r < w->role_count; r++)
		if ((w->roles[r]->system == system && strcmp(w->roles[r]->id, name) == 0) ||
		    strcmp(work_label(w, r), name) == 0)
			return (long)r;
	return -1;
}

static void
tell_conflicts(struct work *w, const struct system *system, const struct conflict *c)
{
	for (uint32_t a = 0; a < w->s->account_count; a++) {
		const char **held = arena_array(w->mem, const char *, (size_t)c->count + 1);
		int n = 0;
		for (int i = 0; i < c->count && w->s->accounts[a].class == ACCOUNT_PERSON; i++) {
			long r = role_index(w, system, c->roles[i]);
			if (r >= 0 && get(at(w, w->access, a), (uint32_t)r))
				held[n++] = work_label(w, (uint32_t)r);
		}
		if (n > 1)
			*(struct clash *)arena_push(w->mem, &w->plan->conflicts) = (struct clash){
				system->id, w->s->accounts[a].name, c->why, held, n, c->at };
	}
}

static void
find_out(struct work *w, const char *kind, const struct system *s, const struct role *r, const char *group,
	 const char *text)
{
	*(struct finding *)arena_push(w->mem, &w->plan->findings) =
		(struct finding){ .kind = kind, .system = s->id, .role = r ? r->id : NULL, .group = group, .text = text };
}

static void
govern(struct work *w, const struct system *s)
{
	const char *name = s->name ? s->name : s->id;

	if (!s->owner || !*s->owner)
		find_out(w, "system-without-owner", s, NULL, NULL, arena_print(w->mem, "%s saknar ägare", name));
	if (s->class.konfidentialitet < 0 || s->class.riktighet < 0 || s->class.tillganglighet < 0)
		find_out(w, "system-without-class", s, NULL, NULL, arena_print(w->mem, "%s saknar klassning", name));
	if (s->critical && (!s->analysis || !*s->analysis))
		find_out(w, "critical-without-analysis", s, NULL, NULL,
			 arena_print(w->mem, "%s är samhällsviktigt men saknar systemsäkerhetsanalys", name));
	for (int i = 0; i < s->role_count; i++)
		if (!s->roles[i].need_count)
			find_out(w, "role-without-needs", s, &s->roles[i], NULL,
				 arena_print(w->mem, "%s: rollen %s har inget skrivet behov", name, s->roles[i].id));
	for (int i = 0; i < s->conflict_count; i++)
		tell_conflicts(w, s, &s->conflicts[i]);
}

static void
place_role(struct work *w, uint32_t r)
{
	const struct role *role = w->roles[r];

	for (int i = 0; i < role->group_count; i++) {
		long g = snapshot_group(w->s, role->groups[i]);
		if (g >= 0) {
			put(at(w, w->own, (uint32_t)g), r);
			w->role_unknown[r] = w->role_unknown[r] || w->maybe[g];
			continue;
		}
		w->role_unknown[r] = true;
		find_out(w, "group-absent", role->system, role, role->groups[i],
			 arena_print(w->mem, "Gruppen '%s' finns inte i katalogen", role->groups[i]));
		*(struct gap *)arena_push(w->mem, &w->plan->gaps) = (struct gap){
			"role", work_label(w, r), NULL, arena_print(w->mem, "gruppen '%s' finns inte", role->groups[i]) };
	}
	if (w->role_unknown[r])
		*(struct unclear *)arena_push(w->mem, &w->plan->unclear) =
			(struct unclear){ .access = true, .system = role->system->id, .role = role->id };
}

void
work_prepare(struct work *w)
{
	const struct rules *rules = w->in->rules;
	size_t groups = (size_t)w->s->group_count + 1, people = (size_t)w->s->account_count + 1, most = 1;

	for (size_t i = 0; i < rules->system_count; i++)
		most += (size_t)rules->systems[i].role_count;
	w->roles = arena_array(w->mem, const struct role *, most);
	for (size_t i = 0; i < rules->system_count; i++)
		for (int k = 0; k < rules->systems[i].role_count; k++)
			w->roles[w->role_count++] = &rules->systems[i].roles[k];
	w->words = w->role_count / 64 + 1;
	w->role_unknown = arena_array(w->mem, bool, most);
	w->maybe = arena_array(w->mem, bool, groups);
	w->cuttable = arena_array(w->mem, bool, groups);
	w->own = arena_array(w->mem, uint64_t, groups * w->words);
	w->reach = arena_array(w->mem, uint64_t, groups * w->words);
	w->certain = arena_array(w->mem, uint64_t, groups * w->words);
	w->need = arena_array(w->mem, uint64_t, people * w->words);
	w->unsure = arena_array(w->mem, uint64_t, people * w->words);
	w->access = arena_array(w->mem, uint64_t, people * w->words);
	link_edges(w);
	spread_unknown(w);
	for (uint32_t r = 0; r < w->role_count; r++)
		place_role(w, r);
	work_reach(w);
	find_cuttable(w);
	find_absent(w);
}

static void
measure(struct work *w)
{
	for (size_t i = 0; i < w->in->rules->system_count; i++) {
		const char *id = w->in->rules->systems[i].id;
		long long of = 0;
		for (size_t k = 0; k < w->plan->grants.count; k++)
			of += strcmp(w->plan->grants.items[k].system, id) == 0;
		(void)arena_push(w->mem, &w->plan->sizes);
		w->plan->sizes.items[w->plan->sizes.count - 1].scope = arena_print(w->mem, "system:%s", id);
		w->plan->sizes.items[w->plan->sizes.count - 1].of = of;
	}
}

static void
judge_people(struct work *w)
{
	uint64_t *left = arena_array(w->mem, uint64_t, w->words);

	for (uint32_t a = 0; a < w->s->account_count; a++)
		if (w->s->accounts[a].class == ACCOUNT_PERSON) {
			tell_grants(w, a);
			w->plan->access.people++;
		}
	mark_cuts(w);
	work_reach(w);
	for (uint32_t a = 0; a < w->s->account_count; a++)
		if (w->s->accounts[a].class == ACCOUNT_PERSON)
			work_judge(w, a);
	members_tell(w);
	for (size_t i = 0; i < w->in->rules->system_count; i++)
		govern(w, &w->in->rules->systems[i]);
	cut_nestings(w);
	for (uint32_t a = 0; a < w->s->account_count; a++)
		if (w->s->accounts[a].class == ACCOUNT_PERSON)
			remove_members(w, a);
	propose_nestings(w);
	for (uint32_t a = 0; a < w->s->account_count; a++)
		if (w->s->accounts[a].class == ACCOUNT_PERSON) {
			work_have(w, a, left);
			tell_person(w, a, left);
		}
	measure(w);
}

int
reconcile_all(struct arena *mem, const struct reconcile_input *in, struct plan *plan, struct error *err)
{
	struct work w = { .mem = mem, .in = in, .s = in->snapshot, .plan = plan };

	(void)err;
	for (size_t i = 0; i < in->snapshot->gaps.count; i++)
		*(struct gap *)arena_push(mem, &plan->gaps) = in->snapshot->gaps.items[i];
	for (size_t i = 0; i < in->snapshot->findings.count; i++)
		*arena_push(mem, &plan->findings) = in->snapshot->findings.items[i];
	if (!in->snapshot->complete) {
		*(struct unclear *)arena_push(mem, &plan->unclear) = (struct unclear){ .access = true };
		plan->access_judged = false;
		return 0;
	}
	work_prepare(&w);
	for (uint32_t g = 0; g < w.s->group_count; g++)
		if (w.maybe[g])
			*(struct unclear *)arena_push(mem, &plan->unclear) =
				(struct unclear){ .access = true, .group = w.s->groups[g].key };
	judge_people(&w);
	plan->access.groups = w.s->group_count;
	plan->access.memberships = w.s->edge_count;
	plan->access.systems = (long long)in->rules->system_count;
	plan->access.roles = w.role_count;
	plan->access_judged = true;
	plan_sort(plan);
	return 0;
}

static json_t *
explain_role(struct work *w, uint32_t a, uint32_t r)
{
	static const char *const word[] = { [NO] = "no", [YES] = "yes", [UNKNOWN] = "unknown" };
	json_t *o = json_object(), *clauses = json_array();
	const struct role *role = w->roles[r];

	for (int i = 0; i < role->need_count; i++) {
		json_t *one = json_object();
		json_put(one, "text", role->needs[i].text);
		json_put(one, "rule", place_text(w->mem, role->needs[i].at));
		json_put(one, "holds", word[clause_holds(w, &w->s->accounts[a], &role->needs[i])]);
		json_array_append_new(clauses, one);
	}
	json_put(o, "system", role->system->id);
	json_put(o, "role", role->id);
	json_object_set_new(o, "clauses", clauses);
	json_object_set_new(o, "access", json_boolean(get(at(w, w->access, a), r)));
	json_put(o, "need", get(at(w, w->need, a), r) ? "yes" : get(at(w, w->unsure, a), r) ? "unknown" : "no");
	json_put(o, "verdict", excess(w, a, r) ? "excess" : get(at(w, w->access, a), r) ? "keep" : "none");
	return o;
}

int
reconcile_explain(struct arena *mem, const struct reconcile_input *in, const char *account, const char *system,
		  const char *role, json_t **out, struct error *err)
{
	struct plan plan = { 0 };
	struct work w = { .mem = mem, .in = in, .s = in->snapshot, .plan = &plan };
	long a = snapshot_account(in->snapshot, account);
	json_t *roles;

	if (a < 0)
		return error_set(err, ERROR_USAGE, a == -2 ? "more than one account is called '%s'" :
				 "no account is called '%s'", account);
	work_prepare(&w);
	mark_cuts(&w);
	work_reach(&w);
	work_judge(&w, (uint32_t)a);
	roles = json_array();
	for (uint32_t r = 0; r < w.role_count; r++)
		if (strcmp(w.roles[r]->system->id, system) == 0 && (!role || strcmp(w.roles[r]->id, role) == 0))
			json_array_append_new(roles, explain_role(&w, (uint32_t)a, r));
	*out = json_object();
	json_put(*out, "account", w.s->accounts[a].name);
	json_object_set_new(*out, "complete", json_boolean(in->snapshot->complete));
	json_object_set_new(*out, "roles", roles);
	return 0;
}
