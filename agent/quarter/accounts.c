/* SPDX-License-Identifier: GPL-3.0-or-later */
/* accounts.c - accounts to know about: of services, shared, privileged, for emergencies, of consultants, dormant, left behind. */
#include "quarter_p.h"

#define NAMES_MOST 20

static const struct document_column account_columns[] = {
	{ "kind", "Slag", CELL_TEXT }, { "account", "Konto", CELL_TEXT }, { "about", "Gäller", CELL_TEXT }, { "system", "System", CELL_TEXT }, { "role", "Roll", CELL_TEXT },
	{ "day", "Dag", CELL_DAY }, { "since", "Sedan", CELL_DAY }, { "note", "Anmärkning", CELL_TEXT },
};

static const struct { const char *title, *day, *tone, *one, *more, *detail; } kinds[MARKS] = {
	[MARK_SERVICE] = { .title = "Servicekonton" },
	[MARK_PRIVILEGED] = { .title = "Privilegierade konton" },
	[MARK_SHARED] = { "Delade konton", NULL, "note", "delat konto har behörighet.", "delade konton har behörighet.",
			  "Vem som använde dem går inte att säga i efterhand." },
	[MARK_BREAK_GLASS] = { .title = "Nödkonton" },
	[MARK_CONSULTANT] = { .title = "Konsulter", .day = "gäller till" },
	[MARK_TEMPORARY] = { .title = "Andra konton med slutdatum", .day = "gäller till" },
	[MARK_DORMANT] = { "Vilande konton", "senast inloggad", "act", "vilande konto har kvar sin behörighet.", "vilande konton har kvar sin behörighet.",
			   "De har inte använts så länge som rollen anger. Uppgiften kan släpa två veckor." },
	[MARK_DISABLED] = { "Avstängda konton som har behörighet", NULL, "note", "avstängt konto har kvar behörighet.",
			    "avstängda konton har kvar behörighet.", NULL },
	[MARK_EXPIRED] = { "Utgångna konton som har behörighet", "gällde till", "act", "konto har gått ut men har kvar behörighet.",
			   "konton har gått ut men har kvar behörighet.", NULL },
	[MARK_LEFT] = { "Konton för dem som har slutat", NULL, "red", "konto hör till någon som har slutat, och är inte avstängt.",
			"konton hör till några som har slutat, och är inte avstängda.", "Personalsystemet säger att anställningen är över." },
	[MARK_CONFLICT] = { "Behörigheter som inte får förenas", NULL, "red", "person har behörigheter som inte får förenas.",
			    "personer har behörigheter som inte får förenas.", "Reglerna säger att de inte ska finnas hos samma person." },
};

struct marked {
	struct quarter *q;
	struct kept_rows *rows;
	const char *last;               /* the key that was met last, of `kind` */
	enum mark_kind kind;
	long long count[MARKS], dateless[MARKS];
	const char *names[MARKS];
	int64_t night;
};

static void
count_account(struct marked *a, const struct stored_mark *m)
{
	struct quarter *q = a->q;

	if (a->last && a->kind == m->kind && strcmp(a->last, m->key) == 0)
		return;
	a->last = arena_text(q->mem, m->key);
	a->kind = m->kind;
	a->dateless[m->kind] += m->day == DAY_NONE;
	if (a->count[m->kind]++ < NAMES_MOST)
		a->names[m->kind] = arena_print(q->mem, "%s%s%s%s", a->names[m->kind] ? a->names[m->kind] : "", a->names[m->kind] ? ", " : "",
						straight(q->mem, m->account ? m->account : "-"),
						m->day == DAY_NONE ? m->kind == MARK_CONSULTANT ? " (inget slutdatum)" : ""
						: arena_print(q->mem, " (%s)", day_text(q->mem, m->day)));
}

/* Those that stood in the last night's picture. */
static int
take_mark(void *self, const struct stored_mark *m, struct error *err)
{
	struct marked *a = self;
	struct quarter *q = a->q;
	const char *account = straight(q->mem, arena_text(q->mem, m->account ? m->account : "-")), *day = day_text(q->mem, m->day);
	const char *system = arena_text(q->mem, m->system), *note = straight(q->mem, arena_text(q->mem, m->note));

	const char *about = *m->role ? arena_print(q->mem, "%s: %s", system_name(q, system), role_name(q, system, m->role)) : system_name(q, system);

	(void)err;
	if (m->first_seen > a->night || !(*m->system ? is_mine(q, m->system, NULL, NULL) : is_whole(q)))
		return 0;
	rows_add(a->rows, (const char *[]){ kinds[m->kind].title, account, *system ? about : NULL, *system ? system : NULL, *m->role ? arena_text(q->mem, m->role) : NULL, day,
					    day_of(q->mem, m->first_seen), note });
	count_account(a, m);
	if (m->kind != MARK_SERVICE && m->kind != MARK_PRIVILEGED && m->kind != MARK_TEMPORARY)
		tell_system(q, m->system, TOLD_ACCOUNTS, *m->role ? arena_print(q->mem, "%s: %s", role_name(q, m->system, m->role), account) : account,
			    note ? note : day ? arena_print(q->mem, "%s, %s %s", kinds[m->kind].title, kinds[m->kind].day ? kinds[m->kind].day : "", day)
			    : m->kind == MARK_CONSULTANT ? "Konsult utan slutdatum" : kinds[m->kind].title);
	return 0;
}

static void
conclude_accounts(struct quarter *q, const struct marked *a)
{
	for (int i = 0; i < MARKS; i++)
		if (a->count[i] && kinds[i].tone)
			conclude(q, kinds[i].tone, many(q->mem, a->count[i], kinds[i].one, kinds[i].more), kinds[i].detail, "#konton");
	if (a->dateless[MARK_CONSULTANT])
		conclude(q, "red", many(q->mem, a->dateless[MARK_CONSULTANT], "konsult har behörighet utan slutdatum.", "konsulter har behörighet utan slutdatum."),
			 "Kontot behöver ett slutdatum i katalogen.", "#konton");
}

int
put_accounts(struct quarter *q, struct error *err)
{
	struct marked a = { .q = q, .night = q->span.last };
	json_t *rows = put_list(q->page, "accounts");

	a.rows = rows_keep(q, "accounts", "Konton att känna till", COLUMNS(account_columns));
	if (q->span.last != INT64_MIN && store_marks_each(q->in->store, q->span.last, q->span.end, take_mark, &a, err) < 0)
		return -1;
	for (int i = 0; i < MARKS; i++) {
		json_t *o;

		if (!a.count[i])
			continue;
		o = json_object();
		json_put(o, "title", kinds[i].title);
		put_number(o, "count", a.count[i]);
		json_put(o, "names", a.names[i]);
		json_put(o, "more", a.count[i] > NAMES_MOST ? text_count(q->mem, a.count[i] - NAMES_MOST) : NULL);
		json_array_append_new(rows, o);
	}
	conclude_accounts(q, &a);
	return 0;
}
