/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rows.c - proposals as an owner sees them: grouped by role or series, each with what it rests on. */
#include "decide_p.h"

#include <behov/json.h>

/* ------------------------------------------------------------------ texts */

/* U+061C, U+200E-F, U+202A-E, U+2066-9: they turn the direction of what stands around them. */
static size_t
bidi_mark(const char *s)
{
	const unsigned char *b = (const unsigned char *)s;

	if (b[0] == 0xd8 && b[1] == 0x9c)
		return 2;
	if (b[0] != 0xe2)
		return 0;
	if (b[1] == 0x80 && (b[2] == 0x8e || b[2] == 0x8f || (b[2] >= 0xaa && b[2] <= 0xae)))
		return 3;
	return b[1] == 0x81 && b[2] >= 0xa6 && b[2] <= 0xa9 ? 3 : 0;
}

void
rows_put(json_t *object, const char *key, const char *text)
{
	struct text clean;
	size_t mark;

	if (!text) {
		json_put(object, key, NULL);
		return;
	}
	text_open(&clean, 64 * 1024);
	for (const char *p = text; *p; p += mark ? mark : 1) {
		mark = bidi_mark(p);
		if (mark)
			text_add(&clean, "\xef\xbf\xbd");
		else
			text_char(&clean, *p);
	}
	json_put(object, key, clean.data);
	text_close(&clean);
}

/* What a person calls a group: the first value of its DN, "CN=APP-X,OU=…" -> "APP-X". */
static const char *
dn_name(struct arena *mem, const char *dn)
{
	const char *equals = dn ? strchr(dn, '=') : NULL;
	size_t len = 0;

	if (!equals)
		return dn;
	for (equals++; equals[len] && equals[len] != ','; len++)
		if (equals[len] == '\\' && equals[len + 1])
			len++;
	return arena_copy(mem, equals, len);
}

static const char *
system_name(const struct rules *rules, const char *id)
{
	const struct system *s = id ? rules_system(rules, id) : NULL;

	return s && s->name ? s->name : id ? id : "";
}

static const char *
role_name(const struct rules *rules, const char *system, const char *id)
{
	const struct role *role = system && id ? rules_role(rules, system, id) : NULL;

	return role && role->name ? role->name : id ? id : "";
}

static const char *
series_name(const struct rules *rules, const char *id)
{
	const struct series *s = id ? rules_series(rules, id) : NULL;

	return s && s->name ? s->name : id ? id : "";
}

static const char *
share_name(const struct rules *rules, const char *id)
{
	const struct share *s = id ? rules_share(rules, id) : NULL;

	return s && s->name ? s->name : id ? id : "";
}

static const char *
person_name(const struct proposal *p)
{
	return p->display && *p->display ? p->display : p->account ? p->account : "";
}

/* A series without batches has one proposal for each day on which something is due. */
static const char *
batch_name(const struct request *r, const struct proposal *p)
{
	if (p->batch && *p->batch)
		return p->batch;
	return arena_print(r->mem, p->kind == KIND_DELIVER ? say(r, "%s att lämna från %s") : say(r, "%s att gallra från %s"),
			   series_name(r->server->rules, p->series), p->due == DAY_NONE ? "" : day_text(r->mem, p->due));
}

static const char *
files_text(const struct request *r, long long files)
{
	return arena_print(r->mem, files == 1 ? say(r, "%s fil") : say(r, "%s filer"), text_count(r->mem, files));
}

const char *
rows_name(const struct request *r, const struct proposal *p)
{
	const struct rules *rules = r->server->rules;
	struct arena *mem = r->mem;

	switch (p->kind) {
	case KIND_REMOVE_MEMBER:
		return arena_print(mem, say(r, "%s – %s i %s"), person_name(p), role_name(rules, p->system, p->role),
				   system_name(rules, p->system));
	case KIND_CUT_NESTING:
		return arena_print(mem, say(r, "Gruppen %s – %s i %s"), dn_name(mem, p->member),
				   role_name(rules, p->system, p->role), system_name(rules, p->system));
	case KIND_DESTROY:
	case KIND_DELIVER:
		break;
	}
	return arena_print(mem, "%s – %s", batch_name(r, p), files_text(r, p->files));
}

/* ------------------------------------------------------------------ what it rests on */

static const char *const clause_keys[] = { "text", "why", "by", "since", "rule" };
static const char *const decision_keys[] = { "dnr", "date", "body" };

/* A copy with exactly these keys, so that a template finds each of them; NULL when nothing is written. */
static json_t *
pick(const json_t *from, const char *const *keys, size_t count)
{
	json_t *o = json_object();

	for (size_t i = 0; i < count; i++)
		rows_put(o, keys[i], json_text(from, keys[i]));
	return o;
}
#define PICK(from, keys) pick((from), (keys), sizeof(keys) / sizeof(*(keys)))

static json_t *
clauses(const struct proposal *p)
{
	const json_t *list = json_object_get(p->evidence, "clauses");
	json_t *out = json_array();

	for (size_t i = 0; i < json_array_size(list); i++)
		json_array_append_new(out, PICK(json_array_get(list, i), clause_keys));
	return out;
}

static const char *
moment(struct arena *mem, const char *text)
{
	int64_t at;

	return text && clock_parse(text, &at) == 0 ? day_text(mem, clock_day(at)) : NULL;
}

static json_t *
names(struct arena *mem, const char *const *dns, int count)
{
	json_t *out = json_array();

	for (int i = 0; i < count; i++) {
		json_t *one = json_object();
		rows_put(one, "name", dn_name(mem, dns[i]));
		rows_put(one, "dn", dns[i]);
		json_object_set_new(one, "more", json_boolean(i + 1 < count));
		json_array_append_new(out, one);
	}
	return out;
}

static json_t *
also(struct request *r, const struct proposal *p)
{
	json_t *out = json_array();

	for (int i = 0; i < p->also_count; i++) {
		const char *slash = strchr(p->also[i], '/');
		const char *system = slash ? arena_copy(r->mem, p->also[i], (size_t)(slash - p->also[i])) : p->also[i];
		json_t *one = json_object();
		rows_put(one, "text", arena_print(r->mem, say(r, "%s i %s"),
						  role_name(r->server->rules, system, slash ? slash + 1 : ""),
						  system_name(r->server->rules, system)));
		json_array_append_new(out, one);
	}
	return out;
}

static json_t *
access_json(struct request *r, const struct proposal *p)
{
	const json_t *person = json_object_get(p->evidence, "person");
	json_t *o = json_object();

	rows_put(o, "account", p->account);
	json_object_set_new(o, "nesting", json_boolean(p->kind == KIND_CUT_NESTING));
	rows_put(o, "accounts", text_count(r->mem, p->accounts));
	rows_put(o, "title", json_text(person, "title"));
	rows_put(o, "department", json_text(person, "department"));
	rows_put(o, "manager", dn_name(r->mem, json_text(person, "manager")));
	json_object_set_new(o, "disabled", json_boolean(json_is_true(json_object_get(person, "disabled"))));
	rows_put(o, "last_logon", moment(r->mem, json_text(p->evidence, "last_logon")));
	rows_put(o, "days", arena_print(r->mem, "%lld", json_number(p->evidence, "last_logon_days", 14)));
	rows_put(o, "added", moment(r->mem, json_text(p->evidence, "added")));
	rows_put(o, "group", dn_name(r->mem, p->group));
	rows_put(o, "dn", p->group);
	json_object_set_new(o, "path", names(r->mem, p->path, p->path_count));
	json_object_set_new(o, "long", json_boolean(p->path_count > 1));
	json_object_set_new(o, "also", also(r, p));
	json_object_set_new(o, "more", json_boolean(p->also_count > 0));
	json_object_set_new(o, "by_hand", json_boolean(p->by_hand));
	return o;
}

/* The other series that match the files of a batch: those that lost. */
static void
put_others(struct request *r, json_t *o, const struct proposal *p)
{
	const json_t *others = json_object_get(p->evidence, "others");
	long long more = json_number(p->evidence, "others_more", 0);
	json_t *list = json_array();

	for (size_t i = 0; i < json_array_size(others); i++) {
		const json_t *other = json_array_get(others, i);
		long long files = json_number(other, "files", 0);
		json_t *one = json_object();
		rows_put(one, "series", json_text(other, "name"));
		rows_put(one, "why", json_text(other, "why"));
		rows_put(one, "files", files_text(r, files));
		json_array_append_new(list, one);
	}
	json_object_set_new(o, "some_others", json_boolean(json_array_size(list) > 0));
	json_object_set_new(o, "others", list);
	rows_put(o, "others_more", more > 0 ? text_count(r->mem, more) : NULL);
}

json_t *
rows_files(struct request *r, const struct proposal *p)
{
	const json_t *sample = json_object_get(p->evidence, "sample");
	const char *oldest = json_text(p->evidence, "oldest"), *newest = json_text(p->evidence, "newest");
	json_t *o = json_object(), *list = json_array();

	for (size_t i = 0; i < json_array_size(sample); i++) {
		json_t *one = json_object();
		rows_put(one, "path", json_string_value(json_array_get(sample, i)));
		json_array_append_new(list, one);
	}
	rows_put(o, "batch", p->batch && *p->batch ? p->batch : NULL);
	rows_put(o, "count", text_count(r->mem, p->files));
	rows_put(o, "size", text_size_in(r->mem, r->language, p->bytes));
	rows_put(o, "due", day_text(r->mem, p->due));
	rows_put(o, "calculation", json_text(p->evidence, "calculation"));
	rows_put(o, "oldest", oldest);
	rows_put(o, "until", oldest && newest && strcmp(oldest, newest) != 0 ? newest : NULL);
	rows_put(o, "shown", text_count(r->mem, (long long)json_array_size(list)));
	json_object_set_new(o, "sampled", json_boolean(json_array_size(list) > 0));
	json_object_set_new(o, "sample", list);
	json_object_set_new(o, "listed", json_boolean(p->manifest != NULL));
	put_others(r, o, p);
	return o;
}

/* ------------------------------------------------------------------ who has said what */

static const char *
verdict_text(const struct request *r, const char *word)
{
	static const char *const text[] = { N_("Godkänn"), N_("Behåll"), N_("Ångra") };

	for (int i = 0; word && verdict_word[i]; i++)
		if (strcmp(verdict_word[i], word) == 0)
			return say(r, text[i]);
	return NULL;
}

/* "Anna Berg", "Anna Berg eller Eva Lind": those whose turn it was first. */
static const char *
seat_names(const struct request *r, const struct proposal *p, int seat)
{
	const char *names = "";

	for (int late = 0; late < 2; late++)
		for (size_t i = 0; i < p->approvers.count; i++) {
			const struct approver *a = &p->approvers.items[i];

			if (a->seat == seat && (a->waited > 0) == late)
				names = arena_print(r->mem, "%s%s%s", names, *names ? say(r, " eller ") : "", a->display ? a->display : a->name);
		}
	return names;
}

/* An answer of whoever sits in `few` is one in `many`, too. */
static bool
is_within(const struct proposal *p, int few, int many)
{
	for (size_t i = 0; i < p->approvers.count; i++) {
		bool also = false;

		for (size_t k = 0; k < p->approvers.count; k++)
			also |= p->approvers.items[k].seat == many && strcmp(p->approvers.items[k].key, p->approvers.items[i].key) == 0;
		if (p->approvers.items[i].seat == few && !also)
			return false;
	}
	return true;
}

/* Is it said by another seat already: one within it, or the first of those that are alike? */
static bool
is_said(const struct proposal *p, int seat)
{
	for (size_t i = 0; i < p->approvers.count; i++) {
		int other = p->approvers.items[i].seat;

		if (other != seat && is_within(p, other, seat) && (other < seat || !is_within(p, seat, other)))
			return true;
	}
	return false;
}

/* Does more than one person sit in a seat? */
static bool
is_shared(const struct proposal *p)
{
	for (size_t i = 0; i < p->approvers.count; i++)
		for (size_t k = 0; k < i; k++)
			if (p->approvers.items[i].seat == p->approvers.items[k].seat)
				return true;
	return false;
}

/* "2 personer måste godkänna: Anna Berg, Eva Lind eller Per Ek."  A seat that nobody fills is counted, too. */
static const char *
needs_text(const struct request *r, const struct proposal *p)
{
	const char *names = "";
	int seats = 0, most = 0;

	for (size_t i = 0; i < p->approvers.count; i++)
		most = p->approvers.items[i].seat > most ? p->approvers.items[i].seat : most;
	for (int seat = 0; seat <= most; seat++) {
		const char *who = seat_names(r, p, seat);

		if (!*who || is_said(p, seat))
			continue;
		names = arena_print(r->mem, "%s%s%s", names, seats ? ", " : "", who);
		seats++;
	}
	if (seats < 2 && p->needs < 2)
		return is_shared(p) ? arena_print(r->mem, say(r, "Det räcker att en godkänner: %s."), names) : NULL;
	if (!seats)
		return arena_print(r->mem, say(r, "%d personer måste godkänna."), p->needs);
	return arena_print(r->mem, say(r, "%d personer måste godkänna: %s."), p->needs > seats ? p->needs : seats, names);
}

/* "Även Per Ek och Sam Ordnare tillfrågas." */
static const char *
others_asked(struct request *r, const struct proposal *p)
{
	const char *names = "";
	int left = 0;

	for (size_t i = 0; i < p->approvers.count; i++)
		left += p->approvers.items[i].waited && strcmp(p->approvers.items[i].key, r->letter.key) != 0 &&
			!(i && strcmp(p->approvers.items[i - 1].key, p->approvers.items[i].key) == 0);
	for (size_t i = 0; i < p->approvers.count; i++) {
		const struct approver *a = &p->approvers.items[i];

		if (!a->waited || strcmp(a->key, r->letter.key) == 0 || (i && strcmp(a[-1].key, a->key) == 0))
			continue;
		left--;
		names = arena_print(r->mem, "%s%s%s", names, !*names ? "" : left ? ", " : say(r, " och "), a->display ? a->display : a->name);
	}
	return *names ? arena_print(r->mem, say(r, "Även %s tillfrågas nu."), names) : NULL;
}

/* Nobody has answered for so long that others are asked, too. */
static void
put_late(struct request *r, json_t *row, const struct asked *a)
{
	rows_put(row, "late", a->late ? arena_print(r->mem, say(r, "Inget svar på %d dagar"), a->late) : NULL);
	rows_put(row, "others", a->late ? others_asked(r, &a->s->p) : NULL);
}

static void
put_approvals(struct request *r, json_t *row, const struct asked *a)
{
	const struct proposal *p = &a->s->p;
	json_t *list = json_array();

	for (size_t i = 0; i < a->approved.count; i++) {
		json_t *one = json_object();
		rows_put(one, "name", a->approved.items[i]);
		json_array_append_new(list, one);
	}
	rows_put(row, "needs", needs_text(r, p));
	json_object_set_new(row, "approved_some", json_boolean(a->approved.count > 0));
	json_object_set_new(row, "approved", list);
	json_put(row, "pending", verdict_text(r, a->pending));
	json_object_set_new(row, "refused", json_boolean(a->refused && !a->pending));
	json_object_set_new(row, "may", json_boolean(a->may != 0));
	json_object_set_new(row, "may_approve", json_boolean(a->may & MAY(VERDICT_APPROVE)));
	json_object_set_new(row, "may_undo", json_boolean(a->may & MAY(VERDICT_UNDO)));
	rows_put(row, "go", a->s->state == STATE_SCHEDULED ? day_text(r->mem, clock_day(a->s->go_at)) : NULL);
}

/* What was typed comes back as it was typed; a choice about another version does not. */
static void
put_choice(const struct request *r, json_t *row, const struct choice *c, const struct asked *a)
{
	bool made = c && c->made && strcmp(c->version, a->s->p.version) == 0 && (a->may & MAY(c->verdict));

	json_object_set_new(row, "none", json_boolean(!made));
	json_object_set_new(row, "approve", json_boolean(made && c->verdict == VERDICT_APPROVE));
	json_object_set_new(row, "keep", json_boolean(made && c->verdict == VERDICT_KEEP));
	json_object_set_new(row, "undo", json_boolean(made && c->verdict == VERDICT_UNDO));
	json_put(row, "verdict", made ? verdict_word[c->verdict] : "");
	json_put(row, "reason", c ? c->reason : "");
	json_put(row, "until", c ? c->until_text : "");
	json_put(row, "problem", c ? say(r, c->problem) : NULL);
	json_object_set_new(row, "bad_reason", json_boolean(c && c->problem && c->field == 'r'));
	json_object_set_new(row, "bad_until", json_boolean(c && c->problem && c->field == 'u'));
}

/* ------------------------------------------------------------------ rows and groups */

static json_t *
row_json(struct request *r, const struct view *view, const struct asked *a)
{
	json_t *row = json_object();
	const struct stored *s = a->s;
	const struct proposal *p = &s->p;
	bool files = p->kind == KIND_DESTROY || p->kind == KIND_DELIVER;

	rows_put(row, "id", s->id);
	rows_put(row, "version", p->version);
	rows_put(row, "name", files ? batch_name(r, p)
			      : p->kind == KIND_CUT_NESTING ? dn_name(r->mem, p->member) : person_name(p));
	rows_put(row, "full", rows_name(r, p));
	rows_put(row, "why", p->why);
	rows_put(row, "rule", place_text(r->mem, p->rule));
	rows_put(row, "opened", day_text(r->mem, clock_day(s->opened)));
	json_object_set_new(row, "access", files ? json_null() : access_json(r, p));
	json_object_set_new(row, "files", files ? rows_files(r, p) : json_null());
	put_choice(r, row, view_choice(view, s->id), a);
	put_approvals(r, row, a);
	put_late(r, row, a);
	return row;
}

static void
group_files(struct request *r, json_t *g, const struct proposal *p)
{
	const json_t *decision = json_object_get(p->evidence, "decision");
	const struct conf *conf = &r->server->rules->conf;

	rows_put(g, "heading", arena_print(r->mem, p->kind == KIND_DESTROY ? say(r, "Gallra: %s") : say(r, "Leverera till arkivet: %s"),
					   series_name(r->server->rules, p->series)));
	rows_put(g, "place", share_name(r->server->rules, p->share));
	json_object_set_new(g, "decision", json_text(decision, "dnr") ? PICK(decision, decision_keys) : json_null());
	rows_put(g, "law", json_text(p->evidence, "law"));
	rows_put(g, "quarantine", arena_print(r->mem, "%d", conf->quarantine_days));
	rows_put(g, "grace", arena_print(r->mem, "%d", conf->grace.file_days));
}

static void
group_access(struct request *r, json_t *g, const struct proposal *p)
{
	rows_put(g, "heading", arena_print(r->mem, p->kind == KIND_CUT_NESTING ? say(r, "Ta bort behörighet för hela grupper: %s i %s")
								       : say(r, "Ta bort behörighet: %s i %s"),
					   role_name(r->server->rules, p->system, p->role),
					   system_name(r->server->rules, p->system)));
	rows_put(g, "place", NULL);
	json_object_set_new(g, "decision", json_null());
	rows_put(g, "law", NULL);
	rows_put(g, "quarantine", NULL);
	rows_put(g, "grace", arena_print(r->mem, "%d", r->server->rules->conf.grace.access_days));
}

static json_t *
group_json(struct request *r, const char *key, const struct stored *s)
{
	const struct proposal *p = &s->p;
	json_t *g = json_object(), *needs = clauses(p);
	bool files = p->kind == KIND_DESTROY || p->kind == KIND_DELIVER;

	json_put(g, "key", key);
	json_object_set_new(g, "scheduled", json_boolean(s->state == STATE_SCHEDULED));
	json_object_set_new(g, "destroy", json_boolean(p->kind == KIND_DESTROY));
	json_object_set_new(g, "deliver", json_boolean(p->kind == KIND_DELIVER));
	json_object_set_new(g, "access", json_boolean(!files));
	rows_put(g, "rule", place_text(r->mem, p->rule));
	rows_put(g, "as", seats_as(r->mem, p, r->letter.key));
	json_object_set_new(g, "needed", json_boolean(json_array_size(needs) > 0));
	json_object_set_new(g, "clauses", needs);
	if (files)
		group_files(r, g, p);
	else
		group_access(r, g, p);
	json_put(g, "reason", form_get(&r->form, arena_print(r->mem, "gr-%s", key)));
	json_put(g, "until", form_get(&r->form, arena_print(r->mem, "gu-%s", key)));
	json_object_set_new(g, "rows", json_array());
	return g;
}

static json_t *
find_group(json_t *groups, const char *key)
{
	for (size_t i = 0; i < json_array_size(groups); i++)
		if (strcmp(json_text(json_array_get(groups, i), "key"), key) == 0)
			return json_array_get(groups, i);
	return NULL;
}

/* The clauses stand once for a group; a row that was judged by others shows its own. */
static void
put_own_clauses(json_t *row, json_t *group, const struct proposal *p)
{
	json_t *own = clauses(p);
	bool same = json_equal(own, json_object_get(group, "clauses"));

	json_object_set_new(row, "own", json_boolean(!same));
	json_object_set_new(row, "clauses", own);
}

/* A bulk button is worth its place from two rows that can be answered with it. */
static void
put_counts(struct arena *mem, json_t *group)
{
	const json_t *rows = json_object_get(group, "rows");
	size_t free_rows = 0, keeps = 0;

	for (size_t i = 0; i < json_array_size(rows); i++) {
		free_rows += json_is_true(json_object_get(json_array_get(rows, i), "may_approve"));
		keeps += json_is_true(json_object_get(json_array_get(rows, i), "keep"));
	}
	json_object_set_new(group, "bulk", json_boolean(free_rows > 1));
	json_object_set_new(group, "keeps", json_boolean(keeps > 0));
	json_put(group, "count", arena_print(mem, "%zu", json_array_size(rows)));
	json_put(group, "left", free_rows ? arena_print(mem, "%zu", free_rows) : NULL);
}

static void
add_row(struct request *r, const struct view *view, const struct asked *a, json_t *groups)
{
	const char *key = choice_group(r->mem, a->s);
	json_t *group = find_group(groups, key), *row;

	if (!group) {
		group = group_json(r, key, a->s);
		json_array_append_new(groups, group);
	}
	row = row_json(r, view, a);
	put_own_clauses(row, group, &a->s->p);
	json_array_append_new(json_object_get(group, "rows"), row);
}

/* What waits comes before what is answered, in each group and among the groups. */
json_t *
rows_groups(struct request *r, const struct view *view)
{
	json_t *groups = json_array();

	for (int answered = 0; answered < 2; answered++)
		for (size_t i = 0; i < view->rows.count; i++) {
			const struct asked *a = &view->rows.items[i];

			if (a->shown && answered == !(a->may & MAY(VERDICT_APPROVE)))
				add_row(r, view, a, groups);
		}
	for (size_t i = 0; i < json_array_size(groups); i++)
		put_counts(r->mem, json_array_get(groups, i));
	return groups;
}
