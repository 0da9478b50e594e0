/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hide.c - takes the names of somebody with protected identity out of what earlier nights wrote. */
#include "store_p.h"
#include "behov/digest.h"
#include "behov/json.h"
#include "behov/text.h"

/* ?1 what is shown instead, ?2 key, ?3 account name, ?4 display name, ?5 DN. */
static const char *const changes[] = {
	"update proposal set account = ?1, display = ?1, member = ?1, evidence = json_set(evidence, '$.person.name', ?1),"
	"  why = case when instr(why, coalesce(display, account)) = 1"
	"    then ?1 || substr(why, length(coalesce(display, account)) + 1) else ?1 end"
	"  where guid = ?2 and kind = 'remove-member'",
	"update proposal set evidence = json_set(evidence, '$.person.manager', 'CN=' || ?1)"
	"  where json_extract(evidence, '$.person.manager') = ?5",
	"update proposal set approvers = (select json_group_array(case when json_extract(value, '$.key') = ?2"
	"    then json_set(value, '$.name', ?1, '$.display', ?1) else json(value) end) from json_each(approvers))"
	"  where id in (select proposal from approver where key = ?2)",
	"update proposal set approvers = (select json_group_array(json_set(value, '$.as', replace(json_extract(value, '$.as'), ?4, ?1)))"
	"  from json_each(approvers)) where instr(approvers, 'samordnare: ') and instr(approvers, ?4)",
	"update proposal set guid = ?1 where guid = ?2 and instr(?2, '=')",
	"update proposal set owner = ?1 where owner = ?3",
	"update access_grant set account = ?1 where key = ?2",
	"update account_mark set account = ?1 where key = ?2",
	"update review_row set account = ?1 where key = ?2",
	"update review set name = ?1 where key = ?2",
	"update exception set account = ?1 where key = ?2",
	"update exception set who = ?1 where who = ?3",
	"update decision set name = ?1 where key = ?2",
	"update question set by_name = ?1 where by_key = ?2",
	"update question set name = ?1, display = ?1, mail = null where key = ?2",
	"update question set typed = ?1 where typed is not null and (key = ?2 or lower(typed) in (lower(?3), lower(?4))"
	"    or instr(lower(typed), lower(?3) || '@') = 1)",
	"update hold set who = trim(replace(', ' || who || ', ', ', ' || ?3 || ', ', ', ' || ?1 || ', '), ', ')"
	"  where instr(', ' || who || ', ', ', ' || ?3 || ', ')",
	"update event set who = ?1 where key = ?2 or who = ?3",
	"update event set withdrawn_by = ?1 where withdrawn_by = ?3 or instr(withdrawn_by, ?3 || ' (') = 1",
	"update letter set name = ?1, display = ?1 where key = ?2",
	"update finding set account = ?1, text = replace(text, ?3, ?1) where account = ?3",
	"update finding set text = replace(replace(text, ?5, ?1), ?4, ?1) where instr(text, ?5) or instr(text, ?4)",
	"update gap set id = replace(id, ?5, ?1), text = replace(text, ?5, ?1) where instr(id, ?5) or instr(text, ?5)",
	"update finding_past set account = ?1, text = replace(text, ?3, ?1) where account = ?3",
	"update finding_past set text = replace(replace(text, ?5, ?1), ?4, ?1) where instr(text, ?5) or instr(text, ?4)",
	"update gap_past set id = replace(id, ?5, ?1), text = replace(text, ?5, ?1) where instr(id, ?5) or instr(text, ?5)",
	"update night set summary = json_set(summary, '$.duties', (select json_group_array(case when json_extract(value, '$.who') = ?3"
	"    then json_set(value, '$.who', ?1) else json(value) end) from json_each(summary, '$.duties')))"
	"  where json_type(summary, '$.duties') = 'array' and instr(summary, ?3)",
};

struct remarks { LIST(struct { long long id; const char *text; }) list; };

/* About lists on which they stand. */
static int
read_remarks(struct arena *mem, struct store *store, const char *key, struct remarks *out, struct error *err)
{
	struct query q;

	if (query_open(&store->base, &q, "select id, text from review r where text is not null and exists (select 1 from review_list l join review_row w"
		       " on w.list = l.id where l.quarter = r.quarter and l.system = r.system and w.key = ?)", err) < 0)
		return -1;
	bind_text(&q, key);
	while (query_row(&q, err)) {
		__typeof__(out->list.items) one = arena_push(mem, &out->list);

		one->id = column_number(&q, 0);
		one->text = column_text(mem, &q, 1);
	}
	return query_close(&q, err);
}

static int
put_remarks(struct store *store, long long id, const char *text, struct error *err)
{
	struct query q;

	if (query_open(&store->base, &q, "update review set text = ? where id = ?", err) < 0)
		return -1;
	bind_text(&q, text);
	bind_number(&q, id);
	return query_done(store, &q, err);
}

/* Who reviews a list is asked to write who should not be on it. */
static int
hide_remarks(struct arena *mem, struct store *store, const struct hidden *h, struct error *err)
{
	struct remarks all = { 0 };

	if (read_remarks(mem, store, h->key, &all, err) < 0)
		return -1;
	for (size_t i = 0; i < all.list.count; i++) {
		const char *was = all.list.items[i].text;
		const char *text = text_without(mem, text_without(mem, was, h->display, h->shown), h->name, h->shown);

		if (strcmp(text, was) != 0 && put_remarks(store, all.list.items[i].id, text, err) < 0)
			return -1;
	}
	return 0;
}

int
store_hide(struct store *store, const struct hidden *h, struct error *err)
{
	struct arena *mem;
	int rc;
	const char *const words[] = { h->shown, h->key, h->name, h->display, h->dn };

	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		struct query q;

		if (query_open(&store->base, &q, changes[i], err) < 0)
			return -1;
		for (int k = 0; k < sqlite3_bind_parameter_count(q.statement); k++)
			bind_text(&q, words[k]);
		if (query_done(store, &q, err) < 0)
			return -1;
	}
	mem = arena_open();
	rc = hide_remarks(mem, store, h, err);
	arena_close(mem);
	return rc;
}

bool
store_is_hidden(const char *display)
{
	return display && strncmp(display, HIDDEN_AS, strlen(HIDDEN_AS)) == 0;
}

int
store_shown(struct arena *mem, struct store *store, const char *name, const char **out, struct error *err)
{
	const char *known = NULL;
	json_t *people = NULL;
	struct pin pin = { 0 };
	bool found = false;
	long long n;

	*out = name;
	if (store_get(mem, store, SECRET_VALUE, &known, err) < 0)
		return -1;
	if (!known || !name)
		return 0;
	if (store_pin(mem, store, name, &pin, &found, err) < 0 || json_read(known, strlen(known), &people, err) < 0)
		return -1;
	n = found ? json_number(people, digest_text(mem, pin.key), 0) : 0;
	if (n > 0)
		*out = arena_print(mem, HIDDEN_AS "%lld", n);
	json_decref(people);
	return 0;
}
