/* SPDX-License-Identifier: GPL-3.0-or-later */
/* words.c - names, states and needs as the report says them. */
#include "quarter_p.h"

const char *const change_word[CHANGES] = { "oförändrad", "ny", "borttagen", "borttagen och åter", "kom och gick" };

const char *
straight(struct arena *mem, const char *raw)
{
	bool good = raw != NULL;
	char *copy;

	for (const char *c = raw; good && *c; c++)
		good = (unsigned char)*c < 0x80 ? *c >= 0x20 && *c != 0x7f : !text_turn(c) && !((unsigned char)*c == 0xc2 && (unsigned char)c[1] < 0xa0);
	if (good || !raw)
		return raw;
	copy = text_straight(mem, raw);
	text_plain(copy);
	return copy;
}

const char *
written(struct arena *mem, const char *raw)
{
	return raw ? straight(mem, text_line(mem, raw)) : NULL;
}

const char *
system_name(const struct quarter *q, const char *id)
{
	const struct system *s = id ? rules_system(q->in->rules, id) : NULL;

	return straight(q->mem, s && s->name ? s->name : id ? id : "-");
}

const char *
role_name(const struct quarter *q, const char *system, const char *role)
{
	const struct role *r = system && role ? rules_role(q->in->rules, system, role) : NULL;

	return straight(q->mem, r && r->name ? r->name : role ? role : "-");
}

const char *
series_name(const struct quarter *q, const char *id)
{
	const struct series *s = id ? rules_series(q->in->rules, id) : NULL;

	return straight(q->mem, s && s->name ? s->name : id ? id : "-");
}

const char *
share_name(const struct quarter *q, const char *id)
{
	const struct share *s = id ? rules_share(q->in->rules, id) : NULL;

	return straight(q->mem, s && s->name ? s->name : id ? id : "-");
}

const char *
who_of(struct arena *mem, const struct proposal *p)
{
	const char *name = p->account ? p->account : p->member ? p->member : "-";

	if (p->kind == KIND_REMOVE_MEMBER)
		return straight(mem, p->display && strcmp(p->display, name) != 0 ? arena_print(mem, "%s (%s)", p->display, name) : name);
	if (p->kind == KIND_CUT_NESTING)
		return straight(mem, arena_print(mem, "gruppen %s (%s)", p->member ? p->member : "-", people_text(mem, p->accounts)));
	return straight(mem, arena_print(mem, "%s (%s)", p->batch && *p->batch ? p->batch : "allt som ska gallras", many(mem, p->files, "fil", "filer")));
}

const char *
where_of(const struct quarter *q, const struct proposal *p)
{
	if (is_access(p))
		return arena_print(q->mem, "%s: %s", system_name(q, p->system), role_name(q, p->system, p->role));
	return arena_print(q->mem, "%s på %s", series_name(q, p->series), share_name(q, p->share));
}

const char *
state_said(enum state state)
{
	return state_text[state];
}

static int
by_number(const void *key, const void *item)
{
	long long id = *(const long long *)key, at = ((const struct stored_need *)item)->id;

	return (id > at) - (id < at);
}

const struct stored_need *
need_of(const struct quarter *q, long long id)
{
	return id && q->needs.list.count ? bsearch(&id, q->needs.list.items, q->needs.list.count, sizeof(*q->needs.list.items), by_number) : NULL;
}

const char *
need_said(struct arena *mem, const struct quarter *q, long long need)
{
	static const char *const word[] = { NULL, "undantag: behålls efter beslut", "inget skrivet behov stämmer", "går inte att avgöra: en uppgift saknas",
					    "rollen har inget skrivet behov" };
	const struct stored_need *n = need_of(q, need);

	if (!n)
		return "skälet är inte noterat";
	return n->kind == GROUND_CLAUSE ? straight(mem, n->text ? n->text : "-") : word[n->kind];
}

const char *
day_of(struct arena *mem, int64_t moment)
{
	return moment == INT64_MIN ? NULL : day_text(mem, clock_day(moment));
}

const char *
number_text(struct arena *mem, long long n)
{
	return arena_print(mem, "%lld", n);
}

const char *
many(struct arena *mem, long long n, const char *one, const char *more)
{
	return text_many(mem, n, one, more);
}

const char *
people_text(struct arena *mem, long long n)
{
	return many(mem, n, "person", "personer");
}
