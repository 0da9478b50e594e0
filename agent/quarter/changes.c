/* SPDX-License-Identifier: GPL-3.0-or-later */
/* changes.c - what changed around the reviews: rules, owners, brakes, who looks after behov; and what the nights remark on. */
#include "quarter_p.h"

#define RULES_MOST 40                   /* changes of rules on the page */
#define FINDINGS_MOST 100

/* ------------------------------------------------------------------ findings */

static const struct document_column finding_columns[] = {
	{ "kind", "Slag", CELL_TEXT }, { "system", "System", CELL_TEXT }, { "role", "Roll", CELL_TEXT }, { "series", "Serie", CELL_TEXT },
	{ "share", "Yta", CELL_TEXT }, { "text", "Iakttagelse", CELL_TEXT }, { "since", "Sedan", CELL_DAY }, { "days", "Dagar", CELL_NUMBER },
};

/* What the policy demands of each system: those come first. */
static const char *const demanded[] = { "system-without-owner", "system-without-class", "critical-without-analysis", "series-without-decision" };

static bool
is_demanded(const char *kind)
{
	for (size_t i = 0; i < sizeof(demanded) / sizeof(*demanded); i++)
		if (strcmp(kind, demanded[i]) == 0)
			return true;
	return false;
}

static void
put_finding(struct quarter *q, const struct noted *n, struct kept_rows *rows, json_t *page)
{
	const struct finding *f = &n->finding;
	const char *text = straight(q->mem, f->text ? f->text : f->kind);
	json_t *o;

	rows_add(rows, (const char *[]){ f->kind, straight(q->mem, f->system), straight(q->mem, f->role), straight(q->mem, f->series),
					 straight(q->mem, f->share), text, day_of(q->mem, n->first_seen), number_text(q->mem, days_since(q, n->first_seen)) });
	tell_system(q, f->system, TOLD_FINDINGS, text, arena_print(q->mem, "sedan %s", day_of(q->mem, n->first_seen)));
	if (json_array_size(page) >= FINDINGS_MOST)
		return;
	o = json_object();
	json_put(o, "text", text);
	json_put(o, "since", day_of(q->mem, n->first_seen));
	json_object_set_new(o, "demanded", json_boolean(is_demanded(f->kind)));
	json_array_append_new(page, o);
}

struct lacks { long long owner, class, analysis; };

/* As the last night of the quarter found it. */
static struct lacks
lacks_then(const struct quarter *q)
{
	struct lacks l = { 0 };

	for (size_t i = 0; i < q->now.findings.count; i++) {
		const char *kind = q->now.findings.items[i].finding.kind;

		l.owner += strcmp(kind, "system-without-owner") == 0;
		l.class += strcmp(kind, "system-without-class") == 0;
		l.analysis += strcmp(kind, "critical-without-analysis") == 0;
	}
	return l;
}

/* As the rules are now, so that it is told even when no night has gone by them yet. */
static struct lacks
lacks_now(const struct quarter *q)
{
	const struct rules *r = q->in->rules;
	struct lacks l = { 0 };

	for (size_t i = 0; i < r->system_count; i++) {
		const struct system *s = &r->systems[i];

		if (!is_mine(q, s->id, NULL, NULL))
			continue;
		l.owner += !s->owner || !*s->owner;
		l.class += s->class.konfidentialitet < 0 || s->class.riktighet < 0 || s->class.tillganglighet < 0;
		l.analysis += s->critical && (!s->analysis || !*s->analysis);
	}
	return l;
}

static void
conclude_policy(struct quarter *q)
{
	bool then = !q->span.so_far && q->last && q->past_since <= q->last->night->started;
	struct lacks l = then ? lacks_then(q) : lacks_now(q);
	long long owner = l.owner, class = l.class, analysis = l.analysis;

	put_number(q->page, "without_owner", owner);
	put_number(q->page, "without_class", class);
	put_number(q->page, "without_analysis", analysis);
	if (owner)
		conclude(q, "red", arena_print(q->mem, "%s system saknar ägare.", text_count(q->mem, owner)), "Ingen kan besluta om vem som behöver dem.",
			 "#iakttagelser");
	if (class)
		conclude(q, "red", arena_print(q->mem, "%s system saknar klassning.", text_count(q->mem, class)),
			 "Då går det inte att säga hur känsliga de är, och de hanteras som känsliga.", "#iakttagelser");
	if (analysis)
		conclude(q, "red", many(q->mem, analysis, "samhällsviktigt system saknar säkerhetsanalys.", "samhällsviktiga system saknar säkerhetsanalys."), NULL,
			 "#iakttagelser");
}

int
put_findings(struct quarter *q, struct error *err)
{
	struct kept_rows *rows = rows_keep(q, "findings", "Iakttagelser", COLUMNS(finding_columns));
	json_t *page = put_list(q->page, "findings");
	size_t count = q->now.findings.count;

	(void)err;
	json_put(q->page, "findings_night", q->last ? clock_local(q->mem, q->last->night->started) : NULL);
	json_put(q->page, "past_since", q->last && q->past_since > q->last->night->started ? day_of(q->mem, q->past_since) : NULL);
	for (int first = 1; first >= 0; first--)
		for (size_t i = 0; i < count; i++)
			if (is_demanded(q->now.findings.items[i].finding.kind) == (first == 1))
				put_finding(q, &q->now.findings.items[i], rows, page);
	json_put(q->page, "findings_more", count > FINDINGS_MOST ? text_count(q->mem, (long long)count - FINDINGS_MOST) : NULL);
	conclude_policy(q);
	return 0;
}

/* ------------------------------------------------------------------ rules */

/* "system:treserva" in scope, as people call it; NULL: out of scope. */
static const char *
part_name(const struct quarter *q, const char *part)
{
	const char *id = strchr(part, ':');

	if (!id)
		return NULL;
	id++;
	if (strncmp(part, "system:", 7) == 0)
		return is_mine(q, id, NULL, NULL) ? system_name(q, id) : NULL;
	return is_mine(q, NULL, id, NULL) ? series_name(q, id) : NULL;
}

#define PARTS_MOST ((size_t)16 << 20)   /* bytes */

/* Which parts of the rules are others, new or gone; NULL: none in scope. */
static const char *
parts_changed(const struct quarter *q, json_t *was, json_t *is)
{
	const char *part, *name, *out;
	struct text all;
	json_t *digest;

	text_open(&all, PARTS_MOST);
	json_object_foreach(is, part, digest)
		if ((name = part_name(q, part)) && !json_equal(json_object_get(was, part), digest))
			text_print(&all, "%s%s%s", all.len ? ", " : "", name, json_object_get(was, part) ? "" : " (ny)");
	json_object_foreach(was, part, digest)
		if ((name = part_name(q, part)) && !json_object_get(is, part))
			text_print(&all, "%s%s (borta)", all.len ? ", " : "", name);
	out = all.len ? arena_copy(q->mem, all.data, all.len) : NULL;
	text_close(&all);
	return out;
}

static void
add_change(struct quarter *q, json_t *rows, const struct night *night, const char *what)
{
	json_t *o = json_object();

	json_put(o, "day", day_of(q->mem, night->started));
	json_put(o, "what", what);
	json_put(o, "digest", night->rules ? arena_print(q->mem, "%.16s", night->rules) : NULL);
	json_array_append_new(rows, o);
}

/* Night by night: a digest that is another; of which parts the first night by them has noted. */
static void
put_rules(struct quarter *q, json_t *out)
{
	json_t *rows = put_list(out, "rules"), *known = NULL;
	long long count = 0;

	for (size_t i = 0; i < q->facts.count; i++) {
		const struct night *n = q->facts.items[i].night, *before = i ? q->facts.items[i - 1].night : NULL;
		json_t *now = json_object_get(json_object_get(q->facts.items[i].summary, "review"), "rules");
		bool other = before && n->rules && before->rules && strcmp(n->rules, before->rules) != 0;
		const char *what = !known || !json_is_object(now) ? "inte noterat vilka" : parts_changed(q, known, now);

		if (other && !what && is_whole(q))
			what = "inställningar och annat som inte är system eller serier";
		if (other && what && (is_whole(q) || known) && ++count <= RULES_MOST)
			add_change(q, rows, n, what);
		known = json_is_object(now) ? now : known;
	}
	put_number(out, "rules_count", count);
	if (count)
		conclude(q, "note", arena_print(q->mem, "Reglerna ändrades %s.", count == 1 ? "en gång" : arena_print(q->mem, "%s gånger", text_count(q->mem, count))),
			 NULL, "#regler");
}

/* ------------------------------------------------------------------ what the chain tells */

struct events {
	struct quarter *q;
	const char *from, *to;
	json_t *owners;
	json_t *brakes;                 /* scope -> [braked, released]; owned */
	long long restored, stops;      /* stops: of a whole directory or share, let go */
	long long late;                 /* answers of the quarter that were taken in only after its end */
	const char *late_last;          /* when the last of them was */
	struct error *err;
};

static bool
scope_is_mine(const struct quarter *q, const char *scope)
{
	const char *at = strchr(scope, '@');

	if (strncmp(scope, "system:", 7) == 0)
		return is_mine(q, scope + 7, NULL, NULL);
	if (strncmp(scope, "series:", 7) == 0 && at)
		return is_mine(q, NULL, arena_print(q->mem, "%.*s", (int)(at - scope - 7), scope + 7), at + 1);
	return is_whole(q);
}

static void
count_brake(struct events *e, const json_t *payload, bool released)
{
	const char *scope = json_text(payload, "scope");
	json_t *pair;

	if (!scope || !scope_is_mine(e->q, scope))
		return;
	pair = json_object_get(e->brakes, scope);
	if (!pair) {
		pair = json_pack("[i, i]", 0, 0);
		json_object_set_new(e->brakes, scope, pair);
	}
	json_array_set_new(pair, released, json_integer(json_integer_value(json_array_get(pair, released)) + 1));
}

static int
note_owner(struct events *e, const struct audit_row *row, const json_t *payload, struct error *err)
{
	struct quarter *q = e->q;
	int64_t at = INT64_MIN;
	const char *shown;
	json_t *o;

	if (!is_whole(q))
		return 0;
	if (store_shown(q->mem, q->in->store, json_text(payload, "name"), &shown, err) < 0)
		return -1;
	clock_parse(row->at, &at);
	o = json_object();
	json_put(o, "day", day_of(q->mem, at));
	json_put(o, "who", straight(q->mem, arena_text(q->mem, shown ? shown : "-")));
	json_array_append_new(e->owners, o);
	return 0;
}

static bool
is_told(const char *event)
{
	static const char *const told[] = { "owner-changed", "share-released", "shrink-released" };

	for (size_t i = 0; i < sizeof(told) / sizeof(*told); i++)
		if (strcmp(event, told[i]) == 0)
			return true;
	return strcmp(event, happening_word[PROPOSAL_BRAKED]) == 0 || strcmp(event, happening_word[PROPOSAL_RELEASED]) == 0 ||
	       strcmp(event, happening_word[PROPOSAL_RESTORED]) == 0;
}

/* Somebody answered in the quarter, and what takes answers in came only afterwards: a report that was made in between does not know of it. */
static int
take_late(struct events *e, const struct audit_row *row)
{
	struct arena *mem = e->q->mem;
	json_t *payload = NULL;
	const char *at;

	if (!row->payload || json_read(row->payload, strlen(row->payload), &payload, NULL) < 0)
		return 0;
	at = json_text(payload, "at");
	if (at && strcmp(at, e->from) >= 0 && strcmp(at, e->to) < 0 && mine_at(e->q, json_text(payload, "proposal")) >= 0) {
		e->late++;
		e->late_last = arena_text(mem, row->at);
	}
	json_decref(payload);
	return 0;
}

static int
take_event(void *self, const struct audit_row *row, struct error *err)
{
	struct events *e = self;
	json_t *payload = NULL;
	int rc = 0;

	if (strcmp(row->at, e->to) >= 0 && strcmp(row->event, "decision-taken") == 0)
		return take_late(e, row);
	if (strcmp(row->at, e->from) < 0 || strcmp(row->at, e->to) >= 0 || !is_told(row->event))
		return 0;
	if (row->payload && json_read(row->payload, strlen(row->payload), &payload, NULL) < 0)
		payload = NULL;
	if (strcmp(row->event, "owner-changed") == 0)
		rc = note_owner(e, row, payload, err);
	else if (strcmp(row->event, happening_word[PROPOSAL_RESTORED]) == 0)
		e->restored += mine_at(e->q, json_text(payload, "proposal")) >= 0;
	else if (strncmp(row->event, "proposal-", 9) == 0)
		count_brake(e, payload, strcmp(row->event, happening_word[PROPOSAL_RELEASED]) == 0);
	else
		e->stops += is_whole(e->q);
	json_decref(payload);
	return rc;
}

static void
put_brakes(struct events *e, json_t *out)
{
	json_t *rows = put_list(out, "brakes"), *pair;
	const char *scope;

	json_object_foreach(e->brakes, scope, pair)
		json_array_append_new(rows, json_pack("{s:s, s:O, s:O}", "scope", straight(e->q->mem, scope), "braked", json_array_get(pair, 0),
						      "released", json_array_get(pair, 1)));
}

static void
put_late(const struct events *e)
{
	struct quarter *q = e->q;
	int64_t last = INT64_MIN;

	json_put(q->page, "late_answers", NULL);
	if (!e->late || clock_parse(e->late_last, &last) < 0)
		return;
	json_put(q->page, "late_answers", arena_print(q->mem, "%s före kvartalets slut men togs in först därefter, senast %s: en rapport som gjordes dessförinnan "
						      "har inte med %s.", many(q->mem, e->late, "svar gavs", "svar gavs"), clock_local(q->mem, last),
						      e->late == 1 ? "det" : "dem"));
}

static int
put_events(struct quarter *q, json_t *out, struct error *err)
{
	struct events e = { .q = q, .from = clock_text(q->mem, q->span.from), .to = clock_text(q->mem, q->span.end), .owners = put_list(out, "owners"),
			    .brakes = json_object() };
	int rc = store_audit_each(q->in->store, 0, take_event, &e, err);

	put_brakes(&e, out);
	json_decref(e.brakes);
	put_number(out, "stops", e.stops);
	put_late(&e);
	put_number(json_object_get(q->page, "again"), "restored", e.restored);
	return rc;
}

/* ------------------------------------------------------------------ who looks after behov */

static int
add_duty(struct quarter *q, json_t *rows, const char *duty, const char *name, struct error *err)
{
	const char *shown;

	if (!name)
		return 0;
	if (store_shown(q->mem, q->in->store, name, &shown, err) < 0)
		return -1;
	json_array_append_new(rows, json_pack("{s:s, s:s}", "duty", duty, "who", straight(q->mem, shown)));
	return 0;
}

/* As the last night of the quarter kept them; false when it did not. */
static bool
duties_then(struct quarter *q, json_t *rows)
{
	const json_t *kept = q->last ? json_object_get(q->last->summary, "duties") : NULL, *one;
	size_t i;

	json_array_foreach(kept, i, one)
		json_array_append_new(rows, json_pack("{s:s, s:s}", "duty", json_text(one, "duty"), "who", straight(q->mem, json_text(one, "who"))));
	return json_is_array(kept);
}

static int
put_administrators(struct quarter *q, json_t *out, struct error *err)
{
	const struct conf *c = &q->in->rules->conf;
	json_t *rows = put_list(out, "administrators"), *all = NULL, *one;
	bool then = is_whole(q) && duties_then(q, rows);
	const char *text = NULL;
	int rc = 0;

	json_object_set_new(out, "administrators_now", json_boolean(is_whole(q) && !then));
	if (!is_whole(q) || then)
		return 0;
	if (add_duty(q, rows, "samordnare", c->people.coordinator, err) < 0 || add_duty(q, rows, "arkivarie", c->people.archivist, err) < 0 ||
	    add_duty(q, rows, "registrator", c->people.registrar, err) < 0)
		return -1;
	for (int k = 0; k < c->people.administrator_count; k++)
		if (add_duty(q, rows, "administratör", c->people.administrators[k], err) < 0)
			return -1;
	if (store_get(q->mem, q->in->store, ADMINISTRATORS_VALUE, &text, err) < 0)
		return -1;
	if (text && json_read(text, strlen(text), &all, NULL) == 0)
		for (size_t i = 0; (one = json_array_get(all, i)) && rc == 0; i++)
			rc = add_duty(q, rows, "ser administratörernas sida", arena_text(q->mem, json_text(one, "name")), err);
	json_decref(all);
	return rc;
}

int
put_changes(struct quarter *q, struct error *err)
{
	json_t *out = json_object();

	json_object_set_new(q->page, "changes", out);
	json_object_set_new(out, "has_administrators", json_boolean(is_whole(q)));
	put_rules(q, out);
	return put_events(q, out, err) < 0 ? -1 : put_administrators(q, out, err);
}
