/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * administrators.c - who may look at /status: those whom conf names, and the members of a group.
 *
 * The page has no directory of its own to look in: so each night that sees all of it keeps who they are.
 */
#include "run_p.h"
#include <behov/json.h>
#include <behov/log.h>

struct found { struct arena *mem; const struct snapshot *snapshot; bool *accounts, *groups; };

static bool
in_service(const struct account *a)
{
	return a->class == ACCOUNT_PERSON && !a->disabled && !a->expired && !a->left && !a->secret;
}

/* Groups in groups, too; one that lies in itself is seen once. */
static void
members(struct found *f, uint32_t group)
{
	const struct snapshot *s = f->snapshot;
	LIST(uint32_t) waiting = { 0 };

	f->groups[group] = true;
	*arena_push(f->mem, &waiting) = group;
	while (waiting.count) {
		const struct group *g = &s->groups[waiting.items[--waiting.count]];

		for (uint32_t i = g->first; i < g->first + g->count; i++) {
			const struct edge *e = &s->edges[i];

			if (!e->is_group) {
				f->accounts[e->member] = true;
			} else if (!f->groups[e->member]) {
				f->groups[e->member] = true;
				*arena_push(f->mem, &waiting) = e->member;
			}
		}
	}
}

static void
find(struct found *f, const struct conf *conf)
{
	long group = conf->web.administrators ? snapshot_group(f->snapshot, conf->web.administrators) : -1;

	for (int i = 0; i < conf->people.administrator_count; i++) {
		long a = snapshot_account(f->snapshot, conf->people.administrators[i]);

		if (a >= 0)
			f->accounts[a] = true;
	}
	if (group >= 0)
		members(f, (uint32_t)group);
	else if (conf->web.administrators)
		log_warn("web.administrators '%s' is no group in the directory", conf->web.administrators);
}

int
administrators_keep(struct arena *mem, const struct rules *rules, struct store *store, const struct snapshot *s, struct error *err)
{
	struct found f = { mem, s, arena_array(mem, bool, (size_t)s->account_count + 1), arena_array(mem, bool, (size_t)s->group_count + 1) };
	json_t *all;
	int rc;

	if (!s->complete)
		return 0;
	find(&f, &rules->conf);
	all = json_array();
	for (uint32_t i = 0; i < s->account_count; i++) {
		const struct account *a = &s->accounts[i];
		json_t *o;

		if (!f.accounts[i] || !in_service(a))
			continue;
		o = json_object();
		json_put(o, "key", a->key);
		json_put(o, "name", a->name);
		json_put(o, "display", a->display ? a->display : a->name);
		json_array_append_new(all, o);
	}
	rc = store_set(store, ADMINISTRATORS_VALUE, json_canonical(mem, all), err);
	json_decref(all);
	return rc;
}

static int
add_duty(struct arena *mem, struct store *store, json_t *rows, const char *duty, const char *name, struct error *err)
{
	const char *shown;
	json_t *o;

	if (!name)
		return 0;
	if (store_shown(mem, store, name, &shown, err) < 0)
		return -1;
	o = json_object();
	json_put(o, "duty", duty);
	json_put(o, "who", shown);
	json_array_append_new(rows, o);
	return 0;
}

int
administrators_duties(struct arena *mem, const struct rules *rules, struct store *store, json_t **out, struct error *err)
{
	const struct conf *c = &rules->conf;
	json_t *rows = json_array(), *all = NULL, *one;
	const char *text = NULL;
	size_t i;
	int rc = add_duty(mem, store, rows, "samordnare", c->people.coordinator, err) < 0 ||
		 add_duty(mem, store, rows, "arkivarie", c->people.archivist, err) < 0 ||
		 add_duty(mem, store, rows, "registrator", c->people.registrar, err) < 0 ? -1 : 0;

	for (int k = 0; k < c->people.administrator_count && rc == 0; k++)
		rc = add_duty(mem, store, rows, "administratör", c->people.administrators[k], err);
	if (rc == 0)
		rc = store_get(mem, store, ADMINISTRATORS_VALUE, &text, err);
	if (rc == 0 && text && json_read(text, strlen(text), &all, err) == 0)
		json_array_foreach(all, i, one)
			if (rc == 0)
				rc = add_duty(mem, store, rows, "ser administratörernas sida", json_text(one, "name"), err);
	json_decref(all);
	if (rc < 0)
		json_decref(rows);
	else
		*out = rows;
	return rc;
}
