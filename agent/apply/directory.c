/* SPDX-License-Identifier: GPL-3.0-or-later */
/* directory.c - the two that change a directory: values of member taken out of their group, and one put back. */
#include "ldap_p.h"
#include "behov/json.h"

/* ------------------------------------------------------------------ the two that change */

void
directory_take_away(struct arena *mem, struct request *r, struct link *l, const char *group, const struct taken *these, size_t count)
{
	const char **members = arena_array(mem, const char *, count + 1);

	for (size_t i = 0; i < count; i++) {
		proof_spend(these[i].proof, arena_print(mem, "%s\n%s", group, these[i].member));
		members[i] = these[i].member;
	}
	request_change(mem, r, l, group, LDAP_MOD_DELETE, members, count);
	r->step = "remove";
}

/* The only function that gives one: what we took. */
static int
give_back(struct arena *mem, struct link *l, const struct edge_now *e)
{
	struct request r;

	request_change(mem, &r, l, e->group, LDAP_MOD_ADD, &e->member, 1);
	r.step = "restore";
	requests_ask(mem, &r, 1);
	requests_free(&r, 1);
	return r.code;
}

/* ------------------------------------------------------------------ the journal of them */

char *
directory_edge(struct apply *a, const struct link *l, const struct proposal *p, const struct edge_now *e)
{
	json_t *o = json_object();
	char *text;

	json_put(o, "directory", l->directory->source);
	json_put(o, "group", e->group);
	json_put(o, "group-key", p->group_guid);
	json_put(o, "member", e->member);
	json_put(o, "member-key", p->guid);
	text = json_canonical(a->mem, o);
	json_decref(o);
	return text;
}

/* ------------------------------------------------------------------ giving back */

static int
look(struct writer *w, struct look *k, struct error *err)
{
	look_all(w, w->a->mem, k, 1, false);
	return k->unknown ? error_set(err, k->trouble.kind, "%s", k->trouble.text) : 0;
}

static int
add_back(struct writer *w, struct stored *s, const struct effect *removed)
{
	struct apply *a = w->a;
	struct look now = { .s = s };
	int code = LDAP_SUCCESS;
	long long id;

	if (look(w, &now, a->err) < 0)
		return -1;
	if (now.why)
		return error_set(a->err, ERROR_SOURCE, "cannot restore '%s': its %s is not in the directory any longer", s->id,
				 now.edge.group ? "member" : "group");
	if (apply_intend(a, s->id, "restore", 0, now.edge.group, directory_edge(a, now.link, &s->p, &now.edge), &id) < 0)
		return -1;
	if (!now.edge.listed)
		code = give_back(a->mem, now.link, &now.edge);
	if (look(w, &now, a->err) < 0)
		return -1;
	if (now.why)
		return error_set(a->err, ERROR_SOURCE, "cannot see whether '%s' was restored: look at the group", s->id);
	if (!now.edge.listed)
		return directory_refused(now.link->ld, now.link->directory, code, "the member was not put back", a->err);
	return apply_end(a, removed->id, EFFECT_UNDONE, removed->after, NULL) < 0 ? -1
		: apply_end(a, id, EFFECT_DONE, NULL, NULL);
}

/* The journal has the name of somebody whose name is not shown. */
static int
name_member(struct apply *a, struct stored *s, const struct effect *removed)
{
	json_t *journal = NULL;

	if (dn_key(a->mem, s->p.member))
		return 0;
	if (json_read(removed->after, strlen(removed->after), &journal, a->err) < 0)
		return error_in(a->err, "the journal of '%s'", s->id);
	if (json_text(journal, "member"))
		s->dn = arena_text(a->mem, json_text(journal, "member"));
	json_decref(journal);
	return 0;
}

int
directory_restore(struct apply *a, struct stored *s)
{
	struct writer w;
	struct effect *removed;
	const char *why;
	int rc = -1;

	if (apply_effect(a, s->id, "remove", &removed) < 0)
		return -1;
	if (!removed || removed->state == EFFECT_INTENDED || removed->state == EFFECT_FAILED || !removed->after)
		return error_set(a->err, ERROR_USAGE, "'%s' was not removed by behov: there is nothing to put back", s->id);
	if (name_member(a, s, removed) < 0)
		return -1;
	writer_open(&w, a);
	if (writer_reach(&w, s->p.group, &why, a->err) && writer_reach(&w, s->dn ? s->dn : s->p.member, &why, a->err))
		rc = add_back(&w, s, removed);
	writer_close(&w);
	return rc;
}
