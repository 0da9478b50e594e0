/* SPDX-License-Identifier: GPL-3.0-or-later */
/* evidence.c - a proposal: its key and version, the way it opens, and what it was judged by. */
#include "reconcile_p.h"
#include "behov/digest.h"
#include "behov/json.h"

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
version(const struct work *w, const struct proposal *p, struct set roles)
{
	unsigned char out[DIGEST_SIZE];
	struct digest *d = digest_open();

	digest_field(d, kind_word[p->kind]);
	digest_field(d, p->guid);
	digest_field(d, p->group_guid);
	for (uint32_t i = 0; i < roles.count; i++) {
		const struct role *role = w->roles[roles.items[i]];

		digest_field(d, w->labels[roles.items[i]]);
		for (int k = 0; k < role->need_count; k++)
			digest_field(d, role->needs[k].text);
	}
	digest_close(d, out);
	return digest_hex(w->mem, out, DIGEST_SIZE);
}

/* The clauses that a role is judged by: made once, and shared by all evidence that names them. */
static json_t *
clauses_of(struct work *w, uint32_t r)
{
	const struct role *role = w->roles[r];
	json_t *clauses = w->clauses[r];

	if (clauses)
		return json_incref(clauses);
	w->clauses[r] = clauses = json_array();
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
	return json_incref(clauses);
}

static json_t *
evidence(struct work *w, const struct proposal *p, const struct account *who, uint32_t r)
{
	json_t *o = json_object(), *person = json_object();

	json_object_set_new(o, "clauses", clauses_of(w, r));
	if (who) {
		json_put(person, "name", who->display ? who->display : who->name);
		json_put(person, "manager", who->manager);
		json_object_set_new(person, "disabled", json_boolean(who->disabled));
		json_object_set_new(person, "expired", json_boolean(who->expired));
		json_object_set_new(person, "left", json_boolean(who->left));
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
	uint32_t count = graph_path(w, g, r);

	p->path_count = (int)count;
	p->path = arena_array(w->mem, const char *, count);
	for (uint32_t i = 0; i < count; i++)
		p->path[i] = w->s->groups[w->way[i]].dn;
}

/* "titel är Kock, avdelning saknas": of what the clauses of the role ask for. */
static const char *
what_they_are(const struct work *w, const struct account *who, const struct role *role)
{
	const struct rules *rules = w->in->rules;
	uint64_t told = 0;
	const char *text = "";

	for (int i = 0; i < role->need_count; i++)
		for (int k = 0; k < role->needs[i].alls; k++) {
			int at = role->needs[i].all[k].attribute;
			const struct value *v = at >= 0 && who->values ? who->values[at] : NULL;

			if (at < 0 || told >> at & 1 || who->unknown >> at & 1)
				continue;
			told |= UINT64_C(1) << at;
			text = arena_print(w->mem, v ? "%s%s%s är %s" : "%s%s%s saknas", text, *text ? ", " : ": ",
					   rules->attributes[at].label ? rules->attributes[at].label : rules->attributes[at].name,
					   v ? v->text : NULL);
		}
	return text;
}

static const char *
why(const struct work *w, const struct proposal *p, const struct account *who, const struct role *role, long long lack, long long all)
{
	const char *what = role->name ? role->name : role->id, *where = role->system->name ? role->system->name : role->system->id;
	long group = who ? -1 : snapshot_group(w->s, p->member);
	const char *name = group < 0 ? p->member : w->s->groups[group].name;

	if (who && who->left)
		return arena_print(w->mem, "%s har slutat men har kvar %s i %s.", who->display ? who->display : who->name, what, where);
	if (who)
		return arena_print(w->mem, "%s har %s i %s men uppfyller inget skrivet behov%s.", who->display ? who->display : who->name, what,
				   where, what_they_are(w, who, role));
	if (lack == all)
		return arena_print(w->mem, "Ingen av de %lld personerna i %s uppfyller ett skrivet behov av %s i %s.", all, name, what, where);
	return arena_print(w->mem, "%lld av de %lld personerna i %s uppfyller inget skrivet behov av %s i %s; de andra behåller det som "
			   "de behöver genom andra grupper.", lack, all, name, what, where);
}

void
evidence_weigh(struct work *w, uint32_t e, struct set roles, struct proposal *p)
{
	const struct edge *edge = &w->s->edges[e];
	const struct role *first = w->roles[roles.items[0]];

	p->kind = edge->is_group ? KIND_CUT_NESTING : KIND_REMOVE_MEMBER;
	p->also = arena_array(w->mem, const char *, roles.count);
	for (uint32_t i = 0; i < roles.count; i++) {
		int k = w->roles[roles.items[i]]->system->class.konfidentialitet;

		p->konfidentialitet = (k < 0 ? 3 : k) > p->konfidentialitet ? (k < 0 ? 3 : k) : p->konfidentialitet;
		if (i)
			p->also[p->also_count++] = w->labels[roles.items[i]];
	}
	p->system = first->system->id;
	p->role = first->id;
	p->by_hand = !edge->is_group && w->s->accounts[edge->member].protected_admin;
	p->needs = proposal_needs(p);
}

/* That edge should go, for those roles, which `losers` lose; of `all` people below it, `lack` the need of the first. */
static void
propose(struct work *w, uint32_t e, struct set roles, long long losers, long long lack, long long all)
{
	const struct edge *edge = &w->s->edges[e];
	uint32_t to = graph_group(w, e), first = roles.items[0];
	const struct group *g = &w->s->groups[to];
	const struct account *who = edge->is_group ? NULL : &w->s->accounts[edge->member];
	struct proposal *p = arena_push(w->mem, &w->plan->proposals);
	const struct role *role = w->roles[first];

	evidence_weigh(w, e, roles, p);
	p->guid = graph_member(w, e);
	p->member = who ? who->dn : w->s->groups[edge->member].dn;
	p->group = g->dn;
	p->group_guid = g->key;
	p->key = hash(w, kind_word[p->kind], p->guid, g->key);
	p->version = version(w, p, roles);
	find_path(w, p, to, first);
	p->account = who ? who->name : NULL;
	p->display = who ? who->display : NULL;
	p->accounts = losers;
	p->scope = arena_print(w->mem, "system:%s", p->system);
	p->rule = role->need_count ? role->needs[0].at : role->at;
	p->why = why(w, p, who, role, lack, all);
	p->evidence = evidence(w, p, who, first);
	json_put(p->evidence, "added", members_added(w, e) == INT64_MIN ? NULL : clock_text(w->mem, members_added(w, e)));
}

/* ------------------------------------------------------------------ what goes with an edge, when all that are chosen go */

struct toll { struct work *w; struct set *lost, carried; uint32_t first; long long losers, lack, all; };

static bool
add_toll(void *self, uint32_t a)
{
	struct toll *t = self;
	struct work *w = t->w;
	bool loses = false;

	for (uint32_t i = 0; i < t->lost[a].count; i++)
		if (set_has(t->carried, t->lost[a].items[i])) {
			bits_put(&w->roles_here, t->lost[a].items[i]);
			loses = true;
		}
	t->losers += loses;
	return true;
}

static bool
add_lack(void *self, uint32_t a)
{
	struct toll *t = self;

	t->all += is_person(t->w, a);
	t->lack += set_has(t->w->excess[a], t->first);
	return true;
}

static void
below(struct work *w, uint32_t e, bool (*visit)(void *self, uint32_t a), struct toll *t)
{
	const struct edge *edge = &w->s->edges[e];

	if (edge->is_group)
		(void)graph_below(w, edge->member, BELOW_NOW, visit, t);
	else
		(void)visit(t, edge->member);
}

/* All are cut now; each is looked at as things are before any of them goes. */
void
evidence_all(struct work *w)
{
	struct toll t = { .w = w, .lost = arena_array(w->mem, struct set, (size_t)w->s->account_count + 1) };

	if (!w->chosen.count)
		return;
	reach_all(w);
	for (uint32_t a = 0; a < w->s->account_count; a++)
		if (w->excess[a].count)
			t.lost[a] = set_minus(w->mem, w->excess[a], people_have(w, a));
	for (size_t i = 0; i < w->chosen.count; i++)
		cut_edge(w, w->chosen.items[i], false);
	reach_all(w);
	for (size_t i = 0; i < w->chosen.count; i++) {
		uint32_t e = w->chosen.items[i];
		struct set roles;

		t.carried = w->reach[graph_group(w, e)];
		t.losers = t.lack = t.all = 0;
		below(w, e, add_toll, &t);
		roles = bits_take(w->mem, &w->roles_here);
		if (!roles.count) {
			w->chosen.items[i] = NOWHERE;
			continue;
		}
		t.first = roles.items[0];
		below(w, e, add_lack, &t);
		propose(w, e, roles, t.losers, t.lack, t.all);
	}
	for (size_t i = 0; i < w->chosen.count; i++)
		if (w->chosen.items[i] != NOWHERE)
			cut_edge(w, w->chosen.items[i], true);
	reach_all(w);
}
