/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * accounts.c - systems that keep their accounts themselves: a list of them is a small directory.
 *
 * Each role of the list is a group of that system, and of no directory; its members are the people whom the accounts belong
 * to, found by what conf says they are called by.  An account that belongs to nobody stays what it is, and is told.
 */
#include "build_p.h"

#include <behov/csv.h>
#include <behov/fetch.h>
#include <behov/file.h>
#include <behov/text.h>

#define LIST_MOST ((size_t)256 << 20)

/* ------------------------------------------------------------------ the table */

static int
read_table(struct arena *mem, const struct accounts *from, struct listing *out, struct error *err)
{
	const char *shown = fetch_is_url(from->csv) ? fetch_shown(mem, from->csv) : from->csv;
	struct csv csv;
	char *bytes;
	size_t len;
	int account, role;

	if ((fetch_is_url(from->csv)
	     ? fetch_url(mem, &(struct fetch){ .url = from->csv, .token_file = from->token_file, .ca_file = from->ca_file,
					       .timeout = 120, .most = LIST_MOST }, &bytes, &len, err)
	     : file_read(mem, from->csv, LIST_MOST, &bytes, &len, err)) < 0 || csv_read(mem, shown, bytes, len, &csv, err) < 0)
		return -1;
	account = csv_column(&csv, from->account);
	role = csv_column(&csv, from->role);
	if (account < 0 || role < 0)
		return error_set(err, ERROR_SOURCE, "'%s' has no column '%s'", shown, account < 0 ? from->account : from->role);
	if (csv.rows.count < 2)
		return error_set(err, ERROR_SOURCE, "'%s' holds no rows", shown);
	for (size_t i = 1; i < csv.rows.count; i++) {
		const char **cells = csv.rows.items[i].cells;

		if (!*cells[account])
			return error_set(err, ERROR_SOURCE, "%s:%d: no account", shown, csv.rows.items[i].line);
		if (*cells[role])
			*arena_push(mem, &out->rows) = (struct listed){ cells[account], cells[role], false };
	}
	return 0;
}

/* ------------------------------------------------------------------ whose they are */

/* People by one of the things they are called by. */
struct called { struct intern words; LIST(uint32_t) who; };

static const char *
word_of(const struct object *o, enum accounts_match match)
{
	return match == MATCH_ACCOUNT ? o->as.account.name : match == MATCH_MAIL ? o->as.account.mail : o->employee;
}

static void
learn_people(struct builder *b, enum accounts_match match, struct called *out)
{
	intern_open(&out->words, b->scratch);
	for (uint32_t i = 0; i < b->object_count; i++) {
		const struct object *o = object_at(b, i);
		const char *word = o->is_group || b->origins.items[o->source].list ? NULL : word_of(o, match);
		uint32_t at;

		if (!word || !*word || o->as.account.class == ACCOUNT_FOREIGN || o->as.account.class == ACCOUNT_CONTACT)
			continue;
		word = text_fold(b->scratch, word);
		at = intern(&out->words, word, strlen(word));
		if (at == out->who.count)
			*arena_push(b->scratch, &out->who) = i;
		else
			out->who.items[at] = AMBIGUOUS;
	}
}

static uint32_t
find_person(struct builder *b, const struct called *called, const char *account)
{
	const char *word = text_fold(b->scratch, account);
	uint32_t at = intern_find(&called->words, word, strlen(word));

	return at == INTERN_NONE ? NOBODY : called->who.items[at];
}

/* ------------------------------------------------------------------ one system */

struct work {
	struct builder *b;
	const struct system *system;
	struct intern roles;                    /* folded names */
	LIST(uint32_t) groups;                  /* objects */
	LIST(struct link) links;                /* number of the role; name */
	struct intern strangers;
};

static int
add_group(struct work *w, const char *name, uint32_t *out, struct error *err)
{
	const char *low = text_fold(w->b->scratch, name);
	uint32_t at = intern(&w->roles, low, strlen(low));

	*out = at;
	if (at < w->groups.count)
		return 0;
	*arena_push(w->b->scratch, &w->groups) = w->b->object_count;
	return build_group(w->b, accounts_group(w->b->scratch, w->system->id, name),
			   arena_print(w->b->scratch, "%s/%s", w->system->id, name), err) ? 0 : -1;
}

static uint32_t
stranger(struct work *w, const char *account)
{
	const char *dn = arena_print(w->b->scratch, "%s", accounts_group(w->b->scratch, w->system->id, account));

	dn = arena_print(w->b->scratch, "uid=%s", dn + strlen("cn="));
	intern(&w->strangers, dn, strlen(dn));
	return name_of(w->b, dn, strlen(dn));
}

static int
add_row(struct work *w, const struct called *called, const struct listed *row, struct error *err)
{
	uint32_t group, inner, who = NOBODY, name;

	if (add_group(w, row->role, &group, err) < 0 || (row->nested && add_group(w, row->account, &inner, err) < 0))
		return -1;
	if (!row->nested)
		who = find_person(w->b, called, row->account);
	if (who == AMBIGUOUS)
		entry_doubt(w->b, &object_at(w->b, w->groups.items[group])->as.group,
			    "an account in it could belong to more than one person");
	if (row->nested)
		name = object_at(w->b, w->groups.items[inner])->name;
	else
		name = who < AMBIGUOUS ? object_at(w->b, who)->name : stranger(w, row->account);
	*arena_push(w->b->scratch, &w->links) = (struct link){ group, name };
	return 0;
}

static void
lay_members(struct work *w)
{
	for (size_t i = 0; i < w->links.count; i++)
		object_at(w->b, w->groups.items[w->links.items[i].group])->member_count++;
	for (size_t g = 0; g < w->groups.count; g++) {
		struct object *o = object_at(w->b, w->groups.items[g]);

		o->members = arena_array(w->b->scratch, uint32_t, (size_t)o->member_count + 1);
		o->member_count = 0;
	}
	for (size_t i = 0; i < w->links.count; i++) {
		struct object *o = object_at(w->b, w->groups.items[w->links.items[i].group]);

		o->members[o->member_count++] = w->links.items[i].member;
		w->b->at->memberships++;
	}
}

/* A list that did not come whole: the groups that its roles name are there, and anybody may be in them. */
static int
doubt_all(struct work *w, const char *why, struct error *err)
{
	why = arena_text(w->b->mem, why);
	for (size_t g = 0; g < w->groups.count; g++) {
		object_at(w->b, w->groups.items[g])->as.group.unknown = true;
		object_at(w->b, w->groups.items[g])->as.group.unknown_why = why;
	}
	for (int r = 0; r < w->system->role_count; r++)
		for (int g = 0; g < w->system->roles[r].group_count; g++) {
			const char *dn = w->system->roles[r].groups[g];
			struct object *o;

			if (w->b->owners.items[name_of(w->b, dn, strlen(dn))] != NOBODY)
				continue;
			o = build_group(w->b, dn, dn, err);
			if (!o)
				return -1;
			o->as.group.unknown = true;
			o->as.group.unknown_why = why;
		}
	*arena_push(w->b->scratch, &w->b->gaps) = (struct gap){ .what = "accounts", .id = w->system->id,
								.text = why };
	return 0;
}

static void
tell(struct work *w, long long inactive)
{
	const char *name = w->system->name ? w->system->name : w->system->id;

	if (w->strangers.words.count)
		*arena_push(w->b->scratch, &w->b->findings) = (struct finding){ .kind = "account-of-nobody", .system = w->system->id,
			.text = arena_print(w->b->mem, "%s: %s hör inte till någon i katalogen", name,
					     text_many(w->b->mem, (long long)w->strangers.words.count, "konto", "konton")) };
	if (inactive)
		*arena_push(w->b->scratch, &w->b->findings) = (struct finding){ .kind = "account-inactive", .system = w->system->id,
			.text = arena_print(w->b->mem, "%s: %lld avstängda konton räknas inte som åtkomst", name, inactive) };
}

static int
read_system(struct builder *b, const struct system *system, struct error *err)
{
	static const char *const words[] = { [MATCH_ACCOUNT] = "account", [MATCH_MAIL] = "mail", [MATCH_EMPLOYEE] = "employeeID" };
	const struct accounts *from = &system->accounts;
	struct directory *as = arena_new(b->scratch, struct directory);
	struct work w = { .b = b, .system = system };
	struct listing listing = { 0 };
	struct called called = { 0 };
	struct error trouble = { 0 };
	int rc;

	*as = (struct directory){ .base = arena_print(b->scratch, "o=%s,o=accounts", system->id), .schema = SCHEMA_RFC2307BIS };
	if (build_source(b, as, from->csv ? from->csv : from->scim, err) < 0)
		return -1;
	b->at->list = true;
	build_certify(b, json_pack("{s:s, s:s}", "system", system->id, "match", words[from->match]));
	intern_open(&w.roles, b->scratch);
	intern_open(&w.strangers, b->scratch);
	rc = from->csv ? read_table(b->scratch, from, &listing, &trouble) : scim_read(b->scratch, from, &listing, &trouble);
	if (rc == 0)
		learn_people(b, from->match, &called);
	for (size_t i = 0; rc == 0 && i < listing.rows.count; i++)
		rc = add_row(&w, &called, &listing.rows.items[i], &trouble);
	if (rc < 0)
		return trouble.kind == ERROR_STOPPED ? error_set(err, ERROR_STOPPED, "%s", trouble.text) : doubt_all(&w, trouble.text, err);
	lay_members(&w);
	tell(&w, listing.inactive);
	return 0;
}

int
accounts_read(struct builder *b, struct error *err)
{
	for (size_t i = 0; i < b->rules->system_count; i++) {
		const struct system *s = &b->rules->systems[i];

		if ((s->accounts.csv || s->accounts.scim) && read_system(b, s, err) < 0)
			return error_in(err, "reading the accounts of '%s'", s->id);
	}
	return 0;
}
