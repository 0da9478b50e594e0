/* SPDX-License-Identifier: GPL-3.0-or-later */
/* admin-facts.c - /status: findings and gaps, owners, holds, and letters that were not sent. */
#include "admin_p.h"

/* ------------------------------------------------------------------ findings and gaps */

static json_t *
gap_row(struct request *r, const struct missed *m)
{
	bool tell = admin_may_tell(r, &m->gap);
	json_t *row = json_object();

	json_object_set_new(row, "gap", json_true());
	rows_put(row, "kind", say(r, admin_gap_word(m->gap.what)));
	rows_put(row, "id", m->gap.id);
	rows_put(row, "path", tell ? m->gap.path : NULL);
	rows_put(row, "text", tell ? m->gap.text : say(r, ADMIN_UNNAMED));
	admin_age(r, row, m->first_seen);
	return row;
}

/* Findings can name people and accounts of a system. */
static bool
may_tell(struct request *r, const struct finding *f)
{
	const struct system *system = f->system ? rules_system(r->server->rules, f->system) : NULL;
	const struct share *share = f->share ? rules_share(r->server->rules, f->share) : NULL;

	return (!f->system || (system && admin_may_name(system->class.konfidentialitet))) &&
	       (!f->share || (share && admin_may_name(share->class.konfidentialitet)));
}

static json_t *
finding_row(struct request *r, const struct noted *n)
{
	const char *where = n->finding.system ? n->finding.system : n->finding.series ? n->finding.series : n->finding.share;
	json_t *row = json_object();

	json_object_set_new(row, "gap", json_false());
	rows_put(row, "kind", n->finding.kind);
	rows_put(row, "id", where);
	json_put(row, "path", NULL);
	rows_put(row, "text", may_tell(r, &n->finding) ? n->finding.text : say(r, ADMIN_UNNAMED));
	admin_age(r, row, n->first_seen);
	return row;
}

/* The gaps first: what could not be seen hides what else there is. */
int
admin_facts(struct request *r, struct error *err)
{
	json_t *data = admin_page(r, N_("Fynd och luckor"), "fynd"), *list = json_array();
	struct admin_rows rows;
	struct facts facts;

	json_object_set_new(data, "rows", list);
	if (store_facts(r->mem, r->server->store, &facts, err) < 0) {
		json_decref(data);
		return -1;
	}
	admin_count(r, data, "gaps", (long long)facts.gaps.count);
	admin_count(r, data, "findings", (long long)facts.findings.count);
	rows = admin_pager(r, data, "/status/fynd", "", facts.gaps.count + facts.findings.count);
	for (size_t i = rows.from; i < rows.to; i++)
		json_array_append_new(list, i < facts.gaps.count ? gap_row(r, &facts.gaps.items[i])
								 : finding_row(r, &facts.findings.items[i - facts.gaps.count]));
	json_object_set_new(data, "some", json_boolean(rows.to > 0));
	return page_render(r, 200, "admin-facts.html", data, err);
}

/* ------------------------------------------------------------------ owners */

struct owned { const char *kind, *name, *owner; const char **deputies; int deputy_count; };
struct owned_all { LIST(struct owned) list; };

static void
read_owned(struct request *r, struct owned_all *all)
{
	const struct rules *rules = r->server->rules;

	for (size_t i = 0; i < rules->system_count; i++) {
		const struct system *s = &rules->systems[i];
		*arena_push(r->mem, &all->list) = (struct owned){ N_("System"), s->name ? s->name : s->id, s->owner, s->deputies, s->deputy_count };
	}
	for (size_t i = 0; i < rules->share_count; i++) {
		const struct share *s = &rules->shares[i];
		*arena_push(r->mem, &all->list) = (struct owned){ N_("Lagringsyta"), s->name ? s->name : s->id, s->owner, s->deputies, s->deputy_count };
	}
	for (size_t i = 0; i < rules->series_count; i++) {
		const struct series *s = &rules->series[i];
		if (s->owner || s->deputy_count)        /* else the share's */
			*arena_push(r->mem, &all->list) = (struct owned){ N_("Serie"), s->name ? s->name : s->id, s->owner, s->deputies,
									  s->deputy_count };
	}
}

/* "anna.berg (sedan 2026-01-05)"; *problem where the night knows no such account, or another one than before. */
static int
put_person(struct request *r, json_t *row, const char *name, const char **problem, struct error *err)
{
	const char *shown = NULL;
	struct pin pin = { 0 };
	bool found = false;

	if (name && *name && (store_shown(r->mem, r->server->store, name, &shown, err) < 0 ||
			      store_pin(r->mem, r->server->store, name, &pin, &found, err) < 0))
		return -1;
	rows_put(row, "owner", shown);
	if (!shown)
		*problem = say(r, "Ägare saknas");
	else if (found && pin.changed != INT64_MIN && r->now - pin.changed < 7 * 86400)
		*problem = arena_print(r->mem, say(r, "Nytt konto eller ny adress %s"), day_text(r->mem, clock_day(pin.changed)));
	rows_put(row, "since", found ? day_text(r->mem, clock_day(pin.since)) : NULL);
	return 0;
}

static int
put_deputies(struct request *r, json_t *row, const struct owned *o, struct error *err)
{
	const char *all = NULL;

	for (int i = 0; i < o->deputy_count; i++) {
		const char *shown = NULL;
		if (store_shown(r->mem, r->server->store, o->deputies[i], &shown, err) < 0)
			return -1;
		all = arena_print(r->mem, "%s%s%s", all ? all : "", all ? ", " : "", shown ? shown : "");
	}
	rows_put(row, "deputies", all);
	return 0;
}

/* Findings that say that somebody could not be found, or is another one by now. */
static int
put_unresolved(struct request *r, json_t *data, struct error *err)
{
	static const char *const kinds[] = { "system-without-owner", "owner-changed", "owners-unknown", "owner-alone",
					     "nobody-to-ask", "second-person-missing" };
	json_t *list = json_array();
	struct facts facts;

	json_object_set_new(data, "unresolved", list);
	if (store_facts(r->mem, r->server->store, &facts, err) < 0)
		return -1;
	for (size_t i = 0; i < facts.findings.count && json_array_size(list) < ADMIN_ROWS; i++)
		for (size_t k = 0; k < sizeof(kinds) / sizeof(*kinds); k++)
			if (strcmp(facts.findings.items[i].finding.kind, kinds[k]) == 0)
				json_array_append_new(list, finding_row(r, &facts.findings.items[i]));
	json_object_set_new(data, "some_unresolved", json_boolean(json_array_size(list) > 0));
	return 0;
}

int
admin_owners(struct request *r, struct error *err)
{
	json_t *data = admin_page(r, N_("Ägare och ersättare"), "agare"), *list = json_array();
	struct owned_all all = { 0 };
	struct admin_rows rows;
	int rc = put_unresolved(r, data, err);

	read_owned(r, &all);
	rows = admin_pager(r, data, "/status/agare", "", all.list.count);
	for (size_t i = rows.from; i < rows.to && rc == 0; i++) {
		const struct owned *o = &all.list.items[i];
		const char *problem = NULL;
		json_t *row = json_object();

		json_array_append_new(list, row);
		rows_put(row, "kind", say(r, o->kind));
		rows_put(row, "name", o->name);
		rc = put_person(r, row, o->owner, &problem, err) < 0 || put_deputies(r, row, o, err) < 0 ? -1 : 0;
		rows_put(row, "trouble", problem);
	}
	json_object_set_new(data, "rows", list);
	if (rc == 0)
		return page_render(r, 200, "admin-owners.html", data, err);
	json_decref(data);
	return -1;
}

/* ------------------------------------------------------------------ holds and letters */

static json_t *
hold_row(struct request *r, const struct stored_hold *h)
{
	const struct share *share = h->hold.share ? rules_share(r->server->rules, h->hold.share) : NULL;
	bool tell = !h->hold.share || (share && admin_may_name(share->class.konfidentialitet));
	json_t *row = json_object();

	rows_put(row, "id", h->hold.id);
	rows_put(row, "share", h->hold.share ? share && share->name ? share->name : h->hold.share : say(r, "Alla lagringsytor"));
	rows_put(row, "path", !h->hold.path ? NULL : tell ? h->hold.path : say(r, ADMIN_UNNAMED));
	rows_put(row, "series", h->hold.series);
	rows_put(row, "case", !h->hold.case_name ? NULL : tell ? h->hold.case_name : say(r, ADMIN_UNNAMED));
	rows_put(row, "reason", tell ? h->hold.reason : say(r, ADMIN_UNNAMED));
	rows_put(row, "by", h->hold.by);
	rows_put(row, "set", day_text(r->mem, clock_day(h->set)));
	json_object_set_new(row, "rules", json_boolean(h->from_rules));
	return row;
}

int
admin_holds(struct request *r, struct error *err)
{
	json_t *data = admin_page(r, N_("Gallringsstopp"), "stopp"), *list = json_array();
	struct admin_rows rows;
	struct holds holds;

	json_object_set_new(data, "rows", list);
	if (store_holds(r->mem, r->server->store, false, &holds, err) < 0) {
		json_decref(data);
		return -1;
	}
	rows = admin_pager(r, data, "/status/stopp", "", holds.list.count);
	for (size_t i = rows.from; i < rows.to; i++)
		json_array_append_new(list, hold_row(r, &holds.list.items[i]));
	json_object_set_new(data, "some", json_boolean(holds.list.count > 0));
	return page_render(r, 200, "admin-holds.html", data, err);
}

static const char *
letter_word(const char *kind)
{
	static const char *const words[][2] = { { "digest", N_("Nya förslag") }, { "reminder", N_("Påminnelse") }, { "link", N_("Ny länk") },
						{ "receipt", N_("Kvitto") }, { "event", N_("Fråga om händelse") },
						{ "administrator", N_("Till administratör") } };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(words[i][0], kind) == 0)
			return words[i][1];
	return kind;
}

int
admin_letters(struct request *r, struct error *err)
{
	json_t *data = admin_page(r, N_("Brev som inte har skickats"), "brev"), *list = json_array();
	struct admin_rows rows;
	struct letters letters;

	json_object_set_new(data, "rows", list);
	if (store_letters_unsent(r->mem, r->server->store, &letters, err) < 0) {
		json_decref(data);
		return -1;
	}
	rows = admin_pager(r, data, "/status/brev", "", letters.list.count);
	for (size_t i = rows.from; i < rows.to; i++) {
		const struct letter *l = &letters.list.items[i];
		json_t *row = json_object();

		rows_put(row, "to", l->display ? l->display : l->name);
		rows_put(row, "mail", store_is_hidden(l->display) ? NULL : l->mail);
		rows_put(row, "kind", say(r, letter_word(l->kind)));
		rows_put(row, "why", l->problem ? l->problem : say(r, "Nästa natt skickar det."));
		admin_age(r, row, l->created);
		json_array_append_new(list, row);
	}
	json_object_set_new(data, "some", json_boolean(letters.list.count > 0));
	return page_render(r, 200, "admin-letters.html", data, err);
}
